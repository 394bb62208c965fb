"""Use cases: visits of all kinds, and the campaigns that they belong to."""

from __future__ import annotations

import datetime as dt

from gongzhi.refusals import insist
from gongzhi.registry.models import Area, Organization, Person
from gongzhi.writing import AreaKey, OrganizationKey, PersonKey, Work
from gongzhi_workday.common import long_text, must_be_open, must_have_happened, on_behalf, text
from gongzhi_workday.keys import CampaignKey, SessionKey
from gongzhi_workday.models import Campaign, Visit, WorkdaySession
from gongzhi_workday.rules import (
    REFUSALS,
    SESSION,
    VisitKind,
    check_masked,
    check_span,
    is_within,
)


async def record_visit(
    work: Work,
    kind: VisitKind,
    *,
    organization: OrganizationKey | None = None,
    session: SessionKey | None = None,
    campaign: CampaignKey | None = None,
    visitor: PersonKey | None = None,
    visited: PersonKey | None = None,
    visited_label: str = "",
    area: AreaKey | None = None,
    households: int = 1,
    needs: int = 0,
    findings: str = "",
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
) -> Visit:
    """登记一次走访 · enter a visit.

    :param kind: 走访方式 · the kind of visit
    :param organization: 居委会，默认为工作日的居委会 · the committee, that of the session where
        absent
    :param session: 所属的社区工作日 · the session that it belongs to
    :param campaign: 所属的大走访 · the campaign that it belongs to
    :param visitor: 走访人，默认本人 · who visited, the asking person where absent
    :param visited: 被走访人 · who was visited
    :param visited_label: 未建档的被走访人，姓名须脱敏 · who was visited and has no record, masked
    :param area: 走访地点，至楼栋 · where, down to the building
    :param households: 走访户数 · how many households it reached
    :param needs: 收集的诉求和意见件数 · how many needs and opinions were collected
    :param findings: 走访情况 · what was found
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, STATE, ORGANIZATION_MISSING, OTHER_ORGANIZATION,
        OTHER_DAY, CAMPAIGN_NOT_RUNNING, VISITOR_MISSING, NOT_MASKED, NOT_NEGATIVE, TOO_LONG,
        FUTURE_DATE
    """
    at = must_have_happened(work, occurred_at)
    on = at.astimezone(work.deployment.zone).date()
    during = await _session(work, session, on)
    where = await _organization(work, organization, during)
    drive = await _campaign(work, campaign, where, on)
    if visitor is not None:
        await work.find(Person, visitor, "visitor")
    who = visitor if visitor is not None else await work.person_id()
    if who is None:
        REFUSALS.refuse("VISITOR_MISSING", "visitor")
    if visited is not None:
        await work.find(Person, visited, "visited")
    if area is not None:
        await work.find(Area, area, "area")
    label = text(Visit, "visited_label", visited_label)
    insist(check_masked(label, "visited_label"))
    for field, number in (("households", households), ("needs", needs)):
        if number < 0:
            REFUSALS.refuse("NOT_NEGATIVE", field)
    row = Visit(
        organization_id=where.id,
        org_path=where.path,
        session_id=during and during.id,
        campaign_id=drive and drive.id,
        kind=kind,
        visitor_id=who,
        visited_id=visited,
        visited_label=label,
        area_id=area,
        visited_at=at,
        households=households,
        needs=needs,
        findings=long_text(findings, "findings"),
        synthetic=where.synthetic,
    )
    await work.require(row)
    await work.insert(row)
    work.record(
        "workday.visit.record",
        row,
        occurred_at=at,
        on_behalf_of=await on_behalf(work, on_behalf_of),
        data={"kind": kind.name, "session_id": row.session_id, "campaign_id": row.campaign_id},
    )
    return row


async def start_campaign(
    work: Work,
    organization: OrganizationKey,
    name: str,
    *,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
    target_households: int | None = None,
) -> Campaign:
    """开展大走访，如“三百三问” · start a visiting campaign.

    :param organization: 开展的组织，含其下级 · who holds it, with all below
    :param name: 名称 · its name
    :param starts_on: 起始日期，默认今天 · the first day, today where absent
    :param ends_on: 计划结束日期 · the day on which it is to end
    :param target_households: 计划走访户数 · how many households are to be visited
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, BLANK, TOO_LONG, DATE_ORDER, DAY_OUT_OF_RANGE,
        NOT_NEGATIVE
    """
    whose = await work.find(Organization, organization, "organization")
    await work.require(whose)
    must_be_open(whose)
    first = starts_on or work.today
    insist(check_span(first, ends_on, "ends_on"))
    if target_households is not None and target_households < 0:
        REFUSALS.refuse("NOT_NEGATIVE", "target_households")
    row = await work.insert(
        Campaign(
            organization_id=whose.id,
            org_path=whose.path,
            name=text(Campaign, "name", name, needed=True),
            starts_on=first,
            ends_on=ends_on,
            target_households=target_households,
            synthetic=whose.synthetic,
        )
    )
    work.record("workday.campaign.start", row, data={"starts_on": first.isoformat()})
    return row


async def end_campaign(
    work: Work,
    campaign: CampaignKey,
    *,
    on: dt.date | None = None,
    expected_version: int | None = None,
) -> Campaign:
    """结束大走访 · end a visiting campaign.

    :param campaign: 大走访 · the campaign
    :param on: 最后一天，默认今天 · its last day, today where absent
    :raises RuleError: NOT_FOUND, CONFLICT, CAMPAIGN_ENDED, DATE_ORDER, FUTURE_DATE
    """
    row = await work.take(Campaign, campaign, "campaign")
    work.expect(row, expected_version)
    day = on or work.today
    if row.ended_at is not None:
        REFUSALS.refuse("CAMPAIGN_ENDED", "campaign", day=row.ends_on)
    if day > work.today:
        REFUSALS.refuse("FUTURE_DATE", "on")
    insist(check_span(row.starts_on, day, "on"))
    await work.update(row, ends_on=day, ended_at=work.now)
    work.record("workday.campaign.end", row, data={"ends_on": day.isoformat()})
    return row


# == parts of them ==


async def _session(work: Work, key: int | None, on: dt.date) -> WorkdaySession | None:
    if key is None:
        return None
    row = await work.find(WorkdaySession, key, "session")
    await work.may(SESSION, row, "visit")
    if row.day != on:
        REFUSALS.refuse("OTHER_DAY", "occurred_at")
    return row


async def _organization(work: Work, key: int | None, during: WorkdaySession | None) -> Organization:
    if key is None and during is None:
        REFUSALS.refuse("ORGANIZATION_MISSING", "organization")
    if during is not None and key not in {None, during.organization_id}:
        REFUSALS.refuse("OTHER_ORGANIZATION", "organization")
    chosen = during.organization_id if during is not None else key
    assert chosen is not None  # noqa: S101  # one of the two is given
    found = await work.find(Organization, chosen, "organization")
    must_be_open(found)
    return found


async def _campaign(
    work: Work, key: int | None, where: Organization, on: dt.date
) -> Campaign | None:
    if key is None:
        return None
    row = await work.find(Campaign, key, "campaign")
    if not where.path.startswith(row.org_path):
        REFUSALS.refuse("OTHER_ORGANIZATION", "organization")
    if not is_within(on, row.starts_on, row.ends_on):
        REFUSALS.refuse("CAMPAIGN_NOT_RUNNING", "campaign")
    return row
