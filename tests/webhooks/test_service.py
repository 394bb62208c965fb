"""Webhooks by GraphQL: who may make them, what is refused, what is shown."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from gongzhi.errors import RuleError
from gongzhi.settings import Settings
from gongzhi.webhooks.models import Webhook
from gongzhi.webhooks.service import create_webhook
from gongzhi.writing import unit_of_work
from gongzhi_schema.district import Result
from tests.webhooks.conftest import Site

FIELDS = "webhook { title url kinds state version organization { id } previousSecretUntil }"


def codes(result: Result, name: str) -> list[Any]:
    """Return the codes in a payload's errors with their fields, or those of the operation."""
    if result.errors:
        return [error["extensions"]["code"] for error in result.errors]
    return [(error["code"], error["field"]) for error in result.data[name]["errors"]]


async def shown(site: Site, webhook: str, fields: str, token: str = "") -> Any:
    result = await site.district.execute(
        f"query($id: ID) {{ webhook(id: $id) {{ {fields} }} }}",
        {"id": webhook},
        token or site.admin,
    )
    assert result.errors == []
    assert result.statements == 1
    return result.data["webhook"]


async def test_it_is_made_and_its_secret_shown_once(site: Site) -> None:
    webhook, secret = await site.made(
        title=" 街道平台 ", kinds=["core.area.*", "*", "*"], organization=site.key("east")
    )
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    fields = (
        "title url kinds state version organization { id } previousSecretUntil failingSince "
        "viewerCan { pause resume delete change rotateSecret test resend }"
        " transitions { action toState }"
    )
    assert await shown(site, webhook, fields) == {
        "title": "街道平台",
        "url": f"http://127.0.0.1:{site.receiver.port}/…",
        "kinds": ["core.area.*", "*"],
        "state": "ACTIVE",
        "version": 1,
        "organization": {"id": site.key("east")},
        "previousSecretUntil": None,
        "failingSince": None,
        "viewerCan": {
            "pause": True,
            "resume": False,
            "delete": True,
            "change": True,
            "rotateSecret": True,
            "test": True,
            "resend": True,
        },
        "transitions": [{"action": "create", "toState": "ACTIVE"}],
    }
    (row,) = await site.rows("SELECT * FROM core_webhook")
    kept = b"".join(
        each if isinstance(each, bytes) else str(each).encode() for each in row.values()
    )
    for hidden in (secret.encode(), secret.removeprefix("whsec_").encode(), b"k-123", b"/in"):
        assert hidden not in kept
    events = await site.rows("SELECT * FROM core_event WHERE kind LIKE 'core.webhook.%'")
    assert [each["kind"] for each in events] == ["core.webhook.create"]
    assert events[0]["organization_id"] == site.homes["east"].id
    assert events[0]["data"] == '{"to":"ACTIVE"}'


async def test_with_a_key_it_is_made_once_and_not_shown_again(site: Site) -> None:
    given = {
        "title": "区平台",
        "url": site.receiver.url,
        "kinds": ["*"],
        "idempotencyKey": "k1",
    }
    first = await site.do("webhookCreate", "webhookSecret { id }", **given)
    again = await site.do("webhookCreate", "webhookSecret { id }", **given)
    assert first.errors == []
    assert codes(again, "webhookCreate") == ["ALREADY_DONE"]
    assert len(await site.rows("SELECT id FROM core_webhook")) == 1


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"title": "  "}, ("BLANK", "title")),
        ({"title": "名" * 101}, ("TOO_LONG", "title")),
        ({"url": "http://example.org/"}, ("URL_INSECURE", "url")),
        ({"url": "https://127.1/"}, ("URL_INVALID", "url")),
        ({"url": "https://user:pass@example.org/"}, ("URL_INVALID", "url")),
        ({"url": "https://[::ffff:127.0.0.1]/"}, ("ADDRESS_REFUSED", "url")),
        ({"url": "https://169.254.169.254/"}, ("ADDRESS_REFUSED", "url")),
        ({"url": "https://localhost./"}, ("ADDRESS_REFUSED", "url")),
        ({"kinds": []}, ("BLANK", "kinds")),
        ({"kinds": ["*"] * 51}, ("TOO_MANY_KINDS", "kinds")),
        ({"kinds": ["core.area.create", "core"]}, ("KIND_INVALID", "kinds")),
        ({"kinds": ["nowhere.thing.*"]}, ("KIND_UNKNOWN", "kinds")),
        ({"kinds": ["core.token.*"]}, ("KIND_WITHHELD", "kinds")),
        ({"organization": "Organization:999"}, ("NOT_FOUND", "organization")),
    ],
)
async def test_what_is_refused_is_not_made(
    site: Site, given: dict[str, Any], refused: tuple[str, str]
) -> None:
    whole = {"title": "平台", "url": site.receiver.url, "kinds": ["*"], **given}
    result = await site.do("webhookCreate", "webhookSecret { id }", **whole)
    assert codes(result, "webhookCreate") == [refused]
    assert await site.rows("SELECT id FROM core_webhook") == []


async def test_it_is_changed(site: Site) -> None:
    webhook, secret = await site.made()
    result = await site.do(
        "webhookChange", FIELDS, webhook=webhook, title="新名", kinds=["core.area.*"],
        url="https://example.org/a", expectedVersion=1,
    )  # fmt: skip
    assert result.data["webhookChange"] == {
        "webhook": {
            "title": "新名",
            "url": "https://example.org/…",
            "kinds": ["core.area.*"],
            "state": "ACTIVE",
            "version": 2,
            "organization": None,
            "previousSecretUntil": None,
        },
        "errors": [],
    }
    stale = await site.do("webhookChange", FIELDS, webhook=webhook, title="旧", expectedVersion=1)
    assert codes(stale, "webhookChange") == [("CONFLICT", "expectedVersion")]
    nothing = await site.do("webhookChange", FIELDS, webhook=webhook)
    assert nothing.data["webhookChange"]["webhook"]["version"] == 2
    await site.do("webhookChange", FIELDS, webhook=webhook, url=site.receiver.url)
    events = await site.rows("SELECT data FROM core_event WHERE kind = 'core.webhook.change'")
    assert [each["data"] for each in events] == [
        '{"changed":["title","url","kinds"]}',
        '{"changed":["url"]}',
    ]
    await site.happen("east", "core.area.create")
    await site.run()
    assert site.receiver.requests[0].signed_by(secret) == [True]


async def test_it_is_paused_resumed_and_deleted(site: Site) -> None:
    webhook, _ = await site.made()
    await site.do("webhookRotateSecret", "webhookSecret { id }", webhook=webhook)
    steps = [
        ("webhookResume", [("STATE", None)], "ACTIVE"),
        ("webhookPause", [], "PAUSED"),
        ("webhookPause", [("STATE", None)], "PAUSED"),
        ("webhookTest", [("STATE", None)], "PAUSED"),
        ("webhookResume", [], "ACTIVE"),
        ("webhookDelete", [], "DELETED"),
        ("webhookResume", [("STATE", None)], "DELETED"),
        ("webhookDelete", [("STATE", None)], "DELETED"),
        ("webhookChange", [("STATE", None)], "DELETED"),
        ("webhookRotateSecret", [("STATE", None)], "DELETED"),
        ("webhookTest", [("STATE", None)], "DELETED"),
    ]
    entity = {"webhookRotateSecret": "webhookSecret", "webhookTest": "webhookDelivery"}
    for name, refused, state in steps:
        result = await site.do(name, f"{entity.get(name, 'webhook')} {{ id }}", webhook=webhook)
        assert codes(result, name) == refused, name
        assert (await shown(site, webhook, "state"))["state"] == state
    (row,) = await site.rows("SELECT * FROM core_webhook")
    assert row["secret_cipher"] is row["previous_secret_cipher"] is None
    transitions = (await shown(site, webhook, "transitions { action fromState toState }"))[
        "transitions"
    ]
    assert [each["action"] for each in transitions] == ["delete", "resume", "pause", "create"]


async def test_a_ping_goes_the_way_of_every_message(site: Site) -> None:
    webhook, secret = await site.made(kinds=["core.area.*"], organization=site.key("west"))
    result = await site.do(
        "webhookTest", "webhookDelivery { id state kind webhook { id } event { id } }",
        webhook=webhook,
    )  # fmt: skip
    made = result.data["webhookTest"]["webhookDelivery"]
    assert {**made, "id": ""} == {
        "id": "",
        "state": "WAITING",
        "kind": "core.webhook.ping",
        "webhook": {"id": webhook},
        "event": None,
    }
    await site.run()
    (request,) = site.receiver.requests
    assert request.json["type"] == "core.webhook.ping"
    assert request.json["id"] == request.headers["webhook-id"]
    assert request.signed_by(secret) == [True]
    assert await site.log("state", webhook) == ["DELIVERED"]


async def test_without_a_key_of_the_deployment_none_is_made(site: Site) -> None:
    deployment = replace(site.district.deployment, privacy=None)
    async with site.district.database():
        with pytest.raises(RuleError, match="NO_SECRET"):
            async with unit_of_work(deployment, deployment.system("test")) as work:
                await create_webhook(work, "平台", "https://example.org/", ["*"])
        assert await Webhook.all().count() == 0


# == who ==


async def test_the_system_administrator_manages_and_the_auditor_reads(site: Site) -> None:
    webhook, _ = await site.made()
    tokens = {
        role: await site.district.token(role)
        for role in ("AUDITOR", "DISTRICT_ORG_DEPT_ADMIN", "SECURITY_ADMIN", "INTEGRATION")
    }
    for role, token in tokens.items():
        found = await site.district.execute(
            "{ webhooks { nodes { id viewerCan { pause change } } } }", token=token
        )
        reads = role in ("AUDITOR", "DISTRICT_ORG_DEPT_ADMIN")
        nothing = {"pause": False, "change": False}
        expected = [{"id": webhook, "viewerCan": nothing}] if reads else []
        assert found.data["webhooks"]["nodes"] == expected, role
        refused = await site.do("webhookPause", "webhook { id }", token, webhook=webhook)
        want = ["FORBIDDEN"] if reads else [("NOT_FOUND", "webhook")]
        assert codes(refused, "webhookPause") == want, role
        given = {"title": "平台", "url": site.receiver.url, "kinds": ["*"]}
        refused = await site.do("webhookCreate", "webhookSecret { id }", token, **given)
        assert codes(refused, "webhookCreate") == ["FORBIDDEN"], role
    nobody = await site.district.execute("{ webhooks { totalCount } }")
    assert nobody.data["webhooks"]["totalCount"] == 0
    assert (await shown(site, webhook, "state"))["state"] == "ACTIVE"


async def test_an_administrator_of_a_street_has_its_webhooks_only(site: Site) -> None:
    everything, _ = await site.made()
    west, _ = await site.made(organization=site.key("west"))
    await site.happen("west")
    await site.run()
    (delivery,) = await site.log("id", west)
    token = await site.district.token("SYSTEM_ADMIN", organization=site.homes["east"].code)
    given = {"title": "平台", "url": site.receiver.url, "kinds": ["*"]}
    create = ("webhookCreate", "webhookSecret { id }", token)
    assert codes(await site.do(*create, **given), "webhookCreate") == ["FORBIDDEN"]
    hidden = await site.do(*create, organization=site.key("west"), **given)
    absent = await site.do(*create, organization="Organization:999", **given)
    assert codes(hidden, "webhookCreate") == [("NOT_FOUND", "organization")]
    assert hidden.data == absent.data
    made = await site.do(*create, organization=site.key("east"), **given)
    mine = made.data["webhookCreate"]["webhookSecret"]["id"]
    found = await site.district.execute("{ webhooks { nodes { id } } }", token=token)
    assert [each["id"] for each in found.data["webhooks"]["nodes"]] == [mine]
    mutations = {
        "webhookPause": "webhook",
        "webhookDelete": "webhook",
        "webhookChange": "webhook",
        "webhookRotateSecret": "webhookSecret",
        "webhookTest": "webhookDelivery",
    }
    for other in (everything, west, "Webhook:999"):
        for name, entity in mutations.items():
            result = await site.do(name, f"{entity} {{ id }}", token, webhook=other)
            assert codes(result, name) == [("NOT_FOUND", "webhook")], (name, other)
    for other in (delivery["id"], "WebhookDelivery:999"):
        result = await site.do(
            "webhookDeliveryResend", "webhookDelivery { id }", token, delivery=other
        )
        assert codes(result, "webhookDeliveryResend") == [("NOT_FOUND", "delivery")]
        one = await site.district.execute(
            "query($id: ID) { webhookDelivery(id: $id) { kind } }", {"id": other}, token
        )
        assert one.data["webhookDelivery"] is None
    assert await site.log("state", west) == ["DELIVERED"]


async def test_the_event_of_a_delivery_is_for_those_who_see_the_record(site: Site) -> None:
    webhook, _ = await site.made()
    await site.happen()
    await site.run()
    fields = "deliveries { nodes { event { kind } } }"
    auditor = await site.district.token("AUDITOR")
    seen = await shown(site, webhook, fields, auditor)
    assert seen["deliveries"]["nodes"] == [{"event": {"kind": "core.organization.rename"}}]
    unseen = await shown(site, webhook, fields)
    assert unseen["deliveries"]["nodes"] == [{"event": None}]


async def test_the_log_is_filtered_by_state(site: Site) -> None:
    webhook, _ = await site.made()
    await site.happen()
    await site.run()
    await site.do("webhookTest", "webhookDelivery { id }", webhook=webhook)
    fields = "deliveries(filter: {state: {eq: WAITING}}) { totalCount nodes { kind } }"
    assert await shown(site, webhook, fields) == {
        "deliveries": {"totalCount": 1, "nodes": [{"kind": "core.webhook.ping"}]}
    }


def test_the_settings() -> None:
    settings = Settings.model_validate(
        {"webhooks": {"allow_private": "a.lan, b.lan", "retry_seconds": "1,2,3"}}
    ).webhooks
    assert settings.allow_private == ("a.lan", "b.lan")
    assert settings.retry_seconds == (1, 2, 3)
    assert Settings().webhooks.allow_private == ()
    assert Settings().webhooks.timeout_seconds == 5
