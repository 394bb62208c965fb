"""Matters that are raised at a session: solved there, entered in the ledger, or only received."""

from __future__ import annotations

from typing import Any

from gongzhi.graph.mutations import read_docstring
from gongzhi.registry import service
from gongzhi_ledger import service as ledger
from gongzhi_publication import service as publication
from gongzhi_workday import service as workday
from tests.plugins.workday.conftest import Town

ISSUE = """id title state source { code } category { code } organization { id } area { id }
    result handlingMode collector { id } handler { id } workdaySession { id day }
    transitions { action occurredAt }"""


async def test_a_matter_is_solved_on_the_spot(town: Town) -> None:
    session = await town.reach("HELD")
    made = await town.do(
        "workdayMatterTake", ISSUE, session=session, title="排污沟堵塞", category="ENVIRONMENT",
        result="现场确定疏浚方案",
    )  # fmt: skip
    made.pop("id")
    assert made == {
        "title": "排污沟堵塞",
        "state": "SOLVED_ON_SPOT",
        "source": {"code": "WORKDAY"},
        "category": {"code": "ENVIRONMENT"},
        "organization": {"id": town.org("east")},
        "area": {"id": f"Area:{town.areas['east'].id}"},
        "result": "现场确定疏浚方案",
        "handlingMode": "IMMEDIATE",
        "collector": {"id": town.person("lead")},
        "handler": None,
        "workdaySession": {"id": session, "day": "2015-06-08"},
        "transitions": [
            {"action": "receive", "occurredAt": "2015-06-08T01:00:00.000Z"},
            {"action": "solve", "occurredAt": "2015-06-08T01:00:00.000Z"},
        ],
    }


async def test_a_matter_is_entered_in_the_ledger(town: Town) -> None:
    session = await town.reach("HELD")
    given = {"session": session, "title": "无证游戏机房", "category": "UNLICENSED_BUSINESS"}
    take = {"mutation": "workdayMatterTake", **given, "handler": town.person("lead")}
    together = {**take, "handlingMode": "COORDINATED"}
    lead_unit = {"organization": town.org("town"), "role": "LEAD"}
    assert await town.refused(**together) == "LEAD_NEEDED participants"
    assert await town.refused(**together, participants=[lead_unit]) == (
        "PARTNER_NEEDED participants"
    )
    assert await town.refused(**take, handlingMode="TIME_LIMITED") == "DEADLINE_NEEDED dueOn"
    assert await town.refused(**take, handlingMode="IMMEDIATE") == (
        "IMMEDIATE_IS_ON_SPOT handlingMode"
    )
    both = {**take, "handlingMode": "TIME_LIMITED", "result": "当场取缔"}
    assert await town.refused(**both) == "RESULT_OR_MODE handlingMode"
    units = [lead_unit, {"name": "县文化执法大队"}, {"name": "派出所"}]
    made = await town.do(
        **together, participants=units, fields=f"{ISSUE} participants {{ name role }}"
    )
    assert (made["state"], made["handlingMode"]) == ("OPENED", "COORDINATED")
    assert made["workdaySession"]["id"] == session
    assert len(made["participants"]) == 3
    assert [step["action"] for step in made["transitions"]] == ["receive", "open"]
    due = await town.do(**{**take, "title": "限时"}, handlingMode="TIME_LIMITED", dueDays=5,
                        fields="dueOn")  # fmt: skip
    assert due == {"dueOn": "2015-06-15"}


async def test_what_a_matter_refuses(town: Town) -> None:
    session = await town.reach("HELD")
    take = {"mutation": "workdayMatterTake", "session": session, "category": "OTHER"}
    assert await town.refused(**take, title=" ") == "BLANK title"
    assert await town.refused(**take, title="长" * 201) == "TOO_LONG title"
    assert await town.refused(**{**take, "category": "X"}, title="x") == "UNKNOWN_CODE category"
    assert await town.refused(**take, title="x", number="N1", affectedHouseholds=-1) == (
        "NOT_POSITIVE affectedHouseholds"
    )
    await town.do(**take, title="x", number="N1")
    assert await town.refused(**take, title="x", number="N1") == "NUMBER_TAKEN number"
    stranger = town.person("stranger")
    assert await town.refused(**take, title="x", collector=stranger) == "NOT_FOUND collector"
    ahead = {"occurredAt": "2015-06-09T00:00:00+08:00"}
    assert await town.refused(**take, title="x", **ahead) == "FUTURE_DATE occurredAt"
    limited = {**take, "title": "x", "handlingMode": "TIME_LIMITED"}
    lead = {"handler": town.person("lead")}
    assert await town.refused(**limited, dueOn="2015-07-01") == "NO_HANDLER handler"
    both = {**limited, **lead, "dueOn": "2015-07-01", "dueDays": 3}
    assert await town.refused(**both) == "TWO_DEADLINES dueDays"
    assert await town.refused(**limited, **lead, dueOn="2015-06-07") == "DUE_TOO_EARLY dueOn"
    assert await town.refused(**limited, **lead, dueDays=0) == "DAYS_OUT_OF_RANGE days"
    cost = {"dueDays": 3, "plannedCost": "9" * 13}
    assert await town.refused(**limited, **lead, **cost) == "TOO_LARGE plannedCost"
    unit, two = {"name": "甲"}, {"name": "乙", "role": "LEAD"}
    for participants, code in (
        ([{}], "UNIT_NEEDED"),
        ([unit, unit], "UNIT_TWICE"),
        ([two, {**two, "name": "丙"}], "TWO_LEADS"),
    ):
        given = {**limited, **lead, "dueDays": 3, "participants": participants}
        assert await town.refused(**given) == f"{code} participants"
    planned = await town.plan("2015-06-15")
    assert await town.refused(**{**take, "session": planned}, title="x") == "STATE"
    closed = await town.reach("CLOSED", "2015-06-15", "west")
    assert await town.refused(**{**take, "session": closed}, title="x") == "STATE"


async def test_an_issue_from_elsewhere_has_no_session(town: Town) -> None:
    """Also where the id of what it came from is that of a session."""
    session = await town.reach("HELD")
    assert session == "WorkdaySession:1"
    query = """mutation($input: IssueReceiveInput!) { issueReceive(input: $input) {
        issue { id workdaySession { id } } errors { code } } }"""
    for source_ref in (None, town.org("county").replace("Organization", "Area")):
        given = {
            "organization": town.org("east"),
            "title": "x",
            "source": "WALK",
            "category": "OTHER",
            "sourceRef": source_ref,
        }
        result = await town.district.execute(query, {"input": given}, town.staff)
        assert result.errors == []
        assert result.data["issueReceive"]["errors"] == []
        assert result.data["issueReceive"]["issue"]["workdaySession"] is None
    found = await town.ask("{ workdaySessions { nodes { issueCount issues { totalCount } } } }")
    assert found["workdaySessions"]["nodes"] == [{"issueCount": 0, "issues": {"totalCount": 0}}]


async def test_a_matter_needs_an_area_to_be_entered(town: Town) -> None:
    async with town.district.database():
        bare = await service.create_organization(
            "T-BARE", "合成居委会", "RESIDENTS_COMMITTEE", superior_id=town.organizations["town"].id
        )
    town.organizations = {**town.organizations, "bare": bare}
    lead = town.person("lead")
    liaison = {"official": lead, "organization": town.org("bare"), "isAreaLead": True}
    await town.do("workdayLiaisonAssign", **liaison)
    session = await town.reach("HELD", where="bare")
    take = {"mutation": "workdayMatterTake", "session": session, "category": "OTHER"}
    limited = {"handlingMode": "TIME_LIMITED", "handler": lead, "dueDays": 3}
    assert await town.refused(**take, **limited, title="x") == "NO_AREA area"
    made = await town.do(**take, title="x", result="解决", fields="area { id }")
    assert made == {"area": None}


async def test_a_number_that_the_ledger_would_make_itself_is_refused(town: Town) -> None:
    session = await town.reach("HELD")
    code = town.organizations["east"].code
    given = {"session": session, "title": "x", "category": "OTHER"}
    refused = await town.refused("workdayMatterTake", **given, number=f"{code}-2015-77")
    assert refused == "NUMBER_RESERVED number"


def test_every_refusal_of_the_ledger_and_of_publication_is_named() -> None:
    """What another plugin may refuse must stand in the docstring of the use case that calls it."""

    def codes(function: Any) -> set[str]:
        return set(read_docstring(function)[2])

    taken = codes(workday.take_matter)
    assert codes(ledger.receive_issue) <= taken
    assert codes(ledger.solve_on_spot) - {"NO_RESULT"} <= taken
    assert codes(ledger.open_issue) - {"NO_MODE"} <= taken
    withdrawn = codes(publication.withdraw) - {"BLANK"}
    made_up = {"BLANK", "PERIOD"}  # of title and period, which no client gives
    assert (codes(publication.publish) - made_up) | withdrawn <= codes(workday.publish_notice)
    for each in (workday.cancel_session, workday.postpone_session):
        assert codes(publication.withdraw) <= codes(each)
