"""What hooks return: small declarations, each read once at start-up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict
from tortoise.models import Model


class PluginSettings(BaseModel):
    """Base of a plugin's settings: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Permission:
    """A right that a role may carry, e.g. ``core.member.read``."""

    code: str
    title_zh: str
    title_en: str
    roles: tuple[str, ...] = ()
    """Role presets that carry it by default, see :mod:`gongzhi.access.roles`."""


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """One entry of a code list."""

    code: str
    label_zh: str
    label_en: str
    family: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True)
class CodeList:
    """An open code list. Two plugins may contribute entries to one list, but no code twice."""

    name: str
    title_zh: str
    title_en: str
    entries: tuple[CodeEntry, ...]


@dataclass(frozen=True, slots=True)
class Register:
    """One register of the catalogue: which rows it counts."""

    code: str
    label_zh: str
    label_en: str
    model: type[Model]
    where: Mapping[str, Any] = field(default_factory=dict)
    """Column → value or tuple of values; ``kind__family`` looks the kind's family up."""
    origin: bool = False
    """One of the three registers that Changning began with."""


@dataclass(frozen=True, slots=True)
class DemoData:
    """A loader of demo rows. ``load`` runs inside one transaction."""

    name: str
    load: Callable[[Any], Awaitable[Mapping[str, int]]]
    """Takes the :class:`gongzhi.demo.DemoContext`; returns what it loaded, noun → count."""
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Import:
    """An importable entity; see :mod:`gongzhi.imports`."""

    name: str
    title_zh: str
    title_en: str
    spec: Any
    """The :class:`gongzhi.imports.spec.ImportSpec` that reads and applies it."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is done beside requests: at its times, or when a service asks for it.

    A service asks with :func:`gongzhi.jobs.later`. At most one of ``every`` and ``daily`` is given.
    """

    name: str
    """``<plugin>.<name>``, such as ``ledger.overdue``."""
    run: Callable[[Any], Awaitable[None]]
    """Takes the :class:`gongzhi.jobs.Run`."""
    every: dt.timedelta | None = None
    """Due at whole multiples of it since a Monday's midnight in the deployment's time zone."""
    daily: dt.time | None = None
    """Due every day at this time in the deployment's time zone."""
    timeout: dt.timedelta = dt.timedelta(minutes=1)
    """How long one attempt may take. A job whose worker died is taken up a little later."""
    attempts: int = 8
    """After so many failures it is dead, until somebody runs it again by hand."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Something that is done after the commit, once for every event of some kinds, in order."""

    name: str
    """``<plugin>.<name>``, such as ``webhooks.deliver``."""
    kinds: tuple[str, ...]
    """Kinds of events: ``ledger.issue.settle``, or all of a beginning: ``ledger.*``, ``*``."""
    run: Callable[[Any, Any], Awaitable[None]]
    """Takes the :class:`gongzhi.writing.Work` and the :class:`gongzhi.jobs.RecordedEvent`."""
    timeout: dt.timedelta = dt.timedelta(seconds=20)
    """How long it may take for one event, during which its transaction is open."""
    attempts: int = 8
    """After so many failures the event is put aside as a dead job, and the next has its turn."""
    wanted: Callable[[], Awaitable[Sequence[str]]] | None = None
    """Which kinds it wants at present, asked again and again, where rows decide it: what is not
    among them costs no transaction. May read the database; ``kinds`` must cover them."""


__all__ = [
    "CodeEntry",
    "CodeList",
    "DemoData",
    "Import",
    "Job",
    "Permission",
    "PluginSettings",
    "Register",
    "Subscriber",
]
