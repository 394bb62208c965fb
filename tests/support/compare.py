"""Answers made comparable, and the comparison of raw, core and the oracle."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from gongzhi.access.viewer import Viewer
from gongzhi.settings import LimitSettings
from tests.support.worlds import WIDE, Reply, World

_HEX = re.compile(r"(?:[0-9A-F]{2}){4,}")
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:Z|\+00:00)")


def opened(text: str) -> str:
    """Return what is written in a cursor, other texts unchanged.

    Each database has its own spelling of instants in cursors; here they get one.
    """
    if not _HEX.fullmatch(text):
        return text
    try:
        found = json.loads(bytes.fromhex(text))
    except ValueError:
        return text
    if not isinstance(found, list) or not found or str(found[0])[:1] not in "+-":
        return text
    return "cursor " + json.dumps([_instant(value) for value in found], ensure_ascii=False)


def _instant(value: Any) -> Any:
    match = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    return f"{match[1]}T{match[2]}.{(match[3] or '').ljust(3, '0')[:3]}Z" if match else value


def normalised(value: Any) -> Any:
    """Return a JSON value with its cursors opened."""
    if isinstance(value, dict):
        return {key: normalised(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [normalised(inner) for inner in value]
    return opened(value) if isinstance(value, str) else value


def shown(value: Any) -> str:
    """Return JSON text in which order and kinds of values show: 1, 1.0 and true all differ."""
    return json.dumps(normalised(value), ensure_ascii=False, indent=1)


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value, cursors opened."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield opened(value)


def errors_of(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the errors as code and path, in one order."""
    return sorted(
        (json.dumps(e.get("path")), e.get("code") or e["extensions"]["code"])
        for e in body.get("errors") or ()
    )


def assert_same_errors(one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """Two answers name the same faults.

    Where the fault of a field that is not nullable has already cost all the data, the other fields
    may or may not have come to their own.
    """
    left, right = errors_of(one), errors_of(other)
    if one.get("data") is None and other.get("data") is None and left and right:
        assert set(left) <= set(right) or set(right) <= set(left)
    else:
        assert left == right


def check(
    world: World,
    text: str,
    variables: Mapping[str, Any] | None = None,
    viewer: str | Viewer = "everything",
    *,
    operation: str | None = None,
    raw: bool | None = True,
    limits: LimitSettings = WIDE,
) -> Reply:
    """Ask raw, core and the oracle; they must agree. Return the answer as served.

    :param raw: the operation must (or, False, must not) be answered by the raw tier, in exactly
        one statement; None where it does not matter.
    """
    served = world.ask(text, variables, viewer, operation=operation, limits=limits)
    in_core = world.ask(text, variables, viewer, operation=operation, limits=limits, planned=False)
    assert in_core.tier != "raw"
    assert served.status == in_core.status, (served.text, in_core.text)
    if served.status != 200:
        assert raw is None, served.text
        assert served.body == in_core.body
        return served
    expected = world.expect(text, variables, viewer, operation=operation)
    assert_same_errors(served.body, in_core.body)
    assert shown(served.data) == shown(in_core.data)
    assert_same_errors(served.body, expected)
    assert shown(served.data) == shown(expected["data"])
    assert served.body["extensions"] == in_core.body["extensions"]
    if raw is not None:
        assert (served.tier == "raw") is raw, served.text[:500]
    if served.tier == "raw":
        assert served.statements == 1
        assert "errors" not in served.body
    return served
