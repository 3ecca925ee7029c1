"""Train several kinds of networks at once, one on each core."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, NamedTuple

import keras

from helpers import runtime, training

# One training of a small network keeps one core busy, not two.
AT_ONCE = 2


class Run(NamedTuple):
    """One training: its seconds, compiling included, and its Keras history."""

    seconds: float
    history: dict[str, list[float]]

    @property
    def passes(self) -> int:
        """How many passes over the data it took."""
        return len(self.history["loss"])


def fit_kinds(
    kinds: Mapping[str, tuple[Any, ...]],
    *,
    epochs: int,
    callbacks: Callable[[], Sequence[keras.callbacks.Callback]] = list,
    **options: Any,
) -> dict[str, list[Run]]:
    """Train every model of every kind, two kinds at once; one line of output.

    Within a kind the models are trained one after another, and each ends where `fit`
    would have brought it: only the first is compiled to machine code (see
    `training.restart`). If one kind is left over, its models are divided between the
    cores. On a GPU, or on one core, kinds follow one another as well.

    Parameters
    ----------
    kinds : name to (models, x, y), or whatever `fit` takes after the models; the
        models are compiled, built alike, and not trained.
    epochs, options : as for `fit`, the same for all.
    callbacks : called before each training; gives the callbacks of that one.

    Returns
    -------
    Name to one `Run` a model.

    Raises
    ------
    ValueError
        There is nothing to train.

    Introduced in chapter 3.
    """
    if empty := [name for name, (models, *_) in kinds.items() if not models]:
        raise ValueError(f"{empty[0]!r} has no models: give at least one of each kind")

    on_cpu = runtime.device().startswith("CPU")
    at_once = min(AT_ONCE, os.cpu_count() or 1) if on_cpu else 1
    parts = [(name, slice(None)) for name in kinds]
    if left_over := len(kinds) % at_once:
        last, _ = parts.pop()
        n = min(at_once // left_over, len(kinds[last][0]))
        parts += [(last, slice(start, None, n)) for start in range(n)]

    def train(name: str, part: slice) -> list[Run]:
        models, *data = kinds[name]

        def run(model: keras.Model) -> Run:
            started = time.perf_counter()
            how: dict[str, Any] = {"callbacks": list(callbacks()), "verbose": 0}
            history = model.fit(*data, epochs=epochs, **how, **options).history
            return Run(time.perf_counter() - started, history)

        return training.in_turn(models[part], run)

    counts = {name: len(models) for name, (models, *_) in kinds.items()}
    done: dict[str, list[Any]] = {name: [None] * counts[name] for name in kinds}
    total, trained = sum(counts.values()), 0
    started, line = time.perf_counter(), None
    with ThreadPoolExecutor(at_once) as pool:
        futures = {pool.submit(train, *one): one for one in parts}
        for future in as_completed(futures):
            name, part = futures[future]
            done[name][part] = future.result()
            trained += len(future.result())
            spent = time.perf_counter() - started
            text = f"{trained} of {total} networks trained, {spent:.0f} s"
            line = training.show(text, line)
    return done
