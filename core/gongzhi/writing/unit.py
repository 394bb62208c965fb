"""Open and close units of work."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from tortoise.context import require_context
from tortoise.transactions import in_transaction

from gongzhi.access.viewer import Viewer, system_viewer
from gongzhi.contributions import PluginSettings
from gongzhi.privacy import Privacy
from gongzhi.registry.rules import Norms
from gongzhi.settings import WebhookSettings
from gongzhi.writing.codes import KnownCodes
from gongzhi.writing.work import Work

if TYPE_CHECKING:
    from tortoise.models import Model

    from gongzhi.host import PluginRegistry

P = TypeVar("P", bound=PluginSettings)

log = logging.getLogger("gongzhi.writes")


class Finder(Protocol):
    """Makes the statement that finds a row under a viewer's scope."""

    def statement(self, model: type[Model], key: int, viewer: Viewer) -> tuple[str, list[Any]]:
        """Return SQL with every column of the row, whose table is called ``t0``, and its values."""
        ...

    def named(self, global_id: str) -> tuple[type[Model], int] | None:
        """Return table and key that a global id names; None where it names none."""
        ...


class Anything:
    """The finder of who sees everything: jobs, commands, the demo."""

    def statement(self, model: type[Model], key: int, viewer: Viewer) -> tuple[str, list[Any]]:
        """See :meth:`Finder.statement`."""
        if not viewer.is_system:
            message = "only the system sees everything"
            raise AssertionError(message)
        place = "?" if model._meta.db.capabilities.dialect == "sqlite" else "$1"  # noqa: SLF001
        return f'SELECT t0.* FROM "{model._meta.db_table}" t0 WHERE t0.id = {place}', [key]  # noqa: SLF001

    def named(self, global_id: str) -> tuple[type[Model], int] | None:
        """See :meth:`Finder.named`; there is no schema here, so it goes by the model's name."""
        name, _, key = global_id.partition(":")
        apps = require_context().apps
        models = [model for app in (apps.values() if apps else ()) for model in app.values()]
        found = [model for model in models if model.__name__ == name]
        return (found[0], int(key)) if len(found) == 1 and key.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Deployment:
    """What every unit of work of one deployment shares."""

    zone: ZoneInfo
    norms: Norms
    privacy: Privacy | None
    plugin_settings: tuple[PluginSettings, ...]
    chain_key: bytes
    permissions: frozenset[str]
    roles: frozenset[str] = frozenset()
    """Those that carry a permission, plugins' own among them."""
    jobs: frozenset[str] = frozenset()
    """Names of the jobs that can be asked for."""
    webhooks: WebhookSettings = field(default_factory=WebhookSettings)
    codes: KnownCodes = field(default_factory=KnownCodes)
    watchers: list[Callable[[], None]] = field(default_factory=list)
    """Called after each commit that recorded an event, in the task that committed."""

    @classmethod
    def of(cls, registry: PluginRegistry) -> Deployment:
        """Take what the settings and the enabled plugins say."""
        settings = registry.settings
        secret = settings.privacy.secret
        text = secret.get_secret_value() if secret else ""
        privacy = Privacy(text) if text else None
        figures = settings.registry
        return cls(
            zone=settings.zone,
            norms=Norms(
                branch_min_members=figures.branch_min_members,
                joint_max_units=figures.joint_max_units,
                branch_max_members=figures.branch_max_members,
                contact_days=figures.contact_days,
                vacant_months=figures.vacant_months,
            ),
            privacy=privacy,
            plugin_settings=tuple(registry.settings_of(name) for name in registry.names),
            chain_key=privacy.chain_key if privacy else b"",
            permissions=frozenset(each.code for _, each in registry.permissions()),
            roles=frozenset(role for _, each in registry.permissions() for role in each.roles),
            jobs=frozenset(each.name for _, each in registry.jobs()),
            webhooks=settings.webhooks,
        )

    def settings(self, kind: type[P]) -> P:
        """Return the settings of a plugin, by their class.

        :raises LookupError: when its plugin is not enabled.
        """
        for each in self.plugin_settings:
            if isinstance(each, kind):
                return each
        message = f"no enabled plugin has {kind.__name__}"
        raise LookupError(message)

    def system(self, name: str) -> Viewer:
        """Return who acts where no account does: a job, a command, the demo."""
        return system_viewer(name, self.permissions)


@asynccontextmanager
async def unit_of_work(
    deployment: Deployment,
    viewer: Viewer,
    finder: Finder | None = None,
    *,
    permission: str = "",
    request_id: str = "",
    synthetic: bool = False,
) -> AsyncIterator[Work]:
    """Do something as a whole or not at all.

    The database must be open in this task, see :func:`gongzhi.database.bound`.

    :param finder: needed for every viewer but the system's own.
    :raises UnaskedError: nothing asked whether the viewer may.
    :raises UnrecordedError: something was written and no event says so.
    """
    async with in_transaction() as connection:
        work = Work(
            connection,
            deployment,
            viewer,
            finder or Anything(),
            permission=permission,
            request_id=request_id,
            synthetic=synthetic,
        )
        yield work
        position = await work.close()
    if position is not None:
        for watcher in deployment.watchers:
            try:
                watcher()
            except Exception:  # what is committed is done, whoever fails to hear of it
                log.exception("a watcher failed")
