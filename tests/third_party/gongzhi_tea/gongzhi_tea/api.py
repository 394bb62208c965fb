"""GraphQL of the plugin. No annotations from the future: strawberry reads the real ones."""

import datetime as dt

from gongzhi.graph import (
    Code,
    Connection,
    Mutation,
    Node,
    Query,
    Scope,
    Transition,
    abilities,
    can,
    closed,
    coded,
    extends,
    lookup,
    many,
    mutation,
    node,
    one,
    record,
)
from gongzhi.registry.api import Member, Organization
from gongzhi_tea import models, service
from gongzhi_tea.rules import MACHINE, MANAGE, STATE_LABELS, PartyState

closed(PartyState, STATE_LABELS)


@abilities(MACHINE)
class TeaPartyViewerCan:
    """对茶话会可办理的事项 · what the viewer may do with a tea party."""


@record(models.TeaPartyTransition, scope=Scope.along("subject"), read=None)
class TeaPartyTransition(Transition):
    """茶话会流转 · a step that a tea party has taken."""


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
    state: PartyState
    version: int
    viewer_can: TeaPartyViewerCan = can()
    transitions: list[TeaPartyTransition] = many("subject", order=("id",))


@extends(Member)
class MemberAdditions:
    """Gone when the plugin is off."""

    tea_parties: list[TeaParty] = many("host", order=("held_on", "id"))


@extends(Query)
class Queries:
    """The plugin's root fields."""

    tea_party: TeaParty | None = lookup()
    tea_parties: Connection[TeaParty] = many()


@extends(Mutation)
class Mutations:
    """What can be done."""

    tea_party_plan = mutation(service.plan_party, TeaParty, MANAGE)
    tea_party_hold = mutation(service.hold_party, TeaParty, MANAGE)
    tea_party_cancel = mutation(service.cancel_party, TeaParty, MANAGE)


GRAPHQL = (
    TeaParty,
    TeaPartyTransition,
    TeaPartyViewerCan,
    MemberAdditions,
    Queries,
    Mutations,
)
