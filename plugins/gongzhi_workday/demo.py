"""The community work day of the demo: 新海镇, from 2014 to the weeks to come, played by services.

What the article on 新海镇 (2015) says is kept: Monday mornings, five residents' committees, each
with its officials, and the four cases (:mod:`gongzhi_workday.demo_cases`). Its days, people and
places are invented and marked so; officials are named by their posts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gongzhi import DemoData
from gongzhi.calendar.service import working_days
from gongzhi_ledger.demo import BOARD, at
from gongzhi_workday import demo_cases, service
from gongzhi_workday.demo_officials import BEGAN_ON, HOURS, PLACE, Host, officials
from gongzhi_workday.models import (
    Visit,
    WorkdaySession,
)
from gongzhi_workday.rules import VisitKind, is_holiday

if TYPE_CHECKING:
    from gongzhi.demo import DemoContext

_DAY = dt.timedelta(days=1)
_WEEK = 7 * _DAY

_MONDAYS = (dt.date(2015, 6, 1), dt.date(2015, 6, 8), dt.date(2015, 6, 15))
"""When every committee has a session, so that N309 has its answer; 06-22 is a public holiday."""

_CAMPAIGN = (dt.date(2014, 7, 1), dt.date(2014, 12, 31))
_WEEKS_AHEAD = 4


async def load(context: DemoContext) -> Mapping[str, int]:
    """Play it all; the demo of registry, publication and ledger is in the database."""
    town = await context.organization("XINHAI")
    await context.play(
        at(BEGAN_ON - _WEEK),
        service.set_programme,
        town.id,
        starts_at=HOURS[0],
        ends_at=HOURS[1],
        starts_on=BEGAN_ON,
    )
    hosts = await officials(context)
    await demo_cases.load(context, {host.code: host for host in hosts})
    await _campaign(context, town.id, hosts)
    for day in _MONDAYS:
        for host in hosts:
            session = await host.hold(context, day)
            await host.finish(context, session, day, ("INVESTIGATION",))
    await _last_week(context, hosts)
    await _weeks_ahead(context, town.id, hosts)
    return {
        "officials": 2 * len(hosts),
        "sessions": await WorkdaySession.all().count(),
        "visits": await Visit.all().count(),
        "cases of the seed": demo_cases.COUNT,
    }


DEMO: tuple[DemoData, ...] = (DemoData("work day", load, after=("issues",)),)


async def _campaign(context: DemoContext, town: int, hosts: Sequence[Host]) -> None:
    """“三百三问”: 进百家门、知百家情、解百家忧，问政于民、问需于民、问计于民."""
    first, last = _CAMPAIGN
    campaign = await context.play(
        at(first),
        service.start_campaign,
        town,
        "“三百三问”大走访",
        ends_on=last,
        target_households=500,
    )
    for n, host in enumerate(hosts):
        await context.play(
            at(first + (14 + n) * _DAY, 16),
            service.record_visit,
            VisitKind.ROUND,
            organization=host.committee,
            campaign=campaign.id,
            visitor=host.member,
            households=60 + 10 * n,
            needs=5 + n,
            findings="入户听取意见建议，汇总梳理后形成议题。",
        )
    await context.play(at(last, 17), service.end_campaign, campaign.id)


async def _last_week(context: DemoContext, hosts: Sequence[Host]) -> None:
    """Hold the latest work day before today; one committee has still to decide on a matter."""
    day = await _latest_day(context.today)
    for host in hosts:
        session = await host.hold(context, day)
        if host is hosts[0]:
            await context.play(
                at(day, 11, 20),
                service.take_matter,
                session,
                "夜间广场舞音响扰民（示例）",
                "NEIGHBOUR_DISPUTE",
            )
            continue
        await host.finish(context, session, day, ("LIVELIHOOD",))


async def _weeks_ahead(context: DemoContext, town: int, hosts: Sequence[Host]) -> None:
    """Plan the weeks to come; all committees but the last have announced the next day."""
    await context.play(
        None,
        service.plan_sessions,
        town,
        context.today + _DAY,
        context.today + _WEEKS_AHEAD * _WEEK,
        place=PLACE,
    )
    for host in hosts[:-1]:
        coming = WorkdaySession.filter(organization_id=host.committee, day__gt=context.today)
        following = await coming.order_by("day").first()
        if following is not None:
            await context.play(None, service.publish_notice, following.id, BOARD, staff=host.staff)


async def _latest_day(today: dt.date) -> dt.date:
    """Return the latest Monday before a day that is no public holiday."""
    day = today - (today.weekday() or 7) * _DAY
    calendar = await working_days(day - 8 * _WEEK)
    while is_holiday(calendar, day):
        day -= _WEEK
    return day
