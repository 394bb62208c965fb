"""What time it is: one place, so that tests can stop it.

Instants are UTC. What counts as *today* depends on where one is: pass the deployment's time zone
(``settings.zone``); the default is that of all China.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")

_stopped: ContextVar[dt.datetime | None] = ContextVar("gongzhi_clock", default=None)


def now() -> dt.datetime:
    """Return the present instant, in UTC."""
    return _stopped.get() or dt.datetime.now(dt.UTC)


def today(zone: dt.tzinfo = CHINA) -> dt.date:
    """Return the present day in this time zone."""
    return now().astimezone(zone).date()


@contextmanager
def stopped_at(instant: dt.datetime) -> Iterator[None]:
    """Stop the clock for the code under ``with``, in this task only.

    :raises ValueError: when the instant has no time zone.
    """
    if instant.tzinfo is None:
        message = "an instant needs a time zone"
        raise ValueError(message)
    token = _stopped.set(instant.astimezone(dt.UTC))
    try:
        yield
    finally:
        _stopped.reset(token)
