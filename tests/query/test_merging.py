"""Fields merged under one name, and fragments that spread each other: the work stays that of the text.

``fragment F0 on T { a { ...F1 } a { ...F1 } }``, where F1 says the same of F2, has 2ⁿ fields under
the n-th ``a`` when each spread is followed. Work is counted, in calls, never timed.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import graphql.execution.collect_fields as core
import graphql.validation.rules.overlapping_fields_can_be_merged as overlapping
import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type

from gongzhi.settings import LimitSettings
from gongzhi_schema.query.limits import Measure
from gongzhi_schema.query.selection import Selections
from tests.support.compare import check
from tests.support.worlds import World, composed

LEVELS = 11
DEEP = LimitSettings(depth=200, cost=2**62, directives=10**6)
"""Limits that let all of it through to the planner."""

PATHS = {
    "an edge": "superior { NEXT } superior { NEXT }",
    "an edge three times": "superior { NEXT } superior { NEXT } superior { NEXT }",
    "inline fragments": "superior { ... { NEXT } ... on Organization { NEXT } } "
    "... { superior { NEXT } }",
    "a list": "ancestors { NEXT } ancestors { NEXT }",
    "nodes": "subordinates(first: 1) { nodes { NEXT } nodes { NEXT } }",
    "edges": "subordinates(first: 1) { edges { node { NEXT } node { NEXT } } edges { node { NEXT } } }",
    "a connection": "subordinates(first: 1) { nodes { NEXT } } subordinates(first: 1) { nodes { NEXT } }",
    "rows that are there": "subordinates(first: 1) { nodes { superior { NEXT } superior { NEXT } } }",
    "conditions": "superior @skip(if: false) { NEXT } superior { NEXT @include(if: true) }",
}


def chain(root: str, body: str, leaf: str, levels: int) -> str:
    """Return a document of fragments, each of which spreads the next one where it says NEXT."""
    bodies = [*(body.replace("NEXT", f"...F{i + 1}") for i in range(levels)), leaf]
    parts = (f"fragment F{i} on Organization {{ {each} }}" for i, each in enumerate(bodies))
    return " ".join([root % "...F0", *parts])


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what each walk over selections does; a walk without end fails."""
    counts: Counter[str] = Counter()

    def counting(holder: Any, name: str, label: str, size: Any = lambda *_: 1) -> None:
        original = getattr(holder, name)

        def call(*given: Any) -> Any:
            counts[label] += size(*given)
            if counts[label] > 2_000_000:
                pytest.fail(f"{label} follows each spread")
            return original(*given)

        monkeypatch.setattr(holder, name, call)

    counting(Selections, "_collect", "planner", lambda _, found, *__: len(found.selections))
    counting(core, "visit_selection_sets", "core", lambda _, found, *__: len(found.selections))
    for name in ("_size", "_cost", "_field_cost"):
        counting(Measure, name, "measure")
    counting(overlapping, "spend_complexity_budget", "validation", lambda _, cost: cost)
    return counts


@pytest.mark.parametrize("path", PATHS)
def test_merged_fields_are_walked_once(sqlite_world: World, work: Counter[str], path: str) -> None:
    root = f'{{ organization(id: "{sqlite_world.id("street:东")}") {{ %s }} }}'
    text = chain(root, PATHS[path], "id name", LEVELS)
    assert len(text) < 4000
    selections = text.count("{") + text.count("...F") + 2  # all that the document says
    for planned in (True, False):
        work.clear()
        # another text each time: what is known already is not measured again
        served = sqlite_world.ask(f"{text} #{planned}", limits=DEEP, planned=planned)
        assert served.tier == ("raw" if planned else "core")
        assert served.data["organization"] is not None
        assert LEVELS < work["planner"] <= 2 * selections
        assert LEVELS < work["measure"] <= 4 * selections
        assert 0 < work["validation"] <= 40 * selections
        if not planned:  # its own collection, for the rows that are there
            assert 0 < work["core"] <= 2 * selections


@pytest.mark.parametrize("path", PATHS)
def test_merged_fields_are_answered_alike(world: World, path: str) -> None:
    root = f'{{ organization(id: "{world.id("branch:东1a")}") {{ %s }} }}'
    text = chain(root, PATHS[path], "id name kind { code }", 4)
    check(world, text, limits=DEEP)


@pytest.mark.parametrize(
    "selection",
    [
        "name " * 700,
        "superior { id } " * 200,
        "members(first: 1) { totalCount } " * 90,
        " ".join(f"...f{i}" for i in range(80)),
    ],
)
def test_comparing_merged_fields_comes_to_an_end(
    sqlite_world: World, work: Counter[str], selection: str
) -> None:
    """Fields under one name are compared in pairs: 700 of them in 245,000."""
    text = f'{{ organization(id: "Organization:1") {{ {selection} }} }}'
    if "...f" in selection:
        bodies = (f"fragment f{i} on Organization {{ name code }}" for i in range(80))
        text = " ".join([text, *bodies])
    limits = LimitSettings()
    served = sqlite_world.ask(text, limits=limits)
    if work["validation"] > 30 * limits.tokens:  # the piece of work that was one too many
        assert (served.status, served.codes) == (400, ["GRAPHQL_VALIDATION_FAILED"])
    else:
        assert served.status == 200
    assert work["validation"] < 30.1 * limits.tokens


def test_a_few_hundred_merged_fields_are_no_trouble(world: World) -> None:
    text = f'{{ organization(id: "{world.id("street:东")}") {{ {"name code id " * 60} }} }}'
    check(world, text, limits=LimitSettings())


def leaves(type_name: str) -> str:
    """Return the plain fields of a type."""
    kind = composed().graphql.type_map[type_name]
    assert isinstance(kind, GraphQLObjectType)
    found = [n for n, f in kind.fields.items() if is_leaf_type(get_named_type(f.type))]
    return " ".join(name for name in found if not name.endswith(("Count", "motto")))


def spreading(levels: int, leaf: str, first: str) -> str:
    """Return fragments that spread the next ones along different edges, which do not merge."""
    parts = []
    for i in range(levels):
        body = f"superior {{ ...F{i + 1} }}"
        if i + 2 <= levels:
            for edge in ("subordinates", "descendants"):
                body += f" {edge}(first: {first}) {{ nodes {{ ...F{i + 2} }} }}"
        parts.append(f"fragment F{i} on Organization {{ {body} }}")
    return " ".join([*parts, f"fragment F{levels} on Organization {{ {leaf} }}"])


def test_a_page_of_none_is_not_free(sqlite_world: World, work: Counter[str]) -> None:
    """What is below it is planned before the page is refused."""
    text = (
        "query($n: Int) { organizations(first: $n) { nodes { ...F0 } } } "
        "fragment F0 on Organization { %s } fragment F1 on Organization { %s } "
        "fragment F2 on Organization { %s } fragment F3 on Organization { %s } "
        "fragment F4 on Organization { name }"
    )
    edges = "superior { NEXT } ancestors { NEXT } coverage { NEXT } coveredBy { NEXT }"
    text %= tuple(edges.replace("NEXT", f"...F{i + 1}") for i in range(4))
    for n in (0, -5):
        served = sqlite_world.ask(text, {"n": n}, limits=LimitSettings())
        assert (served.status, served.codes) == (400, ["COST_LIMIT"])
    assert work["planner"] == 0
    cheap = "query($n: Int) { organizations(first: $n) { nodes { name superior { name } } } }"
    served = sqlite_world.ask(cheap, {"n": 0}, limits=LimitSettings())
    assert served.codes == ["BAD_USER_INPUT"]
    assert served.body["extensions"]["cost"]["requested"] == 3


def test_one_plan_reads_only_so_many_selections(sqlite_world: World, work: Counter[str]) -> None:
    """Fields cost nothing, objects do: a few hundred objects of many fields are still one plan."""
    root = '{ organization(id: "Organization:1") { ...F0 } } '
    for times, planned in ((1, True), (24, False)):
        work.clear()
        text = root + spreading(8, f"{leaves('Organization')} " * times, "1")
        served = sqlite_world.ask(text, limits=LimitSettings(tokens=2000))
        if planned:
            assert served.tier == "raw"
            assert 5_000 < work["planner"] < 50_000
        else:
            assert served.codes == ["BAD_USER_INPUT"]
            assert served.statements == 0
            # once for the whole operation, once for its only root field in core
            assert 100_000 <= work["planner"] <= 102_000


def test_plans_together_hold_only_so_much(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each text has its plans, one for each set of conditions: a few long ones fill the memory."""
    monkeypatch.setattr("gongzhi_schema.query.documents._HELD", 5_000)
    limits = LimitSettings(aliases=16)  # an engine of its own
    kept = sqlite_world.engine(limits).documents._known
    text = "query($x: Boolean!) { organizations { nodes { name id @include(if: $x) } } }"
    most = 0
    for i in range(40):
        for x in (True, False):
            assert sqlite_world.ask(f"{text} #{i}", {"x": x}, limits=limits).tier == "raw"
        most = max(most, len(kept))
    assert 2 < most < 30
