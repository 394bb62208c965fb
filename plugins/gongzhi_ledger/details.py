"""修改、参与单位、措施、回潮、督办、附件 · what else is written about an issue."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from gongzhi.calendar.rules import DayBasis
from gongzhi.refusals import insist
from gongzhi.registry.common import text
from gongzhi.registry.models import Organization
from gongzhi.writing import KEEP, AreaKey, OrganizationKey, PersonKey, Work
from gongzhi_ledger import common, rules
from gongzhi_ledger.common import Unit
from gongzhi_ledger.models import (
    Issue,
    IssueAttachment,
    IssueKey,
    IssueMeasure,
    IssueParticipant,
    IssueRecurrence,
    IssueSupervision,
    MeasureKey,
    ParticipantKey,
)
from gongzhi_ledger.rules import (
    REFUSALS,
    AgendaKind,
    HandlingMode,
    IssueSeverity,
    ParticipantRole,
)

_DIGEST = re.compile(r"[0-9a-f]{64}")


async def change(
    work: Work,
    issue: IssueKey,
    *,
    title: str | None = None,
    description: str | None = None,
    category: str | None = None,
    severity: IssueSeverity | None = None,
    handling_mode: HandlingMode | None = None,
    area: AreaKey | None = KEEP,
    collector: PersonKey | None = KEEP,
    reporter: PersonKey | None = KEEP,
    handler: PersonKey | None = KEEP,
    due_on: dt.date | None = KEEP,
    due_days: int | None = KEEP,
    due_basis: DayBasis = DayBasis.WORKING_DAYS,
    exists_since: dt.date | None = KEEP,
    planned_cost: Decimal | None = KEEP,
    actual_cost: Decimal | None = KEEP,
    affected_households: int | None = KEEP,
    expected_version: int | None = None,
) -> Issue:
    """修改未销账的问题，未给出的不变 · change an unsettled issue; what is absent stays.

    :param issue: 问题 · the issue
    :param title: 标题 · title
    :param description: 情况说明 · description
    :param category: 类别代码 · code of the category
    :param severity: 问题等级 · severity
    :param handling_mode: 办理方式 · way of handling
    :param area: 所在地域 · area
    :param collector: 意见收集人 · who collected the opinion
    :param reporter: 反映人 · who reported it
    :param handler: 承办人 · who handles it
    :param due_on: 期限日 · the last day in time
    :param due_days: 期限天数，自建账次日起算 · so many days, counted from the day after the entry
    :param due_basis: 期限天数的计算方式 · which days these are
    :param exists_since: 问题存在的起始日期 · since when the problem is known
    :param planned_cost: 计划投入（元） · planned cost in CNY
    :param actual_cost: 实际投入（元） · actual cost in CNY
    :param affected_households: 涉及户数 · households concerned
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, BLANK, TOO_LONG, UNKNOWN_CODE, FUTURE_DATE,
        NOT_POSITIVE, TOO_LARGE, NO_MODE, IMMEDIATE_IS_ON_SPOT, NO_AREA, NO_HANDLER,
        DEADLINE_NEEDED, TWO_DEADLINES, DUE_TOO_EARLY, DAYS_OUT_OF_RANGE, DAY_OUT_OF_RANGE,
        LEAD_NEEDED, PARTNER_NEEDED, TWO_LEADS
    """
    row = await common.take(work, issue, "change", expected_version)
    given = _said(
        title=title,
        description=description,
        category=category,
        severity=severity,
        handling_mode=handling_mode,
    ) | _given(
        area=area,
        collector=collector,
        reporter=reporter,
        handler=handler,
        due_on=due_on,
        due_days=due_days,
        exists_since=exists_since,
        planned_cost=planned_cost,
        actual_cost=actual_cost,
        affected_households=affected_households,
    )
    columns = {**_values(work, given), **await _named(work, given)}
    if {"due_on", "due_days"} & given.keys():
        columns |= await common.due_columns(
            row.opened_on or work.today, given.get("due_on"), given.get("due_days"), due_basis
        )
        columns["overdue_recorded_on"] = None
    await _still_an_entry(work, row, columns)
    await work.update(row, **columns)
    common.happened(
        work,
        row,
        "change",
        {
            "changed": sorted(columns),
            "severity": row.severity,
            "due_on": row.due_on and row.due_on.isoformat(),
        },
    )
    return row


def _given(**parameters: Any) -> dict[str, Any]:
    """Return what was given; None clears it."""
    return {name: value for name, value in parameters.items() if value is not KEEP}


def _said(**parameters: Any) -> dict[str, Any]:
    """Return what was given of what cannot be cleared."""
    return {name: value for name, value in parameters.items() if value is not None}


def _values(work: Work, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of an issue that hold what was given itself."""
    readers: dict[str, Callable[[Any], Any]] = {
        "title": lambda value: text(Issue, "title", value, needed=True),
        "description": lambda value: common.long_text(value, "description"),
        "severity": lambda value: value,
        "handling_mode": lambda value: value,
        "exists_since": lambda value: value and common.past(work, value, "exists_since"),
        "planned_cost": lambda value: common.amount(value, "planned_cost"),
        "actual_cost": lambda value: common.amount(value, "actual_cost"),
        "affected_households": lambda value: common.number_of(value, "affected_households"),
    }
    return {name: read(given[name]) for name, read in readers.items() if name in given}


async def _named(work: Work, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of an issue that refer to something else."""
    columns: dict[str, Any] = {}
    if "category" in given:
        await work.codes(category=(common.CATEGORY, given["category"]))
        columns["category"] = given["category"]
    if "area" in given:
        columns |= await common.area_columns(work, given["area"], None)
    for name in ("collector", "handler", "reporter"):
        if name in given:
            columns[f"{name}_id"] = await common.person(work, given[name], name)
    return columns


async def _still_an_entry(work: Work, issue: Issue, columns: dict[str, Any]) -> None:
    """Refuse a change after which an issue of the ledger could not have been entered."""
    if not common.is_open(issue.state) or issue.opened_on is None:
        return
    leads, partners = common.count_roles(await common.units_of(work, issue))
    insist(
        rules.check_entry(
            rules.Entry(
                mode=columns.get("handling_mode", issue.handling_mode),
                has_area=columns.get("area_id", issue.area_id) is not None,
                has_handler=columns.get("handler_id", issue.handler_id) is not None,
                opened_on=issue.opened_on,
                due_on=columns.get("due_on", issue.due_on),
                leads=leads,
                partners=partners,
            )
        )
    )


# == units ==


async def add_participant(
    work: Work,
    issue: IssueKey,
    *,
    organization: OrganizationKey | None = None,
    name: str = "",
    role: ParticipantRole = ParticipantRole.PARTNER,
    expected_version: int | None = None,
) -> Issue:
    """增加参与单位 · let another unit take part.

    :param issue: 问题 · the issue
    :param organization: 登记在册的组织 · the unit, where it is in the registry
    :param name: 单位名称，未登记时必填 · its name, needed where it is not
    :param role: 牵头或协同 · leads or takes part
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, UNIT_NEEDED, UNIT_TWICE, TWO_LEADS, TOO_LONG
    """
    row = await common.take(work, issue, "invite", expected_version)
    present = await common.units_of(work, row)
    added = await common.new_units(work, [Unit(organization, name, role)], present)
    leads, _ = common.count_roles([*present, *added])
    insist(rules.check_units(None, leads, 0))
    added[0].issue_id = row.id
    unit = await work.insert(added[0])
    await work.update(row, lead_unit_id=common.lead_of([*present, *added]))
    data = {"participant": unit.id, "organization": unit.organization_id, "role": role}
    common.happened(work, row, "add_participant", data)
    return row


async def remove_participant(
    work: Work, participant: ParticipantKey, *, expected_version: int | None = None
) -> Issue:
    """移除参与单位 · let a unit no longer take part.

    :param participant: 参与单位 · the unit
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, LEAD_NEEDED, PARTNER_NEEDED
    """
    issue = await _issue_of(work, IssueParticipant, participant, "participant")
    row = await common.take(work, issue, "invite", expected_version, "participant")
    present = await common.units_of(work, row)
    unit = next((each for each in present if each.id == participant), None)
    if unit is None:
        REFUSALS.refuse("NOT_FOUND", "participant")
    left = [each for each in present if each is not unit]
    if common.is_open(row.state):
        insist(rules.check_units(row.handling_mode, *common.count_roles(left)))
    await work.delete(unit)
    await work.update(row, lead_unit_id=common.lead_of(left))
    data = {"participant": unit.id, "organization": unit.organization_id, "role": unit.role}
    common.happened(work, row, "remove_participant", data)
    return row


# == measures ==


async def add_measure(
    work: Work,
    issue: IssueKey,
    kind: str,
    *,
    unit: OrganizationKey | None = None,
    unit_name: str = "",
    done_on: dt.date | None = None,
    description: str = "",
    sites: str = "",
    households: int | None = None,
    planned_cost: Decimal | None = None,
    actual_cost: Decimal | None = None,
    expected_version: int | None = None,
) -> IssueMeasure:
    """记一项处置措施 · add a measure.

    :param issue: 问题 · the issue
    :param kind: 措施代码，见代码表 issue_measure · code of its kind
    :param unit: 实施单位（登记在册的） · who takes it, where in the registry
    :param unit_name: 实施单位名称 · its name
    :param done_on: 实施日期，计划中的不填 · day on which it was taken, absent while it is planned
    :param description: 说明 · what is done
    :param sites: 涉及地点 · where
    :param households: 受益户数 · households that it reaches
    :param planned_cost: 计划投入（元） · planned cost in CNY
    :param actual_cost: 实际投入（元） · actual cost in CNY
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, UNKNOWN_CODE, TOO_LONG, FUTURE_DATE,
        NOT_POSITIVE, TOO_LARGE
    """
    row = await common.take(work, issue, "measure", expected_version)
    measure = IssueMeasure(
        issue_id=row.id,
        **await _measure(
            work,
            _said(kind=kind, unit_name=unit_name, description=description, sites=sites)
            | _given(
                unit=unit,
                done_on=done_on,
                households=households,
                planned_cost=planned_cost,
                actual_cost=actual_cost,
            ),
        ),
    )
    await work.insert(measure)
    common.happened(work, row, "add_measure", {"measure": measure.id, "kind": measure.kind})
    return measure


async def change_measure(
    work: Work,
    measure: MeasureKey,
    *,
    kind: str | None = None,
    unit: OrganizationKey | None = KEEP,
    unit_name: str | None = None,
    done_on: dt.date | None = KEEP,
    description: str | None = None,
    sites: str | None = None,
    households: int | None = KEEP,
    planned_cost: Decimal | None = KEEP,
    actual_cost: Decimal | None = KEEP,
    expected_version: int | None = None,
) -> IssueMeasure:
    """修改处置措施，未给出的不变 · change a measure; what is absent stays.

    :param measure: 措施 · the measure
    :param kind: 措施代码，见代码表 issue_measure · code of its kind
    :param unit: 实施单位（登记在册的） · who takes it, where in the registry
    :param unit_name: 实施单位名称 · its name
    :param done_on: 实施日期 · day on which it was taken
    :param description: 说明 · what is done
    :param sites: 涉及地点 · where
    :param households: 受益户数 · households that it reaches
    :param planned_cost: 计划投入（元） · planned cost in CNY
    :param actual_cost: 实际投入（元） · actual cost in CNY
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, UNKNOWN_CODE, TOO_LONG, FUTURE_DATE,
        NOT_POSITIVE, TOO_LARGE
    """
    issue = await _issue_of(work, IssueMeasure, measure, "measure")
    row = await common.take(work, issue, "measure", field="measure")
    found = await work.find(IssueMeasure, measure, "measure")  # held with its issue
    work.expect(found, expected_version)
    columns = await _measure(
        work,
        _said(kind=kind, unit_name=unit_name, description=description, sites=sites)
        | _given(
            unit=unit,
            done_on=done_on,
            households=households,
            planned_cost=planned_cost,
            actual_cost=actual_cost,
        ),
    )
    await work.update(found, **columns)
    common.happened(work, row, "change_measure", {"measure": found.id, "changed": sorted(columns)})
    return found


async def _measure(work: Work, given: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of what is given of a measure."""
    if "kind" in given:
        await work.codes(kind=(common.MEASURE, given["kind"]))
    if "unit" in given:
        key = given.pop("unit")
        given["unit_id"] = key and (await work.find(Organization, key, "unit")).id
    if given.get("done_on") is not None:
        common.past(work, given["done_on"], "done_on")
    for name in {"unit_name", "sites"} & given.keys():
        given[name] = text(IssueMeasure, name, given[name])
    if "description" in given:
        given["text"] = common.long_text(given.pop("description"), "description")
    if "households" in given:
        common.number_of(given["households"], "households")
    for name in {"planned_cost", "actual_cost"} & given.keys():
        given[name] = common.amount(given[name], name)
    return given


# == what happens around it ==


async def record_recurrence(
    work: Work,
    issue: IssueKey,
    *,
    observed_on: dt.date | None = None,
    note: str = "",
    expected_version: int | None = None,
) -> Issue:
    """记一次回潮 · record that the problem came back.

    :param issue: 问题 · the issue
    :param observed_on: 发现日期，默认今天 · the day on which it was seen, today where absent
    :param note: 情况 · what was seen
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, TOO_LONG, FUTURE_DATE
    """
    row = await common.take(work, issue, "recur", expected_version)
    day = common.past(work, observed_on, "observed_on")
    text_ = common.long_text(note, "note")
    await work.insert(IssueRecurrence(issue_id=row.id, observed_on=day, note=text_))
    await work.update(row, recurrence_count=row.recurrence_count + 1)
    common.happened(work, row, "recur", {"observed_on": day.isoformat()})
    return row


async def supervise(
    work: Work,
    issue: IssueKey,
    *,
    kind: AgendaKind | None = None,
    held_on: dt.date | None = None,
    note: str = "",
) -> Issue:
    """记一次研判、调度或督办 · record that an issue was studied, dispatched or supervised.

    :param issue: 问题 · the issue
    :param kind: 议程，默认依问题等级 · which agenda, that of its severity where absent
    :param held_on: 日期，默认今天 · the day, today where absent
    :param note: 意见 · what was decided
    :raises RuleError: NOT_FOUND, STATE, AGENDA_OF_SEVERITY, TOO_LONG, FUTURE_DATE
    """
    row = await common.take(work, issue, "supervise")
    chosen = kind or rules.CADENCE[row.severity]
    insist(rules.check_agenda(row.severity, chosen))
    day = common.past(work, held_on, "held_on")
    await work.insert(
        IssueSupervision(
            issue_id=row.id, kind=chosen, held_on=day, note=common.long_text(note, "note")
        )
    )
    common.happened(work, row, "supervise", {"kind": chosen, "held_on": day.isoformat()})
    return row


async def attach(work: Work, issue: IssueKey, uri: str, title: str, *, sha256: str = "") -> Issue:
    """附一份材料（只记引用） · attach a document or picture, by reference.

    :param issue: 问题 · the issue
    :param uri: 材料的地址或档案号 · where it is kept
    :param title: 名称 · title
    :param sha256: 文件的 SHA-256 · SHA-256 of the file
    :raises RuleError: NOT_FOUND, STATE, BLANK, TOO_LONG, BAD_DIGEST
    """
    row = await common.take(work, issue, "attach")
    digest = sha256.strip().lower()
    if digest and not _DIGEST.fullmatch(digest):
        REFUSALS.refuse("BAD_DIGEST", "sha256")
    attachment = IssueAttachment(
        issue_id=row.id,
        uri=text(IssueAttachment, "uri", uri, needed=True),
        title=text(IssueAttachment, "title", title, needed=True),
        sha256=digest,
    )
    await work.insert(attachment)
    common.happened(work, row, "attach", {"attachment": attachment.id})
    return row


async def _issue_of(
    work: Work, model: type[IssueParticipant | IssueMeasure], key: int, field: str
) -> int:
    """Return the issue of a part of it; whether the viewer may see it is asked of the issue."""
    part = await model.filter(id=key).using_db(work.connection).first()
    if part is None:
        REFUSALS.refuse("NOT_FOUND", field)
    return part.issue_id
