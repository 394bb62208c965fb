"""公示、公开与通报 · what is made public, where, when, for how long and about what."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from gongzhi import (
    CodeEntry,
    CodeList,
    DemoData,
    Permission,
    Plugin,
    PluginSettings,
    hookimpl,
)

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


_READERS = (
    "DISTRICT_ORG_DEPT_ADMIN",
    "DISTRICT_SOCIETY_WORK_ADMIN",
    "SUBDISTRICT_STAFF",
    "COMMUNITY_SECRETARY",
    "BRANCH_SECRETARY",
    "BRANCH_COMMITTEE_MEMBER",
    "AUDITOR",
    "INTEGRATION",
)


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


class Publication(Plugin):
    """公示公开 · publication."""

    name = "publication"
    title = "公示公开 · publication"
    version = "0.1.0"
    api = 1
    models = ("gongzhi_publication.models",)
    migrations = "gongzhi_publication.migrations"

    @hookimpl
    def register_graphql(self) -> Sequence[type]:
        """Return the types and the fields added to ``Organization`` and ``Query``."""
        from gongzhi_publication.api import GRAPHQL

        return GRAPHQL

    @hookimpl
    def register_permissions(self) -> Sequence[Permission]:
        """Return the one permission; what is published needs none."""
        title_zh = "查看公示（含未公示和已撤下的）"
        title_en = "read publications, also those not yet published and those withdrawn"
        return (Permission("publication.publication.read", title_zh, title_en, _READERS),)

    @hookimpl
    def register_settings(self) -> type[PluginSettings]:
        """Return the model of the settings."""
        return PublicationSettings

    @hookimpl
    def register_code_lists(self) -> Sequence[CodeList]:
        """Return the categories and the channels."""
        return (CATEGORIES, CHANNELS)

    @hookimpl
    def register_demo_data(self) -> Sequence[DemoData]:
        """Return invented publications of the demo's organizations."""
        from gongzhi_publication.demo import DEMO

        return DEMO


plugin = Publication()
