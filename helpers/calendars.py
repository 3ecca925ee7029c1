"""Regular calendars: which one dates follow, what they lack, and what a season is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

Rule = Callable[[np.ndarray], np.ndarray]  # months since year 0 to days
DAY = pd.Timedelta(days=1)
UNITS = {
    "week": 7 * DAY,
    "day": DAY,
    "hour": DAY / 24,
    "minute": DAY / 1440,
    "second": DAY / 86400,
}
YEAR_OF_DAYS: dict[int, tuple[int, ...]] = {
    1: (7,),
    7: (52,),
    14: (26,),
    28: (13,),
}  # seasons by the step in days


@dataclass(frozen=True)
class Calendar:
    """Dates as whole numbers of a step.

    Attributes
    ----------
    step : in words; seasons : their lengths in steps, shortest first.
    places : of each date, in steps from the first; fits : whether it stands on them.
    date_at : the date of a place.
    holidays : whether days may be missing without being a gap.

    Introduced in chapter 5.
    """

    step: str
    seasons: tuple[int, ...]
    places: np.ndarray
    fits: np.ndarray
    date_at: Callable[[int], pd.Timestamp]
    holidays: bool = False

    @property
    def expected(self) -> int:
        """How many dates there are from the first to the last."""
        return int(self.places[-1] - self.places[0]) + 1


def calendar_of(dates: pd.DatetimeIndex) -> Calendar:
    """The calendar that most dates fit and, of these, that lacks the fewest.

    Parameters
    ----------
    dates : two or more, ascending.

    Introduced in chapter 5.
    """
    calendars = _calendars(dates)
    return min(calendars, key=lambda found: (int(np.sum(~found.fits)), found.expected))


def is_even(dates: pd.Series) -> bool:
    """Whether dates come in order and nearly all that a calendar has.

    Introduced in chapter 5.
    """
    in_order = dates.is_monotonic_increasing or dates.is_monotonic_decreasing
    index = pd.DatetimeIndex(dates.drop_duplicates().sort_values())
    if len(index) < 3 or not in_order:
        return False
    calendar = calendar_of(index)
    return bool(calendar.fits.all()) and calendar.expected < 1.1 * len(index)


def _calendars(dates: pd.DatetimeIndex) -> Iterator[Calendar]:
    step = pd.Series(dates[1:] - dates[:-1]).mode()[0]
    yield _fixed(dates, step)
    if step >= DAY:
        clocks = dates - dates.normalize()
        punctual = np.asarray(clocks == pd.Series(clocks).mode()[0])
        yield from _weekdays(dates, punctual)
        yield from _months(dates, punctual)


def _fixed(dates: pd.DatetimeIndex, step: pd.Timedelta) -> Calendar:
    """Steps of one length."""
    rest = (dates - dates[0]) % step
    name, unit = next(
        ((name, unit) for name, unit in UNITS.items() if step % unit == 0 * DAY),
        ("second", UNITS["second"]),
    )
    if step >= DAY:
        seasons = YEAR_OF_DAYS.get(step // DAY, ()) if step % DAY == 0 * DAY else ()
    else:
        # An hour of fewer than twelve steps has no course of its own.
        spans = {UNITS["minute"]: 12, UNITS["hour"]: 12, DAY: 2, 7 * DAY: 2}
        seasons = tuple(
            span // step
            for span, fewest in spans.items()
            if span % step == 0 * DAY and span // step >= fewest
        )
    return Calendar(
        _words(step / unit, name),
        seasons,
        np.asarray((dates - dates[0]) // step),
        np.asarray(rest == pd.Series(rest).mode()[0]),
        lambda place: dates[0] + place * step,
    )


def _words(count: float, unit: str) -> str:
    return f"{count:g} {unit}{'' if count == 1 else 's'}"


def _weekdays(dates: pd.DatetimeIndex, punctual: np.ndarray) -> Iterator[Calendar]:
    """The days of the week on which shops or markets are open."""
    weekdays = np.asarray(dates.day_of_week)
    mask = np.bincount(weekdays, minlength=7) > len(dates) / 50
    count = int(mask.sum())
    if 1 < count < 7:
        days = dates.normalize().to_numpy("datetime64[D]")
        first = np.busday_offset(days[0], 0, "forward", weekmask=mask)
        clock = dates[0] - dates[0].normalize()
        yield Calendar(
            "1 business day"
            if list(mask) == [True] * 5 + [False] * 2
            else f"{count} days a week",
            (count,),
            np.busday_count(first, days, weekmask=mask),
            mask[weekdays] & punctual,
            lambda place: (
                pd.Timestamp(np.busday_offset(first, place, weekmask=mask)) + clock
            ),
            holidays=True,
        )


def _months(dates: pd.DatetimeIndex, punctual: np.ndarray) -> Iterator[Calendar]:
    """Months, quarters and years, by a day of the month or its ends."""
    numbers = np.asarray(dates.year * 12 + dates.month - 1)
    step = int(pd.Series(np.diff(numbers)).mode()[0])
    if step < 1:
        return
    phase = pd.Series(numbers % step).mode()[0]
    clock = dates[0] - dates[0].normalize()
    usual = int(pd.Series(dates.day).mode()[0])
    rules: list[Rule] = [
        partial(_on_day, usual),
        partial(_on_day, 31),
        _first_business_day,
        _last_business_day,
    ]
    unit = (step // 12, "year") if step % 12 == 0 else (step, "month")
    for rule in rules:

        def date_at(place: int, rule: Rule = rule) -> pd.Timestamp:
            return pd.Timestamp(rule(numbers[:1] + place * step)[0]) + clock

        on_rule = rule(numbers) == dates.normalize().to_numpy("datetime64[D]")
        yield Calendar(
            "1 quarter" if step == 3 else _words(*unit),
            (12 // step,) if step < 12 and 12 % step == 0 else (),
            (numbers - numbers[0]) // step,
            on_rule & punctual & (numbers % step == phase),
            date_at,
        )


def _month(numbers: np.ndarray) -> np.ndarray:
    return (numbers - 1970 * 12).astype("datetime64[M]")


def _on_day(day: int, numbers: np.ndarray) -> np.ndarray:
    """That day of each month, or the last if the month is shorter."""
    first, last = (
        _month(numbers).astype("datetime64[D]"),
        _month(numbers + 1).astype("datetime64[D]") - 1,
    )
    return np.minimum(first + (day - 1), last)


def _first_business_day(numbers: np.ndarray) -> np.ndarray:
    return np.busday_offset(_month(numbers).astype("datetime64[D]"), 0, "forward")


def _last_business_day(numbers: np.ndarray) -> np.ndarray:
    return np.busday_offset(
        _month(numbers + 1).astype("datetime64[D]") - 1, 0, "backward"
    )
