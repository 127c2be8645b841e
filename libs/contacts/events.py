"""From a profile event to what is kept of a person, or what is wrong with it, in words that repeat nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from libs.contacts.addresses import Unfit, read_address
from libs.contacts.person import Consent
from libs.contacts.told import Told, ToldAddress, ToldPerson, fits_zone
from libs.contracts.rejection import Rejection

_ZONE = Rejection("field", "/data/person/zone", "a time zone of IANA's list")


def told_by(data: Any, source: str, at: datetime) -> Told | Rejection | None:
    """Return what a `member.enrolled` or `member.updated` tells of a person; None when it is nothing.

    `source` and `at` are those of the event: where and when consents were given that do not say so themselves.
    """
    if data.person is None and not data.contacts and not data.consents:
        return None
    return told_of(data.person, data.contacts, data.consents, source, at)


def told_of(
    person: Any,
    contacts: Iterable[Any],
    consents: Iterable[Any],
    source: str,
    at: datetime,
    country: str | None = None,
) -> Told | Rejection:
    """Return what the parts of a payload tell, which have the fields of `libs.contracts.events.person`.

    `country` is what is known of the person so far, for numbers without one.
    """
    if person is not None:
        country = person.country or country
        if person.zone and not fits_zone(person.zone):
            return _ZONE
    addresses: dict[tuple[str, str], ToldAddress] = {}
    for index, contact in enumerate(contacts):
        read = read_address(contact.channel, contact.address, country)
        if isinstance(read, Unfit):
            return Rejection("field", f"/data/contacts/{index}/address", read.expected)
        addresses[read.channel, read.identity] = ToldAddress(read, contact.gone)
    return Told(
        None
        if person is None
        else ToldPerson(person.given_name, person.family_name, person.language, person.zone, person.country),
        tuple(addresses.values()),
        tuple(
            [
                Consent(
                    each.purpose,
                    each.channel,
                    each.given,
                    each.at or at,
                    each.source or source[:_SOURCE_MOST],
                    each.text_version or "",
                )
                for each in consents
            ]
        ),
    )


def unfit(data: Any) -> Rejection | None:
    """Return what is wrong with what an event tells of a person; None for nothing, and for other events."""
    if not hasattr(data, "contacts"):
        return None
    told = told_by(data, "", _ANY)
    return told if isinstance(told, Rejection) else None


_SOURCE_MOST = 128
_ANY = datetime.min.replace(tzinfo=UTC)
