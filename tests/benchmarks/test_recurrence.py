"""What makes a small recurrent network fast: `make bench` prints the ratios.

Each group times one piece of work done in several ways, in one run on one machine;
the numbers in brackets are ratios to the fastest way.
"""

from __future__ import annotations

import keras
import numpy as np
import pytest

BATCH, STEPS, FEATURES, UNITS = 100, 28, 28, 128


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Random rows and classes, of the size of chapter 1's digits."""
    rng = np.random.default_rng(0)
    x = rng.random((20 * BATCH, STEPS, FEATURES), "float32")
    return x, rng.integers(10, size=len(x))


@pytest.mark.benchmark(group="an epoch of 20 batches in Keras")
@pytest.mark.parametrize("jit", [False, True], ids=["as graph", "compiled by XLA"])
@pytest.mark.parametrize("unroll", [False, True], ids=["as loop", "unrolled"])
def test_training(benchmark, digits, unroll, jit):
    model = keras.Sequential(
        [
            keras.Input((STEPS, FEATURES)),
            keras.layers.SimpleRNN(UNITS, unroll=unroll),
            keras.layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, jit_compile=jit)
    fit = {"batch_size": BATCH, "epochs": 1, "verbose": 0}
    model.fit(*digits, **fit)  # compiles; not timed
    benchmark.pedantic(model.fit, args=digits, kwargs=fit, rounds=5)


def step(x_t: np.ndarray, h: np.ndarray, u: np.ndarray) -> np.ndarray:
    return np.tanh(x_t + h @ u)


@pytest.mark.benchmark(group="200 further steps of a sequence, one at a time")
@pytest.mark.parametrize(
    "carry", [True, False], ids=["state carried", "all read again"]
)
def test_generation(benchmark, carry):
    rng = np.random.default_rng(0)
    u = np.linalg.qr(rng.normal(size=(UNITS, UNITS)))[0]
    prompt = list(rng.normal(size=(50, 1, UNITS)))

    def generate() -> np.ndarray:
        read, h = list(prompt), np.zeros((1, UNITS))
        for x_t in read:
            h = step(x_t, h, u)
        for _ in range(200):
            read.append(np.sin(h))
            if carry:
                h = step(read[-1], h, u)
            else:
                h = np.zeros((1, UNITS))
                for x_t in read:
                    h = step(x_t, h, u)
        return h

    carried = benchmark.pedantic(generate, rounds=5)
    assert np.isfinite(carried).all()
