import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers import maps

GROUPS = {"first": ["alpha", "beta", "gamma"], "none": [], "second": ["one", "two"]}


@pytest.mark.parametrize("spread", [0.0, 1e-6, 0.01, 1.0])
def test_labels_do_not_overlap_wherever_their_points_are(spread: float) -> None:
    points = spread * np.random.default_rng(0).normal(size=(5, 2))
    figure = maps.word_map(points, GROUPS)
    figure.canvas.draw()
    labels = figure.axes[0].texts
    written = ["alpha", "beta", "gamma", "first", "one", "two", "second"]
    assert [label.get_text() for label in labels] == written
    boxes = [label.get_window_extent() for label in labels]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
    plt.close(figure)


def test_a_group_has_one_colour_and_its_name_is_bold() -> None:
    figure = maps.word_map(np.random.default_rng(0).normal(size=(5, 2)), GROUPS)
    labels = figure.axes[0].texts
    assert len({label.get_color() for label in labels[:4]}) == 1
    assert labels[0].get_color() != labels[-1].get_color()
    assert [x.get_fontweight() == "bold" for x in labels].count(True) == 2
    plt.close(figure)


def test_points_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"5 words need points of the shape \(5, 2\)"):
        maps.word_map(np.zeros((4, 2)), GROUPS)


def test_characters_that_no_font_has_are_shown_as_a_question_mark(capsys):
    lacking = chr(0x10FFFD)  # of private use
    figure = maps.word_map(np.array([[0.0, 0.0]]), {"g": [f"a{lacking}"]})
    assert [text.get_text() for text in figure.axes[0].texts] == ["a?", "g"]
    assert "install one" in capsys.readouterr().out


def test_a_long_word_is_cut():
    figure = maps.word_map(np.array([[0.0, 0.0]]), {"g": ["x" * 150]})
    assert figure.axes[0].texts[0].get_text() == "x" * 19 + "…"


def test_a_word_is_no_formula():
    maps.word_map(np.array([[0.0, 0.0]]), {"g": ["$a_{$"]}).canvas.draw()
