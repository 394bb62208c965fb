"""What a receiver gets: a CloudEvents 1.0 body, signed as Standard Webhooks says. Pure.

Sources: CloudEvents 1.0.2, JSON format, structured mode; Standard Webhooks 1.0, symmetric
signatures (``v1``).
"""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from gongzhi.scan import scan

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
PING = "core.webhook.ping"
"""The type of a test."""

_PREFIX = "whsec_"
SECRET_BYTES = 32

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,95}")
"""An id, a code or a day. No name of a person is written so in a register of ours."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?")
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of an event."""

    id: str
    kind: str
    occurred_at: dt.datetime
    recorded_at: dt.datetime
    subject: str | None = None
    """Global id of what it happened to."""
    organization: str | None = None
    """Global id of the organization that this belongs to."""
    data: Mapping[str, Any] | None = None


def source_of(chain_key: bytes) -> str:
    """Return the name of a deployment that has given itself none: stable, and its alone.

    :param chain_key: of the event record; it cannot be found from the name.
    """
    return UUID(bytes=hmac.digest(chain_key, b"gongzhi webhooks", "sha256")[:16], version=4).urn


def envelope(told: Told, source: str) -> bytes:
    """Return the body, the same bytes whenever it is made."""
    body: dict[str, Any] = {
        "specversion": "1.0",
        "id": told.id,
        "source": source,
        "type": told.kind,
        "time": _instant(told.occurred_at),
        "datacontenttype": "application/json",
        "data": {
            "organization": told.organization,
            "recordedAt": _instant(told.recorded_at),
            "details": without_texts(told.data or {}),
        },
    }
    if told.subject is not None:
        body["subject"] = told.subject
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def _instant(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def without_texts(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may leave of an event's data: numbers, days, ids and codes.

    Events have no personal values as it is. Should a module put one there by mistake, it stays
    here: what is not written like a code, or is written like a personal number, is left out.
    """
    return {key: value for key, value in _plain(data, 0).items() if _WORD.fullmatch(key)}


def _plain(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        return None
    if isinstance(value, Mapping):
        return {
            str(key): made
            for key, each in value.items()
            if _WORD.fullmatch(str(key)) and ((made := _plain(each, depth + 1)) is not None)
        }
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [made for each in value if (made := _plain(each, depth + 1)) is not None]
    if isinstance(value, str):
        usable = _WORD.fullmatch(value) or _INSTANT.fullmatch(value)
        return value if usable and not scan(value) else None
    return value if isinstance(value, bool | int | float) else None


# == signature ==


def encode_secret(key: bytes) -> str:
    """Return a secret as it is shown."""
    return _PREFIX + base64.b64encode(key).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return one signature: ``v1,`` and the HMAC over id, timestamp and body.

    :param secret: as shown, ``whsec_…``.
    :param timestamp: seconds since 1970, of this attempt.
    """
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def headers(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers that make a message one of ours.

    :param secrets: the newest first; while a secret is being changed both sign.
    """
    signatures = [sign(secret, message_id, timestamp, body) for secret in secrets]
    return {
        "content-type": CONTENT_TYPE,
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
