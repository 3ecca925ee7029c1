"""Every chapter in `_toc.yml` keeps the contracts; each contract can say no."""

from __future__ import annotations

import copy
import itertools
import re
import subprocess
import tomllib
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
import yaml

from helpers import report
from helpers.book import notebooks
from helpers.files import book_root
from tests import contracts
from tests.contracts import code_cells, with_tag

ROOT = book_root()
CHAPTERS = notebooks.chapters()
FIRST = CHAPTERS[0]


def address() -> str:
    repository = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]
    return f"{repository['url']}/tree/{repository['branch']}"


class Chapter:
    """All that the contracts look at."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = ROOT / "chapters" / f"{name}.ipynb"
        self.notebook: Any = nbformat.read(self.path, 4)
        self.source = notebooks.source(name)
        self.parameters = notebooks.parameters(name)
        self.results: Any = report.load(name)
        self.digest = notebooks.source_digest(self.path)
        self.size = self.path.stat().st_size
        self.bootstrap = code_cells(notebooks.source(FIRST))[0].source

    def problems(self, contract: str) -> list[str]:
        notebook, found = self.notebook, self.parameters
        arguments: dict[str, tuple[Any, ...]] = {
            "pairing": (notebook, self.source),
            "bootstrap": (notebook, self.bootstrap, address()),
            "parameters": (notebook, found),
            "setup": (notebook, self.name, found),
            "size": (self.size,),
            "published": (
                self.results,
                self.digest,
                {n: p.default for n, p in found.items()},
            ),
            "claims": (self.results,),
        }
        check = getattr(contracts, contract)
        return list(check(*arguments.get(contract, (notebook,))))


NAMES = [
    "pairing", "bootstrap", "parameters", "setup", "marked", "alt_text", "portable", "order",
    "code_style", "exercises", "outputs", "size", "published", "claims",
]  # fmt: skip


@pytest.fixture(scope="module")
def loaded() -> Callable[[str], Chapter]:
    cache: dict[str, Chapter] = {}

    def load(name: str) -> Chapter:
        if name not in cache:
            cache[name] = Chapter(name)
        return copy.deepcopy(cache[name])

    return load


@pytest.mark.parametrize("contract", NAMES)
@pytest.mark.parametrize("name", CHAPTERS)
def test_chapter_keeps_its_contracts(name, contract, loaded):
    assert loaded(name).problems(contract) == []


# --- counter-examples: the first chapter, with one thing broken -------------------


def image(chapter: Chapter) -> Any:
    return next(c for c in code_cells(chapter.notebook) if contracts.shows_image(c))


def set_source(cell: Any, old: str, new: str) -> None:
    assert old in cell.source, f"the counter-example is out of date: no {old!r}"
    cell.source = cell.source.replace(old, new)


def insert_prose(chapter: Chapter, text: str) -> None:
    chapter.notebook.cells.insert(6, nbformat.v4.new_markdown_cell(text))


def insert_code(chapter: Chapter, source: str, **metadata: Any) -> None:
    cell = nbformat.v4.new_code_cell(source, metadata=metadata)
    chapter.notebook.cells.insert(8, cell)


def reorder(chapter: Chapter) -> None:
    for cell in chapter.notebook.cells:
        cell.source = cell.source.replace("## Exercises", "## Training")


def drop_parameter_help(chapter: Chapter) -> None:
    name, parameter = next(iter(chapter.parameters.items()))
    chapter.parameters[name] = parameter._replace(help="")


BROKEN: list[tuple[str, str, Callable[[Chapter], Any]]] = [
    ("pairing", "cells, but", lambda c: c.notebook.cells.pop()),
    ("pairing", "source differs", lambda c: set_source(c.notebook.cells[0], "a", "b")),
    ("pairing", "id differs", lambda c: c.notebook.cells[3].update(id="other")),
    ("pairing", "metadata unrolled", lambda c: c.notebook.metadata.pop("unrolled")),
    ("bootstrap", "differs from the first", lambda c: set_source(code_cells(c.notebook)[0], "git", "hg")),
    ("bootstrap", "not tagged", lambda c: code_cells(c.notebook)[0].metadata.update(tags=[])),
    ("bootstrap", "does not name", lambda c: set_source(code_cells(c.notebook)[0], "github.com/", "example.org/")),
    ("parameters", "has no comment", drop_parameter_help),
    ("parameters", "never used", lambda c: c.parameters.update(spare=notebooks.Parameter("int", 1, "x"))),
    ("parameters", "has the type", lambda c: c.parameters.update(spare=notebooks.Parameter("dict", {}, "x"))),
    ("parameters", "no parameter seed", lambda c: c.parameters.pop("seed")),
    ("setup", "exactly the parameters", lambda c: c.parameters.popitem()),
    ("setup", "runtime.start", lambda c: set_source(code_cells(c.notebook)[2], "runtime.start", "print")),
    ("setup", "report.Results(", lambda c: set_source(code_cells(c.notebook)[2], FIRST, "99_other")),
    ("marked", "no cell", lambda c: [cell.metadata.update(tags=[]) for cell in with_tag(c.notebook, "nbval-check-output")]),
    ("marked", "without output", lambda c: with_tag(c.notebook, "nbval-check-output")[0].update(outputs=[])),
    ("alt_text", "no telling", lambda c: image(c).metadata.pop("mystnb")),
    ("alt_text", "no telling", lambda c: image(c).metadata.mystnb.image.update(alt="plot")),
    ("alt_text", "but no figure", lambda c: image(c).update(outputs=[])),
    ("portable", "a directive", lambda c: insert_prose(c, "```{note}\nText\n```")),
    ("portable", "a colon fence", lambda c: insert_prose(c, ":::note\nText\n:::")),
    ("portable", "a role", lambda c: insert_prose(c, "See {ref}`there`.")),
    ("portable", "a target", lambda c: insert_prose(c, "(here)=\nText")),
    ("portable", "HTML", lambda c: insert_prose(c, "A <b>bold</b> word")),
    ("portable", "no code draws", lambda c: insert_prose(c, "![A net](net.png)")),
    ("portable", "chapters by .ipynb", lambda c: insert_prose(c, f"[before]({FIRST}.md)")),
    ("portable", "does not exist", lambda c: insert_prose(c, "[there](nowhere.md)")),
    ("portable", "one title", lambda c: insert_prose(c, "# Another title")),
    ("portable", "skips a level", lambda c: insert_prose(c, "#### Too deep")),
    ("order", "not in this order", lambda c: c.notebook.cells.append(c.notebook.cells.pop(0))),
    ("order", "there is no '## Exercises'", reorder),
    ("order", "results.write", lambda c: c.notebook.cells.append(nbformat.v4.new_code_cell("1"))),
    ("order", "lacks summary", lambda c: c.notebook.metadata.unrolled.pop("summary")),
    ("code_style", "a cell of 16 lines", lambda c: insert_code(c, "x = 1\n" * 16)),
    ("code_style", "columns", lambda c: insert_code(c, f"x = '{'long' * 20}'")),
    ("code_style", "tf.keras", lambda c: insert_code(c, "tf.keras.Model()")),
    ("code_style", "Lambda", lambda c: insert_code(c, "keras.layers.Lambda(abs)")),
    ("code_style", "pickle", lambda c: insert_code(c, "np.load('a', allow_pickle=True)")),
    ("code_style", "download", lambda c: insert_code(c, "keras.utils.get_file('a', 'b')")),
    ("code_style", "Keras 2", lambda c: insert_code(c, "model.reset_states()")),
    ("exercises", "numbered 1", lambda c: insert_prose(c, "### Exercise 1. Once more")),
    ("exercises", "not a stub", lambda c: with_tag(c.notebook, "check")[0].metadata.update(tags=[])),
    ("exercises", "the stub passes", lambda c: with_tag(c.notebook, "check")[0].outputs[0].update(text="X: right.")),
    ("exercises", "does not pass", lambda c: with_tag(c.notebook, "solution")[0].update(outputs=[])),
    ("exercises", "not folded", lambda c: with_tag(c.notebook, "solution")[0].metadata.update(tags=["solution"])),
    ("exercises", "no cellView", lambda c: with_tag(c.notebook, "check")[1].metadata.pop("cellView")),
    ("exercises", "does not call check_2", lambda c: set_source(with_tag(c.notebook, "solution")[1], "check_2", "check_1")),
    ("outputs", "not executed", lambda c: code_cells(c.notebook)[4].update(execution_count=None)),
    ("outputs", "stderr", lambda c: code_cells(c.notebook)[3].outputs.append(nbformat.v4.new_output("stream", name="stderr", text="W"))),
    ("outputs", "an error", lambda c: code_cells(c.notebook)[3].outputs.append(nbformat.v4.new_output("error", ename="E", evalue="", traceback=[]))),
    ("outputs", "path of this machine", lambda c: code_cells(c.notebook)[3].outputs.append(nbformat.v4.new_output("stream", text="in /home/me/x"))),
    ("outputs", "a warning", lambda c: code_cells(c.notebook)[3].outputs.append(nbformat.v4.new_output("stream", text="UserWarning: old"))),
    ("outputs", "execution metadata", lambda c: code_cells(c.notebook)[3].metadata.update(execution={})),
    ("outputs", "papermill", lambda c: c.notebook.metadata.update(papermill={})),
    ("size", "more than", lambda c: setattr(c, "size", contracts.MAX_BYTES + 1)),
    ("published", "no result file", lambda c: setattr(c, "results", None)),
    ("published", "the code changed", lambda c: setattr(c, "digest", "0" * 64)),
    ("published", "not of a full run", lambda c: c.results.update(profile="quick")),
    ("published", "not of a full run", lambda c: c.results["parameters"].update(seed=5)),
    ("published", "no metrics", lambda c: c.results["metrics"].clear()),
    ("claims", "no claims", lambda c: c.results["claims"].clear()),
    ("claims", "does not hold", lambda c: c.results["claims"].append(f"{next(iter(c.results['metrics']))} > 1e9")),
]  # fmt: skip


@pytest.mark.parametrize(("contract", "complaint", "damage"), BROKEN)
def test_contract_rejects_its_counter_example(contract, complaint, damage, loaded):
    chapter = loaded(FIRST)
    damage(chapter)
    assert complaint in "\n".join(chapter.problems(contract))


def test_every_contract_has_a_counter_example():
    assert {contract for contract, *_ in BROKEN} == set(NAMES)


# --- the repository ---------------------------------------------------------------


def test_every_dependency_is_pinned_with_hashes_and_explained():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *itertools.chain(*project["optional-dependencies"].values()),
    ]
    pins = (ROOT / "requirements.txt").read_text()
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    for name in (re.split(r"[=<>!~ \[]", line)[0] for line in wanted):
        pin = re.search(
            rf"^{re.escape(name)}==(.*?)^(?=\S)", pins + "\nend", re.M | re.S
        )
        assert pin, f"{name} is not pinned: make lock"
        assert "--hash=sha256:" in pin[1], f"{name} has no hash: make lock"
        assert f"| {name} " in contributing, (
            f"CONTRIBUTING.md does not say what {name} is for"
        )


TRACES = {
    "a path of a machine": r"(?<![\w.:/~-])/(?:home|Users|root|work)/\w",
    "a package index": r"pypi\.org|pythonhosted|index-url (?!url)|files\.python",
    "a large file": "",
}


def traces(name: str, content: bytes) -> list[str]:
    """What a tracked file holds that has no place in a published book."""
    text = content.decode("utf-8", "replace")
    found = [
        what for what, pattern in TRACES.items() if pattern and re.search(pattern, text)
    ]
    return found + (["a large file"] if len(content) > 1_500_000 else [])


def test_no_tracked_file_names_a_machine_or_an_index():
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    names = [
        n
        for n in listed.stdout.split("\0")
        if n and (ROOT / n).is_file() and not n.startswith("tests/")
    ]
    assert {n: t for n in names if (t := traces(n, (ROOT / n).read_bytes()))} == {}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"see /home/me/book", "a path of a machine"), (b"from pypi.org", "a package index"), (b"0" * 1_500_001, "a large file")],
)  # fmt: skip
def test_a_trace_is_found(content, complaint):
    assert traces("x.md", content) == [complaint]
