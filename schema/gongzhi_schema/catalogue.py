"""The composed schema as the planner reads it: each type's table, each field's source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_list_type,
    is_non_null_type,
)
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from gongzhi.contributions import Register
from gongzhi.graph.sources import METADATA_KEY, Source
from gongzhi.graph.vocabulary import Connection, Edge, PageInfo, TypeSpec, type_spec
from gongzhi_schema.tables import Table, Tables

DEFINITION = "strawberry-definition"
"""Key under which strawberry leaves its own definition on a graphql-core type or field."""


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One field of an object type."""

    name: str
    python_name: str
    source: Source | None
    type_name: str
    """Of the named type; for a connection that of its items."""
    non_null: bool
    is_list: bool
    is_connection: bool
    enum: type[Enum] | None
    graphql: GraphQLField

    @property
    def named(self) -> str:
        """Name of the field's own named type; for a connection that of the connection."""
        return get_named_type(self.graphql.type).name


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """One object type."""

    name: str
    cls: type
    spec: TypeSpec | None
    table: Table | None
    fields: Mapping[str, FieldInfo]
    interfaces: frozenset[str]
    graphql: GraphQLObjectType


@dataclass(frozen=True, slots=True)
class OwnedRegister:
    """A register and the plugin that contributes it."""

    plugin: str
    register: Register


class Catalogue:
    """All object types of one composed schema."""

    def __init__(
        self, schema: GraphQLSchema, tables: Tables, registers: tuple[OwnedRegister, ...]
    ) -> None:
        self.schema = schema
        self.tables = tables
        self.registers = registers
        self.types: dict[str, TypeInfo] = {}
        self.abstract: dict[str, frozenset[str]] = {}
        for name, kind in schema.type_map.items():
            if name.startswith("__"):
                continue
            if isinstance(kind, GraphQLObjectType):
                self.types[name] = self._type(kind)
            elif isinstance(kind, GraphQLInterfaceType):
                self.abstract[name] = frozenset(t.name for t in schema.get_possible_types(kind))
        self.nodes: tuple[TypeInfo, ...] = tuple(
            t for _, t in sorted(self.types.items()) if t.spec is not None and t.spec.is_node
        )

    def _type(self, kind: GraphQLObjectType) -> TypeInfo:
        definition = kind.extensions.get(DEFINITION)
        cls = definition.origin if isinstance(definition, StrawberryObjectDefinition) else object
        spec = type_spec(cls)
        return TypeInfo(
            name=kind.name,
            cls=cls,
            spec=spec,
            table=self.tables.of(spec.model) if spec else None,
            fields={name: self._field(name, field) for name, field in kind.fields.items()},
            interfaces=frozenset(i.name for i in kind.interfaces),
            graphql=kind,
        )

    @staticmethod
    def _field(name: str, field: GraphQLField) -> FieldInfo:
        definition = field.extensions.get(DEFINITION)
        source = None
        python_name = name
        if isinstance(definition, StrawberryField):
            python_name = definition.python_name
            if definition.base_resolver is None:
                source = definition.metadata.get(METADATA_KEY)
        non_null = is_non_null_type(field.type)
        nullable = field.type.of_type if non_null else field.type  # type: ignore[union-attr]
        named = get_named_type(field.type)
        target, connection = named.name, False
        if isinstance(named, GraphQLObjectType):
            inner = named.extensions.get(DEFINITION)
            if isinstance(inner, StrawberryObjectDefinition):
                generic = inner.concrete_of or inner
                if generic.origin is Connection:
                    connection = True
                    item = named.fields["nodes"].type
                    target = get_named_type(item).name
        enum = None
        if isinstance(named, GraphQLEnumType):
            enum = named.extensions[DEFINITION].wrapped_cls
        return FieldInfo(
            name=name,
            python_name=python_name,
            source=source,
            type_name=target,
            non_null=non_null,
            is_list=is_list_type(nullable),
            is_connection=connection,
            enum=enum,
            graphql=field,
        )

    def is_page_type(self, name: str) -> bool:
        """Whether a type is a connection, an edge or the page info: emitted by the page itself."""
        definition = self.types[name].graphql.extensions.get(DEFINITION)
        if not isinstance(definition, StrawberryObjectDefinition):
            return False
        origin = (definition.concrete_of or definition).origin
        return origin in (Connection, Edge, PageInfo)

    def matches(self, condition: str, type_name: str) -> bool:
        """Whether a fragment on ``condition`` applies to objects of a type."""
        return condition == type_name or type_name in self.abstract.get(condition, ())
