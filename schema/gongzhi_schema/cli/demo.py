"""The command ``gongzhi demo``: from nothing to a served registry in one step."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gongzhi.errors import GongzhiError
from gongzhi_schema.cli.base import app, run

if TYPE_CHECKING:
    from gongzhi.demo import DemoAccount
    from gongzhi.host import PluginRegistry
    from gongzhi.settings import Settings
    from gongzhi.writing import Work

DATABASE = "gongzhi-demo.sqlite3"
FIRST_QUERY = """{
  organization(code: "XINHAI") {
    name
    memberCount
    subordinates(first: 3, filter: {kind: {eq: "PARTY_BRANCH"}}) {
      totalCount
      nodes { name memberCount area { name } }
    }
  }
}"""
_ASKS = "demo-xinhai"
_SIDE_FILES = ("", "-wal", "-shm", ".before-migrate")
_SETTINGS = """\
# Made by `gongzhi demo`. Serve it again: gongzhi --config {file} serve
{plugins}[database]
url = "{url}"

[server]
graphiql = true
introspection = true

[privacy]
secret = "{secret}"
"""


@app.command()
def demo(
    *,
    database: Annotated[str, typer.Option(help="A SQLite file, or a database URL.")] = DATABASE,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes any free one.")] = 8000,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve it.")] = True,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew, without the old demo.")
    ] = False,
    plugin: Annotated[
        list[str] | None,
        typer.Option(help="Enable this installed plugin; repeat it. Else the bundled ones."),
    ] = None,
) -> None:
    """Load a demo registry and serve it.

    Real areas with invented people and organizations, in a SQLite file of its own. Reads no
    gongzhi.toml; an existing demo is served again, with new tokens.
    """
    from gongzhi.host import PluginRegistry
    from gongzhi.settings import load_settings
    from gongzhi_schema.cli.serve import bind, build, run_server

    listener = bind(host, port) if serve else None  # fails before anything is written
    url = database if "://" in database else f"sqlite://{database}"
    file = _settings_file(url)
    if fresh:
        _remove(url, file)
    _write_settings(url, file, plugin)
    settings = load_settings(file, environment={})
    registry = PluginRegistry.load(settings)
    accounts = run(_load(settings, registry))
    typer.echo("\ntokens of the demo accounts, for the header Authorization: Bearer …")
    for each in accounts:
        typer.echo(f"  {each.name:14} {each.token}\n{'':17}{each.title_zh} · {each.title_en}")
    _show_first_query(settings, registry, {each.name: each.token for each in accounts})
    if listener is None:
        typer.echo(f"\nserve it: gongzhi --config {file} serve")
        return
    typer.echo(f"\nGraphiQL: {listener.address}/graphql   (Ctrl-C stops)\n")
    run_server(build(settings, registry), listener)


def _settings_file(url: str) -> Path:
    from gongzhi.database import parse_url

    path = parse_url(url).path
    return Path("gongzhi-demo.toml") if path is None else path.with_suffix(".toml")


def _write_settings(url: str, file: Path, plugins: list[str] | None) -> None:
    """Keep URL and secret, so that the demo can be served again."""
    from gongzhi.database import parse_url
    from gongzhi.privacy import Privacy

    if file.exists():
        return
    path = parse_url(url).path
    if path is not None and path.exists():
        message = f"{path} is there, but not {file} with its secret; begin anew with --fresh"
        raise GongzhiError(message)
    enabled = "" if plugins is None else f"plugins = {json.dumps(plugins)}\n\n"
    text = _SETTINGS.format(file=file, url=url, plugins=enabled, secret=Privacy.new_secret())
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(text)
    except OSError as exc:
        message = f"cannot write {file}: {exc.strerror}; name another with --database"
        raise GongzhiError(message) from exc


def _remove(url: str, file: Path) -> None:
    """Delete an old demo, and nothing that is no demo."""
    from gongzhi.database import parse_url

    path = parse_url(url).path
    if path is None:
        message = "--fresh deletes SQLite files only; drop and create the database yourself"
        raise GongzhiError(message)
    if path.exists() and not _is_demo(path):
        message = f"{path} holds something else than a demo; delete it yourself, or name another"
        raise GongzhiError(message)
    for suffix in _SIDE_FILES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    file.unlink(missing_ok=True)


def _is_demo(path: Path) -> bool:
    """Tell whether a file is a demo's database, also one whose loading was broken off."""
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        ) as connection:
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if not tables[0]:
                return True
            accounts = [row[0] for row in connection.execute("SELECT name FROM core_account")]
            areas = connection.execute("SELECT count(*) FROM core_area").fetchone()
    except sqlite3.Error:
        return False
    return any(name.startswith("demo-") for name in accounts) or not (accounts or areas[0])


async def _load(settings: Settings, registry: PluginRegistry) -> tuple[DemoAccount, ...]:
    from gongzhi.database import open_database
    from gongzhi.demo import load_demo
    from gongzhi.writing import Deployment, unit_of_work
    from gongzhi_schema.cli.data import migrate_all

    url = settings.database_url
    await migrate_all(url, registry)
    deployment = Deployment.of(registry)
    async with (
        open_database(url, registry.plugins),
        unit_of_work(deployment, deployment.system("demo")) as work,
    ):
        known = await _renewed(work)
    if known:
        typer.echo("the demo is there already")
        return known
    report = await load_demo(url, registry, settings.privacy_keys())
    for each in report.loaded:
        for noun, count in each.counts.items():
            typer.echo(f"  {each.plugin}: {count:,} {noun}")
    return report.accounts


async def _renewed(work: Work) -> tuple[DemoAccount, ...]:
    """Give the accounts of an existing demo new tokens: of the old ones only hashes are kept."""
    from gongzhi.access.roles import ROLES
    from gongzhi.access.service import list_grants
    from gongzhi.demo import DemoAccount
    from gongzhi.mutations.operator import create_token

    titles = {role.code: role for role in ROLES}
    made = []
    for grant in await list_grants():
        name = grant.account.name
        if not name.startswith("demo-"):
            continue
        token = await create_token(work, name, label="gongzhi demo")
        role = titles[grant.role]
        place = grant.organization or grant.area
        where = f" ({place.name})" if place else ""
        made.append(
            DemoAccount(name, role.code, role.title_zh + where, role.title_en + where, token.text)
        )
    return tuple(made)


def _show_first_query(settings: Settings, registry: PluginRegistry, tokens: dict[str, str]) -> None:
    from gongzhi_schema.app import create_app
    from gongzhi_schema.client import Client

    async def ask() -> object:
        async with Client(create_app(settings, registry)) as client:
            return (await client.post(FIRST_QUERY, token=tokens.get(_ASKS))).json

    typer.echo(f"\na first query, asked by {_ASKS}:\n{FIRST_QUERY}")
    typer.echo(json.dumps(run(ask()), ensure_ascii=False, indent=2))
