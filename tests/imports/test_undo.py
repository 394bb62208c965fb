"""Undo: the state before, and a reason for every row that stays."""

import pytest

from gongzhi.imports.engine import batches
from gongzhi.imports.report import render_undo
from gongzhi.imports.undo import UndoError, undo
from gongzhi.registry import counters
from tests.imports.support import (
    AREA_ROWS,
    ORGANIZATION_ROWS,
    ROSTER_HEADER,
    dump,
    roster,
    write_csv,
)

HEADER = ORGANIZATION_ROWS[0]


@pytest.fixture
def undone(session, privacy):
    async def run(report):
        return await undo(session, report.batch_id, privacy=privacy)

    return run


def reasons(report):
    return {(kept.table, kept.code) for kept in report.kept}


async def test_a_roster_is_taken_back(session, imported, undone, town, tmp_path):
    before = await dump(session)
    applied = await imported("members", write_csv(tmp_path / "a.csv", [ROSTER_HEADER, *roster()]))
    report = await undone(applied)
    assert (report.removed, report.restored, report.kept_count) == (936, 0, 0)
    assert await dump(session) == before
    assert await counters.verify(session.execute) == []
    states = [(batch.entity, batch.state) for batch in await batches(session)]
    assert states == [("members", "UNDONE"), ("organizations", "APPLIED"), ("areas", "APPLIED")]
    again = await imported("members", write_csv(tmp_path / "a.csv", [ROSTER_HEADER, *roster()]))
    assert again.created == 468


async def test_changes_of_every_kind_are_taken_back(session, imported, undone, town, tmp_path):
    await imported("members", write_csv(tmp_path / "a.csv", [ROSTER_HEADER, *roster(60)]))
    before = await dump(session)
    rows = roster(70)
    for n, row in enumerate(rows[:30]):
        row[1] = f"改名{n}"
        row[7] = f"138{n:08}"
        row[6] = "小学"
        row[10], row[12] = "正式党员", "2020-01-01"
        row[9] = "990101101001"
    header = [*ROSTER_HEADER, "特长", "是否流动党员", "党籍状态"]
    rows = [[*row, "法律", "是", "停止党籍" if n % 7 == 0 else ""] for n, row in enumerate(rows)]
    applied = await imported("members", write_csv(tmp_path / "b.csv", [header, *rows]))
    assert (applied.created, applied.updated) == (10, 60)
    assert await dump(session) != before
    report = await undone(applied)
    assert report.kept_count == 0
    assert report.removed == 20
    assert await dump(session) == before
    assert await counters.verify(session.execute) == []
    assert await session.fetch("SELECT 1 FROM core_import_change") == []


async def test_moved_trees_go_back(session, imported, undone, town, tmp_path):
    await imported("members", write_csv(tmp_path / "m.csv", [ROSTER_HEADER, *roster(30)]))
    before = await dump(session)
    rows = [
        ("code", "name", "kind", "parent_code"),
        ("990102", "新区", "区", "9901"),
        ("990101101", "改名镇", "镇", "990102"),
        ("990101101002", "乙居民委员会", "居民区", "990102"),
    ]
    areas = await imported("areas", write_csv(tmp_path / "a.csv", rows))
    rows = [
        HEADER,
        ("ZJ-0", "示例总支", "党总支", "ZJ", "990102", ""),
        ("ZJ-1", "甲居民区党支部", "党支部", "ZJ-0", "", ""),
        ("ZJ-2", "乙居民区党支部", "党支部", "ZJ-0", "990102", ""),
    ]
    organizations = await imported("organizations", write_csv(tmp_path / "o.csv", rows))
    assert await dump(session) != before
    report = await undone(areas)
    assert reasons(report) == {("core_area", "REFERRED_TO")}
    assert report.restored == 2
    assert (await undone(organizations)).kept_count == 0
    report = await undone(areas)
    assert (report.removed, report.kept_count) == (1, 0)
    assert await dump(session) == before
    assert await counters.verify(session.execute) == []


async def test_whole_trees_are_removed(session, imported, undone, tmp_path):
    empty = await dump(session)
    areas = await imported("areas", write_csv(tmp_path / "a.csv", AREA_ROWS))
    with_areas = await dump(session)
    organizations = await imported(
        "organizations", write_csv(tmp_path / "o.csv", ORGANIZATION_ROWS)
    )
    report = await undone(areas)
    assert report.removed == 0
    assert report.kept_count == len(AREA_ROWS) - 1
    assert reasons(report) == {("core_area", "REFERRED_TO")}
    await undone(organizations)
    assert await dump(session) == with_areas
    assert (await undone(areas)).removed == len(AREA_ROWS) - 1
    assert await dump(session) == empty


async def test_rows_changed_since_stay(session, imported, undone, town, tmp_path):
    first = await imported("members", write_csv(tmp_path / "a.csv", [ROSTER_HEADER, *roster(20)]))
    rows = roster(20)
    for row in rows[:5]:
        row[7] = "13800000000"
    second = await imported("members", write_csv(tmp_path / "b.csv", [ROSTER_HEADER, *rows]))
    between = await dump(session)
    report = await undone(first)
    assert report.kept_count == 10
    assert reasons(report) == {
        ("core_person", "CHANGED_SINCE"),
        ("core_member", "BELONGS_TO_KEPT"),
    }
    assert report.removed == 30
    assert "之后又被修改过" in render_undo(report)
    assert (await batches(session))[1].state == "APPLIED"
    assert await dump(session) != between
    assert (await undone(second)).restored == 5
    report = await undone(first)
    assert report.kept_count == 0
    assert await session.fetch("SELECT 1 FROM core_person") == []
    assert await session.fetch("SELECT 1 FROM core_member") == []
    assert await counters.verify(session.execute) == []


async def test_a_change_that_was_changed_again_stays(session, imported, undone, town, tmp_path):
    rows = [HEADER, ("ZJ-1", "新名称一", "党支部", "", "", "")]
    first = await imported("organizations", write_csv(tmp_path / "a.csv", rows))
    rows = [HEADER, ("ZJ-1", "新名称二", "党支部", "", "", "")]
    second = await imported("organizations", write_csv(tmp_path / "b.csv", rows))
    report = await undone(first)
    assert (report.restored, reasons(report)) == (0, {("core_organization", "CHANGED_SINCE")})
    await undone(second)
    assert (await undone(first)).restored == 1
    name = await session.fetch("SELECT name FROM core_organization WHERE code = 'ZJ-1'")
    assert name[0]["name"] == "甲居民区党支部"


async def test_another_column_changed_since_does_not_matter(
    session, imported, undone, town, tmp_path
):
    rows = [(*HEADER, "组织简称"), ("ZJ-1", "甲居民区党支部", "党支部", "", "", "", "甲支部")]
    applied = await imported("organizations", write_csv(tmp_path / "a.csv", rows))
    await session.fetch("UPDATE core_organization SET purpose = 'x' WHERE code = 'ZJ-1'")
    assert (await undone(applied)).restored == 1
    row = await session.fetch(
        "SELECT short_name, purpose FROM core_organization WHERE code = 'ZJ-1'"
    )
    assert (row[0]["short_name"], row[0]["purpose"]) == ("", "x")


async def test_rows_that_others_refer_to_stay(session, imported, undone, town, tmp_path):
    applied = await imported("members", write_csv(tmp_path / "a.csv", [ROSTER_HEADER, *roster(9)]))
    member = (await session.fetch("SELECT id, org_path FROM core_member ORDER BY id LIMIT 1"))[0]
    await session.many(
        "INSERT INTO core_member_event (member_id, org_path, kind, occurred_on, recorded_at,"
        ' "before", "after", decided_by, document) VALUES ($1, $2, $3, CAST($4 AS DATE),'
        " CURRENT_TIMESTAMP, '', '', '', '')"
        if session.dialect == "sqlite"
        else "INSERT INTO core_member_event (member_id, org_path, kind, occurred_on, recorded_at,"
        ' "before", "after", decided_by, document) VALUES ($1, $2, $3, $4::text::date,'
        " CURRENT_TIMESTAMP, '', '', '', '')",
        [(member["id"], member["org_path"], "REGISTERED", "2026-01-01")],
    )
    report = await undone(applied)
    assert (report.removed, report.kept_count) == (16, 2)
    assert [(k.table, k.code, k.zh) for k in report.kept] == [
        ("core_member", "REFERRED_TO", "被 core_member_event 的记录引用"),
        ("core_person", "REFERRED_TO", "被 core_member 的记录引用"),
    ]
    assert len(await session.fetch("SELECT 1 FROM core_member_event")) == 1
    assert await counters.verify(session.execute) == []


async def test_rows_of_a_disabled_plugin_count_too(session, imported, undone, town, tmp_path):
    applied = await imported("members", write_csv(tmp_path / "a.csv", [ROSTER_HEADER, *roster(3)]))
    await session.fetch(
        "CREATE TABLE tea_guest (id BIGINT PRIMARY KEY, member_id BIGINT NOT NULL"
        " REFERENCES core_member (id) ON DELETE CASCADE)"
    )
    await session.fetch("INSERT INTO tea_guest SELECT 1, min(id) FROM core_member")
    report = await undone(applied)
    assert report.kept_count == 2
    assert report.kept[0].zh == "被 tea_guest 的记录引用"
    assert len(await session.fetch("SELECT 1 FROM tea_guest")) == 1


async def test_what_cannot_be_undone_at_all(session, imported, undone, privacy, town, tmp_path):
    with pytest.raises(UndoError, match="没有批次 99"):
        await undo(session, 99, privacy=privacy)
    rows = [HEADER, ("ZJ-1", "新名称一", "党支部", "", "", "")]
    applied = await imported("organizations", write_csv(tmp_path / "a.csv", rows))
    await undone(applied)
    with pytest.raises(UndoError, match="已经撤销过"):
        await undone(applied)
    applied = await imported("organizations", write_csv(tmp_path / "a.csv", rows))
    await session.fetch("DELETE FROM core_organization WHERE code = 'ZJ-1'")
    report = await undone(applied)
    assert reasons(report) == {("core_organization", "ROW_GONE")}


async def test_a_former_superior_that_is_gone(session, imported, undone, town, tmp_path):
    rows = [
        HEADER,
        ("ZJ-0", "示例总支", "党总支", "ZJ", "", ""),
        ("ZJ-9", "示例支部", "党支部", "ZJ-0", "", ""),
    ]
    await imported("organizations", write_csv(tmp_path / "a.csv", rows))
    rows = [HEADER, ("ZJ-9", "示例支部", "党支部", "ZJ", "", "")]
    applied = await imported("organizations", write_csv(tmp_path / "b.csv", rows))
    await session.fetch("DELETE FROM core_organization WHERE code = 'ZJ-0'")
    report = await undone(applied)
    assert reasons(report) == {("core_organization", "TARGET_GONE")}


async def test_a_move_back_that_would_make_a_circle(session, imported, undone, town, tmp_path):
    header = ("code", "name", "kind", "parent_code")
    rows = [header, ("A", "甲", "区", ""), ("B", "乙", "镇", "A"), ("C", "丙", "村", "B")]
    await imported("areas", write_csv(tmp_path / "a.csv", rows))
    applied = await imported(
        "areas", write_csv(tmp_path / "b.csv", [header, ("C", "丙", "村", "A")])
    )
    await imported("areas", write_csv(tmp_path / "c.csv", [header, ("B", "乙", "镇", "C")]))
    before = await dump(session, skip=())
    with pytest.raises(UndoError, match="不能移回"):
        await undone(applied)
    assert await dump(session, skip=()) == before


async def test_before_images_are_encrypted(session, imported, town, tmp_path):
    await imported("members", write_csv(tmp_path / "a.csv", [ROSTER_HEADER, *roster(5)]))
    rows = roster(5)
    for row in rows:
        row[6], row[7] = "小学", "13800000000"
    await imported("members", write_csv(tmp_path / "b.csv", [ROSTER_HEADER, *rows]))
    kept = await session.fetch("SELECT before_cipher, after_digest FROM core_import_change")
    assert len(kept) == 5
    for row in kept:
        assert b"UNDERGRADUATE" not in bytes(row["before_cipher"])
        assert b"mobile" not in bytes(row["before_cipher"])
        assert len(row["after_digest"]) == 64
