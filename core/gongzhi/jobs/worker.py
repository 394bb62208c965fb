"""The worker: takes what is due, brings events to their subscribers, until it is told to stop.

Any number may run on one database. They share nothing else, and need not know of each other.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gongzhi import clock
from gongzhi.contributions import Subscriber
from gongzhi.errors import DatabaseUnavailableError
from gongzhi.jobs import delivery, queue
from gongzhi.jobs.rules import named, wants
from gongzhi.jobs.run import Run

if TYPE_CHECKING:
    from gongzhi.host import PluginRegistry
    from gongzhi.writing import Deployment

log = logging.getLogger("gongzhi.jobs")

GRACE_SECONDS = 10.0
"""How long what runs may go on when the worker is to stop; then it is given back to others."""

_GAP_SECONDS = 0.02
"""Between two looks, so that many writers do not make it look after each of their commits."""


async def prepare(registry: PluginRegistry) -> None:
    """Enter what is new: subscribers begin with the next event, periodic jobs at their next time.

    Called by whatever serves or works, before it does, so that no event is missed.
    """
    await delivery.prepare([each for _, each in registry.subscribers()])
    await queue.prepare([each for _, each in registry.jobs()], registry.settings.zone)


class Worker:
    """Works for one deployment, whose database is open in the task that calls it."""

    def __init__(
        self, registry: PluginRegistry, deployment: Deployment, *, concurrency: int | None = None
    ) -> None:
        """Take the parts.

        :param concurrency: jobs at a time, instead of the setting ``jobs.concurrency``.
        """
        self._registry = registry
        self._deployment = deployment
        self._known = queue.Known(
            jobs={each.name: each for _, each in registry.jobs()},
            subscribers={each.name: each for _, each in registry.subscribers()},
            zone=registry.settings.zone,
        )
        self._concurrency = concurrency or registry.settings.jobs.concurrency
        self._poll = registry.settings.jobs.poll_seconds
        self._wake = asyncio.Event()
        self._stopping = False
        self._jobs: set[asyncio.Task[None]] = set()
        self._deliveries: dict[str, asyncio.Task[None]] = {}
        self._seen = -1
        """Up to here it is known whose the events are."""
        self._delivering = asyncio.Semaphore(self._concurrency)
        """Each holds a connection of the pool, which requests need too."""
        self._behind = set(self._known.subscribers)
        """Subscribers for which something may be there."""
        self._looked: dict[str, int] = {}
        """Subscriber → up to where there is nothing for it."""
        self._paused: dict[str, dt.datetime] = {}

    # ---- run ------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Work until :meth:`stop`; then let what runs come to its end, for a while."""
        self._deployment.watchers.append(self._wake.set)
        try:
            ready = False
            while not self._stopping:
                began = time.monotonic()
                try:
                    if not ready:
                        await prepare(self._registry)
                        ready = True
                    pause = await self._turn()
                except DatabaseUnavailableError as exc:
                    log.error("%s", exc)  # noqa: TRY400  # the text says it all
                    pause = self._poll
                except Exception as exc:  # noqa: BLE001  # whatever it is, the next turn may succeed
                    log.error("the worker failed: %s", _told(exc))  # noqa: TRY400  # no values
                    pause = self._poll
                if pause:
                    await self._rest(pause)
                    await asyncio.sleep(max(0.0, began + _GAP_SECONDS - time.monotonic()))
        finally:
            self._deployment.watchers.remove(self._wake.set)
            await self._end()

    async def once(self) -> None:
        """Do what is due now, and what comes of it, and return.

        :raises DatabaseUnavailableError: when the database does not answer.
        """
        await prepare(self._registry)
        try:
            while not self._stopping:
                pause = await self._turn()
                if running := {*self._jobs, *self._deliveries.values()}:
                    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                elif pause:
                    return
        finally:
            await self._end()

    def stop(self) -> None:
        """Take nothing new, and let :meth:`run` return."""
        self._stopping = True
        self._wake.set()

    def abort(self) -> None:
        """Give back what runs, at once."""
        self.stop()
        for task in (*self._jobs, *self._deliveries.values()):
            task.cancel()

    async def _end(self) -> None:
        if running := {*self._jobs, *self._deliveries.values()}:
            try:
                await asyncio.wait(running, timeout=GRACE_SECONDS)
            finally:
                self.abort()
                await asyncio.gather(*running, return_exceptions=True)

    async def _rest(self, seconds: float) -> None:
        """Sleep, or until something of this process may be there to do."""
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    # ---- look -----------------------------------------------------------------------------------

    async def _turn(self) -> float:
        """Begin whatever can be begun; return for how long nothing else will be there."""
        ahead, now = await queue.peek(self._known), clock.now()
        free = self._concurrency - len(self._jobs)
        due = ahead.wake_at is not None and ahead.wake_at <= now
        jobs = await queue.claim(self._known, free) if due and free > 0 else []
        for job in jobs:
            self._begin_job(job)
        await self._notice(ahead.end_of_record)
        names = [
            name
            for name in sorted(self._behind - self._deliveries.keys())
            if self._paused.get(name, now) <= now
        ]
        for name in names:
            self._begin_deliveries(name, ahead.end_of_record)
        if jobs or names:
            return 0.0
        times = [*self._paused.values(), *([ahead.wake_at] if ahead.wake_at else [])]
        waits = [(each - now).total_seconds() for each in times if each > now]
        return min([self._poll, *waits])

    async def _notice(self, end: int) -> None:
        """Find out for which subscribers there is something among the events that are new."""
        if end <= self._seen:
            return
        if self._known.subscribers and self._seen >= 0:  # in the beginning all of them look
            kinds = await delivery.kinds_between(self._seen, end)
            for name, each in self._known.subscribers.items():
                if any(wants(each.kinds, kind) for kind in kinds):
                    self._behind.add(name)
        self._seen = end

    # ---- do -------------------------------------------------------------------------------------

    def _begin_job(self, job: queue.Claimed) -> None:
        def ended(task: asyncio.Task[None]) -> None:
            self._jobs.discard(task)
            self._wake.set()

        task = asyncio.create_task(self._attempt(job))
        self._jobs.add(task)
        task.add_done_callback(ended)

    def _begin_deliveries(self, name: str, end: int) -> None:
        def ended(_task: asyncio.Task[None]) -> None:
            del self._deliveries[name]
            self._wake.set()

        task = asyncio.create_task(self._catch_up(self._known.subscribers[name], end))
        self._deliveries[name] = task
        task.add_done_callback(ended)

    async def _attempt(self, job: queue.Claimed) -> None:
        """Try a job once, and write how it went."""
        run = Run(self._deployment, self._registry.settings, self._known, job)
        try:
            try:
                async with asyncio.timeout(self._known.timeout(job)):
                    await self._do(job, run)
                    await run.close()
            except queue.LostJobError:
                log.warning("job %d %s: another worker has taken it over", job.id, job.name)
            except asyncio.CancelledError as exc:
                if self._stopping:
                    await queue.give_back(job)
                    raise
                await self._failed(job, run, exc)
            except Exception as exc:  # noqa: BLE001  # a job may fail in any way
                await self._failed(job, run, exc)
        except Exception as exc:  # noqa: BLE001  # it cannot be written down; the lease will end
            log.error("job %d %s: %s", job.id, job.name, _told(exc))  # noqa: TRY400  # no values

    async def _do(self, job: queue.Claimed, run: Run) -> None:
        if job.event_id is None:
            await self._known.jobs[job.name].run(run)
            return
        event = await delivery.event_of(job.event_id)
        async with run.work() as work:
            await self._known.subscribers[job.name].run(work, event)

    async def _failed(self, job: queue.Claimed, run: Run, exc: BaseException) -> None:
        what = f"job {job.id} {job.name}, attempt {job.attempt}"
        if run.done:
            log.error("%s: failed after it was done: %s", what, _told(exc))
        elif await queue.fail(self._known, job, named(exc)):
            log.error("%s: failed and is dead: %s", what, _told(exc))
        else:
            log.warning("%s: failed: %s", what, _told(exc))

    async def _catch_up(self, subscriber: Subscriber, end: int) -> None:
        """Bring a subscriber what is there for it."""
        name = subscriber.name
        try:
            while not self._stopping:
                found = await delivery.backlog(subscriber, self._looked.get(name, 0), end)
                if found.retry_at is not None:
                    self._paused[name] = found.retry_at
                    return
                if not found.events:
                    self._looked[name] = found.looked_to
                    if found.looked_to >= self._seen:
                        self._behind.discard(name)
                    return
                for event in found.events:
                    if self._stopping or not await self._deliver(subscriber, event):
                        return
        except Exception as exc:  # noqa: BLE001  # the next turn may succeed
            log.error("subscriber %s: %s", name, _told(exc))  # noqa: TRY400  # no values
            self._pause(name)

    async def _deliver(self, subscriber: Subscriber, event: delivery.RecordedEvent) -> bool:
        """Bring one event; return whether the next one's turn has come."""
        try:
            async with self._delivering:
                taken = await delivery.deliver(self._deployment, subscriber, event)
            if taken:
                return True
        except asyncio.CancelledError as exc:
            if self._stopping:
                raise
            return await self._refused(subscriber, event, exc)
        except Exception as exc:  # noqa: BLE001  # a subscriber may fail in any way
            return await self._refused(subscriber, event, exc)
        self._pause(subscriber.name)  # another worker is at it
        return False

    async def _refused(
        self, subscriber: Subscriber, event: delivery.RecordedEvent, exc: BaseException
    ) -> bool:
        dead = await delivery.refuse(subscriber, event, exc)
        what = f"subscriber {subscriber.name}, event {event.id} {event.kind}"
        if dead:
            log.error("%s: failed and is put aside: %s", what, _told(exc))
        else:
            log.warning("%s: failed: %s", what, _told(exc))
        return dead

    def _pause(self, name: str) -> None:
        self._paused[name] = clock.now() + dt.timedelta(seconds=self._poll)


def _told(exc: BaseException) -> str:
    """Tell what failed and where, without the error's text and what it may quote."""
    return "\n".join([named(exc), *traceback.format_tb(exc.__traceback__)])


@asynccontextmanager
async def working(registry: PluginRegistry, deployment: Deployment) -> AsyncIterator[None]:
    """Work beside whatever else this process does, on the database that is open in this task."""
    worker = Worker(registry, deployment)
    task = asyncio.create_task(worker.run(), name="gongzhi jobs")
    try:
        yield
    finally:
        worker.stop()
        await task
