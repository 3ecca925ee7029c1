"""Time series: reading and checking, windows, baselines, and forecast scores."""

from __future__ import annotations

import pathlib

import numpy as np
import pandas as pd
from pandas.tseries.holiday import USFederalHolidayCalendar

from helpers.calendars import calendar_of
from helpers.columns import Column, day
from helpers.csv_table import read_table
from helpers.date_parts import joined
from helpers.dates import check_order, read_dates
from helpers.numbers import read_numbers
from helpers.repairs import in_order, one_row_a_date, without_gaps

TRAINING_PART = 0.7
NEARLY_ALL = 0.98  # of the training part may be of one value


def windows(
    series: np.ndarray, n_steps: int, horizon: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a series into input windows and the values that follow each.

    Parameters
    ----------
    series : (time, features) float array, oldest first.
    n_steps, horizon : window length and forecast length, in time steps.

    Returns
    -------
    x : (windows, n_steps, features); y : (windows, horizon, features). Both are
        read-only views of `series`.

    Raises
    ------
    ValueError
        The series is shorter than one window, or holds a NaN (the message says where).

    Introduced in chapter 2.
    """
    if series.ndim != 2:
        raise ValueError(f"series must be (time, features), not {series.shape}")
    if n_steps < 1 or horizon < 1:
        raise ValueError(
            f"n_steps and horizon must be 1 or more, not {n_steps} and {horizon}"
        )
    if len(series) < n_steps + horizon:
        raise ValueError(
            f"a window of {n_steps} steps and the {horizon} after it need "
            f"{n_steps + horizon} rows; the series has {len(series)}"
        )
    missing = np.argwhere(np.isnan(series))
    if len(missing):
        row, column = missing[0]
        raise ValueError(f"the series holds NaN at row {row}, column {column}")
    view = np.lib.stride_tricks.sliding_window_view(series, n_steps + horizon, axis=0)
    view = np.moveaxis(view, -1, 1)
    return view[:, :n_steps], view[:, n_steps:]


def seasons(series: pd.Series) -> tuple[int, ...]:
    """Lengths of the seasons by the calendar, in steps, shortest first.

    Hours have days and weeks (24, 168), half hours too (48, 336); steps of five minutes
    and less also have hours, days have weeks (7,), business days weeks of (5,), weeks,
    four-week periods, months and quarters have years: (52,), (13,), (12,), (4,). Any
    other step has none.

    Introduced in chapter 5.
    """
    if len(series) < 2:
        return ()
    return calendar_of(pd.DatetimeIndex(series.index)).seasons


def season_length(series: pd.Series) -> int:
    """Steps in the season to compare with: 24 for hours, 7 for days, 12 for months.

    It is the shortest season. Only where an hour is a season, too, it is the day if the
    series holds two days: 1,440 minutes, else 60. A series without seasons has 1.

    Introduced in chapter 5.
    """
    known = seasons(series)
    long = known[:-1] if len(known) > 2 else known[:1]
    fitting = [season for season in long if 2 * season <= len(series)]
    return max(fitting, default=known[0] if known else 1)


def following(series: pd.Series, n_steps: int) -> pd.DatetimeIndex:
    """The dates of the steps behind the end of a regular series.

    Where the index has no frequency, as with trading days, the last season's dates are
    repeated one season later.

    Introduced in chapter 5.
    """
    dates = pd.DatetimeIndex(series.index)
    if dates.freq is not None:
        return pd.date_range(dates[-1], periods=n_steps + 1, freq=dates.freq)[1:]
    season = season_length(series)
    span = dates[-1] - dates[-1 - season]
    laps, steps = np.divmod(np.arange(n_steps), season)
    return dates[len(dates) - season + steps] + (1 + laps) * span


def holidays(days: pd.DatetimeIndex) -> pd.DataFrame:
    """Facts about public holidays that are known in advance, for each day.

    Parameters
    ----------
    days : every day from the first to the last.

    Returns
    -------
    Columns of 0.0 and 1.0: one for each federal holiday of the United States, by its
    name; "day before" and "day after" any of them; "quiet", 23 December to 3 January.

    Introduced in chapter 5.
    """
    calendar = USFederalHolidayCalendar()
    named = calendar.holidays(days[0], days[-1], return_name=True)
    named = named[~named.index.duplicated()].reindex(days)
    facts = pd.get_dummies(named, dtype=float)
    free = facts.max(axis=1)
    facts["day before"] = free.shift(-1, fill_value=0)
    facts["day after"] = free.shift(1, fill_value=0)
    december = (days.month == 12) & (days.day >= 23)
    quiet = december | ((days.month == 1) & (days.day <= 3))
    return facts.assign(quiet=quiet.astype(float))


def calendar_facts(dates: pd.DatetimeIndex) -> pd.DataFrame:
    """What the calendar says of each date: hour, weekday and month, one-hot.

    Facts that do not vary (the hour of daily dates) are left out, and the weekday of
    dates that are more than a week apart.

    Returns
    -------
    One column of 0.0 and 1.0 a value, such as "weekday 6"; a single column of 1.0 when
    nothing varies, as with yearly dates.

    Introduced in chapter 5.
    """
    facts = pd.DataFrame(
        {"hour": dates.hour, "weekday": dates.day_of_week, "month": dates.month}, dates
    ).astype(str)
    if dates[1] - dates[0] > pd.Timedelta(days=7):
        facts = facts.drop(columns="weekday")
    varying = facts.loc[:, facts.nunique() > 1]
    if varying.empty:
        return pd.DataFrame({"always": 1.0}, dates)
    return pd.get_dummies(varying, prefix_sep=" ", dtype=float)


def least_squares(
    x: np.ndarray, y: np.ndarray, ridge: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Solve the best linear forecast in closed form.

    Minimises the mean of (x W + b - y)² plus `ridge` times the sum of W².

    Parameters
    ----------
    x : (windows, n_steps, features) or (windows, inputs); y : (windows, outputs).
    ridge : weight of the penalty; 0 is ordinary least squares.

    Returns
    -------
    weights : (inputs, outputs); bias : (outputs,), float64.

    Introduced in chapter 2.
    """
    x, y = x.reshape(len(x), -1).astype("float64"), y.astype("float64")
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    x_centred = x - x_mean
    if ridge:
        gram = x_centred.T @ x_centred + ridge * len(x) * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, x_centred.T @ (y - y_mean))
    else:
        weights = np.linalg.lstsq(x_centred, y - y_mean, rcond=None)[0]
    return weights, y_mean - x_mean @ weights


def check_horizon(horizon: int, n_rows: int) -> None:
    """Refuse a horizon that is not a whole number of steps the series has room for.

    Introduced in chapter 5.
    """
    if isinstance(horizon, bool) or not isinstance(horizon, int) or horizon < 1:
        raise ValueError(f"horizon must be a whole number of steps, not {horizon!r}")
    if horizon > n_rows // 20:
        raise ValueError(
            f"horizon is {horizon} steps and the series has {n_rows}: it may be at "
            f"most a twentieth, {n_rows // 20}; shorten the horizon or bring more data"
        )


def read_series(
    path: str | pathlib.Path,
    date_column: str,
    target_column: str,
    at_least: int = 200,
    date_format: str = "",
) -> pd.Series:
    """Read one regular series from a file of separated cells, or say what is wrong.

    A printed line says what was understood; one line each says what was mended: how
    numbers or hours are written, rows that say the same twice or are newest first,
    missing dates and values. These are filled with the value before, where they are
    missing one by one and at most 1 % of all. Rows are counted as in the file.

    Parameters
    ----------
    path : CSV file; see `csv_table.read_table` for what is recognised.
    date_column : name of the column of dates, or of those that hold parts of them, as
        in "year,month,day,hour" or "date,hour".
    target_column : name of the column of numbers.
    at_least : rows it must have.
    date_format : as for `pandas.to_datetime`; for dates that may be read in two ways.

    Returns
    -------
    float64 series, oldest first, over a `DatetimeIndex` without time zone, which has a
    frequency where pandas knows one. Business days with holidays have none, nor has
    the 15th of each month: their steps are even by the calendar.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        Anything else that cannot be read. The message names the file and, where there
        is one, the row and the column.

    Introduced in chapter 5.
    """
    path = pathlib.Path(path).expanduser()
    table = read_table(path, str(date_column), str(target_column))
    _check_length(path.name, len(table.values.text), at_least)
    column, parts = joined(table.dates)
    dates, how = read_dates(column, date_format)
    check_order(column, dates)
    values, numbers = read_numbers(table.values, table.separator)
    rows = pd.DataFrame({"date": dates, "value": values})
    rows, twice = one_row_a_date(column, rows, table.others)
    rows, order = in_order(column, rows)
    _check_length(path.name, len(rows), at_least)
    series, calendar, gaps = without_gaps(column, table.values, rows)
    _check_training_part(table.values, series)
    for note in (*table.notes, *parts, *numbers, *twice, *order, *gaps):
        print(note)
    season = season_length(series)
    print(
        f"{path.name}: {len(series)} rows, dates as {how}, {day(series.index[0])} to "
        f"{day(series.index[-1])}, step {calendar.step}, season {season} "
        f"step{'' if season == 1 else 's'}, minimum {series.min():.6g}, median "
        f"{series.median():.6g}, maximum {series.max():.6g}"
    )
    return series


def _check_length(file: str, count: int, at_least: int) -> None:
    needed = max(at_least, 3)
    if count < needed:
        raise ValueError(
            f"{file} has {count} rows of data; this chapter needs {needed} to train, "
            "choose and test on"
        )


def _check_training_part(column: Column, series: pd.Series) -> None:
    """Refuse a series whose first 70 % are, or nearly are, of one value."""
    train = series.iloc[: int(TRAINING_PART * len(series))]
    values, counts = np.unique(train, return_counts=True)
    share = counts.max() / len(train)
    if values[-1] - values[0] <= 4 * np.spacing(np.abs(values).max()):
        share = 1.0  # but for rounding
    if share > NEARLY_ALL:
        usual = values[counts.argmax()]
        raise ValueError(
            f'{column.file}, column "{column.name}": of the first 70 % of rows, on '
            f"which models train, {100 * share:.0f} % are {usual:g}: there is nothing "
            "to forecast"
        )
