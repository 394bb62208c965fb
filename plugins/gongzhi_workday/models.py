"""Tables of the community work day."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from gongzhi.database.fields import InstantField, PathField
from gongzhi.registry.models import Area, Organization, Person
from gongzhi.writing import TransitionRecord
from gongzhi_publication.models import Publication
from gongzhi_workday.rules import (
    EmploymentCaseState,
    HalfDay,
    VisitKind,
    Weekday,
    WorkdayRole,
    WorkdaySessionState,
)


class WorkdayProgramme(Model):
    """When an organization holds the work day in the committees below it; one at a time."""

    id = fields.BigIntField(primary_key=True)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.RESTRICT
    )
    organization_id: int
    org_path = PathField()
    weekday = fields.CharEnumField(Weekday, max_length=16, default=Weekday.MONDAY)
    half_day = fields.CharEnumField(HalfDay, max_length=16, default=HalfDay.MORNING)
    starts_at = fields.CharField(max_length=5, default="")
    """Local time such as 09:00; empty: only the half day is laid down."""
    ends_at = fields.CharField(max_length=5, default="")
    starts_on = fields.DateField()
    ends_on = fields.DateField(null=True)
    """Last day; null while it goes on."""
    synthetic = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    updated_at = InstantField(auto_now=True)

    class Meta(Model.Meta):
        app = "workday"
        table = "workday_programme"
        unique_together = (("organization_id", "starts_on"),)
        indexes = (Index(fields=("org_path", "id"), name="workday_programme_path"),)


class LiaisonAssignment(Model):
    """联系: an official who keeps in touch with a residents' committee, for a span."""

    id = fields.BigIntField(primary_key=True)
    official: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "core.Person", related_name=False, on_delete=fields.RESTRICT
    )
    official_id: int
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.RESTRICT
    )
    organization_id: int
    org_path = PathField()
    is_area_lead = fields.BooleanField(default=False)
    """包片领导."""
    starts_on = fields.DateField()
    ends_on = fields.DateField(null=True)
    """Last day; null while it goes on."""
    synthetic = fields.BooleanField(default=False)

    class Meta(Model.Meta):
        app = "workday"
        table = "workday_liaison"
        indexes = (
            Index(fields=("organization_id", "official_id", "id"), name="workday_liaison_org"),
            Index(fields=("official_id", "id"), name="workday_liaison_official"),
            Index(fields=("org_path", "id"), name="workday_liaison_path"),
        )


class WorkdaySession(Model):
    """One half day in one committee."""

    id = fields.BigIntField(primary_key=True)
    programme: fields.ForeignKeyRelation[WorkdayProgramme] = fields.ForeignKeyField(
        "workday.WorkdayProgramme", related_name=False, on_delete=fields.RESTRICT
    )
    programme_id: int
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.RESTRICT
    )
    organization_id: int
    """The committee."""
    org_path = PathField()
    area: fields.ForeignKeyNullableRelation[Area] = fields.ForeignKeyField(
        "core.Area", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    """That of the committee when the session was planned."""
    area_id: int | None
    area_path = PathField(default="")
    day = fields.DateField()
    weekday = fields.CharEnumField(Weekday, max_length=16)
    """Of ``day``; kept so that sessions on another weekday can be asked for."""
    half_day = fields.CharEnumField(HalfDay, max_length=16)
    starts_at = fields.CharField(max_length=5, default="")
    ends_at = fields.CharField(max_length=5, default="")
    place = fields.CharField(max_length=200, default="")
    staff = fields.CharField(max_length=500, default="")
    """Who receives visitors, in the words of the notice."""
    exception_reason = fields.CharField(max_length=500, default="")
    """Why it is not on the programme's day."""
    state = fields.CharEnumField(
        WorkdaySessionState, max_length=24, default=WorkdaySessionState.PLANNED
    )
    occupies = fields.BooleanField(null=True, default=True)
    """True; null once cancelled or postponed, which leaves the half day to another session."""
    notice: fields.ForeignKeyNullableRelation[Publication] = fields.ForeignKeyField(
        "publication.Publication", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    notice_id: int | None
    without_notice_on = fields.DateField(null=True)
    """Day on which it was recorded that the notice is missing."""
    functions: fields.Field[list[str]] = fields.JSONField(default=list)
    """Codes of the list ``workday_function``."""
    summary = fields.TextField(default="")
    postponed_from: fields.ForeignKeyNullableRelation[WorkdaySession] = fields.ForeignKeyField(
        "workday.WorkdaySession", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    postponed_from_id: int | None
    synthetic = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    created_at = InstantField(auto_now_add=True)
    updated_at = InstantField(auto_now=True)

    class Meta(Model.Meta):
        app = "workday"
        table = "workday_session"
        unique_together = (("organization_id", "day", "half_day", "occupies"),)
        indexes = (
            Index(fields=("org_path", "day", "id"), name="workday_session_path"),
            Index(fields=("area_path", "day", "id"), name="workday_session_area_path"),
            Index(fields=("area_id", "id"), name="workday_session_area"),
            Index(fields=("day", "id"), name="workday_session_day"),
            Index(fields=("state", "day", "id"), name="workday_session_state"),
            Index(fields=("weekday", "day", "id"), name="workday_session_weekday"),
            Index(fields=("programme_id", "id"), name="workday_session_programme"),
            Index(fields=("postponed_from_id", "id"), name="workday_session_postponed"),
            Index(fields=("notice_id", "id"), name="workday_session_notice"),
        )


class WorkdaySessionTransition(TransitionRecord):
    """One step of a session."""

    subject: fields.ForeignKeyRelation[WorkdaySession] = fields.ForeignKeyField(
        "workday.WorkdaySession", related_name=False, on_delete=fields.CASCADE
    )
    subject_id: int

    class Meta(Model.Meta):
        app = "workday"
        table = "workday_session_transition"
        indexes = (Index(fields=("subject_id", "id"), name="workday_session_transition_of"),)


class WorkdaySessionMember(Model):
    """Who is in the team of a session."""

    id = fields.BigIntField(primary_key=True)
    session: fields.ForeignKeyRelation[WorkdaySession] = fields.ForeignKeyField(
        "workday.WorkdaySession", related_name=False, on_delete=fields.CASCADE
    )
    session_id: int
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "core.Person", related_name=False, on_delete=fields.RESTRICT
    )
    person_id: int
    role = fields.CharEnumField(WorkdayRole, max_length=16, default=WorkdayRole.MEMBER)
    attended = fields.BooleanField(null=True)
    """Null until the session is held."""

    class Meta(Model.Meta):
        app = "workday"
        table = "workday_session_member"
        unique_together = (("session_id", "person_id"),)
        indexes = (Index(fields=("person_id", "session_id"), name="workday_member_person"),)


class Campaign(Model):
    """A visiting campaign 大走访, such as 三百三问."""

    id = fields.BigIntField(primary_key=True)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.RESTRICT
    )
    organization_id: int
    org_path = PathField()
    name = fields.CharField(max_length=200)
    starts_on = fields.DateField()
    ends_on = fields.DateField(null=True)
    """Last day: the planned one, or the one on which it was ended."""
    target_households = fields.IntField(null=True)
    ended_at = InstantField(null=True)
    synthetic = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    updated_at = InstantField(auto_now=True)

    class Meta(Model.Meta):
        app = "workday"
        table = "workday_campaign"
        indexes = (
            Index(fields=("organization_id", "starts_on", "id"), name="workday_campaign_org"),
            Index(fields=("org_path", "id"), name="workday_campaign_path"),
            Index(fields=("starts_on", "id"), name="workday_campaign_starts"),
        )


class Visit(Model):
    """One visit: at home, by appointment, on a round, at a reception, or in return."""

    id = fields.BigIntField(primary_key=True)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.RESTRICT
    )
    organization_id: int
    """The committee in whose area it was."""
    org_path = PathField()
    session: fields.ForeignKeyNullableRelation[WorkdaySession] = fields.ForeignKeyField(
        "workday.WorkdaySession", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    session_id: int | None
    campaign: fields.ForeignKeyNullableRelation[Campaign] = fields.ForeignKeyField(
        "workday.Campaign", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    campaign_id: int | None
    kind = fields.CharEnumField(VisitKind, max_length=16)
    visitor: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "core.Person", related_name=False, on_delete=fields.RESTRICT
    )
    visitor_id: int
    visited: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "core.Person", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    visited_id: int | None
    visited_label = fields.CharField(max_length=100, default="")
    """Masked name, for who has no record."""
    area: fields.ForeignKeyNullableRelation[Area] = fields.ForeignKeyField(
        "core.Area", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    """Where it was, down to the building; never a door."""
    area_id: int | None
    visited_at = InstantField()
    households = fields.IntField(default=1)
    """How many it reached; several on a round."""
    needs = fields.IntField(default=0)
    """How many needs and opinions were collected."""
    findings = fields.TextField(default="")
    recorded_at = InstantField(auto_now_add=True)
    synthetic = fields.BooleanField(default=False)

    class Meta(Model.Meta):
        app = "workday"
        table = "workday_visit"
        indexes = (
            Index(fields=("organization_id", "visited_at", "id"), name="workday_visit_org"),
            Index(fields=("org_path", "id"), name="workday_visit_path"),
            Index(fields=("session_id", "id"), name="workday_visit_session"),
            Index(fields=("campaign_id", "id"), name="workday_visit_campaign"),
            Index(fields=("visitor_id", "visited_at", "id"), name="workday_visit_visitor"),
            Index(fields=("visited_id", "visited_at", "id"), name="workday_visit_visited"),
            Index(fields=("kind", "visited_at", "id"), name="workday_visit_kind"),
            Index(fields=("visited_at", "id"), name="workday_visit_at"),
        )


class EmploymentCase(Model):
    """Help for one person to find work, from the need to the post."""

    id = fields.BigIntField(primary_key=True)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "core.Organization", related_name=False, on_delete=fields.RESTRICT
    )
    organization_id: int
    org_path = PathField()
    subject: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "core.Person", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    """Who is helped."""
    subject_id: int | None
    subject_label = fields.CharField(max_length=100, default="")
    """Masked name, for who has no record."""
    session: fields.ForeignKeyNullableRelation[WorkdaySession] = fields.ForeignKeyField(
        "workday.WorkdaySession", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    session_id: int | None
    visit: fields.ForeignKeyNullableRelation[Visit] = fields.ForeignKeyField(
        "workday.Visit", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    """The visit on which the need was learned."""
    visit_id: int | None
    state = fields.CharEnumField(
        EmploymentCaseState, max_length=24, default=EmploymentCaseState.NEED_LEARNED
    )
    need = fields.TextField(default="")
    post = fields.CharField(max_length=200, default="")
    employer = fields.CharField(max_length=200, default="")
    plan = fields.TextField(default="")
    """The one-to-one plan 就促方案."""
    support = fields.TextField(default="")
    """What was arranged with the employer, such as a dormitory for night shifts."""
    employed_on = fields.DateField(null=True)
    synthetic = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    created_at = InstantField(auto_now_add=True)
    updated_at = InstantField(auto_now=True)

    class Meta(Model.Meta):
        app = "workday"
        table = "workday_employment_case"
        indexes = (
            Index(fields=("organization_id", "id"), name="workday_case_org"),
            Index(fields=("org_path", "id"), name="workday_case_path"),
            Index(fields=("state", "id"), name="workday_case_state"),
            Index(fields=("subject_id", "id"), name="workday_case_subject"),
            Index(fields=("session_id", "id"), name="workday_case_session"),
            Index(fields=("visit_id", "id"), name="workday_case_visit"),
        )


class EmploymentCaseTransition(TransitionRecord):
    """One step of a case."""

    subject: fields.ForeignKeyRelation[EmploymentCase] = fields.ForeignKeyField(
        "workday.EmploymentCase", related_name=False, on_delete=fields.CASCADE
    )
    subject_id: int

    class Meta(Model.Meta):
        app = "workday"
        table = "workday_employment_case_transition"
        indexes = (Index(fields=("subject_id", "id"), name="workday_case_transition_of"),)
