"""Every operation on the pages, asked of the demo; every printed answer, compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gongzhi_schema.cli.demo import FIRST_QUERY
from tests.docs.conftest import Demo
from tests.docs.markdown import DOCS, ROOT, read

READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
ASKED_ELSEWHERE = {DOCS / "plugins" / "tutorial.md"}  # it needs the tutorial's plugin
FIRST_ACCOUNT = "demo-xinhai"


@dataclass(frozen=True, slots=True)
class Example:
    """An operation on a page, and what stands below it."""

    place: str
    text: str
    account: str
    options: frozenset[str]
    """After the account, with commas: refused, en."""
    variables: object
    answer: object


def examples(path: Path) -> Iterator[Example]:
    """Find the operations; variables and the answer are the blocks of JSON that follow at once."""
    blocks = read(path).blocks
    for at, block in enumerate(blocks):
        if block.language != "graphql" or path in ASKED_ELSEWHERE:
            continue
        below = list(blocks[at + 1 : at + 3])
        variables = answer = None
        if below and below[0].title == "variables":
            variables = json.loads(below.pop(0).text)
        if below and below[0].language == "json":
            answer = json.loads(below[0].text)
        account, *options = (block.title or "").split(", ")
        account = account or (FIRST_ACCOUNT if path in READMES else "")
        place = f"{path.name}:{block.line}"
        yield Example(place, block.text, account, frozenset(options), variables, answer)


PAGES = [path for path in (*READMES, *sorted(DOCS.rglob("*.md"))) if any(examples(path))]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_what_is_asked_gives_what_the_page_says(path: Path, demo: Demo) -> None:
    """Each page begins with a fresh demo, and its operations follow upon each other."""
    for example in examples(path):
        at = example.place
        assert example.account, f"{at}: who asks? Write title=…"
        language = "en" if "en" in example.options else "zh"
        found = demo.ask(example.account, example.text, example.variables, language=language)
        assert ("errors" in found) is ("refused" in example.options), (at, found.get("errors"))
        if example.answer is not None:
            if "extensions" not in example.answer:
                found.pop("extensions", None)
            assert found == example.answer, at
        elif "data" in found:
            assert not list(refusals(found["data"])), (at, found)


def refusals(data: object) -> Iterator[object]:
    """Find what payloads refuse."""
    payloads = data.values() if isinstance(data, dict) else ()
    for payload in payloads:
        if isinstance(payload, dict):
            yield from payload.get("errors", ())


def test_the_pages_have_queries_of_every_kind() -> None:
    found = [example for path in PAGES for example in examples(path)]
    assert len(found) >= 20
    assert sum(example.answer is not None for example in found) >= 12
    assert sum(example.text.startswith("mutation") for example in found) >= 6


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.name)
def test_the_first_query_is_that_of_the_demo(path: Path) -> None:
    query, _mutation = read(path).of("graphql")
    assert query.text.strip() == FIRST_QUERY.strip()


@pytest.mark.parametrize("path", [*READMES, DOCS / "first-steps.md"], ids=lambda path: path.name)
def test_the_figures_of_the_demo_are_right(path: Path, demo: Demo) -> None:
    counts = demo.counts
    text = path.read_text()
    nouns = {
        "areas": "areas|个地域",
        "organizations": "organizations|个组织",
        "members": "(?:invented )?members|名虚构的党员",
    }
    for noun, words in nouns.items():
        figures = re.findall(rf"([\d,]+) (?:{words})", text)
        assert f"{counts[noun]:,}" in figures, noun


def test_the_accounts_on_the_first_steps_are_those_of_the_demo(demo: Demo) -> None:
    rows = re.findall(r"\| `(demo-\w+)` \| `(\w+)` \|", (DOCS / "first-steps.md").read_text())
    for account, role in rows:
        found = demo.ask(account, "{ viewer { roles } }")
        assert found["data"] == {"viewer": {"roles": [role]}}
    assert {account for account, _ in rows} == demo.accounts
