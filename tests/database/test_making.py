"""Writing migrations, and noticing that one is missing."""

from __future__ import annotations

import ast

import pytest

from gongzhi.database.migrate import drift, make_migrations, migrate, unmade
from tests.conftest import FreshDatabase
from tests.database.plugins import SHOP, MadePlugin, PluginMaker


@pytest.fixture
async def shop(make_plugin: PluginMaker) -> MadePlugin:
    made = make_plugin("shop")
    await make_migrations([made.models(SHOP)])
    return made


async def test_the_core_has_all_its_migrations() -> None:
    assert await unmade([]) == []


async def test_a_missing_first_migration(make_plugin: PluginMaker) -> None:
    (problem,) = await unmade([make_plugin("shop").models(SHOP)])
    assert str(problem) == (
        "shop: models without a migration: Create model Shelf; Create model Item"
        " → run: gongzhi makemigrations shop"
    )


async def test_a_missing_later_migration(shop: MadePlugin) -> None:
    changed = [shop.models(SHOP.replace("max_length=20", "max_length=30"))]
    (problem,) = await unmade(changed)
    assert "Alter field code on Shelf" in problem.what
    (path,) = await make_migrations(changed)
    assert path.name == "0002_alter_field_code_on_shelf.py"
    assert await unmade(changed) == []
    assert await make_migrations(changed) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("class Item(Model):\n", 'class Item(Model):\n    """Another sentence."""\n'),
        ("    label = ", "    #: What it says.\n    label = "),
        ('default="")', 'default="new")'),
        ('default="")', 'default="", description="A note.")'),
    ],
    ids=["docstring", "comment", "python default", "description"],
)
async def test_what_the_database_does_not_know_is_no_migration(
    shop: MadePlugin, old: str, new: str
) -> None:
    changed = SHOP.replace(old, new)
    assert changed != SHOP
    assert await unmade([shop.models(changed)]) == []


STATES = """
from enum import StrEnum

class State(StrEnum):
    OPEN = "OPEN"
    SHUT = "SHUT"
"""
WITH_STATE = SHOP.replace(
    "    label =", "    state = fields.CharEnumField(State, max_length=16)\n    label ="
)


async def test_a_new_member_of_an_enum_is_no_migration(make_plugin: PluginMaker) -> None:
    shop = make_plugin("shop")
    await make_migrations([shop.models(STATES + WITH_STATE)])
    grown = STATES.replace('    SHUT = "SHUT"', '    SHUT = "SHUT"\n    LOST = "LOST"')
    assert await unmade([shop.models(grown + WITH_STATE)]) == []


async def test_the_file_is_python_that_names_no_library_of_this_machine(shop: MadePlugin) -> None:
    text = shop.text("0001_initial")
    module = ast.parse(text)
    doc = ast.get_docstring(module)
    assert doc
    assert doc.splitlines()[2:] == ["- Create model Shelf", "- Create model Item"]
    assert "description" not in text


async def test_json_columns_do_not_name_the_json_library(make_plugin: PluginMaker) -> None:
    shop = make_plugin("shop")
    await make_migrations(
        [
            shop.models(
                SHOP.replace(
                    "    label =", "    tags = fields.JSONField(default=list)\n    label ="
                )
            )
        ]
    )
    text = shop.text("0001_initial")
    assert "JSONField(default=list)" in text
    assert "orjson" not in text


async def test_own_columns_keep_their_class(
    make_plugin: PluginMaker, fresh_database: FreshDatabase, dialect: str
) -> None:
    shop = make_plugin("shop")
    models = SHOP.replace(
        "    label =", "    path = PathField()\n    at = InstantField()\n    label ="
    )
    plugins = [shop.models(models)]
    await make_migrations(plugins)
    text = shop.text("0001_initial")
    assert "from gongzhi.database.fields import InstantField, PathField" in text
    assert "('path', PathField(max_length=255))" in text
    url = fresh_database(dialect=dialect)
    await migrate(url, plugins)
    assert await drift(url, plugins) == []


async def test_a_later_migration_depends_only_on_what_it_refers_to(shop: MadePlugin) -> None:
    await make_migrations([shop.models(SHOP.replace("max_length=20", "max_length=30"))])
    with_parent = SHOP.replace("max_length=20", "max_length=30").replace(
        "    label =",
        '    home = fields.ForeignKeyField("core.Area", null=True, related_name=False)\n'
        "    label =",
    )
    await make_migrations([shop.models(with_parent)])
    second, third = (shop.text(name) for name in shop.files()[1:])
    assert "dependencies = [('shop', '0001_initial')]" in second
    assert "('core', '" in third.partition("operations")[0] + third.partition("dependencies")[2]
