"""Generated sequences that can be answered only by looking far enough back."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

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
    Bengio, Unitary evolution recurrent neural networks, 2016. Introduced in chapter 3.
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

    def filler(length: int) -> list[str]:
        words: list[str] = []
        while len(words) < length:
            words += FILLER[random.integers(len(FILLER))].split()
        return words[len(words) - length :]

    def pick(words: dict[str, str]) -> str:
        return str(random.choice(list(words)))

    x = np.zeros((len(gaps), n_words), "int32")
    y = np.zeros(len(gaps), "int32")
    for row, gap in enumerate(gaps):
        if gap == 4:
            clue = pick(PLACES)
            question, answer = NEAR_QUESTION.format(clue).split(), PLACES[clue]
            text = filler(n_words - len(question)) + question
        else:
            clue, decoy = pick(LANGUAGES), [*DECOY.split(), pick(LANGUAGES)]
            question, answer = FAR_QUESTION.split(), LANGUAGES[clue]
            between = filler(gap - 1 - len(question))
            before = filler(n_words - gap - len(FAR_CLUE.split()))
            room = [part for part in (before, between) if len(part) >= len(decoy)]
            place = room[random.integers(len(room))]
            start = random.integers(len(place) - len(decoy) + 1)
            place[start : start + len(decoy)] = decoy
            text = [*before, *FAR_CLUE.split(), clue, *between, *question]
        x[row] = [index[word] for word in text]
        y[row] = index[answer]
    return x, y
