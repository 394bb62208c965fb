"""GraphQL of the probe. No annotations from the future: strawberry reads the real ones."""

import datetime as dt
from decimal import Decimal

import strawberry
from strawberry.scalars import JSON
from strawberry.types import Info

from gongzhi.graph import (
    Argument,
    Code,
    Connection,
    Node,
    Query,
    Scope,
    closed,
    coded,
    column,
    computed,
    count,
    expression,
    extends,
    itself,
    lookup,
    many,
    node,
    one,
    record,
)
from gongzhi.registry.api import Organization, Person
from tests.support.probe import models
from tests.support.probe.models import Mood

closed(
    Mood,
    {Mood.GLAD: ("高兴", "glad"), Mood.SAD: ("难过", "sad"), Mood.SO_SO: ("一般", "so so")},
)

SCOPE = Scope(
    path="org_path",
    organization="organization",
    owner="account_id",
    public={"published": True, "mood": ("GLAD", "SO_SO")},
)


def shout(name: str, rank: int, organization_name: str) -> str:
    """名称大写 · the name in capitals, by Python."""
    return f"{name.upper()}!{rank}@{organization_name}"


def fail(rank: int) -> int:
    """有时失败 · fails for negative ranks."""
    if rank < 0:
        message = "secret of the server"
        raise LookupError(message)
    return rank


async def twin_key(twin_id: int | None) -> int | None:
    """同伴 · the twin, by Python."""
    return twin_id


def twin_keys(id: int, twin_id: int | None) -> list[int]:  # noqa: A002  # the column's name
    """自己与同伴 · itself and the twin, by Python."""
    return [id, twin_id] if twin_id else [id]


@node(
    models.Thing,
    scope=SCOPE,
    read="probe.thing.read",
    filters=("name", "kind", "rank", "due_on", "seen_at", "urgent", "mood", "organization"),
    orders=("name", "rank", "due_on", "seen_at", "mood"),
)
class Thing(Node):
    """物件 · a thing."""

    organization: Organization | None = one()
    person: Person | None = one()
    twin: "Thing | None" = one()
    name: str
    kind: Code = coded("post")
    rank: int
    due_on: dt.date
    seen_at: dt.datetime
    price: Decimal
    urgent: bool
    published: bool
    mood: Mood
    note: str | None
    tags: JSON
    place: str = column("organization.name")
    superior_place: str | None = column("organization.superior.name")
    short: "ShortThing" = itself()
    shout: str | None = computed(shout, reads=("name", "rank", "organization.name"))
    shaky: int | None = computed(fail, reads=("rank",))
    twin_by_python: "Thing | None" = computed(twin_key, reads=("twin_id",))
    both_by_python: "list[Thing] | None" = computed(twin_keys, reads=("id", "twin_id"))
    remarks: "Connection[Remark]" = many("thing", order=("text", "id"), descending=True)
    remark_count: int = count("thing", of=models.Remark)
    marks: "Connection[Mark]" = many("subject_id", where={"subject_type": "Thing"})
    mark_count: int = count("subject_id", of=models.Mark, where={"subject_type": "Thing"})


@record(models.Thing, scope=SCOPE, read="probe.thing.read")
class ShortThing:
    """物件摘要 · the same row with less."""

    name: str
    rank_over: bool = expression(
        lambda sql: (
            f"({sql.column('rank')} > coalesce({sql.argument('limit', 'int') or 'NULL'}, 3))"
        ),
        arguments=(Argument("limit", int | None, "界限 · the limit", default=5),),
        kind="bool",
    )
    seen: dt.datetime = expression(lambda sql: sql.column("seen_at"), kind="instant")


@record(models.Remark, scope=Scope.along("thing"), read=None)
class Remark:
    """备注 · a remark on a thing, seen exactly with it."""

    thing: Thing | None = one()
    text: str
    length: int = expression(lambda sql: f"length({sql.column('text')})", kind="int")


@record(
    models.Mark,
    scope=Scope.of("organization"),
    read="probe.thing.read",
    filters=("text", "organization"),
    orders=("text",),
)
class Mark:
    """标记 · a mark on a row of some type."""

    organization: Organization | None = one()
    text: str


@extends(Organization)
class OrganizationAdditions:
    """What the plugin adds to an organization."""

    marks: list[Mark] = many(
        "subject_id", where={"subject_type": "Organization"}, order=("text",), limit=3
    )
    things: Connection[Thing] = many("organization", where={"mood__not": "SAD"})
    all_things: list[Thing] = many(within="org_path", order=("due_on", "id"), limit=7)
    thing_count: int = count("organization", of=models.Thing)
    urgent_thing_count: int = count(of=models.Thing, within="org_path", where={"urgent": True})
    things_of_note: list[Thing] = many("organization", where={"note": None, "rank__lt": 9})
    named_things: Connection[Thing] = many("organization", where={"kind__family": ("COMMITTEE",)})
    motto: str | None = computed(lambda code: f"{code}!", reads=("code",))


@extends(Query)
class Queries:
    """The plugin's root fields."""

    thing: Thing | None = lookup()
    things: Connection[Thing] = many()
    remarks: Connection[Remark] = many()

    @strawberry.field(description="Python 问候 · a greeting by Python")
    def greeting(self, info: Info, name: str = "客") -> str | None:
        """Greet."""
        return f"{name}，{info.context.viewer.name or '陌生人'}"

    @strawberry.field(description="按号取物件 · a thing whose key Python names")
    async def thing_by_python(self, key: int) -> Thing | None:
        """Name a row; its scope is applied all the same."""
        return key  # type: ignore[return-value]

    @strawberry.field(description="按号取物件 · things whose keys Python names")
    def things_by_python(self, keys: list[int]) -> list[Thing] | None:
        """Name rows."""
        return keys  # type: ignore[return-value]


GRAPHQL = (Thing, ShortThing, Remark, Mark, OrganizationAdditions, Queries)
