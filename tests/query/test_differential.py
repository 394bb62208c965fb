"""Raw, core and the oracle answer alike, on SQLite and PostgreSQL, for every viewer."""

from __future__ import annotations

import pytest

from tests.support.compare import assert_same_errors, check, shown
from tests.support.corpus import cases, names
from tests.support.worlds import VIEWERS, World

PYTHON = ("python",)
"""Beginnings of the names of documents that have fields in Python, and so run in core."""


def viewers_of(i: int) -> tuple[str, ...]:
    """Everybody asks the first two sets of variables; the others are dealt out."""
    return VIEWERS if i < 2 else ("everything", VIEWERS[1 + i % (len(VIEWERS) - 1)])


@pytest.mark.parametrize("name", names())
def test_corpus(world: World, name: str) -> None:
    raw = None if name.startswith("refused") else not name.startswith(PYTHON)
    for i, case in enumerate(cases(name, world.rows)):
        for viewer in viewers_of(i):
            check(world, case.text, case.variables, viewer, raw=raw)


@pytest.mark.parametrize("name", names())
def test_databases_answer_alike(worlds: list[World], name: str) -> None:
    sqlite, postgres = worlds
    for i, case in enumerate(cases(name, sqlite.rows)):
        for viewer in viewers_of(i):
            one = sqlite.ask(case.text, case.variables, viewer)
            other = postgres.ask(case.text, case.variables, viewer)
            assert one.status == 200
            assert (one.status, one.tier) == (other.status, other.tier)
            assert shown(one.body.get("data")) == shown(other.body.get("data"))
            assert_same_errors(one.body, other.body)
