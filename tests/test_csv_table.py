"""Tables as users have them: encodings, separators, headers, ragged rows."""

import numpy as np
import pandas as pd
import pytest

from helpers import series

DATES = pd.date_range("2018-03-01", periods=40)
VALUES = [3.5 + (7 * i) % 11 for i in range(40)]
ROWS = [f"{date:%Y-%m-%d},{value}" for date, value in zip(DATES, VALUES, strict=True)]


def assert_read(found, values=VALUES):
    np.testing.assert_array_equal(found, values)
    pd.testing.assert_index_equal(found.index, DATES, exact=False, check_names=False)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_encoding_and_any_line_ends_are_read(own_series, encoding, end):
    text = end.join(["date,Zähler (m³)", *ROWS, ""])
    assert_read(own_series(text.encode(encoding), target="Zähler (m³)"))


def test_names_beyond_latin_letters_are_found(own_series):
    for encoding in ("utf-8", "utf-16"):
        text = "\n".join(["date,gCO₂/kWh", *ROWS])
        assert_read(own_series(text.encode(encoding), target=" gCO₂/kWh "))


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_separator_is_recognised_and_said(own_series, capsys, mark):
    assert_read(own_series([line.replace(",", mark) for line in ["date,value", *ROWS]]))
    assert ("cells are separated by" in capsys.readouterr().out) == (mark != ",")


@pytest.mark.parametrize(
    ("header", "target", "row"),
    [
        (["Visits to the pool, by day", "Source: town hall; 2018", "", "date,value"], "value", 4),
        (["# a comment, with commas", "# another", "date,value"], "value", 3),
        (["sep=,", "date,value"], "value", 2),
        ([",Load", "date,MW"], "MW", 2),
        ([",Load", "date,MW"], "Load MW", 1),
        (["date,Load", ",MW"], "Load", None),
        (["date,Load", ",m3/h"], "Load", None),
        (["Price,Close", "Ticker,ABC", "date,"], "Close", 1),
    ],
)  # fmt: skip
def test_a_header_may_stand_below_other_lines_or_take_several(
    own_series, capsys, header, target, row
):
    assert_read(own_series([*header, *ROWS], target=target))
    said = f"the table begins in row {row}"
    assert (
        said if row else "the table begins"
    ) in capsys.readouterr().out or row is None


def test_a_group_of_names_holds_for_the_columns_below_it(own_series):
    rows = [f"{row},{i},{-i}" for i, row in enumerate(ROWS)]
    found = own_series([",in,out,", "date,kW,kW,kWh", *rows], target="out kW")
    np.testing.assert_array_equal(found, range(40))


@pytest.mark.parametrize(
    "name", ["Global active (kW)", "a, b", 'the "new" one', "0", "2018"]
)
def test_names_with_blanks_brackets_and_quotation_marks_are_read(own_series, name):
    quoted = name.replace('"', '""')
    assert_read(own_series([f'"date" , "{quoted}"', *ROWS], target=name))


def test_names_may_have_blanks_around_them(own_series):
    assert_read(own_series(["  date ,value  ", *ROWS], dates="date ", target=" value"))


@pytest.mark.parametrize("header", [",date,value", '"","date","value"', "date,value"])
def test_a_column_of_row_numbers_needs_no_name(own_series, header):
    assert_read(own_series([header, *(f"{i},{row}" for i, row in enumerate(ROWS, 1))]))


@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
def test_dates_may_stand_in_a_column_without_a_name(own_series, name):
    assert_read(own_series([",value", *ROWS], dates=name))


@pytest.mark.parametrize("header", ["date,value", "date,value,,"])
def test_separators_at_the_ends_of_rows_do_no_harm(own_series, header, capsys):
    assert_read(own_series([header, *(f"{row},," for row in ROWS), ",,,"]))
    said = "4 cells a row under a header of 2" in capsys.readouterr().out
    assert said == (header == "date,value")


def test_blank_lines_do_not_shift_the_numbers_of_rows(own_series):
    lines = [
        "date,value",
        "",
        *ROWS[:5],
        "",
        "",
        f"{DATES[5]:%Y-%m-%d},many",
        *ROWS[6:],
    ]
    with pytest.raises(ValueError, match=r'mine\.csv, row 10, column "value".*many'):
        own_series(lines)


def test_a_cell_may_hold_several_lines(own_series):
    rows = [f'{row},"one\ntwo, three"' for row in ROWS]
    assert_read(own_series(["date,value,note", *rows]))
    with pytest.raises(ValueError, match="row 4"):
        own_series(["date,value,note", rows[0], "2018-03-02,x,", *rows[2:]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (["date,value", "2018-03-01,1", "Mar 2, 2018,1"], "row 3: 3 cells under a header of 2; a cell with commas"),
        (["date;value", "2018-03-01;1;9"], "row 2: 3 cells under a header of 2; a cell with semicolons"),
        (["date, value,value", *ROWS], 'has 2 columns "value"'),
        (["DATE,value", *ROWS], 'did you mean "DATE"'),
        (["Date,value", *ROWS], r'no column "date" \(date_column\); it has \'Date\', \'value\'; did you mean "Date"'),
        (["date;Values", *ROWS], r'no column "value" \(target_column\); .*did you mean "Values"'),
        (["date,value", *ROWS[:5], '2018-03-06,"4', *ROWS[6:]], "after row 6 quotation marks do not pair"),
        (["date,value,", *(f"{row},5" for row in ROWS)], "row 2: '5' stands behind '.*' .*decimal comma"),
        (["date,value,,x", *(f"{row},5,1" for row in ROWS)], "row 2: '5' stands behind '.*' .*decimal comma"),
        (["date value", *(row.replace(",", " ") for row in ROWS)], "cells may be separated by commas, semicolons, tabs, bars only"),
        (["date^value", *(row.replace(",", "^") for row in ROWS)], "cells may be separated by commas"),
        (["date,value", *(f"{row[:10]}," for row in ROWS)], 'column "value" holds no number'),
        (["date;value", *ROWS], 'mine.csv.*column "(value|date)"'),
        ("", "mine.csv is empty"),
        ("\n\n", "mine.csv is empty"),
        ("date,value\n", "mine.csv has 0 rows"),
        (b"PK\x03\x04\x00\x00\x08\x00\x00\x00", "is not a file of text"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_one_sentence(own_series, content, message):
    with pytest.raises(ValueError, match=message) as caught:
        own_series(content)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(own_series, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no file "nowhere\.csv"'):
        series.read_series("nowhere.csv", "date", "value")
    with pytest.raises(FileNotFoundError, match="no file"):
        series.read_series(tmp_path, "date", "value")
