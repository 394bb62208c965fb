"""The core's own migrations lead to what its models say, on both databases."""

from __future__ import annotations

from gongzhi.database.migrate import drift


async def test_drift(database_url: str) -> None:
    assert await drift(database_url, []) == []
