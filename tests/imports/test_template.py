"""Templates are workbooks that people can fill in and that come back in."""

from datetime import date

import openpyxl
import pytest

from gongzhi.imports.reader import FileError, read_file
from gongzhi.imports.table import read_table
from gongzhi.imports.template import write_template
from tests.imports.support import CONTEXT, OPTIONS, SPECS, id_number


@pytest.mark.parametrize("name", SPECS)
def test_an_empty_template_has_a_header_and_no_rows(tmp_path, name):
    spec = SPECS[name]
    write_template(spec, tmp_path / "a.xlsx", OPTIONS)
    sheet = read_file(tmp_path / "a.xlsx", spec.limits)
    assert [str(cell).rstrip("*") for cell in sheet.rows[0]] == [c.title for c in spec.columns]
    with pytest.raises(FileError) as caught:
        read_table(spec, sheet, CONTEXT)
    assert caught.value.code == "NO_ROWS"


def test_a_filled_template_comes_back(tmp_path):
    spec = SPECS["members"]
    path = tmp_path / "a.xlsx"
    write_template(spec, path, OPTIONS)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    places = {cell.value.rstrip("*"): cell.column for cell in sheet[1]}
    number = id_number(date(1985, 6, 1), 1)
    row = {
        "党支部编码": "ZJ-1",
        "姓名": "示例甲",
        "身份证号": number,
        "人员类别": "正式党员",
        "入党日期": "2008.10",
    }
    for title, value in row.items():
        sheet.cell(3, places[title], value)
    book.save(path)
    result = read_table(spec, read_file(path, spec.limits), CONTEXT)
    assert result.numbers == [3]
    assert not result.errors.total
    assert result.columns["id_number"][0].number == number
    assert result.columns["joined_on"] == [date(2008, 10, 1)]
    assert [note.zh for note in result.notes if "可选项" in note.zh] == []


@pytest.mark.parametrize("name", SPECS)
def test_examples_of_a_template_are_right(tmp_path, name):
    for column in SPECS[name].columns:
        if column.example and column.code != "id_number":
            assert column.parser.bind(CONTEXT)(column.example) is not None, column.title


def test_text_columns_and_drop_downs(tmp_path):
    spec = SPECS["members"]
    write_template(spec, tmp_path / "a.xlsx", OPTIONS)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    sheet, codes = book.worksheets
    letters = {cell.value.rstrip("*"): cell.column_letter for cell in sheet[1]}
    places = {cell.value.rstrip("*"): cell.column for cell in sheet[1]}
    spans = sheet.column_dimensions.values()  # equal neighbours are one
    as_text = {n for s in spans if s.number_format == "@" for n in range(s.min, s.max + 1)}
    for title in ("身份证号", "手机号", "党支部编码", "出生日期", "入党日期"):
        assert places[title] in as_text
    assert places["性别"] not in as_text
    offered = {}
    for rule in sheet.data_validations.dataValidation:
        assert rule.type == "list"
        letter = str(rule.sqref).rstrip("0123456789:").split(":")[0].rstrip("0123456789")
        first, last = rule.formula1.split("!")[1].replace("$", "").split(":")
        offered[letter] = [cell[0].value for cell in codes[first:last]]
    assert offered[letters["性别"]] == ["女", "男", "未知"]
    assert len(offered[letters["民族"]]) == len(OPTIONS["ethnic_group"]) > 50
    assert offered[letters["是否流动党员"]] == ["是", "否"]
    assert letters["姓名"] not in offered


def test_a_label_like_a_formula_stays_a_text(tmp_path):
    spec = SPECS["members"]
    bad = OPTIONS["education"][0]
    options = {**OPTIONS, "education": [type(bad)("X", '=HYPERLINK("x")', "x")]}
    write_template(spec, tmp_path / "a.xlsx", options)
    codes = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[1]
    cells = [cell for row in codes.iter_rows() for cell in row if cell.value]
    assert {cell.data_type for cell in cells} == {"s"}
