"""What a plugin is: a named set of contributions, public API versioned by ``API_VERSION``."""

from __future__ import annotations

from typing import ClassVar

from gongzhi.hooks import Hooks

API_VERSION = 1
"""Raised only when plugins written for the former version would break."""

ENTRY_POINT_GROUP = "gongzhi.plugins"


class Plugin(Hooks):
    """Subclass it, fill the class attributes, override hooks with ``@hookimpl``.

    The entry point in the group ``gongzhi.plugins`` names an *instance*, under ``name``.
    """

    name: ClassVar[str]
    """Entry point name, Tortoise app label, settings table, permission and table prefix."""
    title: ClassVar[str]
    """What it is, Chinese first, then English."""
    version: ClassVar[str]
    api: ClassVar[int]
    """The plugin API it was written for; write the number."""
    requires: ClassVar[tuple[str, ...]] = ()
    """Plugins that must be enabled too."""
    models: ClassVar[tuple[str, ...]] = ()
    """Dotted names of the modules with its Tortoise models."""
    migrations: ClassVar[str | None] = None
    """Dotted name of the package with its migrations."""
