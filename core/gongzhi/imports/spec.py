"""What an importable entity declares: its columns, and how its rows meet those already there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from gongzhi.imports.reader import Limits

if TYPE_CHECKING:
    from gongzhi.imports.engine import Run
    from gongzhi.imports.parse import Parser
    from gongzhi.imports.table import Table


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file."""

    code: str
    """Its English name: a header may be this or the Chinese title."""
    title: str
    """Its Chinese title, which templates have."""
    parser: Parser
    required: bool = False
    help: str = ""
    """What to fill in, for the second row of a template."""
    example: str = ""
    also: tuple[str, ...] = ()
    """Other headers that mean this column."""
    mask: Callable[[Any], str] | None = None
    """For personal values: what of a value a preview may show."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows of the file by what becomes of them."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0


class Plan(Protocol):
    """What an import will write: made once for each run, from rows that are valid."""

    @property
    def tally(self) -> Tally:
        """Rows by what becomes of them."""
        ...

    async def write(self, run: Run, batch_id: int) -> None:
        """Write it, inside the transaction of the run."""
        ...


class Planner(Protocol):
    """How the rows of a file meet those already there.

    :class:`gongzhi.imports.trees.TreePlanner` does it for a table that is a tree.
    """

    @property
    def writes(self) -> Sequence[str]:
        """Tables that it changes; nobody else changes them meanwhile."""
        ...

    @property
    def reads(self) -> Sequence[str]:
        """Tables that it relies on; nobody changes them meanwhile."""
        ...

    async def plan(self, run: Run, table: Table) -> Plan:
        """Compare with what is there. Rows that are refused go to ``table.errors``."""
        ...


@dataclass(frozen=True, slots=True)
class ImportSpec:
    """An importable entity, for the hook ``register_imports``."""

    name: str
    """On the command line: ``gongzhi import <name> FILE``; also ``ImportBatch.entity``."""
    title_zh: str
    title_en: str
    columns: tuple[Column, ...]
    match: tuple[str, ...]
    """Columns by which a row is recognised as one already there; for people to read."""
    planner: Planner
    code_lists: tuple[str, ...] = ()
    """The code lists that its columns name."""
    limits: Limits = field(default_factory=Limits)
