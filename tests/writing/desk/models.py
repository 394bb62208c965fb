"""Tickets and what became of them."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from gongzhi.database.fields import InstantField, PathField
from gongzhi.registry.models import Organization
from gongzhi.writing import TransitionRecord
from tests.writing.desk.rules import TicketState


class Ticket(Model):
    """Something that somebody wants."""

    id = fields.BigIntField(primary_key=True)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.RESTRICT
    )
    organization_id: int
    org_path = PathField()
    title = fields.CharField(max_length=50)
    note = fields.CharField(max_length=50, default="")
    amount = fields.DecimalField(max_digits=12, decimal_places=2, null=True)
    happened_at = InstantField(null=True)
    state = fields.CharEnumField(TicketState, max_length=16)
    version = fields.IntField(default=1)
    created_at = InstantField(auto_now_add=True)
    updated_at = InstantField(auto_now_add=True)

    class Meta(Model.Meta):
        app = "desk"
        table = "desk_ticket"
        indexes = (
            Index(fields=("organization_id", "id"), name="desk_ticket_org"),
            Index(fields=("org_path", "id"), name="desk_ticket_path"),
        )


class TicketTransition(TransitionRecord):
    """One step of a ticket."""

    subject: fields.ForeignKeyRelation[Ticket] = fields.ForeignKeyField(
        "desk.Ticket", related_name=False, on_delete=fields.CASCADE
    )
    subject_id: int

    class Meta(Model.Meta):
        app = "desk"
        table = "desk_ticket_transition"
        indexes = (Index(fields=("subject_id", "id"), name="desk_transition_subject"),)
