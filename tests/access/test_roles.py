"""The role presets: what each carries, written out, so that a change is a visible difference."""

from __future__ import annotations

import pytest

from gongzhi.access.roles import (
    CORE_PERMISSIONS,
    ROLE_CODES,
    ROLES,
    SEPARATED_DUTIES,
    role_permissions,
)
from gongzhi.contributions import Permission

O, P, L, M, T, I, N = (  # noqa: E741
    "organization",
    "person",
    "person.lookup",
    "member",
    "appointment",
    "indicator",
    "statistics",
)
RUN = "import.run"
KEEPS = {
    "organization.manage",
    "person.manage",
    "person.reveal",
    "member.manage",
    "member.contact",
    "appointment.manage",
}
LISTS = {"code.manage", "calendar.manage"}
EXPECTED = {
    "DISTRICT_ORG_DEPT_ADMIN": {
        *(O, P, L, M, T, I, N, RUN, "area.manage", "webhook"),
        *KEEPS,
        *LISTS,
    },
    "DISTRICT_SOCIETY_WORK_ADMIN": {
        *(O, P, L, M, T, I, N, RUN, "area.manage", "webhook"),
        *KEEPS,
    },
    "SUBDISTRICT_STAFF": {O, P, L, M, T, I, N, RUN, *KEEPS},
    "COMMUNITY_SECRETARY": {O, P, L, M, T, I, N, *KEEPS},
    "BRANCH_SECRETARY": {
        *(O, P, L, M, T, I, N),
        *("person.manage", "person.reveal", "member.contact"),
    },
    "BRANCH_COMMITTEE_MEMBER": {O, P, M, T, I, N, "member.contact"},
    "GROUP_LEADER": {O, M, T, I, N, "member.contact"},
    "PARTY_MEMBER": {O, T, I, N},
    "COUNCILLOR": {O, T, I, N},
    "GRID_WORKER": {O, T, I, N},
    "UNIT_REPRESENTATIVE": {O, T, I, N},
    "RESIDENT": {O},
    "STATION_OPERATOR": {O},
    "AUDITOR": {O, P, L, M, T, I, N, "access", "audit", "webhook"},
    "SYSTEM_ADMIN": {O, N, *LISTS, "webhook", "webhook.manage"},
    "SECURITY_ADMIN": {O, "access", "access.manage"},
    "INTEGRATION": {O, P, L, M, T, I, N},
}
"""Role → permissions; ``.read`` is left out."""

PERSONAL = {"core.person.read", "core.person.lookup", "core.member.read"}


def carried(role: str) -> set[str]:
    return set(role_permissions(CORE_PERMISSIONS)[role])


@pytest.mark.parametrize("role", sorted(EXPECTED))
def test_role_carries_exactly(role: str) -> None:
    codes = {f"core.{noun}" if "." in noun else f"core.{noun}.read" for noun in EXPECTED[role]}
    assert carried(role) == codes


def test_every_role_is_in_the_table() -> None:
    assert set(EXPECTED) == ROLE_CODES == set(role_permissions(CORE_PERMISSIONS))
    assert len(ROLES) == len(ROLE_CODES)


def test_permissions_name_known_roles_once() -> None:
    assert len({p.code for p in CORE_PERMISSIONS}) == len(CORE_PERMISSIONS)
    for permission in CORE_PERMISSIONS:
        assert set(permission.roles) <= ROLE_CODES, permission.code
        assert len(set(permission.roles)) == len(permission.roles), permission.code


def test_three_administrators_are_separated() -> None:
    """AZ-13: none of the three can do another's work, and no role has all."""
    assert not carried("SYSTEM_ADMIN") & {*PERSONAL, "core.access.read", "core.access.manage"}
    assert not carried("SECURITY_ADMIN") & {*PERSONAL, "core.import.run"}
    for duty in SEPARATED_DUTIES:
        assert not carried(duty) & {f"core.{each}" for each in KEEPS}, duty
    assert all(code.endswith((".read", ".lookup")) for code in carried("AUDITOR"))
    for role in ROLE_CODES - {"SECURITY_ADMIN"}:
        assert "core.access.manage" not in carried(role), role
    assert SEPARATED_DUTIES <= ROLE_CODES


def test_resident_sees_no_people() -> None:
    assert not carried("RESIDENT") & {*PERSONAL, "core.appointment.read"}


def test_plugins_add_permissions_and_roles() -> None:
    added = Permission("tea.party.read", "茶", "tea", ("RESIDENT", "TEA_MASTER"))
    table = role_permissions((*CORE_PERMISSIONS, added))
    assert "tea.party.read" in table["RESIDENT"]
    assert table["TEA_MASTER"] == {"tea.party.read"}
    assert "tea.party.read" not in table["AUDITOR"]
