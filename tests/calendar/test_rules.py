"""Working days and deadlines, on the real calendar of 2008 to 2026."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gongzhi.calendar import rules
from gongzhi.calendar.rules import DayBasis, NamedDay, WorkingDays, due, elapsed, is_overdue
from gongzhi.calendar.service import shipped
from gongzhi.errors import RuleError

SHIPPED = shipped()
CHINA = WorkingDays(
    {row.day: NamedDay(row.is_working, row.title) for days in SHIPPED.values() for row in days},
    frozenset(SHIPPED),
)
WORKING, CALENDAR = DayBasis.WORKING_DAYS, DayBasis.CALENDAR_DAYS

DAYS = st.dates(dt.date(2008, 1, 1), dt.date(2028, 12, 31))
SOME = st.integers(1, 120)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


# ---- the data ------------------------------------------------------------------------------------

STATUTORY = dict.fromkeys(range(2008, 2025), 11) | {
    2015: 12,  # 3 September, once
    2020: 13,  # the Spring Festival was extended by Friday 31 January and Saturday 1 February
    2025: 13,  # two more days since 2025
    2026: 13,
}
"""Holidays of a notice: whatever else is off is worked in exchange."""


@pytest.mark.parametrize("year", sorted(SHIPPED))
def test_a_notice_gives_exactly_the_statutory_holidays(year: int) -> None:
    days = SHIPPED[year]
    off = sum(not row.is_working and row.day.weekday() < 5 for row in days)
    worked = [row.day for row in days if row.is_working]
    assert off - len(worked) == STATUTORY[year]
    assert all(each.weekday() >= 5 for each in worked)


def test_every_day_is_named_once_and_by_its_notice() -> None:
    rows = [row for days in SHIPPED.values() for row in days]
    assert len({row.day for row in rows}) == len(rows)
    assert sorted(SHIPPED) == list(range(2008, 2027))
    for row in rows:
        assert row.title
        assert row.source.endswith("通知")
        assert len(row.title) <= 100
        assert len(row.source) <= 200


@pytest.mark.parametrize(
    ("rest", "worked", "title"),
    [
        (("2014-05-01", "2014-05-03"), ("2014-05-04",), "劳动节"),
        (("2014-10-01", "2014-10-07"), ("2014-09-28", "2014-10-11"), "国庆节"),
        (("2015-10-01", "2015-10-07"), ("2015-10-10",), "国庆节"),
        (("2015-02-18", "2015-02-24"), ("2015-02-15", "2015-02-28"), "春节"),
        (("2019-05-01", "2019-05-04"), ("2019-04-28", "2019-05-05"), "劳动节"),
        (("2018-12-30", "2019-01-01"), ("2018-12-29",), "元旦"),
        (("2020-01-24", "2020-02-02"), ("2020-01-19",), "春节"),
        (("2026-02-15", "2026-02-23"), ("2026-02-14", "2026-02-28"), "春节"),
    ],
)
def test_holidays_and_the_days_worked_for_them(
    rest: tuple[str, str], worked: tuple[str, ...], title: str
) -> None:
    first, last = map(day, rest)
    for n in range((last - first).days + 1):
        assert not CHINA.is_working(first + dt.timedelta(days=n))
    for text in worked:
        assert CHINA.is_working(day(text))
        assert CHINA.title(day(text)) == title
    assert CHINA.title(first) == CHINA.title(last) == title
    outside = (first - dt.timedelta(days=1), last + dt.timedelta(days=1))
    assert all(CHINA.title(each) in {"", title} for each in outside)


def test_other_days_follow_the_week() -> None:
    assert CHINA.is_working(day("2015-06-08"))  # N309: the Monday of a community work day
    assert not CHINA.is_working(day("2015-06-06"))
    assert CHINA.title(day("2015-06-08")) == ""
    assert CHINA.next_working(day("2015-06-05")) == day("2015-06-05")
    assert CHINA.next_working(day("2015-06-06")) == day("2015-06-08")
    assert CHINA.next_working(day("2015-10-01")) == day("2015-10-08")


# ---- due -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("basis", list(DayBasis))
def test_n320_two_days_for_a_resolution(basis: DayBasis) -> None:
    found = due(day("2014-05-06"), 2, basis, CHINA)
    assert (found.due_on, found.advice) == (day("2014-05-08"), ())
    assert (found.basis, found.days, found.starts_on) == (basis, 2, day("2014-05-06"))
    assert found.is_overdue(day("2014-05-09"), as_of=day("2014-06-01"))
    assert not found.is_overdue(day("2014-05-08"), as_of=day("2014-06-01"))


@pytest.mark.parametrize(
    ("start", "days", "working", "calendar", "bare"),
    [
        # Wednesday before May Day; Sunday 4 May is worked
        ("2014-04-30", 1, "2014-05-04", "2014-05-04", "2014-05-01"),
        ("2014-04-30", 2, "2014-05-05", "2014-05-04", "2014-05-02"),
        ("2014-05-01", 1, "2014-05-04", "2014-05-04", "2014-05-02"),
        # a Friday, two days: Sunday
        ("2014-05-16", 2, "2014-05-20", "2014-05-19", "2014-05-18"),
        # before National Day 2015, eight days off the week with Saturday 10 October worked
        ("2015-09-30", 1, "2015-10-08", "2015-10-08", "2015-10-01"),
        ("2015-09-30", 3, "2015-10-10", "2015-10-08", "2015-10-03"),
        ("2015-09-30", 7, "2015-10-15", "2015-10-08", "2015-10-07"),
        ("2015-09-30", 10, "2015-10-20", "2015-10-10", "2015-10-10"),
        # into Spring Festival 2026, nine days off
        ("2026-02-13", 1, "2026-02-14", "2026-02-14", "2026-02-14"),
        ("2026-02-13", 2, "2026-02-24", "2026-02-24", "2026-02-15"),
        # over the end of a year
        ("2018-12-28", 2, "2019-01-02", "2019-01-02", "2018-12-30"),
    ],
)
def test_due_days(start: str, days: int, working: str, calendar: str, bare: str) -> None:
    begun = day(start)
    assert due(begun, days, WORKING, CHINA).due_on == day(working)
    assert due(begun, days, CALENDAR, CHINA).due_on == day(calendar)
    assert due(begun, days, CALENDAR, CHINA, rest_day_extends=False).due_on == day(bare)


def test_the_day_ends_at_midnight_where_one_is() -> None:
    found = due(day("2014-05-06"), 2, CALENDAR, CHINA)
    assert found.due_at() == dt.datetime(2014, 5, 8, 16, tzinfo=dt.UTC)
    assert found.due_at(ZoneInfo("UTC")) == dt.datetime(2014, 5, 9, tzinfo=dt.UTC)
    assert found.due_at().tzinfo is dt.UTC


@pytest.mark.parametrize("days", [0, -1, rules.MAX_DAYS + 1])
@pytest.mark.parametrize("basis", list(DayBasis))
def test_a_period_has_days(days: int, basis: DayBasis) -> None:
    with pytest.raises(RuleError) as caught:
        due(day("2014-05-06"), days, basis, CHINA)
    assert (caught.value.code, caught.value.field) == ("DAYS_OUT_OF_RANGE", "days")


@pytest.mark.parametrize("year", [1, 1948, 2101, 9999])
def test_a_period_begins_in_our_time(year: int) -> None:
    with pytest.raises(RuleError) as caught:
        due(dt.date(year, 12, 31), 1, WORKING, CHINA)
    assert (caught.value.code, caught.value.field) == ("DAY_OUT_OF_RANGE", "starts_on")


def test_the_longest_period_from_the_last_day_can_be_reckoned() -> None:
    last = dt.date(rules.LAST_YEAR, 12, 31)
    found = due(last, rules.MAX_DAYS, WORKING, WorkingDays())
    assert elapsed(last, found.due_on, WORKING) == rules.MAX_DAYS


# ---- years that are not known --------------------------------------------------------------------


def years(found: rules.Deadline) -> list[str]:
    assert {advice.code for advice in found.advice} <= {"CALENDAR_YEAR_UNKNOWN"}
    return [advice.message_en.split(" are ")[0][-4:] for advice in found.advice]


def test_an_unknown_year_is_reckoned_by_weekends_and_warned_of() -> None:
    found = due(day("2026-12-30"), 2, WORKING, CHINA)  # Thursday, Friday 1 January
    assert found.due_on == day("2027-01-01")
    assert years(found) == ["2027"]
    assert found.advice[0].message_zh == "2027 年的节假日安排尚未确认，只按周末和已录入的日子推算"
    assert found.advice[0].message_en.startswith("the holidays of 2027 are not confirmed")


def test_only_years_that_matter_are_warned_of() -> None:
    assert years(due(day("2026-12-29"), 2, WORKING, CHINA)) == []
    assert years(due(day("2026-12-31"), 1, WORKING, CHINA)) == ["2027"]
    assert years(due(day("2027-12-30"), 5, WORKING, CHINA)) == ["2027", "2028"]
    # Calendar days ask the calendar for the last day only, and not at all without extension.
    assert years(due(day("2026-12-30"), 400, CALENDAR, CHINA)) == ["2028"]
    assert years(due(day("2026-12-30"), 2, CALENDAR, CHINA, rest_day_extends=False)) == []
    # Saturday 26 December 2026 extends to Monday in the same year.
    assert years(due(day("2026-12-25"), 1, CALENDAR, CHINA)) == []


def test_what_is_entered_of_an_unconfirmed_year_counts() -> None:
    new_year = {day("2027-01-01"): NamedDay(is_working=False, title="元旦")}
    begun = WorkingDays({**CHINA.named, **new_year}, CHINA.years)
    found = due(day("2026-12-30"), 2, WORKING, begun)
    assert found.due_on == day("2027-01-04")
    assert years(found) == ["2027"]
    confirmed = WorkingDays(begun.named, begun.years | {2027})
    assert years(due(day("2026-12-30"), 2, WORKING, confirmed)) == []


def test_days_that_were_not_loaded_are_not_guessed() -> None:
    part = WorkingDays(CHINA.named, CHINA.years, since=day("2014-05-06"))
    assert due(day("2014-05-06"), 2, WORKING, part).due_on == day("2014-05-08")
    with pytest.raises(ValueError, match="2014-05-06"):
        due(day("2014-05-02"), 1, WORKING, part)


# ---- properties ----------------------------------------------------------------------------------


@given(DAYS, SOME)
@example(day("2014-04-30"), 1)
def test_counting_back_gives_the_working_days(start: dt.date, days: int) -> None:
    last = due(start, days, WORKING, CHINA).due_on
    assert CHINA.is_working(last)
    assert elapsed(start, last, WORKING, CHINA) == days
    assert elapsed(start, last - dt.timedelta(days=1), WORKING, CHINA) == days - 1


@given(DAYS, SOME)
def test_calendar_days_end_on_the_first_working_day_not_before(start: dt.date, days: int) -> None:
    bare = due(start, days, CALENDAR, CHINA, rest_day_extends=False).due_on
    assert bare == start + dt.timedelta(days=days)
    assert elapsed(start, bare, CALENDAR) == days
    last = due(start, days, CALENDAR, CHINA).due_on
    assert last >= bare
    assert CHINA.is_working(last)
    assert elapsed(bare, last, WORKING, CHINA) == (0 if last == bare else 1)


@given(DAYS, DAYS, SOME, SOME, st.sampled_from(DayBasis), st.booleans())
def test_later_or_longer_is_never_due_earlier(
    a: dt.date, b: dt.date, m: int, n: int, basis: DayBasis, extends: bool
) -> None:
    def last(start: dt.date, days: int) -> dt.date:
        return due(start, days, basis, CHINA, rest_day_extends=extends).due_on

    assert last(min(a, b), m) <= last(max(a, b), m)
    assert last(a, min(m, n)) <= last(a, max(m, n))
    if basis is WORKING and m != n:
        assert last(a, m) != last(a, n)


@given(DAYS, DAYS, DAYS, st.sampled_from(DayBasis))
def test_elapsed_days_add_up(a: dt.date, b: dt.date, c: dt.date, basis: DayBasis) -> None:
    a, b, c = sorted((a, b, c))
    assert elapsed(a, b, basis, CHINA) + elapsed(b, c, basis, CHINA) == elapsed(a, c, basis, CHINA)
    assert elapsed(c, a, basis, CHINA) == 0
    assert elapsed(a, a, basis, CHINA) == 0


# ---- overdue -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("done", "as_of", "overdue"),
    [
        (None, "2014-05-08", False),  # its last day
        (None, "2014-05-09", True),
        ("2014-05-08", "2014-05-30", False),
        ("2014-05-09", "2014-05-30", True),  # late stays marked
        ("2014-05-09", "2014-05-08", False),  # as it stood the day before
        ("2014-05-12", "2014-05-09", True),
        ("2014-05-07", "2014-05-01", False),
    ],
)
def test_overdue(done: str | None, as_of: str, overdue: bool) -> None:
    done_on = day(done) if done else None
    assert is_overdue(day("2014-05-08"), done_on, day(as_of)) is overdue
    assert is_overdue(None, done_on, day(as_of)) is False


def test_every_text_has_two_languages_and_the_basis_its_labels() -> None:
    assert set(rules.DAY_BASIS_LABELS) == set(DayBasis)
    for zh, en in (*rules.TEXTS.values(), *rules.DAY_BASIS_LABELS.values()):
        assert not zh.isascii()
        assert en.isascii()
