"""Links to members' own pages: signed, for a while. Pure."""

from __future__ import annotations

import base64
import hmac
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple, Self
from uuid import UUID

LIVES = timedelta(hours=1)
"""How long a link is good for: as long as a visit, for whoever has it may spend."""
_BODY = struct.Struct(">BIIQ16s")
_VERSION, _MAC = 1, 16


class OwnPage(NamedTuple):
    """Whose page a link opens, and until when."""

    tenant_id: int
    programme_id: int
    member_id: UUID
    until: datetime


@dataclass(frozen=True, slots=True)
class PageLinks:
    """Makes and reads links."""

    key: bytes = field(repr=False)

    @classmethod
    def from_seal_key(cls, key: bytes) -> Self:
        """Derive the key of links from the platform's."""
        return cls(hmac.digest(key, b"member pages", "sha256"))

    def token(self, page: OwnPage) -> str:
        """Return the text of a link; its end is cut to whole seconds."""
        until = int(page.until.timestamp())
        body = _BODY.pack(_VERSION, page.tenant_id, page.programme_id, until, page.member_id.bytes)
        return _text(body + self._mac(body))

    def read(self, token: str, now: datetime) -> OwnPage | None:
        """Return what a link opens; None when it was not made here, was changed in any character, or is over."""
        try:
            raw = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        except ValueError:  # no base64, or no ASCII
            return None
        body, mac = raw[:-_MAC], raw[-_MAC:]
        if len(body) != _BODY.size or not hmac.compare_digest(mac, self._mac(body)) or _text(raw) != token:
            return None
        _, tenant, programme, until, member = _BODY.unpack(body)
        page = OwnPage(tenant, programme, UUID(bytes=member), datetime.fromtimestamp(until, UTC))
        return page if now < page.until else None

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self.key, body, sha256).digest()[:_MAC]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
