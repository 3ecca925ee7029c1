"""Texts: reading and checking a table of a user's own."""

from __future__ import annotations

import csv
import html
import os
import pathlib
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.entities import html5
from itertools import islice
from typing import Any

import numpy as np

from helpers.columns import listed, shown
from helpers.csv_header import SEPARATORS, Header, find_header
from helpers.csv_rows import clean, records, told
from helpers.hints import did_you_mean

LONGEST = 10_000_000  # characters of one cell; csv's own limit is 131,072
HEAD = 100_000  # characters that tell the header, and how marks are written
KINDS = {
    b"PK\x03\x04": "a workbook or an archive (as .xlsx, .docx and .zip are)",
    b"\xd0\xcf\x11\xe0": "a workbook or document of an old Office",
    b"\x1f\x8b": "an archive (.gz)",
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet file",
    b"{": "JSON (as notebooks are)",
    b"<": "a web page",
}
NO_LABEL = {"", "nan", "na", "n/a", "#n/a", "<na>", "null"}  # "none" may be a class
NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?")
BLANK = {"Cc", "Cf", "Zl", "Zp", "Zs"}  # Unicode categories: nothing to be seen
BYTE = re.compile("[\udc80-\udcff]")  # one that could not be decoded
BROKEN = re.compile(f"\0|{BYTE.pattern}")
# Other words in angle brackets, as "<user>", are no HTML and stay.
INLINE = (
    "a|abbr|b|big|cite|code|del|em|font|i|ins|mark|s|small|span|strike|strong|sub|"
    "sup|tt|u"
)
BLOCK = (
    "article|blockquote|body|br|center|dd|div|dl|dt|h[1-6]|head|hr|html|img|li|ol|p|"
    "pre|section|table|tbody|td|th|thead|tr|ul"
)
TAG = re.compile(
    rf"</?(?:({INLINE})|{BLOCK})(?:/|\s([^<>]*))?>|<!--[^<>]*-->", re.IGNORECASE
)
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|(\w{1,31}));")


@dataclass(frozen=True)
class Texts:
    """A user's own texts as `read_texts` returns them.

    texts : in the order of the file; none is blank.
    labels : (texts,) int64, each a place in `classes`; None without a label column.
    classes : names, numbers by size, words by the alphabet; empty without labels.
    notes : what was recognised, mended and left out, a sentence each, to be printed.

    Introduced in chapter 7.
    """

    texts: list[str]
    labels: np.ndarray | None
    classes: list[str]
    notes: list[str]


def read_texts(
    path: str | pathlib.Path,
    text_column: str,
    label_column: str = "",
    at_least: int = 1,
) -> Texts:
    """Read texts and their labels from a file of cells, or say what is wrong.

    The encoding (UTF-8, UTF-16, else Windows-1252), the separator (comma, semicolon,
    tab, bar) and the row of the header are recognised; a note says what is not usual.
    Of a text, HTML tags and blanks at the ends are taken away, a tag such as <br /> is
    a space, an entity such as &amp; its character, a line break "\\n"; all else stays.
    Rows without text or label ("", NaN, NA, N/A, null) are left out and named. Labels
    that differ in capital letters or as 1 and 1.0 do are one class.

    The file is read row by row: memory is that of the texts, some 4 bytes a character.

    Parameters
    ----------
    path : CSV file. Its rows are counted as a spreadsheet shows them, the first is 1.
    text_column, label_column : names of columns; without a label column, no labels.
    at_least : texts there must be.

    Raises
    ------
    ValueError
        There is no such file or it cannot be read. The message names the file and,
        where there is one, the row and the column.

    Introduced in chapter 7.
    """
    path = _file(path)
    encoding = _encoding(path)
    wanted = {"text_column": clean(text_column)}
    if label_column:
        wanted["label_column"] = clean(label_column)
    header, places = _header(path, encoding, wanted)
    notes = _told(path.name, encoding, header)
    limit = csv.field_size_limit(LONGEST)
    try:
        texts, spellings, mended = _read(path, encoding, header, places)
    finally:
        csv.field_size_limit(limit)
    notes += mended
    if len(texts) < at_least:
        raise ValueError(
            f'{path.name}, column "{text_column}": {len(texts)} texts can be used, and '
            f"at least {at_least} must be there{'; '.join(['', *mended])}"
        )
    if encoding == "Windows-1252":
        words = (word for text in texts for word in text.split() if not word.isascii())
        notes.append(
            f"{path.name} is not UTF-8 and is read as {encoding}: look at "
            f"{listed(list(dict.fromkeys(words)), 3) or 'its texts'}, and if that is "
            'wrong, save the file as "CSV UTF-8"'
        )
    lengths = [len(text) for text in texts]
    notes.append(
        f"{path.name}: {len(texts):,} texts of {min(lengths):,} to {max(lengths):,} "
        f"characters, median {np.median(lengths):,.0f}"
    )
    if not label_column:
        return Texts(texts, None, [], notes)
    labels, classes, told = _classes(path.name, wanted["label_column"], spellings)
    return Texts(texts, labels, classes, notes + told)


def _file(given: str | pathlib.Path) -> pathlib.Path:
    """The path of a file that may be a table by its first bytes."""
    path = pathlib.Path(os.path.expanduser(given))
    if re.match(r"\w\w+:/", str(given)):
        raise ValueError(
            f"texts_csv: {shown(str(given))} is an address; download the table it "
            "leads to and give the path of that file"
        )
    if path.is_dir():
        tables = sorted(one.name for one in path.glob("*.[ct]sv"))
        one = f"; it holds {listed(tables, 3)}" if tables else ""
        raise ValueError(f'texts_csv: "{path}" is a folder, give a file in it{one}')
    if not path.is_file():
        hint = did_you_mean(path.name, (one.name for one in path.parent.glob("*")))
        raise ValueError(
            f'texts_csv: there is no file "{path}", looked for in '
            f"{path.absolute().parent}{hint}"
        )
    try:
        with path.open("rb") as file:
            head = file.read(1000).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError as error:
        raise ValueError(
            f'texts_csv: "{path}" cannot be read: {error.strerror}'
        ) from None
    for mark, kind in KINDS.items():
        if head.startswith(mark):
            raise ValueError(
                f"{path.name} is {kind}, not a table in a file of text: save the table "
                'as "CSV UTF-8" and give that file'
            )
    return path


def _encoding(path: pathlib.Path) -> str:
    """The encoding, which the first bytes, their zeros or else all bytes tell."""
    with path.open("rb") as raw:
        head = raw.read(2000)
    if encoding := told(head):
        return encoding.upper()
    good = bad = 0
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        while part := file.read(1 << 20):
            if not part.isascii():
                wrong = len(BYTE.findall(part))
                good += len(part) - len(part.encode("ascii", "ignore")) - wrong
                bad += wrong
    if good >= bad:  # a wrong byte among them is an error of its row
        return "UTF-8"
    if bad > max(50, path.stat().st_size / 5):
        raise ValueError(
            f"{path.name} is neither UTF-8 nor UTF-16, and no Western European text in "
            'Windows-1252: save it as "CSV UTF-8" with the program that wrote it'
        )
    return "Windows-1252"


def _head(path: pathlib.Path, encoding: str) -> str:
    """The first characters, bytes that are none of this encoding replaced."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        return file.read(HEAD)


def _header(
    path: pathlib.Path, encoding: str, wanted: dict[str, str]
) -> tuple[Header, list[int]]:
    """The header and the places in it of the columns wanted, by their parameters."""
    head = _head(path, encoding)
    names = list(wanted.values())
    header = find_header(head, names) if all(names) else None
    if not header or header.first < header.last:  # several rows may be texts
        raise _no_column(path.name, head, wanted)
    places = []
    for name in names:
        having = [i for i, own in enumerate(header.names) if name in own]
        if len(having) > 1:
            raise ValueError(
                f'{path.name} has {len(having)} columns "{name}"; give each a name of '
                "its own"
            )
        places += having
    if len({*places}) < len(places):
        raise ValueError(f'text_column and label_column are both "{names[0]}"')
    return header, places


def _no_column(file: str, head: str, wanted: dict[str, str]) -> ValueError:
    """Name the columns of the first row, or of one that holds a name wanted."""
    if "\0" in head:
        return ValueError(
            f"{file} is neither UTF-8 nor UTF-16 with a mark at its start: save it as "
            '"CSV UTF-8"'
        )
    heads = [
        (len({*wanted.values()} & {*map(clean, cells)}), place == 0, len(cells), cells)
        for mark in SEPARATORS
        for place, (_, cells) in enumerate(islice(records(head, mark), 10))
    ]
    if not heads:
        return ValueError(f"{file} is empty")
    names = [clean(cell) for cell in max(heads)[-1] if cell.strip()]
    parameter = next(key for key, name in wanted.items() if name not in names)
    missing = wanted[parameter]
    hint = (
        did_you_mean(missing, names)
        or "; a header must name the columns, and you one of them"
    )
    if len(names) == 1 and "mean" not in hint:
        hint += f", with {', '.join(SEPARATORS.values())} between them"
    return ValueError(
        f'{file} has no column "{missing}" ({parameter}); its header holds '
        f"{listed(names)}{hint}"
    )


def _told(file: str, encoding: str, header: Header) -> list[str]:
    """What was recognised, where it is not a comma, UTF-8 and a header in row 1."""
    found = []
    if encoding.startswith("UTF-16"):
        found.append(f"the encoding is taken for {encoding}")
    if header.separator != ",":
        found.append(f"cells are separated by {SEPARATORS[header.separator]}")
    if header.first > 1:
        found.append(f"the table begins in row {header.first}")
    return [f"{file}: {', '.join(found)}"] if found else []


def _rows(
    path: pathlib.Path, encoding: str, header: Header
) -> Iterator[tuple[int, list[str]]]:
    """The rows under the header as long as it, by their numbers in a spreadsheet."""
    width, row, line = len(header.names), 0, 0
    cell = f"a cell with {SEPARATORS[header.separator]} or line breaks in it"
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
        reader = csv.reader(
            file, delimiter=header.separator, skipinitialspace=True, strict=True
        )
        try:
            for row, cells in enumerate(reader, 1):
                first, line = line + 1, reader.line_num
                if first <= header.last:
                    continue
                if len(cells) != width:
                    if not any(map(str.strip, cells)):
                        continue
                    if len(cells) < width or any(map(str.strip, cells[width:])):
                        raise ValueError(
                            f"{path.name}, row {row}: {len(cells)} of {width} cells; "
                            f"{cell} needs quotation marks"
                        )
                yield row, cells
        except csv.Error as error:
            how = "is written twice"
            if '\\"' in _head(path, encoding):
                how += ', not as \\" (pandas reads these with escapechar="\\\\")'
            raise ValueError(
                f"{path.name}, row {row + 1}: quotation marks do not pair ({error}); "
                f"{cell} stands between two, and a mark in it {how}"
            ) from None
        except UnicodeDecodeError:
            raise ValueError(
                f"{path.name}: in row {row + 1} or soon after it stand bytes that are "
                f'not {encoding}: the file is cut off; save it again as "CSV UTF-8"'
            ) from None


def _read(
    path: pathlib.Path, encoding: str, header: Header, places: list[int]
) -> tuple[list[str], list[str], list[str]]:
    """Texts, labels as they are spelt, and what was mended or left out."""
    texts: list[str] = []
    labels: list[str] = []
    known: dict[str, str] = {}  # one string for all labels that are equal
    rows: dict[str, list[int]] = {"HTML": [], "text": [], "label": []}
    for row, cells in _rows(path, encoding, header):
        for place in places:
            if wrong := BROKEN.search(cells[place]):
                name = max(header.names[place], key=len)
                raise _broken(path.name, row, name, wrong, encoding)
        given = re.sub("\r\n?", "\n", cells[places[0]])
        text = _without_html(given)
        label = clean(cells[places[-1]])
        if all(unicodedata.category(one) in BLANK for one in text):
            rows["text"].append(row)
        elif len(places) > 1 and label.casefold() in NO_LABEL:
            rows["label"].append(row)
        else:
            texts.append(text.strip())
            if len(places) > 1:
                labels.append(known.setdefault(label, label))
            if text != given:
                rows["HTML"].append(row)
    notes = []
    if rows["HTML"]:
        notes.append(
            f"{path.name}: HTML in {_in_rows(rows['HTML'])}: a tag such as <br /> is "
            "read as a space, <b> as nothing, &amp; as its character"
        )
    for what in ("text", "label"):
        if rows[what]:
            notes.append(f"{path.name}: no {what} in {_in_rows(rows[what])}; left out")
    return texts, labels, notes


def _in_rows(rows: list[int]) -> str:
    more = ", …" if len(rows) > 5 else ""
    numbers = ", ".join(map(str, rows[:5]))
    return f"{len(rows):,} row{'s' * (len(rows) > 1)} ({numbers}{more})"


def _broken(
    file: str, row: int, name: str, wrong: re.Match[str], encoding: str
) -> ValueError:
    before = wrong.string[max(0, wrong.start() - 20) : wrong.start()]
    code = ord(wrong[0]) & 0xFF
    return ValueError(
        f'{file}, row {row}, column "{name}": behind {shown(before)} stands the byte '
        f"{code:02X}, which is no character in {encoding.removesuffix('-SIG')}: mend "
        'that cell or save the file again as "CSV UTF-8"'
    )


def _without_html(text: str) -> str:
    """Blocks fall apart by a space, words in bold stay whole; `a <b and c>` stays."""
    if "<" in text:
        text = TAG.sub(_tag, text)
    if "&" in text:
        text = ENTITY.sub(_entity, text)
    return text


def _tag(found: re.Match[str]) -> str:
    inline, attributes = found.groups(default="")
    if attributes.strip(" /") and "=" not in attributes:
        return found[0]
    return "" if inline else " "


def _entity(found: re.Match[str]) -> str:
    name = found[1]
    if name and f"{name};" not in html5:
        return found[0]
    return html.unescape(found[0]).replace("\xa0", " ")


def _classes(
    file: str, name: str, spellings: list[str]
) -> tuple[np.ndarray, list[str], list[str]]:
    """Labels from 0, the names of classes, and which spellings became one."""
    found = list(dict.fromkeys(spellings))
    numbers = all(map(NUMBER.fullmatch, found))
    key: Callable[[str], Any] = float if numbers else str.casefold
    names: dict[Any, str] = {}
    for one in found:
        names.setdefault(key(one), one)
    places = {one: place for place, one in enumerate(sorted(names))}
    classes = [names[one] for one in places]
    if len(classes) == 1:
        raise ValueError(
            f'{file}, column "{name}": all {len(spellings)} labels are '
            f"{shown(classes[0])}; give a column of two classes or more, or none"
        )
    if len(classes) > max(12, len(spellings) / 5):
        raise ValueError(
            f'{file}, column "{name}": {len(classes)} different labels for '
            f"{len(spellings)} texts, as {listed(classes, 3)}: these are no classes, "
            "give another label_column or none"
        )
    codes = {one: places[key(one)] for one in found}
    labels = np.array([codes[one] for one in spellings], "int64")
    counts = np.bincount(labels)
    told = [f"{i} = {shown(one)} ({counts[i]:,})" for i, one in enumerate(classes)]
    notes = [f"{file}: {len(classes)} classes (texts): {', '.join(told[:12])}"]
    if len(found) > len(classes):
        merged = listed([one for one in found if one != names[key(one)]])
        notes.insert(0, f"{file}: {merged} read as another spelling of a class")
    return labels, classes, notes
