"""The drawings are legible, complete, of one palette, and the same every time."""

import functools
import subprocess
import sys
from typing import Any

import pytest
from matplotlib.figure import Figure

from helpers import canvas, diagrams, plots
from tests.drawings import (
    colours,
    contrast,
    faults,
    in_two_styles,
    labels,
    left_open,
    off_canvas,
    palette,
    pixels_on_a_phone,
    public,
)

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


def test_every_drawing_is_tested():
    assert public(diagrams) == set(DRAWINGS)


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
    assert off_canvas(drawn(name, *sizes.items())) == []


@pytest.mark.parametrize("name", DRAWINGS)
def test_type_is_at_least_10_pixels_on_a_phone(name):
    assert pixels_on_a_phone(drawn(name)) >= 10


@pytest.mark.parametrize("name", DRAWINGS)
def test_colours_come_from_the_palette(name):
    base = palette()
    allowed = {c.lower() for c in base}
    allowed |= {f(c) for c in base for f in (plots.tint, plots.shade)}
    allowed |= {plots.tint(c, 0.85) for c in base}
    assert set(colours(drawn(name))) <= allowed


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_the_same_every_time_whatever_the_style(name):
    ours, other = in_two_styles(lambda: draw(name, {}))
    assert other == ours


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_shown_once_and_leaves_nothing_open(name):
    assert left_open(lambda: draw(name, {})) == []


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
    # WCAG 2.2, contrast (minimum)
    assert contrast(plots.COLOURS[role], plots.INK) >= 4.5
