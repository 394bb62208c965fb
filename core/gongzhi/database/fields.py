"""Column types whose stored form is the same, and sorts the same, on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from tortoise.fields import CharField, DatetimeField

from gongzhi import clock

if TYPE_CHECKING:
    from tortoise.models import Model


def _no_comments(cls: type[Model]) -> dict[str, str]:  # noqa: ARG001  # Tortoise's own signature
    return {}


class KeyTextField(CharField[str]):
    """A text that is compared, ordered and searched by its beginning: collation ``C``.

    Code point order is the same on both databases and in every locale, and makes
    ``x >= p AND x < successor(p)`` exactly the texts that begin with ``p``.
    """

    class _db_postgres:  # noqa: N801  # the name that Tortoise looks for
        def __init__(self, field: CharField[str]) -> None:
            self.field = field

        @property
        def SQL_TYPE(self) -> str:  # noqa: N802  # the name that Tortoise looks for
            return f'VARCHAR({self.field.max_length}) COLLATE "C"'


class PathField(KeyTextField):
    """A materialised tree path such as ``1.7.127.``: ids of all ancestors and of the row itself."""

    def __init__(self, max_length: int = 255, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)


class InstantField(DatetimeField[dt.datetime]):
    """A point in time, kept in UTC to the millisecond.

    SQLite stores datetimes as text with whatever offset they came in, which sorts and compares
    wrongly; one offset and one precision make text order time order.
    """

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> Any:
        """Normalise to UTC milliseconds before the driver sees the value.

        What Tortoise would set by itself is set here: by our clock, and to the millisecond too.
        """
        name = self.model_field_name
        own = hasattr(instance, "_saved_in_db") and (
            self.auto_now or (self.auto_now_add and getattr(instance, name) is None)
        )
        if own:
            value = clock.now()
        if isinstance(value, dt.datetime):
            if value.tzinfo is None:
                message = "an instant needs a time zone"
                raise ValueError(message)
            value = value.astimezone(dt.UTC)
            value = value.replace(microsecond=value.microsecond // 1000 * 1000)
        if own:
            setattr(instance, name, value)
            return value
        return super().to_db_value(value, instance)
