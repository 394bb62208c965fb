"""Use cases that correct what a row says of itself; what happened to it has use cases of its own.

A parameter that is not given leaves its column as it is. Where a column may be empty, None (or an
empty text) clears it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from gongzhi import clock
from gongzhi.errors import RuleError
from gongzhi.privacy import Privacy, mask_mobile
from gongzhi.references import KEEP
from gongzhi.registry import counters, rules, tree
from gongzhi.registry.codes import EmploymentState, Gender, Qualifier
from gongzhi.registry.common import (
    active_code,
    active_codes,
    change,
    insist,
    must_be_active,
    must_be_version,
    past_day,
    text,
    values,
)
from gongzhi.registry.lists import (
    AREA_KIND,
    EDUCATION,
    ETHNIC_GROUP,
    HOBBY,
    ORGANIZATION_LEVEL,
    PARTY_BUILDING_FIELD,
    SKILL,
)
from gongzhi.registry.models import Area, Member, Organization, Person
from gongzhi.registry.personal import (
    birth_columns,
    id_number_columns,
    identity_of,
    mobile_columns,
    must_be_new,
    name_columns,
)
from gongzhi.registry.rules import MembershipDates, refuse

if TYPE_CHECKING:
    from tortoise.backends.base.client import BaseDBAsyncClient
    from tortoise.models import Model


async def change_area(
    area_id: int,
    *,
    code: str | None = None,
    name: str | None = None,
    kind: str | None = None,
    households: int | None = KEEP,
    population: int | None = KEEP,
    population_qualifier: Qualifier | None = None,
) -> Area:
    """Correct an area; its code too, since division codes are revised every year.

    :raises RuleError: NOT_FOUND, CODE_TAKEN, UNKNOWN_CODE, BLANK, TOO_LONG.
    """
    async with in_transaction() as connection:
        await tree.hold(connection, Area, [area_id], change=True)
        area = await Area.filter(id=area_id).using_db(connection).first()
        if area is None:
            refuse("NOT_FOUND")
        columns = _given(
            code=_text(Area, "code", code, needed=True),
            name=_text(Area, "name", name, needed=True),
            kind=kind,
            population_qualifier=population_qualifier,
        )
        columns |= _kept(households=households, population=population)
        if kind is not None:
            await active_code(connection, AREA_KIND, kind, "kind")
        if code is not None and columns["code"] != area.code:
            await _must_be_free(connection, columns["code"])
        try:
            await Area.filter(id=area_id).using_db(connection).update(**columns)
        except IntegrityError:  # another transaction was quicker with the same code
            refuse("CODE_TAKEN", "code")
        await area.refresh_from_db(using_db=connection)
    return area


async def change_organization(
    organization_id: int,
    *,
    short_name: str | None = None,
    area_id: int | None = KEEP,
    level: str | None = None,
    field: str | None = None,
    purpose: str | None = None,
    is_temporary: bool | None = None,
    review_on: dt.date | None = KEEP,
    established_on: dt.date | None = KEEP,
    phone: str | None = None,
    privacy: Privacy | None = None,
    expected_version: int | None = None,
) -> Organization:
    """Correct what an organization says of itself, and no more than that.

    Name, kind, superior and coverage have use cases of their own.

    :param area_id: 属地, the territory that it is in; None: it is in none.
    :param phone: needs ``privacy``; kept encrypted, shown masked.
    :raises RuleError: NOT_FOUND, CONFLICT, NOT_ACTIVE, UNKNOWN_CODE, TOO_LONG, FUTURE_DATE,
        DATE_ORDER, REVIEW_DATE_NEEDED.
    """
    async with in_transaction() as connection:
        area = (
            await tree.get(connection, Area, area_id, "area")
            if area_id is not None and area_id is not KEEP
            else None
        )
        organization = await tree.get(connection, Organization, organization_id, change=True)
        must_be_version(organization, expected_version)
        must_be_active(organization, "")
        columns = _given(
            short_name=_text(Organization, "short_name", short_name),
            level=level,
            field=field,
            purpose=_text(Organization, "purpose", purpose),
            is_temporary=is_temporary,
        )
        columns |= _kept(review_on=review_on, established_on=established_on)
        if area_id is not KEEP:
            columns |= {"area_id": area_id, "area_path": area.path if area else ""}
        if phone is not None:
            columns |= _phone_columns(phone, privacy)
        if level is not None:
            await active_code(connection, ORGANIZATION_LEVEL, level, "level")
        if field:
            await active_code(connection, PARTY_BUILDING_FIELD, field, "field")
        past_day(columns.get("established_on"), "established_on")
        if columns.keys() & {"is_temporary", "review_on", "established_on"}:
            insist(
                rules.check_temporary(
                    is_temporary=columns.get("is_temporary", organization.is_temporary),
                    established_on=columns.get("established_on", organization.established_on),
                    review_on=columns.get("review_on", organization.review_on),
                )
            )
        await change(connection, organization, **columns)
    return organization


async def change_person(
    person_id: int,
    *,
    privacy: Privacy,
    name: str | None = None,
    id_number: str | None = None,
    mobile: str | None = None,
    birth: dt.date | None = KEEP,
    gender: Gender | None = None,
    ethnic_group: str | None = None,
    education: str | None = None,
    employment_state: EmploymentState | None = None,
    work_unit: str | None = None,
    residence_area_id: int | None = KEEP,
    skills: Sequence[str] | None = None,
    hobbies: Sequence[str] | None = None,
    expected_version: int | None = None,
) -> Person:
    """Correct the record of a person; counts of members by age follow.

    :param id_number: the day of birth and the gender follow from it; what is given of them, with
        it or later, must agree.
    :raises RuleError: NOT_FOUND, CONFLICT, BLANK, TOO_LONG, UNKNOWN_CODE, ID_LENGTH,
        ID_CHARACTERS, ID_BIRTH, ID_CHECKSUM, ID_DISAGREES, MOBILE_SHAPE, FUTURE_DATE, DATE_ORDER,
        ALREADY_REGISTERED.
    """
    columns = _given(
        ethnic_group=ethnic_group,
        education=education,
        employment_state=employment_state,
        work_unit=_text(Person, "work_unit", work_unit),
    )
    if name is not None:
        columns |= name_columns(
            privacy, text(Person, "name_masked", name, needed=True, field="name")
        )
    if mobile is not None:
        insist(rules.check_mobile(mobile))
        columns |= mobile_columns(privacy, mobile)
    async with in_transaction() as connection:
        residence = (
            await tree.get(connection, Area, residence_area_id, "residence_area")
            if residence_area_id is not None and residence_area_id is not KEEP
            else None
        )
        person, members = await _with_memberships(connection, person_id)
        must_be_version(person, expected_version)
        if residence_area_id is not KEEP:
            columns["residence_area_id"] = residence_area_id
            columns["residence_path"] = residence.path if residence else ""
        columns |= _identity_columns(privacy, person, id_number, birth, gender)
        for list_name, code, at in (
            (ETHNIC_GROUP, ethnic_group, "ethnic_group"),
            (EDUCATION, education, "education"),
        ):
            if code:
                await active_code(connection, list_name, code, at)
        if skills is not None:
            columns["skills"] = await active_codes(connection, SKILL, skills, "skills")
        if hobbies is not None:
            columns["hobbies"] = await active_codes(connection, HOBBY, hobbies, "hobbies")
        await must_be_new(connection, columns.get("id_number_hash"), person.id)
        before, year = person.birth_year, columns.get("birth_year", person.birth_year)
        insist(_birth_refusals(members, before, year))
        try:
            await change(connection, person, **columns)
        except IntegrityError:  # another transaction was quicker with the same number
            refuse("ALREADY_REGISTERED", "id_number")
        if year != before:
            await counters.adjust(
                counters.on_tortoise(connection),
                [
                    delta
                    for member in members
                    for birth_year, n in ((before, -1), (year, 1))
                    for delta in counters.member_deltas(
                        member.org_path, member.stage, member.state, birth_year, n
                    )
                ],
            )
    return person


# == parts of them ==


def _given(**columns: Any) -> dict[str, Any]:
    """Return the columns that are given, where None is nothing."""
    return {name: value for name, value in columns.items() if value is not None}


def _kept(**columns: Any) -> dict[str, Any]:
    """Return the columns that are given, where None is a value."""
    return {name: value for name, value in columns.items() if value is not KEEP}


def _text(
    model: type[Model], column: str, value: str | None, *, needed: bool = False
) -> str | None:
    return None if value is None else text(model, column, value, needed=needed)


async def _must_be_free(connection: BaseDBAsyncClient, code: str) -> None:
    if await Area.filter(code=code).using_db(connection).exists():
        refuse("CODE_TAKEN", "code")


def _phone_columns(phone: str, privacy: Privacy | None) -> dict[str, Any]:
    if not phone:
        return {"phone_cipher": None, "phone_masked": None}
    if privacy is None:
        message = "a phone number can only be stored with the keys of the deployment"
        raise ValueError(message)
    return {"phone_cipher": privacy.encrypt(phone), "phone_masked": mask_mobile(phone)}


async def _with_memberships(
    connection: BaseDBAsyncClient, person_id: int
) -> tuple[Person, list[Member]]:
    """Hold a person to change it, after the branches of its memberships; see :func:`tree.hold`."""
    branches = await values(Member.filter(person_id=person_id).using_db(connection), "branch_id")
    await tree.hold(connection, Organization, branches)
    person = await tree.get(connection, Person, person_id, change=True)
    members = await Member.filter(person_id=person_id).using_db(connection)
    if {member.branch_id for member in members} != set(branches):  # moved in between
        refuse("CONFLICT", version=person.version)
    return person, members


def _identity_columns(
    privacy: Privacy,
    person: Person,
    id_number: str | None,
    birth: dt.date | None,
    gender: Gender | None,
) -> dict[str, Any]:
    """Return what becomes of ID number, birth and gender, which must agree."""
    if id_number is None and birth is KEEP and gender is None:
        return {}
    insist(rules.check_birth(None if birth is KEEP else birth, clock.today()))
    kept = person.id_number_cipher if id_number is None else None
    identity = identity_of(privacy.decrypt(kept) if kept else id_number or "")
    columns = {} if id_number is None else id_number_columns(privacy, id_number)
    if identity is None:
        columns |= {} if birth is KEEP else birth_columns(privacy, birth)
        return columns | _given(gender=gender)
    if id_number:
        columns = id_number_columns(privacy, identity.number)
    if birth is None:
        refuse("ID_DISAGREES", "birth")
    insist(
        rules.check_identity(
            birth=None if birth is KEEP else birth,
            gender=gender or Gender.UNKNOWN,
            of_number=(identity.birth, identity.gender),
        )
    )
    return columns | birth_columns(privacy, identity.birth) | {"gender": identity.gender}


def _birth_refusals(
    members: Sequence[Member], before: int | None, birth_year: int | None
) -> list[RuleError]:
    if birth_year == before:
        return []
    return [
        error
        for member in members
        for error in rules.check_membership_dates(
            member.stage,
            MembershipDates(
                birth_year=birth_year,
                joined_on=member.joined_on,
                full_member_on=member.full_member_on,
                affiliation_since=member.affiliation_since,
                last_contact_on=member.last_contact_on,
                last_attended_on=member.last_attended_on,
            ),
            clock.today(),
        )
        if error.code == "DATE_ORDER"
    ]
