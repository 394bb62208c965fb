"""Tables of webhooks: who is told what, and the log of what was told."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from gongzhi.database.fields import InstantField, KeyTextField, PathField
from gongzhi.registry.models import Organization
from gongzhi.webhooks.rules import WebhookDeliveryState, WebhookFailure, WebhookState
from gongzhi.writing.models import Event, TransitionRecord


class Webhook(Model):
    """A receiver of events: those of some kinds, of one organization and all below it."""

    id = fields.BigIntField(primary_key=True)
    organization: fields.ForeignKeyNullableRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    """None: the events of the whole registry, also those that belong to no organization."""
    organization_id: int | None
    org_path = PathField(default="")
    title = fields.CharField(max_length=100)
    url_cipher = fields.BinaryField()
    """Encrypted, because many receivers are known by a key in their URL."""
    url_masked = fields.CharField(max_length=300)
    kinds: fields.Field[list[str]] = fields.JSONField()
    state = fields.CharEnumField(WebhookState, max_length=8, default=WebhookState.ACTIVE)
    secret_cipher = fields.BinaryField(null=True)
    previous_secret_cipher = fields.BinaryField(null=True)
    """The secret before the last change: signs too, until ``previous_until``."""
    previous_until = InstantField(null=True)
    active_after = fields.BigIntField()
    """Position in the event record when it was made or resumed; events up to it are not told."""
    failing_since = InstantField(null=True)
    """The first failure after the last success; kept by the deliveries."""
    version = fields.IntField(default=1)
    created_at = InstantField()
    updated_at = InstantField()

    class Meta(Model.Meta):
        app = "core"
        table = "core_webhook"
        indexes = (
            Index(fields=("organization_id", "id"), name="core_webhook_organization"),
            Index(fields=("org_path", "id"), name="core_webhook_path"),
            Index(fields=("state", "id"), name="core_webhook_state"),
        )


class WebhookTransition(TransitionRecord):
    """Who made, paused, resumed or deleted a webhook, and why."""

    subject: fields.ForeignKeyRelation[Webhook] = fields.ForeignKeyField(
        "core.Webhook", related_name=False, on_delete=fields.CASCADE
    )
    subject_id: int

    class Meta(TransitionRecord.Meta):
        abstract = False
        app = "core"
        table = "core_webhook_transition"
        indexes = (Index(fields=("subject_id", "id"), name="core_webhook_transition_subject"),)


class WebhookDelivery(Model):
    """One message to one receiver, and what came of the last attempt."""

    id = fields.BigIntField(primary_key=True)
    webhook: fields.ForeignKeyRelation[Webhook] = fields.ForeignKeyField(
        "core.Webhook", related_name=False, on_delete=fields.RESTRICT
    )
    webhook_id: int
    event: fields.ForeignKeyNullableRelation[Event] = fields.ForeignKeyField(
        "core.Event", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    """What is told; None for a test."""
    event_id: int | None
    kind = KeyTextField(max_length=96)
    message_id = fields.CharField(max_length=40, unique=True)
    """``webhook-id``: the same whenever the message is sent again."""
    state = fields.CharEnumField(
        WebhookDeliveryState, max_length=10, default=WebhookDeliveryState.WAITING
    )
    turn = fields.IntField(default=1)
    """Raised whenever it is put in the queue; a job of an earlier turn does nothing."""
    attempts = fields.IntField(default=0)
    """Since it was made or sent again by hand."""
    status_code = fields.SmallIntField(null=True)
    duration_ms = fields.IntField(null=True)
    error = fields.CharEnumField(WebhookFailure, max_length=16, null=True)
    created_at = InstantField()
    next_at = InstantField(null=True)
    attempted_at = InstantField(null=True)
    delivered_at = InstantField(null=True)

    class Meta(Model.Meta):
        app = "core"
        table = "core_webhook_delivery"
        unique_together = (("event_id", "webhook_id"),)
        indexes = (
            Index(fields=("webhook_id", "id"), name="core_webhook_delivery_webhook"),
            Index(fields=("state", "created_at"), name="core_webhook_delivery_state"),
        )
