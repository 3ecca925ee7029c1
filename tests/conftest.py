"""The built site, a small book with every feature, and a browser to look at them."""

import base64
import io
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from matplotlib.figure import Figure

from helpers import series
from helpers.book import browser, site
from helpers.files import book_root

ROOT = book_root()


def build(root: Path, base: Path) -> Path:
    """Build a site; a failure fails the test with its reason."""
    try:
        return site.build(root, base)
    except SystemExit as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the book's HTML, built afresh."""
    return build(ROOT, tmp_path_factory.mktemp("site"))


def code(source: str, outputs: list[Any] = [], **metadata: Any) -> Any:  # noqa: B006
    return nbformat.v4.new_code_cell(
        source, outputs=outputs, execution_count=1, metadata=metadata
    )


def printed(text: str) -> Any:
    return nbformat.v4.new_output("stream", name="stdout", text=text)


def specimen_book(root: Path, extra: str = "") -> Path:
    """A book of one chapter that uses everything a chapter may use."""
    shutil.copytree(ROOT / "chapters" / "_static", root / "chapters" / "_static")
    shutil.copytree(ROOT / "chapters" / "_templates", root / "chapters" / "_templates")
    for name in ("_config.yml", "chapters/index.md", "chapters/results.md"):
        shutil.copy(ROOT / name, root / name)
    front = root / "chapters" / "index.md"
    plan = "planned:\n  2: {short: more, after: [1]}\n---"
    front.write_text(re.sub(r"planned:\n.*?---", plan, front.read_text(), flags=re.S))
    (root / "chapters" / "instructors.md").write_text("# Teaching\n\nText.\n")
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: chapters/index\nparts:\n- caption: Chapters\n"
        "  chapters:\n  - file: chapters/01_specimen\n- caption: Reference\n"
        "  chapters:\n  - file: chapters/results\n  - file: chapters/instructors\n"
    )
    png = io.BytesIO()
    Figure((6, 3.4)).savefig(png, dpi=200)
    picture = nbformat.v4.new_output(
        "display_data",
        {"image/png": base64.b64encode(png.getvalue()).decode()},
        metadata={"image/png": {"width": 600, "height": 340}},
    )
    text = nbformat.v4.new_markdown_cell
    quotes = "\n\n".join(
        f"> **{kind}.** Text with $x_t$."
        for kind in ("Remark", "Tip", "Pitfall", "From the lectures", "Bold words")
    )
    columns = [f"a column with a long name {i}" for i in range(9)]
    rows = (columns, ["---"] * 9, ["a value"] * 9)
    table = "\n".join(" | ".join(["", *row, ""]).strip() for row in rows)
    equation = " + ".join(
        f"\\frac{{\\partial L_{i}}}{{\\partial U}}" for i in range(40)
    )
    notebook = nbformat.v4.new_notebook(
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3"},
            "language_info": {"name": "python", "pygments_lexer": "ipython3"},
            "unrolled": {
                "summary": "A specimen of `code`.",
                "needs": "Nothing & all",
                "short": "a specimen",
                "after": [],
            },
        },
        cells=[
            text(f"# The specimen\n\nA sentence before.{extra}"),
            code("secret_bootstrap = 1", tags=["bootstrap"]),
            code(
                "# @title Parameters\nunits: int = 3  # width",
                tags=["parameters", "hide-input"],
                cellView="form",
            ),
            code(
                "# @title Set-up\nruntime.start(profile, seed)",
                [printed("TensorFlow 2.21.0 · Keras 3.15.1 · CPU, 2 threads\n")],
                tags=["setup", "hide-input"],
                cellView="form",
            ),
            code("record_here = 1", tags=["bookkeeping"]),
            code("record_there = 1", tags=["bookkeeping", "remove-cell"]),
            text(f"## Quotes\n\n{quotes}\n\n$$\n{equation} \\tag{{1}}\n$$"),
            code("draw()", [picture], mystnb={"image": {"alt": "A white field"}}),
            code("draw()", [picture], mystnb={"image": {"alt": "Another field"}}),
            text(f"## Wide things\n\n{table}"),
            code("print('wide')  # " + "long " * 30, [printed("a wide line " * 20)]),
            text("## Exercises\n\n### Exercise 1. Count\n\nHow many?"),
            code("answer = ...", tags=["exercise"]),
            code(
                "# @title Check\nchecks.equal('Exercise 1', answer, 42)",
                tags=["check", "hide-input"],
                cellView="form",
            ),
            code(
                "# @title Solution\nanswer = 42",
                tags=["solution", "hide-cell"],
                cellView="form",
            ),
        ],
    )
    nbformat.write(notebook, root / "chapters" / "01_specimen.ipynb")
    results = {
        "metrics": {"a/b/accuracy": [0.5, 0.7], "a/b/seconds": [12.5]},
        "claims": ["a/b/accuracy >= 0.55", "a/b/accuracy >= 0.99"],
        "seconds": {"total": 200.0},
        "peak_rss_mb": 1234,
        "environment": dict.fromkeys(
            ("python", "tensorflow", "keras", "numpy", "device", "system"), "1.2.3"
        ),
    }
    (root / "data" / "results").mkdir(parents=True)
    path = root / "data" / "results" / "01_specimen.json"
    path.write_text(json.dumps(results))
    return root


@pytest.fixture(scope="session")
def specimen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small book's HTML."""
    root = tmp_path_factory.mktemp("specimen")
    return build(specimen_book(root), root)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One browser for all tests; without one they are skipped, unless demanded."""
    if browser.chromium() is None and not os.environ.get("UNROLLED_REQUIRE_BROWSER"):
        pytest.skip(
            "no Chromium on this machine: install the package chromium, or name the "
            "program in $CHROMIUM"
        )
    with browser.launched() as program:
        yield program


@pytest.fixture
def own_series(tmp_path: Path) -> Any:
    """Write a file of a reader and read it: a text, bytes, or lines under a header."""

    def read(content: Any, dates: str = "date", target: str = "value", **options: Any):
        path = tmp_path / "mine.csv"
        if not isinstance(content, bytes):
            text = content if isinstance(content, str) else "\n".join([*content, ""])
            content = text.encode()
        path.write_bytes(content)
        return series.read_series(path, dates, target, **{"at_least": 20} | options)

    return read
