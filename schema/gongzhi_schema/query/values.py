"""Values of a request: arguments, global ids, cursors, and how each reaches the statement."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import orjson
from graphql import (
    GraphQLArgument,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNonNull,
    Undefined,
    get_named_type,
    value_from_ast,
)
from graphql.language import ast

from gongzhi.clock import today

if TYPE_CHECKING:
    from gongzhi.access.viewer import Viewer
    from gongzhi.registry.rules import Norms

MAX_ID = 2**63 - 1

_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|\+00:00)"
)
"""Of the many forms that Python reads, the two in which the databases give an instant."""


class Unplannable(Exception):  # noqa: N818  # not an error: the operation runs in core
    """The planner will not compile this; graphql-core executes it."""


class BadInput(Exception):  # noqa: N818  # becomes a GraphQL error with the code BAD_USER_INPUT
    """A client's value is refused; the message is Chinese, then English."""


@dataclass(slots=True)
class Bind:
    """What a plan is bound to at one request."""

    variables: Mapping[str, Any]
    viewer: Viewer
    zone: dt.tzinfo
    """Where a day begins."""
    norms: Norms
    """Figures that the deployment may set, for rules that run in SQL."""
    digest: Callable[[str], str]
    """The keyed hash of a personal value."""
    settings: Callable[[type[Any]], Any]
    """The settings of a plugin, by their class."""
    key: int | None = None
    """The row that a mutation wrote or a Python field named."""
    _today: dt.date | None = None
    _cursor: tuple[str, str, list[Any]] | None = None

    @property
    def today(self) -> dt.date:
        """The day of the request: one and the same for all that asks for it."""
        if self._today is None:
            self._today = today(self.zone)
        return self._today

    def cursor(self, text: str, order: str, kinds: Sequence[str]) -> list[Any]:
        """Return the sort values in a cursor: see :func:`decode_cursor`, here done once for all."""
        if self._cursor is None or self._cursor[:2] != (text, order):
            self._cursor = (text, order, decode_cursor(text, order, kinds))
        return self._cursor[2]


Getter = Callable[[Bind], Any]


class Value:
    """An argument: its value while planning, which decides the plan, and a getter for the rest.

    ``variable`` names the variable that the value is, ``constant`` says that it stands in the
    document itself. ``fields`` are those of an input object that is written out in the document:
    each is then read by itself, rather than the whole object for each of them.
    """

    __slots__ = ("_fields", "constant", "get", "sample", "variable")

    def __init__(
        self,
        sample: Any,
        get: Getter,
        *,
        variable: str | None = None,
        constant: bool = False,
        fields: Mapping[str, Value] | None = None,
    ) -> None:
        self.sample = sample
        self.get = get
        self.variable = variable
        self.constant = constant
        self._fields = fields or {}

    def items(self) -> list[tuple[str, Value]]:
        """Return the given fields of an input object, those that are null left out."""
        return [
            (key, self._fields.get(key) or self._item(key, sample))
            for key, sample in self.sample.items()
            if sample is not None
        ]

    def _item(self, key: str, sample: Any) -> Value:
        get = self.get
        return Value(sample, lambda bind: get(bind)[key], constant=self.constant)


class Arguments:
    """The arguments of one field, and of the fields around it."""

    __slots__ = ("_outer", "_own")

    def __init__(self, own: Mapping[str, Value], outer: Arguments | None = None) -> None:
        self._own = own
        self._outer = outer

    def find(self, name: str) -> Value | None:
        """Return an argument of this field or the nearest field around it that has it."""
        found = self._own.get(name)
        if found is None and self._outer is not None:
            return self._outer.find(name)
        return found

    def own(self, name: str) -> Value | None:
        """Return an argument of this field; None where absent or null."""
        return self._own.get(name)


def read_arguments(
    node: ast.FieldNode, declared: Mapping[str, GraphQLArgument], variables: Mapping[str, Any]
) -> dict[str, Value]:
    """Return the arguments that are not null, by GraphQL name.

    :raises BadInput: where one is null that must not be, which only a variable can bring about, or
        is no value of its type although it passed for one.
    """
    given = {a.name.value: a.value for a in node.arguments or ()}
    found: dict[str, Value] = {}
    for name, argument in declared.items():
        value = _read(given[name], argument.type, variables) if name in given else None
        if value is None:
            value = _default(argument)
        if value.sample is not None:
            found[name] = value
        elif isinstance(argument.type, GraphQLNonNull):
            message = f"{name} 不能为空 · {name} must not be null"
            raise BadInput(message)
    return found


def _default(argument: GraphQLArgument) -> Value:
    value = None if argument.default_value is Undefined else argument.default_value
    return Value(value, lambda _bind: value, constant=True)


def _read(
    node: ast.ValueNode, kind: GraphQLInputType, variables: Mapping[str, Any]
) -> Value | None:
    if isinstance(node, ast.VariableNode):
        name = node.name.value
        if name not in variables:
            return None
        return Value(variables[name], lambda bind: bind.variables[name], variable=name)
    sample = value_from_ast(node, kind, dict(variables))
    if sample is Undefined:  # such as a number of five thousand digits for an id
        message = "参数无效 · an argument is not valid"
        raise BadInput(message)
    if _has_variable(node):
        return Value(
            sample,
            lambda bind: value_from_ast(node, kind, dict(bind.variables)),
            fields=_read_fields(node, kind, variables),
        )
    return Value(sample, lambda _bind: sample, constant=True)


def _read_fields(
    node: ast.ValueNode, kind: GraphQLInputType, variables: Mapping[str, Any]
) -> dict[str, Value]:
    named = get_named_type(kind)
    if not (isinstance(node, ast.ObjectValueNode) and isinstance(named, GraphQLInputObjectType)):
        return {}
    found = {}
    for part in node.fields or ():
        declared = named.fields[part.name.value]
        value = _read(part.value, declared.type, variables)
        if value is not None:
            found[declared.out_name or part.name.value] = value
    return found


def _has_variable(node: ast.ValueNode) -> bool:
    if isinstance(node, ast.VariableNode):
        return True
    if isinstance(node, ast.ListValueNode):
        return any(map(_has_variable, node.values or ()))
    if isinstance(node, ast.ObjectValueNode):
        return any(_has_variable(f.value) for f in node.fields or ())
    return False


def shape(value: Any) -> Any:
    """Return what of a variable's value a plan may depend on: nulls, keys, and values of enums.

    The field and the direction of an order are enums, and they decide the statement.
    """
    if isinstance(value, dict):
        return tuple((key, shape(inner)) for key, inner in value.items())
    return value if isinstance(value, Enum) else value is None


def plain(value: Any) -> Any:
    """Return a coerced input value as the statement takes it."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    return value


def instant(value: dt.datetime) -> str:
    """Return an instant as SQLite keeps it, so that text order is time order; PostgreSQL reads it.

    :raises BadInput: when it has no time zone.
    """
    if value.tzinfo is None:
        message = "时刻须带时区，如 2026-11-23T09:30:00+08:00 · an instant needs its time zone"
        raise BadInput(message)
    return value.astimezone(dt.UTC).isoformat(" ")


# ---- global ids ----------------------------------------------------------------------------------


def split_id(value: str) -> tuple[str, int] | None:
    """Split ``Type:42``; None when it is not of that form."""
    name, _, number = value.partition(":")
    if not (number.isascii() and number.isdigit() and name) or (number[0] == "0" and number != "0"):
        return None
    key = int(number) if len(number) < 20 else MAX_ID + 1  # noqa: PLR2004  # digits of 2**63
    return (name, key) if key <= MAX_ID else None


def key_of(value: str, *types: str) -> int:
    """Return the key in a global id of one of these types.

    :raises BadInput: when it is not one.
    """
    found = split_id(value)
    if found is None or (types and found[0] not in types):
        wanted = " / ".join(f"{t}:…" for t in types) or "Type:…"
        message = f"编号格式应为 {wanted} · the id must be of the form {wanted}"
        raise BadInput(message)
    return found[1]


# ---- pages ---------------------------------------------------------------------------------------


def page_size(value: Any, maximum: int) -> int:
    """Check the size of a page.

    :raises BadInput: when it is below 1 or above the maximum.
    """
    if not 1 <= value <= maximum:
        message = f"first 须在 1 至 {maximum} 之间 · first must be from 1 to {maximum}"
        raise BadInput(message)
    size: int = value
    return size


def decode_cursor(value: str, order: str, kinds: Sequence[str]) -> list[Any]:
    """Return the sort values, of these kinds, in a cursor made for this order.

    :raises BadInput: when the cursor is not ours or belongs to a list in another order.
    """
    try:
        found = orjson.loads(bytes.fromhex(value))
    except ValueError:
        found = None
    if not (
        isinstance(found, list)
        and len(found) == len(kinds) + 1
        and found[0] == order
        and all(map(_fits, found[1:], kinds))
    ):
        message = "游标无效，或属于另一种排序 · the cursor is not valid for this list and order"
        raise BadInput(message)
    return found[1:]


def _fits(value: Any, kind: str) -> bool:
    if kind == "int":
        return type(value) is int and abs(value) <= MAX_ID
    if not isinstance(value, str) or "\x00" in value:
        return False
    try:
        if kind == "date":
            return dt.date.fromisoformat(value).isoformat() == value
        if kind == "instant":
            return _INSTANT.fullmatch(value) is not None and bool(dt.datetime.fromisoformat(value))
    except ValueError:
        return False
    return True


def camel(name: str) -> str:
    """Return the GraphQL name of a Python name."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
