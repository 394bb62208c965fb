"""What the pages are tried on: a project that follows the tutorial, and the demo's data."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.markdown import DOCS, read
from tests.docs.reader import Environment, Reader


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with Gongzhi, for commands."""
    return Environment(tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="session")
def tutorial(tmp_path_factory: pytest.TempPathFactory, environment: Environment) -> Reader:
    """The project of the tutorial, followed to its end and on through the imports."""
    project = tmp_path_factory.mktemp("tutorial") / "gongzhi-reading"
    project.mkdir()
    reader = Reader(project, environment)
    for name in ("tutorial.md", "imports.md"):
        for block in read(DOCS / "plugins" / name).blocks:
            if block.language not in {"graphql", "json"}:
                reader.follow(block)
    return reader


class Demo:
    """The demo's data, and its accounts."""

    def __init__(self, loop: asyncio.AbstractEventLoop, place: object, tokens: dict[str, str]):
        self._loop = loop
        self._place = place
        self._tokens = tokens

    @property
    def accounts(self) -> set[str]:
        """The names of its accounts."""
        return set(self._tokens)

    def ask(self, account: str, query: str, variables: object = None) -> dict[str, object]:
        """Ask as an account, or as anybody, and return the answer as a client reads it."""
        token = None if account == "anybody" else self._tokens[account]
        result = self._loop.run_until_complete(self._place.execute(query, variables, token))
        answer: dict[str, object] = {}
        if result.tier != "refused":
            answer["data"] = result.data
        if result.errors:
            answer["errors"] = result.errors
        if result.extensions:
            answer["extensions"] = result.extensions
        return answer


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, dict[str, int]]]:
    """The demo of the bundled plugins on SQLite, and what it loaded, noun → count."""
    from gongzhi.demo import load_demo
    from gongzhi.settings import Settings
    from gongzhi_schema.district import open_district

    loop = asyncio.new_event_loop()
    file = tmp_path_factory.mktemp("demo") / "demo.sqlite3"
    opened = open_district(f"sqlite://{file}", Settings().plugins)
    place = loop.run_until_complete(opened.__aenter__())
    try:
        report = loop.run_until_complete(load_demo(place.url, place.registry, place.privacy))
        tokens = {account.name: account.token for account in report.accounts}
        counts = {noun: n for each in report.loaded for noun, n in each.counts.items()}
        yield Demo(loop, place, tokens), counts
    finally:
        loop.run_until_complete(opened.__aexit__(None, None, None))
        loop.close()


def first_steps(folder: Path, environment: Environment) -> Reader:
    """Return somebody who has done the first steps as far as an empty, migrated database."""
    reader = Reader(folder, environment)
    page = read(DOCS / "first-steps.md")
    reader.follow(next(block for block in page.blocks if block.title == "gongzhi.toml"))
    reader.follow(page.of("console")[0])
    return reader
