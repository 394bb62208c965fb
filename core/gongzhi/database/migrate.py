"""Everything that changes or checks the tables of plugins; the parts are in their own modules."""

from __future__ import annotations

from gongzhi.database.drift import drift
from gongzhi.database.lint import lint
from gongzhi.database.making import make_migrations, unmade
from gongzhi.database.purge import PurgePlan, TableLoss, purge, purge_plan
from gongzhi.database.runner import Progress, migrate, pending

__all__ = [
    "Progress",
    "PurgePlan",
    "TableLoss",
    "drift",
    "lint",
    "make_migrations",
    "migrate",
    "pending",
    "purge",
    "purge_plan",
    "unmade",
]
