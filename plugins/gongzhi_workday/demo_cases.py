"""The four cases of the article on 新海镇 (2015), from the work day to the return visit.

What it says of them is kept: units, measures, households and money. It names neither days nor
people, apart from 倪某 and 吴某, whose names it masks itself; days and officials are invented.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from gongzhi_ledger import service as ledger
from gongzhi_ledger.demo import BOARD, Act, at, follow
from gongzhi_ledger.rules import HandlingMode, ParticipantRole, ResolutionLevel, Satisfaction
from gongzhi_ledger.service import Unit
from gongzhi_workday import service
from gongzhi_workday.rules import EmploymentStep, VisitKind

if TYPE_CHECKING:
    from gongzhi.demo import DemoContext
    from gongzhi_ledger.models import Issue
    from gongzhi_workday.demo_officials import Host

COUNT = 4
_SOURCE = "案例取自《搭平台 创机制 拓展联系服务群众新路径》（2015 年第 8 期），日期和人员为虚构。"


async def load(context: DemoContext, hosts: Mapping[str, Host]) -> None:
    """Play the four cases, in the order of their days."""
    await _arcade(context, hosts["XINHAI-XINHAI-RC"])
    await _employment(context, hosts["XINHAI-YUEJIN-RC"])
    await _ditch(context, hosts["XINHAI-HONGXING-RC"])
    await _television(context, hosts["XINHAI-CHANGZHENG-RC"])


# == 一是直接下基层化解矛盾 ==


async def _arcade(context: DemoContext, host: Host) -> None:
    """F-W1: arcades without a licence that came back after every sweep 死灰复燃."""
    day = dt.date(2014, 5, 12)
    session = await host.hold(context, day)
    await _visit(
        context, host, session, day, "走访沿街商铺和周边居民，了解到无证游戏机房扰民。", 12
    )
    issue = await _take(
        context,
        session,
        day,
        "新海游戏机房无证经营",
        "UNLICENSED_BUSINESS",
        number="XH-ARCADE",
        description=f"无证经营、参与赌博、滋扰居民、影响环境，居民反映强烈。{_SOURCE}",
        handler=host.lead,
        due_on=dt.date(2014, 7, 31),
        participants=await _units(
            context,
            ("XINHAI-GOV", ""),
            ("", "县文化执法大队"),
            ("", "县公安局治安大队"),
            ("", "工商所"),
            ("", "派出所"),
            (host.code, ""),
            ("XINHAI-YAYUAN", ""),  # who let the rooms 房屋出租方
        ),
    )
    await host.finish(context, session, day, ("CONFLICT_RESOLUTION",), "包片领导牵头召集联席会议。")
    again = "集中整治一阵子，又死灰复燃"
    await follow(
        context,
        issue,
        (
            _raised(day + _days(1), "需县级执法部门联动"),
            Act(at(dt.date(2014, 5, 14)), ledger.handle),
            _measure(dt.date(2014, 5, 21), "ENFORCEMENT", "联合执法，集中整治", "派出所、工商所"),
            _settled(dt.date(2014, 5, 26), "集中整治，游戏机房关停"),
            _disclosed(dt.date(2014, 5, 27)),
            Act(
                at(dt.date(2014, 6, 9)),
                ledger.record_recurrence,
                {"observed_on": dt.date(2014, 6, 9), "note": again},
            ),
        ),
    )
    await _return(context, host, issue, dt.date(2014, 6, 9), Satisfaction.UNSATISFIED)
    await follow(
        context,
        issue,
        (
            Act(at(dt.date(2014, 6, 10)), ledger.reopen, {"reason": again}),
            Act(at(dt.date(2014, 6, 11)), ledger.handle),
            _measure(
                dt.date(2014, 6, 16), "SOURCE_CONTROL", "收回出租房屋，源头治理", "雅苑物业公司"
            ),
            _measure(dt.date(2014, 6, 18), "TALK", "约访经营者谈话", "县文化执法大队"),
            _settled(dt.date(2014, 7, 7), "彻底取缔无证游戏机房"),
            _disclosed(dt.date(2014, 7, 8)),
        ),
    )
    await _end(context, host, issue, dt.date(2014, 7, 14))


# == 二是直接下基层改善民生 ==


async def _employment(context: DemoContext, host: Host) -> None:
    """F-W2: two people in difficulty find work, step by step."""
    day = dt.date(2014, 9, 15)
    session = await host.hold(context, day)
    need = "工作技能差、就业观念旧，有强烈的就业愿望，迟迟没有找到合适的岗位。"
    cases = []
    for name in ("倪某", "吴某"):
        visit = await context.play(
            at(day, 11, 10),
            service.record_visit,
            VisitKind.HOME_VISIT,
            session=session,
            visitor=host.lead,
            visited_label=name,
            needs=1,
            findings=need,
            occurred_at=at(day, 10),
        )
        case = await context.play(
            at(day, 11, 15),
            service.open_case,
            host.committee,
            subject_label=name,
            need=need,
            session=session,
            visit=visit.id,
        )
        cases.append(case.id)
    issue = await _take(
        context,
        session,
        day,
        "两名特殊困难对象求职",
        "EMPLOYMENT",
        number="XH-JOBS",
        description=f"{need}{_SOURCE}",
        handler=host.member,
        due_on=dt.date(2014, 10, 31),
        participants=await _units(
            context, ("XINHAI-GOV", ""), (host.code, ""), ("", "用人企业（示例）")
        ),
    )
    await host.finish(context, session, day, ("LIVELIHOOD",), "了解到两户的就业困难。")
    await follow(
        context,
        issue,
        (
            Act(at(dt.date(2014, 9, 16)), ledger.handle),
            _measure(
                dt.date(2014, 9, 19), "SURVEY", "到新海镇就业资料库里找岗位", "新海镇人民政府"
            ),
            _measure(
                dt.date(2014, 9, 22), "TALK", "“一对一”就促方案，转变就业观念", "新海镇人民政府"
            ),
        ),
    )
    for case in cases:
        for on, step, given in _EMPLOYMENT_STEPS:
            await context.play(at(on, 10), service.advance_case, case, step, **given)
    await follow(
        context,
        issue,
        (_settled(dt.date(2014, 10, 13), "两位特殊困难对象终于上岗"), _disclosed(_AFTER_EMPLOYED)),
    )
    await _end(context, host, issue, dt.date(2014, 10, 20))


_AFTER_EMPLOYED = dt.date(2014, 10, 14)
_EMPLOYMENT_STEPS: tuple[tuple[dt.date, EmploymentStep, Mapping[str, Any]], ...] = (
    (dt.date(2014, 9, 16), EmploymentStep.SEARCH_POST, {}),
    (
        dt.date(2014, 9, 19),
        EmploymentStep.FIND_POST,
        {"post": "夜班操作工（示例）", "employer": "用人企业（示例）"},
    ),
    (
        dt.date(2014, 9, 22),
        EmploymentStep.MAKE_PLAN,
        {"plan": "“一对一”就促方案：转变就业观念，岗前辅导。"},
    ),
    (dt.date(2014, 9, 26), EmploymentStep.ARRANGE_SUPPORT, {"support": "企业提供夜班宿舍"}),
    (dt.date(2014, 10, 13), EmploymentStep.EMPLOY, {}),
)


# == 三是直接下基层现场办公 ==


async def _ditch(context: DemoContext, host: Host) -> None:
    """F-W3: the sewage ditch of 洪联新村; 420,000 CNY were spent."""
    day = dt.date(2014, 11, 3)
    session = await host.hold(context, day)
    estate = (await context.area("310151114004-E1")).id
    await _visit(
        context, host, session, day, "排污沟未及时疏通，散发异味，周围居民诸多抱怨。", 30, estate
    )
    issue = await _take(
        context,
        session,
        day,
        "洪联新村生活污水排污沟散发异味",
        "ENVIRONMENT",
        number="XH-DITCH",
        area=estate,
        description=f"生活污水排污沟未及时疏通。{_SOURCE}",
        handler=host.lead,
        due_on=dt.date(2014, 12, 31),
        participants=await _units(
            context,
            ("XINHAI-GOV", ""),
            ("", "相关部门"),
            (host.code, ""),
            ("", "居民代表"),
        ),
    )
    await host.finish(
        context,
        session,
        day,
        ("ON_SITE_OFFICE",),
        "召集相关部门、居委干部和居民代表到现场，确定疏浚方案。",
    )
    await follow(
        context,
        issue,
        (
            Act(at(dt.date(2014, 11, 4)), ledger.handle),
            _raised(dt.date(2014, 11, 4), "需镇级投入并统一疏浚"),
            _measure(
                dt.date(2014, 11, 28), "WORKS", "彻底疏浚洪联新村生活污水排污沟", sites="洪联新村"
            ),
            _measure(
                dt.date(2014, 12, 12),
                "SURVEY",
                "对镇区其他重点排污沟摸底调查、排期疏浚",
                sites="镇区其他重点排污沟",
            ),
            _settled(
                dt.date(2014, 12, 22), "彻底疏浚排污沟，共投资42万元", actual_cost=Decimal(420000)
            ),
            _disclosed(dt.date(2014, 12, 23)),
        ),
    )
    await _end(context, host, issue, dt.date(2014, 12, 29))


# == 四是直接下基层调查研究 ==


async def _television(context: DemoContext, host: Host) -> None:
    """F-W4: 117 households lost television when the signal became digital."""
    first, second = dt.date(2015, 1, 12), dt.date(2015, 1, 19)
    session = await host.hold(context, first)
    await _visit(context, host, session, first, "模拟信号转换为数字信号后无法收看电视。", 40)
    issue = await _take(
        context,
        session,
        first,
        "部分连队居民无法收看有线电视",
        "PUBLIC_FACILITIES",
        number="XH-TV",
        area=(await context.area("310151114")).id,
        description=f"因为模拟信号与数字信号转换，部分连队居民无法收看有线电视。{_SOURCE}",
        handler=host.lead,
        due_on=dt.date(2015, 5, 29),
        affected_households=117,
        planned_cost=Decimal(210000),
        participants=await _units(
            context, ("XINHAI-GOV", ""), (host.code, ""), ("", "文广站"), ("", "东方明珠公司")
        ),
    )
    await host.finish(context, session, first, ("INVESTIGATION",), "逐个连队了解收视情况。")
    session = await host.hold(context, second)
    await _visit(context, host, session, second, "充分吸收居民意见，确定解决办法。", 77)
    await host.finish(context, session, second, ("INVESTIGATION",))
    await follow(
        context,
        issue,
        (
            Act(at(dt.date(2015, 1, 20)), ledger.handle),
            _raised(dt.date(2015, 1, 20), "涉及多个连队，需镇级投入"),
            _measure(
                dt.date(2015, 4, 10),
                "CABLE",
                "居民相对集中的生活区安装有线电视",
                sites="新海1连、2连、5连、6连、11连等",
                households=101,
                planned_cost=Decimal(210000),
            ),
            _measure(
                dt.date(2015, 4, 24),
                "WIRELESS",
                "零散分散的居民，由文广站出面与东方明珠公司协商，安装地面无线数字电视信号接收器",
                "文广站",
                sites="22连、41连等",
                households=16,
            ),
            _settled(dt.date(2015, 5, 11), "117户居民恢复收看电视"),
            _disclosed(dt.date(2015, 5, 12)),
        ),
    )
    await _end(context, host, issue, dt.date(2015, 5, 18))


# == parts of them ==


def _days(count: int) -> dt.timedelta:
    return dt.timedelta(days=count)


async def _visit(
    context: DemoContext,
    host: Host,
    session: int,
    day: dt.date,
    findings: str,
    households: int,
    area: int | None = None,
) -> None:
    """Enter the round on which the lead learned of it."""
    await context.play(
        at(day, 11, 10),
        service.record_visit,
        VisitKind.ROUND,
        session=session,
        visitor=host.lead,
        area=area,
        households=households,
        needs=1,
        findings=findings,
        occurred_at=at(day, 9, 30),
    )


async def _take(
    context: DemoContext, session: int, day: dt.date, title: str, category: str, **given: Any
) -> int:
    """Enter a matter that is handled together with others 协调商办; its lead collected it."""
    issue: Issue = await context.play(
        at(day, 11, 20),
        service.take_matter,
        session,
        title,
        category,
        handling_mode=HandlingMode.COORDINATED,
        **given,
    )
    key: int = issue.id
    return key


async def _units(context: DemoContext, *units: tuple[str, str]) -> Sequence[Unit]:
    """Return units by code or name, the first of which leads."""
    made = []
    for n, (code, name) in enumerate(units):
        role = ParticipantRole.PARTNER if n else ParticipantRole.LEAD
        key = (await context.organization(code)).id if code else None
        made.append(Unit(key, name, role))
    return made


def _raised(day: dt.date, reason: str) -> Act:
    return Act(at(day, 10), ledger.escalate, {"reason": reason, "to": ResolutionLevel.SUBDISTRICT})


def _measure(day: dt.date, kind: str, description: str, unit_name: str = "", **more: Any) -> Act:
    given = {"kind": kind, "done_on": day, "description": description, "unit_name": unit_name}
    return Act(at(day, 17), ledger.add_measure, given | more)


def _settled(day: dt.date, result: str, **more: Any) -> Act:
    return Act(at(day, 18), ledger.settle, {"result": result, **more})


def _disclosed(day: dt.date) -> Act:
    return Act(at(day), ledger.disclose, {"channels": BOARD})


async def _return(
    context: DemoContext, host: Host, issue: int, day: dt.date, satisfaction: Satisfaction
) -> None:
    """Visit again: who collected it goes to the home of who raised it."""
    acts: Iterable[Act] = (
        Act(
            at(day, 10),
            ledger.record_return_visit,
            {"visitor": host.lead, "satisfaction": satisfaction, "note": "上门回访，了解处置结果"},
        ),
    )
    await follow(context, issue, acts)
    await context.play(
        at(day, 10),
        service.record_visit,
        VisitKind.RETURN_VISIT,
        organization=host.committee,
        visitor=host.lead,
        visited_label="反映人某某",
        findings="上门回访，了解处置结果",
    )


async def _end(context: DemoContext, host: Host, issue: int, day: dt.date) -> None:
    """Find satisfaction, and close."""
    await _return(context, host, issue, day, Satisfaction.SATISFIED)
    await context.play(at(day, 15), ledger.close, issue)
