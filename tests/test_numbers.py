"""Numbers as users have them: signs, units, and marks of what is missing."""

import re

import numpy as np
import pandas as pd
import pytest

from helpers.columns import Column
from helpers.numbers import read_numbers


def read(cells, separator=","):
    rows = range(2, len(cells) + 2)
    column = Column("mine.csv", "load", pd.Series(cells, rows, dtype=str))
    return read_numbers(column, separator)


@pytest.mark.parametrize(
    ("cells", "separator", "values"),
    [
        (["1", "-2", "+3"], ",", [1, -2, 3]),
        (["1e12", "2.5E-9", "-.5", "7."], ",", [1e12, 2.5e-9, -0.5, 7]),
        (["1,5", "2", "-0,25"], ";", [1.5, 2, -0.25]),
        (["1,5", "2,25"], ",", [1.5, 2.25]),
        (["0,125", "1,250"], ",", [0.125, 1.25]),
        (["1,250", "2,375"], ";", [1.25, 2.375]),
        (["1,250", "2,375"], ",", [1250, 2375]),
        (["950", "1,250", "12,000,000"], ",", [950, 1250, 12e6]),
        (["1,250.5", "950.25"], ",", [1250.5, 950.25]),
        (["1.250,5", "950,25"], ";", [1250.5, 950.25]),
        (["1.250.000", "950"], ";", [1250000, 950]),
        (["950", "1.250", "2.000,5"], ";", [950, 1250, 2000.5]),
        (["950", "1.250", "2000"], ";", [950, 1.25, 2000]),
        (["1.250", "2.375"], ";", [1.25, 2.375]),
        (["1.250", "950", "2.5"], ";", [1.25, 950, 2.5]),
        (["1 250", "2 000 000,5"], ";", [1250, 2000000.5]),
        (["1\u00a0250,5", "950,0"], ";", [1250.5, 950]),
        (["1\u202f250", "950"], ";", [1250, 950]),
        (["1'250.5", "950"], ",", [1250.5, 950]),
        (["12 %", "7.5%"], ",", [12, 7.5]),
        (["$1,250.50", "$950.00"], ",", [1250.5, 950]),
        (["-$5", "$7", "($8)"], ",", [-5, 7, -8]),
        (["1.250,50 €", "-3,00 €"], ";", [1250.5, -3]),
        (["5 kWh", "1.5e3 kWh"], ",", [5, 1500]),
        (["5 m3", "6 m3"], ",", [5, 6]),
        *[([f"{dash}5", "6"], ",", [-5, 6]) for dash in "−‐–－\x96"],
        (["–5 °C", "6 °C"], ",", [-5, 6]),
        (["5 m²", "6 m²"], ",", [5, 6]),
        (["5 gCO2/m3", "6 gCO2/m3"], ",", [5, 6]),
        (["7.5D+02", "-1.D-01"], ",", [750, -0.1]),
    ],
)
def test_numbers_are_read_as_they_are_written(cells, separator, values):
    np.testing.assert_allclose(read(cells, separator)[0], values)


@pytest.mark.parametrize(
    "cell", ["", "?", "NA", "N/A", "null", "nan", "NaN", "None", "-", ".", "#N/A", ".."]
)
def test_marks_of_missing_values_are_counted_and_named(cell):
    values, notes = read(["1", cell, "2", cell, "3"])
    assert list(np.isnan(values)) == [False, True, False, True, False]
    assert notes == [
        f'mine.csv, column "load", from row 3: taken as missing: {cell or "nothing"} (2)'
    ]


@pytest.mark.parametrize(
    ("cells", "missing"),
    [
        (["2.5", "-200", "1479", "-200", "8"], 2),
        (["-5", "-999", "20", "-999.0", "8"], 2),
        (["-5", "-9999", "20", "-9999", "8"], 2),
        (["5", "99999", "20", "99999", "8"], 2),
        (["2,5", "-200", "1,5", "-200", "8"], 2),
        (["2.5", "-200", "1479", "8"], 0),  # once
        (["-250", "-200", "-180", "-200", "8"], 0),  # among the others
        (["950", "999", "1200", "999", "8"], 0),
        (["-150", "-200", "10", "-200", "8"], 0),  # near others
        (["-7", "-70", "10", "-70", "8"], 0),  # no code
    ],
)
def test_codes_are_missing_where_they_repeat_far_from_all_others(cells, missing):
    values, notes = read(cells, ";")
    assert values.isna().sum() == missing
    assert any("taken as missing: " in note for note in notes) == (missing > 0)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["1", "many", "2"], "row 3, column \"load\": expected a number, found 'many'"),
        (["1", "2020-01-05"], "row 3.*found '2020-01-05'"),
        (["1", "12:30"], "row 3.*found '12:30'"),
        (["1.5", "1.2.3"], "row 3.*found '1.2.3'"),
        (["1", "2", "True"], "row 4.*found 'True'"),
        (["5 kW", "6 kW", "7 MW"], "row 4.*with the unit \"kW\", found '7 MW'"),
        (["1", "inf"], "row 3.*'inf' is no finite number"),
        (["1,5", "-inf"], "row 3.*'-inf' is no finite number"),
        (["1", "1e999"], "row 3.*no finite number"),
        (["1.250,5", "12.5"], "row 3.*found '12.5'"),
        (["1", "#DIV/0!"], "row 3.*found '#DIV/0!'"),
        *[([cell] * 3, f"row 2.*found '{re.escape(cell)}'") for cell in ("~5", "<5", ">5 mg", "7h30", "6 ft 6 in", "300x10^3", "7½", "7 ½", "½", "7/10")],
        (["", "NA"], 'column "load" holds no number'),
        (["1", "x" * 5000], "row 3.*found 'x{40}…'"),
    ],
)  # fmt: skip
def test_a_cell_that_is_no_number_is_named(cells, message):
    with pytest.raises(ValueError, match=f"mine.csv, {message}"):
        read(cells)


@pytest.mark.parametrize(
    ("cells", "separator", "row", "both"),
    [
        (["20.037", "20.074", "21"], "\t", 2, "20037 or 20.037"),
        (["950", "1,250", "2,000"], ";", 3, "1250 or 1.250"),
        (["5 kg", "1.250 kg"], ";", 3, "1250 or 1.250"),
    ],
)
def test_three_digits_behind_a_mark_beside_whole_numbers_are_not_guessed(
    cells, separator, row, both
):
    with pytest.raises(ValueError, match=f"row {row}, .* may be {both}, as whole"):
        read(cells, separator)


def test_how_a_number_is_read_is_said():
    assert read(["1,5", "2,5"], ";")[1] == [
        "mine.csv, column \"load\": '2,5' is read as 2.5, and so on"
    ]
    assert "is read as 2.375, and so on" in read(["1.250", "2.375"], ";")[1][0]
    assert read(["1", "2"])[1] == read(["1.250", "2.375"])[1] == []
