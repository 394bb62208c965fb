"""Cells of every kind of column."""

import datetime as dt

import pytest

from gongzhi.imports.cells import CellError
from gongzhi.imports.dates import RosterDate
from gongzhi.imports.parse import (
    BirthCell,
    Choice,
    DateCell,
    FromCodeList,
    Identifier,
    IdNumberCell,
    Mobile,
    Phone,
    Tags,
    Text,
    Whole,
    YesNo,
)
from gongzhi.registry import lists
from gongzhi.registry.codes import Gender, MembershipStage
from gongzhi.registry.imports import AREAS, MEMBERS, ORGANIZATIONS
from gongzhi.registry.lists import ENUM_LABELS
from tests.imports.support import CONTEXT, OPTIONS

GENDER = Choice(Gender, ENUM_LABELS[Gender], also={"男性": Gender.MALE})
ETHNIC = FromCodeList(lists.ETHNIC_GROUP, ending="族")
AREA_KIND = FromCodeList(lists.AREA_KIND)

READ = [
    (Text(10), " 张三 ", "张三"),
    (Text(10), "欧阳·娜娜", "欧阳·娜娜"),
    (Text(10), 101.0, "101"),
    (Text(10), "  ", None),
    (Text(10), "—", None),
    (Identifier(), "310151114001", "310151114001"),
    (Identifier(), 310151114001.0, "310151114001"),
    (Identifier(), " ZJ-01/甲(2) ", "ZJ-01/甲(2)"),
    (Identifier(), "３１０１", "3101"),
    (Identifier(), "1E5", "1E5"),
    (Mobile(), "13812348000", "13812348000"),
    (Mobile(), 13812348000.0, "13812348000"),
    (Mobile(), "+86 138-1234-8000", "13812348000"),
    (Mobile(), "8613812348000", "13812348000"),
    (Mobile(), " ", None),
    (Phone(), "021-59641234", "021-59641234"),
    (Phone(), "(021)59641234转802", "021-59641234-802"),
    (Phone(), "12345", "12345"),
    (DateCell(), "2008.07", dt.date(2008, 7, 1)),
    (DateCell(month_end=True), "2024.02", dt.date(2024, 2, 29)),
    (DateCell(future=True), "2030-01-01", dt.date(2030, 1, 1)),
    (BirthCell(), "1985.06", RosterDate(1985, 6)),
    (Whole(), "1,200", 1200),
    (Whole(), 1200.0, 1200),
    (Whole(), "1200.00", 1200),
    (YesNo(), "是", True),
    (YesNo(), "否", False),
    (YesNo(), True, True),
    (YesNo(), "√", True),
    (YesNo(), 0.0, False),
    (GENDER, "男", "MALE"),
    (GENDER, "Female", "FEMALE"),
    (GENDER, "male", "MALE"),
    (GENDER, "男性", "MALE"),
    (ETHNIC, "汉族", "HAN"),
    (ETHNIC, "汉", "HAN"),
    (ETHNIC, "HAN", "HAN"),
    (AREA_KIND, "区（县）", "DISTRICT"),
    (AREA_KIND, "区(县)", "DISTRICT"),
    (AREA_KIND, "县", "DISTRICT"),
    (AREA_KIND, "自治区", "PROVINCE"),
    (FromCodeList(lists.ORGANIZATION_KIND), "镇党委", "TOWN_PARTY_COMMITTEE"),
    (FromCodeList(lists.ORGANIZATION_KIND), "乡党委", "TOWN_PARTY_COMMITTEE"),
    (FromCodeList(lists.ORGANIZATION_KIND), "区委", "DISTRICT_PARTY_COMMITTEE"),
    (FromCodeList(lists.ORGANIZATION_KIND), "市委", "CITY_PARTY_COMMITTEE"),
    (Tags(lists.SKILL), "法律、急救, 园艺；法律", ["LAW", "FIRST_AID", "GARDENING"]),
    (Tags(lists.SKILL), " ", None),
]

REFUSED = [
    (Text(3), "张三李四", "TEXT_TOO_LONG"),
    (Text(60), '=HYPERLINK("http://example.invalid")', "TEXT_FORMULA"),
    (Text(30), "+1", "TEXT_FORMULA"),
    (Text(30), "-1+1", "TEXT_FORMULA"),
    (Text(30), "@SUM(A1)", "TEXT_FORMULA"),
    (Text(30), "＝1+1", "TEXT_FORMULA"),
    (Text(30), "\x02=1", "TEXT_CONTROL"),
    (Text(30), "张\n三", "TEXT_CONTROL"),
    (Text(30), "张\ud800", "TEXT_CONTROL"),
    (Text(30), "张\x00三", "TEXT_CONTROL"),
    (Text(30), 1.5, "TEXT_EXPECTED"),
    (Text(30), True, "TEXT_EXPECTED"),
    (Text(30), dt.date(2020, 1, 1), "TEXT_EXPECTED"),
    (Identifier(), 3.10151114001e17, "CODE_AS_NUMBER"),
    (Identifier(), "3.10151E+11", "CODE_AS_NUMBER"),
    (Identifier(), "A B;C", "CODE_SHAPE"),
    (Identifier(4), "12345", "CODE_SHAPE"),
    (Identifier(), "=1+1", "CODE_SHAPE"),
    (Identifier(), dt.date(2020, 1, 1), "TEXT_EXPECTED"),
    (Mobile(), "1381234800", "MOBILE_SHAPE"),
    (Mobile(), "23812348000", "MOBILE_SHAPE"),
    (Mobile(), 1.3812348e10 + 0.5, "TEXT_EXPECTED"),
    (Phone(), "五九六四", "PHONE_SHAPE"),
    (DateCell(), "2026.08", "DATE_IN_FUTURE"),
    (BirthCell(), "2027-01-01", "DATE_IN_FUTURE"),
    (Whole(), "十二", "NUMBER_EXPECTED"),
    (Whole(), 1.5, "NUMBER_EXPECTED"),
    (Whole(), 1e300, "NUMBER_EXPECTED"),
    (Whole(), "1" * 40, "NUMBER_EXPECTED"),
    (Whole(), float("nan"), "NUMBER_EXPECTED"),
    (Whole(), -1, "NUMBER_OUT_OF_RANGE"),
    (Whole(most=9), 10, "NUMBER_OUT_OF_RANGE"),
    (YesNo(), "也许", "NOT_IN_LIST"),
    (GENDER, "其他", "NOT_IN_LIST"),
    (ETHNIC, "火星族", "NOT_IN_LIST"),
    (Tags(lists.SKILL), "法律、飞行", "NOT_IN_LIST"),
    (FromCodeList("nothing"), "甲", "NOT_IN_LIST"),
    (FromCodeList(lists.ORGANIZATION_KIND), "党委", "NOT_IN_LIST"),
    (IdNumberCell(), "123", "ID_LENGTH"),
]


@pytest.mark.parametrize(("parser", "cell", "value"), READ, ids=repr)
def test_a_cell_is_read(parser, cell, value):
    got = parser.bind(CONTEXT)(cell)
    assert got == value
    assert got.__class__ is value.__class__


@pytest.mark.parametrize(("parser", "cell", "code"), REFUSED, ids=repr)
def test_a_cell_is_refused_without_repeating_it(parser, cell, code):
    with pytest.raises(CellError) as caught:
        parser.bind(CONTEXT)(cell)
    assert caught.value.code == code
    for text in (caught.value.zh, caught.value.en):
        assert text
        assert str(cell) not in text or len(str(cell)) < 3


def test_every_label_of_every_list_is_read():
    for name, options in OPTIONS.items():
        read = FromCodeList(name).bind(CONTEXT)
        for option in options:
            assert read(option.label_zh) == option.code
            assert read(option.label_en) == option.code
            assert read(option.code) == option.code


def test_every_label_of_every_closed_set_is_read():
    for enum, labels in ENUM_LABELS.items():
        read = Choice(enum, labels).bind(CONTEXT)
        for member, (zh, en) in labels.items():
            assert [read(zh), read(en), read(member.name)] == [member.value] * 3


def test_other_spellings_name_entries_that_are_there():
    for spec in (AREAS, ORGANIZATIONS, MEMBERS):
        for column in spec.columns:
            parser = column.parser
            if isinstance(parser, FromCodeList):
                assert set(parser.also.values()) <= {o.code for o in OPTIONS[parser.name]}
            if isinstance(parser, (FromCodeList, Tags)):
                assert parser.name in spec.code_lists


def test_headers_of_a_spec_are_told_apart():
    for spec in (AREAS, ORGANIZATIONS, MEMBERS):
        names = [n for c in spec.columns for n in {c.code, c.title, *c.also}]
        assert len(names) == len(set(names)), spec.name


def test_stages_have_the_names_that_rosters_use():
    stage = next(column for column in MEMBERS.columns if column.code == "stage")
    read = stage.parser.bind(CONTEXT)
    assert read("中共党员") == MembershipStage.FULL_MEMBER
    assert read("预备党员") == MembershipStage.PROBATIONARY_MEMBER
