"""Running and publishing, on a small book whose chapters go wrong in every way."""

import base64
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import numpy as np
import psutil
import pytest
from dask.system import CPU_COUNT
from matplotlib.figure import Figure
from PIL import Image

from helpers.book import execute, notebooks

COMMAND = (
    "import sys, pathlib; from helpers.book.execute import main;"
    "sys.exit(main(sys.argv[2:], root=pathlib.Path(sys.argv[1])))"
)
CHAPTER = """---
jupytext:
  formats: ipynb,md:myst
  text_representation: {{extension: .md, format_name: myst}}
accelerator: GPU
kernelspec: {{display_name: Python 3, language: python, name: python3}}
---

# About {name}

```{{code-cell}} ipython3
:tags: [parameters]

profile: str = "full"  # quick or full
units: int = 2  # width of the layer
rate: float = 1e-3
mask: bool = False
colour: str = "#ff0000"
sizes: list[int] = [1, 2]
```

```{{code-cell}} ipython3
---
mystnb:
  image: {{alt: Nothing}}
---
import json, os, pathlib, subprocess, sys, time
results = pathlib.Path(os.environ["UNROLLED_RESULTS"])
{body}
```

```{{code-cell}} ipython3
content = {{"units": units, "seconds": {{"total": 61.2}}}}
(results / "{name}.json").write_text(json.dumps(content))
```
"""
GOOD = """names = "PYTHONHASHSEED TF_CPP_MIN_LOG_LEVEL OMP_NUM_THREADS".split()
names += ["TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"]
print(*(os.environ[name] for name in names))
print(sys.executable)
print(f"{os.getcwd()}/chapters")
"""
FAILING = """def inner(value):
    raise ValueError("no such thing")
inner(3)
"""
SLEEPING = """child = subprocess.Popen(["sleep", "300"])
(results / "pids").write_text(f"{os.getpid()} {child.pid}")
time.sleep(300)
"""


def make_book(root: Path, **bodies: str) -> Path:
    (root / "chapters").mkdir(parents=True)
    names = [f"{i:02}_{name}" for i, name in enumerate(bodies, 1)]
    for name, body in zip(names, bodies.values(), strict=True):
        text = CHAPTER.format(name=name, body=body)
        (root / "chapters" / f"{name}.md").write_text(text)
    pages = "".join(f"- file: chapters/{name}\n" for name in names)
    (root / "_toc.yml").write_text(f"root: chapters/index\nchapters:\n{pages}")
    return root


def start(root: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(root), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "77"},
    )


class Run(NamedTuple):
    root: Path
    code: int
    out: str
    err: str

    def part(self, chapter: str) -> str:
        """What is said at the end about a chapter that failed."""
        return self.out.split(f"\nFAILED {chapter}\n")[1].split("\nFAILED ")[0]

    def outputs(self, notebook: str) -> list[dict[str, Any]]:
        cells = json.loads((self.root / notebook).read_text())["cells"]
        return [output for cell in cells for output in cell.get("outputs", [])]


# --- publishing chapters that end in different ways -----------------------------


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Run:
    root = make_book(
        tmp_path_factory.mktemp("book"),
        fails=FAILING,
        dies="os.kill(os.getpid(), 9)",
        sleeps="time.sleep(100)",
        leaves="sys.exit()",
        forgets="results = results.parent",
        swells="for i in range(20_000): print('x' * 50)",
        works=GOOD,
    )
    (root / "chapters" / "01_fails.ipynb").write_text("published before")
    words = "publish --profile full --timeout 3 --workers 2"
    process = start(root, *words.split())
    out, err = process.communicate(timeout=500)
    return Run(root, process.returncode, out, err)


def test_failures_do_not_stop_the_others_and_the_exit_code_is_1(published: Run) -> None:
    assert published.code == 1
    assert "\ndone     07_works, " in published.out
    assert published.out.count("started  ") == 7
    assert published.out.count("FAILED   ") == 6
    assert published.out.endswith("\n1 of 7 succeeded, in _build/publish\n")
    assert published.err == ""


def test_a_failed_cell_is_shown_with_the_end_of_its_traceback(published: Run) -> None:
    said = published.part("01_fails")
    assert said.startswith("cell 2 of 3: import json, os")
    assert 'raise ValueError("no such thing")' in said
    assert "\nValueError: no such thing\n" in said
    assert "\x1b" not in published.out
    assert len(said.splitlines()) == execute.TRACEBACK_LINES + 2


def test_the_notebook_of_a_failure_is_kept_and_named(published: Run) -> None:
    where = "_build/publish/01_fails.ipynb"
    assert f"executed up to there: {where}\n" in published.part("01_fails")
    assert [o["output_type"] for o in published.outputs(where)] == ["error"]


def test_a_killed_kernel_is_reported_as_such(published: Run) -> None:
    said = published.part("02_dies")
    assert "cell 2 of 3" in said
    assert "the kernel died: most likely killed because memory ran out" in said


def test_a_time_out_is_reported_as_such(published: Run) -> None:
    said = published.part("03_sleeps")
    assert "timed out: the cell took more than 3 s" in said


def test_a_chapter_that_ends_itself_or_writes_no_results_failed(published: Run) -> None:
    assert "the chapter ended itself at this cell" in published.part("04_leaves")
    assert "wrote no result file" in published.part("05_forgets")


def test_publish_refuses_a_notebook_above_the_limit(published: Run) -> None:
    assert "MB, more than 1 MB; make its figures fewer" in published.part("06_swells")
    assert not (published.root / "chapters" / "06_swells.ipynb").exists()


def test_publish_leaves_what_failed_as_it_was(published: Run) -> None:
    before = (published.root / "chapters" / "01_fails.ipynb").read_text()
    assert before == "published before"
    results = (published.root / "data" / "results").iterdir()
    assert [path.name for path in results] == ["07_works.json"]


def test_publish_puts_what_succeeded_in_its_place(published: Run) -> None:
    path = published.root / "chapters" / "07_works.ipynb"
    notebook = json.loads(path.read_text())
    results = json.loads((published.root / "data/results/07_works.json").read_text())
    assert [c["execution_count"] for c in notebook["cells"][1:]] == [1, 2, 3]
    assert results["units"] == 2
    assert results["source_digest"] == notebooks.source_digest(path)


def test_a_published_notebook_is_its_source_and_outputs_only(published: Run) -> None:
    path = published.root / "chapters" / "07_works.ipynb"
    notebook = json.loads(path.read_text())
    source = notebooks.source("07_works", published.root)
    for key in ("id", "cell_type", "metadata"):
        assert [c[key] for c in notebook["cells"]] == [c[key] for c in source.cells]
    assert set(notebook["metadata"]) == {
        "accelerator",
        "jupytext",
        "kernelspec",
        "language_info",
    }
    assert "version" not in notebook["metadata"]["language_info"]


def test_a_published_notebook_names_no_folder_of_this_machine(published: Run) -> None:
    text = (published.root / "chapters" / "07_works.ipynb").read_text()
    assert str(published.root) not in text
    assert sys.prefix not in text
    assert '"./chapters\\n"' in text
    assert '"<python>/bin/python' in text


def test_kernels_share_the_cores_and_run_this_python_in_the_book(
    published: Run,
) -> None:
    output = published.outputs("_build/publish/07_works.ipynb")[0]
    threads = max(1, CPU_COUNT // 2)
    assert "".join(output["text"]).splitlines() == [
        f"0 3 {threads} {threads} {threads}",
        sys.executable,
        f"{published.root}/chapters",
    ]


def test_pictures_keep_their_bytes_when_places_are_replaced() -> None:
    given = {
        "data": {"image/png": "iVBO/b/c0", "text/plain": "/b/c /b/c/d /b/cd /a/b/c"},
        "metadata": {},
        "execution_count": 3,
    }
    cleaned = execute._without_places(given, Path("/b/c"))
    assert cleaned["data"]["image/png"] == "iVBO/b/c0"
    assert cleaned["data"]["text/plain"] == ". ./d /b/cd /a/b/c"
    assert cleaned["execution_count"] == 3


def test_a_published_picture_is_smaller_and_looks_the_same() -> None:
    given = io.BytesIO()
    figure = Figure((4, 3), dpi=150, facecolor="white")
    figure.subplots().plot(range(9), color="#0072B2", label="a line")
    figure.legend()
    figure.savefig(given, format="png")
    taken = base64.b64decode(
        execute._smaller(base64.b64encode(given.getvalue()).decode())
    )
    before, after = (
        np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), float)
        for png in (given.getvalue(), taken)
    )
    assert taken.startswith(b"\x89PNG")
    assert len(taken) < 0.6 * len(given.getvalue())
    assert after.shape == before.shape
    assert np.abs(after - before).mean() < 0.5  # of 255


# --- the list --------------------------------------------------------------------


def test_list_shows_titles_parameters_and_published_seconds(
    published: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute.main(["list", "7"], root=published.root) == 0
    said = capsys.readouterr().out
    assert said.startswith("07_works  About 07_works\n    published run: 61 s\n")
    assert "\n    units: int = 2                    width of the layer\n" in said
    assert "06_swells" not in said


# --- Ctrl-C ----------------------------------------------------------------------


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for(condition: Any, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not (result := condition()) and time.monotonic() < end:
        time.sleep(0.1)
    return bool(result)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, set[int]]:
    """A run of two chapters, stopped by Ctrl-C in the second; the processes it had."""
    root = make_book(tmp_path_factory.mktemp("book"), works=GOOD, sleeps=SLEEPING)
    (root / "chapters" / "01_works.ipynb").write_text("published before")
    words = "run --sweep units 64 -p rate 1 --workers 1"
    process = start(root, *words.split())
    pids = root / "_build" / "run" / "units=64" / "pids"
    assert wait_for(lambda: pids.exists() and pids.read_text(), 500)
    kernel, child = map(int, pids.read_text().split())
    below = {p.pid for p in psutil.Process(process.pid).children(recursive=True)}
    assert {kernel, child} < below
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    out, err = process.communicate(timeout=100)
    return Run(root, process.returncode, out, err), below


def test_ctrl_c_leaves_no_kernel_behind(stopped: tuple[Run, set[int]]) -> None:
    run, below = stopped
    assert run.code == 130
    assert run.err == "stopped; no kernel is left running\n"
    assert wait_for(lambda: not any(map(alive, below)), 20)


def test_what_a_run_had_finished_stays(stopped: tuple[Run, set[int]]) -> None:
    run, _ = stopped
    folder = run.root / "_build" / "run" / "units=64"
    assert "\ndone     01_works units=64, " in run.out
    assert json.loads((folder / "01_works.json").read_text())["units"] == 64
    cells = json.loads((folder / "01_works.ipynb").read_text())["cells"]
    injected = [c for c in cells if "injected-parameters" in c["metadata"]["tags"]]
    assert "".join(injected[0]["source"]).splitlines()[1:] == [
        "rate = 1.0",
        "units = 64",
    ]


def test_a_run_leaves_what_is_published_alone(stopped: tuple[Run, set[int]]) -> None:
    root = stopped[0].root
    assert (root / "chapters" / "01_works.ipynb").read_text() == "published before"
    assert not (root / "data").exists()


# --- what is refused before anything runs ---------------------------------------


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("book")
    return make_book(root, first=GOOD, lstm_cells=GOOD, lstm_layers=GOOD)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("run 9", 'chapter "9" fits no chapter; the chapters are 01_first, 02_lstm_'),
        (
            "run 01_frist",
            'chapter "01_frist" fits no chapter; did you mean "01_first"?',
        ),
        ("run lstm", 'chapter "lstm" fits 02_lstm_cells and 03_lstm_layers; the'),
        ("run 1 -p unit 3", 'no parameter "unit"; did you mean "units"?; it has prof'),
        ("run 1 -p units 3.5", '"units" of 01_first must be int, such as 2, not "3.5"'),
        ("run 1 -p rate fast", '"rate" of 01_first must be float, such as 0.001, not'),
        ("run 1 -p mask 2", '"mask" of 01_first must be bool, such as False, not "2"'),
        ("run 1 -p sizes 1,x", "must be list[int], such as [1, 2], not"),
        ("run 1 --sweep units 1 two", 'must be int, such as 2, not "two"'),
        ("run 1 --sweep units", "--sweep takes a name and its values"),
        ("run 1 -p units 1 --sweep units 2 3", 'parameter "units" is given twice'),
        ("run --profile fulll", 'full or quick, not "fulll"; did you mean "full"?'),
        ("run -p profile fast", 'profile must be full or quick, not "fast"'),
        ("run --workers 0", "--workers must be 1 or more"),
        ("run --timeout soon", "argument --timeout: invalid int value: 'soon'"),
        ("run --scheduler tcp://127.0.0.1:9", "no Dask cluster with workers answers"),
        ("publish -p units 3", "publish is about the default parameters: leave out -p"),
        ("publish --profile quick", "publish is about the default parameters"),
        ("perform", "argument command: invalid choice: 'perform'"),
        ("", "the following arguments are required: command"),
    ],
)
def test_bad_words_end_with_one_line_and_exit_code_2(
    book: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    message: str,
) -> None:
    monkeypatch.setattr(execute, "CONNECT_SECONDS", 1)
    with pytest.raises(SystemExit) as caught:
        execute.main(words.split(), root=book)
    out, err = capsys.readouterr()
    assert caught.value.code == 2
    assert message in err
    assert err.startswith("execute: ")
    assert err.count("\n") == 1
    assert out == ""
    assert not (book / "_build").exists()


def test_a_book_without_a_table_of_contents_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        execute.main(["run"], root=tmp_path)
    assert "_toc.yml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["2"], ["02_lstm_cells"]),
        (["03", "01"], ["01_first", "03_lstm_layers"]),
        (["chapters/01_first.md"], ["01_first"]),
        (["fir", "02_l", "1"], ["01_first", "02_lstm_cells"]),
        ([], ["01_first", "02_lstm_cells", "03_lstm_layers"]),
    ],
)
def test_chapters_are_selected_by_number_name_or_beginning(
    book: Path, names: list[str], chosen: list[str]
) -> None:
    assert execute.select(names, book) == chosen


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        ("64", "int", 64),
        ("-1e-3", "float", -0.001),
        ("2", "float", 2.0),
        ("True", "bool", True),
        ("false", "bool", False),
        ("12", "str", "12"),
        ("1,2", "list[int]", [1, 2]),
        ("[0.5, 1]", "list[float]", [0.5, 1.0]),
        ("['a', 'b']", "list[str]", ["a", "b"]),
        ("", "list[int]", []),
        ([3, 4], "list[int]", [3, 4]),
        (True, "bool", True),
    ],
)
def test_values_are_read_as_the_type_of_their_parameter(
    value: Any, annotation: str, expected: Any
) -> None:
    converted = execute.convert(value, annotation)
    assert converted == expected
    assert type(converted) is type(expected)


def test_a_sweep_is_every_combination_in_a_folder_of_its_own(book: Path) -> None:
    jobs = execute.plan(
        ["1"],
        {"profile": "quick"},
        book / "out",
        sweep={"units": ["32", "64"], "colour": ["a/b", "c"]},
        root=book,
    )
    assert [job.folder.relative_to(book / "out").as_posix() for job in jobs] == [
        "units=32,colour=a%2Fb",
        "units=32,colour=c",
        "units=64,colour=a%2Fb",
        "units=64,colour=c",
    ]
    assert jobs[2].parameters == {"profile": "quick", "units": 64, "colour": "a/b"}


def test_changed_prose_comes_into_the_published_notebook(tmp_path: Path) -> None:
    root = make_book(tmp_path / "book", a=GOOD)
    path, source = root / "chapters" / "01_a.ipynb", root / "chapters" / "01_a.md"
    published = notebooks.source("01_a", root)
    for number, cell in enumerate(c for c in published.cells if c.cell_type == "code"):
        cell.outputs = [nbformat.v4.new_output("stream", text=f"output {number}")]
        cell.execution_count = number + 1
    published.metadata.language_info = {"name": "python"}
    nbformat.write(published, path)

    source.write_text(source.read_text() + "\nA new sentence.\n")
    assert execute.main(["sync", "1"], root) == 0
    synced = nbformat.read(path, 4)
    assert synced.cells[-1].source.endswith("A new sentence.")
    assert [c.get("outputs") for c in synced.cells if c.cell_type == "code"] == [
        c.outputs for c in published.cells if c.cell_type == "code"
    ]


def test_sync_refuses_changed_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_book(tmp_path / "book", a=GOOD)
    with pytest.raises(SystemExit):
        execute.main(["sync", "1"], root)
    nbformat.write(notebooks.source("01_a", root), root / "chapters" / "01_a.ipynb")
    source = root / "chapters" / "01_a.md"
    source.write_text(source.read_text() + "\n```{code-cell} ipython3\n1 + 1\n```\n")
    with pytest.raises(SystemExit) as exit_:
        execute.main(["sync", "1"], root)
    assert exit_.value.code == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0].endswith("01_a was never published: make publish CHAPTER=01_a")
    assert "the code of 01_a changed since it was published" in said[1]
