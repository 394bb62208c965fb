"""A client's key: what was done once is not done again, and the chain has no gaps."""

from __future__ import annotations

import asyncio
import hashlib
import time
from typing import Any

import orjson

from gongzhi.access.service import add_grant
from gongzhi.registry.models import Organization
from gongzhi_schema.district import Result
from tests.writing.conftest import Desks, codes
from tests.writing.desk import service as desk
from tests.writing.desk.models import Ticket


async def keyed(desks: Desks, token: str, key: str = "k", **given: Any) -> Result:
    return await desks.do(
        "ticketOpen",
        token,
        "ticket { id title version }",
        **{"organization": desks.key("east"), "title": "灯不亮", "idempotencyKey": key, **given},
    )


async def test_a_retry_gives_the_first_answer_and_writes_nothing(desks: Desks) -> None:
    token = await desks.staff()
    first, again = await keyed(desks, token), await keyed(desks, token)
    assert first.data == again.data
    assert first.data["ticketOpen"]["errors"] == []
    assert await desks.count("desk_ticket") == 1
    assert len(await desks.events()) == 1
    assert await desks.count("core_request_key") == 1


async def test_the_answer_is_the_row_as_it_is_now(desks: Desks) -> None:
    token = await desks.staff()
    first = await keyed(desks, token)
    key = first.data["ticketOpen"]["ticket"]["id"]
    await desks.do("ticketAnnotate", token, ticket=key, note="急")
    again = await keyed(desks, token)
    assert again.data["ticketOpen"]["ticket"] == {"id": key, "title": "灯不亮", "version": 2}


async def test_sixteen_at_once_are_one(desks: Desks) -> None:
    token = await desks.staff()
    results = await asyncio.gather(*(keyed(desks, token) for _ in range(16)))
    assert [result.errors for result in results] == [[]] * 16
    assert len({str(result.data) for result in results}) == 1
    assert await desks.count("desk_ticket") == 1
    assert await desks.count("desk_ticket_transition") == 1
    assert len(await desks.events()) == 1
    assert (await desks.verify()).faults == ()


async def test_a_key_with_another_input_is_refused(desks: Desks) -> None:
    token = await desks.staff()
    await keyed(desks, token)
    assert codes(await keyed(desks, token, title="水不来"), "ticketOpen") == ["KEY_REUSED"]
    result = await desks.do(
        "ticketSlip", token, "slip { text }", organization=desks.key("east"), idempotencyKey="k"
    )
    assert codes(result, "ticketSlip") == ["KEY_REUSED"]
    assert await desks.count("desk_ticket") == 1
    assert len(await desks.events()) == 1


async def test_the_same_input_written_otherwise_is_the_same(desks: Desks) -> None:
    """Order of the fields, and a default that is left out or given."""
    token = await desks.staff()
    await keyed(desks, token)
    text = (
        'mutation($o: ID!) { ticketOpen(input: {idempotencyKey: "k", title: "灯不亮", lines: [], '
        'note: "", organization: $o}) { ticket { id title version } errors { code } } }'
    )
    result = await desks.district.execute(text, {"o": desks.key("east")}, token)
    assert result.data["ticketOpen"]["errors"] == []
    assert await desks.count("desk_ticket") == 1


async def test_keys_of_two_accounts_have_nothing_to_do_with_each_other(desks: Desks) -> None:
    one, other = await desks.staff(), await desks.staff()
    first, second = await keyed(desks, one), await keyed(desks, other, title="水不来")
    assert first.data["ticketOpen"]["ticket"]["id"] != second.data["ticketOpen"]["ticket"]["id"]
    assert await desks.count("desk_ticket") == 2


async def test_a_refused_request_leaves_its_key_free(desks: Desks) -> None:
    token = await desks.staff()
    assert codes(await keyed(desks, token, title=" "), "ticketOpen") == ["BLANK"]
    assert await desks.count("core_request_key") == 0
    assert codes(await keyed(desks, token), "ticketOpen") == []
    grid = await desks.staff(role="GRID_WORKER")
    assert codes(await keyed(desks, grid), "ticketOpen") == ["FORBIDDEN"]
    assert await desks.count("core_request_key") == 1


async def test_what_is_shown_once_is_not_shown_again(desks: Desks) -> None:
    token = await desks.staff()

    async def slip() -> Result:
        return await desks.do(
            "ticketSlip", token, "slip { text }", organization=desks.key("east"),
            idempotencyKey="s",
        )  # fmt: skip

    assert codes(await slip(), "ticketSlip") == []
    assert codes(await slip(), "ticketSlip") == ["ALREADY_DONE"]
    assert len(await desks.events("desk.slip")) == 1


async def test_a_retry_shows_no_more_than_may_now_be_seen(desks: Desks) -> None:
    token = await desks.staff()
    await keyed(desks, token)
    async with desks.district.database():
        await desks.district._context.db().execute_query(
            f"UPDATE core_grant SET organization_id = {desks.homes['west'].id}"
        )
    desks.district._viewers._known.clear()
    again = await keyed(desks, token)
    assert again.data["ticketOpen"] == {"ticket": None, "errors": []}


async def test_an_input_cannot_be_guessed_from_what_is_kept(desks: Desks) -> None:
    """The digest is keyed: a plain hash of a short input could be found by trying."""
    token = await desks.staff()
    await keyed(desks, token)
    (row,) = await desks.rows("SELECT * FROM core_request_key")
    given = {
        "organization": desks.key("east"), "title": "灯不亮", "idempotencyKey": "k", "note": "",
        "lines": [],
    }  # fmt: skip
    plain = hashlib.sha256(orjson.dumps(given, option=orjson.OPT_SORT_KEYS)).hexdigest()
    assert row["digest"] != plain
    assert "灯不亮" not in str(row)


async def test_two_hundred_writers_leave_no_gap(desks: Desks) -> None:
    """Half of them in each street; every tenth is refused, and leaves nothing."""
    tokens = {street: await desks.staff(street) for street in ("east", "west")}

    async def write(number: int) -> Result:
        street = ("east", "west")[number % 2]
        return await desks.do(
            "ticketOpen",
            tokens[street],
            organization=desks.key(street),
            title=" " if number % 10 == 0 else str(number),
            onBehalfOf=desks.person(street),
        )

    results = await asyncio.gather(*map(write, range(200)))
    found = [codes(result, "ticketOpen") for result in results]
    assert (found.count([]), found.count(["BLANK"])) == (180, 20)
    events = await desks.events("")
    assert [event["id"] for event in events] == list(range(1, 181))
    assert await desks.count("desk_ticket") == 180
    verdict = await desks.verify()
    assert (verdict.events, verdict.faults) == (180, ())


async def test_writers_of_what_others_change_do_not_stop_each_other(desks: Desks) -> None:
    """Events refer to organizations and accounts; who changes those waits for no event.

    Foreign keys make an event wait for who changes the organization. Were the end of the chain
    held meanwhile, each would wait for the other.
    """
    async with desks.work() as work:
        row = await desk.open_ticket(work, desks.homes["east"].id, "x")
    east = desks.homes["east"].id
    taken, go = asyncio.Event(), asyncio.Event()

    async def rename() -> None:
        async with desks.work() as work:
            home = await work.take(Organization, east)
            await work.fetch("SELECT id FROM core_organization WHERE id = $1" + _hold(work), east)
            taken.set()
            if _hold(work):
                await go.wait()
            work.record("desk.test.rename", home)

    async def annotate() -> None:
        await taken.wait()
        async with desks.work() as work:
            await work.take(Ticket, row.id)
            work.record("desk.test.annotate", row)
            asyncio.get_running_loop().call_later(0.3, go.set)

    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(rename())
        tasks.create_task(annotate())
    kinds = [event["kind"] for event in await desks.events("desk.test")]
    assert kinds == ["desk.test.rename", "desk.test.annotate"]
    assert (await desks.verify()).faults == ()


async def test_a_grant_does_not_hold_up_who_gets_it(desks: Desks) -> None:
    """Giving one holds the account; its own events refer to that account, and must not wait."""
    token = await desks.staff()
    (account,) = await desks.rows("SELECT name FROM core_account")
    given, go = asyncio.Event(), asyncio.Event()

    async def give() -> None:
        async with desks.work() as work:
            await add_grant(account["name"], "GRID_WORKER", everything=True)
            given.set()
            if _hold(work):
                await go.wait()
            work.record("desk.test.grant")

    async def write() -> None:
        await given.wait()
        await desks.opened(token)
        go.set()

    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(give())
        tasks.create_task(write())
    assert (await desks.verify()).events == 2


def _hold(work: Any) -> str:
    """As a move holds it: its path is unique."""
    return "" if work.connection.capabilities.dialect == "sqlite" else " FOR UPDATE"


async def test_a_cancelled_request_leaves_nothing_and_frees_its_key(desks: Desks) -> None:
    """Cut off at every point on its way; whatever was not answered can be asked again."""
    token = await desks.staff()
    await keyed(desks, token, key="warm")
    began = time.perf_counter()
    await keyed(desks, token, key="k39")
    whole = time.perf_counter() - began
    for number in range(39):
        task = asyncio.ensure_future(keyed(desks, token, key=f"k{number}"))
        await asyncio.sleep(whole * number / 32)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    tickets = await desks.count("desk_ticket")
    assert tickets < 41  # the first were cut off before they began
    assert await desks.count("desk_ticket_transition") == tickets
    assert len(await desks.events()) == tickets
    assert await desks.count("core_request_key") == tickets
    assert (await desks.verify()).faults == ()
    for number in range(40):
        assert codes(await keyed(desks, token, key=f"k{number}"), "ticketOpen") == []
    assert await desks.count("desk_ticket") == 41
    assert len(await desks.events()) == 41
    assert (await desks.verify()).faults == ()


async def test_a_crash_between_writing_and_commit_leaves_nothing(desks: Desks) -> None:
    written = asyncio.Event()

    async def crash() -> None:
        async with desks.work() as work:
            await desk.open_ticket(work, desks.homes["east"].id, "x")
            await work.close()  # the event is in the chain, and nothing is committed
            written.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(crash())
    await written.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await desks.count("desk_ticket") == 0
    assert await desks.count("core_event") == 0
    async with desks.work() as work:
        await desk.open_ticket(work, desks.homes["east"].id, "x")
    verdict = await desks.verify()
    assert (verdict.events, verdict.faults) == (1, ())
