"""Use cases of people, memberships and posts; mutations reach them by the service module."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from gongzhi import clock
from gongzhi.errors import RuleError
from gongzhi.privacy import Privacy
from gongzhi.registry import counters, rules, tree
from gongzhi.registry.codes import (
    AppointmentBasis,
    ContactState,
    EmploymentState,
    Gender,
    MembershipStage,
    MembershipState,
)
from gongzhi.registry.common import (
    active_code,
    active_codes,
    change,
    facts_of,
    insist,
    must_be_active,
    must_be_party,
    must_be_version,
    past_day,
    text,
    values,
)
from gongzhi.registry.lists import APPOINTMENT_SOURCE, EDUCATION, ETHNIC_GROUP, HOBBY, POST, SKILL
from gongzhi.registry.models import (
    Appointment,
    Area,
    Member,
    MemberEvent,
    Organization,
    Person,
)
from gongzhi.registry.personal import (
    birth_columns,
    id_number_columns,
    identity_of,
    mobile_columns,
    must_be_new,
    name_columns,
)
from gongzhi.registry.rules import MembershipDates, PartTimeFacts, refuse

if TYPE_CHECKING:
    from tortoise.backends.base.client import BaseDBAsyncClient
    from tortoise.queryset import QuerySet


async def create_person(
    organization_id: int,
    name: str,
    *,
    privacy: Privacy,
    id_number: str = "",
    mobile: str = "",
    birth: dt.date | None = None,
    gender: Gender = Gender.UNKNOWN,
    ethnic_group: str = "",
    education: str = "",
    employment_state: EmploymentState = EmploymentState.UNKNOWN,
    work_unit: str = "",
    residence_area_id: int | None = None,
    skills: Sequence[str] = (),
    hobbies: Sequence[str] = (),
    synthetic: bool = False,
) -> Person:
    """Enter a person whose record the organization keeps. Personal values are encrypted.

    :param id_number: eighteen characters with a right check digit; the day of birth and the
        gender follow from it, and may be left out or must agree.
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, BLANK, TOO_LONG, UNKNOWN_CODE, ID_LENGTH,
        ID_CHARACTERS, ID_BIRTH, ID_CHECKSUM, ID_DISAGREES, MOBILE_SHAPE, FUTURE_DATE,
        ALREADY_REGISTERED.
    """
    name = text(Person, "name_masked", name, needed=True, field="name")
    identity = identity_of(id_number)
    insist(rules.check_birth(birth, clock.today()) + rules.check_mobile(mobile))
    if identity:
        insist(
            rules.check_identity(
                birth=birth, gender=gender, of_number=(identity.birth, identity.gender)
            )
        )
        birth, gender = identity.birth, identity.gender
    async with in_transaction() as connection:
        residence = (
            await tree.get(connection, Area, residence_area_id, "residence_area")
            if residence_area_id
            else None
        )
        keeper = await tree.get(connection, Organization, organization_id, "organization")
        must_be_active(keeper, "organization")
        for list_name, code, field in (
            (ETHNIC_GROUP, ethnic_group, "ethnic_group"),
            (EDUCATION, education, "education"),
        ):
            if code:
                await active_code(connection, list_name, code, field)
        person = Person(
            organization_id=keeper.id,
            org_path=keeper.path,
            **name_columns(privacy, name),
            **id_number_columns(privacy, identity.number if identity else ""),
            **mobile_columns(privacy, mobile),
            **birth_columns(privacy, birth),
            gender=gender,
            ethnic_group=ethnic_group,
            education=education,
            employment_state=employment_state,
            work_unit=text(Person, "work_unit", work_unit),
            residence_area_id=residence_area_id,
            residence_path=residence.path if residence else "",
            skills=await active_codes(connection, SKILL, skills, "skills"),
            hobbies=await active_codes(connection, HOBBY, hobbies, "hobbies"),
            synthetic=synthetic,
        )
        await must_be_new(connection, person.id_number_hash)
        try:
            await person.save(using_db=connection, force_create=True)
        except IntegrityError:  # another transaction was quicker with the same number
            refuse("ALREADY_REGISTERED", "id_number")
    return person


async def admit_member(
    person_id: int,
    branch_id: int,
    *,
    stage: MembershipStage,
    joined_on: dt.date | None = None,
    full_member_on: dt.date | None = None,
    affiliation_since: dt.date | None = None,
    last_contact_on: dt.date | None = None,
    last_attended_on: dt.date | None = None,
    dues_paid_through: dt.date | None = None,
    is_floating: bool = False,
    on: dt.date | None = None,
    decided_by: str = "",
    document: str = "",
    synthetic: bool = False,
) -> Member:
    """Register a person in a branch, at any stage from applicant to full member.

    A person has one current membership at a time. Who is registered again where an earlier
    membership has ended, continues that row: its history shows both.

    :param on: the day of the registration, today where none is given.
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, NOT_A_PARTY_ORGANIZATION, ALREADY_MEMBER,
        FUTURE_DATE, DATE_ORDER, DATE_WITHOUT_STAGE.
    """
    day = past_day(on)
    async with in_transaction() as connection:
        branch = await _open_branch(connection, branch_id)
        person = await tree.get(connection, Person, person_id, "person", change=True)
        earlier = await Member.filter(person_id=person_id).using_db(connection)
        if any(row.state in rules.CURRENT_STATES for row in earlier):
            refuse("ALREADY_MEMBER", "person")
        dates = MembershipDates(
            birth_year=person.birth_year,
            joined_on=joined_on,
            full_member_on=full_member_on,
            affiliation_since=affiliation_since,
            last_contact_on=last_contact_on,
            last_attended_on=last_attended_on,
        )
        insist(rules.check_membership_dates(stage, dates, clock.today()))
        columns = {
            "stage": stage,
            "state": MembershipState.NORMAL,
            "contact_state": ContactState.IN_CONTACT,
            "joined_on": joined_on,
            "full_member_on": full_member_on,
            "affiliation_since": affiliation_since,
            "last_contact_on": last_contact_on,
            "last_attended_on": last_attended_on,
            "dues_paid_through": dues_paid_through,
            "is_floating": is_floating,
            "synthetic": synthetic,
        }
        before = ""
        ended = [row for row in earlier if row.branch_id == branch_id]
        if ended:
            member, before = ended[0], ended[0].state.value
            await change(connection, member, **columns)
        else:
            member = await Member.create(
                using_db=connection,
                person_id=person_id,
                branch_id=branch_id,
                org_path=branch.path,
                **columns,
            )
        await _event(
            connection,
            member,
            "REGISTERED",
            day,
            before=before,
            after=stage.value,
            decided_by=decided_by,
            document=document,
        )
        await counters.adjust(
            counters.on_tortoise(connection), _counted(member, person.birth_year, branch.path)
        )
    return member


async def move_member(
    member_id: int,
    branch_id: int,
    *,
    on: dt.date | None = None,
    decided_by: str = "",
    document: str = "",
    expected_version: int | None = None,
) -> Member:
    """组织关系转接 within this registry: the membership goes to another branch.

    If the old branch keeps the record of the person, that goes along.

    :raises RuleError: NOT_FOUND, CONFLICT, MEMBERSHIP_ENDED, NOT_ACTIVE, ALREADY_MEMBER,
        NOT_A_PARTY_ORGANIZATION, SAME_BRANCH, FUTURE_DATE.
    """
    day = past_day(on)
    async with in_transaction() as connection:
        member, person = await _current_member(
            connection, member_id, expected_version, also=branch_id
        )
        if member.branch_id == branch_id:
            refuse("SAME_BRANCH", "branch")
        branch = await _open_branch(connection, branch_id)
        there = Member.filter(person_id=person.id, branch_id=branch_id)
        if await there.using_db(connection).exists():
            refuse("ALREADY_MEMBER", "branch")
        old = await Organization.get(id=member.branch_id, using_db=connection)
        await change(
            connection,
            member,
            branch_id=branch_id,
            org_path=branch.path,
            affiliation_since=day,
        )
        await tree.follow(connection, Member, member.id, branch.path)
        if person.organization_id == old.id:
            await change(connection, person, organization_id=branch_id, org_path=branch.path)
            await tree.follow(connection, Person, person.id, branch.path)
        await _event(
            connection,
            member,
            "TRANSFERRED",
            day,
            before=old.code,
            after=branch.code,
            decided_by=decided_by,
            document=document,
        )
        await counters.adjust(
            counters.on_tortoise(connection),
            [
                *_counted(member, person.birth_year, old.path, -1),
                *_counted(member, person.birth_year, branch.path),
            ],
        )
    return member


async def change_stage(
    member_id: int,
    stage: MembershipStage,
    *,
    on: dt.date | None = None,
    decided_by: str = "",
    document: str = "",
    expected_version: int | None = None,
) -> Member:
    """Take the next step to full membership; PROBATIONARY_MEMBER and FULL_MEMBER keep their day.

    :raises RuleError: NOT_FOUND, CONFLICT, MEMBERSHIP_ENDED, STAGE_STEP, DATE_ORDER, FUTURE_DATE.
    """
    day = past_day(on)
    async with in_transaction() as connection:
        member, person = await _current_member(connection, member_id, expected_version)
        insist(rules.check_stage_step(member.stage, stage))
        joined_on, full_member_on = member.joined_on, member.full_member_on
        if stage is MembershipStage.PROBATIONARY_MEMBER:
            joined_on = day
        if stage is MembershipStage.FULL_MEMBER:
            full_member_on = day
        dates = MembershipDates(
            birth_year=person.birth_year, joined_on=joined_on, full_member_on=full_member_on
        )
        insist(rules.check_membership_dates(stage, dates, clock.today()))
        before, deltas = member.stage, _counted(member, person.birth_year, member.org_path, -1)
        await change(
            connection,
            member,
            stage=stage,
            joined_on=joined_on,
            full_member_on=full_member_on,
        )
        await _event(
            connection,
            member,
            "STAGE_CHANGED",
            day,
            before=before.value,
            after=stage.value,
            decided_by=decided_by,
            document=document,
        )
        await counters.adjust(
            counters.on_tortoise(connection),
            [*deltas, *_counted(member, person.birth_year, member.org_path)],
        )
    return member


async def change_state(
    member_id: int,
    state: MembershipState,
    *,
    on: dt.date | None = None,
    decided_by: str = "",
    document: str = "",
    expected_version: int | None = None,
) -> Member:
    """Suspend 停止党籍, reinstate 恢复党籍 or end a membership.

    :raises RuleError: NOT_FOUND, CONFLICT, MEMBERSHIP_ENDED, STATE_STEP, SUSPENSION_TOO_SHORT,
        FUTURE_DATE.
    """
    day = past_day(on)
    async with in_transaction() as connection:
        member, person = await _current_member(connection, member_id, expected_version)
        suspended = (
            await MemberEvent.filter(member_id=member_id, kind=MembershipState.SUSPENDED.value)
            .using_db(connection)
            .order_by("-occurred_on", "-id")
            .first()
        )
        insist(
            rules.check_state_step(
                member.state,
                state,
                on=day,
                suspended_on=suspended.occurred_on if suspended else None,
            )
        )
        before, deltas = member.state, _counted(member, person.birth_year, member.org_path, -1)
        await change(connection, member, state=state)
        await _event(
            connection,
            member,
            state.value,
            day,
            before=before.value,
            after=state.value,
            decided_by=decided_by,
            document=document,
        )
        await counters.adjust(
            counters.on_tortoise(connection),
            [*deltas, *_counted(member, person.birth_year, member.org_path)],
        )
    return member


async def change_contact_state(
    member_id: int,
    contact_state: ContactState,
    *,
    on: dt.date | None = None,
    decided_by: str = "",
    document: str = "",
    expected_version: int | None = None,
) -> Member:
    """Mark a member as suspected lost, searched for, lost, or found again (C10).

    Found again (IN_CONTACT) is a contact on that day.

    :raises RuleError: NOT_FOUND, CONFLICT, MEMBERSHIP_ENDED, CONTACT_STEP, FUTURE_DATE.
    """
    day = past_day(on)
    async with in_transaction() as connection:
        member, _ = await _current_member(connection, member_id, expected_version)
        insist(rules.check_contact_step(member.contact_state, contact_state))
        before = member.contact_state
        found = contact_state is ContactState.IN_CONTACT
        await change(
            connection,
            member,
            contact_state=contact_state,
            last_contact_on=_later(member.last_contact_on, day if found else None),
        )
        await _event(
            connection,
            member,
            "CONTACT_CHANGED",
            day,
            before=before.value,
            after=contact_state.value,
            decided_by=decided_by,
            document=document,
        )
    return member


async def record_contact(
    member_id: int, *, on: dt.date | None = None, attended: bool = False
) -> Member:
    """Note that a member was in contact, or attended an activity, on a day.

    An earlier day than the one that is known changes nothing. A state of suspicion or search is
    not lifted by this: that is a decision, see :func:`change_contact_state`.

    :raises RuleError: NOT_FOUND, MEMBERSHIP_ENDED, FUTURE_DATE.
    """
    day = past_day(on)
    async with in_transaction() as connection:
        member, _ = await _current_member(connection, member_id, None)
        column = "last_attended_on" if attended else "last_contact_on"
        latest = _later(getattr(member, column), day)
        if latest != getattr(member, column):
            await change(connection, member, **{column: latest})
    return member


async def appoint(
    person_id: int,
    organization_id: int,
    post: str,
    *,
    is_concurrent: bool = False,
    source: str = "",
    basis: AppointmentBasis | None = None,
    seconded_from_id: int | None = None,
    home_organization_id: int | None = None,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
    synthetic: bool = False,
) -> Appointment:
    """Give a person a post in an organization, whether a member there or not.

    A part-time committee member 兼职委员 must be a Party member who heads the home organization
    (V25): the post there is entered first. That post is always concurrent.

    :param seconded_from_id: 下派, the organization that sent the person.
    :param home_organization_id: where the person's main post is.
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, UNKNOWN_CODE, DATE_ORDER, ALREADY_APPOINTED,
        NOT_A_PARTY_MEMBER, HOME_NEEDED, HOME_KIND, HOME_NOT_HEAD.
    """
    insist(rules.check_span(starts_on, ends_on))
    async with in_transaction() as connection:
        named = [organization_id, seconded_from_id, home_organization_id]
        await tree.hold(connection, Organization, [row_id for row_id in named if row_id])
        organization = await tree.get(connection, Organization, organization_id, "organization")
        must_be_active(organization, "organization")
        await active_code(connection, POST, post, "post")
        if source:
            await active_code(connection, APPOINTMENT_SOURCE, source, "source")
        if seconded_from_id:
            await tree.get(connection, Organization, seconded_from_id, "seconded_from")
        home = (
            await tree.get(connection, Organization, home_organization_id, "home_organization")
            if home_organization_id
            else None
        )
        await tree.get(connection, Person, person_id, "person", change=True)
        day = starts_on or clock.today()
        same = _held(person_id, day).filter(organization_id=organization_id, post=post)
        if await same.using_db(connection).exists():
            refuse("ALREADY_APPOINTED", "post")
        if post == rules.PART_TIME_COMMITTEE_MEMBER:
            is_concurrent = True
            insist(await _check_part_time(connection, person_id, home, day))
        return await Appointment.create(
            using_db=connection,
            person_id=person_id,
            organization_id=organization_id,
            org_path=organization.path,
            post=post,
            is_concurrent=is_concurrent,
            source=source,
            basis=basis,
            seconded_from_id=seconded_from_id,
            home_organization_id=home_organization_id,
            starts_on=starts_on,
            ends_on=ends_on,
            synthetic=synthetic,
        )


async def end_appointment(appointment_id: int, *, on: dt.date | None = None) -> Appointment:
    """End a post; its last day is ``on``, today where none is given, and may lie ahead.

    :raises RuleError: NOT_FOUND, APPOINTMENT_ENDED, DATE_ORDER.
    """
    day = on or clock.today()
    async with in_transaction() as connection:
        await tree.hold(connection, Appointment, [appointment_id], change=True)
        found = await Appointment.filter(id=appointment_id).using_db(connection).first()
        if found is None:
            refuse("NOT_FOUND")
        if found.ends_on and found.ends_on <= day:
            refuse("APPOINTMENT_ENDED")
        insist(rules.check_span(found.starts_on, day))
        await Appointment.filter(id=appointment_id).using_db(connection).update(ends_on=day)
        await found.refresh_from_db(using_db=connection)
    return found


# == parts of them ==


async def _open_branch(connection: BaseDBAsyncClient, branch_id: int) -> Organization:
    branch = await tree.get(connection, Organization, branch_id, "branch")
    must_be_active(branch, "branch")
    (facts,) = await facts_of(connection, branch)
    must_be_party(facts, "branch")
    return branch


async def _current_member(
    connection: BaseDBAsyncClient,
    member_id: int,
    expected_version: int | None,
    also: int | None = None,
) -> tuple[Member, Person]:
    """Hold a membership that has not ended, its person and its branch, and another branch too.

    Organizations are held before people, and people before members, by everybody: so nobody
    waits for one who waits for him.
    """
    row = await Member.filter(id=member_id).using_db(connection).first()
    if row is None:
        refuse("NOT_FOUND")
    await tree.hold(connection, Organization, [row.branch_id, *([also] if also else [])])
    person = await tree.get(connection, Person, row.person_id, change=True)
    member = await tree.get(connection, Member, member_id, change=True)
    if member.branch_id != row.branch_id:  # it was moved in between
        refuse("CONFLICT", version=member.version)
    must_be_version(member, expected_version)
    _must_be_current(member)
    return member, person


def _must_be_current(member: Member) -> None:
    if member.state not in rules.CURRENT_STATES:
        refuse("MEMBERSHIP_ENDED")


def _counted(member: Member, birth_year: int | None, path: str, n: int = 1) -> list[counters.Delta]:
    return counters.member_deltas(path, member.stage, member.state, birth_year, n)


async def _event(
    connection: BaseDBAsyncClient,
    member: Member,
    kind: str,
    occurred_on: dt.date,
    *,
    before: str,
    after: str,
    decided_by: str,
    document: str,
) -> None:
    await MemberEvent.create(
        using_db=connection,
        member_id=member.id,
        org_path=member.org_path,
        kind=kind,
        occurred_on=occurred_on,
        before=before,
        after=after,
        decided_by=text(MemberEvent, "decided_by", decided_by),
        document=text(MemberEvent, "document", document),
    )


def _held(person_id: int, day: dt.date) -> QuerySet[Appointment]:
    """Return the posts that a person holds on a day or comes to hold after it."""
    return Appointment.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day), person_id=person_id)


async def _check_part_time(
    connection: BaseDBAsyncClient, person_id: int, home: Organization | None, day: dt.date
) -> list[RuleError]:
    is_party_member = await (
        Member.filter(
            person_id=person_id,
            stage__in=sorted(rules.MEMBER_STAGES),
            state__in=sorted(rules.COUNTED_STATES),
        )
        .using_db(connection)
        .exists()
    )
    if home is None:
        return rules.check_part_time(PartTimeFacts(is_party_member, None))
    (facts,) = await facts_of(connection, home)
    begun = Q(starts_on__isnull=True) | Q(starts_on__lte=day)
    held = _held(person_id, day).filter(begun, organization_id=home.id).using_db(connection)
    return rules.check_part_time(PartTimeFacts(is_party_member, facts, await values(held, "post")))


def _later(known: dt.date | None, day: dt.date | None) -> dt.date | None:
    return max((d for d in (known, day) if d), default=None)
