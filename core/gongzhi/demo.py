"""``gongzhi demo``: load the demo data of every enabled plugin, and accounts to look at it with."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from gongzhi import clock
from gongzhi.access.roles import ROLES
from gongzhi.database import open_database
from gongzhi.errors import GongzhiError
from gongzhi.mutations import operator
from gongzhi.privacy import Privacy
from gongzhi.registry import lists
from gongzhi.registry.models import Appointment, Area, Organization
from gongzhi.writing import Deployment, Work, unit_of_work

if TYPE_CHECKING:
    from gongzhi.contributions import DemoData
    from gongzhi.host import PluginRegistry
    from gongzhi.plugin import Plugin

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DemoContext:
    """What a loader of demo data is given; models are at hand, inside one transaction."""

    privacy: Privacy
    today: dt.date
    """Days that should stay recent are counted back from it."""
    deployment: Deployment

    @asynccontextmanager
    async def work(self, at: dt.datetime | None = None) -> AsyncIterator[Work]:
        """Open a unit of work in which the demo acts, inside the loader's transaction.

        Every row that it writes is marked ``synthetic`` where its table has that column.

        :param at: when it happens. Its clock stands at that instant, also for what is recorded:
            the demo shows a place that has kept its books since then, not one that entered them
            all in a minute. Now where None.
        """
        with clock.stopped_at(at) if at else nullcontext():
            system = self.deployment.system("demo")
            async with unit_of_work(self.deployment, system, synthetic=True) as work:
                yield work

    async def play(
        self,
        at: dt.datetime | None,
        service: Callable[Concatenate[Work, P], Awaitable[T]],
        *args: P.args,
        **given: P.kwargs,
    ) -> T:
        """Do one thing as a client's mutation would, see :meth:`work`."""
        async with self.work(at) as work:
            return await service(work, *args, **given)

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
    secretary_of: str = ""
    """Code of the organization whose secretary's account it is."""


ACCOUNTS: tuple[_Account, ...] = (
    _Account("district", "DISTRICT_ORG_DEPT_ADMIN"),
    _Account("xinhai", "SUBDISTRICT_STAFF", "新海镇", "新海镇 town", organization="XINHAI"),
    _Account(
        "yuejin",
        "BRANCH_SECRETARY",
        "跃进居民区党支部",
        "跃进 branch",
        organization="XINHAI-YUEJIN",
        secretary_of="XINHAI-YUEJIN",
    ),
    _Account(
        "hongxing",
        "COMMUNITY_SECRETARY",
        "红星居民区",
        "红星 residential area",
        area="310151114004",
        secretary_of="XINHAI-HONGXING",
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
    deployment = Deployment.of(registry)
    context = DemoContext(privacy, today or clock.today(registry.settings.zone), deployment)
    async with open_database(url, registry.plugins):
        if await Area.exists() or await Organization.exists():
            message = (
                "the database holds a registry already and the demo wants an empty one:"
                " name another with --database, or start anew with --fresh"
            )
            raise GongzhiError(message)
        await lists.install((plugin.name, entry) for plugin, entry in registry.code_lists())
        viewer = deployment.system("demo")
        loaded = []
        for plugin, data in _in_order(registry.demo_data()):
            async with unit_of_work(deployment, viewer) as work:
                counts = await data.load(context)
                work.record("core.demo.load", data={"name": data.name, **counts})
            loaded.append(Loaded(plugin.name, data.name, counts))
        async with unit_of_work(deployment, viewer) as work:
            return DemoReport(tuple(loaded), await _create_accounts(work))


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


async def _create_accounts(work: Work) -> tuple[DemoAccount, ...]:
    """Create the accounts whose place the demo holds, with a token each."""
    titles = {role.code: role for role in ROLES}
    made = []
    for account in ACCOUNTS:
        if account.organization and not await Organization.exists(code=account.organization):
            continue
        if account.area and not await Area.exists(code=account.area):
            continue
        secretary = None
        if account.secretary_of:
            secretary = await Appointment.filter(
                organization__code=account.secretary_of, post="SECRETARY", ends_on=None
            ).first()
        name = f"demo-{account.name}"
        await operator.create_account(
            work, name, person_id=secretary.person_id if secretary else None
        )
        await operator.add_grant(
            work,
            name,
            account.role,
            organization=account.organization,
            area=account.area,
            everything=not (account.organization or account.area),
            granted_by="gongzhi demo",
        )
        token = await operator.create_token(work, name, label="gongzhi demo")
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
