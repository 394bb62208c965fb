"""The plugin as a whole: on and off, moved with its organization, and as its README says."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from gongzhi.errors import PluginError
from gongzhi.host import PluginRegistry
from gongzhi.registry import service as registry
from gongzhi.settings import Settings
from gongzhi_ledger import CATEGORIES, MEASURES, PERMISSIONS, SOURCES, models
from gongzhi_ledger.models import Issue, IssueReferral
from gongzhi_ledger.rules import MACHINE, REFUSALS
from gongzhi_schema.conformance import conformance_problems
from gongzhi_schema.district import open_district
from tests.conftest import FreshDatabase
from tests.plugins.ledger.conftest import Town, at, day

CORE_QUERY = "{ organizations { nodes { name } } publications { totalCount } }"


async def test_v28_switched_off_its_types_are_gone_and_its_rows_are_kept(town: Town) -> None:
    await town.disclosed()
    token = await town.token()
    before = await town.ask(CORE_QUERY, token)
    assert "type Issue " in town.district.sdl
    async with open_district(town.district.url, ["publication"]) as without:
        assert not re.search(r"\b(Issue|issue[A-Z]\w*|ReturnVisit)\b", without.sdl)
        assert (await without.execute(CORE_QUERY, token=token)).data == before
        refused = await without.execute("{ issues { totalCount } }", token=token)
        assert refused.tier == "refused"
    async with open_district(town.district.url, ["publication", "ledger"]) as again:
        result = await again.execute("{ issues { nodes { state } } }", token=token)
        assert result.data == {"issues": {"nodes": [{"state": "DISCLOSED"}]}}


def test_it_needs_publication() -> None:
    with pytest.raises(PluginError, match="requires the plugin 'publication'"):
        PluginRegistry.load(Settings(plugins=("ledger",)))


async def test_issues_move_with_their_organization_and_area(town: Town) -> None:
    issue = await town.opened()
    await town.do(
        "issueTransfer",
        select="issueReferral { id }",
        issue=issue,
        reason="属西侧居委",
        to=town.id("west"),
        occurredAt=at(day(1)),
    )
    east, west, far = (town.organizations[name] for name in ("east", "west", "far"))
    async with town.district.database():
        for moved in (east, west):
            await registry.move_organization(moved.id, far.id)
        row, referral = await Issue.get(), await IssueReferral.get()
    assert row.org_path == f"{far.path}{west.id}."
    assert referral.org_path == f"{far.path}{east.id}."
    assert row.area_path == town.areas["east"].path
    data = await town.ask(
        "{ issues { nodes { id } } }", await town.token("SUBDISTRICT_STAFF", "far")
    )
    assert data == {"issues": {"nodes": [{"id": issue}]}}
    assert await town.ask("{ issues { totalCount } }") == {"issues": {"totalCount": 0}}


async def test_it_keeps_what_every_plugin_must_keep(
    fresh_database: FreshDatabase, dialect: str
) -> None:
    url = fresh_database(dialect=dialect, migrated=False)
    assert await conformance_problems("ledger", url) == []


def test_the_readme_names_all_that_it_adds() -> None:
    text = (files("gongzhi_ledger") / "README.md").read_text(encoding="utf-8")
    codes = [e.code for each in (SOURCES, CATEGORIES, MEASURES) for e in each.entries]
    tables = [
        model._meta.db_table
        for model in vars(models).values()
        if isinstance(model, type) and getattr(model, "_meta", None) and model._meta.app == "ledger"
    ]
    own = [code for code in REFUSALS.texts if code not in {"NOT_FOUND", "CONFLICT", "STATE"}]
    for name in (*codes, *(each.code for each in PERMISSIONS), *tables, *own):
        assert f"`{name}`" in text, name


def test_the_readme_draws_the_machine() -> None:
    text = (files("gongzhi_ledger") / "README.md").read_text(encoding="utf-8")
    assert f"```mermaid\n{MACHINE.mermaid()}\n```" in text


async def test_the_readme_asks_what_can_be_asked(town: Town) -> None:
    issue = await town.opened()
    text = (files("gongzhi_ledger") / "README.md").read_text(encoding="utf-8")
    (query,) = re.findall(r"```graphql\n(.*?)```", text, re.DOTALL)
    (found,) = (await town.ask(query))["issues"]["nodes"]
    assert (found["viewerCan"], found["participants"]) == ({"settle": False}, []), issue
