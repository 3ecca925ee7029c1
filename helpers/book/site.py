"""The commands that make the site: build it, give it another address, picture it."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from jupyter_book.cli.main import main as jupyter_book  # type: ignore[import-untyped]
from sphinx.util.console import strip_colors
from sphinx_external_toc.parsing import parse_toc_yaml

from helpers.book import browser, pages
from helpers.files import write_text


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
    command = ["build", str(root), *options, "--keep-going"]
    with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
        try:
            jupyter_book(command, standalone_mode=False)
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
    patterns = _replacements(config, url, site, branch)
    changed = []
    for path in _tracked(root):
        try:
            before = path.read_text("utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        after = before
        for pattern, new in patterns:
            after = re.sub(pattern, new, after)
        if path == root / "_config.yml":
            after = re.sub(r"(?m)^(  branch: ).*$", rf"\g<1>{branch}", after)
        if after != before:
            write_text(path, after)
            changed.append(path)
    return changed


def _replacements(
    config: dict[str, Any], url: str, site: str, branch: str
) -> list[tuple[str, str]]:
    """Patterns of the addresses in `_config.yml`, and what to put in their places."""
    home, old_url = config["html"]["baseurl"], config["repository"]["url"]
    old_slug, slug = (urlsplit(x).path.strip("/") for x in (old_url, url))
    old_branch = re.escape(config["repository"]["branch"])
    link = rf"({re.escape(slug)}/(?:blob|tree|edit)/){old_branch}\b"
    return [
        (re.escape(home.rstrip("/")), site.rstrip("/")),
        (re.escape(old_slug), slug),
        (link, rf"\g<1>{branch}"),
    ]


def _tracked(root: Path) -> Iterator[Path]:
    """The files that git tracks in a folder."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True
    )
    yield from (root / name for name in listed.stdout.split("\0") if name)


def write_readme(root: Path) -> None:
    """Write the table of chapters in README.md; raises as `pages.readme` does."""
    write_text(root / "README.md", pages.readme(root))


def screenshot(root: Path) -> list[Path]:
    """Take the pictures of README and of social cards, of the site built afresh.

    Returns
    -------
    The files written, in chapters/_static.

    Raises
    ------
    RuntimeError
        There is no Chromium on this machine.
    """
    static = root / "chapters" / "_static"
    picture, card, mini = (
        static / f"{name}.png" for name in ("screenshot", "card", "card-mini")
    )
    with browser.launched() as program:
        browser.screenshot(program, build(root, root), picture)
        logo = (static / "favicon.svg").read_text("utf-8")
        browser.draw(program, logo, card, 400)
        browser.draw(program, pages.shapes(), mini, 300)
    return [picture, card, mini]
