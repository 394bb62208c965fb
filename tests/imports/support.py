"""What the tests of the imports share: files, a roster of invented people, dumps of tables."""

import csv
import datetime as dt
from pathlib import Path

import xlsxwriter

from gongzhi.imports.idnumber import check_character
from gongzhi.imports.parse import ParseContext
from gongzhi.imports.reader import read_file
from gongzhi.imports.table import read_table
from gongzhi.imports.template import declared
from gongzhi.registry.imports import AREAS, MEMBERS, ORGANIZATIONS
from gongzhi.registry.lists import CODE_LISTS

TODAY = dt.date(2026, 7, 1)
SPECS = {spec.name: spec for spec in (AREAS, ORGANIZATIONS, MEMBERS)}
OPTIONS = declared(CODE_LISTS)
CONTEXT = ParseContext(TODAY, code_lists=OPTIONS)

AREA_ROWS = [
    ("code", "name", "level", "parent_code"),
    ("99", "示例省", "PROVINCE", ""),
    ("9901", "示例市", "CITY", "99"),
    ("990101", "示例区", "COUNTY", "9901"),
    ("990101101", "示例镇", "TOWN", "990101"),
    ("990101101001", "甲居民委员会", "VILLAGE", "990101101"),
    ("990101101002", "乙居民委员会", "VILLAGE", "990101101"),
    ("990101101003", "丙居民委员会", "VILLAGE", "990101101"),
]

ORGANIZATION_ROWS = [
    ("组织编码", "组织名称", "组织类型", "上级组织编码", "属地编码", "成立日期"),
    ("ZJ", "示例镇党委", "镇党委", "", "990101101", "2008.06"),
    ("ZJ-1", "甲居民区党支部", "党支部", "ZJ", "990101101001", "2008.07"),
    ("ZJ-2", "乙居民区党支部", "党支部", "ZJ", "990101101002", "2008.07"),
    ("ZJ-3", "丙居民区党支部", "党支部", "ZJ", "990101101003", "2008-07-15"),
]

ROSTER_HEADER = (
    "党支部编码", "姓名", "身份证号", "性别", "出生日期", "民族", "学历", "手机号",
    "就业状态", "居住地编码", "人员类别", "入党日期", "转正日期", "党费交至", "是否示例数据",
)  # fmt: skip


def id_number(birth: dt.date, sequence: int) -> str:
    """Make a number with a right check character; no place has the code 990101."""
    first = f"990101{birth:%Y%m%d}{sequence:03}"
    return first + check_character(first)


def roster(count: int = 468) -> list[list[str]]:
    """Make rows of invented people, in all spellings of dates."""
    rows = []
    for n in range(count):
        birth = dt.date(1940 + n % 60, 1 + n % 12, 1 + n % 28)
        joined = birth.replace(year=birth.year + 20 + n % 5)
        spelled = (f"{birth:%Y-%m-%d}", f"{birth:%Y.%m}", f"{birth:%Y%m}", f"{birth:%Y年%m月}")
        rows.append(
            [
                f"ZJ-{1 + n % 3}",
                f"示例{chr(0x4E00 + n)}",
                id_number(birth, n % 1000),
                "男" if n % 2 else "女",
                spelled[n % 4],
                ("汉族", "回", "满族")[n % 3],
                ("大学本科", "大专", "高中")[n % 3],
                f"139{n:08}",
                ("在职", "退休")[n % 2],
                f"99010110100{1 + n % 3}",
                ("正式党员", "预备党员")[n % 10 == 0],
                f"{joined:%Y.%m}",
                f"{joined.replace(year=joined.year + 1):%Y-%m-%d}" if n % 10 else "",
                "2026.06",
                "是",
            ]
        )
    return rows


def write_csv(path: Path, rows, encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def write_xlsx(path: Path, rows, **options) -> Path:
    """Write a real workbook; texts stay texts, numbers numbers, dates date cells."""
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, **options}) as book:
        sheet = book.add_worksheet("名单")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                if isinstance(cell, dt.date):
                    sheet.write_datetime(number, place, dt.datetime.combine(cell, dt.time()), day)
                else:
                    sheet.write(number, place, cell)
    return path


def table_of(path: Path, spec=MEMBERS, context: ParseContext = CONTEXT):
    """Read a file without a database."""
    sheet = read_file(path, spec.limits)
    return read_table(spec, sheet, ParseContext(context.today, sheet.date1904, context.code_lists))


def found(report) -> list[tuple[int, str, str]]:
    """Return (row, column, code) of the errors of a report."""
    return [(error.row, error.column, error.code) for error in report.errors]


_DERIVED = {
    "core_counter": {"id"},
}
_STAMPS = {"version"}


_KEPT = ("core_import_batch", "core_import_change", "core_event", "core_chain")


async def dump(session, *, skip=_KEPT):
    """Return every table's rows, without what an undo is meant to leave changed."""
    tables = {}
    for table, columns in (await session.column_types()).items():
        if table in skip or table.startswith("tortoise"):
            continue
        left_out = _DERIVED.get(table, set()) | _STAMPS
        names = [column for column in columns if column not in left_out]
        listed = ", ".join(f'"{name}"' for name in names)
        rows = await session.fetch(f'SELECT {listed} FROM "{table}"')
        tables[table] = sorted(repr(tuple(row[name] for name in names)) for row in rows)
    return tables
