"""Areas, as mutations: who keeps a territory keeps what lies in it."""

from __future__ import annotations

from gongzhi.mutations.common import fields, said
from gongzhi.registry import service, tree
from gongzhi.registry.codes import Qualifier
from gongzhi.registry.models import Area
from gongzhi.writing import KEEP, AreaKey, Work


async def create_area(
    work: Work,
    code: str,
    name: str,
    kind: str,
    *,
    parent: AreaKey | None = None,
    households: int | None = None,
    population: int | None = None,
    population_qualifier: Qualifier = Qualifier.EXACT,
) -> Area:
    """登记地域 · enter an area.

    :param code: 区划代码 · its code
    :param name: 名称 · name
    :param kind: 类别代码 · code of its kind
    :param parent: 上级地域 · the area that it lies in
    :param households: 户数 · households
    :param population: 人口 · population
    :param population_qualifier: 人口数的限定词 · how exact the population is
    :raises RuleError: NOT_FOUND, CODE_TAKEN, UNKNOWN_CODE, BLANK, TOO_LONG, TREE_TOO_DEEP
    """
    await _may_put_under(work, parent)
    area = await service.create_area(
        code,
        name,
        kind,
        parent_id=parent,
        households=households,
        population=population,
        population_qualifier=population_qualifier,
    )
    work.record("core.area.create", area, data=said(kind=kind, parent_id=parent))
    return area


async def change_area(
    work: Work,
    area: AreaKey,
    *,
    code: str | None = None,
    name: str | None = None,
    kind: str | None = None,
    households: int | None = KEEP,
    population: int | None = KEEP,
    population_qualifier: Qualifier | None = None,
) -> Area:
    """更正地域信息；未填写的不变 · correct an area; what is not given stays.

    :param area: 地域 · the area
    :param code: 区划代码 · its code
    :param name: 名称 · name
    :param kind: 类别代码 · code of its kind
    :param households: 户数，null 为不详 · households, null for unknown
    :param population: 人口，null 为不详 · population, null for unknown
    :param population_qualifier: 人口数的限定词 · how exact the population is
    :raises RuleError: NOT_FOUND, CODE_TAKEN, UNKNOWN_CODE, BLANK, TOO_LONG
    """
    await work.take(Area, area, "area")
    changed = await service.change_area(
        area,
        code=code,
        name=name,
        kind=kind,
        households=households,
        population=population,
        population_qualifier=population_qualifier,
    )
    named = fields(
        {"code": code, "name": name, "kind": kind, "population_qualifier": population_qualifier},
        {"households": households, "population": population},
    )
    work.record("core.area.change", changed, data=dict(named))
    return changed


async def move_area(work: Work, area: AreaKey, *, parent: AreaKey | None) -> Area:
    """调整地域的上级，连同下级 · put an area under another one, with all below it.

    :param area: 地域 · the area
    :param parent: 新的上级地域，null 为最上级 · the area to be above it, null to make it a root
    :raises RuleError: NOT_FOUND, AREA_CYCLE, SAME_PLACE, TREE_TOO_DEEP
    """
    row = await work.see(Area, area, "area")
    await work.require(row)
    await _may_put_under(work, parent, hold=False)
    await tree.lock_shape(work.connection)
    row = await work.see(Area, area, "area")
    await tree.hold_subtree(work.connection, row, [] if parent is None else [parent])
    await work.require(row)
    moved = await service.move_area(area, parent)
    work.record("core.area.move", moved, data={"from": row.parent_id, "to": parent})
    return moved


async def _may_put_under(work: Work, parent: int | None, *, hold: bool = True) -> None:
    """Insist on the permission in the area to be above; for a root everywhere."""
    if parent is None:
        work.require_everywhere()
        return
    look = work.find if hold else work.see
    await work.require(await look(Area, parent, "parent"))
