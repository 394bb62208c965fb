"""What can be done: mutations and what they refuse, states, jobs and subscribers."""

from __future__ import annotations

import ast
import datetime as dt
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pkgutil import walk_packages
from typing import TYPE_CHECKING, Any

from gongzhi.graph.mutations import Mutate
from gongzhi.refusals import Refusals
from gongzhi.writing import StateMachine
from gongzhi_schema.compose import compose
from gongzhi_schema.reference.diagrams import state_diagram
from gongzhi_schema.reference.markdown import code, codes, sentence, table

if TYPE_CHECKING:
    from gongzhi.contributions import Job
    from gongzhi.host import PluginRegistry
    from gongzhi.plugin import Plugin

# ---- mutations -----------------------------------------------------------------------------------


def mutations(registry: PluginRegistry) -> Iterator[str]:
    """Yield the page of the mutations, with the texts of their codes."""
    yield "# Mutations"
    yield ""
    yield "What can be written, by plugin; [Writing](../writing.md) says how. Inputs and payloads"
    yield "are described in the schema. A permission is asked for where the row belongs; where none"
    yield "is named, the step of the [state](states.md) or the text says what is needed."
    yield ""
    named: set[str] = set()
    for plugin, found in _mutations(registry).items():
        yield f"## {plugin}"
        yield ""
        rows = []
        for name, about, source in found:
            named |= set(source.codes)
            rows.append((code(name), about, code(source.permission), codes(source.codes)))
        yield from table(("mutation", "meaning", "permission", "codes"), rows)
    yield "## Codes"
    yield ""
    yield "The `code` and `message` in a payload's `errors`. The words in italics are filled in."
    yield "A code that several modules word in their own way stands here once for each."
    yield ""
    yield from table(
        ("code", "中文", "English"),
        ((code(c), zh, en) for c, zh, en in _texts(registry) if c in named),
    )


def _mutations(registry: PluginRegistry) -> dict[str, list[tuple[str, str, Mutate]]]:
    """Return the mutations of each plugin, in their order of name."""
    composed = compose(registry)
    found: dict[str, list[tuple[str, str, Mutate]]] = {name: [] for name in registry.names}
    if "Mutation" in composed.catalogue.types:
        for name, field in sorted(composed.catalogue.types["Mutation"].fields.items()):
            if isinstance(field.source, Mutate):
                owner = composed.owners[f"Mutation.{name}"]
                found[owner].append((name, field.graphql.description or "", field.source))
    return {name: each for name, each in found.items() if each}


def _texts(registry: PluginRegistry) -> list[tuple[str, str, str]]:
    """Return code, Chinese and English text of whatever the modules refuse."""
    found: set[tuple[str, str, str]] = set()
    for plugin in registry.plugins:
        for module in _modules(type(plugin).__module__.partition(".")[0]):
            for value in vars(module).values():
                texts = value.texts if isinstance(value, Refusals) else value
                if isinstance(texts, Mapping):
                    found |= {(c, *_pair(pair)) for c, pair in texts.items() if _is_text(c, pair)}
            found |= set(_raised(ast.parse(inspect.getsource(module))))
    return sorted(found)


def _is_text(key: object, value: object) -> bool:
    return (
        type(key) is str  # not an enumeration: those have labels, not texts
        and _CODE.fullmatch(key) is not None
        and isinstance(value, tuple)
        and [type(each) for each in value] == [str, str]
    )


_CODE = re.compile(r"[A-Z][A-Z0-9_]+")


def _pair(pair: tuple[str, str]) -> tuple[str, str]:
    zh, en = (re.sub(r"\{(\w+)[^}]*\}", r"*\1*", text) for text in pair)
    return zh, en


def _raised(tree: ast.AST) -> Iterator[tuple[str, str, str]]:
    """Yield the errors that are made in place: ``RuleError("CODE", "中文", "English")``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {
            "RuleError",
            "CellError",
        }:
            given = [*node.args, *(keyword.value for keyword in node.keywords)][:3]
            code_, *texts = map(_written, given)
            if len(texts) == 2 and _CODE.fullmatch(code_):  # noqa: PLR2004  # two languages
                yield code_, texts[0], texts[1]


def _written(node: ast.expr) -> str:
    """Return a text as it is written, what is filled in by its last name."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_written, node.values))
    if isinstance(node, ast.FormattedValue):
        return f"*{ast.unparse(node.value).rpartition('.')[2].strip('_').lower()}*"
    return ""


# ---- states --------------------------------------------------------------------------------------


def states(registry: PluginRegistry) -> Iterator[str]:
    """Yield the page of the state machines."""
    yield "# States"
    yield ""
    yield "What may follow what. An action is a field of `viewerCan`, there in camel case, and the"
    yield "last part of the kind of its event, as in `ledger.issue.settle`. Where *to* is empty the"
    yield "state stays as it is. What else must hold, the codes of [mutations](mutations.md) say."
    yield ""
    for plugin, machine in machines(registry):
        yield f"## {machine.name}"
        yield ""
        yield f"{sentence(machine.states.__doc__)} (plugin `{plugin.name}`)"
        yield ""
        yield f"![{machine.name}]({_file(machine)})"
        yield ""
        yield from table(
            ("state", "中文", "English"),
            ((code(s.name), *machine.labels[s]) for s in machine.labels),
        )
        yield from table(
            ("action", "from", "to", "中文", "English", "permission"),
            (
                (
                    code(step.action),
                    ", ".join(code(source.name) for source in step.sources),
                    code(step.target.name) if step.target else "",
                    step.title_zh,
                    step.title_en,
                    code(step.permission),
                )
                for step in machine.steps
            ),
        )


def drawings(registry: PluginRegistry) -> dict[str, str]:
    """Return the drawings of the state machines, file name → text."""
    return {_file(machine): state_diagram(machine) for _, machine in machines(registry)}


def machines(registry: PluginRegistry) -> list[tuple[Plugin, StateMachine[Any]]]:
    """Return the state machines of the plugins, each plugin's by name."""
    return _of(registry, StateMachine)


def _file(machine: StateMachine[Any]) -> str:
    return f"{machine.name.replace('.', '-')}.svg"


def _of(registry: PluginRegistry, kind: type[Any]) -> list[tuple[Plugin, Any]]:
    """Return what stands in the modules of the plugins' packages, each object once."""
    found: dict[int, tuple[Plugin, str, Any]] = {}
    for plugin in registry.plugins:
        for module in _modules(type(plugin).__module__.partition(".")[0]):
            for name, value in vars(module).items():
                if isinstance(value, kind):
                    found.setdefault(id(value), (plugin, getattr(value, "name", name), value))
    order = registry.names
    at = sorted(found.values(), key=lambda each: (order.index(each[0].name), each[1]))
    return [(plugin, value) for plugin, _, value in at]


def _modules(package: str) -> Iterable[Any]:
    root = import_module(package)
    yield root
    for found in walk_packages(root.__path__, f"{package}."):
        if ".migrations" not in found.name and not found.name.endswith(".__main__"):
            yield import_module(found.name)


# ---- jobs ----------------------------------------------------------------------------------------


def jobs(registry: PluginRegistry) -> Iterator[str]:
    """Yield the page of jobs and subscribers."""
    yield "# Jobs and subscribers"
    yield ""
    yield "What `gongzhi worker` does, or `gongzhi serve` itself: see"
    yield "[Operating](../operating.md#jobs-and-events). Times are in the deployment's `time_zone`."
    yield ""
    yield "## Jobs"
    yield ""
    yield from table(
        ("job", "what it does", "due", "time limit", "attempts"),
        (
            (code(job.name), _told(job.run), _due(job), _seconds(job.timeout), job.attempts)
            for _, job in registry.jobs()
        ),
    )
    yield "## Subscribers"
    yield ""
    yield from table(
        ("subscriber", "what it does", "events", "time limit", "attempts"),
        (
            (code(s.name), _told(s.run), codes(s.kinds), _seconds(s.timeout), s.attempts)
            for _, s in registry.subscribers()
        ),
    )


def _told(function: Any) -> str:
    return sentence(inspect.cleandoc(function.__doc__ or "").partition("\n\n")[0])


def _due(job: Job) -> str:
    if job.every is not None:
        return f"every {_seconds(job.every)}"
    return "when it is asked for" if job.daily is None else f"every day at {job.daily:%H:%M}"


def _seconds(span: dt.timedelta) -> str:
    seconds = int(span.total_seconds())
    for size, name in ((3600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"{seconds // size} {name}"
    return f"{seconds} s"
