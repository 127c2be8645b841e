"""What redemption tells: its answers to callers, and the events of what it did. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from libs.contracts.redemption import BillView, RedeemedLot, RedemptionQuote, RedemptionView
from libs.contracts.writer import EventWriter
from libs.ledger.model import MemberLedger
from libs.lives.life import Life
from libs.lives.made import event_data, event_type_of
from libs.runtime.batch import Outgoing
from libs.runtime.keys import event_id
from services.redemption.domain import Bill, Changed, Portion, Quoted, Rules

POINTS = "loyalty.points"
SOURCE = "/pointstream/redemption"


def events_of(life: Life, rules: Rules, spread: int, now: datetime) -> list[Outgoing]:
    """The events of what was done to a member since this was asked last, in the order of their numbers."""
    member = str(life.name[2])
    key = member.encode()
    events = []
    for made in life.untold():
        kind, seq = event_type_of(made.movement), made.movement.seq
        writer = EventWriter(type=kind, source=SOURCE, time=now, tenant=rules.tenant, programme=rules.programme)
        name = event_id(rules.tenant, made.cause.key.hex, kind, member, seq)
        value = writer.write(name, member, seq, event_data(made, member))
        events.append(Outgoing(POINTS, key, spread, value, writer.headers(name, key, seq), True))
    return events


def answer(changed: Changed, life: Life, programme: str, *, came_back: bool) -> bytes:
    """Tell a redemption as it stands, to whoever asked; `came_back` says that points did by the request."""
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
        lots=_lots(redemption.portions, life.ledger),
        bill=None if redemption.bill is None else bill_view(redemption.bill),
        lapsed=changed.lapsed if came_back else None,
    )
    return view.model_dump_json(exclude_none=False).encode()


def quote(
    member_id: UUID, rules: Rules, points: int, made: Quoted, ledger: MemberLedger, bill: Bill | None = None
) -> bytes:
    """Tell what a redemption would take, and pay of a bill."""
    view = RedemptionQuote(
        member_id=member_id,
        programme=rules.programme,
        points=points,
        possible=made.refused is None,
        reason=made.refused,
        spendable=made.spendable,
        lots=_lots(made.portions, ledger),
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


def _lots(portions: Sequence[Portion], ledger: MemberLedger) -> tuple[RedeemedLot, ...]:
    lots = {lot.seq: lot for lot in ledger.lots}
    return tuple(
        RedeemedLot(
            lot=each.lot_seq,
            wallet=each.wallet,
            points=each.amount,
            restored=each.restored,
            earned_at=lots[each.lot_seq].earned_at,
            expires_at=lots[each.lot_seq].expires_at,
        )
        for each in portions
    )
