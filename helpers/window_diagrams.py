"""Drawings of a text cut into windows, and of windows that continue each other."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers import plots
from helpers.canvas import Canvas

CELL = 0.3  # inches, the side of a character's box
LETTERS = 12  # points
EDGE = 0.1  # inches, left of the first box and around
GAP = 0.06  # inches, between rows of windows
TITLE = 0.34  # inches, for a line of text above boxes
HUES = plots.SKY, plots.ORANGE, plots.GREEN


def windows(text: str, length: int, shown: int = 4) -> Figure:
    """Draw the windows of a text that begin at every character, and those end to end.

    Parameters
    ----------
    text : as many characters as stand side by side, 17 at most; blanks are drawn as
        "␣", line breaks as "↵".
    length : characters of a window.
    shown : how many of the windows at every character are drawn.

    Raises
    ------
    ValueError
        The text is too long for the figure, or too short for the windows.

    Introduced in chapter 9.
    """
    _check(text, length + shown - 1, "windows")
    rows = shown + 4
    canvas = Canvas(rows * (CELL + GAP) + 2 * TITLE)
    top = canvas.axes.get_ylim()[1] - EDGE
    top = _name(canvas, top, "the text")
    _boxes(canvas, top, 0, text, [plots.WHITE] * len(text))
    top -= CELL + GAP
    top = _name(canvas, top, f"a window at every character (stride 1), {length} long")
    for start in range(shown):
        hue = HUES[start % len(HUES)]
        _boxes(canvas, top, start, text[start : start + length], [hue] * length)
        top -= CELL + GAP
    top = _name(canvas, top, f"windows end to end (stride {length})")
    colours = [HUES[i // length % len(HUES)] for i in range(len(text))]
    whole = len(text) // length * length
    _boxes(canvas, top, 0, text[:whole], colours[:whole])
    return canvas.figure


def streams(text: str, n_streams: int, length: int) -> Figure:
    """Draw a text in as many rows as a batch has; windows of one batch in one colour.

    Each row goes on where its window before has ended, so its state can be carried.

    Parameters
    ----------
    text : at most 17 characters for each row; blanks are drawn as "␣", line breaks as
        "↵". What does not fill a window of every row is left out.
    n_streams : rows.
    length : characters of a window.

    Raises
    ------
    ValueError
        The text is too long for the figure, or too short for one batch.

    Introduced in chapter 9.
    """
    part = len(text) // n_streams
    n_batches = part // length
    row = n_batches * length
    _check(text[:part], length, "streams")
    canvas = Canvas(n_streams * (CELL + 0.14) + 2.4 * TITLE)
    top = canvas.axes.get_ylim()[1] - EDGE - TITLE
    for batch in range(n_batches):
        middle = EDGE + (batch + 0.5) * length * CELL
        canvas.text(middle, top + TITLE / 2, f"batch {batch + 1}", LETTERS)
    for number in range(n_streams):
        own = text[number * part : number * part + row]
        _boxes(canvas, top, 0, own, [HUES[i // length % len(HUES)] for i in range(row)])
        for batch in range(1, n_batches):
            _seam(canvas, EDGE + batch * length * CELL, top - CELL / 2)
        top -= CELL + 0.14
    canvas.text(
        EDGE, top - 0.14, "the state goes on from window to window", LETTERS, "left"
    )
    _arrow(canvas, row, top - 0.14)
    return canvas.figure


def _check(text: str, least: int, what: str) -> None:
    most = int((plots.WIDTH - 2 * EDGE) / CELL)
    if not least <= len(text) <= most:
        raise ValueError(
            f"{what} needs {least} to {most} characters in a row, not {len(text)}"
        )


def _name(canvas: Canvas, top: float, name: str) -> float:
    canvas.text(EDGE, top - TITLE / 2, name, LETTERS, "left")
    return top - TITLE


def _boxes(canvas: Canvas, top: float, start: int, text: str, hues: list[str]) -> None:
    for place, (one, hue) in enumerate(zip(text, hues, strict=True), start):
        x = EDGE + place * CELL
        box = Rectangle((x, top - CELL), CELL, CELL, edgecolor=plots.INK)
        box.set_facecolor(plots.tint(hue))
        canvas.add(box)
        shown = {" ": "␣", "\n": "↵"}.get(one, one)
        canvas.text(x + CELL / 2, top - CELL / 2, shown, LETTERS)


def _seam(canvas: Canvas, x: float, y: float) -> None:
    """A short arrow over the border of two windows of a row."""
    canvas.curve(
        (x - 0.1, y - CELL / 2 - 0.05), (x + 0.14, y - CELL / 2 - 0.05), plots.RED, 2
    )


def _arrow(canvas: Canvas, row: int, y: float) -> None:
    end = EDGE + row * CELL
    canvas.curve((end - 0.36, y), (end - 0.1, y), plots.RED, 2)
