"""Chapters in parallel: on processes of this machine, or on a Dask cluster."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jupytext
import nbformat
import psutil
from tqdm import tqdm

from helpers.book import notebooks, runs, worker
from helpers.book.plans import Job
from helpers.files import book_root

CONNECT_SECONDS = 20
Work = Callable[[], worker.Executed]


class Outcome(NamedTuple):
    """How a job ended: `error` is empty when every cell succeeded.

    notebook : as executed, up to the failed cell if there was one; None or empty if its
        worker was lost.
    """

    job: Job
    notebook: Any = None
    result: dict[str, Any] | None = None
    error: str = ""


class Place(NamedTuple):
    """Where chapters run: how many at once, and with how many threads each."""

    executor: Callable[[], Executor]
    at_once: int
    threads: int
    folder: Path | None  # the kernels' working folder; None is the worker's own book
    stop: Callable[[], object]  # kills what was started there


def execute(
    jobs: Sequence[Job],
    *,
    root: Path | None = None,
    workers: int | None = None,
    timeout: int = 1800,
    scheduler: str | None = None,
    fresh: bool = False,
) -> Iterator[Outcome]:
    """Execute chapters in parallel; print how each one ends, and yield it then.

    A run that is in the store is found there, not repeated; one that succeeds is put
    there. Only this process writes. Whoever stops listening stops the others.

    Parameters
    ----------
    jobs : what `plans.plan` returned.
    workers : chapters at once on this machine, default one a core; they share its
        cores. Without meaning when there is a `scheduler`.
    timeout : seconds that one cell may take.
    scheduler : address of a Dask cluster with the same version of the book, such as
        "tcp://10.0.0.5:8786"; default processes of this machine.
    fresh : run anew what is in the store, too.

    Raises
    ------
    ConnectionError
        The cluster does not answer, has no workers, or not this version of the book.
    """
    root, mark = (root or book_root()).resolve(), uuid.uuid4().hex
    chapters = {job.chapter for job in jobs}
    source = {chapter: notebooks.source(chapter, root) for chapter in chapters}
    code = {chapter: runs.code(chapter, root) for chapter in chapters}
    text = {c: jupytext.writes(notebook, "ipynb") for c, notebook in source.items()}
    with _place(scheduler, workers, len(jobs), root, mark) as place, _Bar(jobs) as bar:
        tasks, keys = {}, {}
        for number, job in enumerate(jobs):
            keys[number] = runs.key(job, place.threads, code[job.chapter], root)
            if not fresh and (run := runs.find(keys[number], root)):
                bar.ended(number, "found   ")
                notebook = notebooks.with_outputs(source[job.chapter], run.notebook)
                yield Outcome(job, notebook, run.result)
                continue
            how = (place.threads, timeout, place.folder, mark)
            tasks[number] = partial(
                _work, number, text[job.chapter], job.parameters, *how
            )
        try:
            for number, done in _finished(tasks, place, bar):
                job = jobs[number]
                bar.ended(number, "FAILED  " if done.error else "done    ")
                notebook = done.notebook and nbformat.reads(done.notebook, as_version=4)
                if not done.error:
                    runs.put(keys[number], done.notebook, done.result or {}, root)
                    notebook = notebooks.with_outputs(source[job.chapter], notebook)
                yield Outcome(job, notebook, done.result, done.error)
        except BaseException:
            place.stop()
            raise


def _finished(
    tasks: Mapping[int, Work], place: Place, bar: _Bar
) -> Iterator[tuple[int, worker.Executed]]:
    """Run all tasks, so many at once as the place has workers; yield as they end."""
    waiting = deque(tasks)
    running: dict[Future[worker.Executed], tuple[int, Executor]] = {}
    executor = place.executor()
    while waiting or running:
        while waiting and len(running) < place.at_once:
            number = waiting.popleft()
            bar.started(number)
            running[executor.submit(tasks[number])] = number, executor
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            number, its_executor = running.pop(future)
            yield number, _result(future)
            if (
                isinstance(future.exception(), BrokenExecutor)
                and its_executor is executor
            ):
                executor = place.executor()  # the others go on
    executor.shutdown()


def _result(future: Future[worker.Executed]) -> worker.Executed:
    fault = future.exception()
    if fault is None:
        return future.result()
    reason = f"{type(fault).__name__}: {fault}".strip(": ")
    return worker.Executed("", error=f"its worker was lost: {reason}")


# --- where chapters run --------------------------------------------------------------


@contextmanager
def _place(
    scheduler: str | None, workers: int | None, n_jobs: int, root: Path, mark: str
) -> Iterator[Place]:
    if scheduler:
        with _dask(scheduler, mark) as place:
            yield place
        return
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    cores = cores or os.cpu_count() or 1
    at_once = max(1, min(workers or cores, n_jobs))
    pools: list[Executor] = []

    def pool() -> Executor:
        # Fresh processes: a fork would share the locks of this one's threads.
        context = multiprocessing.get_context("spawn")
        events = context.SimpleQueue() if _Bar.shown() else None
        if events:
            threading.Thread(target=_Bar.listen, args=(events,), daemon=True).start()
        pools.append(
            ProcessPoolExecutor(
                at_once, context, initializer=_begin, initargs=(events,)
            )
        )
        return pools[-1]

    threads = max(1, cores // (workers or cores))
    try:
        yield Place(pool, at_once, threads, root, partial(_stop, mark))
    finally:
        for one in pools:
            one.shutdown(cancel_futures=True)


@contextmanager
def _dask(scheduler: str, mark: str) -> Iterator[Place]:
    """The workers of a Dask cluster, each for one chapter at a time."""
    from distributed import Client

    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as fault:
        raise ConnectionError(
            f"no Dask cluster answers at {scheduler}: {fault}"
        ) from fault
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except OSError as fault:
            raise ConnectionError(
                f"the Dask cluster at {scheduler} has no workers: {fault}"
            ) from fault
        versions = client.run(worker.version, on_error="return")
        ours = worker.version()
        if others := [at for at, theirs in versions.items() if theirs != ours]:
            raise ConnectionError(
                f"{len(others)} of {len(versions)} workers of {scheduler} have another "
                f"version of the book than this one (the first is {others[0]}): bring "
                "their checkouts and packages to the same state"
            )
        known = client.scheduler_info(n_workers=-1)["workers"].values()
        before = client.run_on_scheduler(_allow_failures, 0)  # each is tried once
        try:
            yield Place(
                partial(client.get_executor, pure=False),
                len(known),
                min(one["nthreads"] for one in known),
                None,
                partial(client.run, _stop, mark),
            )
        finally:
            client.run_on_scheduler(_allow_failures, before)


def _allow_failures(number: int, dask_scheduler: Any = None) -> int:
    """How often a task may lose its worker; returns what it was before."""
    before = dask_scheduler.allowed_failures
    dask_scheduler.allowed_failures = number
    return before


def _stop(mark: str) -> None:
    """Kill what a run has started on this machine: kernels and their children."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("UNROLLED_RUN") == mark:
                process.kill()


# --- on a worker ---------------------------------------------------------------------

_events: Any = None  # where a process of this machine tells how far it is


def _begin(events: Any) -> None:
    """Start a process of the pool: Ctrl-C is for the process that started it."""
    global _events
    _events = events
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(
    number: int, notebook: str, parameters: Any, threads: int, timeout: int,
    folder: Path | None, mark: str,
) -> worker.Executed:  # fmt: skip
    def tell(cell: int, total: int) -> None:
        if _events:
            _events.put((number, cell, total))

    return worker.run(
        notebook, parameters, threads, timeout, folder=folder, mark=mark, tell=tell
    )


# --- progress ------------------------------------------------------------------------


class _Bar:
    """One line on a terminal that says how far all are, and a line as each one ends."""

    current: _Bar | None = None

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs = jobs
        self.times: dict[int, float] = {}
        self.cells: dict[int, str] = {}

    @staticmethod
    def shown() -> bool:
        return sys.stderr.isatty()

    @staticmethod
    def listen(events: Any) -> None:
        """Show what the processes tell, until this one ends."""
        while True:
            number, cell, total = events.get()
            if _Bar.current:
                _Bar.current.at(number, cell, total)

    def __enter__(self) -> _Bar:
        self.line = tqdm(
            total=len(self.jobs),
            bar_format="{n_fmt}/{total_fmt} chapters, {elapsed}{postfix}",
            disable=not self.shown(),
        )
        _Bar.current = self
        return self

    def __exit__(self, *fault: object) -> None:
        _Bar.current = None
        self.line.close()

    def started(self, number: int) -> None:
        self.times[number] = time.perf_counter()
        self.line.write(f"started  {self.jobs[number]}")

    def at(self, number: int, cell: int, total: int) -> None:
        self.cells[number] = f"{self.jobs[number]} cell {cell}/{total}"
        self.line.set_postfix_str(", ".join(self.cells.values()))

    def ended(self, number: int, word: str) -> None:
        self.cells.pop(number, None)
        seconds = time.perf_counter() - self.times.get(number, time.perf_counter())
        time_taken = f", {seconds:.0f} s" if number in self.times else ""
        self.line.write(f"{word} {self.jobs[number]}{time_taken}")
        self.line.update()
