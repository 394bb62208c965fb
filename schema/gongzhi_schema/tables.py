"""What the planner needs to know of a Tortoise model, read without a database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from tortoise import fields
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.indexes import Index
from tortoise.models import Model

from gongzhi.database.fields import KeyTextField, PathField

_KINDS: tuple[tuple[type, str], ...] = (
    (fields.BooleanField, "bool"),
    (fields.DatetimeField, "instant"),
    (fields.DateField, "date"),
    (fields.DecimalField, "decimal"),
    (fields.JSONField, "json"),
    (fields.BinaryField, "binary"),
    (fields.IntField, "int"),
    (fields.SmallIntField, "int"),
    (fields.BigIntField, "int"),
)


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """One column."""

    name: str
    kind: str
    null: bool
    unique: bool


@dataclass(frozen=True, slots=True)
class ForeignKeyInfo:
    """One foreign key."""

    name: str
    column: str
    target: type[Model]
    null: bool


class Table:
    """A table: its columns, foreign keys and indexes."""

    def __init__(self, model: type[Model], models: dict[str, type[Model]]) -> None:
        meta = model._meta  # noqa: SLF001  # the only place where a model's description is
        self.model = model
        self.name = meta.db_table
        self.columns: dict[str, ColumnInfo] = {}
        self.foreign_keys: dict[str, ForeignKeyInfo] = {}
        for name, field in meta.fields_map.items():
            if isinstance(field, ForeignKeyFieldInstance):
                column = field.source_field or f"{name}_id"
                target = field.model_name
                self.foreign_keys[name] = ForeignKeyInfo(
                    name, column, models[target] if isinstance(target, str) else target, field.null
                )
                self.columns.setdefault(column, ColumnInfo(column, "int", field.null, field.unique))
            elif not isinstance(field, fields.relational.RelationalField):
                kind = next((k for cls, k in _KINDS if isinstance(field, cls)), "text")
                column = field.source_field or name
                self.columns[column] = ColumnInfo(
                    column, kind, field.null, field.unique or field.pk
                )

    @cached_property
    def indexed(self) -> frozenset[str]:
        """Columns that lead an index."""
        meta = self.model._meta  # noqa: SLF001
        leading = {c.name for c in self.columns.values() if c.unique}
        leading |= {self._column(group[0]) for group in meta.unique_together}
        for index in meta.indexes:
            names = index.fields if isinstance(index, Index) else index
            leading.add(self._column(names[0]))
        leading |= {name for name, f in meta.fields_map.items() if f.index and name in self.columns}
        return frozenset(leading)

    def _column(self, name: str) -> str:
        key = self.foreign_keys.get(name)
        return key.column if key else name

    def path_column_of(self, column: str) -> bool:
        """Whether a column is a tree path."""
        return isinstance(self.model._meta.fields_map.get(column), PathField)  # noqa: SLF001

    def by_code_point(self, column: str) -> bool:
        """Whether a text column sorts by code point, on both databases and in every locale."""
        return isinstance(self.model._meta.fields_map.get(column), KeyTextField)  # noqa: SLF001


class Tables:
    """All tables of the enabled plugins."""

    def __init__(self, models: Iterable[type[Model]]) -> None:
        known = list(models)
        by_name = {f"{m._meta.app}.{m.__name__}": m for m in known}  # noqa: SLF001
        self._tables = {m: Table(m, by_name) for m in known}

    def of(self, model: type[Model]) -> Table:
        """Return the table of a model.

        :raises KeyError: when the model belongs to no enabled plugin.
        """
        return self._tables[model]
