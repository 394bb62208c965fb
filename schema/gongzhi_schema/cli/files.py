"""Commands for files: import, template, imports, undo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gongzhi.errors import GongzhiError
from gongzhi_schema.cli.base import app, load, require_migrated, run, show_rows

if TYPE_CHECKING:
    from gongzhi.host import PluginRegistry
    from gongzhi.imports.engine import Progress
    from gongzhi.imports.report import Report
    from gongzhi.imports.spec import ImportSpec

Entity = Annotated[str, typer.Argument(help="areas, organizations, members, or a plugin's.")]


def _spec(registry: PluginRegistry, name: str) -> ImportSpec:
    known = {item.name: item for _, item in registry.imports()}
    if name not in known:
        message = f"nothing imports {name!r}; known: {', '.join(known)}"
        raise typer.BadParameter(message)
    spec: ImportSpec = known[name].spec
    return spec


@app.command("import")
def import_file(
    entity: Entity,
    file: Annotated[Path, typer.Argument(help="CSV or .xlsx with Chinese headers.")],
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Write; else it is only tried.")] = False,
    skip_errors: Annotated[
        bool, typer.Option("--skip-errors", help="Leave refused rows out, import the others.")
    ] = False,
    by: Annotated[str, typer.Option(help="Who imports, for the record.")] = "",
) -> None:
    """Import areas, organizations or members.

    Without --apply it is a dry run: refused rows, totals and a preview; nothing is written. The
    exit code is 1 when rows are refused.
    """
    from gongzhi.imports import engine
    from gongzhi.imports.progress import progress_bar
    from gongzhi.imports.report import render_report
    from gongzhi.imports.session import open_session

    settings, registry = load()
    spec = _spec(registry, entity)
    privacy = settings.privacy_keys()

    async def work(progress: Progress) -> Report:
        await require_migrated(settings, registry)
        async with open_session(settings.database_url) as session:
            if not apply:
                return await engine.dry_run(session, spec, file, privacy=privacy, progress=progress)
            return await engine.apply(
                session,
                spec,
                file,
                privacy=privacy,
                by=by,
                skip_errors=skip_errors,
                progress=progress,
            )

    with progress_bar() as progress:
        report = run(work(progress))
    typer.echo(render_report(report))
    if report.rejected and not (apply and skip_errors):
        raise typer.Exit(1)


@app.command()
def template(
    entity: Entity, file: Annotated[Path, typer.Argument(help="The .xlsx file to write.")]
) -> None:
    """Write an empty table to fill in.

    An Excel file with Chinese headers, an explanatory second row and drop-downs.
    """
    from gongzhi.imports.engine import code_lists
    from gongzhi.imports.session import open_session
    from gongzhi.imports.template import write_template

    settings, registry = load()
    spec = _spec(registry, entity)
    try:
        with file.open("ab"):
            pass
    except OSError as exc:
        message = f"cannot write {file}: {exc.strerror}"
        raise GongzhiError(message) from exc

    async def work() -> None:
        await require_migrated(settings, registry)
        async with open_session(settings.database_url) as session:
            write_template(spec, file, await code_lists(session, spec.code_lists))

    run(work())
    typer.echo(str(file))


@app.command()
def imports(
    *, limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 20
) -> None:
    """List the imported batches."""
    from gongzhi.imports.engine import batches
    from gongzhi.imports.session import open_session

    settings, registry = load()

    async def work() -> None:
        await require_migrated(settings, registry)
        async with open_session(settings.database_url) as session:
            rows = [
                (
                    each.id,
                    each.entity,
                    each.file_name,
                    each.state.lower(),
                    each.rows,
                    each.created,
                    each.updated,
                    each.unchanged,
                    each.by or "-",
                    each.applied_at,
                )
                for each in await batches(session, limit)
            ]
        header = "id entity file state rows created updated unchanged by applied"
        show_rows(header.split(), rows)

    run(work())


@app.command()
def undo(
    batch: Annotated[int, typer.Argument(help="The batch's id, see gongzhi imports.")],
) -> None:
    """Undo an imported batch.

    Removes the rows it created and restores those it changed; says what it left as it is.
    """
    from gongzhi.imports.report import render_undo
    from gongzhi.imports.session import open_session
    from gongzhi.imports.undo import undo as undo_batch

    settings, registry = load()
    privacy = settings.privacy_keys()

    async def work() -> None:
        await require_migrated(settings, registry)
        async with open_session(settings.database_url) as session:
            typer.echo(render_undo(await undo_batch(session, batch, privacy=privacy)))

    run(work())
