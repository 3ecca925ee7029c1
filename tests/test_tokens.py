"""Words, and pieces of words that were learned by counting."""

from collections import Counter
from itertools import pairwise

import pytest

from helpers import tokens

COUNTS = {"watch": 6, "watched": 5, "watching": 4, "bored": 4, "boring": 7, "aaaa": 2}


def test_words_are_small_and_signs_are_words_of_their_own():
    said = "It isn't <br />a <BR>Co-op, it's 'U.S.-made'!"
    assert tokens.words(said) == [
        *("it", "isn't", "a", "co", "-", "op", ",", "it's", "'"),
        *("u", ".", "s", ".", "-", "made", "'", "!"),
    ]
    assert tokens.words("Ÿ café 日本 2,50 €") == [
        "ÿ",
        "café",
        "日本",
        "2",
        ",",
        "50",
        "€",
    ]
    assert tokens.words(" <br/>\n\x96") == []


def test_two_ways_to_write_one_word_are_one_word():
    assert tokens.words("isn’t ‘bad’") == ["isn't", "‘", "bad", "'"]
    assert tokens.words("cafe\u0301") == ["café"]


def by_counting_all(
    counts: dict[str, int], n_merges: int
) -> tuple[list[tuple[str, str]], dict[str, list[str]]]:
    """The same by the definition: count all pairs anew each time."""
    pieces = {word: [*word[:-1], word[-1] + "_"] for word in counts}
    merges: list[tuple[str, str]] = []
    while len(merges) < n_merges:
        found: Counter[tuple[str, str]] = Counter()
        for word, parts in pieces.items():
            for pair in pairwise(parts):
                found[pair] += counts[word]
        if not found:
            break
        merges.append(max(sorted(found), key=found.__getitem__))
        pieces = {w: tokens.join(parts, merges[-1]) for w, parts in pieces.items()}
    return merges, pieces


@pytest.mark.parametrize("n_merges", [1, 7, 100])
def test_merges_are_those_of_counting_all_pairs_each_time(n_merges):
    merges, pieces = by_counting_all(COUNTS, n_merges)
    assert tokens.learn_merges(COUNTS, n_merges) == merges
    order = {pair: place for place, pair in enumerate(merges)}
    assert {word: tokens.split(word, order) for word in COUNTS} == pieces


def test_a_word_never_seen_is_cut_into_pieces_that_were():
    merges = tokens.learn_merges(COUNTS, 12)
    order = {pair: place for place, pair in enumerate(merges)}
    assert "".join(tokens.split("rewatching", order)) == "rewatching_"
    assert len(tokens.split("rewatching", order)) < 6
    assert tokens.split("x", order) == ["x_"]


def test_pairs_are_joined_from_the_left():
    assert tokens.join(["a", "a", "a", "b"], ("a", "a")) == ["aa", "a", "b"]
    assert tokens.join([], ("a", "a")) == []
