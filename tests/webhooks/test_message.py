"""The message: signature and envelope."""

from __future__ import annotations

import datetime as dt
import re

import orjson
import pytest

from gongzhi.webhooks.message import (
    SECRET_BYTES,
    Told,
    encode_secret,
    envelope,
    headers,
    sign,
    source_of,
    without_texts,
)

AT = dt.datetime(2015, 6, 8, 1, 30, 0, 123999, tzinfo=dt.UTC)
LATER = dt.datetime(2015, 6, 9, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))


def test_the_signature_is_that_of_the_specification() -> None:
    """The vector that the libraries of Standard Webhooks are tested with."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    message_id, timestamp, body = (
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert sign(secret, message_id, timestamp, body) == expected
    assert headers([secret], message_id, timestamp, body) == {
        "content-type": "application/cloudevents+json; charset=utf-8",
        "webhook-id": message_id,
        "webhook-timestamp": "1614265330",
        "webhook-signature": expected,
    }


def test_every_part_is_signed() -> None:
    secret = encode_secret(b"k" * SECRET_BYTES)
    first = sign(secret, "msg_1", 1, b"{}")
    others = {
        sign(encode_secret(b"l" * SECRET_BYTES), "msg_1", 1, b"{}"),
        sign(secret, "msg_2", 1, b"{}"),
        sign(secret, "msg_1", 2, b"{}"),
        sign(secret, "msg_1", 1, b"[]"),
    }
    assert len(others) == 4
    assert first not in others


def test_while_a_secret_changes_both_sign() -> None:
    new, old = encode_secret(b"n" * SECRET_BYTES), encode_secret(b"o" * SECRET_BYTES)
    both = headers([new, old], "msg_1", 1, b"{}")["webhook-signature"].split(" ")
    assert both == [sign(new, "msg_1", 1, b"{}"), sign(old, "msg_1", 1, b"{}")]


def test_a_secret_is_as_the_specification_has_it() -> None:
    secret = encode_secret(bytes(range(SECRET_BYTES)))
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]+={0,2}", secret)
    assert 24 <= SECRET_BYTES <= 64


TOLD = Told(
    id="4711",
    kind="ledger.issue.settle",
    occurred_at=AT,
    recorded_at=LATER,
    subject="Issue:42",
    organization="Organization:7",
    data={"from": "HANDLING", "to": "SETTLED", "days": 12},
)


def test_the_envelope_is_a_cloud_event() -> None:
    assert orjson.loads(envelope(TOLD, "urn:example:district")) == {
        "specversion": "1.0",
        "id": "4711",
        "source": "urn:example:district",
        "type": "ledger.issue.settle",
        "subject": "Issue:42",
        "time": "2015-06-08T01:30:00.123Z",
        "datacontenttype": "application/json",
        "data": {
            "organization": "Organization:7",
            "recordedAt": "2015-06-09T01:00:00.000Z",
            "details": {"days": 12, "from": "HANDLING", "to": "SETTLED"},
        },
    }
    assert envelope(TOLD, "urn:example:district") == envelope(TOLD, "urn:example:district")


def test_an_event_about_nothing_has_no_subject() -> None:
    body = orjson.loads(envelope(Told("1", "core.import.run", AT, AT), "urn:x"))
    assert "subject" not in body
    assert body["data"]["organization"] is None
    assert body["data"]["details"] == {}


def test_a_deployment_has_a_name_of_its_own() -> None:
    name = source_of(b"key")
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name)
    assert name == source_of(b"key") != source_of(b"other key")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (42, 42),
        (True, True),
        (1.5, 1.5),
        ("SETTLED", "SETTLED"),
        ("Issue:42", "Issue:42"),
        ("2015-06-08", "2015-06-08"),
        ("2015-06-08 01:30:00+00:00", "2015-06-08 01:30:00+00:00"),
        ("2015-06-08T01:30:00.123Z", "2015-06-08T01:30:00.123Z"),
        ("change_stage", "change_stage"),
        ("420000.00", "420000.00"),
        (["title", "张三"], ["title"]),
        ({"to": "SETTLED", "who": "张三", "姓名": "X"}, {"to": "SETTLED"}),
        ([{"measure": 3, "note": "修 下水道"}], [{"measure": 3}]),
    ],
)
def test_codes_days_and_numbers_are_told(value: object, kept: object) -> None:
    assert without_texts({"x": value}) == {"x": kept}


@pytest.mark.parametrize(
    "value",
    [
        "张三",
        "Zhang San",
        "上海市长宁区某路 1 号",
        "13800138000",
        "+8613800138000",
        "138-0013-8000",
        "11010519491231002X",
        "zhang.san@example.org",
        "a" * 97,
        "",
        None,
        b"bytes",
    ],
)
def test_what_may_be_personal_stays_here(value: object) -> None:
    assert without_texts({"x": value, "n": 1}) == {"n": 1}
    assert without_texts({"x": [value], "n": 1}) == {"n": 1, "x": []}


def test_nothing_endless_is_told() -> None:
    deep: list[object] = []
    inner = deep
    for _ in range(50):
        inner.append([])
        inner = inner[0]  # type: ignore[assignment]
    assert len(str(without_texts({"x": deep}))) < 40
