"""The test kit that plugin authors get, tried on the third party's plugin."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
import strawberry
from strawberry.types.base import get_object_definition

from gongzhi.hooks import hookimpl
from gongzhi.plugin import Plugin
from gongzhi.registry.models import Member, Organization, Person
from gongzhi_schema.conformance import conformance_problems
from gongzhi_schema.contract import bundled
from gongzhi_schema.district import District
from gongzhi_schema.testing import Conformance, MakeDistrict
from tests.conftest import FreshDatabase
from tests.host.conftest import FIXTURES

PARTIES = """{
  members { nodes { name teaParties { title leaf { labelZh } host { name } } } }
  teaParties(filter: {leaf: {eq: "PUER"}}) { totalCount nodes { title organization { name } } }
}"""


@pytest.fixture
def gongzhi_tea(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Import the third party's plugin from its folder."""
    monkeypatch.syspath_prepend(str(FIXTURES.parent / "third_party" / "gongzhi_tea"))
    import gongzhi_tea  # on the path only now

    yield gongzhi_tea
    for name in [name for name in sys.modules if name.split(".")[0] == "gongzhi_tea"]:
        del sys.modules[name]


async def two_parties(place: District) -> None:
    """Put one branch, one synthetic member and two parties into the registry."""
    from gongzhi_tea.models import TeaParty  # on the path only now

    async with place.database():
        street = await Organization.create(
            code="S", name="甲街道党工委", kind="X", level="STREET", path="1."
        )
        branch = await Organization.create(
            code="B", name="甲支部", kind="X", level="X", path="1.2.", superior=street, depth=1
        )
        person = await Person.create(
            organization=branch,
            org_path="1.2.",
            name_cipher=place.privacy.encrypt("甲某"),
            name_hash=place.privacy.digest("甲某"),
            name_masked="甲*",
            synthetic=True,
        )
        member = await Member.create(
            person=person, branch=branch, org_path="1.2.", stage="FULL_MEMBER"
        )
        for title, leaf in (("清明茶", "GREEN"), ("冬至茶", "PUER")):
            await TeaParty.create(
                organization=branch,
                org_path="1.2.",
                host=member,
                title=title,
                leaf=leaf,
                held_on=dt.date(2026, 4, 5),
            )


@pytest.fixture
def empty_url(fresh_database: FreshDatabase, dialect: str) -> str:
    """Return an empty database, SQLite and then PostgreSQL."""
    return fresh_database(dialect=dialect, migrated=False)


async def test_a_district_answers_with_the_plugin_in_one_statement(
    district: MakeDistrict, gongzhi_tea: ModuleType, empty_url: str
) -> None:
    async with district(beside=[gongzhi_tea.plugin], url=empty_url) as place:
        await two_parties(place)
        secretary = await place.token("BRANCH_SECRETARY", organization="B")
        result = await place.execute(PARTIES, token=secretary)
        assert result.errors == []
        assert result.data == {
            "members": {
                "nodes": [
                    {
                        "name": "甲*",
                        "teaParties": [
                            {"title": t, "leaf": {"labelZh": leaf}, "host": {"name": "甲*"}}
                            for t, leaf in (("清明茶", "绿茶"), ("冬至茶", "普洱茶"))
                        ],
                    }
                ]
            },
            "teaParties": {
                "totalCount": 1,
                "nodes": [{"title": "冬至茶", "organization": {"name": "甲支部"}}],
            },
        }
        assert (result.tier, result.statements) == ("raw", 1)
        nobody = await place.execute(PARTIES)
        assert nobody.data == {
            "members": {"nodes": []},
            "teaParties": {"totalCount": 0, "nodes": []},
        }


async def test_a_district_without_the_plugin_knows_nothing_of_it(
    district: MakeDistrict, gongzhi_tea: ModuleType
) -> None:
    async with district() as without, district(beside=[gongzhi_tea.plugin]) as place:
        assert "tea" not in without.sdl.lower()
        assert 'teaParties: [TeaParty!]! @plugin(name: "tea")' in place.sdl
        result = await without.execute(PARTIES)
        assert result.tier == "refused"
        assert result.data is None
        with pytest.raises(PermissionError):
            await without.execute("{ viewer { name } }", token="gz_" + "x" * 43)


async def test_disabling_a_plugin_keeps_its_rows(
    district: MakeDistrict, gongzhi_tea: ModuleType, empty_url: str
) -> None:
    async with district(beside=[gongzhi_tea.plugin], url=empty_url) as place:
        await two_parties(place)
    async with district(url=empty_url) as without:
        assert "TeaParty" not in without.sdl
        admin = await without.token("DISTRICT_ORG_DEPT_ADMIN")
        result = await without.execute("{ members { totalCount } }", token=admin)
        assert result.data == {"members": {"totalCount": 1}}
    async with district(beside=[gongzhi_tea.plugin], url=empty_url) as again:
        admin = await again.token("DISTRICT_ORG_DEPT_ADMIN")
        result = await again.execute("{ teaParties { totalCount } }", token=admin)
        assert result.data == {"teaParties": {"totalCount": 2}}


async def test_the_third_party_s_plugin_conforms(
    conformance: Conformance, gongzhi_tea: ModuleType, empty_url: str
) -> None:
    await conformance("tea", beside=[gongzhi_tea.plugin], url=empty_url)


@pytest.mark.parametrize("name", bundled())
async def test_every_bundled_plugin_conforms(
    conformance: Conformance, name: str, empty_url: str
) -> None:
    await conformance(name, url=empty_url)


@strawberry.type
class Kettle:
    """Only English."""

    litres: int


class Careless(Plugin):
    """Describes nothing and changes a class of the core."""

    name = "careless"
    title = "粗心 · careless"
    version = "0.1.0"
    api = 1

    @hookimpl
    def register_graphql(self) -> tuple[type, ...]:
        """Return one type."""
        return (Kettle,)


async def test_conformance_names_what_is_missing(tmp_path: object, empty_url: str) -> None:
    found = await conformance_problems("careless", empty_url, beside=[Careless()])
    (problem,) = found
    assert problem.where == "careless"
    assert problem.what == "the type Kettle is not described in Chinese and English"


async def test_conformance_finds_fields_put_into_another_s_class(
    gongzhi_tea: ModuleType, tmp_path: object, empty_url: str
) -> None:
    from gongzhi_tea.api import MemberAdditions  # on the path only now

    from gongzhi.registry.api import Member as MemberType  # heavy

    fields = get_object_definition(MemberType, strict=True).fields
    (added,) = get_object_definition(MemberAdditions, strict=True).fields
    fields.append(added)
    try:
        found = await conformance_problems("tea", empty_url, beside=[gongzhi_tea.plugin])
    finally:
        fields.remove(added)
    assert found


async def test_conformance_reports_a_plugin_that_does_not_load(empty_url: str) -> None:
    (found,) = await conformance_problems("ghost", empty_url)
    assert "not installed" in found.what
