"""Columns of a file: errors say where they are, some tell several series apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

# Columns whose words change with time in a single series.
NO_NAMES = re.compile(
    "date|time|zone|tz|dst|month|week|season|period|phase|version|split|^set$|"
    "flag|qual|stat(us|e)$|note|comment",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Column:
    """The cells of one column: text without blanks around it, by its row in the file.

    Introduced in chapter 5.
    """

    file: str
    name: str
    text: pd.Series
    advice: str = ""

    def wrong(self, row: int, what: str) -> ValueError:
        """An error that names file, row and column."""
        return ValueError(f'{self.file}, row {row}, column "{self.name}": {what}')


def shown(text: str) -> str:
    """A cell as an error quotes it."""
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


def listed(names: Sequence[str], at_most: int = 12) -> str:
    """Names as an error lists them."""
    more = f" and {len(names) - at_most} more" if len(names) > at_most else ""
    return ", ".join(map(shown, names[:at_most])) + more


def first_row(which: pd.Series) -> int:
    """The row in the file of the first True."""
    return int(which.index.to_numpy()[np.argmax(which)])


def day(date: pd.Timestamp) -> str:
    """A date as an error names it: without the time of day at midnight."""
    return str(date).removesuffix(" 00:00:00")


def is_numbers(cells: pd.Series) -> bool:
    """Whether all cells are numbers, dates of digits or empty."""
    return bool(cells.str.fullmatch(r"[\d., -]*").all())


def may_name(name: str, cells: pd.Series) -> bool:
    """Whether the words of a column may be names of series.

    Introduced in chapter 5.
    """
    return not is_numbers(cells) and not NO_NAMES.search(name)


def names_of_series(dates: pd.Series, others: Mapping[str, pd.Series]) -> str:
    """Which column tells series apart, and the names in it.

    Introduced in chapter 5.
    """
    names = [
        name for name, cells in others.items() if 1 < cells.nunique() <= len(cells) / 2
    ]
    found: list[tuple[bool, int, str, pd.Series]] = []
    for some in [*combinations(names, 1), *combinations(names, 2)]:
        if found and len(some) > 1:
            break
        cells = others[some[0]]
        for name in some[1:]:
            cells = cells + " " + others[name]
        if not pd.DataFrame({"date": dates, "name": cells}).duplicated().any():
            found.append((is_numbers(cells), cells.nunique(), " ".join(some), cells))
    if not found:
        return ""
    *_, name, cells = min(found, key=lambda one: one[:3])
    kinds = listed(sorted(cells.unique()), 5)
    return (
        f'column "{name}" tells {kinds} apart; write the rows of one of them to a file '
        "of its own"
    )


def check_blocks(file: str, others: Mapping[str, pd.Series]) -> None:
    """Refuse series below each other whose dates do not meet: a name tells them apart.

    Introduced in chapter 5.
    """
    for name, cells in others.items():
        counts = cells.value_counts()
        changes = int((cells != cells.shift()).sum()) - 1
        if not 1 < len(counts) == changes + 1 or counts.min() < len(cells) / 20:
            continue
        if cells.str.contains(r"\d{4}|^\s*$").any() or not may_name(name, cells):
            continue
        row = first_row(cells != cells.iloc[0])
        raise ValueError(
            f'{file}: column "{name}" holds {shown(cells.iloc[0])} down to row '
            f"{row - 1}, then {shown(cells[row])}: if it names series, write one to a "
            "file of its own; if not, leave that column out"
        )
