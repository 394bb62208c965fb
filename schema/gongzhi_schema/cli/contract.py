"""Commands of the published schema: schema export, schema check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gongzhi_schema.cli.base import app, load_registry

schemas = typer.Typer(no_args_is_help=True, help="The composed schema and its contract.")
app.add_typer(schemas, name="schema")


@schemas.command("export")
def schema_export(
    file: Annotated[Path | None, typer.Argument(help="Where to; standard output without.")] = None,
) -> None:
    """Write the schema of the enabled plugins as SDL."""
    from gongzhi_schema.compose import compose

    sdl = compose(load_registry()).sdl()
    if file is None:
        typer.echo(sdl)
    else:
        file.write_text(f"{sdl.rstrip()}\n", encoding="utf-8")
