"""Role presets and the permissions of the core.

A role is a bundle of permissions; *where* it holds is said by each grant. Which presets carry a
permission is declared with the permission, so a plugin needs no change here.

The three administrators are separate roles (三员分立, GB/T 22239-2019 8.1.4.2 d): the system
administrator reads no personal data, the security administrator only gives grants, the auditor
only reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gongzhi.contributions import Permission


@dataclass(frozen=True, slots=True)
class Role:
    """A role preset."""

    code: str
    title_zh: str
    title_en: str
    purpose_zh: str
    purpose_en: str


ROLES: tuple[Role, ...] = (
    Role(
        "DISTRICT_ORG_DEPT_ADMIN",
        "区委组织部管理员",
        "administrator in the district organization department",
        "全区组织和党员的登记与管理",
        "keeps organizations and members of the whole district",
    ),
    Role(
        "DISTRICT_SOCIETY_WORK_ADMIN",
        "区委社会工作部管理员",
        "administrator in the district society work department",
        "党建引领基层治理、两新组织和新就业群体",
        "neighbourhood governance, two-new organizations, new employment groups",
    ),
    Role(
        "SUBDISTRICT_STAFF",
        "街道（镇）工作人员",
        "staff of a street or town",
        "本街道（镇）的日常工作",
        "the daily work of one street or town",
    ),
    Role(
        "COMMUNITY_SECRETARY",
        "社区（居民区）书记",
        "secretary of a community",
        "本社区的组织、党员和治理工作",
        "organizations, members and governance of one community",
    ),
    Role(
        "BRANCH_SECRETARY",
        "党支部书记",
        "secretary of a Party branch",
        "本支部的党员和组织生活",
        "members and Party life of one branch",
    ),
    Role(
        "BRANCH_COMMITTEE_MEMBER",
        "支委委员",
        "member of a branch committee",
        "本支部分工范围内的工作",
        "one field of work in a branch",
    ),
    Role(
        "GROUP_LEADER",
        "党小组长",
        "leader of a Party group",
        "联系本组党员",
        "keeps in touch with the members of one group",
    ),
    Role(
        "PARTY_MEMBER",
        "党员",
        "Party member",
        "了解本支部的组织和公开事务",
        "the organization and open affairs of one's own branch",
    ),
    Role(
        "COUNCILLOR",
        "居民议员",
        "residents' councillor",
        "参加居民自治议事",
        "takes part in residents' self-governance",
    ),
    Role(
        "GRID_WORKER",
        "网格员",
        "grid worker",
        "本网格的巡查和服务",
        "rounds and service in one grid",
    ),
    Role(
        "UNIT_REPRESENTATIVE",
        "驻区单位代表",
        "representative of a unit in the area",
        "共建单位参与共治",
        "a co-building unit's part in governance",
    ),
    Role(
        "RESIDENT",
        "居民",
        "resident",
        "查看公开内容，反映问题",
        "reads what is public, reports issues",
    ),
    Role(
        "STATION_OPERATOR",
        "驿站（阵地）运营人员",
        "operator of a station",
        "服务阵地的日常运营",
        "runs a service site",
    ),
    Role(
        "AUDITOR",
        "审计管理员",
        "audit administrator",
        "只读，核查记录",
        "reads and checks, changes nothing",
    ),
    Role(
        "SYSTEM_ADMIN",
        "系统管理员",
        "system administrator",
        "运行和配置系统，不接触个人信息",
        "runs and configures the system, sees no personal data",
    ),
    Role(
        "SECURITY_ADMIN",
        "安全管理员",
        "security administrator",
        "管理账号和授权，不接触业务数据",
        "accounts and grants only, no records",
    ),
    Role(
        "INTEGRATION",
        "系统对接账号",
        "integration",
        "其他系统对接用的服务账号",
        "service account of another system",
    ),
)

SEPARATED_DUTIES = frozenset({"SYSTEM_ADMIN", "SECURITY_ADMIN", "AUDITOR"})
"""三员分立: one account holds at most one of these."""

ROLE_CODES: frozenset[str] = frozenset(role.code for role in ROLES)

_DISTRICT = ("DISTRICT_ORG_DEPT_ADMIN", "DISTRICT_SOCIETY_WORK_ADMIN")
_STAFF = (*_DISTRICT, "SUBDISTRICT_STAFF", "COMMUNITY_SECRETARY")
_BRANCH = ("BRANCH_SECRETARY", "BRANCH_COMMITTEE_MEMBER")
_ACTIVE = ("GROUP_LEADER", "PARTY_MEMBER", "COUNCILLOR", "GRID_WORKER", "UNIT_REPRESENTATIVE")

CORE_PERMISSIONS: tuple[Permission, ...] = (  # areas are public and need none
    Permission(
        "core.organization.read",
        "查看组织",
        "read organizations",
        tuple(role.code for role in ROLES),
    ),
    Permission(
        "core.person.read",
        "查看人员（个人信息脱敏）",
        "read people, personal values masked",
        (*_STAFF, *_BRANCH, "AUDITOR", "INTEGRATION"),
    ),
    Permission(
        "core.person.lookup",
        "按姓名、证件号、手机号精确查找人员",
        "look people up by exact name, ID number or mobile",
        (*_STAFF, "BRANCH_SECRETARY", "AUDITOR", "INTEGRATION"),
    ),
    Permission(
        "core.member.read",
        "查看党员",
        "read members",
        (*_STAFF, *_BRANCH, "GROUP_LEADER", "AUDITOR", "INTEGRATION"),
    ),
    Permission(
        "core.appointment.read",
        "查看任职",
        "read appointments",
        (*_STAFF, *_BRANCH, *_ACTIVE, "AUDITOR", "INTEGRATION"),
    ),
    Permission(
        "core.indicator.read",
        "查看指标",
        "read indicators",
        (*_STAFF, *_BRANCH, *_ACTIVE, "AUDITOR", "INTEGRATION"),
    ),
    Permission(
        "core.statistics.read",
        "查看统计数（不含个人信息）",
        "read counts, without personal data",
        (*_STAFF, *_BRANCH, *_ACTIVE, "AUDITOR", "SYSTEM_ADMIN", "INTEGRATION"),
    ),
    Permission(
        "core.area.manage",
        "管理地域",
        "manage areas",
        _DISTRICT,
    ),
    Permission(
        "core.organization.manage",
        "管理组织（设立、变更、撤销）",
        "set up, change and dissolve organizations",
        _STAFF,
    ),
    Permission(
        "core.person.manage",
        "登记和更正人员",
        "enter and correct people",
        (*_STAFF, "BRANCH_SECRETARY"),
    ),
    Permission(
        "core.person.reveal",
        "查看个人信息明文（留痕）",
        "see personal values in full, which is recorded",
        (*_STAFF, "BRANCH_SECRETARY"),
    ),
    Permission(
        "core.member.manage",
        "登记党员，办理党籍事项",
        "admit members, enter decisions about memberships",
        _STAFF,
    ),
    Permission(
        "core.member.contact",
        "记录与党员的联系",
        "record contacts with members",
        (*_STAFF, *_BRANCH, "GROUP_LEADER"),
    ),
    Permission(
        "core.appointment.manage",
        "任免职务",
        "give and end posts",
        _STAFF,
    ),
    Permission(
        "core.code.manage",
        "维护代码表",
        "keep the code lists",
        ("DISTRICT_ORG_DEPT_ADMIN", "SYSTEM_ADMIN"),
    ),
    Permission(
        "core.calendar.manage",
        "维护工作日历",
        "keep the calendar of working days",
        ("DISTRICT_ORG_DEPT_ADMIN", "SYSTEM_ADMIN"),
    ),
    Permission(
        "core.audit.read",
        "查阅事件记录",
        "read the event record",
        ("AUDITOR",),
    ),
    Permission(
        "core.import.run",
        "导入和撤销批次",
        "run and undo imports",
        (*_DISTRICT, "SUBDISTRICT_STAFF"),
    ),
    Permission(
        "core.webhook.read",
        "查看推送地址和推送记录",
        "read webhooks and the log of their deliveries",
        ("SYSTEM_ADMIN", "AUDITOR", *_DISTRICT),
    ),
    Permission(
        "core.webhook.manage",
        "管理推送地址",
        "manage webhooks",
        ("SYSTEM_ADMIN",),
    ),
    Permission(
        "core.access.read",
        "查看账号和授权",
        "read accounts and grants",
        ("SECURITY_ADMIN", "AUDITOR"),
    ),
    Permission(
        "core.access.manage",
        "管理账号和授权",
        "manage accounts and grants",
        ("SECURITY_ADMIN",),
    ),
)


def role_permissions(permissions: Iterable[Permission]) -> Mapping[str, frozenset[str]]:
    """Turn permissions with their roles around: role → the permission codes that it carries.

    A role that is no preset is kept: a plugin may bring roles of its own.
    """
    made: dict[str, set[str]] = {role.code: set() for role in ROLES}
    for permission in permissions:
        for role in permission.roles:
            made.setdefault(role, set()).add(permission.code)
    return {role: frozenset(codes) for role, codes in made.items()}
