"""One code path for processes of this machine and for the workers of a Dask cluster."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from helpers.book import cluster, plans, worker
from helpers.files import book_root
from tests.book.small_book import FAILING, GOOD, SLEEPING, make_book, wait_for

WHERE = """print(os.getcwd())
print(os.environ["TF_NUM_INTRAOP_THREADS"])
time.sleep(1.5)
"""


def test_kernels_of_two_runs_stay_in_their_folders(tmp_path: Path) -> None:
    """Where papermill's own `cwd` would move the whole process."""
    before, books = os.getcwd(), [make_book(tmp_path / x, a=WHERE) for x in "ab"]
    for root in books:
        (outcome,) = cluster.execute(plans.plan([], {}, root=root), root=root)
        assert outcome.error == ""
        assert outcome.notebook.cells[2].outputs[0].text.startswith(f"{root}\n")
    assert os.getcwd() == before


def test_a_lost_worker_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kill_parent = "os.kill(os.getppid(), 9); time.sleep(100)"
    root = make_book(tmp_path, kills=kill_parent, works=GOOD)
    jobs = plans.plan([], {}, root=root)
    lost, good = cluster.execute(jobs, root=root, workers=1)
    assert lost.error.startswith("its worker was lost: BrokenProcessPool")
    assert good.error == ""


def test_who_stops_listening_stops_the_kernels(tmp_path: Path) -> None:
    root = make_book(tmp_path, fails=FAILING, sleeps=SLEEPING)
    os.environ["PIDS"] = str(tmp_path / "pids")
    outcomes = cluster.execute(plans.plan([], {}, root=root), root=root, workers=2)
    assert next(outcomes).error
    assert wait_for(lambda: (tmp_path / "pids").exists(), 60)
    kernel = int((tmp_path / "pids").read_text().split()[0])
    outcomes.close()  # type: ignore[attr-defined]
    assert wait_for(lambda: not psutil.pid_exists(kernel), 20)


# --- a Dask cluster: a scheduler and two workers in folders of their own -----------


def checkout(folder: Path) -> Path:
    """The parts of the book that a worker needs, elsewhere."""
    root = book_root()
    ignore = shutil.ignore_patterns("__pycache__", "*.ipynb")
    for name in ("helpers", "chapters"):
        shutil.copytree(root / name, folder / name, ignore=ignore)
    shutil.copy(root / "requirements.txt", folder)
    return folder


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[Path]]]:
    """The address of a scheduler, and the checkouts of its two workers."""
    folder = tmp_path_factory.mktemp("dask")
    folders = [checkout(folder / name) for name in ("one", "two")]
    started: list[subprocess.Popen[bytes]] = []

    def start(where: Path, *words: str) -> None:
        command = [sys.executable, "-m", "distributed.cli." + words[0], *words[1:]]
        environment = {**os.environ, "PYTHONPATH": str(where)}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started.append(
            subprocess.Popen(command, cwd=where, env=environment, **quiet)  # type: ignore[call-overload]
        )

    contact = folder / "scheduler.json"
    file = ["--scheduler-file", str(contact)]
    start(folders[0], "dask_scheduler", "--host", "127.0.0.1", "--port", "0",
          "--dashboard-address", "127.0.0.1:0", *file)  # fmt: skip
    assert wait_for(contact.exists, 60)
    for where in folders:
        start(where, "dask_worker", *file, "--no-nanny", "--nthreads", "3",
              "--no-dashboard", "--host", "127.0.0.1")  # fmt: skip
    yield json.loads(contact.read_text())["address"], folders
    for process in started:
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.fixture
def ready(dask: tuple[str, list[Path]]) -> tuple[str, list[Path]]:
    from distributed import Client

    with Client(dask[0], timeout=60) as client:
        client.wait_for_workers(2, timeout=60)
    return dask


def test_chapters_run_on_a_dask_cluster_one_a_worker(
    ready: tuple[str, list[Path]], tmp_path: Path
) -> None:
    address, folders = ready
    root = make_book(tmp_path, a=WHERE, b=WHERE, fails=FAILING)
    jobs = plans.plan([], {}, root=root)
    outcomes = {
        o.job.chapter: o for o in cluster.execute(jobs, root=root, scheduler=address)
    }
    printed = [
        outcomes[name].notebook.cells[2].outputs[0].text for name in ("01_a", "02_b")
    ]
    # each in its worker's own checkout, with its worker's threads
    assert {text.splitlines()[0] for text in printed} == set(map(str, folders))
    assert {text.splitlines()[1] for text in printed} == {"3"}
    assert "ValueError: no such thing" in outcomes["03_fails"].error
    assert [o.result and o.result["units"] for o in outcomes.values()].count(2) == 2
    again = list(cluster.execute(jobs[:2], root=root, scheduler=address))
    assert [outcome.error for outcome in again] == ["", ""]


def test_a_worker_with_another_version_of_the_book_is_refused(
    ready: tuple[str, list[Path]], tmp_path: Path
) -> None:
    address, (_, other) = ready
    changed = other / "helpers" / "hints.py"
    before = changed.read_text()
    changed.write_text(before + "\nx = 1\n")
    root = make_book(tmp_path, a=GOOD)
    try:
        with pytest.raises(ConnectionError, match=r"1 of 2 workers .* another version"):
            list(
                cluster.execute(
                    plans.plan([], {}, root=root), root=root, scheduler=address
                )
            )
    finally:
        changed.write_text(before)


def test_a_version_is_that_of_this_checkout() -> None:
    assert worker.version() == worker.version()
    assert len(worker.version()) == 16


def test_a_chapter_that_takes_its_worker_with_it_is_run_once(
    ready: tuple[str, list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Last of these tests: it leaves one worker."""
    address, _ = ready
    log = tmp_path / "log"
    body = f"open({str(log)!r}, 'a').write('x'); os.kill(os.getppid(), 9)"
    root = make_book(tmp_path / "book", kills=body, works=GOOD)
    jobs = plans.plan([], {}, root=root)
    outcomes = {
        o.job.chapter: o for o in cluster.execute(jobs, root=root, scheduler=address)
    }
    assert outcomes["01_kills"].error.startswith("its worker was lost: KilledWorker")
    assert outcomes["02_works"].error == ""
    assert log.read_text() == "x"
