"""The PostgreSQL of the benchmark: that of the tests' wheel, its data kept between runs."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from tests import postgres as server

from bench.places import DATA, family
from gongzhi.database import parse_url

SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "2GB",
    "effective_cache_size": "8GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "random_page_cost": "1.1",
    "max_connections": "100",
    "autovacuum": "off",  # the data is vacuumed once, and then only read
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


_PATIENCE_SECONDS = 600
"""For a checkpoint of everything, or its recovery."""

# Ends the server when this process is gone, in order: the data is wanted again. stdin is the sign.
_GUARD = """
"$@" </dev/null & server=$!
trap '' INT TERM
read -r _
kill -INT "$server" 2>/dev/null
wait "$server"
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server."""

    pid: int
    socket: Path

    def url(self, database: str) -> str:
        """Return the URL of a database."""
        return f"postgres://postgres@/{database}?host={self.socket}"

    def pids(self) -> list[int]:
        """Return the server's processes, one for each connection and a few more."""
        return family(self.pid)


@contextmanager
def running() -> Iterator[Cluster]:
    """Run the server.

    :raises tests.postgres.NoPostgresError: when none can be run here.
    """
    DATA.mkdir(exist_ok=True)
    data = DATA / "postgres"
    sockets = Path(tempfile.mkdtemp(prefix="gzbench"))
    prefix, options = server._as_plain_user(sockets)
    programs = server._programs()
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(data, ignore_errors=True)
        server._initdb([*prefix, str(programs / "initdb")], data, options)
    settings = SETTINGS | {"unix_socket_directories": str(sockets)}
    arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (DATA / "postgres.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *("/bin/sh", "-c", _GUARD, "guard", *prefix),
                *(str(programs / "postgres"), "-D", str(data), *arguments),
            ],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,
            **options,
        )
        try:
            cluster = Cluster(process.pid, sockets)
            _wait(process, cluster.url("postgres"))
            yield cluster
        finally:
            assert process.stdin
            process.stdin.close()
            process.wait(_PATIENCE_SECONDS)
            shutil.rmtree(sockets, ignore_errors=True)


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    async def ping() -> None:
        await (await asyncpg.connect(**parse_url(url).connect_arguments)).close()

    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            asyncio.run(ping())
        except (OSError, asyncpg.CannotConnectNowError) as exc:
            if process.poll() is not None or time.monotonic() > deadline:
                text = (DATA / "postgres.log").read_text(errors="replace")[-1000:]
                message = f"PostgreSQL did not start: {text}"
                raise server.NoPostgresError(message) from exc
            time.sleep(0.1)
        else:
            return
