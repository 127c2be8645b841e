"""Links by which a friend answers an invitation: signed, and naming an address by its digest alone. Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple, Self

from services.gateway.door.signed import Signed

_BODY = struct.Struct(">BII")
_VERSION = 1


class Invited(NamedTuple):
    """Who was invited: to which programme of a company, by the digest of the address."""

    tenant_id: int
    programme_id: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class InvitationLinks:
    """Makes and reads links. A link is good for ever: a no is always taken."""

    signed: Signed

    @classmethod
    def from_seal_key(cls, key: bytes) -> Self:
        """Derive the key of links from the platform's."""
        return cls(Signed.from_seal_key(key, b"invitations"))

    def token(self, invited: Invited) -> str:
        """Return the text of a link."""
        body = _BODY.pack(_VERSION, invited.tenant_id, invited.programme_id) + invited.digest
        return self.signed.text(body)

    def read(self, token: str) -> Invited | None:
        """Return whom a link is for; None when it was not made here, or was changed in any character."""
        if (body := self.signed.body(token)) is None:
            return None
        version, tenant_id, programme_id = _BODY.unpack_from(body)
        return Invited(tenant_id, programme_id, body[_BODY.size :]) if version == _VERSION else None
