"""What a publication consists of, as digests: so that a change by hand is found.

The manifest stands in the result file of a chapter. It holds digests of the code cells,
of each cell's outputs and pictures, of the helper modules that the chapter imports, and
of the rest of the result file: parameters, figures, claims, times, versions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from helpers.book import notebooks
from helpers.files import book_root

Result = Mapping[str, Any]


def origin(notebook: Any, root: Path) -> dict[str, Any]:
    """Digests of what a run is made from: code cells and helper modules."""
    return {
        "code": notebooks.digest(notebooks.code(notebook)),
        "helpers": notebooks.helper_digests(notebook, root),
    }


def make(notebook: Any, result: Result, root: Path) -> dict[str, Any]:
    """The manifest of a notebook and its result, as they are now."""
    return {
        **origin(notebook, root),
        "outputs": [_outputs(cell) for cell in notebooks.code_cells(notebook)],
        "result": notebooks.digest(_without_manifest(result)),
    }


def changed(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Name what differs between two origins."""
    if then["code"] != now["code"]:
        yield "the code"
    for name in sorted(then["helpers"].keys() | now["helpers"].keys()):
        if then["helpers"].get(name) != now["helpers"].get(name):
            yield f"helpers/{name}.py"


def faults(notebook: Any, result: Result, root: Path | None = None) -> Iterator[str]:
    """Say what is not as it was published.

    Parameters
    ----------
    notebook, result : as they are in the book now; its helpers are looked at, too.
    """
    then = result.get("manifest")
    if not then:
        yield "there is no manifest: make publish"
        return
    now = make(notebook, result, root or book_root())
    for what in changed(then, now):
        yield f"{what} changed since it was published: make publish"
    cells = notebooks.code_cells(notebook)
    if len(then["outputs"]) != len(cells):
        yield f"{len(cells)} code cells, but {len(then['outputs'])} were published"
    for cell, before, after in zip(
        cells, then["outputs"], now["outputs"], strict=False
    ):
        if before != after:
            first = (cell.source.splitlines() or ["an empty cell"])[0]
            yield f"an output is not the published one: {first}"
    if then["result"] != now["result"]:
        yield "the result file is not the published one"


def of_chapter(chapter: str, root: Path | None = None) -> list[str]:
    """What is not as published of a chapter of the book, from its files."""
    root = root or book_root()
    path = root / "data" / "results" / f"{chapter}.json"
    if not path.exists():
        return ["there is no result file: make publish"]
    result = json.loads(path.read_text("utf-8"))
    return list(faults(notebooks.published(chapter, root), result, root))


def _outputs(cell: Any) -> str:
    return (
        notebooks.digest([cell.execution_count, cell.outputs]) if cell.outputs else ""
    )


def _without_manifest(result: Result) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key != "manifest"}
