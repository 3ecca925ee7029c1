"""A drawing of a network that reads a sentence from both ends."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from matplotlib.figure import Figure

from helpers import plots
from helpers.canvas import SIZE, TITLE, Canvas, Node

LEFT = 0.85  # inches, of the first word's centre
WORD, BACK, FORTH, OUT = 0.72, 1.75, 2.7, 3.65  # heights of the rows
ASIDE = 0.32  # inches, from a word to its states
MOST = 4  # words that stand side by side


def both_ways(words: Sequence[str]) -> Figure:
    """Draw two recurrent layers over one sentence, and what is merged of their states.

    The states of the forward layer are called h→, those of the backward layer h←.

    Parameters
    ----------
    words : two to four, of ten characters at most.

    Raises
    ------
    ValueError
        There are fewer words or more, or one is too long to stand below its state.

    Introduced in chapter 10.
    """
    words = list(words)
    if not 2 <= len(words) <= MOST or max(map(len, words)) > 10:
        raise ValueError(
            f"both_ways needs 2 to {MOST} words of 10 characters at most, not {words}"
        )
    canvas = Canvas(OUT + 0.85)
    gap = (plots.WIDTH - 2 * LEFT) / (len(words) - 1)
    canvas.text(
        0.15, OUT + 0.62, "One layer reads on, one reads back", TITLE, "left", "center"
    )
    forth, back = [], []
    for place, word in enumerate(words):
        x, index = LEFT + place * gap, place + 1
        source = canvas.node("input", x, WORD, f"$x_{index}$")
        canvas.text(x, WORD - 0.42, word)
        behind, ahead = (
            rf"$\over{way}arrow{{h}}_{index}$" for way in ("left", "right")
        )
        back.append(canvas.node("state", x + ASIDE, BACK, behind))
        forth.append(canvas.node("state", x - ASIDE, FORTH, ahead))
        out = canvas.node("output", x, OUT, f"$y_{index}$")
        for state in (forth[-1], back[-1]):
            _up(canvas, source, state)
            _up(canvas, state, out)
    for one, other in pairwise(forth):
        canvas.band([(one.x, FORTH), (other.x - SIZE, FORTH)])
    for one, other in pairwise(back):
        canvas.band([(other.x, BACK), (one.x + SIZE, BACK)])
    return canvas.figure


def _up(canvas: Canvas, start: Node, end: Node) -> None:
    """A thin slanting arrow from what stands below."""
    canvas.curve((start.x, start.y), (end.x, end.y - end.tall), plots.INK, 1.8)
