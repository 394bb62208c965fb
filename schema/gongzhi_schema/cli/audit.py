"""Commands of the event record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from gongzhi_schema.cli.base import app, load, require_migrated, run

if TYPE_CHECKING:
    from gongzhi.writing.events import Anchor, Progress, Verdict

audit = typer.Typer(no_args_is_help=True, help="The event record 审计: who did what, and when.")
app.add_typer(audit, name="audit")

_ANCHOR = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")


def _anchor(text: str) -> Anchor:
    from gongzhi.writing.events import Anchor

    match = _ANCHOR.fullmatch(text.strip().lower())
    if match is None:
        message = f"{text!r} is no anchor such as 1024:9f86d0…, as audit verify prints it"
        raise typer.BadParameter(message)
    return Anchor(int(match[1]), match[2])


@audit.command("verify")
def audit_verify(
    *,
    expect: Annotated[
        list[str] | None,
        typer.Option(help="An anchor that was noted before, POSITION:HASH; repeat it."),
    ] = None,
) -> None:
    """Check that no event was altered, removed or moved.

    Prints the anchor of the last event. Note it where who keeps the database cannot write: only
    against an anchor is it seen that the end of the record was taken away. The exit code is 1
    when anything is wrong.
    """
    from gongzhi.imports.progress import progress_bar
    from gongzhi.imports.session import open_session
    from gongzhi.writing import Deployment
    from gongzhi.writing.events import verify

    anchors = [_anchor(each) for each in expect or ()]
    settings, registry = load()
    deployment = Deployment.of(registry)

    async def work(progress: Progress) -> Verdict:
        await require_migrated(settings, registry)
        async with open_session(settings.database_url) as session:
            return await verify(
                session, key=deployment.chain_key, expected=anchors, progress=progress
            )

    with progress_bar() as bar:
        verdict = run(work(lambda done, total: bar("verify", done, total)))
    if not deployment.chain_key:
        typer.echo(
            "没有设置 privacy.secret，只能发现意外损坏 · "
            "privacy.secret is not set: only accidents can be found",
            err=True,
        )
    _show(verdict)


def _show(verdict: Verdict) -> None:
    for fault in verdict.faults:
        typer.echo(str(fault))
    if not verdict.fault_count:
        typer.echo(f"{verdict.events} 条事件完好 · {verdict.events} events, all as recorded")
        typer.echo(str(verdict.end))
        return
    more = verdict.fault_count - len(verdict.faults)
    if more:
        typer.echo(f"还有 {more} 处 · and {more} more")
    if verdict.fault_count >= verdict.events > 0:
        typer.echo(
            "全部不符：privacy.secret 是否是登记时所用的？ · "
            "nothing fits: is privacy.secret the one that they were recorded with?"
        )
    raise typer.Exit(1)
