"""Rules of publication: pure functions, nothing is read or written. Days are calendar days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

from gongzhi.errors import RuleError
from gongzhi.refusals import COMMON, Refusals
from gongzhi.scan import CONTACTS, LABELS, scan
from gongzhi.writing import StateMachine, Step


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


MANAGE = "publication.publication.manage"

_OPEN = (PublicationState.DRAFT, PublicationState.DUE)
_LIVE = (*_OPEN, PublicationState.PUBLISHED)

MACHINE = StateMachine(
    "publication.publication",
    PublicationState,
    STATE_LABELS,
    initial=PublicationState.DRAFT,
    steps=(
        Step("change", _OPEN, None, "修改", "change it", MANAGE),
        Step("plan", _OPEN, PublicationState.DUE, "列入待公示", "plan it", MANAGE),
        Step("post", _LIVE, None, "登记公示渠道和地点", "name a place for it", MANAGE),
        Step("publish", _OPEN, PublicationState.PUBLISHED, "公示", "publish it", MANAGE),
        Step("withdraw", _LIVE, PublicationState.WITHDRAWN, "撤下", "withdraw it", MANAGE),
    ),
)
"""起草 → 待公示 → 已公示 → 撤下. What is published is never changed: it is withdrawn, and the
corrected text is a publication of its own."""

REFUSALS = Refusals(
    {
        "NO_CHANNEL": (
            "须至少有一个公示渠道",
            "it needs at least one channel of publication",
        ),
        "PERIOD": (
            "公示期须为 1 至 {most} 日；长期公示请选择不设期限",
            "a period has 1 to {most} days; what stays longer is open-ended",
        ),
        "NOT_PUBLISHED": (
            "尚未公示，只能登记拟张贴的地点",
            "it is not published yet, so nothing can have been posted",
        ),
        "BEFORE_PUBLICATION": (
            "不能早于公示时间",
            "it cannot have been before the publication",
        ),
        "PERSONAL_DATA": (
            "第 {first} 至 {last} 个字符疑似{kind}，公示内容不得含个人信息",
            "characters {first} to {last} look like a {kind_en}; what is made public must not have "
            "personal data",
        ),
        "CONTACT_NUMBER": (
            "第 {first} 至 {last} 个字符疑似{kind}；如为对外公布的联系电话，请确认后再公示",
            "characters {first} to {last} look like a {kind_en}; confirm that it is a contact "
            "number meant for everybody",
        ),
    },
    base=COMMON,
)

LONGEST_PERIOD = 3650
"""Days. Longer is a slip of the keyboard: what stays is open-ended."""

LONGEST_BODY = 20_000
"""Characters."""


def personal_data(
    text: str, field: str, *, contacts: bool = False, confirmable: bool = True
) -> list[RuleError]:
    """Refuse a text with personal numbers; the message says which kind where, and never the number.

    :param contacts: phone numbers are allowed: nobody reads it yet, or someone confirmed that they
        are those of an office. Identification numbers and cards never are.
    :param confirmable: someone may still confirm it; not of a place, which needs no number.
    :return: PERSONAL_DATA, CONTACT_NUMBER
    """
    return [
        REFUSALS.refusal(
            "CONTACT_NUMBER" if confirmable and hit.kind in CONTACTS else "PERSONAL_DATA",
            field,
            first=hit.start + 1,
            last=hit.end,
            kind=LABELS[hit.kind][0],
            kind_en=LABELS[hit.kind][1],
        )
        for hit in scan(text)
        if not (contacts and hit.kind in CONTACTS)
    ]


def period(days: int | None) -> list[RuleError]:
    """Refuse a period that is none: PERIOD."""
    if days is None or 1 <= days <= LONGEST_PERIOD:
        return []
    return [REFUSALS.refusal("PERIOD", "period_days", most=LONGEST_PERIOD)]


def body_length(body: str) -> list[RuleError]:
    """Refuse a text longer than a notice is: TOO_LONG."""
    return [REFUSALS.refusal("TOO_LONG", "body", most=LONGEST_BODY)] * (len(body) > LONGEST_BODY)


def posting_time(
    published_at: dt.datetime | None, posted_at: dt.datetime | None, now: dt.datetime
) -> list[RuleError]:
    """Refuse a time of posting before the publication or after now.

    :return: NOT_PUBLISHED, FUTURE_DATE, BEFORE_PUBLICATION
    """
    if posted_at is None:
        return []
    if published_at is None:
        return [REFUSALS.refusal("NOT_PUBLISHED", "posted_at")]
    if posted_at > now:
        return [REFUSALS.refusal("FUTURE_DATE", "posted_at")]
    return after_publication(published_at, posted_at, "posted_at")


def after_publication(
    published_at: dt.datetime | None, instant: dt.datetime | None, field: str
) -> list[RuleError]:
    """Refuse what is said to have happened before the publication: BEFORE_PUBLICATION."""
    if published_at is None or instant is None or instant >= published_at:
        return []
    return [REFUSALS.refusal("BEFORE_PUBLICATION", field)]


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


def period_of(
    given: int | None, drafted: int | None, default: int, *, open_ended: bool
) -> int | None:
    """Return the days of a period: as given, else as drafted, else the default; None has no end."""
    if open_ended:
        return None
    return given or drafted or default


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
