"""The commands ``gongzhi worker``: jobs, and events brought to their subscribers."""

from __future__ import annotations

import signal
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from gongzhi_schema.cli.base import app, load, opened, run, show_json, show_rows

if TYPE_CHECKING:
    import datetime as dt
    from zoneinfo import ZoneInfo

    from gongzhi.jobs.overview import Overview
    from gongzhi.jobs.worker import Worker

_TRIED = ("attempts", "next attempt", "error")

group = typer.Typer(
    invoke_without_command=True,
    help="Do the jobs and bring events to their subscribers, until SIGTERM.",
    epilog="Any number may run on one database. What runs at SIGTERM may finish within 10 seconds.",
)
app.add_typer(group, name="worker")


@group.callback()
def worker(
    context: typer.Context,
    *,
    once: Annotated[bool, typer.Option("--once", help="Do what is due, and stop.")] = False,
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Jobs at a time, instead of jobs.concurrency.")
    ] = None,
) -> None:
    """Do the jobs and bring events to their subscribers, until SIGTERM."""
    if context.invoked_subcommand is not None:
        return
    from gongzhi.jobs.worker import Worker
    from gongzhi.writing import Deployment

    settings, registry = load()

    async def work() -> None:
        async with opened(settings, registry):
            made = Worker(registry, Deployment.of(registry), concurrency=concurrency)
            _listen(made)
            if once:
                await made.once()
            else:
                typer.echo("working", err=True)
                await made.run()

    run(work())


def _listen(made: Worker) -> None:
    """Let the first signal ask it to stop, and the second insist."""
    import asyncio

    loop = asyncio.get_running_loop()
    asked: list[int] = []

    def told(number: int) -> None:
        if asked:
            made.abort()
        else:
            made.stop()
        asked.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, told, number)


@group.command("status")
def worker_status(
    *, as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False
) -> None:
    """Show what waits, how far subscribers are behind, and what is dead."""
    from gongzhi.jobs.overview import overview

    settings, registry = load()

    async def look() -> Overview:
        async with opened(settings, registry):
            return await overview(registry)

    found = run(look())
    if as_json:
        show_json(asdict(found))
    else:
        _show(found, settings.zone)


def _show(found: Overview, zone: ZoneInfo) -> None:
    def time(instant: dt.datetime | None) -> str:
        return instant.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if instant else "-"

    typer.echo(
        f"{found.due} due, {found.running} running, {found.dead} dead; {found.end_of_record} events"
    )
    subscriptions = [
        (
            each.name,
            "off" if each.waiting is None else each.waiting,
            each.position,
            each.attempts,
            time(each.retry_at),
            each.last_error or "-",
        )
        for each in found.subscriptions
    ]
    jobs = [
        (
            each.id,
            each.name + (f" event {each.event_id}" if each.event_id else ""),
            each.state if each.known else "OFF",
            time(each.due_at),
            each.attempts,
            time(each.wake_at),
            each.last_error or "-",
        )
        for each in found.jobs
    ]
    if subscriptions:
        typer.echo()
        show_rows(("subscriber", "waiting", "position", *_TRIED), subscriptions)
    if jobs:
        typer.echo()
        show_rows(("job", "name", "state", "due", *_TRIED), jobs)


@group.command("retry")
def worker_retry(
    what: Annotated[
        str, typer.Argument(help="The id of a job, or the name of a subscriber, that failed.")
    ],
) -> None:
    """Have something that failed, or is dead, tried again at once."""
    from gongzhi.jobs.overview import retry

    settings, registry = load()

    async def write() -> None:
        async with opened(settings, registry):
            await retry(what)

    run(write())
    typer.echo(f"{what} is due")
