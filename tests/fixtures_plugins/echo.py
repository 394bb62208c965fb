"""Writes one row for every event that comes to it; a table without a key, so that twice shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gongzhi import Plugin, Subscriber, hookimpl
from gongzhi.registry.counters import on_tortoise

if TYPE_CHECKING:
    from collections.abc import Sequence

TABLE = "CREATE TABLE echo (position BIGINT NOT NULL, kind VARCHAR(96) NOT NULL)"
"""Made by the test: what a migration does is not its matter."""


async def hear(work: Any, event: Any) -> None:
    """Leave a row, in the transaction in which the subscriber moves on."""
    await on_tortoise(work.connection)(
        "INSERT INTO echo (position, kind) VALUES ($1, $2)", [event.id, event.kind]
    )


class Echo(Plugin):
    """Hears everything."""

    name = "echo"
    title = "回声 · echo"
    version = "0.1.0"
    api = 1

    @hookimpl
    def register_subscribers(self) -> Sequence[Subscriber]:
        """Return the one that hears."""
        return (Subscriber("echo.hear", ("*",), hear),)


plugin = Echo()
