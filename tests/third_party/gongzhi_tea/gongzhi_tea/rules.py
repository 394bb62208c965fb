"""Rules of tea parties: pure, nothing is read or written."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from gongzhi import RuleError
from gongzhi.refusals import COMMON
from gongzhi.writing import Refusals, StateMachine, Step

MANAGE = "tea.party.manage"


class PartyState(StrEnum):
    """茶话会状态 · where a tea party stands: 已约定, 已举行, 已取消."""

    PLANNED = "PLANNED"
    HELD = "HELD"
    CANCELLED = "CANCELLED"


STATE_LABELS: Mapping[PartyState, tuple[str, str]] = {
    PartyState.PLANNED: ("已约定", "planned"),
    PartyState.HELD: ("已举行", "held"),
    PartyState.CANCELLED: ("已取消", "cancelled"),
}

_PLANNED = (PartyState.PLANNED,)

MACHINE = StateMachine(
    "tea.party",
    PartyState,
    STATE_LABELS,
    initial=PartyState.PLANNED,
    steps=(
        Step("hold", _PLANNED, PartyState.HELD, "举行", "it was held", MANAGE),
        Step("cancel", _PLANNED, PartyState.CANCELLED, "取消", "it will not be held", MANAGE),
    ),
)

REFUSALS = Refusals(
    {"TOO_FEW": ("至少要有 {fewest} 人", "there must be {fewest} at least")}, base=COMMON
)

FEWEST = 2


def check_guests(guests: int) -> list[RuleError]:
    """Refuse a party of one: TOO_FEW."""
    if guests >= FEWEST:
        return []
    return [REFUSALS.refusal("TOO_FEW", "guests", fewest=FEWEST)]
