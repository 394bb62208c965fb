"""Use cases: help for one person to find work, step by step."""

from __future__ import annotations

import datetime as dt

from gongzhi.refusals import insist
from gongzhi.registry.models import Organization, Person
from gongzhi.writing import OrganizationKey, PersonKey, Work
from gongzhi_workday.common import long_text, must_be_open, must_have_happened, on_behalf, text
from gongzhi_workday.keys import CaseKey, SessionKey, VisitKey
from gongzhi_workday.models import (
    EmploymentCase,
    EmploymentCaseTransition,
    Visit,
    WorkdaySession,
)
from gongzhi_workday.rules import (
    CASE,
    REFUSALS,
    CaseFacts,
    EmploymentStep,
    check_case,
    check_masked,
)


async def open_case(
    work: Work,
    organization: OrganizationKey,
    *,
    subject: PersonKey | None = None,
    subject_label: str = "",
    need: str = "",
    session: SessionKey | None = None,
    visit: VisitKey | None = None,
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
) -> EmploymentCase:
    """了解到就业需求，开始帮扶 · a need for work was learned, help begins.

    :param organization: 居委会 · the committee
    :param subject: 帮扶对象 · who is helped
    :param subject_label: 未建档的帮扶对象，姓名须脱敏 · who is helped and has no record, masked
    :param need: 需求和困难 · the need, and what is in the way
    :param session: 了解需求的社区工作日 · the session at which it was learned
    :param visit: 了解需求的走访 · the visit on which it was learned
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, SUBJECT_MISSING, NOT_MASKED, OTHER_ORGANIZATION,
        TOO_LONG, FUTURE_DATE
    """
    where = await work.find(Organization, organization, "organization")
    must_be_open(where)
    label = text(EmploymentCase, "subject_label", subject_label)
    if subject is None and not label:
        REFUSALS.refuse("SUBJECT_MISSING", "subject")
    insist(check_masked(label, "subject_label"))
    if subject is not None:
        await work.find(Person, subject, "subject")
    origins: list[tuple[str, WorkdaySession | Visit]] = []
    if session is not None:
        origins.append(("session", await work.find(WorkdaySession, session, "session")))
    if visit is not None:
        origins.append(("visit", await work.find(Visit, visit, "visit")))
    for field, origin in origins:
        if origin.organization_id != where.id:
            REFUSALS.refuse("OTHER_ORGANIZATION", field)
    return await work.begin(
        CASE,
        EmploymentCase(
            organization_id=where.id,
            org_path=where.path,
            subject_id=subject,
            subject_label=label,
            need=long_text(need, "need"),
            session_id=session,
            visit_id=visit,
            synthetic=where.synthetic,
        ),
        "open",
        EmploymentCaseTransition,
        occurred_at=occurred_at,
        on_behalf_of=await on_behalf(work, on_behalf_of),
        data={"session_id": session, "visit_id": visit},
    )


async def advance_case(
    work: Work,
    case: CaseKey,
    step: EmploymentStep,
    *,
    post: str = "",
    employer: str = "",
    plan: str = "",
    support: str = "",
    occurred_at: dt.datetime | None = None,
    on_behalf_of: PersonKey | None = None,
    reason: str = "",
    document: str = "",
    expected_version: int | None = None,
) -> EmploymentCase:
    """办理就业帮扶的下一步，步骤须依次进行 · take the next step of a case, one after the other.

    :param case: 就业帮扶 · the case
    :param step: 步骤 · the step
    :param post: 岗位，找到岗位时必填 · the post, needed when one was found
    :param employer: 用人单位 · the employer
    :param plan: “一对一”就促方案，制定方案时必填 · the one-to-one plan, needed when it is made
    :param support: 落实的保障，如夜班宿舍 · the support that was arranged, such as a dormitory for
        night shifts
    :raises RuleError: NOT_FOUND, STATE, CONFLICT, POST_MISSING, PLAN_MISSING, SUPPORT_MISSING,
        TOO_LONG, FUTURE_DATE
    """
    row = await work.take(EmploymentCase, case, "case")
    await work.may(CASE, row, step.value)
    work.expect(row, expected_version)
    at = must_have_happened(work, occurred_at)
    given = {
        "post": text(EmploymentCase, "post", post),
        "employer": text(EmploymentCase, "employer", employer),
        "plan": long_text(plan, "plan"),
        "support": long_text(support, "support"),
    }
    insist(check_case(step, CaseFacts(given["post"], given["plan"], given["support"])))
    columns: dict[str, object] = {name: value for name, value in given.items() if value}
    if step is EmploymentStep.EMPLOY:
        columns["employed_on"] = at.astimezone(work.deployment.zone).date()
    await work.transition(
        CASE,
        row,
        step.value,
        EmploymentCaseTransition,
        occurred_at=occurred_at,
        on_behalf_of=await on_behalf(work, on_behalf_of),
        reason=long_text(reason, "reason"),
        document=text(EmploymentCaseTransition, "document", document),
        columns=columns,
    )
    return row
