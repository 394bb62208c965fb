"""Organizations, areas, people, memberships and posts, changed through GraphQL, both databases."""

from __future__ import annotations

import datetime as dt
from typing import Any

from gongzhi import clock
from gongzhi.access import service as access
from gongzhi.access.models import Edge
from tests.registry.streets import ABSENT, Streets

TODAY = clock.today()
LONG_AGO = "2015-06-08"


def case(s: Streets, street: str = "east") -> dict[str, dict[str, Any]]:
    """Return an input for each mutation that names rows: one that would succeed in a street."""
    i = {name.removeprefix(f"{street} "): key for name, key in s.ids.items()}
    field = {"fields": ["MOBILE"], "purpose": "CONTACT"}
    return {
        "organizationCreate": {
            "code": "N1",
            "name": "新",
            "kind": "PARTY_BRANCH",
            "superior": i[street],
            "coverage": [i["unit"]],
        },
        "organizationChange": {"organization": i["branch"], "purpose": "x"},
        "organizationUpgrade": {"organization": i["branch"], "kind": "GENERAL_PARTY_BRANCH"},
        "organizationRename": {"organization": i["branch"], "name": "更名"},
        "organizationMove": {"organization": i["branch"], "superior": i[street]},
        "organizationMerge": {"source": i["empty"], "target": i["other"]},
        "organizationDissolve": {"organization": i["empty"]},
        "organizationCover": {"organization": i["branch"], "coverage": [i["unit"]]},
        "personCreate": {"organization": i["branch"], "name": "合成新人"},
        "personChange": {"person": i["person"], "workUnit": "x"},
        "personReveal": {"person": i["person"], **field},
        "memberAdmit": {"person": i["newcomer"], "branch": i["branch"], "stage": "APPLICANT"},
        "memberMove": {"member": i["person member"], "branch": i["other"]},
        "memberChangeStage": {
            "member": i["candidate member"],
            "stage": "PROBATIONARY_MEMBER",
        },
        "memberChangeState": {"member": i["person member"], "state": "SUSPENDED"},
        "memberChangeContactState": {
            "member": i["person member"],
            "contactState": "SUSPECTED_LOST",
        },
        "memberRecordContact": {"member": i["person member"]},
        "memberReveal": {"member": i["person member"], **field},
        "appointmentCreate": {
            "person": i["newcomer"],
            "organization": i["branch"],
            "post": "DEPUTY_SECRETARY",
            "secondedFrom": i["unit"],
            "homeOrganization": i["company"],
        },
        "appointmentEnd": {"appointment": i["post"]},
    }


def named(given: dict[str, Any]) -> list[str]:
    """Return the fields of an input that name rows of an organization."""
    return [
        name
        for name, value in given.items()
        for text in (value if isinstance(value, list) else [value])
        if ":" in str(text)
    ]


async def test_every_mutation_of_the_core_is_looked_at(streets: Streets) -> None:
    """Guard of the guard: what names a row of an organization is in the table of cases."""
    there = {
        name
        for name in streets.district.composed.catalogue.types["Mutation"].fields
        if name.startswith(("organization", "person", "member", "appointment"))
    }
    assert there - {"organizationKindAllow"} == set(case(streets))


async def test_what_is_hidden_answers_as_what_does_not_exist(streets: Streets) -> None:
    token = await streets.staff()
    west = case(streets, "west")
    looked_at = 0
    for name, given in case(streets).items():
        for field in named(given):
            answers = []
            for other in (west[name][field], _absent(given[field])):
                answer = await streets.do(name, token, **{**given, field: other})
                answers.append((answer.errors, answer.data))
            hidden, absent = answers
            assert hidden == absent, (name, field)
            assert hidden[0] == []
            (error,) = hidden[1][name]["errors"]
            assert (error["code"], error["field"]) == ("NOT_FOUND", field), (name, field)
            looked_at += 1
    assert looked_at == 29
    assert await streets.events() == []


def _absent(value: str | list[str]) -> str | list[str]:
    if isinstance(value, list):
        return [f"{text.partition(':')[0]}:{ABSENT}" for text in value]
    return f"{value.partition(':')[0]}:{ABSENT}"


async def test_who_only_reads_is_forbidden(streets: Streets) -> None:
    reads = await streets.staff(role="AUDITOR")
    contacts = await streets.staff(role="BRANCH_COMMITTEE_MEMBER")
    for name, given in case(streets).items():
        assert await streets.forbidden(name, reads, **given), name
        if name != "memberRecordContact":
            assert await streets.forbidden(name, contacts, **given), name
    assert await streets.events() == []
    anonymous = await streets.do("memberRecordContact", None, member=streets.ids["east person"])
    assert anonymous.errors[0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_the_permission_counts_where_it_holds(streets: Streets) -> None:
    """Who sees both streets and manages one changes nothing of the other."""
    i = streets.ids
    name = (await streets.district.execute("{ viewer { name } }", None, await streets.staff())).data
    async with streets.district.database():
        account = name["viewer"]["name"]
        await access.add_grant(account, "AUDITOR", organization=streets.codes["west"])
        token = (await access.create_token(account)).text
    for mutation, given in case(streets, "west").items():
        assert await streets.forbidden(mutation, token, **given), mutation
    west = i["west branch"]
    both_ends = {
        "organizationMove": [
            {"organization": i["east branch"], "superior": i["west"]},
            {"organization": west, "superior": i["east"]},
        ],
        "organizationMerge": [
            {"source": i["east empty"], "target": west},
            {"source": i["west empty"], "target": i["east branch"]},
        ],
        "memberMove": [
            {"member": i["east person member"], "branch": west},
            {"member": i["west person member"], "branch": i["east branch"]},
        ],
    }
    for mutation, inputs in both_ends.items():
        for given in inputs:
            assert await streets.forbidden(mutation, token, **given), (mutation, given)
    assert await streets.events() == []


async def test_what_an_organization_is_is_decided_above_it(streets: Streets) -> None:
    """A secretary sets up and ends branches below, and cannot end his own committee."""
    token = await streets.district.token("COMMUNITY_SECRETARY", organization=streets.codes["east"])
    east, top = streets.ids["east"], streets.ids["top"]
    assert await streets.done(
        "organizationChange", token, "organization { purpose }", organization=east, purpose="联系"
    ) == {"purpose": "联系"}
    for name, given in {
        "organizationRename": {"name": "更名"},
        "organizationUpgrade": {"kind": "GENERAL_PARTY_BRANCH"},
        "organizationMove": {"superior": streets.ids["east branch"]},
        "organizationDissolve": {},
    }.items():
        assert await streets.forbidden(name, token, organization=east, **given), name
    merge = {"source": east, "target": streets.ids["east branch"]}
    assert await streets.forbidden("organizationMerge", token, **merge)
    below = {"organization": streets.ids["east empty"]}
    assert await streets.done(
        "organizationDissolve", token, "organization { status }", **below
    ) == {"status": "DISSOLVED"}
    # a root needs the permission everywhere
    root = {"code": "R", "name": "新", "kind": "DISTRICT_PARTY_COMMITTEE"}
    assert await streets.forbidden("organizationCreate", token, **root)
    district = await streets.district.token(
        "DISTRICT_ORG_DEPT_ADMIN", organization=streets.codes["top"]
    )
    assert await streets.forbidden("organizationCreate", district, **root)
    assert await streets.forbidden(
        "organizationMove", district, organization=streets.ids["east"], superior=None
    )
    renamed = await streets.done(
        "organizationRename", district, "organization { name }", organization=top, name="区委"
    )
    assert renamed == {"name": "区委"}


# == organizations ==


async def test_an_organization_from_its_creation_to_its_end(streets: Streets) -> None:
    token, i = await streets.staff(), streets.ids
    made = await streets.done(
        "organizationCreate",
        token,
        "organization { id code name kind { code } superior { id } area { id } setupMode phone "
        "isTemporary reviewOn version coverage { id } changes { nodes { kind occurredOn document } "
        "} }",
        code="TMP-1",
        name="抗洪临时党支部",
        kind="PARTY_BRANCH",
        superior=i["east"],
        area=i["east estate"],
        setupMode="JOINT",
        coverage=[i["east unit"], i["east company"]],
        isTemporary=True,
        reviewOn="2027-01-31",
        establishedOn=LONG_AGO,
        document="街工委〔2015〕1号",
        phone="02162000000",
    )
    new = {"organization": made["id"]}
    key = int(made.pop("id").partition(":")[2])
    assert made == {
        "code": "TMP-1",
        "name": "抗洪临时党支部",
        "kind": {"code": "PARTY_BRANCH"},
        "superior": {"id": i["east"]},
        "area": {"id": i["east estate"]},
        "setupMode": "JOINT",
        "phone": "021****0000",
        "isTemporary": True,
        "reviewOn": "2027-01-31",
        "version": 1,
        "coverage": [{"id": i["east unit"]}, {"id": i["east company"]}],
        "changes": {
            "nodes": [
                {"kind": "ESTABLISHED", "occurredOn": LONG_AGO, "document": "街工委〔2015〕1号"}
            ]
        },
    }
    assert await streets.last() == {
        "kind": "core.organization.create",
        "of": f"Organization:{key}",
        "data": {
            "kind": "PARTY_BRANCH",
            "superior_id": streets.key("east"),
            "established_on": LONG_AGO,
        },
    }
    refused = streets.refused
    again = {"name": "新", "kind": "PARTY_BRANCH", "superior": i["east"]}
    assert await refused("organizationCreate", token, code="TMP-1", **again) == (
        "CODE_TAKEN",
        "code",
    )
    wrong = {**again, "kind": "DISTRICT_PARTY_COMMITTEE"}
    assert (await refused("organizationCreate", token, code="N", **wrong))[0] == "KIND_NOT_ALLOWED"

    change = await streets.done(
        "organizationChange",
        token,
        "organization { area { id } purpose isTemporary reviewOn phone version }",
        **new,
        area=None,
        purpose="值守",
        isTemporary=False,
        reviewOn=None,
        phone="",
        expectedVersion=1,
    )
    assert change == {
        "area": None,
        "purpose": "值守",
        "isTemporary": False,
        "reviewOn": None,
        "phone": None,
        "version": 2,
    }
    assert (await streets.last())["data"] == {
        "fields": ["area", "is_temporary", "phone", "purpose", "review_on"]
    }
    stale = await streets.do("organizationChange", token, **new, purpose="旧", expectedVersion=1)
    assert stale.data["organizationChange"]["errors"] == [
        {
            "code": "CONFLICT",
            "field": "expectedVersion",
            "message": "the record was changed by someone else, its version is 2",
        }
    ]
    assert await refused("organizationChange", token, **new, isTemporary=True) == (
        "REVIEW_DATE_NEEDED",
        "reviewOn",
    )
    assert await refused("organizationChange", token, **new, level="NOWHERE") == (
        "UNKNOWN_CODE",
        "level",
    )

    covered = await streets.done(
        "organizationCover",
        token,
        "organization { coverage { id } setupMode version }",
        **new,
        coverage=[i["east unit"]],
        setupMode="SINGLE",
    )
    assert covered == {"coverage": [{"id": i["east unit"]}], "setupMode": "SINGLE", "version": 3}
    assert (await streets.last())["data"] == {"units": [streets.key("east unit")]}
    assert await refused("organizationCover", token, **new, coverage=[i["east branch"]]) == (
        "COVERAGE_PARTY",
        "coverage",
    )

    renamed = await streets.done(
        "organizationRename",
        token,
        "organization { name changes { nodes { kind before after } } }",
        **new,
        name="值守党支部",
        on=LONG_AGO,
        expectedVersion=3,
    )
    assert renamed["name"] == "值守党支部"
    assert renamed["changes"]["nodes"][-1] == {
        "kind": "RENAMED",
        "before": "抗洪临时党支部",
        "after": "值守党支部",
    }
    assert await streets.last() == {
        "kind": "core.organization.rename",
        "of": f"Organization:{key}",
        "data": {"on": LONG_AGO},
    }
    assert await refused("organizationRename", token, **new, name="值守党支部") == (
        "SAME_NAME",
        "name",
    )
    ahead = (TODAY + dt.timedelta(days=2)).isoformat()
    assert await refused("organizationRename", token, **new, name="新", on=ahead) == (
        "FUTURE_DATE",
        "on",
    )

    upgraded = await streets.done(
        "organizationUpgrade",
        token,
        "organization { id kind { code } changes { nodes { kind } } }",
        **new,
        kind="GENERAL_PARTY_BRANCH",
    )
    assert upgraded["id"] == f"Organization:{key}"
    assert upgraded["kind"] == {"code": "GENERAL_PARTY_BRANCH"}
    assert upgraded["changes"]["nodes"][-1] == {"kind": "UPGRADED"}
    assert (await streets.last())["data"] == {
        "before": "PARTY_BRANCH",
        "after": "GENERAL_PARTY_BRANCH",
        "on": TODAY.isoformat(),
    }
    assert await refused("organizationUpgrade", token, **new, kind="PARTY_BRANCH") == (
        "UPGRADE_NOT_ALLOWED",
        "kind",
    )

    ended = await streets.done(
        "organizationDissolve",
        token,
        "organization { status dissolvedOn coverage { id } }",
        **new,
        expectedVersion=5,
    )
    assert ended == {"status": "DISSOLVED", "dissolvedOn": TODAY.isoformat(), "coverage": []}
    assert (await streets.last())["kind"] == "core.organization.dissolve"
    assert await refused("organizationDissolve", token, **new) == ("NOT_ACTIVE", None)
    assert await refused("organizationChange", token, **new, purpose="x") == ("NOT_ACTIVE", None)
    branch = {"organization": i["east branch"]}
    assert (await refused("organizationDissolve", token, **branch))[0] == "HAS_MEMBERS"
    verdict = await streets.verified()
    assert (verdict.events, verdict.faults) == (6, ())


async def test_a_move_takes_everything_along_and_the_chain_still_verifies(
    streets: Streets,
) -> None:
    staff, token, i = await streets.staff(), await streets.top(), streets.ids
    branch = {"organization": i["east branch"]}
    await streets.done("organizationRename", staff, "organization { id }", **branch, name="先更名")
    await streets.done("personReveal", staff, "revealedPerson { name }", **_reveal(streets))
    moved = await streets.done(
        "organizationMove",
        token,
        "organization { superior { id } subtreeMembers { totalCount } "
        "changes { nodes { kind other { id } } } }",
        **branch,
        superior=i["west"],
        approvedBy="区委组织部",
    )
    assert moved == {
        "superior": {"id": i["west"]},
        "subtreeMembers": {"totalCount": 2},
        "changes": {
            "nodes": [
                {"kind": "ESTABLISHED", "other": {"id": i["east"]}},
                {"kind": "RENAMED", "other": None},
                {"kind": "MOVED", "other": {"id": i["west"]}},
            ]
        },
    }
    assert (await streets.last())["data"] == {
        "from": streets.key("east"),
        "to": streets.key("west"),
        "on": TODAY.isoformat(),
    }
    path = f"{streets.key('top')}.{streets.key('west')}.{streets.key('east branch')}."
    events = await streets.events()
    assert [event["kind"] for event in events] == [
        "core.organization.rename",
        "core.person.reveal",
        "core.organization.move",
    ]
    assert {event["org_path"] for event in events} == {path}
    assert await streets.rows("SELECT org_path FROM core_reveal") == [{"org_path": path}]
    verdict = await streets.verified()
    assert (verdict.events, verdict.faults) == (3, ())
    # the street that it left sees it no longer; the one that it came to does
    assert await streets.refused("organizationRename", staff, **branch, name="再更名") == (
        "NOT_FOUND",
        "organization",
    )
    assert await streets.refused("organizationMove", token, **branch, superior=i["west"]) == (
        "SAME_PLACE",
        "superior",
    )
    cycle = {"organization": i["west"], "superior": i["east branch"]}
    assert (await streets.refused("organizationMove", token, **cycle))[0] == "CYCLE"
    missing = await streets.do("organizationMove", token, **branch)
    assert missing.errors[0]["extensions"]["code"] == "BAD_USER_INPUT"


def _reveal(streets: Streets) -> dict[str, Any]:
    return {"person": streets.ids["east person"], "fields": ["NAME"], "purpose": "CONTACT"}


async def test_a_merger_is_told_of_both(streets: Streets) -> None:
    token, i = await streets.staff(), streets.ids
    merged = await streets.done(
        "organizationMerge",
        token,
        "organization { id members { totalCount } changes { nodes { kind other { id } } } }",
        source=i["east branch"],
        target=i["east other"],
        document="街工委〔2026〕3号",
        expectedVersion=1,
    )
    assert merged == {
        "id": i["east other"],
        "members": {"totalCount": 2},
        "changes": {
            "nodes": [
                {"kind": "ESTABLISHED", "other": {"id": i["east"]}},
                {"kind": "MERGED", "other": {"id": i["east branch"]}},
            ]
        },
    }
    source, target = streets.key("east branch"), streets.key("east other")
    day = TODAY.isoformat()
    assert [(e["kind"], e["entity_id"], e["data"]) for e in await streets.events()] == [
        ("core.organization.merge", source, {"into": target, "on": day}),
        ("core.organization.merge", target, {"from": source, "on": day}),
    ]
    assert (await streets.verified()).faults == ()
    again = {"source": i["east branch"], "target": i["east other"]}
    assert (await streets.refused("organizationMerge", token, **again))[0] == "NOT_ACTIVE"
    itself = {"source": i["east other"], "target": i["east other"]}
    assert (await streets.refused("organizationMerge", token, **itself))[0] == "SAME_ORGANIZATION"
    stale = {"source": i["east empty"], "target": i["east other"], "expectedVersion": 7}
    assert (await streets.refused("organizationMerge", token, **stale))[0] == "CONFLICT"


async def test_a_territory_that_grants_follow_is_widened_only_by_who_has_the_right_there(
    streets: Streets,
) -> None:
    """A grant along an organization's territory opens what its area opens, whoever sets that."""
    staff, top, i = await streets.staff(), await streets.top(), streets.ids
    widen = {"organization": i["east branch"], "area": i["city"]}
    result = "organization { area { id } }"
    assert await streets.done("organizationChange", staff, result, **widen) == {
        "area": {"id": i["city"]}
    }
    back = {**widen, "area": i["east estate"]}
    await streets.done("organizationChange", staff, result, **back)
    async with streets.district.database():
        await access.create_account("neighbour")
        await access.add_grant(
            "neighbour",
            "GRID_WORKER",
            organization=streets.codes["east branch"],
            edge=Edge.TERRITORY,
        )
    assert await streets.refused("organizationChange", staff, **widen) == (
        "TERRITORY_GRANTED",
        "area",
    )
    assert await streets.done("organizationChange", staff, result, **{**widen, "area": None}) == {
        "area": None
    }
    assert await streets.done("organizationChange", top, result, **widen) == {
        "area": {"id": i["city"]}
    }
