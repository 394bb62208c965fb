"""What the core's mutations share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gongzhi.errors import GongzhiError
from gongzhi.references import KEEP

if TYPE_CHECKING:
    from gongzhi.privacy import Privacy
    from gongzhi.writing import Work


def keys(work: Work) -> Privacy:
    """Return the keys of personal values.

    :raises GongzhiError: when the deployment has none.
    """
    if work.deployment.privacy is None:
        message = (
            "没有设置 privacy.secret，不能登记个人信息 · "
            "privacy.secret is not set, so personal values cannot be kept"
        )
        raise GongzhiError(message)
    return work.deployment.privacy


def said(**given: Any) -> dict[str, Any]:
    """Return what an event says: days as text, and nothing that was not given."""
    return {
        name: value.isoformat() if isinstance(value, dt.date) else value
        for name, value in given.items()
        if value not in (None, "", ())
    }


def fields(
    given: Mapping[str, Any], kept: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, list[str]]:
    """Return which fields a change names; their values are not for an event.

    :param given: those of which None says nothing.
    :param kept: those of which KEEP says nothing.
    """
    named = {name for name, value in given.items() if value is not None}
    return {"fields": sorted(named | {name for name, value in kept.items() if value is not KEEP})}


def day_of(work: Work, on: dt.date | None) -> dt.date:
    """Return the day on which something happened, today where none is given."""
    return on or work.today
