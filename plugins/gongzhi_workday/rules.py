"""Rules of the community work day: pure functions, nothing is read or written.

A check returns what it refuses, empty when all is well. ``V1`` and so on are the numbers of the
invariants in the design's domain model; their source is the article on 新海镇 (2015): 每周一上午,
各自联系的居委会, 将接访时间、接访人员和接访地点主动在各居委公开.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gongzhi.calendar.rules import WorkingDays, check_year
from gongzhi.errors import RuleError
from gongzhi.refusals import COMMON
from gongzhi.writing import Refusals, StateMachine, Step

MANAGE = "workday.session.manage"
MANAGE_CASES = "workday.case.manage"

MAX_TEXT = 4000
"""Characters of a free text: findings, a summary, a plan."""

HOST_KINDS = ("RESIDENTS_COMMITTEE", "VILLAGERS_COMMITTEE")
"""Where sessions are held, 到各自联系的居委会: the kinds that a plan for many looks at, and the
list of those that have none. A single session may be planned for any organization."""

MATTER_SOURCE = "WORKDAY"
"""Code of the list ``issue_source`` for what was taken at a session."""

FUNCTIONS = "workday_function"
"""Name of the list of the four functions 四个直接下基层."""

NOTICE_CATEGORY = "SCHEDULE"
"""Code of the list ``publication_category`` for a notice of reception 接访公示."""

_DAY = dt.timedelta(days=1)
_WEEK = 7


# == closed sets ==


class Weekday(StrEnum):
    """星期 · a day of the week."""

    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"


WEEKDAY_LABELS: Mapping[Weekday, tuple[str, str]] = {
    Weekday.MONDAY: ("星期一", "Monday"),
    Weekday.TUESDAY: ("星期二", "Tuesday"),
    Weekday.WEDNESDAY: ("星期三", "Wednesday"),
    Weekday.THURSDAY: ("星期四", "Thursday"),
    Weekday.FRIDAY: ("星期五", "Friday"),
    Weekday.SATURDAY: ("星期六", "Saturday"),
    Weekday.SUNDAY: ("星期日", "Sunday"),
}

WEEKDAYS: tuple[Weekday, ...] = tuple(Weekday)
"""In the order of ``date.weekday()``."""


class HalfDay(StrEnum):
    """半天 · the half of a day that begins before noon, or the other."""

    MORNING = "MORNING"
    AFTERNOON = "AFTERNOON"


HALF_DAY_LABELS: Mapping[HalfDay, tuple[str, str]] = {
    HalfDay.MORNING: ("上午", "morning"),
    HalfDay.AFTERNOON: ("下午", "afternoon"),
}


class WorkdayRole(StrEnum):
    """带队或随行 · the part that someone has in the team of a session."""

    LEAD = "LEAD"
    MEMBER = "MEMBER"


ROLE_LABELS: Mapping[WorkdayRole, tuple[str, str]] = {
    WorkdayRole.LEAD: ("带队领导", "the official who leads"),
    WorkdayRole.MEMBER: ("随行干部", "a cadre who comes along"),
}


class VisitKind(StrEnum):
    """走访方式 · the kind of a visit."""

    HOME_VISIT = "HOME_VISIT"
    APPOINTMENT = "APPOINTMENT"
    ROUND = "ROUND"
    RECEPTION = "RECEPTION"
    RETURN_VISIT = "RETURN_VISIT"


VISIT_LABELS: Mapping[VisitKind, tuple[str, str]] = {
    VisitKind.HOME_VISIT: ("家访", "a visit at home"),
    VisitKind.APPOINTMENT: ("约访", "a talk by appointment"),
    VisitKind.ROUND: ("走访", "a round through the area"),
    VisitKind.RECEPTION: ("接访", "a reception of who comes"),
    VisitKind.RETURN_VISIT: ("回访", "a return visit"),
}


class WorkdaySessionState(StrEnum):
    """社区工作日状态 · where a session stands."""

    PLANNED = "PLANNED"
    NOTICE_PUBLISHED = "NOTICE_PUBLISHED"
    HELD = "HELD"
    RECORDED = "RECORDED"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"
    POSTPONED = "POSTPONED"


S = WorkdaySessionState

SESSION_LABELS: Mapping[WorkdaySessionState, tuple[str, str]] = {
    S.PLANNED: ("已安排", "planned"),
    S.NOTICE_PUBLISHED: ("已公示", "its notice is published"),
    S.HELD: ("已开展", "held"),
    S.RECORDED: ("已记录", "recorded"),
    S.CLOSED: ("已办结", "closed"),
    S.CANCELLED: ("已取消", "cancelled"),
    S.POSTPONED: ("已改期", "postponed to another day"),
}

UPCOMING = (S.PLANNED, S.NOTICE_PUBLISHED)
"""States of a session that is still to be held."""

TOOK_PLACE = (S.HELD, S.RECORDED, S.CLOSED)
"""States of a session that was held."""

SESSION: StateMachine[WorkdaySessionState] = StateMachine(
    "workday.session",
    WorkdaySessionState,
    SESSION_LABELS,
    initial=S.PLANNED,
    steps=(
        Step("change", UPCOMING, None, "修改安排", "change: what was planned", MANAGE),
        Step(
            "publish_notice",
            UPCOMING,
            S.NOTICE_PUBLISHED,
            "公示",
            "publishNotice: make time, staff and place public",
            MANAGE,
        ),
        Step("hold", (S.NOTICE_PUBLISHED,), S.HELD, "开展", "hold: it was held", MANAGE),
        Step(
            "take_matter",
            (S.HELD, S.RECORDED),
            None,
            "受理事项",
            "takeMatter: take a matter that was raised",
            MANAGE,
        ),
        Step(
            "visit",
            (S.HELD, S.RECORDED),
            None,
            "登记走访",
            "visit: enter a visit of this session",
            "workday.visit.record",
        ),
        Step("record", (S.HELD,), S.RECORDED, "记录", "record: what it was about", MANAGE),
        Step(
            "close",
            (S.RECORDED,),
            S.CLOSED,
            "办结",
            "close: every matter is in the ledger or solved",
            MANAGE,
        ),
        Step("cancel", UPCOMING, S.CANCELLED, "取消", "cancel: it will not be held", MANAGE),
        Step(
            "postpone",
            UPCOMING,
            S.POSTPONED,
            "改期",
            "postpone: it will be held on another day",
            MANAGE,
        ),
    ),
)


class EmploymentCaseState(StrEnum):
    """就业帮扶状态 · how far the help to find work has come, in the order of the steps."""

    NEED_LEARNED = "NEED_LEARNED"
    POST_SEARCHED = "POST_SEARCHED"
    POST_FOUND = "POST_FOUND"
    PLAN_MADE = "PLAN_MADE"
    SUPPORT_ARRANGED = "SUPPORT_ARRANGED"
    EMPLOYED = "EMPLOYED"


C = EmploymentCaseState

CASE_LABELS: Mapping[EmploymentCaseState, tuple[str, str]] = {
    C.NEED_LEARNED: ("已了解需求", "the need is known"),
    C.POST_SEARCHED: ("已查找岗位", "posts were searched"),
    C.POST_FOUND: ("已找到岗位", "a post is found"),
    C.PLAN_MADE: ("已定就促方案", "a one-to-one plan is made"),
    C.SUPPORT_ARRANGED: ("已落实保障", "support is arranged"),
    C.EMPLOYED: ("已上岗", "employed"),
}


class EmploymentStep(StrEnum):
    """就业帮扶步骤 · the next step of the help to find work."""

    SEARCH_POST = "search_post"
    FIND_POST = "find_post"
    MAKE_PLAN = "make_plan"
    ARRANGE_SUPPORT = "arrange_support"
    EMPLOY = "employ"


E = EmploymentStep

STEP_LABELS: Mapping[EmploymentStep, tuple[str, str]] = {
    E.SEARCH_POST: ("查找岗位", "search the register of posts"),
    E.FIND_POST: ("找到岗位", "a post was found"),
    E.MAKE_PLAN: ("制定“一对一”就促方案", "make a one-to-one plan"),
    E.ARRANGE_SUPPORT: ("落实保障", "arrange support by the employer"),
    E.EMPLOY: ("上岗", "the person began to work"),
}

_CASE_STEPS = tuple(zip(EmploymentStep, tuple(C)[:-1], tuple(C)[1:], strict=True))

CASE: StateMachine[EmploymentCaseState] = StateMachine(
    "workday.case",
    EmploymentCaseState,
    CASE_LABELS,
    initial=C.NEED_LEARNED,
    steps=tuple(
        Step(step.value, (before,), after, *STEP_LABELS[step], MANAGE_CASES)
        for step, before, after in _CASE_STEPS
    ),
)


# == texts ==

REFUSALS = Refusals(
    {
        "DATE_ORDER": ("结束日期不能早于开始日期", "the last day must not be before the first"),
        "TIME_FORMAT": ("时间应写作 09:00", "write the time as 09:00"),
        "TIME_ORDER": ("结束时间应晚于开始时间", "it must end after it begins"),
        "NO_PROGRAMME": (
            "{day} 没有适用于该组织的社区工作日安排",
            "no work day programme covers this organization on {day}",
        ),
        "PROGRAMME_OVERLAP": (
            "{day} 起已有另一项安排",
            "another programme begins on {day}",
        ),
        "OUTSIDE_PROGRAMME": (
            "该组织不在此项安排的范围内",
            "the organization is not covered by this programme",
        ),
        "NOT_PROGRAMME_DAY": (
            "{day} 不是{weekday}；例外须写明原因",
            "{day} is no {weekday_en}; an exception needs its reason",
        ),
        "NOT_PROGRAMME_HALF_DAY": (
            "社区工作日安排在{half}；例外须写明原因",
            "the programme is in the {half_en}; an exception needs its reason",
        ),
        "OTHER_HALF_DAY": (
            "安排在{half}，只能在其间调整时间",
            "it is in the {half_en}; its hours can only be moved within that",
        ),
        "NOT_WORKING_DAY": (
            "{day} 不上班（{title}），建议改在 {suggested}；仍在当日须写明原因",
            "{day} is no working day, {suggested} is suggested; to keep it, give the reason",
        ),
        "SESSION_EXISTS": (
            "该组织 {day} {half}已安排社区工作日",
            "the organization already has a session on {day}, {half_en}",
        ),
        "SPAN_TOO_LONG": (
            "一次最多安排 {most} 天",
            "at most {most} days can be planned at a time",
        ),
        "TOO_MANY_SESSIONS": (
            "一次最多安排 {most} 场，请缩小范围",
            "at most {most} sessions can be planned at a time; narrow it",
        ),
        "LEAD_MISSING": ("请先确定带队领导", "first say who leads"),
        "NO_LIAISON": (
            "带队领导在 {day} 没有联系该居委会",
            "on {day} the lead is not in liaison with this committee",
        ),
        "MEMBER_TWICE": ("同一人在名单中出现两次", "someone is named twice"),
        "NOT_IN_TEAM": ("不在本次工作日的名单中", "not in the team of this session"),
        "NOBODY_CAME": ("不能所有人都缺席", "not everybody can have been absent"),
        "ALREADY_ASSIGNED": (
            "此人已联系该组织",
            "the official is in liaison with this organization already",
        ),
        "LIAISON_ENDED": ("联系已于 {day} 结束", "the liaison ended on {day}"),
        "NOTICE_TIME_MISSING": ("公示缺少接访时间", "the notice has no time"),
        "NOTICE_STAFF_MISSING": ("公示缺少接访人员", "the notice has no staff"),
        "NOTICE_PLACE_MISSING": ("公示缺少接访地点", "the notice has no place"),
        "NOTICE_LATE": (
            "公示须在社区工作日开始之前",
            "the notice must be published before the session begins",
        ),
        "IN_NOTICE": (
            "已公示的时间、人员和地点，请重新公示",
            "the notice says so: publish another one",
        ),
        "NOT_YET": ("社区工作日尚未到", "the day of the session has not come"),
        "SAME_DAY": ("改期须改到另一天", "postpone it to another day"),
        "FUNCTION_MISSING": (
            "请选择本次工作日的工作内容",
            "say which functions the session covered",
        ),
        "MATTERS_OPEN": (
            "还有 {n} 件事项未建账也未解决",
            "{n} matters are neither in the ledger nor solved",
        ),
        "RESULT_OR_MODE": (
            "现场解决的事项不必再定办理方式",
            "what was solved on the spot needs no way of handling",
        ),
        "VISITOR_MISSING": ("请写明走访人", "say who visited"),
        "ORGANIZATION_MISSING": ("请写明走访的组织", "say where the visit belongs"),
        "OTHER_ORGANIZATION": (
            "与该工作日或大走访的组织不符",
            "it belongs to another organization than the session or the campaign",
        ),
        "OTHER_DAY": ("不在该工作日当天", "it was not on the day of the session"),
        "CAMPAIGN_NOT_RUNNING": (
            "当天不在大走访期间",
            "the campaign did not run on that day",
        ),
        "CAMPAIGN_ENDED": ("大走访已于 {day} 结束", "the campaign ended on {day}"),
        "NOT_NEGATIVE": ("不能为负数", "must not be negative"),
        "NOT_MASKED": (
            "姓名须脱敏，如“倪某”",
            "the name must be masked, as in 倪某",
        ),
        "SUBJECT_MISSING": ("请写明帮扶对象", "say who is helped"),
        "POST_MISSING": ("请写明找到的岗位", "say which post was found"),
        "PLAN_MISSING": ("请写明就促方案", "write down the plan"),
        "SUPPORT_MISSING": ("请写明落实的保障", "say which support was arranged"),
    },
    base=COMMON,
)


# == days and hours ==


def weekday_of(day: dt.date) -> Weekday:
    """Return the day of the week."""
    return WEEKDAYS[day.weekday()]


_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_NOON = "12:00"


def half_day_of(starts_at: str, otherwise: HalfDay) -> HalfDay:
    """Return the half day in which a time of the form 09:00 lies; noon is the afternoon's.

    :param otherwise: what holds where no time is given.
    """
    if not starts_at:
        return otherwise
    return HalfDay.MORNING if starts_at < _NOON else HalfDay.AFTERNOON


def check_hours(starts_at: str, ends_at: str) -> list[RuleError]:
    """Refuse times that are none; both may be empty."""
    for field, value in (("starts_at", starts_at), ("ends_at", ends_at)):
        if value and not _CLOCK.fullmatch(value):
            return [REFUSALS.refusal("TIME_FORMAT", field)]
    if ends_at and not "" < starts_at < ends_at:
        return [REFUSALS.refusal("TIME_ORDER", "ends_at")]
    return []


def check_span(starts_on: dt.date, ends_on: dt.date | None, field: str) -> list[RuleError]:
    """Refuse a span that ends before it begins, or begins in no year of ours."""
    if refused := check_year(starts_on.year, field):
        return refused
    if ends_on is not None and ends_on < starts_on:
        return [REFUSALS.refusal("DATE_ORDER", field)]
    return []


def is_within(day: dt.date, starts_on: dt.date, ends_on: dt.date | None) -> bool:
    """Say whether a day is in a span; its last day is, and an open one has none."""
    return starts_on <= day and (ends_on is None or day <= ends_on)


def start_of(day: dt.date, half_day: HalfDay, starts_at: str, zone: dt.tzinfo) -> dt.datetime:
    """Return the instant at which a session begins; without a time, the half day's beginning."""
    hour = starts_at or ("00:00" if half_day is HalfDay.MORNING else _NOON)
    return dt.datetime.combine(day, dt.time.fromisoformat(hour), zone)


def is_holiday(calendar: WorkingDays, day: dt.date) -> bool:
    """Say whether a notice of the State Council names this day as one of rest.

    The weekend as such is none: a programme may be on a Saturday, when people are at home.
    """
    named = calendar.named.get(day)
    return named is not None and not named.is_working


@dataclass(frozen=True, slots=True)
class ProgrammeFacts:
    """When sessions are to be held."""

    weekday: Weekday
    half_day: HalfDay
    starts_on: dt.date
    ends_on: dt.date | None = None


def check_day(
    programme: ProgrammeFacts,
    day: dt.date,
    half_day: HalfDay,
    calendar: WorkingDays,
    exception_reason: str = "",
) -> list[RuleError]:
    """V1: a session is on the programme's weekday and half-day, unless an exception is documented.

    A public holiday is refused with the next working day; that day is then an exception too.

    :param calendar: knows the days from ``day`` on.
    """
    if not is_within(day, programme.starts_on, programme.ends_on):
        return [REFUSALS.refusal("NO_PROGRAMME", "day", day=day)]
    if exception_reason:
        return []
    if weekday_of(day) is not programme.weekday:
        zh, en = WEEKDAY_LABELS[programme.weekday]
        return [REFUSALS.refusal("NOT_PROGRAMME_DAY", "day", day=day, weekday=zh, weekday_en=en)]
    if half_day is not programme.half_day:
        zh, en = HALF_DAY_LABELS[programme.half_day]
        return [REFUSALS.refusal("NOT_PROGRAMME_HALF_DAY", "starts_at", half=zh, half_en=en)]
    if is_holiday(calendar, day):
        return [
            REFUSALS.refusal(
                "NOT_WORKING_DAY",
                "day",
                day=day,
                title=calendar.title(day),
                suggested=calendar.next_working(day),
            )
        ]
    return []


def days_of(programme: ProgrammeFacts, first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Yield the days of a programme in a span, holidays included."""
    first = max(first, programme.starts_on)
    last = min(last, programme.ends_on) if programme.ends_on else last
    day = first + (WEEKDAYS.index(programme.weekday) - first.weekday()) % _WEEK * _DAY
    while day <= last:
        yield day
        day += _WEEK * _DAY


LOOK_AHEAD = 10
"""Weeks in which :func:`next_day` looks for a day that is worked."""


def next_day(
    programme: ProgrammeFacts, after: dt.date, rests: Collection[dt.date] = ()
) -> dt.date | None:
    """Return the first day of a programme after a day, None where there is none.

    N309: after Friday 2015-06-05 it is Monday 2015-06-08.

    :param rests: days that a notice of the State Council names as holidays.
    """
    first = max(after + _DAY, programme.starts_on)
    ahead = days_of(programme, first, first + (LOOK_AHEAD * _WEEK - 1) * _DAY)
    return next((day for day in ahead if day not in rests), None)


# == teams ==


@dataclass(frozen=True, slots=True)
class Span:
    """The days on which an assignment counts."""

    starts_on: dt.date
    ends_on: dt.date | None = None


def check_lead(liaisons: Iterable[Span], day: dt.date) -> list[RuleError]:
    """V3: who leads a session is in liaison with that committee on that day.

    :param liaisons: assignments of this official to this committee.
    """
    if any(is_within(day, each.starts_on, each.ends_on) for each in liaisons):
        return []
    return [REFUSALS.refusal("NO_LIAISON", "lead", day=day)]


def check_team(lead: int | None, members: Collection[int]) -> list[RuleError]:
    """Refuse a team in which someone stands twice."""
    everybody = [*members, *([lead] if lead is not None else [])]
    if len(set(everybody)) < len(everybody):
        return [REFUSALS.refusal("MEMBER_TWICE", "members")]
    return []


def check_absent(team: Collection[int], absent: Collection[int]) -> list[RuleError]:
    """Refuse absences of who was not expected, and a session to which nobody came."""
    if not set(absent) <= set(team):
        return [REFUSALS.refusal("NOT_IN_TEAM", "absent")]
    if team and set(absent) == set(team):
        return [REFUSALS.refusal("NOBODY_CAME", "absent")]
    return []


# == notices and reports ==


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """What a notice of reception says, and when."""

    starts_at: str
    staff: str
    place: str
    published_at: dt.datetime
    begins: dt.datetime
    """The instant at which the session begins."""


def check_notice(notice: NoticeFacts) -> list[RuleError]:
    """V2: a notice has time, staff and place, and precedes the session."""
    return [
        REFUSALS.refusal(code, field)
        for refused, code, field in (
            (not notice.starts_at, "NOTICE_TIME_MISSING", "starts_at"),
            (not notice.staff, "NOTICE_STAFF_MISSING", "staff"),
            (not notice.place, "NOTICE_PLACE_MISSING", "place"),
            (notice.published_at >= notice.begins, "NOTICE_LATE", "occurred_at"),
        )
        if refused
    ]


CORRECTED = "内容有误，更正后重新公示"
"""Why a notice is withdrawn when another one takes its place."""


def notice_title(day: dt.date) -> str:
    """Return the title of a notice."""
    return f"{day.year}年{day.month}月{day.day}日社区工作日接访公示"


def notice_text(day: dt.date, starts_at: str, ends_at: str, staff: str, place: str) -> str:
    """Return the body of a notice: 接访时间、接访人员、接访地点."""
    hours = f"{starts_at}—{ends_at}" if ends_at else starts_at
    weekday = WEEKDAY_LABELS[weekday_of(day)][0]
    return (
        f"接访时间：{day.year}年{day.month}月{day.day}日（{weekday}）{hours}\n"
        f"接访人员：{staff}\n接访地点：{place}"
    )


def check_held(day: dt.date, on: dt.date) -> list[RuleError]:
    """Refuse to say that a session was held before its day."""
    return [REFUSALS.refusal("NOT_YET", "occurred_at")] if on < day else []


def lacks_notice(state: WorkdaySessionState, day: dt.date, as_of: dt.date, ahead: int) -> bool:
    """Say whether a session is at most ``ahead`` days off, or past, and has no notice."""
    return state is S.PLANNED and day <= as_of + ahead * _DAY


# == visits and cases ==

_MASKS = ("某", "*", "＊", "×")


def check_masked(label: str, field: str) -> list[RuleError]:
    """Refuse a name that is written out: who has no record is named as the article does, 倪某."""
    if label and not any(mask in label for mask in _MASKS):
        return [REFUSALS.refusal("NOT_MASKED", field)]
    return []


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What is known of a case when a step is taken."""

    post: str = ""
    plan: str = ""
    support: str = ""


_NEEDED: Mapping[EmploymentStep, tuple[str, str]] = {
    E.FIND_POST: ("post", "POST_MISSING"),
    E.MAKE_PLAN: ("plan", "PLAN_MISSING"),
    E.ARRANGE_SUPPORT: ("support", "SUPPORT_MISSING"),
}


def check_case(step: EmploymentStep, facts: CaseFacts) -> list[RuleError]:
    """Refuse a step without what it is about: the post, the plan, the support."""
    needed = _NEEDED.get(step)
    if needed and not getattr(facts, needed[0]):
        return [REFUSALS.refusal(needed[1], needed[0])]
    return []


def quarters(year: int) -> tuple[dt.date, ...]:
    """Return the first days of the four quarters, and that of the next year."""
    return (*(dt.date(year, month, 1) for month in (1, 4, 7, 10)), dt.date(year + 1, 1, 1))
