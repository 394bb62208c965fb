"""What the migration files of the enabled plugins say: their graph and the state they lead to.

The file format, operations and graph are Tortoise's. All enabled apps are always loaded together:
with one app alone its references to other apps cannot be resolved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from tortoise.connection import ConnectionHandler
from tortoise.migrations.graph import MigrationGraph, MigrationKey
from tortoise.migrations.loader import MigrationLoader
from tortoise.migrations.migration import Migration
from tortoise.migrations.operations import CreateModel, Operation
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps

from gongzhi.database.config import CONNECTION
from gongzhi.errors import MigrationError, Problem


class _NoRecords(MigrationRecorder):
    """Keeps the loader away from the database; what is applied is read elsewhere."""

    def __init__(self) -> None:
        super().__init__(connection=None)

    async def applied_migrations(self) -> list[MigrationKey]:
        return []


class History:
    """The migrations on disk, in an order in which they can be applied."""

    def __init__(self, apps: Mapping[str, Mapping[str, Any]], graph: MigrationGraph) -> None:
        self.apps = apps
        self.graph = graph
        self.order: tuple[MigrationKey, ...] = _order(graph)

    @classmethod
    async def load(cls, apps: dict[str, dict[str, Any]]) -> History:
        """Read the files of all apps.

        :raises MigrationError: when files are missing, cannot be imported or contradict each other.
        """
        loader = MigrationLoader(apps, _NoRecords())
        try:
            await loader.build_graph()
        except (ImportError, ValueError, SyntaxError) as exc:
            mend = "restore the file, or enable the plugin that it depends on"
            problem = Problem("migrations", f"{type(exc).__name__}: {exc}", mend)
            raise MigrationError(
                "迁移文件有问题 · the migration files are wrong", [problem]
            ) from exc
        return cls(apps, loader.graph)

    def migration(self, key: MigrationKey) -> Migration:
        """Return one migration of :attr:`order`."""
        migration = self.graph.nodes[key]
        if migration is None:  # the loader has checked this
            raise KeyError(key)
        return migration

    def leaves(self, app: str) -> list[MigrationKey]:
        """Return the migrations of an app that no other of the same app follows."""
        return sorted(
            key
            for key, node in self.graph.node_map.items()
            if key.app_label == app
            and not any(child.key.app_label == app for child in node.children)
        )

    def pending(self, applied: Iterable[MigrationKey]) -> list[MigrationKey]:
        """Return what is still to be applied, in order."""
        done = set(applied)
        return [key for key in self.order if key not in done]

    def contradictions(self, applied: Iterable[MigrationKey]) -> list[Problem]:
        """Return how the database's record of migrations contradicts the files."""
        done = set(applied)
        problems = [
            Problem(
                str(key),
                "is applied in the database, but this version does not know it",
                "install the version that the database was migrated with, or a later one",
            )
            for key in sorted(done)
            if key.app_label in self.apps and key not in self.graph.nodes
        ]
        problems += [
            Problem(
                str(key),
                f"is applied, but {parent}, which it needs, is not",
                "restore a backup: the tables were changed by hand",
            )
            for key in sorted(done & self.graph.nodes.keys())
            for parent in sorted(node.key for node in self.graph.node_map[key].parents)
            if parent not in done
        ]
        return problems

    def state(
        self, keys: Iterable[MigrationKey], connections: ConnectionHandler | None = None
    ) -> State:
        """Return the models as they are after some migrations.

        :param connections: those that a migration's own code may use these models with.
        """
        chosen = set(keys)
        state = empty_state(self.apps, connections)
        for key in self.order:
            if key in chosen:
                for step in steps(self.migration(key)):
                    forward(key, step, state)
        return state


def steps(migration: Migration) -> Iterator[list[Operation]]:
    """Yield the operations of a migration one by one, but new tables that follow each other as one.

    After each step Tortoise makes every model anew that is related to a new one: for fifty tables
    in a row that is the square of their number, and seconds.
    """
    for creating, several in groupby(migration.operations, lambda op: type(op) is CreateModel):
        if creating:
            yield list(several)
        else:
            yield from ([operation] for operation in several)


def forward(key: MigrationKey, step: Iterable[Operation], state: State) -> None:
    """Bring a state over one step, and make the models that it changes anew at its end."""
    changed: set[tuple[str, str]] = set()
    state.reload_models = changed.update  # type: ignore[method-assign,assignment]  # collects
    try:
        for operation in step:
            operation.state_forward(key.app_label, state)
    finally:
        del state.reload_models
    if changed:
        state.reload_models(changed)


def empty_state(apps: Iterable[str], connections: ConnectionHandler | None = None) -> State:
    """Return the state before any migration."""
    names = dict.fromkeys(apps, CONNECTION)
    # Without connections no queries are prepared, which is most of the time that this takes.
    state_apps = StateApps(names, connections or ConnectionHandler())
    return State(models={}, apps=state_apps)


def _order(graph: MigrationGraph) -> tuple[MigrationKey, ...]:
    order: dict[MigrationKey, None] = {}
    for leaf in graph.leaf_nodes():
        order |= dict.fromkeys(graph.forwards_plan(leaf))
    return tuple(order)
