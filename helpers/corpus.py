"""A text to learn to write from: a user's own file, or the prose of this book."""

from __future__ import annotations

import codecs
import os
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from helpers.files import book_root
from helpers.hints import did_you_mean

LARGEST = 100_000_000  # bytes; a pass over them would take a day
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # begins as that of UTF-16 does
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
KINDS = {
    b"PK\x03\x04": "a document or an archive (as .docx, .odt, .epub and .zip are)",
    b"\xd0\xcf\x11\xe0": "a document of an old Office",
    b"\x1f\x8b": "an archive (.gz)",
    b"7z\xbc\xaf": "an archive (.7z)",
    b"%PDF": "a PDF",
    b"{\\rtf": "rich text (.rtf)",
}
CONTROL = re.compile("[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]")  # not tab, line, page, escape
UNUSED = re.compile(b"[\x81\x8d\x8f\x90\x9d]")  # in Windows-1252
PROSE = re.compile(
    r"^(?:---\n.*?^---|```.*?^```|\$\$.*?\$\$)", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True)
class Corpus:
    """A text and what is to be said of it.

    text : line breaks are "\\n", characters in their composed form (NFC).
    characters : the different ones, in order of their code points.
    notes : what was recognised and mended, a sentence each, to be printed.

    Introduced in chapter 9.
    """

    text: str
    notes: list[str]

    @property
    def characters(self) -> list[str]:
        return sorted(set(self.text))


def read_corpus(path: str | Path, at_least: int = 1) -> Corpus:
    """Read a file of plain text in any script, or say what is wrong with it.

    UTF-8 and UTF-16 are recognised with a mark at the start or without, UTF-32 with
    one; else it is Windows-1252, which is said. A letter and its accent become one
    character where Unicode has it (NFC); CRLF and CR become LF. All else stays.

    Parameters
    ----------
    path : the file, at most 100 MB.
    at_least : characters that there must be.

    Raises
    ------
    ValueError
        There is no such file, or it is empty, too short, too large, not text, not to
        be decoded, or of one character only. The message names the file and says
        what to do.

    Introduced in chapter 9.
    """
    path = _file(path)
    raw = path.read_bytes()
    encoding, start = _encoding(path.name, raw)
    try:
        given = raw[start:].decode(encoding)
    except UnicodeDecodeError as fault:
        raise ValueError(
            f"{path.name}: byte {fault.start + start + 1:,} is no "
            f"{encoding.upper()}: the file is damaged or cut off; save it anew as UTF-8"
        ) from None
    if len(CONTROL.findall(given)) > len(given) / 1000:
        raise ValueError(
            f"{path.name} is not text: it holds control characters; give a file of "
            "plain text (.txt, in UTF-8)"
        )
    plain = re.sub("\r\n?", "\n", given)
    text = unicodedata.normalize("NFC", plain)
    if len(text) < max(at_least, 1) or not text.strip():
        raise ValueError(
            f"{path.name} has {len(text):,} characters, and at least {at_least:,} must "
            "be there: give a longer text"
        )
    if len(set(text)) == 1:
        raise ValueError(
            f"{path.name} is {text[0]!r} over and over: there is nothing to learn"
        )
    return Corpus(text, _notes(path.name, given, plain, text, encoding))


def _file(given: str | Path) -> Path:
    path = Path(os.path.expanduser(given))
    if re.match(r"\w\w+:/", str(given)):
        raise ValueError(
            f"corpus: {str(given)!r} is an address; download the file and give its path"
        )
    if path.is_dir():
        texts = sorted(one.name for one in path.glob("*.txt"))[:3]
        one = f", such as {', '.join(texts)}" if texts else ""
        raise ValueError(f'corpus: "{path}" is a folder; give a file in it{one}')
    if not path.is_file():
        hint = did_you_mean(path.name, (one.name for one in path.parent.glob("*")))
        raise ValueError(
            f'corpus: there is no file "{path}", looked for in '
            f"{path.absolute().parent}{hint}"
        )
    try:
        with path.open("rb") as file:
            head = file.read(1000)
    except OSError as error:
        raise ValueError(f'corpus: "{path}" cannot be read: {error.strerror}') from None
    if not head:
        raise ValueError(f"{path.name} is empty: give a file of plain text")
    for mark, kind in KINDS.items():
        if head.startswith(mark):
            raise ValueError(
                f"{path.name} is {kind}, not plain text: save it as a text file "
                "(.txt, in UTF-8)"
            )
    if (size := path.stat().st_size) > LARGEST:
        raise ValueError(
            f"{path.name} has {size / 1e6:,.0f} MB, and at most {LARGEST / 1e6:.0f} "
            "can be read: give a part of it, which is enough to learn from"
        )
    return path


def _encoding(name: str, raw: bytes) -> tuple[str, int]:
    """The encoding, by a mark at the start or by the bytes, and the mark's length."""
    for mark, encoding in MARKS.items():
        if raw.startswith(mark):
            return encoding, len(mark)
    zeros = raw[: 1 << 16]
    even, odd = zeros[::2].count(0), zeros[1::2].count(0)
    if max(even, odd) > len(zeros) / 20:
        return "utf-16-be" if even > odd else "utf-16-le", 0
    try:
        raw.decode()
    except UnicodeDecodeError as fault:
        before = raw[: fault.start]
    else:
        return "utf-8", 0
    if not before.isascii():  # UTF-8 that is damaged further on
        return "utf-8", 0
    head = raw[: 1 << 20]
    if sum(byte > 127 for byte in head) > len(head) / 5 or UNUSED.search(raw):
        raise ValueError(
            f"{name} is neither UTF-8 nor UTF-16, and no Western European text in "
            "Windows-1252: save it as UTF-8 with the program that wrote it"
        )
    return "cp1252", 0


def _notes(name: str, given: str, plain: str, text: str, encoding: str) -> list[str]:
    """What was recognised and mended on the way from `given` by `plain` to `text`."""
    said = []
    if encoding == "cp1252":
        words = [word for word in text.split() if not word.isascii()]
        shown = ", ".join(dict.fromkeys(words[:3]))
        said.append(f"is not UTF-8 and is read as Windows-1252 (look at {shown})")
    elif encoding != "utf-8":
        said.append(f"is read as {encoding.upper()}")
    if plain != given:
        said.append("has line breaks of another system (CR), which become plain ones")
    if (joined := len(plain) - len(text)) > 0:
        said.append(
            f"has {joined:,} letters whose accents stand apart; they are joined (NFC)"
        )
    counts = Counter(text)
    rare = sum(count == 1 for count in counts.values())
    summary = f"{len(text):,} characters, {len(counts):,} different"
    if rare:
        summary += f", {rare:,} of them only once"
    return [f"{name} {one}" for one in said] + [f"{name}: {summary}"]


def prompt_for(corpus: Corpus, prompt: str) -> str:
    """Make a prompt of characters of the corpus; an empty one is its first line.

    Raises
    ------
    ValueError
        It has characters that are not in the corpus, about which a model that was
        trained on it knows nothing.

    Introduced in chapter 9.
    """
    if not prompt:
        return corpus.text.lstrip()[:40].partition("\n")[0] or corpus.text[0]
    prompt = unicodedata.normalize("NFC", re.sub("\r\n?", "\n", prompt))
    known = set(corpus.text)
    unseen = [one for one in dict.fromkeys(prompt) if one not in known]
    if unseen:
        names = ", ".join(f'"{one}" (U+{ord(one):04X})' for one in unseen[:5])
        other = [one.swapcase() for one in unseen if one.swapcase() in known]
        hint = f"; it has {', '.join(other[:5])}" if other else ""
        raise ValueError(
            f"prompt: {names} never occur{'s' * (len(unseen) == 1)} in the corpus, so "
            f"the model cannot read it{hint}; use characters of the corpus"
        )
    return prompt


def own_prose() -> str:
    """The prose of this book: its chapters without code, formulas and headers.

    A corpus that is there without a download.

    Introduced in chapter 9.
    """
    pages = sorted((book_root() / "chapters").glob("[0-9][0-9]_*.md"))
    text = "\n".join(PROSE.sub("", page.read_text("utf-8")) for page in pages)
    return re.sub(r"\n\s*\n+", "\n\n", re.sub(r"\]\([^)]*\)", "]", text)).strip() + "\n"
