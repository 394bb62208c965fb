"""Use cases: when the work day is held, and which official is in liaison with which committee."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from tortoise.expressions import Q

from gongzhi.refusals import insist
from gongzhi.registry.models import Organization, Person
from gongzhi.writing import OrganizationKey, PersonKey, Work
from gongzhi_workday.common import must_be_open, path_ids
from gongzhi_workday.keys import LiaisonKey
from gongzhi_workday.models import LiaisonAssignment, WorkdayProgramme
from gongzhi_workday.rules import (
    REFUSALS,
    HalfDay,
    ProgrammeFacts,
    Span,
    Weekday,
    check_hours,
    check_span,
    is_within,
)

_DAY = dt.timedelta(days=1)


async def set_programme(
    work: Work,
    organization: OrganizationKey,
    *,
    weekday: Weekday = Weekday.MONDAY,
    half_day: HalfDay = HalfDay.MORNING,
    starts_at: str = "",
    ends_at: str = "",
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
    expected_version: int | None = None,
) -> WorkdayProgramme:
    """设定社区工作日安排，原有安排至前一日为止 · lay down when the work day is held.

    The programme before it ends on the day before; one that begins on the same day is changed.
    What is planned already stays as it is.

    :param organization: 牵头组织，其下各居委会适用 · who holds it, for all committees below
    :param weekday: 星期几 · the day of the week
    :param half_day: 上午或下午 · the half day
    :param starts_at: 开始时间，如 09:00 · when it begins, as 09:00
    :param ends_at: 结束时间，如 11:00 · when it ends, as 11:00
    :param starts_on: 起始日期，默认今天 · the first day, today where absent
    :param ends_on: 终止日期 · the last day, absent while it goes on
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, DATE_ORDER, DAY_OUT_OF_RANGE, TIME_FORMAT, TIME_ORDER,
        PROGRAMME_OVERLAP, CONFLICT
    """
    whose = await work.take(Organization, organization, "organization")
    must_be_open(whose)
    first = starts_on or work.today
    insist(check_span(first, ends_on, "ends_on"))
    insist(check_hours(starts_at, ends_at))
    others = WorkdayProgramme.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=first), organization_id=whose.id
    )
    same: WorkdayProgramme | None = None
    for other in await others.using_db(work.connection).order_by("starts_on"):
        if other.starts_on == first:
            same = other
        elif other.starts_on > first and (ends_on is None or other.starts_on <= ends_on):
            REFUSALS.refuse("PROGRAMME_OVERLAP", "starts_on", day=other.starts_on)
        elif other.starts_on < first:
            await work.update(other, ends_on=first - _DAY)
            work.record(
                "workday.programme.end", other, data={"ends_on": (first - _DAY).isoformat()}
            )
    columns = {
        "weekday": weekday,
        "half_day": half_day,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "ends_on": ends_on,
    }
    if same is None:
        same = await work.insert(
            WorkdayProgramme(
                organization_id=whose.id,
                org_path=whose.path,
                starts_on=first,
                synthetic=whose.synthetic,
                **columns,
            )
        )
    else:
        work.expect(same, expected_version)
        await work.update(same, **columns)
    work.record(
        "workday.programme.set",
        same,
        data={"weekday": weekday.name, "half_day": half_day.name, "starts_on": first.isoformat()},
    )
    return same


async def assign_liaison(
    work: Work,
    official: PersonKey,
    organization: OrganizationKey,
    *,
    is_area_lead: bool = False,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
) -> LiaisonAssignment:
    """指定领导干部联系的居委会 · say with which committee an official keeps in touch.

    :param official: 联系领导（干部） · the official
    :param organization: 所联系的居委会 · the committee
    :param is_area_lead: 是否包片领导 · whether the official is in charge of the area
    :param starts_on: 起始日期，默认今天 · the first day, today where absent
    :param ends_on: 终止日期 · the last day, absent while it goes on
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, DATE_ORDER, DAY_OUT_OF_RANGE, ALREADY_ASSIGNED
    """
    where = await work.take(Organization, organization, "organization")
    must_be_open(where)
    person = await work.find(Person, official, "official")
    first = starts_on or work.today
    insist(check_span(first, ends_on, "ends_on"))
    same = LiaisonAssignment.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=first),
        official_id=person.id,
        organization_id=where.id,
    )
    if ends_on is not None:
        same = same.filter(starts_on__lte=ends_on)
    if await same.using_db(work.connection).exists():
        REFUSALS.refuse("ALREADY_ASSIGNED", "official")
    made = await work.insert(
        LiaisonAssignment(
            official_id=person.id,
            organization_id=where.id,
            org_path=where.path,
            is_area_lead=is_area_lead,
            starts_on=first,
            ends_on=ends_on,
            synthetic=where.synthetic,
        )
    )
    work.record(
        "workday.liaison.assign",
        made,
        data={"official_id": person.id, "starts_on": first.isoformat()},
    )
    return made


async def end_liaison(
    work: Work, liaison: LiaisonKey, *, on: dt.date | None = None
) -> LiaisonAssignment:
    """结束联系 · end a liaison.

    :param liaison: 联系关系 · the liaison
    :param on: 最后一天，默认今天 · its last day, today where absent
    :raises RuleError: NOT_FOUND, DATE_ORDER, LIAISON_ENDED
    """
    row = await work.take(LiaisonAssignment, liaison, "liaison")
    day = on or work.today
    if row.ends_on is not None and row.ends_on <= day:
        REFUSALS.refuse("LIAISON_ENDED", "liaison", day=row.ends_on)
    insist(check_span(row.starts_on, day, "on"))
    await work.update(row, ends_on=day)
    work.record("workday.liaison.end", row, data={"ends_on": day.isoformat()})
    return row


# == for sessions ==


async def programmes_over(
    work: Work, organizations: Sequence[Organization], first: dt.date, last: dt.date
) -> list[WorkdayProgramme]:
    """Return the programmes that cover any of these organizations on any of these days.

    The nearest come first: of those of superiors, the longest path.
    """
    superiors = {key for each in organizations for key in path_ids(each.path)}
    found = WorkdayProgramme.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=first),
        organization_id__in=sorted(superiors),
        starts_on__lte=last,
    )
    return list(await found.using_db(work.connection).order_by("-org_path", "starts_on"))


def nearest(
    programmes: Sequence[WorkdayProgramme], organization: Organization, day: dt.date
) -> WorkdayProgramme | None:
    """Return the first programme that covers an organization on a day."""
    for each in programmes:
        if organization.path.startswith(each.org_path) and is_within(
            day, each.starts_on, each.ends_on
        ):
            return each
    return None


async def programme_on(work: Work, organization: Organization, day: dt.date) -> WorkdayProgramme:
    """Return the programme that covers an organization on a day: its own, or the nearest above.

    :raises RuleError: NO_PROGRAMME.
    """
    found = nearest(await programmes_over(work, [organization], day, day), organization, day)
    if found is None:
        REFUSALS.refuse("NO_PROGRAMME", "day", day=day)
    return found


def facts_of(programme: WorkdayProgramme) -> ProgrammeFacts:
    """Return what the rules must know of a programme."""
    return ProgrammeFacts(
        weekday=programme.weekday,
        half_day=programme.half_day,
        starts_on=programme.starts_on,
        ends_on=programme.ends_on,
    )


async def liaisons_of(work: Work, official_id: int, organization_id: int) -> list[Span]:
    """Return on which days an official was, is or will be in liaison with an organization."""
    rows = await LiaisonAssignment.filter(
        official_id=official_id, organization_id=organization_id
    ).using_db(work.connection)
    return [Span(row.starts_on, row.ends_on) for row in rows]


async def usual_lead(work: Work, organization_id: int, day: dt.date) -> int | None:
    """Return who leads where nobody is named: the area's lead, or the only official in liaison."""
    rows = (
        await LiaisonAssignment.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=day),
            organization_id=organization_id,
            starts_on__lte=day,
        )
        .using_db(work.connection)
        .order_by("id")
    )
    leads = [row for row in rows if row.is_area_lead] or (rows if len(rows) == 1 else [])
    return leads[0].official_id if leads else None
