"""Two ways to come by rows: one query for each, or data loaders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Protocol

from strawberry.dataloader import DataLoader
from tortoise.models import Model

from gongzhi.registry.models import (
    Appointment,
    Area,
    Code,
    Counter,
    Member,
    Organization,
    Person,
)
from gongzhi.registry.rules import COUNTED_STATES


class Rows(Protocol):
    """What the types need."""

    async def organization(self, key: int) -> Organization: ...
    async def area(self, key: int) -> Area: ...
    async def person(self, key: int) -> Person: ...
    async def posts(self, person: int) -> Sequence[Appointment]: ...
    async def member_count(self, organization: Organization) -> int: ...
    async def label(self, code_list: str, code: str) -> str: ...


class Naive:
    """One query for each row, as resolvers are first written."""

    async def organization(self, key: int) -> Organization:
        return await Organization.get(id=key)

    async def area(self, key: int) -> Area:
        return await Area.get(id=key)

    async def person(self, key: int) -> Person:
        return await Person.get(id=key)

    async def posts(self, person: int) -> Sequence[Appointment]:
        return await Appointment.filter(person_id=person).order_by("id")

    async def member_count(self, organization: Organization) -> int:
        return await Member.filter(
            org_path__gte=organization.path,
            org_path__lt=organization.path[:-1] + "/",
            state__in=sorted(COUNTED_STATES),
        ).count()

    async def label(self, code_list: str, code: str) -> str:
        return (await Code.get(list=code_list, code=code)).label_zh


class Loaded:
    """Data loaders for every edge, kept counts, only the columns that are used."""

    def __init__(self) -> None:
        self._organizations = _by_id(
            Organization, "id", "code", "name", "kind", "path", "superior_id", "area_id"
        )
        self._areas = _by_id(Area, "id", "name")
        self._people = _by_id(
            Person, "id", "name_masked", "gender", "mobile_masked", "employment_state", "work_unit"
        )
        self._posts: DataLoader[int, list[Appointment]] = DataLoader(_posts)
        self._counts: DataLoader[int, int] = DataLoader(_counts)
        self._labels: DataLoader[tuple[str, str], str] = DataLoader(_labels)

    async def organization(self, key: int) -> Organization:
        return await self._organizations.load(key)

    async def area(self, key: int) -> Area:
        return await self._areas.load(key)

    async def person(self, key: int) -> Person:
        return await self._people.load(key)

    async def posts(self, person: int) -> Sequence[Appointment]:
        return await self._posts.load(person)

    async def member_count(self, organization: Organization) -> int:
        return await self._counts.load(organization.id)

    async def label(self, code_list: str, code: str) -> str:
        return await self._labels.load((code_list, code))


def _by_id(model: type[Model], *columns: str) -> DataLoader[int, Any]:
    async def load(keys: list[int]) -> list[Any]:
        found = {row.pk: row for row in await model.filter(id__in=keys).only(*columns)}
        return [found[key] for key in keys]

    return DataLoader(load)


async def _posts(people: list[int]) -> list[list[Appointment]]:
    found: dict[int, list[Appointment]] = defaultdict(list)
    for row in await Appointment.filter(person_id__in=people).order_by("id"):
        found[row.person_id].append(row)
    return [found[person] for person in people]


async def _counts(keys: list[int]) -> list[int]:
    found: dict[int, int] = defaultdict(int)
    for row in await Counter.filter(organization_id__in=keys, metric="member.stage"):
        found[row.organization_id] += row.total
    return [found[key] for key in keys]


async def _labels(keys: list[tuple[str, str]]) -> list[str]:
    lists = {code_list for code_list, _ in keys}
    found = {(c.list, c.code): c.label_zh for c in await Code.filter(list__in=sorted(lists))}
    return [found[key] for key in keys]
