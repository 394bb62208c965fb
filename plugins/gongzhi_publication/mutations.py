"""What a client can do with publications; the rules are those of :mod:`service`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from gongzhi.refusals import insist
from gongzhi.writing import GlobalId, OrganizationKey, PersonKey, Work
from gongzhi_publication import rules, service
from gongzhi_publication.models import Posting, Publication
from gongzhi_publication.rules import MACHINE
from gongzhi_publication.service import PostingPlace, PublicationKey


async def draft(
    work: Work,
    organization: OrganizationKey,
    category: str,
    title: str,
    *,
    body: str = "",
    channels: Sequence[PostingPlace] = (),
    about: GlobalId | None = None,
    period_days: int | None = None,
    on_behalf_of: PersonKey | None = None,
) -> Publication:
    """起草公示 · draft a publication.

    :param organization: 公示单位 · the organization that publishes
    :param category: 类别代码 · code of the category
    :param title: 标题，不含个人信息 · title, without personal data
    :param body: 正文，不含个人信息，至多 20000 字 · text, without personal data, at most 20000
        characters
    :param channels: 拟公示的渠道和地点 · where it is to be posted
    :param about: 所涉对象的全局编号 · global id of what it is about
    :param period_days: 公示期（自然日），也可于公示时确定 · period in calendar days; may also be
        said when it is published
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, UNKNOWN_CODE, BLANK, TOO_LONG, PERIOD, PERSONAL_DATA
    """
    subject = None if about is None else await work.find_any(about, "about")
    return await service.draft(
        work,
        organization,
        category=category,
        title=title,
        body=body,
        channels=channels,
        subject=subject,
        subject_type=_type(about),
        period_days=period_days,
        on_behalf_of=on_behalf_of,
    )


async def change(
    work: Work,
    publication: PublicationKey,
    *,
    category: str | None = None,
    title: str | None = None,
    body: str | None = None,
    channels: Sequence[PostingPlace] | None = None,
    about: GlobalId | None = None,
    period_days: int | None = None,
    expected_version: int | None = None,
) -> Publication:
    """修改尚未公示的事项，未给出的不变 · change what is not published yet; what is absent stays.

    :param publication: 公示事项 · the publication
    :param category: 类别代码 · code of the category
    :param title: 标题，不含个人信息 · title, without personal data
    :param body: 正文，不含个人信息，至多 20000 字 · text, without personal data, at most 20000
        characters
    :param channels: 拟公示的渠道和地点，取代原有的 · where it is to be posted, in place of all that
        was said before
    :param about: 所涉对象的全局编号 · global id of what it is about
    :param period_days: 公示期（自然日） · period in calendar days
    :raises RuleError: NOT_FOUND, CONFLICT, STATE, UNKNOWN_CODE, BLANK, TOO_LONG, PERIOD,
        PERSONAL_DATA
    """
    row = await work.take(Publication, publication, "publication")
    work.expect(row, expected_version)
    await work.may(MACHINE, row, "change")
    columns = await service.checked(
        work, category=category, title=title, body=body, period_days=period_days
    )
    if about is not None:
        columns |= service.about(await work.find_any(about, "about"), _type(about))
    if channels is not None:
        for posting in await Posting.filter(publication_id=row.id).using_db(work.connection):
            await work.delete(posting)
        for each in channels:
            await service.add_posting(work, row, each, field="channels")
    await work.update(row, **columns)
    changed = sorted([*columns, *(["channels"] if channels is not None else [])])
    work.record("publication.publication.change", row, data={"changed": changed})
    return row


async def plan(
    work: Work,
    publication: PublicationKey,
    *,
    due_on: dt.date | None = None,
    on_behalf_of: PersonKey | None = None,
    expected_version: int | None = None,
) -> Publication:
    """列入待公示，或另定应公示日期 · put a draft on the list of what is due, or change its day.

    :param publication: 公示事项 · the publication
    :param due_on: 应公示日期，缺省为即时 · day on which it is to be published, at once where absent
    :raises RuleError: NOT_FOUND, CONFLICT, STATE
    """
    row = await work.take(Publication, publication, "publication")
    work.expect(row, expected_version)
    await service.schedule(work, row, due_on, on_behalf_of=on_behalf_of)
    return row


async def post(
    work: Work,
    publication: PublicationKey,
    channel: str,
    *,
    place: str = "",
    posted_at: dt.datetime | None = None,
) -> Publication:
    """登记一处拟张贴的地点，公示后为已张贴或告知的 · say where it will be, or was, posted or told.

    :param publication: 公示事项 · the publication
    :param channel: 渠道代码 · code of the channel
    :param place: 地点 · the place
    :param posted_at: 张贴或告知时间，默认为现在，公示前不填 · when it was posted or told, now where
        absent; not to be given before the publication
    :raises RuleError: NOT_FOUND, STATE, UNKNOWN_CODE, TOO_LONG, PERSONAL_DATA, NOT_PUBLISHED,
        BEFORE_PUBLICATION, FUTURE_DATE
    """
    row = await work.take(Publication, publication, "publication")
    await work.may(MACHINE, row, "post")
    insist(rules.posting_time(row.published_at, posted_at, work.now))
    posting = await service.add_posting(
        work,
        row,
        PostingPlace(channel, place),
        field="channel",
        posted_at=None if row.published_at is None else posted_at or work.now,
    )
    work.record(
        "publication.publication.post",
        row,
        occurred_at=posted_at,
        data={"channel": channel, "posting": posting.id},
    )
    return row


async def publish(
    work: Work,
    publication: PublicationKey,
    *,
    channels: Sequence[PostingPlace] = (),
    period_days: int | None = None,
    open_ended: bool = False,
    contact_number_confirmed: bool = False,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    expected_version: int | None = None,
) -> Publication:
    """公示，此后人人可见、不再修改 · publish it: from now on everybody sees it, nobody changes it.

    :param publication: 公示事项 · the publication
    :param channels: 起草时未列的渠道和地点 · where it is posted, besides what the draft says
    :param period_days: 公示期（自然日），缺省按草稿，再缺省按系统设置 · period in calendar days;
        where absent that of the draft, else that of the settings
    :param open_ended: 不设期限，撤下为止 · without end, until it is withdrawn
    :param contact_number_confirmed: 确认文中电话号码是对外公布的联系电话，不是个人号码 · confirms
        that the phone numbers in it are meant for everybody and nobody's own
    :raises RuleError: NOT_FOUND, CONFLICT, STATE, NOT_ACTIVE, UNKNOWN_CODE, TOO_LONG, NO_CHANNEL,
        PERIOD, PERSONAL_DATA, CONTACT_NUMBER, FUTURE_DATE
    """
    row = await work.take(Publication, publication, "publication")
    work.expect(row, expected_version)
    await work.may(MACHINE, row, "publish")
    for each in channels:
        await service.add_posting(work, row, each, field="channels")
    await service.release(
        work,
        row,
        period_days=period_days,
        open_ended=open_ended,
        contact_number_confirmed=contact_number_confirmed,
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
    )
    return row


async def withdraw(
    work: Work,
    publication: PublicationKey,
    reason: str,
    *,
    document: str = "",
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    expected_version: int | None = None,
) -> Publication:
    """撤下已公示的，或取消尚未公示的 · withdraw what is published, or drop what is no more to be.

    :param publication: 公示事项 · the publication
    :raises RuleError: NOT_FOUND, CONFLICT, STATE, BLANK, TOO_LONG, BEFORE_PUBLICATION, FUTURE_DATE
    """
    row = await work.take(Publication, publication, "publication")
    work.expect(row, expected_version)
    await service.withdraw(
        work,
        row,
        reason,
        document=document,
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
    )
    return row


def _type(about: str | None) -> str:
    """Return the GraphQL type in a global id."""
    return (about or "").partition(":")[0]
