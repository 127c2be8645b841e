"""What is told of requests from the topic beside movements of points: refusals, and holds put off. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from libs.contracts.events import RedemptionExtendedV1, RedemptionRefusedV1, TradeRefusedV1
from libs.contracts.trades import TRADES
from libs.contracts.writer import EventWriter
from libs.runtime.batch import Outgoing
from libs.runtime.keys import event_id, kafka_partition_hash
from services.redemption.commands import Command
from services.redemption.domain import Redemption, Refusal
from services.redemption.telling import POINTS, SOURCE

_MOST_DETAIL = 256


def refused(command: Command, why: Refusal, now: datetime) -> Outgoing:
    """Tell that nothing was done, and why."""
    ask = command.ask
    named = {"redemption_id": ask.redemption_id, "points": ask.points, "reference": ask.reference}
    data = {
        "member_id": str(command.member[2]),
        "operation": ask.operation,
        "code": why.code,
        "detail": why.detail[:_MOST_DETAIL],
    } | {name: value for name, value in named.items() if value is not None}
    if ask.operation in TRADES:
        return _told(command, TradeRefusedV1.event_type, data, now)
    return _told(command, RedemptionRefusedV1.event_type, data, now)


def put_off(command: Command, redemption: Redemption, now: datetime) -> Outgoing:
    """Tell when a hold ends now."""
    data = {
        "member_id": str(redemption.name[2]),
        "redemption_id": redemption.redemption_id,
        "hold_until": redemption.hold_until,
    }
    return _told(command, RedemptionExtendedV1.event_type, data, now)


def _told(command: Command, kind: str, data: Mapping[str, Any], now: datetime) -> Outgoing:
    member = str(data["member_id"])
    key, origin = member.encode(), command.origin
    writer = EventWriter(type=kind, source=SOURCE, time=now, tenant=origin.tenant, programme=origin.programme)
    name = event_id(origin.tenant, command.key.hex, kind, member, 0)
    value = writer.write(name, member, None, {**data, "cause_source": command.source, "cause_id": command.id})
    return Outgoing(POINTS, key, kafka_partition_hash(key), value, writer.headers(name, key, None), True)
