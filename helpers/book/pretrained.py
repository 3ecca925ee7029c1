"""The models that the book ships: files of `data/pretrained`, each of a chapter's run.

`models.toml` there lists them. Beside the file of each stands NAME.json: what it is,
the parameters and seconds of the run, and digests of the file, the helpers, and the
chapter's code that makes it, comments aside. That is the code of the cells tagged
"makes-NAME": nothing else is executed but what opens the chapter (its parameters are
recorded). Where no cell has this tag, the whole chapter is executed, and the code is
that up to the cell that writes the file.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime
import hashlib
import io
import json
import tomllib
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from helpers import parameters, report
from helpers.book import manifest, notebooks, plans, publish, runs
from helpers.book.cluster import Outcome
from helpers.book.plans import Job

FOLDER = "data/pretrained"
LIST = f"{FOLDER}/models.toml"
MAX_BYTES = 8_000_000


@dataclass(frozen=True)
class Model:
    """An entry of `models.toml`, which says what the fields mean."""

    name: str
    chapter: str
    file: str
    about: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        """Of the cells that make it, where they are marked."""
        return f"makes-{self.name}"

    def path(self, root: Path) -> Path:
        """Where its file lies."""
        return root / FOLDER / f"{self.name}{Path(self.file).suffix}"

    def record(self, root: Path) -> Path:
        """Where it is said what the file was made from."""
        return root / FOLDER / f"{self.name}.json"


def read(root: Path) -> dict[str, Model]:
    """Read `models.toml`: the models by name.

    Raises
    ------
    ValueError
        An entry lacks something, or names a chapter that does not exist.
    """
    models, chapters = {}, notebooks.chapters(root)
    for name, entry in tomllib.loads((root / LIST).read_text("utf-8")).items():
        try:
            models[name] = Model(name, **entry)
        except TypeError:
            raise ValueError(
                f"[{name}] in {LIST} must have chapter, file and about, and may have "
                f"parameters; it has {', '.join(entry)}"
            ) from None
        if (chapter := models[name].chapter) not in chapters:
            raise ValueError(
                f'[{name}] in {LIST}: there is no chapter "{chapter}"; the chapters '
                f"are {', '.join(chapters)}"
            )
        if "profile" in models[name].parameters:
            raise ValueError(f"[{name}] in {LIST}: leave out profile, which is full")
    return models


def job(model: Model, root: Path) -> Job:
    """The run that makes a model.

    Raises
    ------
    ValueError
        The chapter has no such parameter, or a value is not allowed.
    """
    known = parameters.read(model.chapter, root)
    # A default that is given leaves the key of the run as it is, but adds a cell to its
    # notebook, which would then not be fit for publishing.
    words = {
        name: str(value)
        for name, value in model.parameters.items()
        if name not in known or value != known[name].default
    }
    (whole,) = plans.plan([model.chapter], words, root=root)
    return dataclasses.replace(whole, part=model.tag)


def ship(model: Model, outcome: Outcome, root: Path) -> str:
    """Put the file of a successful run in its place; say why if that cannot be."""
    result, files = outcome.result or {}, outcome.files or {}
    for claim in result["claims"]:
        if not report.holds(claim, result["metrics"]):
            return f"{model.name} is not shipped: the claim {claim} does not hold"
    if model.file not in files:
        wrote = ", ".join(sorted(files)) or "nothing else"
        return (
            f"{model.name} is not shipped: the run wrote no {model.file} into "
            f"results.folder, but {wrote}"
        )
    content = files[model.file]
    for fault in _faults(content):
        return f"{model.name} is not shipped: {model.file} {fault}"
    record = {
        "about": model.about,
        "chapter": model.chapter,
        "made": datetime.date.today().isoformat(),
        "parameters": result["parameters"],
        "seconds": result["seconds"]["total"],
        "environment": result["environment"],
        "sha256": _sha256(content),
        **_origin(model, outcome.notebook, root),
    }
    publish.write_all(
        {
            model.path(root): content,
            model.record(root): runs.text(record).encode(),
        }
    )
    return ""


def describe(model: Model, root: Path) -> str:
    """What a model is, and whether what is there is up to date, in three lines."""
    path, record = model.path(root), model.record(root)
    again = f"make pretrain NAME={model.name}"
    values = ", ".join(f"{k}={v}" for k, v in model.parameters.items())
    state = f"not there: {again}"
    if path.exists() and record.exists():
        made = json.loads(record.read_text("utf-8"))
        changes = ", ".join(_changed(model, made, root))
        state = f"{path.stat().st_size / 1e6:.2f} MB, made {made['made']}, " + (
            f"out of date ({changes} changed since): {again}"
            if changes
            else "up to date"
        )
    return (
        f"{model.name}  {model.about}\n"
        f"    {model.chapter} with {values or 'the default parameters'}\n"
        f"    {state}"
    )


def _changed(model: Model, made: Mapping[str, Any], root: Path) -> Iterator[str]:
    if _sha256(model.path(root).read_bytes()) != made["sha256"]:
        yield "the file"
    values = runs.in_force(job(model, root), root)
    if any(values.get(name) != value for name, value in made["parameters"].items()):
        yield "the parameters"
    source = notebooks.source(model.chapter, root)
    yield from manifest.changed(made, _origin(model, source, root))


def _origin(model: Model, notebook: Any, root: Path) -> dict[str, Any]:
    """Digests of what the file is made from: its own cells, where they are marked.

    Else the code up to the cell that names it last; all code, if none names it.
    """
    own = copy.copy(notebook)
    own.cells = [c for c in notebook.cells if model.tag in notebooks.tags(c)]
    cells = notebooks.bare_code(own)
    if not cells:
        own, cells = notebook, notebooks.bare_code(notebook)
        naming = [n for n, cell in enumerate(cells, 1) if model.file in cell]
        cells = cells[: max(naming, default=None)]
    return {
        "code": notebooks.digest(cells),
        "helpers": notebooks.helper_digests(own, root),
    }


# --- the contract -------------------------------------------------------------------


def problems(root: Path) -> Iterator[str]:
    """What lies in `data/pretrained` is listed there, and is what a run wrote."""
    models = read(root).values()
    listed = {path(root) for one in models for path in (one.path, one.record)}
    for path in sorted({*(root / FOLDER).iterdir()} - listed - {root / LIST}):
        yield f"{path.name} is not of a model that {LIST} lists"
    for chapter in notebooks.chapters(root):
        cells = notebooks.source(chapter, root).cells
        used = {tag for cell in cells for tag in notebooks.tags(cell)}
        known = {model.tag for model in models if model.chapter == chapter}
        for tag in sorted(tag for tag in used - known if tag.startswith("makes-")):
            yield f'{chapter} has a tag "{tag}" of which {LIST} does not know'
    for model in models:
        yield from (f"{model.name}: {fault}" for fault in _problems(model, root))


def _problems(model: Model, root: Path) -> Iterator[str]:
    path, record = model.path(root), model.record(root)
    if not (path.exists() and record.exists()):
        if path.exists() or record.exists():
            yield f"there is only one of {path.name} and {record.name}"
        return
    content, made = path.read_bytes(), json.loads(record.read_text("utf-8"))
    if _sha256(content) != made["sha256"]:
        yield f"{path.name} is not the file that {record.name} describes"
    yield from (f"{path.name} {fault}" for fault in _faults(content))
    if (root / "chapters" / f"{model.chapter}.ipynb").exists():
        published = notebooks.published(model.chapter, root)
        if _origin(model, published, root)["code"] != made["code"]:
            yield (
                f"{model.chapter} was published from other code: "
                f"make pretrain NAME={model.name}"
            )


def _faults(content: bytes) -> Iterator[str]:
    """Why a file cannot be shipped, as the end of a sentence about it."""
    if len(content) > MAX_BYTES:
        yield f"has {len(content) / 1e6:.2f} MB, more than {MAX_BYTES / 1e6:.0f} MB"
    try:
        arrays = np.load(io.BytesIO(content), allow_pickle=False)
        for name in getattr(arrays, "files", ()):
            arrays[name]
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as fault:
        yield f"does not load as NumPy arrays without a pickle: {fault}"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
