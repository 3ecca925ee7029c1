import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import series

DATES = pd.date_range("2020-01-01", periods=300)


@given(st.integers(1, 9), st.integers(1, 5), st.integers(0, 20))
def test_windows_puts_every_value_where_it_belongs(n_steps, horizon, more):
    values = np.arange((n_steps + horizon + more) * 2.0).reshape(-1, 2)
    x, y = series.windows(values, n_steps, horizon)
    assert x.shape == (more + 1, n_steps, 2)
    assert y.shape == (more + 1, horizon, 2)
    for i in range(more + 1):
        np.testing.assert_array_equal(
            np.concatenate([x[i], y[i]]), values[i : i + n_steps + horizon]
        )


def test_windows_refuses_a_series_shorter_than_one_window():
    with pytest.raises(ValueError, match="need 11 rows; the series has 10"):
        series.windows(np.zeros((10, 1)), 10)


def test_windows_refuses_nan_and_says_where():
    values = np.zeros((30, 2))
    values[4, 1] = np.nan
    with pytest.raises(ValueError, match="row 4, column 1"):
        series.windows(values, 3)


@pytest.mark.parametrize(("n_steps", "horizon"), [(0, 1), (1, 0)])
def test_windows_refuses_empty_windows(n_steps, horizon):
    with pytest.raises(ValueError, match="1 or more"):
        series.windows(np.zeros((9, 1)), n_steps, horizon)


def test_windows_refuses_a_flat_array():
    with pytest.raises(ValueError, match="time, features"):
        series.windows(np.zeros(9), 2)


@pytest.fixture
def table():
    return pd.DataFrame({"a": np.arange(300.0)}, index=DATES)


def test_least_squares_recovers_a_linear_rule():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 3, 2))
    weights = rng.normal(size=(6, 4))
    found, bias = series.least_squares(x, x.reshape(50, 6) @ weights + 3)
    np.testing.assert_allclose(found, weights, atol=1e-10)
    np.testing.assert_allclose(bias, 3, atol=1e-10)


def test_least_squares_with_a_penalty_shrinks_the_weights_but_not_the_bias():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(200, 3)), rng.normal(size=(200, 1)) + 5
    free, _ = series.least_squares(x, y)
    small, bias = series.least_squares(x, y, ridge=1e6)
    assert np.abs(small).sum() < 1e-4 * np.abs(free).sum()
    assert bias[0] == pytest.approx(y.mean(), abs=1e-4)


def test_calendar_facts_leaves_out_what_does_not_vary():
    daily = series.calendar_facts(pd.date_range("2020-01-01", periods=70))
    assert [c for c in daily.columns if str(c).startswith("month")] == [
        "month 1",
        "month 2",
        "month 3",
    ]
    assert not [c for c in daily.columns if str(c).startswith("hour")]
    assert (daily.filter(like="weekday").sum(axis=1) == 1).all()


def test_calendar_facts_of_months_knows_no_weekday():
    monthly = series.calendar_facts(pd.date_range("2020-01", periods=30, freq="MS"))
    assert len(monthly.columns) == 12


def test_calendar_facts_of_years_is_one_constant_column():
    yearly = series.calendar_facts(pd.date_range("1800", periods=220, freq="YS"))
    assert yearly.shape == (220, 1)
    assert (yearly == 1.0).all(axis=None)


@pytest.mark.parametrize("horizon", [0, -3, 2.5, True, "7"])
def test_check_horizon_refuses_what_is_no_number_of_steps(horizon):
    with pytest.raises(ValueError, match="whole number of steps"):
        series.check_horizon(horizon, 1000)


def test_check_horizon_refuses_a_horizon_the_series_is_too_short_for():
    series.check_horizon(50, 1000)
    with pytest.raises(ValueError, match="at most a twentieth, 50"):
        series.check_horizon(51, 1000)


# Reading a series: see also the tests of tables, dates, numbers and calendars.

ROWS = [f"{date:%Y-%m-%d},{i % 7 + 0.5}" for i, date in enumerate(DATES)]


def dated(index, form="%Y-%m-%d %H:%M:%S"):
    """Rows whose values count the dates: a wrong order shows."""
    return [f"{date.strftime(form)},{i}" for i, date in enumerate(index)]


def with_row(number, text):
    """The good file with another row, counted from 1 with the header."""
    return ["date,value", *ROWS[: number - 2], text, *ROWS[number - 1 :]]


def test_read_series_reads_a_good_file_and_says_what_was_understood(own_series, capsys):
    found = own_series(["date,value", *ROWS])
    assert len(found) == 300
    assert found.index.freqstr == "D"
    assert found.iloc[8] == 1.5
    assert found.name == "value"
    assert found.dtype == "float64"
    assert capsys.readouterr().out == (
        "mine.csv: 300 rows, dates as %Y-%m-%d, 2020-01-01 to 2020-10-26, step 1 day, "
        "season 7 steps, minimum 0.5, median 3.5, maximum 6.5\n"
    )


@pytest.mark.parametrize(
    ("index", "form", "frequency"),
    [
        (pd.date_range("2016-07-01", periods=17_420, freq="h"), "%Y-%m-%d %H:%M:%S", "h"),
        (pd.date_range("1749-01", periods=3_265, freq="MS"), "%Y-%m-%d", "MS"),
        (pd.date_range("1800", "2019", freq="YS"), "%Y", "YS-JAN"),
        (pd.date_range("2001-01-01", periods=1_305, freq="W-MON"), "%Y-%m-%d", "W-MON"),
        (pd.date_range("2001-01-01", periods=240, freq="B"), "%d/%m/%Y", "B"),
        (pd.date_range("1950-02", periods=240, freq="QE"), "%Y-%m-%d", "QE-DEC"),
        (pd.date_range("2020", periods=240, freq="h"), "%Y-%m-%dT%H:%M:%SZ", "h"),
        (pd.date_range("2020", periods=240, freq="30min"), "%Y-%m-%d %H:%M-05:00", "30min"),
    ],
)  # fmt: skip
def test_read_series_gives_the_index_the_frequency_pandas_has(
    own_series, index, form, frequency
):
    found = own_series(["date,value", *dated(index, form)], at_least=200)
    assert list(found) == [*range(len(index))]
    assert list(found.index) == list(index)
    assert found.index.freqstr == frequency
    assert found.index.tz is None


@pytest.mark.parametrize("scale", [1e15, 1e12, 1, 1e-9, -1e12, -1e-9])
def test_read_series_takes_values_of_any_size(own_series, scale):
    values = [scale * (1 + i % 7) for i in range(300)]
    rows = [
        f"{date:%Y-%m-%d},{value!r}" for date, value in zip(DATES, values, strict=True)
    ]
    assert list(own_series(["date,value", *rows])) == values


def test_read_series_turns_files_that_begin_with_the_newest(own_series, capsys):
    turned = own_series(["date,value", *reversed(ROWS)])
    assert "newest first and turned" in capsys.readouterr().out
    pd.testing.assert_series_equal(turned, own_series(["date,value", *ROWS]))


def test_read_series_sorts_rows_that_are_not_in_order(own_series, capsys):
    mixed = own_series(["date,value", *ROWS[:9], ROWS[10], ROWS[9], *ROWS[11:]])
    assert (
        "not in order and sorted (1 go back, first row 12)" in capsys.readouterr().out
    )
    pd.testing.assert_series_equal(mixed, own_series(["date,value", *ROWS]))


def swapped(form):
    """A spreadsheet took days for months where it could."""
    days = pd.date_range("2021-01-01", "2021-12-31")
    months = [d.replace(month=d.day, day=d.month) if d.day <= 12 else d for d in days]
    return [f"{date.strftime(form)},{i}" for i, date in enumerate(months)]


MIDNIGHTS = [
    f"{t - pd.Timedelta(days=int(t.hour == 0)):%Y-%m-%d} {t:%H:%M},{i}"
    for i, t in enumerate(pd.date_range("2021-01-01 01:00", periods=480, freq="h"))
]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (swapped("%d/%m/%Y"), r"row 3, .*'01/02/2021' is read as 2021-02-01.*first in row 14; with 2021-01-02"),
        (swapped("%d/%m/%Y")[::-1], "day and month are swapped"),
        (swapped("%Y-%m-%d"), "row 3, .*'2021-02-01' .*day and month are swapped"),
        (MIDNIGHTS, "row 25, .*'2021-01-01 00:00' .*with 2021-01-02 00:00:00 .*midnight is of the day that ends"),
        (MIDNIGHTS[::-1], "midnight is of the day that ends"),
    ],
)  # fmt: skip
def test_read_series_refuses_dates_that_are_in_order_when_read_otherwise(
    own_series, rows, message
):
    with pytest.raises(ValueError, match=message):
        own_series(["date,value", *rows])


def test_read_series_leaves_out_rows_that_say_the_same_twice(own_series, capsys):
    found = own_series(["date,value", *ROWS[:9], ROWS[8], *ROWS[9:], ROWS[5]])
    pd.testing.assert_series_equal(found, own_series(["date,value", *ROWS]))
    assert "2 repeated and left out, first row 11" in capsys.readouterr().out


@pytest.mark.parametrize(
    "names", [["Kiel", "Bonn"], ["7", "12", "3"], ["a", "b", "c", "d", "e", "f"]]
)
def test_read_series_asks_for_one_of_several_stacked_series(own_series, names):
    rows = [
        f"{name},{row},x" for i, name in enumerate(names) for row in dated(DATES[i:])
    ]
    with pytest.raises(
        ValueError, match=r'mine\.csv holds several series: column "place" tells'
    ) as caught:
        own_series(["place,date,value,note", *rows])
    assert all(repr(name) in str(caught.value) for name in names[:5])
    assert ("1 more" in str(caught.value)) == (len(names) > 5)


@pytest.mark.parametrize("turned", [1, -1])
def test_read_series_sees_series_below_each_other_whose_dates_do_not_meet(
    own_series, turned
):
    parts = [f"MT_1,{row}" for row in ROWS[:150]], [f"MT_2,{row}" for row in ROWS[150:]]
    rows = [row for part in parts[::turned] for row in part]
    with pytest.raises(
        ValueError, match=r'column "place" holds .* down to row 151, then'
    ):
        own_series(["place,date,value", *rows])
    assert len(own_series(["quality,date,value", *rows])) == 300


def test_read_series_takes_rows_of_two_qualities_for_twins(own_series):
    rows = [f"{mark},{row}" for mark in ("first", "final") for row in ROWS]
    assert len(own_series(["quality,date,value", *rows])) == 300


def test_read_series_keeps_twins_apart_that_a_name_tells_apart(own_series):
    rows = [f"{name},{row}" for name in ("Kiel", "Bonn") for row in ROWS]
    with pytest.raises(ValueError, match="column \"place\" tells 'Bonn', 'Kiel' apart"):
        own_series(["place,date,value", *rows])


def test_read_series_sees_series_that_two_columns_tell_apart(own_series):
    rows = [f"{a},{b},{row}" for a in "AB" for b in "xy" for row in dated(DATES[::-1])]
    rows = [f"{row}{i}" for i, row in enumerate(rows)]
    with pytest.raises(ValueError, match="\"shop item\" tells 'A x', 'A y', 'B x'"):
        own_series(["shop,item,date,value", *rows])


@pytest.mark.parametrize(
    ("row", "text", "message"),
    [
        (9, "soon,1", "row 9, column \"date\": cannot read the date 'soon'"),
        (9, ",1", 'row 9, column "date": there is no date'),
        (10, "2020-01-08,1", 'row 10, column "date": .*2020-01-08 .* and in row 9 with another value'),
        (7, "2020-01-06,many", "row 7, column \"value\": .*found 'many'"),
        (7, "2020-01-06,inf", "row 7, column \"value\": 'inf' is no finite number"),
        (50, "2020-02-18 06:00,1", 'row 50, column "date": '),
    ],
)  # fmt: skip
def test_read_series_names_the_row_and_column_at_fault(own_series, row, text, message):
    with pytest.raises(ValueError, match=message):
        own_series(with_row(row, text))


@pytest.mark.parametrize(
    "text", ["2020-01-06,", "2020-01-06", "2020-01-06,NA", "2020-01-06,?"]
)
def test_read_series_fills_a_lone_missing_value_from_the_past_and_says_so(
    own_series, capsys, text
):
    found = own_series(with_row(7, text))
    assert len(found) == 300
    assert found.iloc[5] == found.iloc[4]
    assert "from row 7: taken as missing" in capsys.readouterr().out


@pytest.mark.parametrize("rows", [{9, 10}, {*range(9, 300, 20)}])
def test_read_series_refuses_more_missing_values_than_may_be_filled(own_series, rows):
    lines = [
        line.split(",")[0] + ",NA" if i in rows else line
        for i, line in enumerate(ROWS, 2)
    ]
    with pytest.raises(
        ValueError, match=rf"row 9, column \"value\": 'NA' .* in {len(rows)} rows \(9, "
    ):
        own_series(["date,value", *lines])


def test_read_series_cuts_rows_without_values_at_both_ends(own_series, capsys):
    empty = [line.split(",")[0] + "," for line in ROWS]
    found = own_series(["date,value", *empty[:5], *ROWS[5:280], *empty[280:]])
    assert list(found.index) == list(DATES[5:280])
    assert "25 rows at the ends have no value and are cut" in capsys.readouterr().out


def test_read_series_fills_a_lone_gap_from_the_past_and_says_so(own_series, capsys):
    found = own_series(["date,value", *ROWS[:99], *ROWS[100:]])
    assert len(found) == 300
    assert found.iloc[99] == found.iloc[98]
    assert "1 missing in all" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (ROWS[:99] + ROWS[119:], r'row 100, column "date": after 2020-04-08 .*\(20 missing'),
        ([row for i, row in enumerate(ROWS) if i % 10 != 5], "30 missing in all"),
        (dated(pd.date_range("2001", periods=240, freq="MS").delete([50, 51])), "2005-03-01 is missing"),
        (dated(DATES[:80].append(DATES[80:] + pd.Timedelta("3h"))), "not evenly spaced: .*2020-03-21 03:00:00"),
    ],
)  # fmt: skip
def test_read_series_refuses_gaps(own_series, rows, message):
    with pytest.raises(ValueError, match=message):
        own_series(["date,value", *rows])


@pytest.mark.parametrize("mark", [".", "", "NA"])
def test_read_series_takes_business_days_without_a_value_for_holidays(
    own_series, capsys, mark
):
    days = pd.bdate_range("2021-01-04", periods=300)
    closed = {*range(20, 300, 25), 151}
    lines = [
        f"{day:%Y-%m-%d},{mark if i in closed else i}" for i, day in enumerate(days)
    ]
    found = own_series(["date,value", *lines])
    assert list(found) == [i for i in range(300) if i not in closed]
    assert "13 days without a value are left out" in capsys.readouterr().out
    there = [line for i, line in enumerate(lines) if i not in closed]
    pd.testing.assert_series_equal(found, own_series(["date,value", *there]))


def test_read_series_refuses_weeks_without_values_on_business_days(own_series):
    days = pd.bdate_range("2021-01-04", periods=300)
    rows = [f"{day:%Y-%m-%d},{'' if 40 < i < 60 else i}" for i, day in enumerate(days)]
    with pytest.raises(
        ValueError, match="nothing stands for a value, and so in 19 rows"
    ):
        own_series(["date,value", *rows])


def test_read_series_explains_a_change_of_the_clock(own_series, capsys):
    utc = pd.date_range("2021-03-20", "2021-11-10", freq="30min", tz="UTC")
    local, half = utc.tz_convert("Europe/Berlin"), pd.Timestamp("2021-06", tz="UTC")
    for part, said in (
        (local < half, "2021-03-28"),
        (local > half, "2021-10-31"),
    ):
        with pytest.raises(
            ValueError, match=f'column "date": .*{said}.*clocks may have been changed'
        ):
            own_series(["date,value", *dated(local[part])])
    offsets = own_series(["date,value", *dated(local, "%Y-%m-%d %H:%M:%S%z")])
    assert list(offsets.index.tz_localize("UTC")) == list(utc)
    assert list(offsets) == [*range(len(utc))]


@pytest.mark.parametrize(
    "first",
    [
        range(300),
        [0] * 208 + [1, 2] + [*range(90)],
        [1e9] * 299 + [2],
        [0.1, 0.1 + 1e-17] * 150,
    ],
)
def test_read_series_refuses_a_training_part_of_nearly_one_value(own_series, first):
    rows = [
        f"{date:%Y-%m-%d},{value}" for date, value in zip(DATES, first, strict=True)
    ]
    if first == range(300):
        assert len(own_series(["date,value", *rows])) == 300
        return
    with pytest.raises(
        ValueError, match=r'mine\.csv, column "value": .* there is nothing to forecast'
    ):
        own_series(["date,value", *rows])


@pytest.mark.parametrize("count", [0, 1, 40, 199])
def test_read_series_refuses_too_few_rows(own_series, count):
    with pytest.raises(
        ValueError, match=f"mine.csv has {count} rows of data; this chapter needs 200"
    ):
        own_series(["date,value", *ROWS[:count]], at_least=200)


def test_read_series_reads_50_000_rows_in_two_seconds(own_series):
    index = pd.date_range("2015-01-01", periods=50_000, freq="15min")
    rows = [f"{row},7,8,9" for row in dated(index, "%d/%m/%Y %I:%M %p")]
    start = time.process_time()
    own_series(["date,value,a,b,c", *rows])
    assert time.process_time() - start < 2


GOOD = {
    "commas": ("\n".join(["date,value", *ROWS[:80]]), "date"),
    "semicolons": ("\n".join(["date;value;", *(f"{d:%d.%m.%Y %H:%M};{i % 9},5;" for i, d in enumerate(pd.date_range("2020-01-13", periods=80, freq="h")))]), "date"),
    "quoted": ("\r\n".join(['"date","value","note"', *(f'"{d:%b %d, %Y}","{i % 9},000","x"' for i, d in enumerate(DATES[:80]))]), "date"),
    "parts": ("\n".join(["a title", "", "year,month,day,hour,value", *(f"{d.year},{d.month},{d.day},{d.hour},{i % 5}" for i, d in enumerate(pd.date_range("2020", periods=80, freq="h")))]), "year,month,day,hour"),
    "quarters": ("\n".join(["date\tvalue", *(f"{y}Q{q}\t{y % 7 + q} %" for y in range(1990, 2010) for q in (1, 2, 3, 4))]), "date"),
    "offsets": ("\n".join(["date,value", *(f"{d.isoformat()},{i % 9 - 4}" for i, d in enumerate(pd.date_range("2021-03-27", periods=80, freq="h", tz="Europe/Berlin")))]), "date"),
}  # fmt: skip


def damaged(data, rng):
    """One to three damages: bytes, cells or lines lost, doubled, changed or swapped."""
    for _ in range(rng.integers(1, 4)):
        if not data:
            break
        marks = [b"", *(mark for mark in (b"\n", b",", b";", b"\t") if mark in data)]
        mark = marks[rng.integers(len(marks))]
        parts = (
            data.split(mark) if mark else [data[i : i + 1] for i in range(len(data))]
        )
        i, j = rng.integers(len(parts), size=2)
        match rng.integers(4):
            case 0:
                del parts[i]
            case 1:
                parts.insert(i, parts[j])
            case 2:
                parts[i], parts[j] = parts[j], parts[i]
            case _:
                strange = [
                    b'"',
                    b"\0",
                    b"\xff",
                    b"-999",
                    b"NaN",
                    b"1e999",
                    b"99",
                    b"#",
                    b"\r",
                    b"9" * 40,
                    "−٣".encode(),
                ]
                parts[i] = strange[rng.integers(len(strange))]
        data = mark.join(parts)
    return data


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", GOOD)
def test_read_series_never_fails_but_with_a_sentence_that_names_the_file(
    own_series, name
):
    rng = np.random.default_rng(7)
    text, dates = GOOD[name]
    assert len(own_series(text, dates)) == 80
    for _ in range(50):
        data, said = damaged(text.encode(), rng), "mine.csv"
        try:
            assert np.isfinite(own_series(data, dates)).all()
        except ValueError as error:
            said = str(error)
        assert "mine.csv" in said, data
        assert len(said) < 900


def test_holidays_are_named_with_their_neighbours_and_the_quiet_days():
    days = pd.date_range("2018-11-01", "2019-01-31")
    facts = series.holidays(days)
    assert facts.loc["2018-11-22", "Thanksgiving Day"] == 1
    assert facts.loc[["2018-11-21", "2018-11-23"], ["day before", "day after"]].equals(
        pd.DataFrame(np.eye(2), days[[20, 22]], ["day before", "day after"])
    )
    assert facts["quiet"].sum() == 12
    assert facts.loc["2018-12-22", "quiet"] == 0
    assert set(np.unique(facts)) == {0, 1}


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (pd.date_range("2020-01-31", periods=30, freq="ME"), ["2022-07-31", "2022-08-31"]),
        (pd.date_range("2021-03-01", periods=96, freq="30min"), ["2021-03-03 00:00", "2021-03-03 00:30"]),
        (pd.bdate_range("2021-01-04", periods=60).delete(11), ["2021-03-29", "2021-03-30"]),
        (pd.date_range("2001-01-01", periods=36, freq="MS") + pd.Timedelta(days=14), ["2004-01-15", "2004-02-15"]),
    ],
)  # fmt: skip
def test_following_goes_on_with_the_calendar(dates, expected):
    known = pd.Series(np.arange(len(dates)), dates)
    assert series.following(known, 2).equals(pd.DatetimeIndex(expected))
