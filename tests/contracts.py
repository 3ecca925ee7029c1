"""What every chapter must be, as functions that list what is wrong with one."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from typing import Any

from helpers import report
from helpers.book import notebooks
from helpers.files import book_root

MAX_BYTES, MAX_LINES, MAX_COLUMNS, MIN_EXERCISES = 1_000_000, 15, 79, 6
Notebook = Any


def tags(cell: Any) -> list[str]:
    return cell.metadata.get("tags", [])


def code_cells(notebook: Notebook) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


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


def pairing(notebook: Notebook, source: Notebook) -> Iterator[str]:
    """The published notebook holds exactly the cells of its Markdown source."""
    if len(notebook.cells) != len(source.cells):
        yield f"{len(notebook.cells)} cells, but {len(source.cells)} in the .md"
    for mine, theirs in zip(notebook.cells, source.cells, strict=False):
        for part in ("cell_type", "source", "metadata", "id"):
            if mine[part] != theirs[part]:
                yield f"{part} differs from the .md: {first_line(theirs)}"
    for key, value in source.metadata.items():
        if key != "jupytext" and notebook.metadata.get(key) != value:
            yield f"notebook metadata {key} differs from the .md"


def bootstrap(notebook: Notebook, expected: str, address: str) -> Iterator[str]:
    """The first code cell is the one that all chapters share, with the book's address."""
    first = code_cells(notebook)[0]
    if "bootstrap" not in tags(first) or "remove-cell" not in tags(first):
        yield "the first code cell is not tagged bootstrap, remove-cell"
    if first.metadata.get("cellView") != "form":
        yield "the bootstrap cell is not folded in Colab (cellView: form)"
    if first.source != expected:
        yield "the bootstrap cell differs from the first chapter's"
    if f'"{address}"' not in first.source:
        yield f"the bootstrap cell does not name {address} of _config.yml"


def parameters(
    notebook: Notebook, found: dict[str, notebooks.Parameter]
) -> Iterator[str]:
    """The second code cell holds typed, explained, used parameters."""
    second, *later = code_cells(notebook)[1:]
    if "parameters" not in tags(second):
        yield "the second code cell is not tagged parameters"
    for name, default in (("profile", "full"), ("seed", 0)):
        if name not in found or found[name].default != default:
            yield f"there is no parameter {name} with the default {default!r}"
    # in the setup cell every parameter is listed, which is no use of it
    body = later if {"profile", "seed"} >= set(found) else later[1:]
    used = {
        node.id
        for cell in body
        for node in ast.walk(ast.parse(re.sub(r"^[%!].*", "", cell.source, flags=re.M)))
        if isinstance(node, ast.Name)
    }
    for name, parameter in found.items():
        if not parameter.help:
            yield f"parameter {name} has no comment"
        if parameter.type not in ("bool", "float", "int", "str"):
            yield f"parameter {name} has the type {parameter.type}"
        if name not in used:
            yield f"parameter {name} is never used"


def setup(
    notebook: Notebook, chapter: str, found: dict[str, notebooks.Parameter]
) -> Iterator[str]:
    """The third code cell starts the run and hands over every parameter."""
    third = code_cells(notebook)[2]
    if "setup" not in tags(third):
        yield "the third code cell is not tagged setup"
    calls = [
        node for node in ast.walk(ast.parse(third.source)) if isinstance(node, ast.Call)
    ]
    by_name = {ast.unparse(call.func): call for call in calls}
    if "runtime.start" not in by_name:
        yield "the setup cell does not call runtime.start"
    results = by_name.get("report.Results")
    if not results or ast.unparse(results.args[0]) != repr(chapter):
        yield f"the setup cell does not make report.Results({chapter!r}, …)"
    elif {k.arg: ast.unparse(k.value) for k in results.keywords} != {
        n: n for n in found
    }:
        yield "report.Results is not given exactly the parameters"


def marked(notebook: Notebook) -> Iterator[str]:
    """Some cell is marked for comparison, and every marked cell prints something."""
    cells = with_tag(notebook, "nbval-check-output")
    if not cells:
        yield "no cell is tagged nbval-check-output"
    for cell in cells:
        if not cell.outputs:
            yield f"marked for comparison, but without output: {first_line(cell)}"


def alt_text(notebook: Notebook) -> Iterator[str]:
    """Every cell that shows a figure says what it shows, and no other cell does."""
    for cell in code_cells(notebook):
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


def portable(notebook: Notebook) -> Iterator[str]:
    """Prose that Colab and GitHub show as the site does, one title, no skipped level."""
    levels = []
    for text in prose(notebook):
        plain = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.S)
        for pattern, name in PORTABLE.items():
            found = re.search(pattern, text if "`" in pattern else plain, re.M)
            if found:
                yield f"{name} in the prose: {found[0]!r}"
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", plain):
            page = target.removesuffix(".md").removesuffix(".ipynb")
            chapter = bool(re.match(r"\d\d_", page))
            if target != page + (".ipynb" if chapter else ".md"):
                yield f"a link to {target}: chapters by .ipynb, other pages by .md"
            elif not (book_root() / "chapters" / target).exists():
                yield f"a link to {target}, which does not exist"
        levels += [len(marks) for marks in re.findall(r"^(#+) ", plain, re.M)]
    if levels[:1] != [1] or levels.count(1) != 1:
        yield "there is not exactly one title, at the top"
    if any(after > before + 1 for before, after in itertools.pairwise(levels)):
        yield "a heading skips a level"


def order(notebook: Notebook) -> Iterator[str]:
    """Title, aims, run time, body, exercises, what we measured, take-aways."""
    text = "\n".join(prose(notebook))
    signs = [
        "# ", "You will be able to", "**Run time**", "\n## ", "\n## Exercises",
        "### Exercise 1.", "\n## What we measured", "You are now able to",
    ]  # fmt: skip
    places = [text.find(sign) for sign in signs]
    for sign, place in zip(signs, places, strict=True):
        if place < 0:
            yield f"there is no {sign.strip()!r}"
    if min(places) >= 0 and places != sorted(places):
        yield f"not in this order: {', '.join(s.strip() for s in signs)}"
    if "results.write(" not in code_cells(notebook)[-1].source:
        yield "the last code cell does not call results.write"
    facts = notebook.metadata.get("unrolled", {})
    if not facts.get("summary") or not facts.get("needs"):
        yield "the notebook metadata `unrolled` lacks summary or needs"


FORBIDDEN = {
    r"\btf\.keras\b|tensorflow\.keras|tensorflow import keras": "tf.keras",
    r"\bLambda\(": "a Lambda layer",
    r"allow_pickle\s*=\s*True|\bpickle\b": "pickle",
    r"\b(urllib|requests|wget|get_file)\b": "a download outside helpers.datasets",
    r"input_length\s*=|batch_input_shape|reset_states\(|predict_classes": "Keras 2",
}


def code_style(notebook: Notebook) -> Iterator[str]:
    """Short visible cells, narrow lines, Keras 3 idiom."""
    for cell in code_cells(notebook):
        lines = cell.source.splitlines()
        folded = {"bootstrap", "check", "solution"} & set(tags(cell))
        if len(lines) > MAX_LINES and not folded:
            yield f"a cell of {len(lines)} lines: {first_line(cell)}"
        if lines and max(map(len, lines)) > MAX_COLUMNS:
            yield f"a line of more than {MAX_COLUMNS} columns: {first_line(cell)}"
        tree = ast.parse(cell.source)
        for node in ast.walk(tree):  # a string may name what is forbidden
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                node.value = ""
        code = ast.unparse(tree)
        for pattern, name in FORBIDDEN.items():
            if re.search(pattern, code):
                yield f"{name}: {first_line(cell)}"


def exercises(notebook: Notebook) -> Iterator[str]:
    """Stub, check and solution in this order; the stub unsolved, the solution right."""
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
    for number, (stub, check, solution) in enumerate(
        zip(*[iter(parts)] * 3, strict=True), 1
    ):
        for cell, title in ((check, "Check"), (solution, "Solution")):
            folded = "hide-input" if title == "Check" else "hide-cell"
            if first_line(cell) != f"# @title {title}" or folded not in tags(cell):
                yield f"exercise {number}: the {title.lower()} cell is not folded by form and tag"
            if cell.metadata.get("cellView") != "form":
                yield f"exercise {number}: the {title.lower()} cell has no cellView: form"
            if f"check_{number}(" not in cell.source:
                yield f"exercise {number}: the {title.lower()} cell does not call check_{number}"
        if "not yet." not in printed(check):
            yield f"exercise {number}: the stub passes its check: {first_line(stub)}"
        if "right." not in printed(solution) or "not yet." in printed(solution):
            yield f"exercise {number}: the solution does not pass its check"


def outputs(notebook: Notebook) -> Iterator[str]:
    """One clean run from top to bottom, and no trace of the machine it ran on."""
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
        if set(cell.metadata) & {"execution", "papermill", "collapsed"}:
            yield f"execution metadata: {first_line(cell)}"
    if "papermill" in notebook.metadata:
        yield "papermill's metadata"


def size(n_bytes: int) -> Iterator[str]:
    """The file opens at once, also on a phone."""
    if n_bytes > MAX_BYTES:
        yield f"{n_bytes:,} bytes, more than {MAX_BYTES:,}"


def published(
    results: dict[str, Any] | None, digest: str, defaults: dict[str, Any]
) -> Iterator[str]:
    """The result file is of a full run, with default parameters, of this very code."""
    if results is None:
        yield "there is no result file: make publish"
        return
    if results["parameters"] != defaults or results["profile"] != "full":
        yield "the result file is not of a full run with default parameters"
    if results["source_digest"] != digest:
        yield "the code changed since the results were published: make publish"
    if not results["metrics"]:
        yield "no metrics"


def claims(results: dict[str, Any]) -> Iterator[str]:
    """What the chapter claims of its figures is true of the published ones."""
    if not results["claims"]:
        yield "no claims"
    for claim in results["claims"]:
        if not report.holds(claim, results["metrics"]):
            yield f"does not hold: {claim}"
