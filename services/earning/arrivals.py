"""Events as earning takes them in: what a decoded event must still satisfy before anything is looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec

from libs.codes.proof import CartProofs
from libs.contracts.codec import Event, canonical
from libs.contracts.identifiers import PERSONAL, IdentifierNames
from libs.contracts.registry import EVENTS
from libs.contracts.rejection import Rejection
from libs.contracts.soundness import unsound
from libs.judging.occasions import is_false
from libs.judging.programmes import Programmes
from libs.judging.versions import OWN_SOURCE, RunningProgramme
from libs.runtime.keys import body_hash, event_key, receipt_key

UNKNOWN_SOURCE = Rejection("unknown-source", "/source", "a registered source, or something below one")
NOT_OURS = Rejection("unknown-source", "/source", "a source of the platform's own, for nobody else may say this")

ACTIVITIES = "loyalty.activities"
"""The topic of all that is no receipt and no profile."""
COMPLETED = "purchase.completed"
CORRECTED = "purchase.corrected"
VOIDED = "purchase.voided"
RETURNED = "purchase.returned"
BOUGHT = frozenset({COMPLETED, CORRECTED})
CLAIMED = "purchase.claimed"
RESOLVED = "purchase.resolved"
RECORDED = "activity.recorded"
ADJUSTED = "adjustment.requested"
REDATING = "redating.requested"
EXTENSION = "extension.requested"
REINSTATEMENT = "reinstatement.requested"
BY_HAND = frozenset({ADJUSTED, REDATING, EXTENSION, REINSTATEMENT})
TRANSFER = "transfer.requested"
MERGE = "merge.requested"
UNMERGE = "unmerge.requested"
MOVINGS = frozenset({TRANSFER, MERGE, UNMERGE})
MERGERS = frozenset({MERGE, UNMERGE})
PAIRS = frozenset({TRANSFER, MERGE})
DUE = "member.due"
NO_CART = "cart-invalid"
"""Why a cart does not count whose token is none of ours, or another receipt's."""
CART_LATE = "cart-late"
"""Why codes do not count: the purchase was made after the cart's time."""
REFERRAL_CLAIMED = "referral.claimed"
REFERRAL_DUE = "referral.due"
REFERRAL_RESOLVED = "referral.resolved"
REFERRALS = frozenset({REFERRAL_CLAIMED, REFERRAL_DUE, REFERRAL_RESOLVED})


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """An event on its way to a decision; `identifiers` as they are looked up, `arrived_at` in business time.

    `kind` is the event's type without its frame. `receipt_key` names the receipt that it is, or is about. `refusal` is
    why the cart of a receipt does not count, or not its codes.
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
    refusal: str | None = None

    @property
    def tenant_id(self) -> int:
        """The tenant that it belongs to."""
        return self.programme.tenant_id

    @property
    def scope(self) -> tuple[int, int]:
        """Tenant and programme, as rows name them."""
        return self.programme.key


def select(
    event: Event[Any], programmes: Programmes, naming: IdentifierNames, arrived_at: datetime, proofs: CartProofs
) -> Arrival | Rejection:
    """Check what the schema can't: a registered source, and one of ours for what only we may say; sound values."""
    programme = programmes.of_source(event.source)
    if programme is None:
        return UNKNOWN_SOURCE
    data, kind = event.data, _KINDS[event.type]
    if kind in _INTERNAL and not event.source.startswith(OWN_SOURCE + "/"):
        return NOT_OURS
    if kind == RECORDED and is_false(programme, event.source, data.activity):
        return NOT_OURS
    if (rejection := unsound(data)) is not None:
        return rejection
    shown = getattr(data, "identifiers", ())
    names = naming.names(shown)
    number = getattr(data, "receipt_number", None)
    about = None if number is None else receipt_key(*programme.key, data.store, number)
    refusal = None
    if about is not None and kind in BOUGHT and (data.cart is not None or data.codes):
        event, refusal = _with_cart(event, about, proofs)
        data = event.data
    body = canonical(data)
    facts = _facts(data, names, body)
    key = event_key(event.source, event.id)
    return Arrival(event, kind, programme, key, body_hash(body), names, facts, arrived_at, about, refusal)


def with_cart(arrival: Arrival, token: str | None, pools: tuple[str, ...], refusal: str | None) -> Arrival:
    """A receipt with what became of its cart: the token that it bears, the pools of the codes that count for it."""
    event = _replaced(arrival.event, cart=token, codes=pools)
    facts = _facts(event.data, arrival.identifiers, canonical(event.data))
    return msgspec.structs.replace(arrival, event=event, facts=facts, refusal=arrival.refusal or refusal)


_KINDS: Mapping[str, str] = MappingProxyType(
    {
        f"org.pointstream.{kind}.v1": kind
        for kind in (
            COMPLETED,
            CORRECTED,
            VOIDED,
            RETURNED,
            CLAIMED,
            RESOLVED,
            RECORDED,
            *BY_HAND,
            DUE,
            *MOVINGS,
            *REFERRALS,
        )
    }
)
_INTERNAL = frozenset(kind for event_type, kind in _KINDS.items() if EVENTS[event_type].internal)


def _with_cart(event: Event[Any], about: UUID, proofs: CartProofs) -> tuple[Event[Any], str | None]:
    """Let those codes alone count that the receipt's own cart names, and that cart alone; or say why they do not."""
    data: Any = event.data
    if data.cart is None:
        return _replaced(event, codes=()), None
    cart = proofs.read(about, data.cart)
    if cart is None:
        return _replaced(event, codes=(), cart=None), NO_CART
    pools = cart.pools_at(getattr(data, "purchased_at", event.time))
    return _replaced(event, codes=pools), None if pools == cart.pools else CART_LATE


def _replaced(event: Event[Any], **told: Any) -> Event[Any]:
    data: Any = msgspec.structs.replace(event.data, **told)
    changed: Event[Any] = msgspec.structs.replace(event, data=data)  # type: ignore[type-var]  # a struct at run time
    return changed


def _facts(data: Any, names: Sequence[str], body: bytes) -> bytes:
    """What is kept of an event, whose canonical form is at hand: no persons."""
    personal = any([shown.kind in PERSONAL for shown in getattr(data, "identifiers", ())])  # noqa: C419
    return canonical(_without_persons(data, names)) if personal else body


def _without_persons(data: Any, names: Sequence[str]) -> Any:
    """Replace the values of personal identifiers in a decoded payload, a msgspec struct, by their hashes."""
    hidden = tuple(
        msgspec.structs.replace(identifier, value=name.partition(":")[2])
        for identifier, name in zip(data.identifiers, names, strict=True)
    )
    return msgspec.structs.replace(data, identifiers=hidden)
