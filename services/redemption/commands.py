"""Requests that come over the topic: what an event asks for, and whose programme it belongs to. Pure."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from libs.contracts.codec import Event, canonical
from libs.contracts.events import TradeRequestedV1
from libs.contracts.redemption import Ask
from libs.contracts.rejection import Rejection
from libs.contracts.soundness import unsound
from libs.contracts.trades import TRADES, TradeAsk
from libs.lives.life import MemberName
from libs.lives.made import Cause
from libs.runtime.keys import body_hash, event_key
from services.redemption.deciding import Asked, RequestName, id_of, meaning, name_of
from services.redemption.domain import Rules
from services.redemption.sources import Origin, Sources

BEGINS = TRADES | {"redeem", "hold"}
"""The operations that follow on nothing."""
UNKNOWN_SOURCE = Rejection("unknown-source", "/source", "a registered source, or something below one")


class Command(Struct, frozen=True):
    """A request on its way to a decision: `asked` as it would come over HTTP, `source` and `id` those of its event."""

    asked: Asked
    member: MemberName
    origin: Origin
    source: str
    id: str
    key: UUID
    body_hash: int

    @property
    def ask(self) -> Ask:
        """What it asks for."""
        return self.asked.ask

    @property
    def candidates(self) -> tuple[UUID, ...]:
        """The ids that the redemption may have which it follows on, or begins."""
        return self.asked.candidates

    @property
    def tenant_id(self) -> int:
        """The tenant that it belongs to."""
        return self.ask.tenant_id


def command(event: Event[Any], sources: Sources) -> Command | Rejection:
    """Read what an event asks for, or say why it is nothing that could be asked."""
    origin = sources.of(event.source)
    if origin is None:
        return UNKNOWN_SOURCE
    data = event.data
    if (rejection := unsound(data)) is not None:
        return rejection
    tenant, programme = origin.scope
    ask = _trade(event, tenant) if event.type == TradeRequestedV1.event_type else _spending(event, tenant)
    if data.operation in BEGINS:
        ask = replace(ask, programme_id=programme, member_id=data.member_id)
        candidates: tuple[UUID, ...] = (id_of(name_of(ask)),)
    else:
        candidates = _followed(ask, data)
        ask = replace(ask, redemption_id=candidates[0])
    member = (tenant, programme, data.member_id)

    def cause(redemption_id: UUID, _: Rules) -> Cause:
        return Cause(redemption_id, event.source, event.id)

    return Command(
        Asked(ask, name_of(ask), member, candidates, (meaning(ask),), cause),
        member,
        origin,
        event.source,
        event.id,
        event_key(event.source, event.id),
        body_hash(canonical(data)),
    )


def _spending(event: Event[Any], tenant: int) -> Ask:
    data = event.data
    return Ask(
        data.operation,
        tenant,
        data.credential or event.source,
        key=digest(data.key or event.id),
        points=data.points,
        wallet=data.wallet,
        reference=data.reference,
        bill_minor=data.bill_minor,
        currency=data.currency,
        partial=data.partial,
        household=data.household,
        returned_minor=data.returned_minor,
    )


def _trade(event: Event[Any], tenant: int) -> Ask:
    data = event.data
    comes = data.operation == "exchange_in"
    return Ask(
        data.operation,
        tenant,
        data.credential or event.source,
        key=digest(data.key or event.id),
        points=None if comes else data.amount,
        wallet=data.wallet,
        reference=data.reference,
        currency=data.currency,
        trade=TradeAsk(
            partner=data.partner,
            units=data.amount if comes else None,
            charity=data.charity,
            pool=data.pool,
            paid_minor=data.paid_minor,
            payment=data.payment,
        ),
    )


def digest(key: str) -> bytes:
    """The digest that a key is known by, as the gateway makes it of an Idempotency-Key."""
    return sha256(key.encode()).digest()


def _followed(ask: Ask, data: Any) -> tuple[UUID, ...]:
    """The redemption that is named: by its id, or by the key that it was begun under, as a hold or at once.

    Without either it is the request's own key.
    """
    if data.redemption_id is not None:
        return (data.redemption_id,)
    begun = RequestName(
        ask.tenant_id, ask.credential, "hold", ask.key if data.begun_under is None else digest(data.begun_under)
    )
    held = id_of(begun)
    return (id_of(begun._replace(operation="redeem")), held) if ask.operation == "cancel" else (held,)
