"""Dates as rosters spell them.

Read are 1985-06-01, 1985/6/1, 1985.6.1, 1985年6月1日, 19850601, date cells of Excel and its serial
numbers; with the month only 1985-06, 1985.06, 198506, 1985年6月. Refused, because a guess would be
wrong for some: a year alone, two-digit years, and ``1985.1``, which is what a spreadsheet makes of
1985.10 typed as a number.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from typing import Final, NamedTuple

from gongzhi.imports.cells import Cell, CellError, plain

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2100

_EPOCH_1900: Final = dt.date(1899, 12, 30)
_EPOCH_1904: Final = dt.date(1904, 1, 1)
_PHANTOM_DAY: Final = 60
"""Excel counts 29 February 1900, which never was, as day 60."""
_LAST_SERIAL: Final = 73_415
"""1 January 2101 in the 1900 system."""
_TYPED_SERIAL: Final = 10_000
"""Fewer digits are no serial number when they come as text: too likely something else."""

_SPELLED: Final = re.compile(r"(\d{4})([-/.年])(\d{1,2})(?:(?:[-/.月](\d{1,2})日?)|月)?")
_MIDNIGHT: Final = re.compile(r"(?<=\d)(?:T|\s+)0{1,2}:00(?::00(?:\.0+)?)?\s*$")
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})?")
_SERIAL_TEXT: Final = re.compile(r"\d{5}(?:\.\d+)?")
_YEAR_ONLY: Final = re.compile(r"(?:19|20)\d{2}年?(?:\.0)?")


class RosterDate(NamedTuple):
    """A date whose day may be unknown."""

    year: int
    month: int
    day: int | None = None

    def __str__(self) -> str:
        text = f"{self.year:04}-{self.month:02}"
        return text if self.day is None else f"{text}-{self.day:02}"

    def first(self) -> dt.date:
        """Return the day, or the first of the month."""
        return dt.date(self.year, self.month, self.day or 1)

    def last(self) -> dt.date:
        """Return the day, or the last of the month."""
        if self.day is not None:
            return dt.date(self.year, self.month, self.day)
        return dt.date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])

    def agrees(self, exact: dt.date) -> bool:
        """Tell whether the exact date is this one, as far as this one says."""
        return (self.year, self.month) == (exact.year, exact.month) and (
            self.day is None or self.day == exact.day
        )


def parse_date(cell: Cell, *, date1904: bool = False) -> RosterDate:
    """Read one cell.

    :param date1904: the workbook counts days from 1904, as old Excel for Mac did.
    :raises CellError: DATE_UNREADABLE, DATE_YEAR_ONLY, DATE_AMBIGUOUS, DATE_OUT_OF_RANGE.
    """
    if isinstance(cell, dt.date):  # also datetime
        return _made(cell.year, cell.month, cell.day)
    if isinstance(cell, str):
        return _from_text(plain(_MIDNIGHT.sub("", cell)), date1904=date1904)
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return _from_number(cell, date1904=date1904)
    raise _unreadable()


def _from_text(text: str, *, date1904: bool) -> RosterDate:
    if match := _SPELLED.fullmatch(text):
        year, separator, month, day = match.groups()
        if separator == "." and month == "1" and day is None and not text.endswith("月"):
            raise _ambiguous()
        return _made(int(year), int(month), int(day) if day else None)
    if match := _COMPACT.fullmatch(text):
        year, month, day = match.groups()
        return _made(int(year), int(month), int(day) if day else None)
    if _YEAR_ONLY.fullmatch(text):
        raise _year_only()
    if _SERIAL_TEXT.fullmatch(text):
        return _from_serial(float(text), date1904=date1904)
    raise _unreadable()


def _from_number(number: float, *, date1904: bool) -> RosterDate:
    if number != number or number in (float("inf"), float("-inf")):  # noqa: PLR0124  # NaN
        raise _unreadable()
    if number == int(number):
        whole = int(number)
        if FIRST_YEAR <= whole <= LAST_YEAR:
            raise _year_only()
        if whole <= _LAST_SERIAL:
            return _from_serial(whole, date1904=date1904)
        if match := _COMPACT.fullmatch(str(whole)):
            year, month, day = match.groups()
            return _made(int(year), int(month), int(day) if day else None)
        raise _unreadable()
    if FIRST_YEAR <= number < LAST_YEAR + 1:
        return _from_text(f"{number:.6f}".rstrip("0"), date1904=date1904)
    if number >= _TYPED_SERIAL:
        return _from_serial(number, date1904=date1904)
    raise _unreadable()


def _from_serial(serial: float, *, date1904: bool) -> RosterDate:
    day = int(serial)
    if day < 1 or day > _LAST_SERIAL or (day == _PHANTOM_DAY and not date1904):
        raise _out_of_range()
    if date1904:
        date = _EPOCH_1904 + dt.timedelta(days=day)
    else:
        date = _EPOCH_1900 + dt.timedelta(days=day if day > _PHANTOM_DAY else day + 1)
    return _made(date.year, date.month, date.day)


def _made(year: int, month: int, day: int | None) -> RosterDate:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise _out_of_range()
    try:
        dt.date(year, month, day or 1)
    except ValueError:
        raise CellError(
            code="DATE_UNREADABLE",
            zh="没有这一天（月或日不存在）",
            en="there is no such day or month",
        ) from None
    return RosterDate(year, month, day)


def _unreadable() -> CellError:
    return CellError(
        code="DATE_UNREADABLE",
        zh="看不懂的日期，请写成 1985-06-01 或 1985.06",
        en="not a date; write it as 1985-06-01 or 1985.06",
    )


def _year_only() -> CellError:
    return CellError(
        code="DATE_YEAR_ONLY",
        zh="只有年份，请写到月，例如 1985.06",
        en="only a year; write the month too, e.g. 1985.06",
    )


def _ambiguous() -> CellError:
    return CellError(
        code="DATE_AMBIGUOUS",
        zh="分不清是 1 月还是 10 月（数字格式会丢掉末尾的 0），"
        "请写成两位月份，例如 1985-01 或 1985-10",
        en="January or October? (a number loses its last 0); write two digits: 1985-01 or 1985-10",
    )


def _out_of_range() -> CellError:
    return CellError(
        code="DATE_OUT_OF_RANGE",
        zh=f"日期超出范围（{FIRST_YEAR} 年至 {LAST_YEAR} 年）",
        en=f"the date is not between {FIRST_YEAR} and {LAST_YEAR}",
    )
