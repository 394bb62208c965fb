"""Generated documents: from hypothesis-graphql with real ids put in, and from a generator of ours.

hypothesis-graphql makes valid documents of any shape, but its ids and texts hit no row. Ours makes
what it does not: fragments, aliases, merged fields, directives, variables and rows that exist.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    parse,
    print_ast,
    visit,
)
from graphql.language import Visitor, ast
from hypothesis import strategies as st
from hypothesis_graphql import nodes as made
from hypothesis_graphql import queries

from tests.support.data import Rows

DAYS = ("2026-03-05", "2025-12-31", "2020-02-29", "1999-12-31", "9999-12-31")
INSTANTS = ("2023-07-05T08:30:05Z", "2022-01-01T00:00:00.120+08:00", "2024-02-29T12:00:00")
"""The last has no time zone."""

LISTS = ("post", "organization_kind", "education", "none")
KINDS = ("PARTY_BRANCH", "GRID_PARTY_BRANCH", "RESIDENT_UNIT", "ESTATE", "GRID", "SECRETARY", "")
TEXTS = (
    "",
    "G0",
    "street",
    "branch:西",
    "东",
    "合成东1a0",
    "13800000003",
    "〔",
    "%",
    "\\",
    "'",
    '"',
)


PYTHON_FIELDS = (
    "Query.greeting",
    "Query.thingByPython",
    "Query.thingsByPython",
    "Organization.motto",
    "Thing.shout",
    "Thing.shaky",
    "Thing.twinByPython",
    "Thing.bothByPython",
)
"""Fields of the probe that run Python: an operation with one of them runs in core."""


class Pool:
    """Values that occur in the seeded rows, and a few that do not."""

    def __init__(self, rows: Rows) -> None:
        self.by_type: dict[str, list[str]] = {}
        self.texts: list[str] = list(TEXTS)
        for model, table in rows.tables.items():
            ids = [f"{model.__name__}:{row.id}" for row in table]
            self.by_type[model.__name__] = [*ids, f"{model.__name__}:99999"]
            for row in table[:40]:
                self.texts += [
                    v for n, v in vars(row).items() if n in ("name", "code") and isinstance(v, str)
                ]
        self.ids = [i for ids in self.by_type.values() for i in ids] + ["", "Nope:1", "Area:x"]

    def id(self, r: random.Random, name: str) -> str:
        """Return an id for an argument or filter of this name, now and then a wrong one."""
        kind = {
            "superior": "Organization",
            "organization": "Organization",
            "branch": "Organization",
            "within": "Organization",
            "area": "Area",
            "parent": "Area",
            "person": "Person",
        }.get(name, name.capitalize())
        fitting = self.by_type.get(kind)
        if fitting is None or r.random() < 0.1:
            return r.choice(self.ids)
        return r.choice(fitting)

    def text(self, r: random.Random, name: str) -> str:
        if name == "list":
            return r.choice(LISTS)
        if name in ("kind", "kinds", "level", "post") and r.random() < 0.9:
            return r.choice(KINDS)
        found = r.choice(self.texts)
        return found[: r.randint(0, len(found))] if name == "startsWith" else found


# ---- our own -------------------------------------------------------------------------------------


@dataclass
class _Document:
    random: random.Random
    definitions: list[str] = field(default_factory=list)
    declared: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    fragments: dict[str, list[str]] = field(default_factory=dict)
    budget: int = 60


class Generator:
    """Makes a document with its variables from a seed."""

    def __init__(
        self, schema: GraphQLSchema, rows: Rows, *, without: Sequence[str] = (), depth: int = 7
    ) -> None:
        self.schema = schema
        self.pool = Pool(rows)
        self._without = frozenset(without)
        self._depth = depth

    def make(self, seed: int) -> tuple[str, dict[str, Any]]:
        """Return a document and its variables; the same seed makes the same."""
        doc = _Document(random.Random(seed))
        root = self.schema.query_type
        assert root is not None
        body = self._selection(root, doc, self._depth, roots=True)
        head = f"({', '.join(doc.declared)})" if doc.declared else ""
        return "\n".join([f"query G{head} {body}", *doc.definitions]), doc.variables

    def edges(self, name: str) -> list[str]:
        """Return one document for each edge of a node type: all leaves, two steps along it."""
        kind = self.schema.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        made = []
        for field_name, declared in kind.fields.items():
            hidden = f"{name}.{field_name}" in self._without
            if not hidden and not is_leaf_type(get_named_type(declared.type)):
                below = f"{field_name} {self._leaves(get_named_type(declared.type), 1)}"
                made.append(
                    f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ id ... on {name} {{ {below} }} }} }}"
                )
        return [f"query($ids: [ID!]!) {{ nodes(ids: $ids) {self._leaves(kind, 0, name)} }}", *made]

    def _leaves(self, kind: Any, steps: int, condition: str = "") -> str:
        parts = []
        page = any(kind.name.endswith(end) for end in ("Connection", "Edge", "PageInfo"))
        for name, declared in kind.fields.items():
            target = get_named_type(declared.type)
            if f"{kind.name}.{name}" in self._without:
                continue
            if is_leaf_type(target):
                parts.append(name)
            elif page or (steps > 0 and f"{kind.name}.{name}" != "Query.node"):
                parts.append(f"{name} {self._leaves(target, steps - (not page))}")
        body = " ".join(parts) or "__typename"
        return f"{{ ... on {condition} {{ {body} }} }}" if condition else f"{{ {body} }}"

    def _selection(self, kind: Any, doc: _Document, depth: int, *, roots: bool = False) -> str:
        r = doc.random
        if isinstance(kind, GraphQLInterfaceType):
            possible = list(self.schema.get_possible_types(kind))
            parts = ["__typename", "id"]
            parts += [
                f"... on {one.name} {self._selection(one, doc, depth - 1)}"
                for one in r.sample(possible, k=min(3, len(possible)))
            ]
            return f"{{ {' '.join(parts)} }}"
        names = [n for n in kind.fields if f"{kind.name}.{n}" not in self._without]
        leaves = [n for n in names if is_leaf_type(get_named_type(kind.fields[n].type))]
        inner = [n for n in names if n not in leaves]
        chosen = r.sample(leaves, k=min(len(leaves), r.randint(0, 4)))
        if depth > 0 and doc.budget > 0 and inner:
            most = 4 if roots else 2
            chosen += r.choices(inner, k=r.randint(1, most))
        doc.budget -= len(chosen)
        parts = ["__typename"] if r.random() < 0.15 or not chosen else []
        for name in chosen:
            parts.append(self._field(kind, name, doc, depth))
        if r.random() < 0.2 and parts:
            parts.append(parts[r.randrange(len(parts))])  # twice the same: they merge
        text = self._grouped(kind, parts, doc)
        return f"{{ {text} }}"

    def _grouped(self, kind: GraphQLObjectType, parts: list[str], doc: _Document) -> str:
        """Put some of the fields in fragments, with or without directives."""
        r = doc.random
        if len(parts) < 2 or r.random() < 0.6:
            return " ".join(parts)
        at = r.randint(1, len(parts) - 1)
        head, tail = parts[:at], " ".join(parts[at:])
        directive = self._directive(doc)
        condition = r.choice(["", f"on {kind.name}"])
        if "Node" in {i.name for i in kind.interfaces} and r.random() < 0.3:
            return " ".join(
                [*head, f"... on Node{directive} {{ ... on {kind.name} {{ {tail} }} }}"]
            )
        if r.random() < 0.5:
            return " ".join([*head, f"... {condition}{directive} {{ {tail} }}"])
        name = f"F{len(doc.definitions)}"
        doc.definitions.append(f"fragment {name} on {kind.name} {{ {tail} }}")
        spread = f"...{name}{directive}"
        return " ".join([*head, spread, *([f"...{name}"] if r.random() < 0.3 else [])])

    def _directive(self, doc: _Document) -> str:
        r = doc.random
        if r.random() < 0.75:
            return ""
        name, value = r.choice(["skip", "include"]), r.random() < 0.5
        if r.random() < 0.5:
            return f" @{name}(if: {json.dumps(value)})"
        return f" @{name}(if: {self._variable('Boolean!', value, doc)})"

    def _field(self, kind: GraphQLObjectType, name: str, doc: _Document, depth: int) -> str:
        r = doc.random
        declared = kind.fields[name]
        target = get_named_type(declared.type)
        given = self._arguments(declared.args, doc, name)
        arguments = f"({', '.join(given)})" if given else ""
        below = "" if is_leaf_type(target) else " " + self._selection(target, doc, depth - 1)
        # an alias of its own for everything that could clash with the same field elsewhere
        alias = f"a{r.randrange(10**9)}: " if given or below or r.random() < 0.2 else ""
        return f"{alias}{name}{arguments}{self._directive(doc)}{below}"

    def _arguments(self, declared: Any, doc: _Document, field_name: str) -> list[str]:
        r = doc.random
        given = []
        lookup = {"id", "code"} & set(declared) and "id" in declared
        for name, argument in declared.items():
            needed = isinstance(argument.type, GraphQLNonNull) or (lookup and name == "id")
            if not needed and r.random() < 0.6:
                continue
            if lookup and name == "code" and r.random() < 0.8:
                continue
            owner = field_name if name in ("id", "ids") else name
            value = self._value(argument.type, owner, doc)
            if r.random() < 0.5:
                text = self._variable(str(argument.type), value, doc)
            else:
                text = _literal(value, argument.type)
            given.append(f"{name}: {text}")
        return given

    def _variable(self, kind: str, value: Any, doc: _Document) -> str:
        name = f"v{len(doc.declared)}"
        default = ""
        doc.declared.append(f"${name}: {kind}{default}")
        if value is not None or doc.random.random() < 0.7:
            doc.variables[name] = value
        return f"${name}"

    def _value(self, kind: Any, name: str, doc: _Document) -> Any:
        r, pool = doc.random, self.pool
        if isinstance(kind, GraphQLNonNull):
            found = None
            while found is None:
                found = self._value(kind.of_type, name, doc)
            return found
        if r.random() < 0.05:
            return None
        if isinstance(kind, GraphQLList):
            return [
                self._value(GraphQLNonNull(get_named_type(kind)), name, doc)
                for _ in range(r.randint(0, 4))
            ]
        if isinstance(kind, GraphQLEnumType):
            return _Enum(r.choice(list(kind.values)))
        if isinstance(kind, GraphQLInputObjectType):
            return {
                n: self._value(f.type, name if n in ("eq", "in") else n, doc)
                for n, f in kind.fields.items()
                if isinstance(f.type, GraphQLNonNull) or r.random() < 0.3
            }
        if name == "first":
            return r.choice([1, 2, 3, 10, 100] if r.random() < 0.95 else [0, -1, 101, 2**31 - 1])
        if name == "after":
            return r.choice(["", "5B5D", "FF", "zz"]) if r.random() < 0.1 else None
        return {
            "ID": lambda: pool.id(r, name if name not in ("node", "nodes") else ""),
            "String": lambda: pool.text(r, name),
            "Int": lambda: r.randint(-5, 20),
            "Boolean": lambda: r.random() < 0.5,
            "Date": lambda: r.choice(DAYS),
            "DateTime": lambda: r.choice(INSTANTS),
        }[kind.name]()


class _Enum(str):
    """A value of an enum: written without quotes in a document."""

    __slots__ = ()


def _literal(value: Any, kind: Any) -> str:
    if isinstance(value, _Enum):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{n}: {_literal(v, kind)}" for n, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_literal(v, kind) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False)


# ---- hypothesis-graphql --------------------------------------------------------------------------


def hypothesis_documents(schema: str, rows: Rows) -> st.SearchStrategy[str]:
    """Return a strategy of documents whose values mostly hit rows."""
    day = st.sampled_from(DAYS).map(made.String)
    instant = st.sampled_from(INSTANTS[:2]).map(made.String)
    scalars = {"Date": day, "DateTime": instant, "Decimal": day, "JSON": day}
    grounded = Grounded(Pool(rows))
    return st.tuples(
        queries(schema, custom_scalars=scalars),
        st.integers(0, 2**16),  # type: ignore[arg-type]
    ).map(lambda drawn: grounded.document(*drawn))


class Grounded:
    """Puts values of the pool in the place of generated ones."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def document(self, text: str, seed: int) -> str:
        """Return the document with other values of the same types."""
        return print_ast(visit(parse(text), _Values(self._pool, random.Random(seed))))


class _Values(Visitor):
    def __init__(self, pool: Pool, r: random.Random) -> None:
        super().__init__()
        self._pool = pool
        self._random = r
        self._field = ""

    def enter_field(self, node: ast.FieldNode, *_: Any) -> None:
        self._field = node.name.value

    def enter_argument(self, node: ast.ArgumentNode, *_: Any) -> ast.ArgumentNode:
        name = node.name.value
        return ast.ArgumentNode(name=node.name, value=self._value(node.value, name))

    def _value(self, value: ast.ValueNode, name: str) -> ast.ValueNode:
        r = self._random
        if name == "first":
            return ast.IntValueNode(value=str(r.choice([1, 2, 5, 50])))
        if name == "after":
            return ast.NullValueNode()
        if isinstance(value, ast.ObjectValueNode):
            fields = [
                ast.ObjectFieldNode(
                    name=f.name,
                    value=self._value(
                        f.value, name if f.name.value in ("eq", "in") else f.name.value
                    ),
                )
                for f in value.fields or ()
            ]
            return ast.ObjectValueNode(fields=tuple(fields))
        if isinstance(value, ast.ListValueNode):
            values = tuple(self._value(v, name) for v in value.values or ())
            return ast.ListValueNode(values=values)
        text = value.value if isinstance(value, ast.StringValueNode) else None
        if text is not None and re.fullmatch(r"\d{4}-\d\d-\d\d(T.*)?", text):
            return value
        if text is not None or isinstance(value, ast.IntValueNode):
            return self._text(value, name)
        return value

    def _text(self, value: ast.ValueNode, name: str) -> ast.ValueNode:
        ids = ("id", "ids", "within", "superior", "area", "parent", "branch", "person")
        if name in ids or (name == "organization"):
            owner = self._field if name in ("id", "ids") else name
            owner = "" if owner in ("node", "nodes") else owner
            return ast.StringValueNode(value=self._pool.id(self._random, owner))
        if isinstance(value, ast.IntValueNode):
            return value
        return ast.StringValueNode(value=self._pool.text(self._random, name))
