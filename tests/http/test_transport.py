"""GraphQL over HTTP: which requests are let in, and what every answer looks like."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gongzhi import clock as instants
from gongzhi.access.models import Grant
from gongzhi.access.service import (
    add_grant,
    create_account,
    create_token,
    end_grant,
    revoke_token,
    set_account_active,
)
from gongzhi.database.reads import StatementTimeoutError
from gongzhi.errors import DatabaseUnavailableError
from gongzhi.registry import service
from gongzhi.registry.lists import CODE_LISTS, install
from gongzhi_schema.door import Door
from tests.http.conftest import Serve
from tests.http.site import GRAPHQL, JSON, Clock, Site, client, code_of

ASK = "{ __typename }"
NAME = "{ viewer { name } }"
COUNT = "{ organizations { totalCount } }"
UNKNOWN = "gz_" + "A" * 43


async def enter(site: Site, name: str = "synthetic-a", **grant: Any) -> tuple[str, int]:
    """Enter an account, one grant on everything and one organization; returns token and its id."""
    async with site.database():
        await install(("core", each) for each in CODE_LISTS)
        await service.create_organization("T1", "合成组织", "PARTY_BRANCH", synthetic=True)
        await create_account(name)
        await add_grant(name, "AUDITOR", everything=True, **grant)
        made = await create_token(name)
        return made.text, made.id


async def count(site: Site, token: str) -> int:
    answer = await site.ask(COUNT, token=token)
    number: int = answer.json()["data"]["organizations"]["totalCount"]
    return number


# ---- media types ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "modern", "legacy"),
    [
        (ASK, 200, 200),
        ("{", 400, 200),
        ("{ absent }", 400, 200),
        ('{ organization(id: "Area:1") { id } }', 200, 200),
    ],
)
async def test_the_status_follows_the_media_type(
    serve: Serve, query: str, modern: int, legacy: int
) -> None:
    async with serve() as site:
        for accept, status, kind in (
            (GRAPHQL, modern, GRAPHQL),
            (f"{JSON};q=0.9, {GRAPHQL}", modern, GRAPHQL),
            (JSON, legacy, JSON),
            ("*/*", legacy, JSON),
        ):
            answer = await site.ask(query, accept=accept)
            assert answer.status_code == status
            assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
            assert ("errors" in answer.json()) == (query != ASK)
            assert ("data" in answer.json()) == (modern == 200)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (JSON, 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON ;charset=utf-8", 200),
        ("application/jsonp", 415),
        ("application/json-patch+json", 415),
        ("text/plain", 415),
        ("text/plain; application/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=application/json", 415),
        ("application/graphql", 415),
        ("", 415),
    ],
)
async def test_only_json_is_read(serve: Serve, kind: str, status: int) -> None:
    async with serve() as site:
        answer = await site.send(b'{"query": "{ __typename }"}', content_type=kind)
        assert answer.status_code == status
        if status == 415:
            assert code_of(answer) == "UNSUPPORTED_MEDIA_TYPE"
        else:
            assert answer.json()["data"] == {"__typename": "Query"}


async def test_a_post_needs_a_content_type(serve: Serve) -> None:
    async with serve() as site:
        answer = await site.http.post("/graphql", content=b'{"query": "{ __typename }"}')
        assert answer.status_code == 415


async def test_compressed_bodies_are_refused(serve: Serve) -> None:
    async with serve() as site:
        for encoding in ("gzip", "br", "deflate", "identity, gzip"):
            answer = await site.send(b"\x1f\x8b", content_encoding=encoding)
            assert (answer.status_code, code_of(answer)) == (415, "UNSUPPORTED_MEDIA_TYPE")
        plain = await site.send(b'{"query": "{ __typename }"}', content_encoding="identity")
        assert plain.status_code == 200


# ---- methods -------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
async def test_other_methods_are_refused(serve: Serve, method: str) -> None:
    async with serve() as site:
        answer = await site.http.request(method, "/graphql", params={"query": ASK})
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, POST"
        assert b"data" not in answer.content


async def test_get_takes_a_query_with_variables(serve: Serve) -> None:
    async with serve() as site:
        parameters = {
            "query": "query A { __typename } query B($c: String) { area(code: $c) { name } }",
            "operationName": "B",
            "variables": json.dumps({"c": "新海"}),
            "extensions": "{}",
        }
        answer = await site.http.get("/graphql", params=parameters)
        assert answer.status_code == 200
        assert answer.json()["data"] == {"area": None}


async def test_get_runs_queries_only(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """The core has no mutation, so one operation of a valid document is made to be one."""
    async with serve() as site:
        text = "query Read { __typename } query Write { __typename }"
        engine = site.app.engine
        assert engine is not None
        monkeypatch.setattr(engine.documents.get(text).operation("Write"), "is_query", False)
        for name, status in (("Read", 200), ("Write", 405)):
            parameters = {"query": text, "operationName": name}
            answer = await site.http.get("/graphql", params=parameters)
            assert answer.status_code == status
            assert ("data" in answer.json()) == (status == 200)
        assert answer.headers["allow"] == "POST"
        assert code_of(answer) == "METHOD_NOT_ALLOWED"
        assert (await site.ask(text, operationName="Write")).status_code == 200


@pytest.mark.parametrize("kind", ["mutation", "subscription"])
async def test_operations_that_the_schema_lacks_are_not_valid(serve: Serve, kind: str) -> None:
    async with serve() as site:
        parameters = {"query": f"{kind} {{ x }}"}
        for answer in (
            await site.ask(parameters["query"]),
            await site.http.get("/graphql", params=parameters, headers={"accept": GRAPHQL}),
        ):
            assert (answer.status_code, code_of(answer)) == (400, "GRAPHQL_VALIDATION_FAILED")


# ---- size and host -------------------------------------------------------------------------------


async def test_large_bodies_are_refused(serve: Serve) -> None:
    body = json.dumps({"query": ASK}).encode()
    async with serve(limits={"body_bytes": 1000}) as site:
        exact = await site.send(body.ljust(1000))
        assert exact.status_code == 200
        answer = await site.send(body.ljust(1001))
        assert (answer.status_code, code_of(answer)) == (413, "BODY_LIMIT")


async def test_large_bodies_are_refused_before_they_are_read_to_the_end(serve: Serve) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 100
            yield b" " * 100

    async with serve(limits={"body_bytes": 1000}) as site:
        answer = await site.http.post("/graphql", content=chunks(), headers={"content-type": JSON})
        assert (answer.status_code, code_of(answer)) == (413, "BODY_LIMIT")
        assert 1000 < sent <= 1300


async def test_a_chunked_body_is_put_together(serve: Serve) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for byte in json.dumps({"query": ASK}):
            yield byte.encode()

    async with serve() as site:
        answer = await site.http.post("/graphql", content=chunks(), headers={"content-type": JSON})
        assert answer.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("evil.example:localhost", 421),
        ("localhost.evil.example", 421),
        ("[::1].evil.example", 421),
        ("*", 421),
        ("", 421),
    ],
)
async def test_only_listed_hosts_are_served(serve: Serve, host: str, status: int) -> None:
    async with serve() as site:
        answer = await site.send(b'{"query": "{ __typename }"}', host=host)
        assert answer.status_code == status
        page = await site.http.get("/graphql?query={__typename}", headers={"host": host})
        assert page.status_code == status
        if status == 421:
            assert code_of(answer) == code_of(page) == "MISDIRECTED"
    async with serve(server={"hosts": ["*"]}) as site:
        assert (await site.send(b'{"query": "{ __typename }"}', host=host)).status_code == 200


# ---- broken requests -----------------------------------------------------------------------------

NESTED = 900
FILTERED = b'{"query": "query($f: AreaFilter) { areas(filter: $f) { totalCount } }", "variables": '

BROKEN: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "BAD_REQUEST"),
    "a space": (b" ", 400, "BAD_REQUEST"),
    "no JSON": (b"{ __typename }", 400, "BAD_REQUEST"),
    "half of it": (b'{"query": "{ __ty', 400, "BAD_REQUEST"),
    "two objects": (b'{"query": "{ a }"}{"query": "{ a }"}', 400, "BAD_REQUEST"),
    "a trailing comma": (b'{"query": "{ a }",}', 400, "BAD_REQUEST"),
    "single quotes": (b"{'query': '{ a }'}", 400, "BAD_REQUEST"),
    "no UTF-8": (b'{"query": "\xff\xfe"}', 400, "BAD_REQUEST"),
    "UTF-16": ('{"query": "{ __typename }"}'.encode("utf-16"), 400, "BAD_REQUEST"),
    "a lone surrogate": (b'{"query": "\\ud800"}', 400, "BAD_REQUEST"),
    "a raw NUL": (b'{"query": "\x00"}', 400, "BAD_REQUEST"),
    "an escaped NUL": (b'{"query": "{ __typename } # \\u0000"}', 400, "BAD_REQUEST"),
    "NaN": (b'{"query": "{ __typename }", "variables": {"a": NaN}}', 400, "BAD_REQUEST"),
    "null": (b"null", 400, "BAD_REQUEST"),
    "a number": (b"1", 400, "BAD_REQUEST"),
    "a text": (b'"{ __typename }"', 400, "BAD_REQUEST"),
    "a list": (b"[]", 400, "BAD_REQUEST"),
    "a batch": (b'[{"query": "{ __typename }"}]', 400, "BAD_REQUEST"),
    "no query": (b"{}", 400, "BAD_REQUEST"),
    "an empty query": (b'{"query": ""}', 400, "BAD_REQUEST"),
    "query null": (b'{"query": null}', 400, "BAD_REQUEST"),
    "query a number": (b'{"query": 1}', 400, "BAD_REQUEST"),
    "query an object": (b'{"query": {}}', 400, "BAD_REQUEST"),
    "variables a list": (b'{"query": "{ a }", "variables": []}', 400, "BAD_REQUEST"),
    "variables a text": (b'{"query": "{ a }", "variables": "{}"}', 400, "BAD_REQUEST"),
    "variables false": (b'{"query": "{ a }", "variables": false}', 400, "BAD_REQUEST"),
    "operationName a number": (b'{"query": "{ a }", "operationName": 1}', 400, "BAD_REQUEST"),
    "extensions a text": (b'{"query": "{ a }", "extensions": ""}', 400, "BAD_REQUEST"),
    "nested without end": (b"[" * 100_000, 400, "BAD_REQUEST"),
    "a query of spaces": (b'{"query": "  "}', 400, "GRAPHQL_PARSE_FAILED"),
    "a comment": (b'{"query": "# a"}', 400, "GRAPHQL_PARSE_FAILED"),
    "no GraphQL": (b'{"query": "SELECT 1"}', 400, "GRAPHQL_PARSE_FAILED"),
    "braces without end": (b'{"query": "%b"}' % (b"{a" * 400), 400, "GRAPHQL_PARSE_FAILED"),
    "lists without end": (
        b'{"query": "{ nodes(ids: %b) { id } }"}' % (b"[" * 900),
        400,
        "GRAPHQL_PARSE_FAILED",
    ),
    "a fragment only": (
        b'{"query": "fragment a on Query { __typename }"}',
        400,
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "a definition": (b'{"query": "type A { a: Int }"}', 400, "GRAPHQL_VALIDATION_FAILED"),
    "a circle of fragments": (
        b'{"query": "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }"}',
        400,
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "an unknown fragment": (b'{"query": "{ ...a }"}', 400, "GRAPHQL_VALIDATION_FAILED"),
    "an unknown operation": (
        b'{"query": "{ __typename }", "operationName": "a"}',
        400,
        "OPERATION_RESOLUTION_FAILURE",
    ),
    "no operation named": (
        b'{"query": "query a { __typename } query b { __typename }"}',
        400,
        "OPERATION_RESOLUTION_FAILURE",
    ),
    "a variable missing": (
        b'{"query": "query($i: ID!) { node(id: $i) { id } }"}',
        400,
        "BAD_USER_INPUT",
    ),
    "a variable of another type": (
        b'{"query": "query($n: Int) { areas(first: $n) { totalCount } }", "variables": {"n": "1"}}',
        400,
        "BAD_USER_INPUT",
    ),
    "a variable too large": (
        b'{"query": "query($n: Int) { areas(first: $n) { totalCount } }", '
        b'"variables": {"n": 123456789012345678901234567890}}',
        400,
        "BAD_USER_INPUT",
    ),
    "a variable that nests": (
        FILTERED + b'{"f": ' + b"[" * NESTED + b"]" * NESTED + b"}}",
        400,
        "BAD_USER_INPUT",
    ),
    "an id that nests": (
        b'{"query": "query($i: [ID!]!) { nodes(ids: $i) { id } }", "variables": {"i": '
        + b"[" * NESTED
        + b"]" * NESTED
        + b"}}",
        400,
        "BAD_USER_INPUT",
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
async def test_broken_requests_are_told_what_is_wrong(serve: Serve, broken: str) -> None:
    body, status, code = BROKEN[broken]
    async with serve() as site:
        answer = await site.send(body, accept=GRAPHQL)
        assert answer.status_code == status
        assert answer.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
        found = answer.json()
        assert {each["extensions"]["code"] for each in found["errors"]} == {code}
        assert all(each["message"] for each in found["errors"])
        assert "data" not in found


async def test_a_variable_that_is_not_declared_may_nest_as_deep_as_json(serve: Serve) -> None:
    """Variables that no operation declares are ignored, but looked through for NUL."""
    async with serve() as site:
        deep = b"[" * NESTED + b"%b" + b"]" * NESTED
        answer = await site.send(FILTERED + b'{"x": ' + deep % b"1" + b"}}")
        assert answer.json()["data"] == {"areas": {"totalCount": 0}}


@pytest.mark.parametrize(
    "query_string",
    [
        "",
        "query",
        "query=",
        "variables={}",
        "query={__typename}&variables=[]",
        "query={__typename}&variables={",
        "query={__typename}&variables=text",
        "query={__typename}&extensions=1",
        "query=%FF",
        "query=%00",
        "query={__typename}&operationName=%00",
        "a&b&c",
    ],
)
async def test_broken_query_strings_are_told_too(serve: Serve, query_string: str) -> None:
    async with serve() as site:
        answer = await site.http.get(f"/graphql?{query_string}")
        assert (answer.status_code, code_of(answer)) == (400, "BAD_REQUEST")


async def test_nul_is_refused_wherever_it_hides(serve: Serve) -> None:
    """PostgreSQL keeps no NUL in a text; SQLite would, and the two have to answer alike."""
    query = "query($c: String) { area(code: $c) { name } }"
    listed = "query($f: AreaFilter) { areas(filter: $f) { totalCount } }"
    hidden = json.dumps({"f": {"code": {"in": ["a", "\0"]}}})
    async with serve() as site:
        for answer in (
            await site.ask(query, {"c": "a\0b"}),
            await site.ask('{ area(code: "a\\u0000b") { name } }'),
            await site.ask('{ area(code: "a\\u{0}b") { name } }'),
            await site.ask(query, {"c": "a", "other": [{"deep": "\0"}]}),
            await site.http.get(
                "/graphql", params={"query": query, "variables": json.dumps({"c": "\0"})}
            ),
            await site.http.get("/graphql", params={"query": '{ area(code: "\\u0000") { name } }'}),
            await site.http.get("/graphql", params={"query": listed, "variables": hidden}),
        ):
            assert code_of(answer) in {"BAD_REQUEST", "BAD_USER_INPUT"}
            assert "data" not in answer.json()


# ---- headers -------------------------------------------------------------------------------------


async def test_every_answer_has_its_headers(serve: Serve) -> None:
    async with serve(limits={"body_bytes": 100}) as site:
        answers = {
            200: await site.ask(ASK),
            400: await site.ask("{"),
            401: await site.ask(ASK, token=UNKNOWN),
            405: await site.http.put("/graphql"),
            413: await site.send(b" " * 101),
            415: await site.send(b"", content_type="text/plain"),
            421: await site.send(b"", host="evil.example"),
        }
        for status, answer in answers.items():
            assert answer.status_code == status
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert int(answer.headers["content-length"]) == len(answer.content)
            assert "access-control-allow-origin" not in answer.headers
        numbers = [answer.headers["x-request-id"] for answer in answers.values()]
        assert len(set(numbers)) == len(numbers)


async def test_a_request_keeps_its_id(serve: Serve) -> None:
    async with serve() as site:
        for given in ("a", "0f-9._Z", "x" * 64):
            for query in (ASK, "{"):
                body = json.dumps({"query": query}).encode()
                answer = await site.send(body, x_request_id=given)
                assert answer.headers["x-request-id"] == given
        for odd in ("", "x" * 65, "a b", "a\tb", "<script>", "a;b", '"'):
            answer = await site.send(b"{}", x_request_id=odd)
            assert answer.headers["x-request-id"] != odd
            assert len(answer.headers["x-request-id"]) > 8


# ---- who asks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization",
    [
        f"Bearer {UNKNOWN}",
        "Bearer ",
        "Bearer",
        "",
        "gz_",
        "Bearer gz_short",
        f"Basic {UNKNOWN}",
        f"Bearer {UNKNOWN}A",
        f"Bearer {UNKNOWN} {UNKNOWN}",
        "Bearer ' OR 1=1 --",
        "Bearer \xff\xfe",
    ],
)
async def test_bad_tokens_are_refused(serve: Serve, authorization: str) -> None:
    async with serve() as site:
        headers = {"authorization": authorization.encode("latin-1")}
        for _ in range(2):  # the second time it is remembered
            answer = await site.http.post("/graphql", json={"query": ASK}, headers=headers)
            assert (answer.status_code, code_of(answer)) == (401, "UNAUTHENTICATED")
            assert answer.headers["www-authenticate"] == "Bearer"
            assert UNKNOWN not in answer.text
        anonymous = await site.ask(ASK)
        assert anonymous.status_code == 200


async def test_the_scheme_is_read_in_any_case(serve: Serve) -> None:
    async with serve() as site:
        token, _ = await enter(site)
        for scheme in ("Bearer", "bearer", "BEARER"):
            headers = {"authorization": f"{scheme} {token}"}
            answer = await site.http.post("/graphql", json={"query": NAME}, headers=headers)
            assert answer.json()["data"] == {"viewer": {"name": "synthetic-a"}}


async def test_a_revoked_token_is_refused_after_a_second(
    serve: Serve, database_url: str, clock: Clock
) -> None:
    async with serve(url=database_url) as site:
        token, number = await enter(site)
        assert await count(site, token) == 1
        async with site.database():
            await revoke_token(number)
        clock.ahead += 1.001
        answer = await site.ask(COUNT, token=token)
        assert (answer.status_code, code_of(answer)) == (401, "UNAUTHENTICATED")


async def test_tokens_of_an_account_that_is_switched_off_are_refused(
    serve: Serve, database_url: str, clock: Clock
) -> None:
    async with serve(url=database_url) as site:
        token, _ = await enter(site)
        assert await count(site, token) == 1
        for active, status in ((False, 401), (True, 200)):
            async with site.database():
                await set_account_active("synthetic-a", active=active)
            clock.ahead += 1.001
            assert (await site.ask(COUNT, token=token)).status_code == status


async def test_a_right_that_was_taken_away_opens_nothing_any_more(
    serve: Serve, database_url: str, clock: Clock
) -> None:
    async with serve(url=database_url) as site:
        token, _ = await enter(site)
        assert await count(site, token) == 1
        async with site.database():
            await end_grant((await Grant.first()).id)
        clock.ahead += 1.001
        assert await count(site, token) == 0
        async with site.database():
            await add_grant("synthetic-a", "AUDITOR", everything=True)
        clock.ahead += 1.001
        assert await count(site, token) == 1


async def test_a_grant_holds_within_its_span_only(serve: Serve, database_url: str) -> None:
    day = dt.timedelta(days=1)
    now = instants.now()
    async with serve(url=database_url) as site:
        token, _ = await enter(site, valid_from=now - 2 * day, valid_to=now - day)
        assert await count(site, token) == 0
        async with site.database():
            for name, start, end in (("later", day, 2 * day), ("now", -day, day)):
                await create_account(name)
                await add_grant(
                    name, "AUDITOR", everything=True, valid_from=now + start, valid_to=now + end
                )
            later = (await create_token("later")).text
            current = (await create_token("now")).text
        assert await count(site, later) == 0
        assert await count(site, current) == 1


async def test_nobody_is_remembered_past_the_end_of_a_grant(
    serve: Serve, database_url: str, clock: Clock
) -> None:
    """Even where viewers are remembered for long, the end of a grant is kept."""
    end = instants.now() + dt.timedelta(hours=1)
    async with serve(url=database_url) as site:
        assert site.app.viewers is not None
        site.app.viewers._ttl = 100_000
        token, _ = await enter(site, valid_to=end)
        assert await count(site, token) == 1
        async with site.database():
            await end_grant((await Grant.first()).id)
        clock.ahead = 3000
        assert await count(site, token) == 1  # remembered: the database was not asked again
        clock.ahead = 3601
        assert await count(site, token) == 0


async def test_one_token_is_read_once_a_second(serve: Serve, clock: Clock) -> None:
    async with serve() as site:
        token, _ = await enter(site)
        reader = site.app.engine.reader
        before = reader.statements
        for _ in range(5):
            await site.ask(ASK, token=token)
        reads = reader.statements - before
        clock.ahead += 1.001
        await site.ask(ASK, token=token)
        assert reader.statements - before == reads + 2  # one for the viewer, one for the answer
        assert reads == 1 + 5


# ---- faults of the database ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "code"),
    [(DatabaseUnavailableError, "UNAVAILABLE"), (StatementTimeoutError, "TIMEOUT")],
)
async def test_a_database_that_fails_is_503(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, fault: type[Exception], code: str
) -> None:
    async def fail(*_given: object) -> str:
        raise fault("secret detail")

    async with serve() as site:
        token, _ = await enter(site)
        monkeypatch.setattr(site.app.engine.reader, "text", fail)
        answers = [await site.ask(COUNT), await site.ask(COUNT, token=token)]
        assert [a.status_code for a in answers] == [503, 503]
        assert [code_of(a) for a in answers] == [code, "UNAVAILABLE"]
        assert not any("secret detail" in a.text for a in answers)


async def test_before_the_start_nothing_is_served() -> None:
    async def rest(*_given: object) -> None:
        pytest.fail("not asked")

    async with client(Door(rest, hosts=["localhost"], body_bytes=100)) as http:
        answer = await http.post("/graphql", json={"query": ASK})
        assert (answer.status_code, code_of(answer)) == (503, "UNAVAILABLE")


async def test_probes(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_given: object) -> str:
        raise DatabaseUnavailableError("down")

    async with serve() as site:
        assert (await site.http.get("/livez")).json() == {"alive": True}
        ready = await site.http.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"ready": True})
        monkeypatch.setattr(site.app.engine.reader, "text", fail)
        ready = await site.http.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"ready": False})
        assert (await site.http.get("/livez")).status_code == 200
        assert (await site.http.get("/absent")).status_code == 404
