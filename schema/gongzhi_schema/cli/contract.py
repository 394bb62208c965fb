"""Commands of the schema: schema print, schema export, schema check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gongzhi_schema.cli.base import app, load_registry

schemas = typer.Typer(no_args_is_help=True, help="The composed schema and its contract.")
app.add_typer(schemas, name="schema")

Folder = Annotated[
    Path | None, typer.Option(help="Where the contract stands; schema/contract without.")
]


@schemas.command("print")
def schema_print(
    file: Annotated[Path | None, typer.Argument(help="Where to; standard output without.")] = None,
) -> None:
    """Write this deployment's schema as SDL.

    With the plugins that are enabled here, for client developers and code generators.
    """
    from gongzhi_schema.compose import compose

    sdl = compose(load_registry()).sdl().rstrip()
    if file is None:
        typer.echo(sdl)
    else:
        file.write_text(f"{sdl}\n", encoding="utf-8")


@schemas.command("export")
def schema_export(*, folder: Folder = None) -> None:
    """Write the contract that is committed.

    The schema of the core alone, of the core with all bundled plugins, and what each adds.
    """
    from gongzhi_schema.contract import FOLDER, export

    for path in export(folder or FOLDER):
        typer.echo(str(path))


@schemas.command("check")
def schema_check(*, folder: Folder = None) -> None:
    """Compare the contract with the schema.

    Says what differs, and what of it breaks clients.
    """
    from gongzhi.errors import ProblemsError
    from gongzhi_schema.contract import FOLDER, check

    if problems := check(folder or FOLDER):
        raise ProblemsError("The schema is not the one that was promised:", problems)
    typer.echo("as promised")
