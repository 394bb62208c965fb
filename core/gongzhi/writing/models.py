"""Tables of writing: the event record with its chain, request keys, and the base of transitions."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from gongzhi.access.models import Account
from gongzhi.database.fields import InstantField, KeyTextField, PathField
from gongzhi.registry.models import Organization, Person


class Event(Model):
    """One thing that happened; append-only, each row's hash covers the row before.

    ``id`` is the position in the chain: dense and in the order of the commits, so that a reader
    who remembers how far he came misses nothing. No personal value is ever in it: it must outlive
    the erasure of a person.
    """

    id = fields.BigIntField(primary_key=True, generated=False)
    kind = KeyTextField(max_length=96)
    """``<plugin>.<noun>.<verb>``, such as ``ledger.issue.settle``."""
    recorded_at = InstantField()
    occurred_at = InstantField(null=True)
    """When it happened, where that is not when it was recorded."""
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "core.Account", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    account_id: int | None
    actor = KeyTextField(max_length=96)
    """Name of the account, or of the job, command or subscriber that acted by itself."""
    on_behalf_of_id = fields.BigIntField(null=True)
    """The person for whom the actor entered it."""
    organization: fields.ForeignKeyNullableRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    organization_id: int | None
    org_path = PathField(default="")
    """Follows the organization when it moves, and is therefore not covered by the hash."""
    entity_type = fields.CharField(max_length=64, default="")
    entity_id = fields.BigIntField(null=True)
    request_id = fields.CharField(max_length=64, default="")
    data = fields.TextField(default="{}")
    """Canonical JSON of what more there is to say: ids, codes, days and numbers."""
    hash = fields.CharField(max_length=64)

    class Meta(Model.Meta):
        app = "core"
        table = "core_event"
        indexes = (
            Index(fields=("entity_type", "entity_id", "id"), name="core_event_entity"),
            Index(fields=("kind", "id"), name="core_event_kind"),
            Index(fields=("account_id", "id"), name="core_event_account"),
            Index(fields=("actor", "id"), name="core_event_actor"),
            Index(fields=("organization_id", "id"), name="core_event_organization"),
            Index(fields=("org_path", "id"), name="core_event_path"),
            Index(fields=("recorded_at", "id"), name="core_event_recorded"),
        )


class Chain(Model):
    """The end of the event chain, one row: whoever appends holds it until he commits."""

    id = fields.IntField(primary_key=True, generated=False)
    position = fields.BigIntField()
    hash = fields.CharField(max_length=64)

    class Meta(Model.Meta):
        app = "core"
        table = "core_chain"


class RequestKey(Model):
    """An idempotency key that a client gave, and what its request has written."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "core.Account", related_name=False, on_delete=fields.CASCADE
    )
    account_id: int
    key = fields.CharField(max_length=64)
    mutation = fields.CharField(max_length=96)
    digest = fields.CharField(max_length=64)
    """SHA-256 of the input: the same key with another input is a mistake of the client."""
    entity_id = fields.BigIntField(null=True)
    recorded_at = InstantField()

    class Meta(Model.Meta):
        app = "core"
        table = "core_request_key"
        unique_together = (("account_id", "key"),)
        indexes = (Index(fields=("recorded_at",), name="core_request_key_recorded"),)


class TransitionRecord(Model):
    """Base of the transition tables (V30): a module adds the foreign key ``subject``.

    ::

        class IssueTransition(TransitionRecord):
            subject = fields.ForeignKeyField(
                "ledger.Issue", related_name=False, on_delete=fields.CASCADE
            )

            class Meta:
                app = "ledger"
                table = "ledger_issue_transition"
                indexes = (Index(fields=("subject_id", "id"), name="…"),)
    """

    id = fields.BigIntField(primary_key=True)
    action = fields.CharField(max_length=32)
    from_state = fields.CharField(max_length=32, default="")
    """Empty: it came into being."""
    to_state = fields.CharField(max_length=32)
    account_id = fields.BigIntField(null=True)
    actor = fields.CharField(max_length=96)
    on_behalf_of: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "core.Person", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    on_behalf_of_id: int | None
    occurred_at = InstantField()
    recorded_at = InstantField()
    reason = fields.TextField(default="")
    document = fields.CharField(max_length=200, default="")
    """What it rests on: a decision, a notice."""

    class Meta:
        abstract = True
