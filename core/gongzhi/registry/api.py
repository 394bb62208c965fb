"""GraphQL types of the registry. Thin: every field says where its value comes from."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from strawberry import ID

from gongzhi.access import models as access
from gongzhi.graph import (
    AS_OF,
    Argument,
    Code,
    Connection,
    Constant,
    Hashed,
    Node,
    Query,
    Scope,
    TallyRow,
    Through,
    closed,
    coded,
    column,
    described,
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

ACCESS_LABELS: Mapping[type[StrEnum], Mapping[StrEnum, tuple[str, str]]] = {
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

_WITHIN = Argument("within", ID | None, "某组织及其下级 · an organization and all below it")


@part
class QualifiedQuantity:
    """带限定的数量，如 50 余 · a figure that says how exact it is.

    value: 数值 · the figure
    unit: 单位 · its unit
    qualifier: 限定 · how exact it is
    """

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
    """地域：行政区划及更小的小区、网格、楼栋 · a territory, administrative or finer.

    code: 区划代码 · statistical division code, or a local extension of one
    name: 名称 · name
    kind: 类别 · kind
    parent: 上级地域 · the area above
    ancestors: 各级上级地域，自上而下 · all areas above, from the top down
    children: 直接下级地域 · the areas directly below
    descendants: 各级下级地域 · all areas below, at any depth
    organizations: 属地为本地域的组织 · organizations with exactly this area
    subtree_organizations: 本地域及下级内的组织 · organizations in the whole subtree
    households: 户数 · households
    population: 人口 · population
    synthetic: 虚构的示例 · invented for a demonstration
    """

    code: str
    name: str
    kind: Code = coded("area_kind")
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
    """组织，有隶属与属地两条边 · an organization with its superior and its area.

    code: 组织编码 · code
    name: 名称 · full name
    short_name: 简称 · short name
    kind: 类别 · kind
    level: 层级 · level
    superior: 上级组织（隶属） · the organization that it is subordinate to
    ancestors: 各级上级组织，自上而下 · all superiors, from the top down
    subordinates: 直接下级组织 · the organizations directly below
    descendants: 各级下级组织 · all organizations below, at any depth
    area: 所在地域（属地） · the area that it is in charge of, or stands in
    setup_mode: 组建方式 · set up by one unit or jointly
    coverage: 覆盖的单位 · the units that it was set up for
    covered_by: 覆盖本单位的党组织 · the Party organizations that cover this unit
    is_temporary: 临时党组织 · temporary
    purpose: 临时组建的目的 · why a temporary one was set up
    review_on: 届满或复核日期 · day on which a temporary one ends or is reviewed
    field: 党建领域 · field of Party building
    established_on: 成立日期 · day of establishment
    approved_by: 批准单位 · who approved it
    dissolved_on: 撤销日期 · day of dissolution
    status: 组织状态 · status
    phone: 联系电话（脱敏） · phone, masked
    external_ids: 外部系统编码 · its codes in other systems
    changes: 变更记录 · its history
    members: 本组织的党员 · members of exactly this organization
    subtree_members: 本组织及下级的党员 · members in the whole subtree
    appointments: 本组织的任职 · posts held in exactly this organization
    subtree_appointments: 本组织及下级的任职 · posts held in the whole subtree
    indicators: 指标 · stored figures
    member_count: 本组织及下级的党员数 · members in the whole subtree
    members_by_stage: 本组织及下级按发展阶段的人数 · people in the subtree by stage
    members_by_age: 本组织及下级党员按年龄段的人数 · members in the subtree by age band
    organization_count: 本组织及下级的组织数 · organizations in the subtree, itself included
    organizations_by_kind: 本组织及下级按类别的组织数 · organizations in the subtree by kind
    synthetic: 虚构的示例 · invented for a demonstration
    version: 版本号，每次修改加一 · raised by every change
    """

    code: str
    name: str
    short_name: str
    kind: Code = coded("organization_kind")
    level: Code = coded("organization_level")
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
    field: Code | None = coded("party_building_field")
    established_on: dt.date | None
    approved_by: str
    dissolved_on: dt.date | None
    status: OrganizationStatus
    phone: str | None = column("phone_masked")
    external_ids: "list[ExternalId]" = many("organization")
    changes: "Connection[OrganizationChange]" = many("organization", order=_PAGE_OF_HISTORY)
    members: "Connection[Member]" = many("branch")
    subtree_members: "Connection[Member]" = many(within="org_path")
    appointments: "Connection[Appointment]" = many("organization")
    subtree_appointments: "Connection[Appointment]" = many(within="org_path")
    indicators: "Connection[Indicator]" = many("organization")
    member_count: int = tally(
        "member.stage",
        bucket=Argument("stage", MembershipStage | None, "只计此阶段 · only this stage"),
    )
    members_by_stage: list[TallyRow] = tally("member.stage", split=True)
    members_by_age: list[TallyRow] = tally(
        "member.birth_year",
        split=True,
        band=registry_sql.age_band_of_year,
        arguments=(AS_OF,),
    )
    organization_count: int = tally(
        "organization.kind",
        bucket=Argument("kind", str | None, "只计此类别 · only this kind"),
    )
    organizations_by_kind: list[TallyRow] = tally("organization.kind", split=True)
    synthetic: bool
    version: int


@record(models.ExternalId, scope=Scope.of("organization"), read="core.organization.read")
class ExternalId:
    """外部系统编码 · the code of an organization in another system.

    system: 外部系统 · the other system
    code: 在该系统中的编码 · the code there
    """

    system: str
    code: str


@record(models.OrganizationChange, scope=Scope.of("organization"), read="core.organization.read")
class OrganizationChange:
    """组织变更记录 · what happened to an organization.

    kind: 变更类型 · what happened
    occurred_on: 发生日期 · when it happened
    recorded_at: 记录时间 · when it was recorded
    before: 变更前 · the value before
    after: 变更后 · the value after
    approved_by: 批准单位 · who approved it
    document: 文件依据 · the document that it rests on
    other: 涉及的另一组织 · the other organization, as in a merger
    """

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
    """人员，个人信息一律脱敏 · a person; personal values are masked.

    name: 姓名（脱敏） · name, masked
    id_number: 证件号码（脱敏） · ID number, masked
    mobile: 手机号（脱敏） · mobile number, masked
    gender: 性别 · gender
    age_band: 年龄段 · age band
    ethnic_group: 民族 · ethnic group
    education: 学历 · education
    employment_state: 就业状态 · employment
    work_unit: 工作单位 · where the person works
    residence_area: 居住地 · area of residence
    organization: 保管档案的组织 · the organization that keeps the record
    skills: 特长代码 · codes of skills
    hobbies: 爱好代码 · codes of hobbies
    memberships: 党籍 · memberships of the Party
    appointments: 任职 · posts that the person holds
    reveals: 明文查看记录 · when personal values were shown in full
    synthetic: 虚构的示例 · invented for a demonstration
    version: 版本号，每次修改加一 · raised by every change
    """

    name: str = column("name_masked")
    id_number: str | None = column("id_number_masked")
    mobile: str | None = column("mobile_masked")
    gender: Gender
    age_band: str = expression(
        lambda sql: registry_sql.age_band_of_year(sql, sql.column("birth_year")),
        arguments=(AS_OF,),
    )
    ethnic_group: Code | None = coded("ethnic_group")
    education: Code | None = coded("education")
    employment_state: EmploymentState
    work_unit: str
    residence_area: Area | None = one()
    organization: Organization | None = one()
    skills: list[str]
    hobbies: list[str]
    memberships: "list[Member]" = many("person")
    appointments: "list[Appointment]" = many("person")
    reveals: "Connection[Reveal]" = many("person")
    synthetic: bool
    version: int


@node(
    models.Member,
    scope=Scope.of("branch"),
    read="core.member.read",
    filters=("stage", "state", "contact_state", "branch"),
)
class Member(Node):
    """党员（含入党申请人至正式党员） · membership of a person in a Party branch.

    person: 本人 · the person
    name: 姓名（脱敏） · name, masked
    gender: 性别 · gender
    age_band: 年龄段 · age band
    mobile: 手机号（脱敏） · mobile number, masked
    branch: 所在党组织 · the Party organization
    stage: 发展阶段 · stage
    state: 党籍状态 · state of the membership
    contact_state: 联系状态 · whether there is contact
    joined_on: 入党日期 · day of admission
    full_member_on: 转正日期 · day of becoming a full member
    affiliation_since: 组织关系转入日期 · in this organization since
    last_contact_on: 最近联系日期 · day of the last contact
    last_attended_on: 最近参加活动日期 · day of the last attendance
    dues_paid_through: 党费交至 · dues are paid up to this day
    is_floating: 流动党员 · lives or works away from the branch
    events: 党籍变更记录 · decisions about the membership
    posts: 任职 · posts that the person holds
    synthetic: 虚构的示例 · invented for a demonstration
    version: 版本号，每次修改加一 · raised by every change
    """

    person: Person | None = one()
    name: str = column("person.name_masked")
    gender: Gender = column("person.gender")
    age_band: str = expression(
        lambda sql: registry_sql.age_band_of_year(sql, sql.column("person.birth_year")),
        arguments=(AS_OF,),
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


@record(models.MemberEvent, scope=Scope.along("member"), read=None)
class MemberEvent:
    """党籍变更记录 · a decision about a membership.

    kind: 事项 · what was decided
    occurred_on: 发生日期 · when it happened
    recorded_at: 记录时间 · when it was recorded
    before: 变更前 · the value before
    after: 变更后 · the value after
    decided_by: 决定单位 · who decided
    document: 文件依据 · the document that it rests on
    """

    kind: Code = coded("member_event_kind")
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
    """任职，含兼职与下派 · a post that a person holds in an organization.

    person: 任职人 · who holds the post
    person_name: 任职人姓名（脱敏） · name, masked
    organization: 任职组织 · where the post is held
    post: 职务 · the post
    is_concurrent: 兼职 · held beside another post, as by 兼职委员
    source: 来源 · from which circle the person comes
    basis: 任用方式 · how the person came to the post
    seconded_from: 下派单位 · the organization that sent the person
    home_organization: 本职单位 · where the person's main post is
    starts_on: 任职日期 · first day
    ends_on: 免职日期 · last day, absent while the post is held
    synthetic: 虚构的示例 · invented for a demonstration
    """

    person: Person | None = one()
    person_name: str = column("person.name_masked")
    organization: Organization | None = one()
    post: Code = coded("post")
    is_concurrent: bool
    source: Code | None = coded("appointment_source")
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
    """指标事实：原始材料中的数字及出处 · a stored figure with its source.

    code: 指标代码 · code of the indicator
    organization: 所属组织 · whose figure it is
    period: 期间 · the period that it describes
    quantity: 数值 · the figure
    source: 出处 · where it was published
    """

    code: str
    organization: Organization | None = one()
    period: str
    quantity: QualifiedQuantity = group(
        {"value": "value", "unit": "unit", "qualifier": "qualifier"}
    )
    source: str


@described()
class Register:
    """数据库（台账）目录中的一项 · one register: the eight databases, and those of plugins.

    code: 代码 · code
    label_zh: 中文名称 · Chinese label
    label_en: 英文名称 · English label
    plugin: 来源插件 · the plugin that contributes it
    origin: 最早的三个数据库之一 · one of the three that it began with
    count: 可见的条数 · visible rows
    """

    code: str
    label_zh: str
    label_en: str
    plugin: str
    origin: bool
    count: int


@record(models.Code, scope=Scope.everybody(), read=None)
class CodeListEntry:
    """代码表中的一项 · an entry of an open code list.

    list: 代码表 · name of the list
    code: 代码 · the code
    label_zh: 中文名称 · Chinese label
    label_en: 英文名称 · English label
    family: 分组 · group within the list
    level: 默认层级 · level that a row of this kind has by default
    active: 启用 · can still be chosen
    plugin: 来源插件 · the plugin that declares it
    """

    list: str
    code: str
    label_zh: str
    label_en: str
    family: str
    level: str
    active: bool
    plugin: str


@node(
    access.Account,
    scope=Scope(path="org_path", organization="organization", owner="id"),
    read="core.access.read",
    filters=("organization",),
)
class Account(Node):
    """账号，本人及账号管理员可见 · an account, seen by itself and by who looks after accounts.

    name: 账号名 · name
    kind: 账号类型 · a person's or a service's
    active: 启用 · may log in
    person: 使用账号的人 · the person whose account it is
    organization: 管理账号的组织 · whose security administrators look after it
    roles: 现有角色，仅本人可见 · roles in force, of one's own account only
    permissions: 现有权限，仅本人可见 · permissions that open anything, of one's own account only
    grants: 授权 · grants
    tokens: 令牌 · API tokens
    """

    name: str
    kind: access.AccountKind
    active: bool
    person: Person | None = one()
    organization: Organization | None = one()
    roles: list[str] | None = viewer_value(lambda viewer: list(viewer.roles), kind="json")
    permissions: list[str] | None = viewer_value(lambda viewer: sorted(viewer.scopes), kind="json")
    grants: "list[Grant]" = many("account")
    tokens: "list[Token]" = many("account")


@node(access.Grant, scope=Scope.along("account"), read=None)
class Grant(Node):
    """授权：角色及其范围 · a role on a part of the registry.

    role: 角色 · role
    edge: 沿隶属或属地 · along which edge it opens rows
    organization: 授权组织 · the organization that it stands on
    area: 授权地域 · the area that it stands on
    everything: 全部数据 · opens everything
    with_descendants: 含下级 · opens what is below too
    valid_from: 生效时间 · counts from this instant
    valid_to: 失效时间 · counts before this instant
    granted_by: 授权人账号 · name of the account that gave it
    """

    role: str
    edge: access.Edge
    organization: Organization | None = one()
    area: Area | None = one()
    everything: bool
    with_descendants: bool
    valid_from: dt.datetime | None
    valid_to: dt.datetime | None
    granted_by: str


@node(access.Token, scope=Scope.along("account"), read=None)
class Token(Node):
    """API 令牌，原文不保存 · an API token; its text is kept nowhere.

    label: 用途说明 · what it is for
    created_at: 签发时间 · when it was made
    expires_at: 到期时间 · when it ends by itself
    revoked_at: 吊销时间 · when it was revoked
    """

    label: str
    created_at: dt.datetime
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None


@record(access.Reveal, scope=Scope(path="org_path"), read="core.audit.read")
class Reveal:
    """个人信息明文查看记录 · personal values that were shown in full, to whom and what for.

    account: 查看账号 · name of the account that asked
    shown: 查看的字段，见 PersonField · which values, as in PersonField
    purpose: 用途 · purpose
    note: 说明 · what was written beside
    recorded_at: 查看时间 · when
    """

    account: str = column("account.name")
    shown: list[str]
    purpose: Code = coded("reveal_purpose")
    note: str
    recorded_at: dt.datetime


@record(models.Member, scope=Scope.of("branch"), read="core.member.read")
class LostContact:
    """疑似失联 · a member with whom contact seems lost, and why.

    member: 党员 · the member
    last_contact_on: 最近联系日期 · day of the last contact
    reason: 判定理由 · why contact seems lost
    """

    member: Member = itself()
    last_contact_on: dt.date | None
    reason: rules.LostReason = expression(registry_sql.lost_reason)


@record(models.Member, scope=Scope.of("branch"), read="core.member.read")
class VacantMembership:
    """疑似空挂 · a membership that seems vacant, and why.

    member: 党员 · the member
    reasons: 判定理由 · why the membership seems vacant
    """

    member: Member = itself()
    reasons: list[rules.VacantReason] = expression(registry_sql.vacant_reasons, kind="json")


@extends(Query)
class Queries:
    """Root fields of the core.

    node: 按全局编号取一个对象 · any node by its id
    nodes: 按全局编号取多个对象，次序与编号相同 · nodes in the order of the ids
    viewer: 当前账号；未登录为空 · the asking account, absent without a token
    account: 取一个账号 · one account
    accounts: 账号列表 · accounts
    organization: 取一个组织 · one organization
    organizations: 组织列表 · organizations
    area: 取一个地域 · one area
    areas: 地域列表 · areas
    person: 取一个人员 · one person
    people: 人员列表 · people
    member: 取一个党员 · one member
    members: 党员列表 · members
    appointment: 取一条任职 · one appointment
    appointments: 任职列表 · appointments
    indicators: 指标列表 · stored figures
    registers: 八个数据库及插件的台账 · the register catalogue
    codes: 一个代码表的启用项 · the active entries of a code list
    areas_without_party_organization: 没有党组织的小区、网格 · estates and grids without a
        Party organization
    suspected_lost_members: 疑似失联党员 · members with whom contact seems lost
    vacant_memberships: 疑似空挂党籍 · memberships that seem vacant
    """

    node: Node | None = node_by_id()
    nodes: list[Node | None] = node_by_id()
    viewer: Account | None = own()
    account: Account | None = lookup("name")
    accounts: Connection[Account] = many()
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
    registers: list[Register] = registers()
    codes: list[CodeListEntry] = many(
        arguments=(Argument("list", str, "代码表名称 · name of the list"),),
        condition=lambda sql, row: f"{row}.list = {sql.argument('list')} AND {row}.active",
        order=("sort", "id"),
        filters=False,
        limit=500,
    )
    areas_without_party_organization: Connection[Area] = many(
        arguments=(
            Argument("organization", ID, "在该组织属地内 · within this organization's area"),
            Argument("kinds", list[str] | None, "默认 ESTATE、GRID · kinds of areas to look at"),
        ),
        condition=registry_sql.without_party_organization,
        filters=False,
    )
    suspected_lost_members: Connection[LostContact] = many(
        arguments=(
            _WITHIN,
            AS_OF,
        ),
        condition=registry_sql.is_suspected_lost,
        order=("org_path", "id"),
        filters=False,
    )
    vacant_memberships: Connection[VacantMembership] = many(
        arguments=(
            _WITHIN,
            AS_OF,
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
    Token,
    Reveal,
    LostContact,
    VacantMembership,
    Queries,
)
"""Everything that the core contributes to the API."""
