"""Generated data whose answer is known."""

from __future__ import annotations

import numpy as np

# Uniform on (-0.05, 0.05), so its variance is 0.1² / 12: no forecast can do better.
TWO_SINE_FLOOR = 0.1**2 / 12


def two_sines(n_series: int, n_steps: int, seed: int = 42) -> np.ndarray:
    """Draw noisy sums of a slow sine of size 0.5 and a fast one of size 0.2.

    Frequencies and offsets differ from series to series. The order of the random
    draws is that of Géron's *Hands-On Machine Learning*, 2nd edition, chapter 15, so
    that seed 42 gives his very numbers.

    Parameters
    ----------
    n_series, n_steps : how many series, and values in each, evenly over one unit of
        time.
    seed : seed of NumPy's legacy generator.

    Returns
    -------
    (n_series, n_steps, 1) float32 array.

    Introduced in chapter 2.
    """
    draws = np.random.RandomState(seed)
    slow, fast, slow_offset, fast_offset = draws.rand(4, n_series, 1)
    time = np.linspace(0, 1, n_steps)
    series = 0.5 * np.sin((time - slow_offset) * (10 + 10 * slow))
    series += 0.2 * np.sin((time - fast_offset) * (20 + 20 * fast))
    series += 0.1 * (draws.rand(n_series, n_steps) - 0.5)
    return series[..., np.newaxis].astype(np.float32)


def fit_two_sines(x: np.ndarray, horizon: int) -> np.ndarray:
    """Forecast two-sine series by fitting the very formula that generated them.

    Sizes and frequency ranges are taken as known; the two frequencies and offsets of
    each series are fitted to its observed values, by a grid over both frequencies and
    then damped Gauss-Newton (Levenberg-Marquardt) steps. No learned model can
    hope for much less error: it has to find out all this by itself.

    Parameters
    ----------
    x : (series, n_steps, 1) observed values; horizon : values to forecast, at the
        same spacing.

    Returns
    -------
    (series, horizon) float64 forecasts.

    Introduced in chapter 2.
    """
    values = x[..., 0].astype("float64")
    n_steps = values.shape[1]
    past = np.arange(n_steps) / (n_steps + horizon - 1)
    future = np.arange(n_steps, n_steps + horizon) / (n_steps + horizon - 1)
    sizes = np.array([0.5, 0.2])

    # Grid: for each pair of frequencies, how much a free fit of sizes leaves over.
    best = np.full(len(values), -np.inf)
    start = np.zeros((len(values), 4))  # slow and fast frequency, slow and fast phase
    for slow in np.arange(10, 20.1):
        for fast in np.arange(20, 40.1):
            angle = np.outer(past, [slow, fast])
            basis, rotation = np.linalg.qr(np.hstack([np.sin(angle), np.cos(angle)]))
            share = values @ basis
            explained = np.sum(share**2, axis=1)
            better = explained > best
            weights = np.linalg.lstsq(rotation, share[better].T, rcond=None)[0]
            best[better] = explained[better]
            phases = np.arctan2(weights[2:], weights[:2]).T
            start[better] = np.hstack([np.tile([slow, fast], (len(phases), 1)), phases])

    def waves(fit: np.ndarray, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        angle = fit[:, None, :2] * time[:, None] + fit[:, None, 2:]
        return sizes * np.sin(angle), sizes * np.cos(angle)

    fit, damping = start, np.full(len(values), 1e-2)
    error = np.sum((waves(fit, past)[0].sum(-1) - values) ** 2, axis=1)
    for _ in range(30):
        sine, cosine = waves(fit, past)
        slopes = np.concatenate([cosine * past[:, None], cosine], axis=-1)
        gap = values - sine.sum(-1)
        gram = np.einsum("nti,ntj->nij", slopes, slopes)
        diagonal = np.einsum("nii->ni", gram) * damping[:, None] + 1e-9
        gram += diagonal[:, :, None] * np.eye(4)
        step = np.linalg.solve(gram, np.einsum("nti,nt->ni", slopes, gap)[..., None])
        trial = fit + step[..., 0]
        trial[:, 0], trial[:, 1] = trial[:, 0].clip(10, 20), trial[:, 1].clip(20, 40)
        trial_error = np.sum((waves(trial, past)[0].sum(-1) - values) ** 2, axis=1)
        accepted = trial_error < error
        fit = np.where(accepted[:, None], trial, fit)
        error = np.where(accepted, trial_error, error)
        damping = np.where(accepted, damping / 5, damping * 5)
    return waves(fit, future)[0].sum(-1)
