"""A job has its effect once: whatever fails, whoever dies, however many work."""

import asyncio
import contextlib
import datetime as dt
import logging

import asyncpg

from gongzhi import clock
from gongzhi.contributions import Job
from gongzhi.database.config import parse_url
from gongzhi.errors import DatabaseUnavailableError
from gongzhi.jobs import later, queue
from gongzhi.jobs import worker as worker_module
from gongzhi.jobs.rules import LEASE_MARGIN
from tests.jobs.support import NOON, PERSONAL, at, mark, marking, open_office

MINUTE = dt.timedelta(minutes=1)


# ---- one attempt ---------------------------------------------------------------------------------


async def test_the_effect_of_a_job_and_its_end_are_one(database_url):
    """It fails after it has written: nothing is there. It is done: it is never begun again."""

    async def go(run):
        async with run.work() as work:
            await mark(work, run.attempt)
            work.record("errand.thing.made", data={"attempt": run.attempt})
            if run.attempt == 1:
                raise ValueError

    async with open_office(database_url, [Job("errand.go", go)]) as office:
        with at():
            await office.later(0)
            await office.once()
            assert await office.marks() == []
            assert await office.fetch("SELECT id FROM core_event") == []
            assert await office.jobs("errand.go", "state", "attempts", "last_error") == [
                ("WAITING", 1, "ValueError")
            ]
            await office.once()  # the pause is not over
            assert await office.marks() == []
        for seconds in (5, 10, 100, 10000):
            with at(seconds):
                await office.once()
                assert await office.marks() == [2]
        assert await office.jobs("errand.go", "state", "attempts", "last_error", "wake_at") == [
            ("DONE", 2, "", None)
        ]
        (event,) = await office.fetch("SELECT actor, request_id, data FROM core_event")
        assert (event["actor"], event["data"]) == ("job:errand.go", '{"attempt":2}')
        assert event["request_id"].startswith("job:")


async def test_a_job_that_fails_after_its_end_is_done(database_url, caplog):
    async def go(run):
        async with run.work() as work:
            await mark(work, 1)
        raise ValueError(PERSONAL)

    async with open_office(database_url, [Job("errand.go", go)]) as office:
        await office.later(0)
        await office.once()
        assert await office.jobs() == ["DONE"]
        assert await office.marks() == [1]
    assert "failed after it was done: ValueError" in caplog.text
    assert "13800138000" not in caplog.text


async def test_a_job_that_writes_nothing_is_done(database_url):
    async def go(run):
        assert run.payload == {"n": 7}

    async with open_office(database_url, [Job("errand.go", go)]) as office:
        await office.later(7)
        await office.once()
        assert await office.jobs("errand.go", "state", "last_error") == [("DONE", "")]


async def test_a_second_work_in_one_run_is_a_fault_and_writes_nothing(database_url, caplog):
    async def go(run):
        for n in (1, 2):
            async with run.work() as work:
                await mark(work, n)

    async with open_office(database_url, [Job("errand.go", go)]) as office:
        await office.later(0)
        await office.once()
        assert await office.marks() == [1]
        assert await office.jobs() == ["DONE"]
    assert "SecondWorkError" in caplog.text


async def test_a_job_that_hides_its_failure_has_failed(database_url):
    async def go(run):
        with contextlib.suppress(ZeroDivisionError):
            async with run.work() as work:
                await mark(work, 1 // 0)

    async with open_office(database_url, [Job("errand.go", go)]) as office:
        await office.later(0)
        await office.once()
        assert await office.marks() == []
        assert await office.jobs("errand.go", "state", "last_error") == [
            ("WAITING", "UnfinishedError")
        ]


async def test_an_attempt_has_its_time(database_url):
    async def go(run):
        async with run.work() as work:
            await mark(work, 1)
            await asyncio.sleep(60)

    job = Job("errand.go", go, timeout=dt.timedelta(milliseconds=100))
    async with open_office(database_url, [job]) as office:
        await office.later(0)
        await office.once()
        assert await office.marks() == []
        assert await office.jobs("errand.go", "state", "last_error") == [
            ("WAITING", "TimeoutError")
        ]


async def test_a_job_that_cancels_itself_has_failed(database_url):
    """Else it would be given back, and begun again at once, for ever."""

    async def go(_run):
        raise asyncio.CancelledError

    async with open_office(database_url, [Job("errand.go", go)]) as office:
        await office.later(0)
        await office.once()
        assert await office.jobs("errand.go", "state", "last_error") == [
            ("WAITING", "CancelledError")
        ]


async def test_after_its_last_attempt_a_job_is_dead_until_it_is_retried(database_url, caplog):
    fixed = []

    async def go(run):
        async with run.work() as work:
            await mark(work, 1)
            if not fixed:
                raise ValueError(PERSONAL)

    from gongzhi.jobs.overview import overview, retry

    async with open_office(database_url, [Job("errand.go", go, attempts=3)]) as office:
        moment = 0.0
        for attempt, pause in enumerate((5, 15, 45), start=1):
            with at(moment):
                if attempt == 1:
                    await office.later(0)
                await office.once()
                assert await office.jobs("errand.go", "attempts") == [attempt]
            moment += pause
        rows = await office.jobs("errand.go", "id", "state", "last_error", "wake_at")
        ((key, *rest),) = rows
        assert rest == ["DEAD", "ValueError", None]
        with at(days=365):
            await office.once()
            assert await office.jobs() == ["DEAD"]
            found = await overview(office.registry)
            assert found.dead == 1
            assert [(line.id, line.state) for line in found.jobs if line.state == "DEAD"] == [
                (key, "DEAD")
            ]
            fixed.append(True)
            await retry(str(key))
            await office.once()
        assert await office.jobs("errand.go", "state", "attempts") == [("DONE", 1)]
        assert await office.marks() == [1]
    assert "is dead: ValueError" in caplog.text
    assert "13800138000" not in caplog.text


async def test_a_job_asks_for_the_next(database_url):
    async def go(run):
        async with run.work() as work:
            await mark(work, run.payload["n"])
            if run.payload["n"] < 4:
                await later(work, "errand.go", {"n": run.payload["n"] + 1})

    async with open_office(database_url, [Job("errand.go", go)]) as office:
        await office.later(1)
        await office.once()
        assert await office.marks() == [1, 2, 3, 4]


# ---- workers that die, stall, stop ---------------------------------------------------------------


async def test_what_a_dead_worker_had_is_taken_over_after_its_lease(database_url):
    async with open_office(database_url, [marking(timeout=MINUTE)]) as office:
        with at():
            await office.later(1)
            assert len(await queue.claim(office.worker()._known, 1)) == 1  # and is heard no more
        lease = (MINUTE + LEASE_MARGIN).total_seconds()
        with at(lease - 0.001):
            await office.once()
            assert await office.marks() == []
        with at(lease):
            await office.once()
            assert await office.marks() == [1]
        assert await office.jobs("errand.go", "state", "attempts") == [("DONE", 2)]


async def test_a_job_that_kills_its_workers_dies_too(database_url):
    async with open_office(database_url, [marking(attempts=2)]) as office:
        known = office.worker()._known
        for hour in range(2):
            with at(hours=hour):
                if not hour:
                    await office.later(1)
                assert len(await queue.claim(known, 1)) == 1
        with at(hours=2):
            await office.once()
        assert await office.jobs("errand.go", "state", "last_error") == [("DEAD", "WorkerLost")]
        assert await office.marks() == []


async def test_who_was_thought_dead_and_is_not_writes_nothing(database_url, caplog):
    """Its lease runs out before it opens its work; another does the job; then it wakes up."""
    caplog.set_level(logging.WARNING)
    awake, asleep = asyncio.Event(), asyncio.Event()

    async def go(run):
        if run.attempt == 1:
            asleep.set()
            await awake.wait()
        async with run.work() as work:
            await mark(work, run.attempt)

    async with open_office(database_url, [Job("errand.go", go)]) as office:
        with at():
            await office.later(0)
            slow = asyncio.create_task(office.once())
            await asleep.wait()
        with at(hours=1):
            await office.once()
        awake.set()
        await slow
        assert await office.marks() == [2]
        assert await office.jobs("errand.go", "state", "attempts") == [("DONE", 2)]
    assert "another worker has taken it over" in caplog.text


async def test_who_was_thought_dead_does_not_end_what_another_has_begun(database_url):
    awake, asleep = asyncio.Event(), asyncio.Event()

    async def go(run):
        asleep.set()
        await awake.wait()
        async with run.work() as work:
            await mark(work, run.attempt)

    async with open_office(database_url, [Job("errand.go", go)]) as office:
        with at():
            await office.later(0)
            slow = asyncio.create_task(office.once())
            await asleep.wait()
        with at(hours=1):
            (job,) = await queue.claim(office.worker()._known, 1)
        awake.set()
        await slow
        assert await office.marks() == []
        assert await office.jobs("errand.go", "state", "attempts") == [("RUNNING", 2)]
        assert job.attempt == 2


async def test_nobody_takes_a_job_over_while_its_work_is_open(postgres_url):
    """On SQLite there is one writer anyway."""
    inside, leave = asyncio.Event(), asyncio.Event()

    async def go(run):
        async with run.work() as work:
            await mark(work, run.attempt)
            inside.set()
            await leave.wait()

    async with open_office(postgres_url, [Job("errand.go", go)]) as office:
        with at():
            await office.later(0)
            slow = asyncio.create_task(office.once())
            await inside.wait()
        with at(hours=1):
            await office.once()
        leave.set()
        await slow
        assert await office.marks() == [1]


async def test_a_worker_that_stops_lets_its_jobs_finish(database_url):
    begun, leave = asyncio.Event(), asyncio.Event()

    async def go(run):
        begun.set()
        await leave.wait()
        async with run.work() as work:
            await mark(work, run.payload["n"])

    async with open_office(database_url, [Job("errand.go", go)]) as office:
        await office.later(1)
        worker = office.worker()
        running = asyncio.create_task(worker.run())
        await begun.wait()
        worker.stop()
        await office.later(2)
        leave.set()
        await running
        assert await office.marks() == [1]
        assert await office.jobs() == ["DONE", "WAITING"]
        assert office.deployment.watchers == []


async def test_a_job_that_does_not_end_in_time_is_given_back_as_it_was(database_url, monkeypatch):
    monkeypatch.setattr(worker_module, "GRACE_SECONDS", 0.05)
    begun, patient = asyncio.Event(), []

    async def go(run):
        async with run.work() as work:
            await mark(work, 1)
            begun.set()
            if not patient:
                await asyncio.sleep(60)

    async with open_office(database_url, [Job("errand.go", go, attempts=1)]) as office:
        await office.later(1)
        worker = office.worker()
        running = asyncio.create_task(worker.run())
        await begun.wait()
        worker.stop()
        await running
        assert await office.marks() == []
        assert await office.jobs("errand.go", "state", "attempts") == [("WAITING", 0)]
        patient.append(True)
        await office.once()
        assert await office.marks() == [1]


async def test_a_worker_outlives_a_database_that_does_not_answer(database_url, monkeypatch, caplog):
    turns = []
    peek = queue.peek

    async def failing(known):
        turns.append(1)
        if len(turns) == 1:
            message = "down"
            raise DatabaseUnavailableError(message)
        if len(turns) == 2:
            raise KeyError(PERSONAL)
        return await peek(known)

    monkeypatch.setattr(queue, "peek", failing)
    async with open_office(database_url, [marking()], poll_seconds=0.01) as office:
        await office.later(1)
        worker = office.worker()
        running = asyncio.create_task(worker.run())
        await office.until(office.marks)
        worker.stop()
        await running
    assert "the worker failed: KeyError" in caplog.text
    assert "13800138000" not in caplog.text


async def test_a_worker_outlives_the_connections_that_the_server_ends(postgres_url, monkeypatch):
    """A job whose connection is lost is tried again; one that was committed is not."""
    monkeypatch.setattr(queue, "pause_after", lambda _attempts: dt.timedelta(milliseconds=50))
    inside = asyncio.Event()

    async def go(run):
        async with run.work() as work:
            await mark(work, run.payload["n"])
            if run.attempt == 1:
                inside.set()
                await asyncio.sleep(0.2)

    async with open_office(postgres_url, [Job("errand.go", go)], poll_seconds=0.05) as office:
        await office.later(*range(6))
        worker = office.worker()
        running = asyncio.create_task(worker.run())
        await inside.wait()
        other = await asyncpg.connect(**parse_url(postgres_url).connect_arguments)
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

        async def all_done():
            return await other.fetchval("SELECT count(*) FROM core_job WHERE state = 'DONE'") == 6

        await office.until(all_done)
        await other.close()
        worker.stop()
        await running
        assert sorted(await office.marks()) == list(range(6))
        assert max(await office.jobs("errand.go", "attempts")) > 1


async def test_a_commit_of_this_process_wakes_the_worker(database_url):
    """It would look again after an hour."""
    async with open_office(database_url, [marking()], poll_seconds=3600) as office:
        worker = office.worker()
        running = asyncio.create_task(worker.run())
        await office.until(lambda: office.jobs("core.purge"))  # it has begun
        async with office.work() as work:
            await later(work, "errand.go", {"n": 1})
            work.record("errand.thing.made")
        await office.until(office.marks)
        worker.stop()
        await running


async def test_one_process_runs_as_many_jobs_as_it_may(database_url):
    running, most = [], []

    async def go(run):
        running.append(1)
        most.append(len(running))
        await asyncio.sleep(0.01)
        running.pop()

    async with open_office(database_url, [Job("errand.go", go)], concurrency=3) as office:
        await office.later(*range(10))
        await office.once()
        assert max(most) == 3
        assert await office.jobs() == ["DONE"] * 10


# ---- due times -----------------------------------------------------------------------------------


def due_times(**times):
    async def go(run):
        async with run.work() as work:
            await mark(work, round((run.due_at - NOON).total_seconds()))

    return Job("errand.go", go, **times)


async def test_each_due_time_is_done_once_by_three_workers(database_url):
    async with open_office(database_url, [due_times(every=MINUTE)]) as office:
        workers = [office.worker() for _ in range(3)]
        for half_minutes in range(41):
            with at(30 * half_minutes):
                await asyncio.gather(*(worker.once() for worker in workers))
        assert await office.marks() == [60 * n for n in range(1, 21)]
        assert await office.jobs() == ["DONE"] * 20 + ["WAITING"]


async def test_what_was_missed_is_made_up_for_once(database_url):
    async with open_office(database_url, [due_times(daily=dt.time(12, 30))]) as office:
        with at():
            await office.once()  # new: it begins with the next due time
            assert await office.marks() == []
        with at(days=3):  # the worker was off
            await office.once()
            await office.once()
            assert await office.marks() == [1800]
        with at(days=3, minutes=30):
            await office.once()
            assert await office.marks() == [1800, 1800 + 3 * 86400]


async def test_a_due_time_that_passes_while_the_job_runs_has_its_own_run(database_url):
    async def go(run):
        async with run.work() as work:
            await mark(work, round((run.due_at - NOON).total_seconds()))

    async def slow(run):
        await go(run)
        clock._stopped.set(NOON + dt.timedelta(seconds=250))  # of this task: it took so long

    async with open_office(database_url, [Job("errand.go", slow, every=MINUTE)]) as office:
        with at():
            await office.once()
        with at(60):
            await office.once()
        with at(250):
            await office.once()
            assert await office.marks() == [60, 120]
        assert [
            (round((queue.instant(due) - NOON).total_seconds()), state)
            for due, state in await office.jobs("errand.go", "due_at", "state")
        ] == [(60, "DONE"), (120, "DONE"), (300, "WAITING")]


async def test_a_periodic_job_that_dies_is_due_again(database_url):
    async def go(_run):
        raise ValueError

    async with open_office(
        database_url, [Job("errand.go", go, every=MINUTE, attempts=1)]
    ) as office:
        for minute in range(3):
            with at(60 * minute):
                await office.once()
        assert await office.jobs() == ["DEAD", "DEAD", "WAITING"]


async def test_a_job_that_becomes_due_more_often_is_so_at_once(database_url):
    async with open_office(database_url, [due_times(every=dt.timedelta(days=7))]) as office:
        with at():
            await office.once()
    async with open_office(database_url, [due_times(every=MINUTE)]) as office:
        with at(30):
            await office.once()
        with at(60):
            await office.once()
        assert await office.marks() == [60]


async def test_a_job_whose_plugin_is_off_waits(database_url):
    async with open_office(database_url, [marking(), due_times(every=MINUTE)][:1]) as office:
        await office.later(1)
    async with open_office(database_url, plugin=False) as office:
        from gongzhi.jobs.overview import overview

        await office.once()
        assert await office.jobs() == ["WAITING"]
        assert [line.known for line in (await overview(office.registry)).jobs] == [False, True]
    async with open_office(database_url, [marking()]) as office:
        await office.once()
        assert await office.marks() == [1]


# ---- the core's own ------------------------------------------------------------------------------


async def test_what_is_old_is_purged(database_url):
    async with open_office(database_url, [marking()], done_days=30, request_key_days=7) as office:
        await office.fetch("INSERT INTO core_account (name, kind, active, created_at) VALUES"
                           f" ('a', 'PERSON', {'1' if 'sqlite' in database_url else 'true'}, $1)", NOON)  # fmt: skip
        for n, days in enumerate((0, 29, 30)):
            moment = NOON + dt.timedelta(days=days)
            await office.fetch(
                "INSERT INTO core_request_key (account_id, key, mutation, digest, recorded_at)"
                " SELECT id, $1, 'm', 'd', $2 FROM core_account WHERE name = 'a'",
                str(n), moment,
            )  # fmt: skip
            with clock.stopped_at(moment):
                await office.later(n)
                await office.once()
        with at(days=30, hours=16):  # half past three has passed
            await office.once()
        keys = await office.fetch("SELECT key FROM core_request_key ORDER BY key")
        assert [row["key"] for row in keys] == ["1", "2"]
        assert await office.marks() == [0, 1, 2]
        assert await office.jobs("errand.go", "payload") == ['{"n":1}', '{"n":2}']
        rows = await office.fetch("SELECT kind, data FROM core_event ORDER BY id")
        assert [tuple(row.values()) for row in rows] == [
            ("core.deployment.purge", '{"request_keys":1}'),  # in the night before the 29th day
            ("core.deployment.purge", '{"jobs":1}'),
        ]
