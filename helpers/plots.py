"""One style and one palette for every figure of the book, and its result plots."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.dates import AutoDateLocator, num2date
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Annotation
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from helpers.hints import did_you_mean

# Okabe and Ito's palette (https://jfly.uni-koeln.de/color/), safe for colour-blind
# readers; the roles below mean the same in every drawing and plot.
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PINK, YELLOW, GREY = "#56B4E9", "#CC79A7", "#F0E442", "#5F6B76"
SILVER, INK, WHITE = "#B4BCC4", "#1B2530", "#FFFFFF"
COLOURS = {
    "input": SKY,
    "state": ORANGE,
    "gate": GREEN,
    "output": PINK,
    "gradient": RED,
    "truth": GREY,
    "ours": BLUE,
    "other": SILVER,
}
# inches; a phone shows it about 340 pixels wide, and 12 points are then 9 pixels
WIDTH = 6.0
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def style() -> None:
    """Set matplotlib's defaults; called by `runtime.start`."""
    mpl.rcParams.update(
        {
            "figure.figsize": (WIDTH, 3.4),
            "figure.facecolor": WHITE,
            "figure.constrained_layout.use": True,
            "figure.dpi": 100,
            "savefig.facecolor": WHITE,
            "font.size": 12,
            "axes.titlesize": 13,
            "axes.titlelocation": "left",
            "axes.prop_cycle": cycler(
                color=[BLUE, ORANGE, GREEN, RED, PINK, SKY, GREY],
            ),
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": "#DDE1E4",
            "legend.frameon": False,
            "lines.linewidth": 2,
        }
    )
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:  # not in a notebook
        return
    set_matplotlib_formats("retina")


def tint(colour: str, amount: float = 0.65) -> str:
    """Mix a colour with white (amount 0: unchanged, 1: white), as #rrggbb."""
    return _mix(colour, WHITE, amount)


def shade(colour: str, amount: float = 0.35) -> str:
    """Mix a colour with the ink of the text (0: unchanged, 1: ink), as #rrggbb."""
    return _mix(colour, INK, amount)


def _mix(colour: str, other: str, amount: float) -> str:
    one, two = np.array(to_rgb(colour)), np.array(to_rgb(other))
    red, green, blue = one + (two - one) * amount
    return to_hex((red, green, blue))


def ladder(
    values: dict[str, float | Sequence[float]],
    cited: dict[str, tuple[float, str]],
    label: str,
    log: bool = False,
    better: str = "lower",
) -> Axes:
    """Rank what this run measured among published figures, best at the top.

    Parameters
    ----------
    values : name to figure measured in this run, or to one figure per seed; those are
        shown as their mean with a whisker of one sample standard deviation.
    cited : name to (figure, short source such as "Brownlee 2017").
    label : what is measured, with its unit; names the axis.
    log : use a logarithmic axis; every figure must then be above 0.
    better : "lower" or "higher".

    Raises
    ------
    ValueError
        There is nothing to show, a name is in both dictionaries, a figure is missing,
        not finite or not above 0 on a logarithmic axis, a source is empty, or `better`
        is neither word.

    Introduced in chapter 1.
    """
    rows = _ladder_rows(values, cited, log, better)
    figure, axes, texts = _ladder_rungs(rows, log)
    axes.set_xlabel(f"{label} ({better} is better)")
    seeds = any(row.sd is not None for row in rows)
    ours = "this book" + (", mean ± sd over seeds" if seeds else "")
    keys = [("ours", ours)] * bool(values) + [("other", "cited")] * bool(cited)
    figure.legend(
        handles=[_key(COLOURS[role], text, dot=log) for role, text in keys],
        loc="outside upper left",
        ncols=2,
    )
    _make_room(figure, axes, texts, min(row.mean for row in rows), log)
    return axes


def _key(colour: str, text: str, dot: bool) -> Patch | Line2D:
    """An entry of the legend that looks like what it explains."""
    if not dot:
        return Patch(facecolor=colour, edgecolor=INK, label=text)
    dots = Line2D([], [], marker="o", linestyle="", label=text, markersize=9)
    dots.set(color=colour, markeredgecolor=INK)
    return dots


class _Row(NamedTuple):
    """A rung of the ladder; `source` is empty and `sd` may be there for ours."""

    name: str
    source: str
    mean: float
    sd: float | None

    @property
    def end(self) -> float:
        """Where the bar and its whisker end."""
        return max(self.mean + (self.sd or 0), 0)


def _ladder_rungs(
    rows: Sequence[_Row], log: bool
) -> tuple[Figure, Axes, list[Annotation]]:
    """Draw a name above each bar, and its figure (the annotations given back) after.

    On a logarithmic axis, where the length of a bar would mean nothing, dots.
    """
    line, room = 0.24, 0.38  # inches: a line of a label; its bar and the space below
    names = [
        textwrap.fill(f"{row.name} ({row.source})" if row.source else row.name, 52)
        for row in rows
    ]
    heights = [line * (name.count("\n") + 1) + room for name in names]
    size = WIDTH, sum(heights) + 1.2
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    texts = []
    for row, name, top in zip(rows, names, np.cumsum(heights), strict=True):
        y, colour = top - 0.25, COLOURS["other" if row.source else "ours"]
        if log:
            (dot,) = axes.plot(row.mean, y, "o", color=colour, markersize=9)
            dot.set_markeredgecolor(INK)
        else:
            axes.barh(y, row.mean, height=0.2, color=colour, edgecolor=INK)
        if row.sd:
            axes.errorbar(row.mean, y, xerr=row.sd, color=INK, capsize=4, linewidth=1.5)
        where = (0, y - 0.13)
        axes.annotate(name, where, xycoords=("axes fraction", "data"), va="bottom")
        texts.append(
            axes.annotate(
                _printed(row.mean, row.sd),
                (row.end, y),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                weight="normal" if row.source else "bold",
                in_layout=False,  # room is made once its width is known
            )
        )
    axes.set_ylim(sum(heights), 0)
    axes.set_yticks([])
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
    return figure, axes, texts


def _make_room(
    figure: Figure, axes: Axes, texts: Sequence[Annotation], least: float, log: bool
) -> None:
    """Leave just enough room on the right for the figures printed after the bars."""
    ends = [text.xy[0] for text in texts]
    if log:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(LogLocator(subs=(2, 3, 5)))
    low = least / 2 if log else min(0, least)
    axes.set_xlim(low, max(ends))
    figure.draw_without_rendering()
    wide = axes.get_window_extent().width
    scale = np.log if log else np.asarray
    spans = [
        float(scale(end) - scale(low))
        / (1 - (text.get_window_extent().width + figure.dpi / 8) / wide)
        for end, text in zip(ends, texts, strict=True)
    ]
    high = float(scale(low)) + max(spans)
    axes.set_xlim(low, np.exp(high) if log else high)
    if log:  # 20 and 0.3, not powers of ten; 2, 3 and 5 where there is room
        plain = FuncFormatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_major_formatter(plain)
        narrow = high - float(scale(low)) < np.log(20)
        axes.xaxis.set_minor_formatter(plain if narrow else NullFormatter())
    else:
        ticks = MaxNLocator(5).tick_values(low, max(ends))
        axes.set_xticks([tick for tick in ticks if low <= tick <= max(ends) * 1.001])


def _ladder_rows(
    values: dict[str, float | Sequence[float]],
    cited: dict[str, tuple[float, str]],
    log: bool,
    better: str,
) -> list[_Row]:
    """Check the ladder's input; best first."""
    if better not in ("lower", "higher"):
        raise ValueError(f'better must be "lower" or "higher", not {better!r}')
    if not values and not cited:
        raise ValueError("nothing to show: give at least one of values and cited")
    if both := sorted(values.keys() & cited.keys()):
        raise ValueError(f"{both[0]!r} is in both values and cited; rename one")
    rows = []
    for name, value in values.items():
        array = np.atleast_1d(_numbers(name, value, log))
        sd = float(array.std(ddof=1)) if array.size > 1 else None
        rows.append(_Row(name, "", float(array.mean()), sd))
    for name, pair in cited.items():
        if not (isinstance(pair, tuple) and len(pair) == 2 and str(pair[1]).strip()):
            raise ValueError(
                f"cited[{name!r}] must be (figure, source) with a source, not {pair!r}"
            )
        figure = float(_numbers(name, pair[0], log))
        rows.append(_Row(name, str(pair[1]), figure, None))
    return sorted(rows, key=lambda row: row.mean, reverse=better == "higher")


def _numbers(name: str, value: float | Sequence[float], log: bool) -> np.ndarray:
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        array = np.array([])
    if array.ndim > 1 or array.size == 0 or not np.isfinite(array).all():
        raise ValueError(
            f"{name!r} must be a finite number or several, one per seed, not {value!r}"
        )
    if log and (array <= 0).any():
        raise ValueError(
            f"{name!r} is {value!r}; a logarithmic axis needs figures above 0: "
            "leave log=False"
        )
    return array


def _printed(mean: float, sd: float | None) -> str:
    """Four digits; with a deviation, to its first digit (or its second after a 1)."""
    if sd is None:
        return f"{mean:,.0f}" if abs(mean) >= 1e4 else f"{mean:.4g}"
    if 0 < abs(mean) < 1e-4:
        return f"{mean:.2e} ± {sd:.1e}"
    digits = 3
    if sd > 0:
        exponent = int(np.floor(np.log10(sd)))
        digits = (sd < 2 * 10**exponent) - exponent
    digits = min(max(digits, 0), 6)
    return f"{mean:,.{digits}f} ± {sd:,.{digits}f}"


def days(axes: Axes, label: str) -> None:
    """Name the vertical axis, and write the dates below as "5 Nov", few enough to read.

    Introduced in chapter 5.
    """
    axes.set_ylabel(label)
    axes.xaxis.set_major_locator(AutoDateLocator(minticks=3, maxticks=6))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda day, _: f"{num2date(day).day} {num2date(day):%b}")
    )


def history(histories: dict[str, dict[str, list[float]]], metric: str) -> Axes:
    """Draw learning curves: training dashed, validation solid, one colour a run.

    Parameters
    ----------
    histories : name of a run to its Keras history (metric to one figure an epoch).
    metric : such as "loss"; "val_loss" is drawn too where a run has it.

    Raises
    ------
    ValueError
        There is no run, more than seven, or a run lacks the metric.

    Introduced in chapter 1.
    """
    if not 1 <= len(histories) <= len(MARKERS):
        raise ValueError(
            f"history shows 1 to {len(MARKERS)} runs in one plot, not {len(histories)}"
        )
    for name, run in histories.items():
        if metric not in run:
            raise ValueError(
                f"run {name!r} has no metric {metric!r}, only "
                f"{', '.join(run) or 'nothing'}{did_you_mean(metric, run)}"
            )
    rows = max(len(histories), 2)
    size = WIDTH, 2.8 + 0.25 * rows
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    keys = []
    colours = mpl.rcParams["axes.prop_cycle"].by_key()["color"]
    for (name, run), marker, colour in zip(
        histories.items(), MARKERS, colours, strict=False
    ):
        epochs = np.arange(1, len(run[metric]) + 1)
        axes.plot(epochs, run[metric], linestyle="--", color=colour)
        validation = run.get(f"val_{metric}", [])
        epochs = np.arange(1, len(validation) + 1)
        every = max(1, len(epochs) // 8)
        axes.plot(epochs, validation, color=colour, marker=marker, markevery=every)
        keys.append(Line2D([], [], color=colour, marker=marker, label=name))
    keys.append(Line2D([], [], color=GREY, linestyle="--", label="training"))
    if any(f"val_{metric}" in run for run in histories.values()):
        keys.append(Line2D([], [], color=GREY, label="validation"))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("epoch")
    axes.set_ylabel(metric.replace("_", " "))
    figure.legend(handles=keys, loc="outside upper left", ncols=2)
    return axes
