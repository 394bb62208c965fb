"""``gongzhi import``, ``template``, ``imports``, ``undo`` and ``schema``."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gongzhi.privacy import Privacy
from tests.host.conftest import Gongzhi, Point

AREAS = "区划编码,区划名称,类型,上级编码\n99,示例市,地级市,\n9901,示例区,区,99\n"
_MAIN = "from gongzhi_schema.cli import main; main()"


@pytest.fixture
def registry(at: Point) -> Gongzhi:
    """Return the command on a migrated database with code lists and a secret."""
    gongzhi = at()
    with Path("gongzhi.toml").open("a") as file:
        file.write(f'[privacy]\nsecret = "{Privacy.new_secret()}"\n')
    assert gongzhi("migrate").code == 0
    return gongzhi


def batches(gongzhi: Gongzhi) -> list[list[str]]:
    return [line.split() for line in gongzhi("imports").out.splitlines()[1:]]


def test_a_file_is_tried_applied_listed_and_undone(registry: Gongzhi) -> None:
    gongzhi = registry
    Path("areas.csv").write_text(AREAS)
    tried = gongzhi("import", "areas", "areas.csv")
    assert tried.code == 0, tried.err
    assert "试运行" in tried.out
    assert "示例市" in tried.out
    assert batches(gongzhi) == []

    applied = gongzhi("import", "areas", "areas.csv", "--apply", "--by", "somebody")
    assert applied.code == 0, applied.err
    assert "已导入" in applied.out
    (batch,) = batches(gongzhi)
    assert batch[:9] == ["1", "areas", "areas.csv", "applied", "2", "2", "0", "0", "somebody"]

    assert gongzhi("import", "areas", "areas.csv", "--apply").code == 0
    assert batches(gongzhi)[0][4:8] == ["2", "0", "0", "2"]  # nothing twice

    assert gongzhi("undo", "1").code == 0
    states = {row[0]: row[3] for row in batches(gongzhi)}
    assert states["1"] == "undone"
    assert gongzhi("undo", "1").code == 1
    assert gongzhi("undo", "77").code == 1


def test_a_bar_is_drawn_on_a_terminal_only(registry: Gongzhi) -> None:
    Path("areas.csv").write_text(AREAS)
    assert "\x1b" not in registry("import", "areas", "areas.csv").err
    terminal, its_other_end = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GONGZHI_")}
    done = subprocess.run(
        [sys.executable, "-c", _MAIN, "import", "areas", "areas.csv"],
        env=environment | {"TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=its_other_end,
        check=True,
    )
    os.close(its_other_end)
    drawn = os.read(terminal, 100_000).decode()
    os.close(terminal)
    assert "检查单元格" in drawn
    assert "\x1b" in drawn
    assert "试运行" in done.stdout.decode()


def test_refused_rows_are_told_and_nothing_is_written(registry: Gongzhi) -> None:
    gongzhi = registry
    Path("areas.csv").write_text(AREAS + "9902,,区,99\n")
    for command in (("import", "areas", "areas.csv"), ("import", "areas", "areas.csv", "--apply")):
        answer = gongzhi(*command)
        assert answer.code == 1
        assert re.search(r"4.*区划名称", answer.out + answer.err)
        assert "Traceback" not in answer.err
    assert batches(gongzhi) == []
    skipped = gongzhi("import", "areas", "areas.csv", "--apply", "--skip-errors")
    assert skipped.code == 0
    assert batches(gongzhi)[0][4:6] == ["3", "2"]


def test_what_cannot_be_imported_is_told(registry: Gongzhi) -> None:
    gongzhi = registry
    unknown = gongzhi("import", "cups", "areas.csv")
    assert unknown.code == 2
    assert "areas, organizations, members" in unknown.err
    absent = gongzhi("import", "areas", "absent.csv")
    assert absent.code == 1
    assert "absent.csv" in absent.err
    Path("areas.xlsx").write_bytes(b"PK no workbook")
    assert gongzhi("import", "areas", "areas.xlsx").code == 1


def test_imports_need_a_secret(at: Point) -> None:
    gongzhi = at(migrated=True)
    Path("areas.csv").write_text(AREAS)
    answer = gongzhi("import", "areas", "areas.csv")
    assert answer.code == 1
    assert "make one with: gongzhi secret" in answer.err


@pytest.mark.parametrize("entity", ["areas", "organizations", "members"])
def test_a_template_is_an_empty_import(registry: Gongzhi, entity: str) -> None:
    gongzhi = registry
    assert gongzhi("template", entity, f"{entity}.xlsx").out == f"{entity}.xlsx\n"
    answer = gongzhi("import", entity, f"{entity}.xlsx")
    assert "Traceback" not in answer.err
    assert batches(gongzhi) == []
    nowhere = gongzhi("template", entity, "absent/folder.xlsx")
    assert nowhere.code == 1
    assert "absent/folder.xlsx" in nowhere.err


# ---- the schema ----------------------------------------------------------------------------------


def test_the_schema_of_a_deployment_is_printed(gongzhi: Gongzhi, tea: Path) -> None:
    printed = gongzhi("schema", "print").out
    assert "type Query" in printed
    assert "TeaParty" not in printed
    Path("gongzhi.toml").write_text('plugins = ["tea"]\n')
    assert gongzhi("schema", "print", "here.graphql").code == 0
    assert "type TeaParty implements Node" in Path("here.graphql").read_text()


def test_the_contract_is_exported_and_compared(gongzhi: Gongzhi) -> None:
    written = gongzhi("schema", "export").out.splitlines()
    assert "schema/contract/core.graphql" in written
    assert gongzhi("schema", "check").out == "as promised\n"
    core = Path("schema/contract/core.graphql")
    core.write_text(core.read_text().replace("memberCount", "memberTotal"))
    answer = gongzhi("schema", "check")
    assert answer.code == 1
    assert "breaking: Field Organization.memberTotal was removed." in answer.err
    assert gongzhi("schema", "check", "--folder", "elsewhere").code == 1
