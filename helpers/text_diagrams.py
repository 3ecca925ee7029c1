"""A drawing of one sentence in several encodings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from helpers import plots
from helpers.canvas import Canvas

LETTERS = 10  # points
LETTER = 0.602 * LETTERS / 72  # inches, the width of one in DejaVu Sans Mono
GAP, LINE, NAME = 0.045, 0.25, 0.36  # inches, between boxes, lines, and for a name
HUES = plots.SKY, plots.ORANGE, plots.GREEN, plots.PINK, plots.BLUE


def encodings(rows: Mapping[str, Sequence[Sequence[object]]]) -> Figure:
    """Draw pieces of a sentence as boxes, those of one word in one colour.

    Parameters
    ----------
    rows : name of an encoding to one list of pieces for each word, as many for all
        encodings; a piece is a text or a number. Blanks are drawn as "␣".

    Raises
    ------
    ValueError
        The encodings do not have the same number of words.

    Introduced in chapter 7.
    """
    if len({len(words) for words in rows.values()}) > 1:
        counts = {name: len(words) for name, words in rows.items()}
        raise ValueError(f"every encoding needs the same number of words, not {counts}")
    placed, height = _placed(rows)
    canvas = Canvas(height)
    for x, down, text, hue in placed:
        y = height - down
        if not hue:
            canvas.text(x, y, text, ha="left", weight="bold")
            continue
        canvas.add(
            FancyBboxPatch(
                (x, y - 0.095),
                _width(text),
                0.19,
                "round,pad=0,rounding_size=0.04",
                facecolor=plots.tint(hue),
                edgecolor="none",
            )
        )
        canvas.axes.text(
            x + _width(text) / 2,
            y - 0.008,
            text,
            size=LETTERS,
            family="DejaVu Sans Mono",
            color=plots.INK,
            ha="center",
            va="center",
            zorder=6,
        )
    return canvas.figure


def _width(text: str) -> float:
    return (len(text) + 0.7) * LETTER


def _placed(
    rows: Mapping[str, Sequence[Sequence[object]]],
) -> tuple[list[tuple[float, float, str, str]], float]:
    """Each text's left end, way down from the top and colour, "" for a name; height."""
    placed, down = [], 0.12
    for name, words in rows.items():
        down += NAME - 0.06
        placed.append((0.08, down, name, ""))
        x, down = 0.08, down + LINE + 0.04
        for number, pieces in enumerate(words):
            for piece in pieces:
                text = str(piece).replace(" ", "␣")
                if x + _width(text) > plots.WIDTH - 0.08:
                    x, down = 0.08, down + LINE
                placed.append((x, down, text, HUES[number % len(HUES)]))
                x += _width(text) + GAP
    return placed, down + LINE / 2 + 0.1
