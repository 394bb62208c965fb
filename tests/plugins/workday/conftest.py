"""A town with two residents' committees and its officials, on a database of each kind."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gongzhi import clock
from gongzhi.access.roles import ROLE_CODES
from gongzhi.access.service import add_grant, create_account, create_token
from gongzhi.registry.models import Area, Organization, Person
from gongzhi_ledger import plugin as ledger
from gongzhi_publication import plugin as publication
from gongzhi_schema.district import District, open_district
from gongzhi_workday import plugin as workday
from tests.conftest import FreshDatabase
from tests.registry.helpers import area, organization, person

PLUGINS = [publication, ledger, workday]
CHINA = ZoneInfo("Asia/Shanghai")
FRIDAY = "2015-06-05T10:00:00+08:00"
"""Now, in these tests."""
MONDAY = "2015-06-08"
BOARD = [{"channel": "RESIDENT_AFFAIRS_BOARD", "place": "居务公开栏"}]

ENTITIES = {
    "workdayProgrammeSet": "workdayProgramme",
    "workdayLiaisonAssign": "liaisonAssignment",
    "workdayLiaisonEnd": "liaisonAssignment",
    "workdaySessionsPlan": "workdaySessionsPlanned",
    "workdayMatterTake": "issue",
    "workdayVisitRecord": "visit",
    "workdayCampaignStart": "campaign",
    "workdayCampaignEnd": "campaign",
    "workdayCaseOpen": "employmentCase",
    "workdayCaseAdvance": "employmentCase",
}
"""Mutation → field of its payload; the others give a session."""


@dataclass
class Town:
    """The deployment, and what is in it by short names."""

    district: District
    organizations: Mapping[str, Organization]
    areas: Mapping[str, Area]
    people: Mapping[str, Person]
    staff: str = ""
    """Token of the town's staff; who asks where nobody else is named."""
    now: str = FRIDAY
    tokens: dict[str, str] = field(default_factory=dict)

    def org(self, name: str) -> str:
        return f"Organization:{self.organizations[name].id}"

    def person(self, name: str) -> str:
        return f"Person:{self.people[name].id}"

    async def ask(self, query: str, token: str | None = None, **variables: Any) -> Any:
        """Run a query that must be one raw statement without errors."""
        with clock.stopped_at(dt.datetime.fromisoformat(self.now)):
            result = await self.district.execute(query, variables, token or self.staff)
        assert result.errors == []
        assert (result.tier, result.statements) == ("raw", 1)
        return result.data

    async def send(
        self, mutation: str, fields: str = "id", token: str | None = None, **given: Any
    ) -> Any:
        """Run a mutation; return its payload."""
        entity = ENTITIES.get(mutation, "workdaySession")
        kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
        query = (
            f"mutation($input: {kind}) {{ {mutation}(input: $input) "
            f"{{ {entity} {{ {fields} }} errors {{ code field message }} }} }}"
        )
        with clock.stopped_at(dt.datetime.fromisoformat(self.now)):
            result = await self.district.execute(
                query, {"input": given}, token or self.staff, language="en"
            )
        assert result.errors == [], result.errors
        return result.data[mutation]

    async def do(
        self, mutation: str, fields: str = "id", token: str | None = None, **given: Any
    ) -> Any:
        """Run a mutation that must not be refused; return what it gives."""
        payload = await self.send(mutation, fields, token, **given)
        assert payload["errors"] == []
        return payload[ENTITIES.get(mutation, "workdaySession")]

    async def refused(self, mutation: str, token: str | None = None, **given: Any) -> str:
        """Run a mutation that must be refused; return its code and field."""
        fields = "planned" if mutation == "workdaySessionsPlan" else "id"
        payload = await self.send(mutation, fields, token, **given)
        assert payload[ENTITIES.get(mutation, "workdaySession")] is None
        (error,) = payload["errors"]
        assert re.match("[a-z0-9]", error["message"])  # English was asked for
        return f"{error['code']} {error['field'] or ''}".strip()

    async def forbidden(self, mutation: str, token: str, **given: Any) -> str:
        """Run a mutation that the account may not run at all; return the error's code."""
        entity = ENTITIES.get(mutation, "workdaySession")
        kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
        query = f"mutation($input: {kind}) {{ {mutation}(input: $input) {{ {entity} {{ __typename }} }} }}"
        with clock.stopped_at(dt.datetime.fromisoformat(self.now)):
            result = await self.district.execute(query, {"input": given}, token)
        assert result.data == {mutation: None}
        code: str = result.errors[0]["extensions"]["code"]
        return code

    # ---- steps of a session ----

    async def plan(self, day: str = MONDAY, where: str = "east", **more: Any) -> str:
        given = {"place": "居委会会议室", "staff": "镇党委副书记", **more}
        made = await self.do(
            "workdaySessionPlan", "id", organization=self.org(where), day=day, **given
        )
        return str(made["id"])

    async def announce(self, session: str, **more: Any) -> str:
        made = await self.do(
            "workdaySessionPublishNotice", "id", session=session, channels=BOARD, **more
        )
        return str(made["id"])

    async def reach(self, state: str, day: str = MONDAY, where: str = "east") -> str:
        """Return a session that has come to a state; the clock goes on to its day."""
        session = await self.plan(day, where)
        if state == "PLANNED":
            return session
        await self.announce(session)
        if state == "NOTICE_PUBLISHED":
            return session
        self.now = f"{day}T14:00:00+08:00"
        await self.do("workdaySessionHold", session=session)
        if state == "HELD":
            return session
        await self.do("workdaySessionRecord", session=session, functions=["LIVELIHOOD"])
        if state == "RECORDED":
            return session
        await self.do("workdaySessionClose", session=session)
        return session

    async def state(self, session: str) -> str:
        data = await self.ask("query($id: ID!) { workdaySession(id: $id) { state } }", id=session)
        state: str = data["workdaySession"]["state"]
        return state

    async def account_of(self, name: str, role: str) -> str:
        """Return a token of a person's account with a role in the town."""
        login = f"test-{secrets.token_hex(8)}"
        async with self.district.database():
            await create_account(login, person_id=self.people[name].id)
            town = self.organizations["town"].code
            await add_grant(login, role, organization=town, roles=ROLE_CODES)
            return (await create_token(login)).text


@pytest.fixture
async def town(fresh_database: FreshDatabase, dialect: str) -> AsyncIterator[Town]:
    """A town whose officials go out on Monday mornings, on both databases."""
    url = fresh_database(PLUGINS, dialect=dialect)
    async with open_district(url, [each.name for each in PLUGINS]) as district:
        async with district.database():
            made = await _fill(district)
        made.staff = await district.token(
            "SUBDISTRICT_STAFF", organization=made.organizations["town"].code
        )
        await made.do(
            "workdayProgrammeSet",
            organization=made.org("town"),
            startsAt="09:00",
            endsAt="11:00",
            startsOn="2014-03-01",
        )
        for official, where, leads in (
            ("lead", "east", True),
            ("lead", "west", False),
            ("cadre", "east", False),
        ):
            await made.do(
                "workdayLiaisonAssign",
                official=made.person(official),
                organization=made.org(where),
                isAreaLead=leads,
                startsOn="2015-01-01",
            )
        yield made


async def _fill(district: District) -> Town:
    places: dict[str, Area] = {"county": await area("DISTRICT")}
    bodies: dict[str, Organization] = {
        "county": await organization("DISTRICT_PARTY_COMMITTEE", area_id=places["county"].id)
    }
    for town, committees in (("town", ("east", "west")), ("other", ("far",))):
        ground = places[town] = await area("TOWN", places["county"])
        top = bodies[town] = await organization(
            "TOWN_PARTY_COMMITTEE", bodies["county"], area_id=ground.id
        )
        for name in committees:
            home = places[name] = await area("RESIDENTIAL_AREA", ground)
            bodies[name] = await organization("RESIDENTS_COMMITTEE", top, area_id=home.id)
    people = {
        name: await person(bodies[keeper])
        for name, keeper in (
            ("lead", "town"),
            ("cadre", "town"),
            ("clerk", "town"),
            ("resident", "east"),
            ("stranger", "far"),
        )
    }
    return Town(district, bodies, places, people)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=CHINA)
