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

import datetime as dt
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, dataclass_transform

import strawberry
from strawberry.types.base import get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition
from tortoise.models import Model

from gongzhi.graph.docstrings import split_docstring
from gongzhi.graph.mutations import made_fields, mutation
from gongzhi.graph.scope import Scope, Where
from gongzhi.graph.sources import (
    METADATA_KEY,
    Ability,
    Argument,
    Can,
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

if TYPE_CHECKING:
    from gongzhi.writing.machine import StateMachine

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


def _field(source: Source) -> Any:
    return strawberry.field(metadata={METADATA_KEY: source})


def column(path: str = "") -> Any:
    """Take a column of another name, or of a row reached along foreign keys: ``person.gender``."""
    return _field(Column(path))


def coded(list: str, path: str = "") -> Any:  # noqa: A002  # reads as what it is
    """Take a column that holds a code of an open list; the field's type is ``Code``."""
    return _field(CodeOf(list, path))


def group(columns: Mapping[str, str | Constant]) -> Any:
    """Gather columns of the same row in an object of a ``@part`` type."""
    return _field(Group(columns))


def itself(*, arguments: tuple[Argument, ...] = ()) -> Any:
    """Show the same row as another type over the same table and scope.

    :param arguments: which the expressions of the other type take.
    """
    return _field(Itself(arguments))


def one(path: str = "") -> Any:
    """Follow a foreign key; the field is nullable, since the other row may not be visible."""
    return _field(One(path))


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
    descending: bool = False,
    filters: bool = True,
    arguments: tuple[Argument, ...] = (),
    limit: int = 200,
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
        descending=descending,
        filters=filters,
        arguments=arguments,
        limit=limit,
    )
    return _field(source)


def count(
    by: str = "",
    *,
    of: type[Model],
    within: str = "",
    where: Where | None = None,
) -> Any:
    """Count the visible rows of a table that point at this row."""
    return _field(Count(Many(by=by, model=of, within=within, where=where or {})))


def lookup(*keys: str) -> Any:
    """Find one row at the root by ``id`` or by one of the unique columns."""
    return _field(Lookup(keys))


def expression(
    sql: Callable[[Sql], str],
    *,
    arguments: tuple[Argument, ...] = (),
    kind: str = "text",
    counts: bool = False,
) -> Any:
    """Compute a value in SQL.

    :param counts: it looks at many rows, and is to cost as a count does.
    """
    return _field(Expression(sql, arguments, kind, counts))


def tally(
    metric: str,
    *,
    permission: str = "core.statistics.read",
    bucket: Argument | None = None,
    split: bool = False,
    band: Callable[[Sql, str], str] | None = None,
    arguments: tuple[Argument, ...] = (),
) -> Any:
    """Read a kept count of the subtree, at the same cost for a street and for a district."""
    return _field(Tally(metric, permission, bucket, split, band, arguments))


def registers() -> Any:
    """Serve the register catalogue."""
    return _field(Registers())


def node_by_id() -> Any:
    """Find any node by its global id."""
    return _field(NodeById())


def own() -> Any:
    """Give the viewer's own row."""
    return _field(Own())


def viewer_value(get: Callable[[Any], Any], *, kind: str = "text") -> Any:
    """Give a value of the viewer itself."""
    return _field(ViewerValue(get, kind))


def computed(function: Callable[..., Any], *, reads: Iterable[str] = ()) -> Any:
    """Compute in Python from the named columns; nullable when added to another's type.

    The function takes the columns by keyword. An operation that selects such a field leaves the
    fast path.
    """
    return _field(Computed(function, tuple(reads)))


def can(state: str = "state") -> Any:
    """Say what the viewer may do with the row now; the field's type is made by :func:`abilities`.

    :param state: the column that holds the state.
    """
    return _field(Can(state))


def abilities(machine: StateMachine[Any]) -> Callable[[type[T]], type[T]]:
    r"""Make the type of ``viewer_can``: one Boolean for each action of a state machine.

    ::

        @abilities(MACHINE)
        class IssueViewerCan:
            \"\"\"对该问题可办理的事项 · what the viewer may do with an issue.\"\"\"

    True where the state allows the action and the viewer has its permission where the row
    belongs; guards that need more facts are checked when it is done.
    """

    def wrap(cls: type[T]) -> type[T]:
        cls.__annotations__ = dict.fromkeys(machine.actions, bool)
        for action in machine.actions:
            steps = machine.of(action)
            source = Ability(
                tuple(
                    (tuple(state.name for state in step.sources), step.permission) for step in steps
                )
            )
            field = strawberry.field(
                description=f"可否{steps[0].title_zh} · {steps[0].title_en}",
                metadata={METADATA_KEY: source},
            )
            setattr(cls, action, field)
        return _described(cls)

    return wrap


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


def described(*, name: str | None = None) -> Callable[[type[T]], type[T]]:
    """Make an ordinary GraphQL type whose docstring also describes its fields.

    For objects that stand over no table; see :mod:`gongzhi.graph.docstrings`.

    :param name: in the schema, where it is not that of the class.
    """
    return lambda cls: _described(cls, name)


def _described(cls: type[T], name: str | None = None) -> type[T]:
    made: type[T] = strawberry.type(cls, name=name)
    definition = get_object_definition(made, strict=True)
    names = {field.python_name for field in definition.fields}
    about, texts = split_docstring(cls.__doc__ or "", names)
    definition.description = about or None
    for field in definition.fields:
        field.description = texts.get(field.python_name, field.description)
    return made


@strawberry.interface(name="Node", description="可按全局编号取得的对象 · anything with a global id")
class Node:
    """Anything with a global id ``Type:42``."""

    id: strawberry.ID = strawberry.field(
        description="全局编号，形如 Type:42 · global id such as Type:42",
        metadata={METADATA_KEY: Column("id")},
    )


def _recorded(name: str, text: str) -> Any:
    return strawberry.field(description=text, metadata={METADATA_KEY: Column(name)})


@strawberry.interface(
    name="Transition", description="一次流转 · one step of something from a state to another"
)
class Transition:
    """One step from a state to another; over a table made from ``TransitionRecord``."""

    action: str = _recorded("action", "办理动作 · what was done")
    from_state: str = _recorded("from_state", "原状态，首次为空 · before, empty for the first")
    to_state: str = _recorded("to_state", "新状态 · after")
    actor: str = _recorded("actor", "办理账号 · the account that did it")
    occurred_at: dt.datetime = _recorded("occurred_at", "发生时间 · when it happened")
    recorded_at: dt.datetime = _recorded("recorded_at", "登记时间 · when it was entered")
    reason: str = _recorded("reason", "原因 · why")
    document: str = _recorded("document", "依据文件 · the document that it rests on")


@described()
class PageInfo:
    """分页信息 · where a page stands in its list.

    has_next_page: 后面还有 · more items follow
    has_previous_page: 不是第一页 · true on every page that was reached by a cursor
    start_cursor: 本页首项的游标 · cursor of the first item
    end_cursor: 本页末项的游标，用于取下一页 · cursor of the last item, for the next page
    """

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@described()
class Edge(Generic[T]):
    """分页列表中的一项 · one item of a connection.

    cursor: 此项的游标，其后为下一页 · the cursor after which a next page starts
    node: 此项本身 · the item itself
    """

    cursor: str
    node: T


@described()
class Connection(Generic[T]):
    """分页列表，按 Relay 约定 · a page of a list, as Relay defines it.

    edges: 本页各项及其游标 · the items of this page with their cursors
    nodes: 本页各项 · the items of this page
    page_info: 分页信息 · where this page stands
    total_count: 可见的总数，选取时才计算 · all visible items, counted only where selected
    """

    edges: list[Edge[T]]
    nodes: list[T]
    page_info: PageInfo
    total_count: int


def _made(cls: type) -> type:
    made: type = _described(cls)
    for made_field in get_object_definition(made, strict=True).fields:
        if made_field.base_resolver is None and METADATA_KEY not in made_field.metadata:
            made_field.metadata = MappingProxyType({METADATA_KEY: Column(made_field.python_name)})
    return made


@dataclass_transform(
    kw_only_default=True,
    field_specifiers=(
        column,
        coded,
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
        can,
        mutation,
    ),
)
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
        setattr(made, _TYPE, TypeSpec(model, scope, read, True, filters, hashed, orders))
        return made

    return wrap


@dataclass_transform(
    kw_only_default=True,
    field_specifiers=(
        column,
        coded,
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
        can,
        mutation,
    ),
)
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
        setattr(made, _TYPE, TypeSpec(model, scope, read, False, filters, None, orders))
        return made

    return wrap


@dataclass_transform(
    kw_only_default=True,
    field_specifiers=(
        column,
        coded,
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
        can,
        mutation,
    ),
)
def part(cls: type[T]) -> type[T]:
    """Declare an object made of columns of the row that holds it, see :func:`group`."""
    made: type[T] = _made(cls)
    return made


@dataclass_transform(
    kw_only_default=True,
    field_specifiers=(
        column,
        coded,
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
        can,
        mutation,
    ),
)
def extends(target: type) -> Callable[[type[T]], type[T]]:
    """Add the fields of a class to a type that the plugin does not own, ``Query`` included."""

    def wrap(cls: type[T]) -> type[T]:
        if target is Mutation:
            made_fields(cls)
        made: type[T] = _made(cls)
        setattr(made, _EXTENSION, ExtensionSpec(target))
        return made

    return wrap


# ---- roots and shared values ---------------------------------------------------------------------


@described()
class Query:
    """查询 · everything that can be read."""


@described()
class Mutation:
    """办理 · everything that can be changed; each either happens whole or not at all."""


@described()
class Code:
    """代码项 · an entry of an open code list.

    code: 代码 · the code
    label_zh: 中文名称 · Chinese label; the code itself where it is in no list
    label_en: 英文名称 · English label; the code itself where it is in no list
    """

    code: str
    label_zh: str
    label_en: str


@described(name="Tally")
class TallyRow:
    """分类计数 · how many fall in one class of a roll-up.

    code: 类别代码 · the class
    count: 数量 · how many
    """

    code: str
    count: int
