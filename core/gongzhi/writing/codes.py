"""The active entries of the code lists, remembered for a moment: every write asks for some."""

from __future__ import annotations

import time
from collections.abc import Iterable

_SECONDS = 5


class KnownCodes:
    """Pairs of list and code that were active a moment ago."""

    def __init__(self) -> None:
        self._pairs: frozenset[tuple[str, str]] = frozenset()
        self._until = 0.0

    def has(self, pair: tuple[str, str]) -> bool:
        """Return whether an entry is known to be active."""
        return pair in self._pairs and time.monotonic() < self._until

    def take(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Remember what was read just now."""
        self._pairs = frozenset(pairs)
        self._until = time.monotonic() + _SECONDS

    def forget(self) -> None:
        """Forget all, because an entry was changed."""
        self._until = 0.0
