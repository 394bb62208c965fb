"""The server is killed again and again while clients write: nothing is lost, nothing doubled.

``GONGZHI_TEST_KILLS`` is ``rounds x writes x kills in a round``, by default a short ``3x60x1``;
``20x1000x1`` is what the writes are measured by.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from tests.conftest import FreshDatabase
from tests.faults.site import Server, Site, body, make_site, serving

ROUNDS, WRITES, KILLS = map(int, os.environ.get("GONGZHI_TEST_KILLS", "3x60x1").split("x"))
CLIENTS = 8

AGAIN = {"BUSY", "UNAVAILABLE", "TIMEOUT"}
"""Answers after which a client asks again with the same key."""

EVENTS = {
    "issueOpen": ("ledger.issue.receive", "ledger.issue.open"),
    "issueAddMeasure": ("ledger.issue.add_measure",),
    "issueAttach": ("ledger.issue.attach",),
    "issueRecur": ("ledger.issue.recur",),
}
"""Mutation → the events of one."""

MARKS = {
    "issueOpen": "SELECT title AS mark FROM ledger_issue",
    "issueAddMeasure": "SELECT text AS mark FROM ledger_measure",
    "issueAttach": "SELECT title AS mark FROM ledger_attachment",
    "issueRecur": "SELECT note AS mark FROM ledger_recurrence",
}
"""Mutation → where its mark is found, once."""


@dataclass(frozen=True)
class Write:
    """One mutation that a client wants done once."""

    mutation: str
    mark: str
    given: dict[str, Any]


@dataclass
class Tally:
    """What clients sent and got."""

    acknowledged: list[Write] = field(default_factory=list)
    under_way: dict[str, Write] = field(default_factory=dict)
    """By key: sent, and no answer yet."""
    cut_off: int = 0
    """Requests whose answer never came."""
    committed: int = 0
    """Those of them that had been done nevertheless."""
    again: int = 0
    """Requests that were to be sent once more."""


def make(site: Site, number: int) -> Write:
    """Return a write; most are about the one issue that all of them share."""
    mark = uuid4().hex
    about = {"issue": "Issue:1"}
    mutation, given = {
        0: ("issueOpen", opening(site, mark)),
        1: ("issueAddMeasure", {**about, "kind": "WORKS", "description": mark}),
        2: ("issueAttach", {**about, "uri": f"urn:{number}", "title": mark}),
        3: ("issueRecur", {**about, "note": mark}),
    }[number % 4]
    return Write(mutation, mark, {**given, "idempotencyKey": mark})


def opening(site: Site, title: str) -> dict[str, Any]:
    return {
        "organization": site.committee,
        "title": title,
        "source": "WORKDAY",
        "category": "ENVIRONMENT",
        "handlingMode": "TIME_LIMITED",
        "dueDays": 5,
        "handler": site.handler,
    }


class Clients:
    """Some clients that send writes to whatever process serves."""

    def __init__(self, site: Site, server: Server) -> None:
        self._server = server
        self.tally = Tally()
        self._answered = asyncio.Condition()
        self._http = httpx2.AsyncClient(
            headers={"authorization": f"Bearer {site.token}", "content-type": "application/json"},
            timeout=30,
            trust_env=False,
            limits=httpx2.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS),
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def drive(self, writes: list[Write]) -> None:
        """Have every write acknowledged; who gets no answer asks again with the same key."""
        queue = iter(writes)

        async def one() -> None:
            for write in queue:
                while not await self._send(write):
                    pass
                async with self._answered:
                    self.tally.acknowledged.append(write)
                    self._answered.notify_all()

        async with asyncio.TaskGroup() as tasks:
            for _ in range(CLIENTS):
                tasks.create_task(one())

    async def _send(self, write: Write) -> bool:
        address = await self._server.address()
        self.tally.under_way[write.mark] = write
        try:
            answer = await self._http.post(
                f"{address}/graphql", content=body(write.mutation, write.given)
            )
        except httpx2.TransportError:  # it was killed, whenever that was
            self.tally.cut_off += 1
            return False
        finally:
            del self.tally.under_way[write.mark]
        found = answer.json()
        codes = {error["extensions"]["code"] for error in found.get("errors", [])}
        if codes & AGAIN:
            self.tally.again += 1
            return False
        assert codes == set(), found
        assert found["data"][write.mutation]["errors"] == [], found
        return True

    async def reached(self, number: int) -> None:
        """Wait until so many writes are acknowledged."""
        async with self._answered:
            await self._answered.wait_for(lambda: len(self.tally.acknowledged) >= number)


async def kill(site: Site, server: Server, clients: Clients, after: int) -> None:
    """Kill the process somewhere after so many acknowledgements, and start the next."""
    await clients.reached(after)
    await asyncio.sleep(random.uniform(0, 0.03))
    sent = list(clients.tally.under_way)
    await server.end()
    done = {row["key"] for row in await site.rows("SELECT key FROM core_request_key")}
    clients.tally.committed += sum(key in done for key in sent)
    await server.start()


async def heard(site: Site) -> None:
    """Wait until the subscriber has come to the end of the record."""
    behind = (
        "SELECT (SELECT position FROM core_chain)"
        " - (SELECT position FROM core_subscription WHERE name = 'echo.hear') AS n"
    )
    async with asyncio.timeout(120):
        while await site.value(behind):  # noqa: ASYNC110  # of another process
            await asyncio.sleep(0.1)


async def check(site: Site, acknowledged: list[Write], version: int) -> None:
    """Compare all that there is with what was acknowledged.

    :param version: of the shared issue before the writes.
    """
    for mutation, sql in MARKS.items():
        marks = Counter(row["mark"] for row in await site.rows(sql))
        wanted = Counter(each.mark for each in acknowledged if each.mutation == mutation)
        assert marks == wanted, mutation
    keys = Counter(row["key"] for row in await site.rows("SELECT key FROM core_request_key"))
    assert keys == Counter(each.mark for each in acknowledged)

    end = await site.check_chain()
    events = await site.rows(f"SELECT id, kind FROM core_event WHERE id > {site.start} ORDER BY id")
    assert [event["id"] for event in events] == list(range(site.start + 1, end + 1))
    kinds = Counter(kind for each in acknowledged for kind in EVENTS[each.mutation])
    assert Counter(event["kind"] for event in events) == kinds

    echo = await site.rows("SELECT position AS id, kind FROM echo ORDER BY position")
    assert echo == events  # once each, and every one

    (issue,) = await site.rows("SELECT version, recurrence_count FROM ledger_issue WHERE id = 1")
    recurred = sum(each.mutation == "issueRecur" for each in acknowledged)
    assert issue["recurrence_count"] == recurred  # a count that was read and written back
    assert issue["version"] == version + recurred  # dense, as each raised it by one


async def test_writes_that_were_acknowledged_are_there_once(
    fresh_database: FreshDatabase, dialect: str, tmp_path: Path
) -> None:
    site = await make_site(fresh_database, dialect, tmp_path)
    async with serving(site) as server:
        clients = Clients(site, server)
        try:
            first = make(site, 0)
            await clients.drive([first])
            version = await site.value("SELECT version FROM ledger_issue WHERE id = 1")
            for number in range(ROUNDS):
                await one_round(site, server, clients)
                await heard(site)
                await check(site, clients.tally.acknowledged, version)
                print(f"{dialect} round {number + 1}: {told(clients.tally)}")  # noqa: T201
        finally:
            await clients.close()
        said = await server.end(signal.SIGTERM)
        assert said == ""
    assert clients.tally.cut_off > 0  # else nothing was proved
    await check(site, clients.tally.acknowledged, version)


async def one_round(site: Site, server: Server, clients: Clients) -> None:
    before = len(clients.tally.acknowledged)
    writes = [make(site, random.randrange(4)) for _ in range(WRITES)]
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(clients.drive(writes))
        for moment in sorted(random.sample(range(WRITES - CLIENTS), KILLS)):
            await kill(site, server, clients, before + moment)


def told(tally: Tally) -> str:
    return (
        f"{len(tally.acknowledged)} acknowledged, {tally.cut_off} without an answer,"
        f" {tally.committed} of these done, {tally.again} to be sent again"
    )
