"""Numbers as text: decimal signs, thousands, units, and marks of missing values."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from helpers.columns import Column, first_row, shown

# pandas' own marks, in small letters, and what meters and statistical offices write.
MISSING = {
    "", "na", "n/a", "#na", "#n/a", "#n/a n/a", "<na>", "nan", "-nan", "null", "none",
    "?", "-", "--", "---", ".", "..", "...", "…", ":", "*", "missing", "nil", "nd",
}  # fmt: skip
SENTINEL = re.compile(
    r"-(200|9{2,6}|9{2,4}[.,]9{1,3})([.,]0+)?|9{3,6}([.,]9{1,3}|[.,]0+)?"
)
DASHES = "[‐‑‒–—―−﹘﹣－\x96\x97]"
FRACTIONS = "¼-¾⅐-⅟↉"
LETTER = rf"[^\W\d_²³¹⁰-⁹{FRACTIONS}]"
PARTS = (  # a unit holds no digit but one right behind a letter, as in m3
    rf"^(?P<before>[^\d.,~<>≤≥≈±{FRACTIONS}]*)"
    r"(?P<number>(?:\d(?:[\d.,'’_\s]*\d)?|[.,]\d+)[.,]?(?:e[+-]?\d+)?)"
    rf"(?P<after>\s*(?:{LETTER}|[%°€$£¥*/])"
    rf"(?:(?<={LETTER})\d(?!\d)|[^\d{FRACTIONS}])*)?$"
)


def read_numbers(column: Column, separator: str) -> tuple[pd.Series, list[str]]:
    """Read a column of numbers, and say what was taken for what.

    A unit must be the same in all cells. With commas alone, three digits after each are
    thousands, unless cells are separated by something else than commas. Numbers such as
    -200 or -999 are missing values where they are repeated and far from all others.

    Parameters
    ----------
    separator : what stands between the cells of the file.

    Returns
    -------
    values : float64, NaN where one is missing, by the row in the file; notes : lines.

    Raises
    ------
    ValueError
        A cell that is no number, an infinity; the message names row and column.

    Introduced in chapter 5.
    """
    text = column.text.str.replace(DASHES, "-", regex=True)
    marks = text[text.str.lower().isin(MISSING)]
    given = text.drop(marks.index)
    if given.empty:
        raise ValueError(f'{column.file}, column "{column.name}" holds no number')
    values = pd.to_numeric(given, errors="coerce").astype("float64")
    notes: list[str] = []
    if separator != "," and _is_grouped(given, ".", "").all():
        notes = [_told(column, given, values)]  # could be thousands: 1.250
    if values.isna().any() or _groups(column, given, separator) == ".":
        values = _unusual(column, given, separator)
        notes = [_told(column, given, values)]
    infinite = values.abs() == np.inf
    if infinite.any():
        row = first_row(infinite)
        count = f"({int(infinite.sum())} such in all)"
        raise column.wrong(row, f"{shown(text[row])} is no finite number {count}")
    sentinels = _sentinels(given, values)
    marks = pd.concat([marks, given[sentinels]])
    if len(marks):
        counts = marks.replace("", "nothing").value_counts()
        said = ", ".join(f"{mark} ({count})" for mark, count in counts.items())
        where = f'{column.file}, column "{column.name}", from row {marks.index.min()}'
        notes.append(f"{where}: taken as missing: {said}")
    return values.mask(sentinels).reindex(text.index), notes


def _told(column: Column, given: pd.Series, values: pd.Series) -> str:
    row = first_row(values.abs() == values.abs().max())
    note = f"{shown(given[row])} is read as {values[row]:.10g}, and so on"
    return f'{column.file}, column "{column.name}": {note}'


def _unusual(column: Column, given: pd.Series, separator: str) -> pd.Series:
    """Numbers with units, decimal commas or thousands separators."""
    plain = given.str.replace(r"^\((.*)\)$", r"-\1", regex=True)
    plain = plain.str.replace(r"(?i)(\d\.?)d(?=[+-]\d+$)", r"\1e", regex=True)
    parts = plain.str.extract(PARTS, flags=re.IGNORECASE).fillna("")
    signs = parts["before"].str.contains("-").map({True: "-", False: ""})
    units = parts["before"].str.replace(r"[-+]", "", regex=True) + parts["after"]
    units = units.str.strip()
    numbers = parts["number"].str.replace(r"[\s'’_](?=\d{3}(?!\d))", "", regex=True)
    if groups := _groups(column, numbers, separator):
        decimals = r"(?:\.\d*)?" if groups == "," else r"(?:,\d*)?"
        fitting = numbers.where(
            ~_has(numbers, groups) | _is_grouped(numbers, groups, decimals)
        )
        numbers = fitting.str.replace(groups, "").str.replace(",", ".")
    else:
        numbers = numbers.str.replace(",", ".")
    values = pd.to_numeric(signs + numbers, errors="coerce").astype("float64")
    infinite = pd.to_numeric(given, errors="coerce")
    values = values.fillna(infinite.where(infinite.abs() == np.inf))
    unit = str(units.mode().get(0, ""))
    bad = values.isna() | (units != unit)
    if bad.any():
        row = first_row(bad)
        expected = f'a number with the unit "{unit}"' if unit else "a number"
        raise column.wrong(
            row,
            f"expected {expected}, found {shown(given[row])} ({int(bad.sum())} such in "
            "all); mend them or cut the series",
        )
    return values


def _has(numbers: pd.Series, sign: str) -> pd.Series:
    return numbers.str.contains(sign, regex=False)


def _is_grouped(numbers: pd.Series, sign: str, decimals: str) -> pd.Series:
    """Whether `sign` parts groups of three digits in front of perhaps some decimals."""
    sign = re.escape(sign)
    whole = rf"[+-]?(?:[1-9]\d{{0,2}}|0(?={sign}000))(?:{sign}\d{{3}})+"
    return numbers.str.fullmatch(whole + decimals)


def _groups(column: Column, numbers: pd.Series, separator: str) -> str:
    """The sign that parts thousands, or nothing; a sign alone needs some evidence.

    Whole numbers below 1,000 are none: 20.037 and 21 may be decimals or thousands.
    """
    commas, points = _has(numbers, ","), _has(numbers, ".")
    for cell in numbers[commas & points][:1]:
        return max(",.", key=lambda sign: -cell.rindex(sign))
    short = numbers[~commas & ~points].str.fullmatch(r"[+-]?\d{1,3}")
    mixed = separator != "," and len(short) > 0 and bool(short.all())
    for sign, cells, others in ((",", commas, points), (".", points, commas)):
        if cells.any() and _is_grouped(numbers[cells], sign, "").all():
            twice = (numbers[cells].str.count(re.escape(sign)) > 1).any()
            if sign == separator or others.any() or twice:
                return sign
            if mixed:
                row = first_row(cells)
                cell = numbers[row]
                raise column.wrong(
                    row,
                    f"{shown(cell)} may be {cell.replace(sign, '')} or "
                    f"{cell.replace(sign, '.')}, as whole numbers stand beside it; "
                    "write all numbers with decimals, or without a mark for thousands",
                )
    return ""


def _sentinels(given: pd.Series, values: pd.Series) -> pd.Series:
    """Values such as -999 that are repeated and lie far outside all others."""
    coded = given.str.fullmatch(SENTINEL)
    low, high = values[~coded].min(), values[~coded].max()
    far = (values < low) & ((low >= 0) | (low - values > high - low))
    far |= values - high > high - low
    return coded & far & (values.groupby(values).transform("size") > 1)
