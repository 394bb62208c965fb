"""Random files, one after the other, and taken back in reverse: every state comes again."""

import random

import pytest

from gongzhi.imports.undo import undo
from gongzhi.registry import counters
from tests.imports.support import ROSTER_HEADER, dump, roster, write_csv
from tests.imports.test_areas import tree
from tests.imports.test_organizations import paths

KINDS = ("党支部", "党总支", "社区党委", "镇党委")
STEPS = 8


def random_areas(rng):
    codes = ["990101101", *(f"A{n}" for n in range(14))]
    rows = [("code", "name", "kind", "parent_code", "households", "population_qualifier")]
    for code in rng.sample(codes, rng.randint(1, 10)):
        parent = rng.choice(["", "990101", "9901", *codes])
        households, qualifier = rng.choice(["", 10, 20]), rng.choice(["", "余", "整"])
        rows.append((code, f"地{rng.randint(1, 3)}", "网格", parent, households, qualifier))
    return rows


def random_organizations(rng):
    codes = ["ZJ", "ZJ-1", "ZJ-2", *(f"O{n}" for n in range(10))]
    areas = ["", "990101101001", "990101101002", *(f"A{n}" for n in range(14))]
    rows = [
        ("组织编码", "组织名称", "组织类型", "上级组织编码", "属地编码", "联系电话", "成立日期")
    ]
    rows += [
        (
            code,
            f"组织{rng.randint(1, 3)}",
            rng.choice(KINDS),
            rng.choice(["", *codes]),
            rng.choice(areas),
            rng.choice(["", "021-59640001", "021-59640002"]),
            rng.choice(["", "2008.06", "2009-01-31"]),
        )
        for code in rng.sample(codes, rng.randint(1, 8))
    ]
    return rows


def random_members(rng):
    rows = [[*ROSTER_HEADER, "特长", "党籍状态"]]
    for row in rng.sample(roster(60), rng.randint(1, 40)):
        row[0] = rng.choice([row[0], row[0], row[0], "O1"])
        row[1] = rng.choice([row[1], row[1], row[1] + "改"])
        row[7] = rng.choice([row[7], "13800000000", ""])
        row[9] = rng.choice([row[9], "", "A1"])
        row[6] = rng.choice(["", "小学", "高中"])
        rows.append(
            [*row, rng.choice(["", "法律", "法律、急救"]), rng.choice(["", "", "停止党籍"])]
        )
    return rows


MAKERS = {
    "areas": random_areas,
    "organizations": random_organizations,
    "members": random_members,
}


@pytest.mark.parametrize("seed", range(6))
async def test_what_is_done_is_undone(session, town, imported, privacy, tmp_path, seed):
    rng = random.Random(seed)
    done = []
    for step in range(STEPS):
        name = rng.choice([*MAKERS, "members"])
        path = write_csv(tmp_path / f"{step}.csv", MAKERS[name](rng))
        before = await dump(session)
        report = await imported(name, path, skip_errors=True)
        done.append((report, before))
        await tree(session)
        await paths(session)
        assert await counters.verify(session.execute) == []
        assert report.rows == (report.created + report.updated + report.unchanged + report.rejected)
        again = await imported(name, path, skip_errors=True)
        assert (again.created, again.updated) == (0, 0), path.read_text()
        await undo(session, again.batch_id, privacy=privacy)
    assert sum(report.created + report.updated for report, _ in done) > STEPS
    for report, before in reversed(done):
        undone = await undo(session, report.batch_id, privacy=privacy)
        assert undone.kept == ()
        assert await dump(session) == before
        assert await counters.verify(session.execute) == []
