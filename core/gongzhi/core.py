"""The core as a plugin: what every district has, contributed through the same hooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gongzhi.hooks import hookimpl
from gongzhi.plugin import Plugin

if TYPE_CHECKING:
    from gongzhi.contributions import (
        CodeList,
        DemoData,
        Import,
        Job,
        Permission,
        Register,
        Subscriber,
    )


class Core(Plugin):
    """组织与党员登记 · the registry of organizations, areas, people and members."""

    name = "core"
    title = "组织与党员登记 · registry of organizations and members"
    version = "0.1.0"
    api = 1
    models = (
        "gongzhi.registry.models",
        "gongzhi.access.models",
        "gongzhi.imports.models",
        "gongzhi.writing.models",
        "gongzhi.calendar.models",
        "gongzhi.jobs.models",
        "gongzhi.webhooks.models",
    )
    migrations = "gongzhi.migrations"

    @hookimpl
    def register_graphql(self) -> Sequence[type]:
        """Return the registry's types and root fields."""
        from gongzhi.mutations import api as mutations
        from gongzhi.registry import api as registry
        from gongzhi.webhooks import api as webhooks
        from gongzhi.writing import api as writing

        return (*registry.GRAPHQL, *writing.GRAPHQL, *mutations.GRAPHQL, *webhooks.GRAPHQL)

    @hookimpl
    def register_permissions(self) -> Sequence[Permission]:
        """Return the permissions of registry and access."""
        from gongzhi.access.roles import CORE_PERMISSIONS

        return CORE_PERMISSIONS

    @hookimpl
    def register_code_lists(self) -> Sequence[CodeList]:
        """Return kinds, levels, posts and the other open lists of the registry."""
        from gongzhi.registry.lists import CODE_LISTS

        return CODE_LISTS

    @hookimpl
    def register_registers(self) -> Sequence[Register]:
        """Return the eight registers of Changning."""
        from gongzhi.registry.registers import REGISTERS

        return REGISTERS

    @hookimpl
    def register_imports(self) -> Sequence[Import]:
        """Return areas, organizations and members."""
        from gongzhi.registry.imports import IMPORTS

        return IMPORTS

    @hookimpl
    def register_jobs(self) -> Sequence[Job]:
        """Return the telling of webhooks, and the deletion of what is kept for a time only."""
        from gongzhi.jobs import purge
        from gongzhi.webhooks import queue as webhooks

        return (*purge.JOBS, *webhooks.JOBS)

    @hookimpl
    def register_subscribers(self) -> Sequence[Subscriber]:
        """Return the one that tells webhooks of every event."""
        from gongzhi.webhooks.queue import SUBSCRIBERS

        return SUBSCRIBERS

    @hookimpl
    def register_demo_data(self) -> Sequence[DemoData]:
        """Return the registry half of the demo."""
        from gongzhi.registry.demo import DEMO

        return DEMO


plugin = Core()
