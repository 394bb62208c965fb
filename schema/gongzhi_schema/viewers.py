"""Who is asking: tokens to viewers, remembered for a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from gongzhi.access.service import VIEWER_SQL, digest_of, parse
from gongzhi.access.viewer import ANONYMOUS, Viewer
from gongzhi.database.reads import Reader

_SCHEME = b"bearer "
_MAX_REMEMBERED = 10_000


class Viewers:
    """Reads viewers by token. A right that was taken away is gone after ``ttl`` seconds."""

    def __init__(
        self, reader: Reader, role_permissions: Mapping[str, frozenset[str]], ttl: float = 1.0
    ) -> None:
        self._reader = reader
        self._role_permissions = role_permissions
        self._ttl = ttl
        self._known: dict[bytes | None, tuple[Viewer | None, float]] = {}
        self._asked: dict[bytes, asyncio.Future[Viewer | None]] = {}

    def known(self, authorization: bytes | None) -> Viewer | None:
        """Return the viewer of a header without waiting, None where :meth:`of` has to be asked."""
        known = self._known.get(authorization)
        return known[0] if known is not None and known[1] > time.monotonic() else None

    async def of(self, authorization: bytes | None) -> Viewer | None:
        """Return the viewer of an ``Authorization`` header; None when it is to be refused."""
        if authorization is None:
            return ANONYMOUS
        known = self._known.get(authorization)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        return await self._read_once(authorization)

    async def _read_once(self, authorization: bytes) -> Viewer | None:
        asked = self._asked.get(authorization)
        if asked is not None:
            return await asyncio.shield(asked)
        asked = asyncio.ensure_future(self._read(authorization))
        self._asked[authorization] = asked
        try:
            return await asyncio.shield(asked)
        finally:
            self._asked.pop(authorization, None)

    async def _read(self, authorization: bytes) -> Viewer | None:
        if not authorization.lower().startswith(_SCHEME):
            return None
        digest = digest_of(authorization[len(_SCHEME) :].decode("latin-1").strip())
        viewer = None
        if digest is not None:
            text = await self._reader.text(VIEWER_SQL[self._reader.dialect], (digest,))
            viewer = parse(text, self._role_permissions)
        until = time.monotonic() + self._ttl
        if viewer is not None and viewer.expires_at is not None:
            until = min(until, time.monotonic() + viewer.expires_at - time.time())
        if len(self._known) >= _MAX_REMEMBERED:
            self._known.clear()
        self._known[authorization] = (viewer, until)
        return viewer
