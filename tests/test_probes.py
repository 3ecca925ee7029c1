"""Pairs of sentences that differ in the opinion, and in little else."""

from collections import Counter

import pytest

from helpers import probes, reviews, tokens

PAIRS = probes.minimal_pairs()
OPPOSITES = dict(zip(reviews.WORDS[1], reviews.WORDS[0], strict=True))


def bags(kind):
    return [[Counter(tokens.words(text)) for text in pair] for pair in PAIRS[kind]]


def test_no_text_of_a_kind_stands_on_both_sides_and_no_pair_twice():
    for pairs in PAIRS.values():
        assert len(pairs) == len({*pairs}) >= 24
        assert not {one for one, _ in pairs} & {other for _, other in pairs}


def test_the_adjective_is_all_that_differs():
    for one, other in bags("adjective"):
        (good,), (bad,) = one - other, other - one
        assert OPPOSITES[good] == bad


def test_a_negation_adds_not_and_turns_a_good_word_against_and_a_bad_one_for():
    turned: Counter[bool] = Counter()
    for (text, _), (one, other) in zip(
        PAIRS["negation"], bags("negation"), strict=True
    ):
        assert not (one - other and other - one)
        assert {*(one - other), *(other - one)} in ({"not"}, {"not", "at", "all"})
        negated = "not" in one
        turned[negated] += 1
        known = {*tokens.words(text)} & {*OPPOSITES, *OPPOSITES.values()}
        assert known <= {*(OPPOSITES.values() if negated else OPPOSITES)}
    assert turned == {True: 24, False: 24}


def test_a_contrast_is_the_same_bag_and_ends_in_the_opinion():
    for pair, (one, other) in zip(PAIRS["contrast"], bags("contrast"), strict=True):
        assert one == other
        assert [text.split()[-1][:-1] in OPPOSITES for text in pair] == [True, False]


@pytest.mark.parametrize(("side", "wanted"), [(0, "hate"), (1, "love")])
def test_what_was_expected_is_not_what_came(side, wanted):
    for pair in PAIRS["expectation"]:
        words = tokens.words(pair[side])
        assert words[3] == wanted
        assert words[-2] in reviews.WORDS[1 - side]
