"""Publishing: both files or neither, and only what keeps the contracts."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from helpers.book import commands, contracts, manifest, notebooks, publish
from helpers.book.cluster import Outcome
from helpers.book.plans import Job
from helpers.files import book_root
from tests.book.small_book import GOOD, make_book


def test_pictures_keep_their_bytes_when_places_are_replaced() -> None:
    given = {
        "data": {"image/png": "iVBO/b/c0", "text/plain": "/b/c /b/c/d /b/cd /a/b/c"},
        "metadata": {},
        "execution_count": 3,
    }
    cleaned = publish.without_places(given, Path("/b/c"))
    assert cleaned["data"]["image/png"] == "iVBO/b/c0"
    assert cleaned["data"]["text/plain"] == ". ./d /b/cd /a/b/c"
    assert cleaned["execution_count"] == 3


def test_a_published_picture_is_smaller_and_looks_the_same() -> None:
    given = io.BytesIO()
    figure = Figure((4, 3), dpi=150, facecolor="white")
    figure.subplots().plot(range(9), color="#0072B2", label="a line")
    figure.legend()
    figure.savefig(given, format="png")
    taken = base64.b64decode(
        publish.smaller(base64.b64encode(given.getvalue()).decode())
    )
    before, after = (
        np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), float)
        for png in (given.getvalue(), taken)
    )
    assert taken.startswith(b"\x89PNG")
    assert len(taken) < 0.6 * len(given.getvalue())
    assert after.shape == before.shape
    assert np.abs(after - before).mean() < 0.5  # of 255


def outcome(root: Path, chapter: str = "01_a", **result: Any) -> Outcome:
    """A successful run of a chapter of the small book, as if it had been executed."""
    notebook = notebooks.source(chapter, root)
    for number, cell in enumerate(notebooks.code_cells(notebook)):
        cell.outputs = [nbformat.v4.new_output("stream", text=f"output {number}")]
        cell.execution_count = number + 1
    notebook.metadata.language_info = {"name": "python"}
    return Outcome(Job(chapter), notebook, {"metrics": {"a/b": [1.0]}, **result})


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small book whose first chapter is published."""
    monkeypatch.setattr(contracts, "CONTRACTS", (contracts.size, contracts.outputs))
    root = make_book(tmp_path / "book", a=GOOD)
    assert publish.publish(outcome(root), root) == ""
    return root


def files(root: Path) -> dict[str, str]:
    paths = [*root.glob("chapters/*.ipynb"), *root.glob("data/results/*")]
    return {str(path): path.read_text() for path in paths}


def test_changed_prose_comes_into_the_published_notebook(root: Path) -> None:
    path, source = root / "chapters" / "01_a.ipynb", root / "chapters" / "01_a.md"
    published = nbformat.read(path, 4)
    source.write_text(source.read_text() + "\nA new sentence.\n")
    assert commands.main(["sync", "1"], root) == 0
    synced = nbformat.read(path, 4)
    assert synced.cells[-1].source.endswith("A new sentence.")
    assert [c.get("outputs") for c in synced.cells if c.cell_type == "code"] == [
        c.outputs for c in published.cells if c.cell_type == "code"
    ]
    assert manifest.of_chapter("01_a", root) == []


def test_sync_refuses_changed_code(
    tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_book(tmp_path / "other", a=GOOD)
    with pytest.raises(SystemExit):
        commands.main(["sync", "1"], other)
    source = root / "chapters" / "01_a.md"
    source.write_text(source.read_text() + "\n```{code-cell} ipython3\n1 + 1\n```\n")
    with pytest.raises(SystemExit) as exit_:
        commands.main(["sync", "1"], root)
    assert exit_.value.code == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0].endswith("01_a was never published: make publish CHAPTER=01_a")
    assert "the code of 01_a changed since it was published" in said[1]


def test_sync_refuses_an_output_that_was_edited_by_hand(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = root / "chapters" / "01_a.ipynb"
    path.write_text(path.read_text().replace("output 1", "output 9"))
    with pytest.raises(SystemExit, match="2"):
        commands.main(["sync", "1"], root)
    assert "an output is not the published one" in capsys.readouterr().err


@pytest.mark.parametrize("fails_at", [1, 2])
def test_when_one_file_cannot_be_written_both_stay_as_they_were(
    root: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    before, calls, replace = files(root), [], publish.os.replace

    def full_disk(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) == fails_at:
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(publish.os, "replace", full_disk)
    with pytest.raises(OSError, match="No space"):
        publish.publish(outcome(root, metrics={"a/b": [2.0]}), root)
    assert files(root) == before
    assert len(calls) == fails_at
    assert not list(root.glob("*/.*"))


def test_a_chapter_that_breaks_a_contract_is_refused(root: Path) -> None:
    before, bad = files(root), outcome(root)
    notebooks.code_cells(bad.notebook)[1].outputs = [
        nbformat.v4.new_output("stream", name="stderr", text="something is odd")
    ]
    assert "- outputs: an error, or a line on stderr" in publish.publish(bad, root)
    assert files(root) == before


def test_what_a_new_machine_says_while_it_fetches_data_is_not_published(
    root: Path,
) -> None:
    new = outcome(root)
    cell = notebooks.code_cells(new.notebook)[1]
    kept = list(cell.outputs)
    for text in ("Preparing the reviews (once) …\n", "\ra.gz:  1%\r          \r"):
        said = nbformat.v4.new_output("stream", name="stderr", text=text)
        cell.outputs = [said, *kept]
        assert publish.publish(new, root) == ""
        assert (
            notebooks.code_cells(notebooks.published("01_a", root))[1].outputs == kept
        )


def test_a_chapter_whose_claim_fails_is_refused() -> None:
    """By the contracts of the book itself, of which nothing is written."""
    book, chapter = book_root(), notebooks.chapters()[0]
    result = json.loads((book / "data" / "results" / f"{chapter}.json").read_text())
    notebook = notebooks.published(chapter)
    assert contracts.problems(chapter, notebook, result, book) == []
    key = next(iter(result["metrics"]))
    result["claims"].append(f"{key} > 1e9")
    said = publish.publish(Outcome(Job(chapter), notebook, result), book)
    assert f"- claims: does not hold: {key} > 1e9" in said
