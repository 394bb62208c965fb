"""GraphQL of publication. No annotations from the future: strawberry reads the real ones."""

import datetime as dt

from strawberry import ID

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
    lookup,
    many,
    mutation,
    node,
    one,
    record,
)
from gongzhi.registry.api import Organization
from gongzhi_publication import models, mutations, sql
from gongzhi_publication.rules import MACHINE, MANAGE, STATE_LABELS, PublicationState

closed(PublicationState, STATE_LABELS)


@abilities(MACHINE)
class PublicationViewerCan:
    """对该公示可办理的事项 · what the viewer may do with a publication."""


@node(
    models.Publication,
    scope=Scope.of("organization", public={"state": PublicationState.PUBLISHED}),
    read="publication.publication.read",
    filters=("state", "category", "organization", "listed_on"),
    orders=("listed_on",),
)
class Publication(Node):
    """公示、公开或通报的事项 · something that is made public; once published, everybody sees it.

    organization: 公示单位 · the organization that publishes
    organization_name: 公示单位名称 · its name, also for those who may not see the organization
    category: 类别 · category
    title: 标题 · title
    body: 正文，不含个人信息 · text, without personal data
    subject_id: 所涉对象的全局编号 · global id of what it is about
    state: 公示状态 · state
    due_on: 应公示日期 · day on which it is to be published
    listed_on: 列表日期：公示日，未公示的为应公示日或起草日 · day of publication; before it the day
        on which it is due, or of the draft
    published_at: 公示时间 · instant of publication
    period_days: 公示期（自然日） · period in calendar days, absent while it stays open
    ends_on: 公示期末日 · last day of the period
    withdrawn_at: 撤下时间 · instant of withdrawal
    withdrawn_reason: 撤下原因 · why it was withdrawn
    postings: 公示渠道和地点 · where it was posted or told
    is_overdue: 逾期未公示 · the day on which it is due has passed
    is_current: 正在公示 · published and within its period
    synthetic: 虚构的示例 · invented for a demonstration
    version: 版本，每次修改加一 · goes up by one with every change
    updated_at: 最近修改时间 · when it was last changed, absent where that was not yet kept
    transitions: 流转记录，供有权查看者 · how it came to where it stands, for who may read drafts
    viewer_can: 当前用户可办理的事项 · what the viewer may do with it now
    """

    organization: Organization | None = one()
    organization_name: str = column("organization.name")
    category: Code = coded("publication_category")
    title: str
    body: str
    subject_id: ID | None = expression(sql.subject)
    state: PublicationState
    due_on: dt.date | None
    listed_on: dt.date
    published_at: dt.datetime | None
    period_days: int | None
    ends_on: dt.date | None
    withdrawn_at: dt.datetime | None
    withdrawn_reason: str
    postings: "list[Posting]" = many("publication")
    is_overdue: bool = expression(sql.is_overdue, arguments=(AS_OF,), kind="bool")
    is_current: bool = expression(sql.is_current, arguments=(AS_OF,), kind="bool")
    synthetic: bool
    version: int
    updated_at: dt.datetime | None
    transitions: "list[PublicationTransition]" = many("subject")
    viewer_can: PublicationViewerCan = can()


@record(models.Posting, scope=Scope.along("publication"), read=None)
class Posting:
    """一处公示 · one place where something is posted or told.

    channel: 渠道 · channel
    place: 地点 · place
    posted_at: 张贴或告知时间 · when it was posted or told, absent while that is still to come
    """

    channel: Code = coded("publication_channel")
    place: str
    posted_at: dt.datetime | None


@record(
    models.PublicationTransition,
    scope=Scope.along("subject"),
    read="publication.publication.read",
)
class PublicationTransition(Transition):
    """公示的一次流转 · one step of a publication; it names who did it and is not public."""


@extends(Organization)
class OrganizationAdditions:
    """Fields of every organization.

    publications: 本组织的公示，新的在前 · what it publishes, new first
    subtree_publications: 本组织及下级的公示，新的在前 · what the whole subtree publishes, new first
    """

    publications: Connection[Publication] = many(
        "organization", order=("listed_on",), descending=True
    )
    subtree_publications: Connection[Publication] = many(
        within="org_path", order=("listed_on",), descending=True
    )


@extends(Query)
class Queries:
    """Root fields.

    publication: 取一项公示 · one publication
    publications: 公示列表，新的在前 · publications, new first
    publications_due: 待公示的事项，最早的在前 · what is to be published, the longest due first
    publications_current: 正在公示的事项，新的在前 · published and within its period, new first
    publications_about: 关于某对象的公示，新的在前 · what was published about something, new first
    """

    publication: Publication | None = lookup()
    publications: Connection[Publication] = many(order=("listed_on",), descending=True)
    publications_due: Connection[Publication] = many(
        arguments=(AS_OF,), condition=sql.is_due, order=("listed_on",)
    )
    publications_current: Connection[Publication] = many(
        arguments=(AS_OF,), condition=sql.is_open, order=("listed_on",), descending=True
    )
    publications_about: Connection[Publication] = many(
        arguments=(Argument("id", ID, "所涉对象的全局编号 · global id of what it is about"),),
        condition=sql.is_about,
        order=("listed_on",),
        descending=True,
    )


@extends(Mutation)
class Mutations:
    """Root mutations."""

    publication_draft = mutation(mutations.draft, Publication, MANAGE)
    publication_change = mutation(mutations.change, Publication, MANAGE)
    publication_plan = mutation(mutations.plan, Publication, MANAGE)
    publication_post = mutation(mutations.post, Publication, MANAGE)
    publication_publish = mutation(mutations.publish, Publication, MANAGE)
    publication_withdraw = mutation(mutations.withdraw, Publication, MANAGE)


GRAPHQL: tuple[type, ...] = (
    Publication,
    Posting,
    PublicationTransition,
    PublicationViewerCan,
    OrganizationAdditions,
    Queries,
    Mutations,
)
