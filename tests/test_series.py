import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from helpers import series

DATES = pd.date_range("2020-01-01", periods=300)


@pytest.fixture
def csv(tmp_path):
    """Write a good file with one flaw, and read it."""

    def write(edit=lambda lines: lines, end="\n", encoding="utf-8", **columns):
        rows = [f"{d:%Y-%m-%d},{i % 7 + 0.5}" for i, d in enumerate(DATES)]
        lines = edit(["day,value", *rows])
        path = tmp_path / "mine.csv"
        path.write_bytes(end.join([*lines, ""]).encode(encoding))
        return series.read_series(
            path, columns.get("date", "day"), columns.get("target", "value")
        )

    return write


def with_row(number, text):
    """Replace a row of the file, counted from 1 with the header."""
    return lambda lines: [*lines[: number - 1], text, *lines[number:]]


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


def test_period_windows_forecasts_every_day_of_the_period_and_no_other(table):
    x, y = series.period_windows(table, table, 56, "2020-04-01", "2020-04-30")
    first = int(DATES.searchsorted(pd.Timestamp("2020-04-01")))
    np.testing.assert_array_equal(y[:, 0, 0], np.arange(first, first + 30))
    np.testing.assert_array_equal(x[0, :, 0], np.arange(first - 56, first))


def test_period_windows_keeps_the_whole_horizon_inside_the_period(table):
    x, y = series.period_windows(
        table, table, 5, "2020-04-01", "2020-04-30", horizon=14
    )
    assert len(x) == len(y) == 30 - 13
    assert DATES[int(y[-1, -1, 0])] == pd.Timestamp("2020-04-30")


def test_period_windows_takes_a_month_as_its_last_day(table):
    _, y = series.period_windows(table, table, 5, "2020-04", "2020-05")
    assert len(y) == 61


def test_period_windows_starts_where_the_first_window_is_full(table):
    _, y = series.period_windows(table, table, 56, "2020-01", "2020-03")
    assert y[0, 0, 0] == 56


def test_period_windows_never_shows_the_future(table):
    changed = table.copy()
    changed.loc["2020-05":] = -1
    seen, _ = series.period_windows(table, table, 9, "2020-04", "2020-04-30")
    same, _ = series.period_windows(changed, table, 9, "2020-04", "2020-04-30")
    np.testing.assert_array_equal(seen, same)


def test_period_windows_refuses_a_period_outside_the_table(table):
    with pytest.raises(ValueError, match="no window of 56 \\+ 1 rows fits"):
        series.period_windows(table, table, 56, "2021-01", "2021-02")


def test_period_windows_refuses_tables_of_different_dates(table):
    with pytest.raises(ValueError, match="same dates"):
        series.period_windows(table, table[1:], 5, "2020-04", "2020-05")


@pytest.mark.parametrize(
    ("frequency", "season"),
    [
        *[("h", 24), ("D", 7), ("B", 5), ("W", 52), ("MS", 12), ("ME", 12)],
        *[("QS", 4), ("YS", 1), ("15min", 1)],
    ],
)
def test_season_length_follows_the_calendar(frequency, season):
    index = pd.date_range("2020-01-01", periods=30, freq=frequency)
    assert series.season_length(pd.Series(0.0, index=index)) == season


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


def test_coverage_counts_the_values_inside():
    y = np.array([1.0, 2, 3, 4])
    assert series.coverage(y, y - 1, np.array([2.0, 2, 2, 2])) == 0.5


def test_crps_quantiles_approaches_the_score_it_is_defined_by():
    levels = (np.arange(500) + 0.5) / 500
    forecast = norm.ppf(levels, 0.4, 1.7)[None]
    grid = np.linspace(-30, 30, 200_001)
    gap = norm.cdf(grid, 0.4, 1.7) - (grid >= 1.1)
    found = series.crps_quantiles(np.array([1.1]), forecast, levels)
    assert found == pytest.approx(np.trapezoid(gap**2, grid), rel=1e-3)


def test_crps_quantiles_without_spread_is_the_absolute_error():
    levels = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
    found = series.crps_quantiles(np.array([3.0]), np.full((1, 5), 1.0), levels)
    assert found == pytest.approx(2)


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


def test_read_series_reads_a_good_file(csv):
    found = csv()
    assert len(found) == 300
    assert found.index.freqstr == "D"
    assert found.iloc[8] == 1.5
    assert found.name == "value"


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_read_series_takes_any_line_ends_and_a_byte_order_mark(csv, end, encoding):
    pd.testing.assert_series_equal(csv(end=end, encoding=encoding), csv())


def test_read_series_sorts_newest_first_files(csv):
    turned = csv(lambda lines: [lines[0], *reversed(lines[1:])])
    pd.testing.assert_series_equal(turned, csv())


def test_read_series_reads_other_calendars(tmp_path):
    for frequency in ("h", "MS", "B", "W"):
        index = pd.date_range("2001-01-01", periods=240, freq=frequency, name="t")
        path = tmp_path / "mine.csv"
        pd.Series(np.arange(240.0), index=index, name="v").to_csv(path)
        found = series.read_series(path, "t", "v")
        assert found.index.equals(index.rename(None))


def test_read_series_refuses_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no file "nowhere\.csv"'):
        series.read_series("nowhere.csv", "day", "value")


def test_read_series_refuses_an_empty_file(csv):
    with pytest.raises(ValueError, match="not a CSV file"):
        csv(lambda lines: [])


def test_read_series_refuses_another_encoding(csv):
    with pytest.raises(ValueError, match="not a CSV file in UTF-8"):
        csv(with_row(5, "2020-01-04,é"), encoding="latin-1")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"date": "Day"}, 'no column "Day" \\(date_column\\).*did you mean "day"'),
        ({"target": "sales"}, "no column \"sales\" \\(target_column\\).*'value'"),
    ],
)
def test_read_series_names_the_columns_it_has(csv, columns, message):
    with pytest.raises(ValueError, match=message):
        csv(**columns)


@pytest.mark.parametrize(
    ("row", "text", "message"),
    [
        (9, "soon,1", "row 9, column \"day\": cannot read the date 'soon'"),
        (9, ",1", 'row 9, column "day": cannot read the date'),
        (9, "31.12.2020,1", 'row 9, column "day": cannot read the date'),
        (10, "2020-01-08,1", 'row 10, column "day": .*2020-01-08.* second time'),
        (7, "2020-01-06,many", "row 7, column \"value\": .*found 'many'"),
        (7, "2020-01-06,", 'row 7, column "value": expected a number, found nothing'),
        (7, "2020-01-06,NaN", 'row 7, column "value": expected a number'),
        (7, "2020-01-06,inf", 'row 7, column "value": expected a number'),
    ],
)
def test_read_series_names_the_row_and_column_at_fault(csv, row, text, message):
    with pytest.raises(ValueError, match=message):
        csv(with_row(row, text))


def test_read_series_refuses_a_long_gap(csv):
    with pytest.raises(ValueError, match=r'row 100, column "day": after 2020-04-08'):
        csv(lambda lines: lines[:100] + lines[120:])


def test_read_series_refuses_many_gaps(csv):
    with pytest.raises(ValueError, match="30 missing in all"):
        csv(lambda lines: [line for i, line in enumerate(lines) if i % 10 != 5])


def test_read_series_fills_a_lone_gap_from_the_past_and_says_so(csv, capsys):
    found = csv(lambda lines: lines[:100] + lines[101:])
    assert len(found) == 300
    assert found.iloc[99] == found.iloc[98]
    assert "1 missing in all" in capsys.readouterr().out


def test_read_series_finds_the_missing_month_not_a_short_one(tmp_path):
    index = pd.date_range("2001-01-01", periods=240, freq="MS", name="t")
    path = tmp_path / "mine.csv"
    pd.Series(1.0 * np.arange(240), index, name="v").drop(index[50:52]).to_csv(path)
    with pytest.raises(ValueError, match=r"the date 2005-03-01.* is missing"):
        series.read_series(path, "t", "v")


def test_read_series_refuses_uneven_dates(tmp_path):
    index = DATES + pd.to_timedelta([0] * 80 + [3] * 220, unit="h")
    path = tmp_path / "mine.csv"
    pd.Series(1.0 * np.arange(300), index.rename("t"), name="v").to_csv(path)
    with pytest.raises(ValueError, match=r"not evenly spaced.*2020-03-21 03:00"):
        series.read_series(path, "t", "v")


def test_read_series_refuses_a_constant(csv):
    with pytest.raises(ValueError, match='"value" is 3 in every row'):
        csv(lambda lines: [lines[0], *(f"{d:%Y-%m-%d},3" for d in DATES)])


def test_read_series_refuses_too_few_rows(csv):
    with pytest.raises(ValueError, match="has 150 rows of data; this chapter needs"):
        csv(lambda lines: lines[:151])


@pytest.fixture
def dated(tmp_path):
    """Read a file whose values count the dates: a wrong order shows."""

    def read(form, start="2021-01-01", periods=300, **options):
        index = pd.date_range(start, periods=periods, **options)
        rows = [f'"{d.strftime(form)}",{i}' for i, d in enumerate(index)]
        path = tmp_path / "mine.csv"
        path.write_text("\n".join(["day,value", *rows, ""]))
        found = series.read_series(path, "day", "value")
        assert list(found) == [*range(periods)]
        assert found.index.equals(index)
        return found

    return read


@pytest.mark.parametrize(
    ("form", "frequency"),
    [
        ("%d/%m/%y", "D"),
        ("%m/%d/%y", "D"),
        ("%d/%m/%Y", "D"),
        ("%d.%m.%Y", "D"),
        ("%d-%m-%Y %H:%M", "h"),
        ("%m/%d/%Y %H:%M:%S.%f", "h"),
        ("%d/%m/%Y %I:%M %p", "h"),
        ("%m/%d/%Y %I:%M:%S %p", "h"),
    ],
)
def test_read_series_reads_the_day_where_it_stands_in_all_rows_and_says_so(
    dated, capsys, form, frequency
):
    dated(form, freq=frequency, periods=400)
    assert " is read as " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("form", "start", "frequency"),
    [
        ("%Y-%m-%d", "2021", "D"),
        ("%Y-%m-%d %H:%M", "2021", "15min"),
        ("%Y-%m-%dT%H:%M:%S", "2021", "h"),
        ("%Y%m%d", "2021", "D"),
        ("%Y/%m/%d", "2021", "D"),
        ("%b %d, %Y", "2021", "D"),
        ("%d %B %Y", "2021", "D"),
        ("%A, %B %d, %Y", "2021", "D"),
        ("%B %d %Y %I%p", "2021", "h"),
        ("%Y-%m", "2021", "MS"),
        ("%m/%Y", "2021", "MS"),
        ("%Y", "1700", "YS"),
    ],
)
def test_read_series_reads_dates_that_leave_no_doubt(
    dated, capsys, form, start, frequency
):
    dated(form, start, freq=frequency)
    assert capsys.readouterr().out == ""


def test_read_series_keeps_an_offset(dated):
    dated("%Y-%m-%d %H:%M:%S%z", freq="h", tz="UTC")


def test_read_series_reads_through_a_change_of_the_clock(tmp_path):
    index = pd.date_range("2021-03-24", periods=220, freq="h", tz="UTC")
    local = index.tz_convert("Europe/Berlin")
    path = tmp_path / "mine.csv"
    rows = [f"{d:%Y-%m-%d %H:%M:%S%z},{i}" for i, d in enumerate(local)]
    path.write_text("\n".join(["day,value", *rows, ""]))
    found = series.read_series(path, "day", "value")
    assert found.index.equals(index)
    assert list(found) == [*range(220)]


@pytest.mark.parametrize("form", ["%m/%d/%Y", "%d.%m.%y", "%d/%m/%Y %I%p"])
def test_read_series_refuses_dates_that_can_be_read_in_two_ways(dated, form):
    with pytest.raises(
        ValueError, match=r"row 3, column \"day\": .* may be "
    ) as caught:
        dated(form, freq="MS")
    said = str(caught.value)
    assert "2 January 2021" in said
    assert "1 February 2021" in said
    assert "day first or month first" in said


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%d/%m/%y"])
def test_read_series_names_the_row_that_is_written_another_way(tmp_path, form):
    days = [d.strftime(form) for d in DATES]
    days[150] = DATES[150].strftime("%Y-%m-%d")
    path = tmp_path / "mine.csv"
    rows = [f"{day},{i}" for i, day in enumerate(days)]
    path.write_text("\n".join(["day,value", *rows, ""]))
    with pytest.raises(ValueError, match='row 152, column "day": cannot read the date'):
        series.read_series(path, "day", "value")


def test_read_series_guesses_no_century(dated):
    with pytest.raises(ValueError, match=r"would be .* 2059; write years with four"):
        dated("%m/%d/%y", "1959-01-01")


def test_read_series_refuses_a_mistyped_year_before_it_fills_the_memory(tmp_path):
    index = [*pd.date_range("2021", periods=240, freq="s"), pd.Timestamp("2121-01-01")]
    path = tmp_path / "mine.csv"
    rows = [f"{d:%Y-%m-%d %H:%M:%S},{i}" for i, d in enumerate(index)]
    path.write_text("\n".join(["day,value", *rows, ""]))
    with pytest.raises(
        ValueError, match=r"but 2121-01-01 00:00:00 comes .* after 2021"
    ):
        series.read_series(path, "day", "value")


def test_read_series_refuses_two_columns_of_one_name(csv):
    with pytest.raises(ValueError, match='has 2 columns "value" \\(target_column\\)'):
        csv(lambda lines: ["day, value,value ", *(f"{line},1" for line in lines[1:])])
