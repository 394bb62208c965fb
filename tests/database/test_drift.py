"""Every way in which a database can differ from the models is named."""

from __future__ import annotations

import pytest

from gongzhi.database import parse_url
from gongzhi.database.migrate import drift, make_migrations
from gongzhi.errors import MigrationError
from gongzhi.plugin import Plugin
from tests.conftest import FreshDatabase
from tests.database.helpers import execute, value
from tests.database.plugins import SHOP, PluginMaker

CHANGES = {
    "sqlite": [
        ("DROP TABLE shop_item", "shop: shop_item: the table is missing"),
        ("ALTER TABLE shop_item DROP COLUMN label", "column label is missing"),
        ("ALTER TABLE shop_item ADD COLUMN x INT NOT NULL DEFAULT 1", "x is in no model"),
        ("ALTER TABLE shop_item ADD COLUMN x INT", "column x is in no model"),
        ("DROP INDEX shop_item_shelf", "index shop_item_shelf is missing"),
        ("CREATE INDEX shop_mine ON shop_item (label)", "index shop_mine is in no model"),
        ("CREATE UNIQUE INDEX shop_mine ON shop_item (label)", "unique (label) is in no model"),
        ("CREATE TABLE shop_left (id INT)", "shop: shop_left: the table is in no model"),
    ],
    "postgres": [
        ("DROP TABLE shop_item", "shop: shop_item: the table is missing"),
        ("ALTER TABLE shop_item DROP COLUMN label", "column label is missing"),
        ("ALTER TABLE shop_item ADD COLUMN x INT", "column x is in no model"),
        ("ALTER TABLE shop_item ADD COLUMN x INT NOT NULL", "column x is in no model"),
        ("ALTER TABLE shop_item ALTER COLUMN label DROP NOT NULL", "label may be NULL"),
        ("ALTER TABLE shop_shelf ALTER COLUMN area_id SET NOT NULL", "area_id may not be NULL"),
        (
            "ALTER TABLE shop_item ALTER COLUMN label TYPE TEXT",
            "is text, not character varying(50)",
        ),
        ("ALTER TABLE shop_item ALTER COLUMN label SET DEFAULT 'x'", "has the default 'x'"),
        ('ALTER TABLE shop_item ALTER COLUMN label TYPE VARCHAR(50) COLLATE "C"', "COLLATE C, not"),
        ("ALTER TABLE shop_shelf DROP CONSTRAINT shop_shelf_code_key", "unique (code) is missing"),
        ("ALTER TABLE shop_item ADD UNIQUE (label)", "unique (label) is in no model"),
        ("ALTER TABLE shop_item DROP CONSTRAINT shop_item_pkey", "the primary key is (), not (id)"),
        (
            "ALTER TABLE shop_item DROP CONSTRAINT shop_item_shelf_id_fkey",
            "foreign key shelf_id → shop_shelf is missing",
        ),
        ("DROP INDEX shop_item_shelf", "index shop_item_shelf is missing"),
        (
            "DROP INDEX shop_item_shelf; CREATE INDEX shop_item_shelf ON shop_item (id, shelf_id)",
            "index shop_item_shelf is (id,shelf_id), not (shelf_id,id)",
        ),
        ("CREATE INDEX shop_mine ON shop_item (label)", "index shop_mine is in no model"),
        ("CREATE TABLE shop_left (id INT)", "shop: shop_left: the table is in no model"),
    ],
}
HARMLESS = (
    "CREATE INDEX shop_mine ON shop_item (label)",
    "CREATE TABLE shop_left (id INT)",
    "ALTER TABLE shop_item ADD COLUMN x INT",
)


@pytest.fixture
async def plugins(make_plugin: PluginMaker) -> list[Plugin]:
    made = [make_plugin("shop").models(SHOP)]
    await make_migrations(made)
    return made


@pytest.mark.parametrize(
    ("dialect", "change", "words"),
    [(dialect, *change) for dialect, changes in CHANGES.items() for change in changes],
)
async def test_differences(
    fresh_database: FreshDatabase, plugins: list[Plugin], dialect: str, change: str, words: str
) -> None:
    url = fresh_database(plugins, dialect=dialect)
    assert await drift(url, plugins) == []
    await execute(url, *change.split("; "))
    problems = [str(problem) for problem in await drift(url, plugins)]
    assert any(words in problem and " → " in problem for problem in problems), problems


async def test_what_does_no_harm_can_be_left_out(
    fresh_database: FreshDatabase, plugins: list[Plugin], dialect: str
) -> None:
    url = fresh_database(plugins, dialect=dialect)
    await execute(url, *HARMLESS)
    assert len(await drift(url, plugins)) == 3
    assert await drift(url, plugins, extras=False) == []
    await execute(url, "CREATE UNIQUE INDEX shop_one ON shop_item (label) WHERE label = 'x'")
    (problem,) = await drift(url, plugins, extras=False)
    assert "shop_one is in no model" in problem.what


async def test_tables_of_others_are_left_alone(
    fresh_database: FreshDatabase, plugins: list[Plugin], dialect: str
) -> None:
    url = fresh_database(plugins, dialect=dialect)
    await execute(
        url,
        "CREATE TABLE geometry_columns (id INT)",
        "CREATE TABLE shop_annex_extra (id INT)",
        "INSERT INTO tortoise_migrations (app, name, applied_at)"
        " VALUES ('shop_annex', '0001_initial', '2026-01-01 00:00:00+00:00')",
    )
    assert await drift(url, plugins) == []
    assert await drift(url, []) == []


async def test_comparing_leaves_nothing_behind(postgres_url: str) -> None:
    assert await drift(postgres_url, []) == []
    left = "SELECT count(*) AS n FROM pg_class WHERE relname LIKE 'core\\_area%'"
    once = await value(postgres_url, left)
    assert await drift(postgres_url, []) == []
    assert await value(postgres_url, left) == once


async def test_without_the_right_to_temporary_tables(postgres_url: str) -> None:
    name = parse_url(postgres_url).database
    await execute(
        postgres_url,
        f"CREATE ROLE {name}_reader LOGIN",
        f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}_reader",
    )
    try:
        reader = postgres_url.replace("postgres://postgres@", f"postgres://{name}_reader@", 1)
        with pytest.raises(MigrationError, match="GRANT TEMPORARY"):
            await drift(reader, [])
    finally:
        await execute(postgres_url, f"DROP OWNED BY {name}_reader", f"DROP ROLE {name}_reader")
