"""Several processes at one database, and processes that are killed."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from textwrap import dedent

import asyncpg
import pytest
from tortoise.exceptions import OperationalError
from tortoise.transactions import in_transaction

from gongzhi.database import config, open_database, parse_url, runner
from gongzhi.database.config import apps_config
from gongzhi.database.migrate import drift, make_migrations, migrate, pending
from gongzhi.errors import DatabaseUnavailableError, MigrationError
from gongzhi.registry.models import KindRule
from tests.conftest import FreshDatabase
from tests.database.helpers import count, execute, tables, value
from tests.database.plugins import SHOP, MadePlugin, PluginMaker
from tests.database.stock import stock_database

MIGRATE = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
from gongzhi.database.migrate import migrate
from gongzhi.plugin import Plugin

class Shop(Plugin):
    name = title = "shop"
    version = "1"
    api = 1
    models = (sys.argv[2] + "." + sys.argv[3],)
    migrations = sys.argv[2] + ".migrations"

print(asyncio.run(migrate(sys.argv[4], [Shop()])))
"""

WAIT_FOR_A_FILE = """ops.RunPython(code=lambda apps, editor: (
    Path({started!r}).touch(),
    [time.sleep(0.01) for _ in iter(lambda: Path({go!r}).exists(), True)],
    None,
)[-1])"""


@pytest.fixture
async def slow_shop(make_plugin: PluginMaker, tmp_path: Path) -> MadePlugin:
    """A plugin whose second migration waits until the file ``go`` is there."""
    made = make_plugin("shop")
    await make_migrations([made.models(SHOP)])
    wait = WAIT_FOR_A_FILE.format(started=str(tmp_path / "started"), go=str(tmp_path / "go"))
    create = 'ops.RunSQL("CREATE TABLE shop_slow (id INT)")'
    made.migration("0002_slow", f"{create}, {wait}", needs='("shop", "0001_initial")')
    return made


def _start(shop: MadePlugin, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", MIGRATE, str(shop.folder), shop.package, "models_1", url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_until(path: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


async def test_two_processes_migrate_at_once(
    slow_shop: MadePlugin, fresh_database: FreshDatabase, dialect: str, tmp_path: Path
) -> None:
    """The second begins while the first is in the middle, waits, and finds nothing to do."""
    url = fresh_database(dialect=dialect)
    first = _start(slow_shop, url)
    second = None
    try:
        _wait_until(tmp_path / "started", first)
        second = _start(slow_shop, url)
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(2)  # it does wait; a process starts in well under this
        (tmp_path / "go").touch()
        out, error = first.communicate(timeout=60)
        assert (out.strip(), error) == ("['shop.0001_initial', 'shop.0002_slow']", "")
        out, error = second.communicate(timeout=60)
        assert (out.strip(), error) == ("[]", "")
    finally:
        for process in (first, second):
            if process is not None and process.poll() is None:
                process.kill()
    assert await pending(url, [slow_shop.plugin(f"{slow_shop.package}.models_1")]) == []


async def test_two_processes_make_one_database(
    make_plugin: PluginMaker, fresh_database: FreshDatabase, dialect: str
) -> None:
    shop = make_plugin("shop")
    plugin = shop.models(SHOP)
    await make_migrations([plugin])
    url = fresh_database(dialect=dialect, migrated=False)
    processes = [_start(shop, url) for _ in range(2)]
    results = [process.communicate(timeout=120) for process in processes]
    assert [error for _, error in results] == ["", ""]
    assert "[]" in {out.strip() for out, _ in results}
    assert await drift(url, [plugin]) == []


async def test_a_killed_migration_leaves_nothing_and_no_lock(
    slow_shop: MadePlugin, fresh_database: FreshDatabase, dialect: str, tmp_path: Path
) -> None:
    url = fresh_database(dialect=dialect)
    process = _start(slow_shop, url)
    _wait_until(tmp_path / "started", process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert "shop_slow" not in await tables(url)
    plugins = [slow_shop.plugin(f"{slow_shop.package}.models_1")]
    assert (await pending(url, plugins))[-1] == "shop.0002_slow"
    (tmp_path / "go").touch()
    assert (await migrate(url, plugins))[-1] == "shop.0002_slow"
    assert "shop_slow" in await tables(url)
    assert await drift(url, plugins, extras=False) == []


async def test_a_migration_that_waits_for_too_long_says_so(
    fresh_database: FreshDatabase, dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = fresh_database(dialect=dialect)
    monkeypatch.setattr(runner, "LOCK_SECONDS", 1)
    monkeypatch.setattr(config, "LOCK_SECONDS", 1)
    async with runner.exclusive(url, []):
        expected = MigrationError if dialect == "postgres" else DatabaseUnavailableError
        with pytest.raises(expected, match="another"):
            await migrate(url, [])


# Transactions on SQLite


INCREMENT = """
import asyncio, sys
from tortoise.transactions import in_transaction
from gongzhi.database import config, open_database, parse_url, runner

async def main():
    async with open_database(sys.argv[1], []):
        print("ready", flush=True)
        input()
        for _ in range(50):
            async with in_transaction() as client:
                (row,) = await client.execute_query_dict("SELECT sort FROM core_code")
                await client.execute_query("UPDATE core_code SET sort = ?", [row["sort"] + 1])

asyncio.run(main())
"""


INSERT = "INSERT INTO core_kind_rule (parent_kind, child_kind) VALUES ('', 'a')"


def _piped(command: list[str]) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


async def test_no_update_is_lost_between_processes(sqlite_url: str) -> None:
    await execute(
        sqlite_url,
        "INSERT INTO core_code (id, list, code, label_zh, label_en, family, level, sort, active,"
        " plugin) VALUES (1, 'a', 'a', 'a', 'a', '', '', 0, 1, 'core')",
    )
    command = [sys.executable, "-c", dedent(INCREMENT), sqlite_url]
    processes = [_piped(command) for _ in range(3)]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=120)[1] for process in processes] == ["", "", ""]
    assert await value(sqlite_url, "SELECT sort FROM core_code") == 150


async def test_stock_transactions_fail_at_once_when_another_wrote(sqlite_url: str) -> None:
    """Both have read; the second to write is told to give up, without waiting."""
    apps = apps_config([])
    async with stock_database(sqlite_url, apps) as one, stock_database(sqlite_url, apps) as other:
        first, second = one.db(), other.db()
        for client in (first, second):
            await client.execute_query("BEGIN")
            await client.execute_query("SELECT * FROM core_kind_rule")
        await first.execute_query(INSERT)
        await first.execute_query("COMMIT")
        with pytest.raises(OperationalError, match="locked"):
            await second.execute_query(INSERT.replace("'a'", "'b'"))


async def test_a_transaction_waits_for_the_one_before(sqlite_url: str) -> None:
    order: list[str] = []
    held = asyncio.Event()

    async def first() -> None:
        async with open_database(sqlite_url, []), in_transaction():
            await KindRule.all().count()
            held.set()
            await asyncio.sleep(0.3)
            await KindRule.create(child_kind="a")
            order.append("first")

    async def second() -> None:
        await held.wait()
        async with open_database(sqlite_url, []), in_transaction():
            order.append(f"second saw {await KindRule.all().count()}")
            await KindRule.create(child_kind="b")

    await asyncio.gather(first(), second())
    assert order == ["first", "second saw 1"]
    assert await count(sqlite_url, "core_kind_rule") == 2


async def test_a_file_in_use_becomes_write_ahead_logged(tmp_path: Path) -> None:
    """For this SQLite needs the file alone, and waits for it."""
    path = tmp_path / "old.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("CREATE TABLE t (a INT)")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM t").fetchall()
        asyncio.get_running_loop().call_later(0.3, reader.rollback)
        assert await value(f"sqlite://{path}", "PRAGMA journal_mode") == "wal"


async def test_a_begin_that_fails_gives_the_connection_back(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(config._SQLITE_PRAGMAS, "busy_timeout", 50)
    async with open_database(sqlite_url, []) as blocked, open_database(sqlite_url, []) as holder:
        async with holder.db()._in_transaction() as client:
            await client.execute_query("SELECT 1")
            with pytest.raises(DatabaseUnavailableError, match="another process"):
                async with blocked.db()._in_transaction():
                    pass
        async with blocked.db()._in_transaction() as client:
            await client.execute_query(INSERT)
    assert await count(sqlite_url, "core_kind_rule") == 1


async def test_a_cancelled_begin_leaves_no_transaction(sqlite_url: str) -> None:
    async with open_database(sqlite_url, []) as other, open_database(sqlite_url, []) as one:
        async with one.db()._in_transaction():
            waiting = asyncio.create_task(_enter(other.db()))
            await asyncio.sleep(0.2)  # its BEGIN is in the driver's thread now
            waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        async with other.db()._in_transaction() as client:
            await client.execute_query(INSERT)
    assert await count(sqlite_url, "core_kind_rule") == 1


async def _enter(client) -> None:
    async with client._in_transaction():
        pytest.fail("the task was cancelled while it waited")


async def test_a_pool_that_is_used_up_is_not_waited_for_without_end(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gongzhi.database.postgres.POOL_SECONDS", 0.2)
    async with open_database(postgres_url + "&maxsize=1", []) as context:
        async with in_transaction() as client:
            with pytest.raises(DatabaseUnavailableError, match="in time"):
                await client._parent.execute_query("SELECT 1")
            with pytest.raises(DatabaseUnavailableError, match="in time"):
                await _enter(client._parent)
        assert await context.db().execute_query("SELECT 1")


async def _end_connections(url: str) -> None:
    """End every connection to the database, as a restart of the server does."""
    connection = await asyncpg.connect(**parse_url(url).connect_arguments)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()


async def _write_and_lose(url: str, *, then: str) -> None:
    async with in_transaction():
        await KindRule.create(child_kind="lost")
        await _end_connections(url)
        if then == "write":
            await KindRule.create(child_kind="lost too")
        if then == "write in a savepoint":
            async with in_transaction():
                await KindRule.create(child_kind="lost too")
        if then == "fail":
            raise ZeroDivisionError


@pytest.mark.parametrize("then", ["write", "write in a savepoint", "commit"])
async def test_a_connection_that_is_lost_in_a_transaction(postgres_url: str, then: str) -> None:
    async with open_database(postgres_url, []) as context:
        with pytest.raises(DatabaseUnavailableError, match=r"try again|still running"):
            await _write_and_lose(postgres_url, then=then)
        assert await context.db().execute_query("SELECT 1")  # the pool recovers
        await KindRule.create(child_kind="kept")
        assert await KindRule.all().values_list("child_kind", flat=True) == ["kept"]


async def test_a_rollback_that_fails_does_not_hide_its_reason(postgres_url: str) -> None:
    """Tortoise raises the failure of the rollback instead."""
    async with open_database(postgres_url, []):
        with pytest.raises(ZeroDivisionError):
            await _write_and_lose(postgres_url, then="fail")


async def test_a_statement_that_takes_too_long_is_not_a_lost_database(postgres_url: str) -> None:
    async with open_database(postgres_url, []), in_transaction() as client:
        await client.execute_query("SET LOCAL statement_timeout = '50ms'")
        with pytest.raises(asyncpg.QueryCanceledError):
            await client.execute_query("SELECT pg_sleep(5)")
