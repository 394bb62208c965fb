"""The pages that can be followed: tutorial, imports of a plugin, first steps, importing."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from tests.docs.conftest import first_steps
from tests.docs.markdown import DOCS, Block, read
from tests.docs.reader import Environment, Reader, matches, transcript

PLUGINS = DOCS / "plugins"

HOOKS = """
import asyncio, json, sys
from gongzhi.demo import load_demo
from gongzhi.settings import Settings
from gongzhi_schema.district import open_district

async def main():
    async with open_district(
        "sqlite://hooks.sqlite3", beside=[Reading()], plugin={"reading": {"loan_days": 400}}
    ) as place:
        registry = place.registry
        report = await load_demo(place.url, registry, place.privacy)
        tokens = {account.name: account.token for account in report.accounts}
        answer = await place.execute(
            '{ registers { code count } codes(list: "reading_genre") { labelZh }'
            ' organization(code: "XINHAI-YUEJIN") { readingCorners { name } } }',
            token=tokens["demo-xinhai"],
        )
        print(json.dumps({
            "problems": [str(problem) for _, problem in registry.checks()],
            "permissions": [p.code for owner, p in registry.permissions() if owner.name != "core"],
            "imports": [i.name for owner, i in registry.imports() if owner.name != "core"],
            "commands": [
                c.callback.__name__ for c in registry.commands("reading").registered_commands
            ],
            "settings": registry.settings_of("reading").model_dump(),
            "data": answer.data,
            "errors": answer.errors,
        }))

asyncio.run(main())
"""


def test_the_tutorial_and_what_it_answers(tutorial: Reader) -> None:
    page = read(PLUGINS / "tutorial.md")
    assert tutorial.answers == [json.loads(block.text) for block in page.of("json")]
    assert len(tutorial.answers) == len(page.of("graphql"))


def test_the_examples_of_the_hooks_are_one_plugin(tutorial: Reader) -> None:
    blocks = [block.text for block in read(PLUGINS / "hooks.md").of("python")]
    names, methods = blocks[0], [text for text in blocks if text.startswith("@hookimpl")]
    init = (tutorial.project / "gongzhi_reading" / "__init__.py").read_text()
    attributes = re.search(r"class Reading\(Plugin\):\n.*?(?=\n    @hookimpl)", init, re.DOTALL)
    assert attributes is not None
    body = "".join(f"\n    {line}" for text in methods for line in text.splitlines())
    program = f"from __future__ import annotations\n{names}\n{attributes[0]}{body}\n{HOOKS}"
    done = tutorial.shell(f"python -c {shlex.quote(program)}")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["errors"] == []
    assert found["problems"] == [
        "plugin.reading.loan_days: nobody reads that long → set it to 365 or less"
    ]
    assert found["settings"] == {"loan_days": 400}
    assert found["permissions"] == ["reading.corner.read", "reading.corner.manage"]
    assert found["imports"] == ["reading-corners"]
    assert found["commands"] == ["days"]
    assert {"code": "READING_CORNER", "count": 1} in found["data"]["registers"]
    assert found["data"]["codes"] == [{"labelZh": "文学"}, {"labelZh": "科普"}]
    assert found["data"]["organization"] == {"readingCorners": [{"name": "跃进书屋（示例）"}]}


def test_auditing(tutorial: Reader) -> None:
    for block in read(DOCS / "auditing.md").of("console"):
        tutorial.follow(block)


def test_the_first_steps(tmp_path: Path, environment: Environment) -> None:
    reader = first_steps(tmp_path, environment)
    areas = next(b for b in read(DOCS / "importing.md").blocks if b.title == "areas.csv")
    reader.follow(areas)
    for block in read(DOCS / "first-steps.md").of("console")[1:]:
        reader.follow(block)
    assert reader.printed[-1].startswith("gz_")


def test_importing(tmp_path: Path, environment: Environment) -> None:
    reader = first_steps(tmp_path, environment)
    for block in read(DOCS / "importing.md").blocks:
        reader.follow(block)


def test_what_was_printed_is_compared() -> None:
    assert matches("3 passed in …", "3 passed in 0.12s\n")
    assert not matches("3 passed in …", "2 passed, 1 failed in 0.12s\n")
    block = Block("console", "", "$ a\n$ b\nc\nd\n", 1)
    assert transcript(block) == [("a", ""), ("b", "c\nd")]
