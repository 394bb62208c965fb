"""Rules of :mod:`gongzhi_publication.rules` as SQL, and the reference to a subject.

Each rule mirrors the function of its name; a test holds the two against each other row by row.
"""

from __future__ import annotations

from gongzhi.graph import Sql, as_of
from gongzhi_publication.rules import PublicationState


def _day(sql: Sql) -> str:
    day = as_of(sql)
    return sql.value(lambda bind: day(bind).isoformat(), "date")


def is_due(sql: Sql, row: str) -> str:
    """Return the condition of :func:`rules.is_due`."""
    return (
        f"{row}.state = '{PublicationState.DUE}' "
        f"AND ({row}.due_on IS NULL OR {row}.due_on <= {_day(sql)})"
    )


def is_overdue(sql: Sql) -> str:
    """Return the value of :func:`rules.is_overdue`."""
    state, due_on = sql.column("state"), sql.column("due_on")
    return f"({state} = '{PublicationState.DUE}' AND coalesce({due_on} < {_day(sql)}, FALSE))"


def is_current(sql: Sql) -> str:
    """Return the value of :func:`rules.is_current`."""
    return _current(sql, *(sql.column(name) for name in ("state", "listed_on", "ends_on")))


def is_open(sql: Sql, row: str) -> str:
    """Return the condition of :func:`rules.is_current`."""
    return _current(sql, *(f"{row}.{name}" for name in ("state", "listed_on", "ends_on")))


def _current(sql: Sql, state: str, listed_on: str, ends_on: str) -> str:
    """Compare; ``listed_on`` of what is published is its day of publication."""
    day = _day(sql)
    return (
        f"({state} = '{PublicationState.PUBLISHED}' AND {listed_on} <= {day} "
        f"AND coalesce({day} <= {ends_on}, TRUE))"
    )


def subject(sql: Sql) -> str:
    """Return the global id of what a publication is about, null for nothing."""
    return f"({sql.column('subject_type')} || ':' || {sql.column('subject_id')})"


def is_about(sql: Sql, row: str) -> str:
    """Return the condition that a publication is about the argument ``id``."""
    given = sql.given("id")
    assert given is not None  # noqa: S101  # the argument is obligatory
    kind = sql.value(lambda bind: given(bind).partition(":")[0])
    return f"{row}.subject_type = {kind} AND {row}.subject_id = {sql.argument('id', 'id')}"
