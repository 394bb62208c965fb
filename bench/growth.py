"""How the time of a statement grows with the registry: 20k members against 2M, in process."""

from __future__ import annotations

import asyncio
import time
from statistics import median

from bench.data import settings_for
from bench.databases import Database
from gongzhi.access.roles import role_permissions
from gongzhi.database import parse_url
from gongzhi.database.reads import open_reader
from gongzhi.host import PluginRegistry
from gongzhi_schema.app import make_engine
from gongzhi_schema.compose import compose
from gongzhi_schema.viewers import Viewers

_REPETITIONS = 300

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


async def _times(database: Database) -> dict[str, float]:
    settings = settings_for(database.url)
    registry = PluginRegistry.load(settings)
    reader = open_reader(parse_url(database.url), size=1)
    engine = make_engine(compose(registry), reader, settings)
    viewers = Viewers(reader, role_permissions(p for _, p in registry.permissions()))
    found = {}
    try:
        viewer = await viewers.of(b"Bearer " + database.token.encode())
        assert viewer is not None
        for name, text in QUERIES.items():
            operation = engine.documents.get(text).operation(None)
            values = operation.coerce({"id": DISTRICT})
            plan = engine.plan(operation, values, viewer)
            assert plan is not None
            parameters = plan.bind(engine.bind(values, viewer))
            times = []
            for _ in range(_REPETITIONS):
                begin = time.perf_counter()
                await reader.text(plan.sql, parameters)
                times.append(time.perf_counter() - begin)
            found[name] = 1000 * median(times)
    finally:
        await reader.close()
    return found


def growth(small: Database, large: Database) -> dict[str, dict[str, float]]:
    """Return query → milliseconds at both sizes and their ratio."""
    first, last = asyncio.run(_times(small)), asyncio.run(_times(large))
    return {
        name: {
            small.size: round(first[name], 3),
            large.size: round(last[name], 3),
            "ratio": round(last[name] / first[name], 2),
        }
        for name in QUERIES
    }
