"""Cutting texts into words, and words into learned pieces."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping
from heapq import heapify, heappop, heappush
from itertools import pairwise

Pair = tuple[str, str]

TOKEN = re.compile(r"\w+(?:'\w+)*|[^\w\s\x00-\x1f\x7f-\x9f]")
END = "_"  # of a word


def words(text: str) -> list[str]:
    """Words in small letters and punctuation marks, in their order; no line breaks.

    An apostrophe inside a word belongs to it, written ' or ’; a letter and an accent
    that are two characters (as files of a Mac have them) are one.

    Introduced in chapter 7.
    """
    text = unicodedata.normalize("NFC", text.lower()).replace("’", "'")
    return TOKEN.findall(re.sub("<br */?>", " ", text))


def learn_merges(counts: Mapping[str, int], n_merges: int) -> list[Pair]:
    """Learn a byte-pair encoding: join the commonest neighbours, again and again.

    Parameters
    ----------
    counts : how often each word occurs.
    n_merges : how many pairs to join at most; fewer, if every word is one piece.

    Returns
    -------
    merges : the pairs in the order in which they are to be joined, of equally common
        ones the first by the alphabet. A word's last character carries the sign "_".

    Source: Sennrich, Haddow and Birch (2016). Introduced in chapter 7.
    """
    pieces = {word: _characters(word) for word in counts}
    found: Counter[Pair] = Counter()
    having: defaultdict[Pair, set[str]] = defaultdict(set)
    for word, count in counts.items():
        for pair in pairwise(pieces[word]):
            found[pair] += count
            having[pair].add(word)
    heap = [(-count, pair) for pair, count in found.items()]
    heapify(heap)
    merges: list[Pair] = []
    while len(merges) < n_merges and heap:
        count, best = heappop(heap)
        if -count != found[best]:  # it has changed since it was put there
            if found[best]:
                heappush(heap, (-found[best], best))
            continue
        merges.append(best)
        new: set[Pair] = set()
        for word in having.pop(best):
            for pair in pairwise(pieces[word]):
                found[pair] -= counts[word]
            pieces[word] = join(pieces[word], best)
            for pair in pairwise(pieces[word]):
                found[pair] += counts[word]
                having[pair].add(word)
                new.add(pair)
        for pair in new:
            heappush(heap, (-found[pair], pair))
    return merges


def join(pieces: list[str], pair: Pair) -> list[str]:
    """The pieces with every such pair of neighbours joined, from the left."""
    joined: list[str] = []
    for piece in pieces:
        if joined and (joined[-1], piece) == pair:
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def split(word: str, merges: Mapping[Pair, int]) -> list[str]:
    """Cut a word into pieces by merges that were learned.

    Parameters
    ----------
    word : at least one character; need not be one that was learned from.
    merges : pair to its place in the order of `learn_merges`.

    Introduced in chapter 7.
    """
    pieces = _characters(word)
    while len(pieces) > 1:
        best = min(pairwise(pieces), key=lambda pair: merges.get(pair, math.inf))
        if best not in merges:
            break
        pieces = join(pieces, best)
    return pieces


def _characters(word: str) -> list[str]:
    return [*word[:-1], word[-1] + END]
