"""A parameters cell says what may be given; whatever else is given is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from helpers import parameters
from helpers.values import check

CHAPTER = """---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
jupytext:
  text_representation:
    format_name: myst
---

# A title

```{code-cell} ipython3
:tags: [parameters]

%s
```

```{code-cell} ipython3
print(1)
```
"""
LINES = """profile: str = "full"  # quick or full
rate: float = 1e-3  # of learning, "per # step"; above 0, at most 0.5
colour: str = "#ff0000"
units: int = 32  # at least as many as inputs, below a thousand; at least 1, below 1e3
seed: int = 0  # first one; each run adds one; at least 0, at most 4_000_000_000
shift: int = 0  # in steps; at least -3
mask: bool = False  # hide zeros
series_csv: str = ""  # your own series; a CSV file
column: str = "date"  # its column of dates; needs series_csv"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "01_first.md").write_text(CHAPTER % LINES)
    return tmp_path


def written(book: Path, text: str) -> dict[str, parameters.Parameter]:
    (book / "chapters" / "01_first.md").write_text(text)
    return parameters.read("01_first", book)


def test_parameters_have_type_default_and_help(book: Path) -> None:
    found = parameters.read("01_first", book)
    assert list(found)[:3] == ["profile", "rate", "colour"]
    assert found["profile"] == ("str", "full", "quick or full")
    assert found["colour"] == ("str", "#ff0000", "")
    lines = 'rate: float = 1e-3  # of learning, "per # step"'
    rate = ("float", 0.001, 'of learning, "per # step"')
    assert written(book, CHAPTER % lines) == {"rate": rate}


@pytest.mark.parametrize(
    "line",
    [
        "units = 3",
        "units: int",
        "twice: int = 2 * seed",
        "print(1)",
        "a.b: int = 1 + a",
    ],
)
def test_parameters_refuses_a_line_that_is_no_typed_literal(
    book: Path, line: str
) -> None:
    with pytest.raises(ValueError, match='must read "name: type = literal') as caught:
        written(book, CHAPTER % line)
    assert line in str(caught.value)


def test_parameters_refuses_a_cell_that_is_not_python(book: Path) -> None:
    with pytest.raises(
        ValueError, match=r"parameters cell of 01_first\.md is not Pyth"
    ):
        written(book, CHAPTER % "units: int = ")


@pytest.mark.parametrize("count", [0, 2])
def test_parameters_wants_exactly_one_cell(book: Path, count: int) -> None:
    text = CHAPTER % LINES
    text = (
        text.replace("[parameters]", "[other]")
        if count == 0
        else text
        + ("\n```{code-cell} ipython3\n:tags: [parameters]\n\nseed: int = 0\n```\n")
    )
    with pytest.raises(ValueError, match=f'one cell tagged "parameters", not {count}'):
        written(book, text)


def test_a_missing_chapter_is_named(book: Path) -> None:
    with pytest.raises(FileNotFoundError, match="02_second"):
        parameters.read("02_second", book)


@pytest.mark.parametrize(
    "options",
    [
        ":tags: [hide-input, parameters]\n",
        ":tags: [parameters]\n:mystnb: {image: {alt: none}}\n",
        "---\ntags: [parameters]\nmystnb:\n  image: {alt: none}\n---\n",
        "---\nmystnb:\n  image: {alt: none}\ntags:\n- hide-input\n- parameters\n---\n",
    ],
)
def test_the_parameters_cell_is_known_by_its_tag_however_that_is_written(
    book: Path, options: str
) -> None:
    text = CHAPTER % "units: int = 3"
    found = written(book, text.replace(":tags: [parameters]\n", options))
    assert found == {"units": ("int", 3, "")}


def test_another_tag_that_ends_alike_is_another_tag(book: Path) -> None:
    text = CHAPTER % "units: int = 3"
    with pytest.raises(ValueError, match='tagged "parameters", not 0'):
        written(book, text.replace("[parameters]", "[injected-parameters]"))


def test_rules_stand_after_a_semicolon_and_prose_holds_none(book: Path) -> None:
    found = parameters.read("01_first", book)
    assert found["units"].bounds == {"at least": 1, "below": 1000}
    assert found["rate"].bounds == {"above": 0, "at most": 0.5}
    assert found["shift"].bounds == {"at least": -3}
    assert found["series_csv"].is_file
    assert not found["column"].is_file
    assert found["column"].needs == "series_csv"
    assert found["mask"].rules == []


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("at least one", 'cannot read the rule "at least one"'),
        ("at least 1 and at most 3", 'cannot read the rule "at least 1 and'),
        ("at most 4,000", 'cannot read the rule "at most 4,000"'),
        ("needs seeed", "it needs seeed, which is not there"),
    ],
)
def test_a_rule_that_would_never_be_applied_is_refused(
    book: Path, rule: str, message: str
) -> None:
    with pytest.raises(ValueError, match=f'parameter "n" of 01_first.md: {message}'):
        written(book, CHAPTER % f"n: int = 2  # how many; {rule}")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"profile": "quick", "rate": 0.5, "units": 999, "mask": True},
        {"rate": 1e-300, "seed": 4_000_000_000, "shift": -3},
        {"colour": 'say "hi" ; at least 3', "column": "date"},
    ],
)
def test_values_that_fit_are_taken(book: Path, values: dict[str, Any]) -> None:
    check("01_first", values, book)


def test_a_whole_number_will_do_for_a_float(book: Path) -> None:
    text = CHAPTER % "rate: float = 1.0  # of learning; at most 5"
    written(book, text)
    check("01_first", {"rate": 3}, book)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("unit", 3, 'no parameter "unit"; did you mean "units"?; it has profile, rate'),
        ("xyz", 3, 'no parameter "xyz"; it has profile, rate'),
        ("units", 6.5, '"units" of 01_first must be int, such as 32, not 6.5'),
        ("units", True, "must be int, such as 32, not True"),
        ("units", "3", 'must be int, such as 32, not "3"'),
        ("units", None, "must be int, such as 32, not None"),
        ("rate", False, "must be float, such as 0.001, not False"),
        ("rate", float("nan"), "must be a finite number, not nan"),
        ("rate", float("inf"), "must be a finite number, not inf"),
        ("mask", 1, "must be bool, such as False, not 1"),
        ("colour", None, 'must be str, such as "#ff0000", not None'),
        ("units", 0, "must be at least 1 and below 1,000, not 0"),
        ("units", 1000, "must be at least 1 and below 1,000, not 1000"),
        ("rate", 0, "must be above 0 and at most 0.5, not 0"),
        ("rate", 0.51, "must be above 0 and at most 0.5, not 0.51"),
        ("seed", 2**32, "must be at least 0 and at most 4,000,000,000, not 4294967296"),
        ("shift", -4, "must be at least -3, not -4"),
        ("profile", "fulll", 'full or quick, not "fulll"; did you mean "full"?'),
        ("profile", 'a "b"\n', r'must be full or quick, not "a \"b\"\n"'),
        ("column", "day", "has a meaning only together with series_csv, which is not"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_is_possible(
    book: Path, name: str, value: Any, message: str
) -> None:
    with pytest.raises(ValueError, match="01_first") as caught:
        check("01_first", {name: value}, book)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["units", "profile", "x" * 5000])
def test_a_long_value_is_shortened(book: Path, name: str) -> None:
    with pytest.raises(ValueError, match="…") as caught:
        check("01_first", {name: "abc " * 2000}, book)
    assert len(str(caught.value)) < 300


def test_a_file_must_be_there_in_the_folder_the_run_starts_in(book: Path) -> None:
    (book / "here").mkdir()
    (book / "here" / "my series.csv").write_text("")
    values = {"series_csv": "my series.csv", "column": "day"}
    check("01_first", values, book, folder=book / "here")
    absolute = {"series_csv": str(book / "here" / "my series.csv")}
    check("01_first", absolute, book)
    path = json.dumps(str(book / "my series.csv"))
    with pytest.raises(ValueError, match="names no file: there is no ") as caught:
        check("01_first", values, book, folder=book)
    assert str(caught.value).endswith(path)


@pytest.mark.parametrize("name", ["~nobody-of-this-name/x.csv", "a\0b", "x" * 5000])
def test_a_path_that_no_system_takes_is_no_file(book: Path, name: str) -> None:
    with pytest.raises(ValueError, match="names no file"):
        check("01_first", {"series_csv": name}, book)


def test_the_chapters_of_this_book_take_their_own_defaults() -> None:
    folder = parameters.book_root() / "chapters"
    names = [path.stem for path in folder.glob("[0-9][0-9]_*.md")]
    assert names
    for name in names:
        found = parameters.read(name)
        check(name, {key: value.default for key, value in found.items()})


def numbers_of_this_book() -> list[tuple[str, str]]:
    folder = parameters.book_root() / "chapters"
    return [
        (path.stem, name)
        for path in sorted(folder.glob("[0-9][0-9]_*.md"))
        for name, parameter in parameters.read(path.stem).items()
        if parameter.type in ("int", "float")
    ]


@pytest.mark.parametrize(("chapter", "name"), numbers_of_this_book())
def test_no_number_of_this_book_can_be_of_another_kind_or_without_end(
    chapter: str, name: str
) -> None:
    parameter = parameters.read(chapter)[name]
    wrong = [float("nan"), float("inf"), "1", None, True, [1], 10**30, -(10**30)]
    wrong += [6.5] if parameter.type == "int" else []
    wrong += [0 if "above" in parameter.bounds else min(parameter.bounds.values()) - 1]
    for value in wrong:
        with pytest.raises(ValueError, match=f'^parameter "{name}" of {chapter} must'):
            check(chapter, {name: value})
