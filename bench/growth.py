"""How the time of a statement grows with the registry: 20k members against 2M, in process."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.data import settings_for
from bench.databases import Database
from gongzhi.access.roles import role_permissions
from gongzhi.database import parse_url
from gongzhi.database.reads import Reader, open_reader
from gongzhi.host import PluginRegistry
from gongzhi_schema.app import make_engine
from gongzhi_schema.compose import compose
from gongzhi_schema.viewers import Viewers

_REPETITIONS = 500

QUERIES = {
    "subtree page": """
        query ($id: ID!) { organization(id: $id) {
          subtreeMembers(first: 50) { nodes { id name stage branch { name } } } } }""",
    "count": "query ($id: ID!) { organization(id: $id) { name memberCount organizationCount } }",
    "roll-up": """
        query ($id: ID!) { organization(id: $id) {
          membersByStage { code count } membersByAge { code count } } }""",
    "filtered list": """
        query ($id: ID!) { members(first: 20, filter: {
            within: $id, stage: { eq: PROBATIONARY_MEMBER } }) {
          pageInfo { hasNextPage endCursor }
          edges { cursor node { id name joinedOn branch { name } } } } }""",
}
"""Each is asked of the token's whole district, where there are 10,000 members, or 200,000."""

DISTRICT = "Organization:2"


@dataclass(frozen=True, slots=True)
class _Size:
    """An open database and the plans of all queries on it."""

    reader: Reader
    plans: dict[str, tuple[str, list[Any]]]

    async def once(self, name: str) -> float:
        """Run one query and return its seconds."""
        sql, parameters = self.plans[name]
        begin = time.perf_counter()
        await self.reader.text(sql, parameters)
        return time.perf_counter() - begin


async def _open(database: Database) -> _Size:
    settings = settings_for(database.url)
    registry = PluginRegistry.load(settings)
    reader = open_reader(parse_url(database.url), size=1)
    engine = make_engine(compose(registry), reader, registry)
    viewers = Viewers(reader, role_permissions(p for _, p in registry.permissions()))
    viewer = await viewers.of(b"Bearer " + database.token.encode())
    assert viewer is not None
    plans = {}
    for name, text in QUERIES.items():
        operation = engine.documents.get(text).operation(None)
        values = operation.coerce({"id": DISTRICT})
        plan = engine.plan(operation, values, viewer)
        assert plan is not None
        plans[name] = (plan.sql, plan.bind(engine.bind(values, viewer)))
    return _Size(reader, plans)


async def _growth(small: Database, large: Database) -> dict[str, dict[str, float]]:
    sizes = [await _open(small), await _open(large)]
    found = {}
    try:
        for name in QUERIES:
            times: list[list[float]] = [[], []]
            for _ in range(_REPETITIONS):  # in turns, so that the machine's moods hit both
                for size, taken in zip(sizes, times, strict=True):
                    taken.append(await size.once(name))
            first, last = map(median, times)
            found[name] = {
                small.size: round(1000 * first, 3),
                large.size: round(1000 * last, 3),
                "ratio": round(last / first, 2),
            }
    finally:
        for size in sizes:
            await size.reader.close()
    return found


def growth(small: Database, large: Database) -> dict[str, dict[str, float]]:
    """Return query → milliseconds at both sizes and their ratio."""
    return asyncio.run(_growth(small, large))
