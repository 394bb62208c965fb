"""Accounts, tokens and grants through GraphQL, and the ways to more rights that must be shut."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.conftest import FreshDatabase
from tests.registry.streets import ABSENT, Streets, open_streets

from gongzhi import clock
from gongzhi.access import rules, service
from gongzhi.access.models import Account, Edge, Grant, Token
from gongzhi.access.rules import Reach
from gongzhi.access.viewer import EVERYTHING, NOTHING, Range, RowScope
from gongzhi.registry.models import Organization

HOUR = dt.timedelta(hours=1)
DUTIES = ("SYSTEM_ADMIN", "SECURITY_ADMIN", "AUDITOR")


@pytest.fixture
async def streets(fresh_database: FreshDatabase, dialect: str) -> AsyncIterator[Streets]:
    async with open_streets(fresh_database(dialect=dialect)) as made:
        yield made


async def account(streets: Streets, name: str, home: str = "", **grants: dict[str, Any]) -> str:
    """Make an account with grants, role → where, and return its global id."""
    async with streets.district.database():
        body = await Organization.get(id=streets.key(home)) if home else None
        made = await service.create_account(name, organization=body)
        for role, where in grants.items():
            await service.add_grant(name, role, **where)
    return f"Account:{made.id}"


async def token_of(streets: Streets, name: str) -> str:
    async with streets.district.database():
        return (await service.create_token(name)).text


async def who(streets: Streets, token: str) -> str:
    """Return the global id of a token's account."""
    found = await streets.district.execute("{ viewer { id } }", None, token)
    key: str = found.data["viewer"]["id"]
    return key


async def count(streets: Streets, model: type[Account | Grant | Token], **where: Any) -> int:
    async with streets.district.database():
        return await model.filter(**where).count()


@contextmanager
def token_refused() -> Iterator[None]:
    with pytest.raises(PermissionError, match="refused"):
        yield


def later(hours: int = 1) -> str:
    return (clock.now() + hours * HOUR).isoformat()


# == rules ==

EAST, WEST = "1.2.", "1.3."


@pytest.mark.parametrize(
    ("scope", "reach", "allowed"),
    [
        (EVERYTHING, {"everything": True}, True),
        (EVERYTHING, {"organization_path": "1."}, True),
        (NOTHING, {"organization_path": EAST}, False),
        ("organization", {"everything": True}, False),
        ("organization", {"organization_path": EAST}, True),
        ("organization", {"organization_path": f"{EAST}5."}, True),
        ("organization", {"organization_path": WEST}, False),
        ("organization", {"organization_path": "1."}, False),
        ("organization", {"organization_path": "1.20."}, False),
        ("organization", {"edge": Edge.TERRITORY, "area_path": EAST}, False),
        ("organization", {"edge": Edge.TERRITORY, "organization_path": EAST}, True),
        ("exact", {"organization_path": EAST}, False),
        ("exact", {"organization_path": EAST, "with_descendants": False}, True),
        ("exact", {"organization_path": f"{EAST}5.", "with_descendants": False}, False),
        ("area", {"edge": Edge.TERRITORY, "area_path": EAST}, True),
        ("area", {"edge": Edge.TERRITORY, "area_path": "1."}, False),
        ("area", {"organization_path": EAST, "area_path": EAST}, False),
    ],
)
def test_a_grant_stays_within_the_scope(
    scope: RowScope | str, reach: dict[str, Any], allowed: bool
) -> None:
    """An organization without area opens nothing along territory, so it stays within any scope."""
    mine = (
        {
            "organization": RowScope(False, (Range.subtree(EAST),), ()),
            "exact": RowScope(False, (Range.exact(EAST),), ()),
            "area": RowScope(False, (), (Range.subtree(EAST),)),
        }[scope]
        if isinstance(scope, str)
        else scope
    )
    given = {"edge": Edge.SUBORDINATION, "everything": False, "with_descendants": True, **reach}
    assert rules.within(mine, Reach(role="PARTY_MEMBER", **given)) is allowed


def test_separated_duties_are_kept_apart() -> None:
    for duty in DUTIES:
        assert [e.code for e in rules.check_token_for([duty])] == ["TOKEN_OF_ADMINISTRATOR"]
        assert rules.ends_tokens(duty, [])
        assert not rules.ends_tokens(duty, [duty])
    assert rules.check_token_for(["SUBDISTRICT_STAFF"]) == []
    assert not rules.ends_tokens("SUBDISTRICT_STAFF", [])
    assert [e.code for e in rules.check_other(7, 7)] == ["OWN_ACCOUNT"]
    assert rules.check_other(7, 8) == rules.check_other(None, 8) == []


# == what is seen ==


async def test_accounts_are_seen_by_themselves_and_by_who_looks_after_them(
    streets: Streets,
) -> None:
    await account(streets, "zhang", "east branch", PARTY_MEMBER={"everything": True})
    await account(streets, "li", "west")
    names = "{ accounts { nodes { name organization { id } roles grants { role } } } }"

    async def seen(token: str | None) -> set[str]:
        found = await streets.district.execute(names, None, token)
        assert found.errors == []
        assert (found.tier, found.statements) == ("raw", 1)
        return {each["name"] for each in found.data["accounts"]["nodes"]} - mine

    auditor, everywhere = await streets.top("AUDITOR"), await streets.top("SECURITY_ADMIN")
    east, staff = await streets.staff(role="SECURITY_ADMIN"), await streets.staff()
    system = await streets.top("SYSTEM_ADMIN")
    mine: set[str] = set()
    async with streets.district.database():
        mine = {row.name for row in await Account.filter(name__startswith="test-")}
    assert await seen(auditor) == await seen(everywhere) == {"zhang", "li"}
    assert await seen(east) == {"zhang"}
    for token in (staff, system, None):
        assert await seen(token) == set()

    text = (
        "{ accounts { nodes { name roles permissions grants { role } } } "
        'viewer { name roles } one: account(name: "zhang") { roles organization { id } } }'
    )
    data = (await streets.district.execute(text, None, auditor)).data
    zhang = next(each for each in data["accounts"]["nodes"] if each["name"] == "zhang")
    assert zhang == {
        "name": "zhang",
        "roles": None,
        "permissions": None,
        "grants": [{"role": "PARTY_MEMBER"}],
    }
    assert data["one"] == {"roles": None, "organization": {"id": streets.ids["east branch"]}}
    assert data["viewer"]["roles"] == ["AUDITOR"]


# == accounts ==


async def test_an_account_is_made_bound_moved_and_switched_off(streets: Streets) -> None:
    token, i = await streets.staff(role="SECURITY_ADMIN"), streets.ids
    made = await streets.done(
        "accountCreate",
        token,
        "account { id name kind active organization { id } person { name } grants { role } }",
        name="wang",
        organization=i["east branch"],
        person=i["east person"],
    )
    key = made.pop("id")
    assert made == {
        "name": "wang",
        "kind": "PERSON",
        "active": True,
        "organization": {"id": i["east branch"]},
        "person": None,  # who looks after accounts reads no people
        "grants": [],
    }
    assert await streets.last() == {
        "kind": "core.account.create",
        "of": key,
        "data": {"kind": "PERSON", "person_id": streets.key("east person")},
    }
    one, refused = {"account": key}, streets.refused
    home = {"organization": i["east"]}
    assert await refused("accountCreate", token, name="wang", **home) == (
        "ACCOUNT_NAME_TAKEN",
        "name",
    )
    assert await refused("accountCreate", token, name="a b", **home) == (
        "ACCOUNT_NAME_INVALID",
        "name",
    )
    assert await streets.forbidden("accountCreate", token, name="zhao")
    result = "account { active organization { id } }"
    assert await streets.done("accountBind", token, result, **one, person=None)
    assert (await streets.last())["data"] == {"from": streets.key("east person"), "to": None}
    off = await streets.done("accountDeactivate", token, result, **one)
    assert off["active"] is False
    assert await refused("tokenCreate", token, **one) == ("ACCOUNT_INACTIVE", "account")
    on = await streets.done("accountActivate", token, result, **one)
    assert on["active"] is True
    moved = await streets.done("accountMove", token, result, **one, organization=i["east"])
    assert moved["organization"] == {"id": i["east"]}
    assert await streets.forbidden("accountMove", token, **one, organization=None)
    assert [event["kind"] for event in await streets.events()] == [
        f"core.account.{verb}" for verb in ("create", "bind", "deactivate", "activate", "move")
    ]
    top = await streets.top()
    await streets.done(
        "organizationMove",
        top,
        "organization { id }",
        organization=i["east branch"],
        superior=i["west"],
    )
    assert (await streets.verified()).faults == ()


async def test_hidden_accounts_and_people_answer_as_absent_ones(streets: Streets) -> None:
    token, i = await streets.staff(role="SECURITY_ADMIN"), streets.ids
    east = await account(streets, "zhang", "east", PARTY_MEMBER={"everything": True})
    west = await account(streets, "li", "west")
    nowhere = await account(streets, "sun", AUDITOR={"everything": True})
    async with streets.district.database():
        grant = await Grant.get(account_id=int(nowhere.partition(":")[2]))
        made = await service.create_token("li")
    hidden_person = {"name": "w", "organization": i["east"]}
    for name, given, field, hidden in (
        ("accountCreate", {"name": "w"}, "organization", i["west"]),
        ("accountCreate", hidden_person, "person", i["west person"]),
        ("accountBind", {"account": east}, "person", i["west person"]),
        ("accountBind", {"person": None}, "account", west),
        ("accountActivate", {}, "account", west),
        ("accountDeactivate", {}, "account", nowhere),
        ("accountMove", {"account": east}, "organization", i["west"]),
        ("accountMove", {"organization": i["east"]}, "account", west),
        ("tokenCreate", {}, "account", west),
        ("tokenRevoke", {}, "token", f"Token:{made.id}"),
        ("grantAdd", {"role": "RESIDENT", "organization": i["east"]}, "account", west),
        ("grantAdd", {"role": "RESIDENT", "account": east}, "organization", i["west"]),
        ("grantEnd", {}, "grant", f"Grant:{grant.id}"),
    ):
        answers = []
        for value in (hidden, f"{hidden.partition(':')[0]}:{ABSENT}"):
            answer = await streets.do(name, token, "__typename", **{**given, field: value})
            answers.append((answer.errors, answer.data))
        assert answers[0] == answers[1], (name, field)
        assert answers[0][0] == []
        (error,) = answers[0][1][name]["errors"]
        assert (error["code"], error["field"]) == ("NOT_FOUND", field), (name, field)
    assert await streets.events() == []


async def test_nobody_else_looks_after_accounts(streets: Streets) -> None:
    """Neither the system administrator nor the auditor, nor who manages the registry."""
    east = await account(streets, "zhang", "east", PARTY_MEMBER={"everything": True})
    async with streets.district.database():
        grant = await Grant.get(account_id=int(east.partition(":")[2]))
        token = await service.create_token("zhang")
    cases: dict[str, dict[str, Any]] = {
        "accountActivate": {"account": east},
        "accountDeactivate": {"account": east},
        "accountBind": {"account": east, "person": None},
        "accountMove": {"account": east, "organization": None},
        "tokenCreate": {"account": east},
        "tokenRevoke": {"token": f"Token:{token.id}"},
        "grantAdd": {"account": east, "role": "RESIDENT", "organization": streets.ids["east"]},
        "grantEnd": {"grant": f"Grant:{grant.id}"},
    }
    auditor = await streets.top("AUDITOR")
    for name, given in cases.items():
        assert await streets.forbidden(name, auditor, **given), name
    for role in ("SYSTEM_ADMIN", "DISTRICT_ORG_DEPT_ADMIN", "SUBDISTRICT_STAFF"):
        token_ = await streets.top(role)
        assert await streets.forbidden("accountMove", token_, **cases["accountMove"]), role
        for name in cases.keys() - {"accountMove"}:
            assert (await streets.refused(name, token_, **cases[name]))[0] == "NOT_FOUND", name
        for where in ({}, {"organization": streets.ids["east"]}):
            assert await streets.forbidden("accountCreate", token_, name="x", **where), role
    assert await streets.forbidden("accountCreate", auditor, name="x")
    assert await streets.events() == []


# == tokens ==


async def test_a_token_is_shown_once_and_revoked(streets: Streets) -> None:
    token = await streets.staff(role="SECURITY_ADMIN")
    east = await account(
        streets, "zhang", "east", PARTY_MEMBER={"organization": streets.codes["east"]}
    )
    given = {"account": east, "label": "对接", "expiresAt": later(), "idempotencyKey": "k"}
    issued = await streets.done("tokenCreate", token, "issuedToken { token text }", **given)
    assert await who(streets, issued["text"]) == east
    again = await streets.do("tokenCreate", token, "issuedToken { text }", **given)
    assert again.errors[0]["extensions"]["code"] == "ALREADY_DONE"
    assert await count(streets, Token, account_id=int(east.partition(":")[2])) == 1
    event = (await streets.events())[-1]
    assert (event["kind"], event["data"]) == (
        "core.token.create",
        {"token_id": int(issued["token"].partition(":")[2])},
    )
    assert issued["text"] not in str(await streets.rows("SELECT * FROM core_event"))
    refused = streets.refused
    past = {"account": east, "expiresAt": later(-1)}
    assert await refused("tokenCreate", token, **past) == ("EXPIRY_IN_PAST", "expiresAt")
    long = {"account": east, "label": "长" * 101}
    assert await refused("tokenCreate", token, **long) == ("LABEL_TOO_LONG", "label")
    revoked = await streets.done(
        "tokenRevoke", token, "token { label revokedAt }", token=issued["token"]
    )
    assert revoked["label"] == "对接"
    assert revoked["revokedAt"] is not None
    async with streets.district.database():
        row = await Token.get(id=int(issued["token"].partition(":")[2]))
        assert row.revoked_at is not None
    assert (await streets.verified()).faults == ()


async def test_everybody_keeps_his_own_tokens(streets: Streets) -> None:
    """Also the auditor, of whom nobody else may make one."""
    auditor = await streets.top("AUDITOR")
    for token in (auditor, await streets.staff(role="RESIDENT")):
        own = await who(streets, token)
        issued = await streets.done("tokenCreate", token, "issuedToken { token text }")
        assert await who(streets, issued["text"]) == own
        also = await streets.done("tokenCreate", token, "issuedToken { text }", account=own)
        assert await who(streets, also["text"]) == own
        assert await streets.done(
            "tokenRevoke", also["text"], "token { id }", token=issued["token"]
        )
    other = await streets.district.execute(
        "{ viewer { tokens { id } } }", None, await streets.staff(role="RESIDENT")
    )
    theirs = other.data["viewer"]["tokens"][0]["id"]
    assert await streets.forbidden("tokenRevoke", auditor, token=theirs)


# == grants ==


async def test_a_grant_is_given_and_ended(streets: Streets) -> None:
    token, i = await streets.staff(role="SECURITY_ADMIN"), streets.ids
    zhang = await account(streets, "zhang", "east")
    one = {"account": zhang, "role": "SUBDISTRICT_STAFF", "organization": i["east"]}
    made = await streets.done(
        "grantAdd",
        token,
        "grant { id role edge organization { id } area { id } everything withDescendants validTo "
        "grantedBy }",
        **one,
        validTo="2099-01-01T00:00:00Z",
    )
    grant, by = made.pop("id"), made.pop("grantedBy")
    assert made == {
        "role": "SUBDISTRICT_STAFF",
        "edge": "SUBORDINATION",
        "organization": {"id": i["east"]},
        "area": None,
        "everything": False,
        "withDescendants": True,
        "validTo": "2099-01-01T00:00:00.000Z",
    }
    assert by.startswith("test-")
    assert await streets.last() == {
        "kind": "core.grant.add",
        "of": zhang,
        "data": {
            "grant_id": int(grant.partition(":")[2]),
            "role": "SUBDISTRICT_STAFF",
            "organization_id": streets.key("east"),
        },
    }
    theirs = await token_of(streets, "zhang")
    assert await streets.done(
        "organizationRename",
        theirs,
        "organization { id }",
        organization=i["east branch"],
        name="新",
    )
    refused = streets.refused
    for given, expected in (
        ({"role": "KING"}, ("ROLE_UNKNOWN", "role")),
        ({"organization": None}, ("GRANT_TARGET", None)),
        ({"organization": i["east unit"], "edge": "TERRITORY"}, ("GRANT_EDGE", "edge")),
        (
            {"validFrom": "2099-01-01T00:00:00Z", "validTo": "2098-01-01T00:00:00Z"},
            ("SPAN_INVALID", "validTo"),
        ),
    ):
        assert await refused("grantAdd", token, **{**one, **given}) == expected, given
    assert await refused("grantEnd", token, grant=grant, at=later(-1)) == ("END_IN_PAST", "at")
    ended = await streets.done("grantEnd", token, "grant { validTo }", grant=grant)
    assert ended["validTo"] < later()
    assert (await streets.last())["data"] == {
        "grant_id": int(grant.partition(":")[2]),
        "role": "SUBDISTRICT_STAFF",
    }
    assert await refused("grantEnd", token, grant=grant) == ("GRANT_ENDED", None)
    fresh = await token_of(streets, "zhang")
    assert await refused("organizationRename", fresh, organization=i["east branch"], name="再") == (
        "NOT_FOUND",
        "organization",
    )
    assert (await streets.verified()).faults == ()


# == ways to more rights ==


async def test_who_looks_after_a_street_gives_nothing_beyond_it(streets: Streets) -> None:
    token, i = await streets.staff(role="SECURITY_ADMIN"), streets.ids
    zhang = await account(streets, "zhang", "east")
    one = {"account": zhang, "role": "SUBDISTRICT_STAFF"}
    for where in (
        {"everything": True},
        {"area": i["east area"]},
        {"area": i["city"]},
        {"organization": i["east"], "edge": "TERRITORY"},
    ):
        assert await streets.forbidden("grantAdd", token, **one, **where), where
    assert await streets.refused("grantAdd", token, **one, organization=i["top"]) == (
        "NOT_FOUND",
        "organization",
    )
    async with streets.district.database():
        await service.create_account("exact")
        await service.add_grant(
            "exact", "SECURITY_ADMIN", organization=streets.codes["east"], with_descendants=False
        )
    exact = await token_of(streets, "exact")
    assert await streets.forbidden("grantAdd", exact, **one, organization=i["east"])
    assert await streets.done(
        "grantAdd", exact, "grant { id }", **one, organization=i["east"], withDescendants=False
    )
    ground = await streets.district.token("SECURITY_ADMIN", area=streets.codes["east area"])
    assert await streets.done("grantAdd", ground, "grant { id }", **one, area=i["east estate"])
    assert await streets.forbidden("grantAdd", ground, **one, area=i["city"])
    assert await streets.forbidden("grantAdd", ground, **one, organization=i["east"])
    assert await count(streets, Grant, account_id=int(zhang.partition(":")[2])) == 2


async def test_nobody_gives_himself_anything(streets: Streets) -> None:
    for token in (await streets.top("SECURITY_ADMIN"), await streets.staff(role="SECURITY_ADMIN")):
        own = await who(streets, token)
        async with streets.district.database():
            east = await Organization.get(id=streets.key("east"))
            await Account.filter(id=int(own.partition(":")[2])).update(
                organization_id=east.id, org_path=east.path
            )
        for role in ("RESIDENT", "SUBDISTRICT_STAFF", "SECURITY_ADMIN", "AUDITOR"):
            given = {"account": own, "role": role, "organization": streets.ids["east"]}
            assert await streets.refused("grantAdd", token, **given) == ("OWN_ACCOUNT", "account")
        for name, given in (
            ("accountBind", {"person": streets.ids["east person"]}),
            ("accountMove", {"organization": streets.ids["east"]}),
            ("accountActivate", {}),
        ):
            assert await streets.refused(name, token, account=own, **given) == (
                "OWN_ACCOUNT",
                "account",
            )
    assert await streets.events() == []


async def test_an_account_with_more_rights_is_out_of_reach(streets: Streets) -> None:
    """Its token, its activation and its person would be a way to them."""
    token, i = await streets.staff(role="SECURITY_ADMIN"), streets.ids
    everywhere = await streets.top("SECURITY_ADMIN")
    big = await account(streets, "big", "east", DISTRICT_ORG_DEPT_ADMIN={"everything": True})
    soon = clock.now() + HOUR
    west = {"organization": streets.codes["west"], "valid_from": soon}
    to_come = await account(streets, "to-come", "east", SUBDISTRICT_STAFF=west)
    past = {"everything": True, "valid_to": clock.now() - HOUR}
    former = await account(streets, "former", "east", DISTRICT_ORG_DEPT_ADMIN=past)
    for name, given in (
        ("tokenCreate", {}),
        ("accountActivate", {}),
        ("accountBind", {"person": i["east person"]}),
        ("accountMove", {"organization": i["east branch"]}),
    ):
        for reached in (big, to_come):
            assert await streets.forbidden(name, token, account=reached, **given), name
    async with streets.district.database():
        grant = await Grant.get(account_id=int(big.partition(":")[2]))
    assert await streets.forbidden("grantEnd", token, grant=f"Grant:{grant.id}")
    assert await streets.done("tokenCreate", token, "issuedToken { token }", account=former)
    assert await streets.done("tokenCreate", everywhere, "issuedToken { token }", account=big)
    # to switch it off is no way to anything
    assert await streets.done("accountDeactivate", token, "account { active }", account=big)


async def test_an_administrator_s_token_is_made_by_nobody_else(streets: Streets) -> None:
    token = await streets.top("SECURITY_ADMIN")
    for duty in DUTIES:
        for name, where in (
            ("now", {"everything": True}),
            ("soon", {"everything": True, "valid_from": clock.now() + HOUR}),
        ):
            key = await account(streets, f"{duty}-{name}", **{duty: where})
            assert await streets.refused("tokenCreate", token, account=key) == (
                "TOKEN_OF_ADMINISTRATOR",
                "account",
            )
    assert await count(streets, Token) == 1


async def test_a_puppet_does_not_become_an_administrator(streets: Streets) -> None:
    """An account made for it, its token kept, then given the duty: the token ends with the grant."""
    token = await streets.top("SECURITY_ADMIN")
    for duty in DUTIES:
        puppet = await streets.done("accountCreate", token, "account { id }", name=f"p-{duty}")
        one = {"account": puppet["id"]}
        issued = await streets.done("tokenCreate", token, "issuedToken { text }", **one)
        await streets.done("grantAdd", token, "grant { id }", **one, role=duty, everything=True)
        with token_refused():
            await who(streets, issued["text"])
        assert (await streets.refused("tokenCreate", token, **one))[0] == "TOKEN_OF_ADMINISTRATOR"
        # a second place for the same duty ends nothing; a second duty is refused
        theirs = await token_of(streets, f"p-{duty}")
        second = {**one, "role": duty, "organization": streets.ids["east"]}
        await streets.done("grantAdd", token, "grant { id }", **second)
        assert await who(streets, theirs) == puppet["id"]
        other = next(each for each in DUTIES if each != duty)
        assert await streets.refused("grantAdd", token, **one, role=other, everything=True) == (
            "DUTIES_SEPARATED",
            "role",
        )


async def test_a_grant_ends_no_tokens_of_others(streets: Streets) -> None:
    token = await streets.top("SECURITY_ADMIN")
    zhang = await account(streets, "zhang")
    theirs = await token_of(streets, "zhang")
    await streets.done(
        "grantAdd", token, "grant { id }", account=zhang, role="SUBDISTRICT_STAFF", everything=True
    )
    answer = await streets.district.execute("{ viewer { id } }", None, theirs)
    assert answer.data == {"viewer": {"id": zhang}}
