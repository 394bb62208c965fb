"""Rules of :mod:`gongzhi_workday.rules` as SQL, and counts; each is a part of one statement.

A test holds those that mirror a rule against it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from gongzhi.graph import AS_OF, Argument, Sql, as_of
from gongzhi_workday import rules
from gongzhi_workday.models import Visit, WorkdaySession
from gongzhi_workday.rules import UPCOMING, VisitKind, Weekday, WorkdaySessionState
from gongzhi_workday.settings import WorkdaySettings

YEAR = Argument("year", int | None, "年份，默认今年 · the year, this one where absent")

AFTER = Argument(
    "after", dt.date | None, "在此日之后，默认今天 · after this day, today where absent"
)

DAYS = Argument(
    "days",
    int | None,
    "提前几天（自然日），默认依设置 · how many calendar days ahead, by the settings where absent",
)

DAY = Argument("day", dt.date, "日期 · the day")

KINDS = Argument(
    "kinds",
    list[str] | None,
    "组织类别，默认 RESIDENTS_COMMITTEE、VILLAGERS_COMMITTEE · kinds of organizations to look at",
)


def _notice_days(bind: Any) -> int:
    days: int = bind.settings(WorkdaySettings).notice_days_before
    return days


def _quoted(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _day(sql: Sql, days: Callable[[object], int] | None = None) -> str:
    day = as_of(sql)
    if days is None:
        return sql.value(lambda bind: day(bind).isoformat(), "date")
    return sql.value(lambda bind: (day(bind) + dt.timedelta(days=days(bind))).isoformat(), "date")


# == conditions on rows ==


def is_next(sql: Sql, row: str) -> str:
    """Return the condition that a session is still to be held on the day ``asOf``.

    Of days that have passed since, every session that kept its day was.
    """
    day = _day(sql)
    return (
        f"{row}.occupies AND ({row}.day > {day} OR "
        f"({row}.day = {day} AND {row}.state IN ({_quoted(UPCOMING)})))"
    )


def lacks_notice(sql: Sql, row: str) -> str:
    """Return the condition of :func:`rules.lacks_notice`."""
    return (
        f"{row}.state = '{WorkdaySessionState.PLANNED}' AND {row}.day <= "
        f"{_day(sql, sql.given(DAYS.name) or _notice_days)}"
    )


def without_session(sql: Sql, row: str) -> str:
    """Return the condition that an organization has no session on a day."""
    kinds = sql.list_argument(KINDS.name, f"{row}.kind") or (
        f"{row}.kind IN ({_quoted(rules.HOST_KINDS)})"
    )
    return (
        f"{kinds} AND {row}.status = 'ACTIVE' AND NOT EXISTS (SELECT 1 FROM workday_session s "
        f"WHERE s.organization_id = {row}.id AND s.day = {sql.argument(DAY.name, 'date')} "
        f"AND s.occupies AND {sql.visible(WorkdaySession, 's')})"
    )


def covers(sql: Sql, row: str) -> str:
    """Return the condition that a programme covers the organization of the edge on a day."""
    path, day = sql.outer("path"), _day(sql)
    return (
        f"{path} >= {row}.org_path AND {path} < {sql.after(f'{row}.org_path')} "
        f"AND {row}.starts_on <= {day} AND ({row}.ends_on IS NULL OR {row}.ends_on >= {day})"
    )


def counts_on(sql: Sql, row: str) -> str:
    """Return the condition that a liaison counts on a day."""
    day = _day(sql)
    return f"{row}.starts_on <= {day} AND ({row}.ends_on IS NULL OR {row}.ends_on >= {day})"


def from_session(sql: Sql, row: str) -> str:  # noqa: ARG001  # as every condition
    """Return the condition that the issue of the edge was taken at a session."""
    return f"{sql.outer('source_type')} = '{WorkdaySession.__name__}'"


# == days ==


def next_day(sql: Sql) -> str:
    """Return :func:`rules.next_day` of a programme."""
    after = sql.given(AFTER.name) or (lambda bind: bind.today)
    tomorrow = sql.value(lambda bind: (after(bind) + dt.timedelta(days=1)).isoformat(), "date")
    starts_on, ends_on = sql.column("starts_on"), sql.column("ends_on")
    weekday = sql.column("weekday")
    numbers = " ".join(f"WHEN '{day}' THEN {n}" for n, day in enumerate(Weekday))
    weeks = " UNION ALL ".join(f"SELECT {n} AS n" for n in range(rules.LOOK_AHEAD))
    first = f"CASE WHEN {starts_on} > {tomorrow} THEN {starts_on} ELSE {tomorrow} END"
    if sql.sqlite:
        of_first = "(CAST(strftime('%w', f.day) AS INTEGER) + 6)"
        day = "date(f.day, '+' || ({ahead} + 7 * w.n) || ' days')"
    else:
        of_first = "(CAST(extract(isodow FROM f.day) AS INTEGER) - 1)"
        day = "f.day + ({ahead} + 7 * w.n)"
    ahead = f"((CASE {weekday} {numbers} END) - {of_first} % 7 + 7) % 7"
    return (
        f"(SELECT min(c.day) FROM (SELECT {day.format(ahead=ahead)} AS day "
        f"FROM (SELECT {first} AS day) f, ({weeks}) w) c "
        f"WHERE ({ends_on} IS NULL OR c.day <= {ends_on}) AND NOT EXISTS "
        "(SELECT 1 FROM core_calendar_day d WHERE d.day = c.day AND NOT d.is_working))"
    )


# == counts ==


def _by_quarter(sql: Sql, rows: str, condition: str) -> str:
    given = sql.given(YEAR.name)
    year = given or (lambda bind: bind.today.year)

    def first_day(n: int) -> str:
        return sql.value(lambda bind: rules.quarters(year(bind))[n].isoformat(), "date")

    ends = [first_day(n) for n in range(5)]
    counts = ", ".join(
        f"count(*) FILTER (WHERE s.day >= {ends[n]} AND s.day < {ends[n + 1]})" for n in range(4)
    )
    array = "json_array" if sql.sqlite else "json_build_array"
    return (
        f"(SELECT {array}({counts}) FROM {rows} WHERE {condition} "
        f"AND s.state IN ({_quoted(rules.TOOK_PLACE)}) AND s.day >= {ends[0]} "
        f"AND s.day < {ends[4]} AND {sql.visible(WorkdaySession, 's')})"
    )


_ATTENDED = "workday_session_member m JOIN workday_session s ON s.id = m.session_id AND m.attended"


def held_by_person(sql: Sql) -> str:
    """Return how many sessions a person attended, by quarter."""
    return _by_quarter(sql, _ATTENDED, f"m.person_id = {sql.column('id')}")


def held_by_liaison(sql: Sql) -> str:
    """Return how many sessions an official attended in the committee of a liaison, by quarter."""
    return _by_quarter(
        sql,
        _ATTENDED,
        f"m.person_id = {sql.column('official_id')} "
        f"AND s.organization_id = {sql.column('organization_id')}",
    )


def held_in_subtree(sql: Sql) -> str:
    """Return how many sessions were held in an organization and below it, by quarter."""
    path = sql.column("path")
    inside = f"s.org_path >= {path} AND s.org_path < {sql.after(path)}"
    return _by_quarter(sql, "workday_session s", inside)


def households_visited(sql: Sql) -> str:
    """Return how many households a campaign reached; a return visit reaches none anew."""
    return _of_visits(sql, "households", f"AND v.kind <> '{VisitKind.RETURN_VISIT}'")


def needs_collected(sql: Sql) -> str:
    """Return how many needs and opinions a campaign collected."""
    return _of_visits(sql, "needs")


def _of_visits(sql: Sql, column: str, condition: str = "") -> str:
    return (
        f"(SELECT coalesce(sum(v.{column}), 0) FROM workday_visit v "
        f"WHERE v.campaign_id = {sql.column('id')} {condition} AND {sql.visible(Visit, 'v')})"
    )


# == names ==


def visited_name(sql: Sql) -> str:
    """Return the masked name of who was visited: that of the record, else what was written."""
    return _name(sql, "visited", "visited_label")


def subject_name(sql: Sql) -> str:
    """Return the masked name of who is helped."""
    return _name(sql, "subject", "subject_label")


def _name(sql: Sql, person: str, label: str) -> str:
    return f"coalesce({sql.column(f'{person}.name_masked')}, nullif({sql.column(label)}, ''))"


__all__ = [
    "AFTER",
    "AS_OF",
    "DAY",
    "DAYS",
    "KINDS",
    "YEAR",
    "counts_on",
    "covers",
    "from_session",
    "held_by_liaison",
    "held_by_person",
    "held_in_subtree",
    "households_visited",
    "is_next",
    "lacks_notice",
    "needs_collected",
    "next_day",
    "subject_name",
    "visited_name",
    "without_session",
]
