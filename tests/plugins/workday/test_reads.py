"""What a front end asks about the work day; each is one statement, and shows no more than it may."""

from __future__ import annotations

import datetime as dt

import pytest

from gongzhi import clock
from gongzhi.calendar.models import CalendarDay
from gongzhi.writing import Deployment, unit_of_work
from gongzhi.writing.models import Event
from gongzhi_workday import jobs, rules
from gongzhi_workday.models import WorkdayProgramme, WorkdaySession
from gongzhi_workday.rules import HalfDay, ProgrammeFacts, Weekday, WorkdaySessionState
from tests.plugins.workday.conftest import MONDAY, Town, at

NEXT = """query($area: String!, $code: String!, $day: Date) {
    area(code: $area) { nextWorkdaySession(asOf: $day) {
        day startsAt endsAt place staff organizationName notice { body } } }
    organization(code: $code) { nextWorkdaySession(asOf: $day) { day } }
}"""


async def test_n309_the_next_session_after_friday_is_on_monday(town: Town) -> None:
    await town.reach("NOTICE_PUBLISHED")
    await town.plan("2015-06-15")
    await town.plan("2015-06-15", "west")
    names = {"area": town.areas["town"].code, "code": town.organizations["town"].code}
    data = await town.ask(NEXT, **names, day="2015-06-05")
    assert data["area"]["nextWorkdaySession"] == {
        "day": "2015-06-08",
        "startsAt": "09:00",
        "endsAt": "11:00",
        "place": "居委会会议室",
        "staff": "镇党委副书记",
        "organizationName": town.organizations["east"].name,
        "notice": {
            "body": "接访时间：2015年6月8日（星期一）09:00—11:00\n"
            "接访人员：镇党委副书记\n接访地点：居委会会议室"
        },
    }
    assert data["organization"]["nextWorkdaySession"] == {"day": "2015-06-08"}
    west = {"area": town.areas["west"].code, "code": town.organizations["west"].code}
    data = await town.ask(NEXT, **west, day="2015-06-05")
    assert data["area"]["nextWorkdaySession"]["day"] == "2015-06-15"
    data = await town.ask(NEXT, **names, day="2015-06-16")
    assert data == {
        "area": {"nextWorkdaySession": None},
        "organization": {"nextWorkdaySession": None},
    }


async def test_the_next_session_is_still_to_be_held(town: Town) -> None:
    names = {"area": town.areas["east"].code, "code": town.organizations["east"].code}

    async def following(day: str) -> str | None:
        found = (await town.ask(NEXT, **names, day=day))["organization"]["nextWorkdaySession"]
        return found and str(found["day"])

    session = await town.plan()
    later = await town.plan("2015-06-15")
    assert await following(MONDAY) == MONDAY
    await town.announce(session)
    town.now = f"{MONDAY}T12:00:00+08:00"
    await town.do("workdaySessionHold", session=session)
    assert await following(MONDAY) == "2015-06-15"
    assert await following("2015-06-07") == MONDAY  # as of that day it was
    await town.do("workdaySessionCancel", session=later, reason="台风")
    assert await following(MONDAY) is None


async def test_n309_the_programme_gives_the_next_day_without_any_session(town: Town) -> None:
    query = '{ workdayProgrammes { nodes { nextDay(after: "2015-06-05") } } }'
    result = await town.district.execute(query)  # everybody may know
    assert result.data["workdayProgrammes"]["nodes"] == [{"nextDay": "2015-06-08"}]
    data = await town.ask("{ workdayProgrammes { nodes { nextDay } } }")
    assert data["workdayProgrammes"]["nodes"] == [{"nextDay": "2015-06-08"}]


def batched(days: list[dt.date], size: int) -> list[list[dt.date]]:
    return [days[n : n + size] for n in range(0, len(days), size)]


@pytest.mark.parametrize("weekday", list(Weekday))
async def test_the_next_day_in_sql_is_that_of_the_rule(town: Town, weekday: Weekday) -> None:
    first, last = dt.date(2015, 1, 14), dt.date(2015, 11, 20)
    async with town.district.database():
        await WorkdayProgramme.filter(id=1).update(weekday=weekday, starts_on=first, ends_on=last)
        rests = {row.day for row in await CalendarDay.filter(is_working=False)}
    facts = ProgrammeFacts(weekday, HalfDay.MORNING, first, last)
    days = [first + dt.timedelta(days=n) for n in range(-20, 325, 6)]
    found: list[str | None] = []
    for some in batched(days, 15):
        aliases = " ".join(f'd{n}: nextDay(after: "{day}")' for n, day in enumerate(some))
        data = await town.ask(f"{{ workdayProgrammes {{ nodes {{ {aliases} }} }} }}")
        found += data["workdayProgrammes"]["nodes"][0].values()
    expected = [rules.next_day(facts, day, rests) for day in days]
    assert found == [day and day.isoformat() for day in expected]
    assert len(set(found)) > 30


async def test_w02_sessions_without_a_notice(town: Town) -> None:
    query = """query($day: Date, $days: Int! = 2, $within: ID) {
        workdaySessionsWithoutNotice(asOf: $day, days: $days, filter: {within: $within}) {
            totalCount nodes { day state organization { id } } } }"""
    await town.reach("NOTICE_PUBLISHED")
    for day, where in (("2015-06-08", "west"), ("2015-06-15", "east"), ("2015-06-01", "east")):
        await town.plan(day, where)
    cancelled = await town.plan("2015-06-01", "west")
    await town.do("workdaySessionCancel", session=cancelled, reason="台风")
    for day, days, expected in (
        ("2015-06-05", 2, ["2015-06-01"]),
        ("2015-06-06", 2, ["2015-06-01", "2015-06-08"]),
        ("2015-06-05", 30, ["2015-06-01", "2015-06-08", "2015-06-15"]),
        ("2015-05-01", 2, []),
    ):
        data = await town.ask(query, day=day, days=days)
        found = [row["day"] for row in data["workdaySessionsWithoutNotice"]["nodes"]]
        assert found == expected
        async with town.district.database():
            by_rule = [
                row.day.isoformat()
                for row in await WorkdaySession.all().order_by("day")
                if rules.lacks_notice(row.state, row.day, dt.date.fromisoformat(day), days)
            ]
        assert found == by_rule
    data = await town.ask(query, day="2015-06-05", days=30, within=town.org("west"))
    assert data["workdaySessionsWithoutNotice"]["totalCount"] == 1
    result = await town.district.execute(
        query, {"day": "2015-06-05", "days": 2147483647}, town.staff
    )
    assert result.errors[0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_w01_committees_without_a_session_on_a_monday(town: Town) -> None:
    query = """query($day: Date!, $within: ID, $kinds: [String!]) {
        organizationsWithoutWorkdaySession(day: $day, kinds: $kinds, filter: {within: $within}) {
            nodes { id } } }"""

    async def missing(day: str, token: str | None = None, **more: object) -> list[str]:
        data = await town.ask(query, token, day=day, **more)
        return [row["id"] for row in data["organizationsWithoutWorkdaySession"]["nodes"]]

    session = await town.plan()
    assert await missing(MONDAY) == [town.org("west")]
    assert await missing("2015-06-15") == [town.org("east"), town.org("west")]
    assert await missing("2015-06-15", within=town.org("west")) == [town.org("west")]
    assert await missing("2015-06-15", kinds=["TOWN_PARTY_COMMITTEE"]) == [town.org("town")]
    county = await town.district.token("DISTRICT_ORG_DEPT_ADMIN")
    assert await missing(MONDAY, county) == [town.org("west"), town.org("far")]
    await town.do("workdaySessionCancel", session=session, reason="台风")
    assert await missing(MONDAY) == [town.org("east"), town.org("west")]


async def test_w01_sessions_of_each_official_by_quarter(town: Town) -> None:
    for where, day in (("east", "2015-03-30"), ("east", "2015-04-13"), ("west", "2015-06-01")):
        town.now = "2015-01-05T10:00:00+08:00"
        await town.reach("CLOSED", day, where)
    await town.plan("2015-06-08")
    town.now = "2015-05-01T10:00:00+08:00"
    with_clerk = await town.plan("2015-05-04", "east", members=[town.person("clerk")])
    await town.announce(with_clerk)
    town.now = "2015-05-04T14:00:00+08:00"
    await town.do("workdaySessionHold", session=with_clerk, absent=[town.person("clerk")])
    query = """query($code: String!, $year: Int) { organization(code: $code) {
        workdaySessionsByQuarter(year: $year)
        subtreeLiaisons { nodes {
            official { id workdaySessionsByQuarter(year: $year) }
            organization { id } sessionsByQuarter(year: $year)
        } }
    } }"""
    code = town.organizations["town"].code
    found = (await town.ask(query, code=code, year=2015))["organization"]
    assert found["workdaySessionsByQuarter"] == [1, 3, 0, 0]
    figures = {
        (row["official"]["id"], row["organization"]["id"]): (
            row["official"]["workdaySessionsByQuarter"],
            row["sessionsByQuarter"],
        )
        for row in found["subtreeLiaisons"]["nodes"]
    }
    lead, cadre = town.person("lead"), town.person("cadre")
    assert figures == {
        (lead, town.org("east")): ([1, 3, 0, 0], [1, 2, 0, 0]),
        (lead, town.org("west")): ([1, 3, 0, 0], [0, 1, 0, 0]),
        (cadre, town.org("east")): ([0, 0, 0, 0], [0, 0, 0, 0]),
    }
    found = (await town.ask(query, code=code))["organization"]
    assert found["workdaySessionsByQuarter"] == [1, 3, 0, 0]  # of this year
    found = (await town.ask(query, code=code, year=2014))["organization"]
    assert found["workdaySessionsByQuarter"] == [0, 0, 0, 0]
    query = "query($id: ID!) { person(id: $id) { workdaySessionsByQuarter } }"
    absent = await town.ask(query, id=town.person("clerk"))
    assert absent["person"]["workdaySessionsByQuarter"] == [0, 0, 0, 0]
    result = await town.district.execute(
        "{ organizations { nodes { workdaySessionsByQuarter(year: 0) } } }", token=town.staff
    )
    assert result.errors[0]["extensions"]["code"] == "BAD_USER_INPUT"


PUBLIC = """query($area: String!) {
    workdaySessions { nodes {
        day state place staff organization { id } organizationName
        team { personName } transitions { actor } visits { totalCount } issues { totalCount }
        viewerCan { hold cancel }
    } }
    area(code: $area) { nextWorkdaySession { day } workdaySessions { totalCount } }
}"""


async def test_everybody_sees_what_is_announced_and_not_more(town: Town) -> None:
    await town.reach("NOTICE_PUBLISHED")
    await town.plan("2015-06-15")
    area = town.areas["east"].code
    with clock.stopped_at(at("2015-06-05 10:00")):
        result = await town.district.execute(PUBLIC, {"area": area})
    assert (result.errors, result.tier, result.statements) == ([], "raw", 1)
    assert result.data == {
        "workdaySessions": {
            "nodes": [
                {
                    "day": MONDAY,
                    "state": "NOTICE_PUBLISHED",
                    "place": "居委会会议室",
                    "staff": "镇党委副书记",
                    "organization": None,
                    "organizationName": town.organizations["east"].name,
                    "team": [],
                    "transitions": [],
                    "visits": {"totalCount": 0},
                    "issues": {"totalCount": 0},
                    "viewerCan": {"hold": False, "cancel": False},
                }
            ]
        },
        "area": {"nextWorkdaySession": {"day": MONDAY}, "workdaySessions": {"totalCount": 1}},
    }
    elsewhere = await town.district.token(
        "SUBDISTRICT_STAFF", organization=town.organizations["other"].code
    )
    assert (await town.ask(PUBLIC, elsewhere, area=area)) == result.data
    data = await town.ask(PUBLIC, area=area)
    assert [row["day"] for row in data["workdaySessions"]["nodes"]] == ["2015-06-15", MONDAY]
    announced = data["workdaySessions"]["nodes"][1]
    assert announced["viewerCan"] == {"hold": True, "cancel": True}
    assert len(announced["team"]) == 1
    assert len(announced["transitions"]) == 2


async def test_a_grant_along_territory_opens_the_sessions_there(town: Town) -> None:
    east, west = await town.plan(), await town.plan(where="west")
    token = await town.district.token("COMMUNITY_SECRETARY", area=town.areas["east"].code)
    data = await town.ask("{ workdaySessions { nodes { id } } }", token)
    assert data["workdaySessions"]["nodes"] == [{"id": east}]
    await town.do("workdaySessionCancel", session=east, reason="台风", token=token)
    assert await town.refused("workdaySessionCancel", token, session=west, reason="x") == (
        "NOT_FOUND session"
    )


async def test_counts_show_what_the_viewer_may_see_only(town: Town) -> None:
    town.now = "2015-01-05T10:00:00+08:00"
    await town.reach("CLOSED", "2015-03-30", "east")
    town.now = "2015-01-05T10:00:00+08:00"
    await town.reach("CLOSED", "2015-03-30", "west")
    token = await town.district.token(
        "COMMUNITY_SECRETARY", organization=town.organizations["east"].code
    )
    query = "{ organizations { nodes { id workdaySessionsByQuarter(year: 2015) } } }"
    data = await town.ask(query, token)
    assert data["organizations"]["nodes"] == [
        {"id": town.org("east"), "workdaySessionsByQuarter": [1, 0, 0, 0]}
    ]
    data = await town.ask(query, await town.district.token("SYSTEM_ADMIN"))
    assert {tuple(row["workdaySessionsByQuarter"]) for row in data["organizations"]["nodes"]} == {
        (0, 0, 0, 0)
    }


async def test_core_execution_gives_the_same(town: Town) -> None:
    await town.reach("CLOSED")
    await town.plan("2015-06-15")
    query = """query($code: String!) { organization(code: $code) {
        workdayProgramme { weekday nextDay } nextWorkdaySession { id notice { id } }
        workdaySessionsByQuarter(year: 2015)
        subtreeWorkdaySessions { nodes { state team { role } postponedTo { id }
            viewerCan { cancel } } }
        subtreeLiaisons { totalCount }
    } }"""
    variables = {"code": town.organizations["town"].code}
    planned = await town.ask(query, **variables)
    town.district._engine._planned = False
    with clock.stopped_at(dt.datetime.fromisoformat(town.now)):
        executed = await town.district.execute(query, variables, town.staff)
    town.district._engine._planned = True
    assert (executed.tier, executed.errors) == ("core", [])
    assert executed.data == planned


async def test_the_job_records_a_missing_notice_once(town: Town) -> None:
    await town.reach("NOTICE_PUBLISHED")
    west = await town.plan(where="west")
    await town.plan("2015-06-15")
    deployment = Deployment.of(town.district.registry)

    async def look(now: str) -> int:
        with clock.stopped_at(at(now)):
            async with (
                town.district.database(),
                unit_of_work(deployment, deployment.system("job:workday.without-notice")) as work,
            ):
                return await jobs.record_missing_notices(work)

    assert await look("2015-06-05 07:30") == 0
    assert await look("2015-06-06 07:30") == 1
    assert await look("2015-06-07 07:30") == 0
    async with town.district.database():
        (event,) = await Event.filter(kind="workday.session.without_notice")
    assert f"WorkdaySession:{event.entity_id}" == west
    assert event.data == '{"day":"2015-06-08"}'
    await town.announce(west)
    async with town.district.database():
        row = await WorkdaySession.get(id=event.entity_id)
    assert row.state is WorkdaySessionState.NOTICE_PUBLISHED
