"""Synthetic registries of three sizes, the same rows on PostgreSQL and SQLite for the same seed.

Everything is invented: names are a masked surname, ciphers are constant bytes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from gongzhi.access import service as access
from gongzhi.database import open_database
from gongzhi.database.migrate import migrate
from gongzhi.host import PluginRegistry
from gongzhi.imports.session import Session, open_session
from gongzhi.registry import counters, lists
from gongzhi.settings import Settings

VERSION = 1
"""Raise it with every change of the rows below, so that kept databases are built anew."""

CITY, DISTRICT, STREET, COMMUNITY, GRID, BUILDING = range(6)
"""Depth in the tree. Members stand in grids and buildings."""

FIRST_DISTRICT = 2
"""Id of the district that the benchmark's token may see."""

_AREA_OFFSET = 500_000
_NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_FIRST_DAY = dt.date(1960, 1, 1)
_DAYS = [_FIRST_DAY + dt.timedelta(days=n) for n in range(23_000)]
_CIPHER = b"\x01" + bytes(28)
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
_KINDS = (
    "CITY_PARTY_COMMITTEE",
    "DISTRICT_PARTY_COMMITTEE",
    "SUBDISTRICT_WORKING_COMMITTEE",
    "COMMUNITY_PARTY_COMMITTEE",
    "GRID_PARTY_BRANCH",
    "BUILDING_PARTY_GROUP",
)
_LEVELS = ("CITY", "DISTRICT", "SUBDISTRICT", "COMMUNITY", "GRID", "BUILDING")
_AREA_KINDS = ("CITY", "DISTRICT", "SUBDISTRICT", "COMMUNITY", "GRID")
_NAMES = ("市委", "区委", "街道党工委", "社区党委", "网格党支部", "楼道党小组")
_AREA_NAMES = ("市", "区", "街道", "社区", "网格")
_STAGES = (
    *("FULL_MEMBER",) * 80,
    *("PROBATIONARY_MEMBER",) * 6,
    *("CANDIDATE",) * 4,
    *("ACTIVIST",) * 5,
    *("APPLICANT",) * 5,
)
_STATES = (*("NORMAL",) * 96, "REINSTATED", "SUSPENDED", "REMOVED", "DECEASED")
_CONTACTS = (*("IN_CONTACT",) * 95, *("SUSPECTED_LOST",) * 3, "SEARCHING", "LOST")
_POSTS = ("SECRETARY", "DEPUTY_SECRETARY", "ORGANIZATION_COMMISSIONER", "BUILDING_LEADER")
_EDUCATIONS = ("UNDERGRADUATE", "COLLEGE", "SENIOR_HIGH", "")
_WORK = ("IN_SERVICE", "RETIRED", "FLEXIBLE", "UNKNOWN")


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of everything."""

    name: str
    organizations: tuple[int, ...]
    """How many at each depth."""
    members: int


SIZES = {
    "XS": Size("XS", (1, 2, 4, 8, 24, 40), 1_500),
    "S": Size("S", (1, 2, 6, 20, 300, 671), 20_000),
    "M": Size("M", (1, 4, 24, 160, 2_400, 7_411), 200_000),
    "L": Size("L", (1, 10, 160, 1_600, 24_000, 74_229), 2_000_000),
}
"""XS is for tests."""


@dataclass(frozen=True, slots=True)
class Place:
    """An organization of the tree."""

    id: int
    depth: int
    superior: int | None
    path: str
    area_id: int
    area_path: str


def places(size: Size) -> list[Place]:
    """Return the organizations, parents first; ids count from 1 without gaps."""
    found: list[Place] = []
    above: list[Place] = []
    for depth, count in enumerate(size.organizations):
        here = []
        for n in range(count):
            key = len(found) + 1
            parent = above[n % len(above)] if above else None
            path = f"{parent.path if parent else ''}{key}."
            if depth == BUILDING and parent:
                area_id, area_path = parent.area_id, parent.area_path
            else:
                area_id = key + _AREA_OFFSET
                area_path = f"{parent.area_path if parent else ''}{area_id}."
            here.append(Place(key, depth, parent.id if parent else None, path, area_id, area_path))
            found.append(here[-1])
        above = here
    return found


Rows = Iterable[tuple[object, ...]]

_AREA = ("id", "code", "name", "kind", "parent_id", "path", "depth", "households", "population",
         "population_qualifier", "synthetic")  # fmt: skip
_ORGANIZATION = ("id", "code", "name", "short_name", "kind", "level", "superior_id", "path",
                 "depth", "area_id", "area_path", "setup_mode", "is_temporary", "purpose", "field",
                 "established_on", "approved_by", "status", "synthetic", "version", "created_at",
                 "updated_at")  # fmt: skip
_PERSON = ("id", "organization_id", "org_path", "name_cipher", "name_hash", "name_masked",
           "mobile_cipher", "mobile_hash", "mobile_masked", "birth_year", "gender", "ethnic_group",
           "education", "employment_state", "work_unit", "residence_path", "skills", "hobbies",
           "synthetic", "version", "created_at", "updated_at")  # fmt: skip
_MEMBER = ("id", "person_id", "branch_id", "org_path", "stage", "state", "contact_state",
           "joined_on", "full_member_on", "last_contact_on", "is_floating", "synthetic", "version",
           "created_at", "updated_at")  # fmt: skip
_APPOINTMENT = ("id", "person_id", "organization_id", "org_path", "post", "is_concurrent",
                "source", "starts_on", "synthetic")  # fmt: skip


def _areas(tree: list[Place]) -> Iterator[tuple[object, ...]]:
    for p in tree:
        if p.depth == BUILDING:
            return
        above = p.area_path[:-1].rpartition(".")[0].rpartition(".")[2]
        yield (
            p.area_id,
            f"99{p.area_id:010}",
            f"{_AREA_NAMES[p.depth]}{p.id}",
            _AREA_KINDS[p.depth],
            int(above) if above else None,
            p.area_path,
            p.depth,
            p.id * 7 % 3000,
            p.id * 19 % 9000,
            "ABOUT",
            True,
        )


def _organizations(tree: list[Place]) -> Iterator[tuple[object, ...]]:
    for p in tree:
        kind, level = _KINDS[p.depth], _LEVELS[p.depth]
        day = _DAYS[p.id * 31 % len(_DAYS)]
        name = f"{_NAMES[p.depth]}{p.id}"
        yield (
            *(p.id, f"ORG{p.id:09}", name, "", kind, level, p.superior, p.path, p.depth, p.area_id),
            *(p.area_path, "SINGLE", False, "", "RESIDENTIAL", day, "", "ACTIVE", True, 1),
            *(_NOW, _NOW),
        )


@dataclass(frozen=True, slots=True)
class _Homes:
    """The branch of every member, index 0 unused."""

    of: list[Place]


def _homes(tree: list[Place], size: Size) -> _Homes:
    random = Random(f"homes {size.name}")  # repeatable, not secret
    grids = [p for p in tree if p.depth == GRID]
    buildings = [p for p in tree if p.depth == BUILDING]
    of = [tree[0]]
    of += [
        grids[int(random.random() * len(grids))]
        if i % 5 < 3  # three of five stand in a grid
        else buildings[int(random.random() * len(buildings))]
        for i in range(1, size.members + 1)
    ]
    return _Homes(of)


def _people(homes: _Homes) -> Iterator[tuple[object, ...]]:
    for i in range(1, len(homes.of)):
        home = homes.of[i]
        yield (
            *(i, home.id, home.path, _CIPHER, f"{i % 9973:064x}"),
            _SURNAMES[i % len(_SURNAMES)] + "**"[: 1 + i % 2],
            *(_CIPHER, f"{i:064x}", f"138****{i % 10000:04}", 1940 + i * 37 % 68),
            *("MALE" if i % 9 < 5 else "FEMALE", "HAN", _EDUCATIONS[i % 4], _WORK[i % 4]),
            *("" if i % 3 else f"单位{i % 1000}", home.area_path, "[]", "[]", True, 1, _NOW, _NOW),
        )


def _members(homes: _Homes) -> Iterator[tuple[object, ...]]:
    random = Random("members")
    for i in range(1, len(homes.of)):
        home = homes.of[i]
        joined = _DAYS[int(random.random() * 22_000)]
        yield (
            *(i, i, home.id, home.path, _STAGES[int(random.random() * 100)]),
            *(_STATES[int(random.random() * 100)], _CONTACTS[int(random.random() * 100)]),
            *(joined, joined + dt.timedelta(days=365), _DAYS[22_000 + i % 900]),
            *(i % 50 == 0, True, 1, _NOW, _NOW),
        )


def _appointments(homes: _Homes) -> Iterator[tuple[object, ...]]:
    number = 0
    for i in range(1, len(homes.of)):
        home = homes.of[i]
        for n in range(i % 3):
            number += 1
            yield (
                *(number, i, home.id, home.path, _POSTS[(i + n) % len(_POSTS)], n == 1, "LOCAL"),
                *(_DAYS[(i * 13 + n) % len(_DAYS)], True),
            )


def settings_for(url: str) -> Settings:
    """Return the settings of a deployment on this database, with every bundled plugin."""
    return Settings.model_validate({"plugins": BUNDLED, "database": {"url": url}})


BUNDLED: tuple[str, ...] = Settings().plugins
"""The plugins that the server under test has enabled."""


async def build(url: str, size: Size) -> str:
    """Fill an empty database; return the token of an account with a grant on one district.

    :param url: a database without tables, or for SQLite a file that need not be there.
    """
    registry = PluginRegistry.load(settings_for(url))
    await migrate(url, registry.plugins)
    tree = places(size)
    homes = _homes(tree, size)
    async with open_session(url) as session:
        await _load(session, tree, homes)
    async with open_database(url, registry.plugins):
        await lists.install((plugin.name, each) for plugin, each in registry.code_lists())
        await access.create_account("bench")
        token = await access.create_token("bench")
        await access.add_grant(
            "bench", "DISTRICT_ORG_DEPT_ADMIN", organization=f"ORG{FIRST_DISTRICT:09}"
        )
    async with open_session(url) as session:
        await session.fetch("VACUUM ANALYZE" if session.dialect == "postgres" else "ANALYZE")
    return token.text


async def _load(session: Session, tree: list[Place], homes: _Homes) -> None:
    tables: list[tuple[str, tuple[str, ...], Rows]] = [
        ("core_area", _AREA, _areas(tree)),
        ("core_organization", _ORGANIZATION, _organizations(tree)),
        ("core_person", _PERSON, _people(homes)),
        ("core_member", _MEMBER, _members(homes)),
        ("core_appointment", _APPOINTMENT, _appointments(homes)),
    ]
    async with session.transaction([table for table, _, _ in tables]):
        for table, columns, rows in tables:
            await session.load(table, columns, rows)
            if session.dialect == "postgres":
                await session.fetch(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'),"
                    f" (SELECT max(id) FROM {table}))"
                )
        await session.analyze(table for table, _, _ in tables)
        await counters.recount(session.execute)
