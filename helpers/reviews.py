"""Generated film reviews, with negation and contrast, whose best score is known."""

from __future__ import annotations

import string
from collections import Counter

import numpy as np

from helpers.datasets import Imdb, Reviews

# One label in twenty is wrong, so no reader can be right more often than this.
BEST_ACCURACY = 0.95
NEGATED = 0.3  # of the clauses say it by the opposite
WORDS = {
    1: ["good", "great", "clever", "funny", "moving", "honest", "warm", "gripping"],
    0: ["bad", "dull", "clumsy", "tired", "empty", "false", "cold", "boring"],
}
ASPECTS = ["plot", "acting", "music", "ending", "dialogue", "pace", "cast", "camera"]
OPENINGS = (
    "I saw it on a rainy evening.",
    "We watched this at home, with friends.",
    "My brother had told me about it!<br /><br />",
    "It is two hours long.",
    "Seen at a small festival in 1998.",
)
FRAMES = (  # {main} decides, {other} does not
    "{main}.",
    "{other}, but {main}.",
    "Although {other}, {main}.",
    "{main}, although {other}.",
)


def generated(n_reviews: int, seed: int) -> Reviews:
    """Write reviews that take more than single words to understand.

    A clause says what it says by an adjective or, three times in ten, by "not" and its
    opposite. What follows "but", or stands beside an "although", is the opinion; a
    clause on the other side is as often of the other opinion as not.

    Parameters
    ----------
    n_reviews : how many; half of an even number are positive.
    seed : seed of the random draws.

    Returns
    -------
    reviews : negative and positive ones in turn, but for one label in twenty, which is
        wrong; with ratings of 2 or 8 stars.

    Introduced in chapter 7.
    """
    random = np.random.default_rng(seed)
    texts, opinions = [], np.arange(n_reviews) % 2
    for opinion in opinions.tolist():
        frame = FRAMES[random.integers(len(FRAMES))]
        first, second = random.choice(ASPECTS, 2, replace=False)
        said = frame.format(
            main=_clause(first, opinion, random),
            other=_clause(second, int(random.integers(2)), random),
        )
        opening = OPENINGS[random.integers(len(OPENINGS))]
        texts.append(f"{opening} {said[0].upper()}{said[1:]}")
    labels = np.where(random.random(n_reviews) < BEST_ACCURACY, opinions, 1 - opinions)
    return Reviews(texts, labels, np.where(labels == 1, 8, 2))


def _clause(aspect: str, opinion: int, random: np.random.Generator) -> str:
    negated = bool(random.random() < NEGATED)
    words = WORDS[1 - opinion if negated else opinion]
    return f"the {aspect} was {'not ' * negated}{random.choice(words)}"


def load_generated() -> Imdb:
    """Generated reviews in place of IMDB: 1,200 to train on, 400 to test on.

    Introduced in chapter 7.
    """
    return Imdb(generated(1200, 0), generated(400, 1))


def load_word_index() -> dict[str, int]:
    """In place of Keras' word index: the words of `load_generated` and their ranks.

    Introduced in chapter 7.
    """
    marks = str.maketrans(dict.fromkeys(string.punctuation.replace("'", ""), " "))
    said = " ".join(load_generated().train.texts).lower().translate(marks)
    ranked = Counter(said.split()).most_common()
    return {word: rank for rank, (word, _) in enumerate(ranked, 1)}
