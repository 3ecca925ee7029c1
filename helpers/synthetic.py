"""Generated data whose answer is known: two-sine series and memory tasks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

# Uniform on (-0.05, 0.05), so its variance is 0.1² / 12: no forecast can do better.
TWO_SINE_FLOOR = 0.1**2 / 12
TWO_SINE_SIZES = np.array([0.5, 0.2])

LANGUAGES = {
    "france": "french",
    "spain": "spanish",
    "italy": "italian",
    "germany": "german",
    "japan": "japanese",
    "china": "chinese",
    "greece": "greek",
    "poland": "polish",
}
PLACES = {
    "clouds": "sky",
    "fish": "sea",
    "cars": "street",
    "trees": "forest",
    "books": "library",
    "cows": "meadow",
    "boats": "harbour",
    "trains": "station",
}
FILLER = (
    "later that week we met near the old bridge and talked for hours",
    "my sister still writes long letters about the weather",
    "every summer was warm and every winter was long",
    "the bread was good but the coffee was better",
    "he asked me why nobody had told them about it",
    "on sunday morning she plays the piano for her neighbours",
    "it took some time before anyone found the key",
)
FAR_CLUE, FAR_QUESTION = "i grew up in", "so today i speak fluent"
NEAR_QUESTION = "the {} are in the"
DECOY = "my friend comes from"


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
    then damped Gauss-Newton (Levenberg-Marquardt) steps. A mark rather than a bound:
    with uniform noise, least squares is not the best that could be done.

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
    time = np.arange(n_steps + horizon) / (n_steps + horizon - 1)
    fit = _refine(_best_of_grid(values, time[:n_steps]), values, time[:n_steps])
    return _waves(fit, time[n_steps:])[0].sum(-1)


def _best_of_grid(values: np.ndarray, time: np.ndarray) -> np.ndarray:
    """(series, 4): slow and fast frequency, slow and fast phase.

    For each pair of whole frequencies, how much does a free fit of sizes leave over?
    """
    best = np.full(len(values), -np.inf)
    fit = np.zeros((len(values), 4))
    for slow in np.arange(10, 20.1):
        for fast in np.arange(20, 40.1):
            angle = np.outer(time, [slow, fast])
            basis, rotation = np.linalg.qr(np.hstack([np.sin(angle), np.cos(angle)]))
            share = values @ basis
            explained = np.sum(share**2, axis=1)
            better = explained > best
            weights = np.linalg.lstsq(rotation, share[better].T, rcond=None)[0]
            best[better] = explained[better]
            phases = np.arctan2(weights[2:], weights[:2]).T
            fit[better] = np.hstack([np.tile([slow, fast], (len(phases), 1)), phases])
    return fit


def _refine(fit: np.ndarray, values: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Take 30 damped Gauss-Newton steps, each kept where it lowers the error."""
    damping = np.full(len(values), 1e-2)
    error = np.sum((_waves(fit, time)[0].sum(-1) - values) ** 2, axis=1)
    for _ in range(30):
        sine, cosine = _waves(fit, time)
        slopes = np.concatenate([cosine * time[:, None], cosine], axis=-1)
        gap = values - sine.sum(-1)
        gram = np.einsum("nti,ntj->nij", slopes, slopes)
        diagonal = np.einsum("nii->ni", gram) * damping[:, None] + 1e-9
        gram += diagonal[:, :, None] * np.eye(4)
        step = np.linalg.solve(gram, np.einsum("nti,nt->ni", slopes, gap)[..., None])
        trial = fit + step[..., 0]
        trial[:, 0], trial[:, 1] = trial[:, 0].clip(10, 20), trial[:, 1].clip(20, 40)
        trial_error = np.sum((_waves(trial, time)[0].sum(-1) - values) ** 2, axis=1)
        accepted = trial_error < error
        fit = np.where(accepted[:, None], trial, fit)
        error = np.where(accepted, trial_error, error)
        damping = np.where(accepted, damping / 5, damping * 5)
    return fit


def _waves(fit: np.ndarray, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both waves of each series and their slopes by phase: (series, time, 2) each."""
    angle = fit[:, None, :2] * time[:, None] + fit[:, None, 2:]
    return TWO_SINE_SIZES * np.sin(angle), TWO_SINE_SIZES * np.cos(angle)


def adding(n_sequences: int, n_steps: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw the adding problem: sum the two numbers that are marked.

    One mark lies in the first half of a sequence, the other in the second. Answering
    1 every time gives a mean squared error of 1/6.

    Parameters
    ----------
    n_sequences, n_steps : how many sequences, and time steps in each (2 or more).
    seed : seed of the random draws.

    Returns
    -------
    x : (n_sequences, n_steps, 2) float32: a number in [0, 1), and 1 where it is
        marked; y : (n_sequences, 1) float32.

    Raises
    ------
    ValueError
        n_steps is less than 2.

    Source: Hochreiter and Schmidhuber, Long short-term memory, 1997, experiment 4, in
    the shorter form used since Le, Jaitly and Hinton, 2015. Introduced in chapter 3.
    """
    if n_steps < 2:
        raise ValueError(f"two marks need n_steps of 2 or more, not {n_steps}")
    random = np.random.default_rng(seed)
    x = np.zeros((n_sequences, n_steps, 2), "float32")
    x[..., 0] = random.random((n_sequences, n_steps))
    row = np.arange(n_sequences)
    x[row, random.integers(0, n_steps // 2, n_sequences), 1] = 1
    x[row, random.integers(n_steps // 2, n_steps, n_sequences), 1] = 1
    return x, (x[..., 0] * x[..., 1]).sum(axis=1, keepdims=True)


def copying(
    n_sequences: int, delay: int, seed: int, n_copied: int = 3, n_symbols: int = 4
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the copy task: repeat a few symbols after a long silence.

    Parameters
    ----------
    n_sequences, delay : how many sequences, and blank steps between symbols and recall.
    seed : seed of the random draws.
    n_copied, n_symbols : symbols to repeat in a sequence, and size of their alphabet.

    Returns
    -------
    x : (n_sequences, n_copied + delay + n_copied, n_symbols + 1) float32: one-hot
        symbols, then zeros, then the recall signal in the last feature;
    y : (n_sequences, n_copied) integers below n_symbols, in the order shown.

    Source: Hochreiter and Schmidhuber, 1997; the form is that of Arjovsky, Shah and
    Bengio, Unitary evolution recurrent neural networks, 2016. Introduced in chapter 4.
    """
    random = np.random.default_rng(seed)
    y = random.integers(0, n_symbols, (n_sequences, n_copied))
    x = np.zeros((n_sequences, 2 * n_copied + delay, n_symbols + 1), "float32")
    x[:, :n_copied] = np.eye(n_symbols + 1)[y]
    x[:, -n_copied:, -1] = 1
    return x, y


def echo(
    n_streams: int, n_steps: int, delay: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw endless-looking streams of coin flips whose target is an earlier flip.

    Parameters
    ----------
    n_streams, n_steps : how many streams, and time steps in each.
    delay : y at step t is the flip at step t - delay; before that there is none, and
        y is 0.
    seed : seed of the random draws.

    Returns
    -------
    x : (n_streams, n_steps, 1) float32 of -1 and 1; y : same shape, 0 or 1.

    Raises
    ------
    ValueError
        The delay is not shorter than the streams.

    Introduced in chapter 3.
    """
    if not 0 <= delay < n_steps:
        raise ValueError(
            f"the delay must be from 0 to {n_steps - 1}, as a stream has {n_steps} "
            f"steps; it is {delay}"
        )
    random = np.random.default_rng(seed)
    flips = random.integers(0, 2, (n_streams, n_steps, 1)).astype("float32")
    y = np.zeros_like(flips)
    y[:, delay:] = flips[:, : n_steps - delay]
    return 2 * flips - 1, y


def vocabulary() -> list[str]:
    """List every word that `passages` uses, in alphabetical order."""
    sentences = (*FILLER, FAR_CLUE, FAR_QUESTION, NEAR_QUESTION.format(""), DECOY)
    pairs = (*LANGUAGES.items(), *PLACES.items())
    words = {word for sentence in sentences for word in sentence.split()}
    return sorted(words.union(*pairs))


def passages(gaps: ArrayLike, n_words: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Write passages whose next word depends on a clue a given number of words back.

    A gap of 4 asks for a place ("the clouds are in the", 4 words after the clue); a
    longer gap asks for the language of the country the writer grew up in. Those
    passages also name a decoy country, that of a friend, before or after the clue.

    Parameters
    ----------
    gaps : (passages,) integers, how many words before the answer the clue stands;
        4, or from 6 to n_words - 4.
    n_words : length of each passage, 20 or more; the answer is the word that follows.
    seed : seed of the random draws.

    Returns
    -------
    x : (passages, n_words) indices into `vocabulary()`; y : (passages,) the next word.

    Raises
    ------
    ValueError
        A gap is outside its range, or n_words too small.

    The two examples are those of Olah, Understanding LSTM networks, 2015. Introduced
    in chapter 3.
    """
    gaps = np.asarray(gaps)
    if n_words < 20:
        raise ValueError(f"n_words must be 20 or more, not {n_words}")
    wrong = gaps[(gaps != 4) & ((gaps < 6) | (gaps > n_words - 4))]
    if wrong.size:
        raise ValueError(
            f"a gap is 4, or from 6 to {n_words - 4} words; {wrong[0]} is not"
        )
    random = np.random.default_rng(seed)
    index = {word: number for number, word in enumerate(vocabulary())}
    x = np.zeros((len(gaps), n_words), "int32")
    y = np.zeros(len(gaps), "int32")
    for row, gap in enumerate(gaps):
        text, answer = (
            _near_passage(n_words, random)
            if gap == 4
            else _far_passage(n_words, gap, random)
        )
        x[row] = [index[word] for word in text]
        y[row] = index[answer]
    return x, y


def _near_passage(n_words: int, random: np.random.Generator) -> tuple[list[str], str]:
    clue = _pick(PLACES, random)
    question = NEAR_QUESTION.format(clue).split()
    return _filler(n_words - len(question), random) + question, PLACES[clue]


def _far_passage(
    n_words: int, gap: int, random: np.random.Generator
) -> tuple[list[str], str]:
    clue, decoy = _pick(LANGUAGES, random), [*DECOY.split(), _pick(LANGUAGES, random)]
    question = FAR_QUESTION.split()
    between = _filler(gap - 1 - len(question), random)
    before = _filler(n_words - gap - len(FAR_CLUE.split()), random)
    room = [part for part in (before, between) if len(part) >= len(decoy)]
    place = room[random.integers(len(room))]
    start = random.integers(len(place) - len(decoy) + 1)
    place[start : start + len(decoy)] = decoy
    text = [*before, *FAR_CLUE.split(), clue, *between, *question]
    return text, LANGUAGES[clue]


def _filler(length: int, random: np.random.Generator) -> list[str]:
    words: list[str] = []
    while len(words) < length:
        words += FILLER[random.integers(len(FILLER))].split()
    return words[len(words) - length :]


def _pick(words: dict[str, str], random: np.random.Generator) -> str:
    return str(random.choice(list(words)))
