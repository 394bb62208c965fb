"""The rules of publication, as tables."""

from __future__ import annotations

import datetime as dt

import pytest

from gongzhi_publication import CATEGORIES, CHANNELS, PublicationSettings, rules
from gongzhi_publication.rules import PublicationState as S

DAY = dt.date(2026, 11, 22)
BEFORE, AFTER = DAY - dt.timedelta(days=1), DAY + dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("published_on", "days", "last"),
    [
        (dt.date(2026, 11, 1), 7, dt.date(2026, 11, 8)),  # the first day does not count
        (dt.date(2026, 11, 1), 1, dt.date(2026, 11, 2)),
        (dt.date(2024, 2, 28), 2, dt.date(2024, 3, 1)),  # leap year
        (dt.date(2026, 12, 30), 7, dt.date(2027, 1, 6)),
        (dt.date(2026, 11, 1), None, None),
    ],
)
def test_the_period_begins_on_the_day_after_publication(
    published_on: dt.date, days: int | None, last: dt.date | None
) -> None:
    assert rules.end_of_period(published_on, days) == last


@pytest.mark.parametrize(
    ("published_on", "due_on", "expected"),
    [
        (BEFORE, AFTER, BEFORE),
        (None, AFTER, AFTER),
        (None, None, DAY),
    ],
)
def test_lists_show_it_under_the_day_that_is_known(
    published_on: dt.date | None, due_on: dt.date | None, expected: dt.date
) -> None:
    assert rules.listed_on(published_on, due_on, drafted_on=DAY) == expected


@pytest.mark.parametrize(
    ("state", "due_on", "due", "overdue"),
    [
        (S.DUE, BEFORE, True, True),
        (S.DUE, DAY, True, False),
        (S.DUE, AFTER, False, False),
        (S.DUE, None, True, False),
        (S.DRAFT, BEFORE, False, False),
        (S.PUBLISHED, BEFORE, False, False),
        (S.WITHDRAWN, BEFORE, False, False),
    ],
)
def test_due_and_overdue(state: S, due_on: dt.date | None, due: bool, overdue: bool) -> None:
    assert rules.is_due(state, due_on, DAY) is due
    assert rules.is_overdue(state, due_on, DAY) is overdue


@pytest.mark.parametrize(
    ("state", "published_on", "ends_on", "current"),
    [
        (S.PUBLISHED, DAY, DAY, True),  # first and last day count
        (S.PUBLISHED, BEFORE, BEFORE, False),
        (S.PUBLISHED, BEFORE, None, True),
        (S.PUBLISHED, AFTER, None, False),
        (S.PUBLISHED, None, None, False),
        (S.WITHDRAWN, BEFORE, AFTER, False),
        (S.DUE, BEFORE, AFTER, False),
        (S.DRAFT, None, None, False),
    ],
)
def test_current(
    state: S, published_on: dt.date | None, ends_on: dt.date | None, current: bool
) -> None:
    assert rules.is_current(state, published_on, ends_on, DAY) is current


def test_every_state_has_a_label_in_two_languages() -> None:
    assert set(rules.STATE_LABELS) == set(S)


def test_the_code_lists_are_those_of_the_source_documents() -> None:
    assert [e.label_zh for e in CATEGORIES.entries] == [
        "党务", "居务", "财务", "决议", "结果", "接访公示", "名单",
    ]  # fmt: skip
    assert [e.label_zh for e in CHANNELS.entries] == [
        "社区公开栏", "楼宇宣传栏", "居务公开栏", "楼组长会议", "意见箱", "调查走访",
    ]  # fmt: skip


def test_the_default_period_holds_five_working_days() -> None:
    days = PublicationSettings().default_period_days
    for start in (DAY + dt.timedelta(days=n) for n in range(7)):
        last = rules.end_of_period(start, days)
        assert last is not None
        period = [start + dt.timedelta(days=n) for n in range(1, (last - start).days + 1)]
        assert sum(day.weekday() < 5 for day in period) >= 5
