"""The ledger as its sources describe it, written without a look at the plugin's own rules.

States and guards are those of L01–L06 and V4–V6, V21; who may do what is the list of the roles.
A command that this model allows must be done, and one that it forbids must be refused with one of
the codes that it names.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from statistics import median
from typing import Any

from gongzhi.clock import CHINA

UNSETTLED = {"RECEIVED", "OPENED", "HANDLING", "REOPENED", "TRANSFERRED"}
IN_LEDGER = {"OPENED", "HANDLING", "REOPENED"}
OPEN = IN_LEDGER | {"TRANSFERRED"}
SETTLED = {"SETTLED", "DISCLOSED", "CLOSED"}

MOVES = {
    "open": {"RECEIVED": "OPENED", "TRANSFERRED": "OPENED"},
    "solve": {"RECEIVED": "SOLVED_ON_SPOT"},
    "handle": {"OPENED": "HANDLING", "REOPENED": "HANDLING"},
    "settle": {"HANDLING": "SETTLED"},
    "disclose": {"SETTLED": "DISCLOSED"},
    "close": {"DISCLOSED": "CLOSED"},
    "reopen": {"SETTLED": "REOPENED", "DISCLOSED": "REOPENED"},
    "transfer": dict.fromkeys(UNSETTLED, "TRANSFERRED"),
    "reject": dict.fromkeys(("RECEIVED", "OPENED", "HANDLING"), "REJECTED"),
    "merge": dict.fromkeys(("RECEIVED", "OPENED", "HANDLING"), "MERGED"),
}
"""Action → state → the state to which it leads (L02). Nothing else moves an issue."""

ACTS = {
    "disclose": {"HANDLING"},
    "escalate": OPEN,
    "change": UNSETTLED,
    "invite": UNSETTLED,
    "measure": {*OPEN, "SETTLED", "DISCLOSED"},
    "recur": OPEN | SETTLED,
    "attach": {*UNSETTLED, *SETTLED, "SOLVED_ON_SPOT"},
    "supervise": UNSETTLED,
    "visit": {"SETTLED", "DISCLOSED"},
}
"""Action → the states in which it may be done and that it leaves as they are."""

LADDER = ("COMMUNITY", "SUBDISTRICT", "DISTRICT", "COURT")
AGENDA = {
    "ORDINARY": "MONTHLY_STUDY",
    "KEY": "WEEKLY_DISPATCH",
    "CRITICAL": "IMMEDIATE_SUPERVISION",
}
"""V21, from the lightest to the gravest."""

DUTIES = {
    "open": {"open", "transfer", "reject", "merge", "escalate"},
    "handle": {"solve", "handle", "settle", "change", "invite", "measure", "recur", "attach"},
    "close": {"disclose", "close", "reopen"},
    "visit": {"visit"},
    "supervise": {"supervise"},
    "receive": {"receive"},
}
"""Permission → actions."""

ALL = frozenset(DUTIES)
ROLES = {
    "SUBDISTRICT_STAFF": ALL,
    "COMMUNITY_SECRETARY": ALL,
    "GRID_WORKER": frozenset({"receive", "handle", "visit"}),
    "AUDITOR": frozenset(),
}
"""Role → permissions beside that of reading, which all of these have."""


def allows(state: str, action: str) -> bool:
    return state in MOVES.get(action, ()) or state in ACTS.get(action, ())


def is_step(action: str, before: str, after: str) -> bool:
    """Say whether a transition record tells of a step that there is."""
    if action == "receive":
        return (before, after) == ("", "RECEIVED")
    return MOVES.get(action, {}).get(before) == after


def day_of(instant: dt.datetime) -> dt.date:
    return instant.astimezone(CHINA).date()


# == who ==


@dataclass(frozen=True)
class Actor:
    """An account with one grant, and what it sees of the registry."""

    name: str
    role: str
    token: str
    within: frozenset[str]
    """Organizations that the grant covers."""
    sees: frozenset[str]
    """Organizations and people that it can read."""

    def may(self, action: str, organization: str) -> bool:
        wanted = next(name for name, actions in DUTIES.items() if action in actions)
        return wanted in ROLES[self.role] and organization in self.within


# == an issue ==


@dataclass(frozen=True)
class Unit:
    """A unit that takes part."""

    id: int
    organization: str | None
    name: str
    role: str


@dataclass(frozen=True)
class Visit:
    """A return visit."""

    settlement: int
    at: dt.datetime
    satisfaction: str
    proper: bool
    """By the collector at the person's home, or the reason is recorded why not."""


@dataclass
class Case:
    """An issue as it should be."""

    id: int
    org: str
    level: str
    area: bool
    since: dt.datetime
    state: str = "RECEIVED"
    severity: str = "ORDINARY"
    mode: str | None = None
    collector: str | None = None
    handler: str | None = None
    due_on: dt.date | None = None
    opened_on: dt.date | None = None
    ended_on: dt.date | None = None
    settled_at: dt.datetime | None = None
    settlements: int = 0
    recurrences: int = 0
    version: int = 1
    units: list[Unit] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    measures: list[int] = field(default_factory=list)
    published: list[dt.datetime] = field(default_factory=list)
    path: list[tuple[str, str, dt.datetime]] = field(default_factory=list)
    """Action, state and time of each of its steps."""
    supervised: list[str] = field(default_factory=list)

    def to(self, action: str, at: dt.datetime) -> None:
        """Take a step."""
        self.state = MOVES[action][self.state]
        self.since = at
        self.path.append((action, self.state, at))

    def last_visit(self) -> Visit | None:
        """The latest since it was settled; of two at once the one that was recorded later."""
        found = [each for each in self.visits if each.settlement == self.settlements]
        return max(reversed(found), key=lambda each: each.at, default=None)


def entry_faults(case: Case, opened_on: dt.date, **changes: Any) -> set[str]:
    """L01, L02: why an issue cannot stand in the ledger like this."""
    it = replace(case, **changes)
    found = unit_faults(it.mode, it.units)
    found |= {"NO_MODE"} if it.mode is None else set()
    found |= {"IMMEDIATE_IS_ON_SPOT"} if it.mode == "IMMEDIATE" else set()
    found |= {"NO_AREA"} if not it.area else set()
    found |= {"NO_HANDLER"} if it.handler is None else set()
    found |= {"DEADLINE_NEEDED"} if it.mode == "TIME_LIMITED" and it.due_on is None else set()
    found |= {"DUE_TOO_EARLY"} if it.due_on is not None and it.due_on < opened_on else set()
    return found


def unit_faults(mode: str | None, units: Iterable[Unit]) -> set[str]:
    """L01: 协调商办 has a lead and a partner; nothing has two leads."""
    roles = [unit.role for unit in units]
    found = {"TWO_LEADS"} if roles.count("LEAD") > 1 else set()
    if mode == "COORDINATED":
        found |= {"LEAD_NEEDED"} if "LEAD" not in roles else set()
        found |= {"PARTNER_NEEDED"} if "PARTNER" not in roles else set()
    return found


def twice(units: Sequence[Unit]) -> set[str]:
    """Why these cannot take part together: one of them would twice."""
    names = [each.name if each.organization is None else (each.organization,) for each in units]
    found = {"UNIT_TWICE"} if len(set(names)) < len(names) else set()
    return found | ({"UNIT_NEEDED"} if "" in names else set())


def agenda_faults(severity: str, kind: str) -> set[str]:
    """V21: as its severity asks, or more closely."""
    kinds = list(AGENDA.values())
    less = kinds.index(kind) < kinds.index(AGENDA[severity])
    return {"AGENDA_OF_SEVERITY"} if less else set()


# == figures, from the record alone ==


@dataclass(frozen=True)
class Step:
    """A transition record."""

    action: str
    to: str
    at: dt.datetime


@dataclass(frozen=True)
class Told:
    """An event of an issue."""

    kind: str
    organization: int | None
    data: dict[str, Any]


def recount(
    histories: Iterable[tuple[Sequence[Step], Sequence[Told]]],
    levels: dict[int, str],
    subtree: set[int],
    today: dt.date,
    period: tuple[dt.date | None, dt.date | None] = (None, None),
) -> dict[str, Any]:
    """Count the figures of a subtree from nothing but transition records and events.

    :param histories: of each issue, both in their order.
    :param levels: organization → the level at which it solves what it receives.
    """
    tally: dict[str, int] = dict.fromkeys(
        ("received", "opened", "solvedOnSpot", "settled", "disclosed", "closed", "open", "overdue"),
        0,
    )
    answered = standing = done = visited = satisfied = solved = at_community = 0
    days: list[int] = []

    def within(when: dt.datetime | None) -> bool:
        first, last = period
        day = None if when is None else day_of(when)
        return day is not None and (not first or day >= first) and (not last or day <= last)

    for steps, told in histories:
        if told[-1].organization not in subtree:
            continue
        state = steps[-1].to
        at: dict[str, dt.datetime] = {}
        for step in steps:
            at[step.action] = step.at
            for undone in {"transfer": ("open",), "reopen": ("settle", "disclose")}.get(
                step.action, ()
            ):
                at.pop(undone, None)
        level = levels[told[0].organization or 0]
        due: str | None = None
        for event in told:
            level = event.data.get("level", level)
            due = event.data.get("due_on", due)
            if event.kind == "visit" and within(_midday(event.data["visited_on"])):
                visited += 1
                satisfied += event.data["satisfaction"] == "SATISFIED"
        if within(at["receive"]):
            tally["received"] += 1
            answered += state != "RECEIVED"
        if within(at.get("open")):
            tally["opened"] += 1
            standing += state not in {"REJECTED", "MERGED"}
            done += state in SETTLED
        tally["disclosed"] += within(at.get("disclose"))
        tally["closed"] += within(at.get("close"))
        if state in OPEN:
            tally["open"] += 1
            tally["overdue"] += due is not None and dt.date.fromisoformat(due) < today
        on_spot = state == "SOLVED_ON_SPOT" and within(at["solve"])
        in_ledger = state in SETTLED and within(at["settle"])
        tally["solvedOnSpot"] += on_spot
        tally["settled"] += in_ledger
        solved += on_spot or in_ledger
        at_community += (on_spot or in_ledger) and level == "COMMUNITY"
        if in_ledger:
            days.append((day_of(at["settle"]) - day_of(at["open"])).days)
    return {
        **tally,
        "responseRate": _share(answered, tally["received"]),
        "settlementRate": _share(done, standing),
        "satisfactionRate": _share(satisfied, visited),
        "solvedAtCommunityShare": _share(at_community, solved),
        "medianDaysToSettle": _plain(Decimal(str(median(days)))) if days else None,
    }


def _midday(day: str) -> dt.datetime:
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(12), CHINA)


def _share(part: int, whole: int) -> str | None:
    if not whole:
        return None
    thousandths = int(Fraction(part * 1000, whole) + Fraction(1, 2))  # halves upwards
    return _plain(Decimal(thousandths) / 1000)


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")


def plain_figures(figures: dict[str, Any]) -> dict[str, Any]:
    """Return figures as a client gets them, numbers written alike."""
    return {
        name: _plain(Decimal(value)) if isinstance(value, str) else value
        for name, value in figures.items()
    }
