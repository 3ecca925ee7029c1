"""The store of finished runs: `_build/runs/<key>/` holds a notebook and what it wrote.

The key says all that a run's figures hang on, so that an identical run is found and
not repeated. A run is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import nbformat

from helpers import parameters
from helpers.book import notebooks
from helpers.book.plans import Job
from helpers.book.worker import Executed


class Run(NamedTuple):
    """A finished run, as `worker.Executed` describes it."""

    notebook: Any
    result: dict[str, Any]
    files: Mapping[str, bytes]


def in_force(job: Job, root: Path) -> dict[str, Any]:
    """The value of every parameter of a job."""
    known = parameters.read(job.chapter, root)
    return {name: job.parameters.get(name, p.default) for name, p in known.items()}


def code(source: Any, root: Path) -> str:
    """A digest of what all runs of a chapter share: its code, helpers, pins, Python."""
    pins = root / "requirements.txt"
    helpers = notebooks.helper_digests(source, root)
    text = pins.read_text("utf-8") if pins.exists() else ""
    return notebooks.digest(
        [notebooks.code(source), helpers, text, sys.version_info[:2]]
    )


def key(job: Job, threads: int, code: str, root: Path) -> str:
    """Name all that the figures of a run hang on.

    Parameters
    ----------
    threads : of its kernel.
    code : the digest of its chapter, as `code` gives it.
    """
    values = in_force(job, root)
    files = {
        name: _content(root / Path(values[name]).expanduser())
        for name, parameter in parameters.read(job.chapter, root).items()
        if parameter.is_file and values[name]
    }
    return notebooks.digest([code, job.chapter, values, threads, files])


def _content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def text(result: Mapping[str, Any]) -> str:
    """A result as its file holds it."""
    return json.dumps(result, indent=1, allow_nan=False) + "\n"


def store(root: Path) -> Path:
    """The folder of the finished runs."""
    return root / "_build" / "runs"


def find(name: str, root: Path) -> Run | None:
    """A run of this key, if there is one."""
    folder = store(root) / name
    try:
        notebook = nbformat.read(folder / "chapter.ipynb", as_version=4)
        result = json.loads((folder / "result.json").read_text("utf-8"))
        files = {p.name: p.read_bytes() for p in folder.glob("files/*")}
        return Run(notebook, result, files)
    except FileNotFoundError:
        return None


def put(name: str, done: Executed, root: Path) -> None:
    """Keep a finished run, in place of one of the same key."""
    place = store(root) / name
    place.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=place.parent))
    try:
        (folder / "chapter.ipynb").write_text(done.notebook, "utf-8")
        (folder / "result.json").write_text(text(done.result or {}), "utf-8")
        (folder / "files").mkdir()
        for file, content in (done.files or {}).items():
            (folder / "files" / file).write_bytes(content)
        shutil.rmtree(place, ignore_errors=True)
        with suppress(OSError):  # another process has just put the same run there
            os.replace(folder, place)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
