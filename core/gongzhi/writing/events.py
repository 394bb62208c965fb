"""The event record: appended by every unit of work, and checked as a whole.

How an event is hashed and appended is :mod:`gongzhi.chain`'s.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from gongzhi.chain import CHAIN, COLUMNS, FIRST, chained
from gongzhi.imports.session import Row, Session

_BATCH: Final = 5_000
_LISTED: Final = 100

Progress = Callable[[int, int], None]
"""Told how many events are checked, and how many there are."""


class FaultKind(StrEnum):
    """What can be wrong with the event record."""

    ALTERED = "ALTERED"
    """The row is not what was recorded at this position."""
    MOVED = "MOVED"
    """The row was recorded at another position, :attr:`Fault.other`."""
    MISSING = "MISSING"
    """The positions from here to :attr:`Fault.other` are gone."""
    TRUNCATED = "TRUNCATED"
    """The end is gone: the positions from here to :attr:`Fault.other`."""
    SURPLUS = "SURPLUS"
    """A row has a position that no event can have."""
    TAIL = "TAIL"
    """The end of the chain that is kept apart is not the last row's."""
    ANCHOR = "ANCHOR"
    """The hash at this position is not the one that was noted elsewhere."""
    MISPLACED = "MISPLACED"
    """The path, which no hash covers, is not that of the event's organization."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with the event record."""

    kind: FaultKind
    position: int
    other: int | None = None
    """See the kinds."""

    def __str__(self) -> str:
        zh, en = _TEXTS[self.kind]
        return f"{zh} · {en}".format(at=self.position, other=self.other)


_TEXTS: Final = {
    FaultKind.ALTERED: ("{at}：记录被改动", "{at}: was altered"),
    FaultKind.MOVED: ("{at}：此处的记录原在 {other}", "{at}: holds what was recorded at {other}"),
    FaultKind.MISSING: ("{at} 至 {other}：记录缺失", "{at} to {other}: are missing"),
    FaultKind.TRUNCATED: ("{at} 至 {other}：末尾的记录被截去", "{at} to {other}: were cut off"),
    FaultKind.SURPLUS: ("{at} 附近：序号无效的记录", "near {at}: has no valid position"),
    FaultKind.TAIL: ("{at}：与链尾不符", "{at}: is not what the end of the chain says"),
    FaultKind.ANCHOR: ("{at}：与另存的哈希不符", "{at}: has not the hash that was noted elsewhere"),
    FaultKind.MISPLACED: ("{at}：所属组织的路径不符", "{at}: is not where its organization is"),
}


@dataclass(frozen=True, slots=True)
class Anchor:
    """A position and its hash, noted where who can write to the database cannot write."""

    position: int
    hash: str

    def __str__(self) -> str:
        return f"{self.position}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of checking the event record."""

    events: int
    """How many rows there are."""
    end: Anchor
    """The last row; position 0 where there is none."""
    faults: tuple[Fault, ...]
    """A hundred at most, by position."""
    fault_count: int


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A row that does not follow the one before it."""

    position: int
    values: list[Any]
    hash: str
    before: str
    """Hash of the row before, as it stands there."""


@dataclass(slots=True)
class _Check:
    """One pass over the events, in the order of their positions."""

    key: bytes
    last: int = 0
    """Position of the row before."""
    stored: str = FIRST
    """Its hash as it stands there."""
    computed: str = ""
    """Its hash as it should be, where that is another."""
    events: int = 0
    faults: list[Fault] = field(default_factory=list)
    fault_count: int = 0
    suspects: list[_Suspect] = field(default_factory=list)

    def fault(self, kind: FaultKind, position: int, other: int | None = None) -> None:
        self.fault_count += 1
        if len(self.faults) < _LISTED:
            self.faults.append(Fault(kind, position, other))

    def row(self, values: list[Any], stored: str) -> None:
        self.events += 1
        position = values[0]
        if type(position) is not int or position < 1:
            self.fault(FaultKind.SURPLUS, self.last)
            return
        computed = ""
        if position > self.last + 1:  # what it follows is gone, so this one cannot be checked
            self.fault(FaultKind.MISSING, self.last + 1, position - 1)
        else:
            computed = chained(self.key, self.stored, values)
            if computed == stored or (
                # only the hash of the row before was altered
                self.computed and chained(self.key, self.computed, values) == stored
            ):
                computed = ""
            elif len(self.suspects) < _LISTED:
                self.suspects.append(_Suspect(position, values, stored, self.stored))
            else:
                self.fault_count += 1
        self.last, self.stored, self.computed = position, stored, computed

    def settle(self) -> None:
        """Say of each suspect whether it was altered, or at which position it was recorded.

        Two rows that change places leave three that do not follow the one before.
        """
        recorded: dict[int, int] = {}
        hashes: dict[int, str] = {}
        for place in self.suspects:
            before = hashes.get(place.position - 1, place.before)
            for suspect in self.suspects:
                values = [place.position, *suspect.values[1:]]
                if (
                    suspect.position not in recorded
                    and chained(self.key, before, values) == suspect.hash
                ):
                    recorded[suspect.position] = place.position
                    hashes[place.position] = suspect.hash
                    break
        for suspect in self.suspects:
            place_then = recorded.get(suspect.position)
            if place_then is None:
                self.fault(FaultKind.ALTERED, suspect.position)
            elif place_then != suspect.position:
                self.fault(FaultKind.MOVED, suspect.position, place_then)


async def verify(
    session: Session,
    *,
    key: bytes,
    expected: Iterable[Anchor] = (),
    progress: Progress | None = None,
) -> Verdict:
    """Check every event against the one before, and the last against the end of the chain.

    Reads one snapshot, so it may run while others write. Whoever can write to the database can
    take away the last events together with what says how many there were; only an anchor that was
    noted elsewhere shows that.

    :param key: that of the deployment, see :attr:`gongzhi.privacy.Privacy.chain_key`.
    :param expected: anchors that were noted before.
    """
    check = _Check(key)
    wanted = {anchor.position: anchor.hash for anchor in expected}
    async with session.transaction():
        tail = await session.fetch(f"SELECT position, hash FROM core_chain WHERE id = {CHAIN}")
        end = Anchor(tail[0]["position"], tail[0]["hash"]) if tail else Anchor(0, FIRST)
        async for rows in _batches(session):
            for row in rows:
                check.row([_value(row[name], name) for name in COLUMNS], row["hash"])
                if wanted.pop(row["id"], row["hash"]) != row["hash"]:
                    check.fault(FaultKind.ANCHOR, row["id"])
            if progress is not None:
                progress(check.events, max(check.events, end.position))
        misplaced = await session.fetch(_MISPLACED)
    check.settle()
    for row in misplaced:
        check.fault(FaultKind.MISPLACED, row["id"])
    _check_end(check, end, max(wanted, default=0))
    faults = sorted(check.faults, key=lambda fault: fault.position)
    return Verdict(check.events, Anchor(check.last, check.stored), tuple(faults), check.fault_count)


def _check_end(check: _Check, end: Anchor, anchored: int) -> None:
    """Compare the last row with the end that is kept apart, and with an anchor beyond it."""
    if check.last < max(end.position, anchored):
        check.fault(FaultKind.TRUNCATED, check.last + 1, max(end.position, anchored))
    elif check.last > end.position:
        check.fault(FaultKind.TAIL, end.position + 1)
    elif check.stored != end.hash:
        check.fault(FaultKind.TAIL, check.last)


_MISPLACED: Final = (
    "SELECT e.id FROM core_event e LEFT JOIN core_organization o ON o.id = e.organization_id"
    f" WHERE e.org_path <> coalesce(o.path, '') ORDER BY e.id LIMIT {_LISTED}"
)


async def _batches(session: Session) -> AsyncIterator[Sequence[Row]]:
    columns = ", ".join((*COLUMNS, "hash"))
    last: Any = -(2**63)
    while rows := await session.fetch(
        f"SELECT {columns} FROM core_event WHERE id > $1 ORDER BY id LIMIT {_BATCH}",  # constants
        last,
    ):
        yield rows
        last = rows[-1]["id"]


def _value(value: Any, column: str) -> Any:
    """Return a stored value as it was hashed; what cannot have been stored so, as something else.

    SQLite keeps instants as texts, and any kind of value in any column.
    """
    if type(value) is str and column in _INSTANTS:
        try:
            instant = dt.datetime.fromisoformat(value)
        except ValueError:
            return value
        as_kept = instant.tzinfo is not None and instant.astimezone(dt.UTC).isoformat(" ")
        return instant if value == as_kept else value
    return value if type(value) in _STORED else repr(value)


_INSTANTS: Final = frozenset({"recorded_at", "occurred_at"})
_STORED: Final = frozenset({str, int, dt.datetime, type(None)})
