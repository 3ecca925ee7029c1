"""Exercises are judged rightly, and a wrong answer gets a message that teaches."""

import numpy as np
import pytest

from helpers import checks


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out.replace("\n  ", " ")


@pytest.mark.parametrize("answer", [2080, 2080.0, np.float32(2080), [2080]])
def test_close_accepts_the_right_number_in_any_dress(answer, capsys):
    assert checks.close("Ex", answer, np.full(np.shape(answer), 2080))
    assert said(capsys) == "Ex: right.\n"


@pytest.mark.parametrize("answer", [..., None])
def test_an_unanswered_exercise_says_what_to_do(answer, capsys):
    assert not checks.close("Ex", answer, 1)
    assert not checks.equal("Ex", answer, 1)
    text = "Ex: not yet. Replace the `...` by your answer and run both cells.\n"
    assert said(capsys) == 2 * text


def test_close_gives_the_hint_of_a_known_mistake(capsys):
    hints = [(32, "that is W alone"), (33, "U is missing")]
    assert not checks.close("Ex", 33, 2080, hints=hints)
    assert said(capsys) == "Ex: not yet. U is missing.\n"


@pytest.mark.parametrize(
    ("answer", "expected", "message"),
    [
        (3, 2, "3 is too large"),
        (1, 2, "1 is too small"),
        ("two", 2, "A number or an array is expected, not str"),
        ([1, 2], [[1, 2]], "The shape should be (1, 2), yours is (2,)"),
        ([1, float("nan")], [1, 2], "Your answer holds NaN"),
        ([1, 5, 3], [1, 2, 3], "1 of 3 values differ, most at index (1,)"),
    ],
)
def test_close_describes_an_unknown_mistake(answer, expected, message, capsys):
    assert not checks.close("Ex", answer, expected)
    assert message in said(capsys)


def test_close_forgives_rounding_and_no_more(capsys):
    assert checks.close("Ex", 0.7937, 0.79370053, tolerance=1e-3)
    assert not checks.close("Ex", 0.79, 0.79370053, tolerance=1e-3)


def test_equal_takes_a_list_for_a_tuple_and_hints_at_mistakes(capsys):
    assert checks.equal("Ex", [2, 5], (2, 5))
    assert not checks.equal(
        "Ex", (2, 3), (2, 5), hints=[((2, 3), "units, not features")]
    )
    assert not checks.equal("Ex", "no", "yes")
    assert said(capsys).splitlines()[1:] == [
        "Ex: not yet. Units, not features.",
        "Ex: not yet. 'no' is not it; read the question once more.",
    ]


def test_equal_is_not_content_with_a_part():
    assert not checks.equal("Ex", (2, 5), (2, 5, 1))
    assert not checks.equal("Ex", 2, (2, 5))


def test_function_compares_on_every_case(capsys):
    cases = [(1, 1), (2, 3)]
    assert checks.function("Ex", lambda a, b: a + b, lambda a, b: b + a, cases)
    assert not checks.function("Ex", lambda a, b: 2 * a, lambda a, b: a + b, cases)
    assert said(capsys) == "Ex: right.\nEx: not yet. 4 is too small.\n"


def test_function_gives_the_hint_of_the_same_wrong_function(capsys):
    hints = [(lambda a, b: a - b, "the sign of b")]
    wrong = checks.function(
        "Ex", lambda a, b: a - b, lambda a, b: a + b, [(1, 2)], hints=hints
    )
    assert not wrong
    assert said(capsys) == "Ex: not yet. The sign of b.\n"


def test_function_reports_what_the_reader_s_function_raises(capsys):
    assert not checks.function("Ex", lambda a: a[5], abs, [([1],)])
    assert "stopped with IndexError: list index out of range" in said(capsys)


def test_function_that_returns_nothing_is_unanswered(capsys):
    assert not checks.function("Ex", lambda a: None, abs, [(1,)])
    assert "returns nothing yet" in said(capsys)
