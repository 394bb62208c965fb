"""What a worker asks all the time touches what is due, not all that is done, also without ANALYZE."""

import pytest

from gongzhi.jobs import delivery, queue
from gongzhi.registry import counters
from tests.jobs.support import NOON, marking, open_office
from tests.jobs.test_subscribers import OPEN, SETTLE, listening


@pytest.fixture
def statements(monkeypatch):
    """What is run, with its values."""
    told = []

    def listening_in(connection):
        execute = counters.on_tortoise(connection)

        async def run(sql, params):
            told.append((sql, params))
            return await execute(sql, params)

        return run

    for module in (queue, delivery):
        monkeypatch.setattr(module, "on_tortoise", listening_in)
    return told


async def plan(office, sql, params):
    sqlite = office.registry.settings.database_url.startswith("sqlite:")
    rows = await office.fetch(f"EXPLAIN {'QUERY PLAN ' * sqlite}{sql}", *params)
    return "\n".join(str(row["detail" if sqlite else "QUERY PLAN"]) for row in rows)


DONE = """\
INSERT INTO core_job (name, state, due_at, payload, attempts, last_error, created_at)
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5000)
SELECT 'errand.go', 'DONE', $1, '{}', 1, '', $1 FROM n"""


async def test_looking_for_work_goes_by_the_index_of_what_is_due(database_url, statements):
    hear = listening(kinds=(OPEN, SETTLE))
    async with open_office(database_url, [marking()], [hear]) as office:
        await office.once()
        await office.fetch(DONE, NOON)
        await office.later(1, 2, 3)
        statements.clear()
        await office.once()
        assert sorted(await office.marks()) == [1, 2, 3]  # they run side by side
        looks = {
            sql: params
            for sql, params in statements
            if sql.startswith("SELECT") and "core_job" in sql and "slot DESC" not in sql
        }
        assert len(looks) == 2  # the look ahead, and the claim; not the one at the start
        for sql, params in looks.items():
            told = await plan(office, sql, params)
            assert "core_job_wake" in told, told


async def test_looking_for_events_goes_by_their_positions(database_url, statements):
    async with open_office(
        database_url, [], [listening(kinds=("errand.issue.*", SETTLE))]
    ) as office:
        await office.once()
        await office.happen(*[OPEN] * 60)
        statements.clear()
        await office.once()
        looks = {sql: params for sql, params in statements if "FROM core_event WHERE id >" in sql}
        assert looks
        for sql, params in looks.items():
            told = await plan(office, sql, params)
            assert "core_event_kind" not in told, told
            assert "(id>" in told or "core_event_pkey" in told, told
