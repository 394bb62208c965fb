"""Each rule for models and migrations refuses what it is there for, and nothing else."""

from __future__ import annotations

import pytest

from gongzhi.database.migrate import lint, make_migrations
from tests.database.plugins import SHOP, MadePlugin, PluginMaker

META = """
    class Meta(Model.Meta):
        app = "shop"
        table = "shop_thing"
"""
THING = "class Thing(Model):\n    id = fields.BigIntField(primary_key=True)\n"
LONG = "shop_" + "x" * 60


async def test_the_core_and_a_well_made_plugin_pass(make_plugin: PluginMaker) -> None:
    shop = make_plugin("shop")
    plugin = shop.models(SHOP)
    await make_migrations([plugin])
    assert await lint([plugin]) == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (THING + META.replace('        app = "shop"\n', ""), "Meta.app is not the plugin's name"),
        (THING + META.replace('app = "shop"', 'app = "core"'), "Meta.app is not"),
        (THING + META.replace("shop_thing", "thing"), "its table is 'thing'"),
        (THING + META.replace('        table = "shop_thing"\n', ""), "its table is ''"),
        (THING + META.replace("shop_thing", LONG), "too long"),
        (THING + META + "        constraints = (1,)\n", "Meta.constraints is ignored"),
        (THING + META + '        indexes = (("id",),)\n', "an index has no name"),
        (THING + META + '        indexes = (Index(fields=("id",)),)\n', "an index has no name"),
        (THING + META + '        indexes = (Index(fields=("id",), name="x"),)\n', "may clash"),
        (
            THING + META + f'        indexes = (Index(fields=("id",), name="{LONG}"),)\n',
            "may clash",
        ),
        (THING + "    name = fields.CharField(max_length=9, db_index=True)\n" + META, "no name"),
        (
            THING + '    area = fields.ForeignKeyField("core.Area")\n' + META,
            "puts an attribute on a model of core → write related_name=False",
        ),
        (THING + '    areas = fields.ManyToManyField("core.Area")\n' + META, "many-to-many"),
    ],
)
async def test_rules_for_models(make_plugin: PluginMaker, source: str, words: str) -> None:
    problems = [str(problem) for problem in await lint([make_plugin("shop").models(source)])]
    assert len(problems) == 1
    assert words in problems[0]
    assert " → " in problems[0]


async def test_models_without_migrations(make_plugin: PluginMaker) -> None:
    plugin = make_plugin("shop").models(SHOP)
    type(plugin).migrations = None
    assert [problem.what for problem in await lint([plugin])] == ["has models but no migrations"]


@pytest.fixture
async def shop(make_plugin: PluginMaker) -> MadePlugin:
    made = make_plugin("shop")
    await make_migrations([made.models(SHOP)])
    return made


ITEM = 'model_name="Item", name="x", field=fields.'


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (f"ops.AddField({ITEM}IntField(default=1))", "fails on a table that has rows"),
        (f'ops.AddField({ITEM}ForeignKeyField("core.Area", related_name=False))', "has rows"),
        (f"ops.AddField({ITEM}IntField(null=True))", ""),
        (f"ops.AddField({ITEM}IntField(db_default=1))", ""),
        ('ops.AddIndex(model_name="Item", index=Index(fields=["label"]))', "no name"),
        ('ops.AddIndex(model_name="Item", index=Index(fields=["label"], name="shop_l"))', ""),
        ('ops.AddConstraint("Item", UniqueConstraint(fields=("label",)))', ""),
        ('ops.AddConstraint("Item", UniqueConstraint(fields=("label",), name="n"))', "cannot say"),
        ('ops.AddConstraint("Item", CheckConstraint(name="n", check="id > 0"))', "cannot say"),
    ],
)
async def test_rules_for_migrations(shop: MadePlugin, operation: str, words: str) -> None:
    shop.migration("0002_x", operation, needs='("shop", "0001_initial")')
    problems = [str(problem) for problem in await lint([shop.models(SHOP)])]
    assert len(problems) == bool(words)
    assert all(words in problem and "shop.0002_x" in problem for problem in problems)


async def test_a_column_of_a_table_made_in_the_same_migration_may_be_required(
    make_plugin: PluginMaker,
) -> None:
    shop = make_plugin("shop")
    shop.migration(
        "0001_initial",
        'ops.CreateModel(name="Thing", fields=[("id", fields.BigIntField(primary_key=True))],'
        ' options={"table": "shop_thing", "app": "shop"}, bases=["Model"]),'
        ' ops.AddField(model_name="Thing", name="x", field=fields.IntField())',
    )
    models = THING + "    x = fields.IntField()\n" + META
    assert await lint([shop.models(models)]) == []


async def test_two_last_migrations(shop: MadePlugin) -> None:
    for name in ("0002_mine", "0002_yours"):
        shop.migration(name, "", needs='("shop", "0001_initial")')
    (problem,) = await lint([shop.models(SHOP)])
    assert "0002_mine and 0002_yours both come last" in str(problem)
