"""Organizations: places by the matrix (V27), areas, counts, telephone numbers."""

import pytest

from gongzhi.imports.report import ImportRefusedError
from gongzhi.registry import counters
from tests.imports.support import ORGANIZATION_ROWS, dump, found, write_csv

HEADER = ORGANIZATION_ROWS[0]


async def paths(session):
    """Return code → codes from the root down; paths and copies agree with the superiors."""
    rows = await session.fetch(
        "SELECT o.id, o.code, o.superior_id, o.path, o.depth, o.area_path, a.path AS area"
        " FROM core_organization o LEFT JOIN core_area a ON a.id = o.area_id"
    )
    code_of = {row["id"]: row["code"] for row in rows}
    result = {}
    for row in rows:
        line = [code_of[int(step)] for step in row["path"].rstrip(".").split(".")]
        above = code_of[row["superior_id"]] if row["superior_id"] else None
        assert (line[-2] if len(line) > 1 else None) == above
        assert row["depth"] == len(line) - 1
        assert row["area_path"] == (row["area"] or "")
        result[row["code"]] = line
    return result


async def kept_counts(session):
    assert await counters.verify(session.execute) == []
    return {
        (row["code"], row["bucket"]): row["total"]
        for row in await session.fetch(
            "SELECT o.code, c.bucket, c.total FROM core_counter c"
            " JOIN core_organization o ON o.id = c.organization_id"
            " WHERE c.metric = 'organization.kind' AND c.total <> 0"
        )
    }


async def test_a_town_with_branches(session, town):
    assert (await paths(session))["ZJ-3"] == ["ZJ", "ZJ-3"]
    counts = await kept_counts(session)
    assert counts["ZJ", "PARTY_BRANCH"] == 3
    assert counts["ZJ", "TOWN_PARTY_COMMITTEE"] == 1
    rows = await session.fetch("SELECT level, status FROM core_organization WHERE code = 'ZJ-1'")
    assert (rows[0]["level"], rows[0]["status"]) == ("COMMUNITY", "ACTIVE")


async def test_again_changes_nothing(session, imported, town, tmp_path):
    before = await dump(session)
    report = await imported("organizations", write_csv(tmp_path / "a.csv", ORGANIZATION_ROWS))
    assert (report.created, report.updated, report.unchanged) == (0, 0, 4)
    assert await dump(session) == before


async def test_what_the_rules_refuse(session, imported, tried, town, tmp_path):
    rows = [
        (*HEADER, "是否临时", "复核日期", "联系电话"),
        ("X1", "悬空支部", "楼道党小组", "", "", "", "", "", ""),
        ("X2", "倒挂的党委", "镇党委", "ZJ-1", "", "", "", "", ""),
        ("X3", "某支部", "党支部", "ZJ", "404", "", "", "", ""),
        ("X4", "某临时支部", "党支部", "ZJ", "", "", "是", "", ""),
        ("X5", "某临时支部", "党支部", "ZJ", "", "2026.05", "是", "2026-01-01", ""),
        ("X6", "某支部", "党支部", "ZJ", "", "2027.01", "", "", "电话"),
        ("X7", "某临时支部", "党支部", "ZJ", "", "2026.01", "是", "2026-12-31", "021-59640000"),
    ]
    report = await tried("organizations", write_csv(tmp_path / "a.csv", rows))
    assert found(report) == [
        (2, "上级组织编码", "KIND_NOT_ROOT"),
        (3, "上级组织编码", "KIND_NOT_ALLOWED"),
        (4, "属地编码", "AREA_UNKNOWN"),
        (5, "复核日期", "REVIEW_DATE_NEEDED"),
        (6, "复核日期", "DATE_ORDER"),
        (7, "成立日期", "DATE_IN_FUTURE"),
        (7, "联系电话", "PHONE_SHAPE"),
    ]
    assert report.created == 1


async def test_merged_and_dissolved_ones_stay_as_they_are(session, tried, town, tmp_path):
    await session.fetch(
        "UPDATE core_organization SET status = 'DISSOLVED' WHERE code IN ('ZJ-1', 'ZJ')"
    )
    rows = [
        HEADER,
        ("ZJ-1", "别的名称", "党支部", "", "", ""),
        ("ZJ-9", "新支部", "党支部", "ZJ", "", ""),
    ]
    report = await tried("organizations", write_csv(tmp_path / "a.csv", rows))
    assert found(report) == [(2, "组织编码", "NOT_ACTIVE"), (3, "上级组织编码", "NOT_ACTIVE")]


async def test_names_kinds_and_superiors_change(session, imported, town, tmp_path):
    rows = [
        HEADER,
        ("ZJ-1", "甲居民区党总支", "党总支", "", "", ""),
        ("ZJ-2", "乙居民区党支部", "党支部", "ZJ-1", "990101101001", ""),
    ]
    report = await imported("organizations", write_csv(tmp_path / "a.csv", rows))
    assert (report.created, report.updated) == (0, 2)
    assert (await paths(session))["ZJ-2"] == ["ZJ", "ZJ-1", "ZJ-2"]
    counts = await kept_counts(session)
    assert counts["ZJ-1", "PARTY_BRANCH"] == 1
    assert counts["ZJ", "GENERAL_PARTY_BRANCH"] == 1
    assert counts["ZJ", "PARTY_BRANCH"] == 2
    row = (await session.fetch("SELECT version, name FROM core_organization WHERE code = 'ZJ-1'"))[
        0
    ]
    assert (row["version"], row["name"]) == (2, "甲居民区党总支")


async def test_a_kind_must_fit_what_stands_below(session, imported, tried, town, tmp_path):
    rows = [HEADER, ("ZJ", "示例镇党委", "楼道党小组", "", "", "")]
    report = await tried("organizations", write_csv(tmp_path / "a.csv", rows))
    assert {error.code for error in report.errors} == {"KIND_NOT_ALLOWED", "KIND_NOT_ROOT"}
    # The subordinate is in the file and changes along with its superior.
    rows = [
        HEADER,
        ("ZJ-1", "甲总支", "党总支", "", "", ""),
        ("ZJ-11", "甲网格支部", "网格党支部", "ZJ-1", "", ""),
    ]
    assert (await imported("organizations", write_csv(tmp_path / "b.csv", rows))).created == 1
    rows = [HEADER, ("ZJ-1", "甲支部", "党支部", "", "", "")]
    report = await tried("organizations", write_csv(tmp_path / "c.csv", rows))
    assert found(report) == [(2, "组织类型", "KIND_NOT_ALLOWED")]
    rows.append(("ZJ-11", "甲楼道小组", "楼道党小组", "", "", ""))
    report = await imported("organizations", write_csv(tmp_path / "d.csv", rows))
    assert report.updated == 2
    await kept_counts(session)


async def test_an_area_that_changes(session, imported, town, tmp_path):
    rows = [HEADER, ("ZJ-1", "甲居民区党支部", "党支部", "", "990101101003", "")]
    assert (await imported("organizations", write_csv(tmp_path / "a.csv", rows))).updated == 1
    await paths(session)
    row = await session.fetch(
        "SELECT a.code FROM core_organization o JOIN core_area a ON a.id = o.area_id"
        " WHERE o.code = 'ZJ-1'"
    )
    assert row[0]["code"] == "990101101003"


async def test_telephone_numbers_are_encrypted(session, imported, town, privacy, tmp_path):
    rows = [
        ("组织编码", "组织名称", "组织类型", "联系电话"),
        ("ZJ", "示例镇党委", "镇党委", "021-59640000"),
    ]
    path = write_csv(tmp_path / "a.csv", rows)
    assert (await imported("organizations", path)).updated == 1
    row = (
        await session.fetch(
            "SELECT phone_cipher, phone_masked FROM core_organization WHERE code = 'ZJ'"
        )
    )[0]
    assert privacy.decrypt(bytes(row["phone_cipher"])) == "021-59640000"
    assert row["phone_masked"] == "021****0000"
    assert (await imported("organizations", path)).unchanged == 1
    kept = await session.fetch("SELECT before_cipher FROM core_import_change")
    assert b"5964" not in bytes(kept[0]["before_cipher"])


async def test_a_refused_file_leaves_nothing_behind(session, imported, town, tmp_path):
    before = await dump(session, skip=())
    rows = [
        HEADER,
        ("N1", "新支部", "党支部", "ZJ", "", ""),
        ("N2", "新支部", "党支部", "404", "", ""),
    ]
    with pytest.raises(ImportRefusedError):
        await imported("organizations", write_csv(tmp_path / "a.csv", rows))
    assert await dump(session, skip=()) == before
