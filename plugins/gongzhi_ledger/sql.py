"""Rules and figures as SQL, so that lists and figures are one read.

Each mirrors the rule of its name in :mod:`gongzhi_ledger.rules`, the figures
:func:`gongzhi_ledger.figures.count`; tests hold them against each other row by row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from tortoise.models import Model

from gongzhi.graph import Sql, as_of
from gongzhi_ledger import rules
from gongzhi_ledger.models import Issue, ReturnVisit
from gongzhi_ledger.rules import AgendaKind, IssueState, ResolutionLevel, Satisfaction

_DAY = dt.timedelta(days=1)


def _listed(values: Iterable[StrEnum]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _day(sql: Sql) -> str:
    day = as_of(sql)
    return sql.value(lambda bind: day(bind).isoformat(), "date")


# == one issue ==


def is_overdue(sql: Sql) -> str:
    """Return the value of :func:`rules.is_overdue`."""
    due_on, ended_on, day = sql.column("due_on"), sql.column("ended_on"), _day(sql)
    until = f"CASE WHEN {ended_on} < {day} THEN {ended_on} ELSE {day} END"
    return f"coalesce({due_on} < {until}, FALSE)"


def years_open(sql: Sql) -> str:
    """Return the value of :func:`rules.years_open`, from when it is known to when it ended."""
    day = _day(sql)
    ended_on = sql.column("ended_on")
    until = f"CASE WHEN {ended_on} < {day} THEN {ended_on} ELSE {day} END"
    since = f"coalesce({sql.column('exists_since')}, {_date(sql, sql.column('received_at'))})"
    months = f"({_part(sql, 'm', until)} - {_part(sql, 'm', since)})"
    years = f"({_part(sql, 'Y', until)} - {_part(sql, 'Y', since)})"
    days = f"({_part(sql, 'd', until)} - {_part(sql, 'd', since)})"
    before = f"CASE WHEN {months} < 0 OR ({months} = 0 AND {days} < 0) THEN 1 ELSE 0 END"
    whole = f"{years} - {before}"
    return f"CASE WHEN {whole} < 0 THEN 0 ELSE {whole} END"


def _part(sql: Sql, part: str, day: str) -> str:
    if sql.sqlite:
        return f"CAST(strftime('%{part}', {day}) AS INTEGER)"
    name = {"Y": "year", "m": "month", "d": "day"}[part]
    return f"CAST(extract({name} FROM {day}) AS INTEGER)"


def _date(sql: Sql, instant: str) -> str:
    """Return the day of an instant where the deployment is."""
    if sql.sqlite:  # which knows no time zones; the offset of one moment serves for a day long past
        offset = sql.value(_offset)
        return f"date({instant}, {offset})"
    zone = sql.value(lambda bind: str(bind.zone))
    return f"CAST({instant} AT TIME ZONE {zone} AS DATE)"


def _offset(bind: Any) -> str:
    offset = dt.datetime.combine(bind.today, dt.time(12), bind.zone).utcoffset()
    return f"{int((offset or dt.timedelta()).total_seconds())} seconds"


def origin(sql: Sql) -> str:
    """Return the global id of what an issue came from, null for nothing."""
    return f"({sql.column('source_type')} || ':' || {sql.column('source_id')})"


# == lists ==


def overdue(sql: Sql, row: str) -> str:
    """Issues that stand in a ledger unsettled, whose deadline has passed on this day."""
    return f"{row}.state IN ({_listed(rules.OPEN)}) AND {row}.due_on < {_day(sql)}"


def settled_not_disclosed(sql: Sql, row: str) -> str:  # noqa: ARG001  # as every condition
    """销账 without 晒账."""
    return f"{row}.state = '{IssueState.SETTLED}'"


def recurring(sql: Sql, row: str) -> str:
    """Issues that came back as often as the argument ``at_least`` says."""
    return f"{row}.recurrence_count >= {sql.argument('at_least', 'int')}"


def on_agenda(sql: Sql, row: str) -> str:
    """V21: unsettled issues of the severity that an agenda is for.

    With ``pending`` those only that have not come up in its month or week yet, and for immediate
    supervision those that never have.
    """
    given = sql.given("kind")
    assert given is not None  # noqa: S101  # the argument is obligatory
    day = as_of(sql)
    severity = sql.value(lambda bind: rules.SEVERITY_OF[_kind(given, bind)].value)
    condition = f"{row}.state IN ({_listed(rules.UNSETTLED)}) AND {row}.severity = {severity}"
    pending = sql.argument("pending", "bool")
    if pending is None:
        return condition

    def bound(end: int) -> str:
        return sql.value(
            lambda bind: rules.agenda_period(_kind(given, bind), day(bind))[end].isoformat(),
            "date",
        )

    done = (
        f"EXISTS (SELECT 1 FROM ledger_supervision s WHERE s.issue_id = {row}.id "
        f"AND s.kind = {sql.value(lambda bind: _kind(given, bind).value)} "
        f"AND s.held_on >= {bound(0)} AND s.held_on <= {bound(1)})"
    )
    return f"{condition} AND (NOT {pending} OR NOT {done})"


def _kind(given: Callable[[Any], Any], bind: Any) -> AgendaKind:
    value = given(bind)
    return AgendaKind(getattr(value, "name", value))


# == figures ==


def _rows(sql: Sql, model: type[Model], alias: str, *conditions: str) -> str:
    """Return a FROM of the visible rows in the subtree of the row, an organization."""
    path = sql.column("path")
    where = [
        f"{alias}.org_path >= {path}",
        f"{alias}.org_path < {sql.after(path)}",
        sql.visible(model, alias),
        *conditions,
    ]
    return f"FROM {model._meta.db_table} {alias} WHERE {' AND '.join(where)}"  # noqa: SLF001  # no public name


def _issues(sql: Sql, *conditions: str) -> str:
    return _rows(sql, Issue, "i", *conditions)


def _within(sql: Sql, day: str) -> str:
    """Return the condition that a day lies in the period that is asked for, both ends included."""
    return _bounds(sql, day, lambda given, bind, _: given(bind).isoformat(), "<=", "date")


def _at(sql: Sql, instant: str) -> str:
    """Return the same for an instant: from midnight to midnight where the deployment is."""

    def midnight(given: Callable[[Any], Any], bind: Any, after: int) -> str:
        start = dt.datetime.combine(given(bind) + after * _DAY, dt.time(), bind.zone)
        return start.astimezone(dt.UTC).isoformat(" ")

    return _bounds(sql, instant, midnight, "<", "instant")


def _bounds(
    sql: Sql,
    expression: str,
    read: Callable[[Callable[[Any], Any], Any, int], str],
    until: str,
    kind: str,
) -> str:
    conditions = [f"{expression} IS NOT NULL"]
    first, last = sql.given("from"), sql.given("to")
    if first is not None:
        get = first
        conditions.append(f"{expression} >= {sql.value(lambda bind: read(get, bind, 0), kind)}")
    if last is not None:
        upto = last
        conditions.append(
            f"{expression} {until} {sql.value(lambda bind: read(upto, bind, 1), kind)}"
        )
    return " AND ".join(conditions)


def _in(states: Iterable[StrEnum]) -> str:
    return f"i.state IN ({_listed(states)})"


def _count(sql: Sql, *conditions: str) -> str:
    return f"(SELECT count(*) {_issues(sql, *conditions)})"


def received(sql: Sql) -> str:
    """Return the figure of this name."""
    return _count(sql, _at(sql, "i.received_at"))


def opened(sql: Sql) -> str:
    """Return the figure of this name."""
    return _count(sql, _within(sql, "i.opened_on"))


def solved_on_spot(sql: Sql) -> str:
    """Return the figure of this name."""
    return _count(sql, _in((IssueState.SOLVED_ON_SPOT,)), _within(sql, "i.ended_on"))


def settled(sql: Sql) -> str:
    """Return the figure of this name."""
    return _count(sql, _in(rules.SETTLED), _within(sql, "i.ended_on"))


def disclosed(sql: Sql) -> str:
    """Return the figure of this name."""
    return _count(sql, _at(sql, "i.disclosed_at"))


def closed(sql: Sql) -> str:
    """Return the figure of this name."""
    return _count(sql, _at(sql, "i.closed_at"))


def open_now(sql: Sql) -> str:
    """Return the figure ``open``."""
    return _count(sql, _in(rules.OPEN))


def overdue_now(sql: Sql) -> str:
    """Return the figure ``overdue``."""
    today = sql.value(lambda bind: bind.today.isoformat(), "date")
    return _count(sql, _in(rules.OPEN), f"i.due_on < {today}")


def response_rate(sql: Sql) -> str:
    """Return the figure of this name."""
    answered = f"i.state <> '{IssueState.RECEIVED}'"
    return _rate(answered, _issues(sql, _at(sql, "i.received_at")))


def settlement_rate(sql: Sql) -> str:
    """Return the figure of this name."""
    dropped = _listed((IssueState.REJECTED, IssueState.MERGED))
    entered = _issues(sql, _within(sql, "i.opened_on"), f"i.state NOT IN ({dropped})")
    return _rate(_in(rules.SETTLED), entered)


def satisfaction_rate(sql: Sql) -> str:
    """Return the figure of this name."""
    visits = _rows(sql, ReturnVisit, "v", _within(sql, "v.visited_on"))
    return _rate(f"v.satisfaction = '{Satisfaction.SATISFIED}'", visits)


def solved_at_community_share(sql: Sql) -> str:
    """Return the figure of this name."""
    solved = _issues(sql, _in(rules.SOLVED), _within(sql, "i.ended_on"))
    return _rate(f"i.resolution_level = '{ResolutionLevel.COMMUNITY}'", solved)


def median_days_to_settle(sql: Sql) -> str:
    """Return the figure of this name."""
    days = (
        "CAST(julianday(i.ended_on) - julianday(i.opened_on) AS INTEGER)"
        if sql.sqlite
        else "i.ended_on - i.opened_on"
    )
    rows = _issues(sql, _in(rules.SETTLED), _within(sql, "i.ended_on"), "i.opened_on IS NOT NULL")
    middle = (
        "SELECT m.d FROM (SELECT e.d, row_number() OVER (ORDER BY e.d) AS r, count(*) OVER () AS n "
        f"FROM (SELECT {days} AS d {rows}) e) m WHERE m.r IN ((m.n + 1) / 2, (m.n + 2) / 2)"
    )
    # the middle one, or the mean of the middle two: twice it is whole
    twice = f"(SELECT CAST(2 * sum(q.d) / count(*) AS BIGINT) AS t FROM ({middle}) q)"
    half = "CASE WHEN w.t % 2 = 1 THEN '.5' ELSE '' END"
    return f"(SELECT CAST(w.t / 2 AS TEXT) || {half} FROM {twice} w)"


def _rate(part: str, rows: str) -> str:
    """Return a share to three decimals as text, by whole numbers: alike on both databases."""
    counted = f"SELECT count(*) FILTER (WHERE {part}) AS a, count(*) AS b {rows}"
    thousandths = "((2000 * c.a + c.b) / (2 * c.b))"
    text = (
        f"CAST({thousandths} / 1000 AS TEXT) || '.' || "
        f"substr(CAST(1000 + {thousandths} % 1000 AS TEXT), 2)"
    )
    return f"(SELECT CASE WHEN c.b > 0 THEN {text} END FROM ({counted}) c)"
