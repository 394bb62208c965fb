"""What is wrong with a declared job or subscriber is told at start-up."""

import datetime as dt

import pytest

from gongzhi.contributions import Job, Subscriber
from gongzhi.errors import PluginError
from gongzhi.host import PluginRegistry
from gongzhi.settings import Settings
from tests.jobs.support import Errand


async def go(_run):
    """Do nothing."""


async def hear(_work, _event):
    """Do nothing."""


def plain(_run):
    """Do nothing, and not even later."""


class Rival(Errand):
    name = "rival"


def problems(*plugins):
    with pytest.raises(PluginError) as raised:
        PluginRegistry.load(Settings(plugins=()), beside=plugins)
    return [(problem.where, problem.what, problem.mend) for problem in raised.value.problems]


SECOND = dt.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("job", "what", "mend"),
    [
        (Job("go", go), "'go' is not called <plugin>.<name>", "errand.overdue"),
        (Job("core.go", go), "'core.go' is not called <plugin>.<name>", "errand.overdue"),
        (Job("errand." + "g" * 80, go), "is not called <plugin>.<name>", "80 characters"),
        (Job("errand.go", plain), "is no async def", "write it as one"),
        (Job("errand.go", go, every=SECOND, daily=dt.time(3)), "both every and daily", "take one"),
        (Job("errand.go", go, every=SECOND / 2), "due all the time", "1 s or more"),
        (Job("errand.go", go, daily=dt.time(3, tzinfo=dt.UTC)), "has a time zone", "deployment's"),
        (Job("errand.go", go, timeout=SECOND * 0), "no time or no attempt", "above 0"),
        (Job("errand.go", go, attempts=0), "no time or no attempt", "1 or more"),
    ],
)
def test_a_faulty_job(job, what, mend):
    ((where, told, how),) = problems(Errand([job]))
    assert where == "errand"
    assert what in told
    assert mend in how


@pytest.mark.parametrize(
    ("subscriber", "what", "mend"),
    [
        (Subscriber("hear", ("*",), hear), "'hear' is not called <plugin>.<name>", "errand."),
        (Subscriber("errand.hear", (), hear), "names no kinds", "kinds="),
        (Subscriber("errand.hear", ("core.member",), hear), "no kind of event", "core.member.*"),
        (Subscriber("errand.hear", ("core.mem*",), hear), "no kind of event", "core.member.*"),
        (Subscriber("errand.hear", ("core.a.b.*",), hear), "no kind of event", "core.member.*"),
        (Subscriber("errand.hear", ("erand.*",), hear), "'erand' is not enabled", "errand?"),
        (Subscriber("errand.hear", ("moon.rock.fall",), hear), "'moon' is not", "require the"),
        (Subscriber("errand.hear", ("*",), plain), "is no async def", "write it as one"),
        (Subscriber("errand.hear", ("*",), hear, attempts=0), "no attempt", "1 or more"),
    ],
)
def test_a_faulty_subscriber(subscriber, what, mend):
    ((where, told, how),) = problems(Errand([], [subscriber]))
    assert where == "errand"
    assert what in told
    assert mend in how


def test_a_name_that_two_plugins_give_names_both():
    told = problems(Errand([Job("errand.go", go)]), Rival([Job("errand.go", go)]))
    assert {where for where, _, _ in told} == {"rival"}
    assert any("2 times, by errand and rival" in what for _, what, _ in told)
    told = problems(
        Errand([], [Subscriber("errand.hear", ("*",), hear)]),
        Rival([], [Subscriber("errand.hear", ("*",), hear)]),
    )
    assert any("2 times, by errand and rival" in what for _, what, _ in told)


def test_a_plugin_may_listen_to_any_that_is_enabled():
    kinds = ("*", "core.*", "core.member.*", "core.member.admit", "rival.*")
    hear_all = Subscriber("errand.hear", kinds, hear)
    registry = PluginRegistry.load(Settings(plugins=()), beside=[Errand([], [hear_all]), Rival()])
    assert [each.name for _, each in registry.subscribers() if each.name[:6] == "errand"] == [
        "errand.hear"
    ]
