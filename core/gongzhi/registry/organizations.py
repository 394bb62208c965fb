"""Use cases of areas and organizations; mutations reach them by :mod:`gongzhi.registry.service`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F, Q
from tortoise.transactions import in_transaction

from gongzhi import clock
from gongzhi.privacy import Privacy, mask_mobile
from gongzhi.registry import counters, rules, tree
from gongzhi.registry.codes import (
    ChangeKind,
    MembershipStage,
    OrganizationStatus,
    Qualifier,
    SetupMode,
)
from gongzhi.registry.common import (
    active_code,
    change,
    facts_of,
    insist,
    kind_level,
    must_be_active,
    must_be_party,
    must_be_version,
    past_day,
    text,
    values,
)
from gongzhi.registry.counters import Delta
from gongzhi.registry.lists import (
    AREA_KIND,
    ORGANIZATION_KIND,
    ORGANIZATION_LEVEL,
    PARTY_BUILDING_FIELD,
)
from gongzhi.registry.models import (
    Appointment,
    Area,
    Coverage,
    KindRule,
    Member,
    MemberEvent,
    Organization,
    OrganizationChange,
    Person,
)
from gongzhi.registry.rules import Advice, BranchFacts, Norms, OrganizationFacts, refuse

if TYPE_CHECKING:
    from tortoise.backends.base.client import BaseDBAsyncClient


async def create_area(
    code: str,
    name: str,
    kind: str,
    *,
    parent_id: int | None = None,
    households: int | None = None,
    population: int | None = None,
    population_qualifier: Qualifier = Qualifier.EXACT,
    synthetic: bool = False,
) -> Area:
    """Enter an area.

    :raises RuleError: NOT_FOUND, CODE_TAKEN, UNKNOWN_CODE, BLANK, TOO_LONG, TREE_TOO_DEEP.
    """
    async with in_transaction() as connection:
        parent = await tree.get(connection, Area, parent_id, "parent") if parent_id else None
        await active_code(connection, AREA_KIND, kind, "kind")
        area = Area(
            code=text(Area, "code", code, needed=True),
            name=text(Area, "name", name, needed=True),
            kind=kind,
            parent_id=parent_id,
            path=tree.unplaced(),
            depth=parent.depth + 1 if parent else 0,
            households=households,
            population=population,
            population_qualifier=population_qualifier,
            synthetic=synthetic,
        )
        await _insert(connection, area)
        await tree.place(connection, area, parent.path if parent else "")
    return area


async def move_area(area_id: int, parent_id: int | None) -> Area:
    """Put an area with all below it under another one, or make it a root.

    :raises RuleError: NOT_FOUND, AREA_CYCLE, SAME_PLACE, TREE_TOO_DEEP.
    """
    async with in_transaction() as connection:
        await tree.lock_shape(connection)
        area = await Area.filter(id=area_id).using_db(connection).first()
        if area is None:
            refuse("NOT_FOUND")
        await tree.hold_subtree(connection, area, _some(parent_id))
        parent = await tree.get(connection, Area, parent_id, "parent") if parent_id else None
        path = parent.path if parent else ""
        insist(rules.check_area_move(area.path, path))
        await Area.filter(id=area_id).using_db(connection).update(parent_id=parent_id)
        await tree.rebase(connection, Area, area.path, f"{path}{area_id}.")
        await area.refresh_from_db(using_db=connection)
    return area


async def create_organization(
    code: str,
    name: str,
    kind: str,
    *,
    superior_id: int | None = None,
    area_id: int | None = None,
    level: str = "",
    short_name: str = "",
    setup_mode: SetupMode = SetupMode.SINGLE,
    coverage: Sequence[int] = (),
    is_temporary: bool = False,
    purpose: str = "",
    review_on: dt.date | None = None,
    field: str = "",
    established_on: dt.date | None = None,
    approved_by: str = "",
    document: str = "",
    phone: str = "",
    privacy: Privacy | None = None,
    synthetic: bool = False,
) -> Organization:
    """Set up an organization (V27) and write the first line of its history.

    :param superior_id: 隶属, the organization above it; None: it is a root.
    :param area_id: 属地, the territory that it is in.
    :param level: its level; empty: the level that its kind has by default.
    :param coverage: ids of the units that a branch covers; 联合组建 needs two or more.
    :param review_on: when a temporary organization ends or is reviewed.
    :param phone: needs ``privacy``; kept encrypted, shown masked.
    :raises RuleError: NOT_FOUND, CODE_TAKEN, UNKNOWN_CODE, BLANK, TOO_LONG, NOT_ACTIVE,
        KIND_NOT_ALLOWED, KIND_NOT_ROOT, REVIEW_DATE_NEEDED, DATE_ORDER, FUTURE_DATE,
        COVERAGE_NEEDED, COVERAGE_SINGLE, COVERAGE_PARTY, COVERAGE_INACTIVE, TREE_TOO_DEEP.
    """
    established = past_day(established_on, "established_on")
    async with in_transaction() as connection:
        area = await tree.get(connection, Area, area_id, "area") if area_id else None
        await tree.hold(connection, Organization, [*_some(superior_id), *coverage])
        superior = (
            await tree.get(connection, Organization, superior_id, "superior")
            if superior_id
            else None
        )
        entry = await active_code(connection, ORGANIZATION_KIND, kind, "kind")
        await active_code(connection, ORGANIZATION_LEVEL, level or entry.level, "level")
        if field:
            await active_code(connection, PARTY_BUILDING_FIELD, field, "field")
        if superior:
            must_be_active(superior, "superior")
        insist(
            rules.check_position(kind, superior.kind if superior else "", await _matrix(connection))
            + rules.check_temporary(
                is_temporary=is_temporary, established_on=established_on, review_on=review_on
            )
        )
        own = OrganizationFacts(path="", kind=kind, family=entry.family)
        if coverage or setup_mode is SetupMode.JOINT:
            must_be_party(own, "setup_mode")
        units = await _units(connection, coverage)
        insist(rules.check_coverage(setup_mode, await facts_of(connection, *units)))
        organization = Organization(
            code=text(Organization, "code", code, needed=True),
            name=text(Organization, "name", name, needed=True),
            short_name=text(Organization, "short_name", short_name),
            kind=kind,
            level=level or entry.level,
            superior_id=superior_id,
            path=tree.unplaced(),
            depth=superior.depth + 1 if superior else 0,
            area_id=area_id,
            area_path=area.path if area else "",
            setup_mode=setup_mode,
            is_temporary=is_temporary,
            purpose=text(Organization, "purpose", purpose),
            review_on=review_on,
            field=field,
            established_on=established_on,
            approved_by=text(Organization, "approved_by", approved_by),
            synthetic=synthetic,
        )
        if phone:
            organization.phone_cipher = _needed(privacy).encrypt(phone)
            organization.phone_masked = mask_mobile(phone)
        await _insert(connection, organization)
        await tree.place(connection, organization, superior.path if superior else "")
        for unit in units:
            await _cover(connection, organization, unit.id, established_on)
        await _record(
            connection,
            organization,
            ChangeKind.ESTABLISHED,
            established,
            after=organization.name,
            approved_by=approved_by,
            document=document,
            other_id=superior_id,
        )
        await counters.adjust(
            counters.on_tortoise(connection),
            [Delta(organization.path, counters.ORGANIZATIONS, kind, 1)],
        )
    return organization


async def upgrade_organization(
    organization_id: int,
    kind: str,
    *,
    name: str = "",
    level: str = "",
    on: dt.date | None = None,
    approved_by: str = "",
    document: str = "",
    expected_version: int | None = None,
) -> Organization:
    """升格 (V26): the organization becomes one of a higher kind and stays the same organization.

    Its id, code, history, members, posts and subordinates are kept.

    :param name: the name that it has from now on; empty: the name stays.
    :param level: empty: the default level of the new kind, if it had that of its old kind.
    :raises RuleError: NOT_FOUND, CONFLICT, NOT_ACTIVE, UPGRADE_NOT_ALLOWED, UPGRADE_TEMPORARY,
        KIND_NOT_ALLOWED, KIND_NOT_ROOT, UNKNOWN_CODE, FUTURE_DATE.
    """
    day = past_day(on)
    async with in_transaction() as connection:
        organization = await _with_superior(connection, organization_id)
        must_be_version(organization, expected_version)
        new_kind = await active_code(connection, ORGANIZATION_KIND, kind, "kind")
        superior = (
            await tree.get(connection, Organization, organization.superior_id)
            if organization.superior_id
            else None
        )
        subordinates = await _subordinates(connection, organization)
        (facts,) = await facts_of(connection, organization)
        insist(
            rules.check_upgrade(
                facts,
                kind,
                parent_kind=superior.kind if superior else "",
                child_kinds=[row.kind for row in subordinates],
                matrix=await _matrix(connection),
            )
        )
        if not level:
            usual = await kind_level(connection, organization.kind)
            level = new_kind.level if organization.level == usual else organization.level
        await active_code(connection, ORGANIZATION_LEVEL, level, "level")
        before = organization.kind
        await change(
            connection,
            organization,
            kind=kind,
            level=level,
            name=text(Organization, "name", name) or organization.name,
        )
        await _record(
            connection,
            organization,
            ChangeKind.UPGRADED,
            day,
            before=before,
            after=kind,
            approved_by=approved_by,
            document=document,
        )
        await counters.adjust(
            counters.on_tortoise(connection),
            [
                Delta(organization.path, counters.ORGANIZATIONS, before, -1),
                Delta(organization.path, counters.ORGANIZATIONS, kind, 1),
            ],
        )
    return organization


async def rename_organization(
    organization_id: int,
    name: str,
    *,
    short_name: str | None = None,
    on: dt.date | None = None,
    approved_by: str = "",
    document: str = "",
    expected_version: int | None = None,
) -> Organization:
    """Give an organization another name; None for ``short_name`` leaves that as it is.

    :raises RuleError: NOT_FOUND, CONFLICT, NOT_ACTIVE, BLANK, TOO_LONG, SAME_NAME, FUTURE_DATE.
    """
    day = past_day(on)
    name = text(Organization, "name", name, needed=True)
    async with in_transaction() as connection:
        organization = await tree.get(connection, Organization, organization_id, change=True)
        must_be_version(organization, expected_version)
        must_be_active(organization, "")
        before = organization.name
        if name == before:
            refuse("SAME_NAME", "name")
        if short_name is None:
            short_name = organization.short_name
        await change(
            connection,
            organization,
            name=name,
            short_name=text(Organization, "short_name", short_name),
        )
        await _record(
            connection,
            organization,
            ChangeKind.RENAMED,
            day,
            before=before,
            after=name,
            approved_by=approved_by,
            document=document,
        )
    return organization


async def move_organization(
    organization_id: int,
    superior_id: int | None,
    *,
    on: dt.date | None = None,
    approved_by: str = "",
    document: str = "",
    expected_version: int | None = None,
) -> Organization:
    """Put an organization with all below it under another superior (V27), or make it a root.

    The paths of the subtree, their copies on every row beneath it and the counts of the old and
    new ancestors change with it.

    :raises RuleError: NOT_FOUND, CONFLICT, NOT_ACTIVE, CYCLE, SAME_PLACE, KIND_NOT_ALLOWED,
        KIND_NOT_ROOT, TREE_TOO_DEEP, FUTURE_DATE.
    """
    day = past_day(on)
    async with in_transaction() as connection:
        await tree.lock_shape(connection)
        organization = await _find(connection, organization_id)
        await tree.hold_subtree(connection, organization, _some(superior_id))
        organization = await _find(connection, organization_id)
        must_be_version(organization, expected_version)
        superior = (
            await tree.get(connection, Organization, superior_id, "superior")
            if superior_id
            else None
        )
        facts, *above = await facts_of(connection, organization, *([superior] if superior else []))
        insist(rules.check_move(facts, above[0] if above else None, await _matrix(connection)))
        await _put_under(
            connection, organization, superior, day, approved_by=approved_by, document=document
        )
    return organization


async def merge_organizations(
    source_id: int,
    target_id: int,
    *,
    on: dt.date | None = None,
    approved_by: str = "",
    document: str = "",
    expected_version: int | None = None,
) -> Organization:
    """Merge the source into the target, and return the target.

    To the target go the source's active subordinates, its memberships (an ended one stays where
    the target has the person too), the records of people that it keeps, and its coverage; posts
    in it end on that day. It stays in the tree, empty and MERGED, with its history and its codes in
    other systems. What plugins keep for it stays with it.

    :param expected_version: of the source.
    :raises RuleError: NOT_FOUND, CONFLICT, SAME_ORGANIZATION, NOT_ACTIVE, CYCLE,
        MERGE_KINDS_DIFFER, KIND_NOT_ALLOWED, MEMBER_IN_BOTH, TREE_TOO_DEEP, FUTURE_DATE.
    """
    day = past_day(on)
    async with in_transaction() as connection:
        await tree.lock_shape(connection)
        source = await _find(connection, source_id, "source")
        await tree.hold_subtree(connection, source, [target_id])
        source = await _find(connection, source_id, "source")
        target = await tree.get(connection, Organization, target_id, "target")
        must_be_version(source, expected_version)
        subordinates = await _subordinates(connection, source)
        facts, target_facts = await facts_of(connection, source, target)
        insist(
            rules.check_merge(
                facts,
                target_facts,
                child_kinds=[row.kind for row in subordinates],
                in_both=await _members_in_both(connection, source, target),
                matrix=await _matrix(connection),
            )
        )
        for row in subordinates:
            await _put_under(
                connection, row, target, day, approved_by=approved_by, document=document
            )
        deltas = await _take_members(
            connection, source, target, day, decided_by=approved_by, document=document
        )
        await _take_people(connection, source, target)
        await _end_posts(connection, source, day)
        await _take_coverage(connection, source, target)
        before = source.kind
        await change(connection, source, status=OrganizationStatus.MERGED, dissolved_on=day)
        for one, other in ((source, target), (target, source)):
            await _record(
                connection,
                one,
                ChangeKind.MERGED,
                day,
                before=source.name,
                after=target.name,
                approved_by=approved_by,
                document=document,
                other_id=other.id,
            )
        await counters.adjust(
            counters.on_tortoise(connection),
            [*deltas, Delta(source.path, counters.ORGANIZATIONS, before, -1)],
        )
        await target.refresh_from_db(using_db=connection)
    return target


async def dissolve_organization(
    organization_id: int,
    *,
    on: dt.date | None = None,
    approved_by: str = "",
    document: str = "",
    expected_version: int | None = None,
) -> Organization:
    """撤销: end an organization that has no active subordinate and no current membership.

    The records of people that it keeps go to its superior, posts in it end on that day, and it
    neither covers units nor is covered any longer. It stays in the tree with its history.

    :raises RuleError: NOT_FOUND, CONFLICT, NOT_ACTIVE, HAS_SUBORDINATES, HAS_MEMBERS, HAS_PEOPLE,
        FUTURE_DATE.
    """
    day = past_day(on)
    async with in_transaction() as connection:
        await tree.lock_shape(connection)
        organization = await _with_superior(connection, organization_id)
        must_be_version(organization, expected_version)
        (facts,) = await facts_of(connection, organization)
        insist(
            rules.check_dissolve(
                facts,
                subordinates=len(await _subordinates(connection, organization)),
                members=await Member.filter(
                    branch_id=organization.id, state__in=sorted(rules.CURRENT_STATES)
                )
                .using_db(connection)
                .count(),
                people=await Person.filter(organization_id=organization.id)
                .using_db(connection)
                .count(),
            )
        )
        if organization.superior_id:
            superior = await tree.get(connection, Organization, organization.superior_id)
            await _take_people(connection, organization, superior)
        await _end_posts(connection, organization, day)
        await (
            Coverage.filter(Q(branch_id=organization.id) | Q(unit_id=organization.id))
            .using_db(connection)
            .delete()
        )
        await change(
            connection, organization, status=OrganizationStatus.DISSOLVED, dissolved_on=day
        )
        await _record(
            connection,
            organization,
            ChangeKind.DISSOLVED,
            day,
            before=organization.name,
            approved_by=approved_by,
            document=document,
        )
        await counters.adjust(
            counters.on_tortoise(connection),
            [Delta(organization.path, counters.ORGANIZATIONS, organization.kind, -1)],
        )
    return organization


async def set_coverage(
    branch_id: int,
    unit_ids: Sequence[int],
    *,
    setup_mode: SetupMode | None = None,
    since: dt.date | None = None,
    expected_version: int | None = None,
) -> Organization:
    """Say which units a branch covers, these and no others; units it covers already stay.

    :param setup_mode: None: as it is now.
    :param since: from when the new ones are covered.
    :raises RuleError: NOT_FOUND, CONFLICT, NOT_ACTIVE, NOT_A_PARTY_ORGANIZATION, COVERAGE_NEEDED,
        COVERAGE_SINGLE, COVERAGE_PARTY, COVERAGE_INACTIVE.
    """
    async with in_transaction() as connection:
        await tree.hold(connection, Organization, [branch_id, *unit_ids], change=True)
        branch = await _find(connection, branch_id)
        must_be_version(branch, expected_version)
        must_be_active(branch, "")
        (facts,) = await facts_of(connection, branch)
        must_be_party(facts, "")
        mode = setup_mode or branch.setup_mode
        units = await _units(connection, unit_ids)
        insist(rules.check_coverage(mode, await facts_of(connection, *units)))
        present = Coverage.filter(branch_id=branch_id).using_db(connection)
        covered = {row.unit_id: row.id for row in await present}
        wanted = {unit.id for unit in units}
        gone = [row_id for unit_id, row_id in covered.items() if unit_id not in wanted]
        if gone:
            await Coverage.filter(id__in=gone).using_db(connection).delete()
        for unit in units:
            if unit.id not in covered:
                await _cover(connection, branch, unit.id, since)
        await change(connection, branch, setup_mode=mode)
    return branch


async def advise_organization(
    organization_id: int, *, as_of: dt.date | None = None, norms: Norms | None = None
) -> list[Advice]:
    """Compare an organization with the norms; see :func:`gongzhi.registry.rules.advise`.

    :raises RuleError: NOT_FOUND.
    """
    organization = await Organization.filter(id=organization_id).first()
    if organization is None:
        refuse("NOT_FOUND")
    counted = Member.filter(branch_id=organization_id, state__in=sorted(rules.COUNTED_STATES))
    probationary = counted.filter(stage=MembershipStage.PROBATIONARY_MEMBER)
    facts = BranchFacts(
        kind=organization.kind,
        full_members=await counted.filter(stage=MembershipStage.FULL_MEMBER).count(),
        probationary_members=await probationary.count(),
        units=await Coverage.filter(branch_id=organization_id).count(),
        setup_mode=organization.setup_mode,
        is_temporary=organization.is_temporary,
        review_on=organization.review_on,
    )
    return rules.advise(facts, as_of or clock.today(), norms)


# == parts of them ==


def _some(row_id: int | None) -> list[int]:
    return [row_id] if row_id else []


async def _find(
    connection: BaseDBAsyncClient, organization_id: int, field: str = ""
) -> Organization:
    row = await Organization.filter(id=organization_id).using_db(connection).first()
    if row is None:
        refuse("NOT_FOUND", field)
    return row


async def _with_superior(connection: BaseDBAsyncClient, organization_id: int) -> Organization:
    """Hold an organization to change it, and its superior."""
    row = await _find(connection, organization_id)
    ids = [organization_id, *_some(row.superior_id)]
    await tree.hold(connection, Organization, ids, change=True)
    held = await _find(connection, organization_id)
    if held.superior_id != row.superior_id:  # it was moved in between
        refuse("CONFLICT", "", version=held.version)
    return held


def _needed(privacy: Privacy | None) -> Privacy:
    if privacy is None:
        message = "a phone number can only be stored with the keys of the deployment"
        raise ValueError(message)
    return privacy


async def _matrix(connection: BaseDBAsyncClient) -> set[tuple[str, str]]:
    rows = await KindRule.all().using_db(connection)
    return {(row.parent_kind, row.child_kind) for row in rows}


async def _insert(connection: BaseDBAsyncClient, row: Organization | Area) -> None:
    if await type(row).filter(code=row.code).using_db(connection).exists():
        refuse("CODE_TAKEN", "code")
    try:
        await row.save(using_db=connection, force_create=True)
    except IntegrityError:  # another transaction was quicker with the same code
        refuse("CODE_TAKEN", "code")


async def _record(
    connection: BaseDBAsyncClient,
    organization: Organization,
    kind: ChangeKind,
    occurred_on: dt.date,
    *,
    before: str = "",
    after: str = "",
    approved_by: str = "",
    document: str = "",
    other_id: int | None = None,
) -> None:
    await OrganizationChange.create(
        using_db=connection,
        organization_id=organization.id,
        org_path=organization.path,
        kind=kind,
        occurred_on=occurred_on,
        before=before,
        after=after,
        approved_by=text(OrganizationChange, "approved_by", approved_by),
        document=text(OrganizationChange, "document", document),
        other_id=other_id,
    )


async def _subordinates(
    connection: BaseDBAsyncClient, organization: Organization
) -> list[Organization]:
    return await (
        Organization.filter(superior_id=organization.id, status=OrganizationStatus.ACTIVE)
        .using_db(connection)
        .order_by("id")
    )


async def _put_under(
    connection: BaseDBAsyncClient,
    organization: Organization,
    superior: Organization | None,
    day: dt.date,
    *,
    approved_by: str,
    document: str,
) -> None:
    """Move a subtree whose move is allowed: edge, paths, copies, history, counts."""
    old_path, old_superior = organization.path, organization.superior_id
    new_path = f"{superior.path if superior else ''}{organization.id}."
    await tree.rebase(connection, Organization, old_path, new_path)
    await change(connection, organization, superior_id=superior.id if superior else None)
    former = (
        await Organization.filter(id=old_superior).using_db(connection).first()
        if old_superior
        else None
    )
    await _record(
        connection,
        organization,
        ChangeKind.MOVED,
        day,
        before=former.name if former else "",
        after=superior.name if superior else "",
        approved_by=approved_by,
        document=document,
        other_id=superior.id if superior else None,
    )
    await counters.carry(counters.on_tortoise(connection), organization.id, old_path, new_path)


async def _members_in_both(
    connection: BaseDBAsyncClient, source: Organization, target: Organization
) -> int:
    there = Member.filter(branch_id=target.id).using_db(connection)
    here = Member.filter(branch_id=source.id, state__in=sorted(rules.CURRENT_STATES))
    both = set(await values(here.using_db(connection), "person_id"))
    return len(both.intersection(await values(there, "person_id")))


async def _take_members(
    connection: BaseDBAsyncClient,
    source: Organization,
    target: Organization,
    day: dt.date,
    *,
    decided_by: str,
    document: str,
) -> list[Delta]:
    """Bring the source's memberships to the target; return what that does to the counts."""
    there = set(await values(Member.filter(branch_id=target.id).using_db(connection), "person_id"))
    rows = await (
        Member.filter(branch_id=source.id)
        .using_db(connection)
        .select_related("person")
        .order_by("id")
    )
    # An ended membership stays where its person has one in the target: only one fits there.
    rows = [member for member in rows if member.person_id not in there]
    current = [member for member in rows if member.state in rules.CURRENT_STATES]
    await (
        Member.filter(branch_id=source.id, person_id__not_in=there or {0})
        .using_db(connection)
        .update(
            branch_id=target.id,
            org_path=target.path,
            version=F("version") + 1,
            updated_at=clock.now(),
        )
    )
    await tree.follow_all(connection, Member, target)
    await MemberEvent.bulk_create(
        [
            MemberEvent(
                member_id=member.id,
                org_path=target.path,
                kind="BRANCH_MERGED",
                occurred_on=day,
                before=source.code,
                after=target.code,
                decided_by=decided_by,
                document=document,
            )
            for member in current
        ],
        batch_size=500,
        using_db=connection,
    )
    return [
        delta
        for member in current
        for path, n in ((source.path, -1), (target.path, 1))
        for delta in counters.member_deltas(
            path, member.stage, member.state, member.person.birth_year, n
        )
    ]


async def _take_people(
    connection: BaseDBAsyncClient, source: Organization, target: Organization
) -> None:
    """Bring the records of people that the source keeps to the target."""
    await (
        Person.filter(organization_id=source.id)
        .using_db(connection)
        .update(
            organization_id=target.id,
            org_path=target.path,
            version=F("version") + 1,
            updated_at=clock.now(),
        )
    )
    await tree.follow_all(connection, Person, target)


async def _end_posts(
    connection: BaseDBAsyncClient, organization: Organization, day: dt.date
) -> None:
    """End what posts are still held; one that was to begin later ends as it begins."""
    held = Appointment.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=day), organization_id=organization.id
    )
    begun = Q(starts_on__isnull=True) | Q(starts_on__lte=day)
    await held.filter(begun).using_db(connection).update(ends_on=day)
    later = held.filter(starts_on__gt=day).using_db(connection)
    await later.update(ends_on=F("starts_on"))


async def _units(connection: BaseDBAsyncClient, unit_ids: Sequence[int]) -> list[Organization]:
    return [
        await tree.get(connection, Organization, unit_id, "coverage")
        for unit_id in sorted(set(unit_ids))
    ]


async def _cover(
    connection: BaseDBAsyncClient, branch: Organization, unit_id: int, since: dt.date | None
) -> None:
    await Coverage.create(
        using_db=connection,
        branch_id=branch.id,
        org_path=branch.path,
        unit_id=unit_id,
        since=since,
    )


async def _take_coverage(
    connection: BaseDBAsyncClient, source: Organization, target: Organization
) -> None:
    """Let the target cover what the source covered, and be covered where the source was."""
    covered = set(
        await values(Coverage.filter(branch_id=target.id).using_db(connection), "unit_id")
    )
    covering = set(
        await values(Coverage.filter(unit_id=target.id).using_db(connection), "branch_id")
    )
    for row in await Coverage.filter(branch_id=source.id).using_db(connection):
        if row.unit_id in covered:
            await row.delete(using_db=connection)
        else:
            covered.add(row.unit_id)
            await (
                Coverage.filter(id=row.id)
                .using_db(connection)
                .update(branch_id=target.id, org_path=target.path)
            )
    for row in await Coverage.filter(unit_id=source.id).using_db(connection):
        if row.branch_id in covering:
            await row.delete(using_db=connection)
        else:
            await Coverage.filter(id=row.id).using_db(connection).update(unit_id=target.id)
    if len(covered) > 1 and target.setup_mode is SetupMode.SINGLE:
        await change(connection, target, setup_mode=SetupMode.JOINT)
