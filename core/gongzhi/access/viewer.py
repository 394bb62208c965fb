"""Who is asking, and which rows each permission opens to them. Pure: no input or output.

Two edges lead from a grant to rows. Along 隶属 (subordination) it opens what belongs to an
organization, found by ``org_path``; along 属地 (territory) what lies in an area, found by
``area_path``. A row is visible when either holds. Paths are materialised, so both are plain text
ranges that one index answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from types import MappingProxyType

from gongzhi.access.models import Edge

_AFTER_EXACT = "\x01"
"""Sorts before every character of a path: ``path + "\\x01"`` ends the range of one row."""


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """The paths ``p`` with ``lo <= p < hi``, compared by code point (collation ``C``)."""

    lo: str
    hi: str

    @classmethod
    def subtree(cls, path: str) -> Range:
        """Return the range of a row and everything below it; ``/`` is the character after dot."""
        return cls(path, path[:-1] + "/")

    @classmethod
    def exact(cls, path: str) -> Range:
        """Return the range of one row only."""
        return cls(path, path + _AFTER_EXACT)

    def __contains__(self, path: str) -> bool:
        return self.lo <= path < self.hi


@dataclass(frozen=True, slots=True)
class RowScope:
    """The rows that one permission opens: everything, or those in any of the ranges."""

    everything: bool
    organizations: tuple[Range, ...]
    """Ranges of ``org_path``: sorted, none overlaps another."""
    areas: tuple[Range, ...]
    """Ranges of ``area_path``: sorted, none overlaps another."""

    def covers(self, org_path: str, area_path: str = "") -> bool:
        """Return whether a row with these paths is open; an empty path is in no range."""
        return (
            self.everything
            or any(org_path in r for r in self.organizations)
            or any(area_path in r for r in self.areas)
        )

    def includes(self, *, organizations: Range | None = None, areas: Range | None = None) -> bool:
        """Return whether all of a range is open; ranges never overlap, so one must hold it."""
        return self.everything or any(
            wanted is not None and r.lo <= wanted.lo and wanted.hi <= r.hi
            for wanted, mine in ((organizations, self.organizations), (areas, self.areas))
            for r in mine
        )


NOTHING = RowScope(everything=False, organizations=(), areas=())
EVERYTHING = RowScope(everything=True, organizations=(), areas=())

Bounds = tuple[tuple[int, int], ...]
"""Ranges by the positions of their two ends in :attr:`Viewer.bounds`."""

Shape = tuple[tuple[str, bool, Bounds, Bounds], ...]
"""For each permission, in order: code, everything, ranges of organizations, ranges of areas."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """One account at one moment, with its grants compiled to row scopes."""

    account_id: int | None
    name: str
    roles: tuple[str, ...]
    scopes: Mapping[str, RowScope]
    """Permission code → rows; a permission that is not here opens nothing."""
    expires_at: float | None = None
    """Seconds since 1970: from here on this viewer may differ and must be read again."""
    shape: Shape = field(init=False)
    """What a plan depends on: viewers of one shape share the SQL and differ in its values."""
    shape_key: str = field(init=False)
    """The shape as a text: hashed once, where a nested tuple is hashed by every look-up."""
    bounds: tuple[str, ...] = field(init=False)
    """The ends of all ranges, each text once: permissions mostly cover the same rows."""
    is_system: bool = False
    """Nobody's account: a job, a command, the demo."""

    def __post_init__(self) -> None:
        """Compute shape and bounds once, because every request needs them."""
        positions: dict[str, int] = {}

        def numbered(ranges: Iterable[Range]) -> Bounds:
            ends = [(r.lo, r.hi) for r in ranges]
            for end in chain.from_iterable(ends):
                positions.setdefault(end, len(positions))
            return tuple((positions[lo], positions[hi]) for lo, hi in ends)

        shape = tuple(
            (code, scope.everything, numbered(scope.organizations), numbered(scope.areas))
            for code, scope in sorted(self.scopes.items())
        )
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "shape_key", repr(shape))
        object.__setattr__(self, "bounds", tuple(positions))

    def scope(self, permission: str) -> RowScope:
        """Return the rows that a permission opens to this viewer."""
        return self.scopes.get(permission, NOTHING)


ANONYMOUS = Viewer(account_id=None, name="", roles=(), scopes=MappingProxyType({}))
"""Nobody logged in: sees what is declared public, nothing else."""


def system_viewer(name: str, permissions: Iterable[str]) -> Viewer:
    """Return who acts where no account does, with every permission everywhere."""
    scopes = MappingProxyType(dict.fromkeys(permissions, EVERYTHING))
    return Viewer(account_id=None, name=name, roles=(), scopes=scopes, is_system=True)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account and the token that it came with; instants in seconds since 1970."""

    id: int
    name: str
    active: bool = True
    token_revoked: bool = False
    token_expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant with the paths it stands on; instants in seconds since 1970."""

    role: str
    edge: str
    everything: bool
    with_descendants: bool
    valid_from: float | None
    valid_to: float | None
    organization_path: str | None
    area_path: str | None
    """The area that is named, or that of the named organization."""

    def active(self, now: float) -> bool:
        """Return whether the grant counts at an instant: ``valid_from <= now < valid_to``."""
        return (self.valid_from is None or self.valid_from <= now) and (
            self.valid_to is None or now < self.valid_to
        )


def build_viewer(
    account: AccountRow,
    grants: Iterable[GrantRow],
    role_permissions: Mapping[str, frozenset[str]],
    now: float,
) -> Viewer | None:
    """Compile an account's grants.

    A role that no enabled plugin knows opens nothing.

    :param now: seconds since 1970, by the clock of the database.
    :return: None when the account is not active or its token is revoked or expired.
    """
    expires = account.token_expires_at
    if not account.active or account.token_revoked or (expires is not None and expires <= now):
        return None
    changes = [] if expires is None else [expires]
    by_permission: dict[str, list[GrantRow]] = {}
    roles: set[str] = set()
    for grant in grants:
        changes += [t for t in (grant.valid_from, grant.valid_to) if t is not None and t > now]
        if not grant.active(now):
            continue
        roles.add(grant.role)
        for permission in role_permissions.get(grant.role, ()):
            by_permission.setdefault(permission, []).append(grant)
    scopes = {permission: _scope(rows) for permission, rows in by_permission.items()}
    return Viewer(
        account_id=account.id,
        name=account.name,
        roles=tuple(sorted(roles)),
        scopes=MappingProxyType({code: s for code, s in scopes.items() if s != NOTHING}),
        expires_at=min(changes, default=None),
    )


def _scope(grants: Iterable[GrantRow]) -> RowScope:
    organizations: list[Range] = []
    areas: list[Range] = []
    for grant in grants:
        if grant.everything:
            return EVERYTHING
        by_organization = grant.edge == Edge.SUBORDINATION
        path = grant.organization_path if by_organization else grant.area_path
        if not path:  # an organization without an area, or a target that is gone, opens nothing
            continue
        made = Range.subtree(path) if grant.with_descendants else Range.exact(path)
        (organizations if by_organization else areas).append(made)
    return RowScope(
        everything=False, organizations=normalise(organizations), areas=normalise(areas)
    )


def normalise(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Return the same paths as sorted ranges of which none overlaps or touches another."""
    merged: list[Range] = []
    for r in sorted(ranges):
        if merged and r.lo <= merged[-1].hi:
            merged[-1] = Range(merged[-1].lo, max(merged[-1].hi, r.hi))
        else:
            merged.append(r)
    return tuple(merged)
