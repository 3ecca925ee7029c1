"""Text whose characters are shaded by a number each, as HTML."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import groupby

import numpy as np
from IPython.display import HTML

from helpers import plots

STEPS = 5  # shades of each of the two colours
STRONGEST = 0.55  # opacity at which text can be read on it, light or dark
FRAME = (
    "font-family: monospace; white-space: pre-wrap; overflow-wrap: anywhere; "
    "line-height: 1.5"
)


def shaded(
    text: str, values: Sequence[float] | np.ndarray, low: str = "", high: str = ""
) -> HTML:
    """Show a text with a background that tells a number of each of its characters.

    The scale is that of the largest absolute value: orange above zero, blue below.
    The text can be read, searched and copied; it wraps on a narrow screen.

    Parameters
    ----------
    text : what is shown; line breaks are kept.
    values : (characters,) finite numbers, one for each character of `text`.
    low, high : what the lowest and the highest value mean, for the legend below; no
        legend without them.

    Raises
    ------
    ValueError
        There are more or fewer numbers than characters, or one is not finite.

    Introduced in chapter 9.
    """
    numbers = np.asarray(values, float)
    if numbers.shape != (len(text),):
        raise ValueError(
            f"values must be one number for each of the {len(text):,} characters, not "
            f"of the shape {numbers.shape}"
        )
    if not np.isfinite(numbers).all():
        place = int(np.flatnonzero(~np.isfinite(numbers))[0])
        raise ValueError(
            f"values must be finite; that of character {place:,}, {text[place]!r}, is "
            f"{numbers[place]}"
        )
    largest = float(np.abs(numbers).max(initial=0)) or 1.0
    steps = np.rint(numbers / largest * STEPS).astype(int)
    parts = (
        _span("".join(one for one, _ in group), step)
        for step, group in groupby(zip(text, steps, strict=True), lambda pair: pair[1])
    )
    body = f'<div style="{FRAME}">{"".join(parts)}</div>'
    return HTML(body + _legend(low, high, int(steps.min(initial=0))))


def _span(text: str, step: int) -> str:
    quoted = html.escape(text, quote=False)
    if not step:
        return quoted
    hue = plots.ORANGE if step > 0 else plots.BLUE
    red, green, blue = (int(hue[i : i + 2], 16) for i in (1, 3, 5))
    opacity = STRONGEST * abs(step) / STEPS
    colour = f"rgba({red}, {green}, {blue}, {opacity:.2f})"
    return f'<span style="background: {colour}">{quoted}</span>'


def _legend(low: str, high: str, lowest: int) -> str:
    if not (low or high):
        return ""
    names = {STEPS: high, -STEPS if lowest < 0 else 0: low}
    keys = (f"{_span('   ', step)} {html.escape(name)}" for step, name in names.items())
    return f'<p style="white-space: pre-wrap">{"     ".join(keys)}</p>'
