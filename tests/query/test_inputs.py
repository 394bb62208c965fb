"""Values at the edges: what is refused is refused by all alike, and nothing breaks the statement."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from gongzhi.settings import LimitSettings
from tests.support.compare import check
from tests.support.worlds import WIDE, World


def hexed(*values: Any) -> str:
    return json.dumps(values, ensure_ascii=False).encode().hex().upper()


MEMBERS = (
    "query($after: String, $first: Int) { members(after: $after, first: $first) { nodes { id } } }"
)


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("{ organization { id } }", {}),
        ("{ person { id } }", {}),
        ("query($id: ID) { member(id: $id) { id } }", {"id": None}),
        ('{ organization(id: "G001") { id } }', {}),
        ('{ organization(id: "Area:1") { id } }', {}),
        ('{ organization(id: "Organization:01") { id } }', {}),
        ('{ organization(id: "Organization:9223372036854775808") { id } }', {}),
        (
            '{ organization(id: "Organization:1", code: "x") { members(first: 0) { totalCount } } }',
            {},
        ),
        ("{ organization(id: 1) { id } }", {}),
        (f"{{ organization(id: {'9' * 5000}) {{ id }} }}", {}),
        ("{ members(first: 0) { totalCount } }", {}),
        ("{ members(first: -1) { nodes { id } } }", {}),
        ("{ members(first: 101) { nodes { id } } }", {}),
        ("{ members(first: 2147483647) { pageInfo { __typename } } }", {}),
        ('{ members(filter: {branch: {eq: "Area:1"}}) { totalCount } }', {}),
        ('{ members(filter: {branch: {in: ["Organization:1", "Member:1"]}}) { totalCount } }', {}),
        ('{ members(filter: {within: "Area:1"}) { totalCount } }', {}),
        ('{ areas(filter: {within: "Organization:1"}) { totalCount } }', {}),
        ('{ suspectedLostMembers(within: "Area:1") { totalCount } }', {}),
        ('{ areasWithoutPartyOrganization(organization: "Area:1") { totalCount } }', {}),
        ('{ areasWithoutPartyOrganization(organization: "1") { totalCount } }', {}),
        ('{ vacantMemberships(asOf: "0001-01-01") { totalCount } }', {}),
        ('{ suspectedLostMembers(asOf: "0001-01-01") { totalCount } }', {}),
        ('{ things(filter: {seenAt: {gte: "2026-01-01T00:00:00"}}) { totalCount } }', {}),
        ('{ things(filter: {seenAt: {lt: "2026-01-01"}}) { totalCount } }', {}),
        (
            "query($t: DateTime) { things(filter: {seenAt: {lt: $t}}) { totalCount } }",
            {"t": "0001-01-01T00:00:00+08:00"},
        ),
        ("query($l: [ID!]!) { nodes(ids: $l) { id } }", {"l": ["Area:1"] * 101}),
        (MEMBERS, {"after": ""}),
        (MEMBERS, {"after": "not hex"}),
        (MEMBERS, {"after": "7B7D"}),
        (MEMBERS, {"after": "5B"}),
        (MEMBERS, {"after": "FF"}),
        (MEMBERS, {"after": hexed()}),
        (MEMBERS, {"after": hexed("+org_path,id")}),
        (MEMBERS, {"after": hexed("-org_path,id", "1.", 1)}),
        (MEMBERS, {"after": hexed("+path", "1.")}),
        (MEMBERS, {"after": hexed("+org_path,id", "1.", "1")}),
        (MEMBERS, {"after": hexed("+org_path,id", "1.", 1.0)}),
        (MEMBERS, {"after": hexed("+org_path,id", "1.", True)}),
        (MEMBERS, {"after": hexed("+org_path,id", "1.", 2**63)}),
        (MEMBERS, {"after": hexed("+org_path,id", 1, 1)}),
        (MEMBERS, {"after": hexed("+org_path,id", None, 1)}),
        (MEMBERS, {"after": hexed("+org_path,id", "a\0b", 1)}),
        (MEMBERS, {"after": hexed("+org_path,id", "1.", 1, 1)}),
        (MEMBERS, {"after": "5B" * 3000}),
    ],
)
def test_refused(world: World, text: str, variables: Mapping[str, Any]) -> None:
    served = check(world, text, variables, raw=False)
    assert served.codes == ["BAD_USER_INPUT"]
    assert check(world, text, variables, "anonymous", raw=False).codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("value", ["2020-W01-1", "20200101", "2020-1-1", "x", "", 5, None])
def test_cursors_with_odd_dates(world: World, value: Any) -> None:
    text = "query($a: String) { organization(id: %s) { changes(after: $a) { totalCount } } }"
    text %= json.dumps(world.id("street:东"))
    served = check(world, text, {"a": hexed("+occurred_on,id", value, 1)}, raw=False)
    assert served.codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    "value",
    [
        "2020-W01-1T00",
        "20200101T00",
        "2020-01-01",
        "2020-01-01 00:00:00",
        "x",
        5,
        "infinity",
        "now",
    ],
)
def test_cursors_with_odd_instants(world: World, value: Any) -> None:
    text = "query($a: String) { things(order: {field: SEEN_AT}, after: $a) { nodes { id } } }"
    served = check(world, text, {"a": hexed("+seen_at,id", value, 1)}, raw=False)
    assert served.codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("{ members(first: 3) { totalCount } }", {}),
        (MEMBERS.replace("nodes { id }", "totalCount"), {"first": 3}),
        ("{ members(first: 3) { __typename } }", {}),
        ("{ members(first: 3) { pageInfo { __typename } } }", {}),
        ("{ members(first: 3) { pageInfo { hasPreviousPage } totalCount } }", {}),
        ('{ members(filter: {within: "Organization:9999"}) { pageInfo { __typename } } }', {}),
        ("{ members(first: 3) { edges { __typename } } }", {}),
        ("{ members(first: 3) { nodes { __typename } } }", {}),
        ("{ __typename }", {}),
        ('{ registers { __typename } codes(list: "post") { __typename } }', {}),
        ("{ people(filter: {}) { totalCount } people(filter: {}) { nodes { id } } }", {}),
        ("query($a: String) { members(after: $a) { nodes { id } } }", {"a": None}),
        ("query($a: String) { members(after: $a) { nodes { id } } }", {}),
        (
            "query($t: String) { areas(filter: {name: {startsWith: $t}}) { totalCount } }",
            {"t": "%"},
        ),
        (
            "query($t: String) { areas(filter: {name: {startsWith: $t}}) { totalCount } }",
            {"t": "\\"},
        ),
        (
            "query($t: String) { areas(filter: {name: {startsWith: $t}}) { totalCount } }",
            {"t": "\U0010ffff"},
        ),
        ("query($t: String) { people(filter: {name: $t}) { totalCount } }", {"t": "' OR 1=1 --"}),
        ("query($t: String) { people(filter: {name: $t}) { totalCount } }", {"t": ""}),
        ('{ nodes(ids: [5, "Organization:1"]) { id } }', {}),
        ('{ vacantMemberships(asOf: "0002-01-01") { totalCount } }', {}),
        ('{ vacantMemberships(asOf: "9999-12-31") { totalCount } }', {}),
        ("{ things(filter: {rank: {gte: -2147483648, lt: 2147483647}}) { totalCount } }", {}),
    ],
)
def test_answered(world: World, text: str, variables: Mapping[str, Any]) -> None:
    for viewer in ("everything", "street", "anonymous"):
        check(world, text, variables, viewer)


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("query($x: Boolean = true) { __typename @include(if: $x) }", {"x": None}),
        (
            "query($x: Boolean = true) { areas(first: 1) { nodes { id @skip(if: $x) } } }",
            {"x": None},
        ),
    ],
)
def test_a_directive_on_null_is_refused(
    world: World, text: str, variables: Mapping[str, Any]
) -> None:
    for planned in (True, False):
        served = world.ask(text, variables, planned=planned)
        assert (served.status, served.codes) == (400, ["BAD_USER_INPUT"])


def test_a_needed_argument_that_is_null_by_variable(world: World) -> None:
    text = (
        'query($l: String = "post") { codes(list: $l) { code } areas(first: 1) { nodes { id } } }'
    )
    assert check(world, text, {}).data["codes"]
    assert check(world, text, {"l": None}, raw=False).codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("escape", [r"\u0000", r"\u{0}", r"\u{00000}", r"a\u0000b"])
def test_a_nul_in_a_literal_is_refused(world: World, escape: str) -> None:
    for planned in (True, False):
        served = world.ask(f'{{ organization(code: "{escape}") {{ id }} }}', planned=planned)
        assert (served.status, served.codes) == (400, ["BAD_USER_INPUT"])


@pytest.mark.parametrize(
    "variables",
    [{"f": {"code": {"eq": "a\0"}}}, {"f": {"code": {"in": ["b", "\0"]}}}, {"f": {"within": "\0"}}],
)
def test_a_nul_in_a_variable_is_refused(world: World, variables: Mapping[str, Any]) -> None:
    text = "query($f: OrganizationFilter) { organizations(filter: $f) { totalCount } }"
    for planned in (True, False):
        served = world.ask(text, variables, planned=planned)
        assert (served.status, served.codes) == (400, ["BAD_USER_INPUT"])


@pytest.mark.parametrize(
    "last", ["superior { id area { id } }", "field { code }", "name", "ancestors { id }"]
)
def test_an_object_with_more_fields_than_a_function_takes(world: World, last: str) -> None:
    """PostgreSQL takes 100 arguments, SQLite 127: wide objects are joined from parts."""
    wide = " ".join(f"a{i}: {last}" for i in range(95))
    text = f'{{ organization(id: "{world.id("branch:东1a")}") {{ {wide} id }} }}'
    assert len(check(world, text).data["organization"]) == 96
    roots = " ".join(f'r{i}: organization(id: "Organization:{i}") {{ id }}' for i in range(1, 95))
    assert len(check(world, f"{{ {roots} }}").data) == 94


def test_depth_has_no_end_of_its_own(world: World) -> None:
    """SQLite's parser stops at a hundred levels; documents of any allowed depth run all the same."""
    deep = "id name"
    for edge in ("nodes", "edges"):
        for _ in range(9):
            inner = f"nodes {{ {deep} }}" if edge == "nodes" else f"edges {{ node {{ {deep} }} }}"
            deep = f"subordinates(first: 1) {{ pageInfo {{ endCursor }} {inner} }}"
    text = f'{{ organization(id: "{world.id("district")}") {{ {deep} }} }}'
    for viewer in ("everything", "territory"):
        check(world, text, viewer=viewer, limits=LimitSettings(depth=60, tokens=5000, cost=10**9))


def test_a_list_stops_at_its_limit(world: World) -> None:
    text = f'{{ organization(id: "{world.id("district")}") {{ allThings {{ id dueOn }} }} }}'
    assert len(check(world, text).data["organization"]["allThings"]) == 7


def test_values_of_one_plan_do_not_stay_in_it(world: World) -> None:
    """One text, many variables and viewers: a plan keeps the shape of values, never a value."""
    text = (
        "query($o: OrganizationOrder, $n: Int, $k: [String!], $s: MembershipStage, $x: Boolean!) {"
        " organizations(order: $o, first: $n, filter: {kind: {in: $k}}) {"
        " nodes { id memberCount(stage: $s) code @include(if: $x) } } }"
    )
    for _ in range(2):
        for field in ("CODE", "NAME"):
            for direction in ("ASC", "DESC"):
                for n, kinds in ((2, ["PARTY_BRANCH"]), (5, ["RESIDENT_UNIT", "TRADE_UNION"])):
                    for stage in ("FULL_MEMBER", None):
                        for viewer in ("everything", "street", "two"):
                            variables = {
                                "o": {"field": field, "direction": direction},
                                "n": n,
                                "k": kinds,
                                "s": stage,
                                "x": n == 2,
                            }
                            check(world, text, variables, viewer)


def test_limits_of_the_proofs_leave_pages_alone() -> None:
    usual = LimitSettings()
    assert (WIDE.page_size, WIDE.default_page_size) == (usual.page_size, usual.default_page_size)
