"""A chapter's parameters: their types, defaults and bounds, and the values given.

A line of a parameters cell reads `name: type = default  # help`. What follows the first
semicolon of the help may hold rules, in these words, each after a semicolon or comma:

    units: int = 32  # units of the layers; at least 1, at most 4_096
    rate: float = 0.01  # of the first step; above 0, at most 1
    series_csv: str = ""  # your own series; a CSV file
    date_column: str = "date"  # its column of dates; needs series_csv
"""

from __future__ import annotations

import ast
import functools
import io
import json
import math
import os
import re
import tokenize
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from helpers.files import book_root
from helpers.hints import did_you_mean

PROFILES = ("full", "quick")
TYPES: dict[str, Any] = {"bool": bool, "float": (float, int), "int": int, "str": str}
BOUNDS = {
    "at least": lambda value, bound: value >= bound,
    "above": lambda value, bound: value > bound,
    "at most": lambda value, bound: value <= bound,
    "below": lambda value, bound: value < bound,
}
RULE = re.compile(
    rf"(?P<words>{'|'.join(BOUNDS)}) (?P<bound>-?[\d_]*\.?\d+(?:e[+-]?\d+)?)"
    r"|needs (?P<other>\w+)"
    r"|an? (?:\w+ )?(?P<file>file)"
)
CELL = re.compile(
    r"^```\{code-cell\}.*\n(?P<options>(?::.*\n|---\n(?:.*\n)*?---\n)*)"
    r"(?P<code>(?:.*\n)*?)```$",
    re.MULTILINE,
)
TAG = re.compile(r"\btags:[^:]*(?<![\w-])parameters(?![\w:-])")


class Parameter(NamedTuple):
    """One line of a parameters cell: `name: type = default  # help; rules`."""

    type: str
    default: Any
    help: str

    @property
    def rules(self) -> list[re.Match[str]]:
        """The rules in the help, as matches of RULE.

        Raises
        ------
        ValueError
            One begins as a rule does, and cannot be read: it would never be applied.
        """
        found = []
        for part in re.split("[;,] ", self.help.partition("; ")[2]):
            if match := RULE.fullmatch(part):
                found.append(match)
            elif part.startswith((*BOUNDS, "needs ")):
                raise ValueError(f'cannot read the rule "{part}"')
        return found

    @property
    def bounds(self) -> dict[str, float]:
        """The bounds of the value, such as {"at least": 1}."""
        found = (rule for rule in self.rules if rule["words"])
        return {rule["words"]: float(rule["bound"]) for rule in found}

    @property
    def is_file(self) -> bool:
        """Whether the value is the path of a file, or empty."""
        return any(rule["file"] for rule in self.rules)

    @property
    def needs(self) -> str:
        """The parameter without which this one has no meaning; empty if none."""
        return next((rule["other"] for rule in self.rules if rule["other"]), "")


@functools.lru_cache(maxsize=256)
def _parse(name: str, text: str) -> dict[str, Parameter]:
    cells = [
        cell["code"] for cell in CELL.finditer(text) if TAG.search(cell["options"])
    ]
    if len(cells) != 1:
        raise ValueError(
            f'{name} must have one cell tagged "parameters", not {len(cells)}'
        )
    try:
        body = ast.parse(cells[0]).body
    except SyntaxError as fault:
        raise ValueError(
            f"the parameters cell of {name} is not Python: {fault}"
        ) from None
    comments = {
        token.end[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(cells[0]).readline)
        if token.type == tokenize.COMMENT
    }
    found = {}
    for statement in body:
        try:
            assert isinstance(statement, ast.AnnAssign)
            assert statement.value
            found[ast.unparse(statement.target)] = Parameter(
                ast.unparse(statement.annotation),
                ast.literal_eval(statement.value),
                comments.get(statement.end_lineno or 0, ""),
            )
        except (AssertionError, ValueError):
            raise ValueError(
                f"a line of the parameters cell of {name} must read "
                f'"name: type = literal  # help", not "{ast.unparse(statement)}"'
            ) from None
    for own, parameter in found.items():
        try:
            if parameter.needs and parameter.needs not in found:
                raise ValueError(f"it needs {parameter.needs}, which is not there")
        except ValueError as fault:
            raise ValueError(f'parameter "{own}" of {name}: {fault}') from None
    return found


def read(chapter: str, root: Path | None = None) -> dict[str, Parameter]:
    """Read a chapter's parameters cell: name to (type, default, help).

    Raises
    ------
    FileNotFoundError
        There is no such chapter in `root` (default: this book).
    ValueError
        There is not exactly one cell tagged "parameters", one of its lines is not
        `name: type = literal  # help`, or a rule cannot be read.
    """
    path = (root or book_root()) / "chapters" / f"{chapter}.md"
    return dict(_parse(path.name, path.read_text("utf-8")))


def convert(word: str, parameter: Parameter) -> Any:
    """Read a word of the shell as the type of a parameter.

    Raises
    ------
    ValueError
        It is no value of that type.
    """
    if parameter.type == "bool" and word.lower() in ("true", "false"):
        return word.lower() == "true"
    readers = {"float": float, "int": int, "str": str}
    if reader := readers.get(parameter.type):
        return reader(word)
    raise ValueError(f'"{word}" is not {parameter.type}')


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
