"""``gongzhi demo``: load the demo data of every enabled plugin, and accounts to look at it with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from tortoise.transactions import in_transaction

from gongzhi import clock
from gongzhi.access import service as access
from gongzhi.access.roles import ROLES
from gongzhi.database import open_database
from gongzhi.errors import GongzhiError
from gongzhi.privacy import Privacy
from gongzhi.registry import lists
from gongzhi.registry.models import Appointment, Area, Organization

if TYPE_CHECKING:
    from gongzhi.contributions import DemoData
    from gongzhi.host import PluginRegistry
    from gongzhi.plugin import Plugin


@dataclass(frozen=True, slots=True)
class DemoContext:
    """What a loader of demo data is given; models are at hand, inside one transaction."""

    privacy: Privacy
    today: dt.date
    """Days that should stay recent are counted back from it."""

    async def organization(self, code: str) -> Organization:
        """Return an organization that an earlier loader made.

        :raises GongzhiError: when there is none with this code.
        """
        found = await Organization.get_or_none(code=code)
        if found is None:
            message = f"the demo has no organization {code}; load after the plugin that makes it"
            raise GongzhiError(message)
        return found

    async def area(self, code: str) -> Area:
        """Return an area that an earlier loader made.

        :raises GongzhiError: when there is none with this code.
        """
        found = await Area.get_or_none(code=code)
        if found is None:
            message = f"the demo has no area {code}; load after the plugin that makes it"
            raise GongzhiError(message)
        return found


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one loader loaded."""

    plugin: str
    name: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account of the demo, with its token in plain text: it opens invented data only."""

    name: str
    role: str
    title_zh: str
    title_en: str
    token: str


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the demo now holds."""

    loaded: tuple[Loaded, ...]
    accounts: tuple[DemoAccount, ...]


@dataclass(frozen=True, slots=True)
class _Account:
    name: str
    role: str
    place_zh: str = "全部"
    place_en: str = "everything"
    organization: str | None = None
    area: str | None = None
    is_secretary: bool = False
    """The account is that of the organization's secretary in person."""


ACCOUNTS: tuple[_Account, ...] = (
    _Account("district", "DISTRICT_ORG_DEPT_ADMIN"),
    _Account("xinhai", "SUBDISTRICT_STAFF", "新海镇", "新海镇 town", organization="XINHAI"),
    _Account(
        "yuejin",
        "BRANCH_SECRETARY",
        "跃进居民区党支部",
        "跃进 branch",
        organization="XINHAI-YUEJIN",
        is_secretary=True,
    ),
    _Account(
        "ouyang", "SUBDISTRICT_STAFF", "欧阳路街道属地", "territory of 欧阳路", area="310109009"
    ),
    _Account(
        "huancui", "DISTRICT_ORG_DEPT_ADMIN", "环翠区", "环翠 district", organization="HUANCUI"
    ),
    _Account("auditor", "AUDITOR"),
    _Account("system", "SYSTEM_ADMIN"),
    _Account("resident", "RESIDENT", "跃进居民区", "跃进 residential area", area="310151114001"),
)
"""Role, place and edge of each demo account: a street by 隶属 and another by 属地."""


async def load_demo(
    url: str, registry: PluginRegistry, privacy: Privacy, *, today: dt.date | None = None
) -> DemoReport:
    """Load the demo into a migrated, empty database.

    Every loader runs in a transaction of its own, after those it names.

    :param today: the day that recent days are counted back from; by default the present one.
    :raises GongzhiError: when there are areas or organizations in the database already.
    :raises DatabaseUnavailableError: when it does not answer.
    """
    context = DemoContext(privacy, today or clock.today(registry.settings.zone))
    async with open_database(url, registry.plugins):
        if await Area.exists() or await Organization.exists():
            message = (
                "the database holds a registry already and the demo wants an empty one:"
                " name another with --database, or start anew with --fresh"
            )
            raise GongzhiError(message)
        await lists.install((plugin.name, entry) for plugin, entry in registry.code_lists())
        loaded = []
        for plugin, data in _in_order(registry.demo_data()):
            async with in_transaction():
                counts = await data.load(context)
            loaded.append(Loaded(plugin.name, data.name, counts))
        return DemoReport(tuple(loaded), await _create_accounts())


def _in_order(
    loaders: tuple[tuple[Plugin, DemoData], ...],
) -> list[tuple[Plugin, DemoData]]:
    by_name = {data.name: (plugin, data) for plugin, data in loaders}
    graph = {name: data.after for name, (_, data) in by_name.items()}
    try:
        return [by_name[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as exc:
        message = f"demo data that come after each other: {' → '.join(exc.args[1])}"
        raise GongzhiError(message) from exc


async def _create_accounts() -> tuple[DemoAccount, ...]:
    """Create the accounts whose place the demo holds, with a token each."""
    titles = {role.code: role for role in ROLES}
    made = []
    async with in_transaction():
        for account in ACCOUNTS:
            if account.organization and not await Organization.exists(code=account.organization):
                continue
            if account.area and not await Area.exists(code=account.area):
                continue
            secretary = None
            if account.is_secretary:
                secretary = await Appointment.filter(
                    organization__code=account.organization, post="SECRETARY", ends_on=None
                ).first()
            name = f"demo-{account.name}"
            await access.create_account(name, person_id=secretary.person_id if secretary else None)
            await access.add_grant(
                name,
                account.role,
                organization=account.organization,
                area=account.area,
                everything=not (account.organization or account.area),
                granted_by="gongzhi demo",
            )
            token = await access.create_token(name, label="gongzhi demo")
            role = titles[account.role]
            made.append(
                DemoAccount(
                    name=name,
                    role=role.code,
                    title_zh=f"{role.title_zh} · {account.place_zh}",
                    title_en=f"{role.title_en}, {account.place_en}",
                    token=token.text,
                )
            )
    return tuple(made)
