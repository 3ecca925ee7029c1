"""What may be mended in a table of dates and values, and what is an error."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.calendars import Calendar, calendar_of
from helpers.columns import (
    Column,
    check_blocks,
    day,
    first_row,
    may_name,
    names_of_series,
    shown,
)
from helpers.date_parts import check_counter, clock_hint, part_of_date

GAPS = 0.01  # of all dates may be filled
HOLIDAYS = 0.08  # of all business days may be holidays
LONGEST_HOLIDAY = 10  # business days


def one_row_a_date(
    column: Column, rows: pd.DataFrame, others: Mapping[str, pd.Series]
) -> tuple[pd.DataFrame, list[str]]:
    """Leave out rows that say the same twice.

    Parameters
    ----------
    column : of the dates; rows : "date" and "value" by the row in the file; others :
        the table's other columns.

    Raises
    ------
    ValueError
        Two values of one date: of several series, an hour or a day told elsewhere.

    Introduced in chapter 5.
    """
    repeated = rows["date"].duplicated()
    others = {name: cells for name, cells in others.items() if not part_of_date(name)}
    if not repeated.any():
        check_blocks(column.file, others)
        return rows, []
    row, count = first_row(repeated), int(repeated.sum())
    values = rows.groupby("date")["value"]
    texts = {name: cells for name, cells in others.items() if may_name(name, cells)}
    same = bool(values.nunique().max() <= 1)
    names = names_of_series(rows["date"], texts) if same else ""
    if same and not names:
        told = f"{column.file}: {count} repeated and left out, first row {row}"
        return rows.assign(value=values.transform("first"))[~repeated], [told]
    if count > len(rows) / 10:
        check_counter(column, rows["date"], others)
        names = names or names_of_series(rows["date"], others)
    if names:
        raise ValueError(f"{column.file} holds several series: {names}")
    date = rows["date"][row]
    raise column.wrong(
        row,
        f"the date {day(date)} stands there a second time and in row "
        f"{first_row(rows['date'] == date)} with another value ({count} such in all)"
        f"{clock_hint(date) or column.advice or '; keep one row a date'}",
    )


def in_order(column: Column, rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Oldest first, without rows at either end that have no value yet.

    Introduced in chapter 5.
    """
    notes = []
    if not rows["date"].is_monotonic_increasing:
        turned = rows["date"].is_monotonic_decreasing
        back = rows["date"].diff() < pd.Timedelta(0)
        count = f"{int(back.sum())} go back, first row {first_row(back)}"
        how = "newest first and turned" if turned else "not in order and sorted"
        how += "" if turned else f" ({count})"
        notes.append(f"{column.file}: rows are {how}")
        rows = rows.sort_values("date")
    first, last = rows["value"].first_valid_index(), rows["value"].last_valid_index()
    cut = rows.loc[first:last] if first is not None else rows[:0]
    if len(cut) < len(rows):
        told = f"{len(rows) - len(cut)} rows at the ends have no value and are cut"
        notes.append(f"{column.file}: {told}")
    return cut, notes


def without_gaps(
    column: Column, values: Column, rows: pd.DataFrame
) -> tuple[pd.Series, Calendar, list[str]]:
    """Fill what is missing singly, at most 1 % of all, with the value before it.

    Days missing among weekdays are holidays: the days that are there are the steps.

    Raises
    ------
    ValueError
        Dates that follow no calendar, a date far from all others, longer gaps.

    Introduced in chapter 5.
    """
    rows, calendar, notes = _open_days(column, rows)
    index = pd.DatetimeIndex(rows["date"].to_numpy())
    if not calendar.fits.all():
        raise _uneven(column, rows, calendar)
    holes = np.diff(calendar.places) - 1
    lacking = int(holes.sum())
    allowed = HOLIDAYS * calendar.expected if calendar.holidays else 0
    if 0 < lacking <= allowed and holes.max() <= LONGEST_HOLIDAY:
        count = f"{lacking} of {calendar.expected} days are missing"
        notes.append(f"{column.file}: {count} and taken for holidays, not for steps")
        lacking = 0
    if lacking:
        gap = _gap(column, rows, calendar, holes)
        if lacking > GAPS * len(index) or holes.max() > 1:
            raise ValueError(f"{gap}; mend the date, fill the gaps or cut the series")
        notes += [f"{gap}; each is filled with the value before it"]
        places = calendar.places[:-1][holes > 0] + 1
        index = index.union([calendar.date_at(int(place)) for place in places])
    series = pd.Series(rows["value"].to_numpy("float64"), rows["date"].to_numpy())
    series = series.reindex(pd.DatetimeIndex(index, freq="infer")).rename(values.name)
    _check_missing(values, rows, series)
    return series.ffill(), calendar, notes


def _open_days(
    column: Column, rows: pd.DataFrame
) -> tuple[pd.DataFrame, Calendar, list[str]]:
    """Without days that have no value, where days may be missing as holidays."""
    calendar = calendar_of(pd.DatetimeIndex(rows["date"].to_numpy()))
    given = rows.dropna(subset="value")
    empty = rows["value"].isna()
    longest = empty.groupby((~empty).cumsum()).sum().max()
    if not calendar.holidays or not 0 < longest <= LONGEST_HOLIDAY:
        return rows, calendar, []
    told = f"{len(rows) - len(given)} days without a value are left out"
    found = calendar_of(pd.DatetimeIndex(given["date"].to_numpy()))
    return given, found, [f"{column.file}: {told}"]


def _uneven(column: Column, rows: pd.DataFrame, calendar: Calendar) -> ValueError:
    dates = rows["date"].to_list()
    at = int(np.argmax(np.diff(calendar.fits))) + 1  # where the first misfit begins
    if at == 1 and not calendar.fits[0]:  # or is
        at = 0
    other = at - 1 if at else 1
    return column.wrong(
        int(rows.index[at]),
        f"the dates are not evenly spaced: most are {calendar.step} apart, but "
        f"{day(dates[at])} stands next to {day(dates[other])} (row "
        f"{rows.index[other]}){clock_hint(dates[at])}{column.advice}",
    )


def _gap(
    column: Column, rows: pd.DataFrame, calendar: Calendar, holes: np.ndarray
) -> ValueError:
    """Name the first gap, or the date that stands alone beyond the largest one."""
    dates, numbers = rows["date"].to_list(), [int(row) for row in rows.index]
    largest = int(np.argmax(holes))
    if holes[largest] > LONGEST_HOLIDAY and largest in (0, len(holes) - 1):
        alone, near = (0, 1) if largest == 0 else (-1, -2)
        return column.wrong(
            numbers[alone],
            f"{day(dates[alone])} is {holes[largest] + 1} times {calendar.step} away "
            f"from {day(dates[near])} in row {numbers[near]}",
        )
    first = int(np.argmax(holes > 0))
    missing = calendar.date_at(int(calendar.places[first]) + 1)
    return column.wrong(
        numbers[first],
        f"after {day(dates[first])} the date {day(missing)} is missing "
        f"({holes.sum()} missing in all){clock_hint(missing)}",
    )


def _check_missing(values: Column, rows: pd.DataFrame, series: pd.Series) -> None:
    """Refuse missing values that follow each other or are too many."""
    empty = series.isna().to_numpy()
    if empty.sum() <= GAPS * len(series) and not (empty[1:] & empty[:-1]).any():
        return
    numbers = [int(row) for row in rows.index[rows["value"].isna()]]
    given = values.text[numbers[0]]
    raise values.wrong(
        numbers[0],
        f"{shown(given) if given else 'nothing'} stands for a value, and so in "
        f"{len(numbers)} rows ({', '.join(map(str, numbers[:5]))}, …): at most 1 % of "
        "all, one by one, can be filled; fill them or cut the series",
    )
