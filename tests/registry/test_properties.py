"""Whatever is done in whatever order: paths, copies and counts are what recomputing gives."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tortoise.backends.base.client import BaseDBAsyncClient

from gongzhi.errors import RuleError
from gongzhi.registry import service
from gongzhi.registry.codes import MembershipStage, MembershipState
from gongzhi.registry.models import Area, KindRule, Member, Organization
from tests.registry.helpers import area, faults, member, organization, registry

KINDS = (
    "SUBDISTRICT_WORKING_COMMITTEE",
    "GENERAL_PARTY_BRANCH",
    "PARTY_BRANCH",
    "GRID_PARTY_BRANCH",
    "BUILDING_PARTY_GROUP",
)
WIDE = [(parent, child) for parent in ("", *KINDS) for child in KINDS]
"""Every kind under every kind, so that trees grow deep and little is refused for its kind."""

TABLES = (
    "core_counter",
    "core_appointment",
    "core_member_event",
    "core_member",
    "core_person",
    "core_coverage",
    "core_organization_change",
)


class World:
    """The organizations and members that there are, picked by any number."""

    def __init__(self) -> None:
        self.organizations: list[Organization] = []
        self.areas: list[Area] = []
        self.members: list[Member] = []
        self.ended: set[int] = set()

    def organization(self, n: int) -> Organization:
        some = self.organizations if n % 10 == 0 else self.active()
        return some[n % len(some)]

    def active(self) -> list[Organization]:
        return [row for row in self.organizations if row.id not in self.ended]

    def area(self, n: int) -> Area:
        return self.areas[n % len(self.areas)]

    def member(self, n: int) -> Member:
        return self.members[n % len(self.members)]

    async def create(self, a: int, b: int) -> None:
        # At times at the end of a growing chain, so that trees get deep and not only wide.
        superior = self.organization(b) if a % 3 else self.active()[-1]
        self.organizations.append(
            await organization(KINDS[a % len(KINDS)], superior, area_id=self.area(a).id)
        )

    async def create_area(self, a: int, _: int) -> None:
        self.areas.append(await area("ESTATE", self.area(a)))

    async def move(self, a: int, b: int) -> None:
        superior = None if b % 7 == 0 else self.organization(b).id
        await service.move_organization(self.organization(a).id, superior)

    async def move_area(self, a: int, b: int) -> None:
        await service.move_area(self.area(a).id, None if b % 7 == 0 else self.area(b).id)

    async def upgrade(self, a: int, b: int) -> None:
        await service.upgrade_organization(self.organization(a).id, KINDS[b % len(KINDS)])

    async def rename(self, a: int, b: int) -> None:
        await service.rename_organization(self.organization(a).id, f"合成名{b}")

    async def merge(self, a: int, b: int) -> None:
        source, target = self.organization(a), self.organization(b)
        await service.merge_organizations(source.id, target.id)
        self.ended.add(source.id)

    async def dissolve(self, a: int, _: int) -> None:
        if len(self.active()) > 1:  # something has to be left to go on with
            row = self.organization(a)
            await service.dissolve_organization(row.id)
            self.ended.add(row.id)

    async def admit(self, a: int, b: int) -> None:
        stage = list(MembershipStage)[a % len(MembershipStage)]
        birth = dt.date(1940 + b % 60, 1, 1) if b % 4 else None
        branch, keeper = self.organization(a), self.organization(b)
        self.members.append(
            await member(branch, stage, keeper, birth=birth, residence_area_id=self.area(b).id)
        )

    async def transfer(self, a: int, b: int) -> None:
        if self.members:
            await service.move_member(self.member(a).id, self.organization(b).id)

    async def decide(self, a: int, b: int) -> None:
        if self.members:
            state = list(MembershipState)[b % len(MembershipState)]
            await service.change_state(self.member(a).id, state)

    async def develop(self, a: int, b: int) -> None:
        if self.members:
            stage = list(MembershipStage)[b % len(MembershipStage)]
            await service.change_stage(self.member(a).id, stage)


OPERATIONS: dict[str, Callable[[World, int, int], Awaitable[None]]] = {
    "create": World.create,
    "create_area": World.create_area,
    "move": World.move,
    "move_area": World.move_area,
    "upgrade": World.upgrade,
    "rename": World.rename,
    "merge": World.merge,
    "dissolve": World.dissolve,
    "admit": World.admit,
    "transfer": World.transfer,
    "decide": World.decide,
    "develop": World.develop,
}

Steps = list[tuple[str, int, int]]

step = st.tuples(st.sampled_from(sorted(OPERATIONS)), st.integers(0, 60), st.integers(0, 60))

EVERYTHING: Steps = [
    ("create", 1, 0),
    ("create", 2, 1),
    ("create", 2, 2),
    ("create_area", 0, 0),
    ("create_area", 1, 0),
    ("move_area", 2, 0),
    ("admit", 4, 1),
    ("admit", 7, 2),
    ("admit", 5, 3),
    ("move", 2, 0),
    ("rename", 1, 9),
    ("upgrade", 2, 1),
    ("transfer", 0, 1),
    ("decide", 0, 1),
    ("develop", 2, 1),
    ("merge", 2, 1),
    ("create", 4, 1),
    ("dissolve", 3, 0),
]
"""One run in which every operation succeeds."""


async def allow_everything() -> None:
    known = {(row.parent_kind, row.child_kind) for row in await KindRule.all()}
    await KindRule.bulk_create(
        KindRule(parent_kind=parent, child_kind=child)
        for parent, child in WIDE
        if (parent, child) not in known
    )


async def wipe(db: BaseDBAsyncClient) -> None:
    for table in TABLES:
        await db.execute_query(f"DELETE FROM {table}")
    for table, key in (("core_organization", "superior_id"), ("core_area", "parent_id")):
        await db.execute_query(f"UPDATE {table} SET {key} = NULL")
        await db.execute_query(f"DELETE FROM {table}")


async def play(url: str, steps: Steps, grown: int = 0) -> Counter[str]:
    """Do the steps; what the rules refuse changes nothing. Return what succeeded."""
    done: Counter[str] = Counter()
    async with registry(url) as db:
        await wipe(db)
        await allow_everything()
        world = World()
        world.organizations.append(await organization("SUBDISTRICT_WORKING_COMMITTEE"))
        world.areas.append(await area("DISTRICT"))
        for n in range(grown):
            await world.create(n + n // 3, n // 2)
            await world.create_area(n // 2, 0)
        for name, a, b in steps:
            try:
                await OPERATIONS[name](world, a, b)
                done[name] += 1
            except RuleError as exc:
                done[f"{name} {exc.code}"] += 1
            assert await faults(db) == [], (name, a, b)
    return done


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(steps=EVERYTHING)
@given(steps=st.lists(step, min_size=10, max_size=30))
def test_any_sequence_keeps_what_is_derived(database_url: str, steps: Steps) -> None:
    asyncio.run(play(database_url, steps, grown=7))


def test_the_fixed_sequence_does_everything(sqlite_url: str) -> None:
    done: Any = asyncio.run(play(sqlite_url, EVERYTHING))
    assert set(OPERATIONS) <= set(done), done


async def test_the_oracle_sees_faults(sqlite_url: str) -> None:
    """What is damaged by hand is found, each kind of it."""
    async with registry(sqlite_url) as db:
        street = await organization("SUBDISTRICT_WORKING_COMMITTEE")
        branch = await organization("PARTY_BRANCH", street)
        estate = await area("ESTATE")
        await member(branch, residence_area_id=estate.id)
        for damage in (
            "UPDATE core_person SET residence_path = ''",
            "UPDATE core_area SET path = '7.'",
            "UPDATE core_organization SET path = '7.' WHERE superior_id IS NOT NULL",
            "UPDATE core_organization SET depth = 5 WHERE superior_id IS NOT NULL",
            "UPDATE core_organization SET area_path = '9.' WHERE superior_id IS NULL",
            "UPDATE core_member SET org_path = '7.'",
            "UPDATE core_person SET org_path = '7.'",
            "UPDATE core_member_event SET org_path = '7.'",
            "UPDATE core_organization_change SET org_path = '7.'",
            "UPDATE core_counter SET total = total + 1",
            "UPDATE core_counter SET own = own + 1",
            "UPDATE core_counter SET org_path = '7.'",
            "DELETE FROM core_counter",
        ):
            assert await faults(db) == []
            await db.execute_query("SAVEPOINT damage")
            await db.execute_query(damage)
            assert await faults(db) != [], damage
            await db.execute_query("ROLLBACK TO damage")
            await db.execute_query("RELEASE damage")
