"""Paths are copied into the tables of plugins too, and writers do not get in each other's way."""

from __future__ import annotations

import asyncio
import datetime as dt
from contextlib import suppress
from random import Random

import pytest
from tortoise.context import require_context

from gongzhi.database.migrate import make_migrations
from gongzhi.errors import RuleError
from gongzhi.registry import service, tree
from gongzhi.registry.codes import MembershipStage, MembershipState
from gongzhi.registry.models import KindRule, Member, Organization, Person
from gongzhi.registry.rules import parent_path
from tests.conftest import FreshDatabase
from tests.database.plugins import PluginMaker
from tests.registry.helpers import area, faults, member, organization, person, registry
from tests.registry.test_properties import OPERATIONS, World, allow_everything

TEA = """
from gongzhi.registry.models import Organization, Person

class Cup(Model):
    id = fields.BigIntField(primary_key=True)
    member: fields.ForeignKeyRelation[Member] = fields.ForeignKeyField(
        "core.Member", related_name=False, on_delete=fields.CASCADE
    )
    member_id: int
    org_path = PathField()

    class Meta(Model.Meta):
        app = "tea"
        table = "tea_cup"


class Taste(Model):
    id = fields.BigIntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "core.Person", related_name=False, on_delete=fields.CASCADE
    )
    person_id: int
    org_path = PathField()

    class Meta(Model.Meta):
        app = "tea"
        table = "tea_taste"


class House(Model):
    id = fields.BigIntField(primary_key=True)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.CASCADE
    )
    organization_id: int
    host: fields.ForeignKeyRelation[Member] = fields.ForeignKeyField(
        "core.Member", related_name=False, on_delete=fields.CASCADE
    )
    host_id: int
    org_path = PathField()
    area_path = PathField(default="")

    class Meta(Model.Meta):
        app = "tea"
        table = "tea_house"
"""


async def test_copies_in_the_tables_of_plugins(
    make_plugin: PluginMaker, fresh_database: FreshDatabase, dialect: str
) -> None:
    plugin = make_plugin("tea").models(TEA)
    await make_migrations([plugin])
    url = fresh_database([plugin], dialect=dialect)
    async with registry(url, [plugin]) as db:
        assert ("tea_cup", "org_path") in tree.copies(tree.ORGANIZATION_COPIES)
        assert ("tea_house", "area_path") in tree.copies(tree.AREA_COPIES)
        assert tree.followers(Member) == [
            ("core_member_event", "member_id"),
            ("tea_cup", "member_id"),
        ]
        assert tree.followers(Person) == [
            ("core_reveal", "person_id"),
            ("tea_taste", "person_id"),
        ]
        models = (require_context().apps or {})["tea"]
        cup, taste, house = models["Cup"], models["Taste"], models["House"]

        street = await organization("SUBDISTRICT_WORKING_COMMITTEE")
        one, two, three = [await organization("PARTY_BRANCH", street) for _ in range(3)]
        estate, block = await area("ESTATE"), await area("BUILDING")
        drinker = await member(one)
        await cup.create(member_id=drinker.id, org_path=drinker.org_path)
        await taste.create(person_id=drinker.person_id, org_path=one.path)
        await house.create(
            organization_id=one.id,
            host_id=drinker.id,
            org_path=one.path,
            area_path=block.path,
        )

        async def paths() -> list[str]:
            return [(await kind.get()).org_path for kind in (cup, taste, house)]

        await service.move_organization(one.id, None)
        assert await paths() == [f"{one.id}."] * 3
        await service.move_area(block.id, estate.id)
        assert (await house.get()).area_path == f"{estate.path}{block.id}."
        # The membership moves and takes along what hangs on it; the house stays where it is.
        await service.move_member(drinker.id, two.id)
        assert await paths() == [two.path, two.path, f"{one.id}."]
        await service.merge_organizations(two.id, three.id)
        assert await paths() == [three.path, three.path, f"{one.id}."]
        await service.change_state(drinker.id, MembershipState.DECEASED)
        await service.dissolve_organization(three.id)
        assert await paths() == [three.path, street.path, f"{one.id}."]
        assert await faults(db) == []


async def outcomes(*calls: object) -> list[str]:
    """Run all at once; return the codes of those that were refused, and nothing else fails."""
    results = await asyncio.gather(*calls, return_exceptions=True)  # type: ignore[call-overload]
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, RuleError):
            raise result
    return [result.code for result in results if isinstance(result, RuleError)]


async def test_two_moves_do_not_make_a_cycle_together(database_url: str) -> None:
    async with registry(database_url) as db:
        await KindRule.create(parent_kind="PARTY_BRANCH", child_kind="PARTY_BRANCH")
        for _ in range(5):
            one, two = [await organization("PARTY_BRANCH") for _ in range(2)]
            below_one = await organization("PARTY_BRANCH", one)
            below_two = await organization("PARTY_BRANCH", two)
            assert await outcomes(
                service.move_organization(one.id, below_two.id),
                service.move_organization(two.id, below_one.id),
            ) == ["CYCLE"]
        assert await faults(db) == []


async def test_writing_below_an_organization_that_moves(database_url: str) -> None:
    async with registry(database_url) as db:
        streets = [await organization("SUBDISTRICT_WORKING_COMMITTEE") for _ in range(2)]
        community = await organization("GENERAL_PARTY_BRANCH", streets[0])
        branch = await organization("PARTY_BRANCH", community)

        async def go_back_and_forth() -> None:
            for turn in range(1, 7):
                await service.move_organization(community.id, streets[turn % 2].id)

        async def admit() -> None:
            for _ in range(3):
                row = await member(branch, birth=dt.date(1950, 1, 1))
                await service.change_state(row.id, MembershipState.SUSPENDED)

        async def set_up() -> None:
            for _ in range(3):
                await organization("GRID_PARTY_BRANCH", community)

        assert await outcomes(go_back_and_forth(), admit(), admit(), set_up(), set_up()) == []
        assert await Member.all().count() == 6
        assert await Organization.filter(kind="GRID_PARTY_BRANCH").count() == 6
        assert await faults(db) == []


async def test_transfers_that_cross(database_url: str) -> None:
    async with registry(database_url) as db:
        street = await organization("SUBDISTRICT_WORKING_COMMITTEE")
        branches = [await organization("PARTY_BRANCH", street) for _ in range(2)]
        rows = [await member(branches[n % 2]) for n in range(8)]
        assert (
            await outcomes(
                *(
                    service.move_member(row.id, branches[(n + 1) % 2].id)
                    for n, row in enumerate(rows)
                )
            )
            == []
        )
        assert await faults(db) == []


async def test_only_one_of_many_gets_it(database_url: str) -> None:
    async with registry(database_url) as db:
        branches = [await organization("PARTY_BRANCH") for _ in range(4)]
        assert (
            await outcomes(
                *(service.create_organization("SAME", "合成", "PARTY_BRANCH") for _ in range(4))
            )
            == ["CODE_TAKEN"] * 3
        )
        someone = await person(branches[0])
        assert (
            await outcomes(
                *(
                    service.admit_member(someone.id, branch.id, stage=MembershipStage.FULL_MEMBER)
                    for branch in branches
                )
            )
            == ["ALREADY_MEMBER"] * 3
        )
        assert (
            await outcomes(*(person(branch, id_number="999999199003078516") for branch in branches))
            == ["ALREADY_REGISTERED"] * 3
        )
        assert await faults(db) == []


async def test_merging_while_members_come_and_go(database_url: str) -> None:
    async with registry(database_url) as db:
        street = await organization("SUBDISTRICT_WORKING_COMMITTEE")
        source, target, other = [await organization("PARTY_BRANCH", street) for _ in range(3)]
        rows = [await member(source) for _ in range(4)]
        someone = await person(source)
        codes = await outcomes(
            service.merge_organizations(source.id, target.id),
            *(service.move_member(row.id, other.id) for row in rows),
            service.admit_member(someone.id, source.id, stage=MembershipStage.APPLICANT),
        )
        # Whoever was first: each comes out whole, and what came too late is told so.
        assert set(codes) <= {"NOT_ACTIVE", "CONFLICT"}
        assert not await Member.filter(branch_id=source.id).exists()
        assert await faults(db) == []


@pytest.mark.parametrize("seed", range(3))
async def test_everything_at_once(database_url: str, seed: int) -> None:
    """Several writers do random things to one small tree: no deadlock, nothing left wrong."""
    chance = Random(seed)
    async with registry(database_url) as db:
        await allow_everything()
        world = World()
        world.organizations.append(await organization("SUBDISTRICT_WORKING_COMMITTEE"))
        world.areas.append(await area("DISTRICT"))
        for n in range(6):
            await world.create(n, n // 2)
            await world.create_area(n // 2, 0)
            await world.admit(4 + 5 * n, n)

        async def write() -> None:
            for _ in range(8):
                name = chance.choice(sorted(OPERATIONS))
                with suppress(RuleError):
                    await OPERATIONS[name](world, chance.randrange(60), chance.randrange(60))

        await asyncio.gather(*(write() for _ in range(5)))
        assert await faults(db) == []


async def test_units_of_a_branch_change_while_all_of_them_move(database_url: str) -> None:
    async with registry(database_url) as db:
        districts = [await organization("DISTRICT_PARTY_COMMITTEE") for _ in range(2)]
        park = await organization("PARK_PARTY_COMMITTEE", districts[0])
        units = [await organization("ACTUAL_UNIT", park) for _ in range(4)]
        branch = await organization("TWO_NEW_PARTY_BRANCH", park)

        async def cover() -> None:
            for n in range(6):
                await service.set_coverage(branch.id, [units[n % 4].id])

        async def go_back_and_forth() -> None:
            for turn in range(1, 7):
                await service.move_organization(park.id, districts[turn % 2].id)

        async def rename(row: Organization) -> None:
            for n in range(6):
                await service.rename_organization(row.id, f"合成名{n}")

        assert (
            await outcomes(go_back_and_forth(), cover(), rename(branch), *map(rename, units)) == []
        )
        assert await faults(db) == []


@pytest.mark.parametrize(("path", "parent"), [("1.", ""), ("1.7.", "1."), ("1.7.127.", "1.7.")])
def test_parent_path(path: str, parent: str) -> None:
    assert parent_path(path) == parent
