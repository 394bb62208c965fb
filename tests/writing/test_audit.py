"""The event record as the auditor reads it, the command that checks it, and what leaves events."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import inspect
import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest

from gongzhi import clock
from gongzhi.access.roles import CORE_PERMISSIONS, ROLE_CODES
from gongzhi.chain import FIRST, chained
from gongzhi.graph.mutations import Mutate, parameters_of
from gongzhi.imports import engine
from gongzhi.imports.session import open_session
from gongzhi.privacy import Privacy
from gongzhi.references import AnyKey, Key
from gongzhi.registry import service
from gongzhi.registry.models import Organization
from gongzhi.writing import Deployment, unit_of_work
from gongzhi.writing.events import verify
from gongzhi_schema.district import Result, open_district
from tests.conftest import FreshDatabase
from tests.host.conftest import Gongzhi, Point
from tests.imports.support import SPECS, dump, write_csv
from tests.registry.helpers import organization
from tests.writing.conftest import Desks, codes

ALL = "nodes { position kind actor entityId organization { code } }"
MORNING = dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)


async def ask(desks: Desks, token: str | None, arguments: str = "", fields: str = ALL) -> Any:
    """Read events, which must be one statement."""
    result = await desks.district.execute(
        f"{{ events{arguments} {{ totalCount {fields} }} }}", token=token
    )
    assert result.errors == []
    assert (result.tier, result.statements) == ("raw", 1)
    found = result.data["events"]
    assert found["totalCount"] == len(found["nodes"])
    return found["nodes"]


async def positions(desks: Desks, token: str | None, arguments: str = "") -> list[int]:
    return [each["position"] for each in await ask(desks, token, arguments)]


@dataclasses.dataclass
class Story:
    """Five events: two in the east, one in a branch below it, one in the west, one nowhere."""

    desks: Desks
    tickets: list[str]
    staff: str
    account: str
    branch: str


@pytest.fixture
async def story(desks: Desks) -> Story:
    async with desks.district.database():
        branch = await organization("PARTY_BRANCH", desks.homes["east"])
    staff = await desks.staff("top")
    tickets = []
    for hour, home in enumerate(
        (desks.key("east"), desks.key("east"), f"Organization:{branch.id}")
    ):
        with clock.stopped_at(MORNING + dt.timedelta(hours=hour)):
            result = await desks.do("ticketOpen", staff, organization=home, title="灯")
            tickets.append(result.data["ticketOpen"]["ticket"]["id"])
    other = await desks.staff("west")
    with clock.stopped_at(MORNING + dt.timedelta(hours=3)):
        tickets.append(await desks.opened(other, "west", onBehalfOf=desks.person("west")))
    with clock.stopped_at(MORNING + dt.timedelta(hours=4, milliseconds=250)):
        async with desks.work() as work:
            work.record("core.test.ping", data={"n": 1})
    (first,) = await desks.rows("SELECT account_id, actor FROM core_event WHERE id = 1")
    return Story(desks, tickets, staff, first["actor"], f"Organization:{branch.id}")


# Who reads


async def test_only_the_auditor_reads_the_record(story: Story) -> None:
    for role in sorted(ROLE_CODES):
        token = await story.desks.district.token(role)
        seen = await positions(story.desks, token)
        assert seen == ([5, 4, 3, 2, 1] if role == "AUDITOR" else []), role
        one = await story.desks.district.execute(
            '{ event(id: "Event:1") { kind } node(id: "Event:1") { id } }', token=token
        )
        assert (one.data["event"] is not None) == (role == "AUDITOR"), role
        assert (one.data["node"] is not None) == (role == "AUDITOR"), role
    assert await positions(story.desks, None) == []
    (read,) = [each for each in CORE_PERMISSIONS if each.code == "core.audit.read"]
    assert read.roles == ("AUDITOR",)


async def test_an_auditor_of_a_part_reads_that_part(story: Story) -> None:
    """And nothing that belongs nowhere."""
    desks = story.desks
    east = await desks.district.token("AUDITOR", organization=desks.homes["east"].code)
    assert await positions(desks, east) == [3, 2, 1]
    west = await desks.district.token("AUDITOR", organization=desks.homes["west"].code)
    assert await positions(desks, west) == [4]
    top = await desks.district.token("AUDITOR", organization=desks.homes["top"].code)
    assert await positions(desks, top) == [4, 3, 2, 1]


async def test_an_auditor_of_an_area_reads_what_happens_there(story: Story) -> None:
    desks = story.desks
    async with desks.district.database():
        place = await service.create_area("W", "西", "SUBDISTRICT")
        await desks.district._context.db().execute_query(
            f"UPDATE core_organization SET area_id = {place.id}, area_path = '{place.path}'"
            f" WHERE id = {desks.homes['west'].id}"
        )
    token = await desks.district.token("AUDITOR", area="W")
    assert await positions(desks, token) == [4]


async def test_the_record_moves_with_its_organization(story: Story) -> None:
    desks = story.desks
    east = await desks.district.token("AUDITOR", organization=desks.homes["east"].code)
    west = await desks.district.token("AUDITOR", organization=desks.homes["west"].code)
    async with desks.district.database():
        branch = int(story.branch.partition(":")[2])
        await service.move_organization(branch, desks.homes["west"].id)
    assert await positions(desks, east) == [2, 1]
    assert await positions(desks, west) == [4, 3]
    assert (await desks.verify()).faults == ()


# What he asks


async def test_the_record_is_asked_by_who_what_where_and_when(story: Story) -> None:
    desks = story.desks
    token = await desks.district.token("AUDITOR")
    (row,) = await desks.rows("SELECT account_id FROM core_event WHERE id = 1")
    account = f"Account:{row['account_id']}"
    noon = (MORNING + dt.timedelta(hours=2)).isoformat()
    last = "2026-11-23T13:00:00.250+08:00"
    for arguments, expected in {
        "": [5, 4, 3, 2, 1],
        '(filter: {kind: {eq: "desk.ticket.open"}})': [4, 3, 2, 1],
        '(filter: {kind: {in: ["core.test.ping", "a.b.c"]}})': [5],
        '(filter: {kind: {startsWith: "desk."}})': [4, 3, 2, 1],
        f'(filter: {{actor: {{eq: "{story.account}"}}}})': [3, 2, 1],
        '(filter: {actor: {eq: "test"}})': [5],
        f'(account: "{account}")': [3, 2, 1],
        f'(entity: "{story.tickets[1]}")': [2],
        f'(entity: "{story.tickets[1]}", account: "{account}")': [2],
        f'(entity: "{story.tickets[3]}", account: "{account}")': [],
        '(entity: "Person:1")': [],
        f'(filter: {{organization: {{eq: "{desks.key("east")}"}}}})': [2, 1],
        f'(filter: {{within: "{desks.key("east")}"}})': [3, 2, 1],
        f'(filter: {{recordedAt: {{gte: "{noon}"}}}})': [5, 4, 3],
        f'(filter: {{recordedAt: {{lt: "{noon}"}}}})': [2, 1],
        f'(filter: {{recordedAt: {{gte: "{last}"}}}})': [5],
        f'(filter: {{recordedAt: {{lt: "{last}"}}}})': [4, 3, 2, 1],
        f'(filter: {{kind: {{startsWith: "desk."}}, within: "{desks.key("east")}", '
        f'recordedAt: {{gte: "{noon}"}}}}, account: "{account}")': [3],
    }.items():
        assert await positions(desks, token, arguments) == expected, arguments


async def test_pages_follow_each_other_without_gap(story: Story) -> None:
    token = await story.desks.district.token("AUDITOR")
    seen, after = [], "null"
    while True:
        result = await story.desks.district.execute(
            f"{{ events(first: 2, after: {after}) {{ nodes {{ position }} "
            "pageInfo { hasNextPage endCursor } } }",
            token=token,
        )
        page = result.data["events"]
        seen += [each["position"] for each in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = json.dumps(page["pageInfo"]["endCursor"])
    assert seen == [5, 4, 3, 2, 1]


async def test_what_is_read_is_all_that_the_hash_covers(story: Story) -> None:
    """From the answers alone, and the key, the chain can be computed anew."""
    desks = story.desks
    token = await desks.district.token("AUDITOR")
    fields = (
        "nodes { id position kind recordedAt occurredAt accountId actor onBehalfOfId "
        "organization { id } entityType entityId requestId data hash }"
    )
    before = FIRST
    for event in reversed(await ask(desks, token, fields=fields)):
        assert event["id"] == f"Event:{event['position']}"

        def key(name: str, of: Any = event) -> int | None:
            found = of[name]["id"] if isinstance(of[name], dict) else of[name]
            return int(found.partition(":")[2]) if found else None

        def instant(name: str, of: Any = event) -> dt.datetime | None:
            return dt.datetime.fromisoformat(of[name]) if of[name] else None

        assert (
            chained(
                desks.deployment.chain_key,
                before,
                [
                    event["position"],
                    event["kind"],
                    instant("recordedAt"),
                    instant("occurredAt"),
                    key("accountId"),
                    event["actor"],
                    key("onBehalfOfId"),
                    key("organization"),
                    event["entityType"],
                    key("entityId"),
                    event["requestId"],
                    event["data"],
                ],
            )
            == event["hash"]
        )
        before = event["hash"]
    assert before == (await desks.verify()).end.hash


async def test_an_event_says_who_for_whom_and_to_what(story: Story) -> None:
    desks = story.desks
    token = await desks.district.token("AUDITOR")
    fields = "nodes { actor accountId onBehalfOfId entityType entityId data organization { code } }"
    last, west, *_ = await ask(desks, token, fields=fields)
    assert west == {
        "actor": west["actor"],
        "accountId": west["accountId"],
        "onBehalfOfId": desks.person("west"),
        "entityType": "Ticket",
        "entityId": story.tickets[3],
        "data": '{"lines":0,"to":"OPEN"}',
        "organization": {"code": desks.homes["west"].code},
    }
    assert west["actor"].startswith("test-")
    assert west["accountId"].startswith("Account:")
    assert last == {
        "actor": "test",
        "accountId": None,
        "onBehalfOfId": None,
        "entityType": "",
        "entityId": None,
        "data": '{"n":1}',
        "organization": None,
    }


# He can change nothing


class Inputs:
    """Makes an input for any mutation, with keys of rows that are there."""

    def __init__(self, desks: Desks, keys: dict[type, str]) -> None:
        self.desks = desks
        self.keys = keys

    def of(self, source: Mutate) -> dict[str, Any]:
        return self.fields(parameters_of(source.service))

    def fields(self, parameters: list[tuple[str, Any, Any]]) -> dict[str, Any]:
        given = {}
        for name, kind, default in parameters:
            value = self.value(kind)
            needed = default in (dataclasses.MISSING, inspect.Parameter.empty)
            if needed or self.is_key(kind):
                head, *tail = name.split("_")
                given[head + "".join(part.capitalize() for part in tail)] = value
        return given

    def is_key(self, kind: Any) -> bool:
        return get_origin(kind) is Annotated or any(map(self.is_key, get_args(kind)))

    def value(self, kind: Any) -> Any:
        inner = [each for each in get_args(kind) if each is not type(None)]
        if get_origin(kind) is Annotated:
            key = next(each for each in inner if isinstance(each, Key | AnyKey))
            return self.keys[key.model] if isinstance(key, Key) else self.desks.key("east")
        if get_origin(kind) in (Sequence, list, tuple):
            return [self.value(inner[0])]
        if len(inner) == 1:
            return self.value(inner[0])
        if dataclasses.is_dataclass(kind):
            hints = get_type_hints(kind, include_extras=True)
            return self.fields(
                [(f.name, hints[f.name], f.default) for f in dataclasses.fields(kind)]
            )
        if issubclass(kind, Enum):
            return next(iter(kind)).name
        simple = {bool: True, int: 1, str: "x", Decimal: "1", dt.date: "2026-01-05"}
        return simple.get(kind, "2026-01-05T09:00:00+08:00")


PLUGINS = ("publication", "ledger", "workday")
GIVEN: dict[str, dict[str, Any]] = {
    "webhookCreate": {"url": "https://example.org/", "kinds": ["*"]},
}
"""What a mutation looks at before it asks who may."""


async def test_the_auditor_can_change_nothing(fresh_database: FreshDatabase, dialect: str) -> None:
    """Every mutation there is, with input that others may give: refused, and no row changes."""
    url = fresh_database(dialect=dialect)
    async with open_district(url, PLUGINS) as district:
        async with district.database():
            top = await organization("DISTRICT_PARTY_COMMITTEE")
            home = await organization("SUBDISTRICT_WORKING_COMMITTEE", top)
        desks = Desks(district, {"east": home}, {}, None)  # type: ignore[arg-type]  # not needed
        await desks.staff()  # whose account, token and grant he tries his hand at
        token = await district.token("AUDITOR")
        catalogue = district.composed.catalogue
        keys: dict[type, str] = {}
        for info in catalogue.nodes:
            model = info.spec.model if info.spec else None
            if model is not None and model not in keys:
                (row,) = await desks.rows(f"SELECT min(id) AS id FROM {model._meta.db_table}")
                keys[model] = f"{info.name}:{row['id'] or 1}"
        inputs = Inputs(desks, keys)
        async with open_session(url) as session:
            before = await dump(session, skip=())
        tried: dict[str, list[str]] = {}
        for name, field in catalogue.types["Mutation"].fields.items():
            assert isinstance(field.source, Mutate), name
            given = inputs.of(field.source) | GIVEN.get(name, {})
            result = await _try(desks, name, token, given)
            tried[name] = codes(result, name)
        allowed = {"FORBIDDEN", "NOT_FOUND"}
        assert {n: c for n, c in tried.items() if not c or not allowed.issuperset(c)} == {}
        async with open_session(url) as session:
            assert await dump(session, skip=()) == before
    assert len(tried) > 10
    assert [n for n, c in tried.items() if c == ["FORBIDDEN"]]


async def _try(desks: Desks, name: str, token: str, given: dict[str, Any]) -> Result:
    kind = name[0].upper() + name[1:]
    return await desks.district.execute(
        f"mutation($i: {kind}Input!) {{ {name}(input: $i) {{ errors {{ code }} }} }}",
        {"i": given},
        token,
    )


# The command


@pytest.fixture
def registry(at: Point) -> Gongzhi:
    """Return the command on a migrated database with a secret."""
    gongzhi = at()
    with Path("gongzhi.toml").open("a") as file:
        file.write(f'[privacy]\nsecret = "{Privacy.new_secret()}"\n')
    assert gongzhi("migrate").code == 0
    return gongzhi


def run_sql(*statements: str) -> list[dict[str, Any]]:
    """Run statements on the database of the deployment; return the rows of the last."""
    url = Path("gongzhi.toml").read_text().split('url = "')[1].split('"')[0]

    async def work() -> list[dict[str, Any]]:
        async with open_session(url) as session:
            if session.dialect == "postgres":
                await session.fetch("ALTER TABLE core_event DISABLE TRIGGER USER")
                await session.fetch("ALTER TABLE core_chain DISABLE TRIGGER USER")
            else:
                found = await session.fetch("SELECT name FROM sqlite_master WHERE type = 'trigger'")
                for row in found:
                    await session.fetch(f"DROP TRIGGER {row['name']}")
            rows: Sequence[Any] = ()
            for statement in statements:
                rows = await session.fetch(statement)
            return [dict(row) for row in rows]

    return asyncio.run(work())


KINDS = "SELECT kind, actor, entity_type, data FROM core_event ORDER BY id"


def test_what_an_operator_does_is_recorded_and_verified(registry: Gongzhi) -> None:
    gongzhi = registry
    empty = gongzhi("audit", "verify")
    assert (empty.code, empty.out.splitlines()[0]) == (
        0,
        "0 条事件完好 · 0 events, all as recorded",
    )
    assert gongzhi("account", "create", "anna").code == 0
    assert gongzhi("token", "create", "anna").code == 0
    assert gongzhi("grant", "add", "anna", "AUDITOR", "--everything").code == 0
    assert gongzhi("grant", "end", "1").code == 0
    assert gongzhi("token", "revoke", "1").code == 0
    assert gongzhi("account", "disable", "anna").code == 0
    assert gongzhi("account", "enable", "anna").code == 0
    assert gongzhi("calendar", "set", "2027-01-01", "--rest").code == 0
    Path("areas.csv").write_text("区划编码,区划名称,类型,上级编码\n99,示例市,地级市,\n")
    assert gongzhi("import", "areas", "areas.csv").code == 0  # tried only
    assert gongzhi("import", "areas", "areas.csv", "--apply", "--by", "王某").code == 0
    assert gongzhi("undo", "1").code == 0
    assert gongzhi("account", "create", "anna").code == 1  # refused, and so not recorded
    rows = run_sql(KINDS)
    assert [(row["kind"], row["actor"], row["entity_type"]) for row in rows] == [
        ("core.account.create", "cli", "Account"),
        ("core.token.create", "cli", "Account"),
        ("core.grant.add", "cli", "Account"),
        ("core.grant.end", "cli", "Account"),
        ("core.token.revoke", "cli", "Account"),
        ("core.account.deactivate", "cli", "Account"),
        ("core.account.activate", "cli", "Account"),
        ("core.calendar.set_day", "cli", "CalendarDay"),
        ("core.import.apply", "import", "ImportBatch"),
        ("core.import.undo", "import", "ImportBatch"),
    ]
    assert json.loads(rows[8]["data"]) == {
        "entity": "areas", "rows": 1, "created": 1, "updated": 0, "unchanged": 0, "rejected": 0,
    }  # fmt: skip
    assert json.loads(rows[9]["data"]) == {"removed": 1, "restored": 0, "kept": 0}
    assert "王某" not in str(rows)
    sound = gongzhi("audit", "verify")
    assert sound.code == 0, sound.out
    anchor = sound.out.splitlines()[1]
    assert anchor.startswith("10:")
    assert gongzhi("audit", "verify", "--expect", anchor).code == 0


def test_the_command_tells_what_is_wrong(registry: Gongzhi) -> None:
    gongzhi = registry
    for name in ("anna", "ben", "cao", "deng"):
        assert gongzhi("account", "create", name).code == 0
    anchor = gongzhi("audit", "verify").out.splitlines()[1]
    run_sql("UPDATE core_event SET actor = 'x' WHERE id = 2")
    altered = gongzhi("audit", "verify")
    assert (altered.code, altered.out) == (1, "2：记录被改动 · 2: was altered\n")
    run_sql(
        "UPDATE core_event SET actor = 'cli' WHERE id = 2",
        "DELETE FROM core_event WHERE id = 4",
        "UPDATE core_chain SET position = 3, hash = (SELECT hash FROM core_event WHERE id = 3)",
    )
    assert gongzhi("audit", "verify").code == 0
    cut = gongzhi("audit", "verify", "--expect", anchor)
    assert (cut.code, cut.out) == (1, "4 至 4：末尾的记录被截去 · 4 to 4: were cut off\n")


def test_another_secret_is_suspected_when_nothing_fits(registry: Gongzhi) -> None:
    gongzhi = registry
    assert gongzhi("account", "create", "anna").code == 0
    text = Path("gongzhi.toml").read_text()
    begin = text.index('secret = "') + 10
    Path("gongzhi.toml").write_text(text[:begin] + Privacy.new_secret() + '"\n')
    wrong = gongzhi("audit", "verify")
    assert wrong.code == 1
    assert "is privacy.secret the one" in wrong.out


def test_without_a_secret_the_command_says_what_it_cannot_find(at: Point) -> None:
    gongzhi = at()
    assert gongzhi("migrate").code == 0
    assert gongzhi("account", "create", "anna").code == 0
    told = gongzhi("audit", "verify")
    assert told.code == 0
    assert "only accidents can be found" in told.err


@pytest.mark.parametrize("text", ["12", "x:" + "0" * 64, "12:" + "g" * 64, "12:abc"])
def test_what_is_no_anchor_is_refused(at: Point, text: str) -> None:
    told = at()("audit", "verify", "--expect", text)
    assert told.code == 2
    assert "is no anchor" in told.err


async def test_an_event_of_an_import_stays_true_when_organizations_move(
    fresh_database: FreshDatabase, dialect: str, tmp_path: Path
) -> None:
    """An import moves an organization that has events: they follow, and the chain holds."""
    privacy = Privacy(Privacy.new_secret())
    url = fresh_database(dialect=dialect)

    async def load(superior: str) -> None:
        path = write_csv(
            tmp_path / "organizations.csv",
            [
                ("组织编码", "组织名称", "组织类型", "上级组织编码"),
                ("ZJ", "示例镇党委", "镇党委", ""),
                ("ZK", "另一镇党委", "镇党委", ""),
                ("ZJ-1", "甲党支部", "党支部", superior),
            ],
        )
        async with open_session(url) as session:
            await engine.apply(session, SPECS["organizations"], path, privacy=privacy)

    async with open_district(url) as district:
        await load("ZJ")
        deployment = replace(Deployment.of(district.registry), chain_key=privacy.chain_key)
        async with (
            district.database(),
            unit_of_work(deployment, deployment.system("test")) as work,
        ):
            work.record("core.test.ping", await Organization.get(code="ZJ-1"))
        await load("ZK")
        async with district.database():
            branch = await Organization.get(code="ZJ-1")
        async with open_session(url) as session:
            verdict = await verify(session, key=privacy.chain_key)
            (row,) = await session.fetch("SELECT org_path FROM core_event WHERE id = 2")
    assert (verdict.events, verdict.faults) == (3, ())
    assert row["org_path"] == branch.path
    assert branch.superior_id is not None
    assert branch.path.startswith(f"{branch.superior_id}.")
