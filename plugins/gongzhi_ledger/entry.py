"""受理、建账、现场解决 · issues come in: received, entered in the ledger, or solved at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tortoise.exceptions import IntegrityError

from gongzhi.calendar.rules import DayBasis
from gongzhi.refusals import insist
from gongzhi.registry.common import text
from gongzhi.writing import AreaKey, GlobalId, OrganizationKey, PersonKey, Work
from gongzhi_ledger import common, rules
from gongzhi_ledger.common import Unit
from gongzhi_ledger.models import Issue, IssueKey, IssueParticipant, IssueTransition
from gongzhi_ledger.rules import (
    MACHINE,
    REFUSALS,
    HandlingMode,
    IssueSeverity,
)


async def receive_issue(
    work: Work,
    organization: OrganizationKey,
    title: str,
    source: str,
    category: str,
    *,
    description: str = "",
    severity: IssueSeverity = IssueSeverity.ORDINARY,
    number: str = "",
    area: AreaKey | None = None,
    collector: PersonKey | None = None,
    reporter: PersonKey | None = None,
    source_ref: GlobalId | None = None,
    exists_since: dt.date | None = None,
    affected_households: int | None = None,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    document: str = "",
) -> Issue:
    """受理一项群众反映的问题，尚未建账 · receive an issue, which is not in the ledger yet.

    :param organization: 建账的组织（居委会或街道） · the organization that keeps the ledger
    :param title: 标题 · title
    :param source: 来源代码，见代码表 issue_source · code of the source
    :param category: 类别代码，见代码表 issue_category · code of the category
    :param description: 情况说明 · description
    :param severity: 问题等级 · severity
    :param number: 编号，不填则自动生成 · number, made where absent
    :param area: 所在地域，默认为组织的属地 · area, that of the organization where absent
    :param collector: 意见收集人，负责回访；默认为当前账号的人员 · who collected the opinion and
        visits again, the asking person where absent
    :param reporter: 反映人，仅有权者可见（脱敏） · who reported it, seen masked by few
    :param source_ref: 来源对象的全局编号 · global id of what it came from
    :param exists_since: 问题存在的起始日期 · since when the problem is known
    :param affected_households: 涉及户数 · households concerned
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, BLANK, TOO_LONG, UNKNOWN_CODE, FUTURE_DATE,
        NUMBER_TAKEN, NUMBER_RESERVED, NOT_POSITIVE, TOO_LARGE
    """
    matter = _Matter(
        organization, title, source, category, description, severity, number, area, collector,
        reporter, source_ref, exists_since, affected_households, occurred_at, on_behalf_of,
        document,
    )  # fmt: skip
    return await _write(work, matter, await _received(work, matter))


async def open_issue(
    work: Work,
    organization: OrganizationKey,
    title: str,
    source: str,
    category: str,
    *,
    handling_mode: HandlingMode | None = None,
    handler: PersonKey | None = None,
    participants: Sequence[Unit] = (),
    due_on: dt.date | None = None,
    due_days: int | None = None,
    due_basis: DayBasis = DayBasis.WORKING_DAYS,
    planned_cost: Decimal | None = None,
    description: str = "",
    severity: IssueSeverity = IssueSeverity.ORDINARY,
    number: str = "",
    area: AreaKey | None = None,
    collector: PersonKey | None = None,
    reporter: PersonKey | None = None,
    source_ref: GlobalId | None = None,
    exists_since: dt.date | None = None,
    affected_households: int | None = None,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    document: str = "",
) -> Issue:
    """受理并建账 · receive an issue and enter it in the ledger.

    :param organization: 建账的组织（居委会或街道） · the organization that keeps the ledger
    :param title: 标题 · title
    :param source: 来源代码，见代码表 issue_source · code of the source
    :param category: 类别代码，见代码表 issue_category · code of the category
    :param handling_mode: 办理方式：限时结办须有期限，协调商办须有牵头和协同单位 · way of handling:
        by a day needs that day, together with others needs a lead unit and a partner
    :param handler: 承办人 · who handles it
    :param participants: 参与单位 · units that take part
    :param due_on: 期限日 · the last day in time
    :param due_days: 期限天数，自次日起算 · so many days, counted from the next one
    :param due_basis: 期限天数的计算方式 · which days these are
    :param planned_cost: 计划投入（元） · planned cost in CNY
    :param description: 情况说明 · description
    :param severity: 问题等级 · severity
    :param number: 编号，不填则自动生成 · number, made where absent
    :param area: 所在地域，默认为组织的属地 · area, that of the organization where absent
    :param collector: 意见收集人，负责回访；默认为当前账号的人员 · who collected the opinion and
        visits again, the asking person where absent
    :param reporter: 反映人，仅有权者可见（脱敏） · who reported it, seen masked by few
    :param source_ref: 来源对象的全局编号 · global id of what it came from
    :param exists_since: 问题存在的起始日期 · since when the problem is known
    :param affected_households: 涉及户数 · households concerned
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, BLANK, TOO_LONG, UNKNOWN_CODE, FUTURE_DATE,
        NUMBER_TAKEN, NUMBER_RESERVED, NOT_POSITIVE, TOO_LARGE, NO_MODE, IMMEDIATE_IS_ON_SPOT,
        NO_AREA, NO_HANDLER, DEADLINE_NEEDED, TWO_DEADLINES, DUE_TOO_EARLY, DAYS_OUT_OF_RANGE,
        DAY_OUT_OF_RANGE, LEAD_NEEDED, PARTNER_NEEDED, TWO_LEADS, UNIT_NEEDED, UNIT_TWICE
    """
    matter = _Matter(
        organization, title, source, category, description, severity, number, area, collector,
        reporter, source_ref, exists_since, affected_households, occurred_at, on_behalf_of,
        document,
    )  # fmt: skip
    issue = await _received(work, matter)
    await work.require(issue, rules.ENTER)
    entry = _Entry(handling_mode, handler, participants, due_on, due_days, due_basis, planned_cost)
    opened = await _opened(work, issue, entry, [], occurred_at)
    issue.update_from_dict(opened.columns)
    await _write(work, matter, issue, then={"open": opened.data})
    for row in opened.units:
        row.issue_id = issue.id
        await work.insert(row)
    return issue


async def solve_on_spot(
    work: Work,
    organization: OrganizationKey,
    title: str,
    source: str,
    category: str,
    result: str,
    *,
    description: str = "",
    number: str = "",
    area: AreaKey | None = None,
    collector: PersonKey | None = None,
    reporter: PersonKey | None = None,
    source_ref: GlobalId | None = None,
    affected_households: int | None = None,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    document: str = "",
) -> Issue:
    """受理并当场解决，不建账 · receive an issue and solve it on the spot, outside the ledger.

    :param organization: 登记的组织（居委会或街道） · the organization that records it
    :param title: 标题 · title
    :param source: 来源代码，见代码表 issue_source · code of the source
    :param category: 类别代码，见代码表 issue_category · code of the category
    :param result: 处理结果 · what was done
    :param description: 情况说明 · description
    :param number: 编号，不填则自动生成 · number, made where absent
    :param area: 所在地域，默认为组织的属地 · area, that of the organization where absent
    :param collector: 意见收集人，默认为当前账号的人员 · who collected the opinion, the asking
        person where absent
    :param reporter: 反映人，仅有权者可见（脱敏） · who reported it, seen masked by few
    :param source_ref: 来源对象的全局编号 · global id of what it came from
    :param affected_households: 涉及户数 · households concerned
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, BLANK, TOO_LONG, UNKNOWN_CODE, FUTURE_DATE,
        NUMBER_TAKEN, NUMBER_RESERVED, NOT_POSITIVE, TOO_LARGE, NO_RESULT
    """
    matter = _Matter(
        organization, title, source, category, description, IssueSeverity.ORDINARY, number, area,
        collector, reporter, source_ref, None, affected_households, occurred_at, on_behalf_of,
        document,
    )  # fmt: skip
    issue = await _received(work, matter)
    await work.require(issue, rules.HANDLE)
    issue.update_from_dict(_solved(work, result, occurred_at))
    return await _write(work, matter, issue, then={"solve": {"level": issue.resolution_level}})


async def enter_issue(
    work: Work,
    issue: IssueKey,
    *,
    handling_mode: HandlingMode | None = None,
    handler: PersonKey | None = None,
    participants: Sequence[Unit] = (),
    due_on: dt.date | None = None,
    due_days: int | None = None,
    due_basis: DayBasis = DayBasis.WORKING_DAYS,
    planned_cost: Decimal | None = None,
    expected_version: int | None = None,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    document: str = "",
) -> Issue:
    """建账：已受理的，或由其他组织转来的 · enter an issue that was received, or handed over.

    What was said of one that was handed over stays, where nothing else is said.

    :param issue: 问题 · the issue
    :param handling_mode: 办理方式：限时结办须有期限，协调商办须有牵头和协同单位 · way of handling:
        by a day needs that day, together with others needs a lead unit and a partner
    :param handler: 承办人 · who handles it
    :param participants: 增加的参与单位 · further units that take part
    :param due_on: 期限日 · the last day in time
    :param due_days: 期限天数，自次日起算 · so many days, counted from the next one
    :param due_basis: 期限天数的计算方式 · which days these are
    :param planned_cost: 计划投入（元） · planned cost in CNY
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, TOO_LONG, FUTURE_DATE, TOO_EARLY, NOT_POSITIVE,
        TOO_LARGE, NO_MODE, IMMEDIATE_IS_ON_SPOT, NO_AREA, NO_HANDLER, DEADLINE_NEEDED,
        TWO_DEADLINES, DUE_TOO_EARLY, DAYS_OUT_OF_RANGE, DAY_OUT_OF_RANGE, LEAD_NEEDED,
        PARTNER_NEEDED, TWO_LEADS, UNIT_NEEDED, UNIT_TWICE
    """
    row = await common.take(work, issue, "open", expected_version)
    entry = _Entry(handling_mode, handler, participants, due_on, due_days, due_basis, planned_cost)
    present = await common.units_of(work, row)
    opened = await _opened(work, row, entry, present, occurred_at)
    for unit in opened.units:
        unit.issue_id = row.id
        await work.insert(unit)
    await common.step(
        work,
        row,
        "open",
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
        document=document,
        columns=opened.columns,
        data=opened.data,
    )
    return row


async def solve_received(
    work: Work,
    issue: IssueKey,
    result: str,
    *,
    expected_version: int | None = None,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    document: str = "",
) -> Issue:
    """当场解决一项已受理的问题，不建账 · solve a received issue at once, outside the ledger.

    :param issue: 问题 · the issue
    :param result: 处理结果 · what was done
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, TOO_LONG, FUTURE_DATE, TOO_EARLY, NO_RESULT
    """
    row = await common.take(work, issue, "solve", expected_version)
    await common.step(
        work,
        row,
        "solve",
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
        document=document,
        columns=_solved(work, result, occurred_at),
        data={"level": row.resolution_level},
    )
    return row


# == how ==


@dataclass(frozen=True, slots=True)
class _Matter:
    """What is known of an issue when it comes in."""

    organization: int
    title: str
    source: str
    category: str
    description: str
    severity: IssueSeverity
    number: str
    area: int | None
    collector: int | None
    reporter: int | None
    source_ref: str | None
    exists_since: dt.date | None
    affected_households: int | None
    occurred_at: dt.datetime | None
    on_behalf_of: int | None
    document: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is said when it is entered."""

    mode: HandlingMode | None
    handler: int | None
    participants: Sequence[Unit]
    due_on: dt.date | None
    due_days: int | None
    due_basis: DayBasis
    planned_cost: Decimal | None


async def _received(work: Work, matter: _Matter) -> Issue:
    """Return an issue that came in; it is not written yet."""
    owner = await common.organization(work, matter.organization, "organization")
    collector = await common.person(work, matter.collector, "collector")
    on_behalf_of = await common.person(work, matter.on_behalf_of, "on_behalf_of")
    at = matter.occurred_at or work.now
    source, category = matter.source, matter.category
    await work.codes(source=(common.SOURCE, source), category=(common.CATEGORY, category))
    issue = Issue(
        number=text(Issue, "number", matter.number),
        organization_id=owner.id,
        org_path=owner.path,
        **await common.area_columns(work, matter.area, owner),
        title=text(Issue, "title", matter.title, needed=True),
        description=common.long_text(matter.description, "description"),
        source=source,
        **await _origin(work, matter.source_ref),
        category=category,
        severity=matter.severity,
        resolution_level=rules.level_of(owner.level),
        collector_id=collector or on_behalf_of or await work.person_id(),
        reporter_id=await common.person(work, matter.reporter, "reporter"),
        exists_since=matter.exists_since and common.past(work, matter.exists_since, "exists_since"),
        affected_households=common.number_of(matter.affected_households, "affected_households"),
        received_at=at,
        state_since=at,
    )
    if not issue.number:
        issue.id = await work.next_id(Issue)
        issue.number = f"{owner.code}-{common.day_of(work, at).year}-{issue.id}"
        return issue
    insist(rules.check_number(issue.number))
    if await Issue.filter(number=issue.number).using_db(work.connection).exists():
        REFUSALS.refuse("NUMBER_TAKEN", "number")
    return issue


async def _write(
    work: Work, matter: _Matter, issue: Issue, then: Mapping[str, dict[str, Any]] | None = None
) -> Issue:
    """Write an issue that came in, and the steps that it takes at once."""
    try:
        return await work.begin(
            MACHINE,
            issue,
            "receive",
            IssueTransition,
            permission=rules.RECEIVE,
            then=then,
            occurred_at=matter.occurred_at,
            on_behalf_of=matter.on_behalf_of,
            document=text(IssueTransition, "document", matter.document),
            data={"source": issue.source, "category": issue.category},
        )
    except IntegrityError:  # another was quicker with the same number
        REFUSALS.refuse("NUMBER_TAKEN", "number")


async def _origin(work: Work, source_ref: str | None) -> dict[str, Any]:
    if not source_ref:
        return {}
    row = await work.find_any(source_ref, "source_ref")
    return {"source_type": source_ref.partition(":")[0], "source_id": row.pk}


@dataclass(frozen=True, slots=True)
class _Opened:
    """What an issue has when it is entered; nothing of it is written yet."""

    columns: dict[str, Any]
    units: list[IssueParticipant]
    data: dict[str, Any]


async def _opened(
    work: Work,
    issue: Issue,
    entry: _Entry,
    present: list[IssueParticipant],
    occurred_at: dt.datetime | None,
) -> _Opened:
    opened_on = common.day_of(work, occurred_at)
    handler = await common.person(work, entry.handler, "handler")
    added = await common.new_units(work, entry.participants, present)
    leads, partners = common.count_roles([*present, *added])
    due: dict[str, Any] = {}
    if entry.due_on is not None or entry.due_days is not None:
        due = await common.due_columns(opened_on, entry.due_on, entry.due_days, entry.due_basis)
        due["overdue_recorded_on"] = None
    mode = entry.mode or issue.handling_mode
    due_on = due.get("due_on", issue.due_on)
    insist(
        rules.check_entry(
            rules.Entry(
                mode=mode,
                has_area=issue.area_id is not None,
                has_handler=(handler or issue.handler_id) is not None,
                opened_on=opened_on,
                due_on=due_on,
                leads=leads,
                partners=partners,
            )
        )
    )
    cost = common.amount(entry.planned_cost, "planned_cost")
    columns = {
        **due,
        "handling_mode": mode,
        "handler_id": handler or issue.handler_id,
        "lead_unit_id": common.lead_of([*present, *added]),
        "planned_cost": issue.planned_cost if cost is None else cost,
        "opened_at": occurred_at or work.now,
        "opened_on": opened_on,
    }
    data = {"mode": mode, "severity": issue.severity, "due_on": due_on and due_on.isoformat()}
    return _Opened(columns, added, data)


def _solved(work: Work, result: str, occurred_at: dt.datetime | None) -> dict[str, Any]:
    """Return the columns of an issue that is solved on the spot."""
    return {
        "handling_mode": HandlingMode.IMMEDIATE,
        "result": common.long_text(result, "result", "NO_RESULT"),
        "ended_on": common.day_of(work, occurred_at),
    }
