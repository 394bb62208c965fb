"""Whatever a mutation is given the id of: hidden is as absent, and nobody anonymous writes.

Made from the composed schema with every plugin that is installed, so what is new is tried as soon
as it is there: each id in each input, with a row of another street and with one that never was.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from itertools import count
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type
from tortoise import fields
from tortoise.models import Model

from gongzhi.access.roles import ROLE_CODES
from gongzhi.access.service import add_grant, create_account, create_token
from gongzhi.database.fields import PathField
from gongzhi.errors import GongzhiError
from gongzhi.graph.mutations import Mutate, parameters_of, read_docstring
from gongzhi.host import installed
from gongzhi.references import AnyKey, Key
from gongzhi.registry.codes import MembershipStage
from gongzhi.registry.models import Area, Member, Organization, Person
from gongzhi_schema.district import District, Result, open_district
from gongzhi_schema.query.values import camel
from tests.conftest import FreshDatabase
from tests.registry.helpers import area, member, organization, person

MARK = "机密西街"
NEVER = 987_654_321

Path = tuple[str | int, ...]


@dataclass
class Streets:
    """Two streets with a row of every kind in each; the viewer has every role in the eastern."""

    district: District
    token: str
    homes: Mapping[str, Organization]
    grounds: Mapping[str, Area]
    rows: dict[tuple[type[Model], str], list[Model]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def mutations(self) -> list[Mutate]:
        found = self.district.composed.catalogue.types["Mutation"].fields.values()
        return [info.source for info in found if isinstance(info.source, Mutate)]

    def type_name(self, model: type[Model]) -> str:
        nodes = self.district.composed.catalogue.nodes
        return next(info.name for info in nodes if info.spec and info.spec.model is model)

    async def some(self, model: type[Model], side: str) -> list[Model]:
        """Return rows in a street, one for each state where the model has states."""
        key = (model, side)
        if key not in self.rows:
            self.rows[key] = []  # a table that refers to itself refers to nothing
            states = model._meta.fields_map.get("state")
            enum = getattr(states, "enum_type", None)
            for state in list(enum) if enum else [None]:
                self.rows[key].append(await self._row(model, side, state))
        return self.rows[key]

    async def sees(self, key: str) -> bool:
        result = await self.district.execute(
            "query Q($id: ID!) { node(id: $id) { id } }", {"id": key}, self.token
        )
        assert result.errors == []
        return result.data["node"] is not None

    async def _row(self, model: type[Model], side: str, state: Any) -> Model:
        values: dict[str, Any] = {} if state is None else {"state": state}
        for name, each in model._meta.fields_map.items():
            if name in values or each.pk or each.reference is not None or each.generated:
                continue
            value = await self._value(each, side)
            if value is not None:
                values[name] = value
        return await model.create(**values)

    async def _value(self, each: Any, side: str) -> Any:
        mark = f"{MARK if side == 'west' else '东街'}{next(self._numbers)}"
        if isinstance(each, fields.relational.ForeignKeyFieldInstance):
            target = each.related_model
            if each.null and target not in {Organization, Area, Person}:
                return None
            found = await self.some(target, side)
            return found[0] if found else None
        if isinstance(each, fields.relational.RelationalField):
            return None
        if isinstance(each, PathField):
            return (self.grounds if "area" in each.model_field_name else self.homes)[side].path
        if getattr(each, "enum_type", None) is not None:
            return None if each.default is not None or each.null else next(iter(each.enum_type))
        if each.field_type is str:
            return mark[: getattr(each, "max_length", None) or 100]
        if each.default is not None or each.null or getattr(each, "auto_now_add", False):
            return None
        if each.field_type is dt.date:
            return _PLAIN[dt.date] + dt.timedelta(days=next(self._numbers))
        return _PLAIN.get(each.field_type, [])  # JSON, of which an empty list is the simplest


_PLAIN: Mapping[Any, Any] = {
    int: 1,
    bool: False,
    bytes: b"x",
    Decimal: Decimal(1),
    dt.date: dt.date(2026, 3, 2),
    dt.datetime: dt.datetime(2026, 3, 2, tzinfo=dt.UTC),
}


@pytest.fixture
async def streets(fresh_database: FreshDatabase, dialect: str) -> AsyncIterator[Streets]:
    url = fresh_database(dialect=dialect)
    async with open_district(url, sorted(installed())) as district:
        async with district.database():
            top = await organization("DISTRICT_PARTY_COMMITTEE")
            homes, grounds, rows = {}, {}, {}
            for side, name in (("east", "东街"), ("west", MARK)):
                grounds[side] = await area("SUBDISTRICT")
                homes[side] = home = await organization(
                    "SUBDISTRICT_WORKING_COMMITTEE", top, area_id=grounds[side].id
                )
                branch = await organization("PARTY_BRANCH", home)
                for row in (home, branch, grounds[side]):
                    row.name = f"{name}{row.code}"
                    await row.save()
                someone = await member(branch, MembershipStage.FULL_MEMBER)
                rows[Organization, side] = [home, branch]
                rows[Area, side] = [grounds[side]]
                rows[Member, side] = [someone]
                rows[Person, side] = [await person(home)]
            token = await _account(homes["east"].code)
        made = Streets(district, token, homes, grounds, rows)
        yield made


async def _account(street: str) -> str:
    """Make an account with every role that can be had together in one street."""
    await create_account("everything")
    for role in sorted(ROLE_CODES):
        try:
            await add_grant("everything", role, organization=street)
        except GongzhiError:
            continue
    return (await create_token("everything")).text


# == inputs ==


def inner(kind: Any) -> Any:
    """Return a type without ``| None``."""
    some = [each for each in get_args(kind) if each is not type(None)]
    optional = type(None) in get_args(kind)
    return some[0] if optional and len(some) == 1 else kind


def key_of(kind: Any) -> Key | AnyKey | None:
    if get_origin(kind) is not Annotated:
        return None
    return next(each for each in get_args(kind) if isinstance(each, Key | AnyKey))


def parts(kind: type) -> list[tuple[str, Any, bool]]:
    """Return name, type and whether it is needed, of each field of a dataclass."""
    hints = get_type_hints(kind, include_extras=True)
    missing = dataclasses.MISSING
    return [
        (each.name, hints[each.name], each.default is missing and each.default_factory is missing)
        for each in dataclasses.fields(kind)
    ]


def ids(kind: Any, path: Path) -> Iterator[tuple[Path, Key | AnyKey]]:
    """Yield where a type has ids, and whose they are."""
    kind = inner(kind)
    if (key := key_of(kind)) is not None:
        yield path, key
    elif get_origin(kind) in (Sequence, list, tuple):
        yield from ids(get_args(kind)[0], (*path, 0))
    elif dataclasses.is_dataclass(kind):
        for name, each, _ in parts(kind):
            yield from ids(each, (*path, camel(name)))


class Inputs:
    """Makes inputs of one mutation that are as right as can be known from its signature."""

    def __init__(self, streets: Streets, source: Mutate, codes: Mapping[str, str]) -> None:
        self._streets = streets
        self._source = source
        self._codes = codes
        self._texts = read_docstring(source.service)[1]

    @property
    def targets(self) -> list[tuple[Path, Key | AnyKey]]:
        return [
            found
            for name, kind, _ in parameters_of(self._source.service)
            for found in ids(kind, (camel(name),))
        ]

    async def make(self, variant: int, path: Path = (), value: str = "") -> dict[str, Any]:
        """Return an input with what is needed, and at a path a given id.

        :param variant: which of the viewer's own rows, where there is one for each state.
        """
        given: dict[str, Any] = {}
        for name, kind, default in parameters_of(self._source.service):
            needed = default is parameters_empty
            if needed or (path and camel(name) == path[0]):
                given[camel(name)] = await self._value(kind, name, variant, path[1:], value, path)
        return given

    async def _value(
        self, kind: Any, name: str, variant: int, path: Path, value: str, whole: Path
    ) -> Any:
        kind = inner(kind)
        if (key := key_of(kind)) is not None:
            if whole and whole[-1] == camel(name) and not path and value:
                return value
            model = key.model if isinstance(key, Key) else Organization
            rows = await self._streets.some(model, "east")
            return f"{self._streets.type_name(model)}:{rows[variant % len(rows)].pk}"
        if get_origin(kind) in (Sequence, list, tuple):
            item = get_args(kind)[0]
            if key_of(item) is not None and value and path:
                return [value]
            return [await self._value(item, name, variant, path[1:], value, whole)]
        if dataclasses.is_dataclass(kind):
            return {
                camel(each): await self._value(
                    part,
                    each,
                    variant,
                    path[1:],
                    value if path and path[0] == camel(each) else "",
                    whole,
                )
                for each, part, needed in parts(kind)
                if needed or (path and path[0] == camel(each))
            }
        return self._plain(kind, name)

    def _plain(self, kind: Any, name: str) -> Any:
        if isinstance(kind, type) and issubclass(kind, Enum):
            return next(iter(kind)).name
        if kind is str:
            named = re.search(r"代码表 (\w+)", self._texts.get(name, ""))
            return self._codes.get(named[1] if named else "", "合成文字")
        if kind is bool:
            return True
        value = _PLAIN[kind]
        return value if isinstance(value, int) else str(value).replace(" ", "T")


parameters_empty = parameters_of.__globals__["inspect"].Parameter.empty


# == asking ==


def document(streets: Streets, source: Mutate) -> str:
    """Return a document that reads everything plain in the payload."""
    name = camel(source.name)
    title = name[0].upper() + name[1:]
    schema = streets.district.composed.catalogue.schema
    payload = get_named_type(schema.mutation_type.fields[name].type)
    entity = get_named_type(payload.fields[camel(source.entity)].type)
    assert isinstance(entity, GraphQLObjectType)
    plain = [
        each
        for each, info in entity.fields.items()
        if is_leaf_type(get_named_type(info.type)) and not info.args
    ]
    return (
        f"mutation M($input: {title}Input!) {{ {name}(input: $input) {{ {camel(source.entity)} "
        f"{{ __typename {' '.join(plain)} }} errors {{ code field message }} }} }}"
    )


def codes_of(result: Result) -> list[tuple[str, str | None]]:
    """Return code and field of everything that was refused."""
    found = [(each["extensions"]["code"], None) for each in result.errors]
    for payload in (result.data or {}).values():
        found += [(each["code"], each["field"]) for each in (payload or {}).get("errors", [])]
    return found


def without(result: Result, given: str) -> str:
    return json.dumps([result.data, result.errors], ensure_ascii=False).replace(given, "ID")


async def first_codes(streets: Streets) -> dict[str, str]:
    rows = await streets.district._context.db().execute_query_dict(
        "SELECT list, code FROM core_code WHERE active ORDER BY id DESC"
    )
    return {row["list"]: row["code"] for row in rows}


async def test_an_id_of_another_street_is_as_one_that_never_was(streets: Streets) -> None:
    tried, reached, missed = 0, 0, []
    async with streets.district.database():
        codes = await first_codes(streets)
        for source in streets.mutations:
            inputs = Inputs(streets, source, codes)
            text = document(streets, source)
            for path, key in inputs.targets:
                model = key.model if isinstance(key, Key) else Organization
                name = streets.type_name(model)
                foreign = f"{name}:{(await streets.some(model, 'west'))[0].pk}"
                if await streets.sees(foreign):  # such as areas, which everybody may read
                    continue
                tried += 1
                for variant in range(12):
                    answers = []
                    for value in (foreign, f"{name}:{NEVER}"):
                        given = await inputs.make(variant, path, value)
                        result = await streets.district.execute(
                            text, {"input": given}, streets.token
                        )
                        answers.append((without(result, value), codes_of(result)))
                        assert MARK not in answers[-1][0], (source.name, path)
                    assert answers[0] == answers[1], (source.name, path, variant)
                    if ("NOT_FOUND", path[0]) in answers[0][1]:
                        reached += 1
                        break
                else:
                    missed.append((source.name, path, answers[0][1]))
    told = "\n".join(map(str, [f"{reached} of {tried} ids were looked for", *missed]))
    print(told)  # noqa: T201
    assert reached >= tried * 0.7, told


async def test_nobody_anonymous_writes(streets: Streets) -> None:
    async def recorded() -> int:
        rows = await streets.district._context.db().execute_query_dict(
            "SELECT count(*) AS n FROM core_event"
        )
        return int(rows[0]["n"])

    async with streets.district.database():
        codes = await first_codes(streets)
        before = await recorded()
        for source in streets.mutations:
            given = await Inputs(streets, source, codes).make(0)
            result = await streets.district.execute(document(streets, source), {"input": given})
            assert codes_of(result) == [("UNAUTHENTICATED", None)], source.name
            assert result.data == {camel(source.name): None}
        assert await recorded() == before
