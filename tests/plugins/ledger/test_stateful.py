"""Random commands of several people on several issues: the ledger does what the model says.

``GONGZHI_TEST_LEDGER`` is ``examples x steps``, by default ``12x50`` and the same commands each
time, where it is given others each time; with ``xshrink`` after it a
failure is made smaller, which takes minutes.

After each command: it was done where the model allows it, else refused with a code that the model
names; what was refused or repeated changed nothing; each issue is what the model says. In the end
the way of each issue is a path of the table (V4, V30), the agendas hold what severity asks for
(V21), and the figures equal a recount from event record and transition records alone.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from itertools import count
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from gongzhi import clock
from gongzhi.calendar import service as calendar
from gongzhi.calendar.rules import DayBasis
from gongzhi.clock import CHINA
from gongzhi.imports.session import open_session
from gongzhi.registry.models import Organization
from gongzhi.writing.events import verify
from gongzhi.writing.models import Event
from gongzhi_ledger import plugin
from gongzhi_ledger.models import Issue, IssueParticipant, IssueTransition, ReturnVisit
from gongzhi_publication import plugin as publication
from gongzhi_publication.models import Publication
from gongzhi_schema.district import District, Result, open_district
from tests.conftest import FreshDatabase
from tests.registry.helpers import area, organization, person
from tests.support import ledger as model
from tests.support.ledger import Actor, Case, Unit, Visit, day_of

_SIZE, _, _SHRINK = os.environ.get("GONGZHI_TEST_LEDGER", "12x50").partition("xs")
EXAMPLES, STEPS = map(int, _SIZE.split("x"))
PHASES = (Phase.generate, Phase.shrink) if _SHRINK else (Phase.generate,)

START = dt.datetime(2026, 3, 2, 9, tzinfo=CHINA)
"""A Monday."""

LEVELS = {
    "east": "COMMUNITY",
    "west": "COMMUNITY",
    "bare": "COMMUNITY",
    "street": "SUBDISTRICT",
    "far": "SUBDISTRICT",
    "top": "DISTRICT",
}
SUPERIOR = {
    "east": "street",
    "west": "street",
    "bare": "street",
    "street": "top",
    "far": "top",
    "top": None,
}
STREET = frozenset({"street", "east", "west", "bare"})
PEOPLE = {"collector": "east", "handler": "east", "neighbour": "west", "stranger": "far"}
GRANTS = (
    ("SUBDISTRICT_STAFF", "street", STREET),
    ("SUBDISTRICT_STAFF", "far", frozenset({"far"})),
    ("COMMUNITY_SECRETARY", "east", frozenset({"east"})),
    ("COMMUNITY_SECRETARY", "west", frozenset({"west"})),
    ("GRID_WORKER", "east", frozenset({"east"})),
    ("AUDITOR", "street", STREET),
)
LIKELY = (*[0] * 14, 2, 2, 3, 4, 5, 1)
"""Who acts, as a place in GRANTS: mostly who may do everything."""

NEVER = 999_999_999
BOARD = [{"channel": "RESIDENT_AFFAIRS_BOARD", "place": "居委会公开栏"}]
TABLES = (
    "ledger_issue", "ledger_issue_transition", "ledger_participant", "ledger_measure",
    "ledger_return_visit", "ledger_recurrence", "ledger_supervision", "ledger_referral",
    "ledger_attachment", "publication_publication", "publication_posting",
    "publication_transition", "core_event", "core_request_key", "core_counter", "core_job",
)  # fmt: skip


@dataclass
class Command:
    """One mutation, and what the model says of it."""

    mutation: str
    given: dict[str, Any]
    causes: set[str]
    """Codes of which one must come; none: it must be done."""
    then: Callable[[Any], None] = lambda _: None
    """What it does to the model; takes the entity of the payload."""
    select: str = "issue { id }"


@dataclass
class World:
    """A town of its own in the one deployment of a test."""

    district: District
    keys: dict[str, int]
    people: dict[str, int]
    actors: list[Actor]

    def id(self, name: str | None) -> str | None:
        if name is None:
            return None
        if name in self.keys:
            return f"Organization:{self.keys[name]}"
        return f"Person:{self.people[name]}"

    async def rows(self, sql: str) -> list[dict[str, Any]]:
        async with self.district.database():
            return await self.district._context.db().execute_query_dict(sql)


async def new_world(district: District) -> World:
    """Set up a town: a street with three committees, one without an area, and another street."""
    async with district.database():
        city = await area("CITY")
        ground = await area("SUBDISTRICT", city)
        rows: dict[str, Organization] = {}
        rows["top"] = await organization("DISTRICT_PARTY_COMMITTEE", area_id=city.id)
        rows["street"] = await organization(
            "SUBDISTRICT_WORKING_COMMITTEE", rows["top"], area_id=ground.id
        )
        for side in ("east", "west"):
            estate = await area("RESIDENTIAL_AREA", ground)
            rows[side] = await organization(
                "RESIDENTS_COMMITTEE", rows["street"], area_id=estate.id
            )
        rows["bare"] = await organization("RESIDENTS_COMMITTEE", rows["street"])
        rows["far"] = await organization(
            "SUBDISTRICT_WORKING_COMMITTEE",
            rows["top"],
            area_id=(await area("SUBDISTRICT", city)).id,
        )
        people = {name: (await person(rows[home])).id for name, home in PEOPLE.items()}
    keys = {name: row.id for name, row in rows.items()}
    world = World(district, keys, people, [])
    for role, home, within in GRANTS:
        token = await district.token(role, organization=rows[home].code)
        name = f"{role} of {home}"
        actor = Actor(name, role, token, within, await _seen(world, token))
        world.actors.append(actor)
    return world


async def _seen(world: World, token: str) -> frozenset[str]:
    """What the read half shows; it has proofs of its own."""
    names = [*world.keys, *world.people]
    found = await world.district.execute(
        "query Q($ids: [ID!]!) { nodes(ids: $ids) { id } }",
        {"ids": [world.id(name) for name in names]},
        token,
    )
    assert found.errors == []
    return frozenset(n for n, node in zip(names, found.data["nodes"], strict=True) if node)


class Ledger(RuleBasedStateMachine):
    """A town, its issues as they should be, and commands one after the other."""

    district: District
    run: Callable[[Coroutine[Any, Any, Any]], Any]
    tally: dict[str, int]

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        with clock.stopped_at(START):
            self.world: World = self.run(new_world(self.district))
        self.cases: list[Case] = []
        self.words = count()

    # ---- a command ---------------------------------------------------------------------------

    @rule(data=st.data())
    def command(self, data: st.DataObject) -> None:
        """Somebody does something."""
        draw = data.draw
        self.now += dt.timedelta(hours=draw(st.sampled_from((1, 1, 5, 26, 24 * 8))))
        actor = self.world.actors[draw(st.sampled_from(LIKELY))]
        case = self._case(draw)
        if case is not None and case.org == "far" and actor is self.world.actors[0]:
            actor = self.world.actors[1]
        name = draw(st.sampled_from(self._names(case)))
        command = getattr(self, f"do_{name}")(draw, actor, case)
        self.run(self._carry_out(command, actor, again=draw(st.integers(0, 4)) == 4))

    def _case(self, draw: Any) -> Case | None:
        """Return an issue, mostly the last one: few issues that come far."""
        if len(self.cases) < 2:
            return self.cases[-1] if self.cases else None
        return self.cases[draw(st.sampled_from((-1, -1, -1, -2, 0)))]

    def _names(self, case: Case | None) -> list[str]:
        """Names of commands, what leads on more often than the rest."""
        if case is None:
            return ["receive", "receive", "open", "solve_on_spot"]
        every = [n.removeprefix("do_") for n in dir(self) if n.startswith("do_")]
        ways = {
            "enter": "open", "participate": "invite", "leave": "invite",
            "measure": "measure", "remeasure": "measure", "progress": "disclose",
        }  # fmt: skip
        if not case.units:
            every.remove("leave")
        if not case.measures:
            every.remove("remeasure")
        likely = [n for n in every if model.allows(case.state, ways.get(n, n))]
        leads = [n for n in likely if case.state in model.MOVES.get(ways.get(n, n), ())]
        forward = [n for n in leads if n in {"enter", "handle", "settle", "disclose", "close"}]
        if case.state in {"CLOSED", "REJECTED", "MERGED", "SOLVED_ON_SPOT"} or case.org == "top":
            forward = ["receive", "open", "open", "open"]
        visited = case.last_visit()
        if case.state == "SETTLED" or (visited is None and case.state == "DISCLOSED"):
            forward = [*forward, "visit"] if case.state == "SETTLED" else ["visit", "close"]
        if visited and visited.satisfaction in {"PARTLY", "UNSATISFIED"}:
            forward = ["reopen", "visit"] if "reopen" in leads else forward
        return [*forward * 20, *leads, *likely, *every]  # what hypothesis likes best comes first

    async def _carry_out(self, command: Command, actor: Actor, *, again: bool) -> None:
        title = command.mutation[0].upper() + command.mutation[1:]
        text = (
            f"mutation M($input: {title}Input!) {{ {command.mutation}(input: $input) "
            f"{{ {command.select} errors {{ code }} }} }}"
        )
        given = {**command.given, **({"idempotencyKey": uuid4().hex} if again else {})}
        about = (actor.name, command.mutation, given, self.now)

        async def ask() -> Result:
            with clock.stopped_at(self.now):
                return await self.district.execute(text, {"input": given}, actor.token)

        before = await self._snapshot()
        result = await ask()
        codes, entity = _told(result, command.mutation)
        after = await self._snapshot()
        outcome = codes[0] if codes else f"done {command.mutation}"
        self.tally[outcome] = self.tally.get(outcome, 0) + 1
        if command.causes:
            assert codes, (*about, "was done, and should be", command.causes)
            assert set(codes) <= command.causes, (*about, codes, command.causes)
            assert after == before, about
            assert entity is None
            return
        assert codes == [], (*about, codes)
        assert after["chain"] > before["chain"], about
        command.then(entity)
        if again:
            repeated = await ask()
            assert repeated.errors == [], about
            assert await self._snapshot() == after, about
        await self._compare()

    async def _snapshot(self) -> dict[str, Any]:
        """Numbers that every change of anything changes."""
        counts = ", ".join(f"(SELECT count(*) FROM {t}) AS {t}" for t in TABLES)
        (row,) = await self.world.rows(
            f"SELECT {counts}, (SELECT position FROM core_chain) AS chain,"
            " (SELECT hash FROM core_chain) AS hash,"
            " (SELECT sum(version) FROM ledger_issue) AS issues,"
            " (SELECT sum(version) FROM ledger_measure) AS measures,"
            " (SELECT max(updated_at) FROM ledger_issue) AS touched"
        )
        return {**row, "chain": row["chain"] or 0}

    async def _compare(self) -> None:
        """Each issue is what the model says, and was raised by a version at most."""
        keys = {key: name for name, key in self.world.keys.items()}
        people = {key: name for name, key in self.world.people.items()}
        async with self.district.database():
            rows = await Issue.filter(id__in=[case.id for case in self.cases]).order_by("id")
        for case, row in zip(sorted(self.cases, key=lambda each: each.id), rows, strict=True):
            stored = replace(
                case,
                org=keys[row.organization_id],
                level=row.resolution_level.value,
                area=row.area_id is not None,
                since=row.state_since,
                state=row.state.value,
                severity=row.severity.value,
                mode=row.handling_mode and row.handling_mode.value,
                collector=people.get(row.collector_id),
                handler=people.get(row.handler_id),
                due_on=row.due_on,
                opened_on=row.opened_on,
                ended_on=row.ended_on,
                settled_at=row.settled_at,
                settlements=row.settlements,
                recurrences=row.recurrence_count,
            )
            assert stored == case
            assert row.version in {case.version, case.version + 1}
            case.version = row.version

    # ---- what is drawn -----------------------------------------------------------------------

    def _at(self, draw: Any, since: dt.datetime) -> dt.datetime | None:
        """When it happened: mostly now, at times before, too early or still to come."""
        hour = dt.timedelta(hours=1)
        return draw(
            st.sampled_from(
                (None, None, None, None, since, self.now - hour, since - hour, self.now + hour)
            )
        )

    def _times(self, at: dt.datetime | None, since: dt.datetime | None) -> set[str]:
        found = {"FUTURE_DATE"} if at is not None and at > self.now else set()
        return found | ({"TOO_EARLY"} if since and at is not None and at < since else set())

    def _on(
        self,
        draw: Any,
        actor: Actor,
        case: Case | None,
        action: str,
        *,
        times: bool = True,
        versioned: bool = True,
    ) -> tuple[dict[str, Any], set[str], dt.datetime, bool]:
        """Return what is said of an issue, why not, when, and whether that is the last word.

        What cannot be seen is not there; what may not be done is looked at no further.
        """
        at = self._at(draw, case.since) if times and case else None
        given: dict[str, Any] = {"issue": f"Issue:{case.id if case else NEVER}"}
        given |= {"occurredAt": at.isoformat()} if at else {}
        if case is None or case.org not in actor.within or draw(st.integers(0, 19)) == 19:
            if case is not None and case.org in actor.within:
                given["issue"] = f"Issue:{NEVER}"
            return given, {"NOT_FOUND"}, at or self.now, True
        if not actor.may(action, case.org):
            return given, {"FORBIDDEN"}, at or self.now, True
        causes = set() if model.allows(case.state, action) else {"STATE"}
        if (
            versioned
            and (expected := draw(st.sampled_from((None, None, None, 0, 0, 0, 0, 1)))) is not None
        ):
            given["expectedVersion"] = case.version - expected
            causes |= {"CONFLICT"} if expected else set()
        if times:
            causes |= self._times(at, case.since)
        return given, causes, at or self.now, False

    def _person(self, draw: Any, actor: Actor, *some: str | None) -> tuple[str | None, set[str]]:
        name = draw(st.sampled_from(some))
        return name, {"NOT_FOUND"} if name is not None and name not in actor.sees else set()

    def _text(self, draw: Any, code: str) -> tuple[str, set[str]]:
        empty = draw(st.integers(0, 9)) == 9
        return (" ", {code}) if empty else ("已与各方商定", set())

    def _deadline(
        self, draw: Any, opened_on: dt.date
    ) -> tuple[dict[str, Any], set[str], dict[str, Any]]:
        """Return what is said of a deadline, why not, and the day if one was said."""
        kind = draw(st.sampled_from(("day", "day", "day", "days", "none", "both")))
        day = opened_on + dt.timedelta(days=draw(st.sampled_from((9, 3, 0, 9, -2))))
        days = draw(st.sampled_from((2, 10)))
        said = {"dueDays": days, "dueBasis": "CALENDAR_DAYS"}
        if kind == "none":
            return {}, set(), {}
        if kind == "both":
            return {"dueOn": str(day), **said}, {"TWO_DEADLINES"}, {}
        if kind == "days":
            return said, set(), {"due_on": self.run(self._days_after(opened_on, days))}
        return {"dueOn": str(day)}, set(), {"due_on": day}

    async def _days_after(self, day: dt.date, days: int) -> dt.date:
        """Ask the calendar, which has proofs of its own: no deadline ends on a holiday."""
        async with self.district.database():
            return (await calendar.deadline(day, days, DayBasis.CALENDAR_DAYS)).due_on

    def _units(self, draw: Any, actor: Actor) -> tuple[list[dict[str, Any]], list[Unit], set[str]]:
        """Return units as they are said, as the model has them, and why not."""
        some = draw(
            st.sampled_from(
                (
                    (), (("west", "", "LEAD"), (None, "工商所", "PARTNER")),
                    (("west", "", "LEAD"),), ((None, "工商所", "PARTNER"),),
                    ((None, "甲", "LEAD"), (None, "乙", "LEAD")),
                    ((None, "甲", "PARTNER"), (None, "甲", "PARTNER")),
                    (("far", "", "LEAD"), (None, "甲", "PARTNER")), ((None, "", "PARTNER"),),
                )
            )
        )  # fmt: skip
        hidden = {org for org, _, _ in some if org and org not in actor.sees}
        said = [{"organization": self.world.id(o), "name": n, "role": r} for o, n, r in some]
        return said, [Unit(0, *each) for each in some], {"NOT_FOUND"} if hidden else set()

    # ---- entering ----------------------------------------------------------------------------

    def _matter(self, draw: Any, actor: Actor) -> tuple[dict[str, Any], set[str], Case]:
        home = draw(st.sampled_from((*["east"] * 6, "west", "street", "bare", "far")))
        collector, causes = self._person(draw, actor, *["collector"] * 8, None, "stranger")
        title = draw(st.sampled_from((*["排污沟散发异味"] * 9, " ")))
        source = draw(st.sampled_from((*["WORKDAY"] * 9, "NOWHERE")))
        at = draw(
            st.sampled_from(
                (None, None, None, self.now - dt.timedelta(days=2), self.now + dt.timedelta(1))
            )
        )
        given = {
            "organization": self.world.id(home), "title": title, "source": source,
            "category": "ENVIRONMENT", "collector": self.world.id(collector),
        }  # fmt: skip
        given |= {"occurredAt": at.isoformat()} if at else {}
        causes |= {"BLANK"} if not title.strip() else set()
        causes |= {"UNKNOWN_CODE"} if source == "NOWHERE" else set()
        causes |= self._times(at, None)
        causes |= {"NOT_FOUND"} if home not in actor.sees else set()
        causes |= {"FORBIDDEN"} if not actor.may("receive", home) else set()
        case = Case(0, home, LEVELS[home], home != "bare", at or self.now, collector=collector)
        case.path.append(("receive", "RECEIVED", case.since))
        return given, causes, case

    def _add(self, case: Case) -> Callable[[Any], None]:
        def then(entity: Any) -> None:
            case.id = int(entity["id"].partition(":")[2])
            self.cases.append(case)

        return then

    def do_receive(self, draw: Any, actor: Actor, _: Case | None) -> Command:
        given, causes, case = self._matter(draw, actor)
        case.severity = given["severity"] = draw(st.sampled_from(tuple(model.AGENDA)))
        return Command("issueReceive", given, causes, self._add(case))

    def do_solve_on_spot(self, draw: Any, actor: Actor, _: Case | None) -> Command:
        given, causes, case = self._matter(draw, actor)
        result, why = self._text(draw, "NO_RESULT")
        causes |= why | ({"FORBIDDEN"} if not actor.may("solve", case.org) else set())
        case.to("solve", case.since)
        case.mode, case.ended_on = "IMMEDIATE", day_of(case.since)
        return Command("issueSolveOnSpot", {**given, "result": result}, causes, self._add(case))

    def _entry(
        self, draw: Any, actor: Actor, case: Case, at: dt.datetime
    ) -> tuple[dict[str, Any], set[str], dict[str, Any]]:
        opened_on = day_of(at)
        due, causes, changes = self._deadline(draw, opened_on)
        mode = draw(
            st.sampled_from(
                ("TIME_LIMITED", "TIME_LIMITED", "TIME_LIMITED", "COORDINATED", "COORDINATED",
                 "IMMEDIATE", None)
            )
        )  # fmt: skip
        handler, hidden = self._person(draw, actor, "handler", "handler", "handler", None)
        said, units, unseen = self._units(draw, actor)
        changes |= {
            "mode": mode or case.mode,
            "handler": handler or case.handler,
            "units": [*case.units, *units],
        }
        causes |= hidden | unseen | model.twice(changes["units"])
        causes |= model.entry_faults(case, opened_on, **changes)
        given = {
            **due, "handlingMode": mode, "handler": self.world.id(handler), "participants": said,
        }  # fmt: skip
        return given, causes, changes

    def _entered(self, case: Case, at: dt.datetime, changes: dict[str, Any]) -> None:
        case.to("open", at)
        for name, value in changes.items():
            setattr(case, name, value)
        case.opened_on = day_of(at)

    def do_open(self, draw: Any, actor: Actor, _: Case | None) -> Command:
        given, causes, case = self._matter(draw, actor)
        entry, why, changes = self._entry(draw, actor, case, case.since)
        causes |= why | ({"FORBIDDEN"} if not actor.may("open", case.org) else set())
        add = self._add(case)

        def then(entity: Any) -> None:
            self._entered(case, case.since, changes)
            add(entity)

        return Command("issueOpen", {**given, **entry}, causes, then)

    def do_enter(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        given, causes, at, last = self._on(draw, actor, case, "open")
        if case is None or last:
            return Command("issueEnter", given, causes)
        entry, why, changes = self._entry(draw, actor, case, at)
        return Command(
            "issueEnter",
            {**given, **entry},
            causes | why,
            lambda _: self._entered(case, at, changes),
        )

    # ---- on its way --------------------------------------------------------------------------

    def do_solve(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        given, causes, at, last = self._on(draw, actor, case, "solve")
        result, why = self._text(draw, "NO_RESULT")

        def then(_: Any) -> None:
            case.to("solve", at)
            case.mode, case.ended_on = "IMMEDIATE", day_of(at)

        return Command("issueSolve", {**given, "result": result}, _all(causes, why, last), then)

    def do_handle(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        given, causes, at, last = self._on(draw, actor, case, "handle")
        handler, why = self._person(draw, actor, None, None, "collector", "stranger")

        def then(_: Any) -> None:
            case.to("handle", at)
            case.handler = handler or case.handler

        given["handler"] = self.world.id(handler)
        return Command("issueHandle", given, _all(causes, why, last), then)

    def do_settle(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        given, causes, at, last = self._on(draw, actor, case, "settle")
        result, why = self._text(draw, "NO_RESULT")
        cost = draw(st.sampled_from((None, None, "420000.00", "-1")))
        why |= {"NOT_POSITIVE"} if cost == "-1" else set()

        def then(_: Any) -> None:
            case.to("settle", at)
            case.ended_on, case.settled_at = day_of(at), at
            case.settlements += 1

        given |= {"result": result, "actualCost": cost}
        return Command("issueSettle", given, _all(causes, why, last), then)

    def do_disclose(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        progress = case is not None and case.state == "HANDLING"
        given, causes, at, last = self._on(draw, actor, case, "disclose")
        channels = draw(st.sampled_from((BOARD, BOARD, [])))
        given["channels"] = channels
        if case is None or last:
            return Command("issueDisclose", given, causes)
        if progress:  # published at any time, and the issue stays where it is
            causes -= {"TOO_EARLY"}
            causes |= set() if channels else {"NO_CHANNEL"}
        else:
            published = at if channels else max(case.published, default=None)
            settled_at = case.settled_at
            if published is None or (settled_at is not None and published < settled_at):
                causes |= {"NOT_PUBLISHED"}

        def then(_: Any) -> None:
            if channels:
                case.published.append(at)
            if not progress:
                case.to("disclose", at)

        return Command("issueDisclose", given, causes, then)

    def do_visit(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        given, causes, at, last = self._on(draw, actor, case, "visit")
        visitor, why = self._person(draw, actor, *["collector"] * 8, "neighbour", "stranger")
        outcomes = ["SATISFIED", "SATISFIED", "UNSATISFIED", "PARTLY", "UNREACHABLE"]
        if case is not None and case.settlements == 1:  # so that it is not all over at once
            outcomes.reverse()
            outcomes.remove("UNREACHABLE")
        found = draw(st.sampled_from(outcomes))
        home = draw(st.sampled_from((True, True, True, False)))
        reason = draw(st.sampled_from(("", "", "收集人出差")))
        given |= {
            "visitor": self.world.id(visitor), "satisfaction": found, "atHome": home,
            "overrideReason": reason,
        }  # fmt: skip
        if case is None or last:
            return Command("issueVisit", given, causes)
        causes -= {"TOO_EARLY"}
        causes |= why | self._times(at, case.settled_at)
        proper = case.collector is not None and visitor == case.collector
        if not reason:  # V6
            causes |= set() if proper else {"VISITOR_NOT_COLLECTOR"}
            causes |= {"NOT_AT_HOME"} if not home and found != "UNREACHABLE" else set()
        visit = Visit(case.settlements, at, found, bool(reason) or (proper and home))
        return Command("issueVisit", given, causes, lambda _: case.visits.append(visit))

    def do_close(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        given, causes, at, last = self._on(draw, actor, case, "close")
        if case is not None and not last:  # V5
            visit = case.last_visit()
            causes |= set() if visit and visit.satisfaction == "SATISFIED" else {"NOT_SATISFIED"}
            assert visit is None or visit.satisfaction == "UNREACHABLE" or visit.proper
        return Command("issueClose", given, causes, lambda _: case.to("close", at))

    def do_reopen(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        given, causes, at, last = self._on(draw, actor, case, "reopen")
        if case is not None and not last:  # V4
            visit = case.last_visit()
            bad = visit is not None and visit.satisfaction in {"PARTLY", "UNSATISFIED"}
            causes |= set() if bad else {"NOT_UNSATISFIED"}

        def then(_: Any) -> None:
            case.to("reopen", at)
            case.ended_on = case.settled_at = None

        return Command("issueReopen", given, causes, then)

    # ---- beside the way ----------------------------------------------------------------------

    def do_reject(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        given, causes, at, last = self._on(draw, actor, case, "reject")
        reason, why = self._text(draw, "NO_REASON")

        def then(_: Any) -> None:
            case.to("reject", at)
            case.ended_on = day_of(at)

        return Command("issueReject", {**given, "reason": reason}, _all(causes, why, last), then)

    def do_merge(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        given, causes, at, last = self._on(draw, actor, case, "merge")
        into = draw(st.sampled_from(self.cases)) if self.cases else None
        given["into"] = f"Issue:{into.id if into else NEVER}"
        why: set[str] = set()
        if into is None or into.org not in actor.within:
            why = {"NOT_FOUND"}
        elif not actor.may("merge", into.org):
            why = {"FORBIDDEN"}
        if last or why:  # of two, either may be looked at first
            return Command("issueMerge", given, (causes if last else set()) | why)
        causes |= {"MERGE_INTO_ITSELF"} if into is case else set()
        causes |= {"MERGE_TARGET"} if into.state in {"REJECTED", "MERGED"} else set()

        def then(_: Any) -> None:
            case.to("merge", at)
            case.ended_on = day_of(at)

        return Command("issueMerge", given, causes, then)

    def do_transfer(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        given, causes, at, last = self._on(draw, actor, case, "transfer")
        reason, why = self._text(draw, "NO_REASON")
        to = draw(st.sampled_from((None, "west", "east", "street", "far")))
        given |= {"reason": reason, "to": self.world.id(to)}
        select = "issueReferral { id }"
        if case is None or last:
            return Command("issueTransfer", given, causes, select=select)
        receiver = to or SUPERIOR[case.org]
        causes |= why
        causes |= {"NOT_FOUND"} if to is not None and to not in actor.sees else set()
        causes |= {"NO_SUPERIOR"} if receiver is None else set()
        causes |= {"SAME_ORGANIZATION"} if receiver == case.org else set()

        def then(_: Any) -> None:
            case.to("transfer", at)
            case.org = receiver
            case.level = max(case.level, LEVELS[receiver], key=model.LADDER.index)
            case.handler = case.opened_on = None

        return Command("issueTransfer", given, causes, then, select)

    def do_escalate(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        given, causes, _, last = self._on(draw, actor, case, "escalate")
        reason, why = self._text(draw, "NO_REASON")
        to = draw(st.sampled_from((None, None, *model.LADDER)))
        given |= {"reason": reason, "to": to}
        if case is None or last:
            return Command("issueEscalate", given, causes)
        step = model.LADDER.index(case.level)
        level = to or model.LADDER[min(step + 1, len(model.LADDER) - 1)]
        causes |= why | ({"NOT_HIGHER"} if model.LADDER.index(level) <= step else set())
        return Command("issueEscalate", given, causes, lambda _: setattr(case, "level", level))

    def do_change(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        given, causes, _, last = self._on(draw, actor, case, "change", times=False)
        if case is None or last:
            return Command("issueChange", given, causes)
        changes: dict[str, Any] = {}
        what = draw(st.sets(st.sampled_from(("severity", "mode", "due", "handler", "area"))))
        if "severity" in what:
            changes["severity"] = given["severity"] = draw(st.sampled_from(tuple(model.AGENDA)))
        if "mode" in what:
            changes["mode"] = given["handlingMode"] = draw(
                st.sampled_from(("TIME_LIMITED", "COORDINATED", "IMMEDIATE"))
            )
        if "due" in what:
            said, why, due = self._deadline(draw, case.opened_on or day_of(self.now))
            given |= said or {"dueOn": None}
            causes |= why
            changes |= due or {"due_on": None}
        if "handler" in what:
            handler, why = self._person(draw, actor, "handler", "collector", None, "stranger")
            given["handler"] = self.world.id(handler)
            causes |= why
            changes["handler"] = handler
        if "area" in what and draw(st.integers(0, 3)) == 3:
            given["area"] = None
            changes["area"] = False
        if case.state in model.IN_LEDGER:
            causes |= model.entry_faults(case, case.opened_on, **changes)

        def then(_: Any) -> None:
            for name, value in changes.items():
                setattr(case, name, value)

        return Command("issueChange", given, causes, then)

    # ---- what else is written ----------------------------------------------------------------

    def do_participate(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        given, causes, _, last = self._on(draw, actor, case, "invite", times=False)
        org, name, role = draw(
            st.sampled_from(
                (
                    ("bare", "", "PARTNER"), ("west", "", "LEAD"), (None, "甲", "PARTNER"),
                    (None, "丙", "LEAD"), (None, "", "PARTNER"), ("far", "", "PARTNER"),
                )
            )
        )  # fmt: skip
        given |= {"organization": self.world.id(org), "name": name, "role": role}
        if case is None or last:
            return Command("issueAddParticipant", given, causes)
        units = [*case.units, Unit(0, org, name, role)]
        causes |= {"NOT_FOUND"} if org is not None and org not in actor.sees else set()
        causes |= model.twice(units) | model.unit_faults(None, units)
        return Command(
            "issueAddParticipant", given, causes, lambda _: setattr(case, "units", units)
        )

    def do_leave(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        given, causes, _, last = self._on(draw, actor, case, "invite", times=False)
        del given["issue"]
        given["participant"] = f"IssueParticipant:{NEVER}"
        if case is None or not case.units:
            return Command("issueRemoveParticipant", given, {"NOT_FOUND"})
        n = draw(st.integers(0, len(case.units) - 1))
        ids = self.run(self._unit_ids(case))
        given["participant"] = f"IssueParticipant:{ids[n]}"
        if case.org not in actor.within:
            return Command("issueRemoveParticipant", given, {"NOT_FOUND"})
        if not actor.may("invite", case.org):
            return Command("issueRemoveParticipant", given, {"FORBIDDEN"})
        if last:  # the issue was to be one that never was; a unit is named instead
            causes = set() if model.allows(case.state, "invite") else {"STATE"}
        left = [unit for at, unit in enumerate(case.units) if at != n]
        if case.state in model.IN_LEDGER:
            causes |= model.unit_faults(case.mode, left)
        return Command(
            "issueRemoveParticipant", given, causes, lambda _: setattr(case, "units", left)
        )

    async def _unit_ids(self, case: Case) -> list[int]:
        async with self.district.database():
            rows = await IssueParticipant.filter(issue_id=case.id).order_by("id")
        assert len(rows) == len(case.units)
        return [row.id for row in rows]

    def do_measure(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        given, causes, _, last = self._on(draw, actor, case, "measure", times=False)
        kind = draw(st.sampled_from(("WORKS", "TALK", "MAGIC")))
        households = draw(st.sampled_from((None, 101, -1)))
        done_on = day_of(self.now) + dt.timedelta(days=draw(st.sampled_from((-1, 0, 1))))
        given |= {"kind": kind, "households": households, "doneOn": str(done_on)}
        why = {"UNKNOWN_CODE"} if kind == "MAGIC" else set()
        why |= {"NOT_POSITIVE"} if households == -1 else set()
        why |= {"FUTURE_DATE"} if done_on > day_of(self.now) else set()

        def then(entity: Any) -> None:
            case.measures.append(int(entity["id"].partition(":")[2]))

        return Command(
            "issueAddMeasure", given, _all(causes, why, last), then, "issueMeasure { id }"
        )

    def do_remeasure(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        kind = draw(st.sampled_from(("WORKS", "TALK", "MAGIC")))
        some = case.measures if case is not None else []
        given = {"measure": f"IssueMeasure:{some[-1] if some else NEVER}", "kind": kind}
        causes = {"UNKNOWN_CODE"} if kind == "MAGIC" else set()
        if not some or case.org not in actor.within:
            causes = {"NOT_FOUND"}
        elif not actor.may("measure", case.org):
            causes = {"FORBIDDEN"}
        elif not model.allows(case.state, "measure"):
            causes = {"STATE"}
        return Command("issueChangeMeasure", given, causes, select="issueMeasure { id }")

    def do_recur(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        given, causes, _, _ = self._on(draw, actor, case, "recur", times=False)

        def then(_: Any) -> None:
            case.recurrences += 1

        return Command("issueRecur", given, causes, then)

    def do_supervise(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        given, causes, _, last = self._on(
            draw, actor, case, "supervise", times=False, versioned=False
        )
        kind = draw(st.sampled_from((None, *model.AGENDA.values())))
        given["kind"] = kind
        if case is None or last:
            return Command("issueSupervise", given, causes)
        chosen = kind or model.AGENDA[case.severity]
        causes |= model.agenda_faults(case.severity, chosen)
        return Command("issueSupervise", given, causes, lambda _: case.supervised.append(chosen))

    def do_attach(self, draw: Any, actor: Actor, case: Case | None) -> Command:
        given, causes, _, last = self._on(draw, actor, case, "attach", times=False, versioned=False)
        digest = draw(st.sampled_from(("", "ab" * 32, "ab")))
        why = {"BAD_DIGEST"} if digest == "ab" else set()
        given |= {"uri": "urn:x", "title": "照片", "sha256": digest}
        return Command("issueAttach", given, _all(causes, why, last))

    # ---- the end -----------------------------------------------------------------------------

    def teardown(self) -> None:
        """Compare the whole with what the records tell."""
        if self.cases:
            self.run(self._check_records())
            self.run(self._check_agendas())
            self.run(self._check_figures())

    async def _check_records(self) -> None:
        """V4–V6, V30: each issue went a way that there is, and every step has its grounds."""
        async with self.district.database():
            for case in self.cases:
                steps = await IssueTransition.filter(subject_id=case.id).order_by("id")
                visits = await ReturnVisit.filter(issue_id=case.id).order_by("visited_at", "id")
                told = await Event.filter(entity_type="Issue", entity_id=case.id).order_by("id")
                published = await Publication.filter(
                    subject_type="Issue", subject_id=case.id, state="PUBLISHED"
                )
                assert [(s.action, s.to_state, s.occurred_at) for s in steps] == case.path
                before = ""
                for step in steps:
                    assert model.is_step(step.action, before, step.to_state)
                    assert step.from_state == before
                    assert step.account_id is not None
                    assert step.actor
                    assert step.recorded_at >= step.occurred_at
                    before = step.to_state
                assert [s.occurred_at for s in steps] == sorted(s.occurred_at for s in steps)
                ways = {s.action for s in steps}
                kinds = [each.kind.removeprefix("ledger.issue.") for each in told]
                assert [k for k in kinds if k in ways] == [s.action for s in steps]
                assert len(visits) == len(case.visits) == kinds.count("visit")
                assert len(published) == len(case.published)
                if case.state == "CLOSED":
                    assert visits[-1].satisfaction.value == "SATISFIED"
                    assert visits[-1].settlement == case.settlements
                if "reopen" in ways:
                    assert any(v.satisfaction.value in {"PARTLY", "UNSATISFIED"} for v in visits)
                if "disclose" in ways:
                    assert published

    async def _ask(self, text: str, actor: Actor, **variables: Any) -> Any:
        with clock.stopped_at(self.now):
            result = await self.district.execute(text, variables, actor.token)
        assert result.errors == []
        assert result.statements == 1
        return result.data

    async def _check_agendas(self) -> None:
        """V21: what is unsettled is on the agenda of its severity, and on no other."""
        for actor in self.world.actors[:3]:
            for severity, kind in model.AGENDA.items():
                found = await self._ask(
                    "query Q($kind: AgendaKind!) "
                    "{ issueAgenda(kind: $kind, first: 100) { nodes { id } } }",
                    actor,
                    kind=kind,
                )
                wanted = {
                    f"Issue:{case.id}"
                    for case in self.cases
                    if case.state in model.UNSETTLED
                    and case.severity == severity
                    and case.org in actor.within
                }
                assert {node["id"] for node in found["issueAgenda"]["nodes"]} == wanted

    async def _check_figures(self) -> None:
        histories = []
        async with self.district.database():
            for case in self.cases:
                steps = await IssueTransition.filter(subject_id=case.id).order_by("id")
                told = await Event.filter(entity_type="Issue", entity_id=case.id).order_by("id")
                histories.append(
                    (
                        [model.Step(s.action, s.to_state, s.occurred_at) for s in steps],
                        [
                            model.Told(
                                e.kind.removeprefix("ledger.issue."),
                                e.organization_id,
                                json.loads(e.data) if isinstance(e.data, str) else e.data,
                            )
                            for e in told
                        ],
                    )
                )
        levels = {self.world.keys[name]: level for name, level in LEVELS.items()}
        today = self.now.astimezone(CHINA).date()
        middle = today - (today - day_of(START)) / 2
        names = " ".join(model.recount([], levels, set(), today))
        for actor, root in ((0, "street"), (0, "east"), (1, "far"), (2, "east"), (5, "street")):
            within = self.world.actors[actor].within & (STREET if root == "street" else {root})
            for period in ((None, None), (middle, None), (None, middle), (middle, middle)):
                found = await self._ask(
                    "query Q($id: ID!, $from: Date, $to: Date) { organization(id: $id) "
                    f"{{ issueFigures(from: $from, to: $to) {{ {names} }} }} }}",
                    self.world.actors[actor],
                    id=self.world.id(root),
                    **{"from": period[0] and str(period[0]), "to": period[1] and str(period[1])},
                )
                wanted = model.recount(
                    histories, levels, {self.world.keys[n] for n in within}, today, period
                )
                figures = found["organization"]["issueFigures"]
                assert model.plain_figures(figures) == wanted, (root, period)


def _all(causes: set[str], why: set[str], last: bool) -> set[str]:  # the last word
    return causes if last else causes | why


def _told(result: Result, mutation: str) -> tuple[list[str], Any]:
    """Return codes of refusals, and the entity."""
    if result.errors:
        assert result.data == {mutation: None}
        return [error["extensions"]["code"] for error in result.errors], None
    payload = dict(result.data[mutation])
    codes = [error["code"] for error in payload.pop("errors")]
    return codes, next(iter(payload.values()))


def test_random_commands_do_what_the_table_and_the_guards_allow(
    fresh_database: FreshDatabase, dialect: str
) -> None:
    url = fresh_database([publication, plugin], dialect=dialect)
    tally: dict[str, int] = {}
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        opening = open_district(url, ["publication", "ledger"])
        district = runner.run(stack.enter_async_context(opening))
        try:
            machine = type(
                "Machine",
                (Ledger,),
                {"district": district, "run": staticmethod(runner.run), "tally": tally},
            )
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=EXAMPLES,
                    stateful_step_count=STEPS,
                    deadline=None,
                    database=None,
                    derandomize="GONGZHI_TEST_LEDGER" not in os.environ,
                    phases=PHASES,
                    suppress_health_check=list(HealthCheck),
                ),
            )
            runner.run(_check_chain(district))
        finally:
            runner.run(stack.aclose())
    print(dialect, dict(sorted(tally.items())))  # noqa: T201
    done = {name for name in tally if name.startswith("done")}
    assert {"done issueClose", "done issueReopen", "done issueTransfer"} <= done
    assert len(done) >= 15  # of 23 mutations
    assert len(tally.keys() - done) >= 20  # codes


async def _check_chain(district: District) -> None:
    async with open_session(district.url) as session:
        verdict = await verify(session, key=district.deployment.chain_key)
    assert verdict.faults == ()
