"""The chain of events: what the hash of one covers, and how they are appended.

The hash of an event is an HMAC over the hash before it and everything in the row that may not
change. Its key comes from the deployment's secret: who can write to the database but does not
have the secret cannot make a chain that verifies. Without a secret the key is empty, and the
chain shows accidents only.

Modules record events through :meth:`gongzhi.writing.Work.record`; this room is apart from that one
so that imports, which have a connection of their own, append in the same way.
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from gongzhi.registry.counters import Execute

CHAIN = 1
"""Id of the one row of ``core_chain``."""

FIRST = "0" * 64
"""What stands before the first event."""

COLUMNS = (
    "id",
    "kind",
    "recorded_at",
    "occurred_at",
    "account_id",
    "actor",
    "on_behalf_of_id",
    "organization_id",
    "entity_type",
    "entity_id",
    "request_id",
    "data",
)
"""What the hash covers, in this order."""

_WRITTEN = (*COLUMNS, "org_path", "hash")
_ROWS_A_STATEMENT = 100
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that a unit of work will append when it closes."""

    kind: str
    actor: str
    account_id: int | None = None
    on_behalf_of_id: int | None = None
    organization_id: int | None = None
    org_path: str = ""
    entity_type: str = ""
    entity_id: int | None = None
    request_id: str = ""
    occurred_at: dt.datetime | None = None
    data: dict[str, Any] = field(default_factory=dict)


def canonical(values: Sequence[Any]) -> bytes:
    """Return the bytes that the hash covers; instants as microseconds since 1970."""
    return orjson.dumps(
        [(v - _EPOCH) // _MICROSECOND if isinstance(v, dt.datetime) else v for v in values]
    )


def chained(key: bytes, before: str, values: Sequence[Any]) -> str:
    """Return the hash of an event, given the hash of the one before."""
    return hmac.digest(key, before.encode() + canonical(values), "sha256").hex()


async def located(
    execute: Execute, drafts: Sequence[Draft], held: Mapping[int, str], *, postgres: bool
) -> list[Draft]:
    """Return the events with the present paths of their organizations, and hold these.

    Before anything that all writers share is held: an event makes its writer wait for whoever
    moves the organization, and who does that waits for the end of the chain in turn. (The foreign
    key to the account waits for nobody: nothing changes the key of an account.)

    :param held: paths of organizations that the transaction holds already.
    """
    paths = dict(held)
    wanted = {draft.organization_id for draft in drafts} - {None} - paths.keys()
    if wanted:
        among = "= ANY($1)" if postgres else "IN (SELECT value FROM json_each($1))"
        rows = await execute(
            f"SELECT id, path FROM core_organization WHERE id {among} ORDER BY id"
            f"{' FOR KEY SHARE' if postgres else ''}",
            [list(wanted) if postgres else orjson.dumps(list(wanted)).decode()],
        )
        paths |= {row["id"]: row["path"] for row in rows}
    return [
        draft
        if draft.organization_id is None or paths.get(draft.organization_id) == draft.org_path
        else replace(draft, org_path=paths.get(draft.organization_id, draft.org_path))
        for draft in drafts
    ]


async def append(
    execute: Execute,
    drafts: Sequence[Draft],
    *,
    key: bytes,
    now: dt.datetime,
    postgres: bool,
    before: Sequence[tuple[str, list[Any]]] = (),
) -> int:
    """Append events as the last thing that a transaction does; return the last position.

    From here to the commit nobody else can append, which is what makes positions dense.

    :param drafts: as :func:`located` gave them.
    :param before: inserts that come before; on PostgreSQL the last of them takes no round trip.
    :raises ValueError: when an instant has no time zone.
    """
    hold = " FOR UPDATE" if postgres else ""
    end = f"SELECT position, hash FROM core_chain WHERE id = {CHAIN}{hold}"
    *alone, last_insert = before or [("", [])]
    for sql, params in alone:
        await execute(sql, params)
    if postgres and last_insert[0]:
        tail = await execute(f"WITH told AS ({last_insert[0]}) {end}", last_insert[1])
    else:
        if last_insert[0]:
            await execute(*last_insert)
        tail = await execute(end, [])
    if not tail:
        await execute(
            f"INSERT INTO core_chain (id, position, hash) VALUES ({CHAIN}, 0, '{FIRST}')"
            " ON CONFLICT (id) DO NOTHING",
            [],
        )
        tail = await execute(end, [])
    position, last = int(tail[0]["position"]), tail[0]["hash"]
    recorded = _instant(now)
    for start in range(0, len(drafts), _ROWS_A_STATEMENT):
        chunk = drafts[start : start + _ROWS_A_STATEMENT]
        params = []
        for draft in chunk:
            position += 1
            values = [
                position,
                draft.kind,
                recorded,
                draft.occurred_at and _instant(draft.occurred_at),
                draft.account_id,
                draft.actor,
                draft.on_behalf_of_id,
                draft.organization_id,
                draft.entity_type,
                draft.entity_id,
                draft.request_id,
                orjson.dumps(draft.data, option=orjson.OPT_SORT_KEYS, default=str).decode(),
            ]
            last = chained(key, last, values)
            params += (*values, draft.org_path, last)
        insert = _insert(len(chunk))
        if postgres and start + _ROWS_A_STATEMENT >= len(drafts):  # the last: one round trip less
            params += (position, last)
            at = len(params)
            await execute(
                f"WITH told AS ({insert}) UPDATE core_chain"
                f" SET position = ${at - 1}::bigint, hash = ${at} WHERE id = {CHAIN}",
                params,
            )
        else:
            await execute(insert, params)
    if not postgres:
        await execute(
            f"UPDATE core_chain SET position = $1, hash = $2 WHERE id = {CHAIN}", [position, last]
        )
    return position


@lru_cache
def _insert(rows: int) -> str:
    width = len(_WRITTEN)
    places = ", ".join(
        f"({', '.join(f'${number}' for number in range(first, first + width))})"
        for first in range(1, rows * width + 1, width)
    )
    return f"INSERT INTO core_event ({', '.join(_WRITTEN)}) VALUES {places}"  # constants


def _instant(value: dt.datetime) -> dt.datetime:
    """Return an instant as :class:`gongzhi.database.fields.InstantField` keeps it."""
    if value.tzinfo is None:
        message = "an instant needs a time zone"
        raise ValueError(message)
    value = value.astimezone(dt.UTC)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)
