"""When jobs are due, when they are tried again, and which events a subscriber wants. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from gongzhi.contributions import Job
from gongzhi.errors import RuleError

LEASE_MARGIN = dt.timedelta(seconds=15)
"""How long after the time of an attempt its worker counts as dead."""

_FIRST_PAUSE = dt.timedelta(seconds=5)
_LONGEST_PAUSE = dt.timedelta(hours=1)
_FACTOR = 3

_MONDAY = dt.datetime(1970, 1, 5)  # noqa: DTZ001  # a zone is given to it

_ERROR_LENGTH = 200


def due_after(job: Job, instant: dt.datetime, zone: dt.tzinfo) -> dt.datetime | None:
    """Return the first time after an instant at which a job is due; None when it has no times."""
    if job.every is not None:
        start = _MONDAY.replace(tzinfo=zone).astimezone(dt.UTC)
        return start + ((instant - start) // job.every + 1) * job.every
    if job.daily is None:
        return None
    day = instant.astimezone(zone).date()
    while (due := dt.datetime.combine(day, job.daily, zone).astimezone(dt.UTC)) <= instant:
        day += dt.timedelta(days=1)
    return due


def pause_after(attempts: int) -> dt.timedelta:
    """Return how long to wait after so many failures: 5 s, 15 s, 45 s … at most an hour."""
    return min(_FIRST_PAUSE * int(_FACTOR ** min(attempts - 1, 9)), _LONGEST_PAUSE)


def wants(kinds: Sequence[str], kind: str) -> bool:
    """Return whether one of the kinds of a subscriber is, or begins, this kind of event."""
    return any(kind.startswith(each[:-1]) if each.endswith("*") else kind == each for each in kinds)


def condition(kinds: Sequence[str], first: int) -> tuple[str, list[str]]:
    """Return :func:`wants` as SQL over the column ``kind``.

    As a CASE it is served by no index, and not thought to be rare: a few events are looked through
    by position, while by kind a database without statistics would look through all that ever were.

    :param first: number of its first placeholder.
    """
    parts: list[str] = []
    values: list[str] = []
    for each in kinds:
        place = first + len(values)
        if each == "*":
            return "kind <> ''", []
        if each.endswith(".*"):
            parts.append(f"kind >= ${place} AND kind < ${place + 1}")
            values += [each[:-1], each[:-2] + "/"]  # the character after the dot
        else:
            parts.append(f"kind = ${place}")
            values.append(each)
    return f"CASE WHEN {' OR '.join(parts) or '1 = 0'} THEN TRUE ELSE FALSE END", values


def named(error: BaseException) -> str:
    """Name an error without its text, which may hold personal values."""
    code = f" {error.code}" if isinstance(error, RuleError) else ""
    return f"{type(error).__name__}{code}"[:_ERROR_LENGTH]
