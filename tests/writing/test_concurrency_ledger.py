"""Many at once on one issue, and one request many times: nothing is lost, nothing done twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from gongzhi.imports.session import open_session
from gongzhi.writing.events import verify
from gongzhi.writing.models import Event
from gongzhi_ledger.models import Issue, IssueParticipant, IssueRecurrence
from tests.plugins.ledger.conftest import Town, town

__all__ = ["town"]

EDITORS = 16
READ = "query Q($id: ID!) { issue(id: $id) { description version } }"


def key(issue: str) -> int:
    return int(issue.partition(":")[2])


async def seen_by(town: Town, token: str, issue: str) -> dict[str, Any]:
    result = await town.district.execute(READ, {"id": issue}, token)
    assert result.errors == []
    found: dict[str, Any] = result.data["issue"]
    return found


async def kinds_after(town: Town, position: int) -> list[str]:
    async with town.district.database():
        rows = await Event.filter(id__gt=position).order_by("id")
    return [row.kind for row in rows]


async def end_of_record(town: Town) -> int:
    async with open_session(town.district.url) as session:
        verdict = await verify(session, key=town.district.deployment.chain_key)
    assert verdict.faults == ()
    return verdict.end.position


async def test_sixteen_editors_with_a_version_lose_no_mark(town: Town) -> None:
    """Each reads, adds its mark, and writes; who was too slow reads again."""
    issue = await town.opened()
    token = await town.token()
    begun = (await seen_by(town, token, issue))["version"]
    position = await end_of_record(town)
    conflicts: list[int] = []

    async def edit(number: int) -> None:
        while True:
            seen = await seen_by(town, token, issue)
            found = await town.payload(
                "issueChange",
                token=token,
                issue=issue,
                description=f"{seen['description']} <{number}>",
                expectedVersion=seen["version"],
            )
            if not found["errors"]:
                assert found["issue"]["version"] > seen["version"]
                return
            (error,) = found["errors"]
            assert (error["code"], error["field"]) == ("CONFLICT", "expectedVersion")
            assert found["issue"] is None
            conflicts.append(number)

    async with asyncio.timeout(120):
        await asyncio.gather(*(edit(number) for number in range(EDITORS)))
    seen = await seen_by(town, token, issue)
    assert Counter(seen["description"].split()) == {f"<{n}>": 1 for n in range(EDITORS)}
    assert seen["version"] == begun + EDITORS
    assert await kinds_after(town, position) == ["ledger.issue.change"] * EDITORS
    assert await end_of_record(town) == position + EDITORS
    assert conflicts  # else they were not at once


async def test_sixteen_editors_without_a_version_each_raise_it_by_one(town: Town) -> None:
    """The last one counts; what each gets back is a version of its own."""
    issue = await town.opened()
    token = await town.token()
    begun = (await seen_by(town, token, issue))["version"]
    position = await end_of_record(town)
    await asyncio.gather(
        *(
            town.do("issueChange", token=token, issue=issue, description=f"<{number}>")
            for number in range(EDITORS)
        )
    )
    seen = await seen_by(town, token, issue)
    assert seen["version"] == begun + EDITORS
    assert seen["description"] in {f"<{number}>" for number in range(EDITORS)}
    assert await kinds_after(town, position) == ["ledger.issue.change"] * EDITORS


async def test_different_changes_at_once_all_stay(town: Town) -> None:
    """Counts that are read and written back, parts that are added, fields of the same row."""
    issue = await town.opened()
    token = await town.token()
    begun = (await seen_by(town, token, issue))["version"]
    changes: list[tuple[str, dict[str, Any]]] = []
    for number in range(EDITORS // 4):
        changes += [
            ("issueRecur", {"note": str(number)}),
            ("issueAddParticipant", {"name": f"单位{number}"}),
            ("issueChange", {"affectedHouseholds": number}),
            ("issueChange", {"actualCost": str(number)}),
        ]
    await asyncio.gather(
        *(town.do(name, token=token, issue=issue, **given) for name, given in changes)
    )
    async with town.district.database():
        row = await Issue.get(id=key(issue))
        units = await IssueParticipant.filter(issue_id=row.id).values_list("name", flat=True)
        recurrences = await IssueRecurrence.filter(issue_id=row.id).count()
    assert row.version == begun + EDITORS
    assert row.recurrence_count == recurrences == EDITORS // 4
    assert sorted(units) == [f"单位{number}" for number in range(EDITORS // 4)]
    assert row.affected_households is not None
    assert row.actual_cost is not None
    await end_of_record(town)


async def test_only_one_of_sixteen_takes_a_step(town: Town) -> None:
    issue = await town.handled()
    token = await town.token()
    position = await end_of_record(town)
    found = await asyncio.gather(
        *(
            town.payload("issueSettle", token=token, issue=issue, result=f"<{number}>")
            for number in range(EDITORS)
        )
    )
    codes = Counter(error["code"] for each in found for error in each["errors"])
    assert codes == {"STATE": EDITORS - 1}
    assert await kinds_after(town, position) == ["ledger.issue.settle"]


async def test_sixteen_clients_with_one_key_open_one_issue(town: Town) -> None:
    token = await town.token()
    position = await end_of_record(town)
    units = [{"organization": town.id("police"), "role": "LEAD"}, {"name": "工商所"}]
    given = town.opening(
        idempotencyKey="the-one", handlingMode="COORDINATED", participants=units, number=""
    )
    found = await asyncio.gather(
        *(town.payload("issueOpen", token=token, **given) for _ in range(EDITORS))
    )
    assert [each["errors"] for each in found] == [[]] * EDITORS
    assert len({str(each["issue"]) for each in found}) == 1
    async with town.district.database():
        assert await Issue.all().count() == 1
        assert await IssueParticipant.all().count() == 2
    assert await kinds_after(town, position) == ["ledger.issue.receive", "ledger.issue.open"]
    assert await end_of_record(town) == position + 2


async def test_two_that_merge_into_each_other_do_not_wait_for_ever(town: Town) -> None:
    token = await town.token()
    one, other = await town.opened(), await town.opened()
    async with asyncio.timeout(60):
        found = await asyncio.gather(
            *(
                town.payload("issueMerge", token=token, issue=a, into=b)
                for a, b in [(one, other), (other, one)] * 4
            )
        )
    codes = Counter(error["code"] for each in found for error in each["errors"])
    assert sum(codes.values()) == 7  # one was merged
    assert codes.keys() <= {"STATE", "MERGE_TARGET"}
    async with town.district.database():
        states = Counter(await Issue.all().values_list("state", flat=True))
    assert sorted(states.values()) == [1, 1]
