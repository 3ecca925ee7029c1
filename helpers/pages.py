"""The pages that are made from the chapters: landing page and results page."""

from __future__ import annotations

import html
import json
import math
import re
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from helpers import notebooks, report
from helpers.plots import COLOURS

COLAB = "https://colab.research.google.com/github"


class Chapter(NamedTuple):
    """What the site says about a chapter beside its text."""

    stem: str
    title: str
    summary: str
    needs: str
    results: dict[str, Any] | None

    @property
    def number(self) -> int:
        return int(self.stem[:2])

    @property
    def time(self) -> str:
        """How long the published run took, in words; empty before there is one."""
        return duration(self.results["seconds"]["total"]) if self.results else ""


def chapter(stem: str, root: Path) -> Chapter:
    """Read a chapter's title, its `unrolled` metadata and its published results.

    Raises
    ------
    ValueError
        The notebook has no title, or its metadata lacks `unrolled: summary, needs`.
    """
    path = root / "chapters" / f"{stem}.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    text = "".join(notebook["cells"][0]["source"])
    heading = re.search(r"^# (.+)$", text, re.MULTILINE)
    facts = notebook["metadata"].get("unrolled", {})
    if not heading or not facts.get("summary") or not facts.get("needs"):
        raise ValueError(
            f"{path.name} must begin with a title (# …) and have the metadata "
            "`unrolled: {summary: …, needs: …}`; add them to its .md and run jupytext"
        )
    file = root / "data" / "results" / f"{stem}.json"
    results = json.loads(file.read_text("utf-8")) if file.exists() else None
    return Chapter(stem, heading[1], facts["summary"], facts["needs"], results)


def duration(seconds: float) -> str:
    """Round a time for reading: 168.3 becomes "3 min", 42 becomes "42 s"."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def figure(value: float) -> str:
    """Write a measured value with four significant digits."""
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def landing(root: Path, repository: str, branch: str) -> dict[str, str]:
    """The generated parts of the landing page, as HTML."""
    chapters = [chapter(stem, root) for stem in notebooks.chapters(root)]
    first = chapters[0].stem
    colab = colab_url(repository, branch, f"chapters/{first}.ipynb")
    seconds = sum(c.results["seconds"]["total"] for c in chapters if c.results)
    cards = "\n".join(
        f'<li class="card"><a href="{c.stem}.html">'
        f'<span class="card-number" aria-hidden="true">{c.number}</span>'
        f'<span class="card-title">{escape(c.title)}</span></a>'
        f'<p class="card-summary">{escape(c.summary)}</p>'
        f'<p class="card-facts"><span class="before">Before: {escape(c.needs)}</span>'
        f"{f'<span class=time>{c.time} to train</span>' if c.time else ''}</p></li>"
        for c in chapters
    )
    total = (
        f" They all train in {duration(seconds)} on two CPU cores." if seconds else ""
    )
    return {
        "landing": f"""<div class="hero">
<p class="lede">Recurrent networks, from the first loop to networks that forecast, read
and write. Every chapter is a notebook that trains on real data, and every figure was
measured by the code beside it.</p>
<p class="actions"><a class="action" href="{first}.html">Start reading</a>
<a class="action quiet" href="{colab}">Run chapter 1 in Colab</a></p>
{hero()}
</div>""",
        "ways": f"""<ul class="ways">
<li><h3>Read</h3><p>The pages hold the published results, work on a phone and without a
network. <a href="{first}.html">Begin with chapter {chapters[0].number}.</a></p></li>
<li><h3>Run</h3><p>Each chapter opens in Colab and runs there from an empty machine, on
CPU or GPU. <a href="{colab}">Open chapter {chapters[0].number}.</a></p></li>
<li><h3>Teach</h3><p>Chapters take parameters: your data, your sizes, a whole class set
in parallel. <a href="instructors.html">For instructors.</a></p></li>
</ul>""",
        "chapters": f"""<p>{total}</p>
<ol class="cards">
{cards}
</ol>""",
    }


def results_page(root: Path) -> str:
    """The generated part of the results page, as Markdown."""
    chapters = [chapter(stem, root) for stem in notebooks.chapters(root)]
    published = [c for c in chapters if c.results]
    if not published:
        return "No chapter has been published yet: `make publish` writes the figures."
    lines = [
        "## All chapters",
        "",
        "| chapter | figures | claims that hold | time | memory |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for c in published:
        assert c.results
        true = [report.holds(x, c.results["metrics"]) for x in c.results["claims"]]
        lines.append(
            f"| [{c.number}. {c.title}]({c.stem}.ipynb) | {len(c.results['metrics'])} "
            f"| {sum(true)} of {len(true)} | {duration(c.results['seconds']['total'])} "
            f"| {c.results['peak_rss_mb']:,} MB |"
        )
    for c in published:
        lines += ["", *chapter_results(c)]
    return "\n".join(lines)


def chapter_results(c: Chapter) -> Iterator[str]:
    """The section of one chapter on the results page, line by line."""
    assert c.results
    metrics, where = c.results["metrics"], c.results["environment"]
    yield f"## Chapter {c.number}: {c.title}"
    yield ""
    yield (
        f"Measured with TensorFlow {where['tensorflow']}, Keras {where['keras']}, NumPy "
        f"{where['numpy']} and Python {where['python']} on {where['device']} "
        f"({where['system']}), in {duration(c.results['seconds']['total'])}."
    )
    yield ""
    if c.results["claims"]:
        yield "| claim | |"
        yield "| --- | --- |"
        for claim in c.results["claims"]:
            holds = report.holds(claim, metrics)
            yield f"| `{claim}` | {'holds' if holds else '**does not hold**'} |"
        yield ""
    yield "| metric | mean | sd | seeds |"
    yield "| --- | ---: | ---: | ---: |"
    for key, values in metrics.items():
        spread = figure(statistics.stdev(values)) if len(values) > 1 else ""
        mean = figure(statistics.fmean(values))
        yield f"| `{key}` | {mean} | {spread and '± ' + spread} | {len(values)} |"


def colab_url(repository: str, branch: str, path: str) -> str:
    """Where Colab opens a notebook of a GitHub repository."""
    return f"{COLAB}/{urlsplit(repository).path.strip('/')}/blob/{branch}/{path}"


def escape(text: str) -> str:
    """Escape text for HTML, with its `code` kept as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def hero(text: str = "unrolled") -> str:
    """The book's picture, as SVG: a network unrolled along a word it has learnt.

    It reads each letter and writes the next one; the state travels on the band and
    the steps to come are still on the roll. The shapes are those of `helpers.diagrams`.
    """
    step, base = 92, 150  # pixels between steps; height of the states' row
    columns = [58 + step * i for i in range(len(text) - 1)]
    parts = []
    turns, rim, core = 2.6, 58, 11  # of the roll, which is tangent to the band
    roll, middle = columns[-1] + step - 8, base - rim
    spiral = [
        (roll + r * math.sin(a), middle + r * math.cos(a))
        for t in range(101)
        for a in [2 * math.pi * turns * t / 100]
        for r in [rim + (core - rim) * t / 100]
    ]
    path = f"M{columns[0]} {base} L" + " ".join(f"{x:.1f} {y:.1f}" for x, y in spiral)
    parts.append(f'<path class="band-edge" d="{path}"/><path class="band" d="{path}"/>')
    parts.append(f'<path class="pulse" pathLength="100" d="{path}"/>')
    for i, (x, read, write) in enumerate(zip(columns, text, text[1:], strict=False)):
        hexagon = " ".join(
            f"{x + 27 * math.sin(k * math.pi / 3):.1f},"
            f"{base - 100 - 27 * math.cos(k * math.pi / 3):.1f}"
            for k in range(6)
        )
        parts.append(
            f"<g>"
            f'<path class="arrow" d="M{x} {base + 72} V{base + 36} M{x - 6} {base + 44} '
            f"l6 -9 l6 9 M{x} {base - 28} V{base - 66} M{x - 6} {base - 58} "
            f'l6 -9 l6 9"/>'
            f'<circle class="input" cx="{x}" cy="{base + 98}" r="25"/>'
            f'<rect class="state" x="{x - 26}" y="{base - 26}" width="52" height="52" '
            f'rx="9"/><polygon class="output" points="{hexagon}"/>'
            f'<text x="{x}" y="{base + 105}">{read}</text>'
            f'<text x="{x}" y="{base - 93}">{write}</text>'
            f'<text class="symbol" x="{x - 4}" y="{base + 6}">h'
            f'<tspan dy="5" font-size="13">{i + 1}</tspan></text></g>'
        )
    colours = "".join(
        f".hero .{role}{{fill:{COLOURS[role]}}}"
        for role in ("input", "state", "output")
    )
    style = f"{colours}.hero .band{{stroke:{COLOURS['state']}}}"
    return (
        f'<svg viewBox="24 14 {roll + rim - 12} 266" role="img" '
        f'preserveAspectRatio="xMinYMid slice" aria-label="A recurrent network unrolled '
        f"in time. It reads {', '.join(text[:-1])} and at each step writes the next "
        f"letter, passing its state to the right along a band that is still rolled up "
        f'at the end."><style>{style}</style>{"".join(parts)}</svg>'
    )
