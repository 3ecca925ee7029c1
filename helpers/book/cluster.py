"""Chapters in parallel: on processes of this machine, or on a Dask cluster."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    wait,
)
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jupytext
import nbformat

from helpers.book import notebooks, places, runs, worker
from helpers.book.places import Place
from helpers.book.plans import Job
from helpers.book.progress import Bar
from helpers.files import book_root

Work = Callable[[], worker.Executed]


class Outcome(NamedTuple):
    """How a job ended: `error` is empty when every cell succeeded.

    notebook : as executed, up to the failed cell if there was one; None or empty if its
        worker was lost.
    result, files : as `worker.Executed` describes them.
    """

    job: Job
    notebook: Any = None
    result: dict[str, Any] | None = None
    error: str = ""
    files: Mapping[str, bytes] | None = None


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
    source = {
        (chapter, tag): notebooks.part(notebooks.source(chapter, root), tag)
        for chapter, tag in {job.kind for job in jobs}
    }
    code = {kind: runs.code(notebook, root) for kind, notebook in source.items()}
    text = {kind: jupytext.writes(book, "ipynb") for kind, book in source.items()}
    with (
        places.place(scheduler, workers, len(jobs), root, mark) as place,
        Bar(jobs) as bar,
    ):
        tasks, keys = {}, {}
        for number, job in enumerate(jobs):
            keys[number] = runs.key(job, place.threads, code[job.kind], root)
            if not fresh and (run := runs.find(keys[number], root)):
                bar.ended(number, "found   ")
                notebook = notebooks.with_outputs(source[job.kind], run.notebook)
                yield Outcome(job, notebook, run.result, files=run.files)
                continue
            how = (place.threads, timeout, place.folder, mark)
            tasks[number] = partial(
                places.work, number, text[job.kind], job.parameters, *how
            )
        try:
            for number, done in _finished(tasks, place, bar):
                job = jobs[number]
                bar.ended(number, "FAILED  " if done.error else "done    ")
                notebook = done.notebook and nbformat.reads(done.notebook, as_version=4)
                if not done.error:
                    runs.put(keys[number], done, root)
                    notebook = notebooks.with_outputs(source[job.kind], notebook)
                yield Outcome(job, notebook, *done[1:])
        except BaseException:
            place.stop()
            raise


def _finished(
    tasks: Mapping[int, Work], place: Place, bar: Bar
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
