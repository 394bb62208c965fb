"""Tables of the problem ledger."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from gongzhi.calendar.rules import DayBasis
from gongzhi.database.fields import InstantField, KeyTextField, PathField
from gongzhi.references import Key
from gongzhi.registry.models import Area, Organization, Person
from gongzhi.writing.models import TransitionRecord
from gongzhi_ledger.rules import (
    AgendaKind,
    HandlingMode,
    IssueSeverity,
    IssueState,
    ParticipantRole,
    ReferralKind,
    ResolutionLevel,
    Satisfaction,
)


class Issue(Model):
    """One matter of the people: received, and entered in a ledger where it is not solved at once.

    It belongs to the organization that keeps the ledger. Days are those of the deployment's time
    zone; money is CNY.
    """

    id = fields.BigIntField(primary_key=True)
    number = KeyTextField(max_length=100, unique=True)
    """As given, else ``<code of the organization>-<year>-<id>``: no two writers wait for it."""
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.RESTRICT
    )
    organization_id: int
    org_path = PathField()
    area: fields.ForeignKeyNullableRelation[Area] = fields.ForeignKeyField(
        "core.Area", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    area_id: int | None
    area_path = PathField(default="")
    title = fields.CharField(max_length=200)
    description = fields.TextField(default="")
    source = fields.CharField(max_length=64)
    """Code list ``issue_source``."""
    source_type = fields.CharField(max_length=64, default="")
    """GraphQL type of what it came from; with ``source_id`` a global id, empty for nothing."""
    source_id = fields.BigIntField(null=True)
    category = fields.CharField(max_length=64)
    """Code list ``issue_category``."""
    severity = fields.CharEnumField(IssueSeverity, max_length=16, default=IssueSeverity.ORDINARY)
    handling_mode = fields.CharEnumField(HandlingMode, max_length=16, null=True)
    state = fields.CharEnumField(IssueState, max_length=16, default=IssueState.RECEIVED)
    state_since = InstantField()
    """When the last step happened; the next one is not before it."""
    resolution_level = fields.CharEnumField(
        ResolutionLevel, max_length=16, default=ResolutionLevel.COMMUNITY
    )
    collector: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "core.Person", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    """Who collected the opinion, and therefore visits again (V6)."""
    collector_id: int | None
    reporter: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "core.Person", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    """Who reported it; seen only by those who may see that person."""
    reporter_id: int | None
    handler: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "core.Person", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    handler_id: int | None
    lead_unit: fields.ForeignKeyNullableRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    """The participant that leads, where it is in the registry."""
    lead_unit_id: int | None
    due_on = fields.DateField(null=True)
    due_basis = fields.CharEnumField(DayBasis, max_length=16, null=True)
    """In which days the period was given; null: the day itself was given."""
    due_days = fields.IntField(null=True)
    overdue_recorded_on = fields.DateField(null=True)
    """When the job said so; null again after a new deadline."""
    exists_since = fields.DateField(null=True)
    """Since when the problem is known, where that is before it was received."""
    received_at = InstantField()
    opened_at = InstantField(null=True)
    opened_on = fields.DateField(null=True)
    settled_at = InstantField(null=True)
    settlements = fields.IntField(default=0)
    """How often it was settled; a return visit says which settlement it judges."""
    disclosed_at = InstantField(null=True)
    closed_at = InstantField(null=True)
    ended_on = fields.DateField(null=True)
    """Day on which it was solved, settled, rejected or merged; null while it is unsettled."""
    result = fields.TextField(default="")
    planned_cost = fields.DecimalField(max_digits=14, decimal_places=2, null=True)
    actual_cost = fields.DecimalField(max_digits=14, decimal_places=2, null=True)
    affected_households = fields.IntField(null=True)
    recurrence_count = fields.IntField(default=0)
    merged_into: fields.ForeignKeyNullableRelation[Issue] = fields.ForeignKeyField(
        "ledger.Issue", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    merged_into_id: int | None
    synthetic = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    created_at = InstantField(auto_now_add=True)
    updated_at = InstantField(auto_now=True)

    class Meta(Model.Meta):
        app = "ledger"
        table = "ledger_issue"
        indexes = (
            Index(fields=("organization_id", "received_at", "id"), name="ledger_issue_org"),
            Index(fields=("org_path", "id"), name="ledger_issue_path"),
            Index(fields=("area_id", "received_at", "id"), name="ledger_issue_area"),
            Index(fields=("area_path", "id"), name="ledger_issue_area_path"),
            Index(fields=("state", "org_path", "due_on"), name="ledger_issue_state"),
            Index(fields=("severity", "state", "org_path"), name="ledger_issue_severity"),
            Index(fields=("category", "org_path"), name="ledger_issue_category"),
            Index(fields=("source", "org_path"), name="ledger_issue_source"),
            Index(fields=("source_type", "source_id"), name="ledger_issue_origin"),
            Index(fields=("collector_id", "id"), name="ledger_issue_collector"),
            Index(fields=("handler_id", "id"), name="ledger_issue_handler"),
            Index(fields=("reporter_id",), name="ledger_issue_reporter"),
            Index(fields=("due_on", "org_path"), name="ledger_issue_due"),
            Index(fields=("received_at", "org_path"), name="ledger_issue_received"),
            Index(fields=("opened_on", "org_path"), name="ledger_issue_opened"),
            Index(fields=("ended_on", "org_path"), name="ledger_issue_ended"),
            Index(fields=("disclosed_at", "org_path"), name="ledger_issue_disclosed"),
            Index(fields=("closed_at", "org_path"), name="ledger_issue_closed"),
            Index(fields=("recurrence_count", "id"), name="ledger_issue_recurring"),
            Index(fields=("merged_into_id",), name="ledger_issue_merged"),
        )


IssueKey: TypeAlias = Annotated[int, Key(Issue)]


class IssueTransition(TransitionRecord):
    """One step of an issue (V30)."""

    subject: fields.ForeignKeyRelation[Issue] = fields.ForeignKeyField(
        "ledger.Issue", related_name=False, on_delete=fields.CASCADE
    )
    subject_id: int

    class Meta(Model.Meta):
        app = "ledger"
        table = "ledger_issue_transition"
        indexes = (Index(fields=("subject_id", "id"), name="ledger_transition_issue"),)


class IssueParticipant(Model):
    """A unit that takes part in an issue; one that is in the registry, or by its name."""

    id = fields.BigIntField(primary_key=True)
    issue: fields.ForeignKeyRelation[Issue] = fields.ForeignKeyField(
        "ledger.Issue", related_name=False, on_delete=fields.CASCADE
    )
    issue_id: int
    organization: fields.ForeignKeyNullableRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    organization_id: int | None
    name = fields.CharField(max_length=200, default="")
    role = fields.CharEnumField(ParticipantRole, max_length=16, default=ParticipantRole.PARTNER)

    class Meta(Model.Meta):
        app = "ledger"
        table = "ledger_participant"
        indexes = (
            Index(fields=("issue_id", "id"), name="ledger_participant_issue"),
            Index(fields=("organization_id", "id"), name="ledger_participant_org"),
        )


ParticipantKey: TypeAlias = Annotated[int, Key(IssueParticipant)]


class IssueMeasure(Model):
    """Something done about an issue: 源头治理, 行政执法, 约访谈话 and whatever else."""

    id = fields.BigIntField(primary_key=True)
    issue: fields.ForeignKeyRelation[Issue] = fields.ForeignKeyField(
        "ledger.Issue", related_name=False, on_delete=fields.CASCADE
    )
    issue_id: int
    kind = fields.CharField(max_length=64)
    """Code list ``issue_measure``."""
    unit: fields.ForeignKeyNullableRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    unit_id: int | None
    unit_name = fields.CharField(max_length=200, default="")
    done_on = fields.DateField(null=True)
    text = fields.TextField(default="")
    sites = fields.CharField(max_length=500, default="")
    """Where, as in the source: 新海1连、2连、5连."""
    households = fields.IntField(null=True)
    planned_cost = fields.DecimalField(max_digits=14, decimal_places=2, null=True)
    actual_cost = fields.DecimalField(max_digits=14, decimal_places=2, null=True)
    version = fields.IntField(default=1)

    class Meta(Model.Meta):
        app = "ledger"
        table = "ledger_measure"
        indexes = (
            Index(fields=("issue_id", "id"), name="ledger_measure_issue"),
            Index(fields=("unit_id",), name="ledger_measure_unit"),
        )


MeasureKey: TypeAlias = Annotated[int, Key(IssueMeasure)]


class ReturnVisit(Model):
    """A return visit 回访 after an issue was settled: is who reported it satisfied?

    It belongs where its issue does, so that visits of a period are counted without the issues.
    """

    id = fields.BigIntField(primary_key=True)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.RESTRICT
    )
    organization_id: int
    org_path = PathField()
    issue: fields.ForeignKeyRelation[Issue] = fields.ForeignKeyField(
        "ledger.Issue", related_name=False, on_delete=fields.CASCADE
    )
    issue_id: int
    settlement = fields.IntField()
    """The settlement that it judges, see ``Issue.settlements``."""
    visitor: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "core.Person", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    visitor_id: int | None
    visited_at = InstantField()
    visited_on = fields.DateField()
    at_home = fields.BooleanField(default=True)
    satisfaction = fields.CharEnumField(Satisfaction, max_length=16)
    note = fields.TextField(default="")
    override_reason = fields.CharField(max_length=500, default="")
    """Why someone else than the collector visited, or not at home."""

    class Meta(Model.Meta):
        app = "ledger"
        table = "ledger_return_visit"
        indexes = (
            Index(fields=("issue_id", "visited_at", "id"), name="ledger_visit_issue"),
            Index(fields=("visited_on", "org_path"), name="ledger_visit_day"),
            Index(fields=("org_path", "id"), name="ledger_visit_path"),
            Index(fields=("organization_id",), name="ledger_visit_org"),
            Index(fields=("visitor_id",), name="ledger_visit_visitor"),
        )


class IssueRecurrence(Model):
    """The problem came back: 回潮, 死灰复燃."""

    id = fields.BigIntField(primary_key=True)
    issue: fields.ForeignKeyRelation[Issue] = fields.ForeignKeyField(
        "ledger.Issue", related_name=False, on_delete=fields.CASCADE
    )
    issue_id: int
    observed_on = fields.DateField()
    note = fields.TextField(default="")

    class Meta(Model.Meta):
        app = "ledger"
        table = "ledger_recurrence"
        indexes = (Index(fields=("issue_id", "observed_on", "id"), name="ledger_recurrence_issue"),)


class IssueReferral(Model):
    """An issue was handed to another organization, or raised to a higher level.

    It belongs to the organization that did so, which may no longer see the issue itself.
    """

    id = fields.BigIntField(primary_key=True)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.RESTRICT
    )
    organization_id: int
    org_path = PathField()
    issue: fields.ForeignKeyRelation[Issue] = fields.ForeignKeyField(
        "ledger.Issue", related_name=False, on_delete=fields.CASCADE
    )
    issue_id: int
    kind = fields.CharEnumField(ReferralKind, max_length=16)
    receiver: fields.ForeignKeyNullableRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    receiver_id: int | None
    from_level = fields.CharEnumField(ResolutionLevel, max_length=16)
    to_level = fields.CharEnumField(ResolutionLevel, max_length=16)
    refused_by = fields.CharField(max_length=200, default="")
    """The unit that declined to handle it."""
    reason = fields.TextField()
    occurred_at = InstantField()

    class Meta(Model.Meta):
        app = "ledger"
        table = "ledger_referral"
        indexes = (
            Index(fields=("organization_id", "occurred_at", "id"), name="ledger_referral_org"),
            Index(fields=("org_path", "id"), name="ledger_referral_path"),
            Index(fields=("issue_id", "id"), name="ledger_referral_issue"),
            Index(fields=("receiver_id",), name="ledger_referral_receiver"),
        )


class IssueSupervision(Model):
    """An issue was studied, dispatched or supervised (V21)."""

    id = fields.BigIntField(primary_key=True)
    issue: fields.ForeignKeyRelation[Issue] = fields.ForeignKeyField(
        "ledger.Issue", related_name=False, on_delete=fields.CASCADE
    )
    issue_id: int
    kind = fields.CharEnumField(AgendaKind, max_length=24)
    held_on = fields.DateField()
    note = fields.TextField(default="")

    class Meta(Model.Meta):
        app = "ledger"
        table = "ledger_supervision"
        indexes = (Index(fields=("issue_id", "kind", "held_on"), name="ledger_supervision_issue"),)


class IssueAttachment(Model):
    """A document or picture about an issue, by reference: the file itself is kept elsewhere."""

    id = fields.BigIntField(primary_key=True)
    issue: fields.ForeignKeyRelation[Issue] = fields.ForeignKeyField(
        "ledger.Issue", related_name=False, on_delete=fields.CASCADE
    )
    issue_id: int
    uri = fields.CharField(max_length=1000)
    title = fields.CharField(max_length=200)
    sha256 = fields.CharField(max_length=64, default="")
    """Of the file, in hexadecimal: shows whether it is still the same."""

    class Meta(Model.Meta):
        app = "ledger"
        table = "ledger_attachment"
        indexes = (Index(fields=("issue_id", "id"), name="ledger_attachment_issue"),)
