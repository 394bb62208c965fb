"""One attempt at a job: what the job is given."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from tortoise.transactions import in_transaction

from gongzhi import clock
from gongzhi.contributions import PluginSettings
from gongzhi.jobs import queue
from gongzhi.registry.counters import on_tortoise
from gongzhi.writing import unit_of_work

if TYPE_CHECKING:
    from gongzhi.settings import Settings
    from gongzhi.writing import Deployment, Work

P = TypeVar("P", bound=PluginSettings)


class Run:
    """One attempt at a job.

    The job opens its one unit of work by :meth:`work`; its commit is the end of the job. What it
    has to ask of the world outside it asks before, without an open transaction, and in such a way
    that it may be asked again: a worker that dies in between leaves the job to the next attempt.
    Rows can be read outside the unit of work too: the database is open in this task.
    """

    def __init__(
        self, deployment: Deployment, settings: Settings, known: queue.Known, job: queue.Claimed
    ) -> None:
        self.deployment = deployment
        self.deployment_settings = settings
        """Those of the deployment as a whole."""
        self.done = False
        """Whether its end is committed."""
        self._known = known
        self._job = job
        self._opened = False

    @property
    def name(self) -> str:
        """The name of the job."""
        return self._job.name

    @property
    def payload(self) -> Mapping[str, Any]:
        """What whoever asked for it gave along; empty for a due time."""
        return self._job.payload

    @property
    def due_at(self) -> dt.datetime:
        """When it was to be done; a run makes up for all due times that were missed before it."""
        return self._job.due_at

    @property
    def attempt(self) -> int:
        """Which attempt this is; the first is 1."""
        return self._job.attempt

    def settings(self, kind: type[P]) -> P:
        """Return the settings of a plugin, by their class."""
        return self.deployment.settings(kind)

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        """Open the unit of work whose commit also ends the job; once in a run.

        :raises LostJobError: when it took so long that another worker has the job.
        :raises SecondWorkError: when it was opened before.
        """
        if self._opened:
            raise SecondWorkError(self.name)
        self._opened = True
        kind = "job" if self._job.event_id is None else "subscriber"
        viewer = self.deployment.system(f"{kind}:{self.name}")
        request = f"job:{self._job.id}"
        async with unit_of_work(self.deployment, viewer, request_id=request) as work:
            await queue.finish(on_tortoise(work.connection), self._known, self._job, work.now)
            yield work
        self.done = True

    async def close(self) -> None:
        """End a job that had nothing to write.

        :raises UnfinishedError: when its work was begun and not committed.
        """
        if self.done:
            return
        if self._opened:
            raise UnfinishedError(self.name)
        async with in_transaction() as connection:
            await queue.finish(on_tortoise(connection), self._known, self._job, clock.now())
        self.done = True


class SecondWorkError(AssertionError):
    """A job opened a second unit of work: a fault of the job, which ended with the first."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the job {name} opened work() twice in one run")


class UnfinishedError(AssertionError):
    """A job hid that its unit of work failed: a fault of the job, nothing was written."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the job {name} returned though its work() failed")
