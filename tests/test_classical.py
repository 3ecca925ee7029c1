"""helpers.classical: fair accuracy, at a cost that is bounded for any season."""

import subprocess
import sys

import numpy as np
import pytest
import statsmodels.api as sm

from helpers.classical import Classical


def seasonal(n_values: int, season: int, seed: int = 0) -> np.ndarray:
    """A season of two waves, a slow drift, and errors that hang together."""
    rng = np.random.default_rng(seed)
    angle = 2 * np.pi * np.arange(n_values) / season
    noise = rng.normal(size=n_values)
    errors = np.zeros(n_values)
    for t in range(1, n_values):
        errors[t] = 0.7 * errors[t - 1] + noise[t]
    drift = np.cumsum(0.02 * rng.normal(size=n_values))
    return 20 + 3 * np.sin(angle) + np.cos(2 * angle) + errors + drift


CASES = {
    "years of days": (1096, 7, "SARIMA (1,0,0)(0,1,1), season 7"),
    "few months": (200, 12, "SARIMA (1,0,0)(0,1,1), season 12"),
    "weeks": (1305, 52, "waves + ARIMA (1,1,1)"),
    "half-hours": (3000, 48, "waves + ARIMA (1,1,1)"),
    "half-hours of a week": (6000, 336, "waves + ARIMA (1,1,1)"),
}


@pytest.mark.parametrize("case", CASES)
def test_it_forecasts_better_than_the_last_season(case):
    n_values, season, name = CASES[case]
    values = seasonal(n_values, season)
    start = int(0.7 * n_values)
    model = Classical(values[:start], season)
    assert name in model.name
    truth = values[start:]
    error = np.abs(model.one_step(values, start) - truth).mean()
    assert error < 0.65 * np.abs(values[start - season : -season] - truth).mean()
    assert error < 1.03 * np.sqrt(2 / np.pi)  # no forecast can beat the noise
    ours, naive = [], []
    for origin in range(start, n_values - 14, 5):
        future = values[origin : origin + 14]
        ours.append(model.forecast(values, origin, 14) - future)
        last = values[origin - season : origin]
        naive.append(last[np.arange(14) % season] - future)
    assert np.abs(ours).mean() < 0.85 * np.abs(naive).mean()


def test_its_forecasts_are_those_of_statsmodels():
    values = seasonal(600, 7)
    model = Classical(values[:500], 7)
    theirs = sm.tsa.SARIMAX(
        values, order=(1, 0, 0), seasonal_order=(0, 1, 1, 7), simple_differencing=True
    ).filter([-model.ar[1], model.ma[-1], model.scale**2])
    expected = theirs.forecasts[0][-100:] + values[-107:-7]  # they are of differences
    assert np.abs(model.one_step(values, 500) - expected).max() < 0.02


def test_one_step_is_a_forecast_with_a_horizon_of_one():
    for season in (1, 7, 48):
        values = seasonal(400, season)
        model = Classical(values[:300], season)
        one_step = model.one_step(values, 300)
        for origin in (300, 320, 399):
            forecast = model.forecast(values, origin, 1)
            assert forecast == pytest.approx(one_step[[origin - 300]], rel=1e-3)
        assert model.forecast(values, 300, 1) == pytest.approx(one_step[:1])


def test_no_forecast_knows_what_comes_after_it():
    values = seasonal(400, 48)
    model = Classical(values[:300], 48)
    changed = np.where(np.arange(400) < 350, values, 0)
    one_step, other = (model.one_step(v, 300)[:51] for v in (values, changed))
    assert one_step == pytest.approx(other, rel=1e-9)
    forecast, other = (model.forecast(v, 350, 9) for v in (values, values[:350]))
    assert forecast == pytest.approx(other, rel=1e-9)


@pytest.mark.parametrize("unit", [1e12, 1e-9])
def test_the_unit_of_the_values_does_not_matter(unit):
    values = seasonal(500, 12)
    plain = Classical(values[:400], 12).forecast(values, 450, 14)
    scaled = Classical(unit * values[:400], 12).forecast(unit * values, 450, 14)
    assert scaled / unit == pytest.approx(plain, rel=1e-3)


def test_values_that_never_change_are_forecast_not_to_change():
    values = np.full(300, 5.0)
    for season in (1, 7, 48):
        model = Classical(values[:250], season)
        assert model.one_step(values, 250) == pytest.approx(values[250:])
        assert model.forecast(values, 250, 9) == pytest.approx(values[:9])


def test_a_season_that_the_values_do_not_hold_twice_is_no_season():
    assert Classical(seasonal(300, 365), 365).name == "ARIMA (1,1,1)"


def test_what_cannot_be_fitted_is_refused():
    values = seasonal(100, 7)
    with pytest.raises(ValueError, match="not 9 and 7"):
        Classical(values[:9], 7)
    with pytest.raises(ValueError, match="not 100 and 0"):
        Classical(values, 0)
    with pytest.raises(ValueError, match="1 are not"):
        Classical(np.append(values, np.nan), 7)
    model = Classical(values, 7)
    for forecast in (model.one_step, lambda v, o: model.forecast(v, o, 3)):
        with pytest.raises(ValueError, match=r"1 to 100, not 0"):
            forecast(values, 0)


@pytest.mark.parametrize(
    ("n_values", "season"),
    [(1305, 52), (50_000, 24), (50_000, 96)],
)
def test_time_and_memory_are_bounded_for_any_season(n_values, season):
    """In a process of its own, whose memory can be read off."""
    work = f"""
import resource, time
from helpers.classical import Classical
from tests.test_classical import seasonal
values = seasonal({n_values}, {season})
memory = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
before, started = memory(), time.process_time()
model = Classical(values[:-{n_values // 4}], {season})
model.one_step(values, {n_values // 2})
for origin in range({n_values} - 114, {n_values} - 14):
    model.forecast(values, origin, 14)
print(time.process_time() - started, memory() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", work], capture_output=True, text=True, check=True
    )
    seconds, megabytes = map(float, done.stdout.split())
    assert seconds < 20  # about 2 on an idle machine
    assert megabytes < 200
