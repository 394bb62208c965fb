"""From an event to an answer: deliveries are queued, attempted, and their outcome is written.

The log of deliveries is not part of the event record: it says how the telling went, not what
happened, and an event about each would have to be told in turn. Only that a webhook was paused,
made or changed is an event.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
import secrets
from typing import TYPE_CHECKING, Any

from gongzhi import clock
from gongzhi.contributions import Job, Subscriber
from gongzhi.errors import GongzhiError
from gongzhi.jobs import RecordedEvent, Run, later
from gongzhi.jobs.delivery import event_of
from gongzhi.registry.tree import is_postgres
from gongzhi.webhooks.delivery import Sender
from gongzhi.webhooks.message import Told, envelope, headers, source_of
from gongzhi.webhooks.models import Webhook, WebhookDelivery, WebhookTransition
from gongzhi.webhooks.rules import (
    MACHINE,
    OPEN,
    Answer,
    WebhookDeliveryState,
    WebhookFailure,
    WebhookState,
    gives_up,
    outcome,
    reaches,
    told,
    wants,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gongzhi.writing import Deployment, Work

log = logging.getLogger("gongzhi.webhooks")

DELIVER = "core.webhook_deliver"
PURGE = "core.webhook_purge"

# == queue ==


async def wanted() -> Sequence[str]:
    """Return the kinds that some webhook asks for: mostly few, and often none at all."""
    lists = await Webhook.filter(state=WebhookState.ACTIVE).values_list("kinds", flat=True)
    return sorted({kind for kinds in lists for kind in kinds})


async def tell(work: Work, event: RecordedEvent) -> None:
    """Queue an event for each webhook that wants it."""
    if not told(event.kind):
        return
    webhooks = (
        await Webhook.filter(state=WebhookState.ACTIVE, active_after__lt=event.id)
        .order_by("id")
        .using_db(work.connection)
        .only("id", "organization_id", "org_path", "kinds")
    )
    for webhook in webhooks:
        path = None if webhook.organization_id is None else webhook.org_path
        if wants(webhook.kinds, event.kind) and reaches(path, event.org_path):
            await add(work, webhook.id, event.kind, event.id)


async def add(
    work: Work, webhook_id: int, kind: str, event_id: int | None = None
) -> WebhookDelivery:
    """Queue one message.

    :param event_id: None for a test.
    """
    delivery = WebhookDelivery(
        webhook_id=webhook_id,
        event_id=event_id,
        kind=kind,
        message_id=f"msg_{secrets.token_hex(16)}",
        created_at=work.now,
        next_at=work.now,
    )
    await delivery.save(using_db=work.connection, force_create=True)
    await _ask(work, delivery.id, delivery.turn, work.now)
    return delivery


async def send_again(work: Work, delivery: WebhookDelivery) -> None:
    """Queue a message again, with all its attempts before it."""
    columns = {
        "state": WebhookDeliveryState.WAITING,
        "attempts": 0,
        "next_at": work.now,
        "error": None,
    }
    delivery.turn += 1
    await _write(work, delivery, {**columns, "turn": delivery.turn})
    await _ask(work, delivery.id, delivery.turn, work.now)


async def _ask(work: Work, delivery_id: int, turn: int, at: dt.datetime) -> None:
    await later(work, DELIVER, {"delivery": delivery_id, "turn": turn}, at=at)


async def _write(work: Work, delivery: WebhookDelivery, columns: Mapping[str, Any]) -> None:
    await WebhookDelivery.filter(id=delivery.id).using_db(work.connection).update(**columns)


# == deliver ==


async def deliver(run: Run) -> None:
    """Attempt one delivery, and write what came of it."""
    await attempt(run, Sender(run.deployment.webhooks))


async def attempt(run: Run, sender: Sender) -> None:
    """Attempt one delivery by this sender.

    A worker that dies after the receiver has answered leaves the attempt to another: the receiver
    then gets the message twice, under one id.
    """
    delivery = await WebhookDelivery.get_or_none(id=run.payload["delivery"])
    if delivery is None or not _is_mine(delivery, run):
        return  # purged, or sent again since
    webhook = await Webhook.get(id=delivery.webhook_id)
    answer = await _attempted(run.deployment, webhook, delivery, sender)
    async with run.work() as work:
        held = " FOR UPDATE" if is_postgres(work.connection) else ""
        turn = await work.fetch(
            f"SELECT turn FROM core_webhook_delivery WHERE id = $1{held}", delivery.id
        )
        if turn and turn[0]["turn"] == delivery.turn:
            await _settle(work, webhook, delivery, answer)
    log.info(
        "webhook %d, delivery %d, attempt %d: %s",
        webhook.id,
        delivery.id,
        delivery.attempts + 1,
        "delivered" if answer.error is None else f"{answer.error.name} {answer.status or ''}",
    )


def _is_mine(delivery: WebhookDelivery, run: Run) -> bool:
    return delivery.state in OPEN and delivery.turn == run.payload["turn"]


async def _attempted(
    deployment: Deployment, webhook: Webhook, delivery: WebhookDelivery, sender: Sender
) -> Answer:
    if webhook.state is not WebhookState.ACTIVE or webhook.secret_cipher is None:
        return Answer(WebhookFailure.NOT_ACTIVE)
    privacy, now = deployment.privacy, clock.now()
    ciphers = [webhook.secret_cipher]
    if webhook.previous_secret_cipher and webhook.previous_until and now < webhook.previous_until:
        ciphers.append(webhook.previous_secret_cipher)
    try:
        if privacy is None:
            return Answer(WebhookFailure.SECRET_LOST)
        url = privacy.decrypt(webhook.url_cipher)
        keys = [privacy.decrypt(each) for each in ciphers]
    except GongzhiError:
        return Answer(WebhookFailure.SECRET_LOST)
    source = deployment.webhooks.source or source_of(deployment.chain_key)
    body = envelope(await _told(delivery), source)
    signed = headers(keys, delivery.message_id, int(now.timestamp()), body)
    return await sender.post(url, signed, body)


async def _told(delivery: WebhookDelivery) -> Told:
    if delivery.event_id is None:
        at = delivery.created_at
        return Told(delivery.message_id, delivery.kind, at, at)
    event = await event_of(delivery.event_id)
    return Told(
        id=str(event.id),
        kind=event.kind,
        occurred_at=event.occurred_at or event.recorded_at,
        recorded_at=event.recorded_at,
        subject=f"{event.entity_type}:{event.entity_id}" if event.entity_id else None,
        organization=f"Organization:{event.organization_id}" if event.organization_id else None,
        data=event.data,
    )


async def _settle(work: Work, webhook: Webhook, delivery: WebhookDelivery, answer: Answer) -> None:
    settings = work.deployment.webhooks
    attempts = delivery.attempts + 1
    next_ = outcome(
        answer,
        attempts,
        work.now,
        retry_seconds=settings.retry_seconds,
        chance=random.random(),  # noqa: S311  # spreads retries, guards nothing
    )
    turn = delivery.turn + (next_.next_at is not None)
    columns: dict[str, Any] = {
        "state": next_.state,
        "turn": turn,
        "attempts": attempts,
        "status_code": answer.status,
        "duration_ms": answer.duration_ms,
        "error": answer.error,
        "next_at": next_.next_at,
        "attempted_at": work.now,
    }
    if next_.state is WebhookDeliveryState.DELIVERED:
        columns["delivered_at"] = work.now
    await _write(work, delivery, columns)
    if next_.next_at is not None:
        await _ask(work, delivery.id, turn, next_.next_at)
    if answer.error is not WebhookFailure.NOT_ACTIVE:
        await _judge(work, webhook, answer, next_.state)


async def _judge(work: Work, webhook: Webhook, answer: Answer, state: WebhookDeliveryState) -> None:
    """Keep since when a webhook takes nothing, and pause it when that is too long."""
    rows = Webhook.filter(id=webhook.id).using_db(work.connection)
    if answer.error is None:
        await rows.filter(failing_since__isnull=False).update(failing_since=None)
        return
    await rows.filter(failing_since__isnull=True).update(failing_since=work.now)
    if state is not WebhookDeliveryState.DEAD:
        return
    row = await work.take(Webhook, webhook.id)  # others may have changed it during the attempt
    hours = work.deployment.webhooks.pause_after_hours
    too_long = gives_up(answer.error, row.failing_since, work.now, pause_after_hours=hours)
    if too_long and MACHINE.allows(row.state, "pause"):
        reason = answer.error.name
        await work.transition(
            MACHINE, row, "pause", WebhookTransition, reason=reason, data={"error": reason}
        )


# == forget ==


async def purge(run: Run) -> None:
    """Delete settled deliveries that are older than the settings keep them, and old secrets."""
    async with run.work() as work:
        before = work.now - dt.timedelta(days=run.deployment.webhooks.keep_days)
        gone = (
            await WebhookDelivery.filter(created_at__lt=before)
            .exclude(state__in=list(OPEN))
            .using_db(work.connection)
            .delete()
        )
        await (
            Webhook.filter(previous_until__lt=work.now)
            .using_db(work.connection)
            .update(previous_secret_cipher=None, previous_until=None)
        )
        if gone:
            work.record("core.webhook.purge", data={"deliveries": gone})


JOBS = (
    Job(DELIVER, deliver, timeout=dt.timedelta(minutes=2)),
    Job(PURGE, purge, daily=dt.time(3, 40)),
)

SUBSCRIBERS = (Subscriber("core.webhooks", ("*",), tell, wanted=wanted),)
