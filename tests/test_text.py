"""A user's own texts: what is read, what is mended and said, what is refused."""

import csv
import io
import os
import re
import subprocess
import sys
import tracemalloc
import unicodedata
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import text
from helpers.files import book_root

ROWS = [("A fine film", "pos"), ("Dull, and long", "neg"), ("Never again", "neg")]
TEXTS = [words for words, _ in ROWS]


def table(rows, separator=",", end="\n", names=("text", "label"), quoting=0):
    """Rows as a spreadsheet writes them."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=separator, lineterminator=end, quoting=quoting)
    writer.writerows([names, *rows])
    return file.getvalue()


@pytest.fixture
def own_texts(tmp_path):
    """Read a content as the file mine.csv, which must stay as it was."""

    def read(content, column="text", label="", at_least=1):
        data = content if isinstance(content, bytes) else content.encode()
        path = tmp_path / "mine.csv"
        path.write_bytes(data)
        limit = csv.field_size_limit()
        try:
            return text.read_texts(path, column, label, at_least)
        finally:
            assert csv.field_size_limit() == limit
            assert path.read_bytes() == data
            assert os.listdir(tmp_path) == ["mine.csv"]

    return read


def said(found):
    """The notes before the summary."""
    return " | ".join(found.notes[:-1])


def test_texts_and_labels_of_a_plain_file_are_read_in_its_order(own_texts):
    found = own_texts(table(ROWS), label="label")
    assert found.texts == TEXTS
    assert found.classes == ["neg", "pos"]
    assert found.labels.dtype == np.int64
    np.testing.assert_array_equal(found.labels, [1, 0, 0])
    assert found.notes == [
        "mine.csv: 3 texts of 11 to 14 characters, median 11",
        "mine.csv: 2 classes (texts): 0 = 'neg' (2), 1 = 'pos' (1)",
    ]


def test_without_a_label_column_there_are_no_labels(own_texts):
    found = own_texts(table(ROWS))
    assert (found.texts, found.labels, found.classes) == (TEXTS, None, [])


# Files


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_unicode_with_any_line_ends_is_read(own_texts, encoding, end):
    rows = [*ROWS, ("Café “größer”", "pos")]
    found = own_texts(table(rows, end=end).encode(encoding), label="label")
    assert found.texts == [*TEXTS, "Café “größer”"]
    assert ("the encoding is taken for UTF-16" in said(found)) == ("16" in encoding)


@pytest.mark.parametrize("mark", ["utf-16-le", "utf-16-be"])
def test_either_byte_order_of_utf_16_is_read_by_its_mark(own_texts, mark):
    found = own_texts("\ufefftext\n日本語のレビュー\n".encode(mark))
    assert found.texts == ["日本語のレビュー"]


@pytest.mark.parametrize("encoding", ["latin-1", "windows-1252"])
def test_western_european_bytes_are_read_and_named_with_an_example(own_texts, encoding):
    found = own_texts(table([*ROWS, ("ein größerer Spaß", "pos")]).encode(encoding))
    assert found.texts[-1] == "ein größerer Spaß"
    assert "not UTF-8 and is read as Windows-1252: look at 'größerer', 'Spaß'" in said(
        found
    )


@pytest.mark.parametrize("encoding", ["cp1251", "shift_jis", "gbk", "koi8-r"])
def test_bytes_of_other_encodings_are_not_guessed(own_texts, encoding):
    words = "фильм очень понравился" if encoding in ("cp1251", "koi8-r") else "映画日本"
    content = table([(words * 3, "pos")] * 20).encode(encoding)
    with pytest.raises(ValueError, match="neither UTF-8 nor UTF-16"):
        own_texts(content)


@pytest.mark.parametrize(
    ("broken", "byte"), [(b"caf\xe9 noir", "E9"), (b"caf\0 noir", "00"), (b"\xed\xa0\xbd", "ED")]
)  # fmt: skip
def test_a_byte_that_is_no_character_is_named_with_row_and_column(
    own_texts, broken, byte
):
    content = table([("öäüß", "pos"), ("X", "neg"), ("two\nlines", "neg")]).encode()
    content = content.replace(b"lines", b"lines " + broken)
    with pytest.raises(
        ValueError, match=rf'row 4, column "text".* the byte {byte}, .* UTF-8'
    ):
        own_texts(content)


def test_a_byte_that_windows_1252_does_not_have_is_named(own_texts):
    with pytest.raises(ValueError, match=r'row 2, column "text".* 81, .* Windows-1252'):
        own_texts("text,label\nÄÄÄ X,a\n".encode("cp1252").replace(b"X", b"\x81"))


def test_the_byte_order_mark_of_utf_8_does_not_hide_a_broken_byte(own_texts):
    with pytest.raises(
        ValueError, match="the byte E9, which is no character in UTF-8:"
    ):
        own_texts(b"\xef\xbb\xbftext\ncaf\xe9\n")


def test_a_text_is_never_taken_for_a_part_of_the_header(own_texts):
    with pytest.raises(ValueError, match='no column "pos"'):
        own_texts(table(ROWS), label="pos")


def test_a_broken_byte_in_a_column_that_is_not_asked_for_does_no_harm(own_texts):
    content = table([("öäüß", "X")]).encode().replace(b"X", b"\xe9")
    assert own_texts(content).texts == ["öäüß"]


def test_a_file_of_utf_16_that_is_cut_off_is_refused(own_texts):
    with pytest.raises(
        ValueError, match=r"in row 2 or soon .* not UTF-16: the file is cut off"
    ):
        own_texts("text\nA fine film\n".encode("utf-16")[:-1])


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_separator_is_recognised_and_said(own_texts, mark):
    found = own_texts(table(ROWS, mark), label="label")
    assert found.texts == TEXTS
    assert ("cells are separated by" in said(found)) == (mark != ",")


def test_a_header_below_a_title_is_found_and_said(own_texts):
    found = own_texts("Reviews of 2024\n\n" + table(ROWS))
    assert found.texts == TEXTS
    assert "the table begins in row 3" in said(found)


def test_a_title_of_several_lines_above_the_header_costs_no_text(own_texts):
    assert own_texts('"Reviews\nof\n2024"\n' + table(ROWS)).texts == TEXTS


def test_a_header_of_several_lines_is_one_row(own_texts):
    content = table(ROWS, names=("review\n(English)", "label"))
    assert own_texts(content, " review (English) ").texts == TEXTS


# Cells


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_breaks_and_doubled_quotation_marks_stay_in_a_text(own_texts, end):
    rows = [(f'He said "no".{end}Then, "yes".', "pos"), *ROWS]
    found = own_texts(table(rows, end=end), label="label")
    assert found.texts == ['He said "no".\nThen, "yes".', *TEXTS]


@pytest.mark.parametrize(
    "words",
    [
        "so good 👍🏽👩‍👩‍👧 🫨",
        "فيلم رائع جدا",
        "סרט \u200fמצוין",
        "この映画は素晴らしい",
        "หนังเรื่องนี้ดีมาก",
        "e\u0301 and é, NBSP\xa0and\u2028line",
        "#hashtag first",
        "None",
        "NA",
        "a  b\tc",
    ],
)
def test_a_text_of_any_script_is_kept_whole(own_texts, words):
    found = own_texts(table([(words, "x")]))
    assert found.texts == [words]
    assert said(found) == ""


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("fun.<br /><br/>Not <BR>long", "fun.  Not  long"),
        ("<p class='x'>un<b>believ</b>able</p>", "unbelievable"),
        ('see <a href="http://x.org/?a=1">this</a><!-- ad -->!', "see this !"),
        ("Q&amp;A &lt;3 &#39;yes&#x27; caf&eacute;&nbsp;noir", "Q&A <3 'yes' café noir"),
        ("&lt;b&gt; is a tag", "<b> is a tag"),
    ],
)  # fmt: skip
def test_html_becomes_text_and_this_is_said(own_texts, given, plain):
    found = own_texts(table([("plain", "x"), (given, "x")]))
    assert found.texts == ["plain", plain]
    assert "HTML in 1 row (3): a tag such as <br /> is read as a space" in said(found)


@pytest.mark.parametrize(
    "words", ["I <3 it", "a <b and c> d", "<user> and <unk>", "AT&T; R&D", "x?a=1&reg=2&region;", "1 < 2 > 1"]
)  # fmt: skip
def test_what_only_looks_like_html_stays(own_texts, words):
    found = own_texts(table([(words, "x")]))
    assert found.texts == [words]
    assert "HTML" not in said(found)


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0<&"))
    )
)
def test_what_csv_writes_is_read_back(tmp_path_factory, given_texts):
    path = tmp_path_factory.mktemp("own") / "mine.csv"
    rows = [("first", 0), *((one, 1) for one in given_texts)]
    path.write_bytes(table(rows, quoting=csv.QUOTE_ALL).encode())
    kept = [re.sub("\r\n?", "\n", one).strip() for one in given_texts]
    categories = {"Cc", "Cf", "Zl", "Zp", "Zs"}
    kept = [one for one in kept if {*map(unicodedata.category, one)} - categories]
    assert text.read_texts(path, "text").texts == ["first", *kept]


def test_a_text_longer_than_the_limit_of_csv_is_read(own_texts):
    long = "word " * 60_000
    assert own_texts(table([(long, "x")])).texts == [long.strip()]


@pytest.mark.parametrize("blank", ["", "  ", "\n\t", "\u200b\ufeff", "\xa0", "<br />"])
def test_blank_texts_are_left_out_and_their_rows_named(own_texts, blank):
    rows = [ROWS[0], (blank, "pos"), ("two\nlines", "neg"), (blank, "neg"), ROWS[1]]
    found = own_texts(table(rows), label="label")
    assert found.texts == [TEXTS[0], "two\nlines", TEXTS[1]]
    np.testing.assert_array_equal(found.labels, [1, 0, 0])
    assert "no text in 2 rows (3, 5); left out" in said(found)


def test_blanks_at_the_ends_of_a_text_go_without_a_word(own_texts):
    found = own_texts(table([("\t fine \n", "x")], quoting=csv.QUOTE_ALL))
    assert found.texts == ["fine"]
    assert said(found) == ""


def test_of_many_blank_texts_the_first_five_rows_are_named(own_texts):
    found = own_texts(table([("", "")] * 1200 + ROWS))
    assert "no text in 1,200 rows (2, 3, 4, 5, 6, …)" in said(found)


@pytest.mark.parametrize("missing", ["", " ", "nan", "NaN", "NA", "n/a", "NULL"])
def test_rows_without_a_label_are_left_out_and_named(own_texts, missing):
    found = own_texts(
        table([ROWS[0], ("Who knows", missing), *ROWS[1:]]), label="label"
    )
    assert found.texts == TEXTS
    np.testing.assert_array_equal(found.labels, [1, 0, 0])
    assert "no label in 1 row (3); left out" in said(found)


def test_blank_lines_count_as_rows_of_a_spreadsheet_do(own_texts):
    found = own_texts('text,label\n\n"a\nb",x\n  \n,x\n')
    assert found.texts == ["a\nb"]
    assert "no text in 1 row (5)" in said(found)


def test_blank_cells_beyond_the_header_do_no_harm(own_texts):
    assert own_texts("text,label\na,x,,\nb,y, \n").texts == ["a", "b"]


# Labels


@pytest.mark.parametrize(
    ("given", "classes", "labels"),
    [
        (["spam", "ham", "Eggs", "ham"], ["Eggs", "ham", "spam"], [2, 1, 0, 1]),
        (["10", "9", "-1", "9"], ["-1", "9", "10"], [2, 1, 0, 1]),
        (["1.0", "0.0", "0.5"], ["0.0", "0.5", "1.0"], [2, 0, 1]),
        (["True", "False", "True"], ["False", "True"], [1, 0, 1]),
        (["yes", "no"], ["no", "yes"], [1, 0]),
        (["none", "some"], ["none", "some"], [0, 1]),
        (["3 stars", "10"], ["10", "3 stars"], [1, 0]),
        (
            ["положительный", "отрицательный"],
            ["отрицательный", "положительный"],
            [1, 0],
        ),
    ],
)
def test_labels_are_places_in_the_classes(own_texts, given, classes, labels):
    rows = [(f"text {i}", one) for i, one in enumerate(given)]
    found = own_texts(table(rows), label="label")
    assert found.classes == classes
    np.testing.assert_array_equal(found.labels, labels)


def test_classes_do_not_depend_on_the_order_of_rows(own_texts):
    one = own_texts(table(ROWS), label="label")
    other = own_texts(table(ROWS[::-1]), label="label")
    assert one.classes == other.classes
    np.testing.assert_array_equal(one.labels, other.labels[::-1])


@pytest.mark.parametrize(
    ("given", "classes", "other"),
    [
        (["Pos", "neg", "pos ", "POS"], ["neg", "Pos"], "'pos', 'POS'"),
        (["1", "0", "1.0", "01"], ["0", "1"], "'1.0', '01'"),
    ],
)
def test_spellings_of_one_label_are_one_class_and_said(
    own_texts, given, classes, other
):
    rows = [(f"text {i}", one) for i, one in enumerate(given)]
    found = own_texts(table(rows), label="label")
    assert found.classes == classes
    np.testing.assert_array_equal(found.labels, [1, 0, 1, 1])
    assert f"{other} read as another spelling of a class" in said(found)


# What is refused


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (table([("a", "pos"), ("b", "pos")]), "column \"label\": all 2 labels are 'pos'; give a column of two classes"),
        (table([(f"text {i}", i) for i in range(50)]), "column \"label\": 50 different labels for 50 texts, as '0', '1', '2' and 47 more"),
        (table(ROWS, names=("Text", "label")), r"no column \"text\" \(text_column\); its header holds 'Text', 'label'; did you mean \"Text\""),
        (table(ROWS, ";", names=("text", "labels")), r"no column \"label\" \(label_column\); its header holds 'text', 'labels'; did you mean \"labels\""),
        (table(ROWS[1:], names=ROWS[0]), "no column \"text\".*'A fine film', 'pos'; a header must name the columns"),
        ("words^class\na^b\n", "holds 'words\\^class'.*with commas, semicolons, tabs, bars between them"),
        (table([("a", "b", "x")], names=("text", "text", "label")), 'has 2 columns "text"; give each a name'),
        ("text,label\na,x\nb, c,y\n", "row 3: 3 of 2 cells; a cell with commas or line breaks in it needs quotation marks"),
        ('text;label\n"a\nb";x\nfirst\nsecond;y\n', "row 3: 1 of 2 cells; a cell with semicolons or line breaks"),
        ("text,label\na,x\n\"b,y\nc,x\n", "row 3: quotation marks do not pair .*a mark in it is written twice"),
        ("text,label\na,x\n\"b,y\n\"c\",x\n", "row 3: quotation marks do not pair"),
        ('text,label\n"say \\"no\\" now",y\n', "row 2: quotation marks do not pair"),
        ("text,label\n", 'column "text": 0 texts can be used, and at least 1 must be there'),
        (table([(" ", "x"), ("", "y")]), r"0 texts can be used, .*no text in 2 rows \(2, 3\)"),
        (table([("a", ""), ("b", "")]), r"0 texts can be used, .*no label in 2 rows \(2, 3\)"),
        ("Reviews, of 2024, all\ntext;labels\na;b\n", "no column \"label\".*its header holds 'text', 'labels'; did"),
            ("t\0e\0x\0t\0,日本".encode(), "neither UTF-8 nor UTF-16 with a mark"),
            ('text,label\n"say \\"no\\" twice",a\n', r"twice, not as .*escapechar"),
        ("", "mine.csv is empty"),
        ("\n \n", "mine.csv is empty"),
        (b"\xef\xbb\xbf", "mine.csv is empty"),
        (b"PK\x03\x04\x14\x00", "is a workbook or an archive"),
        (b"\xd0\xcf\x11\xe0\xa1", "workbook or document of an old Office"),
        (b"%PDF-1.7\n%\xe2\xe3", "is a PDF"),
        (b"\x1f\x8b\x08", "is an archive"),
        (b"PAR1\x15\x04", "is a Parquet file"),
        ('\n{"cells": [], "nbformat": 4}', "is JSON"),
        ("<!DOCTYPE html><html></html>", "is a web page"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_in_one_sentence(own_texts, content, message):
    with pytest.raises(ValueError, match=message) as caught:
        own_texts(content, label="label")
    assert str(caught.value).startswith("mine.csv")
    assert "\n" not in str(caught.value)


def test_a_label_that_differs_from_the_rest_is_enough(own_texts):
    labels = ["pos"] * 30 + ["neg"]
    rows = [(f"text {i}", label) for i, label in enumerate(labels)]
    assert own_texts(table(rows), label="label").classes == ["neg", "pos"]


def test_too_few_texts_are_refused_with_both_numbers(own_texts):
    assert own_texts(table(ROWS), at_least=3).texts == TEXTS
    with pytest.raises(ValueError, match="3 texts can be used, and at least 4"):
        own_texts(table(ROWS), at_least=4)


def test_the_column_of_texts_is_not_the_one_of_labels(own_texts):
    with pytest.raises(ValueError, match='are both "text"'):
        own_texts(table(ROWS), label=" text")


@pytest.mark.parametrize("name", ["", " "])
def test_a_column_must_be_named(own_texts, name):
    with pytest.raises(ValueError, match=r'no column "" \(text_column\)'):
        own_texts(table([(1, *ROWS[0])], names=("", "text", "label")), name)


def test_a_real_workbook_is_refused(own_texts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(ValueError, match=r"workbook .*save the table as \"CSV UTF-8\""):
        own_texts(file.getvalue())


def test_a_folder_is_refused_and_its_tables_named(tmp_path):
    (tmp_path / "reviews.csv").write_text(table(ROWS))
    with pytest.raises(ValueError, match=r"is a folder, .* it holds 'reviews\.csv'"):
        text.read_texts(tmp_path, "text")


def test_a_file_that_is_not_there_is_named_with_the_nearest(tmp_path):
    (tmp_path / "reviews.csv").write_text(table(ROWS))
    with pytest.raises(ValueError, match=r'no file .*did you mean "reviews\.csv"'):
        text.read_texts(tmp_path / "review.csv", "text")
    with pytest.raises(ValueError, match=r'no file "no/where\.csv", looked for in /'):
        text.read_texts("no/where.csv", "text")


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "mine.csv").write_text(table(ROWS))
    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(ValueError, match=r'mine\.csv" cannot be read: Permission'):
        text.read_texts(tmp_path / "mine.csv", "text")


@pytest.mark.parametrize(
    "address", ["https://colab.research.google.com/drive/1abc", "http://x.org/a.csv"]
)
def test_an_address_is_no_file(address):
    with pytest.raises(ValueError, match="is an address; download the table"):
        text.read_texts(address, "text")


def test_a_file_in_the_home_folder_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine.csv").write_text(table(ROWS))
    assert text.read_texts("~/mine.csv", "text").texts == TEXTS


# Size


@pytest.mark.parametrize("words", ["a plain sentence of words ", "fun 👍 "])
def test_memory_is_a_tenth_of_two_gigabytes_for_a_tenth_of_the_file(tmp_path, words):
    path = tmp_path / "large.csv"
    size = 10_000_000
    row = (words * (2000 // len(words.encode())), "pos")
    rows = [row, (row[0], "neg")] * (size // len(table([row]).encode()) // 2)
    path.write_text(table(rows), "utf-8")
    tracemalloc.start()
    found = text.read_texts(path, "text", "label")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.texts) == len(rows)
    assert path.stat().st_size > 0.9 * size
    assert peak < 10 * size  # 2 GB for 200 MB


def test_the_module_needs_no_tensorflow():
    code = "import sys, helpers.text; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=book_root())
