"""One table with every kind of column."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from gongzhi.access.models import Account
from gongzhi.database.fields import InstantField, KeyTextField, PathField
from gongzhi.registry.models import Organization, Person


class Mood(StrEnum):
    """心情 · a closed set."""

    GLAD = "GLAD"
    SAD = "SAD"
    SO_SO = "SO_SO"


class Thing(Model):
    """A row that belongs to an organization, perhaps to an account, and may be published."""

    id = fields.BigIntField(primary_key=True)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.RESTRICT
    )
    organization_id: int
    org_path = PathField()
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "core.Account", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    account_id: int | None
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "core.Person", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    person_id: int | None
    twin: fields.ForeignKeyNullableRelation[Thing] = fields.ForeignKeyField(
        "probe.Thing", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    twin_id: int | None
    name = KeyTextField(max_length=50)
    kind = fields.CharField(max_length=64)
    rank = fields.IntField()
    due_on = fields.DateField()
    seen_at = InstantField()
    price = fields.DecimalField(max_digits=12, decimal_places=4)
    urgent = fields.BooleanField()
    published = fields.BooleanField()
    mood = fields.CharEnumField(Mood, max_length=16)
    note = fields.CharField(max_length=50, null=True)
    tags: fields.Field[Any] = fields.JSONField()

    class Meta(Model.Meta):
        app = "probe"
        table = "probe_thing"
        indexes = (
            Index(fields=("org_path", "id"), name="probe_thing_path"),
            Index(fields=("organization_id", "id"), name="probe_thing_org"),
            Index(fields=("person_id", "id"), name="probe_thing_person"),
            Index(fields=("name", "id"), name="probe_thing_name"),
            Index(fields=("kind", "id"), name="probe_thing_kind"),
            Index(fields=("rank", "id"), name="probe_thing_rank"),
            Index(fields=("due_on", "id"), name="probe_thing_due"),
            Index(fields=("seen_at", "id"), name="probe_thing_seen"),
            Index(fields=("urgent", "id"), name="probe_thing_urgent"),
            Index(fields=("mood", "id"), name="probe_thing_mood"),
        )


class Remark(Model):
    """A part of a thing: it has no organization of its own."""

    id = fields.BigIntField(primary_key=True)
    thing: fields.ForeignKeyRelation[Thing] = fields.ForeignKeyField(
        "probe.Thing", related_name=False, on_delete=fields.CASCADE
    )
    thing_id: int
    text = KeyTextField(max_length=50)

    class Meta(Model.Meta):
        app = "probe"
        table = "probe_remark"
        indexes = (Index(fields=("thing_id", "text", "id"), name="probe_remark_thing"),)


class Mark(Model):
    """A mark on a row of any type, named by its type and key."""

    id = fields.BigIntField(primary_key=True)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.RESTRICT
    )
    organization_id: int
    org_path = PathField()
    subject_type = fields.CharField(max_length=30)
    subject_id = fields.BigIntField()
    text = KeyTextField(max_length=50)

    class Meta(Model.Meta):
        app = "probe"
        table = "probe_mark"
        indexes = (
            Index(fields=("org_path", "id"), name="probe_mark_path"),
            Index(fields=("organization_id", "id"), name="probe_mark_org"),
            Index(fields=("subject_type", "subject_id", "text"), name="probe_mark_subject"),
            Index(fields=("text", "id"), name="probe_mark_text"),
        )
