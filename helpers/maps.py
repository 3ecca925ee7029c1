"""A map of words whose labels do not overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text

from helpers import plots

COLOURS = [
    *map(plots.shade, (plots.BLUE, plots.RED, plots.GREEN, plots.PINK, plots.ORANGE)),
    plots.GREY,
]
EDGE = 0.08  # of the map, left free
ABOVE = 0.03  # its words stands the name of a group


def word_map(
    points: np.ndarray, groups: Mapping[str, Sequence[str]], height: float = 6.5
) -> Figure:
    """Write words at their places, moved apart where they would overlap.

    Parameters
    ----------
    points : (words, 2), in the order of the words of all groups.
    groups : name of a group, written above its words in bold, to the words.
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
    figure, axes = plt.subplots(figsize=(plots.WIDTH, height))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_axis_off()
    low, size = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-9)
    left = (EDGE + (1 - 2 * EDGE) * (points - low) / size).tolist()
    labels: list[Text] = []
    for colour, (name, group) in zip(cycle(COLOURS), groups.items(), strict=False):
        own, left = left[: len(group)], left[len(group) :]
        how: dict[str, Any] = {"color": colour, "ha": "center", "va": "center"}
        labels += [
            axes.text(x, y, word, **how)
            for word, (x, y) in zip(group, own, strict=True)
        ]
        if group:
            top = max(y for _, y in own) + ABOVE
            middle = float(np.median([x for x, _ in own]))
            labels.append(axes.text(middle, top, name, weight="bold", **how))
    _spread(figure, labels)
    return figure


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
