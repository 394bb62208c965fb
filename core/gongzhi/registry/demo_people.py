"""Invented people for the demo: nobody here exists, and every row is marked synthetic.

The same seed gives the same people. Names are put together from common characters. ID numbers have
a valid check character, but begin with 990000: no place of China has a code beginning with 99, so
no living person can have such a number. Mobile numbers count up from 16000000001; to our
knowledge no mobile network has the prefix 160.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gongzhi.imports.idnumber import check_character
from gongzhi.privacy import Privacy, mask_id_number, mask_mobile, mask_name
from gongzhi.registry.codes import EmploymentState, Gender

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏"
)
_GIVEN = {
    Gender.FEMALE: "秀英丽敏静娟芳桂兰玉梅红霞凤洁淑琴云莲珍慧巧美娜雅芝萍",
    Gender.MALE: "伟强磊军勇杰涛明超刚平辉鹏华建国志海林德胜文斌荣根兴宝祥",
}
_SINGLE_NAMES = 0.15
"""Share of the given names with one character."""

_PLACE = "990000"
_MOBILE = 16_000_000_000
_RETIRED_AT = {Gender.FEMALE: 55, Gender.MALE: 60}
_GRADUATE_BEFORE = 60
"""Who is younger has more often been to a university."""

_EDUCATION_OLD = ("PRIMARY", "JUNIOR_HIGH", "JUNIOR_HIGH", "SENIOR_HIGH", "SECONDARY_VOCATIONAL")
_EDUCATION_YOUNG = ("SENIOR_HIGH", "COLLEGE", "COLLEGE", "UNDERGRADUATE", "POSTGRADUATE")
_ETHNIC_GROUPS = ("HAN",) * 28 + ("HUI", "MAN")
_SKILLS = ("MEDICAL_CARE", "LAW", "TUTORING", "MEDIATION", "REPAIR", "COOKING", "PERFORMING_ARTS")
_HOBBIES = ("SINGING", "DANCING", "READING", "CALLIGRAPHY", "CHESS", "TAI_CHI", "PLANTS")


@dataclass(frozen=True, slots=True)
class Invented:
    """An invented person."""

    name: str
    gender: Gender
    birth: dt.date
    id_number: str
    mobile: str
    ethnic_group: str
    education: str
    employment_state: EmploymentState
    skills: tuple[str, ...]
    hobbies: tuple[str, ...]


class Inventor:
    """Invents one person after the other; no two share an ID number or a mobile."""

    def __init__(self, seed: str, today: dt.date) -> None:
        """Begin a series; ``today`` decides who is retired."""
        self._random = random.Random(seed)  # noqa: S311  # a series to repeat, not a secret
        self._today = today
        self._count = 0

    def person(self, ages: tuple[int, int]) -> Invented:
        """Invent a person of an age between both ends; birthdays fall on a day before today's."""
        pick = self._random
        gender = pick.choice((Gender.FEMALE, Gender.MALE))
        age = pick.randint(*ages)
        birth = dt.date(self._today.year - age, 1, 1) + dt.timedelta(days=pick.randrange(365))
        self._count += 1
        given = pick.sample(_GIVEN[gender], 1 if pick.random() < _SINGLE_NAMES else 2)
        educations = _EDUCATION_YOUNG if age < _GRADUATE_BEFORE else _EDUCATION_OLD
        return Invented(
            name=pick.choice(_SURNAMES) + "".join(given),
            gender=gender,
            birth=birth,
            id_number=self._id_number(birth, gender),
            mobile=str(_MOBILE + self._count),
            ethnic_group=pick.choice(_ETHNIC_GROUPS),
            education=pick.choice(educations),
            employment_state=self._employment(age, gender),
            skills=self._some(_SKILLS, 1),
            hobbies=self._some(_HOBBIES, 2),
        )

    def _some(self, codes: Sequence[str], most: int) -> tuple[str, ...]:
        return tuple(self._random.sample(codes, self._random.randint(0, most)))

    def _employment(self, age: int, gender: Gender) -> EmploymentState:
        if age >= _RETIRED_AT[gender]:
            return EmploymentState.RETIRED
        return self._random.choice(
            (EmploymentState.IN_SERVICE,) * 7
            + (EmploymentState.FLEXIBLE,) * 2
            + (EmploymentState.UNEMPLOYED,)
        )

    def _id_number(self, birth: dt.date, gender: Gender) -> str:
        """Make a number; its sequence is odd for men and goes on with each person."""
        sequence = self._count % 500 * 2 - (1 if gender is Gender.MALE else 0)
        first17 = f"{_PLACE}{birth:%Y%m%d}{sequence % 1000:03}"
        return first17 + check_character(first17)


def person_columns(person: Invented, privacy: Privacy) -> dict[str, Any]:
    """Return the columns of ``core_person`` for an invented person, personal values encrypted."""
    return {
        "name_cipher": privacy.encrypt(person.name),
        "name_hash": privacy.digest(person.name),
        "name_masked": mask_name(person.name),
        "id_number_cipher": privacy.encrypt(person.id_number),
        "id_number_hash": privacy.digest(person.id_number),
        "id_number_masked": mask_id_number(person.id_number),
        "mobile_cipher": privacy.encrypt(person.mobile),
        "mobile_hash": privacy.digest(person.mobile),
        "mobile_masked": mask_mobile(person.mobile),
        "birth_cipher": privacy.encrypt(person.birth.isoformat()),
        "birth_year": person.birth.year,
        "gender": person.gender,
        "ethnic_group": person.ethnic_group,
        "education": person.education,
        "employment_state": person.employment_state,
        "skills": list(person.skills),
        "hobbies": list(person.hobbies),
        "synthetic": True,
    }
