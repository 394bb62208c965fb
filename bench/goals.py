"""The goals, as ratios: what one machine's speed cannot change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import geometric_mean
from typing import Any

LIMIT_CPU = 1.5
PEER_CPU = 3.0
PEER_CPU_MEAN = 5.0
NAIVE_CPU = 30.0
GROWTH = 1.5
IMPORT_OF_COPY = 0.5
WRITE_CPU = 2.0
COUNTED_RATE = 0.8
START_SECONDS = 1.0
WORKER_MEGABYTES = 90.0


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal and what was measured."""

    name: str
    value: float
    bound: float
    at_most: bool

    @property
    def met(self) -> bool:
        """Whether it is met."""
        return self.value <= self.bound if self.at_most else self.value >= self.bound

    def __str__(self) -> str:
        sign = "≤" if self.at_most else "≥"
        return f"{self.name}: {self.value:.2f} (goal {sign} {self.bound:g})"


def goals(results: dict[str, Any]) -> Iterator[Goal]:
    """Yield every goal that these results can tell about."""
    operations = results["operations"]

    def cpu(operation: str, server: str) -> float:
        """Return the CPU of a server as a multiple of ours."""
        value: float = operations[operation][server]["cpu_of_ours"]
        return value

    for name in operations:
        ratio = 1 / cpu(name, "limit")
        yield Goal(f"{name} server CPU of the limit", ratio, LIMIT_CPU, at_most=True)
    if all("peer" in each for each in operations.values()):
        ratios = {name: cpu(name, "peer") for name in operations}
        for name, ratio in ratios.items():
            yield Goal(f"{name} PostGraphile's CPU of ours", ratio, PEER_CPU, at_most=False)
        mean = geometric_mean(ratios.values())
        yield Goal("geometric mean of PostGraphile's", mean, PEER_CPU_MEAN, at_most=False)
    for name, each in operations.items():
        if "naive" in each:
            ratio = cpu(name, "naive")
            yield Goal(f"{name} the naive server's CPU of ours", ratio, NAIVE_CPU, at_most=False)
    for name, each in results.get("growth", {}).items():
        yield Goal(f"{name}, 2M members of 20k", each["ratio"], GROWTH, at_most=True)
    if "import" in results:
        yield Goal("import of COPY", results["import"]["ratio"], IMPORT_OF_COPY, at_most=False)
    if writes := results.get("writes"):
        ratio = writes["M1"]["of_limit"]
        yield Goal("M1 server CPU of the bare transaction", ratio, WRITE_CPU, at_most=True)
        ratio = writes["M2"]["of_uncounted"]
        yield Goal("M2 rate of that without counters", ratio, COUNTED_RATE, at_most=False)
    ours = results["servers"]["ours"]
    yield Goal("start to first answer, s", ours["start_seconds"], START_SECONDS, at_most=True)
    yield Goal("memory of a worker, MB", ours["rss_after_mb"], WORKER_MEGABYTES, at_most=True)
