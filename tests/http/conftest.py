"""A served application, spoken to over ASGI."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from gongzhi.database import open_database
from gongzhi.host import PluginRegistry
from gongzhi.settings import Settings
from gongzhi_schema import viewers
from gongzhi_schema.app import create_app
from tests.conftest import FreshDatabase
from tests.http.site import Clock, Site, client, running

Serve = Callable[..., AbstractAsyncContextManager[Site]]
"""``serve(server={…}, limits={…}, url=…)``; a fresh SQLite database unless a URL is given."""


@pytest.fixture
def serve(fresh_database: FreshDatabase) -> Serve:
    @asynccontextmanager
    async def serving(
        *,
        server: Mapping[str, Any] | None = None,
        limits: Mapping[str, Any] | None = None,
        url: str | None = None,
    ) -> AsyncIterator[Site]:
        url = url or fresh_database(dialect="sqlite")
        settings = Settings.model_validate(
            {
                "plugins": (),
                "database": {"url": url},
                "server": server or {},
                "limits": limits or {},
            }
        )
        registry = PluginRegistry.load(settings)
        app = create_app(settings, registry)
        async with running(app), client(app) as opened:
            yield Site(app, opened, lambda: open_database(url, registry.plugins))

    return serving


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which viewers are remembered, moved by hand."""
    made = Clock()
    monkeypatch.setattr(viewers, "time", made)
    return made
