"""Weights come back as they were, to three digits, or the fault is told."""

import os
import pickle
import zipfile

import keras
import numpy as np
import pytest
from keras import layers

from helpers import fetch, weights


def network(units=8, batch=None, stateful=False, n_layers=1):
    return keras.Sequential(
        [
            keras.Input(batch_shape=(batch, None), dtype="int32"),
            layers.Embedding(5, 4),
            *[
                layers.GRU(units, return_sequences=True, stateful=stateful)
                for _ in range(n_layers)
            ],
            layers.Dense(5),
        ]
    )


IDS = np.array([[0, 1, 2, 3, 4, 0]])


@pytest.fixture
def saved(tmp_path):
    model, path = network(), tmp_path / "folder" / "letters.npz"
    weights.save(path, model, characters=["a", "é", "\n"], units=8)
    return model, path


def test_a_model_that_loads_weights_says_what_the_saved_one_said(saved):
    model, path = saved
    other = network(batch=1, stateful=True)
    facts = weights.load(path, other)
    assert facts == weights.about(path) == {"characters": ["a", "é", "\n"], "units": 8}
    np.testing.assert_allclose(other(IDS), model(IDS), atol=2e-3)
    for one, saved_one in zip(
        other.trainable_weights, model.trainable_weights, strict=True
    ):
        np.testing.assert_allclose(one, saved_one, rtol=1e-3, atol=1e-7)


def test_the_same_weights_give_the_same_small_file(saved, tmp_path):
    model, path = saved
    again = tmp_path / "again.npz"
    weights.save(again, model, units=8, characters=["a", "é", "\n"])
    assert again.read_bytes() == path.read_bytes()
    assert path.stat().st_size < 2 * model.count_params() + 3000
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_failed_save_keeps_the_old_file_and_leaves_nothing_beside_it(saved):
    model, path = saved
    before = path.read_bytes()
    model.layers[-1].bias.assign([1, 2, np.nan, 4, 5])
    with pytest.raises(ValueError, match=r"bias of sequential.* NaN, or one above"):
        weights.save(path, model)
    with pytest.raises(TypeError):
        weights.save(path, model, rng=np.random.default_rng())
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"units": 9}, r"kernel of the shape \(4, 27\), the file \(4, 24\)"),
        ({"n_layers": 2}, "has 9 weights, the file 6"),
    ],
)
def test_a_model_built_otherwise_is_refused_and_stays_as_it_was(saved, other, said):
    model = network(**other)
    before = model.get_weights()
    with pytest.raises(ValueError, match=said):
        weights.load(saved[1], model)
    for one, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, old)


def test_a_missing_file_is_named_with_what_to_do(tmp_path):
    with pytest.raises(fetch.DataError, match=r"no file .*none\.npz.*fetch the book"):
        weights.about(tmp_path / "none.npz")


def cut(path):
    path.write_bytes(path.read_bytes()[:-30])


def turned(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(data)


def pickled(path):
    path.write_bytes(pickle.dumps([1, 2]))


def without_facts(path):
    np.savez(path, weight_0=np.zeros(3, "f2"))


def with_facts_that_are_none(path):
    np.savez(path, about=np.frombuffer(b"{", np.uint8))


def another_archive(path):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("about.txt", "{}")


FAULTS = [
    cut,
    turned,
    pickled,
    without_facts,
    with_facts_that_are_none,
    another_archive,
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_damaged_file_is_refused(fault, saved):
    fault(saved[1])
    with pytest.raises(fetch.DataError, match="is damaged, or no file of weights"):
        weights.load(saved[1], network())
