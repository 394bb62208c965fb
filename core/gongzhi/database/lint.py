"""Rules for models and migrations, each for a fault of the libraries or a danger to rows."""

# ruff: noqa: SLF001  # Tortoise has no public name for what a model knows of itself

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import Any

from tortoise.fields.relational import (
    ForeignKeyFieldInstance,
    ManyToManyFieldInstance,
    OneToOneFieldInstance,
)
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    CreateModel,
    Operation,
)
from tortoise.models import Model

from gongzhi.database.config import apps_config, ordered
from gongzhi.database.history import History
from gongzhi.errors import Problem
from gongzhi.plugin import Plugin

RELATIONS = (ForeignKeyFieldInstance, OneToOneFieldInstance, ManyToManyFieldInstance)

_LONGEST_NAME = 63
"""PostgreSQL cuts longer identifiers off."""


async def lint(plugins: Sequence[Plugin]) -> list[Problem]:
    """Check the models and the migration files of the enabled plugins, without a database."""
    problems = [problem for plugin in ordered(plugins) for problem in lint_models(plugin)]
    history = await History.load(apps_config(plugins))
    for app in history.apps:
        leaves = history.leaves(app)
        if len(leaves) > 1:
            names = " and ".join(key.name for key in leaves)
            mend = "let one of them depend on the other"
            problems.append(Problem(app, f"the migrations {names} both come last", mend))
    for key in history.order:
        operations = history.migration(key).operations
        problems += lint_operations(key.app_label, str(key), operations)
    return problems


def lint_models(plugin: Plugin) -> list[Problem]:
    """Check one plugin's models."""
    if plugin.models and not plugin.migrations:
        mend = "add a package for them and name it in `migrations`"
        return [Problem(plugin.name, "has models but no migrations", mend)]
    problems: list[Problem] = []
    for module in plugin.models:
        for model in models_of(module):
            problems += _lint_model(plugin.name, model)
    return problems


def models_of(module: str) -> Iterator[type[Model]]:
    """Return the models that a module defines, not those that it imports."""
    for value in vars(importlib.import_module(module)).values():
        if not isinstance(value, type) or not issubclass(value, Model):
            continue
        if value.__module__ == module and not value._meta.abstract:
            yield value


def _lint_model(app: str, model: type[Model]) -> Iterator[Problem]:
    meta: Any = vars(getattr(model, "Meta", object))
    where = f"{model.__module__}.{model.__qualname__}"
    if meta.get("app") != app:
        mend = f'write `class Meta(Model.Meta): app = "{app}"`'
        yield Problem(where, "Meta.app is not the plugin's name; another app may claim it", mend)
    table = meta.get("table", "")
    if not table.startswith(f"{app}_"):
        yield Problem(where, f"its table is {table!r}", f"write Meta.table = '{app}_…'")
    if len(table) > _LONGEST_NAME:
        yield Problem(where, f"{table} is too long", f"use at most {_LONGEST_NAME} characters")
    if meta.get("constraints"):
        mend = "write unique_together, or unique=True on the column"
        yield Problem(where, "Meta.constraints is ignored when a table is created", mend)
    for index in meta.get("indexes", ()):
        yield from _lint_index(app, where, index)
    for name, field in model._meta.fields_map.items():
        yield from _lint_field(app, f"{where}.{name}", field)


def _lint_index(app: str, where: str, index: Any) -> Iterator[Problem]:
    name = index.name if isinstance(index, Index) else None
    if not name:
        mend = f'write Index(fields=(…), name="{app}_…")'
        yield Problem(where, "an index has no name, so a rebuild cannot tell it", mend)
    elif not name.startswith(f"{app}_") or len(name) > _LONGEST_NAME:
        mend = f"begin it with {app}_ and use at most {_LONGEST_NAME} characters"
        yield Problem(where, f"the index name {name!r} may clash", mend)


def _lint_field(app: str, where: str, field: Any) -> Iterator[Problem]:
    if isinstance(field, ManyToManyFieldInstance):
        if not field._generated:
            mend = "write a model for the relation, with two foreign keys"
            yield Problem(
                where, "the table of a many-to-many relation has no keys or indexes", mend
            )
        return
    if (
        getattr(field, "index", False)
        and not field.pk
        and getattr(field, "reference", None) is None
    ):
        mend = "name it in Meta.indexes instead of index=True"
        yield Problem(where, "its index has no name of ours", mend)
    if isinstance(field, ForeignKeyFieldInstance):
        other = app_of(field.model_name)
        if other != app and field.related_name is not False:
            mend = "write related_name=False"
            yield Problem(where, f"it puts an attribute on a model of {other}", mend)


def lint_operations(app: str, where: str, operations: Sequence[Operation]) -> list[Problem]:
    """Check what a migration does."""
    problems: list[Problem] = []
    created = {operation.name for operation in operations if isinstance(operation, CreateModel)}
    for operation in operations:
        place = f"{where}: {operation.describe()}"
        if isinstance(operation, AddField) and operation.model_name not in created:
            field: Any = operation.field
            if (
                not isinstance(field, RELATIONS[2:])
                and not field.null
                and not field.has_db_default()
            ):
                mend = "give the field db_default=…, or null=True until the rows are filled"
                problems.append(Problem(place, "fails on a table that has rows", mend))
        if isinstance(operation, AddIndex) and not operation.index.name:
            problems.append(Problem(place, "the index has no name", f'name="{app}_…"'))
        if isinstance(operation, AddConstraint) and not (
            isinstance(operation.constraint, UniqueConstraint)
            and not operation.constraint.name
            and not operation.constraint.condition
        ):
            mend = "write unique_together in the model, or ops.RunSQL in the migration"
            problems.append(Problem(place, "the models cannot say this constraint", mend))
    return problems


def references(operations: Sequence[Operation]) -> set[Any]:
    """Return the models, as ``app.Model``, that operations make columns refer to."""
    fields: list[Any] = []
    for operation in operations:
        if isinstance(operation, CreateModel):
            fields += [field for _, field in operation.fields]
        elif isinstance(operation, (AddField, AlterField)):
            fields.append(operation.field)
    return {field.model_name for field in fields if isinstance(field, RELATIONS)}


def app_of(reference: Any) -> str:
    """Return the app in a reference such as ``core.Member``, which may also be the model."""
    if isinstance(reference, str):
        return reference.split(".", 1)[0]
    app: str = reference._meta.app
    return app
