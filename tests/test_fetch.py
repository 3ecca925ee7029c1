"""`helpers.fetch` against a local server, temporary folders and every fault we know."""

import errno
import hashlib
import http.server
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers import fetch

ROOT = Path(__file__).resolve().parent.parent
POEM = b"So long lives this, and this gives life to thee.\n" * 4000
OTHER = POEM.replace(b"thee", b"them")
HALVES = {"a": POEM[:90_000], "b": POEM[90_000:]}


def sha256(content: bytes | bytearray) -> str:
    return hashlib.sha256(content).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves `files`; the next answers go wrong as `script` says, one word each.

    cut: the connection ends half way · drop: before the first byte · 404, 503: that.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.script: list[str] = []
        self.requests: list[tuple[str, str | None]] = []  # path, Range
        self.ranges = True
        self.meeting: threading.Barrier | None = None

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{name}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests.append((self.path, self.headers["Range"]))
        if self.server.meeting:
            self.server.meeting.wait(timeout=30)
        fate = self.server.script.pop(0) if self.server.script else "ok"
        content = self.server.files.get(self.path.removeprefix("/"))
        if fate.isdigit() or content is None:
            self.send_error(int(fate) if fate.isdigit() else 404)
            return
        start = 0
        if self.headers["Range"] and self.server.ranges:
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
            self.send_response(206)
        else:
            self.send_response(200)
        content = content[start:]
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        sent = {"cut": len(content) // 2, "drop": 0}.get(fate, len(content))
        self.wfile.write(content[:sent])

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder; no mirror; no waiting between attempts."""
    monkeypatch.setenv("UNROLLED_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("UNROLLED_MIRROR", raising=False)
    monkeypatch.setattr(fetch, "WAIT", 0.0)
    return tmp_path / "cache"


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    monkeypatch.setenv("UNROLLED_MIRROR", str(folder))
    return folder


@pytest.fixture
def catalogue(
    server: Server, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A sources.toml of two sets: "poem", a plain file, and "halves" in an archive."""
    server.files = {"poem.txt": POEM, "halves.tgz": tar_of(HALVES)}
    path = tmp_path / "sources.toml"
    about = 'title = "The poem"\nhome = ""\nterms = ""\ncite = ""\nloader = ""\n'
    path.write_text(
        f"[poem]\n{about}[poem.contents.text]\n{entry('poem.txt', POEM, server)}"
        f"[halves]\n{about}"
        + "".join(
            f"[halves.contents.{key}]\n{entry(key + '.bin', half)}"
            for key, half in HALVES.items()
        )
        + f"[[halves.archives]]\n{entry('halves.tgz', tar_of(HALVES), server)}"
        'gives = ["a", "b"]\n'
    )
    monkeypatch.setattr(fetch, "SOURCES", path)
    fetch.sources.cache_clear()
    yield path
    fetch.sources.cache_clear()


def entry(name: str, content: bytes, server: Server | None = None) -> str:
    url = f'url = "{server.url(name)}"\n' if server else ""
    return (
        f'name = "{name}"\nbytes = {len(content)}\nsha256 = "{sha256(content)}"\n{url}'
    )


def forget_archive_hash(catalogue: Path, content: bytes) -> None:
    """As with CTA's archive, whose sha256 nobody publishes."""
    text = catalogue.read_text().replace(f'sha256 = "{sha256(content)}"\n', "")
    catalogue.write_text(text)
    fetch.sources.cache_clear()


def tar_of(members: dict[str, bytes], mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    content = buffer.getvalue()
    return content[:4] + bytes(4) + content[8:] if mode == "w:gz" else content


def unpack(path: Path, gives: tuple[str, ...]) -> Any:
    with tarfile.open(path) as archive:
        for key in gives:
            file = archive.extractfile(key)
            assert file
            yield key, iter(lambda file=file: file.read(2**14), b"")  # type: ignore[misc]


def find_poem() -> bytes:
    return fetch.find("poem", "text").read_bytes()


def find_half(key: str = "a") -> bytes:
    return fetch.find("halves", key, unpack=unpack).read_bytes()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# ---------------------------------------------------------------- the order of places


@pytest.mark.usefixtures("catalogue")
def test_the_mirror_comes_first_and_nothing_is_written(
    mirror: Path, cache: Path, server: Server
) -> None:
    (mirror / "poem.txt").write_bytes(POEM)
    assert fetch.find("poem", "text") == mirror / "poem.txt"
    assert not cache.exists()
    assert names(mirror) == ["poem.txt"]
    assert server.requests == []


@pytest.mark.usefixtures("catalogue", "cache")
def test_a_mirror_may_keep_series_in_a_folder_of_that_name(mirror: Path) -> None:
    (mirror / "series").mkdir()
    (mirror / "series" / "poem.txt").write_bytes(POEM)
    assert fetch.find("poem", "text") == mirror / "series" / "poem.txt"


@pytest.mark.usefixtures("catalogue")
def test_what_the_mirror_lacks_is_downloaded_once_and_then_comes_from_the_cache(
    mirror: Path, cache: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert find_poem() == POEM
    assert "poem.txt" in capsys.readouterr().err  # the progress bar
    assert names(cache) == ["poem.txt"]
    assert names(mirror) == []
    assert find_poem() == POEM
    assert len(server.requests) == 1


@pytest.mark.usefixtures("catalogue")
def test_an_archive_is_downloaded_once_for_all_its_contents_and_not_kept(
    cache: Path, server: Server
) -> None:
    assert find_half("a") == HALVES["a"]
    assert names(cache) == ["a.bin", "b.bin"]
    assert find_half("b") == HALVES["b"]
    assert len(server.requests) == 1


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize("place", ["mirror", "cache"])
def test_an_archive_put_there_by_hand_is_prepared_and_left_alone(
    place: str, mirror: Path, cache: Path, server: Server
) -> None:
    cache.mkdir()
    folder = {"mirror": mirror, "cache": cache}[place]
    (folder / "halves.tgz").write_bytes(tar_of(HALVES))
    assert find_half("a") + find_half("b") == POEM
    assert {"a.bin", "b.bin"} <= set(names(cache))
    assert "halves.tgz" in names(folder)
    assert server.requests == []


@pytest.mark.usefixtures("catalogue")
def test_an_empty_mirror_variable_means_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UNROLLED_MIRROR", "")
    assert find_poem() == POEM


@pytest.mark.usefixtures("catalogue")
def test_a_mirror_that_is_not_a_folder_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: Server
) -> None:
    monkeypatch.setenv("UNROLLED_MIRROR", str(tmp_path / "mirrored"))
    with pytest.raises(fetch.DataError, match=r"mirrored, which is not a folder"):
        find_poem()
    assert server.requests == []


def test_without_a_variable_the_cache_is_the_users_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("UNROLLED_CACHE", raising=False)
    assert fetch.cache_folder().name == "unrolled"
    assert fetch.cache_folder().is_relative_to(Path.home())


# ---------------------------------------------------------------- upstream


@pytest.mark.usefixtures("catalogue")
def test_a_cut_download_goes_on_where_it_stopped(cache: Path, server: Server) -> None:
    server.script = ["cut"]
    assert find_poem() == POEM
    chunks = len(POEM) // 2 // 2**16  # whole ones that came through
    assert server.requests[1:] == [("/poem.txt", f"bytes={chunks * 2**16}-")]
    assert names(cache) == ["poem.txt"]


@pytest.mark.usefixtures("catalogue")
def test_a_cut_download_starts_again_where_the_server_ignores_ranges(
    server: Server,
) -> None:
    server.ranges = False
    server.script = ["cut"]
    assert find_poem() == POEM
    assert len(server.requests) == 2


@pytest.mark.usefixtures("catalogue")
def test_a_refused_range_starts_again(server: Server) -> None:
    server.script = ["cut", "416"]
    assert find_poem() == POEM
    assert server.requests[-1] == ("/poem.txt", None)


@pytest.mark.usefixtures("catalogue")
def test_a_busy_server_is_asked_again(server: Server) -> None:
    server.script = ["503", "503"]
    assert find_poem() == POEM
    assert len(server.requests) == 3


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize(
    ("fate", "attempts", "reason"),
    [
        ("404", 1, "the server answered 404 Not Found"),
        ("503", 3, "the server answered 503 Service Unavailable"),
        (
            "drop",
            3,
            "the connection failed (IncompleteRead(0 bytes read, 196000 more expected))",
        ),
    ],
)
def test_a_hopeless_download_says_what_was_tried_and_what_to_do(
    fate: str, attempts: int, reason: str, cache: Path, server: Server
) -> None:
    server.script = [fate] * 9
    with pytest.raises(fetch.DataError) as caught:
        find_poem()
    url = server.url("poem.txt")
    assert str(caught.value).splitlines() == [
        "The poem is not to be had. Tried, in this order:",
        "  - mirror: UNROLLED_MIRROR is not set",
        f"  - cache: {cache} holds no sound poem.txt",
        f"  - upstream: {url}: {reason}",
        f"To fetch it by hand, download {url} and put it, named poem.txt, into {cache} "
        "or a folder named by UNROLLED_MIRROR.",
        'The profile "quick" needs no data at all.',
    ]
    assert len(server.requests) == attempts
    assert names(cache) == []


@pytest.mark.usefixtures("catalogue")
def test_no_network_at_all_is_said_so(
    mirror: Path, cache: Path, server: Server
) -> None:
    server.server_close()
    with pytest.raises(fetch.DataError) as caught:
        find_half()
    message = str(caught.value)
    assert f"mirror: {mirror} holds no a.bin or halves.tgz" in message
    assert re.search(r"the connection failed \(.*[Rr]efused\)", message)
    assert f"put it, named halves.tgz, into {cache}" in message
    assert names(cache) == []


# ---------------------------------------------------------------- wrong content


@pytest.mark.usefixtures("catalogue")
def test_a_download_with_a_wrong_hash_is_set_aside_and_never_used(
    cache: Path, server: Server
) -> None:
    server.files["poem.txt"] = OTHER
    with pytest.raises(fetch.DataError) as caught:
        find_poem()
    message = str(caught.value)
    assert server.url("poem.txt") in message
    assert sha256(OTHER) in message
    assert sha256(POEM) in message
    assert names(cache) == ["poem.txt.bad"]
    server.files["poem.txt"] = POEM
    assert find_poem() == POEM


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize("name", ["poem.txt", "halves.tgz"])
def test_a_wrong_file_in_the_mirror_is_named_and_left_as_it_is(
    name: str, mirror: Path, cache: Path, server: Server
) -> None:
    find_poem(), find_half()  # a sound copy in the cache does not hide it
    whole = server.files[name]
    server.requests.clear()
    (mirror / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(fetch.DataError) as caught:
        find_poem() if name == "poem.txt" else find_half()
    message = str(caught.value)
    assert str(mirror / name) in message
    assert sha256(whole[: len(whole) // 2]) in message
    assert sha256(whole) in message
    assert names(mirror) == [name]
    assert (mirror / name).read_bytes() == whole[: len(whole) // 2]
    assert server.requests == []


@pytest.mark.usefixtures("catalogue")
def test_a_mirror_file_that_cannot_be_read_is_named(
    mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> str:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    (mirror / "poem.txt").write_bytes(POEM)
    monkeypatch.setattr(fetch.pooch, "file_hash", refuse)
    with pytest.raises(fetch.DataError, match=r"poem\.txt cannot be read: Permission"):
        find_poem()


@pytest.mark.usefixtures("catalogue")
def test_a_cache_file_damaged_later_is_set_aside_and_fetched_again(cache: Path) -> None:
    find_poem()
    damaged = bytearray(POEM)
    damaged[1000] ^= 1
    (cache / "poem.txt").write_bytes(damaged)
    with pytest.warns(UserWarning, match="is not the file it should be") as caught:
        assert find_poem() == POEM
    message = str(caught[0].message)
    assert str(cache / "poem.txt") in message
    assert sha256(damaged) in message
    assert sha256(POEM) in message
    assert names(cache) == ["poem.txt", "poem.txt.bad"]
    assert (cache / "poem.txt.bad").read_bytes() == damaged


@pytest.mark.usefixtures("catalogue")
def test_prepared_content_damaged_later_is_prepared_again_from_the_mirror(
    mirror: Path, cache: Path, server: Server
) -> None:
    (mirror / "halves.tgz").write_bytes(tar_of(HALVES))
    find_half()
    (cache / "a.bin").write_bytes(HALVES["a"][:-1])
    with pytest.warns(UserWarning, match=r"a\.bin\.bad and is not used"):
        assert find_half() == HALVES["a"]
    assert server.requests == []


@pytest.mark.usefixtures("catalogue")
def test_a_damaged_cache_file_that_cannot_be_fetched_again_is_in_the_error(
    cache: Path, server: Server
) -> None:
    cache.mkdir()
    (cache / "poem.txt").write_bytes(OTHER)
    server.server_close()
    with (
        pytest.warns(UserWarning, match="was set aside"),
        pytest.raises(fetch.DataError) as caught,
    ):
        find_poem()
    assert sha256(OTHER) in str(caught.value)
    assert names(cache) == ["poem.txt.bad"]


@pytest.mark.parametrize("known", [True, False])
def test_a_truncated_archive_from_upstream_is_set_aside(
    known: bool, catalogue: Path, cache: Path, server: Server
) -> None:
    whole = server.files["halves.tgz"]
    if not known:
        forget_archive_hash(catalogue, whole)
    server.files["halves.tgz"] = whole[: len(whole) // 2]
    with pytest.raises(fetch.DataError, match=r"halves\.tgz") as caught:
        find_half()
    assert server.url("halves.tgz") in str(caught.value)
    assert names(cache) == ["halves.tgz.bad"]
    server.files["halves.tgz"] = whole
    assert find_half() == HALVES["a"]


def test_a_truncated_archive_in_the_cache_gives_way_to_a_new_download(
    catalogue: Path, cache: Path, server: Server
) -> None:
    whole = server.files["halves.tgz"]
    forget_archive_hash(catalogue, whole)
    cache.mkdir()
    (cache / "halves.tgz").write_bytes(whole[: len(whole) // 2])
    with pytest.warns(UserWarning, match=r"halves\.tgz cannot be used"):
        assert find_half() == HALVES["a"]
    assert names(cache) == ["a.bin", "b.bin", "halves.tgz.bad"]


def test_an_archive_of_unknown_hash_is_judged_by_its_contents(
    catalogue: Path, mirror: Path, cache: Path, server: Server
) -> None:
    forget_archive_hash(catalogue, server.files["halves.tgz"])
    swapped = {"a": HALVES["a"], "b": HALVES["b"].replace(b"thee", b"them")}
    (mirror / "halves.tgz").write_bytes(tar_of(swapped))
    with pytest.raises(fetch.DataError) as caught:
        find_half("b")
    message = str(caught.value)
    assert str(mirror / "halves.tgz") in message
    assert sha256(swapped["b"]) in message
    assert sha256(HALVES["b"]) in message
    assert names(cache) == ["a.bin"]  # the sound half
    assert names(mirror) == ["halves.tgz"]


def test_a_member_larger_than_announced_is_not_written_out(
    catalogue: Path, cache: Path, server: Server
) -> None:
    forget_archive_hash(catalogue, server.files["halves.tgz"])
    server.files["halves.tgz"] = tar_of({"a": bytes(10_000_000), "b": b""})
    with pytest.raises(fetch.DataError, match=r"a has over 90,000 bytes"):
        find_half()
    assert names(cache) == ["halves.tgz.bad"]


# ---------------------------------------------------------------- the disk, others


@pytest.mark.usefixtures("catalogue")
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("find", [find_poem, find_half])
def test_a_full_disk_leaves_nothing_behind(
    find: Any, cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tempfile.NamedTemporaryFile

    def on_a_full_disk(**options: Any) -> Any:
        handle = real(**options)
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, handle.fileno())  # each write now fails as on a full disk
        os.close(full)
        return handle

    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "NamedTemporaryFile", on_a_full_disk)
        with pytest.raises(
            fetch.DataError, match=r"disk of .* is full.*UNROLLED_CACHE"
        ):
            find()
    assert names(cache) == []
    assert find() in (POEM, HALVES["a"])


@pytest.mark.usefixtures("catalogue")
def test_an_interrupted_preparation_leaves_nothing_behind(cache: Path) -> None:
    def interrupted(path: Path, gives: tuple[str, ...]) -> Any:
        def chunks() -> Iterator[bytes]:
            yield HALVES["a"][:100]
            raise KeyboardInterrupt

        yield "a", chunks()

    with pytest.raises(KeyboardInterrupt):
        fetch.find("halves", "a", unpack=interrupted)
    assert names(cache) == []


def test_two_processes_that_prepare_the_same_data_at_once_both_get_it(
    catalogue: Path, cache: Path, server: Server
) -> None:
    server.meeting = threading.Barrier(2)  # neither download begins before the other
    program = (
        "import sys, pathlib; from helpers import fetch; from tests import test_fetch\n"
        f"fetch.SOURCES = pathlib.Path({str(catalogue)!r})\n"
        "sys.stdout.write(test_fetch.sha256(test_fetch.find_half('b')))\n"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=60) for process in both]
    assert [out for out, _ in answers] == [sha256(HALVES["b"])] * 2, answers
    assert len(server.requests) == 2
    assert names(cache) == ["a.bin", "b.bin"]


@pytest.fixture
def read_only_cache(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Path]:
    """A folder that may be read but not written, also by root: as another user."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        folder = Path(name) / "cache"
        folder.mkdir()
        monkeypatch.setenv("UNROLLED_CACHE", str(folder))
        monkeypatch.setattr(fetch, "_temporary_folders", [])
        yield folder
        folder.chmod(0o755)


def as_a_guest(find: Any, folder: Path) -> bytes:
    import requests  # noqa: F401  (a guest may not be let in where it is installed)

    fetch.sources()  # nor where the catalogue lies
    folder.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        content: bytes = find()
        return content
    finally:
        if is_root:
            os.seteuid(0)


@pytest.mark.usefixtures("catalogue")
@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
def test_a_read_only_cache_gives_what_it_has(
    read_only_cache: Path, server: Server
) -> None:
    (read_only_cache / "poem.txt").write_bytes(POEM)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert as_a_guest(find_poem, read_only_cache) == POEM
    assert server.requests == []


@pytest.mark.usefixtures("catalogue")
@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
@pytest.mark.parametrize("find", [find_poem, find_half])
def test_a_read_only_cache_is_replaced_by_a_temporary_folder(
    find: Any, read_only_cache: Path, server: Server
) -> None:
    with pytest.warns(UserWarning, match=r"cannot be written \(Permission denied\)"):
        assert as_a_guest(find, read_only_cache) in (POEM, HALVES["a"])
    assert names(read_only_cache) == []
    assert as_a_guest(find, read_only_cache) in (POEM, HALVES["a"])
    assert len(server.requests) == 1


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
@pytest.mark.filterwarnings("ignore:The cache folder")
@pytest.mark.parametrize("known", [True, False])
def test_damage_in_a_read_only_cache_is_stepped_over(
    known: bool, catalogue: Path, read_only_cache: Path, server: Server
) -> None:
    whole = server.files["halves.tgz"]
    if not known:
        forget_archive_hash(catalogue, whole)
    (read_only_cache / "halves.tgz").write_bytes(whole[: len(whole) // 2])
    with pytest.warns(UserWarning, match="could not be renamed"):
        assert as_a_guest(find_half, read_only_cache) == HALVES["a"]
    assert names(read_only_cache) == ["halves.tgz"]
    assert len(server.requests) == 1


@pytest.mark.usefixtures("catalogue")
def test_a_cache_name_taken_by_a_file_is_replaced_by_a_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("UNROLLED_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr(fetch, "_temporary_folders", [])
    with pytest.warns(UserWarning, match=r"file cannot be written \(File exists\)"):
        assert find_poem() == POEM
