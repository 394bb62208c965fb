"""People, memberships, posts and what is revealed, changed through GraphQL, on both databases."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import orjson
import pytest

from gongzhi import clock
from gongzhi.registry.models import Person
from tests.registry.streets import Streets, id_number

TODAY = clock.today()
LONG_AGO = "2015-06-08"
SECRET = ("合成", "1600000", "19800307", "1980-03-07", "19750101")
"""What begins every personal value of the people here."""


async def kept(streets: Streets, person: str) -> dict[str, str | None]:
    """Return what is stored of a person, decrypted."""
    async with streets.district.database():
        row = await Person.get(id=int(person.partition(":")[2]))
    decrypt = streets.district.privacy.decrypt
    return {
        name: decrypt(value) if value else None
        for name, value in (
            ("name", row.name_cipher),
            ("id_number", row.id_number_cipher),
            ("mobile", row.mobile_cipher),
            ("birth", row.birth_cipher),
        )
    }


async def tells_nothing(streets: Streets) -> None:
    """No event and no log of a reveal holds a personal value."""
    rows = await streets.rows("SELECT * FROM core_event")
    rows += await streets.rows("SELECT * FROM core_reveal")
    assert rows
    text = orjson.dumps(rows, default=str).decode()
    assert [secret for secret in SECRET if secret in text] == []


async def test_a_person_is_entered_and_corrected(streets: Streets) -> None:
    token, i = await streets.staff(), streets.ids
    number = id_number("19750101", "771")
    made = await streets.done(
        "personCreate",
        token,
        "person { id name idNumber mobile gender education { code } residenceArea { id } skills "
        "organization { id } version }",
        organization=i["east branch"],
        name="合成甲乙",
        idNumber=number,
        mobile="16000009999",
        education="COLLEGE",
        residenceArea=i["east estate"],
        skills=["LAW", "LAW", "REPAIR"],
    )
    person = made.pop("id")
    assert made == {
        "name": "合***",
        "idNumber": f"990***********{number[-4:]}",
        "mobile": "160****9999",
        "gender": "MALE",
        "education": {"code": "COLLEGE"},
        "residenceArea": {"id": i["east estate"]},
        "skills": ["LAW", "REPAIR"],
        "organization": {"id": i["east branch"]},
        "version": 1,
    }
    assert await kept(streets, person) == {
        "name": "合成甲乙",
        "id_number": number,
        "mobile": "16000009999",
        "birth": "1975-01-01",
    }
    assert await streets.last() == {"kind": "core.person.create", "of": person, "data": {}}
    new = {"organization": i["east branch"], "name": "合成丙"}
    refused = streets.refused
    assert await refused("personCreate", token, **new, idNumber=number) == (
        "ALREADY_REGISTERED",
        "idNumber",
    )
    assert await refused("personCreate", token, **new, mobile="1") == ("MOBILE_SHAPE", "mobile")
    bad = number[:-1] + ("0" if number[-1] != "0" else "1")
    assert await refused("personCreate", token, **new, idNumber=bad) == ("ID_CHECKSUM", "idNumber")

    one = {"person": person}
    changed = await streets.done(
        "personChange",
        token,
        "person { name mobile residenceArea { id } skills workUnit gender version }",
        **one,
        name="合成丁",
        mobile="",
        residenceArea=None,
        skills=[],
        workUnit="合成厂",
        expectedVersion=1,
    )
    assert changed == {
        "name": "合**",
        "mobile": None,
        "residenceArea": None,
        "skills": [],
        "workUnit": "合成厂",
        "gender": "MALE",
        "version": 2,
    }
    assert await streets.last() == {
        "kind": "core.person.change",
        "of": person,
        "data": {"fields": ["mobile", "name", "residence_area", "skills", "work_unit"]},
    }
    assert (await kept(streets, person)) == {
        "name": "合成丁",
        "id_number": number,
        "mobile": None,
        "birth": "1975-01-01",
    }
    for given, expected in (
        ({"name": " "}, ("BLANK", "name")),
        ({"expectedVersion": 1, "workUnit": "x"}, ("CONFLICT", "expectedVersion")),
        ({"birth": "1975-01-02"}, ("ID_DISAGREES", "birth")),
        ({"birth": None}, ("ID_DISAGREES", "birth")),
        ({"gender": "FEMALE"}, ("ID_DISAGREES", "gender")),
        ({"education": "NONE_SUCH"}, ("UNKNOWN_CODE", "education")),
        ({"birth": (TODAY + dt.timedelta(days=2)).isoformat()}, ("FUTURE_DATE", "birth")),
        ({"idNumber": id_number("19800307", "111")}, ("ALREADY_REGISTERED", "idNumber")),
    ):
        assert await refused("personChange", token, **one, **given) == expected, given
    same = await streets.done(
        "personChange", token, "person { version }", **one, birth="1975-01-01", gender="MALE"
    )
    assert same == {"version": 3}
    without = await streets.done(
        "personChange",
        token,
        "person { idNumber gender }",
        **one,
        idNumber="",
        birth=None,
        gender="FEMALE",
    )
    assert without == {"idNumber": None, "gender": "FEMALE"}
    assert (await kept(streets, person))["birth"] is None
    await tells_nothing(streets)


async def test_counts_by_age_follow_a_corrected_birth(streets: Streets) -> None:
    token, i = await streets.staff(), streets.ids
    one = {"person": i["east person"]}
    await streets.done(
        "personChange", token, "person { id }", **one, idNumber=id_number("19440101", "112")
    )
    found = await streets.district.execute(
        'query($id: ID!) { organization(id: $id) { membersByAge(asOf: "2026-11-22") '
        "{ code count } } }",
        {"id": i["east"]},
        token,
    )
    bands = {t["code"]: t["count"] for t in found.data["organization"]["membersByAge"]}
    assert bands["AGE_71_AND_OVER"] == 1
    assert (await streets.verified()).faults == ()
    await streets.done(
        "memberRecordContact",
        token,
        "member { id }",
        member=i["east person member"],
        on=LONG_AGO,
    )
    late = id_number("20160101", "112")
    assert await streets.refused("personChange", token, **one, idNumber=late) == (
        "DATE_ORDER",
        "lastContactOn",
    )
    assert (await streets.verified()).faults == ()


async def test_a_membership_from_admission_to_its_end(streets: Streets) -> None:
    token, i = await streets.staff(), streets.ids
    admitted = await streets.done(
        "memberAdmit",
        token,
        "member { id person { id } branch { id } stage state joinedOn events { nodes { kind "
        "{ code } decidedBy document after } } }",
        person=i["east newcomer"],
        branch=i["east branch"],
        stage="CANDIDATE",
        decidedBy="支部大会",
        document="2026-1",
    )
    member = admitted.pop("id")
    assert admitted == {
        "person": {"id": i["east newcomer"]},
        "branch": {"id": i["east branch"]},
        "stage": "CANDIDATE",
        "state": "NORMAL",
        "joinedOn": None,
        "events": {
            "nodes": [
                {
                    "kind": {"code": "REGISTERED"},
                    "decidedBy": "支部大会",
                    "document": "2026-1",
                    "after": "CANDIDATE",
                }
            ]
        },
    }
    day = TODAY.isoformat()
    person = streets.key("east newcomer")
    assert await streets.last() == {
        "kind": "core.member.admit",
        "of": member,
        "data": {"person_id": person, "stage": "CANDIDATE", "on": day},
    }
    refused, one = streets.refused, {"member": member}
    again = {"person": i["east newcomer"], "branch": i["east other"], "stage": "APPLICANT"}
    assert await refused("memberAdmit", token, **again) == ("ALREADY_MEMBER", "person")
    assert await refused("memberAdmit", token, **{**again, "branch": i["east unit"]}) == (
        "NOT_A_PARTY_ORGANIZATION",
        "branch",
    )

    assert await refused("memberChangeStage", token, **one, stage="FULL_MEMBER") == (
        "STAGE_STEP",
        "stage",
    )
    stepped = await streets.done(
        "memberChangeStage",
        token,
        "member { stage joinedOn version }",
        **one,
        stage="PROBATIONARY_MEMBER",
        expectedVersion=1,
    )
    assert stepped == {"stage": "PROBATIONARY_MEMBER", "joinedOn": day, "version": 2}
    assert (await streets.last())["data"] == {
        "from": "CANDIDATE",
        "to": "PROBATIONARY_MEMBER",
        "on": day,
    }
    stale = {**one, "stage": "FULL_MEMBER", "expectedVersion": 1}
    assert await refused("memberChangeStage", token, **stale) == ("CONFLICT", "expectedVersion")

    contact = await streets.done(
        "memberChangeContactState",
        token,
        "member { contactState }",
        **one,
        contactState="SUSPECTED_LOST",
    )
    assert contact == {"contactState": "SUSPECTED_LOST"}
    assert await refused("memberChangeContactState", token, **one, contactState="LOST") == (
        "CONTACT_STEP",
        "contactState",
    )
    secretary = await streets.district.token(
        "GROUP_LEADER", organization=streets.codes["east branch"]
    )
    noted = await streets.done(
        "memberRecordContact",
        secretary,
        "member { lastAttendedOn lastContactOn contactState }",
        **one,
        on=LONG_AGO,
        attended=True,
    )
    assert noted == {
        "lastAttendedOn": LONG_AGO,
        "lastContactOn": None,
        "contactState": "SUSPECTED_LOST",
    }
    assert (await streets.last())["data"] == {"on": LONG_AGO, "attended": True}

    moved = await streets.done(
        "memberMove",
        token,
        "member { branch { id } person { organization { id } } affiliationSince events { nodes "
        "{ kind { code } } } }",
        **one,
        branch=i["east other"],
    )
    assert moved == {
        "branch": {"id": i["east other"]},
        "person": {"organization": {"id": i["east other"]}},
        "affiliationSince": day,
        "events": {
            "nodes": [
                {"kind": {"code": code}}
                for code in ("REGISTERED", "STAGE_CHANGED", "CONTACT_CHANGED", "TRANSFERRED")
            ]
        },
    }
    assert (await streets.last())["data"] == {
        "from": streets.key("east branch"),
        "to": streets.key("east other"),
        "on": day,
    }
    assert await refused("memberMove", token, **one, branch=i["east other"]) == (
        "SAME_BRANCH",
        "branch",
    )

    ended = await streets.done(
        "memberChangeState",
        token,
        "member { state }",
        **one,
        state="REMOVED",
        decidedBy="街道党工委",
        document="2026-9",
    )
    assert ended == {"state": "REMOVED"}
    assert (await streets.last())["kind"] == "core.member.change_state"
    for mutation, given in {
        "memberChangeState": {"state": "SUSPENDED"},
        "memberChangeStage": {"stage": "FULL_MEMBER"},
        "memberMove": {"branch": i["east branch"]},
        "memberRecordContact": {},
        "memberChangeContactState": {"contactState": "IN_CONTACT"},
    }.items():
        assert await refused(mutation, token, **one, **given) == ("MEMBERSHIP_ENDED", None)
    verdict = await streets.verified()
    assert (verdict.events, verdict.faults) == (6, ())
    await tells_nothing(streets)


async def test_a_district_moves_a_member_from_street_to_street(streets: Streets) -> None:
    token, i = await streets.top(), streets.ids
    moved = await streets.done(
        "memberMove",
        token,
        "member { branch { id } }",
        member=i["east person member"],
        branch=i["west branch"],
    )
    assert moved == {"branch": {"id": i["west branch"]}}
    assert (await streets.verified()).faults == ()
    west = await streets.staff("west")
    assert await streets.done(
        "memberRecordContact", west, "member { id }", member=i["east person member"]
    )


async def test_a_post_is_given_and_ended(streets: Streets) -> None:
    token, i = await streets.staff(), streets.ids
    given = {"person": i["east newcomer"], "organization": i["east branch"]}
    made = await streets.done(
        "appointmentCreate",
        token,
        "appointment { id person { id } organization { id } post { code } secondedFrom { id } "
        "startsOn endsOn }",
        **given,
        post="DEPUTY_SECRETARY",
        secondedFrom=i["east unit"],
        startsOn=LONG_AGO,
        basis="ELECTED",
    )
    post = made.pop("id")
    assert made == {
        "person": {"id": i["east newcomer"]},
        "organization": {"id": i["east branch"]},
        "post": {"code": "DEPUTY_SECRETARY"},
        "secondedFrom": {"id": i["east unit"]},
        "startsOn": LONG_AGO,
        "endsOn": None,
    }
    assert await streets.last() == {
        "kind": "core.appointment.create",
        "of": post,
        "data": {
            "person_id": streets.key("east newcomer"),
            "post": "DEPUTY_SECRETARY",
            "starts_on": LONG_AGO,
        },
    }
    refused = streets.refused
    assert await refused("appointmentCreate", token, **given, post="DEPUTY_SECRETARY") == (
        "ALREADY_APPOINTED",
        "post",
    )
    assert await refused("appointmentCreate", token, **given, post="NONE_SUCH") == (
        "UNKNOWN_CODE",
        "post",
    )
    part_time = {**given, "post": "PART_TIME_COMMITTEE_MEMBER"}
    assert (await refused("appointmentCreate", token, **part_time))[0] == "NOT_A_PARTY_MEMBER"
    assert await refused("appointmentEnd", token, appointment=post, on="2014-01-01") == (
        "DATE_ORDER",
        "endsOn",
    )
    ended = await streets.done(
        "appointmentEnd", token, "appointment { endsOn }", appointment=post, on="2026-01-31"
    )
    assert ended == {"endsOn": "2026-01-31"}
    assert await streets.last() == {
        "kind": "core.appointment.end",
        "of": post,
        "data": {"ends_on": "2026-01-31"},
    }
    assert await refused("appointmentEnd", token, appointment=post) == ("APPOINTMENT_ENDED", None)
    assert (await streets.verified()).faults == ()


# == reveals ==

ALL_FIELDS = ["BIRTH_DATE", "MOBILE", "NAME", "ID_NUMBER"]


async def test_a_reveal_is_recorded_before_anything_is_shown(streets: Streets) -> None:
    token, i = await streets.staff(), streets.ids
    result = "revealedPerson { name idNumber mobile birthDate }"
    given = {"person": i["east person"], "purpose": "CONTACT", "note": "约谈"}
    shown = await streets.done("personReveal", token, result, **given, fields=ALL_FIELDS)
    assert shown == {
        "name": "合成eastperson",
        "idNumber": id_number("19800307", "011"),
        "mobile": "16000000001",
        "birthDate": "1980-03-07",
    }
    event = (await streets.events())[-1]
    assert event["kind"] == "core.person.reveal"
    assert event["data"] == {
        "fields": ["NAME", "ID_NUMBER", "MOBILE", "BIRTH_DATE"],
        "purpose": "CONTACT",
        "person_id": streets.key("east person"),
    }
    one = await streets.done("personReveal", token, result, **given, fields=["MOBILE"])
    assert one == {"name": None, "idNumber": None, "mobile": "16000000001", "birthDate": None}

    secretary = await streets.district.token(
        "BRANCH_SECRETARY", organization=streets.codes["east branch"]
    )
    of_member = {"member": i["east person member"], "purpose": "MEMBERSHIP"}
    assert await streets.done(
        "memberReveal", secretary, "revealedPerson { name }", **of_member, fields=["NAME"]
    ) == {"name": "合成eastperson"}
    assert (await streets.last())["of"] == i["east person member"]

    auditor = await streets.top("AUDITOR")
    query = (
        "query($id: ID!) { person(id: $id) { reveals { totalCount nodes { account shown note "
        "purpose { code labelZh } } } } }"
    )
    found = await streets.district.execute(query, {"id": i["east person"]}, auditor)
    logged = found.data["person"]["reveals"]
    assert logged["totalCount"] == 3
    assert {**logged["nodes"][0], "account": ""} == {
        "account": "",
        "shown": ["NAME", "ID_NUMBER", "MOBILE", "BIRTH_DATE"],
        "note": "约谈",
        "purpose": {"code": "CONTACT", "labelZh": "联系本人"},
    }
    mine = (await streets.district.execute("{ viewer { name } }", None, token)).data["viewer"]
    assert logged["nodes"][0]["account"] == mine["name"]
    hidden = await streets.district.execute(query, {"id": i["east person"]}, token)
    assert hidden.data["person"]["reveals"]["totalCount"] == 0

    refused = streets.refused
    given = {"person": i["east person"], "fields": ["NAME"]}
    assert await refused("personReveal", token, **given, purpose="CURIOSITY") == (
        "UNKNOWN_CODE",
        "purpose",
    )
    assert await refused("personReveal", token, **given, purpose="") == ("BLANK", "purpose")
    none = {**given, "fields": []}
    assert await refused("personReveal", token, **none, purpose="CONTACT") == ("BLANK", "fields")
    long = {**given, "note": "长" * 501}
    assert await refused("personReveal", token, **long, purpose="CONTACT") == ("TOO_LONG", "note")
    assert len(await streets.events()) == 3
    await tells_nothing(streets)
    assert (await streets.verified()).faults == ()


async def test_a_retried_reveal_shows_nothing_again(streets: Streets) -> None:
    token = await streets.staff()
    given = {
        "person": streets.ids["east person"],
        "fields": ["NAME"],
        "purpose": "CONTACT",
        "idempotencyKey": "k1",
    }
    await streets.done("personReveal", token, "revealedPerson { name }", **given)
    again = await streets.do("personReveal", token, "revealedPerson { name }", **given)
    assert again.data == {"personReveal": None}
    assert again.errors[0]["extensions"]["code"] == "ALREADY_DONE"
    assert len(await streets.events()) == 1


# == mechanism ==


async def test_a_retried_mutation_is_done_once(streets: Streets) -> None:
    token, i = await streets.staff(), streets.ids
    given = {"organization": i["east branch"], "name": "合成一", "idempotencyKey": "once"}
    answers = await asyncio.gather(
        *(streets.do("personCreate", token, "person { id }", **given) for _ in range(4))
    )
    (person,) = {answer.data["personCreate"]["person"]["id"] for answer in answers}
    assert [event["kind"] for event in await streets.events()] == ["core.person.create"]
    other = await streets.do("personCreate", token, "person { id }", **{**given, "name": "合成二"})
    assert other.errors[0]["extensions"]["code"] == "KEY_REUSED"
    assert await streets.done("personCreate", token, "person { id }", **given) == {"id": person}


async def test_of_many_editors_one_is_first(streets: Streets) -> None:
    token, i = await streets.staff(), streets.ids
    editors = 6
    answers = await asyncio.gather(
        *(
            streets.do(
                "personChange",
                token,
                "person { version }",
                person=i["east person"],
                workUnit=f"合成厂{n}",
                expectedVersion=1,
            )
            for n in range(editors)
        )
    )
    payloads = [answer.data["personChange"] for answer in answers]
    done = [each["person"] for each in payloads if each["person"]]
    codes = [error["code"] for each in payloads for error in each["errors"]]
    assert done == [{"version": 2}]
    assert codes == ["CONFLICT"] * (editors - 1)


async def test_a_payload_is_one_statement(streets: Streets) -> None:
    token, i = await streets.staff(), streets.ids
    answer = await streets.do(
        "memberMove",
        token,
        "member { branch { name superior { name area { name } } members { totalCount nodes "
        "{ name person { appointments { post { labelZh } } } } } } }",
        member=i["east person member"],
        branch=i["east other"],
    )
    assert answer.errors == []
    assert answer.statements == 1
    refused = await streets.do(
        "memberMove",
        token,
        "member { id }",
        member=i["east person member"],
        branch=i["east other"],
    )
    assert refused.statements == 0


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_refusals_speak_the_viewer_s_language(sqlite_streets: Streets, language: str) -> None:
    token = await sqlite_streets.staff()
    text = (
        "mutation($input: MemberChangeStageInput!) { memberChangeStage(input: $input) "
        "{ errors { message } } }"
    )
    given: dict[str, Any] = {
        "member": sqlite_streets.ids["east person member"],
        "stage": "APPLICANT",
    }
    answer = await sqlite_streets.district.execute(text, {"input": given}, token, language=language)
    (error,) = answer.data["memberChangeStage"]["errors"]
    assert (
        error["message"]
        == {
            "zh": "不能从 FULL_MEMBER 直接变为 APPLICANT",
            "en": "FULL_MEMBER cannot become APPLICANT directly",
        }[language]
    )


async def test_changes_of_tree_and_people_at_once_leave_everything_whole(
    streets: Streets,
) -> None:
    """Everybody holds rows in one order, so that nobody is ended to free others of a deadlock."""
    top, i = await streets.top(), streets.ids
    changes: list[tuple[str, dict[str, Any]]] = []
    for n, street in enumerate(("west", "east", "west")):
        changes += [
            ("organizationMove", {"organization": i["east branch"], "superior": i[street]}),
            ("personCreate", {"organization": i["east branch"], "name": f"合成{n}"}),
            ("memberMove", {"member": i["east person member"], "branch": i[f"{street} other"]}),
            ("personChange", {"person": i["east person"], "birth": None, "idNumber": ""}),
            ("organizationRename", {"organization": i["east branch"], "name": f"名{n}"}),
            ("organizationCover", {"organization": i["east branch"], "coverage": [i["west unit"]]}),
            ("memberRecordContact", {"member": i["east candidate member"]}),
            ("organizationMerge", {"source": i["west empty"], "target": i["west branch"]}),
            (
                "organizationCreate",
                {
                    "code": f"NEW-{n}",
                    "name": "新",
                    "kind": "PARTY_BRANCH",
                    "superior": i["east"],
                    "coverage": [i["west unit"]],
                },
            ),
        ]
    answers = await asyncio.gather(*(streets.do(name, top, **given) for name, given in changes))
    assert [answer.errors for answer in answers if answer.errors] == []
    codes = {
        error["code"]
        for (name, _), answer in zip(changes, answers, strict=True)
        for error in answer.data[name]["errors"]
    }
    assert codes <= {"SAME_PLACE", "SAME_BRANCH", "SAME_NAME", "NOT_ACTIVE", "CONFLICT"}
    verdict = await streets.verified()
    done = sum(
        not answer.data[name]["errors"] for (name, _), answer in zip(changes, answers, strict=True)
    )
    assert verdict.faults == ()
    assert verdict.events == done + 1  # the one merger that is done is told of both
