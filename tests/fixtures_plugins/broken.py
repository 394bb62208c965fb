"""Plugins with one fault each; the tests name them as entry points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gongzhi.contributions import (
    CodeEntry,
    CodeList,
    DemoData,
    Import,
    Permission,
    PluginSettings,
    Register,
)
from gongzhi.hooks import hookimpl
from gongzhi.plugin import Plugin
from gongzhi.registry.models import Member

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import typer

    from gongzhi.errors import Problem


def make(name: str, base: type[Plugin] = Plugin, **attributes: object) -> Plugin:
    """Make an instance of a plugin class that is right but for what is given."""
    right = {"name": name, "title": "测试 · test", "version": "0.1.0", "api": 1}
    return type(name.title(), (base,), {**right, **attributes})()


class Bare(Plugin):
    """Has no attributes at all."""


class ForgotMark(Plugin):
    """Overrides a hook without the decorator."""

    def register_permissions(self) -> Sequence[Permission]:
        """Never called."""
        return ()


class Misspelt(Plugin):
    """Decorates a name that is no hook."""

    @hookimpl
    def register_permission(self) -> Sequence[Permission]:
        """Never called."""
        return ()


class MisspeltUnmarked(Plugin):
    """Looks like a hook and is none."""

    def register_graphq(self) -> Sequence[type]:
        """Never called."""
        return ()


class Async(Plugin):
    """Answers with a coroutine."""

    @hookimpl
    async def register_permissions(self) -> Sequence[Permission]:
        """Never awaited."""
        return ()


class Wrapper(Plugin):
    """Wants to see what others return."""

    @hookimpl(wrapper=True)
    def register_permissions(self) -> Iterator[Sequence[Permission]]:
        """Never called."""
        return (yield)


class OtherArguments(Plugin):
    """Wants an argument that the hook does not have."""

    @hookimpl
    def check(self, settings: PluginSettings, database: str) -> Sequence[Problem]:
        """Never called."""
        raise NotImplementedError


class Raises(Plugin):
    """Fails in a hook."""

    @hookimpl
    def register_permissions(self) -> Sequence[Permission]:
        """Fail."""
        message = "no tea"
        raise LookupError(message)


class ReturnsNone(Plugin):
    """Forgets to return."""

    @hookimpl
    def register_permissions(self) -> Sequence[Permission]:
        """Return nothing."""


class ReturnsTexts(Plugin):
    """Returns codes instead of permissions."""

    @hookimpl
    def register_permissions(self) -> Sequence[Permission]:
        """Return the wrong items."""
        return ["tea.cup.read"]


class ReturnsGenerator(Plugin):
    """Yields instead of returning."""

    @hookimpl
    def register_code_lists(self) -> Sequence[CodeList]:
        """Yield."""
        yield CodeList("tea", "茶", "tea", ())


class ReturnsInstance(Plugin):
    """Returns settings instead of their class."""

    @hookimpl
    def register_settings(self) -> type[PluginSettings]:
        """Return an instance."""
        return PluginSettings()


class ReturnsField(Plugin):
    """Returns something else than classes."""

    @hookimpl
    def register_graphql(self) -> Sequence[type]:
        """Return an object."""
        return (object(),)


class CommandsReturn(Plugin):
    """Returns from a hook that only adds."""

    @hookimpl
    def register_commands(self, commands: typer.Typer) -> None:
        """Return something."""
        return commands


class ForeignPermission(Plugin):
    """Takes a code in another's name."""

    @hookimpl
    def register_permissions(self) -> Sequence[Permission]:
        """Return one permission."""
        return (Permission("core.tea.read", "看茶", "see tea"),)


class TwicePermission(Plugin):
    """Contributes one permission twice."""

    @hookimpl
    def register_permissions(self) -> Sequence[Permission]:
        """Return one permission twice."""
        return (Permission(f"{self.name}.cup.read", "看杯", "see cups"),) * 2


class TwiceCode(Plugin):
    """Contributes one code twice; two instances clash with each other."""

    @hookimpl
    def register_code_lists(self) -> Sequence[CodeList]:
        """Return one list."""
        return (CodeList("leaf", "茶叶", "leaf", (CodeEntry("GREEN", "绿茶", "green tea"),)),)


class BadRegister(Plugin):
    """Counts by a column that is not there, and a model that is none."""

    @hookimpl
    def register_registers(self) -> Sequence[Register]:
        """Return two faulty rows."""
        return (
            Register("TEA_DRINKER", "茶友", "tea drinkers", Member, {"stag": "FULL_MEMBER"}),
            Register("POT", "茶壶", "pots", dict),
        )


class BadImport(Plugin):
    """Calls two imports alike."""

    @hookimpl
    def register_imports(self) -> Sequence[Import]:
        """Return one import twice."""
        return (Import("cups", "杯", "cups", None),) * 2


class BadDemo(Plugin):
    """Comes after nothing."""

    @hookimpl
    def register_demo_data(self) -> Sequence[DemoData]:
        """Return one loader."""
        return (DemoData("cups", load=dict, after=("saucers",)),)


class TeaSettings(PluginSettings):
    """Settings with one that has no default."""

    cups: int
    leaf: str = "GREEN"


class Settled(Plugin):
    """Needs settings."""

    @hookimpl
    def register_settings(self) -> type[PluginSettings]:
        """Return the model."""
        return TeaSettings


not_a_plugin = object()
a_class = ForgotMark
good = make("good")
bare = Bare()
other_name = make("elsewhere")
old_api = make("old_api", api=0)
new_api = make("new_api", api=2)
list_of_models = make("list_of_models", models=["gongzhi_tea.models"])
needs_ghost = make("needs_ghost", requires=("ghost",))
first = make("first", requires=("second",))
second = make("second", requires=("third",))
third = make("third", requires=("first",))
no_module = make("no_module", models=("gongzhi_nowhere.models",), migrations="x")
bad_models = make("bad_models", models=("bad_models",))
no_migrations = make("no_migrations", models=("bad_models",), migrations="gongzhi_nowhere.x")
forgot_mark = make("forgot_mark", ForgotMark)
misspelt = make("misspelt", Misspelt)
misspelt_unmarked = make("misspelt_unmarked", MisspeltUnmarked)
an_async = make("an_async", Async)
wrapper = make("wrapper", Wrapper)
other_arguments = make("other_arguments", OtherArguments)
raising = make("raising", Raises)
returns_none = make("returns_none", ReturnsNone)
returns_texts = make("returns_texts", ReturnsTexts)
returns_generator = make("returns_generator", ReturnsGenerator)
returns_instance = make("returns_instance", ReturnsInstance)
returns_field = make("returns_field", ReturnsField)
commands_return = make("commands_return", CommandsReturn)
foreign_permission = make("foreign_permission", ForeignPermission)
twice_permission = make("twice_permission", TwicePermission)
twice_code = make("twice_code", TwiceCode)
twice_code_too = make("twice_code_too", TwiceCode)
bad_register = make("bad_register", BadRegister)
bad_import = make("bad_import", BadImport)
bad_demo = make("bad_demo", BadDemo)
settled = make("settled", Settled)
