"""What start-up refuses because the two databases, or two locales, would sort it differently.

No annotations from the future here: strawberry reads the real ones.
"""

import datetime as dt
from decimal import Decimal

import pytest

from gongzhi.errors import CompositionError
from gongzhi.graph import Node, Scope, node
from gongzhi.registry.models import Indicator
from tests.schema.support import composed, plugin
from tests.support.probe import models
from tests.support.probe import plugin as probe
from tests.support.worlds import composed as whole


@node(
    models.Thing,
    scope=Scope.everybody(),
    read=None,
    filters=("kind", "name"),
    orders=("kind", "name", "price", "urgent", "seen_at"),
)
class Thing(Node):
    """物件 · a thing."""

    name: str
    kind: str
    price: Decimal
    urgent: bool
    seen_at: dt.datetime


def test_orders_that_differ_between_databases_are_refused() -> None:
    thing = plugin("probe", Thing)
    type(thing).models = probe.models
    type(thing).migrations = probe.migrations
    with pytest.raises(CompositionError) as caught:
        composed([thing])
    told = {problem.what for problem in caught.value.problems}
    assert {what for what in told if "sorts by the locale" in what} == {
        "Thing filters or orders by the text 'kind', which sorts by the locale of the database"
    }
    assert {what for what in told if what.startswith("Thing orders by")} == {
        "Thing orders by 'price', a decimal",
        "Thing orders by 'urgent', a bool",
    }


def test_texts_of_the_core_that_are_searched_sort_by_code_point() -> None:
    catalogue = whole().catalogue
    for name in ("Area", "Organization", "Indicator"):
        info = catalogue.types[name]
        assert info.table is not None
        assert info.table.by_code_point("code")
    assert Indicator._meta.fields_map["code"].max_length == 64
