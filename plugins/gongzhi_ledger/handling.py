"""办理、销账、晒账、回访、结账 · an issue of the ledger on its way to satisfaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from gongzhi.refusals import insist
from gongzhi.registry.common import text
from gongzhi.registry.models import Person
from gongzhi.writing import PersonKey, Work
from gongzhi_ledger import common, rules
from gongzhi_ledger.models import Issue, IssueKey, ReturnVisit
from gongzhi_ledger.rules import REFUSALS, IssueState, Satisfaction
from gongzhi_publication import service as publication
from gongzhi_publication.service import PostingPlace

_RESULT = "RESULT"
"""Category of what is published about an issue."""


async def handle(
    work: Work,
    issue: IssueKey,
    *,
    handler: PersonKey | None = None,
    expected_version: int | None = None,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    reason: str = "",
    document: str = "",
) -> Issue:
    """开始办理 · begin to handle an issue, also one that was reopened.

    :param issue: 问题 · the issue
    :param handler: 改由谁承办 · another handler
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, TOO_LONG, FUTURE_DATE, TOO_EARLY
    """
    row = await common.take(work, issue, "handle", expected_version)
    await common.step(
        work,
        row,
        "handle",
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
        reason=reason,
        document=document,
        columns={"handler_id": await common.person(work, handler, "handler") or row.handler_id},
    )
    return row


async def settle(
    work: Work,
    issue: IssueKey,
    result: str,
    *,
    actual_cost: Decimal | None = None,
    expected_version: int | None = None,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    document: str = "",
) -> Issue:
    """销账：写明处理结果 · settle an issue, with its result.

    :param issue: 问题 · the issue
    :param result: 处理结果 · the result
    :param actual_cost: 实际投入（元） · actual cost in CNY
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, NO_RESULT, TOO_LONG, FUTURE_DATE, TOO_EARLY,
        NOT_POSITIVE, TOO_LARGE
    """
    row = await common.take(work, issue, "settle", expected_version)
    cost = common.amount(actual_cost, "actual_cost")
    ended_on = common.day_of(work, occurred_at)
    await common.step(
        work,
        row,
        "settle",
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
        document=document,
        columns={
            "result": common.long_text(result, "result", "NO_RESULT"),
            "actual_cost": row.actual_cost if cost is None else cost,
            "settled_at": occurred_at or work.now,
            "ended_on": ended_on,
            "settlements": row.settlements + 1,
        },
        data={
            "level": row.resolution_level,
            "late": rules.is_overdue(row.due_on, ended_on, ended_on),
        },
    )
    return row


async def disclose(
    work: Work,
    issue: IssueKey,
    *,
    channels: Sequence[PostingPlace] = (),
    title: str = "",
    body: str = "",
    period_days: int | None = None,
    open_ended: bool = False,
    contact_number_confirmed: bool = False,
    expected_version: int | None = None,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    document: str = "",
) -> Issue:
    """晒账：公示处理结果；办理中则公开进展，状态不变 · disclose the result, or progress so far.

    :param issue: 问题 · the issue
    :param channels: 公示渠道和地点；结果已另行公示的不填 · where it is made public; absent where
        the result was published already
    :param title: 公示标题，默认为问题标题，不含个人信息 · title, that of the issue where absent
    :param body: 公示正文，默认为处理结果，不含个人信息 · text, the result where absent
    :param period_days: 公示期（自然日） · period in calendar days
    :param open_ended: 不设期限，撤下为止 · without end, until it is withdrawn
    :param contact_number_confirmed: 确认文中电话号码是对外公布的联系电话 · confirms that phone
        numbers in it are meant for everybody
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, NOT_PUBLISHED, TOO_LONG, FUTURE_DATE, TOO_EARLY,
        NOT_ACTIVE, UNKNOWN_CODE, BLANK, PERIOD, PERSONAL_DATA, CONTACT_NUMBER, NO_CHANNEL
    """
    row = await common.take(work, issue, "disclose", expected_version)
    progress = row.state is IssueState.HANDLING
    notice = None
    if channels or progress:
        notice = await publication.publish(
            work,
            row.organization_id,
            category=_RESULT,
            title=title or row.title,
            body=body or ("" if progress else row.result),
            channels=channels,
            subject=row,
            period_days=period_days,
            open_ended=open_ended,
            contact_number_confirmed=contact_number_confirmed,
            occurred_at=occurred_at,
            on_behalf_of=on_behalf_of,
            synthetic=row.synthetic,
        )
    if notice is not None and progress:
        common.happened(work, row, "progress", {"publication": notice.id}, occurred_at=occurred_at)
        return row
    notice = notice or await publication.published_about(work, row)
    insist(rules.check_disclosure(notice.published_at if notice else None, row.settled_at))
    await common.step(
        work,
        row,
        "disclose",
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
        document=document,
        columns={"disclosed_at": occurred_at or work.now},
        data={"publication": notice and notice.id},
    )
    return row


async def record_return_visit(
    work: Work,
    issue: IssueKey,
    visitor: PersonKey,
    satisfaction: Satisfaction,
    *,
    at_home: bool = True,
    note: str = "",
    override_reason: str = "",
    expected_version: int | None = None,
    occurred_at: dt.datetime | None = None,
) -> Issue:
    """回访：由意见收集人到群众家中了解结果 · a return visit by who collected the opinion, at home.

    :param issue: 问题 · the issue
    :param visitor: 回访人 · who visited
    :param satisfaction: 是否满意 · what was found
    :param at_home: 在群众家中 · at the person's home
    :param note: 回访情况 · what was said
    :param override_reason: 由他人回访或未上门的原因 · why someone else visited, or not at home
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, VISITOR_NOT_COLLECTOR, NOT_AT_HOME, TOO_LONG,
        FUTURE_DATE, TOO_EARLY
    """
    row = await common.take(work, issue, "visit", expected_version)
    at = occurred_at or work.now
    if at > work.now:
        REFUSALS.refuse("FUTURE_DATE", "occurred_at")
    insist(rules.check_order(row.settled_at, at, common.day_of(work, row.settled_at)))
    visit = ReturnVisit(
        organization_id=row.organization_id,
        org_path=row.org_path,
        issue_id=row.id,
        settlement=row.settlements,
        visitor_id=(await work.find(Person, visitor, "visitor")).id,
        visited_at=at,
        visited_on=common.day_of(work, at),
        at_home=at_home,
        satisfaction=satisfaction,
        note=common.long_text(note, "note"),
        override_reason=text(ReturnVisit, "override_reason", override_reason),
    )
    insist(rules.check_visit(common.facts_of(visit, row)))
    await work.insert(visit)
    common.happened(
        work,
        row,
        "visit",
        {
            "satisfaction": satisfaction,
            "visited_on": visit.visited_on.isoformat(),
            "overridden": bool(visit.override_reason),
        },
        occurred_at=occurred_at,
    )
    return row


async def close(
    work: Work,
    issue: IssueKey,
    *,
    expected_version: int | None = None,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    document: str = "",
) -> Issue:
    """结账：须回访满意 · close an issue: the last return visit found satisfaction.

    :param issue: 问题 · the issue
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, NOT_SATISFIED, VISITOR_NOT_COLLECTOR,
        NOT_AT_HOME, TOO_LONG, FUTURE_DATE, TOO_EARLY
    """
    row = await common.take(work, issue, "close", expected_version)
    insist(rules.check_closing(await common.last_visit(work, row)))
    await common.step(
        work,
        row,
        "close",
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
        document=document,
        columns={"closed_at": occurred_at or work.now},
    )
    return row


async def reopen(
    work: Work,
    issue: IssueKey,
    *,
    reason: str = "",
    expected_version: int | None = None,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    document: str = "",
) -> Issue:
    """重启：回访不满意 · reopen an issue after a return visit that found no satisfaction.

    :param issue: 问题 · the issue
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, NOT_UNSATISFIED, TOO_LONG, FUTURE_DATE,
        TOO_EARLY
    """
    row = await common.take(work, issue, "reopen", expected_version)
    insist(rules.check_reopening(await common.last_visit(work, row)))
    await common.step(
        work,
        row,
        "reopen",
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
        reason=reason,
        document=document,
        columns={"settled_at": None, "disclosed_at": None, "ended_on": None},
    )
    return row
