"""What one request may ask for. Each row fails when its limit is lost, and when it is too narrow."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import get_introspection_query

from gongzhi.settings import LimitSettings
from gongzhi_schema.query.limits import Measure
from tests.http.conftest import Serve
from tests.http.site import JSON, Site, code_of

ASK = "{ __typename }"
Variables = dict[str, Any] | None


def braced(text: str) -> str:
    return f"{{ {text} }}"


def nested(field: str, levels: int, leaf: str) -> str:
    """Return a leaf below so many levels of one field."""
    return f"{field} {{ " * levels + leaf + " }" * levels


LIMITS: dict[str, tuple[str, str, str, Variables, int]] = {
    "depth": ("depth", "DEPTH_LIMIT", '{ area(code: "1") { parent { code } } }', None, 3),
    "depth through fragments": (
        "depth",
        "DEPTH_LIMIT",
        '{ area(code: "1") { ...a } } fragment a on Area { parent { ...b } } '
        "fragment b on Area { parent { code } }",
        None,
        4,
    ),
    "depth through inline fragments": (
        "depth",
        "DEPTH_LIMIT",
        '{ ... { area(code: "1") { ... on Area { parent { ... { code } } } } } }',
        None,
        3,
    ),
    "depth below an edge": (
        "depth",
        "DEPTH_LIMIT",
        "{ areas { edges { node { children { nodes { code } } } } } }",
        None,
        6,
    ),
    "depth of one of several": (
        "depth",
        "DEPTH_LIMIT",
        '{ __typename a: area(code: "1") { code } b: area(code: "1") { parent { code } } }',
        None,
        3,
    ),
    "aliases": ("aliases", "ALIAS_LIMIT", "{ a: __typename b: __typename }", None, 2),
    "aliases below": (
        "aliases",
        "ALIAS_LIMIT",
        '{ area(code: "1") { a: code b: code parent { c: code } } }',
        None,
        3,
    ),
    "aliases by fragments": (
        "aliases",
        "ALIAS_LIMIT",
        "{ ...a ...a ... { ...a } } fragment a on Query { a: __typename b: __typename }",
        None,
        6,
    ),
    "root fields": (
        "root_fields",
        "ROOT_FIELD_LIMIT",
        '{ __typename area(code: "1") { code name } viewer { name } }',
        None,
        3,
    ),
    "root fields by fragments": (
        "root_fields",
        "ROOT_FIELD_LIMIT",
        "{ ...a ...a ... { __typename } } fragment a on Query { __typename viewer { name } }",
        None,
        5,
    ),
    "directives": (
        "directives",
        "DIRECTIVE_LIMIT",
        "{ __typename @include(if: true) @skip(if: false) }",
        None,
        2,
    ),
    "directives by fragments": (
        "directives",
        "DIRECTIVE_LIMIT",
        "{ ...a @include(if: true) ...a ... @skip(if: false) { viewer { ...b } } } "
        "fragment a on Query { __typename @skip(if: false) } "
        "fragment b on Account { name @skip(if: false) }",
        None,
        5,
    ),
    "operations": (
        "operations",
        "OPERATION_LIMIT",
        "query a { __typename } query b { __typename } query c { __typename }",
        None,
        3,
    ),
    "variables": (
        "variables",
        "VARIABLE_LIMIT",
        "query a($c: String, $i: ID) { area(code: $c) { id } b: area(id: $i) { id } }",
        {"c": "1", "i": "Area:1"},
        2,
    ),
    "cost of a page": ("cost", "COST_LIMIT", "{ areas(first: 30) { nodes { code } } }", None, 31),
    "cost of the default page": ("cost", "COST_LIMIT", "{ areas { nodes { code } } }", None, 21),
    "cost of a page by a variable": (
        "cost",
        "COST_LIMIT",
        "query a($n: Int) { areas(first: $n) { nodes { code } } }",
        {"n": 30},
        31,
    ),
    "cost of a variable left out": (
        "cost",
        "COST_LIMIT",
        "query a($n: Int) { areas(first: $n) { nodes { code } } }",
        None,
        21,
    ),
    "cost of a variable's default": (
        "cost",
        "COST_LIMIT",
        "query a($n: Int = 40) { areas(first: $n) { nodes { code } } }",
        None,
        41,
    ),
    "cost of pages in pages": (
        "cost",
        "COST_LIMIT",
        "{ areas(first: 10) { nodes { children(first: 10) { nodes { code } } } } }",
        None,
        1 + 10 * (1 + 1 + 10),
    ),
    "cost of edges and counts": (
        "cost",
        "COST_LIMIT",
        "{ areas(first: 10) { totalCount edges { cursor node { code } } } }",
        None,
        1 + 10 + 10 * (1 + 1),
    ),
    "cost of fragments spread twice": (
        "cost",
        "COST_LIMIT",
        "{ x: areas(first: 10) { ...a } y: areas(first: 20) { ...a } } "
        "fragment a on AreaConnection { nodes { code } }",
        None,
        1 + 10 + 1 + 20,
    ),
    "cost of a list of ids": (
        "cost",
        "COST_LIMIT",
        '{ nodes(ids: ["Area:1"]) { id } }',
        None,
        1 + 100,
    ),
}


@pytest.mark.parametrize("row", LIMITS)
async def test_limits(serve: Serve, row: str) -> None:
    setting, code, query, variables, requested = LIMITS[row]
    name = "a" if query.startswith("query a") else None
    async with serve(limits={setting: requested}) as site:
        fits = await site.ask(query, variables, operationName=name)
        assert "errors" not in fits.json(), fits.text
        assert fits.status_code == 200
    async with serve(limits={setting: requested - 1}) as site:
        for _ in range(2):  # what is refused is refused again
            answer = await site.ask(query, variables, operationName=name)
            assert (answer.status_code, code_of(answer)) == (400, code)
            assert "data" not in answer.json()
            (error,) = answer.json()["errors"]
            assert error["extensions"]["requested"] == requested
            assert error["extensions"]["maximum"] == requested - 1
            statements = site.app.engine.reader.statements
        assert statements == 0
        legacy = await site.ask(query, variables, operationName=name, accept=JSON)
        assert (legacy.status_code, code_of(legacy)) == (200, code)
        assert (await site.ask(ASK)).status_code == 200


async def test_every_operation_of_a_document_is_measured(serve: Serve) -> None:
    query = 'query a { __typename } query b { area(code: "1") { parent { code } } }'
    async with serve(limits={"depth": 2}) as site:
        answer = await site.ask(query, operationName="a")
        assert code_of(answer) == "DEPTH_LIMIT"


async def test_tokens(serve: Serve) -> None:
    async with serve(limits={"tokens": 3}) as site:
        assert (await site.ask(ASK)).status_code == 200
        for query in ("{ __typename a }", "{ " + "a " * 400_000, f"{ASK} # a comment counts"):
            answer = await site.ask(query)
            assert (answer.status_code, code_of(answer)) == (400, "TOKEN_LIMIT")


async def test_the_defaults_hold(serve: Serve) -> None:
    """What a deployment has that sets no limit."""
    limits = LimitSettings()
    deep = nested("parent", limits.depth - 1, "code")
    many = range(limits.aliases + 1)
    fields = "__typename " * (limits.root_fields + 1)
    variables = " ".join(f"$v{i}: Int" for i in range(limits.variables + 1))
    operations = " ".join(f"query q{i} {{ __typename }}" for i in range(limits.operations + 1))
    switch = "@skip(if: false) "
    wide = "children(first: 100) { nodes { children(first: 100) { nodes { code } } } }"
    async with serve() as site:
        for query, code in {
            f'{{ area(code: "1") {{ {deep} }} }}': "DEPTH_LIMIT",
            braced(" ".join(f"a{i}: __typename" for i in many)): "ALIAS_LIMIT",
            braced(fields): "ROOT_FIELD_LIMIT",
            braced("__typename " + switch * (limits.directives + 1)): "DIRECTIVE_LIMIT",
            f"query({variables}) {{ __typename }}": "VARIABLE_LIMIT",
            operations: "OPERATION_LIMIT",
            braced("a " * limits.tokens): "TOKEN_LIMIT",
            f'{{ area(code: "1") {{ {wide} }} }}': "COST_LIMIT",
        }.items():
            answer = await site.ask(query)
            assert (answer.status_code, code_of(answer)) == (400, code), query[:80]


# ---- pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [0, -1, 6, 2**31 - 1])
async def test_page_sizes(serve: Serve, first: int) -> None:
    async with serve(limits={"page_size": 5, "default_page_size": 2}) as site:
        by_variable = "query($n: Int) { areas(first: $n) { nodes { code } } }"
        for answer in (
            await site.ask(f"{{ areas(first: {first}) {{ nodes {{ code }} }} }}"),
            await site.ask(by_variable, {"n": first}),
        ):
            assert code_of(answer) == "BAD_USER_INPUT"
            assert answer.json()["data"] is None
            assert "first" in answer.json()["errors"][0]["message"]
        fits = await site.ask(by_variable, {"n": 5})
        assert fits.json()["data"] == {"areas": {"nodes": []}}


# ---- cost ----------------------------------------------------------------------------------------


async def test_every_answer_says_its_cost(serve: Serve) -> None:
    async with serve(limits={"cost": 100}) as site:
        for query, requested in {
            ASK: 0,
            '{ area(code: "1") { code } }': 1,
            "{ areas(first: 7) { nodes { code } } }": 8,
            "{ areas { totalCount } }": 11,
            '{ organization(id: "Area:1") { id } }': 1,  # one that ends in an error
        }.items():
            answer = await site.ask(query)
            cost = answer.json()["extensions"]["cost"]
            assert cost == {"requested": requested, "maximum": 100}, query


async def test_a_cost_known_by_variables_is_of_those_variables(serve: Serve) -> None:
    query = "query($n: Int, $m: Int) { areas(first: $n) { nodes { children(first: $m) { nodes { code } } } } }"
    async with serve() as site:
        for n, m in ((1, 1), (10, 20), (20, 10), (10, 20)):
            answer = await site.ask(query, {"n": n, "m": m})
            assert answer.json()["extensions"]["cost"]["requested"] == 1 + n * (2 + m)
        assert code_of(await site.ask(query, {"n": 100, "m": 100})) == "COST_LIMIT"


# ---- fragments that spread one another -----------------------------------------------------------

LEVELS = 22


def fan_out(
    kind: str, leaf: str, start: str = "{ %s }", *, levels: int = LEVELS, times: int = 2
) -> str:
    """Return a document in which each fragment spreads the next one twice, or more often."""
    parts = [start % "...f0"]
    parts += [f"fragment f{i} on {kind} {{ {f'...f{i + 1} ' * times}}}" for i in range(levels)]
    return " ".join([*parts, f"fragment f{levels} on {kind} {{ {leaf} }}"])


class Calls:
    """Counts the calls of methods."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
        self.made = dict.fromkeys(names, 0)
        for name in names:
            monkeypatch.setattr(Measure, name, self._counting(name, getattr(Measure, name)))

    def _counting(self, name: str, method: Any) -> Any:
        def call(*given: Any) -> Any:
            self.made[name] += 1
            if self.made[name] > 100_000:
                pytest.fail(f"{name}: each spread is measured anew")
            return method(*given)

        return call


@pytest.mark.parametrize(
    ("leaf", "code", "requested"),
    [
        ("__typename", "ROOT_FIELD_LIMIT", 2**LEVELS),
        ("a: __typename", "ALIAS_LIMIT", 2**LEVELS),
        ("... @skip(if: true) { viewer { name } }", "ROOT_FIELD_LIMIT", 2**LEVELS),
    ],
)
async def test_each_fragment_is_measured_once(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, leaf: str, code: str, requested: int
) -> None:
    calls = Calls(monkeypatch, "_size")
    async with serve() as site:
        answer = await site.ask(fan_out("Query", leaf))
        assert code_of(answer) == code
        assert answer.json()["errors"][0]["extensions"]["requested"] == requested
        assert LEVELS < calls.made["_size"] <= 4 * LEVELS


async def test_the_cost_of_each_fragment_is_found_once(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = Calls(monkeypatch, "_size", "_cost", "_field_cost")
    async with serve() as site:
        query = fan_out("Area", "parent { code }", '{ area(code: "1") { %s } }')
        answer = await site.ask(query)
        assert code_of(answer) == "COST_LIMIT"
        found = answer.json()["errors"][0]["extensions"]["requested"]
        assert found == 1 + 2**LEVELS
        assert all(LEVELS < calls.made[name] <= 4 * LEVELS for name in ("_size", "_cost"))
        assert calls.made["_field_cost"] <= 4 * LEVELS


async def test_a_fan_out_that_costs_nothing_is_answered(serve: Serve) -> None:
    async with serve() as site:
        query = fan_out("Area", "code", '{ area(code: "1") { %s } }')
        answer = await site.ask(query)
        assert answer.json()["data"] == {"area": None}


@pytest.mark.parametrize(
    ("leaf", "code"), [("parent { code }", "COST_LIMIT"), ("a: code", "ALIAS_LIMIT")]
)
async def test_numbers_that_json_cannot_hold(serve: Serve, leaf: str, code: str) -> None:
    query = fan_out("Area", leaf, '{ area(code: "1") { %s } }', levels=60, times=4)
    async with serve() as site:
        answer = await site.ask(query)
        assert (answer.status_code, code_of(answer)) == (400, code)
        assert answer.json()["errors"][0]["extensions"]["requested"] == 2**53 - 1


async def test_a_chain_of_fragments_longer_than_python_can_follow(serve: Serve) -> None:
    async with serve(limits={"tokens": 50_000}) as site:
        for levels, code in ((100, ""), (5000, "DEPTH_LIMIT")):
            query = fan_out("Area", "code", '{ area(code: "1") { %s } }', levels=levels, times=1)
            answer = await site.ask(query)
            if code:
                assert (answer.status_code, code_of(answer)) == (400, code)
            else:
                assert answer.json()["data"] == {"area": None}


# ---- introspection -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { queryType { name } } }",
        '{ __type(name: "Area") { name } }',
        "{ a: __schema { queryType { name } } }",
        "{ ...a } fragment a on Query { ... { __schema { queryType { name } } } }",
        "query a { __typename } query b { __schema { queryType { name } } }",
        "{ __schema @skip(if: true) { queryType { name } } }",
    ],
)
async def test_introspection_is_off_unless_it_is_opened(serve: Serve, query: str) -> None:
    async with serve() as site:
        answer = await site.ask(query, operationName="a" if "query a" in query else None)
        assert (answer.status_code, code_of(answer)) == (400, "INTROSPECTION_DISABLED")
    async with serve(server={"introspection": True}) as site:
        answer = await site.ask(query, operationName="a" if "query a" in query else None)
        assert "errors" not in answer.json()


async def test_the_names_of_the_schema_are_not_suggested(serve: Serve) -> None:
    for introspection in (False, True):
        async with serve(server={"introspection": introspection}) as site:
            answer = await site.ask("{ area_ { code } }")
            assert code_of(answer) == "GRAPHQL_VALIDATION_FAILED"
            assert ("Did you mean" in answer.text) == introspection


async def test_the_query_of_graphiql_passes(serve: Serve) -> None:
    async with serve(server={"introspection": True}) as site:
        answer = await site.ask(get_introspection_query())
        assert "errors" not in answer.json()
        assert answer.json()["data"]["__schema"]["queryType"]["name"] == "Query"


async def test_introspection_does_not_open_the_way_for_deep_data(serve: Serve) -> None:
    data = '__type(name: "Area") { name } area(code: "1") '
    async with serve(server={"introspection": True}) as site:
        fits = await site.ask(braced(data + braced(nested("parent", 8, "code"))))
        assert "errors" not in fits.json()
        answer = await site.ask(braced(data + braced(nested("parent", 9, "code"))))
        assert code_of(answer) == "DEPTH_LIMIT"
        deep = nested("ofType", 17, "name")
        answer = await site.ask(f'{{ __type(name: "Area") {{ {deep} }} }}')
        assert code_of(answer) == "DEPTH_LIMIT"


async def test_introspection_that_multiplies_is_refused(serve: Serve) -> None:
    wide = nested("fields { type", 5, "name") + " }" * 5
    async with serve(server={"introspection": True}) as site:
        answer = await site.ask(f"{{ __schema {{ types {{ {wide} }} }} }}")
        assert code_of(answer) == "GRAPHQL_VALIDATION_FAILED"


# ---- errors --------------------------------------------------------------------------------------


async def errors_of(site: Site, query: str, variables: Variables = None) -> int:
    errors: list[Any] = (await site.ask(query, variables)).json()["errors"]
    assert all(each["extensions"]["code"] for each in errors)
    return len(errors)


@pytest.mark.parametrize("maximum", [1, 3, 5])
async def test_errors_of_one_answer(serve: Serve, maximum: int) -> None:
    ten = range(10)
    invalid = braced(" ".join(f"x{i}" for i in ten))
    declared = ", ".join(f"$v{i}: Int!" for i in ten)
    used = " ".join(f"a{i}: areas(first: $v{i}) {{ totalCount }}" for i in ten)
    failing = " ".join(f'a{i}: organization(id: "Area:{i}") {{ id }}' for i in ten)
    async with serve(limits={"errors": maximum}) as site:
        assert await errors_of(site, invalid) == maximum
        assert await errors_of(site, f"query({declared}) {{ {used} }}", {}) == maximum
        assert await errors_of(site, braced(failing)) == maximum
