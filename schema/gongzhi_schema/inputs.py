"""Arguments that a field has because of where its value comes from: pages, filters, orders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Any

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryOptional, get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UNSET

from gongzhi.graph.sources import METADATA_KEY, Argument, CodeOf, Column, One
from gongzhi.graph.vocabulary import TypeSpec, type_spec


@strawberry.enum(description="排序方向 · direction of an order")
class OrderDirection(Enum):
    """Direction of an order."""

    ASC = strawberry.enum_value("ASC", description="升序 · ascending")
    DESC = strawberry.enum_value("DESC", description="降序 · descending")


@strawberry.input(description="按文本 · by a text")
class TextFilter:
    """Conditions on a text; all that are given must hold."""

    eq: str | None = strawberry.field(default=UNSET, description="等于 · equal to")
    in_: list[str] | None = strawberry.field(
        default=UNSET, name="in", description="其中之一 · one of these"
    )
    starts_with: str | None = strawberry.field(default=UNSET, description="以此开头 · begins with")


@strawberry.input(description="按代码 · by a code")
class CodeFilter:
    """Conditions on a code of an open list."""

    eq: str | None = strawberry.field(default=UNSET, description="等于 · equal to")
    in_: list[str] | None = strawberry.field(
        default=UNSET, name="in", description="其中之一 · one of these"
    )


@strawberry.input(description="按对象 · by a related object")
class IDFilter:
    """Conditions on a to-one edge."""

    eq: strawberry.ID | None = strawberry.field(default=UNSET, description="等于 · equal to")
    in_: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, name="in", description="其中之一 · one of these"
    )


@strawberry.input(description="按日期 · by a date")
class DateFilter:
    """Conditions on a date."""

    eq: dt.date | None = strawberry.field(default=UNSET, description="等于 · equal to")
    gte: dt.date | None = strawberry.field(default=UNSET, description="不早于 · on or after")
    lt: dt.date | None = strawberry.field(default=UNSET, description="早于 · before")


@strawberry.input(description="按时刻，须带时区 · by an instant, given with its time zone")
class DateTimeFilter:
    """Conditions on an instant; no equality, for what is shown of it is cut to the millisecond."""

    gte: dt.datetime | None = strawberry.field(default=UNSET, description="不早于 · at or after")
    lt: dt.datetime | None = strawberry.field(default=UNSET, description="早于 · before")


@strawberry.input(description="按数字 · by a number")
class IntFilter:
    """Conditions on a number."""

    eq: int | None = strawberry.field(default=UNSET, description="等于 · equal to")
    gte: int | None = strawberry.field(default=UNSET, description="不小于 · at least")
    lt: int | None = strawberry.field(default=UNSET, description="小于 · less than")


@cache
def _enum_filter(enum: type[Enum]) -> type:
    name = enum.__dict__["__strawberry_definition__"].name
    namespace = {
        "__annotations__": {"eq": enum | None, "in_": list[enum] | None},  # type: ignore[valid-type]
        "eq": strawberry.field(default=UNSET, description="等于 · equal to"),
        "in_": strawberry.field(default=UNSET, name="in", description="其中之一 · one of these"),
    }
    made: type = strawberry.input(
        type(f"{name}Filter", (), namespace), description=f"按 {name} 的取值 · by {name}"
    )
    return made


def _value_type(field: StrawberryField) -> Any:
    kind = field.type
    return kind.of_type if isinstance(kind, StrawberryOptional) else kind


def _filter_for(field: StrawberryField) -> Any:
    source = field.metadata[METADATA_KEY]
    if isinstance(source, CodeOf):
        return CodeFilter
    if isinstance(source, One):
        return IDFilter
    if not isinstance(source, Column):
        return None
    kind = _value_type(field)
    if isinstance(kind, StrawberryEnumDefinition):
        return _enum_filter(kind.wrapped_cls)
    simple: dict[Any, Any] = {
        str: TextFilter,
        dt.date: DateFilter,
        dt.datetime: DateTimeFilter,
        int: IntFilter,
        bool: bool,
    }
    return simple.get(kind)


def fields_of(cls: type) -> dict[str, StrawberryField]:
    """Return the fields of a type by their Python names."""
    return {f.python_name: f for f in get_object_definition(cls, strict=True).fields}


def has_tree(spec: TypeSpec) -> bool:
    """Whether rows of the type can be asked for by the subtree that they are in."""
    return spec.scope.path is not None or "path" in spec.model._meta.fields_map  # noqa: SLF001


@cache
def filter_input(cls: type) -> type | None:
    """Return the filter input of a type, None where it declares no filter."""
    spec = type_spec(cls)
    if spec is None:
        return None
    annotations: dict[str, Any] = {}
    namespace: dict[str, Any] = {}
    if has_tree(spec):
        annotations["within"] = strawberry.ID | None
        what = "某地域" if spec.scope.path is None else "某组织"
        namespace["within"] = strawberry.field(
            default=UNSET, description=f"{what}及其下级之内 · in the whole subtree of this one"
        )
    known = fields_of(cls)
    for name in spec.filters:
        made = _filter_for(known[name]) if name in known else None
        if made is None:
            continue  # reported by the composer, with its reason
        annotations[name] = made | None
        namespace[name] = strawberry.field(default=UNSET, description=known[name].description)
    for name in spec.hashed or {}:
        annotations[name] = str | None
        namespace[name] = strawberry.field(
            default=UNSET,
            description="精确查找，需要查找权限 · exact look-up, needs a permission of its own",
        )
    if not annotations:
        return None
    namespace["__annotations__"] = annotations
    return strawberry.input(
        type(f"{cls.__name__}Filter", (), namespace),
        description=f"筛选 {cls.__name__}，各条件须同时满足 · conditions, all of which must hold",
    )


@cache
def order_input(cls: type) -> type | None:
    """Return the order input of a type, None where it declares no order."""
    spec = type_spec(cls)
    if spec is None or not spec.orders:
        return None
    names = {name.upper(): name for name in spec.orders}
    made: Any = Enum(f"{cls.__name__}OrderField", names)  # type: ignore[misc]  # names of a spec
    field_enum = strawberry.enum(
        made, description=f"排序 {cls.__name__} 的字段 · fields to order by"
    )
    known = fields_of(cls)
    for value in field_enum.__dict__["__strawberry_definition__"].values:
        if (field := known.get(names[value.name])) is not None:
            value.description = field.description
    namespace = {
        "__annotations__": {"field": field_enum, "direction": OrderDirection},
        "field": strawberry.field(description="按此字段 · by this field"),
        "direction": strawberry.field(
            default=OrderDirection.ASC, description="方向 · which way round"
        ),
    }
    return strawberry.input(
        type(f"{cls.__name__}Order", (), namespace),
        description=f"排序 {cls.__name__} · order of a list",
    )


def argument(
    name: str, kind: Any, description: str = "", default: Any = UNSET
) -> StrawberryArgument:
    """Make one argument of a field."""
    return StrawberryArgument(
        python_name=name,
        graphql_name=None,
        type_annotation=StrawberryAnnotation(kind),
        description=description or None,
        default=default,
    )


def declared(arguments: tuple[Argument, ...]) -> Iterator[StrawberryArgument]:
    """Make the arguments that a source declares itself."""
    for a in arguments:
        yield argument(a.name, a.type, a.description, UNSET if a.default is None else a.default)


def page_arguments(target: type, *, filters: bool) -> Iterator[StrawberryArgument]:
    """Make the arguments of a connection over a type."""
    yield argument("first", int | None, "每页数量，默认 20 · page size, 20 where absent")
    yield argument("after", str | None, "上一页末项的游标 · cursor of the last item seen")
    if not filters:
        return
    if (made := filter_input(target)) is not None:
        yield argument("filter", made | None, "筛选条件 · conditions")
    if (made := order_input(target)) is not None:
        yield argument("order", made | None, "排序 · order")
