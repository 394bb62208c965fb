"""Use cases of webhooks, as the mutations have them."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from gongzhi.privacy import Privacy
from gongzhi.references import Key
from gongzhi.refusals import insist
from gongzhi.registry.models import Organization
from gongzhi.webhooks import queue
from gongzhi.webhooks.addresses import Target, parse_target
from gongzhi.webhooks.message import PING, SECRET_BYTES, encode_secret
from gongzhi.webhooks.models import Webhook, WebhookDelivery, WebhookTransition
from gongzhi.webhooks.rules import MACHINE, REFUSALS, check_kinds
from gongzhi.writing import OrganizationKey, Work

WebhookKey: TypeAlias = Annotated[int, Key(Webhook)]
DeliveryKey: TypeAlias = Annotated[int, Key(WebhookDelivery)]

MAX_TITLE = 100
MAX_MASKED = 300


@dataclass(frozen=True, slots=True)
class Issued:
    """A new secret, which is shown this once."""

    id: str
    """Global id of its webhook."""
    secret: str


async def create_webhook(
    work: Work,
    title: str,
    url: str,
    kinds: Sequence[str],
    *,
    organization: OrganizationKey | None = None,
) -> Issued:
    """新建推送地址，密钥只显示这一次 · make a webhook; its secret is shown this once.

    :param title: 名称 · what it is for
    :param url: 接收地址，https · where messages are posted to, by https
    :param kinds: 事件类别，如 ledger.issue.settle、ledger.issue.*、* · kinds of events, such as
        ledger.issue.settle, ledger.issue.* or *
    :param organization: 只推送此组织及其下级的事件，不填为全部 · only the events of this
        organization and all below it; everything where absent
    :raises RuleError: NOT_FOUND, BLANK, TOO_LONG, URL_INVALID, URL_INSECURE, ADDRESS_REFUSED,
        KIND_INVALID, KIND_UNKNOWN, KIND_WITHHELD, TOO_MANY_KINDS, NO_SECRET
    """
    org_path = ""
    if organization is None:
        work.require_everywhere()
    else:
        org_path = (await work.find(Organization, organization, "organization")).path
    privacy = _privacy(work)
    secret = _new_secret()
    row = Webhook(
        organization_id=organization,
        org_path=org_path,
        title=_title(title),
        kinds=_kinds(work, kinds),
        secret_cipher=privacy.encrypt(secret),
        active_after=await _position(work),
        created_at=work.now,
        updated_at=work.now,
        **_place(work, privacy, url),
    )
    await work.begin(MACHINE, row, "create", WebhookTransition)
    return Issued(f"Webhook:{row.id}", secret)


async def change_webhook(
    work: Work,
    webhook: WebhookKey,
    *,
    title: str | None = None,
    url: str | None = None,
    kinds: Sequence[str] | None = None,
    expected_version: int | None = None,
) -> Webhook:
    """修改推送地址；密钥不变 · change a webhook; its secret stays.

    :param webhook: 推送地址 · the webhook
    :param title: 新名称 · another title
    :param url: 新接收地址 · another URL
    :param kinds: 新的事件类别，全部替换 · other kinds of events, in place of all
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, BLANK, TOO_LONG, URL_INVALID, URL_INSECURE,
        ADDRESS_REFUSED, KIND_INVALID, KIND_UNKNOWN, KIND_WITHHELD, TOO_MANY_KINDS, NO_SECRET
    """
    row = await work.take(Webhook, webhook, "webhook")
    await work.may(MACHINE, row, "change")
    work.expect(row, expected_version)
    columns: dict[str, Any] = {}
    changed: list[str] = []
    if title is not None:
        columns["title"] = _title(title)
        changed.append("title")
    if url is not None:
        columns |= _place(work, _privacy(work), url)
        changed.append("url")
    if kinds is not None:
        columns["kinds"] = _kinds(work, kinds)
        changed.append("kinds")
    if changed:
        await work.update(row, **columns)
        work.record("core.webhook.change", row, data={"changed": changed})
    return row


async def rotate_secret(
    work: Work, webhook: WebhookKey, *, expected_version: int | None = None
) -> Issued:
    """更换密钥，只显示这一次；旧密钥暂时同时签名 · make a new secret; the old one signs on a while.

    :param webhook: 推送地址 · the webhook
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, NO_SECRET
    """
    row = await work.take(Webhook, webhook, "webhook")
    await work.may(MACHINE, row, "rotate_secret")
    work.expect(row, expected_version)
    privacy = _privacy(work)
    secret = _new_secret()
    until = work.now + dt.timedelta(hours=work.deployment.webhooks.rotation_hours)
    await work.update(
        row,
        secret_cipher=privacy.encrypt(secret),
        previous_secret_cipher=row.secret_cipher,
        previous_until=until,
    )
    work.record("core.webhook.rotate_secret", row)
    return Issued(f"Webhook:{row.id}", secret)


async def pause_webhook(work: Work, webhook: WebhookKey, *, reason: str = "") -> Webhook:
    """暂停推送；暂停期间的事件不补发 · pause a webhook; the events meanwhile are not told later.

    :param webhook: 推送地址 · the webhook
    :raises RuleError: NOT_FOUND, STATE
    """
    row = await work.take(Webhook, webhook, "webhook")
    await work.transition(MACHINE, row, "pause", WebhookTransition, reason=reason)
    return row


async def resume_webhook(work: Work, webhook: WebhookKey, *, reason: str = "") -> Webhook:
    """恢复推送，从现在的事件开始 · resume a webhook, from the events of now on.

    :param webhook: 推送地址 · the webhook
    :raises RuleError: NOT_FOUND, STATE
    """
    row = await work.take(Webhook, webhook, "webhook")
    columns = {"active_after": await _position(work), "failing_since": None}
    await work.transition(MACHINE, row, "resume", WebhookTransition, reason=reason, columns=columns)
    return row


async def delete_webhook(work: Work, webhook: WebhookKey, *, reason: str = "") -> Webhook:
    """删除推送地址：销毁密钥，保留记录 · delete a webhook: its secret is erased, its log stays.

    :param webhook: 推送地址 · the webhook
    :raises RuleError: NOT_FOUND, STATE
    """
    row = await work.take(Webhook, webhook, "webhook")
    columns = {"secret_cipher": None, "previous_secret_cipher": None, "previous_until": None}
    await work.transition(MACHINE, row, "delete", WebhookTransition, reason=reason, columns=columns)
    return row


async def test_webhook(work: Work, webhook: WebhookKey) -> WebhookDelivery:
    """发送测试消息 · send a ping, by the same way as every message.

    :param webhook: 推送地址 · the webhook
    :raises RuleError: NOT_FOUND, STATE
    """
    row = await work.take(Webhook, webhook, "webhook")
    await work.may(MACHINE, row, "test")
    delivery = await queue.add(work, row.id, PING)
    work.record("core.webhook.test", row, data={"delivery": delivery.id})
    return delivery


async def resend_delivery(work: Work, delivery: DeliveryKey) -> WebhookDelivery:
    """重发一条消息，编号不变，接收方可据此去重 · send a message again, under the same id.

    :param delivery: 推送记录 · the delivery
    :raises RuleError: NOT_FOUND, STATE
    """
    row = await work.find(WebhookDelivery, delivery, "delivery")
    webhook = await work.take(Webhook, row.webhook_id, "delivery")
    await work.may(MACHINE, webhook, "resend")
    await queue.send_again(work, row)
    work.record("core.webhook.resend", webhook, data={"delivery": row.id})
    return row


async def _position(work: Work) -> int:
    """Return the end of the event record: whatever is appended from now on stands behind it."""
    rows = await work.fetch("SELECT position FROM core_chain")
    return int(rows[0]["position"]) if rows else 0


def _privacy(work: Work) -> Privacy:
    if work.deployment.privacy is None:
        REFUSALS.refuse("NO_SECRET")
    return work.deployment.privacy


def _new_secret() -> str:
    return encode_secret(secrets.token_bytes(SECRET_BYTES))


def _title(text: str) -> str:
    title = text.strip()
    if not title:
        REFUSALS.refuse("BLANK", "title")
    if len(title) > MAX_TITLE:
        REFUSALS.refuse("TOO_LONG", "title", most=MAX_TITLE)
    return title


def _kinds(work: Work, kinds: Sequence[str]) -> list[str]:
    plugins = {"core", *(code.partition(".")[0] for code in work.deployment.permissions)}
    insist(check_kinds(kinds, plugins))
    return list(dict.fromkeys(kinds))


def _place(work: Work, privacy: Privacy, url: str) -> dict[str, Any]:
    """Return the columns that say where a webhook leads."""
    target: Target = parse_target(url, work.deployment.webhooks.allow_private)
    return {"url_cipher": privacy.encrypt(target.url), "url_masked": target.masked}
