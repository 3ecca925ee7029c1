"""Dates as users have them: one way of reading for a whole column, or a sentence."""

import pandas as pd
import pytest

from helpers.columns import Column
from helpers.date_parts import joined
from helpers.dates import read_dates

HOURS = pd.date_range("2021-03-25 00:00", periods=300, freq="h")
DAYS = pd.date_range("2020-12-20", periods=400)
MONTHS = pd.date_range("1949-01", periods=150, freq="MS")
LATE_MONTHS = pd.date_range("2003-01", periods=150, freq="MS")


def column(cells, advice=""):
    rows = range(2, len(cells) + 2)
    return Column("mine.csv", "when", pd.Series(list(cells), rows, dtype=str), advice)


def read(cells, date_format=""):
    dates, how = read_dates(column(cells), date_format)
    return pd.DatetimeIndex(dates), how


def assert_dates(found, index):
    assert list(found) == list(index)


QUARTERS = pd.date_range("1949-01", periods=150, freq="QS")


@pytest.mark.parametrize(
    ("form", "index"),
    [
        *[(f"%Y-%m-%d{gap}%H:%M{more}", HOURS) for gap in " T" for more in ("", ":%S", ":%S.%f")],
        *[(f"%Y-%m-%dT%H:%M:%S{zone}", HOURS) for zone in ("Z", "+00:00", "-0530", "+02", " UTC")],
        *[(form, HOURS) for form in ("%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%d.%m.%y %H:%M", "%Y%m%d%H")],
        *[(form, HOURS) for form in ("%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y%m%d %H:%M", "%d.%m.%Y %H.%M.%S")],
        *[(form, HOURS) for form in ("%b %d, %Y %I%p", "%Y/%m/%d %H", "%d-%b-%Y %H:%M:%S", "%Y-%m-%d-%H:%M")],
        *[(form, DAYS) for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y %m %d", "%y%m%d")],
        *[(form, DAYS) for form in ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%y", "%m/%d/%y", "%d-%m-%Y", "%d %m %Y")],
        *[(form, DAYS) for form in ("%d %B %Y", "%b %d, %Y", "%d-%b-%y", "%Y-%b-%d", "%d%b%Y", "%B %d %Y")],
        *[(form, DAYS) for form in ("%A, %d %B %Y", "%a %d/%m/%Y", "%a %b %d %Y", "%d.%m.%Y (%a)")],
        *[(form, MONTHS) for form in ("%Y-%m", "%Y/%m", "%Y%m", "%m/%Y", "%b %Y", "%B %Y", "%Y %b", "%YM%m", "%Y:%m")],
        *[(form, LATE_MONTHS) for form in ("%b-%y", "%B %y", "%b %Y")],
        ("%Y", pd.date_range("1800", "2019", freq="YS")),
        ("%Y.0", pd.date_range("1800", "2019", freq="YS")),
    ],
)  # fmt: skip
def test_one_format_is_found_for_all_rows(form, index):
    assert_dates(read(index.strftime(form))[0], index)


@pytest.mark.parametrize(
    "form",
    ["{}Q{}", "{}-Q{}", "{} Q{}", "{}q{}", "{}:Q{}", "Q{1} {0}", "Q{1}-{0}", "{1}Q{0}"],
)
def test_quarters_are_their_first_days(form):
    cells = [form.format(date.year, date.quarter) for date in QUARTERS]
    assert_dates(read(cells)[0], QUARTERS)


@pytest.mark.parametrize("form", ["%GW%V", "%G-W%V", "%G W%V"])
def test_weeks_are_their_mondays(form):
    mondays = pd.date_range("2004-01-26", periods=300, freq="W-MON")
    assert_dates(read(mondays.strftime(form))[0], mondays)


@pytest.mark.parametrize(
    ("scale", "name"),
    [(1, "seconds"), (10**3, "milliseconds"), (10**6, "micros"), (10**9, "nanos")],
)
@pytest.mark.parametrize("end", ["", ".0"])
def test_seconds_since_1970_are_recognised_and_said(scale, name, end):
    seconds = (HOURS - pd.Timestamp("1970")) // pd.Timedelta("1s")
    found, how = read([f"{second * scale}{end}" for second in seconds])
    assert_dates(found, HOURS)
    assert name in how


@pytest.mark.parametrize(
    ("index", "digits"), [(DAYS, 0), (DAYS, 1), (HOURS, 5), (HOURS, 9)]
)
def test_day_numbers_of_excel_are_recognised_and_said(index, digits):
    days = (index - pd.Timestamp("1899-12-30")) / pd.Timedelta("1D")
    found, how = read([f"{day:.{digits}f}" for day in days])
    assert_dates(found, index)
    assert "Excel" in how


def test_am_and_pm_may_have_points_and_days_the_endings_of_numbers():
    cells = [f"{d:%B} {d.day}{'stndrd'[2 * d.day - 2 : 2 * d.day] if d.day < 4 else 'th'}, {d:%Y %I:%M} {'a.m.' if d.hour < 12 else 'p.m.'}" for d in HOURS]  # fmt: skip
    assert_dates(read(cells)[0], HOURS)


def test_midnight_and_whole_seconds_may_be_left_out_in_iso_dates():
    cells = [str(date).removesuffix(" 00:00:00") for date in HOURS]
    assert_dates(read(cells)[0], HOURS)
    assert_dates(read([date.isoformat() for date in HOURS + pd.to_timedelta(range(300), "ms")])[0], HOURS + pd.to_timedelta(range(300), "ms"))  # fmt: skip


def test_the_end_of_a_day_may_be_24_o_clock():
    cells = [
        f"{d - pd.Timedelta('1D'):%d.%m.%Y} 24:00"
        if d.hour == 0
        else f"{d:%d.%m.%Y %H:%M}"
        for d in HOURS
    ]
    assert_dates(read(cells)[0], HOURS)


def test_several_offsets_become_utc():
    local = HOURS.tz_localize("UTC").tz_convert("Europe/Berlin")
    for form in ("%Y-%m-%d %H:%M:%S%z", "%d/%m/%Y %H:%M %z"):
        found, how = read(local.strftime(form))
        assert_dates(found, HOURS)
        assert how.endswith(", in UTC")


def test_days_stay_days_when_their_offsets_change():
    local = DAYS.tz_localize("Europe/Berlin")
    assert_dates(read([date.isoformat() for date in local])[0], DAYS)


def test_a_single_offset_leaves_local_times():
    cells = [date.isoformat() for date in HOURS.tz_localize("Asia/Tokyo")]
    found, how = read(cells)
    assert_dates(found, HOURS)
    assert how.endswith("in local time at +09:00")


@pytest.mark.parametrize(
    "form", ["%d/%m/%Y", "%d.%m.%y", "%m/%d/%Y %I:%M %p", "%d-%m-%Y"]
)
def test_dates_that_may_be_read_in_two_ways_are_refused_unless_told(form):
    index = pd.date_range("2012-01-01", periods=120, freq="MS")
    with pytest.raises(ValueError, match=r'row 3, column "when": .* may be') as caught:
        read(index.strftime(form))
    for said in (
        "2 January 2012",
        "1 February 2012",
        "day first or month first",
        f'date_format="{form}"',
    ):
        assert said in str(caught.value)
    assert_dates(read(index.strftime(form), form)[0], index)


@pytest.mark.parametrize(
    ("form", "index"),
    [
        ("%d.%m.%y %H:%M", pd.date_range("2004-03-10", periods=400, freq="h")),
        ("%y-%m-%d %H:%M", pd.date_range("2004-03-10", periods=400, freq="h")),
        ("%d/%m/%y", pd.date_range("2019-12-30", periods=400)[::-1]),
        ("%Y%m", pd.date_range("2001-01", periods=140, freq="MS")),
        ("%m/%y", pd.date_range("2001-01", periods=140, freq="MS")),
    ],
)
def test_a_year_of_two_digits_stands_where_dates_are_even(form, index):
    assert_dates(read(index.strftime(form))[0], index)


@pytest.mark.parametrize("form", ["%m/%d/%y", "%d.%m.%y", "%b-%y", "%d-%b-%y"])
def test_no_century_is_guessed(form):
    index = pd.date_range(
        "1958-11-20", "1960-03-01", freq="MS" if "d" not in form else "D"
    )
    cells = index.strftime(form)
    with pytest.raises(ValueError, match="may be of 1960 or of 2060") as caught:
        read(cells)
    told = form.replace("%y", "19%y")
    assert f'date_format="{told}"' in str(caught.value)
    assert_dates(read(cells, told)[0], index)


YEAR = pd.date_range("2021-01-01", periods=365)


@pytest.mark.parametrize(
    ("cells", "row", "message"),
    [
        ([str(59215 + i) for i in range(300)], 301, "would be 2062-12-09 by Excel"),
        ((YEAR + pd.Timedelta("1D")).strftime("%y%j"), 2, 'date_format="%y%j"'),
        (range(1000, 1300), 2, "a year before 1600"),
        (YEAR.strftime("%d-%b"), 2, "the year is missing"),
        ([f"{date.day}-{date:%B}" for date in YEAR], 2, "the year is missing"),
        (YEAR.strftime("%b %d"), 2, "the year is missing"),
        ([*YEAR[:9].strftime("%a %Y-%m-%d"), "Sun 2021-01-11"], 11, "names a weekday, but that date is a Monday"),
        ([*YEAR[:9].strftime("%d %B %Y (%A)"), "11 January 2021 (Sunday)"], 11, "names a weekday, but that date is a Monday"),
    ],
)  # fmt: skip
def test_a_reading_against_which_something_speaks_is_refused(cells, row, message):
    with pytest.raises(ValueError, match=f'row {row}, column "when": .*{message}'):
        read([str(cell) for cell in cells])


@pytest.mark.parametrize("form", ["%d%m%y", "%m%d%y", "%y%m%d"])
def test_six_digits_are_a_day_where_that_is_in_order(form):
    assert_dates(read(YEAR.strftime(form))[0], YEAR)


def test_a_format_may_stand_in_quotation_marks():
    assert_dates(read(YEAR.strftime("%d/%m/%y"), " '%d/%m/%y' ")[0], YEAR)


@pytest.mark.parametrize(
    ("cells", "date_format", "message"),
    [
        (["2020-01-01", "soon"], "", "row 3.*cannot read the date 'soon' .others are read as %Y-%m-%d"),
        (["2020-01-01", ""], "", "row 3.*there is no date"),
        (["2020-01-01", "01/02/2020"], "", "row 3.*cannot read the date '01/02/2020'"),
        (["13/01/2020", "01/13/2020"], "", "row [23].*cannot read the date"),
        (["2020-01-01", "2020-02-30"], "", "row 3.*cannot read the date '2020-02-30'"),
        (["2020-01-01", "0020-01-02"], "", "row 3.*cannot read the date '0020-01-02'"),
        (["20200101", "2020102"], "", "row 3.*cannot read the date '2020102'"),
        (["1949Q1", "1949Q5"], "", "row 3.*cannot read the date '1949Q5'"),
        (["2004W52", "2004W54"], "", "row 3.*cannot read the date '2004W54'"),
        (["1", "2"], "", "row 2.*cannot read the date '1' .of no known format"),
        (["1949.042", "1949.125"], "", "row 2.*cannot read the date"),
        (["2020-01-01 01:00Z", "2020-01-01 02:00"], "", "row 3.*has no offset from UTC"),
        (["2020-01-01 01:00+01", "2020-01-01 01:00+02:00+01:00"], "", "row 3.*cannot read the date"),
        (["2020-01-01 01:00", "2020-01"], "", "row 3.*cannot read the date '2020-01'"),
        (["2020-01-01", "2020-01-02"], "%d/%m/%Y", "row 2.*cannot read the date '2020-01-01' .it is not as %d/%m/%Y"),
        (["2020-01-01", "2020-01-02"], "mixed", 'date_format "mixed"'),
        (["2020-01-01", "2020-01-02"], "%Y-%z-%d", 'date_format "%Y-%z-%d"'),
        (["2020-01-01", "2020-01-02"], "%Q", 'date_format "%Q"'),
        (["2020-01-01", "2020-01-02"], "%d%d", 'date_format "%d%d"'),
    ],
)  # fmt: skip
def test_a_cell_that_is_no_date_is_named(cells, date_format, message):
    with pytest.raises(ValueError, match=f"mine.csv.*{message}"):
        read([*cells, *[cells[0]] * 3], date_format)


PARTS = {
    "year": HOURS.year, "mo": HOURS.month, "Day": HOURS.day, "hr": HOURS.hour, "Month": HOURS.strftime("%b"),
    "date": HOURS.strftime("%d/%m/%Y"), "time": HOURS.strftime("%H.%M.%S"), "HE": HOURS.hour + 1,
    "HHMM": HOURS.hour * 100, "y": [f"{year}.0" for year in HOURS.year], "hour": HOURS.hour * 100, "minute": [0] * 300,
}  # fmt: skip


@pytest.mark.parametrize("names", ["year,mo,Day,hr", "Day,mo,year,hr", "y,Month,Day,HE", "date,time", "date,hr", "date,HE", "date,hour", "year,mo,Day,hr,minute"])  # fmt: skip
def test_dates_in_several_columns_are_joined(names):
    columns = [
        Column("mine.csv", name, pd.Series(PARTS[name]).astype(str))
        for name in names.split(",")
    ]
    whole, notes = joined(columns)
    assert_dates(pd.DatetimeIndex(read_dates(whole)[0]), HOURS)
    assert whole.name == names
    assert any("hours 1 to 24" in note for note in notes) == ("HE" in names)


@pytest.mark.parametrize(
    ("form", "minutes"), [("%H%M%S", 30), ("%H%M", 30), ("%H%M%S", 60), ("%H%M", 60)]
)
@pytest.mark.parametrize("bare", [True, False])
def test_times_may_be_whole_numbers(form, minutes, bare):
    index = pd.date_range("2021-01-01", periods=300, freq=f"{minutes}min")
    times = [str(int(t)) if bare else t for t in index.strftime(form)]
    cells = {"date": index.strftime("%Y%m%d"), "time": times}
    columns = [Column("mine.csv", n, pd.Series(c, dtype=str)) for n, c in cells.items()]
    assert_dates(pd.DatetimeIndex(read_dates(joined(columns)[0])[0]), index)


@pytest.mark.parametrize(
    ("names", "index"), [("year,month", MONTHS), ("quarter,year", QUARTERS)]
)
def test_months_and_quarters_of_years_are_joined(names, index):
    columns = [
        Column("mine.csv", name, pd.Series(getattr(index, name)).astype(str))
        for name in names.split(",")
    ]
    assert_dates(pd.DatetimeIndex(read_dates(joined(columns)[0])[0]), index)


def test_quarters_may_have_a_letter_and_numbers_of_days_a_comma():
    year, quarter = QUARTERS.strftime("%Y"), [f"Q{date.quarter}" for date in QUARTERS]
    columns = [
        Column("mine.csv", name, pd.Series(list(cells)))
        for name, cells in (("Year", year), ("Qtr", quarter))
    ]
    assert_dates(pd.DatetimeIndex(read_dates(joined(columns)[0])[0]), QUARTERS)
    days = (HOURS - pd.Timestamp("1899-12-30")) / pd.Timedelta("1D")
    assert_dates(read([f"{day:.5f}".replace(".", ",") for day in days])[0], HOURS)


def test_a_word_before_a_number_is_no_month():
    with pytest.raises(ValueError, match="cannot read the date '2004 KW 5'"):
        read([f"2004 KW {week}" for week in (5, 6, 7)])


@pytest.mark.parametrize(
    ("header", "dates", "said"),
    [
        ("year,month,day,hour,value", "date", 'date_column="year,month,day,hour"'),
        ("year,month,day,hour,value", "day", 'date_column="year,month,day,hour"'),
        ("year,month,day,hour,value", "hour", 'date_column="year,month,day,hour"'),
        ("year,month,day,hour,value", "year", 'date_column="year,month,day,hour"'),
        ("Yr,Mo,Dy,Hr,value", "Dy", 'date_column="Yr,Mo,Dy,Hr"'),
    ],
)
def test_an_hour_in_a_column_of_its_own_is_pointed_out(own_series, header, dates, said):
    rows = [f"{d.year},{d.month},{d.day},{d.hour},{i}" for i, d in enumerate(HOURS)]
    with pytest.raises(ValueError, match=said) as caught:
        own_series([header, *rows], dates=dates)
    assert "one row a date" not in str(caught.value)


@pytest.mark.parametrize(("first", "count"), [(0, 24), (1, 24), (1, 48)])
def test_a_count_of_the_rows_of_a_day_is_pointed_out(own_series, first, count):
    rows = [f"{DAYS[i // count]:%Y-%m-%d},{first + i % count},{i}" for i in range(480)]
    said = 'counted in column "Interval".*date_column="Date,Interval"'
    with pytest.raises(ValueError, match=said) as caught:
        own_series(["Date,Interval,value", *rows], dates="Date")
    assert "several series" not in str(caught.value)
    if count == 24:
        found = own_series(["Date,Interval,value", *rows], dates="Date,Interval")
        hours = pd.date_range(DAYS[0], periods=480, freq="h")
        assert_dates(found.index, hours)


def test_an_hour_beside_a_date_is_pointed_out(own_series):
    rows = [f"{d:%Y-%m-%d},{d.hour},{i}" for i, d in enumerate(HOURS)]
    with pytest.raises(ValueError, match='date_column="date,hour"') as caught:
        own_series(["date,hour,value", *rows])
    assert "one row a date" not in str(caught.value)
    assert_dates(own_series(["date,hour,value", *rows], dates="date,hour").index, HOURS)


def test_one_year_of_excel_numbers_is_no_year_with_its_days(own_series):
    """43101 is 1 January 2018; the 101st day of a year 43 would be to come."""
    lines = ["date,value", *(f"{43101 + i},{i % 7}" for i in range(250))]
    assert own_series(lines).index[0] == pd.Timestamp("2018-01-01")
