"""Write migration files, and say which are missing; no database is needed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tortoise.context import TortoiseContext
from tortoise.fields import IntField
from tortoise.migrations.operations import Operation
from tortoise.migrations.schema_generator.operation_generator import OperationGenerator
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.writer import ImportManager, MigrationWriter, _render_call

from gongzhi.database.config import apps_config, tortoise_config
from gongzhi.database.history import History, empty_state
from gongzhi.database.lint import app_of, lint_operations, references
from gongzhi.errors import MigrationError, Problem
from gongzhi.plugin import Plugin

_NUMBER = re.compile(r"^(\d{4})_")
_NO_DATABASE = "sqlite:///nowhere"  # configured because Tortoise wants a URL; never opened


async def make_migrations(plugins: Sequence[Plugin], names: Collection[str] = ()) -> list[Path]:
    """Write a migration for each plugin whose models differ from its migration files.

    One plugin after the other, in the order of their requirements, each time from the files on
    disk: only so are dependencies on a migration written that was made a moment before.

    :param plugins: all enabled plugins; references between them need all of them.
    :param names: only these plugins; empty for all.
    :raises MigrationError: when a change would fail on a table with rows.
    """
    written: list[Path] = []
    apps = apps_config(plugins)
    history = await History.load(apps)
    generator = await _compared(plugins, history)
    for app in apps:
        operations = list(generator.generate(app_labels=[app]))
        if not operations or (names and app not in names):
            continue
        if problems := lint_operations(app, "the new migration", operations):
            title = "模型的改动不安全 · the models were changed in an unsafe way"
            raise MigrationError(title, problems)
        written.append(_write(history, app, operations))
        history = await History.load(apps)
    return written


async def unmade(plugins: Sequence[Plugin]) -> list[Problem]:
    """Return one problem for each plugin whose models were changed without a migration."""
    history = await History.load(apps_config(plugins))
    generator = await _compared(plugins, history)
    problems: list[Problem] = []
    for app in history.apps:
        if operations := generator.generate(app_labels=[app]):
            what = "; ".join(operation.describe() for operation in operations)
            mend = f"run: gongzhi makemigrations {app}"
            problems.append(Problem(app, f"models without a migration: {what}", mend))
    return problems


class _Writer(MigrationWriter):
    """Tortoise's writer, without what depends on the JSON library of this machine."""

    def _render_field(self, field: Any, imports: ImportManager) -> str:
        path, args, kwargs = field.deconstruct()
        for name in ("encoder", "decoder"):
            kwargs.pop(name, None)
        if field.pk and isinstance(field, IntField) and not field.generated:
            kwargs["generated"] = False  # Tortoise leaves it out, and the column would count
        return _render_call(path, args, kwargs, imports)


@asynccontextmanager
async def loaded_models(plugins: Sequence[Plugin]) -> AsyncIterator[TortoiseContext]:
    """Load the models of all enabled plugins without a database."""
    async with TortoiseContext() as context:
        await context.init(config=tortoise_config(_NO_DATABASE, plugins), init_connections=False)
        yield context


async def _compared(plugins: Sequence[Plugin], history: History) -> OperationGenerator:
    """Return what generates the operations from an app's migration files to its models."""
    async with loaded_models(plugins) as context:
        written = history.state(history.order)
        models = empty_state(history.apps)
        for label, classes in (context.apps or {}).items():
            for model in classes.values():
                models.models[label, model.__name__] = ModelState.make_from_model(label, model)
        return OperationGenerator(_without_comments(written), _without_comments(models))


def _without_comments(state: State) -> State:
    """Drop what only describes: a changed docstring or enum member is not a migration."""
    for model in state.models.values():
        model.description = ""
        model.options = {k: v for k, v in model.options.items() if k != "table_description"}
        for field in model.fields.values():
            field.description = None
            field.docstring = None
    return state


def _write(history: History, app: str, operations: Sequence[Operation]) -> Path:
    leaves = history.leaves(app)
    numbers = [int(match[1]) for key in leaves if (match := _NUMBER.match(key.name))]
    number = max(numbers, default=0) + 1
    name = f"{number:04d}_initial" if not leaves else f"{number:04d}_{_slug(operations)}"
    writer = _Writer(
        name,
        app,
        operations,
        dependencies=_dependencies(history, app, operations),
        initial=not leaves,
        migrations_module=history.apps[app]["migrations"],
    )
    path = writer.path()
    path.write_text(_with_header(writer.as_string(), operations), encoding="utf-8")
    return path


def _dependencies(
    history: History, app: str, operations: Sequence[Operation]
) -> list[tuple[str, str]]:
    """Return the app's last migration, and the last of each app that the operations refer to."""
    apps = {app} | {app_of(reference) for reference in references(operations)}
    return [(key.app_label, key.name) for each in sorted(apps) for key in history.leaves(each)]


def _slug(operations: Sequence[Operation]) -> str:
    first = re.sub(r"[^a-z0-9]+", "_", operations[0].describe().lower()).strip("_")[:40]
    return first if len(operations) == 1 else f"{first}_and_more"


def _with_header(source: str, operations: Sequence[Operation]) -> str:
    """Say first what it does: a removed and an added field of one type are taken for a rename."""
    lines = "\n".join(f"- {operation.describe()}" for operation in operations)
    title = "Written by `gongzhi makemigrations`. What it takes for a rename keeps the values."
    return f'"""{title}\n\n{lines}\n"""\n\n{source}'
