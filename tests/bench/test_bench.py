"""The benchmark's modules can be imported, and its yardsticks answer as the product does."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gongzhi.access.roles import role_permissions
from gongzhi.database import bound, open_database, parse_url
from gongzhi.database.reads import Reader, open_reader
from gongzhi.host import PluginRegistry
from gongzhi_schema.app import make_engine
from gongzhi_schema.compose import compose
from gongzhi_schema.query.engine import Engine
from gongzhi_schema.viewers import Viewers
from tests.conftest import FreshDatabase
from tests.postgres import run_in_thread

BENCH = Path(__file__).parents[2] / "bench"
MODULES = sorted(
    ".".join(path.relative_to(BENCH.parent).with_suffix("").parts)
    for path in BENCH.rglob("*.py")
    if path.name != "__main__.py" and ".data" not in path.parts
)
CHECKED = 12
"""Requests of each operation that are compared."""


@pytest.mark.parametrize("module", MODULES)
def test_module_is_importable(module: str) -> None:
    assert import_module(module)


def _engine(url: str) -> tuple[Engine, Viewers, Reader]:
    from bench.data import settings_for

    settings = settings_for(url)
    registry = PluginRegistry.load(settings)
    reader = open_reader(parse_url(url))
    viewers = Viewers(reader, role_permissions(p for _, p in registry.permissions()))
    return make_engine(compose(registry), reader, registry), viewers, reader


async def _ours(url: str, token: str, variables: dict[str, Any]) -> dict[str, list[Any]]:
    """Return operation → data, each by exactly one statement."""
    from bench.answers import data
    from bench.operations import QUERIES, spelt

    engine, viewers, reader = _engine(url)
    found: dict[str, list[Any]] = {}
    try:
        viewer = await viewers.of(b"Bearer " + token.encode())
        assert viewer is not None
        for name, chosen in variables.items():
            found[name] = []
            for each in chosen:
                before = reader.statements
                answer = await engine.answer(QUERIES[name], spelt(name, each), name, viewer)
                assert (answer.tier, reader.statements - before) == ("raw", 1)
                found[name].append(data(answer.body))
    finally:
        await reader.close()
    return found


async def _limit(url: str, variables: dict[str, Any]) -> dict[str, list[Any]]:
    import orjson
    from bench.limit.app import parameters
    from bench.limit.statements import STATEMENTS
    from bench.operations import spelt

    connection = await asyncpg.connect(**parse_url(url).connect_arguments)
    try:
        return {
            name: [
                orjson.loads(
                    await connection.fetchval(
                        STATEMENTS[name], *parameters(name, spelt(name, each))
                    )
                )
                for each in chosen
            ]
            for name, chosen in variables.items()
        }
    finally:
        await connection.close()


async def _naive(url: str, variables: dict[str, Any], *, loaded: bool) -> dict[str, list[Any]]:
    from bench.naive.app import Served
    from bench.operations import QUERIES, spelt

    served = Served(loaded=loaded)
    found: dict[str, list[Any]] = {}
    async with open_database(url, []) as context:
        for name, chosen in variables.items():
            found[name] = []
            for each in chosen:
                with bound(context):
                    result = await served.schema.execute(
                        QUERIES[name],
                        variable_values=spelt(name, each),
                        context_value={"rows": served.rows()},
                    )
                assert result.errors is None
                found[name].append(result.data)
    return found


async def _sample(url: str) -> dict[str, Any]:
    from bench.operations import sample

    connection = await asyncpg.connect(**parse_url(url).connect_arguments)
    try:
        return await sample(connection, CHECKED)
    finally:
        await connection.close()


def test_all_servers_answer_alike(fresh_database: FreshDatabase) -> None:
    from bench.answers import leaves
    from bench.data import SIZES, build

    url = fresh_database(dialect="postgres", migrated=False)
    token = run_in_thread(lambda: build(url, SIZES["XS"]))
    variables = run_in_thread(lambda: _sample(url))
    ours = run_in_thread(lambda: _ours(url, token, variables))
    assert ours["Q1"][0]["member"]["branch"]["superior"]["superior"]["superior"]["superior"]
    assert all(len(each["members"]["edges"]) == 20 for each in ours["Q4"])
    assert any(len(node["posts"]) == 2 for each in ours["Q2"] for node in each["members"]["nodes"])
    assert run_in_thread(lambda: _limit(url, variables)) == ours
    for loaded in (False, True):
        assert run_in_thread(lambda loaded=loaded: _naive(url, variables, loaded=loaded)) == ours

    on_sqlite = fresh_database(dialect="sqlite", migrated=False)
    token = run_in_thread(lambda: build(on_sqlite, SIZES["XS"]))
    same = run_in_thread(lambda: _ours(on_sqlite, token, variables))
    assert {name: [leaves(each) for each in found] for name, found in same.items()} == {
        name: [leaves(each) for each in found] for name, found in ours.items()
    }


def test_answers_that_differ_are_told_apart() -> None:
    from bench.answers import leaves

    ours = {"member": {"id": "Member:7", "name": "王*", "posts": [{"post": {"code": "HEAD"}}]}}
    theirs = {
        "member": {"id": "7", "person": {"name": "王*", "posts": {"nodes": [{"post": "HEAD"}]}}}
    }
    assert leaves(ours) == leaves(theirs)
    theirs["member"]["id"] = "8"
    assert leaves(ours) != leaves(theirs)


def test_goals_are_judged() -> None:
    from bench.goals import goals

    def server(cpu: float) -> dict[str, float]:
        return {"cpu_of_ours": cpu}

    results = {
        "operations": {"Q1": {"ours": server(1), "limit": server(0.6), "peer": server(6)}},
        "growth": {"page": {"ratio": 1.1}},
        "servers": {"ours": {"start_seconds": 0.6, "rss_after_mb": 95.0}},
    }
    missed = [goal.name for goal in goals(results) if not goal.met]
    assert missed == ["Q1 server CPU of the limit", "memory of a worker, MB"]


def test_lost_answers_stop_the_load() -> None:
    from bench.load import BadAnswerError, checked, split

    head, body, end = split(b'HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"data":{}}more') or ()
    assert (checked(head, body), end) == (b'{"data":{}}', 50)
    with pytest.raises(BadAnswerError):
        checked(b"http/1.1 200 ok", b'{"data":null,"errors":[]}')
    with pytest.raises(BadAnswerError):
        checked(b"http/1.1 503 x", b'{"data":{}}')
