"""The formats in which one written date may be read."""

from __future__ import annotations

import calendar
import re

# Digits by their number: Y four, n one or two; b the name of a month. Day, month and
# year in any order that is in use somewhere.
ORDERS = {
    "Ynn": ["Ymd"],
    "nnY": ["dmY", "mdY"],
    "nnn": ["dmy", "mdy", "ymd"],
    "nbY": ["dbY"],
    "bnY": ["bdY"],
    "Ybn": ["Ybd"],
    "nbn": ["dby", "ybd"],
    "bnn": ["bdy"],
    "Yn": ["Ym"],
    "nY": ["mY"],
    "nn": ["my", "ym"],
    "bY": ["bY"],
    "Yb": ["Yb"],
    "bn": ["by"],
    "nb": ["yb"],
    "Y": ["Y"],
}
KINDS = set("Ynb")
RUNS = {
    6: ["Ym", "ymd", "dmy", "mdy"],
    8: ["Ymd"],
    10: ["YmdH"],
    12: ["YmdHM"],
    14: ["YmdHMS"],
}
MONTHS = [name.lower() for name in calendar.month_abbr[1:]]
WEEKDAYS = [name.lower() for name in calendar.day_abbr]
WORDS = {"m", "t", "of", "at", "on"}  # others would turn week 5 into a month
CLOCK = re.compile(
    r"(?P<gap>[T ,;:_-]+)\d\d?"
    r"(?:(?P<mark>[:.h])\d\d(?:(?P<second>[:.])\d\d(?P<part>[.,]\d+)?)?)?"
    r"(?P<half> ?[AP]M)?$",
    re.IGNORECASE,
)


def of(example: str) -> list[str]:
    """All formats that a date with or without a time may have; perhaps none fits.

    Introduced in chapter 5.
    """
    found = [form for form, _ in _of_date(example)]
    if clock := CLOCK.search(example):
        for date, parts in _of_date(example[: clock.start()]):
            # An hour alone could as well be the year of "5 Jan 20".
            if parts == 3 or clock["mark"] or clock["half"]:
                found.append(date + _of_clock(clock))
    if "may" in example.lower():  # a whole name and a short one
        found += [form.replace("%b", "%B") for form in found]
    return found


def _of_date(text: str) -> list[tuple[str, int]]:
    """Formats of a date, and how many parts it has."""
    if text.isdecimal() and len(text) in RUNS:
        runs = RUNS[len(text)]
        return [("".join(f"%{part}" for part in run), len(run)) for run in runs]
    tokens = re.findall(r"\d+|[A-Za-z]+|[^A-Za-z\d]+", text)
    kinds = [_kind(token) for token in tokens]
    key = "".join(kinds).replace("a", "")
    found = []
    for order in ORDERS.get(key, []):
        letters = iter(order)
        written = [
            _directive(token, next(letters) if kind in KINDS else kind)
            for token, kind in zip(tokens, kinds, strict=True)
        ]
        found.append(("".join(written), len(order)))
    return found


def _kind(token: str) -> str:
    word = token.lower()
    if token.isdecimal():
        return {1: "n", 2: "n", 4: "Y"}.get(len(token), "x")
    if word[:3] in MONTHS:
        return "b"
    if word[:3] in WEEKDAYS:
        return "a"
    return "x" if word.isalpha() and word not in WORDS else ""


def _directive(token: str, letter: str) -> str:
    if letter in ("a", "b"):
        return f"%{letter if len(token) == 3 else letter.upper()}"
    return f"%{letter}" if letter else token.replace("%", "%%")


def _of_clock(clock: re.Match[str]) -> str:
    found = clock["gap"] + ("%I" if clock["half"] else "%H")
    if clock["mark"]:
        found += f"{clock['mark']}%M"
    if clock["second"]:
        found += f"{clock['second']}%S"
    if clock["part"]:
        found += f"{clock['part'][0]}%f"
    if clock["half"]:
        found += " %p" if clock["half"].startswith(" ") else "%p"
    return found
