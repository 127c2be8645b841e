"""Links by which a friend answers an invitation: signed, and naming an address by its digest alone. Pure."""

from __future__ import annotations

import base64
import hmac
import struct
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple, Self

from libs.contacts.vault import DIGEST

_BODY = struct.Struct(">BII")
_VERSION, _MAC = 1, 16


class Invited(NamedTuple):
    """Who was invited: to which programme of a company, by the digest of the address."""

    tenant_id: int
    programme_id: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class InvitationLinks:
    """Makes and reads links. A link is good for ever: a no is always taken."""

    key: bytes = field(repr=False)

    @classmethod
    def from_seal_key(cls, key: bytes) -> Self:
        """Derive the key of links from the platform's."""
        return cls(hmac.digest(key, b"invitations", "sha256"))

    def token(self, invited: Invited) -> str:
        """Return the text of a link."""
        body = _BODY.pack(_VERSION, invited.tenant_id, invited.programme_id) + invited.digest
        return _text(body + self._mac(body))

    def read(self, token: str) -> Invited | None:
        """Return whom a link is for; None when it was not made here, or was changed in any character."""
        try:
            raw = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        except ValueError:  # no base64, or no ASCII
            return None
        body, mac = raw[:-_MAC], raw[-_MAC:]
        if len(body) != _BODY.size + DIGEST or _text(raw) != token or not hmac.compare_digest(mac, self._mac(body)):
            return None
        version, tenant_id, programme_id = _BODY.unpack(body[: _BODY.size])
        return Invited(tenant_id, programme_id, body[_BODY.size :]) if version == _VERSION else None

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self.key, body, sha256).digest()[:_MAC]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
