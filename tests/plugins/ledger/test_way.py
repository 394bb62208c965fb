"""L01–L06: the way of an issue from its receipt to satisfaction, and the ways beside it."""

from __future__ import annotations

import asyncio
import datetime as dt

from gongzhi.clock import stopped_at
from gongzhi.writing.models import Event
from gongzhi_ledger.models import Issue, IssueTransition
from tests.plugins.ledger.conftest import BOARD, Town, at, day

WAY = """query Q($id: ID!) { issue(id: $id) {
  state openedOn endedOn result deadline { dueOn basis days } overdue(asOf: "2026-03-13")
  transitions { action fromState toState occurredAt }
  returnVisits { satisfaction atHome settlement }
  publications { totalCount nodes { title body category { code } postings { place } } }
} }"""


async def steps(town: Town, issue: str) -> list[str]:
    data = await town.ask(
        "query Q($id: ID!) { issue(id: $id) { transitions { action toState } } }", id=issue
    )
    return [f"{each['action']} {each['toState']}" for each in data["issue"]["transitions"]]


async def kinds(town: Town, issue: str) -> list[str]:
    async with town.district.database():
        rows = await Event.filter(entity_type="Issue", entity_id=key(issue)).order_by("id")
    return [row.kind.removeprefix("ledger.issue.") for row in rows]


def key(issue: str) -> int:
    return int(issue.partition(":")[2])


async def test_v4_v30_an_issue_goes_its_whole_way(town: Town) -> None:
    issue = await town.closed()
    found = (await town.ask(WAY, id=issue))["issue"]
    assert [(s["action"], s["fromState"], s["toState"]) for s in found["transitions"]] == [
        ("receive", "", "RECEIVED"),
        ("open", "RECEIVED", "OPENED"),
        ("handle", "OPENED", "HANDLING"),
        ("settle", "HANDLING", "SETTLED"),
        ("disclose", "SETTLED", "DISCLOSED"),
        ("close", "DISCLOSED", "CLOSED"),
    ]
    assert [step["occurredAt"] for step in found["transitions"]] == [
        f"2026-03-{d:02}T01:00:00.000Z" for d in (2, 2, 3, 7, 8, 10)
    ]
    assert found["state"] == "CLOSED"
    assert (found["openedOn"], found["endedOn"]) == ("2026-03-02", "2026-03-07")
    assert found["deadline"] == {"dueOn": "2026-03-12", "basis": None, "days": None}
    assert found["overdue"] is False
    assert found["returnVisits"] == [{"satisfaction": "SATISFIED", "atHome": True, "settlement": 1}]
    (notice,) = found["publications"]["nodes"]
    assert notice == {
        "title": "排污沟散发异味",
        "body": "已彻底疏浚",
        "category": {"code": "RESULT"},
        "postings": [{"place": "居委会公开栏"}],
    }
    assert await kinds(town, issue) == [
        "receive",
        "open",
        "handle",
        "settle",
        "disclose",
        "visit",
        "close",
    ]


async def test_l01_what_is_solved_on_the_spot_is_not_in_the_ledger(town: Town) -> None:
    issue = (await town.do("issueSolveOnSpot", **town.matter(result="当场疏通")))["id"]
    other = await town.received()
    await town.do("issueSolve", issue=other, result="当场疏通", occurredAt=at(day(1)))
    assert await steps(town, issue) == ["receive RECEIVED", "solve SOLVED_ON_SPOT"]
    assert await steps(town, other) == ["receive RECEIVED", "solve SOLVED_ON_SPOT"]
    data = await town.ask("{ issues { nodes { openedOn handlingMode result } } }")
    solved = {"openedOn": None, "handlingMode": "IMMEDIATE", "result": "当场疏通"}
    assert data["issues"]["nodes"] == [solved, solved]


async def test_a_number_is_made_of_organization_year_and_id_or_is_given(town: Town) -> None:
    issue = await town.received(occurredAt="2014-12-31T17:00:00Z")
    opened = await town.opened(number="XH-TV")
    data = await town.ask("{ issues { nodes { id number version } } }")
    code = town.organizations["east"].code
    assert data["issues"]["nodes"] == [
        {"id": issue, "number": f"{code}-2015-{key(issue)}", "version": 1},
        {"id": opened, "number": "XH-TV", "version": 1},
    ]
    by_number = await town.ask('{ issue(number: "XH-TV") { id } }')
    assert by_number == {"issue": {"id": opened}}


async def test_it_lies_in_the_area_of_its_organization_or_where_it_is_said(town: Town) -> None:
    await town.received()
    await town.received(area=f"Area:{town.areas['west'].id}", title="在西")
    data = await town.ask(
        """query Q($east: ID!, $street: ID!) {
          east: area(id: $east) { issues { nodes { title } } }
          street: area(id: $street) { issues { totalCount } subtreeIssues { totalCount } }
        }""",
        east=f"Area:{town.areas['east'].id}",
        street=f"Area:{town.areas['street'].id}",
    )
    assert data["east"]["issues"]["nodes"] == [{"title": "排污沟散发异味"}]
    assert data["street"] == {"issues": {"totalCount": 0}, "subtreeIssues": {"totalCount": 2}}


async def test_a_deadline_of_working_days_passes_the_weekend_and_the_holiday(town: Town) -> None:
    async with town.district.database():
        from gongzhi.calendar import service as calendar

        await calendar.install()
    given = {"dueOn": None, "dueDays": 5, "occurredAt": "2014-04-30T09:00:00+08:00"}
    issue = await town.opened(**given)  # Labour Day 1–3 May, 4 May worked instead
    data = await town.ask(
        "query Q($id: ID!) { issue(id: $id) { dueOn deadline { dueOn basis days } } }", id=issue
    )
    assert data["issue"]["deadline"] == {
        "dueOn": "2014-05-08",
        "basis": "WORKING_DAYS",
        "days": 5,
    }


async def test_units_that_take_part_are_added_and_removed(town: Town) -> None:
    units = [{"organization": town.id("police"), "role": "LEAD"}, {"name": "县文化执法大队"}]
    issue = await town.opened(handlingMode="COORDINATED", participants=units)
    await town.do("issueAddParticipant", issue=issue, name="工商所")
    query = """query Q($id: ID!) { issue(id: $id) {
      leadUnit { id } participants { id name role organization { id } } } }"""
    found = (await town.ask(query, id=issue))["issue"]
    police = town.organizations["police"]
    assert [(u["name"], u["role"], u["organization"]) for u in found["participants"]] == [
        (police.name, "LEAD", {"id": town.id("police")}),
        ("县文化执法大队", "PARTNER", None),
        ("工商所", "PARTNER", None),
    ]
    assert found["leadUnit"] == {"id": town.id("police")}
    removed = found["participants"][1]["id"]
    await town.do("issueRemoveParticipant", participant=removed)
    left = (await town.ask(query, id=issue))["issue"]["participants"]
    assert [unit["name"] for unit in left] == [police.name, "工商所"]
    code, _ = await town.refused(
        "issueRemoveParticipant", participant=found["participants"][0]["id"]
    )
    assert code == "LEAD_NEEDED"


async def test_measures_are_added_and_changed(town: Town) -> None:
    issue = await town.handled()
    measure = await town.do(
        "issueAddMeasure",
        select="issueMeasure { id }",
        issue=issue,
        kind="CABLE",
        sites="新海1连、2连、5连、6连、11连",
        households=101,
        plannedCost="210000",
        unitName="文广站",
    )
    changed = await town.do(
        "issueChangeMeasure",
        select="issueMeasure { kind { labelZh } sites households plannedCost actualCost unitName version }",
        measure=measure["id"],
        actualCost="209999.99",
        households=None,
        expectedVersion=1,
    )
    assert changed == {
        "kind": {"labelZh": "安装有线电视"},
        "sites": "新海1连、2连、5连、6连、11连",
        "households": None,
        "plannedCost": "210000",
        "actualCost": "209999.99",
        "unitName": "文广站",
        "version": 2,
    }
    assert await town.refused(
        "issueChangeMeasure",
        select="issueMeasure { id }",
        measure=measure["id"],
        expectedVersion=1,
    ) == ("CONFLICT", "expectedVersion")


async def test_a_change_leaves_what_is_absent_and_clears_what_is_null(town: Town) -> None:
    issue = await town.opened(affectedHouseholds=16, plannedCost="420000", description="旧")
    await town.do(
        "issueChange",
        issue=issue,
        severity="KEY",
        affectedHouseholds=None,
        handlingMode=None,
        area=f"Area:{town.areas['west'].id}",
        reporter=town.id("reporter"),
        existsSince="2009-06-01",
        expectedVersion=1,
    )
    data = await town.ask(
        """query Q($id: ID!) { issue(id: $id) { severity affectedHouseholds handlingMode
        plannedCost description area { id } reporter { id } existsSince version
        yearsOpen(asOf: "2015-05-31") } }""",
        id=issue,
    )
    assert data["issue"] == {
        "severity": "KEY",
        "affectedHouseholds": None,
        "handlingMode": "TIME_LIMITED",
        "plannedCost": "420000",
        "description": "旧",
        "area": {"id": f"Area:{town.areas['west'].id}"},
        "reporter": {"id": town.id("reporter")},
        "existsSince": "2009-06-01",
        "version": 2,
        "yearsOpen": 5,
    }


async def test_progress_is_disclosed_without_a_step(town: Town) -> None:
    issue = await town.handled()
    await town.do("issueDisclose", issue=issue, channels=BOARD, body="已确定疏浚方案")
    assert await town.state(issue) == "HANDLING"
    assert (await kinds(town, issue))[-1] == "progress"
    data = await town.ask(
        "query Q($id: ID!) { issue(id: $id) { publications { nodes { body } } } }", id=issue
    )
    assert data["issue"]["publications"]["nodes"] == [{"body": "已确定疏浚方案"}]


async def test_what_was_published_otherwise_discloses_it_too(town: Town) -> None:
    issue = await town.settled()
    notice = await town.do(
        "publicationDraft",
        select="publication { id }",
        organization=town.id("east"),
        category="RESULT",
        title="结果",
        about=issue,
        channels=BOARD,
    )
    await town.do(
        "publicationPublish",
        select="publication { id }",
        publication=notice["id"],
        occurredAt=at(day(6)),
    )
    await town.do("issueDisclose", issue=issue)
    assert await town.state(issue) == "DISCLOSED"


async def test_v4_v5_an_unsatisfied_visit_reopens_and_a_satisfied_one_closes(town: Town) -> None:
    issue = await town.disclosed()
    await town.visit(issue, "PARTLY")
    await town.do("issueReopen", issue=issue, reason="仍有异味", occurredAt=at(day(8)))
    data = await town.ask(
        """query Q($id: ID!) { issue(id: $id) { state settledAt disclosedAt endedOn
        viewerCan { handle settle close reopen visit } } }""",
        id=issue,
    )
    assert data["issue"] == {
        "state": "REOPENED",
        "settledAt": None,
        "disclosedAt": None,
        "endedOn": None,
        "viewerCan": {
            "handle": True,
            "settle": False,
            "close": False,
            "reopen": False,
            "visit": False,
        },
    }
    await town.do("issueHandle", issue=issue, occurredAt=at(day(9)))
    await town.do("issueSettle", issue=issue, result="再次疏浚", occurredAt=at(day(10)))
    # the publication of the first result is not that of the second
    assert await town.refused("issueDisclose", issue=issue) == ("NOT_PUBLISHED", "channels")
    await town.do("issueDisclose", issue=issue, channels=BOARD, occurredAt=at(day(11)))
    await town.visit(issue, occurredAt=at(day(12)))
    await town.do("issueClose", issue=issue)
    data = await town.ask(
        "query Q($id: ID!) { issue(id: $id) { returnVisits { satisfaction settlement } } }",
        id=issue,
    )
    assert data["issue"]["returnVisits"] == [
        {"satisfaction": "PARTLY", "settlement": 1},
        {"satisfaction": "SATISFIED", "settlement": 2},
    ]


async def test_v6_another_may_visit_with_a_reason(town: Town) -> None:
    issue = await town.disclosed()
    await town.visit(
        issue, visitor=town.id("other"), atHome=False, overrideReason="收集人已调离，电话回访"
    )
    await town.do("issueClose", issue=issue)
    data = await town.ask(
        """query Q($id: ID!) { issue(id: $id) {
        returnVisits { visitor { id } atHome overrideReason } } }""",
        id=issue,
    )
    assert data["issue"]["returnVisits"] == [
        {
            "visitor": {"id": town.id("other")},
            "atHome": False,
            "overrideReason": "收集人已调离，电话回访",
        }
    ]


async def test_who_could_not_be_reached_is_recorded_and_visited_again(town: Town) -> None:
    issue = await town.disclosed()
    await town.visit(issue, "UNREACHABLE", atHome=False)
    assert await town.refused("issueClose", issue=issue) == ("NOT_SATISFIED", None)
    assert await town.refused("issueReopen", issue=issue) == ("NOT_UNSATISFIED", None)
    await town.visit(issue, occurredAt=at(day(8)))
    await town.do("issueClose", issue=issue)


async def test_duplicates_are_merged(town: Town) -> None:
    stays, double = await town.opened(), await town.received()
    await town.do("issueMerge", issue=double, into=stays, reason="同一排污沟")
    data = await town.ask(
        """query Q($id: ID!) { issue(id: $id) { state endedOn mergedInto {
        id duplicates { nodes { id } } } } }""",
        id=double,
    )
    assert data["issue"]["state"] == "MERGED"
    assert data["issue"]["endedOn"] is not None
    assert data["issue"]["mergedInto"] == {"id": stays, "duplicates": {"nodes": [{"id": double}]}}


async def test_l05_an_issue_is_raised_level_by_level_or_straight_to_court(town: Town) -> None:
    issue = await town.opened()
    await town.do("issueEscalate", issue=issue, reason="跨居民区", refusedBy="物业公司")
    await town.do("issueEscalate", issue=issue, reason="重大纠纷", to="COURT")
    data = await town.ask(
        """query Q($id: ID!) { issue(id: $id) { state resolutionLevel
        referrals { kind fromLevel toLevel refusedBy reason receiver { id } } } }""",
        id=issue,
    )
    assert data["issue"]["state"] == "OPENED"
    assert data["issue"]["resolutionLevel"] == "COURT"
    assert data["issue"]["referrals"] == [
        {
            "kind": "ESCALATION",
            "fromLevel": "COMMUNITY",
            "toLevel": "SUBDISTRICT",
            "refusedBy": "物业公司",
            "reason": "跨居民区",
            "receiver": None,
        },
        {
            "kind": "ESCALATION",
            "fromLevel": "SUBDISTRICT",
            "toLevel": "COURT",
            "refusedBy": "",
            "reason": "重大纠纷",
            "receiver": None,
        },
    ]


async def test_an_issue_is_handed_on_entered_anew_and_handed_back(town: Town) -> None:
    issue = await town.handled()
    referral = await town.do(
        "issueTransfer",
        select="issueReferral { issueNumber issueState receiver { id } refusedBy issue { id } }",
        issue=issue,
        reason="属西侧居委",
        refusedBy="物业公司",
        to=town.id("west"),
        occurredAt=at(day(2)),
    )
    assert referral["issue"] == {"id": issue}
    assert referral["issueState"] == "TRANSFERRED"
    assert (referral["receiver"], referral["refusedBy"]) == ({"id": town.id("west")}, "物业公司")
    query = """query Q($id: ID!) { issue(id: $id) { organization { id } handler { id }
      openedOn dueOn handlingMode state resolutionLevel } }"""
    assert (await town.ask(query, id=issue))["issue"] == {
        "organization": {"id": town.id("west")},
        "handler": None,
        "openedOn": None,
        "dueOn": "2026-03-12",
        "handlingMode": "TIME_LIMITED",
        "state": "TRANSFERRED",
        "resolutionLevel": "COMMUNITY",
    }
    assert await town.refused("issueEnter", issue=issue) == ("NO_HANDLER", "handler")
    # what was said before stays
    await town.do("issueEnter", issue=issue, handler=town.id("other"), occurredAt=at(day(3)))
    await town.do("issueTransfer", select="issueReferral { id }", issue=issue, reason="上交街道")
    found = (await town.ask(query, id=issue))["issue"]
    assert found["organization"] == {"id": town.id("street")}
    assert found["resolutionLevel"] == "SUBDISTRICT"
    assert (await steps(town, issue))[3:] == [
        "transfer TRANSFERRED",
        "open OPENED",
        "transfer TRANSFERRED",
    ]


async def test_return_visits_count_where_the_issue_is(town: Town) -> None:
    issue = await town.settled()
    await town.visit(issue, "UNSATISFIED")
    await town.do("issueReopen", issue=issue, occurredAt=at(day(8)))
    query = """query Q($east: ID!, $west: ID!) {
      east: organization(id: $east) { issueFigures { satisfactionRate } }
      west: organization(id: $west) { issueFigures { satisfactionRate } } }"""
    ids = {"east": town.id("east"), "west": town.id("west")}

    async def rates() -> list[str | None]:
        data = await town.ask(query, **ids)
        return [data[side]["issueFigures"]["satisfactionRate"] for side in ids]

    assert await rates() == ["0.000", None]
    await town.do(
        "issueTransfer",
        select="issueReferral { id }",
        issue=issue,
        reason="属西侧居委",
        to=town.id("west"),
    )
    assert await rates() == [None, "0.000"]


async def test_l04_supervisions_attachments_and_recurrences_are_written_down(town: Town) -> None:
    issue = await town.opened(severity="KEY")
    await town.do("issueSupervise", issue=issue, heldOn=str(day(1)), note="列入本周调度")
    await town.do("issueSupervise", issue=issue, kind="IMMEDIATE_SUPERVISION", heldOn=str(day(2)))
    await town.do("issueRecur", issue=issue, observedOn=str(day(-30)), note="死灰复燃")
    await town.do("issueRecur", issue=issue, observedOn=str(day(1)))
    await town.do("issueAttach", issue=issue, uri="档案 2026-3", title="照片", sha256="AB" * 32)
    data = await town.ask(
        """query Q($id: ID!) { issue(id: $id) { recurrenceCount recurrences { observedOn note }
        supervisions { kind heldOn note } attachments { uri title sha256 } } }""",
        id=issue,
    )
    assert data["issue"] == {
        "recurrenceCount": 2,
        "recurrences": [
            {"observedOn": "2026-01-31", "note": "死灰复燃"},
            {"observedOn": "2026-03-03", "note": ""},
        ],
        "supervisions": [
            {"kind": "WEEKLY_DISPATCH", "heldOn": "2026-03-03", "note": "列入本周调度"},
            {"kind": "IMMEDIATE_SUPERVISION", "heldOn": "2026-03-04", "note": ""},
        ],
        "attachments": [{"uri": "档案 2026-3", "title": "照片", "sha256": "ab" * 32}],
    }


async def test_events_carry_no_text_of_the_issue(town: Town) -> None:
    secret = "某某某家的排污沟"
    issue = await town.closed(title=secret, description=secret)
    await town.do("issueRecur", issue=issue, note=secret)
    async with town.district.database():
        rows = await Event.all()
    assert len(rows) >= 9
    assert not [row.data for row in rows if "排污沟" in row.data]


async def test_the_job_says_once_that_an_issue_is_late(town: Town) -> None:
    late, settled = await town.opened(), await town.settled()
    await town.opened(dueOn=str(day(300)))
    with stopped_at(dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)):
        await town.district.run_jobs()
    for hour in (21, 22, 23):
        with stopped_at(dt.datetime(2026, 3, hour, 12, tzinfo=dt.UTC)):
            await town.district.run_jobs()
    assert (await kinds(town, late)).count("overdue") == 1
    assert "overdue" not in await kinds(town, settled)
    async with town.district.database():
        assert await Event.filter(kind="ledger.issue.overdue").count() == 1
    # a new deadline is watched anew
    await town.do("issueChange", issue=late, dueOn=str(day(30)))
    with stopped_at(dt.datetime(2026, 4, 10, 12, tzinfo=dt.UTC)):
        await town.district.run_jobs()
    assert (await kinds(town, late)).count("overdue") == 2


async def test_sixteen_editors_of_one_issue_lose_nothing(town: Town) -> None:
    issue = await town.handled()
    await asyncio.gather(
        *(town.do("issueRecur", issue=issue, observedOn=str(day(1))) for _ in range(16))
    )
    versions = await asyncio.gather(
        *(
            town.payload("issueChange", issue=issue, title=f"改 {n}", expectedVersion=18)
            for n in range(16)
        )
    )
    async with town.district.database():
        row = await Issue.get(id=key(issue))
    assert (row.recurrence_count, row.version) == (16, 19)
    codes = [error["code"] for each in versions for error in each["errors"]]
    assert codes == ["CONFLICT"] * 15


async def test_a_keyed_request_is_done_once(town: Town) -> None:
    given = town.opening(idempotencyKey="k-1", token=await town.token())
    answers = await asyncio.gather(*(town.do("issueOpen", **given) for _ in range(8)))
    assert len({answer["id"] for answer in answers}) == 1
    async with town.district.database():
        assert await Issue.all().count() == 1
        assert await IssueTransition.all().count() == 2
