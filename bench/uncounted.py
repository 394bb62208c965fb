"""The product without kept counts: what counters cost is seen beside it, and nothing else."""

from __future__ import annotations

from typing import Any

from gongzhi.host import PluginRegistry
from gongzhi.registry import counters
from gongzhi.settings import load_settings
from gongzhi.writing import work
from gongzhi_schema.app import create_app


async def _nothing(*_: Any) -> None:
    """Keep no count."""


def make() -> Any:
    """Make the application of the settings in the environment."""
    counters.adjust = _nothing
    work.adjust = _nothing
    settings = load_settings()
    return create_app(settings, PluginRegistry.load(settings))
