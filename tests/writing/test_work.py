"""What a service may do through its unit of work, and what it leaves behind."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging

import pytest
from tortoise.exceptions import IntegrityError

from gongzhi import clock
from gongzhi.access.service import add_grant
from gongzhi.access.viewer import ANONYMOUS
from gongzhi.contributions import PluginSettings
from gongzhi.errors import RuleError
from gongzhi.host import PluginRegistry
from gongzhi.registry import service
from gongzhi.registry.models import Member, Organization
from gongzhi.settings import Settings
from gongzhi.writing import Deployment, unit_of_work
from gongzhi.writing.unit import Anything
from tests.registry.helpers import PRIVACY, member, organization, refused
from tests.writing.conftest import Desks, codes
from tests.writing.desk import service as desk
from tests.writing.desk.models import Ticket, TicketTransition
from tests.writing.desk.rules import MACHINE, TicketState

NOW = dt.datetime(2026, 11, 23, 1, 30, 15, 250_000, dt.UTC)
EARLIER = dt.datetime(2026, 11, 20, 9, tzinfo=clock.CHINA)


# What a step leaves behind


async def test_a_beginning_leaves_row_transition_and_event(desks: Desks) -> None:
    with clock.stopped_at(NOW):
        async with desks.work() as work:
            row = await desk.open_ticket(
                work,
                desks.homes["east"].id,
                "灯不亮",
                occurred_at=EARLIER,
                on_behalf_of=desks.people["east"].id,
            )
        async with desks.district.database():
            ticket, step = await Ticket.get(id=row.id), await TicketTransition.get()
    assert (ticket.state, ticket.version) == (TicketState.OPEN, 1)
    assert (step.subject_id, step.action, step.from_state, step.to_state) == (
        row.id, "open", "", "OPEN",
    )  # fmt: skip
    assert (step.occurred_at, step.recorded_at) == (EARLIER, NOW)
    assert (step.account_id, step.actor, step.on_behalf_of_id) == (
        None, "test", desks.people["east"].id,
    )  # fmt: skip
    (event,) = await desks.events()
    assert event["kind"] == "desk.ticket.open"
    assert (event["entity_type"], event["entity_id"]) == ("Ticket", row.id)
    assert (event["actor"], event["account_id"]) == ("test", None)
    assert event["on_behalf_of_id"] == desks.people["east"].id
    assert (event["organization_id"], event["org_path"]) == (
        desks.homes["east"].id, desks.homes["east"].path,
    )  # fmt: skip
    assert event["data"] == '{"lines":0,"to":"OPEN"}'
    assert (await desks.verify()).faults == ()


async def test_a_step_leaves_row_transition_and_event(desks: Desks) -> None:
    with clock.stopped_at(NOW - dt.timedelta(hours=1)):
        async with desks.work() as work:
            row = await desk.open_ticket(work, desks.homes["east"].id, "灯不亮", note="急")
    with clock.stopped_at(NOW):
        async with desks.work() as work:
            await desk.start(work, row.id, expected_version=1)
            await desk.finish(work, row.id, reason="已修", document="文件3号")
        async with desks.district.database():
            ticket = await Ticket.get(id=row.id)
            steps = await TicketTransition.all().order_by("id")
    assert (ticket.state, ticket.version) == (TicketState.DONE, 3)
    assert ticket.title == "灯不亮（已办结）"
    assert ticket.created_at == NOW - dt.timedelta(hours=1)
    assert ticket.updated_at == NOW
    assert [(s.action, s.from_state, s.to_state) for s in steps] == [
        ("open", "", "OPEN"),
        ("start", "OPEN", "DOING"),
        ("finish", "DOING", "DONE"),
    ]
    assert (steps[2].reason, steps[2].document) == ("已修", "文件3号")
    events = await desks.events()
    assert [event["kind"] for event in events] == [
        "desk.ticket.open",
        "desk.ticket.start",
        "desk.ticket.finish",
    ]
    assert events[2]["data"] == '{"days":3,"from":"DOING","to":"DONE"}'
    assert all("已修" not in str(event) for event in events)  # free text stays in the transition


async def test_an_act_that_leaves_the_state_takes_no_step(desks: Desks) -> None:
    async with desks.work() as work:
        row = await desk.open_ticket(work, desks.homes["east"].id, "灯不亮")
        await desk.annotate(work, row.id, "急")
        with pytest.raises(AssertionError, match="leads nowhere"):
            await work.transition(MACHINE, row, "annotate", TicketTransition)
    assert await desks.count("desk_ticket_transition") == 1


async def test_what_did_not_happen_yet_is_refused(desks: Desks) -> None:
    later = clock.now() + dt.timedelta(hours=1)
    with refused("FUTURE_DATE", "occurred_at"):
        async with desks.work() as work:
            await desk.open_ticket(work, desks.homes["east"].id, "灯不亮", occurred_at=later)
    assert await desks.count("desk_ticket") == 0
    assert await desks.events() == []


async def test_a_wrong_state_is_refused_and_nothing_written(desks: Desks) -> None:
    async with desks.work() as work:
        row = await desk.open_ticket(work, desks.homes["east"].id, "灯不亮", note="急")
    with refused("STATE"):
        async with desks.work() as work:
            await desk.finish(work, row.id)
    async with desks.district.database():
        assert (await Ticket.get(id=row.id)).state is TicketState.OPEN
    assert len(await desks.events()) == 1


# Rows that come out of a statement


async def test_a_found_row_is_as_tortoise_reads_it(desks: Desks) -> None:
    """Enums, decimals and instants are those of Python, on both databases."""
    async with desks.work() as work:
        made = await desk.open_ticket(
            work,
            desks.homes["east"].id,
            "灯不亮",
            lines=[desk.Line("灯泡", desk.Decimal("12.30"))],
            happened_at=EARLIER,
        )
        found = await work.find(Ticket, made.id)
        read = await Ticket.get(id=made.id).using_db(work.connection)
        for name in Ticket._meta.db_fields:
            assert getattr(found, name) == getattr(read, name), name
            assert type(getattr(found, name)) is type(getattr(read, name)), name


async def test_what_was_found_is_found_changed_after_it_was_changed(desks: Desks) -> None:
    async with desks.work() as work:
        made = await desk.open_ticket(work, desks.homes["east"].id, "灯不亮", note="一")
        assert (await work.find(Ticket, made.id)).note == "一"
        assert (await work.find(Ticket, made.id)) is (await work.find(Ticket, made.id))
        await desk.annotate(work, made.id, "二")
        assert (await work.find(Ticket, made.id)).note == "二"


# Who may


async def test_a_hidden_row_is_refused_as_an_absent_one(desks: Desks) -> None:
    east, west = await desks.staff("east"), await desks.staff("west")
    hidden = await desks.opened(west, "west")
    answers = [await desks.do("ticketStart", east, ticket=key) for key in (hidden, "Ticket:999999")]
    assert answers[0].data == answers[1].data
    assert answers[0].data["ticketStart"] == {
        "ticket": None,
        "errors": [{"code": "NOT_FOUND", "field": "ticket", "message": "没有这条记录"}],
    }


async def test_a_person_on_whose_behalf_is_hidden_is_refused_as_an_absent_one(
    desks: Desks,
) -> None:
    east = await desks.staff("east")
    for key in (desks.person("west"), "Person:999999"):
        result = await desks.do(
            "ticketOpen", east, organization=desks.key("east"), title="x", onBehalfOf=key
        )
        assert result.data["ticketOpen"]["errors"] == [
            {"code": "NOT_FOUND", "field": "onBehalfOf", "message": "没有这条记录"}
        ]
    key = await desks.opened(east, note="急")
    await desks.do("ticketStart", east, ticket=key)
    result = await desks.do("ticketFinish", east, ticket=key, onBehalfOf=desks.person("west"))
    assert codes(result, "ticketFinish") == ["NOT_FOUND"]
    assert await desks.count("desk_ticket_transition") == 2


async def test_who_sees_a_row_may_not_yet_change_it(desks: Desks) -> None:
    key = await desks.opened(await desks.staff())
    grid = await desks.staff(role="GRID_WORKER")
    for name, given in (
        ("ticketStart", {"ticket": key}),
        ("ticketAnnotate", {"ticket": key, "note": "x"}),
        ("ticketOpen", {"organization": desks.key("east"), "title": "x"}),
        ("ticketSlip", {"organization": desks.key("east")}),
    ):
        what = "slip { text }" if name == "ticketSlip" else "ticket { id }"
        result = await desks.do(name, grid, what, **given)
        assert codes(result, name) == ["FORBIDDEN"], name
        assert result.data == {name: None}
        assert "desk.ticket.handle" in result.errors[0]["message"]
    assert len(await desks.events()) == 1


async def test_a_step_asks_for_its_own_permission(desks: Desks) -> None:
    """Staff may handle, and only the district's administrator may finish."""
    staff = await desks.staff(role="SUBDISTRICT_STAFF")
    key = await desks.opened(staff, note="急")
    assert codes(await desks.do("ticketStart", staff, ticket=key), "ticketStart") == []
    result = await desks.do("ticketFinish", staff, ticket=key)
    assert codes(result, "ticketFinish") == ["FORBIDDEN"]
    assert "desk.ticket.close" in result.errors[0]["message"]


async def test_a_permission_elsewhere_is_none_here(desks: Desks) -> None:
    """Both grants let see the east; only the one that lets handle is in the west."""
    district = desks.district
    west = await desks.staff("west")
    async with district.database():
        account = (await desks.rows("SELECT name FROM core_account"))[0]["name"]
        await add_grant(account, "GRID_WORKER", organization=desks.homes["east"].code)
    result = await desks.do("ticketOpen", west, organization=desks.key("east"), title="x")
    assert codes(result, "ticketOpen") == ["FORBIDDEN"]


async def test_an_area_grant_lets_write_in_its_area(
    desks: Desks,
) -> None:
    async with desks.district.database():
        places = {}
        for street in ("east", "west"):
            place = places[street] = await service.create_area(street, street, "SUBDISTRICT")
            await Organization.filter(id=desks.homes[street].id).update(
                area_id=place.id, area_path=place.path
            )
    token = await desks.district.token("SUBDISTRICT_STAFF", area="east")
    key = await desks.opened(token)
    assert codes(await desks.do("ticketStart", token, ticket=key), "ticketStart") == []
    result = await desks.do("ticketOpen", token, organization=desks.key("west"), title="x")
    assert codes(result, "ticketOpen") == ["NOT_FOUND"]


async def test_require_without_a_place_asks_for_everything(desks: Desks) -> None:
    east = await desks.staff("east")
    everything = await desks.district.token("DISTRICT_ORG_DEPT_ADMIN")
    given = {"code": "X", "name": "x", "kind": "CITY"}
    assert codes(await desks.do("areaCreate", east, "area { id }", **given), "areaCreate") == [
        "FORBIDDEN"
    ]
    made = await desks.do("areaCreate", everything, "area { id }", **given)
    assert codes(made, "areaCreate") == []


async def test_only_the_system_acts_without_a_finder(desks: Desks) -> None:
    system = desks.deployment.system("test")
    assert Anything().statement(Ticket, 5, system)[1] == [5]
    with pytest.raises(AssertionError, match="only the system"):
        Anything().statement(Ticket, 5, ANONYMOUS)


# What a service must not forget


@pytest.mark.parametrize("key", [None, "k1"])
@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("ticketUnasked", "UnaskedError"),
        ("ticketUnrecorded", "UnrecordedError"),
        ("ticketUnrecordedSql", "UnrecordedError"),
    ],
)
async def test_a_forgetful_service_writes_nothing(
    desks: Desks, caplog: pytest.LogCaptureFixture, name: str, error: str, key: str | None
) -> None:
    token = await desks.staff()
    given = {"organization": desks.key("east")}
    if name == "ticketUnrecordedSql":
        given = {"ticket": await desks.opened(token)}
    before = (await desks.rows("SELECT * FROM desk_ticket"), await desks.count("core_event"))
    with caplog.at_level(logging.ERROR):
        result = await desks.do(name, token, **given, idempotencyKey=key)
    assert codes(result, name) == ["INTERNAL"]
    assert error in caplog.text
    after = (await desks.rows("SELECT * FROM desk_ticket"), await desks.count("core_event"))
    assert after == before
    assert await desks.count("core_request_key") == 0


async def test_reading_only_needs_no_event(desks: Desks) -> None:
    async with desks.work() as work:
        assert await work.fetch("SELECT 1 AS n") == [{"n": 1}]
    assert await desks.count("core_event") == 0


async def test_an_error_leaves_nothing(desks: Desks) -> None:
    with pytest.raises(LookupError):
        async with desks.work() as work:
            await desk.broken(work, desks.homes["east"].id, "x")
    assert await desks.count("desk_ticket") == 0
    assert await desks.count("core_event") == 0
    assert (await desks.verify()).faults == ()


async def test_what_the_database_refuses_leaves_nothing(desks: Desks) -> None:
    with pytest.raises(IntegrityError):  # noqa: PT012  # the block is the unit of work
        async with desks.work() as work:
            row = await desk.open_ticket(work, desks.homes["east"].id, "x")
            await work.fetch(
                "UPDATE desk_ticket SET organization_id = 999999 WHERE id = $1", row.id
            )
    assert await desks.count("desk_ticket") == 0
    assert await desks.count("core_event") == 0


# Versions


async def test_a_stale_version_is_refused_with_the_present_one(desks: Desks) -> None:
    token = await desks.staff()
    key = await desks.opened(token)
    result = await desks.do("ticketAnnotate", token, ticket=key, note="一", expectedVersion=1)
    assert codes(result, "ticketAnnotate") == []
    result = await desks.do(
        "ticketAnnotate", token, "ticket { id }", ticket=key, note="二", expectedVersion=1
    )
    (error,) = result.data["ticketAnnotate"]["errors"]
    assert (error["code"], error["field"]) == ("CONFLICT", "expectedVersion")
    assert "2" in error["message"]
    assert (await desks.rows("SELECT note, version FROM desk_ticket")) == [
        {"note": "一", "version": 2}
    ]


async def test_sixteen_editors_lose_no_update(desks: Desks) -> None:
    """Each retries what was refused with the version that it then reads: all sixteen get in."""
    token = await desks.staff()
    key = await desks.opened(token)
    conflicts = 0

    async def edit(number: int) -> None:
        nonlocal conflicts
        while True:
            read = await desks.district.execute(
                f'{{ ticket(id: "{key}") {{ note version }} }}', token=token
            )
            before = read.data["ticket"]
            result = await desks.do(
                "ticketAnnotate",
                token,
                ticket=key,
                note=f"{before['note']} {number}",
                expectedVersion=before["version"],
            )
            if codes(result, "ticketAnnotate") == []:
                return
            assert codes(result, "ticketAnnotate") == ["CONFLICT"]
            conflicts += 1

    await asyncio.gather(*map(edit, range(16)))
    (row,) = await desks.rows("SELECT note, version FROM desk_ticket")
    assert sorted(map(int, row["note"].split())) == list(range(16))
    assert row["version"] == 17
    assert conflicts > 0  # they did meet
    assert (await desks.verify()).events == 17


# Where an event belongs


async def test_events_follow_their_organization_and_the_chain_still_holds(desks: Desks) -> None:
    token = await desks.staff()
    await desks.opened(token)
    async with desks.district.database():
        branch = await organization("PARTY_BRANCH", desks.homes["east"])
        await service.move_organization(branch.id, desks.homes["west"].id)
    async with desks.work() as work:
        found = await work.find(Organization, branch.id)
        work.record("desk.test.before", found)
    async with desks.district.database():
        await service.move_organization(branch.id, desks.homes["east"].id)
    (event,) = await desks.events("desk.test")
    assert event["org_path"] == f"{desks.homes['east'].path}{branch.id}."
    assert (await desks.verify()).faults == ()


async def test_an_event_is_filed_where_its_organization_is_in_the_end(desks: Desks) -> None:
    """Also when the organization moves after the event was recorded, in the same work."""
    west = desks.homes["west"]
    async with desks.district.database():
        branch = await organization("PARTY_BRANCH", desks.homes["east"])
        below = await organization("BUILDING_PARTY_GROUP", branch)
    async with desks.work() as work:
        row = await desk.open_ticket(work, below.id, "x")
        work.record("desk.test.move", await work.find(Organization, branch.id))
        await service.move_organization(branch.id, west.id)
    (event,) = await desks.events("desk.test")
    assert event["org_path"] == f"{west.path}{branch.id}."
    (event,) = await desks.events("desk.ticket")
    assert event["org_path"] == f"{west.path}{branch.id}.{below.id}."
    assert (await desks.verify()).faults == ()
    async with desks.district.database():
        assert (await Ticket.get(id=row.id)).org_path == event["org_path"]


async def test_an_event_of_a_member_belongs_to_the_branch(desks: Desks) -> None:
    async with desks.district.database():
        branch = await organization("PARTY_BRANCH", desks.homes["east"])
        someone = await member(branch)
    async with desks.work() as work:
        row = await work.find(Member, someone.id)
        work.record("desk.test.member", row)
    (event,) = await desks.events("desk.test")
    assert (event["organization_id"], event["org_path"]) == (branch.id, branch.path)
    assert (await desks.verify()).faults == ()


# After the commit


async def test_watchers_hear_of_commits_that_have_events(
    desks: Desks, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[int] = []

    def broken() -> None:
        message = "deaf"
        raise OSError(message)

    desks.deployment.watchers.extend([broken, lambda: heard.append(1)])
    async with desks.work() as work:
        await desk.open_ticket(work, desks.homes["east"].id, "x")
        assert heard == []
    assert heard == [1]
    assert "a watcher failed" in caplog.text
    async with desks.work():
        pass
    with pytest.raises(LookupError):
        async with desks.work() as work:
            await desk.broken(work, desks.homes["east"].id, "x")
    assert heard == [1]
    assert await desks.count("desk_ticket") == 1


async def test_counts_are_written_with_the_work_or_not_at_all(desks: Desks) -> None:
    east = desks.homes["east"]
    async with desks.work() as work:
        work.count(east.path, "desk.test", "A", 2)
        work.count(east.path, "desk.test", "A", 1)
        work.record("desk.test.count", east)
    with pytest.raises(RuleError):  # noqa: PT012  # as above
        async with desks.work() as work:
            work.count(east.path, "desk.test", "A", 5)
            await desk.start(work, 999_999)
    rows = await desks.rows("SELECT * FROM core_counter WHERE metric = 'desk.test'")
    assert {(row["organization_id"], row["own"], row["total"]) for row in rows} == {
        (east.id, 3, 3),
        (desks.homes["top"].id, 0, 3),
    }


async def test_the_settings_of_a_plugin_are_found_by_their_class(desks: Desks) -> None:
    class Unknown(PluginSettings):
        pass

    async with desks.work() as work:
        with pytest.raises(LookupError, match="Unknown"):
            work.settings(Unknown)


async def test_the_person_of_an_account_is_known(desks: Desks) -> None:
    token = await desks.staff()
    await desks.opened(token)
    async with desks.district.database():
        await desks.district._context.db().execute_query(
            f"UPDATE core_account SET person_id = {desks.people['east'].id}"
        )
    viewer = await desks.district._viewers.of(f"Bearer {token}".encode())
    assert viewer is not None
    async with (
        desks.district.database(),
        unit_of_work(desks.deployment, viewer, permission="desk.ticket.handle") as work,
    ):
        assert await work.person_id() == desks.people["east"].id
        await work.require(desks.homes["east"])
    async with desks.work() as work:
        assert await work.person_id() is None


def test_a_deployment_without_a_secret_has_an_empty_key() -> None:
    bare = Deployment.of(PluginRegistry.load(Settings.model_validate({"plugins": ()})))
    assert (bare.chain_key, bare.privacy) == (b"", None)
    assert len(PRIVACY.chain_key) == 32
