"""Cursors: where a list goes on, in a text that callers can neither read anything into nor change.

A cursor holds a version, the place, and a MAC that ties it to one list of one tenant.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec

_VERSION = 1
_MAC = 16


class CursorInvalid(ValueError):
    """The text is no cursor of this list."""


class Place(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The last entry of a page, by what its list is ordered by.

    A movement by its `seq`; an event that moved nothing by what it comes after, its time and its key; others by a
    number and a text.
    """

    seq: int
    recorded_at: datetime | None = None
    receipt: UUID | None = None
    text: str | None = None


_decode = msgspec.msgpack.Decoder(Place).decode


@dataclass(frozen=True, slots=True)
class Cursors:
    """Writes and reads cursors with a key that all gateways share."""

    key: bytes = field(repr=False)

    @classmethod
    def from_seal_key(cls, seal_key: bytes) -> Cursors:
        """Derive the key of cursors from the platform's."""
        return cls(hmac.new(seal_key, b"gateway cursors", sha256).digest())

    def write(self, place: Place, listing: str) -> str:
        """Return the cursor of a place in `listing`, which names tenant and list."""
        body = bytes([_VERSION]) + msgspec.msgpack.encode(place)
        return _text(self._mac(body, listing) + body)

    def read(self, text: str, listing: str) -> Place:
        """Return the place of a cursor.

        Raises:
            CursorInvalid: it was changed, cut, made for another list or by another version.
        """
        try:
            raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError):
            raise CursorInvalid("no cursor") from None
        mac, body = raw[:_MAC], raw[_MAC:]
        # The last letter has bits that mean nothing: one text alone is the cursor.
        if (
            text != _text(raw)
            or body[:1] != bytes([_VERSION])
            or not hmac.compare_digest(mac, self._mac(body, listing))
        ):
            raise CursorInvalid("not a cursor of this list")
        return _decode(body[1:])

    def _mac(self, body: bytes, listing: str) -> bytes:
        return hmac.new(self.key, listing.encode() + b"\x1f" + body, sha256).digest()[:_MAC]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
