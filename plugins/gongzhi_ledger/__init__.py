"""问题台账 · the problem ledger: 建账, 办理, 销账, 晒账, 结账."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from gongzhi import CodeEntry, CodeList, DemoData, Job, Permission, Plugin, hookimpl

SOURCES = CodeList(
    "issue_source",
    "问题来源",
    "sources of issues",
    (
        CodeEntry("WORKDAY", "社区工作日", "community work day"),
        CodeEntry("VISIT", "走访家访", "visit"),
        CodeEntry("WALK", "巡查", "round"),
        CodeEntry("HOTLINE", "热线", "hotline"),
        CodeEntry("MINI_PROGRAM", "小程序", "mini-program"),
        CodeEntry("STATION", "驿站（阵地）", "service station"),
        CodeEntry("GROUP_PATROL", "党小组巡访", "round of a Party group"),
        CodeEntry("DELIBERATION", "议事", "deliberation"),
        CodeEntry("OPINION_BOX", "意见箱", "opinion box"),
    ),
)

CATEGORIES = CodeList(
    "issue_category",
    "问题类别",
    "categories of issues",
    (
        CodeEntry("PUBLIC_ORDER", "治安秩序", "public order"),
        CodeEntry("UNLICENSED_BUSINESS", "无证经营", "unlicensed business"),
        CodeEntry("ENVIRONMENT", "环境卫生", "environment and sanitation"),
        CodeEntry("PUBLIC_FACILITIES", "公共设施", "public facilities"),
        CodeEntry("HOUSING", "房屋质量", "housing"),
        CodeEntry("PROPERTY_MANAGEMENT", "物业管理", "property management"),
        CodeEntry("NEIGHBOUR_DISPUTE", "邻里纠纷", "dispute between neighbours"),
        CodeEntry("EMPLOYMENT", "就业", "employment"),
        CodeEntry("ASSISTANCE", "帮困救助", "assistance"),
        CodeEntry("OTHER", "其他", "other"),
    ),
)

MEASURES = CodeList(
    "issue_measure",
    "处置措施",
    "measures",
    (
        CodeEntry("SOURCE_CONTROL", "源头治理", "control at the source"),
        CodeEntry("ENFORCEMENT", "行政执法", "administrative enforcement"),
        CodeEntry("TALK", "约访谈话", "summons and talk"),
        CodeEntry("CABLE", "安装有线电视", "cable television"),
        CodeEntry("WIRELESS", "安装地面无线接收器", "terrestrial wireless receivers"),
        CodeEntry("SURVEY", "摸底调查", "survey"),
        CodeEntry("WORKS", "工程整治", "works"),
        CodeEntry("MEDIATION", "调解", "mediation"),
    ),
)
"""The first five stand in S3, whose list ends with 等: more may come."""

_DISTRICT = ("DISTRICT_ORG_DEPT_ADMIN", "DISTRICT_SOCIETY_WORK_ADMIN")
_STAFF = (*_DISTRICT, "SUBDISTRICT_STAFF", "COMMUNITY_SECRETARY")
_COLLECTORS = (*_STAFF, "BRANCH_SECRETARY", "BRANCH_COMMITTEE_MEMBER", "GRID_WORKER")

PERMISSIONS = (
    Permission(
        "ledger.issue.read",
        "查看问题台账",
        "read the ledger",
        (*_COLLECTORS, "AUDITOR", "INTEGRATION"),
    ),
    Permission(
        "ledger.issue.receive",
        "受理问题",
        "receive issues",
        (*_COLLECTORS, "STATION_OPERATOR", "INTEGRATION"),
    ),
    Permission(
        "ledger.issue.open",
        "建账、转办、上报、合并、不予受理",
        "enter issues, hand them on, raise, merge and reject them",
        _STAFF,
    ),
    Permission(
        "ledger.issue.handle",
        "办理、销账",
        "handle and settle issues",
        (*_STAFF, "BRANCH_SECRETARY", "GRID_WORKER"),
    ),
    Permission("ledger.issue.visit", "回访", "record return visits", _COLLECTORS),
    Permission("ledger.issue.close", "晒账、结账、重启", "disclose, close and reopen", _STAFF),
    Permission(
        "ledger.issue.supervise",
        "研判、调度、督办",
        "study, dispatch and supervise",
        (*_DISTRICT, "SUBDISTRICT_STAFF", "COMMUNITY_SECRETARY"),
    ),
)


class Ledger(Plugin):
    """问题台账 · the problem ledger."""

    name = "ledger"
    title = "问题台账 · problem ledger"
    version = "0.1.0"
    api = 1
    requires = ("publication",)
    models = ("gongzhi_ledger.models",)
    migrations = "gongzhi_ledger.migrations"

    @hookimpl
    def register_graphql(self) -> Sequence[type]:
        """Return the types, and the fields added to the registry's types and the roots."""
        from gongzhi_ledger.api import GRAPHQL

        return GRAPHQL

    @hookimpl
    def register_permissions(self) -> Sequence[Permission]:
        """Return who may read, receive, enter, handle, visit, close and supervise."""
        return PERMISSIONS

    @hookimpl
    def register_code_lists(self) -> Sequence[CodeList]:
        """Return sources, categories and measures; all are open."""
        return (SOURCES, CATEGORIES, MEASURES)

    @hookimpl
    def register_jobs(self) -> Sequence[Job]:
        """Return what looks for late issues, early every day."""
        from gongzhi_ledger.jobs import OVERDUE, overdue

        return (Job(OVERDUE, overdue, daily=dt.time(0, 10)),)

    @hookimpl
    def register_demo_data(self) -> Sequence[DemoData]:
        """Return invented issues of the demo's organizations."""
        from gongzhi_ledger.demo import DEMO

        return DEMO


plugin = Ledger()
