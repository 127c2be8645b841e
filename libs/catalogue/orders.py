"""An order of a reward as it stands, what may be done with it, and what that moves: stock, uses of limits, steps. Pure.

What an order has of stock and limits follows from its state alone, so whatever is done twice moves nothing twice, and
what it took comes back exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from libs.catalogue.flow import FULFILLED, GIVEN_BACK, UNMADE, Doer, Flow, State, may_cancel
from libs.catalogue.kinds.base import Issued
from libs.catalogue.pricing import Price

OrderRefusal = str


class Step(NamedTuple):
    """Something that happened to an order: its new state, when, by whose doing, and what was said with it."""

    number: int
    state: State
    at: datetime
    by: Doer
    note: str | None = None
    tracking: str | None = None


class Order(Struct, frozen=True):
    """An order, which goes by the id of its redemption.

    Of `quantity` pieces `cancelled` were given up, of them `restocked` can be given to somebody else. `points` and
    `money_minor` are the price of all pieces; of it `points_back` and `money_back` came back. `stock_at` is the store
    whose stock it takes ("": the one of all stores; None: none is counted), `counted_in` the period of the limit that
    all share (None: there is none). `campaign` granted it, or nobody.
    """

    order_id: UUID
    reference: str
    version: int
    kind: str
    category: str
    state: State
    quantity: int
    price: Price
    asked_at: datetime
    changed_at: datetime
    ordered_at: datetime | None = None
    cancelled: int = 0
    restocked: int = 0
    points_back: int = 0
    money_back: int = 0
    store: str | None = None
    channel: str | None = None
    stock_at: str | None = None
    counted_in: str | None = None
    starts_on: date | None = None
    answers: Mapping[str, Any] = {}
    issued: tuple[Issued, ...] = ()
    campaign: str | None = None
    cause: str | None = None
    steps: tuple[Step, ...] = ()

    @property
    def kept(self) -> int:
        """How many pieces were not given up."""
        return self.quantity - self.cancelled


class Taking(NamedTuple):
    """What an order has of what is scarce: pieces reserved, pieces taken from stock, and uses of limits."""

    reserved: int = 0
    taken: int = 0
    used: int = 0


NOTHING = Taking()


def taking(order: Order | None) -> Taking:
    """What an order has of stock and limits as it stands."""
    if order is None or order.state in ("released", "expired"):
        return NOTHING
    if order.state == "held":
        return Taking(reserved=order.quantity, used=order.quantity)
    return Taking(taken=order.quantity - order.restocked, used=order.kept)


class Moves(NamedTuple):
    """What a change of an order does to its stock (free and reserved pieces) and to the uses of the common limit."""

    left: int
    reserved: int
    used: int


def moves(before: Order | None, after: Order) -> Moves:
    """What becomes of stock and limits when an order changes."""
    was, now = taking(before), taking(after)
    reserved = now.reserved - was.reserved
    return Moves(-(reserved + now.taken - was.taken), reserved, now.used - was.used)


class Back(NamedTuple):
    """An order after a part of it, or all, was given up; and what of its price comes back for that."""

    order: Order
    points: int
    money_minor: int


def ordered(order: Order, flow: Flow, issued: tuple[Issued, ...], now: datetime, by: Doer = "member") -> Order:
    """Order what was held, or at once: electronic things are usable from now on."""
    return stepped(replace(order, ordered_at=now, issued=issued), flow.first, now, by)


def stepped(
    order: Order, state: State, now: datetime, by: Doer, note: str | None = None, tracking: str | None = None
) -> Order:
    """Bring an order into a state, and keep that as a step."""
    step = Step(len(order.steps) + 1, state, now, by, note, tracking)
    return replace(order, state=state, changed_at=now, steps=(*order.steps, step))


def advanced(
    order: Order, flow: Flow, state: State, now: datetime, by: Doer, note: str | None, tracking: str | None
) -> Back | OrderRefusal:
    """Go on to a state; what was returned, or failed, gives the whole price back. The same state again is no change."""
    if order.state == state:
        return Back(order, 0, 0)
    if not flow.may(order.state, state):
        return "step-not-possible"
    after = stepped(order, state, now, by, note, tracking)
    if state not in GIVEN_BACK:
        return Back(after, 0, 0)
    return _back(after, after.kept, 100, restocks=flow.restocks and state == "returned")


def cancelled(
    order: Order, flow: Flow, quantity: int | None, now: datetime, zone: ZoneInfo, by: Doer, note: str | None = None
) -> Back | OrderRefusal:
    """Give an order up, or so many pieces of it, by the rules of its kind."""
    verdict = may_cancel(flow, order.state, by, order.ordered_at or order.asked_at, order.starts_on, now, zone)
    if verdict.refused is not None:
        return verdict.refused
    pieces = order.kept if quantity is None else quantity
    if pieces > order.kept:
        return "quantity-exceeded"
    given_up = _back(order, pieces, verdict.percent, restocks=flow.restocks)
    state: State = order.state if given_up.order.kept else "cancelled"
    return given_up._replace(order=stepped(given_up.order, state, now, by, note))


def _back(order: Order, pieces: int, percent: int, *, restocks: bool) -> Back:
    """Give pieces up for so many percent of their price; parts add up to the whole, to the point."""
    after = order.cancelled + pieces
    points = _share(order.price.points, order.cancelled, after, order.quantity, percent)
    money = _share(order.price.money_minor, order.cancelled, after, order.quantity, percent)
    changed = replace(
        order,
        cancelled=after,
        restocked=order.restocked + (pieces if restocks else 0),
        points_back=order.points_back + points,
        money_back=order.money_back + money,
    )
    return Back(changed, points, money)


def _share(whole: int, before: int, after: int, of: int, percent: int) -> int:
    """What pieces given up from one number to another are worth, of a price for so many, rounded on the whole of it."""
    return whole * after * percent // (of * 100) - whole * before * percent // (of * 100)


def told(before: Order | None, after: Order) -> tuple[str, ...]:
    """The events of a change, by their verbs: held, redeemed, issued, fulfilled, cancelled, expired."""
    was = None if before is None else before.state
    found = []
    if after.state == "held" and was is None:
        found.append("held")
    if after.state not in UNMADE and (was is None or was == "held"):
        found.append("redeemed")
        if after.issued:
            found.append("issued")
    if after.state in FULFILLED and was not in FULFILLED:
        found.append("fulfilled")
    gave_up = after.cancelled > (0 if before is None else before.cancelled)
    if gave_up or (after.state == "released" and was != "released"):
        found.append("cancelled")
    if after.state == "expired" and was != "expired":
        found.append("expired")
    return tuple(found)
