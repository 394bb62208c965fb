"""Lists and connections: the rows of a page, its cursors, its end and its total."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from graphql.language import ast

from gongzhi_schema.catalogue import FieldInfo
from gongzhi_schema.query.dialects import quoted
from gongzhi_schema.query.frames import TYPE, Frame, where_text
from gongzhi_schema.query.values import Arguments, Bind, Value, page_size

if TYPE_CHECKING:
    from gongzhi_schema.query.planner import Compiler


class Pages:
    """Compiles to-many edges for a compiler."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler
        self._dialect = compiler.dialect

    def bare(
        self,
        child: Frame,
        where: list[str],
        keys: list[str],
        descending: bool,  # noqa: FBT001
        nodes: Sequence[ast.FieldNode],
        limit: int,
    ) -> str:
        """Return the JSON array of a plain list."""
        order = ", ".join(f"{child.own(k)}{' DESC' if descending else ''}" for k in keys)
        made = self._compiler.object(child, nodes)
        # The row limit and the order hold in the inner select; the aggregate keeps that order.
        columns = ", ".join(f'{child.alias}."{c}"' for c in sorted(child.used))
        rows = (
            f"(SELECT {columns} FROM {child.table.name} {child.alias}"
            f"{where_text(where)} ORDER BY {order} LIMIT {limit}) {child.alias}"
            f"{''.join(child.join_sql)}"
        )
        return self._dialect.array_of(made, rows, order=order)

    def first(
        self,
        child: Frame,
        where: list[str],
        keys: list[str],
        descending: bool,  # noqa: FBT001
        nodes: Sequence[ast.FieldNode],
    ) -> str:
        """Return the JSON object of the first row, null where there is none."""
        order = ", ".join(f"{child.own(k)}{' DESC' if descending else ''}" for k in keys)
        made = self._compiler.object(child, nodes)
        columns = ", ".join(f'{child.alias}."{c}"' for c in sorted(child.used))
        rows = (
            f"(SELECT {columns} FROM {child.table.name} {child.alias}"
            f"{where_text(where)} ORDER BY {order} LIMIT 1) {child.alias}"
            f"{''.join(child.join_sql)}"
        )
        return self._dialect.nested(f"(SELECT {made} FROM {rows})")

    def connection(  # noqa: C901  # one branch for each thing to select
        self,
        info: FieldInfo,
        child: Frame,
        where: list[str],
        whole: list[str],
        keys: list[str],
        descending: bool,  # noqa: FBT001
        nodes: Sequence[ast.FieldNode],
        arguments: Arguments,
    ) -> str:
        """Return the JSON object of a connection: only what is selected of it is computed.

        :param whole: the same conditions as ``where``, for the total.
        """
        connection = info.named
        selected = self._compiler.selections.below(nodes, connection)
        direction = " DESC" if descending else ""
        spec = ("-" if descending else "+") + ",".join(keys)
        after = arguments.own("after")
        if after is not None:
            where = [*where, self._keyset(child, keys, descending, spec, after)]
        first = self._first(arguments)
        a = child.alias
        order = ", ".join(f"{child.own(k)}{direction}" for k in keys)
        rows_needed = next_needed = any(
            chosen[0].name.value == "pageInfo" and self._aggregates(chosen)
            for chosen in selected.values()
        )

        def page(row: str) -> str:
            if not next_needed:
                return self._dialect.aggregate(row, order=order)
            return self._dialect.aggregate(row, f"{a}.rn <= {first}", order=f"{a}.rn")

        pairs: list[tuple[str, str]] = []
        if self._compiler.for_core:
            pairs.append((TYPE, quoted(connection)))
        for key, chosen in selected.items():
            name = chosen[0].name.value
            if name == "__typename":
                pairs.append((key, quoted(connection)))
            elif name == "totalCount":
                pairs.append(
                    (key, f"(SELECT count(*) FROM {child.table.name} {a}{where_text(whole)})")
                )
            elif name == "nodes":
                rows_needed = True
                pairs.append((key, page(self._compiler.object(child, chosen))))
            elif name == "edges":
                rows_needed = True
                pairs.append((key, page(self._edge(info, child, keys, spec, chosen))))
            else:
                pairs.append((key, self._page_info(child, keys, spec, chosen, first, after)))
        made = self._dialect.object(pairs)
        if not rows_needed:
            return made
        columns = ", ".join(f'{a}."{c}"' for c in sorted(child.used))
        chosen_rows = (
            f"(SELECT {columns} FROM {child.table.name} {a}{where_text(where)} "
            f"ORDER BY {order} LIMIT {first}"
        )
        if next_needed:  # one row more tells whether there is a next page
            numbered = f"row_number() OVER (ORDER BY {order}) AS rn, count(*) OVER () AS cnt"
            rows = f"(SELECT {a}.*, {numbered} FROM {chosen_rows} + 1) {a}) {a}"
        else:
            rows = f"{chosen_rows}) {a}"
        return self._dialect.nested(f"(SELECT {made} FROM {rows}{''.join(child.join_sql)})")

    def _first(self, arguments: Arguments) -> str:
        given = arguments.own("first")
        maximum, default = self._compiler.page.page_size, self._compiler.page.default_page_size
        if given is None:
            return str(default)
        if given.constant:  # a number in the text lets the database plan for so few rows
            return str(page_size(given.sample, maximum))
        get = given.get
        return self._compiler.parameters.add(
            lambda bind: page_size(get(bind), maximum), "int", (given.variable, "first")
        )

    def _edge(
        self,
        info: FieldInfo,
        child: Frame,
        keys: list[str],
        spec: str,
        nodes: Sequence[ast.FieldNode],
    ) -> str:
        edge = info.named.removesuffix("Connection") + "Edge"
        pairs = [(TYPE, quoted(edge))] if self._compiler.for_core else []
        for key, chosen in self._compiler.selections.below(nodes, edge).items():
            name = chosen[0].name.value
            if name == "__typename":
                pairs.append((key, quoted(edge)))
            elif name == "cursor":
                pairs.append((key, self._cursor(child, keys, spec)))
            else:
                pairs.append((key, self._compiler.object(child, chosen)))
        return self._dialect.object(pairs)

    def _aggregates(self, page_info: Sequence[ast.FieldNode]) -> bool:
        """Whether page info needs the rows; what does not would be given once for each row."""
        selected = self._compiler.selections.below(page_info, "PageInfo").values()
        return bool({n[0].name.value for n in selected} - {"__typename", "hasPreviousPage"})

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
        pairs = [(TYPE, "'PageInfo'")] if self._compiler.for_core else []
        for key, chosen in self._compiler.selections.below(nodes, "PageInfo").items():
            name = chosen[0].name.value
            if name == "__typename":
                made = "'PageInfo'"
            elif name == "hasPreviousPage":
                made = self._dialect.value("TRUE" if after is not None else "FALSE", "bool")
            elif name == "hasNextPage":
                made = self._dialect.value(f"(count(*) > {first})", "bool")
            elif name == "startCursor":
                cursor = self._cursor(child, keys, spec)
                made = f"max({cursor}) FILTER (WHERE {a}.rn = 1)"
            else:
                cursor = self._cursor(child, keys, spec)
                last = f"CASE WHEN {a}.cnt < {first} THEN {a}.cnt ELSE {first} END"
                made = f"max({cursor}) FILTER (WHERE {a}.rn = {last})"
            pairs.append((key, made))
        return self._dialect.object(pairs)

    def _cursor(self, child: Frame, keys: list[str], spec: str) -> str:
        kinds = child.table.columns
        values = [self._dialect.literal(child.own(k), kinds[k].kind) for k in keys]
        items = [quoted(spec), *values]
        return self._dialect.hexadecimal(self._dialect.json_text_array(items))

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
                return bind.cursor(get(bind), spec, kinds)[i]

            values.append(self._compiler.parameters.add(value, kind))
        operator = "<" if descending else ">"
        columns = [child.own(k) for k in keys]
        if len(keys) == 1:
            return f"{columns[0]} {operator} {values[0]}"
        # The first comparison is what an index is searched by: a comparison of rows would begin at
        # the lowest of the bounds, and read all pages before this one.
        return (
            f"{columns[0]} {operator}= {values[0]} "
            f"AND ({', '.join(columns)}) {operator} ({', '.join(values)})"
        )
