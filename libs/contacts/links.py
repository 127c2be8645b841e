"""Links by which members say no with one click, and choose what they hear of: signed, and naming nobody.

A link says no for ever. For saying yes it is good for a while only, since letters are passed on. Pure.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from libs.contacts.vault import MemberName
from libs.messages.content import ChannelName, Purpose

AGREEING = timedelta(days=60)
"""How long after it was made a link also takes a yes."""

# Letters lie in mailboxes for years: a place in these lists means the same for ever.
_PURPOSES: tuple[Purpose, ...] = ("service", "marketing", "profiling", "location")
_CHANNELS: tuple[ChannelName, ...] = (
    "email", "sms", "push", "web_push", "webhook", "http", "inbox", "till", "file",
)  # fmt: skip
_FIRST_DAY = date(2020, 1, 1)
_BODY = struct.Struct(">BIIHBB16s")
_VERSION = 1
_MAC = 16


@dataclass(frozen=True, slots=True)
class Link:
    """Whom a link is for, what it ends with one click, and the day (UTC) on which it was made."""

    member: MemberName
    purpose: Purpose
    channel: ChannelName
    made_on: date

    def takes_yes(self, now: datetime) -> bool:
        """Whether a yes is still taken from whoever has the link; a no always is."""
        return now.astimezone(UTC).date() - self.made_on <= AGREEING


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and reads links with a key that all services share."""

    key: bytes = field(repr=False)

    @classmethod
    def from_seal_key(cls, key: bytes) -> Links:
        """Derive the key of links from the platform's."""
        return cls(hmac.digest(key, b"contact links", "sha256"))

    def token(self, member: MemberName, purpose: Purpose, channel: ChannelName, now: datetime) -> str:
        """Return the text of a link: 60 letters, digits, `-` and `_`."""
        tenant, programme, member_id = member
        day = max((now.astimezone(UTC).date() - _FIRST_DAY).days, 0)  # a clock may be set to years before
        places = _PURPOSES.index(purpose), _CHANNELS.index(channel)
        body = _BODY.pack(_VERSION, tenant, programme, day, *places, member_id.bytes)
        return base64.urlsafe_b64encode(body + self._mac(body)).decode()

    def path(self, member: MemberName, purpose: Purpose, channel: ChannelName, now: datetime) -> str:
        """Return the path of a link below the gateway's address: POST ends what it names, GET shows the choices."""
        return f"/u/{self.token(member, purpose, channel, now)}"

    def read(self, token: str) -> Link | None:
        """Return what a token says; None when it was not made here, or was changed."""
        try:
            raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError):
            return None
        body, mac = raw[:-_MAC], raw[-_MAC:]
        if len(body) != _BODY.size or not hmac.compare_digest(mac, self._mac(body)):
            return None
        _, tenant, programme, day, purpose, channel, member = _BODY.unpack(body)
        made_on = _FIRST_DAY + timedelta(days=day)
        return Link((tenant, programme, UUID(bytes=member)), _PURPOSES[purpose], _CHANNELS[channel], made_on)

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self.key, body, sha256).digest()[:_MAC]
