"""What to run is checked and listed before anything runs."""

import time
from pathlib import Path
from typing import Any

import pytest

from helpers import parameters
from helpers.book import plans


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["2"], ["02_lstm_cells"]),
        (["03", "01"], ["01_first", "03_lstm_layers"]),
        (["chapters/01_first.md"], ["01_first"]),
        (["fir", "02_l", "1"], ["01_first", "02_lstm_cells"]),
        ([], ["01_first", "02_lstm_cells", "03_lstm_layers"]),
    ],
)
def test_chapters_are_selected_by_number_name_or_beginning(
    book: Path, names: list[str], chosen: list[str]
) -> None:
    assert plans.select(names, book) == chosen


def test_a_sweep_is_every_combination_in_a_folder_of_its_own(book: Path) -> None:
    grid = {"units": ["32", "64"], "colour": ["a/b", "c"]}
    jobs = plans.plan(["1"], {"profile": "quick"}, grid, book)
    assert [job.folder for job in jobs] == [
        "profile=quick,units=32,colour=a%2Fb",
        "profile=quick,units=32,colour=c",
        "profile=quick,units=64,colour=a%2Fb",
        "profile=quick,units=64,colour=c",
    ]
    assert jobs[2].parameters == {"profile": "quick", "units": 64, "colour": "a/b"}


def test_the_same_value_written_twice_is_run_once(book: Path) -> None:
    jobs = plans.plan(["1"], {}, {"units": ["8", "08"]}, book)
    assert [job.parameters for job in jobs] == [{"units": 8}]


def test_a_long_value_gets_a_folder_whose_name_can_exist(book: Path) -> None:
    values = ["x" * 300, "x" * 299 + "y"]
    first, second = plans.plan(["1"], {}, {"colour": values}, book)
    assert first.folder != second.folder
    assert max(len(first.folder), len(second.folder)) < 200


def test_a_parameter_of_another_chapter_is_said_to_be_its(book: Path) -> None:
    source = book / "chapters" / "02_lstm_cells.md"
    before = source.read_text()
    source.write_text(before.replace("mask: bool", "gates: bool"))
    try:
        with pytest.raises(ValueError, match="one of 02_lstm_cells: name that chapter"):
            plans.plan([], {"gates": "true"}, root=book)
        (job,) = plans.plan(["2"], {"gates": "true"}, root=book)
    finally:
        source.write_text(before)
    assert job.parameters == {"gates": True}


def test_ten_thousand_points_are_planned_in_two_seconds(book: Path) -> None:
    numbers = [str(n) for n in range(1, 101)]
    colours = {"units": numbers[:99], "colour": numbers}
    started = time.process_time()
    jobs = plans.plan(["1"], {"profile": "quick"}, colours, book)
    assert len(jobs) == 9_900
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("word", "annotation", "value"),
    [
        ("3", "int", 3),
        ("1e-3", "float", 0.001),
        ("True", "bool", True),
        ("false", "bool", False),
        ("a 'b'", "str", "a 'b'"),
    ],
)
def test_a_word_of_the_shell_is_read_as_its_type(
    word: str, annotation: str, value: Any
) -> None:
    found = plans.convert(word, parameters.Parameter(annotation, None, ""))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("word", "annotation"),
    [
        ("6.5", "int"),
        ("fast", "float"),
        ("2", "bool"),
        ("3", "dict"),
    ],
)
def test_a_word_of_another_type_is_refused(word: str, annotation: str) -> None:
    with pytest.raises(ValueError, match=word[-1]):
        plans.convert(word, parameters.Parameter(annotation, None, ""))
