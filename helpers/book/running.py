"""The commands that execute chapters: run, sweep, publish and pretrain."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import jupytext

from helpers.book import cluster, plans, pretrained, runs
from helpers.book import publish as publishing
from helpers.book.cluster import Outcome
from helpers.book.plans import Job
from helpers.files import write_text
from helpers.hints import did_you_mean


def run(options: argparse.Namespace, root: Path) -> int:
    jobs = _jobs(options, root)
    _check_writable(root, "_build/run", "_build/runs", "_build/failed")
    how = {**_how(options), "scheduler": options.scheduler}
    ended = {o.job: _deliver(o, root) for o in cluster.execute(jobs, root=root, **how)}
    return _finish(jobs, ended, "_build/run", root)


def publish(options: argparse.Namespace, root: Path) -> int:
    _check_counts(options)
    jobs = plans.plan(options.chapter, {}, root=root)
    _check_writable(root, "chapters", "data/results", "_build/runs", "_build/failed")
    # A published run time is that of a chapter which has the machine.
    options.workers = options.workers or 1
    ended = {
        o.job: _deliver(o, root) if o.error else publishing.publish(o, root)
        for o in cluster.execute(jobs, root=root, **_how(options))
    }
    return _finish(jobs, ended, "chapters", root)


def pretrain(options: argparse.Namespace, root: Path) -> int:
    """Ship a model of `data/pretrained/models.toml`; without a name, list them."""
    models = pretrained.read(root)
    if not options.name:
        for one in models.values():
            print(pretrained.describe(one, root))
        return 0
    if not (model := models.get(options.name)):
        raise ValueError(
            f'there is no model "{options.name}"{did_you_mean(options.name, models)}; '
            f"{pretrained.LIST} lists {', '.join(models) or 'none'}"
        )
    _check_counts(options)
    job = pretrained.job(model, root)
    _check_writable(root, pretrained.FOLDER, "_build/runs", "_build/failed")
    # As publishing does it, so that each finds the run of the other.
    options.workers = options.workers or 1
    ended = {
        o.job: _deliver(o, root) if o.error else pretrained.ship(model, o, root)
        for o in cluster.execute([job], root=root, **_how(options))
    }
    return _finish([job], ended, pretrained.FOLDER, root)


def _how(options: argparse.Namespace) -> dict[str, Any]:
    names = ("workers", "timeout", "fresh")
    return {name: getattr(options, name) for name in names}


def _jobs(options: argparse.Namespace, root: Path) -> list[Job]:
    """Turn the command line into jobs; a ValueError says what is wrong with it."""
    _check_counts(options)
    given = options.given + [("profile", p) for p in [options.profile] if p]
    axes = [word.partition("=")[::2] for word in getattr(options, "grid", [])]
    if seeds := getattr(options, "seeds", None):
        axes.append(("seed", ",".join(map(str, range(seeds)))))
    if options.command == "sweep" and not axes:
        raise ValueError("sweep needs --grid or --seeds: --grid units=32,64 --seeds 3")
    for name, words in axes:
        if not (name and words):
            raise ValueError(f'--grid takes NAME=VALUE,VALUE, not "{name}={words}"')
    names = Counter(name for name, _ in [*given, *axes])
    if twice := [name for name, times in names.items() if times > 1]:
        raise ValueError(f'parameter "{twice[0]}" is given twice')
    grid = {name: words.split(",") for name, words in axes}
    return plans.plan(options.chapter, dict(given), grid, root)


def _check_counts(options: argparse.Namespace) -> None:
    for name in ("workers", "timeout", "seeds"):
        count = getattr(options, name, None)
        if count is not None and count < 1:
            raise ValueError(f"--{name} must be 1 or more, not {count}")


def _check_writable(root: Path, *names: str) -> None:
    """Refuse folders that cannot be written to, before anything is trained."""
    for folder in (root / name for name in names):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as fault:
            raise OSError(
                f"cannot write to {folder}: {fault.strerror}; make it a folder that "
                "can be written to, or move away what is there"
            ) from None


def _deliver(outcome: Outcome, root: Path) -> str:
    """Write what came of a job where its user looks for it; gives its error."""
    job = outcome.job
    folder = root / "_build" / ("failed" if outcome.error else "run") / job.folder
    path = folder / f"{job.chapter}.ipynb"
    if outcome.notebook:
        write_text(path, jupytext.writes(outcome.notebook, "ipynb"))
    if outcome.result:
        write_text(path.with_suffix(".json"), runs.text(outcome.result))
    if outcome.error and outcome.notebook:
        return f"{outcome.error}\nexecuted up to there: {path}"
    return outcome.error


def _finish(jobs: list[Job], ended: dict[Job, str], where: str, root: Path) -> int:
    """Say what failed and where the rest is; gives the exit code."""
    failed = [job for job in jobs if ended[job]]
    for job in failed:
        print(f"\nFAILED {job}\n{ended[job].replace(f'{root}{os.sep}', '')}")
    print(f"{len(jobs) - len(failed)} of {len(jobs)} succeeded, in {where}")
    return 1 if failed else 0
