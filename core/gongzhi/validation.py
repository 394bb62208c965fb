"""What is wrong with a plugin, as far as it can be seen without a database and a schema.

Every function yields problems instead of raising the first one: an author or operator mends a
list in one go.
"""

from __future__ import annotations

import datetime as dt
import importlib
import importlib.util
import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from tortoise.models import Model

from gongzhi.contributions import (
    CodeList,
    DemoData,
    Import,
    Job,
    Permission,
    PluginSettings,
    Register,
    Subscriber,
)
from gongzhi.errors import Problem
from gongzhi.hooks import HOOK_NAMES, Hooks
from gongzhi.plugin import API_VERSION, Plugin

if TYPE_CHECKING:
    from types import ModuleType

TRACE_HINT = "set GONGZHI_TRACE_PLUGINS=1 to see the traceback"

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PERMISSION = re.compile(r"([a-z][a-z0-9_]*)\.[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_JOB = re.compile(r"([a-z][a-z0-9_]*)\.[a-z][a-z0-9_-]*")
_JOB_LENGTH = 80
_KINDS = re.compile(r"\*|([a-z][a-z0-9_]*)(?:\.\w+)?\.\*|([a-z][a-z0-9_]*)(?:\.\w+){2}")
_SHORTEST = dt.timedelta(seconds=1)
_ATTRIBUTES: tuple[tuple[str, type, str], ...] = (
    ("name", str, 'name = "tea"'),
    ("title", str, 'title = "茶话会 · tea parties"'),
    ("version", str, 'version = "0.1.0"'),
    ("api", int, f"api = {API_VERSION}"),
    ("requires", tuple, 'requires = ("publication",)'),
    ("models", tuple, 'models = ("gongzhi_tea.models",)'),
)

ITEM_TYPES: Mapping[str, type] = {
    "register_graphql": type,
    "register_permissions": Permission,
    "register_code_lists": CodeList,
    "register_registers": Register,
    "register_imports": Import,
    "register_jobs": Job,
    "register_subscribers": Subscriber,
    "register_demo_data": DemoData,
    "check": Problem,
}
"""The hooks that return a sequence, and of what."""


# ---- the plugin itself ---------------------------------------------------------------------------


def plugin_problems(entry: str, plugin: Plugin) -> Iterator[Problem]:
    """Check attributes, hooks and models of the plugin that the entry point ``entry`` gave."""
    yield from _attribute_problems(entry, plugin)
    yield from _hook_problems(entry, plugin)
    yield from _model_problems(entry, plugin)


def _attribute_problems(entry: str, plugin: Plugin) -> Iterator[Problem]:
    kind = type(plugin).__name__
    for name, expected, example in _ATTRIBUTES:
        value = getattr(plugin, name, None)
        if value is None:
            yield Problem(entry, f"{kind} has no {name}", f"write: {example}")
        elif not isinstance(value, expected):
            what = f"{kind}.{name} is {type(value).__name__}, not {expected.__name__}"
            yield Problem(entry, what, f"write it as in: {example}")
    name = getattr(plugin, "name", entry)
    if isinstance(name, str) and name != entry:
        yield Problem(
            entry,
            f"the entry point is called {entry!r} but the plugin {name!r}",
            "give both the same name",
        )
    if not _NAME.fullmatch(entry):
        mend = "use small letters, digits and _, beginning with a letter"
        yield Problem(entry, "is no name for a plugin", mend)
    api = getattr(plugin, "api", API_VERSION)
    if isinstance(api, int) and api != API_VERSION:
        newer = "a newer gongzhi" if api > API_VERSION else "a newer release of the plugin"
        what = f"is written for plugin API {api}, this gongzhi speaks {API_VERSION}"
        yield Problem(entry, what, f"install {newer}")


def _hook_problems(entry: str, plugin: Plugin) -> Iterator[Problem]:
    own = type(plugin).__mro__[: type(plugin).__mro__.index(Plugin)]
    for cls in own:
        for name, value in vars(cls).items():
            function = inspect.unwrap(getattr(value, "__func__", value))
            if not inspect.isroutine(function):
                continue
            where = f"{cls.__name__}.{name}"
            marks = getattr(function, "gongzhi_impl", None)
            if name in HOOK_NAMES:
                yield from _implementation_problems(entry, where, function, marks)
            elif marks is not None or name.startswith("register_"):
                near = get_close_matches(name, HOOK_NAMES, n=1)
                mend = f"did you mean {near[0]}?" if near else f"hooks: {', '.join(HOOK_NAMES)}"
                yield Problem(entry, f"{where} is no hook", mend)


def _implementation_problems(
    entry: str, where: str, function: Callable[..., Any], marks: Mapping[str, Any] | None
) -> Iterator[Problem]:
    if marks is None:
        yield Problem(
            entry, f"{where} overrides a hook without @hookimpl", "decorate it with @hookimpl"
        )
    elif marks["wrapper"] or marks["hookwrapper"]:
        what = f"{where} is a wrapper, but each plugin's hooks are called alone"
        yield Problem(entry, what, "return what the plugin itself contributes")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        what = f"{where} is async, but hooks only return declarations"
        yield Problem(entry, what, "write it as a plain def; do the work where it is declared")
    known = set(inspect.signature(getattr(Hooks, function.__name__)).parameters)
    if unknown := set(inspect.signature(function).parameters) - known:
        what = f"{where} takes {', '.join(sorted(unknown))}, which the hook does not give"
        yield Problem(entry, what, f"it may take: {', '.join(sorted(known - {'self'})) or 'none'}")


def _model_problems(entry: str, plugin: Plugin) -> Iterator[Problem]:
    modules = plugin.models if isinstance(plugin.models, tuple) else ()
    for name in modules:
        try:
            module = importlib.import_module(name)
        except Exception as exc:  # noqa: BLE001  # a module may fail in any way when imported
            what = f"its models module {name} cannot be imported: {one_line(exc)}"
            yield Problem(entry, what, import_mend(exc))
            continue
        for model in models_of(module):
            yield from _table_problems(entry, model)
    if not modules:
        return
    if not plugin.migrations:
        mend = f'write: migrations = "gongzhi_{entry}.migrations"'
        yield Problem(entry, "has models but names no migrations package", mend)
        return
    try:
        found = importlib.util.find_spec(plugin.migrations)
    except ImportError:
        found = None
    if found is None:
        mend = "make the folder with an __init__.py, then run: gongzhi makemigrations"
        yield Problem(entry, f"has no package {plugin.migrations}", mend)


def models_of(module: ModuleType) -> Iterator[type[Model]]:
    """Yield the models that a module defines; those it imports belong to another."""
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Model):
            inside = f"{value.__module__}.".startswith(f"{module.__name__}.")
            if inside and not value._meta.abstract:  # noqa: SLF001  # where Tortoise keeps it
                yield value


def _table_problems(entry: str, model: type[Model]) -> Iterator[Problem]:
    where = f"{model.__module__}.{model.__name__}"
    meta = model._meta  # noqa: SLF001  # where Tortoise keeps it
    if meta.app != entry:
        told = f"says app {meta.app!r}" if meta.app else "says no app"
        what = f"the model {where} {told}, so another app may claim it"
        yield Problem(entry, what, f'write in its class Meta: app = "{entry}"')
    if not meta.db_table.startswith(f"{entry}_"):
        what = f"the table of {where} is called {meta.db_table!r}"
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", model.__name__).lower()
        yield Problem(entry, what, f'write in its class Meta: table = "{entry}_{snake}"')


# ---- several plugins -----------------------------------------------------------------------------


def requirement_problems(plugins: Mapping[str, Plugin], enabled: Iterable[str]) -> list[Problem]:
    """Say which required plugins are not enabled."""
    known = set(enabled)
    return [
        Problem(
            name,
            f"requires the plugin {needed!r}, which is not enabled",
            f'add "{needed}" to plugins in gongzhi.toml, or take "{name}" out',
        )
        for name, plugin in plugins.items()
        if isinstance(plugin.requires, tuple)
        for needed in plugin.requires
        if needed not in known
    ]


def result_problem(plugin: Plugin, hook: str, result: object) -> Problem | None:
    """Check the type of what a hook returned."""
    item_type = ITEM_TYPES.get(hook)
    if hook == "register_settings":
        right = isinstance(result, type) and issubclass(result, PluginSettings)
        wanted = "a subclass of PluginSettings, the class itself"
    elif item_type is None:
        right, wanted = result is None, "nothing"
    else:
        what = "classes" if item_type is type else f"{item_type.__name__} objects"
        wanted = f"a tuple of {what}"
        right = False
        if isinstance(result, Sequence) and not isinstance(result, str):
            wrong = [item for item in result if not isinstance(item, item_type)]
            right = not wrong
            if wrong:
                hook, result = f"{hook} (inside its sequence)", wrong[0]
    if right:
        return None
    return Problem(plugin.name, f"{hook} returned {_told(result)}", f"return {wanted}")


def permission_problems(pairs: Sequence[tuple[Plugin, Permission]]) -> Iterator[Problem]:
    """Find permission codes without their plugin's name, and ones given twice."""
    for plugin, permission in pairs:
        match = _PERMISSION.fullmatch(permission.code)
        if match is None or match[1] != plugin.name:
            yield Problem(
                plugin.name,
                f"the permission {permission.code!r} is not called <plugin>.<noun>.<verb>",
                f"call it as in: {plugin.name}.cup.read",
            )
    yield from _duplicates("the permission", ((p, item.code) for p, item in pairs))


def code_list_problems(pairs: Sequence[tuple[Plugin, CodeList]]) -> Iterator[Problem]:
    """Find codes that stand twice in a list, whoever contributes to it."""
    yield from _duplicates(
        "the code",
        ((p, f"{item.name}.{entry.code}") for p, item in pairs for entry in item.entries),
    )


def register_problems(
    pairs: Sequence[tuple[Plugin, Register]], enabled: Iterable[str]
) -> Iterator[Problem]:
    """Find registers that share a code, or count what is not there."""
    apps = set(enabled)
    for plugin, register in pairs:
        meta = getattr(register.model, "_meta", None)
        where = f"the register {register.code!r}"
        if meta is None or meta.app not in apps:
            what = f"{where} counts {register.model!r}, no model of an enabled plugin"
            yield Problem(plugin.name, what, "name a model of this plugin or one it requires")
            continue
        columns = {name for field in meta.fields_map for name in (field, f"{field}_id")}
        for key in register.where:
            column = key.split("__")[0]
            if column not in columns:
                near = get_close_matches(column, meta.fields_map, n=1)
                mend = f"did you mean {near[0]}?" if near else "name a column of the model"
                what = f"{where} asks for {column!r}, no column of {register.model.__name__}"
                yield Problem(plugin.name, what, mend)
    yield from _duplicates("the register", ((p, item.code) for p, item in pairs))


def import_problems(pairs: Sequence[tuple[Plugin, Import]]) -> Iterator[Problem]:
    """Find importable entities of one name."""
    yield from _duplicates("the import", ((p, item.name) for p, item in pairs))


def job_problems(pairs: Sequence[tuple[Plugin, Job]]) -> Iterator[Problem]:
    """Find jobs without their plugin's name, with times that make no sense, or given twice."""
    for plugin, job in pairs:
        where = f"the job {job.name!r}"
        yield from _task_problems(plugin, where, job)
        if job.every is not None and job.daily is not None:
            yield Problem(plugin.name, f"{where} has both every and daily", "take one of them out")
        if job.every is not None and job.every < _SHORTEST:
            yield Problem(plugin.name, f"{where} is due all the time", "let every be 1 s or more")
        if job.daily is not None and job.daily.tzinfo is not None:
            mend = "take it out: the time is that of the deployment's zone"
            yield Problem(plugin.name, f"the daily time of {where} has a time zone", mend)
    yield from _duplicates("the job", ((p, item.name) for p, item in pairs))


def subscriber_problems(
    pairs: Sequence[tuple[Plugin, Subscriber]], enabled: Iterable[str]
) -> Iterator[Problem]:
    """Find subscribers without their plugin's name, given twice, or to events of nobody."""
    known = set(enabled)
    for plugin, item in pairs:
        where = f"the subscriber {item.name!r}"
        yield from _task_problems(plugin, where, item)
        if not item.kinds:
            yield Problem(plugin.name, f"{where} names no kinds", 'write: kinds=("core.member.*",)')
        for kind in item.kinds:
            match = _KINDS.fullmatch(kind)
            if match is None:
                mend = "write core.member.admit, core.member.*, core.* or *"
                yield Problem(plugin.name, f"{where} asks for {kind!r}, no kind of event", mend)
            elif (owner := match[1] or match[2]) and owner not in known:
                near = get_close_matches(owner, known, n=1)
                mend = f"did you mean {near[0]}?" if near else "require the plugin that has them"
                what = f"{where} asks for {kind!r}, but {owner!r} is not enabled"
                yield Problem(plugin.name, what, mend)
    yield from _duplicates("the subscriber", ((p, item.name) for p, item in pairs))


def _task_problems(plugin: Plugin, where: str, item: Job | Subscriber) -> Iterator[Problem]:
    match = _JOB.fullmatch(item.name)
    if match is None or match[1] != plugin.name or len(item.name) > _JOB_LENGTH:
        yield Problem(
            plugin.name,
            f"{where} is not called <plugin>.<name>",
            f"call it as in: {plugin.name}.overdue, with {_JOB_LENGTH} characters at most",
        )
    if not inspect.iscoroutinefunction(item.run):
        yield Problem(plugin.name, f"the run of {where} is no async def", "write it as one")
    if item.timeout <= dt.timedelta(0) or item.attempts < 1:
        what = f"{where} has no time or no attempt"
        yield Problem(plugin.name, what, "let timeout be above 0 and attempts 1 or more")


def demo_problems(pairs: Sequence[tuple[Plugin, DemoData]]) -> Iterator[Problem]:
    """Find demo loaders of one name, and ones that come after nothing."""
    names = {item.name for _, item in pairs}
    for plugin, item in pairs:
        for before in item.after:
            if before not in names:
                what = f"the demo data {item.name!r} comes after {before!r}, which nobody has"
                yield Problem(plugin.name, what, f"known: {', '.join(sorted(names))}")
    yield from _duplicates("the demo data", ((p, item.name) for p, item in pairs))


CONTRIBUTION_CHECKS: Mapping[str, Callable[[Any], Iterator[Problem]]] = {
    "register_permissions": permission_problems,
    "register_code_lists": code_list_problems,
    "register_imports": import_problems,
    "register_jobs": job_problems,
    "register_demo_data": demo_problems,
}


def _duplicates(what: str, keys: Iterable[tuple[Plugin, Hashable]]) -> Iterator[Problem]:
    owners: dict[Hashable, list[str]] = defaultdict(list)
    for plugin, key in keys:
        owners[key].append(plugin.name)
    for key, names in owners.items():
        if len(names) > 1:
            who = " and ".join(sorted(set(names)))
            text = f"{what} {key!r} is contributed {len(names)} times, by {who}"
            yield Problem(names[-1], text, "rename or remove all but one")


# ---- words ---------------------------------------------------------------------------------------


def one_line(exc: BaseException) -> str:
    """Describe an exception in one line."""
    text = " ".join(str(exc).split())
    return f"{type(exc).__name__}: {text}" if text else type(exc).__name__


def import_mend(exc: BaseException) -> str:
    """Say how a failed import is mended."""
    if isinstance(exc, ModuleNotFoundError) and exc.name:
        return f"install what provides the module {exc.name!r}"
    return TRACE_HINT


def _told(value: object) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return "None" if value is None else f"{type(value).__name__}"
