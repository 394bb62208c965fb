"""Discovery, validation and order: every fault is named with its mend, all at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gongzhi.errors import PluginError, Problem
from gongzhi.host import PluginRegistry, discover, installed
from gongzhi.plugin import Plugin
from gongzhi.settings import Settings
from tests.host.conftest import FIXTURES, Install, write_distribution


def load(*names: str, **tables: dict[str, object]) -> PluginRegistry:
    return PluginRegistry.load(Settings(plugins=names, plugin=tables), thorough=True)


def problems(*names: str, **tables: dict[str, object]) -> tuple[Problem, ...]:
    with pytest.raises(PluginError) as caught:
        load(*names, **tables)
    return caught.value.problems


# where the problem is, what it says, what mends it
FAULTS = [
    ("raises", "raises:plugin", "RuntimeError: the cups are broken", "GONGZHI_TRACE_PLUGINS"),
    ("leaves", "leaves:plugin", "SystemExit: 3", "GONGZHI_TRACE_PLUGINS"),
    ("lacks", "lacks_module:plugin", "gongzhi_no_such_module", "install what provides"),
    ("gone", "broken:gone", "no attribute 'gone'", "GONGZHI_TRACE_PLUGINS"),
    ("thing", "broken:not_a_plugin", "is object, not a Plugin instance", "plugin = MyPlugin()"),
    ("a_class", "broken:a_class", "not a Plugin instance", "an instance of it"),
    ("other_name", "broken:other_name", "the plugin 'elsewhere'", "the same name"),
    ("Bad-Name", "broken:good", "is no name for a plugin", "small letters"),
    ("bare", "broken:bare", "Bare has no api", "write: api = 1"),
    ("bare", "broken:bare", "Bare has no title", "write: title ="),
    ("old_api", "broken:old_api", "plugin API 0, this gongzhi speaks 1", "release of the plugin"),
    ("new_api", "broken:new_api", "plugin API 2, this gongzhi speaks 1", "newer gongzhi"),
    ("list_of_models", "broken:list_of_models", "models is list, not tuple", "models = ("),
    ("needs_ghost", "broken:needs_ghost", "requires the plugin 'ghost'", 'add "ghost"'),
    ("forgot_mark", "broken:forgot_mark", "without @hookimpl", "decorate it"),
    ("misspelt", "broken:misspelt", "register_permission is no hook", "register_permissions?"),
    ("misspelt_unmarked", "broken:misspelt_unmarked", "is no hook", "register_graphql?"),
    ("an_async", "broken:an_async", "is async", "plain def"),
    ("wrapper", "broken:wrapper", "is a wrapper", "the plugin itself"),
    ("other_arguments", "broken:other_arguments", "takes database", "it may take: settings"),
    ("raising", "broken:raising", "register_permissions failed: LookupError: no tea", "TRACE"),
    ("returns_none", "broken:returns_none", "returned None", "a tuple of Permission objects"),
    ("returns_texts", "broken:returns_texts", "returned str", "a tuple of Permission objects"),
    ("returns_generator", "broken:returns_generator", "generator", "a tuple of CodeList objects"),
    ("returns_instance", "broken:returns_instance", "returned PluginSettings", "the class itself"),
    ("returns_field", "broken:returns_field", "returned object", "a tuple of classes"),
    ("commands_return", "broken:commands_return", "returned Typer", "return nothing"),
    ("foreign_permission", "broken:foreign_permission", "'core.tea.read'", "as in: foreign_"),
    ("twice_permission", "broken:twice_permission", "2 times, by twice_permission", "all but one"),
    ("bad_register", "broken:bad_register", "asks for 'stag'", "did you mean stage?"),
    ("bad_register", "broken:bad_register", "no model of an enabled plugin", "one it requires"),
    ("bad_import", "broken:bad_import", "the import 'cups' is contributed 2 times", "all but one"),
    ("bad_demo", "broken:bad_demo", "comes after 'saucers', which nobody has", "known: "),
    ("no_module", "broken:no_module", "gongzhi_nowhere", "install what provides"),
    ("bad_models", "broken:bad_models", "bad_models.Cup says no app", 'app = "bad_models"'),
    ("bad_models", "broken:bad_models", "PotLid says app 'core'", 'app = "bad_models"'),
    ("bad_models", "broken:bad_models", "'core_pot_lid'", 'table = "bad_models_pot_lid"'),
    ("bad_models", "broken:bad_models", "no migrations package", "gongzhi_bad_models.migrations"),
    ("no_migrations", "broken:no_migrations", "no package gongzhi_nowhere.x", "makemigrations"),
]


@pytest.mark.parametrize(("name", "target", "what", "mend"), FAULTS)
def test_each_fault_is_told_with_its_mend(
    install: Install, name: str, target: str, what: str, mend: str
) -> None:
    install(**{name: target})
    found = problems(name)
    assert [p for p in found if p.where == name and what in p.what and mend in p.mend], found
    assert all(p.mend for p in found)


def test_all_problems_are_told_at_once(install: Install) -> None:
    install(
        raises="raises:plugin",
        forgot_mark="broken:forgot_mark",
        raising="broken:raising",
        settled="broken:settled",
    )
    found = problems("raises", "publicaton", "forgot_mark", "raising", "settled", "core")
    assert {p.where for p in found} == {
        "raises",
        "publicaton",
        "forgot_mark",
        "raising",
        "plugin.settled.cups",
        "core",
    }


def test_what_is_not_installed_is_told_with_the_nearest_name(install: Install) -> None:
    install(teahouse="teahouse:plugin")
    (near,) = problems("teahose")
    assert str(near) == "teahose: is enabled but not installed → did you mean teahouse?"
    (far,) = problems("xyz")
    assert "publication, teahouse" in far.mend


def test_the_core_is_not_named(install: Install) -> None:
    assert "always enabled" in problems("core")[0].what


def test_two_distributions_of_one_plugin_are_named(install: Install) -> None:
    install(teahouse="teahouse:plugin")
    install("gongzhi-other", teahouse="broken:good")
    (found,) = problems("teahouse")
    assert "gongzhi-fixtures and gongzhi-other" in found.what
    assert len(installed()["teahouse"]) == 2


def test_a_cycle_is_told_in_the_direction_of_the_requirements(install: Install) -> None:
    install(first="broken:first", second="broken:second", third="broken:third")
    (found,) = problems("third", "second", "first")
    assert "first → second → third → first" in found.what


def test_both_sides_of_a_clash_are_named(install: Install) -> None:
    install(twice_code="broken:twice_code", twice_code_too="broken:twice_code_too")
    (found,) = problems("twice_code", "twice_code_too")
    assert "'leaf.GREEN'" in found.what
    assert "twice_code and twice_code_too" in found.what


@pytest.mark.parametrize(
    ("table", "where", "what"),
    [
        ({}, "plugin.settled.cups", "is missing"),
        ({"cups": "many"}, "plugin.settled.cups", "valid integer"),
        ({"cups": 1, "leav": "x"}, "plugin.settled.leav", "no such setting → did you mean leaf?"),
    ],
)
def test_settings_are_checked_by_the_plugin_s_model(
    install: Install, table: dict[str, object], where: str, what: str
) -> None:
    install(settled="broken:settled")
    (found,) = problems("settled", settled=table)
    assert found.where == where
    assert what in str(found)


def test_settings_of_a_plugin_without_any_are_refused(install: Install) -> None:
    install(good="broken:good")
    (found,) = problems("good", good={"cups": 1})
    assert str(found) == "plugin.good.cups: there is no such setting → take it out"


def test_settings_may_stay_while_a_plugin_is_off_but_not_be_misspelt(install: Install) -> None:
    install(teahouse="teahouse:plugin")
    assert load(teahouse={"cups": 1}).names == ("core",)
    (found,) = problems(teahose={"cups": 1})
    assert found.mend == "did you mean plugin.teahouse?"


class Named(Plugin):
    """A plugin made for the tests of the order."""

    title = "测试 · test"
    version = "0.1.0"
    api = 1


def named(name: str, *requires: str) -> Plugin:
    return type(name, (Named,), {"name": name, "requires": requires})()


def test_the_order_follows_the_requirements_then_the_names() -> None:
    plugins = [named("a", "c"), named("b"), named("c", "d"), named("d"), named("e")]
    for given in (plugins, plugins[::-1]):
        registry = PluginRegistry.load(Settings(plugins=()), beside=given)
        assert registry.names == ("core", "b", "d", "e", "c", "a")


def test_two_registries_in_one_process_do_not_meet(install: Install) -> None:
    install(teahouse="teahouse:plugin")
    with_tea = load("teahouse", teahouse={"cups": 9})
    without = load()
    again = load("teahouse")
    assert "teahouse" not in without.names
    assert not [p for p, _ in without.permissions() if p.name == "teahouse"]
    assert with_tea.settings_of("teahouse").cups == 9
    assert again.settings_of("teahouse").cups == 6
    assert with_tea.plugin("teahouse") is again.plugin("teahouse")
    with pytest.raises(KeyError):
        without.plugin("teahouse")


def test_a_hook_that_is_asked_later_fails_as_clearly(install: Install) -> None:
    install(returns_field="broken:returns_field")
    registry = PluginRegistry.load(Settings(plugins=("returns_field",)))
    with pytest.raises(PluginError, match="returns_field: register_graphql"):
        registry.graphql()


def test_tracing_tells_each_call_but_no_settings(
    install: Install, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    install(teahouse="teahouse:plugin", raising="broken:raising")
    load("teahouse")
    assert capfd.readouterr().err == ""
    monkeypatch.setenv("GONGZHI_TRACE_PLUGINS", "1")
    load("teahouse", teahouse={"cups": 77123}).checks()
    told = capfd.readouterr().err
    assert "gongzhi hook teahouse.register_permissions: 1 tuple items" in told
    assert "gongzhi hook teahouse.register_settings: TeahouseSettings" in told
    assert "gongzhi hook teahouse.check" in told
    assert "77123" not in told
    problems("raising")
    told = capfd.readouterr().err
    assert "raising.register_permissions: raised LookupError" in told
    assert "Traceback" in told


def test_what_is_not_enabled_is_not_imported(tmp_path: Path) -> None:
    write_distribution(
        tmp_path, "gongzhi-fixtures", {"raises": "raises:plugin", "teahouse": "teahouse:plugin"}
    )
    program = (
        "import sys\n"
        "from gongzhi.host import PluginRegistry, installed\n"
        "from gongzhi.settings import Settings\n"
        "registry = PluginRegistry.load(Settings(plugins=('teahouse',)), thorough=True)\n"
        "assert registry.names == ('core', 'teahouse')\n"
        "assert {'raises', 'publication', 'teahouse'} <= set(installed())\n"
        "print(*sorted({'raises', 'teahouse', 'gongzhi_publication'} & set(sys.modules)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{FIXTURES}"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout == "teahouse\n"


def test_discovery_gives_what_is_there_beside_what_is_not(install: Install) -> None:
    install(teahouse="teahouse:plugin", raises="raises:plugin")
    plugins, found = discover(["teahouse", "raises", "ghost"])
    assert list(plugins) == ["teahouse"]
    assert [p.where for p in found] == ["raises", "ghost"]
