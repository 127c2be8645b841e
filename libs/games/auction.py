"""The rules of an auction paid in points: what a bid must be, what it changes, and who wins. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

BidFault = Literal["auction-not-open", "bid-too-low"]


class Bid(NamedTuple):
    """So many points that a member would give; they are held under the bid's own id."""

    bid_id: UUID
    member_id: UUID
    points: int
    at: datetime


class AuctionRules(NamedTuple):
    """The first bid is at least `start`, every other `step` above the best.

    A bid in the last `extension` moves the end; `latest` is the end beyond which nothing moves it.
    """

    start: int
    step: int
    extension: timedelta = timedelta(0)
    latest: datetime | None = None


class Standing(NamedTuple):
    """How an auction stands: between which instants it is open, and the best bid."""

    opens_at: datetime
    ends_at: datetime
    best: Bid | None = None


def least(rules: AuctionRules, standing: Standing) -> int:
    """The least that a bid must be now."""
    return rules.start if standing.best is None else standing.best.points + rules.step


def fault(rules: AuctionRules, standing: Standing, points: int, now: datetime) -> BidFault | None:
    """Why a bid can't be taken; None when it can. The end itself is too late."""
    if not standing.opens_at <= now < standing.ends_at:
        return "auction-not-open"
    return "bid-too-low" if points < least(rules, standing) else None


def taken(rules: AuctionRules, standing: Standing, bid: Bid) -> Standing:
    """How it stands with a bid that was taken: late bids leave the others time to answer."""
    ends = standing.ends_at
    if bid.at + rules.extension > ends:
        ends = bid.at + rules.extension if rules.latest is None else min(bid.at + rules.extension, rules.latest)
    return standing._replace(ends_at=max(ends, standing.ends_at), best=bid)


def ranked(bids: Iterable[Bid]) -> list[Bid]:
    """The best bid of each member, the best first; of two that are equal the earlier."""
    best: dict[UUID, Bid] = {}
    for bid in bids:
        known = best.get(bid.member_id)
        if known is None or bid.points > known.points:
            best[bid.member_id] = bid
    return sorted(best.values(), key=lambda bid: (-bid.points, bid.at, bid.bid_id))
