"""The arrows between modules run one way, and no function is long."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from helpers.book import notebooks
from helpers.files import book_root

ROOT = book_root()
MODULES = sorted(ROOT.glob("helpers/**/*.py"))
LONGEST = 40  # lines of a function's body, its docstring aside


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(
        ".__init__"
    )


def imported(text: str) -> set[str]:
    """The modules of the book that a text of Python imports, anywhere in it."""
    known, found = {name_of(path) for path in MODULES}, set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names & known or {node.module}
    return found & known


def backward(imports: dict[str, set[str]]) -> list[str]:
    """Imports from what chapters use to the workshop."""
    return [
        f"{name} imports {other}"
        for name, others in imports.items()
        for other in others
        if other.startswith("helpers.book") and not name.startswith("helpers.book")
    ]


def cycles(imports: dict[str, set[str]]) -> list[str]:
    try:
        list(TopologicalSorter(imports).static_order())
    except CycleError as error:
        return [" → ".join(error.args[1])]
    return []


def long_functions(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body
            first = body[0]
            documented = isinstance(first, ast.Expr) and isinstance(
                first.value, ast.Constant
            )
            start = (first.end_lineno or 0) + 1 if documented else first.lineno
            length = (node.end_lineno or 0) - start + 1
            if length > LONGEST:
                yield f"{node.name}: {length} lines"


def test_no_module_that_chapters_use_imports_the_workshop():
    imports = {name_of(path): imported(path.read_text("utf-8")) for path in MODULES}
    assert len(imports) > 20
    assert backward(imports) == []
    assert backward({"helpers.report": {"helpers.book.runs"}}) != []


def test_imports_have_no_cycle():
    imports = {name_of(path): imported(path.read_text("utf-8")) for path in MODULES}
    assert cycles(imports) == []
    assert cycles({"a": {"b"}, "b": {"a"}}) != []


@pytest.mark.parametrize("chapter", notebooks.chapters())
def test_a_chapter_imports_nothing_of_the_workshop(chapter):
    code = "\n".join(notebooks.code(notebooks.source(chapter)))
    found = imported(re.sub(r"^\s*[%!].*$", "", code, flags=re.MULTILINE))
    assert found
    assert not [name for name in found if name.startswith("helpers.book")]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_function_is_longer_than_a_screen(path):
    assert list(long_functions(path.read_text("utf-8"))) == []


def test_a_long_function_is_found():
    text = "def f():\n    '''Words.'''\n" + "    x = 1\n" * (LONGEST + 1)
    assert list(long_functions(text)) == [f"f: {LONGEST + 1} lines"]
    assert list(long_functions(text.replace("    x = 1\n", "", 1))) == []
