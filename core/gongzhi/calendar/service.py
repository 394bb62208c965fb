"""Use cases of the calendar: load it, edit it, install what is known, files in and out.

Nothing is kept between calls: a calendar is read in the transaction that uses it, in one small
statement. Who reckons many deadlines loads it once and holds it. An edit changes no deadline that
was reckoned before; a deadline is a day that is stored.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tortoise.transactions import in_transaction

from gongzhi.calendar import rules
from gongzhi.calendar.models import CalendarDay, CalendarYear
from gongzhi.calendar.rules import DayBasis, Deadline, NamedDay, WorkingDays, refusal
from gongzhi.errors import Problem, ProblemsError, RuleError
from gongzhi.imports.cells import Cell, CellError
from gongzhi.imports.dates import parse_date
from gongzhi.imports.reader import Limits, Sheet, read_file

if TYPE_CHECKING:
    from tortoise.fields import CharField
    from tortoise.models import Model

# == reading ==


async def working_days(since: dt.date) -> WorkingDays:
    """Load what is known of the days from ``since`` on, in one statement.

    There is no last day, because the end of a period of working days is not known beforehand.
    """
    connection = CalendarDay._meta.db  # noqa: SLF001  # that of the transaction, if there is one
    sqlite = connection.capabilities.dialect == "sqlite"
    rows = await connection.execute_query_dict(
        "SELECT CAST(day AS VARCHAR(10)) AS item, is_working AS flag, title FROM core_calendar_day"
        f" WHERE day >= {'?' if sqlite else '$1'}"
        " UNION ALL SELECT CAST(year AS VARCHAR(10)), confirmed, '' FROM core_calendar_year",
        [since.isoformat() if sqlite else since],
    )
    named: dict[dt.date, NamedDay] = {}
    years: set[int] = set()
    for row in rows:
        item, flag = row["item"], bool(row["flag"])
        if "-" in item:
            named[dt.date.fromisoformat(item)] = NamedDay(flag, row["title"])
        elif flag:
            years.add(int(item))
    return WorkingDays(named, frozenset(years), since)


async def deadline(
    starts_on: dt.date, days: int, basis: DayBasis, *, rest_day_extends: bool = True
) -> Deadline:
    """Reckon the end of a period on the calendar of this deployment, see :func:`rules.due`.

    :raises RuleError: DAYS_OUT_OF_RANGE, DAY_OUT_OF_RANGE.
    """
    calendar = WorkingDays()
    if basis is DayBasis.WORKING_DAYS or rest_day_extends:
        calendar = await working_days(starts_on)
    return rules.due(starts_on, days, basis, calendar, rest_day_extends=rest_day_extends)


async def year_of(year: int) -> tuple[CalendarYear | None, list[CalendarDay]]:
    """Return what is entered of a year: whether it is confirmed, and its named days in order."""
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    days = await CalendarDay.filter(day__gte=first, day__lte=last).order_by("day")
    return await CalendarYear.get_or_none(year=year), days


# == editing ==


async def set_day(
    day: dt.date, *, is_working: bool, title: str = "", source: str = ""
) -> CalendarDay:
    """Say whether a day is worked; what was said of it before is replaced.

    There is no removing: a day entered by mistake is set to what its weekday makes it.

    :raises RuleError: DAY_OUT_OF_RANGE, TOO_LONG.
    """
    row = _day(day, is_working=is_working, title=title, source=source)
    async with in_transaction():
        await _write([row])
        return await CalendarDay.get(day=day)


async def confirm_year(year: int, *, confirmed: bool = True, source: str = "") -> CalendarYear:
    """Say that the holidays of a year are entered in full, or take that back.

    :raises RuleError: DAY_OUT_OF_RANGE, TOO_LONG; CALENDAR_YEAR_EMPTY when no day of rest of that
        year is entered.
    """
    for error in rules.check_year(year):
        raise error
    row = CalendarYear(year=year, confirmed=confirmed, source=_text(CalendarYear, "source", source))
    async with in_transaction():
        first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
        entered = CalendarDay.filter(day__gte=first, day__lte=last, is_working=False)
        if confirmed and not await entered.exists():
            raise refusal("CALENDAR_YEAR_EMPTY", "year", year=year)
        await CalendarYear.bulk_create(
            [row], on_conflict=("year",), update_fields=("confirmed", "source")
        )
        return await CalendarYear.get(year=year)


async def _write(rows: Iterable[CalendarDay]) -> None:
    """Write days in one statement, so that two editors of one day do not collide."""
    await CalendarDay.bulk_create(
        rows,
        on_conflict=("day",),
        update_fields=("is_working", "title", "source"),
        batch_size=_BATCH,
    )


_BATCH = 200


def _day(day: dt.date, *, is_working: bool, title: str, source: str) -> CalendarDay:
    for error in rules.check_year(day.year, "day"):
        raise error
    return CalendarDay(
        day=day,
        is_working=is_working,
        title=_text(CalendarDay, "title", title),
        source=_text(CalendarDay, "source", source),
    )


def _text(model: type[Model], column: str, value: str) -> str:
    value = value.strip()
    most = cast("CharField[str]", model._meta.fields_map[column]).max_length  # noqa: SLF001  # no public name
    if len(value) > most:
        raise refusal("TOO_LONG", column, most=most)
    return value


# == what is known from the start ==

_NOTICE = "国务院办公厅关于{year}年部分节假日安排的通知"


@dataclass(frozen=True, slots=True)
class Installed:
    """What :func:`install` changed."""

    years: int
    days: int


def shipped() -> dict[int, list[CalendarDay]]:
    """Return year of the notice → its days, as this version of the software knows them."""
    text = files("gongzhi.calendar").joinpath("holidays.csv").read_text(encoding="utf-8")
    found: dict[int, list[CalendarDay]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        first, last = dt.date.fromisoformat(row["first"]), dt.date.fromisoformat(row["last"])
        off = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
        worked = [dt.date.fromisoformat(day) for day in row["worked"].split()]
        source = row["source"] or _NOTICE.format(year=row["year"])
        found.setdefault(int(row["year"]), []).extend(
            CalendarDay(day=day, is_working=day in worked, title=row["title"], source=source)
            for day in sorted((*off, *worked))
        )
    return found


async def install() -> Installed:
    """Bring the years that this version of the software knows into the open database.

    A year or day that is there belongs to the deployment and is left as it is, so this may run
    at every start.
    """
    async with in_transaction():
        present = {row.year for row in await CalendarYear.all()}
        notices = {year: days for year, days in shipped().items() if year not in present}
        if not notices:
            return Installed(0, 0)
        taken = {row.day for row in await CalendarDay.all()}
        fresh = [row for days in notices.values() for row in days if row.day not in taken]
        await CalendarDay.bulk_create(fresh, ignore_conflicts=True, batch_size=_BATCH)
        await CalendarYear.bulk_create(
            [
                CalendarYear(year=year, confirmed=True, source=_NOTICE.format(year=year))
                for year in notices
            ],
            ignore_conflicts=True,
        )
    return Installed(len(notices), len(fresh))


# == files ==

COLUMNS = ("日期", "上班", "名称", "依据")
"""The header of a file: day, whether it is worked, title, source; the last two may be missing."""

_ENGLISH = ("day", "is_working", "title", "source")
_NEEDED = 2
_YES, _NO = "是", "否"
_WORDS: dict[str, bool] = {
    _YES: True,
    "上班": True,
    "班": True,
    "yes": True,
    "true": True,
    "1": True,
    _NO: False,
    "休息": False,
    "休": False,
    "放假": False,
    "no": False,
    "false": False,
    "0": False,
}
_LIMITS = Limits(file_bytes=1_000_000, rows=5_000, columns=20)


class CalendarFileError(ProblemsError):
    """A file of days that cannot be imported; it names every row that is wrong."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file changed."""

    created: int
    changed: int
    unchanged: int
    years: tuple[int, ...]
    """The years of its days."""


async def import_file(path: Path) -> Imported:
    """Enter the days of a CSV or .xlsx file, all of them or none; other days stay.

    The years are not confirmed by it, see :func:`confirm_year`.

    :raises FileError: when it cannot be read as a table.
    :raises CalendarFileError: with every row that is refused.
    """
    rows = _read(read_file(path, _LIMITS))
    async with in_transaction():
        days = [row.day for row in rows]
        before = {row.day: row for row in await CalendarDay.filter(day__in=days)}
        created = [row for row in rows if row.day not in before]
        changed = [
            row for row in rows if row.day in before and _said(row) != _said(before[row.day])
        ]
        await _write([*created, *changed])
    return Imported(
        created=len(created),
        changed=len(changed),
        unchanged=len(rows) - len(created) - len(changed),
        years=tuple(sorted({day.year for day in days})),
    )


async def export_csv(year: int | None = None) -> str:
    """Return the named days, of one year or of all, as :func:`import_file` reads them."""
    query = CalendarDay.all()
    if year is not None:
        query = query.filter(day__gte=dt.date(year, 1, 1), day__lte=dt.date(year, 12, 31))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in await query.order_by("day"):
        writer.writerow((row.day, _YES if row.is_working else _NO, row.title, row.source))
    return text.getvalue()


def _said(row: CalendarDay) -> tuple[bool, str, str]:
    return row.is_working, row.title, row.source


def _read(sheet: Sheet) -> list[CalendarDay]:
    header = [str(cell or "").strip().casefold() for cell in sheet.rows[0]] if sheet.rows else []
    places = [
        next((header.index(name) for name in names if name in header), None)
        for names in zip(COLUMNS, _ENGLISH, strict=True)
    ]
    if None in places[:_NEEDED]:
        wanted = f"{', '.join(COLUMNS)} · or {', '.join(_ENGLISH)}"
        raise _refused([Problem("第 1 行 · row 1", "表头不对 · it is no header", wanted)])
    found: dict[dt.date, CalendarDay] = {}
    problems: list[Problem] = []
    for number, cells in enumerate(sheet.rows[1:], 2):
        if not any(cell not in {None, ""} for cell in cells):
            continue
        values = [cells[at] if at is not None and at < len(cells) else None for at in places]
        try:
            row = _row(values, date1904=sheet.date1904)
            if row.day in found:
                raise CellError("DAY_TWICE", "日期重复", "the day stands there twice")  # noqa: TRY301  # all are gathered below
            found[row.day] = row
        except CellError as exc:
            problems.append(Problem(f"第 {number} 行 · row {number}", f"{exc.zh} · {exc.en}"))
        except RuleError as exc:
            what = f"{exc.message_zh} · {exc.message_en}"
            problems.append(Problem(f"第 {number} 行 · row {number}", what))
    if problems:
        raise _refused(problems)
    return list(found.values())


def _row(cells: list[Cell], *, date1904: bool) -> CalendarDay:
    day, worked, title, source = cells
    date = parse_date(day, date1904=date1904)
    if date.day is None:
        raise CellError("DAY_MISSING", "日期要写到日", "write the day of the month too")
    word = str(worked if worked is not None else "").strip().casefold().removesuffix(".0")
    if word not in _WORDS:
        raise CellError(
            "NOT_YES_OR_NO", f"“上班”一栏请写{_YES}或{_NO}", "is it worked: write yes or no"
        )
    return _day(
        date.first(),
        is_working=_WORDS[word],
        title=str(title or ""),
        source=str(source or ""),
    )


def _refused(problems: list[Problem]) -> CalendarFileError:
    return CalendarFileError("没有导入任何日期 · no day was imported:", problems)
