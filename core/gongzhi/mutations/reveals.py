"""Show personal values in full: for a purpose, and never without a record of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gongzhi.access.models import Reveal
from gongzhi.mutations.common import keys
from gongzhi.refusals import COMMON
from gongzhi.registry.common import text
from gongzhi.registry.lists import REVEAL_PURPOSE
from gongzhi.registry.models import Member, Person
from gongzhi.writing import MemberKey, PersonKey, Work


class PersonField(StrEnum):
    """个人信息字段 · a personal value of a person."""

    NAME = "NAME"
    ID_NUMBER = "ID_NUMBER"
    MOBILE = "MOBILE"
    BIRTH_DATE = "BIRTH_DATE"


PERSON_FIELD_LABELS = {
    PersonField.NAME: ("姓名", "name"),
    PersonField.ID_NUMBER: ("证件号码", "ID number"),
    PersonField.MOBILE: ("手机号", "mobile number"),
    PersonField.BIRTH_DATE: ("出生日期", "day of birth"),
}

_CIPHERS = {
    PersonField.NAME: "name_cipher",
    PersonField.ID_NUMBER: "id_number_cipher",
    PersonField.MOBILE: "mobile_cipher",
    PersonField.BIRTH_DATE: "birth_cipher",
}


@dataclass(frozen=True, slots=True)
class Revealed:
    """Values in full; what was not asked for, or is not known, is absent."""

    name: str | None
    id_number: str | None
    mobile: str | None
    birth_date: dt.date | None


async def reveal_person(
    work: Work, person: PersonKey, fields: Sequence[PersonField], purpose: str, *, note: str = ""
) -> Revealed:
    """查看人员的个人信息明文；按用途留痕 · show personal values in full; it is recorded what for.

    :param person: 人员 · the person
    :param fields: 所需字段 · the values that are needed
    :param purpose: 用途代码，代码表 reveal_purpose · code of the purpose, list reveal_purpose
    :param note: 说明，审计可见 · a note, which auditors read
    :raises RuleError: NOT_FOUND, BLANK, UNKNOWN_CODE, TOO_LONG
    """
    row = await work.find(Person, person, "person")
    await work.require(row)
    return await _reveal(work, row, row, fields, purpose, note)


async def reveal_member(
    work: Work, member: MemberKey, fields: Sequence[PersonField], purpose: str, *, note: str = ""
) -> Revealed:
    """查看党员的个人信息明文；按用途留痕 · the same of a member, for the branch that has it.

    :param member: 党员 · the member
    :param fields: 所需字段 · the values that are needed
    :param purpose: 用途代码，代码表 reveal_purpose · code of the purpose, list reveal_purpose
    :param note: 说明，审计可见 · a note, which auditors read
    :raises RuleError: NOT_FOUND, BLANK, UNKNOWN_CODE, TOO_LONG
    """
    row = await work.find(Member, member, "member")
    await work.require(row)
    person = await Person.get(id=row.person_id, using_db=work.connection)
    return await _reveal(work, person, row, fields, purpose, note)


async def _reveal(
    work: Work,
    person: Person,
    asked: Person | Member,
    fields: Sequence[PersonField],
    purpose: str,
    note: str,
) -> Revealed:
    shown = [field for field in PersonField if field in fields]
    if not shown:
        COMMON.refuse("BLANK", "fields")
    if not purpose:
        COMMON.refuse("BLANK", "purpose")
    await work.codes(purpose=(REVEAL_PURPOSE, purpose))
    await work.insert(
        Reveal(
            person_id=person.id,
            org_path=person.org_path,
            account_id=work.require_account(),
            shown=[field.value for field in shown],
            purpose=purpose,
            note=text(Reveal, "note", note),
            recorded_at=work.now,
        )
    )
    data = {"fields": shown, "purpose": purpose, "person_id": person.id}
    kind = "core.member.reveal" if isinstance(asked, Member) else "core.person.reveal"
    work.record(kind, asked, data=data)
    privacy = keys(work)
    values: dict[PersonField, str] = {}
    for field in shown:
        stored = getattr(person, _CIPHERS[field])
        if stored is not None:
            values[field] = privacy.decrypt(stored)
    birth = values.get(PersonField.BIRTH_DATE)
    return Revealed(
        name=values.get(PersonField.NAME),
        id_number=values.get(PersonField.ID_NUMBER),
        mobile=values.get(PersonField.MOBILE),
        birth_date=dt.date.fromisoformat(birth) if birth else None,
    )
