"""From an event to a receiver: what it gets, when, how often, and what the log says."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

import pytest

from gongzhi import clock
from gongzhi.jobs import delivery
from gongzhi.webhooks import queue
from tests.webhooks.conftest import Site
from tests.webhooks.receiver import answer, keep_silent, receiving, say

NOON = dt.datetime(2026, 3, 4, 4, tzinfo=dt.UTC)


def at(seconds: float) -> Any:
    """Stop the clock so long after noon."""
    return clock.stopped_at(NOON + dt.timedelta(seconds=seconds))


async def test_an_event_is_told(site: Site) -> None:
    webhook, secret = await site.made()
    await site.happen("east", before="A", after="B", n=3)
    assert site.receiver.requests == []
    await site.run()
    (request,) = site.receiver.requests
    assert request.line == "POST /in?key=k-123 HTTP/1.1"
    assert request.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert request.signed_by(secret) == [True]
    sent = dt.datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), dt.UTC)
    assert abs(dt.datetime.now(dt.UTC) - sent) < dt.timedelta(minutes=5)
    body = request.json
    (event,) = await site.rows("SELECT * FROM core_event WHERE kind = 'core.organization.rename'")
    assert body["id"] == str(event["id"])
    assert (body["specversion"], body["type"]) == ("1.0", "core.organization.rename")
    assert body["source"].startswith("urn:uuid:")
    assert body["subject"] == body["data"]["organization"] == site.key("east")
    assert body["data"]["details"] == {"before": "A", "after": "B", "n": 3}
    fields = "kind messageId state attempts statusCode error nextAt deliveredAt attemptedAt"
    (row,) = await site.log(fields, webhook)
    assert row["messageId"] == request.headers["webhook-id"]
    assert row["deliveredAt"] == row["attemptedAt"] is not None
    assert {key: row[key] for key in ("kind", "state", "attempts", "statusCode")} == {
        "kind": "core.organization.rename",
        "state": "DELIVERED",
        "attempts": 1,
        "statusCode": 200,
    }
    assert row["error"] is row["nextAt"] is None
    await site.run()
    assert len(site.receiver.requests) == 1


async def test_nobody_is_told_of_what_was_before(site: Site) -> None:
    await site.happen()
    await site.made()
    await site.run()
    assert site.receiver.requests == []


async def test_each_gets_what_it_asked_for(site: Site) -> None:
    given = {
        "all": {},
        "east": {"organization": site.key("east")},
        "renames": {"kinds": ["core.organization.rename"]},
        "west areas": {"organization": site.key("west"), "kinds": ["core.area.*"]},
    }
    ids = {name: (await site.made(**each))[0] for name, each in given.items()}
    await site.happen("east")
    await site.happen("west")
    await site.happen("top")
    await site.happen(None, "core.import.run")
    await site.happen("west", "core.area.create")
    await site.run()
    told = {name: [each["kind"] for each in await site.log("kind", ids[name])] for name in given}
    rename, area = "core.organization.rename", "core.area.create"
    assert told == {
        "all": [rename, rename, rename, "core.import.run", area],
        "east": [rename],
        "renames": [rename, rename, rename],
        "west areas": [area],
    }
    assert len({each.headers["webhook-id"] for each in site.receiver.requests}) == 10


async def test_what_security_and_audit_keep_is_told_to_nobody(site: Site) -> None:
    webhook, _ = await site.made(kinds=["*", "core.*"])
    await site.happen("east", "core.grant.add")
    await site.happen("east", "core.person.reveal")
    await site.do("webhookPause", "webhook { id }", webhook=webhook)
    await site.do("webhookResume", "webhook { id }", webhook=webhook)
    await site.happen("east", "core.person.change")
    await site.run()
    assert [each.json["type"] for each in site.receiver.requests] == ["core.person.change"]


async def test_a_subtree_that_moves_is_told_to_whom_it_belongs_then(site: Site) -> None:
    east, _ = await site.made(organization=site.key("east"))
    async with site.district.database():
        db = site.district._context.db()
        moved = f"{site.homes['top'].path}99."
        home = site.homes["east"]
        await db.execute_query_dict(
            f"UPDATE core_organization SET path = '{moved}' WHERE id = {home.id} RETURNING id"
        )
        await db.execute_query_dict(f"UPDATE core_webhook SET org_path = '{moved}' RETURNING id")
    home.path = moved
    await site.happen("east")
    await site.run()
    assert await site.log("state", east) == ["DELIVERED"]


# == failures ==


async def test_a_failure_is_tried_again_under_the_same_id(site: Site) -> None:
    webhook, secret = await site.made()
    site.receiver.then(answer(500), say(b"no"), answer(200))
    with at(0):
        await site.happen()
        await site.run()
        (row,) = await site.log("state attempts statusCode error nextAt", webhook)
        assert {**row, "nextAt": None} == {
            "state": "FAILED",
            "attempts": 1,
            "statusCode": 500,
            "error": "STATUS",
            "nextAt": None,
        }
        wait = dt.datetime.fromisoformat(row["nextAt"]) - NOON
        assert dt.timedelta(seconds=4) <= wait <= dt.timedelta(seconds=6)
    with at(3.9):
        await site.run()
        assert len(site.receiver.requests) == 1
    with at(6):
        await site.run()
        (row,) = await site.log("state attempts statusCode error deliveredAt", webhook)
        assert (row["state"], row["attempts"]) == ("FAILED", 2)
        assert (row["statusCode"], row["error"]) == (None, "BAD_ANSWER")
        assert row["deliveredAt"] is None
    failing = await failing_since(site, webhook)
    assert failing == "2026-03-04T04:00:00.000Z"
    with at(60):
        await site.run()
        (row,) = await site.log("state attempts statusCode error deliveredAt", webhook)
    assert row == {
        "state": "DELIVERED",
        "attempts": 3,
        "statusCode": 200,
        "error": None,
        "deliveredAt": "2026-03-04T04:01:00.000Z",
    }
    assert await failing_since(site, webhook) is None
    requests = site.receiver.requests
    assert len({each.headers["webhook-id"] for each in requests}) == 1
    assert len({each.body for each in requests}) == 1
    noon = int(NOON.timestamp())
    times = [int(each.headers["webhook-timestamp"]) - noon for each in requests]
    assert times == [0, 6, 60]
    assert [each.signed_by(secret) for each in requests] == [[True]] * 3


async def failing_since(site: Site, webhook: str) -> Any:
    result = await site.district.execute(
        "query($id: ID) { webhook(id: $id) { failingSince } }", {"id": webhook}, site.admin
    )
    return result.data["webhook"]["failingSince"]


async def play_out(site: Site, start: float = 0) -> float:
    """Let every retry come due; return the seconds at which the last one was."""
    seconds = start
    for wait in (0, 5, 30, 120, 600, 3600, 21600, 86400):
        seconds += wait * 1.25
        with at(seconds):
            await site.run()
    return seconds


async def test_in_the_end_it_is_given_up_and_can_be_sent_again(site: Site) -> None:
    webhook, secret = await site.made()
    site.receiver.then(answer(503))
    with at(0):
        await site.happen()
    last = await play_out(site)
    (row,) = await site.log("id state attempts nextAt messageId", webhook)
    assert (row["state"], row["attempts"], row["nextAt"]) == ("DEAD", 8, None)
    assert len(site.receiver.requests) == 8
    site.receiver.then(answer())
    with at(last + 1000):
        await site.run()
        assert len(site.receiver.requests) == 8
        result = await site.do(
            "webhookDeliveryResend",
            "webhookDelivery { state attempts }",
            delivery=row["id"],
        )
        payload = result.data["webhookDeliveryResend"]
        assert payload["webhookDelivery"] == {"state": "WAITING", "attempts": 0}
        await site.run()
    (again,) = await site.log("state attempts messageId", webhook)
    assert again == {"state": "DELIVERED", "attempts": 1, "messageId": row["messageId"]}
    assert site.receiver.requests[-1].headers["webhook-id"] == row["messageId"]
    assert site.receiver.requests[-1].body == site.receiver.requests[0].body
    assert site.receiver.requests[-1].signed_by(secret) == [True]


async def test_sent_again_before_its_retry_it_is_not_sent_twice(site: Site) -> None:
    webhook, _ = await site.made()
    site.receiver.then(answer(500), answer(200))
    with at(0):
        await site.happen()
        await site.run()
        (row,) = await site.log("id state", webhook)
        await site.do("webhookDeliveryResend", "webhookDelivery { id }", delivery=row["id"])
        await site.run()
    assert await site.log("state", webhook) == ["DELIVERED"]
    with at(3600):
        await site.run()
    assert len(site.receiver.requests) == 2
    assert await site.log("state attempts", webhook) == [{"state": "DELIVERED", "attempts": 1}]


async def test_what_was_delivered_can_be_sent_again(site: Site) -> None:
    webhook, _ = await site.made()
    await site.happen()
    await site.run()
    (row,) = await site.log("id messageId", webhook)
    for _ in range(2):
        await site.do("webhookDeliveryResend", "webhookDelivery { id }", delivery=row["id"])
        await site.run()
    ids = [each.headers["webhook-id"] for each in site.receiver.requests]
    assert ids == [row["messageId"]] * 3


async def test_a_receiver_that_is_gone_is_told_no_more(site: Site) -> None:
    webhook, _ = await site.made()
    site.receiver.then(answer(410))
    await site.happen()
    await site.run()
    await site.happen()
    await site.run()
    (row,) = await site.log("state error statusCode", webhook)
    assert row == {"state": "DEAD", "error": "GONE", "statusCode": 410}
    result = await site.district.execute(
        "query($id: ID) { webhook(id: $id) "
        "{ state transitions { action actor reason toState } viewerCan { resume pause } } }",
        {"id": webhook},
        site.admin,
    )
    assert result.data["webhook"] == {
        "state": "PAUSED",
        "transitions": [
            {
                "action": "pause",
                "actor": "job:core.webhook_deliver",
                "reason": "GONE",
                "toState": "PAUSED",
            },
            {
                "action": "create",
                "actor": result.data["webhook"]["transitions"][1]["actor"],
                "reason": "",
                "toState": "ACTIVE",
            },
        ],
        "viewerCan": {"resume": True, "pause": False},
    }
    events = await site.rows("SELECT actor, data FROM core_event WHERE kind = 'core.webhook.pause'")
    assert events == [
        {
            "actor": "job:core.webhook_deliver",
            "data": '{"error":"GONE","from":"ACTIVE","to":"PAUSED"}',
        }
    ]
    assert len(site.receiver.requests) == 1


async def test_a_receiver_that_takes_nothing_for_days_is_paused(site: Site) -> None:
    webhook, _ = await site.made()
    site.receiver.then(answer(500))
    with at(0):
        await site.happen()
    last = await play_out(site)
    assert last < 72 * 3600
    assert await site.log("state", webhook) == ["DEAD"]
    with at(last):
        await site.happen()
    await play_out(site, last)
    assert await site.log("state", webhook) == ["DEAD", "DEAD"]
    result = await site.district.execute(
        "query($id: ID) { webhook(id: $id) { state } }", {"id": webhook}, site.admin
    )
    assert result.data["webhook"]["state"] == "PAUSED"


async def test_paused_it_is_told_nothing_and_resumed_only_what_is_new(site: Site) -> None:
    webhook, _ = await site.made()
    await site.do("webhookPause", "webhook { id }", webhook=webhook, reason="维护")
    await site.happen("east", n=1)
    await site.do("webhookResume", "webhook { id }", webhook=webhook)
    await site.happen("east", n=2)
    await site.run()
    assert [each.json["data"]["details"] for each in site.receiver.requests] == [{"n": 2}]


@pytest.mark.parametrize("mutation", ["webhookPause", "webhookDelete"])
async def test_what_waits_when_it_is_paused_or_deleted_is_not_sent(
    site: Site, mutation: str
) -> None:
    webhook, _ = await site.made()
    site.receiver.then(answer(500))
    with at(0):
        await site.happen()
        await site.run()
        await site.do(mutation, "webhook { id }", webhook=webhook)
    with at(60):
        await site.run()
    assert len(site.receiver.requests) == 1
    (row,) = await site.log("state error", webhook)
    assert row == {"state": "DEAD", "error": "NOT_ACTIVE"}


async def test_a_worker_that_dies_after_the_answer_leaves_it_to_another(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook, _ = await site.made()
    settle = queue._settle

    async def die(*_arguments: Any) -> None:
        raise ConnectionResetError

    with at(0):
        await site.happen()
        monkeypatch.setattr(queue, "_settle", die)
        await site.run()
        assert len(site.receiver.requests) == 1
        assert await site.log("state", webhook) == ["WAITING"]
    monkeypatch.setattr(queue, "_settle", settle)
    with at(3600):
        await site.run()
    assert await site.log("state attempts", webhook) == [{"state": "DELIVERED", "attempts": 1}]
    first, second = site.receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


async def test_sent_again_while_it_is_under_way_the_later_one_counts(site: Site) -> None:
    webhook, _ = await site.made()
    await site.happen()

    async def resend(*_stream: Any) -> None:
        (row,) = await site.log("id", webhook)
        site.receiver.then(answer(200))
        await site.do("webhookDeliveryResend", "webhookDelivery { id }", delivery=row["id"])
        await answer(500)(*_stream)

    site.receiver.then(resend)
    await site.run()
    assert len(site.receiver.requests) == 2
    assert await site.log("state attempts error", webhook) == [
        {"state": "DELIVERED", "attempts": 1, "error": None}
    ]


async def test_a_key_that_cannot_be_read_is_not_tried_again(site: Site) -> None:
    webhook, _ = await site.made()
    number = webhook.partition(":")[2]
    async with site.district.database():
        row = await queue.Webhook.get(id=int(number))
        row.secret_cipher = b"\x01" + bytes(60)
        await row.save(update_fields=["secret_cipher"])
    await site.happen()
    await site.run()
    assert site.receiver.requests == []
    assert await site.log("state error", webhook) == [{"state": "DEAD", "error": "SECRET_LOST"}]


async def test_one_that_is_slow_does_not_cost_another(site: Site) -> None:
    """The first is silent until its deadline; the second is told all the same."""
    async with receiving(keep_silent) as silent:
        slow, _ = await site.made(url=silent.url)
        quick, _ = await site.made()
        await site.happen()
        await site.run()
    assert await site.log("state error", slow) == [{"state": "FAILED", "error": "TIMEOUT"}]
    assert await site.log("state", quick) == ["DELIVERED"]


async def test_what_no_webhook_asks_for_costs_no_transaction(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    deliver = delivery.deliver

    async def count(deployment: Any, subscriber: Any, event: Any) -> bool:
        told.append(event.kind)
        return await deliver(deployment, subscriber, event)

    monkeypatch.setattr(delivery, "deliver", count)
    await site.happen()
    await site.run()
    paused, _ = await site.made()
    await site.do("webhookPause", "webhook { id }", webhook=paused)
    await site.made(kinds=["core.area.*"])
    await site.happen()
    await site.happen("east", "core.area.create")
    await site.run()
    assert told == ["core.area.create"]
    assert [each.json["type"] for each in site.receiver.requests] == ["core.area.create"]


# == secrets ==


async def test_a_new_secret_signs_beside_the_old_for_a_day(site: Site) -> None:
    with at(0):
        webhook, old = await site.made()
        result = await site.do(
            "webhookRotateSecret", "webhookSecret { id secret }", webhook=webhook
        )
        issued = result.data["webhookRotateSecret"]["webhookSecret"]
        new = issued["secret"]
        assert issued["id"] == webhook
        assert new != old
        await site.happen()
        await site.run()
    with at(86400):
        await site.happen()
        await site.run()
    first, second = site.receiver.requests
    assert first.signed_by(new) == [True, False]
    assert first.signed_by(old) == [False, True]
    assert second.signed_by(new) == [True]
    kept = "SELECT id FROM core_webhook WHERE previous_secret_cipher IS NOT NULL"
    assert len(await site.rows(kept)) == 1
    with at(2 * 86400):
        await site.run()
    assert await site.rows(kept) == []


# == what is kept ==


async def test_the_log_is_kept_for_a_while(site: Site) -> None:
    webhook, _ = await site.made(kinds=["core.organization.*"])
    site.receiver.then(answer(200), answer(500))
    with at(0):
        await site.happen("east", n=1)
        await site.run()
        await site.happen("east", n=2)
        await site.run()
    with at(29 * 86400):
        await site.run()
        assert await site.log("state", webhook) == ["DELIVERED", "FAILED"]
    with at(32 * 86400):
        await site.run()
        assert await site.log("state", webhook) == ["FAILED"]


async def test_nothing_personal_leaves_and_nothing_is_logged(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    webhook, secret = await site.made()
    site.receiver.then(answer(500, b"echo: zhangsan-13800138000"), answer())
    with caplog.at_level(logging.DEBUG, "gongzhi"):
        with at(0):
            await site.happen(
                "east", name="张三", mobile="13800138000", note="某路 1 号", person="Person:7"
            )
            await site.run()
        with at(60):
            await site.run()
    first, second = site.receiver.requests
    assert first.json["data"]["details"] == {"person": "Person:7"}
    for told in (first.body, second.body, logged(caplog).encode(), str(first.headers).encode()):
        for kept in ("张三", "13800138000", "某路", "test-", "SYSTEM_ADMIN"):
            assert kept.encode() not in told
    ours = [each for each in caplog.records if each.name == "gongzhi.webhooks"]
    number = webhook.partition(":")[2]
    assert [each.getMessage() for each in ours] == [
        f"webhook {number}, delivery 1, attempt 1: STATUS 500",
        f"webhook {number}, delivery 1, attempt 2: delivered",
    ]
    for kept in ("k-123", secret, "echo", "127.0.0.1"):
        assert all(kept not in each.getMessage() for each in ours)


def logged(caplog: pytest.LogCaptureFixture) -> str:
    return "".join(each.getMessage() for each in caplog.records if each.name.startswith("gongzhi"))


async def test_the_log_is_no_part_of_the_record(site: Site) -> None:
    """An event about each delivery would have to be told in turn."""
    await site.made()
    await site.happen()
    await site.run()
    await site.run()
    kinds = [each["kind"] for each in await site.rows("SELECT kind FROM core_event ORDER BY id")]
    assert kinds[-2:] == ["core.webhook.create", "core.organization.rename"]
