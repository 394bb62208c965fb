"""One attempt, against a real receiver that behaves well or badly."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from gongzhi.settings import WebhookSettings
from gongzhi.webhooks.delivery import ANSWER_BYTES, Sender
from gongzhi.webhooks.rules import Answer, WebhookFailure
from tests.webhooks.receiver import (
    Behave,
    Receiver,
    answer,
    certificate,
    keep_silent,
    receiving,
    say,
)

HEADERS = {"content-type": "application/json", "webhook-id": "msg_1"}
BODY = '{"a":"中"}'.encode()


class Resolver:
    """Gives the addresses of a test, and counts how often it is asked."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        if not self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self.addresses


def sender(resolver: Resolver | None = None, **settings: object) -> Sender:
    """Make a sender that may reach 127.0.0.1 and receiver.test."""
    given = {"allow_private": ("127.0.0.1", "receiver.test"), "timeout_seconds": 5, **settings}
    made = WebhookSettings.model_validate(given)
    return Sender(made) if resolver is None else Sender(made, resolve=resolver)


async def posted(behave: Behave, **settings: object) -> tuple[Answer, Receiver]:
    async with receiving(behave) as receiver:
        return await sender(**settings).post(receiver.url, HEADERS, BODY), receiver


async def test_the_request_is_what_it_should_be() -> None:
    made, receiver = await posted(answer(200, b"thanks"))
    assert (made.error, made.status) == (None, 200)
    assert made.duration_ms >= 0
    (request,) = receiver.requests
    assert request.line == "POST /in?key=k-123 HTTP/1.1"
    assert request.body == BODY
    assert request.headers == {
        "host": f"127.0.0.1:{receiver.port}",
        "user-agent": "gongzhi-webhooks/1",
        "content-length": str(len(BODY)),
        "connection": "close",
        "content-type": "application/json",
        "webhook-id": "msg_1",
    }


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (200, None),
        (202, None),
        (204, None),
        (299, None),
        (300, WebhookFailure.REDIRECT),
        (304, WebhookFailure.REDIRECT),
        (400, WebhookFailure.STATUS),
        (401, WebhookFailure.STATUS),
        (404, WebhookFailure.STATUS),
        (410, WebhookFailure.GONE),
        (500, WebhookFailure.STATUS),
        (503, WebhookFailure.STATUS),
    ],
)
async def test_the_status_decides(status: int, error: WebhookFailure | None) -> None:
    made, _ = await posted(answer(status))
    assert (made.status, made.error, made.retry_after) == (status, error, None)


@pytest.mark.parametrize(
    ("value", "seconds"), [("120", 120), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None)]
)
async def test_a_receiver_may_say_when_to_come_back(value: str, seconds: int | None) -> None:
    made, _ = await posted(answer(429, headers=[("Retry-After", value)]))
    assert (made.status, made.retry_after) == (429, seconds)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(status: int) -> None:
    async with receiving() as inside:
        made, receiver = await posted(answer(status, headers=[("Location", inside.url)]))
        assert made.error is WebhookFailure.REDIRECT
        assert len(receiver.requests) == 1
        assert inside.connections == 0


@pytest.mark.parametrize(
    "behave",
    [
        say(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"),
        say(b"HTTP/2 200\r\n\r\n"),
        say(b"HTTP/1.1 2000 OK\r\n\r\n"),
        say(b"HTTP/1.1 200"),
        say(b"HTTP/1.1 200 OK\r\nno end"),
        say(b""),
        say(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
        say(b"HTTP/1.1 100 Continue\r\n\r\n" * 9),
        say(b"\x00" * 1000 + b"\r\n\r\n"),
        say(b"HTTP/1.1 200 OK\r\nX: " + b"x" * (4 * ANSWER_BYTES) + b"\r\n\r\n"),
    ],
)
async def test_what_is_not_http_is_a_bad_answer(behave: Behave) -> None:
    made, _ = await posted(behave)
    assert (made.error, made.status) == (WebhookFailure.BAD_ANSWER, None)


async def test_interim_answers_are_passed_over() -> None:
    made, _ = await posted(say(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.0 202 \r\n\r\n"))
    assert (made.error, made.status) == (None, 202)


async def test_silence_times_out() -> None:
    made, receiver = await posted(keep_silent, timeout_seconds=0.3)
    assert made.error is WebhookFailure.TIMEOUT
    assert len(receiver.requests) == 1


async def test_dripping_times_out() -> None:
    """Each byte comes soon after the last; the deadline is for all of it."""
    drip = say(*(bytes([each]) for each in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000), pause=0.02)
    made, _ = await posted(drip, timeout_seconds=0.3)
    assert (made.error, made.status) == (WebhookFailure.TIMEOUT, None)


async def test_a_slow_body_does_not_matter() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    made, _ = await posted(say(head, *(b"x" for _ in range(1000)), pause=0.02), timeout_seconds=0.3)
    assert (made.error, made.status) == (None, 200)


async def test_of_a_huge_answer_only_the_beginning_is_read() -> None:
    said = 0
    piece = b"x" * 65536

    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal said
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
        for _ in range(16384):
            writer.write(piece)
            await writer.drain()
            said += len(piece)

    made, _ = await posted(flood)
    assert (made.error, made.status) == (None, 200)
    assert said < 2**26  # what the buffers of the two systems hold, not the whole GB


async def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # taken, and nobody listens
        made = await sender().post(f"http://127.0.0.1:{taken.getsockname()[1]}/", HEADERS, BODY)
    assert (made.error, made.status) == (WebhookFailure.UNREACHABLE, None)


# == names ==


async def test_a_name_is_asked_for_once_and_called_by() -> None:
    resolver = Resolver("127.0.0.1")
    async with receiving() as receiver:
        url = f"http://receiver.test:{receiver.port}/"
        made = await sender(resolver).post(url, HEADERS, BODY)
        assert made.error is None
        assert resolver.asked == [("receiver.test", receiver.port)]
        assert receiver.requests[0].headers["host"] == f"receiver.test:{receiver.port}"


async def test_the_next_address_is_tried() -> None:
    async with receiving() as receiver:
        url = f"http://receiver.test:{receiver.port}/"
        made = await sender(Resolver("127.0.0.2", "127.0.0.1")).post(url, HEADERS, BODY)
        assert made.error is None
        made = await sender(Resolver("127.0.0.1", "127.0.0.2")).post(url, HEADERS, BODY)
        assert made.error is None
        assert len(receiver.requests) == 2
        made = await sender(Resolver("127.0.0.3", "127.0.0.2")).post(url, HEADERS, BODY)
        assert made.error is WebhookFailure.UNREACHABLE


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("10.0.0.1",),
        ("169.254.169.254",),
        ("::1",),
        ("::ffff:127.0.0.1",),
        ("64:ff9b::7f00:1",),
        ("fe80::1%lo",),
        ("8.8.8.8", "127.0.0.1"),
        ("127.0.0.1", "8.8.8.8"),
        ("2606:4700::1111", "fd00::1"),
    ],
)
async def test_a_name_that_leads_inside_is_not_called(
    addresses: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[object] = []

    async def connect(*arguments: object, **_more: object) -> None:
        called.append(arguments)

    monkeypatch.setattr(asyncio, "open_connection", connect)
    resolver = Resolver(*addresses)
    made = await sender(resolver).post("https://evil.example/", HEADERS, BODY)
    assert made.error is WebhookFailure.ADDRESS_REFUSED
    assert resolver.asked == [("evil.example", 443)]
    assert called == []


async def test_the_address_that_was_judged_is_the_one_that_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called: list[tuple[object, object]] = []

    async def connect(host: str, port: int, **more: object) -> None:
        called.append((host, more["server_hostname"]))
        raise ConnectionRefusedError

    monkeypatch.setattr(asyncio, "open_connection", connect)
    resolver = Resolver("8.8.8.8", "2606:4700::1111")
    made = await sender(resolver).post("https://receiver.example/", HEADERS, BODY)
    assert made.error is WebhookFailure.UNREACHABLE
    assert len(resolver.asked) == 1
    assert called == [("8.8.8.8", "receiver.example"), ("2606:4700::1111", "receiver.example")]


async def test_a_name_that_nobody_knows() -> None:
    async def nothing(_host: str, _port: int) -> Sequence[str]:
        return ()

    for resolve in (Resolver(), nothing):
        made = await Sender(WebhookSettings(), resolve=resolve).post(
            "https://nobody.example/", HEADERS, BODY
        )
        assert made.error is WebhookFailure.NAME_UNKNOWN


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://evil.example/", WebhookFailure.URL_REFUSED),
        ("https://127.0.0.2/", WebhookFailure.ADDRESS_REFUSED),
        ("https://127.1/", WebhookFailure.URL_REFUSED),
        ("https://localhost/", WebhookFailure.ADDRESS_REFUSED),
    ],
)
async def test_what_the_settings_allowed_once_is_judged_again(
    url: str, error: WebhookFailure
) -> None:
    resolver = Resolver("127.0.0.1")
    made = await sender(resolver).post(url, HEADERS, BODY)
    assert made.error is error
    assert resolver.asked == []


async def test_the_system_resolves_localhost() -> None:
    async with receiving() as receiver:
        settings = WebhookSettings.model_validate({"allow_private": "localhost"})
        url = f"http://localhost:{receiver.port}/"
        assert (await Sender(settings).post(url, HEADERS, BODY)).error is None


# == TLS ==


async def test_tls_is_by_the_name_of_the_url(tmp_path: Path) -> None:
    server, client = certificate(tmp_path, "receiver.test")
    settings = WebhookSettings.model_validate({"allow_private": "receiver.test,other.test"})
    async with receiving(tls=server) as receiver:
        good = Sender(settings, resolve=Resolver("127.0.0.1"), tls=client)
        made = await good.post(f"https://receiver.test:{receiver.port}/", HEADERS, BODY)
        assert (made.error, made.status) == (None, 200)
        assert receiver.names == ["receiver.test"]
        made = await good.post(f"https://other.test:{receiver.port}/", HEADERS, BODY)
        assert made.error is WebhookFailure.TLS
        stranger = Sender(settings, resolve=Resolver("127.0.0.1"))
        made = await stranger.post(f"https://receiver.test:{receiver.port}/", HEADERS, BODY)
        assert made.error is WebhookFailure.TLS
        assert len(receiver.requests) == 1


async def test_https_is_not_spoken_to_http() -> None:
    settings = WebhookSettings.model_validate({"allow_private": "127.0.0.1"})

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        made = await Sender(settings).post(f"https://127.0.0.1:{port}/", HEADERS, BODY)
    finally:
        server.close()
    assert made.error is WebhookFailure.TLS
