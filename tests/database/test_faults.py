"""The faults of Tortoise 1.1.9 that the design lists, each with its cure.

Tests named ``test_stock_…`` show that the library still has the fault.
"""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest
from tortoise.exceptions import ConfigurationError, OperationalError
from tortoise.migrations.executor import MigrationTarget
from tortoise.migrations.recorder import MigrationRecorder

from gongzhi.database import bound, open_database
from gongzhi.database.config import apps_config
from gongzhi.database.migrate import (
    drift,
    lint,
    make_migrations,
    migrate,
    pending,
    purge,
    unmade,
)
from gongzhi.errors import MigrationError
from gongzhi.plugin import Plugin
from tests.conftest import FreshDatabase
from tests.database.helpers import count, execute, tables
from tests.database.plugins import SHOP, PluginMaker
from tests.database.stock import stock_database, stock_make, stock_migrate

STALL = """
from gongzhi.registry.models import Member


class Stall(Model):
    id = fields.BigIntField(primary_key=True)
    owner: fields.ForeignKeyRelation[Member] = fields.ForeignKeyField(
        "core.Member", related_name=False, on_delete=fields.RESTRICT
    )
    owner_id: int

    class Meta(Model.Meta):
        app = "stall"
        table = "stall_stall"
"""

WIDER_SHELF = SHOP.replace(
    "name = fields.CharField(max_length=50)", "name = fields.CharField(max_length=80)"
)

SHOP_ROWS = (
    "INSERT INTO shop_shelf (id, code, name, note) VALUES (1, 'A', 'one', ''), (2, 'B', 'two', '')",
    "INSERT INTO shop_item (id, shelf_id, label) VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'z')",
)


# 4.1 fault 1: a model belongs to whichever app lists it first


CLAIMED = """
class Thing(Model):
    id = fields.BigIntField(primary_key=True)
    class Meta(Model.Meta):
        {app}table = "box_thing"

class Part(Model):
    id = fields.BigIntField(primary_key=True)
    thing = fields.ForeignKeyField("box.Thing", related_name=False)
    class Meta(Model.Meta):
        app = "box"
        table = "box_part"
"""


@pytest.mark.parametrize("named", [False, True])
async def test_an_imported_model_stays_with_its_app(
    make_plugin: PluginMaker, fresh_database: FreshDatabase, *, named: bool
) -> None:
    """Stock without ``Meta.app``: the importing app takes it; with it, and so by lint, not."""
    box = make_plugin("box").models(CLAIMED.format(app='app = "box"; ' if named else ""))
    thief = make_plugin("thief").models(f"from {box.models[0]} import Thing")
    apps = apps_config([box]) | apps_config([thief])
    order = {name: apps[name] for name in ("thief", "core", "box")}
    url = fresh_database(dialect="sqlite", migrated=False)
    with (
        pytest.warns(RuntimeWarning) if named else pytest.raises(ConfigurationError, match="Thing")
    ):
        async with stock_database(url, order) as context:
            assert context.apps
            assert "Thing" in context.apps["box"]
    problems = [str(problem) for problem in await lint([box])]
    assert any("Meta.app" in problem for problem in problems) is not named


# 4.1 fault 2: dependencies on an app whose first migration is made in the same run


async def test_stock_omits_a_dependency(
    make_plugin: PluginMaker, fresh_database: FreshDatabase
) -> None:
    shop, stall = make_plugin("shop"), make_plugin("annex")
    plugins = [shop.models(SHOP), stall.models(ANNEX)]
    await stock_make(fresh_database(dialect="sqlite", migrated=False), plugins)
    assert "'shop'" not in stall.text("0001_initial").partition("operations")[0]


ANNEX = """
class Extra(Model):
    id = fields.BigIntField(primary_key=True)
    shelf = fields.ForeignKeyField("shop.Shelf", related_name=False, on_delete=fields.CASCADE)
    shelf_id: int

    class Meta(Model.Meta):
        app = "annex"
        table = "annex_extra"
"""


async def test_dependencies_between_new_plugins_are_written(
    make_plugin: PluginMaker, fresh_database: FreshDatabase, dialect: str
) -> None:
    shop, annex = make_plugin("shop"), make_plugin("annex", requires=("shop",))
    plugins = [annex.models(ANNEX), shop.models(SHOP)]  # the wrong way round
    written = await make_migrations(plugins)
    assert [path.parent.parent.name for path in written] == [shop.package, annex.package]
    assert "dependencies = [('shop', '0001_initial')]" in annex.text("0001_initial")
    assert "dependencies = [('core', '0003_append_only')]" in shop.text("0001_initial")
    url = fresh_database(plugins, dialect=dialect)
    assert await drift(url, plugins) == []


# 4.1 fault 3: one app alone


async def test_stock_cannot_make_or_apply_one_app_alone(
    make_plugin: PluginMaker, fresh_database: FreshDatabase
) -> None:
    plugin = make_plugin("shop").models(SHOP)
    url = fresh_database(dialect="sqlite", migrated=False)
    apps = {"shop": apps_config([plugin])["shop"]}
    with pytest.raises(ConfigurationError, match="No app with name 'core'"):
        async with stock_database(url, apps):
            pass


async def test_one_plugin_can_be_made_alone(make_plugin: PluginMaker) -> None:
    shop, stall = make_plugin("shop"), make_plugin("stall")
    plugins = [shop.models(SHOP), stall.models(STALL)]
    (path,) = await make_migrations(plugins, ["stall"])
    assert path == stall.migrations / "0001_initial.py"
    assert shop.files() == []


# 4.1 fault 4, and "downgrade also rolls back another plugin" of 3.1


async def test_stock_downgrade_does_nothing(
    make_plugin: PluginMaker, fresh_database: FreshDatabase
) -> None:
    plugins = [make_plugin("shop").models(SHOP)]
    await make_migrations(plugins)
    url = fresh_database(plugins, dialect="sqlite")
    await stock_migrate(url, plugins, [MigrationTarget("shop", "__first__")])
    assert "shop_shelf" in await tables(url)


async def test_a_plugin_can_be_taken_away(
    make_plugin: PluginMaker, fresh_database: FreshDatabase, dialect: str
) -> None:
    plugins = [make_plugin("shop").models(SHOP)]
    await make_migrations(plugins)
    url = fresh_database(plugins, dialect=dialect)
    await purge(url, plugins, "shop")
    assert not [name for name in await tables(url) if name.startswith("shop_")]
    assert await pending(url, plugins) == ["shop.0001_initial"]
    assert await migrate(url, plugins) == ["shop.0001_initial"]


# 4.1 fault 5 and the SQLite rebuild of 3.1


async def test_stock_rebuild_loses_rows_and_indexes(
    make_plugin: PluginMaker, fresh_database: FreshDatabase
) -> None:
    shop = make_plugin("shop")
    old = [shop.models(SHOP)]
    await make_migrations(old)
    url = fresh_database(old, dialect="sqlite")
    await execute(url, *SHOP_ROWS)
    new = [shop.models(WIDER_SHELF)]
    await make_migrations(new)
    await stock_migrate(url, new)
    assert await count(url, "shop_shelf") == 2
    assert await count(url, "shop_item") == 0
    shelf = (await tables(url))["shop_shelf"]
    assert shelf.indexes == {}
    assert ("name", "note") not in shelf.uniques


async def test_a_changed_column_keeps_rows_and_indexes(
    make_plugin: PluginMaker, fresh_database: FreshDatabase, dialect: str
) -> None:
    shop = make_plugin("shop")
    old = [shop.models(SHOP)]
    await make_migrations(old)
    url = fresh_database(old, dialect=dialect)
    await execute(url, *SHOP_ROWS)
    new = [shop.models(WIDER_SHELF)]
    await make_migrations(new)
    assert await drift(url, new) != []
    assert await migrate(url, new) == ["shop.0002_alter_field_name_on_shelf"]
    assert await count(url, "shop_shelf") == 2
    assert await count(url, "shop_item") == 3
    assert await drift(url, new) == []
    with pytest.raises(Exception, match=r"(?i)unique"):
        await execute(
            url, "INSERT INTO shop_shelf (id, code, name, note) VALUES (9, 'C', 'one', '')"
        )
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        await execute(url, "INSERT INTO shop_item (id, shelf_id, label) VALUES (9, 99, 'x')")


# 3.1: a removed foreign key, a one-to-one column


ONE_TO_ONE = SHOP.replace(
    "ForeignKeyRelation[Shelf] = fields.ForeignKeyField",
    "OneToOneRelation[Shelf] = fields.OneToOneField",
)
WITHOUT_AREA = SHOP.replace(
    """    area: fields.ForeignKeyNullableRelation[Area] = fields.ForeignKeyField(
        "core.Area", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    area_id: int | None
""",
    "",
)


async def _stock_step(
    shop_models: tuple[str, str], make_plugin: PluginMaker, fresh_database: FreshDatabase
) -> str:
    shop = make_plugin("shop")
    old = [shop.models(shop_models[0])]
    await make_migrations(old)
    url = fresh_database(old, dialect="sqlite")
    new = [shop.models(shop_models[1])]
    await make_migrations(new)
    await stock_migrate(url, new)
    return url


async def test_stock_keeps_the_column_of_a_removed_reference(
    make_plugin: PluginMaker, fresh_database: FreshDatabase
) -> None:
    url = await _stock_step((SHOP, WITHOUT_AREA), make_plugin, fresh_database)
    assert "area_id" in (await tables(url))["shop_shelf"].columns


async def test_stock_rebuild_loses_one_to_one(
    make_plugin: PluginMaker, fresh_database: FreshDatabase
) -> None:
    wider = ONE_TO_ONE.replace(
        "label = fields.CharField(max_length=50)", "label = fields.CharField(max_length=60)"
    )
    url = await _stock_step((ONE_TO_ONE, wider), make_plugin, fresh_database)
    assert (await tables(url))["shop_item"].uniques == set()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (SHOP, WITHOUT_AREA),
        (WITHOUT_AREA, SHOP),
        (
            ONE_TO_ONE,
            ONE_TO_ONE.replace(
                "label = fields.CharField(max_length=50)", "label = fields.CharField(max_length=60)"
            ),
        ),
        (SHOP, SHOP.replace('        unique_together = (("name", "note"),)\n', "")),
        (SHOP.replace('        unique_together = (("name", "note"),)\n', ""), SHOP),
        (SHOP, SHOP.replace("unique=True", "unique=False")),
        (SHOP.replace("unique=True", "unique=False"), SHOP),
        (
            SHOP,
            SHOP.replace('indexes = (Index(fields=("name", "id"), name="shop_shelf_name"),)', ""),
        ),
        (SHOP, SHOP.replace('name="shop_shelf_name"', 'name="shop_shelf_by_name"')),
        (
            SHOP,
            SHOP.replace(
                'note = fields.CharField(max_length=50, default="")',
                "note = fields.CharField(max_length=50, null=True)",
            ),
        ),
        (SHOP, SHOP.replace("on_delete=fields.CASCADE", "on_delete=fields.RESTRICT")),
        (SHOP, SHOP.replace("label = ", "title = ")),
        (
            SHOP,
            SHOP.replace(
                "    label =",
                "    weight = fields.IntField(db_default=1)\n    label =",
            ),
        ),
        (SHOP, SHOP.partition("class Item")[0]),
        (SHOP, SHOP.replace("label = fields.CharField(max_length=50)", "label = PathField()")),
    ],
    ids=[
        "remove reference",
        "add reference",
        "alter beside one-to-one",
        "remove unique_together",
        "add unique_together",
        "remove unique",
        "add unique",
        "remove index",
        "rename index",
        "to nullable",
        "other on_delete",
        "rename field",
        "add column with default",
        "remove model",
        "other collation",
    ],
)
async def test_every_change_leads_to_what_the_models_say(
    make_plugin: PluginMaker, fresh_database: FreshDatabase, dialect: str, old: str, new: str
) -> None:
    shop = make_plugin("shop")
    before = [shop.models(old)]
    await make_migrations(before)
    url = fresh_database(before, dialect=dialect)
    await execute(url, *SHOP_ROWS[:1])
    if "label" in old:
        await execute(
            url,
            SHOP_ROWS[1]
            if "OneToOne" not in old
            else SHOP_ROWS[1].replace("2, 1", "2, 2").replace(", (3, 2, 'z')", ""),
        )
    after = [shop.models(new)]
    await make_migrations(after)
    await migrate(url, after)
    assert await drift(url, after) == []
    assert await unmade(after) == []
    assert await count(url, "shop_shelf") == 2


# 4.1 fault 6 is in test_concurrency.py


# 3.1: a new column that may not be NULL


WITH_WEIGHT = SHOP.replace("    label =", "    weight = fields.IntField(default=1)\n    label =")


async def test_stock_fails_on_a_new_column_without_database_default(
    make_plugin: PluginMaker, fresh_database: FreshDatabase, dialect: str
) -> None:
    shop = make_plugin("shop")
    old = [shop.models(SHOP)]
    await make_migrations(old)
    url = fresh_database(old, dialect=dialect)
    await execute(url, *SHOP_ROWS)
    shop.migration(
        "0002_weight",
        'ops.AddField(model_name="Item", name="weight", field=fields.IntField(default=1))',
        needs='("shop", "0001_initial")',
    )
    with pytest.raises(Exception, match=r"(?i)not null|null values"):
        await stock_migrate(url, [shop.models(WITH_WEIGHT)])


async def test_a_new_column_without_database_default_is_refused(make_plugin: PluginMaker) -> None:
    shop = make_plugin("shop")
    await make_migrations([shop.models(SHOP)])
    with pytest.raises(MigrationError, match="db_default"):
        await make_migrations([shop.models(WITH_WEIGHT)])
    assert shop.files() == ["0001_initial"]


# 3.1: unique_together → a named constraint, on SQLite


async def test_stock_cannot_remove_unique_together_on_sqlite(
    make_plugin: PluginMaker, fresh_database: FreshDatabase
) -> None:
    without = SHOP.replace('        unique_together = (("name", "note"),)\n', "")
    with pytest.raises(OperationalError, match="index"):
        await _stock_step((SHOP, without), make_plugin, fresh_database)


# 3.1: Meta.constraints


CONSTRAINED = SHOP.replace(
    'unique_together = (("name", "note"),)',
    'constraints = (__import__("tortoise.migrations.constraints").migrations.constraints'
    '.UniqueConstraint(fields=("name", "note"), name="shop_shelf_unique"),)',
)


async def test_stock_ignores_meta_constraints(
    make_plugin: PluginMaker, fresh_database: FreshDatabase, dialect: str
) -> None:
    plugins = [make_plugin("shop").models(CONSTRAINED)]
    await make_migrations(plugins)
    url = fresh_database(dialect=dialect)
    await stock_migrate(url, plugins)
    assert ("name", "note") not in (await tables(url))["shop_shelf"].uniques


async def test_meta_constraints_are_refused(make_plugin: PluginMaker) -> None:
    plugin = make_plugin("shop").models(CONSTRAINED)
    assert ["Meta.constraints" in str(problem) for problem in await lint([plugin])] == [True]


# 3.1: the record of a migration is written outside its transaction


async def _with_a_record_that_fails(make_plugin: PluginMaker) -> list[Plugin]:
    shop = make_plugin("shop")
    await make_migrations([shop.models(SHOP)])
    shop.migration(
        "0002_unrecordable",
        'ops.RunSQL("CREATE TABLE shop_new (id INT)"),'
        ' ops.RunSQL("ALTER TABLE tortoise_migrations RENAME TO gone")',
        needs='("shop", "0001_initial")',
    )
    return [shop.models(SHOP)]


async def test_stock_records_outside_the_transaction(
    make_plugin: PluginMaker, fresh_database: FreshDatabase, dialect: str
) -> None:
    plugins = await _with_a_record_that_fails(make_plugin)
    url = fresh_database(dialect=dialect)
    with pytest.raises(OperationalError):
        await stock_migrate(url, plugins)
    assert {"shop_shelf", "shop_new", "gone"} <= (await tables(url)).keys()


async def test_without_a_record_nothing_stays(
    make_plugin: PluginMaker, fresh_database: FreshDatabase, dialect: str
) -> None:
    plugins = await _with_a_record_that_fails(make_plugin)
    url = fresh_database(dialect=dialect)
    with pytest.raises(MigrationError, match=r"shop\.0002_unrecordable"):
        await migrate(url, plugins)
    assert not {"shop_new", "gone"} & (await tables(url)).keys()
    pending_now = await pending(url, plugins)
    assert pending_now[-1:] == ["shop.0002_unrecordable"]


UNREADABLE = "ALTER TABLE tortoise_migrations RENAME COLUMN app TO application"


async def test_stock_takes_an_unreadable_record_for_an_empty_one(postgres_url: str) -> None:
    await execute(postgres_url, UNREADABLE)
    async with stock_database(postgres_url, apps_config([])) as context:
        assert await MigrationRecorder(context.db()).applied_migrations() == []


async def test_an_unreadable_record_is_an_error(database_url: str) -> None:
    await execute(database_url, UNREADABLE)
    with pytest.raises(OperationalError, match="column"):
        await pending(database_url, [])


# 3.1: renames are found without asking; the file says so


async def test_a_rename_is_said_at_the_top_of_the_file(make_plugin: PluginMaker) -> None:
    shop = make_plugin("shop")
    await make_migrations([shop.models(SHOP)])
    await make_migrations([shop.models(SHOP.replace("label = ", "title = "))])
    assert (
        "- Rename field label to title on Item" in shop.text(shop.files()[1]).partition("from")[0]
    )


# Found while building: statements kept by table name


async def test_statements_are_not_mixed_up_between_databases(
    fresh_database: FreshDatabase,
) -> None:
    """Tortoise keeps INSERTs by connection and table name: ``?`` here, ``$1`` there."""
    from gongzhi.registry.models import KindRule  # only here

    for dialect in ("sqlite", "postgres", "sqlite"):
        async with open_database(fresh_database(dialect=dialect), []):
            await KindRule.create(child_kind=dialect)
            assert await KindRule.filter(child_kind=dialect).count() == 1


@pytest.mark.parametrize(("outer", "inner"), [("sqlite", "postgres"), ("postgres", "sqlite")])
async def test_two_databases_of_different_kinds_can_be_open(
    fresh_database: FreshDatabase, outer: str, inner: str
) -> None:
    from gongzhi.registry.models import KindRule  # only here

    first, second = fresh_database(dialect=outer), fresh_database(dialect=inner)
    async with open_database(first, []) as one:
        await KindRule.create(child_kind="outer")
        async with open_database(second, []):
            await KindRule.create(child_kind="inner")
            with bound(one):
                assert await KindRule.filter(child_kind__startswith="outer").count() == 1
        await KindRule.create(child_kind="outer again")
        found = KindRule.filter(child_kind__startswith="outer").order_by("id")
        assert [rule.child_kind for rule in await found] == ["outer", "outer again"]
        assert await KindRule.filter(child_kind="outer").delete() == 1


async def test_a_database_may_be_migrated_while_another_is_open(
    make_plugin: PluginMaker, fresh_database: FreshDatabase
) -> None:
    """As fixtures do in a thread of their own, which has another event loop."""
    from gongzhi.registry.models import KindRule  # only here

    plugins = [make_plugin("shop").models(SHOP)]
    await make_migrations(plugins)
    async with open_database(fresh_database(dialect="postgres"), []) as context:
        before = context.db()
        fresh_database(plugins, dialect="sqlite")
        assert context.db() is before
        assert await KindRule.filter(child_kind__startswith="x").count() == 0


# A process that raises with a connection open


HANGING = """
import asyncio, sys
from tortoise.context import TortoiseContext

async def main():
    context = TortoiseContext()
    context.__enter__()
    models = ["gongzhi.access.models", "gongzhi.registry.models"]
    await context.init(db_url=sys.argv[1], modules={"core": models})
    await context.db().execute_query("SELECT 1")
    raise SystemExit(3)

asyncio.run(main())
"""

CLOSING = """
import asyncio, sys
from gongzhi.database import bound, open_database

async def main():
    async with open_database(sys.argv[1], []):
        raise SystemExit(3)

asyncio.run(main())
"""


def _run(script: str, url: str, seconds: float) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-c", dedent(script), url], timeout=seconds, check=False)


def test_stock_process_hangs_after_an_error(sqlite_url: str) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        _run(HANGING, sqlite_url, 5)


def test_a_process_ends_after_an_error(sqlite_url: str) -> None:
    assert _run(CLOSING, sqlite_url, 60).returncode == 3
