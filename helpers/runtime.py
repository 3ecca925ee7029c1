"""Start a chapter in a known state: seeds, quiet logs, plot style, one line printed."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager

from helpers import plots
from helpers.files import book_root
from helpers.hints import did_you_mean
from helpers.parameters import PROFILES


def start(profile: str, seed: int) -> None:
    """Seed everything, set the plot style, and print what this run will use.

    Parameters
    ----------
    profile : "full" (real data, the published figures) or "quick" (no download).
    seed : non-negative integer, given to Python, NumPy and TensorFlow alike.

    Raises
    ------
    ValueError
        The profile or the seed is not one of these.

    Introduced in chapter 1.
    """
    if profile not in PROFILES:
        raise ValueError(
            f'profile must be "full" or "quick", not "{profile}"'
            f"{did_you_mean(str(profile), PROFILES)}"
        )
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(f"seed must be an integer from 0 to 2**32 - 1, not {seed!r}")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read when TensorFlow loads
    with _quiet_stderr():
        import keras
        import tensorflow as tf

    # It warns that a chapter's many small models are traced one by one.
    tf.get_logger().setLevel("ERROR")
    keras.utils.set_random_seed(seed)
    plots.style()
    print(
        f"TensorFlow {tf.__version__} · Keras {keras.__version__} · {device()}"
        f" · profile {profile} · seed {seed}"
    )


# Shows the file of that descriptor unless it is told that all went well.
KEEPER = """
import os, shutil, sys
kept = int(sys.argv[1])
if os.read(0, 1) != b"+":
    os.lseek(kept, 0, os.SEEK_SET)
    shutil.copyfileobj(open(kept, "rb"), sys.stderr.buffer)
"""


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Keep back what libraries write to file descriptor 2, unless they fail.

    It goes to a file without a name, and a process of its own waits for a word on how
    it ended, so that the last words of one that is killed (a processor without the
    instructions that TensorFlow needs) are not lost with it. It does not wait for the
    end of all writing: a process started in the block may live on.
    """
    real = os.dup(2)
    with tempfile.TemporaryFile() as kept:
        keeper = subprocess.Popen(
            [sys.executable, "-ISc", KEEPER, str(kept.fileno())],
            stdin=subprocess.PIPE,
            pass_fds=[kept.fileno()],
            start_new_session=True,
        )
        os.dup2(kept.fileno(), 2)
        word = b"-"
        try:
            yield
            word = b"+"
        finally:
            os.dup2(real, 2)
            os.close(real)
            keeper.communicate(word)


def device() -> str:
    """Name the device TensorFlow will use: "GPU: …" or "CPU, n threads"."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        return f"GPU: {details.get('device_name', gpus[0].name)}"
    set_here = tf.config.threading.get_intra_op_parallelism_threads()
    set_before = int(os.environ.get("TF_NUM_INTRAOP_THREADS") or 0)
    threads = set_here or set_before or os.cpu_count()
    return f"CPU, {threads} thread{'s' * (threads != 1)}"


# One that XLA does not know would end the process: these versions know them all.
XLA_VERSIONS = ("2.20.", "2.21.")
XLA_FLAGS = (
    "--xla_backend_optimization_level=1",
    "--xla_cpu_multi_thread_eigen=false",
    "--xla_cpu_enable_concurrency_optimized_scheduler=false",
)


def compile_options(profile: str) -> dict[str, bool | int]:
    """Give the arguments of `model.compile` with which small networks train fastest.

    On a CPU, XLA speeds up recurrent layers once it has compiled them (`jit_compile`),
    more so when it neither optimises long nor spreads tiny products over threads: call
    this before the first model is compiled, and it tells XLA so, unless `XLA_FLAGS` is
    set. Keras runs 20 updates in one go. The quick profile's handful of updates is over
    sooner without any of this.

    Parameters
    ----------
    profile : "full" or "quick", as given to `start`.

    Introduced in chapter 2.
    """
    import tensorflow as tf

    full, on_cpu = profile == "full", device().startswith("CPU")
    if on_cpu and tf.__version__.startswith(XLA_VERSIONS):
        os.environ.setdefault("XLA_FLAGS", " ".join(XLA_FLAGS))
    return {
        "jit_compile": full and on_cpu,
        "run_eagerly": not full,
        "steps_per_execution": 20 if full else 1,
    }


# Older ones lack what chapters use: Muon's `adam_weight_decay` came with Keras 3.13.
OLDEST = {"keras": (3, 13), "tensorflow": (2, 20)}


def install_missing() -> None:
    """Install the libraries a chapter needs and this machine lacks (Colab's case).

    What is already installed is neither upgraded nor downgraded: its versions are
    given to pip as constraints. Prints one line when something is installed.

    Raises
    ------
    RuntimeError
        A library is older than the book can use, or pip could not install one; the
        message ends with what to do, or with pip's reason.
    """
    project = tomllib.loads((book_root() / "pyproject.toml").read_text("utf-8"))
    names = [re.split(r"[<>=!~ ]", d)[0] for d in project["project"]["dependencies"]]
    installed = {
        (d.metadata["Name"] or "").lower(): d.version
        for d in importlib.metadata.distributions()
    }
    for name, oldest in OLDEST.items():
        version = installed.get(name)
        if version and tuple(map(int, re.findall(r"\d+", version)[:2])) < oldest:
            needed = ".".join(map(str, oldest))
            raise RuntimeError(
                f"this machine has {name} {version}, the book needs {needed} or newer: "
                f'run !pip install "{name}>={needed}" and restart the notebook'
            )
    missing = [name for name in names if name not in installed]
    if not missing:
        return
    print(f"Installing {', '.join(missing)} …")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.writelines(f"{n}=={v}\n" for n, v in installed.items() if n)
        constraints.flush()
        pip = [sys.executable, "-m", "pip", "install", "--quiet", *missing]
        done = subprocess.run(
            [*pip, "--constraint", constraints.name], capture_output=True, text=True
        )
    if done.returncode:
        raise RuntimeError(
            f"pip could not install {', '.join(missing)}: {done.stderr.strip()[-500:]}"
        )
