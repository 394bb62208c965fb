"""Each hook, through the registry: what a plugin returns arrives with its owner."""

from __future__ import annotations

import pytest
import teahouse
from broken import good
from typer.testing import CliRunner

from gongzhi.contributions import PluginSettings
from gongzhi.hooks import HOOK_NAMES
from gongzhi.host import PluginRegistry
from gongzhi.settings import Settings


@pytest.fixture
def registry() -> PluginRegistry:
    settings = Settings(plugins=(), plugin={"teahouse": {"cups": 2}})
    return PluginRegistry.load(settings, beside=[good, teahouse.plugin], thorough=True)


def mine(pairs: object) -> list[object]:
    """Return what the teahouse contributes; the core contributes as well."""
    return [item for plugin, item in pairs if plugin is teahouse.plugin]


def test_every_hook_has_a_test() -> None:
    assert {f"test_hook_{name}" for name in HOOK_NAMES} - set(globals()) == set()


def test_hook_register_graphql(registry: PluginRegistry) -> None:
    assert mine(registry.graphql()) == [teahouse.Teapot]


def test_hook_register_permissions(registry: PluginRegistry) -> None:
    assert [p.code for p in mine(registry.permissions())] == ["teahouse.pot.read"]


def test_hook_register_settings(registry: PluginRegistry) -> None:
    assert registry.settings_of("teahouse") == teahouse.TeahouseSettings(cups=2)
    assert type(registry.settings_of("good")) is PluginSettings
    assert mine(registry.settings_models()) == [teahouse.TeahouseSettings]


def test_hook_register_code_lists(registry: PluginRegistry) -> None:
    assert mine(registry.code_lists()) == [teahouse.LEAVES]


def test_hook_register_registers(registry: PluginRegistry) -> None:
    assert [r.code for r in mine(registry.registers())] == ["TEA_DRINKER"]


def test_hook_register_imports(registry: PluginRegistry) -> None:
    assert [i.name for i in mine(registry.imports())] == ["teapots"]


def test_hook_register_jobs(registry: PluginRegistry) -> None:
    assert [j.name for j in mine(registry.jobs())] == ["teahouse.wash"]


def test_hook_register_subscribers(registry: PluginRegistry) -> None:
    assert [s.kinds for s in mine(registry.subscribers())] == [("core.member.*",)]


def test_hook_register_demo_data(registry: PluginRegistry) -> None:
    assert [d.load for d in mine(registry.demo_data())] == [teahouse.load]


def test_hook_register_commands(registry: PluginRegistry) -> None:
    group = registry.commands("teahouse")
    assert registry.commands("good") is None
    result = CliRunner().invoke(group, ["pour", "--cups", "3"])
    assert result.exit_code == 0
    assert group.info.epilog == "3 poured"


def test_hook_check(registry: PluginRegistry) -> None:
    assert [item for plugin, item in registry.checks() if plugin is teahouse.plugin] == []
    settings = Settings(plugins=(), plugin={"teahouse": {"cups": 0}})
    dry = PluginRegistry.load(settings, beside=[teahouse.plugin])
    assert [(p.name, str(problem)) for p, problem in dry.checks() if p.name != "core"] == [
        ("teahouse", "plugin.teahouse.cups: there are no cups → set it to 1 or more")
    ]
