"""Database URLs, settings of connections, and what one is told when a database is away."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from gongzhi.core import plugin as core
from gongzhi.database import open_database, parse_url, tortoise_config
from gongzhi.database.config import ordered
from gongzhi.database.migrate import drift, migrate, pending, purge, purge_plan
from gongzhi.errors import DatabaseUnavailableError, SettingsError
from tests.database.helpers import rows, value
from tests.database.plugins import PluginMaker


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///srv/a.sqlite3", "/srv/a.sqlite3"),
        ("sqlite://a.sqlite3", "a.sqlite3"),
        ("sqlite://data/a.sqlite3", "data/a.sqlite3"),
        ("sqlite:///srv/%E5%8C%BA.db", "/srv/区.db"),
    ],
)
def test_sqlite_urls(url: str, path: str) -> None:
    assert parse_url(url).path == Path(path)


def test_postgres_urls() -> None:
    url = parse_url("postgres://u:p%40ss@db.example:6432/registry?maxsize=20&sslmode=require")
    assert url.connect_arguments == {
        "host": "db.example",
        "port": 6432,
        "user": "u",
        "password": "p@ss",
        "database": "registry",
        "timeout": 3,
        "ssl": "require",
    }
    assert url.options["maxsize"] == "20"
    socket = parse_url("postgresql://u@/registry?host=/run/postgresql")
    assert (socket.host, socket.port, socket.database) == ("/run/postgresql", 5432, "registry")


@pytest.mark.parametrize(
    "url",
    [
        "registry.sqlite3",
        "sqlite://",
        "sqlite://:memory:",
        "sqlite:///a.db?mode=ro",
        "mysql://u:hunter2@h/d",
        "postgres://u:hunter2@h/",
        "postgres://u:hunter2@h:port/d",
        "postgres://u:hunter2@h/d?maxsice=3",
        "postgres://u:hunter2@h/d?maxsize=many",
    ],
)
def test_wrong_urls_are_explained_without_the_password(url: str) -> None:
    with pytest.raises(SettingsError, match=r"database\.url: .* → write sqlite:///") as caught:
        parse_url(url)
    assert "hunter2" not in str(caught.value)


def test_a_password_is_not_printed() -> None:
    url = parse_url("postgres://u:hunter2@h/d")
    assert "hunter2" not in f"{url} {url!r}"
    assert str(url) == "postgres:d at h:5432"


def test_the_core_comes_first_and_plugins_behind_what_they_require(
    make_plugin: PluginMaker,
) -> None:
    last = make_plugin("a", requires=("b", "core")).plugin()
    first = make_plugin("b", requires=("absent",)).plugin()
    assert [plugin.name for plugin in ordered([last, first, core])] == ["core", "b", "a"]
    assert list(tortoise_config("sqlite://x", [])["apps"]) == ["core"]


async def test_sqlite_connections_are_safe(sqlite_url: str) -> None:
    wanted = {
        "foreign_keys": 1,
        "journal_mode": "wal",
        "busy_timeout": 5000,
        "synchronous": 2,
        "secure_delete": 1,
    }
    for pragma, expected in wanted.items():
        assert await value(sqlite_url, f"PRAGMA {pragma}") == expected


async def test_postgres_connections_are_bounded(postgres_url: str) -> None:
    found = await rows(
        postgres_url,
        "SELECT name, setting FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout',"
        " 'idle_in_transaction_session_timeout', 'TimeZone', 'application_name')",
    )
    assert {row["name"]: row["setting"] for row in found} == {
        "TimeZone": "UTC",
        "application_name": "gongzhi",
        "idle_in_transaction_session_timeout": "60000",
        "lock_timeout": "3000",
        "statement_timeout": "25000",
    }


async def _refused(url: str, *, words: str) -> None:
    """Check every way into the database: one error that says what to do, and no secret."""
    for ask in (
        open_database(url, []).__aenter__(),
        pending(url, []),
        migrate(url, []),
        drift(url, []),
        purge_plan(url, [], "shop"),
        purge(url, [], "shop"),
    ):
        with pytest.raises(DatabaseUnavailableError, match=words) as caught:
            await ask
        text = str(caught.value)
        assert "数据库不可用" in text
        assert "hunter2" not in text
        assert "asyncpg" not in text
        assert "sqlite3." not in text.replace(".sqlite3", "")


async def test_nobody_listens() -> None:
    await _refused("postgres://u:hunter2@127.0.0.1:1/d", words="check host and port")


async def test_no_such_host() -> None:
    await _refused("postgres://u:hunter2@no-such-host.invalid/d", words="check host and port")


async def test_no_such_socket(tmp_path: Path) -> None:
    await _refused(f"postgres://u:hunter2@/d?host={tmp_path}", words="check host and port")


async def test_no_such_database(postgres_url: str) -> None:
    head, _, tail = postgres_url.partition("?")
    url = head.rpartition("/")[0] + "/no_such_database?" + tail
    await _refused(url, words="no database of that name")


async def test_no_such_user(postgres_url: str) -> None:
    url = postgres_url.replace("postgres@", "stranger:hunter2@", 1)
    await _refused(url, words="user or password refused")


async def test_no_such_file(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/none.sqlite3"
    for ask in (open_database(url, []).__aenter__(), drift(url, []), purge(url, [], "shop")):
        with pytest.raises(DatabaseUnavailableError, match="run gongzhi migrate first"):
            await ask
    assert _names(tmp_path) == []


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailableError, match="its folder exists"):
        await migrate(f"sqlite://{tmp_path}/none/a.sqlite3", [])


async def test_not_a_database(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    path.write_bytes(b"Name,Kind\n" * 1000)
    await _refused(f"sqlite://{path}", words="not a SQLite database")
    assert path.read_bytes() == b"Name,Kind\n" * 1000


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
async def test_a_file_that_may_not_be_written(sqlite_url: str) -> None:
    path = parse_url(sqlite_url).path
    assert path
    path.chmod(stat.S_IRUSR)
    path.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with pytest.raises(DatabaseUnavailableError, match="permissions"):
            await migrate(sqlite_url, [])
    finally:
        path.parent.chmod(stat.S_IRWXU)


async def test_an_old_sqlite_is_named(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 34, 1))
    with pytest.raises(DatabaseUnavailableError, match=r"too old, 3\.37 is needed"):
        await migrate(sqlite_url, [])
