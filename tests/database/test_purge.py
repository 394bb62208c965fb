"""Purging a plugin: what goes is shown first, and only that goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gongzhi.database import open_database, parse_url
from gongzhi.database.migrate import (
    TableLoss,
    drift,
    make_migrations,
    migrate,
    pending,
    purge,
    purge_plan,
)
from gongzhi.errors import MigrationError
from gongzhi.plugin import Plugin
from gongzhi.registry.models import Area
from tests.conftest import FreshDatabase
from tests.database.helpers import count, execute, tables
from tests.database.plugins import SHOP, PluginMaker

ANNEX = """
class Extra(Model):
    id = fields.BigIntField(primary_key=True)
    shelf = fields.ForeignKeyField("shop.Shelf", related_name=False, on_delete=fields.CASCADE)
    shelf_id: int

    class Meta(Model.Meta):
        app = "shop_annex"
        table = "shop_annex_extra"
"""


@pytest.fixture
async def plugins(make_plugin: PluginMaker) -> list[Plugin]:
    """One plugin, and one that refers to it and whose name begins like its own."""
    made = [
        make_plugin("shop").models(SHOP),
        make_plugin("shop_annex", requires=("shop",)).models(ANNEX),
    ]
    await make_migrations(made)
    return made


@pytest.fixture
async def url(fresh_database: FreshDatabase, plugins: list[Plugin], dialect: str) -> str:
    url = fresh_database(plugins, dialect=dialect)
    await execute(
        url,
        "INSERT INTO shop_shelf (id, code, name, note) VALUES (1, 'A', 'a', ''), (2, 'B', 'b', '')",
        "INSERT INTO shop_item (id, shelf_id, label) VALUES (1, 1, 'secret label')",
        "INSERT INTO shop_annex_extra (id, shelf_id) VALUES (1, 2)",
    )
    async with open_database(url, plugins):
        await Area.create(code="31", name="甲", kind="city", path="1.")
    return url


async def test_the_plan_shows_everything(url: str, plugins: list[Plugin]) -> None:
    plan = await purge_plan(url, plugins, "shop")
    assert plan.dependants == ("shop_annex",)
    assert plan.tables == (
        TableLoss("shop_annex_extra", "shop_annex", 1),
        TableLoss("shop_item", "shop", 1),
        TableLoss("shop_shelf", "shop", 2),
    )
    assert str(plan).splitlines() == [
        "shop_annex_extra: 1 rows (shop_annex)",
        "shop_item: 1 rows (shop)",
        "shop_shelf: 2 rows (shop)",
        "also dropped, because they refer to it: shop_annex",
    ]
    assert await count(url, "shop_item") == 1


async def test_dependants_go_only_when_said(url: str, plugins: list[Plugin]) -> None:
    with pytest.raises(MigrationError, match="shop_annex refer to its tables → purge shop_annex"):
        await purge(url, plugins, "shop")
    assert await count(url, "shop_item") == 1
    plan = await purge(url, plugins, "shop", with_dependants=True)
    assert len(plan.tables) == 3
    assert not [name for name in await tables(url) if name.startswith("shop")]
    assert await pending(url, plugins) == ["shop.0001_initial", "shop_annex.0001_initial"]
    assert await count(url, "core_area") == 1


async def test_only_what_was_named_goes(url: str, plugins: list[Plugin]) -> None:
    plan = await purge(url, plugins, "shop_annex")
    assert plan.dependants == ()
    assert [loss.table for loss in plan.tables] == ["shop_annex_extra"]
    assert await count(url, "shop_item") == 1
    assert await pending(url, plugins) == ["shop_annex.0001_initial"]


async def test_a_plugin_that_is_not_there_any_more(url: str) -> None:
    """Neither enabled nor installed; the names of its tables and the record say whose they are."""
    plan = await purge_plan(url, [], "shop")
    assert plan.dependants == ("shop_annex",)
    await purge(url, [], "shop", with_dependants=True)
    assert not [name for name in await tables(url) if name.startswith("shop")]
    assert await drift(url, []) == []


async def test_it_can_come_back(url: str, plugins: list[Plugin]) -> None:
    await purge(url, plugins, "shop", with_dependants=True)
    assert len(await migrate(url, plugins)) == 2
    assert await drift(url, plugins) == []
    assert await count(url, "shop_item") == 0


async def test_the_core_stays(url: str, plugins: list[Plugin]) -> None:
    for ask in (
        purge_plan(url, plugins, "core"),
        purge(url, plugins, "core", with_dependants=True),
    ):
        with pytest.raises(MigrationError, match="core: everything else stands on it"):
            await ask


async def test_a_misspelt_name(url: str, plugins: list[Plugin]) -> None:
    with pytest.raises(MigrationError, match=r"shoop: it has no tables here.*shop, shop_annex"):
        await purge_plan(url, plugins, "shoop")


async def test_a_table_of_nobody_that_refers_to_it(url: str, plugins: list[Plugin]) -> None:
    await execute(url, "CREATE TABLE mine (item BIGINT REFERENCES shop_item (id))")
    with pytest.raises(MigrationError, match="mine of no plugin refer to it"):
        await purge(url, plugins, "shop", with_dependants=True)
    assert await count(url, "shop_item") == 1


async def test_a_purge_is_whole_or_not_at_all(
    url: str, plugins: list[Plugin], dialect: str
) -> None:
    """The record cannot be changed, so the tables stay."""
    if dialect == "sqlite":
        stop = (
            "CREATE TRIGGER mine BEFORE DELETE ON tortoise_migrations"
            " BEGIN SELECT raise(ABORT, 'no'); END"
        )
    else:
        stop = "ALTER TABLE tortoise_migrations RENAME COLUMN id TO number"
        await execute(url, "CREATE VIEW mine AS SELECT label FROM shop_item")
    await execute(url, stop)
    with pytest.raises(Exception, match=r"no|column|depends"):
        await purge(url, plugins, "shop", with_dependants=True)
    assert await count(url, "shop_annex_extra") == 1


async def test_nothing_of_the_rows_is_left_in_the_files(
    fresh_database: FreshDatabase, plugins: list[Plugin]
) -> None:
    """Neither in the file, its write-ahead log, nor the copy that the last migration kept."""
    url = fresh_database(plugins[:1], dialect="sqlite")
    await execute(
        url,
        "INSERT INTO shop_shelf (id, code, name, note) VALUES (1, 'A', 'a', '')",
        "INSERT INTO shop_item (id, shelf_id, label) VALUES (1, 1, 'secret label')",
    )
    await migrate(url, plugins)
    path = parse_url(url).path
    assert path
    assert _files_with(path, b"secret label") == {path.name, path.name + ".before-migrate"}
    async with open_database(url, plugins):  # a server keeps the write-ahead log alive
        await purge(url, plugins, "shop", with_dependants=True)
        assert _files_with(path, b"secret label") == set()


def _files_with(path: Path, text: bytes) -> set[str]:
    return {file.name for file in path.parent.glob(path.name + "*") if text in file.read_bytes()}
