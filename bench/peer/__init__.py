"""The six operations in PostGraphile's spelling."""

from __future__ import annotations

from pathlib import Path

import orjson

from bench.load import ask, request
from bench.operations import NAMES, Variables

HERE = Path(__file__).parent
HELPERS = (HERE / "helpers.sql").read_text()
QUERIES = {name: (HERE / "queries" / f"{name}.graphql").read_text() for name in NAMES}
_CURSOR = (HERE / "queries" / "Q4-cursor.graphql").read_text()


def bodies(port: int, name: str, given: list[Variables]) -> list[bytes]:
    """Return the request bodies of an operation; cursors are PostGraphile's own, so it is asked."""
    cursors: dict[Variables, str | None] = {}
    found = []
    for each in given:
        variables: dict[str, object] = {"key": str(each.key)}
        if each.after is not None:
            if each not in cursors:
                cursors[each] = _cursor(port, each)
            variables["after"] = cursors[each]
        found.append(
            orjson.dumps({"query": QUERIES[name], "operationName": name, "variables": variables})
        )
    return found


def _cursor(port: int, given: Variables) -> str | None:
    variables = {"key": str(given.key), "skip": given.skipped - 1}
    body = orjson.dumps({"query": _CURSOR, "variables": variables})
    answer = orjson.loads(ask(port, request(port, body)))
    cursor: str | None = answer["data"]["members"]["pageInfo"]["endCursor"]
    return cursor
