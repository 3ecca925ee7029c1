"""What is done to a page when it is written, and to the site when all pages are."""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sphinx.application import Sphinx

from helpers.book import notebooks, pages, templating
from helpers.files import write_text


def finish_page(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Add what a page needs besides its text: links, description, chapter facts."""
    if doctree is None:
        return
    match = re.fullmatch(r"chapters/(\d\d_\w+)", page)
    facts = pages.chapter(match[1], Path(app.srcdir)) if match else None
    _add_links(app, page, context, notebook=facts is not None)
    _describe(context, facts)
    before, root_title = context["prev"], app.env.titles[app.config.root_doc].astext()
    if before and before["title"] == root_title:
        before["title"] = app.config.html_title  # it is long, and the link is not
    body = _frame_symbols(_frame_figures(context["body"]))
    context["body"] = _lighten(body)
    if facts:
        context["body"] = _add_facts(context["body"], facts)


def _add_links(app: Sphinx, page: str, context: dict[str, Any], notebook: bool) -> None:
    """Link the page to the repository, and a chapter to its notebook too."""
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
    if notebook:
        context["colab_url"] = pages.colab_url(repository, branch, str(source))
        download = context["pathto"](f"_sources/{context['sourcename']}", 1)
        context["page_links"].insert(2, ("Download the notebook", download))


def _describe(context: dict[str, Any], facts: pages.Chapter | None) -> None:
    """Give the page one description, for search engines and social cards alike."""
    if facts:
        content = html.escape(facts.summary)
        context["metatags"] += f'<meta name="description" content="{content}">\n'
    found = re.search(r'<meta[^>]*name="description"[^>]*>', context["metatags"])
    if found and (text := re.search(r'content="([^"]*)"', found[0])):
        context["meta"] = dict(context["meta"] or {})
        context["meta"]["og:description"] = html.unescape(text[1])


def _frame_figures(body: str) -> str:
    """Keep figures' places while they load; those after the first wait to be seen.

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

    return re.sub(r"<img\b[^>]*>", image, body)


def _frame_symbols(body: str) -> str:
    """Give maths within lines about the width that it will have once it is set.

    Its source is wider, and a page whose first lines hold much of it would move.
    """

    def framed(match: re.Match[str]) -> str:
        tex = re.sub(r"\\(?:math|operator|text|left|right|hat)\w*|\\[()]", "", match[2])
        seen = re.sub(r"\\[A-Za-z]+|&\w+;", "x", tex)
        narrow = re.findall(r"[_^]\w|[,;.:()|!]", seen)  # each of them half a letter
        wide = re.findall(r"[=+-]|[A-Z]", seen)  # each of them more than one
        letters = len(re.sub(r"[\s{}^_\\]", "", seen))
        width = 0.6 * letters - 0.2 * len(narrow) + 0.55 * len(wide)
        return f'{match[1]} style="--width: {width:.2f}em">{match[2]}</span>'

    inline = r'(<span class="math notranslate nohighlight")>(\\\(.*?\\\))</span>'
    return re.sub(inline, framed, body, flags=re.DOTALL)


def _lighten(body: str) -> str:
    """Take the marks from code words that have the colour of all text: one in two."""
    body = re.sub(r'<span class="[npw]">([^<]*)</span>', r"\1", body)
    return body.replace("<pre><span></span>", "<pre>")


def _add_facts(body: str, facts: pages.Chapter) -> str:
    """Put the chapter's number above its title, and what it needs below."""
    title = re.search(r"<h1>.*?</h1>", body, re.DOTALL)
    assert title, f"{facts.stem} has no title"
    framed = templating.render("title.html", title=title[0], chapter=facts)
    return body.replace(title[0], framed, 1)


def choose_assets(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Drop what the book does not use; no page waits for a script to be painted.

    Styles are joined into one file at the end (`_join_styles`).
    """
    context["css_files"] = []
    scripts = [x for x in context["script_files"] if not _unused(x)]
    context["script_files"] = scripts
    if page == "search":  # it has inline scripts, which need the others at once
        for script in scripts:
            script.attributes.pop("defer", None)
        return
    scripts[:] = [x for x in scripts if not _sets_option(x)]
    for script in scripts:
        if script.filename:
            script.attributes["defer"] = "defer"


def _unused(asset: Any) -> bool:
    """Say whether a script or style belongs to what the book does not use."""
    text = f"{getattr(asset, 'filename', None)} {asset.attributes.get('body')}"
    return bool(re.search("thebe|toggle|design", text, re.IGNORECASE))


def _sets_option(script: Any) -> bool:
    """Say whether a script stands in the page and sets what only the search reads."""
    return "DOCUMENTATION_OPTIONS." in (script.attributes.get("body") or "")


def finish_site(app: Sphinx, error: Exception | None) -> None:
    """Write the front door and the site map; drop assets that no page uses."""
    if error or app.builder.name != "html":
        return
    out = Path(app.outdir)
    values = {
        "title": app.config.html_title,
        "home": app.config.html_baseurl,
        "root": app.config.root_doc,
        "pages": sorted(app.env.found_docs),
    }
    for name, template in (("index.html", "door.html"), ("sitemap.xml",) * 2):
        write_text(out / name, templating.render(template, **values))
    styles = sorted(vars(app.builder)["_css_files"], key=lambda style: style.priority)
    names = [str(x.filename) for x in styles if x.filename and not _unused(x)]
    numbers = _numbers(notebooks.chapters(Path(app.srcdir)))
    _join_styles(out / "_static", names, numbers)
    _drop_assets(out / "_static")


def _numbers(chapters: list[str]) -> str:
    """The rules that give a chapter its number in the side bar, not its place there."""
    item = "nav.bd-links p.caption + ul.bd-sidenav:nth-of-type(1) > li"
    return "\n".join(
        f'{item}:nth-child({place}) > a::before {{ content: "{int(chapter[:2])}"; }}'
        for place, chapter in enumerate(chapters, 1)
    )


def _join_styles(static: Path, names: list[str], more: str) -> None:
    """Make the one style sheet of all pages: one request, nothing that is not used."""
    files = ["basic.css", "styles/pydata-sphinx-theme.css"]
    files += [name.split("?")[0].removeprefix("_static/") for name in names]
    text = "\n".join((static / name).read_text("utf-8") for name in files)
    icons = r"\.fa-[\w-]+:before[^{}]*\{content:[^{}]*\}"  # two in five of all rules
    text = re.sub(rf"/\*.*?\*/|{icons}", "", text, flags=re.DOTALL)
    write_text(static / "book.css", f"{text}\n{more}\n")


def _drop_assets(static: Path) -> None:
    """Delete what was joined, and what no page uses."""
    patterns = "*-macros.html **/*.map **/*.css **/fontawesome.js* *thebe* *toggle*"
    found = {file for pattern in patterns.split() for file in static.glob(pattern)}
    for file in found - {static / "book.css"}:
        file.unlink()
    shutil.rmtree(static / "vendor" / "fontawesome", ignore_errors=True)
