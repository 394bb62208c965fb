"""Personal values: encryption at rest, keyed hashes for exact look-up, masks for display.

AES-256-GCM with a random nonce; the stored form is ``key id (1 byte) + nonce (12) + ciphertext``.
Hashes are HMAC-SHA-256 with a key of their own: a plain hash of an 11-digit phone number can be
enumerated in seconds. Keys come from the settings and are never in the database.
"""

from __future__ import annotations

import base64
import hmac
import os
import unicodedata
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gongzhi.errors import GongzhiError

_NONCE = 12
_KEY_ID = b"\x01"


class Privacy:
    """The keys of one deployment.

    :param secret: at least 32 random bytes, base64 text; see ``gongzhi.toml`` ``[privacy] secret``.
    :raises GongzhiError: when the secret is not base64 or is too short.
    """

    __slots__ = ("_aead", "_keyed", "chain_key")

    def __init__(self, secret: str) -> None:
        try:
            raw = base64.b64decode(secret, validate=True)
        except ValueError as exc:
            message = "privacy.secret is not base64; make one with: gongzhi secret"
            raise GongzhiError(message) from exc
        if len(raw) < 32:  # noqa: PLR2004  # bytes of an AES-256 key
            message = "privacy.secret is shorter than 32 bytes; make one with: gongzhi secret"
            raise GongzhiError(message)
        self._aead = AESGCM(hmac.digest(raw, b"gongzhi encryption", "sha256"))
        self._keyed = hmac.new(hmac.digest(raw, b"gongzhi look-up", "sha256"), digestmod="sha256")
        self.chain_key = hmac.digest(raw, b"gongzhi events", "sha256")

    @staticmethod
    def new_secret() -> str:
        """Return a fresh secret."""
        return base64.b64encode(os.urandom(32)).decode()

    def encrypt(self, value: str) -> bytes:
        """Encrypt a value; the same value gives another ciphertext each time."""
        nonce = os.urandom(_NONCE)
        return _KEY_ID + nonce + self._aead.encrypt(nonce, value.encode(), None)

    def encrypt_all(self, values: Sequence[str | None]) -> list[bytes | None]:
        """Encrypt many values, each with a nonce of its own; nothing stays nothing."""
        nonces = os.urandom(_NONCE * len(values))
        encrypt = self._aead.encrypt
        stored: list[bytes | None] = []
        for at, value in zip(range(0, len(nonces), _NONCE), values, strict=True):
            if value is None:
                stored.append(None)
            else:
                nonce = nonces[at : at + _NONCE]
                stored.append(_KEY_ID + nonce + encrypt(nonce, value.encode(), None))
        return stored

    def decrypt(self, stored: bytes) -> str:
        """Decrypt what :meth:`encrypt` made.

        :raises GongzhiError: when it was made with another secret or was altered.
        """
        try:
            return self._aead.decrypt(stored[1 : 1 + _NONCE], stored[1 + _NONCE :], None).decode()
        except InvalidTag as exc:
            message = "a personal value cannot be decrypted: privacy.secret is not the one it has"
            raise GongzhiError(message) from exc

    def digest(self, value: str) -> str:
        """Return the keyed hash of the value's folded form, 64 hex digits."""
        keyed = self._keyed.copy()  # the key is worked in already: an import hashes very many
        keyed.update(fold(value).encode())
        return keyed.hexdigest()


def fold(value: str) -> str:
    """Return the form in which two spellings of one value are equal: NFKC, no spaces, upper."""
    return "".join(unicodedata.normalize("NFKC", value).split()).upper()


def mask_name(name: str) -> str:
    """张三 → 张*; the first character and one star for each other."""
    return name[:1] + "*" * max(len(name) - 1, 1) if name else ""


def mask_mobile(mobile: str) -> str:
    """13812348000 → 138****8000."""
    return f"{mobile[:3]}****{mobile[-4:]}" if len(mobile) >= 9 else "*" * len(mobile)  # noqa: PLR2004


def mask_id_number(number: str) -> str:
    """11010119900307001X → 110***********001X: the first three and the last four."""
    shown = 7
    if len(number) <= shown:
        return "*" * len(number)
    return number[:3] + "*" * (len(number) - shown) + number[-4:]
