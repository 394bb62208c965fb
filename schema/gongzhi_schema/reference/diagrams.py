"""State machines drawn as SVG, without any tool: rows are states, columns are steps.

A step is one vertical line, with a dot at each state that it leaves and an arrow head at the one
that it reaches; an act that leaves the state as it is has open dots only. So there is nothing to
lay out, and a table with fifty steps stays legible.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from html import escape
from typing import Any

from gongzhi.writing import StateMachine, Step

_ROW, _LANE, _MARGIN = 36, 30, 20
_BOX_HEIGHT, _DOT = 26, 4.5
_SIZE, _SMALL = 13, 12
_SLANT = 55
"""Degrees by which the titles of the steps are turned."""
_RISE, _RUN = 0.82, 0.58
"""Sine and cosine of it."""

_FONT = "system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
_INK, _SOFT, _LINE, _FILL, _BLUE = "#1c2530", "#5a6572", "#c3cad3", "#f2f4f7", "#1f5fa8"

_LEGEND = (
    "● 从此状态 · from    ◀ 到此状态 · to    ○ 状态不变 · the state stays"
    "    ▶ 初始 · first    ■ 终止 · last"
)


def state_diagram(machine: StateMachine[Any]) -> str:
    """Return the diagram of a state machine."""
    return "\n".join([*_Drawing(machine).lines(), ""])


class _Drawing:
    """One diagram; x and y are in pixels of its view box."""

    def __init__(self, machine: StateMachine[Any]) -> None:
        self._machine = machine
        self._states = [*machine.labels]
        self._lanes = [step for step in machine.steps if step.target is not None]
        self._lanes += [step for step in machine.steps if step.target is None]
        titles = [_label(step) for step in machine.steps]
        names = [self._name(state) for state in self._states]
        self._box = max(_width(name, _SIZE) for name in names) + 20
        self._left = 2 * _MARGIN
        self._first = self._left + self._box + 24
        longest = max((_width(title, _SMALL) for title in titles), default=0)
        self._top = _MARGIN + longest * _RISE + 16
        self._right = self._first + _LANE * len(self._lanes)
        last = (_width(titles[-1], _SMALL) if titles else 0) * _RUN
        self._wide = max(self._right + last + _MARGIN, 2 * _MARGIN + _width(_LEGEND, _SMALL))
        self._high = self._top + _ROW * len(self._states) + 2 * _MARGIN

    def lines(self) -> Iterator[str]:
        """Yield the lines of the file."""
        wide, high = round(self._wide), round(self._high)
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}"'
            f' height="{high}" role="img" aria-labelledby="t d" font-family="{_FONT}"'
            f' font-size="{_SIZE}" fill="{_INK}">'
        )
        yield f'  <title id="t">{escape(self._machine.name)}</title>'
        yield f'  <desc id="d">{escape(_told(self._machine))}</desc>'
        yield f'  <rect width="{wide}" height="{high}" rx="8" fill="#ffffff"/>'
        for row, state in enumerate(self._states):
            yield from self._state(row, state)
        for lane, step in enumerate(self._lanes):
            yield from self._step(lane, step)
        y = self._high - _MARGIN / 2
        yield (
            f'  <text x="{_MARGIN}" y="{_n(y)}" font-size="{_SMALL}" fill="{_SOFT}"'
            f' xml:space="preserve">{_LEGEND}</text>'
        )
        yield "</svg>"

    def _name(self, state: Any) -> str:
        return f"{self._machine.labels[state][0]} {state.name}"

    def _y(self, row: int) -> float:
        return self._top + _ROW * (row + 0.5)

    def _state(self, row: int, state: Any) -> Iterator[str]:
        y = self._y(row)
        yield (
            f'  <path d="M{_n(self._left + self._box)} {_n(y)}H{_n(self._right - _LANE / 2)}"'
            f' stroke="{_LINE}" stroke-dasharray="1 4"/>'
        )
        left = {source for step in self._lanes if step.target for source in step.sources}
        edge = _INK if state not in left else _LINE
        yield (
            f'  <rect x="{_n(self._left)}" y="{_n(y - _BOX_HEIGHT / 2)}" width="{_n(self._box)}"'
            f' height="{_BOX_HEIGHT}" rx="6" fill="{_FILL}" stroke="{edge}"/>'
        )
        x = self._left + self._box / 2
        yield (
            f'  <text x="{_n(x)}" y="{_n(y + 4.5)}" text-anchor="middle">'
            f"{escape(self._name(state))}</text>"
        )
        mark = "▶" if state is self._machine.initial else "■" if state not in left else ""
        if mark:
            yield (
                f'  <text x="{_n(self._left - 8)}" y="{_n(y + 4.5)}" text-anchor="end"'
                f' fill="{_SOFT}">{mark}</text>'
            )

    def _step(self, lane: int, step: Step[Any]) -> Iterator[str]:
        x = self._first + _LANE * lane
        rows = [self._states.index(source) for source in step.sources]
        target = None if step.target is None else self._states.index(step.target)
        ends = [*rows, *([] if target is None else [target])]
        colour = _SOFT if target is None else _BLUE
        turned = f'transform="translate({_n(x)} {_n(self._top - 4)}) rotate(-{_SLANT})"'
        yield f'  <g stroke="{colour}" fill="{colour}">'
        yield (
            f'    <text {turned} font-size="{_SMALL}" stroke="none">{escape(_label(step))}</text>'
        )
        if target is not None:
            yield f'    <path d="M{_n(x)} {_n(self._y(min(ends)))}V{_n(self._y(max(ends)))}"/>'
        for row in rows:
            fill = ' fill="#ffffff"' if target is None else ""
            yield f'    <circle cx="{_n(x)}" cy="{_n(self._y(row))}" r="{_DOT}"{fill}/>'
        if target is not None:
            y = self._y(target)
            tip = x - 16 if target not in rows else x - 18
            yield (
                f'    <path d="M{_n(tip)} {_n(y)}l9 -5v10z" stroke="none"/>'
                f'<path d="M{_n(tip + 9)} {_n(y)}H{_n(x)}"/>'
            )
        yield "  </g>"


def _told(machine: StateMachine[Any]) -> str:
    """Return the diagram in words, for those who do not see it."""
    return "; ".join(
        f"{step.action}: {', '.join(source.name for source in step.sources)}"
        f" → {step.target.name if step.target else 'the same state'}"
        for step in machine.steps
    )


def _label(step: Step[Any]) -> str:
    return f"{step.title_zh} {step.action}"


def _width(text: str, size: int) -> float:
    """Return about how wide a text is."""
    return size * sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.62 for c in text)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
