"""Drawings of networks, in one visual language.

An input is a sky-blue circle, a state an orange rounded square, an output a pink
hexagon, an operation a white circle. Data enter from below and leave at the top; time
runs to the right; a state travels on a broad orange arrow. So the drawings can be read
without colour too. Sizes are in inches, on a canvas `plots.WIDTH` wide.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import (
    Circle,
    FancyArrowPatch,
    FancyBboxPatch,
    Patch,
    Polygon,
    Rectangle,
    RegularPolygon,
)

from helpers.plots import COLOURS, GREY, INK, WHITE, WIDTH, shade, tint

SYMBOL, LABEL, TITLE = 18, 13, 14.5  # points
SIZE = 0.3  # half the width of a node
BAND = 0.13  # width of a state's arrow


class _Canvas:
    """A white figure measured in inches, and the shapes of the visual language."""

    def __init__(self, height: float) -> None:
        # Not through pyplot: a notebook then shows the figure once, as a cell's value.
        self.figure = Figure((WIDTH, height), facecolor=WHITE)
        self.figure.set_layout_engine("none")
        self.axes: Axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, WIDTH), ylim=(0, height))
        self.axes.set_axis_off()

    def add(self, patch: Patch) -> Patch:
        self.axes.add_patch(patch)
        return patch

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = LABEL,
        ha: str = "center",
        va: str = "center",
        colour: str = INK,
        weight: str = "normal",
        box: str | None = None,
    ) -> None:
        frame = {"facecolor": box, "edgecolor": "none", "pad": 2.0} if box else None
        self.axes.text(
            x,
            y,
            text,
            size=size,
            ha=ha,
            va=va,
            color=colour,
            weight=weight,
            bbox=frame,
            zorder=6,
            math_fontfamily="stix",
        )

    def node(
        self,
        kind: str,
        x: float,
        y: float,
        label: str = "",
        size: float = SIZE,
        fontsize: float = SYMBOL,
        faded: bool = False,
    ) -> Patch:
        """An "input", "state", "output" or "operation", centred at (x, y)."""
        colour = COLOURS.get(kind, WHITE)
        look: dict[str, Any] = {
            "facecolor": tint(colour) if faded else colour,
            "edgecolor": INK,
            "linewidth": 1.5,
            "zorder": 4,
        }
        patch: Patch
        if kind == "state":
            side = 2 * size
            box = f"round,pad=0,rounding_size={0.3 * size}"
            patch = FancyBboxPatch((x - size, y - size), side, side, box, **look)
        elif kind == "layer":
            patch = Rectangle((x - size, y - size), 2 * size, 2 * size, **look)
        elif kind == "output":
            patch = RegularPolygon((x, y), 6, radius=1.1 * size, **look)
        else:
            patch = Circle((x, y), size, **look)
        if label:
            self.text(x, y, label, fontsize)
        return self.add(patch)

    def arrow(
        self,
        start: Patch | tuple[float, float],
        end: Patch | tuple[float, float],
        colour: str = INK,
        bend: float = 0.0,
        width: float = 1.8,
        dashed: bool = False,
        head: bool = True,
    ) -> None:
        """A thin arrow from border to border of two nodes (or between points)."""
        self.add(
            FancyArrowPatch(
                _centre(start),
                _centre(end),
                patchA=start if isinstance(start, Patch) else None,
                patchB=end if isinstance(end, Patch) else None,
                shrinkA=0,
                shrinkB=0,
                arrowstyle="-|>,head_width=0.28,head_length=0.5" if head else "-",
                mutation_scale=14,
                connectionstyle=f"arc3,rad={bend}",
                linestyle=(0, (3, 1.6)) if dashed else "-",
                color=colour,
                linewidth=width,
                zorder=3,
            )
        )

    def band(self, points: Sequence[tuple[float, float]], head: bool = True) -> None:
        """The broad arrow on which a state travels, along a line of points."""
        line = np.asarray(points, dtype=float)
        steps = np.hypot(*np.diff(line, axis=0).T)
        length = np.concatenate([[0], np.cumsum(steps)])
        tip = 0.2 if head else 0.0
        fine = np.linspace(0, length[-1] - tip, 200)
        line_x, line_y = (np.interp(fine, length, line[:, i]) for i in (0, 1))
        centre = np.stack([line_x, line_y], axis=1)
        along = np.gradient(centre, axis=0)
        along /= np.hypot(*along.T)[:, None]
        side = np.stack([-along[:, 1], along[:, 0]], axis=1)
        left, right = centre + BAND / 2 * side, centre - BAND / 2 * side
        if head:
            barbs = centre[-1] + 0.14 * side[-1], centre[-1] - 0.14 * side[-1]
            left = np.vstack([left, barbs[0], line[-1]])
            right = np.vstack([right, barbs[1]])
        self.add(
            Polygon(
                np.vstack([left, right[::-1]]),
                facecolor=COLOURS["state"],
                edgecolor=INK,
                linewidth=1.2,
                joinstyle="round",
                zorder=2,
            )
        )

    def loop(self, x: float, y: float, radius: float = 0.36) -> None:
        """The state of the node at (x, y) returning to it."""
        start = np.arcsin(0.16 / radius)
        angle = np.linspace(np.pi - start, -np.pi + start, 200)
        centre = x + SIZE + radius * np.cos(start)
        self.band(
            [(centre + radius * np.cos(a), y + radius * np.sin(a)) for a in angle]
        )

    def block(
        self,
        x: float,
        y: float,
        rows: int,
        columns: int,
        cell: float,
        colour: str,
        label: str,
    ) -> float:
        """A vector or, paler, a matrix, centred on y; gives its right edge."""
        wide, tall = columns * cell, rows * cell
        bottom = y - tall / 2
        vector = rows == 1
        fill = colour if vector else tint(colour)
        look: dict[str, Any] = {"edgecolor": INK, "linewidth": 1.5, "zorder": 3}
        self.add(Rectangle((x, bottom), wide, tall, facecolor=fill, **look))
        for i in range(1, columns):
            self.axes.plot(
                [x + i * cell] * 2, [bottom, bottom + tall], color=WHITE, lw=1, zorder=4
            )
        for i in range(1, rows):
            self.axes.plot(
                [x, x + wide], [bottom + i * cell] * 2, color=WHITE, lw=1, zorder=4
            )
        self.text(x + wide / 2, y + tall / 2 + 0.2 if vector else y, label, SYMBOL)
        return x + wide

    def frame(self, x: float, y: float, width: float, height: float) -> Patch:
        """The outline of a cell, with (x, y) its lower left corner."""
        box = "round,pad=0,rounding_size=0.12"
        return self.add(
            FancyBboxPatch(
                (x, y),
                width,
                height,
                box,
                facecolor=tint(COLOURS["state"], 0.85),
                edgecolor=INK,
                linewidth=1.5,
                zorder=1,
            )
        )


def _centre(end: Patch | tuple[float, float]) -> tuple[float, float]:
    if isinstance(end, tuple):
        return end
    box = end.get_path().get_extents(end.get_patch_transform())
    return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2


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
    canvas = _Canvas(3.9)
    panels = (
        (1.4, "layer", "Feed-forward", "forgets", "$y_t = f(x_t)$"),
        (4.3, "state", "Recurrent", "keeps a state", "$y_t = f(x_t, h_{t-1})$"),
    )
    for x, kind, title, subtitle, formula in panels:
        canvas.text(x, 3.65, title, TITLE, weight="bold")
        canvas.text(x, 3.37, subtitle)
        source = canvas.node("input", x, 0.95, "$x_t$")
        middle = canvas.node(kind, x, 1.85, "$h_t$" if kind == "state" else "")
        target = canvas.node("output", x, 2.75, "$y_t$")
        canvas.arrow(source, middle)
        canvas.arrow(middle, target)
        canvas.text(x, 0.3, formula, SYMBOL)
    canvas.loop(4.3, 1.85)
    canvas.axes.plot([2.85, 2.85], [0.2, 3.7], color=tint(GREY), linewidth=1)
    return canvas.figure


def rolled_and_unrolled(n_steps: int = 4) -> Figure:
    """The network with its loop, and the same network unrolled over `n_steps` steps.

    Every step shows the same W and U; the steps to come are still rolled up.

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
    canvas = _Canvas(6.4)
    # rolled up
    x, y = 1.3, 4.75
    source = canvas.node("input", x, y - 0.98, "$x_t$")
    state = canvas.node("state", x, y, "$h_t$")
    canvas.arrow(source, state)
    canvas.arrow(state, canvas.node("output", x, y + 0.98, "$y_t$"))
    canvas.loop(x, y)
    canvas.text(x - 0.2, y - 0.5, "$W$", SYMBOL)
    canvas.text(x + 0.67, y, "$U$", SYMBOL)
    canvas.text(2.75, y + 1.0, "Rolled up", TITLE, ha="left", weight="bold")
    canvas.text(
        2.75,
        y + 0.35,
        "$h_t = \\tanh(x_t W + h_{t-1} U + b)$",
        SYMBOL,
        ha="left",
    )
    # unrolled
    y, left, right = 1.65, 0.55, 4.75
    canvas.text(2.75, 3.35, "Unrolled", TITLE, ha="left", weight="bold")
    canvas.text(2.75, 3.05, "the same $W$, $U$, $b$ at each step", ha="left")
    columns = np.linspace(left, right, n_steps + 1)[:-1] + 0.25
    gap = columns[1] - columns[0]
    for step, x in enumerate(columns, 1):
        source = canvas.node("input", x, y - 0.98, f"$x_{step}$")
        state = canvas.node("state", x, y, f"$h_{step}$")
        canvas.arrow(source, state)
        canvas.arrow(state, canvas.node("output", x, y + 0.98, f"$y_{step}$"))
        canvas.text(x - 0.2, y - 0.5, "$W$", SYMBOL)
        if step < n_steps:
            canvas.band([(x + SIZE, y), (x + gap - SIZE, y)])
            canvas.text(x + gap / 2, y + 0.27, "$U$", SYMBOL)
    turn = np.linspace(0, 3.2 * 2 * np.pi, 400)
    radius = np.linspace(0.5, 0.06, 400)
    roll_x, roll_y = columns[-1] + gap, y + 0.5
    spiral = np.stack(
        [
            roll_x + radius * np.sin(turn),
            roll_y - radius * np.cos(turn),
        ],
        axis=1,
    )
    canvas.band([(columns[-1] + SIZE, y), *map(tuple, spiral)], head=False)
    return canvas.figure


def neuron() -> Figure:
    """One recurrent neuron: its input, its own previous output, a bias, and tanh.

    Introduced in chapter 1.
    """
    canvas = _Canvas(3.6)
    y = 1.95
    source = canvas.node("input", 0.5, y, "$x_t$")
    total = canvas.node("operation", 2.0, y, "$+$")
    squash = canvas.node("operation", 3.4, y, "")
    curve = np.linspace(-1, 1, 60)
    canvas.axes.plot(
        3.4 + 0.2 * curve, y + 0.17 * np.tanh(3 * curve), color=INK, zorder=5
    )
    canvas.text(3.4, y + 0.5, "tanh")
    canvas.node("state", 4.9, y, "$h_t$")
    canvas.arrow(source, total)
    canvas.arrow((2.0, y + 0.95), total)
    canvas.text(2.0, y + 1.12, "$b$", SYMBOL)
    canvas.text(1.25, y + 0.22, "$w$", SYMBOL)
    canvas.arrow(total, squash)
    canvas.arrow(squash, (4.6, y))
    canvas.band([(4.9, y - 0.3), (4.9, 0.9), (2.0, 0.9), (2.0, y - 0.3)])
    canvas.text(3.4, 1.14, "$h_{t-1}$", SYMBOL)
    canvas.text(1.75, 1.3, "$u$", SYMBOL)
    canvas.text(3.0, 0.35, "$h_t = \\tanh(x_t w + h_{t-1} u + b)$", SYMBOL)
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
    step = 0.62
    canvas = _Canvas(step * (features + units) + 1.0)
    middle = 0.35 + step * (features + units + 0.4) / 2
    inputs = [
        canvas.node("input", 1.2, 0.45 + step * i, size=0.22) for i in range(features)
    ]
    before = [
        canvas.node("state", 1.2, 0.75 + step * (features + i), size=0.22, faded=True)
        for i in range(units)
    ]
    after = [
        canvas.node(
            "state", 4.6, middle + step * 1.2 * (i - (units - 1) / 2), size=0.22
        )
        for i in range(units)
    ]
    for unit in after:
        for node in inputs:
            canvas.arrow(node, unit, shade(COLOURS["input"]), width=1.3, head=False)
        for node in before:
            canvas.arrow(node, unit, shade(COLOURS["state"]), width=1.3, head=False)
    canvas.text(
        0.5, _centre(inputs[0])[1] / 2 + _centre(inputs[-1])[1] / 2, "$x_t$", SYMBOL
    )
    canvas.text(
        0.45,
        _centre(before[0])[1] / 2 + _centre(before[-1])[1] / 2,
        "$h_{t-1}$",
        SYMBOL,
    )
    canvas.text(5.3, middle, "$h_t$", SYMBOL)
    return canvas.figure


def memory_cell() -> Figure:
    """A memory cell: the state it passes on in time, and the output it gives.

    Introduced in chapter 1.
    """
    canvas = _Canvas(4.3)
    x, y = 3.0, 2.2
    canvas.frame(1.6, y - 0.62, 2.8, 1.24)
    update = canvas.node("operation", 2.2, y, "$f$")
    state = canvas.node("state", 3.6, y, "$h_t$")
    canvas.arrow(update, state)
    source = canvas.node("input", 2.2, 0.7, "$x_t$")
    canvas.arrow(source, update)
    canvas.arrow(state, canvas.node("output", 3.6, 3.7, "$y_t$"))
    before = canvas.node("state", 0.6, y, "$h_{t-1}$", faded=True)
    del before
    canvas.band([(0.9, y), (1.9, y)])
    canvas.band([(3.9, y), (5.4, y)])
    canvas.text(x - 0.9, 3.4, "$h_t = f(h_{t-1}, x_t)$", SYMBOL)
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
    side, pitch = 0.19, 0.48
    tall = pitch * units + 0.2
    canvas = _Canvas(tall + 2.4)
    columns = np.linspace(0.9, WIDTH - 0.9, n_steps)
    bottom = 1.2
    for step, x in enumerate(columns, 1):
        frame = canvas.frame(x - 0.36, bottom, 0.72, tall)
        for i in range(units):
            canvas.node("state", x, bottom + 0.1 + pitch * (i + 0.5), size=side)
        canvas.arrow(canvas.node("input", x, 0.4, f"$x_{step}$"), frame)
        if step < n_steps:
            gap = columns[1] - columns[0]
            y = bottom + tall / 2
            canvas.band([(x + 0.36, y), (x + gap - 0.36, y)])
    canvas.text(columns[0], bottom + tall + 0.3, "a cell")
    return canvas.figure


def concatenation(features: int = 3, units: int = 4) -> Figure:
    """The product with the stacked weights equals the sum of the two products.

    Parameters
    ----------
    features, units : sizes of the blocks, 1 to 6 each.

    Raises
    ------
    ValueError
        A count is not a whole number from 1 to 6.

    Introduced in chapter 1.
    """
    _check(1, 6, features=features, units=units)
    cell = min(0.29, 4.4 / (features + 3 * units))
    sky, orange = COLOURS["input"], COLOURS["state"]
    stacked, below = cell * (features + units), cell * max(features, units)
    canvas = _Canvas(stacked + below + 2.1)
    # one product: the vectors side by side, the matrices on top of each other
    top = stacked + below + 1.6
    canvas.text(
        0.3, top + 0.3, "Join, then multiply once", TITLE, "left", weight="bold"
    )
    middle = top - stacked / 2 - 0.02
    after_x = canvas.block(0.3, middle, 1, features, cell, sky, "$x_t$")
    after_h = canvas.block(after_x, middle, 1, units, cell, orange, "$h_{t-1}$")
    size = f"1 × {features + units}"
    canvas.text((0.3 + after_h) / 2, middle - cell / 2 - 0.18, size)
    left = max(after_h, 0.95) + 0.3
    split = top - features * cell
    right = canvas.block(left, (top + split) / 2, features, units, cell, sky, "$W$")
    bottom = split - units * cell
    canvas.block(left, (split + bottom) / 2, units, units, cell, orange, "$U$")
    size = f"{features + units} × {units}"
    canvas.text(right + 0.15, (top + bottom) / 2, size, ha="left")
    # two products
    top = below + 0.55
    canvas.text(
        0.3, top + 0.5, "Multiply twice, then add", TITLE, "left", weight="bold"
    )
    middle = 0.4 + below / 2
    left = 0.65
    canvas.text(0.4, middle, "$=$", SYMBOL)
    for vector, matrix, rows, colour in (
        ("$x_t$", "$W$", features, sky),
        ("$h_{t-1}$", "$U$", units, orange),
    ):
        for height, width, name in ((1, rows, vector), (rows, units, matrix)):
            space = max(width * cell, 0.55)
            x = left + (space - width * cell) / 2
            canvas.block(x, middle, height, width, cell, colour, name)
            size = f"{height} × {width}"
            canvas.text(x + width * cell / 2, middle - height * cell / 2 - 0.18, size)
            left += space + 0.15
        if matrix == "$W$":
            canvas.text(left + 0.1, middle, "$+$", SYMBOL)
            left += 0.35
    return canvas.figure


def input_output_shapes() -> Figure:
    """Four ways to join inputs and outputs in time.

    One to many, many to one, many to many in step, and encoder-decoder.

    Introduced in chapter 1.
    """
    canvas = _Canvas(5.4)
    panels: tuple[tuple[str, str, list[int], list[int], int], ...] = (
        ("One to many", "image → caption", [1], [1, 2, 3], 3),
        ("Many to one", "review → rating", [1, 2, 3], [3], 3),
        ("Many to many, in step", "word → its class", [1, 2, 3], [1, 2, 3], 3),
        ("Encoder–decoder", "sentence → translation", [1, 2], [3, 4], 4),
    )
    for index, (title, example, inputs, outputs, steps) in enumerate(panels):
        x0, y = 0.15 + 3.0 * (index % 2), 1.2 + 2.75 * (1 - index // 2)
        canvas.text(x0, y + 1.3, title, TITLE, ha="left", weight="bold")
        canvas.text(x0, y + 1.05, example, ha="left")
        gap = 0.72
        for step in range(1, steps + 1):
            x = x0 + 0.28 + gap * (step - 1)
            state = canvas.node("state", x, y, size=0.2)
            if step in inputs:
                canvas.arrow(canvas.node("input", x, y - 0.75, size=0.2), state)
            if step in outputs:
                canvas.arrow(state, canvas.node("output", x, y + 0.75, size=0.2))
            if step < steps:
                canvas.band([(x + 0.2, y), (x + gap - 0.2, y)])
    return canvas.figure


def backpropagation_through_time(n_steps: int = 4) -> Figure:
    """Forward through the states to the loss; the gradient returns the same way.

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
    canvas = _Canvas(4.6)
    y = 1.7
    columns = np.linspace(0.6, WIDTH - 0.6, n_steps)
    states = []
    for step, x in enumerate(columns, 1):
        state = canvas.node("state", x, y, f"$h_{step}$")
        canvas.arrow(canvas.node("input", x, y - 0.98, f"$x_{step}$"), state)
        states.append(state)
    for before, after in itertools.pairwise(states):
        canvas.band([(_centre(before)[0] + SIZE, y), (_centre(after)[0] - SIZE, y)])
        canvas.arrow(after, before, COLOURS["gradient"], 0.5, dashed=True)
    return canvas.figure
