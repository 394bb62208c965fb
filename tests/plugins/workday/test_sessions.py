"""The life of a session, by GraphQL on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gongzhi import clock
from gongzhi.registry.codes import OrganizationStatus
from gongzhi.registry.models import Organization
from gongzhi_schema.district import open_district
from gongzhi_workday.models import WorkdaySession
from tests.plugins.workday.conftest import BOARD, MONDAY, PLUGINS, Town, at

SESSION = """query($id: ID!) { workdaySession(id: $id) {
    day weekday halfDay startsAt endsAt place staff exceptionReason state version
    organization { id } area { id } programme { weekday }
    notice { state title body subjectId periodDays postings { place } }
    team { person { id } personName role attended }
    functions summary issueCount issues { nodes { title state source { code } } }
    transitions { action fromState toState reason occurredAt }
    postponedFrom { id } postponedTo { id day }
    viewerCan { change publishNotice hold takeMatter visit record close cancel postpone }
} }"""


async def test_w01_a_session_from_its_plan_to_its_end(town: Town) -> None:
    session = await town.reach("CLOSED")
    found = (await town.ask(SESSION, id=session))["workdaySession"]
    assert found["day"] == MONDAY
    assert (found["weekday"], found["halfDay"]) == ("MONDAY", "MORNING")
    assert (found["startsAt"], found["endsAt"]) == ("09:00", "11:00")
    assert found["organization"]["id"] == town.org("east")
    assert found["area"]["id"] == f"Area:{town.areas['east'].id}"
    assert [(t["action"], t["fromState"], t["toState"]) for t in found["transitions"]] == [
        ("plan", "", "PLANNED"),
        ("publish_notice", "PLANNED", "NOTICE_PUBLISHED"),
        ("hold", "NOTICE_PUBLISHED", "HELD"),
        ("record", "HELD", "RECORDED"),
        ("close", "RECORDED", "CLOSED"),
    ]
    assert found["transitions"][2]["occurredAt"] == "2015-06-08T01:00:00.000Z"  # as planned
    assert found["notice"] == {
        "state": "PUBLISHED",
        "title": "2015年6月8日社区工作日接访公示",
        "body": "接访时间：2015年6月8日（星期一）09:00—11:00\n"
        "接访人员：镇党委副书记\n接访地点：居委会会议室",
        "subjectId": session,
        "periodDays": 3,
        "postings": [{"place": "居务公开栏"}],
    }
    assert [(m["person"]["id"], m["role"], m["attended"]) for m in found["team"]] == [
        (town.person("lead"), "LEAD", True)
    ]
    assert found["functions"] == ["LIVELIHOOD"]
    assert not any(found["viewerCan"].values())


async def test_v1_a_session_is_planned_on_the_programmes_day_or_with_a_reason(town: Town) -> None:
    plan = {"organization": town.org("east")}

    async def refused(day: str, **more: str) -> str:
        return await town.refused("workdaySessionPlan", day=day, **plan, **more)

    assert await refused("2015-06-09") == "NOT_PROGRAMME_DAY day"
    assert await refused(MONDAY, startsAt="14:00") == "NOT_PROGRAMME_HALF_DAY startsAt"
    assert await refused("2015-06-22") == "NOT_WORKING_DAY day"
    assert await refused("2014-02-24") == "NO_PROGRAMME day"
    assert await refused("9999-12-27") == "DAY_OUT_OF_RANGE day"
    assert await refused(MONDAY, startsAt="9点") == "TIME_FORMAT startsAt"
    assert await refused(MONDAY, startsAt="09:00", endsAt="08:00") == "TIME_ORDER endsAt"
    assert await refused(MONDAY, place="居" * 201) == "TOO_LONG place"
    made = await town.plan("2015-06-23", exceptionReason="端午节调整")
    found = (await town.ask(SESSION, id=made))["workdaySession"]
    assert (found["weekday"], found["exceptionReason"]) == ("TUESDAY", "端午节调整")
    assert found["transitions"][0]["reason"] == "端午节调整"
    off = "{ workdaySessions(filter: {weekday: {in: [TUESDAY]}}) { totalCount } }"
    assert (await town.ask(off))["workdaySessions"]["totalCount"] == 1


async def test_the_message_suggests_the_working_day_after_a_holiday(town: Town) -> None:
    given = {"organization": town.org("east"), "day": "2015-06-22"}
    payload = await town.send("workdaySessionPlan", **given)
    assert "2015-06-23 is suggested" in payload["errors"][0]["message"]


async def test_v3_the_lead_is_in_liaison_with_the_committee(town: Town) -> None:
    async def refused(where: str, day: str = MONDAY, **team: object) -> str:
        return await town.refused(
            "workdaySessionPlan", organization=town.org(where), day=day, **team
        )

    lead, cadre, clerk = (town.person(name) for name in ("lead", "cadre", "clerk"))
    assert await refused("west", lead=cadre) == "NO_LIAISON lead"
    assert await refused("east", lead=clerk) == "NO_LIAISON lead"
    assert await refused("east", "2014-12-29", lead=lead) == "NO_LIAISON lead"
    assert await refused("east", lead=lead, members=[lead]) == "MEMBER_TWICE members"
    assert await refused("east", members=[clerk, clerk]) == "MEMBER_TWICE members"
    assert await refused("east", members=[town.person("stranger")]) == "NOT_FOUND members"
    await town.plan(lead=cadre, members=[lead, clerk])


async def test_who_leads_where_nobody_is_named(town: Town) -> None:
    team = "team { person { id } role }"
    for where, expected in (("east", "lead"), ("west", "lead")):
        made = await town.do("workdaySessionPlan", team, organization=town.org(where), day=MONDAY)
        assert made["team"] == [{"person": {"id": town.person(expected)}, "role": "LEAD"}]
    along = [town.person("lead")]
    made = await town.do(
        "workdaySessionPlan", team, organization=town.org("east"), day="2015-06-15", members=along
    )
    assert made["team"] == [{"person": {"id": town.person("lead")}, "role": "MEMBER"}]


async def test_a_half_day_is_taken_once(town: Town) -> None:
    session = await town.plan()
    given = {"organization": town.org("east"), "day": MONDAY}
    assert await town.refused("workdaySessionPlan", **given) == "SESSION_EXISTS day"
    await town.plan(startsAt="14:00", exceptionReason="加开一场")
    await town.do("workdaySessionCancel", session=session, reason="全镇防汛")
    again = await town.plan()
    assert again != session


async def test_two_clerks_who_plan_the_same_half_day_at_once(town: Town) -> None:
    given = {"organization": town.org("east"), "day": MONDAY}
    answers = await asyncio.gather(*(town.send("workdaySessionPlan", **given) for _ in range(4)))
    errors = sorted(error["code"] for answer in answers for error in answer["errors"])
    assert errors == ["SESSION_EXISTS"] * 3
    async with town.district.database():
        assert await WorkdaySession.all().count() == 1


async def test_a_programme_covers_its_subtree_only(town: Town) -> None:
    county = await town.district.token("DISTRICT_ORG_DEPT_ADMIN")
    far = {"organization": town.org("far"), "day": MONDAY}
    assert await town.refused("workdaySessionPlan", county, **far) == "NO_PROGRAMME day"
    data = await town.ask("{ workdayProgrammes { nodes { id } } }")
    (programme,) = data["workdayProgrammes"]["nodes"]
    given = {**far, "programme": programme["id"]}
    assert (
        await town.refused("workdaySessionPlan", county, **given) == "OUTSIDE_PROGRAMME programme"
    )
    assert await town.refused("workdaySessionPlan", **far) == "NOT_FOUND organization"


async def test_v2_a_notice_has_time_staff_and_place_and_precedes_the_session(town: Town) -> None:
    publish = "workdaySessionPublishNotice"
    bare = await town.plan(place="", staff="")
    given = {"session": bare, "channels": BOARD}
    assert await town.refused(publish, **given) == "NOTICE_STAFF_MISSING staff"
    assert await town.refused(publish, **given, staff="镇长") == "NOTICE_PLACE_MISSING place"
    no_time = {**given, "staff": "镇长", "place": "居委会", "startsAt": None, "endsAt": None}
    assert await town.refused(publish, **no_time) == "NOTICE_TIME_MISSING startsAt"
    full = {**given, "staff": "镇长", "place": "居委会"}
    assert await town.refused(publish, **{**full, "channels": []}) == "NO_CHANNEL channels"
    unknown = [{"channel": "RADIO"}]
    assert await town.refused(publish, **{**full, "channels": unknown}) == "UNKNOWN_CODE channels"
    phone = {**full, "staff": "镇长，电话 13800138000"}
    assert await town.refused(publish, **phone) == "CONTACT_NUMBER body"
    later = "2015-06-06T10:00:00+08:00"
    assert await town.refused(publish, **full, occurredAt=later) == "FUTURE_DATE occurredAt"
    town.now = "2015-06-08T09:00:00+08:00"
    assert await town.refused(publish, **full) == "NOTICE_LATE occurredAt"
    assert await town.state(bare) == "PLANNED"
    await town.do(publish, **full, occurredAt="2015-06-07T18:00:00+08:00")
    assert await town.state(bare) == "NOTICE_PUBLISHED"


async def test_v3_is_asked_again_when_the_notice_is_published(town: Town) -> None:
    publish = {"mutation": "workdaySessionPublishNotice", "channels": BOARD}
    session = await town.plan()
    leaderless = await town.plan("2015-06-15", members=[town.person("lead")])
    assert await town.refused(**publish, session=leaderless) == "LEAD_MISSING session"
    data = await town.ask(
        "{ liaisonAssignments { nodes { id official { id } organization { id } } } }"
    )
    (liaison,) = [
        row["id"]
        for row in data["liaisonAssignments"]["nodes"]
        if (row["official"]["id"], row["organization"]["id"])
        == (town.person("lead"), town.org("east"))
    ]
    await town.do("workdayLiaisonEnd", liaison=liaison, on="2015-06-07")
    assert await town.refused(**publish, session=session) == "NO_LIAISON lead"


async def test_another_notice_corrects_the_first(town: Town) -> None:
    session = await town.reach("NOTICE_PUBLISHED")
    await town.announce(session, place="活动室", startsAt="09:30")
    found = (await town.ask(SESSION, id=session))["workdaySession"]
    assert (found["place"], found["startsAt"], found["endsAt"]) == ("活动室", "09:30", "11:00")
    assert "09:30—11:00" in found["notice"]["body"]
    assert "活动室" in found["notice"]["body"]
    query = "query($id: ID!) { publicationsAbout(id: $id) { nodes { state withdrawnReason } } }"
    states = (await town.ask(query, id=session))["publicationsAbout"]["nodes"]
    assert sorted(row["state"] for row in states) == ["PUBLISHED", "WITHDRAWN"]
    half = {"session": session, "channels": BOARD, "startsAt": "14:00", "endsAt": "16:00"}
    code = await town.refused("workdaySessionPublishNotice", **half)
    assert code == "OTHER_HALF_DAY startsAt"


async def test_a_change_before_and_after_the_notice(town: Town) -> None:
    session = await town.plan()
    change = "workdaySessionChange"
    made = await town.do(
        change, "place startsAt endsAt staff version team { person { id } role }",
        session=session, place="活动室", endsAt="10:30", expectedVersion=1,
        lead=town.person("cadre"), members=[town.person("clerk")],
    )  # fmt: skip
    assert made == {
        "place": "活动室",
        "startsAt": "09:00",
        "endsAt": "10:30",
        "staff": "镇党委副书记",
        "version": 2,
        "team": [
            {"person": {"id": town.person("cadre")}, "role": "LEAD"},
            {"person": {"id": town.person("clerk")}, "role": "MEMBER"},
        ],
    }
    assert (
        await town.refused(change, session=session, expectedVersion=1) == "CONFLICT expectedVersion"
    )
    assert await town.refused(change, session=session, startsAt="x") == "TIME_FORMAT startsAt"
    noon = {"session": session, "startsAt": "14:00", "endsAt": "15:00"}
    assert await town.refused(change, **noon) == "OTHER_HALF_DAY startsAt"
    clerk = town.person("clerk")
    assert await town.refused(change, session=session, lead=clerk) == "MEMBER_TWICE members"
    lone = {"session": session, "lead": clerk, "members": []}
    assert await town.refused(change, **lone) == "NO_LIAISON lead"
    await town.announce(session)
    assert await town.refused(change, session=session, place="别处") == "IN_NOTICE place"
    made = await town.do(change, "team { role }", session=session, members=[])
    assert made["team"] == [{"role": "LEAD"}]
    await town.do(change, session=session, lead=town.person("lead"))


async def test_a_session_is_held_on_its_day_by_who_came(town: Town) -> None:
    session = await town.plan(members=[town.person("clerk")])
    hold = "workdaySessionHold"
    assert await town.refused(hold, session=session) == "STATE"
    await town.announce(session)
    town.now = "2015-06-07T23:59:00+08:00"
    assert await town.refused(hold, session=session) == "NOT_YET occurredAt"
    town.now = "2015-06-08T09:05:00+08:00"
    lead, clerk = town.person("lead"), town.person("clerk")
    absent = {"session": session, "absent": [town.person("cadre")]}
    assert await town.refused(hold, **absent) == "NOT_IN_TEAM absent"
    assert await town.refused(hold, session=session, absent=[lead, clerk]) == "NOBODY_CAME absent"
    early = {"session": session, "occurredAt": "2015-06-05T09:00:00+08:00"}
    assert await town.refused(hold, **early) == "NOT_YET occurredAt"
    made = await town.do(hold, "team { person { id } attended }", session=session, absent=[clerk])
    assert made["team"] == [
        {"person": {"id": lead}, "attended": True},
        {"person": {"id": clerk}, "attended": False},
    ]


async def test_w04_a_record_names_its_functions(town: Town) -> None:
    session = await town.reach("HELD")
    record = "workdaySessionRecord"
    assert await town.refused(record, session=session, functions=[]) == "FUNCTION_MISSING functions"
    unknown = {"session": session, "functions": ["GOLF"]}
    assert await town.refused(record, **unknown) == "UNKNOWN_CODE functions"
    long = {"session": session, "functions": ["LIVELIHOOD"], "summary": "长" * 4001}
    assert await town.refused(record, **long) == "TOO_LONG summary"
    made = await town.do(
        record, "functions summary state", session=session, summary=" 疏浚方案已定 ",
        functions=["ON_SITE_OFFICE", "LIVELIHOOD", "ON_SITE_OFFICE"],
    )  # fmt: skip
    assert made == {
        "functions": ["ON_SITE_OFFICE", "LIVELIHOOD"],
        "summary": "疏浚方案已定",
        "state": "RECORDED",
    }


async def test_a_session_is_closed_when_its_matters_are_entered_or_solved(town: Town) -> None:
    session = await town.reach("HELD")
    take = {"session": session, "category": "OTHER"}
    await town.do("workdayMatterTake", **take, title="路灯不亮", result="当场换好")
    await town.do("workdayMatterTake", **take, title="屋顶漏水")
    await town.do("workdaySessionRecord", session=session, functions=["ON_SITE_OFFICE"])
    assert await town.refused("workdaySessionClose", session=session) == "MATTERS_OPEN session"
    assert await town.refused("workdaySessionCancel", session=session, reason="x") == "STATE"
    data = await town.ask(SESSION, id=session)
    assert data["workdaySession"]["viewerCan"] == {
        "change": False,
        "publishNotice": False,
        "hold": False,
        "takeMatter": True,
        "visit": True,
        "record": False,
        "close": True,
        "cancel": False,
        "postpone": False,
    }
    (waiting,) = [
        row for row in data["workdaySession"]["issues"]["nodes"] if row["state"] == "RECEIVED"
    ]
    assert waiting == {"title": "屋顶漏水", "state": "RECEIVED", "source": {"code": "WORKDAY"}}


async def test_a_cancelled_session_withdraws_its_notice(town: Town) -> None:
    session = await town.reach("NOTICE_PUBLISHED")
    cancel = "workdaySessionCancel"
    assert await town.refused(cancel, session=session, reason=" ") == "BLANK reason"
    made = await town.do(
        cancel, "state notice { state withdrawnReason } transitions { reason document }",
        session=session, reason="台风", document="镇办〔2015〕12号",
    )  # fmt: skip
    assert made["state"] == "CANCELLED"
    assert made["notice"] == {"state": "WITHDRAWN", "withdrawnReason": "台风"}
    assert made["transitions"][-1] == {"reason": "台风", "document": "镇办〔2015〕12号"}
    assert await town.refused(cancel, session=session, reason="台风") == "STATE"


async def test_a_postponed_session_leads_to_the_new_one(town: Town) -> None:
    session = await town.reach("NOTICE_PUBLISHED")
    postpone = {"mutation": "workdaySessionPostpone", "session": session}
    assert await town.refused(**postpone, day=MONDAY, reason="台风") == "SAME_DAY day"
    assert await town.refused(**postpone, day="2015-06-09", reason="") == "BLANK reason"
    assert await town.refused(**postpone, day="2014-02-24", reason="x") == "NO_PROGRAMME day"
    assert await town.refused(**postpone, day="2014-03-03", reason="x") == "NO_LIAISON lead"
    taken = await town.plan("2015-06-15")
    assert await town.refused(**postpone, day="2015-06-15", reason="台风") == "SESSION_EXISTS day"
    made = await town.do(
        **postpone, day="2015-06-09", reason="台风", expectedVersion=2,
        fields="id day weekday state place staff startsAt exceptionReason postponedFrom { id } "
        "team { person { id } role attended }",
    )  # fmt: skip
    assert made.pop("id") not in {session, taken}
    assert made == {
        "day": "2015-06-09",
        "weekday": "TUESDAY",
        "state": "PLANNED",
        "place": "居委会会议室",
        "staff": "镇党委副书记",
        "startsAt": "09:00",
        "exceptionReason": "台风",
        "postponedFrom": {"id": session},
        "team": [{"person": {"id": town.person("lead")}, "role": "LEAD", "attended": None}],
    }
    found = (await town.ask(SESSION, id=session))["workdaySession"]
    assert (found["state"], found["notice"]["state"]) == ("POSTPONED", "WITHDRAWN")
    assert found["postponedTo"]["day"] == "2015-06-09"


async def test_what_happens_cannot_lie_ahead(town: Town) -> None:
    ahead = {"occurredAt": "2015-06-05T11:00:00+08:00"}
    given = {"organization": town.org("east"), "day": MONDAY, **ahead}
    assert await town.refused("workdaySessionPlan", **given) == "FUTURE_DATE occurredAt"
    session = await town.plan()
    for mutation, more in {
        "workdaySessionCancel": {"reason": "台风"},
        "workdaySessionPostpone": {"reason": "台风", "day": "2015-06-09"},
    }.items():
        code = await town.refused(mutation, session=session, **ahead, **more)
        assert code == "FUTURE_DATE occurredAt"
    held = await town.reach("HELD", where="west")
    ahead = {"occurredAt": "2015-06-08T15:00:00+08:00"}
    code = await town.refused(
        "workdaySessionRecord", session=held, functions=["LIVELIHOOD"], **ahead
    )
    assert code == "FUTURE_DATE occurredAt"


async def test_every_mutation_of_a_session_sees_versions_and_hidden_rows(town: Town) -> None:
    session = await town.plan()
    elsewhere = await town.district.token(
        "SUBDISTRICT_STAFF", organization=town.organizations["other"].code
    )
    for mutation, more in {
        "workdaySessionChange": {},
        "workdaySessionPublishNotice": {"channels": BOARD},
        "workdaySessionHold": {},
        "workdaySessionRecord": {"functions": ["LIVELIHOOD"]},
        "workdaySessionClose": {},
        "workdaySessionCancel": {"reason": "x"},
        "workdaySessionPostpone": {"reason": "x", "day": "2015-06-15"},
    }.items():
        given = {"session": session, **more}
        assert await town.refused(mutation, elsewhere, **given) == "NOT_FOUND session"
        stale = await town.refused(mutation, **given, expectedVersion=7)
        assert stale in {"CONFLICT expectedVersion", "STATE"}
        reader = await town.district.token("AUDITOR")
        assert await town.forbidden(mutation, reader, **given) == "FORBIDDEN"
    assert await town.state(session) == "PLANNED"


async def test_all_sessions_of_some_weeks_at_once(town: Town) -> None:
    await town.plan("2015-06-15")
    fields = "organizations planned existing skipped { day suggestedOn }"
    span = {"organization": town.org("town"), "firstDay": "2015-06-06", "lastDay": "2015-07-06"}
    made = await town.do("workdaySessionsPlan", fields, **span, place="居委会")
    assert made == {
        "organizations": 2,
        "planned": 7,
        "existing": 1,
        "skipped": [{"day": "2015-06-22", "suggestedOn": "2015-06-23"}],
    }
    again = await town.do("workdaySessionsPlan", fields, **span)
    assert (again["planned"], again["existing"]) == (0, 8)
    data = await town.ask(
        "{ workdaySessions(order: {field: DAY}) { nodes { day place organization { id } "
        "team { role person { id } } } } }"
    )
    rows = data["workdaySessions"]["nodes"]
    assert sorted({row["day"] for row in rows}) == [
        "2015-06-08",
        "2015-06-15",
        "2015-06-29",
        "2015-07-06",
    ]
    assert len(rows) == 8
    for row in rows:
        assert row["team"] == [{"role": "LEAD", "person": {"id": town.person("lead")}}]


async def test_what_a_plan_of_weeks_refuses(town: Town) -> None:
    plan = {"mutation": "workdaySessionsPlan", "organization": town.org("town")}
    span = {"firstDay": "2015-06-08", "lastDay": "2015-06-01"}
    assert await town.refused(**plan, **span) == "DATE_ORDER lastDay"
    span = {"firstDay": "2015-06-01", "lastDay": "2016-06-01"}
    assert await town.refused(**plan, **span) == "SPAN_TOO_LONG lastDay"
    span = {"firstDay": "2014-01-01", "lastDay": "2014-02-01"}
    assert await town.refused(**plan, **span) == "NO_PROGRAMME firstDay"
    span = {"firstDay": "1815-06-18", "lastDay": "1815-06-19"}
    assert await town.refused(**plan, **span) == "DAY_OUT_OF_RANGE lastDay"
    span = {"firstDay": "2015-06-08", "lastDay": "2015-06-14"}
    assert await town.refused(**plan, **span, place="x" * 201) == "TOO_LONG place"
    away = {**plan, "organization": town.org("far")}
    assert await town.refused(**away, **span) == "NOT_FOUND organization"


@pytest.mark.parametrize("key", ["plan-1"])
async def test_a_retry_with_a_key_plans_once(town: Town, key: str) -> None:
    given = {"organization": town.org("east"), "day": MONDAY, "idempotencyKey": key}
    first = await town.do("workdaySessionPlan", **given)
    again = await town.do("workdaySessionPlan", **given)
    assert first == again
    async with town.district.database():
        assert await WorkdaySession.all().count() == 1


async def test_events_carry_ids_days_and_codes_only(town: Town) -> None:
    await town.reach("CLOSED")
    with clock.stopped_at(at("2015-06-08 15:00")):
        async with town.district.database():
            from gongzhi.writing.models import Event

            events = await Event.filter(kind__startswith="workday.session").order_by("id")
    assert [event.kind.removeprefix("workday.session.") for event in events] == [
        "plan",
        "publish_notice",
        "hold",
        "record",
        "close",
    ]
    whole = "".join(event.data for event in events)
    for text in ("镇党委副书记", "居委会会议室", "合成"):
        assert text not in whole
    assert {event.entity_type for event in events} == {"WorkdaySession"}
    assert {event.organization_id for event in events} == {town.organizations["east"].id}


async def test_nothing_new_in_an_organization_that_is_dissolved(town: Town) -> None:
    planned = await town.plan("2015-06-15")
    held = await town.reach("HELD")
    async with town.district.database():
        key = town.organizations["east"].id
        await Organization.filter(id=key).update(status=OrganizationStatus.DISSOLVED)
    east = {"organization": town.org("east")}
    span = {"firstDay": "2015-06-08", "lastDay": "2015-06-30"}
    visit = {"kind": "ROUND", "visitor": town.person("lead")}
    for mutation, given in {
        "workdayProgrammeSet": east,
        "workdayLiaisonAssign": {**east, "official": town.person("clerk")},
        "workdaySessionPlan": {**east, "day": "2015-06-29"},
        "workdaySessionsPlan": {**east, **span},
        "workdayVisitRecord": {**east, **visit},
        "workdayCampaignStart": {**east, "name": "三百三问"},
        "workdayCaseOpen": {**east, "subjectLabel": "倪某"},
        "workdayMatterTake": {"session": held, "title": "x", "category": "OTHER"},
        "workdaySessionPublishNotice": {"session": planned, "channels": BOARD},
    }.items():
        assert await town.refused(mutation, **given) == "NOT_ACTIVE organization", mutation
    await town.do("workdaySessionCancel", session=planned, reason="居委会已撤销")


async def test_a_plan_of_weeks_has_a_limit(town: Town) -> None:
    names = [each.name for each in PLUGINS]
    settings = {"workday": {"max_sessions_per_plan": 3}}
    span = {"organization": town.org("town"), "firstDay": "2015-06-06", "lastDay": "2015-06-15"}
    async with open_district(town.district.url, names, plugin=settings) as small:
        limited = replace(town, district=small)
        code = await limited.refused("workdaySessionsPlan", **span)
        assert code == "TOO_MANY_SESSIONS lastDay"
        span["lastDay"] = "2015-06-08"
        made = await limited.do("workdaySessionsPlan", "planned", **span)
    assert made == {"planned": 2}


async def test_a_notice_is_not_withdrawn_before_it_was_published(town: Town) -> None:
    session = await town.reach("NOTICE_PUBLISHED")
    early = {"session": session, "occurredAt": "2015-06-05T09:59:00+08:00"}
    code = "BEFORE_PUBLICATION occurredAt"
    assert await town.refused("workdaySessionCancel", **early, reason="台风") == code
    postpone = {**early, "reason": "台风", "day": "2015-06-09"}
    assert await town.refused("workdaySessionPostpone", **postpone) == code
    assert await town.refused("workdaySessionPublishNotice", **early, channels=BOARD) == code


async def test_a_notice_that_was_withdrawn_by_hand_hinders_nothing(town: Town) -> None:
    session = await town.reach("NOTICE_PUBLISHED")
    data = await town.ask(
        "query($id: ID!) { workdaySession(id: $id) { notice { id } } }", id=session
    )
    query = """mutation($input: PublicationWithdrawInput!) { publicationWithdraw(input: $input) {
        errors { code } } }"""
    given = {"publication": data["workdaySession"]["notice"]["id"], "reason": "有误"}
    with clock.stopped_at(at("2015-06-05 10:00")):
        result = await town.district.execute(query, {"input": given}, town.staff)
    assert result.data == {"publicationWithdraw": {"errors": []}}
    await town.announce(session)
    await town.do("workdaySessionCancel", session=session, reason="台风")


async def test_a_notice_names_no_identity_numbers(town: Town) -> None:
    session = await town.plan()
    staff = "联系人证件 11010519491231002X"  # a specimen of the standard
    given = {"session": session, "channels": BOARD, "staff": staff}
    assert await town.refused("workdaySessionPublishNotice", **given) == "PERSONAL_DATA body"
    phone = {**given, "staff": "镇长，电话 13800138000", "contactNumberConfirmed": True}
    await town.do("workdaySessionPublishNotice", **phone)
