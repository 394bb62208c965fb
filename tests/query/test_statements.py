"""A planned read is exactly one statement."""

from __future__ import annotations

import pytest

from tests.support.compare import check
from tests.support.worlds import VIEWERS, World

SHAPES = {
    "six roots": "{ a: areas { totalCount } b: members { totalCount } c: people { totalCount } "
    "d: organizations { totalCount } e: registers { count } f: viewer { name } }",
    "deep": "{ organizations { nodes { members { nodes { person { memberships { branch { superior "
    "{ superior { area { name } } } } } } } } } } }",
    "aliases": "{ organizations { a: nodes { id } b: nodes { name } c: edges { x: node { y: id } } } }",
    "fragments": "{ ...R } fragment R on Query { organizations { ...C } } "
    "fragment C on OrganizationConnection { nodes { ...O ...O } pageInfo { endCursor } } "
    "fragment O on Organization { id ... on Node { id } superior { ...P } } "
    "fragment P on Organization { memberCount membersByAge { code } }",
    "any node": '{ node(id: "Member:1") { ... on Member { name } ... on Person { name } } '
    'nodes(ids: ["Area:1", "Area:2"]) { id } }',
}


@pytest.mark.parametrize("shape", SHAPES)
def test_one_statement(world: World, shape: str) -> None:
    for viewer in VIEWERS:
        for _ in range(2):  # the plan is made by the first, remembered by the second
            served = check(world, SHAPES[shape], {}, viewer)
            assert (served.tier, served.statements) == ("raw", 1)


def test_in_core_a_root_field_is_one_statement(world: World) -> None:
    served = world.ask(SHAPES["six roots"], planned=False)
    assert (served.tier, served.statements) == ("core", 6)


def test_a_refused_document_costs_no_statement(world: World) -> None:
    for text in ("{ nothing }", "{", "{ members(first: 0) { totalCount } }"):
        assert world.ask(text).statements == 0
