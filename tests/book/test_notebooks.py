"""The chapters as files: names, source, parameters, digests."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from helpers.book import notebooks
from helpers.files import book_root
from tests.test_parameters import CHAPTER, LINES

AGAIN = "\n```{code-cell} ipython3\nprint(1)\n```\n"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "01_first.md").write_text(CHAPTER % LINES + AGAIN)
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


def test_a_missing_chapter_is_named(book: Path) -> None:
    with pytest.raises(FileNotFoundError, match="02_second"):
        notebooks.source("02_second", book)


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


def test_code_is_of_the_cells_that_make_a_run_what_it_is() -> None:
    def code(*cells: Any) -> list[str]:
        return notebooks.code(nbformat.v4.new_notebook(cells=list(cells)))

    def cell(source: str, *tags: str, **more: Any) -> Any:
        return nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)}, **more)

    prose = nbformat.v4.new_markdown_cell("# Title")
    printed = [nbformat.v4.new_output("stream", text="x")]
    plain = code(cell("a = 1\nb = 2"), cell("c"))
    assert plain == ["a = 1\nb = 2", "c"]
    assert code(prose, cell("a = 1\nb = 2", outputs=printed), cell("c")) == plain
    assert code(cell("f", "bootstrap"), cell("a = 1\nb = 2"), cell("c")) == plain
    injected = cell("x", "injected-parameters")
    assert code(cell("a = 1\nb = 2"), injected, cell("c")) == plain
    assert code(cell("a = 1\nb = 3"), cell("c")) != plain
    assert code(cell("a = 1"), cell("b = 2"), cell("c")) != plain


def test_outputs_come_into_a_source_whose_prose_has_changed(book: Path) -> None:
    source = notebooks.source("01_first", book)
    executed = notebooks.source("01_first", book)
    executed.cells.insert(
        2,
        nbformat.v4.new_code_cell(
            "rate = 2", metadata={"tags": ["injected-parameters"]}
        ),
    )
    for number, cell in enumerate(notebooks.code_cells(executed)):
        cell.outputs = [nbformat.v4.new_output("stream", text=str(number))]
    source.cells.append(nbformat.v4.new_markdown_cell("New words."))
    merged = notebooks.with_outputs(source, executed)
    assert [c.outputs[0].text for c in notebooks.code_cells(merged)] == ["0", "1", "2"]
    assert merged.cells[2].source == "rate = 2"
    assert merged.cells[-1].source == "New words."
    source.cells.append(nbformat.v4.new_code_cell("more"))
    with pytest.raises(ValueError, match="zip"):
        notebooks.with_outputs(source, executed)


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
