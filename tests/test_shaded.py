"""Text shaded by numbers: all of it is there, and the shades tell the numbers."""

import html
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.shaded import STRONGEST, shaded


def shades(shown):
    """Each shaded part and its colour."""
    return re.findall(r'<span style="background: (rgba\(.*?\))">(.*?)</span>', shown)


def opacity(colour):
    return float(colour.rstrip(")").rpartition(",")[2])


def test_the_sign_is_the_colour_and_the_size_its_strength():
    (much, a), (little, b), (below, d) = shades(shaded("abcd", [5, 1, 0, -5]).data)
    assert (a, b, d) == ("a", "b", "d")
    assert much.rpartition(",")[0] == little.rpartition(",")[0]
    assert much.rpartition(",")[0] != below.rpartition(",")[0]
    assert opacity(much) == opacity(below) == STRONGEST > opacity(little) > 0


@given(st.text("a<>&\"' \n🙂e\u0301", min_size=1), st.integers(0, 9))
def test_the_whole_text_stands_in_what_is_shown(text, seed):
    values = np.random.default_rng(seed).normal(size=len(text))
    shown = re.sub(r"</?(?:span|div)\b[^>]*>", "", shaded(text, values).data)
    assert html.unescape(shown) == text


def test_neighbours_of_one_shade_are_one_part():
    assert len(shades(shaded("ab" * 500, [1, 1] * 500).data)) == 1


def test_numbers_that_are_all_zero_shade_nothing():
    assert shades(shaded("abc", [0, 0, 0]).data) == []
    assert shaded("", []).data.count("<span") == 0


def test_a_legend_names_both_ends_and_only_when_asked():
    assert "<p" not in shaded("ab", [1, 2]).data
    plain = shaded("ab", [1, 2], "expected", "a <surprise>").data
    assert "expected" in plain
    assert "a &lt;surprise&gt;" in plain
    assert len(shades(plain.partition("<p")[2])) == 1  # nothing lies below zero
    both = shaded("ab", [-1, 2], "off", "on").data
    assert len(shades(both.partition("<p")[2])) == 2


def test_numbers_that_do_not_fit_the_text_are_refused():
    with pytest.raises(ValueError, match=r"each of the 3 characters, not .*\(2,\)"):
        shaded("abc", [1, 2])
    with pytest.raises(ValueError, match="character 1, 'b', is nan"):
        shaded("abc", [1, np.nan, 2])
