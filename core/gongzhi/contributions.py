"""What hooks return: small declarations, each read once at start-up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
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


__all__ = [
    "CodeEntry",
    "CodeList",
    "DemoData",
    "Import",
    "Permission",
    "PluginSettings",
    "Register",
]
