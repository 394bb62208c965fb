"""The rules of publication, as tables."""

from __future__ import annotations

import datetime as dt

import pytest

from gongzhi.errors import RuleError
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


def test_v30_the_machine() -> None:
    """C16: drafted, due, published, withdrawn; what is published is not changed any more."""
    ways = {
        (source, step.action): step.target
        for step in rules.MACHINE.steps
        for source in step.sources
    }
    assert ways == {
        (S.DRAFT, "change"): None,
        (S.DUE, "change"): None,
        (S.DRAFT, "plan"): S.DUE,
        (S.DUE, "plan"): S.DUE,
        (S.DRAFT, "post"): None,
        (S.DUE, "post"): None,
        (S.PUBLISHED, "post"): None,
        (S.DRAFT, "publish"): S.PUBLISHED,
        (S.DUE, "publish"): S.PUBLISHED,
        (S.DRAFT, "withdraw"): S.WITHDRAWN,
        (S.DUE, "withdraw"): S.WITHDRAWN,
        (S.PUBLISHED, "withdraw"): S.WITHDRAWN,
    }
    assert {step.permission for step in rules.MACHINE.steps} == {rules.MANAGE}


def found(refused: list[RuleError]) -> list[tuple[str, str]]:
    return [(error.code, error.field) for error in refused]


@pytest.mark.parametrize(
    ("text", "contacts", "confirmable", "codes"),
    [
        ("接访时间", False, True, []),
        ("13812345678", False, True, ["CONTACT_NUMBER"]),
        ("021-59123456", False, True, ["CONTACT_NUMBER"]),
        ("13812345678", False, False, ["PERSONAL_DATA"]),
        ("13812345678", True, True, []),
        ("310151800229012", False, True, ["PERSONAL_DATA"]),
        ("310151800229012", True, True, ["PERSONAL_DATA"]),
        ("6222021234567894", True, True, ["PERSONAL_DATA"]),
        ("13812345678、310151800229012", False, True, ["CONTACT_NUMBER", "PERSONAL_DATA"]),
    ],
)
def test_personal_numbers(text: str, contacts: bool, confirmable: bool, codes: list[str]) -> None:
    refused = rules.personal_data(text, "body", contacts=contacts, confirmable=confirmable)
    assert found(refused) == [(code, "body") for code in codes]
    for error in refused:
        assert not any(part in f"{error}{error.message_zh}" for part in text.split("、"))


def test_a_message_says_what_and_where() -> None:
    (error,) = rules.personal_data("电话 13812345678", "body")
    assert error.message_zh == (
        "第 4 至 14 个字符疑似手机号；如为对外公布的联系电话，请确认后再公示"
    )
    assert error.message_en == (
        "characters 4 to 14 look like a mobile number; confirm that it is a contact number meant "
        "for everybody"
    )


@pytest.mark.parametrize(
    ("days", "refused"),
    [(None, 0), (1, 0), (rules.LONGEST_PERIOD, 0), (0, 1), (-1, 1), (rules.LONGEST_PERIOD + 1, 1)],
)
def test_what_a_period_is(days: int | None, refused: int) -> None:
    assert found(rules.period(days)) == [("PERIOD", "period_days")] * refused


@pytest.mark.parametrize(
    ("given", "drafted", "open_ended", "days"),
    [
        (None, None, False, 7),
        (None, 3, False, 3),
        (5, 3, False, 5),
        (5, None, False, 5),
        (5, 3, True, None),
        (None, None, True, None),
    ],
)
def test_which_period_counts(
    given: int | None, drafted: int | None, open_ended: bool, days: int | None
) -> None:
    assert rules.period_of(given, drafted, 7, open_ended=open_ended) == days


HOUR = dt.timedelta(hours=1)
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("published", "posted", "code"),
    [
        (None, None, None),
        (NOON, None, None),
        (None, NOON, "NOT_PUBLISHED"),
        (NOON, NOON, None),
        (NOON, NOON + HOUR, None),
        (NOON, NOON + 2 * HOUR, "FUTURE_DATE"),
        (NOON, NOON - HOUR, "BEFORE_PUBLICATION"),
    ],
)
def test_when_something_can_have_been_posted(
    published: dt.datetime | None, posted: dt.datetime | None, code: str | None
) -> None:
    refused = rules.posting_time(published, posted, NOON + HOUR)
    assert found(refused) == ([(code, "posted_at")] if code else [])


def test_a_text_is_no_longer_than_a_notice() -> None:
    assert rules.body_length("文" * rules.LONGEST_BODY) == []
    assert found(rules.body_length("文" * (rules.LONGEST_BODY + 1))) == [("TOO_LONG", "body")]
