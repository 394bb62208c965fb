"""Figures of the ledger: what they mean, as a pure function over the facts of issues.

:mod:`gongzhi_ledger.sql` says the same to the database; a test holds the two against each other.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from gongzhi_ledger.rules import (
    OPEN,
    SETTLED,
    SOLVED,
    IssueState,
    ResolutionLevel,
    Satisfaction,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the figures know of one issue. Days are those of the deployment's time zone."""

    state: IssueState
    level: ResolutionLevel
    received_on: dt.date
    opened_on: dt.date | None = None
    ended_on: dt.date | None = None
    disclosed_on: dt.date | None = None
    closed_on: dt.date | None = None
    due_on: dt.date | None = None
    visits: tuple[tuple[dt.date, Satisfaction], ...] = field(default=())
    """Day and outcome of each return visit."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of some issues over a period, as :func:`count` says them."""

    received: int
    opened: int
    solved_on_spot: int
    settled: int
    disclosed: int
    closed: int
    open: int
    overdue: int
    response_rate: Decimal | None
    settlement_rate: Decimal | None
    satisfaction_rate: Decimal | None
    solved_at_community_share: Decimal | None
    median_days_to_settle: Decimal | None


def count(
    issues: Iterable[Facts], first: dt.date | None, last: dt.date | None, today: dt.date
) -> Figures:
    """Count over a period, its first and last day included; None: without a bound.

    received, opened, disclosed, closed
        Issues that this happened to within the period. What was undone by reopening or handing on
        did not happen.
    settled, solved_on_spot
        Issues that were, within the period, and are now.
    open, overdue
        Issues that stand in a ledger now and are not settled; those of them whose deadline has
        passed today. The period does not matter.
    response_rate 响应率
        Of the issues received in the period, those that something was done about since.
    settlement_rate 解决率
        Of those entered in the period, neither rejected nor merged since, those that are settled.
    satisfaction_rate 满意率
        Of the return visits in the period, those that found satisfaction.
    solved_at_community_share
        Of those solved in the period, in the ledger or on the spot, those at the level COMMUNITY:
        小事不出社区, expected at 八成以上.
    median_days_to_settle
        Of those settled in the period, the calendar days from entry to settlement.
    """
    rows = list(issues)

    def within(day: dt.date | None) -> bool:
        return day is not None and (first is None or day >= first) and (last is None or day <= last)

    received = [row for row in rows if within(row.received_on)]
    opened = [row for row in rows if within(row.opened_on)]
    standing = [r for r in opened if r.state not in {IssueState.REJECTED, IssueState.MERGED}]
    settled = [row for row in rows if row.state in SETTLED and within(row.ended_on)]
    solved = [row for row in rows if row.state in SOLVED and within(row.ended_on)]
    open_ = [row for row in rows if row.state in OPEN]
    visits = [outcome for row in rows for day, outcome in row.visits if within(day)]
    return Figures(
        received=len(received),
        opened=len(opened),
        solved_on_spot=len(solved) - len(settled),
        settled=len(settled),
        disclosed=sum(within(row.disclosed_on) for row in rows),
        closed=sum(within(row.closed_on) for row in rows),
        open=len(open_),
        overdue=sum(row.due_on is not None and row.due_on < today for row in open_),
        response_rate=rate(
            sum(r.state is not IssueState.RECEIVED for r in received), len(received)
        ),
        settlement_rate=rate(sum(r.state in SETTLED for r in standing), len(standing)),
        satisfaction_rate=rate(visits.count(Satisfaction.SATISFIED), len(visits)),
        solved_at_community_share=rate(
            sum(row.level is ResolutionLevel.COMMUNITY for row in solved), len(solved)
        ),
        median_days_to_settle=_median(
            [(r.ended_on - r.opened_on).days for r in settled if r.ended_on and r.opened_on]
        ),
    )


def rate(part: int, whole: int) -> Decimal | None:
    """Return a share to three decimals, halves upwards; None of nothing."""
    if not whole:
        return None
    return Decimal((2000 * part + whole) // (2 * whole)) / 1000


def _median(days: list[int]) -> Decimal | None:
    return Decimal(str(statistics.median(days))) if days else None
