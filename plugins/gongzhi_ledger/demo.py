"""Issues of the demo: invented and marked so, as they stand today in the ledgers of its places.

Every one is played through the services, so that its record is that of a real one. Days are counted
back from the day of the demo. The cases of the seed are played by the community work day, where
they came up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from gongzhi import DemoData
from gongzhi.clock import CHINA
from gongzhi.registry.models import Appointment
from gongzhi_ledger import service
from gongzhi_ledger.rules import HandlingMode, IssueSeverity, ParticipantRole, Satisfaction
from gongzhi_ledger.service import Unit
from gongzhi_publication.service import PostingPlace

if TYPE_CHECKING:
    from gongzhi.demo import DemoContext

BOARD = (PostingPlace("RESIDENT_AFFAIRS_BOARD", "居委会居务公开栏"),)
"""Where the demo discloses."""

Service: TypeAlias = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is done to an issue: a service, when, and what it is told."""

    at: dt.datetime
    service: Service
    given: Mapping[str, Any] = field(default_factory=dict)


def at(day: dt.date, hour: int = 9, minute: int = 0) -> dt.datetime:
    """Return an instant of a day in China."""
    return dt.datetime.combine(day, dt.time(hour, minute), CHINA)


async def follow(context: DemoContext, issue: int, acts: Iterable[Act]) -> None:
    """Take an issue through what is done to it, one after the other."""
    for act in acts:
        await context.play(act.at, act.service, issue, **act.given)


async def secretary_of(code: str) -> int:
    """Return the key of the person who is secretary of a branch of the registry's demo."""
    post = await Appointment.get(organization__code=code, post="SECRETARY", ends_on=None)
    return post.person_id


# == what stands in the ledgers today ==


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An issue of a residents' committee; its branch's secretary collects and handles it.

    Steps are (days ago, service, what it is told). A plan without a mode is only received.
    """

    branch: str
    title: str
    category: str
    received: int
    """Days ago."""
    source: str = "VISIT"
    severity: IssueSeverity = IssueSeverity.ORDINARY
    mode: HandlingMode | None = None
    due: int | None = None
    """Days from the day of the demo; it is over where negative."""
    with_units: Sequence[tuple[str, str]] = ()
    """Code of an organization, or empty, and name; the committee itself leads."""
    steps: Sequence[tuple[int, Service, Mapping[str, Any]]] = ()


_SETTLED = "已整改，居民代表到场确认"

PLANS: tuple[Plan, ...] = (
    Plan(
        branch="XINHAI-YUEJIN",
        title="楼道感应灯损坏（示例）",
        category="PUBLIC_FACILITIES",
        received=20,
        mode=HandlingMode.TIME_LIMITED,
        due=-5,
        steps=((18, service.handle, {}),),
    ),
    Plan(
        branch="XINHAI-YUEJIN",
        title="小区主路雨后积水（示例）",
        category="PUBLIC_FACILITIES",
        received=34,
        mode=HandlingMode.TIME_LIMITED,
        due=12,
        steps=(
            (32, service.handle, {}),
            (
                25,
                service.escalate,
                {"reason": "涉及市政管网，超出居委会职权", "refused_by": "管网养护单位（示例）"},
            ),
        ),
    ),
    Plan(
        branch="XINHAI-XINHAI2",
        title="电动车停放堵塞消防通道（示例）",
        category="PUBLIC_ORDER",
        source="GROUP_PATROL",
        received=41,
        severity=IssueSeverity.KEY,
        mode=HandlingMode.COORDINATED,
        due=9,
        with_units=(("XINHAI-SHENGYUAN", ""), ("", "派出所（示例）")),
        steps=(
            (40, service.handle, {}),
            (33, service.record_recurrence, {"note": "清理后又停满"}),
            (12, service.record_recurrence, {"note": "夜间仍有停放"}),
            (10, service.supervise, {"note": "增设停车棚和充电桩"}),
            (
                10,
                service.add_measure,
                {
                    "kind": "WORKS",
                    "description": "增设非机动车停车棚",
                    "planned_cost": Decimal(60000),
                },
            ),
        ),
    ),
    Plan(
        branch="XINHAI-CHANGZHENG",
        title="宅前堆肥异味（示例）",
        category="ENVIRONMENT",
        received=24,
        mode=HandlingMode.TIME_LIMITED,
        due=-8,
        steps=((23, service.handle, {}), (11, service.settle, {"result": _SETTLED})),
    ),
    Plan(
        branch="XINHAI-XINHAI",
        title="公共晾晒区护栏松动（示例）",
        category="PUBLIC_FACILITIES",
        source="WALK",
        received=3,
    ),
    Plan(
        branch="XINHAI-HONGXING",
        title="屋面渗水（示例）",
        category="HOUSING",
        received=60,
        mode=HandlingMode.TIME_LIMITED,
        due=6,
        steps=(
            (58, service.handle, {}),
            (30, service.settle, {"result": _SETTLED}),
            (29, service.disclose, {"channels": BOARD}),
            (21, service.record_return_visit, {"satisfaction": Satisfaction.UNSATISFIED}),
            (20, service.reopen, {"reason": "雨后仍渗水"}),
        ),
    ),
    Plan(
        branch="XINHAI-CHANGZHENG",
        title="多户夜间停水（示例）",
        category="PUBLIC_FACILITIES",
        source="HOTLINE",
        received=2,
        severity=IssueSeverity.CRITICAL,
        mode=HandlingMode.TIME_LIMITED,
        due=1,
        steps=((1, service.handle, {}),),
    ),
    Plan(
        branch="XINHAI-XINHAI",
        title="健身器材松动（示例）",
        category="PUBLIC_FACILITIES",
        received=50,
        mode=HandlingMode.TIME_LIMITED,
        due=-25,
        steps=(
            (48, service.handle, {}),
            (35, service.settle, {"result": _SETTLED}),
            (34, service.disclose, {"channels": BOARD}),
            (4, service.record_return_visit, {"satisfaction": Satisfaction.UNSATISFIED}),
        ),
    ),
    Plan(
        branch="OUYANG-002",
        title="垃圾房清洗不及时（示例）",
        category="PROPERTY_MANAGEMENT",
        source="HOTLINE",
        received=45,
        mode=HandlingMode.TIME_LIMITED,
        due=-30,
        steps=(
            (44, service.handle, {}),
            (33, service.settle, {"result": _SETTLED}),
            (32, service.disclose, {"channels": BOARD}),
            (26, service.record_return_visit, {"satisfaction": Satisfaction.SATISFIED}),
            (26, service.close, {}),
        ),
    ),
)

_ON_THE_SPOT = (
    ("XINHAI-XINHAI", "楼上漏水引起的纠纷（示例）", "NEIGHBOUR_DISPUTE", 15),
    ("OUYANG-003", "楼道堆物（示例）", "ENVIRONMENT", 8),
)
"""能办即办: branch, title, category, days ago."""


async def load(context: DemoContext) -> Mapping[str, int]:
    """Play what the plans say; the registry's demo is in the database."""
    for plan in PLANS:
        await _play(context, plan)
    for branch, title, category, days in _ON_THE_SPOT:
        committee = await context.organization(f"{branch}-RC")
        await context.play(
            at(context.today - dt.timedelta(days=days)),
            service.solve_on_spot,
            committee.id,
            title,
            "VISIT",
            category,
            "当场协调解决",
            collector=await secretary_of(branch),
        )
    return {"issues": len(PLANS) + len(_ON_THE_SPOT)}


async def _play(context: DemoContext, plan: Plan) -> None:
    def ago(days: int) -> dt.datetime:
        return at(context.today - dt.timedelta(days=days))

    committee = await context.organization(f"{plan.branch}-RC")
    secretary = await secretary_of(plan.branch)
    units = [Unit(committee.id, role=ParticipantRole.LEAD)] if plan.with_units else []
    for code, name in plan.with_units:
        units.append(Unit((await context.organization(code)).id if code else None, name))
    what = (committee.id, plan.title, plan.source, plan.category)
    if plan.mode is None:
        await context.play(
            ago(plan.received),
            service.receive_issue,
            *what,
            severity=plan.severity,
            collector=secretary,
        )
        return
    issue = await context.play(
        ago(plan.received),
        service.open_issue,
        *what,
        severity=plan.severity,
        collector=secretary,
        handling_mode=plan.mode,
        handler=secretary,
        participants=units,
        due_on=None if plan.due is None else context.today + dt.timedelta(days=plan.due),
    )
    await follow(
        context,
        issue.id,
        (
            Act(ago(days), step, _with_visitor(step, given, secretary))
            for days, step, given in plan.steps
        ),
    )


def _with_visitor(step: Service, given: Mapping[str, Any], collector: int) -> Mapping[str, Any]:
    """Say that the collector visits, which no plan can know."""
    return {**given, "visitor": collector} if step is service.record_return_visit else given


DEMO: tuple[DemoData, ...] = (DemoData("issues", load, after=("registry", "publications")),)
