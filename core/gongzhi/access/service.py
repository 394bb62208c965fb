"""Accounts, API tokens and grants: how they are made and ended, and how a token is read back.

Writing goes through Tortoise and needs an open database (``gongzhi.database.open_database``).
Reading who a token is happens on every request, so it is one statement whose text is a constant;
the caller runs it on a connection of its own and hands the answer to :func:`parse`.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import orjson
from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from gongzhi import clock
from gongzhi.access.models import Account, AccountKind, Edge, Grant, Token
from gongzhi.access.roles import ROLE_CODES, SEPARATED_DUTIES
from gongzhi.access.rules import REFUSALS
from gongzhi.access.viewer import AccountRow, GrantRow, Viewer, build_viewer
from gongzhi.errors import RuleError
from gongzhi.registry.models import Area, Organization

TOKEN_PREFIX = "gz_"  # noqa: S105  # how every token starts, so that leak scanners can find them
_TOKEN_BYTES = 32
_TOKEN = re.compile(r"gz_[A-Za-z0-9_-]{43}\Z")
_ACCOUNT_NAME = re.compile(r"[\w.@-]{1,64}\Z")
_LABEL_LENGTH = 100

VIEWER_SQL: Mapping[str, str] = MappingProxyType(
    {
        "postgres": """\
SELECT json_build_object(
  'id', a.id, 'name', a.name, 'active', a.active, 'revoked', t.revoked_at IS NOT NULL,
  'expires', extract(epoch FROM t.expires_at)::float8,
  'now', extract(epoch FROM clock_timestamp())::float8,
  'grants', coalesce((
    SELECT json_agg(json_build_array(
      g.role, g.edge, g.everything, g.with_descendants,
      extract(epoch FROM g.valid_from)::float8, extract(epoch FROM g.valid_to)::float8,
      o.path, coalesce(r.path, o.area_path)) ORDER BY g.id)
    FROM core_grant g
    LEFT JOIN core_organization o ON o.id = g.organization_id
    LEFT JOIN core_area r ON r.id = g.area_id
    WHERE g.account_id = a.id), '[]'::json))::text
FROM core_token t JOIN core_account a ON a.id = t.account_id
WHERE t.digest = $1""",
        "sqlite": """\
SELECT json_object(
  'id', a.id, 'name', a.name, 'active', a.active, 'revoked', t.revoked_at IS NOT NULL,
  'expires', (julianday(t.expires_at) - 2440587.5) * 86400.0,
  'now', (julianday('now') - 2440587.5) * 86400.0,
  'grants', json((
    SELECT json_group_array(json(q.item)) FROM (
      SELECT json_array(
        g.role, g.edge, g.everything, g.with_descendants,
        (julianday(g.valid_from) - 2440587.5) * 86400.0,
        (julianday(g.valid_to) - 2440587.5) * 86400.0,
        o.path, coalesce(r.path, o.area_path)) AS item
      FROM core_grant g
      LEFT JOIN core_organization o ON o.id = g.organization_id
      LEFT JOIN core_area r ON r.id = g.area_id
      WHERE g.account_id = a.id ORDER BY g.id) q)))
FROM core_token t JOIN core_account a ON a.id = t.account_id
WHERE t.digest = ?1""",
    }
)
"""Dialect → the statement that reads a viewer: one parameter, the token's digest; one JSON text.

No row means an unknown token. Instants are seconds since 1970 and ``now`` is the database's clock,
so that all workers agree on when a grant ends. 2440587.5 is the Julian day of 1970-01-01.
"""


def digest_of(token: str) -> str | None:
    """Return the digest under which a token is stored; None if it cannot be one of ours."""
    if not _TOKEN.fullmatch(token):
        return None
    return hashlib.sha256(token.encode()).hexdigest()


def parse(
    text: str | None, role_permissions: Mapping[str, frozenset[str]], now: float | None = None
) -> Viewer | None:
    """Build the viewer from what :data:`VIEWER_SQL` answered.

    :param now: seconds since 1970; by default the database's clock, as the answer has it.
    :return: None when the token is unknown, revoked or expired, or its account not active: the
        request is refused. Asking without any token is not this: that is
        :data:`gongzhi.access.viewer.ANONYMOUS`.
    """
    if text is None:
        return None
    row = orjson.loads(text)
    account = AccountRow(
        id=row["id"],
        name=row["name"],
        active=bool(row["active"]),
        token_revoked=bool(row["revoked"]),
        token_expires_at=row["expires"],
    )
    grants = (
        GrantRow(
            role=role,
            edge=edge,
            everything=bool(everything),
            with_descendants=bool(with_descendants),
            valid_from=valid_from,
            valid_to=valid_to,
            organization_path=organization_path,
            area_path=area_path,
        )
        for (
            role,
            edge,
            everything,
            with_descendants,
            valid_from,
            valid_to,
            organization_path,
            area_path,
        ) in row["grants"]
    )
    return build_viewer(account, grants, role_permissions, row["now"] if now is None else now)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made. ``text`` is shown once and kept nowhere."""

    id: int
    account: str
    text: str
    expires_at: dt.datetime | None


async def create_account(
    name: str,
    *,
    kind: AccountKind = AccountKind.PERSON,
    person_id: int | None = None,
    organization: Organization | None = None,
) -> Account:
    """Create an account that may do nothing yet.

    :param organization: whose security administrators look after it; None: only those of the
        whole registry.
    :raises RuleError: ``ACCOUNT_NAME_INVALID``, ``ACCOUNT_NAME_TAKEN``.
    """
    if not _ACCOUNT_NAME.fullmatch(name):
        raise REFUSALS.refusal("ACCOUNT_NAME_INVALID", "name")
    try:
        async with in_transaction():  # a savepoint, so that a caller's transaction survives
            return await Account.create(
                name=name,
                kind=kind,
                person_id=person_id,
                organization_id=organization.id if organization else None,
                org_path=organization.path if organization else "",
            )
    except IntegrityError as exc:
        if not await Account.exists(name=name):
            raise
        raise REFUSALS.refusal("ACCOUNT_NAME_TAKEN", "name", name=name) from exc


async def set_account_active(name: str, *, active: bool) -> Account:
    """Switch an account off, so that all its tokens are refused, or on again.

    :raises RuleError: ``ACCOUNT_UNKNOWN``.
    """
    account = await _account(name)
    account.active = active
    await account.save(update_fields=("active",))
    return account


async def create_token(
    account: str, *, label: str = "", expires_at: dt.datetime | None = None
) -> NewToken:
    """Create an API token of an account: ``gz_`` and 32 random bytes in base64url.

    :raises RuleError: ``ACCOUNT_UNKNOWN``, ``ACCOUNT_INACTIVE``, ``LABEL_TOO_LONG``,
        ``EXPIRY_IN_PAST``.
    """
    owner = await _account(account)
    if not owner.active:
        raise REFUSALS.refusal("ACCOUNT_INACTIVE", "account", account=account)
    if len(label) > _LABEL_LENGTH:
        raise REFUSALS.refusal("LABEL_TOO_LONG", "label", most=_LABEL_LENGTH)
    if expires_at is not None and expires_at <= clock.now():
        raise REFUSALS.refusal("EXPIRY_IN_PAST", "expires_at")
    random = base64.urlsafe_b64encode(os.urandom(_TOKEN_BYTES)).rstrip(b"=").decode()
    text = TOKEN_PREFIX + random
    row = await Token.create(
        account=owner,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        label=label,
        expires_at=expires_at,
    )
    return NewToken(id=row.id, account=owner.name, text=text, expires_at=expires_at)


async def revoke_token(token_id: int) -> Token:
    """Revoke a token, from now on; revoking it again changes nothing.

    :raises RuleError: ``TOKEN_UNKNOWN``.
    """
    token = await Token.get_or_none(id=token_id)
    if token is None:
        raise RuleError("TOKEN_UNKNOWN", f"没有令牌 {token_id}", f"there is no token {token_id}")
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        await token.save(update_fields=("revoked_at",))
    return token


async def add_grant(  # one grant has this many sides
    account: str,
    role: str,
    *,
    organization: str | None = None,
    area: str | None = None,
    everything: bool = False,
    edge: Edge | None = None,
    with_descendants: bool = True,
    valid_from: dt.datetime | None = None,
    valid_to: dt.datetime | None = None,
    granted_by: str = "",
    roles: frozenset[str] = ROLE_CODES,
) -> Grant:
    """Give an account a role on exactly one of: an organization, an area, everything.

    :param organization: the organization's code.
    :param area: the area's code.
    :param edge: 隶属 by default for an organization, 属地 for an area. 属地 on an organization
        means the area in which that organization is.
    :param roles: the roles that are known, when plugins bring more than the presets.
    :raises RuleError: ``ACCOUNT_UNKNOWN``, ``ROLE_UNKNOWN``, ``GRANT_TARGET``, ``GRANT_EDGE``,
        ``ORGANIZATION_UNKNOWN``, ``AREA_UNKNOWN``, ``SPAN_INVALID``, ``DUTIES_SEPARATED``.
    """
    if role not in roles:
        known = ", ".join(sorted(roles))
        raise REFUSALS.refusal("ROLE_UNKNOWN", "role", role=role, known=known)
    if [organization is not None, area is not None, everything].count(True) != 1:
        raise REFUSALS.refusal("GRANT_TARGET")
    if edge is None:
        edge = Edge.TERRITORY if area is not None else Edge.SUBORDINATION
    if area is not None and edge is not Edge.TERRITORY:
        raise RuleError(
            "GRANT_EDGE", "区划上的授权只能沿属地", "a grant on an area follows territory", "edge"
        )
    if valid_from is not None and valid_to is not None and valid_to <= valid_from:
        raise REFUSALS.refusal("SPAN_INVALID", "valid_to")
    target = await _organization(organization) if organization is not None else None
    if target is not None and edge is Edge.TERRITORY and target.area_id is None:
        raise RuleError(
            "GRANT_EDGE",
            f"组织“{organization}”没有属地，不能沿属地授权",
            f"the organization {organization!r} has no area, so territory leads nowhere",
            "edge",
        )
    async with in_transaction():
        # The account's row is locked, so that two grants given at once see each other.
        owner = await Account.select_for_update(no_key=True).get_or_none(name=account)
        if owner is None:
            raise _account_unknown(account)
        if role in SEPARATED_DUTIES:
            await _check_duties(owner, role)
        return await Grant.create(
            account=owner,
            role=role,
            edge=edge,
            organization_id=None if target is None else target.id,
            area_id=None if area is None else (await _area(area)).id,
            everything=everything,
            with_descendants=with_descendants,
            valid_from=valid_from,
            valid_to=valid_to,
            granted_by=granted_by,
        )


async def end_grant(grant_id: int, *, at: dt.datetime | None = None) -> Grant:
    """End a grant, now by default; it stays in the list as what was once given.

    :raises RuleError: ``GRANT_UNKNOWN``; ``GRANT_ENDED`` when it has ended before ``at``.
    """
    grant = await Grant.get_or_none(id=grant_id)
    if grant is None:
        raise RuleError("GRANT_UNKNOWN", f"没有授权 {grant_id}", f"there is no grant {grant_id}")
    end = at or clock.now()
    if grant.valid_to is not None and grant.valid_to <= end:
        raise REFUSALS.refusal("GRANT_ENDED", grant_id=grant_id)
    grant.valid_to = end
    await grant.save(update_fields=("valid_to",))
    return grant


async def list_accounts() -> list[Account]:
    """Return all accounts, by name."""
    return await Account.all().order_by("name")


async def list_tokens(account: str | None = None) -> list[Token]:
    """Return the tokens, of one account or of all, oldest first, with their accounts.

    :raises RuleError: ``ACCOUNT_UNKNOWN``.
    """
    found = Token.all() if account is None else Token.filter(account=await _account(account))
    return await found.order_by("id").prefetch_related("account")


async def list_grants(account: str | None = None) -> list[Grant]:
    """Return the grants, ended ones too, with account, organization and area; oldest first.

    :raises RuleError: ``ACCOUNT_UNKNOWN``.
    """
    found = Grant.all() if account is None else Grant.filter(account=await _account(account))
    return await found.order_by("id").prefetch_related("account", "organization", "area")


async def _check_duties(owner: Account, role: str) -> None:
    held = await Grant.filter(
        Q(valid_to=None) | Q(valid_to__gt=clock.now()),
        account=owner,
        role__in=sorted(SEPARATED_DUTIES - {role}),
    ).first()
    if held is not None:
        raise REFUSALS.refusal(
            "DUTIES_SEPARATED", "role", name=owner.name, held=held.role, role=role
        )


def _account_unknown(name: str) -> RuleError:
    return RuleError(
        "ACCOUNT_UNKNOWN", f"没有账号“{name}”", f"there is no account {name!r}", "account"
    )


async def _account(name: str) -> Account:
    account = await Account.get_or_none(name=name)
    if account is None:
        raise _account_unknown(name)
    return account


async def _organization(code: str) -> Organization:
    found = await Organization.get_or_none(code=code)
    if found is None:
        raise RuleError(
            "ORGANIZATION_UNKNOWN",
            f"没有代码为“{code}”的组织",
            f"there is no organization with the code {code!r}",
            "organization",
        )
    return found


async def _area(code: str) -> Area:
    found = await Area.get_or_none(code=code)
    if found is None:
        raise RuleError(
            "AREA_UNKNOWN",
            f"没有代码为“{code}”的区划",
            f"there is no area with the code {code!r}",
            "area",
        )
    return found
