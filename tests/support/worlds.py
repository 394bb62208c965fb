"""A world: the seeded rows in one database, engines on it, its viewers, and the oracle beside it.

Tests ask in plain calls; an event loop of the world's own runs underneath, so that connections
live as long as the world and hypothesis can drive the tests.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tortoise.models import Model

from gongzhi import clock
from gongzhi.access import service as access
from gongzhi.access.models import Account, AccountKind, Edge
from gongzhi.access.roles import role_permissions
from gongzhi.access.viewer import ANONYMOUS, Viewer
from gongzhi.calendar import service as calendar
from gongzhi.database import open_database, parse_url
from gongzhi.database.migrate import migrate
from gongzhi.database.reads import Reader, open_reader
from gongzhi.host import PluginRegistry
from gongzhi.registry import counters
from gongzhi.registry.lists import install
from gongzhi.registry.models import Organization
from gongzhi.registry.rules import Norms
from gongzhi.settings import LimitSettings, Settings
from gongzhi_schema.compose import Composed, compose
from gongzhi_schema.query.engine import Engine
from gongzhi_schema.viewers import Viewers
from tests.support.data import NOW, PRIVACY, Rows, build
from tests.support.oracle import Oracle
from tests.support.probe import plugin as probe

LIMITS = LimitSettings()
WIDE = LimitSettings(
    depth=30,
    aliases=500,
    root_fields=500,
    tokens=100_000,
    directives=500,
    variables=500,
    cost=10**12,
    errors=10_000,
    timeout_seconds=60,
)
"""Limits under which proofs ask: pages have their usual sizes, nothing else is in the way."""
GRANTS: Mapping[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "everything": (("DISTRICT_ORG_DEPT_ADMIN", {"everything": True}),),
    "street": (("SUBDISTRICT_STAFF", {"organization": "street:东"}),),
    "two": (
        ("COMMUNITY_SECRETARY", {"organization": "community:西1"}),
        ("BRANCH_SECRETARY", {"organization": "branch:南2a", "with_descendants": False}),
        ("AUDITOR", {"organization": "branch:南2a", "with_descendants": False}),
    ),
    "territory": (
        ("DISTRICT_SOCIETY_WORK_ADMIN", {"area": "area:北", "edge": Edge.TERRITORY}),
        ("COMMUNITY_SECRETARY", {"area": "area:东2", "edge": Edge.TERRITORY}),
    ),
    "mixed": (
        ("SYSTEM_ADMIN", {"everything": True}),
        ("BRANCH_SECRETARY", {"organization": "branch:东1a", "with_descendants": False}),
        ("PARTY_MEMBER", {"organization": "street:南"}),
    ),
    "none": (),
}
"""Viewer → roles and where they hold; ``anonymous`` has no account at all."""

HOMES = {"none": "branch:南2a", "street": "branch:东1a"}
"""Account → the organization that looks after it."""

VIEWERS = (*GRANTS, "anonymous")


def load_registry() -> PluginRegistry:
    """Return the registry of the worlds: the core and the probe."""
    return PluginRegistry.load(Settings(plugins=()), beside=[probe])


@cache
def composed() -> Composed:
    """Return the composed schema that engines share."""
    return compose(load_registry())


@dataclass(frozen=True)
class Reply:
    """An engine's answer, parsed."""

    tier: str
    status: int
    text: str
    statements: int

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.text)  # type: ignore[no-any-return]

    @property
    def data(self) -> Any:
        return self.body["data"]

    @property
    def errors(self) -> list[dict[str, Any]]:
        return self.body.get("errors", [])  # type: ignore[no-any-return]

    @property
    def codes(self) -> list[str]:
        return [e["extensions"]["code"] for e in self.errors]


class World:
    """One seeded database and everything that is asked of it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.dialect = parse_url(url).dialect
        self.rows: Rows = build()
        self.names = self.rows.names
        self._runner = asyncio.Runner()
        self.stored: dict[type[Model], list[Any]] = {}
        self.tokens: dict[str, str] = {}
        self.run(self._fill())
        self.reader: Reader = self.run(self._open_reader())
        self.viewers: dict[str, Viewer] = self.run(self._read_viewers())
        self.viewers["anonymous"] = ANONYMOUS
        self._engines: dict[tuple[Any, bool], Engine] = {}
        self.oracle = Oracle(compose(load_registry()), self.stored, LIMITS, Norms(), PRIVACY.digest)

    def run(self, made: Any) -> Any:
        """Run a coroutine to its end in the world's loop, at the stopped instant."""

        async def stopped() -> Any:
            with clock.stopped_at(NOW):
                return await made

        return self._runner.run(stopped())

    def close(self) -> None:
        """Close connections and loop."""
        self.run(self.reader.close())
        self._runner.close()

    # ---- making ----------------------------------------------------------------------------------

    async def _fill(self) -> None:
        registry = load_registry()
        await migrate(self.url, registry.plugins)
        async with open_database(self.url, registry.plugins) as context:
            await install((plugin.name, each) for plugin, each in registry.code_lists())
            await calendar.install()
            labels = {gid: label for label, gid in self.names.items()}
            assert len(labels) == len(self.names)
            for name in GRANTS:
                kind = AccountKind.SERVICE if name == "mixed" else AccountKind.PERSON
                await access.create_account(name, kind=kind)
            for model, rows in self.rows.tables.items():
                await model.bulk_create([row.made() for row in rows])
            for name, home in HOMES.items():
                body = await Organization.get(
                    code=self._target({"organization": home})["organization"]
                )
                await Account.filter(name=name).update(organization=body, org_path=body.path)
            for name, grants in GRANTS.items():
                for role, where in grants:
                    await access.add_grant(name, role, **self._target(where))
                self.tokens[name] = (await access.create_token(name)).text
            await counters.recount(counters.on_tortoise(context.db()))
            for model in registry.models():
                self.stored[model] = await model.all().order_by("id")

    def _target(self, where: dict[str, Any]) -> dict[str, Any]:
        made = dict(where)
        for key in ("organization", "area"):
            if key in made:
                kind, _, row = self.names[made[key]].partition(":")
                rows = next(r for m, r in self.rows.tables.items() if m.__name__ == kind)
                made[key] = rows[int(row) - 1].code
        return made

    async def _open_reader(self) -> Reader:
        return open_reader(parse_url(self.url), size=4, timeout=30)

    async def _read_viewers(self) -> dict[str, Viewer]:
        permissions = role_permissions(p for _, p in load_registry().permissions())
        viewers = Viewers(self.reader, permissions)
        return {name: await viewers.of(f"Bearer {t}".encode()) for name, t in self.tokens.items()}  # type: ignore[misc]

    def engine(self, limits: LimitSettings = WIDE, *, planned: bool = True) -> Engine:
        """Return an engine with these limits."""
        key = (limits, planned)
        if key not in self._engines:
            self._engines[key] = Engine(
                composed(),
                self.reader,
                limits,
                norms=Norms(),
                digest=PRIVACY.digest,
                settings=lambda kind: kind(),  # the defaults
                zone=clock.CHINA,
                planned=planned,
            )
        return self._engines[key]

    # ---- asking ----------------------------------------------------------------------------------

    def ask(
        self,
        text: str,
        variables: Mapping[str, Any] | None = None,
        viewer: str | Viewer = "everything",
        *,
        planned: bool = True,
        limits: LimitSettings = WIDE,
        operation: str | None = None,
    ) -> Reply:
        """Answer an operation by the engine, planned or all in core."""
        who = viewer if isinstance(viewer, Viewer) else self.viewers[viewer]
        before = self.reader.statements
        engine = self.engine(limits, planned=planned)
        answer = self.run(engine.answer(text, variables, operation, who, "test"))
        return Reply(
            answer.tier, answer.status, answer.body.decode(), self.reader.statements - before
        )

    def expect(
        self,
        text: str,
        variables: Mapping[str, Any] | None = None,
        viewer: str | Viewer = "everything",
        *,
        operation: str | None = None,
    ) -> dict[str, Any]:
        """Answer an operation by the oracle."""
        who = viewer if isinstance(viewer, Viewer) else self.viewers[viewer]
        return self.oracle.answer(text, variables, operation, who)

    def id(self, label: str) -> str:
        """Return the global id behind a label."""
        return self.names[label]


_worlds: dict[str, World] = {}


def world_of(dialect: str, make_url: Callable[[], str]) -> World:
    """Return the one world of a dialect in this process; several folders of tests share it."""
    if dialect not in _worlds:
        _worlds[dialect] = World(make_url())
    return _worlds[dialect]


def close(dialect: str) -> None:
    """Close a world; doing it twice does no harm."""
    world = _worlds.pop(dialect, None)
    if world is not None:
        world.close()
