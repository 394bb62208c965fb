"""A plugin that uses every hook, for the tests of the hooks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import strawberry

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
from gongzhi.errors import Problem
from gongzhi.hooks import hookimpl
from gongzhi.plugin import Plugin
from gongzhi.registry.models import Member

if TYPE_CHECKING:
    from collections.abc import Sequence

    import typer


class TeahouseSettings(PluginSettings):
    """The table ``[plugin.teahouse]``."""

    cups: int = 6


@strawberry.type
class Teapot:
    """茶壶 · a teapot."""

    volume: int


async def load(_context: object) -> Mapping[str, int]:
    """Load nothing, and say so."""
    return {"teapots": 0}


async def wash(_run: object) -> None:
    """Wash nothing."""


async def listen(_work: object, _event: object) -> None:
    """Do nothing about it."""


LEAVES = CodeList(
    "leaf",
    "茶叶",
    "leaves",
    (CodeEntry("GREEN", "绿茶", "green tea"), CodeEntry("BLACK", "红茶", "black tea")),
)


class Teahouse(Plugin):
    """茶馆 · a teahouse."""

    name = "teahouse"
    title = "茶馆 · teahouse"
    version = "0.1.0"
    api = 1

    @hookimpl
    def register_graphql(self) -> Sequence[type]:
        """Return the types."""
        return (Teapot,)

    @hookimpl
    def register_permissions(self) -> Sequence[Permission]:
        """Return the permissions."""
        return (Permission("teahouse.pot.read", "看壶", "see pots", ("RESIDENT",)),)

    @hookimpl
    def register_settings(self) -> type[PluginSettings]:
        """Return the model of the settings."""
        return TeahouseSettings

    @hookimpl
    def register_code_lists(self) -> Sequence[CodeList]:
        """Return the code lists."""
        return (LEAVES,)

    @hookimpl
    def register_registers(self) -> Sequence[Register]:
        """Return one row of the catalogue."""
        return (Register("TEA_DRINKER", "茶友", "tea drinkers", Member, {"stage": "FULL_MEMBER"}),)

    @hookimpl
    def register_imports(self) -> Sequence[Import]:
        """Return what can be imported."""
        return (Import("teapots", "茶壶", "teapots", spec=None),)

    @hookimpl
    def register_jobs(self) -> Sequence[Job]:
        """Return one job."""
        return (Job("teahouse.wash", wash, every=dt.timedelta(hours=1)),)

    @hookimpl
    def register_subscribers(self) -> Sequence[Subscriber]:
        """Return one subscriber."""
        return (Subscriber("teahouse.listen", ("core.member.*",), listen),)

    @hookimpl
    def register_demo_data(self) -> Sequence[DemoData]:
        """Return the loader."""
        return (DemoData("teapots", load),)

    @hookimpl
    def register_commands(self, commands: typer.Typer) -> None:
        """Add one command."""

        @commands.command()
        def pour(cups: int = 1) -> None:
            """Pour tea."""
            commands.info.epilog = f"{cups} poured"

        @commands.command()
        def wash() -> None:
            """Wash up."""

    @hookimpl
    def check(self, settings: Any) -> Sequence[Problem]:
        """Say what is wrong with the settings."""
        if settings.cups > 0:
            return ()
        return (Problem("plugin.teahouse.cups", "there are no cups", "set it to 1 or more"),)


plugin = Teahouse()
