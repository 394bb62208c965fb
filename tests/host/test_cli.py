"""The command line: what it prints, its exit codes, one clear message for each fault."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gongzhi.privacy import Privacy
from tests.host.conftest import Gongzhi, Install, Point, configure

# ---- without a database --------------------------------------------------------------------------


def test_help_loads_neither_plugins_nor_database() -> None:
    program = (
        "import sys\n"
        "from gongzhi_schema.cli import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit as left:\n    assert not left.code\n"
        "heavy = {'tortoise', 'strawberry', 'graphql', 'pydantic', 'gongzhi.host', 'uvicorn'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"
    assert "Usage: gongzhi" in done.stdout


def test_the_help_of_every_command_says_what_it_does(gongzhi: Gongzhi) -> None:
    listed = re.findall(
        r"^  (\w+)  +(\S.*)$", gongzhi("--help").out.split("Commands:")[1], re.MULTILINE
    )
    assert {"demo", "serve", "migrate", "import", "token", "schema"} <= {name for name, _ in listed}
    for name, summary in listed:
        assert summary.endswith("."), name
        assert gongzhi(name, "--help").code == 0


def test_the_version_is_the_distribution_s(gongzhi: Gongzhi) -> None:
    assert re.fullmatch(r"gongzhi \d+\.\d+\.\d+\n", gongzhi("--version").out)


def test_secret_prints_a_usable_one(gongzhi: Gongzhi) -> None:
    first, second = gongzhi("secret").out.strip(), gongzhi("secret").out.strip()
    assert first != second
    assert Privacy(first).decrypt(Privacy(first).encrypt("甲")) == "甲"


def test_an_unknown_command_is_refused_with_the_nearest(gongzhi: Gongzhi) -> None:
    answer = gongzhi("migrat")
    assert answer.code == 2
    assert "Did you mean 'migrate'" in answer.err


def test_plugins_are_listed_with_what_they_add(gongzhi: Gongzhi, install: Install) -> None:
    install(teahouse="teahouse:plugin", raises="raises:plugin")
    configure('plugins = ["teahouse"]')
    lines = gongzhi("plugins").out.splitlines()
    assert lines[0].split() == ["plugin", "state", "version", "requires", "adds", "title"]
    states = {line.split()[0]: line.split()[1] for line in lines[1:]}
    assert states == {
        "core": "enabled",
        "teahouse": "enabled",
        "raises": "installed",
        "ledger": "installed",
        "publication": "installed",
        "workday": "installed",
    }
    rows = {row["name"]: row for row in json.loads(gongzhi("plugins", "--json").out)}
    assert rows["teahouse"]["distribution"] == "gongzhi-fixtures"
    assert rows["teahouse"]["adds"] == {
        "tables": [],
        "types": ["Teapot"],
        "extensions": [],
        "permissions": ["teahouse.pot.read"],
        "code lists": ["leaf"],
        "registers": ["TEA_DRINKER"],
        "imports": ["teapots"],
        "demo data": ["teapots"],
        "settings": ["cups"],
        "commands": ["pour", "wash"],
    }
    assert "core_member" in rows["core"]["adds"]["tables"]


def test_a_plugin_s_commands_stand_under_its_name(gongzhi: Gongzhi, install: Install) -> None:
    install(teahouse="teahouse:plugin")
    assert gongzhi("teahouse", "pour").code == 2  # installed, but not enabled
    configure('plugins = ["teahouse"]')
    assert gongzhi("teahouse", "pour", "--cups", "2").code == 0
    assert "Pour tea." in gongzhi("teahouse", "--help").out
    assert gongzhi("teahouse", "drink").code == 2


def test_another_settings_file_can_be_named(gongzhi: Gongzhi, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('plugins = ["ghost"]\n')
    answer = gongzhi("--config", str(other), "plugins")
    assert answer.code == 1
    assert "ghost: is enabled but not installed" in answer.err


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("plugins = [", "is not TOML"),
        ("plugns = []", "did you mean plugins?"),
        ('plugins = ["ghost"]', "ghost: is enabled but not installed"),
        ("plugins = []\n[plugin.core]\ncups = 1", "plugin.core.cups: there is no such setting"),
    ],
)
def test_faulty_configuration_gives_one_message_and_no_traceback(
    gongzhi: Gongzhi, toml: str, told: str
) -> None:
    configure(toml)
    for command in (("check",), ("migrate",), ("serve",), ("plugins",), ("token", "list")):
        answer = gongzhi(*command)
        assert answer.code == 1
        assert told in answer.err
        assert "Traceback" not in answer.err


def test_check_tells_what_a_plugin_finds_in_its_settings(
    gongzhi: Gongzhi, install: Install
) -> None:
    install(teahouse="teahouse:plugin")
    configure('plugins = ["teahouse"]\n[plugin.teahouse]\ncups = 0\n')
    answer = gongzhi("check")
    assert answer.code == 1
    assert "plugin.teahouse.cups: there are no cups → set it to 1 or more" in answer.err


def test_check_passes_for_the_core_and_for_the_bundled_plugins(gongzhi: Gongzhi) -> None:
    answer = gongzhi("check")
    assert (answer.code, answer.out) == (0, "in order: core\n")
    configure("")
    answer = gongzhi("check")
    assert (answer.code, answer.out) == (0, "in order: core, publication, ledger, workday\n")


# ---- with a database -----------------------------------------------------------------------------


def test_migrate_says_what_it_applied_and_then_nothing(at: Point) -> None:
    gongzhi = at()
    answer = gongzhi("migrate")
    assert answer.code == 0
    assert answer.out.splitlines()[0] == "  core.0001_initial"
    assert re.search(r"^\d+ migrations applied$", answer.out, re.MULTILINE)
    assert gongzhi("migrate").out == "nothing to migrate\n"


def test_whatever_needs_the_tables_says_that_they_are_not_there(
    at: Point,
) -> None:
    gongzhi = at()
    for command in (("serve",), ("account", "list"), ("token", "list"), ("grant", "list")):
        answer = gongzhi(*command)
        assert answer.code == 1
        assert "core.0001_initial" in answer.err
        assert "run: gongzhi migrate" in answer.err


def test_access_is_given_and_taken(at: Point) -> None:
    gongzhi = at(migrated=True)
    assert gongzhi("account", "create", "张三").code == 0
    twice = gongzhi("account", "create", "张三")
    assert (twice.code, twice.out) == (1, "")
    assert twice.err == "gongzhi: 账号“张三”已存在 · there is an account '张三' already"
    assert gongzhi("account", "create", "bus", "--service").code == 0
    made = gongzhi("token", "create", "张三", "--label", "laptop", "--expires", "2099-01-01")
    assert re.fullmatch(r"gz_[\w-]{43}\n", made.out)
    listed = gongzhi("token", "list", "--account", "张三").out.splitlines()
    assert listed[1].split()[:3] == ["1", "张三", "laptop"]
    assert "2099-01-01 00:00+08:00" in listed[1]
    assert made.out.strip() not in "".join(listed)
    assert gongzhi("token", "revoke", "1").code == 0
    assert gongzhi("token", "list").out.splitlines()[1].split()[-1] != "-"
    given = gongzhi("grant", "add", "张三", "AUDITOR", "--everything", "--from", "2026-05-01")
    assert given.out == "grant 1 given\n"
    row = gongzhi("grant", "list").out.splitlines()[1]
    assert "everything  2026-05-01 00:00+08:00  -" in row
    assert gongzhi("grant", "end", "1").code == 0
    assert gongzhi("grant", "list").out.splitlines()[1].split()[-1] != "-"
    assert gongzhi("account", "disable", "张三").code == 0
    states = {
        line.split()[0]: line.split()[2] for line in gongzhi("account", "list").out.splitlines()
    }
    assert states == {"account": "state", "bus": "on", "张三": "off"}
    assert "已停用" in gongzhi("token", "create", "张三").err
    assert gongzhi("account", "enable", "张三").code == 0
    assert gongzhi("token", "create", "张三").code == 0


def test_a_date_that_is_none_is_refused(at: Point) -> None:
    gongzhi = at(migrated=True)
    gongzhi("account", "create", "a")
    answer = gongzhi("token", "create", "a", "--expires", "soon")
    assert answer.code == 2
    assert "2026-05-01" in answer.err
    assert gongzhi("token", "list").out.count("\n") == 1


def test_a_plugin_s_tables_come_and_go(at: Point, tea: Path) -> None:
    gongzhi = at("tea", migrated=True)
    assert gongzhi("migrate").out.splitlines()[0] == "  tea.0001_initial"
    configure(Path("gongzhi.toml").read_text().replace('"tea"', ""))
    assert gongzhi("account", "list").code == 0  # its tables stay while it is off
    for answers in ("n\n", ""):
        asked = gongzhi("purge", "tea", answers=answers)
        assert asked.code == 1
        assert "tea_party: 0 rows (tea)" in asked.out
        assert "purged" not in asked.out
    assert gongzhi("purge", "tea", answers="y\n").out.endswith("purged: tea\n")
    again = gongzhi("purge", "tea", "--yes")
    assert again.code == 1
    assert "it has no tables here" in again.err
    assert "everything else stands on it" in gongzhi("purge", "core", "--yes").err


def test_purging_what_is_enabled_says_so(at: Point, tea: Path) -> None:
    gongzhi = at("tea", migrated=True)
    gongzhi("migrate")
    assert "still enabled: take tea out" in gongzhi("purge", "tea", "--yes").out


def test_makemigrations_writes_what_is_committed(gongzhi: Gongzhi, tea: Path) -> None:
    configure('plugins = ["tea"]')
    assert gongzhi("makemigrations", "tea").out == "no changes\n"
    assert gongzhi("check").code == 0
    committed = tea / "migrations" / "0001_initial.py"
    text = committed.read_text()
    committed.unlink()
    forget("gongzhi_tea.migrations")
    missing = gongzhi("check")
    assert missing.code == 1
    assert "tea: models without a migration" in missing.err
    refused = gongzhi("makemigrations", "coffee")
    assert refused.code == 1
    assert "coffee: is not enabled" in refused.err
    assert gongzhi("makemigrations", "tea").out == f"{committed}\n"
    assert committed.read_text().split('"""')[2] == text.split('"""')[2]


def test_an_unreachable_database_is_one_message(gongzhi: Gongzhi) -> None:
    configure('plugins = []\n[database]\nurl = "postgres://me:sesame@127.0.0.1:1/x"\n')
    for command in (("migrate",), ("serve", "--wait", "0"), ("token", "list")):
        answer = gongzhi(*command)
        assert answer.code == 1
        assert "check host and port" in answer.err
        assert "sesame" not in answer.err
        assert "Traceback" not in answer.err


def test_a_folder_that_is_not_there_is_one_message(gongzhi: Gongzhi) -> None:
    url = "sqlite://absent/folder/x.sqlite3"
    Path("gongzhi.toml").write_text(f'plugins = []\n[database]\nurl = "{url}"\n')
    done = subprocess.run(
        [sys.executable, "-c", "from gongzhi_schema.cli import main; main()", "migrate"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "check that its folder exists" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_waits_for_its_database_and_says_so(gongzhi: Gongzhi) -> None:
    configure('plugins = []\n[database]\nurl = "postgres://me@127.0.0.1:1/x"\n')
    answer = gongzhi("serve", "--wait", "1")
    assert answer.code == 1
    assert answer.err.startswith("waiting up to 1 s: ")
    assert answer.err.count("check host and port") == 2


def forget(package: str) -> None:
    """Drop modules, as a new process would not have them."""
    for name in [name for name in sys.modules if name.startswith(package)]:
        del sys.modules[name]
