"""Who goes to which committee in the demo; nobody here exists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gongzhi.registry import service as registry
from gongzhi.registry.demo_people import Inventor
from gongzhi_ledger.demo import BOARD, at
from gongzhi_workday import service

if TYPE_CHECKING:
    from gongzhi.demo import DemoContext
    from gongzhi.privacy import Privacy
    from gongzhi.writing import Work

BEGAN_ON = dt.date(2014, 3, 3)
"""First day of programme and liaisons. The article names no day."""
HOURS = ("09:00", "11:00")
PLACE = "居委会会议室"

_DAY = dt.timedelta(days=1)
_AGES = (38, 57)
_SEED = "gongzhi demo: officials of the work day"


@dataclass(frozen=True, slots=True)
class _Pair:
    """The official in charge of a committee's area 包片领导, and the cadre who comes along."""

    committee: str
    organization: str
    post: str
    title: str
    office: str


_PAIRS = (
    _Pair("XINHAI-YUEJIN-RC", "XINHAI", "DEPUTY_SECRETARY", "镇党委副书记", "党政办公室"),
    _Pair("XINHAI-XINHAI-RC", "XINHAI", "SECRETARY", "镇党委书记", "社区管理办公室"),
    _Pair("XINHAI-XINHAI2-RC", "XINHAI-GOV", "DEPUTY_DIRECTOR", "副镇长", "财政所"),
    _Pair("XINHAI-HONGXING-RC", "XINHAI-GOV", "HEAD", "镇长", "规划建设办公室"),
    _Pair("XINHAI-CHANGZHENG-RC", "XINHAI", "PUBLICITY_COMMISSIONER", "镇党委委员", "文广站"),
)


@dataclass(frozen=True, slots=True)
class Host:
    """A residents' committee with its officials; keys of rows."""

    code: str
    committee: int
    lead: int
    member: int
    staff: str
    """As the notice says it: by post."""

    async def hold(self, context: DemoContext, day: dt.date) -> int:
        """Plan, announce and hold a session; return its key."""
        session = await context.play(
            at(day - 7 * _DAY),
            service.plan_session,
            self.committee,
            day,
            members=(self.member,),
            place=PLACE,
            staff=self.staff,
        )
        await context.play(at(day - 3 * _DAY), service.publish_notice, session.id, BOARD)
        await context.play(at(day, 11), service.hold_session, session.id)
        key: int = session.id
        return key

    async def finish(
        self,
        context: DemoContext,
        session: int,
        day: dt.date,
        functions: Sequence[str],
        summary: str = "",
    ) -> None:
        """Record what it was about, and close it."""
        await context.play(at(day, 14), service.record_session, session, functions, summary=summary)
        await context.play(at(day, 16), service.close_session, session)


async def officials(context: DemoContext) -> tuple[Host, ...]:
    """Enter the officials and say with which committee each keeps in touch."""
    inventor = Inventor(_SEED, context.today)
    hosts = []
    for pair in _PAIRS:
        committee = (await context.organization(pair.committee)).id
        home = (await context.organization(pair.organization)).id
        lead = await context.play(
            at(BEGAN_ON - 7 * _DAY), _enter, inventor, context.privacy, home, post=pair.post
        )
        office = (await context.organization("XINHAI-GOV")).id
        member = await context.play(
            at(BEGAN_ON - 7 * _DAY),
            _enter,
            inventor,
            context.privacy,
            office,
            unit=f"新海镇{pair.office}（示例）",
        )
        for person, leads in ((lead, True), (member, False)):
            await context.play(
                at(BEGAN_ON - 7 * _DAY),
                service.assign_liaison,
                person,
                committee,
                is_area_lead=leads,
                starts_on=BEGAN_ON,
            )
        staff = f"{pair.title}（包片领导）、{pair.office}干部1名"
        hosts.append(Host(pair.committee, committee, lead, member, staff))
    return tuple(hosts)


async def _enter(
    work: Work,
    inventor: Inventor,
    privacy: Privacy,
    organization: int,
    *,
    post: str = "",
    unit: str = "",
) -> int:
    """Enter an invented person, with the post if there is one."""
    invented = inventor.person(_AGES)
    person = await registry.create_person(
        organization,
        invented.name,  # no ID and mobile number: another inventor counts them already
        privacy=privacy,
        gender=invented.gender,
        work_unit=unit,
        synthetic=True,
    )
    work.record("core.person.create", person)
    if post:
        appointment = await registry.appoint(
            person.id, organization, post, starts_on=dt.date(2014, 1, 1), synthetic=True
        )
        work.record("core.appointment.create", appointment)
    key: int = person.id
    return key
