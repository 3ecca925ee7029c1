"""Where a table begins in a file, what separates its cells, how columns are called."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, islice

from helpers.columns import listed
from helpers.csv_rows import clean, records
from helpers.date_parts import advice
from helpers.hints import did_you_mean

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
HEAD = 60  # rows among which the header is looked for


@dataclass(frozen=True)
class Header:
    """Where a table begins: its separator, each column's names, first and last row."""

    separator: str
    names: list[set[str]]
    first: int
    last: int


def find_header(text: str, wanted: list[str]) -> Header | None:
    """The smallest block of rows that holds all names wanted, the first of these."""
    heads = {separator: _head(text, separator) for separator in SEPARATORS}
    for size in (1, 2, 3):
        for separator, head in heads.items():
            for start in range(len(head) - size + 1):
                rows, block = zip(*head[start : start + size], strict=True)
                names = _names(block)
                found = [
                    [i for i, own in enumerate(names) if name in own] for name in wanted
                ]
                if all(found) and (
                    size == 1 or all(is_words(cells, [found[0][0]]) for cells in block)
                ):
                    return Header(separator, names, rows[0], rows[-1])
    return None


def _head(text: str, separator: str) -> list[tuple[int, list[str]]]:
    found = []
    with contextlib.suppress(csv.Error):
        for row, cells in islice(records(text[:100_000], separator), HEAD):
            found.append((row, [clean(cell) for cell in cells]))
    return found


def _names(block: Sequence[list[str]]) -> list[set[str]]:
    """What each column may be called; a group's name holds for the cells after it."""
    width = max(map(len, block))
    *groups, last = [cells + [""] * (width - len(cells)) for cells in block]
    filled = [_filled(cells) for cells in groups]
    names = []
    for i, cells in enumerate(zip(*groups, last, strict=True)):
        above = [group[i] for group in filled]
        names.append({*cells, clean(" ".join([*above, last[i]]))} - {""})
    return [own or {"", f"Unnamed: {i}"} for i, own in enumerate(names)]


def _filled(cells: list[str]) -> list[str]:
    """Each empty cell takes over what stands to the left."""
    return list(accumulate(cells, lambda left, own: str(own or left)))


def is_words(cells: list[str], places: list[int]) -> bool:
    """No cell at these places holds a digit: no date and no number stands there."""
    return not any(
        map(str.isdigit, "".join(cells[i] for i in places if i < len(cells)))
    )


def no_column(file: str, text: str, wanted: list[str]) -> ValueError:
    """Name the columns of the row that looks most like the header."""
    heads = [cells for separator in SEPARATORS for _, cells in _head(text, separator)]
    if not heads:
        return ValueError(f"{file} is empty")
    names = max(heads, key=lambda cells: (len({*wanted} & {*cells}), len(cells)))
    missing = next((name for name in wanted if name not in names), wanted[0])
    parameter = "target_column" if missing == wanted[-1] else "date_column"
    hint = did_you_mean(missing, names) + advice(names, wanted[:-1])
    if len(names) == 1:
        hint = f"; cells may be separated by {', '.join(SEPARATORS.values())} only"
    return ValueError(
        f'{file} has no column "{missing}" ({parameter}); it has {listed(names)}{hint}'
    )
