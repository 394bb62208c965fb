"""What the services of this plugin share."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from gongzhi.registry.common import text
from gongzhi.registry.models import Organization, Person
from gongzhi_workday.rules import MAX_TEXT, REFUSALS, start_of

if TYPE_CHECKING:
    from gongzhi.writing import Work
    from gongzhi_workday.models import WorkdaySession

__all__ = [
    "begins",
    "long_text",
    "must_be_open",
    "must_have_happened",
    "on_behalf",
    "path_ids",
    "text",
]


def long_text(value: str, field: str) -> str:
    """Return a free text without space around it.

    :raises RuleError: TOO_LONG.
    """
    value = value.strip()
    if len(value) > MAX_TEXT:
        REFUSALS.refuse("TOO_LONG", field, most=MAX_TEXT)
    return value


def must_be_open(organization: Organization, field: str = "organization") -> None:
    """Refuse an organization that is merged or dissolved.

    :raises RuleError: NOT_ACTIVE.
    """
    if organization.status != "ACTIVE":
        REFUSALS.refuse("NOT_ACTIVE", field)


def must_have_happened(work: Work, at: dt.datetime | None) -> dt.datetime:
    """Return when something happened, now where that is not said.

    :raises RuleError: FUTURE_DATE.
    """
    if at is not None and at > work.now:
        REFUSALS.refuse("FUTURE_DATE", "occurred_at")
    return at or work.now


async def on_behalf(work: Work, person_id: int | None) -> int | None:
    """Return for whom something is entered, a person whom the viewer may see.

    :raises RuleError: NOT_FOUND.
    """
    if person_id is not None:
        await work.find(Person, person_id, "on_behalf_of")
    return person_id


def path_ids(path: str) -> list[int]:
    """Return the ids in a tree path: those of all superiors, and its own."""
    return [int(each) for each in path.rstrip(".").split(".")]


def begins(work: Work, row: WorkdaySession) -> dt.datetime:
    """Return the instant at which a session begins."""
    return start_of(row.day, row.half_day, row.starts_at, work.deployment.zone)
