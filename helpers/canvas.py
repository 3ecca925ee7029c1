"""The shapes of the book's drawings: a canvas measured in inches, `plots.WIDTH` wide.

An input is a sky-blue circle, a state an orange rounded square, an output a pink
hexagon, an operation a white circle; a state travels on a broad orange arrow. So the
drawings can be read without colour too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import (
    Circle,
    FancyBboxPatch,
    Patch,
    PathPatch,
    Polygon,
    Rectangle,
    RegularPolygon,
)
from matplotlib.path import Path

from helpers.plots import COLOURS, INK, WHITE, WIDTH, tint

SYMBOL, LABEL, TITLE = 18, 13, 14.5  # points
SIZE = 0.3  # half the width of a node
BAND = 0.13  # width of a state's arrow


class Node(NamedTuple):
    """Where a shape is: its centre, and the reach of its border from there."""

    x: float
    y: float
    wide: float
    tall: float


class Canvas:
    """A white figure measured in inches, and the shapes of the visual language."""

    def __init__(self, height: float) -> None:
        # Not through pyplot: a notebook then shows the figure once, as a cell's value.
        self.figure = Figure((WIDTH, height), facecolor=WHITE)
        self.figure.set_layout_engine("none")
        self.axes: Axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, WIDTH), ylim=(0, height))
        self.axes.set_axis_off()

    def add(self, patch: Patch) -> None:
        self.axes.add_artist(patch)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = LABEL,
        ha: str = "center",
        va: str = "center",
        weight: str = "normal",
    ) -> None:
        self.axes.text(
            x,
            y,
            text,
            size=size,
            ha=ha,
            va=va,
            color=INK,
            weight=weight,
            zorder=6,
            math_fontfamily="stix",
        )

    def tag(self, x: float, y: float, kind: str, text: str) -> None:
        """Name the weights that belong to "input" or "state": always the same mark."""
        self.add(
            FancyBboxPatch(
                (x - 0.13, y - 0.14),
                0.26,
                0.28,
                "round,pad=0,rounding_size=0.05",
                facecolor=tint(COLOURS[kind]),
                edgecolor=INK,
                linewidth=1,
                zorder=5,
            )
        )
        self.text(x, y - 0.012, text, 16)

    def node(
        self,
        kind: str,
        x: float,
        y: float,
        label: str = "",
        size: float = SIZE,
        fontsize: float = SYMBOL,
        faded: bool = False,
    ) -> Node:
        """An "input", "state", "output", "layer" or "operation", centred at (x, y)."""
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
        self.add(patch)
        if kind == "output":
            return Node(x, y, 1.1 * size * np.sqrt(3) / 2, 1.1 * size)
        return Node(x, y, size, size)

    def arrow(self, start: Node | tuple[float, float], end: Node) -> None:
        """A thin arrow, level or upright, to a border; a node hides its tail."""
        x, y = start[:2]
        back = (
            end.x - np.sign(end.x - x) * end.wide,
            end.y - np.sign(end.y - y) * end.tall,
        )
        self.curve((x, y), back, INK, 1.8)

    def curve(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        colour: str,
        width: float,
        bend: float = 0.0,
        dashes: str | tuple[int, tuple[float, ...]] = "-",
    ) -> None:
        """A line that ends in a solid head; `bend` is to its right."""
        (x0, y0), (x1, y1) = start, end
        turn = (x0 + x1) / 2 + bend * (y1 - y0), (y0 + y1) / 2 + bend * (x0 - x1)
        tip, along = np.array(end), np.array(end) - turn
        along /= np.hypot(*along)
        side, base = np.array([-along[1], along[0]]), tip - 0.15 * along
        look: dict[str, Any] = {"color": colour, "zorder": 3}
        points = np.array([start, turn, base])
        line = Path(points, [Path.MOVETO, Path.CURVE3, Path.CURVE3])
        self.add(PathPatch(line, fill=False, linewidth=width, linestyle=dashes, **look))
        head = [tip, base + 0.085 * side, base - 0.085 * side]
        self.add(Polygon(head, linewidth=0, **look))

    def gradient(
        self, start: tuple[float, float], end: tuple[float, float], bend: float = 0.0
    ) -> None:
        """The dashed arrow on which a gradient returns."""
        self.curve(start, end, COLOURS["gradient"], 2.4, bend, (0, (3, 1.6)))

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
        angle = np.linspace(np.pi - 0.6 * start, -np.pi + start, 200)  # tail hidden
        centre = x + SIZE + radius * np.cos(start)
        self.band(
            [(centre + radius * np.cos(a), y + radius * np.sin(a)) for a in angle]
        )

    def rule(
        self, x: list[float], y: list[float], colour: str = WHITE, zorder: float = 4
    ) -> None:
        look: dict[str, Any] = {"zorder": zorder, "solid_capstyle": "butt"}
        self.axes.plot(x, y, color=colour, linewidth=1.4, **look)

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
            self.rule([x + i * cell] * 2, [bottom + 0.01, bottom + tall - 0.01])
        for i in range(1, rows):
            self.rule([x + 0.01, x + wide - 0.01], [bottom + i * cell] * 2)
        self.text(x + wide / 2, y + tall / 2 + 0.2 if vector else y, label, SYMBOL)
        return x + wide

    def frame(self, x: float, y: float, width: float, height: float) -> Node:
        """The outline of a cell, with (x, y) its lower left corner."""
        box = "round,pad=0,rounding_size=0.12"
        self.add(
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
        return Node(x + width / 2, y + height / 2, width / 2, height / 2)
