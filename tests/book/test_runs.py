"""The store finds an identical run, and no other."""

import json
import shutil
from pathlib import Path

import pytest

from helpers.book import notebooks, runs
from helpers.book.plans import Job
from helpers.book.worker import Executed
from tests.book.small_book import make_book


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_book(tmp_path, a="from helpers import one")
    (root / "helpers").mkdir()
    (root / "helpers" / "one.py").write_text("def f():\n    import helpers.two\n")
    (root / "helpers" / "two.py").write_text("x = 1  # a comment\n")
    (root / "helpers" / "three.py").write_text("x = 1\n")
    (root / "requirements.txt").write_text("keras==3.15.1\n")
    (root / "series.csv").write_text("value\n1\n")
    return root


def key(root: Path, threads: int = 2, **values: object) -> str:
    return runs.key(
        Job("01_a", values),
        threads,
        runs.code(notebooks.source("01_a", root), root),
        root,
    )


def edit(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_a_key_hangs_on_all_that_makes_the_figures(root: Path) -> None:
    seen = [
        key(root),
        key(root, threads=1),
        key(root, units=3),
        key(root, profile="quick"),
    ]
    seen.append(key(root, data="series.csv"))
    edit(root / "series.csv", "1", "2")
    seen.append(key(root, data="series.csv"))
    for name, old, new in (
        ("chapters/01_a.md", "import one", "import one as other"),
        ("helpers/one.py", "f()", "g()"),
        ("helpers/two.py", "x = 1", "x = 2"),
        ("requirements.txt", "3.15.1", "3.15.2"),
    ):
        edit(root / name, old, new)
        seen.append(key(root))
    assert len(set(seen)) == len(seen) == 10


def test_a_key_does_not_hang_on_what_changes_no_figure(root: Path) -> None:
    before = key(root)
    edit(root / "chapters" / "01_a.md", "About", "All about")
    edit(root / "helpers" / "two.py", "a comment", "another\n\n\n# one")
    edit(root / "helpers" / "three.py", "x = 1", "x = 2")  # no chapter imports it
    assert key(root) == before == key(root, units=2)


def test_what_is_put_is_found_whole(root: Path) -> None:
    assert runs.find("k", root) is None
    text = json.dumps(notebooks.source("01_a", root))
    for units in (1, 2):
        files = {"a.npz": bytes([units])}
        runs.put("k", Executed(text, {"units": units}, files=files), root)
        run = runs.find("k", root)
        assert run
        assert run.result == {"units": units}
        assert run.files == files
    assert [path.name for path in runs.store(root).iterdir()] == ["k"]


def test_a_run_that_was_written_by_half_is_not_found(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs.json, "dumps", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        runs.put("k", Executed("{}", {}), root)
    assert runs.find("k", root) is None
    assert list(runs.store(root).iterdir()) == []
    (runs.store(root) / "k").mkdir()
    assert runs.find("k", root) is None


def test_a_magic_line_does_not_hide_what_a_chapter_imports(root: Path) -> None:
    edit(
        root / "chapters" / "01_a.md",
        "from helpers import one",
        "%matplotlib inline\n!ls\nfrom helpers import one",
    )
    found = notebooks.helper_digests(notebooks.source("01_a", root), root)
    assert list(found) == ["one", "two"]
    shutil.rmtree(root / "helpers")
    assert notebooks.helper_digests(notebooks.source("01_a", root), root) == {}
