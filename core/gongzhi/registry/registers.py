"""The eight registers 八个数据库 of Changning: three at the origin, five added (seed 001)."""

from __future__ import annotations

from gongzhi.contributions import Register
from gongzhi.registry.models import Area, Member, Organization

_MEMBER_STAGES = ("PROBATIONARY_MEMBER", "FULL_MEMBER")
_APPLICANT_STAGES = ("APPLICANT", "ACTIVIST", "CANDIDATE")
_IN_GOOD_STANDING = ("NORMAL", "REINSTATED")
_UNIT_KINDS = ("RESIDENT_UNIT", "ACTUAL_UNIT")

REGISTERS: tuple[Register, ...] = (
    Register(
        "PARTY_ORGANIZATION",
        "党组织",
        "Party organizations",
        Organization,
        {"kind__family": "PARTY", "status": "ACTIVE"},
        origin=True,
    ),
    Register(
        "PARTY_MEMBER",
        "党员",
        "Party members",
        Member,
        {"stage": _MEMBER_STAGES, "state": _IN_GOOD_STANDING},
        origin=True,
    ),
    Register(
        "MEMBERSHIP_APPLICANT",
        "入党申请人",
        "applicants for membership",
        Member,
        {"stage": _APPLICANT_STAGES, "state": _IN_GOOD_STANDING},
        origin=True,
    ),
    Register(
        "RESIDENTIAL_AREA",
        "居民区",
        "residential areas",
        Area,
        {"kind": "RESIDENTIAL_AREA"},
    ),
    Register("OFFICE_BUILDING", "商务楼宇", "office buildings", Area, {"kind": "OFFICE_BUILDING"}),
    Register(
        "TRADE_UNION",
        "工会组织",
        "trade unions",
        Organization,
        {"kind": "TRADE_UNION", "status": "ACTIVE"},
    ),
    Register(
        "YOUTH_LEAGUE",
        "团组织",
        "Youth League organizations",
        Organization,
        {"kind": "YOUTH_LEAGUE", "status": "ACTIVE"},
    ),
    Register(
        "ACTUAL_UNIT",
        "实有单位",
        "actual units",
        Organization,
        {"kind": _UNIT_KINDS, "status": "ACTIVE"},
    ),
)
