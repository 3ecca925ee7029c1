"""Whatever is changed by hand after a chapter was published is found, at once."""

import copy
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpers.book import manifest, notebooks
from helpers.book.contracts import Chapter, shows_image
from helpers.files import book_root

ROOT = book_root()
CHAPTERS = notebooks.chapters()


@pytest.fixture(scope="module")
def published() -> Callable[..., Chapter]:
    chapters = {name: Chapter.read(name, ROOT) for name in CHAPTERS}
    return lambda name=CHAPTERS[0]: copy.deepcopy(chapters[name])


def faults(chapter: Chapter, root: Path = ROOT) -> list[str]:
    return list(manifest.faults(chapter.notebook, chapter.results, root))


def replace_output(chapter: Chapter, pattern: str, new: str) -> None:
    """Change the first printed text that the pattern fits, in an unmarked cell."""
    for cell in notebooks.code_cells(chapter.notebook):
        for output in cell.outputs:
            text = output.get("text", "")
            if "nbval-check-output" not in notebooks.tags(cell) and re.search(
                pattern, text
            ):
                output.text = re.sub(pattern, new, text, count=1)
                return
    raise LookupError(f"no output to forge: {pattern}")


def swap_pictures(chapter: Chapter) -> None:
    cells = notebooks.code_cells(chapter.notebook)
    one, two = [cell for cell in cells if shows_image(cell)][:2]
    one.outputs, two.outputs = two.outputs, one.outputs


def metrics(chapter: Chapter) -> dict[str, list[float]]:
    return chapter.results["metrics"]


def several(chapter: Chapter) -> list[float]:
    """The figures of a metric of more than one run."""
    return next(values for values in metrics(chapter).values() if len(values) > 1)


FORGERIES: dict[str, Callable[[Chapter], Any]] = {
    "a printed figure": lambda c: replace_output(c, r"\d\.\d", "9.9"),
    "one picture put for another": swap_pictures,
    "an output taken out": lambda c: next(x for x in notebooks.code_cells(c.notebook) if x.outputs).update(outputs=[]),
    "a metric moved a little": lambda c: several(c).__setitem__(0, several(c)[0] * 1.0001),
    "a metric deleted": lambda c: metrics(c).popitem(),
    "three runs cut to one": lambda c: several(c).__delitem__(slice(1, None)),
    "a claim put for another": lambda c: c.results["claims"].__setitem__(0, "a/b > 1"),
    "claims cut to one": lambda c: c.results["claims"].__delitem__(slice(1, None)),
    "another version": lambda c: c.results["environment"].update(keras="9.9.9"),
    "another time": lambda c: c.results["seconds"].update(total=1.0),
    "another code": lambda c: notebooks.code_cells(c.notebook)[5].update(source="1"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_chapter_is_as_it_was_published_and_that_takes_no_time(name: str) -> None:
    manifest.of_chapter(name)  # files are read from the disk once
    started = time.process_time()
    assert manifest.of_chapter(name) == []
    assert time.process_time() - started < 1


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_found(published: Callable[..., Chapter], forgery: str) -> None:
    chapter = published()
    FORGERIES[forgery](chapter)
    assert faults(chapter) != []


def test_the_bootstrap_cell_may_change(published: Callable[..., Chapter]) -> None:
    chapter = published()
    notebooks.code_cells(chapter.notebook)[0].source += "\n1 + 1"
    assert faults(chapter) == []


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "helpers", tmp_path / "helpers")
    return tmp_path


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("training", "one.assign(other)", "one.assign(0 * other)"),
        ("synthetic", "range(30)", "range(3)"),
        ("series", "ridge * len(x)", "9 * ridge * len(x)"),
        ("report", ".12g", ".2g"),
    ],
)
def test_a_helper_changed_after_publication_is_found(
    copied: Path, module: str, old: str, new: str
) -> None:
    path = copied / "helpers" / f"{module}.py"
    assert old in path.read_text(), f"the forgery is out of date: no {old}"
    path.write_text(path.read_text().replace(old, new))
    found = [
        name
        for name in CHAPTERS
        for fault in faults(Chapter.read(name, ROOT), copied)
        if fault.startswith(f"helpers/{module}.py changed")
    ]
    assert found


def test_comments_docstrings_and_blank_lines_of_a_helper_may_change(
    copied: Path, published: Callable[..., Chapter]
) -> None:
    path = copied / "helpers" / "report.py"
    text = path.read_text().replace(
        '"""What a chapter', '"""Some words.\n\nWhat a chapter'
    )
    path.write_text("# A comment.\n" + text.replace("\n\n\n", "\n\n\n\n  # more\n"))
    assert faults(published(), copied) == []


def test_a_notebook_without_a_manifest_is_not_published(
    published: Callable[..., Chapter],
) -> None:
    chapter = published()
    del chapter.results["manifest"]
    assert faults(chapter) == ["there is no manifest: make publish"]
