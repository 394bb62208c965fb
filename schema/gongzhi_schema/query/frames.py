"""What a plan is, and the row in scope while one is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gongzhi.graph.vocabulary import TypeSpec
from gongzhi_schema.catalogue import TypeInfo
from gongzhi_schema.query.values import Arguments, BadInput, Bind, Getter, Unplannable
from gongzhi_schema.tables import Table

READS = ":reads:"
"""Prefix of the keys under which core execution finds what Python fields read; no alias has it."""

TYPE = ":type"
"""Key under which core execution finds the concrete type of an object behind an interface."""


class Page(Protocol):
    """The sizes of pages, from the settings."""

    page_size: int
    default_page_size: int


@dataclass(frozen=True, slots=True)
class Plan:
    """One statement and the getters of its parameters."""

    sql: str
    getters: tuple[Getter, ...]
    checks: tuple[Getter, ...] = ()
    """Getters of values that the statement does not need, but that may be refused."""

    def bind(self, bind: Bind) -> list[Any]:
        """Return the parameters.

        :raises BadInput: when a value of the client is refused.
        """
        try:
            for check in self.checks:
                check(bind)
            return [get(bind) for get in self.getters]
        except (OverflowError, ValueError) as exc:  # such as six months before the first of days
            message = "值超出范围 · a value is out of range"
            raise BadInput(message) from exc


@dataclass(slots=True)
class Frame:
    """A row in scope: its type, its alias, the arguments around it, the joins it needs."""

    info: TypeInfo
    alias: str
    arguments: Arguments
    used: set[str] = field(default_factory=set)
    joins: dict[tuple[str, ...], str] = field(default_factory=dict)
    join_sql: list[str] = field(default_factory=list)

    @property
    def table(self) -> Table:
        """The table of the row."""
        if self.info.table is None:
            raise Unplannable(self.info.name)
        return self.info.table

    @property
    def spec(self) -> TypeSpec:
        """The declaration of the row's type."""
        if self.info.spec is None:
            raise Unplannable(self.info.name)
        return self.info.spec

    def own(self, column: str) -> str:
        """Return a column of the row itself."""
        self.used.add(column)
        return f'{self.alias}."{column}"'


def where_text(conditions: Sequence[str]) -> str:
    """Return the WHERE of these conditions, empty where there is none."""
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""
