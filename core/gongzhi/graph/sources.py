"""Where the value of a field comes from. The planner compiles these; nobody writes resolvers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tortoise.models import Model

from gongzhi.graph.scope import Where

METADATA_KEY = "gongzhi"
"""Key of the source in the metadata of a strawberry field."""


class Sql(Protocol):
    """What an :class:`Expression` may ask of the planner while its SQL text is made."""

    def column(self, name: str) -> str:
        """Return a column of the row that the field belongs to."""
        ...

    def outer(self, name: str) -> str:
        """Return a column of the row that an edge starts from, in the condition of the edge."""
        ...

    def argument(self, name: str, kind: str = "text") -> str | None:
        """Return the placeholder of an argument, None where the client gave none or null.

        :param kind: as of a column, or ``id:Organization`` for the key in a global id of a
            type, ``id`` for that of any.
        """
        ...

    def value(self, get: Callable[[Any], Any], kind: str = "text") -> str:
        """Return the placeholder of a value taken at run time from the request's bind context."""
        ...

    def visible(self, model: type[Model], alias: str) -> str:
        """Return the viewer's predicate on another table: every table reference needs it."""
        ...

    def given(self, name: str) -> Callable[[Any], Any] | None:
        """Return a getter of an argument's value, None where the client gave none or null."""
        ...

    def list_argument(self, name: str, expression: str) -> str | None:
        """Return the condition that an expression is in a list argument, None where not given."""
        ...

    def family(self, expression: str, code_list: str, family: str) -> str:
        """Return the condition that a code belongs to a family of its list."""
        ...

    def after(self, path: str) -> str:
        """Return the end of the range of the subtree at a path."""
        ...

    @property
    def sqlite(self) -> bool:
        """The dialect is SQLite, else PostgreSQL."""
        ...


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument that a client may give to a field."""

    name: str
    type: Any
    description: str
    default: Any = None


@dataclass(frozen=True, slots=True)
class Source:
    """Base of all sources."""


@dataclass(frozen=True, slots=True)
class Column(Source):
    """A column; ``person.name_masked`` follows foreign keys and is covered by the row's scope."""

    path: str = ""


@dataclass(frozen=True, slots=True)
class CodeOf(Source):
    """A column with a code of an open list, served as ``Code { code labelZh labelEn }``."""

    list: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Constant:
    """A fixed value in a :class:`Group`, such as a unit."""

    value: str


@dataclass(frozen=True, slots=True)
class Group(Source):
    """An object made of further columns of the same row; null where its first column is null."""

    columns: Mapping[str, str | Constant]
    """Field of the object → column, or a constant."""


@dataclass(frozen=True, slots=True)
class Itself(Source):
    """The same row as another type over the same table."""

    arguments: tuple[Argument, ...] = ()
    """For the expressions of the other type."""


@dataclass(frozen=True, slots=True)
class One(Source):
    """A to-one edge along a foreign key of the row."""

    path: str = ""


@dataclass(frozen=True, slots=True)
class Many(Source):
    """A to-many edge, as a list or a connection; at the root every visible row of the type.

    Where the field's type is neither, it gives the first row of the order, null without any.
    """

    by: str = ""
    """Foreign key of the child that points at this row; empty at the root.

    Also an integer column with the keys of rows of several types, such as ``subject_id``; which of
    them are of this type is then said by ``where``, as in ``{"subject_type": "Issue"}``. Empty
    elsewhere too where ``condition`` says by :meth:`Sql.outer` which rows belong to this one.
    """
    local: str = "id"
    """Column of this row that ``by`` points at."""
    model: type[Model] | None = None
    """The table in between, for many-to-many; ``to`` is then its foreign key to the target."""
    to: str = ""
    within: str = ""
    """Path column of the child: all rows in the subtree of this row, whatever their depth."""
    ancestors: bool = False
    """The rows above this one in its own tree, from the root down."""
    where: Where = field(default_factory=dict)
    condition: Callable[[Sql, str], str] | None = None
    """Extra SQL condition, given the planner and the alias of the child."""
    order: tuple[str, ...] = ()
    """Sort columns where the client names no order; for a connection never null."""
    descending: bool = False
    """``order`` the other way round, as for what is new first."""
    filters: bool = True
    """Offer the filters and orders that the target type declares."""
    arguments: tuple[Argument, ...] = ()
    limit: int = 200
    """Most rows of a plain list; what is not small is a connection."""


@dataclass(frozen=True, slots=True)
class Count(Source):
    """How many visible rows a :class:`Many` would give."""

    many: Many


@dataclass(frozen=True, slots=True)
class Lookup(Source):
    """A single row at the root, by its id or by one of the unique columns."""

    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expression(Source):
    """Any SQL expression over the row; the last resort within one statement."""

    sql: Callable[[Sql], str]
    arguments: tuple[Argument, ...] = ()
    kind: str = "text"
    """text, int, bool, date, instant, decimal or json: how the value is written."""
    counts: bool = False
    """It looks at many rows, and costs as a count does."""


@dataclass(frozen=True, slots=True)
class Tally(Source):
    """A kept count of the subtree: the sum of the counter rows of a metric."""

    metric: str
    permission: str = "core.statistics.read"
    bucket: Argument | None = None
    """Argument that picks one bucket."""
    split: bool = False
    """One ``Tally { code count }`` per bucket instead of the sum."""
    band: Callable[[Sql, str], str] | None = None
    """SQL that maps a bucket to a coarser one, e.g. a birth year to an age band."""
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True)
class Registers(Source):
    """The register catalogue, with counts over what the viewer may see."""


@dataclass(frozen=True, slots=True)
class NodeById(Source):
    """``node(id:)`` or, as a list, ``nodes(ids:)``."""


@dataclass(frozen=True, slots=True)
class Own(Source):
    """The viewer's own row at the root, by the scope's owner column; null without a token."""


@dataclass(frozen=True, slots=True)
class ViewerValue(Source):
    """A value of the viewer itself, such as its roles."""

    get: Callable[[Any], Any]
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Can(Source):
    """What the viewer may do with the row now: an object with one ``Ability`` an action."""

    state: str = "state"


@dataclass(frozen=True, slots=True)
class Ability(Source):
    """Whether one action leaves the row's state and the viewer has its permission there."""

    steps: tuple[tuple[tuple[str, ...], str], ...]
    """For each step its states and its permission."""


@dataclass(frozen=True, slots=True)
class Computed(Source):
    """A Python function over named columns of the row: the slow path, for what SQL cannot say."""

    function: Callable[..., Any]
    reads: tuple[str, ...] = ()
