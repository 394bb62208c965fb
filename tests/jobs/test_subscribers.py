"""Every subscriber gets every event of its kinds once, in order, after the commit."""

import asyncio

import pytest

from gongzhi.contributions import Job, Subscriber
from gongzhi.errors import RuleError
from gongzhi.jobs import delivery, later
from gongzhi.jobs.overview import overview, retry
from tests.jobs.support import PERSONAL, at, mark, open_office

SETTLE, OPEN, MOVE = "errand.issue.settle", "errand.issue.open", "errand.area.move"


def listening(name="errand.hear", kinds=("errand.*",), **options):
    """Return a subscriber that marks the number of each event."""

    async def run(work, event):
        await mark(work, event.data["n"], name)

    return Subscriber(name, kinds, run, **options)


async def heard(office, who="errand.hear"):
    rows = await office.fetch("SELECT n FROM mark WHERE who = $1 ORDER BY id", who)
    return [row["n"] for row in rows]


async def subscription(office, name="errand.hear"):
    (row,) = await office.fetch("SELECT * FROM core_subscription WHERE name = $1", name)
    return row


async def test_a_subscriber_gets_the_events_of_its_kinds_in_order(database_url):
    subscribers = [
        listening("errand.all"),
        listening("errand.issues", ("errand.issue.*",)),
        listening("errand.moves", (MOVE,)),
        listening("errand.none", ("errand.other.*",)),
    ]
    async with open_office(database_url, [], subscribers) as office:
        await office.once()
        await office.happen(OPEN, MOVE, SETTLE, OPEN, MOVE)
        await office.once()
        await office.once()
        assert await heard(office, "errand.all") == [0, 1, 2, 3, 4]
        assert await heard(office, "errand.issues") == [0, 2, 3]
        assert await heard(office, "errand.moves") == [1, 4]
        assert await heard(office, "errand.none") == []


async def test_an_event_comes_as_it_was_recorded(database_url):
    got = []

    async def run(work, event):
        got.append((work.viewer.name, work._request_id, event))

    async with open_office(database_url, [], [Subscriber("errand.hear", ("*",), run)]) as office:
        with at():
            await office.once()
            async with office.work() as work:
                work.record(OPEN, occurred_at=work.now, data={"days": 3}, entity_type="Issue")
            await office.once()
        ((actor, request, event),) = got
        assert (actor, request) == ("subscriber:errand.hear", "event:1")
        assert isinstance(event, delivery.RecordedEvent)
        (row,) = await office.fetch("SELECT * FROM core_event")
        assert (event.id, event.kind, event.actor, event.entity_type) == (1, OPEN, "test", "Issue")
        assert dict(event.data) == {"days": 3}
        assert event.occurred_at == event.recorded_at == work.now
        assert set(event.__dataclass_fields__) == set(row) - {"hash"}


async def test_a_new_subscriber_begins_with_the_next_event(database_url):
    async with open_office(database_url) as office:
        await office.once()
        await office.happen(OPEN, OPEN)
    async with open_office(database_url, [], [listening()]) as office:
        office.said += [None, None]
        await office.once()
        await office.happen(OPEN)
        await office.once()
        assert await heard(office) == [2]


async def test_a_subscriber_whose_plugin_was_off_goes_on_where_it_was(database_url):
    async with open_office(database_url, [], [listening()]) as office:
        await office.once()
        await office.happen(OPEN)
        await office.once()
    async with open_office(database_url, plugin=False) as office:
        office.said.append(None)
        await office.happen(OPEN, OPEN)
        await office.once()
        (line,) = [
            line
            for line in (await overview(office.registry)).subscriptions
            if line.name == "errand.hear"
        ]
        assert line.waiting is None
    async with open_office(database_url, [], [listening()]) as office:
        await office.once()
        assert await heard(office) == [0, 1, 2]


async def test_a_subscriber_that_fails_delays_no_other_and_keeps_its_order(database_url):
    broken = [True]

    async def run(work, event):
        await mark(work, event.data["n"], "errand.fails")
        if broken and event.data["n"] == 1:
            raise RuleError("NOT_READY", "王小明", "13800138000")

    subscribers = [Subscriber("errand.fails", ("errand.*",), run), listening()]
    async with open_office(database_url, [], subscribers) as office:
        with at():
            await office.once()
            await office.happen(OPEN, OPEN, OPEN)
            await office.once()
            assert await heard(office) == [0, 1, 2]
            assert await heard(office, "errand.fails") == [0]
            row = await subscription(office, "errand.fails")
            assert (row["position"], row["attempts"], row["last_error"]) == (
                1, 1, "RuleError NOT_READY"
            )  # fmt: skip
            found = {line.name: line for line in (await overview(office.registry)).subscriptions}
            assert (found["errand.fails"].waiting, found["errand.hear"].waiting) == (2, 0)
        with at(4):
            await office.happen(OPEN)
            await office.once()
            assert await heard(office, "errand.fails") == [0]
            assert await heard(office) == [0, 1, 2, 3]
        with at(5):
            await office.once()
            assert (await subscription(office, "errand.fails"))["attempts"] == 2
            broken.clear()
        with at(20):
            await office.once()
            assert await heard(office, "errand.fails") == [0, 1, 2, 3]
            row = await subscription(office, "errand.fails")
            assert (row["position"], row["attempts"], row["last_error"]) == (4, 0, "")


async def test_a_pause_can_be_cut_short(database_url):
    broken = [True]

    async def run(work, event):
        if broken:
            raise ValueError
        await mark(work, event.data["n"], "errand.hear")

    async with open_office(database_url, [], [Subscriber("errand.hear", ("*",), run)]) as office:
        with at():
            await office.once()
            await office.happen(OPEN)
            await office.once()
            broken.clear()
            await retry("errand.hear")
            await office.once()
            assert await heard(office) == [0]
            with pytest.raises(Exception, match=r"no job or subscriber errand\.hear has failed"):
                await retry("errand.hear")


async def test_an_event_that_cannot_be_taken_is_put_aside_and_can_be_tried_again(
    database_url, caplog
):
    broken = [True]

    async def run(work, event):
        await mark(work, event.data["n"], "errand.hear")
        if broken and event.data["n"] == 0:
            raise ValueError(PERSONAL)

    hear = Subscriber("errand.hear", ("errand.*",), run, attempts=3)
    async with open_office(database_url, [], [hear]) as office:
        moment = 0
        for pause in (0, 5, 15):
            moment += pause
            with at(moment):
                if not pause:
                    await office.once()
                    await office.happen(OPEN, OPEN)
                assert await heard(office) == []
                await office.once()
        assert await heard(office) == [1]
        rows = await office.jobs("errand.hear", "id", "state", "event_id", "last_error", "attempts")
        ((key, *rest),) = rows
        assert rest == ["DEAD", 1, "ValueError", 3]
        with at(days=400):
            await office.once()
            assert await office.jobs("errand.hear") == ["DEAD"]
            await retry(str(key))  # it fails again, and waits for its next attempt
            await office.once()
            assert await office.jobs("errand.hear", "state", "attempts") == [("WAITING", 1)]
            broken.clear()
            await retry(str(key))
            await office.once()
            await office.once()
        assert await office.jobs("errand.hear") == ["DONE"]
        assert await heard(office) == [1, 0]
    assert "failed and is put aside: ValueError" in caplog.text
    assert "13800138000" not in caplog.text


async def test_what_a_subscriber_writes_and_how_far_it_is_are_one(database_url):
    async def run(work, event):
        await mark(work, event.data["n"], "errand.hear")
        work.record("errand.echo.made", data={"n": event.data["n"]})
        await later(work, "errand.go", {"n": event.data["n"]})
        if len(tried) < 2:
            tried.append(event.id)
            raise ValueError

    async def go(run):
        async with run.work() as work:
            await mark(work, run.payload["n"], "errand.go")

    tried = []
    hear = Subscriber("errand.hear", (OPEN,), run)
    async with open_office(database_url, [Job("errand.go", go)], [hear]) as office:
        with at():
            await office.once()
            await office.happen(OPEN)
        for moment in (0, 5, 20, 100):
            with at(moment):
                await office.once()
        assert tried == [1, 1]
        assert await heard(office) == [0]
        assert await heard(office, "errand.go") == [0]
        rows = await office.fetch("SELECT kind, actor FROM core_event ORDER BY id")
        assert [tuple(row.values()) for row in rows] == [
            (OPEN, "test"),
            ("errand.echo.made", "subscriber:errand.hear"),
        ]


async def test_a_subscriber_also_gets_the_events_that_it_makes(database_url):
    async def run(work, event):
        await mark(work, event.data["n"], "errand.hear")
        if event.data["n"] < 3:
            work.record(event.kind, data={"n": event.data["n"] + 1})

    async with open_office(
        database_url, [], [Subscriber("errand.hear", ("errand.*",), run)]
    ) as office:
        await office.once()
        await office.happen(OPEN)
        await office.once()
        assert await heard(office) == [0, 1, 2, 3]


async def test_a_delivery_has_its_time(database_url):
    import datetime as dt

    async def run(work, event):
        await mark(work, 0, "errand.hear")
        await asyncio.sleep(60)

    hear = Subscriber("errand.hear", ("*",), run, timeout=dt.timedelta(milliseconds=100))
    async with open_office(database_url, [], [hear]) as office:
        await office.once()
        await office.happen(OPEN)
        await office.once()
        assert await heard(office) == []
        assert (await subscription(office))["last_error"] == "TimeoutError"


async def test_many_events_of_others_are_passed_over(database_url, monkeypatch):
    monkeypatch.setattr(delivery, "_WINDOW", 7)
    monkeypatch.setattr(delivery, "_STRIDE", 20)
    monkeypatch.setattr(delivery, "_BATCH", 2)
    async with open_office(database_url, [], [listening(kinds=(OPEN,))]) as office:
        await office.once()
        await office.happen(*[MOVE] * 50)
        await office.once()
        # The kinds alone tell a worker that was there that nothing is for it
        await office.once()
        assert (await subscription(office))["position"] in range(30, 51)
        assert (await overview(office.registry)).subscriptions[0].waiting == 0
        await office.happen(*[OPEN] * 5, *[MOVE] * 10, *[OPEN] * 3)
        await office.once()
        assert await heard(office) == [*range(50, 55), *range(65, 68)]


async def test_rows_may_decide_which_kinds_are_wanted(database_url):
    """What is not wanted at the time is passed over: it costs no transaction."""
    asked = []

    async def wanted():
        return list(asked)

    async with open_office(database_url, [], [listening(kinds=("*",), wanted=wanted)]) as office:
        worker = office.worker()
        await worker.once()
        await office.happen(OPEN, MOVE)
        await worker.once()
        assert await office.marks() == []
        assert (await overview(office.registry)).subscriptions[0].waiting == 0
        asked.append(MOVE)
        await office.happen(OPEN, MOVE)
        await worker.once()
        assert await heard(office) == [3]


async def test_a_worker_that_stays_hears_the_very_first_event(database_url):
    async with open_office(database_url, [], [listening()], poll_seconds=0.02) as office:
        worker = office.worker()
        running = asyncio.create_task(worker.run())
        await office.until(lambda: office.fetch("SELECT id FROM core_subscription"))
        await asyncio.sleep(0.1)  # it has looked, and there was nothing
        await office.happen(OPEN)
        await office.until(office.marks)
        worker.stop()
        await running


async def test_workers_that_stay_hear_of_new_events_and_share_the_order(database_url):
    """Three workers, each with a subscriber that dawdles; none delivers twice or out of turn."""

    async def run(work, event):
        await mark(work, event.data["n"], "errand.slow")
        await asyncio.sleep(0.001)

    slow = Subscriber("errand.slow", ("errand.*",), run)
    async with open_office(database_url, [], [slow, listening()], poll_seconds=0.02) as office:
        workers = [office.worker() for _ in range(3)]
        running = [asyncio.create_task(worker.run()) for worker in workers]
        await office.until(lambda: office.fetch("SELECT id FROM core_subscription"))
        for _ in range(6):
            await office.happen(*[OPEN] * 5, MOVE)
            await asyncio.sleep(0.01)

        async def all_heard():
            return len(await office.marks()) >= 72

        await office.until(all_heard)
        for worker in workers:
            worker.stop()
        await asyncio.gather(*running)
        assert await heard(office) == list(range(36))
        assert await heard(office, "errand.slow") == list(range(36))


async def test_deliveries_leave_connections_to_requests(postgres_url):
    at_once, most = [], []

    async def run(work, event):
        at_once.append(1)
        most.append(len(at_once))
        await asyncio.sleep(0.01)
        at_once.pop()

    subscribers = [Subscriber(f"errand.hear{n}", ("errand.*",), run) for n in range(6)]
    async with open_office(postgres_url, [], subscribers, concurrency=2) as office:
        await office.once()
        await office.happen(OPEN, OPEN)
        await office.once()
        assert (len(most), max(most)) == (12, 2)


async def test_a_worker_that_stops_between_events_leaves_the_rest(database_url):
    inside, leave = asyncio.Event(), asyncio.Event()

    async def run(work, event):
        inside.set()
        await leave.wait()
        await mark(work, event.data["n"], "errand.hear")

    hear = Subscriber("errand.hear", ("*",), run)
    async with open_office(database_url, [], [hear]) as office:
        await office.once()
        await office.happen(OPEN, OPEN)
        worker = office.worker()
        running = asyncio.create_task(worker.run())
        await inside.wait()
        worker.stop()
        leave.set()
        await running
        assert await heard(office) == [0]
        await office.once()
        assert await heard(office) == [0, 1]
