"""The plugin as a whole: on and off, moved with its organization, and as its README says."""

from __future__ import annotations

from importlib.resources import files

import pytest

from gongzhi.access.roles import role_permissions
from gongzhi.database.lint import models_of
from gongzhi.errors import PluginError
from gongzhi.graph.mutations import Mutate
from gongzhi.host import PluginRegistry
from gongzhi.registry import service
from gongzhi.settings import Settings
from gongzhi_schema.conformance import conformance_problems
from gongzhi_schema.district import open_district
from gongzhi_workday import FUNCTIONS, PERMISSIONS, plugin, rules
from gongzhi_workday.jobs import JOBS
from gongzhi_workday.models import LiaisonAssignment, WorkdayProgramme, WorkdaySession
from gongzhi_workday.rules import REFUSALS
from gongzhi_workday.settings import WorkdaySettings
from tests.conftest import FreshDatabase
from tests.plugins.workday.conftest import PLUGINS, Town

CORE_QUERY = """{ organizations { nodes { name publications { totalCount }
    issues { totalCount nodes { title } } } } }"""


async def test_v28_switched_off_its_types_are_gone_and_its_rows_are_kept(town: Town) -> None:
    session = await town.reach("HELD")
    await town.do("workdayMatterTake", session=session, title="路灯不亮", category="OTHER")
    before = await town.ask(CORE_QUERY)
    assert "type WorkdaySession " in town.district.sdl
    async with open_district(town.district.url, ["publication", "ledger"]) as without:
        for word in ("orkday", "iaison", "mploymentCase", "Campaign", "visitsReceived"):
            assert word not in without.sdl, word
        assert (await without.execute(CORE_QUERY, token=town.staff)).data == before
        refused = await without.execute("{ workdaySessions { totalCount } }", token=town.staff)
        assert refused.tier == "refused"
    async with open_district(town.district.url, [each.name for each in PLUGINS]) as again:
        result = await again.execute("{ workdaySessions { nodes { id } } }", token=town.staff)
        assert result.data["workdaySessions"]["nodes"] == [{"id": session}]


async def test_sessions_and_liaisons_move_with_their_committee(town: Town) -> None:
    session = await town.plan()
    east, other = town.organizations["east"], town.organizations["other"]
    async with town.district.database():
        await service.move_organization(east.id, other.id)
        rows = [
            *await WorkdaySession.filter(organization_id=east.id),
            *await LiaisonAssignment.filter(organization_id=east.id),
        ]
        programme = await WorkdayProgramme.get(id=1)
    assert len(rows) == 3
    assert {row.org_path for row in rows} == {f"{other.path}{east.id}."}
    assert programme.org_path == town.organizations["town"].path
    data = await town.ask("{ workdaySessions { totalCount } }")
    assert data["workdaySessions"] == {"totalCount": 0}
    token = await town.district.token("SUBDISTRICT_STAFF", organization=other.code)
    data = await town.ask("{ workdaySessions { nodes { id } } }", token)
    assert data["workdaySessions"]["nodes"] == [{"id": session}]


async def test_it_keeps_what_every_plugin_must_keep(
    fresh_database: FreshDatabase, dialect: str
) -> None:
    url = fresh_database(dialect=dialect, migrated=False)
    assert await conformance_problems("workday", url) == []


def test_its_settings_are_checked() -> None:
    for name, value in (("notice_days_before", -1), ("max_sessions_per_plan", 0)):
        settings = Settings(
            plugins=("publication", "ledger", "workday"), plugin={"workday": {name: value}}
        )
        with pytest.raises(PluginError, match=f"plugin.workday.{name}"):
            PluginRegistry.load(settings)


def test_who_may_plan_may_also_publish_and_open_issues() -> None:
    settings = Settings(plugins=("publication", "ledger", "workday"))
    registry = PluginRegistry.load(settings)
    roles = role_permissions(each for _, each in registry.permissions())
    needed = {
        "publication.publication.manage",
        "ledger.issue.receive",
        "ledger.issue.open",
        "ledger.issue.handle",
        "workday.session.read",
        "workday.visit.record",
    }
    for role, held in roles.items():
        if rules.MANAGE in held:
            assert needed <= held, role
    assert rules.MANAGE in roles["COMMUNITY_SECRETARY"]
    assert not any(code.startswith("workday.") for code in roles["SYSTEM_ADMIN"])
    assert not {code for code in roles["AUDITOR"] if code.endswith(("manage", "record"))}


def test_every_code_that_a_mutation_names_has_its_words() -> None:
    from gongzhi_ledger.rules import REFUSALS as LEDGER
    from gongzhi_publication.rules import REFUSALS as PUBLICATION
    from gongzhi_workday.api import Mutations

    known = {*REFUSALS.texts, *LEDGER.texts, *PUBLICATION.texts}
    known |= {"DAY_OUT_OF_RANGE", "DAYS_OUT_OF_RANGE"}  # of the calendar
    named: set[str] = set()
    for field in Mutations.__strawberry_definition__.fields:
        source = next(each for each in field.metadata.values() if isinstance(each, Mutate))
        assert set(source.codes) <= known, source.name
        named |= set(source.codes)
    assert set(REFUSALS.texts) <= named


def test_the_readme_names_all_that_it_adds() -> None:
    from gongzhi_workday.api import Mutations

    text = (files("gongzhi_workday") / "README.md").read_text(encoding="utf-8")
    names = [
        *(each.code for each in FUNCTIONS.entries),
        *(each.code for each in PERMISSIONS),
        *(each.name for each in JOBS),
        *(each._meta.db_table for each in models_of("gongzhi_workday.models")),
        *WorkdaySettings.model_fields,
        *(
            "".join(p if n == 0 else p.title() for n, p in enumerate(f.python_name.split("_")))
            for f in Mutations.__strawberry_definition__.fields
        ),
    ]
    for name in names:
        assert f"`{name}`" in text, name
    assert plugin.requires == ("ledger", "publication")
