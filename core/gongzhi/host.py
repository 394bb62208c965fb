"""The plugin host: discover → validate → order → register.

Only enabled plugins are imported. One :class:`PluginRegistry` stands for one deployment and is
passed explicitly; there is no plugin manager at module level, so two deployments with different
plugins live in one process.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
import traceback
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pluggy
from pydantic import ValidationError

from gongzhi.contributions import PluginSettings
from gongzhi.errors import PluginError, Problem
from gongzhi.hooks import Hooks
from gongzhi.plugin import ENTRY_POINT_GROUP, Plugin
from gongzhi.settings import Settings, problems_of
from gongzhi.validation import (
    CONTRIBUTION_CHECKS,
    TRACE_HINT,
    import_mend,
    models_of,
    one_line,
    plugin_problems,
    register_problems,
    requirement_problems,
    result_problem,
    subscriber_problems,
)

if TYPE_CHECKING:
    import typer
    from tortoise.models import Model

    from gongzhi.contributions import (
        CodeList,
        DemoData,
        Import,
        Job,
        Permission,
        Register,
        Subscriber,
    )

TRACE = "GONGZHI_TRACE_PLUGINS"
"""Set in the environment: every hook call and the traceback of every failure go to stderr."""

_TITLE = "The enabled plugins cannot be used together:"
_CORE = "core"
_ALWAYS = (
    "register_settings",
    "register_permissions",
    "register_code_lists",
    "register_registers",
    "register_jobs",
    "register_subscribers",
)
_WHEN_ASKED = ("register_graphql", "register_imports", "register_demo_data")


# ---- discover ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Installed:
    """A plugin as its distribution declares it; nothing of it has been imported."""

    name: str
    target: str
    """``module:attribute`` of the plugin."""
    distribution: str
    version: str


_CORE_PLUGIN = Installed(_CORE, "gongzhi.core:plugin", "gongzhi", "")
"""Found by name like any other: what is below the core does not import it."""


def installed() -> dict[str, list[Installed]]:
    """Return what is installed, by plugin name; two under one name are a fault of the set-up."""
    found: dict[str, list[Installed]] = defaultdict(list)
    for entry in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP):
        distribution = entry.dist.name if entry.dist else "unknown"
        version = entry.dist.version if entry.dist else ""
        made = Installed(entry.name, entry.value, distribution, version)
        if made not in found[entry.name]:
            found[entry.name].append(made)
    return dict(sorted(found.items()))


def discover(enabled: Sequence[str]) -> tuple[dict[str, Plugin], list[Problem]]:
    """Import the enabled plugins, and nothing else.

    :return: the plugins that are there, by entry point name, and what is wrong with the others.
    """
    known = installed()
    plugins: dict[str, Plugin] = {}
    problems: list[Problem] = []
    for name in enabled:
        if name == _CORE:
            what = "is named among the plugins, but the core is always enabled"
            problems.append(Problem(name, what, "take it out of plugins in gongzhi.toml"))
        elif name not in known:
            problems.append(_not_installed(name, known))
        elif len(known[name]) > 1:
            who = " and ".join(sorted(each.distribution for each in known[name]))
            what = f"is provided by two distributions, {who}"
            problems.append(Problem(name, what, "uninstall one of them"))
        else:
            loaded = _load(known[name][0])
            if isinstance(loaded, Problem):
                problems.append(loaded)
            else:
                plugins[name] = loaded
    return plugins, problems


def _not_installed(name: str, known: Mapping[str, object]) -> Problem:
    near = get_close_matches(name, known, n=1)
    have = ", ".join(known) or "none"
    mend = (
        f"did you mean {near[0]}?"
        if near
        else f"install it, or take it out of plugins in gongzhi.toml; installed: {have}"
    )
    return Problem(name, "is enabled but not installed", mend)


def _load(found: Installed) -> Plugin | Problem:
    entry = importlib.metadata.EntryPoint(found.name, found.target, ENTRY_POINT_GROUP)
    try:
        plugin = entry.load()
    except (Exception, SystemExit) as exc:  # noqa: BLE001  # it may fail in any way when imported
        _trace_failure()
        what = f"cannot be imported from {found.target}: {one_line(exc)}"
        return Problem(found.name, what, import_mend(exc))
    if isinstance(plugin, Plugin):
        return plugin
    hint = "an instance of it" if isinstance(plugin, type) else "an instance of a gongzhi.Plugin"
    what = f"{found.target} is {type(plugin).__name__}, not a Plugin instance"
    return Problem(found.name, what, f"let the entry point name {hint}: plugin = MyPlugin()")


# ---- order ---------------------------------------------------------------------------------------


def order(plugins: Mapping[str, Plugin]) -> tuple[list[Plugin], list[Problem]]:
    """Sort plugins so that each comes after those it requires, else by name.

    :return: the plugins, or nothing and the cycle in which they require each other.
    """
    graph = {
        name: sorted(set(plugin.requires) & plugins.keys())
        for name, plugin in sorted(plugins.items())
    }
    try:
        return [plugins[name] for name in TopologicalSorter(graph).static_order()], []
    except CycleError as exc:
        cycle: list[str] = list(reversed(exc.args[1]))
        first = cycle.index(min(cycle))
        ring = [*cycle[first:-1], *cycle[:first], cycle[first]]
        what = f"plugins require each other: {' → '.join(ring)}"
        return [], [Problem(ring[0], what, "take one of these requirements out")]


# ---- the registry --------------------------------------------------------------------------------


class PluginRegistry:
    """The plugins of one deployment in dependency order, and what they contribute.

    Every method that collects gives pairs of the plugin and one thing of its own, in the order of
    :attr:`plugins`. Build it with :meth:`load`.
    """

    def __init__(self, plugins: Iterable[Plugin], settings: Settings) -> None:
        """Take plugins that are already validated and in order."""
        self.plugins: tuple[Plugin, ...] = tuple(plugins)
        """The core first, then every plugin after those it requires."""
        self.settings = settings
        self._manager = pluggy.PluginManager("gongzhi")
        self._manager.add_hookspecs(Hooks)
        for plugin in self.plugins:
            self._manager.register(plugin, name=plugin.name)
        if os.environ.get(TRACE):
            self._manager.add_hookcall_monitoring(lambda *_: None, _trace_call)
        self._collected: dict[str, tuple[tuple[Plugin, Any], ...]] = {}
        self._settings: dict[str, PluginSettings] = {}

    @classmethod
    def load(
        cls, settings: Settings, *, beside: Iterable[Plugin] = (), thorough: bool = False
    ) -> PluginRegistry:
        """Bring the enabled plugins together.

        :param beside: plugin objects to enable that are not installed, for tests.
        :param thorough: also ask for what only some commands need: GraphQL types, imports,
            demo data, commands.
        :raises PluginError: with every problem of every plugin.
        """
        found, problems = discover(settings.plugins)
        core = _load(_CORE_PLUGIN)
        if isinstance(core, Problem):
            raise PluginError(_TITLE, [core])  # nothing else can be said without it
        plugins = {_CORE: core, **found, **_by_name(beside)}
        enabled = {*settings.plugins, *plugins}
        broken = {problem.where for problem in problems}
        for name, plugin in plugins.items():
            mine = list(plugin_problems(name, plugin))
            if mine:
                broken.add(name)
                problems += mine
        problems += requirement_problems(plugins, enabled)
        usable = {name: plugin for name, plugin in plugins.items() if name not in broken}
        ordered, cycle = order({n: p for n, p in usable.items() if n != _CORE})
        problems += cycle
        registry = cls((*((core,) if _CORE in usable else ()), *ordered), settings)
        problems += registry._settings_problems(enabled)
        for hook in (*_ALWAYS, *(_WHEN_ASKED if thorough else ())):
            problems += registry._collect(hook, enabled)
        if thorough:
            problems += registry._command_problems()
        if problems:
            raise PluginError(_TITLE, problems)
        return registry

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the plugins, the core first."""
        return tuple(plugin.name for plugin in self.plugins)

    def plugin(self, name: str) -> Plugin:
        """Return a plugin.

        :raises KeyError: when it is not enabled.
        """
        for plugin in self.plugins:
            if plugin.name == name:
                return plugin
        raise KeyError(name)

    def settings_of(self, name: str) -> PluginSettings:
        """Return the validated settings of a plugin; an empty object where it declares none."""
        return self._settings[name]

    def models(self) -> tuple[type[Model], ...]:
        """Return every Tortoise model of the enabled plugins, the core's first."""
        return tuple(
            model
            for plugin in self.plugins
            for name in plugin.models
            for model in models_of(import_module(name))
        )

    def settings_models(self) -> tuple[tuple[Plugin, type[PluginSettings]], ...]:
        """Return the models of the tables ``[plugin.<name>]``."""
        return self._asked("register_settings")

    def graphql(self) -> tuple[tuple[Plugin, type], ...]:
        """Return the GraphQL classes.

        :raises PluginError: when a hook fails or returns something else.
        """
        return self._asked("register_graphql")

    def permissions(self) -> tuple[tuple[Plugin, Permission], ...]:
        """Return the permissions; each code stands once."""
        return self._asked("register_permissions")

    def code_lists(self) -> tuple[tuple[Plugin, CodeList], ...]:
        """Return the code lists; one list may come in several parts, each code stands once."""
        return self._asked("register_code_lists")

    def registers(self) -> tuple[tuple[Plugin, Register], ...]:
        """Return the rows of the register catalogue."""
        return self._asked("register_registers")

    def imports(self) -> tuple[tuple[Plugin, Import], ...]:
        """Return what ``gongzhi import`` can read.

        :raises PluginError: when a hook fails or returns something else.
        """
        return self._asked("register_imports")

    def demo_data(self) -> tuple[tuple[Plugin, DemoData], ...]:
        """Return the demo loaders; their ``after`` is not yet applied.

        :raises PluginError: when a hook fails or returns something else.
        """
        return self._asked("register_demo_data")

    def jobs(self) -> tuple[tuple[Plugin, Job], ...]:
        """Return what is done beside requests.

        :raises PluginError: when a hook fails or returns something else.
        """
        return self._asked("register_jobs")

    def subscribers(self) -> tuple[tuple[Plugin, Subscriber], ...]:
        """Return what is done after the commit for every event of some kinds.

        :raises PluginError: when a hook fails or returns something else.
        """
        return self._asked("register_subscribers")

    def commands(self, name: str) -> typer.Typer | None:
        """Return the sub-commands of one plugin, None where it adds none.

        :raises PluginError: when the hook fails.
        """
        import typer  # a server needs no command line

        plugin = self.plugin(name)
        group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=plugin.title)
        outcome = self._call("register_commands", plugin, commands=group)
        if isinstance(outcome, Problem):
            raise PluginError(_TITLE, [outcome])
        return group if group.registered_commands or group.registered_groups else None

    def checks(self) -> tuple[tuple[Plugin, Problem], ...]:
        """Ask every plugin what is wrong with its settings."""
        found: list[tuple[Plugin, Problem]] = []
        for plugin in self.plugins:
            outcome = self._call("check", plugin, settings=self.settings_of(plugin.name))
            if isinstance(outcome, Problem):
                found.append((plugin, outcome))
            else:
                found += [(plugin, problem) for result in outcome for problem in result]
        return tuple(found)

    # -- how it is done

    def _call(self, hook: str, plugin: Plugin, **arguments: object) -> list[Any] | Problem:
        """Call one hook of one plugin; pluggy gives it the arguments it wants."""
        others = [other for other in self.plugins if other is not plugin]
        caller = self._manager.subset_hook_caller(hook, others)
        try:
            results: list[Any] = caller(**arguments)
        except Exception as exc:  # noqa: BLE001  # a hook may fail in any way
            _trace_failure()
            return Problem(plugin.name, f"{hook} failed: {one_line(exc)}", TRACE_HINT)
        implemented = hasattr(getattr(plugin, hook), "gongzhi_impl")
        for result in results or ([None] if implemented else []):  # pluggy leaves None out
            if problem := result_problem(plugin, hook, result):
                return problem
        return results

    def _collect(self, hook: str, enabled: Iterable[str]) -> list[Problem]:
        """Call a hook of every plugin and keep what is in order."""
        problems: list[Problem] = []
        pairs: list[tuple[Plugin, Any]] = []
        for plugin in self.plugins:
            outcome = self._call(hook, plugin)
            if isinstance(outcome, Problem):
                problems.append(outcome)
            elif hook == "register_settings":
                pairs += [(plugin, model) for model in outcome]
            else:
                pairs += [(plugin, item) for result in outcome for item in result]
        if hook == "register_registers":
            problems += register_problems(pairs, enabled)
        elif hook == "register_subscribers":
            problems += subscriber_problems(pairs, enabled)
        elif hook in CONTRIBUTION_CHECKS:
            problems += CONTRIBUTION_CHECKS[hook](pairs)
        if not problems:
            self._collected[hook] = tuple(pairs)
        return problems

    def _asked(self, hook: str) -> tuple[tuple[Plugin, Any], ...]:
        if hook not in self._collected and (problems := self._collect(hook, self.names)):
            raise PluginError(_TITLE, problems)
        return self._collected[hook]

    def _settings_problems(self, enabled: Iterable[str]) -> list[Problem]:
        problems: list[Problem] = []
        tables = self.settings.plugin
        for plugin in self.plugins:
            table = tables.get(plugin.name, {})
            outcome = self._call("register_settings", plugin)
            if isinstance(outcome, Problem):
                continue  # reported where the hook is collected
            model: type[PluginSettings] = outcome[0] if outcome else PluginSettings
            try:
                self._settings[plugin.name] = model.model_validate(table)
            except ValidationError as exc:
                problems += problems_of(exc, model, partial(_setting, plugin))
        known = {*enabled, *installed()}
        for name in tables:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                mend = f"did you mean plugin.{near[0]}?" if near else "take the table out"
                what = "are settings of a plugin that is not installed"
                problems.append(Problem(f"plugin.{name}", what, mend))
        return problems

    def _command_problems(self) -> list[Problem]:
        problems: list[Problem] = []
        for plugin in self.plugins:
            try:
                self.commands(plugin.name)
            except PluginError as exc:
                problems += exc.problems
        return problems


def _by_name(plugins: Iterable[Plugin]) -> dict[str, Plugin]:
    return {getattr(plugin, "name", type(plugin).__name__): plugin for plugin in plugins}


def _setting(plugin: Plugin, key: tuple[str, ...]) -> str:
    return ".".join(("plugin", plugin.name, *key))


# ---- tracing -------------------------------------------------------------------------------------


def _trace_call(
    outcome: pluggy.Result[Any],
    hook: str,
    implementations: Sequence[pluggy.HookImpl],
    _arguments: Mapping[str, Any],
) -> None:
    """Write one line for a hook call; arguments are left out, for settings hold secrets."""
    for implementation in implementations:
        if outcome.exception is not None:
            told = f"raised {type(outcome.exception).__name__}"
        else:
            told = ", ".join(
                f"{len(result)} {type(result).__name__} items"
                if isinstance(result, Sequence)
                else getattr(result, "__name__", type(result).__name__)
                for result in outcome.get_result()
            )
        sys.stderr.write(f"gongzhi hook {implementation.plugin_name}.{hook}: {told or 'done'}\n")


def _trace_failure() -> None:
    if os.environ.get(TRACE):
        traceback.print_exc()
