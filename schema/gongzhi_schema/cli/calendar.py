"""Commands of the calendar of working days."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from gongzhi.errors import GongzhiError
from gongzhi_schema.cli.base import acting, app, load, opened, run, show_rows

calendar = typer.Typer(no_args_is_help=True, help="Holidays and make-up days 调休, year by year.")
app.add_typer(calendar, name="calendar")

Year = Annotated[int, typer.Argument(help="A year such as 2027.")]
Source = Annotated[str, typer.Option(help="The notice, or who says so.")]

_WEEK = "一二三四五六日"


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as exc:
        message = f"{text!r} is no day such as 2027-01-01"
        raise typer.BadParameter(message) from exc


def _range(year: int) -> None:
    from gongzhi.calendar.rules import check_year

    for error in check_year(year):
        raise error


@calendar.command("show")
def calendar_show(year: Year) -> None:
    """Show the days of a year that differ from the week, and whether they are confirmed."""
    from gongzhi.calendar.rules import WorkingDays
    from gongzhi.calendar.service import working_days, year_of

    _range(year)
    settings, registry = load()

    async def work() -> None:
        async with opened(settings, registry):
            known, days = await year_of(year)
            loaded: WorkingDays = await working_days(dt.date(year, 1, 1))
        if known and known.confirmed:
            typer.echo(f"{year}: 已确认 · confirmed" + (f" ({known.source})" * bool(known.source)))
        for advice in loaded.advice(dt.date(year, 1, 1), dt.date(year, 12, 31)):
            typer.echo(f"{advice.message_zh} · {advice.message_en}")
        rows = [
            (
                each.day,
                f"周{_WEEK[each.day.weekday()]}",
                "班 work" if each.is_working else "休 rest",
                each.title or "-",
                each.source or "-",
            )
            for each in days
        ]
        if rows:
            show_rows(("day", "week", "is", "title", "source"), rows)

    run(work())


@calendar.command("set")
def calendar_set(
    day: Annotated[str, typer.Argument(help="The day, such as 2027-01-01.")],
    *,
    work: Annotated[bool, typer.Option("--work/--rest", help="Is it worked or not?")],
    title: Annotated[str, typer.Option(help="The holiday, such as 元旦.")] = "",
    source: Source = "",
) -> None:
    """Say whether a day is worked, in place of what was said of it before."""
    from gongzhi.mutations.calendar import set_day

    on = _day(day)
    settings, registry = load()

    async def write() -> None:
        async with acting(settings, registry) as unit:
            await set_day(unit, on, is_working=work, title=title, source=source)

    run(write())
    typer.echo(f"{on} is {'worked' if work else 'a day of rest'}")


@calendar.command("confirm")
def calendar_confirm(
    year: Year,
    *,
    source: Source = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take it back.")] = False,
) -> None:
    """Say that the holidays of a year are entered in full, so that deadlines no longer warn."""
    from gongzhi.mutations.calendar import confirm_year

    settings, registry = load()

    async def work() -> None:
        async with acting(settings, registry) as unit:
            await confirm_year(unit, year, confirmed=not withdraw, source=source)

    run(work())
    typer.echo(f"{year} is {'no longer ' * withdraw}confirmed")


@calendar.command("import")
def calendar_import(
    file: Annotated[
        Path, typer.Argument(help="CSV or .xlsx with the columns 日期, 上班, 名称, 依据.")
    ],
) -> None:
    """Enter the days of a file, all or, when a row is refused, none."""
    from gongzhi.calendar.service import import_file

    settings, registry = load()

    async def work() -> None:
        async with acting(settings, registry) as unit:
            done = await import_file(file)
            counts = {"created": done.created, "changed": done.changed, "years": [*done.years]}
            unit.record("core.calendar.import", data=counts)
        typer.echo(f"{done.created} new, {done.changed} changed, {done.unchanged} as they were")
        if done.years:
            years = " ".join(map(str, done.years))
            typer.echo(f"years: {years}; when one is complete: gongzhi calendar confirm YEAR")

    run(work())


@calendar.command("export")
def calendar_export(
    file: Annotated[Path, typer.Argument(help="The .csv file to write.")],
    *,
    year: Annotated[int | None, typer.Option(help="Only this year.")] = None,
) -> None:
    """Write the days to a file that can be edited and imported again."""
    from gongzhi.calendar.service import export_csv

    if year is not None:
        _range(year)
    settings, registry = load()

    async def work() -> None:
        async with opened(settings, registry):
            text = await export_csv(year)
        try:
            file.write_text(text, encoding="utf-8-sig")  # Excel takes a text without mark for GBK
        except OSError as exc:
            message = f"cannot write {file}: {exc.strerror}"
            raise GongzhiError(message) from exc

    run(work())
    typer.echo(str(file))
