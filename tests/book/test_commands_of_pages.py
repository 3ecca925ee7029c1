"""Every command that a page of the book hands out works, in a copy of the book."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.book import notebooks
from helpers.files import book_root
from helpers.parameters import CELL, TAG
from tests.book.test_publish import files

ROOT = book_root()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
PAGES += [p for p in sorted(ROOT.glob("chapters/*.md")) if not p.name[0].isdigit()]
COMMAND = r"(?:make|\.venv/bin/\S+)\b[^`\n]*"
# These would take the network, minutes or a terminal, or run this very test.
ELSEWHERE = {
    "make": "prints the commands",
    "make book": "test_site builds the site",
    "make test": "is what runs this",
    "make serve": "serves what `make book` has built",
    "make lock": "asks the package index",
    ".venv/bin/python -m pytest tests/test_chapters.py -k 01": "is a part of this",
}
# What a chapter that has only been begun, or cut to a stub, is told.
REFUSED = {
    "make publish": "is not published, because of",
    "make publish CHAPTER=12": "is not published, because of",
    "make sync CHAPTER=12": "12_attention was never published",
}
STUB = """
```{code-cell} ipython3
import json, os, pathlib
result = pathlib.Path(os.environ.get("UNROLLED_RESULTS") or ".") / "result.json"
result.write_text(json.dumps({"seconds": {"total": 1}}))
```
"""


def commands(page: Path) -> list[str]:
    """The commands in a page's blocks and in its running text, in order."""
    text, found = page.read_text("utf-8"), []
    for match in re.finditer(rf"^({COMMAND})|`({COMMAND})`", text, re.MULTILINE):
        command = re.sub(r"\s+#.*", "", match[1] or match[2]).strip()
        if "…" not in command and command not in found:
            found.append(command)
    return found


def stub(source: str) -> str:
    """A chapter of its title and its parameters, which runs in no time."""
    front, rest = source.split("\n# ", 1)
    cells = [m for m in CELL.finditer(rest) if TAG.search(m["options"])]
    return f"{front}\n# {rest.partition(chr(10))[0]}\n\n{cells[0][0]}\n{STUB}"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The book with stubs for chapters, under version control, with its libraries."""
    if not (ROOT / "Makefile").exists() or not shutil.which("git"):
        pytest.skip("needs make and git")
    root = tmp_path_factory.mktemp("pages") / "book"
    ignore = shutil.ignore_patterns(
        ".git", ".venv", "_build", "__pycache__", ".*_cache"
    )
    shutil.copytree(ROOT, root, ignore=ignore)
    (root / ".venv").symlink_to(Path(sys.prefix))
    for name in notebooks.chapters():
        path = root / "chapters" / f"{name}.md"
        path.write_text(stub(path.read_text()))
    (root / "sales.csv").write_text("day,sold\n2024-01-01,1\n")
    (root / "letters.csv").write_text("body,topic\nIt rained.,weather\n")
    (root / "letters.txt").write_text("Dear all,\n")
    for words in (["init", "-q"], ["add", "README.md", "_config.yml", "chapters"]):
        subprocess.run(["git", *words], cwd=root, check=True)
    return root


def run(command: str, root: Path) -> subprocess.CompletedProcess[str]:
    outer = ("MAKELEVEL", "MAKEFLAGS", "MFLAGS")  # of the make that runs the tests
    environment = {name: x for name, x in os.environ.items() if name not in outer}
    environment |= {"UNROLLED_MIRROR": str(root), "FRESH": ""}
    # The libraries are there; the copy must not be installed in place of the book.
    command = re.sub(r"^make\b", "make -o .venv/.installed", command)
    return subprocess.run(
        ["bash", "-c", command],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
    )


CASES = [(page, command) for page in PAGES for command in commands(page)]


@pytest.mark.parametrize(
    ("page", "command"), CASES, ids=[f"{p.name}: {c}" for p, c in CASES]
)
def test_a_command_of_a_page_works(page: Path, command: str, book: Path) -> None:
    if command in ELSEWHERE:
        pytest.skip(ELSEWHERE[command])
    before = files(book)
    done = run(command, book)
    said = done.stdout + done.stderr
    if command in REFUSED:
        assert done.returncode != 0
        assert REFUSED[command] in said
    else:
        assert done.returncode == 0, said
    if "address" not in command:  # that one changes the address everywhere
        assert files(book) == before
    if command.startswith("make new"):
        with (book / "_toc.yml").open("a") as toc:  # as the page says
            toc.write(
                "  - caption: New\n    chapters:\n      - file: chapters/12_attention\n"
            )


def test_pages_hand_out_commands() -> None:
    assert len(CASES) > 12


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("make run units=64", "make knows no variable units; it knows"),
        ('make run CHAPTER=01 ARGS="-p units 0"', "must be at least 1"),
        ("make run CHAPTER=01 PROFILE=fast", 'must be full or quick, not "fast"'),
        ("make run CHAPTER=1,2", "names are parted by spaces"),
        ("make new NAME=attention", "is named such as"),
        ("make new NAME=01_other", "01_rnn_basics has that number"),
        ("make publish PROFILE=quick", "it is about the default parameters"),
        ('make sync ARGS="-p units 3"', "it is about the default parameters"),
    ],
)
def test_a_wrong_command_gets_one_sentence(
    book: Path, command: str, message: str
) -> None:
    done = run(command, book)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_profile_may_be_given_as_a_parameter(book: Path) -> None:
    done = run('make run CHAPTER=01 ARGS="-p profile quick"', book)
    assert done.returncode == 0, done.stderr
