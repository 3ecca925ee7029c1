"""The generated data: answers stand where they are said to stand."""

from collections.abc import Callable

import numpy as np
import pytest

from helpers import synthetic


@pytest.fixture(scope="module")
def series():
    return synthetic.two_sines(10_000, 60)


def test_two_sines_gives_the_textbooks_one_step_naive_error():
    series = synthetic.two_sines(10_000, 51)[7000:9000, :, 0].astype("float64")
    error = np.mean((series[:, -1] - series[:, -2]) ** 2)
    assert error == pytest.approx(0.020211367, abs=2e-9)


def test_two_sines_gives_the_textbooks_ten_step_naive_error(series):
    last, future = series[7000:9000, 49:50, 0], series[7000:9000, 50:, 0]
    assert np.mean((future - last) ** 2) == pytest.approx(0.25697407, abs=2e-7)


def test_two_sines_gives_the_lectures_wrong_ten_step_figure_when_the_answer_leaks(
    series,
):
    future = series[7000:9000, 50:, 0]
    wrong = np.mean((future - future[:, -1:]) ** 2)
    assert wrong == pytest.approx(0.22278848, abs=2e-7)


def test_two_sines_differs_from_seed_to_seed():
    assert not np.allclose(synthetic.two_sines(3, 9), synthetic.two_sines(3, 9, 7))


def test_fit_two_sines_stays_near_the_floor_and_above_it(series):
    x, future = series[9000:, :50], series[9000:, 50:, 0]
    error = np.mean((synthetic.fit_two_sines(x, 10) - future) ** 2)
    assert synthetic.TWO_SINE_FLOOR < error < 0.00112


def test_fit_two_sines_is_exact_without_noise():
    time = np.arange(60) / 59
    clean = 0.5 * np.sin((time - 0.3) * 14.2) + 0.2 * np.sin((time - 0.8) * 31)
    forecast = synthetic.fit_two_sines(clean[None, :50, None], 10)
    np.testing.assert_allclose(forecast[0], clean[50:], atol=1e-6)


def test_adding_marks_one_number_in_each_half_and_asks_for_their_sum() -> None:
    x, y = synthetic.adding(500, 9, seed=1)
    assert (x.shape, x.dtype, y.shape) == ((500, 9, 2), np.float32, (500, 1))
    assert (x[:, :4, 1].sum(axis=1) == 1).all()
    assert (x[:, 4:, 1].sum(axis=1) == 1).all()
    np.testing.assert_allclose((x[..., 0] * x[..., 1]).sum(axis=1), y[:, 0])


def test_answering_one_to_the_adding_problem_costs_a_sixth() -> None:
    _, y = synthetic.adding(50_000, 4, seed=2)
    assert np.mean((y - 1) ** 2) == pytest.approx(1 / 6, abs=2e-3)


def test_adding_refuses_a_sequence_with_room_for_one_mark_only() -> None:
    with pytest.raises(ValueError, match="n_steps of 2 or more, not 1"):
        synthetic.adding(3, 1, seed=0)


def test_copying_shows_the_symbols_then_silence_then_the_signal() -> None:
    x, y = synthetic.copying(40, delay=5, seed=3)
    assert x.shape == (40, 3 + 5 + 3, 5)
    np.testing.assert_array_equal(x[:, :3].argmax(axis=-1), y)
    assert not x[:, 3:8].any()
    np.testing.assert_array_equal(x[:, 8:], np.tile([0, 0, 0, 0, 1], (40, 3, 1)))


def test_echo_repeats_each_flip_after_the_delay() -> None:
    x, y = synthetic.echo(4, 30, delay=7, seed=4)
    assert set(np.unique(x)) == {-1, 1}
    np.testing.assert_array_equal(y[:, 7:], (x[:, :-7] > 0).astype("float32"))
    assert not y[:, :7].any()


@pytest.mark.parametrize("gap", [4, 6, 17, 44])
def test_the_clue_of_a_passage_stands_the_given_number_of_words_back(gap: int) -> None:
    words = synthetic.vocabulary()
    x, y = synthetic.passages([gap] * 50, 48, seed=gap)
    pairs = synthetic.PLACES if gap == 4 else synthetic.LANGUAGES
    for row, answer in zip(x, y, strict=True):
        assert pairs[words[row[-gap]]] == words[answer]


def test_every_far_passage_names_two_countries_so_that_order_matters() -> None:
    countries = {synthetic.vocabulary().index(c) for c in synthetic.LANGUAGES}
    x, _ = synthetic.passages(np.arange(6, 45), 48, seed=0)
    assert [sum(int(i) in countries for i in row) for row in x] == [2] * len(x)


@pytest.mark.parametrize("gap", [3, 5, 45])
def test_passages_refuses_a_gap_that_has_no_room(gap: int) -> None:
    with pytest.raises(ValueError, match=f"from 6 to 44 words; {gap} is not"):
        synthetic.passages([10, gap], 48, seed=0)


def test_passages_refuses_a_length_without_room_for_the_decoy() -> None:
    with pytest.raises(ValueError, match="n_words must be 20 or more, not 19"):
        synthetic.passages([10], 19, seed=0)


@pytest.mark.parametrize("delay", [-1, 6, 50])
def test_echo_refuses_a_delay_that_no_stream_is_long_enough_for(delay: int) -> None:
    with pytest.raises(ValueError, match=f"from 0 to 5, .* it is {delay}$"):
        synthetic.echo(2, 6, delay, seed=0)


@pytest.mark.parametrize(
    "draw",
    [
        lambda seed: synthetic.adding(5, 6, seed)[0],
        lambda seed: synthetic.copying(5, 6, seed)[0],
        lambda seed: synthetic.echo(5, 6, 2, seed)[0],
        lambda seed: synthetic.passages([4, 20], 48, seed)[0],
    ],
)
def test_a_seed_gives_the_same_data_again_and_another_seed_other_data(
    draw: Callable[[int], np.ndarray],
) -> None:
    np.testing.assert_array_equal(draw(5), draw(5))
    assert (draw(5) != draw(6)).any()
