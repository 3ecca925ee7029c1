"""Whether values are what a chapter's parameters may be; else one sentence says why."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers.hints import did_you_mean
from helpers.parameters import BOUNDS, PROFILES, TYPES, Parameter, read


def check(
    chapter: str,
    values: Mapping[str, Any],
    root: Path | None = None,
    folder: Path | None = None,
) -> None:
    """Refuse values that a chapter's parameters cannot take.

    Parameters
    ----------
    chapter : file stem of the chapter, such as "01_rnn_basics".
    values : those given; the others keep their defaults.
    root : folder of the book; default: this one.
    folder : where a path without a leading slash starts; default: the working folder.

    Raises
    ------
    ValueError
        A name is unknown, or a value has the wrong type or breaks a rule of its line;
        the message says which value was given and what is possible.
    """
    known = read(chapter, root)
    for name, value in values.items():
        if name not in known:
            raise ValueError(
                f"{chapter} has no parameter {_shown(name)}"
                f"{did_you_mean(name, known)}; it has {', '.join(known)}"
            )
        if fault := _fault(name, value, known, values, folder or Path()):
            raise ValueError(f'parameter "{name}" of {chapter} {fault}')


def _fault(
    name: str,
    value: Any,
    known: Mapping[str, Parameter],
    values: Mapping[str, Any],
    folder: Path,
) -> str:
    """What is wrong with a value, as the rest of a sentence; empty if nothing is."""
    parameter = known[name]
    if not _is(value, parameter.type):
        return (
            f"must be {parameter.type}, such as {_shown(parameter.default)}, "
            f"not {_shown(value)}"
        )
    if isinstance(value, float) and not math.isfinite(value):
        return f"must be a finite number, not {_shown(value)}"
    bounds = parameter.bounds.items()
    if not all(BOUNDS[words](value, bound) for words, bound in bounds):
        rule = " and ".join(f"{words} {bound:,.12g}" for words, bound in bounds)
        return f"must be {rule}, not {_shown(value)}"
    if name == "profile" and value not in PROFILES:
        return (
            f"must be {' or '.join(PROFILES)}, "
            f"not {_shown(value)}{did_you_mean(value, PROFILES)}"
        )
    if parameter.is_file and value:
        path = os.path.abspath(folder / os.path.expanduser(value))
        if not os.path.isfile(path):
            return f"names no file: there is no {_shown(path, 300)}"
    other = parameter.needs
    alone = other and values.get(other, known[other].default) == known[other].default
    if alone and value != parameter.default:
        return f"has a meaning only together with {other}, which is not given"
    return ""


def _is(value: Any, annotation: str) -> bool:
    """Whether a value is of a type; a whole number will do for a float."""
    if isinstance(value, bool):  # for Python, it is an int
        return annotation == "bool"
    return isinstance(value, TYPES.get(annotation, ()))


def _shown(value: Any, width: int = 60) -> str:
    """A value as it is typed, on one line; the middle of a long one left out."""
    text = value if isinstance(value, str) else repr(value)
    if len(text) > width:
        text = f"{text[: width // 2]}…{text[-width // 2 :]}"
    return json.dumps(text, ensure_ascii=False) if isinstance(value, str) else text
