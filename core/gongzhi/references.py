"""What a parameter of a service refers to, and what it means when it is not given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tortoise.models import Model


@dataclass(frozen=True, slots=True)
class Key:
    """The primary key of a row of this table; a global id outside.

    ``issue: Annotated[int, Key(Issue)]`` takes ``Issue:42`` from a client and 42 from Python.
    """

    model: type[Model]


@dataclass(frozen=True, slots=True)
class AnyKey:
    """A row of whatever type: ``about: Annotated[str, AnyKey()]`` takes its global id as it is.

    See :meth:`gongzhi.writing.Work.find_any`.
    """


class _Keep:
    """Nothing was given."""

    def __repr__(self) -> str:
        return "KEEP"


KEEP: Final[Any] = _Keep()
"""Default of a parameter that a change may leave out: the value stays, while None clears it."""
