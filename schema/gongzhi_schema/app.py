"""The ASGI application: the one place where schema, database, viewers and HTTP meet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gongzhi.access.roles import role_permissions
from gongzhi.database import open_database, parse_url
from gongzhi.database.migrate import pending
from gongzhi.database.reads import Reader, open_reader
from gongzhi.errors import GongzhiError, MigrationError, Problem
from gongzhi.jobs.worker import prepare, working
from gongzhi.writing import Deployment
from gongzhi_schema import graphiql
from gongzhi_schema.compose import Composed, compose
from gongzhi_schema.door import Door
from gongzhi_schema.query.engine import Engine
from gongzhi_schema.query.writes import Writes
from gongzhi_schema.viewers import Viewers

if TYPE_CHECKING:
    from tortoise.context import TortoiseContext

    from gongzhi.host import PluginRegistry
    from gongzhi.settings import Settings


def create_app(settings: Settings, registry: PluginRegistry) -> Door:
    """Make the application of one deployment.

    :raises CompositionError: when the enabled plugins do not make one schema.
    """
    composed = compose(registry)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await refuse_if_pending(settings, registry)
        reader = open_reader(
            parse_url(settings.database_url), timeout=settings.limits.timeout_seconds / 2
        )
        permissions = role_permissions(p for _, p in registry.permissions())
        try:
            async with open_database(settings.database_url, registry.plugins) as context:
                deployment = Deployment.of(registry)
                await prepare(registry)  # also where others work: no event is to be missed
                door.engine = make_engine(composed, reader, registry, context, deployment)
                door.viewers = Viewers(reader, permissions)
                in_process = settings.jobs.in_process
                try:
                    async with working(registry, deployment) if in_process else nullcontext():
                        yield
                finally:
                    door.engine = door.viewers = None
        finally:
            await reader.close()

    async def ready(_request: Request) -> Response:
        answers = False
        if door.engine is not None:
            with suppress(GongzhiError):
                answers = await door.engine.reader.text("SELECT '1'", ()) == "1"
        return JSONResponse({"ready": answers}, status_code=200 if answers else 503)

    async def alive(_request: Request) -> Response:
        return JSONResponse({"alive": True})

    routes: list[BaseRoute] = [Route("/livez", alive), Route("/readyz", ready)]
    if settings.server.graphiql:
        routes += graphiql.routes()
    door = Door(
        Starlette(routes=routes, lifespan=lifespan),
        hosts=settings.server.hosts,
        body_bytes=settings.limits.body_bytes,
    )
    return door


def make_engine(
    composed: Composed,
    reader: Reader,
    registry: PluginRegistry,
    context: TortoiseContext | None = None,
    deployment: Deployment | None = None,
) -> Engine:
    """Make the engine of a deployment on an open reader.

    :param context: the open database for writing; without it mutations are refused.
    :param deployment: when others watch its commits; made anew without it.
    """
    settings = registry.settings
    deployment = deployment or Deployment.of(registry)

    def digest(value: str) -> str:
        if deployment.privacy is None:
            message = (
                "没有设置 privacy.secret，无法按个人信息查找 · "
                "privacy.secret is not set, so nothing can be looked up by a personal value"
            )
            raise GongzhiError(message)
        return deployment.privacy.digest(value)

    def writes(engine: Engine) -> Writes:
        assert context is not None  # noqa: S101  # narrowed below
        return Writes(
            engine.catalogue,
            engine.dialect,
            deployment,
            context,
            lambda viewer: engine.bind({}, viewer),
        )

    return Engine(
        composed,
        reader,
        settings.limits,
        norms=deployment.norms,
        digest=digest,
        settings=deployment.settings,
        zone=settings.zone,
        introspection=settings.server.introspection,
        writes=writes if context else None,
    )


async def refuse_if_pending(settings: Settings, registry: PluginRegistry) -> None:
    """Refuse to serve a database whose tables are not those that the plugins need.

    :raises MigrationError: naming the migrations that are missing.
    """
    missing = await pending(settings.database_url, registry.plugins)
    if missing:
        raise MigrationError(
            "数据库还不是所需的结构 · the database is not at the structure that is needed",
            [
                Problem(
                    "database", f"migrations not applied: {', '.join(missing)}", "gongzhi migrate"
                )
            ],
        )
