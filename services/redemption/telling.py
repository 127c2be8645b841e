"""What redemption tells: its answers to callers, and the events of what it did. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from libs.catalogue.kinds.registry import kind_of
from libs.catalogue.offering import Offer
from libs.catalogue.orders import Order, told
from libs.catalogue.reward import Reward
from libs.catalogue.telling import event_data as order_data
from libs.catalogue.telling import order_view, price_view, reason_view
from libs.contracts.orders import OrderView
from libs.contracts.redemption import BillView, RedeemedLot, RedemptionQuote, RedemptionView
from libs.contracts.writer import EventWriter
from libs.ledger.model import Lot, MemberLedger
from libs.lives.life import Life, MemberName
from libs.lives.made import event_data, event_type_of
from libs.runtime.batch import Outgoing
from libs.runtime.keys import event_id
from services.redemption import trade_telling
from services.redemption.domain import Bill, Changed, Portion, Quoted, Rules
from services.redemption.households.pool import ALONE, Beside

POINTS = "loyalty.points"
REWARDS = "loyalty.rewards"
SOURCE = "/pointstream/redemption"
_MOST_DETAIL = 256


def events_of(life: Life, rules: Rules, spread: int, now: datetime) -> list[Outgoing]:
    """The events of what was done to a member since this was asked last, in the order of their numbers."""
    member = str(life.name[2])
    key = member.encode()
    events = []
    for made in life.untold():
        kind, seq = event_type_of(made.movement), made.movement.seq
        writer = _writer(kind, now, rules.tenant, rules.programme)
        name = event_id(rules.tenant, made.cause.key.hex, kind, member, seq)
        value = writer.write(name, member, seq, event_data(made, member))
        events.append(Outgoing(POINTS, key, spread, value, writer.headers(name, key, seq), True))
    return events


@lru_cache(maxsize=64)
def _writer(kind: str, now: datetime, tenant: str, programme: str) -> EventWriter:
    """What the events of a batch share is written once."""
    return EventWriter(type=kind, source=SOURCE, time=now, tenant=tenant, programme=programme)


def answer(
    changed: Changed, life: Life, programme: str, *, came_back: bool, reward: Reward | None = None,
    beside: Beside = ALONE,
) -> bytes:  # fmt: skip
    """Tell a redemption as it stands, to whoever asked; `came_back` says that points did by the request.

    Of what was for a reward, that too is given; `beside` are the others whose lots it took.
    """
    redemption = changed.redemption
    view = RedemptionView(
        redemption_id=redemption.redemption_id,
        member_id=redemption.name[2],
        programme=programme,
        state=redemption.state,
        points=redemption.points,
        restored=redemption.restored,
        hold_until=redemption.hold_until,
        extended=redemption.extended,
        reference=redemption.reference,
        asked_at=redemption.asked_at,
        changed_at=redemption.changed_at,
        lots=_lots(redemption.portions, life.ledger, beside),
        bill=None if redemption.bill is None else bill_view(redemption.bill),
        lapsed=changed.lapsed if came_back else None,
        order=_order(changed, reward),
        trade=None if redemption.trade is None else trade_telling.view(redemption.trade),
    )
    return view.model_dump_json(exclude_none=False).encode()


def _order(changed: Changed, reward: Reward | None) -> OrderView | None:
    redemption = changed.redemption
    if redemption.order is None or reward is None:
        return None
    return order_view(redemption.name[2], redemption.order, kind_of(reward.what).flow(reward.what))


def order_events(
    name: MemberName, rules: Rules, spread: int, before: Order | None, after: Order | None, now: datetime
) -> list[Outgoing]:
    """The events of what became of an order by a request; the same request makes the same events again."""
    if after is None:
        return []
    member = str(name[2])
    key, events = member.encode(), []
    verbs = told(before, after)
    if not verbs and before is not None and before.state != after.state:
        verbs = ("advanced",)
    data = order_data(member, after) if verbs else {}
    for verb in verbs:
        kind = f"org.pointstream.reward.{verb}.v1"
        writer = _writer(kind, now, rules.tenant, rules.programme)
        event = event_id(rules.tenant, after.order_id.hex, kind, member, len(after.steps))
        value = writer.write(event, member, None, data)
        events.append(Outgoing(REWARDS, key, spread, value, writer.headers(event, key, None), True))
    return events


def wish_event(
    name: MemberName, rules: Rules, spread: int, reference: str, points: int, spendable: int, now: datetime
) -> Outgoing:
    """The event that a wish has come within reach."""
    member, kind = str(name[2]), "org.pointstream.reward.reached.v1"
    key = member.encode()
    writer = EventWriter(type=kind, source=SOURCE, time=now, tenant=rules.tenant, programme=rules.programme)
    event = event_id(rules.tenant, f"{reference} {now.isoformat()}", kind, member, 0)
    data = {"member_id": member, "reference": reference, "points": points, "spendable": spendable}
    return Outgoing(
        REWARDS, key, spread, writer.write(event, member, None, data), writer.headers(event, key, None), True
    )


def withheld_event(
    name: MemberName, rules: Rules, spread: int, reference: str, code: str, detail: str, now: datetime
) -> Outgoing:
    """The event that a standing order could not be done."""
    member, kind = str(name[2]), "org.pointstream.reward.withheld.v1"
    key = member.encode()
    writer = EventWriter(type=kind, source=SOURCE, time=now, tenant=rules.tenant, programme=rules.programme)
    event = event_id(rules.tenant, f"{reference} {code} {now.isoformat()}", kind, member, 0)
    data = {"member_id": member, "reference": reference, "code": code, "detail": detail[:_MOST_DETAIL]}
    return Outgoing(
        REWARDS, key, spread, writer.write(event, member, None, data), writer.headers(event, key, None), True
    )


def offer_quote(
    member_id: UUID, rules: Rules, found: Offer, made: Quoted | None, ledger: MemberLedger, language: str,
    beside: Beside = ALONE,
) -> bytes:  # fmt: skip
    """Tell what a reward would take, or everything that bars it."""
    price = found.price
    codes = [reason.code for reason in found.reasons]
    view = RedemptionQuote(
        member_id=member_id,
        programme=rules.programme,
        points=0 if price is None else price.points,
        possible=found.in_reach,
        reason=codes[0] if codes else None,
        spendable=0 if made is None else made.spendable,
        lots=() if made is None or not found.in_reach else _lots(made.portions, ledger, beside),
        price=None if price is None else price_view(price),
        prices=tuple(price_view(each) for each in found.prices),
        reasons=tuple(reason_view(each, language) for each in found.reasons),
    )
    return view.model_dump_json().encode()


def quote(
    member_id: UUID, rules: Rules, points: int, made: Quoted, ledger: MemberLedger, bill: Bill | None = None,
    beside: Beside = ALONE,
) -> bytes:  # fmt: skip
    """Tell what a redemption would take, and pay of a bill."""
    view = RedemptionQuote(
        member_id=member_id,
        programme=rules.programme,
        points=points,
        possible=made.refused is None,
        reason=made.refused,
        spendable=made.spendable,
        lots=_lots(made.portions, ledger, beside),
        bill=None if bill is None else bill_view(bill),
    )
    return view.model_dump_json().encode()


def bill_view(bill: Bill) -> BillView:
    """What points pay, as it is shown."""
    return BillView(
        currency=bill.currency,
        amount_minor=bill.amount,
        paid_minor=bill.paid,
        rest_minor=bill.amount - bill.paid,
        rate_points=bill.rate_points,
        rate_minor=bill.rate_minor,
        tax=bill.tax,
        returned_minor=bill.returned,
    )


def _lots(portions: Sequence[Portion], ledger: MemberLedger, beside: Beside) -> tuple[RedeemedLot, ...]:
    found: dict[tuple[UUID | None, int], Lot] = {(None, lot.seq): lot for lot in ledger.lots}
    for owner in {each.owner for each in portions if each.owner is not None}:
        found |= {(owner, lot.seq): lot for lot in beside.lives[owner].ledger.lots}
    return tuple(
        RedeemedLot(
            lot=each.lot_seq,
            wallet=each.wallet,
            points=each.amount,
            restored=each.restored,
            earned_at=found[each.owner, each.lot_seq].earned_at,
            expires_at=found[each.owner, each.lot_seq].expires_at,
            owner_id=each.owner,
        )
        for each in portions
    )
