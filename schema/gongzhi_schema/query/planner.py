"""One GraphQL operation, or one field of it, to one SQL statement that returns the JSON.

Every reference to a table goes through :class:`~.visibility.Visibility`, so that nested edges,
counts, roll-ups and plugin extensions cannot forget the viewer's row scope. SQL text comes only
from the catalogue; every value of a client is a parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from graphql.language import ast
from tortoise.models import Model

from gongzhi.access.viewer import Shape
from gongzhi.graph.scope import Scope, Where
from gongzhi.graph.sources import (
    Ability,
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
    Tally,
    ViewerValue,
)
from gongzhi_schema.catalogue import Catalogue, FieldInfo, TypeInfo
from gongzhi_schema.checks import filter_column, pointing_column
from gongzhi_schema.query.dialects import Dialect, quoted
from gongzhi_schema.query.filters import Filters
from gongzhi_schema.query.frames import READS, TYPE, Frame, Page, Plan, where_text
from gongzhi_schema.query.pages import Pages
from gongzhi_schema.query.parameters import Parameters
from gongzhi_schema.query.selection import Selected, Selections
from gongzhi_schema.query.values import (
    Arguments,
    BadInput,
    Bind,
    Unplannable,
    camel,
    plain,
    read_arguments,
    split_id,
)
from gongzhi_schema.query.visibility import Visibility, static
from gongzhi_schema.query.visibility import family as in_family

_ORGANIZATIONS = "core_organization"
_COUNTERS = "core_counter"
_CODES = "core_code"


class Compiler:
    """Compiles for one dialect, one viewer shape and the structure of one set of variables."""

    def __init__(
        self,
        catalogue: Catalogue,
        dialect: Dialect,
        viewer_shape: Shape,
        page: Page,
        selections: Selections,
        variables: Mapping[str, Any],
        *,
        for_core: bool = False,
        flat: bool = False,
    ) -> None:
        """Prepare for one plan.

        :param flat: do not nest objects in each other's SQL, but set each beside the statement, as
            a named select that is looked into by key: slower, and of any depth.
        """
        self.catalogue = catalogue
        self.dialect = dialect
        self.page = page
        self.selections = selections
        self.variables = variables
        self.for_core = for_core
        self.parameters = Parameters(dialect)
        self.visibility = Visibility(catalogue, self.parameters, viewer_shape)
        self.filters = Filters(catalogue, self.parameters, self.visibility)
        self.pages = Pages(self)
        self._flat = flat
        self._beside: list[str] = []
        self._inside_object = False

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

    def row(self, type_name: str, nodes: list[ast.FieldNode]) -> Plan:
        """Compile one row, ``Bind.key`` of a type: its scope is applied all the same."""
        info = self.catalogue.types[type_name]
        value = self.parameters.add(lambda bind: bind.key, "int")
        return self._plan(
            self._single(info, nodes, Arguments({}), lambda frame: [f"{frame.own('id')} = {value}"])
        )

    def _plan(self, expression: str) -> Plan:
        return self.parameters.plan(self.dialect.statement(expression, self._beside))

    # ---- conditions ------------------------------------------------------------------------------

    # ---- objects ---------------------------------------------------------------------------------

    def object(self, frame: Frame, nodes: Sequence[ast.FieldNode]) -> str:
        """Return the JSON object of a row."""
        selected = self.selections.below(nodes, frame.info.name)
        if not self._flat:
            return self._object(frame, selected)
        if self._inside_object:
            return self._object_beside(frame, selected)
        self._inside_object = True
        made = self._object(frame, selected)
        self._inside_object = False
        return made

    def _object_beside(self, frame: Frame, selected: Selected) -> str:
        """Set the object of a row beside the statement; the row is one that is visible."""
        own = Frame(frame.info, self.parameters.alias(), frame.arguments)
        made = self._object(own, selected)
        rows = f"{own.table.name} {own.alias}{''.join(own.join_sql)}"
        name = f"o{len(self._beside)}"
        self._beside.append(f"{name}(k, made) AS (SELECT {own.alias}.id, {made} FROM {rows})")
        return self.dialect.nested(f"(SELECT made FROM {name} WHERE k = {frame.own('id')})")

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
                joined = frame.joins[done] = self.parameters.alias()
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
                k = self.parameters.alias()
                label = {"labelZh": "label_zh", "labelEn": "label_en"}[name]
                found = (
                    f"SELECT {k}.{label} FROM {_CODES} {k} "
                    f"WHERE {k}.list = {quoted(source.list)} AND {k}.code = {value}"
                )
                pairs.append((key, f"coalesce(({found}), {value})"))
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

    def _emit_can(
        self,
        frame: Frame,
        info: FieldInfo,
        source: Can,
        nodes: list[ast.FieldNode],
        arguments: Arguments,  # noqa: ARG002
    ) -> str:
        kind = self.catalogue.types[info.type_name]
        state = frame.own(source.state)
        scope = frame.spec.scope
        owner = scope.organization and f"{scope.organization}_id"
        frame.used.update(c for c in (scope.path, scope.area_path, owner) if c)  # of inside()
        pairs = []
        for key, chosen in self.selections.below(nodes, kind.name).items():
            name = chosen[0].name.value
            if name == "__typename":
                pairs.append((key, quoted(kind.name)))
                continue
            ability = kind.fields[name].source
            if not isinstance(ability, Ability):
                raise Unplannable(name)
            options = [
                f"({state} IN ({', '.join(map(quoted, states))}) AND "
                f"{self.visibility.inside(permission, frame.spec.scope, frame.alias)})"
                for states, permission in ability.steps
            ]
            pairs.append((key, self.dialect.value(f"({' OR '.join(options)})", "bool")))
        return self.dialect.object(pairs)

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
        frame = Frame(target, self.parameters.alias(), arguments)
        where = [*conditions(frame), *self.visibility.visible(frame.spec, frame.alias)]
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
        child = Frame(target, self.parameters.alias(), arguments)
        keys, descending = self._order(frame, child, source, arguments)
        paged = child.table.path_column_of(keys[0]) and arguments.own("after") is not None
        where = self._conditions(frame, child, source, arguments, paged=paged)
        if not (info.is_list or info.is_connection):
            return self.pages.first(child, where, keys, descending, nodes)
        if not info.is_connection:
            return self.pages.bare(child, where, keys, descending, nodes, source.limit)
        whole = where
        if paged and self.dialect.sqlite:  # the total has no cursor to begin at
            whole = self._conditions(frame, child, source, arguments, paged=False)
        return self.pages.connection(info, child, where, whole, keys, descending, nodes, arguments)

    def _conditions(
        self,
        frame: Frame | None,
        child: Frame,
        source: Many,
        arguments: Arguments,
        *,
        paged: bool,
    ) -> list[str]:
        """Return which rows a list has; ``paged`` where a cursor says at which path to begin."""
        within, chosen = arguments.own("within"), arguments.own("filter")
        bounded = paged or frame is not None or within is not None
        bounded |= chosen is not None and chosen.sample.get("within") is not None
        where = self._belonging(frame, child, source, paged=paged)
        where += self.visibility.visible(child.spec, child.alias, bounded=bounded)
        if source.where:
            where.append(static(self.catalogue, source.where, child.alias, child.spec))
        if within is not None:
            where += self.filters.within(child, within, paged=paged)
        if source.condition is not None:
            where.append(source.condition(_Asked(self, frame, child, arguments), child.alias))
        if chosen is not None:
            where += self.filters.of(child, chosen, paged=paged)
        return where

    def _belonging(
        self, frame: Frame | None, child: Frame, source: Many, *, paged: bool = False
    ) -> list[str]:
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
            itself = child.table.name == frame.table.name and source.within == "path"
            begin = self.dialect.unindexed(theirs) if paged else theirs
            return [
                f"{begin} {'>' if itself else '>='} {mine}",
                f"{theirs} < {self.dialect.after(mine)}",
            ]
        if source.model is not None:
            between = self.catalogue.tables.of(source.model)
            x = self.parameters.alias()
            to, by = between.foreign_keys[source.to], between.foreign_keys[source.by]
            mine = frame.own(source.local)
            between_rows = (
                f'SELECT {x}."{to.column}" FROM {between.name} {x} WHERE {x}."{by.column}" = {mine}'
            )
            return [f"{child.own('id')} IN ({between_rows})"]
        if not source.by and source.condition is not None:  # it says itself which rows belong
            return []
        column = pointing_column(child.table, source.by)
        if column is None:
            raise Unplannable(source.by)
        return [f"{child.own(column)} = {frame.own(source.local)}"]

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
        return keys, source.descending

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
            t for t in self.catalogue.types.values() if t.spec is not None and t.spec.model is model
        )
        child = Frame(target, self.parameters.alias(), arguments)
        many = Many(by=source.many.by, within=source.many.within)
        where = self._belonging(frame, child, many)
        where += self.visibility.visible(child.spec, child.alias)
        if source.many.where:
            where.append(static(self.catalogue, source.many.where, child.alias, child.spec))
        return f"(SELECT count(*) FROM {child.table.name} {child.alias}{where_text(where)})"

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

    def _is_own(self, frame: Frame) -> str:
        """Return the condition that a row is the viewer's own, by its scope's owner column."""
        account = self.parameters.add(lambda bind: bind.viewer.account_id, "int", "viewer")
        return f"{frame.own(frame.spec.scope.owner or 'id')} = {account}"

    def _emit_viewer(
        self,
        frame: Frame,
        info: FieldInfo,  # noqa: ARG002
        source: ViewerValue,
        nodes: list[ast.FieldNode],  # noqa: ARG002
        arguments: Arguments,  # noqa: ARG002
    ) -> str:
        get = source.get
        if source.kind == "json":
            placeholder = self.parameters.add(
                lambda bind: orjson.dumps(get(bind.viewer)).decode(), "json"
            )
        else:
            placeholder = self.parameters.add(lambda bind: get(bind.viewer), source.kind)
        if frame.spec.scope.owner is not None:  # of the viewer, so not of another account
            placeholder = f"CASE WHEN {self._is_own(frame)} THEN {placeholder} END"
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
        order = self.dialect.by_code_point("g.code")
        return self.dialect.array_of(self.dialect.object(pairs), grouped, order=order)

    def _counters(self, frame: Frame, source: Tally, arguments: Arguments) -> str:
        """Return a select of the counter rows: the kept total where the whole subtree is visible.

        Where a viewer's grants cover only a part of the subtree, the own counts of the visible
        organizations are summed instead: slower, and exact.
        """
        scope = Scope.of("organization")
        metric = f"metric = {quoted(source.metric)}"
        if source.bucket is not None and (given := arguments.own(camel(source.bucket.name))):
            metric += f" AND bucket = {self.parameters.value(given)}"
        mine = frame.own("id")
        total = (
            f"SELECT c.bucket, c.total AS n FROM {_COUNTERS} c "
            f"WHERE c.organization_id = {mine} AND {metric}"
        )
        inside = self.visibility.inside(source.permission, scope, "c")
        if inside == "TRUE":
            return total
        if inside == "FALSE":
            return f"{total} AND FALSE"
        path = frame.own("path")
        after = self.dialect.after(path)
        covered = self.visibility.whole(source.permission, path, after)
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
            return self._single(target, nodes, arguments, lambda frame: [self._is_own(frame)])
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
                key = self.parameters.key(given, target.name)
                found.append(f"{frame.own('id')} = {key}")
            found += [
                f"{frame.own(name)} = {self.parameters.value(given)}"
                for name in source.keys
                if (given := arguments.own(camel(name))) is not None
            ]
            if not found:
                names = ", ".join(["id", *map(camel, source.keys)])
                message = f"请给出其中一项：{names} · give one of: {names}"
                raise BadInput(message)
            return found

        return self._single(target, nodes, arguments, conditions)

    def _nodes(self, info: FieldInfo, nodes: list[ast.FieldNode], arguments: Arguments) -> str:
        given = arguments.own("ids" if info.is_list else "id")
        if given is None:
            raise Unplannable("id")
        get = given.get
        if not info.is_list:
            kind = self.parameters.add(lambda bind: (split_id(get(bind)) or ("", 0))[0], "text")
            key = self.parameters.add(lambda bind: (split_id(get(bind)) or ("", 0))[1], "int")
            return self.dialect.nested(self._by_type(nodes, arguments, kind, key))
        maximum = self.page.page_size

        def split(bind: Bind) -> list[tuple[str, int]]:
            ids = get(bind)
            if len(ids) > maximum:
                message = f"一次最多 {maximum} 个编号 · at most {maximum} ids at a time"
                raise BadInput(message)
            return [split_id(i) or ("", 0) for i in ids]

        if self.dialect.sqlite:
            placeholder = self.parameters.add(
                lambda bind: orjson.dumps(split(bind)).decode(), "json"
            )
            rows = (
                "(SELECT json_extract(value, '$[0]') AS t, json_extract(value, '$[1]') AS v, "
                f"key AS n FROM json_each({placeholder}) ORDER BY key) e"
            )
        else:
            kinds = self.parameters.add(lambda bind: [t for t, _ in split(bind)], "texts")
            keys = self.parameters.add(lambda bind: [v for _, v in split(bind)], "ints")
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
        spec, a = self.visibility.spec_of(model), self.parameters.alias()
        conditions = self.visibility.visible(spec, a)
        if where:
            conditions.append(static(self.catalogue, where, a, spec))
        table = self.catalogue.tables.of(model).name
        return f"(SELECT count(*) FROM {table} {a}{where_text(conditions)})"


_EMITTERS: dict[type[Source], Callable[..., str]] = {
    Column: Compiler._emit_column,  # noqa: SLF001
    CodeOf: Compiler._emit_code,  # noqa: SLF001
    Group: Compiler._emit_group,  # noqa: SLF001
    Can: Compiler._emit_can,  # noqa: SLF001
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

    def outer(self, name: str) -> str:
        if self._frame is None:
            raise Unplannable(name)
        return self._compiler.raw_column(self._frame, name)[0]

    def argument(self, name: str, kind: str = "text") -> str | None:
        found = self._arguments.find(camel(name))
        return None if found is None else self._compiler.parameters.value(found, kind)

    def given(self, name: str) -> Callable[[Any], Any] | None:
        found = self._arguments.find(camel(name))
        return None if found is None else found.get

    def list_argument(self, name: str, expression: str) -> str | None:
        found = self._arguments.find(camel(name))
        if found is None:
            return None
        get = found.get
        listed = self._compiler.parameters.listed(
            lambda bind: [plain(v) for v in get(bind)], "texts"
        )
        return self._compiler.dialect.any_of(expression, listed, "text")

    def value(self, get: Callable[[Any], Any], kind: str = "text") -> str:
        return self._compiler.parameters.add(get, kind)

    def visible(self, model: type[Model], alias: str) -> str:
        visibility = self._compiler.visibility
        found = visibility.visible(visibility.spec_of(model), alias)
        return " AND ".join(found) or "TRUE"

    def family(self, expression: str, code_list: str, family: str) -> str:
        return in_family(expression, code_list, family)

    def after(self, path: str) -> str:
        return self._compiler.dialect.after(path)
