"""The published contract: it is current, complete, described, and its changes are understood."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from graphql import build_schema, extend_schema, parse, print_ast
from graphql.language import ast

from gongzhi.errors import ProblemsError
from gongzhi.host import PluginRegistry
from gongzhi.settings import Settings
from gongzhi_schema import contract
from gongzhi_schema.cli import main
from tests.host.conftest import Install, install

__all__ = ["install"]

COMMITTED = Path(__file__).parents[2] / contract.FOLDER

ALL = "gongzhi.graphql"


@pytest.fixture(scope="module")
def composed() -> dict[str, str]:
    """What the contract is now, composed once."""
    return contract.documents()


@pytest.fixture
def folder(tmp_path: Path, composed: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the committed contract, to edit."""
    monkeypatch.setattr(contract, "documents", lambda: composed)
    shutil.copytree(COMMITTED, tmp_path / "contract")
    return tmp_path / "contract"


def edited(folder: Path, old: str, new: str, *paths: str) -> list[str]:
    """Change committed files, and return what the check says."""
    for path in paths:
        text = (folder / path).read_text(encoding="utf-8")
        assert old in text, old
        (folder / path).write_text(text.replace(old, new, 1), encoding="utf-8")
    return [f"{Path(p.where).name}: {p.what}" for p in contract.check(folder)]


def test_the_committed_contract_is_current_and_everything_in_it_is_described() -> None:
    assert [str(problem) for problem in contract.check(COMMITTED)] == []


def test_a_plugin_s_file_is_what_it_adds_to_the_core() -> None:
    core, whole = ((COMMITTED / f).read_text(encoding="utf-8") for f in ("core.graphql", ALL))
    (directive,) = (
        print_ast(each)
        for each in parse(whole).definitions
        if isinstance(each, ast.DirectiveDefinitionNode)
    )
    assert "ublication" not in core
    schema = build_schema(directive + core)
    registry = PluginRegistry.load(Settings.model_validate({"plugins": contract.bundled()}))
    for name in registry.names[1:]:  # each after those that it builds on
        text = (COMMITTED / "plugins" / f"{name}.graphql").read_text(encoding="utf-8")
        schema = extend_schema(schema, parse(text))
    assert list(contract.classified(schema, build_schema(whole))) == []
    assert list(contract.classified(build_schema(whole), schema)) == []


def test_everything_is_sorted() -> None:
    for file in COMMITTED.rglob("*.graphql"):
        for group in groups(parse(file.read_text(encoding="utf-8"))):
            assert group == sorted(group), file


def groups(document: ast.DocumentNode) -> list[list[str]]:
    found = [[each.name.value for each in document.definitions]]  # type: ignore[attr-defined]
    for definition in document.definitions:
        for attribute in ("fields", "values"):
            members = getattr(definition, attribute, None) or ()
            found.append([member.name.value for member in members])
            found += [
                [argument.name.value for argument in getattr(member, "arguments", None) or ()]
                for member in members
            ]
    return found


def test_exporting_twice_gives_the_same_and_takes_old_files_away(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "gone.graphql").write_text("type Gone { id: ID }")
    written = contract.export(tmp_path)
    first = {path: path.read_text(encoding="utf-8") for path in written}
    assert contract.export(tmp_path) == written
    assert {path: path.read_text(encoding="utf-8") for path in written} == first
    assert sorted(tmp_path.rglob("*.graphql")) == sorted(written)
    assert contract.check(tmp_path) == []


def test_what_breaks_clients_is_told_first_and_once(folder: Path) -> None:
    both = ("core.graphql", "gongzhi.graphql")
    assert edited(folder, "  households: Int\n", "  oldName: Int\n", *both) == [
        "gongzhi.graphql: breaking: Field Area.oldName was removed.",
        "gongzhi.graphql: safe: Field Area.households was added.",
        "core.graphql: is not current",
    ]
    assert edited(folder, "export.\n", "export.\ntype Old { id: ID }\n", "core.graphql") == [
        "gongzhi.graphql: breaking: Field Area.oldName was removed.",
        "gongzhi.graphql: safe: Field Area.households was added.",
        "core.graphql: breaking: Old was removed.",
    ]


HOUSEHOLDS = '  """户数 · households"""\n  households: Int\n'
FEMALE = '  """女 · female"""\n  FEMALE\n'
STAGE = '(\n    """只计此阶段 · only this stage"""\n    stage: MembershipStage\n  )'


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (HOUSEHOLDS, "", "safe: Field Area.households was added."),
        (HOUSEHOLDS, HOUSEHOLDS + "  old: Int\n", "breaking: Field Area.old was removed."),
        (HOUSEHOLDS, HOUSEHOLDS[:-1] + "!\n", "breaking: Field Area.households changed type"),
        ("户数 · households", "户", "safe: Description of field Area.households has changed"),
        (STAGE, "", "dangerous: An optional argument Organization.memberCount(stage:) was added."),
        (FEMALE, "", "dangerous: Enum value Gender.FEMALE was added."),
        (FEMALE, FEMALE + "  OTHER\n", "breaking: Enum value Gender.OTHER was removed."),
        ("type Area implements Node {", "type Area {", "dangerous: Node added to interfaces"),
        ("# Written by", "# Written once by", "is not current"),
    ],
)
def test_changes_are_classified(folder: Path, old: str, new: str, told: str) -> None:
    (what,) = edited(folder, old, new, "gongzhi.graphql")
    assert told in what


def test_a_missing_an_extra_and_an_unreadable_file_are_told(folder: Path) -> None:
    (folder / "core.graphql").unlink()
    (folder / "plugins" / "other.graphql").write_text("type Other { id: ID }")
    (folder / "gongzhi.graphql").write_text("type Query {")
    told = {Path(p.where).name: (p.what, p.mend) for p in contract.check(folder)}
    assert told["core.graphql"][0] == "is missing"
    assert told["other.graphql"][0] == "belongs to no bundled plugin"
    assert told["gongzhi.graphql"][0].startswith("cannot be read: Syntax Error")
    assert all("gongzhi schema export" in mend for _, mend in told.values())


def test_what_is_not_described_in_both_languages_is_told() -> None:
    sdl = '''
        """好 · good"""
        type Good { """字段 · a field""" fine: Int, """only English""" bare: Int,
            """字段 · a field""" asked("""参数 · an argument""" right: Int, wrong: Int): Int }
        type Undescribed { """字段 · a field""" fine: Int }
        """English · 中文"""
        enum Reversed { """值 · a value""" A, B }
        """只有中文"""
        scalar Half
        """输入 · an input"""
        input Given { field: Int }
    '''
    assert [problem.where for problem in contract.undescribed(sdl)] == [
        "Good.bare",
        "Good.asked(wrong:)",
        "Undescribed",
        "Reversed",
        "Reversed.B",
        "Half",
        "Given.field",
    ]


def test_only_plugins_of_our_own_distribution_are_bundled(install: Install) -> None:
    install(teahouse="teahouse:plugin")
    assert "teahouse" not in contract.bundled()
    assert "publication" in contract.bundled()


def test_the_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(["schema", "check"])
    assert "schema/contract/gongzhi.graphql: is missing" in str(left.value.code)
    with pytest.raises(SystemExit) as left:
        main(["schema", "export"])
    assert not left.value.code
    assert capsys.readouterr().out.splitlines() == [
        "schema/contract/core.graphql",
        "schema/contract/gongzhi.graphql",
        "schema/contract/plugins/ledger.graphql",
        "schema/contract/plugins/publication.graphql",
        "schema/contract/plugins/workday.graphql",
    ]
    with pytest.raises(SystemExit) as left:
        main(["schema", "check"])
    assert not left.value.code
    (tmp_path / "gongzhi.toml").write_text("plugins = []\n")
    with pytest.raises(SystemExit) as left:
        main(["schema", "print", "mine.graphql"])
    assert not left.value.code
    assert "Publication" not in (tmp_path / "mine.graphql").read_text(encoding="utf-8")


def test_a_broken_bundle_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract, "bundled", lambda: ("publication", "nosuch"))
    with pytest.raises(ProblemsError, match="nosuch"):
        contract.check(COMMITTED)
