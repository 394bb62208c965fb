"""How anything is changed: one unit of work, its record, and the words in which modules say both.

``mutation → service(work, …) → rows, transitions and events in one transaction → payload``. A
service is a plain asynchronous function whose first parameter is the :class:`Work`; rules refuse
by :class:`Refusals`, states move by :class:`StateMachine`.
"""

from gongzhi.references import KEEP, AnyKey, Key
from gongzhi.refusals import Refusals
from gongzhi.writing.keys import AreaKey, GlobalId, MemberKey, OrganizationKey, PersonKey
from gongzhi.writing.machine import StateMachine, Step
from gongzhi.writing.models import TransitionRecord
from gongzhi.writing.unit import Deployment, Finder, unit_of_work
from gongzhi.writing.work import ForbiddenError, Work

__all__ = [
    "KEEP",
    "AnyKey",
    "AreaKey",
    "Deployment",
    "Finder",
    "ForbiddenError",
    "GlobalId",
    "Key",
    "MemberKey",
    "OrganizationKey",
    "PersonKey",
    "Refusals",
    "StateMachine",
    "Step",
    "TransitionRecord",
    "Work",
    "unit_of_work",
]
