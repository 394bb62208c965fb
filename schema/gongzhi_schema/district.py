"""A whole deployment for one test: plugins, a fresh migrated database, and questions to it."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from tortoise.context import TortoiseContext

from gongzhi.access.roles import ROLE_CODES, role_permissions
from gongzhi.access.service import add_grant, create_account, create_token
from gongzhi.calendar import service as calendar
from gongzhi.database import bound, open_database, parse_url
from gongzhi.database.migrate import migrate
from gongzhi.database.reads import open_reader
from gongzhi.host import PluginRegistry
from gongzhi.jobs.worker import Worker
from gongzhi.plugin import Plugin
from gongzhi.privacy import Privacy
from gongzhi.registry.lists import install
from gongzhi.settings import Settings
from gongzhi.writing import Deployment, Work, unit_of_work
from gongzhi_schema.app import make_engine
from gongzhi_schema.compose import Composed, compose
from gongzhi_schema.query.engine import Engine
from gongzhi_schema.viewers import Viewers


@dataclass(frozen=True, slots=True)
class Result:
    """What an operation gave."""

    data: Any
    errors: list[dict[str, Any]]
    extensions: dict[str, Any]
    tier: str
    """``raw``: one statement whose text was passed through; ``core``; or ``refused``."""
    statements: int
    """How many SQL statements it took, without the one that reads who is asking."""


class District:
    """A deployment with some plugins, on a database of its own."""

    def __init__(
        self,
        settings: Settings,
        registry: PluginRegistry,
        composed: Composed,
        engine: Engine,
        viewers: Viewers,
        context: TortoiseContext,
    ) -> None:
        """Take the parts; :func:`open_district` makes them."""
        self.settings = settings
        self.registry = registry
        self.composed = composed
        self.deployment = Deployment.of(registry)
        self._engine = engine
        self._viewers = viewers
        self._context = context

    @property
    def url(self) -> str:
        """The database's URL."""
        return self.settings.database_url

    @property
    def privacy(self) -> Privacy:
        """The keys of personal values."""
        return self.settings.privacy_keys()

    @property
    def sdl(self) -> str:
        """The composed schema."""
        return self.composed.sdl()

    @asynccontextmanager
    async def database(self) -> AsyncIterator[None]:
        """Open the database for writing with the models of the enabled plugins."""
        with bound(self._context):
            yield

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        """Open a unit of work in which the system acts, to call a service without GraphQL."""
        system = self.deployment.system("test")
        with bound(self._context):
            async with unit_of_work(self.deployment, system) as work:
                yield work

    async def run_jobs(self) -> None:
        """Do the jobs that are due and bring events to subscribers, as ``gongzhi worker --once``.

        A periodic job and a new subscriber begin with the first call: the job is due at its next
        time after it, the subscriber gets the events after it.
        """
        with bound(self._context):
            await Worker(self.registry, self.deployment).once()

    async def token(
        self,
        role: str,
        *,
        organization: str | None = None,
        area: str | None = None,
        with_descendants: bool = True,
        valid_to: dt.datetime | None = None,
    ) -> str:
        """Make an account with one grant and return a token of it.

        :param organization: code of an organization; without it and ``area`` the role holds
            everywhere.
        """
        name = f"test-{secrets.token_hex(8)}"
        brought = {role for _, each in self.registry.permissions() for role in each.roles}
        async with self.database():
            await create_account(name)
            await add_grant(
                name,
                role,
                organization=organization,
                area=area,
                everything=organization is None and area is None,
                with_descendants=with_descendants,
                valid_to=valid_to,
                roles=ROLE_CODES | brought,
            )
            return (await create_token(name)).text

    async def execute(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        token: str | None = None,
        *,
        language: str = "zh",
    ) -> Result:
        """Run one operation as the owner of a token, or as anybody.

        :param language: ``zh`` or ``en``, as ``Accept-Language`` asks for.

        :raises PermissionError: when the token is refused.
        """
        viewer = await self._viewers.of(f"Bearer {token}".encode() if token else None)
        if viewer is None:
            message = "the token is refused"
            raise PermissionError(message)
        reader = self._engine.reader
        before = reader.statements
        answer = await self._engine.answer(query, variables, None, viewer, language=language)
        body = orjson.loads(answer.body)
        return Result(
            data=body.get("data"),
            errors=body.get("errors", []),
            extensions=body.get("extensions", {}),
            tier=answer.tier,
            statements=reader.statements - before,
        )


@asynccontextmanager
async def open_district(
    url: str,
    enabled: Iterable[str] = (),
    *,
    beside: Iterable[Plugin] = (),
    plugin: Mapping[str, Mapping[str, Any]] | None = None,
    tables: Mapping[str, Mapping[str, Any]] | None = None,
) -> AsyncIterator[District]:
    """Migrate a database, compose the schema and answer questions until the block ends.

    :param enabled: names of installed plugins.
    :param beside: plugin objects that are not installed.
    :param plugin: the tables ``[plugin.<name>]``.
    :param tables: other tables of the settings, such as ``{"webhooks": {"timeout_seconds": 1}}``.
    """
    settings = Settings.model_validate(
        {
            **(tables or {}),
            "plugins": tuple(enabled),
            "database": {"url": url},
            "privacy": {"secret": _secret_of(url)},
            "plugin": plugin or {},
        }
    )
    registry = PluginRegistry.load(settings, beside=beside)
    composed = compose(registry)
    await migrate(url, registry.plugins)
    async with open_database(url, registry.plugins) as context:
        await install((owner.name, each) for owner, each in registry.code_lists())
        await calendar.install()
        reader = open_reader(parse_url(url), timeout=settings.limits.timeout_seconds)
        try:
            engine = make_engine(composed, reader, registry, context)
            permissions = role_permissions(each for _, each in registry.permissions())
            viewers = Viewers(reader, permissions)
            yield District(settings, registry, composed, engine, viewers, context)
        finally:
            await reader.close()


def _secret_of(url: str) -> str:
    """Return the same secret whenever a test opens the same database again."""
    return base64.b64encode(hashlib.sha256(url.encode()).digest()).decode()
