"""What start-up refuses: orders that differ between databases, edges and conditions that fail there.

No annotations from the future here: strawberry reads the real ones.
"""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import pytest

from gongzhi import Register, hookimpl
from gongzhi.errors import CompositionError
from gongzhi.graph import Node, Scope, count, extends, many, node, record
from gongzhi.registry.api import Organization
from gongzhi.registry.models import Indicator, KindRule
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


def refused(*classes: type, registers: Sequence[Register] = ()) -> set[str]:
    """Return what is wrong with a plugin that has the probe's tables and these classes."""
    made = plugin("probe", *classes, permissions=("probe.mark.read",))

    class WithRegisters(type(made)):  # type: ignore[misc]  # a class made for this test
        models = probe.models
        migrations = probe.migrations

        @hookimpl
        def register_registers(self) -> Sequence[Register]:
            return registers

    with pytest.raises(CompositionError) as caught:
        composed([WithRegisters()])
    return {problem.what for problem in caught.value.problems}


def test_orders_that_differ_between_databases_are_refused() -> None:
    told = refused(Thing)
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


@record(models.Mark, scope=Scope.of("organization"), read="probe.mark.read")
class Mark:
    """标记 · a mark."""

    text: str


def test_an_edge_by_type_and_key_is_checked() -> None:
    @extends(Organization)
    class More:
        """More."""

        sound: list[Mark] = many("subject_id", where={"subject_type": "Organization"})
        sound_count: int = count(
            "subject_id", of=models.Mark, where={"subject_type": "Organization"}
        )
        any_type: list[Mark] = many("subject_id")
        any_count: int = count("subject_id", of=models.Mark)
        by_text: list[Mark] = many("text", where={"subject_type": "Organization"})
        text_count: int = count("text", of=models.Mark, where={"subject_type": "Organization"})
        by_key_column: list[Mark] = many("organization_id", where={"subject_type": "Organization"})
        misspelt: list[Mark] = many("subject", where={"subject_type": "Organization"})

    no_type = "is pointed at by 'subject_id', which is no foreign key, and names no type of row"
    assert refused(Mark, More) == {
        f"Organization.anyType: {no_type}",
        f"Organization.anyCount: {no_type}",
        "Organization.byText: knows no 'text' in the table it leads to",
        "Organization.textCount: knows no 'text' in the table it counts",
        "Organization.byKeyColumn: knows no 'organization_id' in the table it leads to",
        "Organization.misspelt: knows no 'subject' in the table it leads to",
    }


WRONG = {
    "mood__is": ("SAD", "has the condition 'mood__is', whose suffix is unknown"),
    "mood__": ("SAD", "has the condition 'mood__', whose suffix is unknown"),
    "rank__gt": (1, "has the condition 'rank__gt', whose suffix is unknown"),
    "name__family": ("A", "has the condition 'name__family', but no field shows 'name' as a code"),
    "rank__gte": (None, "has the condition 'rank__gte' without one value"),
    "rank__lt": ((1, 2), "has the condition 'rank__lt' without one value"),
    "rank": ("1", "compares 'rank', a int, with '1' in 'rank'"),
    "rank__not": ((1, True), "compares 'rank', a int, with (1, True) in 'rank__not'"),
    "urgent": (1, "compares 'urgent', a bool, with 1 in 'urgent'"),
    "mood": ((), "compares 'mood', a text, with () in 'mood'"),
    "note__not": (("", None), "compares 'note', a text, with ('', None) in 'note__not'"),
    "price": (10, "compares 'price', a decimal, with 10 in 'price'"),
    "tags": ("x", "compares 'tags', a json, with 'x' in 'tags'"),
}
"""Condition → its value, and what is said of it."""


@pytest.mark.parametrize("name", WRONG)
def test_conditions_that_fail_in_a_statement_are_refused(name: str) -> None:
    value, said = WRONG[name]

    @node(models.Thing, scope=Scope(public={name: value}), read=None)
    class Other(Node):
        """物件 · a thing."""

        name: str

    @extends(Organization)
    class More:
        """More."""

        things: list[Other] = many("organization", where={name: value})
        thing_count: int = count("organization", of=models.Thing, where={name: value})

    register = Register("OTHER", "其他", "other", models.Thing, {name: value})
    assert refused(Other, More, registers=[register]) == {
        f"the scope of Other {said}",
        f"Organization.things: {said}",
        f"Organization.thingCount: {said}",
        f"the register OTHER {said}",
    }


def test_a_register_counts_what_has_a_type() -> None:
    told = refused(registers=[Register("A", "甲", "a", KindRule)])
    assert told == {"the register A counts KindRule, which has no GraphQL type"}


def test_a_filter_fits_its_column() -> None:
    @node(
        models.Thing,
        scope=Scope.everybody(),
        read=None,
        filters=("due_on", "seen_at", "rank", "urgent"),
    )
    class Other(Node):
        """物件 · a thing."""

        due_on: dt.datetime
        seen_at: dt.date
        rank: bool
        urgent: int

    assert refused(Other) == {
        f"Other filters by {name!r}, and there is no filter for its type"
        for name in ("due_on", "seen_at", "rank", "urgent")
    }
