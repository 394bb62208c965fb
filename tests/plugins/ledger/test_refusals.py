"""Every refusal of the ledger, by its code, as a client gets it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from gongzhi.calendar import rules as calendar
from gongzhi.graph.mutations import read_docstring
from gongzhi.registry.models import Organization
from gongzhi_ledger import service
from gongzhi_ledger.models import Issue, ReturnVisit
from gongzhi_ledger.rules import REFUSALS
from gongzhi_publication import rules as publication
from tests.plugins.ledger.conftest import BOARD, Town, at, day

Case = Callable[[Town], Awaitable[tuple[str, str | None]]]

CASES: dict[str, tuple[tuple[str, str | None], Case]] = {}
"""Name → (code, field) and what is done."""


def refuses(code: str, field: str | None = None) -> Callable[[Case], Case]:
    def wrap(case: Case) -> Case:
        CASES[f"{code} {case.__name__}"] = ((code, field), case)
        return case

    return wrap


# ---- coming in -----------------------------------------------------------------------------------


@refuses("NOT_FOUND", "organization")
async def a_hidden_organization(t: Town) -> Any:
    return await t.refused("issueReceive", **t.matter(organization=t.id("far")))


@refuses("NOT_FOUND", "collector")
async def a_hidden_collector(t: Town) -> Any:
    return await t.refused("issueReceive", **t.matter(collector=t.id("stranger")))


@refuses("NOT_FOUND", "sourceRef")
async def a_hidden_source(t: Town) -> Any:
    return await t.refused("issueReceive", **t.matter(sourceRef=t.id("far")))


@refuses("NOT_ACTIVE", "organization")
async def a_dissolved_organization(t: Town) -> Any:
    async with t.district.database():
        await (
            t.organizations["nowhere"]
            .filter(id=t.organizations["nowhere"].id)
            .update(status="DISSOLVED")
        )
    refused = await t.refused("issueReceive", **t.matter(organization=t.id("nowhere")))
    await _dissolve(t, "nowhere", "ACTIVE")
    return refused


async def _dissolve(t: Town, name: str, status: str) -> None:
    async with t.district.database():
        await Organization.filter(id=t.organizations[name].id).update(status=status)


@refuses("BLANK", "title")
async def no_title(t: Town) -> Any:
    return await t.refused("issueReceive", **t.matter(title="  "))


@refuses("TOO_LONG", "title")
async def a_long_title(t: Town) -> Any:
    return await t.refused("issueReceive", **t.matter(title="问" * 201))


@refuses("TOO_LONG", "description")
async def a_long_description(t: Town) -> Any:
    return await t.refused("issueReceive", **t.matter(description="问" * 10_001))


@refuses("UNKNOWN_CODE", "source")
async def an_unknown_source(t: Town) -> Any:
    return await t.refused("issueReceive", **t.matter(source="RUMOUR"))


@refuses("UNKNOWN_CODE", "category")
async def an_unknown_category(t: Town) -> Any:
    return await t.refused("issueReceive", **t.matter(category="RUMOUR"))


@refuses("FUTURE_DATE", "occurredAt")
async def received_tomorrow(t: Town) -> Any:
    return await t.refused("issueReceive", **t.matter(occurredAt="2999-01-01T00:00:00Z"))


@refuses("FUTURE_DATE", "existsSince")
async def known_since_tomorrow(t: Town) -> Any:
    return await t.refused("issueReceive", **t.matter(existsSince="2999-01-01"))


@refuses("NUMBER_TAKEN", "number")
async def a_number_twice(t: Town) -> Any:
    await t.received(number="XH-7")
    return await t.refused("issueReceive", **t.matter(number="XH-7"))


@refuses("NUMBER_RESERVED", "number")
async def a_number_as_it_could_be_made(t: Town) -> Any:
    return await t.refused("issueReceive", **t.matter(number="XH-2015-12"))


@refuses("NOT_POSITIVE", "affectedHouseholds")
async def fewer_households_than_none(t: Town) -> Any:
    return await t.refused("issueReceive", **t.matter(affectedHouseholds=-1))


@refuses("TOO_LARGE", "plannedCost")
async def a_cost_beyond_the_column(t: Town) -> Any:
    return await t.refused("issueOpen", **t.opening(plannedCost="1000000000000"))


@refuses("NOT_POSITIVE", "plannedCost")
async def a_cost_below_zero(t: Town) -> Any:
    return await t.refused("issueOpen", **t.opening(plannedCost="-0.01"))


@refuses("NO_RESULT", "result")
async def solved_without_result(t: Town) -> Any:
    return await t.refused("issueSolveOnSpot", **t.matter(result=" "))


# ---- entering ------------------------------------------------------------------------------------


@refuses("NO_MODE", "handlingMode")
async def entered_without_mode(t: Town) -> Any:
    return await t.refused("issueOpen", **t.matter(handler=t.id("handler")))


@refuses("IMMEDIATE_IS_ON_SPOT", "handlingMode")
async def entered_at_once(t: Town) -> Any:
    return await t.refused("issueOpen", **t.opening(handlingMode="IMMEDIATE"))


@refuses("NO_AREA", "area")
async def entered_nowhere(t: Town) -> Any:
    return await t.refused("issueOpen", **t.opening(organization=t.id("nowhere")))


@refuses("NO_HANDLER", "handler")
async def entered_without_handler(t: Town) -> Any:
    return await t.refused("issueOpen", **t.opening(handler=None))


@refuses("DEADLINE_NEEDED", "dueOn")
async def by_no_day(t: Town) -> Any:
    return await t.refused("issueOpen", **t.opening(dueOn=None))


@refuses("TWO_DEADLINES", "dueDays")
async def by_two_days(t: Town) -> Any:
    return await t.refused("issueOpen", **t.opening(dueDays=5))


@refuses("DUE_TOO_EARLY", "dueOn")
async def by_yesterday(t: Town) -> Any:
    return await t.refused("issueOpen", **t.opening(dueOn=str(day(-1))))


@refuses("DAYS_OUT_OF_RANGE", "days")
async def by_no_days(t: Town) -> Any:
    return await t.refused("issueOpen", **t.opening(dueOn=None, dueDays=0))


@refuses("LEAD_NEEDED", "participants")
async def together_without_lead(t: Town) -> Any:
    given = t.opening(handlingMode="COORDINATED", participants=[{"name": "工商所"}])
    return await t.refused("issueOpen", **given)


@refuses("PARTNER_NEEDED", "participants")
async def together_without_partner(t: Town) -> Any:
    given = t.opening(handlingMode="COORDINATED", participants=[{"name": "镇", "role": "LEAD"}])
    return await t.refused("issueOpen", **given)


@refuses("TWO_LEADS", "participants")
async def two_leads(t: Town) -> Any:
    units = [{"name": "镇", "role": "LEAD"}, {"name": "县", "role": "LEAD"}]
    return await t.refused("issueOpen", **t.opening(participants=units))


@refuses("UNIT_NEEDED", "participants")
async def a_unit_without_name(t: Town) -> Any:
    return await t.refused("issueOpen", **t.opening(participants=[{}]))


@refuses("UNIT_TWICE", "participants")
async def a_unit_twice(t: Town) -> Any:
    units = [{"organization": t.id("police")}, {"organization": t.id("police"), "name": "别名"}]
    return await t.refused("issueOpen", **t.opening(participants=units))


@refuses("TOO_EARLY", "occurredAt")
async def entered_before_received(t: Town) -> Any:
    given = t.entry(occurredAt=at(day(-1)))
    return await t.refused("issueEnter", issue=await t.received(), **given)


@refuses("CONFLICT", "expectedVersion")
async def entered_after_a_change(t: Town) -> Any:
    issue = await t.received()
    await t.do("issueChange", issue=issue, title="改")
    return await t.refused("issueEnter", issue=issue, expectedVersion=1, **t.entry())


@refuses("STATE")
async def entered_twice(t: Town) -> Any:
    return await t.refused("issueEnter", issue=await t.opened(), **t.entry())


# ---- V4, V5, V6 ----------------------------------------------------------------------------------


@refuses("STATE")
async def settled_before_handling(t: Town) -> Any:
    return await t.refused("issueSettle", issue=await t.opened(), result="好")


@refuses("NO_RESULT", "result")
async def settled_without_result(t: Town) -> Any:
    return await t.refused("issueSettle", issue=await t.handled(), result="\n")


@refuses("STATE")
async def closed_before_disclosure(t: Town) -> Any:
    issue = await t.settled()
    await t.visit(issue)
    return await t.refused("issueClose", issue=issue)


@refuses("NOT_PUBLISHED", "channels")
async def disclosed_without_publication(t: Town) -> Any:
    return await t.refused("issueDisclose", issue=await t.settled())


@refuses("NOT_PUBLISHED", "channels")
async def disclosed_by_a_report_of_progress(t: Town) -> Any:
    issue = await t.handled()
    await t.do("issueDisclose", issue=issue, channels=BOARD, body="进展", occurredAt=at(day(2)))
    await t.do("issueSettle", issue=issue, result="好", occurredAt=at(day(3)))
    return await t.refused("issueDisclose", issue=issue)


@refuses("NOT_PUBLISHED", "channels")
async def disclosed_by_what_was_withdrawn(t: Town) -> Any:
    issue = await t.settled()
    notice = await t.do(
        "publicationDraft",
        select="publication { id }",
        organization=t.id("east"),
        category="RESULT",
        title="结果",
        about=issue,
        channels=BOARD,
    )
    await t.do("publicationPublish", select="publication { id }", publication=notice["id"])
    await t.do(
        "publicationWithdraw",
        select="publication { id }",
        publication=notice["id"],
        reason="有误",
    )
    return await t.refused("issueDisclose", issue=issue)


@refuses("NO_CHANNEL", "channels")
async def progress_on_no_channel(t: Town) -> Any:
    return await t.refused("issueDisclose", issue=await t.handled(), body="进展")


@refuses("PERSONAL_DATA", "body")
async def a_result_with_an_id_number(t: Town) -> Any:
    issue = await t.handled()
    await t.do("issueSettle", issue=issue, result="已联系 11010519491231002X")
    return await t.refused("issueDisclose", issue=issue, channels=BOARD)


@refuses("UNKNOWN_CODE", "channels")
async def disclosed_nowhere(t: Town) -> Any:
    given = [{"channel": "RUMOUR"}]
    return await t.refused("issueDisclose", issue=await t.settled(), channels=given)


@refuses("VISITOR_NOT_COLLECTOR", "visitor")
async def visited_by_another(t: Town) -> Any:
    return await t.refused(
        "issueVisit", issue=await t.settled(), visitor=t.id("other"), satisfaction="SATISFIED"
    )


@refuses("NOT_AT_HOME", "atHome")
async def visited_by_telephone(t: Town) -> Any:
    return await t.refused(
        "issueVisit",
        issue=await t.settled(),
        visitor=t.id("collector"),
        satisfaction="SATISFIED",
        atHome=False,
    )


@refuses("TOO_EARLY", "occurredAt")
async def visited_before_it_was_settled(t: Town) -> Any:
    return await t.refused(
        "issueVisit",
        issue=await t.settled(),
        visitor=t.id("collector"),
        satisfaction="SATISFIED",
        occurredAt=at(day(4)),
    )


@refuses("FUTURE_DATE", "occurredAt")
async def visited_tomorrow(t: Town) -> Any:
    return await t.refused(
        "issueVisit",
        issue=await t.settled(),
        visitor=t.id("collector"),
        satisfaction="SATISFIED",
        occurredAt="2999-01-01T00:00:00Z",
    )


@refuses("NOT_SATISFIED")
async def closed_without_visit(t: Town) -> Any:
    return await t.refused("issueClose", issue=await t.disclosed())


@refuses("NOT_SATISFIED")
async def closed_after_an_unsatisfied_visit(t: Town) -> Any:
    issue = await t.disclosed()
    await t.visit(issue)
    await t.visit(issue, "UNSATISFIED", occurredAt=at(day(8)))
    return await t.refused("issueClose", issue=issue)


@refuses("VISITOR_NOT_COLLECTOR", "visitor")
async def closed_after_the_collector_became_another(t: Town) -> Any:
    issue = await t.disclosed()
    await t.visit(issue)
    async with t.district.database():
        key = int(issue.partition(":")[2])
        await Issue.filter(id=key).update(collector_id=t.people["other"].id)
    return await t.refused("issueClose", issue=issue)


@refuses("NOT_AT_HOME", "atHome")
async def closed_after_a_visit_that_was_brought_in(t: Town) -> Any:
    issue = await t.disclosed()
    await t.visit(issue)
    async with t.district.database():
        key = int(issue.partition(":")[2])
        await ReturnVisit.filter(issue_id=key).update(at_home=False)
    return await t.refused("issueClose", issue=issue)


@refuses("NOT_UNSATISFIED")
async def reopened_without_visit(t: Town) -> Any:
    return await t.refused("issueReopen", issue=await t.settled())


@refuses("NOT_UNSATISFIED")
async def reopened_after_a_satisfied_visit(t: Town) -> Any:
    issue = await t.disclosed()
    await t.visit(issue)
    return await t.refused("issueReopen", issue=issue)


@refuses("NOT_UNSATISFIED")
async def reopened_for_a_visit_of_an_earlier_settlement(t: Town) -> Any:
    issue = await t.settled()
    await t.visit(issue, "UNSATISFIED")
    await t.do("issueReopen", issue=issue, occurredAt=at(day(8)))
    await t.do("issueHandle", issue=issue, occurredAt=at(day(9)))
    await t.do("issueSettle", issue=issue, result="再次疏浚", occurredAt=at(day(10)))
    return await t.refused("issueReopen", issue=issue)


@refuses("STATE")
async def reopened_after_closing(t: Town) -> Any:
    return await t.refused("issueReopen", issue=await t.closed())


# ---- beside --------------------------------------------------------------------------------------


@refuses("NO_REASON", "reason")
async def rejected_without_reason(t: Town) -> Any:
    return await t.refused("issueReject", issue=await t.received(), reason="")


@refuses("STATE")
async def rejected_after_settling(t: Town) -> Any:
    return await t.refused("issueReject", issue=await t.settled(), reason="无权办理")


@refuses("MERGE_INTO_ITSELF", "into")
async def merged_into_itself(t: Town) -> Any:
    issue = await t.received()
    return await t.refused("issueMerge", issue=issue, into=issue)


@refuses("MERGE_TARGET", "into")
async def merged_into_a_rejected_one(t: Town) -> Any:
    other = await t.received()
    await t.do("issueReject", issue=other, reason="无权办理")
    return await t.refused("issueMerge", issue=await t.received(), into=other)


@refuses("NO_REASON", "reason")
async def handed_on_without_reason(t: Town) -> Any:
    given = {"issue": await t.opened(), "reason": " ", "to": t.id("west")}
    return await t.refused("issueTransfer", select="issueReferral { id }", **given)


@refuses("SAME_ORGANIZATION", "to")
async def handed_to_itself(t: Town) -> Any:
    given = {"issue": await t.opened(), "reason": "无权办理", "to": t.id("east")}
    return await t.refused("issueTransfer", select="issueReferral { id }", **given)


@refuses("NO_SUPERIOR", "to")
async def handed_up_from_the_top(t: Town) -> Any:
    token = await t.token("DISTRICT_ORG_DEPT_ADMIN", "top")
    issue = await t.do("issueReceive", token=token, **t.matter(organization=t.id("top")))
    return await t.refused(
        "issueTransfer",
        token=token,
        select="issueReferral { id }",
        issue=issue["id"],
        reason="无权办理",
    )


@refuses("NOT_ACTIVE", "to")
async def handed_to_a_dissolved_organization(t: Town) -> Any:
    async with t.district.database():
        await (
            t.organizations["west"].filter(id=t.organizations["west"].id).update(status="DISSOLVED")
        )
    given = {"issue": await t.opened(), "reason": "无权办理", "to": t.id("west")}
    return await t.refused("issueTransfer", select="issueReferral { id }", **given)


@refuses("NOT_HIGHER", "to")
async def raised_to_where_it_is(t: Town) -> Any:
    given = {"issue": await t.opened(), "reason": "重大纠纷", "to": "COMMUNITY"}
    return await t.refused("issueEscalate", **given)


@refuses("NOT_HIGHER", "to")
async def raised_beyond_the_court(t: Town) -> Any:
    issue = await t.opened()
    await t.do("issueEscalate", issue=issue, reason="重大纠纷", to="COURT")
    return await t.refused("issueEscalate", issue=issue, reason="重大纠纷")


@refuses("STATE")
async def changed_after_settling(t: Town) -> Any:
    return await t.refused("issueChange", issue=await t.settled(), title="改")


@refuses("DEADLINE_NEEDED", "dueOn")
async def a_deadline_taken_away(t: Town) -> Any:
    return await t.refused("issueChange", issue=await t.opened(), dueOn=None)


@refuses("PARTNER_NEEDED", "participants")
async def the_only_partner_removed(t: Town) -> Any:
    units = [{"name": "镇", "role": "LEAD"}, {"organization": t.id("police")}]
    issue = await t.opened(handlingMode="COORDINATED", participants=units)
    data = await t.ask(
        "query Q($id: ID!) { issue(id: $id) { participants { id role } } }", id=issue
    )
    partner = next(u["id"] for u in data["issue"]["participants"] if u["role"] == "PARTNER")
    return await t.refused("issueRemoveParticipant", participant=partner)


@refuses("NOT_FOUND", "participant")
async def a_unit_that_is_not_there(t: Town) -> Any:
    return await t.refused("issueRemoveParticipant", participant="IssueParticipant:99")


@refuses("UNKNOWN_CODE", "kind")
async def an_unknown_measure(t: Town) -> Any:
    given = {"issue": await t.opened(), "kind": "RUMOUR"}
    return await t.refused("issueAddMeasure", select="issueMeasure { id }", **given)


@refuses("FUTURE_DATE", "doneOn")
async def a_measure_of_tomorrow(t: Town) -> Any:
    given = {"issue": await t.opened(), "kind": "TALK", "doneOn": "2999-01-01"}
    return await t.refused("issueAddMeasure", select="issueMeasure { id }", **given)


@refuses("FUTURE_DATE", "observedOn")
async def a_recurrence_of_tomorrow(t: Town) -> Any:
    return await t.refused("issueRecur", issue=await t.opened(), observedOn="2999-01-01")


@refuses("AGENDA_OF_SEVERITY", "kind")
async def v21_a_critical_issue_put_off_to_the_monthly_study(t: Town) -> Any:
    issue = await t.opened(severity="CRITICAL")
    return await t.refused("issueSupervise", issue=issue, kind="MONTHLY_STUDY")


@refuses("BAD_DIGEST", "sha256")
async def a_digest_that_is_none(t: Town) -> Any:
    given = {"uri": "档案 2026-3", "title": "照片", "sha256": "abc"}
    return await t.refused("issueAttach", issue=await t.opened(), **given)


async def test_each_is_refused_with_its_own_code(town: Town) -> None:
    found = {name: await case(town) for name, (_, case) in CASES.items()}
    assert found == {name: expected for name, (expected, _) in CASES.items()}


def test_every_code_of_the_ledger_is_refused_here() -> None:
    shown = {code for (code, _), _ in CASES.values()}
    assert set(REFUSALS.texts) - shown == set()


def test_every_code_that_a_service_names_is_one() -> None:
    known = {*REFUSALS.texts, *publication.REFUSALS.texts, *calendar.TEXTS}
    for name in service.__all__:
        function = getattr(service, name)
        if inspect.iscoroutinefunction(function):
            _, _, codes = read_docstring(function)
            assert {"NOT_FOUND", *codes} <= known, name
