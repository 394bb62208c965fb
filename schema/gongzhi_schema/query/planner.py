"""One GraphQL operation, or one field of it, to one SQL statement that returns the JSON.

Every reference to a table goes through :meth:`Compiler.visible`, so that nested edges, counts,
roll-ups and plugin extensions cannot forget the viewer's row scope. SQL text comes only from the
catalogue; every value of a client is a parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
from graphql.language import ast
from tortoise.models import Model

from gongzhi.graph.scope import Scope, Where
from gongzhi.graph.sources import (
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
from gongzhi.graph.vocabulary import TypeSpec
from gongzhi_schema.catalogue import Catalogue, FieldInfo, TypeInfo
from gongzhi_schema.checks import filter_column
from gongzhi_schema.query.dialects import Dialect, quoted
from gongzhi_schema.query.selection import Selected, Selections
from gongzhi_schema.query.values import (
    Arguments,
    BadInput,
    Bind,
    Getter,
    Unplannable,
    Value,
    decode_cursor,
    key_of,
    page_size,
    plain,
    read_arguments,
    split_id,
)
from gongzhi_schema.tables import Table

READS = ":reads:"
"""Prefix of the keys under which core execution finds what Python fields read; no alias has it."""

TYPE = ":type"
"""Key under which core execution finds the concrete type of an object behind an interface."""

_ORGANIZATIONS = "core_organization"
_COUNTERS = "core_counter"
_CODES = "core_code"


class Page(Protocol):
    """The sizes of pages, from the settings."""

    page_size: int
    default_page_size: int


@dataclass(frozen=True, slots=True)
class Plan:
    """One statement and the getters of its parameters."""

    sql: str
    getters: tuple[Getter, ...]

    def bind(self, bind: Bind) -> list[Any]:
        """Return the parameters.

        :raises BadInput: when a value of the client is refused.
        """
        return [get(bind) for get in self.getters]


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


class Compiler:
    """Compiles for one dialect, one viewer shape and the structure of one set of variables."""

    def __init__(
        self,
        catalogue: Catalogue,
        dialect: Dialect,
        viewer_shape: Sequence[tuple[str, bool, int, int]],
        page: Page,
        selections: Selections,
        variables: Mapping[str, Any],
        *,
        for_core: bool = False,
    ) -> None:
        self.catalogue = catalogue
        self.dialect = dialect
        self.page = page
        self.selections = selections
        self.variables = variables
        self.for_core = for_core
        self._shape = {code: rest for code, *rest in viewer_shape}
        self._getters: list[Getter] = []
        self._named: dict[object, str] = {}
        self._aliases = 0

    # ---- statements ------------------------------------------------------------------------------

    def operation(self, root: ast.SelectionSetNode) -> Plan:
        """Compile a whole query operation."""
        selected = self.selections.of(root, "Query")
        pairs = []
        for key, nodes in selected.items():
            if nodes[0].name.value == "__typename":
                pairs.append((key, "'Query'"))
            else:
                pairs.append((key, self._root(nodes)))
        return self._plan(self.dialect.object(pairs))

    def root_field(self, nodes: list[ast.FieldNode]) -> Plan:
        """Compile one field of the root, for core execution."""
        return self._plan(self._root(nodes))

    def row(self, type_name: str, nodes: list[ast.FieldNode], key: int) -> Plan:
        """Compile one row that Python named by its key: its scope is applied all the same."""
        info = self.catalogue.types[type_name]
        value = self.parameter(lambda _bind: key, "int")
        return self._plan(
            self._single(info, nodes, Arguments({}), lambda frame: [f"{frame.own('id')} = {value}"])
        )

    def _plan(self, expression: str) -> Plan:
        return Plan(self.dialect.statement(expression), tuple(self._getters))

    # ---- parameters ------------------------------------------------------------------------------

    def parameter(self, get: Getter, kind: str, name: object = None) -> str:
        """Return the placeholder of a value; one with a name is passed only once."""
        if name is not None and (found := self._named.get(name)) is not None:
            return found
        self._getters.append(get)
        made = self.dialect.placeholder(len(self._getters), kind)
        if name is not None:
            self._named[name] = made
        return made

    def value(self, value: Value, kind: str = "text") -> str:
        """Return the placeholder of a client's scalar."""
        get = value.get
        if kind == "id":
            return self.parameter(lambda bind: key_of(get(bind)), "int")
        if kind == "bool" and self.dialect.sqlite:
            return self.parameter(lambda bind: int(get(bind)), "bool")
        return self.parameter(lambda bind: plain(get(bind)), kind)

    def list_value(self, get: Callable[[Bind], list[Any]], kind: str) -> str:
        """Return the placeholder of a list."""
        if self.dialect.sqlite:
            return self.parameter(lambda bind: orjson.dumps(get(bind)).decode(), kind)
        return self.parameter(get, kind)

    def alias(self) -> str:
        """Return a fresh alias."""
        self._aliases += 1
        return f"t{self._aliases}"

    # ---- row scope -------------------------------------------------------------------------------

    def visible(self, spec: TypeSpec, alias: str) -> list[str]:
        """Return the viewer's predicate on a table reference; ``FALSE`` where nothing is visible."""
        scope = spec.scope
        if scope.is_public:
            return []
        options: list[str] = []
        if scope.owner is not None:
            account = self.parameter(lambda bind: bind.viewer.account_id, "int", "viewer")
            options.append(f'{alias}."{scope.owner}" = {account}')
        if spec.read is not None:
            inside = self.inside(spec.read, scope, alias)
            if inside == "TRUE":
                return []
            if inside != "FALSE":
                options.append(inside)
                for through in scope.through:
                    options.append(self._through(spec.read, through.model, through.by, alias))
        if scope.public is not None:
            options.append(self.static(scope.public, alias, spec))
        if not options:
            return ["FALSE"]
        return [options[0] if len(options) == 1 else f"({' OR '.join(options)})"]

    def inside(self, permission: str, scope: Scope, alias: str) -> str:
        """Return the condition that a row lies in the scope of a permission."""
        everything, organizations, areas = self._shape.get(permission, (False, 0, 0))
        if everything:
            return "TRUE"
        options = []
        if scope.path is not None and organizations:
            options.append(
                self._ranges(permission, "organizations", organizations, f'{alias}."{scope.path}"')
            )
        if areas:
            if scope.area_path is not None:
                column = f'{alias}."{scope.area_path}"'
                options.append(self._ranges(permission, "areas", areas, column))
            elif scope.organization is not None:
                o = self.alias()
                ranges = self._ranges(permission, "areas", areas, f"{o}.area_path")
                options.append(
                    f"EXISTS (SELECT 1 FROM {_ORGANIZATIONS} {o} "
                    f'WHERE {o}.id = {alias}."{scope.organization}_id" AND {ranges})'
                )
        if not options:
            return "FALSE"
        return options[0] if len(options) == 1 else f"({' OR '.join(options)})"

    def _through(self, permission: str, model: type[Model], by: str, alias: str) -> str:
        x = self.alias()
        spec = self._spec_of(model)
        table = self.catalogue.tables.of(model)
        inside = self.inside(permission, spec.scope, x)
        return (
            f"EXISTS (SELECT 1 FROM {table.name} {x} "
            f'WHERE {x}."{table.foreign_keys[by].column}" = {alias}.id AND {inside})'
        )

    def _ranges(self, permission: str, edge: str, number: int, column: str) -> str:
        ranges = []
        for i in range(number):
            lo, hi = self._range(permission, edge, i)
            ranges.append(f"{column} >= {lo} AND {column} < {hi}")
        return ranges[0] if number == 1 else "(" + " OR ".join(ranges) + ")"

    def _range(self, permission: str, edge: str, i: int) -> tuple[str, str]:
        def bound(end: str) -> Getter:
            return lambda bind: getattr(getattr(bind.viewer.scope(permission), edge)[i], end)

        return (
            self.parameter(bound("lo"), "text", (permission, edge, i, "lo")),
            self.parameter(bound("hi"), "text", (permission, edge, i, "hi")),
        )

    def _spec_of(self, model: type[Model]) -> TypeSpec:
        for info in self.catalogue.types.values():
            if info.spec is not None and info.spec.model is model:
                return info.spec
        raise Unplannable(model.__name__)

    # ---- conditions ------------------------------------------------------------------------------

    def static(self, where: Where, alias: str, spec: TypeSpec) -> str:
        """Return conditions whose values stand in a declaration."""
        return " AND ".join(
            self._static_one(name, value, alias, spec) for name, value in where.items()
        )

    def _static_one(self, name: str, value: Any, alias: str, spec: TypeSpec) -> str:
        column, _, test = name.partition("__")
        expression = f'{alias}."{column}"'
        if test == "family":
            return self.family(expression, _code_list(self.catalogue, spec.model, column), value)
        if isinstance(value, tuple):
            values = ", ".join(_constant(v) for v in value)
            return f"{expression} {'NOT ' if test == 'not' else ''}IN ({values})"
        if value is None:
            return f"{expression} IS {'NOT ' if test == 'not' else ''}NULL"
        operator = {"": "=", "not": "<>", "gte": ">=", "lt": "<"}[test]
        return f"{expression} {operator} {_constant(value)}"

    @staticmethod
    def family(expression: str, code_list: str, family: str | tuple[str, ...]) -> str:
        """Return the condition that a code belongs to a family of its list."""
        families = (family,) if isinstance(family, str) else family
        return (
            f"{expression} IN (SELECT code FROM {_CODES} WHERE list = {quoted(code_list)} "
            f"AND family IN ({', '.join(map(quoted, families))}))"
        )

    def _filter(self, frame: Frame, value: Value) -> list[str]:
        conditions: list[str] = []
        by_name = {f.name: f for f in frame.info.fields.values()}
        hashed = {_camel(n): h for n, h in (frame.spec.hashed or {}).items()}
        for name, inner in value.items():
            if name == "within":
                conditions += self.within(frame, inner)
            elif name in hashed:
                conditions.append(self._hashed(frame, hashed[name].column, inner))
                look_up = self.inside(hashed[name].permission, frame.spec.scope, frame.alias)
                if look_up != "TRUE":
                    conditions.append(look_up)
            else:
                conditions += self._tests(frame, by_name[name], inner)
        return conditions

    def _hashed(self, frame: Frame, column: str, value: Value) -> str:
        get = value.get
        digest = self.parameter(lambda bind: bind.digest(get(bind)), "text")
        return f"{frame.own(column)} = {digest}"

    def within(self, frame: Frame, value: Value) -> list[str]:
        """Return the condition that a row lies in the subtree of an organization or area."""
        scope = frame.spec.scope
        if scope.path is None:
            column, target = frame.own("path"), frame.info
        else:
            column, target = frame.own(scope.path), self.catalogue.types["Organization"]
        if target.spec is None or target.table is None:
            raise Unplannable(target.name)
        get = value.get
        key = self.parameter(lambda bind: key_of(get(bind), target.name), "int")
        o = self.alias()
        conditions = " AND ".join([f"{o}.id = {key}", *self.visible(target.spec, o)])
        path = f"FROM {target.table.name} {o} WHERE {conditions}"
        return [
            f"{column} >= (SELECT {o}.path {path})",
            f"{column} < (SELECT {self.dialect.after(o + '.path')} {path})",
        ]

    def _tests(self, frame: Frame, info: FieldInfo, value: Value) -> list[str]:
        column = filter_column(frame.table, info)
        if column is None:
            raise Unplannable(info.name)
        kind = frame.table.columns[column].kind
        expression = frame.own(column)
        if not isinstance(value.sample, dict):
            return [f"{expression} = {self.value(value, kind)}"]
        edge = isinstance(info.source, One)
        conditions = []
        for test, inner in value.items():
            get = inner.get
            if test == "in":
                listed = self.list_value(
                    _listed(get, info.type_name if edge else None), "ints" if kind == "int" else "texts"
                )
                conditions.append(self.dialect.any_of(expression, listed, kind))
            elif test == "startsWith":
                lo = self.parameter(get, "text")
                hi = self.parameter(_successor(get), "text")
                conditions.append(f"{expression} >= {lo} AND {expression} < {hi}")
            else:
                operator = {"eq": "=", "gte": ">=", "lt": "<"}[test]
                if edge:
                    one = self.parameter(_key(get, info.type_name), "int")
                else:
                    one = self.value(inner, kind)
                conditions.append(f"{expression} {operator} {one}")
        return conditions

    # ---- objects ---------------------------------------------------------------------------------

    def object(self, frame: Frame, nodes: Sequence[ast.FieldNode]) -> str:
        """Return the JSON object of a row."""
        return self._object(frame, self.selections.below(nodes, frame.info.name))

    def _object(self, frame: Frame, selected: Selected) -> str:
        pairs = []
        if self.for_core:
            pairs.append((TYPE, quoted(frame.info.name)))
        for key, nodes in selected.items():
            name = nodes[0].name.value
            if name == "__typename":
                pairs.append((key, quoted(frame.info.name)))
                continue
            info = frame.info.fields[name]
            if isinstance(info.source, Computed):
                if not self.for_core:
                    raise Unplannable(name)
                pairs.append((READS + key, self._reads(frame, info.source)))
            else:
                pairs.append((key, self._field(frame, info, nodes)))
        return self.dialect.object(pairs)

    def _reads(self, frame: Frame, source: Computed) -> str:
        return self.dialect.object(
            [(path.replace(".", "_"), self.column(frame, path)) for path in source.reads]
        )

    def _field(self, frame: Frame, info: FieldInfo, nodes: list[ast.FieldNode]) -> str:
        source = info.source
        if source is None:
            raise Unplannable(info.name)
        arguments = Arguments(
            read_arguments(nodes[0], info.graphql.args, self.variables), frame.arguments
        )
        emit = _EMITTERS.get(type(source))
        if emit is None:
            raise Unplannable(type(source).__name__)
        return emit(self, frame, info, source, nodes, arguments)

    def column(self, frame: Frame, path: str) -> str:
        """Return a column of a row, or of one reached along foreign keys, as it is written."""
        expression, kind = self.raw_column(frame, path)
        return self.dialect.value(expression, kind)

    def raw_column(self, frame: Frame, path: str) -> tuple[str, str]:
        """Return a column as it is stored, and its kind."""
        *steps, last = path.split(".")
        table, alias = frame.table, frame.alias
        done: tuple[str, ...] = ()
        for step in steps:
            key = table.foreign_keys[step]
            target = self.catalogue.tables.of(key.target)
            done = (*done, step)
            joined = frame.joins.get(done)
            if joined is None:
                joined = frame.joins[done] = self.alias()
                if alias == frame.alias:
                    frame.used.add(key.column)
                frame.join_sql.append(
                    f' LEFT JOIN {target.name} {joined} ON {joined}.id = {alias}."{key.column}"'
                )
            table, alias = target, joined
        if alias == frame.alias:
            frame.used.add(last)
        return f'{alias}."{last}"', table.columns[last].kind

    def _emit_column(
        self,
        frame: Frame,
        info: FieldInfo,
        source: Column,
        nodes: list[ast.FieldNode],  # noqa: ARG002
        arguments: Arguments,  # noqa: ARG002
    ) -> str:
        if info.type_name == "ID" and info.python_name == "id":
            return self.dialect.global_id(frame.info.name, frame.own("id"))
        return self.column(frame, source.path or info.python_name)

    def _emit_code(
        self,
        frame: Frame,
        info: FieldInfo,
        source: CodeOf,
        nodes: list[ast.FieldNode],
        arguments: Arguments,  # noqa: ARG002
    ) -> str:
        value, _ = self.raw_column(frame, source.path or info.python_name)
        pairs = []
        for key, chosen in self.selections.below(nodes, "Code").items():
            name = chosen[0].name.value
            if name == "__typename":
                pairs.append((key, "'Code'"))
            elif name == "code":
                pairs.append((key, value))
            else:
                k = self.alias()
                label = {"labelZh": "label_zh", "labelEn": "label_en"}[name]
                pairs.append(
                    (
                        key,
                        f"coalesce((SELECT {k}.{label} FROM {_CODES} {k} WHERE "
                        f"{k}.list = {quoted(source.list)} AND {k}.code = {value}), {value})",
                    )
                )
        made = self.dialect.object(pairs)
        if info.non_null:
            return made
        return self.dialect.nested(f"CASE WHEN {value} <> '' THEN {made} END")

    def _emit_group(
        self,
        frame: Frame,
        info: FieldInfo,
        source: Group,
        nodes: list[ast.FieldNode],
        arguments: Arguments,  # noqa: ARG002
    ) -> str:
        part = self.catalogue.types[info.type_name]
        pairs = []
        for key, chosen in self.selections.below(nodes, part.name).items():
            name = chosen[0].name.value
            if name == "__typename":
                pairs.append((key, quoted(part.name)))
                continue
            origin = source.columns[part.fields[name].python_name]
            if isinstance(origin, Constant):
                pairs.append((key, quoted(origin.value)))
            else:
                value, kind = self.raw_column(frame, origin)
                if part.fields[name].type_name == "Decimal" and kind == "int":
                    value = f"CAST({value} AS TEXT)"
                pairs.append((key, self.dialect.value(value, kind)))
        made = self.dialect.object(pairs)
        if info.non_null:
            return made
        first = next(c for c in source.columns.values() if isinstance(c, str))
        value, _ = self.raw_column(frame, first)
        return self.dialect.nested(f"CASE WHEN {value} IS NOT NULL THEN {made} END")

    def _emit_itself(
        self,
        frame: Frame,
        info: FieldInfo,
        source: Itself,  # noqa: ARG002
        nodes: list[ast.FieldNode],
        arguments: Arguments,
    ) -> str:
        other = Frame(
            self.catalogue.types[info.type_name],
            frame.alias,
            arguments,
            frame.used,
            frame.joins,
            frame.join_sql,
        )
        return self.object(other, nodes)

    def _emit_one(
        self,
        frame: Frame,
        info: FieldInfo,
        source: One,
        nodes: list[ast.FieldNode],
        arguments: Arguments,
    ) -> str:
        key = frame.table.foreign_keys[source.path or info.python_name]
        mine = frame.own(key.column)
        target = self.catalogue.types[info.type_name]
        return self._single(target, nodes, arguments, lambda f: [f"{f.own('id')} = {mine}"])

    def _single(
        self,
        target: TypeInfo,
        nodes: Sequence[ast.FieldNode],
        arguments: Arguments,
        conditions: Callable[[Frame], list[str]],
    ) -> str:
        frame = Frame(target, self.alias(), arguments)
        where = [*conditions(frame), *self.visible(frame.spec, frame.alias)]
        made = self.object(frame, nodes)
        return self.dialect.nested(
            f"(SELECT {made} FROM {frame.table.name} {frame.alias}{''.join(frame.join_sql)} "
            f"WHERE {' AND '.join(where)})"
        )

    # ---- many ------------------------------------------------------------------------------------

    def _emit_many(
        self,
        frame: Frame | None,
        info: FieldInfo,
        source: Many,
        nodes: list[ast.FieldNode],
        arguments: Arguments,
    ) -> str:
        target = self.catalogue.types[info.type_name]
        child = Frame(target, self.alias(), arguments)
        where = self._belonging(frame, child, source)
        where += self.visible(child.spec, child.alias)
        if source.where:
            where.append(self.static(source.where, child.alias, child.spec))
        if (within := arguments.own("within")) is not None:
            where += self.within(child, within)
        if source.condition is not None:
            where.append(source.condition(_Asked(self, frame, child, arguments), child.alias))
        if (chosen := arguments.own("filter")) is not None:
            where += self._filter(child, chosen)
        keys, descending = self._order(frame, child, source, arguments)
        if info.is_connection:
            return self._connection(info, child, where, keys, descending, nodes, arguments)
        return self._list(child, where, keys, nodes, source.limit)

    def _belonging(self, frame: Frame | None, child: Frame, source: Many) -> list[str]:
        if frame is None:
            return []
        if source.ancestors:
            mine = frame.own("path")
            return [
                f"{child.own('id')} IN ({self.dialect.path_ids(mine)})",
                f"{child.own('id')} <> {frame.own('id')}",
            ]
        if source.within:
            theirs, mine = child.own(source.within), frame.own("path")
            below = [f"{theirs} >= {mine}", f"{theirs} < {self.dialect.after(mine)}"]
            if child.table.name == frame.table.name and source.within == "path":
                below[0] = f"{theirs} > {mine}"
            return below
        if source.model is not None:
            between = self.catalogue.tables.of(source.model)
            x = self.alias()
            to, by = between.foreign_keys[source.to], between.foreign_keys[source.by]
            mine = frame.own(source.local)
            return [
                f"{child.own('id')} IN (SELECT {x}.\"{to.column}\" FROM {between.name} {x} "
                f'WHERE {x}."{by.column}" = {mine})'
            ]
        key = child.table.foreign_keys[source.by]
        return [f"{child.own(key.column)} = {frame.own(source.local)}"]

    def _order(
        self, frame: Frame | None, child: Frame, source: Many, arguments: Arguments
    ) -> tuple[list[str], bool]:
        """Return the sort columns, the last of them unique, and whether they descend."""
        chosen = arguments.own("order")
        if chosen is not None:
            fields = dict(chosen.items())
            name = fields["field"].sample.value
            info = next(f for f in child.info.fields.values() if f.python_name == name)
            column = filter_column(child.table, info)
            if column is None:
                raise Unplannable(name)
            direction = fields.get("direction")
            return [column, "id"], direction is not None and direction.sample.value == "DESC"
        if source.order:
            keys = list(source.order)
        elif source.ancestors or source.within == "path":
            keys = ["path"]
        elif source.within:
            keys = [source.within]
        elif frame is None and "path" in child.table.columns:
            keys = ["path"]
        elif frame is None and child.spec.scope.path is not None:
            keys = [child.spec.scope.path]
        else:
            keys = []
        if not keys or not child.table.columns[keys[-1]].unique:
            keys.append("id")
        return keys, False

    def _list(
        self,
        child: Frame,
        where: list[str],
        keys: list[str],
        nodes: Sequence[ast.FieldNode],
        limit: int,
    ) -> str:
        order = ", ".join(child.own(k) for k in keys)
        made = self.object(child, nodes)
        # The row limit and the order hold in the inner select; the aggregate keeps that order.
        columns = ", ".join(f'{child.alias}."{c}"' for c in sorted(child.used))
        numbered = f"row_number() OVER (ORDER BY {order}) AS rn"
        rows = (
            f"(SELECT {columns}, {numbered} FROM {child.table.name} {child.alias}"
            f"{_where(where)} ORDER BY {order} LIMIT {limit}) {child.alias}"
            f"{''.join(child.join_sql)}"
        )
        return self.dialect.array_of(made, rows, order=f"{child.alias}.rn")

    def _connection(
        self,
        info: FieldInfo,
        child: Frame,
        where: list[str],
        keys: list[str],
        descending: bool,  # noqa: FBT001
        nodes: Sequence[ast.FieldNode],
        arguments: Arguments,
    ) -> str:
        connection = _named(info)
        selected = self.selections.below(nodes, connection)
        direction = " DESC" if descending else ""
        spec = ("-" if descending else "+") + ",".join(keys)
        base = list(where)
        after = arguments.own("after")
        if after is not None:
            where = [*where, self._keyset(child, keys, descending, spec, after)]
        first = self._first(arguments)
        a = child.alias
        rows_needed = next_needed = False
        pairs: list[tuple[str, str]] = []
        if self.for_core:
            pairs.append((TYPE, quoted(connection)))
        for key, chosen in selected.items():
            name = chosen[0].name.value
            if name == "__typename":
                pairs.append((key, quoted(connection)))
            elif name == "totalCount":
                pairs.append(
                    (key, f"(SELECT count(*) FROM {child.table.name} {a}{_where(base)})")
                )
            elif name == "nodes":
                rows_needed = True
                pairs.append((key, self._page(self.object(child, chosen), a, first)))
            elif name == "edges":
                rows_needed = True
                row = self._edge(info, child, keys, spec, chosen)
                pairs.append((key, self._page(row, a, first)))
            else:
                rows_needed = next_needed = True
                pairs.append((key, self._page_info(child, keys, spec, chosen, first, after)))
        made = self.dialect.object(pairs)
        if not rows_needed:
            return made
        order = ", ".join(f"{child.own(k)}{direction}" for k in keys)
        columns = ", ".join(f'{a}."{c}"' for c in sorted(child.used))
        limit = f"{first} + 1" if next_needed else first
        counted = ", count(*) OVER () AS cnt" if next_needed else ""
        rows = (
            f"(SELECT {a}.*, row_number() OVER (ORDER BY {order}) AS rn{counted} FROM "
            f"(SELECT {columns} FROM {child.table.name} {a}{_where(where)} "
            f"ORDER BY {order} LIMIT {limit}) {a}) {a}{''.join(child.join_sql)}"
        )
        return self.dialect.nested(f"(SELECT {made} FROM {rows})")

    def _first(self, arguments: Arguments) -> str:
        given = arguments.own("first")
        maximum, default = self.page.page_size, self.page.default_page_size
        if given is None:
            return str(default)
        get = given.get
        return self.parameter(lambda bind: page_size(get(bind), maximum), "int")

    def _page(self, row: str, alias: str, first: str) -> str:
        return self.dialect.aggregate(row, f"{alias}.rn <= {first}", order=f"{alias}.rn")

    def _edge(
        self,
        info: FieldInfo,
        child: Frame,
        keys: list[str],
        spec: str,
        nodes: Sequence[ast.FieldNode],
    ) -> str:
        edge = _named(info).removesuffix("Connection") + "Edge"
        pairs = [(TYPE, quoted(edge))] if self.for_core else []
        for key, chosen in self.selections.below(nodes, edge).items():
            name = chosen[0].name.value
            if name == "__typename":
                pairs.append((key, quoted(edge)))
            elif name == "cursor":
                pairs.append((key, self._cursor(child, keys, spec)))
            else:
                pairs.append((key, self.object(child, chosen)))
        return self.dialect.object(pairs)

    def _page_info(
        self,
        child: Frame,
        keys: list[str],
        spec: str,
        nodes: Sequence[ast.FieldNode],
        first: str,
        after: Value | None,
    ) -> str:
        a = child.alias
        pairs = [(TYPE, "'PageInfo'")] if self.for_core else []
        for key, chosen in self.selections.below(nodes, "PageInfo").items():
            name = chosen[0].name.value
            if name == "__typename":
                made = "'PageInfo'"
            elif name == "hasNextPage":
                made = self.dialect.value(f"(count(*) > {first})", "bool")
            elif name == "hasPreviousPage":
                made = self.dialect.value("TRUE" if after is not None else "FALSE", "bool")
            elif name == "startCursor":
                cursor = self._cursor(child, keys, spec)
                made = f"max({cursor}) FILTER (WHERE {a}.rn = 1)"
            else:
                cursor = self._cursor(child, keys, spec)
                last = f"CASE WHEN {a}.cnt < {first} THEN {a}.cnt ELSE {first} END"
                made = f"max({cursor}) FILTER (WHERE {a}.rn = {last})"
            pairs.append((key, made))
        return self.dialect.object(pairs)

    def _cursor(self, child: Frame, keys: list[str], spec: str) -> str:
        items = [quoted(spec)]
        for k in keys:
            items.append(self.dialect.literal(child.own(k), child.table.columns[k].kind))
        return self.dialect.hexadecimal(self.dialect.json_text_array(items))

    def _keyset(
        self,
        child: Frame,
        keys: list[str],
        descending: bool,  # noqa: FBT001
        spec: str,
        after: Value,
    ) -> str:
        get = after.get
        kinds = [child.table.columns[k].kind for k in keys]
        values = []
        for i, kind in enumerate(kinds):

            def value(bind: Bind, i: int = i) -> Any:
                return decode_cursor(get(bind), spec, kinds)[i]

            values.append(self.parameter(value, kind))
        operator = "<" if descending else ">"
        columns = [child.own(k) for k in keys]
        if len(keys) == 1:
            return f"{columns[0]} {operator} {values[0]}"
        return f"({', '.join(columns)}) {operator} ({', '.join(values)})"

    def _emit_count(
        self,
        frame: Frame,
        info: FieldInfo,  # noqa: ARG002
        source: Count,
        nodes: list[ast.FieldNode],  # noqa: ARG002
        arguments: Arguments,
    ) -> str:
        model = source.many.model
        if model is None:
            raise Unplannable("count")
        target = next(
            t
            for t in self.catalogue.types.values()
            if t.spec is not None and t.spec.model is model
        )
        child = Frame(target, self.alias(), arguments)
        many = Many(by=source.many.by, within=source.many.within)
        where = self._belonging(frame, child, many)
        where += self.visible(child.spec, child.alias)
        if source.many.where:
            where.append(self.static(source.many.where, child.alias, child.spec))
        return f"(SELECT count(*) FROM {child.table.name} {child.alias}{_where(where)})"

    # ---- values ----------------------------------------------------------------------------------

    def _emit_expression(
        self,
        frame: Frame,
        info: FieldInfo,  # noqa: ARG002
        source: Expression,
        nodes: list[ast.FieldNode],  # noqa: ARG002
        arguments: Arguments,
    ) -> str:
        made = source.sql(_Asked(self, frame, frame, arguments))
        return self.dialect.value(made, source.kind)

    def _emit_viewer(
        self,
        frame: Frame,  # noqa: ARG002
        info: FieldInfo,  # noqa: ARG002
        source: ViewerValue,
        nodes: list[ast.FieldNode],  # noqa: ARG002
        arguments: Arguments,  # noqa: ARG002
    ) -> str:
        get = source.get
        if source.kind == "json":
            placeholder = self.parameter(
                lambda bind: orjson.dumps(get(bind.viewer)).decode(), "json"
            )
        else:
            placeholder = self.parameter(lambda bind: get(bind.viewer), source.kind)
        return self.dialect.value(placeholder, source.kind)

    def _emit_tally(
        self,
        frame: Frame,
        info: FieldInfo,
        source: Tally,
        nodes: list[ast.FieldNode],
        arguments: Arguments,
    ) -> str:
        rows = self._counters(frame, source, arguments)
        if not source.split:
            return f"CAST((SELECT coalesce(sum(k.n), 0) FROM ({rows}) k) AS BIGINT)"
        asked = _Asked(self, frame, frame, arguments)
        bucket = source.band(asked, "k.bucket") if source.band else "k.bucket"
        pairs = []
        for key, chosen in self.selections.below(nodes, info.type_name).items():
            name = chosen[0].name.value
            known = {"__typename": quoted(info.type_name), "code": "g.code", "count": "g.n"}
            pairs.append((key, known[name]))
        grouped = (
            f"(SELECT {bucket} AS code, CAST(sum(k.n) AS BIGINT) AS n FROM ({rows}) k "
            "GROUP BY 1 HAVING sum(k.n) <> 0 ORDER BY 1) g"
        )
        return self.dialect.array_of(self.dialect.object(pairs), grouped, order="g.code")

    def _counters(self, frame: Frame, source: Tally, arguments: Arguments) -> str:
        """Return a select of the counter rows: the kept total where the whole subtree is visible.

        Where a viewer's grants cover only a part of the subtree, the own counts of the visible
        organizations are summed instead: slower, and exact.
        """
        scope = Scope.of("organization")
        metric = f"metric = {quoted(source.metric)}"
        if source.bucket is not None and (given := arguments.own(_camel(source.bucket.name))):
            metric += f" AND bucket = {self.value(given)}"
        mine = frame.own("id")
        total = (
            f"SELECT c.bucket, c.total AS n FROM {_COUNTERS} c "
            f"WHERE c.organization_id = {mine} AND {metric}"
        )
        inside = self.inside(source.permission, scope, "c")
        if inside == "TRUE":
            return total
        if inside == "FALSE":
            return f"{total} AND FALSE"
        path = frame.own("path")
        after = self.dialect.after(path)
        _, organizations, _ = self._shape[source.permission]
        whole = []
        for i in range(organizations):
            lo, hi = self._range(source.permission, "organizations", i)
            whole.append(f"({path} >= {lo} AND {after} <= {hi})")
        covered = " OR ".join(whole) or "FALSE"
        return (
            f"{total} AND ({covered}) UNION ALL "
            f"SELECT c.bucket, c.own FROM {_COUNTERS} c WHERE NOT ({covered}) "
            f"AND c.org_path >= {path} AND c.org_path < {after} AND {metric} AND {inside}"
        )

    # ---- roots -----------------------------------------------------------------------------------

    def _root(self, nodes: list[ast.FieldNode]) -> str:
        info = self.catalogue.types["Query"].fields.get(nodes[0].name.value)
        if info is None or info.source is None:
            raise Unplannable(nodes[0].name.value)
        source = info.source
        arguments = Arguments(read_arguments(nodes[0], info.graphql.args, self.variables))
        if isinstance(source, Many):
            return self._emit_many(None, info, source, nodes, arguments)
        if isinstance(source, Lookup):
            return self._lookup(info, source, nodes, arguments)
        if isinstance(source, NodeById):
            return self._nodes(info, nodes, arguments)
        if isinstance(source, Own):
            target = self.catalogue.types[info.type_name]
            return self._single(target, nodes, arguments, lambda _f: [])
        if isinstance(source, Registers):
            return self._registers(nodes)
        raise Unplannable(info.name)

    def _lookup(
        self, info: FieldInfo, source: Lookup, nodes: list[ast.FieldNode], arguments: Arguments
    ) -> str:
        target = self.catalogue.types[info.type_name]

        def conditions(frame: Frame) -> list[str]:
            found = []
            if (given := arguments.own("id")) is not None:
                key = self.parameter(_key(given.get, target.name), "int")
                found.append(f"{frame.own('id')} = {key}")
            for name in source.keys:
                if (given := arguments.own(_camel(name))) is not None:
                    found.append(f"{frame.own(name)} = {self.value(given)}")
            if not found:
                names = ", ".join(["id", *map(_camel, source.keys)])
                message = f"请给出其中一项：{names} · give one of: {names}"
                raise BadInput(message)
            return found

        return self._single(target, nodes, arguments, conditions)

    def _nodes(
        self, info: FieldInfo, nodes: list[ast.FieldNode], arguments: Arguments
    ) -> str:
        given = arguments.own("ids" if info.is_list else "id")
        if given is None:
            raise Unplannable("id")
        get = given.get
        if not info.is_list:
            kind = self.parameter(lambda bind: (split_id(get(bind)) or ("", 0))[0], "text")
            key = self.parameter(lambda bind: (split_id(get(bind)) or ("", 0))[1], "int")
            return self.dialect.nested(self._by_type(nodes, arguments, kind, key))
        maximum = self.page.page_size

        def split(bind: Bind) -> list[tuple[str, int]]:
            ids = get(bind)
            if len(ids) > maximum:
                message = f"一次最多 {maximum} 个编号 · at most {maximum} ids at a time"
                raise BadInput(message)
            return [split_id(i) or ("", 0) for i in ids]

        if self.dialect.sqlite:
            placeholder = self.parameter(lambda bind: orjson.dumps(split(bind)).decode(), "json")
            rows = (
                "(SELECT json_extract(value, '$[0]') AS t, json_extract(value, '$[1]') AS v, "
                f"key AS n FROM json_each({placeholder}) ORDER BY key) e"
            )
        else:
            kinds = self.parameter(lambda bind: [t for t, _ in split(bind)], "texts")
            keys = self.parameter(lambda bind: [v for _, v in split(bind)], "ints")
            rows = f"unnest({kinds}, {keys}) WITH ORDINALITY AS e(t, v, n)"
        one = self.dialect.nested(self._by_type(nodes, arguments, "e.t", "e.v"))
        return self.dialect.array_of(one, rows, order="e.n")

    def _by_type(
        self, nodes: list[ast.FieldNode], arguments: Arguments, kind: str, key: str
    ) -> str:
        cases = []
        for target in self.catalogue.nodes:
            made = self._single(target, nodes, arguments, lambda f: [f"{f.own('id')} = {key}"])
            cases.append(f"WHEN {quoted(target.name)} THEN {made}")
        return f"CASE {kind} {' '.join(cases)} END"

    def _registers(self, nodes: list[ast.FieldNode]) -> str:
        rows = []
        for owned in self.catalogue.registers:
            register = owned.register
            pairs = [(TYPE, "'Register'")] if self.for_core else []
            for key, chosen in self.selections.below(nodes, "Register").items():
                name = chosen[0].name.value
                if name == "count":
                    made = self._register_count(register.model, register.where)
                elif name == "origin":
                    made = self.dialect.value("TRUE" if register.origin else "FALSE", "bool")
                else:
                    known = {
                        "__typename": "Register",
                        "code": register.code,
                        "labelZh": register.label_zh,
                        "labelEn": register.label_en,
                        "plugin": owned.plugin,
                    }
                    made = quoted(known[name])
                pairs.append((key, made))
            rows.append(self.dialect.object(pairs))
        return self.dialect.json_array(rows)

    def _register_count(self, model: type[Model], where: Where) -> str:
        spec, a = self._spec_of(model), self.alias()
        conditions = self.visible(spec, a)
        if where:
            conditions.append(self.static(where, a, spec))
        return f"(SELECT count(*) FROM {self.catalogue.tables.of(model).name} {a}{_where(conditions)})"


_EMITTERS: dict[type[Source], Callable[..., str]] = {
    Column: Compiler._emit_column,  # noqa: SLF001
    CodeOf: Compiler._emit_code,  # noqa: SLF001
    Group: Compiler._emit_group,  # noqa: SLF001
    Itself: Compiler._emit_itself,  # noqa: SLF001
    One: Compiler._emit_one,  # noqa: SLF001
    Many: Compiler._emit_many,  # noqa: SLF001
    Count: Compiler._emit_count,  # noqa: SLF001
    Expression: Compiler._emit_expression,  # noqa: SLF001
    ViewerValue: Compiler._emit_viewer,  # noqa: SLF001
    Tally: Compiler._emit_tally,  # noqa: SLF001
}


class _Asked:
    """The side of the planner that a declaration's own SQL may use, see graph.sources.Sql."""

    def __init__(
        self, compiler: Compiler, frame: Frame | None, row: Frame, arguments: Arguments
    ) -> None:
        self._compiler = compiler
        self._frame = frame
        self._row = row
        self._arguments = arguments

    @property
    def sqlite(self) -> bool:
        return self._compiler.dialect.sqlite

    def column(self, name: str) -> str:
        return self._compiler.raw_column(self._row, name)[0]

    def argument(self, name: str, kind: str = "text") -> str | None:
        found = self._arguments.find(_camel(name))
        return None if found is None else self._compiler.value(found, kind)

    def given(self, name: str) -> Callable[[Any], Any] | None:
        found = self._arguments.find(_camel(name))
        return None if found is None else found.get

    def list_argument(self, name: str, expression: str) -> str | None:
        found = self._arguments.find(_camel(name))
        if found is None:
            return None
        get = found.get
        listed = self._compiler.list_value(lambda bind: [plain(v) for v in get(bind)], "texts")
        return self._compiler.dialect.any_of(expression, listed, "text")

    def value(self, get: Callable[[Any], Any], kind: str = "text") -> str:
        return self._compiler.parameter(get, kind)

    def visible(self, model: type[Model], alias: str) -> str:
        found = self._compiler.visible(self._compiler._spec_of(model), alias)  # noqa: SLF001
        return " AND ".join(found) or "TRUE"

    def family(self, expression: str, code_list: str, family: str) -> str:
        return self._compiler.family(expression, code_list, family)

    def after(self, path: str) -> str:
        return self._compiler.dialect.after(path)


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _constant(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    return quoted(str(getattr(value, "name", value)))


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def _named(info: FieldInfo) -> str:
    kind = info.graphql.type
    return getattr(kind, "of_type", kind).name  # type: ignore[no-any-return]


def _key(get: Getter, type_name: str) -> Getter:
    return lambda bind: key_of(get(bind), type_name)


def _listed(get: Getter, type_name: str | None) -> Callable[[Bind], list[Any]]:
    if type_name is None:
        return lambda bind: [plain(v) for v in get(bind)]
    return lambda bind: [key_of(v, type_name) for v in get(bind)]


def _successor(get: Getter) -> Getter:
    """Return the first text that does not begin with the client's prefix, by code points."""
    return lambda bind: get(bind) + "\U0010ffff"


def _code_list(catalogue: Catalogue, model: type[Model], column: str) -> str:
    for info in catalogue.types.values():
        if info.spec is not None and info.spec.model is model:
            for f in info.fields.values():
                if isinstance(f.source, CodeOf) and (f.source.path or f.python_name) == column:
                    return f.source.list
    message = f"{model.__name__}.{column} is not a code"
    raise KeyError(message)
