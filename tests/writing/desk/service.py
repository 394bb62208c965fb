"""The use cases, and one for each fault that a service may have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from gongzhi.graph import described
from gongzhi.registry.models import Organization
from gongzhi.writing import Key, OrganizationKey, PersonKey, Work
from tests.writing.desk.models import Ticket, TicketTransition
from tests.writing.desk.rules import MACHINE, REFUSALS, TicketState

TicketKey = Annotated[int, Key(Ticket)]


@dataclass(frozen=True)
class Line:
    """费用项 · one cost.

    what: 用途 · for what
    cost: 金额（元） · how much
    paid_at: 支付时间 · when it was paid
    """

    what: str
    cost: Decimal
    paid_at: dt.datetime | None = None


@described()
class Slip:
    """回执 · a slip.

    text: 内容 · what it says
    """

    text: str


async def open_ticket(
    work: Work,
    organization: OrganizationKey,
    title: str,
    *,
    note: str = "",
    lines: Sequence[Line] = (),
    happened_at: dt.datetime | None = None,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
) -> Ticket:
    """开单 · open a ticket.

    :param organization: 受理组织 · who takes it
    :param title: 标题 · title
    :param note: 批注 · a note
    :param lines: 费用 · its costs
    :param happened_at: 事发时间 · when it came about
    :raises RuleError: NOT_FOUND, BLANK, FUTURE_DATE
    """
    home = await work.find(Organization, organization, "organization")
    if not title.strip():
        REFUSALS.refuse("BLANK", "title")
    ticket = Ticket(
        organization_id=home.id,
        org_path=home.path,
        title=title,
        note=note,
        amount=sum((line.cost for line in lines), Decimal(0)) if lines else None,
        happened_at=happened_at,
    )
    return await work.begin(
        MACHINE,
        ticket,
        "open",
        TicketTransition,
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
        data={"lines": len(lines)},
    )


async def start(work: Work, ticket: TicketKey, *, expected_version: int | None = None) -> Ticket:
    """开始办理 · start on a ticket.

    :param ticket: 工单 · the ticket
    :raises RuleError: NOT_FOUND, STATE, CONFLICT
    """
    row = await work.take(Ticket, ticket, "ticket")
    work.expect(row, expected_version)
    await work.transition(MACHINE, row, "start", TicketTransition)
    return row


async def finish(
    work: Work,
    ticket: TicketKey,
    *,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    reason: str = "",
    document: str = "",
) -> Ticket:
    """办结 · finish a ticket.

    :param ticket: 工单 · the ticket
    :raises RuleError: NOT_FOUND, STATE, NO_NOTE, FUTURE_DATE
    """
    row = await work.find(Ticket, ticket, "ticket")
    if not row.note:
        REFUSALS.refuse("NO_NOTE", "ticket", what="办结")
    await work.transition(
        MACHINE,
        row,
        "finish",
        TicketTransition,
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
        reason=reason,
        document=document,
        columns={"title": f"{row.title}（已办结）"},
        data={"days": 3},
    )
    return row


async def annotate(
    work: Work, ticket: TicketKey, note: str, *, expected_version: int | None = None
) -> Ticket:
    """批注 · annotate a ticket.

    :param ticket: 工单 · the ticket
    :param note: 批注 · the note
    :raises RuleError: NOT_FOUND, STATE, CONFLICT
    """
    row = await work.take(Ticket, ticket, "ticket")
    work.expect(row, expected_version)
    await work.may(MACHINE, row, "annotate")
    await work.update(row, note=note)
    work.record("desk.ticket.annotate", row)
    return row


async def slip(work: Work, organization: OrganizationKey) -> Slip:
    """打印回执 · print a slip, once.

    :param organization: 受理组织 · who prints it
    :raises RuleError: NOT_FOUND
    """
    home = await work.find(Organization, organization, "organization")
    await work.require(home)
    work.record("desk.slip.print", home)
    return Slip(text="见此回执")


async def _made(work: Work, organization: int) -> Ticket:
    home = await work.find(Organization, organization, "organization")
    return Ticket(organization_id=home.id, org_path=home.path, title="x", state=TicketState.OPEN)


async def unasked(work: Work, organization: OrganizationKey) -> Ticket:
    """不问权限 · writes, and never asks whether the viewer may.

    :param organization: 组织 · any
    :raises RuleError: NOT_FOUND
    """
    row = await work.insert(await _made(work, organization))
    work.record("desk.ticket.unasked", row)
    return row


async def unrecorded(work: Work, organization: OrganizationKey) -> Ticket:
    """不留记录 · writes, and records nothing.

    :param organization: 组织 · any
    :raises RuleError: NOT_FOUND
    """
    row = await _made(work, organization)
    await work.require(row)
    return await work.insert(row)


async def unrecorded_sql(work: Work, ticket: TicketKey) -> Ticket:
    """用 SQL 写而不留记录 · writes by a statement of its own, and records nothing.

    :param ticket: 工单 · any
    :raises RuleError: NOT_FOUND
    """
    row = await work.take(Ticket, ticket, "ticket")
    await work.fetch("UPDATE desk_ticket SET title = $1 WHERE id = $2", "y", ticket)
    return row


async def unnamed(work: Work, organization: OrganizationKey) -> Ticket:
    """未声明的代码 · refuses with a code that it does not name.

    :param organization: 组织 · any
    :raises RuleError: NOT_FOUND
    """
    row = await work.insert(await _made(work, organization))
    await work.require(row)
    REFUSALS.refuse("NO_NOTE", what="它")


STUMBLES: list[Exception] = []
"""What the next runs of :func:`stumble` meet, one each."""


async def stumble(work: Work, organization: OrganizationKey) -> Ticket:
    """与他人冲突 · meets what the database ends for the sake of others.

    :param organization: 组织 · any
    :raises RuleError: NOT_FOUND
    """
    row = await work.insert(await _made(work, organization))
    await work.require(row)
    work.record("desk.ticket.stumble", row)
    if STUMBLES:
        raise STUMBLES.pop()
    return row


async def broken(work: Work, organization: OrganizationKey, secret: str) -> Ticket:
    """中途出错 · fails after it has written.

    :param organization: 组织 · any
    :param secret: 私密内容 · what no log may hold
    :raises RuleError: NOT_FOUND
    """
    row = await work.insert(await _made(work, organization))
    await work.require(row)
    work.record("desk.ticket.broken", row)
    raise LookupError(secret)
