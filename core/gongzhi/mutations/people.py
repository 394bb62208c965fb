"""People, as mutations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from gongzhi.mutations.common import fields, keys
from gongzhi.registry import service
from gongzhi.registry.codes import EmploymentState, Gender
from gongzhi.registry.models import Area, Organization, Person
from gongzhi.writing import KEEP, AreaKey, OrganizationKey, PersonKey, Work


async def create_person(
    work: Work,
    organization: OrganizationKey,
    name: str,
    *,
    id_number: str = "",
    mobile: str = "",
    birth: dt.date | None = None,
    gender: Gender = Gender.UNKNOWN,
    ethnic_group: str = "",
    education: str = "",
    employment_state: EmploymentState = EmploymentState.UNKNOWN,
    work_unit: str = "",
    residence_area: AreaKey | None = None,
    skills: Sequence[str] = (),
    hobbies: Sequence[str] = (),
) -> Person:
    """登记人员；个人信息加密保存 · enter a person; personal values are kept encrypted.

    :param organization: 保管档案的组织 · the organization that keeps the record
    :param name: 姓名 · name
    :param id_number: 身份证号，出生日期和性别以此为准 · ID number, which says birth and gender
    :param mobile: 手机号 · mobile number
    :param birth: 出生日期 · day of birth
    :param gender: 性别 · gender
    :param ethnic_group: 民族代码 · code of the ethnic group
    :param education: 学历代码 · code of the education
    :param employment_state: 就业状态 · employment
    :param work_unit: 工作单位 · where the person works
    :param residence_area: 居住地 · area of residence
    :param skills: 特长代码 · codes of skills
    :param hobbies: 爱好代码 · codes of hobbies
    :raises RuleError: NOT_FOUND, NOT_ACTIVE, BLANK, TOO_LONG, UNKNOWN_CODE, ID_LENGTH,
        ID_CHARACTERS, ID_BIRTH, ID_CHECKSUM, ID_DISAGREES, MOBILE_SHAPE, FUTURE_DATE,
        ALREADY_REGISTERED
    """
    if residence_area is not None:
        await work.find(Area, residence_area, "residence_area")
    await work.require(await work.find(Organization, organization, "organization"))
    person = await service.create_person(
        organization,
        name,
        privacy=keys(work),
        id_number=id_number,
        mobile=mobile,
        birth=birth,
        gender=gender,
        ethnic_group=ethnic_group,
        education=education,
        employment_state=employment_state,
        work_unit=work_unit,
        residence_area_id=residence_area,
        skills=skills,
        hobbies=hobbies,
    )
    work.record("core.person.create", person)
    return person


async def change_person(
    work: Work,
    person: PersonKey,
    *,
    name: str | None = None,
    id_number: str | None = None,
    mobile: str | None = None,
    birth: dt.date | None = KEEP,
    gender: Gender | None = None,
    ethnic_group: str | None = None,
    education: str | None = None,
    employment_state: EmploymentState | None = None,
    work_unit: str | None = None,
    residence_area: AreaKey | None = KEEP,
    skills: Sequence[str] | None = None,
    hobbies: Sequence[str] | None = None,
    expected_version: int | None = None,
) -> Person:
    """更正人员信息；未填写的不变 · correct the record of a person; what is not given stays.

    :param person: 人员 · the person
    :param name: 姓名 · name
    :param id_number: 身份证号，空文本为删除 · ID number, empty to remove it
    :param mobile: 手机号，空文本为删除 · mobile number, empty to remove it
    :param birth: 出生日期，null 为删除 · day of birth, null to remove it
    :param gender: 性别 · gender
    :param ethnic_group: 民族代码，空文本为没有 · code of the ethnic group, empty for none
    :param education: 学历代码，空文本为没有 · code of the education, empty for none
    :param employment_state: 就业状态 · employment
    :param work_unit: 工作单位 · where the person works
    :param residence_area: 居住地，null 为删除 · area of residence, null to remove it
    :param skills: 特长代码，以所列为准 · codes of skills, these and no others
    :param hobbies: 爱好代码，以所列为准 · codes of hobbies, these and no others
    :raises RuleError: NOT_FOUND, CONFLICT, BLANK, TOO_LONG, UNKNOWN_CODE, ID_LENGTH,
        ID_CHARACTERS, ID_BIRTH, ID_CHECKSUM, ID_DISAGREES, MOBILE_SHAPE, FUTURE_DATE, DATE_ORDER,
        ALREADY_REGISTERED
    """
    named = fields(
        {
            "name": name,
            "id_number": id_number,
            "mobile": mobile,
            "gender": gender,
            "ethnic_group": ethnic_group,
            "education": education,
            "employment_state": employment_state,
            "work_unit": work_unit,
            "skills": skills,
            "hobbies": hobbies,
        },
        {"birth": birth, "residence_area": residence_area},
    )
    if residence_area not in (None, KEEP):
        await work.find(Area, residence_area, "residence_area")
    await work.require(await work.see(Person, person, "person"))
    changed = await service.change_person(
        person,
        privacy=keys(work),
        name=name,
        id_number=id_number,
        mobile=mobile,
        birth=birth,
        gender=gender,
        ethnic_group=ethnic_group,
        education=education,
        employment_state=employment_state,
        work_unit=work_unit,
        residence_area_id=residence_area,
        skills=skills,
        hobbies=hobbies,
        expected_version=expected_version,
    )
    await work.require(changed)  # as it is now, should it have moved before it was held
    work.record("core.person.change", changed, data=dict(named))
    return changed
