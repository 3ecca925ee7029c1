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
    `training.restart`). On a GPU, or on one core, kinds follow one another as well.

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

    def train(name: str) -> list[Run]:
        models, *data = kinds[name]
        first, done, trained = models[0], [], []
        for model in models:
            started = time.perf_counter()
            if model is not first:
                training.restart(first, model)
            how: dict[str, Any] = {"callbacks": list(callbacks()), "verbose": 0}
            history = first.fit(*data, epochs=epochs, **how, **options).history
            trained.append(first.get_weights())
            done.append(Run(time.perf_counter() - started, history))
        for model, weights in zip(models, trained, strict=True):
            model.set_weights(weights)
        return done

    on_cpu = runtime.device().startswith("CPU")
    at_once = min(AT_ONCE, os.cpu_count() or 1) if on_cpu else 1
    started, line = time.perf_counter(), None
    with ThreadPoolExecutor(at_once) as pool:
        futures = {name: pool.submit(train, name) for name in kinds}
        for number, future in enumerate(as_completed(futures.values()), 1):
            future.result()
            spent = time.perf_counter() - started
            text = f"{number} of {len(kinds)} kinds trained, {spent:.0f} s"
            line = training.show(text, line)
    return {name: future.result() for name, future in futures.items()}
