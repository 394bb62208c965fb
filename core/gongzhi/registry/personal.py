"""Personal values and the columns that keep them, see :mod:`gongzhi.privacy`."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from gongzhi import clock
from gongzhi.errors import RuleError
from gongzhi.imports.cells import CellError
from gongzhi.imports.idnumber import IdNumber, parse_id_number
from gongzhi.privacy import Privacy, mask_id_number, mask_mobile, mask_name
from gongzhi.registry.models import Person
from gongzhi.registry.rules import refuse

if TYPE_CHECKING:
    from tortoise.backends.base.client import BaseDBAsyncClient


def identity_of(id_number: str) -> IdNumber | None:
    """Read an ID number, which says birth and gender; empty is none.

    :raises RuleError: ID_LENGTH, ID_CHARACTERS, ID_BIRTH, ID_CHECKSUM.
    """
    if not id_number:
        return None
    try:
        return parse_id_number(id_number, clock.today())
    except CellError as exc:
        raise RuleError(exc.code, exc.zh, exc.en, "id_number") from exc


def name_columns(privacy: Privacy, name: str) -> dict[str, Any]:
    """Return the columns of a name."""
    return {
        "name_cipher": privacy.encrypt(name),
        "name_hash": privacy.digest(name),
        "name_masked": mask_name(name),
    }


def id_number_columns(privacy: Privacy, number: str) -> dict[str, Any]:
    """Return the columns of an ID number; empty is none."""
    return {
        "id_number_cipher": privacy.encrypt(number) if number else None,
        "id_number_hash": privacy.digest(number) if number else None,
        "id_number_masked": mask_id_number(number) if number else None,
    }


def mobile_columns(privacy: Privacy, mobile: str) -> dict[str, Any]:
    """Return the columns of a mobile number; empty is none."""
    return {
        "mobile_cipher": privacy.encrypt(mobile) if mobile else None,
        "mobile_hash": privacy.digest(mobile) if mobile else None,
        "mobile_masked": mask_mobile(mobile) if mobile else None,
    }


def birth_columns(privacy: Privacy, birth: dt.date | None) -> dict[str, Any]:
    """Return the columns of a day of birth."""
    return {
        "birth_cipher": privacy.encrypt(birth.isoformat()) if birth else None,
        "birth_year": birth.year if birth else None,
    }


async def must_be_new(
    connection: BaseDBAsyncClient, digest: str | None, but: int | None = None
) -> None:
    """Refuse an ID number that another person has, whoever may see that person.

    :param digest: its keyed hash; None is none.
    :param but: the person whose number it may be.
    :raises RuleError: ALREADY_REGISTERED.
    """
    if not digest:
        return
    same = Person.filter(id_number_hash=digest).using_db(connection)
    if await (same.exclude(id=but) if but else same).exists():
        refuse("ALREADY_REGISTERED", "id_number")
