"""The drawings of windows: every character where it belongs, all to be read."""

from itertools import pairwise

import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from helpers import window_diagrams
from tests.drawings import faults, labels, off_canvas, pixels_on_a_phone

TEXT = "First Citizen:\nBefore we proceed any further, hear"
DRAWN = {
    "windows": window_diagrams.windows(TEXT[:17], 5),
    "streams": window_diagrams.streams(TEXT, 3, 5),
}


def boxes(figure):
    """Each character with its place and the colour below it."""
    grounds = [p for p in figure.axes[0].patches if isinstance(p, Rectangle)]
    letters = [t for t in figure.axes[0].texts if len(t.get_text()) == 1]
    return [
        (letter.get_text(), round(box.get_y(), 3), to_hex(box.get_facecolor()))
        for letter, box in zip(letters, grounds, strict=True)
    ]


@pytest.mark.parametrize("name", DRAWN)
def test_all_can_be_read_within_the_figure_and_on_a_phone(name):
    figure = DRAWN[name]
    assert faults(figure) == []
    assert off_canvas(figure) == []
    assert pixels_on_a_phone(figure) >= 8


def test_windows_at_every_character_begin_one_further_each():
    letters = boxes(DRAWN["windows"])
    text = TEXT[:17].replace(" ", "␣").replace("\n", "↵")
    assert "".join(one for one, *_ in letters[:17]) == text
    drawn = "".join(one for one, *_ in letters[17:37])
    assert drawn == "".join(text[start : start + 5] for start in range(4))
    end_to_end = letters[37:]
    assert "".join(one for one, *_ in end_to_end) == text[:15]
    seams = [one[2] != two[2] for one, two in pairwise(end_to_end)]
    assert [place + 1 for place, seam in enumerate(seams) if seam] == [5, 10]


def test_each_row_of_a_batch_goes_on_where_it_ended():
    letters = boxes(DRAWN["streams"])
    part = len(TEXT) // 3
    for row in range(3):
        own = letters[15 * row : 15 * row + 15]
        text = TEXT[row * part : row * part + 15]
        assert "".join(one for one, *_ in own) == text.replace(" ", "␣").replace(
            "\n", "↵"
        )
        assert len({height for _, height, _ in own}) == 1
        assert [own[i][2] for i in (0, 5, 10)] == [letters[i][2] for i in (0, 5, 10)]
    assert labels(DRAWN["streams"])[:3] == ["batch 1", "batch 2", "batch 3"]


def test_what_does_not_fit_is_refused():
    with pytest.raises(
        ValueError, match="windows needs 8 to 19 characters in a row, not 7"
    ):
        window_diagrams.windows("too few", 5)
    with pytest.raises(ValueError, match=r"streams needs 5 to 19 .* not 20"):
        window_diagrams.streams("a" * 40, 2, 5)
