"""A desk in two streets, on a database of each kind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from gongzhi.imports.session import open_session
from gongzhi.registry.models import Organization, Person
from gongzhi.writing import Deployment, Work, unit_of_work
from gongzhi.writing.events import Anchor, Verdict, verify
from gongzhi_schema.district import District, Result, open_district
from tests.conftest import FreshDatabase
from tests.host.conftest import at, gongzhi
from tests.registry.helpers import organization, person
from tests.writing.desk import plugin

__all__ = ["at", "gongzhi"]


@dataclass(frozen=True)
class Desks:
    """The deployment, its streets and people."""

    district: District
    homes: Mapping[str, Organization]
    people: Mapping[str, Person]
    deployment: Deployment

    def key(self, street: str) -> str:
        return f"Organization:{self.homes[street].id}"

    def person(self, street: str) -> str:
        return f"Person:{self.people[street].id}"

    async def staff(self, street: str = "east", role: str = "DISTRICT_ORG_DEPT_ADMIN") -> str:
        return await self.district.token(role, organization=self.homes[street].code)

    async def do(
        self, name: str, token: str | None, result: str = "ticket { id }", /, **given: Any
    ) -> Result:
        """Run one mutation; ``result`` is what to read of its payload beside the errors."""
        kind = name[0].upper() + name[1:] + "Input"
        text = (
            f"mutation($input: {kind}!) {{ {name}(input: $input) "
            f"{{ {result} errors {{ code field message }} }} }}"
        )
        return await self.district.execute(text, {"input": given}, token)

    async def opened(self, token: str, street: str = "east", **given: Any) -> str:
        """Open a ticket and return its id."""
        result = await self.do(
            "ticketOpen", token, organization=self.key(street), **{"title": "灯不亮", **given}
        )
        assert result.errors == []
        key: str = result.data["ticketOpen"]["ticket"]["id"]
        return key

    async def rows(self, sql: str) -> list[dict[str, Any]]:
        async with self.district.database():
            return await self.district._context.db().execute_query_dict(sql)

    async def count(self, table: str) -> int:
        return int((await self.rows(f"SELECT count(*) AS n FROM {table}"))[0]["n"])

    async def events(self, kind: str = "desk.") -> list[dict[str, Any]]:
        rows = await self.rows("SELECT * FROM core_event ORDER BY id")
        return [row for row in rows if row["kind"].startswith(kind)]

    async def verify(self, *expected: Anchor) -> Verdict:
        async with open_session(self.district.url) as session:
            return await verify(session, key=self.deployment.chain_key, expected=expected)

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        async with (
            self.district.database(),
            unit_of_work(self.deployment, self.deployment.system("test")) as work,
        ):
            yield work


def codes(result: Result, name: str) -> list[str]:
    """Return the codes in a payload's errors, or those of the operation."""
    if result.errors:
        return [error["extensions"]["code"] for error in result.errors]
    return [error["code"] for error in result.data[name]["errors"]]


@pytest.fixture
async def desks(fresh_database: FreshDatabase, dialect: str) -> AsyncIterator[Desks]:
    url = fresh_database([plugin], dialect=dialect)
    async with open_district(url, beside=[plugin]) as district:
        homes, people = {}, {}
        async with district.database():
            top = homes["top"] = await organization("DISTRICT_PARTY_COMMITTEE")
            for street in ("east", "west"):
                homes[street] = await organization("SUBDISTRICT_WORKING_COMMITTEE", top)
                people[street] = await person(homes[street])
        yield Desks(district, homes, people, Deployment.of(district.registry))
