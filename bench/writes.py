"""Writes: M1 opens an issue, M2 admits a member; ours beside a bare transaction, and uncounted.

Each run works on a copy of its own of the small registry, because it leaves rows behind.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from random import Random
from statistics import median
from typing import Any

import asyncpg
import orjson

from bench import databases, load, servers
from bench.data import settings_for
from bench.databases import Database
from bench.load import ask, request
from bench.measure import CONNECTIONS
from bench.places import HERE
from bench.postgres import Cluster
from bench.servers import Server
from gongzhi.calendar import service as calendar
from gongzhi.database import open_database, parse_url
from gongzhi.host import PluginRegistry
from gongzhi.privacy import Privacy
from gongzhi.registry import lists
from gongzhi.writing import Deployment, unit_of_work

QUERIES = {name: (HERE / "queries" / f"{name}.graphql").read_text() for name in ("M1", "M2")}
_BODIES = 2_000
_PEOPLE = 60_000
"""Without a membership, so that each can be admitted once."""

_COPY = "bench_writes"
_SECRET = Privacy.new_secret()


def measure_writes(cluster: Cluster, *, rounds: int, seconds: float) -> dict[str, Any]:
    """Return what the writes cost.

    ``M1`` compares CPU a request of the product and of the bare transaction, ``M2`` requests a
    second of sixteen writers with and without kept counts.
    """
    source = databases.on_postgres(cluster, "S")
    database = asyncio.run(_copy(cluster, source))
    with ExitStack() as stack:
        ours = stack.enter_context(_product(database))
        limit = stack.enter_context(_limit(database))
        uncounted = stack.enter_context(_uncounted(database))
        variables = asyncio.run(_variables(database))
        issues = {each.name: _requests(each, "M1", variables, database) for each in (ours, limit)}
        people = asyncio.run(_people(database))
        members = {
            each.name: _requests(each, "M2", people[at::2], database)
            for at, each in enumerate((ours, uncounted))
        }
        for each in (ours, limit):
            _check(each, issues[each.name])
        cpu: dict[str, list[float]] = {ours.name: [], limit.name: []}
        rates: dict[str, list[float]] = {ours.name: [], uncounted.name: []}
        for number in range(rounds + 1):  # the first warms up
            for each in (ours, limit) if number % 2 else (limit, ours):
                cpu[each.name].append(_cpu(each, issues[each.name], seconds))
            for each in (ours, uncounted) if number % 2 else (uncounted, ours):
                rates[each.name].append(_rate(each, members[each.name], seconds))
        result = {
            "M1": {
                "ours_us": round(median(cpu[ours.name][1:])),
                "limit_us": round(median(cpu[limit.name][1:])),
                "of_limit": _ratio(cpu[ours.name], cpu[limit.name]),
            },
            "M2": {
                "a_second": round(median(rates[ours.name][1:])),
                "uncounted_a_second": round(median(rates[uncounted.name][1:])),
                "of_uncounted": _ratio(rates[ours.name], rates[uncounted.name]),
            },
        }
    print(f"writes: {result}", flush=True)
    return result


def _ratio(one: list[float], other: list[float]) -> float:
    return round(median(a / b for a, b in zip(one[1:], other[1:], strict=True)), 3)


def _cpu(server: Server, requests: list[bytes], seconds: float) -> float:
    before = server.cpu()
    done = load.run(server.port, requests, connections=CONNECTIONS, seconds=seconds)
    return 1e6 * (server.cpu() - before) / done.requests


def _rate(server: Server, requests: list[bytes], seconds: float) -> float:
    """Return requests a second; those that were sent are taken from the list."""
    done = load.run(server.port, requests, connections=CONNECTIONS, seconds=seconds)
    del requests[: done.requests + CONNECTIONS]
    return done.rate


def _check(server: Server, requests: list[bytes]) -> None:
    """Whether a server writes what was asked: one issue, received and opened."""
    body = orjson.loads(ask(server.port, requests[0]))["data"]["issueOpen"]["issue"]
    actions = [each["action"] for each in body["transitions"]]
    if body["state"] != "OPENED" or actions != ["receive", "open"]:
        message = f"{server.name} answers M1 otherwise: {body}"
        raise load.BadAnswerError(message)


def _requests(
    server: Server, name: str, inputs: list[dict[str, Any]], database: Database
) -> list[bytes]:
    return [
        request(
            server.port,
            orjson.dumps(
                {"query": QUERIES[name], "operationName": name, "variables": {"input": given}}
            ),
            database.token,
        )
        for given in inputs
    ]


async def _variables(database: Database) -> list[dict[str, Any]]:
    """Return the inputs of M1: communities of the token's district, people who live there."""
    connection = await asyncpg.connect(**parse_url(database.url).connect_arguments)
    try:
        rows = await connection.fetch(
            "SELECT o.id, (SELECT p.id FROM core_person p WHERE p.org_path >= o.path"
            " AND p.org_path < rtrim(o.path, '.') || '/' ORDER BY p.org_path LIMIT 1) AS person"
            " FROM core_organization o WHERE o.depth = 3 AND o.path >= '1.2.' AND o.path < '1.2/'"
            " AND o.area_id IS NOT NULL"
        )
    finally:
        await connection.close()
    random = Random("issues")
    places = [row for row in rows if row["person"] is not None]
    found = []
    for number in range(_BODIES):
        place = random.choice(places)
        person = f"Person:{place['person']}"
        found.append(
            {
                "organization": f"Organization:{place['id']}",
                "title": f"楼道照明损坏 {number}",
                "source": "VISIT",
                "category": "PUBLIC_FACILITIES",
                "handlingMode": "TIME_LIMITED",
                "handler": person,
                "collector": person,
                "dueOn": "2030-01-01",
            }
        )
    return found


async def _people(database: Database) -> list[dict[str, Any]]:
    """Enter people without a membership and return the inputs of M2."""
    connection = await asyncpg.connect(**parse_url(database.url).connect_arguments)
    try:
        columns = [
            row["column_name"]
            for row in await connection.fetch(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_name = 'core_person' AND column_name <> 'id'"
            )
        ]
        unique = ("id_number_cipher", "id_number_hash", "id_number_masked")
        values = ", ".join("NULL" if name == unique[1] else f'p."{name}"' for name in columns)
        rows = await connection.fetch(
            f"INSERT INTO core_person ({', '.join(columns)}) SELECT {values} FROM core_person p,"
            " core_organization o WHERE o.id = p.organization_id AND o.depth >= 4"
            " AND o.path >= '1.2.' AND o.path < '1.2/' ORDER BY random() LIMIT $1"
            " RETURNING id, organization_id",
            _PEOPLE,
        )
    finally:
        await connection.close()
    return [
        {
            "person": f"Person:{row['id']}",
            "branch": f"Organization:{row['organization_id']}",
            "stage": "APPLICANT",
        }
        for row in rows
    ]


async def _copy(cluster: Cluster, source: Database) -> Database:
    """Copy a database, with the code lists and the calendar that its plugins have by now."""
    connection = await asyncpg.connect(**parse_url(cluster.url("postgres")).connect_arguments)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{_COPY}" WITH (FORCE)')
        name = parse_url(source.url).database
        await connection.execute(f'CREATE DATABASE "{_COPY}" TEMPLATE "{name}"')
    finally:
        await connection.close()
    url = cluster.url(_COPY)
    registry = PluginRegistry.load(settings_for(url))
    async with open_database(url, registry.plugins):
        await lists.install((plugin.name, each) for plugin, each in registry.code_lists())
        await calendar.install()
        deployment = Deployment.of(registry)
        async with unit_of_work(deployment, deployment.system("bench")) as work:
            work.record("bench.run.begin")  # so that the chain has a first event
    return Database(source.size, url, source.token)


@contextmanager
def _product(database: Database) -> Iterator[Server]:
    port = servers.free_port()
    command, environment = servers.ours(database, port)
    with _up("ours", command, environment | _secret(), port) as server:
        yield server


@contextmanager
def _uncounted(database: Database) -> Iterator[Server]:
    port = servers.free_port()
    _, environment = servers.ours(database, port)
    command = servers.uvicorn("bench.uncounted:make", port)
    with _up("uncounted", command, environment | _secret(), port) as server:
        yield server


@contextmanager
def _limit(database: Database) -> Iterator[Server]:
    port = servers.free_port()
    command, environment = servers.bare("bench.limit.writes:make", database, port)
    environment |= {
        "BENCH_ACCOUNT": "1",
        "BENCH_CHAIN_KEY": hmac.digest(_SECRET.encode(), b"events", "sha256").hex(),
    }
    with _up("limit", command, environment, port) as server:
        yield server


def _secret() -> dict[str, str]:
    """Return settings as in a district, where events are brought on by ``gongzhi worker``."""
    return {"GONGZHI_PRIVACY__SECRET": _SECRET, "GONGZHI_JOBS__IN_PROCESS": "false"}


@contextmanager
def _up(name: str, command: list[str], environment: dict[str, str], port: int) -> Iterator[Server]:
    first = request(port, b'{"query": "{ __typename }", "operationName": null, "variables": {}}')
    with servers.started(f"writes-{name}", command, environment, port, first) as server:
        yield server
