"""Guard of the guard: the corpus asks for every field, argument, filter, test and order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    TypeInfo,
    TypeInfoVisitor,
    get_named_type,
    parse,
    type_from_ast,
    visit,
)
from graphql.language import Visitor, ast

from tests.support.corpus import cases, names
from tests.support.data import build
from tests.support.worlds import World, composed

SCHEMA = composed().graphql


def readable() -> set[str]:
    """Return the names of the object types that a query can reach; what writes is not for here."""
    root = SCHEMA.query_type
    assert root is not None
    found: set[str] = set()
    rest: list[Any] = [root]
    while rest:
        kind = rest.pop()
        if isinstance(kind, GraphQLInterfaceType):
            rest += SCHEMA.get_possible_types(kind)
        elif isinstance(kind, GraphQLObjectType) and kind.name not in found:
            found.add(kind.name)
            rest += [get_named_type(f.type) for f in kind.fields.values()]
    return found


def everything() -> Iterator[str]:
    """Yield what there is to be asked for, as coordinates."""
    inputs: set[str] = set()
    for name in sorted(readable()):
        kind = SCHEMA.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        for field_name, field in kind.fields.items():
            yield f"{name}.{field_name}"
            for argument, declared in field.args.items():
                yield f"{name}.{field_name}({argument})"
                target = get_named_type(declared.type)
                if isinstance(target, GraphQLInputObjectType):
                    inputs.add(target.name)
    for name in inputs:
        yield from _inputs(name, set())


def _inputs(name: str, seen: set[str]) -> Iterator[str]:
    kind = SCHEMA.type_map[name]
    assert isinstance(kind, GraphQLInputObjectType)
    seen.add(name)
    for field_name, field in kind.fields.items():
        yield f"{name}.{field_name}"
        target = get_named_type(field.type)
        if isinstance(target, GraphQLInputObjectType) and target.name not in seen:
            yield from _inputs(target.name, seen)
        if isinstance(target, GraphQLEnumType) and name.endswith("Order"):
            yield from (f"{target.name}.{value}" for value in target.values)


class _Asked(Visitor):
    def __init__(self, info: TypeInfo, variables: list[Mapping[str, Any]]) -> None:
        super().__init__()
        self.info = info
        self.variables = variables
        self.found: set[str] = set()

    def enter_field(self, node: ast.FieldNode, *_: Any) -> None:
        parent = self.info.get_parent_type()
        if parent is not None:
            self.found.add(f"{parent.name}.{node.name.value}")
            self.field = f"{parent.name}.{node.name.value}"

    def enter_argument(self, node: ast.ArgumentNode, *_: Any) -> None:
        if self.info.get_directive() is None:
            parent, field = self.info.get_parent_type(), self.info.get_field_def()
            if parent is not None and field is not None:
                self.found.add(f"{self.field}({node.name.value})")

    def enter_object_field(self, node: ast.ObjectFieldNode, *_: Any) -> None:
        parent = get_named_type(self.info.get_parent_input_type())
        self.found.add(f"{parent.name}.{node.name.value}")

    def enter_enum_value(self, node: ast.EnumValueNode, *_: Any) -> None:
        self.found.add(f"{get_named_type(self.info.get_input_type()).name}.{node.value}")

    def enter_variable_definition(self, node: ast.VariableDefinitionNode, *_: Any) -> None:
        kind = get_named_type(type_from_ast(SCHEMA, node.type))
        for variables in self.variables:
            self._value(kind, variables.get(node.variable.name.value))

    def _value(self, kind: Any, value: Any) -> None:
        if isinstance(value, dict) and isinstance(kind, GraphQLInputObjectType):
            for name, inner in value.items():
                if inner is not None:
                    self.found.add(f"{kind.name}.{name}")
                    self._value(get_named_type(kind.fields[name].type), inner)
        elif isinstance(kind, GraphQLEnumType) and isinstance(value, str):
            self.found.add(f"{kind.name}.{value}")


def test_the_corpus_asks_for_everything() -> None:
    rows = build()
    asked: set[str] = set()
    for name in names():
        sets = cases(name, rows)
        info = TypeInfo(SCHEMA)
        visitor = _Asked(info, [case.variables for case in sets])
        visit(parse(sets[0].text), TypeInfoVisitor(info, visitor))
        asked |= visitor.found
    # one type stands for all whose parts are made by the same few lines
    alike = ("Connection.", "Edge.", ".first)", "(first)", "(after)", "(filter)", "(order)")
    missing = {c for c in everything() if not any(a in c for a in alike)} - asked
    assert not missing, sorted(missing)
    for part in ("edges", "nodes", "pageInfo", "totalCount"):
        assert f"OrganizationConnection.{part}" in asked


def test_an_edge_by_type_and_key_leads_to_rows(sqlite_world: World) -> None:
    """Guard of the guard: rows of several types share keys, and each has its own marks."""
    text = "{ things(first: 12) { nodes { id markCount } } organizations { nodes { id marks { text } } } }"
    data = sqlite_world.ask(text).data
    marked = {t["id"] for t in data["things"]["nodes"] if t["markCount"]}
    keys = {i.partition(":")[2] for i in marked}
    others = {o["id"].partition(":")[2] for o in data["organizations"]["nodes"] if o["marks"]}
    assert keys & others
    assert keys != others
