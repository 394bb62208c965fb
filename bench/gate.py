"""``python -m bench.gate``: exit 1 when the last run missed a goal. Not part of the tests."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson

from bench.goals import goals
from bench.places import DATA


def main() -> None:
    """Judge the results in a file, by default those of the last run."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA / "results.json"
    found = list(goals(orjson.loads(path.read_bytes())))
    for goal in found:
        print("met   " if goal.met else "MISSED", goal)
    sys.exit(0 if all(goal.met for goal in found) else 1)


if __name__ == "__main__":
    main()
