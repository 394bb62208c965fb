"""The work day of the demo and its four cases: the facts of the seed, and what each rule refuses.

Every fact is one query and one statement; every refusal is asked by a client on the same data.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.conftest import DIALECTS, Databases
from tests.postgres import run_in_thread
from tortoise.transactions import in_transaction

from gongzhi.access.models import Account
from gongzhi.demo import load_demo
from gongzhi.imports.session import open_session
from gongzhi.registry import counters
from gongzhi.writing import events
from gongzhi.writing.models import Event
from gongzhi_ledger import plugin as ledger
from gongzhi_ledger.models import Issue, IssueTransition
from gongzhi_publication import plugin as publication
from gongzhi_publication.models import Publication
from gongzhi_schema.district import District, open_district
from gongzhi_workday import plugin as workday
from gongzhi_workday.demo import _latest_day
from gongzhi_workday.models import (
    Campaign,
    EmploymentCase,
    LiaisonAssignment,
    Visit,
    WorkdayProgramme,
    WorkdaySession,
)

PLUGINS = (publication, ledger, workday)
NAMES = [each.name for each in PLUGINS]
SUNDAY = dt.date(2026, 11, 22)
"""The day of the demo, in these tests."""
MONDAYS_AHEAD = ["2026-11-23", "2026-11-30", "2026-12-07", "2026-12-14"]


@dataclass
class Demo:
    """The demo in a database, loaded once for all that only ask."""

    url: str
    counts: dict[str, int]
    tokens: dict[str, str]


@pytest.fixture(scope="module", params=DIALECTS)
def demo(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Demo]:
    url = databases.fresh(PLUGINS, request.param, migrated=True)
    yield run_in_thread(lambda: _load(url))
    databases.drop(url)


async def _load(url: str) -> Demo:
    async with open_district(url, NAMES) as place:
        report = await load_demo(place.url, place.registry, place.privacy, today=SUNDAY)
    counts = {noun: n for each in report.loaded for noun, n in each.counts.items()}
    return Demo(url, counts, {each.name: each.token for each in report.accounts})


# == facts ==

STEPS = [
    ("", "RECEIVED"),
    ("RECEIVED", "OPENED"),
    ("OPENED", "HANDLING"),
    ("HANDLING", "SETTLED"),
    ("SETTLED", "DISCLOSED"),
    ("DISCLOSED", "CLOSED"),
]
AGAIN = [("DISCLOSED", "REOPENED"), ("REOPENED", "HANDLING")]
CASES = ("XH-ARCADE", "XH-JOBS", "XH-DITCH", "XH-TV")


def of_cases(selection: str) -> str:
    fields = " ".join(
        f'{name[3:].lower()}: issue(number: "{name}") {{ {selection} }}' for name in CASES
    )
    return f"{{ {fields} }}"


def _arcade(data: Any) -> bool:
    issue = data["issue"]
    names = {each["name"] for each in issue["participants"]}
    return (
        len(names) >= 6
        and {"县文化执法大队", "县公安局治安大队", "工商所", "派出所"} <= names
        and {"新海居民委员会", "雅苑物业公司"} <= names
        and [each["name"] for each in issue["participants"] if each["role"] == "LEAD"]
        == ["新海镇人民政府"]
    )


def _employment(data: Any) -> bool:
    steps = ["open", "search_post", "find_post", "make_plan", "arrange_support", "employ"]
    nodes = data["employmentCases"]["nodes"]
    return (
        data["employmentCases"]["totalCount"] == 2
        and [each["subjectName"] for each in nodes] == ["倪某", "吴某"]
        and all([t["action"] for t in each["transitions"]] == steps for each in nodes)
        and all("夜班宿舍" in each["support"] and each["post"] for each in nodes)
        and {each["employedOn"] for each in nodes} == {"2014-10-13"}
    )


FACTS: dict[str, tuple[str, Any]] = {
    "N309: the next session after Friday 2015-06-05 is Monday 2015-06-08": (
        '{ organization(code: "XINHAI") { nextWorkdaySession(asOf: "2015-06-05") '
        "{ day weekday halfDay startsAt } } }",
        {
            "organization": {
                "nextWorkdaySession": {
                    "day": "2015-06-08",
                    "weekday": "MONDAY",
                    "halfDay": "MORNING",
                    "startsAt": "09:00",
                }
            }
        },
    ),
    "N309: the same for each residential area of the town": (
        '{ area(code: "310151114") { children(first: 10) '
        '{ nodes { nextWorkdaySession(asOf: "2015-06-05") { day } } } } }',
        {"area": {"children": {"nodes": [{"nextWorkdaySession": {"day": "2015-06-08"}}] * 5}}},
    ),
    "N309: the programme says so without any session, and passes the holiday": (
        '{ organization(code: "XINHAI-YUEJIN-RC") { workdayProgramme(asOf: "2015-06-05") '
        '{ weekday halfDay next: nextDay(after: "2015-06-05") '
        'later: nextDay(after: "2015-06-15") organizationName } } }',
        {
            "organization": {
                "workdayProgramme": {
                    "weekday": "MONDAY",
                    "halfDay": "MORNING",
                    "next": "2015-06-08",
                    "later": "2015-06-29",
                    "organizationName": "中共崇明区新海镇委员会",
                }
            }
        },
    ),
    "N309: no session on another day": (
        "{ workdaySessions(filter: {weekday: {in: [TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, "
        "SATURDAY, SUNDAY]}}) { totalCount } }",
        {"workdaySessions": {"totalCount": 0}},
    ),
    "N310: petitions fell by 76.1 %": (
        '{ indicators(first: 100, filter: {code: {eq: "PETITION_VISITS_YOY"}}) '
        "{ nodes { quantity { value unit } } } }",
        lambda data: (
            [float(each["quantity"]["value"]) for each in data["indicators"]["nodes"]] == [-76.1]
        ),
    ),
    "N311: 420,000 were spent on the ditch of 洪联新村": (
        '{ issue(number: "XH-DITCH") { actualCost plannedCost area { name } '
        "workdaySession { day functions } measures { kind { code } sites } } }",
        {
            "issue": {
                "actualCost": "420000",
                "plannedCost": None,
                "area": {"name": "洪联新村"},
                "workdaySession": {"day": "2014-11-03", "functions": ["ON_SITE_OFFICE"]},
                "measures": [
                    {"kind": {"code": "WORKS"}, "sites": "洪联新村"},
                    {"kind": {"code": "SURVEY"}, "sites": "镇区其他重点排污沟"},
                ],
            }
        },
    ),
    "N312–N315: 101 and 16 households, 117 together, 210,000 planned": (
        '{ issue(number: "XH-TV") { affectedHouseholds measures '
        "{ kind { code } households plannedCost sites unitName } } }",
        {
            "issue": {
                "affectedHouseholds": 117,
                "measures": [
                    {
                        "kind": {"code": "CABLE"},
                        "households": 101,
                        "plannedCost": "210000",
                        "sites": "新海1连、2连、5连、6连、11连等",
                        "unitName": "",
                    },
                    {
                        "kind": {"code": "WIRELESS"},
                        "households": 16,
                        "plannedCost": None,
                        "sites": "22连、41连等",
                        "unitName": "文广站",
                    },
                ],
            }
        },
    ),
    "N323: six units and more at the arcade": (
        '{ issue(number: "XH-ARCADE") { handlingMode participants { name role } } }',
        lambda data: data["issue"]["handlingMode"] == "COORDINATED" and _arcade(data),
    ),
    "N324: three measures on the arcade, which came back and was closed for good": (
        '{ issue(number: "XH-ARCADE") { measures { kind { code } } recurrenceCount '
        "category { code } result state workdaySession { functions } } }",
        lambda data: (
            {each["kind"]["code"] for each in data["issue"]["measures"]}
            >= {"SOURCE_CONTROL", "ENFORCEMENT", "TALK"}
            and data["issue"]["recurrenceCount"] >= 1
            and data["issue"]["category"]["code"] == "UNLICENSED_BUSINESS"
            and "取缔" in data["issue"]["result"]
            and data["issue"]["state"] == "CLOSED"
            and data["issue"]["workdaySession"]["functions"] == ["CONFLICT_RESOLUTION"]
        ),
    ),
    "N325: two people employed, each step in its order": (
        "{ employmentCases(filter: {state: {eq: EMPLOYED}}) { totalCount nodes { subjectName "
        "post support employedOn transitions { action } } } }",
        _employment,
    ),
    "L02: each case went the whole way; the arcade twice": (
        of_cases("source { code } transitions { fromState toState }"),
        lambda data: (
            {
                name: [(t["fromState"], t["toState"]) for t in issue["transitions"]]
                for name, issue in data.items()
            }
            == {
                "arcade": [*STEPS[:5], *AGAIN, *STEPS[3:]],
                "jobs": STEPS,
                "ditch": STEPS,
                "tv": STEPS,
            }
            and {issue["source"]["code"] for issue in data.values()} == {"WORKDAY"}
        ),
    ),
    "the cases have days of 2014 and 2015, and were recorded when they happened": (
        of_cases("transitions { occurredAt recordedAt }"),
        lambda data: all(
            step["occurredAt"][:4] in {"2014", "2015"}
            and step["occurredAt"][:10] == step["recordedAt"][:10]
            for issue in data.values()
            for step in issue["transitions"]
        ),
    ),
    "V5, V6: who collected each visited again at home and found satisfaction": (
        of_cases("collector { id } returnVisits { atHome satisfaction visitor { id } }"),
        lambda data: all(
            issue["returnVisits"][-1]
            == {"atHome": True, "satisfaction": "SATISFIED", "visitor": issue["collector"]}
            and issue["collector"]
            for issue in data.values()
        ),
    ),
    "晒账: the result of each was published": (
        of_cases("result publications { nodes { body state postings { place } } }"),
        lambda data: all(
            issue["publications"]["nodes"][0]
            == {
                "body": issue["result"],
                "state": "PUBLISHED",
                "postings": [{"place": "居委会居务公开栏"}],
            }
            for issue in data.values()
        ),
    ),
    "W02: every session that was held had a notice with time, staff and place": (
        "{ workdaySessions(first: 100, filter: {state: {in: [HELD, RECORDED, CLOSED]}}) "
        "{ totalCount nodes { notice { state body } team { role attended } } } }",
        lambda data: (
            data["workdaySessions"]["totalCount"] == 25
            and all(
                each["notice"]["state"] == "PUBLISHED"
                and all(
                    word in each["notice"]["body"] for word in ("接访时间", "接访人员", "接访地点")
                )
                and each["team"]
                == [{"role": role, "attended": True} for role in ("LEAD", "MEMBER")]
                for each in data["workdaySessions"]["nodes"]
            )
        ),
    ),
    "W03: five committees, each with the official in charge and a cadre": (
        '{ organization(code: "XINHAI") { subtreeLiaisons(asOf: "2015-06-08", first: 20) '
        "{ nodes { isAreaLead organization { code } } } } }",
        lambda data: (
            sorted(
                (each["organization"]["code"], each["isAreaLead"])
                for each in data["organization"]["subtreeLiaisons"]["nodes"]
            )
            == sorted(
                (f"XINHAI-{name}-RC", leads)
                for name in ("YUEJIN", "XINHAI", "XINHAI2", "HONGXING", "CHANGZHENG")
                for leads in (False, True)
            )
        ),
    ),
    "W04: the four functions were covered by the cases": (
        of_cases("workdaySession { functions }"),
        lambda data: (
            {code for issue in data.values() for code in issue["workdaySession"]["functions"]}
            == {"CONFLICT_RESOLUTION", "LIVELIHOOD", "ON_SITE_OFFICE", "INVESTIGATION"}
        ),
    ),
    "三百三问: households and needs of the campaign": (
        "{ campaigns { nodes { name householdsVisited needsCollected visitCount endsOn } } }",
        {
            "campaigns": {
                "nodes": [
                    {
                        "name": "“三百三问”大走访",
                        "householdsVisited": 400,
                        "needsCollected": 35,
                        "visitCount": 5,
                        "endsOn": "2014-12-31",
                    }
                ]
            }
        },
    ),
    "today: the coming Monday is announced in four committees and lacks a notice in one": (
        '{ workdaySessions(first: 50, filter: {day: {eq: "2026-11-23"}}) { nodes { state } } '
        'workdaySessionsWithoutNotice(asOf: "2026-11-22") { nodes { organizationName } } }',
        lambda data: (
            sorted(each["state"] for each in data["workdaySessions"]["nodes"])
            == ["NOTICE_PUBLISHED"] * 4 + ["PLANNED"]
            and data["workdaySessionsWithoutNotice"]["nodes"]
            == [{"organizationName": "长征居民委员会"}]
        ),
    ),
    "today: four weeks are planned": (
        "{ workdaySessions(first: 50, filter: {state: {in: [PLANNED, NOTICE_PUBLISHED]}}) "
        "{ nodes { day } } }",
        lambda data: (
            sorted(each["day"] for each in data["workdaySessions"]["nodes"])
            == [day for day in MONDAYS_AHEAD for _ in range(5)]
        ),
    ),
    "today: what is late, the longest overdue first": (
        '{ issuesOverdue(asOf: "2026-11-22") { nodes { title dueOn } } }',
        {"issuesOverdue": {"nodes": [{"title": "楼道感应灯损坏（示例）", "dueOn": "2026-11-17"}]}},
    ),
    "today: what is to be supervised at once": (
        '{ issueAgenda(kind: IMMEDIATE_SUPERVISION, asOf: "2026-11-22") { nodes { title } } }',
        {"issueAgenda": {"nodes": [{"title": "多户夜间停水（示例）"}]}},
    ),
    "today: settled and not disclosed": (
        "{ issuesSettledNotDisclosed { nodes { title } } }",
        {"issuesSettledNotDisclosed": {"nodes": [{"title": "宅前堆肥异味（示例）"}]}},
    ),
    "today: the matter of last Monday is still to be decided on": (
        "{ workdaySessions(filter: {state: {eq: HELD}}) { nodes { day issues { nodes { state } } } } }",
        {
            "workdaySessions": {
                "nodes": [{"day": "2026-11-16", "issues": {"nodes": [{"state": "RECEIVED"}]}}]
            }
        },
    ),
}


async def test_every_fact_is_one_query(
    demo: Demo, district: Any, subtests: pytest.Subtests
) -> None:
    async with district(NAMES, url=demo.url) as place:
        token = demo.tokens["demo-auditor"]
        await place.execute("{ __typename }", token=token)
        for fact, (query, expected) in FACTS.items():
            with subtests.test(fact):
                result = await place.execute(query, token=token)
                assert not result.errors
                assert (result.tier, result.statements) == ("raw", 1)
                if callable(expected):
                    assert expected(result.data), result.data
                else:
                    assert result.data == expected


async def test_chain_and_counts_hold_and_everything_is_marked(demo: Demo, district: Any) -> None:
    async with district(NAMES, url=demo.url) as place:
        async with place.database():
            async with in_transaction() as connection:
                assert await counters.verify(counters.on_tortoise(connection)) == []
            for model in (
                Issue,
                Publication,
                WorkdayProgramme,
                LiaisonAssignment,
                WorkdaySession,
                Visit,
                Campaign,
                EmploymentCase,
            ):
                assert await model.exists(), model
                assert not await model.filter(synthetic=False).exists(), model
            assert await WorkdaySession.all().count() == demo.counts["sessions"]
            assert await Visit.all().count() == demo.counts["visits"]
            steps = await IssueTransition.all().count()
            assert await Event.filter(kind__startswith="ledger.issue.").count() >= steps
            assert set(await Event.all().distinct().values_list("actor", flat=True)) == {"demo"}
        async with open_session(demo.url) as session:
            verdict = await events.verify(session, key=place.deployment.chain_key)
        assert verdict.faults == ()
        assert verdict.events > 300


async def test_anybody_sees_what_is_announced_and_nothing_of_the_ledger(
    demo: Demo, district: Any
) -> None:
    async with district(NAMES, url=demo.url) as place:
        result = await place.execute(
            '{ area(code: "310151114001") { nextWorkdaySession(asOf: "2026-11-22") '
            "{ day startsAt endsAt staff place } } }"
        )
        assert result.data["area"]["nextWorkdaySession"] == {
            "day": "2026-11-23",
            "startsAt": "09:00",
            "endsAt": "11:00",
            "staff": "镇党委副书记（包片领导）、党政办公室干部1名",
            "place": "居委会会议室",
        }
        hidden = await place.execute("{ issues { totalCount } employmentCases { totalCount } }")
        assert hidden.data == {"issues": {"totalCount": 0}, "employmentCases": {"totalCount": 0}}


async def test_personal_values_are_in_no_event(demo: Demo, district: Any) -> None:
    async with district(NAMES, url=demo.url) as place, place.database():
        texts = await Event.all().values_list("data", flat=True)
    for word in ("某", "居民", "游戏机房", "排污沟", "镇长"):
        assert not any(word in str(text) for text in texts), word


@pytest.mark.parametrize(
    ("today", "latest"),
    [
        ("2026-11-22", "2026-11-16"),  # a Sunday
        ("2026-11-23", "2026-11-16"),  # a Monday is still to be held
        ("2026-11-24", "2026-11-23"),
        ("2015-06-23", "2015-06-15"),  # 端午节 was on 22 June
        ("2014-10-08", "2014-09-29"),  # 国庆节
    ],
)
async def test_the_latest_work_day_is_no_holiday(
    demo: Demo, district: Any, today: str, latest: str
) -> None:
    async with district(NAMES, url=demo.url) as place, place.database():
        assert await _latest_day(dt.date.fromisoformat(today)) == dt.date.fromisoformat(latest)


# == what is refused ==


class Client:
    """Asks as the staff of 新海镇."""

    def __init__(self, place: District, token: str) -> None:
        self._place = place
        self._token = token

    async def ask(self, query: str, **variables: Any) -> Any:
        result = await self._place.execute(query, variables, self._token)
        assert result.errors == []
        return result.data

    async def organization(self, code: str) -> str:
        data = await self.ask("query($c: String!) { organization(code: $c) { id } }", c=code)
        return str(data["organization"]["id"])

    async def lead(self, code: str) -> str:
        """Return the official in charge of a committee's area."""
        data = await self.ask(
            "query($c: String!) { organization(code: $c) "
            "{ liaisons { isAreaLead official { id } } } }",
            c=code,
        )
        rows = data["organization"]["liaisons"]
        return next(str(each["official"]["id"]) for each in rows if each["isAreaLead"])

    async def issue(self, title: str) -> Any:
        data = await self.ask(
            "{ issues(first: 100) { nodes { id title state collector { id } } } }"
        )
        return next(each for each in data["issues"]["nodes"] if each["title"] == title)

    async def send(self, mutation: str, entity: str, fields: str, **given: Any) -> Any:
        kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
        data = await self.ask(
            f"mutation($input: {kind}) {{ {mutation}(input: $input) "
            f"{{ {entity} {{ {fields} }} errors {{ code field message }} }} }}",
            input=given,
        )
        return data[mutation]

    async def refused(self, mutation: str, entity: str, **given: Any) -> tuple[str, str]:
        payload = await self.send(mutation, entity, "id", **given)
        assert payload[entity] is None
        (error,) = payload["errors"]
        return error["code"], error["field"]


YUEJIN = "XINHAI-YUEJIN-RC"


async def test_every_guard_refuses_with_its_own_code(demo: Demo, district: Any) -> None:
    async with district(NAMES, url=demo.url) as place:
        staff = Client(place, demo.tokens["demo-xinhai"])
        committee = await staff.organization(YUEJIN)
        town = await staff.organization("XINHAI-GOV")
        unsatisfied = await staff.issue("健身器材松动（示例）")
        settled = await staff.issue("宅前堆肥异味（示例）")
        other = await staff.lead("XINHAI-HONGXING-RC")
        data = await staff.ask(
            '{ workdaySessionsWithoutNotice(asOf: "2026-11-22") { nodes { id } } }'
        )
        (unannounced,) = data["workdaySessionsWithoutNotice"]["nodes"]
        board = [{"channel": "RESIDENT_AFFAIRS_BOARD"}]
        found = {
            "a session on a Tuesday": await staff.refused(
                "workdaySessionPlan", "workdaySession", organization=committee, day="2027-03-02"
            ),
            "a lead without liaison": await staff.refused(
                "workdaySessionPlan",
                "workdaySession",
                organization=committee,
                day="2027-03-01",
                lead=other,
            ),
            "a notice without place": await staff.refused(
                "workdaySessionPublishNotice",
                "workdaySession",
                session=unannounced["id"],
                channels=board,
                staff="镇党委委员（示例）",
                place="",
                occurredAt="2026-11-22T10:00:00+08:00",
            ),
            "closing after an unsatisfied return visit": await staff.refused(
                "issueClose", "issue", issue=unsatisfied["id"]
            ),
            "a return visit by another than the collector": await staff.refused(
                "issueVisit",
                "issue",
                issue=unsatisfied["id"],
                visitor=other,
                satisfaction="SATISFIED",
            ),
            "disclosing without publication": await staff.refused(
                "issueDisclose", "issue", issue=settled["id"]
            ),
            "a coordinated issue without partner": await staff.refused(
                "issueOpen",
                "issue",
                organization=committee,
                title="路面破损",
                source="WORKDAY",
                category="PUBLIC_FACILITIES",
                handlingMode="COORDINATED",
                handler=other,
                participants=[{"organization": town, "role": "LEAD"}],
            ),
        }
    assert found == {
        "a session on a Tuesday": ("NOT_PROGRAMME_DAY", "day"),
        "a lead without liaison": ("NO_LIAISON", "lead"),
        "a notice without place": ("NOTICE_PLACE_MISSING", "place"),
        "closing after an unsatisfied return visit": ("NOT_SATISFIED", None),
        "a return visit by another than the collector": ("VISITOR_NOT_COLLECTOR", "visitor"),
        "disclosing without publication": ("NOT_PUBLISHED", "channels"),
        "a coordinated issue without partner": ("PARTNER_NEEDED", "participants"),
    }


@pytest.mark.parametrize("account", ["demo-xinhai", "demo-hongxing"])
async def test_the_accounts_of_the_demo_can_do_the_work(
    demo: Demo, district: Any, account: str
) -> None:
    """From the entry of an issue to its disclosure, as the town's staff and as a secretary."""
    async with district(NAMES, url=demo.url) as place:
        client = Client(place, demo.tokens[account])
        data = await client.ask(
            '{ organization(code: "XINHAI-HONGXING-RC") { id } '
            'issue(number: "XH-DITCH") { collector { id } } '
            'issues(first: 50, filter: {category: {eq: "HOUSING"}}) '
            "{ nodes { handler { id } viewerCan { handle close } } } }"
        )
        (leak,) = data["issues"]["nodes"]
        assert leak["viewerCan"] == {"handle": True, "close": False}
        async with place.database():
            mine = await Account.get(name=account)
        opened = await client.send(
            "issueOpen",
            "issue",
            "id state version collector { id } viewerCan { handle settle }",
            organization=data["organization"]["id"],
            title="路面破损",
            source="STATION",
            category="PUBLIC_FACILITIES",
            handlingMode="TIME_LIMITED",
            handler=leak["handler"]["id"],
            dueDays=5,
            idempotencyKey=f"demo-{account}",
        )
        assert opened["errors"] == []
        issue = opened["issue"]
        assert issue["viewerCan"] == {"handle": True, "settle": False}
        assert issue["collector"] == (
            {"id": f"Person:{mine.person_id}"} if mine.person_id else None
        )
        for mutation, given in (
            ("issueHandle", {}),
            ("issueSettle", {"result": "已修复"}),
            ("issueDisclose", {"channels": [{"channel": "RESIDENT_AFFAIRS_BOARD"}]}),
        ):
            payload = await client.send(mutation, "issue", "state", issue=issue["id"], **given)
            assert payload["errors"] == []
        assert payload["issue"] == {"state": "DISCLOSED"}
