"""The ladder ranks honestly and legibly; learning curves show what was trained."""

import io
import itertools
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from helpers import plots

pytestmark = pytest.mark.filterwarnings("error")

VALUES: dict[str, float | Sequence[float]] = {
    "LSTM": [0.03, 0.04, 0.05],
    "last value": 2.0,
}
CITED: dict[str, tuple[float, str]] = {
    "A very long name of a model that another author made": (
        0.5,
        "Author 2017, table 2",
    )
}


@pytest.fixture(autouse=True)
def _style():
    with plt.rc_context():
        plots.style()
        yield
        plt.close("all")


def words(axes: Axes) -> list[str]:
    return [t.get_text().replace("\n", " ") for t in axes.texts]


def names(axes: Axes) -> list[str]:
    return words(axes)[::2]


def bars(axes: Axes) -> list[Rectangle]:
    return [patch for patch in axes.patches if isinstance(patch, Rectangle)]


def figures(axes: Axes) -> list[str]:
    return words(axes)[1::2]


def test_ladder_puts_the_best_at_the_top():
    axes = plots.ladder(VALUES, CITED, "error")
    assert [name.split()[0] for name in names(axes)] == ["LSTM", "A", "last"]
    heights = [axes.transData.transform(bar.get_xy())[1] for bar in bars(axes)]
    assert heights == sorted(heights, reverse=True)
    assert axes.get_xlabel() == "error (lower is better)"
    axes = plots.ladder(VALUES, CITED, "skill", better="higher")
    assert [name.split()[0] for name in names(axes)] == ["last", "A", "LSTM"]
    assert axes.get_xlabel() == "skill (higher is better)"


def test_ladder_shows_the_mean_and_the_sample_deviation_of_seeds():
    axes = plots.ladder(VALUES, CITED, "error")
    assert figures(axes) == ["0.040 ± 0.010", "0.5", "2"]
    assert [bar.get_width() for bar in bars(axes)] == pytest.approx([0.04, 0.5, 2])
    (whisker,) = axes.collections
    segment = whisker.get_paths()[0].vertices
    assert np.asarray(segment)[:, 0] == pytest.approx([0.03, 0.05])


def test_ladder_has_no_whisker_for_one_seed():
    axes = plots.ladder({"LSTM": [0.04]}, {}, "error")
    assert len(axes.collections) == 0
    assert figures(axes) == ["0.04"]


@pytest.mark.parametrize(
    ("mean", "sd", "text"),
    [
        (0.12345, None, "0.1235"),
        (123456.0, None, "123,456"),
        (0.97166, 0.00314, "0.972 ± 0.003"),
        (1234.5, 56.0, "1,234 ± 56"),
        (0.95, 0.0, "0.950 ± 0.000"),
        (3.21e-8, 4.5e-9, "3.21e-08 ± 4.5e-09"),
    ],
)
def test_figures_are_rounded_to_what_is_known(mean, sd, text):
    assert plots._printed(mean, sd) == text


def test_ladder_tells_ours_from_cited_and_names_the_source():
    axes = plots.ladder(VALUES, CITED, "error")
    ours, other = (plots.COLOURS[role].lower() for role in ("ours", "other"))
    assert [to_hex(bar.get_facecolor()) for bar in axes.patches] == [ours, other, ours]
    assert names(axes)[1].endswith("(Author 2017, table 2)")
    (legend,) = axes.figure.legends
    keys = [text.get_text() for text in legend.get_texts()]
    assert keys == ["this book, mean ± sd over seeds", "cited"]


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("scale", [1e-7, 1, 30000], ids=["tiny", "ordinary", "large"])
def test_nothing_in_a_ladder_is_cut_or_overlaps(log, scale):
    values = {
        "our model with a name so long that no phone could show it in one line at all": [
            scale,
            1.1 * scale,
        ],
        "naive": 1.05 * scale,
        "close": [1.02 * scale, 1.03 * scale, 0.5 * scale],
    }
    cited = {
        f"work {i}": (scale / 2**i, f"Somebody and Somebody Else {2000 + i}, appendix")
        for i in range(4)
    }
    figure = plots.ladder(values, cited, "bits per character", log).figure
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    shown = [t for t in figure.findobj(Text) if t.get_text() and t.get_visible()]
    boxes = [(t.get_text(), t.get_window_extent()) for t in shown]
    free = [b for b in boxes if b[0] in {t.get_text() for t in figure.axes[0].texts}]
    for text, box in free:
        assert figure.bbox.x0 <= box.x0, text
        assert box.x1 <= figure.bbox.x1, text
    for i, (one, a) in enumerate(free):
        for two, b in free[i + 1 :]:
            assert not a.overlaps(b), (one, two)
    assert (
        min(float(t.get_fontsize()) for t in figure.axes[0].texts)
        * 340
        / (72 * plots.WIDTH)
        >= 9
    )


def test_ladder_starts_bars_at_zero_unless_logarithmic():
    assert plots.ladder(VALUES, CITED, "error").get_xlim()[0] == 0
    assert plots.ladder({"skill": -1.0, "other": 2.0}, {}, "r").get_xlim()[0] == -1
    assert plots.ladder(VALUES, CITED, "error", log=True).get_xscale() == "log"


@pytest.mark.parametrize(
    ("values", "cited", "options", "message"),
    [
        ({}, {}, {}, "nothing to show"),
        ({"a": 1.0}, {"a": (2.0, "B 2000")}, {}, "'a' is in both"),
        ({"a": []}, {}, {}, "'a' must be a finite number"),
        ({"a": [1.0, float("nan")]}, {}, {}, "'a' must be a finite number"),
        ({"a": "0.9x"}, {}, {}, "'a' must be a finite number .* not '0.9x'"),
        ({"a": None}, {}, {}, "'a' must be a finite number"),
        ({"a": 0.0}, {}, {"log": True}, "logarithmic axis needs figures above 0"),
        ({"a": 1.0}, {"b": 2.0}, {}, r"must be \(figure, source\)"),
        ({"a": 1.0}, {"b": (2.0, " ")}, {}, r"must be \(figure, source\)"),
        ({"a": 1.0}, {"b": (float("inf"), "C")}, {}, "'b' must be a finite number"),
        ({"a": 1.0}, {}, {"better": "less"}, '"lower" or "higher", not \'less\''),
    ],
)
def test_ladder_refuses_what_it_cannot_rank(values, cited, options, message):
    with pytest.raises(ValueError, match=message):
        plots.ladder(values, cited, "error", **options)
    assert plt.get_fignums() == []


def test_a_plot_is_the_same_every_time():
    def png() -> bytes:
        buffer = io.BytesIO()
        plots.ladder(VALUES, CITED, "error", log=True)
        plt.savefig(buffer)
        return buffer.getvalue()

    assert png() == png()


RUN = {"loss": [3.0, 2.0, 1.0], "val_loss": [3.5, 3.0, 2.5]}


def test_history_draws_training_dashed_and_validation_solid():
    axes = plots.history({"RNN": RUN, "LSTM": {"loss": [2.0, 1.0]}}, "loss")
    drawn = [line for line in axes.lines if np.size(line.get_xdata())]
    assert [line.get_linestyle() for line in drawn] == ["--", "-", "--"]
    assert [np.asarray(line.get_ydata()).tolist() for line in drawn] == [
        RUN["loss"],
        RUN["val_loss"],
        [2, 1],
    ]
    assert [np.asarray(line.get_xdata()).tolist() for line in drawn] == [
        [1, 2, 3],
        [1, 2, 3],
        [1, 2],
    ]
    assert drawn[0].get_color() == drawn[1].get_color() != drawn[2].get_color()
    (legend,) = axes.figure.legends
    keys = [text.get_text() for text in legend.get_texts()]
    assert keys == ["RNN", "LSTM", "training", "validation"]


@pytest.mark.parametrize(
    ("histories", "message"),
    [
        ({}, "1 to 7 runs in one plot, not 0"),
        ({str(i): RUN for i in range(8)}, "not 8"),
        (
            {"RNN": {"los": [1.0]}},
            "has no metric 'loss', only los; did you mean \"los\"",
        ),
        ({"RNN": {}}, "only nothing"),
    ],
)
def test_history_refuses_what_it_cannot_draw(histories, message):
    with pytest.raises(ValueError, match=message):
        plots.history(histories, "loss")


def test_tint_and_shade_mix_with_white_and_ink():
    assert plots.tint("#000000", 1) == "#ffffff"
    assert plots.tint("#204060", 0) == "#204060"
    assert plots.shade("#ffffff", 1) == plots.INK.lower()
    assert plots.tint("#000000", 0.5) == to_hex((0.5, 0.5, 0.5))


def test_days_on_an_axis_are_written_in_words_and_do_not_touch():
    days = pd.date_range("2019-04-27", "2019-06-01")
    figure, axes = plt.subplots()
    axes.plot(days, range(len(days)))
    plots.days(axes, "boardings")
    figure.draw_without_rendering()
    labels = [label for label in axes.get_xticklabels() if label.get_text()]
    assert 3 <= len(labels) <= 7
    assert labels[0].get_text().split()[1] in ("Apr", "May")
    boxes = [label.get_window_extent() for label in labels]
    assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))
