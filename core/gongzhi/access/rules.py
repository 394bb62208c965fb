"""Rules of access: how far who gives rights may go, and what the three administrators may not do.

三员分立 (GB/T 22239-2019 8.1.4.2 d): nobody gets a second of the three duties, by a grant, by a
token of somebody else's account, or by an account made for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from gongzhi.access.models import Edge
from gongzhi.access.roles import SEPARATED_DUTIES
from gongzhi.access.viewer import Range, RowScope
from gongzhi.errors import RuleError
from gongzhi.refusals import COMMON, Refusals

REFUSALS = Refusals(
    {
        "OWN_ACCOUNT": (
            "不能办理本人账号的授权、绑定和启用",
            "nobody grants to, binds or activates his own account",
        ),
        "TOKEN_OF_ADMINISTRATOR": (
            "三员分立：系统、安全、审计管理员的令牌由本人或经命令行签发",
            "separated duties: a token of a system, security or audit administrator is made by "
            "himself or on the command line",
        ),
        "ACCOUNT_NAME_INVALID": (
            "账号名须为 1 至 64 个字母、汉字、数字或 . @ _ -",
            "an account name has 1 to 64 letters, digits or . @ _ -",
        ),
        "ACCOUNT_NAME_TAKEN": (
            "账号“{name}”已存在",
            "there is an account {name!r} already",
        ),
        "ACCOUNT_INACTIVE": (
            "账号“{account}”已停用",
            "the account {account!r} is switched off",
        ),
        "LABEL_TOO_LONG": (
            "标签最多 {most} 个字",
            "a label has at most {most} characters",
        ),
        "EXPIRY_IN_PAST": (
            "到期时间已过",
            "the expiry is in the past",
        ),
        "ROLE_UNKNOWN": (
            "没有角色“{role}”；可用角色：{known}",
            "there is no role {role!r}; the roles are: {known}",
        ),
        "GRANT_TARGET": (
            "授权须且只须指定组织、区划、全部三者之一",
            "a grant names exactly one of: an organization, an area, everything",
        ),
        "GRANT_EDGE": (
            "区划上的授权只能沿属地；没有属地的组织不能沿属地授权",
            "a grant on an area follows territory; from an organization without an area territory "
            "leads nowhere",
        ),
        "SPAN_INVALID": (
            "授权的结束时间须晚于开始时间",
            "a grant ends after it begins",
        ),
        "GRANT_ENDED": (
            "授权 {grant_id} 在此之前已结束",
            "the grant {grant_id} has ended before",
        ),
        "DUTIES_SEPARATED": (
            "三员分立：账号“{name}”已有角色 {held}，不能再授予 {role}",
            "separated duties: the account {name!r} has {held}, so not also {role}",
        ),
        "END_IN_PAST": ("结束时间已过", "the end is in the past"),
    },
    base=COMMON,
)


@dataclass(frozen=True, slots=True)
class Reach:
    """What one grant opens; neither everything nor a path: nothing."""

    role: str
    edge: Edge
    everything: bool
    with_descendants: bool
    organization_path: str = ""
    area_path: str = ""
    """The area that is named, or that of the named organization."""


def within(scope: RowScope, reach: Reach) -> bool:
    """Return whether a grant opens nothing outside a scope.

    A grant along territory opens what lies in an area whoever it belongs to, so a scope of
    organizations does not include it; nor the other way round.
    """
    if reach.everything:
        return scope.everything
    by_organization = reach.edge is Edge.SUBORDINATION
    path = reach.organization_path if by_organization else reach.area_path
    if not path:
        return True
    opened = Range.subtree(path) if reach.with_descendants else Range.exact(path)
    if by_organization:
        return scope.includes(organizations=opened)
    return scope.includes(areas=opened)


def check_other(actor: int | None, account: int) -> list[RuleError]:
    """Nobody gives himself rights."""
    return [REFUSALS.refusal("OWN_ACCOUNT", "account")] if actor == account else []


def check_token_for(roles: Iterable[str]) -> list[RuleError]:
    """Nobody makes a token of another's account that has, or will have, one of the three duties.

    :param roles: of the account's grants that have not ended.
    """
    if SEPARATED_DUTIES.intersection(roles):
        return [REFUSALS.refusal("TOKEN_OF_ADMINISTRATOR", "account")]
    return []


def ends_tokens(role: str, held: Collection[str]) -> bool:
    """Return whether a grant of this role ends the account's tokens: a duty that is new to it.

    Who made one of them, and perhaps kept it, would otherwise have the duty too.
    """
    return role in SEPARATED_DUTIES and role not in held
