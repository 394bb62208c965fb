"""What the use cases of the registry share."""

# ruff: noqa: SLF001  # Tortoise has no public name for what a model knows of itself

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from gongzhi import clock
from gongzhi.errors import RuleError
from gongzhi.registry.lists import ORGANIZATION_KIND
from gongzhi.registry.models import Code, Member, Organization, Person
from gongzhi.registry.rules import PARTY, OrganizationFacts, refuse

if TYPE_CHECKING:
    from tortoise.backends.base.client import BaseDBAsyncClient
    from tortoise.fields import CharField
    from tortoise.models import Model
    from tortoise.queryset import QuerySet


def insist(refused: list[RuleError]) -> None:
    """Raise the first of what the rules refuse."""
    if refused:
        raise refused[0]


def text(
    model: type[Model], column: str, value: str, *, needed: bool = False, field: str = ""
) -> str:
    """Return the text without space around it.

    :param field: what the user calls the column, where that is not its name.
    :raises RuleError: BLANK when it is needed; TOO_LONG when it is wider than its column, which
        SQLite would store and PostgreSQL would not.
    """
    value = value.strip()
    if needed and not value:
        refuse("BLANK", field or column)
    most = cast("CharField[str]", model._meta.fields_map[column]).max_length
    if len(value) > most:
        refuse("TOO_LONG", field or column, most=most)
    return value


def past_day(on: dt.date | None, field: str = "on") -> dt.date:
    """Return the day on which something happened, today where none is given.

    :raises RuleError: FUTURE_DATE.
    """
    today = clock.today()
    if on and on > today:
        refuse("FUTURE_DATE", field)
    return on or today


async def active_code(connection: BaseDBAsyncClient, list_name: str, code: str, field: str) -> Code:
    """Return the entry of a code list.

    :raises RuleError: UNKNOWN_CODE when it is not there or no longer active.
    """
    entry = await Code.filter(list=list_name, code=code, active=True).using_db(connection).first()
    if entry is None:
        refuse("UNKNOWN_CODE", field, list=list_name, code=code)
    return entry


async def kind_level(connection: BaseDBAsyncClient, kind: str) -> str:
    """Return the level that organizations of this kind have by default."""
    found = Code.filter(list=ORGANIZATION_KIND, code=kind).using_db(connection)
    return "".join(await values(found, "level"))


async def active_codes(
    connection: BaseDBAsyncClient, list_name: str, codes: Iterable[str], field: str
) -> list[str]:
    """Return the codes, each once and in their order; all are active entries of the list."""
    wanted = list(dict.fromkeys(codes))
    for code in wanted:
        await active_code(connection, list_name, code, field)
    return wanted


async def facts_of(
    connection: BaseDBAsyncClient, *organizations: Organization
) -> list[OrganizationFacts]:
    """Return what the rules must know of these organizations."""
    families = dict(
        await Code.filter(
            list=ORGANIZATION_KIND, code__in=[row.kind for row in organizations] or [""]
        )
        .using_db(connection)
        .values_list("code", "family")
    )
    return [
        OrganizationFacts(
            path=row.path,
            kind=row.kind,
            family=families.get(row.kind, ""),
            status=row.status,
            is_temporary=row.is_temporary,
        )
        for row in organizations
    ]


def must_be_active(organization: Organization, field: str) -> None:
    """Refuse an organization that is merged or dissolved.

    :raises RuleError: NOT_ACTIVE.
    """
    if organization.status != "ACTIVE":
        refuse("NOT_ACTIVE", field)


def must_be_party(facts: OrganizationFacts, field: str) -> None:
    """Refuse what is not a Party organization.

    :raises RuleError: NOT_A_PARTY_ORGANIZATION.
    """
    if facts.family != PARTY:
        refuse("NOT_A_PARTY_ORGANIZATION", field)


def must_be_version(row: Organization | Person | Member, expected: int | None) -> None:
    """Refuse to change what someone else changed since it was read.

    :raises RuleError: CONFLICT, with the present version.
    """
    if expected is not None and row.version != expected:
        refuse("CONFLICT", "expected_version", version=row.version)


async def values(query: QuerySet[Any], column: str) -> list[Any]:
    """Return one column of what the query finds."""
    return list(await query.values_list(column, flat=True))


async def change(
    connection: BaseDBAsyncClient, row: Organization | Person | Member, **columns: object
) -> None:
    """Write some columns of a row that this transaction holds, and its next version."""
    columns |= {"version": row.version + 1, "updated_at": clock.now()}
    await type(row).filter(id=row.id).using_db(connection).update(**columns)
    await row.refresh_from_db(using_db=connection)
