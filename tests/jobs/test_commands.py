"""``gongzhi worker`` as an operator has it, and the server that works beside its requests."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from gongzhi.host import PluginRegistry
from gongzhi.jobs import overview
from gongzhi.settings import Settings
from gongzhi_schema.app import create_app
from tests.http.site import running
from tests.jobs.installed import plugin as errand
from tests.jobs.support import Errand, open_office


@pytest.fixture
def deployed(gongzhi, install, database_url):
    """A deployment in the working directory; returns the command and the database."""
    install(errand="tests.jobs.installed:plugin")
    Path("gongzhi.toml").write_text(f'plugins = ["errand"]\n[database]\nurl = "{database_url}"\n')
    return gongzhi, database_url


def in_office(url, do):
    """Do something in the deployment, outside of any event loop."""

    async def run():
        async with open_office(url, errand._jobs, errand._subscribers) as office:
            return await do(office)

    return asyncio.run(run())


def test_once_does_what_is_due_and_ends(deployed):
    gongzhi, url = deployed
    assert gongzhi("worker", "--once").code == 0

    async def ask(office):
        await office.later(1, 2)
        await office.happen("errand.thing.made")

    in_office(url, ask)
    assert "2 due, 0 running, 0 dead; 1 events" in gongzhi("worker", "status").out
    assert gongzhi("worker", "--once", "--concurrency", "1").code == 0
    assert sorted(in_office(url, lambda office: office.marks())) == [1, 1, 2]
    assert "0 due, 0 running, 0 dead; 1 events" in gongzhi("worker", "status").out


def test_what_failed_is_shown_and_can_be_retried(deployed):
    gongzhi, url = deployed
    assert gongzhi("worker", "--once").code == 0  # the subscriber begins here

    async def ask(office):
        await office.later(1)
        await office.happen("errand.thing.made")

    in_office(url, ask)
    Path("broken").touch()
    assert gongzhi("worker", "--once").code == 0
    Path("broken").unlink()
    told = gongzhi("worker", "status")
    lines = {words[1]: words for words in map(str.split, told.out.splitlines()) if len(words) > 2}
    assert lines["errand.go"][2] == "DEAD"
    assert lines["errand.go"][-1] == "ValueError"
    assert "1 dead" in told.out
    found = json.loads(gongzhi("worker", "status", "--json").out)
    (dead,) = [job for job in found["jobs"] if job["state"] == "DEAD"]
    (line,) = [each for each in found["subscriptions"] if each["name"] == "errand.hear"]
    assert (line["waiting"], line["position"], line["attempts"]) == (0, 1, 0)
    assert gongzhi("worker", "retry", str(dead["id"])).out == f"{dead['id']} is due\n"
    assert gongzhi("worker", "--once").code == 0
    assert in_office(url, lambda office: office.marks()) == [1, 1]
    assert json.loads(gongzhi("worker", "status", "--json").out)["dead"] == 0
    for what in (str(dead["id"]), "errand.hear", "99", "nobody"):
        refused = gongzhi("worker", "retry", what)
        assert (refused.code, f"no job or subscriber {what} has failed" in refused.err) == (1, True)


def test_what_belongs_to_a_plugin_that_is_off_is_told_so(deployed):
    gongzhi, url = deployed
    assert gongzhi("worker", "--once").code == 0
    in_office(url, lambda office: office.later(1))
    Path("gongzhi.toml").write_text(f'plugins = []\n[database]\nurl = "{url}"\n')
    told = gongzhi("worker", "status").out
    rows = {words[0]: words for words in map(str.split, told.splitlines()) if words}
    assert rows["errand.hear"][1] == "off"
    assert any("errand.go" in line and " OFF " in line for line in told.splitlines())


def test_a_worker_wants_a_migrated_database(gongzhi, fresh_database, dialect):
    url = fresh_database(dialect=dialect, migrated=False)
    Path("gongzhi.toml").write_text(f'plugins = []\n[database]\nurl = "{url}"\n')
    refused = gongzhi("worker", "--once")
    assert refused.code == 1
    assert "gongzhi migrate" in refused.err


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT, signal.SIGTERM]])
async def test_the_command_stops_in_order(database_url, tmp_path, signals):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from gongzhi_schema.cli import main; main(['worker'])",
        cwd=tmp_path, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "GONGZHI_DATABASE__URL": database_url, "GONGZHI_PLUGINS": ""},
    )  # fmt: skip
    try:
        assert await process.stderr.readline() == b"working\n"
        for number in signals:
            process.send_signal(number)
        assert await asyncio.wait_for(process.wait(), 60) == 0
        assert await process.stderr.read() == b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


# ---- beside requests -----------------------------------------------------------------------------


def served(url, **jobs):
    settings = Settings.model_validate({"plugins": (), "database": {"url": url}, "jobs": jobs})
    registry = PluginRegistry.load(settings, beside=[Errand(errand._jobs, errand._subscribers)])
    return running(create_app(settings, registry))


def workers():
    return [task for task in asyncio.all_tasks() if task.get_name() == "gongzhi jobs"]


async def test_the_server_works_beside_its_requests(database_url):
    async with open_office(database_url, errand._jobs, errand._subscribers) as office:
        async with served(database_url, poll_seconds=0.02):
            assert len(workers()) == 1
            await office.later(5)
            await office.happen("errand.thing.made")

            async def both():
                return sorted(await office.marks()) == [1, 5]

            await office.until(both)
        assert workers() == []


async def test_a_server_that_leaves_it_to_others_still_enters_subscribers(database_url):
    """Else the events before the first worker would be nobody's."""
    async with open_office(database_url, errand._jobs, errand._subscribers) as office:
        async with served(database_url, in_process=False):
            assert workers() == []
            await office.happen("errand.thing.made")
        await office.once()
        assert await office.marks() == [1]
        found = await overview.overview(office.registry)
        assert [line.name for line in found.subscriptions if line.waiting] == []
