"""GraphQL over HTTP: the short way from bytes to bytes. All other paths go to the application."""

from __future__ import annotations

import itertools
import logging
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson

from gongzhi.database.reads import StatementTimeoutError
from gongzhi.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from gongzhi_schema.query.engine import Answer, Engine
    from gongzhi_schema.viewers import Viewers

PATH = "/graphql"

log = logging.getLogger("gongzhi.http")

_JSON = b"application/json"
_GRAPHQL = b"application/graphql-response+json"
_JSON_UTF8 = (b"content-type", _JSON + b"; charset=utf-8")
_GRAPHQL_UTF8 = (b"content-type", _GRAPHQL + b"; charset=utf-8")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}\Z")


class RefusedError(Exception):
    """An HTTP request that is refused before it is GraphQL."""

    def __init__(self, status: int, code: str, message: str, headers: tuple[Any, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


class Door:
    """The ASGI application: answers ``/graphql``, passes the rest on."""

    def __init__(self, rest: ASGIApp, *, hosts: Iterable[str], body_bytes: int) -> None:
        self.engine: Engine | None = None
        self.viewers: Viewers | None = None
        self._rest = rest
        self._any_host = "*" in hosts
        self._hosts = frozenset(h.lower().encode() for h in hosts)
        self._body_bytes = body_bytes
        self._prefix = secrets.token_hex(4).encode()
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._rest(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        request_id = headers.get(b"x-request-id")
        if request_id is None or not _REQUEST_ID.match(request_id):
            request_id = b"%b-%x" % (self._prefix, next(self._numbers))
        modern = _GRAPHQL in headers.get(b"accept", b"")
        method = scope["method"]
        try:
            self._check_host(headers)
            if method == "POST":
                request = _json_request(await self._body(headers, receive))
            elif _wants_page(scope, headers):
                await self._rest(scope, receive, send)
                return
            else:
                request = _query_request(method, scope["query_string"])
            answer = await self._answer(headers, request, request_id, method)
        except RefusedError as exc:
            body = orjson.dumps(
                {"errors": [{"message": exc.message, "extensions": {"code": exc.code}}]}
            )
            await _respond(send, exc.status, body, modern, request_id, exc.headers)
            return
        except Exception:  # whatever fails, the client gets JSON, and the log says why
            log.exception("request %s failed", request_id.decode())
            await _respond(send, 500, _internal(request_id), modern, request_id)
            return
        status = answer.status
        if status == 400 and not modern:  # noqa: PLR2004  # application/json: the request was understood
            status = 200
        await _respond(send, status, answer.body, modern, request_id)

    async def _answer(
        self, headers: dict[bytes, bytes], request: dict[str, Any], request_id: bytes, method: str
    ) -> Answer:
        engine, viewers = self.engine, self.viewers
        if engine is None or viewers is None:
            raise RefusedError(503, "UNAVAILABLE", "服务正在启动 · the server is starting")
        try:
            authorization = headers.get(b"authorization")
            viewer = viewers.known(authorization) or await viewers.of(authorization)
        except (DatabaseUnavailableError, StatementTimeoutError) as exc:
            raise RefusedError(
                503, "UNAVAILABLE", "数据库暂不可用 · the database is unavailable"
            ) from exc
        if viewer is None:
            raise RefusedError(
                401,
                "UNAUTHENTICATED",
                "令牌无效或已过期 · the token is not valid or has expired",
                ((b"www-authenticate", b"Bearer"),),
            )
        query, variables, name = _parts(request)
        if method == "GET" and not engine.reads_only(query, name):
            raise RefusedError(
                405,
                "METHOD_NOT_ALLOWED",
                "GET 只能查询 · only queries by GET",
                ((b"allow", b"POST"),),
            )
        language = _language(headers.get(b"accept-language"))
        return await engine.answer(query, variables, name, viewer, request_id.decode(), language)

    def _check_host(self, headers: dict[bytes, bytes]) -> None:
        if self._any_host:
            return
        host = headers.get(b"host", b"").lower()
        name = host[: host.rfind(b":")] if host.rfind(b":") > host.rfind(b"]") else host
        if name not in self._hosts:
            raise RefusedError(
                421, "MISDIRECTED", "主机名不在名单中 · this host name is not served"
            )

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        kind = headers.get(b"content-type", b"")
        if kind != _JSON and kind.partition(b";")[0].strip().lower() != _JSON:
            raise RefusedError(
                415, "UNSUPPORTED_MEDIA_TYPE", "请用 application/json · send application/json"
            )
        if headers.get(b"content-encoding", b"identity") != b"identity":
            raise RefusedError(
                415, "UNSUPPORTED_MEDIA_TYPE", "不接受压缩的请求 · compressed requests are not read"
            )
        message: Message = await receive()
        body: bytes = message.get("body", b"")
        while message.get("more_body"):
            if len(body) > self._body_bytes:
                break
            message = await receive()
            body += message.get("body", b"")
        if len(body) > self._body_bytes:
            raise RefusedError(413, "BODY_LIMIT", "请求过大 · the request is too large")
        return body


_ALLOW = ((b"allow", b"GET, POST"),)


def _wants_page(scope: Scope, headers: dict[bytes, bytes]) -> bool:
    """Whether this is a browser that opens GraphiQL."""
    return (
        scope["method"] == "GET"
        and not scope["query_string"]
        and b"text/html" in headers.get(b"accept", b"")
    )


def _json_request(body: bytes) -> dict[str, Any]:
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise RefusedError(400, "BAD_REQUEST", "请求不是 JSON · the request is not JSON") from exc
    if type(request) is not dict:
        raise RefusedError(
            400, "BAD_REQUEST", "请求应为 JSON 对象 · the request must be a JSON object"
        )
    if b"\\u0000" in body:
        raise RefusedError(400, "BAD_REQUEST", "文本中不能有空字符 · texts must not contain NUL")
    return request


def _query_request(method: str, query_string: bytes) -> dict[str, Any]:
    if method != "GET":
        raise RefusedError(
            405, "METHOD_NOT_ALLOWED", "只接受 GET 和 POST · GET and POST only", _ALLOW
        )
    if not query_string:
        raise RefusedError(400, "BAD_REQUEST", "没有查询 · there is no query")
    try:
        request: dict[str, Any] = dict(
            parse_qsl(query_string.decode("ascii"), strict_parsing=True, errors="strict")
        )
        for name in ("variables", "extensions"):
            if name in request:
                request[name] = orjson.loads(request[name])
    except ValueError as exc:
        raise RefusedError(
            400, "BAD_REQUEST", "查询串有误 · the query string is malformed"
        ) from exc
    if any("\x00" in v for v in request.values() if isinstance(v, str)) or "%00" in str(
        query_string
    ):
        raise RefusedError(400, "BAD_REQUEST", "文本中不能有空字符 · texts must not contain NUL")
    return request


def _parts(request: dict[str, Any]) -> tuple[str, dict[str, Any] | None, str | None]:
    query = request.get("query")
    variables = request.get("variables")
    name = request.get("operationName")
    if type(query) is not str or not query:
        raise RefusedError(400, "BAD_REQUEST", "缺少 query · `query` is missing or not a text")
    if variables is not None and type(variables) is not dict:
        raise RefusedError(400, "BAD_REQUEST", "variables 应为对象 · `variables` must be an object")
    if name is not None and type(name) is not str:
        raise RefusedError(
            400, "BAD_REQUEST", "operationName 应为文本 · `operationName` must be a text"
        )
    extensions = request.get("extensions")
    if extensions is not None and type(extensions) is not dict:
        raise RefusedError(
            400, "BAD_REQUEST", "extensions 应为对象 · `extensions` must be an object"
        )
    return query, variables, name


def _language(accepted: bytes | None) -> str:
    """Return ``en`` where a client prefers English to Chinese, else ``zh``."""
    if not accepted:
        return "zh"
    wanted: list[tuple[float, str]] = []
    for part in accepted.decode("latin-1").lower().split(","):
        tag, _, quality = part.partition(";q=")
        name = tag.strip()[:2]
        with suppress(ValueError):
            if name in ("zh", "en"):
                wanted.append((float(quality or 1), name))
    return max(wanted, key=lambda each: each[0])[1] if wanted else "zh"


def _internal(request_id: bytes) -> bytes:
    extensions = {"code": "INTERNAL", "requestId": request_id.decode()}
    return orjson.dumps(
        {"errors": [{"message": "内部错误 · internal error", "extensions": extensions}]}
    )


async def _respond(
    send: Send,
    status: int,
    body: bytes,
    modern: bool,  # noqa: FBT001
    request_id: bytes,
    more: tuple[Any, ...] = (),
) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                _GRAPHQL_UTF8 if modern else _JSON_UTF8,
                (b"content-length", b"%d" % len(body)),
                (b"cache-control", b"no-store"),
                (b"x-content-type-options", b"nosniff"),
                (b"x-request-id", request_id),
                *more,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
