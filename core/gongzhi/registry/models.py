"""Tables of the registry: areas, organizations, people, members, appointments, code lists.

Every model names its app and table, because Tortoise otherwise claims an imported model for the
app that imports it. Personal values are three columns: ``_cipher`` (encrypted), ``_hash`` (keyed,
for exact look-up) and ``_masked`` (what queries return); see :mod:`gongzhi.privacy`.
"""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from gongzhi.database.fields import InstantField, KeyTextField, PathField
from gongzhi.registry.codes import (
    AppointmentBasis,
    ChangeKind,
    ContactState,
    EmploymentState,
    Gender,
    MembershipStage,
    MembershipState,
    OrganizationStatus,
    Qualifier,
    SetupMode,
)


class Code(Model):
    """One entry of an open code list; extensible by plugins and by the deployment."""

    id = fields.BigIntField(primary_key=True)
    list = fields.CharField(max_length=64)
    code = fields.CharField(max_length=64)
    label_zh = fields.CharField(max_length=100)
    label_en = fields.CharField(max_length=200)
    family = fields.CharField(max_length=64, default="")
    """Group within the list, e.g. PARTY for the organization kinds that are Party organizations."""
    level = fields.CharField(max_length=64, default="")
    """For organization and area kinds: the level that a row of this kind has by default."""
    sort = fields.IntField(default=0)
    active = fields.BooleanField(default=True)
    plugin = fields.CharField(max_length=64, default="core")

    class Meta(Model.Meta):
        app = "core"
        table = "core_code"
        unique_together = (("list", "code"),)


class KindRule(Model):
    """The parent/child matrix of this deployment: which kind may stand under which."""

    id = fields.BigIntField(primary_key=True)
    parent_kind = fields.CharField(max_length=64, default="")
    """Empty: the child kind may be a root."""
    child_kind = fields.CharField(max_length=64)

    class Meta(Model.Meta):
        app = "core"
        table = "core_kind_rule"
        unique_together = (("parent_kind", "child_kind"),)


class Area(Model):
    """A territory: an administrative division or a finer one (estate, grid, building, zone)."""

    id = fields.BigIntField(primary_key=True)
    code = KeyTextField(max_length=64, unique=True)
    """Statistical division code, or a local extension of one."""
    name = KeyTextField(max_length=200)
    kind = fields.CharField(max_length=64)
    parent: fields.ForeignKeyNullableRelation[Area] = fields.ForeignKeyField(
        "core.Area", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    parent_id: int | None
    path = PathField(unique=True)
    depth = fields.SmallIntField(default=0)
    households = fields.IntField(null=True)
    population = fields.BigIntField(null=True)
    population_qualifier = fields.CharEnumField(Qualifier, max_length=16, default=Qualifier.EXACT)
    synthetic = fields.BooleanField(default=False)
    batch_id = fields.BigIntField(null=True)

    class Meta(Model.Meta):
        app = "core"
        table = "core_area"
        indexes = (
            Index(fields=("parent_id", "code"), name="core_area_parent"),
            Index(fields=("kind", "path"), name="core_area_kind"),
            Index(fields=("name", "id"), name="core_area_name"),
            Index(fields=("batch_id",), name="core_area_batch"),
        )


class Organization(Model):
    """An organization with its two edges: 隶属 ``superior`` and 属地 ``area``."""

    id = fields.BigIntField(primary_key=True)
    code = KeyTextField(max_length=64, unique=True)
    name = KeyTextField(max_length=200)
    short_name = fields.CharField(max_length=100, default="")
    kind = fields.CharField(max_length=64)
    level = fields.CharField(max_length=64)
    superior: fields.ForeignKeyNullableRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    superior_id: int | None
    path = PathField(unique=True)
    depth = fields.SmallIntField(default=0)
    area: fields.ForeignKeyNullableRelation[Area] = fields.ForeignKeyField(
        "core.Area", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    area_id: int | None
    area_path = PathField(default="")
    setup_mode = fields.CharEnumField(SetupMode, max_length=16, default=SetupMode.SINGLE)
    is_temporary = fields.BooleanField(default=False)
    purpose = fields.CharField(max_length=500, default="")
    review_on = fields.DateField(null=True)
    """A temporary organization ends or is reviewed on this day."""
    field = fields.CharField(max_length=64, default="")
    """居民区党建, 两新党建 or 区域化党建; code list ``party_building_field``."""
    established_on = fields.DateField(null=True)
    approved_by = fields.CharField(max_length=200, default="")
    dissolved_on = fields.DateField(null=True)
    status = fields.CharEnumField(
        OrganizationStatus, max_length=16, default=OrganizationStatus.ACTIVE
    )
    phone_cipher = fields.BinaryField(null=True)
    phone_masked = fields.CharField(max_length=64, null=True)
    synthetic = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    batch_id = fields.BigIntField(null=True)
    created_at = InstantField(auto_now_add=True)
    updated_at = InstantField(auto_now=True)

    class Meta(Model.Meta):
        app = "core"
        table = "core_organization"
        indexes = (
            Index(fields=("superior_id", "path"), name="core_org_superior"),
            Index(fields=("kind", "path"), name="core_org_kind"),
            Index(fields=("level", "path"), name="core_org_level"),
            Index(fields=("area_id", "path"), name="core_org_area"),
            Index(fields=("area_path", "id"), name="core_org_area_path"),
            Index(fields=("name", "id"), name="core_org_name"),
            Index(fields=("batch_id",), name="core_org_batch"),
        )


class OrganizationChange(Model):
    """History of an organization: established, upgraded 升格, merged, renamed, moved, dissolved."""

    id = fields.BigIntField(primary_key=True)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.CASCADE
    )
    organization_id: int
    org_path = PathField()
    kind = fields.CharEnumField(ChangeKind, max_length=16)
    occurred_on = fields.DateField()
    recorded_at = InstantField(auto_now_add=True)
    before = fields.CharField(max_length=255, default="")
    after = fields.CharField(max_length=255, default="")
    approved_by = fields.CharField(max_length=200, default="")
    document = fields.CharField(max_length=200, default="")
    other: fields.ForeignKeyNullableRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    """The other side: whom it was merged into, or the superior it was moved under."""
    other_id: int | None

    class Meta(Model.Meta):
        app = "core"
        table = "core_organization_change"
        indexes = (
            Index(fields=("organization_id", "occurred_on", "id"), name="core_change_org"),
            Index(fields=("org_path", "id"), name="core_change_path"),
        )


class Coverage(Model):
    """A jointly set up branch 联合组建 and one unit that it covers."""

    id = fields.BigIntField(primary_key=True)
    branch: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.CASCADE
    )
    branch_id: int
    org_path = PathField()
    unit: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.CASCADE
    )
    unit_id: int
    since = fields.DateField(null=True)

    class Meta(Model.Meta):
        app = "core"
        table = "core_coverage"
        unique_together = (("branch_id", "unit_id"),)
        indexes = (Index(fields=("unit_id",), name="core_coverage_unit"),)


class ExternalId(Model):
    """The code of an organization in another system."""

    id = fields.BigIntField(primary_key=True)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.CASCADE
    )
    organization_id: int
    org_path = PathField()
    system = fields.CharField(max_length=64)
    code = fields.CharField(max_length=128)

    class Meta(Model.Meta):
        app = "core"
        table = "core_external_id"
        unique_together = (("system", "code"),)
        indexes = (Index(fields=("organization_id", "id"), name="core_external_org"),)


class Person(Model):
    """A natural person. Whose record it is: ``organization``, the one that keeps it."""

    id = fields.BigIntField(primary_key=True)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.RESTRICT
    )
    organization_id: int
    org_path = PathField()
    name_cipher = fields.BinaryField()
    name_hash = fields.CharField(max_length=64)
    name_masked = fields.CharField(max_length=64)
    id_number_cipher = fields.BinaryField(null=True)
    id_number_hash = fields.CharField(max_length=64, null=True, unique=True)
    id_number_masked = fields.CharField(max_length=32, null=True)
    mobile_cipher = fields.BinaryField(null=True)
    mobile_hash = fields.CharField(max_length=64, null=True)
    mobile_masked = fields.CharField(max_length=32, null=True)
    birth_cipher = fields.BinaryField(null=True)
    birth_year = fields.SmallIntField(null=True)
    """For age bands only; never returned."""
    gender = fields.CharEnumField(Gender, max_length=16, default=Gender.UNKNOWN)
    ethnic_group = fields.CharField(max_length=64, default="")
    education = fields.CharField(max_length=64, default="")
    employment_state = fields.CharEnumField(
        EmploymentState, max_length=16, default=EmploymentState.UNKNOWN
    )
    work_unit = fields.CharField(max_length=200, default="")
    residence_area: fields.ForeignKeyNullableRelation[Area] = fields.ForeignKeyField(
        "core.Area", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    residence_area_id: int | None
    residence_path = PathField(default="")
    skills: fields.Field[list[str]] = fields.JSONField(default=list)
    hobbies: fields.Field[list[str]] = fields.JSONField(default=list)
    synthetic = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    batch_id = fields.BigIntField(null=True)
    created_at = InstantField(auto_now_add=True)
    updated_at = InstantField(auto_now=True)

    class Meta(Model.Meta):
        app = "core"
        table = "core_person"
        indexes = (
            Index(fields=("org_path", "id"), name="core_person_path"),
            Index(fields=("organization_id", "id"), name="core_person_org"),
            Index(fields=("name_hash",), name="core_person_name"),
            Index(fields=("mobile_hash",), name="core_person_mobile"),
            Index(fields=("residence_path", "id"), name="core_person_residence"),
            Index(fields=("batch_id",), name="core_person_batch"),
        )


class Member(Model):
    """The membership of a person in a Party branch, from applicant to full member."""

    id = fields.BigIntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "core.Person", related_name=False, on_delete=fields.RESTRICT
    )
    person_id: int
    branch: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.RESTRICT
    )
    branch_id: int
    org_path = PathField()
    stage = fields.CharEnumField(MembershipStage, max_length=24)
    state = fields.CharEnumField(MembershipState, max_length=16, default=MembershipState.NORMAL)
    contact_state = fields.CharEnumField(
        ContactState, max_length=16, default=ContactState.IN_CONTACT
    )
    joined_on = fields.DateField(null=True)
    full_member_on = fields.DateField(null=True)
    affiliation_since = fields.DateField(null=True)
    last_contact_on = fields.DateField(null=True)
    last_attended_on = fields.DateField(null=True)
    dues_paid_through = fields.DateField(null=True)
    is_floating = fields.BooleanField(default=False)
    synthetic = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    batch_id = fields.BigIntField(null=True)
    created_at = InstantField(auto_now_add=True)
    updated_at = InstantField(auto_now=True)

    class Meta(Model.Meta):
        app = "core"
        table = "core_member"
        unique_together = (("person_id", "branch_id"),)
        indexes = (
            Index(fields=("org_path", "id"), name="core_member_path"),
            Index(fields=("stage", "org_path", "id"), name="core_member_stage"),
            Index(fields=("state", "org_path", "id"), name="core_member_state"),
            Index(fields=("contact_state", "org_path", "id"), name="core_member_contact"),
            Index(fields=("branch_id", "id"), name="core_member_branch"),
            Index(fields=("batch_id",), name="core_member_batch"),
        )


class MemberEvent(Model):
    """A decision about a membership: admitted, made full, transferred, suspended, removed."""

    id = fields.BigIntField(primary_key=True)
    member: fields.ForeignKeyRelation[Member] = fields.ForeignKeyField(
        "core.Member", related_name=False, on_delete=fields.CASCADE
    )
    member_id: int
    org_path = PathField()
    kind = fields.CharField(max_length=64)
    occurred_on = fields.DateField()
    recorded_at = InstantField(auto_now_add=True)
    before = fields.CharField(max_length=64, default="")
    after = fields.CharField(max_length=64, default="")
    decided_by = fields.CharField(max_length=200, default="")
    document = fields.CharField(max_length=200, default="")

    class Meta(Model.Meta):
        app = "core"
        table = "core_member_event"
        indexes = (Index(fields=("member_id", "occurred_on", "id"), name="core_event_member"),)


class Appointment(Model):
    """A post that a person holds in an organization, for a span; also where not a member."""

    id = fields.BigIntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "core.Person", related_name=False, on_delete=fields.RESTRICT
    )
    person_id: int
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.RESTRICT
    )
    organization_id: int
    org_path = PathField()
    post = fields.CharField(max_length=64)
    is_concurrent = fields.BooleanField(default=False)
    """兼职: the person's main post is elsewhere."""
    source = fields.CharField(max_length=64, default="")
    """Where the person came from; code list ``appointment_source``."""
    basis = fields.CharEnumField(AppointmentBasis, max_length=16, null=True)
    seconded_from: fields.ForeignKeyNullableRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    seconded_from_id: int | None
    home_organization: fields.ForeignKeyNullableRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    home_organization_id: int | None
    starts_on = fields.DateField(null=True)
    ends_on = fields.DateField(null=True)
    synthetic = fields.BooleanField(default=False)
    batch_id = fields.BigIntField(null=True)

    class Meta(Model.Meta):
        app = "core"
        table = "core_appointment"
        indexes = (
            Index(fields=("org_path", "id"), name="core_appointment_path"),
            Index(fields=("post", "org_path", "id"), name="core_appointment_post"),
            Index(fields=("organization_id", "post", "id"), name="core_appointment_org"),
            Index(fields=("person_id", "id"), name="core_appointment_person"),
        )


class Indicator(Model):
    """A stored figure with its source: what records cannot reproduce; value and qualifier."""

    id = fields.BigIntField(primary_key=True)
    code = KeyTextField(max_length=64)
    organization: fields.ForeignKeyNullableRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, null=True, on_delete=fields.CASCADE
    )
    organization_id: int | None
    org_path = PathField(default="")
    period = fields.CharField(max_length=32)
    value = fields.DecimalField(max_digits=18, decimal_places=4)
    unit = fields.CharField(max_length=32, default="")
    qualifier = fields.CharEnumField(Qualifier, max_length=16, default=Qualifier.EXACT)
    source = fields.CharField(max_length=255)

    class Meta(Model.Meta):
        app = "core"
        table = "core_indicator"
        unique_together = (("code", "organization_id", "period"),)
        indexes = (
            Index(fields=("org_path", "code", "id"), name="core_indicator_path"),
            Index(fields=("organization_id", "id"), name="core_indicator_org"),
            Index(fields=("code", "id"), name="core_indicator_code"),
        )


class Counter(Model):
    """Kept counts of an organization: ``own`` rows and ``total`` over its whole subtree.

    A roll-up at any level reads a handful of these rows, whatever the size of the subtree.
    """

    id = fields.BigIntField(primary_key=True)
    organization_id = fields.BigIntField()
    org_path = PathField()
    metric = fields.CharField(max_length=64)
    bucket = fields.CharField(max_length=64)
    own = fields.BigIntField(default=0)
    total = fields.BigIntField(default=0)

    class Meta(Model.Meta):
        app = "core"
        table = "core_counter"
        unique_together = (("organization_id", "metric", "bucket"),)
        indexes = (Index(fields=("org_path", "metric", "id"), name="core_counter_path"),)
