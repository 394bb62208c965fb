"""The facts of the seeds, each asked by GraphQL as a frontend would: one statement an answer."""

from __future__ import annotations

from typing import Any

import pytest

from gongzhi.demo import load_demo

COUNT = "{ organization(code: %s) { %s } }"

FACTS: dict[str, tuple[str, Any]] = {
    "real areas: three provinces of the data file": (
        '{ areas(filter: {kind: {eq: "PROVINCE"}}, first: 10) { totalCount nodes { name } } }',
        {
            "areas": {
                "totalCount": 3,
                "nodes": [{"name": "上海市"}, {"name": "山东省"}, {"name": "广东省"}],
            }
        },
    ),
    "新海镇 has exactly its five residents' committees": (
        '{ area(code: "310151114") { name ancestors { name } children(first: 10) '
        "{ totalCount nodes { name } } } }",
        {
            "area": {
                "name": "新海镇",
                "ancestors": [{"name": "上海市"}, {"name": "市辖区"}, {"name": "崇明区"}],
                "children": {
                    "totalCount": 5,
                    "nodes": [
                        {"name": "跃进居委会"},
                        {"name": "新海居委会"},
                        {"name": "新海二村居委会"},
                        {"name": "红星居委会"},
                        {"name": "长征居委会"},
                    ],
                },
            }
        },
    ),
    "N301: five residential-area branches in the town": (
        '{ organization(code: "XINHAI") { subordinates(filter: {kind: {eq: "PARTY_BRANCH"}}) '
        "{ totalCount } } }",
        {"organization": {"subordinates": {"totalCount": 5}}},
    ),
    "N303: 468 Party members, all synthetic": (
        '{ organization(code: "XINHAI") { memberCount subtreeMembers(first: 100) '
        "{ nodes { synthetic } } } }",
        {
            "organization": {
                "memberCount": 468,
                "subtreeMembers": {"nodes": [{"synthetic": True}] * 100},
            }
        },
    ),
    "N327: the town was founded in 2008": (
        '{ organization(code: "XINHAI") { establishedOn } }',
        lambda data: data["organization"]["establishedOn"].startswith("2008"),
    ),
    "N326: two property companies": (
        '{ organizations(filter: {kind: {eq: "PROPERTY_COMPANY"}}) { nodes { shortName } } }',
        lambda data: (
            [n["shortName"][:2] for n in data["organizations"]["nodes"]] == ["生源", "雅苑"]
        ),
    ),
    "N108: 欧阳路街道 has 18 residents' committees": (
        '{ area(code: "310109009") { name subtreeOrganizations'
        '(filter: {kind: {eq: "RESIDENTS_COMMITTEE"}}) { totalCount } } }',
        {"area": {"name": "欧阳路街道", "subtreeOrganizations": {"totalCount": 18}}},
    ),
    "N105: 延吉新村街道 has 17": (
        '{ area(code: "310110015") { name subtreeOrganizations'
        '(filter: {kind: {eq: "RESIDENTS_COMMITTEE"}}) { totalCount } } }',
        {"area": {"name": "延吉新村街道", "subtreeOrganizations": {"totalCount": 17}}},
    ),
    "N201: 环翠区 has four tiers below the district": (
        '{ organization(code: "HUANCUI") { organizationsByKind { code } } }',
        lambda data: (
            {
                "SUBDISTRICT_WORKING_COMMITTEE",
                "GENERAL_PARTY_BRANCH",
                "GRID_PARTY_BRANCH",
                "BUILDING_PARTY_GROUP",
            }
            <= {row["code"] for row in data["organization"]["organizationsByKind"]}
        ),
    ),
    "N201: a building group knows the tiers above it": (
        '{ organizations(filter: {kind: {eq: "BUILDING_PARTY_GROUP"}}, first: 1) '
        "{ nodes { ancestors { kind { code } } } } }",
        lambda data: (
            [a["kind"]["code"] for a in data["organizations"]["nodes"][0]["ancestors"]]
            == [
                "DISTRICT_PARTY_COMMITTEE",
                "SUBDISTRICT_WORKING_COMMITTEE",
                "GENERAL_PARTY_BRANCH",
                "GRID_PARTY_BRANCH",
            ]
        ),
    ),
    "N101: eight registers, three at the origin, none empty": (
        "{ registers { code origin count } }",
        lambda data: (
            len(data["registers"]) == 8
            and sum(r["origin"] for r in data["registers"]) == 3
            and all(r["count"] > 0 for r in data["registers"])
        ),
    ),
    "V29: a figure carries its qualifier and its source": (
        "{ indicators(first: 100) { nodes { code quantity { value unit qualifier } source } } }",
        lambda data: (
            {"OVER", "EXACT"} <= {i["quantity"]["qualifier"] for i in data["indicators"]["nodes"]}
            and all(i["source"] for i in data["indicators"]["nodes"])
        ),
    ),
    "C02: a branch was upgraded and kept its history": (
        '{ organization(code: "HUANCUI") { descendants(filter: {kind: '
        '{eq: "GENERAL_PARTY_BRANCH"}}, first: 5) { nodes { changes { nodes { kind } } } } } }',
        lambda data: any(
            {"kind": "UPGRADED"} in o["changes"]["nodes"]
            for o in data["organization"]["descendants"]["nodes"]
        ),
    ),
    "C03: a joint branch covers several units": (
        '{ organization(code: "HUANCUI") { descendants(first: 100) '
        "{ nodes { setupMode coverage { code } } } } }",
        lambda data: any(
            o["setupMode"] == "JOINT" and len(o["coverage"]) > 1
            for o in data["organization"]["descendants"]["nodes"]
        ),
    ),
    "C10: suspected lost members, each with its reason": (
        "{ suspectedLostMembers(first: 100) { totalCount nodes { reason member { name } } } }",
        lambda data: (
            data["suspectedLostMembers"]["totalCount"] >= 25
            and {n["reason"] for n in data["suspectedLostMembers"]["nodes"]}
            == {"NO_CONTACT_RECORDED", "LAST_CONTACT_TOO_OLD"}
        ),
    ),
    "C10: vacant memberships, each with its reasons": (
        "{ vacantMemberships(first: 100) { nodes { reasons } } }",
        lambda data: (
            len(data["vacantMemberships"]["nodes"]) >= 15
            and all(len(n["reasons"]) == 3 for n in data["vacantMemberships"]["nodes"])
        ),
    ),
}


async def test_every_fact_is_one_query(
    district: Any, database_url: str, subtests: pytest.Subtests
) -> None:
    async with district(url=database_url) as place:
        await load_demo(place.url, place.registry, place.privacy)
        token = await place.token("AUDITOR")
        await place.execute("{ __typename }", token=token)
        for fact, (query, expected) in FACTS.items():
            with subtests.test(fact):
                result = await place.execute(query, token=token)
                assert not result.errors
                assert (result.tier, result.statements) == ("raw", 1)
                if callable(expected):
                    assert expected(result.data), result.data
                else:
                    assert result.data == expected
