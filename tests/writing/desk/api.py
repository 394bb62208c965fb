"""GraphQL of the desk. No annotations from the future: strawberry reads the real ones."""

import datetime as dt
from decimal import Decimal

from gongzhi.graph import (
    Connection,
    Mutation,
    Node,
    Query,
    Scope,
    Transition,
    abilities,
    can,
    closed,
    extends,
    lookup,
    many,
    mutation,
    node,
    one,
    record,
)
from gongzhi.registry.api import Organization
from tests.writing.desk import models, service
from tests.writing.desk.rules import MACHINE, STATE_LABELS, TicketState

closed(TicketState, STATE_LABELS)


@abilities(MACHINE)
class TicketViewerCan:
    """当前用户现在可办理的事项 · what the viewer may do now."""


@record(models.TicketTransition, scope=Scope.along("subject"), read=None)
class TicketTransition(Transition):
    """工单流转 · one step of a ticket."""


@node(models.Ticket, scope=Scope.of("organization"), read="desk.ticket.read")
class Ticket(Node):
    """工单 · a ticket."""

    organization: Organization | None = one()
    title: str
    note: str
    amount: Decimal | None
    happened_at: dt.datetime | None
    state: TicketState
    version: int
    viewer_can: TicketViewerCan = can()
    transitions: list[TicketTransition] = many("subject", order=("id",))


@extends(Query)
class Queries:
    """Root fields."""

    ticket: Ticket | None = lookup()
    tickets: Connection[Ticket] = many()


@extends(Mutation)
class Mutations:
    """Root mutations."""

    ticket_open = mutation(service.open_ticket, Ticket, "desk.ticket.handle")
    ticket_start = mutation(service.start, Ticket, "desk.ticket.handle")
    ticket_finish = mutation(service.finish, Ticket, "desk.ticket.close")
    ticket_annotate = mutation(service.annotate, Ticket, "desk.ticket.handle")
    ticket_slip = mutation(service.slip, service.Slip, "desk.ticket.handle")
    ticket_unasked = mutation(service.unasked, Ticket, "desk.ticket.handle")
    ticket_unrecorded = mutation(service.unrecorded, Ticket, "desk.ticket.handle")
    ticket_unrecorded_sql = mutation(service.unrecorded_sql, Ticket, "desk.ticket.handle")
    ticket_unnamed = mutation(service.unnamed, Ticket, "desk.ticket.handle")
    ticket_stumble = mutation(service.stumble, Ticket, "desk.ticket.handle")
    ticket_broken = mutation(service.broken, Ticket, "desk.ticket.handle")


GRAPHQL = (
    Ticket, TicketTransition, TicketViewerCan, service.Slip, Queries, Mutations,
)  # fmt: skip
