"""The errors that a person who runs or uses Gongzhi may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class GongzhiError(Exception):
    """Something is wrong that its reader can mend; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong and how to mend it."""

    where: str
    """A plugin, setting, file or type."""
    what: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" → {self.mend}" if self.mend else "")


class ProblemsError(GongzhiError):
    """Several problems, reported all at once."""

    def __init__(self, title: str, problems: Iterable[Problem]) -> None:
        self.title = title
        self.problems = tuple(problems)
        super().__init__(title + "\n" + "\n".join(f"  - {p}" for p in self.problems))


class SettingsError(ProblemsError):
    """``gongzhi.toml`` or the environment is wrong."""


class PluginError(ProblemsError):
    """The enabled plugins cannot be used together."""


class CompositionError(ProblemsError):
    """What the enabled plugins contribute does not make one schema."""


class MigrationError(ProblemsError):
    """The database cannot be brought to, or is not at, the state that the plugins need."""


class DatabaseUnavailableError(GongzhiError):
    """The database does not answer."""


class RuleError(GongzhiError):
    """A rule of the domain refuses what was asked; ``code`` is stable, ``field`` may be empty."""

    def __init__(self, code: str, message_zh: str, message_en: str, field: str = "") -> None:
        self.code = code
        self.message_zh = message_zh
        self.message_en = message_en
        self.field = field
        super().__init__(f"{code}: {message_en}")
