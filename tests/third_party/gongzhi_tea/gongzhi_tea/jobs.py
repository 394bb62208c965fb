"""What is done beside requests, and what follows from events."""

from __future__ import annotations

import datetime as dt

from gongzhi import Job, Subscriber
from gongzhi.jobs import RecordedEvent, Run
from gongzhi.registry.codes import MembershipState
from gongzhi.writing import Work
from gongzhi_tea.models import TeaParty, TeaPartyTransition
from gongzhi_tea.rules import MACHINE, PartyState


async def notice(run: Run) -> None:
    """Say once of each party that its day has passed and nobody said what became of it."""
    async with run.work() as work:
        missed = TeaParty.filter(
            state=PartyState.PLANNED, held_on__lt=work.today, missed_on=None
        ).select_for_update()
        for party in await missed.using_db(work.connection):
            await work.update(party, missed_on=work.today)
            work.record("tea.party.missed", party, data={"on": party.held_on})


_ENDED = (MembershipState.REMOVED, MembershipState.EXPELLED, MembershipState.DECEASED)


async def cancel_with_host(work: Work, event: RecordedEvent) -> None:
    """Cancel the parties of a member whose membership ended."""
    if event.data.get("to") not in _ENDED:
        return
    planned = TeaParty.filter(host_id=event.entity_id, state=PartyState.PLANNED)
    for party in await planned.select_for_update().using_db(work.connection):
        await work.transition(MACHINE, party, "cancel", TeaPartyTransition)


JOBS = (Job("tea.missed", notice, every=dt.timedelta(hours=1)),)
SUBSCRIBERS = (Subscriber("tea.host_left", ("core.member.change_state",), cancel_with_host),)
