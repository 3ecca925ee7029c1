"""A user's own text to learn from: what is read, what is said, what is refused."""

import codecs
import gzip
import io
import os
import unicodedata
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import corpus

PLAYS = "Soll ich dich einem Sommertag vergleichen?\nEr ist wie du so lieblich nicht.\n"


@pytest.fixture
def own(tmp_path):
    """Read a content as the file mine.txt, which must stay as it was."""

    def read(content, at_least=1):
        data = content if isinstance(content, bytes) else content.encode()
        path = tmp_path / "mine.txt"
        path.write_bytes(data)
        try:
            return corpus.read_corpus(path, at_least)
        finally:
            assert path.read_bytes() == data
            assert os.listdir(tmp_path) == ["mine.txt"]

    return read


def said(found):
    """The notes before the summary."""
    return " | ".join(found.notes[:-1])


def test_a_plain_file_is_read_as_it_is_and_counted(own):
    found = own(PLAYS)
    assert found.text == PLAYS
    assert found.characters == sorted(set(PLAYS))
    assert found.notes[0].startswith(f"mine.txt: {len(PLAYS)} characters, ")


SCRIPTS = {
    "Greek": "Ἄνδρα μοι ἔννεπε, Μοῦσα, πολύτροπον\n",
    "Russian": "Все счастливые семьи похожи друг на друга\n",
    "Chinese": "天地玄黃宇宙洪荒日月盈昃辰宿列張\n",
    "Hindi": "सब सुखी परिवार एक जैसे होते हैं\n",
    "Arabic": "كل العائلات السعيدة متشابهة\n",
    "signs": "🙂👍🏽 and 𝔘𝔫𝔦𝔠𝔬𝔡𝔢\n",
}


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_any_script_is_read_in_any_encoding_of_unicode(own, script, encoding):
    text = unicodedata.normalize("NFC", SCRIPTS[script] * 20)
    found = own(text.encode(encoding))
    assert found.text == text
    assert ("is read as" in said(found)) == (encoding not in ("utf-8", "utf-8-sig"))


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [(codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF16_LE, "utf-16-le"),
     (b"", "utf-16-le"), (b"", "utf-16-be")],
)  # fmt: skip
def test_utf_16_is_told_by_its_mark_or_by_its_zeros(own, mark, encoding):
    found = own(mark + PLAYS.encode(encoding))
    assert found.text == PLAYS
    assert encoding.upper() in said(found)


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_breaks_of_other_systems_become_plain_ones(own, end):
    found = own(PLAYS.replace("\n", end))
    assert found.text == PLAYS
    assert "line breaks of another system" in said(found)


def test_one_long_line_is_read(own):
    assert len(own("to be or not " * 100_000).text) == 1_300_000


def test_accents_that_stand_apart_are_joined(own):
    found = own(unicodedata.normalize("NFD", "café, déjà vu\n"))
    assert found.text == "café, déjà vu\n"
    assert "3 letters whose accents stand apart" in said(found)


@pytest.mark.parametrize("sign", ["\u0958", "\u212b"])  # NFC makes two, or another
def test_signs_that_unicode_writes_otherwise_are_no_accents_that_stand_apart(own, sign):
    found = own(f"one {sign} two\n")
    assert found.text == unicodedata.normalize("NFC", f"one {sign} two\n")
    assert said(found) == ""


def test_western_european_text_is_read_and_said_so(own):
    found = own("Schöne Grüße aus der Fußgängerzone\n".encode("cp1252"))
    assert found.text == "Schöne Grüße aus der Fußgängerzone\n"
    assert "read as Windows-1252 (look at Schöne, Grüße, " in said(found)


def archive():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as one:
        one.writestr("word/document.xml", "<w/>")
    return file.getvalue()


REFUSED = {
    "empty": (b"", "mine.txt is empty"),
    "blank": (b" \n\n ", "has 4 characters, and at least 1 must"),
    "a mark alone": (codecs.BOM_UTF8, "has 0 characters"),
    "one character": (b"a" * 500, "is 'a' over and over"),
    "a document": (archive(), "is a document or an archive"),
    "an archive": (gzip.compress(b"text"), "is an archive (.gz)"),
    "a PDF": (b"%PDF-1.4 \x00\x01", "is a PDF"),
    "rich text": (b"{\\rtf1 Hello}", "is rich text"),
    "bytes": (bytes(range(256)) * 9, "not text|neither UTF-8"),
    "Russian of old": (SCRIPTS["Russian"].encode("cp1251") * 9, "save it as UTF-8"),
    "Chinese of old": ((SCRIPTS["Chinese"] * 9).encode("gb18030"), "save it as UTF-8"),
    "damaged": ("Grüße\n".encode() + b"\xff\xfe" + b"more", "byte 9 is no UTF-8"),
    "cut off": (PLAYS.encode("utf-16")[:-1], "is no UTF-16-LE"),
    "control characters": (b"one\x01two\x02" * 50, "holds control characters"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_text_is_refused_in_one_sentence(own, case):
    content, why = REFUSED[case]
    with pytest.raises(ValueError, match=r"mine\.txt") as told:
        own(content)
    assert any(part in str(told.value) for part in why.split("|"))
    assert "\n" not in str(told.value)


def test_a_short_text_is_refused_with_both_numbers(own):
    with pytest.raises(ValueError, match="has 76 characters, and at least 10,000"):
        own(PLAYS[:76], at_least=10_000)


def test_a_missing_file_a_folder_and_an_address_are_told_apart(tmp_path):
    (tmp_path / "plays.txt").write_text(PLAYS)
    with pytest.raises(ValueError, match=r'did you mean "plays\.txt"'):
        corpus.read_corpus(tmp_path / "play.txt")
    with pytest.raises(ValueError, match="is a folder; give a file in it, such as pl"):
        corpus.read_corpus(tmp_path)
    with pytest.raises(ValueError, match="is an address; download the file"):
        corpus.read_corpus("https://www.gutenberg.org/a.txt")


def test_a_file_too_large_is_refused_unread(tmp_path):
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.write(b"text")
        file.truncate(corpus.LARGEST + 1)
    with pytest.raises(ValueError, match="has 100 MB, and at most 100 can be read"):
        corpus.read_corpus(path)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=2))
def test_whatever_is_written_in_utf_8_is_read_or_refused(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("any") / "any.txt"
    path.write_text(text, "utf-8", newline="")
    try:
        found = corpus.read_corpus(path)
    except ValueError:
        assert not text.strip() or len(set(unicodedata.normalize("NFC", text))) == 1
    else:
        assert found.text == unicodedata.normalize("NFC", text.removeprefix("\ufeff"))


def test_a_prompt_is_of_characters_of_the_corpus(own):
    found = own(PLAYS)
    assert corpus.prompt_for(found, "") == "Soll ich dich einem Sommertag vergleiche"
    assert corpus.prompt_for(found, "so\r\n") == "so\n"
    with pytest.raises(ValueError, match=r'"Z" \(U\+005A\) never occurs .*it has z'):
        corpus.prompt_for(own("fuzzy " * 9), "Z")
    with pytest.raises(ValueError, match=r"U\+00E9.*, .*U\+2014.* never occur in"):
        corpus.prompt_for(found, "é—e")


def test_the_prose_of_the_book_is_a_corpus_without_code_and_formulas():
    text = corpus.own_prose()
    assert len(text) > 100_000
    for mark in ("```", "$$", "jupytext:", "import numpy", "](", "\n\n\n"):
        assert mark not in text
