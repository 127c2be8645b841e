"""Links by which friends see what a member shares: they name nobody, and nobody can guess one. Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple, Self
from uuid import UUID

from services.gateway.door.signed import Signed

_BODY = struct.Struct(">BII16s")
_VERSION = 1
PLACE = "/s"


class Shared(NamedTuple):
    """What a link leads to."""

    tenant_id: int
    programme_id: int
    share_id: UUID


@dataclass(frozen=True, slots=True)
class ShareLinks:
    """Makes and reads links."""

    signed: Signed

    @classmethod
    def from_seal_key(cls, key: bytes) -> Self:
        """Derive the key of links from the platform's."""
        return cls(Signed.from_seal_key(key, b"shared by members", 12))

    def path(self, shared: Shared) -> str:
        """The path of a link."""
        body = _BODY.pack(_VERSION, shared.tenant_id, shared.programme_id, shared.share_id.bytes)
        return f"{PLACE}/{self.signed.text(body)}"

    def read(self, token: str) -> Shared | None:
        """Return what the last part of a link leads to; None when it was not made here, or changed."""
        if (body := self.signed.body(token)) is None:
            return None
        _, tenant, programme, share = _BODY.unpack(body)
        return Shared(tenant, programme, UUID(bytes=share))
