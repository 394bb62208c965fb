"""GraphQL mutations of the core; what each takes and refuses follows from its use case."""

import datetime as dt

from strawberry import ID

from gongzhi.calendar import models as calendar_models
from gongzhi.graph import Mutation, Scope, closed, described, extends, mutation, record
from gongzhi.mutations import (
    accounts,
    appointments,
    areas,
    calendar,
    codes,
    members,
    organizations,
    people,
    reveals,
)
from gongzhi.registry.api import (
    Account,
    Appointment,
    Area,
    CodeListEntry,
    Grant,
    Member,
    Organization,
    Person,
    Token,
)

closed(reveals.PersonField, reveals.PERSON_FIELD_LABELS)


@described()
class RevealedPerson:
    """个人信息明文；未申请查看的为空 · personal values in full; what was not asked for is absent.

    name: 姓名 · name
    id_number: 证件号码 · ID number
    mobile: 手机号 · mobile number
    birth_date: 出生日期 · day of birth
    """

    name: str | None
    id_number: str | None
    mobile: str | None
    birth_date: dt.date | None


@described()
class IssuedToken:
    """新签发的令牌 · a token just made.

    token: 令牌的全局编号 · global id of the token
    text: 令牌原文，只显示这一次 · its text, shown this once
    """

    token: ID
    text: str


@record(calendar_models.CalendarDay, scope=Scope.everybody(), read=None)
class CalendarDay:
    """节假日或调休上班日 · a holiday, or a day of the weekend that is worked.

    day: 日期 · the day
    is_working: 上班 · it is worked
    title: 节日名称 · the holiday
    source: 依据 · the notice that says so
    """

    day: dt.date
    is_working: bool
    title: str
    source: str


@record(calendar_models.CalendarYear, scope=Scope.everybody(), read=None)
class CalendarYear:
    """节假日登记情况 · whether the holidays of a year are entered.

    year: 年份 · the year
    confirmed: 已登记齐全 · they are entered in full
    source: 依据 · the notice that says so
    """

    year: int
    confirmed: bool
    source: str


_ORGANIZATION = "core.organization.manage"
_MEMBER = "core.member.manage"
_ACCESS = "core.access.manage"
_CODE = "core.code.manage"
_REVEAL = "core.person.reveal"


@extends(Mutation)
class Mutations:
    """Root mutations."""

    area_create = mutation(areas.create_area, Area, "core.area.manage")
    area_change = mutation(areas.change_area, Area, "core.area.manage")
    area_move = mutation(areas.move_area, Area, "core.area.manage")

    organization_create = mutation(organizations.create_organization, Organization, _ORGANIZATION)
    organization_change = mutation(organizations.change_organization, Organization, _ORGANIZATION)
    organization_upgrade = mutation(organizations.upgrade_organization, Organization, _ORGANIZATION)
    organization_rename = mutation(organizations.rename_organization, Organization, _ORGANIZATION)
    organization_move = mutation(organizations.move_organization, Organization, _ORGANIZATION)
    organization_merge = mutation(organizations.merge_organizations, Organization, _ORGANIZATION)
    organization_dissolve = mutation(
        organizations.dissolve_organization, Organization, _ORGANIZATION
    )
    organization_cover = mutation(organizations.cover_units, Organization, _ORGANIZATION)

    person_create = mutation(people.create_person, Person, "core.person.manage")
    person_change = mutation(people.change_person, Person, "core.person.manage")
    person_reveal = mutation(reveals.reveal_person, RevealedPerson, _REVEAL)

    member_admit = mutation(members.admit_member, Member, _MEMBER)
    member_move = mutation(members.move_member, Member, _MEMBER)
    member_change_stage = mutation(members.change_stage, Member, _MEMBER)
    member_change_state = mutation(members.change_state, Member, _MEMBER)
    member_change_contact_state = mutation(members.change_contact_state, Member, _MEMBER)
    member_record_contact = mutation(members.record_contact, Member, "core.member.contact")
    member_reveal = mutation(reveals.reveal_member, RevealedPerson, _REVEAL)

    appointment_create = mutation(appointments.appoint, Appointment, "core.appointment.manage")
    appointment_end = mutation(appointments.end_appointment, Appointment, "core.appointment.manage")

    code_add = mutation(codes.add_code, CodeListEntry, _CODE)
    code_relabel = mutation(codes.relabel_code, CodeListEntry, _CODE)
    code_activate = mutation(codes.activate_code, CodeListEntry, _CODE)
    code_deactivate = mutation(codes.deactivate_code, CodeListEntry, _CODE)
    organization_kind_allow = mutation(codes.allow_kind, CodeListEntry, _CODE)

    calendar_day_set = mutation(calendar.set_day, CalendarDay, "core.calendar.manage")
    calendar_year_confirm = mutation(calendar.confirm_year, CalendarYear, "core.calendar.manage")

    account_create = mutation(accounts.create_account, Account, _ACCESS)
    account_activate = mutation(accounts.activate_account, Account, _ACCESS)
    account_deactivate = mutation(accounts.deactivate_account, Account, _ACCESS)
    account_bind = mutation(accounts.bind_account, Account, _ACCESS)
    account_move = mutation(accounts.move_account, Account, _ACCESS)
    token_create = mutation(accounts.create_token, IssuedToken, _ACCESS)
    token_revoke = mutation(accounts.revoke_token, Token, _ACCESS)
    grant_add = mutation(accounts.add_grant, Grant, _ACCESS)
    grant_end = mutation(accounts.end_grant, Grant, _ACCESS)


GRAPHQL: tuple[type, ...] = (
    RevealedPerson,
    IssuedToken,
    CalendarDay,
    CalendarYear,
    Mutations,
)
"""Everything that the core lets a client change."""
