"""Use case: a matter that is raised at a session; it is solved there, or goes to the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from gongzhi.calendar.rules import DayBasis
from gongzhi.writing import AreaKey, PersonKey, Work
from gongzhi_ledger import service as ledger
from gongzhi_ledger.models import Issue
from gongzhi_ledger.rules import HandlingMode, IssueSeverity
from gongzhi_ledger.service import Unit
from gongzhi_workday.common import begins
from gongzhi_workday.keys import SessionKey
from gongzhi_workday.models import WorkdaySession
from gongzhi_workday.rules import MATTER_SOURCE, REFUSALS, SESSION
from gongzhi_workday.teams import lead_of, team_of


async def take_matter(
    work: Work,
    session: SessionKey,
    title: str,
    category: str,
    *,
    result: str = "",
    handling_mode: HandlingMode | None = None,
    handler: PersonKey | None = None,
    participants: Sequence[Unit] = (),
    due_on: dt.date | None = None,
    due_days: int | None = None,
    due_basis: DayBasis = DayBasis.WORKING_DAYS,
    description: str = "",
    severity: IssueSeverity = IssueSeverity.ORDINARY,
    number: str = "",
    area: AreaKey | None = None,
    collector: PersonKey | None = None,
    reporter: PersonKey | None = None,
    affected_households: int | None = None,
    planned_cost: Decimal | None = None,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
) -> Issue:
    """受理工作日上反映的事项：现场解决、建账或只受理 · take a matter raised at a session.

    With a result it was solved on the spot, with a way of handling it is entered in the ledger,
    with neither it is only received.

    :param session: 社区工作日 · the session
    :param title: 事项 · the matter
    :param category: 问题类别代码 · code of its category
    :param result: 现场解决的结果，给出即为现场解决 · how it was solved on the spot; it then was
    :param handling_mode: 办理方式，给出即建账 · how it is handled; it is then entered in the ledger
    :param handler: 承办人 · who handles it
    :param participants: 参与单位 · units that take part
    :param due_on: 办理期限 · the day by which it is to be settled
    :param due_days: 办理天数，代替期限 · days until then, in place of the day
    :param due_basis: 天数的计算方式 · which days count
    :param description: 详情 · details
    :param severity: 问题等级 · how grave it is
    :param number: 编号，默认自动生成 · its number, made where absent
    :param area: 地域，默认为居委会的属地 · its area, that of the committee where absent
    :param collector: 意见收集人，默认带队领导 · who collected it, the session's lead where absent
    :param reporter: 反映人 · who raised it
    :param affected_households: 涉及户数 · households concerned
    :param planned_cost: 计划投入（元） · planned cost in CNY
    :param occurred_at: 受理时间，默认为工作日当天开始的时间 · when it was taken
    :raises RuleError: NOT_FOUND, STATE, RESULT_OR_MODE, all of ledger.open_issue, all of
        ledger.solve_on_spot, all of ledger.receive_issue
    """
    row = await work.take(WorkdaySession, session, "session")
    await work.may(SESSION, row, "take_matter")
    if result.strip() and handling_mode is not None:
        REFUSALS.refuse("RESULT_OR_MODE", "handling_mode")
    if occurred_at is None:
        occurred_at = min(work.now, begins(work, row))
    more: dict[str, Any] = {
        "description": description,
        "number": number,
        "area": area,
        "collector": collector if collector is not None else lead_of(await team_of(work, row)),
        "reporter": reporter,
        "source_ref": f"{WorkdaySession.__name__}:{row.id}",
        "affected_households": affected_households,
        "occurred_at": occurred_at,
        "on_behalf_of": on_behalf_of,
    }
    what = (work, row.organization_id, title, MATTER_SOURCE, category)
    if result.strip():
        issue = await ledger.solve_on_spot(*what, result, **more)
    elif handling_mode is not None:
        issue = await ledger.open_issue(
            *what,
            severity=severity,
            handling_mode=handling_mode,
            handler=handler,
            participants=participants,
            due_on=due_on,
            due_days=due_days,
            due_basis=due_basis,
            planned_cost=planned_cost,
            **more,
        )
    else:
        issue = await ledger.receive_issue(*what, severity=severity, **more)
    work.record(
        "workday.session.take_matter",
        row,
        occurred_at=occurred_at,
        on_behalf_of=on_behalf_of,
        data={"issue_id": issue.id, "state": issue.state.name},
    )
    return issue
