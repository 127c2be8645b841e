"""What becomes of referrals: a direct calculation from what stands, whatever came first. Pure.

A referral is judged by the version of the programme that was in force when the friend named the code. What a member
should have of referrals follows from all that stand now; the ledger is brought in line with it by whoever calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.promotions.referral import AfterPurchase, Referral, ReferralReward

State = Literal["started", "converted", "held", "refused"]
SELF = "self-referral"
NOT_NEW = "not-new"
NO_CONSENT = "no-consent"
VELOCITY = "velocity"
MUTUAL = "each-other"
BY_OPERATOR = "refused-by-operator"
CAMPAIGN = "referral"
"""The name under which gifts of a referral are granted, in the place of a campaign's."""


class Order(NamedTuple):
    """A purchase of a friend that stands: its key, when it was bought, and what is left of it in minor units."""

    key: UUID
    at: datetime
    amount_minor: int


class Rules(NamedTuple):
    """What a version says about referral, and what its wallets and days are."""

    version: int
    referral: Referral
    zone: ZoneInfo
    wallet: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What is known since a friend named a code: by whom, whose, when, and why it may not count.

    `suspicions` were found then, and stay. `word` is what an operator said; `tied` is set when the two turn out to be
    one person.
    """

    friend: UUID
    referrer: UUID
    claimed_at: datetime
    version: int
    enrolled_at: datetime
    consented: bool = False
    suspicions: tuple[str, ...] = ()
    word: Literal["release", "refuse"] | None = None
    tied: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a referral stands. `counted` are the orders that brought it there, up to the one it converted with."""

    state: State
    reasons: tuple[str, ...] = ()
    converted_at: datetime | None = None
    counted: tuple[UUID, ...] = ()


def outcome(claim: Claim, rules: Rules, orders: Iterable[Order]) -> Outcome:
    """Tell where a referral stands, from what the friend bought that stands."""
    if (refused := refusal(claim, rules)) is not None:
        return Outcome("refused", (refused,))
    if held := holds(claim, rules):
        return Outcome("held", held)
    when = rules.referral.when
    if not isinstance(when, AfterPurchase):
        return Outcome("converted", (), claim.claimed_at)
    until = claim.claimed_at + timedelta(days=when.within_days)
    reached = sorted(
        [each for each in orders if each.amount_minor >= when.at_least_minor and each.at <= until], key=_by_time
    )
    counted = tuple([each.key for each in reached[: when.order]])
    if len(reached) < when.order:
        return Outcome("started", (), None, counted)
    return Outcome("converted", (), max(reached[when.order - 1].at, claim.claimed_at), counted)


def refusal(claim: Claim, rules: Rules) -> str | None:
    """Why a referral can't count at all; None when it can."""
    if claim.tied or claim.friend == claim.referrer:
        return SELF
    if claim.claimed_at - claim.enrolled_at > timedelta(days=rules.referral.new_within_days):
        return NOT_NEW
    return BY_OPERATOR if claim.word == "refuse" else None


def holds(claim: Claim, rules: Rules) -> tuple[str, ...]:
    """Why a referral waits for a person, or for the friend's consent."""
    if claim.word == "release":
        return ()
    lacking = (NO_CONSENT,) if rules.referral.needs_consent and not claim.consented else ()
    return (*claim.suspicions, *lacking)


def until(claim: Claim, rules: Rules) -> datetime | None:
    """Until when the friend's purchases count; None where none is needed."""
    when = rules.referral.when
    return claim.claimed_at + timedelta(days=when.within_days) if isinstance(when, AfterPurchase) else None


def suspicions(
    rules: Rules, claimed_at: datetime, shared: Iterable[str], others: Iterable[datetime], *, mutual: bool = False
) -> tuple[str, ...]:
    """What looks like abuse as a code is named.

    `shared` are the kinds of marks that the friend has in common with the referrer or with another of the referrer's
    friends, `others` the times at which those named the code. `mutual` says that the referrer has named the friend's:
    two members can't both have been there before the other.
    """
    suspicion = rules.referral.suspicion
    common = set(shared)
    found = [f"same-{kind}" for kind in suspicion.same if kind in common]
    velocity = suspicion.velocity
    if velocity is not None:
        since = claimed_at - timedelta(days=velocity.days)
        if sum([since < at <= claimed_at for at in others]) >= velocity.friends:
            found.append(VELOCITY)
    if mutual:
        found.append(MUTUAL)
    return tuple(found)


class Converted(NamedTuple):
    """A referral that came to what it takes."""

    friend: UUID
    at: datetime
    rules: Rules


@dataclass(frozen=True, slots=True)
class Due:
    """What a member should have of referrals: points by wallet, and gifts by kind and reference."""

    points: Mapping[str, int] = field(default_factory=dict)
    gifts: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def with_reward(self, reward: ReferralReward | None, wallet: str) -> Due:
        """The same with one more reward; `wallet` is the programme's first."""
        if reward is None:
            return self
        points, gifts = dict(self.points), dict(self.gifts)
        if reward.points is not None:
            name = reward.wallet or wallet
            points[name] = points.get(name, 0) + reward.points
        for gift in reward.gifts:
            thing = (gift.kind, gift.reference)
            gifts[thing] = gifts.get(thing, 0) + gift.quantity
        return Due(points, gifts)


def due_to(as_friend: Converted | None, as_referrer: Iterable[Converted]) -> Due:
    """What a member should have: as the friend of somebody, and for the friends they brought in."""
    due = Due()
    if as_friend is not None:
        due = due.with_reward(as_friend.rules.referral.friend, as_friend.rules.wallet)
    for converted, place in places(as_referrer):
        if place is not None:
            due = due.with_reward(converted.rules.referral.step(place), converted.rules.wallet)
    return due


def places(converted: Iterable[Converted]) -> list[tuple[Converted, int | None]]:
    """Number a referrer's friends in the order in which they converted; None for who is beyond a limit."""
    found: list[tuple[Converted, int | None]] = []
    counted: dict[tuple[str, str], int] = {}
    place = 0
    for each in sorted(converted, key=lambda one: (one.at, one.friend.bytes)):
        periods = [(limit, _period(each, limit.period)) for limit in each.rules.referral.limits]
        if any(counted.get(period, 0) >= limit.friends for limit, period in periods):
            found.append((each, None))
            continue
        for period in _ALL:
            name = _period(each, period)
            counted[name] = counted.get(name, 0) + 1
        place += 1
        found.append((each, place))
    return found


_ALL = ("day", "week", "month", "year", "ever")


def _period(converted: Converted, period: str) -> tuple[str, str]:
    day = converted.at.astimezone(converted.rules.zone).date()
    year, week, _ = day.isocalendar()
    names = {"day": f"{day}", "week": f"{year}-{week}", "month": f"{day:%Y-%m}", "year": f"{day:%Y}"}
    return period, names.get(period, "")


def _by_time(order: Order) -> tuple[datetime, bytes]:
    return order.at, order.key.bytes


def next_step(rules: Rules, friends: int) -> tuple[int, ReferralReward] | None:
    """The next step that pays otherwise, and from how many friends on; None when there is none."""
    following: Sequence[tuple[int, ReferralReward]] = [
        (step.from_, step) for step in rules.referral.referrer if step.from_ > friends
    ]
    return following[0] if following else None
