"""Rules of working days and deadlines: pure functions, nothing is read or written.

A day is a working day unless it is a Saturday, a Sunday or named otherwise in a notice of the
State Council: a holiday, or a day of a weekend that is worked in exchange 调休.

Sources: 民法典 articles 201 (the day of the event does not count), 203 (a period whose last day is
one of rest ends on the first day after the rest, at 24:00) and 204 (other rules go before).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gongzhi import clock
from gongzhi.errors import RuleError
from gongzhi.registry.rules import Advice


class DayBasis(StrEnum):
    """期限计算方式 · which days count in a period: 自然日 all of them, 工作日 working days only."""

    CALENDAR_DAYS = "CALENDAR_DAYS"
    WORKING_DAYS = "WORKING_DAYS"


DAY_BASIS_LABELS: Mapping[DayBasis, tuple[str, str]] = {
    DayBasis.CALENDAR_DAYS: ("自然日", "calendar days"),
    DayBasis.WORKING_DAYS: ("工作日", "working days"),
}

FIRST_YEAR = 1949
LAST_YEAR = 2100
"""Days outside of these years are mistakes."""

MAX_DAYS = 3660
"""Ten years, the longest period."""

TEXTS: Mapping[str, tuple[str, str]] = {
    "CALENDAR_YEAR_UNKNOWN": (
        "{year} 年的节假日安排尚未确认，只按周末和已录入的日子推算",
        "the holidays of {year} are not confirmed: reckoned by weekends and the days entered",
    ),
    "CALENDAR_YEAR_EMPTY": (
        "{year} 年还没有录入任何假日，请先录入再确认",
        "no holiday of {year} is entered yet; enter them, then confirm the year",
    ),
    "DAY_OUT_OF_RANGE": (
        "日期应在 {first} 年至 {last} 年之间",
        "the day must be in the years {first} to {last}",
    ),
    "DAYS_OUT_OF_RANGE": (
        "期限应为 1 至 {most} 天",
        "a period has 1 to {most} days",
    ),
    "TOO_LONG": ("不能超过 {most} 个字符", "must not have more than {most} characters"),
}
"""Code → (Chinese, English) of everything that is refused or advised."""

_ONE = dt.timedelta(days=1)
_SATURDAY = 5


def refusal(code: str, refused: str = "", /, **values: object) -> RuleError:
    """Make the error of this code; ``values`` fill its texts.

    :param refused: the field that is refused.
    """
    zh, en = TEXTS[code]
    return RuleError(code, zh.format(**values), en.format(**values), refused)


def check_year(year: int, named: str = "year") -> list[RuleError]:
    """Refuse a year that no calendar of ours can mean."""
    if FIRST_YEAR <= year <= LAST_YEAR:
        return []
    return [refusal("DAY_OUT_OF_RANGE", named, first=FIRST_YEAR, last=LAST_YEAR)]


# == working days ==


@dataclass(frozen=True, slots=True)
class NamedDay:
    """What a notice says of a day."""

    is_working: bool
    title: str = ""


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Which days are worked. An empty one knows weekends only."""

    named: Mapping[dt.date, NamedDay] = field(default_factory=dict)
    years: frozenset[int] = frozenset()
    """Years whose holidays are confirmed."""
    since: dt.date = dt.date.min
    """The first day that it can tell of; the days before were not loaded."""

    def is_working(self, day: dt.date) -> bool:
        """Say whether a day is worked.

        :raises ValueError: for a day before ``since``.
        """
        if day < self.since:
            message = f"this calendar begins on {self.since}"
            raise ValueError(message)
        named = self.named.get(day)
        return day.weekday() < _SATURDAY if named is None else named.is_working

    def title(self, day: dt.date) -> str:
        """Return the holiday for which a day is off, or worked in exchange; mostly empty."""
        named = self.named.get(day)
        return named.title if named else ""

    def next_working(self, day: dt.date) -> dt.date:
        """Return this day if it is worked, else the first one after it that is."""
        while not self.is_working(day):
            day += _ONE
        return day

    def advice(self, first: dt.date, last: dt.date) -> tuple[Advice, ...]:
        """Return a warning for each year of this span, both ends included, that is not known."""
        return tuple(
            _unknown(year) for year in range(first.year, last.year + 1) if year not in self.years
        )


def _unknown(year: int) -> Advice:
    zh, en = TEXTS["CALENDAR_YEAR_UNKNOWN"]
    return Advice("CALENDAR_YEAR_UNKNOWN", zh.format(year=year), en.format(year=year))


# == deadlines ==


@dataclass(frozen=True, slots=True)
class Deadline:
    """A period and the day on which it ends."""

    basis: DayBasis
    days: int
    starts_on: dt.date
    """The day of the event; it does not count itself."""
    due_on: dt.date
    """The last day of the period; what is done on it is in time."""
    advice: tuple[Advice, ...] = ()
    """CALENDAR_YEAR_UNKNOWN, once for each year that had to be guessed."""

    def due_at(self, zone: dt.tzinfo = clock.CHINA) -> dt.datetime:
        """Return the instant, in UTC, at which the period has passed: 24:00 of its last day."""
        midnight = dt.datetime.combine(self.due_on + _ONE, dt.time(), zone)
        return midnight.astimezone(dt.UTC)

    def is_overdue(self, done_on: dt.date | None, as_of: dt.date) -> bool:
        """See :func:`is_overdue`."""
        return is_overdue(self.due_on, done_on, as_of)


def due(
    starts_on: dt.date,
    days: int,
    basis: DayBasis,
    calendar: WorkingDays,
    *,
    rest_day_extends: bool = True,
) -> Deadline:
    """Reckon the end of a period.

    The day of the event does not count (民法典 art. 201). A period of calendar days that would
    end on a day of rest ends on the first working day after it (art. 203); one of working days
    cannot. N320: adopted on 2014-05-06, submitted within two days: by 2014-05-08, in either basis.

    :param rest_day_extends: False where a rule means the bare number of calendar days (art. 204).
    :raises RuleError: DAYS_OUT_OF_RANGE, DAY_OUT_OF_RANGE.
    """
    for error in check_year(starts_on.year, "starts_on"):
        raise error
    if not 1 <= days <= MAX_DAYS:
        raise refusal("DAYS_OUT_OF_RANGE", "days", most=MAX_DAYS)
    if basis is DayBasis.WORKING_DAYS:
        looked_at = starts_on + _ONE
        last = starts_on
        for _ in range(days):
            last = calendar.next_working(last + _ONE)
    else:
        looked_at = last = starts_on + days * _ONE
        if not rest_day_extends:
            return Deadline(basis, days, starts_on, last)
        last = calendar.next_working(last)
    return Deadline(basis, days, starts_on, last, calendar.advice(looked_at, last))


def elapsed(
    starts_on: dt.date, on: dt.date, basis: DayBasis, calendar: WorkingDays | None = None
) -> int:
    """Count the days after ``starts_on`` up to and with ``on``; 0 when that is not later.

    From the day of the event it gives the days used, from ``due_on`` the days late, from today
    to ``due_on`` the days left.

    :param calendar: needed for working days; without one weekends are all that rests.
    """
    if basis is DayBasis.CALENDAR_DAYS:
        return max((on - starts_on).days, 0)
    calendar = calendar or WorkingDays()
    return sum(map(calendar.is_working, _days(starts_on + _ONE, on)))


def is_overdue(due_on: dt.date | None, done_on: dt.date | None, as_of: dt.date) -> bool:
    """Say whether something is, or was done, late; that is marked and never refused.

    :param due_on: None where there is no deadline, which is never overdue.
    :param done_on: None while it is not done. What is done after ``as_of`` is not done yet.
    """
    return due_on is not None and min(done_on or as_of, as_of) > due_on


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    return (first + n * _ONE for n in range((last - first).days + 1))
