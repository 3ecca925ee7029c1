"""The generated memory tasks: their answers stand where they are said to stand."""

from collections.abc import Callable

import numpy as np
import pytest

from helpers import memory


def test_adding_marks_one_number_in_each_half_and_asks_for_their_sum() -> None:
    x, y = memory.adding(500, 9, seed=1)
    assert (x.shape, x.dtype, y.shape) == ((500, 9, 2), np.float32, (500, 1))
    assert (x[:, :4, 1].sum(axis=1) == 1).all()
    assert (x[:, 4:, 1].sum(axis=1) == 1).all()
    np.testing.assert_allclose((x[..., 0] * x[..., 1]).sum(axis=1), y[:, 0])


def test_answering_one_to_the_adding_problem_costs_a_sixth() -> None:
    _, y = memory.adding(50_000, 4, seed=2)
    assert np.mean((y - 1) ** 2) == pytest.approx(1 / 6, abs=2e-3)


def test_adding_refuses_a_sequence_with_room_for_one_mark_only() -> None:
    with pytest.raises(ValueError, match="n_steps of 2 or more, not 1"):
        memory.adding(3, 1, seed=0)


def test_copying_shows_the_symbols_then_silence_then_the_signal() -> None:
    x, y = memory.copying(40, delay=5, seed=3)
    assert x.shape == (40, 3 + 5 + 3, 5)
    np.testing.assert_array_equal(x[:, :3].argmax(axis=-1), y)
    assert not x[:, 3:8].any()
    np.testing.assert_array_equal(x[:, 8:], np.tile([0, 0, 0, 0, 1], (40, 3, 1)))


def test_echo_repeats_each_flip_after_the_delay() -> None:
    x, y = memory.echo(4, 30, delay=7, seed=4)
    assert set(np.unique(x)) == {-1, 1}
    np.testing.assert_array_equal(y[:, 7:], (x[:, :-7] > 0).astype("float32"))
    assert not y[:, :7].any()


@pytest.mark.parametrize("gap", [4, 6, 17, 44])
def test_the_clue_of_a_passage_stands_the_given_number_of_words_back(gap: int) -> None:
    words = memory.vocabulary()
    x, y = memory.passages([gap] * 50, 48, seed=gap)
    pairs = memory.PLACES if gap == 4 else memory.LANGUAGES
    for row, answer in zip(x, y, strict=True):
        assert pairs[words[row[-gap]]] == words[answer]


def test_every_far_passage_names_two_countries_so_that_order_matters() -> None:
    countries = {memory.vocabulary().index(c) for c in memory.LANGUAGES}
    x, _ = memory.passages(np.arange(6, 45), 48, seed=0)
    assert [sum(int(i) in countries for i in row) for row in x] == [2] * len(x)


@pytest.mark.parametrize("gap", [3, 5, 45])
def test_passages_refuses_a_gap_that_has_no_room(gap: int) -> None:
    with pytest.raises(ValueError, match=f"from 6 to 44 words; {gap} is not"):
        memory.passages([10, gap], 48, seed=0)


def test_passages_refuses_a_length_without_room_for_the_decoy() -> None:
    with pytest.raises(ValueError, match="n_words must be 20 or more, not 19"):
        memory.passages([10], 19, seed=0)


@pytest.mark.parametrize("delay", [-1, 6, 50])
def test_echo_refuses_a_delay_that_no_stream_is_long_enough_for(delay: int) -> None:
    with pytest.raises(ValueError, match=f"from 0 to 5, .* it is {delay}$"):
        memory.echo(2, 6, delay, seed=0)


@pytest.mark.parametrize(
    "draw",
    [
        lambda seed: memory.adding(5, 6, seed)[0],
        lambda seed: memory.copying(5, 6, seed)[0],
        lambda seed: memory.echo(5, 6, 2, seed)[0],
        lambda seed: memory.passages([4, 20], 48, seed)[0],
    ],
)
def test_a_seed_gives_the_same_data_again_and_another_seed_other_data(
    draw: Callable[[int], np.ndarray],
) -> None:
    np.testing.assert_array_equal(draw(5), draw(5))
    assert (draw(5) != draw(6)).any()
