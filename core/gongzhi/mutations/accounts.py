"""Accounts, tokens and grants, as mutations.

Who looks after access may give what lies in his scope, and nothing to himself; the three
administrators (三员分立) are kept apart by :mod:`gongzhi.access.rules`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from tortoise.expressions import Q

from gongzhi.access import rules, service
from gongzhi.access.models import Account, AccountKind, Edge, Grant, Token
from gongzhi.access.roles import ROLE_CODES
from gongzhi.access.rules import REFUSALS, Reach
from gongzhi.mutations.common import said
from gongzhi.refusals import COMMON, insist
from gongzhi.registry.models import Area, Organization, Person
from gongzhi.writing import AreaKey, ForbiddenError, Key, OrganizationKey, PersonKey, Work

AccountKey: TypeAlias = Annotated[int, Key(Account)]
GrantKey: TypeAlias = Annotated[int, Key(Grant)]
TokenKey: TypeAlias = Annotated[int, Key(Token)]


@dataclass(frozen=True, slots=True)
class Issued:
    """A token just made, with its text."""

    token: str
    """Global id."""
    text: str


async def create_account(
    work: Work,
    name: str,
    *,
    kind: AccountKind = AccountKind.PERSON,
    organization: OrganizationKey | None = None,
    person: PersonKey | None = None,
) -> Account:
    """创建账号，尚无任何权限 · make an account, which may do nothing yet.

    :param name: 账号名，全库唯一 · its name, unique in the registry
    :param kind: 账号类型 · a person's or a service's
    :param organization: 管理账号的组织，空为全库管理 · whose security administrators look after
        it, absent: those of the whole registry
    :param person: 使用账号的人 · the person whose account it is
    :raises RuleError: NOT_FOUND, ACCOUNT_NAME_INVALID, ACCOUNT_NAME_TAKEN
    """
    home = await _home(work, organization)
    if person is not None:
        await _person(work, person)
    account = await service.create_account(name, kind=kind, person_id=person, organization=home)
    work.record("core.account.create", account, data=said(kind=kind, person_id=person))
    return account


async def activate_account(work: Work, account: AccountKey) -> Account:
    """启用账号 · switch an account on again.

    :param account: 账号 · the account
    :raises RuleError: NOT_FOUND, OWN_ACCOUNT
    """
    row = await _other(work, account)
    await work.update(row, active=True)
    work.record("core.account.activate", row)
    return row


async def deactivate_account(work: Work, account: AccountKey) -> Account:
    """停用账号，其令牌一律拒绝 · switch an account off; all its tokens are refused.

    :param account: 账号 · the account
    :raises RuleError: NOT_FOUND
    """
    row = await work.take(Account, account, "account")
    await work.update(row, active=False)
    work.record("core.account.deactivate", row)
    return row


async def bind_account(work: Work, account: AccountKey, *, person: PersonKey | None) -> Account:
    """将账号与使用人绑定 · say whose account it is.

    :param account: 账号 · the account
    :param person: 使用账号的人，null 为解除绑定 · the person, null for nobody
    :raises RuleError: NOT_FOUND, OWN_ACCOUNT
    """
    if person is not None:
        await _person(work, person)
    row = await _other(work, account)
    before = row.person_id
    await work.update(row, person_id=person)
    work.record("core.account.bind", row, data={"from": before, "to": person})
    return row


async def move_account(
    work: Work, account: AccountKey, *, organization: OrganizationKey | None
) -> Account:
    """变更管理账号的组织；双方均须有权限 · let another organization look after an account.

    :param account: 账号 · the account
    :param organization: 管理账号的组织，null 为全库管理 · whose security administrators look after
        it, null: those of the whole registry
    :raises RuleError: NOT_FOUND, OWN_ACCOUNT
    """
    home = await _home(work, organization)
    row = await _other(work, account)
    before = row.organization_id
    path = home.path if home else ""
    await work.update(row, organization_id=organization, org_path=path)
    work.record("core.account.move", row, data={"from": before, "to": organization})
    return row


async def create_token(
    work: Work,
    *,
    account: AccountKey | None = None,
    label: str = "",
    expires_at: dt.datetime | None = None,
) -> Issued:
    """签发令牌，原文只显示一次 · make a token; its text is shown this once.

    :param account: 账号，默认为本人 · whose token, by default one's own
    :param label: 用途说明 · what it is for
    :param expires_at: 到期时间 · when it ends by itself
    :raises RuleError: NOT_FOUND, ACCOUNT_INACTIVE, LABEL_TOO_LONG, EXPIRY_IN_PAST,
        TOKEN_OF_ADMINISTRATOR
    """
    own = work.require_account()
    if account is None or account == own:
        owner = await work.find(Account, own, "account")
    else:
        owner = await work.take(Account, account, "account")
        held = await _reached(work, owner)
        insist(rules.check_token_for(grant.role for grant in held))
    made = await service.create_token(owner.name, label=label, expires_at=expires_at)
    work.record("core.token.create", owner, data={"token_id": made.id})
    return Issued(token=f"Token:{made.id}", text=made.text)


async def revoke_token(work: Work, token: TokenKey) -> Token:
    """吊销令牌：本人的，或所管账号的 · revoke a token, one's own or of an account in one's care.

    :param token: 令牌 · the token
    :raises RuleError: NOT_FOUND
    """
    row = await work.find(Token, token, "token")
    owner = await work.find(Account, row.account_id, "token")
    if owner.id != work.require_account():
        await work.require(owner)
    revoked = await service.revoke_token(token)
    work.record("core.token.revoke", owner, data={"token_id": token})
    return revoked


async def add_grant(
    work: Work,
    account: AccountKey,
    role: str,
    *,
    organization: OrganizationKey | None = None,
    area: AreaKey | None = None,
    everything: bool = False,
    edge: Edge | None = None,
    with_descendants: bool = True,
    valid_from: dt.datetime | None = None,
    valid_to: dt.datetime | None = None,
) -> Grant:
    """授权：在一定范围内给予角色 · give a role on an organization, an area or everything.

    :param account: 账号 · the account
    :param role: 角色代码 · code of the role
    :param organization: 授权组织 · the organization that it stands on
    :param area: 授权地域 · the area that it stands on
    :param everything: 全部数据 · on everything
    :param edge: 沿隶属或属地，组织默认隶属 · along which edge, for an organization by default
        subordination
    :param with_descendants: 含下级 · and on all below it
    :param valid_from: 生效时间，默认立即 · from when, by default at once
    :param valid_to: 失效时间，默认长期 · until when, by default without end
    :raises RuleError: NOT_FOUND, OWN_ACCOUNT, ROLE_UNKNOWN, GRANT_TARGET, GRANT_EDGE,
        SPAN_INVALID, DUTIES_SEPARATED
    """
    body = None
    if organization is not None:
        body = await work.find(Organization, organization, "organization")
    ground = None if area is None else await work.find(Area, area, "area")
    owner = await work.take(Account, account, "account")
    insist(rules.check_other(work.viewer.account_id, owner.id))
    if body or ground or everything:
        _within(
            work,
            Reach(
                role=role,
                edge=edge or (Edge.TERRITORY if ground else Edge.SUBORDINATION),
                everything=everything,
                with_descendants=with_descendants,
                organization_path=body.path if body else "",
                area_path=ground.path if ground else body.area_path if body else "",
            ),
        )
    held = {grant.role for grant in await _unended(work, owner)}
    grant = await service.add_grant(
        owner.name,
        role,
        organization=body.code if body else None,
        area=ground.code if ground else None,
        everything=everything,
        edge=edge,
        with_descendants=with_descendants,
        valid_from=valid_from,
        valid_to=valid_to,
        granted_by=work.viewer.name,
        roles=ROLE_CODES | work.deployment.roles,
    )
    if rules.ends_tokens(role, held):
        live = Token.filter(account_id=owner.id, revoked_at=None)
        await live.using_db(work.connection).update(revoked_at=work.now)
    data = said(grant_id=grant.id, role=role, organization_id=organization, area_id=area)
    work.record("core.grant.add", owner, data=data)
    return grant


async def end_grant(work: Work, grant: GrantKey, *, at: dt.datetime | None = None) -> Grant:
    """终止授权 · end a grant.

    :param grant: 授权 · the grant
    :param at: 失效时间，默认立即 · from when, by default at once
    :raises RuleError: NOT_FOUND, GRANT_ENDED, END_IN_PAST
    """
    seen = await work.see(Grant, grant, "grant")
    owner = await work.take(Account, seen.account_id, "grant")
    await work.find(Grant, grant, "grant")
    (reach,) = await _reaches(work, [seen])
    _within(work, reach)
    if at is not None and at < work.now:
        REFUSALS.refuse("END_IN_PAST", "at")
    ended = await service.end_grant(grant, at=at or work.now)
    work.record("core.grant.end", owner, data=said(grant_id=ended.id, role=ended.role))
    return ended


# == who may ==


async def _home(work: Work, organization: int | None) -> Organization | None:
    """Insist on the permission where an account is to be looked after."""
    if organization is None:
        work.require_everywhere()
        return None
    home = await work.find(Organization, organization, "organization")
    await work.require(home)
    return home


async def _person(work: Work, person: int) -> None:
    """Insist that a person's record is kept where the viewer looks after accounts.

    He reads no people, so he is told the key by who does; elsewhere there is no such person.

    :raises RuleError: NOT_FOUND.
    """
    row = await Person.filter(id=person).using_db(work.connection).first()
    if row is None:
        COMMON.refuse("NOT_FOUND", "person")
    try:
        await work.require(row)
    except ForbiddenError:
        COMMON.refuse("NOT_FOUND", "person")


async def _other(work: Work, account: int) -> Account:
    """Return an account to change it: not one's own, and with no right beyond one's scope."""
    row = await work.take(Account, account, "account")
    insist(rules.check_other(work.viewer.account_id, row.id))
    await _reached(work, row)
    return row


async def _reached(work: Work, account: Account) -> list[Grant]:
    """Insist that all grants of an account, now or to come, lie in the viewer's scope."""
    held = await _unended(work, account)
    for reach in await _reaches(work, held):
        _within(work, reach)
    return held


def _within(work: Work, reach: Reach) -> None:
    if not rules.within(work.viewer.scope(work.permission), reach):
        raise ForbiddenError(work.permission)


async def _unended(work: Work, account: Account) -> list[Grant]:
    not_ended = Q(valid_to=None) | Q(valid_to__gt=work.now)
    return await Grant.filter(not_ended, account_id=account.id).using_db(work.connection)


async def _reaches(work: Work, grants: list[Grant]) -> list[Reach]:
    found = []
    for grant in grants:
        body = (
            await Organization.filter(id=grant.organization_id or 0)
            .using_db(work.connection)
            .first()
        )
        ground = await Area.filter(id=grant.area_id or 0).using_db(work.connection).first()
        found.append(
            Reach(
                role=grant.role,
                edge=grant.edge,
                everything=grant.everything,
                with_descendants=grant.with_descendants,
                organization_path=body.path if body else "",
                area_path=ground.path if ground else body.area_path if body else "",
            )
        )
    return found
