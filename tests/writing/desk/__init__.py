"""A plugin for proofs of writing: a help desk with tickets, and services with every fault."""

from __future__ import annotations

from collections.abc import Sequence

from gongzhi.contributions import Permission
from gongzhi.hooks import hookimpl
from gongzhi.plugin import Plugin


class Desk(Plugin):
    """服务台 · a help desk."""

    name = "desk"
    title = "服务台 · help desk"
    version = "0.1.0"
    api = 1
    models = ("tests.writing.desk.models",)
    migrations = "tests.writing.desk.migrations"

    @hookimpl
    def register_graphql(self) -> Sequence[type]:
        """Return tickets and their mutations."""
        from tests.writing.desk.api import GRAPHQL

        return GRAPHQL

    @hookimpl
    def register_permissions(self) -> Sequence[Permission]:
        """Return who reads, who handles, and who closes."""
        staff = ("DISTRICT_ORG_DEPT_ADMIN", "SUBDISTRICT_STAFF")
        return (
            Permission("desk.ticket.read", "看", "read", (*staff, "AUDITOR", "GRID_WORKER")),
            Permission("desk.ticket.handle", "办", "handle", staff),
            Permission("desk.ticket.close", "结", "close", ("DISTRICT_ORG_DEPT_ADMIN",)),
        )


plugin = Desk()
