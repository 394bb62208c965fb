"""Core execution: graphql-core runs the operation, planned fields still take one statement each.

A planned field of the root compiles its whole subtree and returns dictionaries keyed by response
key; everything below it that is planned is then a look-up. Python fields get the columns that
they named, and what they return of a planned type is read, scope and all, by its key.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLScalarType,
)
from graphql.language import ast

from gongzhi.database.reads import StatementTooDeepError
from gongzhi.graph.mutations import Mutate, Outcome
from gongzhi.graph.sources import Computed
from gongzhi_schema.catalogue import Catalogue, FieldInfo, TypeInfo
from gongzhi_schema.query.frames import READS, TYPE, Plan
from gongzhi_schema.query.planner import Compiler
from gongzhi_schema.query.selection import Selections
from gongzhi_schema.query.values import BadInput, Bind
from gongzhi_schema.query.writes import Payload

_TEXT_SCALARS = ("Date", "DateTime", "Decimal")


class Execution:
    """The context value of one core execution."""

    def __init__(
        self,
        engine: Any,
        fragments: Any,
        bind: Bind,
        *,
        request_id: str = "",
        language: str = "zh",
    ) -> None:
        self.engine = engine
        self.fragments = fragments
        self.bind = bind
        self.viewer = bind.viewer
        self.request_id = request_id
        self.language = language

    def compiler(self, *, flat: bool) -> Compiler:
        """Return a compiler for this operation and viewer."""
        return Compiler(
            self.engine.catalogue,
            self.engine.dialect,
            self.bind.viewer.shape,
            self.engine.limits,
            Selections(self.engine.catalogue, self.fragments, self.bind.variables),
            self.bind.variables,
            for_core=True,
            flat=flat,
        )

    async def root_field(self, nodes: list[ast.FieldNode]) -> Any:
        """Read one planned field of the root."""
        return await self._read(nodes, lambda compiler: compiler.root_field(nodes))

    async def row(self, type_name: str, nodes: list[ast.FieldNode], key: int) -> Any:
        """Read the row that a Python field named, under the viewer's scope."""
        return await self._read(nodes, lambda compiler: compiler.row(type_name, nodes), key)

    async def _read(
        self,
        nodes: list[ast.FieldNode],
        plan: Callable[[Compiler], Plan],
        key: int | None = None,
    ) -> Any:
        bind = replace(self.bind, key=key)
        try:
            try:
                made = plan(self.compiler(flat=False))
                found = await self.engine.reader.text(made.sql, made.bind(bind))
            except StatementTooDeepError:
                made = plan(self.compiler(flat=True))
                found = await self.engine.reader.text(made.sql, made.bind(bind))
        except BadInput as exc:
            raise GraphQLError(str(exc), nodes, extensions={"code": "BAD_USER_INPUT"}) from exc
        return None if found is None else orjson.loads(found)


def install(catalogue: Catalogue) -> None:
    """Give every field of a composed schema its resolver for core execution."""
    for info in catalogue.types.values():
        info.graphql.is_type_of = None
        for field in info.fields.values():
            _install_field(catalogue, info, field)
    for kind in catalogue.schema.type_map.values():
        if (isinstance(kind, GraphQLScalarType) and kind.name in _TEXT_SCALARS) or (
            isinstance(kind, GraphQLEnumType) and not kind.name.startswith("__")
        ):
            _let_texts_through(kind)
    for name in catalogue.abstract:
        abstract: Any = catalogue.schema.type_map[name]
        abstract.resolve_type = _concrete_type(abstract.resolve_type)


def _install_field(catalogue: Catalogue, info: TypeInfo, field: FieldInfo) -> None:
    target = catalogue.types.get(field.type_name)
    planned = target is not None and target.spec is not None
    original = field.graphql.resolve
    if isinstance(field.source, Mutate):
        field.graphql.resolve = _written(field.source)
    elif isinstance(field.source, Outcome):
        field.graphql.resolve = _outcome(field.type_name if planned else None)
    elif isinstance(field.source, Computed):
        field.graphql.resolve = _computed(field.source, field.type_name if planned else None)
    elif info.name == "Query":
        if field.source is not None:
            field.graphql.resolve = _planned_root
        elif planned and original is not None:
            field.graphql.resolve = _python_root(original, field.type_name)
    elif original is not None:
        field.graphql.resolve = _look_up(original)


def _planned_root(_source: Any, info: GraphQLResolveInfo[Any], **_arguments: Any) -> Any:
    return info.context.root_field(list(info.field_nodes))


def _written(source: Mutate) -> Callable[..., Any]:
    async def resolve(_root: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Payload:
        context = info.context
        if context.engine.writes is None:
            message = "此处只能查询 · this server only reads"
            raise GraphQLError(message, extensions={"code": "READ_ONLY"})
        payload: Payload = await context.engine.writes.run(
            source,
            arguments["input"],
            context.viewer,
            request_id=context.request_id,
            language=context.language,
        )
        return payload

    return resolve


def _outcome(planned: str | None) -> Callable[..., Any]:
    def resolve(payload: Payload, info: GraphQLResolveInfo[Any], **_arguments: Any) -> Any:
        if planned is None or payload.key is None:
            return payload.value
        return info.context.row(planned, list(info.field_nodes), payload.key)

    return resolve


def _look_up(original: Callable[..., Any]) -> Callable[..., Any]:
    def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if type(source) is dict:
            return source[info.path.key]
        return original(source, info, **arguments)

    return resolve


def _computed(source: Computed, planned: str | None) -> Callable[..., Any]:
    def resolve(row: Any, info: GraphQLResolveInfo[Any], **_arguments: Any) -> Any:
        found = source.function(**row[READS + str(info.path.key)])
        if planned is None and not inspect.isawaitable(found):
            return found
        return _rows(found, info, planned)

    return resolve


def _python_root(original: Callable[..., Any], type_name: str) -> Callable[..., Any]:
    def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        return _rows(original(source, info, **arguments), info, type_name)

    return resolve


async def _rows(found: Any, info: GraphQLResolveInfo[Any], type_name: str | None) -> Any:
    """Replace the keys that Python returned by their rows, as far as the viewer may see them."""
    if inspect.isawaitable(found):
        found = await found
    if type_name is None:
        return found
    nodes = list(info.field_nodes)
    if isinstance(found, list):
        rows = [await info.context.row(type_name, nodes, key) for key in found]
        return [row for row in rows if row is not None]
    if found is None:
        return None
    return await info.context.row(type_name, nodes, found)


def _let_texts_through(kind: Any) -> None:
    """Keep values that SQL has already written; Python values are written as before."""
    original = kind.coerce_output_value

    def write(value: Any) -> Any:
        return value if type(value) is str else original(value)

    kind.coerce_output_value = write
    kind.serialize = write


def _concrete_type(original: Any) -> Callable[..., Any]:
    def resolve(value: Any, info: Any, kind: Any) -> Any:
        if type(value) is dict:
            return value[TYPE]
        return original(value, info, kind) if original else None

    return resolve
