"""The ways in which one written date may be read, to be tried on a whole column."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Literal

import pandas as pd

from helpers import date_formats
from helpers.calendars import is_even
from helpers.columns import first_row

Reading = Callable[[pd.Series], pd.Series]  # text to dates, NaT where it does not fit
Unit = Literal["s", "ms", "us", "ns"]
NUMBER = re.compile(r"\d+(\.\d+)?")
QUARTER = re.compile(r"\d{4}\W?Q[1-4]|Q[1-4]\W\d{4}|[1-4]\W?Q\W?\d{4}", re.IGNORECASE)
WEEK = re.compile(r"(?P<year>\d{4})\W?W(?P<week>\d\d?)", re.IGNORECASE)
EPOCHS: dict[Unit, str] = {
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
}
FIRST_YEAR = 1600
DAY_OF_MONTH = re.compile(r"\d\d?\W*[^\W\d_]{3,}|[^\W\d_]{3,}\W*\d\d?")
EXCEL = "Excel's numbers of days since 1899-12-30"
YEARS = (1000, 2262)  # others are mistakes


def of(example: str) -> dict[str, Reading]:
    """Readings by what is said of them: a format, or words; perhaps none.

    Introduced in chapter 5.
    """
    if QUARTER.fullmatch(example):
        return {"quarters, their first days": _quarters}
    if WEEK.fullmatch(example):
        return {"ISO weeks, their Mondays": _weeks}
    ways: dict[str, Reading] = {}
    for form in date_formats.of(example):
        ways[form] = partial(_by_format, form)
        if re.match(r"%Y-%m-%d.%H", form):  # fractions and midnights may be left out
            ways["ISO 8601"] = partial(_by_format, "ISO8601")
    if NUMBER.fullmatch(example):
        size = len(example.split(".")[0])
        for power, (unit, name) in enumerate(EPOCHS.items()):
            if size - 3 * power in (9, 10):
                ways[f"{name} since 1970"] = partial(_epoch, unit)
        if size == 5:
            ways[EXCEL] = _excel
    return ways


def told(date_format: str) -> Reading:
    """The reading by a format for `pandas.to_datetime`, or one with "19%y" in it.

    Raises
    ------
    ValueError
        No such format.

    Introduced in chapter 5.
    """
    form = re.sub(r" ?%z$", "", date_format)
    if "%" not in form or re.search(
        "%[zZ]", form
    ):  # pandas' "mixed" guesses row by row
        raise ValueError(f'date_format "{date_format}" is not as in "%d/%m/%Y %H:%M%z"')
    try:
        pd.to_datetime(pd.Series(["x"]), format=form, errors="coerce")
    except (ValueError, re.error) as error:
        raise ValueError(f'date_format "{date_format}": {error}') from None
    if century := re.search(r"(\d\d)%y", form):
        return partial(_by_century, int(century[1]), form.replace(century[0], "%y"))
    return partial(_by_format, form)


def _within_reason(dates: pd.Series) -> pd.Series:
    return dates.where(dates.dt.year.between(*YEARS))


def _by_format(form: str, text: pd.Series) -> pd.Series:
    if re.fullmatch(r"(?:%[YmdHMSy]){2,}", form):  # 2021105 is no day of October
        size = sum(4 if letter == "Y" else 2 for letter in form[1::2])
        text = text.where(text.str.len() == size)
    if form == "ISO8601":  # which has more ways than one
        text = text.where(text.str.fullmatch(r"\d{4}-\d\d-\d\d(?:[T ][\d:.,]+)?"))
    return _within_reason(pd.to_datetime(text, format=form, errors="coerce"))


def _by_century(century: int, form: str, text: pd.Series) -> pd.Series:
    """Dates with two-digit years, moved by whole centuries; 29 February may be lost."""
    dates = pd.to_datetime(text, format=form, errors="coerce")
    parts = {"year": dates.dt.year % 100 + 100 * century}
    for part in ("month", "day", "hour", "minute", "second"):
        parts[part] = getattr(dates.dt, part)
    return pd.to_datetime(pd.DataFrame(parts), errors="coerce")


def _quarters(text: pd.Series) -> pd.Series:
    text = text.where(text.str.fullmatch(QUARTER))
    quarters = text.str.replace(r"\d{4}|\D", "", regex=True)
    months = quarters.map({"1": "01", "2": "04", "3": "07", "4": "10"})
    return _by_format("%Y-%m", text.str.extract(r"(\d{4})")[0] + "-" + months)


def _weeks(text: pd.Series) -> pd.Series:
    parts = text.where(text.str.fullmatch(WEEK)).str.extract(WEEK)
    days = parts["year"] + "-W" + parts["week"] + "-1"
    return _within_reason(pd.to_datetime(days, format="%G-W%V-%u", errors="coerce"))


def _epoch(unit: Unit, text: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(text, errors="coerce")
    return _within_reason(pd.to_datetime(numbers, unit=unit, errors="coerce"))


def _excel(text: pd.Series) -> pd.Series:
    """Days with fractions, rounded to minutes where all are near one."""
    seconds = pd.to_numeric(text, errors="coerce") * 86400
    minutes = (seconds / 60).round() * 60
    seconds = minutes if (seconds - minutes).abs().max() < 5 else seconds.round()
    days = pd.to_timedelta(seconds, unit="s", errors="coerce")
    return _within_reason(pd.Timestamp("1899-12-30") + days)


def lack_years(text: pd.Series) -> bool:
    """Whether numbers beside months are days, as they change more often than months.

    Introduced in chapter 5.
    """
    if not text.str.fullmatch(DAY_OF_MONTH).all():
        return False
    numbers = text.str.extract(r"(\d+)")[0].astype(int)
    months = text.str.replace(r"[\d\W]", "", regex=True).str.lower()
    often = (numbers != numbers.shift()).sum() > (months != months.shift()).sum()
    return bool(often and numbers.between(1, 31).all() and months.nunique() > 1)


def doubt(
    how: str, text: pd.Series, dates: pd.Series, is_told: bool
) -> tuple[int, str] | None:
    """A row and what speaks against the one reading that fits all rows, or None.

    Introduced in chapter 5.
    """
    if "%a" in how.lower():
        days = text.str.extract(r"(?i)(mon|tue|wed|thu|fri|sat|sun)")[0].str.lower()
        wrong = days.notna() & (days != dates.dt.day_name().str[:3].str.lower())
        if wrong.any():
            row = first_row(wrong)
            return row, f"names a weekday, but that date is a {dates[row]:%A}"
    if is_told:
        return None
    oldest, newest = (first_row(dates == end) for end in (dates.min(), dates.max()))
    end = pd.Timestamp.now() + pd.DateOffset(years=1)
    late = dates[newest] > end
    year = dates[newest].year
    if how == "%Y" and dates[oldest].year < FIRST_YEAR:
        return oldest, f"would be a year before {FIRST_YEAR}: is it a number of a row?"
    if how == EXCEL:
        days = text.where(text.str.fullmatch(r"\d{5}"))
        other = pd.to_datetime(days, format="%y%j", errors="coerce")
        if is_even(other) and other.max() <= end:
            row = int(text.index[0])
            return row, (
                f"may be {dates[row]:%Y-%m-%d} by Excel's numbers, or a year and a day "
                'of it, date_format="%y%j"; write dates such as 2024-05-31'
            )
        if late:
            return newest, f"would be {dates[newest]:%Y-%m-%d} by Excel's numbers"
    if "%y" in how and late:  # 69 to 99 are of the last century, others of this one
        told = how.replace("%y", f"{year // 100 - 1}%y")
        return newest, (
            f"may be of {year - 100} or of {year}; write years with four digits, or "
            f'say the century: date_format="{told}"'
        )
    return None
