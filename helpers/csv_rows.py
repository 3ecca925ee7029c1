"""Rows of cells in a file of text: its encoding and its lines."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import pathlib
import unicodedata
from collections.abc import Iterator
from itertools import islice

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def told(head: bytes) -> str | None:
    """The encoding of a file as its first bytes tell it, if they do."""
    for mark, name in MARKS.items():
        if head.startswith(mark):
            return name
    for start, name in enumerate(("utf-16-be", "utf-16-le")):
        if head[start::2].count(0) > len(head) / 3:
            return name  # Latin letters: every other byte is zero
    return None


def decoded(path: pathlib.Path) -> tuple[str, str]:
    """The text of a file and its encoding, which its first bytes or its zeros tell."""
    if not path.is_file():
        raise FileNotFoundError(
            f'series_csv: there is no file "{path}", looked for in '
            f"{path.absolute().parent}"
        )
    data = path.read_bytes()
    for encoding in filter(None, (told(data[:2000]), "utf-8", "cp1252", "latin-1")):
        with contextlib.suppress(UnicodeDecodeError):
            text = data.decode(encoding)
            if "\0" not in text:
                return text, encoding
    raise ValueError(
        f"{path.name} is not a file of text: save the table as CSV (workbooks and "
        "archives cannot be read)"
    )


def records(
    text: str, separator: str, skip: int = 0, strict: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, and the line on which each begins, from 1.

    Introduced in chapter 5.
    """
    lines = islice(io.StringIO(text, newline=""), skip, None)
    reader = csv.reader(
        lines, delimiter=separator, skipinitialspace=True, strict=strict
    )
    before = skip
    for cells in reader:
        if any(map(str.strip, cells)):
            yield before + 1, cells
        before = skip + reader.line_num


def clean(cell: object) -> str:
    """A cell or a name without blanks around it and with single blanks inside."""
    return " ".join(unicodedata.normalize("NFC", str(cell)).split())
