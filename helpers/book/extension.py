"""The Sphinx extension of the book: what it adds to Jupyter Book.

It turns the portable Markdown of the chapters into what a reader sees (`transforms`),
fills the landing and results pages from the notebooks and result files (`pages`), and
finishes what is built (`finishing`). A new chapter needs no change here.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from helpers.book import finishing, pages, templating, transforms

GENERATED = {"chapters/index", "chapters/results"}


def configure(app: Sphinx, config: Any) -> None:
    """Derive from the site's one address what the other extensions want."""
    path = urlsplit(config.html_baseurl).path.strip("/")
    prefix = f"/{path}/" if path else "/"
    body = templating.render("lost.html", prefix=prefix, root=config.root_doc)
    config.notfound_urls_prefix = prefix
    config.notfound_context = {"title": "Page not found", "body": body}
    config.ogp_site_url = config.html_baseurl


def fill(app: Sphinx, docname: str, text: list[str]) -> None:
    """Put the generated parts into the landing and results pages."""
    root = Path(app.srcdir)
    parts: dict[str, str] = {}
    if docname == "chapters/index":
        options = app.config.html_theme_options
        parts = pages.landing(
            root, options["repository_url"], options["repository_branch"]
        )
    elif docname == "chapters/results":
        parts = {"results": pages.results_page(root)}
    elif (root / "data" / "results" / f"{Path(docname).name}.json").exists():
        app.env.note_dependency(f"data/results/{Path(docname).name}.json")
    for name, part in parts.items():
        text[0] = text[0].replace(f"<!-- {name} -->", part)


def outdated(app: Sphinx, env: BuildEnvironment, *changes: set[str]) -> list[str]:
    """The generated pages are read anew each time: they depend on other files."""
    return sorted(GENERATED & env.found_docs)


def retitled(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """When a title has changed all pages are written: their sidebars show it."""
    titles = {page: title.astext() for page, title in env.titles.items()}
    before = vars(env).get("unrolled_titles")
    vars(env)["unrolled_titles"] = titles  # kept for the next build
    return sorted(env.found_docs) if titles != before else []


def version() -> int:
    """A number that changes with the workshop: pages are then read anew."""
    here = Path(__file__).parent
    files = sorted((*here.glob("*.py"), *templating.TEMPLATES.iterdir()))
    return zlib.crc32(b"".join(file.read_bytes() for file in files))


def setup(app: Sphinx) -> dict[str, int]:
    """Register the extension."""
    for transform in (transforms.Asides, transforms.Cells, transforms.Equations):
        app.add_transform(transform)
    app.connect("config-inited", configure)
    app.connect("source-read", fill)
    app.connect("env-get-outdated", outdated)
    app.connect("env-updated", retitled)
    app.connect("html-page-context", finishing.finish_page, priority=450)
    app.connect("html-page-context", finishing.choose_assets, priority=900)
    app.connect("build-finished", finishing.finish_site, priority=900)
    return {
        "parallel_read_safe": True,
        "parallel_write_safe": True,
        "env_version": version(),
    }
