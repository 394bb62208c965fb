"""Databases of the benchmark, built once and kept in ``bench/.data``."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bench.data import SIZES, VERSION, build, settings_for
from bench.places import DATA
from bench.postgres import Cluster
from gongzhi.database import parse_url
from gongzhi.database.migrate import migrate
from gongzhi.host import PluginRegistry


@dataclass(frozen=True, slots=True)
class Database:
    """A filled database and a token of it."""

    size: str
    url: str
    token: str


def on_postgres(cluster: Cluster, size: str) -> Database:
    """Return the database of a size, filled now if this version of the data is not there yet."""
    name = f"bench_{size.lower()}_{VERSION}"
    note = DATA / f"{name}.token"
    url = cluster.url(name)
    if not note.exists():
        asyncio.run(_recreate(cluster.url("postgres"), name))
        _fill(url, size, note)
    _migrated(url)
    return Database(size, url, note.read_text())


def on_sqlite(size: str) -> Database:
    """Return the SQLite database of a size."""
    path = DATA / f"bench_{size.lower()}_{VERSION}.sqlite3"
    note = path.with_suffix(".sqlite3.token")
    url = f"sqlite://{path}"
    if not note.exists():
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        _fill(url, size, note)
    _migrated(url)
    return Database(size, url, note.read_text())


def _migrated(url: str) -> None:
    """Make the tables of plugins that came after a kept database was built."""
    registry = PluginRegistry.load(settings_for(url))
    asyncio.run(migrate(url, registry.plugins))


def _fill(url: str, size: str, note: Path) -> None:
    begin = time.perf_counter()
    token = asyncio.run(build(url, SIZES[size]))
    note.write_text(token)
    print(f"built {size} in {time.perf_counter() - begin:.0f} s: {parse_url(url)}")


async def _recreate(server: str, name: str) -> None:
    connection = await asyncpg.connect(**parse_url(server).connect_arguments)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
