"""Use cases of the community work day; mutations and other plugins reach them here."""

from gongzhi_workday.cases import advance_case, open_case
from gongzhi_workday.matters import take_matter
from gongzhi_workday.notices import publish_notice
from gongzhi_workday.planning import (
    SessionsPlanned,
    SkippedDay,
    cancel_session,
    change_session,
    plan_session,
    plan_sessions,
    postpone_session,
)
from gongzhi_workday.programmes import assign_liaison, end_liaison, set_programme
from gongzhi_workday.sessions import close_session, hold_session, record_session
from gongzhi_workday.visits import end_campaign, record_visit, start_campaign

__all__ = [
    "SessionsPlanned",
    "SkippedDay",
    "advance_case",
    "assign_liaison",
    "cancel_session",
    "change_session",
    "close_session",
    "end_campaign",
    "end_liaison",
    "hold_session",
    "open_case",
    "plan_session",
    "plan_sessions",
    "postpone_session",
    "publish_notice",
    "record_session",
    "record_visit",
    "set_programme",
    "start_campaign",
    "take_matter",
]
