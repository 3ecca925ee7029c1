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

    def build(seed):
        keras.utils.set_random_seed(seed)
        network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        network.compile(keras.optimizers.Adam(0.1), lambda y, out: (y - out) ** 2)
        return network

    network = build(0)
    losses = []
    for seed in (1, 2, 1):
        training.restart(network, build(seed))
        losses.append(training.fit(network, x, x[:, :1], epochs=3)["loss"])
    assert losses[0] == losses[2] != losses[1]
    assert float(network.optimizer.learning_rate) == np.float32(0.1)


OPTIMIZERS = {
    "Adam": lambda: keras.optimizers.Adam(0.01),
    "Adagrad": lambda: keras.optimizers.Adagrad(0.1, initial_accumulator_value=0.3),
    "Muon": lambda: keras.optimizers.Muon(0.01),
    "SGD": lambda: keras.optimizers.SGD(0.01, momentum=0.9, use_ema=True),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_restart_is_a_model_built_anew_bit_for_bit(name, shown):
    """Whatever a layer or an optimizer remembers: nothing of the run before is left."""
    x = np.random.default_rng(0).normal(size=(24, 5, 3)).astype("float32")
    data = x, x.mean(axis=(1, 2))[:, None]

    def build():
        keras.utils.set_random_seed(7)
        normal = keras.layers.Normalization()
        normal.adapt(2 * x + 1)
        network = keras.Sequential(
            [
                keras.Input((5, 3)),
                normal,
                keras.layers.LSTM(4, recurrent_dropout=0.3),
                keras.layers.BatchNormalization(),
                keras.layers.Dropout(0.5),
                keras.layers.Dense(1),
            ]
        )
        network.compile(OPTIMIZERS[name](), "mse")
        return network

    def run(network):
        history = training.fit(network, *data, epochs=2, batch_size=8)
        return history["loss"], [
            keras.ops.convert_to_numpy(v) for v in network.variables
        ]

    losses, weights = run(build())
    network = build()
    for _ in range(3):
        training.restart(network, build())
        again, now = run(network)
        assert again == losses
        for one, other in zip(now, weights, strict=True):
            np.testing.assert_array_equal(one, other)
        network.optimizer.learning_rate = 1e-5


def test_restart_takes_over_what_a_layer_has_adapted_to(shown):
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")

    def build(data):
        keras.utils.set_random_seed(7)
        normal = keras.layers.Normalization()
        normal.adapt(data)
        inner = keras.Sequential([keras.Input((3,)), normal])
        network = keras.Sequential([keras.Input((3,)), inner, keras.layers.Dense(1)])
        network.compile("sgd", "mse")
        return network

    network = build(5 * x - 2)
    training.fit(network, x, x[:, :1], epochs=1)
    training.restart(network, build(x))
    expected = training.fit(build(x), x, x[:, :1], epochs=1)
    keras.utils.set_random_seed(7)
    training.restart(network, build(x))
    assert training.fit(network, x, x[:, :1], epochs=1) == expected


def test_restart_refuses_a_model_of_other_shapes_in_one_short_sentence():
    def deep(units, layers=40):
        hidden = [keras.layers.Dense(units) for _ in range(layers)]
        network = keras.Sequential([keras.Input((3,)), *hidden], name=f"of_{units}")
        network.compile("sgd", "mse")
        return network

    with pytest.raises(ValueError, match="two models built alike") as caught:
        training.restart(deep(2), deep(3))
    said = str(caught.value)
    assert re.search(
        r"dense\w*/kernel of of_2 has the shape \(3, 2\), .* \(3, 3\)$", said
    )
    assert len(said) < 200
    with pytest.raises(
        ValueError, match=r"of_2 has \d+ variables, of_5 has \d+"
    ) as caught:
        training.restart(deep(2), deep(5, layers=3))
    assert len(str(caught.value)) < 200


def test_restart_refuses_an_optimizer_that_remembers_something_else():
    adam = model()
    adam.compile("adam", "mse")
    with pytest.raises(ValueError, match="those of the optimizer included"):
        training.restart(model(), adam)


def test_fit_each_brings_every_model_where_fit_would_have(shown):
    x = np.random.default_rng(0).normal(size=(24, 5, 3)).astype("float32")
    data = x, x.mean(axis=(1, 2))[:, None]

    def build():
        keras.utils.set_random_seed(7)
        models = []
        for _ in range(3):
            cell, head = keras.layers.SimpleRNN(4), keras.layers.Dense(1)
            model = keras.Sequential([keras.Input((5, 3)), cell, head])
            falling = keras.optimizers.schedules.CosineDecay(0.1, 6)
            model.compile(keras.optimizers.Adam(falling), "mse")
            models.append(model)
        return models

    one_by_one = build()
    for model in one_by_one:
        training.fit(model, *data, epochs=2, batch_size=8)
    together = build()
    training.fit_each(together, *data, epochs=2, batch_size=8)
    for one, other in zip(one_by_one, together, strict=True):
        for weights, same in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(weights, same)
    assert not np.array_equal(
        together[0].get_weights()[0], together[1].get_weights()[0]
    )
