"""Accounts, tokens and grants in the database, and how a token is read back, on both databases."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import asyncpg
import pytest

from gongzhi.access import service
from gongzhi.access.models import Account, AccountKind, Edge, Grant, Token
from gongzhi.access.roles import CORE_PERMISSIONS, role_permissions
from gongzhi.access.viewer import EVERYTHING, Range, RowScope, Viewer
from gongzhi.core import plugin as core
from gongzhi.database import open_database
from gongzhi.errors import RuleError
from gongzhi.registry.models import Area, Organization

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

ROLES = role_permissions(CORE_PERMISSIONS)
NOW = dt.datetime.now(dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[str]:
    """Two areas, three organizations, one of them without an area."""
    async with open_database(database_url, [core]):
        district = await Area.create(code="A1", name="区", kind="DISTRICT", path="1.")
        town = await Area.create(
            code="A2", name="镇", kind="TOWN", parent=district, path="1.2.", depth=1
        )
        top = await Organization.create(
            code="O1",
            name="区委",
            kind="DISTRICT_PARTY_COMMITTEE",
            level="DISTRICT",
            path="1.",
            area=district,
            area_path=district.path,
        )
        await Organization.create(
            code="O2",
            name="镇党委",
            kind="TOWN_PARTY_COMMITTEE",
            level="TOWN",
            superior=top,
            path="1.2.",
            depth=1,
            area=town,
            area_path=town.path,
        )
        await Organization.create(
            code="O3",
            name="支部",
            kind="PARTY_BRANCH",
            level="COMMUNITY",
            superior=top,
            path="1.3.",
            depth=1,
        )
        yield database_url


async def run(url: str, sql: str, *args: str) -> str | None:
    """Run one statement the way a reader does: on a driver's own connection."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as connection:
            row = connection.execute(sql, args).fetchone()
            return None if row is None else row[0]
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql, *args)
    finally:
        await connection.close()


async def read(url: str, token: str, now: float | None = None) -> Viewer | None:
    digest = service.digest_of(token)
    assert digest is not None
    sql = service.VIEWER_SQL["sqlite" if url.startswith("sqlite") else "postgres"]
    return service.parse(await run(url, sql, digest), ROLES, now)


async def refuse(code: str, call: Awaitable[object], field: str | None = None) -> RuleError:
    with pytest.raises(RuleError) as caught:
        await call
    assert caught.value.code == code
    assert caught.value.message_zh
    assert caught.value.message_en
    if field is not None:
        assert caught.value.field == field
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gz_",
        "gz_" + "a" * 42,
        "gz_" + "a" * 44,
        "xx_" + "a" * 43,
        "gz_" + "é" * 43,
        "gz_" + "+" * 43,
        "gz_" + "a" * 43 + "\n",
        "a" * 46,
    ],
)
def test_what_is_no_token_is_not_looked_up(text: str) -> None:
    assert service.digest_of(text) is None


def test_unknown_token_is_refused() -> None:
    assert service.parse(None, ROLES) is None


async def test_token_is_shown_once_and_kept_as_digest(database: str) -> None:
    await service.create_account("alice")
    made = await service.create_token("alice", label="laptop")
    assert made.text.startswith("gz_")
    assert len(made.text) == len("gz_") + 43
    row = await Token.get(id=made.id)
    assert row.digest == hashlib.sha256(made.text.encode()).hexdigest()
    assert made.text not in str(dict(row))
    other = await service.create_token("alice")
    assert other.text != made.text
    viewer = await read(database, made.text)
    assert viewer is not None
    assert (viewer.name, viewer.roles, viewer.shape) == ("alice", (), ())
    assert await read(database, "gz_" + "A" * 43) is None


async def test_scopes_read_back(database: str) -> None:
    account = await service.create_account("staff")
    await service.add_grant("staff", "SUBDISTRICT_STAFF", organization="O2")
    await service.add_grant("staff", "PARTY_MEMBER", organization="O3", with_descendants=False)
    await service.add_grant("staff", "COUNCILLOR", area="A2")
    token = (await service.create_token("staff")).text
    viewer = await read(database, token)
    assert viewer is not None
    assert viewer.account_id == account.id
    assert viewer.roles == ("COUNCILLOR", "PARTY_MEMBER", "SUBDISTRICT_STAFF")
    town = await Organization.get(code="O2")
    branch = await Organization.get(code="O3")
    assert viewer.scope("core.member.read") == RowScope(False, (Range.subtree(town.path),), ())
    assert viewer.scope("core.appointment.read") == RowScope(
        False, (Range.subtree(town.path), Range.exact(branch.path)), (Range.subtree("1.2."),)
    )
    assert viewer.expires_at is None


async def test_territory_of_an_organization_is_its_area(database: str) -> None:
    await service.create_account("staff")
    grant = await service.add_grant(
        "staff", "SUBDISTRICT_STAFF", organization="O2", edge=Edge.TERRITORY
    )
    assert grant.edge is Edge.TERRITORY
    viewer = await read(database, (await service.create_token("staff")).text)
    assert viewer is not None
    assert viewer.scope("core.member.read") == RowScope(False, (), (Range.subtree("1.2."),))


async def test_everything(database: str) -> None:
    await service.create_account("top", kind=AccountKind.SERVICE)
    await service.add_grant("top", "DISTRICT_ORG_DEPT_ADMIN", everything=True)
    viewer = await read(database, (await service.create_token("top")).text)
    assert viewer is not None
    assert viewer.scope("core.person.read") == EVERYTHING


async def test_spans_end_by_the_clock_of_the_database(database: str) -> None:
    await service.create_account("staff")
    await service.add_grant("staff", "AUDITOR", everything=True, valid_to=NOW - HOUR)
    await service.add_grant("staff", "COUNCILLOR", everything=True, valid_from=NOW + HOUR)
    current = await service.add_grant(
        "staff", "PARTY_MEMBER", organization="O3", valid_from=NOW - HOUR, valid_to=NOW + 3 * HOUR
    )
    token = (await service.create_token("staff", expires_at=NOW + 5 * HOUR)).text
    viewer = await read(database, token)
    assert viewer is not None
    assert viewer.roles == ("PARTY_MEMBER",)
    assert viewer.expires_at == pytest.approx((NOW + HOUR).timestamp(), abs=0.002)
    later = await read(database, token, (NOW + 2 * HOUR).timestamp())
    assert later is not None
    assert later.roles == ("COUNCILLOR", "PARTY_MEMBER")
    assert later.expires_at == pytest.approx((NOW + 3 * HOUR).timestamp(), abs=0.002)
    assert await read(database, token, (NOW + 5 * HOUR).timestamp()) is None
    await service.end_grant(current.id)
    viewer = await read(database, token)
    assert viewer is not None
    assert viewer.roles == ()
    assert len(await service.list_grants("staff")) == 3


async def test_the_clock_read_is_the_present(database: str) -> None:
    await service.create_account("staff")
    token = await service.create_token("staff")
    await Token.filter(id=token.id).update(expires_at=dt.datetime.now(dt.UTC) - HOUR / 3600)
    assert await read(database, token.text) is None
    await Token.filter(id=token.id).update(
        expires_at=dt.datetime.fromtimestamp(time.time() + 60, dt.UTC)
    )
    assert await read(database, token.text) is not None


async def test_revoked_token_and_switched_off_account(database: str) -> None:
    await service.create_account("staff")
    kept = await service.create_token("staff")
    gone = await service.create_token("staff")
    first = await service.revoke_token(gone.id)
    again = await service.revoke_token(gone.id)
    assert first.revoked_at is not None
    assert again.revoked_at is not None
    assert abs(again.revoked_at - first.revoked_at) < dt.timedelta(milliseconds=1)
    assert await read(database, gone.text) is None
    assert await read(database, kept.text) is not None
    await service.set_account_active("staff", active=False)
    assert await read(database, kept.text) is None
    await refuse("ACCOUNT_INACTIVE", service.create_token("staff"))
    await service.set_account_active("staff", active=True)
    assert await read(database, kept.text) is not None


async def test_grant_follows_its_organization_when_that_moves(database: str) -> None:
    """Paths are read with the token, not kept in the grant (AZ-09)."""
    await service.create_account("staff")
    await service.add_grant("staff", "BRANCH_SECRETARY", organization="O3")
    token = (await service.create_token("staff")).text
    await Organization.filter(code="O3").update(path="1.2.3.")
    viewer = await read(database, token)
    assert viewer is not None
    assert viewer.scope("core.member.read").organizations == (Range.subtree("1.2.3."),)


@pytest.mark.parametrize("name", ["", " a", "a b", "a" * 65, "a/b", "a\n", "<b>"])
@pytest.mark.usefixtures("database")
async def test_account_names_refused(name: str) -> None:
    await refuse("ACCOUNT_NAME_INVALID", service.create_account(name), "name")
    assert await Account.all().count() == 0


@pytest.mark.parametrize("name", ["a", "xinhai.staff", "新海-工作人员", "a@b_c", "a" * 64])
@pytest.mark.usefixtures("database")
async def test_account_names_taken_as_they_are(name: str) -> None:
    assert (await service.create_account(name)).name == name
    await refuse("ACCOUNT_NAME_TAKEN", service.create_account(name), "name")
    assert [a.name for a in await service.list_accounts()] == [name]


@pytest.mark.usefixtures("database")
async def test_refused_grants_leave_nothing() -> None:
    await service.create_account("staff")
    add = service.add_grant
    await refuse("ACCOUNT_UNKNOWN", add("nobody", "AUDITOR", everything=True), "account")
    error = await refuse("ROLE_UNKNOWN", add("staff", "KING", everything=True), "role")
    assert "AUDITOR" in error.message_en
    await refuse("GRANT_TARGET", add("staff", "AUDITOR"))
    await refuse("GRANT_TARGET", add("staff", "AUDITOR", organization="O1", everything=True))
    await refuse("GRANT_TARGET", add("staff", "AUDITOR", organization="O1", area="A1"))
    await refuse("GRANT_EDGE", add("staff", "AUDITOR", area="A1", edge=Edge.SUBORDINATION), "edge")
    await refuse(
        "GRANT_EDGE", add("staff", "AUDITOR", organization="O3", edge=Edge.TERRITORY), "edge"
    )
    await refuse("ORGANIZATION_UNKNOWN", add("staff", "AUDITOR", organization="O9"), "organization")
    await refuse("AREA_UNKNOWN", add("staff", "AUDITOR", area="A9"), "area")
    for end in (NOW, NOW - HOUR):
        await refuse(
            "SPAN_INVALID",
            add("staff", "AUDITOR", everything=True, valid_from=NOW, valid_to=end),
            "valid_to",
        )
    assert await Grant.all().count() == 0


@pytest.mark.usefixtures("database")
async def test_refused_tokens() -> None:
    await service.create_account("staff")
    await refuse("ACCOUNT_UNKNOWN", service.create_token("nobody"), "account")
    await refuse("LABEL_TOO_LONG", service.create_token("staff", label="x" * 101), "label")
    await refuse("EXPIRY_IN_PAST", service.create_token("staff", expires_at=NOW - HOUR))
    await refuse("TOKEN_UNKNOWN", service.revoke_token(99))
    await refuse("ACCOUNT_UNKNOWN", service.list_tokens("nobody"))
    assert await Token.all().count() == 0


@pytest.mark.usefixtures("database")
async def test_plugin_role_is_granted_when_known() -> None:
    await service.create_account("staff")
    grant = await service.add_grant(
        "staff", "TEA_MASTER", everything=True, roles=frozenset({"TEA_MASTER"})
    )
    assert grant.role == "TEA_MASTER"


@pytest.mark.usefixtures("database")
async def test_separated_duties() -> None:
    """AZ-13: one account holds one of the three administrators' roles at a time."""
    await service.create_account("admin")
    first = await service.add_grant("admin", "SYSTEM_ADMIN", everything=True)
    for other in ("SECURITY_ADMIN", "AUDITOR"):
        await refuse("DUTIES_SEPARATED", service.add_grant("admin", other, everything=True), "role")
    await service.add_grant("admin", "SYSTEM_ADMIN", organization="O1")
    await service.add_grant("admin", "PARTY_MEMBER", organization="O1")
    for grant in await service.list_grants("admin"):
        if grant.role == first.role:
            await service.end_grant(grant.id)
    await service.add_grant("admin", "AUDITOR", everything=True)


@pytest.mark.usefixtures("database")
async def test_separated_duties_hold_when_granted_at_once() -> None:
    await service.create_account("admin")
    done = await asyncio.gather(
        service.add_grant("admin", "SYSTEM_ADMIN", everything=True),
        service.add_grant("admin", "AUDITOR", everything=True),
        service.add_grant("admin", "SECURITY_ADMIN", everything=True),
        return_exceptions=True,
    )
    refused = [d for d in done if isinstance(d, RuleError)]
    assert [e.code for e in refused] == ["DUTIES_SEPARATED"] * 2
    assert await Grant.all().count() == 1


@pytest.mark.usefixtures("database")
async def test_ending_grants() -> None:
    await service.create_account("staff")
    grant = await service.add_grant("staff", "AUDITOR", everything=True)
    await service.end_grant(grant.id, at=NOW + HOUR)
    await service.end_grant(grant.id)
    await refuse("GRANT_ENDED", service.end_grant(grant.id))
    await refuse("GRANT_UNKNOWN", service.end_grant(grant.id + 1))


@pytest.mark.usefixtures("database")
async def test_lists_name_what_they_stand_on() -> None:
    await service.create_account("b")
    await service.create_account("a")
    await service.add_grant("b", "AUDITOR", organization="O1", granted_by="a")
    await service.add_grant("a", "RESIDENT", area="A2")
    await service.create_token("b", label="phone")
    assert [a.name for a in await service.list_accounts()] == ["a", "b"]
    both = await service.list_grants()
    assert [(g.account.name, g.role) for g in both] == [("b", "AUDITOR"), ("a", "RESIDENT")]
    assert both[0].organization is not None
    assert both[0].organization.code == "O1"
    assert both[1].area is not None
    assert both[1].area.code == "A2"
    tokens = await service.list_tokens("b")
    assert [(t.account.name, t.label) for t in tokens] == [("b", "phone")]
    assert await service.list_tokens("a") == []


async def test_grants_go_with_their_target(database: str) -> None:
    await service.create_account("staff")
    await service.add_grant("staff", "BRANCH_SECRETARY", organization="O3")
    token = (await service.create_token("staff")).text
    await Organization.filter(code="O3").delete()
    viewer = await read(database, token)
    assert viewer is not None
    assert viewer.shape == ()
