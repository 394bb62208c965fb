"""Results as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import geometric_mean
from typing import Any

from bench.goals import goals

_SERVERS = {
    "limit": "limit: bare ASGI, hand-written SQL",
    "sqlite": "ours on SQLite",
    "peer": "PostGraphile 5",
    "loaded": "strawberry + Tortoise, well made",
    "naive": "strawberry + Tortoise, naive",
}


def markdown(results: dict[str, Any]) -> str:
    """Return all tables."""
    operations: dict[str, Any] = results["operations"]
    names = list(operations)
    present = [server for server in _SERVERS if server in operations[names[0]]]
    parts = [
        "# Benchmark",
        "",
        f"{results['size']} · {results['machine']}",
        "",
        "## Server CPU a request, as a multiple of ours",
        "",
        *_table(
            ["", *names, "mean"],
            [[_SERVERS[s], *_cpu(operations, s)] for s in present],
        ),
        "",
        "Ours, µs: " + ", ".join(f"{n} {operations[n]['ours']['server_us']:.0f}" for n in names),
        "",
        "## Server and database CPU a request, as a multiple of ours",
        "",
        *_table(
            ["", *names, "mean"],
            [[_SERVERS[s], *_ratios(operations, s, "server_us", "database_us")] for s in present],
        ),
        "",
        "## Requests a second, of ours",
        "",
        *_table(
            ["", *names, "mean"],
            [[_SERVERS[s], *_ratios(operations, s, "rate")] for s in present],
        ),
        "",
        "## Servers",
        "",
        *_table(
            ["", "start, s", "memory, MB", "after load, MB"],
            [
                [name, each["start_seconds"], each["rss_fresh_mb"], each["rss_after_mb"]]
                for name, each in results["servers"].items()
            ],
        ),
    ]
    if growth := results.get("growth"):
        sizes = [key for key in next(iter(growth.values())) if key != "ratio"]
        rows = [[name, *(each[s] for s in sizes), each["ratio"]] for name, each in growth.items()]
        header = ["", *(f"{s}, ms" for s in sizes), "ratio"]
        parts += ["", "## Growth, one statement over a whole district", "", *_table(header, rows)]
    if imported := results.get("import"):
        rows = [[name, value] for name, value in imported.items()]
        parts += ["", "## Import", "", *_table(["", ""], rows)]
    if writes := results.get("writes"):
        rows = [[name, *(f"{k} {v}" for k, v in each.items())] for name, each in writes.items()]
        parts += ["", "## Writes", "", *_table(["", "", "", "ratio"], rows)]
    parts += ["", "## Goals", ""]
    parts += [f"- {'met' if goal.met else '**missed**'}: {goal}" for goal in goals(results)]
    parts += [f"- {note}" for note in results.get("notes", ())]
    return "\n".join(parts) + "\n"


def _cpu(operations: dict[str, Any], server: str) -> list[str]:
    found = [each[server]["cpu_of_ours"] for each in operations.values()]
    return [f"{ratio:.2f}" for ratio in [*found, geometric_mean(found)]]


def _ratios(operations: dict[str, Any], server: str, *figures: str) -> list[str]:
    def total(name: str, which: str) -> float:
        return float(sum(operations[name][which][figure] for figure in figures))

    found = [total(name, server) / total(name, "ours") for name in operations]
    return [f"{ratio:.2f}" for ratio in [*found, geometric_mean(found)]]


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    lines = ["| " + " | ".join(header) + " |", "|---" + "|--:" * (len(header) - 1) + "|"]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return lines
