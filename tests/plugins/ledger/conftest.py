"""A street with two residents' committees and their ledgers, on a database of each kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from gongzhi.clock import CHINA
from gongzhi.registry.models import Area, Organization, Person
from gongzhi_ledger import plugin
from gongzhi_publication import plugin as publication
from gongzhi_schema.district import District, open_district
from tests.conftest import FreshDatabase
from tests.registry.helpers import area, organization, person

MONDAY = dt.date(2026, 3, 2)

BOARD = [{"channel": "RESIDENT_AFFAIRS_BOARD", "place": "居委会公开栏"}]


def at(day: dt.date, hour: int = 9) -> str:
    """Return an instant of a day as a client writes it."""
    return dt.datetime.combine(day, dt.time(hour), CHINA).isoformat()


def day(n: int) -> dt.date:
    return MONDAY + dt.timedelta(days=n)


@dataclass
class Town:
    """The deployment, and what is in it by short names."""

    district: District
    organizations: Mapping[str, Organization]
    areas: Mapping[str, Area]
    people: Mapping[str, Person]
    _tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    def id(self, name: str) -> str:
        """Return the global id of an organization, area or person."""
        for rows in (self.organizations, self.areas, self.people):
            if name in rows:
                return f"{type(rows[name]).__name__}:{rows[name].pk}"
        raise KeyError(name)

    async def token(self, role: str = "SUBDISTRICT_STAFF", where: str = "street") -> str:
        if (role, where) not in self._tokens:
            code = self.organizations[where].code
            self._tokens[role, where] = await self.district.token(role, organization=code)
        return self._tokens[role, where]

    async def ask(self, query: str, token: str | None = None, **variables: Any) -> Any:
        """Run a query that must be one raw statement without errors, as staff of the street."""
        result = await self.district.execute(query, variables, token or await self.token())
        assert result.errors == []
        assert (result.tier, result.statements) == ("raw", 1)
        return result.data

    async def payload(
        self,
        name: str,
        /,
        *,
        token: str | None = None,
        select: str = "issue { id number state version }",
        language: str = "zh",
        **given: Any,
    ) -> dict[str, Any]:
        """Run a mutation and return its payload."""
        title = name[0].upper() + name[1:]
        document = (
            f"mutation M($input: {title}Input!) {{ {name}(input: $input) "
            f"{{ {select} errors {{ code field message }} }} }}"
        )
        result = await self.district.execute(
            document, {"input": given}, token or await self.token(), language=language
        )
        assert result.errors == []
        return result.data[name]

    async def do(self, name: str, /, **given: Any) -> Any:
        """Run a mutation that must succeed, and return the entity."""
        found = await self.payload(name, **given)
        assert found.pop("errors") == []
        return next(iter(found.values()))

    async def refused(self, name: str, /, **given: Any) -> tuple[str, str | None]:
        """Run a mutation that must be refused, and return code and field."""
        found = await self.payload(name, **given)
        (error,) = found.pop("errors")
        assert list(found.values()) == [None]
        assert error["message"]
        return error["code"], error["field"]

    async def forbidden(self, name: str, /, *, token: str, **given: Any) -> str:
        """Run a mutation that may not be asked for, and return the code of the error."""
        title = name[0].upper() + name[1:]
        document = f"mutation M($input: {title}Input!) {{ {name}(input: $input) {{ __typename }} }}"
        result = await self.district.execute(document, {"input": given}, token)
        assert result.data == {name: None}
        return result.errors[0]["extensions"]["code"]

    # ---- issues ----------------------------------------------------------------------------------

    def matter(self, **more: Any) -> dict[str, Any]:
        """Return what must be said of an issue."""
        return {
            "organization": self.id("east"),
            "title": "排污沟散发异味",
            "source": "WORKDAY",
            "category": "ENVIRONMENT",
            **more,
        }

    def entry(self, **more: Any) -> dict[str, Any]:
        """Return what must be said to enter one."""
        return {
            "handlingMode": "TIME_LIMITED",
            "handler": self.id("handler"),
            "dueOn": str(day(10)),
            **more,
        }

    def opening(self, **more: Any) -> dict[str, Any]:
        """Return what must be said to receive and enter one in one go."""
        return {**self.matter(occurredAt=at(day(0))), **self.entry(), **more}

    async def received(self, **more: Any) -> str:
        matter = self.matter(collector=self.id("collector"), occurredAt=at(day(0)))
        return (await self.do("issueReceive", **{**matter, **more}))["id"]

    async def opened(self, **more: Any) -> str:
        given = self.opening(**{"collector": self.id("collector"), **more})
        return (await self.do("issueOpen", **given))["id"]

    async def handled(self, **more: Any) -> str:
        issue = await self.opened(**more)
        await self.do("issueHandle", issue=issue, occurredAt=at(day(1)))
        return issue

    async def settled(self, **more: Any) -> str:
        issue = await self.handled(**more)
        await self.do("issueSettle", issue=issue, result="已彻底疏浚", occurredAt=at(day(5)))
        return issue

    async def disclosed(self, **more: Any) -> str:
        issue = await self.settled(**more)
        await self.do("issueDisclose", issue=issue, channels=BOARD, occurredAt=at(day(6)))
        return issue

    async def visit(self, issue: str, satisfaction: str = "SATISFIED", **more: Any) -> None:
        given = {"visitor": self.id("collector"), "occurredAt": at(day(7)), **more}
        await self.do("issueVisit", issue=issue, satisfaction=satisfaction, **given)

    async def closed(self, **more: Any) -> str:
        issue = await self.disclosed(**more)
        await self.visit(issue)
        await self.do("issueClose", issue=issue, occurredAt=at(day(8)))
        return issue

    async def state(self, issue: str) -> str:
        return (await self.ask("query Q($id: ID!) { issue(id: $id) { state } }", id=issue))[
            "issue"
        ]["state"]


@pytest.fixture
async def town(fresh_database: FreshDatabase, dialect: str) -> AsyncIterator[Town]:
    url = fresh_database([publication, plugin], dialect=dialect)
    async with open_district(url, ["publication", "ledger"]) as district:
        async with district.database():
            filled = await _fill()
        yield Town(district, *filled)


async def _fill() -> tuple[dict[str, Organization], dict[str, Area], dict[str, Person]]:
    areas = {"city": await area("CITY")}
    bodies = {"top": await organization("DISTRICT_PARTY_COMMITTEE", area_id=areas["city"].id)}
    areas["street"] = await area("SUBDISTRICT", areas["city"])
    bodies["street"] = await organization(
        "SUBDISTRICT_WORKING_COMMITTEE", bodies["top"], area_id=areas["street"].id
    )
    for side in ("east", "west"):
        areas[side] = await area("RESIDENTIAL_AREA", areas["street"])
        bodies[side] = await organization(
            "RESIDENTS_COMMITTEE", bodies["street"], area_id=areas[side].id
        )
    bodies["nowhere"] = await organization("RESIDENTS_COMMITTEE", bodies["street"])
    bodies["police"] = await organization("ACTUAL_UNIT", bodies["street"])
    bodies["far"] = await organization("SUBDISTRICT_WORKING_COMMITTEE", bodies["top"])
    people = {
        name: await person(bodies["east"]) for name in ("collector", "handler", "reporter", "other")
    }
    people["stranger"] = await person(bodies["far"])
    return bodies, {**areas, "ground": areas["east"]}, people
