"""Compiling grants to row scopes: tables of cases, and properties on random trees."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongzhi.access.viewer import (
    ANONYMOUS,
    EVERYTHING,
    NOTHING,
    AccountRow,
    GrantRow,
    Range,
    RowScope,
    Viewer,
    build_viewer,
    normalise,
)

NOW = 1_000_000.0
ROLES = {"STAFF": frozenset({"read", "write"}), "READER": frozenset({"read"}), "EMPTY": frozenset()}
ACCOUNT = AccountRow(id=7, name="staff")


def grant(role: str = "STAFF", **changes: object) -> GrantRow:
    base = GrantRow(
        role=role,
        edge="SUBORDINATION",
        everything=False,
        with_descendants=True,
        valid_from=None,
        valid_to=None,
        organization_path=None,
        area_path=None,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def viewer(*grants: GrantRow, account: AccountRow = ACCOUNT) -> Viewer:
    built = build_viewer(account, grants, ROLES, NOW)
    assert built is not None
    return built


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("1.7.", True),
        ("1.7.127.", True),
        ("1.7.1.2.3.", True),
        ("1.", False),
        ("1.70.", False),
        ("1.8.", False),
        ("1.71.7.", False),
        ("11.7.", False),
        ("", False),
    ],
)
def test_subtree_is_the_row_and_what_is_below(path: str, inside: bool) -> None:
    assert (path in Range.subtree("1.7.")) is inside


def test_the_ends_of_ranges() -> None:
    assert Range.subtree("1.7.") == Range("1.7.", "1.7/")
    assert Range.exact("1.7.") == Range("1.7.", "1.7.\x01")


@pytest.mark.parametrize("path", ["1.", "1.7.1.", "1.70.", "1.8.", "", "1.7./"])
def test_exact_is_one_row(path: str) -> None:
    assert "1.7." in Range.exact("1.7.")
    assert path not in Range.exact("1.7.")


@pytest.mark.parametrize(
    ("given_ranges", "expected"),
    [
        ([], ()),
        ([Range.subtree("1.")], (Range.subtree("1."),)),
        ([Range.subtree("2."), Range.subtree("1.")], (Range.subtree("1."), Range.subtree("2."))),
        ([Range.subtree("1.7."), Range.subtree("1.")], (Range.subtree("1."),)),
        ([Range.exact("1.7."), Range.subtree("1.7.")], (Range.subtree("1.7."),)),
        (
            [Range.subtree("1."), Range.exact("1.7.3."), Range.subtree("1.9.")],
            (Range.subtree("1."),),
        ),
        ([Range.subtree("1."), Range.subtree("1.")], (Range.subtree("1."),)),
        (
            [Range.exact("1."), Range.subtree("1.7.")],
            (Range.exact("1."), Range.subtree("1.7.")),
        ),
        (
            [Range.subtree("1.7."), Range.subtree("1.70.")],
            (Range.subtree("1.7."), Range.subtree("1.70.")),
        ),
    ],
)
def test_normalise(given_ranges: list[Range], expected: tuple[Range, ...]) -> None:
    assert normalise(given_ranges) == expected


def test_anonymous_sees_nothing() -> None:
    assert ANONYMOUS.scope("read") is NOTHING
    assert ANONYMOUS.shape == ()
    assert not NOTHING.covers("1.", "1.")


def test_no_grants_see_nothing() -> None:
    assert viewer().scopes == {}
    assert viewer().shape == ()


def test_subordination_opens_the_organization() -> None:
    scope = viewer(grant(organization_path="1.7.", area_path="3.4.")).scope("read")
    assert scope == RowScope(False, (Range.subtree("1.7."),), ())


def test_territory_opens_the_area() -> None:
    scope = viewer(grant(edge="TERRITORY", organization_path="1.7.", area_path="3.4.")).scope(
        "read"
    )
    assert scope == RowScope(False, (), (Range.subtree("3.4."),))


def test_without_descendants_opens_one_row() -> None:
    scope = viewer(grant(organization_path="1.7.", with_descendants=False)).scope("read")
    assert scope.organizations == (Range.exact("1.7."),)


def test_everything_wins() -> None:
    built = viewer(grant(organization_path="1.7."), grant("READER", everything=True))
    assert built.scope("read") == EVERYTHING
    assert built.scope("write") == RowScope(False, (Range.subtree("1.7."),), ())


@pytest.mark.parametrize(
    "lost",
    [
        grant(),
        grant(organization_path=""),
        grant(edge="TERRITORY"),
        grant(edge="TERRITORY", area_path=""),
        grant(edge="TERRITORY", organization_path="1."),
        grant(edge="SUBORDINATION", area_path="1."),
        grant("UNKNOWN", everything=True),
        grant("EMPTY", everything=True),
        grant(everything=True, valid_from=NOW + 1),
        grant(everything=True, valid_to=NOW),
        grant(everything=True, valid_from=NOW - 9, valid_to=NOW - 1),
    ],
)
def test_what_opens_nothing(lost: GrantRow) -> None:
    assert viewer(lost).scopes == {}
    assert viewer(lost).shape == ()


@pytest.mark.parametrize(
    "kept",
    [
        grant(everything=True, valid_from=NOW),
        grant(everything=True, valid_to=NOW + 0.001),
        grant(everything=True, valid_from=NOW - 1, valid_to=NOW + 1),
    ],
)
def test_a_grant_counts_from_its_first_instant_to_before_its_last(kept: GrantRow) -> None:
    assert viewer(kept).scope("read") == EVERYTHING


@pytest.mark.parametrize(
    "account",
    [
        replace(ACCOUNT, active=False),
        replace(ACCOUNT, token_revoked=True),
        replace(ACCOUNT, token_expires_at=NOW),
        replace(ACCOUNT, token_expires_at=NOW - 1),
    ],
)
def test_refused_accounts(account: AccountRow) -> None:
    assert build_viewer(account, [grant(everything=True)], ROLES, NOW) is None


@pytest.mark.parametrize(
    ("token_end", "spans", "expected"),
    [
        (None, [], None),
        (None, [(None, None)], None),
        (NOW + 5, [], NOW + 5),
        (NOW + 5, [(None, NOW + 3), (None, NOW + 9)], NOW + 3),
        (NOW + 5, [(NOW + 1, NOW + 3)], NOW + 1),
        (None, [(NOW - 9, NOW - 1)], None),
        (None, [(NOW - 9, NOW + 2)], NOW + 2),
    ],
)
def test_expires_when_the_answer_would_change(
    token_end: float | None,
    spans: list[tuple[float | None, float | None]],
    expected: float | None,
) -> None:
    grants = [grant(everything=True, valid_from=a, valid_to=b) for a, b in spans]
    assert viewer(*grants, account=replace(ACCOUNT, token_expires_at=token_end)).expires_at == (
        expected
    )


def test_roles_are_those_that_count_now() -> None:
    built = viewer(grant("READER"), grant("READER"), grant("EMPTY"), grant(valid_to=NOW))
    assert built.roles == ("EMPTY", "READER")


def test_shape_counts_ranges_and_hides_their_values() -> None:
    one = viewer(grant(organization_path="1.7."), grant("READER", edge="TERRITORY", area_path="3."))
    two = viewer(grant(organization_path="2."), grant("READER", edge="TERRITORY", area_path="4.1."))
    assert one.shape == two.shape
    assert one.shape == (("read", False, ((0, 1),), ((2, 3),)), ("write", False, ((0, 1),), ()))
    assert hash(one.shape) == hash(two.shape)
    assert (one.bounds, two.bounds) == (("1.7.", "1.7/", "3.", "3/"), ("2.", "2/", "4.1.", "4.1/"))
    assert viewer(grant(everything=True)).shape == (
        ("read", True, (), ()),
        ("write", True, (), ()),
    )


def test_viewer_cannot_be_changed() -> None:
    built = viewer(grant(organization_path="1.7."))
    with pytest.raises(FrozenInstanceError):
        built.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        built.scopes["read"] = EVERYTHING  # type: ignore[index]


# --- properties -----------------------------------------------------------------------------------

trees = st.lists(st.integers(0, 1000), min_size=1, max_size=30).map(
    # node i (its id is i + 1, times 7 so that ids are prefixes of one another) stands under an
    # earlier node, or is a root
    lambda picks: [None if pick % (i + 1) == i else pick % (i + 1) for i, pick in enumerate(picks)]
)


def paths_of(parents: list[int | None]) -> list[str]:
    paths: list[str] = []
    for i, parent in enumerate(parents):
        paths.append(("" if parent is None else paths[parent]) + f"{(i + 1) * 7}.")
    return paths


def stands_under(parents: list[int | None], node: int, top: int) -> bool:
    """Walk the parents up: the definition that the ranges must agree with."""
    at: int | None = node
    while at is not None:
        if at == top:
            return True
        at = parents[at]
    return False


@given(organizations=trees, areas=trees, data=st.data())
def test_scope_is_the_walk_over_both_trees(
    organizations: list[int | None], areas: list[int | None], data: st.DataObject
) -> None:
    """What the ranges list is exactly what a check of each row by each grant allows (AZ-05)."""
    org_paths, area_paths = paths_of(organizations), paths_of(areas)
    rows = [
        (org, data.draw(st.sampled_from([None, *range(len(areas))])))
        for org in range(len(organizations))
    ]
    picks = data.draw(
        st.lists(
            st.tuples(
                st.sampled_from(sorted(ROLES)),
                st.booleans(),
                st.integers(0, 1000),
                st.booleans(),
                st.sampled_from([(None, None), (NOW + 1, None), (None, NOW), (NOW, NOW + 1)]),
            ),
            max_size=6,
        )
    )
    grants = [
        grant(
            role,
            edge="TERRITORY" if territory else "SUBORDINATION",
            organization_path=None if territory else org_paths[at % len(org_paths)],
            area_path=area_paths[at % len(area_paths)] if territory else None,
            with_descendants=deep,
            valid_from=start,
            valid_to=end,
        )
        for role, territory, at, deep, (start, end) in picks
    ]
    built = viewer(*grants)
    for permission in ("read", "write"):
        scope = built.scope(permission)
        for org, area in rows:
            allowed = False
            for role, territory, at, deep, span in picks:
                if permission not in ROLES[role] or span not in {(None, None), (NOW, NOW + 1)}:
                    continue
                if territory:
                    top = at % len(areas)
                    hit = area is not None and (
                        stands_under(areas, area, top) if deep else area == top
                    )
                else:
                    top = at % len(organizations)
                    hit = stands_under(organizations, org, top) if deep else org == top
                allowed = allowed or hit
            assert scope.covers(org_paths[org], area_paths[area] if area is not None else "") == (
                allowed
            )


@given(parents=trees, picks=st.lists(st.tuples(st.integers(0, 1000), st.booleans()), max_size=12))
def test_normalised_ranges_are_disjoint_sorted_and_the_same_set(
    parents: list[int | None], picks: list[tuple[int, bool]]
) -> None:
    paths = paths_of(parents)
    ranges = [
        Range.subtree(paths[at % len(paths)]) if deep else Range.exact(paths[at % len(paths)])
        for at, deep in picks
    ]
    done = normalise(ranges)
    assert all(a.hi < b.lo for a, b in pairwise(done))
    for path in ["", *paths]:
        assert any(path in r for r in done) == any(path in r for r in ranges)
