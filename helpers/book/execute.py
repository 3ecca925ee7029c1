"""Run, sweep and publish chapters: papermill on a Dask cluster.

`python -m helpers.book.execute --help` shows the command line, which `make run` and
`make publish` call.
"""

from __future__ import annotations

import argparse
import base64
import difflib
import io
import itertools
import json
import logging
import os
import re
import signal
import sys
import tempfile
import time
import urllib.parse
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, NoReturn

import psutil
from PIL import Image
from tqdm import tqdm

from helpers.book import notebooks
from helpers.files import book_root, write_text

MAX_BYTES = 1_000_000  # of a published notebook
TRACEBACK_LINES = 12
CONNECT_SECONDS = 20
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Job:
    """One execution of a chapter; its notebook and result file go to `folder`."""

    chapter: str
    parameters: Mapping[str, Any]  # those given, the others keep their defaults
    folder: Path
    label: str


@dataclass(frozen=True)
class Outcome:
    """How a job ended: `error` is empty when every cell succeeded."""

    job: Job
    error: str = ""

    @property
    def notebook(self) -> Path:
        """The executed notebook, up to the failed cell if there was one."""
        return self.job.folder / f"{self.job.chapter}.ipynb"

    @property
    def results(self) -> Path:
        """The result file."""
        return self.job.folder / f"{self.job.chapter}.json"


# --- what to run: everything is checked before anything starts -----------------


def select(names: Iterable[str], root: Path | None = None) -> list[str]:
    """Chapters by number ("4", "04"), name or unique prefix; all when none is named.

    Raises
    ------
    ValueError
        A name fits no chapter, or more than one.
    """
    known = notebooks.chapters(root)
    chosen = set()
    for name in names:
        word = f"{int(name):02}_" if name.isdecimal() else Path(name).stem
        found = [c for c in known if word == c] or [
            c for c in known if word and (c.startswith(word) or c[3:].startswith(word))
        ]
        if len(found) != 1:
            fault = f"fits {' and '.join(found)}" if found else "fits no chapter"
            hint = "" if found else _nearest(word, known)
            raise ValueError(
                f'chapter "{name}" {fault}{hint}; the chapters are {", ".join(known)}'
            )
        chosen.update(found)
    return [c for c in known if c in chosen or not chosen]


def convert(value: Any, annotation: str) -> Any:
    """Read a value, such as a word of the shell, as the type of a parameter.

    Lists are written `1,2,3` or `[1, 2, 3]`.

    Raises
    ------
    ValueError
        The value is not of that type, or the type is none of int, float, bool, str
        and lists of these.
    """
    text = str(value)
    if match := re.fullmatch(r"list(?:\[(\w+)\])?", annotation):
        items = text.removeprefix("[").removesuffix("]").split(",")
        return [
            convert(item.strip().strip("'\""), match[1] or "str")
            for item in items
            if item.strip()
        ]
    if annotation == "bool":
        return {"true": True, "false": False}[text.lower()]
    return {"int": int, "float": float, "str": str}[annotation](text)


def check(
    chapter: str, values: Mapping[str, Any], root: Path | None = None
) -> dict[str, Any]:
    """Convert parameter values to the types of a chapter's parameters cell.

    Raises
    ------
    ValueError
        A name is unknown, or a value has the wrong type, or the profile does not exist.
    """
    known = notebooks.parameters(chapter, root)
    converted = {}
    for name, value in values.items():
        if name not in known:
            raise ValueError(
                f'{chapter} has no parameter "{name}"{_nearest(name, known)}'
                f"; it has {', '.join(known)}"
            )
        try:
            converted[name] = convert(value, known[name].type)
        except (ValueError, KeyError):
            raise ValueError(
                f'parameter "{name}" of {chapter} must be {known[name].type}, '
                f'such as {known[name].default!r}, not "{value}"'
            ) from None
    profile = converted.get("profile", notebooks.PROFILES[0])
    if profile not in notebooks.PROFILES:
        raise ValueError(
            f"profile must be {' or '.join(notebooks.PROFILES)}, "
            f'not "{profile}"{_nearest(profile, notebooks.PROFILES)}'
        )
    return converted


def plan(
    names: Iterable[str],
    parameters: Mapping[str, Any],
    folder: Path,
    *,
    sweep: Mapping[str, Sequence[Any]] | None = None,
    root: Path | None = None,
) -> list[Job]:
    """List what to execute, in the order of the book; nothing is run yet.

    Parameters
    ----------
    names : chapters, as `select` takes them; none means all.
    parameters : values for every one of these chapters, typed or as text.
    folder : takes the executed notebooks and result files; in a sweep, each
        combination of values gets a folder in it, such as `units=64,seed=1`.
    sweep : parameter to its values; all combinations are run.

    Raises
    ------
    ValueError
        As `select` and `check`.
    """
    sweep = sweep or {}
    jobs = []
    for chapter in select(names, root):
        for values in itertools.product(*sweep.values()):
            point = dict(zip(sweep, values, strict=True))
            label = ",".join(f"{name}={value}" for name, value in point.items())
            jobs.append(
                Job(
                    chapter,
                    check(chapter, {**parameters, **point}, root),
                    folder.resolve() / urllib.parse.quote(label, safe="=,"),
                    f"{chapter} {label}".strip(),
                )
            )
    return jobs


def _nearest(word: str, words: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(words), n=1, cutoff=0.5)
    return f'; did you mean "{near[0]}"?' if near else ""


# --- on a worker: one chapter in one kernel ------------------------------------


def _kernel(environment: Mapping[str, str], sockets: str) -> type:
    """Make the class that starts a kernel of this interpreter in an environment."""
    from ipykernel.kernelspec import make_ipkernel_cmd
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    class Kernel(AsyncKernelManager):
        # Not whatever happens to be installed under the name "python3".
        kernel_spec = KernelSpec(
            argv=make_ipkernel_cmd(), env=environment, language="python"
        )
        # Kernels that start together race for ports, never for their own files.
        transport = "ipc"
        ip = f"{sockets}/kernel"

    return Kernel


def _execute(
    number: int, job: Job, root: Path, run: str, share: int, timeout: int, publish: bool
) -> Outcome:
    """Execute one job on a worker; `share` chapters run at once on its machine."""
    import jupytext
    import papermill
    from dask.system import CPU_COUNT
    from distributed import get_worker
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    for name in ("asyncio", "papermill"):  # what fails is reported by us
        logging.getLogger(name).setLevel(logging.CRITICAL)
    source = notebooks.source(job.chapter, root)
    total = sum(c.cell_type == "code" and bool(c.source.strip()) for c in source.cells)
    total += bool(job.parameters)  # papermill sets these in a cell of their own
    count, first_line = 0, ""
    outcome = Outcome(job)

    def on_cell(cell: Any, cell_index: int) -> None:
        nonlocal count, first_line
        count, first_line = count + 1, cell.source.strip().partition("\n")[0]
        get_worker().log_event(run, [number, count, total])

    def failed(reason: str) -> Outcome:
        return replace(
            outcome, error=f"cell {count} of {total}: {first_line}\n{reason}"
        )

    get_worker().log_event(run, [number, 0, total])
    job.folder.mkdir(parents=True, exist_ok=True)
    jupytext.write(source, outcome.notebook)
    outcome.results.unlink(missing_ok=True)
    threads = str(max(1, CPU_COUNT // share))
    environment = {
        "UNROLLED_RESULTS": str(job.folder),
        "UNROLLED_RUN": run,
        "PYTHONHASHSEED": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
        "OMP_NUM_THREADS": threads,
        # Whatever the shell or a test runner says, figures belong in the notebook.
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    try:
        with tempfile.TemporaryDirectory(prefix="unrolled-") as sockets:
            executed = papermill.execute_notebook(
                outcome.notebook,
                outcome.notebook,
                job.parameters,
                kernel_name="python3",
                kernel_manager_class=_kernel(environment, sockets),
                cwd=root,
                progress_bar=False,
                execution_timeout=timeout,
                iopub_timeout=60,  # the default, 4 s, is short for a busy machine
                coalesce_streams=True,
                shutdown_kernel="immediate",  # nothing is left for it to do
                on_cell_execute=on_cell,
            )
    except papermill.PapermillExecutionError as fault:
        text = (
            ANSI.sub("", "\n".join(fault.traceback)) or f"{fault.ename}: {fault.evalue}"
        )
        return failed("\n".join(text.splitlines()[-TRACEBACK_LINES:]))
    except CellTimeoutError:
        return failed(f"timed out: the cell took more than {timeout} s (--timeout)")
    except DeadKernelError:
        return failed("the kernel died: most likely killed because memory ran out")
    if count < total:  # papermill takes sys.exit() for success
        return failed("the chapter ended itself at this cell")
    if not outcome.results.exists():
        return replace(outcome, error="wrote no result file in its last cell")
    content = json.loads(outcome.results.read_text("utf-8"))
    content["source_digest"] = notebooks.source_digest(outcome.notebook)
    write_text(outcome.results, json.dumps(content, indent=1) + "\n")
    if publish:
        return replace(outcome, error=_publish(outcome, source, executed, root))
    return outcome


def _publish(outcome: Outcome, source: Any, executed: Any, root: Path) -> str:
    """Put a notebook and its results in their places; say why if that cannot be.

    The published notebook is the source with the outputs of the run, and nothing else
    of what papermill and the kernel left in the executed one.
    """
    import jupytext

    chapter = outcome.job.chapter
    for cell, done in zip(source.cells, executed.cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs = _without_places(done.outputs, root)
            cell.execution_count = done.execution_count
            for data in (output.get("data", {}) for output in cell.outputs):
                if "image/png" in data:
                    data["image/png"] = _smaller(data["image/png"])
    source.metadata.language_info = executed.metadata.language_info
    source.metadata.language_info.pop("version", None)
    text = jupytext.writes(source, fmt="ipynb")
    if (size := len(text.encode())) > MAX_BYTES:
        return (
            f"its notebook: {size / 1e6:.2f} MB, more than {MAX_BYTES / 1e6:.0f} MB; "
            "make its figures fewer or smaller"
        )
    write_text(root / "chapters" / f"{chapter}.ipynb", text)
    write_text(
        root / "data" / "results" / f"{chapter}.json",
        outcome.results.read_text("utf-8"),
    )
    return ""


def sync(chapter: str, root: Path) -> None:
    """Bring the changed prose of a chapter into its published notebook.

    Raises
    ------
    ValueError
        The chapter was never published, or its code changed since.
    """
    import jupytext

    path = root / "chapters" / f"{chapter}.ipynb"
    again = f"make publish CHAPTER={chapter}"
    if not path.exists():
        raise ValueError(f"{chapter} was never published: {again}")
    published, changed = jupytext.read(path), notebooks.source(chapter, root)
    old, new = (
        [cell for cell in notebook.cells if cell.cell_type == "code"]
        for notebook in (published, changed)
    )
    if [cell.source for cell in old] != [cell.source for cell in new]:
        raise ValueError(
            f"the code of {chapter} changed since it was published: {again}"
        )
    for cell, done in zip(new, old, strict=True):
        cell.outputs, cell.execution_count = done.outputs, done.execution_count
    changed.metadata.language_info = published.metadata.language_info
    write_text(path, jupytext.writes(changed, fmt="ipynb"))


def _smaller(png: str) -> str:
    """Store a PNG (base64) in 256 colours: a third of the bytes, and looks the same."""
    image = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    small = io.BytesIO()
    colours = image.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    colours.save(small, "PNG", optimize=True)
    return base64.b64encode(small.getvalue()).decode()


def _without_places(value: Any, root: Path) -> Any:
    """Replace folders of this machine in the text of outputs by what they stand for."""
    if isinstance(value, dict):
        return type(value)(
            (k, v if k.startswith("image/") else _without_places(v, root))
            for k, v in value.items()
        )
    if isinstance(value, list):
        return [_without_places(v, root) for v in value]
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


# --- the cluster -----------------------------------------------------------------


def execute(
    jobs: Sequence[Job],
    *,
    root: Path | None = None,
    workers: int | None = None,
    timeout: int = 1800,
    scheduler: str | None = None,
    publish: bool = False,
) -> list[Outcome]:
    """Execute chapters in parallel and print how each one ends.

    Parameters
    ----------
    jobs : what `plan` returned.
    workers : chapters at once on this machine, default one a core; they share its
        cores. Without meaning when there is a `scheduler`.
    timeout : seconds that one cell may take.
    scheduler : address of a Dask cluster whose machines see this folder under the
        same path, such as "tcp://10.0.0.5:8786"; default a cluster on this machine.
    publish : put the notebooks and results that succeed in their places in the book.

    Raises
    ------
    ConnectionError
        The cluster does not answer, or has no workers.
    """
    import dask
    from dask.system import CPU_COUNT
    from distributed import Client, LocalCluster, as_completed

    root = (root or book_root()).resolve()
    run = uuid.uuid4().hex
    settings = {
        "distributed.nanny.pre-spawn-environ": {},  # not one thread for each kernel
        "distributed.scheduler.allowed-failures": 0,  # a chapter is tried once
    }
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(settings))
        bar = stack.enter_context(
            tqdm(
                total=len(jobs),
                bar_format="{n_fmt}/{total_fmt} chapters, {elapsed}{postfix}",
                disable=not sys.stderr.isatty(),
            )
        )
        bar.set_postfix_str("starting")
        # Ctrl-C in a terminal reaches all processes, but only this one may act on it:
        # the workers inherit the mask. (Starting the tracker would lift it.)
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            cluster = scheduler or stack.enter_context(
                LocalCluster(
                    n_workers=min(workers or CPU_COUNT, len(jobs)),
                    threads_per_worker=1,
                    memory_limit=0,  # the kernels take the memory, not the workers
                    dashboard_address="127.0.0.1:0",
                    silence_logs=logging.CRITICAL,
                )
            )
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        try:
            client = stack.enter_context(Client(cluster, timeout=CONNECT_SECONDS))
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except (OSError, ValueError) as fault:
            raise ConnectionError(
                f"no Dask cluster with workers answers at {scheduler}: {fault}"
            ) from fault
        known = client.scheduler_info(n_workers=-1)["workers"].values()
        share = max(Counter(worker["host"] for worker in known).values())
        started = [time.perf_counter()] * len(jobs)
        running: dict[int, str] = {}

        def on_event(event: tuple[float, list[int]]) -> None:
            number, cell, total = event[1]
            if cell == 0:
                started[number] = time.perf_counter()
                bar.write(f"started  {jobs[number].label}")
            running[number] = f"{jobs[number].label} cell {cell}/{total}"
            bar.set_postfix_str(", ".join(running.values()))

        client.subscribe_topic(run, on_event)
        how = {"pure": False, "root": root, "run": run, "share": share}
        how |= {"timeout": timeout, "publish": publish}
        futures: dict[Any, int] = {}
        outcomes = {}
        try:
            for number, job in enumerate(jobs):
                futures[client.submit(_execute, number, job, **how)] = number
            for future in as_completed(futures):
                number = futures[future]
                try:
                    outcome = future.result()
                except Exception as fault:  # the others go on, whatever it is
                    outcome = Outcome(jobs[number], f"{type(fault).__name__}: {fault}")
                outcomes[number] = outcome
                running.pop(number, None)
                seconds = time.perf_counter() - started[number]
                word = "FAILED  " if outcome.error else "done    "
                bar.write(f"{word} {outcome.job.label}, {seconds:.0f} s")
                bar.update()
        except KeyboardInterrupt:
            client.cancel(list(futures))
            _stop_kernels(run)
            if scheduler:
                client.run(_stop_kernels, run)
            raise
    return [outcomes[number] for number in range(len(jobs))]


def _stop_kernels(run: str) -> None:
    """Kill what a run has started on this machine: kernels and their children."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("UNROLLED_RUN") == run:
                process.kill()


# --- the command line ------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def _parser() -> _Parser:
    parser = _Parser(prog="execute", description="Execute chapters of the book.")
    parser.add_argument(
        "command",
        choices=("run", "publish", "sync", "list"),
        help="run: into _build/run, whatever the parameters; publish: full profile, in "
        "place, with result files; sync: new prose into published notebooks; list: "
        "chapters, their parameters and run times",
    )
    parser.add_argument(
        "chapter", nargs="*", help='number, name or its beginning: "4" (default: all)'
    )
    parser.add_argument("--profile", help="full (default) or quick")
    parser.add_argument(
        "-p",
        dest="parameters",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="set a parameter",
    )
    parser.add_argument(
        "--sweep",
        nargs="+",
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="run once for each value (each combination, when given more than once)",
    )
    parser.add_argument(
        "--workers", type=int, help="chapters at once (default: one a core; publish: 1)"
    )
    parser.add_argument(
        "--timeout", type=int, default=1800, help="seconds a cell may take (1800)"
    )
    parser.add_argument("--scheduler", help="address of a Dask cluster to use instead")
    return parser


def _list(jobs: Sequence[Job], root: Path) -> None:
    for job in jobs:
        first = notebooks.source(job.chapter, root).cells[0].source
        print(f"{job.chapter}  {first.partition(chr(10))[0].lstrip('# ')}")
        results = root / "data" / "results" / f"{job.chapter}.json"
        if results.exists():
            seconds = json.loads(results.read_text("utf-8"))["seconds"]["total"]
            print(f"    published run: {seconds:.0f} s")
        for name, parameter in notebooks.parameters(job.chapter, root).items():
            line = f"{name}: {parameter.type} = {parameter.default!r}"
            print(f"    {line:32}  {parameter.help}")


def main(argv: Sequence[str] | None = None, root: Path | None = None) -> int:
    """Do what the command line says; the exit code is 0, 1, 2 or 130."""
    root = (root or book_root()).resolve()
    parser = _parser()
    options = parser.parse_intermixed_args(argv)
    publish = options.command == "publish"
    folder = root / "_build" / ("publish" if publish else "run")
    try:
        jobs = _jobs(options, folder, root)
    except (ValueError, OSError) as fault:
        parser.error(" ".join(str(fault).split()))
    if options.command == "list":
        _list(jobs, root)
        return 0
    if options.command == "sync":
        try:
            for job in jobs:
                sync(job.chapter, root)
        except ValueError as fault:
            parser.error(str(fault))
        return 0
    # Ctrl-C and a polite kill both take the way out that stops the kernels, even
    # where a shell started this in the background with interrupts ignored.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.default_int_handler)
    try:
        outcomes = execute(
            jobs,
            root=root,
            # A published run time is that of a chapter which has the machine.
            workers=options.workers or (1 if publish else None),
            timeout=options.timeout,
            scheduler=options.scheduler,
            publish=publish,
        )
    except ConnectionError as fault:
        parser.error(" ".join(str(fault).split()))
    except KeyboardInterrupt:
        print("stopped; no kernel is left running", file=sys.stderr)
        return 130
    failed = [outcome for outcome in outcomes if outcome.error]
    for outcome in failed:
        print(f"\nFAILED {outcome.job.label}\n{outcome.error}")
        print(f"executed up to there: {outcome.notebook.relative_to(root)}")
    done = len(outcomes) - len(failed)
    print(f"{done} of {len(outcomes)} succeeded, in {folder.relative_to(root)}")
    return 1 if failed else 0


def _jobs(options: argparse.Namespace, folder: Path, root: Path) -> list[Job]:
    """Turn the command line into jobs; a ValueError says what is wrong with it."""
    given = options.parameters + [("profile", p) for p in [options.profile] if p]
    names = Counter(name for name, *_ in given + options.sweep)
    if twice := [name for name, times in names.items() if times > 1]:
        raise ValueError(f'parameter "{twice[0]}" is given twice')
    parameters = dict(given)
    sweep = {name: list(dict.fromkeys(values)) for name, *values in options.sweep}
    if not all(sweep.values()):
        raise ValueError("--sweep takes a name and its values: --sweep units 32 64")
    if options.command != "run":
        if sweep or parameters not in ({}, {"profile": "full"}):
            raise ValueError(
                f"{options.command} is about the default parameters: "
                "leave out -p, --sweep and --profile, or use run"
            )
        parameters = {}
    for name in ("workers", "timeout"):
        if getattr(options, name) is not None and getattr(options, name) < 1:
            raise ValueError(f"--{name} must be 1 or more")
    return plan(options.chapter, parameters, folder, sweep=sweep, root=root)


if __name__ == "__main__":
    # Through the import, so that workers find these functions under their own name.
    from helpers.book.execute import main as imported_main

    sys.exit(imported_main())
