"""Short texts in links that were made here, as their signature shows. Pure."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Self


@dataclass(frozen=True, slots=True)
class Signed:
    """Signs bodies of one kind, and reads what it signed; `length` is that of the signature, in bytes."""

    key: bytes = field(repr=False)
    length: int = 16

    @classmethod
    def from_seal_key(cls, key: bytes, kind: bytes, length: int = 16) -> Self:
        """Derive the key of a kind of texts from the platform's."""
        return cls(hmac.digest(key, kind, "sha256"), length)

    def text(self, body: bytes) -> str:
        """Return the text of a body: letters, digits, `-` and `_`."""
        return _text(body + self._mac(body))

    def body(self, text: str) -> bytes | None:
        """Return the body of a text; None when it was not made here, or was changed in any character."""
        try:
            raw = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
        except ValueError:  # no base64, or no ASCII
            return None
        body, mac = raw[: -self.length], raw[-self.length :]
        # The last letter has bits that mean nothing: one text alone is that of a body.
        return body if hmac.compare_digest(mac, self._mac(body)) and _text(raw) == text else None

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self.key, body, sha256).digest()[: self.length]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
