"""Settings of the community work day."""

from __future__ import annotations

from pydantic import Field

from gongzhi import PluginSettings


class WorkdaySettings(PluginSettings):
    """The table ``[plugin.workday]``."""

    notice_days_before: int = Field(
        default=2,
        ge=0,
        le=30,
        description="工作日前几天仍未公示即提醒（自然日） · calendar days before a session from "
        "which a missing notice is recorded. The source documents do not say when it is due.",
    )
    max_sessions_per_plan: int = Field(
        default=500,
        ge=1,
        le=5000,
        description="一次最多安排的场数 · sessions that can be planned in one go: they are one "
        "transaction.",
    )
