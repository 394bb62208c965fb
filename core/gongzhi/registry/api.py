"""GraphQL types of the registry. Thin: every field says where its value comes from."""

import datetime as dt
from decimal import Decimal

import strawberry
from strawberry import ID

from gongzhi.access import models as access
from gongzhi.graph import (
    Argument,
    Code,
    Connection,
    Constant,
    Hashed,
    Node,
    Query,
    Scope,
    Sql,
    TallyRow,
    Through,
    closed,
    code,
    column,
    count,
    expression,
    extends,
    group,
    itself,
    lookup,
    many,
    node,
    node_by_id,
    one,
    own,
    part,
    record,
    registers,
    tally,
    viewer_value,
)
from gongzhi.registry import models, rules
from gongzhi.registry import sql as registry_sql
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
from gongzhi.registry.lists import ENUM_LABELS

ACCESS_LABELS = {
    access.AccountKind: {
        access.AccountKind.PERSON: ("个人账号", "a person's account"),
        access.AccountKind.SERVICE: ("服务账号", "a service account"),
    },
    access.Edge: {
        access.Edge.SUBORDINATION: ("隶属", "subordination"),
        access.Edge.TERRITORY: ("属地", "territory"),
    },
}

for _enum, _labels in {**ENUM_LABELS, **ACCESS_LABELS}.items():
    closed(_enum, _labels)

_PAGE_OF_HISTORY = ("occurred_on", "id")


@part
class QualifiedQuantity:
    """带限定的数量，如 50 余 · a figure that says how exact it is."""

    value: Decimal
    unit: str
    qualifier: Qualifier


@node(
    models.Area,
    scope=Scope.everybody(),
    read=None,
    filters=("code", "name", "kind", "parent"),
    orders=("code", "name"),
)
class Area(Node):
    """地域：行政区划及更小的小区、网格、楼栋 · a territory, administrative or finer."""

    code: str
    name: str
    kind: Code = code("area_kind")
    parent: "Area | None" = one()
    ancestors: "list[Area]" = many(ancestors=True)
    children: "Connection[Area]" = many("parent", order=("code",))
    descendants: "Connection[Area]" = many(within="path")
    organizations: "Connection[Organization]" = many("area")
    subtree_organizations: "Connection[Organization]" = many(within="area_path")
    households: int | None
    population: QualifiedQuantity | None = group(
        {"value": "population", "unit": Constant("人"), "qualifier": "population_qualifier"}
    )
    synthetic: bool


@node(
    models.Organization,
    scope=Scope.itself(),
    read="core.organization.read",
    filters=("code", "name", "kind", "level", "superior", "area"),
    orders=("code", "name"),
)
class Organization(Node):
    """组织，有隶属与属地两条边 · an organization with its superior and its area."""

    code: str
    name: str
    short_name: str
    kind: Code = code("organization_kind")
    level: Code = code("organization_level")
    superior: "Organization | None" = one()
    ancestors: "list[Organization]" = many(ancestors=True)
    subordinates: "Connection[Organization]" = many("superior", order=("path",))
    descendants: "Connection[Organization]" = many(within="path")
    area: Area | None = one()
    setup_mode: SetupMode
    coverage: "list[Organization]" = many("branch", model=models.Coverage, to="unit")
    covered_by: "list[Organization]" = many("unit", model=models.Coverage, to="branch")
    is_temporary: bool
    purpose: str
    review_on: dt.date | None
    field: Code | None = code("party_building_field")
    established_on: dt.date | None
    approved_by: str
    dissolved_on: dt.date | None
    status: OrganizationStatus
    phone: str | None = column("phone_masked", description="联系电话（脱敏） · phone, masked")
    external_ids: "list[ExternalId]" = many("organization")
    changes: "Connection[OrganizationChange]" = many("organization", order=_PAGE_OF_HISTORY)
    members: "Connection[Member]" = many("branch")
    subtree_members: "Connection[Member]" = many(within="org_path")
    appointments: "Connection[Appointment]" = many("organization")
    subtree_appointments: "Connection[Appointment]" = many(within="org_path")
    indicators: "Connection[Indicator]" = many("organization")
    member_count: int = tally(
        "member.stage",
        bucket=Argument("stage", MembershipStage | None),
        description="本组织及下级的党员数 · members in the whole subtree",
    )
    members_by_stage: list[TallyRow] = tally("member.stage", split=True)
    members_by_age: list[TallyRow] = tally(
        "member.birth_year",
        split=True,
        band=registry_sql.age_band_of_year,
        arguments=(Argument("as_of", dt.date | None),),
        description="按年龄段 · full and probationary members by age band",
    )
    organization_count: int = tally(
        "organization.kind",
        bucket=Argument("kind", str | None),
        description="本组织及下级的组织数 · organizations in the subtree, itself included",
    )
    organizations_by_kind: list[TallyRow] = tally("organization.kind", split=True)
    synthetic: bool
    version: int


@record(models.ExternalId, scope=Scope.of("organization"), read="core.organization.read")
class ExternalId:
    """外部系统编码 · the code of an organization in another system."""

    system: str
    code: str


@record(models.OrganizationChange, scope=Scope.of("organization"), read="core.organization.read")
class OrganizationChange:
    """组织变更记录 · what happened to an organization."""

    kind: ChangeKind
    occurred_on: dt.date
    recorded_at: dt.datetime
    before: str
    after: str
    approved_by: str
    document: str
    other: Organization | None = one()


@node(
    models.Person,
    scope=Scope.of("organization", through=(Through(models.Appointment, "person"),)),
    read="core.person.read",
    filters=("organization",),
    hashed={
        "name": Hashed("name_hash", "core.person.lookup"),
        "mobile": Hashed("mobile_hash", "core.person.lookup"),
        "id_number": Hashed("id_number_hash", "core.person.lookup"),
    },
)
class Person(Node):
    """人员，个人信息一律脱敏 · a person; personal values are masked."""

    name: str = column("name_masked")
    id_number: str | None = column("id_number_masked")
    mobile: str | None = column("mobile_masked")
    gender: Gender
    age_band: str = expression(
        lambda sql: registry_sql.age_band_of_year(sql, sql.column("birth_year")),
        arguments=(Argument("as_of", dt.date | None),),
    )
    ethnic_group: Code | None = code("ethnic_group")
    education: Code | None = code("education")
    employment_state: EmploymentState
    work_unit: str
    residence_area: Area | None = one()
    organization: Organization | None = one()
    skills: list[str]
    hobbies: list[str]
    memberships: "list[Member]" = many("person")
    appointments: "list[Appointment]" = many("person")
    synthetic: bool


@node(
    models.Member,
    scope=Scope.of("branch"),
    read="core.member.read",
    filters=("stage", "state", "contact_state", "branch"),
)
class Member(Node):
    """党员（含入党申请人至正式党员） · membership of a person in a Party branch."""

    person: Person | None = one()
    name: str = column("person.name_masked", description="姓名（脱敏） · name, masked")
    gender: Gender = column("person.gender")
    age_band: str = expression(
        lambda sql: registry_sql.age_band_of_year(sql, sql.column("person.birth_year")),
        arguments=(Argument("as_of", dt.date | None),),
    )
    mobile: str | None = column("person.mobile_masked")
    branch: Organization | None = one()
    stage: MembershipStage
    state: MembershipState
    contact_state: ContactState
    joined_on: dt.date | None
    full_member_on: dt.date | None
    affiliation_since: dt.date | None
    last_contact_on: dt.date | None
    last_attended_on: dt.date | None
    dues_paid_through: dt.date | None
    is_floating: bool
    events: "Connection[MemberEvent]" = many("member", order=_PAGE_OF_HISTORY)
    posts: "list[Appointment]" = many("person", local="person_id")
    synthetic: bool
    version: int


@record(models.MemberEvent, scope=Scope(path="org_path"), read="core.member.read")
class MemberEvent:
    """党籍变更记录 · a decision about a membership."""

    kind: Code = code("member_event_kind")
    occurred_on: dt.date
    recorded_at: dt.datetime
    before: str
    after: str
    decided_by: str
    document: str


@node(
    models.Appointment,
    scope=Scope.of("organization"),
    read="core.appointment.read",
    filters=("post", "organization", "person"),
)
class Appointment(Node):
    """任职，含兼职与下派 · a post that a person holds in an organization."""

    person: Person | None = one()
    person_name: str = column("person.name_masked", description="姓名（脱敏） · name, masked")
    organization: Organization | None = one()
    post: Code = code("post")
    is_concurrent: bool
    source: Code | None = code("appointment_source")
    basis: AppointmentBasis | None
    seconded_from: Organization | None = one()
    home_organization: Organization | None = one()
    starts_on: dt.date | None
    ends_on: dt.date | None
    synthetic: bool


@node(
    models.Indicator,
    scope=Scope(path="org_path", organization="organization"),
    read="core.indicator.read",
    filters=("code", "organization"),
)
class Indicator(Node):
    """指标事实：原始材料中的数字及出处 · a stored figure with its source."""

    code: str
    organization: Organization | None = one()
    period: str
    quantity: QualifiedQuantity = group({"value": "value", "unit": "unit", "qualifier": "qualifier"})
    source: str


@strawberry.type(description="数据库（台账）目录中的一项 · one register of the catalogue")
class Register:
    """One register: 长宁区's eight databases, and those of plugins."""

    code: str
    label_zh: str
    label_en: str
    plugin: str
    origin: bool
    count: int


@record(models.Code, scope=Scope.everybody(), read=None)
class CodeListEntry:
    """代码表中的一项 · an entry of an open code list."""

    list: str
    code: str
    label_zh: str
    label_en: str
    family: str
    level: str
    active: bool
    plugin: str


@node(access.Account, scope=Scope.own("id"), read=None)
class Account(Node):
    """账号 · the account that is asking."""

    name: str
    kind: access.AccountKind
    roles: list[str] = viewer_value(lambda viewer: list(viewer.roles), kind="json")
    permissions: list[str] = viewer_value(lambda viewer: sorted(viewer.scopes), kind="json")
    grants: "list[Grant]" = many("account")


@record(access.Grant, scope=Scope.own("account_id"), read=None)
class Grant:
    """授权：角色及其范围 · a role on a part of the registry."""

    role: str
    edge: access.Edge
    organization: Organization | None = one()
    area: Area | None = one()
    everything: bool
    with_descendants: bool
    valid_from: dt.datetime | None
    valid_to: dt.datetime | None


@record(models.Member, scope=Scope.of("branch"), read="core.member.read")
class LostContact:
    """疑似失联 · a member with whom contact seems lost, and why."""

    member: Member = itself()
    last_contact_on: dt.date | None
    reason: rules.LostReason = expression(registry_sql.lost_reason)


@record(models.Member, scope=Scope.of("branch"), read="core.member.read")
class VacantMembership:
    """疑似空挂 · a membership that seems vacant, and why."""

    member: Member = itself()
    reasons: list[rules.VacantReason] = expression(registry_sql.vacant_reasons, kind="json")


@extends(Query)
class Queries:
    """Root fields of the core."""

    node: Node | None = node_by_id(description="按全局编号取一个对象 · any node by its id")
    nodes: list[Node | None] = node_by_id(description="按全局编号取多个对象 · nodes, in this order")
    viewer: Account | None = own(description="当前账号；未登录为空 · the asking account")
    organization: Organization | None = lookup("code")
    organizations: Connection[Organization] = many()
    area: Area | None = lookup("code")
    areas: Connection[Area] = many()
    person: Person | None = lookup()
    people: Connection[Person] = many()
    member: Member | None = lookup()
    members: Connection[Member] = many()
    appointment: Appointment | None = lookup()
    appointments: Connection[Appointment] = many()
    indicators: Connection[Indicator] = many()
    registers: list[Register] = registers(description="八个数据库及插件的台账 · the register catalogue")
    codes: list[CodeListEntry] = many(
        arguments=(Argument("list", str, "代码表名称 · name of the list"),),
        condition=lambda sql, row: f"{row}.list = {sql.argument('list')} AND {row}.active",
        order=("sort", "id"),
        filters=False,
        limit=500,
    )
    areas_without_party_organization: Connection[Area] = many(
        arguments=(
            Argument("organization", ID, "在该组织属地内查找 · within the area of this organization"),
            Argument("kinds", list[str] | None, "默认 ESTATE、GRID · kinds of areas to look at"),
        ),
        condition=registry_sql.without_party_organization,
        filters=False,
        description="没有党组织的小区、网格 · estates and grids without a Party organization",
    )
    suspected_lost_members: Connection[LostContact] = many(
        arguments=(
            Argument("within", ID | None, "某组织及其下级 · an organization and all below it"),
            Argument("as_of", dt.date | None),
        ),
        condition=registry_sql.is_suspected_lost,
        order=("org_path", "id"),
        filters=False,
    )
    vacant_memberships: Connection[VacantMembership] = many(
        arguments=(
            Argument("within", ID | None, "某组织及其下级 · an organization and all below it"),
            Argument("as_of", dt.date | None),
        ),
        condition=registry_sql.is_vacant,
        order=("org_path", "id"),
        filters=False,
    )


GRAPHQL: tuple[type, ...] = (
    Node,
    Area,
    Organization,
    ExternalId,
    OrganizationChange,
    Person,
    Member,
    MemberEvent,
    Appointment,
    Indicator,
    Register,
    CodeListEntry,
    Account,
    Grant,
    LostContact,
    VacantMembership,
    Queries,
)
"""Everything that the core contributes to the API."""
