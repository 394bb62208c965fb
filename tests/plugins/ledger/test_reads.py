"""Lists, agendas and figures: each one statement, and as the rules say."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from gongzhi.clock import CHINA, stopped_at
from gongzhi_ledger import rules
from gongzhi_ledger.figures import Facts, count
from gongzhi_ledger.models import Issue, IssueSupervision, ReturnVisit
from gongzhi_ledger.rules import (
    AgendaKind,
    IssueSeverity,
    IssueState,
    ResolutionLevel,
    Satisfaction,
)
from tests.plugins.ledger.conftest import MONDAY, Town, at, day

NOW = dt.datetime(2026, 3, 20, 4, tzinfo=dt.UTC)
TODAY = dt.date(2026, 3, 20)


async def test_filters_and_orders(town: Town) -> None:
    first = await town.opened(severity="KEY", category="HOUSING", dueOn="2026-03-05")
    second = await town.received(source="HOTLINE", occurredAt=at(day(2)))
    third = await town.settled(organization=town.id("west"), collector=town.id("other"))

    async def ids(filter_: str) -> list[str]:
        data = await town.ask(f"{{ issues(filter: {{{filter_}}}) {{ nodes {{ id }} }} }}")
        return [each["id"] for each in data["issues"]["nodes"]]

    assert await ids("state: {in: [OPENED, SETTLED]}") == [first, third]
    assert await ids("severity: {eq: KEY}") == [first]
    assert await ids('category: {eq: "HOUSING"}') == [first]
    assert await ids('source: {in: ["HOTLINE"]}') == [second]
    assert await ids(f'organization: {{eq: "{town.id("west")}"}}') == [third]
    assert await ids(f'within: "{town.id("street")}"') == [first, second, third]
    assert await ids(f'within: "{town.id("east")}"') == [first, second]
    assert await ids(f'collector: {{eq: "{town.id("other")}"}}') == [third]
    assert await ids(f'area: {{eq: "Area:{town.areas["west"].id}"}}') == [third]
    assert await ids('dueOn: {lt: "2026-03-06"}') == [first]
    assert await ids('openedOn: {gte: "2026-03-02", lt: "2026-03-03"}') == [first, third]
    assert await ids('receivedAt: {gte: "2026-03-04T00:00:00+08:00"}') == [second]
    assert await ids('endedOn: {gte: "2026-03-01"}') == [third]
    data = await town.ask(
        "{ issues(order: {field: RECEIVED_AT, direction: DESC}) { nodes { id } } }"
    )
    assert data["issues"]["nodes"][0] == {"id": second}


async def test_an_organization_shows_its_issues_new_first_and_those_below(town: Town) -> None:
    old = await town.received()
    new = await town.received(occurredAt=at(day(1)))
    await town.received(organization=town.id("west"))
    data = await town.ask(
        """query Q($east: ID!, $street: ID!) {
          east: organization(id: $east) { issues { nodes { id } } }
          street: organization(id: $street) { issues { totalCount } subtreeIssues { totalCount } }
        }""",
        east=town.id("east"),
        street=town.id("street"),
    )
    assert data["east"]["issues"]["nodes"] == [{"id": new}, {"id": old}]
    assert data["street"] == {"issues": {"totalCount": 0}, "subtreeIssues": {"totalCount": 3}}


async def test_what_is_late_undisclosed_or_comes_back(town: Town) -> None:
    late = await town.opened(dueOn="2026-03-05")
    await town.opened(dueOn="2026-03-06")
    settled = await town.settled()
    again = await town.opened(dueOn="2026-04-30")
    for n in range(3):
        await town.do("issueRecur", issue=again, observedOn=str(day(-n)))
    await town.do("issueRecur", issue=late, observedOn=str(day(0)))
    data = await town.ask(
        """query Q($far: ID!) {
          late: issuesOverdue(asOf: "2026-03-06") { nodes { id } }
          elsewhere: issuesOverdue(asOf: "2026-03-06", within: $far) { totalCount }
          issuesSettledNotDisclosed { nodes { id } }
          twice: issuesRecurring { nodes { id recurrenceCount } }
          often: issuesRecurring(atLeast: 4) { totalCount }
          once: issuesRecurring(atLeast: 1) { totalCount }
        }""",
        far=town.id("west"),
    )
    assert data["late"]["nodes"] == [{"id": late}]
    assert data["elsewhere"] == {"totalCount": 0}
    assert data["issuesSettledNotDisclosed"]["nodes"] == [{"id": settled}]
    assert data["twice"]["nodes"] == [{"id": again, "recurrenceCount": 3}]
    assert (data["often"]["totalCount"], data["once"]["totalCount"]) == (0, 2)


AGENDA = """query Q($kind: AgendaKind!, $asOf: Date, $pending: Boolean, $within: ID) {
  issueAgenda(kind: $kind, asOf: $asOf, pending: $pending, within: $within) { nodes { id } } }"""


async def test_v21_the_agenda_collects_itself(town: Town) -> None:
    plain, key = await town.received(), await town.opened(severity="KEY")
    critical = await town.handled(severity="CRITICAL")
    await town.settled()
    await town.settled(severity="CRITICAL")

    async def agenda(kind: str, **more: Any) -> list[str]:
        data = await town.ask(AGENDA, kind=kind, **more)
        return [each["id"] for each in data["issueAgenda"]["nodes"]]

    assert await agenda("MONTHLY_STUDY") == [plain]
    assert await agenda("WEEKLY_DISPATCH") == [key]
    assert await agenda("IMMEDIATE_SUPERVISION") == [critical]
    assert await agenda("IMMEDIATE_SUPERVISION", within=town.id("west")) == []
    for issue in (plain, key, critical):
        await town.do("issueSupervise", issue=issue, heldOn="2026-03-10")
    # Tuesday 10 March: up in the month and in the week of it
    assert await agenda("MONTHLY_STUDY", pending=True, asOf="2026-03-31") == []
    assert await agenda("MONTHLY_STUDY", pending=True, asOf="2026-04-01") == [plain]
    assert await agenda("WEEKLY_DISPATCH", pending=True, asOf="2026-03-15") == []
    assert await agenda("WEEKLY_DISPATCH", pending=True, asOf="2026-03-16") == [key]
    assert await agenda("IMMEDIATE_SUPERVISION", pending=True, asOf="2026-03-09") == [critical]
    assert await agenda("IMMEDIATE_SUPERVISION", pending=True, asOf="2026-03-10") == []
    assert await agenda("IMMEDIATE_SUPERVISION", pending=True, asOf="2027-03-10") == []
    assert await agenda("IMMEDIATE_SUPERVISION", pending=False, asOf="2027-03-10") == [critical]


# ---- figures -------------------------------------------------------------------------------------

FIGURES = """received opened solvedOnSpot settled disclosed closed open overdue responseRate
  settlementRate satisfactionRate solvedAtCommunityShare medianDaysToSettle"""


@pytest.fixture
async def many(town: Town) -> dict[str, list[Facts]]:
    """Issues with random facts in three ledgers; organization → the facts of its own."""
    chance = random.Random(20150608)
    found: dict[str, list[Facts]] = defaultdict(list)
    async with town.district.database():
        for n in range(150):
            name = chance.choice(["street", "east", "west", "far"])
            found[name].append(await _random_issue(town, chance, n, name))
    return found


async def _random_issue(town: Town, chance: random.Random, n: int, name: str) -> Facts:
    def some(odds: float = 0.7) -> dt.datetime | None:
        # around midnight as well: the day is that of the deployment, not of Greenwich
        if chance.random() > odds:
            return None
        minutes = chance.choice([0, 1, 479, 480, 481, 900, 1439])
        start = dt.datetime.combine(
            MONDAY + dt.timedelta(days=chance.randrange(20)), dt.time(), CHINA
        )
        return start + dt.timedelta(minutes=minutes)

    def on(instant: dt.datetime | None) -> dt.date | None:
        return instant and instant.astimezone(CHINA).date()

    state = chance.choice(list(IssueState))
    received = some(1) or NOW
    opened, ended, disclosed, closed = some(), some(), some(0.4), some(0.4)
    if state in rules.SETTLED:  # as the machine has it
        opened = opened or received
        ended = max(ended or opened, opened)
    due = on(some(0.5))
    owner = town.organizations[name]
    level = chance.choice(list(ResolutionLevel))
    row = await Issue.create(
        number=f"R-{n}",
        organization_id=owner.id,
        org_path=owner.path,
        title="随机",
        source="WALK",
        category="OTHER",
        state=state,
        state_since=received,
        resolution_level=level,
        received_at=received,
        opened_at=opened,
        opened_on=on(opened),
        ended_on=on(ended),
        disclosed_at=disclosed,
        closed_at=closed,
        due_on=due,
        synthetic=True,
    )
    visits = []
    for _ in range(chance.choice([0, 0, 1, 2])):
        at_, outcome = some(1) or NOW, chance.choice(list(Satisfaction))
        await ReturnVisit.create(
            organization_id=owner.id,
            org_path=owner.path,
            issue_id=row.id,
            settlement=1,
            visited_at=at_,
            visited_on=on(at_),
            satisfaction=outcome,
        )
        visits.append((at_.astimezone(CHINA).date(), outcome))
    return Facts(
        state=state,
        level=level,
        received_on=received.astimezone(CHINA).date(),
        opened_on=on(opened),
        ended_on=on(ended),
        disclosed_on=on(disclosed),
        closed_on=on(closed),
        due_on=due,
        visits=tuple(visits),
    )


SEEN = {
    "east": ("east",),
    "street": ("street", "east", "west"),
    "top": ("street", "east", "west", "far"),
}

PERIODS = [
    (None, None),
    ("2026-03-02", "2026-03-08"),
    ("2026-03-09", None),
    (None, "2026-03-05"),
    ("2026-03-07", "2026-03-07"),
    ("2026-03-09", "2026-03-02"),
    ("2030-01-01", "2030-12-31"),
]


async def test_the_figures_are_those_of_the_rules(town: Town, many: dict[str, list[Facts]]) -> None:
    token = await town.district.token("DISTRICT_ORG_DEPT_ADMIN")
    query = f"""query Q($id: ID!, $from: Date, $to: Date) {{ organization(id: $id) {{
      issueFigures(from: $from, to: $to) {{ {FIGURES} }} }} }}"""
    for name, seen in SEEN.items():
        facts = [each for ledger in seen for each in many[ledger]]
        for first, last in PERIODS:
            with stopped_at(NOW):
                data = await town.ask(query, token, id=town.id(name), **{"from": first, "to": last})
            expected = count(facts, _date(first), _date(last), TODAY)
            found = {
                _snake(key): Decimal(value) if isinstance(value, str) else value
                for key, value in data["organization"]["issueFigures"].items()
            }
            assert found == {
                each: getattr(expected, each) for each in type(expected).__dataclass_fields__
            }, (name, first, last)


async def test_figures_count_only_what_the_viewer_sees(
    town: Town, many: dict[str, list[Facts]]
) -> None:
    query = "query Q($id: ID!) { organization(id: $id) { issueFigures { received open } } }"
    with stopped_at(NOW):
        data = await town.ask(
            query, await town.token("COMMUNITY_SECRETARY", "east"), id=town.id("east")
        )
        party = await town.ask(query, await town.token("PARTY_MEMBER"), id=town.id("street"))
    assert data["organization"]["issueFigures"]["received"] == len(many["east"])
    assert party["organization"]["issueFigures"] == {"received": 0, "open": 0}


async def test_figures_of_many_organizations_cost_what_they_cost(town: Town) -> None:
    query = f"{{ organizations(first: 100) {{ nodes {{ issueFigures {{ {FIGURES} }} }} }} }}"
    result = await town.district.execute(query, token=await town.token())
    assert result.errors[0]["extensions"]["code"] == "COST_LIMIT"


async def test_lateness_and_years_are_those_of_the_rules(
    town: Town, many: dict[str, list[Facts]]
) -> None:
    async with town.district.database():
        chance = random.Random(7)
        for row in await Issue.all():
            since = dt.date(2026, 3, 1) - dt.timedelta(days=chance.randrange(4000))
            await Issue.filter(id=row.id).update(exists_since=chance.choice([since, None]))
        rows = {row.number: row for row in await Issue.all()}
    token = await town.district.token("DISTRICT_ORG_DEPT_ADMIN")
    for as_of in ("2026-03-01", "2026-03-10", "2027-02-28"):
        after: str | None = None
        while True:
            data = await town.ask(
                """query Q($asOf: Date, $after: String) { issues(first: 100, after: $after) {
                nodes { number overdue(asOf: $asOf) yearsOpen(asOf: $asOf) }
                pageInfo { hasNextPage endCursor } } }""",
                token,
                asOf=as_of,
                after=after,
            )
            day_ = dt.date.fromisoformat(as_of)
            for each in data["issues"]["nodes"]:
                row = rows[each["number"]]
                assert each["overdue"] is rules.is_overdue(row.due_on, row.ended_on, day_)
                since = row.exists_since or row.received_at.astimezone(CHINA).date()
                until = min(row.ended_on or day_, day_)
                assert each["yearsOpen"] == rules.years_open(since, until), (row.number, as_of)
            if not data["issues"]["pageInfo"]["hasNextPage"]:
                break
            after = data["issues"]["pageInfo"]["endCursor"]


@pytest.mark.parametrize("kind", AgendaKind)
async def test_the_agenda_is_that_of_the_rules(town: Town, kind: AgendaKind) -> None:
    chance = random.Random(21)
    expected = set()
    as_of = dt.date(2026, 3, 18)
    first, last = rules.agenda_period(kind, as_of)
    async with town.district.database():
        for n in range(40):
            state, severity = chance.choice(list(IssueState)), chance.choice(list(IssueSeverity))
            owner = town.organizations["east"]
            row = await Issue.create(
                number=f"A-{n}",
                organization_id=owner.id,
                org_path=owner.path,
                title="随机",
                source="WALK",
                category="OTHER",
                state=state,
                severity=severity,
                state_since=NOW,
                received_at=NOW,
            )
            done = False
            for _ in range(chance.choice([0, 1, 2])):
                on, by = (
                    as_of - dt.timedelta(days=chance.randrange(-3, 25)),
                    chance.choice(list(AgendaKind)),
                )
                await IssueSupervision.create(issue_id=row.id, kind=by, held_on=on)
                done |= by is kind and first <= on <= last
            if state in rules.UNSETTLED and rules.CADENCE[severity] is kind and not done:
                expected.add(f"Issue:{row.id}")
    data = await town.ask(AGENDA, kind=kind.value, pending=True, asOf=as_of.isoformat())
    assert {each["id"] for each in data["issueAgenda"]["nodes"]} == expected


def _date(value: str | None) -> dt.date | None:
    return dt.date.fromisoformat(value) if value else None


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
