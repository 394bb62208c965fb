"""Find personal numbers in free text before everybody reads it.

What is found are numbers as people write them: full-width digits, spaces, dashes, dots and brackets
between groups. The number itself is never returned, so that no message can repeat it. This catches
slips; names, and numbers that someone hides on purpose, need a reader.

Sources of the forms: GB 11643-1999 (citizen identification numbers; the old form has 15 digits),
the numbering plan of the telephone network (电信网编号计划), ISO/IEC 7812 (cards).
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from gongzhi.imports.idnumber import check_character


class PersonalNumber(StrEnum):
    """个人号码的种类 · kinds of numbers that belong to a person."""

    ID_NUMBER = "ID_NUMBER"
    BANK_CARD = "BANK_CARD"
    MOBILE = "MOBILE"
    LANDLINE = "LANDLINE"


LABELS: Final = {
    PersonalNumber.ID_NUMBER: ("身份证号", "ID number"),
    PersonalNumber.BANK_CARD: ("银行卡号", "bank card number"),
    PersonalNumber.MOBILE: ("手机号", "mobile number"),
    PersonalNumber.LANDLINE: ("固定电话号码", "landline number"),
}

CONTACTS: Final = frozenset({PersonalNumber.MOBILE, PersonalNumber.LANDLINE})
"""Numbers that may also be those of an office, meant for everybody."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a number stands: ``text[start:end]``; what it is, not which."""

    kind: PersonalNumber
    start: int
    end: int


def scan(text: str) -> list[Hit]:
    """Return every personal number in a text, in the order of the text.

    Where two readings overlap, the kind that comes first in :class:`PersonalNumber` counts.
    """
    plain = "".join(map(_plain, text))
    found: list[Hit] = []
    taken = bytearray(len(text))
    for kind, shape, holds in _FORMS:
        for start, end in (match.span(1) for match in shape.finditer(plain)):
            if not any(taken[start:end]) and holds(_digits(plain[start:end])):
                taken[start:end] = b"1" * (end - start)
                found.append(Hit(kind, start, end))
    return sorted(found, key=lambda hit: hit.start)


# ---- one character for each character, so that positions stay ------------------------------------

_OTHER, _GAP, _BREAK = "。", " ", "\n"
_BRACKETS: Final = frozenset("()（）[]【】.．·・_")


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    """Return a digit, X, a gap, the end of a line, or what stands for anything else."""
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if char in "\r\n":
        return _BREAK
    if char in _BRACKETS or unicodedata.category(char) in {"Zs", "Pd", "Cf", "Cc"} or char == "−":
        return _GAP
    return "X" if char == "×" or unicodedata.normalize("NFKC", char).upper() == "X" else _OTHER


def _digits(text: str) -> str:
    return text.replace(_GAP, "").replace(_BREAK, "")


def _shape(pattern: str) -> re.Pattern[str]:
    """Compile a pattern over whole groups of digits: ``_`` is a gap or none, ``~`` also a new line.

    It matches ahead, so that each group in a row of numbers may begin one.
    """
    text = pattern.replace("_", f"{_GAP}{{0,3}}").replace("~", f"[{_GAP}{_BREAK}]{{0,3}}")
    return re.compile(f"(?<![0-9])(?=({text})(?![0-9]))")


# ---- what makes a number one of a kind -----------------------------------------------------------

_REGION: Final = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91)"
"""First two digits of an identification number: provinces, and 91 for foreigners."""


def _is_id_number(digits: str) -> bool:
    return (
        re.match(_REGION, digits) is not None
        and _is_day(digits[6:14])
        and check_character(digits[:17]) == digits[17]
    )


def _is_old_id_number(digits: str) -> bool:
    return _is_day(f"19{digits[6:12]}")


def _is_day(text: str) -> bool:
    if text[:2] not in {"19", "20"}:
        return False
    try:
        dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


def _is_card(digits: str) -> bool:
    """Check the last digit by Luhn's method: every second one counts twice, as a sum of digits."""
    twice = "".join(str(2 * int(digit)) for digit in digits[-2::-2])
    return sum(map(int, digits[-1::-2] + twice)) % 10 == 0


def _anything(digits: str) -> bool:  # noqa: ARG001  # as the others
    return True


_FOURS: Final = "(?:62[0-9]{2}|9558)_[0-9]{4}_[0-9]{4}_[0-9]{4}"

_FORMS: Final[tuple[tuple[PersonalNumber, re.Pattern[str], Callable[[str], bool]], ...]] = (
    # its check character makes every grouping safe, and a line may end inside it
    (PersonalNumber.ID_NUMBER, _shape("[0-9](?:~[0-9]){16}~[0-9X]"), _is_id_number),
    # the old form, out of use since 2013: a year of two digits, and nothing to check
    (PersonalNumber.ID_NUMBER, _shape(_REGION + "[0-9]{4}_[0-9]{6}_[0-9]{3}"), _is_old_id_number),
    # 62 and 9558: cards of Chinese banks; 4 and 5 only in one piece, as amounts stand in fours
    (PersonalNumber.BANK_CARD, _shape(f"{_FOURS}_[0-9]{{1,3}}"), _is_card),
    (PersonalNumber.BANK_CARD, _shape(_FOURS), _is_card),
    (PersonalNumber.BANK_CARD, _shape("62[0-9]{4}_[0-9]{10,13}"), _is_card),
    (PersonalNumber.BANK_CARD, _shape("(?:4[0-9]|5[1-5])[0-9]{14}"), _is_card),
    # not in every grouping: columns of amounts would be mobile numbers
    *(
        (PersonalNumber.MOBILE, _shape(f"(?:(?:00)?86_|0)?{grouped}"), _anything)
        for grouped in (
            "1[3-9][0-9]_[0-9]{4}_[0-9]{4}",
            "1[3-9][0-9]_[0-9]{3}_[0-9]{5}",
            "1[3-9][0-9]{2}_[0-9]{3}_[0-9]{4}",
            f"1{_GAP}[3-9](?:{_GAP}[0-9]){{9}}",
        )
    ),
    (PersonalNumber.LANDLINE, _shape("0(?:10|2[0-9])_[2-9][0-9]{3}_[0-9]{4}"), _anything),
    (PersonalNumber.LANDLINE, _shape("0[3-9][0-9]{2}_[2-9][0-9]{2,3}_[0-9]{4}"), _anything),
)
