"""What the tests of all drawings look at."""

from __future__ import annotations

import gc
import io
import itertools
import weakref
from collections import Counter
from collections.abc import Callable
from types import ModuleType
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.path import Path
from matplotlib.text import Text

from helpers import plots

Draw = Callable[[], Figure]


def public(module: ModuleType) -> set[str]:
    """The names of a module's own functions and classes."""
    own = {n for n, f in vars(module).items() if _home(f) == module.__name__}
    return {n for n in own if not n.startswith("_")}


def _home(thing: Any) -> str:
    return getattr(thing, "__module__", "")


def png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=50)
    return buffer.getvalue()


def texts(figure: Figure) -> list[Text]:
    return [t for t in figure.findobj(Text) if t.get_text() and t.get_visible()]


def faults(figure: Figure) -> list[str]:
    """Text that leaves the canvas, meets another text, or is crossed by a line."""
    figure.draw_without_rendering()
    axes = figure.axes[0]
    # the white lines are the grid of a block, on which its name stands
    lines = [line for line in axes.lines if line.get_color() != plots.WHITE]
    shapes: list[Any] = [*axes.patches, *lines]
    outlines = []
    for shape in shapes:
        path = shape.get_transform().transform_path(shape.get_path())
        parts = [Path(part) for part in path.to_polygons(closed_only=False)]
        outlines.append((shape, parts))
    boxes = [(t.get_text(), t.get_window_extent()) for t in texts(figure)]
    found = []
    for name, box in boxes:
        if not all(figure.bbox.contains(*corner) for corner in box.corners()):
            found.append(f"{name} leaves the canvas")
        # a node hides what lies below it
        ground = max(
            (
                shape.get_zorder()
                for shape, parts in outlines
                if isinstance(shape, Patch)
                and any(part.contains_points(box.corners()).all() for part in parts)
            ),
            default=0,
        )
        found += [
            f"{name} is crossed by {shape}"
            for shape, parts in outlines
            if shape.get_zorder() >= ground
            and any(part.intersects_bbox(box, filled=False) for part in parts)
        ]
    for (one, a), (two, b) in itertools.combinations(boxes, 2):
        if a.overlaps(b):
            found.append(f"{one} overlaps {two}")
    return found


def labels(figure: Figure) -> list[str]:
    return [t.get_text() for t in texts(figure)]


def off_canvas(figure: Figure) -> list[Patch]:
    """Shapes that come nearer than 4 pixels to the border, or leave it."""
    figure.draw_without_rendering()
    canvas = figure.bbox.padded(-4)
    boxes = [(patch, patch.get_window_extent()) for patch in figure.axes[0].patches]
    return [
        patch
        for patch, box in boxes
        if box.x0 < canvas.x0
        or box.y0 < canvas.y0
        or box.x1 > canvas.x1
        or box.y1 > canvas.y1
    ]


def pixels_on_a_phone(figure: Figure) -> float:
    """Height of the smallest type where the figure is 340 pixels wide."""
    per_point = 340 / (72 * figure.get_figwidth())
    return min(float(t.get_fontsize()) for t in texts(figure)) * per_point


def palette() -> set[str]:
    return {c for c in vars(plots).values() if isinstance(c, str) and c[:1] == "#"}


def colours(figure: Figure) -> Counter[str]:
    """How many shapes and texts are of each colour."""
    used = [to_hex(t.get_color()) for t in texts(figure)]
    for patch in figure.axes[0].patches:
        used += [to_hex(patch.get_facecolor()), to_hex(patch.get_edgecolor())]
    return Counter(used + [to_hex(line.get_color()) for line in figure.axes[0].lines])


def in_two_styles(draw: Draw) -> tuple[bytes, bytes]:
    """Pictures of a drawing in the book's style and in another one."""
    with mpl.rc_context():
        plots.style()
        ours = png(draw())
    with plt.style.context("ggplot"):
        return ours, png(draw())


def left_open(draw: Draw) -> list[str]:
    """What a drawing leaves behind, or shows besides itself."""
    before, found = plt.get_fignums(), []
    figure = draw()
    if plt.get_fignums() != before:
        found.append("a figure that is open")
    if to_hex(figure.get_facecolor(), keep_alpha=True) != "#ffffffff":
        found.append("a ground that is not white")
    left = weakref.ref(figure)
    del figure
    gc.collect()
    return [*found, "the figure itself"] if left() else found


def contrast(one: str, two: str) -> float:
    """Contrast of two colours, from 1 to 21, by WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted(luminance(colour) for colour in (one, two))
    return (high + 0.05) / (low + 0.05)
