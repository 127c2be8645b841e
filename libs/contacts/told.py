"""What is told of a person, at once or bit by bit, checked before anything of it is kept. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from libs.contacts.addresses import ALONE, CheckedAddress
from libs.contacts.person import Consent
from libs.ledger.zones import zone_names

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
_COUNTRY = re.compile(r"[A-Z]{2}")
NAME_MOST = 128


@dataclass(frozen=True, slots=True)
class ToldPerson:
    """What is told of whom to address: None for as it was, an empty text for what is no more."""

    given_name: str | None = field(default=None, repr=False)
    family_name: str | None = field(default=None, repr=False)
    language: str | None = None
    zone: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class ToldAddress:
    """An address that a member has, or has no more."""

    address: CheckedAddress
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """All that is told of one member. `emptied` are channels whose former addresses go in any case."""

    person: ToldPerson | None = None
    addresses: tuple[ToldAddress, ...] = ()
    consents: tuple[Consent, ...] = ()
    emptied: frozenset[str] = frozenset()

    def replaces(self, channel: str) -> bool:
        """Whether what a channel had before goes."""
        if channel in self.emptied:
            return True
        return channel in ALONE and any(each.address.channel == channel and not each.gone for each in self.addresses)


def fits_language(text: str) -> bool:
    """Whether it is a language as templates name it: `cs`, `en-GB`, `zh-Hant-TW`."""
    return _LANGUAGE.fullmatch(text) is not None


def fits_zone(text: str) -> bool:
    """Whether it is a time zone of IANA's list."""
    return text in zone_names()


def fits_country(text: str) -> bool:
    """Whether it has the form of a country's code, ISO 3166-1."""
    return _COUNTRY.fullmatch(text) is not None


def together(told: Iterable[Told]) -> Told:
    """What several, one after the other, tell of a member: of a person and an address the last, of consents all."""
    person: ToldPerson | None = None
    addresses: dict[tuple[str, str], ToldAddress] = {}
    consents: tuple[Consent, ...] = ()
    emptied: frozenset[str] = frozenset()
    for each in told:
        person = _over(person, each.person)
        fresh = {_name(address.address): address for address in each.addresses}
        taken = frozenset(channel for channel, _ in fresh if each.replaces(channel)) | each.emptied
        addresses = {
            name: replace(address, gone=True) if name[0] in taken else address for name, address in addresses.items()
        } | fresh
        emptied |= taken
        consents += each.consents
    return Told(person, tuple(addresses.values()), consents, emptied)


def _over(before: ToldPerson | None, after: ToldPerson | None) -> ToldPerson | None:
    if before is None or after is None:
        return before or after
    return ToldPerson(
        *[
            getattr(before if getattr(after, name) is None else after, name)
            for name in ("given_name", "family_name", "language", "zone", "country")
        ]
    )


def _name(address: CheckedAddress) -> tuple[str, str]:
    return address.channel, address.identity
