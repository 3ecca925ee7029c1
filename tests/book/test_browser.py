"""The site in a real browser: offline, accessible, fast, on every width.

Every page gets the small set of checks. The full set takes long: it goes to the pages of
`ALWAYS`, and to the others when they have changed since they passed it. With FRESH=1
every page gets it.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from sphinx_external_toc.parsing import parse_toc_yaml

from helpers.book import browser, notebooks
from helpers.files import write_text
from tests.conftest import ROOT

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text())
PREFIX = urlsplit(CONFIG["html"]["baseurl"]).path
TOC = [f"{page}.html" for page in parse_toc_yaml(ROOT / "_toc.yml")]
CHAPTERS = [f"chapters/{stem}.html" for stem in notebooks.chapters()]
PAGES = [*TOC, "search.html", "404.html"]
LONGEST = max(
    CHAPTERS, key=lambda page: (ROOT / page).with_suffix(".md").stat().st_size
)
ALWAYS = {TOC[0], "chapters/results.html", LONGEST, "search.html", "404.html"}
MEMORY = ROOT / "_build" / "pages.json"  # page: digest of what passed the full set
WIDTHS = (1440, 768, 360)
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


class Window:
    """One tab without a network: only the served site can be reached."""

    def __init__(self, chromium: Any, home: str) -> None:
        self.home = home
        self.context = chromium.new_context(
            viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
        )
        self.context.route("**/*", self._guard)
        self.page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.faults: list[str] = []

    def _guard(self, route: Any) -> None:
        url = route.request.url
        if url.startswith((self.home, "data:", "blob:")):
            route.continue_()
        else:
            self.faults.append(f"foreign request: {url}")
            route.abort()

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text} {message.location['url']}")

    def visit(self, path: str, whole: bool = True) -> Any:
        """Open a page in the light, wide, and wait until its equations are set.

        `whole` lays all of it out: else what is not on the screen waits, and hides
        what sticks out of it.
        """
        self.page.goto("about:blank")  # else the focus may be kept
        self.faults.clear()
        self.page.set_viewport_size({"width": 1440, "height": 900})
        self.page.emulate_media(color_scheme="light")
        self.page.goto(self.home + path)
        self.page.wait_for_load_state("networkidle")
        self.page.evaluate("() => window.MathJax?.startup?.promise")
        if whole:
            style = "section { content-visibility: visible !important; }"
            self.page.add_style_tag(content=style)
        return self.page

    def show(self, body: str) -> Any:
        """Put a body of HTML in place of the page's article."""
        self.page.evaluate(
            "body => document.querySelector('article').innerHTML = body", body
        )
        self.page.wait_for_timeout(200)
        return self.page


@pytest.fixture(scope="module")
def window(chromium: Any, built: Path) -> Iterator[Window]:
    with browser.served(built, PREFIX) as home:
        window = Window(chromium, home)
        yield window
        window.context.close()


@pytest.fixture(scope="module")
def small(chromium: Any, specimen: Path) -> Iterator[Window]:
    """The book of one chapter that has everything wide in it."""
    with browser.served(specimen, PREFIX) as home:
        window = Window(chromium, home)
        yield window
        window.context.close()


# --- Checks ------------------------------------------------------------------------


def axe_faults(page: Any, only_colours: bool = False) -> list[str]:
    """Serious and critical violations that axe-core finds.

    Of the thousands of words of code it looks at one of each kind on a page: they are
    what takes its time, and their colours come from one style sheet.
    """
    page.evaluate(
        """() => {
          const seen = new Set();
          for (const word of document.querySelectorAll('pre span')) {
            const output = word.closest('.cell_output') !== null;
            const kind = `${word.className} ${output}`;
            if (seen.has(kind)) word.style.display = 'contents';
            seen.add(kind);
          }
        }"""
    )
    rules = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
    tags = {"type": "tag", "values": AXE_TAGS}
    options = {
        "resultTypes": ["violations"],
        "runOnly": rules if only_colours else tags,
    }
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{x['id']}: {x['nodes'][0]['html'][:160]} {x['nodes'][0]['failureSummary']}"
        for x in found
        if x["impact"] in ("serious", "critical")
    ]


def overflow(page: Any) -> list[str]:
    """What sticks out of the page to the right, when the page can be scrolled there."""
    return page.evaluate(
        """() => {
          const wide = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= wide) return [];
          return [...document.querySelectorAll('main *')]
            .filter(e => e.getBoundingClientRect().right > wide + 1)
            .slice(0, 3).map(e => e.outerHTML.slice(0, 120)).concat('the page');
        }"""
    )


def cut_off(page: Any) -> list[str]:
    """Code, tables and equations of which a part can be neither seen nor scrolled to."""
    return page.evaluate(
        """() => [...document.querySelectorAll(
            'article :is(pre, table, mjx-container[display=true])')]
          .filter(e => e.checkVisibility())
          .filter(e => {
            const left = e.getBoundingClientRect().left;
            for (let b = e; b.tagName != 'ARTICLE'; b = b.parentElement) {
              if (b.scrollWidth <= b.clientWidth + 1) continue;
              const x = getComputedStyle(b).overflowX;
              if (['hidden', 'clip'].includes(x)) return true;
              if (x == 'visible') continue;
              const start = b.getBoundingClientRect().left - b.scrollLeft;
              return left < start - 1 || b.tabIndex < 0;
            }
            const box = document.querySelector('article').getBoundingClientRect();
            return left < box.left - 1 || e.getBoundingClientRect().right > box.right + 1;
          }).map(e => e.outerHTML.slice(0, 120))"""
    )


def keyboard_faults(page: Any) -> list[str]:
    """What cannot be reached, seen or worked without a mouse."""
    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.textContent")
    faults = [] if first == "Skip to main content" else [f"the first stop is {first!r}"]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    if not page.evaluate("document.activeElement.closest('main') !== null"):
        faults.append("the link to the content does not lead there")
    faults += page.evaluate(
        """() => [...document.querySelectorAll('article :is(a[href], button, summary)')]
          .filter(e => e.checkVisibility({visibilityProperty: true}))
          .filter(e => {
            e.focus({preventScroll: true});
            const {outlineStyle} = getComputedStyle(e);
            return e.tabIndex < 0 || document.activeElement != e || outlineStyle != 'solid';
          }).map(e => e.outerHTML.slice(0, 120))"""
    )
    page.keyboard.press("Control+k")
    if page.evaluate("document.activeElement.type") != "search":
        faults.append("Ctrl+K does not lead to the search")
    page.keyboard.press("Escape")
    return faults


class Load(NamedTuple):
    """What loading a page cost: seconds to the largest paint, shift, megabytes."""

    paint: float
    shift: float
    megabytes: float


def load(chromium: Any, url: str) -> Load:
    """Load a page afresh, the processor four times slower than it is."""
    context = chromium.new_context(viewport={"width": 412, "height": 823})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    urls: dict[str, str] = {}
    sizes: dict[str, float] = {}
    session.on(
        "Network.responseReceived",
        lambda event: urls.update({event["requestId"]: event["response"]["url"]}),
    )
    session.on(
        "Network.loadingFinished",
        lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}),
    )
    page.add_init_script(
        """window.paint = 0; window.shift = 0;
        new PerformanceObserver(list => list.getEntries().forEach(
          e => window.paint = e.startTime)).observe(
          {type: 'largest-contentful-paint', buffered: true});
        new PerformanceObserver(list => list.getEntries().forEach(
          e => window.shift += e.value)).observe(
          {type: 'layout-shift', buffered: true});"""
    )
    page.goto(url)
    page.wait_for_load_state("networkidle")
    page.evaluate("() => window.MathJax?.startup?.promise")
    page.wait_for_timeout(300)
    paint, shift = page.evaluate("[window.paint / 1000, window.shift]")
    # figures further down load when they are scrolled to: they count as well
    page.evaluate(
        "document.querySelectorAll('img').forEach(image => image.loading = 'eager')"
    )
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    context.close()
    size = sum(size for key, size in sizes.items() if "/mathjax/" not in urls[key])
    return Load(paint, shift, size / 1e6)


def speed_faults(loads: list[Load]) -> list[str]:
    """What any load of a page cost too much, but for time, of which the least counts."""
    megabytes, shift = max(x.megabytes for x in loads), max(x.shift for x in loads)
    faults = [f"{megabytes:.2f} MB"] if megabytes > 1.5 else []
    return faults + ([f"the text shifts by {shift:.2f}"] if shift > 0.1 else [])


# --- The small set, for every page -------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_and_quiet(window: Window, path: str) -> None:
    page = window.visit(path)
    assert page.locator("article h1, .bd-search-container h1").count() == 1
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(400)  # until the scripts have looked at the new width
        found[f"overflow at {width}"] = overflow(page)
        found[f"cut off at {width}"] = cut_off(page)
    raw = page.locator("mjx-merror, .MathJax_Error").count()
    found["equations"] = [f"{raw} that cannot be set"] if raw else []
    found["browser"] = window.faults
    assert {name: faults for name, faults in found.items() if faults} == {}


# --- The full set ------------------------------------------------------------------


def digest(site: Path, path: str) -> str:
    """Hash what a page is made of, and these tests: what passed stays passed."""
    static = site / "_static"
    parts = (site / path, static / "book.css", static / "site.js", Path(__file__))
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()


def passed() -> dict[str, str]:
    """The digests of the pages that passed; none where nothing whole was kept."""
    try:
        return dict(json.loads(MEMORY.read_text("utf-8")))
    except (OSError, ValueError):
        return {}


def is_due(site: Path, path: str) -> bool:
    """Say whether a page must get the full set."""
    fresh = os.environ.get("FRESH") == "1"
    return fresh or path in ALWAYS or passed().get(path) != digest(site, path)


def remember(site: Path, path: str) -> None:
    """Keep that a page passed the full set as it is."""
    pages = {**passed(), path: digest(site, path)}
    write_text(MEMORY, json.dumps(pages, indent=1, sort_keys=True) + "\n")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_fast_and_works_by_keyboard(
    chromium: Any, window: Window, built: Path, path: str
) -> None:
    if not is_due(built, path):
        pytest.skip(
            f"{path} has not changed since it passed the full set (FRESH=1: all)"
        )
    found = {"keyboard": keyboard_faults(window.visit(path))}
    page = window.visit(path)
    page.set_viewport_size({"width": 360, "height": 800})
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.theme == 'dark'")
    found["axe, dark, phone"] = axe_faults(page, only_colours=True)
    page.set_viewport_size({"width": 1440, "height": 800})
    page.emulate_media(color_scheme="light")
    page.wait_for_function("document.documentElement.dataset.theme == 'light'")
    found["axe, light, wide"] = axe_faults(page)
    loads = [load(chromium, window.home + path)]
    while loads[-1].paint > 1.5 and len(loads) < 8:  # other work can only slow it
        loads.append(load(chromium, window.home + path))
    found["speed"] = speed_faults(loads)
    assert {name: faults for name, faults in found.items() if faults} == {}
    paint, busy = min(x.paint for x in loads), os.getloadavg()[0]
    if paint > 1.5 and busy > 2 * (os.cpu_count() or 1):
        pytest.skip(f"painted after {paint:.1f} s on a busy machine (load {busy:.0f})")
    assert 0 < paint <= 1.5
    remember(built, path)


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site of one page, and nothing remembered."""
    monkeypatch.setattr(f"{__name__}.MEMORY", tmp_path / "_build" / "pages.json")
    monkeypatch.delenv("FRESH", raising=False)
    (tmp_path / "_static").mkdir()
    for name in ("a.html", "b.html", TOC[0], "_static/book.css", "_static/site.js"):
        write_text(tmp_path / name, name)
    return tmp_path


def test_a_page_that_passed_is_not_due_until_it_changes(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_due(memory, "a.html")
    remember(memory, "a.html")
    remember(memory, "b.html")
    assert not is_due(memory, "a.html")
    write_text(memory / "a.html", "changed")
    assert is_due(memory, "a.html")
    assert not is_due(memory, "b.html")
    write_text(memory / "_static" / "book.css", "changed")
    assert is_due(memory, "b.html")
    remember(memory, "b.html")
    monkeypatch.setenv("FRESH", "1")
    assert is_due(memory, "b.html")


def test_the_landing_page_is_always_due_and_a_torn_memory_forgets(memory: Path) -> None:
    remember(memory, TOC[0])
    assert is_due(memory, TOC[0])
    remember(memory, "a.html")
    write_text(MEMORY, MEMORY.read_text()[:20])
    assert is_due(memory, "a.html")


# --- What the two sets reject ------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "body"),
    [
        (overflow, '<div style="width: 3000px; height: 9px"></div>'),
        (cut_off, f"<h1>a</h1><pre style='overflow: hidden'>{'wide ' * 200}</pre>"),
        (
            cut_off,
            "<h1>a</h1><div style='display: flex; justify-content: center; overflow: "
            "auto' tabindex=0><table><tr><td style='min-width: 3000px'></table></div>",
        ),
        (axe_faults, '<h1>a</h1><p style="color: #bbb; background: #ccc">pale</p>'),
        (axe_faults, '<h1>a</h1><pre><span style="color: #ddd">x = 1</span></pre>'),
        (axe_faults, '<h1>a</h1><img src="../_static/card.png">'),
        (axe_faults, "<h1>a</h1><button></button>"),
        (keyboard_faults, '<h1>a</h1><a href="#main-content" tabindex="-1">b</a>'),
        (
            keyboard_faults,
            '<h1>a</h1><a href="#b" style="outline: none !important">b</a>',
        ),
    ],
)
def test_a_bad_page_is_rejected(small: Window, check: Any, body: str) -> None:
    page = small.visit("chapters/instructors.html")
    assert check(page) == []
    page = small.visit("chapters/instructors.html")
    assert check(small.show(body))


@pytest.mark.parametrize(
    ("check", "body"),
    [
        (overflow, '<div style="width: 3000px; height: 9px"></div>'),
        (axe_faults, '<p style="color: #bbb; background: #ccc">pale</p>'),
    ],
)
def test_a_fault_far_down_a_page_is_rejected(
    small: Window, check: Any, body: str
) -> None:
    far = f"<section><h1>a</h1><section><h2>b</h2><p style='height: 9000px'></section><section><h2>c</h2>{body}"
    small.visit("chapters/instructors.html")
    assert check(small.show(far))


def test_a_foreign_request_and_a_console_error_are_noticed(small: Window) -> None:
    small.visit("chapters/instructors.html")
    assert small.faults == []
    small.show('<img src="https://example.org/a.png" alt="">')
    assert any(x == "foreign request: https://example.org/a.png" for x in small.faults)
    small.faults.clear()
    small.show('<img src="missing.png" alt="">')
    assert any(x.startswith("console: ") for x in small.faults)


def test_a_wide_equation_shrinks_on_paper(small: Window) -> None:
    page = small.visit("chapters/01_specimen.html")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 642, "height": 900})
    assert overflow(page) != []
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert overflow(page) == []
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")


def test_the_specimen_with_everything_wide_fits_a_phone(small: Window) -> None:
    page = small.visit("chapters/01_specimen.html")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(400)
        assert overflow(page) == []
        assert cut_off(page) == []
    wide = "article :is(pre, div.math, .pst-scrollable-table-container)"
    scrolling = page.locator(wide).evaluate_all(
        "all => all.filter(e => e.scrollWidth > e.clientWidth + 1 && !e.tabIndex).length"
    )
    assert scrolling >= 4  # an equation, a table, a line of code, a line of output
    assert axe_faults(page) == []


def test_a_slow_page_is_noticed(chromium: Any, tmp_path: Path) -> None:
    (tmp_path / "big.bin").write_bytes(b"\0" * 1_600_000)
    (tmp_path / "page.html").write_text(
        "<p id=a style='margin: 0'>one</p><p>two three four</p>"
        "<script>fetch('big.bin'); setTimeout(() => { document.getElementById('a').style.marginTop = "
        "'300px'; }, 100); const end = performance.now() + 2000;"
        "while (performance.now() < end);</script>"
    )
    with browser.served(tmp_path) as home:
        slow = load(chromium, home + "page.html")
    assert slow.megabytes > 1.5
    assert slow.shift > 0.1
    assert slow.paint > 1.5
    assert len(speed_faults([slow])) == 2


# --- What a reader does ------------------------------------------------------------


def test_search_finds_a_chapter_offline(window: Window) -> None:
    page = window.visit("search.html?q=recurrent")
    page.wait_for_selector("#search-results li a")
    links = page.locator("#search-results li a").evaluate_all(
        "all => all.map(a => a.href)"
    )
    assert any("chapters/01_" in link for link in links)
    assert axe_faults(page) == []
    assert window.faults == []


def test_the_keyboard_reaches_everything(small: Window) -> None:
    page = small.visit("chapters/01_specimen.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    summary = page.locator(".tag_solution summary")
    summary.focus()
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"
    for expected in (True, False):
        page.keyboard.press("Enter")
        assert page.locator(".tag_solution details").evaluate("e => e.open") is expected
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.type") == "search"
    page.keyboard.press("Escape")
    page.locator(".theme-switch-button").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.evaluate("localStorage.clear()")


def test_the_menu_opens_on_a_phone_and_closes(window: Window) -> None:
    page = window.visit(CHAPTERS[0])
    page.set_viewport_size({"width": 360, "height": 740})
    page.locator(".primary-toggle").click()
    page.wait_for_selector("#pst-primary-sidebar-modal[open] nav a")
    assert axe_faults(page) == []
    page.keyboard.press("Escape")
    assert not page.locator("#pst-primary-sidebar-modal").evaluate("e => e.open")


def test_nothing_moves_for_those_who_asked_for_it(
    chromium: Any, window: Window
) -> None:
    moving = "document.getAnimations().filter(a => a.playState == 'running').length"
    page = window.visit(TOC[0])
    assert page.evaluate(moving) == 0
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(moving) > 0
    page.emulate_media(reduced_motion="reduce")


def test_a_lost_reader_finds_back(window: Window) -> None:
    page = window.visit("chapters/no-such-page.html")
    assert page.locator("article h1").inner_text()
    assert [x for x in window.faults if "404" not in x] == []
    assert axe_faults(page) == []
    page.locator("article a").first.click()
    page.wait_for_url(f"{window.home}chapters/*")
    assert page.locator("article h1").inner_text().startswith("Unrolled")


def test_the_front_door_leads_to_the_landing_page(window: Window) -> None:
    page = window.visit("")
    page.wait_for_url(f"{window.home}{TOC[0]}")


def test_the_site_works_from_a_folder(chromium: Any, built: Path) -> None:
    faults: list[str] = []
    page = chromium.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("requestfailed", lambda request: faults.append(request.url))
    page.goto((built / CHAPTERS[0]).as_uri())
    page.evaluate("() => window.MathJax.startup.promise")
    assert page.locator("mjx-container").count() > 0
    assert page.evaluate("document.fonts.check('16px \"Source Serif 4\"')")
    assert faults == []
    page.close()


def test_a_link_to_a_section_leads_there(window: Window) -> None:
    page = window.visit(LONGEST, whole=False)
    below = "article > section > section ~ section"
    assert page.locator(below).first.evaluate(
        "e => getComputedStyle(e).contentVisibility == 'auto'"
    )
    ids = page.locator(f"{below}, {below} section").evaluate_all(
        "all => all.map(e => e.id)"
    )
    for name in (ids[len(ids) // 2], ids[-1]):
        page = window.visit(f"{LONGEST}#{name}", whole=False)
        page.wait_for_timeout(500)
        heading = page.locator(f"[id='{name}'] > :is(h2, h3)").first
        top = heading.evaluate("e => e.getBoundingClientRect().top")
        room = page.evaluate(
            "document.documentElement.scrollHeight - innerHeight - scrollY"
        )
        assert 0 <= top < 200 or (top > 0 and room < 2), name


def test_the_browser_finds_words_far_down_the_page(window: Window) -> None:
    page = window.visit(LONGEST, whole=False)
    last = page.locator("article > section > section").last.locator("p, li").last
    words = " ".join(last.text_content().split()[:4])
    assert page.evaluate("words => window.find(words)", words)
    assert page.evaluate("scrollY") > 2000


def test_a_chapter_prints_clean(window: Window, tmp_path: Path) -> None:
    page = window.visit(CHAPTERS[0], whole=False)
    page.emulate_media(media="print", color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.theme == 'dark'")
    page.set_viewport_size({"width": 642, "height": 900})  # the text of an A4 page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    furniture = (
        ".bd-sidebar-primary, .bd-sidebar-secondary, .bd-header-article, .copybtn, "
        ".page-links, .prev-next-footer, .headerlink"
    )
    colours = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(colours) == "rgb(255, 255, 255)"
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert page.locator(furniture).count() > 3
    assert page.locator(furniture).filter(visible=True).count() == 0
    assert page.locator("article h1").is_visible()
    assert overflow(page) == []
    sections = page.locator("article > section > section")
    assert sections.count() > 3
    lazy = "all => all.filter(e => getComputedStyle(e).contentVisibility != 'visible')"
    assert sections.evaluate_all(lazy) == []
    pdf = page.pdf(path=tmp_path / "chapter.pdf", format="A4")
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") >= 2
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.emulate_media(media="screen")


def test_the_picture_of_the_readme_shows_the_site(
    chromium: Any, built: Path, tmp_path: Path
) -> None:
    path = tmp_path / "picture.png"
    browser.screenshot(chromium, built, path)
    assert path.stat().st_size <= 300_000
    image = Image.open(path)
    assert image.size == (1280, 800)
    assert len(image.convert("RGB").getcolors(10**6) or []) > 200


# --- The page server and the browser's start ---------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to serve, with a secret beside it and a link that leads out of it."""
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "site"
    folder.mkdir()
    for name in ("page.html", "index.html", "404.html", "two words.txt"):
        (folder / name).write_text(name)
    (folder / "way-out.txt").symlink_to(tmp_path / "secret.txt")
    return folder


def status(home: str, path: str) -> int:
    """What the server answers to a path just as it is written."""
    connection = http.client.HTTPConnection(urlsplit(home).netloc, timeout=5)
    connection.request("GET", path)
    return connection.getresponse().status


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "/etc/hostname",
        "a/../../secret.txt",
        "%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "%2fetc/hostname",
        "way-out.txt",
        "%00",
        "a" * 5000,
    ],
)
def test_the_server_stays_in_its_folder(folder: Path, path: str) -> None:
    with browser.served(folder, "/unrolled/") as home:
        assert status(home, f"/unrolled/{path}") == 404


def test_the_server_finds_what_is_there(folder: Path) -> None:
    with browser.served(folder, "/unrolled/") as home:
        for path in ("", "page.html", "page.html?q=1", "two%20words.txt"):
            assert status(home, f"/unrolled/{path}") == 200
        assert status(home, "/page.html") == 404
        (folder / "404.html").unlink()
        assert status(home, "/unrolled/lost.html") == 404


def test_the_server_closes_when_its_block_fails(folder: Path) -> None:
    with pytest.raises(ZeroDivisionError), browser.served(folder) as home:
        raise ZeroDivisionError
    with pytest.raises(ConnectionRefusedError), socket.socket() as client:
        client.connect(("127.0.0.1", urlsplit(home).port))


@pytest.fixture
def playwright(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A Playwright that starts nothing: `flags` it was given, whether it was `closed`."""
    said = SimpleNamespace(flags=[], closed=False)

    def launch(executable_path: str, args: list[str]) -> SimpleNamespace:
        said.flags = args
        return SimpleNamespace(close=lambda: setattr(said, "closed", True))

    @contextmanager
    def started() -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(chromium=SimpleNamespace(launch=launch))

    monkeypatch.setattr("playwright.sync_api.sync_playwright", started)
    monkeypatch.setattr(browser, "chromium", lambda: "/bin/chromium")
    return said


def test_the_browser_closes_when_its_block_fails(playwright: SimpleNamespace) -> None:
    with pytest.raises(ZeroDivisionError), browser.launched():
        _ = 1 / 0
    assert playwright.closed


@pytest.mark.parametrize(("user", "bare"), [(0, True), (1000, False)])
def test_only_root_does_without_the_sandbox(
    playwright: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, user: int, bare: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    with browser.launched():
        assert ("--no-sandbox" in playwright.flags) is bare


def test_the_side_bar_gives_each_chapter_its_own_number(window: Window) -> None:
    page = window.visit(CHAPTERS[-1])
    shown = page.locator("nav.bd-links ul.bd-sidenav").first.locator("> li > a")
    numbers = shown.evaluate_all(
        "all => all.map(a => getComputedStyle(a, '::before').content)"
    )
    assert numbers == [f'"{int(stem[:2])}"' for stem in notebooks.chapters()]
