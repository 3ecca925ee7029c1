"""Tables in files as they are found: separator, header, names, ragged rows."""

from __future__ import annotations

import csv
import pathlib
import re
from dataclasses import dataclass
from itertools import takewhile

import pandas as pd

from helpers.columns import Column, shown
from helpers.csv_header import SEPARATORS, Header, find_header, is_words, no_column
from helpers.csv_rows import clean, decoded, records
from helpers.date_parts import advice

COMMENT = re.compile(r"#(?!N/?A)")
Rows = dict[int, list[str]]  # cells by the row of the file on which they begin


@dataclass(frozen=True)
class Table:
    """The columns asked for, all others by name, and what was mended to read them.

    Introduced in chapter 5.
    """

    separator: str
    dates: list[Column]
    values: Column
    others: dict[str, pd.Series]
    notes: list[str]


def read_table(path: pathlib.Path, date_column: str, target_column: str) -> Table:
    """Read a file of separated cells.

    The header is the first block of one to three rows in which all names asked for
    stand, whatever lies above it; that settles the separator, too. A column is called
    by its cell in any of these rows, or by all of them joined with blanks.

    Parameters
    ----------
    path : file in UTF-8, UTF-16 or Latin-1.
    date_column : a column's name, or several with commas between them.
    target_column : a column's name; blanks around a name do not count.

    Raises
    ------
    FileNotFoundError, ValueError
        No such file, no text, a missing or a double name, a row with too many cells.

    Introduced in chapter 5.
    """
    text, encoding = decoded(path)
    whole, target = clean(date_column), clean(target_column)
    wanted, header = [whole], find_header(text, [whole, target])
    if not header and "," in whole:
        wanted = [clean(part) for part in whole.split(",")]
        header = find_header(text, [*wanted, target])
    if not header:
        raise no_column(path.name, text, [*wanted, target])
    rows, left_out = _rows(path.name, text, header)
    names = [max(names, key=len) for names in header.names]
    places = [_place(path.name, name, header.names) for name in (*wanted, target)]
    *dated, valued = places
    for row in list(takewhile(lambda row: is_words(rows[row], dated), rows)):
        if re.match(r"\W*\d", "".join(rows[row][valued : valued + 1])):
            break
        del rows[row]  # units under the names
    shift = len(next(iter(rows.values()), names)) - len(names)
    cells = pd.DataFrame(
        list(rows.values()), list(rows), range(len(names) + shift), dtype=str
    )
    if header.separator == ",":
        _check_commas(
            path.name, cells, places[-1] + shift, header.names[places[-1] + 1 :]
        )
    *dates, values = (
        Column(path.name, name, cells[i + shift].str.strip(), advice(names, wanted))
        for name, i in zip((*wanted, target), places, strict=True)
    )
    others = {name: cells[i + shift] for i, name in enumerate(names) if i not in places}
    return Table(
        header.separator,
        dates,
        values,
        others,
        _told(path.name, header, encoding) + left_out,
    )


def _check_commas(
    file: str, cells: pd.DataFrame, place: int, right: list[set[str]]
) -> None:
    """Refuse digits without a name behind the values: what a decimal comma leaves."""
    if not right or "" not in right[0]:
        return
    behind = cells[place + 1].str.strip()
    given = behind[behind != ""]
    if len(given) and given.str.fullmatch(r"\d+").all():
        row = int(given.index[0])
        raise ValueError(
            f"{file}, row {row}: {shown(given[row])} stands behind "
            f"{shown(cells[place][row])} in a column without a name: a number with a "
            "decimal comma needs quotation marks among commas; or name that column"
        )


def _told(file: str, header: Header, encoding: str) -> list[str]:
    """What was recognised, where it is not a comma, UTF-8 and a header in row 1."""
    found = []
    if encoding not in ("utf-8", "utf-8-sig"):
        found.append(f"the encoding is taken for {encoding}")
    if header.separator != ",":
        found.append(f"cells are separated by {SEPARATORS[header.separator]}")
    if header.last > 1:
        found.append(f"the table begins in row {header.first}")
    if header.last > header.first:
        found.append(f"its header ends in row {header.last}")
    return [f"{file}: {', '.join(found)}"] if found else []


def _place(file: str, name: str, names: list[set[str]]) -> int:
    having = [i for i, own in enumerate(names) if name in own]
    if len(having) > 1:
        raise ValueError(
            f'{file} has {len(having)} columns "{name}"; give each a name of its own'
        )
    return having[0]


def _rows(file: str, text: str, header: Header) -> tuple[Rows, list[str]]:
    """The rows under the header, of one length, and what was left out of them."""
    width = len(header.names)
    rows: Rows = {}
    try:
        for row, cells in records(text, header.separator, header.last, strict=True):
            if not COMMENT.match(cells[0]):
                rows[row] = cells + [""] * (width - len(cells))
    except csv.Error as error:
        after = max(rows, default=header.last)
        raise ValueError(
            f"{file}: after row {after} quotation marks do not pair ({error})"
        ) from None
    longer = {row: cells for row, cells in rows.items() if len(cells) > width}
    for row, cells in longer.items():
        numbered = [own[0] for own in rows.values()]
        if any(map(str.strip, cells[width:])):
            if _is_numbering(numbered) and {*map(len, rows.values())} == {width + 1}:
                return rows, [f"{file}: the first cell of each row has no name"]
            raise ValueError(
                f"{file}, row {row}: {len(cells)} cells under a header of {width}; a "
                f"cell with {SEPARATORS[header.separator]} in it needs quotation marks"
            )
    if not longer:
        return rows, []
    most = max(map(len, longer.values()))
    told = f"{file}: {most} cells a row under a header of {width}: the last are empty"
    return {row: cells[:width] for row, cells in rows.items()}, [told]


def _is_numbering(cells: list[str]) -> bool:
    """Whether cells count up by one, as the row names of R do."""
    first = int(cells[0]) if cells[0].isdecimal() else 0
    return cells == [str(first + i) for i in range(len(cells))]
