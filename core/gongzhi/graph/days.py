"""The day that a client asks about: the argument ``asOf``, today where it is not given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from gongzhi.graph.sources import Argument, Sql

AS_OF = Argument(
    "as_of", dt.date | None, "以此日为准，默认今天 · as of this day, today where absent"
)


def as_of(sql: Sql) -> Callable[[Any], dt.date]:
    """Return a getter of the day, for :meth:`gongzhi.graph.sources.Sql.value`."""
    return sql.given(AS_OF.name) or (lambda bind: bind.today)
