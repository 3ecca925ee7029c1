"""A chapter starts in a known state, and Colab's libraries stay as they are."""

import importlib.metadata
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from helpers import runtime


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ("fulll", 'not "fulll"; did you mean "full"?'),
        ("xyz", 'not "xyz"$'),
        (3, 'not "3"'),
    ],
)
def test_start_refuses_an_unknown_profile(profile, message):
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        runtime.start(profile, 0)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "0", True])
def test_start_refuses_a_bad_seed(seed):
    with pytest.raises(ValueError, match="seed must be an integer from 0"):
        runtime.start("quick", seed)


def test_start_seeds_everything_and_prints_one_line(capfd):
    import keras
    import tensorflow as tf

    draws = []
    for _ in range(2):
        runtime.start("quick", 3)
        weights = keras.layers.Dense(2)
        weights.build((None, 2))
        draws.append(
            (np.random.rand(), tf.random.uniform(()), weights.get_weights()[0])
        )
    assert draws[0][:2] == draws[1][:2]
    assert (draws[0][2] == draws[1][2]).all()
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(
        f"TensorFlow {tf.__version__} · Keras {keras.__version__} · "
    )
    assert lines[0].endswith("profile quick · seed 3")


LIGHT = (
    "checks, datasets, diagrams, fetch, files, hints, parameters, plots, report, "
    "runtime, series, synthetic, values; from helpers.book import notebooks, plans"
)


def test_helpers_import_without_tensorflow_and_without_side_effects():
    program = (
        "import os, sys; before = dict(os.environ)\n"
        f"from helpers import {LIGHT}\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules\n"
        "assert dict(os.environ) == before"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout + done.stderr == ""


def run_quietly(block: str) -> subprocess.CompletedProcess[str]:
    """Run lines of Python in a process that keeps back what they write to stderr."""
    lines = "\n    ".join(block.splitlines())
    program = (
        "import os, subprocess, sys\nfrom helpers import runtime\n"
        f"with runtime._quiet_stderr():\n    {lines}\n"
        "os.write(2, b'[after]')\n"
        "try:\n    os.waitpid(-1, 0)\nexcept ChildProcessError:\n    pass\n"
        "else:\n    os.write(2, b'a process was left behind')"
    )
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("length", [1, 10**7])
def test_what_libraries_write_while_they_load_is_kept_back(length):
    done = run_quietly(f"os.write(2, b'x' * {length})")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "[after]")


@pytest.mark.parametrize("length", [1, 10**6])
def test_what_they_write_is_shown_when_they_fail(length):
    done = run_quietly(f"os.write(2, b'x' * {length})\nraise ImportError('broken')")
    assert done.returncode == 1
    assert done.stderr.startswith("x" * length + "Traceback")
    assert done.stderr.endswith("ImportError: broken\n")


@pytest.mark.parametrize("end", ["os.abort()", "os.kill(os.getpid(), 9)"])
def test_what_they_write_is_shown_when_the_process_is_killed(end):
    done = run_quietly(f"os.write(2, b'no AVX here $(echo) %s')\n{end}")
    assert done.returncode < 0
    assert done.stderr == "no AVX here $(echo) %s"


@pytest.mark.parametrize(
    "start",
    [
        "subprocess.Popen(['sleep', '30'], stdout=-3).returncode = 0",
        "os.fork() or (os.closerange(0, 2), __import__('time').sleep(30), os._exit(0))",
    ],
    ids=["started", "forked"],
)
def test_a_process_that_they_leave_running_is_not_waited_for(start):
    program = (
        "import os, subprocess\nfrom helpers import runtime\n"
        f"with runtime._quiet_stderr():\n    {start}\nos._exit(0)"
    )
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], timeout=20, check=True)
    assert time.perf_counter() - started < 20


def test_the_number_of_threads_set_before_the_start_is_told(monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")
    assert runtime.device() == "CPU, 1 thread"
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    assert runtime.device() == "CPU, 3 threads"
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS")
    assert runtime.device().startswith(f"CPU, {os.cpu_count()} thread")


@pytest.fixture
def pip(monkeypatch):
    """A machine that lacks pooch; what pip is asked for, and its constraints."""
    everything = [d for d in importlib.metadata.distributions() if d.metadata["Name"]]
    kept = [d for d in everything if d.metadata["Name"].lower() != "pooch"]
    monkeypatch.setattr(runtime.importlib.metadata, "distributions", lambda: kept)
    calls = []

    def run(command, **options):
        with open(command[-1]) as constraints:
            calls.append((command, constraints.read()))
        return subprocess.CompletedProcess(command, 0, "", "no network\n")

    monkeypatch.setattr(runtime.subprocess, "run", run)
    return calls


def test_only_what_is_missing_is_installed_and_the_rest_is_held(pip, capsys):
    runtime.install_missing()
    ((command, constraints),) = pip
    assert command[4:-2] == ["--quiet", "pooch"]
    assert "--upgrade" not in command
    assert f"tensorflow=={importlib.metadata.version('tensorflow')}\n" in constraints
    assert "Installing pooch" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "version", "needed"),
    [("keras", "3.9.2", "3.13"), ("tensorflow", "2.19.0", "2.20")],
)
def test_a_library_that_is_too_old_is_named_with_what_to_do(
    monkeypatch, name, version, needed
):
    old = SimpleNamespace(metadata={"Name": name.capitalize()}, version=version)
    everything = [
        d
        for d in importlib.metadata.distributions()
        if (d.metadata["Name"] or "").lower() != name
    ]
    monkeypatch.setattr(
        runtime.importlib.metadata, "distributions", lambda: [*everything, old]
    )
    monkeypatch.setattr(
        runtime.subprocess, "run", lambda *a, **k: pytest.fail("pip was called")
    )
    message = (
        f"this machine has {name} {version}, the book needs {needed} or newer: "
        f'run !pip install "{name}>={needed}" and restart the notebook'
    )
    with pytest.raises(RuntimeError) as caught:
        runtime.install_missing()
    assert str(caught.value) == message


def test_nothing_is_installed_where_nothing_is_missing(monkeypatch):
    monkeypatch.setattr(
        runtime.subprocess, "run", lambda *a, **k: pytest.fail("pip was called")
    )
    runtime.install_missing()


def test_a_failed_installation_gives_pip_s_reason(pip, monkeypatch):
    broken = subprocess.CompletedProcess([], 1, "", "no network\n")
    monkeypatch.setattr(runtime.subprocess, "run", lambda *a, **k: broken)
    with pytest.raises(RuntimeError, match="could not install pooch: no network"):
        runtime.install_missing()


@pytest.mark.parametrize(
    ("version", "device", "flags"),
    [
        ("2.21.0", "CPU, 2 threads", True),
        ("2.21.0", "GPU: A", False),
        ("9.9.9", "CPU, 2 threads", False),
    ],
)
def test_xla_gets_flags_only_where_it_knows_them(monkeypatch, version, device, flags):
    import tensorflow as tf

    monkeypatch.setenv("XLA_FLAGS", "")  # so that it is put back
    monkeypatch.delenv("XLA_FLAGS")
    monkeypatch.setattr(tf, "__version__", version)
    monkeypatch.setattr(runtime, "device", lambda: device)
    options = runtime.compile_options("full")
    on_cpu = device.startswith("CPU")
    assert options == {
        "jit_compile": on_cpu,
        "run_eagerly": False,
        "steps_per_execution": 20,
    }
    assert ("XLA_FLAGS" in os.environ) == flags
    quick = {"jit_compile": False, "run_eagerly": True, "steps_per_execution": 1}
    assert runtime.compile_options("quick") == quick


def test_flags_that_the_user_has_set_stay(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--mine")
    runtime.compile_options("full")
    assert os.environ["XLA_FLAGS"] == "--mine"


def test_xla_knows_the_flags(monkeypatch):
    code = (
        "from helpers import runtime; runtime.start('quick', 0);"
        "runtime.compile_options('full'); import keras;"
        "model = keras.Sequential([keras.Input((3, 1)), keras.layers.SimpleRNN(2)]);"
        "model.compile(loss='mse', jit_compile=True);"
        "import numpy as np; model.fit(np.ones((2, 3, 1)), np.ones((2, 2)), verbose=0)"
    )
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
