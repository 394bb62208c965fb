"""The states of a ticket."""

from __future__ import annotations

from enum import StrEnum

from gongzhi.refusals import COMMON, Refusals
from gongzhi.writing import StateMachine, Step


class TicketState(StrEnum):
    """工单状态 · state of a ticket."""

    OPEN = "OPEN"
    DOING = "DOING"
    DONE = "DONE"


STATE_LABELS = {
    TicketState.OPEN: ("待办", "open"),
    TicketState.DOING: ("办理中", "being done"),
    TicketState.DONE: ("办结", "done"),
}

MACHINE = StateMachine(
    "desk.ticket",
    TicketState,
    STATE_LABELS,
    initial=TicketState.OPEN,
    steps=(
        Step(
            "start", (TicketState.OPEN,), TicketState.DOING, "开始办理", "start",
            "desk.ticket.handle",
        ),
        Step(
            "finish", (TicketState.DOING,), TicketState.DONE, "办结", "finish",
            "desk.ticket.close",
        ),
        Step(
            "annotate", (TicketState.OPEN, TicketState.DOING), None, "批注", "annotate",
            "desk.ticket.handle",
        ),
    ),
)  # fmt: skip

REFUSALS = Refusals({"NO_NOTE": ("{what}须有批注", "{what} needs a note")}, base=COMMON)
