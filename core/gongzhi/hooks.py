"""The hook specifications: everything that a plugin can contribute, in one flat list.

All hooks are synchronous, optional, and return declarations; nothing here runs at request time.
A new hook ships only together with a bundled plugin that uses it, a section in
``docs/plugins/hooks.md`` and a test called ``test_hook_<name>``; two tests hold this.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import typer

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

hookspec = pluggy.HookspecMarker("gongzhi")
hookimpl = pluggy.HookimplMarker("gongzhi")


class Hooks:
    """Base of :class:`gongzhi.plugin.Plugin`: override the hooks you need, each with @hookimpl."""

    @hookspec
    def register_graphql(self) -> Sequence[type]:
        """Return GraphQL classes: made by ``@node``, ``@record``, ``@extends`` or strawberry.

        :raises CompositionError: at start-up, when a class clashes with another plugin's.
        """
        raise NotImplementedError

    @hookspec
    def register_permissions(self) -> Sequence[Permission]:
        """Return the permissions this plugin checks, codes ``<plugin>.<noun>.<verb>``."""
        raise NotImplementedError

    @hookspec
    def register_settings(self) -> type[PluginSettings]:
        """Return the model of the table ``[plugin.<name>]`` in ``gongzhi.toml``."""
        raise NotImplementedError

    @hookspec
    def register_code_lists(self) -> Sequence[CodeList]:
        """Return open code lists, or entries for lists that another plugin owns."""
        raise NotImplementedError

    @hookspec
    def register_registers(self) -> Sequence[Register]:
        """Return rows of the register catalogue (八个数据库 and more), each counted on reading."""
        raise NotImplementedError

    @hookspec
    def register_imports(self) -> Sequence[Import]:
        """Return what ``gongzhi import`` can read from CSV and Excel files."""
        raise NotImplementedError

    @hookspec
    def register_jobs(self) -> Sequence[Job]:
        """Return what is done beside requests: at its times, or when a service asks for it."""
        raise NotImplementedError

    @hookspec
    def register_subscribers(self) -> Sequence[Subscriber]:
        """Return what is done after the commit for every event of some kinds."""
        raise NotImplementedError

    @hookspec
    def register_demo_data(self) -> Sequence[DemoData]:
        """Return loaders for ``gongzhi demo``; invented values are marked synthetic."""
        raise NotImplementedError

    @hookspec
    def register_commands(self, commands: typer.Typer) -> None:
        """Add sub-commands to ``gongzhi <plugin>``."""
        raise NotImplementedError

    @hookspec
    def check(self, settings: PluginSettings) -> Sequence[Problem]:
        """Return what is wrong with this plugin's settings; run by ``gongzhi check``."""
        raise NotImplementedError


HOOK_NAMES: tuple[str, ...] = tuple(
    name for name in vars(Hooks) if hasattr(getattr(Hooks, name), "gongzhi_spec")
)
