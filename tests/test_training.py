"""Training prints one line, however many epochs it has."""

import re

import IPython.display
import keras
import numpy as np
import pytest

from helpers import training


@pytest.fixture
def shown(monkeypatch):
    """What a notebook would show: the first display and its updates."""
    lines = []

    class Handle:
        def update(self, line):
            lines.append(("update", repr(line)))

    def display(line, display_id):
        lines.append(("new", repr(line)))
        return Handle()

    monkeypatch.setattr(IPython.display, "display", display)
    return lines


def model() -> keras.Model:
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    network.compile("sgd", "mse")
    return network


def test_fit_returns_the_history_and_updates_one_line(shown):
    x = np.ones((8, 3), "float32")
    history = training.fit(
        model(), x, x[:, :1], epochs=3, name="line", validation_data=(x, x[:, :1])
    )
    assert {key: len(values) for key, values in history.items()} == {
        "loss": 3,
        "val_loss": 3,
    }
    assert [kind for kind, _ in shown] == ["new", "update", "update"]
    last = r"line: epoch 3 of 3, \d+ s · loss [\d.e-]+, val_loss [\d.e-]+"
    assert re.fullmatch(last, shown[-1][1])


def test_fit_keeps_the_callbacks_it_is_given(shown):
    stop = keras.callbacks.TerminateOnNaN()
    x = np.full((8, 3), np.nan, "float32")
    history = training.fit(model(), x, x[:, :1], epochs=5, callbacks=[stop])
    assert len(history["loss"]) < 5


def test_restart_repeats_a_run_from_its_seed_and_forgets_the_one_before(shown):
    x = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    network.compile(keras.optimizers.Adam(0.1), lambda y, out: (y - out) ** 2)
    losses = []
    for seed in (1, 2, 1):
        training.restart(network, seed)
        losses.append(training.fit(network, x, x[:, :1], epochs=3)["loss"])
    assert losses[0] == losses[2] != losses[1]
    assert float(network.optimizer.learning_rate) == np.float32(0.1)
