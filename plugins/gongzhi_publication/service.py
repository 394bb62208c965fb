"""Make something public, in the caller's unit of work; the functions that other plugins call.

Every function asks for ``publication.publication.manage`` on the organization that publishes,
whatever else the caller asks for: who handles a matter may not for that make it public. A refusal
carries the codes named here, which the docstring of the caller's service has to name too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from gongzhi.refusals import insist
from gongzhi.registry.common import active_code, must_be_active, text
from gongzhi.registry.models import Organization
from gongzhi.writing import Key, Work
from gongzhi_publication import rules
from gongzhi_publication.models import Posting, Publication, PublicationTransition
from gongzhi_publication.rules import MACHINE, MANAGE, REFUSALS, PublicationState
from gongzhi_publication.settings import CATEGORIES, CHANNELS, PublicationSettings

if TYPE_CHECKING:
    from tortoise.models import Model

PublicationKey: TypeAlias = Annotated[int, Key(Publication)]


@dataclass(frozen=True, slots=True)
class PostingPlace:
    """公示渠道和地点 · where something is made public.

    channel: 渠道代码 · code of the channel
    place: 地点，如“跃进居委会居务公开栏” · the place, where the channel alone does not say it
    """

    channel: str
    place: str = ""


async def draft(
    work: Work,
    organization_id: int,
    *,
    category: str,
    title: str,
    body: str = "",
    channels: Sequence[PostingPlace] = (),
    subject: Model | None = None,
    subject_type: str = "",
    period_days: int | None = None,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: int | None = None,
    synthetic: bool = False,
) -> Publication:
    """Write a draft.

    :param subject: the row that it is about; the caller has found it under the viewer's scope.
    :param subject_type: GraphQL type of the subject, where that is not the name of its model.
    :param period_days: calendar days; None: what is said when it is published, or the default.
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, UNKNOWN_CODE, BLANK, TOO_LONG, PERIOD, PERSONAL_DATA,
        FUTURE_DATE
    """
    organization = await work.find(Organization, organization_id, "organization")
    await work.require(organization, MANAGE)
    must_be_active(organization, "organization")
    row = Publication(
        organization_id=organization.id,
        org_path=organization.path,
        listed_on=rules.listed_on(None, None, work.today),
        synthetic=synthetic,
        **await checked(work, category=category, title=title, body=body, period_days=period_days),
        **about(subject, subject_type),
    )
    await work.begin(
        MACHINE,
        row,
        "draft",
        PublicationTransition,
        permission=MANAGE,
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
        data={"category": category, **about(subject, subject_type)},
    )
    for each in channels:
        await add_posting(work, row, each, field="channels")
    return row


async def publish(
    work: Work,
    organization_id: int,
    *,
    category: str,
    title: str,
    body: str = "",
    channels: Sequence[PostingPlace],
    subject: Model | None = None,
    subject_type: str = "",
    period_days: int | None = None,
    open_ended: bool = False,
    contact_number_confirmed: bool = False,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: int | None = None,
    synthetic: bool = False,
) -> Publication:
    """Write something and publish it in one go.

    :param period_days: calendar days, the setting ``default_period_days`` where None.
    :param open_ended: it stays until it is withdrawn.
    :param contact_number_confirmed: someone vouches that phone numbers in it are those of an
        office.
    :param occurred_at: when it was published, now where None.
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, UNKNOWN_CODE, BLANK, TOO_LONG, PERIOD, PERSONAL_DATA,
        CONTACT_NUMBER, NO_CHANNEL, FUTURE_DATE
    """
    row = await draft(
        work,
        organization_id,
        category=category,
        title=title,
        body=body,
        channels=channels,
        subject=subject,
        subject_type=subject_type,
        period_days=period_days,
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
        synthetic=synthetic,
    )
    await release(
        work,
        row,
        open_ended=open_ended,
        contact_number_confirmed=contact_number_confirmed,
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
    )
    return row


async def plan(
    work: Work,
    organization_id: int,
    *,
    category: str,
    title: str,
    body: str = "",
    due_on: dt.date | None = None,
    channels: Sequence[PostingPlace] = (),
    subject: Model | None = None,
    subject_type: str = "",
    period_days: int | None = None,
    on_behalf_of: int | None = None,
    synthetic: bool = False,
) -> Publication:
    """Write something that is to be published, for the list of what is due.

    :param due_on: the day on which it is to be published; None: at once.
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, UNKNOWN_CODE, BLANK, TOO_LONG, PERIOD, PERSONAL_DATA
    """
    row = await draft(
        work,
        organization_id,
        category=category,
        title=title,
        body=body,
        channels=channels,
        subject=subject,
        subject_type=subject_type,
        period_days=period_days,
        on_behalf_of=on_behalf_of,
        synthetic=synthetic,
    )
    await schedule(work, row, due_on, on_behalf_of=on_behalf_of)
    return row


async def schedule(
    work: Work, row: Publication, due_on: dt.date | None, *, on_behalf_of: int | None = None
) -> None:
    """Say by when a draft is to be published, or another day for what is due already.

    :raises RuleError: STATE
    """
    await work.transition(
        MACHINE,
        row,
        "plan",
        PublicationTransition,
        on_behalf_of=on_behalf_of,
        columns={"due_on": due_on, "listed_on": rules.listed_on(None, due_on, work.today)},
        data={"due_on": due_on},
    )


async def release(
    work: Work,
    row: Publication,
    *,
    period_days: int | None = None,
    open_ended: bool = False,
    contact_number_confirmed: bool = False,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: int | None = None,
) -> None:
    """Publish a row that was taken. Where it was to be posted it counts as posted from now on.

    :raises RuleError: STATE, NOT_ACTIVE, NO_CHANNEL, PERIOD, PERSONAL_DATA, CONTACT_NUMBER,
        FUTURE_DATE
    """
    await work.may(MACHINE, row, "publish")
    organization = await Organization.get(id=row.organization_id, using_db=work.connection)
    must_be_active(organization, "publication")
    postings = await Posting.filter(publication_id=row.id).using_db(work.connection).order_by("id")
    if not postings:
        REFUSALS.refuse("NO_CHANNEL", "channels")
    insist(rules.period(period_days))
    insist(rules.personal_data(row.title, "title", contacts=contact_number_confirmed))
    insist(rules.personal_data(row.body, "body", contacts=contact_number_confirmed))
    default = work.settings(PublicationSettings).default_period_days
    days = rules.period_of(period_days, row.period_days, default, open_ended=open_ended)
    at = occurred_at or work.now
    on = at.astimezone(work.deployment.zone).date()
    ends_on = rules.end_of_period(on, days)
    await work.transition(
        MACHINE,
        row,
        "publish",
        PublicationTransition,
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
        columns={"published_at": at, "listed_on": on, "period_days": days, "ends_on": ends_on},
        data={
            "postings": len(postings),
            "ends_on": ends_on,
            "contact_number_confirmed": contact_number_confirmed,
        },
    )
    for posting in postings:
        await work.update(posting, posted_at=at)


async def withdraw(
    work: Work,
    row: Publication,
    reason: str,
    *,
    document: str = "",
    occurred_at: dt.datetime | None = None,
    on_behalf_of: int | None = None,
) -> None:
    """Withdraw what is published, or drop what is not any more to be.

    :param row: taken, such as by ``work.take(Publication, key, "notice", permission=MANAGE)``.
    :raises RuleError: STATE, BLANK, TOO_LONG, BEFORE_PUBLICATION, FUTURE_DATE
    """
    await work.may(MACHINE, row, "withdraw")
    reason = text(Publication, "withdrawn_reason", reason, needed=True, field="reason")
    at = occurred_at or work.now
    insist(rules.after_publication(row.published_at, at, "occurred_at"))
    await work.transition(
        MACHINE,
        row,
        "withdraw",
        PublicationTransition,
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
        reason=reason,
        document=text(PublicationTransition, "document", document),
        columns={"withdrawn_at": at, "withdrawn_reason": reason},
    )


async def published_about(work: Work, subject: Model, subject_type: str = "") -> Publication | None:
    """Return what was last published about a row and is not withdrawn, None without any.

    For guards such as that of 晒账. Whoever sees the row may know it: it is public.
    """
    return (
        await Publication.filter(state=PublicationState.PUBLISHED, **about(subject, subject_type))
        .using_db(work.connection)
        .order_by("-published_at", "-id")
        .first()
    )


async def add_posting(
    work: Work,
    row: Publication,
    where: PostingPlace,
    *,
    field: str,
    posted_at: dt.datetime | None = None,
) -> Posting:
    """Write where it was or will be posted; the caller records the event.

    :param field: the parameter that named it.
    :raises RuleError: UNKNOWN_CODE, TOO_LONG, PERSONAL_DATA
    """
    await active_code(work.connection, CHANNELS.name, where.channel, field)
    place = text(Posting, "place", where.place, field=field)
    insist(rules.personal_data(place, field, confirmable=False))
    return await work.insert(
        Posting(
            publication_id=row.id,
            org_path=row.org_path,
            channel=where.channel,
            place=place,
            posted_at=posted_at,
        )
    )


async def checked(
    work: Work,
    *,
    category: str | None = None,
    title: str | None = None,
    body: str | None = None,
    period_days: int | None = None,
) -> dict[str, Any]:
    """Return the columns of what is given, each checked as a draft's.

    :raises RuleError: UNKNOWN_CODE, BLANK, TOO_LONG, PERIOD, PERSONAL_DATA
    """
    found: dict[str, Any] = {}
    if category is not None:
        await active_code(work.connection, CATEGORIES.name, category, "category")
        found["category"] = category
    if title is not None:
        found["title"] = text(Publication, "title", title, needed=True)
        insist(rules.personal_data(found["title"], "title", contacts=True))
    if body is not None:
        found["body"] = body.strip()
        insist(rules.body_length(found["body"]))
        insist(rules.personal_data(found["body"], "body", contacts=True))
    if period_days is not None:
        insist(rules.period(period_days))
        found["period_days"] = period_days
    return found


def about(subject: Model | None, subject_type: str = "") -> dict[str, Any]:
    """Return the two columns that refer to a subject."""
    if subject is None:
        return {"subject_type": "", "subject_id": None}
    return {"subject_type": subject_type or type(subject).__name__, "subject_id": subject.pk}
