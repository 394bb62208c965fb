"""Load on all servers in turns: CPU and latency of each operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench import load
from bench.answers import data, leaves
from bench.load import BadAnswerError, ask
from bench.operations import NAMES
from bench.places import cpu_seconds
from bench.servers import Server

CONNECTIONS = 16


@dataclass(slots=True)
class Contender:
    """A server, what it is asked, and how much of its answers must equal ours."""

    server: Server
    requests: dict[str, list[bytes]]
    database: Callable[[], list[int]] | None
    """Returns the processes of its database; None where that is within the server."""
    respelt: bool = False
    """Whether it spells answers or cursors in its own way, so that only values are compared."""
    rss_fresh: int = 0
    rss_after: int = 0


@dataclass(slots=True)
class Figures:
    """What the rounds gave for one server and operation, one entry a round."""

    server_us: list[float] = field(default_factory=list)
    database_us: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)

    def medians(self) -> dict[str, float]:
        """Return the median of each."""
        return {name: round(median(getattr(self, name)), 2) for name in self.__slots__}


def check(contenders: list[Contender], count: int) -> None:
    """Compare the answers of all servers with those of the first.

    :raises BadAnswerError: at the first difference.
    """
    first, *others = contenders
    for name in NAMES:
        for at in range(count):
            expected = data(ask(first.server.port, first.requests[name][at]))
            for other in others:
                found = data(ask(other.server.port, other.requests[name][at]))
                same = leaves(found) == leaves(expected) if other.respelt else found == expected
                if not same:
                    message = f"{other.server.name} answers {name} otherwise: {found}"[:2000]
                    raise BadAnswerError(message)


def run(
    contenders: list[Contender], *, rounds: int, seconds: float, warm: float
) -> dict[str, dict[str, Any]]:
    """Return operation → server → figures; the order of the servers turns round every round."""
    found: dict[str, dict[str, Any]] = {}
    for each in contenders:
        each.rss_fresh = each.server.rss()
    for name in NAMES:
        figures = {each.server.name: Figures() for each in contenders}
        for each in contenders:
            _round(each, name, warm)
        for number in range(rounds):
            for each in contenders if number % 2 else reversed(contenders):
                _measure(each, name, seconds, figures[each.server.name])
        ours = figures[contenders[0].server.name].server_us
        found[name] = {
            server: each.medians() | {"cpu_of_ours": _ratio(each.server_us, ours)}
            for server, each in figures.items()
        }
        line = ", ".join(f"{k} {v['server_us']:.0f}" for k, v in found[name].items())
        print(f"{name}: server CPU µs a request: {line}", flush=True)
    for each in contenders:
        each.rss_after = each.server.rss()
    return found


def _ratio(theirs: list[float], ours: list[float]) -> float:
    """Return the median of the ratios within a round: what slows a round down slows down both."""
    return round(median(a / b for a, b in zip(theirs, ours, strict=True)), 3)


def _round(each: Contender, name: str, seconds: float) -> load.Load:
    return load.run(each.server.port, each.requests[name], connections=CONNECTIONS, seconds=seconds)


def _measure(each: Contender, name: str, seconds: float, figures: Figures) -> None:
    processes = each.database() if each.database else []
    server, database = each.server.cpu(), cpu_seconds(processes)
    done = _round(each, name, seconds)
    figures.server_us.append(1e6 * (each.server.cpu() - server) / done.requests)
    figures.database_us.append(1e6 * (cpu_seconds(processes) - database) / done.requests)
    figures.rate.append(done.rate)
    figures.p50_ms.append(done.percentile(0.5))
    figures.p99_ms.append(done.percentile(0.99))
