"""The plugin's tables."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from gongzhi.database.fields import PathField
from gongzhi.registry.models import Member, Organization
from gongzhi.writing import TransitionRecord
from gongzhi_tea.rules import PartyState


class TeaParty(Model):
    """A tea party: who hosts it, in whose name, with which leaf."""

    id = fields.BigIntField(primary_key=True)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.RESTRICT
    )
    organization_id: int
    org_path = PathField()
    """Copy of the organization's path, by which rows are scoped."""
    host: fields.ForeignKeyRelation[Member] = fields.ForeignKeyField(
        "core.Member", related_name=False, on_delete=fields.CASCADE
    )
    host_id: int
    title = fields.CharField(max_length=200)
    leaf = fields.CharField(max_length=64)
    held_on = fields.DateField()
    """The day for which it is, or was, planned."""
    state = fields.CharEnumField(PartyState, max_length=16, default=PartyState.PLANNED)
    missed_on = fields.DateField(null=True)
    """When it was noticed that its day has passed and nobody said what became of it."""
    version = fields.IntField(default=1)

    class Meta(Model.Meta):
        """Both are always given, so that no other app claims the model."""

        app = "tea"
        table = "tea_party"
        indexes = (
            Index(fields=("host_id", "held_on", "id"), name="tea_party_host"),
            Index(fields=("org_path", "id"), name="tea_party_path"),
            Index(fields=("leaf", "org_path", "id"), name="tea_party_leaf"),
            Index(fields=("state", "held_on"), name="tea_party_state"),
        )


class TeaPartyTransition(TransitionRecord):
    """A step that a tea party has taken."""

    subject: fields.ForeignKeyRelation[TeaParty] = fields.ForeignKeyField(
        "tea.TeaParty", related_name=False, on_delete=fields.CASCADE
    )
    subject_id: int

    class Meta(Model.Meta):
        """As above."""

        app = "tea"
        table = "tea_party_transition"
        indexes = (Index(fields=("subject_id", "id"), name="tea_party_transition_subject"),)
