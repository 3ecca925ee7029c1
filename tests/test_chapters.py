"""Every chapter executed: quickly, twice, with other parameters, and as Colab would.

Nothing here may download: the proxies lead nowhere. What has been run before with the
same code, parameters and libraries is taken from the store; FRESH=1 runs all anew.
"""

from __future__ import annotations

import datetime
import itertools
import json
import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import numpy as np
import pandas as pd
import pytest
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from helpers import parameters
from helpers.book import (
    cluster,
    contracts,
    manifest,
    notebooks,
    places,
    plans,
    worker,
)
from helpers.files import book_root, write_text

ROOT = book_root()
CHAPTERS = notebooks.chapters()
FRESH = os.environ.get("FRESH", "0") not in ("", "0")
AT_ONCE = 2
THREADS = places.threads_of(AT_ONCE)
NOWHERE = "http://127.0.0.1:9"
OFFLINE = {
    **{f"{scheme}_proxy": NOWHERE for scheme in ("http", "https", "ftp")},
    **{f"{scheme}_PROXY": NOWHERE for scheme in ("HTTP", "HTTPS", "FTP")},
}
Results = dict[str, Any]


def long_series() -> Path:
    """A file of a user: 50,000 half-hours, with semicolons and decimal commas."""
    path = ROOT / "_build" / "tests" / "half_hours.csv"
    if not path.exists():
        dates = pd.date_range("2020-01-01", periods=50_000, freq="30min")
        noise = np.random.default_rng(0).normal(0, 0.5, len(dates))
        values = 20 + 5 * np.sin(2 * np.pi * np.arange(len(dates)) / 48) + noise
        rows = pd.DataFrame({"value": values}, dates.strftime("%d.%m.%Y %H:%M"))
        text = rows.round(2).to_csv(sep=";", decimal=",", index_label="date")
        write_text(path, text)
    return path


def labelled_texts() -> Path:
    """A file of a user: texts with line breaks and umlauts, in three classes."""
    path = ROOT / "_build" / "tests" / "letters_in_three_classes.csv"
    if not path.exists():
        said = {
            "praise": "Schön,\nso fine!",
            "blame": "Not <b>so</b> fine",
            "ask": "¿?",
        }
        parts = ("ba", "dö", "fe", "gu", "ki", "lü", "mo", "na", "pe", "ru", "sä", "to")
        words = ["".join(pair) for pair in itertools.permutations(parts, 2)]
        texts = [
            (f"{text} {' '.join(words[i::5])} {i}", name)
            for i in range(30)
            for name, text in said.items()
        ]
        rows = pd.DataFrame(texts, columns=["letter", "kind"])
        write_text(path, rows.to_csv(index=False))
    return path


def text_of_many_characters() -> Path:
    """A file of a user: lines of 1,200 different Chinese characters, in UTF-16."""
    path = ROOT / "_build" / "tests" / "many_characters.txt"
    if not path.exists():
        drawn = np.random.default_rng(9).permutation(1200).tolist() * 4
        lines = [drawn[i : i + 16] for i in range(0, len(drawn), 16)]
        text = "\r\n".join("".join(chr(0x4E00 + n) for n in line) for line in lines)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-16"))
    return path


# What a user gives together with a file.
OWN: dict[str, Callable[[], dict[str, str]]] = {
    "corpus": lambda: {"corpus": str(text_of_many_characters()), "prompt": "\u4e00"},
    "series_csv": lambda: {"series_csv": str(long_series())},
    "texts_csv": lambda: {
        "texts_csv": str(labelled_texts()),
        "text_column": "letter",
        "label_column": "kind",
    },
}


def other(chapter: str) -> dict[str, Any]:
    """Values that differ from the defaults: smaller, and a file of the user's."""
    values: dict[str, Any] = {"profile": "quick", "seed": 7}
    for name, parameter in parameters.read(chapter).items():
        if parameter.is_file:
            values |= OWN[name]()
        if name not in values and parameter.type in ("int", "float"):
            half = parameter.default / 2
            values[name] = max(1, round(half)) if parameter.type == "int" else half
    return values


def timeless(results: Results) -> Results:
    """The metrics that do not depend on how busy the machine was."""
    times = ("/seconds", "/ms", "_per_second", "/speedup", "/seconds_to_equal_loss")
    return {k: v for k, v in results["metrics"].items() if not k.endswith(times)}


def chosen(request: pytest.FixtureRequest) -> list[str]:
    """The chapters that the selected tests of this file are about, in order."""
    found = {
        item.callspec.params.get("chapter")
        for item in request.session.items
        if item.path == Path(__file__) and hasattr(item, "callspec")
    }
    return [chapter for chapter in CHAPTERS if chapter in found]


@pytest.fixture(scope="session")
def quick(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, cluster.Outcome]:
    """The selected chapters in the quick profile with other than default parameters."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in OFFLINE.items():
            patch.setenv(name, value)
        patch.setenv("UNROLLED_CACHE", str(cache))
        patch.delenv("UNROLLED_MIRROR", raising=False)
        jobs = [plans.Job(chapter, other(chapter)) for chapter in chosen(request)]
        ended = cluster.execute(jobs, workers=AT_ONCE, timeout=300, fresh=FRESH)
        outcomes = {outcome.job.chapter: outcome for outcome in ended}
    for chapter, outcome in outcomes.items():
        if outcome.error and outcome.notebook:  # where continuous integration takes it
            path = ROOT / "_build" / "failed" / "tests" / f"{chapter}.ipynb"
            write_text(path, jupytext.writes(outcome.notebook, "ipynb"))
    return outcomes


def result(outcome: cluster.Outcome) -> Results:
    assert outcome.error == ""
    assert outcome.result is not None
    return outcome.result


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_chapter_runs_in_the_quick_profile_with_other_parameters(chapter, quick):
    results, notebook = result(quick[chapter]), quick[chapter].notebook
    asked = {name: p.default for name, p in parameters.read(chapter).items()}
    asked |= other(chapter)
    in_force = results["parameters"]  # the quick profile makes some of them smaller
    assert in_force.keys() == asked.keys()
    larger = {n for n in asked if in_force[n] != asked[n] and in_force[n] > asked[n]}
    assert larger == set()
    assert results["claims"]
    assert notebooks.code(notebook) == notebooks.code(notebooks.published(chapter))
    read = contracts.Chapter.read(chapter, ROOT, notebook, results)
    assert list(contracts.alt_text(read)) == []
    assert contracts.answers(notebook) == []
    assert not [
        cell.source
        for cell in notebooks.code_cells(notebook)
        for output in cell.outputs
        if output.output_type == "error" or output.get("name") == "stderr"
    ]


# 45 seconds of a processor where one import of TensorFlow takes 7.5. How fast a machine
# is changes by a half from day to day, and the import changes with it.
IMPORTS = 6


@pytest.fixture(scope="session")
def imported() -> float:
    """Processor seconds that importing TensorFlow takes, two at once as chapters run."""
    command = [sys.executable, "-c", "import keras, tensorflow"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = [pool.submit(subprocess.run, command, check=True) for _ in range(4)]
    for one in done:
        one.result()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent / len(done)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_chapter_takes_little_time_and_2_gb_in_the_quick_profile(
    chapter, quick, imported
):
    results = result(quick[chapter])
    assert results["seconds"]["processor"] <= IMPORTS * imported
    assert results["peak_rss_mb"] <= 2000


# --- a second run, compared ---------------------------------------------------------


def nbval(folder: Path, notebook: Any, name: str = "notebook") -> tuple[int, str]:
    """Execute a notebook and compare its marked cells with their stored outputs."""
    path, results = folder / f"{name}.ipynb", folder / "results"
    for place in (results, folder / "cache"):
        place.mkdir(parents=True)
    nbformat.write(notebook, path)
    environment = {
        **os.environ,
        **OFFLINE,
        **worker.environment(THREADS, results),
        "UNROLLED_CACHE": str(folder / "cache"),
    }
    environment.pop("UNROLLED_MIRROR", None)
    options = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=300"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", *options, f"--rootdir={folder}",
         "-c", os.devnull, "-p", "no:cacheprovider", str(path)],
        cwd=folder, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def today() -> datetime.date:
    return datetime.date.today()


def to_compare(chapters: list[str]) -> list[str]:
    """Those that changed since they were published, and one of the others in turn."""
    if FRESH or not chapters:
        return chapters
    in_turn = chapters[today().toordinal() % len(chapters)]
    return [c for c in chapters if c == in_turn or manifest.of_chapter(c)]


@pytest.fixture(scope="session")
def compared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, quick: Any
) -> Callable[[str], tuple[Path, int, str]]:
    """A second quick run of a chapter, in which nbval compares the marked cells."""
    chapters = to_compare(chosen(request))
    folders = {chapter: tmp_path_factory.mktemp(chapter) for chapter in chapters}

    def run(chapter: str) -> tuple[Path, int, str]:
        published = load_notebook_node(str(ROOT / "chapters" / f"{chapter}.ipynb"))
        notebook = parameterize_notebook(published, other(chapter))
        folder = folders[chapter] / "run"
        return folder, *nbval(folder, notebook, chapter)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = dict(zip(chapters, pool.map(run, chapters), strict=True))

    def second(chapter: str) -> tuple[Path, int, str]:
        if chapter not in done:
            pytest.skip("as it was published, and not its turn: FRESH=1 compares all")
        return done[chapter]

    return second


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_marked_cells_print_what_is_published(chapter, compared):
    _, code, text = compared(chapter)
    assert code == 0, text[-3000:]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_two_quick_runs_give_identical_metrics(chapter, quick, compared):
    folder, *_ = compared(chapter)
    second = json_of(folder / "results" / f"{chapter}.json")
    assert timeless(second) == timeless(result(quick[chapter]))


def json_of(path: Path) -> Results:
    return json.loads(path.read_text("utf-8"))


def test_a_changed_output_of_a_marked_cell_is_found(tmp_path):
    cell = nbformat.v4.new_code_cell(
        "print(6 * 7)",
        execution_count=1,
        outputs=[nbformat.v4.new_output("stream", text="41\n")],
        metadata={"tags": ["nbval-check-output"]},
    )
    notebook = nbformat.v4.new_notebook(cells=[cell])
    code, text = nbval(tmp_path / "bad", notebook)
    assert code == 1, text
    cell.outputs[0].text = "42\n"
    assert nbval(tmp_path / "good", notebook)[0] == 0


def test_what_changed_is_compared_and_one_of_the_others_in_turn(monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "FRESH", False)
    monkeypatch.setattr(manifest, "of_chapter", lambda c: ["x"] if c == "b" else [])
    turns = []
    for number in (3000, 3001, 3002):
        day = datetime.date.fromordinal(number)
        monkeypatch.setattr(sys.modules[__name__], "today", lambda day=day: day)
        turns.append(to_compare(["a", "b", "c"]))
    assert turns == [["a", "b"], ["b"], ["b", "c"]]
    monkeypatch.setattr(sys.modules[__name__], "FRESH", True)
    assert to_compare(["a", "b", "c"]) == ["a", "b", "c"]


# --- plain papermill: a wrong value is refused in the first seconds --------------------


@pytest.mark.parametrize("chapter", CHAPTERS)
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("-1", "must be at least 0 and at most 4,?000,?000,?000, not -1"),
        ("6.5", "must be int, such as 0, not 6.5"),
        ("None", "must be int, such as 0, not None"),
    ],
)
def test_papermill_says_what_is_wrong_before_anything_is_loaded(
    chapter, value, message, tmp_path
):
    done = subprocess.run(
        [sys.executable, "-m", "papermill", ROOT / "chapters" / f"{chapter}.ipynb",
         tmp_path / "out.ipynb", "-p", "seed", value, "--no-progress-bar"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert re.fullmatch(f'ValueError: parameter "seed" of {chapter} {message}', last)
    assert "TensorFlow 2" not in (tmp_path / "out.ipynb").read_text("utf-8")


# --- Colab: the notebook alone in an empty folder -----------------------------------


def git(*words: str, cwd: Path) -> None:
    identity = ["-c", "user.name=Book", "-c", "user.email=book@example.org"]
    subprocess.run(["git", *identity, *words], cwd=cwd, check=True, capture_output=True)


def python_without_the_book(folder: Path, module: str = "") -> dict[str, str]:
    """A kernel `alone` of a Python with the libraries only; the environment for it.

    module : a module that exists there, empty.
    """
    python = folder / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", python], check=True)
    site = next(python.glob("lib/python*/site-packages"))
    libraries = next(p for p in sys.path if p.endswith("site-packages"))
    (site / "libraries.pth").write_text(libraries + "\n")
    if module:
        text = f"import sys, types\nsys.modules[{module!r}] = types.ModuleType({module!r})\n"
        (site / "sitecustomize.py").write_text(text)
    kernel = folder / "jupyter" / "kernels" / "alone"
    kernel.mkdir(parents=True)
    argv = [
        str(python / "bin" / "python"),
        "-m",
        "ipykernel_launcher",
        "-f",
        "{connection_file}",
    ]
    write_text(
        kernel / "kernel.json",
        json.dumps({"argv": argv, "display_name": "Alone", "language": "python"}),
    )
    keep = ("PATH", "LANG", "LD_LIBRARY_PATH")
    return {
        **{name: os.environ[name] for name in keep if name in os.environ},
        **OFFLINE,
        **worker.environment(THREADS, folder),
        "UNROLLED_RESULTS": "",
        "HOME": str(folder),
        "JUPYTER_PATH": str(folder / "jupyter"),
    }


def bootstrap() -> str:
    return notebooks.code_cells(notebooks.source(CHAPTERS[0]))[0].source


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
    page = re.search(r'"(https://[^"]+)/tree/(\S+)"', bootstrap())
    assert page
    git("init", "--quiet", f"--initial-branch={page[2]}", cwd=copy)
    git("add", "--all", cwd=copy)
    git("commit", "--quiet", "--message=The book as it is here", cwd=copy)
    empty = tmp_path / "content"
    empty.mkdir()
    return empty, {
        **python_without_the_book(tmp_path, "google.colab"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{copy}.insteadOf",
        "GIT_CONFIG_VALUE_0": page[1],
    }


def run_alone(
    notebook: Path, empty: Path, environment: dict[str, str], **values: Any
) -> Any:
    given = [
        word for name, value in values.items() for word in ("-p", name, str(value))
    ]
    return subprocess.run(
        [sys.executable, "-m", "papermill", notebook, empty / "out.ipynb", *given,
         "--kernel", "alone", "--cwd", empty, "--no-progress-bar", "--log-level", "ERROR"],
        cwd=empty, env=environment, capture_output=True, text=True,
    )  # fmt: skip


def to_the_first_figure(chapter: str) -> Any:
    """A published notebook up to its first figure, and a last cell that writes results."""
    notebook = notebooks.published(chapter)
    cells = notebook.cells
    first = next(
        n
        for n, c in enumerate(cells)
        if c.cell_type == "code" and contracts.shows_image(c)
    )
    record = "results.record('a/b', 1)\nresults.write(claims=['a/b >= 1'])"
    notebook.cells = [*cells[: first + 1], nbformat.v4.new_code_cell(record)]
    return notebook


@pytest.mark.parametrize("chapter", CHAPTERS[:1])
def test_a_notebook_alone_on_an_empty_machine_fetches_the_book_and_runs(
    colab, quick, chapter
):
    empty, environment = colab
    notebook = notebooks.published(chapter) if FRESH else to_the_first_figure(chapter)
    nbformat.write(notebook, empty / f"{chapter}.ipynb")
    done = run_alone(empty / f"{chapter}.ipynb", empty, environment, **other(chapter))
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    executed = nbformat.read(empty / "out.ipynb", 4)
    assert any(contracts.shows_image(c) for c in notebooks.code_cells(executed))
    (written,) = empty.glob(f"*/_build/results/{chapter}.json")
    assert str(written.relative_to(empty)) in contracts.printed(executed.cells[-1])
    expected = result(quick[chapter]) if FRESH else {"metrics": {"a/b": [1.0]}}
    assert timeless(json_of(written)) == timeless(expected)


def bootstrap_cell(empty: Path) -> Path:
    path = empty / "cell.ipynb"
    cells = [
        nbformat.v4.new_code_cell(bootstrap()),
        nbformat.v4.new_code_cell("import helpers.plots"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.mark.parametrize("left", ["an empty folder", "half a clone", "somebody's file"])
def test_a_folder_that_is_no_clone_does_not_stop_the_bootstrap_cell(colab, left):
    empty, environment = colab
    (empty / "unrolled").mkdir()
    if left == "half a clone":
        git("init", "--quiet", cwd=empty / "unrolled")
    if left == "somebody's file":
        (empty / "unrolled" / "mine.txt").write_text("keep me")
    done = run_alone(bootstrap_cell(empty), empty, environment)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert (empty / "unrolled" / "helpers" / "plots.py").exists()
    if left == "somebody's file":
        assert [p.read_text() for p in empty.rglob("mine.txt")] == ["keep me"]


def test_without_a_network_the_bootstrap_cell_says_what_it_could_not_fetch(colab):
    empty, environment = colab
    environment["GIT_CONFIG_COUNT"] = "0"
    done = run_alone(bootstrap_cell(empty), empty, environment)
    assert done.returncode != 0
    assert "RuntimeError: could not fetch https://" in done.stdout + done.stderr


def test_elsewhere_the_bootstrap_cell_says_how_to_install_the_book(tmp_path):
    environment = python_without_the_book(tmp_path)
    done = run_alone(bootstrap_cell(tmp_path), tmp_path, environment)
    assert done.returncode != 0
    last = (done.stdout + done.stderr).strip().splitlines()[-1]
    assert "No module named" not in last
    assert "git clone https://" in last
    assert "make book" in last
