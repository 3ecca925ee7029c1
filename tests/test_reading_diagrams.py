"""The drawing of a network that reads both ways."""

import numpy as np
import pytest
from matplotlib.patches import Circle, FancyBboxPatch, Polygon, RegularPolygon

from helpers import reading_diagrams
from tests.drawings import faults, labels, off_canvas, pixels_on_a_phone

WORDS = ["not", "a", "bad", "film"]
FIGURE = reading_diagrams.both_ways(WORDS)


def test_all_can_be_read_within_the_figure_and_on_a_phone():
    for figure in (FIGURE, reading_diagrams.both_ways(["incredibly"] * 2)):
        assert faults(figure) == []
        assert off_canvas(figure) == []
        assert pixels_on_a_phone(figure) >= 8


def test_a_word_has_an_input_a_state_each_way_and_an_output():
    patches = FIGURE.axes[0].patches
    kinds = {Circle: 4, FancyBboxPatch: 8, RegularPolygon: 4}
    for kind, count in kinds.items():
        assert sum(isinstance(patch, kind) for patch in patches) == count
    assert [one for one in labels(FIGURE) if one in WORDS] == WORDS


def test_one_layer_passes_its_state_on_and_the_other_back():
    outlines = [p.get_xy() for p in FIGURE.axes[0].patches if isinstance(p, Polygon)]
    bands = [np.asarray(points) for points in outlines if len(points) > 100]
    assert len(bands) == 6
    for points in bands:
        across = abs(points[:, 1] - points[:, 1].mean())
        to_the_right = points[across.argmax(), 0] > points[:, 0].mean()  # the barbs
        is_upper = points[:, 1].mean() > np.mean(
            [other[:, 1].mean() for other in bands]
        )
        assert to_the_right == is_upper


@pytest.mark.parametrize("words", [["one"], ["w"] * 5, ["incomparable", "film"]])
def test_words_that_do_not_fit_are_refused(words):
    with pytest.raises(ValueError, match="needs 2 to 4 words of 10 characters"):
        reading_diagrams.both_ways(words)
