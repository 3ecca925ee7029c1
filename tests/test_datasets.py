"""The loaders on small files in the upstream layout, and on the real data in a mirror."""

import dataclasses
import hashlib
import io
import lzma
import os
import pickle
import re
import struct
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import datasets, fetch

ROOT = Path(__file__).resolve().parent.parent
REAL = os.environ.get("UNROLLED_MIRROR")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# ---------------------------------------------------------------- a small mirror


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty mirror, an empty cache, and a catalogue of our own to fill."""
    (tmp_path / "mirror").mkdir()
    monkeypatch.setenv("UNROLLED_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("UNROLLED_CACHE", str(tmp_path / "cache"))
    catalogue = fetch.sources().copy()
    monkeypatch.setattr(fetch, "sources", lambda: catalogue)
    return tmp_path / "mirror"


def know(name: str, files: dict[str, bytes]) -> None:
    """Enter the hashes of our own files into the catalogue."""

    def changed(file: fetch.File) -> fetch.File:
        if file.name not in files:
            return file
        content = files[file.name]
        hashes = (sha256(content),) if file.sha256 else ()
        return dataclasses.replace(file, sha256=hashes, bytes=len(content))

    source = fetch.sources()[name]
    fetch.sources()[name] = dataclasses.replace(
        source,
        contents={key: changed(file) for key, file in source.contents.items()},
        archives=tuple(changed(file) for file in source.archives),
    )


def put(mirror: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (mirror / name).write_bytes(content)


def tar_of(members: dict[str, bytes], mode: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def npz_of(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def pure(members: dict[str, bytes]) -> bytes:
    """The content digest's definition: path, NUL, text, in the order of the paths."""
    return b"".join(path.encode() + b"\0" + members[path] for path in sorted(members))


LABELLED = {
    f"aclImdb/{split}/{kind}/{number}_{stars}.txt": (
        f"{split} {kind} {number}: «très» <br />\nbien".encode()
    )
    for split in ("train", "test")
    for kind, first in (("pos", 7), ("neg", 1))
    for number in range(12)
    for stars in [first + number % 4]
}
UNLABELLED = {f"train/unsup/{i}_0.txt": b"aclImdb/ %d" % i for i in range(12)}
BESIDE = {"aclImdb/README": b"x", "aclImdb/train/labeledBow.feat": b"1 2"}
UPSTREAM = {f"aclImdb/{path}": text for path, text in UNLABELLED.items()}
IMDB = {
    "imdb_labelled.bin": pure(LABELLED),
    "imdb_unsup.bin": pure(UNLABELLED),
    "aclImdb_labelled.tar.xz": tar_of(LABELLED, "w:xz"),
    "aclImdb_unsup.tar.xz": tar_of(UPSTREAM, "w:xz"),
    "aclImdb_v1.tar.gz": tar_of(BESIDE | LABELLED | UPSTREAM, "w:gz"),
}


@pytest.mark.parametrize(
    "present",
    [
        ["aclImdb_v1.tar.gz"],
        ["aclImdb_labelled.tar.xz", "aclImdb_unsup.tar.xz"],
        ["imdb_labelled.bin", "imdb_unsup.bin"],
    ],
)
def test_load_imdb_gives_the_same_reviews_from_each_form(
    present: list[str], mirror: Path
) -> None:
    know("imdb", IMDB)
    put(mirror, {name: IMDB[name] for name in present})
    for _ in range(2):  # prepared, then from the cache
        imdb = datasets.load_imdb()
        for split, reviews in (("train", imdb.train), ("test", imdb.test)):
            expected = [
                f"{split} {kind} {number}: «très» <br />\nbien"
                for number in range(12)
                for kind in ("neg", "pos")
            ]
            assert reviews.texts == expected
            assert reviews.labels.tolist() == [0, 1] * 12
            assert reviews.labels.dtype == reviews.ratings.dtype == np.int64
            stars = [first + number % 4 for number in range(12) for first in (1, 7)]
            assert reviews.ratings.tolist() == stars
        texts, labels, ratings = imdb.unsupervised
        assert texts == [f"aclImdb/ {i}" for i in range(12)]
        assert set(labels) == {-1}
        assert set(ratings) == {0}
    assert sorted(path.name for path in mirror.iterdir()) == sorted(present)


def test_load_imdb_does_not_read_the_archive_a_second_time(
    mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    know("imdb", IMDB)
    put(mirror, {"aclImdb_v1.tar.gz": IMDB["aclImdb_v1.tar.gz"]})
    datasets.load_imdb()
    monkeypatch.delattr(tarfile, "open")
    assert len(datasets.load_imdb().unsupervised.texts) == 12


@pytest.mark.parametrize("name", ["../../evil", "/etc/evil", "aclImdb/../../evil"])
def test_a_member_that_leads_out_of_the_archive_is_refused(
    name: str, mirror: Path, tmp_path: Path
) -> None:
    archive = tar_of(LABELLED | {name: b"evil"}, "w:xz")
    know("imdb", IMDB | {"aclImdb_labelled.tar.xz": archive})
    put(mirror, {"aclImdb_labelled.tar.xz": archive})
    with pytest.raises(fetch.DataError, match=f"'{name}' leads out of the archive"):
        datasets.load_imdb()
    assert [path.name for path in tmp_path.rglob("*evil*")] == []
    assert not list((tmp_path / "cache").iterdir())


def test_a_link_is_not_followed(mirror: Path, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        csv = fetch.sources()["cta"].contents["table"].name
        link = tarfile.TarInfo(f"ridership/{csv}")
        link.type = tarfile.SYMTYPE
        link.linkname = str(tmp_path / "secret")
        archive.addfile(link)
    (tmp_path / "secret").write_text("secret")
    put(mirror, {"ridership.tgz": buffer.getvalue()})
    with pytest.raises(
        fetch.DataError, match=r"ridership\.tgz cannot be used: it hold"
    ):
        datasets.load_cta()


DIGITS = {
    "x_train": np.arange(3 * 784, dtype=np.uint8).reshape(3, 28, 28),
    "y_train": np.array([5, 0, 4], np.uint8),
    "x_test": np.full((2, 28, 28), 7, np.uint8),
    "y_test": np.array([7, 2], np.uint8),
}


@pytest.fixture
def few_digits(monkeypatch: pytest.MonkeyPatch) -> bytes:
    shapes = {name: array.shape for name, array in DIGITS.items()}
    monkeypatch.setattr(datasets, "_MNIST_SHAPES", shapes)
    return b"".join(array.tobytes() for array in DIGITS.values())


def test_load_mnist_unpacks_as_keras_does(mirror: Path, few_digits: bytes) -> None:
    archive = npz_of(**DIGITS)
    know("mnist", {"mnist.bin": few_digits, "mnist.npz": archive})
    put(mirror, {"mnist.npz": archive})
    (x_train, y_train), (x_test, y_test) = datasets.load_mnist()
    for name, array in zip(DIGITS, (x_train, y_train, x_test, y_test), strict=True):
        np.testing.assert_array_equal(array, DIGITS[name])
        assert array.dtype == np.uint8


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("trapped",)


@pytest.mark.parametrize("form", ["objects", "bare pickle"])
def test_load_mnist_refuses_a_pickle(
    form: str,
    mirror: Path,
    few_digits: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    trap = np.array([Trap()], dtype=object)
    archive = (
        npz_of(**(DIGITS | {"x_train": trap}))
        if form == "objects"
        else pickle.dumps(Trap())
    )
    know("mnist", {"mnist.bin": few_digits, "mnist.npz": archive})
    put(mirror, {"mnist.npz": archive})
    with pytest.raises(fetch.DataError, match="pickle"):
        datasets.load_mnist()
    assert not (tmp_path / "trapped").exists()


def test_load_mnist_names_a_missing_array(mirror: Path, few_digits: bytes) -> None:
    archive = npz_of(x_train=DIGITS["x_train"])
    know("mnist", {"mnist.bin": few_digits, "mnist.npz": archive})
    put(mirror, {"mnist.npz": archive})
    with pytest.raises(fetch.DataError, match=r"y_train"):
        datasets.load_mnist()


def glove_lines(words: list[str]) -> bytes:
    return b"".join(
        f"{word} {' '.join(f'{i + k / 100:.2f}' for k in range(50))}\n".encode()
        for i, word in enumerate(words)
    )


@pytest.mark.parametrize(
    ("present", "vocabulary"),
    [
        (["glove.6B.zip"], 4),
        (["glove.6B.50d.subset.txt.xz"], 3),
        (["glove.6B.50d.txt"], 4),
        (["glove.6B.50d.subset.txt.xz", "glove.6B.zip"], 4),  # the whole is preferred
    ],
)
def test_load_glove_gives_the_vectors_asked_for(
    present: list[str], vocabulary: int, mirror: Path
) -> None:
    whole = glove_lines(["the", "façade", "n't", "rana"])
    subset = glove_lines(["the", "façade", "n't"])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("glove.6B.100d.txt", b"the 1.0\n")
        archive.writestr("glove.6B.50d.txt", whole)
    files = {
        "glove.6B.50d.txt": whole,
        "glove.6B.50d.subset.txt": subset,
        "glove.6B.zip": buffer.getvalue(),
        "glove.6B.50d.subset.txt.xz": lzma.compress(subset),
    }
    know("glove", files)
    put(mirror, {name: files[name] for name in present})
    glove = datasets.load_glove(["façade", "don't", "n't", "The", "façade"])
    assert list(glove.vectors) == ["façade", "n't"]
    assert glove.missing == ["don't", "The"]
    assert glove.vocabulary == vocabulary
    vector = glove.vectors["n't"]
    assert vector.dtype == np.float32
    np.testing.assert_allclose(vector, 2 + np.arange(50) / 100, rtol=1e-6)


def test_load_glove_refuses_a_single_string() -> None:
    with pytest.raises(TypeError, match="a list of words, not the string 'the'"):
        datasets.load_glove("the")


CTA = (
    b"service_date,day_type,bus,rail_boardings,total_rides\n"
    b"01/06/2001,A,3,4,7\n01/05/2001,W,1,2,3\n01/06/2001,A,3,4,7\n12/31/2000,U,5,6,11\n"
)


@pytest.mark.parametrize("form", ["csv", "tgz"])
def test_load_cta_is_sorted_typed_and_without_repeats(form: str, mirror: Path) -> None:
    csv = fetch.sources()["cta"].contents["table"].name
    know("cta", {csv: CTA})
    archive = tar_of({f"ridership/{csv}": CTA}, "w:gz")
    put(mirror, {csv: CTA} if form == "csv" else {"ridership.tgz": archive})
    table = datasets.load_cta()
    days = pd.DatetimeIndex(["2000-12-31", "2001-01-05", "2001-01-06"], name="date")
    assert table.index.equals(days)
    assert table.index.name == "date"
    assert table["day_type"].tolist() == ["U", "W", "A"]
    assert table["day_type"].dtype == "category"
    counts = table[["bus", "rail", "total"]]
    assert (counts.dtypes == np.int64).all()
    assert counts.to_numpy().tolist() == [[5, 6, 11], [1, 2, 3], [3, 4, 7]]


def test_load_etth1_is_indexed_by_the_hour(mirror: Path) -> None:
    csv = b"date,HUFL,OT\n2016-07-01 00:00:00,5.8,30.5\n2016-07-01 01:00:00,5.6,27.7\n"
    know("etth1", {"ETTh1.csv": csv})
    put(mirror, {"ETTh1.csv": csv})
    table = datasets.load_etth1()
    assert table.index[1] == pd.Timestamp("2016-07-01 01:00")
    assert table.columns.tolist() == ["HUFL", "OT"]
    assert table["OT"].tolist() == [30.5, 27.7]


def test_texts_come_verbatim(mirror: Path) -> None:
    play, index = "First Citizen:\r\nCafé\n".encode(), b'{"the": 1, "caf\\u00e9": 2}'
    know("shakespeare", {"shakespeare.txt": play})
    know("imdb_word_index", {"imdb_word_index.json": index})
    put(mirror, {"shakespeare.txt": play, "imdb_word_index.json": index})
    assert datasets.load_shakespeare() == play.decode()
    assert datasets.load_imdb_word_index() == {"the": 1, "café": 2}


# ---------------------------------------------------------------- around the loaders


def test_the_module_loads_without_tensorflow_and_pandas() -> None:
    program = (
        "import sys, helpers.datasets\n"
        "print(sorted({'tensorflow', 'keras', 'pandas'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "[]"


def test_the_command_lists_what_is_at_hand(
    mirror: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    know("cta", {"CTA_-_Ridership_-_Daily_Boarding_Totals.csv": CTA})
    put(mirror, {"ETTh1.csv": b"cut", "ridership.tgz": b""})
    fetch.cache_folder().mkdir()
    put(fetch.cache_folder(), {"CTA_-_Ridership_-_Daily_Boarding_Totals.csv": CTA})
    datasets.main()
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["mirror:", str(mirror)] in lines
    etth1 = fetch.sources()["etth1"].contents["table"].url
    damaged = f"ETTh1.csv mirror: DAMAGED, get it again from {etth1}"
    assert damaged.split() in lines
    assert [
        "ridership.tgz",
        "mirror:",
        "there,",
        "to",
        "be",
        "checked",
        "when",
        "it",
        "is",
        "read",
    ] in lines
    assert ["CTA_-_Ridership_-_Daily_Boarding_Totals.csv", "cache:", "ok"] in lines
    assert ["glove.6B.zip", "https://nlp.stanford.edu/data/glove.6B.zip"] in lines


def test_the_command_refuses_a_mirror_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UNROLLED_MIRROR", "nowhere")
    with pytest.raises(SystemExit, match="nowhere, which is not a folder"):
        datasets.main()


@pytest.mark.parametrize("name", fetch.sources())
def test_each_source_is_complete(name: str) -> None:
    source = fetch.sources()[name]
    assert callable(getattr(datasets, source.loader))
    for text in (source.title, source.home, source.terms, source.cite):
        assert text
    files = [*source.contents.values(), *source.archives]
    assert [file.url for file in files if file.url], "nowhere to download it from"
    for file in files:
        assert file.url is None or file.url.startswith("https://")
        assert all(re.fullmatch("[0-9a-f]{64}", known) for known in file.sha256)
        assert set(file.gives) <= set(source.contents)
    for content in source.contents.values():
        assert len(content.sha256) == 1
        assert content.bytes > 0


def test_each_loader_has_its_source() -> None:
    loaders = {name for name in vars(datasets) if name.startswith("load_")}
    # What is generated, or comes with a library, has no file.
    loaders -= {"load_small_digits", "load_small_rides", "load_sea_temperature"}
    assert loaders == {source.loader for source in fetch.sources().values()}


def test_small_digits_have_the_form_of_mnist_without_a_download() -> None:
    (x_train, y_train), (x_test, y_test) = datasets.load_small_digits()
    assert (x_train.shape, y_train.shape) == ((1497, 8, 8), (1497,))
    assert (x_test.shape, y_test.shape) == ((300, 8, 8), (300,))
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype("uint8")}
    assert (x_train.min(), x_train.max()) == (0, 255)
    assert set(y_test) == set(range(10))


@pytest.mark.parametrize("name", fetch.sources())
def test_the_page_on_data_says_what_the_catalogue_says(name: str) -> None:
    page = (ROOT / "chapters" / "data.md").read_text(encoding="utf-8")
    source = fetch.sources()[name]
    _, found, section = page.partition(f"\n## {source.title}\n")
    assert found, f"chapters/data.md has no section {source.title!r}"
    section = " ".join(section.partition("\n## ")[0].split())
    facts = [source.home, source.terms, source.cite, f"`{source.loader}()`"]
    for file in (*source.contents.values(), *source.archives):
        facts.append(f"`{file.name}` | {f'{file.bytes:,}' if file.bytes else '–'} |")
        facts += [file.url] if file.url else []
        assert all(f"{known}  {file.name}\n" in page for known in file.sha256)
    missing = [fact for fact in facts if fact not in section]
    assert not missing, f"section {source.title!r} of chapters/data.md lacks {missing}"


# ---------------------------------------------------------------- the real data


@pytest.fixture
def real(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mirror as it was given to the test run; what is prepared stays for later."""
    if not REAL:
        pytest.skip("UNROLLED_MIRROR is not set: the real data is not at hand")
    folder = request.config.cache.mkdir("unrolled")
    monkeypatch.setenv("UNROLLED_CACHE", str(folder))


@pytest.fixture(scope="module")
def imdb() -> list[datasets.Imdb]:
    """Room for the reviews, so that they are read once."""
    return []


def real_imdb(imdb: list[datasets.Imdb]) -> datasets.Imdb:
    if not imdb:
        imdb.append(datasets.load_imdb())
    return imdb[0]


STARS = {
    "train": [0, 5100, 2284, 2420, 2696, 0, 0, 2496, 3009, 2263, 4732],
    "test": [0, 5022, 2302, 2541, 2635, 0, 0, 2307, 2850, 2344, 4999],
}


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize(("split", "repeats"), [("train", 96), ("test", 199)])
def test_the_real_imdb_has_its_known_ratings(
    split: str, repeats: int, imdb: list[datasets.Imdb]
) -> None:
    texts, labels, ratings = getattr(real_imdb(imdb), split)
    assert len(texts) == 25_000
    assert np.bincount(ratings).tolist() == STARS[split]
    np.testing.assert_array_equal(labels, ratings >= 7)
    assert labels.tolist() == [0, 1] * 12_500
    assert len(texts) - len(set(texts)) == repeats


@pytest.mark.usefixtures("real")
def test_the_real_imdb_shares_the_known_texts_between_its_parts(
    imdb: list[datasets.Imdb],
) -> None:
    reviews = real_imdb(imdb)
    train, test = set(reviews.train.texts), set(reviews.test.texts)
    texts, labels, ratings = reviews.unsupervised
    assert len(texts) == 50_000
    assert set(labels) == {-1}
    assert set(ratings) == {0}
    assert len(train & test) == 123
    assert len(train & set(texts)) == 354
    assert len(test & set(texts)) == 266


@pytest.mark.usefixtures("real")
def test_the_real_word_index_is_the_vocabulary_of_the_real_reviews(
    imdb: list[datasets.Imdb],
) -> None:
    index = datasets.load_imdb_word_index()
    assert sorted(index.values()) == list(range(1, 88_585))
    punctuation = b'!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'  # all but the apostrophe
    rules = bytes.maketrans(punctuation, b" " * len(punctuation))
    words = set()
    for text in real_imdb(imdb).train.texts:
        words.update(text.encode().lower().translate(rules).split(b" "))
    assert words - {b""} == {word.encode() for word in index}


@pytest.mark.usefixtures("real")
def test_the_real_shakespeare_has_65_characters() -> None:
    text = datasets.load_shakespeare()
    assert len(text) == 1_115_394
    assert len(set(text)) == 65
    assert text.startswith("First Citizen:\nBefore we proceed any further, hear me")


@pytest.mark.usefixtures("real")
def test_the_real_digits_rebuild_the_official_files() -> None:
    mnist = datasets.load_mnist()
    md5s = [
        hashlib.md5(
            struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
            + array.tobytes()
        ).hexdigest()
        for digits in mnist
        for array in digits
    ]
    assert md5s == [
        "6bbc9ace898e44ae57da46a324031adb",  # train-images-idx3-ubyte
        "a25bea736e30d166cdddb491f175f624",  # train-labels-idx1-ubyte
        "2646ac647ad5339dbf082846283269ea",  # t10k-images-idx3-ubyte
        "27ae3e4e09519cfbb04c329615203637",  # t10k-labels-idx1-ubyte
    ]


@pytest.mark.usefixtures("real")
def test_the_real_glove_has_most_of_the_commonest_words() -> None:
    index = datasets.load_imdb_word_index()
    glove = datasets.load_glove(word for word, rank in index.items() if rank <= 10_000)
    assert len(glove.vectors) == 9_797
    assert "don't" in glove.missing
    assert glove.vocabulary in (43_183, 400_000)
    assert all(vector.shape == (50,) for vector in glove.vectors.values())
    np.testing.assert_allclose(glove.vectors["the"][:2], [0.418, 0.24968], rtol=1e-6)


@pytest.mark.usefixtures("real")
def test_the_real_ridership_has_each_day_once() -> None:
    table = datasets.load_cta()
    assert table.index.equals(pd.date_range("2001-01-01", "2021-11-30"))
    assert table.columns.tolist() == ["day_type", "bus", "rail", "total"]
    assert set(table["day_type"]) == {"W", "A", "U"}
    assert (table["bus"] + table["rail"] == table["total"]).all()


@pytest.mark.usefixtures("real")
def test_the_real_transformer_has_each_hour_once() -> None:
    table = datasets.load_etth1()
    hours = pd.date_range("2016-07-01", "2018-06-26 19:00", freq="h")
    assert table.index.equals(hours)
    assert table.shape == (17_420, 7)
    assert (table.dtypes == np.float64).all()
    assert not table.isna().to_numpy().any()


@pytest.mark.usefixtures("real")
def test_every_file_of_the_real_mirror_is_sound() -> None:
    damaged = [
        fault
        for source in fetch.sources().values()
        for file in (*source.contents.values(), *source.archives)
        if (path := fetch.in_mirror(file)) and (fault := fetch.fault(path, file))
    ]
    assert damaged == []


def test_small_rides_have_the_form_of_the_real_ones_and_are_the_same_each_time():
    rides = datasets.load_small_rides()
    assert list(rides.columns) == ["day_type", "bus", "rail", "total"]
    assert len(rides) == len(pd.date_range(rides.index[0], rides.index[-1]))
    assert (rides["bus"] + rides["rail"]).equals(rides["total"])
    assert rides.loc["2019-12-25", "day_type"] == "U"
    assert rides.equals(datasets.load_small_rides())
    by_type = rides.groupby("day_type", observed=True)["rail"].mean()
    assert by_type["U"] < by_type["A"] < by_type["W"]


def test_the_sea_temperature_is_a_monthly_series_without_gaps():
    sea = datasets.load_sea_temperature()
    assert pd.DatetimeIndex(sea.index).freqstr == "MS"
    assert len(sea) == 61 * 12
    assert sea.notna().all()
    assert 15 < sea.min() < sea.max() < 35
