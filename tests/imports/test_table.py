"""Headers, explanations, errors by row, previews."""

import pytest

from gongzhi.imports.reader import FileError
from gongzhi.imports.template import explanation
from gongzhi.registry.imports import AREAS, MEMBERS
from tests.imports.support import ROSTER_HEADER, roster, table_of, write_csv, write_xlsx

HEADER = ["党支部编码", "姓名", "身份证号", "人员类别"]
ROW = ["ZJ-1", "示例甲", "", "正式党员"]


def table(tmp_path, rows, spec=MEMBERS):
    return table_of(write_csv(tmp_path / "a.csv", rows), spec)


def errors(result):
    return [(e.row, e.column, e.code) for e in result.errors.in_order()]


def test_chinese_and_english_headers_and_other_names(tmp_path):
    for header in (
        HEADER,
        ["branch_code", "name", "id_number", "stage"],
        ["所在党支部编码", "姓 名", "公民身份号码*", "人员类别（必填）"],
        ["BRANCH_CODE", "姓名", "身份证号码", "发展阶段"],
    ):
        result = table(tmp_path, [header, ROW])
        assert result.present == {"branch_code", "name", "id_number", "stage"}
        assert result.columns["name"] == ["示例甲"]


def test_a_title_above_the_header_and_empty_rows(tmp_path):
    rows = [["示例镇党员花名册"], [], HEADER, ROW, [], ["", " ", "", ""], ROW]
    result = table(tmp_path, rows)
    assert result.numbers == [4, 7]


def test_the_explanation_is_skipped_and_rows_keep_their_numbers(tmp_path):
    helps = [explanation(c) for c in MEMBERS.columns if c.title in HEADER]
    result = table(tmp_path, [HEADER, helps, ROW])
    assert result.numbers == [3]
    assert any("第 2 行是填写说明" in note.zh for note in result.notes)
    own_words = ["必填：支部的编码", "必填", "选填，18 位", "例如正式党员"]
    assert table(tmp_path, [HEADER, own_words, ROW]).numbers == [3]
    assert table(tmp_path, [HEADER, ROW, own_words]).numbers == [2, 3]


def test_unknown_columns_are_named_and_ignored(tmp_path):
    result = table(tmp_path, [[*HEADER, "星座"], [*ROW, "白羊"]])
    assert any("星座" in note.zh for note in result.notes)
    assert "白羊" not in str(result.preview)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([["甲", "乙"], ["1", "2"]], "NO_HEADER"),
        ([["姓名", "身份证号"], ["示例", ""]], "MISSING_COLUMNS"),
        ([[*HEADER, "姓名"], [*ROW, "示例"]], "DOUBLE_COLUMNS"),
        ([HEADER], "NO_ROWS"),
        ([HEADER, ["", "", "", ""]], "NO_ROWS"),
        ([[""]], "NO_HEADER"),
    ],
)
def test_files_without_a_table(tmp_path, rows, code):
    with pytest.raises(FileError) as caught:
        table(tmp_path, rows)
    assert caught.value.code == code


def test_a_merged_two_level_header_is_refused_in_plain_words(tmp_path):
    rows = [
        ["党支部编码", "基本情况", "", "人员类别"],
        ["", "姓名", "身份证号", ""],
        ROW,
    ]
    with pytest.raises(FileError) as caught:
        table(tmp_path, rows)
    assert caught.value.code == "MISSING_COLUMNS"
    assert "姓名" in caught.value.zh


def test_errors_name_row_column_and_reason_and_nothing_personal(tmp_path):
    rows = [
        HEADER,
        ["ZJ-1", "=甲", "", "正式党员"],
        ["ZJ-1", "", "110101199003070012", "正式党员"],
        ["", "示例乙", "11010119900307", "党外人士"],
    ]
    result = table(tmp_path, rows)
    assert sorted(errors(result)) == [
        (2, "姓名", "TEXT_FORMULA"),
        (3, "姓名", "REQUIRED"),
        (3, "身份证号", "ID_CHECKSUM"),
        (4, "人员类别", "NOT_IN_LIST"),
        (4, "党支部编码", "REQUIRED"),
        (4, "身份证号", "ID_LENGTH"),
    ]
    assert result.errors.bad == {0, 1, 2}
    said = "".join(e.zh + e.en for e in result.errors.listed)
    for value in ("示例乙", "=甲", "1101011990", "党外人士"):
        assert value not in said


def test_short_rows_are_filled_up(tmp_path):
    result = table(
        tmp_path, [["code", "name", "kind"], ["1", "甲"], ["2", "乙", "村", "多余"]], AREAS
    )
    assert result.columns["kind"] == [None, "VILLAGE"]


def test_the_preview_masks_personal_values(tmp_path):
    people = roster(8)
    path = write_csv(tmp_path / "a.csv", [ROSTER_HEADER, *people])
    preview = table_of(path).preview
    assert [number for number, _ in preview.rows] == [2, 3, 4, 5, 6]
    shown = str(preview)
    for row in people:
        assert row[1] not in shown
        assert row[2] not in shown
        assert row[7] not in shown
    _, cells = preview.rows[1]
    by_title = dict(zip(preview.titles, cells, strict=True))
    assert by_title["姓名"] == "示**"
    assert by_title["身份证号"].startswith("990***")
    assert by_title["手机号"] == "139****0001"
    assert by_title["出生日期"] == "***"
    assert by_title["党支部编码"] == "ZJ-2"


def test_a_wrong_personal_value_is_not_in_the_preview(tmp_path):
    path = write_csv(tmp_path / "a.csv", [HEADER, ["ZJ-1", "示例甲", "secret-123", "正式党员"]])
    assert "secret" not in str(table_of(path).preview)


def test_serials_of_1904_in_a_workbook(tmp_path):
    rows = [["党支部编码", "姓名", "出生日期", "人员类别"], ["ZJ-1", "示例甲", 29737, "正式党员"]]
    old = table_of(write_xlsx(tmp_path / "a.xlsx", rows, date_1904=True))
    new = table_of(write_xlsx(tmp_path / "b.xlsx", rows))
    assert str(old.columns["birth_date"][0]) == "1985-06-01"
    assert str(new.columns["birth_date"][0]) == "1981-05-31"


def test_ids_that_were_stored_as_numbers_are_refused(tmp_path):
    rows = [HEADER, ["ZJ-1", "示例甲", 110101199003070011, "正式党员"]]
    result = table_of(write_xlsx(tmp_path / "a.xlsx", rows))
    assert errors(result) == [(2, "身份证号", "ID_AS_NUMBER")]
    rows = [HEADER, ["ZJ-1", "示例甲", "1.10101E+17", "正式党员"]]
    assert errors(table(tmp_path, rows)) == [(2, "身份证号", "ID_AS_NUMBER")]


def test_one_and_true_are_different_cells(tmp_path):
    rows = [["code", "name", "kind", "households", "synthetic"], ["1", "甲", "村", 1, True]]
    result = table_of(write_xlsx(tmp_path / "a.xlsx", rows), AREAS)
    assert result.columns["households"] == [1]
    assert result.columns["synthetic"] == [True]


def test_what_a_report_repeats_of_a_file_is_short_and_printable(tmp_path):
    rows = [
        [*HEADER, "\x1b[31m红" + "长" * 5000],
        ["ZJ-1\x1b]0;title\x07", "示例甲", "", "正式党员", "x"],
    ]
    result = table(tmp_path, rows)
    said = str([note.zh for note in result.notes]) + str(result.preview.rows)
    assert "红长长" in said
    assert "\\x1b" not in said
    assert "\\x07" not in said
    assert len(said) < 400
