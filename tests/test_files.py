"""Files are written whole or not at all."""

import os

import pytest

from helpers import files


def test_text_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    files.write_text(path, "old")

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        files.write_text(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.txt"]


def test_text_that_cannot_be_encoded_leaves_nothing_behind(tmp_path):
    path = tmp_path / "file.txt"
    with pytest.raises(UnicodeEncodeError):
        files.write_text(path, "half a character: \ud800")
    assert os.listdir(tmp_path) == []


def test_a_new_file_may_be_read_by_all_in_folders_that_are_made(tmp_path):
    path = tmp_path / "a" / "b" / "file.txt"
    files.write_text(path, "é\n")
    assert path.read_bytes() == "é\n".encode()
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("mode", [0o755, 0o600])
def test_a_file_that_is_there_keeps_its_mode(tmp_path, mode):
    path = tmp_path / "program"
    path.write_text("old")
    path.chmod(mode)
    files.write_text(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == mode


def test_the_book_s_folder_holds_its_table_of_contents():
    assert (files.book_root() / "_toc.yml").is_file()
