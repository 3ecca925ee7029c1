"""A map of words whose labels do not overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers import plots

COLOURS = [
    *map(plots.shade, (plots.BLUE, plots.RED, plots.GREEN, plots.PINK, plots.ORANGE)),
    plots.GREY,
]


def word_map(
    points: np.ndarray, groups: Mapping[str, Sequence[str]], height: float = 6.5
) -> Figure:
    """Write words at their places, moved apart where they would overlap.

    Parameters
    ----------
    points : (words, 2), in the order of the words of all groups.
    groups : name of a group to its words; the name is written above them, in bold.
    height : of the figure, in inches.

    Introduced in chapter 8.
    """
    words = [word for group in groups.values() for word in group]
    if points.shape != (len(words), 2):
        raise ValueError(f"{len(words)} words need as many points, not {points.shape}")
    figure, axes = plt.subplots(figsize=(plots.WIDTH, height))
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    low, high = points.min(axis=0), points.max(axis=0)
    places = 0.08 + 0.84 * (points - low) / np.maximum(high - low, 1e-9)
    labels, place = [], 0
    for colour, (name, group) in zip(_colours(len(groups)), groups.items(), strict=True):
        if not group:
            continue
        own = places[place : place + len(group)]
        place += len(group)
        for word, (x, y) in zip(group, own, strict=True):
            labels.append(axes.text(x, y, word, color=colour, ha="center", va="center"))
        x, y = np.median(own[:, 0]), own[:, 1].max() + 0.03
        labels.append(
            axes.text(x, y, name, color=colour, ha="center", va="center", weight="bold")
        )
    _spread(figure, labels)
    return figure


def _colours(n: int) -> list[str]:
    return [COLOURS[i % len(COLOURS)] for i in range(n)]


def _spread(figure: Figure, labels: list) -> None:
    """Push overlapping labels apart, each pair along the way that is shorter."""
    figure.canvas.draw()
    boxes = [label.get_window_extent() for label in labels]
    centre = np.array([[(b.x0 + b.x1) / 2, (b.y0 + b.y1) / 2] for b in boxes])
    size = np.array([[b.width + 4, b.height + 1] for b in boxes])
    reach = (size[:, None] + size) / 2
    for _ in range(500):
        apart = centre[:, None] - centre
        over = reach - np.abs(apart)
        hit = (over > 0).all(axis=2) & ~np.eye(len(labels), dtype=bool)
        if not hit.any():
            break
        along = over.argmin(axis=2)
        push = np.zeros_like(apart)
        for axis in (0, 1):
            sign = np.where(apart[..., axis] >= 0, 1, -1)
            sign = np.where(apart[..., axis] == 0, np.sign(np.subtract.outer(
                np.arange(len(labels)), np.arange(len(labels)))), sign)
            push[..., axis] = np.where(
                hit & (along == axis), sign * (over[..., axis] / 2 + 0.5), 0
            )
        centre += 0.5 * push.sum(axis=1)
    axes = figure.axes[0]
    for label, place in zip(labels, axes.transData.inverted().transform(centre), strict=True):
        label.set_position(tuple(place))
