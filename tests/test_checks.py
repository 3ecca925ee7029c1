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


@pytest.mark.parametrize(
    ("answer", "expected", "message"),
    [
        (
            3,
            2,
            "3 is too large, by less than a factor of 2: check that all",
        ),
        (41, 44, "41 is too small, but by less than a tenth: check the ends and the"),
        (-2, 2, "-2 is too small: its size is right, its sign is not."),
        (-3, 2, "-3 is too small: check the signs"),
        (0, 2, "0 is too small: check the signs"),
        (250, 2.5, "250 is too large by a power of ten: check the units."),
        (1, 3, "1 is too small, by a factor of more than 2: check the formula term by"),
        (7000, 2, "7000 is too large, by a factor of more than 1000: check the form"),
        (1, 0, "1 is too large."),
        (float("inf"), 2, "Inf is too large."),
        ([1, 5, 3], [1, 2, 3], "most at index (1,): 5 is too large"),
    ],
)
def test_close_says_how_far_off_an_answer_is_and_what_to_check(
    answer, expected, message, capsys
):
    assert not checks.close("Ex", answer, expected)
    text = said(capsys)
    assert message in text
    assert "should be" not in text


def test_close_forgives_rounding_and_no_more(capsys):
    assert checks.close("Ex", 0.7937, 0.79370053, tolerance=1e-3)
    assert not checks.close("Ex", 0.79, 0.79370053, tolerance=1e-3)


def test_equal_takes_a_list_for_a_tuple_and_hints_at_mistakes(capsys):
    assert checks.equal("Ex", [2, 5], (2, 5))
    assert checks.equal("Ex", " No", "no")
    assert not checks.equal(
        "Ex", (2, 3), (2, 5), hints=[((2, 3), "units, not features")]
    )
    assert not checks.equal("Ex", "no", "yes")
    assert said(capsys).splitlines()[2:] == [
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
    right, wrong = said(capsys).splitlines()
    assert right == "Ex: right."
    assert "4 is too small" in wrong
    assert wrong.startswith(
        "Ex: not yet. Your function returns 4 for the arguments 2, 3; it should return 5"
    )


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


@pytest.mark.parametrize(
    ("given", "expected", "message"),
    [
        ([1, 2], [1, 2, 3], "[1, 2] is not it: it has 2 elements, not 3."),
        ((2, 3), (2, 5), "(2, 3) is not it: look again at index 1."),
        (True, False, "True is not it; read the question once more."),
        (43, 50, "43 is too small, by less than a factor of 2"),
    ],
)
def test_equal_says_what_it_can_of_an_unknown_mistake(given, expected, message, capsys):
    assert not checks.equal("Ex", given, expected)
    assert message in said(capsys)


@pytest.mark.parametrize(
    ("given", "reference", "cases", "message"),
    [
        (
            lambda a: a,
            lambda a: 2 * a,
            [(np.array([1.0, 0.123456]),)],
            "Your function returns [1, 0.12346] for [1, 0.12346]; it should return "
            "[2, 0.24691]: the shape is right, but 2 of 2 values differ, most at index "
            "(0,): 1 should be 2.",
        ),
        (
            lambda a, n: a,
            lambda a, n: a + n * (a == 7),
            [(np.arange(20.0).reshape(4, 5), 3)],
            "Your function returns an array of shape (4, 5) for the arguments an array "
            "of shape (4, 5), 3; it should return an array of shape (4, 5): the shape is "
            "right, but 1 of 20 values differ, most at index (1, 2): 7 should be 10.",
        ),
        (
            lambda: [False, False],
            lambda: [False, True],
            [()],
            "Your function returns [False, False]; it should return [False, True]: the",
        ),
        (
            lambda words: 1,
            lambda words: 2,
            [(["a", ["b"]],)],
            "Your function returns 1 for ['a', ['b']]; it should return 2: 1 is too small",
        ),
        (
            lambda a: "no",
            abs,
            [(-2.5,)],
            "returns 'no' for -2.5; it should return 2.5: a number or an array is expec",
        ),
        (lambda a: a[5], abs, [([1],)], "IndexError: list index out of range for [1]."),
    ],
)
def test_function_prints_the_case_that_fails(given, reference, cases, message, capsys):
    assert not checks.function("Ex", given, reference, cases)
    assert message in said(capsys)


def test_function_that_changes_its_argument_is_compared_on_what_it_was_given(capsys):
    def spoil(a):
        a *= 0
        return a

    assert not checks.function("Ex", spoil, lambda a: a.copy(), [(np.ones(2),)])
    assert "returns [0, 0] for [1, 1]; it should return [1, 1]" in said(capsys)
