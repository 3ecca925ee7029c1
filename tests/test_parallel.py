"""Kinds of networks trained at once end where each would have ended alone."""

import keras
import numpy as np
import pytest

from helpers import parallel, training

X = np.random.default_rng(0).normal(size=(40, 6, 1)).astype("float32")
Y = X.sum(axis=1)


def build(units, seed, eager=False):
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.SimpleRNN(units), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((None, 1)), *layers], name=f"rnn_{units}")
    model.compile("adam", "mse", run_eagerly=eager)
    return model


def pair(units, **options):
    return [build(units, seed, **options) for seed in (0, 1)]


def same(models, others):
    return all(
        np.array_equal(a, b)
        for one, other in zip(models, others, strict=True)
        for a, b in zip(one.get_weights(), other.get_weights(), strict=True)
    )


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("gpu", [False, True])
def test_kinds_end_where_each_would_alone(eager, gpu, monkeypatch):
    if gpu:
        monkeypatch.setattr(parallel.runtime, "device", lambda: "GPU: one")
    kinds = {units: pair(units, eager=eager) for units in (2, 3, 4)}
    data = {2: (X, Y), 3: (X[:20], Y[:20]), 4: (X, -Y)}
    jobs = {str(units): (kinds[units], *data[units]) for units in kinds}
    done = parallel.fit_kinds(jobs, epochs=2, batch_size=8)
    assert list(done) == ["2", "3", "4"]
    for one, other in done.values():
        assert min(one.seconds, other.seconds) > 0
        assert one.passes == other.passes == 2
    for units, models in kinds.items():
        alone = pair(units, eager=eager)
        training.fit_each(alone, *data[units], epochs=2, batch_size=8)
        assert same(models, alone)
        assert not same(models[:1], models[1:])


def test_each_training_has_callbacks_of_its_own():
    made = []

    def callbacks():
        made.append(keras.callbacks.EarlyStopping("loss", patience=1))
        return made[-1:]

    parallel.fit_kinds(
        {"a": (pair(2), X, Y), "b": (pair(3), X, Y)}, epochs=2, callbacks=callbacks
    )
    assert len(made) == 4
    assert len({id(one.model) for one in made}) == 2


def test_the_models_of_a_kind_left_over_are_divided(monkeypatch):
    monkeypatch.setattr(parallel.os, "cpu_count", lambda: 2)
    trained = []
    in_turn = parallel.training.in_turn

    def noted(models, train):
        trained.append(len(models))
        return in_turn(models, train)

    monkeypatch.setattr(parallel.training, "in_turn", noted)
    kinds = {"a": (pair(2), X, Y), "b": (pair(3), X, Y)}
    three = [build(2, seed) for seed in range(3)]  # the last seed orders the sequences
    done = parallel.fit_kinds(kinds | {"c": (three, X, Y)}, epochs=2, batch_size=8)
    assert sorted(trained) == [1, 2, 2, 2]
    alone = [build(2, seed) for seed in range(3)]
    for model, run in zip(alone, done["c"], strict=True):
        history = model.fit(X, Y, epochs=2, batch_size=8, verbose=0).history
        assert run.history == history
    assert same(three, alone)
    trained.clear()
    assert len(parallel.fit_kinds({"a": (pair(2)[:1], X, Y)}, epochs=1)["a"]) == 1
    assert trained == [1]


def test_a_kind_that_fails_is_not_silent():
    with pytest.raises(ValueError, match="'b' has no models: give at least one"):
        parallel.fit_kinds({"a": (pair(2), X, Y), "b": ([], X, Y)}, epochs=1)
    with pytest.raises(ValueError, match=r"(?i)cardinality|shape|size"):
        parallel.fit_kinds({"a": (pair(2), X, Y[:3])}, epochs=1)
