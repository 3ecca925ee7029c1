"""What every chapter must be, as functions that list what is wrong with one."""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import yaml

from helpers import report, values
from helpers.book import manifest, notebooks
from helpers.book.notebooks import code_cells, tags
from helpers.parameters import TYPES, Parameter
from helpers.parameters import read as read_parameters

MAX_BYTES, MAX_LINES, MAX_COLUMNS, MIN_EXERCISES = 1_000_000, 15, 79, 6
VISIBLE_CELLS = range(25, 46)
MARGIN = 1.5  # by which one time must be larger than another to be called so
LIMIT_MARGIN = 1.25  # by which a time must keep to a limit: runs differ by a tenth
HIDDEN = {"bootstrap", "parameters", "setup", "bookkeeping"}
EXERCISE = {"exercise", "check", "solution"}
SILENT = {"bookkeeping", "check", "solution"}  # published without their outputs
MARK = "nbval-check-output"
Notebook = Any


@dataclass
class Chapter:
    """All that the contracts look at.

    bootstrap : the text of that cell in the first chapter.
    address : of the book's repository and branch, as _config.yml has them.
    """

    name: str
    notebook: Notebook
    source: Notebook
    parameters: dict[str, Parameter]
    results: dict[str, Any]  # empty before there are any
    bootstrap: str
    address: str
    root: Path

    @classmethod
    def read(
        cls, name: str, root: Path, notebook: Notebook = None, results: Any = None
    ) -> Chapter:
        """A chapter as it is published, or with a notebook and results of a new run."""
        path = root / "data" / "results" / f"{name}.json"
        if results is None:
            results = json.loads(path.read_text("utf-8")) if path.exists() else {}
        repository = yaml.safe_load((root / "_config.yml").read_text())["repository"]
        first = notebooks.source(notebooks.chapters(root)[0], root)
        return cls(
            name,
            notebook or notebooks.published(name, root),
            notebooks.source(name, root),
            read_parameters(name, root),
            results,
            code_cells(first)[0].source,
            f"{repository['url']}/tree/{repository['branch']}",
            root,
        )


def problems(
    name: str, notebook: Notebook, results: dict[str, Any], root: Path
) -> list[str]:
    """What keeps the notebook and the results of a new run from being published."""
    chapter = Chapter.read(name, root, notebook, results)
    return [
        f"{contract.__name__}: {problem}"
        for contract in CONTRACTS
        for problem in contract(chapter)
    ]


def prose(notebook: Notebook) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def first_line(cell: Any) -> str:
    return (cell.source.splitlines() or ["(empty cell)"])[0]


def with_tag(notebook: Notebook, tag: str) -> list[Any]:
    return [cell for cell in code_cells(notebook) if tag in tags(cell)]


def printed(cell: Any) -> str:
    return "".join(o.text for o in cell.outputs if o.output_type == "stream")


def shows_image(cell: Any) -> bool:
    return any("image/png" in o.get("data", {}) for o in cell.outputs)


def pairing(chapter: Chapter) -> Iterator[str]:
    """The published notebook holds exactly the cells of its Markdown source."""
    notebook, source = chapter.notebook, chapter.source
    if len(notebook.cells) != len(source.cells):
        yield f"{len(notebook.cells)} cells, but {len(source.cells)} in the .md"
    for mine, theirs in zip(notebook.cells, source.cells, strict=False):
        for part in ("cell_type", "source", "metadata", "id"):
            if mine[part] != theirs[part]:
                yield f"{part} differs from the .md: {first_line(theirs)}"
    for key, value in source.metadata.items():
        if key != "jupytext" and notebook.metadata.get(key) != value:
            yield f"notebook metadata {key} differs from the .md"


def bootstrap(chapter: Chapter) -> Iterator[str]:
    """The first code cell is that of all chapters, with the book's address."""
    first = code_cells(chapter.notebook)[0]
    if "bootstrap" not in tags(first) or "remove-cell" not in tags(first):
        yield "the first code cell is not tagged bootstrap, remove-cell"
    if first.metadata.get("cellView") != "form":
        yield "the bootstrap cell is not folded in Colab (cellView: form)"
    if first.source != chapter.bootstrap:
        yield "the bootstrap cell differs from the first chapter's"
    if f'"{chapter.address}"' not in first.source:
        yield f"the bootstrap cell does not name {chapter.address} of _config.yml"


def folded(cell: Any, title: str, tag: str) -> Iterator[str]:
    """Say so when a cell is not folded on the site and in Colab, under its title."""
    if tag not in tags(cell) or cell.metadata.get("cellView") != "form":
        yield f"the {title} cell is not folded: tag {tag}, cellView: form"
    if not first_line(cell).startswith("# @title "):
        yield f"the {title} cell does not begin with its # @title"


def parameters(chapter: Chapter) -> Iterator[str]:
    """The second code cell holds typed, explained, bounded, used parameters."""
    if len(code_cells(chapter.notebook)) < 3:
        yield "there are not even the cells of bootstrap, parameters and set-up"
        return
    second, third, *body = code_cells(chapter.notebook)[1:]
    found = chapter.parameters
    if "parameters" not in tags(second):
        yield "the second code cell is not tagged parameters"
    yield from folded(second, "parameters", "hide-input")
    for name, default in (("profile", "full"), ("seed", 0)):
        if name not in found or found[name].default != default:
            yield f"there is no parameter {name} with the default {default!r}"
    names = [
        node.id
        for cell in [third, *body]
        for node in ast.walk(ast.parse(_python(cell)))
        if isinstance(node, ast.Name)
    ]
    # The set-up lists every one as it makes the results, which is no use of it.
    used = {name for name in names if names.count(name) > 1} | {"profile", "seed"}
    for name, parameter in found.items():
        if not parameter.help:
            yield f"parameter {name} has no comment"
        if parameter.type not in TYPES:
            yield f"parameter {name} has the type {parameter.type}"
        if parameter.type in ("int", "float"):
            lower, upper = {"at least", "above"}, {"at most", "below"}
            if not (lower & set(parameter.bounds) and upper & set(parameter.bounds)):
                yield f"parameter {name} has no lower and upper bound"
        if name not in used:
            yield f"parameter {name} is never used"
    defaults = {name: parameter.default for name, parameter in found.items()}
    try:
        values.check(chapter.name, defaults, chapter.root)
    except ValueError as fault:
        yield f"a default is not allowed: {fault}"


def setup(chapter: Chapter) -> Iterator[str]:
    """The third code cell checks every parameter, and then starts the run."""
    third = next(iter(code_cells(chapter.notebook)[2:]), None)
    if third is None or "setup" not in tags(third):
        yield "the third code cell is not tagged setup"
    if third is None:
        return
    yield from folded(third, "set-up", "hide-input")
    nodes = ast.walk(ast.parse(third.source))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    calls.sort(key=lambda call: -call.lineno)  # so that the first of a name is kept
    by_name = {ast.unparse(call.func): call for call in calls}
    start, results = by_name.get("runtime.start"), by_name.get("report.Results")
    if not start:
        yield "the set-up cell does not call runtime.start"
    if not results or ast.unparse(results.args[0]) != repr(chapter.name):
        yield f"the set-up cell does not make report.Results({chapter.name!r}, …)"
    elif {k.arg: ast.unparse(k.value) for k in results.keywords} != {
        n: n for n in chapter.parameters
    }:
        yield "report.Results is not given exactly the parameters"
    elif start and start.lineno < results.lineno:
        yield "the parameters are checked only after runtime.start"


def marked(chapter: Chapter) -> Iterator[str]:
    """Some cell is marked for comparison, and every marked cell prints something."""
    cells = with_tag(chapter.notebook, MARK)
    if not cells:
        yield "no cell is tagged nbval-check-output"
    for cell in cells:
        if not cell.outputs:
            yield f"marked for comparison, but without output: {first_line(cell)}"


def alt_text(chapter: Chapter) -> Iterator[str]:
    """Every cell that shows a figure says what it shows, and no other cell does."""
    for cell in code_cells(chapter.notebook):
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if shows_image(cell) and (len(alt) < 40 or len(alt.split()) < 8):
            yield f"no telling alternative text ({alt!r}): {first_line(cell)}"
        if alt and not shows_image(cell):
            yield f"alternative text, but no figure: {first_line(cell)}"


PORTABLE = {
    r"^\s*(```|~~~|:::)\s*\{": "a directive",
    r"^:::": "a colon fence",
    r"\{[a-z:-]+\}`": "a role",
    r"^\(.+\)=\s*$": "a target",
    r"<(?!https?://|mailto:)/?[a-zA-Z][^>\n]*>": "HTML",
    r"^%": "a comment",
    r"!\[": "a picture that no code draws",
}


def portable(chapter: Chapter) -> Iterator[str]:
    """Prose that Colab shows as the site does, one title, no skipped level."""
    levels = []
    for text in prose(chapter.notebook):
        plain = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.S)
        for pattern, name in PORTABLE.items():
            found = re.search(pattern, text if "`" in pattern else plain, re.M)
            if found:
                yield f"{name} in the prose: {found[0]!r}"
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", plain):
            page = target.removesuffix(".md").removesuffix(".ipynb")
            is_chapter = bool(re.match(r"\d\d_", page))
            if target != page + (".ipynb" if is_chapter else ".md"):
                yield f"a link to {target}: chapters by .ipynb, other pages by .md"
            elif not (chapter.root / "chapters" / target).exists():
                yield f"a link to {target}, which does not exist"
        levels += [len(marks) for marks in re.findall(r"^(#+) ", plain, re.M)]
    if levels[:1] != [1] or levels.count(1) != 1:
        yield "there is not exactly one title, at the top"
    if any(after > before + 1 for before, after in itertools.pairwise(levels)):
        yield "a heading skips a level"


def order(chapter: Chapter) -> Iterator[str]:
    """Title, aims, run time, body, what we measured, take-aways, last exercises."""
    text = "\n".join(prose(chapter.notebook))
    signs = [
        "# ", "You will be able to", "**Run time**", "\n## ", "\n## What we measured",
        "You are now able to", "\n## Exercises",
    ]  # fmt: skip
    places = [text.find(sign) for sign in signs]
    for sign, place in zip(signs, places, strict=True):
        if place < 0:
            yield f"there is no {sign.strip()!r}"
    if min(places) >= 0 and places != sorted(places):
        yield f"not in this order: {', '.join(s.strip() for s in signs)}"
    if "results.write(" not in code_cells(chapter.notebook)[-1].source:
        yield "the last code cell does not call results.write"
    facts = chapter.notebook.metadata.get("unrolled", {})
    given = {word for word, fact in facts.items() if fact or fact == []}
    if lost := {"summary", "needs", "short", "after"} - given:
        yield f"the notebook metadata `unrolled` lacks {', '.join(sorted(lost))}"


PLUMBING = r"\bresults\.|\bprofile\b|\bseed\b|\bperf_counter\b|\.timed\("


def visible(chapter: Chapter) -> Iterator[str]:
    """25 to 45 visible cells, without plumbing, never three without prose between.

    What a section `## Optional: …` holds is not counted: a reader may leave it out.
    """
    seen, run, optional = 0, 0, False
    for cell in chapter.notebook.cells:
        if set(tags(cell)) & (HIDDEN | EXERCISE):
            continue
        run = run + 1 if cell.cell_type == "code" else 0
        if cell.cell_type != "code":
            for heading in re.findall(r"^## (.+)$", cell.source, re.M):
                optional = heading.startswith("Optional: ")
            continue
        seen += not optional
        if run == 3:
            yield f"a third cell without prose between: {first_line(cell)}"
        if found := re.search(PLUMBING, _bare(cell)):
            yield f"{found[0]} in a visible cell: {first_line(cell)}"
    if seen not in VISIBLE_CELLS:
        yield f"{seen} visible cells, not {VISIBLE_CELLS[0]} to {VISIBLE_CELLS[-1]}"
    for cell in with_tag(chapter.notebook, "bookkeeping"):
        yield from folded(cell, "bookkeeping", "remove-cell")


FORBIDDEN = {
    r"\btf\.keras\b|tensorflow\.keras|tensorflow import keras": "tf.keras",
    r"\bLambda\(": "a Lambda layer",
    r"allow_pickle\s*=\s*True|\bpickle\b": "pickle",
    r"\b(urllib|requests|wget|get_file)\b": "a download outside helpers.datasets",
    r"input_length\s*=|batch_input_shape|reset_states\(|predict_classes": "Keras 2",
}


def _python(cell: Any) -> str:
    """The text of a cell without IPython's own lines."""
    return re.sub(r"^(\s*)[%!].*$", r"\1pass", cell.source, flags=re.MULTILINE)


def _bare(cell: Any) -> str:
    """The code of a cell without comments and the texts of strings."""
    tree = ast.parse(_python(cell))
    for node in ast.walk(tree):  # a string may name what is forbidden
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.unparse(tree)


def code_style(chapter: Chapter) -> Iterator[str]:
    """Short visible cells, narrow lines, Keras 3 idiom."""
    for cell in code_cells(chapter.notebook):
        lines = cell.source.splitlines()
        is_folded = (HIDDEN | EXERCISE - {"exercise"}) & set(tags(cell))
        if len(lines) > MAX_LINES and not is_folded:
            yield f"a cell of {len(lines)} lines: {first_line(cell)}"
        if lines and max(map(len, lines)) > MAX_COLUMNS:
            yield f"a line of more than {MAX_COLUMNS} columns: {first_line(cell)}"
        code = _bare(cell)
        for pattern, name in FORBIDDEN.items():
            if re.search(pattern, code):
                yield f"{name}: {first_line(cell)}"


def exercises(chapter: Chapter) -> Iterator[str]:
    """Stub, check and solution in this order, the latter two folded."""
    notebook = chapter.notebook
    titles = re.findall(r"^### Exercise (\d+)\. ", "\n".join(prose(notebook)), re.M)
    if (
        titles != [str(n + 1) for n in range(len(titles))]
        or len(titles) < MIN_EXERCISES
    ):
        yield f"exercises must be numbered 1 to {MIN_EXERCISES} or more, not {titles}"
    kinds = ("exercise", "check", "solution")
    parts = [c for c in code_cells(notebook) if set(kinds) & set(tags(c))]
    names = [next(k for k in kinds if k in tags(cell)) for cell in parts]
    if names != list(kinds) * len(titles):
        yield f"not a stub, a check and a solution for each exercise: {names}"
        return
    for number, (_, check, solution) in enumerate(
        zip(*[iter(parts)] * 3, strict=True), 1
    ):
        here = f"exercise {number}: the"
        for cell, title in ((check, "check"), (solution, "solution")):
            tag = "hide-input" if title == "check" else "hide-cell"
            if first_line(cell) != f"# @title {title.title()}" or tag not in tags(cell):
                yield f"{here} {title} cell is not folded by form and tag"
            if cell.metadata.get("cellView") != "form":
                yield f"{here} {title} cell has no cellView: form"
            if f"check_{number}(" not in cell.source:
                yield f"{here} {title} cell does not call check_{number}"


def is_silent(cell: Any) -> bool:
    """Whether a cell's outputs are not published: what is folded, unless compared."""
    return bool(SILENT & set(tags(cell))) and MARK not in tags(cell)


def answers(executed: Notebook) -> list[str]:
    """What is wrong with exercises that have run: a stub solved, a solution not."""
    checks, solutions = with_tag(executed, "check"), with_tag(executed, "solution")
    return [
        f"answers: exercise {number}: the stub passes its check"
        for number, cell in enumerate(checks, 1)
        if "not yet." not in printed(cell)
    ] + [
        f"answers: exercise {number}: the solution does not pass its check"
        for number, cell in enumerate(solutions, 1)
        if "right." not in printed(cell) or "not yet." in printed(cell)
    ]


def outputs(chapter: Chapter) -> Iterator[str]:
    """One clean run from top to bottom, and no trace of the machine it ran on."""
    notebook = chapter.notebook
    counts = [c.execution_count for c in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        yield "the cells were not executed once each, from top to bottom"
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error" or output.get("name") == "stderr":
                yield f"an error, or a line on stderr: {first_line(cell)}"
            text = str(output.get("text", "")) + str(
                output.get("data", {}).get("text/plain", "")
            )
            if re.search(r"(?<![\w.])/(home|root|Users|tmp|work|opt)/", text):
                yield f"a path of this machine: {first_line(cell)}"
            if re.search(r"\b\w*Warning\b", text):
                yield f"a warning: {first_line(cell)}"
            if "FAILS: " in text:
                yield f"a claim that fails: {first_line(cell)}"
        if cell.outputs and is_silent(cell):
            yield f"an output that Colab would show: {first_line(cell)}"
        if set(cell.metadata) & {"execution", "papermill", "collapsed"}:
            yield f"execution metadata: {first_line(cell)}"
    if "papermill" in notebook.metadata:
        yield "papermill's metadata"


def size(chapter: Chapter) -> Iterator[str]:
    """The file opens at once, also on a phone."""
    n_bytes = len(jupytext.writes(chapter.notebook, "ipynb").encode())
    if n_bytes > MAX_BYTES:
        yield (
            f"{n_bytes / 1e6:.2f} MB, more than {MAX_BYTES / 1e6:.0f} MB; make its "
            "figures fewer or smaller"
        )


def published(chapter: Chapter) -> Iterator[str]:
    """The results are of a full run, with default parameters, of this very code."""
    results = chapter.results
    if not results:
        yield "there is no result file: make publish"
        return
    defaults = {name: p.default for name, p in chapter.parameters.items()}
    if results.get("parameters") != defaults or results.get("profile") != "full":
        yield "the result file is not of a full run with default parameters"
    if not results.get("metrics"):
        yield "no metrics"
    yield from manifest.faults(chapter.notebook, results, chapter.root)


def claims(chapter: Chapter) -> Iterator[str]:
    """What the chapter claims of its figures is true of them, and might not be."""
    metrics, claimed = chapter.results.get("metrics", {}), chapter.results.get("claims")
    if not claimed:
        yield "no claims"
    for claim in claimed or []:
        left, operator, right = claim.split()
        if left not in metrics or left == right:
            yield f"not about a recorded figure: {claim}"
        elif not report.holds(claim, metrics):
            yield f"does not hold: {claim}"
        elif left.endswith("/seconds"):
            margin = MARGIN if right in metrics else LIMIT_MARGIN
            factor = margin if operator in ("<", "<=") else 1 / margin
            moved = {**metrics, left: [factor * x for x in metrics[left]]}
            if not report.holds(claim, moved):
                yield f"holds by a margin that noise may cross: {claim}"


CONTRACTS: tuple[Callable[[Chapter], Iterator[str]], ...] = (
    pairing, bootstrap, parameters, setup, marked, alt_text, portable, order, visible,
    code_style, exercises, outputs, size, published, claims,
)  # fmt: skip
