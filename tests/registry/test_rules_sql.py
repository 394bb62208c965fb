"""The rules that also run as SQL give what their Python gives, row by row and day by day.

What is asked goes through GraphQL, so that the arguments and the binding of days are tested too.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import Any

import pytest

from gongzhi.database import open_database
from gongzhi.registry import counters, rules
from gongzhi.registry.codes import ContactState, MembershipStage, MembershipState
from gongzhi.registry.models import Area, Member, Organization, Person
from gongzhi_schema.district import District
from gongzhi_schema.testing import MakeDistrict

DAYS = (
    dt.date(2024, 8, 31),  # half a year before it is the last of a February of 29 days
    dt.date(2026, 8, 31),  # and here of one of 28
    dt.date(2026, 1, 1),
)

AREAS = {1: "1.", 2: "1.2.", 20: "1.20.", 3: "1.2.3."}
"""One path begins like another without being in it."""

BRANCHES = {2: "", 20: "1.", 3: "1.2.", 30: "1.20.", 4: "1.2.3."}
"""Key of a branch → path of its territory."""

STREET = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One membership, and what the rules must know of it."""

    key: int
    branch: int
    birth_year: int | None
    facts: rules.MemberFacts

    @property
    def is_counted(self) -> bool:
        """It counts in figures of Party members."""
        facts = self.facts
        return facts.stage in rules.MEMBER_STAGES and facts.state in rules.COUNTED_STATES


def made_facts() -> Iterator[rules.MemberFacts]:
    """Make facts: every stage and state, every sign old or new, every place; then a mixture."""
    places = tuple(product(("", *AREAS.values()), BRANCHES.values()))
    old = dt.date(2000, 1, 1)
    for stage, state in product(MembershipStage, MembershipState):
        yield rules.MemberFacts(stage, state, residence_path="1.20.", territory_path="1.2.")
        yield rules.MemberFacts(stage, state, old, old, old, old, "1.20.", "1.2.")
    normal = (MembershipStage.FULL_MEMBER, MembershipState.NORMAL)
    for residence, territory in places:
        yield rules.MemberFacts(*normal, residence_path=residence, territory_path=territory)
    for signs in product((None, old, DAYS[0]), repeat=4):
        yield rules.MemberFacts(*normal, *signs, "1.20.", "1.2.")
    rng = Random(20261122)  # the same rows in every run
    stages, states = sorted(rules.MEMBER_STAGES), sorted(rules.COUNTED_STATES)
    for _ in range(350):
        day = rng.choice(DAYS)
        cutoff = rng.choice((rules.lost_cutoff(day), rules.vacant_cutoff(day)))
        choices = (None, *(cutoff + dt.timedelta(days=n) for n in (-1, 0, 0, 1)))
        signs = tuple(rng.choice(choices) for _ in range(4))
        yield rules.MemberFacts(rng.choice(stages), rng.choice(states), *signs, *rng.choice(places))


def made_rows() -> list[Row]:
    """Give the facts to memberships, in branches with that territory."""
    by_territory = {territory: key for key, territory in BRANCHES.items()}
    ages = {0, *(n for band in rules.AGE_BANDS for n in (band.lowest, band.highest) if n)}
    years = [None, 2027, *sorted({day.year - age for day in DAYS for age in ages}), 1900]
    return [
        Row(n, by_territory[facts.territory_path], years[n % len(years)], facts)
        for n, facts in enumerate(made_facts(), start=1)
    ]


ROWS = made_rows()


@pytest.fixture
async def place(district: MakeDistrict, database_url: str) -> AsyncIterator[District]:
    """A street with five branches, and the memberships in them."""
    async with district(url=database_url) as made:
        async with open_database(made.url, made.registry.plugins) as context:
            await _fill(made)
            await counters.recount(counters.on_tortoise(context.db()))
        yield made


async def _fill(place: District) -> None:
    for key, path in AREAS.items():
        *_, parent, _ = [None, *(int(step) for step in path.split(".")[:-1])]
        await Area.create(
            id=key, code=f"A{key}", name=f"地{key}", kind="GRID", parent_id=parent, path=path,
            depth=path.count(".") - 1, synthetic=True,
        )  # fmt: skip
    keys = {path: key for key, path in AREAS.items()}
    for key, territory in {STREET: "", **BRANCHES}.items():
        await Organization.create(
            id=key, code=f"O{key}", name=f"组织{key}", kind="PARTY_BRANCH", level="X",
            superior_id=None if key == STREET else STREET, path=path_of(key),
            depth=int(key != STREET), area_id=keys.get(territory), area_path=territory,
            synthetic=True,
        )  # fmt: skip
    cipher, digest = place.privacy.encrypt("虚某"), place.privacy.digest("虚某")
    await Person.bulk_create(
        Person(
            id=row.key, organization_id=row.branch, org_path=path_of(row.branch),
            name_cipher=cipher, name_hash=digest, name_masked="虚*", birth_year=row.birth_year,
            residence_area_id=keys.get(row.facts.residence_path),
            residence_path=row.facts.residence_path, synthetic=True,
        ) for row in ROWS
    )  # fmt: skip
    states = list(ContactState)
    await Member.bulk_create(
        Member(
            id=row.key, person_id=row.key, branch_id=row.branch, org_path=path_of(row.branch),
            stage=row.facts.stage, state=row.facts.state,
            contact_state=states[row.key % len(states)],  # which decides nothing
            affiliation_since=row.facts.affiliation_since,
            last_contact_on=row.facts.last_contact_on,
            last_attended_on=row.facts.last_attended_on,
            dues_paid_through=row.facts.dues_paid_through, synthetic=True,
        ) for row in ROWS
    )  # fmt: skip


def path_of(key: int) -> str:
    return f"{STREET}." if key == STREET else f"{STREET}.{key}."


async def listed(
    place: District, field: str, selection: str, token: str, **arguments: Any
) -> list[Any]:
    """Read every page of a list; each is one statement, and each knows the same total."""
    query = f"""query($asOf: Date, $within: ID, $after: String) {{
        it: {field}(asOf: $asOf, within: $within, first: 100, after: $after) {{
            totalCount pageInfo {{ endCursor hasNextPage }} nodes {{ {selection} }}
        }}
    }}"""
    found: list[Any] = []
    page: dict[str, Any] = {"endCursor": None, "hasNextPage": True}
    totals = set()
    while page["hasNextPage"]:
        variables = {**arguments, "after": page["endCursor"]}
        result = await place.execute(query, variables, token)
        assert (result.errors, result.tier, result.statements) == ([], "raw", 1)
        page = result.data["it"]["pageInfo"]
        totals.add(result.data["it"]["totalCount"])
        found += result.data["it"]["nodes"]
    assert totals == {len(found)}
    return found


def lost(day: dt.date, branch: int | None = None) -> dict[str, tuple[Any, ...]]:
    found = {}
    for row in ROWS:
        reason = rules.lost_contact(row.facts, day)
        if reason is not None and branch in (None, row.branch):
            found[f"Member:{row.key}"] = (reason.reason.value, written(row.facts.last_contact_on))
    return found


def vacant(day: dt.date, branch: int | None = None) -> dict[str, list[str]]:
    return {
        f"Member:{row.key}": [reason.value for reason in reasons]
        for row in ROWS
        if (reasons := rules.vacant_membership(row.facts, day)) and branch in (None, row.branch)
    }


def written(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()


def test_the_rows_tell_the_rules_apart() -> None:
    """On each day each outcome of each rule occurs, and each boundary has rows on both sides."""
    for day in DAYS:
        reasons = Counter(reason for each in vacant(day).values() for reason in each)
        assert set(reasons) == set(rules.VacantReason)
        assert {reason for reason, _ in lost(day).values()} == set(rules.LostReason)
        assert len(lost(day)) < len(ROWS) > len(vacant(day))
        before, after = day - dt.timedelta(days=1), day + dt.timedelta(days=1)
        assert lost(before).keys() < lost(day).keys() < lost(after).keys()
        assert vacant(day).keys() < vacant(after).keys()
        bands = {rules.age_band(row.birth_year, day.year) for row in ROWS if row.is_counted}
        assert bands == {*(band.code for band in rules.AGE_BANDS), rules.AGE_UNKNOWN}


async def test_lists_and_their_reasons_are_those_of_the_rules(place: District) -> None:
    token = await place.token("AUDITOR")
    for day in (*DAYS, *(day + dt.timedelta(days=1) for day in DAYS)):
        nodes = await listed(
            place,
            "suspectedLostMembers",
            "member { id } lastContactOn reason",
            token,
            asOf=day.isoformat(),
        )
        assert {
            node["member"]["id"]: (node["reason"], node["lastContactOn"]) for node in nodes
        } == lost(day)
        nodes = await listed(
            place, "vacantMemberships", "member { id } reasons", token, asOf=day.isoformat()
        )
        assert {node["member"]["id"]: node["reasons"] for node in nodes} == vacant(day)


async def test_within_one_branch_and_for_its_secretary_the_same(place: District) -> None:
    auditor = await place.token("AUDITOR")
    for branch in BRANCHES:
        secretary = await place.token("BRANCH_SECRETARY", organization=f"O{branch}")
        within = {"asOf": DAYS[1].isoformat(), "within": f"Organization:{branch}"}
        for token, arguments in ((auditor, within), (secretary, {"asOf": within["asOf"]})):
            for field, expected in (
                ("suspectedLostMembers", lost(DAYS[1], branch)),
                ("vacantMemberships", vacant(DAYS[1], branch)),
            ):
                nodes = await listed(place, field, "member { id }", token, **arguments)
                assert sorted(node["member"]["id"] for node in nodes) == sorted(expected)


async def test_age_bands_of_members_and_people(place: District) -> None:
    token = await place.token("AUDITOR")
    query = """query($asOf: Date, $ids: [ID!]!) { nodes(ids: $ids) {
        ... on Member { id ageBand(asOf: $asOf) person { ageBand(asOf: $asOf) } }
    } }"""
    some = {row.birth_year: row for row in ROWS}  # one of each year
    rows = list(some.values())
    for day in DAYS:
        found = []
        for start in range(0, len(rows), 40):
            ids = [f"Member:{row.key}" for row in rows[start : start + 40]]
            result = await place.execute(query, {"asOf": day.isoformat(), "ids": ids}, token)
            assert (result.errors, result.statements) == ([], 1)
            found += result.data["nodes"]
        expected = [rules.age_band(row.birth_year, day.year) for row in rows]
        assert [node["ageBand"] for node in found] == expected
        assert [node["person"]["ageBand"] for node in found] == expected


async def test_kept_counts_by_age_are_sums_of_the_rule(place: District) -> None:
    token = await place.token("AUDITOR")
    query = """query($asOf: Date) { organizations(first: 10) { nodes {
        id membersByAge(asOf: $asOf) { code count }
    } } }"""
    for day in DAYS:
        expected: dict[int, Counter[str]] = {key: Counter() for key in (STREET, *BRANCHES)}
        for row in ROWS:
            if row.is_counted:
                for key in (STREET, row.branch):
                    expected[key][rules.age_band(row.birth_year, day.year)] += 1
        result = await place.execute(query, {"asOf": day.isoformat()}, token)
        assert (result.errors, result.tier, result.statements) == ([], "raw", 1)
        assert {
            node["id"]: {each["code"]: each["count"] for each in node["membersByAge"]}
            for node in result.data["organizations"]["nodes"]
        } == {f"Organization:{key}": dict(counts) for key, counts in expected.items()}
