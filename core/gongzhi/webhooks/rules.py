"""Rules of webhooks: which events they tell, the states of a delivery, when it is tried again."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gongzhi.errors import RuleError
from gongzhi.refusals import COMMON, Refusals
from gongzhi.writing.machine import StateMachine, Step

MANAGE = "core.webhook.manage"
READ = "core.webhook.read"

MAX_KINDS = 50
"""Patterns of one webhook."""
MAX_KIND = 96
"""Characters of the kind of an event."""

REFUSALS = Refusals(
    {
        "URL_INVALID": (
            "不是可用的网址：须为绝对地址，不含用户名、密码和片段，非 ASCII 字符须经百分号编码",
            "not a usable URL: it must be absolute, without user, password and fragment, other "
            "characters than ASCII percent-encoded",
        ),
        "URL_INSECURE": (
            "须以 https:// 开头；http 只用于系统设置 webhooks.allow_private 中列出的主机",
            "must begin with https://; http is for hosts that the setting webhooks.allow_private "
            "names",
        ),
        "ADDRESS_REFUSED": (
            "不允许推送到内部或保留地址",
            "internal and reserved addresses are not delivered to",
        ),
        "KIND_INVALID": (
            "“{kind}”不是事件类别；应形如 ledger.issue.settle、ledger.issue.* 或 *",
            "{kind!r} is no kind of event; write ledger.issue.settle, ledger.issue.* or *",
        ),
        "KIND_UNKNOWN": (
            "没有启用名为 {plugin} 的模块",
            "no enabled plugin is called {plugin}",
        ),
        "KIND_WITHHELD": (
            "账号、授权和审计类事件不对外推送：{kind}",
            "events of accounts, grants and audit are not told to other systems: {kind}",
        ),
        "TOO_MANY_KINDS": (
            "最多 {most} 个事件类别",
            "at most {most} kinds of events",
        ),
        "NO_SECRET": (
            "没有设置 privacy.secret，无法保存推送密钥",
            "privacy.secret is not set, so the key of a webhook cannot be kept",
        ),
    },
    base=COMMON,
)

# == the webhook ==


class WebhookState(StrEnum):
    """推送地址的状态 · whether a webhook is delivered to: 启用, 暂停, 已删除."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    DELETED = "DELETED"


WEBHOOK_LABELS: Mapping[WebhookState, tuple[str, str]] = {
    WebhookState.ACTIVE: ("启用", "active"),
    WebhookState.PAUSED: ("暂停", "paused"),
    WebhookState.DELETED: ("已删除", "deleted"),
}

MACHINE = StateMachine(
    "core.webhook",
    WebhookState,
    WEBHOOK_LABELS,
    initial=WebhookState.ACTIVE,
    steps=(
        Step(
            "pause",
            (WebhookState.ACTIVE,),
            WebhookState.PAUSED,
            "暂停",
            "pause: events are not kept for it meanwhile",
            MANAGE,
        ),
        Step(
            "resume",
            (WebhookState.PAUSED,),
            WebhookState.ACTIVE,
            "恢复",
            "resume: from the events of now on",
            MANAGE,
        ),
        Step(
            "delete",
            (WebhookState.ACTIVE, WebhookState.PAUSED),
            WebhookState.DELETED,
            "删除",
            "delete: its key is erased, its log stays",
            MANAGE,
        ),
        *(
            Step(action, (WebhookState.ACTIVE, WebhookState.PAUSED), None, zh, en, MANAGE)
            for action, zh, en in (
                ("change", "修改", "change"),
                ("rotate_secret", "更换密钥", "make a new key"),
            )
        ),
        *(
            Step(action, (WebhookState.ACTIVE,), None, zh, en, MANAGE)
            for action, zh, en in (
                ("test", "测试", "send a ping"),
                ("resend", "重发", "send a message again"),
            )
        ),
    ),
)

# == kinds of events ==

WITHHELD = (
    "core.account.",
    "core.audit.",
    "core.grant.",
    "core.login.",
    "core.member.reveal",
    "core.person.reveal",
    "core.token.",
    "core.webhook.",
)
"""Beginnings of kinds that no webhook tells.

Who logged in, who was granted what and who looked at whom are the matter of the security and the
audit administrator (三员分立, GB/T 22239-2019 8.1.4.2 d), and the system administrator makes
webhooks. Events about webhooks would beget each other.
"""

_NAME = "[a-z][a-z0-9_]*"
_PATTERN = re.compile(rf"\*|{_NAME}(?:\.{_NAME})*\.\*|{_NAME}\.{_NAME}\.{_NAME}")


def check_kinds(kinds: Sequence[str], plugins: Iterable[str]) -> list[RuleError]:
    """Refuse patterns that mean no event: KIND_INVALID, KIND_UNKNOWN, KIND_WITHHELD.

    Also BLANK without any, and TOO_MANY_KINDS.

    :param plugins: names of the enabled plugins.
    """
    if not kinds:
        return [REFUSALS.refusal("BLANK", "kinds")]
    if len(kinds) > MAX_KINDS:
        return [REFUSALS.refusal("TOO_MANY_KINDS", "kinds", most=MAX_KINDS)]
    known = set(plugins)
    found = []
    for kind in kinds:
        plugin = kind.partition(".")[0]
        if len(kind) > MAX_KIND or not _PATTERN.fullmatch(kind):
            found.append(REFUSALS.refusal("KIND_INVALID", "kinds", kind=kind[:MAX_KIND]))
        elif kind != "*" and plugin not in known:
            found.append(REFUSALS.refusal("KIND_UNKNOWN", "kinds", plugin=plugin))
        elif not told(kind.removesuffix("*")):
            found.append(REFUSALS.refusal("KIND_WITHHELD", "kinds", kind=kind))
    return found


def told(kind: str) -> bool:
    """Return whether events of a kind leave the system at all."""
    return not kind.startswith(WITHHELD)


def wants(kinds: Iterable[str], kind: str) -> bool:
    """Return whether an event is one of those that a webhook asks for, and may be told."""
    return told(kind) and any(
        pattern in ("*", kind) or (pattern.endswith(".*") and kind.startswith(pattern[:-1]))
        for pattern in kinds
    )


def reaches(webhook_path: str | None, event_path: str) -> bool:
    """Return whether an event lies in the subtree of a webhook's organization.

    :param webhook_path: None where the webhook is for everything.
    :param event_path: empty where the event belongs to no organization.
    """
    return webhook_path is None or bool(webhook_path and event_path.startswith(webhook_path))


# == deliveries ==


class WebhookDeliveryState(StrEnum):
    """一次推送的状态 · where a delivery stands: 待发, 已送达, 待重试, 已放弃."""

    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    DEAD = "DEAD"


DELIVERY_LABELS: Mapping[WebhookDeliveryState, tuple[str, str]] = {
    WebhookDeliveryState.WAITING: ("待发", "not tried yet"),
    WebhookDeliveryState.DELIVERED: ("已送达", "delivered"),
    WebhookDeliveryState.FAILED: ("待重试", "failed, will be tried again"),
    WebhookDeliveryState.DEAD: ("已放弃", "given up"),
}

OPEN = frozenset({WebhookDeliveryState.WAITING, WebhookDeliveryState.FAILED})
"""States in which something is still to be done."""


class WebhookFailure(StrEnum):
    """推送失败的原因 · why an attempt failed."""

    NAME_UNKNOWN = "NAME_UNKNOWN"
    ADDRESS_REFUSED = "ADDRESS_REFUSED"
    URL_REFUSED = "URL_REFUSED"
    UNREACHABLE = "UNREACHABLE"
    TLS = "TLS"
    TIMEOUT = "TIMEOUT"
    BAD_ANSWER = "BAD_ANSWER"
    REDIRECT = "REDIRECT"
    STATUS = "STATUS"
    GONE = "GONE"
    NOT_ACTIVE = "NOT_ACTIVE"
    SECRET_LOST = "SECRET_LOST"  # noqa: S105  # the name of an error


FAILURE_LABELS: Mapping[WebhookFailure, tuple[str, str]] = {
    WebhookFailure.NAME_UNKNOWN: ("域名无法解析", "its name cannot be resolved"),
    WebhookFailure.ADDRESS_REFUSED: (
        "指向内部或保留地址，不予连接",
        "its name leads to an internal or reserved address",
    ),
    WebhookFailure.URL_REFUSED: (
        "地址不再符合系统设置",
        "its URL is not what the settings allow any more",
    ),
    WebhookFailure.UNREACHABLE: ("无法连接", "no connection"),
    WebhookFailure.TLS: ("证书或加密协商失败", "its certificate or the encryption is at fault"),
    WebhookFailure.TIMEOUT: ("超时", "it did not answer in time"),
    WebhookFailure.BAD_ANSWER: ("应答不是 HTTP", "its answer is not HTTP"),
    WebhookFailure.REDIRECT: ("要求转向，不予跟随", "it redirects, which is not followed"),
    WebhookFailure.STATUS: ("应答状态不是 2xx", "its answer has a status other than 2xx"),
    WebhookFailure.GONE: ("接收方已停用 (410)", "it says that it is gone (410)"),
    WebhookFailure.NOT_ACTIVE: ("推送地址已暂停或删除", "the webhook is paused or deleted"),
    WebhookFailure.SECRET_LOST: (
        "密钥无法解密",
        "its key cannot be decrypted: privacy.secret is another one",
    ),
}

FINAL = frozenset(
    {
        WebhookFailure.ADDRESS_REFUSED,
        WebhookFailure.URL_REFUSED,
        WebhookFailure.GONE,
        WebhookFailure.NOT_ACTIVE,
        WebhookFailure.SECRET_LOST,
    }
)
"""What waiting does not mend: such a delivery is given up at once."""

_JITTER = 0.2
"""A retry comes up to this share earlier or later, so that those of one outage spread."""

_LONGEST = dt.timedelta(days=1)
"""A receiver that asks for more patience (``Retry-After``) gets this much."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt."""

    error: WebhookFailure | None
    """None: the receiver took it."""
    status: int | None = None
    """Status of the answer, None where there was none."""
    duration_ms: int = 0
    retry_after: int | None = None
    """Seconds that the receiver asks to wait."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a delivery stands after an attempt."""

    state: WebhookDeliveryState
    next_at: dt.datetime | None = None


def outcome(
    answer: Answer,
    attempts: int,
    now: dt.datetime,
    *,
    retry_seconds: Sequence[int],
    chance: float,
) -> Outcome:
    """Say how a delivery goes on.

    :param attempts: how often it was tried since it was last sent, this attempt included.
    :param retry_seconds: seconds before each retry; after the last one it is given up.
    :param chance: 0 to 1, evenly spread.
    """
    if answer.error is None:
        return Outcome(WebhookDeliveryState.DELIVERED)
    if answer.error in FINAL or attempts > len(retry_seconds):
        return Outcome(WebhookDeliveryState.DEAD)
    wait = retry_seconds[attempts - 1] * (1 + _JITTER * (2 * chance - 1))
    asked = min(dt.timedelta(seconds=answer.retry_after or 0), _LONGEST)
    return Outcome(WebhookDeliveryState.FAILED, now + max(dt.timedelta(seconds=wait), asked))


def gives_up(
    error: WebhookFailure,
    failing_since: dt.datetime | None,
    now: dt.datetime,
    *,
    pause_after_hours: int,
) -> bool:
    """Return whether a webhook whose delivery was given up is paused.

    It is when it says that it is gone, or has taken nothing for too long.

    :param failing_since: of the first failure after the last success.
    """
    if error is WebhookFailure.GONE:
        return True
    return failing_since is not None and now - failing_since >= dt.timedelta(
        hours=pause_after_hours
    )
