"""What expiry tells whoever reminds members. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from libs.contracts.events import ReminderDueV1
from libs.contracts.writer import EventWriter
from libs.runtime.batch import Outgoing
from libs.runtime.keys import event_id
from libs.sweeps.losing import Loss
from services.expiry.announcements import SOURCE
from services.expiry.reminder_store import Telling

REMINDERS = "loyalty.reminders"


def reminders(telling: Telling, losses: Iterable[Loss], now: datetime) -> list[Outgoing]:
    """Return an event a member. Its id follows from member and step alone: told again it is the same event."""
    kind = ReminderDueV1.event_type
    writer = EventWriter(type=kind, source=SOURCE, time=now, tenant=telling.tenant, programme=telling.programme)
    cause = f"{telling.programme}/{telling.wallet}@{telling.boundary.isoformat()}/{telling.step}"
    shared = {
        "wallet": telling.wallet,
        "boundary": telling.boundary,
        "local_date": telling.local_date,
        "zone": telling.zone,
        "step": telling.step,
        "days": telling.days,
        "due_at": telling.due_at,
        "programme_version": telling.version,
    }
    found = []
    for loss in losses:
        member = str(loss.member_id)
        name = event_id(telling.tenant, cause, kind, member, 0)
        key = member.encode()
        value = writer.write(name, member, None, {"member_id": member, **shared, **_own(loss, telling.worth)})
        found.append(Outgoing(REMINDERS, key, loss.spread, value, writer.headers(name, key, None), True))
    return found


def _own(loss: Loss, worth: tuple[int, int] | None) -> dict[str, Any]:
    return {
        "points": loss.points,
        "lots": loss.lots,
        "worth_minor": None if worth is None else loss.points * worth[1] // worth[0],
        "tier": loss.tier,
    }
