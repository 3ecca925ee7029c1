"""Every chapter executed: quickly, twice, with other parameters, and as Colab would.

Nothing here may download: the proxies lead nowhere.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from helpers.book import execute, notebooks
from helpers.files import book_root
from tests import contracts

ROOT = book_root()
CHAPTERS = notebooks.chapters()
NOWHERE = "http://127.0.0.1:9"
OFFLINE = {
    **{f"{scheme}_proxy": NOWHERE for scheme in ("http", "https", "ftp")},
    **{f"{scheme}_PROXY": NOWHERE for scheme in ("HTTP", "HTTPS", "FTP")},
}


def other(chapter: str) -> dict[str, Any]:
    """Values that differ from the defaults: smaller, but still sensible."""
    values: dict[str, Any] = {"profile": "quick", "seed": 7}
    for name, parameter in notebooks.parameters(chapter).items():
        if name not in values and parameter.type in ("int", "float"):
            half = parameter.default / 2
            values[name] = max(1, round(half)) if parameter.type == "int" else half
    return values


def timeless(results: dict[str, Any]) -> dict[str, Any]:
    """The metrics that do not depend on how busy the machine was."""
    return {k: v for k, v in results["metrics"].items() if not k.endswith("/seconds")}


@pytest.fixture(scope="session")
def quick(tmp_path_factory: pytest.TempPathFactory) -> dict[str, execute.Outcome]:
    """All chapters executed in the quick profile with other than default parameters."""
    folder = tmp_path_factory.mktemp("quick")
    (folder / "cache").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in OFFLINE.items():
            patch.setenv(name, value)
        patch.setenv("UNROLLED_CACHE", str(folder / "cache"))
        patch.delenv("UNROLLED_MIRROR", raising=False)
        jobs = [execute.plan([c], other(c), folder)[0] for c in CHAPTERS]
        done = execute.execute(jobs, timeout=300)
    return {outcome.job.chapter: outcome for outcome in done}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_chapter_runs_in_the_quick_profile_with_other_parameters(chapter, quick):
    outcome = quick[chapter]
    assert outcome.error == ""
    results = json.loads(outcome.results.read_text())
    assert results["parameters"] == {
        **{name: p.default for name, p in notebooks.parameters(chapter).items()},
        **other(chapter),
    }
    assert results["claims"]
    assert results["source_digest"] == notebooks.source_digest(
        ROOT / "chapters" / f"{chapter}.ipynb"
    )
    notebook = nbformat.read(outcome.notebook, 4)
    assert list(contracts.alt_text(notebook)) == []
    assert not [
        cell.source
        for cell in contracts.code_cells(notebook)
        for output in cell.outputs
        if output.output_type == "error" or output.get("name") == "stderr"
    ]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_chapter_is_quick_in_the_quick_profile(chapter, quick):
    results = json.loads(quick[chapter].results.read_text())
    # The budget is 45 s on two free cores; this bound only catches a wrong profile.
    assert results["seconds"]["total"] < 180


def nbval(folder: Path, notebook: Any, name: str = "notebook") -> tuple[int, str]:
    """Execute a notebook and compare its marked cells with their stored outputs."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    (folder / "cache").mkdir(exist_ok=True)
    environment = {
        **os.environ,
        **OFFLINE,
        "UNROLLED_RESULTS": str(folder),
        "UNROLLED_CACHE": str(folder / "cache"),
        "PYTHONHASHSEED": "0",
    }
    environment.pop("UNROLLED_MIRROR", None)
    options = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=300"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", *options, f"--rootdir={folder}",
         "-c", os.devnull, "-p", "no:cacheprovider", str(path)],
        cwd=folder, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="session")
def compared(
    tmp_path_factory: pytest.TempPathFactory, quick: Any
) -> dict[str, tuple[Path, int, str]]:
    """A second quick run of every chapter, in which nbval compares the marked cells."""
    folders = {chapter: tmp_path_factory.mktemp(chapter) for chapter in CHAPTERS}

    def run(chapter: str) -> tuple[Path, int, str]:
        published = load_notebook_node(str(ROOT / "chapters" / f"{chapter}.ipynb"))
        notebook = parameterize_notebook(published, other(chapter))
        return folders[chapter], *nbval(folders[chapter], notebook, chapter)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(CHAPTERS, pool.map(run, CHAPTERS), strict=True))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_marked_cells_print_what_is_published(chapter, compared):
    _, code, text = compared[chapter]
    assert code == 0, text[-3000:]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_two_quick_runs_give_identical_metrics(chapter, quick, compared):
    folder, *_ = compared[chapter]
    second = json.loads((folder / f"{chapter}.json").read_text())
    assert timeless(second) == timeless(json.loads(quick[chapter].results.read_text()))


def test_a_changed_output_of_a_marked_cell_is_found(tmp_path):
    cell = nbformat.v4.new_code_cell(
        "print(6 * 7)",
        execution_count=1,
        outputs=[nbformat.v4.new_output("stream", text="41\n")],
        metadata={"tags": ["nbval-check-output"]},
    )
    notebook = nbformat.v4.new_notebook(cells=[cell])
    code, text = nbval(tmp_path, notebook)
    assert code == 1, text
    cell.outputs[0].text = "42\n"
    assert nbval(tmp_path, notebook)[0] == 0


# --- Colab: the notebook alone in an empty folder -----------------------------------


def git(*words: str, cwd: Path) -> None:
    identity = ["-c", "user.name=Book", "-c", "user.email=book@example.org"]
    subprocess.run(["git", *identity, *words], cwd=cwd, check=True, capture_output=True)


@pytest.fixture
def colab(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """An empty folder, and an environment in which the book's address is this checkout."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("needs git and a checkout: the bootstrap cell clones the book")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    copy = tmp_path / "upstream"
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    page = re.search(r'"(https://[^"]+)/tree/(\S+)"', colab_source())
    assert page
    git("init", "--quiet", f"--initial-branch={page[2]}", cwd=copy)
    git("add", "--all", cwd=copy)
    git("commit", "--quiet", "--message=The book as it is here", cwd=copy)

    # A Python with the libraries but without the book, and with Colab's module.
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", tmp_path / "python"], check=True
    )
    site = next((tmp_path / "python").glob("lib/python*/site-packages"))
    libraries = next(p for p in sys.path if p.endswith("site-packages"))
    (site / "libraries.pth").write_text(libraries + "\n")
    (site / "sitecustomize.py").write_text(
        "import sys, types\nsys.modules['google.colab'] = types.ModuleType('google.colab')\n"
    )
    kernel = tmp_path / "jupyter" / "kernels" / "colab"
    kernel.mkdir(parents=True)
    python = str(tmp_path / "python" / "bin" / "python")
    argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "Colab", "language": "python"})
    )
    empty = tmp_path / "content"
    empty.mkdir()
    keep = ("PATH", "LANG", "LD_LIBRARY_PATH")
    return empty, {
        **{name: os.environ[name] for name in keep if name in os.environ},
        **OFFLINE,
        "HOME": str(tmp_path),
        "JUPYTER_PATH": str(tmp_path / "jupyter"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{copy}.insteadOf",
        "GIT_CONFIG_VALUE_0": page[1],
        "PYTHONHASHSEED": "0",
    }


def colab_source() -> str:
    return contracts.code_cells(notebooks.source(CHAPTERS[0]))[0].source


def colab_run(
    notebook: Path, empty: Path, environment: dict[str, str], **values: Any
) -> Any:
    given = [
        word for name, value in values.items() for word in ("-p", name, str(value))
    ]
    return subprocess.run(
        [sys.executable, "-m", "papermill", notebook, empty / "out.ipynb", *given,
         "--kernel", "colab", "--cwd", empty, "--no-progress-bar", "--log-level", "ERROR"],
        cwd=empty, env=environment, capture_output=True, text=True,
    )  # fmt: skip


def test_a_notebook_alone_on_an_empty_machine_fetches_the_book_and_runs(colab, quick):
    empty, environment = colab
    chapter = CHAPTERS[0]
    shutil.copy(ROOT / "chapters" / f"{chapter}.ipynb", empty)
    done = colab_run(empty / f"{chapter}.ipynb", empty, environment, **other(chapter))
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    (written,) = empty.glob(f"*/_build/results/{chapter}.json")
    expected = json.loads(quick[chapter].results.read_text())
    assert timeless(json.loads(written.read_text())) == timeless(expected)


def test_without_a_network_the_bootstrap_cell_says_what_it_could_not_fetch(colab):
    empty, environment = colab
    cell = nbformat.v4.new_code_cell(colab_source())
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), empty / "cell.ipynb")
    environment["GIT_CONFIG_COUNT"] = "0"
    done = colab_run(empty / "cell.ipynb", empty, environment)
    assert done.returncode != 0
    assert "RuntimeError: could not fetch https://" in done.stdout + done.stderr
