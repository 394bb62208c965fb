"""kill -9 during an import leaves all of the batch or none of it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gongzhi.imports.session import open_session
from gongzhi.registry import counters
from tests.imports.conftest import SECRET
from tests.imports.support import ROSTER_HEADER, dump, roster, write_csv

PROGRAM = Path(__file__).with_name("killed.py")
ROWS = 3000


@pytest.fixture
def big_roster(tmp_path):
    rows = roster(ROWS)
    for n, row in enumerate(rows):
        row[1] = f"示例{n}"
    return write_csv(tmp_path / "big.csv", [ROSTER_HEADER, *rows])


def command(url, path, point):
    return [sys.executable, str(PROGRAM), url, str(path), SECRET, point]


async def state(url):
    async with open_session(url) as session:
        assert await counters.verify(session.execute) == []
        return await dump(session, skip=())


@pytest.mark.parametrize(
    "point",
    ["batch", "core_person 0", "core_person 2500", "core_member 10", "core_member 2999", "written"],
)
async def test_killed_before_the_end_nothing_is_there(lists_url, town, imported, big_roster, point):
    before = await state(lists_url)
    ended = subprocess.run(  # noqa: ASYNC221  # the test waits for it
        command(lists_url, big_roster, point), capture_output=True, check=False, timeout=120
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert await state(lists_url) == before
    report = await imported("members", big_roster)
    assert report.created == ROWS


async def test_killed_after_the_end_everything_is_there(lists_url, town, imported, big_roster):
    ended = subprocess.run(  # noqa: ASYNC221  # the test waits for it
        command(lists_url, big_roster, "committed"), capture_output=True, check=False, timeout=120
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    await state(lists_url)
    report = await imported("members", big_roster)
    assert (report.created, report.unchanged) == (0, ROWS)


@pytest.mark.parametrize("step", ["compare", "write core_person", "write core_member", "count"])
async def test_killed_from_outside_all_or_none(lists_url, town, imported, big_roster, step):
    before = await state(lists_url)
    with subprocess.Popen(  # noqa: ASYNC220  # as above
        command(lists_url, big_roster, "never"), stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout:
            if line.startswith(step):
                process.kill()
                break
        assert process.wait(timeout=120) == -signal.SIGKILL
    after = await state(lists_url)
    report = await imported("members", big_roster)
    if after == before:
        assert report.created == ROWS
    else:
        assert (report.created, report.unchanged) == (0, ROWS)


async def test_an_error_of_the_database_leaves_nothing(
    lists_url, session, town, imported, big_roster
):
    before = await state(lists_url)
    await session.fetch("DROP TABLE core_counter")
    with pytest.raises(Exception, match="core_counter"):
        await imported("members", big_roster)
    await session.fetch("CREATE TABLE core_counter (id BIGINT, org_path TEXT)")
    after = await dump(session, skip=())
    for table in ("core_person", "core_member", "core_import_batch"):
        assert after[table] == before[table]
