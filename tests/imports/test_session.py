"""The connection of the imports: other writers, readers, errors, how many statements."""

import asyncio
import io

import pytest

from gongzhi.errors import DatabaseUnavailableError
from gongzhi.imports import engine
from gongzhi.imports.progress import progress_bar, step_title
from gongzhi.imports.report import render_report, render_undo
from gongzhi.imports.session import BusyError, open_session
from gongzhi.imports.undo import undo
from tests.imports.support import ROSTER_HEADER, SPECS, dump, roster, write_csv


async def test_two_imports_at_once_make_no_doubles(lists_url, session, town, privacy, tmp_path):
    path = write_csv(tmp_path / "a.csv", [ROSTER_HEADER, *roster()])

    async def one():
        async with open_session(lists_url) as own:
            return await engine.apply(own, SPECS["members"], path, privacy=privacy)

    reports = await asyncio.gather(one(), one(), one())
    assert sorted(report.created for report in reports) == [0, 0, 468]
    assert sorted(report.unchanged for report in reports) == [0, 468, 468]
    assert (await session.fetch("SELECT count(*) AS n FROM core_person"))[0]["n"] == 468


async def test_others_read_while_an_import_writes(lists_url, town, session, privacy, tmp_path):
    path = write_csv(tmp_path / "a.csv", [ROSTER_HEADER, *roster(5)])
    seen = []

    class Watched(engine.Run):
        async def insert(self, *args):
            await super().insert(*args)
            async with open_session(lists_url) as other:
                rows = await other.fetch("SELECT count(*) AS n FROM core_person")
                seen.append(rows[0]["n"])

    spec = SPECS["members"]
    run, table = await engine._prepare(session, spec, path, privacy, None, engine.no_progress)
    watched = Watched(**{name: getattr(run, name) for name in engine.Run.__slots__})
    async with session.transaction(spec.planner.writes, spec.planner.reads):
        watched.column_types = await session.column_types()
        plan = await spec.planner.plan(watched, table)
        await plan.write(watched, 1)
    assert seen == [0, 0]
    assert (await session.fetch("SELECT count(*) AS n FROM core_person"))[0]["n"] == 5


async def test_who_keeps_the_tables_too_long_is_told_in_plain_words(
    lists_url, session, town, privacy, tmp_path
):
    path = write_csv(tmp_path / "a.csv", [ROSTER_HEADER, *roster(5)])
    sqlite = session.dialect == "sqlite"
    await session.fetch("PRAGMA busy_timeout=50" if sqlite else "SET lock_timeout = '50ms'")
    before = await dump(session, skip=())
    async with open_session(lists_url) as other:
        await other.fetch("BEGIN IMMEDIATE" if sqlite else "BEGIN")
        await other.fetch("UPDATE core_organization SET purpose = 'x' WHERE code = 'ZJ'")
        with pytest.raises(BusyError, match="请稍后再试"):
            await engine.apply(session, SPECS["members"], path, privacy=privacy)
        await other.fetch("ROLLBACK")
    assert await dump(session, skip=()) == before
    report = await engine.apply(session, SPECS["members"], path, privacy=privacy)
    assert report.created == 5


async def test_a_dry_run_writes_nothing(session, town, tried, tmp_path):
    before = await dump(session, skip=())
    await tried("members", write_csv(tmp_path / "a.csv", [ROSTER_HEADER, *roster()]))
    assert await dump(session, skip=()) == before
    with pytest.raises(Exception, match=r"read-only|readonly"):
        async with session.transaction():
            await session.fetch("UPDATE core_organization SET purpose = 'x'")
    assert await dump(session, skip=()) == before
    await session.fetch("UPDATE core_organization SET purpose = 'x'")


async def test_the_number_of_statements_does_not_grow_with_the_rows(
    session, town, imported, privacy, monkeypatch, tmp_path
):
    counted = []
    for name in ("fetch", "many", "load"):
        original = getattr(type(session), name)

        def counting(self, *args, original=original, name=name):
            counted.append(name)
            return original(self, *args)

        monkeypatch.setattr(type(session), name, counting)
    figures = {}
    for count in (30, 400):
        rows = roster(count)
        for row in rows:
            row[4] = "1985.06" if not row[2] else ""
            row[12] = ""
        for step, change in (("new", False), ("same", False), ("changed", True)):
            for row in rows if change else ():
                row[7] = "13800000000"
            counted.clear()
            path = write_csv(tmp_path / "a.csv", [ROSTER_HEADER, *rows])
            report = await imported("members", path)
            assert report.rejected == 0
            figures[count, step] = len(counted)
        counted.clear()
        await undo(session, report.batch_id, privacy=privacy)
        await undo(session, report.batch_id - 2, privacy=privacy)
    for step in ("new", "same", "changed"):
        assert figures[30, step] == figures[400, step], figures
        assert figures[400, step] < 40


async def test_a_database_that_is_not_there(tmp_path):
    with pytest.raises(DatabaseUnavailableError):
        async with open_session("postgres://nobody@127.0.0.1:1/none"):
            pass
    missing = tmp_path / "none.sqlite3"
    with pytest.raises(DatabaseUnavailableError):
        async with open_session(f"sqlite://{missing}"):
            pass
    assert not missing.exists()
    (tmp_path / "text.sqlite3").write_text("no database at all, but text\n" * 50)
    with pytest.raises(DatabaseUnavailableError):
        async with open_session(f"sqlite://{tmp_path / 'text.sqlite3'}"):
            pass


async def test_reports_in_two_languages(session, town, imported, tried, privacy, tmp_path):
    rows = roster(3)
    rows[1][0] = "404"
    report = await tried("members", write_csv(tmp_path / "a.csv", [ROSTER_HEADER, *rows]))
    english = render_report(report, "en")
    assert "3 rows: 2 new, 0 updated, 0 unchanged, 1 rejected" in english
    assert "row 3, column 党支部编码: there is no organization with this code" in english
    assert "dry run, nothing written" in english
    applied = await imported("members", write_csv(tmp_path / "b.csv", [ROSTER_HEADER, *roster(3)]))
    assert f"批次 {applied.batch_id}；撤销：gongzhi undo {applied.batch_id}" in render_report(
        applied
    )
    undone = await undo(session, applied.batch_id, privacy=privacy)
    assert (
        render_undo(undone, "en") == f"batch {applied.batch_id}: 6 rows removed, 0 restored, 0 kept"
    )


async def test_a_bar_is_drawn_on_terminals_only(session, town, imported, tmp_path):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    path = write_csv(tmp_path / "a.csv", [ROSTER_HEADER, *roster(9)])
    terminal, pipe = Terminal(), io.StringIO()
    with progress_bar(terminal) as progress:
        await imported("members", path, progress=progress)
    with progress_bar(pipe) as progress:
        await imported("members", path, progress=progress)
    assert "写入 core_person" in terminal.getvalue()
    assert pipe.getvalue() == ""
    assert step_title("read") == "读取文件"
    assert step_title("remove core_area") == "删除 core_area"
