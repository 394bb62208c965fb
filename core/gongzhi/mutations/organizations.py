"""Organizations, as mutations.

What an organization is (its name, kind, superior, whether it goes on) is decided above it: who
changes that needs the permission at its superior too. 《中国共产党支部工作条例（试行）》 of 2018,
articles 6 and 7: branches are set up, adjusted and dissolved by the committee above them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from tortoise.expressions import Q

from gongzhi.access.models import Edge, Grant
from gongzhi.access.viewer import Range
from gongzhi.mutations.common import day_of, fields, keys, said
from gongzhi.refusals import COMMON, Refusals
from gongzhi.registry import service, tree
from gongzhi.registry.codes import SetupMode
from gongzhi.registry.models import Area, Organization
from gongzhi.writing import KEEP, AreaKey, OrganizationKey, Work

REFUSALS = Refusals(
    {
        "TERRITORY_GRANTED": (
            "有授权沿本组织的属地，须由对新属地有权限的人员变更",
            "a grant follows the organization's territory, so who changes it needs the permission "
            "in the new territory",
        ),
    },
    base=COMMON,
)


async def create_organization(
    work: Work,
    code: str,
    name: str,
    kind: str,
    *,
    superior: OrganizationKey | None = None,
    area: AreaKey | None = None,
    level: str = "",
    short_name: str = "",
    setup_mode: SetupMode = SetupMode.SINGLE,
    coverage: Sequence[OrganizationKey] = (),
    is_temporary: bool = False,
    purpose: str = "",
    review_on: dt.date | None = None,
    field: str = "",
    established_on: dt.date | None = None,
    approved_by: str = "",
    document: str = "",
    phone: str = "",
) -> Organization:
    """设立组织 · set up an organization.

    :param code: 组织编码，全库唯一 · its code, unique in the registry
    :param name: 名称 · full name
    :param kind: 类别代码 · code of its kind
    :param superior: 上级组织（隶属），空为最上级 · the organization above it, absent for a root
    :param area: 属地 · the territory that it is in
    :param level: 层级代码，默认按类别 · code of its level, by default that of its kind
    :param short_name: 简称 · short name
    :param setup_mode: 组建方式 · set up by one unit or jointly
    :param coverage: 覆盖的单位，联合组建至少两个 · units that it covers, two or more when joint
    :param is_temporary: 临时党组织 · temporary
    :param purpose: 临时组建的目的 · why a temporary one is set up
    :param review_on: 届满或复核日期，临时党组织必填 · when a temporary one ends or is reviewed
    :param field: 党建领域代码 · code of the field of Party building
    :param established_on: 成立日期 · day of establishment
    :param approved_by: 批准单位 · who approved it
    :param phone: 联系电话 · phone
    :raises RuleError: NOT_FOUND, CODE_TAKEN, UNKNOWN_CODE, BLANK, TOO_LONG, NOT_ACTIVE,
        KIND_NOT_ALLOWED, KIND_NOT_ROOT, REVIEW_DATE_NEEDED, DATE_ORDER, FUTURE_DATE,
        NOT_A_PARTY_ORGANIZATION, COVERAGE_NEEDED, COVERAGE_SINGLE, COVERAGE_PARTY,
        COVERAGE_INACTIVE, TREE_TOO_DEEP
    """
    if area is not None:
        await work.find(Area, area, "area")
    await _see(work, coverage, "coverage")
    await _may_put_under(work, superior)
    organization = await service.create_organization(
        code,
        name,
        kind,
        superior_id=superior,
        area_id=area,
        level=level,
        short_name=short_name,
        setup_mode=setup_mode,
        coverage=coverage,
        is_temporary=is_temporary,
        purpose=purpose,
        review_on=review_on,
        field=field,
        established_on=established_on,
        approved_by=approved_by,
        document=document,
        phone=phone,
        privacy=keys(work) if phone else None,
    )
    work.record(
        "core.organization.create",
        organization,
        data=said(kind=kind, superior_id=superior, established_on=established_on),
    )
    return organization


async def change_organization(
    work: Work,
    organization: OrganizationKey,
    *,
    short_name: str | None = None,
    area: AreaKey | None = KEEP,
    level: str | None = None,
    field: str | None = None,
    purpose: str | None = None,
    is_temporary: bool | None = None,
    review_on: dt.date | None = KEEP,
    established_on: dt.date | None = KEEP,
    phone: str | None = None,
    expected_version: int | None = None,
) -> Organization:
    """更正组织信息；未填写的不变 · correct what it says of itself; what is not given stays.

    :param organization: 组织 · the organization
    :param short_name: 简称 · short name
    :param area: 属地，null 为没有 · the territory that it is in, null for none
    :param level: 层级代码 · code of its level
    :param field: 党建领域代码，空文本为没有 · code of its field of Party building, empty for none
    :param purpose: 临时组建的目的 · why a temporary one was set up
    :param is_temporary: 临时党组织 · temporary
    :param review_on: 届满或复核日期 · when a temporary one ends or is reviewed
    :param established_on: 成立日期 · day of establishment
    :param phone: 联系电话，空文本为删除 · phone, empty to remove it
    :raises RuleError: NOT_FOUND, CONFLICT, NOT_ACTIVE, UNKNOWN_CODE, TOO_LONG, FUTURE_DATE,
        DATE_ORDER, REVIEW_DATE_NEEDED, TERRITORY_GRANTED
    """
    named = fields(
        {
            "short_name": short_name,
            "level": level,
            "field": field,
            "purpose": purpose,
            "is_temporary": is_temporary,
            "phone": phone,
        },
        {"area": area, "review_on": review_on, "established_on": established_on},
    )
    ground = await work.find(Area, area, "area") if area not in (None, KEEP) else None
    row = await work.take(Organization, organization, "organization")
    if area is not KEEP:
        await _may_settle(work, row, ground)
    changed = await service.change_organization(
        organization,
        short_name=short_name,
        area_id=area,
        level=level,
        field=field,
        purpose=purpose,
        is_temporary=is_temporary,
        review_on=review_on,
        established_on=established_on,
        phone=phone,
        privacy=keys(work) if phone else None,
        expected_version=expected_version,
    )
    work.record("core.organization.change", changed, data=dict(named))
    return changed


async def upgrade_organization(
    work: Work,
    organization: OrganizationKey,
    kind: str,
    *,
    name: str = "",
    level: str = "",
    on: dt.date | None = None,
    approved_by: str = "",
    document: str = "",
    expected_version: int | None = None,
) -> Organization:
    """升格为更高类别，仍是同一组织 · make it one of a higher kind; it stays the same organization.

    :param organization: 组织 · the organization
    :param kind: 新的类别代码 · code of the new kind
    :param name: 新的名称，默认不变 · its new name, by default the same
    :param level: 新的层级代码，默认按类别 · code of the new level, by default that of the kind
    :param on: 发生日期，默认为今天 · the day, today where absent
    :param approved_by: 批准单位 · who approved it
    :raises RuleError: NOT_FOUND, CONFLICT, NOT_ACTIVE, UPGRADE_NOT_ALLOWED, UPGRADE_TEMPORARY,
        KIND_NOT_ALLOWED, KIND_NOT_ROOT, UNKNOWN_CODE, TOO_LONG, FUTURE_DATE
    """
    before = (await _restructure(work, organization, "organization")).kind
    changed = await service.upgrade_organization(
        organization,
        kind,
        name=name,
        level=level,
        on=on,
        approved_by=approved_by,
        document=document,
        expected_version=expected_version,
    )
    work.record(
        "core.organization.upgrade",
        changed,
        data=said(before=before, after=kind, on=day_of(work, on)),
    )
    return changed


async def rename_organization(
    work: Work,
    organization: OrganizationKey,
    name: str,
    *,
    short_name: str | None = None,
    on: dt.date | None = None,
    approved_by: str = "",
    document: str = "",
    expected_version: int | None = None,
) -> Organization:
    """更名 · give it another name.

    :param organization: 组织 · the organization
    :param name: 新的名称 · the new name
    :param short_name: 新的简称，默认不变 · the new short name, by default the same
    :param on: 发生日期，默认为今天 · the day, today where absent
    :param approved_by: 批准单位 · who approved it
    :raises RuleError: NOT_FOUND, CONFLICT, NOT_ACTIVE, BLANK, TOO_LONG, SAME_NAME, FUTURE_DATE
    """
    await _may_decide(work, await work.take(Organization, organization, "organization"))
    changed = await service.rename_organization(
        organization,
        name,
        short_name=short_name,
        on=on,
        approved_by=approved_by,
        document=document,
        expected_version=expected_version,
    )
    work.record("core.organization.rename", changed, data=said(on=day_of(work, on)))
    return changed


async def move_organization(
    work: Work,
    organization: OrganizationKey,
    *,
    superior: OrganizationKey | None,
    on: dt.date | None = None,
    approved_by: str = "",
    document: str = "",
    expected_version: int | None = None,
) -> Organization:
    """变更隶属关系，连同下级 · put it under another superior, with all below it.

    :param organization: 组织 · the organization
    :param superior: 新的上级组织，null 为最上级 · the new superior, null to make it a root
    :param on: 发生日期，默认为今天 · the day, today where absent
    :param approved_by: 批准单位 · who approved it
    :raises RuleError: NOT_FOUND, CONFLICT, NOT_ACTIVE, CYCLE, SAME_PLACE, KIND_NOT_ALLOWED,
        KIND_NOT_ROOT, TREE_TOO_DEEP, TOO_LONG, FUTURE_DATE
    """
    await _may_put_under(work, superior, hold=False)
    before = (await _restructure(work, organization, "organization", superior)).superior_id
    changed = await service.move_organization(
        organization,
        superior,
        on=on,
        approved_by=approved_by,
        document=document,
        expected_version=expected_version,
    )
    data = {"from": before, "to": superior, **said(on=day_of(work, on))}
    work.record("core.organization.move", changed, data=data)
    return changed


async def merge_organizations(
    work: Work,
    source: OrganizationKey,
    target: OrganizationKey,
    *,
    on: dt.date | None = None,
    approved_by: str = "",
    document: str = "",
    expected_version: int | None = None,
) -> Organization:
    """合并：下级、党员、人员档案并入另一组织 · merge it, with all that it has, into another one.

    :param source: 被合并的组织 · the organization that ends
    :param target: 并入的组织 · the one that takes all of it
    :param on: 发生日期，默认为今天 · the day, today where absent
    :param approved_by: 批准单位 · who approved it
    :param expected_version: 读取时被合并组织的版本 · the version of the source that was read
    :raises RuleError: NOT_FOUND, CONFLICT, SAME_ORGANIZATION, NOT_ACTIVE, CYCLE,
        MERGE_KINDS_DIFFER, KIND_NOT_ALLOWED, MEMBER_IN_BOTH, TREE_TOO_DEEP, TOO_LONG, FUTURE_DATE
    """
    await work.require(await work.see(Organization, target, "target"))
    ended = await _restructure(work, source, "source", target)
    merged = await service.merge_organizations(
        source,
        target,
        on=on,
        approved_by=approved_by,
        document=document,
        expected_version=expected_version,
    )
    day = said(on=day_of(work, on))
    work.record("core.organization.merge", ended, data={"into": target, **day})
    work.record("core.organization.merge", merged, data={"from": source, **day})
    return merged


async def dissolve_organization(
    work: Work,
    organization: OrganizationKey,
    *,
    on: dt.date | None = None,
    approved_by: str = "",
    document: str = "",
    expected_version: int | None = None,
) -> Organization:
    """撤销；不得有下级和党员 · dissolve it; it has no subordinates and no members any longer.

    :param organization: 组织 · the organization
    :param on: 发生日期，默认为今天 · the day, today where absent
    :param approved_by: 批准单位 · who approved it
    :raises RuleError: NOT_FOUND, CONFLICT, NOT_ACTIVE, HAS_SUBORDINATES, HAS_MEMBERS, HAS_PEOPLE,
        TOO_LONG, FUTURE_DATE
    """
    await _restructure(work, organization, "organization")
    ended = await service.dissolve_organization(
        organization,
        on=on,
        approved_by=approved_by,
        document=document,
        expected_version=expected_version,
    )
    work.record("core.organization.dissolve", ended, data=said(on=day_of(work, on)))
    return ended


async def cover_units(
    work: Work,
    organization: OrganizationKey,
    coverage: Sequence[OrganizationKey],
    *,
    setup_mode: SetupMode | None = None,
    since: dt.date | None = None,
    expected_version: int | None = None,
) -> Organization:
    """设定党组织覆盖的单位，以所列为准 · say which units it covers: these and no others.

    :param organization: 党组织 · the Party organization
    :param coverage: 覆盖的单位 · the units
    :param setup_mode: 组建方式，默认不变 · set up by one unit or jointly, by default as it is
    :param since: 新增单位的起始日期 · from when the new ones are covered
    :raises RuleError: NOT_FOUND, CONFLICT, NOT_ACTIVE, NOT_A_PARTY_ORGANIZATION, COVERAGE_NEEDED,
        COVERAGE_SINGLE, COVERAGE_PARTY, COVERAGE_INACTIVE
    """
    await work.require(await work.see(Organization, organization, "organization"))
    await _see(work, coverage, "coverage")
    await tree.hold(work.connection, Organization, [organization, *coverage], change=True)
    await work.take(Organization, organization, "organization")
    changed = await service.set_coverage(
        organization,
        coverage,
        setup_mode=setup_mode,
        since=since,
        expected_version=expected_version,
    )
    work.record("core.organization.cover", changed, data={"units": sorted(set(coverage))})
    return changed


# == who may ==


async def _see(work: Work, organizations: Iterable[int], field: str) -> None:
    for each in organizations:
        await work.see(Organization, each, field)


async def _may_put_under(work: Work, superior: int | None, *, hold: bool = True) -> None:
    """Insist on the permission at the superior to be; for a root everywhere."""
    if superior is None:
        work.require_everywhere()
        return
    look = work.find if hold else work.see
    await work.require(await look(Organization, superior, "superior"))


async def _may_decide(work: Work, organization: Organization) -> None:
    """Insist on the permission at an organization and at its superior."""
    await work.require(organization)
    if organization.superior_id is not None:
        above = await Organization.get(id=organization.superior_id, using_db=work.connection)
        await work.require(above)


async def _restructure(
    work: Work, organization: int, field: str, other: int | None = None
) -> Organization:
    """Hold what a change of the tree touches, in the order in which everybody holds it.

    Looked at first, so that nobody holds what he may not change; and again when it is held.

    :param other: another organization that it touches.
    """
    row = await work.see(Organization, organization, field)
    await _may_decide(work, row)
    await tree.lock_shape(work.connection)
    row = await work.see(Organization, organization, field)
    also = [each for each in (row.superior_id, other) if each is not None]
    await tree.hold_subtree(work.connection, row, also)
    row = await work.take(Organization, organization, field)
    await _may_decide(work, row)
    return row


async def _may_settle(work: Work, organization: Organization, area: Area | None) -> None:
    """Insist that a new territory opens nothing to those whose grants follow it.

    :raises RuleError: TERRITORY_GRANTED.
    """
    scope = work.viewer.scope(work.permission)
    if area is None or scope.includes(areas=Range.subtree(area.path)):
        return
    following = Grant.filter(
        Q(valid_to=None) | Q(valid_to__gt=work.now),
        organization_id=organization.id,
        edge=Edge.TERRITORY,
    )
    if await following.using_db(work.connection).exists():
        REFUSALS.refuse("TERRITORY_GRANTED", "area")
