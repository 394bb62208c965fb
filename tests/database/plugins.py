"""Plugins made for one test, in packages on disk like those of a third party."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from gongzhi.plugin import Plugin

_numbers = itertools.count(1)

MODELS_HEADER = """
from __future__ import annotations
from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from gongzhi.database.fields import InstantField, PathField
from gongzhi.registry.models import Area, Member
"""


class MadePlugin:
    """A plugin whose models can be replaced, as an author edits them between two migrations."""

    def __init__(self, folder: Path, name: str, requires: tuple[str, ...]) -> None:
        self.folder = folder
        self.name = name
        self.requires = requires
        self.versions = itertools.count(1)
        self.package = f"made_{next(_numbers)}_{name}"
        self.migrations = self.folder / self.package / "migrations"
        self.migrations.mkdir(parents=True)
        (self.folder / self.package / "__init__.py").write_text("")
        (self.migrations / "__init__.py").write_text("")

    def models(self, source: str) -> Plugin:
        """Write the models, in a module of their own, and return the plugin that has them."""
        module = f"models_{next(self.versions)}"
        text = MODELS_HEADER + dedent(source)
        (self.folder / self.package / f"{module}.py").write_text(text, encoding="utf-8")
        return self.plugin(f"{self.package}.{module}")

    def plugin(self, *modules: str) -> Plugin:
        """Return the plugin with some of its modules of models."""
        attributes = {
            "name": self.name,
            "title": self.name,
            "version": "1.0",
            "api": 1,
            "requires": self.requires,
            "models": modules,
            "migrations": f"{self.package}.migrations",
        }
        kind: type[Plugin] = type(self.name.title(), (Plugin,), attributes)
        return kind()

    def migration(
        self, name: str, operations: str, *, needs: str = "", atomic: bool = True
    ) -> None:
        """Write a migration by hand; ``needs`` is its dependencies as Python source."""
        head = (
            "import time\n"
            "from pathlib import Path\n"
            "from tortoise import fields, migrations\n"
            "from tortoise.fields.base import OnDelete\n"
            "from tortoise.indexes import Index\n"
            "from tortoise.migrations import operations as ops\n"
            "from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint\n"
        )
        body = (
            f"class Migration(migrations.Migration):\n"
            f"    dependencies = [{needs}]\n    atomic = {atomic}\n"
        )
        text = f"{head}{body}    operations = [{operations}]\n"
        (self.migrations / f"{name}.py").write_text(text, encoding="utf-8")

    def files(self) -> list[str]:
        """Return the names of the migration files."""
        return sorted(path.stem for path in self.migrations.glob("0*.py"))

    def text(self, name: str) -> str:
        """Return a migration's source."""
        return (self.migrations / f"{name}.py").read_text(encoding="utf-8")


PluginMaker = Callable[..., MadePlugin]


@pytest.fixture
def make_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PluginMaker]:
    """Return ``make_plugin(name, requires=())``."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))

    def make(name: str, requires: tuple[str, ...] = ()) -> MadePlugin:
        return MadePlugin(folder, name, requires)

    yield make
    for module in [module for module in sys.modules if module.startswith("made_")]:
        del sys.modules[module]


SHOP = """
class Shelf(Model):
    id = fields.BigIntField(primary_key=True)
    code = fields.CharField(max_length=20, unique=True)
    name = fields.CharField(max_length=50)
    note = fields.CharField(max_length=50, default="")
    area: fields.ForeignKeyNullableRelation[Area] = fields.ForeignKeyField(
        "core.Area", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    area_id: int | None

    class Meta(Model.Meta):
        app = "shop"
        table = "shop_shelf"
        unique_together = (("name", "note"),)
        indexes = (Index(fields=("name", "id"), name="shop_shelf_name"),)


class Item(Model):
    id = fields.BigIntField(primary_key=True)
    shelf: fields.ForeignKeyRelation[Shelf] = fields.ForeignKeyField(
        "shop.Shelf", related_name=False, on_delete=fields.CASCADE
    )
    shelf_id: int
    label = fields.CharField(max_length=50)

    class Meta(Model.Meta):
        app = "shop"
        table = "shop_item"
        indexes = (Index(fields=("shelf_id", "id"), name="shop_item_shelf"),)
"""
"""A table with everything that a rebuild can lose, and one that refers to it."""
