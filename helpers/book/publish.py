"""Put a run's notebook and result in their places in the book, both or neither."""

from __future__ import annotations

import base64
import io
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jupytext
from PIL import Image

from helpers.book import contracts, manifest, notebooks, runs
from helpers.book.cluster import Outcome
from helpers.files import write_text


def publish(outcome: Outcome, root: Path) -> str:
    """Publish a successful run; say why if that cannot be.

    What breaks a contract is refused, a claim that fails and a line on stderr among
    them; then everything stays as it was. The run itself is in the store: once the
    text is mended, publishing again takes no training.
    """
    chapter, result = outcome.job.chapter, dict(outcome.result or {})
    problems = contracts.answers(outcome.notebook)
    notebook = _tidy(outcome.notebook, root)
    result["manifest"] = manifest.make(notebook, result, root)
    problems += contracts.problems(chapter, notebook, result, root)
    if problems:
        return "\n".join(
            ["is not published, because of", *(f"- {x}" for x in problems)]
        )
    page = jupytext.writes(notebook, "ipynb").encode()
    write_all(
        {
            root / "chapters" / f"{chapter}.ipynb": page,
            root / "data" / "results" / f"{chapter}.json": runs.text(result).encode(),
        }
    )
    return ""


def sync(chapter: str, root: Path) -> None:
    """Bring the changed prose of a chapter into its published notebook.

    Raises
    ------
    ValueError
        The chapter was never published, its code changed since, or what is published
        was changed by hand.
    """
    again = f"make publish CHAPTER={chapter}"
    path = root / "chapters" / f"{chapter}.ipynb"
    if not path.exists():
        raise ValueError(f"{chapter} was never published: {again}")
    published, source = (
        notebooks.published(chapter, root),
        notebooks.source(chapter, root),
    )
    if notebooks.code(published) != notebooks.code(source):
        raise ValueError(
            f"the code of {chapter} changed since it was published: {again}"
        )
    if problems := manifest.of_chapter(chapter, root):
        raise ValueError(f"{chapter}: {problems[0]}")
    synced = notebooks.with_outputs(source, published)
    write_text(path, jupytext.writes(synced, "ipynb"))


def write_all(contents: Mapping[Path, bytes]) -> None:
    """Write several files to temporary names, then rename them: all or none."""
    before = {p: p.read_bytes() if p.exists() else None for p in contents}
    new = {p: p.with_name(f".{p.name}.{os.getpid()}") for p in contents}
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            new[path].write_bytes(content)
        for path in contents:
            os.replace(new[path], path)
    except BaseException:
        for path, old in before.items():
            new[path].unlink(missing_ok=True)
            if old is None:
                path.unlink(missing_ok=True)
            elif path.read_bytes() != old:
                path.write_bytes(old)
        raise


def _tidy(notebook: Any, root: Path) -> Any:
    """Smaller pictures, nothing of this machine in any output, and none to be hidden.

    Colab folds the code of a check or a solution, but not what it prints.
    """
    for cell in notebooks.code_cells(notebook):
        if contracts.is_silent(cell):
            cell.outputs = []
        shown = [one for one in cell.outputs if not _of_first_use(one)]
        cell.outputs = without_places(shown, root)
        for data in (output.get("data", {}) for output in cell.outputs):
            if "image/png" in data:
                data["image/png"] = smaller(data["image/png"])
    return notebook


# What the loading of data prints where it was not loaded before: bars, and one line.
FIRST_USE = re.compile(r"(?:\r[^\n]*|Preparing the .+ …\n)+")


def _of_first_use(output: Any) -> bool:
    """Whether an output only says that data is fetched, as on a machine that is new."""
    return output.get("name") == "stderr" and bool(FIRST_USE.fullmatch(output.text))


def smaller(png: str) -> str:
    """Store a PNG (base64) in 256 colours: a third of the bytes, and looks the same."""
    image = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    small = io.BytesIO()
    colours = image.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    colours.save(small, "PNG", optimize=True)
    return base64.b64encode(small.getvalue()).decode()


def without_places(value: Any, root: Path) -> Any:
    """Replace folders of this machine in the text of outputs by what they stand for."""
    if isinstance(value, dict):
        return type(value)(
            (k, v if k.startswith("image/") else without_places(v, root))
            for k, v in value.items()
        )
    if isinstance(value, list):
        return [without_places(v, root) for v in value]
    if not isinstance(value, str):
        return value
    places = {
        os.environ.get("UNROLLED_MIRROR", ""): "$UNROLLED_MIRROR",
        sys.prefix: "<python>",
        str(root): ".",
        tempfile.gettempdir(): "<temporary>",
        str(Path.home()): "~",
    }
    for place, name in places.items():
        if len(Path(place).parts) > 1:  # a home of "/" says nothing
            value = re.sub(rf"(?<!\w){re.escape(place)}(?!\w)", name, value)
    return value
