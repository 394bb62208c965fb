"""Memberships, as mutations; the decisions behind them are recorded with who decided."""

from __future__ import annotations

import datetime as dt

from gongzhi.mutations.common import day_of, said
from gongzhi.registry import service, tree
from gongzhi.registry.codes import ContactState, MembershipStage, MembershipState
from gongzhi.registry.models import Member, Organization, Person
from gongzhi.writing import MemberKey, OrganizationKey, PersonKey, Work


async def admit_member(
    work: Work,
    person: PersonKey,
    branch: OrganizationKey,
    stage: MembershipStage,
    *,
    joined_on: dt.date | None = None,
    full_member_on: dt.date | None = None,
    affiliation_since: dt.date | None = None,
    last_contact_on: dt.date | None = None,
    last_attended_on: dt.date | None = None,
    dues_paid_through: dt.date | None = None,
    is_floating: bool = False,
    on: dt.date | None = None,
    decided_by: str = "",
    document: str = "",
) -> Member:
    """登记党员，从入党申请人到正式党员 · register a person in a branch, at any stage.

    :param person: 本人 · the person
    :param branch: 所在党组织 · the Party organization
    :param stage: 发展阶段 · stage
    :param joined_on: 入党日期 · day of admission
    :param full_member_on: 转正日期 · day of becoming a full member
    :param affiliation_since: 组织关系转入日期 · in this organization since
    :param last_contact_on: 最近联系日期 · day of the last contact
    :param last_attended_on: 最近参加活动日期 · day of the last attendance
    :param dues_paid_through: 党费交至 · dues are paid up to this day
    :param is_floating: 流动党员 · lives or works away from the branch
    :param on: 登记日期，默认为今天 · day of the registration, today where absent
    :param decided_by: 决定单位 · who decided
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, NOT_A_PARTY_ORGANIZATION, ALREADY_MEMBER, TOO_LONG,
        FUTURE_DATE, DATE_ORDER, DATE_WITHOUT_STAGE
    """
    await work.require(await work.find(Organization, branch, "branch"))
    await work.see(Person, person, "person")
    member = await service.admit_member(
        person,
        branch,
        stage=stage,
        joined_on=joined_on,
        full_member_on=full_member_on,
        affiliation_since=affiliation_since,
        last_contact_on=last_contact_on,
        last_attended_on=last_attended_on,
        dues_paid_through=dues_paid_through,
        is_floating=is_floating,
        on=on,
        decided_by=decided_by,
        document=document,
    )
    data = said(person_id=person, stage=stage, on=day_of(work, on))
    work.record("core.member.admit", member, data=data)
    return member


async def move_member(
    work: Work,
    member: MemberKey,
    branch: OrganizationKey,
    *,
    on: dt.date | None = None,
    decided_by: str = "",
    document: str = "",
    expected_version: int | None = None,
) -> Member:
    """转接组织关系，双方均须有权限 · move it to another branch; needs the permission at both.

    :param member: 党员 · the member
    :param branch: 转入的党组织 · the branch to be
    :param on: 转接日期，默认为今天 · the day, today where absent
    :param decided_by: 决定单位 · who decided
    :raises RuleError: NOT_FOUND, CONFLICT, MEMBERSHIP_ENDED, NOT_ACTIVE, ALREADY_MEMBER,
        NOT_A_PARTY_ORGANIZATION, SAME_BRANCH, TOO_LONG, FUTURE_DATE
    """
    row = await _take(work, member, branch)
    await work.require(await work.find(Organization, branch, "branch"))
    moved = await service.move_member(
        member,
        branch,
        on=on,
        decided_by=decided_by,
        document=document,
        expected_version=expected_version,
    )
    data = {"from": row.branch_id, "to": branch, **said(on=day_of(work, on))}
    work.record("core.member.move", moved, data=data)
    return moved


async def change_stage(
    work: Work,
    member: MemberKey,
    stage: MembershipStage,
    *,
    on: dt.date | None = None,
    decided_by: str = "",
    document: str = "",
    expected_version: int | None = None,
) -> Member:
    """进入下一发展阶段 · take the next step to full membership.

    :param member: 党员 · the member
    :param stage: 新的阶段 · the next stage
    :param on: 决定日期，默认为今天 · the day, today where absent
    :param decided_by: 决定单位 · who decided
    :raises RuleError: NOT_FOUND, CONFLICT, MEMBERSHIP_ENDED, STAGE_STEP, DATE_ORDER, TOO_LONG,
        FUTURE_DATE, DATE_WITHOUT_STAGE
    """
    before = (await _take(work, member)).stage
    changed = await service.change_stage(
        member,
        stage,
        on=on,
        decided_by=decided_by,
        document=document,
        expected_version=expected_version,
    )
    data = {"from": before, "to": stage, **said(on=day_of(work, on))}
    work.record("core.member.change_stage", changed, data=data)
    return changed


async def change_state(
    work: Work,
    member: MemberKey,
    state: MembershipState,
    *,
    on: dt.date | None = None,
    decided_by: str = "",
    document: str = "",
    expected_version: int | None = None,
) -> Member:
    """停止、恢复或终止党籍 · suspend, reinstate or end a membership.

    :param member: 党员 · the member
    :param state: 新的党籍状态 · the new state
    :param on: 决定日期，默认为今天 · the day, today where absent
    :param decided_by: 决定单位 · who decided
    :raises RuleError: NOT_FOUND, CONFLICT, MEMBERSHIP_ENDED, STATE_STEP, SUSPENSION_TOO_SHORT,
        TOO_LONG, FUTURE_DATE
    """
    before = (await _take(work, member)).state
    changed = await service.change_state(
        member,
        state,
        on=on,
        decided_by=decided_by,
        document=document,
        expected_version=expected_version,
    )
    data = {"from": before, "to": state, **said(on=day_of(work, on))}
    work.record("core.member.change_state", changed, data=data)
    return changed


async def change_contact_state(
    work: Work,
    member: MemberKey,
    contact_state: ContactState,
    *,
    on: dt.date | None = None,
    decided_by: str = "",
    document: str = "",
    expected_version: int | None = None,
) -> Member:
    """标记失联情况或已取得联系 · mark as suspected lost, searched for, lost, or found again.

    :param member: 党员 · the member
    :param contact_state: 新的联系状态 · the new state of contact
    :param on: 日期，默认为今天 · the day, today where absent
    :param decided_by: 决定单位 · who decided
    :raises RuleError: NOT_FOUND, CONFLICT, MEMBERSHIP_ENDED, CONTACT_STEP, TOO_LONG, FUTURE_DATE
    """
    before = (await _take(work, member)).contact_state
    changed = await service.change_contact_state(
        member,
        contact_state,
        on=on,
        decided_by=decided_by,
        document=document,
        expected_version=expected_version,
    )
    data = {"from": before, "to": contact_state, **said(on=day_of(work, on))}
    work.record("core.member.change_contact_state", changed, data=data)
    return changed


async def record_contact(
    work: Work, member: MemberKey, *, on: dt.date | None = None, attended: bool = False
) -> Member:
    """记录与党员的联系，或其参加活动 · note that a member was in contact, or attended.

    :param member: 党员 · the member
    :param on: 日期，默认为今天 · the day, today where absent
    :param attended: 参加了活动 · attended an activity
    :raises RuleError: NOT_FOUND, CONFLICT, MEMBERSHIP_ENDED, FUTURE_DATE
    """
    await _take(work, member)
    noted = await service.record_contact(member, on=on, attended=attended)
    data = said(on=day_of(work, on), attended=attended)
    work.record("core.member.record_contact", noted, data=data)
    return noted


async def _take(work: Work, member: int, other: int | None = None) -> Member:
    """Return a member to change it; branches are held before the person, the person before it.

    :param other: the branch that it is to move to.
    """
    row = await work.see(Member, member, "member")
    await work.require(row)
    if other is not None:
        await work.see(Organization, other, "branch")
    branches = [each for each in (row.branch_id, other) if each is not None]
    await tree.hold(work.connection, Organization, branches)
    await tree.hold(work.connection, Person, [row.person_id], change=True)
    return await work.take(Member, member, "member")
