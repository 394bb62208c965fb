"""What the use cases of the ledger share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gongzhi.calendar import service as calendar
from gongzhi.calendar.rules import DayBasis
from gongzhi.refusals import insist
from gongzhi.registry.common import must_be_active, text
from gongzhi.registry.models import Area, Organization, Person
from gongzhi.writing import OrganizationKey, Work
from gongzhi_ledger import rules
from gongzhi_ledger.models import Issue, IssueParticipant, IssueTransition, ReturnVisit
from gongzhi_ledger.rules import MACHINE, REFUSALS, IssueState, ParticipantRole

SOURCE, CATEGORY, MEASURE = "issue_source", "issue_category", "issue_measure"
"""Names of the code lists."""

MAX_TEXT = 10_000
"""Characters of a description, result or note."""

MAX_COST = Decimal(10) ** 12
"""What the columns of money hold, in CNY."""

MAX_COUNT = 2**31 - 1
"""What a column of households holds."""


@dataclass(frozen=True, slots=True)
class Unit:
    """参与单位 · a unit that takes part.

    organization: 登记在册的组织 · where it is in the registry
    name: 单位名称，未登记时必填 · its name, needed where it is not
    role: 牵头或协同 · leads or takes part
    """

    organization: OrganizationKey | None = None
    name: str = ""
    role: ParticipantRole = ParticipantRole.PARTNER


# == values ==


def day_of(work: Work, instant: dt.datetime | None) -> dt.date:
    """Return the day of an instant where the deployment is, today for none."""
    return (instant or work.now).astimezone(work.deployment.zone).date()


def long_text(value: str, field: str, code: str = "") -> str:
    """Return a long text without space around it.

    :param code: of the refusal where it is empty; without one it may be.
    :raises RuleError: the code, TOO_LONG.
    """
    value = value.strip()
    if code:
        insist(rules.check_text(value, code, field))
    if len(value) > MAX_TEXT:
        REFUSALS.refuse("TOO_LONG", field, most=MAX_TEXT)
    return value


def amount(value: Decimal | None, field: str) -> Decimal | None:
    """Return an amount in CNY, to the cent.

    :raises RuleError: NOT_POSITIVE, TOO_LARGE.
    """
    if value is None:
        return None
    _bounded(value, field, MAX_COST)
    return value.quantize(Decimal("0.01"))


def number_of(value: int | None, field: str) -> int | None:
    """Return a number of households or the like.

    :raises RuleError: NOT_POSITIVE, TOO_LARGE.
    """
    if value is not None:
        _bounded(value, field, MAX_COUNT)
    return value


def _bounded(value: Decimal | int, field: str, most: Decimal | int) -> None:
    # a Decimal may be no number at all, and then compares with nothing
    if not (isinstance(value, int) or value.is_finite()) or value < 0:
        REFUSALS.refuse("NOT_POSITIVE", field)
    if value >= most:
        REFUSALS.refuse("TOO_LARGE", field)


def past(work: Work, day: dt.date | None, field: str) -> dt.date:
    """Return the day on which something happened, today for none.

    :raises RuleError: FUTURE_DATE.
    """
    if day is not None and day > work.today:
        REFUSALS.refuse("FUTURE_DATE", field)
    return day or work.today


# == what else is named ==


async def organization(work: Work, key: int, field: str) -> Organization:
    """Return an organization that is active.

    :raises RuleError: NOT_FOUND, NOT_ACTIVE.
    """
    found = await work.find(Organization, key, field)
    must_be_active(found, field)
    return found


async def area_columns(work: Work, key: int | None, owner: Organization | None) -> dict[str, Any]:
    """Return the columns of an issue's area: the named one, else that of its organization.

    :raises RuleError: NOT_FOUND.
    """
    if key is not None:
        area = await work.find(Area, key, "area")
        return {"area_id": area.id, "area_path": area.path}
    if owner is None:
        return {"area_id": None, "area_path": ""}
    return {"area_id": owner.area_id, "area_path": owner.area_path}


async def person(work: Work, key: int | None, field: str) -> int | None:
    """Return the key of a person that the viewer may see, None for none.

    :raises RuleError: NOT_FOUND.
    """
    return None if key is None else await work.exists(Person, key, field)


async def due_columns(
    starts_on: dt.date, due_on: dt.date | None, due_days: int | None, due_basis: DayBasis
) -> dict[str, Any]:
    """Return the columns of a deadline: a day, or so many days after the day of entry.

    :raises RuleError: TWO_DEADLINES, DAYS_OUT_OF_RANGE, DAY_OUT_OF_RANGE.
    """
    if due_on is not None and due_days is not None:
        REFUSALS.refuse("TWO_DEADLINES", "due_days")
    if due_days is None:
        return {"due_on": due_on, "due_basis": None, "due_days": None}
    deadline = await calendar.deadline(starts_on, due_days, due_basis)
    return {"due_on": deadline.due_on, "due_basis": due_basis, "due_days": due_days}


# == units ==


async def units_of(work: Work, issue: Issue) -> list[IssueParticipant]:
    """Return who takes part in an issue."""
    rows = IssueParticipant.filter(issue_id=issue.id).using_db(work.connection)
    return list(await rows.order_by("id"))


def count_roles(units: Iterable[IssueParticipant]) -> tuple[int, int]:
    """Return how many lead and how many are partners."""
    roles = [unit.role for unit in units]
    return roles.count(ParticipantRole.LEAD), roles.count(ParticipantRole.PARTNER)


async def new_units(
    work: Work, units: Sequence[Unit], present: Sequence[IssueParticipant] = ()
) -> list[IssueParticipant]:
    """Return rows of units to be added, which are not written yet.

    :raises RuleError: NOT_FOUND, UNIT_NEEDED, UNIT_TWICE, TOO_LONG.
    """
    found: list[IssueParticipant] = []
    for unit in units:
        name = text(IssueParticipant, "name", unit.name, field="participants")
        if unit.organization is not None:
            row = await work.find(Organization, unit.organization, "participants")
            name = name or row.name
        insist(rules.check_text(name, "UNIT_NEEDED", "participants"))
        made = IssueParticipant(organization_id=unit.organization, name=name, role=unit.role)
        if any(_same(made, other) for other in (*present, *found)):
            REFUSALS.refuse("UNIT_TWICE", "participants")
        found.append(made)
    return found


def _same(one: IssueParticipant, other: IssueParticipant) -> bool:
    if one.organization_id is not None or other.organization_id is not None:
        return one.organization_id == other.organization_id
    return one.name == other.name


def lead_of(units: Iterable[IssueParticipant]) -> int | None:
    """Return the organization that leads, None where none does or it is not in the registry."""
    leads = (unit.organization_id for unit in units if unit.role is ParticipantRole.LEAD)
    return next(leads, None)


# == steps ==


async def take(
    work: Work, issue: int, action: str, expected_version: int | None = None, field: str = "issue"
) -> Issue:
    """Return an issue to do something with it that its state allows, held against others.

    :raises RuleError: NOT_FOUND, STATE, CONFLICT.
    :raises ForbiddenError: when the viewer may not do this.
    """
    row = await work.take(Issue, issue, field, permission=MACHINE.of(action)[0].permission)
    work.expect(row, expected_version)
    insist(MACHINE.refused(row.state, action))
    return row


async def step(
    work: Work,
    issue: Issue,
    action: str,
    *,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: int | None = None,
    reason: str = "",
    document: str = "",
    columns: dict[str, Any] | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Take one step of the machine, not before the step before it.

    :raises RuleError: STATE, FUTURE_DATE, TOO_EARLY, NOT_FOUND, TOO_LONG.
    """
    at = occurred_at or work.now
    insist(rules.check_order(issue.state_since, at, day_of(work, issue.state_since)))
    await work.transition(
        MACHINE,
        issue,
        action,
        IssueTransition,
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
        reason=long_text(reason, "reason"),
        document=text(IssueTransition, "document", document),
        columns={"state_since": at, **(columns or {})},
        data=data,
    )


def happened(work: Work, issue: Issue, what: str, data: dict[str, Any], **more: Any) -> None:
    """Record an act that leaves the state; ids, codes, days and numbers only."""
    work.record(f"{MACHINE.name}.{what}", issue, data=data, **more)


async def last_visit(work: Work, issue: Issue) -> rules.Visit | None:
    """Return the latest return visit since the issue was settled."""
    row = await (
        ReturnVisit.filter(issue_id=issue.id, settlement=issue.settlements)
        .using_db(work.connection)
        .order_by("-visited_at", "-id")
        .first()
    )
    return None if row is None else facts_of(row, issue)


def facts_of(row: ReturnVisit, issue: Issue) -> rules.Visit:
    """Return what the rules must know of a return visit."""
    return rules.Visit(
        satisfaction=row.satisfaction,
        by_collector=row.visitor_id is not None and row.visitor_id == issue.collector_id,
        at_home=row.at_home,
        overridden=bool(row.override_reason),
    )


def is_open(state: IssueState) -> bool:
    """Return whether an issue stands in the ledger of its organization, and is not settled."""
    return state in rules.OPEN and state is not IssueState.TRANSFERRED
