"""Every connection, walked page by page to its end in every order it offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, get_named_type, is_leaf_type

from tests.support.compare import check, opened
from tests.support.worlds import World, composed

PARENTS = {
    "Area": ("area:district", "area:东1"),
    "Organization": ("district", "street:东", "branch:西1a"),
    "Person": ("person:南2a0", "person:东concurrent"),
    "Member": ("member:东1a0", "member:西2b1", "member:北elsewhere"),
    "Thing": ("Thing:3", "Thing:4", "Thing:5"),
    "Webhook": ("Webhook:1",),  # there is none: absent for everybody
}
"""Rows whose connections are walked."""

ARGUMENTS = {"areasWithoutPartyOrganization": 'organization: "=district"'}
ASKED = (("everything", 9), ("street", 2))
ALSO = (("street", 100), ("territory", 7), ("mixed", 7))
"""Viewers and sizes of their pages, the second for the default order only."""


@dataclass(frozen=True)
class Walk:
    """One connection in one order."""

    parent: str
    field: str
    order: str
    selection: str
    arguments: str

    def __str__(self) -> str:
        return f"{self.parent}.{self.field}{self.order and '-' + self.order}"

    def text(self, parent_id: str | None) -> str:
        given = [self.arguments, "first: $first", "after: $after"]
        if self.order:
            field, direction = self.order.split(" ")
            given.append(f"order: {{field: {field}, direction: {direction}}}")
        page = (
            f"{self.field}({', '.join(filter(None, given))}) {{ totalCount "
            f"edges {{ cursor node {self.selection} }} nodes {{ __typename }} "
            "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
        )
        if parent_id is not None:
            page = f'node(id: "{parent_id}") {{ ... on {self.parent} {{ {page} }} }}'
        return f"query($first: Int!, $after: String) {{ {page} }}"


def walks() -> list[Walk]:
    schema = composed().graphql
    found = []
    for name, kind in schema.type_map.items():
        if name.startswith("__") or not isinstance(kind, GraphQLObjectType):
            continue
        for field_name, field in kind.fields.items():
            target = get_named_type(field.type)
            if not target.name.endswith("Connection"):
                continue
            item = get_named_type(target.fields["nodes"].type)
            leaves = [n for n, f in item.fields.items() if is_leaf_type(get_named_type(f.type))]
            plain = [n for n in leaves if n not in ("shout", "shaky")][:6]
            plain += [f"{n} {{ id }}" for n in ("member", "thing", "other") if n in item.fields]
            orders = [""]
            if "order" in field.args:
                order_type = get_named_type(field.args["order"].type)
                assert isinstance(order_type, GraphQLInputObjectType)
                values = get_named_type(order_type.fields["field"].type).values
                orders += [f"{v} {d}" for v in values for d in ("ASC", "DESC")]
            found += [
                Walk(name, field_name, o, f"{{ {' '.join(plain)} }}", ARGUMENTS.get(field_name, ""))
                for o in orders
            ]
    return found


@pytest.mark.parametrize("walk", walks(), ids=str)
def test_pages_join_up_to_the_whole_list(world: World, walk: Walk) -> None:
    if walk.parent == "Query":
        parents: list[str | None] = [None]
    else:
        parents = [world.names.get(label, label) for label in PARENTS[walk.parent]]
    for parent in parents:
        text = walk.text(parent).replace('"=district"', f'"{world.id("district")}"')
        for viewer, size in ASKED if walk.order else (*ASKED, *ALSO):
            _walk(world, text, viewer, size, walk, nested=parent is not None)


def _walk(world: World, text: str, viewer: str, size: int, walk: Walk, *, nested: bool) -> None:
    whole: list[Any] = []
    after, total = None, None
    for _ in range(100):
        served = check(world, text, {"first": size, "after": after}, viewer)
        page = served.data["node"] if nested else served.data
        if page is None:
            return  # the parent is hidden
        page = page[walk.field]
        total = page["totalCount"] if total is None else total
        assert page["totalCount"] == total
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        assert len(page["nodes"]) == len(page["edges"]) <= size
        whole += page["edges"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        assert len(page["edges"]) == size
        assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
        after = page["pageInfo"]["endCursor"]
    else:
        pytest.fail("the pages never end")
    assert len(whole) == total
    assert len({edge["cursor"] for edge in whole}) == total
    if walk.order:
        tags = {opened(edge["cursor"])[:10] for edge in whole}
        assert all(("+" if walk.order.endswith("ASC") else "-") in tag for tag in tags)


def test_after_the_last_item_there_is_nothing(world: World) -> None:
    text = "query($after: String) { areas(first: 100, after: $after) { totalCount nodes { id } "
    text += "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"
    end = check(world, text).data["areas"]["pageInfo"]["endCursor"]
    rest = check(world, text, {"after": end}).data["areas"]
    assert rest["nodes"] == []
    assert rest["totalCount"] > 0
    assert rest["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": True,
        "startCursor": None,
        "endCursor": None,
    }
