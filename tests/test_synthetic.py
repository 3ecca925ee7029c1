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
