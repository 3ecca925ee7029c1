"""One chapter in one kernel: a function of its notebook, and of nothing else."""

from __future__ import annotations

import json
import logging
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import nbformat

from helpers.book import notebooks
from helpers.files import book_root

TRACEBACK_LINES = 12
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Executed(NamedTuple):
    """What came of a run: `error` is empty when every cell succeeded.

    notebook : as JSON, executed up to the failed cell if there was one.
    result : what the chapter's last cell wrote.
    files : what else it wrote into that folder, by name.
    """

    notebook: str
    result: dict[str, Any] | None = None
    error: str = ""
    files: Mapping[str, bytes] | None = None


def environment(threads: int, results: Path, mark: str = "") -> dict[str, str]:
    """What a kernel finds in its environment, whoever starts it."""
    return {
        "UNROLLED_RESULTS": str(results),
        "UNROLLED_RUN": mark,
        "PYTHONHASHSEED": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": str(threads),
        "OMP_NUM_THREADS": str(threads),
        # Whatever the shell or a test runner says, figures belong in the notebook.
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }


def run(
    notebook: str,
    parameters: Mapping[str, Any],
    threads: int,
    timeout: int,
    *,
    folder: Path | None = None,
    mark: str = "",
    tell: Callable[[int, int], None] = lambda cell, total: None,
) -> Executed:
    """Execute a notebook; nothing is written but in a folder that goes at the end.

    Parameters
    ----------
    notebook : a chapter without outputs, as JSON.
    parameters : those given; the others keep their defaults.
    threads : processor threads for the kernel.
    timeout : seconds that one cell may take.
    folder : the kernel's working folder, default the book's.
    mark : $UNROLLED_RUN of the kernel, by which what it starts can be found.
    tell : called before each cell with its number and the number of cells.
    """
    import papermill

    for name in ("asyncio", "papermill"):  # what fails is reported by us
        logging.getLogger(name).setLevel(logging.CRITICAL)
    progress = _Progress(notebook, bool(parameters), tell)
    with tempfile.TemporaryDirectory(prefix="unrolled-") as here:
        path, results = Path(here) / "chapter.ipynb", Path(here) / "results"
        results.mkdir()
        path.write_text(notebook, "utf-8")
        error = ""
        try:
            papermill.execute_notebook(
                path,
                path,
                parameters,
                kernel_name="python3",
                kernel_manager_class=_kernel(environment(threads, results, mark), here),
                # Not papermill's cwd, which is that of this whole process.
                resources={"metadata": {"path": str(folder or book_root())}},
                progress_bar=False,
                execution_timeout=timeout,
                iopub_timeout=60,  # the default, 4 s, is short for a busy machine
                coalesce_streams=True,
                shutdown_kernel="immediate",  # nothing is left for it to do
                on_cell_execute=progress.begin,
            )
        except Exception as fault:
            error = f"{progress}\n{_reason(fault, timeout)}"
        else:
            if not progress.complete:  # papermill takes sys.exit() for success
                error = f"{progress}\nthe chapter ended itself at this cell"
        done = path.read_text("utf-8")
        return Executed(done, error=error) if error else _written(done, results)


def _written(notebook: str, folder: Path) -> Executed:
    """What came of a run whose cells all succeeded, from the folder it wrote into."""
    files = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}
    results = [name for name in files if name.endswith(".json")]
    if len(results) != 1:
        return Executed(notebook, error="wrote no result file in its last cell")
    return Executed(notebook, json.loads(files.pop(results[0])), files=files)


class _Progress:
    """Which cell is being executed."""

    def __init__(
        self, notebook: str, injected: bool, tell: Callable[[int, int], None]
    ) -> None:
        cells = nbformat.reads(notebook, as_version=4).cells
        self.total = sum(
            c.cell_type == "code" and bool(c.source.strip()) for c in cells
        )
        self.total += injected  # papermill sets parameters in a cell of their own
        self.count, self.first_line, self.tell = 0, "", tell
        tell(0, self.total)

    def begin(self, cell: Any, cell_index: int) -> None:
        self.count += 1
        self.first_line = cell.source.strip().partition("\n")[0]
        self.tell(self.count, self.total)

    @property
    def complete(self) -> bool:
        return self.count == self.total

    def __str__(self) -> str:
        return f"cell {self.count} of {self.total}: {self.first_line}"


def _reason(fault: Exception, timeout: int) -> str:
    """Why a run failed, in a few lines."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill import PapermillExecutionError

    if isinstance(fault, PapermillExecutionError):
        text = ANSI.sub("", "\n".join(fault.traceback))
        lines = (text or f"{fault.ename}: {fault.evalue}").splitlines()
        return "\n".join(lines[-TRACEBACK_LINES:])
    if isinstance(fault, CellTimeoutError):
        return f"timed out: the cell took more than {timeout} s (--timeout)"
    if isinstance(fault, DeadKernelError):
        return "the kernel died: most likely killed because memory ran out"
    return f"{type(fault).__name__}: {fault}"


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


def version() -> str:
    """A digest of the code that runs chapters here: this book's, and its libraries'."""
    root = book_root()
    paths = [*root.glob("helpers/**/*.py"), *root.glob("chapters/*.md")]
    texts = {str(p.relative_to(root)): p.read_text("utf-8") for p in paths}
    pins = root / "requirements.txt"
    return notebooks.digest([texts, pins.read_text("utf-8") if pins.exists() else ""])
