"""The vocabulary of mutations: what a service's signature becomes, and how it is answered."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

import asyncpg
import pytest

from gongzhi.errors import CompositionError
from gongzhi.graph.mutations import parameters_of, read_docstring
from gongzhi.hooks import hookimpl
from gongzhi.host import PluginRegistry
from gongzhi.plugin import Plugin
from gongzhi.registry.models import KindRule
from gongzhi.settings import Settings
from gongzhi.writing import Key, Work
from gongzhi_schema.compose import compose
from tests.writing.conftest import Desks, codes
from tests.writing.desk import service
from tests.writing.desk.service import Slip

# What the schema says


def block(sdl: str, start: str) -> str:
    """Return a type of the SDL, from its first line to the brace that ends it."""
    begin = sdl.index(start)
    return sdl[begin : sdl.index("\n}", begin) + 2]


async def test_input_payload_and_errors_follow_from_the_service(desks: Desks) -> None:
    sdl = desks.district.sdl
    fields = block(sdl, "input TicketOpenInput {")
    for line in (
        '"""受理组织 · who takes it"""\n  organization: ID!',
        '"""标题 · title"""\n  title: String!',
        'note: String! = ""',
        '"""费用 · its costs"""\n  lines: [LineInput!]! = []',
        "happenedAt: DateTime",
        '"""实际发生时间，默认为现在 · when it happened, now where absent"""\n  occurredAt: DateTime',
        '"""代谁办理 · the person for whom it is entered"""\n  onBehalfOf: ID',
        "idempotencyKey: String",
    ):
        assert line in fields, line
    payload = block(sdl, "type TicketOpenPayload {")
    assert "ticket: Ticket\n" in payload
    assert "errors: [TicketOpenError!]!" in payload
    error = block(sdl, "type TicketOpenError {")
    assert "code: TicketOpenErrorCode!" in error
    assert "field: String\n" in error
    listed = [line.strip() for line in block(sdl, "enum TicketOpenErrorCode {").splitlines()]
    assert [line for line in listed if line.isupper()] == ["BLANK", "FUTURE_DATE", "NOT_FOUND"]
    assert '"""不能为空 · must not be empty"""' in listed
    line_input = block(sdl, "input LineInput {")
    assert '"""金额（元） · how much"""\n  cost: Decimal!' in line_input
    assert "paidAt: DateTime" in line_input
    assert '"""费用项 · one cost."""\ninput LineInput {' in sdl


async def test_the_docstring_describes_the_mutation(desks: Desks) -> None:
    mutation = block(desks.district.sdl, "type Mutation {")
    assert '"""开单 · open a ticket."""' in mutation
    assert "): TicketOpenPayload" in mutation


async def read(work: Work, one: int, two: str = "x", *, three: Sequence[Decimal] = ()) -> None:
    """做一件事，说明很长，
    分两行 · do a thing that takes two lines.

    It also has a paragraph of its own, which no client reads.

    :param one: 一 · one,
        in two lines
    :param two: 二 · two
    :raises RuleError: NOT_FOUND, A_B,
        C2 when it is so
    :raises RuleError: D_E
    :raises LookupError: NEVER
    """


def test_a_docstring_is_read_paragraph_by_paragraph() -> None:
    about, texts, found = read_docstring(read)
    assert about == "做一件事，说明很长， 分两行 · do a thing that takes two lines."
    assert texts == {"one": "一 · one, in two lines", "two": "二 · two"}
    assert found == ("A_B", "C2", "D_E", "NOT_FOUND")
    assert [(name, default) for name, _, default in parameters_of(read)][1:] == [
        ("two", "x"),
        ("three", ()),
    ]


@dataclass(frozen=True)
class Pick:
    """选择 · a choice.

    rule: 规则 · the rule
    """

    rule: Annotated[int, Key(KindRule)]


async def pick(work: Work, picks: Sequence[Pick], *, then: Pick | None = None) -> None:
    """选 · pick.

    :param picks: 选择 · choices
    :param then: 再选 · and then
    :raises RuleError: NOT_FOUND
    """


class Wrong(Plugin):
    """错 · a plugin whose mutation cannot work."""

    name = "wrong"
    title = "错 · wrong"
    version = "0.1.0"
    api = 1

    @hookimpl
    def register_graphql(self) -> Sequence[type]:
        """Return a mutation."""
        from gongzhi.graph import Mutation, extends, mutation

        @extends(Mutation)
        class Mutations:
            """Root mutations."""

            wrong_pick = mutation(pick, Slip, "wrong.rule.pick")

        return (Slip, Mutations)


def test_a_mutation_that_cannot_work_is_found_at_start() -> None:
    settings = Settings.model_validate({"plugins": ()})
    with pytest.raises(CompositionError) as caught:
        compose(PluginRegistry.load(settings, beside=[Wrong()]))
    problems = [str(problem) for problem in caught.value.problems]
    for what in (
        "Mutation.wrongPick: needs the permission 'wrong.rule.pick', which nobody declares",
        "Mutation.wrongPick: takes picks, a key of KindRule, which has no global id",
        "Mutation.wrongPick: takes then, a key of KindRule, which has no global id",
    ):
        assert any(what in problem and problem.startswith("wrong:") for problem in problems), what


async def call(work: Work) -> None:
    """调用 · call others.

    :raises RuleError: OWN, all of read, all of service.annotate
    """


def test_a_docstring_may_name_all_that_another_service_refuses() -> None:
    assert read_docstring(call)[2] == (
        "A_B", "C2", "CONFLICT", "D_E", "NOT_FOUND", "OWN", "STATE",
    )  # fmt: skip


# What a client may send


async def test_values_reach_the_service_as_its_types(desks: Desks) -> None:
    token = await desks.staff()
    key = await desks.opened(
        token,
        lines=[
            {"what": "灯泡", "cost": "12.30", "paidAt": "2026-11-22T09:00:00+08:00"},
            {"what": "人工", "cost": "100"},
        ],
        happenedAt="2026-11-20T08:15:30.25+08:00",
        occurredAt="2026-11-20T09:00:00+08:00",
    )
    found = await desks.district.execute(
        f'{{ ticket(id: "{key}") {{ amount happenedAt transitions {{ occurredAt }} }} }}',
        token=token,
    )
    assert found.data["ticket"] == {
        "amount": "112.3",
        "happenedAt": "2026-11-20T00:15:30.250Z",
        "transitions": [{"occurredAt": "2026-11-20T01:00:00.000Z"}],
    }


@pytest.mark.parametrize(
    "given",
    [
        {"occurredAt": "2026-11-20T09:00:00"},
        {"lines": [{"what": "x", "cost": "1", "paidAt": "2026-11-20T09:00:00"}]},
        {"lines": [{"what": "x", "cost": "NaN"}]},
        {"lines": [{"what": "x", "cost": "-Infinity"}]},
        {"organization": "Person:1"},
        {"organization": "1"},
        {"onBehalfOf": "Organization:1"},
        {"idempotencyKey": ""},
        {"idempotencyKey": "k" * 65},
    ],
    ids=str,
)
async def test_what_is_no_value_is_refused_before_anything_runs(
    desks: Desks, given: dict[str, Any]
) -> None:
    token = await desks.staff()
    result = await desks.do(
        "ticketOpen", token, **{"organization": desks.key("east"), "title": "x", **given}
    )
    assert codes(result, "ticketOpen") == ["BAD_USER_INPUT"]
    assert "INTERNAL" not in str(result.errors)
    assert await desks.count("desk_ticket") == 0


async def test_nobody_writes_without_a_token(desks: Desks) -> None:
    result = await desks.do("ticketOpen", None, organization=desks.key("east"), title="x")
    assert codes(result, "ticketOpen") == ["UNAUTHENTICATED"]


# What a client gets


async def test_refusals_are_in_the_language_that_was_asked_for(desks: Desks) -> None:
    token = await desks.staff()
    key = await desks.opened(token)
    text = (
        f'mutation {{ ticketFinish(input: {{ticket: "{key}"}}) '
        "{ ticket { id } errors { code field message __typename } } }"
    )
    for language, message in (("zh", "办结须有批注"), ("en", "办结 needs a note")):
        result = await desks.district.execute(text, token=token, language=language)
        assert result.data["ticketFinish"]["errors"] == [
            {
                "code": "NO_NOTE",
                "field": "ticket",
                "message": message,
                "__typename": "TicketFinishError",
            }
        ]


async def test_a_code_that_the_service_does_not_name_is_told_all_the_same(
    desks: Desks, caplog: pytest.LogCaptureFixture
) -> None:
    token = await desks.staff()
    with caplog.at_level(logging.ERROR):
        result = await desks.do("ticketUnnamed", token, organization=desks.key("east"))
    assert codes(result, "ticketUnnamed") == ["NO_NOTE"]
    assert "ticket_unnamed refused with NO_NOTE" in caplog.text
    assert await desks.count("desk_ticket") == 0


async def test_what_is_unexpected_is_masked_and_its_text_not_logged(
    desks: Desks, caplog: pytest.LogCaptureFixture
) -> None:
    token = await desks.staff()
    with caplog.at_level(logging.DEBUG):
        result = await desks.do(
            "ticketBroken", token, organization=desks.key("east"), secret="13812348000"
        )
    assert codes(result, "ticketBroken") == ["INTERNAL"]
    assert "13812348000" not in str(result)
    ours = "".join(r.getMessage() for r in caplog.records if r.name.startswith("gongzhi"))
    assert "LookupError" in ours
    assert "in broken" in ours  # where it came from
    assert "13812348000" not in ours
    assert await desks.count("desk_ticket") == 0
    assert await desks.count("core_event") == 0


async def test_what_the_database_quotes_is_not_logged(
    desks: Desks, caplog: pytest.LogCaptureFixture
) -> None:
    """A title that is too long for its column, which the service forgot to check."""
    token = await desks.staff()
    with caplog.at_level(logging.INFO):
        result = await desks.do(
            "ticketOpen", token, organization=desks.key("east"), title="13812348000" * 10
        )
    assert codes(result, "ticketOpen") == ["INTERNAL"]
    assert "13812348000" not in "".join(record.getMessage() for record in caplog.records)
    assert "13812348000" not in caplog.text


@pytest.mark.parametrize("key", [None, "k"])
async def test_what_the_database_ended_for_others_is_tried_again(
    desks: Desks, key: str | None
) -> None:
    token = await desks.staff()
    service.STUMBLES[:] = [asyncpg.DeadlockDetectedError(), asyncpg.SerializationError()]
    result = await desks.do(
        "ticketStumble", token, organization=desks.key("east"), idempotencyKey=key
    )
    assert codes(result, "ticketStumble") == []
    assert service.STUMBLES == []
    assert await desks.count("desk_ticket") == 1
    assert len(await desks.events()) == 1


@pytest.mark.parametrize(
    ("error", "left"),
    [(asyncpg.DeadlockDetectedError, 1), (asyncpg.LockNotAvailableError, 3)],
)
async def test_a_client_is_told_to_try_again_later(
    desks: Desks, error: type[Exception], left: int
) -> None:
    """After three deadlocks, or one wait that was too long."""
    token = await desks.staff()
    service.STUMBLES[:] = [error() for _ in range(4)]
    result = await desks.do(
        "ticketStumble", token, organization=desks.key("east"), idempotencyKey="k"
    )
    assert codes(result, "ticketStumble") == ["BUSY"]
    assert len(service.STUMBLES) == left
    service.STUMBLES.clear()
    for table in ("desk_ticket", "core_event", "core_request_key"):
        assert await desks.count(table) == 0


async def test_several_mutations_run_in_order_each_for_itself(desks: Desks) -> None:
    token = await desks.staff()
    key = await desks.opened(token, note="急")
    result = await desks.district.execute(
        f"""mutation {{
          early: ticketFinish(input: {{ticket: "{key}"}}) {{ errors {{ code }} }}
          start: ticketStart(input: {{ticket: "{key}"}}) {{ ticket {{ state }} }}
          hidden: ticketOpen(input: {{organization: "{desks.key("west")}", title: "x"}}) {{
            errors {{ code }}
          }}
          broken: ticketBroken(input: {{organization: "{desks.key("east")}", secret: "x"}}) {{
            ticket {{ id }}
          }}
          late: ticketFinish(input: {{ticket: "{key}"}}) {{ ticket {{ state title }} }}
        }}""",
        token=token,
    )
    assert result.data == {
        "early": {"errors": [{"code": "STATE"}]},
        "start": {"ticket": {"state": "DOING"}},
        "hidden": {"errors": [{"code": "NOT_FOUND"}]},
        "broken": None,
        "late": {"ticket": {"state": "DONE", "title": "灯不亮（已办结）"}},
    }
    assert [(e["path"], e["extensions"]["code"]) for e in result.errors] == [
        (["broken"], "INTERNAL")
    ]
    assert [event["kind"].rpartition(".")[2] for event in await desks.events()] == [
        "open",
        "start",
        "finish",
    ]
    assert (await desks.verify()).faults == ()


async def test_an_object_that_the_service_makes_is_given_as_it_is(desks: Desks) -> None:
    """Beside a planned row, in one operation: graphql-core runs both."""
    token = await desks.staff()
    result = await desks.district.execute(
        f"""mutation {{
          slip: ticketSlip(input: {{organization: "{desks.key("east")}"}}) {{
            slip {{ text __typename }} errors {{ code }}
          }}
          open: ticketOpen(input: {{organization: "{desks.key("east")}", title: "x"}}) {{
            ticket {{ title organization {{ id }} }}
          }}
        }}""",
        token=token,
    )
    assert result.tier == "core"
    assert result.data == {
        "slip": {"slip": {"text": "见此回执", "__typename": "Slip"}, "errors": []},
        "open": {"ticket": {"title": "x", "organization": {"id": desks.key("east")}}},
    }


async def test_a_planned_payload_is_one_statement(desks: Desks) -> None:
    token = await desks.staff()
    result = await desks.do(
        "ticketOpen",
        token,
        "ticket { id organization { id } viewerCan { start } transitions { action } }",
        organization=desks.key("east"),
        title="x",
    )
    assert (result.tier, result.statements) == ("raw", 1)
    result = await desks.do("ticketOpen", token, "", organization=desks.key("east"), title="x")
    assert (result.tier, result.statements) == ("raw", 0)


async def test_viewer_can_is_what_the_mutations_then_allow(desks: Desks) -> None:
    """For every state, viewer and action: no promise that is not kept, and none kept back."""
    viewers = {
        role: await desks.staff(role=role)
        for role in ("DISTRICT_ORG_DEPT_ADMIN", "SUBDISTRICT_STAFF", "GRID_WORKER")
    }
    admin = viewers["DISTRICT_ORG_DEPT_ADMIN"]
    names = {"start": "ticketStart", "finish": "ticketFinish", "annotate": "ticketAnnotate"}
    tried = set()
    for steps in ((), ("ticketStart",), ("ticketStart", "ticketFinish")):
        for role, token in viewers.items():
            for action, name in names.items():
                key = await desks.opened(admin, note="急")
                for each in steps:
                    assert codes(await desks.do(each, admin, ticket=key), each) == []
                found = await desks.district.execute(
                    f'{{ ticket(id: "{key}") {{ state viewerCan {{ {action} }} }} }}', token=token
                )
                promised = found.data["ticket"]["viewerCan"][action]
                given = {"note": "好"} if action == "annotate" else {}
                result = await desks.do(name, token, ticket=key, **given)
                assert (codes(result, name) == []) is promised, (steps, role, action)
                tried.add((found.data["ticket"]["state"], role, promised))
    assert {promised for _, _, promised in tried} == {True, False}
    assert len(tried) > 9


async def test_a_ticket_shows_its_transitions_to_who_sees_it(desks: Desks) -> None:
    token = await desks.staff()
    key = await desks.opened(token)
    await desks.do("ticketStart", token, ticket=key)
    query = (
        f'{{ ticket(id: "{key}") {{ transitions '
        "{ __typename action fromState toState actor recordedAt } } }"
    )
    grid = await desks.staff(role="GRID_WORKER")
    found = await desks.district.execute(query, token=grid)
    assert (found.tier, found.statements) == ("raw", 1)
    steps = found.data["ticket"]["transitions"]
    assert [(s["action"], s["fromState"], s["toState"]) for s in steps] == [
        ("open", "", "OPEN"),
        ("start", "OPEN", "DOING"),
    ]
    for each in steps:
        assert dt.datetime.fromisoformat(each["recordedAt"]).tzinfo is not None
    west = await desks.staff("west")
    assert (await desks.district.execute(query, token=west)).data == {"ticket": None}
