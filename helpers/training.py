"""Fit a Keras model with one progress line instead of a flood."""

from __future__ import annotations

import time
from typing import Any

import keras


class ProgressLine(keras.callbacks.Callback):
    """Show the state of a run as one line of text that is updated in place."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.line: Any = None

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        seconds = time.perf_counter() - self.started
        figures = ", ".join(
            f"{key} {value:.4g}"
            for key, value in (logs or {}).items()
            if key != "learning_rate"
        )
        text = (
            f"{self.name}: epoch {epoch + 1} of {self.params['epochs']}, "
            f"{seconds:.0f} s · {figures}"
        )
        self.line = show(text, self.line)


def show(text: str, line: Any = None) -> Any:
    """Display a line of text, in place of the one that an earlier call returned."""
    from IPython.display import TextDisplayObject, display

    class Line(TextDisplayObject):
        def __repr__(self) -> str:
            return text

    if line is None:
        return display(Line(data=text), display_id=True)
    line.update(Line(data=text))
    return line


def fit(
    model: keras.Model, *data: Any, epochs: int, name: str = "", **options: Any
) -> dict[str, list[float]]:
    """Train a compiled model and return its history; one line of output.

    Parameters
    ----------
    data, options : what `model.fit` takes, but for `verbose`.
    epochs : passes over the training set.
    name : how the progress line calls the model; the model's own name by default.

    Returns
    -------
    One list a metric, one figure an epoch, as `History.history` holds them.

    Introduced in chapter 1.
    """
    callbacks = [*options.pop("callbacks", []), ProgressLine(name or model.name)]
    history = model.fit(*data, epochs=epochs, callbacks=callbacks, verbose=0, **options)
    return history.history


def restart(model: keras.Model, fresh: keras.Model) -> None:
    """Give a compiled model the whole state of a fresh one, built in the same way.

    Training then goes exactly as that of the fresh model would, without compiling
    anew: weights, the random numbers of dropout, adapted statistics, the optimizer's
    accumulators and learning rate are all taken over. Set the seed before building
    `fresh`:

        keras.utils.set_random_seed(seed + run)
        training.restart(model, build())

    Parameters
    ----------
    model : compiled model; what it has learned is lost.
    fresh : compiled model with the same layers and optimizer, not trained.

    Raises
    ------
    ValueError
        The two do not have the same variables.

    Introduced in chapter 2.
    """
    for one in (model, fresh):
        one.optimizer.build(one.trainable_variables)
    mine = [*model.variables, *model.optimizer.variables]
    theirs = [*fresh.variables, *fresh.optimizer.variables]
    shapes = [[tuple(v.shape) for v in variables] for variables in (mine, theirs)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"restart needs two models built alike; {model.name} has {len(mine)} "
            f"variables of shapes {shapes[0]}, {fresh.name} {len(theirs)} of {shapes[1]}"
        )
    for variable, start in zip(mine, theirs, strict=True):
        variable.assign(start)
