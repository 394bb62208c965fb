"""The two READMEs: a newcomer's ten minutes, the same in both languages."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT, Page, read

READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
RUN = "pip install uv && uv run gongzhi demo"
TEST = "pip install uv && uv run pytest"


@pytest.fixture(params=READMES, ids=lambda path: path.name)
def readme(request: pytest.FixtureRequest) -> Page:
    """Both, one after the other."""
    return read(request.param)


def test_the_two_commands_stand_alone_in_a_block(readme: Page) -> None:
    blocks = [block.text.strip() for block in readme.of("sh")]
    assert blocks.count(RUN) == 1
    assert blocks.count(TEST) == 1


def test_the_command_for_systems_that_refuse_pip_is_named(readme: Page) -> None:
    assert "./run gongzhi demo" in readme.prose
    assert (ROOT / "run").stat().st_mode & 0o111


def test_the_picture_is_there(readme: Page) -> None:
    assert [link for link in readme.links if link.endswith(".svg")] == ["docs/architecture.svg"]


def test_each_readme_leads_to_the_other() -> None:
    for one, other in (READMES, READMES[::-1]):
        assert other.name in read(one).links


def test_both_say_the_same() -> None:
    english, chinese = map(read, READMES)
    assert [h.level for h in english.headings] == [h.level for h in chinese.headings]
    assert english.blocks == tuple(
        type(block)(block.language, block.title, block.text, at.line)
        for block, at in zip(chinese.blocks, english.blocks, strict=True)
    )
    others = {path.name for path in READMES}
    assert [link for link in english.links if link not in others] == [
        link for link in chinese.links if link not in others
    ]


def test_what_is_shown_of_a_plugin_is_python(readme: Page) -> None:
    (block,) = readme.of("python")
    names = {node.name for node in ast.parse(block.text).body if isinstance(node, ast.ClassDef)}
    tutorial = (ROOT / "docs" / "plugins" / "tutorial.md").read_text()
    assert names
    assert all(f"class {name}" in tutorial for name in names)


def test_commands_that_it_names_exist(readme: Page) -> None:
    from gongzhi_schema.cli import app

    known = {command.name or command.callback.__name__ for command in app.registered_commands}
    text = "\n".join(block.text for block in readme.of("sh"))
    used = set(re.findall(r"gongzhi (\w+)", text))
    assert used
    assert used <= known


def test_the_licence_is_whole() -> None:
    text = Path(ROOT / "LICENSE").read_text()
    assert text.startswith("MIT License\n\nCopyright (c) 2026 The Gongzhi authors\n")
    assert "THE SOFTWARE IS PROVIDED" in text
