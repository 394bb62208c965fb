"""Closed sets of the registry: states and modes that rules depend on.

Open sets (kinds, levels, posts: nearly every list in the source documents ends with 等, "and so
on") are not here but in the code lists of the database, see :mod:`gongzhi.registry.lists`.
"""

from __future__ import annotations

from enum import StrEnum


class OrganizationStatus(StrEnum):
    """组织状态 · the state of an organization in its life."""

    ACTIVE = "ACTIVE"
    MERGED = "MERGED"
    DISSOLVED = "DISSOLVED"


class SetupMode(StrEnum):
    """组建方式 · how it was set up: 单独组建 alone or 联合组建 jointly for several units."""

    SINGLE = "SINGLE"
    JOINT = "JOINT"


class ChangeKind(StrEnum):
    """变更类型 · what happened to an organization."""

    ESTABLISHED = "ESTABLISHED"
    UPGRADED = "UPGRADED"
    MERGED = "MERGED"
    RENAMED = "RENAMED"
    MOVED = "MOVED"
    DISSOLVED = "DISSOLVED"


class Gender(StrEnum):
    """性别 · gender."""

    FEMALE = "FEMALE"
    MALE = "MALE"
    UNKNOWN = "UNKNOWN"


class EmploymentState(StrEnum):
    """就业状态 · employment: 在职, 退休, 灵活就业, 待业."""

    IN_SERVICE = "IN_SERVICE"
    RETIRED = "RETIRED"
    FLEXIBLE = "FLEXIBLE"
    UNEMPLOYED = "UNEMPLOYED"
    UNKNOWN = "UNKNOWN"


class MembershipStage(StrEnum):
    """发展阶段 · the stage of membership, from applicant to full member."""

    APPLICANT = "APPLICANT"
    ACTIVIST = "ACTIVIST"
    CANDIDATE = "CANDIDATE"
    PROBATIONARY_MEMBER = "PROBATIONARY_MEMBER"
    FULL_MEMBER = "FULL_MEMBER"


class MembershipState(StrEnum):
    """党籍状态 · the state of a membership: 正常, 停止党籍, 恢复, 除名, 开除, 死亡."""

    NORMAL = "NORMAL"
    SUSPENDED = "SUSPENDED"
    REINSTATED = "REINSTATED"
    REMOVED = "REMOVED"
    EXPELLED = "EXPELLED"
    DECEASED = "DECEASED"


class ContactState(StrEnum):
    """联系状态 · whether there is contact: 正常联系, 疑似失联, 查找中, 失联."""

    IN_CONTACT = "IN_CONTACT"
    SUSPECTED_LOST = "SUSPECTED_LOST"
    SEARCHING = "SEARCHING"
    LOST = "LOST"


class AppointmentBasis(StrEnum):
    """任用方式 · 吸收 co-opted, 选聘 recruited, 委任 appointed, 选举 elected."""

    CO_OPTED = "CO_OPTED"
    RECRUITED = "RECRUITED"
    APPOINTED = "APPOINTED"
    ELECTED = "ELECTED"


class Qualifier(StrEnum):
    """数量限定 · how exact a figure is: 整, 左右, 余/多, 近, 以上."""

    EXACT = "EXACT"
    ABOUT = "ABOUT"
    OVER = "OVER"
    NEARLY = "NEARLY"
    AT_LEAST = "AT_LEAST"
