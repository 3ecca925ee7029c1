"""Generated pairs of sentences that differ in little but the opinion."""

from __future__ import annotations

from itertools import product

from helpers.reviews import ASPECTS, WORDS

Pairs = dict[str, list[tuple[str, str]]]
SUBJECTS = "The film is", "This movie is", "It is"


def minimal_pairs() -> Pairs:
    """Write pairs of short reviews, the first for the film, the second against.

    Returns
    -------
    pairs : kind to pairs of texts.

        - "adjective": one word differs, as in "The film is great." and "… is dull."
          What fails here knows no such words, and says nothing about the other kinds.
        - "negation": one is the other with "not", and "at all" behind it where that is
          what is against: "The film is not dull at all." and "The film is dull."
        - "contrast": the same words in another order, "The plot is dull, but the film
          is great." and the other way round; no bag of words can tell them apart.
        - "expectation": "I wanted to hate it, but it is great." and "I wanted to love
          it, but it is dull."

    Introduced in chapter 10.
    """
    good, bad = WORDS[1], WORDS[0]
    both = list(zip(good, bad, strict=True))
    return {
        "adjective": [
            (f"{subject} {p}.", f"{subject} {n}.")
            for subject, (p, n) in product(SUBJECTS, both)
        ],
        "negation": [
            pair
            for subject, (p, n) in product(SUBJECTS, both)
            for pair in (
                (f"{subject} {p}.", f"{subject} not {p}."),
                (f"{subject} not {n} at all.", f"{subject} {n}."),
            )
        ],
        "contrast": [
            (
                f"The {aspect} is {n}, but the film is {p}.",
                f"The {aspect} is {p}, but the film is {n}.",
            )
            for aspect, (p, n) in product(ASPECTS, both)
        ],
        "expectation": [
            (
                f"I wanted to hate it, but it is {p}.",
                f"I wanted to love it, but it is {n}.",
            )
            for p, n in product(good, bad)
        ],
    }
