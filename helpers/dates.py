"""Dates as text: one way of reading for a whole column, or the row it cannot read."""

from __future__ import annotations

import pandas as pd

from helpers import date_readings
from helpers.calendars import is_even
from helpers.columns import Column, first_row, shown
from helpers.date_parts import on_one_clock, without_zones

SAMPLE = 200


def read_dates(column: Column, date_format: str = "") -> tuple[pd.Series, str]:
    """Read a column of dates in one way, or name the row that it does not fit.

    Every way in which one of the cells may be read is tried on all of them. Day and
    month, or the century, are never guessed: where two ways fit, the error names both.
    Times with several offsets become UTC, unless they are the same hour of all days;
    with a single offset they stay as written.

    Parameters
    ----------
    date_format : as for `pandas.to_datetime`, such as "%d/%m/%Y"; "%d/%m/19%y" gives
        two-digit years their century.

    Returns
    -------
    dates : without time zone, by the row in the file; how : how they were read.

    Raises
    ------
    ValueError
        A cell without a date or with another format, several formats that fit.

    Introduced in chapter 5.
    """
    empty = column.text == ""
    if empty.any():
        raise column.wrong(first_row(empty), f"there is no date{column.advice}")
    date_format = date_format.strip("\"' ")
    if not date_format and date_readings.lack_years(column.text):
        row = int(column.text.index[0])
        words = "is a day and a month: the year is missing"
        raise column.wrong(row, f"{shown(column.text[row])} {words}")
    text, zones = without_zones(column, _plain(column.text))
    late = text.str.contains(r"[T ]24[:.]00(?:[:.]00)?$")  # the end of a day
    text = text.where(~late, text.str.replace(r"([T ])24", r"\g<1>00", regex=True))
    if date_format:
        try:
            readings = {date_format: date_readings.told(date_format)}
        except ValueError as error:
            raise ValueError(f"{column.file}: {error}") from None
    else:
        readings = date_readings.of(_example(text))
    how, dates = _choice(column, text, readings, date_format)
    if doubt := date_readings.doubt(how, text, dates, bool(date_format)):
        row, words = doubt
        raise column.wrong(row, f"{shown(column.text[row])} {words}")
    dates = dates + pd.to_timedelta(late.astype(int), unit="D")
    return on_one_clock(dates, zones, how)


def _plain(text: pd.Series) -> pd.Series:
    """Dates without the signs that only some ways of writing have."""
    for pattern, new in (
        (r"\s+", " "),
        (r"^(\d{4,})\.0+$", r"\1"),
        (r"^(\d{5}),(\d+)$", r"\1.\2"),
        (r"(?i)([ap])\.m\.?$", r"\1m"),
        (r"(?i)(\d)(?:st|nd|rd|th)\b", r"\1"),
        (r"(?i)\bsept\b", "Sep"),
    ):
        text = text.str.replace(pattern, new, regex=True)
    return text


def _example(text: pd.Series) -> str:
    """A cell that looks like most others."""
    sample = _sample(text)
    shapes = sample.str.replace(r"\d", "0", regex=True)
    shapes = shapes.str.replace(r"[A-Za-z]+", "a", regex=True)
    return str(sample[shapes == shapes.mode()[0]].iloc[0])


def _sample(text: pd.Series) -> pd.Series:
    return text.iloc[:: max(1, len(text) // SAMPLE)]


def _choice(
    column: Column,
    text: pd.Series,
    ways: dict[str, date_readings.Reading],
    date_format: str,
) -> tuple[str, pd.Series]:
    """The one reading that fits all rows."""
    sample = _sample(text)
    missed = {how: int(read(sample).isna().sum()) for how, read in ways.items()}
    fewest = min(missed.values(), default=0)
    found = {how: ways[how](text) for how in ways if missed[how] == fewest}
    fitting = {how: d for how, d in found.items() if d.notna().all()}
    written = {how: d for how, d in fitting.items() if "%" in how}
    fitting = _likely(written or fitting)  # 2021032500 is no count of seconds
    if not fitting:
        raise _no_date(column, found, date_format)
    (how, dates), *more = fitting.items()
    for other, also in more:
        if not dates.equals(also):
            row = first_row(dates != also)
            swapped = sorted(how) == sorted(other)
            order = ", day first or month first" if swapped else ""
            raise column.wrong(
                row,
                f"{shown(column.text[row])} may be {_named(dates[row])} or "
                f"{_named(also[row])}{order}, and both fit every row; say "
                f'which: date_format="{how}" or date_format="{other}"',
            )
    return how, dates


def _no_date(
    column: Column, found: dict[str, pd.Series], date_format: str
) -> ValueError:
    """Name the first row that the best reading misses."""
    how = min(found, key=lambda how: found[how].isna().sum(), default="")
    missed = found[how].isna() if found else column.text.notna()
    row, others = first_row(missed), f"others are read as {how}"
    if missed.all():
        others = f"it is not as {date_format}" if date_format else "of no known format"
    return column.wrong(
        row,
        f"cannot read the date {shown(column.text[row])} ({others}); write every date "
        "the same way, such as 2024-05-31 or 2024-05-31 13:00, or say how with "
        f"date_format{column.advice}",
    )


def _likely(fitting: dict[str, pd.Series]) -> dict[str, pd.Series]:
    """Years stand first, in two or four digits, or last: where dates are even."""
    places = {_place(how) for how, dates in fitting.items() if is_even(dates)}
    if len(places) != 1:
        return fitting
    return {how: d for how, d in fitting.items() if _place(how) in places}


def _place(how: str) -> str:
    return how[:2] if how[:2].lower() == "%y" else "last"


def _named(date: pd.Timestamp) -> str:
    return f"{date.day} {date:%B %Y}"


def check_order(column: Column, dates: pd.Series) -> None:
    """Refuse dates that go back and would not, were they written otherwise.

    Spreadsheets swap day and month where both are 12 or less; meters write midnight
    as hour 0 of the day that ends.

    Introduced in chapter 5.
    """
    back = _going_back(dates)
    if not back.any():
        return
    swaps = (dates.dt.day <= 12) & (dates.dt.day != dates.dt.month)
    parts = {"year": dates.dt.year, "month": dates.dt.day, "day": dates.dt.month}
    swapped = pd.to_datetime(pd.DataFrame(parts)[swaps]).reindex(dates.index)
    swapped = (swapped + (dates - dates.dt.normalize())).fillna(dates)
    midnight = dates == dates.dt.normalize()
    later = dates + pd.to_timedelta(midnight.astype(int), unit="D")
    for other, where, advice in (
        (swapped, swaps, "day and month are swapped where both are 12 or less"),
        (later, midnight & ~midnight.all(), "midnight is of the day that ends"),
    ):
        if where.any() and 10 * _going_back(other).sum() <= back.sum():
            row = first_row(where & (other != dates))
            raise column.wrong(
                row,
                f"{shown(column.text[row])} is read as {dates[row]}, and dates go back "
                f"{int(back.sum())} times, first in row {first_row(back)}; with "
                f"{other[row]} they are in order: {advice}; write the dates anew",
            )


def _going_back(dates: pd.Series) -> pd.Series:
    """The rows that go back, or forward in a file that mostly goes back."""
    steps = dates.diff()
    back, forward = steps < pd.Timedelta(0), steps > pd.Timedelta(0)
    return back if back.sum() <= forward.sum() else forward
