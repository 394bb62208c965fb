"""The calendar in the database: seeding, editing, deadlines on it, files in and out."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from gongzhi.calendar import service
from gongzhi.calendar.models import CalendarDay, CalendarYear
from gongzhi.calendar.rules import DayBasis, WorkingDays, due
from gongzhi.calendar.service import CalendarFileError, Imported, Installed
from gongzhi.database import open_database
from gongzhi.errors import RuleError
from gongzhi.imports.reader import FileError

NEW_YEAR = dt.date(2027, 1, 1)
SHIPPED = {row.day: row for days in service.shipped().values() for row in days}
WORKING, CALENDAR = DayBasis.WORKING_DAYS, DayBasis.CALENDAR_DAYS


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[BaseDBAsyncClient]:
    """An open database with the shipped years."""
    async with open_database(database_url, []) as context:
        await service.install()
        yield context.db()


@contextmanager
def refused(code: str, field: str) -> Iterator[None]:
    with pytest.raises(RuleError) as caught:
        yield
    assert (caught.value.code, caught.value.field) == (code, field)
    assert caught.value.message_zh
    assert caught.value.message_en


async def said(day: dt.date) -> tuple[bool, str, str]:
    row = await CalendarDay.get(day=day)
    return row.is_working, row.title, row.source


# ---- what is known from the start ----------------------------------------------------------------


async def test_install(database_url: str) -> None:
    async with open_database(database_url, []):
        assert await service.install() == Installed(19, 647)
        assert await service.install() == Installed(0, 0)
        assert await CalendarDay.all().count() == 647
        years = await CalendarYear.all().order_by("year")
        assert [row.year for row in years] == list(range(2008, 2027))
        assert all(row.confirmed for row in years)
        assert years[6].source == "国务院办公厅关于2014年部分节假日安排的通知"
        assert await said(dt.date(2014, 5, 4)) == (True, "劳动节", years[6].source)
        assert (await said(dt.date(2015, 9, 4)))[2].startswith("国务院关于中国人民抗日战争")


async def test_what_a_deployment_entered_stays(database_url: str) -> None:
    ours = dt.date(2014, 5, 1)
    async with open_database(database_url, []):
        await service.set_day(ours, is_working=True, title="加班")
        await service.set_day(dt.date(2026, 1, 1), is_working=False)
        await service.confirm_year(2026, confirmed=False)
        assert await service.install() == Installed(18, 647 - 39 - 1)  # without 2026, and ours
        assert await said(ours) == (True, "加班", "")
        known, days = await service.year_of(2026)
        assert known is not None
        assert not known.confirmed
        assert [row.day for row in days] == [dt.date(2026, 1, 1)]


# ---- loading -------------------------------------------------------------------------------------


async def test_what_is_loaded_is_what_was_shipped(db: BaseDBAsyncClient) -> None:
    loaded = await service.working_days(dt.date(2000, 1, 1))
    assert loaded.years == frozenset(range(2008, 2027))
    assert {day: (named.is_working, named.title) for day, named in loaded.named.items()} == {
        day: (row.is_working, row.title) for day, row in SHIPPED.items()
    }
    worked = sum(loaded.is_working(dt.date(2014, 1, 1) + dt.timedelta(days=n)) for n in range(365))
    assert worked == 250  # 365 days less 104 of weekends and 11 holidays


async def test_only_days_since_then_are_loaded(db: BaseDBAsyncClient) -> None:
    since = dt.date(2026, 10, 7)
    loaded = await service.working_days(since)
    assert sorted(loaded.named) == [since, dt.date(2026, 10, 10)]
    assert loaded.years == frozenset(range(2008, 2027))
    with pytest.raises(ValueError, match="2026-10-07"):
        loaded.is_working(dt.date(2026, 10, 6))


async def test_an_empty_calendar_knows_weekends(database_url: str) -> None:
    async with open_database(database_url, []):
        loaded = await service.working_days(dt.date(2014, 1, 1))
        assert loaded == WorkingDays(since=dt.date(2014, 1, 1))
        found = await service.deadline(dt.date(2014, 4, 30), 1, WORKING)
        assert found.due_on == dt.date(2014, 5, 1)
        assert [each.code for each in found.advice] == ["CALENDAR_YEAR_UNKNOWN"]


async def test_loading_is_one_statement(
    db: BaseDBAsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, str]] = []
    for name in ("execute_query", "execute_query_dict", "execute_insert", "execute_many"):
        original = getattr(type(db), name)

        async def count(self, sql, *args, name=name, original=original, **kwargs):
            calls.append((name, sql))
            return await original(self, sql, *args, **kwargs)

        monkeypatch.setattr(type(db), name, count)

    async def statements(work: Awaitable[Any]) -> int:
        calls.clear()
        await work
        assert len({sql for _, sql in calls}) <= 1  # one may run through another of these methods
        return max(Counter(name for name, _ in calls).values(), default=0)

    day = dt.date(2014, 5, 6)
    assert await statements(service.working_days(day)) == 1
    assert await statements(service.deadline(day, 2, WORKING)) == 1
    assert await statements(service.deadline(day, 2, CALENDAR)) == 1
    assert await statements(service.deadline(day, 2, CALENDAR, rest_day_extends=False)) == 0


# ---- deadlines -----------------------------------------------------------------------------------


async def test_n320_in_both_bases(db: BaseDBAsyncClient) -> None:
    for basis in DayBasis:
        found = await service.deadline(dt.date(2014, 5, 6), 2, basis)
        assert (found.due_on, found.advice) == (dt.date(2014, 5, 8), ())
        assert found.is_overdue(dt.date(2014, 5, 9), as_of=dt.date(2014, 5, 9))


async def test_deadlines_are_those_of_the_rules(db: BaseDBAsyncClient) -> None:
    loaded = await service.working_days(dt.date(2013, 1, 1))
    for start in (dt.date(2014, 4, 30), dt.date(2015, 9, 30), dt.date(2026, 2, 13)):
        for days in (1, 2, 5, 30):
            for basis in DayBasis:
                found = await service.deadline(start, days, basis)
                assert found == due(start, days, basis, loaded)
                assert found.advice == ()


async def test_a_deadline_in_an_unknown_year_warns_until_it_is_confirmed(
    db: BaseDBAsyncClient,
) -> None:
    start = dt.date(2026, 12, 30)
    found = await service.deadline(start, 2, WORKING)
    assert found.due_on == NEW_YEAR
    assert [each.code for each in found.advice] == ["CALENDAR_YEAR_UNKNOWN"]
    await service.set_day(NEW_YEAR, is_working=False, title="元旦")
    found = await service.deadline(start, 2, WORKING)
    assert (found.due_on, len(found.advice)) == (dt.date(2027, 1, 4), 1)
    await service.confirm_year(2027)
    assert (await service.deadline(start, 2, WORKING)).advice == ()
    await service.confirm_year(2027, confirmed=False)
    assert len((await service.deadline(start, 2, WORKING)).advice) == 1


class WithdrawnError(Exception):
    """Ends a transaction."""


# ---- editing -------------------------------------------------------------------------------------


async def test_a_day_is_said_again(db: BaseDBAsyncClient) -> None:
    row = await service.set_day(NEW_YEAR, is_working=False, title=" 元旦 ", source="通知")
    assert (row.day, row.is_working, row.title, row.source) == (NEW_YEAR, False, "元旦", "通知")
    again = await service.set_day(NEW_YEAR, is_working=True)
    assert again.id == row.id
    assert await said(NEW_YEAR) == (True, "", "")
    assert await CalendarDay.all().count() == 648


async def test_an_edit_lives_and_dies_with_its_transaction(db: BaseDBAsyncClient) -> None:
    async def edit_and_fail() -> None:
        async with in_transaction():
            await service.set_day(NEW_YEAR, is_working=False)
            await service.confirm_year(2027)
            inside = await service.working_days(NEW_YEAR)
            assert not inside.is_working(NEW_YEAR)
            assert 2027 in inside.years
            raise WithdrawnError

    with pytest.raises(WithdrawnError):
        await edit_and_fail()
    after = await service.working_days(NEW_YEAR)
    assert after.is_working(NEW_YEAR)
    assert 2027 not in after.years


async def test_editors_of_one_day_do_not_collide(db: BaseDBAsyncClient) -> None:
    await asyncio.gather(
        *(service.set_day(NEW_YEAR, is_working=False, title=f"元旦{n}") for n in range(6))
    )
    assert await CalendarDay.filter(day=NEW_YEAR).count() == 1
    await asyncio.gather(*(service.confirm_year(2027) for _ in range(4)))
    assert await CalendarYear.filter(year=2027).count() == 1


async def test_what_cannot_be_is_refused(db: BaseDBAsyncClient) -> None:
    for year in (1948, 2101):
        with refused("DAY_OUT_OF_RANGE", "day"):
            await service.set_day(dt.date(year, 1, 1), is_working=False)
    for year in (1948, 2101, 0, 10_000):
        with refused("DAY_OUT_OF_RANGE", "year"):
            await service.confirm_year(year)
    with refused("TOO_LONG", "title"):
        await service.set_day(NEW_YEAR, is_working=False, title="节" * 101)
    with refused("TOO_LONG", "source"):
        await service.set_day(NEW_YEAR, is_working=False, source="令" * 201)
    with refused("CALENDAR_YEAR_EMPTY", "year"):
        await service.confirm_year(2027)
    await service.set_day(dt.date(2027, 1, 2), is_working=True)
    with refused("CALENDAR_YEAR_EMPTY", "year"):
        await service.confirm_year(2027)
    assert await CalendarDay.all().count() == 648
    assert not await CalendarYear.exists(year=2027)


async def test_widest_texts_fit(db: BaseDBAsyncClient) -> None:
    await service.set_day(NEW_YEAR, is_working=False, title="节" * 100, source="令" * 200)
    assert await said(NEW_YEAR) == (False, "节" * 100, "令" * 200)


# ---- files ---------------------------------------------------------------------------------------


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "days.csv"
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
async def test_import(db: BaseDBAsyncClient, tmp_path: Path, encoding: str) -> None:
    text = (
        "日期,上班,名称,依据\n2027-01-01,否,元旦,通知\n\n2027/1/3,是,元旦,\n2026年1月1日,休,元旦,"
    )
    file = written(tmp_path, text, encoding)
    assert await service.import_file(file) == Imported(2, 1, 0, (2026, 2027))
    assert await said(NEW_YEAR) == (False, "元旦", "通知")
    assert await said(dt.date(2027, 1, 3)) == (True, "元旦", "")
    assert await said(dt.date(2026, 1, 1)) == (False, "元旦", "")  # as the file says
    assert await service.import_file(file) == Imported(0, 0, 3, (2026, 2027))
    assert not await CalendarYear.exists(year=2027)


async def test_two_columns_are_enough(db: BaseDBAsyncClient, tmp_path: Path) -> None:
    file = written(tmp_path, "is_working,day\nno,2027-01-01\n")
    assert await service.import_file(file) == Imported(1, 0, 0, (2027,))
    assert await said(NEW_YEAR) == (False, "", "")


async def test_a_workbook_is_read_too(db: BaseDBAsyncClient, tmp_path: Path) -> None:
    path = tmp_path / "days.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["日期", "上班", "名称"])
        sheet.write_datetime(1, 0, NEW_YEAR, book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write(1, 1, "否")
        sheet.write(1, 2, "元旦")
        sheet.write(2, 0, "2027-01-02")
        sheet.write(2, 1, 1)
    assert await service.import_file(path) == Imported(2, 0, 0, (2027,))
    assert await said(NEW_YEAR) == (False, "元旦", "")
    assert await said(dt.date(2027, 1, 2)) == (True, "", "")


async def test_every_wrong_row_is_told_and_none_is_written(
    db: BaseDBAsyncClient, tmp_path: Path
) -> None:
    rows = (
        "2027-01-01,否,元旦,",
        "2027-13-01,否,,",
        "2027-02,否,,",
        "soon,否,,",
        "2027-02-06,也许,,",
        "2027-02-07",
        "2027-01-01,是,,",
        "1930-01-01,否,,",
        f"2027-02-08,否,{'节' * 101},",
        ",否,,",
    )
    file = written(tmp_path, "\n".join(("日期,上班,名称,依据", *rows)))
    with pytest.raises(CalendarFileError) as caught:
        await service.import_file(file)
    told = [(problem.where.split()[1], problem.what) for problem in caught.value.problems]
    assert [number for number, _ in told] == [str(n) for n in range(3, 12)]
    wanted = (
        "没有这一天",
        "日期要写到日",
        "看不懂的日期",
        "请写是或否",
        "请写是或否",
        "日期重复",
        "1949 年至 2100 年",
        "不能超过 100 个字符",
        "看不懂的日期",
    )
    for (number, what), part in zip(told, wanted, strict=True):
        assert part in what, number
    assert await CalendarDay.all().count() == 647


@pytest.mark.parametrize("text", ["", "日期,名称\n2027-01-01,元旦\n", "2027-01-01,否\n"])
async def test_a_file_needs_its_header(db: BaseDBAsyncClient, tmp_path: Path, text: str) -> None:
    with pytest.raises(CalendarFileError, match="表头不对"):
        await service.import_file(written(tmp_path, text))


async def test_a_file_that_is_none(db: BaseDBAsyncClient, tmp_path: Path) -> None:
    with pytest.raises(FileError):
        await service.import_file(tmp_path / "absent.csv")


async def test_what_is_exported_can_be_imported(db: BaseDBAsyncClient, tmp_path: Path) -> None:
    await service.set_day(NEW_YEAR, is_working=False, title='元旦, "新年"')
    text = await service.export_csv()
    one = await service.export_csv(2027)
    assert one == '日期,上班,名称,依据\n2027-01-01,否,"元旦, ""新年""",\n'
    assert len(text.splitlines()) == 649
    before = await CalendarDay.all().order_by("day").values("day", "is_working", "title", "source")
    await CalendarDay.all().delete()
    file = written(tmp_path, text)
    assert await service.import_file(file) == Imported(648, 0, 0, tuple(range(2007, 2028)))
    after = await CalendarDay.all().order_by("day").values("day", "is_working", "title", "source")
    assert after == before
