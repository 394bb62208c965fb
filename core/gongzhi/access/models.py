"""Tables of access: accounts, API tokens, grants, and what was revealed to whom."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from gongzhi.database.fields import InstantField, PathField
from gongzhi.registry.models import Area, Organization, Person


class AccountKind(StrEnum):
    """账号类型 · 个人账号 or 服务账号."""

    PERSON = "PERSON"
    SERVICE = "SERVICE"


class Edge(StrEnum):
    """授权沿哪条边 · which edge a grant follows: 隶属 subordination or 属地 territory."""

    SUBORDINATION = "SUBORDINATION"
    TERRITORY = "TERRITORY"


class Account(Model):
    """Who may log in: a person's account or a service account."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=64, unique=True)
    kind = fields.CharEnumField(AccountKind, max_length=16, default=AccountKind.PERSON)
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "core.Person", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    person_id: int | None
    organization: fields.ForeignKeyNullableRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    """Whose security administrators look after it; None: only those of the whole registry."""
    organization_id: int | None
    org_path = PathField(default="", db_default="")
    active = fields.BooleanField(default=True)
    created_at = InstantField(auto_now_add=True)

    class Meta(Model.Meta):
        app = "core"
        table = "core_account"
        indexes = (
            Index(fields=("organization_id", "id"), name="core_account_org"),
            Index(fields=("org_path", "id"), name="core_account_path"),
        )


class Token(Model):
    """An API token; only its SHA-256 is kept."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "core.Account", related_name=False, on_delete=fields.CASCADE
    )
    account_id: int
    digest = fields.CharField(max_length=64, unique=True)
    label = fields.CharField(max_length=100, default="")
    created_at = InstantField(auto_now_add=True)
    expires_at = InstantField(null=True)
    revoked_at = InstantField(null=True)

    class Meta(Model.Meta):
        app = "core"
        table = "core_token"
        indexes = (Index(fields=("account_id",), name="core_token_account"),)


class Grant(Model):
    """A role on an organization or an area, along one edge, with or without descendants."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "core.Account", related_name=False, on_delete=fields.CASCADE
    )
    account_id: int
    role = fields.CharField(max_length=64)
    edge = fields.CharEnumField(Edge, max_length=16, default=Edge.SUBORDINATION)
    organization: fields.ForeignKeyNullableRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, null=True, on_delete=fields.CASCADE
    )
    organization_id: int | None
    area: fields.ForeignKeyNullableRelation[Area] = fields.ForeignKeyField(
        "core.Area", related_name=False, null=True, on_delete=fields.CASCADE
    )
    area_id: int | None
    everything = fields.BooleanField(default=False)
    """The whole registry; for the top of a deployment."""
    with_descendants = fields.BooleanField(default=True)
    valid_from = InstantField(null=True)
    valid_to = InstantField(null=True)
    granted_by = fields.CharField(max_length=64, default="")
    created_at = InstantField(auto_now_add=True)

    class Meta(Model.Meta):
        app = "core"
        table = "core_grant"
        indexes = (Index(fields=("account_id",), name="core_grant_account"),)


class Reveal(Model):
    """Personal values that were shown in full: which, to whom, and what for.

    The event record says the same without the note, which is free text: it is erased with the
    person, the event stays.
    """

    id = fields.BigIntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "core.Person", related_name=False, on_delete=fields.CASCADE
    )
    person_id: int
    org_path = PathField()
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "core.Account", related_name=False, on_delete=fields.RESTRICT
    )
    account_id: int
    shown: fields.Field[list[str]] = fields.JSONField(default=list)
    """Names of the values, as in the enum ``PersonField``."""
    purpose = fields.CharField(max_length=64)
    """Code list ``reveal_purpose``."""
    note = fields.CharField(max_length=500, default="")
    recorded_at = InstantField()

    class Meta(Model.Meta):
        app = "core"
        table = "core_reveal"
        indexes = (
            Index(fields=("person_id", "id"), name="core_reveal_person"),
            Index(fields=("org_path", "id"), name="core_reveal_path"),
            Index(fields=("account_id", "id"), name="core_reveal_account"),
        )
