"""Who sees an issue and who may do what with it."""

from __future__ import annotations

from gongzhi_ledger.rules import MACHINE
from tests.plugins.ledger.conftest import Town, at, day

ISSUES = "{ issues { totalCount nodes { id } } }"


async def numbers(town: Town, token: str) -> list[str]:
    data = await town.ask(ISSUES, token)
    found = [each["id"] for each in data["issues"]["nodes"]]
    assert data["issues"]["totalCount"] == len(found)
    return found


async def test_a_secretary_sees_the_ledger_of_the_own_community(town: Town) -> None:
    east = await town.opened()
    west = await town.opened(organization=town.id("west"))
    secretary = await town.token("COMMUNITY_SECRETARY", "east")
    assert await numbers(town, secretary) == [east]
    assert await numbers(town, await town.token()) == [east, west]
    assert await numbers(town, await town.token("SUBDISTRICT_STAFF", "far")) == []
    # what one may not see looks absent
    data = await town.ask("query Q($id: ID!) { issue(id: $id) { id } }", secretary, id=west)
    assert data == {"issue": None}
    assert await town.refused("issueHandle", token=secretary, issue=west) == ("NOT_FOUND", "issue")
    assert await town.refused("issueMerge", token=secretary, issue=east, into=west) == (
        "NOT_FOUND",
        "into",
    )


async def test_the_parts_of_a_hidden_issue_are_hidden(town: Town) -> None:
    issue = await town.handled(participants=[{"name": "工商所"}])
    measure = await town.do(
        "issueAddMeasure", select="issueMeasure { id }", issue=issue, kind="TALK"
    )
    query = "query Q($id: ID!) { node(id: $id) { id } }"
    token = await town.token("COMMUNITY_SECRETARY", "west")
    for part in (measure["id"], "IssueParticipant:1", issue):
        assert await town.ask(query, id=part) == {"node": {"id": part}}
        assert await town.ask(query, token, id=part) == {"node": None}
    assert await town.refused(
        "issueRemoveParticipant", token=token, participant="IssueParticipant:1"
    ) == ("NOT_FOUND", "participant")
    assert await town.refused(
        "issueChangeMeasure",
        token=token,
        select="issueMeasure { id }",
        measure=measure["id"],
        sites="五连",
    ) == ("NOT_FOUND", "measure")


async def test_territory_opens_a_ledger_too(town: Town) -> None:
    issue = await town.opened()
    await town.opened(organization=town.id("west"))
    token = await town.district.token("SUBDISTRICT_STAFF", area=town.areas["east"].code)
    assert await numbers(town, token) == [issue]
    await town.do("issueHandle", token=token, issue=issue)


async def test_nobody_sees_a_ledger_without_a_token(town: Town) -> None:
    issue = await town.opened()
    result = await town.district.execute(ISSUES)
    assert result.data == {"issues": {"totalCount": 0, "nodes": []}}
    document = f'mutation {{ issueHandle(input: {{issue: "{issue}"}}) {{ __typename }} }}'
    result = await town.district.execute(document)
    assert result.errors[0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_who_reported_is_seen_only_by_those_who_may_see_people(town: Town) -> None:
    issue = await town.opened(reporter=town.id("reporter"))
    query = "query Q($id: ID!) { issue(id: $id) { title reporter { id name } } }"
    data = await town.ask(query, id=issue)
    assert data["issue"]["reporter"]["id"] == town.id("reporter")
    assert "*" in data["issue"]["reporter"]["name"]
    worker = await town.token("GRID_WORKER", "east")
    assert (await town.ask(query, worker, id=issue))["issue"] == {
        "title": "排污沟散发异味",
        "reporter": None,
    }


async def test_what_is_handed_up_is_followed_without_being_seen(town: Town) -> None:
    issue = await town.opened(number="XH-7")
    secretary = await town.token("COMMUNITY_SECRETARY", "east")
    select = """issueReferral { id issueNumber issueTitle issueState receiverName reason
      issue { id } receiver { id } }"""
    referral = await town.do(
        "issueTransfer",
        token=secretary,
        select=select,
        issue=issue,
        reason="超出社区权限",
        occurredAt=at(day(1)),
    )
    assert referral == {
        "id": referral["id"],
        "issueNumber": "XH-7",
        "issueTitle": "排污沟散发异味",
        "issueState": "TRANSFERRED",
        "receiverName": town.organizations["street"].name,
        "reason": "超出社区权限",
        "issue": None,
        "receiver": None,
    }
    assert await numbers(town, secretary) == []
    assert await town.refused("issueHandle", token=secretary, issue=issue) == ("NOT_FOUND", "issue")
    await town.do("issueEnter", issue=issue, handler=town.id("other"), occurredAt=at(day(2)))
    query = """query Q($id: ID!) { organization(id: $id) {
      issueReferrals { nodes { issueNumber issueState } } } }"""
    data = await town.ask(query, secretary, id=town.id("east"))
    assert data["organization"]["issueReferrals"]["nodes"] == [
        {"issueNumber": "XH-7", "issueState": "OPENED"}
    ]
    # the street sees the issue itself, and where it came from
    query = "query Q($id: ID!) { issue(id: $id) { referrals { organization { id } } } }"
    data = await town.ask(query, id=issue)
    assert data["issue"]["referrals"] == [{"organization": {"id": town.id("east")}}]


async def test_viewer_can_says_what_the_role_and_the_state_allow(town: Town) -> None:
    issue = await town.opened()
    query = (
        "query Q($id: ID!) { issue(id: $id) { viewerCan { " + " ".join(MACHINE.actions) + " } } }"
    )

    async def can(role: str, where: str = "east") -> set[str]:
        data = await town.ask(query, await town.token(role, where), id=issue)
        return {action for action, yes in data["issue"]["viewerCan"].items() if yes}

    acts = {"handle", "transfer", "reject", "merge", "escalate", "change", "invite", "measure"}
    acts |= {"recur", "attach", "supervise"}
    assert await can("COMMUNITY_SECRETARY") == acts
    assert await can("GRID_WORKER") == {"handle", "change", "invite", "measure", "recur", "attach"}
    assert await can("AUDITOR") == set()
    await town.do("issueHandle", issue=issue, occurredAt=at(day(1)))
    await town.do("issueSettle", issue=issue, result="已疏浚", occurredAt=at(day(2)))
    settled = {"disclose", "reopen", "visit", "measure", "recur", "attach"}
    assert await can("COMMUNITY_SECRETARY") == settled
    assert await can("BRANCH_COMMITTEE_MEMBER") == {"visit"}


ROLES = {
    "issueReceive": "AUDITOR",
    "issueOpen": "GRID_WORKER",
    "issueHandle": "BRANCH_COMMITTEE_MEMBER",
    "issueReject": "GRID_WORKER",
    "issueDisclose": "GRID_WORKER",
    "issueClose": "BRANCH_SECRETARY",
    "issueVisit": "AUDITOR",
    "issueSupervise": "GRID_WORKER",
    "issueAddMeasure": "BRANCH_COMMITTEE_MEMBER",
}
"""Mutation → a role that sees the issue and may not do this."""


async def test_who_sees_it_may_not_for_that_change_it(town: Town) -> None:
    issue = await town.opened()
    more = {
        "issueReceive": town.matter(),
        "issueOpen": town.matter(),
        "issueReject": {"reason": "无权办理"},
        "issueVisit": {"visitor": town.id("collector"), "satisfaction": "SATISFIED"},
        "issueAddMeasure": {"kind": "TALK"},
    }
    for name, role in ROLES.items():
        given = more.get(name, {})
        if name not in {"issueReceive", "issueOpen"}:
            given = {"issue": issue, **given}
        token = await town.token(role, "east")
        assert await town.forbidden(name, token=token, **given) == "FORBIDDEN", name


async def test_entering_for_an_organization_needs_the_right_there(town: Town) -> None:
    # the street is seen from its community, and yet is not its ledger
    token = await town.district.token(
        "PARTY_MEMBER", organization=town.organizations["street"].code
    )
    assert await town.forbidden("issueReceive", token=token, **town.matter()) == "FORBIDDEN"
