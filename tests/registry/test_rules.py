"""The rules, by tables; each invariant by its number."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongzhi.errors import RuleError
from gongzhi.registry import rules
from gongzhi.registry.codes import (
    ContactState,
    Gender,
    MembershipStage,
    MembershipState,
    OrganizationStatus,
    SetupMode,
)
from gongzhi.registry.lists import KIND_MATRIX
from gongzhi.registry.rules import (
    AGE_BANDS,
    BranchFacts,
    LostContact,
    LostReason,
    MemberFacts,
    MembershipDates,
    Norms,
    OrganizationFacts,
    PartTimeFacts,
    VacantReason,
)

DAY = dt.date(2026, 6, 30)


def codes(refused: list[RuleError]) -> list[str]:
    for error in refused:
        assert "{" not in error.message_zh + error.message_en
    return [error.code for error in refused]


def place(path: str, kind: str = "PARTY_BRANCH", **more: object) -> OrganizationFacts:
    return OrganizationFacts(path, kind, **more)  # type: ignore[arg-type]


# == texts ==


@pytest.mark.parametrize("code", sorted(rules.TEXTS))
def test_texts_are_chinese_and_english_and_name_the_same_things(code: str) -> None:
    zh, en = rules.TEXTS[code]
    assert any("\u4e00" <= character <= "\u9fff" for character in zh)
    assert en.isascii()
    names = {part.split("}")[0].removesuffix("_en") for part in zh.split("{")[1:]}
    assert {part.split("}")[0].removesuffix("_en") for part in en.split("{")[1:]} == names


# == V27 ==

TREES = {
    "four tiers, 环翠": [
        "",
        "DISTRICT_PARTY_COMMITTEE",
        "SUBDISTRICT_WORKING_COMMITTEE",
        "GENERAL_PARTY_BRANCH",
        "GRID_PARTY_BRANCH",
        "BUILDING_PARTY_GROUP",
    ],
    "three levels, Shanghai": [
        "",
        "DISTRICT_PARTY_COMMITTEE",
        "SUBDISTRICT_WORKING_COMMITTEE",
        "COMMUNITY_PARTY_COMMITTEE",
    ],
    "residential area branch in a street": ["SUBDISTRICT_WORKING_COMMITTEE", "PARTY_BRANCH"],
    "town and its branches, 新海": ["", "TOWN_PARTY_COMMITTEE", "PARTY_BRANCH"],
    "branch and its groups": ["PARTY_BRANCH", "BUILDING_PARTY_GROUP"],
    "grid above the community, 欧阳路": [
        "SUBDISTRICT_WORKING_COMMITTEE",
        "GRID_PARTY_COMMITTEE",
        "PARTY_BRANCH",
    ],
    "grid above community committees": ["GRID_PARTY_COMMITTEE", "COMMUNITY_PARTY_COMMITTEE"],
    "grid under a community committee": ["COMMUNITY_PARTY_COMMITTEE", "GRID_PARTY_BRANCH"],
    "business district": [
        "DISTRICT_PARTY_COMMITTEE",
        "BUSINESS_DISTRICT_PARTY_COMMITTEE",
        "TWO_NEW_PARTY_BRANCH",
    ],
    "industrial park": [
        "SUBDISTRICT_WORKING_COMMITTEE",
        "PARK_PARTY_COMMITTEE",
        "TWO_NEW_PARTY_BRANCH",
    ],
    "temporary branch of a district office": ["DISTRICT_PARTY_COMMITTEE", "PARTY_BRANCH"],
    "a hospital reports to its system": [
        "",
        "DISTRICT_PARTY_COMMITTEE",
        "UNIT_PARTY_COMMITTEE",
        "GENERAL_PARTY_BRANCH",
    ],
    "units, companies and committees under a street": [
        "SUBDISTRICT_WORKING_COMMITTEE",
        "RESIDENTS_COMMITTEE",
        "OWNERS_COMMITTEE",
    ],
    "residents' committee in a town": ["TOWN_PARTY_COMMITTEE", "RESIDENTS_COMMITTEE"],
    "property company in a town": ["TOWN_PARTY_COMMITTEE", "PROPERTY_COMPANY"],
    "actual unit in a street": ["SUBDISTRICT_WORKING_COMMITTEE", "ACTUAL_UNIT"],
    "resident unit in a community": ["COMMUNITY_PARTY_COMMITTEE", "RESIDENT_UNIT"],
    "trade union and league in a street": ["SUBDISTRICT_WORKING_COMMITTEE", "TRADE_UNION"],
    "youth league": ["TOWN_PARTY_COMMITTEE", "YOUTH_LEAGUE"],
    "department": ["DISTRICT_PARTY_COMMITTEE", "ORGANIZATION_DEPARTMENT"],
    "city over district": ["", "CITY_PARTY_COMMITTEE", "DISTRICT_PARTY_COMMITTEE"],
    "service centre": ["SUBDISTRICT_WORKING_COMMITTEE", "PARTY_MASSES_SERVICE_CENTRE"],
}


@pytest.mark.parametrize("name", TREES)
def test_v27_the_default_matrix_fits_real_trees(name: str) -> None:
    for parent, child in itertools.pairwise(TREES[name]):
        assert rules.check_position(child, parent, KIND_MATRIX) == []


@pytest.mark.parametrize(
    ("parent", "child", "code"),
    [
        ("GRID_PARTY_BRANCH", "GENERAL_PARTY_BRANCH", "KIND_NOT_ALLOWED"),
        ("BUILDING_PARTY_GROUP", "PARTY_BRANCH", "KIND_NOT_ALLOWED"),
        ("SUBDISTRICT_WORKING_COMMITTEE", "DISTRICT_PARTY_COMMITTEE", "KIND_NOT_ALLOWED"),
        ("PROPERTY_COMPANY", "PARTY_BRANCH", "KIND_NOT_ALLOWED"),
        ("RESIDENTS_COMMITTEE", "GENERAL_PARTY_BRANCH", "KIND_NOT_ALLOWED"),
        ("", "BUILDING_PARTY_GROUP", "KIND_NOT_ROOT"),
        ("", "GRID_PARTY_BRANCH", "KIND_NOT_ROOT"),
        ("", "ORGANIZATION_DEPARTMENT", "KIND_NOT_ROOT"),
    ],
)
def test_v27_what_the_default_matrix_refuses(parent: str, child: str, code: str) -> None:
    assert codes(rules.check_position(child, parent, KIND_MATRIX)) == [code]


@pytest.mark.parametrize(
    ("path", "superior", "expected"),
    [
        ("1.2.", "1.3.", []),
        ("1.2.", "1.", ["SAME_PLACE"]),
        ("1.2.", "1.2.", ["CYCLE"]),
        ("1.2.", "1.2.5.", ["CYCLE"]),
        ("1.2.", "1.21.", []),  # 21 only begins like 2
        ("1.2.", "11.2.", []),
    ],
)
def test_v27_no_cycles(path: str, superior: str, expected: list[str]) -> None:
    matrix = {("PARTY_BRANCH", "PARTY_BRANCH"), ("", "PARTY_BRANCH")}
    assert codes(rules.check_move(place(path), place(superior), matrix)) == expected


def test_v27_becoming_a_root() -> None:
    matrix = {("", "PARTY_BRANCH")}
    assert rules.check_move(place("1.2."), None, matrix) == []
    assert codes(rules.check_move(place("2."), None, matrix)) == ["SAME_PLACE"]
    assert codes(rules.check_move(place("1.2."), None, set())) == ["KIND_NOT_ROOT"]


@pytest.mark.parametrize("status", [OrganizationStatus.MERGED, OrganizationStatus.DISSOLVED])
def test_v27_nothing_moves_out_of_or_into_an_ended_organization(
    status: OrganizationStatus,
) -> None:
    matrix = {("PARTY_BRANCH", "PARTY_BRANCH")}
    ended = place("1.2.", status=status)
    assert codes(rules.check_move(ended, place("3."), matrix)) == ["NOT_ACTIVE"]
    assert codes(rules.check_move(place("3."), ended, matrix)) == ["NOT_ACTIVE"]


@pytest.mark.parametrize(
    ("path", "parent", "expected"),
    [
        ("1.2.", "1.3.", []),
        ("1.2.", "", []),
        ("2.", "", ["SAME_PLACE"]),
        ("1.2.", "1.", ["SAME_PLACE"]),
        ("1.", "1.2.", ["AREA_CYCLE"]),
        ("1.", "1.", ["AREA_CYCLE"]),
    ],
)
def test_v27_areas(path: str, parent: str, expected: list[str]) -> None:
    assert codes(rules.check_area_move(path, parent)) == expected


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=8), st.integers(1, 10**9))
def test_a_subtree_is_one_range(ids: list[int], other: int) -> None:
    root = "".join(f"{i}." for i in ids)
    for path, inside in (
        (root, True),
        (f"{root}{other}.", True),
        (f"{root[:-1]}{other}.", False),
        (f"{other}.{root}", f"{other}.{root}".startswith(root)),
        (rules.parent_path(root), False),
    ):
        assert (root <= path < rules.upper(root)) == inside == rules.within(path, root)


# == V26 ==


def upgrade(old: str, new: str, **more: object) -> list[str]:
    return codes(
        rules.check_upgrade(
            place("1.2.", old, **more),
            new,
            parent_kind="SUBDISTRICT_WORKING_COMMITTEE",
            child_kinds=[],
            matrix=KIND_MATRIX,
        )
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("PARTY_BRANCH", "GENERAL_PARTY_BRANCH"),
        ("GENERAL_PARTY_BRANCH", "COMMUNITY_PARTY_COMMITTEE"),
        ("PARTY_BRANCH", "COMMUNITY_PARTY_COMMITTEE"),
        ("GRID_PARTY_BRANCH", "GENERAL_PARTY_BRANCH"),
        ("TWO_NEW_PARTY_BRANCH", "GENERAL_PARTY_BRANCH"),
    ],
)
def test_v26_upgrades(old: str, new: str) -> None:
    assert upgrade(old, new) == []
    assert "UPGRADE_NOT_ALLOWED" in upgrade(new, old)  # never back
    assert upgrade(old, new, is_temporary=True) == ["UPGRADE_TEMPORARY"]
    assert upgrade(old, new, status=OrganizationStatus.DISSOLVED) == ["NOT_ACTIVE"]


def test_v26_no_upgrade_leads_back() -> None:
    for old, _ in rules.UPGRADES:
        assert all(
            old not in rules.kinds_from(new) for start, new in rules.UPGRADES if start == old
        )


@pytest.mark.parametrize(
    ("parent", "children", "expected"),
    [
        ("SUBDISTRICT_WORKING_COMMITTEE", ["GRID_PARTY_BRANCH"], []),
        ("GENERAL_PARTY_BRANCH", [], ["KIND_NOT_ALLOWED"]),
        ("SUBDISTRICT_WORKING_COMMITTEE", ["BUILDING_PARTY_GROUP"] * 3, ["KIND_NOT_ALLOWED"]),
    ],
)
def test_v26_it_still_fits(parent: str, children: list[str], expected: list[str]) -> None:
    refused = rules.check_upgrade(
        place("1.2."),
        "GENERAL_PARTY_BRANCH",
        parent_kind=parent,
        child_kinds=children,
        matrix=KIND_MATRIX,
    )
    assert codes(refused) == expected


# == merging and dissolving ==


@pytest.mark.parametrize(
    ("source", "target", "children", "in_both", "expected"),
    [
        (place("1."), place("2."), [], 0, []),
        (place("1."), place("1."), [], 0, ["SAME_ORGANIZATION"]),
        (place("1."), place("1.2."), [], 0, ["CYCLE"]),
        (place("1.2.", "GRID_PARTY_BRANCH"), place("1.", "GENERAL_PARTY_BRANCH"), [], 0, []),
        (
            place("1.", "GENERAL_PARTY_BRANCH"),
            place("2.", "PARTY_BRANCH"),
            [],
            0,
            ["MERGE_KINDS_DIFFER"],
        ),
        (
            place("1.", "PROPERTY_COMPANY", family="PROPERTY"),
            place("2.", "PARTY_BRANCH"),
            [],
            0,
            ["MERGE_KINDS_DIFFER"],
        ),
        (place("1."), place("2."), ["BUILDING_PARTY_GROUP"], 0, []),
        (
            place("1."),
            place("2.", "GENERAL_PARTY_BRANCH"),
            ["BUILDING_PARTY_GROUP"],
            0,
            ["KIND_NOT_ALLOWED"],
        ),
        (place("1."), place("2."), [], 3, ["MEMBER_IN_BOTH"]),
        (place("1."), place("2.", status=OrganizationStatus.MERGED), [], 0, ["NOT_ACTIVE"]),
    ],
)
def test_merge(
    source: OrganizationFacts,
    target: OrganizationFacts,
    children: list[str],
    in_both: int,
    expected: list[str],
) -> None:
    refused = rules.check_merge(
        source, target, child_kinds=children, in_both=in_both, matrix=KIND_MATRIX
    )
    assert codes(refused) == expected


@pytest.mark.parametrize(
    ("path", "left", "expected"),
    [
        ("1.2.", (0, 0, 0), []),
        ("1.2.", (1, 0, 0), ["HAS_SUBORDINATES"]),
        ("1.2.", (0, 1, 0), ["HAS_MEMBERS"]),
        ("1.2.", (0, 0, 1), []),
        ("1.", (0, 0, 1), ["HAS_PEOPLE"]),
        ("1.", (2, 3, 4), ["HAS_SUBORDINATES", "HAS_MEMBERS", "HAS_PEOPLE"]),
    ],
)
def test_dissolve(path: str, left: tuple[int, int, int], expected: list[str]) -> None:
    subordinates, members, people = left
    refused = rules.check_dissolve(
        place(path), subordinates=subordinates, members=members, people=people
    )
    assert codes(refused) == expected


# == set-up, norms ==


@pytest.mark.parametrize(
    ("temporary", "established", "review", "expected"),
    [
        (False, None, None, []),
        (True, None, None, ["REVIEW_DATE_NEEDED"]),
        (True, None, DAY, []),
        (True, DAY, DAY, []),
        (True, DAY, DAY - dt.timedelta(days=1), ["DATE_ORDER"]),
    ],
)
def test_c05_temporary(
    temporary: bool,
    established: dt.date | None,
    review: dt.date | None,
    expected: list[str],
) -> None:
    refused = rules.check_temporary(
        is_temporary=temporary, established_on=established, review_on=review
    )
    assert codes(refused) == expected


UNIT = place("9.", "ACTUAL_UNIT", family="UNIT")


@pytest.mark.parametrize(
    ("mode", "units", "expected"),
    [
        (SetupMode.SINGLE, [], []),
        (SetupMode.SINGLE, [UNIT], []),
        (SetupMode.SINGLE, [UNIT, UNIT], ["COVERAGE_SINGLE"]),
        (SetupMode.JOINT, [], ["COVERAGE_NEEDED"]),
        (SetupMode.JOINT, [UNIT], ["COVERAGE_NEEDED"]),
        (SetupMode.JOINT, [UNIT, UNIT], []),
        (SetupMode.JOINT, [UNIT] * 9, []),  # more than five is advised of, not refused
        (SetupMode.JOINT, [UNIT, place("8.")], ["COVERAGE_PARTY"]),
        (
            SetupMode.JOINT,
            [UNIT, replace(UNIT, status=OrganizationStatus.DISSOLVED)],
            ["COVERAGE_INACTIVE"],
        ),
    ],
)
def test_c03_coverage(mode: SetupMode, units: list[OrganizationFacts], expected: list[str]) -> None:
    assert codes(rules.check_coverage(mode, units)) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (BranchFacts("PARTY_BRANCH", 3, 0), []),
        (BranchFacts("PARTY_BRANCH", 2, 5), ["BRANCH_FEW_MEMBERS"]),
        (BranchFacts("PARTY_BRANCH", 40, 10), []),
        (BranchFacts("PARTY_BRANCH", 40, 11), ["BRANCH_MANY_MEMBERS"]),
        (BranchFacts("GENERAL_PARTY_BRANCH", 0, 400), []),
        (BranchFacts("PARTY_BRANCH", 9, 0, 5, SetupMode.JOINT), []),
        (BranchFacts("PARTY_BRANCH", 9, 0, 6, SetupMode.JOINT), ["JOINT_MANY_UNITS"]),
        (BranchFacts("PARTY_BRANCH", 9, 0, 6), []),
        (BranchFacts("PARTY_BRANCH", 9, 0, is_temporary=True, review_on=DAY), []),
        (
            BranchFacts(
                "PARTY_BRANCH", 9, 0, is_temporary=True, review_on=DAY - dt.timedelta(days=1)
            ),
            ["REVIEW_OVERDUE"],
        ),
    ],
)
def test_norms_are_advised_of(facts: BranchFacts, expected: list[str]) -> None:
    found = rules.advise(facts, DAY)
    assert [advice.code for advice in found] == expected
    assert all(advice.message_zh and advice.message_en for advice in found)


def test_norms_can_be_set() -> None:
    facts = BranchFacts("PARTY_BRANCH", 3, 0, 3, SetupMode.JOINT)
    strict = Norms(branch_min_members=4, joint_max_units=2, branch_max_members=2)
    assert [advice.code for advice in rules.advise(facts, DAY, strict)] == [
        "BRANCH_FEW_MEMBERS",
        "BRANCH_MANY_MEMBERS",
        "JOINT_MANY_UNITS",
    ]


# == membership ==

STEPS = [
    MembershipStage.APPLICANT,
    MembershipStage.ACTIVIST,
    MembershipStage.CANDIDATE,
    MembershipStage.PROBATIONARY_MEMBER,
    MembershipStage.FULL_MEMBER,
]


@pytest.mark.parametrize(("old", "new"), list(itertools.product(STEPS, STEPS)))
def test_stages_go_on_one_by_one(old: MembershipStage, new: MembershipStage) -> None:
    allowed = STEPS.index(new) == STEPS.index(old) + 1
    assert (rules.check_stage_step(old, new) == []) == allowed


LIFE = {
    "NORMAL": {"SUSPENDED", "REMOVED", "EXPELLED", "DECEASED"},
    "REINSTATED": {"SUSPENDED", "REMOVED", "EXPELLED", "DECEASED"},
    "SUSPENDED": {"REINSTATED", "REMOVED", "EXPELLED", "DECEASED"},
}


@pytest.mark.parametrize(("old", "new"), list(itertools.product(MembershipState, MembershipState)))
def test_states(old: MembershipState, new: MembershipState) -> None:
    refused = codes(rules.check_state_step(old, new, on=DAY))
    assert refused == ([] if new.value in LIFE.get(old.value, ()) else ["STATE_STEP"])


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (dt.date(2026, 6, 29), ["SUSPENSION_TOO_SHORT"]),
        (dt.date(2026, 6, 30), []),
        (dt.date(2027, 1, 1), []),
    ],
)
def test_removal_two_years_after_suspension(on: dt.date, expected: list[str]) -> None:
    refused = rules.check_state_step(
        MembershipState.SUSPENDED,
        MembershipState.REMOVED,
        on=on,
        suspended_on=dt.date(2024, 6, 30),
    )
    assert codes(refused) == expected


SEARCH = {
    ("IN_CONTACT", "SUSPECTED_LOST"),
    ("SUSPECTED_LOST", "IN_CONTACT"),
    ("SUSPECTED_LOST", "SEARCHING"),
    ("SEARCHING", "IN_CONTACT"),
    ("SEARCHING", "LOST"),
    ("LOST", "IN_CONTACT"),
}


@pytest.mark.parametrize(("old", "new"), list(itertools.product(ContactState, ContactState)))
def test_contact_states(old: ContactState, new: ContactState) -> None:
    allowed = (old.value, new.value) in SEARCH
    assert (rules.check_contact_step(old, new) == []) == allowed


@pytest.mark.parametrize(
    ("stage", "dates", "expected"),
    [
        ("FULL_MEMBER", {}, []),
        ("FULL_MEMBER", {"joined_on": DAY, "full_member_on": DAY}, []),
        (
            "FULL_MEMBER",
            {"joined_on": DAY, "full_member_on": dt.date(2020, 1, 1)},
            [("DATE_ORDER", "full_member_on")],
        ),
        ("FULL_MEMBER", {"joined_on": dt.date(2027, 1, 1)}, [("FUTURE_DATE", "joined_on")]),
        (
            "PROBATIONARY_MEMBER",
            {"full_member_on": DAY},
            [("DATE_WITHOUT_STAGE", "full_member_on")],
        ),
        ("APPLICANT", {"joined_on": DAY}, [("DATE_WITHOUT_STAGE", "joined_on")]),
        (
            "CANDIDATE",
            {"joined_on": DAY, "full_member_on": DAY},
            [("DATE_WITHOUT_STAGE", "joined_on"), ("DATE_WITHOUT_STAGE", "full_member_on")],
        ),
        (
            "FULL_MEMBER",
            {"birth_year": 2000, "joined_on": dt.date(1999, 1, 1)},
            [("DATE_ORDER", "joined_on")],
        ),
        (
            "FULL_MEMBER",
            {"last_contact_on": dt.date(2027, 1, 1), "last_attended_on": dt.date(2027, 1, 1)},
            [("FUTURE_DATE", "last_contact_on"), ("FUTURE_DATE", "last_attended_on")],
        ),
        ("APPLICANT", {"affiliation_since": DAY}, []),
    ],
)
def test_membership_dates(
    stage: str, dates: dict[str, dt.date], expected: list[tuple[str, str]]
) -> None:
    refused = rules.check_membership_dates(
        MembershipStage(stage),
        MembershipDates(**dates),  # type: ignore[arg-type]
        DAY,
    )
    assert [(error.code, error.field) for error in refused] == expected


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (MembershipDates(), []),
        (MembershipDates(birth_year=1950, joined_on=dt.date(1968, 1, 1)), []),
        (MembershipDates(birth_year=1950, joined_on=dt.date(1967, 12, 31)), ["JOINED_UNDER_AGE"]),
        (
            MembershipDates(joined_on=DAY, full_member_on=dt.date(2027, 6, 29)),
            ["PROBATION_SHORT"],
        ),
        (MembershipDates(joined_on=DAY, full_member_on=dt.date(2027, 6, 30)), []),
    ],
)
def test_unusual_dates_are_advised_of(dates: MembershipDates, expected: list[str]) -> None:
    assert [advice.code for advice in rules.advise_membership_dates(dates)] == expected


# == people ==


@pytest.mark.parametrize(
    ("mobile", "fine"),
    [
        ("", True),
        ("13800000000", True),
        ("19912345678", True),
        ("12345678901", False),
        ("1380000000", False),
        ("138000000000", False),
        ("１３８００００００００", False),
        ("13800000000\n", False),
    ],
)
def test_mobile(mobile: str, fine: bool) -> None:
    assert (rules.check_mobile(mobile) == []) == fine


def test_identity_agrees_with_the_number() -> None:
    number = (dt.date(1990, 3, 7), Gender.MALE)
    assert rules.check_identity(birth=None, gender=Gender.UNKNOWN, of_number=number) == []
    assert rules.check_identity(birth=number[0], gender=Gender.MALE, of_number=number) == []
    refused = rules.check_identity(birth=DAY, gender=Gender.FEMALE, of_number=number)
    assert [(error.code, error.field) for error in refused] == [
        ("ID_DISAGREES", "birth"),
        ("ID_DISAGREES", "gender"),
    ]


# == V25 ==


@pytest.mark.parametrize(
    ("kind", "family", "post", "expected"),
    [
        ("POLICE_STATION", "GOVERNMENT", "COMMUNITY_POLICE_OFFICER", []),
        ("OWNERS_COMMITTEE", "AUTONOMY", "DIRECTOR", []),
        ("PROPERTY_COMPANY", "PROPERTY", "HEAD", []),
        ("TWO_NEW_PARTY_BRANCH", "PARTY", "SECRETARY", []),
        ("RESIDENT_UNIT", "UNIT", "HEAD", []),
        ("ACTUAL_UNIT", "UNIT", "HEAD", []),
        ("ACTUAL_UNIT", "UNIT", "DEPUTY_SECRETARY", ["HOME_NOT_HEAD"]),
        ("RESIDENTS_COMMITTEE", "AUTONOMY", "DIRECTOR", ["HOME_KIND"]),
        ("GOVERNMENT_DEPARTMENT", "GOVERNMENT", "HEAD", ["HOME_KIND"]),
    ],
)
def test_v25_part_time_committee_member(
    kind: str, family: str, post: str, expected: list[str]
) -> None:
    home = place("5.", kind, family=family)
    assert codes(rules.check_part_time(PartTimeFacts(True, home, [post]))) == expected
    assert codes(rules.check_part_time(PartTimeFacts(False, home, [post]))) == [
        "NOT_A_PARTY_MEMBER",
        *expected,
    ]


def test_v25_without_a_home() -> None:
    assert codes(rules.check_part_time(PartTimeFacts(True, None))) == ["HOME_NEEDED"]


# == C10 ==

FULL = MemberFacts(MembershipStage.FULL_MEMBER, MembershipState.NORMAL)
CUT = dt.date(2026, 1, 1)
"""180 days before DAY."""
AFTER = dt.date(2026, 1, 2)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, LostContact(LostReason.NO_CONTACT_RECORDED, None)),
        ({"last_contact_on": CUT}, LostContact(LostReason.LAST_CONTACT_TOO_OLD, CUT)),
        ({"last_contact_on": AFTER}, None),
        ({"last_attended_on": AFTER}, None),
        ({"affiliation_since": AFTER}, None),
        ({"affiliation_since": CUT}, LostContact(LostReason.NO_CONTACT_RECORDED, None)),
        (
            {"last_contact_on": dt.date(2020, 1, 1), "last_attended_on": dt.date(2021, 1, 1)},
            LostContact(LostReason.LAST_CONTACT_TOO_OLD, dt.date(2021, 1, 1)),
        ),
        ({"last_contact_on": dt.date(2030, 1, 1)}, None),
        ({"dues_paid_through": DAY}, LostContact(LostReason.NO_CONTACT_RECORDED, None)),
        ({"stage": MembershipStage.APPLICANT}, None),
        ({"state": MembershipState.SUSPENDED}, None),
        ({"state": MembershipState.DECEASED}, None),
        (
            {"state": MembershipState.REINSTATED},
            LostContact(LostReason.NO_CONTACT_RECORDED, None),
        ),
        (
            {"stage": MembershipStage.PROBATIONARY_MEMBER},
            LostContact(LostReason.NO_CONTACT_RECORDED, None),
        ),
    ],
)
def test_c10_lost_contact(changes: dict[str, object], expected: LostContact | None) -> None:
    assert rules.lost_cutoff(DAY) == CUT
    facts = replace(FULL, **changes)  # type: ignore[arg-type]
    assert rules.lost_contact(facts, DAY) == expected


HALF_YEAR = dt.date(2025, 12, 30)
"""Six months before DAY."""
HOME = {"residence_path": "1.2.3.", "territory_path": "1.2."}
ELSEWHERE = {"residence_path": "1.4.", "territory_path": "1.2."}
NOTHING = (VacantReason.DUES_NOT_RECORDED, VacantReason.ATTENDANCE_NOT_RECORDED)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (*NOTHING, VacantReason.TERRITORY_UNKNOWN)),
        ({"residence_path": "1."}, (*NOTHING, VacantReason.TERRITORY_UNKNOWN)),
        ({"territory_path": "1.2."}, (*NOTHING, VacantReason.RESIDENCE_UNKNOWN)),
        (ELSEWHERE, (*NOTHING, VacantReason.LIVES_OUTSIDE)),
        (
            {"residence_path": "1.21.", "territory_path": "1.2."},
            (*NOTHING, VacantReason.LIVES_OUTSIDE),
        ),
        (HOME, ()),
        ({**ELSEWHERE, "dues_paid_through": HALF_YEAR + dt.timedelta(days=1)}, ()),
        ({**ELSEWHERE, "last_attended_on": HALF_YEAR + dt.timedelta(days=1)}, ()),
        ({**ELSEWHERE, "affiliation_since": HALF_YEAR + dt.timedelta(days=1)}, ()),
        (
            {
                **ELSEWHERE,
                "dues_paid_through": HALF_YEAR,
                "last_attended_on": HALF_YEAR,
                "affiliation_since": HALF_YEAR,
            },
            (
                VacantReason.DUES_IN_ARREARS,
                VacantReason.NOT_ATTENDING,
                VacantReason.LIVES_OUTSIDE,
            ),
        ),
        (
            {**ELSEWHERE, "last_contact_on": DAY},
            (*NOTHING, VacantReason.LIVES_OUTSIDE),
        ),
        ({**ELSEWHERE, "stage": MembershipStage.CANDIDATE}, ()),
        ({**ELSEWHERE, "state": MembershipState.SUSPENDED}, ()),
    ],
)
def test_c10_vacant_membership(
    changes: dict[str, object], expected: tuple[VacantReason, ...]
) -> None:
    assert rules.vacant_cutoff(DAY) == HALF_YEAR
    facts = replace(FULL, **changes)  # type: ignore[arg-type]
    assert rules.vacant_membership(facts, DAY) == expected


days = st.none() | st.dates(dt.date(2025, 1, 1), dt.date(2026, 12, 31))
facts_of_members = st.builds(
    MemberFacts,
    stage=st.sampled_from(MembershipStage),
    state=st.sampled_from(MembershipState),
    affiliation_since=days,
    last_contact_on=days,
    last_attended_on=days,
    dues_paid_through=days,
    residence_path=st.sampled_from(["", "1.", "1.2.", "1.21."]),
    territory_path=st.sampled_from(["", "1.", "1.2."]),
)


@given(facts_of_members, st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31)))
def test_c10_a_longer_wait_lists_fewer(facts: MemberFacts, as_of: dt.date) -> None:
    """Deterministic in its arguments, and monotonous in the limit."""
    if rules.lost_contact(facts, as_of, 200):
        assert rules.lost_contact(facts, as_of, 180) == rules.lost_contact(facts, as_of, 200)
    if rules.vacant_membership(facts, as_of, 8):
        assert rules.vacant_membership(facts, as_of, 6) == rules.vacant_membership(facts, as_of, 8)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2026-08-31", -6, "2026-02-28"),
        ("2024-08-31", -6, "2024-02-29"),
        ("2026-01-15", -1, "2025-12-15"),
        ("2026-12-31", 12, "2027-12-31"),
        ("2026-03-31", 1, "2026-04-30"),
        ("2024-02-29", 24, "2026-02-28"),
    ],
)
def test_months(day: str, months: int, expected: str) -> None:
    moved = rules.add_months(dt.date.fromisoformat(day), months)
    assert moved.isoformat() == expected


# == ages ==


@pytest.mark.parametrize(
    ("age", "code"),
    [
        (0, "AGE_30_AND_UNDER"),
        (30, "AGE_30_AND_UNDER"),
        (31, "AGE_31_35"),
        (35, "AGE_31_35"),
        (36, "AGE_36_40"),
        (45, "AGE_41_45"),
        (46, "AGE_46_50"),
        (55, "AGE_51_55"),
        (60, "AGE_56_60"),
        (61, "AGE_61_70"),
        (70, "AGE_61_70"),
        (71, "AGE_71_AND_OVER"),
        (101, "AGE_71_AND_OVER"),
        (-1, "AGE_UNKNOWN"),
    ],
)
def test_age_bands(age: int, code: str) -> None:
    assert rules.age_band(2026 - age, 2026) == code


def test_age_unknown() -> None:
    assert rules.age_band(None, 2026) == "AGE_UNKNOWN"


@given(st.integers(1850, 2026), st.integers(2000, 2100))
def test_each_year_of_birth_is_in_the_range_of_its_band_only(birth: int, year: int) -> None:
    inside = []
    for band in AGE_BANDS:
        first, last = rules.birth_years(band, year)
        if (first is None or first <= birth) and birth <= last:
            inside.append(band.code)
    assert inside == ([] if birth > year else [rules.age_band(birth, year)])
