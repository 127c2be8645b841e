"""What campaigns and games give and take back, as the events on the topic of rewards say it."""

from __future__ import annotations

from uuid import UUID

import msgspec

from libs.runtime import logs

log = logs.get(__name__)
_GRANTED, _REVOKED = "org.pointstream.reward.granted.v1", "org.pointstream.reward.revoked.v1"
KINDS = (_GRANTED, _REVOKED)
"""Types of the events that give and take back."""
CREDENTIAL = "campaigns"
"""Whose requests they are, where requests are kept."""


class Given(msgspec.Struct, frozen=True):
    """Who is given what, how often, by which campaign or game, and what brought it about."""

    member_id: UUID
    kind: str
    reference: str
    quantity: int
    campaign: str
    cause_id: str


class Gift(msgspec.Struct, frozen=True):
    """An event that grants, or takes back."""

    id: str
    source: str
    type: str
    tenant: str
    programme: str
    data: Given

    @property
    def revoked(self) -> bool:
        """Whether it takes back."""
        return self.type == _REVOKED


_read = msgspec.json.Decoder(Gift).decode


def gift_of(kind: str, value: bytes) -> Gift | None:
    """Read an event of this type; None, which the log is told, where a gift can't be read, and where it is none."""
    if kind not in KINDS:
        return None
    try:
        return _read(value)
    except msgspec.DecodeError:
        log.warning("grant.unreadable")
        return None
