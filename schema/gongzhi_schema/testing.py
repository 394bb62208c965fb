"""The test kit for plugin authors, a pytest plugin that is there as soon as gongzhi is installed.

Fixtures: ``district`` gives a whole deployment on a fresh SQLite database, ``conformance`` checks
what every plugin must keep::

    async def test_parties(district):
        async with district(["tea"]) as place:
            token = await place.token("DISTRICT_ORG_DEPT_ADMIN")
            result = await place.execute("{ teaParties { totalCount } }", token=token)
            assert result.data == {"teaParties": {"totalCount": 0}}
            assert result.statements == 1

    async def test_conformance(conformance):
        await conformance("tea")

Nothing of the product is imported at module level: a coverage run would miss its import lines.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gongzhi.plugin import Plugin
    from gongzhi_schema.district import District

MakeDistrict = Callable[..., "AbstractAsyncContextManager[District]"]
"""``district(enabled, beside=(), plugin={}, url=None)``, see ``gongzhi_schema.district``."""

Conformance = Callable[..., Awaitable[None]]
"""``await conformance(name, beside=(), plugin={}, url=None)``; fails with every problem."""


@pytest.fixture
def district(tmp_path: Path) -> MakeDistrict:
    """Open deployments, each on a fresh migrated SQLite database unless ``url`` names another."""
    numbers = itertools.count(1)

    def make(
        enabled: Iterable[str] = (),
        *,
        beside: Iterable[Plugin] = (),
        plugin: Mapping[str, Mapping[str, Any]] | None = None,
        url: str | None = None,
    ) -> AbstractAsyncContextManager[District]:
        from gongzhi_schema.district import open_district  # see above

        where = url or f"sqlite://{tmp_path / f'district-{next(numbers)}.sqlite3'}"
        return open_district(where, enabled, beside=beside, plugin=plugin)

    return make


@pytest.fixture
def conformance(tmp_path: Path) -> Conformance:
    """Check what every plugin must keep."""

    async def check(
        name: str,
        *,
        beside: Iterable[Plugin] = (),
        plugin: Mapping[str, Mapping[str, Any]] | None = None,
        url: str | None = None,
    ) -> None:
        from gongzhi_schema.conformance import conformance_problems  # see above

        where = url or f"sqlite://{tmp_path / 'conformance.sqlite3'}"
        problems = await conformance_problems(name, where, beside=beside, plugin=plugin)
        if problems:
            pytest.fail("\n".join([f"{name} does not conform:", *map(str, problems)]))

    return check
