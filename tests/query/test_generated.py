"""Generated documents: raw, core and the oracle answer alike, and so do both databases."""

from __future__ import annotations

import os
import random

import pytest
from graphql import parse, validate
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.compare import assert_same_errors, check, shown
from tests.support.data import build
from tests.support.documents import PYTHON_FIELDS, Generator, hypothesis_documents
from tests.support.worlds import VIEWERS, World, composed

DOCUMENTS = int(os.environ.get("GONGZHI_TEST_DOCUMENTS", "25"))
"""Generated documents a viewer; raise it to look longer."""

BOUNDED = settings(
    max_examples=DOCUMENTS,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("viewer", VIEWERS)
def test_planned_documents(world: World, viewer: str) -> None:
    generator = Generator(composed().graphql, world.rows, without=PYTHON_FIELDS)
    for seed in range(DOCUMENTS):
        text, variables = generator.make(seed)
        served = check(world, text, variables, viewer, raw=None)
        assert served.status == 200, served.text
        if not served.errors:
            assert served.tier == "raw"


@pytest.mark.parametrize("viewer", ["everything", "street", "anonymous"])
def test_documents_with_python_fields(world: World, viewer: str) -> None:
    generator = Generator(composed().graphql, world.rows, depth=5)
    for seed in range(DOCUMENTS):
        check(world, *generator.make(seed), viewer, raw=None)


def test_databases_answer_alike(worlds: list[World]) -> None:
    sqlite, postgres = worlds
    generator = Generator(composed().graphql, sqlite.rows)
    pick = random.Random(7)
    for seed in range(10_000, 10_000 + 4 * DOCUMENTS):
        text, variables = generator.make(seed)
        viewer = pick.choice(VIEWERS)
        one, other = sqlite.ask(text, variables, viewer), postgres.ask(text, variables, viewer)
        assert (one.status, one.tier) == (other.status, other.tier)
        assert shown(one.body.get("data")) == shown(other.body.get("data"))
        assert_same_errors(one.body, other.body)


@BOUNDED
@given(
    document=hypothesis_documents(composed().sdl(), build()),
    viewer=st.sampled_from(VIEWERS),
)
def test_hypothesis_documents(worlds: list[World], document: str, viewer: str) -> None:
    assert validate(composed().graphql, parse(document)) == []
    answers = [check(world, document, {}, viewer, raw=None) for world in worlds]
    assert answers[0].status == 200
    assert shown(answers[0].data) == shown(answers[1].data)


def test_generated_documents_reach_rows(sqlite_world: World) -> None:
    """Guard of the guard: the documents are valid, and most of them show something."""
    generator = Generator(composed().graphql, sqlite_world.rows, without=PYTHON_FIELDS)
    full = 0
    for seed in range(DOCUMENTS):
        text, variables = generator.make(seed)
        served = sqlite_world.ask(text, variables)
        full += not served.errors and any(served.data.values())
    assert full > DOCUMENTS / 2
