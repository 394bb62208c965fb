"""The published contract: what the core and the bundled plugins promise to clients, as SDL files.

``core.graphql`` is the core alone, ``gongzhi.graphql`` the core with every bundled plugin, and
``plugins/<name>.graphql`` what one plugin adds. They are written by ``gongzhi schema export`` and
committed, so that every change of the schema is read as a change of these files; ``gongzhi schema
check`` says what differs and whether clients break.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from graphql import (
    BreakingChange,
    DangerousChange,
    GraphQLError,
    GraphQLSchema,
    SchemaChange,
    build_schema,
    find_schema_changes,
    parse,
    print_ast,
)
from graphql.language import ast

from gongzhi.errors import Problem
from gongzhi.host import PluginRegistry, installed
from gongzhi.settings import Settings
from gongzhi_schema.compose import compose

FOLDER = Path("schema/contract")
"""Where the contract stands in the repository."""

_OURS = "gongzhi"
"""The distribution that brings the core; the plugins in it are the bundled ones."""

_CORE, _ALL = "core.graphql", "gongzhi.graphql"

_MEND = "if this is meant, run: gongzhi schema export"

_TWO_LANGUAGES = re.compile(r"[^·]*[\u4e00-\u9fff][^·]* · .*[A-Za-z]", re.DOTALL)
"""Chinese first, then English."""

_HEADER = "# Written by gongzhi schema export.\n\n"


def bundled() -> tuple[str, ...]:
    """Return the names of the plugins that come with the core, sorted."""
    return tuple(
        name
        for name, found in installed().items()
        if any(each.distribution == _OURS for each in found)
    )


def documents() -> dict[str, str]:
    """Return the contract of what is installed: path in the folder → SDL.

    :raises ProblemsError: when the core and the bundled plugins do not make one schema.
    """
    names = bundled()
    whole = _load(names)
    made = {_CORE: sdl_of(()), _ALL: sdl_of(names)}
    for name in names:
        required = _required(whole, name)
        without = parse(sdl_of(required))
        made[f"plugins/{name}.graphql"] = _addition(without, parse(sdl_of((*required, name))))
    return {path: _HEADER + text for path, text in made.items()}


def sdl_of(names: Sequence[str]) -> str:
    """Return the schema of the core and some plugins in SDL, everything in it sorted by name."""
    return _printed(parse(compose(_load(names)).sdl()).definitions)


def export(folder: Path = FOLDER) -> list[Path]:
    """Write the contract, take away files of plugins that are gone, and return what was written.

    :raises ProblemsError: when the core and the bundled plugins do not make one schema.
    """
    made = documents()
    for path in _files(folder).keys() - made.keys():
        (folder / path).unlink()
    for path, text in made.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return [folder / path for path in made]


def check(folder: Path = FOLDER) -> list[Problem]:
    """Compare the committed contract with what is composed now, and look for missing descriptions.

    :raises ProblemsError: when the core and the bundled plugins do not make one schema.
    """
    made, kept = documents(), _files(folder)
    problems = list(undescribed(made[_ALL]))
    seen: set[str] = set()
    for path in (_ALL, *sorted({*made, *kept} - {_ALL})):
        where = (folder / path).as_posix()
        if path not in kept:
            problems.append(Problem(where, "is missing", _MEND))
        elif path not in made:
            problems.append(Problem(where, "belongs to no bundled plugin", _MEND))
        elif kept[path] != made[path]:
            told = [what for what in _changes(path, kept[path], made[path]) if what not in seen]
            seen.update(told)
            problems += [Problem(where, what, _MEND) for what in told or ["is not current"]]
    return problems


def undescribed(sdl: str) -> Iterator[Problem]:
    """Yield each type, field, argument and value that is not described in Chinese and English."""
    mend = 'write "中文 · English": types and fields in the docstring of the class'
    for definition in parse(sdl).definitions:
        for where, node in _described_nodes(definition):
            text = node.description.value if node.description else ""
            if not _TWO_LANGUAGES.match(text):
                yield Problem(
                    where, f"is not described in Chinese first, then English: {text!r}", mend
                )


def _described_nodes(definition: Any) -> Iterator[tuple[str, Any]]:
    name = definition.name.value
    yield name, definition
    if isinstance(definition, ast.DirectiveDefinitionNode):
        return  # strawberry does not print descriptions of their arguments
    for member in (*getattr(definition, "fields", ()), *getattr(definition, "values", ())):
        where = f"{name}.{member.name.value}"
        yield where, member
        for argument in getattr(member, "arguments", None) or ():
            yield f"{where}({argument.name.value}:)", argument


# ---- SDL -----------------------------------------------------------------------------------------


def _load(names: Sequence[str]) -> PluginRegistry:
    return PluginRegistry.load(Settings.model_validate({"plugins": names}))


def _required(registry: PluginRegistry, name: str) -> tuple[str, ...]:
    wanted = list(registry.plugin(name).requires)
    for each in wanted:
        wanted += [n for n in registry.plugin(each).requires if n not in wanted]
    return tuple(n for n in registry.names if n in wanted and n != "core")


def _printed(definitions: Sequence[Any]) -> str:
    texts = [print_ast(_in_order(each)) for each in sorted(definitions, key=_name)]
    return "\n\n".join(texts) + "\n"


def _name(node: Any) -> str:
    name: str = node.name.value
    return name


def _in_order(node: Any) -> Any:
    """Sort what stands under a definition by name; default values stay as they are."""
    changed = {}
    for attribute in ("interfaces", "fields", "arguments", "values", "types"):
        if below := getattr(node, attribute, None):
            changed[attribute] = tuple(sorted(map(_in_order, below), key=_name))
    return replace(node, **changed) if changed else node


_EXTENSIONS: Mapping[type, tuple[type, str]] = {
    ast.ObjectTypeDefinitionNode: (ast.ObjectTypeExtensionNode, "fields"),
    ast.InterfaceTypeDefinitionNode: (ast.InterfaceTypeExtensionNode, "fields"),
    ast.InputObjectTypeDefinitionNode: (ast.InputObjectTypeExtensionNode, "fields"),
    ast.EnumTypeDefinitionNode: (ast.EnumTypeExtensionNode, "values"),
}


def _addition(before: ast.DocumentNode, after: ast.DocumentNode) -> str:
    """Return the new definitions, and ``extend`` for what was added to the others."""
    known: dict[str, Any] = {_name(each): each for each in before.definitions}
    added: list[Any] = []
    definition: Any
    for definition in after.definitions:
        if isinstance(definition, ast.DirectiveDefinitionNode):
            continue  # it is the host's, and comes into the schema with its first use
        if (old := known.get(_name(definition))) is None:
            added.append(definition)
        elif type(definition) in _EXTENSIONS:
            kind, attribute = _EXTENSIONS[type(definition)]
            names = {_name(each) for each in getattr(old, attribute)}
            new = tuple(e for e in getattr(definition, attribute) if _name(e) not in names)
            if new:
                added.append(kind(name=definition.name, **{attribute: new}))
    return _printed(added)


# ---- comparison ----------------------------------------------------------------------------------


def _files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.graphql"))
    }


def _changes(path: str, kept: str, made: str) -> Iterator[str]:
    """Yield what differs; a plugin's file alone is no schema, and the whole one says it all."""
    if path not in (_CORE, _ALL):
        return
    try:
        old = build_schema(kept)
    except (GraphQLError, TypeError) as exc:
        yield f"cannot be read: {str(exc).splitlines()[0]}"
        return
    yield from classified(old, build_schema(made))


def classified(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[str]:
    """Yield the changes between two schemas, those that break clients first."""
    changes = sorted(find_schema_changes(old, new), key=_danger)
    for change in changes:
        yield f"{_DANGERS[_danger(change)]}: {change.description}"


_DANGERS = ("breaking", "dangerous", "safe")


def _danger(change: SchemaChange) -> int:
    return (
        0 if isinstance(change, BreakingChange) else 1 if isinstance(change, DangerousChange) else 2
    )
