"""Receipts as earning takes them in: what a decoded event must still satisfy before anything is looked up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from libs.contracts.codec import Event, canonical
from libs.contracts.currencies import CURRENCIES
from libs.contracts.events import PurchaseCompletedV1
from libs.contracts.identifiers import PERSONAL, IdentifierNames
from libs.contracts.rejection import Rejection
from libs.runtime.keys import body_hash, event_key
from services.earning.programmes import Programmes, RunningProgramme

SEPARATOR = "\x1f"
"""Between identifiers that go to the database as one text."""
UNSEEMLY = Rejection("field", "/data/identifiers", "identifiers without the control character U+001F")


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """A purchase on its way to a decision; `identifiers` as they are looked up, `arrived_at` in business time."""

    event: Event[PurchaseCompletedV1]
    programme: RunningProgramme
    key: UUID
    body_hash: int
    identifiers: tuple[str, ...]
    facts: bytes
    arrived_at: datetime

    @property
    def tenant_id(self) -> int:
        """The tenant that it belongs to."""
        return self.programme.tenant_id


def select(
    event: Event[PurchaseCompletedV1], programmes: Programmes, naming: IdentifierNames, arrived_at: datetime
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
    names = naming.names(data.identifiers)
    if any([SEPARATOR in name for name in names]):  # noqa: C419  a list is faster for one or two
        return UNSEEMLY
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
