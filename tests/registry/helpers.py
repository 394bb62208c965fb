"""A registry to write to, and an oracle that recomputes by hand what the services keep."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from typing import Any

import pytest
from tortoise.backends.base.client import BaseDBAsyncClient

from gongzhi.database import open_database
from gongzhi.errors import RuleError
from gongzhi.plugin import Plugin
from gongzhi.privacy import Privacy
from gongzhi.registry import counters, service
from gongzhi.registry.codes import MembershipStage
from gongzhi.registry.lists import CODE_LISTS, install
from gongzhi.registry.models import Area, Member, Organization, Person

PRIVACY = Privacy("c3ludGhldGljIHRlc3Qgc2VjcmV0IG9mIDM2IGJ5dGVzIQ==")

COPIES = {
    "core_organization_change": "organization_id",
    "core_coverage": "branch_id",
    "core_external_id": "organization_id",
    "core_person": "organization_id",
    "core_member": "branch_id",
    "core_appointment": "organization_id",
    "core_indicator": "organization_id",
    "core_counter": "organization_id",
}
"""Table → the column that says whose path its ``org_path`` is."""

_codes = count(1)


@asynccontextmanager
async def registry(url: str, plugins: Sequence[Plugin] = ()) -> AsyncIterator[BaseDBAsyncClient]:
    """Open a database with the code lists and the matrix in it."""
    async with open_database(url, plugins) as context:
        await install(("core", code_list) for code_list in CODE_LISTS)
        yield context.db()


async def organization(
    kind: str, superior: Organization | None = None, **more: Any
) -> Organization:
    """Set up a synthetic organization."""
    number = next(_codes)
    return await service.create_organization(
        f"T{number}",
        f"合成组织{number}",
        kind,
        superior_id=superior.id if superior else None,
        synthetic=True,
        **more,
    )


async def area(kind: str, parent: Area | None = None, **more: Any) -> Area:
    """Enter a synthetic area."""
    number = next(_codes)
    return await service.create_area(
        f"A{number}",
        f"合成地域{number}",
        kind,
        parent_id=parent.id if parent else None,
        synthetic=True,
        **more,
    )


async def person(keeper: Organization, **more: Any) -> Person:
    """Enter a synthetic person."""
    return await service.create_person(
        keeper.id, f"合成{next(_codes)}", privacy=PRIVACY, synthetic=True, **more
    )


async def member(
    branch: Organization,
    stage: MembershipStage = MembershipStage.FULL_MEMBER,
    keeper: Organization | None = None,
    **more: Any,
) -> Member:
    """Enter a synthetic person and register it in a branch."""
    of_person = {name: more.pop(name) for name in ("birth", "residence_area_id") if name in more}
    someone = await person(keeper or branch, **of_person)
    return await service.admit_member(someone.id, branch.id, stage=stage, synthetic=True, **more)


async def faults(db: BaseDBAsyncClient) -> list[str]:
    """Recompute paths, copies and counts row by row, and say what differs; also run verify()."""
    found: list[str] = []
    organizations = await _tree(db, "core_organization", "superior_id", found)
    areas = await _tree(db, "core_area", "parent_id", found)
    for table, column in COPIES.items():
        for row in await db.execute_query_dict(f"SELECT id, {column} AS k, org_path FROM {table}"):
            expected = organizations.get(row["k"], "") if row["k"] else ""
            if row["org_path"] != expected:
                found.append(f"{table} {row['id']}: {row['org_path']} is not {expected}")
    for row in await db.execute_query_dict(
        "SELECT e.id, e.org_path AS a, m.org_path AS b FROM core_member_event e"
        " JOIN core_member m ON m.id = e.member_id"
    ):
        if row["a"] != row["b"]:
            found.append(f"core_member_event {row['id']}: {row['a']} is not {row['b']}")  # noqa: PERF401
    for table, key, column in (
        ("core_organization", "area_id", "area_path"),
        ("core_person", "residence_area_id", "residence_path"),
    ):
        for row in await db.execute_query_dict(
            f"SELECT id, {key} AS k, {column} AS p FROM {table}"
        ):
            expected = areas.get(row["k"], "") if row["k"] else ""
            if row["p"] != expected:
                found.append(f"{table} {row['id']}: {row['p']} is not {expected}")
    found += await _counts(db, organizations)
    found += [str(difference) for difference in await counters.verify(counters.on_tortoise(db))]
    return found


async def _tree(db: BaseDBAsyncClient, table: str, key: str, found: list[str]) -> dict[int, str]:
    rows = {
        row["id"]: row
        for row in await db.execute_query_dict(f"SELECT id, {key} AS up, path, depth FROM {table}")
    }
    paths: dict[int, str] = {}
    for row_id in rows:
        chain, at = [], row_id
        while at:
            if at in chain:
                found.append(f"{table} {row_id}: cycle {chain}")
                break
            chain.append(at)
            at = rows[at]["up"]
        paths[row_id] = "".join(f"{step}." for step in reversed(chain))
        kept = (rows[row_id]["path"], rows[row_id]["depth"])
        if kept != (paths[row_id], len(chain) - 1):
            found.append(f"{table} {row_id}: {kept} is not {paths[row_id]}, {len(chain) - 1}")
    return paths


async def _counts(db: BaseDBAsyncClient, paths: dict[int, str]) -> list[str]:
    own: dict[tuple[int, str, str], int] = Counter()
    for row in await db.execute_query_dict("SELECT id, kind, status FROM core_organization"):
        if row["status"] == "ACTIVE":
            own[row["id"], "organization.kind", row["kind"]] += 1
    for row in await db.execute_query_dict(
        "SELECT m.branch_id, m.stage, m.state, p.birth_year FROM core_member m"
        " JOIN core_person p ON p.id = m.person_id"
    ):
        if row["state"] in {"NORMAL", "REINSTATED"}:
            own[row["branch_id"], "member.stage", row["stage"]] += 1
            if row["stage"] in {"PROBATIONARY_MEMBER", "FULL_MEMBER"}:
                year = "" if row["birth_year"] is None else str(row["birth_year"])
                own[row["branch_id"], "member.birth_year", year] += 1
    total: dict[tuple[int, str, str], int] = Counter()
    for (row_id, metric, bucket), n in own.items():
        for ancestor in paths[row_id].split(".")[:-1]:
            total[int(ancestor), metric, bucket] += n
    kept: dict[tuple[int, str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in await db.execute_query_dict("SELECT * FROM core_counter"):
        kept[row["organization_id"], row["metric"], row["bucket"]] = (row["own"], row["total"])
    return [
        f"core_counter {key}: {kept[key]} is not {own.get(key, 0), total.get(key, 0)}"
        for key in sorted({*kept, *total})
        if kept[key] != (own.get(key, 0), total.get(key, 0))
    ]


@contextmanager
def refused(code: str, field: str | None = None) -> Iterator[None]:
    """Expect a refusal with this code, and with texts in both languages."""
    with pytest.raises(RuleError) as caught:
        yield
    assert caught.value.code == code
    assert caught.value.message_zh
    assert caught.value.message_en
    if field is not None:
        assert caught.value.field == field
