"""The use cases on both databases; after each the oracle recomputes everything by hand."""

from __future__ import annotations

import datetime as dt

import pytest

from gongzhi.errors import RuleError
from gongzhi.registry import service
from gongzhi.registry.codes import (
    ChangeKind,
    ContactState,
    Gender,
    MembershipStage,
    MembershipState,
    OrganizationStatus,
    SetupMode,
)
from gongzhi.registry.models import (
    Appointment,
    Coverage,
    Member,
    MemberEvent,
    Organization,
    OrganizationChange,
    Person,
)
from tests.registry.helpers import PRIVACY, area, faults, member, organization, person, registry

DAY = dt.date(2015, 6, 8)


async def test_four_tiers(database_url: str) -> None:
    async with registry(database_url) as db:
        district = await area("DISTRICT")
        street_area = await area("SUBDISTRICT", district)
        above = await organization("DISTRICT_PARTY_COMMITTEE", area_id=district.id)
        street = await organization(
            "SUBDISTRICT_WORKING_COMMITTEE", above, area_id=street_area.id
        )
        community = await organization("GENERAL_PARTY_BRANCH", street)
        grid = await organization("GRID_PARTY_BRANCH", community)
        group = await organization("BUILDING_PARTY_GROUP", grid)
        assert group.path == f"{above.id}.{street.id}.{community.id}.{grid.id}.{group.id}."
        assert group.depth == 4
        assert street.area_path == f"{district.id}.{street_area.id}."
        assert {row.level for row in (street, community, grid, group)} == {
            "SUBDISTRICT",
            "COMMUNITY",
            "GRID",
            "BUILDING",
        }
        change = await OrganizationChange.get(organization_id=group.id)
        assert (change.kind, change.other_id) == (ChangeKind.ESTABLISHED, grid.id)
        assert await faults(db) == []
