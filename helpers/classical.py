"""A classical forecaster for any regular series, its cost bounded before it starts."""

from __future__ import annotations

import warnings

import numpy as np
import statsmodels.api as sm
from scipy.signal import lfilter, lfiltic
from threadpoolctl import threadpool_limits

SHORT_SEASON = 24  # steps
MOST_VALUES = {"seasonal": 1_500, "other": 10_000}  # of the history, to fit on
MOST_WAVES = 10  # pairs of sine and cosine


class Classical:
    """Seasonal ARIMA, or waves with ARIMA errors: fitted once, then only updated.

    - A season of 2 to 24 steps: SARIMA (1,0,0)(0,1,1); its state is a season long.
    - A longer one: a sum of at most ten waves, whose number the AICc chooses, with
      ARIMA (1,1,1) errors ("dynamic harmonic regression"). Its state does not grow
      with the season.
    - A season of 1, or one that the values do not hold twice: ARIMA (1,1,1).

    statsmodels' maximum likelihood sees the last 1,500 values for the first of these,
    the last 10,000 for the others: time and memory have a bound for any series.

    Parameters
    ----------
    values : (time,) finite floats, oldest first, in any unit: those to fit on.
    season : steps in one season; 1 if there is none.

    Raises
    ------
    ValueError
        The values are not one row of finite numbers, are fewer than 10, or the season
        is below 1.

    Source: Hyndman and Athanasopoulos (2021), *Forecasting: Principles and Practice*,
    3rd edition, sections 9.9 and 10.5, https://otexts.com/fpp3/.

    Introduced in chapter 5.
    """

    def __init__(self, values: np.ndarray, season: int) -> None:
        values = _checked(values)
        if len(values) < 10 or season < 1:
            raise ValueError(
                "a fit needs 10 values or more and a season of 1 step or more, not "
                f"{len(values)} and {season}"
            )
        self.season = season if len(values) >= 2 * season + 10 else 1
        self.seasonal = 1 < self.season <= SHORT_SEASON
        most = MOST_VALUES["seasonal" if self.seasonal else "other"]
        first = max(0, len(values) - most)
        recent = values[first:]
        self.centre = recent.mean()
        self.scale = recent.std() or 1.0
        self.weights = np.zeros(0)  # of the waves
        scaled = (recent - self.centre) / self.scale
        if self.season <= SHORT_SEASON:
            self._fit(scaled)
        else:
            waves = self._waves(first + np.arange(len(recent)), MOST_WAVES)
            self.weights = np.linalg.lstsq(waves, scaled, rcond=None)[0]
            self._fit(scaled - waves @ self.weights)
            # Again, now that it is known how the errors hang together.
            white = [self._errors(c, len(c)) for c in (*waves.T, scaled)]
            self.weights = _best_by_aicc(np.stack(white[:-1], axis=1), white[-1])
            self._fit(scaled - waves[:, : len(self.weights)] @ self.weights)

    @property
    def name(self) -> str:
        """What was fitted, such as "SARIMA (1,0,0)(0,1,1), season 7"."""
        if self.seasonal:
            return f"SARIMA (1,0,0)(0,1,1), season {self.season}"
        waves = len(self.weights) // 2
        return f"{waves} waves + ARIMA (1,1,1)" if waves else "ARIMA (1,1,1)"

    def one_step(self, values: np.ndarray, start: int) -> np.ndarray:
        """Forecast each of values[start:] from all the values before it.

        Parameters
        ----------
        values : (time,) floats; they begin with those that were fitted.
        start : position of the first forecast; at least 1.

        Returns
        -------
        (time - start,) floats, in the unit of `values`.

        Raises
        ------
        ValueError
            The values are not finite, or nothing lies before `start`.
        """
        values = _checked(values)
        _check_origin(start, len(values))
        scaled, _ = self._prepared(values, 0, len(values))
        return values[start:] - self.scale * self._errors(scaled, start)[start:]

    def forecast(self, values: np.ndarray, origin: int, horizon: int) -> np.ndarray:
        """Forecast the `horizon` values that follow values[:origin].

        Parameters
        ----------
        values : (time,) floats; they begin with those that were fitted.
        origin : how many of them are known; at least 1.
        horizon : steps.

        Returns
        -------
        (horizon,) floats, in the unit of `values`.

        Raises
        ------
        ValueError
            The values are not finite, or `origin` is not among their positions.
        """
        _check_origin(origin, len(values))
        first = max(0, origin - MOST_VALUES["other"])
        known = _checked(values[first:origin])
        past, waves = self._prepared(known, first, len(known) + horizon)
        errors = self._errors(past, len(past))
        state = lfiltic(self.ma, self.ar, past[::-1], errors[::-1])
        ahead, _ = lfilter(self.ma, self.ar, np.zeros(horizon), zi=state)
        return self.centre + self.scale * (ahead + waves[len(known) :])

    def _fit(self, scaled: np.ndarray) -> None:
        """Find the two polynomials: of the values (`ar`) and of the errors (`ma`)."""
        seasonal, lag = self.seasonal, self.season if self.seasonal else 1
        model = sm.tsa.SARIMAX(
            scaled,
            order=(1, 0, 0) if seasonal else (1, 1, 1),
            seasonal_order=(0, 1, 1, lag) if seasonal else (0, 0, 0, 0),
            simple_differencing=True,
        )
        # Many threads for tiny matrices cost more than they bring.
        with threadpool_limits(1, "blas"), warnings.catch_warnings(action="ignore"):
            params = model.fit(disp=False, maxiter=50, low_memory=True).params
        phi, theta = np.nan_to_num(params[:2])
        self.ar = np.convolve([1, -phi], [1, *[0] * (lag - 1), -1])
        self.ma = np.array([1, *[0] * (lag - 1), theta])

    def _errors(self, scaled: np.ndarray, n_known: int) -> np.ndarray:
        """One-step errors, 0 where the past is too short for a forecast.

        The errors before the first one are those that fit the first `n_known` values
        best: with a `ma` near -1 they are never forgotten.
        """
        n_first, lag = len(self.ar) - 1, len(self.ma) - 1
        whole = np.convolve(scaled, self.ar)[n_first : len(scaled)]
        errors = lfilter([1.0], self.ma, whole)
        round_, phase = np.divmod(np.arange(len(errors)), lag)
        trace = (-self.ma[-1]) ** (round_ + 1.0)  # of each of them, in all later ones
        n = max(n_known - n_first, 0)
        fit = np.bincount(phase[:n], (trace * errors)[:n], lag)
        size = np.bincount(phase[:n], trace[:n] ** 2, lag)
        errors -= trace * (fit / (1 + size))[phase]
        return np.concatenate([np.zeros(min(n_first, len(scaled))), errors])

    def _prepared(
        self, values: np.ndarray, first: int, n_steps: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Values scaled and without their waves; the waves of `n_steps` steps."""
        columns = self._waves(first + np.arange(n_steps), len(self.weights) // 2)
        waves = columns @ self.weights
        return (values - self.centre) / self.scale - waves[: len(values)], waves

    def _waves(self, steps: np.ndarray, most: int) -> np.ndarray:
        """(steps, 2 waves): sine and cosine of 1, 2, … periods a season."""
        periods = np.arange(1, min(most, (self.season - 1) // 2) + 1)
        angles = 2 * np.pi * np.outer(steps % self.season, periods) / self.season
        pairs = np.stack([np.sin(angles), np.cos(angles)], axis=-1)
        return pairs.reshape(len(steps), -1)


def _checked(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, "float64")
    if values.ndim != 1 or not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).sum())
        raise ValueError(f"values must be one row, all finite; {bad} are not")
    return values


def _check_origin(origin: int, n_values: int) -> None:
    if not 1 <= origin <= n_values:
        raise ValueError(
            f"a forecast needs a past: its origin may be 1 to {n_values}, not {origin}"
        )


def _best_by_aicc(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weights of the first columns of x, as many pairs as the AICc finds best."""
    n, found = len(y), {}
    for k in range(0, x.shape[1] + 1, 2):
        weights = np.linalg.lstsq(x[:, :k], y, rcond=None)[0]
        squares = np.sum((y - x[:, :k] @ weights) ** 2) + np.finfo(float).tiny
        penalty = 2 * (k + 3) * n / max(n - k - 4, 1)  # 2 of ARIMA and a variance
        found[float(n * np.log(squares / n) + penalty)] = weights
    return found[min(found)]
