"""What is made from the chapters: landing page, results page, table of the README."""

from __future__ import annotations

import itertools
import json
import math
import re
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import yaml

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
    short: str
    after: tuple[int, ...]
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
        The notebook has no title, or its metadata lacks one of `unrolled: summary,
        needs, short, after`.
    """
    path = root / "chapters" / f"{stem}.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    text = "".join(notebook["cells"][0]["source"])
    heading = re.search(r"^# (.+)$", text, re.MULTILINE)
    facts = notebook["metadata"].get("unrolled", {})
    words = ("summary", "needs", "short")
    if not heading or not all(map(facts.get, words)) or "after" not in facts:
        raise ValueError(
            f"{path.name} must begin with a title (# …) and have the metadata "
            "`unrolled: {summary: …, needs: …, short: …, after: [numbers]}`; add them "
            "to its .md and run jupytext"
        )
    file = root / "data" / "results" / f"{stem}.json"
    results = json.loads(file.read_text("utf-8")) if file.exists() else None
    summary, needs, short = map(facts.get, words)
    after = tuple(facts["after"])
    return Chapter(stem, heading[1], summary, needs, short, after, results)


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
    made = {part: templating.render(f"{part}.html", **values) for part in parts}
    return made | {"graph": graph(all_chapters, planned(root))}


def planned(root: Path) -> dict[int, tuple[str, tuple[int, ...]]]:
    """Chapters that the landing page announces: number to short title and needs."""
    front = (root / "chapters" / "index.md").read_text("utf-8").split("---\n")[1]
    rows = yaml.safe_load(front).get("planned", {})
    return {number: (row["short"], tuple(row["after"])) for number, row in rows.items()}


def graph(
    written: list[Chapter], coming: dict[int, tuple[str, tuple[int, ...]]]
) -> str:
    """Which chapter needs which, as SVG: each stands below all that it needs.

    Raises
    ------
    ValueError
        A chapter is written and planned, or needs one that does not come before it.
    """
    stems = {c.number: c.stem for c in written}
    shorts = {c.number: c.short for c in written} | {k: v[0] for k, v in coming.items()}
    needs = {c.number: c.after for c in written} | {k: v[1] for k, v in coming.items()}
    if twice := stems.keys() & coming.keys():
        raise ValueError(f"chapter {min(twice)} is written: take it out of index.md")
    rows: dict[int, list[int]] = defaultdict(list)
    depth: dict[int, int] = {}
    for number in sorted(needs):
        if missing := [n for n in needs[number] if n not in depth]:
            raise ValueError(
                f"chapter {number} needs {missing[0]}, which does not come before it"
            )
        depth[number] = max((depth[n] + 1 for n in needs[number]), default=0)
        rows[depth[number]].append(number)
    columns = max(map(len, rows.values()))
    place = {
        number: (round(120 * (columns - len(row) + 2 * i + 1) / 2), 4 + 92 * level)
        for level, row in rows.items()
        for i, number in enumerate(row)
    }
    ends = [(place[n], place[k]) for k in sorted(needs) for n in needs[k]]
    described = [
        f"Chapter {number}, {shorts[number]}"
        + (f", needs {' and '.join(map(str, needs[number]))}" if needs[number] else "")
        + ("." if number in stems else "; not written yet.")
        for number in sorted(needs)
    ]
    return templating.render(
        "graph.svg",
        width=120 * columns,
        height=92 * len(rows) - 32,
        words=" ".join(described),
        edges=[(x, y + 52, to_x, to_y) for (x, y), (to_x, to_y) in ends],
        boxes=[
            {"number": n, "short": shorts[n], "stem": stems.get(n), "x": x, "y": y}
            for n, (x, y) in sorted(place.items())
        ],
    )


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
