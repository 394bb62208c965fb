"""Parameters of a statement under construction, and fresh aliases."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import Any

import orjson

from gongzhi_schema.query.dialects import Dialect, quoted
from gongzhi_schema.query.frames import Plan
from gongzhi_schema.query.values import Bind, Getter, Value, instant, key_of, plain

_MARK = re.compile("\x00([0-9]+)\x00")
"""Stands for a parameter until the statement is whole; no text in SQL can hold a NUL."""


class Parameters:
    """Collects the getters of a plan.

    Parameters are numbered only when the statement is whole, because a piece of SQL that was made
    may be left out of it, and both databases refuse a parameter that no placeholder names.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._added: list[tuple[Getter, str]] = []
        self._named: dict[object, str] = {}
        self._aliases = 0

    def add(self, get: Getter, kind: str, name: object = None) -> str:
        """Return the placeholder of a value; one with a name is passed only once."""
        if name is not None and (found := self._named.get(name)) is not None:
            return found
        made = f"\x00{len(self._added)}\x00"
        self._added.append((get, kind))
        if name is not None:
            self._named[name] = made
        return made

    def value(self, value: Value, kind: str = "text") -> str:
        """Return the placeholder of a client's scalar, or the name of an enum's value itself.

        ``id:Organization`` is the kind of a global id of that type of which the key is wanted,
        ``id`` that of any.

        What is an enum decides the plan anyway (:func:`.values.shape`), its names are the schema's,
        and the database plans better for a stage that it knows.
        """
        get = value.get
        if isinstance(value.sample, Enum):
            return quoted(value.sample.name)
        if kind.startswith("id"):
            return self.key(value, *kind.split(":")[1:])
        name = value.variable and (value.variable, kind)
        if kind == "bool" and self.dialect.sqlite:
            return self.add(lambda bind: int(get(bind)), "bool", name)
        written = instant if kind == "instant" else plain
        return self.add(lambda bind: written(get(bind)), kind, name)

    def key(self, value: Value, *types: str) -> str:
        """Return the placeholder of the key in a client's global id of one of these types."""
        get = value.get
        name = value.variable and (value.variable, "key", types)
        return self.add(lambda bind: key_of(get(bind), *types), "int", name)

    def listed(self, get: Callable[[Bind], list[Any]], kind: str) -> str:
        """Return the placeholder of a list."""
        if self.dialect.sqlite:
            return self.add(lambda bind: orjson.dumps(get(bind)).decode(), kind)
        return self.add(get, kind)

    def plan(self, sql: str) -> Plan:
        """Return the plan of a whole statement; what it does not use is checked all the same."""
        numbers: dict[int, int] = {}

        def placeholder(match: re.Match[str]) -> str:
            at = int(match[1])
            number = numbers.setdefault(at, len(numbers) + 1)
            return self.dialect.placeholder(number, self._added[at][1])

        text = _MARK.sub(placeholder, sql)
        checks = (get for at, (get, _) in enumerate(self._added) if at not in numbers)
        return Plan(text, tuple(self._added[at][0] for at in numbers), tuple(checks))

    def alias(self) -> str:
        """Return a fresh alias."""
        self._aliases += 1
        return f"t{self._aliases}"
