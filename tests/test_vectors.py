"""Word vectors are read whole, and written so that they come back."""

import dataclasses
import hashlib
import io
import lzma
import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from helpers import fetch, vectors

REAL = os.environ.get("UNROLLED_MIRROR")

WORDS = ["the", '"', "nan", "null", "n't", "façade", "#", "naïve\xa0café", "1e5"]
NUMBERS = np.random.default_rng(0).normal(size=(len(WORDS), 50)).round(5)


def glove_lines(words: list[str]) -> bytes:
    return b"".join(
        f"{word} {' '.join(f'{number:.5f}' for number in row)}\n".encode()
        for word, row in zip(words, NUMBERS, strict=False)
    )


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror without files, an empty cache, and a catalogue with our own GloVe."""
    (tmp_path / "mirror").mkdir()
    monkeypatch.setenv("UNROLLED_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("UNROLLED_CACHE", str(tmp_path / "cache"))
    whole, subset = glove_lines(WORDS), glove_lines(WORDS[:6])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("glove.6B.50d.txt", whole)
    contents = {
        "glove.6B.50d.txt": whole,
        "glove.6B.50d.subset.txt": subset,
        "glove.6B.zip": buffer.getvalue(),
        "glove.6B.50d.subset.txt.xz": lzma.compress(subset),
    }

    def ours(file: fetch.File) -> fetch.File:
        content = contents[file.name]
        (tmp_path / file.name).write_bytes(content)
        sha256 = (hashlib.sha256(content).hexdigest(),)
        return dataclasses.replace(file, sha256=sha256, bytes=len(content))

    glove = fetch.sources()["glove"]
    glove = dataclasses.replace(
        glove,
        contents={key: ours(file) for key, file in glove.contents.items()},
        archives=tuple(ours(file) for file in glove.archives),
    )
    monkeypatch.setattr(fetch, "sources", lambda: {"glove": glove})
    return tmp_path / "mirror"


def put(mirror: Path, *names: str) -> None:
    for name in names:
        (mirror.parent / name).rename(mirror / name)


@pytest.mark.parametrize("rows", [2, 100])
@pytest.mark.parametrize(
    ("names", "n_words"),
    [
        (["glove.6B.50d.txt"], len(WORDS)),
        (["glove.6B.zip"], len(WORDS)),
        (["glove.6B.50d.subset.txt.xz"], 6),
        (["glove.6B.50d.subset.txt.xz", "glove.6B.zip"], len(WORDS)),
    ],
)
def test_load_glove_reads_every_word_and_its_vector_as_they_stand(
    names, n_words, rows, mirror, monkeypatch
):
    put(mirror, *names)
    monkeypatch.setattr(vectors, "ROWS", rows)
    glove = vectors.load_glove()
    assert glove.words == WORDS[:n_words]
    assert glove.about == {}
    assert glove.vectors.dtype == np.float32
    np.testing.assert_array_equal(glove.vectors, NUMBERS[:n_words].astype("float32"))


def test_load_glove_reads_a_last_line_without_an_end(mirror, monkeypatch):
    path = mirror.parent / "cut.txt"
    path.write_bytes(glove_lines(WORDS).rstrip())
    monkeypatch.setattr(fetch, "find", lambda *_, **__: path)
    glove = vectors.load_glove()
    assert glove.words == WORDS
    np.testing.assert_array_equal(glove.vectors, NUMBERS.astype("float32"))


def test_load_glove_refuses_a_damaged_file(mirror):
    put(mirror, "glove.6B.50d.txt")
    with (mirror / "glove.6B.50d.txt").open("ab") as file:
        file.write(b"more 1.0\n")
    with pytest.raises(fetch.DataError, match="is not the file it should be"):
        vectors.load_glove()


@pytest.mark.skipif(not REAL, reason="UNROLLED_MIRROR is not set")
def test_the_real_glove_is_read_as_load_glove_of_datasets_reads_it():
    glove = vectors.load_glove()
    assert glove.vectors.shape in ((43_183, 50), (400_000, 50))
    assert len(set(glove.words)) == len(glove.words) == len(glove.vectors)
    assert glove.words[:3] == ["the", ",", "."]
    some = glove.words[::1000]
    one_by_one = vectors.datasets.load_glove(some).vectors
    for word, vector in zip(some, glove.vectors[::1000], strict=True):
        np.testing.assert_array_equal(vector, one_by_one[word])


# ---------------------------------------------------------------- save and load


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "pretrained" / "small.npz"
    vectors.save(path, WORDS, NUMBERS, corpus="reviews", seed=3)
    return path


def test_what_is_saved_comes_back_with_three_digits(saved):
    result = vectors.load(saved)
    assert result.words == WORDS
    assert result.about == {"corpus": "reviews", "seed": 3}
    assert result.vectors.dtype == np.float32
    np.testing.assert_allclose(result.vectors, NUMBERS, rtol=1e-3, atol=1e-6)


def test_a_saved_file_is_small_and_holds_no_pickle(saved):
    with np.load(saved, allow_pickle=False) as file:
        kinds = {name: file[name].dtype.name for name in file.files}
    assert kinds == {"words": "uint8", "vectors": "float16", "about": "uint8"}
    assert saved.stat().st_size < 2 * NUMBERS.size + 1500


def test_the_same_vectors_give_the_same_bytes(saved, tmp_path):
    again = tmp_path / "again.npz"
    vectors.save(again, tuple(WORDS), NUMBERS.copy(), seed=3, corpus="reviews")
    assert again.read_bytes() == saved.read_bytes()


def test_a_failed_save_keeps_the_old_file_and_leaves_nothing_beside_it(
    saved, monkeypatch
):
    def full(*_):
        raise OSError("No space left on device")

    old = saved.read_bytes()
    monkeypatch.setattr(vectors.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        vectors.save(saved, ["new"], np.ones((1, 2)))
    assert saved.read_bytes() == old
    assert os.listdir(saved.parent) == [saved.name]


def test_a_saved_file_may_be_read_by_all_and_is_named_as_asked(saved):
    assert saved.stat().st_mode & 0o777 == 0o644
    odd = saved.with_name("no_ending")
    vectors.save(odd, ["a"], np.ones((1, 2)))
    assert vectors.load(odd).words == ["a"]


@pytest.mark.parametrize(
    ("words", "numbers", "message"),
    [
        (["a", "b"], np.ones((3, 2)), "each of the 2 words, not the shape (3, 2)"),
        (["a"], np.ones(1), "not the shape (1,)"),
        ([], np.ones((0, 2)), "each of the 0 words"),
        (["a", "b", "a"], np.ones((3, 2)), "the word 'a' of row 2 occurs twice"),
        (["a", ""], np.ones((2, 2)), "the word '' of row 1 is empty"),
        (["a\nb"], np.ones((1, 2)), r"the word 'a\nb' of row 0 is empty or has"),
        (["a", "b"], np.array([[0, 1], [np.nan, 1]]), "the vector of 'b' in row 1"),
        (["a"], np.array([[7e4]]), "one above 65,504"),
    ],
)
def test_save_says_which_words_or_vectors_it_cannot_keep(
    words, numbers, message, tmp_path
):
    with pytest.raises(ValueError, match=re.escape(message)):
        vectors.save(tmp_path / "file.npz", words, numbers)
    assert os.listdir(tmp_path) == []


def test_load_names_a_missing_file_and_what_to_do(tmp_path):
    with pytest.raises(fetch.DataError, match=r"no file .*none\.npz.*fetch the book"):
        vectors.load(tmp_path / "none.npz")


def damaged(content: bytes) -> dict[str, bytes]:
    middle = len(content) // 2
    wrong = bytes([content[middle] ^ 0xFF])
    text, plain = io.BytesIO(), io.BytesIO()
    np.savez(text, words=np.frombuffer(b"a\nb", np.uint8), vectors=np.ones((2, 2)))
    np.save(plain, np.ones(3))
    return {
        "empty": b"",
        "cut off": content[:middle],
        "a changed byte": content[:middle] + wrong + content[middle + 1 :],
        "no archive": b"word vectors",
        "one array": plain.getvalue(),
        "a part missing": text.getvalue(),
    }


@pytest.mark.parametrize("fault", damaged(bytes(10)))
def test_load_refuses_a_damaged_file(fault, saved):
    saved.write_bytes(damaged(saved.read_bytes())[fault])
    with pytest.raises(fetch.DataError, match=r"small\.npz is damaged, or no file"):
        vectors.load(saved)


@pytest.mark.parametrize(
    "wrong",
    [
        {"words": np.frombuffer(b"a\nb\nc", np.uint8)},
        {"words": np.frombuffer(b"a\n\xff", np.uint8)},
        {"words": np.array(["a", "b"], object)},
        {"vectors": np.ones(2, "float16")},
        {"about": np.frombuffer(b"{", np.uint8)},
    ],
)
def test_load_refuses_parts_that_do_not_fit(wrong, tmp_path):
    right = {
        "words": np.frombuffer(b"a\nb", np.uint8),
        "vectors": np.ones((2, 3), "float16"),
        "about": np.frombuffer(b"{}", np.uint8),
    }
    np.savez(tmp_path / "file.npz", **(right | wrong))
    with pytest.raises(fetch.DataError, match=r"file\.npz is damaged"):
        vectors.load(tmp_path / "file.npz")


ENGLISH = [" ".join(f"word{i + j}" for j in range(20)) for i in range(150)]


def test_enough_words_need_no_note():
    assert vectors.notes_on(ENGLISH * 20, "a.csv") == []


def test_few_words_are_told():
    (note,) = vectors.notes_on(ENGLISH, "a.csv")
    assert "mostly chance" in note


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["映画はとても面白かったです、また見たいと思います"] * 300, "without blanks"),
        (["หนังเรื่องนี้สนุกมากและน่าดูที่สุดในปีนี้"] * 300, "without blanks"),
        (["हिन्दी में लिखी हुई किताब"] * 300, "vowel signs"),
        (["the film was good"] * 300, "100 different words"),
        ([""] * 40, "100 different words"),
    ],
)
def test_texts_without_words_are_refused(texts, message):
    with pytest.raises(ValueError, match=f"^a.csv .*{message}"):
        vectors.notes_on(texts, "a.csv")


def test_words_that_are_cut_already_are_taken():
    text = " ".join(chr(0x4E00 + i) + chr(0x5000 + i) for i in range(120))
    assert len(vectors.notes_on([text] * 6, "a.csv")) == 1


@pytest.mark.parametrize(
    ("words", "table", "message"),
    [
        (["a"], np.ones((1, 2), complex), "real numbers"),
        ([3], np.ones((1, 2)), "must be text"),
        (["a"], np.array([["x"]]), "real numbers"),
    ],
)
def test_what_is_no_table_of_words_is_refused(words, table, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        vectors.save(tmp_path / "x.npz", words, table)


def test_the_name_of_a_file_will_do(tmp_path):
    vectors.save(str(tmp_path / "x.npz"), ["a"], np.array([[1.0, 2.0]]))
    assert vectors.load(str(tmp_path / "x.npz")).words == ["a"]
