"""A keyed write whose process is killed: key, rows and events stand together, or none of them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.conftest import FreshDatabase
from tests.faults.program import POINTS
from tests.faults.site import Site, make_site
from tests.faults.test_killed import opening

ROOT = str(Path(__file__).parent.parent.parent)

COUNTS = (
    "SELECT (SELECT count(*) FROM ledger_issue) AS issues,"
    " (SELECT count(*) FROM ledger_issue_transition) AS steps,"
    " (SELECT count(*) FROM core_request_key) AS keys,"
    " (SELECT count(*) FROM core_request_key WHERE entity_id IS NOT NULL) AS known,"
    " (SELECT count(*) FROM core_event) AS events"
)


async def run(site: Site, point: str) -> tuple[int | None, str]:
    """Run the mutation in a process of its own; return how that ended and what it said."""
    given = {**opening(site, "路灯不亮"), "idempotencyKey": "the-one"}
    paths = os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH")]))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.program", site.url, point, site.token,
        json.dumps(given), cwd=ROOT, env={**os.environ, "PYTHONPATH": paths},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest.mark.parametrize("point", POINTS)
async def test_key_and_write_stand_together(
    fresh_database: FreshDatabase, dialect: str, tmp_path: Path, point: str
) -> None:
    site = await make_site(fresh_database, dialect, tmp_path)
    (before,) = await site.rows(COUNTS)
    done = {"issues": 1, "steps": 2, "keys": 1, "known": 1, "events": before["events"] + 2}
    assert await run(site, point) == (-signal.SIGKILL, "")
    (after,) = await site.rows(COUNTS)
    assert after == (done if point == "committed" else before)
    code, said = await run(site, "none")
    assert code == 0
    data, errors = json.loads(said)
    assert (data["issueOpen"]["errors"], errors) == ([], [])
    assert (await site.rows(COUNTS)) == [done]
    await site.check_chain()
