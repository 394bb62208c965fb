"""The demo in the database, on SQLite and PostgreSQL: what it holds, and what loading refuses."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from tortoise.transactions import in_transaction

from gongzhi import demo
from gongzhi.access import service as access
from gongzhi.access.models import Account, Edge
from gongzhi.access.roles import CORE_PERMISSIONS, role_permissions
from gongzhi.access.viewer import EVERYTHING, NOTHING, Range, RowScope, Viewer
from gongzhi.contributions import DemoData
from gongzhi.core import plugin as core
from gongzhi.database import open_database
from gongzhi.errors import GongzhiError
from gongzhi.host import PluginRegistry
from gongzhi.privacy import Privacy
from gongzhi.registry import counters
from gongzhi.registry.models import (
    Appointment,
    Area,
    Code,
    Coverage,
    Indicator,
    Member,
    MemberEvent,
    Organization,
    OrganizationChange,
    Person,
)
from gongzhi.registry.registers import REGISTERS
from gongzhi.settings import Settings
from gongzhi.writing import Deployment
from gongzhi.writing.models import Event

if TYPE_CHECKING:
    from collections.abc import Mapping

TODAY = dt.date(2026, 11, 22)
PRIVACY = Privacy(Privacy.new_secret())
COUNTED = ("PROBATIONARY_MEMBER", "FULL_MEMBER")


def registry() -> PluginRegistry:
    return PluginRegistry.load(Settings(plugins=()))


async def load(url: str) -> demo.DemoReport:
    return await demo.load_demo(url, registry(), PRIVACY, today=TODAY)


async def read(url: str, token: str) -> Viewer:
    """Read a viewer the way a request does."""
    digest = access.digest_of(token)
    assert digest is not None
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as connection:
            text = connection.execute(access.VIEWER_SQL["sqlite"], (digest,)).fetchone()[0]
    else:
        server = await asyncpg.connect(url)
        try:
            text = await server.fetchval(access.VIEWER_SQL["postgres"], digest)
        finally:
            await server.close()
    viewer = access.parse(text, role_permissions(CORE_PERMISSIONS))
    assert viewer is not None
    return viewer


async def ids(organization: str) -> list[int]:
    """Return the ids of a subtree."""
    top = await Organization.get(code=organization)
    rows = await Organization.filter(path__startswith=top.path)
    return [row.id for row in rows]


async def test_the_demo_holds_the_facts_of_the_seeds(database_url: str) -> None:
    report = await load(database_url)
    (loaded,) = report.loaded
    assert (loaded.plugin, loaded.name) == ("core", "registry")
    async with open_database(database_url, [core]):
        tables = {
            "areas": Area,
            "organizations": Organization,
            "people": Person,
            "members": Member,
            "appointments": Appointment,
            "indicators": Indicator,
        }
        for noun, model in tables.items():
            assert await model.all().count() == loaded.counts[noun], noun
        await check_seeds()
        await check_trees()
        await check_copies()
        await check_registers()
        async with in_transaction() as connection:
            assert await counters.verify(counters.on_tortoise(connection)) == []


async def check_seeds() -> None:
    xinhai = await ids("XINHAI")
    branches = await Organization.filter(id__in=xinhai, kind="PARTY_BRANCH").count()
    assert branches == 5  # N301
    members = Member.filter(branch_id__in=xinhai, stage__in=COUNTED)
    assert await members.count() == 468  # N303
    assert await Member.filter(branch_id__in=xinhai).count() == 468
    assert not await Person.exists(synthetic=False)
    assert not await Member.exists(synthetic=False)
    assert await Organization.filter(kind="PROPERTY_COMPANY").count() == 2  # N326
    top = await Organization.get(code="XINHAI")
    assert top.established_on is not None
    assert top.established_on.year == 2008  # N327
    for street, area, count in (("OUYANG", "310109009", 18), ("YANJI", "310110015", 17)):
        committees = await Organization.filter(
            id__in=await ids(street), kind="RESIDENTS_COMMITTEE"
        ).prefetch_related("area__parent")
        assert len(committees) == count  # N108, N105
        assert {c.area.parent.code for c in committees if c.area and c.area.parent} == {area}
    levels = (
        await Organization.filter(id__in=await ids("JINGYUAN"))
        .distinct()
        .values_list("level", flat=True)
    )
    assert len(set(levels)) == 4  # N201
    upgraded = await OrganizationChange.filter(kind="UPGRADED", before="PARTY_BRANCH").count()
    assert upgraded == 16
    joint = await Organization.get(setup_mode="JOINT")
    assert await Coverage.filter(branch=joint).count() == 3
    population = await Indicator.get(code="POPULATION")
    assert (population.value, population.unit, population.qualifier) == (31, "万人", "EXACT")
    person = await Person.filter(residence_area_id=None).first()
    assert person is not None
    assert person.residence_path == ""
    assert PRIVACY.decrypt(person.name_cipher)[0] == person.name_masked[0]
    events = await MemberEvent.filter(kind="SUSPENDED").count()
    assert events == 1


async def check_trees() -> None:
    """Every path is the parent's path and the own id, every depth its length."""
    for model, key in ((Area, "parent_id"), (Organization, "superior_id")):
        paths = dict(await model.all().values_list("id", "path"))
        for row in await model.all().values("id", "path", "depth", key):
            above = paths[row[key]] if row[key] else ""
            assert row["path"] == f"{above}{row['id']}."
            assert row["depth"] == row["path"].count(".") - 1


async def check_copies() -> None:
    organizations = {o.id: o for o in await Organization.all()}
    areas = dict(await Area.all().values_list("id", "path"))
    for each in organizations.values():
        assert each.area_path == areas.get(each.area_id, "")
    owners: list[tuple[Any, str]] = [
        (Person, "organization_id"),
        (Member, "branch_id"),
        (Appointment, "organization_id"),
        (Coverage, "branch_id"),
        (OrganizationChange, "organization_id"),
        (Indicator, "organization_id"),
    ]
    for model, key in owners:
        for row in await model.all().values("org_path", key):
            expected = organizations[row[key]].path if row[key] else ""
            assert row["org_path"] == expected, model
    for person in await Person.all():
        assert person.residence_path == areas.get(person.residence_area_id, "")


async def check_registers() -> None:
    """N101: eight registers, three of them from the beginning, none empty."""
    assert len(REGISTERS) == 8
    assert sum(register.origin for register in REGISTERS) == 3
    party = await Code.filter(list="organization_kind", family="PARTY").values_list(
        "code", flat=True
    )
    for register in REGISTERS:
        found = register.model.all()
        for name, value in register.where.items():
            if name == "kind__family":
                found = found.filter(kind__in=list(party))
            elif isinstance(value, tuple):
                found = found.filter(**{f"{name}__in": value})
            else:
                found = found.filter(**{name: value})
        assert await found.exists(), register.code


async def test_every_demo_account_sees_its_part(database_url: str) -> None:
    report = await load(database_url)
    viewers = {a.name: await read(database_url, a.token) for a in report.accounts}
    assert list(viewers) == [f"demo-{account.name}" for account in demo.ACCOUNTS]
    async with open_database(database_url, [core]):
        paths = {o.code: o.path for o in await Organization.all()}
        ouyang = await Area.get(code="310109009")
        hongxing = await Area.get(code="310151114004")
        secretary = await Account.get(name="demo-yuejin").prefetch_related("person")
        post = await Appointment.get(organization__code="XINHAI-YUEJIN", post="SECRETARY")
        grants = await access.list_grants("demo-ouyang")
    assert secretary.person_id == post.person_id
    assert [g.edge for g in grants] == [Edge.TERRITORY]

    def members(name: str) -> RowScope:
        return viewers[f"demo-{name}"].scope("core.member.read")

    assert members("district") == members("auditor") == EVERYTHING
    assert members("system") == members("resident") == NOTHING
    for name, code in (("xinhai", "XINHAI"), ("yuejin", "XINHAI-YUEJIN"), ("huancui", "HUANCUI")):
        assert members(name).organizations == (Range.subtree(paths[code]),)
        assert members(name).areas == ()
    assert members("ouyang").organizations == members("hongxing").organizations == ()
    assert members("hongxing").areas == (Range.subtree(hongxing.path),)
    assert members("ouyang").areas == (Range.subtree(ouyang.path),)
    assert viewers["demo-resident"].scope("core.organization.read").areas


async def test_a_database_in_use_is_left_alone(database_url: str) -> None:
    async with open_database(database_url, [core]):
        await Area.create(code="X", name="区", kind="DISTRICT", path="1.")
    with pytest.raises(GongzhiError, match="--fresh"):
        await load(database_url)
    async with open_database(database_url, [core]):
        assert await Area.all().count() == 1
        assert await Account.all().count() == 0


async def test_new_rows_follow_those_of_the_demo(database_url: str) -> None:
    """The ids that the demo took are not given again."""
    await load(database_url)
    async with open_database(database_url, [core]):
        last = await Area.all().order_by("-id").first()
        assert last is not None
        made = await Area.create(code="NEW", name="新", kind="GRID", path="new")
        assert made.id == last.id + 1
        branch = await Organization.get(code="XINHAI-YUEJIN")
        person = await Person.create(
            organization=branch,
            org_path=branch.path,
            name_cipher=b"",
            name_hash="",
            name_masked="新*",
        )
        await Member.create(person=person, branch=branch, org_path=branch.path, stage="APPLICANT")


async def test_personal_values_are_not_in_the_file(sqlite_url: str) -> None:
    await load(sqlite_url)
    async with open_database(sqlite_url, [core]):
        person = await Person.filter(id_number_cipher__isnull=False).first()
        assert person is not None
        assert person.id_number_cipher is not None
        assert person.mobile_cipher is not None
        values = [
            PRIVACY.decrypt(person.id_number_cipher),
            PRIVACY.decrypt(person.mobile_cipher),
        ]
        assert person.id_number_hash == PRIVACY.digest(values[0])
    content = b"".join(
        path.read_bytes()
        for path in Path(sqlite_url.removeprefix("sqlite://")).parent.glob("*sqlite3*")
    )
    assert b"XINHAI-YUEJIN" in content
    for value in (*values, "99000019", "16000000"):
        assert value.encode() not in content


class FakeRegistry:
    """The core's plugins and lists with other demo data."""

    def __init__(self, *data: DemoData) -> None:
        self._real = PluginRegistry.load(Settings(plugins=()))
        self._data = data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def code_lists(self) -> tuple[Any, ...]:
        return ()

    def demo_data(self) -> tuple[Any, ...]:
        return tuple((core, data) for data in self._data)


async def test_loaders_run_in_their_order_and_each_in_a_transaction(sqlite_url: str) -> None:
    ran: list[str] = []

    def loader(name: str, *after: str, fails: bool = False) -> DemoData:
        async def run(context: demo.DemoContext) -> Mapping[str, int]:
            assert context.today == TODAY
            ran.append(name)
            await Area.create(code=name, name=name, kind="GRID", path=f"{len(ran)}.")
            assert (await context.area(name)).code == name
            if fails:
                raise GongzhiError(name)
            return {"areas": 1}

        return DemoData(name, run, after)

    fake: Any = FakeRegistry(loader("c", "b", fails=True), loader("b", "a"), loader("a"))
    with pytest.raises(GongzhiError, match=r"^c$"):
        await demo.load_demo(sqlite_url, fake, PRIVACY, today=TODAY)
    assert ran == ["a", "b", "c"]
    async with open_database(sqlite_url, [core]):
        assert sorted(await Area.all().values_list("code", flat=True)) == ["a", "b"]
        events = await Event.all().order_by("id").values_list("kind", "actor", "data")
    assert events == [
        ("core.demo.load", "demo", f'{{"areas":1,"name":"{name}"}}') for name in ("a", "b")
    ]


async def test_demo_data_after_each_other_are_refused(sqlite_url: str) -> None:
    async def run(_context: demo.DemoContext) -> Mapping[str, int]:
        return {}

    fake: Any = FakeRegistry(DemoData("a", run, ("b",)), DemoData("b", run, ("a",)))
    with pytest.raises(GongzhiError, match=r"a → b → a|b → a → b"):
        await demo.load_demo(sqlite_url, fake, PRIVACY)


async def test_context_says_what_is_missing(sqlite_url: str) -> None:
    context = demo.DemoContext(PRIVACY, TODAY, Deployment.of(registry()))
    async with open_database(sqlite_url, [core]):
        with pytest.raises(GongzhiError, match="no organization XINHAI"):
            await context.organization("XINHAI")
        with pytest.raises(GongzhiError, match="no area 31"):
            await context.area("31")
