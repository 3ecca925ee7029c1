"""The site: what it adds to Jupyter Book, and the commands behind `make book`.

As a Sphinx extension it turns the portable Markdown of the chapters into what a reader
sees: block quotes become asides, solutions fold, figures keep their place while they
load, and the landing and results pages are filled from the notebooks and result files.
A new chapter needs no change here.

    python -m helpers.book.site build [--base FOLDER]
    python -m helpers.book.site address --url URL --site SITE [--branch BRANCH]
    python -m helpers.book.site screenshot
    python -m helpers.book.site readme
"""

from __future__ import annotations

import argparse
import contextlib
import html
import io
import re
import shutil
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import yaml
from docutils import nodes
from jupyter_book.cli.main import main as cli  # type: ignore[import-untyped]
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.util.console import strip_colors
from sphinx_external_toc.parsing import parse_toc_yaml

from helpers.book import pages
from helpers.book.pages import (
    Chapter,
    chapter,
    colab_url,
    escape,
    landing,
    results_page,
)
from helpers.files import book_root, write_text

ASIDES = {
    "Remark": "remark",
    "Tip": "tip",
    "Pitfall": "pitfall",
    "From the lectures": "lectures",
}
GENERATED = {"chapters/index", "chapters/results"}


# --- The Sphinx extension ---------------------------------------------------------


class Asides(SphinxTransform):
    """`> **Pitfall.** …` becomes an aside with that title."""

    default_priority = 600

    def apply(self) -> None:
        for block in list(self.document.findall(nodes.block_quote)):
            first = block.children[0] if block.children else None
            if not isinstance(first, nodes.paragraph):
                continue
            while first.children and not first[0].astext():
                del first[0]  # the parser begins with an empty text
            if not first.children or not isinstance(first[0], nodes.strong):
                continue
            title = first[0].astext().rstrip(".")
            if title not in ASIDES:
                continue
            del first[0]
            if first.children and isinstance(first[0], nodes.Text):
                first[0] = nodes.Text(first[0].lstrip())
            if not first.astext():
                block.remove(first)
            aside = nodes.admonition("", nodes.title("", title), *block.children)
            aside["classes"].append(ASIDES[title])
            block.replace_self(aside)


class Cells(SphinxTransform):
    """The bootstrap cell is not shown; a folded cell is called by its `# @title`."""

    default_priority = 601

    def apply(self) -> None:
        for cell in list(self.document.findall(nodes.container)):
            if "tag_bootstrap" in cell["classes"]:
                cell.parent.remove(cell)
            elif cell.get("hide_mode"):
                code = next(cell.findall(nodes.literal_block))
                if title := re.match(r"# @title (.+)\n", code.astext()):
                    cell["prompt_show"] = cell["prompt_hide"] = title[1]
                    text = code.astext()[title.end() :]
                    code.rawsource, code.children = text, [nodes.Text(text)]


class Equations(SphinxTransform):
    r"""An equation reaches MathJax as it is written, as it does in Colab.

    Sphinx puts one of several lines into a `split`, in which no `\tag` may stand.
    """

    default_priority = 602

    def apply(self) -> None:
        for block in self.document.findall(nodes.math_block):
            if not block.get("nowrap") and not block.get("label"):
                block["nowrap"] = True
                block.children = [nodes.Text(rf"\[{block.astext()}\]")]


def fill(app: Sphinx, docname: str, text: list[str]) -> None:
    """Put the generated parts into the landing and results pages."""
    root = Path(app.srcdir)
    parts: dict[str, str] = {}
    if docname == "chapters/index":
        options = app.config.html_theme_options
        parts = landing(root, options["repository_url"], options["repository_branch"])
    elif docname == "chapters/results":
        parts = {"results": results_page(root)}
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


def configure(app: Sphinx, config: Any) -> None:
    """Derive from the site's one address what the other extensions want."""
    path = urlsplit(config.html_baseurl).path.strip("/")
    config.notfound_urls_prefix = f"/{path}/" if path else "/"
    config.ogp_site_url = config.html_baseurl
    config.notfound_context = {
        "title": "Page not found",
        "body": "<h1>Page not found</h1>\n<p>There is no page at this address. Try the "
        f'<a href="{config.notfound_urls_prefix}{config.root_doc}.html">contents of '
        f'the book</a> or <a href="{config.notfound_urls_prefix}search.html">search '
        "it</a>.</p>",
    }


def unused(asset: Any) -> bool:
    """Say whether a script or style belongs to what the book does not use."""
    name, body = getattr(asset, "filename", None), getattr(asset, "attributes", {})
    return bool(re.search("thebe|toggle", f"{name} {body.get('body')}", re.IGNORECASE))


def finish_page(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Add what a page needs besides its text: links, description, chapter facts."""
    for files in (context["script_files"], context["css_files"]):
        files[:] = [file for file in files if not unused(file)]
    for script in context["script_files"]:
        # No page waits to be painted for a script, but for what inline scripts need.
        name = getattr(script, "filename", None) or "documentation_options"
        if page == "search" or "documentation_options" in name:
            script.attributes.pop("defer", None)
        else:
            script.attributes["defer"] = "defer"
    if doctree is None:
        return
    options = app.config.html_theme_options
    repository, branch = options["repository_url"], options["repository_branch"]
    root = Path(app.srcdir)
    source = Path(app.env.doc2path(page)).relative_to(root)
    markdown = source.with_suffix(".md")
    written = markdown if (root / markdown).exists() else source
    title = quote(f"{app.env.titles[page].astext()}: ")
    context["page_links"] = [
        ("Suggest an edit", f"{repository}/edit/{branch}/{written}"),
        ("Source of this page", f"{repository}/blob/{branch}/{written}"),
        ("Report a problem", f"{repository}/issues/new?title={title}"),
        ("Repository", repository),
    ]
    match = re.fullmatch(r"chapters/(\d\d_\w+)", page)
    facts = chapter(match[1], root) if match else None
    if facts:
        context["colab_url"] = colab_url(repository, branch, str(source))
        notebook = context["pathto"](f"_sources/{context['sourcename']}", 1)
        context["page_links"].insert(2, ("Download the notebook", notebook))
        description = (
            f'<meta name="description" content="{html.escape(facts.summary)}">'
        )
        context["metatags"] += description + "\n"
    found = re.search(r'<meta[^>]*name="description"[^>]*>', context["metatags"])
    if found and (text := re.search(r'content="([^"]*)"', found[0])):
        context["meta"] = dict(context["meta"] or {})
        context["meta"]["og:description"] = html.unescape(text[1])
    before, root_title = context["prev"], app.env.titles[app.config.root_doc].astext()
    if before and before["title"] == root_title:
        before["title"] = app.config.html_title  # it is long, and the link is not
    context["body"] = finish_body(context["body"], facts)


def finish_body(body: str, facts: Chapter | None) -> str:
    """Keep figures' places while they load; say what a chapter needs.

    The size of a figure goes from its style, which would stop it from shrinking on a
    phone, to attributes, from which a browser knows its proportions.
    """
    seen = 0

    def image(match: re.Match[str]) -> str:
        nonlocal seen
        seen += 1
        tag = match[0]
        if size := re.search(r'\s*style="width: (\d+)px; height: (\d+)px;"', tag):
            tag = tag.replace(size[0], f' width="{size[1]}" height="{size[2]}"')
        lazy = ' loading="lazy"' if seen > 1 else ""
        return tag.replace("<img", f'<img decoding="async"{lazy}', 1)

    body = re.sub(r"<img\b[^>]*>", image, body)
    if facts:
        time = (
            f"<span>{facts.time} to train on two CPU cores</span>" if facts.time else ""
        )
        body = body.replace(
            "<h1>", f'<p class="eyebrow">Chapter {facts.number}</p>\n<h1>', 1
        ).replace(
            "</h1>",
            f'</h1>\n<p class="chapter-facts">{time}'
            f"<span>Before this: {escape(facts.needs)}</span></p>",
            1,
        )
    return body


def finish_site(app: Sphinx, error: Exception | None) -> None:
    """Write the front door and the site map; drop assets that no page uses."""
    if error or app.builder.name != "html":
        return
    out, root, home = Path(app.outdir), app.config.root_doc, app.config.html_baseurl
    title = html.escape(app.config.html_title)
    write_text(
        out / "index.html",
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<title>{title}</title><link rel="canonical" '
        f'href="{home}{root}.html">'
        f'<meta http-equiv="refresh" content="0; url={root}.html"></head>'
        f'<body><p><a href="{root}.html">{title}</a></p></body></html>\n',
    )
    pages = [
        f"<url><loc>{home}{x}.html</loc></url>" for x in sorted(app.env.found_docs)
    ]
    write_text(
        out / "sitemap.xml",
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        + "\n".join(pages)
        + "\n</urlset>\n",
    )
    static = out / "_static"
    templates = static.glob("*-macros.html")
    for file in (*templates, *static.rglob("*.map"), *static.rglob("fontawesome.js*")):
        file.unlink(missing_ok=True)
    shutil.rmtree(static / "vendor" / "fontawesome", ignore_errors=True)
    icons = r"\.fa-[\w-]+:before[^{}]*\{content:[^{}]*\}"  # two in five of all rules
    for style in static.glob("styles/pydata*.css"):
        write_text(style, re.sub(icons, "", style.read_text("utf-8")))


def setup(app: Sphinx) -> dict[str, int]:
    """Register the extension."""
    app.add_transform(Asides)
    app.add_transform(Cells)
    app.add_transform(Equations)
    app.connect("config-inited", configure)
    app.connect("source-read", fill)
    app.connect("env-get-outdated", outdated)
    app.connect("env-updated", retitled)
    app.connect("html-page-context", finish_page, priority=450)
    app.connect("build-finished", finish_site, priority=900)
    source = b"".join(
        Path(m.__file__ or "").read_bytes() for m in (pages, sys.modules[__name__])
    )
    return {
        "parallel_read_safe": True,
        "parallel_write_safe": True,
        "env_version": zlib.crc32(source),  # pages are read anew when this changes
    }


# --- The commands -----------------------------------------------------------------


def build(root: Path, base: Path) -> Path:
    """Build the site of the book in `root`, warnings being errors.

    Returns
    -------
    The folder it was written to, _build/html in `base`.

    Raises
    ------
    SystemExit
        Jupyter Book failed or left out a page; the message ends with the reason.
    """
    out = base / "_build"
    print("Building the site …", flush=True)
    log, failed = io.StringIO(), False
    options = ["--path-output", str(base), "--quiet", "--warningiserror"]
    with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
        try:
            cli(["build", str(root), *options, "--keep-going"], standalone_mode=False)
        except (Exception, SystemExit) as error:
            failed, cause = True, error.__cause__ or error
            print(f"{type(cause).__name__}: {cause}")
    listed = [f"{page}.html" for page in parse_toc_yaml(root / "_toc.yml")]
    missing = [page for page in listed if not (out / "html" / page).exists()]
    if failed or missing:
        # What was read with a warning would otherwise pass unseen next time.
        shutil.rmtree(out / ".doctrees", ignore_errors=True)
        lines = strip_colors(log.getvalue()).splitlines()
        reasons = [x for x in lines if re.search(r"WARNING|ERROR|^[\w.]+Error: .", x)]
        if not failed:
            reasons = [f"no page was built: {page}" for page in missing]
        sys.exit("\n".join(["The site was not built.", *(reasons or lines[-20:])]))
    print(f"{len(listed)} pages. Open {out / 'html' / 'index.html'}")
    return out / "html"


def address(root: Path, url: str, site: str, branch: str) -> list[Path]:
    """Change the addresses of repository and site wherever the book names them.

    Parameters
    ----------
    root : folder of the book; every text file that git tracks there is looked at.
    url, site, branch : such as https://github.com/me/book,
        https://me.github.io/book/ and main.

    Returns
    -------
    The files that were changed.

    Raises
    ------
    ValueError
        An address is not one, or the repository is not on GitHub (Colab's condition).
    """
    if not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", url):
        raise ValueError(f"URL must read https://github.com/OWNER/NAME, not {url!r}")
    if not re.fullmatch(r"https?://[\w.:-]+(/[\w.~-]+)*/", site):
        raise ValueError(f"SITE must be an address that ends with /, not {site!r}")
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)*", branch):
        raise ValueError(f"BRANCH must be the name of a branch, not {branch!r}")
    config = yaml.safe_load((root / "_config.yml").read_text("utf-8"))
    old = config["repository"]["url"], config["html"]["baseurl"]
    old_slug, slug = (urlsplit(x).path.strip("/") for x in (old[0], url))
    branches = (
        (rf"({re.escape(slug)}/(?:blob|tree|edit)/){old_branch}\b", rf"\g<1>{branch}")
        for old_branch in [re.escape(config["repository"]["branch"])]
    )
    patterns = [
        (re.escape(old[1].rstrip("/")), site.rstrip("/")),
        (re.escape(old_slug), slug),
        *branches,
    ]
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True
    )
    changed = []
    for name in filter(None, listed.stdout.split("\0")):
        path = root / name
        try:
            before = path.read_text("utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        after = before
        for pattern, new in patterns:
            after = re.sub(pattern, new, after)
        if name == "_config.yml":
            after = re.sub(r"(?m)^(  branch: ).*$", rf"\g<1>{branch}", after)
        if after != before:
            write_text(path, after)
            changed.append(path)
    return changed


def main(arguments: list[str] | None = None) -> None:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(prog="python -m helpers.book.site")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("build", help="build the site")
    one.add_argument(
        "--base", type=Path, help="folder to make _build in; default: here"
    )
    one = commands.add_parser("address", help="change the addresses, for a fork")
    one.add_argument("--url", required=True)
    one.add_argument("--site", required=True)
    one.add_argument("--branch", default="main")
    commands.add_parser("readme", help="write the table of chapters in README.md")
    commands.add_parser(
        "screenshot", help="take the pictures of README and social cards"
    )
    options = parser.parse_args(arguments)
    root = book_root()
    if options.command == "build":
        build(root, (options.base or root).resolve())
    elif options.command == "address":
        try:
            changed = address(root, options.url, options.site, options.branch)
        except ValueError as error:
            parser.error(str(error))
        print("\n".join(f"changed {path.relative_to(root)}" for path in changed))
    elif options.command == "readme":
        write_text(root / "README.md", pages.readme(root))
    else:
        from helpers.book import browser

        out, static = build(root, root), root / "chapters" / "_static"
        try:
            with browser.launched() as program:
                browser.screenshot(program, out, static / "screenshot.png")
                logo = (static / "favicon.svg").read_text("utf-8")
                browser.draw(program, logo, static / "card.png", 400)
                browser.draw(program, pages.shapes(), static / "card-mini.png", 300)
        except RuntimeError as error:
            sys.exit(str(error))
        print("wrote screenshot.png, card.png and card-mini.png in chapters/_static")


if __name__ == "__main__":
    main()
