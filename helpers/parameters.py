"""A chapter's parameters: their types, their defaults, and what they may be.

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
import re
import tokenize
from pathlib import Path
from typing import Any, NamedTuple

from helpers.files import book_root

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
