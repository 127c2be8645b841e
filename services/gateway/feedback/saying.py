"""A member's word on an order, however it comes: told as an activity, for which campaigns may pay, and kept."""

from __future__ import annotations

from fastapi import Request

from libs.catalogue.orders import Order
from libs.contacts.vault import MemberName, Vault
from services.gateway.door.access import parts_of
from services.gateway.door.problems import ProblemError
from services.gateway.feedback import store
from services.gateway.feedback.store import Rating
from services.gateway.intake.own import tell_activity
from services.gateway.rules.desk import desk_of

ACTIVITY = "reward-rated"
_NOT_YET = frozenset({"held", "released", "expired"})


async def say(request: Request, name: MemberName, order: Order, stars: int, words: str) -> Rating:
    """Keep what a member says; the activity is told first, under the name of the order, so that it counts once.

    Raises:
        ProblemError: there is nothing to rate, nothing more is kept of the member, or the broker can't be reached.
    """
    if order.state in _NOT_YET:
        raise ProblemError("rating-too-early")
    parts, (tenant_id, programme_id, member_id) = parts_of(request), name
    running = (await parts.programmes.of(tenant_id)).by_key()[tenant_id, programme_id]
    facts = {"reward": order.reference, "kind": order.kind}
    await tell_activity(request, running, "feedback", order.order_id, member_id, {"activity": ACTIVITY, "data": facts})
    vault: Vault = request.app.state.contacts.vault
    async with desk_of(request).store.opened(tenant_id, running.programme) as opened:
        try:
            return await store.rate(opened.connection, name, order, stars, words.strip(), parts.clock.now(), vault)
        except store.Erased:
            raise ProblemError("member-erased") from None
