"""GraphQL of webhooks. No annotations from the future: strawberry reads the real ones."""

import datetime as dt

from strawberry import ID

from gongzhi.graph import (
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
    described,
    extends,
    lookup,
    many,
    mutation,
    node,
    one,
    record,
)
from gongzhi.registry.api import Organization
from gongzhi.webhooks import models, service
from gongzhi.webhooks.rules import (
    DELIVERY_LABELS,
    FAILURE_LABELS,
    MACHINE,
    MANAGE,
    READ,
    WEBHOOK_LABELS,
    WebhookDeliveryState,
    WebhookFailure,
    WebhookState,
)
from gongzhi.writing.api import Event

closed(WebhookState, WEBHOOK_LABELS)
closed(WebhookDeliveryState, DELIVERY_LABELS)
closed(WebhookFailure, FAILURE_LABELS)


@abilities(MACHINE)
class WebhookViewerCan:
    """对该回调可办理的事项 · what the viewer may do with a webhook."""


@node(
    models.Webhook,
    scope=Scope.of("organization"),
    read=READ,
    filters=("state", "organization"),
)
class Webhook(Node):
    """推送地址：把事件通知其他系统 · another system that is told of events.

    title: 名称 · what it is for
    url: 接收地址，不显示路径和参数 · where messages go, without path and query, which may be a key
    kinds: 推送的事件类别 · the kinds of events that it is told of
    organization: 只推送此组织及其下级的事件，为空即全部 · the organization whose events are
        told, and those of all below it; everything where absent
    state: 状态 · state
    previous_secret_until: 旧密钥仍签名到何时 · until when the old secret signs beside the new
    failing_since: 自何时起一直推送失败 · since when no message was taken
    created_at: 新建时间 · when it was made
    version: 版本号，每次修改加一 · raised by every change
    transitions: 办理记录，新的在前 · who made, paused, resumed and deleted it, new first
    deliveries: 推送记录，新的在前 · the log of its messages, new first
    viewer_can: 当前用户可办理的事项 · what the viewer may do with it now
    """

    title: str
    url: str = column("url_masked")
    kinds: list[str]
    organization: Organization | None = one()
    state: WebhookState
    previous_secret_until: dt.datetime | None = column("previous_until")
    failing_since: dt.datetime | None
    created_at: dt.datetime
    version: int
    transitions: "list[WebhookTransition]" = many("subject", order=("id",), descending=True)
    deliveries: "Connection[WebhookDelivery]" = many("webhook", order=("id",), descending=True)
    viewer_can: WebhookViewerCan = can()


@record(models.WebhookTransition, scope=Scope.along("subject"), read=None)
class WebhookTransition(Transition):
    """推送地址的一次办理 · who made, paused, resumed or deleted a webhook."""


@node(
    models.WebhookDelivery,
    scope=Scope.along("webhook"),
    read=None,
    filters=("state",),
)
class WebhookDelivery(Node):
    """推送记录 · one message to one receiver, and what came of it.

    webhook: 推送地址 · the receiver
    kind: 事件类别 · the kind of event; core.webhook.ping for a test
    event: 所推送的事件，只有审计员可见 · the event that is told, for those who may see the record
    message_id: 消息编号，重试和重发时不变 · webhook-id: the same whenever it is sent again
    state: 状态 · state
    attempts: 新建或重发以来的尝试次数 · attempts since it was made or sent again by hand
    status_code: 最近一次应答的状态码 · HTTP status of the last answer
    duration_ms: 最近一次尝试的毫秒数 · milliseconds that the last attempt took
    error: 最近一次失败的原因 · why the last attempt failed
    created_at: 新建时间 · when it was made
    attempted_at: 最近一次尝试的时间 · when it was tried last
    next_at: 下一次尝试的时间 · when it will be tried next
    delivered_at: 送达时间 · when the receiver took it
    """

    webhook: Webhook | None = one()
    kind: str
    event: Event | None = one()
    message_id: str
    state: WebhookDeliveryState
    attempts: int
    status_code: int | None
    duration_ms: int | None
    error: WebhookFailure | None
    created_at: dt.datetime
    attempted_at: dt.datetime | None
    next_at: dt.datetime | None
    delivered_at: dt.datetime | None


@described()
class WebhookSecret:
    """新密钥，只显示这一次 · a new secret, which is shown this once.

    id: 推送地址的全局编号 · global id of the webhook
    secret: 密钥，用于核对 webhook-signature · by which a receiver checks webhook-signature
    """

    id: ID
    secret: str


@extends(Query)
class Queries:
    """Root fields.

    webhook: 取一个推送地址 · one webhook
    webhooks: 推送地址列表 · webhooks
    webhook_delivery: 取一条推送记录 · one delivery
    """

    webhook: Webhook | None = lookup()
    webhooks: Connection[Webhook] = many(order=("id",))
    webhook_delivery: WebhookDelivery | None = lookup()


@extends(Mutation)
class Mutations:
    """Root mutations."""

    webhook_create = mutation(service.create_webhook, WebhookSecret, MANAGE)
    webhook_change = mutation(service.change_webhook, Webhook, MANAGE)
    webhook_rotate_secret = mutation(service.rotate_secret, WebhookSecret, MANAGE)
    webhook_pause = mutation(service.pause_webhook, Webhook, MANAGE)
    webhook_resume = mutation(service.resume_webhook, Webhook, MANAGE)
    webhook_delete = mutation(service.delete_webhook, Webhook, MANAGE)
    webhook_test = mutation(service.test_webhook, WebhookDelivery, MANAGE)
    webhook_delivery_resend = mutation(service.resend_delivery, WebhookDelivery, MANAGE)


GRAPHQL: tuple[type, ...] = (
    Webhook,
    WebhookViewerCan,
    WebhookTransition,
    WebhookDelivery,
    WebhookSecret,
    Queries,
    Mutations,
)
"""Everything that webhooks contribute to the API."""
