"""Who sees which publications, by every way that leads to them."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.plugins.publication.conftest import TODAY, Streets

ALL = ("published", "open", "due", "later", "draft", "withdrawn")
PUBLIC = [f"{street} {what}" for what in ("open", "published") for street in ("west", "east")]

EVERYTHING = """{ publications(first: 50) { nodes {
    id organization { name } organizationName category { code labelZh labelEn } title body
    subjectId state dueOn listedOn publishedAt periodDays endsOn withdrawnAt withdrawnReason
    postings { channel { code labelZh } place postedAt } isOverdue isCurrent synthetic
} } }"""


async def test_staff_see_their_street_in_every_state_and_elsewhere_what_is_published(
    streets: Streets,
) -> None:
    token = await streets.staff("east")
    found = await streets.titles(token)
    assert sorted(found) == sorted([*(f"east {what}" for what in ALL), *PUBLIC[::2]])


async def test_the_district_sees_everything(streets: Streets) -> None:
    token = await streets.district.token("DISTRICT_ORG_DEPT_ADMIN")
    assert len(await streets.titles(token)) == 2 * len(ALL)


async def test_a_grant_along_territory_opens_what_organizations_there_publish(
    streets: Streets,
) -> None:
    token = await streets.district.token(
        "COMMUNITY_SECRETARY", area=streets.areas["east home"].code
    )
    found = await streets.titles(token)
    branch = ("published", "due", "later", "withdrawn")
    assert set(found) == {*(f"east {what}" for what in branch), *PUBLIC}


@pytest.mark.parametrize("role", [None, "RESIDENT", "SYSTEM_ADMIN"])
async def test_without_the_permission_one_sees_what_is_published_new_first(
    streets: Streets, role: str | None
) -> None:
    token = await streets.district.token(role) if role else None
    assert await streets.titles(token) == PUBLIC


async def test_what_is_hidden_looks_absent(streets: Streets) -> None:
    query = "query($id: ID!) { node(id: $id) { id } publication(id: $id) { title } }"
    hidden = [f"Publication:{streets.publications[f'east {n}'].id}" for n in ("due", "withdrawn")]
    for row in (*hidden, "Publication:999999"):
        assert await streets.ask(query, id=row) == {"node": None, "publication": None}
        token = await streets.staff("west")
        assert await streets.ask(query, token, id=row) == {"node": None, "publication": None}
    data = await streets.ask(query, await streets.staff("east"), id=hidden[0])
    assert data == {"node": {"id": hidden[0]}, "publication": {"title": "east due"}}


async def test_the_public_learns_the_name_of_the_organization_but_not_more(
    streets: Streets,
) -> None:
    data = await streets.ask(EVERYTHING)
    (row,) = [n for n in data["publications"]["nodes"] if n["title"] == "east published"]
    branch = streets.organizations["east branch"]
    assert row == {
        "id": f"Publication:{streets.publications['east published'].id}",
        "organization": None,
        "organizationName": branch.name,
        "category": {"code": "RESULT", "labelZh": "结果", "labelEn": "result"},
        "title": "east published",
        "body": "",
        "subjectId": f"Organization:{branch.id}",
        "state": "PUBLISHED",
        "dueOn": None,
        "listedOn": "2026-11-13",
        "publishedAt": "2026-11-13T01:30:00.000Z",
        "periodDays": 7,
        "endsOn": "2026-11-20",
        "withdrawnAt": None,
        "withdrawnReason": "",
        "postings": [
            {
                "channel": {"code": "COMMUNITY_BOARD", "labelZh": "社区公开栏"},
                "place": "east published的公开栏",
                "postedAt": "2026-11-13T01:30:00.000Z",
            }
        ],
        "isOverdue": False,
        "isCurrent": False,
        "synthetic": True,
    }


async def test_postings_are_seen_with_their_publication(streets: Streets) -> None:
    query = "{ publications(first: 50) { nodes { title postings { place } } } }"
    for token in (None, await streets.staff("east"), await streets.district.token("AUDITOR")):
        data = await streets.ask(query, token)
        for row in data["publications"]["nodes"]:
            assert row["postings"] == [{"place": f"{row['title']}的公开栏"}]


async def test_an_organization_shows_its_own_and_those_of_its_subtree(streets: Streets) -> None:
    query = """query($code: String!) { organization(code: $code) {
        publications { totalCount nodes { title } }
        subtreePublications(filter: {state: {in: [DUE, PUBLISHED]}}) { nodes { title } }
    } }"""
    code = streets.organizations["east"].code
    data = await streets.ask(query, await streets.staff("east"), code=code)
    assert data["organization"] == {
        "publications": {
            "totalCount": 2,
            "nodes": [{"title": "east draft"}, {"title": "east open"}],
        },
        "subtreePublications": {
            "nodes": [{"title": f"east {what}"} for what in ("later", "due", "open", "published")]
        },
    }
    code = streets.organizations["west"].code
    data = await streets.ask(query, await streets.staff("east"), code=code)
    assert data == {"organization": None}


async def test_what_is_due(streets: Streets) -> None:
    query = """query($day: Date) {
        publicationsDue(asOf: $day) { totalCount nodes { title isOverdue } }
    }"""
    token = await streets.staff("east")
    due = [{"title": "east due", "isOverdue": True}, {"title": "east later", "isOverdue": False}]
    for day, expected in (
        (TODAY - dt.timedelta(days=2), []),
        (TODAY, due[:1]),
        (TODAY + dt.timedelta(days=2), due[:1]),
        (TODAY + dt.timedelta(days=3), due),
    ):
        data = await streets.ask(query, token, day=day.isoformat())
        assert data["publicationsDue"] == {"totalCount": len(expected), "nodes": expected}
        data = await streets.ask(query, day=day.isoformat())
        assert data["publicationsDue"] == {"totalCount": 0, "nodes": []}


async def test_what_was_published_about_something(streets: Streets) -> None:
    query = """query($id: ID!) { publicationsAbout(id: $id) { totalCount nodes {
        title listedOn organizationName postings { channel { labelZh } place postedAt }
    } } }"""
    branch, home = streets.organizations["east branch"], streets.areas["east home"]
    for subject, title in ((f"Organization:{branch.id}", "published"), (f"Area:{home.id}", "open")):
        data = await streets.ask(query, id=subject)
        (row,) = data["publicationsAbout"]["nodes"]
        assert row["title"] == f"east {title}"
        assert row["postings"][0]["postedAt"].startswith(row["listedOn"])
        assert data["publicationsAbout"]["totalCount"] == 1
    data = await streets.ask(query, id=f"Member:{branch.id}")
    assert data["publicationsAbout"] == {"totalCount": 0, "nodes": []}
    result = await streets.district.execute(query, {"id": "nonsense"})
    assert result.errors[0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_filters_and_orders(streets: Streets) -> None:
    east = streets.organizations["east"]
    token = await streets.staff("east")
    for arguments, expected in {
        '(filter: {category: {eq: "FINANCE"}})': ["west open", "east open"],
        "(filter: {state: {eq: DUE}})": ["east later", "east due"],
        '(filter: {listedOn: {gte: "2026-11-20", lt: "2026-11-21"}})': ["west open", "east open"],
        f'(filter: {{organization: {{eq: "Organization:{east.id}"}}}})': [
            "east draft",
            "east open",
        ],
        f'(filter: {{within: "Organization:{east.id}", state: {{eq: PUBLISHED}}}})': [
            "east open",
            "east published",
        ],
        "(filter: {state: {eq: PUBLISHED}}, order: {field: LISTED_ON})": PUBLIC[::-1],
    }.items():
        assert await streets.titles(token, arguments) == expected, arguments


async def test_pages_go_from_new_to_old_and_lose_nothing(streets: Streets) -> None:
    query = """query($after: String) { publications(first: 2, after: $after) {
        nodes { title } pageInfo { hasNextPage endCursor }
    } }"""
    token = await streets.staff("east")
    found: list[str] = []
    after, more = None, True
    while more:
        data = await streets.ask(query, token, after=after)
        page = data["publications"]
        found += [row["title"] for row in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert found == await streets.titles(token)
    assert len(found) == 8


async def test_core_execution_gives_the_same(streets: Streets) -> None:
    for token in (None, await streets.staff("east"), await streets.staff("west")):
        planned = await streets.district.execute(EVERYTHING, token=token)
        streets.district._engine._planned = False
        executed = await streets.district.execute(EVERYTHING, token=token)
        streets.district._engine._planned = True
        assert (planned.tier, executed.tier) == ("raw", "core")
        assert executed.data == planned.data
        assert executed.errors == []
