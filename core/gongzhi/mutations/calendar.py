"""The calendar of working days, as mutations; it holds for the whole registry."""

from __future__ import annotations

import datetime as dt

from gongzhi.calendar import service
from gongzhi.calendar.models import CalendarDay, CalendarYear
from gongzhi.writing import Work


async def set_day(
    work: Work, day: dt.date, *, is_working: bool, title: str = "", source: str = ""
) -> CalendarDay:
    """设定某日上班或休息 · say whether a day is worked.

    :param day: 日期 · the day
    :param is_working: 上班 · it is worked
    :param title: 节日名称 · the holiday
    :param source: 依据 · the notice that says so
    :raises RuleError: DAY_OUT_OF_RANGE, TOO_LONG
    """
    work.require_everywhere()
    row = await service.set_day(day, is_working=is_working, title=title, source=source)
    data = {"day": day.isoformat(), "is_working": is_working}
    work.record("core.calendar.set_day", row, data=data)
    return row


async def confirm_year(
    work: Work, year: int, *, confirmed: bool = True, source: str = ""
) -> CalendarYear:
    """确认某年的节假日已登记齐全 · say that the holidays of a year are entered in full.

    :param year: 年份 · the year
    :param confirmed: 齐全；否为收回确认 · in full; false takes that back
    :param source: 依据 · the notice that says so
    :raises RuleError: DAY_OUT_OF_RANGE, TOO_LONG, CALENDAR_YEAR_EMPTY
    """
    work.require_everywhere()
    row = await service.confirm_year(year, confirmed=confirmed, source=source)
    work.record("core.calendar.confirm_year", row, data={"year": year, "confirmed": confirmed})
    return row
