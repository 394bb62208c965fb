"""A district with two streets, alike in everything, and the core's mutations to change it by."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from tortoise.context import require_context

from gongzhi.imports.idnumber import check_character
from gongzhi.imports.session import open_session
from gongzhi.registry import service
from gongzhi.registry.codes import MembershipStage
from gongzhi.registry.models import Member
from gongzhi.writing import Deployment
from gongzhi.writing.events import Verdict, verify
from gongzhi_schema.district import District, Result, open_district
from tests.registry.helpers import area, faults, organization

ABSENT = 999_999


def id_number(birth: str, serial: str) -> str:
    """Return an ID number of no place of China, so of nobody."""
    body = f"990000{birth}{serial}"
    return body + check_character(body)


@dataclass(frozen=True)
class Streets:
    """The deployment, and the global ids of what is in it, by short names."""

    district: District
    ids: Mapping[str, str]
    codes: Mapping[str, str]

    def key(self, name: str) -> int:
        return int(self.ids[name].partition(":")[2])

    async def staff(self, street: str = "east", role: str = "SUBDISTRICT_STAFF") -> str:
        return await self.district.token(role, organization=self.codes[street])

    async def top(self, role: str = "DISTRICT_ORG_DEPT_ADMIN") -> str:
        return await self.district.token(role)

    async def do(
        self, name: str, token: str | None, result: str = "__typename", /, **given: Any
    ) -> Result:
        """Run one mutation; ``result`` is what to read beside the errors."""
        kind = name[0].upper() + name[1:] + "Input"
        text = (
            f"mutation($input: {kind}!) {{ {name}(input: $input) "
            f"{{ {result} errors {{ code field message }} }} }}"
        )
        return await self.district.execute(text, {"input": given}, token, language="en")

    async def done(self, name: str, token: str, result: str, /, **given: Any) -> Any:
        """Run one mutation that must succeed, and return what was read of it."""
        answer = await self.do(name, token, result, **given)
        assert answer.errors == []
        payload = answer.data[name]
        assert payload.pop("errors") == []
        (made,) = payload.values()
        assert made is not None
        return made

    async def refused(self, name: str, token: str, /, **given: Any) -> tuple[str, str | None]:
        """Run one mutation that must be refused, and return code and field."""
        answer = await self.do(name, token, "__typename", **given)
        assert answer.errors == [], answer.errors
        (error,) = answer.data[name]["errors"]
        assert error["message"]
        return error["code"], error["field"]

    async def forbidden(self, name: str, token: str, /, **given: Any) -> bool:
        """Run one mutation, and say whether it was forbidden."""
        answer = await self.do(name, token, "__typename", **given)
        assert answer.data == {name: None} or not answer.errors
        return [each["extensions"]["code"] for each in answer.errors] == ["FORBIDDEN"]

    async def rows(self, sql: str) -> list[dict[str, Any]]:
        async with open_session(self.district.url) as session:
            return [dict(row) for row in await session.fetch(sql)]

    async def events(self) -> list[dict[str, Any]]:
        """Return the events, in their order; ``data`` parsed."""
        rows = await self.rows("SELECT * FROM core_event ORDER BY id")
        return [{**row, "data": orjson.loads(row["data"])} for row in rows]

    async def last(self) -> dict[str, Any]:
        """Return what the last event says, without who and when."""
        event = (await self.events())[-1]
        return {
            "kind": event["kind"],
            "of": f"{event['entity_type']}:{event['entity_id']}",
            "data": event["data"],
        }

    async def verified(self) -> Verdict:
        """Check the chain of events, and every kept path and count."""
        async with self.district.database():
            assert await faults(require_context().db()) == []
        key = Deployment.of(self.district.registry).chain_key
        async with open_session(self.district.url) as session:
            return await verify(session, key=key)


@asynccontextmanager
async def open_streets(url: str) -> AsyncIterator[Streets]:
    """Fill a migrated database and open it."""
    async with open_district(url) as district:
        async with district.database():
            ids, codes = await _fill(district)
        yield Streets(district, ids, codes)


async def _fill(district: District) -> tuple[dict[str, str], dict[str, str]]:
    ids: dict[str, str] = {}
    codes: dict[str, str] = {}

    def keep(name: str, row: Any) -> Any:
        ids[name] = f"{type(row).__name__}:{row.id}"
        if hasattr(row, "code"):
            codes[name] = row.code
        return row

    city = keep("city", await area("CITY"))
    top = keep("top", await organization("DISTRICT_PARTY_COMMITTEE", area_id=city.id))
    for number, street in enumerate(("east", "west")):
        ground = keep(f"{street} area", await area("SUBDISTRICT", city))
        home = keep(f"{street} estate", await area("ESTATE", ground))
        committee = keep(
            street, await organization("SUBDISTRICT_WORKING_COMMITTEE", top, area_id=ground.id)
        )
        branch = keep(
            f"{street} branch", await organization("PARTY_BRANCH", committee, area_id=home.id)
        )
        keep(f"{street} other", await organization("PARTY_BRANCH", committee))
        keep(f"{street} empty", await organization("PARTY_BRANCH", committee))
        keep(f"{street} unit", await organization("RESIDENT_UNIT", committee))
        keep(f"{street} company", await organization("RESIDENT_UNIT", committee))
        for name, serial in (("person", 1), ("newcomer", 2), ("candidate", 3)):
            keep(
                f"{street} {name}",
                await service.create_person(
                    branch.id,
                    f"合成{street}{name}",
                    privacy=district.privacy,
                    id_number=id_number("19800307", f"{number}{serial}1"),
                    mobile=f"1600000{number}00{serial}",
                    synthetic=True,
                ),
            )
        for name, stage in (
            ("person", MembershipStage.FULL_MEMBER),
            ("candidate", MembershipStage.CANDIDATE),
        ):
            person = int(ids[f"{street} {name}"].partition(":")[2])
            made = await service.admit_member(person, branch.id, stage=stage, synthetic=True)
            ids[f"{street} {name} member"] = f"Member:{made.id}"
        keep(
            f"{street} post",
            await service.appoint(
                int(ids[f"{street} person"].partition(":")[2]), branch.id, "SECRETARY"
            ),
        )
    assert await Member.all().count() == 4
    return ids, codes
