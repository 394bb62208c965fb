"""Compose what core and the enabled plugins contribute into one schema, or say all that is wrong.

The one mechanism for fields on a type that a plugin does not own is ``Schema.get_fields``: per
schema, so that two registries in one process give two schemas.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import strawberry
from graphql import GraphQLSchema
from strawberry import ID
from strawberry.exceptions import DuplicatedTypeName, UnresolvedFieldTypeError
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.types.base_scalars import (
    DateDefinition,
    DateTimeDefinition,
    DecimalDefinition,
)
from strawberry.schema_directive import Location
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import (
    StrawberryList,
    StrawberryObjectDefinition,
    StrawberryOptional,
    get_object_definition,
)
from strawberry.types.field import StrawberryField
from strawberry.types.scalar import ScalarDefinition
from strawberry.utils.str_converters import to_camel_case

from gongzhi.errors import CompositionError, Problem
from gongzhi.graph.mutations import Mutate, input_argument
from gongzhi.graph.sources import (
    METADATA_KEY,
    Computed,
    Expression,
    Itself,
    Lookup,
    Many,
    NodeById,
    Source,
    Tally,
)
from gongzhi.graph.vocabulary import Connection, Mutation, Query, extension_spec, type_spec
from gongzhi_schema.catalogue import Catalogue, OwnedRegister
from gongzhi_schema.checks import check_catalogue
from gongzhi_schema.inputs import argument, declared, fields_of, page_arguments
from gongzhi_schema.query.resolvers import install
from gongzhi_schema.tables import Tables

if TYPE_CHECKING:
    from gongzhi.host import PluginRegistry


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="plugin",
    description="增加此字段的插件 · the plugin that adds this field to a type it does not own",
)
class ProvidedBy:
    """The plugin that adds a field to a type it does not own."""

    name: str


_SCALARS: Mapping[object, ScalarDefinition] = {
    dt.date: replace(
        DateDefinition, description="日期，形如 2026-11-23 · a calendar day such as 2026-11-23"
    ),
    dt.datetime: replace(
        DateTimeDefinition,
        description="时刻，世界时 · an instant in UTC such as 2026-11-23T01:30:00.000Z",
    ),
    Decimal: replace(
        DecimalDefinition, description="十进制数，以文本表示 · a decimal number, as text"
    ),
}
"""Strawberry's own, described in two languages."""


@dataclass(frozen=True, slots=True)
class Composed:
    """One composed schema and what the planner knows of it."""

    strawberry: strawberry.Schema
    graphql: GraphQLSchema
    catalogue: Catalogue
    owners: dict[str, str]
    """Type name, or ``Type.field`` for added fields → plugin."""

    def sdl(self) -> str:
        """Return the schema in SDL, sorted."""
        return self.strawberry.as_str()


class _ComposedSchema(strawberry.Schema):
    """A schema whose types also have the fields that plugins add to them."""

    def __init__(self, additions: dict[type, list[StrawberryField]], types: Sequence[type]) -> None:
        self._additions = additions
        self.seen: set[type] = set()
        super().__init__(
            query=Query,
            mutation=Mutation if Mutation in additions else None,
            types=tuple(types),
            config=StrawberryConfig(scalar_map=_SCALARS),
        )

    def get_fields(self, type_definition: StrawberryObjectDefinition) -> list[StrawberryField]:
        """Return the fields of a type: copies, each with the arguments of its source."""
        if type_definition.is_input:
            return super().get_fields(type_definition)
        origin = type_definition.origin
        self.seen.add(origin)
        own = [*super().get_fields(type_definition), *self._additions.get(origin, ())]
        return [_with_arguments(f, type_definition) for f in own]


def _with_arguments(field: StrawberryField, owner: StrawberryObjectDefinition) -> StrawberryField:
    source = field.metadata.get(METADATA_KEY)
    if field.base_resolver is not None or source is None:
        return field
    made = copy(field)
    made.arguments = list(_arguments(source, made, owner))
    return made


def _arguments(
    source: Source, field: StrawberryField, owner: StrawberryObjectDefinition
) -> Iterator[StrawberryArgument]:
    if isinstance(source, Many):
        yield from _many_arguments(source, field, owner)
    elif isinstance(source, Lookup):
        yield argument("id", ID | None, "全局编号 · global id")
        target = field.type.of_type if isinstance(field.type, StrawberryOptional) else field.type
        known = fields_of(_resolved(target))
        for key in source.keys:
            described = known[key].description if key in known else None
            yield argument(key, str | None, described or "")
    elif isinstance(source, NodeById):
        if isinstance(field.type, StrawberryList):
            yield argument("ids", list[ID], "全局编号 · global ids")
        else:
            yield argument("id", ID, "全局编号 · global id")
    elif isinstance(source, Mutate):
        yield input_argument(source)
    elif isinstance(source, Expression | Itself):
        yield from declared(source.arguments)
    elif isinstance(source, Tally):
        yield from declared((source.bucket,) if source.bucket else ())
        yield from declared(source.arguments)


def _many_arguments(
    source: Many, field: StrawberryField, owner: StrawberryObjectDefinition
) -> Iterator[StrawberryArgument]:
    kind = field.resolve_type(type_definition=owner)
    if isinstance(kind, StrawberryOptional):
        kind = kind.of_type
    definition = get_object_definition(kind) if isinstance(kind, type) else None
    generic = definition.concrete_of if definition else None
    if definition and generic and generic.origin is Connection:
        target = definition.type_var_map["T"]
        yield from page_arguments(_resolved(target), filters=source.filters)
    yield from declared(source.arguments)


def _resolved(kind: Any) -> type:
    resolve = getattr(kind, "resolve_type", None)
    made: type = resolve() if resolve else kind
    return made


def compose(registry: PluginRegistry) -> Composed:
    """Compose the schema of a registry of plugins.

    :raises CompositionError: with every problem found, naming both sides of each clash.
    """
    problems: list[Problem] = []
    owners: dict[str, str] = {}
    types: dict[str, type] = {}
    additions: dict[type, list[StrawberryField]] = defaultdict(list)
    added_by: dict[tuple[type, str], str] = {}
    contributed = list(registry.graphql())
    owner_of = {cls: p.name for p, cls in contributed if extension_spec(cls) is None}
    for plugin, cls in contributed:
        extension = extension_spec(cls)
        if extension is None:
            _add_type(plugin.name, cls, types, owners, problems)
        else:
            owner = owner_of.get(extension.target) or _owner_by_package(extension.target)
            problems += _add_fields(plugin, cls, extension.target, owner, additions, added_by)
    for (target, name), plugin_name in added_by.items():
        owners[f"{target.__name__}.{name}"] = plugin_name
    try:
        made = _ComposedSchema(additions, list(types.values()))
    except Exception as exc:  # strawberry and graphql-core raise many kinds
        # of what was found before it is most often a consequence
        raise CompositionError(_TITLE, problems or [_unmade(exc, owner_of)]) from exc
    for target in additions.keys() - made.seen:
        by = sorted({p for (t, _), p in added_by.items() if t is target})
        problems.append(
            Problem(
                ", ".join(by),
                f"extends {target.__name__}, which is not part of the schema",
                "enable the plugin that owns it and name it in `requires`",
            )
        )
    models = registry.models()
    homeless = list(_without_table(made.seen, models, owner_of))
    if homeless:  # no catalogue can be made of these
        raise CompositionError(_TITLE, [*problems, *homeless])
    schema = made._schema  # noqa: SLF001  # strawberry has no public name for it
    catalogue = Catalogue(
        schema,
        Tables(models),
        tuple(OwnedRegister(p.name, r) for p, r in registry.registers()),
    )
    permissions = frozenset(p.code for _, p in registry.permissions())
    problems += check_catalogue(catalogue, permissions, owners)
    if problems:
        raise CompositionError(_TITLE, problems)
    install(catalogue)
    return Composed(made, schema, catalogue, owners)


_TITLE = "The enabled plugins do not make one schema:"


def _add_type(
    plugin: str,
    cls: type,
    types: dict[str, type],
    owners: dict[str, str],
    problems: list[Problem],
) -> None:
    definition = get_object_definition(cls)
    if definition is None:
        problems.append(
            Problem(
                plugin,
                f"{cls.__name__} is not a GraphQL type",
                "decorate it with @node, @record, @extends or a strawberry decorator",
            )
        )
        return
    name = definition.name
    if name in types and types[name] is not cls:
        problems.append(
            Problem(
                f"{owners[name]} and {plugin}",
                f"both define the GraphQL type {name}",
                "rename one; third parties prefix their types",
            )
        )
        return
    types[name] = cls
    owners[name] = plugin


def _name_of(field: StrawberryField) -> str:
    """Return a field's name in the schema, by which two fields clash."""
    return field.graphql_name or to_camel_case(field.python_name)


def _owner_by_package(target: type) -> str:
    """Return the plugin whose package a type is from, for one that no plugin contributes."""
    package = target.__module__.split(".")[0]
    return package.removeprefix("gongzhi_") if package.startswith("gongzhi_") else "core"


def _unmade(exc: Exception, owner_of: Mapping[type, str]) -> Problem:
    """Say in whose types strawberry or graphql-core found a fault, as far as they tell."""
    what, mend = f"{type(exc).__name__}: {exc}", "correct the type that it names"
    if isinstance(exc, DuplicatedTypeName) and exc.first_cls and exc.second_cls:
        both = [owner_of.get(c) or _owner_by_package(c) for c in (exc.first_cls, exc.second_cls)]
        return Problem(" and ".join(both), what, "rename one; third parties prefix their types")
    if isinstance(exc, UnresolvedFieldTypeError) and exc.type_definition.origin is not None:
        origin = exc.type_definition.origin
        where = owner_of.get(origin) or _owner_by_package(origin)
        return Problem(where, f"{origin.__name__}.{exc.field.name}: {what}", mend)
    return Problem("schema", what, mend)


def _without_table(
    seen: set[type], models: Sequence[type], owner_of: Mapping[type, str]
) -> Iterator[Problem]:
    for cls in sorted(seen, key=lambda each: each.__name__):
        spec = type_spec(cls)
        if spec is not None and spec.model not in models:
            yield Problem(
                owner_of.get(cls) or _owner_by_package(cls),
                f"{cls.__name__} stands over {spec.model.__name__}, a model of no enabled plugin",
                "name its module in `models`, or enable the plugin that owns it",
            )


def _add_fields(
    plugin: Any,
    cls: type,
    target: type,
    owner: str,
    additions: dict[type, list[StrawberryField]],
    added_by: dict[tuple[type, str], str],
) -> Iterator[Problem]:
    definition = get_object_definition(target)
    if definition is None:
        yield Problem(
            plugin.name,
            f"{cls.__name__} extends {target.__name__}, which is no GraphQL type",
            "extend a type of the core or of a plugin in `requires`",
        )
        return
    if owner not in {plugin.name, "core", *plugin.requires}:
        yield Problem(
            plugin.name,
            f"extends {definition.name} of {owner}",
            f'add "{owner}" to `requires`',
        )
    own = {_name_of(f) for f in definition.fields}
    for original in get_object_definition(cls, strict=True).fields:
        field = copy(original)
        name = _name_of(field)
        where = f"{definition.name}.{name}"
        if name in own:
            yield Problem(
                f"{owner} and {plugin.name}",
                f"both define the field {where}",
                "rename the added field",
            )
            continue
        if (target, name) in added_by:
            yield Problem(
                f"{added_by[target, name]} and {plugin.name}",
                f"both add the field {where}",
                "rename one of them",
            )
            continue
        planned = METADATA_KEY in field.metadata and not isinstance(
            field.metadata[METADATA_KEY], Computed
        )
        if not planned and not isinstance(field.type, StrawberryOptional):
            yield Problem(
                plugin.name,
                f"{where} runs Python and is not nullable, so its failure would cost the whole row",
                "make its type optional",
            )
        if plugin.name != "core":
            field.directives = [*field.directives, ProvidedBy(name=plugin.name)]
        added_by[target, name] = plugin.name
        additions[target].append(field)
