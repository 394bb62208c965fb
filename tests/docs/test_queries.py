"""Every query on the pages, asked of the demo; every printed answer, compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gongzhi_schema.cli.demo import FIRST_QUERY
from tests.docs.conftest import Demo
from tests.docs.markdown import DOCS, ROOT, Block, read

READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
ASKED_ELSEWHERE = {DOCS / "plugins" / "tutorial.md"}  # it needs the tutorial's plugin
FIRST_ACCOUNT = "demo-xinhai"

DemoAndCounts = tuple[Demo, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Example:
    """A query on a page, and what stands below it."""

    page: Path
    query: Block
    account: str
    refused: bool
    variables: object
    answer: object


def examples() -> Iterator[Example]:
    """Find the queries; variables and the answer are the blocks of JSON that follow at once."""
    for path in (*READMES, *sorted(DOCS.rglob("*.md"))):
        blocks = read(path).blocks
        for place, block in enumerate(blocks):
            if block.language != "graphql" or path in ASKED_ELSEWHERE:
                continue
            below = list(blocks[place + 1 : place + 3])
            variables = answer = None
            if below and below[0].title == "variables":
                variables = json.loads(below.pop(0).text)
            if below and below[0].language == "json":
                answer = json.loads(below[0].text)
            account, _, how = block.title.partition(", ")
            account = account or (FIRST_ACCOUNT if path in READMES else "")
            yield Example(path, block, account, how == "refused", variables, answer)


def _name(example: Example) -> str:
    return f"{example.page.name}:{example.query.line}"


@pytest.mark.parametrize("example", list(examples()), ids=_name)
def test_a_query_gives_what_the_page_says(example: Example, demo: DemoAndCounts) -> None:
    assert example.account, f"{_name(example)}: who asks? Write title=…"
    found = demo[0].ask(example.account, example.query.text, example.variables)
    assert ("errors" in found) is example.refused, found.get("errors")
    if example.answer is not None:
        if "extensions" not in example.answer:
            found.pop("extensions", None)
        assert found == example.answer


def test_the_pages_have_queries_of_every_kind() -> None:
    found = list(examples())
    assert len(found) >= 10
    assert sum(example.answer is not None for example in found) >= 6


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.name)
def test_the_first_query_is_that_of_the_demo(path: Path) -> None:
    (query,) = read(path).of("graphql")
    assert query.text.strip() == FIRST_QUERY.strip()


@pytest.mark.parametrize("path", [*READMES, DOCS / "first-steps.md"], ids=lambda path: path.name)
def test_the_figures_of_the_demo_are_right(path: Path, demo: DemoAndCounts) -> None:
    counts = demo[1]
    text = path.read_text()
    nouns = {
        "areas": "areas|个地域",
        "organizations": "organizations|个组织",
        "members": "(?:invented )?members|名虚构的党员",
    }
    for noun, words in nouns.items():
        figures = re.findall(rf"([\d,]+) (?:{words})", text)
        assert f"{counts[noun]:,}" in figures, noun


def test_the_accounts_on_the_first_steps_are_those_of_the_demo(demo: DemoAndCounts) -> None:
    rows = re.findall(r"\| `(demo-\w+)` \| `(\w+)` \|", (DOCS / "first-steps.md").read_text())
    for account, role in rows:
        found = demo[0].ask(account, "{ viewer { roles } }")
        assert found["data"] == {"viewer": {"roles": [role]}}
    assert {account for account, _ in rows} == demo[0].accounts
