"""list(viewer) is exactly {row : the row's paths are covered}, for any grants."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gongzhi.access.roles import ROLES, role_permissions
from gongzhi.access.viewer import AccountRow, GrantRow, Viewer, build_viewer
from gongzhi.registry.models import Appointment, Area, Indicator, Member, Organization, Person
from tests.support.worlds import World, load_registry

PERMISSIONS = role_permissions(p for _, p in load_registry().permissions())
FIELDS = {
    Organization: ("organizations", "core.organization.read"),
    Member: ("members", "core.member.read"),
    Appointment: ("appointments", "core.appointment.read"),
    Indicator: ("indicators", "core.indicator.read"),
    Person: ("people", "core.person.read"),
}

grants = st.lists(
    st.tuples(
        st.sampled_from([role.code for role in ROLES]),
        st.booleans(),  # along the territory
        st.integers(0, 10_000),  # which organization or area
        st.booleans(),  # with descendants
        st.integers(0, 30).map(lambda n: n == 0),  # everything
    ),
    max_size=5,
)


def viewer_of(world: World, picks: list[tuple[str, bool, int, bool, bool]]) -> Viewer:
    organizations, areas = world.oracle.stored[Organization], world.oracle.stored[Area]
    rows = []
    for role, territory, at, deep, everything in picks:
        organization = organizations[at % len(organizations)]
        area = areas[at % len(areas)]
        rows.append(
            GrantRow(
                role=role,
                edge="TERRITORY" if territory else "SUBORDINATION",
                everything=everything,
                with_descendants=deep,
                valid_from=None,
                valid_to=None,
                organization_path=None if territory else organization.path,
                area_path=area.path if territory else organization.area_path,
            )
        )
    made = build_viewer(AccountRow(id=77, name="drawn"), rows, PERMISSIONS, 1e9)
    assert made is not None
    return made


def covered(world: World, viewer: Viewer, model: Any, row: Any) -> bool:
    """Whether a row may be seen: its organization's paths are in the permission's ranges."""
    scope = viewer.scope(FIELDS[model][1])
    organizations = {o.id: o for o in world.oracle.stored[Organization]}
    if model is Organization:
        return scope.covers(row.path, row.area_path)
    key = row.branch_id if model is Member else row.organization_id
    owner = organizations.get(key)
    if owner is None:
        return scope.everything
    if scope.covers(owner.path, owner.area_path):
        return True
    if model is not Person:
        return False
    posts = (a for a in world.oracle.stored[Appointment] if a.person_id == row.id)
    return any(
        scope.covers(
            organizations[a.organization_id].path, organizations[a.organization_id].area_path
        )
        for a in posts
    )


def listed(world: World, viewer: Viewer, field: str) -> set[str]:
    """Return the ids of a whole list, page by page."""
    text = (
        f"query($a: String) {{ {field}(first: 100, after: $a) "
        "{ totalCount nodes { id } pageInfo { hasNextPage endCursor } } }"
    )
    found: list[str] = []
    after = None
    while True:
        page = world.ask(text, {"a": after}, viewer).data[field]
        found += [node["id"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == len(found) == len(set(found))
            return set(found)
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize("field", [field for field, _ in FIELDS.values()])
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
@given(picks=grants)
def test_a_list_is_what_is_covered(
    world: World, field: str, picks: list[tuple[str, bool, int, bool, bool]]
) -> None:
    model = next(m for m, (f, _) in FIELDS.items() if f == field)
    viewer = viewer_of(world, picks)
    expected = {
        f"{model.__name__}:{row.id}"
        for row in world.oracle.stored[model]
        if covered(world, viewer, model, row)
    }
    assert listed(world, viewer, field) == expected
    ids = [f"{model.__name__}:{row.id}" for row in world.oracle.stored[model]][:100]
    answer = world.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids}, viewer)
    assert {node["id"] for node in answer.data["nodes"] if node} == expected & set(ids)
