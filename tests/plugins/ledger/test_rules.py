"""The rules by their invariants, as tables."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import product

import pytest

from gongzhi_ledger import rules
from gongzhi_ledger.figures import Facts, count, rate
from gongzhi_ledger.rules import (
    MACHINE,
    AgendaKind,
    Entry,
    HandlingMode,
    IssueSeverity,
    IssueState,
    ResolutionLevel,
    Satisfaction,
    Visit,
)

S = IssueState
DAY = dt.date(2015, 6, 8)
NOON = dt.datetime(2015, 6, 8, 4, tzinfo=dt.UTC)

WAYS = {
    ("solve", S.RECEIVED): S.SOLVED_ON_SPOT,
    ("open", S.RECEIVED): S.OPENED,
    ("open", S.TRANSFERRED): S.OPENED,
    ("handle", S.OPENED): S.HANDLING,
    ("handle", S.REOPENED): S.HANDLING,
    ("settle", S.HANDLING): S.SETTLED,
    ("disclose", S.SETTLED): S.DISCLOSED,
    ("close", S.DISCLOSED): S.CLOSED,
    ("reopen", S.SETTLED): S.REOPENED,
    ("reopen", S.DISCLOSED): S.REOPENED,
    **{
        ("transfer", state): S.TRANSFERRED
        for state in (S.RECEIVED, S.OPENED, S.HANDLING, S.REOPENED, S.TRANSFERRED)
    },
    **{("reject", state): S.REJECTED for state in (S.RECEIVED, S.OPENED, S.HANDLING)},
    **{("merge", state): S.MERGED for state in (S.RECEIVED, S.OPENED, S.HANDLING)},
}
"""L02, written out: what is not here leads nowhere."""


def test_v4_the_ledger_moves_only_this_way() -> None:
    found = {
        (action, state): MACHINE.step(state, action).target
        for action, state in product(MACHINE.actions, S)
        if MACHINE.allows(state, action) and MACHINE.step(state, action).target
    }
    assert found == WAYS


@pytest.mark.parametrize(
    ("state", "acts"),
    [
        (S.CLOSED, {"recur", "attach"}),
        (S.SOLVED_ON_SPOT, {"attach"}),
        (S.REJECTED, set()),
        (S.MERGED, set()),
    ],
)
def test_v4_what_is_over_stays_as_it_is(state: IssueState, acts: set[str]) -> None:
    assert {a for a in MACHINE.actions if MACHINE.allows(state, a)} == acts


ENTRY = Entry(
    mode=HandlingMode.TIME_LIMITED,
    has_area=True,
    has_handler=True,
    opened_on=DAY,
    due_on=DAY,
    leads=0,
    partners=0,
)


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({}, []),
        ({"mode": None}, ["NO_MODE"]),
        ({"mode": HandlingMode.IMMEDIATE}, ["IMMEDIATE_IS_ON_SPOT"]),
        ({"has_area": False}, ["NO_AREA"]),
        ({"has_handler": False}, ["NO_HANDLER"]),
        ({"due_on": None}, ["DEADLINE_NEEDED"]),
        ({"due_on": DAY - dt.timedelta(days=1)}, ["DUE_TOO_EARLY"]),
        ({"mode": HandlingMode.COORDINATED}, ["LEAD_NEEDED", "PARTNER_NEEDED"]),
        ({"mode": HandlingMode.COORDINATED, "leads": 1}, ["PARTNER_NEEDED"]),
        ({"mode": HandlingMode.COORDINATED, "partners": 5}, ["LEAD_NEEDED"]),
        ({"mode": HandlingMode.COORDINATED, "leads": 1, "partners": 5, "due_on": None}, []),
        ({"leads": 2}, ["TWO_LEADS"]),
        (
            {"mode": None, "has_area": False, "has_handler": False},
            ["NO_MODE", "NO_AREA", "NO_HANDLER"],
        ),
    ],
)
def test_l01_l02_what_an_entry_needs(given: dict[str, object], codes: list[str]) -> None:
    values = {name: getattr(ENTRY, name) for name in Entry.__dataclass_fields__} | given
    assert [error.code for error in rules.check_entry(Entry(**values))] == codes


@pytest.mark.parametrize(
    ("number", "reserved"),
    [
        ("XH-2015-12", True),
        ("X-1-2015-1", True),
        ("XH-2015-012", False),
        ("2015-12", False),
        ("XH-TV", False),
        ("沪信〔2015〕3号", False),
    ],
)
def test_a_number_that_could_be_made_is_not_given(number: str, reserved: bool) -> None:
    assert [e.code for e in rules.check_number(number)] == ["NUMBER_RESERVED"] * reserved


@pytest.mark.parametrize(
    ("published", "settled", "refused"),
    [
        (None, NOON, True),
        (NOON - dt.timedelta(hours=1), NOON, True),
        (NOON, NOON, False),
        (NOON + dt.timedelta(days=3), NOON, False),
    ],
)
def test_l02_the_result_is_published_after_it_was_settled(
    published: dt.datetime | None, settled: dt.datetime, refused: bool
) -> None:
    codes = [error.code for error in rules.check_disclosure(published, settled)]
    assert codes == ["NOT_PUBLISHED"] * refused


@pytest.mark.parametrize(
    ("by_collector", "at_home", "overridden", "satisfaction", "codes"),
    [
        (True, True, False, Satisfaction.SATISFIED, []),
        (False, True, False, Satisfaction.SATISFIED, ["VISITOR_NOT_COLLECTOR"]),
        (True, False, False, Satisfaction.UNSATISFIED, ["NOT_AT_HOME"]),
        (True, False, False, Satisfaction.UNREACHABLE, []),
        (False, False, False, Satisfaction.PARTLY, ["VISITOR_NOT_COLLECTOR", "NOT_AT_HOME"]),
        (False, False, True, Satisfaction.PARTLY, []),
    ],
)
def test_v6_the_collector_visits_at_home(
    by_collector: bool,
    at_home: bool,
    overridden: bool,
    satisfaction: Satisfaction,
    codes: list[str],
) -> None:
    visit = Visit(satisfaction, by_collector, at_home, overridden)
    assert [error.code for error in rules.check_visit(visit)] == codes


@pytest.mark.parametrize(
    ("satisfaction", "closes", "reopens"),
    [
        (None, False, False),
        (Satisfaction.SATISFIED, True, False),
        (Satisfaction.PARTLY, False, True),
        (Satisfaction.UNSATISFIED, False, True),
        (Satisfaction.UNREACHABLE, False, False),
    ],
)
def test_v4_v5_satisfaction_closes_and_its_lack_reopens(
    satisfaction: Satisfaction | None, closes: bool, reopens: bool
) -> None:
    for overridden in (False, True):
        visit = satisfaction and Visit(satisfaction, True, True, overridden)
        assert (rules.check_closing(visit) == []) is closes
        assert (rules.check_reopening(visit) == []) is reopens


@pytest.mark.parametrize(
    "visit",
    [Visit(Satisfaction.SATISFIED, a, b, c) for a, b, c in product((False, True), repeat=3)],
)
def test_v6_closing_rests_on_a_proper_visit(visit: Visit) -> None:
    proper = visit.overridden or (visit.by_collector and visit.at_home)
    assert (rules.check_closing(visit) == []) is proper


def test_l05_an_issue_is_only_raised() -> None:
    ladder = ["COMMUNITY", "SUBDISTRICT", "DISTRICT", "COURT"]
    for low, high in product(ladder, repeat=2):
        refused = rules.check_escalation(ResolutionLevel(low), ResolutionLevel(high))
        assert (refused == []) is (ladder.index(high) > ladder.index(low))
    assert [rules.next_level(ResolutionLevel(each)) for each in ladder] == [
        *map(ResolutionLevel, ladder[1:]),
        ResolutionLevel.COURT,
    ]


@pytest.mark.parametrize(
    ("organization", "level"),
    [
        ("COMMUNITY", "COMMUNITY"),
        ("GRID", "COMMUNITY"),
        ("UNIT", "COMMUNITY"),
        ("SUBDISTRICT", "SUBDISTRICT"),
        ("DISTRICT", "DISTRICT"),
        ("CITY", "DISTRICT"),
    ],
)
def test_l05_the_level_at_which_an_organization_solves(organization: str, level: str) -> None:
    assert rules.level_of(organization) is ResolutionLevel(level)


def test_v21_n205_severity_decides_the_agenda() -> None:
    assert rules.CADENCE == {
        IssueSeverity.ORDINARY: AgendaKind.MONTHLY_STUDY,
        IssueSeverity.KEY: AgendaKind.WEEKLY_DISPATCH,
        IssueSeverity.CRITICAL: AgendaKind.IMMEDIATE_SUPERVISION,
    }
    allowed = {
        (severity.value, kind.value)
        for severity, kind in product(IssueSeverity, AgendaKind)
        if not rules.check_agenda(severity, kind)
    }
    assert allowed == {
        ("ORDINARY", "MONTHLY_STUDY"),
        ("ORDINARY", "WEEKLY_DISPATCH"),
        ("ORDINARY", "IMMEDIATE_SUPERVISION"),
        ("KEY", "WEEKLY_DISPATCH"),
        ("KEY", "IMMEDIATE_SUPERVISION"),
        ("CRITICAL", "IMMEDIATE_SUPERVISION"),
    }


@pytest.mark.parametrize(
    ("kind", "day", "first", "last"),
    [
        ("MONTHLY_STUDY", "2016-02-29", "2016-02-01", "2016-02-29"),
        ("MONTHLY_STUDY", "2015-12-01", "2015-12-01", "2015-12-31"),
        ("WEEKLY_DISPATCH", "2015-06-08", "2015-06-08", "2015-06-14"),
        ("WEEKLY_DISPATCH", "2015-06-14", "2015-06-08", "2015-06-14"),
        ("IMMEDIATE_SUPERVISION", "2015-06-14", "1949-10-01", "2015-06-14"),
    ],
)
def test_v21_a_month_and_a_week(kind: str, day: str, first: str, last: str) -> None:
    found = rules.agenda_period(AgendaKind(kind), dt.date.fromisoformat(day))
    assert [each.isoformat() for each in found] == [first, last]


@pytest.mark.parametrize(
    ("into", "state", "code"),
    [
        (1, S.OPENED, "MERGE_INTO_ITSELF"),
        (2, S.REJECTED, "MERGE_TARGET"),
        (2, S.MERGED, "MERGE_TARGET"),
        (2, S.OPENED, None),
        (2, S.CLOSED, None),
    ],
)
def test_a_duplicate_is_merged_into_what_stands(
    into: int, state: IssueState, code: str | None
) -> None:
    assert [e.code for e in rules.check_merging(1, into, state)] == ([code] if code else [])


def test_a_step_is_not_before_the_one_before_it() -> None:
    later = NOON + dt.timedelta(seconds=1)
    assert rules.check_order(None, NOON, DAY) == []
    assert rules.check_order(NOON, NOON, DAY) == []
    assert [e.code for e in rules.check_order(later, NOON, DAY)] == ["TOO_EARLY"]


@pytest.mark.parametrize(
    ("due", "ended", "as_of", "late"),
    [
        (None, None, 9, False),
        (5, None, 5, False),
        (5, None, 6, True),
        (5, 5, 9, False),
        (5, 6, 9, True),
        (5, 6, 5, False),
    ],
)
def test_late_is_what_is_not_settled_on_its_day(
    due: int | None, ended: int | None, as_of: int, late: bool
) -> None:
    def day(n: int | None) -> dt.date | None:
        return None if n is None else DAY + dt.timedelta(days=n)

    assert rules.is_overdue(day(due), day(ended), DAY + dt.timedelta(days=as_of)) is late


@pytest.mark.parametrize(
    ("since", "until", "years"),
    [
        ("2009-06-08", "2015-06-08", 6),
        ("2009-06-09", "2015-06-08", 5),
        ("2012-02-29", "2013-02-28", 0),
        ("2012-02-29", "2013-03-01", 1),
        ("2015-06-08", "2015-06-08", 0),
        ("2015-06-09", "2015-06-08", 0),
    ],
)
def test_n110_the_years_of_a_problem(since: str, until: str, years: int) -> None:
    found = rules.years_open(dt.date.fromisoformat(since), dt.date.fromisoformat(until))
    assert found == years


@pytest.mark.parametrize(
    ("part", "whole", "share"),
    [(0, 0, None), (0, 3, "0"), (1, 3, "0.333"), (2, 3, "0.667"), (3, 80, "0.038"), (7, 7, "1")],
)
def test_shares_have_three_decimals(part: int, whole: int, share: str | None) -> None:
    assert rate(part, whole) == (share and Decimal(share))


def test_figures_of_nothing_are_none() -> None:
    found = count([], None, None, DAY)
    assert (found.received, found.satisfaction_rate, found.median_days_to_settle) == (0, None, None)


def test_figures_by_hand() -> None:
    def on(n: int) -> dt.date:
        return DAY + dt.timedelta(days=n)

    community, street = ResolutionLevel.COMMUNITY, ResolutionLevel.SUBDISTRICT
    good, bad = Satisfaction.SATISFIED, Satisfaction.UNSATISFIED
    issues = [
        Facts(S.CLOSED, community, on(0), on(1), on(4), on(5), on(9), on(6), ((on(8), good),)),
        Facts(S.DISCLOSED, street, on(0), on(0), on(6), on(7), None, on(5), ((on(8), bad),)),
        Facts(S.SOLVED_ON_SPOT, community, on(2), None, on(2)),
        Facts(S.HANDLING, community, on(2), on(2), None, None, None, on(3)),
        Facts(S.REJECTED, community, on(3), on(3), on(4)),
        Facts(S.RECEIVED, community, on(4)),
        Facts(S.TRANSFERRED, street, on(40), None, None, None, None, on(50)),
    ]
    found = count(issues, on(0), on(9), on(10))
    assert (found.received, found.opened, found.solved_on_spot) == (6, 4, 1)
    assert (found.settled, found.disclosed, found.closed) == (2, 2, 1)
    assert (found.open, found.overdue) == (2, 1)
    assert found.response_rate == Decimal("0.833")  # 5 of 6
    assert found.settlement_rate == Decimal("0.667")  # 2 of 3, the rejected one apart
    assert found.satisfaction_rate == Decimal("0.5")
    assert found.solved_at_community_share == Decimal("0.667")  # 2 of 3
    assert found.median_days_to_settle == Decimal("4.5")  # of 3 and 6
