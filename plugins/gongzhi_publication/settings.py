"""Code lists and settings: what a deployment may add to and choose."""

from __future__ import annotations

from pydantic import Field

from gongzhi.contributions import CodeEntry, CodeList, PluginSettings

CATEGORIES = CodeList(
    "publication_category",
    "公示类别",
    "categories of publication",
    (
        CodeEntry("PARTY_AFFAIRS", "党务", "Party affairs"),
        CodeEntry("RESIDENT_AFFAIRS", "居务", "residents' affairs"),
        CodeEntry("FINANCE", "财务", "finance"),
        CodeEntry("RESOLUTION", "决议", "resolution"),
        CodeEntry("RESULT", "结果", "result"),
        CodeEntry("SCHEDULE", "接访公示", "schedule of reception"),
        CodeEntry("ROSTER", "名单", "roster"),
    ),
)

CHANNELS = CodeList(
    "publication_channel",
    "公示渠道",
    "channels of publication",
    (
        CodeEntry("COMMUNITY_BOARD", "社区公开栏", "community notice board"),
        CodeEntry("BUILDING_BOARD", "楼宇宣传栏", "notice board in a building"),
        CodeEntry("RESIDENT_AFFAIRS_BOARD", "居务公开栏", "residents' affairs board"),
        CodeEntry("BUILDING_LEADERS_MEETING", "楼组长会议", "meeting of building leaders"),
        CodeEntry("OPINION_BOX", "意见箱", "opinion box"),
        CodeEntry("HOME_VISIT", "调查走访", "survey and home visit"),
    ),
)
"""The six channels that the source documents name; their lists end with 等, so more may come."""


class PublicationSettings(PluginSettings):
    """The table ``[plugin.publication]``."""

    default_period_days: int = Field(
        default=7,
        ge=1,
        le=365,
        description="公示期（自然日），用于未另行规定的事项 · calendar days of a notice "
        "for which no other period is laid down. Seven hold the five working days that "
        "《党政领导干部选拔任用工作条例》 asks for at least.",
    )
