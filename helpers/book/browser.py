"""A browser and a web server on this machine, for the site's tests and its picture."""

from __future__ import annotations

import functools
import gzip
import http.server
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
COMPRESSED = {".html", ".css", ".js", ".json", ".svg", ".xml", ".txt", ".ipynb"}


def chromium() -> str | None:
    """Find Chromium or Chrome: $CHROMIUM, else on the path; None when there is none."""
    named = os.environ.get("CHROMIUM")
    candidates = [named] if named else COMMANDS
    return next(filter(None, map(shutil.which, candidates)), None)


def flags() -> list[str]:
    """Chromium's flags here: only root must do without the sandbox."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*FLAGS, "--no-sandbox"] if root else FLAGS


@contextmanager
def launched() -> Iterator[Any]:
    """A headless browser, as Playwright's `Browser`; closed at the end.

    Raises
    ------
    RuntimeError
        There is no Chromium on this machine.
    """
    from playwright.sync_api import sync_playwright

    path = chromium()
    if path is None:
        raise RuntimeError(
            "no Chromium was found; install the package chromium, or name the program "
            "in $CHROMIUM"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags())
        with closing(browser):
            yield browser


@functools.lru_cache(maxsize=64)
def _compressed(file: Path, changed: int) -> bytes:
    """The file, as packed once: a host's work, not to be counted as the page's."""
    return gzip.compress(file.read_bytes(), 6)


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder under a prefix as a web host does: gzip, and 404.html."""

    protocol_version = "HTTP/1.1"
    prefix = "/"

    def do_GET(self) -> None:
        found = self.find()
        file = found or Path(self.directory, "404.html")
        if not file.is_file():
            self.send_error(404)
            return
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", self.guess_type(file))
        if file.suffix in COMPRESSED:
            body = _compressed(file, file.stat().st_mtime_ns)
            self.send_header("Content-Encoding", "gzip")
        else:
            body = file.read_bytes()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def find(self) -> Path | None:
        """The file of the folder that is asked for, if there is one."""
        path = unquote(urlsplit(self.path).path)
        root = Path(self.directory).resolve()
        try:
            file = (root / path.removeprefix(self.prefix)).resolve()
            file = file / "index.html" if file.is_dir() else file
            inside = path.startswith(self.prefix) and file.is_relative_to(root)
            return file if inside and file.is_file() else None
        except (OSError, ValueError):  # too long, or with a null byte
            return None

    def log_message(self, *arguments: Any) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    """Does not mind a browser that has left."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def served(folder: Path, prefix: str = "/") -> Iterator[str]:
    """Serve a folder on a free port of localhost; yields the address, ending in /."""

    class Handler(_Handler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(folder))

    Handler.prefix = prefix
    with _Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{prefix}"
        finally:
            server.shutdown()


def screenshot(program: Any, site: Path, picture: Path) -> None:
    """Take the picture of README: the landing page of a built site.

    Parameters
    ----------
    program : the browser, as `launched` gives it.
    site, picture : the folder of the HTML, and the PNG file to write.
    """
    size = {"width": 1280, "height": 800}
    with served(site) as address, closing(program.new_page(viewport=size)) as page:
        page.emulate_media(reduced_motion="reduce", color_scheme="light")
        page.goto(f"{address}chapters/index.html", wait_until="networkidle")
        page.screenshot(path=picture)


def draw(program: Any, svg: str, picture: Path, width: int) -> None:
    """Draw an SVG as a PNG file on white, `width` pixels wide."""
    style = f"body {{ margin: 0 }} svg {{ display: block; width: {width}px }}"
    size = {"width": width, "height": width}
    with closing(program.new_page(viewport=size)) as page:
        page.set_content(f"<style>{style}</style>{svg}")
        page.locator("svg").screenshot(path=picture)
