"""Publications of the demo: invented and marked so, on organizations of the registry's demo."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gongzhi import DemoData
from gongzhi.clock import CHINA
from gongzhi.registry.models import Organization
from gongzhi_publication.models import Posting, Publication
from gongzhi_publication.rules import PublicationState, end_of_period, listed_on

if TYPE_CHECKING:
    from gongzhi.demo import DemoContext

_OFFICE_HOUR = dt.time(9, 30)
_WEEK = 7

BOARDS = ("COMMUNITY_BOARD", "BUILDING_BOARD")
"""S2: 通过社区公开栏、楼宇宣传栏等媒体公开."""
REPORTS = ("RESIDENT_AFFAIRS_BOARD", "BUILDING_LEADERS_MEETING", "OPINION_BOX", "HOME_VISIT")
"""S3: 通过居务公开栏、楼组长会议、设立意见箱、调查走访等形式向居民通报."""

_PLACES = {
    "COMMUNITY_BOARD": "社区公开栏",
    "BUILDING_BOARD": "各楼宣传栏",
    "RESIDENT_AFFAIRS_BOARD": "居委会居务公开栏",
    "BUILDING_LEADERS_MEETING": "楼组长会议",
    "OPINION_BOX": "小区门口意见箱",
    "HOME_VISIT": "入户走访",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A publication to insert; ``day`` is that of publication, or the one on which it is due."""

    organization: str
    category: str
    title: str
    body: str
    day: dt.date
    channels: Sequence[str]
    state: PublicationState = PublicationState.PUBLISHED
    period_days: int | None = None
    about: str = ""
    """Code of the organization that it is about."""
    withdrawn_after: int = 0
    """Days; the reason is that a figure had to be corrected."""


def plans(today: dt.date, reception: Sequence[str]) -> list[Plan]:
    """Return what the demo publishes.

    :param reception: codes of the residents' committees that announce when they receive visitors.
    """
    monday = today - dt.timedelta(days=today.weekday())
    return [
        *_reception(monday, reception),
        *_xinhai(today, monday),
        Plan(
            organization="JINGYUAN-007",
            category="FINANCE",
            title="上季度党建经费使用情况（示例）",
            body="公开上季度党建经费的来源、用途和结余。",
            day=today - dt.timedelta(days=20),
            channels=BOARDS,
            period_days=_WEEK,
        ),
        Plan(
            organization="JINGYUAN-007",
            category="RESOLUTION",
            title="楼道照明改造方案（示例）",
            body="经党支部会提议、“两委”会商议、党员大会审议、居民代表会议决议，现予公开。",
            day=today + dt.timedelta(days=2),
            channels=BOARDS,
            state=PublicationState.DUE,
            period_days=_WEEK,
        ),
    ]


def _reception(monday: dt.date, committees: Sequence[str]) -> Iterator[Plan]:
    """W01, W02: on Monday mornings, announced in every residents' committee with time and place."""
    for code in committees:
        yield Plan(
            organization=code,
            category="SCHEDULE",
            title="社区工作日接访公示（示例）",
            body="接访时间：每周一上午 9:00—11:00；接访人员：联系本居民区的领导干部（示例）；"
            "接访地点：居委会会议室。",
            day=monday - dt.timedelta(days=3),
            channels=("RESIDENT_AFFAIRS_BOARD",),
            about=code,
        )


def _xinhai(today: dt.date, monday: dt.date) -> Iterator[Plan]:
    yield Plan(
        organization="XINHAI",
        category="ROSTER",
        title="功能型党小组成员名单公示（示例）",
        body="经党员大会通过，现将各功能型党小组名单予以公示。名单见公开栏，系统内不列个人信息。",
        day=today - dt.timedelta(days=3),
        channels=("COMMUNITY_BOARD",),
        period_days=_WEEK,
    )
    yield Plan(
        organization="XINHAI-YUEJIN",
        category="RESOLUTION",
        title="跃进居民区楼道堆物整治决议（示例）",
        body="居民自治形成的决议已经居民区党支部审核，现向居民通报。",
        day=today - dt.timedelta(days=10),
        channels=REPORTS,
        about="XINHAI-YUEJIN-RC",
    )
    yield Plan(
        organization="XINHAI-YUEJIN-RC",
        category="RESULT",
        title="生源物业服务满意度测评结果（示例）",
        body="本次测评由居民代表评分，结果予以公开，接受全体居民监督。",
        day=monday - dt.timedelta(days=_WEEK),
        channels=BOARDS,
        period_days=_WEEK,
        about="XINHAI-SHENGYUAN",
    )
    yield Plan(
        organization="XINHAI-HONGXING-RC",
        category="FINANCE",
        title="红星居委会上季度财务公开（示例）",
        body="首次公开的数字有误，已撤下更正。",
        day=today - dt.timedelta(days=15),
        channels=("RESIDENT_AFFAIRS_BOARD",),
        state=PublicationState.WITHDRAWN,
        period_days=_WEEK,
        withdrawn_after=1,
    )
    yield Plan(
        organization="XINHAI-HONGXING-RC",
        category="FINANCE",
        title="红星居委会上季度财务公开（更正，示例）",
        body="按季度公开居务财务收支。",
        day=today - dt.timedelta(days=2),
        channels=("RESIDENT_AFFAIRS_BOARD",),
        state=PublicationState.DUE,
        period_days=_WEEK,
    )
    yield Plan(
        organization="XINHAI-YUEJIN",
        category="PARTY_AFFAIRS",
        title="跃进党支部半年党费收缴情况（示例）",
        body="公开半年党费收缴和使用的总数。",
        day=today,
        channels=BOARDS,
        state=PublicationState.DUE,
    )
    yield Plan(
        organization="XINHAI",
        category="RESIDENT_AFFAIRS",
        title="明年实事项目征集（起草中，示例）",
        body="拟向各居民区征集明年的实事项目。",
        day=today + dt.timedelta(days=30),
        channels=(),
        state=PublicationState.DRAFT,
    )


async def load(context: DemoContext) -> Mapping[str, int]:
    """Insert the plans; the registry's demo is in the database."""
    reception = await Organization.filter(
        kind="RESIDENTS_COMMITTEE", superior__code__in=("XINHAI", "OUYANG")
    ).order_by("code")
    chosen = plans(context.today, [each.code for each in reception])
    postings = 0
    for plan in chosen:
        row = await _insert(context, plan)
        postings += await _post(row, plan)
    return {"publications": len(chosen), "postings": postings}


DEMO: tuple[DemoData, ...] = (DemoData("publications", load, after=("registry",)),)


async def _insert(context: DemoContext, plan: Plan) -> Publication:
    organization = await context.organization(plan.organization)
    about = await context.organization(plan.about) if plan.about else None
    was_published = plan.state in {PublicationState.PUBLISHED, PublicationState.WITHDRAWN}
    published_on = plan.day if was_published else None
    due_on = plan.day if plan.state is PublicationState.DUE else None
    withdrawn = plan.day + dt.timedelta(days=plan.withdrawn_after)
    return await Publication.create(
        organization_id=organization.id,
        org_path=organization.path,
        category=plan.category,
        title=plan.title,
        body=plan.body,
        subject_type="Organization" if about else "",
        subject_id=about.id if about else None,
        state=plan.state,
        due_on=due_on,
        listed_on=listed_on(published_on, due_on, context.today),
        published_at=_at(plan.day) if was_published else None,
        period_days=plan.period_days,
        ends_on=end_of_period(published_on, plan.period_days) if published_on else None,
        withdrawn_at=_at(withdrawn) if plan.withdrawn_after else None,
        withdrawn_reason="数字有误，更正后重新公开" if plan.withdrawn_after else "",
        synthetic=True,
    )


async def _post(row: Publication, plan: Plan) -> int:
    for channel in plan.channels:
        await Posting.create(
            publication_id=row.id,
            org_path=row.org_path,
            channel=channel,
            place=_PLACES[channel],
            posted_at=row.published_at,
        )
    return len(plan.channels)


def _at(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, _OFFICE_HOUR, CHINA)
