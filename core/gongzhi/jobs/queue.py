"""The queue of jobs: write, claim, end. Plain SQL, the same on SQLite and PostgreSQL.

A worker *claims* a job: it counts the attempt and writes into ``wake_at`` when others may take the
job from it, its lease. Whoever ends a job names the attempt, so a worker that was thought dead and
is not cannot end, or do, what another has taken over.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from tortoise.connection import get_connection
from tortoise.transactions import in_transaction

from gongzhi import clock
from gongzhi.contributions import Job, Subscriber
from gongzhi.database.config import CONNECTION
from gongzhi.errors import GongzhiError
from gongzhi.jobs.models import JobState
from gongzhi.jobs.rules import LEASE_MARGIN, due_after, pause_after
from gongzhi.registry.counters import Execute, on_tortoise
from gongzhi.registry.tree import is_postgres

if TYPE_CHECKING:
    from tortoise.backends.base.client import BaseDBAsyncClient

    from gongzhi.writing import Work

GONE = "WorkerLost"
"""Written as the error of a job whose worker never came back."""

_KEY_LENGTH = 96

_COLUMNS = (
    "name", "state", "due_at", "slot", "key", "event_id", "payload", "attempts", "wake_at",
    "last_error", "created_at",
)  # fmt: skip
_INSERT = (
    f"INSERT INTO core_job ({', '.join(_COLUMNS)}) VALUES "
    f"({', '.join(f'${n}' for n in range(1, len(_COLUMNS) + 1))}) ON CONFLICT "
)


class LostJobError(GongzhiError):
    """Another worker has taken the job over; nothing was written."""

    def __init__(self) -> None:
        super().__init__("the lease ran out and another worker has the job")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that this worker has for the time of its lease."""

    id: int
    name: str
    due_at: dt.datetime
    attempt: int
    periodic: bool
    event_id: int | None
    payload: Mapping[str, Any]


def here() -> Execute:
    """Run statements on the database that is open in this task, each one by itself."""
    return on_tortoise(get_connection(CONNECTION))


def skipping(connection: BaseDBAsyncClient) -> str:
    """Return what holds rows and leaves out those that others hold; SQLite has one writer only."""
    return " FOR UPDATE SKIP LOCKED" if is_postgres(connection) else ""


def instant(value: Any) -> Any:
    """Return an instant that SQLite gave as a text."""
    return dt.datetime.fromisoformat(value) if isinstance(value, str) else value


def places(values: Sequence[object], first: int) -> str:
    """Return the inside of ``IN (…)``; no value is equal to NULL."""
    return ", ".join(f"${first + n}" for n in range(len(values))) or "NULL"


# ---- ask for a job -------------------------------------------------------------------------------


async def later(
    work: Work,
    name: str,
    payload: Mapping[str, Any] | None = None,
    *,
    at: dt.datetime | None = None,
    key: str | None = None,
) -> None:
    """Ask for a job, in the transaction of this work: without its commit there is none.

    :param name: of a job that an enabled plugin has.
    :param payload: what the job gets: ids, codes, days and numbers, never a personal value.
    :param at: not before; at once without it.
    :param key: at most one job of a name and key waits. If one does, it is that one, with the new
        payload, and due at the sooner time. A job that was begun waits no longer, even where it
        failed and will be tried again.
    :raises LookupError: when there is no such job.
    :raises ValueError: when the key is too long, or the time has no zone.
    """
    if name not in work.deployment.jobs:
        message = f"no enabled plugin has a job {name!r}"
        raise LookupError(message)
    if key is not None and not 0 < len(key) <= _KEY_LENGTH:
        message = f"the key of a job has 1 to {_KEY_LENGTH} characters"
        raise ValueError(message)
    if at is not None and at.tzinfo is None:
        message = "an instant needs a time zone"
        raise ValueError(message)
    due = work.now if at is None else at.astimezone(dt.UTC)
    data = orjson.dumps(payload or {}, option=orjson.OPT_SORT_KEYS, default=str).decode()
    # The update holds the row until the commit: a worker cannot begin the job that waits, and so
    # miss what this work has changed.
    await on_tortoise(work.connection)(
        f"{_INSERT}(name, key) DO UPDATE SET payload = excluded.payload,"
        " due_at = CASE WHEN excluded.due_at < core_job.due_at"
        "  THEN excluded.due_at ELSE core_job.due_at END,"
        " wake_at = CASE WHEN excluded.due_at < core_job.due_at"
        "  THEN excluded.due_at ELSE core_job.due_at END",
        [name, JobState.WAITING.value, due, None, key, None, data, 0, due, "", work.now],
    )


async def schedule(execute: Execute, name: str, slot: dt.datetime, now: dt.datetime) -> None:
    """Write a due time of a periodic job, unless it is there already."""
    values = [name, JobState.WAITING.value, slot, slot, None, None, "{}", 0, slot, "", now]
    await execute(f"{_INSERT}(name, slot) DO NOTHING", values)


async def bury(
    execute: Execute, name: str, event_id: int, attempts: int, error: str, now: dt.datetime
) -> None:
    """Put aside an event that a subscriber cannot take."""
    state = JobState.DEAD.value
    values = [name, state, now, None, None, event_id, "{}", attempts, None, error, now]
    await execute(f"{_INSERT}DO NOTHING", values)


async def prepare(jobs: Iterable[Job], zone: dt.tzinfo) -> None:
    """See to it that every periodic job has a next due time, by its present schedule."""
    execute, now = here(), clock.now()
    live = {
        row["name"]: (row["id"], instant(row["slot"]))
        for row in await execute(
            "SELECT id, name, slot FROM core_job"
            " WHERE wake_at IS NOT NULL AND slot IS NOT NULL ORDER BY slot DESC",
            [],
        )
    }
    for job in jobs:
        due = due_after(job, now, zone)
        if due is None:
            continue
        if job.name not in live:
            await schedule(execute, job.name, due, now)
        elif due < live[job.name][1]:  # it is due more often than it was
            await execute(
                "UPDATE core_job SET slot = $1, due_at = $1, wake_at = $1"
                " WHERE id = $2 AND state = $3 AND attempts = 0",
                [due, live[job.name][0], JobState.WAITING.value],
            )


# ---- do it ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """The jobs and subscribers of the enabled plugins, by their names."""

    jobs: Mapping[str, Job]
    subscribers: Mapping[str, Subscriber]
    zone: dt.tzinfo

    def lease(self, name: str, event_id: int | None) -> tuple[dt.timedelta, int]:
        """Return for how long a job is claimed, and how often it may be begun."""
        of = self._of(name, event_id)
        return of.timeout + LEASE_MARGIN, of.attempts

    def timeout(self, job: Claimed) -> float:
        """Return how many seconds an attempt may take."""
        return self._of(job.name, job.event_id).timeout.total_seconds()

    def _of(self, name: str, event_id: int | None) -> Job | Subscriber:
        return self.jobs[name] if event_id is None else self.subscribers[name]

    def mine(self, first: int) -> tuple[str, list[str]]:
        """Return a condition: the rows that can be run here; a plugin may be off.

        As a CASE it is served by no index, and not thought to be rare: jobs are found by
        ``wake_at``, which few rows have, while by their name a database without statistics would
        look through all that are done.
        """
        jobs, subscribers = [*self.jobs], [*self.subscribers]
        others = places(subscribers, first + len(jobs))
        return (
            f"CASE WHEN event_id IS NULL THEN name IN ({places(jobs, first)})"
            f" ELSE name IN ({others}) END",
            [*jobs, *subscribers],
        )


@dataclass(frozen=True, slots=True)
class Ahead:
    """What there may be to do, as one cheap statement tells it."""

    end_of_record: int
    """Position of the last event."""
    wake_at: dt.datetime | None
    """When the next job can be taken."""


async def peek(known: Known) -> Ahead:
    """Look whether there is anything to do."""
    mine, names = known.mine(1)
    (row,) = await here()(
        "SELECT (SELECT position FROM core_chain WHERE id = 1) AS position,"
        f" (SELECT wake_at FROM core_job WHERE wake_at IS NOT NULL AND {mine}"
        "   ORDER BY wake_at LIMIT 1) AS wake_at",
        names,
    )
    return Ahead(row["position"] or 0, instant(row["wake_at"]))


async def claim(known: Known, limit: int) -> list[Claimed]:
    """Take jobs that are due, the one that has waited longest first."""
    now = clock.now()
    mine, names = known.mine(3)
    claimed: dict[dt.timedelta, list[Claimed]] = defaultdict(list)
    async with in_transaction() as connection:
        execute = on_tortoise(connection)
        rows = await execute(
            "SELECT id, name, due_at, slot, event_id, payload, attempts, last_error FROM core_job"
            f" WHERE wake_at <= $1 AND {mine} ORDER BY wake_at, id LIMIT $2{skipping(connection)}",
            [now, limit, *names],
        )
        for row in rows:
            lease, most = known.lease(row["name"], row["event_id"])
            job = Claimed(
                id=row["id"],
                name=row["name"],
                due_at=instant(row["due_at"]),
                attempt=row["attempts"] + 1,
                periodic=row["slot"] is not None,
                event_id=row["event_id"],
                payload=orjson.loads(row["payload"]),
            )
            if row["attempts"] >= most:  # whoever had it died, and so could not say that it failed
                await _die(execute, known, job, row["attempts"], row["last_error"] or GONE, now)
                continue
            claimed[lease].append(job)
        for lease, jobs in claimed.items():
            await execute(
                "UPDATE core_job SET state = $1, attempts = attempts + 1, wake_at = $2, key = NULL"
                f" WHERE id IN ({places(jobs, 3)})",
                [JobState.RUNNING.value, now + lease, *(job.id for job in jobs)],
            )
    return [job for jobs in claimed.values() for job in jobs]


async def finish(execute: Execute, known: Known, job: Claimed, now: dt.datetime) -> None:
    """Mark a job as done, in the transaction of its effect; best before the effect.

    From here to the commit no other worker can take it, whatever its lease says.

    :raises LostJobError: when another has.
    """
    rows = await execute(
        "UPDATE core_job SET state = $1, wake_at = NULL, finished_at = $2, last_error = ''"
        " WHERE id = $3 AND attempts = $4 AND state = $5 RETURNING id",
        [JobState.DONE.value, now, job.id, job.attempt, JobState.RUNNING.value],
    )
    if not rows:
        raise LostJobError
    await _schedule_next(execute, known, job, now)


async def fail(known: Known, job: Claimed, error: str) -> bool:
    """Have a job tried again after a pause, or give it up; return whether it is dead.

    Nothing is changed when it is done after all, or another worker has it.
    """
    now = clock.now()
    dead = job.attempt >= known.lease(job.name, job.event_id)[1]
    async with in_transaction() as connection:
        execute = on_tortoise(connection)
        if dead:
            await _die(execute, known, job, job.attempt, error, now)
        else:
            await _wait(execute, job, job.attempt, now + pause_after(job.attempt), error)
    return dead


async def give_back(job: Claimed) -> None:
    """Let another worker begin a job at once, as if this one had not."""
    await _wait(here(), job, job.attempt - 1, clock.now(), "")


async def _wait(
    execute: Execute, job: Claimed, attempts: int, wake_at: dt.datetime, error: str
) -> None:
    await execute(
        "UPDATE core_job SET state = $1, attempts = $2, wake_at = $3, last_error = $4"
        " WHERE id = $5 AND attempts = $6 AND state = $7",
        [
            JobState.WAITING.value, attempts, wake_at, error,
            job.id, job.attempt, JobState.RUNNING.value,
        ],
    )  # fmt: skip


async def _die(
    execute: Execute, known: Known, job: Claimed, attempts: int, error: str, now: dt.datetime
) -> None:
    rows = await execute(
        "UPDATE core_job SET state = $1, wake_at = NULL, key = NULL, last_error = $2"
        " WHERE id = $3 AND attempts = $4 AND wake_at IS NOT NULL RETURNING id",
        [JobState.DEAD.value, error, job.id, attempts],
    )
    if rows:
        await _schedule_next(execute, known, job, now)


async def _schedule_next(execute: Execute, known: Known, job: Claimed, now: dt.datetime) -> None:
    """Write the next due time of a periodic job: the first after its effect began.

    Those that passed before are made up for by this one.
    """
    if job.periodic and job.name in known.jobs:
        due = due_after(known.jobs[job.name], now, known.zone)
        if due is not None:
            await schedule(execute, job.name, due, now)
