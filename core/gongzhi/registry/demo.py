"""The demo of the registry: real areas, the organizations of the seed documents, invented people.

What is real, what the documents say and what is invented stands in ``data/README.md``. The rows are
planned first, in :mod:`gongzhi.registry.demo_places` and :mod:`gongzhi.registry.demo_members`; here
they get ids and paths and are inserted in bulk, and the counters are built.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tortoise.transactions import in_transaction

from gongzhi.contributions import DemoData
from gongzhi.registry import counters
from gongzhi.registry.codes import ChangeKind
from gongzhi.registry.demo_members import Roster, roster
from gongzhi.registry.demo_people import person_columns
from gongzhi.registry.demo_places import (
    AreaPlan,
    IndicatorPlan,
    OrganizationPlan,
    area_plans,
    indicator_plans,
    organization_plans,
)
from gongzhi.registry.lists import CODE_LISTS, ORGANIZATION_KIND
from gongzhi.registry.models import (
    Appointment,
    Area,
    Coverage,
    Indicator,
    Member,
    MemberEvent,
    Organization,
    OrganizationChange,
    Person,
)

if TYPE_CHECKING:
    from tortoise.backends.base.client import BaseDBAsyncClient
    from tortoise.models import Model

    from gongzhi.demo import DemoContext
    from gongzhi.privacy import Privacy

_SEED = "gongzhi demo"
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where a row of a tree stands."""

    id: int
    parent_id: int | None
    path: str

    @property
    def depth(self) -> int:
        return self.path.count(".") - 1


_NOWHERE = _Placed(0, None, "")


async def load(context: DemoContext) -> Mapping[str, int]:
    """Insert everything; the database holds no area and no organization yet."""
    areas = area_plans()
    organizations = organization_plans(areas, context.today)
    indicators = indicator_plans()
    people = roster(organizations, _SEED, context.today)
    async with in_transaction() as connection:
        area_places = await _insert_areas(connection, areas)
        places = await _insert_organizations(connection, organizations, area_places)
        await _insert_people(connection, people, places, area_places, context.privacy)
        await _insert_indicators(connection, indicators, places)
        await counters.recount(counters.on_tortoise(connection))
        await connection.execute_script("ANALYZE")
    return {
        "areas": len(areas),
        "organizations": len(organizations),
        "people": len(people.people),
        "members": len(people.members),
        "appointments": len(people.appointments),
        "indicators": len(indicators),
    }


DEMO: tuple[DemoData, ...] = (DemoData("registry", load),)


async def _reserve(connection: BaseDBAsyncClient, model: type[Model], count: int) -> Sequence[int]:
    """Return ids that nobody else gets: paths hold them, so they are wanted before inserting."""
    table = model._meta.db_table  # noqa: SLF001  # as Tortoise's own documentation does
    if connection.capabilities.dialect == "sqlite":
        rows = await connection.execute_query_dict(
            f"SELECT coalesce(max(id), 0) AS last FROM {table}"  # a table of ours
        )
        return range(rows[0]["last"] + 1, rows[0]["last"] + 1 + count)
    rows = await connection.execute_query_dict(
        "SELECT nextval(pg_get_serial_sequence($1, 'id')) AS id FROM generate_series(1, $2::int)",
        [table, count],
    )
    return [row["id"] for row in rows]


async def _place(
    connection: BaseDBAsyncClient, model: type[Model], rows: Sequence[tuple[str, str]]
) -> dict[str, _Placed]:
    """Give ids and paths to rows (code, code of the parent), each of which follows its parent."""
    placed = {"": _NOWHERE}
    ids = await _reserve(connection, model, len(rows))
    for row_id, (code, parent_code) in zip(ids, rows, strict=True):
        parent = placed[parent_code]
        placed[code] = _Placed(row_id, parent.id or None, f"{parent.path}{row_id}.")
    return placed


async def _insert(connection: BaseDBAsyncClient, model: type[Model], rows: Iterable[Model]) -> None:
    await model.bulk_create(rows, batch_size=_BATCH, using_db=connection)


async def _insert_areas(
    connection: BaseDBAsyncClient, plans: Sequence[AreaPlan]
) -> dict[str, _Placed]:
    placed = await _place(connection, Area, [(plan.code, plan.parent) for plan in plans])
    rows = (
        Area(
            id=at.id,
            code=plan.code,
            name=plan.name,
            kind=plan.kind,
            parent_id=at.parent_id,
            path=at.path,
            depth=at.depth,
            households=plan.households,
            synthetic=plan.synthetic,
        )
        for plan in plans
        for at in (placed[plan.code],)
    )
    await _insert(connection, Area, rows)
    return placed


async def _insert_organizations(
    connection: BaseDBAsyncClient,
    plans: Sequence[OrganizationPlan],
    areas: Mapping[str, _Placed],
) -> dict[str, _Placed]:
    kinds = next(entries.entries for entries in CODE_LISTS if entries.name == ORGANIZATION_KIND)
    levels = {entry.code: entry.level for entry in kinds}
    placed = await _place(connection, Organization, [(p.code, p.superior) for p in plans])
    rows = (
        Organization(
            id=at.id,
            code=plan.code,
            name=plan.name,
            short_name=plan.short_name,
            kind=plan.kind,
            level=levels[plan.kind],
            superior_id=at.parent_id,
            path=at.path,
            depth=at.depth,
            area_id=areas[plan.area].id or None,
            area_path=areas[plan.area].path,
            setup_mode=plan.setup_mode,
            is_temporary=plan.is_temporary,
            purpose=plan.purpose,
            review_on=plan.review_on,
            field=plan.field,
            established_on=plan.established_on,
            approved_by=plan.approved_by,
            synthetic=plan.synthetic,
        )
        for plan in plans
        for at in (placed[plan.code],)
    )
    await _insert(connection, Organization, rows)
    await _insert(connection, OrganizationChange, _changes(plans, placed))
    coverage = (
        Coverage(
            branch_id=placed[plan.code].id,
            org_path=placed[plan.code].path,
            unit_id=placed[unit].id,
            since=plan.established_on,
        )
        for plan in plans
        for unit in plan.covers
    )
    await _insert(connection, Coverage, coverage)
    return placed


def _changes(
    plans: Iterable[OrganizationPlan], placed: Mapping[str, _Placed]
) -> list[OrganizationChange]:
    """Write the history as the service does: established, if the day is known, and upgraded."""
    changes = []
    for plan in plans:
        at = placed[plan.code]
        history: list[tuple[ChangeKind, dt.date | None, str, str]] = [
            (ChangeKind.ESTABLISHED, plan.established_on, "", plan.name),
            (ChangeKind.UPGRADED, plan.upgraded_on, plan.upgraded_from, plan.kind),
        ]
        changes += [
            OrganizationChange(
                organization_id=at.id,
                org_path=at.path,
                kind=kind,
                occurred_on=on,
                before=before,
                after=after,
                approved_by=plan.approved_by,
                other_id=at.parent_id if kind is ChangeKind.ESTABLISHED else None,
            )
            for kind, on, before, after in history
            if on is not None
        ]
    return changes


async def _insert_people(
    connection: BaseDBAsyncClient,
    people: Roster,
    places: Mapping[str, _Placed],
    areas: Mapping[str, _Placed],
    privacy: Privacy,
) -> None:
    person_ids = await _reserve(connection, Person, len(people.people))
    persons = (
        Person(
            id=row_id,
            organization_id=places[plan.organization].id,
            org_path=places[plan.organization].path,
            residence_area_id=areas[plan.residence].id or None,
            residence_path=areas[plan.residence].path,
            **person_columns(plan.invented, privacy),
        )
        for row_id, plan in zip(person_ids, people.people, strict=True)
    )
    await _insert(connection, Person, persons)
    member_ids = await _reserve(connection, Member, len(people.members))
    members = (
        Member(
            id=row_id,
            person_id=person_ids[plan.person],
            branch_id=places[plan.branch].id,
            org_path=places[plan.branch].path,
            stage=plan.stage,
            state=plan.state,
            contact_state=plan.contact_state,
            joined_on=plan.joined_on,
            full_member_on=plan.full_member_on,
            affiliation_since=plan.affiliation_since,
            last_contact_on=plan.last_contact_on,
            last_attended_on=plan.last_attended_on,
            dues_paid_through=plan.dues_paid_through,
            is_floating=plan.is_floating,
            synthetic=True,
        )
        for row_id, plan in zip(member_ids, people.members, strict=True)
    )
    await _insert(connection, Member, members)
    events = (
        MemberEvent(
            member_id=row_id,
            org_path=places[plan.branch].path,
            kind=event.kind,
            occurred_on=event.on,
            before=event.before,
            after=event.after,
        )
        for row_id, plan in zip(member_ids, people.members, strict=True)
        for event in plan.events
    )
    await _insert(connection, MemberEvent, events)
    appointments = (
        Appointment(
            person_id=person_ids[plan.person],
            organization_id=places[plan.organization].id,
            org_path=places[plan.organization].path,
            post=plan.post,
            is_concurrent=plan.is_concurrent,
            source=plan.source,
            basis=plan.basis,
            seconded_from_id=places[plan.seconded_from].id or None,
            home_organization_id=places[plan.home].id or None,
            starts_on=plan.starts_on,
            synthetic=True,
        )
        for plan in people.appointments
    )
    await _insert(connection, Appointment, appointments)


async def _insert_indicators(
    connection: BaseDBAsyncClient,
    plans: Iterable[IndicatorPlan],
    places: Mapping[str, _Placed],
) -> None:
    rows = (
        Indicator(
            code=plan.code,
            organization_id=places[plan.organization].id or None,
            org_path=places[plan.organization].path,
            period=plan.period,
            value=plan.value,
            unit=plan.unit,
            qualifier=plan.qualifier,
            source=plan.source,
        )
        for plan in plans
    )
    await _insert(connection, Indicator, rows)
