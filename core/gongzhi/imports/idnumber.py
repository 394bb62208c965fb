"""Citizen identification numbers 公民身份号码, GB 11643-1999.

Six digits of the place, eight of the birth date, three of the sequence (odd for men), one check
character by ISO 7064 MOD 11-2. The place is not looked up: places were renumbered many times.
"""

from __future__ import annotations

import datetime as dt
import re
from operator import mul
from typing import Final, NamedTuple

from gongzhi.imports.cells import Cell, CellError, plain
from gongzhi.registry.codes import Gender

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ZERO: Final = ord("0") * sum(_WEIGHTS)
_CHECK: Final = "10X98765432"
_SHAPE: Final = re.compile(r"[0-9]{17}[0-9X]")
_SCIENTIFIC: Final = re.compile(r"[0-9](?:\.[0-9]+)?E\+?[0-9]+")
_LENGTH: Final = 18
_OLD_LENGTH: Final = 15


class IdNumber(NamedTuple):
    """A valid number and what it says."""

    number: str
    birth: dt.date
    gender: Gender


def check_character(first17: str) -> str:
    """Return the 18th character for the first 17 digits."""
    return _CHECK[(sum(map(mul, _WEIGHTS, first17.encode())) - _ZERO) % 11]


def parse_id_number(cell: Cell, today: dt.date) -> IdNumber:
    """Read one cell.

    :raises CellError: ID_AS_NUMBER, ID_LENGTH, ID_CHARACTERS, ID_BIRTH, ID_CHECKSUM.
    """
    if not isinstance(cell, str):
        raise _as_number()
    text = cell if _SHAPE.fullmatch(cell) else plain(cell).upper()
    if len(text) != _LENGTH:
        if _SCIENTIFIC.fullmatch(text):
            raise _as_number()
        if len(text) == _OLD_LENGTH:
            raise CellError(
                code="ID_LENGTH",
                zh="15 位旧身份证号已停用，请填 18 位",
                en="15-digit numbers are out of use; give the one with 18",
            )
        raise CellError(
            code="ID_LENGTH",
            zh="身份证号不是 18 位",
            en="the ID number does not have 18 characters",
        )
    if not _SHAPE.fullmatch(text):
        raise CellError(
            code="ID_CHARACTERS",
            zh="身份证号只能是数字，末位可以是 X",
            en="only digits, and X as the last character",
        )
    try:
        birth = dt.date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        birth = None
    if birth is None or birth.year < 1900 or birth > today:  # noqa: PLR2004  # nobody is older
        raise CellError(
            code="ID_BIRTH",
            zh="身份证号中的出生日期不存在",
            en="the birth date in the ID number is none",
        )
    if check_character(text[:17]) != text[17]:
        raise CellError(
            code="ID_CHECKSUM",
            zh="身份证号校验位不对，可能有一位抄错",
            en="the check character is wrong; a digit may be mistyped",
        )
    return IdNumber(text, birth, Gender.MALE if int(text[16]) % 2 else Gender.FEMALE)


def _as_number() -> CellError:
    return CellError(
        code="ID_AS_NUMBER",
        zh="身份证号存成了数字，末几位已经丢失；请把该列设为文本格式后重新填写",
        en="stored as a number, its last digits are lost; format the column as text and retype it",
    )
