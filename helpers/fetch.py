"""Find, verify and download the files behind the book's data sets.

`find` looks in `$UNROLLED_MIRROR`, then in the user's cache (`$UNROLLED_CACHE` moves
it), then upstream, and checks the sha256 of a file each time before it is used.
`data/sources.toml` says which files there are.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import functools
import gzip
import hashlib
import lzma
import os
import shutil
import tarfile
import tempfile
import time
import tomllib
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import platformdirs
from tqdm import tqdm

with warnings.catch_warnings():  # pooch loads tqdm's notebook bar, which wants widgets
    warnings.simplefilter("ignore")
    import pooch

SOURCES = Path(__file__).resolve().parent.parent / "data" / "sources.toml"
TRIES = 3  # attempts without a new byte before a download is given up
WAIT = 1.0  # seconds before the second attempt; doubled for each one after
TIMEOUT = (10, 60)  # seconds to connect, and to wait for the next bytes

MIRROR_ADVICE = (
    "It lies in the mirror (UNROLLED_MIRROR), where nothing is changed: replace it "
    "there, or unset UNROLLED_MIRROR."
)
UNREADABLE = (
    EOFError,
    KeyError,
    ValueError,
    gzip.BadGzipFile,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)


class DataError(RuntimeError):
    """A data set cannot be had; the message says what was tried and what to do."""


@dataclass(frozen=True)
class File:
    """A file that a data set is read from.

    gives : keys of the contents that it holds, if it is an archive.
    sha256 : any of these will do; none where upstream publishes none.
    bytes : 0 where it is not known.
    """

    name: str
    sha256: tuple[str, ...] = ()
    bytes: int = 0
    url: str | None = None
    gives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """One data set of `data/sources.toml`.

    contents : the files that loaders read and the cache keeps, by key.
    archives : other files that hold them.
    """

    title: str
    home: str
    terms: str
    cite: str
    loader: str
    contents: dict[str, File]
    archives: tuple[File, ...] = ()


# Reads an archive: (its path, File.gives) → for each, the key and the bytes in chunks.
Unpack = Callable[[Path, tuple[str, ...]], Iterator[tuple[str, Iterable[bytes]]]]


@functools.cache
def sources() -> dict[str, Source]:
    """Read `data/sources.toml`: the data sets by name."""

    def file(entry: dict[str, Any]) -> File:
        sha256 = entry.pop("sha256", [])
        hashes = [sha256] if isinstance(sha256, str) else sha256
        gives = tuple(entry.pop("gives", []))
        return File(**entry, sha256=tuple(hashes), gives=gives)

    table = tomllib.loads(SOURCES.read_text(encoding="utf-8"))
    for entry in table.values():
        entry["contents"] = {key: file(one) for key, one in entry["contents"].items()}
        entry["archives"] = tuple(file(one) for one in entry.get("archives", []))
    return {name: Source(**entry) for name, entry in table.items()}


def cache_folder() -> Path:
    """The folder of fetched and prepared files: $UNROLLED_CACHE or the user's own."""
    if named := os.environ.get("UNROLLED_CACHE"):
        return Path(named).expanduser()
    return platformdirs.user_cache_path("unrolled", appauthor=False)


def mirror_folder() -> Path | None:
    """The folder that $UNROLLED_MIRROR names, or None where it is not set.

    Raises
    ------
    DataError
        It names something that is not a folder.
    """
    named = os.environ.get("UNROLLED_MIRROR")
    if not named:
        return None
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise DataError(
            f"UNROLLED_MIRROR names {folder}, which is not a folder. Name the folder "
            "that holds the data files, or unset it to use the cache and the network."
        )
    return folder


def in_mirror(file: File) -> Path | None:
    """Where the mirror holds a file: at its top or in its folder `series`."""
    folder = mirror_folder()
    if folder is None:
        return None
    places = (folder / file.name, folder / "series" / file.name)
    return next((path for path in places if os.path.isfile(path)), None)


def fault(path: Path, file: File) -> str | None:
    """Say what is wrong with a file, or None where its sha256 is as expected.

    An archive without a known sha256 passes: its contents are checked instead.
    """
    if not file.sha256:
        return None
    try:
        found = pooch.file_hash(str(path))
        size = path.stat().st_size
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}."
    if found in file.sha256:
        return None
    return (
        f"{path} is not the file it should be: its sha256 is {found} ({size:,} bytes), "
        f"expected {' or '.join(file.sha256)} ({file.bytes:,} bytes)."
    )


def find(name: str, *accept: str, unpack: Unpack | None = None) -> Path:
    """Return the path of a verified content: mirror, then cache, then upstream.

    Parameters
    ----------
    name : the data set's name in `data/sources.toml`.
    accept : keys of the contents that will do, the preferred one first.
    unpack : reads the set's archives; not needed where there are none.

    Returns
    -------
    path : a file whose sha256 has just been found right. Not to be changed.

    Raises
    ------
    DataError
        A file has the wrong content, or nothing is to be had: what was tried, how
        to get the file by hand and where to put it.
    """
    source = sources()[name]
    wanted = [source.contents[key] for key in accept]
    archives = [file for file in source.archives if set(file.gives) & set(accept)]
    names = " or ".join(file.name for file in (*wanted, *archives))

    held = ((in_mirror(file), file) for file in (*wanted, *archives))
    mirrored = next(((path, file) for path, file in held if path), None)
    if mirrored:
        path, file = mirrored
        if wrong := fault(path, file):
            raise DataError(f"{wrong} {MIRROR_ADVICE}")
        if not file.gives:
            return path
        # Its contents, prepared by an earlier call, have the same sha256.
        wanted = [source.contents[key] for key in accept if key in file.gives]
        tried = []
    elif mirror := mirror_folder():
        tried = [f"mirror: {mirror} holds no {names}"]
    else:
        tried = ["mirror: UNROLLED_MIRROR is not set"]

    if prepared := _first_sound(wanted, tried):
        return prepared[0]
    if mirrored:
        if wrong := _prepare(*mirrored, source, unpack):
            raise DataError(f"{wrong} {MIRROR_ADVICE}")
    elif not _prepare_from_cache(archives, source, unpack, tried):
        tried.append(f"cache: {cache_folder()} holds no sound {names}")
        _download([*wanted, *archives], source, unpack, tried)
    if prepared := _first_sound(wanted, tried):
        return prepared[0]
    raise DataError(_not_to_be_had(source, [*wanted, *archives], tried))


# ---------------------------------------------------------------- cache

_temporary_folders: list[Path] = []  # one at most, made when the cache is read-only


def _writable_folder() -> Path:
    """The cache folder, or one for this process alone where it cannot be written."""
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        if not _temporary_folders:
            _temporary_folders.append(Path(tempfile.mkdtemp(prefix="unrolled-")))
            atexit.register(shutil.rmtree, _temporary_folders[0], ignore_errors=True)
            warnings.warn(
                f"The cache folder {folder} cannot be written ({error.strerror}). What "
                f"is prepared in {_temporary_folders[0]} instead is lost at the end: "
                "set UNROLLED_CACHE to a folder that you can write to.",
                stacklevel=2,
            )
        return _temporary_folders[0]
    return folder


def _first_sound(files: list[File], tried: list[str]) -> tuple[Path, File] | None:
    """The first of the files that the cache holds; a damaged one is set aside."""
    for file in files:
        for folder in (cache_folder(), *_temporary_folders):
            path = folder / file.name
            if os.path.isfile(path):
                wrong = fault(path, file)
                if wrong is None:
                    return path, file
                _report_damage(wrong, path, tried)
    return None


def _report_damage(wrong: str, path: Path, tried: list[str]) -> None:
    wrong = f"{wrong} {_set_aside(path, path)}"
    warnings.warn(wrong, stacklevel=2)
    tried.append(f"cache: {wrong}")


def _set_aside(path: Path, name: Path) -> str:
    bad = name.with_name(f"{name.name}.bad")
    try:
        os.replace(path, bad)
    except OSError as error:
        return f"It is not used; it could not be renamed ({error.strerror})."
    return f"It was set aside as {bad} and is not used."


@contextlib.contextmanager
def _part(folder: Path, file: str) -> Iterator[IO[bytes]]:
    """A new file under a name of its own, gone at the end unless it was renamed.

    Two processes that prepare the same file never share one, and whoever renames last
    leaves the same verified content.
    """
    handle = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=folder, prefix=f"{file}.", suffix=".part", delete=False
        ) as handle:
            yield handle
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DataError(
            f"The disk of {folder} is full: {file} could not be written, and nothing "
            "was kept. Free some space, or set UNROLLED_CACHE to a folder elsewhere."
        ) from error
    finally:
        if handle is not None:
            Path(handle.name).unlink(missing_ok=True)


def _keep(part: IO[bytes], target: Path) -> None:
    part.close()
    os.chmod(part.name, 0o644)  # others may read a shared cache
    os.replace(part.name, target)


def _prepare_from_cache(
    archives: list[File], source: Source, unpack: Unpack | None, tried: list[str]
) -> bool:
    for archive in archives:
        if found := _first_sound([archive], tried):
            wrong = _prepare(*found, source, unpack)
            if wrong is None:
                return True
            _report_damage(wrong, found[0], tried)
    return False


def _prepare(
    path: Path, archive: File, source: Source, unpack: Unpack | None
) -> str | None:
    """Write an archive's contents to the cache, or say what is wrong with it."""
    assert unpack is not None, f"{archive.name} has no reader"
    folder = _writable_folder()
    try:
        for key, chunks in unpack(path, archive.gives):
            content = source.contents[key]
            digest = hashlib.sha256()
            with _part(folder, content.name) as part:
                for chunk in chunks:
                    part.write(chunk)
                    digest.update(chunk)
                    if part.tell() > content.bytes:  # a bomb would fill the disk
                        raise ValueError(f"{key} has over {content.bytes:,} bytes")
                if digest.hexdigest() not in content.sha256:
                    raise ValueError(
                        f"the sha256 of its {key} is {digest.hexdigest()}, "
                        f"expected {content.sha256[0]}"
                    )
                _keep(part, folder / content.name)
    except UNREADABLE as error:
        return f"{path} cannot be used: {error or type(error).__name__}."
    return None


# ---------------------------------------------------------------- upstream


def _download(
    files: list[File], source: Source, unpack: Unpack | None, tried: list[str]
) -> None:
    """Fetch the first file that has an address; verified, it goes into the cache."""
    import requests

    file = next(file for file in files if file.url)
    folder = _writable_folder()
    with _part(folder, file.name) as part:
        try:
            _transfer(file, part)
        except requests.RequestException as error:
            tried.append(f"upstream: {file.url}: {_reason(error)}")
            raise DataError(_not_to_be_had(source, files, tried)) from None
        part.close()
        path = Path(part.name)
        wrong = fault(path, file)
        if wrong is None and file.gives:
            wrong = _prepare(path, file, source, unpack)
        if wrong is not None:
            aside = _set_aside(path, folder / file.name)
            raise DataError(
                f"{wrong.replace(str(path), str(file.url))} {aside} Try again; if it "
                "stays so, the file was changed upstream or on its way here."
            )
        if not file.gives:
            _keep(part, folder / file.name)


def _transfer(file: File, part: IO[bytes]) -> None:
    """Download with a progress bar, going on from where a cut connection stopped."""
    import requests

    def from_the_start(response: requests.Response, **_: Any) -> None:
        if part.tell() and response.status_code in (200, 416):  # no such Range
            part.seek(0)
            part.truncate()

    failures = 0
    while True:
        start = part.tell()
        # Compressed on its way, a file has another length and other ranges.
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        bar = tqdm(
            desc=file.name,
            total=file.bytes or 1,
            unit="B",
            unit_scale=True,
            leave=False,
        )
        get = pooch.HTTPDownloader(
            progressbar=bar,
            chunk_size=2**16,
            headers=headers,
            timeout=TIMEOUT,
            hooks={"response": from_the_start},
        )
        try:
            with bar:
                get(file.url, part, None)
            return
        except requests.RequestException as error:
            status = 500 if error.response is None else error.response.status_code
            if status < 500 and status not in (408, 416, 429):
                raise  # to ask again would not help
            failures = 0 if part.tell() > start else failures + 1
            if failures == TRIES:
                raise
            time.sleep(WAIT * 2 ** max(failures - 1, 0))


def _reason(error: BaseException) -> str:
    answer = getattr(error, "response", None)
    if answer is not None:
        return f"the server answered {answer.status_code} {answer.reason}"
    while error.__context__ is not None:  # what the network itself said
        error = error.__context__
    return f"the connection failed ({error})"


def _not_to_be_had(source: Source, files: list[File], tried: list[str]) -> str:
    file = next(file for file in files if file.url)
    size = f" ({file.bytes / 1e6:,.0f} MB)" if file.bytes >= 1e6 else ""
    return "\n".join(
        [
            f"{source.title} is not to be had. Tried, in this order:",
            *(f"  - {line}" for line in tried),
            f"To fetch it by hand, download {file.url}{size} and put it, named "
            f"{file.name}, into {cache_folder()} or a folder named by UNROLLED_MIRROR.",
            'The profile "quick" needs no data at all.',
        ]
    )
