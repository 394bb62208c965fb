"""A registry to import into: code lists, a few invented areas and organizations."""

import base64
import datetime as dt

import pytest

from gongzhi import clock
from gongzhi.core import plugin as core
from gongzhi.database import open_database
from gongzhi.imports import engine
from gongzhi.imports.session import open_session
from gongzhi.privacy import Privacy
from gongzhi.registry.lists import CODE_LISTS, install
from tests.imports.support import AREA_ROWS, ORGANIZATION_ROWS, SPECS, TODAY, write_csv

SECRET = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(autouse=True)
def _on_that_day():
    with clock.stopped_at(dt.datetime(TODAY.year, TODAY.month, TODAY.day, 4, tzinfo=dt.UTC)):
        yield


@pytest.fixture
def privacy():
    return Privacy(SECRET)


@pytest.fixture
async def lists_url(database_url):
    """A database with the code lists."""
    async with open_database(database_url, [core]):
        await install(("core", code_list) for code_list in CODE_LISTS)
    return database_url


@pytest.fixture
async def session(lists_url):
    async with open_session(lists_url) as session:
        yield session


@pytest.fixture
def imported(session, privacy):
    """Import a file."""

    async def run(name, path, **options):
        return await engine.apply(session, SPECS[name], path, privacy=privacy, **options)

    return run


@pytest.fixture
def tried(session, privacy):
    """Try a file."""

    async def run(name, path, **options):
        return await engine.dry_run(session, SPECS[name], path, privacy=privacy, **options)

    return run


@pytest.fixture
async def town(imported, tmp_path):
    """An invented town with three branches."""
    await imported("areas", write_csv(tmp_path / "areas.csv", AREA_ROWS))
    await imported("organizations", write_csv(tmp_path / "orgs.csv", ORGANIZATION_ROWS))
