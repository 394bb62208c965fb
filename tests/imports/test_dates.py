"""Spellings of dates."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongzhi.imports.cells import CellError
from gongzhi.imports.dates import RosterDate, parse_date

READ = [
    ("1985-06-01", "1985-06-01"),
    ("1985-6-1", "1985-06-01"),
    ("1985/6/1", "1985-06-01"),
    ("1985.6.1", "1985-06-01"),
    ("1985.1.5", "1985-01-05"),
    ("1985年6月1日", "1985-06-01"),
    ("1985 年 6 月 1 日", "1985-06-01"),
    ("１９８５．０６", "1985-06"),
    ("1985-06-01 00:00:00", "1985-06-01"),
    ("1985-6-1 0:00:00", "1985-06-01"),
    ("1985-06-01T00:00:00", "1985-06-01"),
    ("19850601", "1985-06-01"),
    (19850601, "1985-06-01"),
    (19850601.0, "1985-06-01"),
    ("1985.06", "1985-06"),
    (1985.06, "1985-06"),
    (1985.12, "1985-12"),
    (1985.2, "1985-02"),
    ("198506", "1985-06"),
    (198506.0, "1985-06"),
    ("1985-06", "1985-06"),
    ("1985/6", "1985-06"),
    ("1985年6月", "1985-06"),
    ("1985年1月", "1985-01"),
    ("1985.1月", "1985-01"),
    ("1985-1", "1985-01"),
    (" 1985.06 ", "1985-06"),
    (31199, "1985-06-01"),
    (31199.0, "1985-06-01"),
    (31199.75, "1985-06-01"),
    ("31199", "1985-06-01"),
    (1, "1900-01-01"),
    (59, "1900-02-28"),
    (61, "1900-03-01"),
    (dt.date(1985, 6, 1), "1985-06-01"),
    (dt.datetime(1985, 6, 1, 12, 30), "1985-06-01"),  # noqa: DTZ001  # cells have no zone
]

REFUSED = [
    ("1985", "DATE_YEAR_ONLY"),
    (1985, "DATE_YEAR_ONLY"),
    (1985.0, "DATE_YEAR_ONLY"),
    ("1985年", "DATE_YEAR_ONLY"),
    ("1985.1", "DATE_AMBIGUOUS"),
    (1985.1, "DATE_AMBIGUOUS"),
    ("85.06", "DATE_UNREADABLE"),
    ("6/1/85", "DATE_UNREADABLE"),
    ("1985-13", "DATE_UNREADABLE"),
    ("198513", "DATE_UNREADABLE"),
    ("1985-02-30", "DATE_UNREADABLE"),
    ("19850230", "DATE_UNREADABLE"),
    ("不详", "DATE_UNREADABLE"),
    ("1985-06-01 08:30", "DATE_UNREADABLE"),
    (True, "DATE_UNREADABLE"),
    (None, "DATE_UNREADABLE"),
    (float("nan"), "DATE_UNREADABLE"),
    (float("inf"), "DATE_UNREADABLE"),
    (-1, "DATE_OUT_OF_RANGE"),
    (60, "DATE_OUT_OF_RANGE"),
    (0.5, "DATE_UNREADABLE"),
    (99999, "DATE_UNREADABLE"),
    ("1885-06-01", "DATE_OUT_OF_RANGE"),
    ("2985-06-01", "DATE_OUT_OF_RANGE"),
    ("1985-06-01-01", "DATE_UNREADABLE"),
    (10**30, "DATE_UNREADABLE"),
]


@pytest.mark.parametrize(("cell", "date"), READ, ids=str)
def test_a_spelling_is_read(cell, date):
    assert str(parse_date(cell)) == date


@pytest.mark.parametrize(("cell", "code"), REFUSED, ids=str)
def test_a_spelling_is_refused(cell, code):
    with pytest.raises(CellError) as caught:
        parse_date(cell)
    assert caught.value.code == code


def test_serials_of_1904():
    assert str(parse_date(29737, date1904=True)) == "1985-06-01"
    assert str(parse_date(60, date1904=True)) == "1904-03-01"


@given(st.dates(dt.date(1900, 3, 1), dt.date(2100, 12, 31)))
def test_every_day_is_read_in_every_spelling(day):
    exact = RosterDate(day.year, day.month, day.day)
    serial = (day - dt.date(1899, 12, 30)).days
    spellings = [
        f"{day:%Y-%m-%d}",
        f"{day:%Y%m%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        day,
    ]
    for spelling in spellings:
        assert parse_date(spelling) == exact
    assert parse_date(f"{day:%Y.%m}") == RosterDate(day.year, day.month)
    if not 1900 <= serial <= 2100:
        assert parse_date(serial) == exact


def test_a_month_stands_for_its_first_or_last_day():
    month = RosterDate(2024, 2)
    assert (month.first(), month.last()) == (dt.date(2024, 2, 1), dt.date(2024, 2, 29))
    day = RosterDate(2024, 2, 10)
    assert day.first() == day.last() == dt.date(2024, 2, 10)


def test_a_month_agrees_with_all_its_days():
    assert RosterDate(1985, 6).agrees(dt.date(1985, 6, 30))
    assert not RosterDate(1985, 6).agrees(dt.date(1985, 7, 1))
    assert not RosterDate(1985, 6, 2).agrees(dt.date(1985, 6, 1))
