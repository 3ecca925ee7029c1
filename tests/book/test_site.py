"""The built pages as files: links, figures, descriptions, addresses."""

import itertools
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document
from PIL import Image
from sphinx_external_toc.parsing import parse_toc_yaml

from helpers.book import notebooks, pages, site, transforms
from tests.conftest import ROOT, specimen_book

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text())
REPOSITORY, BRANCH = CONFIG["repository"]["url"], CONFIG["repository"]["branch"]
SITE = CONFIG["html"]["baseurl"]
PREFIX = urlsplit(SITE).path
TOC = [f"{page}.html" for page in parse_toc_yaml(ROOT / "_toc.yml")]
CHAPTERS = [f"chapters/{stem}.html" for stem in notebooks.chapters()]


def soup(path: Path) -> Any:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def tracked() -> set[str]:
    """The files under version control; in a downloaded copy, all files."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 0:
        return set(done.stdout.splitlines())
    return {str(path.relative_to(ROOT)) for path in ROOT.rglob("*")}


# --- Checks, each with a page that it rejects --------------------------------------


def broken_links(folder: Path) -> list[str]:
    """Links, anchors and assets of the site's pages that lead nowhere."""
    html = {path: soup(path) for path in folder.rglob("*.html")}
    anchors = {
        path: {tag["id"] for tag in page.find_all(id=True)}
        for path, page in html.items()
    }
    faults = []
    for path, page in html.items():
        for tag in page.find_all(["a", "link", "script", "img", "source", "iframe"]):
            if "canonical" in tag.get("rel", []):
                continue
            link = tag.get("href") or tag.get("src")
            parts = urlsplit(link or "")
            if not link or parts.scheme or parts.netloc:
                continue
            target = path
            if parts.path.startswith(PREFIX):
                target = folder / unquote(parts.path).removeprefix(PREFIX)
            elif parts.path:
                target = (path.parent / unquote(parts.path)).resolve()
            if target.is_dir():
                target /= "index.html"
            lost = not target.is_file()
            if not lost and parts.fragment and target.suffix == ".html":
                lost = parts.fragment not in anchors.get(target, ()) and tag.name == "a"
            if lost:
                faults.append(f"{path.relative_to(folder)}: {link}")
    return faults


def foreign_assets(page: Any) -> list[str]:
    """What a browser would fetch from elsewhere while showing a page."""
    tags = page.find_all(["script", "img", "iframe", "source", "video", "audio"])
    tags += page.find_all("link", rel=["stylesheet", "preload", "icon", "preconnect"])
    links = [tag.get("src") or tag.get("href") or "" for tag in tags]
    return [link for link in links if urlsplit(link).netloc]


def figure_faults(page: Any) -> list[str]:
    """Figures without a real alternative text, or whose place is not kept."""
    faults = []
    for image in page.select("article img"):
        name = Path(image["src"]).stem
        alt = image.get("alt", "")
        if len(alt) < 12 or alt in (name, image["src"]) or "_images" in alt:
            faults.append(f'{name}: alternative text "{alt}"')
        if not (image.get("width") and image.get("height")):
            faults.append(f"{name}: no width and height")
    return faults


def heading_faults(page: Any) -> list[str]:
    """Headings that skip a level, and pages that do not have one main heading."""
    headings = page.select("article :is(h1, h2, h3, h4, h5, h6)")
    levels = [int(heading.name[1]) for heading in headings]
    faults = [] if levels.count(1) == 1 else [f"{levels.count(1)} main headings"]
    for heading, before, level in zip(headings, [0, *levels], levels, strict=False):
        if level > before + 1:
            faults.append(f"h{before} to h{level}: {heading.get_text()}")
    return faults


def meta(page: Any, name: str) -> str:
    tag = page.find("meta", attrs={"name": name}) or page.find("meta", property=name)
    return tag.get("content", "") if tag else ""


def colab_faults(page: Any, known: set[str]) -> list[str]:
    """Colab buttons that do not open a tracked notebook of the configured branch."""
    slug = urlsplit(REPOSITORY).path.strip("/")
    start = f"https://colab.research.google.com/github/{slug}/blob/{BRANCH}/"
    links = [a["href"] for a in page.select('a[href*="colab.research"]')]
    faults = [] if links else ["no Colab button"]
    for link in links:
        path = link.removeprefix(start)
        if path == link or path not in known or not path.endswith(".ipynb"):
            faults.append(link)
    return faults


PAGE = "<html><body><article>{}</article></body></html>"


@pytest.mark.parametrize(
    "body",
    [
        '<a href="missing.html">x</a>',
        '<a href="#nowhere">x</a>',
        '<a href="good.html#nowhere">x</a>',
        '<img src="missing.png">',
        f'<a href="{PREFIX}missing.html">x</a>',
    ],
)
def test_a_broken_link_is_found(tmp_path: Path, body: str) -> None:
    (tmp_path / "good.html").write_text(PAGE.format('<p id="here"></p>'))
    page = tmp_path / "page.html"
    page.write_text(PAGE.format('<a href="good.html#here">x</a>'))
    assert broken_links(tmp_path) == []
    page.write_text(PAGE.format(body))
    assert len(broken_links(tmp_path)) == 1


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (foreign_assets, '<img src="a.png">', '<img src="https://cdn.net/a.png">'),
        (foreign_assets, "", '<script src="//cdn.net/a.js"></script>'),
        (
            figure_faults,
            '<img src="a.png" alt="Loss falls, then rises" width="9" height="9">',
            '<img src="a.png" alt="plot" width="9" height="9">',
        ),
        (figure_faults, "", '<img src="a.png" alt="Loss falls, then rises">'),
        (heading_faults, "<h1>a</h1><h2>b</h2>", "<h1>a</h1><h3>b</h3>"),
        (heading_faults, "<h1>a</h1>", "<h2>b</h2>"),
        (heading_faults, "<h1>a</h1>", "<h1>a</h1><h1>b</h1>"),
    ],
)
def test_a_bad_page_is_rejected(check: Any, good: str, bad: str) -> None:
    assert check(BeautifulSoup(PAGE.format(good), "html.parser")) == []
    assert check(BeautifulSoup(PAGE.format(bad), "html.parser"))


@pytest.mark.parametrize(
    "link",
    [
        "https://colab.research.google.com/github/someone/else/blob/main/a.ipynb",
        "{start}/blob/old-branch/a.ipynb",
        f"{{start}}/blob/{BRANCH}/a.md",
        f"{{start}}/blob/{BRANCH}/untracked.ipynb",
    ],
)
def test_a_wrong_colab_button_is_found(link: str) -> None:
    slug = urlsplit(REPOSITORY).path.strip("/")
    start = f"https://colab.research.google.com/github/{slug}"

    def faults(link: str) -> list[str]:
        html = PAGE.format(f'<a href="{link}">x</a>')
        return colab_faults(BeautifulSoup(html, "html.parser"), {"a.ipynb", "a.md"})

    assert faults(f"{start}/blob/{BRANCH}/a.ipynb") == []
    assert faults(link.format(start=start)) == [link.format(start=start)]
    assert colab_faults(BeautifulSoup(PAGE, "html.parser"), set()) == [
        "no Colab button"
    ]


# --- The book ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def html(built: Path) -> dict[str, Any]:
    """The pages of `_toc.yml`, parsed."""
    return {name: soup(built / name) for name in TOC}


def test_no_link_anchor_or_asset_is_broken(built: Path) -> None:
    assert broken_links(built) == []


@pytest.mark.parametrize("check", [foreign_assets, figure_faults, heading_faults])
def test_every_page_passes(html: dict[str, Any], check: Any) -> None:
    assert {name: found for name in html if (found := check(html[name]))} == {}


def test_every_chapter_opens_in_colab(html: dict[str, Any]) -> None:
    known = tracked()
    found = {name: colab_faults(html[name], known) for name in CHAPTERS}
    assert found == {name: [] for name in CHAPTERS}


def test_every_page_links_to_its_source(html: dict[str, Any]) -> None:
    known = tracked()
    for name, page in html.items():
        links = [a["href"] for a in page.select(".page-links a")]
        for start in (f"{REPOSITORY}/edit/{BRANCH}/", f"{REPOSITORY}/blob/{BRANCH}/"):
            [source] = [x.removeprefix(start) for x in links if x.startswith(start)]
            assert source in known
            assert source == name.replace(".html", ".md")
        assert any(x.startswith(f"{REPOSITORY}/issues/new?") for x in links)


def test_previous_and_next_follow_the_contents(html: dict[str, Any]) -> None:
    for before, after in itertools.pairwise(TOC):
        assert html[before].select_one("a.right-next")["href"] == Path(after).name
        assert html[after].select_one("a.left-prev")["href"] == Path(before).name


def test_every_page_describes_itself(built: Path, html: dict[str, Any]) -> None:
    descriptions = {name: meta(page, "description") for name, page in html.items()}
    assert {name for name, text in descriptions.items() if len(text) < 40} == set()
    assert len(set(descriptions.values())) == len(html)
    for name, page in html.items():
        assert meta(page, "og:title")
        assert meta(page, "og:url") == SITE + name
        assert meta(page, "og:description") == descriptions[name]
        card = Image.open(built / meta(page, "og:image").removeprefix(SITE))
        assert card.width >= 1000
        assert page.find("link", rel="canonical")["href"] == SITE + name
        assert page.find("link", rel="icon")
        assert page.html["lang"] == "en"


def test_the_site_map_names_every_page(built: Path) -> None:
    listed = re.findall("<loc>(.*?)</loc>", (built / "sitemap.xml").read_text())
    assert {SITE + name for name in TOC} == set(listed)


def test_a_lost_reader_finds_back(built: Path) -> None:
    page = soup(built / "404.html")
    assert page.select(f'a[href^="{PREFIX}chapters/"]')
    assert page.select(f'link[href^="{PREFIX}_static/"]')


def test_search_knows_every_page(built: Path) -> None:
    index = (built / "searchindex.js").read_text()
    docs = json.loads(re.search(r'"docnames":\s*(\[.*?\])', index)[1])  # type: ignore
    assert {name.removesuffix(".html") for name in TOC} <= set(docs)


def test_the_landing_page_shows_every_chapter(html: dict[str, Any]) -> None:
    cards = html[TOC[0]].select(".card")
    assert [f"chapters/{card.a['href']}" for card in cards] == CHAPTERS
    for card, name in zip(cards, CHAPTERS, strict=True):
        facts = pages.chapter(Path(name).stem, ROOT)
        assert card.select_one(".card-title").text == facts.title.replace("`", "")
        assert ("to train" in card.text) == bool(facts.results)


def test_the_landing_page_draws_which_chapter_needs_which(html: dict[str, Any]) -> None:
    graph = html[TOC[0]].select_one("svg.graph")
    links = [f"chapters/{link['href']}" for link in graph.select("a")]
    assert links == CHAPTERS
    numbers = [int(x.text) for x in graph.select("text:not(.short)")]
    assert numbers == sorted(numbers)
    assert len(graph.select(".planned")) == len(numbers) - len(CHAPTERS)
    shorts = [x.text for x in graph.select("text.short")]
    assert all(len(short) <= 15 for short in shorts), "it must fit its box"
    assert all(short in graph["aria-label"] for short in shorts)


def some(number: int, *after: int) -> pages.Chapter:
    return pages.Chapter(f"0{number}_x", "X", "x", "x", f"short {number}", after, None)


def test_a_chapter_stands_below_all_that_it_needs() -> None:
    text = pages.graph([some(1), some(2, 1), some(3, 1, 2)], {4: ("more", (1,))})
    drawn: Any = BeautifulSoup(text, "html.parser")
    boxes = drawn.select("svg > a > g, svg > g[transform]")
    heights = [int(box["transform"].split()[1].rstrip(")")) for box in boxes]
    assert heights[0] < heights[1] == heights[3] < heights[2]
    assert len(drawn.select(".edges path")) == 4
    assert "Chapter 3, short 3, needs 1 and 2." in drawn.svg["aria-label"]
    assert "Chapter 4, more, needs 1; not written yet." in drawn.svg["aria-label"]


def test_a_graph_that_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="chapter 1 is written: take it out of index"):
        pages.graph([some(1)], {1: ("again", ())})
    with pytest.raises(ValueError, match="chapter 2 needs 3, which does not come befo"):
        pages.graph([some(1), some(2, 3), some(3, 1)], {})


def test_no_asset_is_heavy_that_no_page_needs(built: Path) -> None:
    static = built / "_static"
    assert not list(static.rglob("fontawesome*"))
    assert not list(static.rglob("*.map"))
    assert list(static.rglob("*.css")) == [static / "book.css"]


# --- What becomes of portable Markdown ---------------------------------------------


@pytest.fixture(scope="module")
def page(specimen: Path) -> Any:
    return soup(specimen / "chapters" / "01_specimen.html")


def test_the_four_kinds_of_block_quotes_become_asides(page: Any) -> None:
    titles = page.select("article .admonition:not(.hide) > .admonition-title")
    asides = ["Remark", "Tip", "Pitfall", "From the lectures"]
    assert [title.get_text() for title in titles] == asides
    assert [x.get_text(strip=True)[:4] for x in page.select("article blockquote")] == [
        "Bold"
    ]
    assert page.select_one(".admonition.pitfall p:last-child").text.startswith("Text")


def test_a_solution_is_folded_and_drops_its_form_title(page: Any) -> None:
    details = page.select_one(".tag_solution details")
    assert "open" not in details.attrs
    assert details.summary.get_text(strip=True).startswith("Solution")
    assert details.pre.get_text().strip() == "answer = 42"


def test_bootstrap_and_bookkeeping_are_not_shown_but_downloaded(
    page: Any, specimen: Path
) -> None:
    link = page.select_one('.page-links a[href*="_sources"]')["href"]
    notebook = (specimen / "chapters" / link).read_text()
    for word in ("secret_bootstrap", "record_here", "record_there"):
        assert word not in page.get_text()
        assert word in notebook


def test_parameters_and_set_up_are_one_folded_block(page: Any) -> None:
    assert not page.select(".tag_parameters")
    [details] = page.select(".tag_setup details")
    assert "open" not in details.attrs
    shown = [x.get_text() for x in details.select("summary p")]
    assert shown == ["Show the set-up", "Hide the set-up"]
    blocks = [x.get_text().strip() for x in details.select("pre")]
    assert blocks == ["units: int = 3  # width", "runtime.start(profile, seed)"]
    [line] = page.select(".tag_setup > .cell_output pre")
    assert line.get_text() == "TensorFlow 2.21.0 · Keras 3.15.1 · CPU, 2 threads\n"


def cell(source: str, *tags: str) -> nodes.container:
    """A code cell as the parser hands it to the transforms."""
    code = nodes.container("", nodes.literal_block("", source), nb_element="source")
    classes = ["cell", *(f"tag_{tag}" for tag in tags)]
    return nodes.container("", code, nb_element="cell_code", classes=classes)


@pytest.mark.parametrize("title", ["", "# @title Set-up\n"])
def test_set_up_is_folded_whether_its_cells_are_or_not(title: str) -> None:
    document = new_document("chapter")
    document += [
        cell("a: int = 1", "parameters"),
        cell(f"{title}start(a)", "setup"),
        cell("b = 2"),
    ]
    transforms.Cells(document).apply()
    setup, other = document.children
    assert isinstance(setup, nodes.Element)
    assert setup["hide_mode"] == "input"
    assert [x.astext() for x in setup.findall(nodes.literal_block)] == [
        "a: int = 1",
        "start(a)",
    ]
    assert isinstance(other, nodes.Element)
    assert other.get("hide_mode") is None


def test_set_up_without_parameters_before_it_stays_as_it_is() -> None:
    document = new_document("chapter")
    document += [cell("start()", "setup"), cell("a: int = 1", "parameters")]
    transforms.Cells(document).apply()
    assert [x.astext() for x in document.findall(nodes.literal_block)] == [
        "start()",
        "a: int = 1",
    ]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_an_untouched_exercise_is_not_told_so(built: Path, chapter: str) -> None:
    page = soup(built / chapter)
    assert "not yet." not in page.article.get_text()
    for check in page.select(".tag_check"):
        assert check.details.summary.get_text(strip=True).startswith("Check")
        assert check.select_one("details pre").get_text().strip()


def test_code_marks_only_words_of_another_colour(built: Path, page: Any) -> None:
    kinds = {x["class"][0] for x in page.select("pre span[class]")}
    assert kinds
    assert kinds & {"n", "p", "w"} == set()
    css = (built / "_static" / "book.css").read_text()
    for theme in ("light", "dark"):  # names and punctuation have the colour of all text
        start = f'html[data-theme="{theme}"] .highlight'
        colours = re.findall(
            rf"{re.escape(start)}(?: \.[np])? {{(.*?color: .*?)}}", css
        )
        assert len({x.split("color: ")[-1].strip() for x in colours}) == 1
        assert len(colours) == 3


def test_maths_within_a_line_keeps_its_place_until_it_is_set(page: Any) -> None:
    symbols = page.select("span.math")
    assert symbols
    for symbol in symbols:
        assert symbol.get_text() == r"\(x_t\)"
        width = float(re.fullmatch(r"--width: ([\d.]+)em", symbol["style"])[1])  # type: ignore
        assert 0.8 < width < 1.2


def test_a_page_has_one_style_sheet_and_waits_for_no_script(page: Any) -> None:
    styles = [x["href"] for x in page.select("link[rel=stylesheet]")]
    assert styles == ["../_static/book.css"]
    assert [x["src"] for x in page.select("script[src]:not([defer])")] == []


def test_figures_after_the_first_wait_to_be_seen(page: Any) -> None:
    images = page.select("article img")
    assert [image.get("loading") for image in images] == [None, "lazy"]
    assert [(x["width"], x["height"]) for x in images] == [("600", "340")] * 2


def test_the_chapter_says_what_it_needs(page: Any) -> None:
    assert page.select_one(".eyebrow").text == "Chapter 1"
    facts = page.select_one(".chapter-facts").get_text(" ")
    assert "3 min" in facts
    assert "Nothing & all" in facts


def test_results_show_mean_spread_and_claims(specimen: Path) -> None:
    text = soup(specimen / "chapters" / "results.html").article.get_text(" ")
    assert re.search(r"a/b/accuracy\s+0\.6\s+± 0\.14\s+2", text)
    assert re.search(r">=\s+0\.55\s+holds", text)
    assert re.search(r">=\s+0\.99\s+does not hold", text)
    assert re.search(r"1 of 2\s+3 min\s+1,234 MB", text)


def test_results_say_so_when_nothing_is_published(tmp_path: Path) -> None:
    root = specimen_book(tmp_path)
    (root / "data" / "results" / "01_specimen.json").unlink()
    assert "No chapter has been published yet" in pages.results_page(root)
    assert "to train" not in "".join(pages.landing(root, REPOSITORY, "main").values())


def test_a_chapter_without_its_facts_is_refused(tmp_path: Path) -> None:
    root = specimen_book(tmp_path)
    path = root / "chapters" / "01_specimen.ipynb"
    notebook = json.loads(path.read_text())
    del notebook["metadata"]["unrolled"]["needs"]
    path.write_text(json.dumps(notebook))
    with pytest.raises(ValueError, match=r"01_specimen\.ipynb must .* needs"):
        pages.chapter("01_specimen", root)


def test_a_warning_fails_the_build_each_time_with_its_reason(tmp_path: Path) -> None:
    root = specimen_book(tmp_path, extra=" [lost](nowhere.md)")
    for _ in range(2):
        with pytest.raises(SystemExit, match=r"(?s)not built.*nowhere\.md[^\n]*$"):
            site.build(root, root)


# --- One address -------------------------------------------------------------------


@pytest.fixture
def fork(tmp_path: Path) -> Path:
    """A copy of what is under version control, as a repository of its own."""
    root = tmp_path / "fork"
    for name in tracked():
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return root


def naming(root: Path, *words: str) -> set[str]:
    """The files of a folder that hold one of the words."""
    return {
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.is_file()
        and ".git/" not in str(path)
        and any(word.encode() in path.read_bytes() for word in words)
    }


def test_one_command_gives_a_fork_its_addresses(fork: Path) -> None:
    old = urlsplit(REPOSITORY).path.strip("/"), SITE.rstrip("/").split("//")[1]
    before = naming(fork, *old)
    assert "_config.yml" in before
    assert {f"chapters/{x}.ipynb" for x in notebooks.chapters()} <= before
    slug, home = "/".join(("my.class", "rnn-2027")), "/".join(("my.edu", "rnn"))
    url, page = f"https://github.com/{slug}", f"https://{home}/"
    changed = site.address(fork, url, page, "term/1")
    assert naming(fork, *old) == set()
    assert naming(fork, slug, home) == before
    assert {str(path.relative_to(fork)) for path in changed} == before
    config = yaml.safe_load((fork / "_config.yml").read_text())
    assert config["repository"]["branch"] == "term/1"
    assert config["html"]["baseurl"] == page
    site.address(fork, REPOSITORY, SITE, BRANCH)
    assert all((fork / x).read_bytes() == (ROOT / x).read_bytes() for x in tracked())


@pytest.mark.parametrize(
    ("url", "page", "branch"),
    [
        ("https://gitlab.com/me/book", "https://me.org/book/", "main"),
        ("https://github.com/me", "https://me.org/book/", "main"),
        ("https://github.com/me/book", "https://me.org/book", "main"),
        ("https://github.com/me/book", "https://me.org/book/", "a branch"),
    ],
)
def test_a_wrong_address_is_refused(
    fork: Path, url: str, page: str, branch: str
) -> None:
    with pytest.raises(ValueError, match="must"):
        site.address(fork, url, page, branch)
    assert all((fork / x).read_bytes() == (ROOT / x).read_bytes() for x in tracked())


def test_the_readme_lists_every_chapter_with_its_time() -> None:
    assert (ROOT / "README.md").read_text("utf-8") == pages.readme(ROOT), (
        "the table of chapters is old: python -m helpers.book readme"
    )


def test_a_readme_without_a_place_for_the_chapters_is_refused(tmp_path: Path) -> None:
    root = specimen_book(tmp_path)
    (root / "README.md").write_text("# A book\n")
    with pytest.raises(ValueError, match=r"README\.md lacks"):
        pages.readme(root)
