"""GraphQL of the ledger. No annotations from the future: strawberry reads the real ones."""

import datetime as dt
from decimal import Decimal

from strawberry import ID

from gongzhi.calendar.rules import DAY_BASIS_LABELS, DayBasis
from gongzhi.graph import (
    AS_OF,
    Argument,
    Code,
    Connection,
    Mutation,
    Node,
    Query,
    Scope,
    Transition,
    abilities,
    can,
    closed,
    coded,
    column,
    expression,
    extends,
    group,
    itself,
    lookup,
    many,
    mutation,
    node,
    one,
    part,
    record,
)
from gongzhi.registry.api import Area, Organization, Person
from gongzhi.registry.models import Organization as OrganizationModel
from gongzhi_ledger import models, rules, service, sql
from gongzhi_ledger.rules import (
    MACHINE,
    AgendaKind,
    HandlingMode,
    IssueSeverity,
    IssueState,
    ParticipantRole,
    ReferralKind,
    ResolutionLevel,
    Satisfaction,
)
from gongzhi_publication.api import Publication

closed(IssueState, rules.STATE_LABELS)
closed(IssueSeverity, rules.SEVERITY_LABELS)
closed(HandlingMode, rules.MODE_LABELS)
closed(ResolutionLevel, rules.LEVEL_LABELS)
closed(ParticipantRole, rules.ROLE_LABELS)
closed(Satisfaction, rules.SATISFACTION_LABELS)
closed(AgendaKind, rules.AGENDA_LABELS)
closed(ReferralKind, rules.REFERRAL_LABELS)
closed(DayBasis, DAY_BASIS_LABELS)

_WITHIN = Argument("within", ID | None, "某组织及其下级 · an organization and all below it")
_PERIOD = (
    Argument("from", dt.date | None, "期间首日，默认不限 · first day, unbounded where absent"),
    Argument("to", dt.date | None, "期间末日，默认不限 · last day, unbounded where absent"),
)


@abilities(MACHINE)
class IssueViewerCan:
    """对该问题可办理的事项 · what the viewer may do with an issue."""


@part
class IssueDeadline:
    """办理期限 · by when an issue is to be settled.

    due_on: 期限日，当日办结不算逾期 · the last day in time
    basis: 期限天数的计算方式，直接指定日期的为空 · which days were counted, absent where the day
        was given
    days: 期限天数 · how many days were given
    """

    due_on: dt.date
    basis: DayBasis | None
    days: int | None


@node(
    models.Issue,
    scope=Scope.of("organization"),
    read=rules.READ,
    filters=(
        "number",
        "state",
        "severity",
        "category",
        "source",
        "organization",
        "area",
        "collector",
        "handler",
        "due_on",
        "received_at",
        "opened_on",
        "ended_on",
    ),
    orders=("number", "received_at"),
)
class Issue(Node):
    """问题：受理后当场解决，或建账办理 · a matter of the people, solved at once or in the ledger.

    number: 编号 · number
    organization: 建账的组织 · the organization that keeps the ledger
    area: 所在地域 · area
    title: 标题 · title
    description: 情况说明 · description
    source: 来源 · source
    source_ref: 来源对象的全局编号 · global id of what it came from
    category: 类别 · category
    severity: 问题等级 · severity
    handling_mode: 办理方式，建账前为空 · way of handling, absent before it is entered
    state: 台账状态 · state
    state_since: 进入当前状态的时间 · when its last step happened
    resolution_level: 解决层级 · the level at which it is handled or was solved
    collector: 意见收集人 · who collected the opinion, and visits again
    reporter: 反映人，仅有权者可见 · who reported it
    handler: 承办人 · who handles it
    lead_unit: 牵头单位（登记在册的） · the unit that leads, where it is in the registry
    participants: 参与单位 · units that take part
    measures: 处置措施 · measures
    deadline: 办理期限 · deadline, and how it was given
    due_on: 期限日，当日办结不算逾期 · the last day in time
    overdue: 逾期未办结，或办结时已逾期 · it is late, or was when it was settled
    exists_since: 问题存在的起始日期 · since when the problem is known, if before it was received
    years_open: 问题存在的整年数 · whole years from then to its end
    received_at: 受理时间 · when it was received
    opened_at: 建账时间 · when it was entered
    opened_on: 建账日期 · the day of that
    settled_at: 销账时间 · when it was settled
    disclosed_at: 晒账时间 · when its result was disclosed
    closed_at: 结账时间 · when it was closed
    ended_on: 办结日期（含当场解决、不予受理、合并） · day on which it was solved, settled, rejected
        or merged
    result: 处理结果 · result
    planned_cost: 计划投入（元） · planned cost in CNY
    actual_cost: 实际投入（元） · actual cost in CNY
    affected_households: 涉及户数 · households concerned
    return_visits: 回访 · return visits
    recurrences: 回潮 · when it came back
    recurrence_count: 回潮次数 · how often it came back
    supervisions: 研判、调度、督办记录 · when it was studied, dispatched or supervised
    referrals: 转办和上报记录 · when it was handed on or raised
    attachments: 材料 · documents and pictures
    publications: 公示，新的在前 · what was published about it, new first
    merged_into: 并入的问题 · the issue that it was merged into
    duplicates: 并入本问题的重复问题 · the issues that were merged into it
    transitions: 流转记录 · its steps
    viewer_can: 当前用户可办理的事项 · what the viewer may do now
    synthetic: 虚构的示例 · invented for a demonstration
    version: 版本号，每次修改加一 · raised by every change
    """

    number: str
    organization: Organization | None = one()
    area: Area | None = one()
    title: str
    description: str
    source: Code = coded("issue_source")
    source_ref: ID | None = expression(sql.origin)
    category: Code = coded("issue_category")
    severity: IssueSeverity
    handling_mode: HandlingMode | None
    state: IssueState
    state_since: dt.datetime
    resolution_level: ResolutionLevel
    collector: Person | None = one()
    reporter: Person | None = one()
    handler: Person | None = one()
    lead_unit: Organization | None = one()
    participants: "list[IssueParticipant]" = many("issue")
    measures: "list[IssueMeasure]" = many("issue")
    deadline: IssueDeadline | None = group(
        {"due_on": "due_on", "basis": "due_basis", "days": "due_days"}
    )
    due_on: dt.date | None
    overdue: bool = expression(sql.is_overdue, arguments=(AS_OF,), kind="bool")
    exists_since: dt.date | None
    years_open: int = expression(sql.years_open, arguments=(AS_OF,), kind="int")
    received_at: dt.datetime
    opened_at: dt.datetime | None
    opened_on: dt.date | None
    settled_at: dt.datetime | None
    disclosed_at: dt.datetime | None
    closed_at: dt.datetime | None
    ended_on: dt.date | None
    result: str
    planned_cost: Decimal | None
    actual_cost: Decimal | None
    affected_households: int | None
    return_visits: "list[ReturnVisit]" = many("issue", order=("visited_at",))
    recurrences: "list[IssueRecurrence]" = many("issue", order=("observed_on",))
    recurrence_count: int
    supervisions: "list[IssueSupervision]" = many("issue", order=("held_on",))
    referrals: "list[IssueReferral]" = many("issue")
    attachments: "list[IssueAttachment]" = many("issue")
    publications: Connection[Publication] = many(
        "subject_id", where={"subject_type": "Issue"}, order=("listed_on",), descending=True
    )
    merged_into: "Issue | None" = one()
    duplicates: "Connection[Issue]" = many("merged_into", filters=False)
    transitions: "list[IssueTransition]" = many("subject")
    viewer_can: IssueViewerCan = can()
    synthetic: bool
    version: int


@record(models.IssueTransition, scope=Scope.along("subject"), read=None)
class IssueTransition(Transition):
    """问题的一次流转 · one step of an issue."""


@node(models.IssueParticipant, scope=Scope.along("issue"), read=None)
class IssueParticipant(Node):
    """参与单位 · a unit that takes part in an issue.

    organization: 登记在册的组织 · the unit, where it is in the registry
    name: 单位名称 · its name
    role: 牵头或协同 · leads or takes part
    """

    organization: Organization | None = one()
    name: str
    role: ParticipantRole


@node(models.IssueMeasure, scope=Scope.along("issue"), read=None)
class IssueMeasure(Node):
    """处置措施 · something done about an issue.

    kind: 措施类别 · kind
    unit: 实施单位（登记在册的） · who took it, where in the registry
    unit_name: 实施单位名称 · who took it, by name
    done_on: 实施日期，计划中的为空 · day on which it was taken, absent while it is planned
    text: 说明 · what is done
    sites: 涉及地点 · where
    households: 受益户数 · households that it reaches
    planned_cost: 计划投入（元） · planned cost in CNY
    actual_cost: 实际投入（元） · actual cost in CNY
    version: 版本号，每次修改加一 · raised by every change
    """

    kind: Code = coded("issue_measure")
    unit: Organization | None = one()
    unit_name: str
    done_on: dt.date | None
    text: str
    sites: str
    households: int | None
    planned_cost: Decimal | None
    actual_cost: Decimal | None
    version: int


@record(models.ReturnVisit, scope=Scope.along("issue"), read=None)
class ReturnVisit:
    """回访 · a return visit: is who reported it satisfied with the result?

    settlement: 所评价的销账次序 · which settlement it judges, counted from 1
    visitor: 回访人 · who visited
    visited_at: 回访时间 · when
    at_home: 在群众家中 · at the person's home
    satisfaction: 是否满意 · what was found
    note: 回访情况 · what was said
    override_reason: 由他人回访或未上门的原因 · why someone else visited, or not at home
    """

    settlement: int
    visitor: Person | None = one()
    visited_at: dt.datetime
    at_home: bool
    satisfaction: Satisfaction
    note: str
    override_reason: str


@record(models.IssueRecurrence, scope=Scope.along("issue"), read=None)
class IssueRecurrence:
    """回潮 · the problem came back.

    observed_on: 发现日期 · the day on which it was seen
    note: 情况 · what was seen
    """

    observed_on: dt.date
    note: str


@record(models.IssueSupervision, scope=Scope.along("issue"), read=None)
class IssueSupervision:
    """研判、调度或督办记录 · an issue was studied, dispatched or supervised.

    kind: 议程 · which agenda
    held_on: 日期 · the day
    note: 意见 · what was decided
    """

    kind: AgendaKind
    held_on: dt.date
    note: str


@node(models.IssueReferral, scope=Scope.of("organization"), read=rules.READ)
class IssueReferral(Node):
    """转办或上报 · an issue was handed on or raised; seen by those who keep the ledger it left.

    kind: 流转类型 · handed on, or raised
    organization: 转出的组织 · the organization that did it
    issue: 问题，已不可见的为空 · the issue, absent where it is no longer seen
    issue_number: 问题编号 · its number
    issue_title: 问题标题 · its title
    issue_state: 问题现状 · its state now
    receiver: 接收的组织 · who got it
    receiver_name: 接收的组织名称 · the name of that, also where it is not seen
    from_level: 原层级 · level before
    to_level: 新层级 · level after
    refused_by: 推诿或无权办理的单位 · the unit that declined to handle it
    reason: 原因 · why
    occurred_at: 时间 · when
    """

    kind: ReferralKind
    organization: Organization | None = one()
    issue: Issue | None = one()
    issue_number: str = column("issue.number")
    issue_title: str = column("issue.title")
    issue_state: IssueState = column("issue.state")
    receiver: Organization | None = one()
    receiver_name: str | None = column("receiver.name")
    from_level: ResolutionLevel
    to_level: ResolutionLevel
    refused_by: str
    reason: str
    occurred_at: dt.datetime


@record(models.IssueAttachment, scope=Scope.along("issue"), read=None)
class IssueAttachment:
    """材料（只记引用） · a document or picture, by reference.

    uri: 地址或档案号 · where it is kept
    title: 名称 · title
    sha256: 文件的 SHA-256 · SHA-256 of the file
    """

    uri: str
    title: str
    sha256: str


@record(OrganizationModel, scope=Scope.itself(), read="core.organization.read")
class IssueFigures:
    """某组织及其下级的台账数字，只计可见的问题 · figures of a subtree, of what is visible.

    received: 期间受理 · received in the period
    opened: 期间建账 · entered in the period
    solved_on_spot: 期间当场解决 · solved on the spot in the period
    settled: 期间销账且至今有效 · settled in the period and still so
    disclosed: 期间晒账 · disclosed in the period
    closed: 期间结账 · closed in the period
    open: 现有未销账，不论期间 · unsettled now, whatever the period
    overdue: 其中今日已逾期 · late today among these
    response_rate: 响应率：期间受理的，已着手的比例 · of those received, those since taken up
    settlement_rate: 解决率：期间建账的，已销账的比例 · of those entered, those since settled
    satisfaction_rate: 满意率：期间回访中满意的比例 · of the return visits, those that found
        satisfaction
    solved_at_community_share: 期间解决的，在社区层级解决的比例 · of those solved, those at the
        level of the community
    median_days_to_settle: 期间销账的，建账至销账天数的中位数 · median of the calendar days from
        entry to settlement
    """

    received: int = expression(sql.received, kind="int", counts=True)
    opened: int = expression(sql.opened, kind="int", counts=True)
    solved_on_spot: int = expression(sql.solved_on_spot, kind="int", counts=True)
    settled: int = expression(sql.settled, kind="int", counts=True)
    disclosed: int = expression(sql.disclosed, kind="int", counts=True)
    closed: int = expression(sql.closed, kind="int", counts=True)
    open: int = expression(sql.open_now, kind="int", counts=True)
    overdue: int = expression(sql.overdue_now, kind="int", counts=True)
    response_rate: Decimal | None = expression(sql.response_rate, counts=True)
    settlement_rate: Decimal | None = expression(sql.settlement_rate, counts=True)
    satisfaction_rate: Decimal | None = expression(sql.satisfaction_rate, counts=True)
    solved_at_community_share: Decimal | None = expression(
        sql.solved_at_community_share, counts=True
    )
    median_days_to_settle: Decimal | None = expression(sql.median_days_to_settle, counts=True)


@extends(Organization)
class OrganizationAdditions:
    """Fields of every organization.

    issues: 本组织的问题，新的在前 · issues of exactly this organization, new first
    subtree_issues: 本组织及下级的问题 · issues of the whole subtree
    issue_referrals: 本组织转出和上报的问题，新的在前 · what it handed on or raised, new first
    issue_figures: 本组织及下级的台账数字 · figures of the whole subtree
    """

    issues: Connection[Issue] = many("organization", order=("received_at",), descending=True)
    subtree_issues: Connection[Issue] = many(within="org_path")
    issue_referrals: Connection[IssueReferral] = many(
        "organization", order=("occurred_at",), descending=True
    )
    issue_figures: IssueFigures = itself(arguments=_PERIOD)


@extends(Area)
class AreaAdditions:
    """Fields of every area.

    issues: 本地域的问题，新的在前 · issues of exactly this area, new first
    subtree_issues: 本地域及下级的问题 · issues of the whole subtree
    """

    issues: Connection[Issue] = many("area", order=("received_at",), descending=True)
    subtree_issues: Connection[Issue] = many(within="area_path")


@extends(Query)
class Queries:
    """Root fields.

    issue: 取一个问题 · one issue
    issues: 问题列表 · issues
    issue_agenda: 研判、调度、督办的议程，依问题等级自动汇集 · the agenda that collects itself:
        unsettled issues by their severity
    issues_overdue: 逾期未销账的问题 · issues of a ledger that are late
    issues_settled_not_disclosed: 已销账未晒账的问题 · settled, and not disclosed
    issues_recurring: 多次回潮的问题，次数多的在前 · issues that came back, the most frequent first
    """

    issue: Issue | None = lookup("number")
    issues: Connection[Issue] = many()
    issue_agenda: Connection[Issue] = many(
        arguments=(
            Argument("kind", AgendaKind, "哪一种议程 · which agenda"),
            _WITHIN,
            AS_OF,
            Argument(
                "pending",
                bool | None,
                "只列当月、当周尚未研判或调度的，或从未督办的 · only what has not come up this "
                "month or week, or was never supervised",
            ),
        ),
        condition=sql.on_agenda,
        filters=False,
    )
    issues_overdue: Connection[Issue] = many(
        arguments=(_WITHIN, AS_OF), condition=sql.overdue, filters=False
    )
    issues_settled_not_disclosed: Connection[Issue] = many(
        arguments=(_WITHIN,), condition=sql.settled_not_disclosed, filters=False
    )
    issues_recurring: Connection[Issue] = many(
        arguments=(
            _WITHIN,
            Argument("at_least", int, "至少回潮几次 · how often at least", 2),
        ),
        condition=sql.recurring,
        order=("recurrence_count",),
        descending=True,
        filters=False,
    )


@extends(Mutation)
class Mutations:
    """Root mutations."""

    issue_receive = mutation(service.receive_issue, Issue, rules.RECEIVE)
    issue_open = mutation(service.open_issue, Issue, rules.ENTER)
    issue_enter = mutation(service.enter_issue, Issue, rules.ENTER)
    issue_solve_on_spot = mutation(service.solve_on_spot, Issue, rules.HANDLE)
    issue_solve = mutation(service.solve_received, Issue, rules.HANDLE)
    issue_handle = mutation(service.handle, Issue, rules.HANDLE)
    issue_settle = mutation(service.settle, Issue, rules.HANDLE)
    issue_disclose = mutation(service.disclose, Issue, rules.CLOSE)
    issue_visit = mutation(service.record_return_visit, Issue, rules.VISIT)
    issue_close = mutation(service.close, Issue, rules.CLOSE)
    issue_reopen = mutation(service.reopen, Issue, rules.CLOSE)
    issue_reject = mutation(service.reject, Issue, rules.ENTER)
    issue_merge = mutation(service.merge, Issue, rules.ENTER)
    issue_transfer = mutation(service.transfer, IssueReferral, rules.ENTER)
    issue_escalate = mutation(service.escalate, Issue, rules.ENTER)
    issue_change = mutation(service.change, Issue, rules.HANDLE)
    issue_add_participant = mutation(service.add_participant, Issue, rules.HANDLE)
    issue_remove_participant = mutation(service.remove_participant, Issue, rules.HANDLE)
    issue_add_measure = mutation(service.add_measure, IssueMeasure, rules.HANDLE)
    issue_change_measure = mutation(service.change_measure, IssueMeasure, rules.HANDLE)
    issue_recur = mutation(service.record_recurrence, Issue, rules.HANDLE)
    issue_supervise = mutation(service.supervise, Issue, rules.SUPERVISE)
    issue_attach = mutation(service.attach, Issue, rules.HANDLE)


GRAPHQL: tuple[type, ...] = (
    Issue,
    IssueDeadline,
    IssueViewerCan,
    IssueTransition,
    IssueParticipant,
    IssueMeasure,
    ReturnVisit,
    IssueRecurrence,
    IssueSupervision,
    IssueReferral,
    IssueAttachment,
    IssueFigures,
    OrganizationAdditions,
    AreaAdditions,
    Queries,
    Mutations,
)
