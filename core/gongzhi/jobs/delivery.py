"""Bring events to subscribers: each event once, in their order, one subscriber beside the other.

Positions in the event record are dense and in the order of the commits, so a subscriber needs to
remember only how far it has come. That is written in the transaction of what it does.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from tortoise.transactions import in_transaction

from gongzhi import clock
from gongzhi.contributions import Subscriber
from gongzhi.jobs import queue
from gongzhi.jobs.rules import condition, named, pause_after
from gongzhi.registry.counters import on_tortoise
from gongzhi.writing import unit_of_work

if TYPE_CHECKING:
    from gongzhi.writing import Deployment

_WINDOW = 1000
"""Events that one statement looks through for those that are wanted."""

_BATCH = 50
"""Events that are read at a time; each is delivered by itself."""

_STRIDE = 5000
"""So many unwanted events and the position is written, so that nobody looks at them again."""


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as its subscribers get it."""

    id: int
    """Its position in the record."""
    kind: str
    recorded_at: dt.datetime
    occurred_at: dt.datetime | None
    account_id: int | None
    actor: str
    on_behalf_of_id: int | None
    organization_id: int | None
    org_path: str
    entity_type: str
    entity_id: int | None
    request_id: str
    data: Mapping[str, Any]


_COLUMNS = ", ".join(RecordedEvent.__dataclass_fields__)


def _event(row: Mapping[str, Any]) -> RecordedEvent:
    return RecordedEvent(
        **{
            **row,
            "recorded_at": queue.instant(row["recorded_at"]),
            "occurred_at": queue.instant(row["occurred_at"]),
            "data": orjson.loads(row["data"]),
        }
    )


async def prepare(subscribers: Iterable[Subscriber]) -> None:
    """Let subscribers that are new begin with the next event."""
    execute = queue.here()
    known = {row["name"] for row in await execute("SELECT name FROM core_subscription", [])}
    for each in subscribers:
        if each.name not in known:
            await execute(
                "INSERT INTO core_subscription (name, position, attempts, last_error) VALUES"
                " ($1, coalesce((SELECT position FROM core_chain WHERE id = 1), 0), 0, '')"
                " ON CONFLICT (name) DO NOTHING",
                [each.name],
            )


async def kinds_between(after: int, upto: int) -> list[str]:
    """Return which kinds of events are in a part of the record."""
    rows = await queue.here()(
        "SELECT DISTINCT kind FROM core_event WHERE id > $1 AND id <= $2", [after, upto]
    )
    return [row["kind"] for row in rows]


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a subscriber has to do next."""

    events: tuple[RecordedEvent, ...]
    """The next ones that it wants; more may follow."""
    looked_to: int
    """There are no others up to here."""
    retry_at: dt.datetime | None
    """It failed and is not to be tried before."""


async def kinds_of(subscriber: Subscriber) -> Sequence[str]:
    """Return the kinds that a subscriber wants at present."""
    return subscriber.kinds if subscriber.wanted is None else await subscriber.wanted()


async def backlog(subscriber: Subscriber, after: int, end: int) -> Backlog:
    """Look for the next events of a subscriber.

    :param after: no wanted event is there up to this position; 0 where nobody has looked.
    :param end: the last position to look at.
    """
    execute = queue.here()
    (row,) = await execute(
        "SELECT position, retry_at FROM core_subscription WHERE name = $1", [subscriber.name]
    )
    position, retry_at = row["position"], queue.instant(row["retry_at"])
    if retry_at is not None and retry_at > clock.now():
        return Backlog((), position, retry_at)
    looked = max(position, after)
    # asked after ``end`` was known: what was made before one of these events is among its answers
    kinds = await kinds_of(subscriber)
    wanted, values = condition(kinds, 4)
    while looked < end:
        upto = min(looked + _WINDOW, end) if kinds else end
        rows = await execute(
            f"SELECT {_COLUMNS} FROM core_event WHERE id > $1 AND id <= $2 AND {wanted}"
            " ORDER BY id LIMIT $3",
            [looked, upto, _BATCH, *values],
        )
        if rows:
            return Backlog(tuple(_event(each) for each in rows), rows[-1]["id"], None)
        looked = upto
        if looked - position >= _STRIDE:
            await execute(
                "UPDATE core_subscription SET position = $1 WHERE name = $2 AND position = $3",
                [looked, subscriber.name, position],
            )
            position = looked
    return Backlog((), looked, None)


async def deliver(deployment: Deployment, subscriber: Subscriber, event: RecordedEvent) -> bool:
    """Do for an event what a subscriber does, and write that it has: both or neither.

    :return: False when another worker has the subscriber, or has done it.
    """
    viewer = deployment.system(f"subscriber:{subscriber.name}")
    async with (
        asyncio.timeout(subscriber.timeout.total_seconds()),
        unit_of_work(deployment, viewer, request_id=f"event:{event.id}") as work,
    ):
        execute = on_tortoise(work.connection)
        taken = await execute(
            "UPDATE core_subscription"
            " SET position = $2, attempts = 0, retry_at = NULL, last_error = ''"
            " WHERE id = (SELECT id FROM core_subscription WHERE name = $1 AND position < $2"
            f" AND (retry_at IS NULL OR retry_at <= $3){queue.skipping(work.connection)})"
            " RETURNING id",
            [subscriber.name, event.id, work.now],
        )
        if not taken:
            return False
        await subscriber.run(work, event)
    return True


async def refuse(subscriber: Subscriber, event: RecordedEvent, error: BaseException) -> bool:
    """Write that a delivery failed; return whether the event was put aside for good."""
    now = clock.now()
    async with in_transaction() as connection:
        execute = on_tortoise(connection)
        rows = await execute(
            "UPDATE core_subscription SET attempts = attempts + 1, last_error = $1"
            " WHERE name = $2 AND position < $3 RETURNING id, attempts",
            [named(error), subscriber.name, event.id],
        )
        if not rows:  # another worker has done it
            return False
        attempts = rows[0]["attempts"]
        if attempts < subscriber.attempts:
            await execute(
                "UPDATE core_subscription SET retry_at = $1 WHERE id = $2",
                [now + pause_after(attempts), rows[0]["id"]],
            )
            return False
        await queue.bury(execute, subscriber.name, event.id, attempts, named(error), now)
        await execute(
            "UPDATE core_subscription SET position = $1, attempts = 0, retry_at = NULL"
            " WHERE id = $2",
            [event.id, rows[0]["id"]],
        )
        return True


async def event_of(event_id: int) -> RecordedEvent:
    """Return an event by its position."""
    (row,) = await queue.here()(f"SELECT {_COLUMNS} FROM core_event WHERE id = $1", [event_id])
    return _event(row)
