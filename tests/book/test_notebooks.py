"""The chapters as files: names, source, parameters, digests."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from helpers.book import notebooks
from helpers.files import book_root

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

```{code-cell} ipython3
print(1)
```
"""
PARAMETERS = """profile: str = "full"  # quick or full
rate: float = 1e-3  # of learning, "per # step"
colour: str = "#ff0000"
sizes: list[int] = [3, -4]  # of the layers"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "01_first.md").write_text(CHAPTER % PARAMETERS)
    (tmp_path / "_toc.yml").write_text(
        "root: chapters/index\n"
        "parts:\n"
        "- caption: 02_no_file\n"
        "  chapters:\n"
        "  - file: chapters/02_second\n"
        "    sections: [{file: chapters/03_third}]\n"
        "  - file: chapters/01_first\n"
        "- chapters: [{file: chapters/data}, {url: 'https://example.org/04_x'}]\n"
    )
    return tmp_path


def test_chapters_come_in_the_order_of_the_table_of_contents(book: Path) -> None:
    assert notebooks.chapters(book) == ["02_second", "03_third", "01_first"]


def test_parameters_have_type_default_and_help(book: Path) -> None:
    assert notebooks.parameters("01_first", book) == {
        "profile": ("str", "full", "quick or full"),
        "rate": ("float", 0.001, 'of learning, "per # step"'),
        "colour": ("str", "#ff0000", ""),
        "sizes": ("list[int]", [3, -4], "of the layers"),
    }


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
    (book / "chapters" / "01_first.md").write_text(CHAPTER % line)
    with pytest.raises(ValueError, match='must read "name: type = literal') as caught:
        notebooks.parameters("01_first", book)
    assert line in str(caught.value)


def test_parameters_refuses_a_cell_that_is_not_python(book: Path) -> None:
    (book / "chapters" / "01_first.md").write_text(CHAPTER % "units: int = ")
    with pytest.raises(
        ValueError, match=r"parameters cell of 01_first\.md is not Pyth"
    ):
        notebooks.parameters("01_first", book)


@pytest.mark.parametrize("count", [0, 2])
def test_parameters_wants_exactly_one_cell(book: Path, count: int) -> None:
    text = CHAPTER % PARAMETERS
    text = (
        text.replace("[parameters]", "[other]")
        if count == 0
        else text
        + ("\n```{code-cell} ipython3\n:tags: [parameters]\n\nseed: int = 0\n```\n")
    )
    (book / "chapters" / "01_first.md").write_text(text)
    with pytest.raises(ValueError, match=f'one cell tagged "parameters", not {count}'):
        notebooks.parameters("01_first", book)


def test_a_missing_chapter_is_named(book: Path) -> None:
    with pytest.raises(FileNotFoundError, match="02_second"):
        notebooks.parameters("02_second", book)


def test_cell_ids_are_unique_and_survive_an_insertion(book: Path) -> None:
    before = [cell.id for cell in notebooks.source("01_first", book).cells]
    again = [cell.id for cell in notebooks.source("01_first", book).cells]
    path = book / "chapters" / "01_first.md"
    path.write_text(path.read_text().replace("# A title", "# A title\n\n+++\n\nNew."))
    after = [cell.id for cell in notebooks.source("01_first", book).cells]
    assert before == again
    assert len(set(before)) == len(before) == 4
    assert len(after) == 5
    assert [id for id in after if id in before] == before


def test_digest_is_of_the_code_alone(tmp_path: Path) -> None:
    def digest(*cells: Any) -> str:
        path = tmp_path / "a.ipynb"
        path.write_text(json.dumps({"cells": cells}))
        return notebooks.source_digest(path)

    def code(source: Any, *tags: str, **more: Any) -> dict[str, Any]:
        metadata = {"tags": list(tags)} if tags else {}
        return {"cell_type": "code", "source": source, "metadata": metadata, **more}

    prose = {"cell_type": "markdown", "source": "# Title", "metadata": {}}
    plain = digest(code("a = 1\nb = 2"), code("c"))
    assert digest(prose, code(["a = 1\n", "b = 2"], outputs=[1]), code("c")) == plain
    assert digest(
        code("a = 1\nb = 2"), code("x", "injected-parameters"), code("c")
    ) == (plain)
    assert digest(code("a = 1\nb = 3"), code("c")) != plain
    assert digest(code("a = 1"), code("b = 2"), code("c")) != plain


def test_importable_where_nothing_heavy_is_installed() -> None:
    heavy = {"tensorflow", "keras", "papermill", "dask", "jupytext", "yaml", "numpy"}
    code = (
        f"import sys, helpers.book.notebooks; print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=book_root(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_digest_of_a_chapter_before_it_is_published_is_that_of_its_source(
    book: Path,
) -> None:
    path = book / "chapters" / "01_first.ipynb"
    path.unlink(missing_ok=True)
    before = notebooks.source_digest(path)
    path.write_text(json.dumps(notebooks.source("01_first", book)))
    assert notebooks.source_digest(path) == before
