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

from helpers import parameters
from helpers.book import contracts, notebooks, pretrained
from helpers.book.contracts import CONTRACTS, Chapter, with_tag
from helpers.book.notebooks import code_cells
from helpers.files import book_root

ROOT = book_root()
CHAPTERS = notebooks.chapters()
FIRST = CHAPTERS[0]


@pytest.fixture(scope="module")
def loaded() -> Callable[[str], Chapter]:
    cache: dict[str, Chapter] = {}

    def load(name: str) -> Chapter:
        if name not in cache:
            cache[name] = Chapter.read(name, ROOT)
        return copy.deepcopy(cache[name])

    return load


NAMES = [contract.__name__ for contract in CONTRACTS]


def problems(chapter: Chapter, contract: str) -> list[str]:
    return list(getattr(contracts, contract)(chapter))


@pytest.mark.parametrize("contract", NAMES)
@pytest.mark.parametrize("name", CHAPTERS)
def test_chapter_keeps_its_contracts(name, contract, loaded):
    assert problems(loaded(name), contract) == []


# --- counter-examples: the first chapter, with one thing broken -------------------


def image(chapter: Chapter) -> Any:
    return next(c for c in code_cells(chapter.notebook) if contracts.shows_image(c))


def set_source(cell: Any, old: str, new: str) -> None:
    assert old in cell.source, f"the counter-example is out of date: no {old!r}"
    cell.source = cell.source.replace(old, new)


def insert_prose(chapter: Chapter, text: str) -> None:
    chapter.notebook.cells.insert(6, nbformat.v4.new_markdown_cell(text))


def insert_code(chapter: Chapter, source: str, times: int = 1) -> None:
    cells = [nbformat.v4.new_code_cell(source) for _ in range(times)]
    chapter.notebook.cells[8:8] = cells


def reorder(chapter: Chapter) -> None:
    for cell in chapter.notebook.cells:
        cell.source = cell.source.replace("## Exercises", "## Training")


def drop_parameter_help(chapter: Chapter) -> None:
    name, parameter = next(iter(chapter.parameters.items()))
    chapter.parameters[name] = parameter._replace(help="")


def slower(chapter: Chapter) -> None:
    chapter.results["metrics"].update({"a/seconds": [1.0], "b/seconds": [1.1]})
    chapter.results["claims"].append("a/seconds < b/seconds")


def near_limit(chapter: Chapter, limit: float = 1.2) -> None:
    chapter.results["metrics"]["a/seconds"] = [1.0]
    chapter.results["claims"].append(f"a/seconds < {limit}")


BROKEN: list[tuple[str, str, Callable[[Chapter], Any]]] = [
    ("pairing", "cells, but", lambda c: c.notebook.cells.pop()),
    ("pairing", "source differs", lambda c: set_source(c.notebook.cells[0], "a", "b")),
    ("pairing", "id differs", lambda c: c.notebook.cells[3].update(id="other")),
    ("pairing", "metadata unrolled", lambda c: c.notebook.metadata.pop("unrolled")),
    ("bootstrap", "differs from the first", lambda c: set_source(code_cells(c.notebook)[0], "git", "hg")),
    ("bootstrap", "not tagged", lambda c: code_cells(c.notebook)[0].metadata.update(tags=[])),
    ("bootstrap", "does not name", lambda c: set_source(code_cells(c.notebook)[0], "github.com/", "example.org/")),
    ("parameters", "has no comment", drop_parameter_help),
    ("parameters", "never used", lambda c: c.parameters.update(spare=parameters.Parameter("int", 1, "x"))),
    ("parameters", "has the type", lambda c: c.parameters.update(spare=parameters.Parameter("dict", {}, "x"))),
    ("parameters", "no parameter seed", lambda c: c.parameters.pop("seed")),
    ("parameters", "no lower and upper bound", lambda c: c.parameters.update(seed=parameters.Parameter("int", 0, "first; at least 0"))),
    ("parameters", "not tagged parameters", lambda c: code_cells(c.notebook)[1].metadata.update(tags=["hide-input"])),
    ("parameters", "is not folded", lambda c: code_cells(c.notebook)[1].metadata.update(tags=["parameters"])),
    ("parameters", "# @title", lambda c: set_source(code_cells(c.notebook)[1], "# @title", "# title")),
    ("parameters", "default is not allowed", lambda c: setattr(c, "name", "02_time_series_forecasting")),
    ("setup", "exactly the parameters", lambda c: c.parameters.popitem()),
    ("setup", "not tagged setup", lambda c: code_cells(c.notebook)[2].metadata.update(tags=["hide-input"])),
    ("setup", "is not folded", lambda c: code_cells(c.notebook)[2].metadata.pop("cellView")),
    ("setup", "only after runtime.start", lambda c: set_source(code_cells(c.notebook)[2], "results = ", "runtime.start(profile, seed)\nresults = ")),
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
    ("order", "lacks needs", lambda c: c.notebook.metadata.unrolled.update(needs="")),
    ("order", "lacks after", lambda c: c.notebook.metadata.unrolled.pop("after")),
    ("code_style", "a cell of 16 lines", lambda c: insert_code(c, "x = 1\n" * 16)),
    ("code_style", "columns", lambda c: insert_code(c, f"x = '{'long' * 20}'")),
    ("code_style", "tf.keras", lambda c: insert_code(c, "tf.keras.Model()")),
    ("code_style", "Lambda", lambda c: insert_code(c, "keras.layers.Lambda(abs)")),
    ("code_style", "pickle", lambda c: insert_code(c, "np.load('a', allow_pickle=True)")),
    ("code_style", "download", lambda c: insert_code(c, "keras.utils.get_file('a', 'b')")),
    ("code_style", "Keras 2", lambda c: insert_code(c, "model.reset_states()")),
    ("exercises", "numbered 1", lambda c: insert_prose(c, "### Exercise 1. Once more")),
    ("exercises", "not a stub", lambda c: with_tag(c.notebook, "check")[0].metadata.update(tags=[])),
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
    ("size", "MB, more than", lambda c: insert_prose(c, "word " * 300_000)),
    ("published", "no result file", lambda c: setattr(c, "results", {})),
    ("published", "the code changed", lambda c: set_source(code_cells(c.notebook)[4], "(", "( ")),
    ("published", "no manifest", lambda c: c.results.pop("manifest")),
    ("published", "not of a full run", lambda c: c.results.update(profile="quick")),
    ("published", "not of a full run", lambda c: c.results["parameters"].update(seed=5)),
    ("published", "no metrics", lambda c: c.results["metrics"].clear()),
    ("visible", "results. in a visible cell", lambda c: insert_code(c, "results.record('a/b', 1)")),
    ("visible", "profile in a visible cell", lambda c: insert_code(c, "quick = profile == 'quick'")),
    ("visible", "seed in a visible cell", lambda c: insert_code(c, "rng = f(seed)")),
    ("visible", "perf_counter in a visible cell", lambda c: insert_code(c, "time.perf_counter()")),
    ("visible", "third cell without prose", lambda c: insert_code(c, "1", 3)),
    ("visible", "visible cells, not 25 to 45", lambda c: insert_code(c, "1", 30)),
    ("visible", "bookkeeping cell is not folded", lambda c: with_tag(c.notebook, "bookkeeping")[0].metadata.pop("cellView")),
    ("outputs", "that Colab would show", lambda c: with_tag(c.notebook, "check")[0].outputs.append(nbformat.v4.new_output("stream", text="not yet."))),
    ("outputs", "a claim that fails", lambda c: code_cells(c.notebook)[3].outputs.append(nbformat.v4.new_output("stream", text="FAILS: a/b > 1"))),
    ("claims", "not about a recorded figure", lambda c: c.results["claims"].append("1 < 2")),
    ("claims", "a margin that noise may cross", slower),
    ("claims", "a margin that noise may cross", near_limit),
    ("claims", "no claims", lambda c: c.results["claims"].clear()),
    ("claims", "does not hold", lambda c: c.results["claims"].append(f"{next(iter(c.results['metrics']))} > 1e9")),
]  # fmt: skip


def test_a_time_well_below_its_limit_may_be_claimed(loaded):
    chapter = loaded(FIRST)
    near_limit(chapter, limit=1.3)
    assert problems(chapter, "claims") == []


@pytest.mark.parametrize(("contract", "complaint", "damage"), BROKEN)
def test_contract_rejects_its_counter_example(contract, complaint, damage, loaded):
    chapter = loaded(FIRST)
    assert problems(chapter, contract) == []
    damage(chapter)
    assert complaint in "\n".join(problems(chapter, contract))


def test_every_contract_has_a_counter_example():
    assert {contract for contract, *_ in BROKEN} == set(NAMES)


@pytest.mark.parametrize(
    ("heading", "complaints"), [("## Optional: more", 0), ("## More", 1)]
)
def test_an_optional_section_may_hold_more_cells(heading, complaints, loaded):
    chapter = loaded(FIRST)
    chapter.notebook.cells.append(nbformat.v4.new_markdown_cell(heading))
    for _ in range(30):
        chapter.notebook.cells.append(nbformat.v4.new_code_cell("1"))
        chapter.notebook.cells.append(nbformat.v4.new_markdown_cell("A word."))
    assert len(problems(chapter, "visible")) == complaints


def answered(check: str, solution: str) -> Any:
    """A notebook of one exercise that has run."""
    cells = [
        nbformat.v4.new_code_cell(
            tag,
            metadata={"tags": [tag]},
            outputs=[nbformat.v4.new_output("stream", text=text)],
        )
        for tag, text in (("exercise", ""), ("check", check), ("solution", solution))
    ]
    return nbformat.v4.new_notebook(cells=cells)


@pytest.mark.parametrize(
    ("check", "solution", "problem"),
    [
        ("X: not yet.", "X: right.", ""),
        ("X: right.", "X: right.", "exercise 1: the stub passes its check"),
        ("X: not yet.", "X: right. Y: not yet.", "exercise 1: the solution does not"),
        ("X: not yet.", "", "exercise 1: the solution does not pass its check"),
    ],
)
def test_a_stub_is_unsolved_and_a_solution_right(check, solution, problem):
    found = contracts.answers(answered(check, solution))
    assert len(found) == bool(problem)
    assert problem in "".join(found)


def test_a_magic_line_is_code_like_any_other(loaded):
    chapter = loaded(FIRST)
    insert_code(chapter, "%matplotlib inline\n!ls\nif True:\n    %timeit 1\nx = 1")
    for contract in ("code_style", "parameters"):
        assert problems(chapter, contract) == []


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
    # What a chapter may ship has a limit of its own.
    limit = pretrained.MAX_BYTES if name.startswith(pretrained.FOLDER) else 1_500_000
    return found + (["a large file"] if len(content) > limit else [])


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
