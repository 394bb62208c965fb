"""Kept counts: rebuild them all, change a few, check them.

Every function takes ``execute``, so that a Tortoise transaction, an asyncpg connection and a
sqlite3 connection serve alike::

    rows = await execute(sql, params)

``sql`` has the placeholders ``$1``, ``$2`` … and is the same text on SQLite and PostgreSQL; rows
are read by column name. :func:`on_tortoise`, :func:`on_asyncpg` and :func:`on_sqlite` make one.
The caller owns the transaction. :func:`adjust` should be its last statement, because from there
to the commit nobody else can change the rows of the highest organizations.

What is counted (the bucket in brackets):

``organization.kind`` (the kind)
    ACTIVE organizations; an organization counts in its own row too.
``member.stage`` (the stage)
    Memberships of all five stages whose state is NORMAL or REINSTATED: who is suspended, removed,
    expelled or deceased does not count as a member.
``member.birth_year`` (four digits, or empty where the year is unknown)
    The same memberships, but PROBATIONARY_MEMBER and FULL_MEMBER only; age bands are sums of it.
"""

from __future__ import annotations

import re
from collections import Counter as Tally
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gongzhi.registry.rules import COUNTED_STATES, MEMBER_STAGES

if TYPE_CHECKING:
    import sqlite3

    from tortoise.backends.base.client import BaseDBAsyncClient

    from gongzhi.registry.codes import MembershipStage, MembershipState

Execute = Callable[[str, Sequence[Any]], Awaitable[Sequence[Mapping[str, Any]]]]

ORGANIZATIONS = "organization.kind"
MEMBERS = "member.stage"
BIRTH_YEARS = "member.birth_year"


@dataclass(frozen=True, slots=True)
class Delta:
    """``n`` more (or fewer) of something at the organization with this path."""

    org_path: str
    metric: str
    bucket: str
    n: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A kept count that is not what counting gives; each side is (own, total, org_path)."""

    organization_id: int
    metric: str
    bucket: str
    kept: tuple[int, int, str]
    counted: tuple[int, int, str]


def on_tortoise(connection: BaseDBAsyncClient) -> Execute:
    """Run on a Tortoise connection, best the one that ``in_transaction()`` gives."""
    sqlite = connection.capabilities.dialect == "sqlite"

    async def execute(sql: str, params: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
        return await connection.execute_query_dict(
            sqlite_text(sql) if sqlite else sql, list(params) or None
        )

    return execute


def on_asyncpg(connection: Any) -> Execute:
    """Run on an asyncpg connection."""

    async def execute(sql: str, params: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
        rows: Sequence[Mapping[str, Any]] = await connection.fetch(sql, *params)
        return rows

    return execute


def on_sqlite(connection: sqlite3.Connection) -> Execute:
    """Run on a sqlite3 connection, in the thread of the caller."""

    async def execute(sql: str, params: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
        cursor = connection.execute(sqlite_text(sql), params)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    return execute


def sqlite_text(sql: str) -> str:
    """Return the statement with SQLite's numbered placeholders."""
    return re.sub(r"\$(\d+)", r"?\1", sql)


def member_deltas(
    org_path: str,
    stage: MembershipStage,
    state: MembershipState,
    birth_year: int | None,
    n: int = 1,
) -> list[Delta]:
    """Return what ``n`` memberships with these facts add to the counts."""
    if state not in COUNTED_STATES:
        return []
    deltas = [Delta(org_path, MEMBERS, str(stage), n)]
    if stage in MEMBER_STAGES:
        deltas.append(
            Delta(org_path, BIRTH_YEARS, "" if birth_year is None else str(birth_year), n)
        )
    return deltas


async def adjust(execute: Execute, deltas: Iterable[Delta]) -> None:
    """Add to ``own`` of each delta's organization, and to ``total`` of it and its ancestors.

    One statement for up to a thousand rows. Rows are written deepest first, in one order for
    everybody: writers cannot deadlock on them, and those that all share are held the shortest.
    """
    own: Tally[tuple[str, str, str]] = Tally()
    total: Tally[tuple[str, str, str]] = Tally()
    for delta in deltas:
        own[delta.org_path, delta.metric, delta.bucket] += delta.n
        for path in lineage(delta.org_path):
            total[path, delta.metric, delta.bucket] += delta.n
    await _add(execute, [(*key, own[key], total[key]) for key in total])


async def carry(execute: Execute, organization_id: int, old_path: str, new_path: str) -> None:
    """Take the totals of a moved organization from its old ancestors to its new ones.

    The counts of the moved subtree itself do not change; its ``org_path`` is the mover's matter.
    """
    rows = await execute(
        "SELECT metric, bucket, total FROM core_counter WHERE organization_id = $1",
        [organization_id],
    )
    total: Tally[tuple[str, str, str]] = Tally()
    for row in rows:
        for path in list(lineage(old_path))[:-1]:
            total[path, row["metric"], row["bucket"]] -= row["total"]
        for path in list(lineage(new_path))[:-1]:
            total[path, row["metric"], row["bucket"]] += row["total"]
    await _add(execute, [(*key, 0, total[key]) for key in total])


async def recount(execute: Execute) -> None:
    """Rebuild every count, set-based: work grows with the rows, not with rows times depth.

    The caller keeps out whoever else writes organizations and members until it commits.
    """
    await _count(execute)
    await _apply(execute)


async def recount_within(execute: Execute, path: str) -> None:
    """Rebuild the counts of one subtree, and correct those of its ancestors by the difference."""
    root = int(path.rstrip(".").rpartition(".")[2])
    totals = "SELECT metric, bucket, total FROM core_counter WHERE organization_id = $1"
    change: Tally[tuple[str, str]] = Tally()
    for row in await execute(totals, [root]):
        change[row["metric"], row["bucket"]] -= row["total"]
    await _count(execute, path)
    await _apply(execute, path)
    for row in await execute(totals, [root]):
        change[row["metric"], row["bucket"]] += row["total"]
    ancestors = list(lineage(path))[:-1]
    await _add(execute, [(at, *key, 0, n) for key, n in change.items() for at in ancestors])


async def verify(execute: Execute) -> list[Difference]:
    """Count everything anew and return what is kept otherwise; a missing row counts as zero."""
    await _count(execute)
    rows = await execute(_DIFFERENCES, [])
    await _drop(execute)
    return [
        Difference(
            row["organization_id"],
            row["metric"],
            row["bucket"],
            (row["kept_own"], row["kept_total"], row["kept_path"]),
            (row["own"], row["total"], row["path"]),
        )
        for row in rows
    ]


def lineage(path: str) -> Iterator[str]:
    """Yield the paths from the root down to this one: ``1.``, ``1.7.``, ``1.7.127.``."""
    at = 0
    while at := path.find(".", at) + 1:
        yield path[:at]


_COLUMNS = 6
_ROWS_A_STATEMENT = 1000


async def _add(execute: Execute, rows: Iterable[tuple[str, str, str, int, int]]) -> None:
    changed = [row for row in rows if row[3] or row[4]]
    changed.sort(key=lambda row: (-row[0].count("."), row))
    for start in range(0, len(changed), _ROWS_A_STATEMENT):
        chunk = changed[start : start + _ROWS_A_STATEMENT]
        params: list[Any] = []
        for path, *rest in chunk:
            params += (int(path[:-1].rpartition(".")[2]), path, *rest)
        places = (
            f"({', '.join(f'${n + i}' for i in range(_COLUMNS))})"
            for n in range(1, len(params), _COLUMNS)
        )
        await execute(
            "INSERT INTO core_counter (organization_id, org_path, metric, bucket, own, total)"
            f" VALUES {', '.join(places)}"
            " ON CONFLICT (organization_id, metric, bucket) DO UPDATE"
            " SET own = core_counter.own + excluded.own,"
            " total = core_counter.total + excluded.total",
            params,
        )


# The rebuild. ``gongzhi_count`` holds parts: what each organization has itself, and what each
# child hands up, one level after the other from the deepest; ``gongzhi_fresh`` is their sum.

_STATES = ", ".join(f"'{state.value}'" for state in sorted(COUNTED_STATES))
_STAGES = ", ".join(f"'{stage.value}'" for stage in sorted(MEMBER_STAGES))

_OWN = {
    ORGANIZATIONS: (
        "SELECT o.id AS organization_id, o.kind AS bucket, 1 AS n FROM core_organization o"
        " WHERE o.status = 'ACTIVE' AND {only_organizations}"
    ),
    MEMBERS: (
        "SELECT m.branch_id AS organization_id, m.stage AS bucket, count(*) AS n"
        f" FROM core_member m WHERE m.state IN ({_STATES}) AND {{only_members}}"
        " GROUP BY m.branch_id, m.stage"
    ),
    BIRTH_YEARS: (
        "SELECT m.branch_id AS organization_id,"
        " coalesce(CAST(p.birth_year AS TEXT), '') AS bucket, count(*) AS n"
        " FROM core_member m JOIN core_person p ON p.id = m.person_id"
        f" WHERE m.state IN ({_STATES}) AND m.stage IN ({_STAGES}) AND {{only_members}}"
        " GROUP BY m.branch_id, p.birth_year"
    ),
}

_SUBTREE = "(SELECT id FROM core_organization WHERE path >= $1 AND path < $2)"

_SAME = "f.organization_id = c.organization_id AND f.metric = c.metric AND f.bucket = c.bucket"

_DIFFERENCES = f"""
SELECT f.organization_id, f.metric, f.bucket, f.own, f.total, o.path,
       coalesce(c.own, 0) AS kept_own, coalesce(c.total, 0) AS kept_total,
       coalesce(c.org_path, '') AS kept_path
FROM gongzhi_fresh f JOIN core_organization o ON o.id = f.organization_id
LEFT JOIN core_counter c ON {_SAME}
WHERE c.id IS NULL OR c.own <> f.own OR c.total <> f.total OR c.org_path <> o.path
UNION ALL
SELECT c.organization_id, c.metric, c.bucket, 0, 0, coalesce(o.path, ''),
       c.own, c.total, c.org_path
FROM core_counter c LEFT JOIN core_organization o ON o.id = c.organization_id
WHERE NOT EXISTS (SELECT 1 FROM gongzhi_fresh f WHERE {_SAME})
  AND (c.own <> 0 OR c.total <> 0 OR o.id IS NULL OR c.org_path <> o.path)
"""


async def _count(execute: Execute, within: str = "") -> None:
    """Fill ``gongzhi_fresh`` with the counts of everything, or of one subtree."""
    await _drop(execute)
    await execute(
        "CREATE TEMPORARY TABLE gongzhi_count (organization_id BIGINT, superior_id BIGINT,"
        " depth INTEGER, metric VARCHAR(64), bucket VARCHAR(64), own BIGINT, total BIGINT)",
        [],
    )
    await execute(
        "CREATE TEMPORARY TABLE gongzhi_fresh (organization_id BIGINT, metric VARCHAR(64),"
        " bucket VARCHAR(64), own BIGINT, total BIGINT)",
        [],
    )
    only = {
        "only_organizations": f"o.id IN {_SUBTREE}" if within else "1 = 1",
        "only_members": f"m.branch_id IN {_SUBTREE}" if within else "1 = 1",
    }
    for metric, own in _OWN.items():
        await execute(
            "INSERT INTO gongzhi_count"
            f" SELECT o.id, o.superior_id, o.depth, '{metric}', own.bucket, own.n, own.n"
            f" FROM ({own.format(**only)}) own"
            " JOIN core_organization o ON o.id = own.organization_id",
            _range(within),
        )
    levels = await execute("SELECT max(depth) AS deepest FROM gongzhi_count", [])
    top = within.count(".") - 1 if within else 0
    for depth in range(levels[0]["deepest"] or 0, top, -1):
        await execute(
            "INSERT INTO gongzhi_count SELECT p.id, p.superior_id, p.depth, r.metric, r.bucket,"
            " 0, sum(r.total) FROM gongzhi_count r JOIN core_organization p"
            " ON p.id = r.superior_id WHERE r.depth = $1"
            " GROUP BY p.id, p.superior_id, p.depth, r.metric, r.bucket",
            [depth],
        )
    await execute("ANALYZE gongzhi_count", [])
    await execute(
        "INSERT INTO gongzhi_fresh SELECT organization_id, metric, bucket, sum(own), sum(total)"
        " FROM gongzhi_count GROUP BY organization_id, metric, bucket",
        [],
    )
    await execute(
        "CREATE INDEX gongzhi_fresh_key ON gongzhi_fresh (organization_id, metric, bucket)", []
    )
    await execute("ANALYZE gongzhi_fresh", [])


async def _apply(execute: Execute, within: str = "") -> None:
    """Make ``core_counter`` equal to ``gongzhi_fresh``; what is right already is not written."""
    only = f"organization_id IN {_SUBTREE}" if within else "1 = 1"
    await execute(
        f"DELETE FROM core_counter AS c WHERE {only}"
        f" AND NOT EXISTS (SELECT 1 FROM gongzhi_fresh f WHERE {_SAME})",
        _range(within),
    )
    # In two steps: PostgreSQL plans for the size that core_counter has before, and a join that
    # reads it while the same statement fills it can take a time that grows with the square.
    await execute(
        "CREATE TEMPORARY TABLE gongzhi_change AS"
        " SELECT f.organization_id, o.path, f.metric, f.bucket, f.own, f.total"
        " FROM gongzhi_fresh f JOIN core_organization o ON o.id = f.organization_id"
        f" LEFT JOIN core_counter c ON {_SAME}"
        " WHERE c.id IS NULL OR c.own <> f.own OR c.total <> f.total OR c.org_path <> o.path",
        [],
    )
    await execute(
        "INSERT INTO core_counter (organization_id, org_path, metric, bucket, own, total)"
        " SELECT organization_id, path, metric, bucket, own, total FROM gongzhi_change"
        " WHERE 1 = 1 ORDER BY path, metric, bucket"
        " ON CONFLICT (organization_id, metric, bucket) DO UPDATE"
        " SET own = excluded.own, total = excluded.total, org_path = excluded.org_path",
        [],
    )
    await _drop(execute)


def _range(within: str) -> list[str]:
    return [within, within[:-1] + "/"] if within else []


async def _drop(execute: Execute) -> None:
    for table in ("gongzhi_count", "gongzhi_fresh", "gongzhi_change"):
        await execute(f"DROP TABLE IF EXISTS {table}", [])
