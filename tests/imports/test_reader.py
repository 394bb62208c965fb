"""Files: encodings, workbooks, and what is refused before it costs anything (TH-10, IO-01)."""

import datetime as dt
import struct
import zipfile

import openpyxl
import pytest
import xlsxwriter

from gongzhi.imports.reader import FileError, Limits, read_file
from tests.imports.support import write_csv, write_xlsx

LIMITS = Limits()


def refused(path, limits=LIMITS):
    with pytest.raises(FileError) as caught:
        read_file(path, limits)
    assert caught.value.zh
    assert caught.value.en
    return caught.value.code


# CSV


@pytest.mark.parametrize(
    ("encoding", "said"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("gbk", "gbk")]
)
def test_encodings_of_csv(tmp_path, encoding, said):
    path = write_csv(tmp_path / "a.csv", [["姓名", "民族"], ["示例甲", "汉族"]], encoding)
    sheet = read_file(path, LIMITS)
    assert sheet.rows == [["姓名", "民族"], ["示例甲", "汉族"]]
    assert sheet.encoding == said


def test_gb18030_has_rare_characters(tmp_path):
    path = write_csv(tmp_path / "a.csv", [["姓名"], ["𠮷㐂"]], "gb18030")
    assert read_file(path, LIMITS).rows[1] == ["𠮷㐂"]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_delimiters(tmp_path, delimiter):
    path = tmp_path / "a.csv"
    path.write_text(f"甲{delimiter}乙\r\n1{delimiter}2\r\n", encoding="utf-8")
    assert read_file(path, LIMITS).rows == [["甲", "乙"], ["1", "2"]]


def test_rows_keep_their_numbers(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('甲,乙\n\n"两\n行",2\n', encoding="utf-8")
    assert read_file(path, LIMITS).rows == [["甲", "乙"], [], ["两\n行", "2"]]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff\xfe\x20\x00", "CSV_UTF16"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "FILE_UNKNOWN"),
        (b"a,b\n\x00,1\n", "FILE_UNKNOWN"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "FILE_OLD_OR_ENCRYPTED"),
        (b'a,b\n"1,2\n3,4\n', "CSV_BROKEN"),
        (b'a,b\n"' + b"x" * 99_000 + b"\n" + b"y" * 99_000 + b'",1\n', "CSV_BROKEN"),
        (b"a," * 100 + b"a\n", "TOO_MANY_COLUMNS"),
        (b"a\n" + b"1\n" * 100_003, "TOO_MANY_ROWS"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_csv_that_is_refused(tmp_path, content, code):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert refused(path) == code


def test_a_line_of_50_mb_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n" + b"," * 50_000_000)
    assert refused(path) == "FILE_TOO_LARGE"
    assert refused(path, Limits(file_bytes=100_000_000)) == "LINE_TOO_LONG"


def test_no_such_file(tmp_path):
    assert refused(tmp_path / "none.csv") == "FILE_UNREADABLE"
    assert refused(tmp_path) == "FILE_UNREADABLE"


# Workbooks


def test_cells_keep_their_types(tmp_path):
    row = ["示例", 1985.06, 110101199003070011, True, dt.date(1985, 6, 1), "", "=1+1"]
    sheet = read_file(write_xlsx(tmp_path / "a.xlsx", [row]), LIMITS)
    assert sheet.rows == [
        ["示例", 1985.06, 1.1010119900307e17, True, dt.date(1985, 6, 1), "", "=1+1"]
    ]
    assert sheet.name == "名单"


def test_a_workbook_of_openpyxl(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["姓名", "出生日期"])
    book.active.append(["示例甲", dt.datetime(1985, 6, 1)])  # noqa: DTZ001  # cells have no zone
    book.save(tmp_path / "a.xlsx")
    sheet = read_file(tmp_path / "a.xlsx", LIMITS)
    assert sheet.rows[0] == ["姓名", "出生日期"]
    assert sheet.rows[1] == ["示例甲", dt.date(1985, 6, 1)]


def test_the_1904_system_is_noticed(tmp_path):
    rows = [["日期"], [dt.date(1985, 6, 1)], [29737]]
    old = read_file(write_xlsx(tmp_path / "a.xlsx", rows, date_1904=True), LIMITS)
    assert old.date1904
    assert old.rows[1:] == [[dt.date(1985, 6, 1)], [29737.0]]
    assert not read_file(write_xlsx(tmp_path / "b.xlsx", rows), LIMITS).date1904


def test_the_first_visible_sheet_with_content_is_read(tmp_path):
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        hidden = book.add_worksheet("旧表")
        hidden.write(0, 0, "旧")
        book.add_worksheet("空表")
        shown = book.add_worksheet("名单")
        shown.write(2, 1, "新")
        shown.activate()
        shown.set_first_sheet()
        hidden.hide()
    sheet = read_file(tmp_path / "a.xlsx", LIMITS)
    assert (sheet.name, sheet.others) == ("名单", ["旧表", "空表"])
    assert sheet.rows[2] == ["新"]


def test_the_content_tells_the_kind_of_file(tmp_path):
    path = write_xlsx(tmp_path / "a.csv", [["甲"]])
    assert read_file(path, LIMITS).rows == [["甲"]]


def test_a_far_cell_costs_nothing(tmp_path):
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "姓名")
        sheet.write(1_048_575, 16_383, "远")
    assert (tmp_path / "a.xlsx").stat().st_size < 10_000
    assert refused(tmp_path / "a.xlsx") == "WORKBOOK_TOO_LARGE"


def test_too_many_rows_and_columns(tmp_path):
    wide = write_xlsx(tmp_path / "a.xlsx", [["x"] * 101])
    assert refused(wide) == "TOO_MANY_COLUMNS"
    long = write_xlsx(tmp_path / "b.xlsx", [["x"]] * 60)
    assert refused(long, Limits(rows=50)) == "TOO_MANY_ROWS"


def test_a_truncated_workbook(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", [["姓名"], ["示例"]])
    content = path.read_bytes()
    for length in (10, len(content) // 2, len(content) - 5):
        path.write_bytes(content[:length])
        assert refused(path) == "WORKBOOK_BROKEN"


def test_a_damaged_sheet(tmp_path):
    source = write_xlsx(tmp_path / "a.xlsx", [["姓名"], ["示例"]])
    damaged = _changed(source, tmp_path / "b.xlsx", "xl/worksheets/sheet1.xml", b"<worksheet><she")
    assert refused(damaged) in {"WORKBOOK_BROKEN", "WORKBOOK_EMPTY"}


def test_a_zip_that_is_no_workbook(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("../../evil.txt", "x")
    assert refused(tmp_path / "a.xlsx") == "WORKBOOK_UNKNOWN"
    assert not (tmp_path.parent.parent / "evil.txt").exists()


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    source = write_xlsx(tmp_path / "a.xlsx", [["姓名"]])
    bomb = _changed(source, tmp_path / "b.xlsx", "xl/worksheets/sheet1.xml", b"<row/>" * 20_000_000)
    assert bomb.stat().st_size < LIMITS.file_bytes
    assert refused(bomb) == "WORKBOOK_BOMB"


def test_a_zip_bomb_that_lies_about_its_size(tmp_path):
    source = write_xlsx(tmp_path / "a.xlsx", [["姓名"]])
    row = b'<row><c t="inlineStr"><is><t>x</t></is></c></row>'
    xml = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b"<sheetData>" + row * 3_000_000 + b"</sheetData></worksheet>"
    )
    bomb = _changed(source, tmp_path / "b.xlsx", "xl/worksheets/sheet1.xml", xml)
    content = bytearray(bomb.read_bytes())
    for signature, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = content.find(signature)
        while at >= 0:
            size = struct.unpack_from("<I", content, at + place)[0]
            if size == len(xml):
                struct.pack_into("<I", content, at + place, 500)
            at = content.find(signature, at + 4)
    bomb.write_bytes(content)
    assert len(content) < 1_000_000
    code = refused(bomb)
    assert code in {"WORKBOOK_BROKEN", "WORKBOOK_TOO_LARGE", "TOO_MANY_ROWS"}


def test_entities_are_not_expanded(tmp_path):
    source = write_xlsx(tmp_path / "a.xlsx", [["姓名"]])
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    (tmp_path / "secret.txt").write_text("geheim", encoding="utf-8")
    outside = (tmp_path / "secret.txt").as_uri()
    xml = (
        f'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY l0 "lol">{lol}'
        f'<!ENTITY file SYSTEM "{outside}">]>'
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="1"'
        ' uniqueCount="1"><si><t>&l9;&file;</t></si></sst>'
    ).encode()
    bomb = _changed(source, tmp_path / "b.xlsx", "xl/sharedStrings.xml", xml)
    try:
        sheet = read_file(bomb, LIMITS)
    except FileError as error:
        assert error.code in {"WORKBOOK_BROKEN", "WORKBOOK_EMPTY"}  # noqa: PT017  # either way
    else:
        text = str(sheet.rows)
        assert "lollol" not in text
        assert "geheim" not in text


def test_reading_has_a_time_limit(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", [["姓名"]])
    assert refused(path, Limits(seconds=0.001)) == "WORKBOOK_TOO_SLOW"


def _changed(source, target, part, content):
    """Copy a workbook with another content of one part."""
    with (
        zipfile.ZipFile(source) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new,
    ):
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return target
