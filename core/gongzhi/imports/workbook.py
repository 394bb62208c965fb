"""Reads a workbook from its input and prints the rows; a process of its own, with little memory.

A workbook of 5 kB can make the parser ask for 500 GB (a cell at A1 and one at XFD1048576), which
ends the process that asks. So this file runs as a script under a limit, and what it prints is all
that its caller has to trust: a line of JSON about the sheet, then lines with up to a thousand rows.

Exit codes: 0 read, 3 not a workbook, 4 encrypted, 5 no sheet.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import sys
import zipfile
from contextlib import suppress
from typing import Any

NOT_A_WORKBOOK = 3
ENCRYPTED = 4
NO_SHEET = 5
_ROWS_A_LINE = 1000
_WORKBOOK_XML = 1_000_000
_DATE1904 = re.compile(rb"""\bdate1904\s*=\s*["'](?:1|true)["']""")


def limit(memory_bytes: int) -> None:
    """Refuse this process more memory than this; systems without limits go without."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def counts_from_1904(content: bytes) -> bool:
    """Tell whether the numbers of days in this workbook start in 1904."""
    with (
        suppress(KeyError, OSError, zipfile.BadZipFile),
        zipfile.ZipFile(io.BytesIO(content)) as archive,
        archive.open("xl/workbook.xml") as part,
    ):
        return _DATE1904.search(part.read(_WORKBOOK_XML)) is not None
    return False


def shown(value: Any) -> Any:
    """Return the JSON form of a cell; a date is a list of one text."""
    if isinstance(value, (dt.date, dt.time)):
        return [value.isoformat()]
    if isinstance(value, dt.timedelta):
        return [str(value)]
    return value


def main(memory_bytes: int, max_rows: int) -> int:
    """Print the first visible sheet that has rows."""
    import orjson
    from python_calamine import (
        CalamineError,
        CalamineWorkbook,
        PasswordError,
        SheetTypeEnum,
        SheetVisibleEnum,
    )

    limit(memory_bytes)
    content = sys.stdin.buffer.read()
    out = sys.stdout.buffer
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        visible = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
        ]
        for name in visible:
            sheet = book.get_sheet_by_name(name)
            if sheet.height:
                break
        else:
            return NO_SHEET
        last_row, last_column = sheet.end or (0, 0)
        meta = {
            "sheet": name,
            "others": [other for other in book.sheet_names if other != name],
            "rows": last_row + 1,
            "columns": last_column + 1,
            "date1904": counts_from_1904(content),
        }
        out.write(orjson.dumps(meta) + b"\n")
        rows: list[list[Any]] = []
        for number, row in enumerate(sheet.iter_rows()):
            if number > max_rows:
                break
            rows.append([c if c.__class__ in (str, float, bool) else shown(c) for c in row])
            if len(rows) == _ROWS_A_LINE:
                out.write(orjson.dumps(rows) + b"\n")
                rows.clear()
        out.write(orjson.dumps(rows) + b"\n")
    except PasswordError:
        return ENCRYPTED
    except (CalamineError, ValueError, OSError):
        return NOT_A_WORKBOOK
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
