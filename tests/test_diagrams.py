"""The drawings are legible, complete, of one palette, and the same every time."""

import functools
import gc
import io
import itertools
import subprocess
import sys
import weakref
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.path import Path
from matplotlib.text import Text

from helpers import canvas, diagrams, plots

pytestmark = pytest.mark.filterwarnings("error")

DRAWINGS: dict[str, list[dict[str, int]]] = {
    "feed_forward_and_recurrent": [{}],
    "rolled_and_unrolled": [{}, {"n_steps": 2}, {"n_steps": 3}],
    "neuron": [{}],
    "layer": [
        {},
        {"features": 1, "units": 1},
        {"features": 5, "units": 5},
        {"features": 1, "units": 5},
        {"features": 5, "units": 1},
    ],
    "memory_cell": [{}],
    "cell_and_units": [
        {},
        {"units": 1, "n_steps": 2},
        {"units": 5, "n_steps": 4},
    ],
    "concatenation": [
        {},
        {"features": 2, "units": 2},
        {"features": 6, "units": 6},
        {"features": 6, "units": 2},
        {"features": 2, "units": 6},
    ],
    "input_output_shapes": [{}],
    "backpropagation_through_time": [{}, {"n_steps": 2}, {"n_steps": 5}],
}
CASES = [
    pytest.param(name, sizes, id="-".join([name, *map(str, sizes.values())]))
    for name, cases in DRAWINGS.items()
    for sizes in cases
]


def draw(name: str, sizes: dict[str, Any]) -> Figure:
    return getattr(diagrams, name)(**sizes)


@functools.cache
def drawn(name: str, *sizes: tuple[str, int]) -> Figure:
    """The same, made once for all tests that only look at it."""
    figure = draw(name, dict(sizes))
    figure.draw_without_rendering()
    return figure


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


def test_every_drawing_is_tested():
    public = {
        n
        for n, f in vars(diagrams).items()
        if getattr(f, "__module__", "") == "helpers.diagrams"
    }
    assert {n for n in public if not n.startswith("_")} == set(DRAWINGS)


@pytest.mark.parametrize(("name", "sizes"), CASES)
def test_text_is_on_the_canvas_and_free_of_other_text_and_lines(name, sizes):
    assert faults(drawn(name, *sizes.items())) == []


@pytest.mark.parametrize(
    ("x", "y", "fault"),
    [(5.9, 1, "leaves the canvas"), (1.2, 1, "overlaps"), (3.3, 1, "is crossed")],
)
def test_a_misplaced_text_is_noticed(x, y, fault):
    drawing = canvas.Canvas(2)
    drawing.text(1, 1, "fixed")
    drawing.node("input", 3, 1)
    drawing.text(x, y, "moved")
    assert any(fault in line for line in faults(drawing.figure))


def labels(figure: Figure) -> list[str]:
    return [t.get_text() for t in texts(figure)]


def test_a_gradient_meets_the_slope_and_the_weights_at_each_step_back():
    found = labels(drawn("backpropagation_through_time"))
    assert [f"$(1 - h_{t}^2)$" in found for t in (1, 2, 3, 4)] == [False, *[True] * 3]
    assert found.count(r"$U^\mathsf{T}$") == 3


def test_the_one_input_of_many_outputs_is_read_at_each_step():
    assert labels(drawn("input_output_shapes")).count("$x$") == 3


def test_the_decoder_reads_its_own_last_output():
    # in both panels with many outputs once, in the decoder above and below
    assert labels(drawn("input_output_shapes")).count("$y_1$") == 4


@pytest.mark.parametrize(("name", "sizes"), CASES)
def test_shapes_stay_on_the_canvas(name, sizes):
    figure = drawn(name, *sizes.items())
    canvas = figure.bbox.padded(-4)
    for patch in figure.axes[0].patches:
        box = patch.get_window_extent()
        assert canvas.x0 <= box.x0, patch
        assert canvas.y0 <= box.y0, patch
        assert box.x1 <= canvas.x1, patch
        assert box.y1 <= canvas.y1, patch


@pytest.mark.parametrize("name", DRAWINGS)
def test_type_is_at_least_10_pixels_on_a_phone(name):
    figure = drawn(name)
    pixels_per_point = 340 / (72 * figure.get_figwidth())
    assert min(float(t.get_fontsize()) for t in texts(figure)) * pixels_per_point >= 10


@pytest.mark.parametrize("name", DRAWINGS)
def test_colours_come_from_the_palette(name):
    base = {c for c in vars(plots).values() if isinstance(c, str) and c.startswith("#")}
    allowed = {c.lower() for c in base}
    allowed |= {f(c) for c in base for f in (plots.tint, plots.shade)}
    allowed |= {plots.tint(c, 0.85) for c in base}
    figure = drawn(name)
    used = {to_hex(t.get_color()) for t in texts(figure)}
    for patch in figure.axes[0].patches:
        used |= {to_hex(patch.get_facecolor()), to_hex(patch.get_edgecolor())}
    used |= {to_hex(line.get_color()) for line in figure.axes[0].lines}
    assert used <= allowed


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_the_same_every_time_whatever_the_style(name):
    with mpl.rc_context():
        plots.style()
        first = png(draw(name, {}))
    with plt.style.context("ggplot"):
        assert png(draw(name, {})) == first


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_shown_once_and_leaves_nothing_open(name):
    before = plt.get_fignums()
    figure = draw(name, {})
    assert plt.get_fignums() == before
    assert to_hex(figure.get_facecolor(), keep_alpha=True) == "#ffffffff"
    left = weakref.ref(figure)
    del figure
    gc.collect()
    assert left() is None


@pytest.mark.parametrize(
    ("name", "sizes", "message"),
    [
        ("rolled_and_unrolled", {"n_steps": 5}, "n_steps must be 2 to 4 .* not 5"),
        ("rolled_and_unrolled", {"n_steps": 2.0}, "whole number, not 2.0"),
        ("layer", {"features": 0}, "features must be 1 to 5"),
        ("layer", {"units": True}, "units must be a whole number"),
        ("cell_and_units", {"n_steps": 1}, "n_steps must be 2 to 4"),
        ("cell_and_units", {"units": 6}, "units must be 1 to 5"),
        ("concatenation", {"units": 7}, "units must be 2 to 6"),
        ("backpropagation_through_time", {"n_steps": "4"}, "whole number, not '4'"),
    ],
)
def test_a_size_that_cannot_be_drawn_is_refused(name, sizes, message):
    with pytest.raises(ValueError, match=message):
        draw(name, sizes)


def test_the_drawings_and_plots_need_no_tensorflow():
    code = "import sys, helpers.diagrams; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def grey(colour: str) -> float:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_ours_and_cited_differ_in_grey():
    assert abs(grey(plots.COLOURS["ours"]) - grey(plots.COLOURS["other"])) > 0.25


@pytest.mark.parametrize("role", ["input", "state", "gate", "output"])
def test_symbols_are_readable_on_their_shapes(role):
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    fill, ink = luminance(plots.COLOURS[role]), luminance(plots.INK)
    assert (fill + 0.05) / (ink + 0.05) >= 4.5  # WCAG 2.2, contrast (minimum)
