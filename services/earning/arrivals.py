"""Events as earning takes them in: what a decoded event must still satisfy before anything is looked up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec

from libs.contracts.codec import Event, canonical
from libs.contracts.currencies import CURRENCIES
from libs.contracts.identifiers import PERSONAL, IdentifierNames
from libs.contracts.registry import EVENTS
from libs.contracts.rejection import Rejection
from libs.runtime.keys import body_hash, event_key, receipt_key
from services.earning.programmes import OWN_SOURCE, Programmes, RunningProgramme

SEPARATOR = "\x1f"
"""Between identifiers that go to the database as one text."""
UNSEEMLY = Rejection("field", "/data/identifiers", "identifiers without the control character U+001F")
UNKNOWN_SOURCE = Rejection("unknown-source", "/source", "a registered source, or something below one")
NOT_OURS = Rejection("unknown-source", "/source", "a source of the platform's own, for nobody else may say this")

COMPLETED = "purchase.completed"
CORRECTED = "purchase.corrected"
VOIDED = "purchase.voided"
RETURNED = "purchase.returned"
CLAIMED = "purchase.claimed"
RESOLVED = "purchase.resolved"
RECORDED = "activity.recorded"
ADJUSTED = "adjustment.requested"
DUE = "member.due"


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """An event on its way to a decision; `identifiers` as they are looked up, `arrived_at` in business time.

    `kind` is the event's type without its frame. `receipt_key` names the receipt that it is, or is about.
    """

    event: Event[Any]
    kind: str
    programme: RunningProgramme
    key: UUID
    body_hash: int
    identifiers: tuple[str, ...]
    facts: bytes
    arrived_at: datetime
    receipt_key: UUID | None = None

    @property
    def tenant_id(self) -> int:
        """The tenant that it belongs to."""
        return self.programme.tenant_id

    @property
    def scope(self) -> tuple[int, int]:
        """Tenant and programme, as rows name them."""
        return self.programme.key


def select(
    event: Event[Any], programmes: Programmes, naming: IdentifierNames, arrived_at: datetime
) -> Arrival | Rejection:
    """Check what the schema can't: a registered source, a currency that exists, lines that add up to the total."""
    programme = programmes.of_source(event.source)
    if programme is None:
        return UNKNOWN_SOURCE
    data, kind = event.data, _KINDS[event.type]
    if kind in _INTERNAL and not event.source.startswith(OWN_SOURCE + "/"):
        return NOT_OURS
    check = _CHECKS.get(kind)
    if check is not None and (rejection := check(event)) is not None:
        return rejection
    shown = getattr(data, "identifiers", ())
    names = naming.names(shown)
    if any([SEPARATOR in name for name in names]):  # noqa: C419  a list is faster for one or two
        return UNSEEMLY
    body = canonical(data)
    personal = any([identifier.kind in PERSONAL for identifier in shown])  # noqa: C419
    facts = canonical(_without_persons(data, names)) if personal else body
    number = getattr(data, "receipt_number", None)
    about = None if number is None else receipt_key(*programme.key, data.store, number)
    return Arrival(
        event, kind, programme, event_key(event.source, event.id), body_hash(body), names, facts, arrived_at, about
    )


def _purchase(event: Event[Any]) -> Rejection | None:
    data = event.data
    if data.currency not in CURRENCIES:
        return Rejection("unknown-currency", "/data/currency", "an active currency of ISO 4217")
    if data.lines and sum([line.amount_minor for line in data.lines]) != data.total_minor:
        return Rejection("total-mismatch", "/data/total_minor", "the sum of the lines' amounts")
    return None


def _activity(event: Event[Any]) -> Rejection | None:
    currency = event.data.currency
    if currency is not None and currency not in CURRENCIES:
        return Rejection("unknown-currency", "/data/currency", "an active currency of ISO 4217")
    return None


def _adjustment(event: Event[Any]) -> Rejection | None:
    data = event.data
    if data.points == 0:
        return Rejection("field", "/data/points", "more or less than 0")
    if data.never_expires and data.expires_at is not None:
        return Rejection("field", "/data/expires_at", "null when the points never expire")
    return None


_KINDS: Mapping[str, str] = MappingProxyType(
    {
        f"org.pointstream.{kind}.v1": kind
        for kind in (COMPLETED, CORRECTED, VOIDED, RETURNED, CLAIMED, RESOLVED, RECORDED, ADJUSTED, DUE)
    }
)
_CHECKS: Mapping[str, Callable[[Event[Any]], Rejection | None]] = MappingProxyType(
    {COMPLETED: _purchase, CORRECTED: _purchase, RECORDED: _activity, ADJUSTED: _adjustment}
)
_INTERNAL = frozenset(kind for event_type, kind in _KINDS.items() if EVENTS[event_type].internal)


def _without_persons(data: Any, names: Sequence[str]) -> Any:
    """Replace the values of personal identifiers in a decoded payload, a msgspec struct, by their hashes."""
    hidden = tuple(
        msgspec.structs.replace(identifier, value=name.partition(":")[2])
        for identifier, name in zip(data.identifiers, names, strict=True)
    )
    return msgspec.structs.replace(data, identifiers=hidden)
