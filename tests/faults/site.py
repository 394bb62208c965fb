"""A deployment of the ledger that is served by a real process, which can be killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gongzhi.database import open_database
from gongzhi.imports.session import open_session
from gongzhi.writing import Deployment
from gongzhi.writing.events import verify
from gongzhi_ledger import plugin as ledger
from gongzhi_publication import plugin as publication
from gongzhi_schema.district import open_district
from tests.conftest import FreshDatabase
from tests.database.helpers import rows
from tests.fixtures_plugins import echo
from tests.host.conftest import FIXTURES, write_distribution
from tests.registry.helpers import area, organization, person

SERVE = (sys.executable, "-c", "from gongzhi_schema.cli import main; main()")


@dataclass(frozen=True)
class Site:
    """A deployment, and what clients must know of it."""

    url: str
    folder: Path
    token: str
    deployment: Deployment
    committee: str
    handler: str
    start: int
    """Position of the last event before anybody served."""

    @property
    def environment(self) -> dict[str, str]:
        """That of a process that serves it: without ours, with the fixture plugin installed."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GONGZHI_")}
        paths = [str(self.folder / "site"), str(FIXTURES), *filter(None, [kept.get("PYTHONPATH")])]
        return kept | {
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": os.pathsep.join(paths),
            "GONGZHI_CONFIG": str(self.folder / "gongzhi.toml"),
        }

    async def rows(self, sql: str) -> list[dict[str, Any]]:
        return await rows(self.url, sql)

    async def value(self, sql: str) -> Any:
        ((value,),) = [each.values() for each in await self.rows(sql)]
        return value

    async def check_chain(self) -> int:
        """Check the event record as ``gongzhi audit verify`` does, and return its end."""
        async with open_session(self.url) as session:
            verdict = await verify(session, key=self.deployment.chain_key)
        assert verdict.faults == ()
        return verdict.end.position


async def make_site(fresh_database: FreshDatabase, dialect: str, folder: Path) -> Site:
    """Fill a database and write the settings of a deployment with ledger and echo."""
    url = fresh_database([publication, ledger], dialect=dialect)
    async with open_district(url, ["publication", "ledger"]) as district:
        async with district.database():
            top = await organization("DISTRICT_PARTY_COMMITTEE", area_id=(await area("CITY")).id)
            street = await organization("SUBDISTRICT_WORKING_COMMITTEE", top)
            committee = await organization(
                "RESIDENTS_COMMITTEE", street, area_id=(await area("ESTATE")).id
            )
            handler = await person(committee)
        token = await district.token("SUBDISTRICT_STAFF", organization=street.code)
        secret = district.settings.privacy.secret.get_secret_value()
        deployment = district.deployment
    async with open_database(url, []) as context:
        await context.db().execute_query(echo.TABLE)
    (folder / "site").mkdir()
    write_distribution(folder / "site", "gongzhi-fixtures", {"echo": "echo:plugin"})
    (folder / "gongzhi.toml").write_text(
        f'plugins = ["publication", "ledger", "echo"]\n[database]\nurl = "{url}"\n'
        f'[privacy]\nsecret = "{secret}"\n[jobs]\npoll_seconds = 0.2\n'
    )
    start = (await rows(url, "SELECT coalesce(max(id), 0) AS n FROM core_event"))[0]["n"]
    return Site(
        url, folder, token, deployment,
        f"Organization:{committee.id}", f"Person:{handler.id}", start,
    )  # fmt: skip


class Server:
    """``gongzhi serve`` of a site, one process after the other."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._process: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[bytes] | None = None
        self._up = asyncio.Event()
        self._address = ""

    async def address(self) -> str:
        """Return where it listens, as soon as it does."""
        await self._up.wait()
        return self._address

    async def start(self) -> None:
        self._process = process = await asyncio.create_subprocess_exec(
            *SERVE, "serve", "--port", "0",
            env=self._site.environment, cwd=self._site.folder,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        assert process.stdout is not None
        told = b""
        while not (found := re.search(rb"http://[^/ ]+", told)):
            line = await process.stdout.readline()
            assert line, told.decode()
            told += line
        self._drain = asyncio.create_task(process.stdout.read())
        self._address = found[0].decode()
        self._up.set()

    async def end(self, how: signal.Signals = signal.SIGKILL) -> str:
        """End the process, and return what it said while it served."""
        assert self._process is not None
        assert self._drain is not None
        self._up.clear()
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(how)
        await self._process.wait()
        return (await self._drain).decode()

    async def close(self) -> None:
        """End the process in whatever way it still can be ended."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def serving(site: Site) -> AsyncIterator[Server]:
    """Serve until the block ends."""
    server = Server(site)
    try:
        await server.start()
        yield server
    finally:
        await server.close()


def document(mutation: str) -> str:
    """Return a document of one mutation; the payload says nothing but what was refused."""
    title = mutation[0].upper() + mutation[1:]
    return (
        f"mutation M($input: {title}Input!) {{ {mutation}(input: $input) "
        "{ __typename errors { code field } } }"
    )


def body(mutation: str, given: dict[str, Any]) -> bytes:
    """Return the body of a request for one mutation."""
    return json.dumps({"query": document(mutation), "variables": {"input": given}}).encode()
