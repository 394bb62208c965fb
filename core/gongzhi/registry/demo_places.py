"""Areas, organizations and figures of the demo, as plans: pure, in an order to insert them in."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files

from gongzhi.registry.codes import Qualifier, SetupMode
from gongzhi.registry.import_trees import area_kind

REAL_AREAS = "areas-shanghai-shenzhen-weihai.csv"

_SOURCES = {
    "S0": "《在“大居”社会共治中发挥机关党建作用》，上海党史与党建 2015 年第 6 期",
    "S1": "《上海健全三级联动体系 基层党建从“单打独斗”到“联动作战”》，解放日报 2017-04-07",
    "S2": "环翠区委组织部《党建引领联动融合 打造共建共治共享的社会治理格局》",
    "S3": "《搭平台 创机制 拓展联系服务群众新路径》，上海党史与党建 2015 年第 8 期",
    "S4": "第五届党建引领基层治理优秀案例交流会报道，南方日报 2022-08",
}

_COMMITTEE_NAMES = ("居民委员会", "居委会")

_UPGRADED_FROM = "PARTY_BRANCH"
_ESTABLISHED_ON = dt.date(2012, 9, 1)
_UPGRADED_ON = dt.date(2018, 3, 1)

JINGYUAN = "371002002"
"""鲸园街道, where the demo has all four tiers."""
OUYANG = "310109009"
YANJI = "310110015"

GUBEI = "JINGYUAN-007"
"""古北社区党总支, with the most beneath it."""

_GRIDS = 2
_GUBEI_BUILDINGS = 3
_WITHOUT_GRID_BRANCH = frozenset({"371002002021-G2", "371002002022-G2"})
"""Grids without a Party organization, for the list of shortfalls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaPlan:
    """An area to insert."""

    code: str
    name: str
    kind: str
    parent: str = ""
    households: int | None = None
    synthetic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationPlan:
    """An organization to insert; ``superior`` and ``area`` are codes, empty for none."""

    code: str
    name: str
    short_name: str
    kind: str
    superior: str = ""
    area: str = ""
    established_on: dt.date | None = None
    field: str = ""
    setup_mode: SetupMode = SetupMode.SINGLE
    is_temporary: bool = False
    purpose: str = ""
    review_on: dt.date | None = None
    approved_by: str = ""
    covers: tuple[str, ...] = ()
    upgraded_from: str = ""
    """The kind that it had until it was upgraded 升格."""
    upgraded_on: dt.date | None = None
    synthetic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorPlan:
    """A figure to insert."""

    fact: str
    code: str
    organization: str
    period: str
    value: Decimal
    unit: str
    qualifier: Qualifier
    source: str


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = (files("gongzhi.registry") / "data" / name).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())


# ---- areas ---------------------------------------------------------------------------------------


def area_plans() -> list[AreaPlan]:
    """Return the real areas, then the finer ones, each after its parent."""
    real = [
        AreaPlan(
            code=row["code"],
            name=row["name"],
            kind=area_kind(row["level"], row["name"], row["code"]) or "",
            parent=row["parent_code"],
        )
        for row in _rows(REAL_AREAS)
    ]
    finer = [
        AreaPlan(
            code=row["code"],
            name=row["name"],
            kind=row["kind"],
            parent=row["parent_code"],
            households=int(row["households"]) if row["households"] else None,
            synthetic=bool(row["synthetic"]),
        )
        for row in _rows("areas-demo.csv")
    ]
    return [*real, *finer, *_grids(real)]


def _grids(areas: Iterable[AreaPlan]) -> Iterator[AreaPlan]:
    """Invent two grids a community of 鲸园街道, with one building each; 古北 has more."""
    for community in children(areas, JINGYUAN):
        for n in range(1, _GRIDS + 1):
            grid = f"{community.code}-G{n}"
            yield AreaPlan(
                code=grid,
                name=f"{_community(community.name)}第{'一二'[n - 1]}网格",
                kind="GRID",
                parent=community.code,
                synthetic=True,
            )
            for b in range(1, _buildings(community.code) + 1):
                yield AreaPlan(
                    code=f"{grid}-B{b}",
                    name=f"{b}号楼",
                    kind="BUILDING",
                    parent=grid,
                    households=48,
                    synthetic=True,
                )


def _buildings(community: str) -> int:
    return _GUBEI_BUILDINGS if community.endswith(GUBEI[-3:]) else 1


def children(areas: Iterable[AreaPlan], parent: str) -> list[AreaPlan]:
    """Return the real committees' areas of a street."""
    return [area for area in areas if area.parent == parent and area.kind == "RESIDENTIAL_AREA"]


def _place(name: str) -> str:
    """邮电新村居委会 → 邮电新村."""
    for ending in _COMMITTEE_NAMES:
        name = name.removesuffix(ending)
    return name


def _community(name: str) -> str:
    """古北居委会, 古陌社区居委会 → 古北社区, 古陌社区."""
    return _place(name).removesuffix("社区") + "社区"


# ---- organizations -------------------------------------------------------------------------------


def organization_plans(areas: Iterable[AreaPlan], today: dt.date) -> list[OrganizationPlan]:
    """Return the organizations, each after its superior."""
    known = list(areas)
    return [
        *_named(),
        *_residential("OUYANG", children(known, OUYANG)),
        *_residential("YANJI", children(known, YANJI)),
        *_four_tiers("JINGYUAN", children(known, JINGYUAN)),
        *_two_new(),
        OrganizationPlan(
            code="HUANCUI-TEMP",
            name="老旧小区改造临时党支部（示例）",
            short_name="改造临时党支部",
            kind="PARTY_BRANCH",
            superior="HUANCUI",
            area="371002",
            established_on=today - dt.timedelta(days=200),
            is_temporary=True,
            purpose="推进老旧小区改造",
            review_on=today + dt.timedelta(days=165),
            approved_by="环翠区委组织部（示例）",
            synthetic=True,
        ),
    ]


def _named() -> Iterator[OrganizationPlan]:
    for row in _rows("organizations-demo.csv"):
        day = row["established_on"]
        yield OrganizationPlan(
            code=row["code"],
            name=row["name"],
            short_name=row["short_name"],
            kind=row["kind"],
            superior=row["superior"],
            area=row["area"],
            established_on=dt.date.fromisoformat(day) if day else None,
            field=row["field"],
            synthetic=bool(row["synthetic"]),
        )


def _residential(street: str, areas: Iterable[AreaPlan]) -> Iterator[OrganizationPlan]:
    """Give each real committee of a street its row, and a branch beside it."""
    for area in areas:
        place = _place(area.name)
        code = f"{street}-{area.code[-3:]}"
        yield OrganizationPlan(
            code=code,
            name=f"{place}居民区党支部",
            short_name=f"{place}党支部",
            kind="PARTY_BRANCH",
            superior=street,
            area=area.code,
            field="RESIDENTIAL",
            synthetic=True,
        )
        yield OrganizationPlan(
            code=f"{code}-RC",
            name=f"{place}居民委员会",
            short_name=area.name,
            kind="RESIDENTS_COMMITTEE",
            superior=street,
            area=area.code,
        )


def _four_tiers(street: str, areas: Iterable[AreaPlan]) -> Iterator[OrganizationPlan]:
    """Build 街道党工委—社区党总支—网格党支部—楼道党小组; every 党总支 was upgraded 升格."""
    for area in areas:
        community = _community(area.name)
        code = f"{street}-{area.code[-3:]}"
        yield OrganizationPlan(
            code=code,
            name=f"{community}党总支",
            short_name=f"{community}党总支",
            kind="GENERAL_PARTY_BRANCH",
            superior=street,
            area=area.code,
            established_on=_ESTABLISHED_ON,
            field="RESIDENTIAL",
            upgraded_from=_UPGRADED_FROM,
            upgraded_on=_UPGRADED_ON,
            approved_by="环翠区委组织部（示例）",
            synthetic=True,
        )
        for n in range(1, _GRIDS + 1):
            grid = f"{area.code}-G{n}"
            if grid in _WITHOUT_GRID_BRANCH:
                continue
            name = f"{community}第{'一二'[n - 1]}网格"
            yield OrganizationPlan(
                code=f"{code}-G{n}",
                name=f"{name}党支部",
                short_name=f"第{'一二'[n - 1]}网格党支部",
                kind="GRID_PARTY_BRANCH",
                superior=code,
                area=grid,
                established_on=_UPGRADED_ON,
                field="RESIDENTIAL",
                synthetic=True,
            )
            for b in range(1, _buildings(area.code) + 1):
                yield OrganizationPlan(
                    code=f"{code}-G{n}-B{b}",
                    name=f"{name}{b}号楼党小组",
                    short_name=f"{b}号楼党小组",
                    kind="BUILDING_PARTY_GROUP",
                    superior=f"{code}-G{n}",
                    area=f"{grid}-B{b}",
                    established_on=_UPGRADED_ON,
                    field="RESIDENTIAL",
                    synthetic=True,
                )


def _two_new() -> Iterator[OrganizationPlan]:
    """单独组建 and 联合组建 under a business district and a park; invented."""
    yield OrganizationPlan(
        code="HUANCUI-CIRCLE-1",
        name="鲸园商圈联合党支部（示例）",
        short_name="商圈联合党支部",
        kind="TWO_NEW_PARTY_BRANCH",
        superior="HUANCUI-CIRCLE",
        area="371002002-C1",
        established_on=dt.date(2017, 4, 1),
        field="TWO_NEW",
        setup_mode=SetupMode.JOINT,
        covers=("HUANCUI-UNIT-1", "HUANCUI-UNIT-2", "HUANCUI-UNIT-3"),
        synthetic=True,
    )
    yield OrganizationPlan(
        code="HUANCUI-PARK-1",
        name="威羊机械党支部（示例）",
        short_name="威羊机械党支部",
        kind="TWO_NEW_PARTY_BRANCH",
        superior="HUANCUI-PARK",
        area="371002101-P1",
        established_on=dt.date(2017, 5, 1),
        field="TWO_NEW",
        covers=("HUANCUI-UNIT-4",),
        synthetic=True,
    )


# ---- figures -------------------------------------------------------------------------------------


def indicator_plans() -> list[IndicatorPlan]:
    """Return the figures that the articles give and records cannot reproduce."""
    return [
        IndicatorPlan(
            fact=row["fact"],
            code=row["code"],
            organization=row["organization"],
            period=row["period"],
            value=Decimal(row["value"]),
            unit=row["unit"],
            qualifier=Qualifier(row["qualifier"]),
            source=_SOURCES[row["source"]],
        )
        for row in _rows("indicators.csv")
    ]
