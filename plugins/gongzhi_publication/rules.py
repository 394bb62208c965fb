"""Rules of publication: pure functions, nothing is read or written. Days are calendar days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum


class PublicationState(StrEnum):
    """公示状态 · where a publication stands: 起草, 待公示, 已公示, 已撤下."""

    DRAFT = "DRAFT"
    DUE = "DUE"
    PUBLISHED = "PUBLISHED"
    WITHDRAWN = "WITHDRAWN"


STATE_LABELS: Mapping[PublicationState, tuple[str, str]] = {
    PublicationState.DRAFT: ("起草", "being drafted"),
    PublicationState.DUE: ("待公示", "to be published"),
    PublicationState.PUBLISHED: ("已公示", "published"),
    PublicationState.WITHDRAWN: ("已撤下", "withdrawn"),
}


def end_of_period(published_on: dt.date, period_days: int | None) -> dt.date | None:
    """Return the last day of a period, None where none was set and the notice stays open.

    The day of publication does not count, the period begins on the next: 民法典 art. 201.
    """
    return None if period_days is None else published_on + dt.timedelta(days=period_days)


def listed_on(published_on: dt.date | None, due_on: dt.date | None, drafted_on: dt.date) -> dt.date:
    """Return the day under which lists show a publication.

    That of publication; before it the day on which it is due; before that the day of the draft.
    """
    return published_on or due_on or drafted_on


def is_due(state: PublicationState, due_on: dt.date | None, day: dt.date) -> bool:
    """Return whether it is to be published on this day; without a due day it is due at once."""
    return state is PublicationState.DUE and (due_on is None or due_on <= day)


def is_overdue(state: PublicationState, due_on: dt.date | None, day: dt.date) -> bool:
    """Return whether its due day has passed and it is still to be published."""
    return state is PublicationState.DUE and due_on is not None and due_on < day


def is_current(
    state: PublicationState, published_on: dt.date | None, ends_on: dt.date | None, day: dt.date
) -> bool:
    """Return whether it is open to view on this day, the first and the last day included."""
    return (
        state is PublicationState.PUBLISHED
        and published_on is not None
        and published_on <= day
        and (ends_on is None or day <= ends_on)
    )
