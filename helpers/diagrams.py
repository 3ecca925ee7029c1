"""Drawings of networks, in the visual language of `helpers.canvas`.

Data enter from below and leave at the top; time runs to the right.
"""

from __future__ import annotations

import itertools

import numpy as np
from matplotlib.figure import Figure

from helpers.canvas import SIZE, SYMBOL, TITLE, Canvas
from helpers.plots import COLOURS, GREY, INK, WIDTH, shade, tint


def _check(low: int, high: int, **counts: int) -> None:
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, int | np.integer):
            raise ValueError(f"{name} must be a whole number, not {count!r}")
        if not low <= count <= high:
            raise ValueError(
                f"{name} must be {low} to {high} to stay readable, not {count}"
            )


def feed_forward_and_recurrent() -> Figure:
    """A feed-forward network, which forgets, beside one that keeps a state.

    Introduced in chapter 1.
    """
    canvas = Canvas(4.3)
    panels = (
        (1.5, "layer", "$f$", "Feed-forward", "forgets", "$y_t = f(x_t)$"),
        (
            4.4,
            "state",
            "$h_t$",
            "Recurrent",
            "keeps a state",
            "$y_t = f(x_t, h_{t-1})$",
        ),
    )
    for x, kind, name, title, subtitle, formula in panels:
        canvas.text(x, 4.05, title, TITLE, weight="bold")
        canvas.text(x, 3.76, subtitle)
        source = canvas.node("input", x, 1.0, "$x_t$")
        middle = canvas.node(kind, x, 2.05, name)
        canvas.arrow(source, middle)
        canvas.arrow(middle, canvas.node("output", x, 3.1, "$y_t$"))
        canvas.text(x, 0.3, formula, SYMBOL)
    canvas.loop(4.4, 2.05)
    canvas.rule([2.95, 2.95], [0.15, 4.15], tint(GREY))
    return canvas.figure


def rolled_and_unrolled(n_steps: int = 4) -> Figure:
    """The network with its loop, and the same network unrolled over `n_steps` steps.

    Every step carries the same marks W and U; the later steps are still rolled up.

    Parameters
    ----------
    n_steps : time steps drawn, 2 to 4.

    Raises
    ------
    ValueError
        n_steps is not a whole number from 2 to 4.

    Introduced in chapter 1.
    """
    _check(2, 4, n_steps=n_steps)
    canvas = Canvas(7.0)
    rise, gap = 1.06, 1.08

    def step(x: float, y: float, index: str) -> None:
        source = canvas.node("input", x, y - rise, f"$x_{index}$")
        state = canvas.node("state", x, y, f"$h_{index}$")
        canvas.arrow(source, state)
        canvas.arrow(state, canvas.node("output", x, y + rise, f"$y_{index}$"))
        canvas.tag(x - 0.24, y - rise / 2, "input", "$W$")

    x, y = 0.75, 5.1
    canvas.text(0.4, 6.75, "Rolled up", TITLE, ha="left", weight="bold")
    step(x, y, "t")
    canvas.loop(x, y, 0.4)
    canvas.tag(x + 0.68, y, "state", "$U$")
    canvas.text(2.3, y, r"$h_t = \tanh(x_t W + h_{t-1} U + b)$", SYMBOL, ha="left")

    y = 1.5
    canvas.text(0.4, 3.2, "Unrolled", TITLE, ha="left", weight="bold")
    canvas.text(1.6, 3.2, "the same $W$, $U$ and $b$ at every step", ha="left")
    for index in range(n_steps):
        step(x + gap * index, y, str(index + 1))
        if index:
            canvas.band([(x + gap * (index - 1), y), (x + gap * index - SIZE, y)])
            canvas.tag(x + gap * (index - 0.5), y + 0.32, "state", "$U$")
    x += gap * (n_steps - 1)
    turn = np.linspace(0, 6.4 * np.pi, 600)
    radius = np.linspace(0.5, 0.06, 600)
    roll_x, roll_y = x + 1.17, y + 0.5
    spiral = (roll_x + radius * np.sin(turn), roll_y - radius * np.cos(turn))
    canvas.band([(x, y), *zip(*spiral, strict=True)], head=False)
    canvas.text(roll_x, y - 0.42, "later steps,\nrolled up")
    return canvas.figure


def neuron() -> Figure:
    """One recurrent neuron: its input, its own previous output, a bias, and tanh.

    Introduced in chapter 1.
    """
    canvas = Canvas(3.9)
    y, low = 2.35, 1.25
    at_sum, at_tanh, at_state = 1.95, 3.3, 4.65
    source = canvas.node("input", 0.5, y, "$x_t$")
    total = canvas.node("operation", at_sum, y, "$+$")
    squash = canvas.node("operation", at_tanh, y)
    curve = np.linspace(-1, 1, 60)
    canvas.axes.plot(
        at_tanh + 0.2 * curve,
        y + 0.17 * np.tanh(3 * curve),
        color=INK,
        linewidth=2,
        zorder=5,
    )
    canvas.text(at_tanh, y + 0.5, "tanh")
    state = canvas.node("state", at_state, y, "$h_t$")
    canvas.arrow(source, total)
    canvas.tag(1.18, y + 0.3, "input", "$w$")
    canvas.arrow((at_sum, y + 1.0), total)
    canvas.text(at_sum, y + 1.18, "$b$", SYMBOL)
    canvas.arrow(total, squash)
    canvas.arrow(squash, state)
    canvas.curve((at_state, y), (5.8, y), INK, 1.8)
    bend = 0.25
    turn = np.linspace(0, np.pi / 2, 30)
    right = [
        (at_state - bend + bend * np.cos(a), low + bend - bend * np.sin(a))
        for a in turn
    ]
    left = [
        (at_sum + bend - bend * np.sin(a), low + bend - bend * np.cos(a)) for a in turn
    ]
    canvas.band([(at_state, y), *right, *left, (at_sum, y - SIZE)])
    canvas.tag(at_sum - 0.33, 1.65, "state", "$u$")
    canvas.text(at_tanh, low + 0.26, "$h_{t-1}$", SYMBOL)
    canvas.text(at_tanh, low - 0.25, "one step later")
    canvas.text(WIDTH / 2, 0.35, r"$h_t = \tanh(x_t w + h_{t-1} u + b)$", SYMBOL)
    return canvas.figure


def layer(features: int = 3, units: int = 4) -> Figure:
    """A recurrent layer: W joins every feature, and U every unit, to every unit.

    Parameters
    ----------
    features, units : how many inputs and units are drawn, 1 to 5 each.

    Raises
    ------
    ValueError
        A count is not a whole number from 1 to 5.

    Introduced in chapter 1.
    """
    _check(1, 5, features=features, units=units)
    pitch, size, split, margin = 0.6, 0.22, 0.5, 0.5
    canvas = Canvas(pitch * (features + units - 1) + split + 2 * margin)
    middle = canvas.figure.get_figheight() / 2
    xs = margin + pitch * np.arange(features)
    befores = margin + split + pitch * (features + np.arange(units))
    afters = middle + 1.3 * pitch * (np.arange(units) - (units - 1) / 2)
    for kind, rows, faded in (("input", xs, False), ("state", befores, True)):
        for row in rows:
            canvas.node(kind, 1.6, row, size=size, faded=faded)
            for after in afters:
                canvas.rule([1.6, 4.5], [row, after], shade(COLOURS[kind]), 2)
    for after in afters:
        canvas.node("state", 4.5, after, size=size)
    for x, y, symbol, count, noun in (
        (0.7, xs.mean(), "$x_t$", features, "feature"),
        (0.7, befores.mean(), "$h_{t-1}$", units, "unit"),
        (5.35, middle, "$h_t$", units, "unit"),
    ):
        canvas.text(x, y + 0.14, symbol, SYMBOL)
        canvas.text(x, y - 0.16, f"{count} {noun}{'s' * (count > 1)}")
    for kind, name, y, side, count in (
        ("input", "$W$", (xs[0] + afters[0]) / 2, -1, features),
        ("state", "$U$", (befores[-1] + afters[-1]) / 2, 1, units),
    ):
        canvas.tag(2.8, y + 0.38 * side, kind, name)
        canvas.text(3.05, y + 0.38 * side, f"{count} × {units}", ha="left")
    return canvas.figure


def memory_cell() -> Figure:
    """A memory cell: the state it passes on in time, and the output it gives.

    Introduced in chapter 1.
    """
    canvas = Canvas(4.5)
    y, at_update, at_state = 2.35, 2.15, 3.75
    canvas.frame(1.5, y - 0.65, 2.9, 1.3)
    canvas.text(1.62, y + 0.48, "cell", ha="left")
    update = canvas.node("operation", at_update, y, "$f$")
    state = canvas.node("state", at_state, y, "$h_t$")
    canvas.arrow(canvas.node("input", at_update, 1.0, "$x_t$"), update)
    canvas.arrow(update, state)
    canvas.arrow(state, canvas.node("output", at_state, 3.8, "$y_t$"))
    canvas.text(at_state + 0.45, 3.8, "output", ha="left")
    canvas.node("state", 0.5, y, "$h_{t-1}$", size=0.34, faded=True)
    canvas.band([(0.5, y), (at_update - SIZE, y)])
    canvas.band([(at_state, y), (5.9, y)])
    canvas.text(5.15, y + 0.28, "state")
    formulas = "$h_t = f(h_{t-1}, x_t)$      $y_t = g(h_t)$"
    canvas.text(WIDTH / 2, 0.3, formulas, SYMBOL)
    return canvas.figure


def cell_and_units(units: int = 3, n_steps: int = 3) -> Figure:
    """One cell holds several units; the cell is used again at every time step.

    Parameters
    ----------
    units : squares in the cell, 1 to 5.
    n_steps : time steps drawn, 2 to 4.

    Raises
    ------
    ValueError
        A count is not a whole number in its range.

    Introduced in chapter 1.
    """
    _check(1, 5, units=units)
    _check(2, 4, n_steps=n_steps)
    pitch, half, bottom = 0.5, 0.36, 1.35
    tall = pitch * units + 0.16
    canvas = Canvas(bottom + tall + 1.35)
    top, middle = bottom + tall, bottom + tall / 2
    columns = np.linspace(2.0, WIDTH - 0.55, n_steps)
    rows = [bottom + 0.08 + pitch * (i + 0.5) for i in range(units)]
    for step, x in enumerate(columns, 1):
        frame = canvas.frame(x - half, bottom, 2 * half, tall)
        for row in rows:
            canvas.node("state", x, row, size=0.19)
        canvas.text(x, top + 0.25, f"$h_{step}$", SYMBOL)
        canvas.arrow(canvas.node("input", x, 0.45, f"$x_{step}$"), frame)
    for before, after in itertools.pairwise(columns):
        canvas.band([(before + half, middle), (after - half, middle)])
    canvas.text(0.55, top - 0.05, "a cell")
    canvas.curve((0.95, top - 0.1), (columns[0] - half, top - 0.22), INK, 1.8)
    canvas.text(0.55, rows[0], "a unit")
    canvas.curve((0.95, rows[0]), (columns[0] - 0.19, rows[0]), INK, 1.8)
    left, right, high = columns[0] - half, columns[-1] + half, top + 0.65
    bracket = [left, left, right, right], [high - 0.12, high, high, high - 0.12]
    canvas.rule(*bracket, INK)
    canvas.text((left + right) / 2, high + 0.28, "the same cell at every step")
    return canvas.figure


def concatenation(features: int = 3, units: int = 4) -> Figure:
    """The product with the stacked weights equals the sum of the two products.

    Parameters
    ----------
    features, units : sizes of the blocks, 2 to 6 each.

    Raises
    ------
    ValueError
        A count is not a whole number from 2 to 6.

    Introduced in chapter 1.
    """
    _check(2, 6, features=features, units=units)
    cell = min(0.29, 4.3 / (features + 3 * units), 3.75 / (3 * units))  # fits the width
    sky, orange = COLOURS["input"], COLOURS["state"]
    stacked, below = cell * (features + units), cell * max(features, units)
    middle_below = 0.45 + max(below, 0.9) / 2
    top_below = middle_below + max(below, 0.9) / 2
    canvas = Canvas(top_below + max(stacked, 0.9) + 1.65)
    # one product: the vectors side by side, the matrices one above the other
    middle = top_below + 0.95 + max(stacked, 0.9) / 2
    heading = canvas.figure.get_figheight() - 0.25
    canvas.text(0.3, heading, "Join, then multiply once", TITLE, "left", weight="bold")
    left = 0.65
    split = canvas.block(left, middle, 1, features, cell, sky, "$x_t$")
    right = canvas.block(split, middle, 1, units, cell, orange, "$h_{t-1}$")
    size = f"1 × {features + units}"
    canvas.text((left + right) / 2, middle - cell / 2 - 0.18, size)
    left = max(right, 1.3) + 0.3
    centre = middle + (stacked - features * cell) / 2
    right = canvas.block(left, centre, features, units, cell, sky, "$W$")
    centre = middle - (stacked - units * cell) / 2
    canvas.block(left, centre, units, units, cell, orange, "$U$")
    canvas.text(right + 0.15, middle, f"{features + units} × {units}", ha="left")
    heading = top_below + 0.5
    canvas.text(0.3, heading, "Multiply twice, then add", TITLE, "left", weight="bold")
    _two_products(canvas, middle_below, features, units, cell)
    return canvas.figure


def _two_products(
    canvas: Canvas, middle: float, features: int, units: int, cell: float
) -> None:
    canvas.text(0.4, middle, "$=$", SYMBOL)
    left = 0.65
    for vector, matrix, rows, kind in (
        ("$x_t$", "$W$", features, "input"),
        ("$h_{t-1}$", "$U$", units, "state"),
    ):
        for height, width, name in ((1, rows, vector), (rows, units, matrix)):
            space = max(width * cell, 0.55)
            x = left + (space - width * cell) / 2
            canvas.block(x, middle, height, width, cell, COLOURS[kind], name)
            y = middle - height * cell / 2 - 0.18
            canvas.text(left + space / 2, y, f"{height} × {width}")
            left += space + 0.15
        if matrix == "$W$":
            canvas.text(left + 0.1, middle, "$+$", SYMBOL)
            left += 0.35


def input_output_shapes() -> Figure:
    """Four ways to join inputs and outputs in time.

    One to many (the one input is read at every step), many to one, many to many in
    step, and encoder–decoder (the decoder starts from a blank input, and then reads
    its own last output).

    Introduced in chapter 1.
    """
    canvas = Canvas(6.35)
    panels = (
        ("One to many", "image → caption", "x x x", "y1 y2 y3"),
        ("Many to one", "review → rating", "x1 x2 x3", "- - y"),
        ("Many to many, in step", "word → its class", "x1 x2 x3", "y1 y2 y3"),
        ("Encoder–decoder", "sentence → translation", "x1 x2 0 y1", "- - y1 y2"),
    )
    size, gap, rise = 0.22, 0.72, 0.82
    kinds = {"x": "input", "y": "output", "0": "operation"}
    for index, (title, example, inputs, outputs) in enumerate(panels):
        left, y = 0.2 + 2.95 * (index % 2), 1.15 + 3.15 * (1 - index // 2)
        canvas.text(left, y + 1.73, title, TITLE, ha="left", weight="bold")
        canvas.text(left, y + 1.43, example, ha="left")
        steps = zip(inputs.split(), outputs.split(), strict=True)
        for step, (below, above) in enumerate(steps):
            x = left + size + gap * step
            state = canvas.node("state", x, y, size=size)
            kind, again = kinds[below[0]], below[0] == "y"
            name = _indexed(below)
            source = canvas.node(kind, x, y - rise, name, size, 14, faded=again)
            canvas.arrow(source, state)
            if above != "-":
                name = _indexed(above)
                canvas.arrow(state, canvas.node("output", x, y + rise, name, size, 14))
            if step:
                canvas.band([(x - gap, y), (x - size, y)])
            if again:  # the last output comes back as an input
                turn, high, low = x - gap / 2, y + rise, y - rise
                canvas.rule([x - gap, turn, turn], [high, high, low], INK, zorder=1)
                canvas.arrow((turn, low), source)
    return canvas.figure


def _indexed(name: str) -> str:
    return f"${name[0]}_{name[1]}$" if len(name) > 1 else f"${name}$"


def backpropagation_through_time(n_steps: int = 4) -> Figure:
    """Forward through the states to the loss; the gradient returns the same way.

    The loss L compares the last output with its target. A step back from h_t multiplies
    the gradient by the slope of tanh, 1 - h_t², and by the transpose of U.

    Parameters
    ----------
    n_steps : time steps drawn, 2 to 5.

    Raises
    ------
    ValueError
        n_steps is not a whole number from 2 to 5.

    Introduced in chapter 1.
    """
    _check(2, 5, n_steps=n_steps)
    canvas = Canvas(4.4)
    y, rise = 1.55, 1.15
    columns = np.linspace(0.55, 5.15, n_steps)
    for step, x in enumerate(columns, 1):
        state = canvas.node("state", x, y, f"$h_{step}$")
        canvas.arrow(canvas.node("input", x, y - rise, f"$x_{step}$"), state)
    output = canvas.node("output", x, y + rise, f"$y_{n_steps}$")
    loss = canvas.node("operation", x, y + 2 * rise, "$L$")
    canvas.arrow(state, output)
    canvas.arrow(output, loss)
    for step, (before, after) in enumerate(itertools.pairwise(columns), 2):
        canvas.band([(before, y), (after - SIZE, y)])
        start, end = (after - 0.14, y + SIZE), (before + 0.14, y + SIZE)
        canvas.gradient(start, end, 0.5 / (start[0] - end[0]))  # arcs of one height
        between = (before + after) / 2
        canvas.text(between, y + 0.74, f"$(1 - h_{step}^2)$", 14)
        canvas.text(between, y + 1.06, r"$U^\mathsf{T}$", SYMBOL)
    aside = x + 0.22
    canvas.gradient((aside, y + 2 * rise - 0.22), (aside, y + rise + 0.2), -0.4)
    canvas.gradient((aside, y + rise - 0.22), (aside, y + SIZE), -0.4)
    canvas.band([(0.3, 4.1), (0.95, 4.1)])
    canvas.text(1.1, 4.1, "forward", ha="left")
    canvas.gradient((0.95, 3.72), (0.3, 3.72))
    canvas.text(1.1, 3.72, "gradient", ha="left")
    shared = "$W$, $U$ and $b$ are shared:\ntheir gradients add up"
    canvas.text(0.3, 3.1, shared, ha="left")
    return canvas.figure
