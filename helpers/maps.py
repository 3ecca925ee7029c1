"""A map of words whose labels do not overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import cycle
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text

from helpers import plots

COLOURS = [
    *map(plots.shade, (plots.BLUE, plots.RED, plots.GREEN, plots.PINK, plots.ORANGE)),
    plots.GREY,
]
EDGE = 0.08  # of the map, left free
ABOVE = 0.03  # its words stands the name of a group
LONGEST = 20  # characters of a word that are shown


def word_map(
    points: np.ndarray, groups: Mapping[str, Sequence[str]], height: float = 6.5
) -> Figure:
    """Write words at their places, moved apart where they would overlap.

    Parameters
    ----------
    points : (words, 2), in the order of the words of all groups.
    groups : name of a group, written above its words in bold, to the words; of a word
        20 characters are shown, and a "?" for those that no installed font has.
    height : of the figure, in inches.

    Raises
    ------
    ValueError
        There are more or fewer points than words.

    Introduced in chapter 8.
    """
    words = [word for group in groups.values() for word in group]
    if points.shape != (len(words), 2):
        raise ValueError(
            f"{len(words)} words need points of the shape ({len(words)}, 2), not "
            f"{points.shape}"
        )
    family, unknown = _fonts("".join([*words, *groups]))
    figure, axes = plt.subplots(figsize=(plots.WIDTH, height))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_axis_off()
    low, size = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-9)
    left = (EDGE + (1 - 2 * EDGE) * (points - low) / size).tolist()
    labels: list[Text] = []
    for colour, (name, group) in zip(cycle(COLOURS), groups.items(), strict=False):
        own, left = left[: len(group)], left[len(group) :]
        how: dict[str, Any] = {"color": colour, "ha": "center", "va": "center"}
        how |= {"family": family, "parse_math": False}
        labels += [
            axes.text(x, y, _shown(word, unknown), **how)
            for word, (x, y) in zip(group, own, strict=True)
        ]
        if group:
            top = max(y for _, y in own) + ABOVE
            middle = float(np.median([x for x, _ in own]))
            weight = "bold" if len(family) == 1 else "normal"  # others may lack it
            text = _shown(name, unknown)
            labels.append(axes.text(middle, top, text, weight=weight, **how))
    _spread(figure, labels)
    return figure


def _shown(word: str, unknown: set[int]) -> str:
    short = word if len(word) <= LONGEST else f"{word[: LONGEST - 1]}…"
    return short.translate(dict.fromkeys(unknown, "?"))


def _fonts(text: str) -> tuple[list[str], set[int]]:
    """The usual font and one more if it lacks characters; those that none has."""
    usual = font_manager.get_font(font_manager.findfont(font_manager.FontProperties()))
    family = [usual.family_name]
    lacking = {ord(c) for c in text if not c.isspace()} - usual.get_charmap().keys()
    for entry in font_manager.fontManager.ttflist if lacking else ():
        if entry.name.startswith("Last Resort"):  # has a box for every character
            continue
        with suppress(RuntimeError):  # a file that matplotlib cannot read
            font = font_manager.get_font(entry.fname)
            if lacking <= font.get_charmap().keys():
                return [*family, entry.name], set()
    if lacking:
        some = "".join(map(chr, sorted(lacking)[:5]))
        print(
            f"No installed font can write {some}, shown as ?: install one (in Colab: "
            "!apt-get -q install fonts-noto-cjk) and start again."
        )
    return family, lacking


def _spread(figure: Figure, labels: list[Text]) -> None:
    """Push labels that overlap apart, each two along the way that is shorter."""
    figure.canvas.draw()
    boxes = [label.get_window_extent() for label in labels]
    centre = np.array([((b.x0 + b.x1) / 2, (b.y0 + b.y1) / 2) for b in boxes])
    size = np.array([(b.width + 4, b.height + 1) for b in boxes])
    reach = (size[:, None] + size) / 2
    turn = np.sign(np.subtract.outer(np.arange(len(labels)), np.arange(len(labels))))
    for _ in range(500):
        apart = centre[:, None] - centre  # (labels, labels, 2)
        over = reach - np.abs(apart)
        hit = (over > 0).all(axis=2) & (turn != 0)
        if not hit.any():
            break
        shorter = over.argmin(axis=2)[..., None] == np.arange(2)
        sign = np.where(apart == 0, turn[..., None], np.sign(apart))
        push = np.where(hit[..., None] & shorter, sign * (over / 4 + 0.25), 0)
        centre += push.sum(axis=1)
    to_axes = figure.axes[0].transData.inverted()
    for label, place in zip(labels, to_axes.transform(centre), strict=True):
        label.set_position((float(place[0]), float(place[1])))
