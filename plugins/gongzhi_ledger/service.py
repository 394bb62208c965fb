"""Use cases of the ledger: what clients ask for by GraphQL, and other plugins call.

Each is a function of a unit of work, and asks for the permission of its own step whatever the
caller asks for besides. A refusal carries the codes that the function's docstring names; those
have to be named by the caller's docstring too.
"""

from gongzhi_ledger.common import Unit
from gongzhi_ledger.details import (
    add_measure,
    add_participant,
    attach,
    change,
    change_measure,
    record_recurrence,
    remove_participant,
    supervise,
)
from gongzhi_ledger.entry import (
    enter_issue,
    open_issue,
    receive_issue,
    solve_on_spot,
    solve_received,
)
from gongzhi_ledger.handling import (
    close,
    disclose,
    handle,
    record_return_visit,
    reopen,
    settle,
)
from gongzhi_ledger.models import IssueKey
from gongzhi_ledger.referring import escalate, merge, reject, transfer

__all__ = [
    "IssueKey",
    "Unit",
    "add_measure",
    "add_participant",
    "attach",
    "change",
    "change_measure",
    "close",
    "disclose",
    "enter_issue",
    "escalate",
    "handle",
    "merge",
    "open_issue",
    "receive_issue",
    "record_recurrence",
    "record_return_visit",
    "reject",
    "remove_participant",
    "reopen",
    "settle",
    "solve_on_spot",
    "solve_received",
    "supervise",
    "transfer",
]
