"""Programmes and liaisons, by GraphQL on both databases."""

from __future__ import annotations

from tests.plugins.workday.conftest import MONDAY, Town

PROGRAMMES = (
    "{ workdayProgrammes { nodes { id weekday halfDay startsAt startsOn endsOn version } } }"
)


async def test_a_new_programme_ends_the_one_before(town: Town) -> None:
    made = await town.do(
        "workdayProgrammeSet", "weekday halfDay startsAt startsOn endsOn",
        organization=town.org("town"), weekday="THURSDAY", halfDay="AFTERNOON",
        startsAt="14:00", startsOn="2015-09-01",
    )  # fmt: skip
    assert made == {
        "weekday": "THURSDAY",
        "halfDay": "AFTERNOON",
        "startsAt": "14:00",
        "startsOn": "2015-09-01",
        "endsOn": None,
    }
    rows = (await town.ask(PROGRAMMES))["workdayProgrammes"]["nodes"]
    assert [(row["weekday"], row["endsOn"]) for row in rows] == [
        ("MONDAY", "2015-08-31"),
        ("THURSDAY", None),
    ]
    query = """query($code: String!, $day: Date) { organization(code: $code) {
        workdayProgramme(asOf: $day) { weekday nextDay(after: $day) } } }"""
    for day, weekday, following in (
        ("2015-08-26", "MONDAY", "2015-08-31"),
        ("2015-08-31", "MONDAY", None),
        ("2015-09-01", "THURSDAY", "2015-09-10"),  # the 3rd was a public holiday
    ):
        code = town.organizations["east"].code
        data = await town.ask(query, code=code, day=day)
        expected = {"weekday": weekday, "nextDay": following}
        assert data["organization"]["workdayProgramme"] == expected
    plan = {"mutation": "workdaySessionPlan", "organization": town.org("east")}
    assert await town.refused(**plan, day="2015-09-07") == "NOT_PROGRAMME_DAY day"


async def test_a_plan_of_weeks_goes_from_one_programme_to_the_next(town: Town) -> None:
    given = {"organization": town.org("town"), "weekday": "THURSDAY", "startsOn": "2015-07-06"}
    await town.do("workdayProgrammeSet", **given)
    span = {"organization": town.org("east"), "firstDay": "2015-06-29", "lastDay": "2015-07-12"}
    assert (await town.do("workdaySessionsPlan", "planned", **span)) == {"planned": 2}
    data = await town.ask("{ workdaySessions(order: {field: DAY}) { nodes { day } } }")
    days = [row["day"] for row in data["workdaySessions"]["nodes"]]
    assert days == ["2015-06-29", "2015-07-09"]


async def test_the_nearest_programme_holds(town: Town) -> None:
    await town.do(
        "workdayProgrammeSet",
        organization=town.org("east"),
        weekday="FRIDAY",
        startsOn="2015-06-01",
    )
    plan = {"mutation": "workdaySessionPlan", "day": MONDAY}
    assert await town.refused(**plan, organization=town.org("east")) == "NOT_PROGRAMME_DAY day"
    await town.do(**plan, organization=town.org("west"))
    data = await town.ask("{ workdayProgrammes { nodes { id weekday } } }")
    (towns,) = [
        row["id"] for row in data["workdayProgrammes"]["nodes"] if row["weekday"] == "MONDAY"
    ]
    await town.do(**plan, organization=town.org("east"), programme=towns)


async def test_a_programme_of_the_same_day_is_changed(town: Town) -> None:
    given = {"organization": town.org("town"), "startsOn": "2014-03-01", "startsAt": "08:30"}
    code = await town.refused("workdayProgrammeSet", **given, expectedVersion=9)
    assert code == "CONFLICT expectedVersion"
    await town.do("workdayProgrammeSet", **given, endsOn="2015-12-31", expectedVersion=1)
    (row,) = (await town.ask(PROGRAMMES))["workdayProgrammes"]["nodes"]
    assert (row["startsAt"], row["endsOn"], row["version"]) == ("08:30", "2015-12-31", 2)


async def test_what_a_programme_refuses(town: Town) -> None:
    given = {"mutation": "workdayProgrammeSet", "organization": town.org("town")}
    assert await town.refused(**given, startsOn="2014-01-01") == "PROGRAMME_OVERLAP startsOn"
    assert await town.refused(**given, endsOn="2015-06-04") == "DATE_ORDER endsOn"
    assert await town.refused(**given, startsOn="0001-01-01") == "DAY_OUT_OF_RANGE endsOn"
    assert await town.refused(**given, startsAt="noon") == "TIME_FORMAT startsAt"
    assert await town.refused(**given, endsAt="11:00") == "TIME_ORDER endsAt"
    assert await town.refused(**{**given, "organization": town.org("far")}) == (
        "NOT_FOUND organization"
    )
    secretary = await town.district.token(
        "COMMUNITY_SECRETARY", organization=town.organizations["east"].code
    )
    own = {"mutation": "workdayProgrammeSet", "organization": town.org("east")}
    assert await town.forbidden(**own, token=secretary) == "FORBIDDEN"


async def test_a_programme_before_a_later_one_needs_an_end(town: Town) -> None:
    given = {"mutation": "workdayProgrammeSet", "organization": town.org("west")}
    await town.do(**given, startsOn="2015-09-01")
    await town.do(**given, startsOn="2015-06-01", endsOn="2015-08-31")
    assert await town.refused(**given, startsOn="2015-07-01") == "PROGRAMME_OVERLAP startsOn"


async def test_liaisons(town: Town) -> None:
    assign = {"mutation": "workdayLiaisonAssign", "official": town.person("clerk")}
    west = {**assign, "organization": town.org("west")}
    assert await town.refused(**west, startsOn="2015-06-05", endsOn="2015-06-04") == (
        "DATE_ORDER endsOn"
    )
    made = await town.do(
        **west, startsOn="2015-06-05", fields="id officialName isAreaLead startsOn endsOn"
    )
    liaison = made.pop("id")
    assert made.pop("officialName").endswith("*")
    assert made == {"isAreaLead": False, "startsOn": "2015-06-05", "endsOn": None}
    assert await town.refused(**west) == "ALREADY_ASSIGNED official"
    stranger = {**west, "official": town.person("stranger")}
    assert await town.refused(**stranger) == "NOT_FOUND official"
    end = {"mutation": "workdayLiaisonEnd", "liaison": liaison}
    assert await town.refused(**end, on="2015-06-04") == "DATE_ORDER on"
    await town.do(**end, on="2015-06-30")
    assert await town.refused(**end, on="2015-07-01") == "LIAISON_ENDED liaison"
    assert await town.refused(**west, startsOn="2015-06-30") == "ALREADY_ASSIGNED official"
    await town.do(**west, startsOn="2015-07-01")
    assert await town.refused("workdayLiaisonEnd", liaison="LiaisonAssignment:999") == (
        "NOT_FOUND liaison"
    )


async def test_who_is_in_liaison_on_a_day(town: Town) -> None:
    query = """query($code: String!, $day: Date) { organization(code: $code) {
        liaisons(asOf: $day) { official { id } isAreaLead }
        subtreeLiaisons(asOf: $day) { totalCount }
    } }"""
    east = town.organizations["east"].code
    data = await town.ask(query, code=east)
    assert data["organization"]["liaisons"] == [
        {"official": {"id": town.person("lead")}, "isAreaLead": True},
        {"official": {"id": town.person("cadre")}, "isAreaLead": False},
    ]
    data = await town.ask(query, code=town.organizations["town"].code)
    assert data["organization"] == {"liaisons": [], "subtreeLiaisons": {"totalCount": 3}}
    data = await town.ask(query, code=town.organizations["town"].code, day="2014-12-31")
    assert data["organization"]["subtreeLiaisons"] == {"totalCount": 0}
    query = "query($id: ID!) { person(id: $id) { liaisons { organization { id } } } }"
    data = await town.ask(query, id=town.person("lead"))
    assert data["person"]["liaisons"] == [
        {"organization": {"id": town.org("east")}},
        {"organization": {"id": town.org("west")}},
    ]
