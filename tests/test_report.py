"""Results are recorded, claimed and written whole, or not at all."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import report
from helpers.book import notebooks


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book with one chapter of one cell."""
    cell = {"cell_type": "code", "metadata": {}, "source": "1", "outputs": []}
    (tmp_path / "chapters").mkdir()
    chapter = tmp_path / "chapters" / "01_a.ipynb"
    chapter.write_text(json.dumps({"cells": [cell], "metadata": {}}))
    monkeypatch.setattr(notebooks, "book_root", lambda: tmp_path)
    monkeypatch.delenv("UNROLLED_RESULTS", raising=False)
    monkeypatch.setattr(report, "environment", lambda: {"python": "3"})
    return tmp_path


def test_a_result_file_holds_everything_the_contract_lists(book, capsys):
    results = report.Results("01_a", profile="full", seed=0, units=4)
    with results.timed("part"):
        results.record("part/accuracy", 0.9)
    results.record("part/accuracy", 0.7)
    results.write(claims=["part/accuracy >= 0.75", "part/accuracy > part/seconds"])

    written = json.loads((book / "_build" / "results" / "01_a.json").read_text())
    assert set(written) == {
        "chapter", "profile", "parameters", "metrics", "claims", "seconds",
        "peak_rss_mb", "environment", "source_digest",
    }  # fmt: skip
    assert written["parameters"] == {"profile": "full", "seed": 0, "units": 4}
    assert written["metrics"]["part/accuracy"] == [0.9, 0.7]
    assert written["seconds"]["total"] >= written["seconds"]["part"] >= 0
    assert written["peak_rss_mb"] > 1
    assert len(written["source_digest"]) == 64
    out = capsys.readouterr().out
    assert "3 figures written to 01_a.json" in out
    assert "holds: part/accuracy >= 0.75" in out


def test_write_obeys_the_folder_of_the_environment(book, tmp_path, monkeypatch):
    monkeypatch.setenv("UNROLLED_RESULTS", str(tmp_path / "there"))
    results = report.Results("01_a", profile="quick")
    results.record("a/b", 1)
    results.write()
    assert [p.name for p in (tmp_path / "there").iterdir()] == ["01_a.json"]


def test_a_false_claim_is_said_in_the_full_profile_only(book, capsys):
    for profile in ("full", "quick"):
        results = report.Results("01_a", profile=profile)
        results.record("a/b", 1)
        results.write(claims=["a/b > 2"])
        assert ("FAILS: a/b > 2" in capsys.readouterr().out) == (profile == "full")


def test_a_claim_that_cannot_be_read_writes_nothing(book):
    results = report.Results("01_a", profile="full")
    results.record("a/b", 1)
    with pytest.raises(ValueError, match='names "a/c", which was not recorded'):
        results.write(claims=["a/c > 2"])
    assert not (book / "_build").exists()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("accuracy", 1, "joined by"),
        ("A/b", 1, "joined by"),
        ("a/b", float("nan"), "a/b is nan: the run diverged"),
        ("a/b", float("inf"), "the run diverged"),
    ],
)
def test_record_refuses_bad_keys_and_figures(key, value, message):
    with pytest.raises(ValueError, match=message):
        report.Results("01_a", profile="full").record(key, value)


@pytest.mark.parametrize("name", ["epochs", "units"])
def test_results_refuse_a_count_below_one(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, not 0"):
        report.Results("01_a", profile="full", seed=0, **{name: 0})


def test_results_need_a_profile():
    with pytest.raises(ValueError, match="profile="):
        report.Results("01_a", seed=0)


def test_a_block_that_fails_is_not_timed():
    results = report.Results("01_a", profile="full")
    with pytest.raises(KeyError), results.timed("part"):
        raise KeyError
    assert results.metrics == {}


@given(a=st.floats(-1e6, 1e6), b=st.floats(-1e6, 1e6))
def test_claims_agree_with_python(a, b):
    metrics = {"x/a": [a], "x/b": [b]}
    for word, operation in report.OPERATORS.items():
        assert report.holds(f"x/a {word} x/b", metrics) == operation(a, b)
        assert report.holds(f"x/a {word} {b!r}", metrics) == operation(a, b)


@pytest.mark.parametrize("claim", ["", "x/a", "x/a >", "x/a => 1", "x/a > 1 2"])
def test_a_malformed_claim_is_refused(claim):
    with pytest.raises(ValueError, match="a claim reads"):
        report.holds(claim, {"x/a": [1.0]})


def test_text_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    report.write_text(path, "old")

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(report.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        report.write_text(path, "new")
    assert path.read_text() == "old"


def test_a_chapter_without_published_results_has_none(book):
    assert report.load("01_a") is None
