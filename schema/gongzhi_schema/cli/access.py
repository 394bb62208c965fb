"""Commands of access: account, token, grant."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from gongzhi_schema.cli.base import acting, app, load, opened, run, show_rows

if TYPE_CHECKING:
    from gongzhi.access.models import Grant
    from gongzhi.access.service import NewToken

accounts = typer.Typer(no_args_is_help=True, help="Who may log in.")
tokens = typer.Typer(no_args_is_help=True, help="API tokens of accounts.")
grants = typer.Typer(no_args_is_help=True, help="Roles of accounts, and where they hold.")
app.add_typer(accounts, name="account")
app.add_typer(tokens, name="token")
app.add_typer(grants, name="grant")

Account = Annotated[str, typer.Argument(help="The account's name.")]
OneAccount = Annotated[str | None, typer.Option("--account", help="Only of this account.")]


def _instant(text: str | None, zone: dt.tzinfo) -> dt.datetime | None:
    """Read a day or a time in the deployment's zone."""
    if text is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as exc:
        message = f"{text!r} is no day such as 2026-05-01, nor a time such as 2026-05-01T09:00"
        raise typer.BadParameter(message) from exc
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _shown(moment: dt.datetime | None, zone: dt.tzinfo) -> str:
    return moment.astimezone(zone).isoformat(" ", "minutes") if moment else "-"


# ---- accounts ------------------------------------------------------------------------------------


@accounts.command("create")
def account_create(
    name: Account,
    *,
    service: Annotated[bool, typer.Option("--service", help="Another system's account.")] = False,
) -> None:
    """Create an account that may do nothing yet."""
    from gongzhi.access.models import AccountKind
    from gongzhi.mutations.operator import create_account

    settings, registry = load()

    async def work() -> None:
        async with acting(settings, registry) as unit:
            kind = AccountKind.SERVICE if service else AccountKind.PERSON
            await create_account(unit, name, kind=kind)

    run(work())
    typer.echo(f"account {name} created")


@accounts.command("list")
def account_list() -> None:
    """List the accounts."""
    from gongzhi.access.service import list_accounts

    settings, registry = load()

    async def work() -> None:
        async with opened(settings, registry):
            rows = [
                (each.name, each.kind.value, "on" if each.active else "off")
                for each in await list_accounts()
            ]
            show_rows(("account", "kind", "state"), rows)

    run(work())


@accounts.command("disable")
def account_disable(name: Account) -> None:
    """Switch an account off: all its tokens are refused."""
    _set_active(name, active=False)
    typer.echo(f"account {name} is off")


@accounts.command("enable")
def account_enable(name: Account) -> None:
    """Switch an account on again."""
    _set_active(name, active=True)
    typer.echo(f"account {name} is on")


def _set_active(name: str, *, active: bool) -> None:
    from gongzhi.mutations.operator import set_account_active

    settings, registry = load()

    async def work() -> None:
        async with acting(settings, registry) as unit:
            await set_account_active(unit, name, active=active)

    run(work())


# ---- tokens --------------------------------------------------------------------------------------


@tokens.command("create")
def token_create(
    account: Account,
    *,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    expires: Annotated[str | None, typer.Option(help="Day or time of its end.")] = None,
) -> None:
    """Create a token; it is shown this once."""
    from gongzhi.mutations.operator import create_token

    settings, registry = load()
    expires_at = _instant(expires, settings.zone)

    async def work() -> NewToken:
        async with acting(settings, registry) as unit:
            return await create_token(unit, account, label=label, expires_at=expires_at)

    made = run(work())
    typer.echo(made.text)
    typer.echo(f"token {made.id} of {account}; keep it, it is not shown again", err=True)


@tokens.command("list")
def token_list(*, account: OneAccount = None) -> None:
    """List tokens, never their text."""
    from gongzhi.access.service import list_tokens

    settings, registry = load()
    zone = settings.zone

    async def work() -> None:
        async with opened(settings, registry):
            rows = [
                (
                    each.id,
                    each.account.name,
                    each.label or "-",
                    _shown(each.created_at, zone),
                    _shown(each.expires_at, zone),
                    _shown(each.revoked_at, zone),
                )
                for each in await list_tokens(account)
            ]
            show_rows(("id", "account", "label", "created", "expires", "revoked"), rows)

    run(work())


@tokens.command("revoke")
def token_revoke(token: Annotated[int, typer.Argument(help="The token's id.")]) -> None:
    """Revoke a token; it is refused from the next request on."""
    from gongzhi.mutations.operator import revoke_token

    settings, registry = load()

    async def work() -> None:
        async with acting(settings, registry) as unit:
            await revoke_token(unit, token)

    run(work())
    typer.echo(f"token {token} revoked")


# ---- grants --------------------------------------------------------------------------------------


@grants.command("add")
def grant_add(  # one option a side of a grant
    account: Account,
    role: Annotated[str, typer.Argument(help="The role, such as SUBDISTRICT_STAFF.")],
    *,
    organization: Annotated[str | None, typer.Option(help="Code of an organization.")] = None,
    area: Annotated[str | None, typer.Option(help="Code of an area.")] = None,
    everything: Annotated[bool, typer.Option("--everything", help="The whole registry.")] = False,
    territory: Annotated[
        bool,
        typer.Option("--territory", help="Follow 属地 from the organization instead of 隶属."),
    ] = False,
    only: Annotated[bool, typer.Option("--only", help="Without what is beneath.")] = False,
    since: Annotated[str | None, typer.Option("--from", help="Day or time of its start.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Day or time of its end.")] = None,
    by: Annotated[str, typer.Option(help="Who gives it, for the record.")] = "",
) -> None:
    """Give an account a role on an organization, an area or everything."""
    from gongzhi.access.models import Edge
    from gongzhi.access.roles import ROLE_CODES
    from gongzhi.mutations.operator import add_grant

    settings, registry = load()
    roles = {role for _, permission in registry.permissions() for role in permission.roles}

    async def work() -> Grant:
        async with acting(settings, registry) as unit:
            return await add_grant(
                unit,
                account,
                role,
                organization=organization,
                area=area,
                everything=everything,
                edge=Edge.TERRITORY if territory else None,
                with_descendants=not only,
                valid_from=_instant(since, settings.zone),
                valid_to=_instant(until, settings.zone),
                granted_by=by,
                roles=ROLE_CODES | roles,
            )

    typer.echo(f"grant {run(work()).id} given")


@grants.command("list")
def grant_list(*, account: OneAccount = None) -> None:
    """List grants, ended ones too."""
    from gongzhi.access.service import list_grants

    settings, registry = load()
    zone = settings.zone

    def where(grant: Grant) -> str:
        if grant.everything:
            return "everything"
        target = grant.organization or grant.area
        if target is None:
            return "-"
        return f"{target.code} {target.name}" + ("" if grant.with_descendants else " only")

    async def work() -> None:
        async with opened(settings, registry):
            rows = [
                (
                    each.id,
                    each.account.name,
                    each.role,
                    each.edge.value.lower(),
                    where(each),
                    _shown(each.valid_from, zone),
                    _shown(each.valid_to, zone),
                )
                for each in await list_grants(account)
            ]
            show_rows(("id", "account", "role", "edge", "where", "from", "to"), rows)

    run(work())


@grants.command("end")
def grant_end(
    grant: Annotated[int, typer.Argument(help="The grant's id.")],
    *,
    at: Annotated[str | None, typer.Option(help="Day or time, now without.")] = None,
) -> None:
    """End a grant; it stays in the list as what was once given."""
    from gongzhi.mutations.operator import end_grant

    settings, registry = load()

    async def work() -> None:
        async with acting(settings, registry) as unit:
            await end_grant(unit, grant, at=_instant(at, settings.zone))

    run(work())
    typer.echo(f"grant {grant} ended")
