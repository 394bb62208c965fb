"""The yardstick of writes: the rows that ``issueOpen`` writes, in one transaction of bare ASGI.

Issue, both transitions, both events with their place in the hash chain, and the payload read back.
No authentication, no scope, no schema, no rules; code and path of the organization are read,
because the rows hold them.
"""

from __future__ import annotations

import datetime as dt
import os
from typing import Any

import asyncpg
import orjson

from bench.limit.app import Limit
from gongzhi import chain

_ORGANIZATION = "SELECT code, path, area_id, area_path FROM core_organization WHERE id = $1"

_ISSUE = """
WITH next AS (SELECT nextval(pg_get_serial_sequence('ledger_issue', 'id')) AS id)
INSERT INTO ledger_issue (id, number, organization_id, org_path, area_id, area_path, title,
  description, source, source_type, category, severity, handling_mode, state, state_since,
  resolution_level, collector_id, handler_id, due_on, received_at, opened_at, opened_on,
  settlements, result, recurrence_count, synthetic, version, created_at, updated_at)
SELECT next.id, $1 || next.id, $2, $3, $4, $5, $6, '', $7, '', $8, 'ORDINARY', 'TIME_LIMITED',
  'OPENED', $9, 'COMMUNITY', $10, $10, $11, $9, $9, $12, 0, '', 0, FALSE, 1, $9, $9
FROM next RETURNING id"""

_TRANSITIONS = """
INSERT INTO ledger_issue_transition (subject_id, action, from_state, to_state, account_id, actor,
  occurred_at, recorded_at, reason, document)
VALUES ($1, 'receive', '', 'RECEIVED', $2, 'bench', $3, $3, '', ''),
       ($1, 'open', 'RECEIVED', 'OPENED', $2, 'bench', $3, $3, '', '')"""

_TAIL = "SELECT position, hash FROM core_chain WHERE id = 1 FOR UPDATE"

_WRITTEN = (*chain.COLUMNS, "org_path", "hash")
_PLACES = ", ".join(
    f"({', '.join(f'${first + n}' for n in range(len(_WRITTEN)))})"
    for first in (1, 1 + len(_WRITTEN))
)
_EVENTS = (
    f"WITH told AS (INSERT INTO core_event ({', '.join(_WRITTEN)}) VALUES {_PLACES})"
    f" UPDATE core_chain SET position = ${2 * len(_WRITTEN) + 1}::bigint,"
    f" hash = ${2 * len(_WRITTEN) + 2} WHERE id = 1"
)

_PAYLOAD = """
SELECT json_build_object('issueOpen', json_build_object('issue', (SELECT json_build_object(
  'id', 'Issue:' || i.id, 'number', i.number, 'title', i.title, 'state', i.state,
  'severity', i.severity, 'handlingMode', i.handling_mode,
  'openedAt', to_char(i.opened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  'organization', (SELECT json_build_object('id', 'Organization:' || o.id, 'name', o.name)
    FROM core_organization o WHERE o.id = i.organization_id),
  'deadline', json_build_object('dueOn', i.due_on),
  'transitions', (SELECT json_agg(json_build_object('action', t.action, 'toState', t.to_state,
    'occurredAt', to_char(t.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    ORDER BY t.id) FROM ledger_issue_transition t WHERE t.subject_id = i.id))
  FROM ledger_issue i WHERE i.id = $1)))::text"""


class LimitOfWrites(Limit):
    """The application."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._account = int(os.environ["BENCH_ACCOUNT"])
        self._key = bytes.fromhex(os.environ["BENCH_CHAIN_KEY"])

    async def answer(self, request: dict[str, Any]) -> str:
        """Write what a request asks for and return the payload."""
        given = request["variables"].get("input")
        if given is None:  # only asks whether the server is up
            return "{}"
        connection = await self.lent()
        try:
            await connection.execute("BEGIN")
            try:
                key = await self._written(connection, given)
            except BaseException:
                await connection.execute("ROLLBACK")
                raise
            await connection.execute("COMMIT")
            text: str = await connection.fetchval(_PAYLOAD, key)
        finally:
            self.given_back(connection)
        return text

    async def _written(self, connection: asyncpg.Connection[Any], given: dict[str, Any]) -> int:
        now = dt.datetime.now(dt.UTC)
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        owner = int(given["organization"].partition(":")[2])
        person = int(given["handler"].partition(":")[2])
        place = await connection.fetchrow(_ORGANIZATION, owner)
        assert place is not None
        key: int = await connection.fetchval(
            _ISSUE,
            *(f"{place['code']}-{now.year}-", owner, place["path"], place["area_id"]),
            *(place["area_path"], given["title"], given["source"], given["category"], now),
            *(person, dt.date.fromisoformat(given["dueOn"]), now.date()),
        )
        await connection.execute(_TRANSITIONS, key, self._account, now)
        tail = await connection.fetchrow(_TAIL)
        assert tail is not None
        position, last = tail["position"], tail["hash"]
        rows: list[Any] = []
        for kind, says in (
            ("receive", {"category": given["category"], "source": given["source"]}),
            ("open", {"due_on": given["dueOn"], "from": "RECEIVED", "mode": "TIME_LIMITED"}),
        ):
            position += 1
            values = [
                *(position, f"ledger.issue.{kind}", now, None, self._account, "bench", None),
                *(owner, "Issue", key, "", orjson.dumps(says).decode()),
            ]
            last = chain.chained(self._key, last, values)
            rows += (*values, place["path"], last)
        await connection.execute(_EVENTS, *rows, position, last)
        return key


def make() -> LimitOfWrites:
    """Make the application for the database in ``BENCH_URL``."""
    return LimitOfWrites(os.environ["BENCH_URL"])
