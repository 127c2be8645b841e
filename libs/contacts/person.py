"""A person as whoever writes to them has them: names, addresses, language and zone, and what they agreed to.

These values are personal data. They are opened for the moment of sending and shown in no log, topic or ledger row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from libs.messages.content import ChannelName, Purpose


@dataclass(frozen=True, slots=True)
class Address:
    """Where a channel reaches a member: a mail address, a number in E.164, a token, a subscription as JSON.

    `digest` is a keyed hash of it, by which a bounce finds whose it is. A dead address is written to no more.
    """

    channel: ChannelName
    value: str = field(repr=False)
    digest: bytes
    alive: bool = True


@dataclass(frozen=True, slots=True)
class KeptAddress:
    """An address as it is kept: since when it is alive, or dead for a reason, and when a message last arrived."""

    channel: ChannelName
    value: str = field(repr=False)
    digest: bytes
    alive: bool
    reason: str | None
    changed_at: datetime
    reached_at: datetime | None


@dataclass(frozen=True, slots=True)
class Consent:
    """The member's last word on a purpose and a channel, with its proof: when (UTC), where, and on which text."""

    purpose: Purpose
    channel: ChannelName
    given: bool
    at: datetime
    source: str
    text_version: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who is written to. What is not known is None: language and zone then are the programme's.

    Of several addresses of a channel the one that was told last comes first. Who is not `readable` has names and
    addresses that this platform's key does not open.
    """

    given_name: str | None = field(default=None, repr=False)
    family_name: str | None = field(default=None, repr=False)
    language: str | None = None
    zone: str | None = None
    country: str | None = None
    addresses: tuple[Address, ...] = ()
    consents: tuple[Consent, ...] = ()
    readable: bool = True
