"""What is told of trades: how one is shown, its event, and the number of a donation's receipt. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from libs.contracts.events import PointsBoughtV1, PointsDonatedV1, PointsExchangedV1
from libs.contracts.trades import TradeView, receipt_number
from libs.contracts.writer import EventWriter
from libs.runtime.batch import Outgoing
from libs.runtime.keys import event_id
from services.redemption.domain import Redemption, Rules, Trade

_POINTS = "loyalty.points"
_SOURCE = "/pointstream/redemption"


def view(trade: Trade) -> TradeView:
    """A trade as it is shown."""
    return TradeView(
        kind=trade.kind,
        wallet=trade.wallet,
        points=trade.points,
        other=trade.other,
        currency=trade.currency,
        party=trade.party,
        pool=trade.pool,
        payment=trade.payment,
        rate_points=trade.rate_points,
        rate_other=trade.rate_other,
        programme_version=trade.version,
        lot=trade.opens,
        due_at=trade.due_at,
    )


def traded(redemption: Redemption, rules: Rules, spread: int, now: datetime) -> list[Outgoing]:
    """The event of a trade, beside those of its movements; the same request makes the same event again.

    Of a loan the movements tell all.
    """
    trade = redemption.trade
    assert trade is not None
    if trade.kind == "lend":
        return []
    member = str(redemption.name[2])
    key, (kind, own) = member.encode(), _own(redemption, trade)
    data = {
        "member_id": member,
        "redemption_id": redemption.redemption_id,
        "wallet": trade.wallet,
        "points": trade.points,
        "rate_points": trade.rate_points,
        "programme_version": trade.version,
        "traded_at": redemption.asked_at,
        "reference": redemption.reference,
    } | own
    writer = EventWriter(type=kind, source=_SOURCE, time=now, tenant=rules.tenant, programme=rules.programme)
    name = event_id(rules.tenant, redemption.redemption_id.hex, kind, member, 0)
    value = writer.write(name, member, None, {each: said for each, said in data.items() if said is not None})
    return [Outgoing(_POINTS, key, spread, value, writer.headers(name, key, None), True)]


def _own(redemption: Redemption, trade: Trade) -> tuple[str, dict[str, Any]]:
    match trade.kind:
        case "buy":
            return PointsBoughtV1.event_type, {
                "rate_minor": trade.rate_other,
                "paid_minor": trade.other,
                "currency": trade.currency,
                "payment": trade.payment,
                "lot": trade.opens,
            }
        case "donate":
            return PointsDonatedV1.event_type, {
                "rate_minor": trade.rate_other,
                "charity": trade.party,
                "pool": trade.pool,
                "worth_minor": trade.other,
                "currency": trade.currency,
                "receipt": receipt_number(redemption.redemption_id, redemption.asked_at),
            }
    return PointsExchangedV1.event_type, {
        "way": "in" if trade.kind == "exchange_in" else "out",
        "partner": trade.party,
        "units": trade.other,
        "rate_units": trade.rate_other,
        "payment": trade.payment,
        "lot": trade.opens,
    }
