"""Gongzhi 共治: the core and the public API of plugins.

The names here are what a plugin needs; the vocabulary of GraphQL types is in
:mod:`gongzhi.graph`, the tables of the core in :mod:`gongzhi.registry.models`. Each is imported
when it is first used, so that a command line that only prints its help loads nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gongzhi.contributions import (
        CodeEntry,
        CodeList,
        DemoData,
        Import,
        Job,
        Permission,
        PluginSettings,
        Register,
        Subscriber,
    )
    from gongzhi.errors import GongzhiError, Problem, RuleError
    from gongzhi.hooks import hookimpl
    from gongzhi.host import PluginRegistry
    from gongzhi.plugin import API_VERSION, Plugin
    from gongzhi.settings import Settings, load_settings

_HOME = {
    "API_VERSION": "plugin",
    "CodeEntry": "contributions",
    "CodeList": "contributions",
    "DemoData": "contributions",
    "GongzhiError": "errors",
    "Import": "contributions",
    "Job": "contributions",
    "Permission": "contributions",
    "Plugin": "plugin",
    "PluginRegistry": "host",
    "PluginSettings": "contributions",
    "Problem": "errors",
    "Register": "contributions",
    "RuleError": "errors",
    "Settings": "settings",
    "Subscriber": "contributions",
    "hookimpl": "hooks",
    "load_settings": "settings",
}

__all__ = [
    "API_VERSION",
    "CodeEntry",
    "CodeList",
    "DemoData",
    "GongzhiError",
    "Import",
    "Job",
    "Permission",
    "Plugin",
    "PluginRegistry",
    "PluginSettings",
    "Problem",
    "Register",
    "RuleError",
    "Settings",
    "Subscriber",
    "hookimpl",
    "load_settings",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
