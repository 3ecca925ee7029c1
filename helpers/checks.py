"""Check the answers to exercises, with messages that teach; nothing here raises."""

from __future__ import annotations

import copy
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
    True if the answer is right. The message for a wrong one does not give it away.

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

    `hints` is as in `close`. A tuple and a list with the same elements are equal, and
    so are words in capitals and in small letters.

    Introduced in chapter 1.
    """
    if _unanswered(given):
        return _verdict(title, "replace the `...` by your answer and run both cells")

    def same(value: Any) -> bool:
        if isinstance(given, str) and isinstance(value, str):
            return given.strip().casefold() == value.casefold()
        if isinstance(given, list | tuple) and isinstance(value, list | tuple):
            return list(given) == list(value)
        return bool(np.all(given == value))

    if same(expected):
        return _verdict(title, "")
    for wrong, message in hints:
        if same(wrong):
            return _verdict(title, message)
    return _verdict(title, _not_it(given, expected))


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
    given : the reader's function; what it raises is reported, not raised. The first
        case that it gets wrong is printed: arguments, result, right result.
    reference : function with the right results.
    cases : argument tuples on which both are called.
    hints : (wrong function, message) pairs; the message is printed when the reader's
        function returns on every case what the wrong one returns.

    Introduced in chapter 1.
    """
    results = []
    for case in cases:
        try:
            results.append(given(*copy.deepcopy(case)))
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            return _verdict(title, f"your function stopped with {reason}{_for(case)}")
    if any(_unanswered(result) for result in results):
        return _verdict(
            title, "your function returns nothing yet; fill it in and run both cells"
        )

    def problem(other: Callable[..., Any]) -> str:
        for case, result in zip(cases, results, strict=True):
            wanted = other(*copy.deepcopy(case))
            if difference := _difference(result, wanted, tolerance, reveal=True):
                return (
                    f"your function returns {_shown(result)}{_for(case)}; it should "
                    f"return {_shown(wanted)}: {difference}"
                )
        return ""

    found = problem(reference)
    if found:
        for wrong, message in hints:
            if not problem(wrong):
                return _verdict(title, message)
    return _verdict(title, found)


def _unanswered(given: Any) -> bool:
    return given is None or given is Ellipsis


def _difference(
    given: Any, expected: Any, tolerance: float, reveal: bool = False
) -> str:
    """Describe how two numeric values differ; empty when they do not.

    The expected value is told only if `reveal`.
    """
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
    worst = tuple(int(i) for i in np.unravel_index(gap.argmax(), gap.shape))
    said = _too(float(array[worst]), float(wanted[worst]), tolerance)
    if reveal and array.ndim:
        said = f"{array[worst]:g} should be {wanted[worst]:g}"
    if array.ndim == 0:
        return said
    return (
        f"the shape is right, but {int((gap > tolerance).sum())} of {gap.size} values "
        f"differ, most at index {worst}: {said}"
    )


def _too(given: float, wanted: float, tolerance: float) -> str:
    """Say in which direction a number is wrong, how far about, and what to check."""
    said = f"{given:g} is too {'large' if given > wanted else 'small'}"
    if not wanted or not np.isfinite(given):
        return said
    if abs(given + wanted) <= tolerance:
        return f"{said}: its size is right, its sign is not"
    if given / wanted <= 0:
        return f"{said}: check the signs, and what is subtracted from what"
    factor = max(given / wanted, wanted / given)
    digits = np.log10(factor)
    if factor < 1.1:
        return f"{said}, but by less than a tenth: check the ends and the rounding"
    if abs(digits - round(digits)) < 1e-3:
        return f"{said} by a power of ten: check the units"
    if factor < 2:
        return f"{said}, by less than a factor of 2: check that all is counted once"
    least = 2 if factor < 10 else 10 ** int(digits)
    return f"{said}, by a factor of more than {least}: check the formula term by term"


def _not_it(given: Any, expected: Any) -> str:
    """Say what can be said of a wrong answer without giving the right one away."""
    numbers = int | float | np.number
    is_bool = isinstance(given, bool)
    if isinstance(given, numbers) and isinstance(expected, numbers) and not is_bool:
        return _too(float(given), float(expected), 0)
    said = f"{given!r} is not it"
    if isinstance(given, list | tuple) and isinstance(expected, list | tuple):
        if len(given) != len(expected):
            return f"{said}: it has {len(given)} elements, not {len(expected)}"
        pairs = zip(given, expected, strict=True)
        wrong = [str(i) for i, (one, other) in enumerate(pairs) if one != other]
        return f"{said}: look again at index {', '.join(wrong)}"
    return f"{said}; read the question once more"


def _for(case: tuple[Any, ...]) -> str:
    """The arguments of a call, as the end of a sentence; empty if there are none."""
    shown = ", ".join(map(_shown, case))
    return f" for {'the arguments ' * (len(case) > 1)}{shown}" if case else ""


def _shown(value: Any) -> str:
    """A number or a short array in full, a long array as its shape."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        array = np.array(None)
    if array.dtype.kind not in "biuf":
        return textwrap.shorten(repr(value), 60, placeholder=" …")
    if array.size > 12:
        return f"an array of shape {array.shape}"
    text = np.array2string(
        array, separator=", ", formatter={"float_kind": lambda number: f"{number:.5g}"}
    )
    return " ".join(text.split())


def _verdict(title: str, problem: str) -> bool:
    said = f"not yet. {problem[0].upper()}{problem[1:]}." if problem else "right."
    print(textwrap.fill(f"{title}: {said}", 72, subsequent_indent="  "))
    return not problem
