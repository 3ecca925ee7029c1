"""Shipped models: each out of its chapter's own run, and what that run wrote."""

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

from helpers.book import commands, notebooks, pretrained, runs
from helpers.book.cluster import Outcome
from helpers.book.plans import Job
from helpers.files import book_root
from tests.book.small_book import Run, make_book, ran

WRITES = """import numpy as np
if units < 9:
    np.savez(results / "vectors.npz", x=np.arange(units), words=np.array(["a", "b"]))
"""
LIST = """[vectors]
chapter = "01_a"
file = "vectors.npz"
about = "Vectors of words."

[wide]
chapter = "01_a"
file = "vectors.npz"
about = "Wider ones."
parameters = {units = 5, mask = false}
"""


def make(root: Path, models: str = LIST) -> Path:
    make_book(root, a=WRITES)
    (root / pretrained.FOLDER).mkdir(parents=True)
    (root / pretrained.LIST).write_text(models)
    return root


def files(root: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (root / pretrained.FOLDER).iterdir()}


def archive(**arrays: Any) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


LARGE = archive(x=np.zeros(pretrained.MAX_BYTES, np.int8))
PICKLE = archive(x=np.array([{}, "a"], object))


def ship(root: Path, content: bytes = b"", file: str = "vectors.npz", **result: Any):
    """Ship the first model from a run that wrote this, as if it had been executed."""
    job = pretrained.job(pretrained.read(root)["vectors"], root)
    whole = {
        "parameters": runs.in_force(job, root),
        "seconds": {"total": 61.2},
        "environment": {"numpy": "2"},
        "metrics": {"a/b": [1.0]},
        "claims": ["a/b >= 1"],
        **result,
    }
    notebook = notebooks.source("01_a", root)
    written = {file: content or archive(x=np.arange(3))}
    outcome = Outcome(Job("01_a"), notebook, whole, files=written)
    return pretrained.ship(pretrained.read(root)["vectors"], outcome, root)


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A small book that ships the first of its models."""
    root = make(tmp_path / "book")
    assert ship(root) == ""
    return root


# --- from the command line -------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A book whose chapter is published, and then ships two models."""
    root = make(tmp_path_factory.mktemp("book") / "book")
    done = [
        ran(root, *words.split(), FRESH="")
        for words in ("publish", "pretrain vectors", "pretrain wide", "publish")
    ]
    assert [one.code for one in done] == [0, 0, 0, 0], done
    return Run(root, 0, "".join(one.out for one in done), "")


def test_a_model_of_the_default_parameters_takes_the_published_run(run: Run) -> None:
    said = [line.partition(", ")[0] for line in run.out.splitlines()]
    assert said == [
        "started  01_a",
        "done     01_a",
        "1 of 1 succeeded",
        "found    01_a",
        "1 of 1 succeeded",
        "started  01_a units=5",
        "done     01_a units=5",
        "1 of 1 succeeded",
        "found    01_a",
        "1 of 1 succeeded",
    ]


def test_what_made_a_model_stands_beside_it(run: Run) -> None:
    assert sorted(files(run.root)) == [
        "models.toml",
        "vectors.json",
        "vectors.npz",
        "wide.json",
        "wide.npz",
    ]
    content = files(run.root)["wide.npz"]
    made = json.loads(files(run.root)["wide.json"])
    assert np.load(io.BytesIO(content))["x"].tolist() == [0, 1, 2, 3, 4]
    assert made["parameters"] | {"units": 5, "profile": "full"} == made["parameters"]
    assert made["seconds"] == 61.2
    assert made["sha256"] == hashlib.sha256(content).hexdigest()
    published = notebooks.published("01_a", run.root)
    assert list(pretrained.problems(run.root)) == []
    for model in pretrained.read(run.root).values():
        assert made["code"] == pretrained._origin(model, published, run.root)["code"]
        assert pretrained.describe(model, run.root).endswith(", up to date")


def test_a_run_that_lacks_the_file_changes_nothing(tmp_path: Path) -> None:
    root = make(tmp_path, LIST.replace("units = 5", "units = 9"))
    before, said = files(root), ran(root, "pretrain", "wide")
    assert said.code == 1
    assert said.part("01_a units=9").startswith(
        "wide is not shipped: the run wrote no vectors.npz into results.folder, but "
        "nothing else\n0 of 1"
    )
    assert files(root) == before


@pytest.mark.parametrize(
    ("models", "name", "message"),
    [
        (
            LIST,
            "vector",
            'no model "vector"; did you mean "vectors"?; data/pretrained/',
        ),
        (LIST, "wide --workers 0", "--workers must be 1 or more"),
        (LIST, "wide -p units 3", "unrecognized arguments: -p"),
        (LIST.replace("01_a", "08_b"), "wide", 'there is no chapter "08_b"; the chapt'),
        (LIST.replace("about", "says"), "wide", "must have chapter, file and about"),
        (LIST.replace("units", "width"), "wide", '01_a has no parameter "width"'),
        (LIST.replace("= 5", "= 500"), "wide", "at most 99, not 500"),
        (LIST.replace("units = 5", 'profile = "quick"'), "", "leave out profile"),
    ],
)
def test_bad_words_and_a_bad_list_get_one_sentence(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    models: str,
    name: str,
    message: str,
) -> None:
    root = make(tmp_path, models)
    with pytest.raises(SystemExit) as caught:
        commands.main(["pretrain", *name.split()], root)
    out, err = capsys.readouterr()
    assert caught.value.code == 2
    assert message in err
    assert err.count("\n") == 1
    assert out == ""
    assert list(files(root)) == ["models.toml"]


# --- the list ----------------------------------------------------------------------


def listed(root: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert commands.main(["pretrain"], root) == 0
    return capsys.readouterr().out.splitlines()


def test_the_list_says_what_is_there(
    shipped: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = json.loads(files(shipped)["vectors.json"])["made"]
    assert listed(shipped, capsys) == [
        "vectors  Vectors of words.",
        "    01_a with the default parameters",
        f"    0.00 MB, made {day}, up to date",
        "wide  Wider ones.",
        "    01_a with units=5, mask=False",
        "    not there: make pretrain NAME=wide",
    ]


def edit(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("name", "old", "new", "what"),
    [
        ("chapters/01_a.md", "units < 9", "units < 8", "the code"),
        ("chapters/01_a.md", "units: int = 2", "units: int = 3", "the parameters"),
        ("chapters/01_a.md", "import numpy", "from helpers import one; import numpy", "helpers/one.py"),
        ("data/pretrained/vectors.json", '"sha256": "', '"sha256": "0', "the file"),
    ],
)  # fmt: skip
def test_the_list_warns_of_what_changed_since(
    shipped: Path, capsys: pytest.CaptureFixture[str], name: str, old: str, new: str, what: str
) -> None:  # fmt: skip
    (shipped / "helpers").mkdir()
    (shipped / "helpers" / "one.py").write_text("x = 1\n")
    edit(shipped / name, old, new)
    line = listed(shipped, capsys)[2]
    assert ", out of date (" in line
    assert what in line
    assert line.endswith(" changed since): make pretrain NAME=vectors")


# --- a model that only some cells make ----------------------------------------------

ALONE = """import numpy as np
class Results(type(results)):
    def write(self):
        names = "profile units rate data column mask colour".split()
        made = {name: globals()[name] for name in names}
        made = {"parameters": made, "seconds": {"total": 2.5}, "environment": {}}
        made |= {"metrics": {}, "claims": []}
        (self / "01_a.json").write_text(json.dumps(made))
results = Results(results)
np.savez(results / "vectors.npz", x=np.arange(units))
"""
MARK = "---\nmystnb:\n  image: {alt: Nothing}\n"


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of two models; one is made by a marked cell, and the last cell fails."""
    root = make(tmp_path_factory.mktemp("marked") / "book")
    path = root / "chapters" / "01_a.md"
    edit(path, WRITES, ALONE)
    edit(path, MARK, f"{MARK}tags: [makes-vectors]\n")
    edit(path, "content = {", "stop()\ncontent = {")
    assert ran(root, "pretrain", "vectors").code == 0
    return root


def test_only_the_marked_cells_are_executed_for_their_model(marked: Path) -> None:
    made = json.loads(files(marked)["vectors.json"])
    assert made["seconds"] == 2.5
    assert list(pretrained.problems(marked)) == []
    assert ran(marked, "pretrain", "wide").code == 1  # which takes all cells


@pytest.mark.parametrize(
    ("old", "new", "state"),
    [
        ("stop()", "go()", "up to date"),
        ("mask: bool", "deep: bool = True\nmask: bool", "up to date"),
        ("units: int = 2", "units: int = 3", "(the parameters changed"),
        ("np.arange", "np.ones", "(the code changed"),
    ],
)
def test_only_the_marked_cells_are_what_their_model_is_held_to(
    marked: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, state: str
) -> None:
    path = marked / "chapters" / "01_a.md"
    edit(path, old, new)
    assert state in listed(marked, capsys)[2]
    edit(path, new, old)


def test_a_mark_that_names_no_model_breaks_the_contract(shipped: Path) -> None:
    edit(shipped / "chapters" / "01_a.md", MARK, f"{MARK}tags: [makes-vector]\n")
    (fault,) = pretrained.problems(shipped)
    assert fault.startswith('01_a has a tag "makes-vector" of which data/')


# --- what is not shipped -----------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"file": "other.npz"}, "wrote no vectors.npz into results.folder, but other.npz"),
        ({"content": LARGE}, "vectors.npz has 8.00 MB, more than 8 MB"),
        ({"content": PICKLE}, "vectors.npz does not load as NumPy arrays without a pickle: "),
        ({"content": b"words"}, "vectors.npz does not load as NumPy arrays"),
        ({"content": archive(x=np.ones(99))[:-9]}, "vectors.npz does not load as NumPy"),
        ({"claims": ["a/b > 1"]}, "the claim a/b > 1 does not hold"),
    ],
)  # fmt: skip
def test_what_is_refused_leaves_all_as_it_was(
    shipped: Path, given: dict[str, Any], reason: str
) -> None:
    before, said = files(shipped), ship(shipped, **given)
    assert reason in said
    assert said.startswith("vectors is not shipped: ")
    assert "\n" not in said
    assert files(shipped) == before


@pytest.mark.parametrize("fails_at", [1, 2])
def test_a_model_and_its_record_are_written_both_or_neither(
    shipped: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    before, calls, replace = files(shipped), [], pretrained.publish.os.replace

    def full_disk(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) == fails_at:
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(pretrained.publish.os, "replace", full_disk)
    with pytest.raises(OSError, match="No space"):
        ship(shipped, archive(x=np.arange(4)))
    assert files(shipped) == before


# --- the contract ------------------------------------------------------------------


def test_what_the_book_ships_is_what_its_chapters_made() -> None:
    assert list(pretrained.problems(book_root())) == []


def describe_as(root: Path, content: bytes) -> None:
    """Put other content in place, with its digest."""
    (root / pretrained.FOLDER / "vectors.npz").write_bytes(content)
    path = root / pretrained.FOLDER / "vectors.json"
    made = json.loads(path.read_text())
    path.write_text(json.dumps(made | {"sha256": hashlib.sha256(content).hexdigest()}))


def publish_as(root: Path, old: str, new: str) -> None:
    """Publish the chapter without a run, its code with `new` in the place of `old`."""
    notebook = notebooks.source("01_a", root)
    for cell in notebook.cells:
        cell.source = cell.source.replace(old, new)
    nbformat.write(notebook, root / "chapters" / "01_a.ipynb")


def at(root: Path, name: str) -> Path:
    return root / pretrained.FOLDER / name


DAMAGES: list[tuple[str, Callable[[Path], Any]]] = [
    ("vectors.npz is not the file that vectors.json describes", lambda r: at(r, "vectors.npz").write_bytes(archive(x=1))),
    ("other.npz is not of a model that data/pretrained/models.toml lists", lambda r: at(r, "other.npz").touch()),
    ("vectors.npz is not of a model", lambda r: at(r, "models.toml").write_text("")),
    ("there is only one of vectors.npz and vectors.json", lambda r: at(r, "vectors.json").unlink()),
    ("there is only one of vectors.npz and vectors.json", lambda r: at(r, "vectors.npz").unlink()),
    ("vectors.npz has 8.00 MB, more than 8 MB", lambda r: describe_as(r, LARGE)),
    ("vectors.npz does not load as NumPy arrays without", lambda r: describe_as(r, PICKLE)),
    ("01_a was published from other code: make pretrain NAME=vectors", lambda r: publish_as(r, "units < 9", "units < 8")),
]  # fmt: skip


@pytest.mark.parametrize(("complaint", "damage"), DAMAGES)
def test_the_contract_rejects_its_counter_example(
    shipped: Path, complaint: str, damage: Callable[[Path], Any]
) -> None:
    assert list(pretrained.problems(shipped)) == []
    damage(shipped)
    assert complaint in "\n".join(pretrained.problems(shipped))


def test_code_that_changed_breaks_no_contract_before_it_is_published(
    shipped: Path,
) -> None:
    publish_as(shipped, "", "")
    edit(shipped / "chapters" / "01_a.md", "units < 9", "units < 8")
    assert list(pretrained.problems(shipped)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [("a/units", "b/units"), ("if units < 9:", "if units < 9:  # nine are too many")],
)
def test_neither_a_comment_nor_code_behind_the_file_makes_a_difference(
    shipped: Path, capsys: pytest.CaptureFixture[str], old: str, new: str
) -> None:
    publish_as(shipped, old, new)
    edit(shipped / "chapters" / "01_a.md", old, new)
    assert list(pretrained.problems(shipped)) == []
    assert listed(shipped, capsys)[2].endswith(", up to date")


def test_where_no_cell_names_the_file_all_code_counts(tmp_path: Path) -> None:
    root = make(tmp_path)
    edit(root / "chapters" / "01_a.md", '"vectors.npz"', '"vectors" + ".npz"')
    model = pretrained.read(root)["vectors"]
    before = pretrained._origin(model, notebooks.source("01_a", root), root)
    edit(root / "chapters" / "01_a.md", "a/units", "b/units")
    after = pretrained._origin(model, notebooks.source("01_a", root), root)
    assert before["code"] != after["code"]
