"""A mutation gives the same answer by its plan and by graphql-core, error for error.

Two deployments of the same small town; one of them has no plans. Every document runs in both, in
the same order, so that whatever is written has the same ids.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from gongzhi import clock
from gongzhi.registry import service
from gongzhi_ledger import plugin as ledger
from gongzhi_publication import plugin as publication
from gongzhi_schema.district import District, Result, open_district
from tests.conftest import FreshDatabase
from tests.plugins.ledger.conftest import at, day
from tests.registry.helpers import PRIVACY

ORG, PERSON, FAR, NEVER = "Organization:3", "Person:1", "Organization:4", "Issue:999999"


@dataclass(frozen=True)
class Twins:
    """The two deployments."""

    planned: District
    core: District
    tokens: dict[str, tuple[str | None, str | None]]

    async def both(
        self, text: str, variables: dict[str, Any], who: str, language: str
    ) -> tuple[Result, Result]:
        with clock.stopped_at(dt.datetime.fromisoformat(at(day(20)))):
            one = await self.planned.execute(
                text, variables, self.tokens[who][0], language=language
            )
            other = await self.core.execute(text, variables, self.tokens[who][1], language=language)
        return one, other


@pytest.fixture
async def twins(fresh_database: FreshDatabase, dialect: str) -> AsyncIterator[Twins]:
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(2):
            url = fresh_database([publication, ledger], dialect=dialect)
            district = await stack.enter_async_context(
                open_district(url, ["publication", "ledger"])
            )
            await _fill(district)
            made.append(district)
        made[1]._engine._planned = False
        tokens = {"nobody": (None, None)}
        for who, role in (("staff", "SUBDISTRICT_STAFF"), ("auditor", "AUDITOR")):
            tokens[who] = tuple([await each.token(role, organization="S") for each in made])
        yield Twins(made[0], made[1], tokens)


async def _fill(district: District) -> None:
    async with district.database():
        ground = await service.create_area("G", "地", "ESTATE", synthetic=True)
        top = await _organization("D", "DISTRICT_PARTY_COMMITTEE")
        street = await _organization("S", "SUBDISTRICT_WORKING_COMMITTEE", superior_id=top.id)
        home = await _organization(
            "C", "RESIDENTS_COMMITTEE", superior_id=street.id, area_id=ground.id
        )
        far = await _organization("F", "SUBDISTRICT_WORKING_COMMITTEE", superior_id=top.id)
        people = [
            await service.create_person(each.id, f"合成{n}", privacy=PRIVACY, synthetic=True)
            for n, each in enumerate((home, far))
        ]
    assert [f"Organization:{home.id}", f"Person:{people[0].id}"] == [ORG, PERSON]


async def _organization(code: str, kind: str, **more: Any) -> Any:
    return await service.create_organization(code, f"合成{code}", kind, synthetic=True, **more)


OPENING = {
    "organization": ORG, "title": "路灯不亮", "source": "WORKDAY", "category": "ENVIRONMENT",
    "handlingMode": "TIME_LIMITED", "handler": PERSON, "collector": PERSON,
    "dueOn": str(day(30)), "occurredAt": at(day(0)),
}  # fmt: skip
BOARD = [{"channel": "RESIDENT_AFFAIRS_BOARD", "place": "公开栏"}]

PART = "fragment Part on Issue { id number state version organization { code name } }"

STEPS: tuple[tuple[str, dict[str, Any]] | tuple[str, dict[str, Any], str], ...] = (
    (
        "mutation M($input: IssueOpenInput!) { issueOpen(input: $input) "
        "{ issue { ...Part } errors { code } } } " + PART,
        {"input": OPENING},
    ),
    # aliases at every level, and __typename at every level
    (
        "mutation M($input: IssueOpenInput!) { __typename first: issueOpen(input: $input) { "
        "__typename it: issue { __typename key: id no: number } again: issue { title } "
        "wrong: errors { __typename c: code f: field m: message } } "
        "second: issueOpen(input: $input) { issue { id } } }",
        {"input": {**OPENING, "title": "窨井盖缺失"}},
    ),
    # fragments in fragments, on the payload and inline; fields merge
    (
        "mutation M($i: ID!) { issueHandle(input: {issue: $i}) { ...Out ... on IssueHandlePayload "
        "{ issue { handler { id } } } ... { errors { field } } } } fragment Out on "
        "IssueHandlePayload { issue { ...Part ... on Node { id } } errors { code } } " + PART,
        {"i": "Issue:1"},
    ),
    # @skip and @include, of the row, of the errors, of a root field
    (
        "mutation M($i: ID!, $y: Boolean!, $n: Boolean!) { "
        'issueRecur(input: {issue: $i, note: "又来了"}) { issue @skip(if: $y) { id } '
        "errors @include(if: $y) { code } } "
        "gone: issueRecur(input: {issue: $i}) @include(if: $n) { issue { id } } "
        "here: issueRecur(input: {issue: $i}) @skip(if: $n) "
        "{ issue { recurrenceCount @include(if: $y) title @skip(if: $y) } } }",
        {"i": "Issue:1", "y": True, "n": False},
    ),
    # several in one operation, each sees what the one before did
    (
        'mutation M($i: ID!) { a: issueSettle(input: {issue: $i, result: "已修复"}) '
        "{ issue { state version } errors { code } } b: issueSettle(input: {issue: $i, "
        'result: "又一次"}) { issue { state } errors { code field message } } '
        "c: issueRecur(input: {issue: $i}) { issue { state version recurrenceCount } } }",
        {"i": "Issue:1"},
    ),
    # refusals in both languages
    (
        "mutation M($i: ID!) { issueClose(input: {issue: $i}) "
        "{ issue { id } errors { code field message } } }",
        {"i": "Issue:1"},
    ),
    (
        "mutation M($i: ID!) { issueChange(input: {issue: $i, expectedVersion: 1}) "
        "{ issue { id } errors { code field message } } }",
        {"i": "Issue:2"},
        "staff en",
    ),
    # an error in the middle: the fields before and after stand
    (
        "mutation M($i: ID!, $n: ID!) { a: issueRecur(input: {issue: $i}) { issue { id } } "
        'b: issueRecur(input: {issue: "Member:1"}) { issue { id } } '
        "c: issueRecur(input: {issue: $n}) { issue { id } errors { code field } } "
        'd: issueRecur(input: {issue: $i, idempotencyKey: ""}) { issue { id } } '
        "e: issueRecur(input: {issue: $i}) { issue { recurrenceCount } } }",
        {"i": "Issue:2", "n": NEVER},
    ),
    # nested: connections with cursors and totals, lists, groups, one statement still
    (
        "mutation M($input: IssueDiscloseInput!, $n: Int!) { issueDisclose(input: $input) { issue "
        "{ deadline { dueOn days } viewerCan { close disclose visit } transitions { action "
        "fromState toState occurredAt } publications(first: $n) { totalCount nodes { title "
        "postings { place channel { code labelZh } } } pageInfo { hasNextPage endCursor } } "
        "organization { issues(first: 2, filter: {state: {eq: OPENED}}) { totalCount edges "
        "{ cursor node { id } } pageInfo { hasNextPage endCursor } } issueFigures { open settled } "
        "superior { code } } duplicates { totalCount } participants { name } } "
        "errors { code field } } }",
        {"input": {"issue": "Issue:1", "channels": BOARD}, "n": 5},
    ),
    # the first answer again, the key of another request, a row that is another type's
    (
        "mutation M($input: IssueOpenInput!) { a: issueOpen(input: $input) { issue { id title } } "
        "b: issueOpen(input: $input) { issue { id title } errors { code } } }",
        {"input": {**OPENING, "idempotencyKey": "k"}},
    ),
    (
        "mutation M($input: IssueOpenInput!) { issueOpen(input: $input) { issue { id } } }",
        {"input": {**OPENING, "title": "别的", "idempotencyKey": "k"}},
    ),
    # handed away: the payload is the record of it, the issue is no longer seen
    (
        'mutation M($i: ID!) { issueTransfer(input: {issue: $i, reason: "权属"}) { issueReferral '
        "{ kind issueNumber issueState issue { id } receiverName organization { code } } "
        "errors { code } } issueRecur(input: {issue: $i}) { issue { id } errors { code field } } }",
        {"i": "Issue:2"},
    ),
    # bad input of every kind, before anything is written
    ("mutation M($i: ID!) { issueAttach(input: {issue: $i}) { errors { code } } }", {"i": "x"}),
    ('mutation { issueRecur(input: {issue: "Issue:1", observedOn: "morgen"}) { __typename } }',
     {}),
    (
        "mutation M($i: ID!, $at: DateTime) { issueHandle(input: {issue: $i, occurredAt: $at}) "
        "{ errors { code } } }",
        {"i": "Issue:3", "at": "2026-03-04T09:00:00"},
    ),
    (
        "mutation M($i: ID!, $at: DateTime) { issueHandle(input: {issue: $i, occurredAt: $at}) "
        "{ issue { state stateSince } errors { code } } }",
        {"i": "Issue:3", "at": at(day(1))},
    ),
    # who may not, and who is nobody
    (
        "mutation M($i: ID!) { a: issueRecur(input: {issue: $i}) { issue { id } } __typename "
        "b: issueRecur(input: {issue: $i}) { errors { code } } }",
        {"i": "Issue:3"},
        "auditor zh",
    ),
    (
        "mutation M($i: ID!) { issueRecur(input: {issue: $i}) { issue { id } errors { code } } }",
        {"i": "Issue:3"},
        "nobody zh",
    ),
    # only what is not a row
    (
        "mutation M($i: ID!) { issueRecur(input: {issue: $i}) { __typename errors { __typename } } "
        "__typename }",
        {"i": "Issue:3"},
    ),
)  # fmt: skip


async def test_both_ways_give_one_answer(twins: Twins) -> None:
    tiers = []
    for text, variables, *who in STEPS:
        name, language = (who[0] if who else "staff zh").split()
        one, other = await twins.both(text, variables, name, language)
        assert _comparable(one) == _comparable(other), text
        if one.tier != "refused":
            assert (one.tier, other.tier) == ("raw", "core"), text
        tiers.append(one.tier)
    assert tiers.count("raw") > len(STEPS) * 0.8
    states = []
    for each in (twins.planned, twins.core):
        async with each.database():
            rows = await each._context.db().execute_query_dict(
                "SELECT id, state, version, recurrence_count FROM ledger_issue ORDER BY id"
            )
            events = await each._context.db().execute_query_dict(
                "SELECT id, kind, entity_id FROM core_event WHERE kind LIKE 'ledger%' ORDER BY id"
            )
        states.append((rows, events))
    assert states[0] == states[1]


def _comparable(result: Result) -> str:
    """Return everything that a client sees; errors come in the order in which they happened."""
    return json.dumps([result.data, result.errors, result.extensions], ensure_ascii=False, indent=1)


async def test_a_payload_is_one_statement_for_each_row_that_is_asked_for(twins: Twins) -> None:
    district, token = twins.planned, twins.tokens["staff"][0]
    await district.execute(STEPS[0][0], STEPS[0][1], token)
    deep = STEPS[8][0].partition("{ issue ")[2].partition("errors {")[0]
    recur = 'issueRecur(input: {issue: "Issue:1"})'
    for text, statements in (
        ("mutation { %s { errors { code } } }", 0),
        ("mutation { %s { issue { id } errors { code } } }", 1),
        (f"mutation M($n: Int = 3) {{ %s {{ issue {deep} errors {{ code }} }} }}", 1),
        ("mutation { a: %s { issue { id } } b: %s { issue { id title } } }", 2),
        ('mutation { issueRecur(input: {issue: "Issue:99"}) { issue { id } errors { code } } }', 0),
    ):
        document = text.replace("%s", recur)
        result = await district.execute(document, {}, token)
        assert result.errors == [], document
        assert (result.tier, result.statements) == ("raw", statements), document
