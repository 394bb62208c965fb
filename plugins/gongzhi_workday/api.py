"""GraphQL of the work day. No annotations from the future: strawberry reads the real ones."""

import datetime as dt

from gongzhi.graph import (
    AS_OF,
    Connection,
    Mutation,
    Node,
    Query,
    Scope,
    Transition,
    abilities,
    can,
    closed,
    column,
    count,
    described,
    expression,
    extends,
    lookup,
    many,
    mutation,
    node,
    one,
    record,
)
from gongzhi.registry.api import Area, Member, Organization, Person
from gongzhi_ledger.api import Issue
from gongzhi_ledger.models import Issue as IssueRow
from gongzhi_publication.api import Publication
from gongzhi_workday import models, rules, service, sql
from gongzhi_workday.rules import (
    EmploymentCaseState,
    EmploymentStep,
    HalfDay,
    VisitKind,
    Weekday,
    WorkdayRole,
    WorkdaySessionState,
)

closed(Weekday, rules.WEEKDAY_LABELS)
closed(HalfDay, rules.HALF_DAY_LABELS)
closed(WorkdayRole, rules.ROLE_LABELS)
closed(VisitKind, rules.VISIT_LABELS)
closed(WorkdaySessionState, rules.SESSION_LABELS)
closed(EmploymentCaseState, rules.CASE_LABELS)
closed(EmploymentStep, rules.STEP_LABELS)

_READ = "workday.session.read"
_FROM_SESSION = {"source_type": models.WorkdaySession.__name__}


@abilities(rules.SESSION)
class WorkdaySessionViewerCan:
    """对该场次可办理的事项 · what the viewer may do with a session."""


@abilities(rules.CASE)
class EmploymentCaseViewerCan:
    """对该个案可办理的事项 · what the viewer may do with a case."""


# ---- programme and liaisons ----------------------------------------------------------------------


@node(
    models.WorkdayProgramme,
    scope=Scope.of("organization", public={}),
    read=_READ,
    filters=("organization",),
)
class WorkdayProgramme(Node):
    """社区工作日安排：何时到居委会去 · when officials go to the committees; open to everybody.

    organization: 牵头组织 · who holds it
    organization_name: 牵头组织名称 · its name, also for those who may not see the organization
    weekday: 星期几 · the day of the week
    half_day: 上午或下午 · the half day
    starts_at: 开始时间，当地时间 · when it begins, local time; empty where only the half day is set
    ends_at: 结束时间，当地时间 · when it ends, local time
    starts_on: 起始日期 · first day
    ends_on: 终止日期 · last day, absent while it goes on
    next_day: 此后的第一个工作日，跳过法定节假日 · the first day of it after a day, public holidays
        left out
    synthetic: 虚构的示例 · invented for a demonstration
    version: 版本号，每次修改加一 · raised by every change
    """

    organization: Organization | None = one()
    organization_name: str = column("organization.name")
    weekday: Weekday
    half_day: HalfDay
    starts_at: str
    ends_at: str
    starts_on: dt.date
    ends_on: dt.date | None
    next_day: dt.date | None = expression(sql.next_day, arguments=(sql.AFTER,), kind="date")
    synthetic: bool
    version: int


@node(
    models.LiaisonAssignment,
    scope=Scope.of("organization"),
    read=_READ,
    filters=("organization", "official"),
)
class LiaisonAssignment(Node):
    """联系：领导干部联系的居委会 · an official in liaison with a committee.

    official: 联系领导（干部） · the official
    official_name: 姓名（脱敏） · name, masked
    organization: 所联系的居委会 · the committee
    is_area_lead: 包片领导 · in charge of the area
    starts_on: 起始日期 · first day
    ends_on: 终止日期 · last day, absent while it goes on
    sessions_by_quarter: 到此居委会参加社区工作日的次数，按季度 · sessions attended in this
        committee, in each quarter of a year
    synthetic: 虚构的示例 · invented for a demonstration
    """

    official: Person | None = one()
    official_name: str = column("official.name_masked")
    organization: Organization | None = one()
    is_area_lead: bool
    starts_on: dt.date
    ends_on: dt.date | None
    sessions_by_quarter: list[int] = expression(
        sql.held_by_liaison, arguments=(sql.YEAR,), kind="json"
    )
    synthetic: bool


# ---- sessions ------------------------------------------------------------------------------------


@node(
    models.WorkdaySession,
    scope=Scope.of("organization", public={"state": WorkdaySessionState.NOTICE_PUBLISHED}),
    read=_READ,
    filters=("state", "organization", "area", "day", "weekday", "programme"),
    orders=("day",),
)
class WorkdaySession(Node):
    """一次社区工作日，公示后至开展前人人可见 · one work day in one committee, open once announced.

    programme: 所依据的安排 · the programme
    organization: 居委会 · the committee
    organization_name: 居委会名称 · its name, also for those who may not see the organization
    area: 地域 · the area
    day: 日期 · the day
    weekday: 星期几 · the day of the week
    half_day: 上午或下午 · the half day
    starts_at: 开始时间，当地时间 · when it begins, local time
    ends_at: 结束时间，当地时间 · when it ends, local time
    place: 接访地点 · where visitors are received
    staff: 接访人员，按公示的写法 · who receives visitors, in the words of the notice
    exception_reason: 不在规定时间的原因 · why it is not on the programme's day
    state: 状态 · state
    notice: 接访公示 · the notice of reception
    team: 名单 · the team
    functions: 工作内容代码 · codes of what it covered
    summary: 小结 · a summary
    visits: 走访记录 · its visits
    issues: 受理的事项 · matters that were taken
    issue_count: 受理的事项数 · how many
    cases: 就业帮扶 · employment cases that it led to
    postponed_from: 由哪一次改期而来 · the session that was postponed to this one
    postponed_to: 改期后的一次 · the session that it was postponed to
    transitions: 流转记录 · its steps
    viewer_can: 当前用户现在可办理的事项 · what the viewer may do now
    synthetic: 虚构的示例 · invented for a demonstration
    version: 版本号，每次修改加一 · raised by every change
    """

    programme: WorkdayProgramme | None = one()
    organization: Organization | None = one()
    organization_name: str = column("organization.name")
    area: Area | None = one()
    day: dt.date
    weekday: Weekday
    half_day: HalfDay
    starts_at: str
    ends_at: str
    place: str
    staff: str
    exception_reason: str
    state: WorkdaySessionState
    notice: Publication | None = one()
    team: "list[WorkdaySessionMember]" = many("session")
    functions: list[str]
    summary: str
    visits: "Connection[Visit]" = many("session")
    issues: Connection[Issue] = many("source_id", where=_FROM_SESSION)
    issue_count: int = count("source_id", of=IssueRow, where=_FROM_SESSION)
    cases: "list[EmploymentCase]" = many("session")
    postponed_from: "WorkdaySession | None" = one()
    postponed_to: "WorkdaySession | None" = many("postponed_from")
    transitions: "list[WorkdaySessionTransition]" = many("subject")
    viewer_can: WorkdaySessionViewerCan = can()
    synthetic: bool
    version: int


@record(models.WorkdaySessionMember, scope=Scope.along("session"), read=_READ)
class WorkdaySessionMember:
    """工作日名单中的一人 · someone in the team of a session.

    person: 人员 · the person
    person_name: 姓名（脱敏） · name, masked
    role: 带队或随行 · leads or comes along
    attended: 是否到场，开展后登记 · was there; absent until it is held
    """

    person: Person | None = one()
    person_name: str = column("person.name_masked")
    role: WorkdayRole
    attended: bool | None


@record(models.WorkdaySessionTransition, scope=Scope.along("subject"), read=_READ)
class WorkdaySessionTransition(Transition):
    """社区工作日的一次流转 · one step of a session."""


# ---- visits and campaigns ------------------------------------------------------------------------


@node(
    models.Visit,
    scope=Scope.of("organization"),
    read="workday.visit.read",
    filters=("kind", "organization", "session", "campaign", "visitor", "visited_at"),
    orders=("visited_at",),
)
class Visit(Node):
    """一次走访：家访、约访、走访、接访、回访 · a visit.

    organization: 居委会 · the committee
    session: 所属的社区工作日 · the session that it belongs to
    campaign: 所属的大走访 · the campaign that it belongs to
    kind: 走访方式 · the kind
    visitor: 走访人 · who visited
    visitor_name: 走访人姓名（脱敏） · name of who visited, masked
    visited: 被走访人 · who was visited, where there is a record
    visited_name: 被走访人姓名（脱敏） · name of who was visited, masked
    area: 走访地点，至楼栋 · where, down to the building
    visited_at: 走访时间 · when
    households: 走访户数 · how many households it reached
    needs: 收集的诉求和意见件数 · how many needs and opinions were collected
    findings: 走访情况 · what was found
    recorded_at: 登记时间 · when it was entered
    synthetic: 虚构的示例 · invented for a demonstration
    """

    organization: Organization | None = one()
    session: WorkdaySession | None = one()
    campaign: "Campaign | None" = one()
    kind: VisitKind
    visitor: Person | None = one()
    visitor_name: str = column("visitor.name_masked")
    visited: Person | None = one()
    visited_name: str | None = expression(sql.visited_name)
    area: Area | None = one()
    visited_at: dt.datetime
    households: int
    needs: int
    findings: str
    recorded_at: dt.datetime
    synthetic: bool


@node(
    models.Campaign,
    scope=Scope.of("organization"),
    read=_READ,
    filters=("organization", "starts_on"),
    orders=("starts_on",),
)
class Campaign(Node):
    """大走访，如“三百三问” · a visiting campaign.

    organization: 开展的组织 · who holds it
    name: 名称 · name
    starts_on: 起始日期 · first day
    ends_on: 结束日期 · last day, the planned one until it is ended
    target_households: 计划走访户数 · households to be visited
    ended_at: 办理结束的时间 · when it was ended, absent while it runs
    households_visited: 已走访户数，不含回访 · households visited, return visits not counted
    needs_collected: 收集的诉求和意见件数 · needs and opinions collected
    visits: 走访记录 · its visits
    visit_count: 走访次数 · how many visits
    synthetic: 虚构的示例 · invented for a demonstration
    version: 版本号，每次修改加一 · raised by every change
    """

    organization: Organization | None = one()
    name: str
    starts_on: dt.date
    ends_on: dt.date | None
    target_households: int | None
    ended_at: dt.datetime | None
    households_visited: int = expression(sql.households_visited, kind="int")
    needs_collected: int = expression(sql.needs_collected, kind="int")
    visits: Connection[Visit] = many("campaign")
    visit_count: int = count("campaign", of=models.Visit)
    synthetic: bool
    version: int


# ---- employment ----------------------------------------------------------------------------------


@node(
    models.EmploymentCase,
    scope=Scope.of("organization"),
    read="workday.case.read",
    filters=("state", "organization", "session"),
)
class EmploymentCase(Node):
    """就业帮扶，从了解需求到上岗 · help for one person to find work.

    organization: 居委会 · the committee
    subject: 帮扶对象 · who is helped, where there is a record
    subject_name: 帮扶对象姓名（脱敏） · name of who is helped, masked
    session: 了解需求的社区工作日 · the session at which the need was learned
    visit: 了解需求的走访 · the visit on which the need was learned
    state: 进度 · how far it has come
    need: 需求和困难 · the need, and what is in the way
    post: 找到的岗位 · the post that was found
    employer: 用人单位 · the employer
    plan: “一对一”就促方案 · the one-to-one plan
    support: 落实的保障 · the support that was arranged
    employed_on: 上岗日期 · first day of work
    transitions: 流转记录 · its steps
    viewer_can: 当前用户现在可办理的事项 · what the viewer may do now
    synthetic: 虚构的示例 · invented for a demonstration
    version: 版本号，每次修改加一 · raised by every change
    """

    organization: Organization | None = one()
    subject: Person | None = one()
    subject_name: str | None = expression(sql.subject_name)
    session: WorkdaySession | None = one()
    visit: Visit | None = one()
    state: EmploymentCaseState
    need: str
    post: str
    employer: str
    plan: str
    support: str
    employed_on: dt.date | None
    transitions: "list[EmploymentCaseTransition]" = many("subject")
    viewer_can: EmploymentCaseViewerCan = can()
    synthetic: bool
    version: int


@record(models.EmploymentCaseTransition, scope=Scope.along("subject"), read=None)
class EmploymentCaseTransition(Transition):
    """就业帮扶的一次流转 · one step of an employment case."""


# ---- what is added to others ---------------------------------------------------------------------


@extends(Organization)
class OrganizationAdditions:
    """Fields of every organization.

    workday_programme: 适用的社区工作日安排：本组织或最近上级的 · the programme that covers it, its
        own or that of the nearest organization above
    workday_sessions: 本组织的社区工作日，新的在前 · its sessions, new first
    subtree_workday_sessions: 本组织及下级的社区工作日，新的在前 · sessions in the subtree, new
        first
    next_workday_session: 本组织及下级的下一次社区工作日 · the next session in the subtree
    workday_sessions_by_quarter: 本组织及下级开展的次数，按季度 · sessions held in the subtree, in
        each quarter of a year
    liaisons: 联系本组织的领导干部 · officials in liaison with it on a day
    subtree_liaisons: 联系本组织及下级的领导干部 · officials in liaison with the subtree on a day
    visits: 本组织的走访记录，新的在前 · visits of exactly this organization, new first
    campaigns: 本组织开展的大走访，新的在前 · campaigns that it holds, new first
    employment_cases: 本组织的就业帮扶 · employment cases of exactly this organization
    """

    workday_programme: WorkdayProgramme | None = many(
        arguments=(AS_OF,), condition=sql.covers, order=("org_path",), descending=True
    )
    workday_sessions: Connection[WorkdaySession] = many(
        "organization", order=("day",), descending=True
    )
    subtree_workday_sessions: Connection[WorkdaySession] = many(
        within="org_path", order=("day",), descending=True
    )
    next_workday_session: WorkdaySession | None = many(
        within="org_path", arguments=(AS_OF,), condition=sql.is_next, order=("day",)
    )
    workday_sessions_by_quarter: list[int] = expression(
        sql.held_in_subtree, arguments=(sql.YEAR,), kind="json"
    )
    liaisons: list[LiaisonAssignment] = many(
        "organization", arguments=(AS_OF,), condition=sql.counts_on
    )
    subtree_liaisons: Connection[LiaisonAssignment] = many(
        within="org_path", arguments=(AS_OF,), condition=sql.counts_on
    )
    visits: Connection[Visit] = many("organization", order=("visited_at",), descending=True)
    campaigns: Connection[Campaign] = many("organization", order=("starts_on",), descending=True)
    employment_cases: Connection[EmploymentCase] = many("organization")


@extends(Area)
class AreaAdditions:
    """Fields of every area.

    workday_sessions: 本地域及下级的社区工作日，新的在前 · sessions in the whole area, new first
    next_workday_session: 本地域及下级的下一次社区工作日 · the next session in the whole area
    """

    workday_sessions: Connection[WorkdaySession] = many(
        within="area_path", order=("day",), descending=True
    )
    next_workday_session: WorkdaySession | None = many(
        within="area_path", arguments=(AS_OF,), condition=sql.is_next, order=("day",)
    )


@extends(Person)
class PersonAdditions:
    """Fields of every person.

    liaisons: 所联系的居委会 · committees that the person is or was in liaison with
    workday_sessions_by_quarter: 参加社区工作日的次数，按季度 · sessions attended, in each quarter
        of a year
    visits: 进行的走访，新的在前 · visits that the person made, new first
    visits_received: 接受的走访，新的在前 · visits to the person, new first
    """

    liaisons: list[LiaisonAssignment] = many("official")
    workday_sessions_by_quarter: list[int] = expression(
        sql.held_by_person, arguments=(sql.YEAR,), kind="json"
    )
    visits: Connection[Visit] = many("visitor", order=("visited_at",), descending=True)
    visits_received: Connection[Visit] = many("visited", order=("visited_at",), descending=True)


@extends(Member)
class MemberAdditions:
    """Fields of every member.

    visits: 本人进行的走访，新的在前 · visits that the member made, new first
    visits_received: 本人接受的走访，新的在前 · visits to the member, new first
    """

    visits: Connection[Visit] = many(
        "visitor", local="person_id", order=("visited_at",), descending=True
    )
    visits_received: Connection[Visit] = many(
        "visited", local="person_id", order=("visited_at",), descending=True
    )


@extends(Issue)
class IssueAdditions:
    """Fields of every issue.

    workday_session: 受理此事项的社区工作日 · the session at which it was taken
    """

    workday_session: WorkdaySession | None = many(
        "id", local="source_id", condition=sql.from_session
    )


@extends(Query)
class Queries:
    """Root fields.

    workday_programme: 取一项社区工作日安排 · one programme
    workday_programmes: 社区工作日安排 · programmes
    liaison_assignment: 取一条联系关系 · one liaison
    liaison_assignments: 联系关系 · liaisons
    workday_session: 取一次社区工作日 · one session
    workday_sessions: 社区工作日，新的在前 · sessions, new first
    workday_sessions_without_notice: 临近或已过而未公示的社区工作日 · sessions that are near or past
        and have no notice
    organizations_without_workday_session: 某日没有安排社区工作日的居委会 · committees that have no
        session on a day
    visit: 取一次走访 · one visit
    visits: 走访记录，新的在前 · visits, new first
    campaign: 取一次大走访 · one campaign
    campaigns: 大走访，新的在前 · campaigns, new first
    employment_case: 取一项就业帮扶 · one employment case
    employment_cases: 就业帮扶 · employment cases
    """

    workday_programme: WorkdayProgramme | None = lookup()
    workday_programmes: Connection[WorkdayProgramme] = many()
    liaison_assignment: LiaisonAssignment | None = lookup()
    liaison_assignments: Connection[LiaisonAssignment] = many()
    workday_session: WorkdaySession | None = lookup()
    workday_sessions: Connection[WorkdaySession] = many(order=("day",), descending=True)
    workday_sessions_without_notice: Connection[WorkdaySession] = many(
        arguments=(AS_OF, sql.DAYS), condition=sql.lacks_notice, order=("day",)
    )
    organizations_without_workday_session: Connection[Organization] = many(
        arguments=(sql.DAY, sql.KINDS), condition=sql.without_session
    )
    visit: Visit | None = lookup()
    visits: Connection[Visit] = many(order=("visited_at",), descending=True)
    campaign: Campaign | None = lookup()
    campaigns: Connection[Campaign] = many(order=("starts_on",), descending=True)
    employment_case: EmploymentCase | None = lookup()
    employment_cases: Connection[EmploymentCase] = many()


# ---- mutations -----------------------------------------------------------------------------------


@described()
class SkippedDay:
    """因放假跳过的一天 · a day of the programme that is a public holiday.

    day: 日期 · the day
    suggested_on: 建议改在的工作日 · the working day that is suggested in its place
    """

    day: dt.date
    suggested_on: dt.date


@described()
class WorkdaySessionsPlanned:
    """批量安排的结果 · what planning many sessions came to.

    organizations: 居委会数 · how many committees
    planned: 新安排的次数 · how many sessions are new
    existing: 已有安排的次数 · how many were there already
    skipped: 因放假跳过的日子 · days left out for a public holiday
    """

    organizations: int
    planned: int
    existing: int
    skipped: list[SkippedDay]


_MANAGE = rules.MANAGE


@extends(Mutation)
class Mutations:
    """Root mutations."""

    workday_programme_set = mutation(
        service.set_programme, WorkdayProgramme, "workday.programme.manage"
    )
    workday_liaison_assign = mutation(
        service.assign_liaison, LiaisonAssignment, "workday.programme.manage"
    )
    workday_liaison_end = mutation(
        service.end_liaison, LiaisonAssignment, "workday.programme.manage"
    )
    workday_session_plan = mutation(service.plan_session, WorkdaySession, _MANAGE)
    workday_sessions_plan = mutation(service.plan_sessions, WorkdaySessionsPlanned, _MANAGE)
    workday_session_change = mutation(service.change_session, WorkdaySession, _MANAGE)
    workday_session_publish_notice = mutation(service.publish_notice, WorkdaySession, _MANAGE)
    workday_session_hold = mutation(service.hold_session, WorkdaySession, _MANAGE)
    workday_session_record = mutation(service.record_session, WorkdaySession, _MANAGE)
    workday_session_close = mutation(service.close_session, WorkdaySession, _MANAGE)
    workday_session_cancel = mutation(service.cancel_session, WorkdaySession, _MANAGE)
    workday_session_postpone = mutation(service.postpone_session, WorkdaySession, _MANAGE)
    workday_matter_take = mutation(service.take_matter, Issue, _MANAGE)
    workday_visit_record = mutation(service.record_visit, Visit, "workday.visit.record")
    workday_campaign_start = mutation(service.start_campaign, Campaign, "workday.campaign.manage")
    workday_campaign_end = mutation(service.end_campaign, Campaign, "workday.campaign.manage")
    workday_case_open = mutation(service.open_case, EmploymentCase, rules.MANAGE_CASES)
    workday_case_advance = mutation(service.advance_case, EmploymentCase, rules.MANAGE_CASES)


GRAPHQL: tuple[type, ...] = (
    WorkdayProgramme,
    LiaisonAssignment,
    WorkdaySession,
    WorkdaySessionMember,
    WorkdaySessionTransition,
    WorkdaySessionViewerCan,
    Visit,
    Campaign,
    EmploymentCase,
    EmploymentCaseTransition,
    EmploymentCaseViewerCan,
    SkippedDay,
    WorkdaySessionsPlanned,
    OrganizationAdditions,
    AreaAdditions,
    PersonAdditions,
    MemberAdditions,
    IssueAdditions,
    Queries,
    Mutations,
)
"""Everything that the plugin adds."""
