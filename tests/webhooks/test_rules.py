"""Kinds of events, the ways of a delivery, and when a webhook is paused."""

from __future__ import annotations

import datetime as dt

import pytest

from gongzhi.settings import WebhookSettings
from gongzhi.webhooks.rules import (
    FAILURE_LABELS,
    FINAL,
    MACHINE,
    REFUSALS,
    Answer,
    WebhookFailure,
    WebhookState,
    check_kinds,
    gives_up,
    outcome,
    reaches,
    told,
    wants,
)

NOW = dt.datetime(2026, 3, 4, 4, tzinfo=dt.UTC)
PLUGINS = ("core", "ledger")


@pytest.mark.parametrize(
    ("kinds", "codes"),
    [
        (["*"], []),
        (["ledger.*"], []),
        (["ledger.issue.*", "ledger.issue.settle", "core.member.change_stage"], []),
        (["core.*"], []),
        ([], ["BLANK"]),
        (["ledger.*"] * 51, ["TOO_MANY_KINDS"]),
        (["ledger"], ["KIND_INVALID"]),
        (["ledger.issue"], ["KIND_INVALID"]),
        (["ledger.issue.settle.now"], ["KIND_INVALID"]),
        (["ledger.iss*"], ["KIND_INVALID"]),
        (["*.issue.settle"], ["KIND_INVALID"]),
        (["ledger.*.settle"], ["KIND_INVALID"]),
        (["Ledger.Issue.*"], ["KIND_INVALID"]),
        (["ledger.issue.settle\n"], ["KIND_INVALID"]),
        (["", "台账"], ["KIND_INVALID", "KIND_INVALID"]),
        ([f"ledger.issue.{'a' * 90}"], ["KIND_INVALID"]),
        (["leger.issue.*"], ["KIND_UNKNOWN"]),
        (["core.webhook.*"], ["KIND_WITHHELD"]),
        (["core.grant.add", "core.person.reveal", "ledger.*"], ["KIND_WITHHELD"] * 2),
    ],
)
def test_kinds_are_checked(kinds: list[str], codes: list[str]) -> None:
    assert [error.code for error in check_kinds(kinds, PLUGINS)] == codes


@pytest.mark.parametrize(
    ("pattern", "kind", "wanted"),
    [
        ("*", "ledger.issue.settle", True),
        ("ledger.*", "ledger.issue.settle", True),
        ("ledger.issue.*", "ledger.issue.settle", True),
        ("ledger.issue.settle", "ledger.issue.settle", True),
        ("ledger.issue.settle", "ledger.issue.settled", False),
        ("ledger.issue.*", "ledger.issues.settle", False),
        ("ledger.*", "ledger2.issue.settle", False),
        ("*", "core.webhook.pause", False),
        ("*", "core.token.create", False),
        ("core.*", "core.grant.add", False),
        ("core.*", "core.person.reveal", False),
        ("core.*", "core.person.change", True),
        ("core.*", "core.organization.rename", True),
    ],
)
def test_a_webhook_wants_its_kinds(pattern: str, kind: str, wanted: bool) -> None:
    assert wants(["other.thing.do", pattern], kind) is wanted


def test_what_security_and_audit_keep_is_told_to_nobody() -> None:
    kinds = ("core.account.create", "core.grant.add", "core.token.revoke", "core.login.fail")
    assert not any(map(told, kinds))


@pytest.mark.parametrize(
    ("webhook", "event", "reached"),
    [
        (None, "", True),
        (None, "1.7.", True),
        ("1.7.", "1.7.", True),
        ("1.7.", "1.7.12.", True),
        ("1.7.", "1.71.", False),
        ("1.7.", "1.", False),
        ("1.7.", "", False),
        ("", "1.7.", False),
    ],
)
def test_a_webhook_is_told_of_its_subtree(webhook: str | None, event: str, reached: bool) -> None:
    assert reaches(webhook, event) is reached


# == attempts ==

STATUS = Answer(WebhookFailure.STATUS, 500)


def after(answer: Answer, attempts: int, chance: float = 0.5) -> tuple[str, float | None]:
    retries = WebhookSettings().retry_seconds
    made = outcome(answer, attempts, NOW, retry_seconds=retries, chance=chance)
    return made.state.value, made.next_at and (made.next_at - NOW).total_seconds()


def test_a_failure_is_tried_again_ever_later() -> None:
    waits = [after(STATUS, attempts) for attempts in range(1, 9)]
    assert waits == [
        ("FAILED", 5), ("FAILED", 30), ("FAILED", 120), ("FAILED", 600), ("FAILED", 3600),
        ("FAILED", 21600), ("FAILED", 86400), ("DEAD", None),
    ]  # fmt: skip


def test_retries_spread() -> None:
    assert [after(STATUS, 4, chance)[1] for chance in (0.0, 0.5, 1.0)] == [480, 600, 720]


def test_a_success_is_delivered_whatever_was_before() -> None:
    assert after(Answer(None, 204), 8) == ("DELIVERED", None)


@pytest.mark.parametrize("error", WebhookFailure)
def test_what_waiting_does_not_mend_is_given_up(error: WebhookFailure) -> None:
    expected = ("DEAD", None) if error in FINAL else ("FAILED", 5)
    assert after(Answer(error), 1) == expected
    assert all(FAILURE_LABELS[error])


def test_a_receiver_may_ask_for_patience() -> None:
    asked = [Answer(WebhookFailure.STATUS, 429, retry_after=n) for n in (1, 60, 10**7)]
    assert [after(each, 1)[1] for each in asked] == [5, 60, 86400]


@pytest.mark.parametrize(
    ("error", "hours", "paused"),
    [
        (WebhookFailure.STATUS, 72, True),
        (WebhookFailure.STATUS, 71, False),
        (WebhookFailure.STATUS, None, False),
        (WebhookFailure.GONE, 0, True),
    ],
)
def test_a_webhook_that_takes_nothing_is_paused(
    error: WebhookFailure, hours: int | None, paused: bool
) -> None:
    since = None if hours is None else NOW - dt.timedelta(hours=hours)
    assert gives_up(error, since, NOW, pause_after_hours=72) is paused


# == the machine ==


def test_the_steps_of_a_webhook() -> None:
    allowed = {
        state.value: {action for action in MACHINE.actions if MACHINE.allows(state, action)}
        for state in WebhookState
    }
    both = {"delete", "change", "rotate_secret"}
    assert allowed == {
        "ACTIVE": both | {"pause", "test", "resend"},
        "PAUSED": both | {"resume"},
        "DELETED": set(),
    }
    assert "PAUSED --> ACTIVE : 恢复 resume" in MACHINE.mermaid()


def test_every_refusal_is_said_in_two_languages() -> None:
    for code, (zh, en) in REFUSALS.texts.items():
        assert not zh.isascii(), code
        assert en.isascii(), code
