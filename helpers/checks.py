"""Check the answers to exercises, with messages that teach; nothing here raises."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

Hint = tuple[Any, str]


def close(
    title: str,
    given: Any,
    expected: Any,
    *,
    hints: Iterable[Hint] = (),
    tolerance: float = 1e-5,
) -> bool:
    """Say whether a number or an array is the expected one; print one message.

    Parameters
    ----------
    title : what is checked, such as "Exercise 1".
    given : the reader's answer; `...` or None count as not answered.
    expected : number or array of any shape.
    hints : (wrong answer, message) pairs; the message is printed for that answer.
    tolerance : largest absolute difference that still counts as right.

    Returns
    -------
    True if the answer is right.

    Introduced in chapter 1.
    """
    if _unanswered(given):
        return _verdict(title, "replace the `...` by your answer and run both cells")
    problem = _difference(given, expected, tolerance)
    if problem:
        for wrong, message in hints:
            if not _difference(given, wrong, tolerance):
                return _verdict(title, message)
    return _verdict(title, problem)


def equal(title: str, given: Any, expected: Any, *, hints: Iterable[Hint] = ()) -> bool:
    """Say whether a word, a shape or a list is the expected one; print one message.

    `hints` is as in `close`. A tuple and a list with the same elements are equal.

    Introduced in chapter 1.
    """
    if _unanswered(given):
        return _verdict(title, "replace the `...` by your answer and run both cells")

    def same(value: Any) -> bool:
        if isinstance(given, list | tuple) and isinstance(value, list | tuple):
            return list(given) == list(value)
        return bool(np.all(given == value))

    if same(expected):
        return _verdict(title, "")
    for wrong, message in hints:
        if same(wrong):
            return _verdict(title, message)
    return _verdict(title, f"{given!r} is not it; read the question once more")


def function(
    title: str,
    given: Callable[..., Any],
    reference: Callable[..., Any],
    cases: Sequence[tuple[Any, ...]],
    *,
    hints: Iterable[tuple[Callable[..., Any], str]] = (),
    tolerance: float = 1e-5,
) -> bool:
    """Say whether a function returns what a reference returns; print one message.

    Parameters
    ----------
    given : the reader's function; what it raises is reported, not raised.
    reference : function with the right results.
    cases : argument tuples on which both are called.
    hints : (wrong function, message) pairs; the message is printed when the reader's
        function returns on every case what the wrong one returns.

    Introduced in chapter 1.
    """
    results = []
    for case in cases:
        try:
            results.append(given(*case))
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            return _verdict(title, f"your function stopped with {reason}")
    if any(_unanswered(result) for result in results):
        return _verdict(
            title, "your function returns nothing yet; fill it in and run both cells"
        )

    def difference(other: Callable[..., Any]) -> str:
        pairs = zip(results, cases, strict=True)
        found = (_difference(r, other(*case), tolerance) for r, case in pairs)
        return next(filter(None, found), "")

    problem = difference(reference)
    if problem:
        for wrong, message in hints:
            if not difference(wrong):
                return _verdict(title, message)
    return _verdict(title, problem)


def _unanswered(given: Any) -> bool:
    return given is None or given is Ellipsis


def _difference(given: Any, expected: Any, tolerance: float) -> str:
    """Describe how two numeric values differ; empty when they do not."""
    try:
        array = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        return f"a number or an array is expected, not {type(given).__name__}"
    wanted = np.asarray(expected, dtype=float)
    if array.shape != wanted.shape:
        return f"the shape should be {wanted.shape}, yours is {array.shape}"
    if np.isnan(array).any():
        return "your answer holds NaN"
    gap = np.abs(array - wanted)
    if (gap <= tolerance).all():
        return ""
    if array.ndim == 0:
        direction = "large" if array > wanted else "small"
        return f"{array:g} is too {direction}"
    worst = tuple(int(i) for i in np.unravel_index(gap.argmax(), gap.shape))
    return (
        f"the shape is right, but {int((gap > tolerance).sum())} of {gap.size} values "
        f"differ, most at index {worst}"
    )


def _verdict(title: str, problem: str) -> bool:
    said = f"not yet. {problem[0].upper()}{problem[1:]}." if problem else "right."
    print(textwrap.fill(f"{title}: {said}", 72, subsequent_indent="  "))
    return not problem
