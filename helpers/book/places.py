"""Where chapters run: processes of this machine, or the workers of a Dask cluster."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from helpers.book import worker
from helpers.book.progress import Bar

CONNECT_SECONDS = 20


class Place(NamedTuple):
    """Where chapters run: how many at once, and with how many threads each."""

    executor: Callable[[], Executor]
    at_once: int
    threads: int
    folder: Path | None  # the kernels' working folder; None is the worker's own book
    stop: Callable[[], object]  # kills what was started there


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_of(workers: int) -> int:
    """The threads of each of so many chapters that share this machine."""
    return max(1, cores() // workers)


@contextmanager
def place(
    scheduler: str | None, workers: int | None, n_jobs: int, root: Path, mark: str
) -> Iterator[Place]:
    if scheduler:
        with _dask(scheduler, mark) as place:
            yield place
        return
    workers = workers or cores()
    at_once, pools = max(1, min(workers, n_jobs)), list[Executor]()

    def pool() -> Executor:
        # Fresh processes: a fork would share the locks of this one's threads.
        context = multiprocessing.get_context("spawn")
        events = context.SimpleQueue() if Bar.shown() else None
        if events:
            threading.Thread(target=Bar.listen, args=(events,), daemon=True).start()
        pools.append(
            ProcessPoolExecutor(
                at_once, context, initializer=_begin, initargs=(events,)
            )
        )
        return pools[-1]

    try:
        yield Place(pool, at_once, threads_of(workers), root, partial(_stop, mark))
    finally:
        for one in pools:
            one.shutdown(cancel_futures=True)


@contextmanager
def _dask(scheduler: str, mark: str) -> Iterator[Place]:
    """The workers of a Dask cluster, each for one chapter at a time."""
    from distributed import Client

    if Bar.shown():
        print(f"connecting to {scheduler} …", flush=True)
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


_events: Any = None  # where a process of this machine tells how far it is


def _begin(events: Any) -> None:
    """Start a process of the pool: Ctrl-C is for the process that started it."""
    global _events
    _events = events
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def work(
    number: int, notebook: str, parameters: Any, threads: int, timeout: int,
    folder: Path | None, mark: str,
) -> worker.Executed:  # fmt: skip
    def tell(cell: int, total: int) -> None:
        if _events:
            _events.put((number, cell, total))

    return worker.run(
        notebook, parameters, threads, timeout, folder=folder, mark=mark, tell=tell
    )
