"""Whether two servers say the same thing."""

from __future__ import annotations

from typing import Any

import orjson

_ABOUT_PAGES = frozenset({"cursor", "endCursor"})


def data(body: bytes) -> Any:
    """Return the data of an answer."""
    return orjson.loads(body)["data"]


def leaves(value: Any, name: str = "") -> list[str]:
    """Return all values in an answer, sorted and without their places.

    PostGraphile spells the same answer with other objects around it: rows in ``nodes``, ids as
    plain numbers, a person's name at the person. Cursors are each server's own and left out.
    """
    return sorted(_leaves(value, name))


def _leaves(value: Any, name: str) -> list[str]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, key)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _leaves(inner, name)]
    if name in _ABOUT_PAGES:
        return []
    if name == "id":
        return [str(value).rpartition(":")[2]]
    return [str(value)]
