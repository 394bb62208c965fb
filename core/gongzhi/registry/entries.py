"""Use cases of the open code lists: a deployment's own entries, and its own labels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from gongzhi.registry.common import active_code, text
from gongzhi.registry.lists import (
    AREA_KIND,
    AREA_LEVEL,
    FIXED_LISTS,
    ORGANIZATION_KIND,
    ORGANIZATION_LEVEL,
)
from gongzhi.registry.models import Code, KindRule
from gongzhi.registry.rules import refuse

if TYPE_CHECKING:
    from tortoise.backends.base.client import BaseDBAsyncClient

OWN = ""
"""``plugin`` of the entries that a deployment made itself: no plugin's start-up touches them."""

_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_LEVELS = {ORGANIZATION_KIND: ORGANIZATION_LEVEL, AREA_KIND: AREA_LEVEL}
"""List of kinds → the list in which the levels of its entries stand."""


async def add_code(
    list_name: str,
    code: str,
    label_zh: str,
    label_en: str,
    *,
    family: str = "",
    level: str = "",
) -> Code:
    """Add an entry of one's own at the end of a list.

    :param family: a group that the list has already.
    :param level: for kinds of organizations and areas, which need one.
    :raises RuleError: LIST_UNKNOWN, LIST_FIXED, CODE_SHAPE, CODE_TAKEN, FAMILY_UNKNOWN,
        UNKNOWN_CODE, BLANK, TOO_LONG.
    """
    async with in_transaction() as connection:
        entries = await Code.filter(list=list_name).using_db(connection)
        if not entries:
            refuse("LIST_UNKNOWN", "list", list=list_name)
        if list_name in FIXED_LISTS:
            refuse("LIST_FIXED", "list")
        if not _CODE.fullmatch(code):
            refuse("CODE_SHAPE", "code")
        if any(entry.code == code for entry in entries):
            refuse("CODE_TAKEN", "code")
        if family and family not in {entry.family for entry in entries}:
            refuse("FAMILY_UNKNOWN", "family", family=family)
        levels = _LEVELS.get(list_name)
        if levels:
            await active_code(connection, levels, level, "level")
        entry = Code(
            list=list_name,
            code=code,
            label_zh=text(Code, "label_zh", label_zh, needed=True),
            label_en=text(Code, "label_en", label_en, needed=True),
            family=family,
            level=level if levels else "",
            sort=max(entry.sort for entry in entries) + 1,
            plugin=OWN,
        )
        try:
            await entry.save(using_db=connection, force_create=True)
        except IntegrityError:  # another transaction was quicker
            refuse("CODE_TAKEN", "code")
    return entry


async def relabel_code(
    list_name: str, code: str, *, label_zh: str | None = None, label_en: str | None = None
) -> Code:
    """Give an entry other labels, also one that a plugin declares; None leaves one as it is.

    :raises RuleError: NOT_FOUND, BLANK, TOO_LONG.
    """
    async with in_transaction() as connection:
        entry = await _entry(connection, list_name, code)
        if label_zh is not None:
            entry.label_zh = text(Code, "label_zh", label_zh, needed=True)
        if label_en is not None:
            entry.label_en = text(Code, "label_en", label_en, needed=True)
        await entry.save(using_db=connection, update_fields=("label_zh", "label_en"))
    return entry


async def set_code_active(list_name: str, code: str, *, active: bool) -> Code:
    """Let an entry be chosen or not; rows that have it keep it, and it is never deleted.

    :raises RuleError: NOT_FOUND, LIST_FIXED.
    """
    async with in_transaction() as connection:
        entry = await _entry(connection, list_name, code)
        if list_name in FIXED_LISTS:
            refuse("LIST_FIXED", "list")
        entry.active = active
        await entry.save(using_db=connection, update_fields=("active",))
    return entry


async def allow_kind(parent_kind: str, child_kind: str, *, allowed: bool) -> Code:
    """Say whether organizations of a kind may stand under those of another (V27).

    What stands there already stays; the matrix is asked when something is set up or moved.

    :param parent_kind: empty: whether the child kind may be a root.
    :return: the entry of the child kind.
    :raises RuleError: UNKNOWN_CODE.
    """
    async with in_transaction() as connection:
        child = await active_code(connection, ORGANIZATION_KIND, child_kind, "child_kind")
        if parent_kind:
            await active_code(connection, ORGANIZATION_KIND, parent_kind, "parent_kind")
        pair = KindRule(parent_kind=parent_kind, child_kind=child_kind)
        if allowed:
            await KindRule.bulk_create([pair], ignore_conflicts=True, using_db=connection)
        else:
            present = KindRule.filter(parent_kind=parent_kind, child_kind=child_kind)
            await present.using_db(connection).delete()
    return child


async def _entry(connection: BaseDBAsyncClient, list_name: str, code: str) -> Code:
    entry = await Code.filter(list=list_name, code=code).using_db(connection).first()
    if entry is None:
        refuse("NOT_FOUND", "code")
    return entry
