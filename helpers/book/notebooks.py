"""The book's chapters as files: which there are, their cells, what they import."""

from __future__ import annotations

import ast
import copy
import functools
import hashlib
import io
import json
import re
import tokenize
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


def published(chapter: str, root: Path | None = None) -> Any:
    """Read a chapter's published notebook.

    Raises
    ------
    FileNotFoundError
        The chapter was never published.
    """
    import nbformat

    path = (root or book_root()) / "chapters" / f"{chapter}.ipynb"
    return nbformat.read(path, as_version=4)


def tags(cell: Any) -> list[str]:
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def code_cells(notebook: Any) -> list[Any]:
    """The code cells, but for one that papermill has put in for other parameters."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and "injected-parameters" not in tags(cell)
    ]


def code(notebook: Any) -> list[str]:
    """The text of the code cells that make a run what it is: all but the bootstrap."""
    return [
        cell.source for cell in code_cells(notebook) if "bootstrap" not in tags(cell)
    ]


def bare_code(notebook: Any) -> list[str]:
    """`code` without magics, comments, docstrings and blank lines."""
    return [_bare(_without_magics(text)) for text in code(notebook)]


def part(notebook: Any, tag: str) -> Any:
    """The cells of one tag behind those that open a chapter, and one that ends the run.

    All cells where none has the tag, and where it is "".
    """
    import nbformat

    if not any(tag in tags(cell) for cell in notebook.cells):
        return notebook
    chosen = copy.deepcopy(notebook)
    kept = {"bootstrap", "parameters", "setup", tag}
    chosen.cells = [cell for cell in chosen.cells if kept & {*tags(cell)}]
    chosen.cells.append(nbformat.v4.new_code_cell("results.write()", id="end"))
    return chosen


def with_outputs(source: Any, executed: Any) -> Any:
    """Put the outputs of a run into the cells of its source, as it reads now.

    Nothing else that papermill and the kernel left is taken over, but for the cell that
    holds other parameters.
    """
    notebook = copy.deepcopy(source)
    pairs = zip(code_cells(notebook), code_cells(executed), strict=True)
    for cell, done in pairs:
        cell.outputs, cell.execution_count = done.outputs, done.execution_count
    for cell in executed.cells:
        if "injected-parameters" in tags(cell):
            places = [
                n for n, c in enumerate(notebook.cells) if "parameters" in tags(c)
            ]
            notebook.cells.insert(places[0] + 1, copy.deepcopy(cell))
    if info := executed.metadata.get("language_info"):
        notebook.metadata.language_info = info
        notebook.metadata.language_info.pop("version", None)
    return notebook


# --- the helpers that a chapter imports --------------------------------------------


def helper_digests(notebook: Any, root: Path | None = None) -> dict[str, str]:
    """Digests of the helper modules that a chapter imports, and of those they import.

    Of their text without comments, docstrings and blank lines, which change no figure.

    Returns
    -------
    Module name, such as "plots", to 16 hexadecimal digits.
    """
    folder = (root or book_root()) / "helpers"
    texts = ("\n".join(map(_without_magics, code(notebook))),)
    found: dict[str, str] = {}
    waiting = [name for text in texts for name in _imported(text)]
    while waiting:
        path = folder / f"{(name := waiting.pop())}.py"
        if name not in found and path.exists():
            text = path.read_text("utf-8")
            found[name] = digest(_bare(text))
            waiting += _imported(text)
    return dict(sorted(found.items()))


def _without_magics(text: str) -> str:
    return re.sub(r"^\s*[%!].*$", "", text, flags=re.MULTILINE)


@functools.lru_cache(maxsize=256)
def _imported(text: str) -> tuple[str, ...]:
    """The modules of `helpers` that a text of Python imports anywhere."""
    names = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module == "helpers":
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "helpers."
        ):
            names.append(str(node.module).partition(".")[2])
        elif isinstance(node, ast.Import):
            parts = [alias.name.partition(".") for alias in node.names]
            names += [rest for first, _, rest in parts if first == "helpers"]
    return tuple(names)


@functools.lru_cache(maxsize=256)
def _bare(text: str) -> str:
    """Python without comments, docstrings and blank lines."""
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                for row in range(first.lineno, (first.end_lineno or 0) + 1):
                    lines[row - 1] = ""
    return "\n".join(line.rstrip() for line in lines if line.strip())


def digest(value: Any) -> str:
    """The first 16 hexadecimal digits of the sha256 of a value, as JSON."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
