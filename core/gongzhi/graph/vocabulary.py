"""The words in which a module describes its graph.

A type says over which table it stands and whose rows these are; a field says where its value
comes from. A field without a source is the column of the same name::

    @node(models.Station, scope=Scope.of("operator"), read="stations.station.read")
    class Station(Node):
        \"\"\"驿站 · a service station.\"\"\"

        name: str
        operator: Organization | None = one()
        members: Connection[Member] = many(by="station")
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar, dataclass_transform

import strawberry
from strawberry.types.base import get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition
from tortoise.models import Model

from gongzhi.graph.scope import Scope, Where
from gongzhi.graph.sources import (
    METADATA_KEY,
    Argument,
    CodeOf,
    Column,
    Computed,
    Constant,
    Count,
    Expression,
    Group,
    Itself,
    Lookup,
    Many,
    NodeById,
    One,
    Own,
    Registers,
    Source,
    Sql,
    Tally,
    ViewerValue,
)

T = TypeVar("T")


# ---- declarations of types -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hashed:
    """A filter by the keyed hash of a personal value; needs a permission of its own."""

    column: str
    permission: str


@dataclass(frozen=True, slots=True)
class TypeSpec:
    """What :func:`node` or :func:`record` was told about a type."""

    model: type[Model]
    scope: Scope
    read: str | None
    is_node: bool
    filters: tuple[str, ...] = ()
    hashed: Mapping[str, Hashed] | None = None
    orders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExtensionSpec:
    """The type to which the fields of a class are added."""

    target: type


_TYPE = "__gongzhi_type__"
_EXTENSION = "__gongzhi_extension__"


def type_spec(cls: type) -> TypeSpec | None:
    """Return what was declared about a type, None for types that stand over no table."""
    return cls.__dict__.get(_TYPE)


def extension_spec(cls: type) -> ExtensionSpec | None:
    """Return the target of an extension class, None for other classes."""
    return cls.__dict__.get(_EXTENSION)


# ---- fields --------------------------------------------------------------------------------------


def _field(source: Source, description: str | None, name: str | None = None) -> Any:
    return strawberry.field(metadata={METADATA_KEY: source}, description=description, name=name)


def column(path: str = "", *, description: str | None = None) -> Any:
    """Take a column of another name, or of a row reached along foreign keys: ``person.gender``."""
    return _field(Column(path), description)


def code(list: str, path: str = "", *, description: str | None = None) -> Any:  # noqa: A002  # reads as what it is
    """Take a column that holds a code of an open list; the field's type is ``Code``."""
    return _field(CodeOf(list, path), description)


def group(
    columns: Mapping[str, str | Constant], *, description: str | None = None
) -> Any:
    """Gather columns of the same row in an object of a ``@part`` type."""
    return _field(Group(columns), description)


def itself(*, description: str | None = None) -> Any:
    """Show the same row as another type over the same table and scope."""
    return _field(Itself(), description)


def one(path: str = "", *, description: str | None = None) -> Any:
    """Follow a foreign key; the field is nullable, since the other row may not be visible."""
    return _field(One(path), description)


def many(
    by: str = "",
    *,
    local: str = "id",
    model: type[Model] | None = None,
    to: str = "",
    within: str = "",
    ancestors: bool = False,
    where: Where | None = None,
    condition: Callable[[Sql, str], str] | None = None,
    order: tuple[str, ...] = (),
    filters: bool = True,
    arguments: tuple[Argument, ...] = (),
    limit: int = 200,
    description: str | None = None,
) -> Any:
    """Take many rows, see :class:`gongzhi.graph.sources.Many`; list or connection by its type."""
    source = Many(
        by=by,
        local=local,
        model=model,
        to=to,
        within=within,
        ancestors=ancestors,
        where=where or {},
        condition=condition,
        order=order,
        filters=filters,
        arguments=arguments,
        limit=limit,
    )
    return _field(source, description)


def count(
    by: str = "",
    *,
    of: type[Model],
    within: str = "",
    where: Where | None = None,
    description: str | None = None,
) -> Any:
    """Count the visible rows of a table that point at this row."""
    return _field(Count(Many(by=by, model=of, within=within, where=where or {})), description)


def lookup(*keys: str, description: str | None = None) -> Any:
    """Find one row at the root by ``id`` or by one of the unique columns."""
    return _field(Lookup(keys), description)


def expression(
    sql: Callable[[Sql], str],
    *,
    arguments: tuple[Argument, ...] = (),
    kind: str = "text",
    description: str | None = None,
) -> Any:
    """Compute a value in SQL."""
    return _field(Expression(sql, arguments, kind), description)


def tally(
    metric: str,
    *,
    permission: str = "core.statistics.read",
    bucket: Argument | None = None,
    split: bool = False,
    band: Callable[[Sql, str], str] | None = None,
    arguments: tuple[Argument, ...] = (),
    description: str | None = None,
) -> Any:
    """Read a kept count of the subtree, at the same cost for a street and for a district."""
    return _field(Tally(metric, permission, bucket, split, band, arguments), description)


def registers(*, description: str | None = None) -> Any:
    """Serve the register catalogue."""
    return _field(Registers(), description)


def node_by_id(*, description: str | None = None) -> Any:
    """Find any node by its global id."""
    return _field(NodeById(), description)


def own(*, description: str | None = None) -> Any:
    """Give the viewer's own row."""
    return _field(Own(), description)


def viewer_value(
    get: Callable[[Any], Any], *, kind: str = "text", description: str | None = None
) -> Any:
    """Give a value of the viewer itself."""
    return _field(ViewerValue(get, kind), description)


def computed(
    function: Callable[..., Any], *, reads: Iterable[str] = (), description: str | None = None
) -> Any:
    """Compute in Python from the named columns; nullable when added to another's type.

    The function takes the columns by keyword. An operation that selects such a field leaves the
    fast path.
    """
    return _field(Computed(function, tuple(reads)), description or inspect.getdoc(function))


_SPECIFIERS = (
    column,
    code,
    group,
    itself,
    one,
    many,
    count,
    lookup,
    expression,
    tally,
    registers,
    node_by_id,
    own,
    viewer_value,
    computed,
)


# ---- closed sets ---------------------------------------------------------------------------------

E = TypeVar("E", bound=Enum)


def closed(enum: type[E], labels: Mapping[E, tuple[str, str]]) -> None:
    """Make a closed set a GraphQL enum, each value described in Chinese and English.

    :raises KeyError: when a value has no label.
    """
    strawberry.enum(enum, description=inspect.cleandoc(enum.__doc__ or ""))
    definition: StrawberryEnumDefinition = enum.__dict__["__strawberry_definition__"]
    for value in definition.values:
        value.description = " · ".join(labels[enum[value.name]])


# ---- types ---------------------------------------------------------------------------------------


@strawberry.interface(name="Node", description="可按全局编号取得的对象 · anything with a global id")
class Node:
    """Anything with a global id ``Type:42``."""

    id: strawberry.ID = strawberry.field(
        description="全局编号，形如 Type:42 · global id such as Type:42",
        metadata={METADATA_KEY: Column("id")},
    )


@strawberry.type(description="分页信息 · where a page stands in its list")
class PageInfo:
    """Where a page stands; ``hasPreviousPage`` is true on every page reached by ``after``."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type(description="连接中的一项 · one item of a connection")
class Edge(Generic[T]):
    """One item of a connection and the cursor after which the next page starts."""

    cursor: str
    node: T


@strawberry.type(description="分页列表，按 Relay 约定 · a page of a list, as Relay defines it")
class Connection(Generic[T]):
    """A page of a list; ``totalCount`` is computed only where it is selected."""

    edges: list[Edge[T]]
    nodes: list[T]
    page_info: PageInfo
    total_count: int


def _made(cls: type) -> type:
    made: type = strawberry.type(cls, description=inspect.cleandoc(cls.__doc__ or "") or None)
    for made_field in get_object_definition(made, strict=True).fields:
        if made_field.base_resolver is None and METADATA_KEY not in made_field.metadata:
            made_field.metadata = {METADATA_KEY: Column(made_field.python_name)}
    return made


@dataclass_transform(kw_only_default=True, field_specifiers=_SPECIFIERS)
def node(
    model: type[Model],
    *,
    scope: Scope,
    read: str | None,
    filters: tuple[str, ...] = (),
    hashed: Mapping[str, Hashed] | None = None,
    orders: tuple[str, ...] = (),
) -> Callable[[type[T]], type[T]]:
    """Declare a type over a table, reachable by ``node(id:)``.

    :param scope: whose rows these are.
    :param read: the permission without which no row is seen; None only for public types.
    :param filters: fields by which a client may filter; each over an indexed column.
    :param orders: fields by which a client may order; indexed and never null.
    """

    def wrap(cls: type[T]) -> type[T]:
        if not issubclass(cls, Node):
            message = f"{cls.__name__} is a @node and must inherit from gongzhi.graph.Node"
            raise TypeError(message)
        made = _made(cls)
        setattr(made, _TYPE, TypeSpec(model, scope, read, True, filters, hashed, orders))  # noqa: FBT003
        return made

    return wrap


@dataclass_transform(kw_only_default=True, field_specifiers=_SPECIFIERS)
def record(
    model: type[Model],
    *,
    scope: Scope,
    read: str | None,
    filters: tuple[str, ...] = (),
    orders: tuple[str, ...] = (),
) -> Callable[[type[T]], type[T]]:
    """Declare a type over a table whose rows are met only along edges, without a global id."""

    def wrap(cls: type[T]) -> type[T]:
        made = _made(cls)
        setattr(made, _TYPE, TypeSpec(model, scope, read, False, filters, None, orders))  # noqa: FBT003
        return made

    return wrap


@dataclass_transform(kw_only_default=True, field_specifiers=_SPECIFIERS)
def part(cls: type[T]) -> type[T]:
    """Declare an object made of columns of the row that holds it, see :func:`group`."""
    made: type[T] = _made(cls)
    return made


@dataclass_transform(kw_only_default=True, field_specifiers=_SPECIFIERS)
def extends(target: type) -> Callable[[type[T]], type[T]]:
    """Add the fields of a class to a type that the plugin does not own, ``Query`` included."""

    def wrap(cls: type[T]) -> type[T]:
        made: type[T] = _made(cls)
        setattr(made, _EXTENSION, ExtensionSpec(target))
        return made

    return wrap


# ---- roots and shared values ---------------------------------------------------------------------


@strawberry.type(description="查询 · everything that can be read")
class Query:
    """The root of all reads; core and plugins add to it with ``@extends(Query)``."""


@strawberry.type(description="代码项 · an entry of an open code list")
class Code:
    """A code with its labels; a code that is in no list shows itself as its label."""

    code: str
    label_zh: str
    label_en: str


@strawberry.type(name="Tally", description="计数 · how many fall in one class")
class TallyRow:
    """One class of a roll-up and its count."""

    code: str
    count: int
