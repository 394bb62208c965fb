"""One run: start all servers, check that they answer alike, load them in turns, print ratios."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from statistics import median
from typing import Any

import asyncpg
import orjson

from bench import databases, peer, servers
from bench.databases import Database
from bench.growth import growth
from bench.imports import measure_import
from bench.load import request
from bench.measure import Contender, check, run
from bench.operations import NAMES, Variables, body, sample
from bench.places import DATA
from bench.postgres import Cluster, running
from bench.table import markdown
from bench.writes import measure_writes
from gongzhi.database import parse_url


def main() -> None:
    """Measure and print."""
    options = _options()
    with running() as cluster:
        results, notes = _operations(cluster, options)
        if options.growth:
            small = databases.on_postgres(cluster, "S")
            results["growth"] = growth(small, databases.on_postgres(cluster, "L"))
        if options.imports:
            results["import"] = measure_import(cluster)
        if options.writes:
            results["writes"] = measure_writes(
                cluster, rounds=options.rounds, seconds=options.seconds
            )
    results["notes"] = notes
    text = markdown(results)
    (DATA / "results.json").write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2))
    (DATA / "results.md").write_text(text)
    print(f"\n{text}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--size", default="M", choices=["XS", "S", "M", "L"])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=1.0, help="of one server in one round")
    parser.add_argument("--warm", type=float, default=2.0, help="seconds before the first round")
    for part, text in (
        ("peer", "PostGraphile"),
        ("naive", "strawberry and Tortoise"),
        ("sqlite", "ours on SQLite"),
        ("growth", "20k members against 2M; building 2M takes minutes, once"),
        ("imports", "import against COPY"),
        ("writes", "issueOpen against a bare transaction, memberAdmit without counters"),
    ):
        parser.add_argument(
            f"--{part}", default=True, action=argparse.BooleanOptionalAction, help=text
        )
    return parser.parse_args()


def _operations(
    cluster: Cluster, options: argparse.Namespace
) -> tuple[dict[str, object], list[str]]:
    database = databases.on_postgres(cluster, options.size)
    variables = asyncio.run(_sample(database))
    notes: list[str] = []
    starts = [_start(database, variables, cluster) for _ in range(_STARTS)]
    with ExitStack() as stack:
        contenders = [
            stack.enter_context(each)
            for each in (
                _ours(database, variables, cluster),
                _bare("limit", "bench.limit.app:make", database, variables, cluster),
            )
        ]
        if options.naive:
            naive = ("naive", "bench.naive.app:naive"), ("loaded", "bench.naive.app:loaded")
            contenders += [
                stack.enter_context(_bare(name, factory, database, variables, cluster))
                for name, factory in naive
            ]
        if options.peer:
            reason = servers.install_peer()
            if reason is None:
                contenders.append(stack.enter_context(_peer(database, variables, cluster)))
            else:
                notes.append(f"PostGraphile was left out: {reason}")
                print(notes[-1])
        if options.sqlite:
            on_sqlite = databases.on_sqlite(options.size)
            contenders.append(stack.enter_context(_ours(on_sqlite, variables, None)))
        check(contenders, count=20)
        figures = run(contenders, rounds=options.rounds, seconds=options.seconds, warm=options.warm)
        results: dict[str, Any] = {
            "size": f"{options.size}: {databases.SIZES[options.size].members:,} members",
            "machine": _machine(),
            "operations": figures,
            "servers": {
                each.server.name: {
                    "start_seconds": round(each.server.start_seconds, 2),
                    "rss_fresh_mb": round(each.rss_fresh / 1e6, 1),
                    "rss_after_mb": round(each.rss_after / 1e6, 1),
                }
                for each in contenders
            },
        }
    results["servers"]["ours"]["start_seconds"] = round(median(starts), 2)
    return results, notes


_STARTS = 5
Chosen = dict[str, list[Variables]]


def _start(database: Database, variables: Chosen, cluster: Cluster) -> float:
    """Start the product alone, and return how long that took."""
    with _ours(database, variables, cluster) as each:
        return each.server.start_seconds


async def _sample(database: Database) -> Chosen:
    connection = await asyncpg.connect(**parse_url(database.url).connect_arguments)
    try:
        await connection.execute(peer.HELPERS)
        return await sample(connection)
    finally:
        await connection.close()


@contextmanager
def _ours(database: Database, variables: Chosen, cluster: Cluster | None) -> Iterator[Contender]:
    port = servers.free_port()
    requests = _requests(port, variables, database.token)
    command, environment = servers.ours(database, port)
    name = "ours" if cluster else "sqlite"
    with servers.started(name, command, environment, port, requests["Q1"][0]) as server:
        yield Contender(server, requests, cluster.pids if cluster else None, respelt=not cluster)


@contextmanager
def _bare(
    name: str, factory: str, database: Database, variables: Chosen, cluster: Cluster
) -> Iterator[Contender]:
    port = servers.free_port()
    requests = _requests(port, variables, None)
    command, environment = servers.bare(factory, database, port, fast=name != "naive")
    with servers.started(name, command, environment, port, requests["Q1"][0]) as server:
        yield Contender(server, requests, cluster.pids)


@contextmanager
def _peer(database: Database, variables: Chosen, cluster: Cluster) -> Iterator[Contender]:
    port = servers.free_port()
    first = request(port, orjson.dumps({"query": "{ __typename }"}))
    command, environment = servers.peer(database, port)
    with servers.started("peer", command, environment, port, first) as server:
        requests = {
            name: [request(port, each) for each in peer.bodies(port, name, variables[name])]
            for name in NAMES
        }
        yield Contender(server, requests, cluster.pids, respelt=True)


def _requests(port: int, variables: Chosen, token: str | None) -> dict[str, list[bytes]]:
    return {
        name: [request(port, body(name, each), token) for each in variables[name]] for name in NAMES
    }


def _machine() -> str:
    packages = ("strawberry-graphql", "graphql-core", "tortoise-orm", "asyncpg", "uvicorn")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {versions}"
