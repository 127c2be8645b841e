"""Links by which friends see what a member shares: they name nobody, and nobody can guess one. Pure."""

from __future__ import annotations

import base64
import hmac
import struct
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple, Self
from uuid import UUID

_BODY = struct.Struct(">BII16s")
_VERSION, _MAC = 1, 12
PLACE = "/s"


class Shared(NamedTuple):
    """What a link leads to."""

    tenant_id: int
    programme_id: int
    share_id: UUID


@dataclass(frozen=True, slots=True)
class ShareLinks:
    """Makes and reads links."""

    key: bytes = field(repr=False)

    @classmethod
    def from_seal_key(cls, key: bytes) -> Self:
        """Derive the key of links from the platform's."""
        return cls(hmac.digest(key, b"shared by members", "sha256"))

    def path(self, shared: Shared) -> str:
        """The path of a link."""
        body = _BODY.pack(_VERSION, shared.tenant_id, shared.programme_id, shared.share_id.bytes)
        return f"{PLACE}/{_text(body + self._mac(body))}"

    def read(self, token: str) -> Shared | None:
        """Return what the last part of a link leads to; None when it was not made here, or changed."""
        try:
            raw = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        except ValueError:  # no base64, or no ASCII
            return None
        body, mac = raw[:-_MAC], raw[-_MAC:]
        if len(body) != _BODY.size or not hmac.compare_digest(mac, self._mac(body)) or _text(raw) != token:
            return None
        _, tenant, programme, share = _BODY.unpack(body)
        return Shared(tenant, programme, UUID(bytes=share))

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self.key, body, sha256).digest()[:_MAC]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
