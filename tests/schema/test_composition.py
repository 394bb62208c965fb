"""What start-up refuses, fault by fault, and what two registries in one process share: nothing.

No annotations from the future here: the classes in functions name each other.
"""

import datetime as dt
from collections.abc import Callable

import pytest
import strawberry
from graphql import GraphQLObjectType
from strawberry.types.base import get_object_definition

from gongzhi import Plugin
from gongzhi.errors import CompositionError, Problem
from gongzhi.graph import (
    Argument,
    Code,
    Connection,
    Hashed,
    Node,
    Query,
    Scope,
    Through,
    coded,
    column,
    computed,
    count,
    expression,
    extends,
    group,
    itself,
    lookup,
    many,
    node,
    one,
    part,
    record,
    tally,
)
from gongzhi.registry import models
from gongzhi.registry.api import Member, Organization, Person
from gongzhi_publication import models as publication_models
from gongzhi_publication.api import Publication
from gongzhi_schema.compose import Composed
from gongzhi_schema.testing import MakeDistrict
from tests.schema.support import composed, plugin

READ = "core.member.read"
OF_BRANCH = Scope.of("branch")

Case = Callable[[], tuple[type, ...]]

CASES: list[tuple[Case, tuple[str, ...]]] = []


def case(*expected: str) -> Callable[[Case], Case]:
    """Say what start-up finds wrong with the classes that a function makes."""

    def keep(made: Case) -> Case:
        CASES.append((made, expected))
        return made

    return keep


def problems_of(*plugins: Plugin, enabled: tuple[str, ...] = ()) -> list[Problem]:
    with pytest.raises(CompositionError) as caught:
        composed(plugins, enabled)
    assert str(caught.value).startswith("The enabled plugins do not make one schema:\n  - ")
    return list(caught.value.problems)


def told(problems: list[Problem]) -> list[str]:
    return [f"{p.where}: {p.what}" for p in problems]


# ---- the fields of a row -------------------------------------------------------------------------


@case("probe: Row.nickname: no column 'nickname' in core_member")
def column_missing() -> tuple[type, ...]:
    @record(models.Member, scope=OF_BRANCH, read=READ)
    class Row:
        nickname: str

    return (Row,)


@case(
    "probe: Row.area: no column 'branch.nothing' in core_member",
    "probe: Row.stage: no column 'stage.name' in core_member",
    "probe: Row.post: no column 'job' in core_member",
)
def path_broken() -> tuple[type, ...]:
    @record(models.Member, scope=OF_BRANCH, read=READ)
    class Row:
        area: str = column("branch.nothing")
        stage: str = column("stage.name")
        post: Code = coded("post", "job")

    return (Row,)


@case("probe: Row.name: is an encrypted column")
def column_encrypted() -> tuple[type, ...]:
    @record(models.Member, scope=OF_BRANCH, read=READ)
    class Row:
        name: str = column("person.name_cipher")

    return (Row,)


@case("probe: Row.joinedOn: is not nullable, but joined_on can be null")
def column_nullable() -> tuple[type, ...]:
    @record(models.Member, scope=OF_BRANCH, read=READ)
    class Row:
        joined_on: dt.date

    return (Row,)


@case("probe: Row.place: no foreign key 'place' in core_member")
def foreign_key_missing() -> tuple[type, ...]:
    @record(models.Member, scope=OF_BRANCH, read=READ)
    class Row:
        place: Organization | None = one()

    return (Row,)


@case("probe: Row.branch: leads to Person, but the foreign key to Organization")
def foreign_key_elsewhere() -> tuple[type, ...]:
    @record(models.Member, scope=OF_BRANCH, read=READ)
    class Row:
        branch: Person | None = one()

    return (Row,)


@case("probe: Row.branch: is not nullable, but the other row may be hidden from the viewer")
def foreign_key_promised() -> tuple[type, ...]:
    @record(models.Member, scope=OF_BRANCH, read=READ)
    class Row:
        branch: Organization = one()

    return (Row,)


@case(
    "probe: Row.sizes: reads 'height', no column of core_member",
    "probe: Row.greeting: reads 'person.nick', no column of core_member",
)
def reads_missing() -> tuple[type, ...]:
    @part
    class Sizes:
        height: int

    @record(models.Member, scope=OF_BRANCH, read=READ)
    class Row:
        sizes: Sizes | None = group({"height": "height"})
        greeting: str | None = computed(str, reads=("person.nick", "stage"))

    return (Row, Sizes)


@case("probe: Row.hello: is a resolver on a type over a table")
def resolver_on_a_row() -> tuple[type, ...]:
    @record(models.Member, scope=OF_BRANCH, read=READ)
    class Row:
        version: int

        @strawberry.field
        def hello(self) -> str | None:
            return "hello"

    return (Row,)


@case(
    "probe: Row.here: leads to Plain, which stands over no table",
    "probe: Query.plains: leads to Plain, which stands over no table",
)
def edge_to_no_table() -> tuple[type, ...]:
    @strawberry.type
    class Plain:
        version: int

    @record(models.Member, scope=OF_BRANCH, read=READ)
    class Row:
        here: Plain = itself()

    @extends(Query)
    class Roots:
        plains: list[Plain] = many()

    return (Row, Plain, Roots)


@case(
    "probe: Organization.byUnit: knows no 'unit' in the table it leads to",
    "probe: Organization.inUnit: knows no 'unit_path' in the table it leads to",
    "probe: Organization.between: knows no 'post' in the table it leads to",
    "probe: Organization.between: knows no 'human' in the table it leads to",
)
def many_misspelt() -> tuple[type, ...]:
    @extends(Organization)
    class More:
        by_unit: list[Member] = many("unit")
        in_unit: list[Member] = many(within="unit_path")
        between: list[Person] = many("post", model=models.Appointment, to="human")

    return (More,)


@case("probe: Organization.heads: needs the permission 'probe.head.count', which nobody declares")
def tally_without_permission() -> tuple[type, ...]:
    @extends(Organization)
    class More:
        heads: int = tally("member.stage", permission="probe.head.count")

    return (More,)


@case(
    "probe: Organization.staff: knows no 'unit' in the table it counts",
    "probe: Organization.below: knows no 'unit_path' in the table it counts",
    "probe: Organization.below: has a condition on 'mood', no column of core_member",
    "probe: Organization.rules: counts KindRule, which has no GraphQL type",
    "probe: Organization.glad: has a condition on 'mood', no column of core_member",
    "probe: Organization.along: reads 'head_id', no column of core_organization",
)
def counts_and_conditions_misspelt() -> tuple[type, ...]:
    @extends(Organization)
    class More:
        staff: int = count("unit", of=models.Member)
        below: int = count(within="unit_path", of=models.Member, where={"mood__not": None})
        rules: int = count(of=models.KindRule)
        glad: list[Member] = many("branch", where={"mood": "GLAD", "state": "NORMAL"})
        along: list[Member] = many("person", local="head_id")

    return (More,)


@case(
    "probe: Query.byName: finds one by 'name', no unique column of core_organization",
    "probe: Query.byNick: finds one by 'nick', no unique column of core_organization",
)
def look_up_by_no_unique_column() -> tuple[type, ...]:
    @extends(Query)
    class Roots:
        by_name: Organization | None = lookup("code", "name")
        by_nick: Organization | None = lookup("nick")

    return (Roots,)


# ---- whose rows these are ------------------------------------------------------------------------


@case("probe: Row declares no row scope")
def scope_missing() -> tuple[type, ...]:
    @record(models.Member, scope=Scope(), read=READ)
    class Row:
        version: int

    return (Row,)


@case(
    "probe: the scope of Area_ names 'district_path', no column of its table",
    "probe: the scope of Mine names 'account', no column of its table",
    "probe: the scope of Row names 'unit_path', no column of its table",
    "probe: the scope of Row names 'unit', no foreign key of its table",
)
def scope_misspelt() -> tuple[type, ...]:
    @record(models.Member, scope=Scope.of("unit", path="unit_path"), read=READ)
    class Row:
        version: int

    @record(models.Organization, scope=Scope.itself(area_path="district_path"), read=READ)
    class Area_:  # noqa: N801  # only its name must be free
        version: int

    @record(models.Member, scope=Scope.own("account"), read=None)
    class Mine:
        version: int

    return (Row, Area_, Mine)


@case(
    "probe: Row is seen through 'nick' of Appointment, no foreign key to it",
    "probe: Row is seen through 'person' of Appointment, no foreign key to it",
    "probe: Row is seen through KindRule, which has no GraphQL type",
)
def through_misspelt() -> tuple[type, ...]:
    through = (
        Through(models.Appointment, "nick"),
        Through(models.Appointment, "person"),
        Through(models.KindRule, "child"),
    )

    @record(models.Member, scope=Scope.of("branch", through=through), read=READ)
    class Row:
        version: int

    return (Row,)


@case("probe: Row has an organization scope but no read permission")
def permission_missing() -> tuple[type, ...]:
    @record(models.Member, scope=OF_BRANCH, read=None)
    class Row:
        version: int

    return (Row,)


@case(
    "probe: Row needs the permission 'probe.row.read', which nobody declares",
    "probe: Found needs the permission 'probe.row.look', which nobody declares",
)
def permission_undeclared() -> tuple[type, ...]:
    @record(models.Member, scope=OF_BRANCH, read="probe.row.read")
    class Row:
        version: int

    @node(
        models.Member,
        scope=OF_BRANCH,
        read=READ,
        hashed={"key": Hashed("person_id", "probe.row.look"), "other": Hashed("person_id", READ)},
    )
    class Found(Node):
        version: int

    return (Row, Found)


# ---- filters and orders --------------------------------------------------------------------------


@case(
    "probe: Row filters or orders by 'mood', which is not a field over a column",
    "probe: Row filters or orders by 'gender', which is not a field over a column",
    "probe: Row filters or orders by 'half', which is not a field over a column",
)
def filter_by_no_column() -> tuple[type, ...]:
    @record(models.Member, scope=OF_BRANCH, read=READ, filters=("mood", "gender"), orders=("half",))
    class Row:
        gender: str = column("person.gender")
        half: int = expression(lambda sql: f"({sql.column('version')} / 2)", kind="int")

    return (Row,)


@case(
    "probe: Row filters or orders by 'joined_on', but joined_on leads no index",
    "probe: Row filters or orders by 'since', but created_at leads no index",
)
def filter_without_index() -> tuple[type, ...]:
    @record(models.Member, scope=OF_BRANCH, read=READ, filters=("joined_on",), orders=("since",))
    class Row:
        joined_on: dt.date | None
        since: dt.datetime = column("created_at")

    return (Row,)


@case("probe: Row orders by 'batch', which can be null")
def order_by_nullable() -> tuple[type, ...]:
    @record(models.Member, scope=OF_BRANCH, read=READ, orders=("batch",))
    class Row:
        batch: int | None = column("batch_id")

    return (Row,)


@case(
    "probe: Row looks 'mail' up in mail_hash, which leads no index",
    "probe: Row looks 'version' up in version, which leads no index",
)
def look_up_without_index() -> tuple[type, ...]:
    hashed = {"mail": Hashed("mail_hash", READ), "version": Hashed("version", READ)}

    @node(models.Member, scope=OF_BRANCH, read=READ, hashed=hashed)
    class Row(Node):
        version: int

    return (Row,)


# ---- classes and names ---------------------------------------------------------------------------


@case("probe: Loose is not a GraphQL type")
def no_type() -> tuple[type, ...]:
    class Loose:
        pass

    return (Loose,)


@case("probe: More extends Loose, which is no GraphQL type")
def target_is_no_type() -> tuple[type, ...]:
    class Loose:
        pass

    @extends(Loose)
    class More:
        count: int = column()

    return (More,)


@case("probe: extends Orphan, which is not part of the schema")
def target_is_nowhere() -> tuple[type, ...]:
    @record(models.Member, scope=OF_BRANCH, read=READ)
    class Orphan:
        version: int

    @extends(Orphan)
    class More:
        stage: str

    return (More,)


@case("core and probe: both define the GraphQL type Organization")
def type_of_the_core() -> tuple[type, ...]:
    @strawberry.type(name="Organization")
    class Other:
        count: int

    return (Other,)


@case("core and probe: both define the field Organization.shortName")
def field_of_the_core() -> tuple[type, ...]:
    @extends(Organization)
    class More:
        short_name: str

    return (More,)


@case("core and probe: both define the field Organization.shortName")
def field_of_the_core_by_another_name() -> tuple[type, ...]:
    @extends(Organization)
    class More:
        shortName: str = column("short_name")  # noqa: N815  # as one might write it

    return (More,)


@case(
    "probe: Member.motto runs Python and is not nullable, so its failure would cost the whole row",
    "probe: Query.hello runs Python and is not nullable, so its failure would cost the whole row",
)
def python_not_nullable() -> tuple[type, ...]:
    @extends(Member)
    class More:
        motto: str = computed(str, reads=("stage",))

    @extends(Query)
    class Roots:
        @strawberry.field
        def hello(self) -> str:
            return "hello"

    return (More, Roots)


@case("probe: Row stands over Publication, a model of no enabled plugin")
def model_of_a_plugin_that_is_off() -> tuple[type, ...]:
    @record(publication_models.Publication, scope=Scope.of("organization"), read=READ)
    class Row:
        title: str

    return (Row,)


@case(
    "publication: Posting stands over Posting, a model of no enabled plugin",
    "publication: Publication stands over Publication, a model of no enabled plugin",
    "publication: PublicationTransition stands over PublicationTransition, a model of no enabled"
    " plugin",
)
def type_of_a_plugin_that_is_off() -> tuple[type, ...]:
    @extends(Query)
    class Roots:
        all_publications: Connection[Publication] = many()

    return (Roots,)


@pytest.mark.parametrize(("made", "expected"), CASES, ids=[made.__name__ for made, _ in CASES])
def test_each_fault_is_found_named_and_can_be_mended(made: Case, expected: tuple[str, ...]) -> None:
    found = problems_of(plugin("probe", *made()))
    assert sorted(told(found)) == sorted(expected)
    assert all(problem.mend for problem in found)


def test_what_strawberry_cannot_make_is_a_problem_too() -> None:
    @strawberry.type
    class Unresolved:
        other: "Nowhere | None"  # type: ignore[name-defined]  # noqa: F821

    (found,) = problems_of(plugin("probe", Unresolved))
    assert found.where == "probe"
    assert found.what.startswith("Unresolved.other: UnresolvedFieldTypeError: ")
    assert found.mend


def test_a_type_that_no_plugin_names_clashes_with_both_sides_named() -> None:
    shape = {"__annotations__": {"size": int}}
    cups = [strawberry.type(type(name, (), dict(shape)), name="Cup") for name in ("Cup", "Mug")]

    @extends(Query)
    class Roots:
        @strawberry.field(graphql_type=cups[1] | None)
        def cup(self) -> object:
            return None

    (found,) = problems_of(plugin("bowl", cups[0]), plugin("probe", cups[1], Roots))
    assert found.where == "bowl and probe"
    assert "Cup" in found.what
    (found,) = problems_of(plugin("bowl", cups[0]), plugin("probe", Roots))
    assert "bowl" in found.where.split(" and ")  # of the other nobody knows whose it is
    assert "Cup" in found.what
    assert found.mend


def test_what_no_type_can_be_blamed_for_is_told_as_it_is() -> None:
    @strawberry.type
    class Empty:
        pass

    (found,) = problems_of(plugin("probe", Empty))
    assert found.where == "schema"
    assert "Empty" in found.what
    assert found.mend


# ---- two plugins ---------------------------------------------------------------------------------


def cup_and_fields() -> tuple[type, ...]:
    @strawberry.type
    class Cup:
        size: int

    @extends(Organization)
    class More:
        cup_size: int = column("depth")

    return (Cup, More)


def test_two_plugins_clash_by_type_and_by_field() -> None:
    found = problems_of(plugin("bowl", *cup_and_fields()), plugin("probe", *cup_and_fields()))
    assert told(found) == [
        "bowl and probe: both define the GraphQL type Cup",
        "bowl and probe: both add the field Organization.cupSize",
    ]
    assert all(problem.mend for problem in found)


def test_two_python_names_of_one_field_clash() -> None:
    @extends(Organization)
    class Other:
        cupSize: int = column("depth")  # noqa: N815  # the same name in the schema

    found = problems_of(plugin("bowl", *cup_and_fields()), plugin("probe", Other))
    assert told(found) == ["bowl and probe: both add the field Organization.cupSize"]


def test_the_plugin_of_an_extended_type_is_required() -> None:
    @record(models.Member, scope=OF_BRANCH, read=READ)
    class Bowl:
        version: int

    @extends(Bowl)
    class More:
        stage_again: str = column("stage")

    @extends(Publication)
    class Extra:
        title_again: str = column("title")

    bowl = plugin("bowl", Bowl)
    found = problems_of(bowl, plugin("probe", More, Extra), enabled=("publication",))
    assert [str(each) for each in found] == [
        'probe: extends Bowl of bowl → add "bowl" to `requires`',
        'probe: extends Publication of publication → add "publication" to `requires`',
    ]
    needs = ("bowl", "publication")
    made = composed([bowl, plugin("probe", More, Extra, needs=needs)], ("publication",))
    assert made.owners["Bowl.stageAgain"] == made.owners["Publication.titleAgain"] == "probe"


def test_all_problems_of_all_plugins_are_told_at_once() -> None:
    every = [plugin(f"probe_{n}", *made()) for n, made in enumerate((
        python_not_nullable, field_of_the_core, no_type, tally_without_permission, many_misspelt,
    ))]  # fmt: skip
    found = problems_of(*every)
    assert {problem.where for problem in found} == {
        "probe_0",
        "core and probe_1",
        "probe_2",
        "probe_3",
        "probe_4",
    }
    expected = [text for made, texts in CASES for text in texts if made in (
        python_not_nullable, field_of_the_core, no_type, tally_without_permission, many_misspelt,
    )]  # fmt: skip
    assert sorted(problem.what for problem in found) == sorted(
        text.partition(": ")[2] for text in expected
    )


# ---- two registries in one process ---------------------------------------------------------------


def fields_of(made: Composed, name: str) -> dict[str, set[str]]:
    kind = made.graphql.type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    return {field: set(each.args) for field, each in kind.fields.items()}


def core_classes() -> dict[str, list[tuple[str, list[str], int]]]:
    return {
        cls.__name__: [
            (f.python_name, [a.python_name for a in f.arguments], len(f.directives))
            for f in get_object_definition(cls, strict=True).fields
        ]
        for cls in (Organization, Member, Person, Query)
    }


def test_two_registries_share_nothing() -> None:
    before = core_classes()

    def cup(kind: type, *names: str) -> tuple[type, ...]:
        cup = strawberry.type(type("Cup", (), {"__annotations__": {"size": kind}}))
        arguments = tuple(Argument(name, int | None, "数 · a number") for name in names)

        @extends(Organization)
        class More:
            cups: int = expression(lambda _: "1", arguments=arguments, kind="int")

        return (cup, More)

    plain = composed()
    one_ = composed([plugin("probe", *cup(int, "least"))])
    two = composed([plugin("probe", *cup(str, "most"))], ("publication",))
    again = composed([plugin("probe", *cup(int, "least"))])
    bare = fields_of(plain, "Organization")
    assert fields_of(one_, "Organization") == {**bare, "cups": {"least"}}
    assert fields_of(two, "Organization") == {
        **bare,
        "cups": {"most"},
        "publications": {"first", "after", "filter", "order"},
        "subtreePublications": {"first", "after", "filter", "order"},
    }
    sizes = [str(made.graphql.type_map["Cup"].fields["size"].type) for made in (one_, two)]  # type: ignore[attr-defined]
    assert sizes == ["Int!", "String!"]
    assert one_.graphql.type_map.keys() - plain.graphql.type_map.keys() == {"Cup"}
    assert "Publication" in two.graphql.type_map.keys() - one_.graphql.type_map.keys()
    assert "publications" not in fields_of(one_, "Query")
    assert again.sdl() == one_.sdl()
    assert composed().sdl() == plain.sdl()
    assert two.sdl() != one_.sdl() != plain.sdl()
    assert core_classes() == before


CORE = "{ organizations { totalCount nodes { code superior { code } } } registers { code } }"


async def test_a_plugin_that_is_off_takes_its_part_of_the_schema_along(
    district: MakeDistrict, database_url: str
) -> None:
    async with district(url=database_url) as without:
        token = await without.token("AUDITOR")
        async with without.database():
            await models.Organization.create(
                code="S", name="甲街道", kind="X", level="X", path="1.", synthetic=True
            )
        first = await without.execute(CORE, token=token)
        asked = '{ organization(code: "S") { publications { totalCount } } }'
        assert (first.errors, first.tier, first.statements) == ([], "raw", 1)
        assert (await without.execute(asked, token=token)).tier == "refused"
        bare = without.sdl
    async with district(["publication"], url=database_url) as place:
        result = await place.execute(asked, token=token)
        assert result.data == {"organization": {"publications": {"totalCount": 0}}}
    async with district(url=database_url) as off:
        assert off.sdl == bare
        assert (await off.execute(asked, token=token)).tier == "refused"
        assert (await off.execute(CORE, token=token)).data == first.data
        assert first.data["organizations"]["nodes"] == [{"code": "S", "superior": None}]
        assert "ublication" not in bare
