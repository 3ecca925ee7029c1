"""What is made from the chapters: landing page, results page, table of the README."""

from __future__ import annotations

import itertools
import json
import math
import re
import statistics
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from helpers import report
from helpers.book import notebooks, templating
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
    def seconds(self) -> float:
        """How long the published run took; 0 before there is one."""
        return self.results["seconds"]["total"] if self.results else 0

    @property
    def time(self) -> str:
        """The same in words; empty before there is a published run."""
        return templating.duration(self.seconds) if self.results else ""

    @property
    def claims(self) -> dict[str, bool]:
        """The claims on the published figures, and whether they hold."""
        results = self.results or {"claims": [], "metrics": {}}
        return {x: report.holds(x, results["metrics"]) for x in results["claims"]}

    @property
    def figures(self) -> list[tuple[str, str, str, int]]:
        """Each published metric: its name, mean, spread and number of seeds."""
        return [
            (
                name,
                templating.figure(statistics.fmean(values)),
                f"± {statistics.stdev(values):.2g}" if len(values) > 1 else "",
                len(values),
            )
            for name, values in (self.results or {"metrics": {}})["metrics"].items()
        ]


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


def chapters(root: Path) -> list[Chapter]:
    """All chapters of the book in `root`, in its order."""
    return [chapter(stem, root) for stem in notebooks.chapters(root)]


def readme(root: Path) -> str:
    """README.md with its table of chapters and run times as they are now.

    Raises
    ------
    ValueError
        README.md has lost the two comments between which the table stands.
    """
    text = (root / "README.md").read_text("utf-8")
    between = r"(<!-- chapters.*?-->\n).*?(<!-- end of chapters -->)"
    if not re.search(between, text, re.DOTALL):
        raise ValueError("README.md lacks <!-- chapters … --> <!-- end of chapters -->")
    table = templating.render("readme.md", chapters=chapters(root))
    return re.sub(between, lambda m: m[1] + table + m[2], text, flags=re.DOTALL)


def landing(root: Path, repository: str, branch: str) -> dict[str, str]:
    """The generated parts of the landing page, as HTML."""
    all_chapters = chapters(root)
    first = all_chapters[0]
    times = [c.seconds for c in all_chapters]
    values = {
        "chapters": all_chapters,
        "first": first,
        "colab": colab_url(repository, branch, f"chapters/{first.stem}.ipynb"),
        "seconds": sum(times) if all(times) else None,
        "hero": hero(),
    }
    parts = ("landing", "ways", "chapters")
    return {part: templating.render(f"{part}.html", **values) for part in parts}


def results_page(root: Path) -> str:
    """The generated part of the results page, as Markdown."""
    published = [c for c in chapters(root) if c.results]
    return templating.render("results.md", chapters=published)


def colab_url(repository: str, branch: str, path: str) -> str:
    """Where Colab opens a notebook of a GitHub repository."""
    return f"{COLAB}/{urlsplit(repository).path.strip('/')}/blob/{branch}/{path}"


def hero(text: str = "unrolled") -> str:
    """The book's picture, as SVG: a network unrolled along a word."""
    step, base = 92, 150  # pixels from step to step; where the states stand
    turns, rim, core = 2.6, 58, 11  # of the roll, which touches the band
    letters = [*itertools.pairwise(text)]
    roll = 58 + step * len(letters) - 8
    spiral = []
    for t in range(101):
        angle, radius = 2 * math.pi * turns * t / 100, rim + (core - rim) * t / 100
        x, y = roll + radius * math.sin(angle), base - rim + radius * math.cos(angle)
        spiral.append(f"{x:.1f} {y:.1f}")
    return templating.render(
        "hero.svg",
        letters=letters,
        step=step,
        width=roll + rim - 14,
        band=f"M58 {base} L{' '.join(spiral)}",
        colours=COLOURS,
    )


def shapes() -> str:
    """An input, a state and an output in a row, as SVG: the foot of social cards."""
    return templating.render("shapes.svg", colours=COLOURS)
