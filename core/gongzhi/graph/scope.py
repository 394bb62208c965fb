"""Whose row a row is: the declaration from which the viewer's predicate is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tortoise.models import Model

Where = Mapping[str, Any]
"""Conditions joined by AND: column → value. A tuple means one of these, ``None`` means null.

Suffixes: ``__not``, ``__gte``, ``__lt`` compare; ``__family`` looks the family of a code up in
its list, as in ``{"kind__family": "PARTY"}``. Start-up refuses what is none of these.
"""


@dataclass(frozen=True, slots=True)
class Through:
    """A row is also visible through a row of ``model`` whose foreign key ``by`` points at it."""

    model: type[Model]
    by: str


@dataclass(frozen=True, slots=True)
class Scope:
    """The row scope of a type: which organization a row belongs to, or that it is public.

    Without one a type does not compose. Build it with the class methods.
    """

    path: str | None = None
    """Column that holds the path of the organization that owns the row."""
    area_path: str | None = None
    """Column that holds the path of its area; None: looked up through ``organization``."""
    organization: str | None = None
    """Foreign key to the organization; None where the row itself is the organization."""
    owner: str | None = None
    """Column that holds the id of the account whose row it is."""
    public: Where | None = None
    """Rows that everybody may see; an empty mapping is every row."""
    through: tuple[Through, ...] = field(default=())
    row: str | None = None
    """Foreign key to the row that this one is a part of."""

    @classmethod
    def everybody(cls) -> Scope:
        """Every viewer may see every row, also without a token."""
        return cls(public={})

    @classmethod
    def of(
        cls,
        organization: str,
        *,
        path: str = "org_path",
        public: Where | None = None,
        through: tuple[Through, ...] = (),
    ) -> Scope:
        """Rows belong to the organization that the foreign key names."""
        return cls(path=path, organization=organization, public=public, through=through)

    @classmethod
    def itself(cls, *, path: str = "path", area_path: str = "area_path") -> Scope:
        """The row is an organization."""
        return cls(path=path, area_path=area_path)

    @classmethod
    def own(cls, account: str) -> Scope:
        """Only the account that the column names sees the row."""
        return cls(owner=account)

    @classmethod
    def along(cls, row: str) -> Scope:
        """Be seen with the row that the foreign key names.

        With ``read=None`` exactly with it; with a permission only where that reaches the other
        row: what is behind something public need not be public.
        """
        return cls(row=row)

    @property
    def is_public(self) -> bool:
        """Every row is visible to everybody."""
        return self.public is not None and not self.public
