"""``gongzhi calendar``."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.host.conftest import Gongzhi, Point, at, gongzhi

__all__ = ["at", "gongzhi"]  # fixtures

NEW_YEAR = "2027-01-01"


@pytest.fixture
def calendar(at: Point) -> Gongzhi:
    """The commands of the calendar, on a migrated database."""
    command = at()
    assert command("migrate").code == 0
    return lambda *arguments: command("calendar", *arguments)


def test_a_known_year_is_shown(calendar: Gongzhi) -> None:
    answer = calendar("show", "2014")
    assert answer.code == 0
    first, header, *rows = answer.out.splitlines()
    assert first == "2014: 已确认 · confirmed (国务院办公厅关于2014年部分节假日安排的通知)"
    assert header.split() == ["day", "week", "is", "title", "source"]
    assert len(rows) == 28
    assert rows[16].split()[:5] == ["2014-05-04", "周日", "班", "work", "劳动节"]


def test_a_new_year_is_entered_and_confirmed(calendar: Gongzhi) -> None:
    unknown = calendar("show", "2027").out
    assert unknown == (
        "2027 年的节假日安排尚未确认，只按周末和已录入的日子推算"
        " · the holidays of 2027 are not confirmed: reckoned by weekends and the days entered\n"
    )
    early = calendar("confirm", "2027")
    assert early.code == 1
    assert "2027 年还没有录入任何假日" in early.err

    assert calendar("set", NEW_YEAR, "--rest", "--title", "元旦").out == (
        "2027-01-01 is a day of rest\n"
    )
    assert calendar("set", "2027-01-03", "--work", "--title", "元旦", "--source", "通知").out == (
        "2027-01-03 is worked\n"
    )
    assert calendar("confirm", "2027", "--source", "国办").out == "2027 is confirmed\n"
    lines = calendar("show", "2027").out.splitlines()
    assert lines[0] == "2027: 已确认 · confirmed (国办)"
    assert [line.split() for line in lines[2:]] == [
        ["2027-01-01", "周五", "休", "rest", "元旦", "-"],
        ["2027-01-03", "周日", "班", "work", "元旦", "通知"],
    ]
    assert calendar("confirm", "2027", "--withdraw").out == "2027 is no longer confirmed\n"
    assert "尚未确认" in calendar("show", "2027").out


def test_files_go_out_and_in(calendar: Gongzhi) -> None:
    assert calendar("export", "days.csv", "--year", "2026").out == "days.csv\n"
    text = Path("days.csv").read_text(encoding="utf-8-sig")
    assert text.count("\n") == 40
    again = calendar("import", "days.csv")
    assert (again.code, again.out.splitlines()[0]) == (0, "0 new, 0 changed, 39 as they were")
    Path("days.csv").write_text(text + "2027-01-01,否,元旦,\n", encoding="utf-8")
    done = calendar("import", "days.csv")
    assert done.out.splitlines() == [
        "1 new, 0 changed, 39 as they were",
        "years: 2026 2027; when one is complete: gongzhi calendar confirm YEAR",
    ]


def test_mistakes_are_told_without_a_traceback(calendar: Gongzhi) -> None:
    Path("bad.csv").write_text("日期,上班\n2027-01-01,否\n2027-02-30,否\n", encoding="utf-8")
    for arguments, code, told in (
        (("show", "soon"), 2, "year"),
        (("show", "1900"), 1, "1949"),
        (("export", "x.csv", "--year", "1900"), 1, "1949"),
        (("set", "2027-02-30", "--rest"), 2, "2027-01-01"),
        (("set", NEW_YEAR), 2, "--work"),
        (("set", "1900-01-01", "--rest"), 1, "1949"),
        (("set", NEW_YEAR, "--rest", "--title", "节" * 101), 1, "100"),
        (("confirm", "99999"), 1, "2100"),
        (("import", "absent.csv"), 1, "absent.csv"),
        (("import", "bad.csv"), 1, "row 3: 没有这一天"),
        (("export", "absent/days.csv"), 1, "cannot write absent/days.csv"),
    ):
        answer = calendar(*arguments)
        assert answer.code == code, arguments
        assert told in answer.err, arguments
        assert "Traceback" not in answer.err
    assert "尚未确认" in calendar("show", "2027").out.splitlines()[0]
    assert NEW_YEAR not in calendar("show", "2027").out


def test_it_needs_the_tables(at: Point) -> None:
    answer = at()("calendar", "show", "2026")
    assert answer.code == 1
    assert "run: gongzhi migrate" in answer.err


def test_migrating_again_keeps_what_was_entered(at: Point) -> None:
    command = at()
    assert command("migrate").code == 0
    command("calendar", "set", "2026-01-01", "--work", "--title", "值班")
    assert command("migrate").code == 0
    row = command("calendar", "show", "2026").out.splitlines()[2]
    assert row.split() == ["2026-01-01", "周四", "班", "work", "值班", "-"]
