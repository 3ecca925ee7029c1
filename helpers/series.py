"""Time series: reading and checking, windows, baselines, and forecast scores."""

from __future__ import annotations

import pathlib
import re
import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas.tseries.api import guess_datetime_format

from helpers.hints import did_you_mean

CALENDARS = ("D", "B", "MS", "ME", "QS", "QE", "YS", "YE")
# Digits of which either the first two or the second two may be the day.
NUMERIC = re.compile(r"\d\d?([./-])\d\d?\1(\d{4}|\d\d)(?!\d)")
OFFSET = re.compile(r":\d\d(?:\.\d+)? ?(Z|[+-]\d\d:?\d\d)$")
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
SEASONS = {"h": 24, "D": 7, "B": 5, "W": 52, "M": 12, "Q": 4}


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


def period_windows(
    inputs: pd.DataFrame,
    targets: pd.DataFrame,
    n_steps: int,
    first: str | pd.Timestamp,
    last: str | pd.Timestamp,
    horizon: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Cut windows whose forecast steps all lie from `first` to `last`.

    Input rows may be older than `first`: at the time of the forecast they are known.

    Parameters
    ----------
    inputs, targets : tables over the same dates, oldest first.
    n_steps, horizon : window length and forecast length, in rows.
    first, last : first and last date to forecast; "2019-05" as `last` is its end.

    Returns
    -------
    x : (windows, n_steps, input columns), float32;
    y : (windows, horizon, target columns), float32.

    Raises
    ------
    ValueError
        The dates differ, no window fits, or one holds a NaN.

    Introduced in chapter 2.
    """
    if not inputs.index.equals(targets.index):
        raise ValueError("inputs and targets must have the same dates")
    start, stop = inputs.index.slice_indexer(first, last).indices(len(inputs))[:2]
    start = max(start, n_steps)
    if stop - start < horizon:
        raise ValueError(
            f"no window of {n_steps} + {horizon} rows fits: the table runs from "
            f"{inputs.index[0]} to {inputs.index[-1]}, the forecasts from {first} to "
            f"{last}"
        )
    past = inputs.to_numpy("float32")[start - n_steps : stop]
    future = targets.to_numpy("float32")[start - n_steps : stop]
    x, _ = windows(past, n_steps, horizon)
    _, y = windows(future, n_steps, horizon)
    return x, y


def season_length(series: pd.Series) -> int:
    """Steps in one season by the calendar: 24 for hours, 7 for days, 12 for months.

    A series of any other step has no season: 1.

    Introduced in chapter 2.
    """
    frequency = str(getattr(series.index, "freqstr", None) or "")
    return SEASONS.get(frequency.split("-")[0].removesuffix("S").removesuffix("E"), 1)


def calendar_facts(dates: pd.DatetimeIndex) -> pd.DataFrame:
    """What the calendar says of each date: hour, weekday and month, one-hot.

    Facts that do not vary (the hour of daily dates) are left out, and the weekday of
    dates that are more than a week apart.

    Returns
    -------
    One column of 0.0 and 1.0 a value, such as "weekday 6"; a single column of 1.0 when
    nothing varies, as with yearly dates.

    Introduced in chapter 2.
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


def coverage(y: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    """Share of the values that fall inside their bands; all arrays have one shape.

    Introduced in chapter 2.
    """
    return float(np.mean((low <= y) & (y <= high)))


def crps_quantiles(y: np.ndarray, forecast: np.ndarray, levels: np.ndarray) -> float:
    """Mean CRPS of a forecast given by quantiles, in units of y.

    The CRPS is twice the pinball loss, averaged over all levels; evenly spaced
    levels (i - 0.5) / k stand for them all. Source: Gneiting and Raftery (2007),
    *Strictly Proper Scoring Rules, Prediction, and Estimation*, section 4.2.

    Parameters
    ----------
    y : (windows,); forecast : (windows, levels); levels : (levels,) from 0 to 1.

    Introduced in chapter 2.
    """
    error = y[:, None] - forecast
    return float(2 * np.mean(np.maximum(levels * error, (levels - 1) * error)))


def check_horizon(horizon: int, n_rows: int) -> None:
    """Refuse a horizon that is not a whole number of steps the series has room for.

    Introduced in chapter 2.
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
) -> pd.Series:
    """Read one regular series from a CSV file, or say what is wrong with it.

    Rows are counted as in the file, the header being row 1. All dates are read in one
    format; where it is digits with the day or the month first, the one that fits every
    row is taken, and a printed line says which. Missing dates, one by one and at most
    1 % of all, are filled with the value before them, and a printed line says so; any
    other flaw is an error.

    Parameters
    ----------
    path : CSV file in UTF-8, with or without a byte-order mark, any line ends.
    date_column, target_column : names in its header.
    at_least : rows it must have.

    Returns
    -------
    float64 series with a `DatetimeIndex` that has a frequency, oldest first.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        Not a CSV file, a missing column, an unparsable, ambiguous or repeated date, a
        gap, a missing or non-numeric value, a constant or a too short series. The
        message names the file, the row and the column.

    Introduced in chapter 2.
    """
    path = pathlib.Path(path).expanduser()
    table = _table(path)
    _check_column(path.name, "date_column", date_column, table)
    _check_column(path.name, "target_column", target_column, table)
    if len(table) < at_least:
        raise ValueError(
            f"{path.name} has {len(table)} rows of data; this chapter needs {at_least} "
            "to train, choose and test on"
        )
    dates = _dates(path.name, table[date_column].str.strip())
    values = _values(path.name, table[target_column].str.strip())
    calendar = _without_gaps(path.name, dates)
    series = pd.Series(values.to_numpy("float64"), pd.DatetimeIndex(dates))
    return series.rename(target_column).sort_index().reindex(calendar).ffill()


def _table(path: pathlib.Path) -> pd.DataFrame:
    """All cells as text; without the empty rows at the end."""
    if not path.is_file():
        raise FileNotFoundError(
            f'series_csv: there is no file "{path}", looked for in '
            f"{path.absolute().parent}"
        )
    try:
        table = pd.read_csv(
            path, dtype=str, encoding="utf-8-sig", skip_blank_lines=False
        )
    except (ValueError, pd.errors.ParserError) as error:  # not UTF-8, empty, ragged
        raise ValueError(f"{path.name} is not a CSV file in UTF-8: {error}") from None
    table.columns = table.columns.str.strip()
    return table.loc[: table.last_valid_index()] if len(table) else table


def _check_column(file: str, parameter: str, column: str, table: pd.DataFrame) -> None:
    names = list(table.columns)
    if column not in names:
        raise ValueError(
            f'{file} has no column "{column}" ({parameter}); it has '
            f"{', '.join(map(repr, names))}{did_you_mean(column, names)}"
        )
    if names.count(column) > 1:
        raise ValueError(
            f'{file} has {names.count(column)} columns "{column}" ({parameter}); give '
            "each a name of its own"
        )


def _at(file: str, position: int, column: pd.Series) -> str:
    return f'{file}, row {position + 2}, column "{column.name}"'


def _dates(file: str, text: pd.Series) -> pd.Series:
    """Read a column of dates, all in one way, or name the row that cannot be read."""
    readings = _readings(text)
    dates = readings[0]
    if dates.isna().any():
        row = int(np.argmax(dates.isna()))
        raise ValueError(
            f"{_at(file, row, text)}: cannot read the date {text.iloc[row]!r}; write "
            "every date the same way, such as 2024-05-31 or 2024-05-31 13:00"
        )
    for other in readings[1:]:
        if other.notna().all() and not other.equals(dates):
            row = int(np.argmax(other != dates))
            ways = f"{_named(dates, row)} or {_named(other, row)}"
            raise ValueError(
                f"{_at(file, row, text)}: {text.iloc[row]!r} may be {ways}, and either "
                "way of reading, day first or month first, fits every row; write dates "
                "as 2024-05-31"
            )
    if found := NUMERIC.match(text.iloc[0]):
        _tell_how_read(file, text, dates, short_years=len(found[2]) == 2)
    repeated = dates.duplicated()
    if repeated.any():
        row = int(np.argmax(repeated))
        raise ValueError(
            f"{_at(file, row, text)}: the date {dates.iloc[row]} stands there a second "
            f"time ({int(repeated.sum())} repeated in all); keep one row a date"
        )
    return dates


def _readings(text: pd.Series) -> list[pd.Series]:
    """The ways in which pandas may read dates, each the same way in all rows."""
    first = str(next(iter(text.dropna()), ""))
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        if formats := _numeric_formats(first):
            readings = [
                pd.to_datetime(text, format=f, errors="coerce") for f in formats
            ]
            return sorted(readings, key=lambda reading: reading.isna().sum())
        changing = text.str.extract(OFFSET)[0].nunique() > 1  # with the clock
        dates = pd.to_datetime(text, errors="coerce", utc=changing)
        if guess_datetime_format(first):
            return [dates]
        # Now pandas reads row by row, and turns day and month wherever it must.
        return [dates, pd.to_datetime(text, errors="coerce", dayfirst=True)]


def _numeric_formats(first: str) -> list[str]:
    """The formats in which a date of digits can be read; none if it is another date."""
    found = NUMERIC.match(first)
    if not found:
        return []
    mark, year = found[1], "%Y" if len(found[2]) == 4 else "%y"
    orders = (f"%d{mark}%m{mark}{year}", f"%m{mark}%d{mark}{year}")
    guesses = [guess_datetime_format(first, dayfirst=which) for which in (True, False)]
    formats = [*(order + time for order in orders for time in TIMES), *guesses]
    return [
        format
        for format in dict.fromkeys(filter(None, formats))
        if pd.notna(pd.to_datetime(first, format=format, errors="coerce"))
    ]


def _tell_how_read(
    file: str, text: pd.Series, dates: pd.Series, short_years: bool
) -> None:
    """Print what tells the order of day and month; refuse a century that is guessed."""
    last = int(np.argmax(dates))
    next_year = pd.Timestamp.now() + pd.DateOffset(years=1)
    if short_years and dates.iloc[last] > next_year:
        raise ValueError(
            f"{_at(file, last, text)}: {text.iloc[last]!r} would be "
            f"{_named(dates, last)}; write years with four digits"
        )
    row = int(np.argmax(dates.dt.day))
    print(f"{file}: {text.iloc[row]} is read as {_named(dates, row)}, and so on")


def _named(dates: pd.Series, row: int) -> str:
    return f"{dates.iloc[row].day} {dates.iloc[row]:%B %Y}"


def _values(file: str, text: pd.Series) -> pd.Series:
    """Read a column of numbers that are finite and not all the same."""
    values = pd.to_numeric(text, errors="coerce")
    bad = ~np.isfinite(values)
    if bad.any():
        row = int(np.argmax(bad))
        given = repr(text.iloc[row]) if isinstance(text.iloc[row], str) else "nothing"
        raise ValueError(
            f"{_at(file, row, text)}: expected a number, found {given} "
            f"({int(bad.sum())} such rows); fill them or cut the series"
        )
    if values.nunique() == 1:
        raise ValueError(
            f'{file}, column "{text.name}" is {values.iloc[0]:g} in every row: there '
            "is nothing to forecast"
        )
    return values


def _without_gaps(file: str, dates: pd.Series) -> pd.DatetimeIndex:
    """All dates from the first to the last; the few that are missing are named."""
    rows = pd.Series(range(len(dates)), index=pd.DatetimeIndex(dates)).sort_index()
    known = pd.DatetimeIndex(rows.index)
    calendar = _calendar(known)
    gaps = calendar.difference(known)
    if len(gaps):
        before = rows.loc[: gaps[0]]
        where = (
            f"{_at(file, int(before.iloc[-1]), dates)}: after {before.index[-1]} the "
            f"date {gaps[0]} is missing ({len(gaps)} missing in all)"
        )
        together = calendar.get_indexer(gaps)
        if len(gaps) > 0.01 * len(rows) or (np.diff(together) == 1).any():
            raise ValueError(f"{where}; fill the gaps or cut the series")
        print(f"{where}; each is filled with the value before it")
    return calendar


def _calendar(dates: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """All dates the series should have: the tightest calendar that holds every one."""
    steps = dates[1:] - dates[:-1]
    step = pd.Series(steps).mode()[0]
    if (dates[-1] - dates[0]) / step > 10 * len(dates):  # more than memory may hold
        odd = int(np.argmax(steps)) + 1
        raise ValueError(_uneven(dates, odd, step))
    weekly = f"W-{dates[0]:%a}".upper()
    choices: Sequence[pd.Timedelta | str] = (*CALENDARS, weekly, step)
    grids = [pd.date_range(dates[0], dates[-1], freq=choice) for choice in choices]
    fitting = [grid for grid in grids if dates.isin(grid).all()]
    if fitting:
        return min(fitting, key=len)
    raise ValueError(_uneven(dates, int(np.argmax(~dates.isin(grids[-1]))), step))


def _uneven(dates: pd.DatetimeIndex, odd: int, step: pd.Timedelta) -> str:
    return (
        f"the dates are not evenly spaced: most are {step} apart, but {dates[odd]} "
        f"comes {dates[odd] - dates[odd - 1]} after {dates[odd - 1]}"
    )
