"""Where the benchmark keeps its files, and what the machine's processes used."""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).parent
DATA = HERE / ".data"
"""Databases, node modules, results; not in version control."""

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_UTIME, _STIME, _CUTIME, _CSTIME, _RSS = 11, 12, 13, 14, 21  # of /proc/PID/stat, after the name


def _stat(pid: int) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:  # it ended meanwhile
        return []
    return text.rpartition(")")[2].split()


def cpu_seconds(pids: list[int]) -> float:
    """Return the CPU time of processes and of their children that have ended."""
    ticks = 0
    for pid in pids:
        if stat := _stat(pid):
            ticks += sum(int(stat[i]) for i in (_UTIME, _STIME, _CUTIME, _CSTIME))
    return ticks / _TICKS


def rss_bytes(pid: int) -> int:
    """Return the resident memory of a process."""
    stat = _stat(pid)
    return int(stat[_RSS]) * _PAGE if stat else 0


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))):
            children.setdefault(int(stat[1]), []).append(int(entry.name))
    found = [pid]
    for each in found:
        found += children.get(each, ())
    return found
