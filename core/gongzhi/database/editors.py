"""What a migration's operations become in SQL; mends what Tortoise's own editors lose.

Comments never reach the database: they say what the code says, and a changed docstring would
be a migration.
"""

# ruff: noqa: SLF001  # Tortoise has no public name for what a model knows of itself

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tortoise.fields.relational import ManyToManyFieldInstance
from tortoise.migrations.schema_editor.asyncpg import AsyncpgSchemaEditor
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_editor.sqlite import SqliteSchemaEditor

from gongzhi.database.sqlite import statements

if TYPE_CHECKING:
    from tortoise.backends.base.client import BaseDBAsyncClient
    from tortoise.fields.base import Field
    from tortoise.migrations.schema_generator.state import State
    from tortoise.models import Model


class RebuildError(Exception):
    """A table could not be rebuilt without losing something."""


class PostgresEditor(AsyncpgSchemaEditor):
    """Tortoise's editor for PostgreSQL, without comments and without CASCADE.

    A table or column that something still refers to, such as a table of a plugin that is not
    enabled, is not dropped together with the reference; the migration fails.
    """

    DELETE_TABLE_TEMPLATE = "DROP TABLE {table}"
    DELETE_FIELD_TEMPLATE = 'ALTER TABLE {table} DROP COLUMN "{column}"'

    becoming: State | None = None

    def _get_table_comment_sql(self, table: str, comment: str) -> str:  # noqa: ARG002  # inherited
        return ""

    def _get_column_comment_sql(self, table: str, column: str, comment: str) -> str:  # noqa: ARG002  # inherited
        return ""

    async def _alter_column_comment(self, model: Any, old_field: Any, new_field: Any) -> None:
        pass

    async def _alter_field(self, model: type[Model], old_field: Any, new_field: Any) -> None:
        await super()._alter_field(model, old_field, new_field)
        if _reference(old_field) != _reference(new_field):
            await self._replace_reference(model, new_field)

    async def _replace_reference(self, model: type[Model], field: Any) -> None:
        """Make the foreign key of a column anew; Tortoise leaves the old one as it was."""
        table: str = model._meta.db_table
        column: str = field.source_field or field.model_field_name
        old = await self.client.execute_query_dict(
            "SELECT c.conname AS name FROM pg_constraint c"
            " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)"
            " WHERE c.contype = 'f' AND c.conrelid = to_regclass($1) AND a.attname = $2",
            [f'"{table}"', column],
        )
        for row in old:
            await self._run_sql(f'ALTER TABLE "{table}" DROP CONSTRAINT "{row["name"]}"')
        reference = field.reference
        if reference.db_constraint:
            target = reference.related_model._meta
            await self._run_sql(
                f'ALTER TABLE "{table}" ADD FOREIGN KEY ("{column}") REFERENCES'
                f' "{target.db_table}" ("{target.db_pk_column}") ON DELETE {reference.on_delete}'
            )


class SqliteEditor(SqliteSchemaEditor):
    """Tortoise's editor for SQLite, with a rebuild of our own.

    SQLite cannot change a column; the table is made anew and filled from the old one. Tortoise's
    rebuild drops the indexes, the triggers, ``unique_together``, UNIQUE on one-to-one columns,
    and, while foreign keys are enforced, the rows of other tables that refer to it; and it keeps
    the column of a removed foreign key.
    """

    becoming: State | None = None
    """The models as they are after the operation that runs now; the runner sets it."""

    def _get_table_comment_sql(self, table: str, comment: str) -> str:  # noqa: ARG002  # inherited
        return ""

    def _get_column_comment_sql(self, table: str, column: str, comment: str) -> str:  # noqa: ARG002  # inherited
        return ""

    async def _run_sql(self, sql: str) -> None:
        if self.collect_sql:
            self.collected_sql.append(sql)
            return
        for statement in statements(sql):
            await self.client.execute_query(statement)

    async def remove_constraint(self, model: type[Model], constraint: Any) -> None:
        """Drop a unique constraint: an index of its own, or part of the table's definition."""
        columns = self._resolve_fields_to_columns(model, getattr(constraint, "fields", ()))
        for index in await self._indexes(model._meta.db_table):
            if index["origin"] == "u" and await self._index_columns(index["name"]) == columns:
                await self._remake_table(model)
                return
        await super().remove_constraint(model, constraint)

    async def _alter_field(self, model: type[Model], old_field: Any, new_field: Any) -> None:
        old, new = _definition(self, model, old_field), _definition(self, model, new_field)
        if old == new:
            return  # e.g. a new member of an enum: nothing that the database knows of
        if old[0] != new[0] and old[1:] != new[1:]:
            message = f"column {old[0]} is renamed and changed at once; make two migrations"
            raise RebuildError(message)
        await super()._alter_field(model, old_field, new_field)

    async def remove_field(self, model: type[Model], field: Field[Any]) -> None:
        """Drop a column, or the table of a many-to-many relation."""
        if isinstance(field, ManyToManyFieldInstance):
            await super().remove_field(model, field)
        else:
            await self._remake_table(model)

    async def _remake_table(
        self,
        model: type[Model],
        create_field: Any = None,  # noqa: ARG002  # inherited; the state after says it all
        delete_field: Any = None,  # noqa: ARG002  # as above
        alter_fields: Any = None,  # noqa: ARG002  # as above
    ) -> None:
        if self.becoming is None:
            message = "the models after this operation are not known"
            raise RebuildError(message)
        table: str = model._meta.db_table
        after = self.becoming.apps.get_model(f"{model._meta.app}.{model.__name__}")
        await self._require_no_foreign_keys()
        rows = await self._count(table)
        sequence = await self._sequence(table)
        old_columns = await self._columns(table)
        kept = await self._replayable(table)

        definition = next(statements(self._get_model_sql_data(after).table_sql))
        temporary = f"new__{table}"
        await self._run_sql(definition.replace(self.quote(table), self.quote(temporary), 1))
        new_columns = await self._columns(temporary)
        shared = ", ".join(self.quote(column) for column in old_columns if column in new_columns)
        await self._run_sql(
            f'INSERT INTO "{temporary}" ({shared}) SELECT {shared} FROM "{table}"'  # names of ours
        )
        if await self._count(temporary) != rows:
            message = f"{table}: not all of its {rows} rows were kept"
            raise RebuildError(message)
        await self._run_sql(f'DROP TABLE "{table}"')
        # Otherwise RENAME fails when a view names the table, which is away at this moment.
        await self._run_sql("PRAGMA legacy_alter_table=ON")
        await self._run_sql(f'ALTER TABLE "{temporary}" RENAME TO "{table}"')
        await self._run_sql("PRAGMA legacy_alter_table=OFF")
        await self._restore_sequence(table, sequence)

        inline = [
            await self._index_columns(index["name"])
            for index in await self._indexes(table)
            if index["origin"] == "u"
        ]
        for columns, is_unique, sql in kept:
            gone = any(column not in new_columns for column in columns)
            if not gone and not (is_unique and columns in inline):
                await self.client.execute_query(sql)

    async def _require_no_foreign_keys(self) -> None:
        (row,) = await self.client.execute_query_dict("PRAGMA foreign_keys")
        if row["foreign_keys"]:
            message = "foreign keys are enforced: dropping the old table would delete rows"
            raise RebuildError(message)

    async def _replayable(self, table: str) -> list[tuple[list[str], bool, str]]:
        """Return (columns, unique, SQL) of the table's indexes, and its triggers."""
        found = await self.client.execute_query_dict(
            "SELECT m.type, m.name, m.sql, l.[unique], l.partial"
            " FROM sqlite_master m LEFT JOIN pragma_index_list(m.tbl_name) l ON l.name = m.name"
            " WHERE m.tbl_name = ? AND m.type IN ('index', 'trigger') AND m.sql IS NOT NULL",
            [table],
        )
        return [
            (
                await self._index_columns(row["name"]) if row["type"] == "index" else [],
                bool(row["unique"]) and not row["partial"],
                row["sql"],
            )
            for row in found
        ]

    async def _sequence(self, table: str) -> int | None:
        """Return the highest id that the table ever had."""
        if not await self.client.execute_query_dict(
            "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"
        ):
            return None
        rows = await self.client.execute_query_dict(
            "SELECT seq FROM sqlite_sequence WHERE name = ?", [table]
        )
        return int(rows[0]["seq"]) if rows else None

    async def _restore_sequence(self, table: str, sequence: int | None) -> None:
        """Keep ids of deleted rows from being given again."""
        if sequence is None:
            return
        await self.client.execute_query("DELETE FROM sqlite_sequence WHERE name = ?", [table])
        await self.client.execute_query(
            "INSERT INTO sqlite_sequence VALUES (?, ?)", [table, sequence]
        )

    async def _indexes(self, table: str) -> list[dict[str, Any]]:
        return await self.client.execute_query_dict(f'PRAGMA index_list("{table}")')

    async def _index_columns(self, index: str) -> list[str]:
        rows = await self.client.execute_query_dict(f'PRAGMA index_info("{index}")')
        return [row["name"] for row in rows if row["name"] is not None]

    async def _columns(self, table: str) -> list[str]:
        rows = await self.client.execute_query_dict(f'PRAGMA table_info("{table}")')
        return [row["name"] for row in rows]

    async def _count(self, table: str) -> int:
        (row,) = await self.client.execute_query_dict(
            f'SELECT count(*) AS n FROM "{table}"'
        )  # a table of ours
        return int(row["n"])


Editor = SqliteEditor | PostgresEditor


def schema_editor(connection: BaseDBAsyncClient, *, collect_sql: bool = False) -> Editor:
    """Return the editor for a connection's database."""
    if connection.capabilities.dialect == "sqlite":
        return SqliteEditor(connection, collect_sql=collect_sql)
    return PostgresEditor(connection, collect_sql=collect_sql)


def _reference(field: Any) -> tuple[Any, ...] | None:
    reference = getattr(field, "reference", None)
    if reference is None:
        return None
    return (reference.model_name, str(reference.on_delete), reference.db_constraint)


def _definition(editor: BaseSchemaEditor, model: type[Model], field: Any) -> tuple[Any, ...]:
    """Return everything of a field that the database knows, its column first."""
    default = None
    if field.has_db_default():
        default = (
            field.db_default.get_sql(dialect=editor.DIALECT)
            if hasattr(field.db_default, "get_sql")
            else editor._escape_default_value(field.to_db_value(field.db_default, model))
        )
    return (
        field.source_field or field.model_field_name,
        field.get_for_dialect(editor.DIALECT, "SQL_TYPE"),
        field.null,
        field.unique,
        field.index,
        field.pk,
        default,
        _reference(field),
    )
