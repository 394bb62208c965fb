"""The rules of the work day, by the numbers of their invariants."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest

from gongzhi.calendar.rules import NamedDay, WorkingDays
from gongzhi.errors import RuleError
from gongzhi_workday import rules
from gongzhi_workday.rules import (
    CASE,
    REFUSALS,
    SESSION,
    CaseFacts,
    EmploymentCaseState,
    EmploymentStep,
    HalfDay,
    NoticeFacts,
    ProgrammeFacts,
    Span,
    Weekday,
    WorkdaySessionState,
)

S = WorkdaySessionState
AM, PM = HalfDay.MORNING, HalfDay.AFTERNOON
CHINA = ZoneInfo("Asia/Shanghai")
MONDAYS = ProgrammeFacts(Weekday.MONDAY, AM, dt.date(2014, 3, 1), dt.date(2015, 12, 31))
DRAGON_BOAT = dt.date(2015, 6, 22)
CALENDAR = WorkingDays(
    {
        DRAGON_BOAT: NamedDay(is_working=False, title="端午节"),
        dt.date(2015, 10, 10): NamedDay(is_working=True, title="国庆节"),
    },
    frozenset({2015}),
)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def codes(refused: list[RuleError]) -> list[str]:
    return [f"{error.code} {error.field}".strip() for error in refused]


@pytest.mark.parametrize(
    ("on", "half", "reason", "expected"),
    [
        ("2015-06-08", AM, "", []),
        ("2015-06-09", AM, "", ["NOT_PROGRAMME_DAY day"]),
        ("2015-06-07", AM, "", ["NOT_PROGRAMME_DAY day"]),
        ("2015-06-09", AM, "端午节调整", []),
        ("2015-06-08", PM, "", ["NOT_PROGRAMME_HALF_DAY starts_at"]),
        ("2015-06-08", PM, "上午全镇会议", []),
        ("2015-06-22", AM, "", ["NOT_WORKING_DAY day"]),
        ("2015-06-22", AM, "防汛值守", []),
        ("2014-03-03", AM, "", []),
        ("2014-02-24", AM, "", ["NO_PROGRAMME day"]),
        ("2014-02-24", AM, "试行", ["NO_PROGRAMME day"]),
        ("2015-12-28", AM, "", []),
        ("2016-01-04", AM, "", ["NO_PROGRAMME day"]),
    ],
)
def test_v1_a_session_is_on_the_programmes_half_day_unless_an_exception_is_documented(
    on: str, half: HalfDay, reason: str, expected: list[str]
) -> None:
    assert codes(rules.check_day(MONDAYS, day(on), half, CALENDAR, reason)) == expected


def test_v1_a_holiday_is_refused_with_the_next_working_day() -> None:
    (refused,) = rules.check_day(MONDAYS, DRAGON_BOAT, AM, CALENDAR)
    assert "端午节" in refused.message_zh
    assert "2015-06-23" in refused.message_zh
    assert "2015-06-23" in refused.message_en


def test_v1_a_programme_may_be_on_a_weekend() -> None:
    saturdays = ProgrammeFacts(Weekday.SATURDAY, AM, day("2015-01-01"))
    assert rules.check_day(saturdays, day("2015-06-06"), AM, CALENDAR) == []


@pytest.mark.parametrize(
    ("after", "rests", "expected"),
    [
        ("2015-06-05", [], "2015-06-08"),  # N309
        ("2015-06-07", [], "2015-06-08"),
        ("2015-06-08", [], "2015-06-15"),
        ("2015-06-15", [DRAGON_BOAT], "2015-06-29"),
        ("2014-01-01", [], "2014-03-03"),
        ("2015-12-20", [], "2015-12-21"),
        ("2015-12-28", [], None),
        ("2016-03-01", [], None),
    ],
)
def test_n309_the_next_day_of_a_programme(
    after: str, rests: list[dt.date], expected: str | None
) -> None:
    assert rules.next_day(MONDAYS, day(after), rests) == (expected and day(expected))


def test_the_days_of_a_programme_keep_to_its_span() -> None:
    found = list(rules.days_of(MONDAYS, day("2015-12-14"), day("2016-02-01")))
    assert found == [day("2015-12-14"), day("2015-12-21"), day("2015-12-28")]
    assert list(rules.days_of(MONDAYS, day("2014-02-20"), day("2014-03-09"))) == [day("2014-03-03")]
    assert list(rules.days_of(MONDAYS, day("2015-06-09"), day("2015-06-14"))) == []


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "expected"),
    [
        ("", "", []),
        ("09:00", "", []),
        ("09:00", "11:00", []),
        ("23:59", "", []),
        ("9:00", "", ["TIME_FORMAT starts_at"]),
        ("24:00", "", ["TIME_FORMAT starts_at"]),
        ("09:60", "", ["TIME_FORMAT starts_at"]),
        ("09：00", "", ["TIME_FORMAT starts_at"]),
        ("09:00", "noon", ["TIME_FORMAT ends_at"]),
        ("09:00", "09:00", ["TIME_ORDER ends_at"]),
        ("", "11:00", ["TIME_ORDER ends_at"]),
    ],
)
def test_hours(starts_at: str, ends_at: str, expected: list[str]) -> None:
    assert codes(rules.check_hours(starts_at, ends_at)) == expected


@pytest.mark.parametrize(
    ("starts_at", "expected"),
    [("", PM), ("08:30", AM), ("11:59", AM), ("12:00", PM), ("13:30", PM)],
)
def test_a_time_decides_the_half_day(starts_at: str, expected: HalfDay) -> None:
    assert rules.half_day_of(starts_at, PM) is expected


BEGINS = dt.datetime(2015, 6, 8, 9, tzinfo=CHINA)
BEFORE = dt.datetime(2015, 6, 5, 16, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("starts_at", "staff", "place", "published_at", "expected"),
    [
        ("09:00", "镇党委副书记", "居委会", BEFORE, []),
        ("", "镇党委副书记", "居委会", BEFORE, ["NOTICE_TIME_MISSING starts_at"]),
        ("09:00", "", "居委会", BEFORE, ["NOTICE_STAFF_MISSING staff"]),
        ("09:00", "镇党委副书记", "", BEFORE, ["NOTICE_PLACE_MISSING place"]),
        ("09:00", "镇党委副书记", "居委会", BEGINS, ["NOTICE_LATE occurred_at"]),
        ("09:00", "镇党委副书记", "居委会", BEGINS - dt.timedelta(minutes=1), []),
        (
            "",
            "",
            "",
            BEGINS,
            [
                "NOTICE_TIME_MISSING starts_at",
                "NOTICE_STAFF_MISSING staff",
                "NOTICE_PLACE_MISSING place",
                "NOTICE_LATE occurred_at",
            ],
        ),
    ],
)
def test_v2_a_notice_has_time_staff_and_place_and_precedes_the_session(
    starts_at: str, staff: str, place: str, published_at: dt.datetime, expected: list[str]
) -> None:
    facts = NoticeFacts(starts_at, staff, place, published_at, BEGINS)
    assert codes(rules.check_notice(facts)) == expected


def test_v2_the_text_of_a_notice_says_all_three() -> None:
    text = rules.notice_text(day("2015-06-08"), "09:00", "11:00", "包片领导", "红星居委会")
    assert text == (
        "接访时间：2015年6月8日（星期一）09:00—11:00\n接访人员：包片领导\n接访地点：红星居委会"
    )


def test_a_session_without_a_time_begins_with_its_half_day() -> None:
    for half, starts_at, hour in ((AM, "", 0), (PM, "", 12), (AM, "09:30", 9)):
        found = rules.start_of(day("2015-06-08"), half, starts_at, CHINA)
        assert (found.day, found.hour, found.tzinfo) == (8, hour, CHINA)


@pytest.mark.parametrize(
    ("liaisons", "expected"),
    [
        ([], ["NO_LIAISON lead"]),
        ([Span(day("2015-01-01"))], []),
        ([Span(day("2015-06-08"), day("2015-06-08"))], []),
        ([Span(day("2015-06-09"))], ["NO_LIAISON lead"]),
        ([Span(day("2014-01-01"), day("2015-06-07"))], ["NO_LIAISON lead"]),
        ([Span(day("2014-01-01"), day("2014-12-31")), Span(day("2015-06-01"))], []),
    ],
)
def test_v3_the_lead_is_in_liaison_with_the_committee_on_that_day(
    liaisons: list[Span], expected: list[str]
) -> None:
    assert codes(rules.check_lead(liaisons, day("2015-06-08"))) == expected


def test_a_team_names_everybody_once() -> None:
    assert rules.check_team(1, [2, 3]) == []
    assert rules.check_team(None, []) == []
    assert codes(rules.check_team(1, [2, 1])) == ["MEMBER_TWICE members"]
    assert codes(rules.check_team(None, [2, 2])) == ["MEMBER_TWICE members"]


def test_absences() -> None:
    assert rules.check_absent([1, 2], []) == []
    assert rules.check_absent([1, 2], [1]) == []
    assert rules.check_absent([], []) == []
    assert codes(rules.check_absent([1, 2], [3])) == ["NOT_IN_TEAM absent"]
    assert codes(rules.check_absent([1, 2], [2, 1])) == ["NOBODY_CAME absent"]


def test_a_session_is_not_held_before_its_day() -> None:
    monday = day("2015-06-08")
    assert codes(rules.check_held(monday, day("2015-06-07"))) == ["NOT_YET occurred_at"]
    assert rules.check_held(monday, monday) == []


@pytest.mark.parametrize(
    ("state", "on", "expected"),
    [
        (S.PLANNED, "2015-06-10", True),
        (S.PLANNED, "2015-06-11", False),
        (S.PLANNED, "2015-06-01", True),
        (S.NOTICE_PUBLISHED, "2015-06-08", False),
        (S.CANCELLED, "2015-06-08", False),
        (S.POSTPONED, "2015-06-08", False),
    ],
)
def test_w02_what_lacks_a_notice(state: WorkdaySessionState, on: str, *, expected: bool) -> None:
    assert rules.lacks_notice(state, day(on), day("2015-06-08"), 2) is expected


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("", []),
        ("倪某", []),
        ("吴*", []),
        ("张××", []),
        ("倪大明", ["NOT_MASKED subject_label"]),
        ("302室", ["NOT_MASKED subject_label"]),
    ],
)
def test_a_name_without_a_record_is_masked(label: str, expected: list[str]) -> None:
    assert codes(rules.check_masked(label, "subject_label")) == expected


E = EmploymentStep
C = EmploymentCaseState


def test_w06_the_steps_of_a_case_are_in_the_order_of_the_article() -> None:
    state = CASE.initial
    passed = [state]
    for step in EmploymentStep:
        others = {other for other in EmploymentStep if CASE.allows(state, other.value)}
        assert others == {step}
        target = CASE.step(state, step.value).target
        assert target is not None
        state = target
        passed.append(state)
    assert passed == list(EmploymentCaseState)
    assert not any(CASE.allows(C.EMPLOYED, step.value) for step in EmploymentStep)


@pytest.mark.parametrize(
    ("step", "facts", "expected"),
    [
        (E.SEARCH_POST, CaseFacts(), []),
        (E.FIND_POST, CaseFacts(post="保洁"), []),
        (E.FIND_POST, CaseFacts(plan="…"), ["POST_MISSING post"]),
        (E.MAKE_PLAN, CaseFacts(plan="转变观念"), []),
        (E.MAKE_PLAN, CaseFacts(post="保洁"), ["PLAN_MISSING plan"]),
        (E.ARRANGE_SUPPORT, CaseFacts(support="夜班宿舍"), []),
        (E.ARRANGE_SUPPORT, CaseFacts(), ["SUPPORT_MISSING support"]),
        (E.EMPLOY, CaseFacts(), []),
    ],
)
def test_w06_what_a_step_needs(step: EmploymentStep, facts: CaseFacts, expected: list[str]) -> None:
    assert codes(rules.check_case(step, facts)) == expected


def test_w01_the_states_of_a_session() -> None:
    moves = {
        (step.action, source.name, step.target.name if step.target else "")
        for step in SESSION.steps
        for source in step.sources
    }
    assert moves == {
        ("change", "PLANNED", ""),
        ("change", "NOTICE_PUBLISHED", ""),
        ("publish_notice", "PLANNED", "NOTICE_PUBLISHED"),
        ("publish_notice", "NOTICE_PUBLISHED", "NOTICE_PUBLISHED"),
        ("hold", "NOTICE_PUBLISHED", "HELD"),
        ("take_matter", "HELD", ""),
        ("take_matter", "RECORDED", ""),
        ("visit", "HELD", ""),
        ("visit", "RECORDED", ""),
        ("record", "HELD", "RECORDED"),
        ("close", "RECORDED", "CLOSED"),
        ("cancel", "PLANNED", "CANCELLED"),
        ("cancel", "NOTICE_PUBLISHED", "CANCELLED"),
        ("postpone", "PLANNED", "POSTPONED"),
        ("postpone", "NOTICE_PUBLISHED", "POSTPONED"),
    }


def test_quarters() -> None:
    assert [f"{d:%m-%d}" for d in rules.quarters(2015)] == [
        "01-01",
        "04-01",
        "07-01",
        "10-01",
        "01-01",
    ]
    assert rules.quarters(2015)[4] == day("2016-01-01")


def test_every_text_is_in_both_languages() -> None:
    for code, (zh, en) in REFUSALS.texts.items():
        assert re.search(r"[\u4e00-\u9fff]", zh), code
        assert re.match(r"[a-z{]", en), code
