"""Generated documents, asked by viewers of a part: nothing of another street ever shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.query.test_generated import BOUNDED, DOCUMENTS
from tests.support.data import build
from tests.support.documents import Generator, hypothesis_documents
from tests.support.viewers import FORBIDDEN, SHOWS_MORE, leaks, visible_ids
from tests.support.worlds import World, composed


@pytest.mark.parametrize("viewer", list(FORBIDDEN))
def test_generated_documents(world: World, viewer: str) -> None:
    generator = Generator(composed().graphql, world.rows, without=SHOWS_MORE)
    visible = visible_ids(world, viewer)
    for seed in range(50_000, 50_000 + 3 * DOCUMENTS):
        text, variables = generator.make(seed)
        body = world.ask(text, variables, viewer).body
        assert leaks(body, viewer, visible) == [], (seed, text, variables)


@BOUNDED
@given(
    document=hypothesis_documents(composed().sdl(), build()).filter(
        lambda text: not any(name.partition(".")[2] in text for name in SHOWS_MORE)
    ),
    viewer=st.sampled_from(list(FORBIDDEN)),
)
def test_hypothesis_documents(worlds: list[World], document: str, viewer: str) -> None:
    for world in worlds:
        visible = visible_ids(world, viewer)
        assert leaks(world.ask(document, {}, viewer).body, viewer, visible) == []


def test_the_guard_would_notice(sqlite_world: World) -> None:
    """The same documents asked by one who sees everything do show marks, ids and days."""
    generator = Generator(composed().graphql, sqlite_world.rows, without=SHOWS_MORE)
    kinds = set()
    for seed in range(50_000, 50_000 + DOCUMENTS):
        text, variables = generator.make(seed)
        body = sqlite_world.ask(text, variables).body
        for found in leaks(body, "street", visible_ids(sqlite_world, "street")):
            kinds.add("mark" if "〔" in found else "id" if ":" in found else "day")
    assert kinds >= {"mark", "id", "day"}
