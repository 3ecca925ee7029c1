"""Regular calendars, with and without a frequency of pandas."""

import numpy as np
import pandas as pd
import pytest

from helpers import calendars, series


def on_the_15th(start, periods, months=1):
    return pd.date_range(start, periods=periods, freq=f"{months}MS") + pd.Timedelta(
        days=14
    )


CALENDARS = {
    "1 second": (pd.date_range("2020", periods=300, freq="s"), (60, 3600, 86400, 604800)),
    "1 minute": (pd.date_range("2020", periods=300, freq="min"), (60, 1440, 10080)),
    "5 minutes": (pd.date_range("2020", periods=300, freq="5min"), (12, 288, 2016)),
    "10 minutes": (pd.date_range("2020", periods=300, freq="10min"), (144, 1008)),
    "15 minutes": (pd.date_range("2020-01-01 00:07", periods=300, freq="15min"), (96, 672)),
    "30 minutes": (pd.date_range("2020", periods=300, freq="30min"), (48, 336)),
    "1 hour": (pd.date_range("2020", periods=300, freq="h"), (24, 168)),
    "6 hours": (pd.date_range("2020", periods=300, freq="6h"), (4, 28)),
    "1 day": (pd.date_range("2020-01-01 12:00", periods=300), (7,)),
    "1 business day": (pd.date_range("2020", periods=300, freq="B"), (5,)),
    "6 days a week": (pd.bdate_range("2020", periods=300, freq="C", weekmask="Mon Tue Wed Thu Fri Sat"), (6,)),
    "1 week": (pd.date_range("2020", periods=300, freq="W-WED"), (52,)),
    "2 weeks": (pd.date_range("2020", periods=300, freq="14D"), (26,)),
    "4 weeks": (pd.date_range("2001-03-05", periods=300, freq="28D"), (13,)),
    "1 month": (pd.date_range("1949", periods=300, freq="MS"), (12,)),
    "1 month, ends": (pd.date_range("1949-02", periods=300, freq="ME"), (12,)),
    "1 month, business ends": (pd.date_range("1949", periods=300, freq="BME"), (12,)),
    "1 month, business starts": (pd.date_range("1949", periods=300, freq="BMS"), (12,)),
    "1 month, 15th": (on_the_15th("2001-01", 300), (12,)),
    "1 month, 30th": (pd.DatetimeIndex([d.replace(day=min(d.days_in_month, 30)) for d in pd.date_range("2001", periods=300, freq="ME")]), (12,)),
    "2 months": (pd.date_range("1949", periods=300, freq="2MS"), (6,)),
    "1 quarter": (pd.date_range("1949", periods=300, freq="QS-FEB"), (4,)),
    "1 quarter, ends": (pd.date_range("1949", periods=300, freq="QE-APR"), (4,)),
    "1 quarter, business ends": (pd.date_range("1949", periods=300, freq="BQE-OCT"), (4,)),
    "1 quarter, 15th": (on_the_15th("2001-02", 300, 3), (4,)),
    "6 months": (pd.date_range("1849", periods=300, freq="6MS"), (2,)),
    "1 year": (pd.date_range("1800", periods=220, freq="YS"), ()),
    "1 year, fiscal": (pd.date_range("1800", periods=220, freq="YE-JUN"), ()),
    "1 year, in April": (pd.DatetimeIndex([pd.Timestamp(y, 4, 6) for y in range(1800, 2020)]), ()),
    "10 years": (pd.date_range("1500", periods=50, freq="10YS"), ()),
    "7 minutes": (pd.date_range("2020", periods=300, freq="7min"), (1440,)),
}  # fmt: skip


@pytest.mark.parametrize("name", CALENDARS)
def test_step_and_seasons_are_known_without_a_frequency(name):
    dates, seasons = CALENDARS[name]
    found = calendars.calendar_of(pd.DatetimeIndex(dates.to_numpy()))
    assert found.step == name.split(",")[0]
    assert found.fits.all()
    assert found.expected == len(dates)
    assert found.seasons == seasons
    assert [found.date_at(place) for place in (0, 1, len(dates) - 1)] == [
        *dates[:2],
        dates[-1],
    ]
    assert series.seasons(pd.Series(0.0, dates)) == seasons


@pytest.mark.parametrize(
    "name",
    [name for name in CALENDARS if name not in ("1 business day", "6 days a week")],
)
def test_a_missing_date_is_found_on_any_calendar(name, own_series, capsys):
    dates, _ = CALENDARS[name]
    rows = [f"{date.isoformat()},{i}" for i, date in enumerate(dates)]
    found = (
        own_series(["date,value", *rows[:120], *rows[121:]])
        if len(rows) > 200
        else None
    )
    if found is not None:
        assert list(found.index) == list(dates)
        assert found.iloc[120] == found.iloc[119] == 119
        assert "1 missing in all" in capsys.readouterr().out


HOLIDAYS = pd.date_range("2019", "2020-12-31", freq="B")
HOLIDAYS = HOLIDAYS[(HOLIDAYS.day > 3) | ~HOLIDAYS.month.isin([1, 4, 5, 7, 12])]


def test_trading_days_are_the_steps_where_holidays_are_missing(own_series, capsys):
    found = own_series(
        ["date,value", *(f"{date:%Y-%m-%d},{i}" for i, date in enumerate(HOLIDAYS))]
    )
    assert list(found.index) == list(HOLIDAYS)
    assert found.index.freq is None
    assert series.seasons(found) == (5,)
    assert "taken for holidays" in capsys.readouterr().out


@pytest.mark.parametrize("gone", [slice(100, 115), slice(1, 400, 8)])
def test_what_is_longer_or_more_than_holidays_is_a_gap(own_series, gone):
    dates = pd.date_range("2019", periods=500, freq="B")
    rows = [f"{date:%Y-%m-%d},{i}" for i, date in enumerate(dates.delete(gone))]
    with pytest.raises(
        ValueError, match=r"mine\.csv, row \d+, column \"date\": after .* is missing"
    ):
        own_series(["date,value", *rows])


@pytest.mark.parametrize(
    ("frequency", "periods", "season"),
    [
        *[("h", 30, 24), ("D", 30, 7), ("B", 30, 5), ("W", 30, 52), ("MS", 30, 12), ("ME", 30, 12)],
        *[("QS", 30, 4), ("YS", 30, 1), ("15min", 30, 96), ("30min", 30, 48), ("28D", 30, 13), ("BME", 30, 12)],
        *[("min", 2000, 60), ("min", 3000, 1440), ("s", 3000, 60), ("s", 8000, 3600), ("5min", 300, 12)],
    ],
)  # fmt: skip
def test_season_length_is_the_longest_of_hour_and_day_that_fits(
    frequency, periods, season
):
    index = pd.date_range("2020-01-01", periods=periods, freq=frequency)
    assert series.season_length(pd.Series(0.0, index=index)) == season


def test_a_single_date_has_no_season():
    assert series.season_length(pd.Series([1.0], pd.DatetimeIndex(["2020"]))) == 1


@pytest.mark.parametrize("year", ["2121", "1921", "2022"])
@pytest.mark.parametrize("frequency", ["s", "h", "D", "MS", "W"])
@pytest.mark.parametrize("place", [299, 150])
def test_a_mistyped_year_is_named_and_builds_no_calendar(
    own_series, year, frequency, place
):
    index = pd.date_range("2000-12-01", periods=300, freq=frequency)
    cells = [f"{date:%Y-%m-%d %H:%M:%S}" for date in index]
    cells[place] = year + cells[place][4:]
    with pytest.raises(
        ValueError, match=rf"row {place + 2}(, column|\)| with another)"
    ) as caught:
        own_series(["date,value", *(f"{cell},{i}" for i, cell in enumerate(cells))])
    assert year in str(caught.value)


def test_dates_that_follow_no_calendar_are_refused(own_series):
    days = np.cumsum(np.random.default_rng(1).integers(1, 9, 300))
    rows = [
        f"{pd.Timestamp('2020') + pd.Timedelta(days=int(day)):%Y-%m-%d},{day}"
        for day in days
    ]
    with pytest.raises(
        ValueError, match=r"row \d+, column \"date\": the dates are not evenly spaced"
    ):
        own_series(["date,value", *rows])
