"""What the pages are tried on: a project that follows the tutorial, and the demo's data."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path

import pytest

from gongzhi.demo import load_demo
from gongzhi_schema import reference
from gongzhi_schema.district import District, open_district
from tests.docs.markdown import DOCS, read
from tests.docs.reader import Environment, Reader


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with Gongzhi, for commands."""
    return Environment(tmp_path_factory.mktemp("environment"))


FOLLOWED = ("tutorial.md", "imports.md", "writing.md")
"""Pages about one plugin, in the order in which its author reads them."""


@pytest.fixture(scope="session")
def tutorial(tmp_path_factory: pytest.TempPathFactory, environment: Environment) -> Reader:
    """The project of the tutorial, followed to its end, asked, and on through two more pages."""
    project = tmp_path_factory.mktemp("tutorial") / "gongzhi-reading"
    project.mkdir()
    reader = Reader(project, environment)
    for page in (read(DOCS / "plugins" / name) for name in FOLLOWED):
        for block in page.blocks:
            if block.title or block.language == "console":
                reader.follow(block)
        if queries := [block.text for block in page.of("graphql")]:
            accounts = next(text for text in reader.printed if "demo-xinhai" in text)
            token = re.search(r"demo-xinhai\s.*?(gz_[\w-]{43})", accounts)
            assert token is not None
            reader.answers = reader.ask("gongzhi-demo.toml", queries, token[1])
    return reader


class Demo:
    """The demo, open, and its accounts."""

    def __init__(
        self,
        runner: asyncio.Runner,
        place: District,
        tokens: dict[str, str],
        counts: dict[str, int],
    ) -> None:
        self._runner = runner
        self._place = place
        self._tokens = tokens
        self.counts = counts
        """What was loaded, noun → count."""

    @property
    def accounts(self) -> set[str]:
        """The names of its accounts."""
        return set(self._tokens)

    def ask(
        self, account: str, query: str, variables: object = None, *, language: str = "zh"
    ) -> dict[str, object]:
        """Ask as an account, or as anybody, and return the answer as a client reads it."""
        token = None if account == "anybody" else self._tokens[account]
        asked = self._place.execute(query, variables, token, language=language)
        result = self._runner.run(asked)
        answer: dict[str, object] = {}
        if result.tier != "refused":
            answer["data"] = result.data
        if result.errors:
            answer["errors"] = result.errors
        if result.extensions:
            answer["extensions"] = result.extensions
        return answer


class LoadedDemo:
    """The demo of the bundled plugins on SQLite, loaded once and opened as often as wanted."""

    def __init__(self, folder: Path) -> None:
        """Load it."""
        self._file = folder / "demo.sqlite3"
        self._pristine = folder / "pristine.sqlite3"
        self._runner = asyncio.Runner()  # one context for opening and closing
        self._runner.run(self._load())
        shutil.copyfile(self._file, self._pristine)

    def _place(self) -> AbstractAsyncContextManager[District]:
        # always the same file: the secret of a test's deployment follows from its name
        return open_district(f"sqlite://{self._file}", reference.bundled().names[1:])

    async def _load(self) -> None:
        async with self._place() as place:
            report = await load_demo(place.url, place.registry, place.privacy)
        self._tokens = {account.name: account.token for account in report.accounts}
        self._counts = {noun: n for each in report.loaded for noun, n in each.counts.items()}

    @contextmanager
    def open(self) -> Iterator[Demo]:
        """Open it as it was when it was loaded; one at a time."""
        shutil.copyfile(self._pristine, self._file)
        opened = self._place()
        place = self._runner.run(opened.__aenter__())
        try:
            yield Demo(self._runner, place, self._tokens, self._counts)
        finally:
            self._runner.run(opened.__aexit__(None, None, None))

    def close(self) -> None:
        """Close what it ran on."""
        self._runner.close()


@pytest.fixture(scope="session")
def loaded_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedDemo]:
    """The demo, loaded."""
    loaded = LoadedDemo(tmp_path_factory.mktemp("demo"))
    yield loaded
    loaded.close()


@pytest.fixture
def demo(loaded_demo: LoadedDemo) -> Iterator[Demo]:
    """The demo, as it is when nobody has changed anything."""
    with loaded_demo.open() as opened:
        yield opened


def first_steps(folder: Path, environment: Environment) -> Reader:
    """Return somebody who has done the first steps as far as an empty, migrated database."""
    reader = Reader(folder, environment)
    page = read(DOCS / "first-steps.md")
    reader.follow(next(block for block in page.blocks if block.title == "gongzhi.toml"))
    reader.follow(page.of("console")[0])
    return reader
