"""Accounts, tokens and grants as an operator gives them from the command line, by name and code.

He has the database in his hands, so nothing is asked of him; but what he does is recorded, under
the same names as :mod:`gongzhi.mutations.accounts` records what the administrators do.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from gongzhi.access import service
from gongzhi.access.models import Account, AccountKind, Grant, Token
from gongzhi.access.service import NewToken
from gongzhi.mutations.common import said
from gongzhi.writing import Work


async def create_account(
    work: Work,
    name: str,
    *,
    kind: AccountKind = AccountKind.PERSON,
    person_id: int | None = None,
) -> Account:
    """See :func:`gongzhi.access.service.create_account`."""
    account = await service.create_account(name, kind=kind, person_id=person_id)
    work.record("core.account.create", account, data=said(kind=kind, person_id=person_id))
    return account


async def set_account_active(work: Work, name: str, *, active: bool) -> Account:
    """See :func:`gongzhi.access.service.set_account_active`."""
    account = await service.set_account_active(name, active=active)
    work.record("core.account.activate" if active else "core.account.deactivate", account)
    return account


async def create_token(
    work: Work, account: str, *, label: str = "", expires_at: dt.datetime | None = None
) -> NewToken:
    """See :func:`gongzhi.access.service.create_token`."""
    made = await service.create_token(account, label=label, expires_at=expires_at)
    owner = await Account.get(name=account, using_db=work.connection)
    work.record("core.token.create", owner, data={"token_id": made.id})
    return made


async def revoke_token(work: Work, token: int) -> Token:
    """See :func:`gongzhi.access.service.revoke_token`."""
    revoked = await service.revoke_token(token)
    work.record("core.token.revoke", await _owner(work, revoked), data={"token_id": token})
    return revoked


async def add_grant(work: Work, account: str, role: str, **more: Any) -> Grant:
    """See :func:`gongzhi.access.service.add_grant`."""
    grant = await service.add_grant(account, role, **more)
    data = said(
        grant_id=grant.id,
        role=role,
        organization_id=grant.organization_id,
        area_id=grant.area_id,
    )
    work.record("core.grant.add", await _owner(work, grant), data=data)
    return grant


async def end_grant(work: Work, grant: int, *, at: dt.datetime | None = None) -> Grant:
    """See :func:`gongzhi.access.service.end_grant`."""
    ended = await service.end_grant(grant, at=at)
    data = said(grant_id=ended.id, role=ended.role)
    work.record("core.grant.end", await _owner(work, ended), data=data)
    return ended


async def _owner(work: Work, row: Token | Grant) -> Account:
    return await Account.get(id=row.account_id, using_db=work.connection)
