"""Areas: the real tree, order, kinds, moves, on both databases."""

from pathlib import Path

import pytest

from gongzhi.imports.report import ImportRefusedError, render_report
from gongzhi.registry.import_trees import area_kind
from tests.imports.support import AREA_ROWS, dump, found, write_csv

REAL = Path(__file__).parents[2] / "core/gongzhi/registry/data/areas-shanghai-shenzhen-weihai.csv"
REAL_ROWS = 10_489


async def tree(session):
    """Return code → codes from the root down, by the parents and by the paths."""
    rows = await session.fetch("SELECT id, code, parent_id, path, depth FROM core_area")
    code_of = {row["id"]: row["code"] for row in rows}
    by_id = {row["id"]: row for row in rows}
    result = {}
    for row in rows:
        line, at = [], row["id"]
        while at is not None:
            line.append(code_of[at])
            at = by_id[at]["parent_id"]
        path = [code_of[int(step)] for step in row["path"].rstrip(".").split(".")]
        assert path == line[::-1], row["code"]
        assert row["depth"] == len(path) - 1
        result[row["code"]] = path
    return result


async def test_the_real_areas(session, imported, tried):
    report = await tried("areas", REAL)
    assert (report.rows, report.created, report.rejected) == (REAL_ROWS, REAL_ROWS, 0)
    assert await session.fetch("SELECT 1 FROM core_area LIMIT 1") == []
    report = await imported("areas", REAL)
    assert (report.created, report.updated, report.unchanged) == (REAL_ROWS, 0, 0)
    lines = await tree(session)
    assert lines["310151114001"] == ["31", "3101", "310151", "310151114", "310151114001"]
    kinds = {
        row["kind"]: row["n"]
        for row in await session.fetch("SELECT kind, count(*) AS n FROM core_area GROUP BY kind")
    }
    assert kinds["PROVINCE"] == kinds["CITY"] == 3
    assert kinds["DISTRICT"] == 32
    assert sum(kinds.get(k, 0) for k in ("SUBDISTRICT", "TOWN", "TOWNSHIP", "PARK")) == 386
    assert kinds["RESIDENTIAL_AREA"] + kinds["VILLAGE"] == 10_065
    named = {
        row["code"]: row["kind"] for row in await session.fetch("SELECT code, kind FROM core_area")
    }
    assert named["310109009"] == "SUBDISTRICT"
    assert named["310151114"] == "TOWN"
    assert named["310115501"] == named["310115503"] == "PARK"
    before = await dump(session)
    again = await imported("areas", REAL)
    assert (again.created, again.updated, again.unchanged) == (0, 0, REAL_ROWS)
    assert await dump(session) == before


@pytest.mark.parametrize(
    ("level", "name", "code", "kind"),
    [
        ("PROVINCE", "上海市", "31", "PROVINCE"),
        ("CITY", "市辖区", "3101", "CITY"),
        ("COUNTY", "虹口区", "310109", "DISTRICT"),
        ("TOWN", "欧阳路街道", "310109009", "SUBDISTRICT"),
        ("TOWN", "定襄县居民办事处", "140921400", "SUBDISTRICT"),
        ("TOWN", "高碑店地区", "110105025", "SUBDISTRICT"),
        ("TOWN", "新海镇", "310151114", "TOWN"),
        ("TOWN", "霞云岭乡", "110111209", "TOWNSHIP"),
        ("TOWN", "吉忽伦图苏木", "150207203", "TOWNSHIP"),
        ("TOWN", "张江高科技园区", "310115503", "PARK"),
        ("TOWN", "中国（上海）自由贸易试验区（保税片区）", "310115501", "PARK"),
        ("TOWN", "北京经济技术开发区", "110115403", "PARK"),
        ("TOWN", "光明农场", "310120501", "TOWNSHIP"),
        ("TOWN", "吴家山街", "420112001", "SUBDISTRICT"),
        ("VILLAGE", "跃进居民委员会", "310151114001", "RESIDENTIAL_AREA"),
        ("VILLAGE", "多福巷社区居委会", "110101001001", "RESIDENTIAL_AREA"),
        ("VILLAGE", "文景街道虚拟社区", "110115403498", "RESIDENTIAL_AREA"),
        ("VILLAGE", "小红门村民委员会", "110105043200", "VILLAGE"),
        ("VILLAGE", "卜尔汉图嘎查", "150207203201", "VILLAGE"),
        ("VILLAGE", "第一街委员会", "110111101001", "RESIDENTIAL_AREA"),
        ("VILLAGE", "养殖公司生产队", "130203001501", "VILLAGE"),
        ("LOCAL", "一号楼", "310151114001-1", None),
    ],
)
def test_kinds_follow_from_level_name_and_code(level, name, code, kind):
    assert area_kind(level, name, code) == kind


async def test_children_may_stand_before_their_parents(session, imported, tmp_path):
    header, *rows = AREA_ROWS
    await imported("areas", write_csv(tmp_path / "a.csv", [header, *reversed(rows)]))
    lines = await tree(session)
    assert lines["990101101001"] == ["99", "9901", "990101", "990101101", "990101101001"]


async def test_a_long_chain_backwards_is_read_in_one_go(session, tried, tmp_path):
    rows = [("code", "name", "kind", "parent_code")]
    rows += [(f"C{n}", f"第{n}格", "网格", f"C{n - 1}" if n else "") for n in range(3000)][::-1]
    report = await tried("areas", write_csv(tmp_path / "a.csv", rows))
    assert report.created == 21
    codes = [error.code for error in report.errors]
    assert codes.count("TREE_TOO_DEEP") == 1
    assert set(codes) == {"TREE_TOO_DEEP", "PARENT_REFUSED"}
    assert report.rejected == 3000 - 21


async def test_what_is_refused(session, imported, tried, tmp_path):
    rows = [
        ("code", "name", "kind", "parent_code"),
        ("1", "甲", "村", ""),
        ("1", "又甲", "村", ""),
        ("2", "乙", "村", "404"),
        ("3", "丙", "村", "2"),
        ("4", "丁", "村", "5"),
        ("5", "戊", "村", "6"),
        ("6", "己", "村", "4"),
        ("7", "庚", "村", "7"),
        ("8", "辛", "", "1"),
        ("9", "壬", "村", "8"),
        ("10", "癸", "村", "1"),
    ]
    path = write_csv(tmp_path / "a.csv", rows)
    report = await tried("areas", path)
    assert found(report) == [
        (3, "区划编码", "DOUBLE_KEY"),
        (4, "上级编码", "PARENT_UNKNOWN"),
        (5, "上级编码", "PARENT_REFUSED"),
        (6, "上级编码", "PARENT_CYCLE"),
        (7, "上级编码", "PARENT_CYCLE"),
        (8, "上级编码", "PARENT_CYCLE"),
        (9, "上级编码", "PARENT_CYCLE"),
        (10, "类型", "KIND_NEEDED"),
        (11, "上级编码", "PARENT_REFUSED"),
    ]
    assert (report.created, report.rejected) == (2, 9)
    with pytest.raises(ImportRefusedError) as caught:
        await imported("areas", path)
    assert caught.value.report.rejected == 9
    assert "第 4 行「上级编码」：系统和本文件中都没有这个上级编码" in render_report(report)
    assert await session.fetch("SELECT 1 FROM core_area") == []
    assert await session.fetch("SELECT 1 FROM core_import_batch") == []
    report = await imported("areas", path, skip_errors=True)
    assert report.created == 2
    assert set(await tree(session)) == {"1", "10"}


async def test_changes_and_moves(session, imported, town, tmp_path):
    header = ("code", "name", "kind", "parent_code", "households")
    rows = [
        header,
        ("990101", "示例新区", "区", "9901", ""),
        ("990101101002", "乙居民委员会", "居民区", "990101102", "120"),
        ("990101101", "示例镇", "镇", "990102", ""),
        ("990101102", "另一镇", "镇", "990102", ""),
        ("990102", "另一区", "区", "9901", ""),
    ]
    report = await imported("areas", write_csv(tmp_path / "a.csv", rows))
    assert (report.created, report.updated, report.unchanged) == (2, 3, 0)
    lines = await tree(session)
    assert lines["990101101001"] == ["99", "9901", "990102", "990101101", "990101101001"]
    assert lines["990101101002"] == ["99", "9901", "990102", "990101102", "990101101002"]
    copies = await session.fetch(
        "SELECT o.code, o.area_path, a.path FROM core_organization o"
        " JOIN core_area a ON a.id = o.area_id"
    )
    assert len(copies) == 4
    assert all(row["area_path"] == row["path"] for row in copies)
    changed = await session.fetch('SELECT "table" AS name FROM core_import_change')
    assert [row["name"] for row in changed] == ["core_area"] * 3


@pytest.mark.parametrize(
    "rows",
    [
        [("9901", "示例市", "地级市", "990101")],
        [("9901", "示例市", "地级市", "990101101001")],
        [("9901", "示例市", "地级市", "N"), ("N", "新", "区", "990101101")],
        [("990101", "示例区", "区", "990101101"), ("990101101", "示例镇", "镇", "990101")],
        [
            ("990101", "示例区", "区", "990101101002"),
            ("990101101002", "乙居民委员会", "居民区", "990101101001"),
        ],
    ],
)
async def test_moves_that_would_make_a_circle(session, imported, tried, town, tmp_path, rows):
    before = await dump(session)
    path = write_csv(tmp_path / "a.csv", [("code", "name", "kind", "parent_code"), *rows])
    report = await tried("areas", path)
    assert "PARENT_CYCLE" in {error.code for error in report.errors}
    await imported("areas", path, skip_errors=True)
    await tree(session)
    assert {k: v for k, v in (await dump(session)).items() if k != "core_area"} == {
        k: v for k, v in before.items() if k != "core_area"
    }


async def test_two_branches_change_places(session, imported, tmp_path):
    header = ("code", "name", "kind", "parent_code")
    rows = [("A", "甲", "区", ""), ("B", "乙", "镇", "A"), ("C", "丙", "村", "B")]
    await imported("areas", write_csv(tmp_path / "a.csv", [header, *rows]))
    # The town rises above the district that it stood under.
    await imported(
        "areas",
        write_csv(tmp_path / "b.csv", [header, ("R", "根", "省", ""), ("B", "乙", "镇", "R")]),
    )
    await imported("areas", write_csv(tmp_path / "c.csv", [header, ("A", "甲", "区", "C")]))
    assert (await tree(session))["A"] == ["R", "B", "C", "A"]


async def test_blank_cells_leave_what_is_there(session, imported, town, tmp_path):
    rows = [
        ("code", "name", "kind", "parent_code", "households", "population_qualifier"),
        ("990101101001", "甲居民委员会", "居民区", "", 500, "左右"),
    ]
    await imported("areas", write_csv(tmp_path / "a.csv", rows))
    rows[1] = ("990101101001", "甲居民委员会", "居民区", "", "", "")
    report = await imported("areas", write_csv(tmp_path / "b.csv", rows))
    assert (report.updated, report.unchanged) == (0, 1)
    row = (
        await session.fetch(
            "SELECT households, population_qualifier, parent_id FROM core_area"
            " WHERE code = '990101101001'"
        )
    )[0]
    assert row["households"] == 500
    assert row["population_qualifier"] == "ABOUT"
    assert row["parent_id"] is not None
