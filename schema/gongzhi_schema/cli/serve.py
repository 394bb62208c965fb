"""The command ``gongzhi serve``, and the server under it."""

from __future__ import annotations

import gc
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gongzhi.errors import GongzhiError
from gongzhi_schema.cli.base import app, load, require_migrated, run

if TYPE_CHECKING:
    from gongzhi.host import PluginRegistry
    from gongzhi.settings import Settings

GRACE_SECONDS = 15
"""How long requests under way may finish after a signal to stop."""

_BACKLOG = 2048
_STARTUP_FAILED = 3
_IN_WORKERS = "gongzhi_schema.cli.serve:application"


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
    with _without_collector():
        settings, registry = load()
        run(_ready(settings, registry, wait))
        listener = bind(
            host or settings.server.host, settings.server.port if port is None else port
        )
        processes = workers or settings.server.workers
        made = build(settings, registry) if processes == 1 else _IN_WORKERS
    typer.echo(f"serving {listener.address}/graphql", err=True)
    run_server(made, listener, processes)


def application() -> Any:
    """Build the application in a worker process; the settings file comes by the environment."""
    with _without_collector():
        return build(*load())


def build(settings: Settings, registry: PluginRegistry) -> Any:
    """Build the application, once in the life of a process.

    What is there now stays until the end, so the garbage collector need never look at it.
    """
    from gongzhi_schema.app import create_app

    made = create_app(settings, registry)
    gc.freeze()
    return made


@contextmanager
def _without_collector() -> Iterator[None]:
    """Make what stays without looking again and again for what does not: a fifth less time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _ready(settings: Settings, registry: PluginRegistry, wait: int) -> None:
    """Wait for the database, as one started beside it is not there yet, and check its tables."""
    import asyncio

    from gongzhi.errors import DatabaseUnavailableError

    if settings.database_url.startswith("sqlite:"):
        wait = 0  # a file does not come up later
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


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that is bound, and the address under which it is reached."""

    socket: socket.socket
    address: str


def bind(host: str, port: int) -> Listener:
    """Take a port.

    :raises GongzhiError: when it is taken or may not be.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(_BACKLOG)  # who comes early waits instead of being refused
    except OSError as exc:
        made.close()
        message = f"cannot listen on {host} port {port}: {exc.strerror}; choose another --port"
        raise GongzhiError(message) from exc
    made.set_inheritable(True)  # workers are processes of their own
    shown = f"[{host}]" if ":" in host else host
    return Listener(made, f"http://{shown}:{made.getsockname()[1]}")


def run_server(application: Any, listener: Listener, workers: int = 1) -> None:
    """Run uvicorn until it is told to stop."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    config = uvicorn.Config(
        application,
        factory=workers > 1,
        workers=workers,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing reads the address of the client
        log_level="warning",
        backlog=_BACKLOG,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    # When it has stopped in order, uvicorn raises the signal again: that is a success here.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt):
        if workers > 1:
            Multiprocess(config, sockets=[listener.socket]).run()
            return
        server = uvicorn.Server(config)
        server.run(sockets=[listener.socket])
        if not server.started:
            sys.exit(_STARTUP_FAILED)
