"""Use cases of a session that is to come: plan it, change it, cancel it, postpone it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tortoise.exceptions import IntegrityError

from gongzhi.calendar.rules import check_year
from gongzhi.calendar.service import working_days
from gongzhi.refusals import insist
from gongzhi.registry.models import Organization
from gongzhi.registry.rules import upper
from gongzhi.writing import KEEP, OrganizationKey, PersonKey, Work
from gongzhi_workday import rules
from gongzhi_workday.common import must_be_open, on_behalf, text
from gongzhi_workday.keys import ProgrammeKey, SessionKey
from gongzhi_workday.models import WorkdayProgramme, WorkdaySession, WorkdaySessionTransition
from gongzhi_workday.notices import withdraw_notice, wording
from gongzhi_workday.programmes import (
    facts_of,
    nearest,
    programme_on,
    programmes_over,
    usual_lead,
)
from gongzhi_workday.rules import REFUSALS, SESSION, WorkdaySessionState
from gongzhi_workday.settings import WorkdaySettings
from gongzhi_workday.teams import check_lead, check_team, lead_of, members_of, team_of, write_team

_SPAN = 366
"""Days that can be planned at a time: a year."""


# == plan ==


async def plan_session(
    work: Work,
    organization: OrganizationKey,
    day: dt.date,
    *,
    programme: ProgrammeKey | None = None,
    lead: PersonKey | None = None,
    members: Sequence[PersonKey] = (),
    place: str = "",
    starts_at: str = "",
    ends_at: str = "",
    staff: str = "",
    exception_reason: str = "",
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
) -> WorkdaySession:
    """安排一次社区工作日 · plan a session.

    :param organization: 居委会 · the committee
    :param day: 日期，应为工作日安排的星期几 · the day, on the weekday of the programme
    :param programme: 所依据的安排，默认本组织或最近上级的 · the programme, that of the committee or
        of the nearest organization above it where absent
    :param lead: 带队领导，默认包片领导 · who leads, the area's lead where absent
    :param members: 随行干部 · who comes along
    :param place: 接访地点 · where visitors are received
    :param starts_at: 开始时间，如 09:00，默认依安排 · when it begins, as the programme has it where
        absent
    :param ends_at: 结束时间，默认依安排 · when it ends, as the programme has it where absent
    :param staff: 接访人员，按公示的写法 · who receives visitors, in the words of the notice
    :param exception_reason: 不在规定时间的原因，如节假日调整 · why it is not on the day of the
        programme, as for a holiday
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, NO_PROGRAMME, OUTSIDE_PROGRAMME, TIME_FORMAT,
        TIME_ORDER, TOO_LONG, DAY_OUT_OF_RANGE, NOT_PROGRAMME_DAY, NOT_PROGRAMME_HALF_DAY,
        NOT_WORKING_DAY, MEMBER_TWICE, NO_LIAISON, SESSION_EXISTS, FUTURE_DATE
    """
    insist(check_year(day.year, "day"))
    committee = await work.find(Organization, organization, "organization")
    must_be_open(committee)
    chosen = await _programme(work, committee, day, programme)
    row = _session(
        committee,
        chosen,
        day,
        place=text(WorkdaySession, "place", place),
        starts_at=starts_at,
        ends_at=ends_at,
        staff=text(WorkdaySession, "staff", staff),
        exception_reason=text(WorkdaySession, "exception_reason", exception_reason),
    )
    calendar = await working_days(day)
    insist(rules.check_day(facts_of(chosen), day, row.half_day, calendar, row.exception_reason))
    if lead is None:
        lead = await usual_lead(work, committee.id, day)
        lead = None if lead in members else lead
    insist(await check_team(work, committee.id, day, lead, members))
    await _begin(work, row, occurred_at=occurred_at, on_behalf_of=on_behalf_of)
    await write_team(work, row, lead, members)
    return row


@dataclass(frozen=True, slots=True)
class SkippedDay:
    """A day of the programme on which nobody works."""

    day: dt.date
    suggested_on: dt.date


@dataclass(frozen=True, slots=True)
class SessionsPlanned:
    """What planning many sessions came to."""

    organizations: int
    planned: int
    existing: int
    skipped: list[SkippedDay]


async def plan_sessions(
    work: Work,
    organization: OrganizationKey,
    first_day: dt.date,
    last_day: dt.date,
    *,
    place: str = "",
) -> SessionsPlanned:
    """一次安排各居委会一段时间的社区工作日 · plan the sessions of all committees for some weeks.

    Public holidays and days that have a session are left out; the area's lead leads.

    :param organization: 居委会，或其上级组织 · a committee, or an organization above committees
    :param first_day: 第一天 · the first day
    :param last_day: 最后一天 · the last day
    :param place: 接访地点 · where visitors are received
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, DAY_OUT_OF_RANGE, DATE_ORDER, SPAN_TOO_LONG,
        NO_PROGRAMME, TOO_MANY_SESSIONS, SESSION_EXISTS, TOO_LONG
    """
    top = await work.find(Organization, organization, "organization")
    must_be_open(top)
    await work.require(top)
    insist(rules.check_span(first_day, last_day, "last_day"))
    if (last_day - first_day).days >= _SPAN:
        REFUSALS.refuse("SPAN_TOO_LONG", "last_day", most=_SPAN)
    place = text(WorkdaySession, "place", place)
    committees = await _committees(work, top)
    taken = await _taken(work, [each.id for each in committees], first_day, last_day)
    calendar = await working_days(first_day)
    programmes = await programmes_over(work, committees, first_day, last_day)
    if not programmes:
        REFUSALS.refuse("NO_PROGRAMME", "first_day", day=first_day)
    wanted: list[WorkdaySession] = []
    existing = 0
    skipped: dict[dt.date, dt.date] = {}
    for committee in committees:
        for programme, day in _days(programmes, committee, first_day, last_day):
            if (committee.id, day) in taken:
                existing += 1
            elif rules.is_holiday(calendar, day):
                skipped[day] = calendar.next_working(day)
            else:
                wanted.append(_session(committee, programme, day, place=place))
    most = work.settings(WorkdaySettings).max_sessions_per_plan
    if len(wanted) > most:
        REFUSALS.refuse("TOO_MANY_SESSIONS", "last_day", most=most)
    for row in wanted:
        await _begin(work, row)
        await write_team(work, row, await usual_lead(work, row.organization_id, row.day), ())
    return SessionsPlanned(
        organizations=len(committees),
        planned=len(wanted),
        existing=existing,
        skipped=[SkippedDay(day, suggested) for day, suggested in sorted(skipped.items())],
    )


async def change_session(
    work: Work,
    session: SessionKey,
    *,
    lead: PersonKey | None = KEEP,
    members: Sequence[PersonKey] | None = KEEP,
    place: str | None = KEEP,
    starts_at: str | None = KEEP,
    ends_at: str | None = KEEP,
    staff: str | None = KEEP,
    expected_version: int | None = None,
) -> WorkdaySession:
    """修改安排，公示后只能调整名单 · change what was planned; once it is announced, only the team.

    What the notice says takes another notice.

    :param session: 社区工作日 · the session
    :param lead: 带队领导 · who leads
    :param members: 随行干部，替换原名单 · who comes along, in place of those before
    :param place: 接访地点 · where visitors are received
    :param starts_at: 开始时间，如 09:00 · when it begins, as 09:00
    :param ends_at: 结束时间 · when it ends
    :param staff: 接访人员，按公示的写法 · who receives visitors, in the words of the notice
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, IN_NOTICE, TIME_FORMAT, TIME_ORDER, TOO_LONG,
        OTHER_HALF_DAY, MEMBER_TWICE, NO_LIAISON
    """
    row = await work.take(WorkdaySession, session, "session")
    await work.may(SESSION, row, "change")
    work.expect(row, expected_version)
    columns = wording(row, place, staff, starts_at, ends_at)
    if columns and row.state is not WorkdaySessionState.PLANNED:
        REFUSALS.refuse("IN_NOTICE", next(iter(columns)))
    if lead is not KEEP or members is not KEEP:
        team = await team_of(work, row)
        wanted = lead_of(team) if lead is KEEP else lead
        along = members_of(team) if members is KEEP else list(members or ())
        insist(await check_team(work, row.organization_id, row.day, wanted, along))
        for each in team:
            await work.delete(each)
        await write_team(work, row, wanted, along)
    await work.update(row, **columns)
    work.record("workday.session.change", row)
    return row


# == give up ==


async def cancel_session(
    work: Work,
    session: SessionKey,
    reason: str,
    *,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    document: str = "",
    expected_version: int | None = None,
) -> WorkdaySession:
    """取消社区工作日，已公示的一并撤下 · cancel a session; its notice is withdrawn.

    :param session: 社区工作日 · the session
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, BLANK, TOO_LONG, BEFORE_PUBLICATION, FUTURE_DATE
    """
    row = await work.take(WorkdaySession, session, "session")
    await work.may(SESSION, row, "cancel")
    work.expect(row, expected_version)
    await _give_up(
        work,
        row,
        "cancel",
        reason,
        document=document,
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
    )
    return row


async def postpone_session(
    work: Work,
    session: SessionKey,
    day: dt.date,
    reason: str,
    *,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    document: str = "",
    expected_version: int | None = None,
) -> WorkdaySession:
    """改期，已公示的一并撤下；结果为新的一次 · postpone a session; the new one is given back.

    Time, place and team are taken over, and the reason is that of the exception. A notice is
    withdrawn.

    :param session: 社区工作日 · the session
    :param day: 改到的日期 · the new day
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, BLANK, TOO_LONG, SAME_DAY, DAY_OUT_OF_RANGE,
        NO_PROGRAMME, NO_LIAISON, SESSION_EXISTS, BEFORE_PUBLICATION, FUTURE_DATE
    """
    row = await work.take(WorkdaySession, session, "session")
    await work.may(SESSION, row, "postpone")
    work.expect(row, expected_version)
    insist(check_year(day.year, "day"))
    if day == row.day:
        REFUSALS.refuse("SAME_DAY", "day")
    why = text(WorkdaySession, "exception_reason", reason, needed=True, field="reason")
    programme = await WorkdayProgramme.get(id=row.programme_id, using_db=work.connection)
    calendar = await working_days(day)
    insist(rules.check_day(facts_of(programme), day, row.half_day, calendar, why))
    team = await team_of(work, row)
    lead, members = lead_of(team), members_of(team)
    insist(await check_lead(work, row.organization_id, day, lead))
    await _give_up(
        work,
        row,
        "postpone",
        why,
        document=document,
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
        data={"day": day.isoformat()},
    )
    made = WorkdaySession(
        programme_id=row.programme_id,
        organization_id=row.organization_id,
        org_path=row.org_path,
        area_id=row.area_id,
        area_path=row.area_path,
        day=day,
        weekday=rules.weekday_of(day),
        half_day=row.half_day,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        place=row.place,
        staff=row.staff,
        exception_reason=why,
        postponed_from_id=row.id,
        synthetic=row.synthetic,
    )
    await _begin(work, made, occurred_at=occurred_at, on_behalf_of=on_behalf_of)
    await write_team(work, made, lead, members)
    return made


# == parts of them ==


async def _programme(
    work: Work, committee: Organization, day: dt.date, key: int | None
) -> WorkdayProgramme:
    if key is None:
        return await programme_on(work, committee, day)
    found = await work.find(WorkdayProgramme, key, "programme")
    if not committee.path.startswith(found.org_path):
        REFUSALS.refuse("OUTSIDE_PROGRAMME", "programme")
    return found


def _session(
    committee: Organization,
    programme: WorkdayProgramme,
    day: dt.date,
    *,
    place: str = "",
    starts_at: str = "",
    ends_at: str = "",
    staff: str = "",
    exception_reason: str = "",
) -> WorkdaySession:
    """Return a new session; where no time is given, the programme's hours hold."""
    if not starts_at:
        starts_at, ends_at = programme.starts_at, ends_at or programme.ends_at
    insist(rules.check_hours(starts_at, ends_at))
    return WorkdaySession(
        programme_id=programme.id,
        organization_id=committee.id,
        org_path=committee.path,
        area_id=committee.area_id,
        area_path=committee.area_path,
        day=day,
        weekday=rules.weekday_of(day),
        half_day=rules.half_day_of(starts_at, programme.half_day),
        starts_at=starts_at,
        ends_at=ends_at,
        place=place,
        staff=staff,
        exception_reason=exception_reason,
        synthetic=committee.synthetic,
    )


async def _begin(
    work: Work,
    row: WorkdaySession,
    *,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: int | None = None,
) -> None:
    """Write a new session; its half day must be free.

    :raises RuleError: SESSION_EXISTS, FUTURE_DATE.
    """
    taken = WorkdaySession.filter(
        organization_id=row.organization_id, day=row.day, half_day=row.half_day, occupies=True
    )
    zh, en = rules.HALF_DAY_LABELS[row.half_day]
    exists = REFUSALS.refusal("SESSION_EXISTS", "day", day=row.day, half=zh, half_en=en)
    if await taken.using_db(work.connection).exists():
        raise exists
    try:
        await work.begin(
            SESSION,
            row,
            "plan",
            WorkdaySessionTransition,
            occurred_at=occurred_at,
            on_behalf_of=await on_behalf(work, on_behalf_of),
            reason=row.exception_reason,
            data={"day": row.day.isoformat()},
        )
    except IntegrityError:  # another transaction was quicker
        raise exists from None


async def _give_up(
    work: Work,
    row: WorkdaySession,
    action: str,
    reason: str,
    *,
    document: str,
    occurred_at: dt.datetime | None,
    on_behalf_of: int | None,
    data: dict[str, Any] | None = None,
) -> None:
    """Take a step after which the session will not be held, and withdraw its notice."""
    why = text(WorkdaySession, "exception_reason", reason, needed=True, field="reason")
    await withdraw_notice(work, row, why, occurred_at)
    await work.transition(
        SESSION,
        row,
        action,
        WorkdaySessionTransition,
        occurred_at=occurred_at,
        on_behalf_of=await on_behalf(work, on_behalf_of),
        reason=why,
        document=text(WorkdaySessionTransition, "document", document),
        columns={"occupies": None},
        data=data,
    )


async def _committees(work: Work, top: Organization) -> list[Organization]:
    """Return the active committees in a subtree; the top itself counts whatever its kind."""
    rows = Organization.filter(
        path__gte=top.path, path__lt=upper(top.path), status="ACTIVE"
    ).using_db(work.connection)
    found = await rows.filter(kind__in=rules.HOST_KINDS).order_by("path")
    return found or [top]


def _days(
    programmes: Sequence[WorkdayProgramme],
    committee: Organization,
    first_day: dt.date,
    last_day: dt.date,
) -> Iterator[tuple[WorkdayProgramme, dt.date]]:
    """Yield the days on which a committee is due, each with the programme in force."""
    for programme in programmes:
        for day in rules.days_of(facts_of(programme), first_day, last_day):
            if nearest(programmes, committee, day) is programme:
                yield programme, day


async def _taken(
    work: Work, organizations: list[int], first: dt.date, last: dt.date
) -> set[tuple[int, dt.date]]:
    rows = WorkdaySession.filter(
        organization_id__in=organizations, day__gte=first, day__lte=last, occupies=True
    ).using_db(work.connection)
    return {(row.organization_id, row.day) for row in await rows}
