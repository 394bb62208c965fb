"""The known ways around row scope, each tried: ids counted up, filters as oracles, forged cursors."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from gongzhi.access.viewer import EVERYTHING, NOTHING, Range, RowScope, Viewer
from gongzhi.registry.models import Appointment, Indicator, Member, Organization, Person
from tests.support.compare import check, shown
from tests.support.documents import PYTHON_FIELDS, Generator
from tests.support.probe.models import Remark
from tests.support.viewers import FORBIDDEN, SHOWS_MORE, leaks, visible_ids
from tests.support.worlds import VIEWERS, World, composed

ABSENT = 987_654


@pytest.mark.parametrize("viewer", VIEWERS)
def test_ids_counted_up(world: World, viewer: str) -> None:
    visible = visible_ids(world, viewer)
    for name, spec in world.oracle.specs.items():
        last = len(world.oracle.stored[spec.model]) + 3
        ids = [f"{name}:{key}" for key in range(-1, last)]
        seen = []
        for start in range(0, len(ids), 100):
            part = ids[start : start + 100]
            answer = world.ask(
                "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": part}, viewer
            )
            assert answer.tier == "raw"
            seen += [node["id"] for node in answer.data["nodes"] if node]
        assert set(seen) == {i for i in visible if i.startswith(f"{name}:")}


def _kinds(world: World) -> Iterator[tuple[str, str, str]]:
    yield "Organization", "street:西", "organization"
    yield "Person", "person:西1a0", "person"
    yield "Member", "member:西1a0", "member"
    yield "Appointment", "appointment:西1a0", "appointment"


def test_hidden_is_as_absent(world: World) -> None:
    """In `node`, `nodes`, look-ups, filters, subtrees: the same bytes but for the number asked."""
    for kind, label, field in _kinds(world):
        hidden, absent = world.id(label), f"{kind}:{ABSENT}"
        for text in (
            "query($id: ID!) { node(id: $id) { __typename id } }",
            "query($id: ID!) { nodes(ids: [$id]) { __typename id } }",
            f"query($id: ID!) {{ {field}(id: $id) {{ __typename id }} }}",
        ):
            for planned in (True, False):
                one = world.ask(text, {"id": hidden}, "street", planned=planned)
                other = world.ask(text, {"id": absent}, "street", planned=planned)
                assert (one.text, one.tier, one.status) == (other.text, other.tier, other.status)
    for text in (
        "query($id: ID!) { organizations(filter: {within: $id}) { totalCount nodes { id } } }",
        "query($id: ID!) { organizations(filter: {superior: {eq: $id}}) { totalCount } }",
        "query($id: ID!) { organizations(filter: {superior: {in: [$id]}}) { totalCount } }",
        "query($id: ID!) { members(filter: {branch: {eq: $id}}) { totalCount nodes { id } } }",
        "query($id: ID!) { members(filter: {within: $id}) { totalCount } }",
        "query($id: ID!) { people(filter: {organization: {in: [$id]}}) { totalCount } }",
        "query($id: ID!) { appointments(filter: {organization: {eq: $id}}) { totalCount } }",
        "query($id: ID!) { indicators(filter: {organization: {eq: $id}}) { totalCount } }",
        "query($id: ID!) { suspectedLostMembers(within: $id) { totalCount nodes { reason } } }",
        "query($id: ID!) { vacantMemberships(within: $id) { totalCount } }",
        "query($id: ID!) { areasWithoutPartyOrganization(organization: $id) { totalCount } }",
    ):
        for label in ("street:西", "branch:西1a", "community:北1", "district"):
            one = world.ask(text, {"id": world.id(label)}, "street")
            other = world.ask(text, {"id": f"Organization:{ABSENT}"}, "street")
            assert (one.text, one.tier) == (other.text, other.tier)


def test_texts_cannot_be_guessed_by_filters(world: World) -> None:
    for row in world.oracle.stored[Organization]:
        inside = row.path.startswith(_path(world, "street:东"))
        text = "query($f: OrganizationFilter) { organizations(filter: $f) { totalCount } }"
        for column in ("name", "code"):
            value = getattr(row, column)
            for test in ({"eq": value}, {"in": [value, "x"]}, {"startsWith": value}):
                answer = world.ask(text, {"f": {column: test}}, "street")
                assert answer.data["organizations"]["totalCount"] == int(inside)
        answer = world.ask(
            "query($c: String) { organization(code: $c) { id } }", {"c": row.code}, "street"
        )
        assert (answer.data["organization"] is not None) is inside


def _path(world: World, label: str) -> str:
    return world.rows.paths[label][0]


def test_people_are_looked_up_only_where_look_ups_are_allowed(world: World) -> None:
    """Also not those who are seen through a post: their record is kept elsewhere."""
    text = "query($f: PersonFilter) { people(filter: $f) { totalCount nodes { id } } }"
    kept = _path(world, "street:东")
    through = 0
    names = {
        gid: label.partition(":")[2] for label, gid in world.names.items() if label[:7] == "person:"
    }
    for row in world.oracle.stored[Person]:
        gid = f"Person:{row.id}"
        found = world.ask(text, {"f": {"name": f"合成{names[gid]}"}}, "street").data["people"]
        assert [n["id"] for n in found["nodes"]] == ([gid] if row.org_path.startswith(kept) else [])
        assert found["totalCount"] == len(found["nodes"])
        through += not found["nodes"] and gid in visible_ids(world, "street")
    assert through > 0
    everywhere = world.ask(text, {"f": {"name": "合成西1a0"}}).data["people"]
    assert everywhere["totalCount"] == 1


def test_reading_people_is_not_looking_them_up(world: World) -> None:
    scope = RowScope(False, (Range.subtree(_path(world, "street:东")),), ())
    who = Viewer(None, "reader", (), {"core.person.read": scope})
    text = "query($f: PersonFilter) { people(filter: $f) { totalCount } }"
    assert world.ask(text, {}, who).data["people"]["totalCount"] > 0
    for given in (
        {"name": "合成东1a0"},
        {"mobile": "13800000001"},
        {"idNumber": "31010119900101001X"},
    ):
        assert check(world, text, {"f": given}, who).data["people"]["totalCount"] == 0


def test_cursors_forged_from_hidden_rows(world: World) -> None:
    """A cursor is only a position: after any, one sees the visible rows that come later."""
    for field, order, columns in (
        ("members", "", ("org_path", "id")),
        ("organizations", "", ("path",)),
        ("organizations", "order: {field: NAME}, ", ("name", "id")),
        ("organizations", "order: {field: CODE, direction: DESC}, ", ("code", "id")),
    ):
        model = Member if field == "members" else Organization
        text = (
            f"query($a: String) {{ {field}({order}after: $a, first: 100) "
            "{ totalCount nodes { id } pageInfo { hasNextPage startCursor } } }"
        )
        tag = ("-" if "DESC" in order else "+") + ",".join(columns)
        for row in world.oracle.stored[model][::6]:
            forged = [tag, *(getattr(row, column) for column in columns)]
            cursor = json.dumps(forged, ensure_ascii=False).encode().hex()
            for viewer in ("street", "anonymous"):
                answer = check(world, text, {"a": cursor}, viewer)
                assert leaks(answer.body, viewer, visible_ids(world, viewer)) == []


def test_counts_do_not_count_what_is_hidden(world: World) -> None:
    """Every total of the viewer of one street, recounted by hand."""
    street = _path(world, "street:东")
    mine = [o for o in world.oracle.stored[Organization] if o.path.startswith(street)]
    text = """query($id: ID!) {
      organizations { totalCount } members { totalCount } appointments { totalCount }
      indicators { totalCount }
      organization(id: $id) {
        memberCount organizationCount membersByStage { count } organizationsByKind { count }
        descendants { totalCount } subtreeMembers { totalCount } subtreeAppointments { totalCount }
      }
      registers { code count }
    }"""
    data = check(world, text, {"id": world.id("street:东")}, "street").data
    ids = {o.id for o in mine}
    members = [m for m in world.oracle.stored[Member] if m.branch_id in ids]
    counted = [m for m in members if m.state.name in ("NORMAL", "REINSTATED")]
    active = [o for o in mine if o.status.name == "ACTIVE"]
    posts = [a for a in world.oracle.stored[Appointment] if a.organization_id in ids]
    figures = [i for i in world.oracle.stored[Indicator] if i.organization_id in ids]
    assert data["organizations"]["totalCount"] == len(mine)
    assert data["members"]["totalCount"] == len(members)
    assert data["appointments"]["totalCount"] == len(posts)
    assert data["indicators"]["totalCount"] == len(figures)
    street_row = data["organization"]
    assert street_row["memberCount"] == len(counted)
    assert street_row["organizationCount"] == len(active)
    assert sum(t["count"] for t in street_row["membersByStage"]) == len(counted)
    assert sum(t["count"] for t in street_row["organizationsByKind"]) == len(active)
    assert street_row["descendants"]["totalCount"] == len(mine) - 1
    assert street_row["subtreeMembers"]["totalCount"] == len(members)
    assert street_row["subtreeAppointments"]["totalCount"] == len(posts)
    registers = {r["code"]: r["count"] for r in data["registers"]}
    assert registers["TRADE_UNION"] == registers["YOUTH_LEAGUE"] == 1


def test_totals_under_grants_of_a_part(world: World) -> None:
    """Who sees a street but not all below it gets the sum of what is seen, not the kept total."""
    top, below = world.rows.paths["street:东"], world.rows.paths["community:东2"]
    scope = RowScope(False, (Range.exact(top[0]), Range.subtree(below[0])), ())
    everywhere = Viewer(None, "x", (), {"core.organization.read": EVERYTHING})
    part = Viewer(
        None, "x", (), {"core.organization.read": EVERYTHING, "core.statistics.read": scope}
    )
    text = "query($id: ID!) { organization(id: $id) { memberCount membersByStage { code count } } }"
    ids = {"id": world.id("street:东")}
    whole = world.ask(text, ids).data["organization"]
    partial = check(world, text, ids, part).data["organization"]
    assert 0 < partial["memberCount"] < whole["memberCount"]
    branches = [o.id for o in world.oracle.stored[Organization] if o.path.startswith(below[0])]
    assert partial["memberCount"] == sum(
        m.branch_id in branches and m.state.name in ("NORMAL", "REINSTATED")
        for m in world.oracle.stored[Member]
    )
    none = check(world, text, ids, everywhere).data["organization"]
    assert none == {"memberCount": 0, "membersByStage": []}


def test_one_plan_serves_viewers_of_one_shape(world: World) -> None:
    """East and west have the same shape, and so the same statement: values must not be swapped."""
    text = "{ members(first: 100) { nodes { id branch { name } person { name organization { id } } } } }"
    viewers = {}
    for street in "东西南北":
        scope = RowScope(False, (Range.subtree(_path(world, f"street:{street}")),), ())
        codes = ("core.member.read", "core.organization.read", "core.person.read")
        viewers[street] = Viewer(None, street, (), dict.fromkeys(codes, scope))
    assert len({viewer.shape for viewer in viewers.values()}) == 1
    answers: dict[str, Any] = {}
    for _ in range(2):
        for street, who in viewers.items():
            answer = check(world, text, {}, who)
            assert answers.setdefault(street, answer.text) == answer.text
    assert len(set(answers.values())) == len(answers)


def test_without_permissions_no_row_is_seen(world: World) -> None:
    text = """{ organizations { totalCount } people { totalCount } members { totalCount }
      appointments { totalCount } indicators { totalCount } remarks { totalCount }
      suspectedLostMembers { totalCount } vacantMemberships { totalCount } registers { code count } }"""
    who = Viewer(None, "x", (), {"core.nothing": EVERYTHING, "core.member.read": NOTHING})
    for viewer in (who, "anonymous", "none"):
        data = check(world, text, {}, viewer).data
        registers = {r["code"]: r["count"] for r in data.pop("registers")}
        assert {k: v for k, v in registers.items() if v} == {
            "RESIDENTIAL_AREA": 12,
            "OFFICE_BUILDING": 12,
            "PROBE": registers["PROBE"],
        }
        published = data.pop("remarks")
        assert published["totalCount"] < len(world.oracle.stored[Remark])
        assert {v["totalCount"] for v in data.values()} == {0}


@pytest.mark.parametrize("viewer", list(FORBIDDEN))
def test_every_edge_to_its_end(world: World, viewer: str) -> None:
    """From visible nodes along every edge and every edge from there: a walk rather than chance."""
    schema = composed().graphql
    visible = visible_ids(world, viewer)
    walked = Generator(schema, world.rows, without=(*SHOWS_MORE, *PYTHON_FIELDS))
    for name in ("Organization", "Area", "Person", "Member", "Appointment", "Indicator", "Thing"):
        ids = sorted(i for i in visible if i.startswith(f"{name}:"))[::4][:12]
        for document in walked.edges(name):
            answer = world.ask(document, {"ids": ids}, viewer)
            assert (answer.status, answer.tier) == (200, "raw"), answer.text
            assert leaks(answer.body, viewer, visible) == []


def test_personal_values_stay_out_of_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for given in ({"name": "合成东1a0"}, {"mobile": "13800000001"}):
        text = 'query($f: PersonFilter) { people(filter: $f, after: "FF") { totalCount } }'
        world.ask(text, {"f": given}, "street")
        world.ask(text.replace(', after: "FF"', ""), {"f": given}, "street")
        literal = shown(given).replace('"name"', "name").replace('"mobile"', "mobile")
        world.ask(f"{{ people(filter: {literal}) {{ nodes {{ id }} }} }}", {}, "street")
    assert "合成东1a0" not in caplog.text
    assert "13800000001" not in caplog.text
