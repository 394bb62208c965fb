"""Drawings of state machines: well-formed, and every step is in them."""

from __future__ import annotations

from enum import StrEnum
from xml.etree import ElementTree as ET

import pytest

from gongzhi.writing import StateMachine, Step
from gongzhi_schema import reference
from gongzhi_schema.reference.diagrams import state_diagram
from gongzhi_schema.reference.writes import machines

SVG = "{http://www.w3.org/2000/svg}"
FOUND = [machine for _, machine in machines(reference.bundled())]


class Lamp(StrEnum):
    """灯."""

    OFF = "OFF"
    ON = "ON"
    BROKEN = "BROKEN"


LAMP = StateMachine(
    "hall.lamp",
    Lamp,
    {Lamp.OFF: ("关", "off"), Lamp.ON: ("开 <亮>", "on"), Lamp.BROKEN: ("坏", "broken")},
    initial=Lamp.OFF,
    steps=(
        Step("switch", (Lamp.OFF,), Lamp.ON, "开灯", "switch on", "hall.lamp.use"),
        Step("smash", (Lamp.OFF, Lamp.ON), Lamp.BROKEN, "打坏", "smash", "hall.lamp.use"),
        Step("dust", (Lamp.OFF,), None, "擦", "dust", "hall.lamp.use"),
    ),
)


@pytest.mark.parametrize("machine", [LAMP, *FOUND], ids=lambda machine: machine.name)
def test_every_state_and_every_step_is_drawn(machine: StateMachine[Lamp]) -> None:
    drawing = ET.fromstring(state_diagram(machine))  # noqa: S314  # our own
    texts = [text.text for text in drawing.iter(f"{SVG}text")]
    for state in machine.states:
        assert f"{machine.labels[state][0]} {state.name}" in texts
    for step in machine.steps:
        assert f"{step.title_zh} {step.action}" in texts
    dots = list(drawing.iter(f"{SVG}circle"))
    assert len(dots) == sum(len(step.sources) for step in machine.steps)
    heads = [path for path in drawing.iter(f"{SVG}path") if path.get("d", "").endswith("v10z")]
    assert len(heads) == sum(step.target is not None for step in machine.steps)


def test_the_first_and_the_last_states_are_marked() -> None:
    drawing = ET.fromstring(state_diagram(LAMP))  # noqa: S314  # our own
    marks = {text.text: text.get("y") for text in drawing.iter(f"{SVG}text")}
    assert marks["▶"] == marks["关 OFF"]
    assert marks["■"] == marks["坏 BROKEN"]


def test_the_drawing_says_in_words_what_it_shows() -> None:
    drawing = ET.fromstring(state_diagram(LAMP))  # noqa: S314  # our own
    assert drawing.findtext(f"{SVG}desc") == (
        "switch: OFF → ON; smash: OFF, ON → BROKEN; dust: OFF → the same state"
    )
