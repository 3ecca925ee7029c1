"""Fit a Keras model with one progress line instead of a flood."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import keras
import numpy as np

T = TypeVar("T")


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


def fit_each(
    models: Sequence[keras.Model], *data: Any, epochs: int, **options: Any
) -> None:
    """Train compiled models that were built alike, as `fit` does, one after another.

    Each ends where `fit` would have brought it, but only the first is compiled to
    machine code: it lends its code to the others (see `restart`).

    Parameters
    ----------
    models : at least one; all with the same layers, optimizer and loss, not trained.
    data, epochs, options : as for `fit`.

    Introduced in chapter 2.
    """
    in_turn(models, lambda model: fit(model, *data, epochs=epochs, **options))


def in_turn(
    models: Sequence[keras.Model], train: Callable[[keras.Model], T]
) -> list[T]:
    """Call `train` for each of some models that were built alike.

    Each time it is given the first of them, already compiled to machine code, in the
    state of the one whose turn it is; in the end each has the weights of its training.

    Parameters
    ----------
    models : at least one; all with the same layers, optimizer and loss, not trained.
    train : trains the model that it is given.

    Returns
    -------
    What `train` returned, one a model.
    """
    first, returned, trained = models[0], [], []
    for model in models:
        if model is not first:
            restart(first, model)
        returned.append(train(first))
        trained.append(first.get_weights())
    for model, weights in zip(models, trained, strict=True):
        model.set_weights(weights)
    return returned


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
    alike = "restart needs two models built alike"
    if len(mine) != len(theirs):
        raise ValueError(
            f"{alike}; {model.name} has {len(mine)} variables, {fresh.name} has "
            f"{len(theirs)}, those of the optimizer included"
        )
    for one, other in zip(mine, theirs, strict=True):
        if one.shape != other.shape:
            raise ValueError(
                f"{alike}; {one.path} of {model.name} has the shape "
                f"{tuple(one.shape)}, {other.path} of {fresh.name} {tuple(other.shape)}"
            )
    for one, other in zip(mine, theirs, strict=True):
        one.assign(other)
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Normalization):
            _renew(layer, model)


def _renew(layer: keras.layers.Normalization, model: keras.Model) -> None:
    """Let a layer use its weights: it computes with constants made from them."""
    before = [np.array(value) for value in (layer.mean, layer.variance)]
    layer.finalize_state()
    if not all(map(np.array_equal, before, (layer.mean, layer.variance))):
        # They are part of the functions traced so far.
        model.train_function = model.test_function = model.predict_function = None
