"""Rows as a database stores them: defaults of a model, comparison, the form that undo keeps."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from contextlib import suppress
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from tortoise.fields import JSONField
from tortoise.models import Model

COPIED_PATHS: Final[Mapping[str, tuple[str, str]]] = {
    "area_path": ("area_id", "core_area"),
    "residence_path": ("residence_area_id", "core_area"),
}
"""Column with a copy of a path → the column with the key of the row that has the path, its table.

A copy changes whenever that row moves: an undo makes it anew and never takes it for a change."""

_HEX = "$hex"


def table_of(model: type[Model]) -> str:
    """Return the name of a model's table."""
    return model._meta.db_table  # noqa: SLF001  # Tortoise has no public name for it


def defaults(model: type[Model], now: dt.datetime) -> dict[str, Any]:
    """Return column → value for a new row of which nothing is known; ``id`` is left out.

    :param now: for columns that keep when a row was made or changed.
    """
    values: dict[str, Any] = {}
    meta = model._meta  # noqa: SLF001  # as above
    # Only an open database knows the columns of foreign keys; imports do without the ORM.
    for name in (*meta.fk_fields, *meta.o2o_fields):
        values[f"{name}_id"] = None
    for name, column in meta.fields_db_projection.items():
        field = meta.fields_map[name]
        if field.pk:
            continue
        value = field.default() if callable(field.default) else field.default
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
            value = now
        elif isinstance(field, JSONField):
            value = None if value is None else json_text(value)
        values[column] = value.value if isinstance(value, Enum) else value
    return values


def json_text(value: Any) -> str:
    """Return the one form in which a JSON value is written and compared."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def same(stored: Any, new: Any) -> bool:
    """Tell whether a stored value is this one; SQLite stores dates as texts, JSON is a text."""
    if stored == new:
        return True
    if isinstance(stored, str):
        if isinstance(new, dt.datetime):
            return stored == new.isoformat(" ")
        if isinstance(new, dt.date):
            return stored == new.isoformat()
        if isinstance(new, str):
            return stored.startswith(("[", "{")) and plain_form(stored) == plain_form(new)
    return False


def as_date(stored: Any) -> dt.date | None:
    """Return a stored date as one; SQLite stores texts."""
    return dt.date.fromisoformat(stored) if isinstance(stored, str) else stored


def plain_form(value: Any) -> Any:
    """Return a form that JSON can keep and that both databases give for equal values."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, bytes):
        return {_HEX: value.hex()}
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(" ")
    if isinstance(value, str) and value.startswith(("[", "{")):
        with suppress(ValueError):
            value = json_text(json.loads(value))
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def plain_row(values: Mapping[str, Any]) -> str:
    """Return the JSON text of some columns of a row."""
    return json_text({column: plain_form(value) for column, value in values.items()})


def parameter(kept: Any, dialect: str) -> Any:
    """Return what :func:`plain_form` kept as a parameter for :meth:`Session.typed`."""
    if isinstance(kept, dict):
        return f"\\x{kept[_HEX]}" if dialect == "postgres" else bytes.fromhex(kept[_HEX])
    if dialect == "postgres":
        return None if kept is None else str(kept)
    return kept


@lru_cache(maxsize=256)
def assignments(columns: tuple[str, ...], first: int) -> str:
    """Return ``"a" = $2, "b" = $3`` …"""
    return ", ".join(f'"{column}" = ${first + n}' for n, column in enumerate(columns))
