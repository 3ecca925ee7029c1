"""Generated reviews: what they say, and who can find it out."""

import re

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from helpers import reviews

MANY = reviews.generated(4000, 0)


def opinion(text):
    """Read a review as its author means it."""
    said = re.split(r"[.!>] *(?=the|although)", text.lower())[-1].rstrip(".")
    if said.startswith("although"):
        said = said.split(", ")[1]
    said = said.split(", but ")[-1].split(", although")[0]
    *_, word = said.split()
    return (word in reviews.WORDS[1]) != (" not " in said)


def test_half_of_the_reviews_are_positive_and_they_come_in_turn():
    texts, labels, ratings = reviews.generated(10, 3)
    assert len(texts) == len(labels) == len(ratings) == 10
    assert np.mean(MANY.labels) == pytest.approx(0.5, abs=0.02)
    assert set(ratings[labels == 1]) <= {8}
    assert set(ratings[labels == 0]) <= {2}


def test_who_understands_a_review_is_as_good_as_can_be():
    right = np.mean([opinion(text) for text in MANY.texts] == MANY.labels)
    assert right == pytest.approx(reviews.BEST_ACCURACY, abs=0.012)


def test_single_words_and_pairs_of_words_are_not_enough():
    found = {}
    for n in (1, 2):
        counts = CountVectorizer(ngram_range=(1, n), binary=True)
        x = counts.fit_transform(MANY.texts)
        model = LogisticRegression(max_iter=1000).fit(x[:3000], MANY.labels[:3000])
        found[n] = model.score(x[3000:], MANY.labels[3000:])
    assert 0.55 < found[1] < found[2] - 0.05
    assert found[2] < reviews.BEST_ACCURACY - 0.05


def test_other_seeds_give_other_reviews_and_the_same_seed_the_same():
    assert reviews.generated(50, 0).texts == reviews.generated(50, 0).texts
    assert reviews.generated(50, 0).texts != reviews.generated(50, 1).texts


def test_they_stand_in_for_imdb():
    imdb = reviews.load_generated()
    assert (len(imdb.train.texts), len(imdb.test.texts)) == (1200, 400)
    assert not {*imdb.train.texts} >= {*imdb.test.texts}
