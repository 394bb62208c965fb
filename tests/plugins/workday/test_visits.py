"""Visits, campaigns and employment cases, by GraphQL on both databases."""

from __future__ import annotations

from gongzhi.registry import service
from gongzhi.registry.codes import MembershipStage
from tests.plugins.workday.conftest import Town

VISIT = """id kind visitedName households needs findings visitedAt
    organization { id } visitor { id } visited { id } session { id } campaign { id }"""


async def test_w03_a_visit_at_a_session(town: Town) -> None:
    session = await town.reach("HELD")
    record = {"mutation": "workdayVisitRecord", "session": session}
    made = await town.do(
        **record, kind="HOME_VISIT", visitor=town.person("lead"), visited=town.person("resident"),
        area=f"Area:{town.areas['east'].id}", needs=2, findings=" 排水不畅 ",
        occurredAt="2015-06-08T09:30:00+08:00", fields=VISIT,
    )  # fmt: skip
    made.pop("id")
    assert made.pop("visitedName").endswith("*")
    assert made == {
        "kind": "HOME_VISIT",
        "households": 1,
        "needs": 2,
        "findings": "排水不畅",
        "visitedAt": "2015-06-08T01:30:00.000Z",
        "organization": {"id": town.org("east")},
        "visitor": {"id": town.person("lead")},
        "visited": {"id": town.person("resident")},
        "session": {"id": session},
        "campaign": None,
    }
    lead = {"kind": "RECEPTION", "visitor": town.person("lead")}
    other = {**record, **lead, "organization": town.org("west")}
    assert await town.refused(**other) == "OTHER_ORGANIZATION organization"
    before = {**record, **lead, "occurredAt": "2015-06-05T09:30:00+08:00"}
    assert await town.refused(**before) == "OTHER_DAY occurredAt"
    planned = await town.plan("2015-06-15")
    assert await town.refused(**{**record, **lead, "session": planned}) == "STATE"
    query = "query($id: ID!) { workdaySession(id: $id) { visits { totalCount } } }"
    assert (await town.ask(query, id=session))["workdaySession"] == {"visits": {"totalCount": 1}}


async def test_what_a_visit_refuses(town: Town) -> None:
    record = {"mutation": "workdayVisitRecord", "kind": "ROUND"}
    lead, east = {"visitor": town.person("lead")}, {"organization": town.org("east")}
    assert await town.refused(**record, **lead) == "ORGANIZATION_MISSING organization"
    assert await town.refused(**record, **east) == "VISITOR_MISSING visitor"
    whole = {**record, **lead, **east}
    assert await town.refused(**whole, visitedLabel="倪大明") == "NOT_MASKED visitedLabel"
    assert await town.refused(**whole, visitedLabel="某" * 101) == "TOO_LONG visitedLabel"
    assert await town.refused(**whole, needs=-1) == "NOT_NEGATIVE needs"
    assert await town.refused(**whole, households=-1) == "NOT_NEGATIVE households"
    assert await town.refused(**whole, findings="长" * 4001) == "TOO_LONG findings"
    ahead = {**whole, "occurredAt": "2015-06-05T10:00:01+08:00"}
    assert await town.refused(**ahead) == "FUTURE_DATE occurredAt"
    far = {**record, **lead, "organization": town.org("far")}
    assert await town.refused(**far) == "NOT_FOUND organization"
    assert await town.refused(**whole, visited=town.person("stranger")) == "NOT_FOUND visited"
    assert await town.refused(**whole, onBehalfOf=town.person("stranger")) == (
        "NOT_FOUND onBehalfOf"
    )
    reader = await town.district.token("AUDITOR")
    assert await town.forbidden(token=reader, **whole) == "FORBIDDEN"


async def test_who_visits_where_nobody_is_named_is_who_asks(town: Town) -> None:
    token = await town.account_of("cadre", "GRID_WORKER")
    given = {"kind": "ROUND", "organization": town.org("east"), "visitedLabel": "吴某"}
    made = await town.do("workdayVisitRecord", VISIT, token, **given)
    assert made["visitor"] is None  # a grid worker reads no people
    assert made["visitedName"] == "吴某"
    data = await town.ask(
        "query($id: ID!) { person(id: $id) { visits { nodes { kind } } } }",
        id=town.person("cadre"),
    )
    assert data["person"]["visits"]["nodes"] == [{"kind": "ROUND"}]


async def test_w05_a_campaign_counts_households_and_needs(town: Town) -> None:
    start = {"mutation": "workdayCampaignStart", "organization": town.org("town")}
    assert await town.refused(**start, name=" ") == "BLANK name"
    assert await town.refused(**start, name="x", endsOn="2015-06-04") == "DATE_ORDER endsOn"
    assert await town.refused(**start, name="x", targetHouseholds=-1) == (
        "NOT_NEGATIVE targetHouseholds"
    )
    made = await town.do(**start, name="三百三问", startsOn="2015-06-01", targetHouseholds=100)
    campaign = made["id"]
    record = {
        "mutation": "workdayVisitRecord",
        "campaign": campaign,
        "visitor": town.person("lead"),
        "organization": town.org("east"),
    }
    for kind, households, needs in (
        ("HOME_VISIT", 1, 2),
        ("ROUND", 8, 3),
        ("RETURN_VISIT", 1, 1),
    ):
        await town.do(**record, kind=kind, households=households, needs=needs)
    early = {**record, "kind": "ROUND", "occurredAt": "2015-05-31T23:59:00+08:00"}
    assert await town.refused(**early) == "CAMPAIGN_NOT_RUNNING campaign"
    query = """query($id: ID!) { campaign(id: $id) { name targetHouseholds householdsVisited
        needsCollected visitCount endsOn visits { totalCount } } }"""
    assert (await town.ask(query, id=campaign))["campaign"] == {
        "name": "三百三问",
        "targetHouseholds": 100,
        "householdsVisited": 9,
        "needsCollected": 6,
        "visitCount": 3,
        "endsOn": None,
        "visits": {"totalCount": 3},
    }
    end = {"mutation": "workdayCampaignEnd", "campaign": campaign}
    assert await town.refused(**end, on="2015-05-31") == "DATE_ORDER on"
    assert await town.refused(**end, on="2015-06-06") == "FUTURE_DATE on"
    assert await town.refused(**end, expectedVersion=2) == "CONFLICT expectedVersion"
    await town.do(**end, on="2015-06-04")
    assert await town.refused(**end) == "CAMPAIGN_ENDED campaign"
    late = {**record, "kind": "ROUND"}
    assert await town.refused(**late) == "CAMPAIGN_NOT_RUNNING campaign"


async def test_a_visit_belongs_to_the_campaigns_subtree(town: Town) -> None:
    made = await town.do("workdayCampaignStart", organization=town.org("west"), name="包百村居")
    given = {
        "kind": "ROUND",
        "campaign": made["id"],
        "visitor": town.person("lead"),
        "organization": town.org("east"),
    }
    assert await town.refused("workdayVisitRecord", **given) == "OTHER_ORGANIZATION organization"


STEPS = (
    ("SEARCH_POST", {}, "POST_SEARCHED"),
    ("FIND_POST", {"post": "夜班保洁", "employer": "某物业公司"}, "POST_FOUND"),
    ("MAKE_PLAN", {"plan": "“一对一”转变就业观念"}, "PLAN_MADE"),
    ("ARRANGE_SUPPORT", {"support": "夜班宿舍"}, "SUPPORT_ARRANGED"),
    ("EMPLOY", {}, "EMPLOYED"),
)


async def test_w06_n325_two_cases_from_the_need_to_the_post(town: Town) -> None:
    session = await town.reach("HELD")
    for name in ("倪某", "吴某"):
        opened = await town.do(
            "workdayCaseOpen", "id state subjectName need session { id }",
            organization=town.org("east"), subjectLabel=name, session=session,
            need="技能差、观念旧，愿望强烈", occurredAt="2015-06-08T10:00:00+08:00",
        )  # fmt: skip
        case = opened.pop("id")
        assert opened == {
            "state": "NEED_LEARNED",
            "subjectName": name,
            "need": "技能差、观念旧，愿望强烈",
            "session": {"id": session},
        }
        for step, more, state in STEPS:
            made = await town.do("workdayCaseAdvance", "state", case=case, step=step, **more)
            assert made == {"state": state}
    data = await town.ask(
        """{ employmentCases(filter: {state: {eq: EMPLOYED}}) { totalCount nodes {
        subjectName post employer plan support employedOn
        transitions { action fromState toState }
        viewerCan { search_post: searchPost employ } } } }"""
    )
    assert data["employmentCases"]["totalCount"] == 2
    for row in data["employmentCases"]["nodes"]:
        assert row["employedOn"] == "2015-06-08"
        assert (row["post"], row["support"]) == ("夜班保洁", "夜班宿舍")
        assert [step["toState"] for step in row["transitions"]] == [
            "NEED_LEARNED",
            *(state for _, _, state in STEPS),
        ]
        assert row["viewerCan"] == {"search_post": False, "employ": False}


async def test_w06_steps_come_one_after_the_other(town: Town) -> None:
    opened = {"mutation": "workdayCaseOpen", "organization": town.org("east")}
    assert await town.refused(**opened) == "SUBJECT_MISSING subject"
    assert await town.refused(**opened, subjectLabel="倪大明") == "NOT_MASKED subjectLabel"
    assert await town.refused(**opened, subject=town.person("stranger")) == "NOT_FOUND subject"
    west = await town.reach("HELD", where="west")
    named = {**opened, "subject": town.person("resident")}
    assert await town.refused(**named, session=west) == "OTHER_ORGANIZATION session"
    assert await town.refused(**named, need="长" * 4001) == "TOO_LONG need"
    ahead = {"occurredAt": "2015-06-09T00:00:00+08:00"}
    assert await town.refused(**named, **ahead) == "FUTURE_DATE occurredAt"
    case = (await town.do(**named))["id"]
    advance = {"mutation": "workdayCaseAdvance", "case": case}
    for step, _, _ in STEPS[1:]:
        assert await town.refused(**advance, step=step) == "STATE"
    assert await town.refused(**advance, step="SEARCH_POST", expectedVersion=2) == (
        "CONFLICT expectedVersion"
    )
    assert await town.refused(**advance, step="SEARCH_POST", **ahead) == "FUTURE_DATE occurredAt"
    assert await town.refused(**advance, step="SEARCH_POST", employer="x" * 201) == (
        "TOO_LONG employer"
    )
    for step, more, _ in STEPS:
        if more:
            needed = next(iter(more))
            code = await town.refused(**advance, step=step)
            assert code == f"{needed.upper()}_MISSING {needed}"
        await town.do(**advance, step=step, **more)
    assert await town.refused(**advance, step="EMPLOY") == "STATE"


async def test_a_case_may_begin_with_a_visit(town: Town) -> None:
    given = {"kind": "ROUND", "visitor": town.person("lead"), "visitedLabel": "吴某"}
    visits = {
        where: (await town.do("workdayVisitRecord", organization=town.org(where), **given))["id"]
        for where in ("east", "west")
    }
    opened = {"organization": town.org("east"), "subjectLabel": "吴某"}
    code = await town.refused("workdayCaseOpen", **opened, visit=visits["west"])
    assert code == "OTHER_ORGANIZATION visit"
    fields = "visit { kind visitedName }"
    made = await town.do("workdayCaseOpen", fields, **opened, visit=visits["east"])
    assert made == {"visit": {"kind": "ROUND", "visitedName": "吴某"}}


async def test_members_show_their_visits(town: Town) -> None:
    async with town.district.database():
        branch = await service.create_organization(
            "T-BRANCH", "合成支部", "PARTY_BRANCH", superior_id=town.organizations["town"].id
        )
        member = await service.admit_member(
            town.people["lead"].id, branch.id, stage=MembershipStage.FULL_MEMBER
        )
    given = {"visitor": town.person("lead"), "organization": town.org("east")}
    for kind, day in (("HOME_VISIT", "2015-06-01"), ("RETURN_VISIT", "2015-06-03")):
        await town.do("workdayVisitRecord", kind=kind, occurredAt=f"{day}T09:00:00+08:00", **given)
    query = """query($id: ID!) { member(id: $id) {
        visits { nodes { kind } } visitsReceived { totalCount } } }"""
    data = await town.ask(query, id=f"Member:{member.id}")
    assert data["member"] == {
        "visits": {"nodes": [{"kind": "RETURN_VISIT"}, {"kind": "HOME_VISIT"}]},
        "visitsReceived": {"totalCount": 0},
    }


async def test_cases_and_visits_are_read_by_few(town: Town) -> None:
    given = {"organization": town.org("east"), "subjectLabel": "倪某"}
    await town.do("workdayCaseOpen", **given)
    visit = {"kind": "ROUND", "visitor": town.person("lead"), "organization": town.org("east")}
    await town.do("workdayVisitRecord", **visit)
    query = "{ visits { totalCount } employmentCases { totalCount } }"
    east = town.organizations["east"].code
    for role, visits, cases in (
        ("COMMUNITY_SECRETARY", 1, 1),
        ("AUDITOR", 1, 1),
        ("GRID_WORKER", 1, 0),
        ("PARTY_MEMBER", 0, 0),
        ("RESIDENT", 0, 0),
        ("SYSTEM_ADMIN", 0, 0),
    ):
        data = await town.ask(query, await town.district.token(role, organization=east))
        found = (data["visits"]["totalCount"], data["employmentCases"]["totalCount"])
        assert found == (visits, cases), role
    grid = await town.district.token("GRID_WORKER", organization=east)
    assert await town.forbidden("workdayCaseOpen", grid, **given) == "FORBIDDEN"
