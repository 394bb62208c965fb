"""What the demo plans to load, without a database: the seed facts, the rules, no real person."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal

import pytest
from stdnum.cn import ric
from stdnum.exceptions import InvalidComponent

from gongzhi.imports.idnumber import parse_id_number
from gongzhi.privacy import Privacy
from gongzhi.registry import rules
from gongzhi.registry.codes import (
    ContactState,
    Gender,
    MembershipStage,
    MembershipState,
    Qualifier,
    SetupMode,
)
from gongzhi.registry.demo_members import (
    CASES,
    COMMITTEE,
    SEVEN_KINDS,
    XINHAI_MEMBERS,
    MemberPlan,
    Roster,
    roster,
)
from gongzhi.registry.demo_people import Inventor, person_columns
from gongzhi.registry.demo_places import (
    GUBEI,
    OrganizationPlan,
    area_plans,
    indicator_plans,
    organization_plans,
)
from gongzhi.registry.lists import CODE_LISTS, KIND_MATRIX

TODAY = dt.date(2026, 11, 22)
AREAS = area_plans()
AREA = {plan.code: plan for plan in AREAS}
PLANS = organization_plans(AREAS, TODAY)
PLAN = {plan.code: plan for plan in PLANS}
CODES = {entries.name: {e.code: e for e in entries.entries} for entries in CODE_LISTS}
MEMBERS = {MembershipStage.PROBATIONARY_MEMBER, MembershipStage.FULL_MEMBER}


@pytest.fixture(scope="module")
def people() -> Roster:
    return roster(PLANS, "seed", TODAY)


def above(plan: OrganizationPlan) -> list[str]:
    """Return the codes of an organization and its superiors, upwards."""
    line = [plan.code]
    while superior := PLAN[line[-1]].superior:
        line.append(superior)
    return line


def under(code: str) -> list[OrganizationPlan]:
    return [plan for plan in PLANS if code in above(plan)]


def area_line(code: str) -> str:
    """Return the codes of an area's ancestors and itself, downwards, as a path is made."""
    return (area_line(AREA[code].parent) if AREA[code].parent else "") + code + "/"


# ---- areas ---------------------------------------------------------------------------------------


def test_real_areas_are_all_there_and_a_tree() -> None:
    real = [plan for plan in AREAS if plan.code.isdigit()]
    assert len(real) == 10_489
    assert len(AREA) == len(AREAS)
    seen = {""}
    for plan in AREAS:
        assert plan.parent in seen, plan
        assert plan.code.startswith(plan.parent)
        assert plan.kind in CODES["area_kind"]
        seen.add(plan.code)
    assert not any(plan.synthetic for plan in real)
    assert sum(not plan.parent for plan in AREAS) == 3


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("31", "PROVINCE"),
        ("3710", "CITY"),
        ("371002", "DISTRICT"),
        ("310109009", "SUBDISTRICT"),
        ("310151114", "TOWN"),
        ("310151114001", "RESIDENTIAL_AREA"),
        ("371002101001", "VILLAGE"),
    ],
)
def test_kinds_of_real_areas(code: str, kind: str) -> None:
    if code == "371002101001":
        code = next(p.code for p in AREAS if p.parent == "371002101" and p.name == "羊亭村委会")
    assert AREA[code].kind == kind


def test_finer_areas_stand_where_they_are_said_to() -> None:
    assert AREA["310151114002-E1"].name == "新海一村"
    assert AREA["310151114002-E1"].parent == "310151114002"
    finer = [plan for plan in AREAS if not plan.code.isdigit()]
    assert {plan.name for plan in finer if not plan.synthetic} == {
        "新海一村",
        "洪联新村",
        "邮电新村",
    }


# ---- organizations -------------------------------------------------------------------------------


def test_organizations_obey_the_matrix() -> None:
    """V27, and every code is one that the lists have."""
    assert len(PLAN) == len(PLANS)
    seen = {""}
    for plan in PLANS:
        assert plan.superior in seen, plan.code
        parent = PLAN[plan.superior].kind if plan.superior else ""
        assert rules.check_position(plan.kind, parent, KIND_MATRIX) == [], plan.code
        assert not plan.area or plan.area in AREA, plan.code
        assert not plan.field or plan.field in CODES["party_building_field"]
        seen.add(plan.code)


def test_n301_n326_n327_xinhai() -> None:
    found = under("XINHAI")
    branches = [p for p in found if p.kind == "PARTY_BRANCH"]
    assert [AREA[p.area].kind for p in branches] == ["RESIDENTIAL_AREA"] * 5
    assert [AREA[p.area].name for p in branches] == [
        "跃进居委会",
        "新海居委会",
        "新海二村居委会",
        "红星居委会",
        "长征居委会",
    ]
    committees = [p for p in found if p.kind == "RESIDENTS_COMMITTEE"]
    assert {p.area for p in committees} == {p.area for p in branches}
    companies = [p for p in PLANS if p.kind == "PROPERTY_COMPANY"]
    assert [p.short_name for p in companies] == ["生源物业", "雅苑物业"]
    established = PLAN["XINHAI"].established_on
    assert established is not None
    assert established.year == 2008
    assert PLAN["XINHAI"].area == "310151114"


@pytest.mark.parametrize(
    ("street", "area", "count"), [("OUYANG", "310109009", 18), ("YANJI", "310110015", 17)]
)
def test_n105_n108_streets_have_their_real_committees(street: str, area: str, count: int) -> None:
    committees = [p for p in under(street) if p.kind == "RESIDENTS_COMMITTEE"]
    real = {p.code for p in AREAS if p.parent == area and p.code.isdigit()}
    assert len(committees) == count
    assert {p.area for p in committees} == real
    assert not any(p.synthetic for p in committees)


def test_n201_four_tiers() -> None:
    tiers = Counter(CODES["organization_kind"][p.kind].level for p in under("JINGYUAN"))
    assert set(tiers) == {"SUBDISTRICT", "COMMUNITY", "GRID", "BUILDING"}
    assert tiers["COMMUNITY"] == 16
    assert {above(p)[-1] for p in under("JINGYUAN")} == {"HUANCUI"}


def test_v26_upgrades_are_allowed_and_recorded() -> None:
    upgraded = [p for p in PLANS if p.upgraded_from]
    assert len(upgraded) == 16
    for plan in upgraded:
        before = rules.OrganizationFacts(path="1.2.", kind=plan.upgraded_from)
        child_kinds = {p.kind for p in PLANS if p.superior == plan.code}
        refused = rules.check_upgrade(
            before,
            plan.kind,
            parent_kind=PLAN[plan.superior].kind,
            child_kinds=child_kinds,
            matrix=KIND_MATRIX,
        )
        assert refused == [], plan.code
        assert plan.established_on is not None
        assert plan.upgraded_on is not None
        assert plan.established_on < plan.upgraded_on


def test_set_up_modes() -> None:
    joint = [p for p in PLANS if p.setup_mode is SetupMode.JOINT]
    assert [len(p.covers) for p in joint] == [3]
    for plan in PLANS:
        units = [
            rules.OrganizationFacts(
                path="9.",
                kind=PLAN[unit].kind,
                family=CODES["organization_kind"][PLAN[unit].kind].family,
            )
            for unit in plan.covers
        ]
        assert rules.check_coverage(plan.setup_mode, units) == [], plan.code


def test_one_temporary_branch_with_a_day_of_review_to_come() -> None:
    (plan,) = [p for p in PLANS if p.is_temporary]
    assert plan.review_on is not None
    assert plan.review_on > TODAY
    for each in PLANS:
        assert (
            rules.check_temporary(
                is_temporary=each.is_temporary,
                established_on=each.established_on,
                review_on=each.review_on,
            )
            == []
        )


def test_some_grids_and_estates_have_no_party_organization() -> None:
    party = {p.area for p in PLANS if CODES["organization_kind"][p.kind].family == "PARTY"}
    gaps = {p.code for p in AREAS if p.kind in {"GRID", "ESTATE"} and p.code not in party}
    assert {"371002002021-G2", "371002002022-G2", "310151114002-E1"} <= gaps
    assert "371002002007-G1" not in gaps
    assert "440307014027-E1" not in gaps


# ---- people --------------------------------------------------------------------------------------


def test_n303_members_of_xinhai(people: Roster) -> None:
    counted = [m for m in people.members if "XINHAI" in above(PLAN[m.branch])]
    assert len(counted) == 468
    assert Counter(m.branch for m in counted) == XINHAI_MEMBERS
    assert {m.stage for m in counted} == MEMBERS
    assert {m.state for m in counted} == {MembershipState.NORMAL}


def test_all_people_are_invented(people: Roster) -> None:
    numbers = [p.invented.id_number for p in people.people]
    mobiles = [p.invented.mobile for p in people.people]
    assert len(set(numbers)) == len(numbers)
    assert len(set(mobiles)) == len(mobiles)
    for each in people.people:
        invented = each.invented
        read = parse_id_number(invented.id_number, TODAY)
        assert (read.birth, read.gender) == (invented.birth, invented.gender)
        assert ric.calc_check_digit(invented.id_number) == invented.id_number[-1]
        with pytest.raises(InvalidComponent):  # the place is none, so the number is nobody's
            ric.get_birth_place(invented.id_number)
        assert len(invented.mobile) == 11
        assert invented.mobile.startswith("160")
        assert 2 <= len(invented.name) <= 3
        assert 23 <= TODAY.year - invented.birth.year <= 88
        assert {invented.ethnic_group} <= set(CODES["ethnic_group"])
        assert {invented.education} <= set(CODES["education"])
        assert set(invented.skills) <= set(CODES["skill"])
        assert set(invented.hobbies) <= set(CODES["hobby"])
    assert {p.invented.gender for p in people.people} == {Gender.FEMALE, Gender.MALE}


def test_columns_hold_no_plain_personal_value() -> None:
    person = Inventor("x", TODAY).person((70, 70))
    columns = person_columns(person, Privacy(Privacy.new_secret()))
    shown = str({k: v for k, v in columns.items() if not isinstance(v, bytes)})
    for value in (person.name, person.id_number, person.mobile, person.birth.isoformat()):
        assert value not in shown
        assert all(value.encode() not in v for v in columns.values() if isinstance(v, bytes))
    assert columns["synthetic"] is True


def test_the_same_day_gives_the_same_people(people: Roster) -> None:
    again = roster(organization_plans(area_plans(), TODAY), "seed", TODAY)
    assert again.people == people.people
    assert again.members == people.members
    assert again.appointments == people.appointments
    assert roster(PLANS, "other", TODAY).people != people.people


@pytest.mark.parametrize("today", [dt.date(2026, 1, 1), dt.date(2028, 2, 29), dt.date(2031, 3, 31)])
def test_other_days_work_too(today: dt.date) -> None:
    plans = organization_plans(AREAS, today)
    made = roster(plans, "seed", today)
    assert len(made.members) == len(roster(PLANS, "seed", TODAY).members)
    for member in made.members:
        check_dates(made, member, today)


def check_dates(people: Roster, member: MemberPlan, today: dt.date) -> None:
    dates = rules.MembershipDates(
        birth_year=people.people[member.person].invented.birth.year,
        joined_on=member.joined_on,
        full_member_on=member.full_member_on,
        affiliation_since=member.affiliation_since,
        last_contact_on=member.last_contact_on,
        last_attended_on=member.last_attended_on,
    )
    assert rules.check_membership_dates(member.stage, dates, today) == [], member
    assert rules.advise_membership_dates(dates) == [], member
    if member.joined_on and member.affiliation_since:
        assert member.joined_on <= member.affiliation_since
    for event in member.events:
        assert event.kind in CODES["member_event_kind"]
        assert event.on <= today


def test_memberships_obey_the_rules(people: Roster) -> None:
    for member in people.members:
        check_dates(people, member, TODAY)
        branch = PLAN[member.branch]
        assert CODES["organization_kind"][branch.kind].family == "PARTY"


def facts(people: Roster, member: MemberPlan) -> rules.MemberFacts:
    residence = people.people[member.person].residence
    territory = PLAN[member.branch].area
    return rules.MemberFacts(
        stage=member.stage,
        state=member.state,
        affiliation_since=member.affiliation_since,
        last_contact_on=member.last_contact_on,
        last_attended_on=member.last_attended_on,
        dues_paid_through=member.dues_paid_through,
        residence_path=area_line(residence) if residence else "",
        territory_path=area_line(territory) if territory else "",
    )


def test_lost_and_vacant_are_the_cases_and_nobody_else(people: Roster) -> None:
    """C10: five of the seven cases are lost, three vacant, in each branch of 新海镇."""
    lost = Counter(m.branch for m in people.members if rules.lost_contact(facts(people, m), TODAY))
    vacant = Counter(
        m.branch for m in people.members if rules.vacant_membership(facts(people, m), TODAY)
    )
    assert len(CASES) == 7
    assert lost == dict.fromkeys(XINHAI_MEMBERS, 5)
    assert vacant == dict.fromkeys(XINHAI_MEMBERS, 3)
    reasons = {
        reason
        for m in people.members
        for reason in rules.vacant_membership(facts(people, m), TODAY)
    }
    assert reasons == {
        rules.VacantReason.DUES_IN_ARREARS,
        rules.VacantReason.DUES_NOT_RECORDED,
        rules.VacantReason.NOT_ATTENDING,
        rules.VacantReason.ATTENDANCE_NOT_RECORDED,
        rules.VacantReason.LIVES_OUTSIDE,
        rules.VacantReason.RESIDENCE_UNKNOWN,
    }
    assert {m.contact_state for m in people.members} == set(ContactState)


def test_stages_and_states_that_do_not_count_are_there(people: Roster) -> None:
    assert {m.stage for m in people.members} == set(MembershipStage)
    ended = {m.state for m in people.members} - {MembershipState.NORMAL}
    assert ended == {MembershipState.SUSPENDED, MembershipState.REMOVED, MembershipState.DECEASED}


def test_committees_of_five(people: Roster) -> None:
    for branch, count in XINHAI_MEMBERS.items():
        committee = [a for a in people.appointments if a.organization == branch]
        assert tuple(a.post for a in committee) == COMMITTEE
        assert len({a.person for a in committee}) == 5
        own = {m.person for m in people.members if m.branch == branch}
        assert len(own) == count
        assert {a.person for a in committee} <= own


def test_branches_have_three_full_members_and_a_secretary(people: Roster) -> None:
    full = Counter(m.branch for m in people.members if m.stage is MembershipStage.FULL_MEMBER)
    led = {a.organization for a in people.appointments if a.post == "SECRETARY"}
    for plan in PLANS:
        if plan.kind in rules.BRANCH_KINDS and not plan.is_temporary:
            assert full[plan.code] >= 3, plan.code
            assert plan.code in led, plan.code


def test_posts_are_known(people: Roster) -> None:
    for each in people.appointments:
        assert each.post in CODES["post"]
        assert each.source == "" or each.source in CODES["appointment_source"]
        assert each.organization in PLAN
        assert each.starts_on <= TODAY
    posts = {a.post for a in people.appointments if a.organization == f"{GUBEI}-G1"}
    assert set(SEVEN_KINDS) <= posts


def test_v25_part_time_members(people: Roster) -> None:
    stages = {m.person: m.stage for m in people.members}
    part_time = [a for a in people.appointments if a.post == rules.PART_TIME_COMMITTEE_MEMBER]
    assert len(part_time) == 3
    assert {a.organization for a in part_time} == {GUBEI}
    for each in part_time:
        home = PLAN[each.home]
        found = rules.PartTimeFacts(
            is_party_member=stages[each.person] in MEMBERS,
            home=rules.OrganizationFacts(
                path="9.", kind=home.kind, family=CODES["organization_kind"][home.kind].family
            ),
            home_posts=[
                a.post
                for a in people.appointments
                if a.person == each.person and a.organization == each.home
            ],
        )
        assert rules.check_part_time(found) == [], each
        assert each.is_concurrent


def test_seconded_secretaries(people: Roster) -> None:
    seconded = [a for a in people.appointments if a.seconded_from]
    assert {(a.organization, a.seconded_from) for a in seconded} == {
        ("XINHAI-YUEJIN", "XINHAI-GOV"),
        ("XINHAI-HONGXING", "XINHAI-GOV"),
        (GUBEI, "HUANCUI-ORG"),
    }
    sources = {a.source for a in people.appointments if a.post == "SECRETARY"}
    assert sources == {"LOCAL", "SECONDED_AGENCY", "SECONDED_INSTITUTION", "RETIRED_OFFICIAL"}


# ---- figures -------------------------------------------------------------------------------------


def test_indicators_carry_their_qualifier_and_source() -> None:
    """V29."""
    plans = {plan.code: plan for plan in indicator_plans()}
    assert len(plans) == len(indicator_plans())

    def quantity(code: str) -> tuple[Decimal, str, Qualifier]:
        return plans[code].value, plans[code].unit, plans[code].qualifier

    assert quantity("CONFERENCE_RING_UNITS") == (Decimal(50), "家", Qualifier.OVER)
    assert plans["CONFERENCE_RING_UNITS"].organization == "YANGJING"
    assert quantity("POPULATION") == (Decimal(31), "万人", Qualifier.EXACT)
    assert quantity("URBANIZATION_RATE") == (Decimal("88.36"), "%", Qualifier.EXACT)
    assert quantity("PETITION_VISITS_YOY") == (Decimal("-76.1"), "%", Qualifier.EXACT)
    assert quantity("RESIDENTS_SERVED") == (Decimal(20), "万人次", Qualifier.NEARLY)
    assert quantity("SOLVED_IN_COMMUNITY_SHARE") == (Decimal(80), "%", Qualifier.AT_LEAST)
    assert quantity("CORE_COUNCILLORS_PER_AREA") == (Decimal(15), "人", Qualifier.ABOUT)
    for plan in plans.values():
        assert plan.source
        assert not plan.organization or plan.organization in PLAN
