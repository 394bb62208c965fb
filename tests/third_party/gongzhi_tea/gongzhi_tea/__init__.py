"""茶话会 · tea parties that Party members host; a plugin outside the host's repository."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gongzhi import (
    CodeEntry,
    CodeList,
    Job,
    Permission,
    Plugin,
    PluginSettings,
    Problem,
    Register,
    Subscriber,
    hookimpl,
)

if TYPE_CHECKING:
    import typer


_FEWEST_CUPS = 2


class TeaSettings(PluginSettings):
    """The table ``[plugin.tea]``."""

    cups: int = 12


class Tea(Plugin):
    """茶话会 · tea parties."""

    name = "tea"
    title = "茶话会 · tea parties"
    version = "0.1.0"
    api = 1
    models = ("gongzhi_tea.models",)
    migrations = "gongzhi_tea.migrations"

    @hookimpl
    def register_graphql(self) -> Sequence[type]:
        """Return the type and the fields added to others."""
        from gongzhi_tea.api import GRAPHQL

        return GRAPHQL

    @hookimpl
    def register_permissions(self) -> Sequence[Permission]:
        """Return two permissions, for those who read members anyway."""
        roles = ("DISTRICT_ORG_DEPT_ADMIN", "SUBDISTRICT_STAFF", "BRANCH_SECRETARY")
        return (
            Permission("tea.party.read", "查看茶话会", "read tea parties", roles),
            Permission("tea.party.manage", "办理茶话会", "plan and hold tea parties", roles),
        )

    @hookimpl
    def register_settings(self) -> type[PluginSettings]:
        """Return the model of the settings."""
        return TeaSettings

    @hookimpl
    def register_code_lists(self) -> Sequence[CodeList]:
        """Return the kinds of leaf."""
        leaves = (
            CodeEntry("GREEN", "绿茶", "green tea"),
            CodeEntry("OOLONG", "乌龙茶", "oolong"),
            CodeEntry("PUER", "普洱茶", "pu'er"),
        )
        return (CodeList("tea_leaf", "茶叶", "tea leaves", leaves),)

    @hookimpl
    def register_registers(self) -> Sequence[Register]:
        """Return one register beside the core's eight."""
        from gongzhi_tea.models import TeaParty

        return (Register("TEA_PARTY", "茶话会数据库", "tea parties", TeaParty),)

    @hookimpl
    def register_jobs(self) -> Sequence[Job]:
        """Return what is done every hour."""
        from gongzhi_tea.jobs import JOBS

        return JOBS

    @hookimpl
    def register_subscribers(self) -> Sequence[Subscriber]:
        """Return what follows from events."""
        from gongzhi_tea.jobs import SUBSCRIBERS

        return SUBSCRIBERS

    @hookimpl
    def register_commands(self, commands: typer.Typer) -> None:
        """Add ``gongzhi tea cups``."""
        import typer

        from gongzhi import PluginRegistry, load_settings

        @commands.command()
        def cups() -> None:
            """Say how many cups there are."""
            settings = PluginRegistry.load(load_settings()).settings_of("tea")
            typer.echo(f"{settings.model_dump()['cups']} cups")

        @commands.command()
        def wash() -> None:
            """Wash up."""
            typer.echo("washed")

    @hookimpl
    def check(self, settings: PluginSettings) -> Sequence[Problem]:
        """A party needs two cups."""
        if isinstance(settings, TeaSettings) and settings.cups < _FEWEST_CUPS:
            return (Problem("plugin.tea.cups", "nobody drinks alone", "set it to 2 or more"),)
        return ()


plugin = Tea()
