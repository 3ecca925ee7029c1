"""The drawings of cells are legible, complete, of one palette, and say what is true."""

import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle, RegularPolygon

from helpers import cell_diagrams, plots
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
    texts,
)

pytestmark = pytest.mark.filterwarnings("error")

DRAWINGS: dict[str, list[dict[str, Any]]] = {
    "simple_cell_and_lstm": [{}],
    "lstm_cell": [
        {},
        {"highlight": "forget"},
        {"highlight": "input"},
        {"highlight": "output"},
    ],
    "gru_cell": [{}],
    "receptive_fields": [
        {},
        {"dilations": (1,)},
        {"dilations": (1, 2, 4)},
        {"dilations": [1, 1, 1, 1, 1]},
        {"dilations": (15,)},
    ],
    "encoder_decoder": [
        {},
        {"source": "8", "target": "10"},
        {"source": "99+1", "target": "100"},
        {"source": "abc", "target": "cba!"},
    ],
    "scan": [{}, {"n": 2}, {"n": 4}],
}
CASES = [
    pytest.param(name, sizes, id="-".join([name, *map(str, sizes.values())]))
    for name, cases in DRAWINGS.items()
    for sizes in cases
]


def draw(name: str, sizes: dict[str, Any]) -> Figure:
    return getattr(cell_diagrams, name)(**sizes)


def test_every_drawing_is_tested():
    assert public(cell_diagrams) == set(DRAWINGS)


@pytest.mark.parametrize(("name", "sizes"), CASES)
def test_text_is_on_the_canvas_and_free_of_other_text_and_lines(name, sizes):
    assert faults(draw(name, sizes)) == []


@pytest.mark.parametrize(("name", "sizes"), CASES)
def test_shapes_stay_on_the_canvas_and_type_is_large_enough(name, sizes):
    figure = draw(name, sizes)
    assert off_canvas(figure) == []
    assert figure.get_figwidth() == plots.WIDTH
    assert pixels_on_a_phone(figure) >= 10


@pytest.mark.parametrize(("name", "sizes"), CASES)
def test_colours_come_from_the_palette(name, sizes):
    base = palette()
    plain = {c.lower() for c in base}
    plain |= {plots.tint(c, t) for c in base for t in (0.5, 0.65, 0.85)}
    faded = {plots.tint(c, t) for c in plain for t in (cell_diagrams.FADE, 0.6)}
    assert set(colours(draw(name, sizes))) <= plain | faded
    if "highlight" not in sizes:
        assert set(colours(draw(name, sizes))) <= plain


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_the_same_every_time_whatever_the_style(name):
    ours, other = in_two_styles(lambda: draw(name, {}))
    assert other == ours


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_shown_once_and_leaves_nothing_open(name):
    assert left_open(lambda: draw(name, {})) == []


def test_each_gate_has_a_colour_of_its_own_and_what_does_the_same_has_the_same():
    gates = cell_diagrams.GATES
    assert len({gates[letter] for letter in "fiog"}) == 4
    assert [gates[letter] for letter in "zrh"] == [gates[letter] for letter in "fog"]
    assert plots.COLOURS["state"] not in gates.values()
    assert plots.COLOURS["input"] not in gates.values()


@pytest.mark.parametrize("colour", set(cell_diagrams.GATES.values()))
def test_symbols_are_readable_on_the_gates(colour):
    dark = colour in cell_diagrams.DARK
    white, ink = contrast(colour, plots.WHITE), contrast(colour, plots.INK)
    assert (white > ink) == dark
    assert max(white, ink) >= 3  # large text, by WCAG 2.2: σ has 20 points
    if colour == cell_diagrams.GATES["g"]:  # and tanh 13
        assert ink >= 4.5


def layers(figure: Figure) -> list[str]:
    """The colours of the squares of layers, from the left."""
    boxes = [p for p in figure.axes[0].patches if isinstance(p, Rectangle)]
    boxes.sort(key=lambda box: box.get_window_extent().x0)
    return [to_hex(box.get_facecolor()).upper() for box in boxes]


FOUR = [cell_diagrams.GATES[letter] for letter in "figo"]


def test_a_simple_cell_has_one_layer_and_an_lstm_four():
    figure = draw("simple_cell_and_lstm", {})
    assert layers(figure) == [cell_diagrams.GATES["g"], *FOUR]


@pytest.mark.parametrize(
    ("highlight", "lit"),
    [(None, "figo"), ("forget", "f"), ("input", "ig"), ("output", "o")],
)
def test_a_gate_in_question_keeps_its_colour_and_the_rest_fades(highlight, lit):
    shown = layers(draw("lstm_cell", {"highlight": highlight}))
    expected = [
        c if letter in lit else "" for letter, c in zip("figo", FOUR, strict=True)
    ]
    assert [c if c in FOUR else "" for c in shown] == expected
    found = labels(draw("lstm_cell", {"highlight": highlight}))
    for letter in "figo":
        assert f"${letter}_t$" in found
        equation = rf"(x_t W_{letter} + h_{{t-1}} U_{letter} + b_{letter})$"
        written = any(text.endswith(equation) for text in found)
        assert written == (highlight is not None and letter in lit)


@pytest.mark.parametrize(
    ("highlight", "what"),
    [
        ("forget", r"f_t \odot c_{t-1}$"),
        ("input", r"i_t \odot g_t$"),
        ("output", r"h_t = o_t \odot \tanh(c_t)$"),
        (None, r"$c_t = f_t \odot c_{t-1} + i_t \odot g_t$"),
    ],
)
def test_what_a_gate_does_is_written_below(highlight, what):
    found = labels(draw("lstm_cell", {"highlight": highlight}))
    assert any(text.endswith(what) for text in found)


def test_the_reset_of_a_gru_comes_after_the_product_as_in_keras():
    figure = draw("gru_cell", {})
    (candidate,) = (text for text in labels(figure) if r"\tanh" in text)
    assert r"r_t \odot (h_{t-1} U_h + b" in candidate
    assert r"$h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tilde{h}_t$" in labels(figure)
    heights = {text.get_text(): text.get_position()[1] for text in texts(figure)}
    assert heights["$U_h$"] < cell_diagrams.INNER  # below the product with r


def test_a_gru_has_two_gates_and_a_candidate():
    assert layers(draw("gru_cell", {})) == [cell_diagrams.GATES[c] for c in "zrh"]


@pytest.mark.parametrize(
    ("dilations", "steps", "units"),
    [((1, 2, 4, 8), 16, 2 + 4 + 8), ((1, 2, 4), 8, 2 + 4), ((1, 1, 1), 4, 2 + 3)],
)
def test_an_output_sees_as_far_as_the_sum_of_dilations(dilations, steps, units):
    figure = draw("receptive_fields", {"dilations": dilations})
    found = labels(figure)
    assert f"receptive field: {steps} steps" in found
    assert [text for text in found if "dilation" in text] == [
        f"dilation {dilation}" for dilation in reversed(dilations)
    ]
    assert layers(figure).count(plots.GREEN) == units
    inputs = [p for p in figure.axes[0].patches if isinstance(p, Circle)]
    assert len(inputs) == steps


def test_the_decoder_reads_the_truth_in_training_and_its_own_output_in_use():
    figure = draw("encoder_decoder", {"source": "12+7", "target": "19"})
    found = labels(figure)
    assert [found.count(name) for name in ("start", "true", "own")] == [2, 1, 1]
    assert [found.count(text) for text in (r"$\neq$ 1", "$=$ 9")] == [1, 1]
    outputs = [p for p in figure.axes[0].patches if isinstance(p, RegularPolygon)]
    assert len(outputs) == 5  # twice two, and the one that is read again
    # the source has a 1, and the answer: read as the truth, said, and read again
    assert found.count("1") == 2 + 1 + 2
    assert found.count("2") == 2 + 1  # in both sources, and the wrong guess
    assert found.count("9") == 2


@pytest.mark.parametrize(
    ("n", "rounds"), [(2, "1 round"), (4, "2 rounds"), (8, "3 rounds")]
)
def test_doubling_completes_twice_as_many_states_each_round(n, rounds):
    figure = draw("scan", {"n": n})
    assert f"{n} steps" in labels(figure)
    assert rounds in labels(figure)
    rows: Counter[float] = Counter()
    for patch in figure.axes[0].patches:
        if isinstance(patch, FancyBboxPatch) and patch.get_x() > 3.25:
            complete = to_hex(patch.get_facecolor()).upper() == plots.ORANGE
            rows[round(patch.get_y(), 3)] += complete
    counts = [count for _, count in sorted(rows.items())]
    assert counts[: int(rounds[0])] == [2 ** (k + 1) for k in range(int(rounds[0]))]


@pytest.mark.parametrize(
    ("name", "sizes", "message"),
    [
        ("lstm_cell", {"highlight": "update"}, "'forget', 'input', 'output', not 'upd"),
        ("receptive_fields", {"dilations": ()}, "1 to 5 numbers"),
        (
            "receptive_fields",
            {"dilations": (1, 0)},
            "a dilation must be 1 to 15, not 0",
        ),
        ("receptive_fields", {"dilations": (2.0,)}, "whole number, not 2.0"),
        ("receptive_fields", {"dilations": (4, 4, 8)}, "not 3 that see 17"),
        ("encoder_decoder", {"source": ""}, "1 to 5 characters"),
        ("encoder_decoder", {"target": "9"}, "target 2 to 4"),
        ("encoder_decoder", {"source": "12+34", "target": "146"}, "more than 7"),
        ("scan", {"n": 6}, "n must be 2, 4 or 8, not 6"),
        ("scan", {"n": 16}, "n must be 2 to 8"),
        ("scan", {"n": True}, "whole number, not True"),
    ],
)
def test_what_cannot_be_drawn_is_refused(name, sizes, message):
    with pytest.raises(ValueError, match=message):
        draw(name, sizes)


def test_the_drawings_need_no_tensorflow():
    code = "import sys, helpers.cell_diagrams; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
