"""What can be done with tea parties."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from gongzhi.refusals import insist
from gongzhi.registry.common import text
from gongzhi.registry.models import Member
from gongzhi.writing import Key, MemberKey, Work
from gongzhi_tea import rules
from gongzhi_tea.models import TeaParty, TeaPartyTransition
from gongzhi_tea.rules import MACHINE, REFUSALS

PartyKey = Annotated[int, Key(TeaParty)]


async def plan_party(work: Work, host: MemberKey, title: str, leaf: str, on: dt.date) -> TeaParty:
    """约定茶话会 · plan a tea party, in the host's branch.

    :param host: 主人 · the member who hosts it
    :param title: 名称 · its title
    :param leaf: 茶叶代码 · code of the leaf
    :param on: 日期 · the day
    :raises RuleError: NOT_FOUND, BLANK, TOO_LONG, UNKNOWN_CODE
    """
    member = await work.find(Member, host, "host")
    await work.codes(leaf=("tea_leaf", leaf))
    party = TeaParty(
        organization_id=member.branch_id,
        org_path=member.org_path,
        host_id=member.id,
        title=text(TeaParty, "title", title, needed=True),
        leaf=leaf,
        held_on=on,
    )
    return await work.begin(MACHINE, party, "plan", TeaPartyTransition, data={"on": on})


async def hold_party(
    work: Work, party: PartyKey, guests: int, *, expected_version: int | None = None
) -> TeaParty:
    """记录茶话会已举行 · say that a tea party was held.

    :param party: 茶话会 · the tea party
    :param guests: 到场人数 · how many came
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, FUTURE_DATE, TOO_FEW
    """
    row = await work.take(TeaParty, party, "party")
    work.expect(row, expected_version)
    if row.held_on > work.today:
        REFUSALS.refuse("FUTURE_DATE", "party")
    insist(rules.check_guests(guests))
    await work.transition(MACHINE, row, "hold", TeaPartyTransition, data={"guests": guests})
    return row


async def cancel_party(work: Work, party: PartyKey, *, reason: str = "") -> TeaParty:
    """取消茶话会 · cancel a tea party.

    :param party: 茶话会 · the tea party
    :raises RuleError: NOT_FOUND, STATE
    """
    row = await work.take(TeaParty, party, "party")
    await work.transition(MACHINE, row, "cancel", TeaPartyTransition, reason=reason)
    return row
