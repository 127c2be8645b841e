"""What `pointstream contacts` shows: a person and their words, as tables and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cli import screen
from libs.contacts.consent import CHANNELS, PURPOSES, may_write
from libs.contacts.masks import masked_address, masked_name
from libs.contacts.person import Consent, KeptAddress, Person
from libs.contacts.vault import MemberName
from libs.programmes.consequences import instant_text

_ADDRESS = ("channel", "address", "alive", "reason", "since", "reached")
_ASKED = ("purpose", "channel", "asked at", "source", "until", "confirmed")
_WORD = ("purpose", "channel", "given", "said at", "source", "text version")


def person_told(name: MemberName, person: Person, addresses: Iterable[KeptAddress], *, reveal: bool) -> dict[str, Any]:
    """Return who a member is as JSON."""
    names = (person.given_name, person.family_name)
    given, family = names if reveal else [masked_name(each) for each in names]
    return {
        "member_id": str(name[2]),
        "masked": not reveal,
        "given_name": given,
        "family_name": family,
        "language": person.language,
        "zone": person.zone,
        "country": person.country,
        "addresses": [
            {
                "channel": each.channel,
                "address": each.value if reveal else masked_address(each.channel, each.value),
                "alive": each.alive,
                "reason": each.reason,
                "changed_at": instant_text(each.changed_at),
                "reached_at": None if each.reached_at is None else instant_text(each.reached_at),
            }
            for each in addresses
        ],
    }


def consents_told(name: MemberName, history: Sequence[Consent], asked: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a member agreed to as JSON."""
    person = Person(consents=tuple(history))
    permissions = [
        {"purpose": purpose, "channel": channel, "allowed": found.allowed, "reason": found.reason}
        for purpose in PURPOSES
        for channel in CHANNELS
        if (found := may_write(person, purpose, channel))
    ]
    said = [
        {
            "purpose": each.purpose,
            "channel": each.channel,
            "given": each.given,
            "at": instant_text(each.at),
            "source": each.source,
            "text_version": each.text_version,
        }
        for each in reversed(history)
    ]
    waiting = [
        {key: instant_text(value) if isinstance(value, datetime) else value for key, value in each.items()}
        for each in asked
    ]
    return {"member_id": str(name[2]), "permissions": permissions, "history": said, "asked": waiting}


def write_person(told: Mapping[str, Any]) -> None:
    """Show who a member is."""
    whole = " ".join(each for each in (told["given_name"], told["family_name"]) if each)
    known = ", ".join(each for each in (told["language"], told["zone"], told["country"]) if each)
    screen.out().print(f"{told['member_id']}: {whole or 'no name'} ({known or 'nothing more is known'})", markup=False)
    rows = [[str(value) if value is not None else "" for value in each.values()] for each in told["addresses"]]
    screen.write_table("Addresses", rows, _ADDRESS)


def write_consents(told: Mapping[str, Any]) -> None:
    """Show what a member agreed to: first where they may be written to, then what was said."""
    rows = []
    for purpose in PURPOSES:
        of_it = [each for each in told["permissions"] if each["purpose"] == purpose]
        yes, no = [
            ", ".join(each["channel"] for each in of_it if each["allowed"] is allowed) for allowed in (True, False)
        ]
        rows.append([purpose, yes or "nowhere", no or "nowhere"])
    screen.write_table("May be written to", rows, ("for", "on", "not on"))
    screen.write_table("Said", [[str(value) for value in each.values()] for each in told["history"]], _WORD)
    if told["asked"]:
        rows = [[str(value) if value is not None else "no" for value in each.values()] for each in told["asked"]]
        screen.write_table("Ticked on a page, to be confirmed by mail", rows, _ASKED)
