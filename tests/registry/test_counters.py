"""The kept counts: rebuilding, adjusting, carrying, and finding what is wrong."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import pytest
from tortoise.transactions import in_transaction

from gongzhi.database import parse_url
from gongzhi.registry import counters, service
from gongzhi.registry.codes import MembershipStage, MembershipState
from gongzhi.registry.counters import BIRTH_YEARS, MEMBERS, ORGANIZATIONS, Delta, Execute
from gongzhi.registry.models import Organization
from tests.registry.helpers import faults, member, organization, registry

COUNT = "SELECT * FROM core_counter ORDER BY organization_id, metric, bucket"


async def street_with_branches() -> tuple[Organization, list[Organization]]:
    street = await organization("SUBDISTRICT_WORKING_COMMITTEE")
    branches = [await organization("PARTY_BRANCH", street) for _ in range(3)]
    for n, branch in enumerate(branches):
        for year in (1940, 1950, 1950)[: n + 1]:
            await member(branch, birth=dt.date(year, 1, 1))
        await member(branch, MembershipStage.APPLICANT)
    return street, branches


def without_id(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows that say something: where both counts are zero, no row is needed."""
    return [
        {name: row[name] for name in dict(row) if name != "id"}
        for row in rows
        if row["own"] or row["total"]
    ]


async def test_recount_gives_what_adjusting_gave(database_url: str) -> None:
    async with registry(database_url) as db:
        street, branches = await street_with_branches()
        await service.move_member((await member(branches[0])).id, branches[1].id)
        await service.dissolve_organization((await organization("ACTUAL_UNIT", street)).id)
        execute = counters.on_tortoise(db)
        kept = without_id(await execute(COUNT, []))
        assert await faults(db) == []
        async with in_transaction() as connection:
            await counters.recount(counters.on_tortoise(connection))
        assert without_id(await execute(COUNT, [])) == kept
        await db.execute_query("DELETE FROM core_counter")
        async with in_transaction() as connection:
            await counters.recount(counters.on_tortoise(connection))
        rows = await execute(COUNT, [])
        assert without_id(rows) == kept
        assert len(kept) == len(rows)  # and a rebuild leaves no empty rows
        assert await faults(db) == []


async def test_recount_leaves_right_rows_alone(database_url: str) -> None:
    async with registry(database_url) as db:
        await street_with_branches()
        execute = counters.on_tortoise(db)
        await counters.recount(execute)
        ids = [row["id"] for row in await execute(COUNT, [])]
        await execute("UPDATE core_counter SET own = 77 WHERE id = $1", [ids[0]])
        await execute("DELETE FROM core_counter WHERE id = $1", [ids[1]])
        await counters.recount(execute)
        again = [row["id"] for row in await execute(COUNT, [])]
        assert again[0] == ids[0]
        assert again[1] not in ids
        assert again[2:] == ids[2:]
        assert await faults(db) == []


async def test_the_states_and_stages_that_count(database_url: str) -> None:
    async with registry(database_url) as db:
        branch = await organization("PARTY_BRANCH")
        for stage in MembershipStage:
            await member(branch, stage, birth=dt.date(1960, 1, 1))
        await member(branch)  # the year of birth is unknown
        for state in (MembershipState.SUSPENDED, MembershipState.EXPELLED):
            row = await member(branch, birth=dt.date(1960, 1, 1))
            await service.change_state(row.id, state)
        row = await member(branch, birth=dt.date(1970, 1, 1))
        await service.change_state(row.id, MembershipState.SUSPENDED)
        await service.change_state(row.id, MembershipState.REINSTATED)
        rows = await counters.on_tortoise(db)(COUNT, [])
        assert {(row["metric"], row["bucket"]): row["total"] for row in rows if row["total"]} == {
            (ORGANIZATIONS, "PARTY_BRANCH"): 1,
            (MEMBERS, "APPLICANT"): 1,
            (MEMBERS, "ACTIVIST"): 1,
            (MEMBERS, "CANDIDATE"): 1,
            (MEMBERS, "PROBATIONARY_MEMBER"): 1,
            (MEMBERS, "FULL_MEMBER"): 3,
            (BIRTH_YEARS, "1960"): 2,
            (BIRTH_YEARS, "1970"): 1,
            (BIRTH_YEARS, ""): 1,
        }


async def test_verify_says_what_is_kept_and_what_is_counted(database_url: str) -> None:
    async with registry(database_url) as db:
        street, branches = await street_with_branches()
        execute = counters.on_tortoise(db)
        assert await counters.verify(execute) == []
        await execute(
            "UPDATE core_counter SET total = 9 WHERE organization_id = $1 AND metric = $2",
            [street.id, ORGANIZATIONS],
        )
        await execute("DELETE FROM core_counter WHERE organization_id = $1", [branches[0].id])
        await counters.adjust(execute, [Delta(branches[1].path, "core.nothing", "x", 2)])
        found = {
            (row.organization_id, row.metric, row.bucket): (row.kept, row.counted)
            for row in await counters.verify(execute)
        }
        assert found[street.id, ORGANIZATIONS, "PARTY_BRANCH"] == (
            (0, 9, street.path),
            (0, 3, street.path),
        )
        assert found[branches[0].id, MEMBERS, "APPLICANT"] == (
            (0, 0, ""),
            (1, 1, branches[0].path),
        )
        assert found[branches[1].id, "core.nothing", "x"] == (
            (2, 2, branches[1].path),
            (0, 0, branches[1].path),
        )
        await counters.recount(execute)
        assert await counters.verify(execute) == []


async def test_recount_within_mends_a_subtree_and_its_ancestors(database_url: str) -> None:
    async with registry(database_url) as db:
        district = await organization("DISTRICT_PARTY_COMMITTEE")
        streets = [await organization("SUBDISTRICT_WORKING_COMMITTEE", district) for _ in range(2)]
        branches = [await organization("PARTY_BRANCH", street) for street in streets]
        for branch in branches:
            await member(branch, birth=dt.date(1950, 1, 1))
        rows = [await member(branches[0], birth=dt.date(1951, 1, 1)) for _ in range(3)]
        execute = counters.on_tortoise(db)
        # Rows that came and went past the services, as a bulk load writes them.
        await execute("UPDATE core_person SET birth_year = 1999 WHERE id = $1", [rows[0].person_id])
        await execute("UPDATE core_member SET stage = 'APPLICANT' WHERE id = $1", [rows[1].id])
        await execute("UPDATE core_member SET state = 'DECEASED' WHERE id = $1", [rows[2].id])
        elsewhere = "SELECT * FROM core_counter WHERE organization_id = $1 ORDER BY id"
        before = list(await execute(elsewhere, [streets[1].id]))
        assert await faults(db) != []
        await counters.recount_within(execute, streets[0].path)
        assert await faults(db) == []
        assert list(await execute(elsewhere, [streets[1].id])) == before
        await counters.recount_within(execute, district.path)
        assert await faults(db) == []


async def test_the_number_of_statements_does_not_grow(sqlite_url: str) -> None:
    async with registry(sqlite_url) as db:
        _, branches = await street_with_branches()
        plain = counters.on_tortoise(db)
        statements: list[str] = []

        async def execute(sql: str, params: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
            statements.append(sql)
            return await plain(sql, params)

        await counters.adjust(
            execute,
            [Delta(branch.path, MEMBERS, f"S{n}", 1) for branch in branches for n in range(20)],
        )
        assert len(statements) == 1
        await counters.adjust(execute, [])
        await counters.adjust(
            execute,
            [Delta(branches[0].path, MEMBERS, "S", 1), Delta(branches[0].path, MEMBERS, "S", -1)],
        )
        assert len(statements) == 1  # nothing to say, nothing said
        statements.clear()
        await counters.recount(execute)
        few = len(statements)
        for _ in range(5):
            await member(branches[0])
        statements.clear()
        await counters.recount(execute)
        assert len(statements) == few


@pytest.mark.parametrize("n", [999, 1000, 1001, 2500])
async def test_many_deltas_at_once(database_url: str, n: int) -> None:
    async with registry(database_url) as db:
        branch = await organization("PARTY_BRANCH")
        execute = counters.on_tortoise(db)
        await counters.adjust(execute, (Delta(branch.path, "m", str(i), i + 1) for i in range(n)))
        rows = await execute(
            "SELECT count(*) AS rows, CAST(sum(total) AS BIGINT) AS n FROM core_counter"
            " WHERE metric = $1",
            ["m"],
        )
        assert (rows[0]["rows"], rows[0]["n"]) == (n, n * (n + 1) // 2)


def test_lineage() -> None:
    assert list(counters.lineage("1.7.127.")) == ["1.", "1.7.", "1.7.127."]
    assert list(counters.lineage("")) == []


def test_placeholders() -> None:
    assert counters.sqlite_text("a = $1 AND b = $12 AND c = $1") == "a = ?1 AND b = ?12 AND c = ?1"


async def test_raw_drivers(database_url: str) -> None:
    """The import writes on connections of its own; the same functions serve it."""
    async with registry(database_url) as db:
        street, _ = await street_with_branches()
        expected = without_id(await counters.on_tortoise(db)(COUNT, []))

    async def exercise(execute: Execute) -> None:
        assert await counters.verify(execute) == []
        await counters.adjust(execute, [Delta(street.path, MEMBERS, "FULL_MEMBER", 5)])
        assert len(await counters.verify(execute)) == 1
        await counters.recount_within(execute, street.path)
        assert await counters.verify(execute) == []
        await execute("DELETE FROM core_counter", [])
        await counters.recount(execute)
        assert without_id(await execute(COUNT, [])) == expected

    url = parse_url(database_url)
    if url.path:
        connection = sqlite3.connect(url.path)
        await exercise(counters.on_sqlite(connection))
        connection.rollback()
        connection.close()
    else:
        raw = await asyncpg.connect(
            host=url.host, port=url.port, user=url.user, database=url.database
        )
        async with raw.transaction():
            await exercise(counters.on_asyncpg(raw))
        await raw.close()
