"""Tables of publication."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from gongzhi.database.fields import InstantField, PathField
from gongzhi.registry.models import Organization
from gongzhi.writing import TransitionRecord
from gongzhi_publication.rules import PublicationState


class Publication(Model):
    """One thing that an organization makes public, from its draft to its withdrawal."""

    id = fields.BigIntField(primary_key=True)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.RESTRICT
    )
    organization_id: int
    org_path = PathField()
    category = fields.CharField(max_length=64)
    """Code list ``publication_category``."""
    title = fields.CharField(max_length=200)
    body = fields.TextField(default="")
    """Plain text, without personal data: everybody reads it once it is published."""
    subject_type = fields.CharField(max_length=64, default="")
    """GraphQL type of what it is about; with ``subject_id`` a global id, empty for nothing."""
    subject_id = fields.BigIntField(null=True)
    state = fields.CharEnumField(PublicationState, max_length=16, default=PublicationState.DRAFT)
    due_on = fields.DateField(null=True)
    listed_on = fields.DateField()
    """Where lists show it, see :func:`gongzhi_publication.rules.listed_on`; never null."""
    published_at = InstantField(null=True)
    period_days = fields.IntField(null=True)
    """Calendar days; null: for as long as it is not withdrawn."""
    ends_on = fields.DateField(null=True)
    """Last day of the period, see :func:`gongzhi_publication.rules.end_of_period`."""
    withdrawn_at = InstantField(null=True)
    withdrawn_reason = fields.CharField(max_length=500, default="")
    synthetic = fields.BooleanField(default=False)
    version = fields.IntField(default=1, db_default=1)
    updated_at = InstantField(null=True, auto_now=True)
    """Null for what was entered before this column was."""

    class Meta(Model.Meta):
        app = "publication"
        table = "publication_publication"
        indexes = (
            Index(fields=("organization_id", "listed_on", "id"), name="publication_organization"),
            Index(fields=("org_path", "id"), name="publication_path"),
            Index(fields=("state", "listed_on", "id"), name="publication_state"),
            Index(fields=("category", "listed_on", "id"), name="publication_category"),
            Index(fields=("listed_on", "id"), name="publication_listed"),
            Index(fields=("subject_type", "subject_id", "id"), name="publication_subject"),
        )


class Posting(Model):
    """One place where a publication was posted, or told: 上墙, 会上通报, 走访告知."""

    id = fields.BigIntField(primary_key=True)
    publication: fields.ForeignKeyRelation[Publication] = fields.ForeignKeyField(
        "publication.Publication", related_name=False, on_delete=fields.CASCADE
    )
    publication_id: int
    org_path = PathField()
    channel = fields.CharField(max_length=64)
    """Code list ``publication_channel``."""
    place = fields.CharField(max_length=200, default="")
    posted_at = InstantField(null=True)
    """Null: it is meant for this place and not there yet."""

    class Meta(Model.Meta):
        app = "publication"
        table = "publication_posting"
        indexes = (
            Index(fields=("publication_id", "id"), name="publication_posting_publication"),
            Index(fields=("org_path", "id"), name="publication_posting_path"),
        )


class PublicationTransition(TransitionRecord):
    """One step of a publication from a state to another."""

    subject: fields.ForeignKeyRelation[Publication] = fields.ForeignKeyField(
        "publication.Publication", related_name=False, on_delete=fields.CASCADE
    )
    subject_id: int

    class Meta(Model.Meta):
        app = "publication"
        table = "publication_transition"
        indexes = (Index(fields=("subject_id", "id"), name="publication_transition_subject"),)
