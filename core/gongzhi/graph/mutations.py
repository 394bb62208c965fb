"""Mutations: a service, seen from GraphQL.

A module writes one line for each, and input, payload and errors follow from the service::

    @extends(Mutation)
    class Mutations:
        issue_settle = mutation(service.settle, Issue, "ledger.issue.handle")

The service's docstring is the description: its first paragraph that of the mutation, ``:param x:``
those of the input's fields, both Chinese first; ``:raises RuleError: A, B`` names the codes of its
error enum, ``all of ledger.open_issue`` those of another service that it calls. Parameters are
``int``, ``str``, ``bool``, ``Decimal``, days, instants, closed enums, keys
(:mod:`gongzhi.writing.keys`), sequences of these, and frozen dataclasses of these.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import inspect
import re
import sys
import types
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument

from gongzhi.errors import GongzhiError
from gongzhi.graph.docstrings import split_docstring
from gongzhi.graph.sources import METADATA_KEY, Source
from gongzhi.references import KEEP, AnyKey, Key
from gongzhi.refusals import Refusals

Service = Callable[..., Awaitable[Any]]
"""A use case; a plain function, so that the names in its docstring can be looked up."""

SHARED = {
    "expected_version": "读取时的版本，已被他人修改则拒绝 · the version that was read; a change by "
    "someone else since then is a CONFLICT",
    "occurred_at": "实际发生时间，默认为现在 · when it happened, now where absent",
    "on_behalf_of": "代谁办理 · the person for whom it is entered",
    "reason": "原因，不含个人信息 · why, without personal data",
    "document": "依据文件 · the document that it rests on",
}
"""Descriptions of parameters that mean the same everywhere."""

IDEMPOTENCY_KEY = "idempotency_key"
_KEY_TEXT = (
    "客户端生成的请求标识，至多 64 个字符；重试时返回首次的结果，不重复写入 · "
    "made by the client, at most 64 characters; a retry gives what the first request wrote "
    "and writes nothing"
)

_PLAIN = (str, int, bool, Decimal, dt.date, dt.datetime)
_CODES = re.compile(r"\b[A-Z][A-Z0-9_]+\b")
_OTHERS = re.compile(r"all of ([\w.]+\w)")


class InputError(GongzhiError):
    """A value passes for its type and is none that a service can take."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a service, as the input has it."""

    name: str
    read: Callable[[Any, Keys], Any] | None
    """Makes the service's value of the client's; None where both are the same."""
    required: bool
    """Must be given, even where it may be null: GraphQL itself asks only for what may not."""


Keys = Callable[[str, Key], int]
"""Reads a global id of a table: the runner knows which types stand over it."""


@dataclass(frozen=True, slots=True)
class Mutate(Source):
    """A root mutation: which service runs, and what it gives."""

    name: str
    service: Service
    result: type
    permission: str
    parameters: tuple[Parameter, ...]
    codes: tuple[str, ...]
    payload: type
    error: type
    entity: str
    """Python name of the payload's field for the result."""


@dataclass(frozen=True, slots=True)
class Outcome(Source):
    """The result in a payload: a row of a planned type, or an object that the service made."""


class Declared:
    """What :func:`mutation` leaves in a class until ``@extends`` makes a field of it."""

    def __init__(self, service: Service, result: type, permission: str) -> None:
        self.service = service
        self.result = result
        self.permission = permission


def mutation(service: Service, result: type, permission: str) -> Any:
    """Declare a root mutation.

    :param service: ``async def (work, …)``; gives a row (or its key) of ``result``, or an object.
    :param result: a node type, or a ``@described`` type whose objects the service makes.
    :param permission: what ``work.require``, ``take`` and ``begin`` ask for.
    """
    return Declared(service, result, permission)


def made_fields(cls: type) -> None:
    """Replace the declarations in a class of mutations by fields."""
    for name, declared in list(vars(cls).items()):
        if isinstance(declared, Declared):
            source, description = _made(name, declared)
            field: Any = strawberry.field(description=description, metadata={METADATA_KEY: source})
            # nullable: what is forbidden costs only itself, not the mutations before it
            cls.__annotations__[name] = source.payload | None
            setattr(cls, name, field)


def input_argument(source: Mutate) -> StrawberryArgument:
    """Return the one argument of a mutation."""
    return StrawberryArgument(
        python_name="input",
        graphql_name=None,
        type_annotation=StrawberryAnnotation(input_of(source.name, source.service)),
        description="输入 · what to do",
    )


def _made(name: str, declared: Declared) -> tuple[Mutate, str]:
    title = _pascal(name)
    about, _, codes = read_docstring(declared.service)
    entity = _snake(declared.result.__name__)
    error = _error(title, codes, _texts_near(declared.service.__module__))
    payload = _payload(title, declared.result, entity, error)
    parameters = tuple(
        Parameter(parameter, _reader(kind), default is inspect.Parameter.empty)
        for parameter, kind, default in parameters_of(declared.service)
    )
    source = Mutate(
        name=name,
        service=declared.service,
        result=declared.result,
        permission=declared.permission,
        parameters=parameters,
        codes=codes,
        payload=payload,
        error=error,
        entity=entity,
    )
    return source, about


def _error(title: str, codes: tuple[str, ...], texts: Mapping[str, tuple[str, str]]) -> type:
    enum: Any = Enum(f"{title}ErrorCode", {code: code for code in codes})  # type: ignore[misc]  # names of a docstring
    strawberry.enum(enum, description="错误代码 · codes of what is refused")
    for value in enum.__dict__["__strawberry_definition__"].values:
        value.description = " · ".join(texts.get(value.name, ()))
    return strawberry.type(
        type(
            f"{title}Error",
            (),
            {
                "__annotations__": {"code": enum, "field": str | None, "message": str},
                "code": strawberry.field(description="稳定的代码 · a stable code"),
                "field": strawberry.field(description="有误的输入项 · the input that is at fault"),
                "message": strawberry.field(
                    description="说明，语言依 Accept-Language · what is wrong, in the language "
                    "that Accept-Language asks for"
                ),
            },
        ),
        description="规则不允许的事项 · why nothing was written",
    )


def _payload(title: str, result: type, entity: str, error: type) -> type:
    return strawberry.type(
        type(
            f"{title}Payload",
            (),
            {
                "__annotations__": {entity: result | None, "errors": list[error]},  # type: ignore[valid-type]
                entity: strawberry.field(
                    description="写入之后的结果，被拒绝时为空 · the result, absent when refused",
                    metadata={METADATA_KEY: Outcome()},
                ),
                "errors": strawberry.field(
                    description="被拒绝的原因，成功时为空列表 · "
                    "why it was refused, empty on success"
                ),
            },
        ),
        description="办理结果 · what came of it",
    )


# ---- inputs --------------------------------------------------------------------------------------


def parameters_of(service: Service) -> list[tuple[str, Any, Any]]:
    """Return name, annotation and default of each parameter after the work."""
    hints = get_type_hints(service, include_extras=True)
    found = list(inspect.signature(service).parameters.values())[1:]
    return [(p.name, hints[p.name], p.default) for p in found]


@cache
def input_of(name: str, service: Service) -> type:
    """Return the input type of a mutation."""
    _, texts, _ = read_docstring(service)
    namespace: dict[str, Any] = {}
    annotations: dict[str, Any] = {}
    for parameter, kind, default in parameters_of(service):
        annotations[parameter] = _input_type(kind)
        namespace[parameter] = _input_field(
            default, inspect.Parameter.empty, texts.get(parameter) or SHARED.get(parameter)
        )
    annotations[IDEMPOTENCY_KEY] = str | None
    namespace[IDEMPOTENCY_KEY] = strawberry.field(default=strawberry.UNSET, description=_KEY_TEXT)
    made = type(f"{_pascal(name)}Input", (), {"__annotations__": annotations, **namespace})
    return strawberry.input(made, description=f"输入：{_camel(name)} · input of {_camel(name)}")


@cache
def _nested(cls: type) -> type:
    """Return the input type of a dataclass that is a parameter."""
    hints = get_type_hints(cls, include_extras=True)
    fields = dataclasses.fields(cls)
    about, texts = split_docstring(cls.__doc__ or "", {field.name for field in fields})
    namespace: dict[str, Any] = {
        field.name: _input_field(field.default, dataclasses.MISSING, texts.get(field.name))
        for field in fields
    }
    annotations = {field.name: _input_type(hints[field.name]) for field in fields}
    made = type(f"{cls.__name__}Input", (), {"__annotations__": annotations, **namespace})
    return strawberry.input(made, description=about or None)


def _input_field(default: Any, absent: object, description: str | None) -> Any:
    if default is absent:
        return strawberry.field(description=description)
    if default is None or default is KEEP:
        return strawberry.field(default=strawberry.UNSET, description=description)
    if isinstance(default, tuple):
        return strawberry.field(default_factory=list, description=description)
    return strawberry.field(default=default, description=description)


def _input_type(kind: Any) -> Any:
    inner, optional = _split(kind)
    if optional:
        return _input_type(inner) | None
    if get_origin(kind) is Annotated:
        return strawberry.ID
    if get_origin(kind) in (Sequence, list, tuple):
        return list[_input_type(get_args(kind)[0])]  # type: ignore[misc]  # made at run time
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _nested(kind)
    if isinstance(kind, type) and (kind in _PLAIN or issubclass(kind, Enum)):
        return kind
    message = f"{kind!r} cannot be a parameter of a mutation"
    raise TypeError(message)


def keys_in(kind: Any) -> Iterator[Key]:
    """Yield the keys in a parameter's type, also within sequences and dataclasses."""
    if get_origin(kind) is Annotated:
        yield from (each for each in get_args(kind) if isinstance(each, Key))
    elif dataclasses.is_dataclass(kind) and isinstance(kind, type):
        for hint in get_type_hints(kind, include_extras=True).values():
            yield from keys_in(hint)
    else:
        for inner in get_args(kind):
            yield from keys_in(inner)


def _reader(kind: Any) -> Callable[[Any, Keys], Any] | None:
    """Return what makes the service's value of a client's, None where they are the same.

    What it makes raises :class:`InputError`.
    """
    inner, optional = _split(kind)
    if optional:
        read = _reader(inner)
        return read and (lambda value, keys: None if value is None else read(value, keys))
    if get_origin(kind) is Annotated:
        key = next(each for each in get_args(kind) if isinstance(each, Key | AnyKey))
        return None if isinstance(key, AnyKey) else lambda value, keys: keys(value, key)
    if get_origin(kind) in (Sequence, list, tuple):
        item = _reader(get_args(kind)[0])
        return lambda value, keys: tuple(item(each, keys) if item else each for each in value)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind, include_extras=True)
        readers = {field.name: _reader(hints[field.name]) for field in dataclasses.fields(kind)}
        return lambda value, keys: kind(**read_fields(value, readers, keys))
    return _CHECKED.get(kind)


def _instant(value: dt.datetime, _keys: Keys) -> dt.datetime:
    if value.tzinfo is None:
        message = "时刻须带时区，如 2026-11-23T09:30:00+08:00 · an instant needs its time zone"
        raise InputError(message)
    try:
        return value.astimezone(dt.UTC)
    except OverflowError as exc:
        message = "没有这个时刻 · there is no such instant"
        raise InputError(message) from exc


def _number(value: Decimal, _keys: Keys) -> Decimal:
    if not value.is_finite():
        message = "不是数 · not a number"
        raise InputError(message)
    return value


_CHECKED: Mapping[Any, Callable[[Any, Keys], Any]] = {dt.datetime: _instant, Decimal: _number}
"""Types of which not every value is one that can be kept."""


def read_fields(
    given: Mapping[str, Any],
    readers: Mapping[str, Callable[[Any, Keys], Any] | None],
    keys: Keys,
) -> dict[str, Any]:
    """Return the service's arguments of a client's input object; what is absent stays absent."""
    found: dict[str, Any] = {}
    for name, read in readers.items():
        value = given.get(_camel(name), strawberry.UNSET)
        if value is not strawberry.UNSET:
            found[name] = value if read is None else read(value, keys)
    return found


def _split(kind: Any) -> tuple[Any, bool]:
    if get_origin(kind) in (Union, types.UnionType):
        inner = [each for each in get_args(kind) if each is not type(None)]
        if len(inner) == 1 and len(get_args(kind)) == 2:  # noqa: PLR2004  # something, or None
            return inner[0], True
        message = f"{kind!r} cannot be a parameter of a mutation"
        raise TypeError(message)
    return kind, False


# ---- docstrings ----------------------------------------------------------------------------------


@cache
def read_docstring(service: Service) -> tuple[str, Mapping[str, str], tuple[str, ...]]:
    """Return description, descriptions of the parameters, and codes, of a service's docstring."""
    lines = inspect.cleandoc(service.__doc__ or "").splitlines()
    about: list[str] = []
    for line in lines:
        if not line.strip() or line.startswith(":"):
            break
        about.append(line)
    texts: dict[str, str] = {}
    raised = ""
    current: str | None = None
    for line in lines:
        if match := re.fullmatch(r":param (\w+): (.*)", line):
            current = match[1]
            texts[current] = match[2]
        elif match := re.fullmatch(r":raises RuleError: (.*)", line):
            current = ""
            raised += f" {match[1]}"
        elif line.startswith(" ") and current is not None:
            if current:
                texts[current] += f" {line.strip()}"
            else:
                raised += f" {line.strip()}"
        else:
            current = None
    codes = set(_CODES.findall(raised))
    for path in _OTHERS.findall(raised):
        other: Any = service.__globals__[path.partition(".")[0]]
        for name in path.split(".")[1:]:
            other = getattr(other, name)
        codes |= set(read_docstring(other)[2])
    return " ".join(about), texts, tuple(sorted(codes))


# ---- texts of codes -----------------------------------------------------------------------------


@cache
def _texts_near(module: str) -> Mapping[str, tuple[str, str]]:
    """Return code → texts of what a module refuses, and what those that it imports from refuse.

    Its own words come first, then those of the modules nearest to it.
    """
    found: dict[str, tuple[str, str]] = {}
    near = deque([module])
    seen: set[str] = set()
    while near:
        name = near.popleft()
        if name not in seen:
            seen.add(name)
            texts, imported = _texts_in(name)
            found = {**texts, **found}
            near.extend(imported)
    return found


@cache
def _texts_in(module: str) -> tuple[Mapping[str, tuple[str, str]], tuple[str, ...]]:
    found: dict[str, tuple[str, str]] = {}
    imported: dict[str, None] = {}
    for name, value in list(vars(sys.modules[module]).items()):
        if isinstance(value, Refusals):
            found |= value.texts
        elif name == "TEXTS":
            found |= value
        home = value.__name__ if isinstance(value, types.ModuleType) else None
        home = home or getattr(value, "__module__", None)
        if isinstance(home, str) and home.startswith("gongzhi") and home in sys.modules:
            imported[home] = None
    return found, tuple(imported)


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


@cache
def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


__all__ = [
    "Mutate",
    "Outcome",
    "input_argument",
    "made_fields",
    "mutation",
    "read_docstring",
]
