"""What is done beside requests: jobs at their times or when asked for, and subscribers to events.

A plugin declares both by hooks, ``register_jobs`` and ``register_subscribers``; a service asks for
a job by :func:`later`. Both are rows of the database, so they survive a crash, and any number of
workers may share them. What a job or subscriber writes is committed together with the note that
it is done: it has its effect once.
"""

from gongzhi.jobs.delivery import RecordedEvent
from gongzhi.jobs.queue import LostJobError, later
from gongzhi.jobs.run import Run

__all__ = ["LostJobError", "RecordedEvent", "Run", "later"]
