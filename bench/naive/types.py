"""The types of the six operations, as one writes them with strawberry and an ORM.

Where a row comes from is left to ``Rows``: fetched one by one (naive), or by data loaders.
"""

# strawberry resolves annotations at run time: no postponed evaluation in this module

import datetime as dt
from collections.abc import Sequence
from typing import Any

import orjson
import strawberry
from strawberry import ID, Info

from bench.naive.rows import Rows
from gongzhi.access.models import Account
from gongzhi.registry import api, models
from gongzhi.registry.codes import (
    ContactState,
    EmploymentState,
    Gender,
    MembershipStage,
    MembershipState,
)

assert api, "the enums are made known to strawberry there, once for everybody"

_DESCENDING_END = "/"


def _rows(info: Info) -> Rows:
    return info.context["rows"]


def _key(value: str) -> int:
    return int(value.partition(":")[2])


def _after(path: str) -> str:
    return path[:-1] + _DESCENDING_END


@strawberry.type
class Code:
    code: str
    label_list: strawberry.Private[str]

    @strawberry.field
    async def label_zh(self, info: Info) -> str:
        return await _rows(info).label(self.label_list, self.code)


@strawberry.type
class Area:
    id: ID
    name: str

    @classmethod
    def of(cls, row: models.Area) -> "Area":
        return cls(id=ID(f"Area:{row.id}"), name=row.name)


@strawberry.type
class Organization:
    row: strawberry.Private[models.Organization]
    id: ID
    code: str
    name: str

    @classmethod
    def of(cls, row: models.Organization) -> "Organization":
        return cls(row=row, id=ID(f"Organization:{row.id}"), code=row.code, name=row.name)

    @strawberry.field
    def kind(self) -> Code:
        return Code(code=self.row.kind, label_list="organization_kind")

    @strawberry.field
    async def superior(self, info: Info) -> "Organization | None":
        if self.row.superior_id is None:
            return None
        return Organization.of(await _rows(info).organization(self.row.superior_id))

    @strawberry.field
    async def area(self, info: Info) -> Area | None:
        if self.row.area_id is None:
            return None
        return Area.of(await _rows(info).area(self.row.area_id))

    @strawberry.field
    async def member_count(self, info: Info) -> int:
        return await _rows(info).member_count(self.row)

    @strawberry.field
    async def subordinates(self, first: int = 20) -> "OrganizationConnection":
        found = await models.Organization.filter(superior_id=self.row.id).order_by("path")
        return OrganizationConnection(nodes=[Organization.of(row) for row in found[:first]])


@strawberry.type
class Appointment:
    post: Code
    is_concurrent: bool
    starts_on: dt.date | None


@strawberry.type
class Person:
    id: ID
    employment_state: EmploymentState
    work_unit: str


@strawberry.type
class Member:
    row: strawberry.Private[models.Member]
    id: ID
    stage: MembershipStage
    state: MembershipState
    contact_state: ContactState
    joined_on: dt.date | None

    @classmethod
    def of(cls, row: models.Member) -> "Member":
        return cls(
            row=row,
            id=ID(f"Member:{row.id}"),
            stage=row.stage,
            state=row.state,
            contact_state=row.contact_state,
            joined_on=row.joined_on,
        )

    @strawberry.field
    async def name(self, info: Info) -> str:
        return (await _rows(info).person(self.row.person_id)).name_masked

    @strawberry.field
    async def gender(self, info: Info) -> Gender:
        return (await _rows(info).person(self.row.person_id)).gender

    @strawberry.field
    async def mobile(self, info: Info) -> str | None:
        return (await _rows(info).person(self.row.person_id)).mobile_masked

    @strawberry.field
    async def person(self, info: Info) -> Person:
        row = await _rows(info).person(self.row.person_id)
        return Person(
            id=ID(f"Person:{row.id}"),
            employment_state=row.employment_state,
            work_unit=row.work_unit,
        )

    @strawberry.field
    async def branch(self, info: Info) -> Organization:
        return Organization.of(await _rows(info).organization(self.row.branch_id))

    @strawberry.field
    async def posts(self, info: Info) -> list[Appointment]:
        return [
            Appointment(
                post=Code(code=row.post, label_list="post"),
                is_concurrent=row.is_concurrent,
                starts_on=row.starts_on,
            )
            for row in await _rows(info).posts(self.row.person_id)
        ]


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class MemberEdge:
    cursor: str
    node: Member


@strawberry.type
class MemberConnection:
    query: strawberry.Private[Any]
    page: strawberry.Private[Sequence[models.Member]]
    first: strawberry.Private[int]

    @strawberry.field
    async def total_count(self) -> int:
        count: int = await self.query.count()
        return count

    @strawberry.field
    def nodes(self) -> list[Member]:
        return [Member.of(row) for row in self.page[: self.first]]

    @strawberry.field
    def edges(self) -> list[MemberEdge]:
        return [
            MemberEdge(cursor=_cursor(row), node=Member.of(row)) for row in self.page[: self.first]
        ]

    @strawberry.field
    def page_info(self) -> PageInfo:
        shown = self.page[: self.first]
        return PageInfo(
            has_next_page=len(self.page) > self.first,
            end_cursor=_cursor(shown[-1]) if shown else None,
        )


def _cursor(row: models.Member) -> str:
    text = f'["+org_path,id", {orjson.dumps(row.org_path).decode()}, {row.id}]'
    return text.encode().hex().upper()


@strawberry.type
class OrganizationConnection:
    nodes: list[Organization]


@strawberry.type
class Counted:
    query: strawberry.Private[Any]

    @strawberry.field
    async def total_count(self) -> int:
        count: int = await self.query.count()
        return count


@strawberry.input
class StageFilter:
    eq: MembershipStage


@strawberry.input
class ContactFilter:
    eq: ContactState


@strawberry.input
class TextFilter:
    eq: str


@strawberry.input
class MemberFilter:
    within: ID
    stage: StageFilter | None = None
    contact_state: ContactFilter | None = None


@strawberry.input
class OrganizationFilter:
    within: ID
    kind: TextFilter | None = None


@strawberry.input
class AppointmentFilter:
    within: ID
    post: TextFilter | None = None


@strawberry.type
class Viewer:
    name: str


@strawberry.type
class Query:
    @strawberry.field
    async def viewer(self) -> Viewer:
        return Viewer(name=(await Account.get(id=1)).name)

    @strawberry.field
    async def member(self, id: ID) -> Member | None:  # noqa: A002  # the name in the schema
        row = await models.Member.get_or_none(id=_key(id))
        return None if row is None else Member.of(row)

    @strawberry.field
    async def organization(self, info: Info, id: ID) -> Organization | None:  # noqa: A002
        return Organization.of(await _rows(info).organization(_key(id)))

    @strawberry.field
    async def members(
        self,
        info: Info,
        filter: MemberFilter,  # noqa: A002
        first: int = 20,
        after: str | None = None,
    ) -> MemberConnection:
        top = await _rows(info).organization(_key(filter.within))
        query = models.Member.filter(org_path__gte=top.path, org_path__lt=_after(top.path))
        if filter.stage:
            query = query.filter(stage=filter.stage.eq)
        if filter.contact_state:
            query = query.filter(contact_state=filter.contact_state.eq)
        if not _selected(info, {"nodes", "edges", "pageInfo"}):
            return MemberConnection(query=query, page=(), first=first)
        page = query
        if after is not None:
            _, path, key = orjson.loads(bytes.fromhex(after))
            page = query.filter(org_path__gte=path).filter(_keyset(path, key))
        rows = await page.order_by("org_path", "id").limit(first + 1)
        return MemberConnection(query=query, page=rows, first=first)

    @strawberry.field
    async def organizations(
        self,
        info: Info,
        filter: OrganizationFilter,  # noqa: A002
    ) -> Counted:
        top = await _rows(info).organization(_key(filter.within))
        query = models.Organization.filter(path__gte=top.path, path__lt=_after(top.path))
        return Counted(query=query.filter(kind=filter.kind.eq) if filter.kind else query)

    @strawberry.field
    async def appointments(
        self,
        info: Info,
        filter: AppointmentFilter,  # noqa: A002
    ) -> Counted:
        top = await _rows(info).organization(_key(filter.within))
        query = models.Appointment.filter(org_path__gte=top.path, org_path__lt=_after(top.path))
        return Counted(query=query.filter(post=filter.post.eq) if filter.post else query)


def _keyset(path: str, key: int) -> Any:
    from tortoise.expressions import Q

    return Q(org_path__gt=path) | Q(org_path=path, id__gt=key)


def _selected(info: Info, names: set[str]) -> bool:
    return any(each.name in names for each in info.selected_fields[0].selections)
