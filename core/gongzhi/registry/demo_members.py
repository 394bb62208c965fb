"""People, memberships and appointments of the demo, as plans: pure, the same on the same day.

Most members were in contact lately. A few have a case (:data:`CASES`) that the rules for 失联 and
空挂 find, or that somebody has already marked; days of contact are counted back from today, so that
the lists do not fill up as the demo grows old.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gongzhi.registry.codes import (
    AppointmentBasis,
    ContactState,
    MembershipStage,
    MembershipState,
)
from gongzhi.registry.demo_people import Invented, Inventor
from gongzhi.registry.demo_places import GUBEI, OUYANG, OrganizationPlan
from gongzhi.registry.rules import add_months

if TYPE_CHECKING:
    from collections.abc import Mapping

_DAY = dt.timedelta(days=1)

XINHAI_MEMBERS: Mapping[str, int] = {
    "XINHAI-YUEJIN": 94,
    "XINHAI-XINHAI": 94,
    "XINHAI-XINHAI2": 94,
    "XINHAI-HONGXING": 93,
    "XINHAI-CHANGZHENG": 93,
}
"""The 468 members of seed S3 (N303), over its five branches."""

COMMITTEE = (
    "SECRETARY",
    "DEPUTY_SECRETARY",
    "ORGANIZATION_COMMISSIONER",
    "PUBLICITY_COMMISSIONER",
    "DISCIPLINE_COMMISSIONER",
)
SEVEN_KINDS = (
    "GRID_WORKER",
    "INFORMATION_OFFICER",
    "MEDIATOR",
    "SECURITY_PATROLLER",
    "COUNSELLOR",
    "LEGAL_ADVISER",
    "POLICE_ASSISTANT",
)
"""七大员 of seed S2."""

_SECONDED = {
    "XINHAI-YUEJIN": ("SECONDED_AGENCY", "XINHAI-GOV"),
    "XINHAI-HONGXING": ("SECONDED_AGENCY", "XINHAI-GOV"),
    "XINHAI-CHANGZHENG": ("SECONDED_INSTITUTION", ""),
    GUBEI: ("SECONDED_AGENCY", "HUANCUI-ORG"),
}
"""班长工程 of seed S3: secretaries sent by agencies and institutions. Here they are invented."""

_ESTATES = {"XINHAI-XINHAI": "310151114002-E1", "XINHAI-HONGXING": "310151114004-E1"}
_ELSEWHERE = {True: "310110015001", False: "310109009013"}
"""Where somebody lives who lives elsewhere; True: the branch is in 欧阳路街道."""

_SIZES = {"OUYANG": 7, "YANJI": 6}
_SMALL = {"GRID_PARTY_BRANCH": 5, "BUILDING_PARTY_GROUP": 3, "TWO_NEW_PARTY_BRANCH": 4}

_RETIRED, _MIDDLE, _YOUNG = (62, 88), (45, 61), (24, 44)
_AGES = (_RETIRED,) * 12 + (_MIDDLE,) * 5 + (_YOUNG,) * 3
"""S3: most members of a residential-area branch are retired."""

_TERM_BEGAN = dt.date(2024, 7, 1)


@dataclass(frozen=True, slots=True)
class Case:
    """When a member was last seen: days and months before today, None for no record."""

    contact: int | None
    attended: int | None
    dues: int | None
    contact_state: ContactState = ContactState.IN_CONTACT
    lives: str = "HERE"
    """HERE, ELSEWHERE or UNKNOWN."""


CASES: Mapping[str, Case] = {
    "found by the rule for 失联": Case(230, 260, 1),
    "never contacted": Case(None, None, 1),
    "marked as suspected": Case(200, 290, 2, ContactState.SUSPECTED_LOST),
    "being searched for": Case(300, 400, 5, ContactState.SEARCHING),
    "lost, and vacant as well": Case(500, 600, 14, ContactState.LOST, "ELSEWHERE"),
    "vacant: in arrears and living elsewhere": Case(30, 250, 9, lives="ELSEWHERE"),
    "vacant: nothing recorded, residence unknown": Case(20, None, None, lives="UNKNOWN"),
}
"""The cases of each branch of 新海镇; its last members have them, in this order."""


@dataclass(frozen=True, slots=True)
class PersonPlan:
    """A person to insert: whose record it is, and where the person lives."""

    organization: str
    residence: str
    invented: Invented
    work_unit: str = ""


@dataclass(frozen=True, slots=True)
class EventPlan:
    """A decision about a membership."""

    kind: str
    on: dt.date
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPlan:
    """A membership to insert; ``person`` is an index into the people."""

    person: int
    branch: str
    stage: MembershipStage
    state: MembershipState = MembershipState.NORMAL
    contact_state: ContactState = ContactState.IN_CONTACT
    joined_on: dt.date | None = None
    full_member_on: dt.date | None = None
    affiliation_since: dt.date | None = None
    last_contact_on: dt.date | None = None
    last_attended_on: dt.date | None = None
    dues_paid_through: dt.date | None = None
    is_floating: bool = False
    events: tuple[EventPlan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentPlan:
    """An appointment to insert."""

    person: int
    organization: str
    post: str
    starts_on: dt.date = _TERM_BEGAN
    source: str = ""
    basis: AppointmentBasis = AppointmentBasis.ELECTED
    is_concurrent: bool = False
    seconded_from: str = ""
    home: str = ""


class Roster:
    """Collects the people of the demo, their memberships and posts."""

    def __init__(self, seed: str, today: dt.date) -> None:
        """Begin with nobody."""
        self.people: list[PersonPlan] = []
        self.members: list[MemberPlan] = []
        self.appointments: list[AppointmentPlan] = []
        self._today = today
        self._inventor = Inventor(seed, today)
        self._random = random.Random(seed)  # noqa: S311  # a series to repeat, not a secret

    def person(self, organization: str, residence: str, ages: tuple[int, int]) -> int:
        """Add a person; return the index."""
        invented = self._inventor.person(ages)
        self.people.append(PersonPlan(organization, residence, invented))
        return len(self.people) - 1

    def member(
        self,
        branch: OrganizationPlan,
        *,
        residence: str = "",
        case: Case | None = None,
        stage: MembershipStage = MembershipStage.FULL_MEMBER,
        state: MembershipState = MembershipState.NORMAL,
    ) -> int:
        """Add a person and a membership; return the index of the person."""
        seen = case or self._seen_lately()
        elsewhere = _ELSEWHERE[branch.area.startswith(OUYANG)]
        lives = {"HERE": residence or branch.area, "ELSEWHERE": elsewhere, "UNKNOWN": ""}
        is_full = stage is MembershipStage.FULL_MEMBER
        ages = self._random.choice(_AGES) if is_full else _YOUNG
        person = self.person(branch.code, lives[seen.lives], ages)
        joined_on = self._joined_on(self.people[person].invented, stage)
        since = self._affiliated_on(branch, joined_on, case)
        events = [EventPlan("REGISTERED", since, after=stage.value)]
        if state is not MembershipState.NORMAL:
            on = self._today - 120 * _DAY
            events.append(EventPlan(state.value, on, MembershipState.NORMAL.value, state.value))
        self.members.append(
            MemberPlan(
                person=person,
                branch=branch.code,
                stage=stage,
                state=state,
                contact_state=seen.contact_state,
                joined_on=joined_on,
                full_member_on=joined_on.replace(year=joined_on.year + 1)
                if joined_on and is_full
                else None,
                affiliation_since=since,
                last_contact_on=self._ago(seen.contact),
                last_attended_on=self._ago(seen.attended),
                dues_paid_through=self._month_end(seen.dues) if joined_on else None,
                is_floating=seen.lives == "ELSEWHERE",
                events=tuple(events),
            )
        )
        return person

    def appoint(self, plan: AppointmentPlan) -> None:
        """Add an appointment."""
        self.appointments.append(plan)

    def _seen_lately(self) -> Case:
        return Case(self._random.randint(1, 90), self._random.randint(1, 60), 1)

    def _ago(self, days: int | None) -> dt.date | None:
        return None if days is None else self._today - days * _DAY

    def _month_end(self, months_ago: int | None) -> dt.date | None:
        if months_ago is None:
            return None
        return add_months(self._today.replace(day=1), 1 - months_ago) - _DAY

    def _joined_on(self, person: Invented, stage: MembershipStage) -> dt.date | None:
        """Pick a day at 19 to 45 years, at least three years ago; a probationer's is of late."""
        if stage is MembershipStage.PROBATIONARY_MEMBER:
            return self._today - self._random.randint(30, 300) * _DAY
        if stage is not MembershipStage.FULL_MEMBER:
            return None
        latest = min(45, self._today.year - person.birth.year - 4)
        year = person.birth.year + self._random.randint(19, latest)
        return dt.date(year, self._random.randint(1, 12), self._random.randint(1, 28))

    def _affiliated_on(
        self, branch: OrganizationPlan, joined_on: dt.date | None, case: Case | None
    ) -> dt.date:
        """Pick a day of coming to the branch: long ago for a case, which recent ones cannot be."""
        if joined_on is None:
            return self._today - self._random.randint(60, 500) * _DAY
        begin = max(joined_on, branch.established_on or dt.date(2008, 7, 1))
        end = self._today - (800 * _DAY if case else 60 * _DAY)
        return begin + self._random.randint(0, max((end - begin).days, 0)) * _DAY


def roster(organizations: Iterable[OrganizationPlan], seed: str, today: dt.date) -> Roster:
    """Fill the organizations of the demo with people."""
    made = Roster(seed, today)
    by_code = {plan.code: plan for plan in organizations}
    for code, count in XINHAI_MEMBERS.items():
        _xinhai_branch(made, by_code[code], count)
    for plan in by_code.values():
        street = plan.code.partition("-")[0]
        if plan.kind == "PARTY_BRANCH" and street in _SIZES:
            _street_branch(made, plan, _SIZES[street])
        elif plan.kind in _SMALL:
            _small_branch(made, plan, _SMALL[plan.kind])
    _small_branch(made, by_code["BUJI-KEYUAN-E1"], 6)
    _not_yet_members(made, by_code)
    _exceptions(made, by_code)
    _leaders(made, by_code)
    return made


def _committee(made: Roster, branch: str, people: Sequence[int], posts: Sequence[str]) -> None:
    source, seconded_from = _SECONDED.get(branch, ("LOCAL", ""))
    for person, post in zip(people, posts, strict=False):
        leads = post == "SECRETARY"
        made.appoint(
            AppointmentPlan(
                person=person,
                organization=branch,
                post=post,
                source=source if leads else "LOCAL",
                seconded_from=seconded_from if leads else "",
                basis=AppointmentBasis.APPOINTED
                if leads and source != "LOCAL"
                else AppointmentBasis.ELECTED,
            )
        )


def _xinhai_branch(made: Roster, branch: OrganizationPlan, count: int) -> None:
    """Add a committee of five, ordinary members, two probationers, and the cases."""
    ordinary = count - len(CASES) - 2
    people = [
        # Every fourth lives in the estate that a seed names, where the branch has one.
        made.member(branch, residence=_ESTATES.get(branch.code, "") if n % 4 == 0 else "")
        for n in range(ordinary)
    ]
    for _ in range(2):
        made.member(branch, stage=MembershipStage.PROBATIONARY_MEMBER)
    for case in CASES.values():
        made.member(branch, case=case)
    _committee(made, branch.code, people[: len(COMMITTEE)], COMMITTEE)


def _street_branch(made: Roster, branch: OrganizationPlan, count: int) -> None:
    people = [made.member(branch) for _ in range(count)]
    _committee(made, branch.code, people[:1], COMMITTEE)


def _small_branch(made: Roster, branch: OrganizationPlan, count: int) -> None:
    people = [made.member(branch) for _ in range(count)]
    posts = ["PARTY_GROUP_LEADER"] if branch.kind == "BUILDING_PARTY_GROUP" else COMMITTEE[:3]
    _committee(made, branch.code, people, posts)


def _not_yet_members(made: Roster, by_code: Mapping[str, OrganizationPlan]) -> None:
    """入党申请人, 积极分子, 发展对象: in two streets, so that the count of 新海镇 stays 468."""
    stages = (MembershipStage.APPLICANT, MembershipStage.ACTIVIST, MembershipStage.CANDIDATE)
    for n, code in enumerate(("OUYANG-002", "OUYANG-013", f"{GUBEI}-G1", f"{GUBEI}-G2")):
        for stage in stages[: 3 - n % 2]:
            made.member(by_code[code], stage=stage)


def _exceptions(made: Roster, by_code: Mapping[str, OrganizationPlan]) -> None:
    """Memberships that are suspended or have ended, so that they must not be counted."""
    lost = CASES["lost, and vacant as well"]
    made.member(by_code["OUYANG-003"], case=lost, state=MembershipState.SUSPENDED)
    made.member(by_code["OUYANG-004"], case=lost, state=MembershipState.REMOVED)
    made.member(by_code["OUYANG-005"], state=MembershipState.DECEASED)


def _leaders(made: Roster, by_code: Mapping[str, OrganizationPlan]) -> None:
    """古北社区: a seconded secretary, three part-time members 兼职委员 (V25), the 七大员."""
    by_branch: dict[str, list[int]] = {}
    for member in made.members:
        if member.stage is MembershipStage.FULL_MEMBER:
            by_branch.setdefault(member.branch, []).append(member.person)
    grid = f"{GUBEI}-G1"
    first = by_branch[grid]
    _committee(made, GUBEI, by_branch[f"{GUBEI}-G2"][-1:], COMMITTEE)
    homes = (
        ("HUANCUI-POLICE", "COMMUNITY_POLICE_OFFICER", first[-1], AppointmentBasis.CO_OPTED),
        ("HUANCUI-OWNERS", "DIRECTOR", first[-2], AppointmentBasis.CO_OPTED),
        ("HUANCUI-CIRCLE-1", "", by_branch["HUANCUI-CIRCLE-1"][0], AppointmentBasis.RECRUITED),
    )
    for home, post, person, basis in homes:
        if post:  # the secretary of the joint branch heads it already
            made.appoint(AppointmentPlan(person=person, organization=home, post=post))
        made.appoint(
            AppointmentPlan(
                person=person,
                organization=GUBEI,
                post="PART_TIME_COMMITTEE_MEMBER",
                starts_on=dt.date(2024, 9, 1),
                basis=basis,
                is_concurrent=True,
                home=home,
            )
        )
    made.appoint(
        AppointmentPlan(
            person=by_branch["HUANCUI-PARK-1"][1],
            organization="HUANCUI-PARK",
            post="SECRETARY",
            source="RETIRED_OFFICIAL",
            basis=AppointmentBasis.RECRUITED,
        )
    )
    for post in SEVEN_KINDS:
        worker = made.person(grid, by_code[grid].area, _YOUNG)
        made.appoint(
            AppointmentPlan(
                person=worker, organization=grid, post=post, basis=AppointmentBasis.RECRUITED
            )
        )
