"""Badges are given to members, again and again where they have levels, and taken back."""

from __future__ import annotations

from uuid import UUID

from libs.contracts.events import BadgeAwardedV1
from libs.games.badges import progress
from services.redemption.games import store, telling
from services.redemption.games.turn import Turn


async def give(turn: Turn, member_id: UUID, name: str, times: int, source: str) -> bytes:
    """Give a badge under the request's id, once; the badge need not be described to be given."""
    member = (*turn.scope, member_id)
    new = await store.keep_award(turn.connection, member, turn.name, name, times, source, turn.now)
    total = await store.awarded(turn.connection, member, name)
    level = progress(await store.badge(turn.connection, turn.scope, name), total).level
    reached = None if level is None else level.name
    if new:
        data = {
            "member_id": member_id, "badge": name, "times": times, "total": total, "level": reached, "source": source,
        }  # fmt: skip
        turn.event(BadgeAwardedV1.event_type, turn.name, member_id, data)
    return telling.award(name, member_id, times, total, reached, turn.now)


async def take_back(turn: Turn, member_id: UUID, name: str, times: int, source: str) -> int:
    """Take a badge back that a source gave, as far as it did; return how often."""
    member, left = (*turn.scope, member_id), times
    for whose, award_id, kept in await store.awards_of(turn.connection, member, name, source):
        gone = min(kept, left)
        if gone:
            await store.take_award_back(turn.connection, (*turn.scope, whose), award_id, gone)
            left -= gone
    return times - left
