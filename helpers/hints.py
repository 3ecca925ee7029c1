"""What an error message suggests."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Name the nearest word: `; did you mean "units"?`, or nothing if none is near.

    Capital letters do not count.
    """
    known = {one.lower(): one for one in words}
    near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.5)
    return f'; did you mean "{known[near[0]]}"?' if near else ""
