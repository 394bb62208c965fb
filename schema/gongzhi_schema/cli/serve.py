"""Commands that serve: serve, and demo with everything before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gongzhi_schema.cli.base import app, load, require_migrated, run

if TYPE_CHECKING:
    from gongzhi.host import PluginRegistry
    from gongzhi.settings import Settings

GRACE_SECONDS = 15
"""How long requests under way may finish after a signal to stop."""


@app.command()
def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Instead of server.host.")] = None,
    port: Annotated[int | None, typer.Option(help="Instead of server.port.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Instead of server.workers.")] = None,
    wait: Annotated[int, typer.Option(min=0, help="Seconds to wait for the database.")] = 60,
) -> None:
    """Serve GraphQL at /graphql.

    Refuses to start while migrations are pending.
    """
    settings, registry = load()
    run(_ready(settings, registry, wait))
    processes = workers or settings.server.workers
    listen = {
        "host": host or settings.server.host,
        "port": settings.server.port if port is None else port,
    }
    if processes == 1:
        from gongzhi_schema.app import create_app

        run_server(create_app(settings, registry), **listen)
    else:
        run_server(
            "gongzhi_schema.cli.serve:application", workers=processes, factory=True, **listen
        )


def application() -> Any:
    """Build the application in a worker process; the settings file comes by the environment."""
    from gongzhi_schema.app import create_app

    return create_app(*load())


async def _ready(settings: Settings, registry: PluginRegistry, wait: int) -> None:
    """Wait for the database, as one started beside it is not there yet, and check its tables."""
    import asyncio

    from gongzhi.errors import DatabaseUnavailableError

    for left in range(wait, -1, -1):
        try:
            await require_migrated(settings, registry)
        except DatabaseUnavailableError as exc:
            if not left:
                raise
            if left == wait:
                typer.echo(f"waiting up to {wait} s: {exc}", err=True)
            await asyncio.sleep(1)
        else:
            return


def run_server(application: Any, **options: Any) -> None:
    """Run uvicorn until it is told to stop."""
    import uvicorn

    uvicorn.run(
        application,
        **options,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
