"""Links by which the owner of an address confirms what was agreed to: signed, and naming nobody. Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple, Self
from uuid import UUID

from services.gateway.door.signed import Signed

PLACE = "/confirm"
_BODY = struct.Struct(">BII16s")
_VERSION = 1


class Asking(NamedTuple):
    """Which question a link answers."""

    tenant_id: int
    programme_id: int
    ask_id: UUID


@dataclass(frozen=True, slots=True)
class ConfirmLinks:
    """Makes and reads links; how long one is good for lies with the question."""

    signed: Signed

    @classmethod
    def from_seal_key(cls, key: bytes) -> Self:
        """Derive the key of links from the platform's."""
        return cls(Signed.from_seal_key(key, b"consents confirmed"))

    def path(self, asking: Asking) -> str:
        """The path of a link."""
        body = _BODY.pack(_VERSION, asking.tenant_id, asking.programme_id, asking.ask_id.bytes)
        return f"{PLACE}/{self.signed.text(body)}"

    def read(self, token: str) -> Asking | None:
        """Return what the last part of a link answers; None when it was not made here, or changed in any character."""
        if (body := self.signed.body(token)) is None:
            return None
        _, tenant_id, programme_id, ask = _BODY.unpack(body)
        return Asking(tenant_id, programme_id, UUID(bytes=ask))
