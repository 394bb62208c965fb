"""Plugins that exist for one test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gongzhi import Permission, Plugin, hookimpl
from gongzhi.host import PluginRegistry
from gongzhi.settings import Settings
from gongzhi_schema.compose import Composed, compose


def plugin(
    called: str, *classes: type, needs: tuple[str, ...] = (), permissions: tuple[str, ...] = ()
) -> Plugin:
    """Make a plugin that adds these classes to the schema and declares these permissions."""

    class Made(Plugin):
        name = called
        title = "测试 · test"
        version = "1"
        api = 1
        requires = needs

        @hookimpl
        def register_graphql(self) -> Sequence[type]:
            return classes

        @hookimpl
        def register_permissions(self) -> Sequence[Permission]:
            return [Permission(code, "查看", "see", ("AUDITOR",)) for code in permissions]

    return Made()


def composed(plugins: Iterable[Plugin] = (), enabled: tuple[str, ...] = ()) -> Composed:
    """Compose the core, the enabled plugins and these."""
    return compose(PluginRegistry.load(Settings(plugins=enabled), beside=plugins))
