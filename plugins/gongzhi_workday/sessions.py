"""Use cases of a session that takes place: hold it, record it, close it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from gongzhi.refusals import insist
from gongzhi.registry.common import active_codes
from gongzhi.writing import PersonKey, Work
from gongzhi_ledger.models import Issue
from gongzhi_ledger.rules import IssueState
from gongzhi_workday import rules
from gongzhi_workday.common import begins, long_text, must_have_happened, on_behalf
from gongzhi_workday.keys import SessionKey
from gongzhi_workday.models import WorkdaySession, WorkdaySessionTransition
from gongzhi_workday.rules import REFUSALS, SESSION
from gongzhi_workday.teams import team_of


async def hold_session(
    work: Work,
    session: SessionKey,
    *,
    absent: Sequence[PersonKey] = (),
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    expected_version: int | None = None,
) -> WorkdaySession:
    """登记工作日已开展 · say that a session was held.

    :param session: 社区工作日 · the session
    :param absent: 名单中未到的人 · who of the team did not come
    :param occurred_at: 实际开始时间，默认为安排的时间 · when it began, as planned where absent
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, NOT_YET, NOT_IN_TEAM, NOBODY_CAME, FUTURE_DATE
    """
    row = await work.take(WorkdaySession, session, "session")
    await work.may(SESSION, row, "hold")
    work.expect(row, expected_version)
    at = must_have_happened(work, occurred_at)
    insist(rules.check_held(row.day, at.astimezone(work.deployment.zone).date()))
    team = await team_of(work, row)
    insist(rules.check_absent([each.person_id for each in team], absent))
    for each in team:
        await work.update(each, attended=each.person_id not in absent)
    await work.transition(
        SESSION,
        row,
        "hold",
        WorkdaySessionTransition,
        occurred_at=occurred_at or min(work.now, begins(work, row)),
        on_behalf_of=await on_behalf(work, on_behalf_of),
        data={"absent": len(absent)},
    )
    return row


async def record_session(
    work: Work,
    session: SessionKey,
    functions: Sequence[str],
    *,
    summary: str = "",
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    expected_version: int | None = None,
) -> WorkdaySession:
    """记录工作日的内容 · record what a session was about.

    :param session: 社区工作日 · the session
    :param functions: 工作内容：化解矛盾、改善民生、现场办公、调查研究 · codes of the functions that
        it covered
    :param summary: 小结，不含个人信息 · a summary, without personal data
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, FUNCTION_MISSING, UNKNOWN_CODE, TOO_LONG,
        FUTURE_DATE
    """
    row = await work.take(WorkdaySession, session, "session")
    await work.may(SESSION, row, "record")
    work.expect(row, expected_version)
    if not functions:
        REFUSALS.refuse("FUNCTION_MISSING", "functions")
    codes = await active_codes(work.connection, rules.FUNCTIONS, functions, "functions")
    await work.transition(
        SESSION,
        row,
        "record",
        WorkdaySessionTransition,
        occurred_at=occurred_at,
        on_behalf_of=await on_behalf(work, on_behalf_of),
        columns={"functions": codes, "summary": long_text(summary, "summary")},
        data={"functions": codes},
    )
    return row


async def close_session(
    work: Work,
    session: SessionKey,
    *,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    expected_version: int | None = None,
) -> WorkdaySession:
    """办结工作日，各事项须已建账或解决 · close a session whose matters are all entered or solved.

    :param session: 社区工作日 · the session
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, MATTERS_OPEN, FUTURE_DATE
    """
    row = await work.take(WorkdaySession, session, "session")
    await work.may(SESSION, row, "close")
    work.expect(row, expected_version)
    waiting = await (
        Issue.filter(
            source_type=WorkdaySession.__name__, source_id=row.id, state=IssueState.RECEIVED
        )
        .using_db(work.connection)
        .count()
    )
    if waiting:
        REFUSALS.refuse("MATTERS_OPEN", "session", n=waiting)
    await work.transition(
        SESSION,
        row,
        "close",
        WorkdaySessionTransition,
        occurred_at=occurred_at,
        on_behalf_of=await on_behalf(work, on_behalf_of),
    )
    return row
