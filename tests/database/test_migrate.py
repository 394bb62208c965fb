"""Applying migrations: all or nothing, rows kept, and a clear word when it cannot be."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from gongzhi.database import open_database, parse_url
from gongzhi.database.migrate import drift, make_migrations, migrate, pending
from gongzhi.errors import MigrationError
from gongzhi.plugin import Plugin
from gongzhi.registry.models import Area
from tests.conftest import FreshDatabase
from tests.database.helpers import count, execute, rows, tables, value
from tests.database.plugins import SHOP, MadePlugin, PluginMaker

AFTER_FIRST = '("shop", "0001_initial")'


@pytest.fixture
async def shop(make_plugin: PluginMaker) -> MadePlugin:
    """A plugin whose first migration is made."""
    made = make_plugin("shop")
    await make_migrations([made.models(SHOP)])
    return made


def _file(url: str) -> Path:
    path = parse_url(url).path
    assert path is not None
    return path


async def test_an_empty_database_is_filled_in_order(
    shop: MadePlugin, fresh_database: FreshDatabase, dialect: str
) -> None:
    plugins = [shop.models(SHOP)]
    url = fresh_database(dialect=dialect, migrated=False)
    names = await pending(url, plugins)
    assert names[0] == "core.0001_initial"
    assert names[-1] == "shop.0001_initial"
    shown: list[str] = []
    assert await migrate(url, plugins, shown.append) == names == shown
    assert await pending(url, plugins) == []
    assert await migrate(url, plugins) == []


async def test_asking_what_is_pending_makes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "none.sqlite3"
    assert "core.0001_initial" in await pending(f"sqlite://{path}", [])
    assert not path.exists()


async def test_it_can_stop_before_the_last(
    shop: MadePlugin, fresh_database: FreshDatabase, dialect: str
) -> None:
    shop.migration("0002_more", 'ops.RunSQL("CREATE TABLE shop_more (id INT)")', needs=AFTER_FIRST)
    plugins = [shop.models(SHOP)]
    url = fresh_database(dialect=dialect)
    await migrate(url, plugins, upto="shop.0001_initial")
    assert await pending(url, plugins) == ["shop.0002_more"]
    with pytest.raises(MigrationError, match=r"shop\.0003.*pending are: shop\.0002_more"):
        await migrate(url, plugins, upto="shop.0003")


async def test_a_plugin_that_is_off_keeps_its_rows(
    shop: MadePlugin, fresh_database: FreshDatabase, dialect: str
) -> None:
    plugins = [shop.models(SHOP)]
    url = fresh_database(plugins, dialect=dialect)
    await execute(url, "INSERT INTO shop_shelf (id, code, name, note) VALUES (1, 'A', 'a', '')")
    assert await migrate(url, []) == []
    assert await drift(url, []) == []
    assert await count(url, "shop_shelf") == 1
    assert await migrate(url, plugins) == []


FAILING = (
    'ops.RunSQL("CREATE TABLE shop_half (id INT)"),'
    " ops.RunSQL(\"INSERT INTO shop_shelf (id, code, name, note) VALUES (9, 'Z', 'z', '')\"),"
    ' ops.RunSQL("CREATE TABLE shop_half (id INT)")'
)


async def test_a_migration_that_fails_leaves_nothing(
    shop: MadePlugin, fresh_database: FreshDatabase, dialect: str
) -> None:
    shop.migration("0002_fails", FAILING, needs=AFTER_FIRST)
    plugins = [shop.models(SHOP)]
    url = fresh_database(dialect=dialect)
    await migrate(url, plugins, upto="shop.0001_initial")
    with pytest.raises(MigrationError, match=r"shop\.0002_fails: .*shop_half.* already exists"):
        await migrate(url, plugins)
    assert "shop_half" not in await tables(url)
    assert await count(url, "shop_shelf") == 0
    assert await pending(url, plugins) == ["shop.0002_fails"]


async def test_on_sqlite_the_migrations_before_the_failing_one_are_undone_too(
    shop: MadePlugin, sqlite_url: str
) -> None:
    shop.migration("0002_fails", FAILING, needs=AFTER_FIRST)
    plugins = [shop.models(SHOP)]
    with pytest.raises(MigrationError):
        await migrate(sqlite_url, plugins)
    assert await pending(sqlite_url, plugins) == ["shop.0001_initial", "shop.0002_fails"]
    assert not [name for name in await tables(sqlite_url) if name.startswith("shop_")]


async def test_what_a_migration_says_about_values_is_not_repeated(
    shop: MadePlugin, fresh_database: FreshDatabase, dialect: str
) -> None:
    shop.migration(
        "0002_values",
        'ops.RunSQL("INSERT INTO shop_shelf (id, code, name, note)'
        " VALUES (1, 'secret', 'a', ''), (2, 'secret', 'b', '')\")",
        needs=AFTER_FIRST,
    )
    url = fresh_database(dialect=dialect)
    with pytest.raises(MigrationError) as caught:
        await migrate(url, [shop.models(SHOP)])
    assert "secret" not in str(caught.value)
    assert "unique" in str(caught.value).lower()


def _python(body: str) -> str:
    """Return an operation that runs Python; the body sees ``editor`` and is awaited."""
    return f"ops.RunPython(code={body})"


@pytest.mark.parametrize("word", ["COMMIT", "ROLLBACK"])
async def test_a_migration_cannot_end_the_transaction_on_sqlite(
    shop: MadePlugin, sqlite_url: str, word: str
) -> None:
    shop.migration(
        "0002_commits",
        f'ops.RunSQL("CREATE TABLE shop_half (id INT)"), ops.RunSQL("{word}")',
        needs=AFTER_FIRST,
    )
    with pytest.raises(MigrationError, match=r"shop\.0002_commits: .*not authorized"):
        await migrate(sqlite_url, [shop.models(SHOP)])
    assert not {"shop_shelf", "shop_half"} & (await tables(sqlite_url)).keys()


async def test_a_script_does_not_end_the_transaction_on_sqlite(
    shop: MadePlugin, sqlite_url: str
) -> None:
    """``executescript`` of the driver commits first."""
    shop.migration(
        "0002_script",
        _python('lambda apps, editor: editor.client.execute_script("CREATE TABLE shop_a (b INT);")')
        + ', ops.RunSQL("no such statement")',
        needs=AFTER_FIRST,
    )
    with pytest.raises(MigrationError, match="syntax error"):
        await migrate(sqlite_url, [shop.models(SHOP)])
    assert "shop_a" not in await tables(sqlite_url)


async def test_texts_with_semicolons_and_triggers_are_one_statement(
    shop: MadePlugin, fresh_database: FreshDatabase, dialect: str
) -> None:
    script = "INSERT INTO shop_shelf (id, code, name, note) VALUES (1, 'A;B', 'a', '');"
    if dialect == "sqlite":
        script += (
            "CREATE TRIGGER shop_touch AFTER INSERT ON shop_item BEGIN"
            " UPDATE shop_shelf SET note = 'touched;' WHERE id = new.shelf_id; END;"
        )
    shop.migration("0002_script", f"ops.RunSQL({script!r})", needs=AFTER_FIRST)
    url = fresh_database([shop.models(SHOP)], dialect=dialect)
    assert await value(url, "SELECT code FROM shop_shelf") == "A;B"


async def test_python_in_a_migration_may_use_the_models_of_its_time(
    shop: MadePlugin, fresh_database: FreshDatabase, dialect: str
) -> None:
    shop.migration(
        "0002_fill",
        _python('lambda apps, editor: apps.get_model("shop.Shelf").create(code="A", name="a")'),
        needs=AFTER_FIRST,
    )
    shop.migration(
        "0003_colour",
        'ops.AddField(model_name="Shelf", name="colour",'
        ' field=fields.CharField(max_length=9, db_default="grey"))',
        needs='("shop", "0002_fill")',
    )
    shop.migration(
        "0004_fill",
        _python(
            'lambda apps, editor: apps.get_model("shop.Shelf")'
            '.create(code="B", name="b", colour="red")'
        ),
        needs='("shop", "0003_colour")',
    )
    url = fresh_database([shop.models(SHOP)], dialect=dialect)
    found = await rows(url, "SELECT code, colour FROM shop_shelf ORDER BY code")
    assert [tuple(row.values()) for row in found] == [("A", "grey"), ("B", "red")]


async def test_the_core_models_write_what_they_have_now_after_a_migration(
    make_plugin: PluginMaker, fresh_database: FreshDatabase, dialect: str
) -> None:
    """Tortoise keeps INSERTs by table name, also those of models as they once were."""
    shop = make_plugin("shop")
    old = SHOP.replace("    note =", "    unused =").replace('"note"', '"unused"')
    await make_migrations([shop.models(old)])
    shop.migration(
        "0002_fill",
        _python('lambda apps, editor: apps.get_model("shop.Shelf").create(code="A", name="a")'),
        needs=AFTER_FIRST,
    )
    plugin = shop.models(SHOP)
    await make_migrations([plugin])
    url = fresh_database(dialect=dialect)
    await migrate(url, [plugin])
    async with open_database(url, [plugin]) as context:
        assert context.apps
        await context.apps["shop"]["Shelf"].create(code="B", name="b", note="now")
    assert await value(url, "SELECT note FROM shop_shelf WHERE code = 'B'") == "now"


async def test_rows_that_would_refer_to_nothing_stop_a_migration(
    shop: MadePlugin, sqlite_url: str
) -> None:
    shop.migration(
        "0002_breaks",
        "ops.RunSQL(\"INSERT INTO shop_item (id, shelf_id, label) VALUES (1, 77, 'x')\")",
        needs=AFTER_FIRST,
    )
    with pytest.raises(MigrationError, match="shop_item → shop_shelf"):
        await migrate(sqlite_url, [shop.models(SHOP)])
    assert "shop_item" not in await tables(sqlite_url)


async def test_a_later_version_has_migrated_the_database(
    shop: MadePlugin, fresh_database: FreshDatabase, dialect: str
) -> None:
    plugins = [shop.models(SHOP)]
    url = fresh_database(plugins, dialect=dialect)
    await execute(
        url,
        "INSERT INTO tortoise_migrations (app, name, applied_at)"
        " VALUES ('shop', '0009_later', '2026-01-01 00:00:00+00:00')",
    )
    for ask in (pending(url, plugins), migrate(url, plugins)):
        with pytest.raises(MigrationError, match=r"shop\.0009_later.*does not know.*install"):
            await ask
    assert await pending(url, []) == []  # a plugin that is off may have any migrations


async def test_a_record_that_was_changed_by_hand(
    shop: MadePlugin, fresh_database: FreshDatabase, dialect: str
) -> None:
    shop.migration("0002_more", 'ops.RunSQL("CREATE TABLE shop_more (id INT)")', needs=AFTER_FIRST)
    plugins = [shop.models(SHOP)]
    url = fresh_database(plugins, dialect=dialect)
    await execute(
        url, "DELETE FROM tortoise_migrations WHERE name = '0001_initial' AND app = 'shop'"
    )
    with pytest.raises(MigrationError, match=r"shop\.0002_more: .*shop\.0001_initial.*is not"):
        await pending(url, plugins)


async def test_files_that_contradict_each_other(shop: MadePlugin, sqlite_url: str) -> None:
    shop.migration("0002_lost", "", needs='("shop", "0001_gone")')
    with pytest.raises(MigrationError, match=r"0001_gone.*restore the file"):
        await pending(sqlite_url, [shop.models(SHOP)])


# The copy of a SQLite file


async def test_a_copy_of_the_database_as_it_was_is_kept(shop: MadePlugin, sqlite_url: str) -> None:
    copy = _file(sqlite_url + ".before-migrate")
    async with open_database(sqlite_url, []):
        await Area.create(code="31", name="甲", kind="city", path="1.")
    _file(sqlite_url).chmod(0o600)
    plugins = [shop.models(SHOP)]
    await migrate(sqlite_url, plugins)
    assert copy.stat().st_mode & 0o777 == 0o600
    as_it_was = f"sqlite://{copy}"
    assert await count(as_it_was, "core_area") == 1
    assert await pending(as_it_was, plugins) == ["shop.0001_initial"]
    before = copy.read_bytes()
    await migrate(sqlite_url, plugins)
    assert copy.read_bytes() == before  # nothing was pending


async def test_a_new_database_has_nothing_to_copy(fresh_database: FreshDatabase) -> None:
    url = fresh_database(dialect="sqlite", migrated=False)
    await migrate(url, [])
    assert sorted(path.name for path in _file(url).parent.glob(_file(url).name + "*")) == [
        _file(url).name
    ]


# What a rebuild on SQLite keeps beside rows and indexes


WIDER = SHOP.replace(
    "code = fields.CharField(max_length=20", "code = fields.CharField(max_length=30"
)


async def test_a_rebuild_keeps_triggers_views_partial_indexes_and_numbers(
    shop: MadePlugin, fresh_database: FreshDatabase
) -> None:
    url = fresh_database([shop.models(SHOP)], dialect="sqlite")
    await execute(
        url,
        "CREATE UNIQUE INDEX shop_one_red ON shop_shelf (note) WHERE note = 'red'",
        "CREATE INDEX shop_lower ON shop_shelf (lower(name))",
        "CREATE VIEW shop_names AS SELECT name FROM shop_shelf",
        "CREATE TRIGGER shop_touch AFTER INSERT ON shop_shelf BEGIN"
        " UPDATE shop_shelf SET note = 'touched' WHERE id = new.id; END",
        "INSERT INTO shop_shelf (id, code, name, note)"
        " VALUES (1, 'A', 'a', ''), (50, 'B', 'b', '')",
        "DELETE FROM shop_shelf WHERE id = 50",
    )
    plugins = [shop.models(WIDER)]
    await make_migrations(plugins)
    await migrate(url, plugins)
    assert await value(url, "SELECT name FROM shop_names") == "a"
    assert {"shop_one_red", "shop_lower"} <= (await tables(url))["shop_shelf"].indexes.keys()
    await execute(url, "INSERT INTO shop_shelf (code, name, note) VALUES ('C', 'c', '')")
    (row,) = await rows(url, "SELECT id, note FROM shop_shelf WHERE code = 'C'")
    assert tuple(row.values()) == (51, "touched")  # 50 is not given again
    assert await drift(url, plugins, extras=False) != []  # the unique index refuses rows


async def test_a_rebuild_refuses_to_run_while_foreign_keys_are_enforced(
    shop: MadePlugin, fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = fresh_database([shop.models(SHOP)], dialect="sqlite")
    plugins = [shop.models(WIDER)]
    await make_migrations(plugins)
    monkeypatch.setattr("gongzhi.database.config._sqlite_connection", _enforcing)
    with pytest.raises(MigrationError, match="foreign keys are enforced"):
        await migrate(url, plugins)


def _enforcing(url, *, migrating):
    credentials = {"file_path": str(url.path), "foreign_keys": "ON", "busy_timeout": 5000}
    return {"engine": "gongzhi.database.sqlite", "credentials": credentials}


# PostgreSQL


async def test_a_referred_to_table_is_not_dropped_with_its_references(
    shop: MadePlugin, make_plugin: PluginMaker, fresh_database: FreshDatabase
) -> None:
    """Tortoise drops with CASCADE, and so the foreign keys of a plugin that is off."""
    annex = make_plugin("annex", requires=("shop",))
    models = """
        class Extra(Model):
            id = fields.BigIntField(primary_key=True)
            item = fields.ForeignKeyField("shop.Item", related_name=False)
            item_id: int

            class Meta(Model.Meta):
                app = "annex"
                table = "annex_extra"
    """
    both = [shop.models(SHOP), annex.models(models)]
    await make_migrations(both)
    url = fresh_database(both, dialect="postgres")
    less: list[Plugin] = [shop.models(SHOP.partition("class Item")[0])]
    await make_migrations(less)
    with pytest.raises(MigrationError, match="other objects depend on it"):
        await migrate(url, less)
    assert "shop_item" in await tables(url)


async def test_a_migration_that_is_not_atomic(shop: MadePlugin, postgres_url: str) -> None:
    shop.migration(
        "0002_concurrently",
        'ops.RunSQL("CREATE INDEX CONCURRENTLY shop_item_label ON shop_item (label)")',
        needs=AFTER_FIRST,
        atomic=False,
    )
    plugins = [shop.models(SHOP)]
    await migrate(postgres_url, plugins)
    assert "shop_item_label" in (await tables(postgres_url))["shop_item"].indexes
    assert await pending(postgres_url, plugins) == []


async def test_a_busy_table_is_waited_for(
    shop: MadePlugin, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A waiting ALTER TABLE gives up soon, lets the readers pass and tries again."""
    await migrate(postgres_url, [shop.models(SHOP)])
    plugins = [shop.models(WIDER)]
    await make_migrations(plugins)
    reader = await asyncpg.connect(**parse_url(postgres_url).connect_arguments)
    attempts = 0

    async def pause(_: float) -> None:
        nonlocal attempts
        attempts += 1
        await transaction.commit()

    monkeypatch.setattr("gongzhi.database.runner._pause", pause)
    try:
        transaction = reader.transaction()
        await transaction.start()
        await reader.fetch("SELECT * FROM shop_shelf")
        await migrate(postgres_url, plugins)
    finally:
        await reader.close()
    assert attempts == 1
    assert await drift(postgres_url, plugins) == []


async def test_paths_are_compared_by_bytes_on_postgres(postgres_url: str) -> None:
    found = await rows(
        postgres_url,
        "SELECT c.relname AS name, a.attname AS column, co.collname AS collation"
        " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " JOIN pg_collation co ON co.oid = a.attcollation"
        " WHERE c.relkind = 'r' AND c.relname LIKE 'core\\_%' AND a.attname ~ 'path$'",
    )
    assert {"core_area.path", "core_organization.area_path", "core_member.org_path"} <= {
        f"{row['name']}.{row['column']}" for row in found
    }
    assert {row["collation"] for row in found} == {"C"}


async def test_a_subtree_is_one_range(database_url: str) -> None:
    async with open_database(database_url, []):
        for number, path in enumerate(["1.", "1.2.", "1.2.3.", "1.10.", "11.", "12.", "2."]):
            await Area.create(code=str(number), name="x", kind="x", path=path)
        found = await Area.filter(path__gte="1.", path__lt="1/").order_by("path")
    assert [area.path for area in found] == ["1.", "1.10.", "1.2.", "1.2.3."]


async def test_two_tasks_may_ask_at_once(database_url: str) -> None:
    asked = [migrate(database_url, []), pending(database_url, []), migrate(database_url, [])]
    assert await asyncio.gather(*asked) == [[], [], []]
