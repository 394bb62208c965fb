"""Shows on a terminal how far an import is; elsewhere it shows nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from gongzhi.imports.engine import Progress, no_progress

_STEPS = {
    "read": "读取文件",
    "check": "检查单元格",
    "compare": "与已有数据比较",
    "count": "更新计数",
    "verify": "核对事件",
}
_PREFIXES = {"write": "写入", "remove": "删除"}


def step_title(step: str) -> str:
    """Return the Chinese name of a step."""
    verb, _, table = step.partition(" ")
    return _STEPS.get(step) or f"{_PREFIXES.get(verb, verb)} {table}".strip()


@contextmanager
def progress_bar(stream: TextIO | None = None) -> Iterator[Progress]:
    """Give a function that draws a bar on the terminal, or does nothing where there is none."""
    stream = sys.stderr if stream is None else stream
    if not stream.isatty():
        yield no_progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars

    with Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(file=stream),
        transient=True,
    ) as bars:
        tasks = {}

        def show(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step_title(step), total=total or None)
            bars.update(tasks[step], completed=done, total=total or None)

        yield show
