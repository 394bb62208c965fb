"""Import of a roster against COPY of the very rows that it makes, into the same tables."""

from __future__ import annotations

import asyncio
import base64
import csv
import datetime as dt
import time
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg

from bench.data import SIZES, Size, build
from bench.places import DATA
from bench.postgres import Cluster
from gongzhi.database import parse_url
from gongzhi.imports.engine import apply
from gongzhi.imports.session import open_session
from gongzhi.privacy import Privacy
from gongzhi.registry.imports import MEMBERS

ROWS = 50_000
ROUNDS = 3
_TABLES = ("core_person", "core_member")
_SECRET = base64.b64encode(bytes(range(32))).decode()
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
_CHECK = "10X98765432"


def measure_import(cluster: Cluster) -> dict[str, float]:
    """Return rows a second of both, and what part of COPY's the import reaches."""
    return asyncio.run(_measure(cluster))


async def _measure(cluster: Cluster) -> dict[str, float]:
    template, name = "bench_import_template", "bench_import"
    await _create(cluster, template, None)
    tree = Size("import", SIZES["S"].organizations, 100)
    await build(cluster.url(template), tree)
    path = DATA / "roster.csv"
    _write(path, sum(tree.organizations[:4]) + 1)
    imported, copied = [], []
    for _ in range(ROUNDS):
        await _create(cluster, name, template)
        imported.append(await _import(cluster.url(name), path))
        rows = await _rows(cluster.url(name))
        await _create(cluster, name, template)
        copied.append(await _copy(cluster.url(name), rows))
    ours, bare = ROWS / median(imported), ROWS / median(copied)
    return {
        "members a second": round(ours),
        "members a second by COPY": round(bare),
        "ratio": round(ours / bare, 2),
    }


async def _create(cluster: Cluster, name: str, template: str | None) -> None:
    connection = await asyncpg.connect(**parse_url(cluster.url("postgres")).connect_arguments)
    source = f' TEMPLATE "{template}"' if template else ""
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{name}"{source}')
    finally:
        await connection.close()


def _write(path: Path, first_branch: int) -> None:
    branches = SIZES["S"].organizations[4]
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["党支部编码", "姓名", "身份证号", "人员类别", "入党日期", "手机号"])
        for n in range(ROWS):
            day = dt.date(1950, 1, 1) + dt.timedelta(days=n % 18_000)
            body = f"310110{day:%Y%m%d}{n % 999 + 1:03}"
            check = _CHECK[sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True)) % 11]
            branch = f"ORG{first_branch + n % branches:09}"
            name, mobile = f"测试{n}", f"139{n:08}"
            rows.writerow([branch, name, body + check, "正式党员", "2010-07-01", mobile])


async def _import(url: str, path: Path) -> float:
    async with open_session(url) as session:
        begin = time.perf_counter()
        report = await apply(session, MEMBERS, path, privacy=Privacy(_SECRET))
        took = time.perf_counter() - begin
    assert report.created == ROWS, report
    return took


async def _rows(url: str) -> dict[str, tuple[list[str], list[tuple[Any, ...]]]]:
    """Return the columns and rows that the import made."""
    connection = await asyncpg.connect(**parse_url(url).connect_arguments)
    try:
        found = {}
        for table in _TABLES:
            made = await connection.fetch(f"SELECT * FROM {table} WHERE batch_id IS NOT NULL")
            found[table] = (list(made[0].keys()), [tuple(row) for row in made])
        return found
    finally:
        await connection.close()


async def _copy(url: str, rows: dict[str, tuple[list[str], list[tuple[Any, ...]]]]) -> float:
    connection = await asyncpg.connect(**parse_url(url).connect_arguments)
    try:
        begin = time.perf_counter()
        async with connection.transaction():
            for table in _TABLES:
                columns, records = rows[table]
                await connection.copy_records_to_table(table, columns=columns, records=records)
        return time.perf_counter() - begin
    finally:
        await connection.close()
