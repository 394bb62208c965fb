"""A third, plain implementation of every read, for tests: graphql-core, naive resolvers, Python.

It shares with the planner only the declarations (``gongzhi.graph``): rows come from the ORM, and
are filtered by :meth:`RowScope.covers`, sorted, cut and counted in Python. What a declaration says
in SQL is said again here in Python, from the rules of the registry.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter as Tallies
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    execute_sync,
    get_named_type,
    is_list_type,
    is_non_null_type,
    parse,
)
from graphql.execution.values import get_argument_values
from graphql.language import ast
from strawberry.types.base import get_object_definition
from tortoise import fields
from tortoise.models import Model

from gongzhi.access.viewer import Viewer
from gongzhi.graph.scope import Scope, Where
from gongzhi.graph.sources import (
    METADATA_KEY,
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
    Tally,
    ViewerValue,
)
from gongzhi.graph.vocabulary import Connection, TypeSpec, type_spec
from gongzhi.registry import rules
from gongzhi.registry import sql as registry_sql
from gongzhi.registry.models import Area, Code, Counter, Member, Organization, Person
from gongzhi.registry.rules import Norms
from gongzhi.settings import LimitSettings
from gongzhi_schema.compose import Composed
from tests.support.data import TODAY

_DEFINITION = "strawberry-definition"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|\+00:00)")
_ID = re.compile(r"([^:]+):(0|[1-9][0-9]*)")

Arguments = tuple[Mapping[str, Any], ...]
"""The arguments of a field and of the fields around it, the innermost first."""


def _bad(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})


def _code_of(error: GraphQLError) -> str:
    original = error.original_error
    missing = "BAD_USER_INPUT" if isinstance(original, GraphQLError) else "INTERNAL"
    return (error.extensions or {}).get("code", missing)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Row:
    """A row under its GraphQL type, and the arguments around it."""

    type: str
    row: Any
    around: Arguments


@dataclass(frozen=True)
class Request:
    """The context of one execution."""

    viewer: Viewer
    today: dt.date = TODAY


class Oracle:
    """Answers operations on rows in memory."""

    def __init__(
        self,
        composed: Composed,
        stored: Mapping[type[Model], Sequence[Any]],
        limits: LimitSettings,
        norms: Norms,
        digest: Callable[[str], str],
    ) -> None:
        self.schema = composed.graphql
        self.registers = composed.catalogue.registers
        self.stored = stored
        self.by_id = {model: {row.id: row for row in rows} for model, rows in stored.items()}
        self.limits = limits
        self.norms = norms
        self.digest = digest
        self.specs: dict[str, TypeSpec] = {}
        self.codes = {(c.list, c.code): c for c in stored[Code]}
        for name, kind in self.schema.type_map.items():
            if isinstance(kind, GraphQLObjectType) and not name.startswith("__"):
                self._install(name, kind)
            elif isinstance(kind, GraphQLInterfaceType):
                kind.resolve_type = lambda row, _info, _kind: row.type
            elif (isinstance(kind, GraphQLEnumType) and not name.startswith("__")) or name in (
                "Date",
                "DateTime",
                "Decimal",
            ):
                _let_through(kind)

    def answer(
        self,
        text: str,
        variables: Mapping[str, Any] | None,
        operation: str | None,
        viewer: Viewer,
    ) -> dict[str, Any]:
        """Execute a document that is valid."""
        result = execute_sync(
            self.schema,
            parse(text),
            context_value=Request(viewer),
            variable_values=dict(variables or {}),
            operation_name=operation,
        )
        errors = [{"path": e.path, "code": _code_of(e)} for e in result.errors or ()]
        return {"data": result.data, "errors": errors}

    # ---- declarations ----------------------------------------------------------------------------

    def _install(self, name: str, kind: GraphQLObjectType) -> None:
        kind.is_type_of = None
        definition = kind.extensions[_DEFINITION]
        spec = type_spec(definition.origin)
        if spec is not None:
            self.specs[name] = spec
        for field_name, field in kind.fields.items():
            own = field.extensions.get(_DEFINITION)
            if own is not None and own.base_resolver is not None:
                field.resolve = self._python(_PYTHON[name, field_name])
                continue
            source = own.metadata.get(METADATA_KEY) if own is not None else None
            if source is None:
                field.resolve = lambda made, info, **_: made[info.field_name]
            else:
                field.resolve = self._resolver(name, own.python_name, source)

    def _resolver(self, type_name: str, python_name: str, source: Source) -> Callable[..., Any]:
        def resolve(parent: Any, info: GraphQLResolveInfo, **given: Any) -> Any:
            given = {k: v for k, v in given.items() if v is not None}
            if isinstance(parent, dict):  # a part, made by its group
                return parent[info.field_name]
            if type_name == "Query":
                self._check_inputs(info)
                return self._root(source, info, given)
            return self._field(parent, python_name, source, info, given)

        return resolve

    def _python(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def resolve(_parent: Any, info: GraphQLResolveInfo, **given: Any) -> Any:
            found = function(info.context, **given)
            target = get_named_type(info.return_type).name
            if target not in self.specs:
                return found
            return self._named_by_python(found, target, info, (given,))

        return resolve

    def _named_by_python(
        self, found: Any, target: str, info: GraphQLResolveInfo, around: Arguments
    ) -> Any:
        """Return the rows whose keys Python returned, as far as they are visible."""

        if found or found == 0:
            for node in info.field_nodes:
                self._check_below(self.schema.type_map[target], node, info)

        def one(key: int | None) -> Row | None:
            row = self.by_id[self.specs[target].model].get(key)
            if row is None or not self.visible(info.context.viewer, self.specs[target], row):
                return None
            return Row(target, row, around)

        if isinstance(found, list):
            return [made for made in map(one, found) if made is not None]
        return one(found)

    # ---- columns ---------------------------------------------------------------------------------

    def column(self, row: Any, path: str) -> Any:
        """Return a value, along foreign keys."""
        *steps, last = path.split(".")
        for step in steps:
            if row is None:
                return None
            row = self.follow(row, step)
        return None if row is None else getattr(row, last)

    def follow(self, row: Any, name: str) -> Any:
        """Return the row that a foreign key leads to."""
        field = row._meta.fields_map[name]
        key = getattr(row, field.source_field or f"{name}_id")
        return None if key is None else self.by_id[field.related_model].get(key)

    # ---- scope -----------------------------------------------------------------------------------

    def spec_of(self, model: type[Model]) -> TypeSpec:
        return next(s for s in self.specs.values() if s.model is model)

    def visible(self, viewer: Viewer, spec: TypeSpec, row: Any) -> bool:
        """Whether a viewer may see a row; the declaration of each type read aloud."""
        scope = spec.scope
        if scope.row is not None:
            whole = self.follow(row, scope.row)
            other = self.spec_of(type(whole))
            if spec.read is not None:
                return self.inside(viewer, spec.read, other.scope, whole)
            return self.visible(viewer, other, whole)
        if scope.public is not None and self.holds(scope.public, row, spec):
            return True
        owner = getattr(row, scope.owner) if scope.owner is not None else None
        if owner is not None and owner == viewer.account_id:  # nobody owns what has no owner
            return True
        if spec.read is None:
            return False
        if self.inside(viewer, spec.read, scope, row):
            return True
        for through in scope.through:
            other_scope = self.spec_of(through.model).scope
            for other in self.stored[through.model]:
                if getattr(other, f"{through.by}_id") == row.id and self.inside(
                    viewer, spec.read, other_scope, other
                ):
                    return True
        return False

    def inside(self, viewer: Viewer, permission: str, scope: Scope, row: Any) -> bool:
        """Whether a row lies where a permission holds."""
        area_path = ""
        if scope.area_path is not None:
            area_path = getattr(row, scope.area_path)
        elif scope.organization is not None:
            owner = self.follow(row, scope.organization)
            area_path = owner.area_path if owner is not None else ""
        org_path = getattr(row, scope.path) if scope.path is not None else ""
        return viewer.scope(permission).covers(org_path, area_path)

    def holds(self, where: Where, row: Any, spec: TypeSpec) -> bool:
        """Whether declared conditions hold."""
        for name, wanted in where.items():
            column, _, test = name.partition("__")
            value = getattr(row, column)
            value = value.name if isinstance(value, Enum) else value
            if test == "family":
                families = (wanted,) if isinstance(wanted, str) else wanted
                entry = self.codes.get((self.list_of(spec.model, column), value))
                holds = entry is not None and entry.family in families
            elif isinstance(wanted, tuple):
                holds = (value in wanted) is (test != "not")
            elif wanted is None:
                holds = (value is None) is (test != "not")
            else:
                holds = {
                    "": lambda v, w: v == w,
                    "not": lambda v, w: v != w,
                    "gte": lambda v, w: v >= w,
                    "lt": lambda v, w: v < w,
                }[test](value, wanted)
            if not holds:
                return False
        return True

    def list_of(self, model: type[Model], column: str) -> str:
        for name, spec in self.specs.items():
            if spec.model is model:
                for field in self.schema.type_map[name].fields.values():  # type: ignore[union-attr]
                    own = field.extensions.get(_DEFINITION)
                    source = own.metadata.get(METADATA_KEY) if own else None
                    if isinstance(source, CodeOf) and (source.path or own.python_name) == column:
                        return source.list
        raise KeyError(column)

    # ---- fields ----------------------------------------------------------------------------------

    def _field(  # one branch a source
        self,
        parent: Row,
        python_name: str,
        source: Source,
        info: GraphQLResolveInfo,
        given: Mapping[str, Any],
    ) -> Any:
        row, around = parent.row, (given, *parent.around)
        viewer = info.context.viewer
        target = get_named_type(info.return_type).name
        if isinstance(source, Column):
            if target == "ID":
                return f"{parent.type}:{row.id}"
            return written(self.column(row, source.path or python_name))
        if isinstance(source, CodeOf):
            value = self.column(row, source.path or python_name)
            return self._code(source.list, value, nullable=not is_non_null_type(info.return_type))
        if isinstance(source, Group):
            return self._group(source, row, target, info)
        if isinstance(source, Itself):
            return Row(target, row, around)
        if isinstance(source, One):
            other = self.follow(row, source.path or python_name)
            if other is None or not self.visible(viewer, self.specs[target], other):
                return None
            return Row(target, other, around)
        if isinstance(source, Many):
            return self._many(parent, source, info, given)
        if isinstance(source, Count):
            model = source.many.model
            spec = self.spec_of(model)
            return sum(
                self.visible(viewer, spec, r) and self.holds(source.many.where, r, spec)
                for r in self.belonging(
                    row, Many(by=source.many.by, within=source.many.within), model
                )
            )
        if isinstance(source, Tally):
            return self._tally(row, source, viewer, around)
        if isinstance(source, ViewerValue):
            owner = self.specs[parent.type].scope.owner
            own = owner is None or getattr(row, owner) == viewer.account_id
            return source.get(viewer) if own else None
        if isinstance(source, Expression):
            function = _EXPRESSIONS[parent.type, python_name]
            return written(function(self, row, around, info.context))
        if isinstance(source, Computed):
            values = {p.replace(".", "_"): self.column(row, p) for p in source.reads}
            found = source.function(**values)
            if target in self.specs:
                if hasattr(found, "send"):
                    found = _finish(found)
                return self._named_by_python(found, target, info, around)
            return found
        raise TypeError(source)

    def _code(self, code_list: str, value: Any, *, nullable: bool) -> Any:
        if nullable and not value:
            return None
        entry = self.codes.get((code_list, value))
        return {
            "code": value,
            "labelZh": entry.label_zh if entry else value,
            "labelEn": entry.label_en if entry else value,
        }

    def _group(self, source: Group, row: Any, target: str, info: GraphQLResolveInfo) -> Any:
        columns = source.columns
        first = next(c for c in columns.values() if isinstance(c, str))
        if not is_non_null_type(info.return_type) and getattr(row, first) is None:
            return None
        made = {}
        for name, field in self.schema.type_map[target].fields.items():  # type: ignore[union-attr]
            origin = columns[field.extensions[_DEFINITION].python_name]
            value = origin.value if isinstance(origin, Constant) else getattr(row, origin)
            made[name] = written(Decimal(value) if isinstance(value, int) else value)
        return made

    def _tally(self, row: Organization, source: Tally, viewer: Viewer, around: Arguments) -> Any:
        scope = viewer.scope(source.permission)
        counted: Tallies[str] = Tallies()
        for c in self.stored[Counter]:
            if c.metric != source.metric or not c.org_path.startswith(row.path):
                continue
            organization = self.by_id[Organization][c.organization_id]
            if scope.covers(organization.path, organization.area_path):
                counted[c.bucket] += c.own
        if source.split:
            if source.band is not None:
                assert source.band is registry_sql.age_band_of_year
                banded: Tallies[str] = Tallies()
                for bucket, n in counted.items():
                    year = int(bucket) if bucket else None
                    banded[rules.age_band(year, _as_of(around).year)] += n
                counted = banded
            return [{"code": code, "count": n} for code, n in sorted(counted.items()) if n]
        if source.bucket is not None:
            wanted = around[0].get(source.bucket.name)
            if wanted is not None:
                return counted[wanted.name if isinstance(wanted, Enum) else wanted]
        return sum(counted.values())

    # ---- many ------------------------------------------------------------------------------------

    def belonging(self, row: Any, source: Many, model: type[Model]) -> list[Any]:
        """Return the rows that an edge leads to, seen or not."""
        rows = self.stored[model]
        if source.ancestors:
            ids = {int(i) for i in row.path.split(".") if i} - {row.id}
            return [r for r in rows if r.id in ids]
        if source.within:
            itself = source.within == "path" and isinstance(row, model)
            return [
                r
                for r in rows
                if getattr(r, source.within).startswith(row.path)
                and not (itself and r.id == row.id)
            ]
        if source.model is not None:
            between = [
                x
                for x in self.stored[source.model]
                if getattr(x, f"{source.by}_id") == getattr(row, source.local)
            ]
            ids = {getattr(x, f"{source.to}_id") for x in between}
            return [r for r in rows if r.id in ids]
        key = source.by if isinstance(model._meta.fields_map[source.by], fields.BigIntField) else ""
        key = key or f"{source.by}_id"
        return [r for r in rows if getattr(r, key) == getattr(row, source.local)]

    def _many(
        self,
        parent: Row | None,
        source: Many,
        info: GraphQLResolveInfo,
        given: Mapping[str, Any],
    ) -> Any:
        kind = get_named_type(info.return_type)
        connection = _is_connection(kind)
        target = get_named_type(kind.fields["nodes"].type).name if connection else kind.name
        around = (given, *(parent.around if parent else ()))
        viewer, spec = info.context.viewer, self.specs[target]
        rows = (
            self.stored[spec.model]
            if parent is None
            else self.belonging(parent.row, source, spec.model)
        )
        rows = [r for r in rows if self.visible(viewer, spec, r)]
        rows = [r for r in rows if self.holds(source.where, r, spec)]
        if "within" in given:
            rows = self._within(rows, given["within"], spec, viewer)
        if source.condition is not None:
            holds = _CONDITIONS[info.field_name]
            rows = [r for r in rows if holds(self, r, around, info.context)]
        rows = self._filtered(rows, given.get("filter") or {}, target, viewer)
        keys, descending = self.order(parent, source, target, given)
        rows.sort(key=lambda r: [_sortable(getattr(r, k)) for k in keys], reverse=descending)
        if not connection:
            return [Row(target, r, around) for r in rows[: source.limit]]
        tag = ("-" if descending else "+") + ",".join(keys)
        total = len(rows)
        if (after := given.get("after")) is not None:
            at = (
                [
                    _parsed(v, getattr(rows[0], k))
                    for k, v in zip(keys, decoded(after)[1:], strict=True)
                ]
                if rows
                else []
            )
            rows = [
                r
                for r in rows
                if (
                    [_sortable(getattr(r, k)) for k in keys] < at
                    if descending
                    else [_sortable(getattr(r, k)) for k in keys] > at
                )
            ]
        size = given.get("first", self.limits.default_page_size)
        page = rows[:size]
        cursors = [cursor(tag, [getattr(r, k) for k in keys]) for r in page]
        nodes = [Row(target, r, around) for r in page]
        return {
            "nodes": nodes,
            "edges": [{"cursor": c, "node": n} for c, n in zip(cursors, nodes, strict=True)],
            "totalCount": total,
            "pageInfo": {
                "hasNextPage": len(rows) > size,
                "hasPreviousPage": "after" in given,
                "startCursor": cursors[0] if cursors else None,
                "endCursor": cursors[-1] if cursors else None,
            },
        }

    def order(
        self, parent: Row | None, source: Many, target: str, given: Mapping[str, Any]
    ) -> tuple[list[str], bool]:
        """Return the columns that a list is sorted by, the last of them unique."""
        spec = self.specs[target]
        columns = spec.model._meta.fields_map
        if (chosen := given.get("order")) is not None:
            return [self._column_of(target, chosen["field"].value), "id"], (
                chosen["direction"].value == "DESC"
            )
        if source.order:
            keys = list(source.order)
        elif source.ancestors:
            keys = ["path"]
        elif source.within:
            keys = [source.within]
        elif parent is None and "path" in columns:
            keys = ["path"]
        elif parent is None and spec.scope.path is not None:
            keys = [spec.scope.path]
        else:
            keys = ["id"]
        if not (columns[keys[-1]].unique or columns[keys[-1]].pk):
            keys.append("id")
        return keys, source.descending

    def _column_of(self, target: str, python_name: str) -> str:
        definition = get_object_definition(
            self.schema.type_map[target].extensions[_DEFINITION].origin, strict=True
        )
        field = next(f for f in definition.fields if f.python_name == python_name)
        source = field.metadata[METADATA_KEY]
        path = source.path or python_name
        return f"{path}_id" if isinstance(source, One) else path

    def _within(self, rows: list[Any], given: str, spec: TypeSpec, viewer: Viewer) -> list[Any]:
        tree = spec.model if spec.scope.path is None else Organization
        top = self.by_id[tree].get(key_of(given, tree.__name__))
        if top is None or not self.visible(viewer, self.specs[tree.__name__], top):
            return []
        return [r for r in rows if getattr(r, spec.scope.path or "path").startswith(top.path)]

    def _filtered(
        self, rows: list[Any], given: Mapping[str, Any], target: str, viewer: Viewer
    ) -> list[Any]:
        spec = self.specs[target]
        for name, test in given.items():
            if test is None:
                continue
            python_name = _snake(name)
            if name == "within":
                rows = self._within(rows, test, spec, viewer)
            elif python_name in (spec.hashed or {}):
                hashed = spec.hashed[python_name]
                digest = self.digest(test)
                rows = [
                    r
                    for r in rows
                    if getattr(r, hashed.column) == digest
                    and self.inside(viewer, hashed.permission, spec.scope, r)
                ]
            else:
                rows = self._tested(rows, test, target, python_name, viewer)
        return rows

    def _tested(
        self, rows: list[Any], test: Any, target: str, python_name: str, viewer: Viewer
    ) -> list[Any]:
        column = self._column_of(target, python_name)
        kind = self.schema.type_map[target].fields[_camel(python_name)].type  # type: ignore[union-attr]
        edge = get_named_type(kind).name if column.endswith("_id") else None

        def value(row: Any) -> Any:
            found = getattr(row, column)
            return found.name if isinstance(found, Enum) else found

        def wanted(given: Any) -> Any:
            if edge:  # to who may not see the other row, the edge is null
                spec, key = self.specs[edge], key_of(given, edge)
                other = self.by_id[spec.model].get(key)
                return key if other is not None and self.visible(viewer, spec, other) else -1
            return given.name if isinstance(given, Enum) else given

        tests: Iterable[tuple[str, Any]] = (
            test.items() if isinstance(test, dict) else [("eq", test)]
        )
        for name, given in tests:
            if given is None:
                continue
            if name == "in":
                listed = [wanted(g) for g in given]
                rows = [r for r in rows if value(r) is not None and value(r) in listed]
            elif name == "startsWith":
                rows = [r for r in rows if value(r).startswith(given)]
            else:
                against = wanted(given)
                compare = {
                    "eq": lambda v, a=against: v == a,
                    "gte": lambda v, a=against: v >= a,
                    "lt": lambda v, a=against: v < a,
                }[name]
                rows = [r for r in rows if value(r) is not None and compare(value(r))]
        return rows

    # ---- roots -----------------------------------------------------------------------------------

    def _root(self, source: Source, info: GraphQLResolveInfo, given: Mapping[str, Any]) -> Any:
        viewer = info.context.viewer
        target = get_named_type(info.return_type).name
        if isinstance(source, Many):
            return self._many(None, source, info, given)
        if isinstance(source, Lookup):
            rows = self.stored[self.specs[target].model]
            for name, value in given.items():
                if name == "id":
                    key = key_of(value, target)
                    rows = [r for r in rows if r.id == key]
                else:
                    rows = [r for r in rows if getattr(r, _snake(name)) == value]
            rows = [r for r in rows if self.visible(viewer, self.specs[target], r)]
            assert len(rows) <= 1
            return Row(target, rows[0], (given,)) if rows else None
        if isinstance(source, NodeById):
            if is_list_type(getattr(info.return_type, "of_type", info.return_type)):
                return [self._node(i, viewer, given) for i in given["ids"]]
            return self._node(given["id"], viewer, given)
        if isinstance(source, Own):
            owner = self.specs[target].scope.owner
            for row in self.stored[self.specs[target].model]:
                if viewer.account_id is not None and getattr(row, owner) == viewer.account_id:
                    return Row(target, row, (given,))
            return None
        if isinstance(source, Registers):
            return [self._register(owned, viewer) for owned in self.registers]
        raise TypeError(source)

    def _node(self, given: str, viewer: Viewer, around: Mapping[str, Any]) -> Row | None:
        found = _split(given)
        if found is None or found[0] not in self.specs or not self.specs[found[0]].is_node:
            return None
        spec = self.specs[found[0]]
        row = self.by_id[spec.model].get(found[1])
        if row is None or not self.visible(viewer, spec, row):
            return None
        return Row(found[0], row, (around,))

    def _register(self, owned: Any, viewer: Viewer) -> dict[str, Any]:
        register = owned.register
        spec = self.spec_of(register.model)
        return {
            "code": register.code,
            "labelZh": register.label_zh,
            "labelEn": register.label_en,
            "plugin": owned.plugin,
            "origin": register.origin,
            "count": sum(
                self.visible(viewer, spec, r) and self.holds(register.where, r, spec)
                for r in self.stored[register.model]
            ),
        }

    # ---- inputs that are refused -----------------------------------------------------------------

    def _check_inputs(self, info: GraphQLResolveInfo) -> None:
        """Refuse what the arguments of a root field, and of the fields below it, may not be.

        The whole root field is refused, wherever below it the fault stands and whether or not the
        row is there: otherwise an answer would depend on rows that one may not see.
        """
        for node in info.field_nodes:
            self._check_field(info.parent_type, node, info)

    def _check_field(
        self, parent: GraphQLObjectType, node: ast.FieldNode, info: GraphQLResolveInfo
    ) -> None:
        if node.name.value == "__typename":
            return
        field = parent.fields[node.name.value]
        own = field.extensions.get(_DEFINITION)
        source = own.metadata.get(METADATA_KEY) if own is not None else None
        given = {
            k: v
            for k, v in get_argument_values(field, node, info.variable_values).items()
            if v is not None
        }
        kind = get_named_type(field.type)
        if source is not None:
            self._check_arguments(source, node.name.value, kind, given, parent)
        if not isinstance(source, Computed) and (own is None or own.base_resolver is None):
            self._check_below(kind, node, info)

    def _check_below(self, kind: Any, node: ast.FieldNode, info: GraphQLResolveInfo) -> None:
        if node.selection_set is None:
            return
        possible = (
            self.schema.get_possible_types(kind)
            if isinstance(kind, GraphQLInterfaceType)
            else [kind]
        )
        for one in possible:
            self._check_selection(one, node.selection_set, info)

    def _check_selection(
        self, kind: GraphQLObjectType, selection: ast.SelectionSetNode, info: GraphQLResolveInfo
    ) -> None:
        for item in selection.selections:
            if not _included(item, info):
                continue
            if isinstance(item, ast.FieldNode):
                self._check_field(kind, item, info)
                continue
            fragment = (
                info.fragments[item.name.value]
                if isinstance(item, ast.FragmentSpreadNode)
                else item
            )
            fragment = getattr(fragment, "definition", fragment)
            condition = fragment.type_condition
            name = condition.name.value if condition else kind.name
            if name == kind.name or name in {i.name for i in kind.interfaces}:
                self._check_selection(kind, fragment.selection_set, info)

    def _check_arguments(
        self, source: Source, field_name: str, kind: Any, given: Mapping[str, Any], parent: Any
    ) -> None:
        if isinstance(source, Lookup):
            if not given:
                raise _bad("no key")
            if "id" in given:
                key_of(given["id"], kind.name)
        elif isinstance(source, NodeById):
            if len(given.get("ids", ())) > self.limits.page_size:
                raise _bad("too many ids")
        elif isinstance(source, Many):
            if "first" in given and not 1 <= given["first"] <= self.limits.page_size:
                raise _bad("first")
            target = get_named_type(kind.fields["nodes"].type).name if _is_connection(kind) else ""
            if "within" in given:
                key_of(given["within"], "Organization")
            if "organization" in given:
                key_of(given["organization"], "Organization")
            if "account" in given:
                key_of(given["account"], "Account")
            if "entity" in given:
                key_of(given["entity"])
            try:
                _CUTOFFS.get(field_name, lambda *_: None)(given.get("asOf", TODAY), self.norms)
            except (OverflowError, ValueError):
                raise _bad("no such day") from None
            if target:
                self._check_filter(given.get("filter") or {}, target)
                self._check_cursor(source, target, given, parent)

    def _check_filter(self, given: Mapping[str, Any], target: str) -> None:
        spec = self.specs[target]
        for name, test in given.items():
            if name == "within" and test is not None:
                key_of(test, target if spec.scope.path is None else "Organization")
            elif isinstance(test, dict) and any(isinstance(v, dt.datetime) for v in test.values()):
                for value in test.values():
                    _check_instant(value)
            elif isinstance(test, dict) and self._column_of(target, _snake(name)).endswith("_id"):
                kind = get_named_type(self.schema.type_map[target].fields[name].type)  # type: ignore[union-attr]
                for value in test.values():
                    for one in value if isinstance(value, list) else [value]:
                        if one is not None:
                            key_of(one, kind.name)

    def _check_cursor(
        self, source: Many, target: str, given: Mapping[str, Any], parent: Any
    ) -> None:
        if "after" not in given:
            return
        root = parent.name == "Query"
        keys, descending = self.order(None if root else object(), source, target, given)  # type: ignore[arg-type]
        found = decoded(given["after"])
        if len(found) != len(keys) + 1 or found[0] != ("-" if descending else "+") + ",".join(keys):
            raise _bad("cursor of another order")
        columns = self.specs[target].model._meta.fields_map
        for key, value in zip(keys, found[1:], strict=True):
            if not _fits(columns.get(key), value):
                raise _bad("cursor with other values")


# ---- values --------------------------------------------------------------------------------------


def written(value: Any) -> Any:
    """Return a value as a response writes it."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, dt.datetime):
        at = value.astimezone(dt.UTC)
        return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return value


def _sortable(value: Any) -> Any:
    return value.name if isinstance(value, Enum) else value


def cursor(tag: str, values: Sequence[Any]) -> str:
    """Return a cursor: hexadecimal JSON of the order and the values sorted by."""
    made = [tag, *(written(v) for v in values)]
    return json.dumps(made, ensure_ascii=False).encode().hex().upper()


def decoded(text: str) -> list[Any]:
    """Return what is in a cursor.

    :raises GraphQLError: when it is none.
    """
    try:
        found = json.loads(bytes.fromhex(text).decode())
    except (ValueError, RecursionError):
        raise _bad("no cursor") from None
    if not isinstance(found, list) or not found:
        raise _bad("no cursor")
    return found


def _fits(field: Any, value: Any) -> bool:
    if isinstance(field, fields.DateField):
        try:
            return dt.date.fromisoformat(value).isoformat() == value
        except (TypeError, ValueError):
            return False
    if isinstance(field, fields.DatetimeField):
        return isinstance(value, str) and _INSTANT.fullmatch(value) is not None
    if isinstance(field, (fields.IntField, fields.BigIntField, fields.SmallIntField)):
        return type(value) is int and abs(value) < 2**63
    return isinstance(value, str) and "\0" not in value


def _parsed(value: Any, like: Any) -> Any:
    if isinstance(like, dt.datetime):
        return dt.datetime.fromisoformat(value)
    if isinstance(like, dt.date):
        return dt.date.fromisoformat(value)
    return value


def _split(value: str) -> tuple[str, int] | None:
    match = _ID.fullmatch(value)
    if match is None or not match[2].isascii() or int(match[2]) >= 2**63:
        return None
    return match[1], int(match[2])


def _check_instant(value: dt.datetime | None) -> None:
    if value is not None and value.tzinfo is None:
        raise _bad("no time zone")
    try:
        _ = value and value.astimezone(dt.UTC)
    except OverflowError:
        raise _bad("no such instant") from None


def key_of(value: str, kind: str = "") -> int:
    """Return the key in a global id of a type, or of any.

    :raises GraphQLError: when it is not one.
    """
    found = _split(value)
    if found is None or (kind and found[0] != kind):
        raise _bad(f"not the id of {kind}")
    return found[1]


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda m: f"_{m[0].lower()}", name)


def _is_connection(kind: Any) -> bool:
    definition = kind.extensions.get(_DEFINITION)
    generic = getattr(definition, "concrete_of", None)
    return generic is not None and generic.origin is Connection


def _included(item: Any, info: GraphQLResolveInfo) -> bool:
    for directive in item.directives or ():
        value = directive.arguments[0].value
        if isinstance(value, ast.VariableNode):
            chosen = _variables(info)[value.name.value]
        else:
            chosen = value.value
        if chosen is (directive.name.value == "skip"):
            return False
    return True


def _variables(info: GraphQLResolveInfo) -> Mapping[str, Any]:
    return getattr(info.variable_values, "coerced", info.variable_values)  # type: ignore[no-any-return]


def _let_through(kind: Any) -> None:
    kind.coerce_output_value = lambda value: value
    kind.serialize = kind.coerce_output_value


def _finish(made: Any) -> Any:
    try:
        made.send(None)
    except StopIteration as exc:
        return exc.value
    raise AssertionError("a resolver of the probe awaits something")


# ---- what declarations say in SQL ----------------------------------------------------------------


def _argument(around: Arguments, name: str) -> Any:
    return next((a[name] for a in around if a.get(name) is not None), None)


def _as_of(around: Arguments) -> dt.date:
    return _argument(around, "asOf") or TODAY


def _facts(oracle: Oracle, row: Member) -> rules.MemberFacts:
    return rules.MemberFacts(
        stage=row.stage,
        state=row.state,
        affiliation_since=row.affiliation_since,
        last_contact_on=row.last_contact_on,
        last_attended_on=row.last_attended_on,
        dues_paid_through=row.dues_paid_through,
        residence_path=oracle.by_id[Person][row.person_id].residence_path,
        territory_path=oracle.by_id[Organization][row.branch_id].area_path,
    )


def _lost(oracle: Oracle, row: Member, around: Arguments) -> rules.LostContact | None:
    days = oracle.norms.contact_days
    return rules.lost_contact(_facts(oracle, row), _as_of(around), days)


def _vacant(oracle: Oracle, row: Member, around: Arguments) -> tuple[rules.VacantReason, ...]:
    months = oracle.norms.vacant_months
    return rules.vacant_membership(_facts(oracle, row), _as_of(around), months)


def _age_band(path: str) -> Callable[..., str]:
    return lambda oracle, row, around, _request: rules.age_band(
        oracle.column(row, path), _as_of(around).year
    )


def _event_asked_for(row: Any, given: Mapping[str, Any]) -> bool:
    entity, account = given.get("entity"), given.get("account")
    return (entity is None or entity == f"{row.entity_type}:{row.entity_id}") and (
        account is None or key_of(account, "Account") == row.account_id
    )


def _without_party(oracle: Oracle, row: Area, around: Arguments, request: Request) -> bool:
    given = around[0]
    territory = oracle.by_id[Organization].get(key_of(given["organization"], "Organization"))
    if territory is None or not territory.area_path:
        return False
    spec = oracle.specs["Organization"]
    if not oracle.visible(request.viewer, spec, territory):
        return False
    if row.kind not in given.get("kinds", ("ESTATE", "GRID")):
        return False
    if not row.path.startswith(territory.area_path):
        return False
    return not any(
        o.area_id == row.id
        and o.status == "ACTIVE"
        and oracle.codes["organization_kind", o.kind].family == rules.PARTY
        and oracle.visible(request.viewer, spec, o)
        for o in oracle.stored[Organization]
    )


_CONDITIONS: Mapping[str, Callable[..., Any]] = {
    "codes": lambda _oracle, row, around, _request: row.list == around[0]["list"] and row.active,
    "areasWithoutPartyOrganization": _without_party,
    "suspectedLostMembers": lambda oracle, row, around, _r: _lost(oracle, row, around),
    "vacantMemberships": lambda oracle, row, around, _r: _vacant(oracle, row, around),
    "events": lambda _oracle, row, around, _r: _event_asked_for(row, around[0]),
}

_PYTHON: Mapping[tuple[str, str], Callable[..., Any]] = {
    ("Query", "greeting"): lambda request, name="客": f"{name}，{request.viewer.name or '陌生人'}",
    ("Query", "thingByPython"): lambda _request, key: key,
    ("Query", "thingsByPython"): lambda _request, keys: keys,
}

_CUTOFFS: Mapping[str, Callable[[dt.date, Norms], dt.date | None]] = {
    "suspectedLostMembers": lambda day, norms: rules.lost_cutoff(day, norms.contact_days),
    "vacantMemberships": lambda day, norms: rules.vacant_cutoff(day, norms.vacant_months),
}

_EXPRESSIONS: Mapping[tuple[str, str], Callable[..., Any]] = {
    ("Member", "age_band"): _age_band("person.birth_year"),
    ("Person", "age_band"): _age_band("birth_year"),
    ("LostContact", "reason"): lambda oracle, row, around, _r: _lost(oracle, row, around).reason,
    ("VacantMembership", "reasons"): lambda oracle, row, around, _r: [
        reason.name for reason in _vacant(oracle, row, around)
    ],
    ("ShortThing", "rank_over"): lambda _o, row, around, _r: (
        row.rank > (3 if _argument(around, "limit") is None else _argument(around, "limit"))
    ),
    ("ShortThing", "seen"): lambda _o, row, _around, _r: row.seen_at,
    ("Remark", "length"): lambda _o, row, _around, _r: len(row.text),
}
"""Type and Python name → what its SQL means."""
