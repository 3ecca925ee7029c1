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

from helpers import report
from helpers.book import notebooks
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


def readme(root: Path) -> str:
    """README.md with its table of chapters and run times as they are now.

    Raises
    ------
    ValueError
        README.md has lost the two comments between which the table stands.
    """
    text = (root / "README.md").read_text("utf-8")
    rows = ["| chapter | about | time |", "| --- | --- | --- |"]
    for c in (chapter(stem, root) for stem in notebooks.chapters(root)):
        link = f"[{c.number}. {c.title}](chapters/{c.stem}.ipynb)"
        rows.append(f"| {link} | {c.summary} | {c.time} |")
    between = r"(<!-- chapters.*?-->\n).*?(<!-- end of chapters -->)"
    if not re.search(between, text, re.DOTALL):
        raise ValueError("README.md lacks <!-- chapters … --> <!-- end of chapters -->")
    table = "\n".join(rows) + "\n"
    return re.sub(between, lambda m: m[1] + table + m[2], text, flags=re.DOTALL)


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
    times = [c.results["seconds"]["total"] for c in chapters if c.results]
    total = f"<p>All of them together train in {duration(sum(times))}.</p>\n"
    cards = "\n".join(
        f'<li class="card"><a href="{c.stem}.html">'
        f'<span class="card-number" aria-hidden="true">{c.number}</span>'
        f'<span class="card-title">{escape(c.title)}</span></a>'
        f'<p class="card-summary">{escape(c.summary)}</p>'
        f'<p class="card-facts"><span class="before">Before: {escape(c.needs)}</span>'
        f"{f'<span class=time>{c.time} to train</span>' if c.time else ''}</p></li>"
        for c in chapters
    )
    return {
        "landing": f"""<div class="hero">
<p class="lede">Recurrent networks, from the first loop to networks that forecast, read
and write. Every chapter is a notebook that trains on real data, and every figure was
measured by the code beside it.</p>
<p class="actions"><a class="action" href="{first}.html">Start reading</a>
<a class="action quiet" href="{colab}">Run it in Colab</a></p>
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
        "chapters": f"""{total if len(times) == len(chapters) else ""}<ol class="cards">
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
        f"Measured with TensorFlow {where['tensorflow']}, Keras {where['keras']}, "
        f"NumPy {where['numpy']} and Python {where['python']} on {where['device']} "
        f"({where['system']}), in {duration(c.results['seconds']['total'])}."
    )
    yield ""
    if c.results["claims"]:
        yield "| claim | outcome |"
        yield "| --- | --- |"
        for claim in c.results["claims"]:
            holds = report.holds(claim, metrics)
            yield f"| `{claim}` | {'holds' if holds else '**does not hold**'} |"
        yield ""
    yield "| metric | mean | sd | seeds |"
    yield "| --- | ---: | ---: | ---: |"
    for key, values in metrics.items():
        spread = f"± {statistics.stdev(values):.2g}" if len(values) > 1 else ""
        mean = figure(statistics.fmean(values))
        yield f"| `{key}` | {mean} | {spread} | {len(values)} |"


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
    step, base = 92, 150  # pixels from step to step; where the states stand
    turns, rim, core = 2.6, 58, 11  # of the roll, which touches the band
    columns = [58 + step * i for i in range(len(text) - 1)]
    roll = columns[-1] + step - 8
    spiral = []
    for t in range(101):
        angle, radius = 2 * math.pi * turns * t / 100, rim + (core - rim) * t / 100
        x, y = roll + radius * math.sin(angle), base - rim + radius * math.cos(angle)
        spiral.append(f"{x:.1f} {y:.1f}")
    band = f"M{columns[0]} {base} L{' '.join(spiral)}"
    parts = [
        f'<path class="{role}" pathLength="100" d="{band}"/>'
        for role in ("band-edge", "band", "pulse")
    ]
    for i, x in enumerate(columns):
        hexagon = " ".join(
            f"{x + 27 * math.sin(k * math.pi / 3):.1f},"
            f"{base - 100 - 27 * math.cos(k * math.pi / 3):.1f}"
            for k in range(6)
        )
        arrows = " ".join(
            f"M{x} {start} v{-length} m-6 8 l6 -9 l6 9"
            for start, length in ((base + 72, 36), (base - 28, 38))
        )
        parts += [
            f'<path class="arrow" d="{arrows}"/>',
            f'<circle class="input" cx="{x}" cy="{base + 98}" r="25"/>',
            f'<rect class="state" x="{x - 26}" y="{base - 26}" width="52" height="52" '
            'rx="9"/>',
            f'<polygon class="output" points="{hexagon}"/>',
            f'<text x="{x}" y="{base + 105}">{text[i]}</text>',
            f'<text x="{x}" y="{base - 93}">{text[i + 1]}</text>',
            f'<text class="symbol" x="{x - 4}" y="{base + 6}">h'
            f'<tspan dy="5" font-size="13">{i + 1}</tspan></text>',
        ]
    fills = "".join(
        f".hero .{role} {{ fill: {COLOURS[role]}; }} "
        for role in ("input", "state", "output")
    )
    label = (
        f"A recurrent network unrolled in time. It reads {', '.join(text[:-1])} and at "
        "each step writes the next letter; its state passes to the right along a band "
        "that is still rolled up at the end."
    )
    return (
        f'<svg viewBox="24 14 {roll + rim - 14} 268" role="img" aria-label="{label}" '
        'preserveAspectRatio="xMinYMid slice">'
        f"<style>{fills}.hero .band {{ stroke: {COLOURS['state']}; }}</style>"
        f"{''.join(parts)}</svg>"
    )


def shapes() -> str:
    """An input, a state and an output in a row, as SVG: the foot of social cards."""
    ink = 'stroke="#1b2530" stroke-width="3"'
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 60">'
        f'<circle cx="20" cy="30" r="16" fill="{COLOURS["input"]}" {ink}/>'
        f'<rect x="44" y="14" width="32" height="32" rx="6" fill="{COLOURS["state"]}" '
        f'{ink}/><polygon points="100,12 115.6,21 115.6,39 100,48 84.4,39 84.4,21" '
        f'fill="{COLOURS["output"]}" {ink}/></svg>'
    )
