"""What a member can choose by a link, and which words a filled-in form comes to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from libs.contacts.consent import CHANNELS, PURPOSES, may_write
from libs.contacts.links import Link
from libs.contacts.person import Consent, Person
from libs.messages.content import ChannelName, Purpose

Pair = tuple[Purpose, ChannelName]
FORM_TEXT = "preferences-2"
"""The version of what the page says beside its boxes; another wording is another version."""
ONE_CLICK, FORM = "one-click link", "preference page"


@dataclass(frozen=True, slots=True)
class Choice:
    """A box of the form: whether it is ticked, and whether it may still be ticked by whoever has the link."""

    purpose: Purpose
    channel: ChannelName
    on: bool
    open: bool

    @property
    def name(self) -> str:
        """The box in the form."""
        return f"{self.purpose}.{self.channel}"


def choices(person: Person, link: Link, now: datetime) -> list[Choice]:
    """Return the boxes: each purpose on each channel that reaches the person, or that they ever spoke of."""
    reached, spoken = {each.channel for each in person.addresses}, {each.channel for each in person.consents}
    shown = reached | spoken | {link.channel}
    yes = link.takes_yes(now)
    found = []
    for purpose in PURPOSES:
        for channel in CHANNELS:
            if channel in shown:
                on = may_write(person, purpose, channel).allowed
                found.append(Choice(purpose, channel, on, on or yes))
    return found


def refusal(link: Link, now: datetime) -> Consent:
    """The word of one click."""
    return Consent(link.purpose, link.channel, False, now, ONE_CLICK, "")


def chosen(person: Person, link: Link, form: Mapping[str, str], now: datetime) -> list[Consent]:
    """Return the words of a form: of each box that it showed, what differs from what stands.

    A box shown says so itself, for others may have come since. A yes takes a link that is young enough, a no does not.
    """
    return [
        Consent(each.purpose, each.channel, not each.on, now, FORM, FORM_TEXT)
        for each in choices(person, link, now)
        if f"shown.{each.name}" in form and (each.name in form) != each.on and each.open
    ]


def by_purpose(boxes: Iterable[Choice]) -> Sequence[tuple[Purpose, list[Choice]]]:
    """Return the boxes by purpose, in order."""
    found: dict[Purpose, list[Choice]] = {}
    for each in boxes:
        found.setdefault(each.purpose, []).append(each)
    return list(found.items())
