"""Publications from draft to withdrawal, through GraphQL on both databases."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from gongzhi.clock import stopped_at
from gongzhi.imports.idnumber import check_character
from gongzhi.registry import service as registry
from gongzhi.writing.models import Event
from gongzhi_publication.models import Posting, Publication, PublicationTransition
from gongzhi_publication.rules import LONGEST_BODY, LONGEST_PERIOD, MACHINE, PublicationState
from gongzhi_schema.district import open_district
from tests.plugins.publication.conftest import TODAY, Streets, at

NOW = at(TODAY)
FIRST17 = "31015119800229012"
ID_NUMBER = FIRST17 + check_character(FIRST17)
BOARD = {"channel": "COMMUNITY_BOARD", "place": "社区公开栏"}

WHOLE = """publication {
    id title body category { code } state version dueOn listedOn publishedAt periodDays endsOn
    withdrawnReason subjectId postings { channel { code } place postedAt }
    transitions { action fromState toState actor reason document occurredAt recordedAt }
    viewerCan { change plan post publish withdraw }
}"""


@dataclass(frozen=True)
class Desk:
    """Somebody who writes in one street."""

    streets: Streets
    token: str | None

    async def do(self, action: str, **given: Any) -> Any:
        """Run a mutation that must not fail at the top; return its payload."""
        result = await self.answer(action, given)
        assert result.errors == []
        return next(iter(result.data.values()))

    async def done(self, action: str, **given: Any) -> Any:
        """Run a mutation that must succeed; return the publication."""
        payload = await self.do(action, **given)
        assert payload["errors"] == []
        return payload["publication"]

    async def answer(self, action: str, given: Mapping[str, Any], language: str = "zh") -> Any:
        name = f"publication{action.capitalize()}"
        query = (
            f"mutation($input: Publication{action.capitalize()}Input!) "
            f"{{ {name}(input: $input) {{ {WHOLE} errors {{ code field message }} }} }}"
        )
        with stopped_at(NOW):
            return await self.streets.district.execute(
                query, {"input": given}, self.token, language=language
            )

    async def refused(self, action: str, **given: Any) -> list[tuple[str, str | None]]:
        payload = await self.do(action, **given)
        assert payload["publication"] is None
        return [(each["code"], each["field"]) for each in payload["errors"]]

    async def draft(self, by: str = "east", **given: Any) -> Any:
        organization = self.streets.organizations[by]
        return await self.done(
            "draft",
            **{
                "organization": f"Organization:{organization.id}",
                "category": "FINANCE",
                "title": "财务公开",
                "channels": [BOARD],
                **given,
            },
        )


@pytest.fixture
async def east(streets: Streets) -> Desk:
    return Desk(streets, await streets.staff("east"))


@pytest.fixture
async def west(streets: Streets) -> Desk:
    return Desk(streets, await streets.staff("west"))


async def written(streets: Streets) -> tuple[int, ...]:
    """How many rows there are: a refusal leaves none."""
    async with streets.district.database():
        return (
            await Publication.all().count(),
            await Posting.all().count(),
            await PublicationTransition.all().count(),
            await Event.all().count(),
        )


# ---- the course of a publication -----------------------------------------------------------------


async def test_from_draft_to_withdrawal(east: Desk) -> None:
    streets = east.streets
    branch = streets.organizations["east branch"]
    made = await east.draft(
        "east branch",
        title=" 上季度财务 ",
        body="收支总数",
        about=f"Organization:{branch.id}",
        periodDays=5,
    )
    key = made["id"]
    assert made["title"] == "上季度财务"
    assert made["subjectId"] == f"Organization:{branch.id}"
    assert (made["state"], made["version"], made["listedOn"]) == ("DRAFT", 1, str(TODAY))
    assert made["postings"] == [
        {"channel": {"code": "COMMUNITY_BOARD"}, "place": "社区公开栏", "postedAt": None}
    ]

    board = {"channel": "RESIDENT_AFFAIRS_BOARD", "place": "居委会"}
    made = await east.done(
        "change",
        publication=key,
        title="第三季度财务",
        category="RESIDENT_AFFAIRS",
        channels=[board],
        expectedVersion=1,
    )
    assert (made["title"], made["body"], made["version"]) == ("第三季度财务", "收支总数", 2)
    assert made["category"] == {"code": "RESIDENT_AFFAIRS"}
    assert [each["place"] for each in made["postings"]] == ["居委会"]

    made = await east.done("plan", publication=key, dueOn="2026-11-30")
    assert (made["state"], made["dueOn"], made["listedOn"]) == ("DUE", "2026-11-30", "2026-11-30")
    made = await east.done("plan", publication=key, dueOn="2026-11-25")
    assert (made["state"], made["dueOn"]) == ("DUE", "2026-11-25")
    made = await east.done("post", publication=key, channel="OPINION_BOX")
    assert [each["postedAt"] for each in made["postings"]] == [None, None]

    yesterday = at(TODAY - dt.timedelta(days=1))
    made = await east.done(
        "publish",
        publication=key,
        channels=[{"channel": "BUILDING_BOARD"}],
        occurredAt=yesterday.isoformat(),
    )
    assert (made["state"], made["version"]) == ("PUBLISHED", 5)
    assert (made["listedOn"], made["periodDays"], made["endsOn"]) == ("2026-11-21", 5, "2026-11-26")
    assert made["publishedAt"] == "2026-11-21T01:30:00.000Z"
    assert {each["postedAt"] for each in made["postings"]} == {"2026-11-21T01:30:00.000Z"}
    assert await streets.ask(
        'query($id: ID!) { publication(id: $id) { title isCurrent(asOf: "2026-11-26") } }', id=key
    ) == {"publication": {"title": "第三季度财务", "isCurrent": True}}

    made = await east.done(
        "post", publication=key, channel="BUILDING_LEADERS_MEETING", place="三号楼"
    )
    assert made["postings"][-1]["postedAt"] == "2026-11-22T01:30:00.000Z"
    made = await east.done("withdraw", publication=key, reason="数字有误", document="更正单一号")
    assert (made["state"], made["withdrawnReason"]) == ("WITHDRAWN", "数字有误")
    assert made["viewerCan"] == dict.fromkeys(MACHINE.actions, False)

    steps = [(t["action"], t["fromState"], t["toState"]) for t in made["transitions"]]
    assert steps == [
        ("draft", "", "DRAFT"),
        ("plan", "DRAFT", "DUE"),
        ("plan", "DUE", "DUE"),
        ("publish", "DUE", "PUBLISHED"),
        ("withdraw", "PUBLISHED", "WITHDRAWN"),
    ]
    published, withdrawn = made["transitions"][3:]
    assert published["occurredAt"] == "2026-11-21T01:30:00.000Z"
    assert published["recordedAt"] == "2026-11-22T01:30:00.000Z"
    assert (withdrawn["reason"], withdrawn["document"]) == ("数字有误", "更正单一号")
    assert all(t["actor"].startswith("test-") for t in made["transitions"])

    async with streets.district.database():
        events = await Event.filter(entity_type="Publication").order_by("id")
    assert [each.kind.removeprefix("publication.publication.") for each in events] == [
        "draft", "change", "plan", "plan", "post", "publish", "post", "withdraw",
    ]  # fmt: skip
    assert {each.entity_id for each in events} == {int(key.partition(":")[2])}
    assert {each.organization_id for each in events} == {branch.id}
    told = [orjson.loads(each.data) for each in events]
    assert told[1] == {"changed": ["category", "channels", "title"]}
    assert told[2]["due_on"] == "2026-11-30"
    assert (told[5]["postings"], told[5]["contact_number_confirmed"]) == (3, False)
    for text in ("财务", "收支", "居委会", "三号楼", "数字有误", "更正单"):
        assert not any(text in each.data for each in events)


async def test_a_mutation_reads_its_payload_in_one_statement(east: Desk) -> None:
    made = await east.draft()
    result = await east.answer("publish", {"publication": made["id"]})
    assert (result.errors, result.statements) == ([], 1)


async def test_what_is_published_is_found_where_and_when_about_anything(east: Desk) -> None:
    streets = east.streets
    subjects = [
        f"Organization:{streets.organizations['east'].id}",
        f"Area:{streets.areas['east home'].id}",
        f"Publication:{streets.publications['east due'].id}",
    ]
    for subject in subjects:
        made = await east.draft(about=subject, title=f"关于 {subject}")
        await east.done("publish", publication=made["id"])
    for subject in subjects:
        data = await streets.ask(
            """query($id: ID!) { publicationsAbout(id: $id) { nodes {
                title publishedAt postings { channel { labelZh } place postedAt }
            } } }""",
            id=subject,
        )
        assert data["publicationsAbout"]["nodes"][0] == {
            "title": f"关于 {subject}",
            "publishedAt": "2026-11-22T01:30:00.000Z",
            "postings": [
                {
                    "channel": {"labelZh": "社区公开栏"},
                    "place": "社区公开栏",
                    "postedAt": "2026-11-22T01:30:00.000Z",
                }
            ],
        }


async def test_what_is_current(streets: Streets) -> None:
    query = "query($day: Date) { publicationsCurrent(asOf: $day) { totalCount nodes { title } } }"
    for day, expected in (
        (TODAY, ["west open", "east open"]),
        (
            TODAY - dt.timedelta(days=2),
            ["west open", "east open", "west published", "east published"],
        ),
        (TODAY - dt.timedelta(days=9), ["west published", "east published"]),
        (TODAY - dt.timedelta(days=10), []),
    ):
        for token in (None, await streets.staff("east")):
            data = await streets.ask(query, token, day=day.isoformat())
            found = data["publicationsCurrent"]
            assert [row["title"] for row in found["nodes"]] == expected
            assert found["totalCount"] == len(expected)


@pytest.mark.parametrize(
    ("drafted", "given", "days", "last"),
    [
        (None, {}, 9, "2026-12-01"),  # the setting
        (3, {}, 3, "2026-11-25"),
        (3, {"periodDays": 1}, 1, "2026-11-23"),
        (None, {"periodDays": LONGEST_PERIOD}, LONGEST_PERIOD, "2036-11-19"),
        (3, {"openEnded": True}, None, None),
        (None, {"openEnded": True, "periodDays": 4}, None, None),
    ],
)
async def test_the_period(
    streets: Streets,
    drafted: int | None,
    given: dict[str, Any],
    days: int | None,
    last: str | None,
) -> None:
    settings = {"publication": {"default_period_days": 9}}
    async with open_district(streets.district.url, ["publication"], plugin=settings) as district:
        other = Streets(district, streets.organizations, streets.areas, streets.publications)
        desk = Desk(other, await other.staff("east"))
        made = await desk.draft(periodDays=drafted)
        made = await desk.done("publish", publication=made["id"], **given)
    assert (made["periodDays"], made["endsOn"]) == (days, last)


async def test_the_day_of_publication_is_that_of_the_deployment(east: Desk) -> None:
    made = await east.draft(periodDays=1)
    late = dt.datetime(2026, 11, 20, 17, 0, tzinfo=dt.UTC)  # one o'clock of the 21st in China
    made = await east.done("publish", publication=made["id"], occurredAt=late.isoformat())
    assert (made["listedOn"], made["endsOn"]) == ("2026-11-21", "2026-11-22")


# ---- what is refused -----------------------------------------------------------------------------

LONG = "长" * 201


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"category": "NOTHING"}, "UNKNOWN_CODE", "category"),
        ({"category": ""}, "UNKNOWN_CODE", "category"),
        ({"title": "　 "}, "BLANK", "title"),
        ({"title": LONG}, "TOO_LONG", "title"),
        ({"body": "文" * (LONGEST_BODY + 1)}, "TOO_LONG", "body"),
        ({"periodDays": 0}, "PERIOD", "periodDays"),
        ({"periodDays": -1}, "PERIOD", "periodDays"),
        ({"periodDays": LONGEST_PERIOD + 1}, "PERIOD", "periodDays"),
        ({"channels": [BOARD, {"channel": "SMOKE"}]}, "UNKNOWN_CODE", "channels"),
        ({"channels": [{"channel": "OPINION_BOX", "place": LONG}]}, "TOO_LONG", "channels"),
        ({"channels": [{**BOARD, "place": "找 138 1234 5678"}]}, "PERSONAL_DATA", "channels"),
        ({"title": f"名单 {ID_NUMBER}"}, "PERSONAL_DATA", "title"),
        ({"body": f"名单 {ID_NUMBER}"}, "PERSONAL_DATA", "body"),
        ({"about": "Area:999999"}, "NOT_FOUND", "about"),
        ({"about": "Nothing:1"}, "NOT_FOUND", "about"),
        ({"about": "Posting:1"}, "NOT_FOUND", "about"),  # has no global id
        ({"about": "Area"}, "NOT_FOUND", "about"),
        ({"about": ""}, "NOT_FOUND", "about"),
        ({"about": "Area:-1"}, "NOT_FOUND", "about"),
        ({"about": "Area:1 OR 1"}, "NOT_FOUND", "about"),
        ({"about": f"Area:{2**70}"}, "NOT_FOUND", "about"),
    ],
)
async def test_a_draft_is_refused(east: Desk, given: dict[str, Any], code: str, field: str) -> None:
    before = await written(east.streets)
    organization = f"Organization:{east.streets.organizations['east'].id}"
    whole = {"organization": organization, "category": "FINANCE", "title": "财务", **given}
    assert await east.refused("draft", **whole) == [(code, field)]
    assert await written(east.streets) == before
    made = await east.draft()
    before = await written(east.streets)
    assert await east.refused("change", publication=made["id"], **given) == [(code, field)]
    assert await written(east.streets) == before


async def test_an_organization_that_is_gone_publishes_nothing(east: Desk) -> None:
    made = await east.draft("east branch")
    async with east.streets.district.database():
        await registry.dissolve_organization(east.streets.organizations["east branch"].id)
    assert await east.refused("publish", publication=made["id"]) == [("NOT_ACTIVE", "publication")]
    organization = f"Organization:{east.streets.organizations['east branch'].id}"
    assert await east.refused(
        "draft", organization=organization, category="FINANCE", title="财务"
    ) == [("NOT_ACTIVE", "organization")]
    made = await east.done("withdraw", publication=made["id"], reason="党支部已撤销")
    assert made["state"] == "WITHDRAWN"


async def test_nothing_is_published_nowhere(east: Desk) -> None:
    made = await east.draft(channels=[])
    assert await east.refused("publish", publication=made["id"]) == [("NO_CHANNEL", "channels")]
    made = await east.done("publish", publication=made["id"], channels=[BOARD])
    assert made["state"] == "PUBLISHED"


async def test_an_id_number_cannot_be_confirmed_away(east: Desk) -> None:
    """A row from before the scan was, or from an import, is stopped at the last gate."""
    made = await east.draft()
    async with east.streets.district.database():
        key = int(made["id"].partition(":")[2])
        await Publication.filter(id=key).update(body=f"其一 {ID_NUMBER[:6]} {ID_NUMBER[6:]}")
    payload = await east.do("publish", publication=made["id"], contactNumberConfirmed=True)
    (error,) = payload["errors"]
    assert (error["code"], error["field"]) == ("PERSONAL_DATA", "body")
    assert error["message"] == "第 4 至 22 个字符疑似身份证号，公示内容不得含个人信息"
    assert ID_NUMBER[6:14] not in str(payload)


@pytest.mark.parametrize(
    ("field", "text", "first", "last"),
    [
        ("title", "咨询电话 138-1234-5678", 6, 18),
        ("body", "社区值班电话：０２１－５９１２３４５６", 8, 19),
        ("body", "居委会\n13812345678", 5, 15),
    ],
)
async def test_a_phone_number_is_published_when_someone_vouches_for_it(
    east: Desk, field: str, text: str, first: int, last: int
) -> None:
    made = await east.draft(**{field: text})
    before = await written(east.streets)
    for language, message in (
        ("zh", f"第 {first} 至 {last} 个字符疑似"),
        ("en", f"characters {first} to {last} look like a "),
    ):
        result = await east.answer("publish", {"publication": made["id"]}, language)
        (error,) = result.data["publicationPublish"]["errors"]
        assert (error["code"], error["field"]) == ("CONTACT_NUMBER", field)
        assert error["message"].startswith(message)
        assert len(re.findall("[0-9]", error["message"])) == len(f"{first}{last}")
    assert await written(east.streets) == before
    made = await east.done("publish", publication=made["id"], contactNumberConfirmed=True)
    assert made[field] == text
    async with east.streets.district.database():
        event = await Event.filter(kind="publication.publication.publish").get()
    assert orjson.loads(event.data)["contact_number_confirmed"] is True


@pytest.mark.parametrize("state", list(PublicationState))
async def test_v30_only_what_the_table_says_can_be_done(
    east: Desk, state: PublicationState
) -> None:
    made = await east.draft()
    if state is PublicationState.DUE:
        made = await east.done("plan", publication=made["id"])
    elif state is not PublicationState.DRAFT:
        made = await east.done("publish", publication=made["id"])
    if state is PublicationState.WITHDRAWN:
        made = await east.done("withdraw", publication=made["id"], reason="有误")
    assert made["state"] == state
    assert made["viewerCan"] == {a: MACHINE.allows(state, a) for a in MACHINE.actions}
    before = await written(east.streets)
    given = {
        "change": {"title": "另一标题"},
        "post": {"channel": "OPINION_BOX"},
        "withdraw": {"reason": "有误"},
    }
    refused = [action for action in MACHINE.actions if not MACHINE.allows(state, action)]
    for action in refused:
        found = await east.refused(action, publication=made["id"], **given.get(action, {}))
        assert found == [("STATE", None)], action
    assert await written(east.streets) == before
    assert len(refused) == {"DRAFT": 0, "DUE": 0, "PUBLISHED": 3, "WITHDRAWN": 5}[state]


async def test_instants_in_the_wrong_order(east: Desk) -> None:
    later, earlier = NOW + dt.timedelta(seconds=1), NOW - dt.timedelta(seconds=1)
    made = await east.draft()
    key = {"publication": made["id"]}
    found = await east.refused("post", **key, channel="HOME_VISIT", postedAt=earlier.isoformat())
    assert found == [("NOT_PUBLISHED", "postedAt")]
    assert await east.refused("publish", **key, occurredAt=later.isoformat()) == [
        ("FUTURE_DATE", "occurredAt")
    ]
    await east.done("publish", **key)
    for instant, code in ((later, "FUTURE_DATE"), (earlier, "BEFORE_PUBLICATION")):
        found = await east.refused(
            "post", **key, channel="HOME_VISIT", postedAt=instant.isoformat()
        )
        assert found == [(code, "postedAt")]
        found = await east.refused("withdraw", **key, reason="有误", occurredAt=instant.isoformat())
        assert found == [(code, "occurredAt")]


async def test_an_instant_that_is_none_is_the_clients_mistake(east: Desk) -> None:
    made = await east.draft()
    for instant in (
        "2026-11-20T10:00:00",  # nobody knows where
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
    ):
        result = await east.answer("publish", {"publication": made["id"], "occurredAt": instant})
        assert [each["extensions"]["code"] for each in result.errors] == ["BAD_USER_INPUT"]


async def test_a_withdrawal_has_a_reason(east: Desk) -> None:
    made = await east.draft()
    for given, code, field in (
        ({"reason": " "}, "BLANK", "reason"),
        ({"reason": "长" * 501}, "TOO_LONG", "reason"),
        ({"reason": "有误", "document": LONG}, "TOO_LONG", "document"),
    ):
        assert await east.refused("withdraw", publication=made["id"], **given) == [(code, field)]


# ---- who may --------------------------------------------------------------------------------------

ACTIONS: dict[str, dict[str, Any]] = {
    "change": {"title": "另一标题"},
    "plan": {},
    "post": {"channel": "OPINION_BOX"},
    "publish": {"channels": [BOARD]},
    "withdraw": {"reason": "有误"},
}


async def test_what_is_hidden_is_refused_as_if_it_did_not_exist(east: Desk, west: Desk) -> None:
    hidden = (await east.draft())["id"]
    before = await written(east.streets)
    for action, given in ACTIONS.items():
        found = [
            await west.do(action, publication=key, **given)
            for key in (hidden, "Publication:999999")
        ]
        assert found[0] == found[1]
        assert found[0]["errors"][0]["code"] == "NOT_FOUND"
        assert found[0]["errors"][0]["field"] == "publication"
    organizations = [east.streets.organizations["east"].id, 999999]
    found = [
        await west.do("draft", organization=f"Organization:{key}", category="FINANCE", title="财务")
        for key in organizations
    ]
    assert found[0] == found[1]
    assert found[0]["errors"][0]["code"] == "NOT_FOUND"
    west_id = f"Organization:{west.streets.organizations['west'].id}"
    for key in (hidden, f"Organization:{organizations[0]}"):
        assert await west.refused(
            "draft", organization=west_id, category="FINANCE", title="财务", about=key
        ) == [("NOT_FOUND", "about")]
    assert await written(east.streets) == before


async def test_who_only_reads_changes_nothing(east: Desk, west: Desk) -> None:
    streets = east.streets
    draft = (await east.draft())["id"]
    published = f"Publication:{streets.publications['east published'].id}"
    auditor = Desk(streets, await streets.district.token("AUDITOR"))
    before = await written(streets)
    for desk, key in ((auditor, draft), (auditor, published), (west, published)):
        for action, given in ACTIONS.items():
            result = await desk.answer(action, {"publication": key, **given})
            assert [each["extensions"]["code"] for each in result.errors] == ["FORBIDDEN"]
            assert list(result.data.values()) == [None]
    organization = f"Organization:{streets.organizations['east'].id}"
    given = {"organization": organization, "category": "FINANCE", "title": "财务"}
    result = await auditor.answer("draft", given)
    assert [each["extensions"]["code"] for each in result.errors] == ["FORBIDDEN"]
    result = await Desk(streets, None).answer("draft", given)
    assert [each["extensions"]["code"] for each in result.errors] == ["UNAUTHENTICATED"]
    assert await written(streets) == before


async def test_viewer_can_says_it_beforehand(east: Desk, west: Desk) -> None:
    streets = east.streets
    key = f"Publication:{streets.publications['east published'].id}"
    query = """query($id: ID!) { publication(id: $id) {
        viewerCan { change plan post publish withdraw }
    } }"""
    may = {action: MACHINE.allows(PublicationState.PUBLISHED, action) for action in MACHINE.actions}
    nothing = dict.fromkeys(may, False)
    auditor = await streets.district.token("AUDITOR")
    for token, expected in (
        (east.token, may),
        (west.token, nothing),
        (auditor, nothing),
        (None, nothing),
    ):
        data = await streets.ask(query, token, id=key)
        assert data["publication"]["viewerCan"] == expected


async def test_a_grant_along_territory_publishes_for_organizations_there(streets: Streets) -> None:
    home = streets.areas["east home"].code
    desk = Desk(streets, await streets.district.token("COMMUNITY_SECRETARY", area=home))
    made = await desk.draft("east branch")
    made = await desk.done("publish", publication=made["id"])
    assert made["state"] == "PUBLISHED"
    assert len(made["transitions"]) == 2
    assert made["viewerCan"]["withdraw"] is True


async def test_who_did_it_is_not_public(east: Desk, west: Desk) -> None:
    """Everybody reads what is published; its transitions name accounts."""
    made = await east.draft()
    made = await east.done("publish", publication=made["id"])
    assert len(made["transitions"]) == 2
    query = "query($id: ID!) { publication(id: $id) { title transitions { actor } } }"
    for token in (None, west.token, await east.streets.district.token("RESIDENT")):
        data = await east.streets.ask(query, token, id=made["id"])
        assert data["publication"] == {"title": "财务公开", "transitions": []}
    for token in (east.token, await east.streets.district.token("AUDITOR")):
        data = await east.streets.ask(query, token, id=made["id"])
        assert len(data["publication"]["transitions"]) == 2


# ---- two at once, and again ----------------------------------------------------------------------


async def test_what_someone_else_changed_is_not_changed_unseen(east: Desk) -> None:
    made = await east.draft()
    key = made["id"]
    await east.done("change", publication=key, title="新标题", expectedVersion=1)
    for action, given in ACTIONS.items():
        if action == "post":  # adds, and overwrites nothing
            continue
        payload = await east.do(action, publication=key, expectedVersion=1, **given)
        (error,) = payload["errors"]
        assert (error["code"], error["field"]) == ("CONFLICT", "expectedVersion")
        assert error["message"].endswith("2")
    made = await east.done("publish", publication=key, expectedVersion=2)
    assert made["title"] == "新标题"


async def test_a_retry_publishes_once(east: Desk) -> None:
    made = await east.draft()
    given = {"publication": made["id"], "idempotencyKey": "公示-1"}
    first = await east.done("publish", **given)
    before = await written(east.streets)
    assert await east.done("publish", **given) == first
    assert await written(east.streets) == before


async def test_of_many_at_once_one_publishes(east: Desk) -> None:
    made = await east.draft()
    payloads = await asyncio.gather(
        *(east.do("publish", publication=made["id"], channels=[BOARD]) for _ in range(6))
    )
    codes = sorted(error["code"] for payload in payloads for error in payload["errors"])
    assert codes == ["STATE"] * 5
    (made,) = [payload["publication"] for payload in payloads if payload["publication"]]
    assert len(made["postings"]) == 2
    assert [each["action"] for each in made["transitions"]] == ["draft", "publish"]
