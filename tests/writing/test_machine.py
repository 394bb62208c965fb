"""State machines as tables: what is not in them cannot happen, and a wrong table is refused."""

from __future__ import annotations

from enum import StrEnum

import pytest

from gongzhi.errors import RuleError
from gongzhi.writing import StateMachine, Step
from tests.writing.desk.rules import MACHINE, STATE_LABELS, TicketState

S = TicketState


def step(action: str, target: TicketState | None, *sources: TicketState) -> Step[TicketState]:
    return Step(action, sources, target, "办", "do", "desk.ticket.handle")


START = step("start", S.DOING, S.OPEN)
FINISH = step("finish", S.DONE, S.DOING)


def machine(*steps: Step[TicketState], labels: object = STATE_LABELS) -> StateMachine[TicketState]:
    return StateMachine("desk.ticket", S, labels, initial=S.OPEN, steps=steps)  # type: ignore[arg-type]


def test_every_pair_of_state_and_action_is_as_the_table_says() -> None:
    allowed = {(state, action) for state in S for action in MACHINE.actions
               if MACHINE.allows(state, action)}  # fmt: skip
    assert allowed == {
        (S.OPEN, "start"),
        (S.DOING, "finish"),
        (S.OPEN, "annotate"),
        (S.DOING, "annotate"),
    }
    for state in S:
        for action in MACHINE.actions:
            refused = MACHINE.refused(state, action)
            assert bool(refused) != ((state, action) in allowed)
            assert [error.code for error in refused] == ["STATE"] * len(refused)


def test_actions_come_once_in_the_order_of_the_table() -> None:
    again = step("start", S.OPEN, S.DONE)
    assert machine(START, FINISH, again).actions == ("start", "finish")
    assert machine(START, FINISH, again).of("start") == (START, again)


def test_one_action_may_lead_to_different_states() -> None:
    made = machine(START, FINISH, step("start", S.OPEN, S.DONE))
    assert made.step(S.OPEN, "start").target is S.DOING
    assert made.step(S.DONE, "start").target is S.OPEN


def test_a_refusal_names_state_and_action_in_both_languages() -> None:
    with pytest.raises(RuleError) as caught:
        MACHINE.step(S.DONE, "start")
    error = caught.value
    assert error.code == "STATE"
    assert error.message_zh == "当前状态为“办结”，不能开始办理"
    assert error.message_en == "in the state DONE this cannot be done: start"


def test_two_steps_of_one_action_from_one_state_are_refused() -> None:
    with pytest.raises(ValueError, match="two steps start leave OPEN"):
        machine(START, FINISH, step("start", S.DONE, S.OPEN))


def test_a_state_that_is_never_reached_is_refused() -> None:
    with pytest.raises(ValueError, match=r"never reached: .*DONE"):
        machine(START)


def test_a_state_without_label_is_refused() -> None:
    labels = {state: label for state, label in STATE_LABELS.items() if state is not S.DONE}
    with pytest.raises(ValueError, match=r"without label: .*DONE"):
        machine(START, FINISH, labels=labels)


def test_an_act_that_leaves_the_state_reaches_none() -> None:
    with pytest.raises(ValueError, match="never reached"):
        machine(START, step("finish", None, S.DOING))


def test_the_diagram_shows_every_step_and_end() -> None:
    assert MACHINE.mermaid().splitlines() == [
        "stateDiagram-v2",
        "    OPEN : 待办 OPEN",
        "    DOING : 办理中 DOING",
        "    DONE : 办结 DONE",
        "    [*] --> OPEN",
        "    OPEN --> DOING : 开始办理 start",
        "    DOING --> DONE : 办结 finish",
        "    DONE --> [*]",
    ]


def test_a_machine_of_one_state_is_possible() -> None:
    class Only(StrEnum):
        HERE = "HERE"

    made = StateMachine("a.b", Only, {Only.HERE: ("在", "here")}, initial=Only.HERE, steps=())
    assert made.actions == ()
    assert made.mermaid().endswith("HERE --> [*]")
