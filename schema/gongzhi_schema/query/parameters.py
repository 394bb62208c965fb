"""Parameters of a statement under construction, and fresh aliases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from gongzhi_schema.query.dialects import Dialect
from gongzhi_schema.query.values import Bind, Getter, Value, key_of, plain


class Parameters:
    """Collects the getters of a plan in the order of their placeholders."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.getters: list[Getter] = []
        self._named: dict[object, str] = {}
        self._aliases = 0

    def add(self, get: Getter, kind: str, name: object = None) -> str:
        """Return the placeholder of a value; one with a name is passed only once."""
        if name is not None and (found := self._named.get(name)) is not None:
            return found
        self.getters.append(get)
        made = self.dialect.placeholder(len(self.getters), kind)
        if name is not None:
            self._named[name] = made
        return made

    def value(self, value: Value, kind: str = "text") -> str:
        """Return the placeholder of a client's scalar."""
        get = value.get
        if kind == "id":
            return self.add(lambda bind: key_of(get(bind)), "int")
        if kind == "bool" and self.dialect.sqlite:
            return self.add(lambda bind: int(get(bind)), "bool")
        return self.add(lambda bind: plain(get(bind)), kind)

    def listed(self, get: Callable[[Bind], list[Any]], kind: str) -> str:
        """Return the placeholder of a list."""
        if self.dialect.sqlite:
            return self.add(lambda bind: orjson.dumps(get(bind)).decode(), kind)
        return self.add(get, kind)

    def alias(self) -> str:
        """Return a fresh alias."""
        self._aliases += 1
        return f"t{self._aliases}"
