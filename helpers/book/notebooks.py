"""The book's chapters as files: which there are, their cells and their parameters."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from helpers.files import book_root


def chapters(root: Path | None = None) -> list[str]:
    """File stems of the chapters, such as "01_rnn_basics", in the order of `_toc.yml`.

    A chapter is a page of `chapters/` whose name begins with two digits.

    Raises
    ------
    FileNotFoundError
        The folder `root` (default: this book) holds no `_toc.yml`.
    """
    import yaml

    def pages(node: Any) -> list[str]:
        if isinstance(node, list):
            return [page for item in node for page in pages(item)]
        if not isinstance(node, dict):
            return []
        own = [node["file"]] if "file" in node else []
        return own + [page for item in node.values() for page in pages(item)]

    toc = yaml.safe_load(((root or book_root()) / "_toc.yml").read_text("utf-8"))
    found = (re.fullmatch(r"chapters/(\d\d_\w+)", page) for page in pages(toc))
    return [match[1] for match in found if match]


def source(chapter: str, root: Path | None = None) -> Any:
    """Read a chapter's Markdown source as a notebook without outputs.

    Cell ids come from the cells' text, so that the same source always gives the same
    file and an inserted cell leaves the others' ids alone.

    Raises
    ------
    FileNotFoundError
        There is no such chapter in `root` (default: this book).
    """
    import jupytext

    path = (root or book_root()) / "chapters" / f"{chapter}.md"
    notebook = jupytext.read(path, fmt="md:myst")
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        text = f"{cell.cell_type}\n{cell.source}"
        seen[text] += 1
        cell.id = hashlib.sha256(f"{text}\n{seen[text]}".encode()).hexdigest()[:8]
    return notebook


def source_digest(path: Path) -> str:
    """Hash the code of an `.ipynb` file: sha256 over its code cells, in order.

    A cell that papermill injected for other parameters is not part of the source. A
    chapter that was never published has its code in the `.md` file alone.
    """
    if path.exists():
        notebook = json.loads(path.read_text("utf-8"))
    else:
        notebook = source(path.stem, path.parent.parent)
    sources = [
        "".join(cell["source"])
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
        and "injected-parameters" not in cell["metadata"].get("tags", [])
    ]
    return hashlib.sha256(json.dumps(sources).encode()).hexdigest()
