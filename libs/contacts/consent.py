"""Whether a member may be written to about something on a channel, by what they said. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args

from libs.contacts.person import Consent, Person
from libs.messages.content import ChannelName, Purpose

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
CHANNELS: tuple[ChannelName, ...] = get_args(ChannelName)

MERGE = "merge"
"""The source of words that come over with a merge."""

PermissionReason = Literal[
    "agreed",  # the member's last word is yes
    "not-refused",  # a service message, and nothing was said against it
    "refused",  # the member's last word is no
    "never-agreed",  # it takes a consent, and there is none
]


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a member may be written to, why, and the word that says so, if there is one."""

    allowed: bool
    reason: PermissionReason
    consent: Consent | None = None


def may_write(person: Person, purpose: Purpose, channel: ChannelName) -> Permission:
    """Say whether a person may be written to.

    A service message belongs to what the member joined: it is allowed unless refused. Marketing and profiling take a
    consent to that purpose on that channel; a consent to another one says nothing.
    """
    word = last_word(person.consents, purpose, channel)
    if word is not None:
        return Permission(word.given, "agreed" if word.given else "refused", word)
    return Permission(True, "not-refused") if purpose == "service" else Permission(False, "never-agreed")


def agrees(consents: Iterable[Consent], purpose: Purpose) -> bool:
    """Whether a member's last word on a purpose is yes on any channel."""
    said = list(consents)
    words = [last_word(said, purpose, channel) for channel in CHANNELS]
    return any(word.given for word in words if word is not None)


def refused_too(merged: Iterable[Consent], survivor: Iterable[Consent], now: datetime) -> list[Consent]:
    """Return the words by which a survivor refuses whatever a member refused who was merged into them.

    Two members turn out to be one person, who said no at least once: a yes of either does not outlive that.
    """
    own, found = list(survivor), []
    for each in merged:
        word = last_word(own, each.purpose, each.channel)
        if not each.given and (word is None or word.given):
            found.append(replace(each, at=now, source=MERGE, text_version=""))
    return found


def last_word(consents: Iterable[Consent], purpose: Purpose, channel: ChannelName) -> Consent | None:
    """What was said last about a purpose on a channel; of two words at once, the one that refuses."""
    said = [each for each in consents if each.purpose == purpose and each.channel == channel]
    return max(said, key=lambda each: (each.at, not each.given), default=None)
