"""What each viewer may see of the seeded rows, found by the oracle's reading of the declarations."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from tests.support.compare import texts
from tests.support.data import DAYS, MARKERS
from tests.support.worlds import World

FORBIDDEN: Mapping[str, str] = {
    "street": "西南北",
    "two": "东北",
    "territory": "西",
    "none": "东西南北",
    "anonymous": "东西南北",
}
"""Viewer → the streets of which no value may ever show."""

SHOWS_MORE = ("Thing.place", "Thing.superiorPlace", "Thing.shout", "Query.greeting")
"""Fields that show what a client gave, or by declaration a column of another row: no leak."""

_ID = re.compile(r"([A-Z][A-Za-z]+):([0-9]+)")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-([0-9]{2})")


@cache
def visible_ids(world: World, viewer: str) -> frozenset[str]:
    """Return the global ids of all nodes that a viewer may see."""
    oracle, who = world.oracle, world.viewers[viewer]
    return frozenset(
        f"{name}:{row.id}"
        for name, spec in oracle.specs.items()
        if spec.is_node
        for row in oracle.stored[spec.model]
        if oracle.visible(who, spec, row)
    )


def leaks(body: Mapping[str, Any], viewer: str, visible: Collection[str]) -> list[str]:
    """Return the texts of an answer, of its errors and in its cursors that should not be there."""
    streets = FORBIDDEN[viewer]
    marks = [MARKERS[s] for s in streets]
    days = {f"{DAYS[s]:02}" for s in streets}
    return [
        text
        for text in texts(body)
        if any(mark in text for mark in marks)
        or (_ID.fullmatch(text) and text not in visible)
        or ((match := _DAY.match(text)) and match[1] in days)
    ]
