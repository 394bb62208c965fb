"""不予受理、合并、转办、上报 · what is not solved where it stands."""

from __future__ import annotations

import datetime as dt

from gongzhi.refusals import insist
from gongzhi.registry import tree
from gongzhi.registry.common import must_be_active, text
from gongzhi.registry.models import Organization
from gongzhi.writing import OrganizationKey, PersonKey, Work
from gongzhi_ledger import common, rules
from gongzhi_ledger.models import Issue, IssueKey, IssueReferral, ReturnVisit
from gongzhi_ledger.rules import REFUSALS, ReferralKind, ResolutionLevel


async def reject(
    work: Work,
    issue: IssueKey,
    reason: str,
    *,
    expected_version: int | None = None,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    document: str = "",
) -> Issue:
    """不予受理，须写明原因 · reject an issue, with the reason.

    :param issue: 问题 · the issue
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, NO_REASON, TOO_LONG, FUTURE_DATE, TOO_EARLY
    """
    row = await common.take(work, issue, "reject", expected_version)
    await common.step(
        work,
        row,
        "reject",
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
        reason=common.long_text(reason, "reason", "NO_REASON"),
        document=document,
        columns={"ended_on": common.day_of(work, occurred_at)},
    )
    return row


async def merge(
    work: Work,
    issue: IssueKey,
    into: IssueKey,
    *,
    reason: str = "",
    expected_version: int | None = None,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
) -> Issue:
    """合并重复的问题 · merge an issue into the one that it repeats.

    :param issue: 重复的问题 · the one that repeats
    :param into: 并入的问题 · the one that stays
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, MERGE_INTO_ITSELF, MERGE_TARGET, TOO_LONG,
        FUTURE_DATE, TOO_EARLY
    """
    first, second = sorted((issue, into))  # everybody takes them in this order
    fields = {into: "into", issue: "issue"}
    held = {key: await work.take(Issue, key, fields[key], permission=rules.ENTER)
            for key in dict.fromkeys((first, second))}  # fmt: skip
    row, stays = held[issue], held[into]
    work.expect(row, expected_version)
    insist(rules.check_merging(row.id, stays.id, stays.state))
    await common.step(
        work,
        row,
        "merge",
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
        reason=reason,
        columns={
            "merged_into_id": stays.id,
            "ended_on": common.day_of(work, occurred_at),
        },
        data={"into": stays.id},
    )
    return row


async def transfer(
    work: Work,
    issue: IssueKey,
    reason: str,
    *,
    to: OrganizationKey | None = None,
    refused_by: str = "",
    expected_version: int | None = None,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    document: str = "",
) -> IssueReferral:
    """转办：转入另一组织的台账，由其重新建账 · hand an issue to another organization's ledger.

    :param issue: 问题 · the issue
    :param reason: 转办原因 · why
    :param to: 接收的组织，默认为上级组织 · who gets it, the superior where absent
    :param refused_by: 推诿或无权办理的单位 · the unit that declined to handle it
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, NO_REASON, NO_SUPERIOR, SAME_ORGANIZATION,
        NOT_ACTIVE, TOO_LONG, FUTURE_DATE, TOO_EARLY
    """
    row = await common.take(work, issue, "transfer", expected_version)
    receiver = await _receiver(work, row, to)
    level = rules.higher(row.resolution_level, rules.level_of(receiver.level))
    referral = await _referral(
        work, row, ReferralKind.TRANSFER, reason, refused_by, level, occurred_at
    )
    referral.receiver_id = receiver.id
    await common.step(
        work,
        row,
        "transfer",
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
        reason=referral.reason,
        document=document,
        columns={
            "organization_id": receiver.id,
            "org_path": receiver.path,
            "handler_id": None,
            "opened_at": None,
            "opened_on": None,
            "resolution_level": level,
        },
        data={"from_organization": referral.organization_id, "level": level},
    )
    await (
        ReturnVisit.filter(issue_id=row.id)
        .using_db(work.connection)
        .update(organization_id=receiver.id, org_path=receiver.path)
    )
    return await work.insert(referral)


async def escalate(
    work: Work,
    issue: IssueKey,
    reason: str,
    *,
    to: ResolutionLevel | None = None,
    refused_by: str = "",
    expected_version: int | None = None,
    occurred_at: dt.datetime | None = None,
) -> Issue:
    """上报更高层级，台账不变 · raise an issue to a higher level; it stays in its ledger.

    :param issue: 问题 · the issue
    :param reason: 上报原因 · why
    :param to: 上报到哪一层级，默认为上一级 · to which level, the next where absent
    :param refused_by: 推诿或无权办理的单位 · the unit that declined to handle it
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, NO_REASON, NOT_HIGHER, TOO_LONG, FUTURE_DATE,
        TOO_EARLY
    """
    row = await common.take(work, issue, "escalate", expected_version)
    before, level = row.resolution_level, to or rules.next_level(row.resolution_level)
    insist(rules.check_escalation(before, level))
    at = occurred_at or work.now
    if at > work.now:
        REFUSALS.refuse("FUTURE_DATE", "occurred_at")
    insist(rules.check_order(row.state_since, at, common.day_of(work, row.state_since)))
    await work.insert(
        await _referral(work, row, ReferralKind.ESCALATION, reason, refused_by, level, occurred_at)
    )
    await work.update(row, resolution_level=level)
    common.happened(
        work, row, "escalate", {"from_level": before, "level": level}, occurred_at=occurred_at
    )
    return row


async def _receiver(work: Work, issue: Issue, to: int | None) -> Organization:
    if to is not None:
        receiver = await work.find(Organization, to, "to")
    else:
        # who keeps the ledger need not see his superior to hand something up to it
        rows = await work.fetch(
            "SELECT superior_id FROM core_organization WHERE id = $1", issue.organization_id
        )
        if rows[0]["superior_id"] is None:
            REFUSALS.refuse("NO_SUPERIOR", "to")
        receiver = await tree.get(work.connection, Organization, rows[0]["superior_id"], "to")
    if receiver.id == issue.organization_id:
        REFUSALS.refuse("SAME_ORGANIZATION", "to")
    must_be_active(receiver, "to")
    return receiver


async def _referral(
    work: Work,
    issue: Issue,
    kind: ReferralKind,
    reason: str,
    refused_by: str,
    level: ResolutionLevel,
    occurred_at: dt.datetime | None,
) -> IssueReferral:
    """Make the record of the organization that hands it on, which is not written yet."""
    return IssueReferral(
        organization_id=issue.organization_id,
        org_path=issue.org_path,
        issue_id=issue.id,
        kind=kind,
        from_level=issue.resolution_level,
        to_level=level,
        refused_by=text(IssueReferral, "refused_by", refused_by),
        reason=common.long_text(reason, "reason", "NO_REASON"),
        occurred_at=occurred_at or work.now,
    )
