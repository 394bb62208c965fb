"""A roster of 468 invented people: errors, keys, changes, counts, privacy."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongzhi.imports.report import ImportRefusedError, render_report
from gongzhi.registry import counters
from gongzhi.registry.codes import MembershipStage
from gongzhi.registry.import_members import surely_in_order
from gongzhi.registry.rules import MembershipDates, check_membership_dates
from tests.imports.support import (
    ROSTER_HEADER,
    TODAY,
    dump,
    found,
    id_number,
    roster,
    write_csv,
    write_xlsx,
)

SHORT = ("党支部编码", "姓名", "身份证号", "出生日期", "人员类别")
NUMBER = id_number(dt.date(1985, 6, 1), 1)


def spoiled(rows):
    """Put seven faults into a roster."""
    rows[4][2] = rows[4][2][:-1] + ("1" if rows[4][2][-1] != "1" else "2")
    rows[29][0] = "ZJ-99"
    rows[79][4] = "1985"
    rows[139][7] = "1391234"
    rows[199][2] = rows[198][2]
    rows[199][3], rows[199][4] = rows[198][3], rows[198][4]
    rows[299][10] = "群众"
    rows[399][1] = ""
    return rows


SEVEN = [
    (6, "身份证号", "ID_CHECKSUM"),
    (31, "党支部编码", "BRANCH_UNKNOWN"),
    (81, "出生日期", "DATE_YEAR_ONLY"),
    (141, "手机号", "MOBILE_SHAPE"),
    (201, "身份证号", "DOUBLE_KEY"),
    (301, "人员类别", "NOT_IN_LIST"),
    (401, "姓名", "REQUIRED"),
]


async def one(session, sql, *params):
    rows = await session.fetch(sql, *params)
    assert len(rows) == 1, rows
    return rows[0]


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
async def test_468_rows_with_seven_faults(session, imported, tried, town, tmp_path, write):
    bad = write(tmp_path / "bad", [ROSTER_HEADER, *spoiled(roster())])
    report = await tried("members", bad)
    assert found(report) == SEVEN
    assert (report.rows, report.created, report.rejected) == (468, 461, 7)
    text = render_report(report)
    assert "第 6 行「身份证号」：身份证号校验位不对，可能有一位抄错" in text
    assert "第 201 行「身份证号」：与第 200 行重复" in text
    assert "共 468 行：新增 461，更新 0，不变 0，拒绝 7" in text
    for row in roster():
        assert row[1] not in text
        assert row[2] not in text
        assert row[7] not in text
    with pytest.raises(ImportRefusedError):
        await imported("members", bad)
    assert await session.fetch("SELECT 1 FROM core_person") == []

    good = write(tmp_path / "good", [ROSTER_HEADER, *roster()])
    report = await imported("members", good)
    assert (report.created, report.rejected) == (468, 0)
    before = await dump(session)
    again = await imported("members", good)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 468)
    assert await dump(session) == before
    assert await counters.verify(session.execute) == []


async def test_faults_can_be_skipped_and_mended_later(session, imported, town, tmp_path):
    bad = write_csv(tmp_path / "bad.csv", [ROSTER_HEADER, *spoiled(roster())])
    report = await imported("members", bad, skip_errors=True)
    assert (report.created, report.rejected) == (461, 7)
    good = write_csv(tmp_path / "good.csv", [ROSTER_HEADER, *roster()])
    report = await imported("members", good)
    assert (report.created, report.updated, report.unchanged) == (7, 0, 461)
    assert (await one(session, "SELECT count(*) AS n FROM core_member"))["n"] == 468


async def test_what_is_stored(session, imported, town, privacy, tmp_path):
    row = roster(2)[1]
    await imported("members", write_csv(tmp_path / "a.csv", [ROSTER_HEADER, row]), by="tester")
    person = await one(
        session,
        "SELECT p.*, o.code, o.path AS o_path, a.path AS a_path FROM core_person p"
        " JOIN core_organization o ON o.id = p.organization_id"
        " JOIN core_area a ON a.id = p.residence_area_id",
    )
    for column, value in (
        ("name", row[1]),
        ("id_number", row[2]),
        ("mobile", row[7]),
    ):
        assert privacy.decrypt(bytes(person[f"{column}_cipher"])) == value
        assert person[f"{column}_hash"] == privacy.digest(value)
        assert value not in person[f"{column}_masked"]
    assert privacy.decrypt(bytes(person["birth_cipher"])) == "1941-02-02"
    assert person["birth_year"] == 1941
    assert (person["gender"], person["ethnic_group"], person["education"]) == (
        "MALE",
        "HUI",
        "COLLEGE",
    )
    assert person["employment_state"] == "RETIRED"
    assert (person["code"], person["org_path"]) == ("ZJ-2", person["o_path"])
    assert person["residence_path"] == person["a_path"]
    assert bool(person["synthetic"])
    member = await one(
        session,
        "SELECT m.*, o.code, o.path FROM core_member m"
        " JOIN core_organization o ON o.id = m.branch_id",
    )
    assert (member["stage"], member["state"], member["contact_state"]) == (
        "FULL_MEMBER",
        "NORMAL",
        "IN_CONTACT",
    )
    assert str(member["joined_on"]) == "1962-02-01"
    assert str(member["full_member_on"]) == "1963-02-02"
    assert str(member["dues_paid_through"]) == "2026-06-30"
    assert (member["org_path"], member["code"]) == (member["path"], "ZJ-2")
    batch = await one(session, "SELECT * FROM core_import_batch WHERE entity = 'members'")
    assert (batch["rows"], batch["created"], batch["state"], batch["by"]) == (
        1,
        1,
        "APPLIED",
        "tester",
    )
    assert person["batch_id"] == member["batch_id"] == batch["id"]
    for table in ("core_person", "core_member", "core_import_batch"):
        for stored in await session.fetch(f"SELECT * FROM {table}"):
            assert row[2] not in str(dict(stored))


async def test_the_orm_reads_what_was_imported(session, imported, town, lists_url, tmp_path):
    from gongzhi.core import plugin as core
    from gongzhi.database import open_database
    from gongzhi.registry.codes import Gender, MembershipStage
    from gongzhi.registry.models import Member, Organization, Person

    await imported("members", write_csv(tmp_path / "a.csv", [ROSTER_HEADER, *roster(3)]))
    async with open_database(lists_url, [core]):
        person = await Person.all().order_by("id").first()
        assert person.gender is Gender.FEMALE
        assert person.skills == []
        assert person.created_at == person.updated_at
        assert person.created_at.tzinfo is not None
        member = await Member.all().order_by("id").first()
        assert member.stage is MembershipStage.PROBATIONARY_MEMBER
        assert member.joined_on == dt.date(1960, 1, 1)
        assert (await Organization.get(code="ZJ")).established_on == dt.date(2008, 6, 1)


async def test_figures_are_kept(session, imported, town, tmp_path):
    await imported("members", write_csv(tmp_path / "a.csv", [ROSTER_HEADER, *roster()]))
    totals = {
        row["bucket"]: row["total"]
        for row in await session.fetch(
            "SELECT c.bucket, c.total FROM core_counter c JOIN core_organization o"
            " ON o.id = c.organization_id WHERE o.code = 'ZJ' AND c.metric = 'member.stage'"
        )
    }
    assert totals == {"FULL_MEMBER": 421, "PROBATIONARY_MEMBER": 47}
    rows = roster()
    for row in rows[10:20]:
        row[10], row[12] = "正式党员", ""
    rows = [[*ROSTER_HEADER, "党籍状态"]] + [
        [*row, "除名" if n < 3 else ""] for n, row in enumerate(rows)
    ]
    report = await imported("members", write_csv(tmp_path / "b.csv", rows))
    assert (report.updated, report.unchanged) == (4, 464)
    assert await counters.verify(session.execute) == []


# Who is who


async def test_people_without_an_id_number_are_known_by_branch_name_and_birth(
    session, imported, town, tmp_path
):
    rows = [
        SHORT,
        ("ZJ-1", "示例甲", "", "1985.06", "正式党员"),
        ("ZJ-1", "示例乙", "", "1985.06", "正式党员"),
        ("ZJ-2", "示例甲", "", "1985.06", "正式党员"),
        ("ZJ-1", "示例甲", "", "1985.07", "正式党员"),
    ]
    path = write_csv(tmp_path / "a.csv", rows)
    assert (await imported("members", path)).created == 4
    assert (await imported("members", path)).unchanged == 4
    # A more exact date is taken over, the same person gets the number.
    rows = [SHORT, ("ZJ-1", " 示例甲", "", "1985-06-01", "正式党员")]
    report = await imported("members", write_csv(tmp_path / "b.csv", rows))
    assert (report.created, report.updated) == (0, 1)
    rows = [SHORT, ("ZJ-1", "示例甲", NUMBER, "", "正式党员")]
    report = await imported("members", write_csv(tmp_path / "c.csv", rows))
    assert (report.created, report.updated) == (0, 1)
    assert (await imported("members", write_csv(tmp_path / "c.csv", rows))).unchanged == 1
    # By the number, even when the name was corrected; a month does not undo the day.
    rows = [SHORT, ("ZJ-1", "示例丁", NUMBER, "1985.06", "正式党员")]
    report = await imported("members", write_csv(tmp_path / "d.csv", rows))
    assert (report.created, report.updated) == (0, 1)
    assert (await one(session, "SELECT count(*) AS n FROM core_person"))["n"] == 4


async def test_rows_that_may_be_one_person(session, tried, town, tmp_path):
    other = id_number(dt.date(1985, 6, 1), 3)
    rows = [
        SHORT,
        ("ZJ-1", "示例甲", NUMBER, "", "正式党员"),
        ("ZJ-1", "示例甲", "", "1985.06", "正式党员"),
        ("ZJ-1", "示例甲", other, "", "正式党员"),
        ("ZJ-1", "示例乙", "", "1985.06", "正式党员"),
        ("ZJ-1", "示例乙", "", "1985-06-03", "正式党员"),
        ("ZJ-1", "示例丙", "", "1985-06-01", "正式党员"),
        ("ZJ-1", "示例丙", "", "1985-06-02", "正式党员"),
    ]
    report = await tried("members", write_csv(tmp_path / "a.csv", rows))
    assert found(report) == [(3, "姓名", "DOUBLE_KEY"), (6, "姓名", "DOUBLE_KEY")]


async def test_namesakes_that_are_there(session, imported, tried, town, tmp_path):
    twins = [id_number(dt.date(1985, 6, 1), n) for n in (1, 3)]
    rows = [SHORT, *(("ZJ-1", "示例甲", number, "", "正式党员") for number in twins)]
    assert (await imported("members", write_csv(tmp_path / "a.csv", rows))).created == 2
    rows = [SHORT, ("ZJ-1", "示例甲", "", "1985.06", "正式党员")]
    report = await tried("members", write_csv(tmp_path / "b.csv", rows))
    assert found(report) == [(2, "姓名", "PERSON_AMBIGUOUS")]
    rows = [SHORT, ("ZJ-1", "示例甲", id_number(dt.date(1985, 6, 1), 5), "", "正式党员")]
    assert (await tried("members", write_csv(tmp_path / "c.csv", rows))).created == 1


async def test_two_rows_about_one_person_who_is_there(session, imported, tried, town, tmp_path):
    rows = [SHORT, ("ZJ-1", "示例甲", NUMBER, "", "正式党员")]
    await imported("members", write_csv(tmp_path / "a.csv", rows))
    rows = [
        SHORT,
        ("ZJ-1", "示例改名", NUMBER, "", "正式党员"),
        ("ZJ-1", "示例甲", "", "1985.06", "正式党员"),
    ]
    report = await tried("members", write_csv(tmp_path / "b.csv", rows))
    assert found(report) == [(3, "姓名", "DOUBLE_KEY")]


async def test_nobody_is_transferred_by_a_file(session, imported, tried, town, tmp_path):
    rows = [SHORT, ("ZJ-1", "示例甲", NUMBER, "", "正式党员")]
    await imported("members", write_csv(tmp_path / "a.csv", rows))
    rows = [SHORT, ("ZJ-2", "示例甲", NUMBER, "", "正式党员")]
    path = write_csv(tmp_path / "b.csv", rows)
    assert found(await tried("members", path)) == [(2, "党支部编码", "MEMBER_ELSEWHERE")]
    await session.fetch("UPDATE core_member SET state = 'REMOVED'")
    report = await imported("members", path)
    assert report.created == 1
    assert (await one(session, "SELECT count(*) AS n FROM core_person"))["n"] == 1
    assert (await one(session, "SELECT count(*) AS n FROM core_member"))["n"] == 2


async def test_what_disagrees_is_refused(session, tried, town, tmp_path):
    header = (*SHORT, "性别", "入党日期", "转正日期", "居住地编码")
    rows = [
        header,
        ("ZJ-1", "示例甲", NUMBER, "1985.07", "正式党员", "", "", "", ""),
        ("ZJ-1", "示例乙", id_number(dt.date(1985, 6, 1), 2), "", "正式党员", "男", "", "", ""),
        ("ZJ-1", "示例丙", "", "", "正式党员", "", "", "", ""),
        ("ZJ-1", "示例丁", "", "1985.06", "正式党员", "", "1980.01", "", ""),
        ("ZJ-1", "示例戊", "", "1985.06", "正式党员", "", "2010.07", "2009.07", ""),
        ("ZJ-1", "示例己", "", "1985.06", "入党申请人", "", "2010.07", "", ""),
        ("ZJ-1", "示例庚", "", "1985.06", "正式党员", "", "2030.07", "", ""),
        ("ZJ-1", "示例辛", "", "1985.06", "正式党员", "", "", "", "404"),
        ("ZJ", "示例壬", "", "1985.06", "正式党员", "", "", "", ""),
    ]
    report = await tried("members", write_csv(tmp_path / "a.csv", rows))
    assert found(report) == [
        (2, "出生日期", "BIRTH_DISAGREES"),
        (3, "性别", "GENDER_DISAGREES"),
        (4, "身份证号", "PERSON_KEY_NEEDED"),
        (5, "入党日期", "DATE_ORDER"),
        (6, "转正日期", "DATE_ORDER"),
        (7, "入党日期", "DATE_WITHOUT_STAGE"),
        (8, "入党日期", "DATE_IN_FUTURE"),
        (9, "居住地编码", "AREA_UNKNOWN"),
    ]
    assert report.created == 1


async def test_dates_are_checked_with_those_that_are_there(
    session, imported, tried, town, tmp_path
):
    header = (*SHORT, "入党日期", "转正日期")
    rows = [header, ("ZJ-1", "示例甲", NUMBER, "", "正式党员", "2010.07", "2011.07")]
    await imported("members", write_csv(tmp_path / "a.csv", rows))
    rows = [header, ("ZJ-1", "示例甲", NUMBER, "", "正式党员", "2012.07", "")]
    report = await tried("members", write_csv(tmp_path / "b.csv", rows))
    assert found(report) == [(2, "转正日期", "DATE_ORDER")]


async def test_only_open_party_organizations_have_members(session, imported, tried, town, tmp_path):
    rows = [
        ("组织编码", "组织名称", "组织类型", "上级组织编码"),
        ("JW", "甲居委会", "居民委员会", ""),
    ]
    path = write_csv(tmp_path / "a.csv", rows)
    assert (await imported("organizations", path)).created == 1
    await session.fetch("UPDATE core_organization SET status = 'DISSOLVED' WHERE code = 'ZJ-3'")
    rows = [
        SHORT,
        ("JW", "示例甲", "", "1985.06", "正式党员"),
        ("ZJ-3", "示例乙", "", "1985.06", "正式党员"),
        ("404", "示例丙", "", "1985.06", "正式党员"),
    ]
    report = await tried("members", write_csv(tmp_path / "b.csv", rows))
    assert found(report) == [
        (2, "党支部编码", "NOT_A_PARTY_ORGANIZATION"),
        (3, "党支部编码", "NOT_ACTIVE"),
        (4, "党支部编码", "BRANCH_UNKNOWN"),
    ]


async def test_blank_cells_leave_what_is_there(session, imported, town, tmp_path):
    full = write_csv(tmp_path / "a.csv", [ROSTER_HEADER, *roster(30)])
    await imported("members", full)
    before = await dump(session)
    rows = [[row[0], row[1], row[2], "", row[10]] for row in roster(30)]
    report = await imported("members", write_csv(tmp_path / "b.csv", [SHORT, *rows]))
    assert report.unchanged == 30
    assert await dump(session) == before


async def test_skills_and_hobbies(session, imported, town, tmp_path):
    rows = [
        (*SHORT, "特长", "爱好"),
        ("ZJ-1", "示例甲", NUMBER, "", "正式党员", "法律、急救", "书法"),
    ]
    path = write_csv(tmp_path / "a.csv", rows)
    await imported("members", path)
    assert (await imported("members", path)).unchanged == 1
    rows[1] = ("ZJ-1", "示例甲", NUMBER, "", "正式党员", "法律", "")
    assert (await imported("members", write_csv(tmp_path / "b.csv", rows))).updated == 1
    row = await one(session, "SELECT skills, hobbies FROM core_person")
    assert row["skills"].replace(" ", "") == '["LAW"]'
    assert row["hobbies"].replace(" ", "") == '["CALLIGRAPHY"]'


async def test_formula_names_do_not_come_in(session, tried, town, tmp_path):
    payloads = ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", "＝1+1", '=HYPERLINK("http://x.invalid")']
    rows = [SHORT, *(("ZJ-1", p, "", "1985.06", "正式党员") for p in payloads)]
    report = await tried("members", write_csv(tmp_path / "a.csv", rows))
    assert report.rejected == len(payloads)
    rows = [SHORT, *(("ZJ-1", p, "", "1985.06", "正式党员") for p in payloads)]
    report = await tried("members", write_xlsx(tmp_path / "a.xlsx", rows))
    assert report.rejected == len(payloads)


days = st.none() | st.dates(dt.date(1930, 1, 1), dt.date(2030, 1, 1))


@given(
    st.sampled_from(MembershipStage), st.none() | st.integers(1930, 2026), st.tuples(*[days] * 5)
)
def test_the_quick_look_at_dates_finds_nothing_that_the_rule_refuses(stage, birth_year, given_days):
    if surely_in_order(stage.value, birth_year, given_days, TODAY):
        assert check_membership_dates(stage, MembershipDates(birth_year, *given_days), TODAY) == []


def test_the_quick_look_is_enough_for_the_usual_row():
    usual = (dt.date(2008, 7, 1), dt.date(2009, 7, 1), None, None, dt.date(2026, 6, 1))
    assert surely_in_order("FULL_MEMBER", 1985, usual, TODAY)
