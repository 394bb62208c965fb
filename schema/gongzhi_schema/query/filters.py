"""A client's filters as SQL conditions, over the fields that their type declares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gongzhi.graph.sources import One
from gongzhi_schema.catalogue import Catalogue, FieldInfo
from gongzhi_schema.checks import filter_column
from gongzhi_schema.query.frames import Frame
from gongzhi_schema.query.parameters import Parameters
from gongzhi_schema.query.values import Bind, Getter, Unplannable, Value, camel, key_of, plain
from gongzhi_schema.query.visibility import Visibility


class Filters:
    """Compiles filters; every value is a parameter."""

    def __init__(
        self, catalogue: Catalogue, parameters: Parameters, visibility: Visibility
    ) -> None:
        self._catalogue = catalogue
        self._parameters = parameters
        self._visibility = visibility

    def of(self, frame: Frame, value: Value, *, paged: bool) -> list[str]:
        """Return the conditions in a client's filter; for ``paged`` see :meth:`within`."""
        conditions: list[str] = []
        by_name = {f.name: f for f in frame.info.fields.values()}
        hashed = {camel(n): h for n, h in (frame.spec.hashed or {}).items()}
        for name, inner in value.items():
            if name == "within":
                conditions += self.within(frame, inner, paged=paged)
            elif name in hashed:
                conditions.append(self._hashed(frame, hashed[name].column, inner))
                look_up = self._visibility.inside(
                    hashed[name].permission, frame.spec.scope, frame.alias
                )
                if look_up != "TRUE":
                    conditions.append(look_up)
            else:
                conditions += self._tests(frame, by_name[name], inner)
        return conditions

    def _hashed(self, frame: Frame, column: str, value: Value) -> str:
        get = value.get
        digest = self._parameters.add(lambda bind: bind.digest(get(bind)), "text")
        return f"{frame.own(column)} = {digest}"

    def within(self, frame: Frame, value: Value, *, paged: bool) -> list[str]:
        """Return the condition that a row lies in the subtree of an organization or area.

        :param paged: a cursor says where in the subtree to begin.
        """
        scope = frame.spec.scope
        if scope.path is None:
            column, target = frame.own("path"), frame.info
        else:
            column, target = frame.own(scope.path), self._catalogue.types["Organization"]
        if target.spec is None or target.table is None:
            raise Unplannable(target.name)
        key = self._parameters.key(value, target.name)
        o = self._parameters.alias()
        conditions = " AND ".join([f"{o}.id = {key}", *self._visibility.visible(target.spec, o)])
        path = f"FROM {target.table.name} {o} WHERE {conditions}"
        dialect = self._parameters.dialect
        return [
            f"{dialect.unindexed(column) if paged else column} >= (SELECT {o}.path {path})",
            f"{column} < (SELECT {dialect.after(o + '.path')} {path})",
        ]

    def _tests(self, frame: Frame, info: FieldInfo, value: Value) -> list[str]:
        column = filter_column(frame.table, info)
        if column is None:
            raise Unplannable(info.name)
        kind = frame.table.columns[column].kind
        expression = frame.own(column)
        if not isinstance(value.sample, dict):
            return [f"{expression} = {self._parameters.value(value, kind)}"]
        if isinstance(info.source, One):
            return [self._edge(expression, info, *test) for test in value.items()]
        conditions = []
        for test, inner in value.items():
            get = inner.get
            if test == "in":
                listed = self._parameters.listed(_plain(get), "ints" if kind == "int" else "texts")
                conditions.append(self._parameters.dialect.any_of(expression, listed, kind))
            elif test == "startsWith":
                lo = self._parameters.add(get, "text")
                hi = self._parameters.add(_successor(get), "text")
                conditions.append(f"{expression} >= {lo} AND {expression} < {hi}")
            else:
                operator = {"eq": "=", "gte": ">=", "lt": "<"}[test]
                conditions.append(f"{expression} {operator} {self._parameters.value(inner, kind)}")
        return conditions

    def _edge(self, expression: str, info: FieldInfo, test: str, value: Value) -> str:
        """Return the condition that an edge leads to one of these rows, as far as they are seen.

        To who may not see the other row the edge is null; a filter must not tell more.
        """
        target = self._catalogue.types[info.type_name]
        if target.spec is None or target.table is None:
            raise Unplannable(target.name)
        o = self._parameters.alias()
        visible = self._visibility.visible(target.spec, o)
        column = f"{o}.id" if visible else expression
        if test == "in":
            listed = self._parameters.listed(_keys(value.get, info.type_name), "ints")
            condition = self._parameters.dialect.any_of(column, listed, "int")
        else:
            condition = f"{column} = {self._parameters.key(value, info.type_name)}"
        if not visible:
            return condition
        conditions = " AND ".join([condition, *visible])
        operator = "IN" if test == "in" else "="
        rows = f"{target.table.name} {o} WHERE {conditions}"
        return f"{expression} {operator} (SELECT {o}.id FROM {rows})"


def _plain(get: Getter) -> Callable[[Bind], list[Any]]:
    return lambda bind: [plain(v) for v in get(bind)]


def _keys(get: Getter, type_name: str) -> Callable[[Bind], list[Any]]:
    return lambda bind: [key_of(v, type_name) for v in get(bind)]


def _successor(get: Getter) -> Getter:
    """Return the first text that does not begin with the client's prefix, by code points."""
    return lambda bind: get(bind) + "\U0010ffff"
