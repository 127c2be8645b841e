"""A member's purchases, read from the decisions on them and from the stories of those that something happened to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.promotions.pages import StoredDecision
from libs.runtime import sql
from services.gateway.store import Member, Reading

_SQL = sql.load("services.gateway", "shopping.sql")
MOST = 2_000
"""Events looked at for one answer."""


@dataclass(frozen=True, slots=True)
class Bought:
    """What a member's purchases are told from; `cut` when there was more than `MOST`.

    `stories` holds owner and story by receipt key, for the receipts that anything but a plain purchase happened to.
    """

    decisions: tuple[StoredDecision, ...]
    stories: dict[UUID, tuple[UUID | None, bytes]]
    cut: bool


async def bought(reading: Reading, member: Member, since: datetime) -> Bought:
    """Return the newest events of a member since an instant, with the stories of their receipts."""
    rows = await reading.fetch(_SQL["bought"], member.programme_id, member.member_id, since, MOST + 1)
    keys = [row["event_key"] for row in rows]
    decisions = await reading.decisions(keys[:MOST])
    receipts = {decision.receipt_key for decision in decisions.values() if decision.receipt_key is not None}
    stories = await reading.fetch(_SQL["stories"], list(receipts))
    return Bought(
        tuple(decisions.values()),
        {row["receipt_key"]: (row["member_id"], row["story"]) for row in stories},
        len(keys) > MOST,
    )
