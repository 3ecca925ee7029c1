"""Drawings of gated cells and their rivals, in the language of `helpers.canvas`.

A gate is a square of its own colour, with its activation in it and its letter on the
wire that leaves it. A product is a circle with a dot, as in an equation, a sum a circle
with a plus. A sky-blue and an orange lane carry the input and the last state past the
layers that read both.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import to_hex, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyBboxPatch, Patch, PathPatch, Polygon
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D

from helpers.canvas import BAND, LABEL, SYMBOL, TITLE, Canvas, Node
from helpers.plots import (
    BLUE,
    COLOURS,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PINK,
    RED,
    SILVER,
    SKY,
    WHITE,
    WIDTH,
    tint,
)

# Forget, input, output and the candidate of an LSTM; update and reset of a GRU, in the
# colours of what does the same there: z keeps the state, as f does, and r shows it to
# the next candidate, as o does.
GATES = {"f": RED, "i": BLUE, "o": PINK, "g": GREEN, "z": RED, "r": PINK, "h": GREEN}
DARK = (BLUE,)  # on which letters are white
FADE = 0.78
LANE = 0.1  # width of a lane past the layers
MAIN = 0.24  # width of the state that the gates act on

Points = Sequence[tuple[float, float]]


class _Sheet(Canvas):
    """A canvas that fades what is not part of the one thing in question."""

    def __init__(self, height: float, lit: str | None = None) -> None:
        super().__init__(height)
        self.lit = lit

    @contextmanager
    def new(self) -> Iterator[list[Artist]]:
        """What is drawn inside, in the list at the end."""
        found: list[Artist] = []
        before = set(self.axes.get_children())
        yield found
        found += [a for a in self.axes.get_children() if a not in before]

    @contextmanager
    def part(self, *names: str) -> Iterator[None]:
        """Fade what is drawn inside, unless it belongs to what is lit."""
        with self.new() as artists:
            yield
        if self.lit and self.lit not in names:
            for artist in artists:
                _fade(artist)

    @contextmanager
    def shrunk(self, left: float, bottom: float, scale: float) -> Iterator[None]:
        """Draw what is drawn inside smaller, elsewhere, and without its text."""
        with self.new() as artists:
            yield
        small = Affine2D().scale(scale).translate(left, bottom) + self.axes.transData
        for artist in artists:
            if isinstance(artist, Text):
                artist.remove()
            else:
                artist.set_transform(small)
                if isinstance(artist, Patch):
                    artist.set_linewidth(artist.get_linewidth() * scale**0.5)

    def road(
        self,
        points: Points,
        colour: str = ORANGE,
        width: float = BAND,
        head: bool = True,
        zorder: float = 2,
    ) -> None:
        """A broad way with round corners; with a head, it ends in one."""
        line = _rounded(points, 0.16)
        length = np.append(0, np.cumsum(np.hypot(*np.diff(line, axis=0).T)))
        fine = np.linspace(0, length[-1] - (0.07 + width if head else 0), 300)
        x, y = (np.interp(fine, length, line[:, i]) for i in (0, 1))
        centre = np.stack([x, y], axis=1)
        along = np.gradient(centre, axis=0)
        side = along[:, ::-1] / np.hypot(*along.T)[:, None] * (-1, 1)
        left, right = centre + width / 2 * side, centre - width / 2 * side
        if head:
            barb = (0.075 + width / 2) * side[-1]
            left = np.vstack([left, centre[-1] + barb, line[-1]])
            right = np.vstack([right, centre[-1] - barb])
        look: dict[str, Any] = {"edgecolor": INK, "joinstyle": "round"}
        outline = np.vstack([left, right[::-1]])
        self.add(
            Polygon(outline, facecolor=colour, linewidth=1.2, zorder=zorder, **look)
        )

    def wire(
        self,
        points: Points,
        colour: str = INK,
        head: bool = True,
        zorder: float = 3,
        width: float | None = None,
    ) -> None:
        """A thin way, broader where it carries a gate's value in its colour."""
        line = _rounded(points, 0.12)
        width = width or (1.8 if colour == INK else 3.2)
        look: dict[str, Any] = {"zorder": zorder, "linewidth": width}
        if head:
            along = line[-1] - line[-2]
            along /= np.hypot(*along)
            tip, base = line[-1].copy(), line[-1] - 0.16 * along
            side = (0.07 + width / 100) * np.array([-along[1], along[0]])
            line[-1] = base
            head_at = [tip, base + side, base - side]
            self.add(Polygon(head_at, color=colour, linewidth=0, zorder=zorder))
        path = Path(line)
        look |= {"capstyle": "butt", "joinstyle": "round"}
        self.add(PathPatch(path, fill=False, color=colour, **look))

    def dot(self, x: float, y: float, radius: float = 0.045) -> None:
        self.add(Circle((x, y), radius, color=INK, linewidth=0, zorder=5))

    def product(self, x: float, y: float) -> Node:
        """⊙, as a node."""
        self.dot(x, y, 0.06)
        return self.node("operation", x, y, size=0.19)

    def sum(self, x: float, y: float) -> Node:
        """+, as a node."""
        for along in ((0.1, 0), (0, 0.1)):
            ends = [(x - along[0], y - along[1]), (x + along[0], y + along[1])]
            self.add(PathPatch(Path(ends), color=INK, linewidth=2.4, zorder=5))
        return self.node("operation", x, y, size=0.19)

    def gate(self, letter: str, x: float, y: float, activation: str) -> Node:
        """The layer of a gate, or of the candidate."""
        colour = GATES[letter]
        node = self.node("layer", x, y, size=0.27)
        self.axes.patches[-1].set_facecolor(colour)
        size = LABEL if activation == "tanh" else 20
        with self.new() as artists:
            self.text(x, y, activation, size)
        for artist in artists:
            if isinstance(artist, Text) and colour in DARK:
                artist.set_color(WHITE)
        return node

    def weights(self, x: float, y: float, kind: str, text: str) -> None:
        """As a tag, with room for an index."""
        box = FancyBboxPatch(
            (x - 0.2, y - 0.16), 0.4, 0.32, "round,pad=0,rounding_size=0.05"
        )
        box.set(facecolor=tint(COLOURS[kind]), edgecolor=INK, linewidth=1, zorder=5)
        self.add(box)
        self.text(x, y - 0.005, text, 16)

    def lines(self, *texts: str, size: float = SYMBOL, bottom: float = 0.28) -> None:
        """Lines of text at the foot of the drawing."""
        for row, text in enumerate(reversed(texts)):
            self.text(WIDTH / 2, bottom + 0.38 * row, text, size)


def _fade(artist: Artist) -> None:
    artist.set_zorder(artist.get_zorder() - 0.5)
    if isinstance(artist, Patch):
        for part in ("facecolor", "edgecolor"):
            colour = to_rgba(getattr(artist, f"get_{part}")())
            if colour[3]:
                artist.set(**{part: tint(to_hex(colour), FADE)})
    elif isinstance(artist, Text | Line2D):
        artist.set_color(tint(to_hex(artist.get_color()), 0.6))


def _rounded(points: Points, radius: float) -> np.ndarray:
    """The line of points with its corners cut round."""
    line = np.asarray(points, dtype=float)
    out = [line[0]]
    for before, corner, after in zip(line, line[1:], line[2:], strict=False):
        back, on = before - corner, after - corner
        reach = min(radius, np.hypot(*back) / 2, np.hypot(*on) / 2)
        start = corner + reach * back / np.hypot(*back)
        end = corner + reach * on / np.hypot(*on)
        for t in np.linspace(0, 1, 12):
            out.append((1 - t) ** 2 * start + 2 * t * (1 - t) * corner + t**2 * end)
    return np.array([*out, line[-1]])


# ------------------------------------------------------------------- gated cells

LOW, HIGH = 2.42, 5.05  # heights of the lanes, and of the state the gates act on
X_LANE, H_LANE = LOW - 0.06, LOW + 0.06
ROW = 3.12  # height of the gates
FORGET, INPUT, MAIN_LAYER, OUTPUT = 1.66, 2.36, 3.06, 3.76  # columns of an LSTM
SHOW, LEAVE = 4.45, 4.82
UPDATE, RESET_GATE, RESET, NEW = 1.72, 2.46, 3.2, 4.05  # of a GRU
INNER = 3.62  # height of its reset and its candidate
NOTES = {
    None: (
        "LSTM: the whole cell",
        r"$c_t = f_t \odot c_{t-1} + i_t \odot g_t$",
        r"$h_t = o_t \odot \tanh(c_t)$",
    ),
    "forget": (
        "Forget gate: what is kept",
        r"$f_t = \sigma(x_t W_f + h_{t-1} U_f + b_f)$",
        r"$\mathrm{keeps}\ \ f_t \odot c_{t-1}$",
    ),
    "input": (
        "Input gate: what is written",
        r"$i_t = \sigma(x_t W_i + h_{t-1} U_i + b_i)$",
        r"$g_t = \tanh(x_t W_g + h_{t-1} U_g + b_g)$",
        r"$\mathrm{adds}\ \ i_t \odot g_t$",
    ),
    "output": (
        "Output gate: what is shown",
        r"$o_t = \sigma(x_t W_o + h_{t-1} U_o + b_o)$",
        r"$\mathrm{shows}\ \ h_t = o_t \odot \tanh(c_t)$",
    ),
}


def simple_cell_and_lstm() -> Figure:
    """A simple recurrent cell, which has one layer, beside an LSTM, which has four.

    Introduced in chapter 4.
    """
    sheet = _Sheet(3.75)
    for left, title, states, layers in (
        (0.05, "SimpleRNN", "one state", "one layer"),
        (3.12, "LSTM", "two states", "four layers"),
    ):
        middle = left + 1.42
        sheet.text(middle, 3.5, title, TITLE, weight="bold")
        sheet.text(middle, 0.52, layers)
        sheet.text(middle, 0.25, states)
        with sheet.shrunk(left, 0.0, 0.472):
            if title == "LSTM":
                _lstm(sheet)
            else:
                _simple(sheet)
    sheet.rule([WIDTH / 2, WIDTH / 2], [0.15, 3.6], tint(GREY))
    return sheet.figure


def _simple(sheet: _Sheet) -> None:
    sheet.frame(0.95, 1.98, 4.1, 3.52)
    _lanes(sheet, MAIN_LAYER)
    _reading(sheet, MAIN_LAYER, "main")
    _before_and_input(sheet, H_LANE)
    points = [(MAIN_LAYER, ROW), (SHOW, ROW), (SHOW, H_LANE), (5.24, H_LANE)]
    sheet.road(points)
    sheet.gate("g", MAIN_LAYER, ROW, "tanh")
    _leaves(sheet, H_LANE)


def _before_and_input(sheet: _Sheet, height: float) -> None:
    sheet.node("state", 0.42, height, "$h_{t-1}$", 0.34, faded=True)
    sheet.node("input", 1.25, 1.55, "$x_t$")


def _leaves(sheet: _Sheet, height: float) -> None:
    """The new state goes on to the right, and out at the top, below the cell state."""
    sheet.node("state", 5.58, height, "$h_t$", 0.34)
    out = sheet.node("output", LEAVE, 6.0, "$h_t$")
    sheet.wire([(LEAVE, height), (LEAVE, out.y - out.tall)], zorder=1.5)


def lstm_cell(highlight: str | None = None) -> Figure:
    """An LSTM cell, or one gate of it: what the gate reads, and what it acts on.

    Parameters
    ----------
    highlight : "forget", "input" or "output", to fade the rest and write the gate's
        equation below; None shows the whole cell.

    Raises
    ------
    ValueError
        highlight is none of these.

    Introduced in chapter 4.
    """
    if highlight not in NOTES:
        names = ", ".join(repr(name) for name in NOTES)
        raise ValueError(f"highlight must be one of {names}, not {highlight!r}")
    sheet = _Sheet(6.65, highlight)
    title, *equations = NOTES[highlight]
    sheet.text(0.1, 6.4, title, TITLE, ha="left", weight="bold")
    _lstm(sheet)
    sheet.lines(*equations)
    return sheet.figure


def _lstm(sheet: _Sheet) -> None:
    sheet.frame(0.95, 1.98, 4.1, 3.52)
    _lstm_reads(sheet)
    _lstm_memory(sheet)
    with sheet.part("forget"):
        gate = sheet.gate("f", FORGET, ROW, r"$\sigma$")
        sheet.wire([(FORGET, ROW + gate.tall), (FORGET, HIGH - 0.19)], RED)
        sheet.text(FORGET - 0.24, 3.9, "$f_t$", SYMBOL)
    with sheet.part("input"):
        _lstm_writes(sheet)
    with sheet.part("output"):
        _lstm_shows(sheet)


def _lstm_reads(sheet: _Sheet) -> None:
    """The lanes of x and h, and the layers' arrows from both."""
    reach = {"forget": FORGET, "input": MAIN_LAYER}.get(sheet.lit or "", OUTPUT)
    if reach < OUTPUT:
        with sheet.part():
            _lanes(sheet, OUTPUT)
    _lanes(sheet, reach)
    for column, part, name in (
        (FORGET, "forget", "forget"),
        (INPUT, "input", "input"),
        (MAIN_LAYER, "input", "main"),
        (OUTPUT, "output", "output"),
    ):
        with sheet.part(part):
            _reading(sheet, column, name)
    _before_and_input(sheet, H_LANE)


def _lanes(sheet: _Sheet, end: float) -> None:
    sheet.road([(0.42, H_LANE), (end + 0.07, H_LANE)], width=LANE, head=False)
    points = [(1.25, 1.55), (1.25, X_LANE), (end + 0.07, X_LANE)]
    sheet.road(points, SKY, LANE, head=False)


def _reading(sheet: _Sheet, x: float, name: str) -> None:
    """The arrow of a layer that reads both lanes, and the layer's name below."""
    sheet.text(x, 2.15, name)
    sheet.dot(x, X_LANE)
    sheet.dot(x, H_LANE)
    sheet.wire([(x, X_LANE), (x, ROW - 0.27)])


def _lstm_memory(sheet: _Sheet) -> None:
    """The cell state, and the product and the sum that it meets."""
    with sheet.part("forget"):
        sheet.road([(0.42, HIGH), (FORGET, HIGH)], width=MAIN, head=False)
        sheet.node("state", 0.42, HIGH, "$c_{t-1}$", 0.34, faded=True)
        sheet.road([(FORGET, HIGH), (MAIN_LAYER, HIGH)], width=MAIN, head=False)
        sheet.product(FORGET, HIGH)
    with sheet.part("input", "output"):
        sheet.road([(MAIN_LAYER, HIGH), (5.24, HIGH)], width=MAIN)
        sheet.node("state", 5.58, HIGH, "$c_t$", 0.34)
    with sheet.part("input", "forget"):
        sheet.sum(MAIN_LAYER, HIGH)


def _lstm_writes(sheet: _Sheet) -> None:
    """The input gate, the candidate, and their product."""
    height = 4.2
    gate = sheet.gate("i", INPUT, ROW, r"$\sigma$")
    sheet.gate("g", MAIN_LAYER, ROW, "tanh")
    meet = sheet.product(MAIN_LAYER, height)
    top = ROW + gate.tall
    corner = (INPUT, height)
    sheet.wire([(INPUT, top), corner, (MAIN_LAYER - meet.wide, height)], BLUE)
    sheet.wire([(MAIN_LAYER, top), (MAIN_LAYER, height - meet.tall)], GREEN)
    sheet.wire([(MAIN_LAYER, height), (MAIN_LAYER, HIGH - 0.19)])
    sheet.text(INPUT - 0.2, 3.75, "$i_t$", SYMBOL)
    sheet.text(MAIN_LAYER - 0.22, 3.68, "$g_t$", SYMBOL)


def _lstm_shows(sheet: _Sheet) -> None:
    """The output gate, and the hidden state on its two ways out."""
    height = 3.68
    gate = sheet.gate("o", OUTPUT, ROW, r"$\sigma$")
    squash = sheet.node("operation", SHOW, 4.36, "tanh", 0.27, LABEL)
    meet = sheet.product(SHOW, height)
    sheet.road([(SHOW, HIGH), (SHOW, squash.y + squash.tall)], zorder=1.9)
    sheet.arrow(squash, meet)
    corner = (OUTPUT, height)
    left = (SHOW - meet.wide, height)
    sheet.wire([(OUTPUT, ROW + gate.tall), corner, left], PINK)
    sheet.text(OUTPUT + 0.14, height + 0.24, "$o_t$", SYMBOL)
    sheet.road([(SHOW, height), (SHOW, H_LANE), (5.24, H_LANE)])
    _leaves(sheet, H_LANE)


def gru_cell() -> Figure:
    """A GRU cell as Keras builds it: the reset gate comes after the product with U.

    Introduced in chapter 4.
    """
    sheet = _Sheet(6.65)
    sheet.text(0.1, 6.4, "GRU: one state, two gates", TITLE, ha="left", weight="bold")
    sheet.frame(0.95, 1.98, 4.1, 3.52)
    _gru_reads(sheet)
    _gru_candidate(sheet)
    _gru_mix(sheet)
    sheet.road([(0.42, HIGH), (5.24, HIGH)], width=MAIN)
    _before_and_input(sheet, HIGH)
    _leaves(sheet, HIGH)
    sheet.lines(
        r"$\tilde{h}_t = \tanh(x_t W_h + b_h"
        r" + r_t \odot (h_{t-1} U_h + b^{\!\prime}_h))$",
        r"$h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tilde{h}_t$",
    )
    return sheet.figure


def _gru_reads(sheet: _Sheet) -> None:
    """The lanes; that of h comes down from above, and goes as far as the reset."""
    points = [(1.25, HIGH), (1.25, H_LANE), (RESET + 0.07, H_LANE)]
    sheet.road(points, width=LANE, head=False, zorder=1.9)
    points = [(1.25, 1.55), (1.25, X_LANE), (NEW + 0.07, X_LANE)]
    sheet.road(points, SKY, LANE, head=False)
    _reading(sheet, UPDATE, "update")
    _reading(sheet, RESET_GATE, "reset")
    sheet.text(NEW, 2.15, "candidate")
    sheet.dot(RESET, H_LANE)
    sheet.dot(NEW, X_LANE)


def _gru_candidate(sheet: _Sheet) -> None:
    """The candidate sees the state through its weights, and then the reset gate."""
    layer = sheet.gate("h", NEW, INNER, "tanh")
    meet = sheet.product(RESET, INNER)
    sheet.wire([(RESET, H_LANE), (RESET, INNER - meet.tall)])
    sheet.weights(RESET, 2.9, "state", "$U_h$")
    sheet.wire([(NEW, X_LANE), (NEW, INNER - layer.tall)])
    sheet.weights(NEW, 2.9, "input", "$W_h$")
    sheet.wire([(RESET, INNER), (NEW - layer.wide, INNER)])
    gate = sheet.gate("r", RESET_GATE, ROW, r"$\sigma$")
    corner, end = (RESET_GATE, INNER), (RESET - meet.wide, INNER)
    sheet.wire([(RESET_GATE, ROW + gate.tall), corner, end], PINK)
    sheet.text(RESET_GATE - 0.2, 3.6, "$r_t$", SYMBOL)


def _gru_mix(sheet: _Sheet) -> None:
    """The update gate shares out between the old state and the candidate."""
    height = 4.47
    gate = sheet.gate("z", UPDATE, ROW, r"$\sigma$")
    sheet.wire([(UPDATE, ROW + gate.tall), (UPDATE, HIGH - 0.19)], RED)
    rest = sheet.node("operation", RESET_GATE, height, "$1{-}$", 0.25)
    sheet.wire([(UPDATE, height), (RESET_GATE - rest.wide, height)], RED)
    meet = sheet.product(NEW, height)
    sheet.wire([(RESET_GATE, height), (NEW - meet.wide, height)], RED)
    sheet.wire([(NEW, INNER), (NEW, height - meet.tall)], GREEN)
    sheet.wire([(NEW, height), (NEW, HIGH - 0.19)])
    sheet.product(UPDATE, HIGH)
    sheet.sum(NEW, HIGH)
    sheet.text(UPDATE - 0.2, 3.9, "$z_t$", SYMBOL)
    sheet.text(NEW + 0.25, 4.09, r"$\tilde{h}_t$", SYMBOL)
    sheet.text((RESET_GATE + NEW) / 2 + 0.1, height + 0.25, "$1 - z_t$", SYMBOL)


# ------------------------------------------------------------------------ rivals


def receptive_fields(dilations: Sequence[int] = (1, 2, 4, 8)) -> Figure:
    """A stack of causal convolutions of kernel size 2, and what one output sees.

    Parameters
    ----------
    dilations : one of each layer, from below; 1 to 5 of them that see 16 steps at most.

    Raises
    ------
    ValueError
        A dilation is not a whole number above 0, or the stack cannot be drawn.

    Introduced in chapter 11.
    """
    for dilation in dilations:
        _whole("a dilation", dilation, 1, 15)
    steps = 1 + sum(dilations)
    if not 1 <= len(dilations) <= 5 or steps > 16:
        raise ValueError(
            "dilations must be 1 to 5 numbers that see 16 steps at most, not "
            f"{len(dilations)} that see {steps}"
        )
    rise, base, levels = 0.8, 1.0, len(dilations)
    sheet = _Sheet(base + rise * levels + 0.4)
    columns = np.linspace(0.25, 4.7, steps)
    seen = {steps - 1}
    for level, dilation in zip(range(levels, 0, -1), dilations[::-1], strict=True):
        y = base + rise * level
        below = {i - back for i in seen for back in (0, dilation)}
        for i, back in itertools.product(range(steps), (0, dilation)):
            if i >= back:
                line = [(columns[i - back], y - rise), (columns[i], y)]
                if i in seen:
                    sheet.wire(line, head=False, width=2.2)
                else:
                    sheet.wire(line, tint(SILVER, 0.5), False, 2, 1.2)
        _units(sheet, columns, y, seen, level == levels)
        sheet.text(4.95, y - rise / 2, f"dilation {dilation}", ha="left")
        seen = below
    for x in columns:
        sheet.node("input", x, base, size=0.12)
    sheet.text(4.95, base, "inputs", ha="left")
    sheet.text(4.95, base + rise * levels, "output", ha="left")
    left, right = columns[0], columns[-1]
    sheet.rule([left, left, right, right], [0.74, 0.64, 0.64, 0.74], INK)
    sheet.text((left + right) / 2, 0.38, f"receptive field: {steps} steps", TITLE)
    return sheet.figure


def _units(
    sheet: _Sheet, columns: np.ndarray, y: float, seen: set[int], top: bool
) -> None:
    """A layer's units, full where the output sees them; at the top, the output."""
    for i, x in enumerate(columns):
        if top and i in seen:
            sheet.node("output", x, y, size=0.14)
        else:
            sheet.node("layer", x, y, size=0.095)
            colour = GREEN if i in seen else tint(GREEN, 0.85)
            sheet.axes.patches[-1].set_facecolor(colour)


def _whole(name: str, count: int, low: int, high: int) -> None:
    if isinstance(count, bool) or not isinstance(count, int | np.integer):
        raise ValueError(f"{name} must be a whole number, not {count!r}")
    if not low <= count <= high:
        raise ValueError(f"{name} must be {low} to {high}, not {count}")


REACH = 0.85  # from a state to what it reads, and to what it gives


def encoder_decoder(source: str = "12+7", target: str = "19") -> Figure:
    """An encoder reads a sequence; a decoder answers from the state it hands over.

    In training the decoder reads the true characters (teacher forcing), in use its own
    last output.

    Parameters
    ----------
    source, target : what is read and what is answered, a character a step; 1 to 5 and
        2 to 4 characters, and both together at most 7.

    Raises
    ------
    ValueError
        One of them is too short or too long.

    Introduced in chapter 11.
    """
    if not (1 <= len(source) <= 5 and 2 <= len(target) <= 4):
        raise ValueError(
            "source must have 1 to 5 characters and target 2 to 4, not "
            f"{source!r} and {target!r}"
        )
    if len(source + target) > 7:
        raise ValueError(f"{source!r} and {target!r} have more than 7 characters")
    sheet = _Sheet(7.7)
    for bottom, title, note, forced in (
        (
            3.85,
            "In training",
            "whatever it says, the decoder reads the true answer",
            True,
        ),
        (0.0, "In use", "the decoder reads its own last output", False),
    ):
        sheet.text(0.1, bottom + 3.6, title, TITLE, ha="left", weight="bold")
        sheet.text(0.1, bottom + 3.3, note, ha="left")
        gap = min(0.9, 4.65 / (len(source + target) - 1))
        xs = 0.55 + gap * np.arange(len(source))
        ys = xs[-1] + 0.25 + gap * (1 + np.arange(len(target)))
        y = bottom + 1.67
        for group, name in ((xs, "encoder"), (ys, "decoder")):
            wide = group[-1] - group[0] + 0.66
            sheet.frame(group[0] - 0.33, y - 0.33, wide, 0.66)
            sheet.text(group.mean(), bottom + 0.2, name, weight="bold")
        for before, after in itertools.pairwise([*xs, *ys]):
            sheet.band([(before, y), (after - 0.22, y)])
        sheet.text((xs[-1] + ys[0]) / 2, y + 0.5, "state")
        for x, character in zip(xs, source, strict=True):
            _step(sheet, x, y, sheet.node("input", x, y - REACH, character, 0.22, 16))
        _answer(sheet, ys, y, target, forced)
    return sheet.figure


def _step(sheet: _Sheet, x: float, y: float, read: Node) -> Node:
    state = sheet.node("state", x, y, size=0.22)
    sheet.arrow(read, state)
    return state


def _answer(sheet: _Sheet, ys: np.ndarray, y: float, target: str, forced: bool) -> None:
    """The decoder; in training its first guess is wrong, and the next read is not."""
    low, high = y - REACH, y + REACH
    for step, (x, character) in enumerate(zip(ys, target, strict=True)):
        if step == 0:
            read, name = sheet.node("operation", x, low, "", 0.22), "start"
        elif forced:
            read = sheet.node("input", x, low, target[step - 1], 0.22, 16)
            name = "true"
        else:
            read = sheet.node("output", x, low, target[step - 1], 0.22, 16, True)
            turn, name = (ys[step - 1] + x) / 2, "own"
            back = [(ys[step - 1], high), (turn, high), (turn, low)]
            sheet.wire([*back, (x - read.wide, low)], zorder=1.5)
        sheet.text(x, low - 0.37, name)
        state = _step(sheet, x, y, read)
        guess = character
        if forced and step == 0:
            guess = str((int(character) + 1) % 10) if character.isdigit() else "?"
        sheet.arrow(state, sheet.node("output", x, high, guess, 0.22, 16))
        if forced:
            sign = "=" if guess == character else r"\neq"
            sheet.text(x, high + 0.42, f"${sign}$ {character}", 14)


def scan(n: int = 8) -> Figure:
    """A linear recurrence, step by step and by doubling, which needs fewer rounds.

    Parameters
    ----------
    n : how many steps the sequence has, 2, 4 or 8.

    Raises
    ------
    ValueError
        n is none of these.

    Introduced in chapter 11.
    """
    _whole("n", n, 2, 8)
    if n & (n - 1):
        raise ValueError(f"n must be 2, 4 or 8, not {n}")
    rounds = int(n).bit_length() - 1
    rise, base = 0.44, 1.2
    top = base + rise * max(n, 7) + 0.75
    sheet = _Sheet(top + 0.25)
    for left, title, note in (
        (0.15, "One after the other", f"{n} steps"),
        (3.2, "Doubling", f"{rounds} round{'s' * (rounds > 1)}"),
    ):
        sheet.text(left, top, title, TITLE, ha="left", weight="bold")
        sheet.text(left, top - 0.3, note, ha="left")
    _chain(sheet, np.linspace(0.35, 2.7, n), base, rise)
    _doubling(sheet, np.linspace(3.4, 5.75, n), base, rise, rounds)
    y = top - 0.85
    for colour, text in (
        (tint(ORANGE), "a piece of the way"),
        (ORANGE, "a state, complete"),
    ):
        _square(sheet, 3.35, y, colour)
        sheet.text(3.57, y, text, ha="left")
        y -= 0.32
    sheet.lines(
        "$h_t = a_t h_{t-1} + x_t$",
        "two steps in one:  $h_2 = (a_2 a_1) h_0 + (a_2 x_1 + x_2)$",
        size=15,
    )
    return sheet.figure


def _square(sheet: _Sheet, x: float, y: float, colour: str) -> Node:
    node = sheet.node("state", x, y, size=0.11)
    sheet.axes.patches[-1].set_facecolor(colour)
    return node


def _chain(sheet: _Sheet, columns: np.ndarray, base: float, rise: float) -> None:
    """Each state waits for the one before: a row of its own for each."""
    for step, x in enumerate(columns, 1):
        y = base + rise * step
        sheet.node("input", x, base, size=0.11)
        sheet.wire([(x, base), (x, y)], SILVER, False, 2, 1.4)
        if step > 1:
            sheet.wire([(columns[step - 2], y - rise), (x, y)], head=False, width=2.2)
        _square(sheet, x, y, ORANGE)
        sheet.text(x - 0.22, y + 0.08, str(step))


def _doubling(
    sheet: _Sheet, columns: np.ndarray, base: float, rise: float, rounds: int
) -> None:
    """In round k, all at once, each piece is joined to that 2^(k-1) steps before."""
    for x in columns:
        sheet.node("input", x, base, size=0.11)
    for level in range(1, rounds + 1):
        y, reach = base + rise * level, 2 ** (level - 1)
        sheet.text(columns[0] - 0.27, y, str(level))
        for i, x in enumerate(columns):
            if i >= reach:
                line = [(columns[i - reach], y - rise), (x, y)]
                sheet.wire(line, head=False, width=2.2)
            sheet.wire([(x, y - rise), (x, y)], SILVER, False, 2, 1.4)
            _square(sheet, x, y, ORANGE if i < 2 * reach else tint(ORANGE))
