"""What somebody agreed to on a page, and the question to the owner of the address. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from libs.contacts.person import Consent
from libs.messages.content import ChannelName, Purpose

CONFIRMED = ", confirmed by mail"
LONGEST_SOURCE = 128


class Wish(NamedTuple):
    """What somebody agreed to on a page: under which name, for whom, where, and in which words."""

    ask_id: UUID
    member_id: UUID
    source: str
    text: str
    text_version: str
    purpose: Purpose = "marketing"
    channel: ChannelName = "email"


class Asked(NamedTuple):
    """A question as it is kept."""

    member_id: UUID
    digest: bytes
    purpose: Purpose
    channel: ChannelName
    source: str
    text: str
    text_version: str
    asked_at: datetime
    until: datetime
    confirmed_at: datetime | None

    def consent(self, at: datetime) -> Consent:
        """The word that a yes is, with its proof."""
        source = self.source[: LONGEST_SOURCE - len(CONFIRMED)] + CONFIRMED
        return Consent(self.purpose, self.channel, True, at, source, self.text_version)
