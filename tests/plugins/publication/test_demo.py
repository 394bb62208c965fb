"""The demo of publication, loaded with that of the registry, asked as its accounts would."""

from __future__ import annotations

import datetime as dt

from gongzhi import demo
from gongzhi.contributions import DemoData
from gongzhi.database import open_database
from gongzhi.host import PluginRegistry
from gongzhi.plugin import Plugin
from gongzhi.privacy import Privacy
from gongzhi.settings import Settings
from gongzhi_publication import plugin
from gongzhi_publication.demo import DEMO, plans
from gongzhi_publication.models import Posting, Publication
from gongzhi_publication.rules import PublicationState
from gongzhi_schema.district import District, open_district
from tests.conftest import FreshDatabase

TODAY = dt.date(2026, 11, 22)


def test_every_state_and_category_has_an_example() -> None:
    chosen = plans(TODAY, ["XINHAI-YUEJIN-RC"])
    assert {plan.state for plan in chosen} == set(PublicationState)
    assert len({plan.category for plan in chosen}) == 7
    assert {channel for plan in chosen for channel in plan.channels} == {
        "COMMUNITY_BOARD",
        "BUILDING_BOARD",
        "RESIDENT_AFFAIRS_BOARD",
        "BUILDING_LEADERS_MEETING",
        "OPINION_BOX",
        "HOME_VISIT",
    }
    assert all("示例" in plan.title for plan in chosen)


def test_nothing_is_published_after_today_and_no_due_day_is_a_surprise() -> None:
    for offset in range(7):
        today = TODAY + dt.timedelta(days=offset)
        for plan in plans(today, ["XINHAI-YUEJIN-RC"]):
            if plan.state in {PublicationState.PUBLISHED, PublicationState.WITHDRAWN}:
                assert plan.day + dt.timedelta(days=plan.withdrawn_after) < today, plan.title


def test_it_is_loaded_after_the_registry_even_if_it_comes_first_by_name() -> None:
    pairs: list[tuple[Plugin, DemoData]] = [
        (plugin, DEMO[0]),
        (plugin, DemoData("registry", _none)),
    ]
    assert [data.name for _, data in demo._in_order(tuple(pairs))] == ["registry", "publications"]


async def _none(_context: object) -> dict[str, int]:
    return {}


async def test_the_demo_answers(fresh_database: FreshDatabase, dialect: str) -> None:
    url = fresh_database([plugin], dialect=dialect)
    registry = PluginRegistry.load(Settings(plugins=("publication",)))
    report = await demo.load_demo(url, registry, Privacy(Privacy.new_secret()), today=TODAY)
    assert [(each.plugin, each.name) for each in report.loaded] == [
        ("core", "registry"),
        ("publication", "publications"),
    ]
    async with open_database(url, registry.plugins):
        counts = report.loaded[1].counts
        assert await Publication.all().count() == counts["publications"] == 32
        assert await Posting.all().count() == counts["postings"]
        assert not await Publication.filter(synthetic=False).exists()
    tokens = {account.name: account.token for account in report.accounts}
    async with open_district(url, ["publication"]) as district:
        await _reception_is_public(district)
        await _staff_see_what_is_due(district, tokens["demo-xinhai"], tokens["demo-ouyang"])
        await _about_the_property_company(district, tokens["demo-xinhai"])


async def _reception_is_public(district: District) -> None:
    """18 residents' committees of 欧阳路街道 and five of 新海镇 announce their reception."""
    result = await district.execute(
        """{ publications(first: 50, filter: {category: {eq: "SCHEDULE"}}) {
            totalCount nodes { organizationName listedOn isCurrent(asOf: "2026-11-22") body }
        } }"""
    )
    page = result.data["publications"]
    assert page["totalCount"] == 18 + 5
    assert "跃进居民委员会" in {row["organizationName"] for row in page["nodes"]}
    for row in page["nodes"]:
        assert row["listedOn"] == "2026-11-13"  # before the week's Monday
        assert row["isCurrent"]
        for field in ("接访时间", "接访人员", "接访地点"):
            assert field in row["body"]


async def _staff_see_what_is_due(district: District, xinhai: str, ouyang: str) -> None:
    query = """{ publicationsDue(asOf: "2026-11-22") { nodes { title isOverdue } } }"""
    result = await district.execute(query, token=xinhai)
    assert result.data["publicationsDue"]["nodes"] == [
        {"title": "红星居委会上季度财务公开（更正，示例）", "isOverdue": True},
        {"title": "跃进党支部半年党费收缴情况（示例）", "isOverdue": False},
    ]
    for token in (ouyang, None):
        result = await district.execute(query, token=token)
        assert result.data["publicationsDue"]["nodes"] == []


async def _about_the_property_company(district: District, token: str) -> None:
    result = await district.execute(
        """{ organization(code: "XINHAI-SHENGYUAN") { id name } }""", token=token
    )
    result = await district.execute(
        """query($id: ID!) { publicationsAbout(id: $id) { nodes {
            title organizationName publishedAt endsOn postings { channel { labelZh } }
        } } }""",
        {"id": result.data["organization"]["id"]},
    )
    assert result.data["publicationsAbout"]["nodes"] == [
        {
            "title": "生源物业服务满意度测评结果（示例）",
            "organizationName": "跃进居民委员会",
            "publishedAt": "2026-11-09T01:30:00.000Z",
            "endsOn": "2026-11-16",
            "postings": [
                {"channel": {"labelZh": "社区公开栏"}},
                {"channel": {"labelZh": "楼宇宣传栏"}},
            ],
        }
    ]
