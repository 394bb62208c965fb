"""社区工作日 · the community work day: officials go to the residents' committees every week."""

from __future__ import annotations

from collections.abc import Sequence

from gongzhi import (
    CodeEntry,
    CodeList,
    DemoData,
    Job,
    Permission,
    Plugin,
    PluginSettings,
    hookimpl,
)

FUNCTIONS = CodeList(
    "workday_function",
    "社区工作日的工作内容",
    "functions of the community work day",
    (
        CodeEntry("CONFLICT_RESOLUTION", "化解矛盾", "resolving conflicts"),
        CodeEntry("LIVELIHOOD", "改善民生", "improving livelihood"),
        CodeEntry("ON_SITE_OFFICE", "现场办公", "deciding on the spot"),
        CodeEntry("INVESTIGATION", "调查研究", "investigation"),
    ),
)
"""四个直接下基层."""

_DISTRICT = ("DISTRICT_ORG_DEPT_ADMIN", "DISTRICT_SOCIETY_WORK_ADMIN")
_STAFF = (*_DISTRICT, "SUBDISTRICT_STAFF", "COMMUNITY_SECRETARY")
_VISITORS = (*_STAFF, "BRANCH_SECRETARY", "BRANCH_COMMITTEE_MEMBER", "GRID_WORKER")
_SOCIETY = ("DISTRICT_SOCIETY_WORK_ADMIN", "SUBDISTRICT_STAFF", "COMMUNITY_SECRETARY")

PERMISSIONS = (
    Permission(
        "workday.session.read",
        "查看社区工作日（含未公示的）、联系领导和大走访",
        "read sessions, also those not announced, liaisons and campaigns",
        (
            *_VISITORS,
            "GROUP_LEADER",
            "PARTY_MEMBER",
            "COUNCILLOR",
            "UNIT_REPRESENTATIVE",
            "AUDITOR",
            "INTEGRATION",
        ),
    ),
    Permission(
        "workday.programme.manage",
        "设定社区工作日安排和联系领导",
        "lay down programmes and liaisons",
        (*_DISTRICT, "SUBDISTRICT_STAFF"),
    ),
    Permission(
        "workday.session.manage",
        "安排、公示、开展、记录社区工作日",
        "plan, announce, hold and record sessions",
        _STAFF,
    ),
    Permission("workday.visit.read", "查看走访记录", "read visits", (*_VISITORS, "AUDITOR")),
    Permission("workday.visit.record", "登记走访", "record visits", _VISITORS),
    Permission("workday.campaign.manage", "开展和结束大走访", "start and end campaigns", _STAFF),
    Permission(
        "workday.case.read",
        "查看就业帮扶",
        "read employment cases",
        (*_SOCIETY, "AUDITOR"),
    ),
    Permission("workday.case.manage", "办理就业帮扶", "handle employment cases", _SOCIETY),
)


class Workday(Plugin):
    """社区工作日 · the community work day."""

    name = "workday"
    title = "社区工作日 · community work day"
    version = "0.1.0"
    api = 1
    requires = ("ledger", "publication")
    models = ("gongzhi_workday.models",)
    migrations = "gongzhi_workday.migrations"

    @hookimpl
    def register_graphql(self) -> Sequence[type]:
        """Return the types, and the fields added to types of the core and of the ledger."""
        from gongzhi_workday.api import GRAPHQL

        return GRAPHQL

    @hookimpl
    def register_permissions(self) -> Sequence[Permission]:
        """Return who may read, plan, visit and help."""
        return PERMISSIONS

    @hookimpl
    def register_settings(self) -> type[PluginSettings]:
        """Return the model of the settings."""
        from gongzhi_workday.settings import WorkdaySettings

        return WorkdaySettings

    @hookimpl
    def register_code_lists(self) -> Sequence[CodeList]:
        """Return the four functions."""
        return (FUNCTIONS,)

    @hookimpl
    def register_jobs(self) -> Sequence[Job]:
        """Return the daily look for missing notices."""
        from gongzhi_workday.jobs import JOBS

        return JOBS

    @hookimpl
    def register_demo_data(self) -> Sequence[DemoData]:
        """Return the work day of 新海镇 with its four cases."""
        from gongzhi_workday.demo import DEMO

        return DEMO


plugin = Workday()
