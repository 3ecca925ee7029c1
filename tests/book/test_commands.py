"""The command line: running and publishing chapters that go wrong in every way."""

import json
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest
from dask.system import CPU_COUNT

from helpers.book import commands, manifest, notebooks, places, worker
from tests.book.small_book import (
    FAILING,
    GOOD,
    SLEEPING,
    Run,
    make_book,
    ran,
    start,
    wait_for,
)

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
    return ran(root, *["publish", "--timeout", "3", "--workers", "2"])


def test_failures_do_not_stop_the_others_and_the_exit_code_is_1(published: Run) -> None:
    assert published.code == 1
    assert "\ndone     07_works, " in published.out
    assert published.out.count("started  ") == 7
    assert published.out.count("FAILED   ") == 5
    assert published.out.count("\nFAILED 0") == 6
    assert published.out.endswith("\n1 of 7 succeeded, in chapters\n")
    assert published.err == ""


def test_a_failed_cell_is_shown_with_the_end_of_its_traceback(published: Run) -> None:
    said = published.part("01_fails")
    assert said.startswith("cell 2 of 3: import json, os")
    assert 'raise ValueError("no such thing")' in said
    assert "\nValueError: no such thing\n" in said
    assert "\x1b" not in published.out
    assert len(said.splitlines()) == worker.TRACEBACK_LINES + 2


def test_the_notebook_of_a_failure_is_kept_and_named(published: Run) -> None:
    where = "_build/failed/01_fails.ipynb"
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
    assert manifest.of_chapter("07_works", published.root) == []


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
    runs = published.root.glob("_build/runs/*/chapter.ipynb")
    (kept,) = (path for path in runs if "About 07_works" in path.read_text())
    output = published.outputs(str(kept))[0]
    threads = max(1, CPU_COUNT // 2)
    assert "".join(output["text"]).splitlines() == [
        f"0 3 {threads} {threads} {threads}",
        sys.executable,
        f"{published.root}/chapters",
    ]


# --- the list --------------------------------------------------------------------


def test_list_shows_titles_parameters_and_published_seconds(
    published: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main(["list", "7"], root=published.root) == 0
    said = capsys.readouterr().out
    assert said.startswith("07_works  About 07_works\n    published run: 61 s\n")
    assert (
        "\n    units: int = 2                    width of the layer; at least 1, at most 99\n"
        in said
    )
    assert "06_swells" not in said


# --- Ctrl-C ----------------------------------------------------------------------


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, set[int]]:
    """A run of two chapters, stopped by Ctrl-C in the second; the processes it had."""
    root = make_book(tmp_path_factory.mktemp("book"), works=GOOD, sleeps=SLEEPING)
    (root / "chapters" / "01_works.ipynb").write_text("published before")
    words, pids = "sweep --grid units=64 -p rate 1 --workers 1", root / "pids"
    process = start(root, *words.split(), PIDS=str(pids))
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
    folder = run.root / "_build" / "run" / "rate=1.0,units=64"
    assert "\ndone     01_works rate=1.0,units=64, " in run.out
    assert json.loads((folder / "01_works.json").read_text())["units"] == 64
    cells = json.loads((folder / "01_works.ipynb").read_text())["cells"]
    injected = [
        c for c in cells if "injected-parameters" in c["metadata"].get("tags", [])
    ]
    assert "".join(injected[0]["source"]).splitlines()[1:] == [
        "rate = 1.0",
        "units = 64",
    ]


def test_a_run_leaves_what_is_published_alone(stopped: tuple[Run, set[int]]) -> None:
    root = stopped[0].root
    assert (root / "chapters" / "01_works.ipynb").read_text() == "published before"
    assert not (root / "data").exists()


# --- what is refused before anything runs ---------------------------------------


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
        ("sweep 1 --grid units=1,two", 'must be int, such as 2, not "two"'),
        ("sweep 1 --grid units", '--grid takes NAME=VALUE,VALUE, not "units'),
        ("sweep 1 -p units 1 --grid units=2,3", 'parameter "units" is given twice'),
        ("sweep 1 --seeds 2 --grid seed=2,3", 'parameter "seed" is given twice'),
        ("sweep 1", "sweep needs --grid or --seeds"),
        ("sweep 1 --seeds 0", "--seeds must be 1 or more, not 0"),
        ("run 1 --profile quick -p profile full", 'parameter "profile" is given twice'),
        ("run 1,2", '"1,2": names are parted by spaces, such as "1 2"'),
        ("run 1 -p units 0", "must be at least 1 and at most 99, not 0"),
        ("run 1 -p units 6.5", 'must be int, such as 2, not "6.5"'),
        ("run 1 -p rate nan", "must be a finite number, not nan"),
        ("run 1 -p data None", 'names no file: there is no "'),
        ("run 1 -p column x", "has a meaning only together with data"),
        ("run --profile fulll", 'full or quick, not "fulll"; did you mean "full"?'),
        ("run -p profile fast", 'must be full or quick, not "fast"'),
        ("run --workers 0", "--workers must be 1 or more"),
        ("run --timeout soon", "argument --timeout: invalid int value: 'soon'"),
        (
            "run --scheduler tcp://127.0.0.1:9",
            "no Dask cluster answers at tcp://127.0.0.1:9",
        ),
        (
            "publish -p units 3",
            "publish: it is about the default parameters: leave out -p",
        ),
        ("publish --profile quick", "publish: it is about the default parameters"),
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
    monkeypatch.setattr(places, "CONNECT_SECONDS", 1)
    with pytest.raises(SystemExit) as caught:
        commands.main(words.split(), root=book)
    out, err = capsys.readouterr()
    assert caught.value.code == 2
    assert message in err
    assert err.startswith("book")
    assert err.count("\n") == 1
    assert out == ""
    assert not list(book.glob("_build/*/*"))


def test_a_book_without_a_table_of_contents_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        commands.main(["run"], root=tmp_path)
    assert "_toc.yml" in capsys.readouterr().err


def test_an_identical_run_is_found_and_not_repeated(published: Run) -> None:
    again = ran(published.root, "run", "7", "--workers", "2", FRESH="")
    assert again.out == "found    07_works\n1 of 1 succeeded, in _build/run\n"
    fresh = ran(published.root, "run", "7", "--workers", "2", FRESH="1")
    assert "started  07_works\n" in fresh.out
    assert again.code == fresh.code == 0


def test_a_failing_run_leaves_the_good_result_of_the_run_before(tmp_path: Path) -> None:
    root = make_book(tmp_path, a=GOOD)
    assert ran(root, "run").code == 0
    good = (root / "_build" / "run" / "01_a.json").read_text()
    source = root / "chapters" / "01_a.md"
    source.write_text(source.read_text().replace(GOOD, FAILING))
    failed = ran(root, "run")
    assert failed.code == 1
    assert "executed up to there: _build/failed/01_a.ipynb\n" in failed.out
    assert (root / "_build" / "run" / "01_a.json").read_text() == good


def test_two_runs_of_one_chapter_at_once_keep_both_results(tmp_path: Path) -> None:
    root = make_book(tmp_path, a=GOOD)
    both = [start(root, *f"run 1 -p units {n}".split()) for n in (3, 4)]
    assert [process.wait(200) for process in both] == [0, 0]
    results = [root / "_build" / "run" / f"units={n}" / "01_a.json" for n in (3, 4)]
    assert [json.loads(path.read_text())["units"] for path in results] == [3, 4]


@pytest.mark.parametrize("name", ["_build", "_build/run", "_build/runs"])
def test_a_place_that_cannot_be_written_to_is_refused_at_once(
    book: Path, capsys: pytest.CaptureFixture[str], name: str, tmp_path: Path
) -> None:
    root = make_book(tmp_path / "book", a=GOOD)
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("a file")
    with pytest.raises(SystemExit, match="2"):
        commands.main(["run"], root=root)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("book run: cannot write to ")
    assert err.count("\n") == 1
    assert (root / name).read_text() == "a file"


def test_signal_handlers_are_put_back(book: Path) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    commands.main(["list"], root=book)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        commands.main(["--help"])
    said = capsys.readouterr().out
    for name in ("run", "sweep", "publish", "sync", "list", "build", "address"):
        assert f"\n  {name} " in said
