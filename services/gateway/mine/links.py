"""Links to members' own pages: signed, for a while. Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self
from uuid import UUID

from services.gateway.door.signed import Signed

LIVES = timedelta(hours=1)
"""How long a link is good for: as long as a visit, for whoever has it may spend."""
LOOKS = timedelta(minutes=10)
"""How long somebody of the company may look at a page by a link."""
_BODY = struct.Struct(">BIIQ16s")
_ACTS, _LOOKS = 1, 2


class OwnPage(NamedTuple):
    """Whose page a link opens, and until when. `looks` says that it is not the member's: it shows, and does nothing."""

    tenant_id: int
    programme_id: int
    member_id: UUID
    until: datetime
    looks: bool = False


@dataclass(frozen=True, slots=True)
class PageLinks:
    """Makes and reads links."""

    signed: Signed

    @classmethod
    def from_seal_key(cls, key: bytes) -> Self:
        """Derive the key of links from the platform's."""
        return cls(Signed.from_seal_key(key, b"member pages"))

    def token(self, page: OwnPage) -> str:
        """Return the text of a link; its end is cut to whole seconds."""
        until = int(page.until.timestamp())
        kind = _LOOKS if page.looks else _ACTS
        body = _BODY.pack(kind, page.tenant_id, page.programme_id, until, page.member_id.bytes)
        return self.signed.text(body)

    def read(self, token: str, now: datetime, *, looks: bool = False) -> OwnPage | None:
        """Return what a link opens; None when it was not made here, was changed in any character, or is over.

        One that only shows the page opens it for whoever says that it `looks` alone.
        """
        if (body := self.signed.body(token)) is None:
            return None
        kind, tenant, programme, until, member = _BODY.unpack(body)
        ends = datetime.fromtimestamp(until, UTC)
        page = OwnPage(tenant, programme, UUID(bytes=member), ends, looks=kind == _LOOKS)
        return page if now < page.until and (looks or not page.looks) else None
