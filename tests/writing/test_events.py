"""The event record is appended to, and every change to what is in it is found, with its place."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import AsyncIterator

import asyncpg
import pytest

from gongzhi.chain import Draft, append, canonical, chained, located
from gongzhi.database.migrate import drift
from gongzhi.imports.session import Session, open_session
from gongzhi.writing.events import Anchor, Fault, FaultKind, Verdict, verify
from tests.postgres import run_in_thread

KEY = b"a key of tests"
NOW = dt.datetime(2026, 11, 23, 9, 30, 15, 123_456, dt.UTC)
EARLY = dt.datetime(1969, 12, 31, 20, tzinfo=dt.timezone(dt.timedelta(hours=8)))
HISTORY = 12
K = FaultKind


def draft(number: int) -> Draft:
    return Draft(
        kind="desk.ticket.open",
        actor="test",
        entity_type="Ticket",
        entity_id=number,
        request_id=f"r{number}",
        occurred_at=EARLY + dt.timedelta(seconds=number) if number % 2 else None,
        data={"day": dt.date(2026, 11, 23), "数": number, "b": [1, None], "a": True},
    )


async def add(session: Session, *numbers: int, key: bytes = KEY) -> int:
    postgres = session.dialect == "postgres"
    async with session.transaction(["core_event"]):
        drafts = await located(session.execute, [draft(n) for n in numbers], {}, postgres=postgres)
        return await append(session.execute, drafts, key=key, now=NOW, postgres=postgres)


@pytest.fixture
async def session(database_url: str) -> AsyncIterator[Session]:
    """A database with twelve events, made by three transactions, without the triggers."""
    async with open_session(database_url) as session:
        await add(session, 1)
        await add(session, 2, 3, 4, 5, 6, 7, 8)
        await add(session, *range(9, HISTORY + 1))
        if session.dialect == "postgres":
            await session.fetch("ALTER TABLE core_event DISABLE TRIGGER USER")
            await session.fetch("ALTER TABLE core_chain DISABLE TRIGGER USER")
        else:
            for row in await session.fetch("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
                await session.fetch(f"DROP TRIGGER {row['name']}")
        yield session


async def check(session: Session, *expected: Anchor, key: bytes = KEY) -> Verdict:
    return await verify(session, key=key, expected=expected)


async def faults(session: Session, *expected: Anchor) -> list[Fault]:
    verdict = await check(session, *expected)
    assert verdict.fault_count == len(verdict.faults)
    return list(verdict.faults)


async def test_a_sound_record_verifies(session: Session) -> None:
    verdict = await check(session)
    assert (verdict.events, verdict.faults, verdict.fault_count) == (HISTORY, (), 0)
    rows = await session.fetch("SELECT * FROM core_chain")
    assert [(row["position"], row["hash"]) for row in rows] == [(HISTORY, verdict.end.hash)]
    assert verdict.end.position == HISTORY
    assert await faults(session, verdict.end, Anchor(3, await _hash(session, 3))) == []


async def test_an_empty_record_verifies(database_url: str) -> None:
    async with open_session(database_url) as session:
        verdict = await check(session)
        assert (verdict.events, verdict.end.position, verdict.faults) == (0, 0, ())
        assert [f.kind for f in await faults(session, Anchor(1, "0" * 64))] == [K.TRUNCATED]


async def test_another_key_does_not_verify(session: Session) -> None:
    verdict = await check(session, key=b"guessed")
    assert {f.kind for f in verdict.faults} == {K.ALTERED}
    assert verdict.fault_count == HISTORY


async def test_instants_are_kept_in_utc_to_the_millisecond(session: Session) -> None:
    (row,) = await session.fetch("SELECT recorded_at, occurred_at FROM core_event WHERE id = 3")
    recorded, occurred = row["recorded_at"], row["occurred_at"]
    if session.dialect == "sqlite":
        assert occurred == "1969-12-31 12:00:03+00:00"
        recorded = dt.datetime.fromisoformat(recorded)
    else:
        assert occurred == dt.datetime(1969, 12, 31, 12, 0, 3, tzinfo=dt.UTC)
    assert recorded == NOW.replace(microsecond=123_000)


async def test_an_instant_without_a_time_zone_is_refused(session: Session) -> None:
    naive = Draft("a.b.c", "test", occurred_at=dt.datetime(2026, 1, 1))  # noqa: DTZ001  # the fault
    postgres = session.dialect == "postgres"
    with pytest.raises(ValueError, match="time zone"):
        async with session.transaction(["core_event"]):
            await append(session.execute, [naive], key=KEY, now=NOW, postgres=postgres)
    assert await faults(session) == []


async def test_many_events_at_once_are_chained(session: Session) -> None:
    assert await add(session, *range(13, 313)) == 312
    assert await faults(session) == []
    (row,) = await session.fetch("SELECT count(*) AS n, max(id) AS last FROM core_event")
    assert (row["n"], row["last"]) == (312, 312)


COVERED = {
    "kind": "'desk.ticket.drop'",
    "recorded_at": "'2026-11-23 09:30:15.124000+00:00'",
    "occurred_at": "'2001-01-01 00:00:00+00:00'",
    "actor": "'nobody'",
    "on_behalf_of_id": "7",
    "entity_type": "''",
    "entity_id": "NULL",
    "request_id": "'r77'",
    "data": "'{}'",
}


@pytest.mark.parametrize("column", COVERED)
async def test_an_altered_value_is_found(session: Session, column: str) -> None:
    await session.fetch(f"UPDATE core_event SET {column} = {COVERED[column]} WHERE id = 5")
    assert await faults(session) == [Fault(K.ALTERED, 5)]


async def test_an_altered_account_is_found(session: Session) -> None:
    await session.fetch(
        "INSERT INTO core_account (id, name, kind, active, created_at) VALUES"
        " (1, 'scapegoat', 'PERSON', TRUE, '2026-01-01 00:00:00+00:00')"
    )
    await session.fetch("UPDATE core_event SET account_id = 1 WHERE id IN (1, 12)")
    assert await faults(session) == [Fault(K.ALTERED, 1), Fault(K.ALTERED, 12)]


async def test_an_altered_hash_is_found_and_only_there(session: Session) -> None:
    await session.fetch(f"UPDATE core_event SET hash = '{'f' * 64}' WHERE id IN (4, 9)")
    assert await faults(session) == [Fault(K.ALTERED, 4), Fault(K.ALTERED, 9)]


async def test_a_fraction_of_a_millisecond_is_found(session: Session) -> None:
    later = "2026-11-23 09:30:15.123400+00:00"
    await session.fetch(f"UPDATE core_event SET recorded_at = '{later}' WHERE id = 2")
    assert await faults(session) == [Fault(K.ALTERED, 2)]


async def test_what_only_sqlite_keeps_is_found(session: Session) -> None:
    """Values of another type, and the same instant in other letters."""
    if session.dialect != "sqlite":
        pytest.skip("PostgreSQL's columns hold one type")
    for number, change in enumerate(
        (
            "recorded_at = '2026-11-23 17:30:15.123000+08:00'",
            "recorded_at = '2026-11-23 09:30:15.123000'",
            "recorded_at = 'today'",
            "data = CAST(data AS BLOB)",
            "on_behalf_of_id = 9e999",
            "actor = 5",
        ),
        2,
    ):
        await session.fetch(f"UPDATE core_event SET {change} WHERE id = {number}")
    assert await faults(session) == [Fault(K.ALTERED, number) for number in range(2, 8)]


@pytest.mark.parametrize(
    ("gone", "first", "last"), [("= 1", 1, 1), ("= 6", 6, 6), ("BETWEEN 3 AND 8", 3, 8)]
)
async def test_removed_rows_are_found(session: Session, gone: str, first: int, last: int) -> None:
    await session.fetch(f"DELETE FROM core_event WHERE id {gone}")
    assert await faults(session) == [Fault(K.MISSING, first, last)]


async def test_rows_closed_up_behind_a_removed_one_are_found(session: Session) -> None:
    await session.fetch("DELETE FROM core_event WHERE id = 6")
    for number in range(7, HISTORY + 1):
        await session.fetch(f"UPDATE core_event SET id = {number - 1} WHERE id = {number}")
    found = await faults(session)
    assert Fault(K.TRUNCATED, HISTORY, HISTORY) in found
    assert [f.position for f in found if f.kind in (K.ALTERED, K.MOVED)] == list(range(6, HISTORY))


async def test_swapped_rows_are_found(session: Session) -> None:
    """Two that stand side by side, and two that do not; what lies between is sound."""
    await _swap(session, 3, 4)
    await _swap(session, 7, 10)
    assert await faults(session) == [
        Fault(K.MOVED, 3, 4),
        Fault(K.MOVED, 4, 3),
        Fault(K.MOVED, 7, 10),
        Fault(K.MOVED, 10, 7),
    ]


async def test_a_removed_end_is_found(session: Session) -> None:
    await session.fetch("DELETE FROM core_event WHERE id > 10")
    assert await faults(session) == [Fault(K.TRUNCATED, 11, 12)]


async def test_an_end_removed_with_its_record_is_found_by_an_anchor(session: Session) -> None:
    anchor = (await check(session)).end
    await session.fetch("DELETE FROM core_event WHERE id > 10")
    tenth = await _hash(session, 10)
    await session.fetch(f"UPDATE core_chain SET position = 10, hash = '{tenth}'")
    assert await faults(session) == []  # nothing in the database can tell
    assert await faults(session, anchor) == [Fault(K.TRUNCATED, 11, 12)]


async def test_a_record_made_anew_is_found_by_an_anchor(session: Session) -> None:
    """Who has the key can make another chain, not one with the hash that was noted."""
    anchor = (await check(session)).end
    await session.fetch("DELETE FROM core_event")
    await session.fetch("DELETE FROM core_chain")
    await add(session, *range(2, HISTORY + 2))
    assert await faults(session) == []
    assert await faults(session, anchor) == [Fault(K.ANCHOR, HISTORY)]


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        ("UPDATE core_chain SET position = 11", Fault(K.TAIL, 12)),
        ("UPDATE core_chain SET position = 15", Fault(K.TRUNCATED, 13, 15)),
        (f"UPDATE core_chain SET hash = '{'0' * 64}'", Fault(K.TAIL, 12)),
        ("DELETE FROM core_chain", Fault(K.TAIL, 1)),
    ],
)
async def test_a_changed_end_of_the_chain_is_found(
    session: Session, damage: str, fault: Fault
) -> None:
    await session.fetch(damage)
    assert await faults(session) == [fault]


async def test_a_row_without_a_place_is_found(session: Session) -> None:
    await session.fetch("UPDATE core_event SET id = 0 WHERE id = 12")
    assert await faults(session) == [Fault(K.SURPLUS, 0), Fault(K.TRUNCATED, 12, 12)]


async def test_a_path_that_hides_an_event_is_found(session: Session) -> None:
    await session.fetch("UPDATE core_event SET org_path = '9.' WHERE id = 8")
    assert await faults(session) == [Fault(K.MISPLACED, 8)]


async def test_everything_that_is_wrong_is_told_at_once(session: Session) -> None:
    await session.fetch("DELETE FROM core_event WHERE id = 2")
    await session.fetch("UPDATE core_event SET actor = 'x' WHERE id IN (5, 6)")
    await _swap(session, 8, 9)
    await session.fetch("UPDATE core_chain SET position = 20")
    assert [(f.kind, f.position) for f in await faults(session)] == [
        (K.MISSING, 2),
        (K.ALTERED, 5),
        (K.ALTERED, 6),
        (K.MOVED, 8),
        (K.MOVED, 9),
        (K.TRUNCATED, 13),
    ]


async def test_the_list_of_faults_is_bounded(session: Session) -> None:
    await add(session, *range(13, 313))
    await session.fetch("UPDATE core_event SET actor = 'x' WHERE id > 12")
    verdict = await check(session)
    assert (len(verdict.faults), verdict.fault_count) == (100, 300)
    assert verdict.faults[0] == Fault(K.ALTERED, 13)


async def test_a_check_is_of_one_moment_while_others_append(
    session: Session, database_url: str
) -> None:
    """The batches are of one snapshot: what comes meanwhile is neither missing nor beyond."""
    seen: list[tuple[int, int]] = []
    await add(session, *range(13, 5_313))

    async def append_more() -> None:
        async with open_session(database_url) as other:
            await add(other, 1, 2, 3)

    def progress(done: int, total: int) -> None:
        if not seen:
            run_in_thread(append_more)
        seen.append((done, total))

    verdict = await verify(session, key=KEY, progress=progress)
    assert (verdict.events, verdict.faults) == (5_312, ())
    assert seen == [(5_000, 5_312), (5_312, 5_312)]
    assert (await check(session)).events == 5_315


def test_faults_read_in_both_languages() -> None:
    assert str(Fault(K.MISSING, 3, 8)) == "3 至 8：记录缺失 · 3 to 8: are missing"
    for kind in K:
        assert " · " in str(Fault(kind, 1, 2))


def test_the_hash_covers_what_stands_before() -> None:
    values = [1, "a.b.c", NOW, None, None, "x", None, None, "", None, "", "{}"]
    assert chained(KEY, "0" * 64, values) == chained(KEY, "0" * 64, values)
    assert chained(KEY, "1" * 64, values) != chained(KEY, "0" * 64, values)
    assert chained(b"", "0" * 64, values) != chained(KEY, "0" * 64, values)
    early = NOW.replace(year=1950)
    assert canonical([NOW, early]) == b"[1795426215123456,-602951384876544]"


async def _hash(session: Session, position: int) -> str:
    (row,) = await session.fetch(f"SELECT hash FROM core_event WHERE id = {position}")
    found: str = row["hash"]
    return found


async def _swap(session: Session, one: int, other: int) -> None:
    for before, after in ((one, 1000), (other, one), (1000, other)):
        await session.fetch(f"UPDATE core_event SET id = {after} WHERE id = {before}")


# The tables refuse


@pytest.fixture
async def guarded(database_url: str) -> AsyncIterator[Session]:
    """A database with three events and the triggers that it is migrated with."""
    async with open_session(database_url) as session:
        await add(session, 1, 2, 3)
        yield session


async def _refused(session: Session, statement: str) -> None:
    with pytest.raises((sqlite3.IntegrityError, asyncpg.RaiseError), match=r"append-only|forward"):
        await session.fetch(statement)


async def test_every_column_but_the_path_is_kept(guarded: Session) -> None:
    columns = (await guarded.column_types())["core_event"]
    assert len(columns) == 14
    for column in columns:
        statement = f"UPDATE core_event SET {column} = {column} WHERE id = 2"
        if column == "org_path":
            await guarded.fetch(statement)
        else:
            await _refused(guarded, statement)
    assert (await check(guarded)).faults == ()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM core_event",
        "DELETE FROM core_event WHERE id = 3",
        "DELETE FROM core_chain",
        "UPDATE core_chain SET position = 2",
        "UPDATE core_chain SET id = 2",
    ],
)
async def test_nothing_is_taken_away(guarded: Session, statement: str) -> None:
    await _refused(guarded, statement)
    verdict = await check(guarded)
    assert (verdict.events, verdict.faults) == (3, ())


async def test_nothing_is_taken_away_by_other_words(guarded: Session) -> None:
    """TRUNCATE asks no trigger for DELETE, and neither does REPLACE."""
    if guarded.dialect == "postgres":
        statements = [
            "TRUNCATE core_event CASCADE",
            "TRUNCATE core_chain",
            "INSERT INTO core_event SELECT * FROM core_event WHERE id = 2"
            " ON CONFLICT (id) DO UPDATE SET actor = 'x'",
        ]
    else:
        statements = [
            "INSERT OR REPLACE INTO core_event SELECT * FROM core_event WHERE id = 2",
            "REPLACE INTO core_chain SELECT * FROM core_chain",
            "UPDATE OR REPLACE core_event SET id = 3 WHERE id = 2",
            "INSERT INTO core_event SELECT * FROM core_event WHERE id = 2"
            " ON CONFLICT (id) DO UPDATE SET actor = 'x'",
        ]
    for statement in statements:
        await _refused(guarded, statement)
    verdict = await check(guarded)
    assert (verdict.events, verdict.faults) == (3, ())


async def test_the_guarded_record_goes_on(guarded: Session, database_url: str) -> None:
    assert await add(guarded, 4) == 4
    assert (await check(guarded)).faults == ()
    assert await drift(database_url, []) == []
