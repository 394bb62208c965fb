"""The plugin as a whole: on and off, moved with its organization, and as its README says."""

from __future__ import annotations

from importlib.resources import files

import pytest

from gongzhi.errors import PluginError
from gongzhi.host import PluginRegistry
from gongzhi.registry import service
from gongzhi.settings import Settings
from gongzhi_publication import CATEGORIES, CHANNELS, PublicationSettings, plugin
from gongzhi_publication.models import Posting, Publication
from gongzhi_schema.conformance import conformance_problems
from gongzhi_schema.district import open_district
from tests.conftest import FreshDatabase
from tests.plugins.publication.conftest import Streets

CORE_QUERY = "{ organizations { nodes { name kind { labelZh } memberCount } } registers { count } }"


async def test_v28_switched_off_its_types_are_gone_and_its_rows_are_kept(
    streets: Streets,
) -> None:
    token = await streets.staff("east")
    before = await streets.ask(CORE_QUERY, token)
    visible = await streets.titles(token)
    assert "type Publication " in streets.district.sdl
    async with open_district(streets.district.url) as without:
        assert "ublication" not in without.sdl
        assert (await without.execute(CORE_QUERY, token=token)).data == before
        refused = await without.execute("{ publications { totalCount } }", token=token)
        assert refused.tier == "refused"
        assert "Cannot query field 'publications'" in refused.errors[0]["message"]
    async with open_district(streets.district.url, ["publication"]) as again:
        result = await again.execute("{ publications { nodes { title } } }", token=token)
        assert [row["title"] for row in result.data["publications"]["nodes"]] == visible
        async with again.database():
            assert await Publication.all().count() == len(streets.publications)


async def test_two_registries_in_one_process_do_not_mix(streets: Streets) -> None:
    async with open_district(streets.district.url) as without:
        assert "publications" not in without.sdl
        assert len(await streets.titles(await streets.staff("east"))) == 8


async def test_publications_move_with_their_organization(streets: Streets) -> None:
    branch, west = streets.organizations["east branch"], streets.organizations["west"]
    async with streets.district.database():
        await service.move_organization(branch.id, west.id)
        rows = await Publication.filter(organization_id=branch.id)
        postings = await Posting.filter(publication_id__in=[row.id for row in rows])
    assert {row.org_path for row in [*rows, *postings]} == {f"{west.path}{branch.id}."}
    assert "east due" in await streets.titles(await streets.staff("west"))
    assert "east due" not in await streets.titles(await streets.staff("east"))


async def test_it_keeps_what_every_plugin_must_keep(
    fresh_database: FreshDatabase, dialect: str
) -> None:
    url = fresh_database(dialect=dialect, migrated=False)
    assert await conformance_problems("publication", url) == []


def test_its_settings_are_checked() -> None:
    settings = Settings(
        plugins=("publication",), plugin={"publication": {"default_period_days": 0}}
    )
    with pytest.raises(PluginError, match=r"plugin\.publication\.default_period_days"):
        PluginRegistry.load(settings)


def test_the_readme_names_all_that_it_adds() -> None:
    text = (files("gongzhi_publication") / "README.md").read_text(encoding="utf-8")
    codes = [e.code for code_list in (CATEGORIES, CHANNELS) for e in code_list.entries]
    permissions = [p.code for p in plugin.register_permissions()]
    models = [m._meta.db_table for m in (Publication, Posting)]
    for name in (*codes, *permissions, *models, *PublicationSettings.model_fields):
        assert f"`{name}`" in text, name
