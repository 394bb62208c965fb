"""Rules of the problem ledger: pure functions, nothing is read or written.

Source: S3 (新海镇, 2015): 「能现场解决的现场解决,不能现场解决的,实行动态建账、务实销账、
及时晒账、满意结账的问题台账管理办法」, and its 回访; S2 (环翠区): study, dispatch and supervision
by severity, and 「小事不出社区,大事不出街道,重大纠纷进法院」.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gongzhi.errors import RuleError
from gongzhi.refusals import COMMON, Refusals
from gongzhi.writing.machine import StateMachine, Step

# == closed sets ==


class IssueState(StrEnum):
    """台账状态 · where an issue stands: 受理, 建账, 办理, 销账, 晒账, 结账 and the ways beside."""

    RECEIVED = "RECEIVED"
    SOLVED_ON_SPOT = "SOLVED_ON_SPOT"
    OPENED = "OPENED"
    HANDLING = "HANDLING"
    SETTLED = "SETTLED"
    DISCLOSED = "DISCLOSED"
    CLOSED = "CLOSED"
    REOPENED = "REOPENED"
    TRANSFERRED = "TRANSFERRED"
    REJECTED = "REJECTED"
    MERGED = "MERGED"


class IssueSeverity(StrEnum):
    """问题等级 · how grave an issue is; it decides how often it is studied (S2)."""

    ORDINARY = "ORDINARY"
    KEY = "KEY"
    CRITICAL = "CRITICAL"


class HandlingMode(StrEnum):
    """办理方式 · 能办即办 at once, 限时结办 by a day, 协调商办 together with other units (S3)."""

    IMMEDIATE = "IMMEDIATE"
    TIME_LIMITED = "TIME_LIMITED"
    COORDINATED = "COORDINATED"


class ResolutionLevel(StrEnum):
    """解决层级 · the level at which an issue is solved: 社区, 街道, 区, 法院."""

    COMMUNITY = "COMMUNITY"
    SUBDISTRICT = "SUBDISTRICT"
    DISTRICT = "DISTRICT"
    COURT = "COURT"


class ParticipantRole(StrEnum):
    """参与角色 · the part of a unit in an issue: 牵头 leads, 协同 takes part."""

    LEAD = "LEAD"
    PARTNER = "PARTNER"


class Satisfaction(StrEnum):
    """回访结果 · what a return visit found."""

    SATISFIED = "SATISFIED"
    PARTLY = "PARTLY"
    UNSATISFIED = "UNSATISFIED"
    UNREACHABLE = "UNREACHABLE"


class AgendaKind(StrEnum):
    """议程 · 每月研判, 每周调度, 即时督办: what the severity of an issue asks for (S2)."""

    MONTHLY_STUDY = "MONTHLY_STUDY"
    WEEKLY_DISPATCH = "WEEKLY_DISPATCH"
    IMMEDIATE_SUPERVISION = "IMMEDIATE_SUPERVISION"


class ReferralKind(StrEnum):
    """流转类型 · 转办 to another ledger, 上报 to a higher level."""

    TRANSFER = "TRANSFER"
    ESCALATION = "ESCALATION"


STATE_LABELS: Mapping[IssueState, tuple[str, str]] = {
    IssueState.RECEIVED: ("受理", "received"),
    IssueState.SOLVED_ON_SPOT: ("现场解决", "solved on the spot, outside the ledger"),
    IssueState.OPENED: ("建账", "entered in the ledger"),
    IssueState.HANDLING: ("办理中", "being handled"),
    IssueState.SETTLED: ("销账", "settled"),
    IssueState.DISCLOSED: ("晒账", "its result is disclosed"),
    IssueState.CLOSED: ("结账", "closed to satisfaction"),
    IssueState.REOPENED: ("重启", "reopened after a return visit"),
    IssueState.TRANSFERRED: ("转办", "handed to another organization, which is to enter it"),
    IssueState.REJECTED: ("不予受理", "rejected, with the reason"),
    IssueState.MERGED: ("合并", "merged into the issue that it repeats"),
}
SEVERITY_LABELS: Mapping[IssueSeverity, tuple[str, str]] = {
    IssueSeverity.ORDINARY: ("一般", "ordinary: studied every month"),
    IssueSeverity.KEY: ("重点", "key: dispatched every week"),
    IssueSeverity.CRITICAL: ("重大、突发、群体性", "grave, sudden or of many: supervised at once"),
}
MODE_LABELS: Mapping[HandlingMode, tuple[str, str]] = {
    HandlingMode.IMMEDIATE: ("能办即办", "done at once, outside the ledger"),
    HandlingMode.TIME_LIMITED: ("限时结办", "done by a day"),
    HandlingMode.COORDINATED: ("协调商办", "done together with other units"),
}
LEVEL_LABELS: Mapping[ResolutionLevel, tuple[str, str]] = {
    ResolutionLevel.COMMUNITY: ("社区", "community"),
    ResolutionLevel.SUBDISTRICT: ("街道（镇）", "street or town"),
    ResolutionLevel.DISTRICT: ("区（县）", "district or county"),
    ResolutionLevel.COURT: ("法院", "court"),
}
ROLE_LABELS: Mapping[ParticipantRole, tuple[str, str]] = {
    ParticipantRole.LEAD: ("牵头单位", "leads"),
    ParticipantRole.PARTNER: ("协同单位", "takes part"),
}
SATISFACTION_LABELS: Mapping[Satisfaction, tuple[str, str]] = {
    Satisfaction.SATISFIED: ("满意", "satisfied"),
    Satisfaction.PARTLY: ("基本满意", "partly satisfied"),
    Satisfaction.UNSATISFIED: ("不满意", "not satisfied"),
    Satisfaction.UNREACHABLE: ("未联系上", "could not be reached"),
}
AGENDA_LABELS: Mapping[AgendaKind, tuple[str, str]] = {
    AgendaKind.MONTHLY_STUDY: ("每月研判", "monthly study of ordinary issues"),
    AgendaKind.WEEKLY_DISPATCH: ("每周调度", "weekly dispatch of key issues"),
    AgendaKind.IMMEDIATE_SUPERVISION: ("即时督办", "immediate supervision of critical issues"),
}
REFERRAL_LABELS: Mapping[ReferralKind, tuple[str, str]] = {
    ReferralKind.TRANSFER: ("转办", "handed to another organization"),
    ReferralKind.ESCALATION: ("上报", "raised to a higher level"),
}

# == states ==

_S = IssueState

UNSETTLED = (_S.RECEIVED, _S.OPENED, _S.HANDLING, _S.REOPENED, _S.TRANSFERRED)
"""Something is still to be done; these are on the agenda."""
OPEN = (_S.OPENED, _S.HANDLING, _S.REOPENED, _S.TRANSFERRED)
"""In the ledger and not settled."""
SETTLED = (_S.SETTLED, _S.DISCLOSED, _S.CLOSED)
"""Settled in the ledger."""
SOLVED = (*SETTLED, _S.SOLVED_ON_SPOT)
"""Solved, in the ledger or on the spot."""

READ, RECEIVE = "ledger.issue.read", "ledger.issue.receive"
ENTER, HANDLE = "ledger.issue.open", "ledger.issue.handle"
VISIT, CLOSE, SUPERVISE = "ledger.issue.visit", "ledger.issue.close", "ledger.issue.supervise"
"""The permissions."""

MACHINE = StateMachine(
    "ledger.issue",
    IssueState,
    STATE_LABELS,
    initial=_S.RECEIVED,
    steps=(
        Step("solve", (_S.RECEIVED,), _S.SOLVED_ON_SPOT, "现场解决", "solve on the spot", HANDLE),
        Step("open", (_S.RECEIVED, _S.TRANSFERRED), _S.OPENED, "建账", "enter", ENTER),
        Step("handle", (_S.OPENED, _S.REOPENED), _S.HANDLING, "办理", "begin to handle", HANDLE),
        Step("settle", (_S.HANDLING,), _S.SETTLED, "销账", "settle", HANDLE),
        Step("disclose", (_S.SETTLED,), _S.DISCLOSED, "晒账", "disclose", CLOSE),
        Step("disclose", (_S.HANDLING,), None, "公开进展", "disclose progress", CLOSE),
        Step("close", (_S.DISCLOSED,), _S.CLOSED, "结账", "close", CLOSE),
        Step("reopen", (_S.SETTLED, _S.DISCLOSED), _S.REOPENED, "重启", "reopen", CLOSE),
        Step(
            "transfer",
            (_S.RECEIVED, _S.OPENED, _S.HANDLING, _S.REOPENED, _S.TRANSFERRED),
            _S.TRANSFERRED,
            "转办",
            "hand to another organization",
            ENTER,
        ),
        Step(
            "reject",
            (_S.RECEIVED, _S.OPENED, _S.HANDLING),
            _S.REJECTED,
            "不予受理",
            "reject",
            ENTER,
        ),
        Step("merge", (_S.RECEIVED, _S.OPENED, _S.HANDLING), _S.MERGED, "合并", "merge", ENTER),
        Step("escalate", OPEN, None, "上报", "raise to a higher level", ENTER),
        Step("change", UNSETTLED, None, "修改", "change", HANDLE),
        Step("invite", UNSETTLED, None, "增减参与单位", "add or remove units", HANDLE),
        Step("measure", (*OPEN, _S.SETTLED, _S.DISCLOSED), None, "记措施", "add measures", HANDLE),
        Step("recur", (*OPEN, *SETTLED), None, "记回潮", "record a recurrence", HANDLE),
        Step("attach", (*UNSETTLED, *SOLVED), None, "附材料", "attach", HANDLE),
        Step("supervise", UNSETTLED, None, "研判、调度、督办", "supervise", SUPERVISE),
        Step("visit", (_S.SETTLED, _S.DISCLOSED), None, "回访", "record a return visit", VISIT),
    ),
)
"""L02: 建账 → 办理 → 销账 → 晒账 → 结账; V4."""

# == refusals ==

REFUSALS = Refusals(
    {
        "NO_MODE": ("建账须选定办理方式", "an entry needs a way of handling"),
        "IMMEDIATE_IS_ON_SPOT": (
            "能办即办的事项当场解决，不建账",
            "what can be done at once is solved on the spot, not entered",
        ),
        "NO_AREA": (
            "建账须有地域，本组织也没有属地",
            "an entry needs an area, and its organization has none",
        ),
        "NO_HANDLER": ("建账须有承办人", "an entry needs a handler"),
        "DEADLINE_NEEDED": ("限时结办须有期限", "what is done by a day needs that day"),
        "TWO_DEADLINES": (
            "期限只能写日期或天数之一",
            "a deadline is a day or a number of days, not both",
        ),
        "DUE_TOO_EARLY": (
            "期限不能早于建账日 {day}",
            "the deadline must not be before the day of entry, {day}",
        ),
        "LEAD_NEEDED": ("协调商办须有牵头单位", "what is done together needs a lead unit"),
        "PARTNER_NEEDED": (
            "协调商办须有至少一个协同单位",
            "what is done together needs at least one partner",
        ),
        "TWO_LEADS": ("牵头单位只能有一个", "only one unit can lead"),
        "UNIT_NEEDED": ("须写明单位", "the unit must be named"),
        "UNIT_TWICE": ("该单位已参与", "this unit takes part already"),
        "NO_RESULT": ("须写明处理结果", "the result must be stated"),
        "NO_REASON": ("须写明原因", "the reason must be stated"),
        "NOT_PUBLISHED": (
            "处理结果尚未公示，不能晒账",
            "its result is not published yet",
        ),
        "VISITOR_NOT_COLLECTOR": (
            "回访人应是意见收集人；由他人回访须写明原因",
            "the visitor must be who collected the opinion, or the reason be stated",
        ),
        "NOT_AT_HOME": (
            "应到群众家中回访；未上门须写明原因",
            "the visit must be at the person's home, or the reason be stated",
        ),
        "NOT_SATISFIED": (
            "最近一次回访未达满意，不能结账",
            "the last return visit did not find satisfaction",
        ),
        "NOT_UNSATISFIED": (
            "只有回访不满意才能重启",
            "it is reopened only after a return visit that found no satisfaction",
        ),
        "TOO_EARLY": (
            "不能早于上一步的时间 {day}",
            "it must not be before the step before it, {day}",
        ),
        "NOT_HIGHER": (
            "已在{level}层级，只能向更高层级上报",
            "it is at the level {code} and can only be raised",
        ),
        "MERGE_INTO_ITSELF": ("不能合并到自身", "it cannot be merged into itself"),
        "MERGE_TARGET": (
            "目标事项已不予受理或已合并",
            "the other issue is itself rejected or merged",
        ),
        "NO_SUPERIOR": (
            "本组织没有上级，请写明转办给谁",
            "the organization has no superior: say to whom",
        ),
        "SAME_ORGANIZATION": ("已在该组织的台账中", "it is in the ledger of that organization"),
        "NUMBER_TAKEN": ("编号已被使用", "the number is taken"),
        "NUMBER_RESERVED": (
            "“代码-年份-序号”由系统编号；自编号请补零（如 -003）或另用格式",
            "code-year-number is made by the system; pad with zeros (-003) or write it otherwise",
        ),
        "NOT_POSITIVE": ("不能为负数", "it must not be negative"),
        "TOO_LARGE": ("数值过大", "the figure is too large"),
        "AGENDA_OF_SEVERITY": (
            "{severity}问题对应的是{kind}",
            "issues of severity {code} come to {kind_en}",
        ),
        "BAD_DIGEST": (
            "应为 64 位十六进制的 SHA-256",
            "it must be a SHA-256 in 64 hexadecimal digits",
        ),
    },
    base=COMMON,
)


# == entering: 建账 ==

_MADE = re.compile(r".+-[0-9]{4}-[1-9][0-9]*")
"""What numbers look like that are made of a code, a year and an id."""


def check_number(number: str) -> list[RuleError]:
    """Refuse a given number that could be made for another issue, which it would keep out."""
    return [REFUSALS.refusal("NUMBER_RESERVED", "number")] if _MADE.fullmatch(number) else []


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of an issue that is to stand in the ledger."""

    mode: HandlingMode | None
    has_area: bool
    has_handler: bool
    opened_on: dt.date
    due_on: dt.date | None
    leads: int
    partners: int


def check_entry(entry: Entry) -> list[RuleError]:
    """L01, L02: what an issue needs to stand in the ledger, and what its way of handling needs."""
    refused: list[RuleError] = []
    if entry.mode is None:
        refused.append(REFUSALS.refusal("NO_MODE", "handling_mode"))
    if entry.mode is HandlingMode.IMMEDIATE:
        refused.append(REFUSALS.refusal("IMMEDIATE_IS_ON_SPOT", "handling_mode"))
    if not entry.has_area:
        refused.append(REFUSALS.refusal("NO_AREA", "area"))
    if not entry.has_handler:
        refused.append(REFUSALS.refusal("NO_HANDLER", "handler"))
    if entry.mode is HandlingMode.TIME_LIMITED and entry.due_on is None:
        refused.append(REFUSALS.refusal("DEADLINE_NEEDED", "due_on"))
    if entry.due_on is not None and entry.due_on < entry.opened_on:
        refused.append(REFUSALS.refusal("DUE_TOO_EARLY", "due_on", day=entry.opened_on))
    return [*refused, *check_units(entry.mode, entry.leads, entry.partners)]


def check_units(mode: HandlingMode | None, leads: int, partners: int) -> list[RuleError]:
    """L01: 协调商办 needs a lead unit and a partner; there is never more than one lead."""
    refused: list[RuleError] = []
    if leads > 1:
        refused.append(REFUSALS.refusal("TWO_LEADS", "participants"))
    if mode is HandlingMode.COORDINATED and not leads:
        refused.append(REFUSALS.refusal("LEAD_NEEDED", "participants"))
    if mode is HandlingMode.COORDINATED and not partners:
        refused.append(REFUSALS.refusal("PARTNER_NEEDED", "participants"))
    return refused


def check_text(text: str, code: str, field: str) -> list[RuleError]:
    """Refuse an empty text where one is needed: NO_RESULT, NO_REASON, UNIT_NEEDED."""
    return [] if text.strip() else [REFUSALS.refusal(code, field)]


def check_order(before: dt.datetime | None, at: dt.datetime, day: dt.date) -> list[RuleError]:
    """Refuse a step that is said to have happened before the step that it follows.

    :param day: the day of that step, for the message.
    """
    if before is None or at >= before:
        return []
    return [REFUSALS.refusal("TOO_EARLY", "occurred_at", day=day)]


# == disclosing: 晒账 ==


def check_disclosure(
    published_at: dt.datetime | None, settled_at: dt.datetime | None
) -> list[RuleError]:
    """晒账 needs a publication of the result: one that is published, and not before it was settled.

    :param published_at: of the latest publication about the issue that is published now.
    """
    if published_at is None or (settled_at is not None and published_at < settled_at):
        return [REFUSALS.refusal("NOT_PUBLISHED", "channels")]
    return []


# == return visits: 回访 ==


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known of a return visit."""

    satisfaction: Satisfaction
    by_collector: bool
    at_home: bool
    overridden: bool
    """A reason is recorded why someone else visited, or not at home."""


def check_visit(visit: Visit) -> list[RuleError]:
    """V6: 意见建议收集人主动到反映问题的群众家中回访; otherwise the reason must be recorded.

    Who could not be reached was not at home either, and that is no reason to refuse the record.
    """
    refused: list[RuleError] = []
    if visit.overridden:
        return refused
    if not visit.by_collector:
        refused.append(REFUSALS.refusal("VISITOR_NOT_COLLECTOR", "visitor"))
    if not visit.at_home and visit.satisfaction is not Satisfaction.UNREACHABLE:
        refused.append(REFUSALS.refusal("NOT_AT_HOME", "at_home"))
    return refused


def check_closing(visit: Visit | None) -> list[RuleError]:
    """V5: 满意结账; V6 for the visit on which it rests.

    :param visit: the latest since the issue was settled, None where there was none.
    """
    if visit is None or visit.satisfaction is not Satisfaction.SATISFIED:
        return [REFUSALS.refusal("NOT_SATISFIED")]
    return check_visit(visit)


def check_reopening(visit: Visit | None) -> list[RuleError]:
    """V4: reopened only after a return visit since it was settled that found no satisfaction."""
    if visit is None or visit.satisfaction not in {Satisfaction.PARTLY, Satisfaction.UNSATISFIED}:
        return [REFUSALS.refusal("NOT_UNSATISFIED")]
    return []


# == levels: 小事不出社区，大事不出街道，重大纠纷进法院 ==

_LADDER = tuple(ResolutionLevel)


def level_of(organization_level: str) -> ResolutionLevel:
    """Return the level at which an organization of this level solves an issue."""
    if organization_level == "SUBDISTRICT":
        return ResolutionLevel.SUBDISTRICT
    if organization_level in {"DISTRICT", "CITY", "PROVINCE"}:
        return ResolutionLevel.DISTRICT
    return ResolutionLevel.COMMUNITY


def next_level(level: ResolutionLevel) -> ResolutionLevel:
    """Return the level above; that of the court has none and stays."""
    return _LADDER[min(_LADDER.index(level) + 1, len(_LADDER) - 1)]


def higher(one: ResolutionLevel, other: ResolutionLevel) -> ResolutionLevel:
    """Return the higher of two levels."""
    return max(one, other, key=_LADDER.index)


def check_escalation(level: ResolutionLevel, to: ResolutionLevel) -> list[RuleError]:
    """L05: an issue is raised, never lowered; a grave dispute may go to court at once."""
    if _LADDER.index(to) > _LADDER.index(level):
        return []
    label = LEVEL_LABELS[level][0]
    return [REFUSALS.refusal("NOT_HIGHER", "to", level=label, code=level.name)]


# == merging ==


def check_merging(issue: int, into: int, into_state: IssueState) -> list[RuleError]:
    """A duplicate is merged into an issue that itself still stands."""
    if issue == into:
        return [REFUSALS.refusal("MERGE_INTO_ITSELF", "into")]
    if into_state in {IssueState.REJECTED, IssueState.MERGED}:
        return [REFUSALS.refusal("MERGE_TARGET", "into")]
    return []


# == agenda: 研判、调度、督办 ==

CADENCE: Mapping[IssueSeverity, AgendaKind] = {
    IssueSeverity.ORDINARY: AgendaKind.MONTHLY_STUDY,
    IssueSeverity.KEY: AgendaKind.WEEKLY_DISPATCH,
    IssueSeverity.CRITICAL: AgendaKind.IMMEDIATE_SUPERVISION,
}
"""V21, N205: 一般问题每月研判,重点问题每周调度,重大、突发和群体性不稳定因素即时督办."""

SEVERITY_OF: Mapping[AgendaKind, IssueSeverity] = {kind: s for s, kind in CADENCE.items()}


def check_agenda(severity: IssueSeverity, kind: AgendaKind) -> list[RuleError]:
    """V21: an issue is studied, dispatched or supervised as its severity asks, or more closely.

    A key issue may be supervised at once, a critical one is not put off to the monthly study.
    """
    asked = CADENCE[severity]
    order = tuple(AgendaKind)
    if order.index(kind) >= order.index(asked):
        return []
    zh, _ = SEVERITY_LABELS[severity]
    kind_zh, kind_en = AGENDA_LABELS[asked]
    return [
        REFUSALS.refusal(
            "AGENDA_OF_SEVERITY",
            "kind",
            severity=zh,
            kind=kind_zh,
            code=severity.name,
            kind_en=kind_en,
        )
    ]


def agenda_period(kind: AgendaKind, day: dt.date) -> tuple[dt.date, dt.date]:
    """Return first and last day of the month or week in which an issue comes up once.

    Immediate supervision comes up once and for all: from the first of days to this one.
    """
    if kind is AgendaKind.MONTHLY_STUDY:
        first = day.replace(day=1)
        return first, (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    if kind is AgendaKind.WEEKLY_DISPATCH:
        monday = day - dt.timedelta(days=day.weekday())
        return monday, monday + dt.timedelta(days=6)
    return dt.date(1949, 10, 1), day


# == lateness ==


def is_overdue(due_on: dt.date | None, ended_on: dt.date | None, as_of: dt.date) -> bool:
    """Return whether an issue is late on this day, or was when it was settled.

    :param ended_on: the day on which it was settled, rejected or merged; None while it is open.
    """
    return due_on is not None and min(ended_on or as_of, as_of) > due_on


def years_open(since: dt.date, until: dt.date) -> int:
    """Return the whole years of a problem (N110: the stall of 邮电新村 had stood for six)."""
    before = (until.month, until.day) < (since.month, since.day)
    return max(until.year - since.year - before, 0)
