"""What every plugin must keep, checked on a database of its own; authors run it in their tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gongzhi.database.migrate import drift, lint, migrate, purge, unmade
from gongzhi.errors import Problem, ProblemsError
from gongzhi.host import PluginRegistry, discover
from gongzhi.plugin import Plugin
from gongzhi.settings import Settings
from gongzhi_schema.compose import Composed, compose

_TWO_LANGUAGES = re.compile(r"[\u4e00-\u9fff].* · .*[A-Za-z]", re.DOTALL)


async def conformance_problems(
    name: str,
    url: str,
    *,
    beside: Iterable[Plugin] = (),
    plugin: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Problem]:
    """Check one plugin together with those it requires, and nothing else enabled.

    It loads and composes; its models have their migrations and keep the rules for them; its
    tables can be made, dropped and made again, and are then as the models say; its types are
    described in two languages; nothing of it is in the schema when it is off.

    :param url: an empty database.
    :param beside: plugin objects that are not installed, the checked one perhaps among them.
    :param plugin: the tables ``[plugin.<name>]``, where a setting has no default.
    """
    given = {each.name: each for each in beside}
    needed = _with_requirements(name, given)
    tables = plugin or {}
    try:
        registry = _load(needed, given, tables)
        composed = compose(registry)
        without = compose(_load(needed - {name}, given, tables))
        problems = [problem for _, problem in registry.checks()]
        problems += await lint(registry.plugins)
        problems += await unmade(registry.plugins)
        if not problems:
            problems += await _come_and_go(registry, name, url)
    except ProblemsError as exc:
        return list(exc.problems)
    problems += _undescribed(composed, name)
    problems += _left_behind(composed, without, name)
    return problems


def _with_requirements(name: str, given: Mapping[str, Plugin]) -> set[str]:
    wanted = [name]
    for each in wanted:
        found = given.get(each) or discover([each])[0].get(each)
        wanted += [n for n in (found.requires if found else ()) if n not in wanted]
    return set(wanted)


def _load(
    names: set[str], given: Mapping[str, Plugin], tables: Mapping[str, Mapping[str, Any]]
) -> PluginRegistry:
    settings = Settings.model_validate(
        {
            "plugins": sorted(names - given.keys()),
            "plugin": {name: table for name, table in tables.items() if name in names},
        }
    )
    beside = [given[name] for name in sorted(names & given.keys())]
    return PluginRegistry.load(settings, beside=beside, thorough=True)


async def _come_and_go(registry: PluginRegistry, name: str, url: str) -> list[Problem]:
    await migrate(url, registry.plugins)
    if registry.plugin(name).models:
        await purge(url, registry.plugins, name)
        await migrate(url, registry.plugins)
    return await drift(url, registry.plugins)


def _owned(composed: Composed, name: str) -> Iterator[str]:
    return (key for key, owner in composed.owners.items() if owner == name)


def _undescribed(composed: Composed, name: str) -> Iterator[Problem]:
    types = composed.graphql.type_map
    for key in _owned(composed, name):
        if key in types and not _TWO_LANGUAGES.search(types[key].description or ""):
            mend = 'write it as the docstring of the class: """中文 · English."""'
            yield Problem(name, f"the type {key} is not described in Chinese and English", mend)


def _left_behind(composed: Composed, without: Composed, name: str) -> Iterator[Problem]:
    """Find what is in the schema although the plugin is off: it changed another's class."""
    added = set(_coordinates(composed)) - set(_coordinates(without))
    for key in _owned(composed, name):
        type_name, _, field = key.partition(".")
        shown = f"{type_name}.{_camel(field)}" if field else type_name
        if shown not in added:
            mend = "add to types of others only by @extends"
            yield Problem(name, f"{shown} is in the schema although the plugin is off", mend)


def _coordinates(composed: Composed) -> Iterator[str]:
    for name, kind in composed.graphql.type_map.items():
        yield name
        for field in getattr(kind, "fields", ()):
            yield f"{name}.{field}"


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.title() for part in others)
