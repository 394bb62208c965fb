"""A deployment with two streets and a receiver, on a database of each kind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from gongzhi.registry.models import Organization
from gongzhi_schema.district import District, Result, open_district
from tests.conftest import FreshDatabase
from tests.registry.helpers import organization
from tests.webhooks.receiver import Receiver, receiving

ALLOW = {"webhooks": {"allow_private": ["127.0.0.1"], "timeout_seconds": 2}}


@dataclass
class Site:
    """The deployment, its streets, who administers it, and the receiver."""

    district: District
    homes: Mapping[str, Organization]
    receiver: Receiver
    admin: str

    def key(self, street: str) -> str:
        return f"Organization:{self.homes[street].id}"

    async def do(self, name: str, result: str, token: str = "", **given: Any) -> Result:
        """Run one mutation; ``result`` is what to read of its payload beside the errors."""
        kind = name[0].upper() + name[1:] + "Input"
        text = (
            f"mutation($input: {kind}!) {{ {name}(input: $input) "
            f"{{ {result} errors {{ code field message }} }} }}"
        )
        return await self.district.execute(text, {"input": given}, token or self.admin)

    async def made(self, **given: Any) -> tuple[str, str]:
        """Make a webhook; return its id and its secret."""
        given = {"title": "区平台", "url": self.receiver.url, "kinds": ["*"], **given}
        result = await self.do("webhookCreate", "webhookSecret { id secret }", **given)
        assert result.errors == []
        assert result.data["webhookCreate"]["errors"] == []
        issued = result.data["webhookCreate"]["webhookSecret"]
        return issued["id"], issued["secret"]

    async def happen(
        self, street: str | None = "east", kind: str = "core.organization.rename", **data: Any
    ) -> None:
        """Let something happen in a street, or somewhere in the registry."""
        async with self.district.work() as work:
            work.record(kind, None if street is None else self.homes[street], data=data)

    async def run(self) -> None:
        """Bring events to the subscribers and do what is due."""
        await self.district.run_jobs()

    async def rows(self, sql: str) -> list[dict[str, Any]]:
        async with self.district.database():
            return await self.district._context.db().execute_query_dict(sql)

    async def log(self, fields: str = "state", webhook: str | None = None) -> list[Any]:
        """Return the log of deliveries as the API shows it, the first one first."""
        text = (
            "query($id: ID) { webhook(id: $id) "
            f"{{ deliveries(first: 100) {{ nodes {{ {fields} }} }} }} }}"
            if webhook
            else f"{{ webhooks {{ nodes {{ deliveries(first: 100) {{ nodes {{ {fields} }} }} }} }} }}"
        )
        result = await self.district.execute(text, {"id": webhook} if webhook else None, self.admin)
        assert result.errors == []
        lists = (
            [result.data["webhook"]["deliveries"]["nodes"]]
            if webhook
            else [each["deliveries"]["nodes"] for each in result.data["webhooks"]["nodes"]]
        )
        found = [node for nodes in lists for node in reversed(nodes)]
        return [each["state"] for each in found] if fields == "state" else found


@pytest.fixture
async def site(fresh_database: FreshDatabase, dialect: str) -> AsyncIterator[Site]:
    url = fresh_database(dialect=dialect)
    async with receiving() as receiver, open_district(url, tables=ALLOW) as district:
        homes = {}
        async with district.database():
            top = homes["top"] = await organization("DISTRICT_PARTY_COMMITTEE")
            for street in ("east", "west"):
                homes[street] = await organization("SUBDISTRICT_WORKING_COMMITTEE", top)
        await district.run_jobs()  # from here on the subscriber listens
        yield Site(district, homes, receiver, await district.token("SYSTEM_ADMIN"))
