"""Parts of dates: in columns of their own, as year and hour; zones behind them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from helpers.columns import Column, first_row, shown

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
ZONE = re.compile(
    r"(?P<clock>:\d\d(?:[.,]\d+)?) ?(?P<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)$",
    re.IGNORECASE,
)
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
    if len(columns) == 2 and len(parts) == 1 and _counts_hours(columns[1].text):
        parts = {"date": first.text, "hour": columns[1].text}
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


def _counts_hours(text: pd.Series) -> bool:
    """Whether whole numbers count the hours of a day."""
    hours = pd.to_numeric(text, errors="coerce")
    return {*hours} in ({*range(24)}, {*range(1, 25)})


def _hours(file: str, text: pd.Series) -> tuple[pd.Series, list[str]]:
    """Hours from 0 to 23 of hours from 1 to 24, times of 100 or 2330 or 233000."""
    hours = pd.to_numeric(text, errors="coerce")
    if hours.isna().any() or (hours % 1 != 0).any():
        return text, []
    if hours.max() >= 100:
        times = hours if hours.max() >= 10_000 else hours * 100  # HHMMSS
        hours, minutes, seconds = times // 10_000, times // 100 % 100, times % 100
        if minutes.max() >= 60 or seconds.max() >= 60 or hours.max() > 24:
            return text, []
        if minutes.any() or seconds.any():
            digits = times.astype(int).astype(str).str.zfill(6)
            return digits.str.replace(r"(..)(..)(..)", r"\1:\2:\3", regex=True), []
    notes = []
    if hours.min() >= 1 and hours.max() == 24:
        hours = hours - 1
        notes = [f"{file}: hours 1 to 24 are taken for those that begin at 0 to 23"]
    return hours.astype(int).astype(str), notes


def without_zones(
    column: Column, text: pd.Series
) -> tuple[pd.Series, pd.Series | None]:
    """Local times, and the offset of each from UTC if they have one.

    Introduced in chapter 5.
    """
    zones = text.str.extract(ZONE)["zone"]
    if zones.isna().all():
        return text, None
    if zones.isna().any():
        row = first_row(zones.isna())
        given = shown(column.text[row])
        raise column.wrong(row, f"{given} has no offset from UTC, other rows have")
    return text.str.replace(ZONE, r"\g<clock>", regex=True), zones


def on_one_clock(
    dates: pd.Series, zones: pd.Series | None, how: str
) -> tuple[pd.Series, str]:
    """Times in UTC, or in local time with one offset; and how that is said.

    Introduced in chapter 5.
    """
    if zones is None:
        return dates, how
    offsets = {zone: _offset(zone) for zone in zones.unique()}
    clocks = dates - dates.dt.normalize()
    same = len({*offsets.values()}) == 1
    if any(offsets.values()) and (same or clocks.nunique() == 1):
        return dates, f"{how}, in local time at {' and '.join(offsets)}"
    return dates - zones.map(offsets), f"{how}, in UTC"


def _offset(zone: str) -> pd.Timedelta:
    digits = re.sub(r"\D", "", zone).ljust(4, "0")
    ahead = pd.Timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -ahead if zone.startswith("-") else ahead


def clock_hint(date: pd.Timestamp) -> str:
    """A word on daylight saving time where a date may suffer from it.

    Introduced in chapter 5.
    """
    if date.day_of_week != 6 or date.hour > 3 or date.month not in (3, 4, 9, 10, 11):
        return ""
    return (
        "; clocks may have been changed that night: write dates in UTC, or with their "
        "offset as in 2024-10-27T02:30+01:00"
    )


def check_counter(
    column: Column, dates: pd.Series, others: Mapping[str, pd.Series]
) -> None:
    """Refuse days whose rows another column counts from 0 or 1: perhaps hours.

    Introduced in chapter 5.
    """
    counts = dates.groupby(dates).cumcount()
    if not dates.is_monotonic_increasing:
        return
    for name, cells in others.items():
        numbers = pd.to_numeric(cells, errors="coerce")
        counted = any(numbers.equals(counts + start) for start in (0, 1, 0.0, 1.0))
        if counted and not part_of_date(name):
            raise ValueError(
                f"{column.file}: the rows of a day are counted in column "
                f'"{name}"; if it is an hour: date_column="{column.name},{name}"; '
                "if it numbers series, write one to a file of its own"
            )
