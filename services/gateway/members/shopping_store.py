"""A member's purchases, read from the decisions on them and from the stories of those that something happened to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.promotions.pages import StoredDecision
from libs.runtime import sql
from libs.runtime.keys import receipt_key
from services.gateway.members.facts import receipt_named
from services.gateway.store import Member, Reading

_SQL = sql.load("services.gateway", "shopping.sql")
MOST = 2_000
"""Events looked at for one answer."""


@dataclass(frozen=True, slots=True)
class Bought:
    """What a member's purchases are told from; `cut` when there was more than `MOST`.

    `decisions` come with the key of the receipt that they are about. `stories` holds owner and story by that key, for
    the receipts that anything but a plain purchase happened to.
    """

    decisions: tuple[tuple[UUID, StoredDecision], ...]
    stories: dict[UUID, tuple[UUID | None, bytes]]
    cut: bool


async def bought(reading: Reading, member: Member, since: datetime) -> Bought:
    """Return the newest events of a member since an instant, with the stories of their receipts."""
    rows = await reading.fetch(_SQL["bought"], member.programme_id, member.member_id, since, MOST + 1)
    keys = [row["event_key"] for row in rows]
    decisions = [
        (key, decision)
        for decision in (await reading.decisions(keys[:MOST])).values()
        if (key := _receipt(reading, member, decision)) is not None
    ]
    stories = await reading.fetch(_SQL["stories"], list({key for key, _ in decisions}))
    return Bought(
        tuple(decisions),
        {row["receipt_key"]: (row["member_id"], row["story"]) for row in stories},
        len(keys) > MOST,
    )


def _receipt(reading: Reading, member: Member, decision: StoredDecision) -> UUID | None:
    """The key of the receipt that an event is about; a plain purchase is stored without it."""
    if decision.receipt_key is not None:
        return decision.receipt_key
    named = receipt_named(decision)
    if named is None:
        return None
    number, store = named
    return receipt_key(reading.tenant_id, member.programme_id, store, number)
