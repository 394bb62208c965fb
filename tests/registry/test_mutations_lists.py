"""Areas, code lists, the matrix of kinds and the calendar, changed through GraphQL."""

from __future__ import annotations

from gongzhi.registry.lists import CODE_LISTS, install
from tests.registry.streets import ABSENT, Streets


async def test_an_area_is_entered_corrected_and_moved(streets: Streets) -> None:
    token, i = await streets.top(), streets.ids
    made = await streets.done(
        "areaCreate",
        token,
        "area { id code kind { code } parent { id } population { value qualifier } }",
        code="310105999",
        name="合成里",
        kind="ESTATE",
        parent=i["east area"],
        population=1200,
        populationQualifier="OVER",
    )
    area = made.pop("id")
    assert made == {
        "code": "310105999",
        "kind": {"code": "ESTATE"},
        "parent": {"id": i["east area"]},
        "population": {"value": "1200", "qualifier": "OVER"},
    }
    assert await streets.last() == {
        "kind": "core.area.create",
        "of": area,
        "data": {"kind": "ESTATE", "parent_id": streets.key("east area")},
    }
    changed = await streets.done(
        "areaChange",
        token,
        "area { code name population { value } households }",
        area=area,
        code="310105998",
        population=None,
        households=400,
    )
    assert changed == {
        "code": "310105998",
        "name": "合成里",
        "population": None,
        "households": 400,
    }
    assert (await streets.last())["data"] == {"fields": ["code", "households", "population"]}
    refused = streets.refused
    for given, expected in (
        ({"code": streets.codes["city"]}, ("CODE_TAKEN", "code")),
        ({"code": ""}, ("BLANK", "code")),
        ({"name": "长" * 201}, ("TOO_LONG", "name")),
        ({"kind": "NONE_SUCH"}, ("UNKNOWN_CODE", "kind")),
        ({"area": f"Area:{ABSENT}"}, ("NOT_FOUND", "area")),
    ):
        assert await refused("areaChange", token, **{"area": area, **given}) == expected, given
    moved = await streets.done(
        "areaMove", token, "area { parent { id } }", area=i["east area"], parent=i["west area"]
    )
    assert moved == {"parent": {"id": i["west area"]}}
    assert await streets.last() == {
        "kind": "core.area.move",
        "of": i["east area"],
        "data": {"from": streets.key("city"), "to": streets.key("west area")},
    }
    cycle = {"area": i["west area"], "parent": area}
    assert await refused("areaMove", token, **cycle) == ("AREA_CYCLE", "parent")
    again = {"area": i["east area"], "parent": i["west area"]}
    assert await refused("areaMove", token, **again) == ("SAME_PLACE", "parent")
    absent = {"area": i["east area"], "parent": f"Area:{ABSENT}"}
    assert await refused("areaMove", token, **absent) == ("NOT_FOUND", "parent")
    verdict = await streets.verified()
    assert (verdict.events, verdict.faults) == (3, ())


async def test_areas_are_kept_where_the_territory_is(streets: Streets) -> None:
    i = streets.ids
    token = await streets.district.token("DISTRICT_ORG_DEPT_ADMIN", area=streets.codes["east area"])
    new = {"code": "N", "name": "合成里", "kind": "ESTATE"}
    assert await streets.done("areaCreate", token, "area { id }", **new, parent=i["east area"])
    assert await streets.done("areaChange", token, "area { id }", area=i["east estate"], name="里")
    for mutation, given in (
        ("areaCreate", {**new, "parent": i["west area"]}),
        ("areaCreate", new),
        ("areaChange", {"area": i["west estate"], "name": "里"}),
        ("areaChange", {"area": i["city"], "name": "市"}),
        ("areaMove", {"area": i["east estate"], "parent": i["west area"]}),
        ("areaMove", {"area": i["west estate"], "parent": i["east area"]}),
        ("areaMove", {"area": i["east estate"], "parent": None}),
    ):
        assert await streets.forbidden(mutation, token, **given), (mutation, given)
    along_subordination = await streets.staff(role="DISTRICT_ORG_DEPT_ADMIN")
    assert await streets.forbidden(
        "areaChange", along_subordination, area=i["east estate"], name="里"
    )
    assert len(await streets.events()) == 2


async def test_a_code_is_added_relabelled_and_taken_out_of_use(streets: Streets) -> None:
    token = await streets.top("SYSTEM_ADMIN")
    entry = "codeListEntry { list code labelZh labelEn family level active plugin }"
    new = {"list": "skill", "code": "DRONE", "labelZh": "无人机", "labelEn": "drones"}
    assert await streets.done("codeAdd", token, entry, **new) == {
        **new,
        "family": "",
        "level": "",
        "active": True,
        "plugin": "",
    }
    added = await streets.last()
    assert (added["kind"], added["data"]) == (
        "core.code.add",
        {"list": "skill", "code": "DRONE"},
    )
    shown = await streets.district.execute('{ codes(list: "skill") { code } }')
    assert shown.data["codes"][-1] == {"code": "DRONE"}
    refused = streets.refused
    for given, expected in (
        ({}, ("CODE_TAKEN", "code")),
        ({"code": "drone"}, ("CODE_SHAPE", "code")),
        ({"list": "none_such"}, ("LIST_UNKNOWN", "list")),
        ({"list": "age_band", "code": "AGE_5"}, ("LIST_FIXED", "list")),
        ({"code": "D2", "family": "NONE_SUCH"}, ("FAMILY_UNKNOWN", "family")),
        ({"code": "D2", "labelZh": " "}, ("BLANK", "labelZh")),
        ({"code": "D2", "list": "organization_kind"}, ("UNKNOWN_CODE", "level")),
    ):
        assert await refused("codeAdd", token, **{**new, **given}) == expected, given

    label = {"list": "skill", "code": "LAW", "labelZh": "法律援助"}
    relabelled = await streets.done("codeRelabel", token, entry, **label)
    assert (relabelled["labelZh"], relabelled["labelEn"]) == ("法律援助", "law")
    absent = {"list": "skill", "code": "NONE_SUCH"}
    assert await refused("codeRelabel", token, **absent) == ("NOT_FOUND", "code")

    law = {"list": "skill", "code": "LAW"}
    assert (await streets.done("codeDeactivate", token, entry, **law))["active"] is False
    staff, person = await streets.staff(), streets.ids["east person"]
    assert await refused("personChange", staff, person=person, skills=["LAW"]) == (
        "UNKNOWN_CODE",
        "skills",
    )
    fixed = {"list": "member_event_kind", "code": "REGISTERED"}
    assert await refused("codeDeactivate", token, **fixed) == ("LIST_FIXED", "list")
    async with streets.district.database():  # the next start leaves the deployment's own alone
        await install(("core", code_list) for code_list in CODE_LISTS)
    listed = await streets.rows(
        "SELECT code, label_zh, active FROM core_code WHERE list = 'skill' AND"
        " code IN ('LAW', 'DRONE') ORDER BY code"
    )
    assert [(r["code"], r["label_zh"], bool(r["active"])) for r in listed] == [
        ("DRONE", "无人机", True),
        ("LAW", "法律援助", False),
    ]
    assert (await streets.done("codeActivate", token, entry, **law))["active"] is True
    assert await streets.done(
        "personChange", staff, "person { skills }", person=person, skills=["LAW"]
    )
    assert [event["kind"] for event in await streets.events()] == [
        "core.code.add",
        "core.code.relabel",
        "core.code.deactivate",
        "core.code.activate",
        "core.person.change",
    ]
    for mutation in ("codeAdd", "codeRelabel", "codeDeactivate", "codeActivate"):
        assert await streets.forbidden(mutation, staff, **(new if mutation == "codeAdd" else law))
    street = await streets.staff(role="SYSTEM_ADMIN")
    assert await streets.forbidden("codeActivate", street, **law)


async def test_a_kind_of_one_s_own_gets_its_place(streets: Streets) -> None:
    token, staff, i = await streets.top(), await streets.staff(), streets.ids
    await streets.done(
        "codeAdd",
        token,
        "codeListEntry { code }",
        list="organization_kind",
        code="RIVER_PARTY_BRANCH",
        labelZh="河道党支部",
        labelEn="Party branch of a river",
        family="PARTY",
        level="COMMUNITY",
    )
    new = {"code": "R1", "name": "河道", "kind": "RIVER_PARTY_BRANCH", "superior": i["east"]}
    assert await streets.refused("organizationCreate", staff, **new) == (
        "KIND_NOT_ALLOWED",
        "superior",
    )
    pair = {"childKind": "RIVER_PARTY_BRANCH", "parentKind": "SUBDISTRICT_WORKING_COMMITTEE"}
    result = "codeListEntry { code }"
    for _ in range(2):
        allowed = await streets.done("organizationKindAllow", token, result, **pair)
        assert allowed == {"code": "RIVER_PARTY_BRANCH"}
    assert (await streets.last())["data"] == {
        "parent": "SUBDISTRICT_WORKING_COMMITTEE",
        "child": "RIVER_PARTY_BRANCH",
        "allowed": True,
    }
    made = await streets.done("organizationCreate", staff, "organization { level { code } }", **new)
    assert made == {"level": {"code": "COMMUNITY"}}
    await streets.done("organizationKindAllow", token, result, **pair, allowed=False)
    again = {**new, "code": "R2"}
    assert (await streets.refused("organizationCreate", staff, **again))[0] == "KIND_NOT_ALLOWED"
    wrong = {"childKind": "NONE_SUCH"}
    assert await streets.refused("organizationKindAllow", token, **wrong) == (
        "UNKNOWN_CODE",
        "childKind",
    )
    assert await streets.forbidden("organizationKindAllow", staff, **pair)


async def test_the_calendar_is_kept(streets: Streets) -> None:
    token = await streets.top("SYSTEM_ADMIN")
    day = {
        "day": "2027-02-07",
        "isWorking": False,
        "title": "春节",
        "source": "国办发明电〔2026〕1号",
    }
    result = "calendarDay { day isWorking title source }"
    assert await streets.refused("calendarYearConfirm", token, year=2027) == (
        "CALENDAR_YEAR_EMPTY",
        "year",
    )
    assert await streets.done("calendarDaySet", token, result, **day) == day
    assert (await streets.last())["data"] == {"day": "2027-02-07", "is_working": False}
    year = await streets.done(
        "calendarYearConfirm", token, "calendarYear { year confirmed source }", year=2027
    )
    assert year == {"year": 2027, "confirmed": True, "source": ""}
    assert (await streets.last())["kind"] == "core.calendar.confirm_year"
    long = {**day, "title": "长" * 101}
    assert await streets.refused("calendarDaySet", token, **long) == ("TOO_LONG", "title")
    staff = await streets.staff()
    assert await streets.forbidden("calendarDaySet", staff, **day)
    assert await streets.forbidden("calendarYearConfirm", staff, year=2027)
    assert (await streets.verified()).faults == ()
