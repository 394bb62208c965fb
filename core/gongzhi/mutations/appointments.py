"""Posts, as mutations."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, TypeAlias

from gongzhi.mutations.common import said
from gongzhi.registry import service, tree
from gongzhi.registry.codes import AppointmentBasis
from gongzhi.registry.models import Appointment, Organization, Person
from gongzhi.writing import Key, OrganizationKey, PersonKey, Work

AppointmentKey: TypeAlias = Annotated[int, Key(Appointment)]


async def appoint(
    work: Work,
    person: PersonKey,
    organization: OrganizationKey,
    post: str,
    *,
    is_concurrent: bool = False,
    source: str = "",
    basis: AppointmentBasis | None = None,
    seconded_from: OrganizationKey | None = None,
    home_organization: OrganizationKey | None = None,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
) -> Appointment:
    """任命：使一人在一个组织任职 · give a person a post in an organization.

    :param person: 任职人 · the person
    :param organization: 任职组织 · where the post is
    :param post: 职务代码 · code of the post
    :param is_concurrent: 兼职 · held beside another post
    :param source: 来源代码 · code of the circle from which the person comes
    :param basis: 任用方式 · how the person comes to the post
    :param seconded_from: 下派单位 · the organization that sends the person
    :param home_organization: 本职单位，兼职委员必填 · where the person's main post is
    :param starts_on: 任职日期 · first day
    :param ends_on: 免职日期 · last day
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, UNKNOWN_CODE, DATE_ORDER, ALREADY_APPOINTED,
        NOT_A_PARTY_MEMBER, HOME_NEEDED, HOME_KIND, HOME_NOT_HEAD
    """
    named = {
        "organization": organization,
        "seconded_from": seconded_from,
        "home_organization": home_organization,
    }
    given = {field: key for field, key in named.items() if key is not None}
    for field, key in given.items():
        await work.see(Organization, key, field)
    await tree.hold(work.connection, Organization, given.values())
    await work.require(await work.find(Organization, organization, "organization"))
    await work.see(Person, person, "person")
    appointment = await service.appoint(
        person,
        organization,
        post,
        is_concurrent=is_concurrent,
        source=source,
        basis=basis,
        seconded_from_id=seconded_from,
        home_organization_id=home_organization,
        starts_on=starts_on,
        ends_on=ends_on,
    )
    data = said(person_id=person, post=post, starts_on=starts_on, ends_on=ends_on)
    work.record("core.appointment.create", appointment, data=data)
    return appointment


async def end_appointment(
    work: Work, appointment: AppointmentKey, *, on: dt.date | None = None
) -> Appointment:
    """免职 · end a post.

    :param appointment: 任职 · the post that is held
    :param on: 最后一天，默认为今天，可为将来 · the last day, today where absent, may lie ahead
    :raises RuleError: NOT_FOUND, APPOINTMENT_ENDED, DATE_ORDER
    """
    await work.take(Appointment, appointment, "appointment")
    ended = await service.end_appointment(appointment, on=on)
    work.record("core.appointment.end", ended, data=said(ends_on=ended.ends_on))
    return ended
