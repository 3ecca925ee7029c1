"""Load the real data sets of the book; `helpers.fetch` finds and verifies their files.

`python -m helpers.datasets` lists which files a mirror and the cache hold.
"""

from __future__ import annotations

import json
import lzma
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, NamedTuple

import numpy as np

from helpers import fetch

if TYPE_CHECKING:
    import pandas as pd

Chunks = Iterator[tuple[str, Iterable[bytes]]]


# ---------------------------------------------------------------- IMDB


class Reviews(NamedTuple):
    """Film reviews in a fixed order in which negative and positive ones alternate.

    texts : the reviews, verbatim (`<br />` included).
    labels : (reviews,) int64, 0 negative, 1 positive, -1 not labelled.
    ratings : (reviews,) int64, stars: 1 to 4 negative, 7 to 10 positive, 0 unknown.
    """

    texts: list[str]
    labels: np.ndarray
    ratings: np.ndarray


@dataclass(frozen=True)
class Imdb:
    """IMDB: 25,000 reviews to train on, 25,000 to test on, 50,000 without a label.

    The unlabelled ones are found and read when `unsupervised` is first used.
    """

    train: Reviews
    test: Reviews

    @cached_property
    def unsupervised(self) -> Reviews:
        return _reviews("unsup")["train"]


def load_imdb() -> Imdb:
    """Load the IMDB Large Movie Review Dataset.

    Returns
    -------
    imdb : `train`, `test` and `unsupervised` reviews, each with `texts`, `labels` and
        `ratings`, in the order of upstream's numbers: "neg" 0, "pos" 0, "neg" 1 and so
        on. Half of the first 100, or of the last 5,000, are positive.

    Raises
    ------
    fetch.DataError
        The reviews are not to be had, or a file is damaged.

    Source: Maas et al. (2011). Introduced in chapter 7.
    """
    reviews = _reviews("labelled")
    return Imdb(reviews["train"], reviews["test"])


# The path before each text. A literal beginning is what keeps the search fast.
_IMDB_PATHS = {
    "labelled": rb"aclImdb/(train|test)/(neg|pos)/(\d+)_(\d+)\.txt\0",
    "unsup": rb"(train)/(unsup)/(\d+)_(\d+)\.txt\0",
}
_IMDB_LABELS = {b"neg": 0, b"pos": 1, b"unsup": -1}


def _reviews(key: str) -> dict[str, Reviews]:
    content = fetch.find("imdb", key, unpack=_unpack_imdb).read_bytes()
    _, *fields = re.split(_IMDB_PATHS[key], content)
    splits, kinds, numbers, stars, texts = (fields[i::5] for i in range(5))
    labels = np.array([_IMDB_LABELS[kind] for kind in kinds])
    ratings = np.fromiter(map(int, stars), np.int64)
    order = np.lexsort((labels, np.fromiter(map(int, numbers), np.int64))).tolist()
    reviews = {}
    for split in set(splits):
        chosen = [i for i in order if splits[i] == split]
        decoded = [texts[i].decode() for i in chosen]
        reviews[split.decode()] = Reviews(decoded, labels[chosen], ratings[chosen])
    return reviews


_IMDB_MEMBER = re.compile(r"aclImdb/(train|test)/(neg|pos|unsup)/\d+_\d+\.txt")


def _unpack_imdb(path: Path, gives: tuple[str, ...]) -> Chunks:
    print("Preparing the IMDB reviews (once, 10 to 20 seconds) …", file=sys.stderr)
    texts: dict[str, dict[str, bytes]] = {key: {} for key in gives}
    for name, file in _members(path):
        if match := _IMDB_MEMBER.fullmatch(name):
            if match[2] == "unsup":
                texts["unsup"][name.removeprefix("aclImdb/")] = file.read()
            else:
                texts["labelled"][name] = file.read()
    for key, named in texts.items():
        yield (
            key,
            (part for p in sorted(named) for part in (p.encode(), b"\0", named[p])),
        )


def load_imdb_word_index() -> dict[str, int]:
    """Load Keras' word index: each word of IMDB's train reviews and its rank.

    Returns
    -------
    index : 88,584 words; 1 is the commonest. (`keras.datasets.imdb` adds 3 to each.)

    Raises
    ------
    fetch.DataError
        The file is not to be had, or is damaged.

    Introduced in chapter 7.
    """
    path = fetch.find("imdb_word_index", "index")
    index: dict[str, int] = json.loads(path.read_bytes())
    return index


# ---------------------------------------------------------------- other texts, digits


def load_shakespeare() -> str:
    """Load Tiny Shakespeare: 1,115,394 characters, 65 different ones.

    Raises
    ------
    fetch.DataError
        The file is not to be had, or is damaged.

    Introduced in chapter 9.
    """
    return fetch.find("shakespeare", "text").read_bytes().decode()


class Digits(NamedTuple):
    """Handwritten digits.

    images : (digits, 28, 28) uint8, 0 background to 255 ink.
    labels : (digits,) uint8, 0 to 9.
    """

    images: np.ndarray
    labels: np.ndarray


class Mnist(NamedTuple):
    """MNIST: 60,000 digits to train on, 10,000 to test on."""

    train: Digits
    test: Digits


_MNIST_SHAPES = {
    "x_train": (60_000, 28, 28),
    "y_train": (60_000,),
    "x_test": (10_000, 28, 28),
    "y_test": (10_000,),
}


def load_mnist() -> Mnist:
    """Load MNIST in its original order.

    Returns
    -------
    mnist : unpacks as `(x_train, y_train), (x_test, y_test) = load_mnist()`.

    Raises
    ------
    fetch.DataError
        The digits are not to be had, or a file is damaged.

    Source: LeCun et al. (1998). Introduced in chapter 1.
    """
    content = np.fromfile(
        fetch.find("mnist", "digits", unpack=_unpack_mnist), dtype=np.uint8
    )
    arrays = []
    start = 0
    for shape in _MNIST_SHAPES.values():
        stop = start + int(np.prod(shape))
        arrays.append(content[start:stop].reshape(shape))
        start = stop
    x_train, y_train, x_test, y_test = arrays
    return Mnist(Digits(x_train, y_train), Digits(x_test, y_test))


def load_small_digits() -> Mnist:
    """Give scikit-learn's 1,797 digits of 8 × 8 pixels in the form of MNIST.

    They come with the library: the quick profile's digits. The last 300 are the test
    part; grey values run from 0 to 255, as in MNIST.

    Introduced in chapter 1.
    """
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = (images.reshape(-1, 8, 8) * 255 / 16).astype("uint8")
    labels = labels.astype("uint8")
    return Mnist(
        Digits(images[:-300], labels[:-300]), Digits(images[-300:], labels[-300:])
    )


def _unpack_mnist(path: Path, gives: tuple[str, ...]) -> Chunks:
    with np.load(path, allow_pickle=False) as arrays:
        yield gives[0], (arrays[name].tobytes() for name in _MNIST_SHAPES)


class Glove(NamedTuple):
    """Word vectors of a chosen word list.

    vectors : (50,) float32 by word, for the words that GloVe has.
    missing : the words that it does not have, in the order asked for.
    vocabulary : number of words searched: 400,000, or 43,183 where only the subset
        of a mirror is at hand.
    """

    vectors: dict[str, np.ndarray]
    missing: list[str]
    vocabulary: int


def load_glove(words: Iterable[str]) -> Glove:
    """Load the GloVe 6B vectors (50 dimensions) of the words asked for.

    The file is read line by line; only the vectors asked for are kept.

    Parameters
    ----------
    words : in lower case, as GloVe writes them ("n't" and "'s" are words of their own).

    Raises
    ------
    TypeError
        A single string was given instead of a list of words.
    fetch.DataError
        The vectors are not to be had, or a file is damaged.

    Source: Pennington et al. (2014). Introduced in chapter 8.
    """
    if isinstance(words, str):
        raise TypeError(f"words must be a list of words, not the string {words!r}")
    wanted = {word.encode(): word for word in words}
    vectors = {}
    vocabulary = 0
    with fetch.find("glove", "full", "subset", unpack=_unpack_glove).open("rb") as file:
        for line in file:
            vocabulary += 1
            word, _, numbers = line.partition(b" ")
            if word in wanted:
                vectors[wanted[word]] = np.array(numbers.split()).astype(np.float32)
    missing = [word for word in wanted.values() if word not in vectors]
    return Glove(vectors, missing, vocabulary)


def _unpack_glove(path: Path, gives: tuple[str, ...]) -> Chunks:
    if path.name.endswith(".xz"):
        with lzma.open(path) as file:
            yield gives[0], _chunks(file)
    else:
        member = fetch.sources()["glove"].contents["full"].name
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            yield gives[0], _chunks(file)


# ---------------------------------------------------------------- series


def load_cta() -> pd.DataFrame:
    """Load Chicago's daily boardings, 2001-01-01 to 2021-11-30.

    Returns
    -------
    table : 7,639 days, oldest first, indexed by `date`; `day_type` (category: W
        weekday, A Saturday, U Sunday or holiday), `bus`, `rail` and `total` (int64,
        boardings). The file's 62 repeated rows are dropped.

    Raises
    ------
    fetch.DataError
        The table is not to be had, or a file is damaged.

    Introduced in chapter 5.
    """
    import pandas as pd

    path = fetch.find("cta", "table", unpack=_unpack_cta)
    names = {
        "service_date": "date",
        "rail_boardings": "rail",
        "total_rides": "total",
    }
    table = pd.read_csv(path, dtype={"day_type": "category"}).rename(columns=names)
    table["date"] = pd.to_datetime(table["date"], format="%m/%d/%Y")
    return table.drop_duplicates().set_index("date").sort_index()


def _unpack_cta(path: Path, gives: tuple[str, ...]) -> Chunks:
    csv = fetch.sources()["cta"].contents["table"].name
    for name, file in _members(path):
        if PurePosixPath(name).name == csv:
            yield gives[0], _chunks(file)
            return
    raise ValueError(f"it holds no {csv}")


def load_etth1() -> pd.DataFrame:
    """Load ETTh1: hourly load and oil temperature of an electricity transformer.

    Returns
    -------
    table : 17,420 hours, oldest first, indexed by `date`; six loads (`HUFL` to `LULL`)
        and the oil temperature `OT` in °C, float64.

    Raises
    ------
    fetch.DataError
        The table is not to be had, or a file is damaged.

    Source: Zhou et al. (2021). Introduced in chapter 5.
    """
    import pandas as pd

    path = fetch.find("etth1", "table")
    return pd.read_csv(path, parse_dates=["date"], index_col="date")


def load_small_rides() -> pd.DataFrame:
    """Generate boardings in the form of Chicago's, for runs that load nothing.

    Returns
    -------
    table : as `load_cta`'s, from 2001-01-01 to 2020-02-29; a week, a year, holidays
        and noise, drawn anew in the same way each time.

    Introduced in chapter 5.
    """
    import pandas as pd
    from pandas.tseries.holiday import USFederalHolidayCalendar

    days = pd.date_range("2001-01-01", "2020-02-29", name="date")
    free = USFederalHolidayCalendar().holidays(days[0], days[-1])
    rest = days.isin(free) | (days.day_of_week == 6)
    kind = np.select([rest, days.day_of_week == 5], ["U", "A"], "W")
    level = np.select([rest, days.day_of_week == 5], [0.4, 0.6], 1.0)
    level *= 1 + 0.1 * np.sin(2 * np.pi * days.day_of_year.to_numpy() / 365.25)
    noise = np.random.default_rng(0).normal(1, 0.03, (2, len(days)))
    rail, bus = (np.array([[600_000], [800_000]]) * level * noise).astype("int64")
    table = {"day_type": kind, "bus": bus, "rail": rail, "total": bus + rail}
    return pd.DataFrame(table, days).astype({"day_type": "category"})


def load_sea_temperature() -> pd.Series:
    """Load a monthly series that comes with statsmodels, for runs without a file.

    Returns
    -------
    732 months from 1950, the surface temperature of the eastern Pacific in °C.

    Introduced in chapter 5.
    """
    import pandas as pd
    import statsmodels.api as sm

    table = sm.datasets.elnino.load_pandas().data.set_index("YEAR")
    months = pd.date_range("1950", periods=table.size, freq="MS", name="date")
    return pd.Series(table.to_numpy("float64").ravel(), months, name="°C")


# ---------------------------------------------------------------- archives


def _members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Read a tar archive file by file; nothing is unpacked to the disk."""
    with tarfile.open(path) as archive:
        for member in archive:
            name = PurePosixPath(member.name)
            if name.is_absolute() or ".." in name.parts:
                raise ValueError(f"its member {member.name!r} leads out of the archive")
            if member.isreg() and (file := archive.extractfile(member)):
                yield member.name, file


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    return iter(partial(file.read, 2**20), b"")


def main() -> None:
    """List every data file: is it in the mirror, in the cache, and sound?"""
    try:
        mirror = fetch.mirror_folder()
    except fetch.DataError as error:
        sys.exit(str(error))
    print(f"mirror: {mirror or 'UNROLLED_MIRROR is not set'}")
    print(f"cache:  {fetch.cache_folder()}")
    for source in fetch.sources().values():
        print(f"\n{source.title}")
        for file in (*source.contents.values(), *source.archives):
            places = {
                "mirror": fetch.in_mirror(file),
                "cache": fetch.cache_folder() / file.name,
            }
            states = [
                f"{place}: {_state(path, file)}"
                for place, path in places.items()
                if path and path.is_file()
            ]
            print(f"  {file.name:<45} {', '.join(states) or file.url or '–'}")


def _state(path: Path, file: fetch.File) -> str:
    if fetch.fault(path, file):
        return f"DAMAGED, get it again{f' from {file.url}' if file.url else ''}"
    return "ok" if file.sha256 else "there, to be checked when it is read"


if __name__ == "__main__":
    main()
