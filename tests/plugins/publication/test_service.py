"""What other plugins call: in their own unit of work, by rows, with their own permission."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gongzhi.clock import stopped_at
from gongzhi.errors import RuleError
from gongzhi.registry.models import Area, Organization
from gongzhi.writing import Deployment, ForbiddenError, Work, unit_of_work
from gongzhi.writing.models import Event
from gongzhi_publication import rules, service
from gongzhi_publication.models import Posting, Publication, PublicationTransition
from gongzhi_publication.rules import PublicationState
from gongzhi_publication.service import PostingPlace
from tests.plugins.publication.conftest import TODAY, Streets, at

NOW = at(TODAY)
BOARDS = (PostingPlace("COMMUNITY_BOARD", "社区公开栏"), PostingPlace("BUILDING_BOARD"))
CALLER = "core.member.read"
"""Stands for the permission of the plugin that calls."""


@asynccontextmanager
async def work_of(streets: Streets, token: str | None = None) -> AsyncIterator[Work]:
    """Open a unit of work of the system, or of whoever has the token."""
    district = streets.district
    async with district.database():
        with stopped_at(NOW):
            if token is None:
                deployment = Deployment.of(district.registry)
                async with unit_of_work(deployment, deployment.system("test")) as work:
                    yield work
                return
            viewer = await district._viewers.of(f"Bearer {token}".encode())
            writes = district._engine.writes
            assert viewer is not None
            assert writes is not None
            async with unit_of_work(
                writes.deployment, viewer, writes._sight, permission=CALLER
            ) as work:
                yield work


async def counted(streets: Streets) -> tuple[int, ...]:
    async with streets.district.database():
        return (
            await Publication.all().count(),
            await Posting.all().count(),
            await PublicationTransition.all().count(),
            await Event.all().count(),
        )


async def test_publish_writes_and_publishes_in_one_go(streets: Streets) -> None:
    home = streets.areas["east home"]
    async with work_of(streets) as work:
        made = await service.publish(
            work,
            streets.organizations["east branch"].id,
            category="SCHEDULE",
            title="接访公示",
            body="每周一上午，居委会会议室",
            channels=BOARDS,
            subject=home,
            open_ended=True,
            synthetic=True,
        )
    async with streets.district.database():
        row = await Publication.get(id=made.id)
        places = [(p.place, p.posted_at) for p in await Posting.filter(publication_id=row.id)]
        steps = await PublicationTransition.filter(subject_id=row.id).order_by("id")
        kinds = await Event.all().order_by("id").values_list("kind", "actor")
    assert (row.state, row.published_at, row.listed_on) == (PublicationState.PUBLISHED, NOW, TODAY)
    assert (row.period_days, row.ends_on, row.synthetic) == (None, None, True)
    assert (row.subject_type, row.subject_id) == ("Area", home.id)
    assert places == [("社区公开栏", NOW), ("", NOW)]
    assert [(s.action, s.actor, s.account_id) for s in steps] == [
        ("draft", "test", None),
        ("publish", "test", None),
    ]
    assert kinds == [
        ("publication.publication.draft", "test"),
        ("publication.publication.publish", "test"),
    ]
    assert await streets.titles() == [
        "接访公示",
        *[f"{s} {w}" for w in ("open", "published") for s in ("west", "east")],
    ]


async def test_publish_of_something_past_is_listed_under_its_day(streets: Streets) -> None:
    day = TODAY - dt.timedelta(days=400)
    async with work_of(streets) as work:
        made = await service.publish(
            work,
            streets.organizations["east"].id,
            category="RESULT",
            title="晒账",
            channels=BOARDS,
            period_days=7,
            occurred_at=at(day),
        )
    assert (made.listed_on, made.ends_on) == (day, day + dt.timedelta(days=7))
    async with streets.district.database():
        steps = await PublicationTransition.filter(subject_id=made.id)
        assert {(s.occurred_at, s.recorded_at) for s in steps} == {(at(day), NOW)}


async def test_plan_puts_it_on_the_list_of_what_is_due(streets: Streets) -> None:
    async with work_of(streets) as work:
        made = await service.plan(
            work,
            streets.organizations["east"].id,
            category="RESOLUTION",
            title="决议公开",
            due_on=TODAY - dt.timedelta(days=2),
        )
    assert made.state is PublicationState.DUE
    data = await streets.ask(
        """query($day: Date) { publicationsDue(asOf: $day) {
            nodes { title isOverdue(asOf: $day) }
        } }""",
        await streets.staff("east"),
        day=TODAY.isoformat(),
    )
    assert data["publicationsDue"]["nodes"] == [
        {"title": "决议公开", "isOverdue": True},
        {"title": "east due", "isOverdue": True},
    ]


async def test_published_about_knows_only_what_stands(streets: Streets) -> None:
    subject = streets.organizations["west"]
    by = streets.organizations["west branch"].id

    async def publish(title: str) -> Publication:
        async with work_of(streets) as work:
            return await service.publish(
                work, by, category="RESULT", title=title, channels=BOARDS, subject=subject
            )

    async def standing(of: Area | Organization = subject) -> str | None:
        async with work_of(streets) as work:
            found = await service.published_about(work, of)
            return found and found.title

    async def withdraw(row: Publication) -> None:
        async with work_of(streets) as work:
            taken = await work.take(Publication, row.id, "notice", permission=rules.MANAGE)
            await service.withdraw(work, taken, "有误")

    assert await standing() is None
    first = await publish("一")
    second = await publish("二")
    assert await standing() == "二"
    await withdraw(second)
    assert await standing() == "一"
    await withdraw(first)
    assert await standing() is None
    assert await standing(streets.areas["east home"]) == "east open"
    assert await standing(streets.areas["west"]) is None


async def test_the_callers_permission_alone_does_not_publish(streets: Streets) -> None:
    """A group leader reads members of the branch; that does not let him publish for it."""
    branch = streets.organizations["east branch"]
    reader = await streets.district.token("BRANCH_COMMITTEE_MEMBER", organization=branch.code)
    before = await counted(streets)
    for make in (service.publish, service.plan, service.draft):
        async with work_of(streets, reader) as work:
            await work.require(branch)
            with pytest.raises(ForbiddenError, match=re.escape(rules.MANAGE)):
                await make(work, branch.id, category="RESULT", title="结果", channels=BOARDS)
    assert await counted(streets) == before


async def test_the_permission_to_publish_does_not_need_the_callers(streets: Streets) -> None:
    """The caller asks for his permission himself, where his own row belongs."""
    token = await streets.district.token(
        "BRANCH_SECRETARY", organization=streets.organizations["east branch"].code
    )
    async with work_of(streets, token) as work:
        work.permission = "core.import.run"
        made = await service.publish(
            work,
            streets.organizations["east branch"].id,
            category="RESULT",
            title="结果",
            channels=BOARDS,
        )
    assert made.state is PublicationState.PUBLISHED


async def test_an_organization_out_of_sight_is_absent(streets: Streets) -> None:
    token = await streets.staff("west")
    for key in (streets.organizations["east"].id, 999_999):
        with pytest.raises(RuleError) as caught:
            async with work_of(streets, token) as work:
                await service.publish(work, key, category="RESULT", title="结果", channels=BOARDS)
        assert (caught.value.code, caught.value.field) == ("NOT_FOUND", "organization")


async def test_a_refusal_leaves_nothing_of_the_draft(streets: Streets) -> None:
    before = await counted(streets)
    for channels, body, code in (
        ((), "", "NO_CHANNEL"),
        (BOARDS, "电话 13812345678", "CONTACT_NUMBER"),
    ):
        with pytest.raises(RuleError) as caught:
            async with work_of(streets) as work:
                await service.publish(
                    work,
                    streets.organizations["east"].id,
                    category="RESULT",
                    title="结果",
                    body=body,
                    channels=channels,
                )
        assert caught.value.code == code
    assert await counted(streets) == before


async def test_the_system_names_a_subject_by_its_global_id_too(streets: Streets) -> None:
    home = streets.areas["east home"]
    async with work_of(streets) as work:
        found = await work.find_any(f"Area:{home.id}", "about")
        assert (type(found), found.pk) == (Area, home.id)
        for nothing in ("Area:999999", "Nothing:1", "Area", "Area:", ":1", "Area:x"):
            with pytest.raises(RuleError, match="NOT_FOUND"):
                await work.find_any(nothing, "about")
