"""Results are recorded, claimed and written whole, or not at all."""

import json
import math
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import parameters, report

CHAPTER = """# A title

```{code-cell} ipython3
:tags: [parameters]

profile: str = "full"  # quick or full
seed: int = 0  # first seed
epochs: int = 2  # passes; at least 1
units: int = 4  # of the layer; at least 1
```
"""


@pytest.fixture(autouse=True)
def book(tmp_path, monkeypatch):
    """A book of one chapter; a run starts in the book's folder."""
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "01_a.md").write_text(CHAPTER)
    for module in (parameters, report):
        monkeypatch.setattr(module, "book_root", lambda: tmp_path)
    monkeypatch.delenv("UNROLLED_RESULTS", raising=False)
    monkeypatch.setattr(report, "environment", lambda: {"python": "3"})
    monkeypatch.chdir(tmp_path)
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
        "peak_rss_mb", "environment",
    }  # fmt: skip
    assert written["parameters"] == {"profile": "full", "seed": 0, "units": 4}
    assert written["metrics"]["part/accuracy"] == [0.9, 0.7]
    assert (
        written["seconds"]["total"] + 0.01 >= written["metrics"]["part/seconds"][0] >= 0
    )
    assert written["peak_rss_mb"] > 1
    assert written["seconds"]["processor"] > 0
    out = capsys.readouterr().out
    assert "3 figures written to _build/results/01_a.json\n" in out
    assert "holds: part/accuracy >= 0.75" in out


def test_write_obeys_the_folder_of_the_environment(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("UNROLLED_RESULTS", str(tmp_path / "there"))
    results = report.Results("01_a", profile="quick")
    results.record("a/b", 1)
    results.write()
    assert [p.name for p in (tmp_path / "there").iterdir()] == ["01_a.json"]
    assert capsys.readouterr().out == "1 figures written to 01_a.json\n"


def test_a_folder_elsewhere_is_named_in_full(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path / "chapters")
    report.Results("01_a", profile="quick").write()
    path = tmp_path / "_build" / "results" / "01_a.json"
    assert capsys.readouterr().out == f"0 figures written to {path}\n"


def test_a_run_that_goes_elsewhere_in_between_writes_where_it_began(book, monkeypatch):
    monkeypatch.setenv("UNROLLED_RESULTS", "there")
    results = report.Results("01_a", profile="quick")
    monkeypatch.chdir(book / "chapters")
    results.write()
    assert (book / "there" / "01_a.json").is_file()


def test_where_the_book_cannot_be_written_the_working_folder_takes_the_results(
    book, monkeypatch, capsys
):
    (book / "_build").write_text("a file, not a folder")
    (book / "mine").mkdir()
    monkeypatch.chdir(book / "mine")
    results = report.Results("01_a", profile="quick")
    said = capsys.readouterr().out
    assert said.startswith(f"Results go to {book / 'mine'} (not {book / '_build'}")
    results.write()
    assert os.listdir(book / "mine") == ["01_a.json"]


def test_where_nothing_can_be_written_the_run_stops_at_the_start(book, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report.tempfile, "TemporaryFile", full)
    with pytest.raises(OSError, match="results cannot be written") as caught:
        report.Results("01_a", profile="quick")
    for place in (book / "_build" / "results", book):
        assert f"{place}: No space left on device" in str(caught.value)
    assert "UNROLLED_RESULTS" in str(caught.value)


def test_a_folder_that_was_named_is_used_or_the_run_stops(book, monkeypatch):
    monkeypatch.setenv("UNROLLED_RESULTS", str(book / "chapters" / "01_a.md"))
    with pytest.raises(OSError, match=r"written \(.*01_a\.md: .*\); name a folder"):
        report.Results("01_a", profile="quick")


def test_a_result_file_holds_numbers_that_every_reader_of_json_knows(book):
    results = report.Results("01_a", profile="quick")
    results.metrics["part/x"] = [float("nan")]
    with pytest.raises(ValueError, match="not JSON compliant"):
        results.write()
    assert os.listdir(book / "_build" / "results") == []


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
    assert not [path for path in (book / "_build").rglob("*") if path.is_file()]


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
    with pytest.raises(ValueError, match=f'"{name}" of 01_a must be at least 1, not 0'):
        report.Results("01_a", profile="full", seed=0, **{name: 0})


def test_results_refuse_a_parameter_that_the_chapter_does_not_have():
    with pytest.raises(ValueError, match='no parameter "unit"; did you mean "units"'):
        report.Results("01_a", profile="full", unit=3)


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


def test_a_summary_has_a_deviation_only_where_there_are_several_figures():
    found = report.summary({"one": [1234.5], "three": [1.0, 2.0, 3.0]}, "{:,.1f}")
    assert list(found) == ["1,234.5", "2.0 ± 1.0"]
    assert list(found.index) == ["one", "three"]
    assert list(report.summary({"failed": [math.nan, 1.0]})) == ["nan ± nan"]
