"""Tables of the work that is done beside requests: jobs, and how far each subscriber has come."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from gongzhi.database.fields import InstantField, KeyTextField


class JobState(StrEnum):
    """任务状态 · where a job is: 待办 waiting, 执行中 running, 已完成 done, 已放弃 given up."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    DEAD = "DEAD"


class QueuedJob(Model):
    """One thing to do once: a due time of a periodic job, a job of its own, or a dead event.

    A periodic job has one live row at most; the next is written together with the end of the last.
    """

    id = fields.BigIntField(primary_key=True)
    name = KeyTextField(max_length=96)
    """Name of the job; of the subscriber where ``event_id`` is set."""
    state = fields.CharEnumField(JobState, max_length=8, default=JobState.WAITING)
    due_at = InstantField()
    """When it was, or is, to be done first."""
    slot = InstantField(null=True)
    """Of a periodic job the due time; the same one cannot be written twice."""
    key = fields.CharField(max_length=96, null=True)
    """At most one job of a name and key waits; empty from the first attempt on."""
    event_id = fields.BigIntField(null=True)
    """The event that a subscriber gave up."""
    payload = fields.TextField(default="{}")
    """JSON of ids, codes, days and numbers; never a personal value."""
    attempts = fields.IntField(default=0)
    """How often it was begun. Who ends it names the attempt, so that only the last one can."""
    wake_at = InstantField(null=True)
    """From when on a worker may take it: due time, next attempt, or end of the lease of the
    worker that has it. Empty when it is done or dead."""
    last_error = fields.CharField(max_length=200, default="")
    """Class of the last error; its text may hold personal values."""
    finished_at = InstantField(null=True)
    created_at = InstantField()

    class Meta(Model.Meta):
        app = "core"
        table = "core_job"
        unique_together = (("name", "slot"), ("name", "key"))
        indexes = (
            Index(fields=("wake_at", "id"), name="core_job_wake"),
            Index(fields=("state", "finished_at"), name="core_job_state"),
        )


class Subscription(Model):
    """How far a subscriber has come in the event record."""

    id = fields.BigIntField(primary_key=True)
    name = KeyTextField(max_length=96, unique=True)
    position = fields.BigIntField()
    """No event up to this one is to be delivered any more."""
    attempts = fields.IntField(default=0)
    """How often the next event has failed."""
    retry_at = InstantField(null=True)
    last_error = fields.CharField(max_length=200, default="")
    """Class of the last error; its text may hold personal values."""

    class Meta(Model.Meta):
        app = "core"
        table = "core_subscription"
