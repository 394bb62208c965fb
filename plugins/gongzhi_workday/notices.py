"""Use case: the notice of reception 接访公示, and what it says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from gongzhi.refusals import insist
from gongzhi.writing import KEEP, PersonKey, Work
from gongzhi_publication import service as publication
from gongzhi_publication.models import Publication
from gongzhi_publication.rules import LONGEST_PERIOD, PublicationState
from gongzhi_publication.rules import MANAGE as PUBLISH
from gongzhi_publication.service import PostingPlace
from gongzhi_workday import rules
from gongzhi_workday.common import begins, must_have_happened, on_behalf, text
from gongzhi_workday.keys import SessionKey
from gongzhi_workday.models import WorkdaySession, WorkdaySessionTransition
from gongzhi_workday.rules import REFUSALS, SESSION, NoticeFacts
from gongzhi_workday.teams import check_lead, lead_of, team_of


async def publish_notice(
    work: Work,
    session: SessionKey,
    channels: Sequence[PostingPlace],
    *,
    staff: str | None = KEEP,
    place: str | None = KEEP,
    starts_at: str | None = KEEP,
    ends_at: str | None = KEEP,
    contact_number_confirmed: bool = False,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    expected_version: int | None = None,
) -> WorkdaySession:
    """公示接访时间、人员和地点 · publish time, staff and place before the session begins.

    Another notice corrects the first, which is withdrawn.

    :param session: 社区工作日 · the session
    :param channels: 公示渠道和地点 · where it is posted or told
    :param staff: 接访人员，默认已安排的写法 · who receives visitors, as planned where absent
    :param place: 接访地点，默认已安排的地点 · where, as planned where absent
    :param starts_at: 开始时间，默认已安排的时间 · when it begins, as planned where absent
    :param ends_at: 结束时间，默认已安排的时间 · when it ends, as planned where absent
    :param contact_number_confirmed: 其中的电话为对外公布的联系电话 · phone numbers in it are those
        of an office
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, TOO_LONG, TIME_FORMAT, TIME_ORDER,
        OTHER_HALF_DAY, NOTICE_TIME_MISSING, NOTICE_STAFF_MISSING, NOTICE_PLACE_MISSING,
        NOTICE_LATE, LEAD_MISSING, NO_LIAISON, BEFORE_PUBLICATION, all of publication.publish
    """
    row = await work.take(WorkdaySession, session, "session")
    await work.may(SESSION, row, "publish_notice")
    work.expect(row, expected_version)
    columns = wording(row, place, staff, starts_at, ends_at)
    for name, value in columns.items():
        setattr(row, name, value)
    at = must_have_happened(work, occurred_at)
    behalf = await on_behalf(work, on_behalf_of)
    facts = NoticeFacts(row.starts_at, row.staff, row.place, at, begins(work, row))
    insist(rules.check_notice(facts))
    lead = lead_of(await team_of(work, row))
    if lead is None:
        REFUSALS.refuse("LEAD_MISSING", "session")
    insist(await check_lead(work, row.organization_id, row.day, lead))
    await withdraw_notice(work, row, rules.CORRECTED, occurred_at)
    posted_on = at.astimezone(work.deployment.zone).date()
    notice = await publication.publish(
        work,
        row.organization_id,
        category=rules.NOTICE_CATEGORY,
        title=rules.notice_title(row.day),
        body=rules.notice_text(row.day, row.starts_at, row.ends_at, row.staff, row.place),
        channels=channels,
        subject=row,
        period_days=min(max((row.day - posted_on).days, 1), LONGEST_PERIOD),  # until its day
        contact_number_confirmed=contact_number_confirmed,
        occurred_at=occurred_at,
        on_behalf_of=behalf,
        synthetic=row.synthetic,
    )
    await work.transition(
        SESSION,
        row,
        "publish_notice",
        WorkdaySessionTransition,
        occurred_at=occurred_at,
        on_behalf_of=behalf,
        columns={**columns, "notice_id": notice.id},
        data={"publication_id": notice.id},
    )
    return row


def wording(
    row: WorkdaySession,
    place: str | None,
    staff: str | None,
    starts_at: str | None,
    ends_at: str | None,
) -> dict[str, Any]:
    """Return the columns of what a notice says, as far as they are given.

    :raises RuleError: TOO_LONG, TIME_FORMAT, TIME_ORDER, OTHER_HALF_DAY.
    """
    columns: dict[str, Any] = {}
    for name, value in (("place", place), ("staff", staff)):
        if value is not KEEP:
            columns[name] = text(WorkdaySession, name, value or "")
    if starts_at is KEEP and ends_at is KEEP:
        return columns
    first = row.starts_at if starts_at is KEEP else starts_at or ""
    last = row.ends_at if ends_at is KEEP else ends_at or ""
    insist(rules.check_hours(first, last))
    if rules.half_day_of(first, row.half_day) is not row.half_day:
        zh, en = rules.HALF_DAY_LABELS[row.half_day]
        REFUSALS.refuse("OTHER_HALF_DAY", "starts_at", half=zh, half_en=en)
    return {**columns, "starts_at": first, "ends_at": last}


async def withdraw_notice(
    work: Work, row: WorkdaySession, reason: str, occurred_at: dt.datetime | None
) -> None:
    """Withdraw the notice of a session, unless that was done already."""
    if row.notice_id is None:
        return
    notice = await Publication.get(id=row.notice_id, using_db=work.connection)
    if notice.state is PublicationState.PUBLISHED:
        held = await work.take(Publication, notice.id, "session", permission=PUBLISH)
        await publication.withdraw(work, held, reason, occurred_at=occurred_at)
