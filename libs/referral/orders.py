"""What a friend bought, as referrals count it: the receipts that stand, in the programme's currency. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from libs.history.counted import Terms, count_receipt
from libs.ledger.late import effective_time
from libs.receipts.story import Story, stands
from libs.referral.decide import Order


def order_of(key: UUID, story: Story, friend: UUID, terms: Mapping[int, Terms]) -> Order | None:
    """Tell what a receipt counts for; None where it is not the friend's, or nothing of it counts.

    `terms` are by version: the receipt counts at the rate and by the version that it was first judged by.
    """
    counted = count_receipt(story, terms)
    content = stands(story).content
    if counted is None or content is None or counted.member_id != friend:
        return None
    at = effective_time(content.purchased_at, content.arrived_at).instant
    return Order(key, at, counted.spend_minor)
