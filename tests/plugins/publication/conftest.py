"""Two streets with publications in every state, on a database of each kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from gongzhi.clock import CHINA
from gongzhi.registry.models import Area, Organization
from gongzhi_publication import plugin
from gongzhi_publication.models import Posting, Publication
from gongzhi_publication.rules import PublicationState, end_of_period, listed_on
from gongzhi_schema.district import District, open_district
from tests.conftest import FreshDatabase
from tests.registry.helpers import area, organization

TODAY = dt.date(2026, 11, 22)
S = PublicationState


def at(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(9, 30), CHINA)


async def publish(
    by: Organization,
    title: str,
    state: PublicationState = S.PUBLISHED,
    day: dt.date | None = TODAY,
    *,
    period: int | None = None,
    about: Area | Organization | None = None,
    category: str = "RESULT",
    channels: tuple[str, ...] = ("COMMUNITY_BOARD",),
) -> Publication:
    """Enter a publication; ``day`` is that of publication, or the due one."""
    published_on = day if state in {S.PUBLISHED, S.WITHDRAWN} else None
    due_on = day if state is S.DUE else None
    row = await Publication.create(
        organization_id=by.id,
        org_path=by.path,
        category=category,
        title=title,
        subject_type=type(about).__name__ if about else "",
        subject_id=about.id if about else None,
        state=state,
        due_on=due_on,
        listed_on=listed_on(published_on, due_on, TODAY),
        published_at=at(published_on) if published_on else None,
        period_days=period,
        ends_on=end_of_period(published_on, period) if published_on else None,
        withdrawn_at=at(TODAY) if state is S.WITHDRAWN else None,
        synthetic=True,
    )
    for channel in channels:
        await Posting.create(
            publication_id=row.id,
            org_path=row.org_path,
            channel=channel,
            place=f"{title}的公开栏",
            posted_at=row.published_at,
        )
    return row


@dataclass(frozen=True)
class Streets:
    """The deployment, and what is in it by short names."""

    district: District
    organizations: Mapping[str, Organization]
    areas: Mapping[str, Area]
    publications: Mapping[str, Publication]

    async def ask(self, query: str, token: str | None = None, **variables: Any) -> Any:
        """Run an operation that must be one raw statement without errors."""
        result = await self.district.execute(query, variables, token)
        assert result.errors == []
        assert (result.tier, result.statements) == ("raw", 1)
        return result.data

    async def titles(self, token: str | None = None, arguments: str = "") -> list[str]:
        data = await self.ask(
            f"{{ publications{arguments} {{ totalCount nodes {{ title }} }} }}", token
        )
        found = [each["title"] for each in data["publications"]["nodes"]]
        assert data["publications"]["totalCount"] == len(found)
        return found

    async def staff(self, street: str) -> str:
        return await self.district.token(
            "SUBDISTRICT_STAFF", organization=self.organizations[street].code
        )


@pytest.fixture
async def streets(fresh_database: FreshDatabase, dialect: str) -> AsyncIterator[Streets]:
    url = fresh_database([plugin], dialect=dialect)
    async with open_district(url, ["publication"]) as district:
        async with district.database():
            places, bodies, made = await _fill()
        yield Streets(district, bodies, places, made)


async def _fill() -> tuple[dict[str, Area], dict[str, Organization], dict[str, Publication]]:
    places: dict[str, Area] = {}
    bodies: dict[str, Organization] = {}
    places["city"] = await area("CITY")
    top = bodies["top"] = await organization("DISTRICT_PARTY_COMMITTEE", area_id=places["city"].id)
    made: dict[str, Publication] = {}
    for street in ("east", "west"):
        ground = places[street] = await area("SUBDISTRICT", places["city"])
        committee = bodies[street] = await organization(
            "SUBDISTRICT_WORKING_COMMITTEE", top, area_id=ground.id
        )
        home = places[f"{street} home"] = await area("RESIDENTIAL_AREA", ground)
        branch = bodies[f"{street} branch"] = await organization(
            "PARTY_BRANCH", committee, area_id=home.id
        )
        day = dt.timedelta(days=1)
        for title, row in {
            "published": await publish(
                branch, f"{street} published", day=TODAY - 9 * day, period=7, about=branch
            ),
            "open": await publish(
                committee, f"{street} open", day=TODAY - 2 * day, about=home, category="FINANCE"
            ),
            "due": await publish(branch, f"{street} due", S.DUE, TODAY - day),
            "later": await publish(branch, f"{street} later", S.DUE, TODAY + 3 * day),
            "draft": await publish(committee, f"{street} draft", S.DRAFT),
            "withdrawn": await publish(branch, f"{street} withdrawn", S.WITHDRAWN, TODAY - 5 * day),
        }.items():
            made[f"{street} {title}"] = row
    return places, bodies, made
