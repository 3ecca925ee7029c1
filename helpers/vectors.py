"""Word vectors as files: all of GloVe, and small ones that come with the book."""

from __future__ import annotations

import json
import os
import re
import tempfile
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from helpers import datasets, fetch, tokens

ROWS = 20_000  # of the GloVe file in memory at a time
PARTS = ("words", "vectors", "about")  # of a file that `save` writes
# Thai, Lao, Burmese, Khmer, kana and Han: written without blanks between words
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]"
)


@dataclass(frozen=True)
class WordVectors:
    """Words and their vectors, row for row.

    words : each once, in the order of the file (GloVe's: the commonest first).
    vectors : (words, dimensions) float32.
    about : what `save` was told of them; empty for GloVe.

    Introduced in chapter 8.
    """

    words: list[str]
    vectors: np.ndarray
    about: dict[str, Any] = field(default_factory=dict)


def load_glove() -> WordVectors:
    """Load all words of GloVe 6B and their vectors of 50 dimensions.

    The file is read in pieces; memory is that of the result, 80 MB of vectors and
    some 30 MB of words for the whole file.

    Returns
    -------
    glove : 400,000 words, or 43,183 where only the subset of a mirror is at hand, in
        small letters ("n't" and "'s" are words of their own).

    Raises
    ------
    fetch.DataError
        The vectors are not to be had, or a file is damaged.

    Source: Pennington et al. (2014). Introduced in chapter 8.
    """
    import pandas as pd

    path = fetch.find("glove", "full", "subset", unpack=datasets._unpack_glove)
    with path.open("rb") as file:
        dimensions = file.readline().count(b" ")
        file.seek(0)
        n_ends = sum(chunk.count(b"\n") for chunk in datasets._chunks(file))
    words: list[str] = []
    vectors = np.empty((n_ends + 1, dimensions), np.float32)  # the last may have none
    pieces = pd.read_csv(
        path,
        sep=" ",
        header=None,
        dtype={0: str} | dict.fromkeys(range(1, dimensions + 1), np.float32),
        encoding="utf-8",
        lineterminator="\n",
        quoting=3,  # none: a quotation mark is a word
        na_filter=False,  # so are "nan" and "null"
        chunksize=ROWS,
    )
    with pieces:
        for piece in pieces:
            vectors[len(words) : len(words) + len(piece)] = piece.iloc[:, 1:]
            words.extend(piece[0])
    return WordVectors(words, vectors[: len(words)])


def notes_on(texts: Sequence[str], name: str) -> list[str]:
    """Say before a training whether texts have the words that vectors need.

    Parameters
    ----------
    texts : as they are, to be cut by `tokens.words`.
    name : of their file, for the message.

    Returns
    -------
    notes : a sentence where there is little to learn from, else nothing.

    Raises
    ------
    ValueError
        The texts are written without blanks between words, in a script whose words
        `tokens.words` cuts into pieces, or have too few words that occur often.

    Introduced in chapter 8.
    """
    whole = "".join(texts)
    letters = sum(map(str.isalpha, whole))
    pieces = sum(len(text.split()) for text in texts)
    if len(UNSPACED.findall(whole)) > letters / 2 and letters > 5 * pieces:
        raise ValueError(
            f"{name} is written without blanks between words: cut its texts into words "
            "first, with a program made for its language"
        )
    found = Counter(word for text in texts for word in tokens.words(text))
    marks = sum(n for w, n in found.items() if unicodedata.category(w[0])[0] == "M")
    if marks > found.total() / 20:
        raise ValueError(
            f"{name} has words with vowel signs or points, which are cut into pieces "
            "here: write these words without them, or in Latin letters"
        )
    if (often := sum(n > 4 for n in found.values())) < 100:
        raise ValueError(
            f"{name} must have 100 different words that occur five times or more, and "
            f"has {often}: give more texts, or longer ones"
        )
    if found.total() < 50_000:
        return [
            f"{name} has {found.total():,} words. With fewer than some 50,000 the "
            "neighbours of a word are mostly chance."
        ]
    return []


def save(
    path: str | Path, words: Sequence[str], vectors: np.ndarray, **about: Any
) -> None:
    """Write words and their vectors to a small file, whole or not at all.

    Numbers are kept as float16: three digits. The same input gives the same bytes.

    Parameters
    ----------
    path : file to write, such as data/pretrained/NAME.npz; its folder is made.
    words : each once, none empty, none with a line break.
    vectors : (words, dimensions) float array, finite, at most 65,504 in size.
    about : facts to keep with them (corpus, seed), anything that JSON can hold.

    Raises
    ------
    ValueError
        Words and vectors do not fit each other or the format; the message says where.
    OSError
        The folder cannot be made or written to.

    Introduced in chapter 8.
    """
    path, words = Path(path), list(words)
    small = _small(words, np.asarray(vectors))
    arrays = {
        "words": _bytes("\n".join(words)),
        "vectors": small,
        "about": _bytes(json.dumps(about, ensure_ascii=False, sort_keys=True)),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _small(words: list[str], vectors: np.ndarray) -> np.ndarray:
    """The vectors as float16, if words and vectors are what `save` asks for."""
    if vectors.dtype.kind not in "fiu":
        raise ValueError(f"vectors must be real numbers, not {vectors.dtype}")
    if vectors.ndim != 2 or len(vectors) != len(words) or not words:
        raise ValueError(
            f"vectors must have one row for each of the {len(words):,} words, not the "
            f"shape {vectors.shape}"
        )
    seen: set[str] = set()
    for row, word in enumerate(words):
        if not isinstance(word, str):
            raise ValueError(f"the word of row {row:,} must be text, not {word!r}")
        if not word or "\n" in word or word in seen:
            fault = "occurs twice" if word in seen else "is empty or has a line break"
            raise ValueError(f"the word {word!r} of row {row:,} {fault}")
        seen.add(word)
    with np.errstate(over="ignore"):
        small = vectors.astype("<f2")
    if not np.isfinite(small).all():
        row = int(np.flatnonzero(~np.isfinite(small).all(axis=1))[0])
        raise ValueError(
            f"the vector of {words[row]!r} in row {row:,} holds a number that float16 "
            "cannot: NaN, or one above 65,504"
        )
    return small


def load(path: str | Path) -> WordVectors:
    """Read a file that `save` has written; the vectors come back as float32.

    Raises
    ------
    fetch.DataError
        There is no such file, it cannot be read, or it is damaged; the message says
        which and what to do.

    Introduced in chapter 8.
    """
    path = Path(path)
    if not path.is_file():
        raise fetch.DataError(
            f"There is no file {path}. Its word vectors come with the book: fetch the "
            "book again, or write the file anew with `vectors.save`."
        )
    try:
        with zipfile.ZipFile(path):  # np.load would take other files for a pickle
            pass
        with np.load(path, allow_pickle=False) as file:
            arrays = [file[name] for name in PARTS]
        words, small, about = arrays
        result = WordVectors(
            bytes(words).decode().split("\n"),
            small.astype(np.float32),
            json.loads(bytes(about)),
        )
        if small.ndim != 2 or len(result.words) != len(small):
            raise ValueError(f"{len(result.words):,} words, vectors {small.shape}")
    except OSError as error:
        raise fetch.DataError(f"{path} cannot be read: {error.strerror}.") from None
    except (*fetch.UNREADABLE, NotImplementedError) as error:
        raise fetch.DataError(
            f"{path} is damaged, or no file of word vectors: "
            f"{error or type(error).__name__}. Fetch the book again, or write the file "
            "anew with `vectors.save`."
        ) from None
    return result


def _bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)
