"""The drawing of one sentence in several encodings."""

import pytest
from matplotlib.colors import to_hex

from helpers import plots, text_diagrams

WORDS = ["not", "bad", "!"]
ROWS = {
    "characters": [[*word] for word in WORDS],
    "words": [[word] for word in WORDS],
    "pairs": [["not bad"], ["bad !"], []],
}


def test_every_piece_stands_in_a_box_within_the_figure():
    figure = text_diagrams.encodings(ROWS)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == [
        *("characters", "n", "o", "t", "b", "a", "d", "!"),
        *("words", "not", "bad", "!", "pairs", "not␣bad", "bad␣!"),
    ]
    height = figure.axes[0].get_ylim()[1]
    for text in figure.axes[0].texts:
        x, y = text.get_position()
        assert 0 < x < plots.WIDTH
        assert 0 < y < height


def test_a_word_has_one_colour_in_all_rows():
    figure = text_diagrams.encodings(ROWS)
    colours = [to_hex(box.get_facecolor()) for box in figure.axes[0].patches]
    n, o, t, b, *_ = colours
    assert n == o == t != b
    not_, bad, sign = colours[7:10]
    assert (not_, bad) == (n, b)
    assert len({not_, bad, sign}) == 3


def test_long_rows_are_broken():
    one = text_diagrams.encodings({"characters": [["a"]]})
    many = text_diagrams.encodings({"characters": [["a"] * 200]})
    assert many.get_figheight() > one.get_figheight()


def test_rows_of_other_numbers_of_words_are_refused():
    with pytest.raises(ValueError, match=r"same number of words, not \{'a': 1"):
        text_diagrams.encodings({"a": [["x"]], "b": [["x"], ["y"]]})
