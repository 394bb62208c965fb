"""The words that the publication plugin brought into the vocabulary, and what start-up refuses.

No annotations from the future here: the classes in functions name each other.
"""

import datetime as dt
from collections.abc import AsyncIterator, Sequence

import pytest
import strawberry
from graphql import GraphQLObjectType
from tortoise.models import Model

from gongzhi import Plugin, hookimpl
from gongzhi.errors import CompositionError
from gongzhi.graph import (
    Code,
    Connection,
    Query,
    Scope,
    coded,
    column,
    described,
    extends,
    many,
    record,
)
from gongzhi.graph.docstrings import split_docstring
from gongzhi.host import PluginRegistry
from gongzhi.imports.models import ImportBatch, ImportChange
from gongzhi.registry.models import Appointment, Coverage, Organization
from gongzhi.settings import Settings
from gongzhi_publication import models
from gongzhi_publication import plugin as publication
from gongzhi_publication.api import Posting, Publication
from gongzhi_schema.compose import compose
from gongzhi_schema.district import District, open_district
from tests.conftest import FreshDatabase
from tests.plugins.publication import conftest as made


def probe(*classes: type) -> Plugin:
    """A plugin that only adds these classes to the schema."""

    class Probe(Plugin):
        name = "probe"
        title = "探针 · probe"
        version = "1"
        api = 1
        requires = ("publication",)

        @hookimpl
        def register_graphql(self) -> Sequence[type]:
            return classes

    return Probe()


def refused(*classes: type) -> list[str]:
    """Say what start-up finds wrong with these classes."""
    settings = Settings(plugins=("publication",))
    registry = PluginRegistry.load(settings, beside=[probe(*classes)])
    try:
        compose(registry)
    except CompositionError as exc:
        return [f"{p.where}: {p.what}" for p in exc.problems]
    return []


# ---- rows that are seen along another ------------------------------------------------------------


@extends(Query)
class AllPostings:
    """A door to every posting, which no bundled plugin opens.

    all_postings: 全部 · all
    posting_list: 全部 · all
    """

    all_postings: Connection[Posting] = many(order=("id",), descending=True)
    posting_list: list[Posting] = many(order=("id",), descending=True)


@pytest.fixture
async def district(fresh_database: FreshDatabase, dialect: str) -> AsyncIterator[District]:
    url = fresh_database([publication], dialect=dialect)
    plugins = [probe(AllPostings)]
    async with open_district(url, ["publication"], beside=plugins) as opened:
        async with opened.database():
            await made._fill()
        yield opened


async def test_rows_along_another_are_seen_exactly_with_it(district: District) -> None:
    query = """{ allPostings(first: 50) { totalCount nodes { place } } postingList { place }
        publications(first: 50) { nodes { title } } }"""
    sizes = set()
    async with district.database():
        east = (
            await Organization.filter(kind="SUBDISTRICT_WORKING_COMMITTEE").order_by("id").first()
        )
    assert east is not None
    for token in (
        None,
        await district.token("SUBDISTRICT_STAFF", organization=east.code),
        await district.token("AUDITOR"),
    ):
        result = await district.execute(query, token=token)
        assert (result.errors, result.tier, result.statements) == ([], "raw", 1)
        titles = [row["title"] for row in result.data["publications"]["nodes"]]
        postings = [row["place"] for row in result.data["allPostings"]["nodes"]]
        assert sorted(postings) == sorted(f"{title}的公开栏" for title in titles)
        assert result.data["allPostings"]["totalCount"] == len(titles)
        assert [row["place"] for row in result.data["postingList"]] == postings
        sizes.add(len(titles))
    assert sizes == {4, 8, 12}


async def test_lists_and_pages_run_the_declared_way_round(district: District) -> None:
    token = await district.token("AUDITOR")
    async with district.database():
        ids = [row.id for row in await models.Posting.all().order_by("-id")]
        places = [row.place for row in await models.Posting.all().order_by("-id")]
    assert ids == sorted(ids, reverse=True)
    found: list[str] = []
    after = None
    for _ in range(3):
        result = await district.execute(
            """query($after: String) { allPostings(first: 5, after: $after) {
                nodes { place } pageInfo { endCursor }
            } postingList { place } }""",
            {"after": after},
            token,
        )
        found += [row["place"] for row in result.data["allPostings"]["nodes"]]
        after = result.data["allPostings"]["pageInfo"]["endCursor"]
        assert [row["place"] for row in result.data["postingList"]] == places
    assert found == places


def along(model: type[Model], row: str, read: str | None = None, *more: type) -> list[str]:
    @record(model, scope=Scope.along(row), read=read)
    class Sharer:
        """共享 · shares."""

        key: int = column("id")

    return refused(Sharer, *more)


def test_along_names_an_obligatory_foreign_key_to_rows_of_the_schema() -> None:
    assert along(models.Posting, "publication") == []
    assert along(models.Posting, "nothing") == [
        "probe: Sharer is seen along 'nothing', no foreign key of publication_posting"
    ]
    assert along(Appointment, "seconded_from") == [
        "probe: Sharer is seen along 'seconded_from', which can be null"
    ]
    assert along(ImportChange, "batch") == [
        "probe: Sharer is seen along 'batch', but ImportBatch has no GraphQL type"
    ]
    assert along(models.Posting, "publication", read="publication.publication.read") == []
    assert along(models.Posting, "publication", read="publication.posting.read") == [
        "probe: Sharer needs the permission 'publication.posting.read', which nobody declares"
    ]
    assert along(Coverage, "unit", read="core.organization.read") == []

    @record(ImportBatch, scope=Scope.everybody(), read=None)
    class Batch:
        """批次 · a batch."""

        key: int = column("id")

    assert along(ImportChange, "batch", "core.member.read", Batch) == [
        "probe: Sharer is seen along 'batch' by a permission, but ImportBatch belongs to no "
        "organization"
    ]


def test_what_everybody_may_see_is_said_by_a_column() -> None:
    @record(
        models.Publication,
        scope=Scope.of("organization", public={"visible__not": None}),
        read="publication.publication.read",
    )
    class Notice:
        """公告 · a notice."""

        title: str

    assert refused(Notice) == ["probe: the scope of Notice names 'visible', no column of its table"]


def test_a_filter_that_cannot_be_made_is_not_left_out_in_silence() -> None:
    @record(
        models.Publication,
        scope=Scope.of("organization"),
        read="publication.publication.read",
        filters=("listed_at", "category"),
    )
    class Notice:
        """公告 · a notice."""

        listed_at: dt.datetime = column("listed_on")
        category: Code = coded("publication_category")

    assert refused(Notice) == [
        "probe: Notice filters by 'listed_at', and there is no filter for its type"
    ]


def test_an_order_names_columns_and_that_of_pages_is_never_null() -> None:
    @extends(Query)
    class Orders:
        """Orders."""

        misspelt: list[Publication] = many(order=("listed",))
        nullable: Connection[Publication] = many(order=("due_on",))
        nullable_list: list[Publication] = many(order=("due_on",))

    assert refused(Orders) == [
        "probe: Query.misspelt: orders by 'listed', no column of publication_publication",
        "probe: Query.nullable: orders by 'due_on', which can be null",
    ]


# ---- descriptions --------------------------------------------------------------------------------

TEXT = """站点 · a site.

    Of any kind.

    name: 名称 · name
    opens_at: 开门时间 · when it opens,
        on working days
    note: this is no field
    """


def test_a_docstring_describes_the_type_and_its_fields() -> None:
    about, fields = split_docstring(TEXT, {"name", "opens_at", "closes_at"})
    assert about == "站点 · a site.\n\nOf any kind.\n\nnote: this is no field"
    assert fields == {
        "name": "名称 · name",
        "opens_at": "开门时间 · when it opens, on working days",
    }
    assert split_docstring("", {"name"}) == ("", {})


def test_what_the_docstring_says_is_in_the_schema() -> None:
    @described()
    class Site:
        """站点 · a site.

        name: 名称 · name
        """

        name: str
        other: str

    @extends(Query)
    class Sites:
        """Root fields.

        site: 一个站点 · one site
        """

        @strawberry.field
        def site(self) -> Site | None:
            return None

    settings = Settings(plugins=("publication",))
    registry = PluginRegistry.load(settings, beside=[probe(Site, Sites)])
    schema = compose(registry).graphql
    site = schema.type_map["Site"]
    assert isinstance(site, GraphQLObjectType)
    assert site.description == "站点 · a site."
    assert {k: f.description for k, f in site.fields.items()} == {
        "name": "名称 · name",
        "other": None,
    }
    assert schema.query_type is not None
    assert schema.query_type.fields["site"].description == "一个站点 · one site"
    assert schema.query_type.description == "查询 · everything that can be read."
