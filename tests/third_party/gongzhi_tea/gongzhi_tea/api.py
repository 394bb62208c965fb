"""GraphQL of the plugin. No annotations from the future: strawberry reads the real ones."""

import datetime as dt

from gongzhi.graph import (
    Code,
    Connection,
    Node,
    Query,
    Scope,
    coded,
    extends,
    lookup,
    many,
    node,
    one,
)
from gongzhi.registry.api import Member, Organization
from gongzhi_tea import models


@node(
    models.TeaParty,
    scope=Scope.of("organization"),
    read="tea.party.read",
    filters=("leaf", "host"),
)
class TeaParty(Node):
    """茶话会 · a tea party."""

    title: str
    leaf: Code = coded("tea_leaf")
    held_on: dt.date
    host: Member | None = one()
    organization: Organization | None = one()


@extends(Member)
class MemberAdditions:
    """Gone when the plugin is off."""

    tea_parties: list[TeaParty] = many("host", order=("held_on", "id"))


@extends(Query)
class Queries:
    """The plugin's root fields."""

    tea_party: TeaParty | None = lookup()
    tea_parties: Connection[TeaParty] = many()


GRAPHQL = (TeaParty, MemberAdditions, Queries)
