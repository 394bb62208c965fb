"""The six operations, and seeded variables for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import asyncpg
import orjson

from bench.data import COMMUNITY, GRID, STREET
from bench.places import HERE

NAMES = ("Q1", "Q2", "Q3", "Q4", "Q5", "Q6")
BODIES = 400
_DEEP = 380
"""How many rows before the page of Q4 are skipped."""

QUERIES = {name: (HERE / "queries" / f"{name}.graphql").read_text() for name in NAMES}


@dataclass(frozen=True, slots=True)
class Variables:
    """The variables of one request, in plain values; each server spells them its own way."""

    key: int
    """Of the member of Q1, of the organization of the others."""
    after: tuple[str, int] | None = None
    """Path and id after which the page of Q4 begins."""
    skipped: int = 0
    """How many rows come before that page."""


def spelt(name: str, given: Variables) -> dict[str, Any]:
    """Return the variables as our schema takes them."""
    if name == "Q1":
        return {"id": f"Member:{given.key}"}
    if name in ("Q3", "Q6"):
        return {"id": f"Organization:{given.key}"}
    variables: dict[str, Any] = {"within": f"Organization:{given.key}"}
    if given.after is not None:
        variables["after"] = cursor(*given.after)
    return variables


def cursor(path: str, key: int) -> str:
    """Return a cursor of the default order of members."""
    return orjson.dumps(["+org_path,id", path, key]).hex().upper()


def body(name: str, given: Variables) -> bytes:
    """Return the body of a request to our schema."""
    return orjson.dumps(
        {"query": QUERIES[name], "operationName": name, "variables": spelt(name, given)}
    )


async def sample(
    connection: asyncpg.Connection[Any], count: int = BODIES
) -> dict[str, list[Variables]]:
    """Choose variables for each operation within the district of the token."""

    async def organizations(depth: int) -> list[int]:
        rows = await connection.fetch(
            "SELECT id FROM core_organization WHERE depth = $1 AND path >= '1.2.' "
            "AND path < '1.2/' ORDER BY id",
            depth,
        )
        return [row["id"] for row in rows]

    rows = await connection.fetch(
        "SELECT m.id FROM core_member m JOIN core_organization o ON o.id = m.branch_id "
        "WHERE m.org_path >= '1.2.' AND m.org_path < '1.2/' AND o.depth = 5 ORDER BY m.id"
    )
    members = [row["id"] for row in rows]
    communities = await organizations(COMMUNITY)
    pages = [await _page(connection, key) for key in communities]
    grids, streets = await organizations(GRID), await organizations(STREET)
    random = Random("variables")  # repeatable, not secret

    def some(choose: Callable[[Random], Variables]) -> list[Variables]:
        return [choose(random) for _ in range(count)]

    return {
        "Q1": some(lambda r: Variables(r.choice(members))),
        "Q2": some(lambda r: Variables(r.choice(grids))),
        "Q3": some(lambda r: Variables(r.choice(communities))),
        "Q4": some(lambda r: r.choice(pages)),
        "Q5": some(lambda r: Variables(r.choice(communities))),
        "Q6": some(lambda r: Variables(r.choice(streets))),
    }


async def _page(connection: asyncpg.Connection[Any], key: int) -> Variables:
    """Return the page of a community's full members that begins far in."""
    rows = await connection.fetch(
        "SELECT m.org_path, m.id FROM core_member m, core_organization o WHERE o.id = $1 "
        "AND m.stage = 'FULL_MEMBER' AND m.org_path >= o.path "
        "AND m.org_path < rtrim(o.path, '.') || '/' ORDER BY m.org_path, m.id LIMIT $2",
        key,
        _DEEP,
    )
    skipped = _DEEP if len(rows) == _DEEP else len(rows) // 2
    last = rows[skipped - 1]
    return Variables(key, (last["org_path"], last["id"]), skipped)
