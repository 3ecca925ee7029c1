"""Dates that stand in several columns: year, month, day and hour, or date and hour."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from helpers.columns import Column

PARTS = {
    "year": {"year", "yr", "yyyy", "y"},
    "quarter": {"quarter", "qtr", "q"},
    "month": {"month", "mon", "mo", "mm", "mnth", "m"},
    "week": {"week", "wk", "isoweek"},
    "day": {"day", "dy", "dd", "d", "dayofmonth"},
    "hour": {"hour", "hr", "hh", "h", "he", "hourending", "time"},
    "minute": {"minute", "min", "mi"},
}
PART = re.compile(r"^[QW]? ?(\d+)(?:\.0+)?$", re.IGNORECASE)
BEFORE = {"quarter": "-Q", "month": "-", "week": "-W", "day": "-", "minute": ":"}


def part_of_date(name: str) -> str:
    """The part of a date that a column of this name holds: "year", …, or ""."""
    plain = re.sub(r"[^a-z]", "", name.lower())
    return next((part for part, words in PARTS.items() if plain in words), "")


def advice(names: Sequence[str], wanted: Sequence[str]) -> str:
    """How to join the columns of a table that hold parts of a date, or nothing.

    Introduced in chapter 5.
    """
    parts = {part_of_date(name): name for name in reversed(names)}
    parts.pop("", None)
    if "month" in parts:
        parts = {part: name for part, name in parts.items() if part[0] not in "qw"}
    if "year" not in parts:
        clock = [parts[part] for part in ("hour", "minute") if part in parts]
        known = [wanted[0], *clock] if wanted[0] in names else []
    else:
        known = [parts[part] for part in PARTS if part in parts]
    if len(known) < 2 or set(known) <= set(wanted):
        return ""
    return f'; where a date stands in several columns: date_column="{",".join(known)}"'


def joined(columns: Sequence[Column]) -> tuple[Column, list[str]]:
    """Join columns to one of whole dates, and say how hours were taken.

    Parts known by their names are put in the order of ISO 8601; others stay in the
    order given, with blanks between them.

    Introduced in chapter 5.
    """
    first = columns[0]
    notes: list[str] = []
    if len(columns) == 1:
        return first, notes
    parts = {part_of_date(column.name) or "date": column.text for column in columns}
    for part, cells in parts.items():
        parts[part] = cells.str.replace(PART, r"\1", regex=True)
    if "hour" in parts:
        parts["hour"], notes = _hours(first.file, parts["hour"])
    if "minute" in parts:
        parts["minute"] = parts["minute"].str.zfill(2)
    if len(parts) < len(columns) or ("year" in parts) == ("date" in parts):
        pieces = [(" ", column.text) for column in columns]
    else:
        order = [part for part in ("date", *PARTS) if part in parts]
        pieces = [(BEFORE.get(part, " "), parts[part]) for part in order]
    text = pieces[0][1]
    for mark, cells in pieces[1:]:
        text = text + mark + cells
    name = ",".join(column.name for column in columns)
    return Column(first.file, name, text, first.advice), notes


def _hours(file: str, text: pd.Series) -> tuple[pd.Series, list[str]]:
    """Hours from 0 to 23 of hours from 1 to 24, or of times such as 100 or 2300."""
    hours = pd.to_numeric(text, errors="coerce")
    if hours.isna().any() or (hours % 1 != 0).any():
        return text, []
    if hours.max() >= 100 and (hours % 100 == 0).all():
        hours = hours // 100
    notes = []
    if hours.min() >= 1 and hours.max() == 24:
        hours = hours - 1
        notes = [f"{file}: hours 1 to 24 are taken for those that begin at 0 to 23"]
    return hours.astype(int).astype(str), notes
