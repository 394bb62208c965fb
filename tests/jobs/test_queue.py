"""Asking for jobs: in the transaction of the caller, at most one of a key."""

import asyncio
import datetime as dt

import pytest

from gongzhi.jobs import later, queue
from tests.jobs.support import NOON, at, marking, open_office


async def test_without_the_commit_there_is_no_job(database_url):
    async with open_office(database_url, [marking()]) as office:
        woken = []
        office.deployment.watchers.append(lambda: woken.append(1))

        async def fail():
            async with office.work() as work:
                await later(work, "errand.go", {"n": 1})
                work.record("errand.thing.made")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        assert await office.jobs() == []
        assert await office.fetch("SELECT * FROM core_event") == []
        assert woken == []


async def test_a_cancelled_request_leaves_nothing(database_url):
    async with open_office(database_url, [marking()]) as office:
        asked = asyncio.Event()

        async def request():
            async with office.work() as work:
                await later(work, "errand.go", {"n": 1})
                work.record("errand.thing.made")
                asked.set()
                await asyncio.sleep(60)

        task = asyncio.create_task(request())
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await office.once()
        assert await office.jobs() == []
        assert await office.fetch("SELECT * FROM core_event") == []
        await office.later(2)  # the connection is as good as before
        await office.once()
        assert await office.marks() == [2]


async def test_a_job_waits_for_its_time(database_url):
    async with open_office(database_url, [marking()]) as office:
        with at():
            await office.later(1, at=NOON + dt.timedelta(hours=1))
            await office.once()
            assert await office.marks() == []
        with at(hours=1):
            await office.once()
            assert await office.marks() == [1]


async def test_one_job_of_a_key_waits_with_the_last_payload_and_the_soonest_time(database_url):
    async with open_office(database_url, [marking(), marking("errand.other")]) as office:
        with at():
            hours = [NOON + dt.timedelta(hours=n) for n in range(4)]
            await office.later(1, at=hours[2], key="a")
            await office.later(2, at=hours[1], key="a")
            await office.later(3, at=hours[3], key="a")
            await office.later(4, at=hours[2], key="b")
            await office.later(5, at=hours[2], key="a", name="errand.other")
            await office.later(6, 7, at=hours[2])
            rows = await office.jobs("errand.go", "payload", "wake_at")
            assert [(payload, queue.instant(wake)) for payload, wake in rows] == [
                ('{"n":3}', hours[1]),
                ('{"n":4}', hours[2]),
                ('{"n":6}', hours[2]),
                ('{"n":7}', hours[2]),
            ]
            assert await office.jobs("errand.other") == ["WAITING"]


async def test_a_job_that_was_begun_waits_no_longer(database_url):
    async with open_office(database_url, [marking()]) as office:
        known = office.worker()._known
        await office.later(1, key="a")
        (job,) = await queue.claim(known, 5)
        await office.later(2, key="a")
        assert await office.jobs() == ["RUNNING", "WAITING"]
        await queue.fail(known, job, "ValueError")
        await office.later(3, key="a")
        assert await office.jobs("errand.go", "payload") == ['{"n":1}', '{"n":3}']


async def test_a_job_that_is_asked_for_again_does_not_begin_before_the_commit(database_url):
    """Else it would not see what the work that asked has changed."""
    async with open_office(database_url, [marking()]) as office:
        known = office.worker()._known
        await office.later(1, key="a")
        asked = asyncio.Event()

        async def claim():  # a task that is begun inside the work would be in its transaction
            await asked.wait()
            return await queue.claim(known, 5)

        claiming = asyncio.create_task(claim())
        async with office.work() as work:
            await later(work, "errand.go", {"n": 2}, key="a")
            asked.set()
            await asyncio.sleep(0.05)
            # PostgreSQL leaves it out, on SQLite the claim waits
            assert not claiming.done() or claiming.result() == []
        early = await claiming
        (job,) = early or await queue.claim(known, 5)
        assert job.payload == {"n": 2}


async def test_nobody_has_the_job(database_url):
    async with open_office(database_url) as office, office.work() as work:
        with pytest.raises(LookupError, match=r"no enabled plugin has a job 'errand\.go'"):
            await later(work, "errand.go")


async def test_a_time_has_a_zone(database_url):
    async with open_office(database_url, [marking()]) as office, office.work() as work:
        with pytest.raises(ValueError, match="needs a time zone"):
            await later(work, "errand.go", at=NOON.replace(tzinfo=None))


async def test_a_key_has_a_length(database_url):
    async with open_office(database_url, [marking()]) as office, office.work() as work:
        for key in ("", "x" * 97):
            with pytest.raises(ValueError, match="1 to 96"):
                await later(work, "errand.go", key=key)


async def test_a_claim_takes_what_waits_longest_and_no_more_than_asked(database_url):
    async with open_office(database_url, [marking()]) as office:
        known = office.worker()._known
        with at():
            for n in (3, 1, 2, 4):
                await office.later(n, at=NOON - dt.timedelta(minutes=10 - n))
            first = await queue.claim(known, 2)
            second = await queue.claim(known, 5)
            assert [job.payload["n"] for job in (*first, *second)] == [1, 2, 3, 4]
            assert await queue.claim(known, 5) == []
