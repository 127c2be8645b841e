"""Receipts as earning takes them in: what a decoded event must still satisfy before anything is looked up."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from libs.contracts.codec import Event, canonical
from libs.contracts.currencies import CURRENCIES
from libs.contracts.events import Identifier, PurchaseCompletedV1
from libs.contracts.rejection import Rejection
from libs.runtime.keys import body_hash, event_key
from services.earning.programmes import Programmes, RunningProgramme

PERSONAL = frozenset({"phone", "email"})
"""Kinds of identifier that name a person outside the programme; only a keyed hash of them is kept."""


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """A purchase on its way to a decision; `identifiers` as they are looked up, `arrived_at` in business time."""

    event: Event[PurchaseCompletedV1]
    programme: RunningProgramme
    key: UUID
    body_hash: int
    identifiers: tuple[str, ...]
    facts: bytes
    arrived_at: datetime


@dataclass(frozen=True, slots=True)
class IdentifierHasher:
    """Names identifiers: `card:123` in clear, personal ones by a keyed hash that nobody can turn back."""

    key: bytes

    def name(self, identifier: Identifier) -> str:
        """Return the text that an identifier is known by."""
        if identifier.kind in PERSONAL:
            return f"{identifier.kind}:{hmac.new(self.key, identifier.value.encode(), sha256).hexdigest()[:32]}"
        return f"{identifier.kind}:{identifier.value}"

    def names(self, identifiers: Sequence[Identifier]) -> tuple[str, ...]:
        """Return the names of several, in order."""
        return tuple([self.name(identifier) for identifier in identifiers])


def select(
    event: Event[PurchaseCompletedV1], programmes: Programmes, hasher: IdentifierHasher, arrived_at: datetime
) -> Receipt | Rejection:
    """Check what the schema can't: a registered source, a currency that exists, lines that add up to the total."""
    programme = programmes.of_source(event.source)
    if programme is None:
        return Rejection("unknown-source", "/source", "a registered source, or something below one")
    data = event.data
    if data.currency not in CURRENCIES:
        return Rejection("unknown-currency", "/data/currency", "an active currency of ISO 4217")
    if data.lines and sum([line.amount_minor for line in data.lines]) != data.total_minor:
        return Rejection("total-mismatch", "/data/total_minor", "the sum of the lines' amounts")
    names = hasher.names(data.identifiers)
    body = canonical(data)
    facts = canonical(_without_persons(data, names)) if _personal(data) else body
    return Receipt(event, programme, event_key(event.source, event.id), body_hash(body), names, facts, arrived_at)


def _personal(data: PurchaseCompletedV1) -> bool:
    return any(identifier.kind in PERSONAL for identifier in data.identifiers)


def _without_persons(data: Any, names: Sequence[str]) -> Any:
    """Replace the values of personal identifiers in a decoded payload, a msgspec struct, by their hashes."""
    hidden = tuple(
        msgspec.structs.replace(identifier, value=name.partition(":")[2])
        for identifier, name in zip(data.identifiers, names, strict=True)
    )
    return msgspec.structs.replace(data, identifiers=hidden)
