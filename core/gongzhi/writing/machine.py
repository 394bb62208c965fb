"""State machines as tables: declared once, they drive services, ``viewerCan`` and the docs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from gongzhi.errors import RuleError
from gongzhi.refusals import COMMON

S = TypeVar("S", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """One thing that may be done in these states: a way on, or an act that leaves the state."""

    action: str
    """A verb, as in ``viewerCan { settle }`` and in the kind of the event."""
    sources: tuple[S, ...]
    target: S | None
    """None: the state stays as it is."""
    title_zh: str
    title_en: str
    permission: str
    """Who may go it."""


class StateMachine(Generic[S]):
    """The states of an entity and every step between them. What is not here cannot happen.

    Guards are the service's: they need facts. A step says only which states it joins and who may
    take it.
    """

    def __init__(
        self,
        name: str,
        states: type[S],
        labels: Mapping[S, tuple[str, str]],
        *,
        initial: S,
        steps: tuple[Step[S], ...],
    ) -> None:
        """Check the table.

        :param name: ``<plugin>.<noun>``; events are ``<name>.<action>``.
        :raises ValueError: when two steps of one action leave one state, or a state is never
            reached or has no label.
        """
        self.name = name
        self.states = states
        self.labels = labels
        self.initial = initial
        self.steps = steps
        self._by: dict[tuple[str, S], Step[S]] = {}
        for step in steps:
            for source in step.sources:
                if (step.action, source) in self._by:
                    message = f"{name}: two steps {step.action} leave {source}"
                    raise ValueError(message)
                self._by[step.action, source] = step
        unreached = set(states) - {initial} - {step.target for step in steps if step.target}
        unnamed = set(states) - set(labels)
        if unreached or unnamed:
            message = (
                f"{name}: never reached: {sorted(unreached)}; without label: {sorted(unnamed)}"
            )
            raise ValueError(message)

    @property
    def actions(self) -> tuple[str, ...]:
        """Every action once, in the order of the table."""
        return tuple(dict.fromkeys(step.action for step in self.steps))

    def of(self, action: str) -> tuple[Step[S], ...]:
        """Return the steps of an action."""
        return tuple(step for step in self.steps if step.action == action)

    def allows(self, state: S, action: str) -> bool:
        """Return whether an action leaves a state."""
        return (action, state) in self._by

    def refused(self, state: S, action: str) -> list[RuleError]:
        """Return STATE when an action does not leave this state."""
        if self.allows(state, action):
            return []
        step = self.of(action)[0]
        return [
            COMMON.refusal(
                "STATE",
                state=self.labels[state][0],
                code=state.name,
                action=step.title_zh,
                action_en=step.title_en,
            )
        ]

    def step(self, state: S, action: str) -> Step[S]:
        """Return the step.

        :raises RuleError: STATE.
        """
        for error in self.refused(state, action):
            raise error
        return self._by[action, state]

    def mermaid(self) -> str:
        """Return the state diagram for the documentation."""
        lines = ["stateDiagram-v2"]
        lines += [f"    {s.name} : {self.labels[s][0]} {s.name}" for s in self.states]
        lines.append(f"    [*] --> {self.initial.name}")
        lines += [
            f"    {source.name} --> {step.target.name} : {step.title_zh} {step.action}"
            for step in self.steps
            if step.target is not None
            for source in step.sources
        ]
        left = {source for step in self.steps if step.target for source in step.sources}
        lines += [f"    {s.name} --> [*]" for s in self.states if s not in left]
        return "\n".join(lines)
