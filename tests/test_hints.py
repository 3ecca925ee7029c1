"""A message names the word that was probably meant, or none."""

import pytest

from helpers.hints import did_you_mean


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("unit", '; did you mean "units"?'),
        ("Epochs", '; did you mean "epochs"?'),
        ("zzz", ""),
        ("", ""),
    ],
)
def test_only_a_near_word_is_named(word, said):
    assert did_you_mean(word, {"units": 3, "epochs": 2}) == said


def test_among_no_words_none_is_near():
    assert did_you_mean("units", []) == ""


def test_did_you_mean_looks_past_capital_letters():
    assert did_you_mean("DATE", ["date", "dates"]) == '; did you mean "date"?'
