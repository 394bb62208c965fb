"""Fields that run Python: what they cost, what they may see, and what their failure costs.

No annotations from the future here: strawberry reads the real ones.
"""

from collections.abc import AsyncIterator

import pytest
import strawberry
from strawberry import ID

from gongzhi.errors import RuleError
from gongzhi.graph import Query, computed, extends
from gongzhi.registry import models
from gongzhi.registry.api import Member, Organization
from gongzhi_schema.district import District
from gongzhi_schema.testing import MakeDistrict
from tests.schema.support import plugin

SECRET = "a secret of the server"


def badge(*, stage: str, joined_on: str | None, branch_name: str, branch_superior_name: str) -> str:
    return f"{branch_superior_name}/{branch_name}/{stage}/{joined_on}"


async def initial(*, person_name_masked: str) -> str:
    return person_name_masked[0]


def shaky(*, id: int) -> int:  # noqa: A002  # the column's name
    if id == 2:  # the second member
        raise LookupError(SECRET)
    return id * 10


async def shaky_later(*, id: int) -> int:  # noqa: A002
    return shaky(id=id)


def refusing(*, id: int) -> int:  # noqa: A002
    raise RuleError("NO_TEA", "没有茶", f"there is no tea for {id}")


async def twin(*, id: int) -> int | None:  # noqa: A002
    return {1: 3, 3: 1}.get(id)


def neighbours(*, id: int) -> list[int]:  # noqa: A002
    return [id + 1, id - 1, 99]


@extends(Member)
class MemberByPython:
    """Fields of a member.

    badge: 标识 · badge
    initial: 首字 · initial
    shaky: 不稳 · fails for one
    shaky_later: 不稳 · fails for one, later
    refusing: 拒绝 · refuses
    twin: 同伴 · another
    neighbours: 邻居 · others
    constant: 常数 · reads nothing
    """

    badge: str | None = computed(
        badge, reads=("stage", "joined_on", "branch.name", "branch.superior.name")
    )
    initial: str | None = computed(initial, reads=("person.name_masked",))
    shaky: int | None = computed(shaky, reads=("id",))
    shaky_later: int | None = computed(shaky_later, reads=("id",))
    refusing: int | None = computed(refusing, reads=("id",))
    twin: Member | None = computed(twin, reads=("id",))
    neighbours: list[Member] | None = computed(neighbours, reads=("id",))
    constant: int | None = computed(lambda: 7)


@strawberry.type
class Weather:
    """天气 · the weather."""

    sky: str

    @strawberry.field
    async def wind(self, times: int = 1) -> str | None:
        """风 · wind."""
        return f"{self.sky} wind" * times


@extends(Query)
class QueriesByPython:
    """Root fields."""

    @strawberry.field
    def shout(self, text: str) -> str | None:
        return text.upper()

    @strawberry.field
    async def weather(self) -> Weather | None:
        return Weather(sky="clear")

    @strawberry.field
    def thrown(self) -> str | None:
        raise LookupError(SECRET)

    @strawberry.field
    def chosen(self, key: ID | None) -> Member | None:
        return int(key) if key else None  # type: ignore[return-value]  # the key of a row

    @strawberry.field
    async def several(self, keys: list[int]) -> list[Member] | None:
        return keys  # type: ignore[return-value]

    @strawberry.field
    async def nowhere(self) -> Organization | None:
        return None


PROBE = plugin("probe", Weather, MemberByPython, QueriesByPython)


@pytest.fixture
async def place(district: MakeDistrict, database_url: str) -> AsyncIterator[District]:
    """Two branches of a street; members 1, 2 in the first, 3 in the second."""
    async with district(beside=[PROBE], url=database_url) as made:
        async with made.database():
            for key, name, path in (
                (1, "甲街道", "1."),
                (2, "乙支部", "1.2."),
                (3, "丙支部", "1.3."),
            ):
                await models.Organization.create(
                    id=key,
                    code=f"O{key}",
                    name=name,
                    kind="PARTY_BRANCH",
                    level="X",
                    path=path,
                    depth=path.count(".") - 1,
                    superior_id=None if key == 1 else 1,
                    synthetic=True,
                )
            for key, branch in ((1, 2), (2, 2), (3, 3)):
                await models.Person.create(
                    id=key,
                    organization_id=branch,
                    org_path=f"1.{branch}.",
                    name_cipher=made.privacy.encrypt("虚某"),
                    name_hash=made.privacy.digest("虚某"),
                    name_masked="虚*",
                    synthetic=True,
                )
                await models.Member.create(
                    id=key,
                    person_id=key,
                    branch_id=branch,
                    org_path=f"1.{branch}.",
                    stage="FULL_MEMBER",
                    joined_on="2001-07-01" if key == 1 else None,
                    synthetic=True,
                )
        yield made


async def test_computed_gets_its_columns_also_along_foreign_keys(place: District) -> None:
    token = await place.token("AUDITOR")
    query = "{ members { nodes { id badge again: badge initial constant name } } }"
    result = await place.execute(query, token=token)
    assert result.errors == []
    nodes = result.data["members"]["nodes"]
    assert nodes[0] == {
        "id": "Member:1",
        "badge": "甲街道/乙支部/FULL_MEMBER/2001-07-01",
        "again": "甲街道/乙支部/FULL_MEMBER/2001-07-01",
        "initial": "虚",
        "constant": 7,
        "name": "虚*",
    }
    assert [n["badge"] for n in nodes[1:]] == [
        "甲街道/乙支部/FULL_MEMBER/None",
        "甲街道/丙支部/FULL_MEMBER/None",
    ]
    assert (result.tier, result.statements) == ("core", 1)


async def test_without_python_the_same_root_field_is_passed_through(place: District) -> None:
    token = await place.token("AUDITOR")
    result = await place.execute("{ members { nodes { id name } } }", token=token)
    assert (result.tier, result.statements) == ("raw", 1)


@pytest.mark.parametrize("field", ["shaky", "shakyLater"])
async def test_a_failure_costs_its_own_field_only(place: District, field: str) -> None:
    token = await place.token("AUDITOR")
    query = f'{{ members {{ nodes {{ id it: {field} name }} }} thrown shout(text: "tea") }}'
    result = await place.execute(query, token=token)
    assert result.data == {
        "members": {
            "nodes": [
                {"id": "Member:1", "it": 10, "name": "虚*"},
                {"id": "Member:2", "it": None, "name": "虚*"},
                {"id": "Member:3", "it": 30, "name": "虚*"},
            ]
        },
        "thrown": None,
        "shout": "TEA",
    }
    assert sorted(error["path"] for error in result.errors) == [
        ["members", "nodes", 1, "it"],
        ["thrown"],
    ]
    for error in result.errors:
        assert error["message"] == "内部错误 · internal error"
        assert error["extensions"]["code"] == "INTERNAL"
    assert SECRET not in str(result)
    assert (result.tier, result.statements) == ("core", 1)


async def test_a_refusal_of_a_rule_is_told_in_its_words(place: District) -> None:
    token = await place.token("AUDITOR")
    result = await place.execute('{ member(id: "Member:1") { id refusing } }', token=token)
    assert result.data == {"member": {"id": "Member:1", "refusing": None}}
    (error,) = result.errors
    assert (error["path"], error["extensions"]["code"]) == (["member", "refusing"], "REFUSED")
    assert "there is no tea for 1" in error["message"]


async def test_plain_resolvers_of_the_root(place: District) -> None:
    query = """query($text: String!) {
        shout(text: $text) loud: shout(text: "b") weather { sky wind(times: 2) } nowhere { id }
    }"""
    result = await place.execute(query, {"text": "a"})
    assert result.errors == []
    assert result.data == {
        "shout": "A",
        "loud": "B",
        "weather": {"sky": "clear", "wind": "clear windclear wind"},
        "nowhere": None,
    }
    assert (result.tier, result.statements) == ("core", 0)


async def test_a_key_that_python_returns_is_read_under_the_viewers_rights(place: District) -> None:
    query = """{ chosen(key: "3") { id branch { name } initial } none: chosen(key: null) { id }
        no_such: chosen(key: "99") { id } several(keys: [3, 1, 99, 2]) { id name } empty: several(
        keys: []) { id } }"""
    auditor = await place.token("AUDITOR")
    result = await place.execute(query, token=auditor)
    assert result.errors == []
    assert result.data == {
        "chosen": {"id": "Member:3", "branch": {"name": "丙支部"}, "initial": "虚"},
        "none": None,
        "no_such": None,
        "several": [{"id": f"Member:{n}", "name": "虚*"} for n in (3, 1, 2)],
        "empty": [],
    }
    assert (result.tier, result.statements) == ("core", 6)

    secretary = await place.token("BRANCH_SECRETARY", organization="O2")
    result = await place.execute(query, token=secretary)
    assert result.errors == []
    assert result.data["chosen"] is None
    assert [row["id"] for row in result.data["several"]] == ["Member:1", "Member:2"]
    assert "丙" not in str(result.data)

    nobody = await place.execute(query)
    assert nobody.errors == []
    assert nobody.data == dict.fromkeys(("chosen", "none", "no_such")) | {
        "several": [],
        "empty": [],
    }


async def test_rows_that_a_computed_field_names_are_read_the_same_way(place: District) -> None:
    query = "{ members { nodes { id twin { id twin { id } } neighbours { id } } } }"
    result = await place.execute(query, token=await place.token("AUDITOR"))
    assert result.errors == []
    ids = {n: {"id": f"Member:{n}"} for n in (1, 2, 3)}
    assert result.data["members"]["nodes"] == [
        {**ids[1], "twin": {**ids[3], "twin": ids[1]}, "neighbours": [ids[2]]},
        {**ids[2], "twin": None, "neighbours": [ids[3], ids[1]]},
        {**ids[3], "twin": {**ids[1], "twin": ids[3]}, "neighbours": [ids[2]]},
    ]
    secretary = await place.token("BRANCH_SECRETARY", organization="O2")
    result = await place.execute(query, token=secretary)
    assert result.errors == []
    assert result.data["members"]["nodes"] == [
        {**ids[1], "twin": None, "neighbours": [ids[2]]},
        {**ids[2], "twin": None, "neighbours": [ids[1]]},
    ]


async def test_one_statement_for_each_planned_root_field(place: District) -> None:
    token = await place.token("AUDITOR")
    query = """query($all: Boolean!) {
        members(first: 2) { totalCount nodes { ...row } }
        shout(text: "x")
        organizations { nodes { code subtreeMembers { totalCount nodes { badge } } } }
        member(id: "Member:2") @include(if: $all) { ...row branch { members { nodes { initial } } } }
        registers { code }
    }
    fragment row on Member { id constant branch { name } }"""
    for everything, statements in ((True, 4), (False, 3)):
        result = await place.execute(query, {"all": everything}, token)
        assert result.errors == []
        assert (result.tier, result.statements) == ("core", statements)
        assert result.data["members"]["totalCount"] == 3  # made above
        assert len(result.data["members"]["nodes"]) == 2  # one page
        counts = [o["subtreeMembers"]["totalCount"] for o in result.data["organizations"]["nodes"]]
        assert counts == [3, 2, 1]
        assert ("member" in result.data) is everything
        assert result.data["shout"] == "X"
    assert result.data["members"]["nodes"][0] == {
        "id": "Member:1",
        "constant": 7,
        "branch": {"name": "乙支部"},
    }


async def test_python_that_is_left_out_does_not_leave_the_fast_path(place: District) -> None:
    token = await place.token("AUDITOR")
    query = "query($py: Boolean!) { members { nodes { id badge @include(if: $py) } } }"
    without = await place.execute(query, {"py": False}, token)
    assert (without.tier, without.statements) == ("raw", 1)
    assert without.data["members"]["nodes"][0] == {"id": "Member:1"}
    with_it = await place.execute(query, {"py": True}, token)
    assert (with_it.tier, with_it.statements) == ("core", 1)
    assert with_it.data["members"]["nodes"][0]["badge"].startswith("甲街道")
