"""How SQLite and PostgreSQL say the same thing. All SQL text that differs stands here."""

from __future__ import annotations

from collections.abc import Sequence

Pair = tuple[str, str]
"""Response key and SQL expression."""

_PAIRS_PER_CALL = 40
"""PostgreSQL takes 100 arguments a function, SQLite 127 by default."""


def quoted(text: str) -> str:
    """Return an SQL string literal; for names out of the schema or document, never for values."""
    return "'" + text.replace("'", "''") + "'"


class Dialect:
    """Base: what both share."""

    name: str
    sqlite: bool

    def placeholder(self, number: int, kind: str) -> str:
        """Return the placeholder of parameter ``number``, counted from 1."""
        raise NotImplementedError

    def object(self, pairs: Sequence[Pair]) -> str:
        """Return a JSON object with its keys in this order."""
        raise NotImplementedError

    def array_of(self, row: str, rows: str, *, order: str) -> str:
        """Return a scalar sub-select: the JSON array of ``row`` over ``rows``, never null."""
        return self.nested(f"(SELECT {self.aggregate(row, order=order)} FROM {rows})")

    def aggregate(self, row: str, condition: str = "", *, order: str) -> str:
        """Return the aggregate that makes a JSON array, empty rather than null.

        The rows must come sorted: SQLite before 3.44 knows no order inside the aggregate.
        """
        raise NotImplementedError

    def json_array(self, items: Sequence[str]) -> str:
        """Return a JSON array of these expressions."""
        raise NotImplementedError

    def nested(self, select: str) -> str:
        """Mark a scalar sub-select as JSON, so that it is not quoted as a string."""
        raise NotImplementedError

    def value(self, expression: str, kind: str) -> str:
        """Return a stored value as it is written in a response."""
        raise NotImplementedError

    def literal(self, expression: str, kind: str) -> str:
        """Return a stored value as plain text or number, as a cursor carries it."""
        raise NotImplementedError

    def any_of(self, expression: str, placeholder: str, kind: str) -> str:
        """Return the condition that a value is in the list parameter."""
        raise NotImplementedError

    def hexadecimal(self, text: str) -> str:
        """Return the upper-case hexadecimal form of a text."""
        raise NotImplementedError

    def json_text_array(self, items: Sequence[str]) -> str:
        """Return a JSON array as text."""
        raise NotImplementedError

    def path_ids(self, path: str) -> str:
        """Return a sub-select with the ids in a tree path."""
        raise NotImplementedError

    def unindexed(self, expression: str) -> str:
        """Return a column so that a condition on it does not choose the index.

        SQLite searches an index with one lower and one upper bound of a column; where several are
        given it takes the first, not the tightest.
        """
        return f"+{expression}" if self.sqlite else expression

    def by_code_point(self, text: str) -> str:
        """Return a text to sort by that sorts alike in every locale."""
        return text

    def after(self, path: str) -> str:
        """Return the end of the range of the subtree at ``path``: its first non-member."""
        return f"(rtrim({path}, '.') || '/')"

    def global_id(self, type_name: str, column: str) -> str:
        """Return the global id ``Type:42``."""
        return f"({quoted(type_name + ':')} || {column})"

    def statement(self, expression: str, beside: Sequence[str] = ()) -> str:
        """Return the whole statement, which gives one text.

        :param beside: named selects that it uses, each after those that it uses itself.
        """
        with_clause = f"WITH {', '.join(beside)} " if beside else ""
        return f"{with_clause}SELECT {expression}"


class PostgreSQL(Dialect):
    """PostgreSQL 14 and newer."""

    name = "postgres"
    sqlite = False
    _casts = {  # noqa: RUF012  # read-only
        "text": "text",
        "int": "bigint",
        "bool": "boolean",
        "date": "text::date",
        "instant": "text::timestamptz",
        "decimal": "text::numeric",
        "json": "text::json",
        "texts": "text[]",
        "ints": "bigint[]",
    }

    def placeholder(self, number: int, kind: str) -> str:
        return f"${number}::{self._casts[kind]}"

    def object(self, pairs: Sequence[Pair]) -> str:
        if len(pairs) <= _PAIRS_PER_CALL:
            inner = ", ".join(f"{quoted(key)}, {expression}" for key, expression in pairs)
            return f"json_build_object({inner})"
        head = self.object(pairs[:_PAIRS_PER_CALL])
        tail = self.object(pairs[_PAIRS_PER_CALL:])
        return f"(left({head}::text, -1) || ',' || substr({tail}::text, 2))::json"

    def aggregate(self, row: str, condition: str = "", *, order: str) -> str:
        chosen = f" FILTER (WHERE {condition})" if condition else ""
        return f"coalesce(json_agg({row} ORDER BY {order}){chosen}, '[]'::json)"

    def json_array(self, items: Sequence[str]) -> str:
        return f"json_build_array({', '.join(items)})"

    def nested(self, select: str) -> str:
        return select

    def value(self, expression: str, kind: str) -> str:
        if kind == "instant":
            return f"to_char({expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
        if kind == "decimal":
            return f"trim_scale({expression})::text"
        return expression

    def literal(self, expression: str, kind: str) -> str:
        return self.value(expression, kind)

    def any_of(self, expression: str, placeholder: str, kind: str) -> str:  # noqa: ARG002
        return f"{expression} = ANY({placeholder})"

    def hexadecimal(self, text: str) -> str:
        return f"upper(encode(convert_to({text}, 'UTF8'), 'hex'))"

    def json_text_array(self, items: Sequence[str]) -> str:
        return f"json_build_array({', '.join(items)})::text"

    def by_code_point(self, text: str) -> str:
        return f'{text} COLLATE "C"'

    def path_ids(self, path: str) -> str:
        return f"SELECT unnest(string_to_array(rtrim({path}, '.'), '.')::bigint[])"

    def statement(self, expression: str, beside: Sequence[str] = ()) -> str:
        return super().statement(f"{expression}::text", beside)


class SQLite(Dialect):
    """SQLite 3.38 and newer."""

    name = "sqlite"
    sqlite = True

    def placeholder(self, number: int, kind: str) -> str:  # noqa: ARG002
        return f"?{number}"

    def object(self, pairs: Sequence[Pair]) -> str:
        if len(pairs) <= _PAIRS_PER_CALL:
            inner = ", ".join(f"{quoted(key)}, {expression}" for key, expression in pairs)
            return f"json_object({inner})"
        head = self.object(pairs[:_PAIRS_PER_CALL])
        tail = self.object(pairs[_PAIRS_PER_CALL:])
        # what comes before the last character, without writing `head` out twice for its length
        return f"json(substr({head}, -1, -2147483647) || ',' || substr({tail}, 2))"

    def aggregate(self, row: str, condition: str = "", *, order: str) -> str:  # noqa: ARG002
        chosen = f" FILTER (WHERE {condition})" if condition else ""
        return f"json_group_array({row}){chosen}"

    def json_array(self, items: Sequence[str]) -> str:
        return f"json_array({', '.join(items)})"

    def nested(self, select: str) -> str:
        return f"json({select})"

    def value(self, expression: str, kind: str) -> str:
        if kind == "bool":
            return f"json(CASE {expression} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)"
        if kind == "instant":
            return f"strftime('%Y-%m-%dT%H:%M:%fZ', {expression})"
        if kind == "decimal":
            return (
                f"CASE WHEN instr({expression}, '.') > 0 "
                f"THEN rtrim(rtrim({expression}, '0'), '.') ELSE CAST({expression} AS TEXT) END"
            )
        if kind == "json":
            return f"json({expression})"
        return expression

    def literal(self, expression: str, kind: str) -> str:
        if kind in ("bool", "instant"):
            return expression
        return self.value(expression, kind)

    def any_of(self, expression: str, placeholder: str, kind: str) -> str:  # noqa: ARG002
        return f"{expression} IN (SELECT value FROM json_each({placeholder}))"

    def hexadecimal(self, text: str) -> str:
        return f"hex({text})"

    def json_text_array(self, items: Sequence[str]) -> str:
        return f"json_array({', '.join(items)})"

    def path_ids(self, path: str) -> str:
        return f"SELECT value FROM json_each('[' || replace(rtrim({path}, '.'), '.', ',') || ']')"


DIALECTS: dict[str, Dialect] = {"sqlite": SQLite(), "postgres": PostgreSQL()}
