"""The team of a session, written together with it; the work holds its row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from gongzhi.errors import RuleError
from gongzhi.registry.models import Person
from gongzhi.writing import Work
from gongzhi_workday import rules
from gongzhi_workday.models import WorkdaySession, WorkdaySessionMember
from gongzhi_workday.programmes import liaisons_of
from gongzhi_workday.rules import WorkdayRole


async def team_of(work: Work, row: WorkdaySession) -> list[WorkdaySessionMember]:
    """Return who is in the team of a session."""
    rows = WorkdaySessionMember.filter(session_id=row.id).using_db(work.connection)
    return await rows.order_by("id")


def lead_of(team: Collection[WorkdaySessionMember]) -> int | None:
    """Return who leads a team, None while that is open."""
    return next((each.person_id for each in team if each.role is WorkdayRole.LEAD), None)


def members_of(team: Collection[WorkdaySessionMember]) -> list[int]:
    """Return who comes along."""
    return [each.person_id for each in team if each.role is WorkdayRole.MEMBER]


async def write_team(
    work: Work, row: WorkdaySession, lead: int | None, members: Collection[int]
) -> None:
    """Write a team that was checked."""
    named = [(lead, WorkdayRole.LEAD)] if lead is not None else []
    for person_id, role in (*named, *((each, WorkdayRole.MEMBER) for each in members)):
        await work.insert(WorkdaySessionMember(session_id=row.id, person_id=person_id, role=role))


async def check_team(
    work: Work, organization_id: int, day: dt.date, lead: int | None, members: Collection[int]
) -> list[RuleError]:
    """Return what the rules refuse of a team: MEMBER_TWICE, NO_LIAISON.

    :raises RuleError: NOT_FOUND.
    """
    refused = rules.check_team(lead, members)
    for each in members:
        await work.find(Person, each, "members")
    return refused or await check_lead(work, organization_id, day, lead)


async def check_lead(
    work: Work, organization_id: int, day: dt.date, lead: int | None
) -> list[RuleError]:
    """Return NO_LIAISON when who leads is not in liaison with the committee (V3)."""
    if lead is None:
        return []
    return rules.check_lead(await liaisons_of(work, lead, organization_id), day)
