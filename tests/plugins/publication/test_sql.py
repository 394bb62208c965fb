"""The rules in SQL, held against the rules in Python, row by row on both databases."""

from __future__ import annotations

import datetime as dt
from itertools import product

import pytest

from gongzhi_publication import rules
from gongzhi_publication.models import Publication
from gongzhi_publication.rules import PublicationState
from tests.plugins.publication.conftest import TODAY, Streets

DAYS = [TODAY + dt.timedelta(days=n) for n in (-1, 0, 1)]


@pytest.fixture
async def rows(streets: Streets) -> dict[str, Publication]:
    """Every state with every order of the days, among them orders that the rules do not make."""
    by = streets.organizations["east"]
    made = [
        Publication(
            organization_id=by.id,
            org_path=by.path,
            category="RESULT",
            title="t",
            state=state,
            due_on=due_on,
            listed_on=day,
            ends_on=ends_on,
        )
        for state, due_on, day, ends_on in product(
            PublicationState, [*DAYS, None], DAYS, [*DAYS, None]
        )
    ]
    async with streets.district.database():
        await Publication.all().delete()
        await Publication.bulk_create(made)
        return {f"Publication:{row.id}": row async for row in Publication.all()}


@pytest.mark.parametrize("day", DAYS)
async def test_sql_and_rules_agree(
    streets: Streets, rows: dict[str, Publication], day: dt.date
) -> None:
    token = await streets.staff("east")
    due: set[str] = set()
    open_now: set[str] = set()
    seen = 0
    after = None
    while True:
        data = await streets.ask(
            """query($day: Date!, $after: String) {
                publications(first: 100, after: $after) {
                    nodes { id isOverdue(asOf: $day) isCurrent(asOf: $day) }
                    pageInfo { endCursor hasNextPage }
                }
                publicationsDue(asOf: $day, first: 100) { nodes { id } totalCount }
                publicationsCurrent(asOf: $day, first: 100) { nodes { id } totalCount }
            }""",
            token,
            day=day.isoformat(),
            after=after,
        )
        due |= {node["id"] for node in data["publicationsDue"]["nodes"]}
        open_now |= {node["id"] for node in data["publicationsCurrent"]["nodes"]}
        for node in data["publications"]["nodes"]:
            row = rows[node["id"]]
            overdue = rules.is_overdue(row.state, row.due_on, day)
            current = rules.is_current(row.state, row.listed_on, row.ends_on, day)
            assert (node["isOverdue"], node["isCurrent"]) == (overdue, current), vars(row)
            assert current is (node["id"] in open_now)
            seen += 1
        page = data["publications"]["pageInfo"]
        if not page["hasNextPage"]:
            break
        after = page["endCursor"]
    assert seen == len(rows) == 192
    assert due == {key for key, row in rows.items() if rules.is_due(row.state, row.due_on, day)}
