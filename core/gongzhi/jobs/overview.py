"""For operators: what waits, what lags, what is dead, and how to have it tried again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gongzhi import clock
from gongzhi.errors import GongzhiError
from gongzhi.jobs import queue
from gongzhi.jobs.delivery import kinds_of
from gongzhi.jobs.models import JobState
from gongzhi.jobs.rules import condition

if TYPE_CHECKING:
    from gongzhi.host import PluginRegistry

_SHOWN = 100


@dataclass(frozen=True, slots=True)
class SubscriptionLine:
    """How far a subscriber is."""

    name: str
    waiting: int | None
    """Events that it has still to get; None when its plugin is off."""
    position: int
    attempts: int
    retry_at: dt.datetime | None
    last_error: str


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job that is not done."""

    id: int
    name: str
    state: str
    due_at: dt.datetime
    wake_at: dt.datetime | None
    attempts: int
    last_error: str
    event_id: int | None
    known: bool
    """Whether an enabled plugin has it."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that is not done."""

    end_of_record: int
    subscriptions: tuple[SubscriptionLine, ...]
    due: int
    """Jobs that could be taken now."""
    running: int
    dead: int
    jobs: tuple[JobLine, ...]
    """The dead first, then those that are next; a hundred at most."""


async def overview(registry: PluginRegistry) -> Overview:
    """Look at everything that is not done, on the database that is open in this task."""
    execute, now = queue.here(), clock.now()
    subscribers = {each.name: each for _, each in registry.subscribers()}
    jobs = {each.name for _, each in registry.jobs()}
    chain = await execute("SELECT position FROM core_chain WHERE id = 1", [])
    lines = []
    for row in await execute(
        "SELECT name, position, attempts, retry_at, last_error FROM core_subscription"
        " ORDER BY name",
        [],
    ):
        waiting = None
        if row["name"] in subscribers:
            wanted, values = condition(await kinds_of(subscribers[row["name"]]), 2)
            (found,) = await execute(
                f"SELECT count(*) AS n FROM core_event WHERE id > $1 AND {wanted}",
                [row["position"], *values],
            )
            waiting = found["n"]
        retry_at = queue.instant(row["retry_at"])
        lines.append(SubscriptionLine(**{**row, "waiting": waiting, "retry_at": retry_at}))
    (counted,) = await execute(
        "SELECT count(CASE WHEN wake_at <= $1 THEN 1 END) AS due,"
        " count(CASE WHEN state = $2 THEN 1 END) AS running,"
        " count(CASE WHEN state = $3 THEN 1 END) AS dead FROM core_job WHERE state <> $4",
        [now, JobState.RUNNING.value, JobState.DEAD.value, JobState.DONE.value],
    )
    rows = await execute(
        "SELECT id, name, state, due_at, wake_at, attempts, last_error, event_id FROM core_job"
        " WHERE state <> $1"
        f" ORDER BY CASE WHEN wake_at IS NULL THEN 0 ELSE 1 END, wake_at, id LIMIT {_SHOWN}",
        [JobState.DONE.value],
    )
    return Overview(
        end_of_record=chain[0]["position"] if chain else 0,
        subscriptions=tuple(lines),
        **counted,
        jobs=tuple(
            JobLine(
                **{
                    **row,
                    "due_at": queue.instant(row["due_at"]),
                    "wake_at": queue.instant(row["wake_at"]),
                    "known": row["name"] in (jobs if row["event_id"] is None else subscribers),
                }
            )
            for row in rows
        ),
    )


async def retry(what: str) -> None:
    """Have a dead or failing job tried at once, by its id; or a subscriber that pauses, by name.

    :raises GongzhiError: when there is none.
    """
    execute, now = queue.here(), clock.now()
    if what.isascii() and what.isdecimal():
        done = await execute(
            "UPDATE core_job SET state = $1, wake_at = $2, attempts = 0"
            " WHERE id = $3 AND (state = $4 OR state = $1 AND attempts > 0) RETURNING id",
            [JobState.WAITING.value, now, int(what), JobState.DEAD.value],
        )
    else:
        done = await execute(
            "UPDATE core_subscription SET retry_at = NULL, attempts = 0"
            " WHERE name = $1 AND retry_at IS NOT NULL RETURNING id",
            [what],
        )
    if not done:
        message = (
            f"没有失败的任务或订阅 {what} · no job or subscriber {what} has failed; "
            "gongzhi worker status lists them"
        )
        raise GongzhiError(message)
