"""The document's referral: what members get for bringing in others, when, and what looks like abuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.promotions.gifts import Gift
from libs.promotions.parts import Days, Misplaced, Name, NonNegative, Part, Points, Positive, refuse_repeats

MarkKind = Literal["device", "address", "household"]


class ReferralReward(Part):
    """Points for a wallet (the first, if none is named), gifts, or both."""

    points: Points | None = None
    wallet: Name | None = None
    gifts: Annotated[tuple[Gift, ...], Field(max_length=8)] = ()

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.points is None and not self.gifts:
            raise Misplaced("points", "a reward gives something", "points, gifts")
        if self.wallet is not None and self.points is None:
            raise Misplaced("wallet", "only points lie in a wallet")
        for at, gift in enumerate(self.gifts):
            if gift.per_minor is not None:
                raise Misplaced(f"gifts[{at}].per_minor", "a referral has no amount")
        return self


class ReferralStep(ReferralReward):
    """What a referrer gets for each friend `from` so many on, counting those who came to what it takes."""

    from_: Positive = Field(alias="from")


class AtEnrolment(Part):
    """A referral counts as soon as the friend has named the code."""

    kind: Literal["enrolment"]


class AfterPurchase(Part):
    """A referral counts with the friend's purchase number `order`, of those of `at_least_minor` or more that stand.

    It must be bought within so many days after the code was named.
    """

    kind: Literal["purchase"]
    at_least_minor: NonNegative = 0
    order: Annotated[int, Field(strict=True, ge=1, le=100)] = 1
    within_days: Annotated[int, Field(strict=True, ge=1, le=366)] = 90


class ReferralLimit(Part):
    """So many friends count for a referrer in a period of the programme's zone."""

    period: Literal["day", "week", "month", "year", "ever"]
    friends: Positive


class Velocity(Part):
    """More than so many friends within so many days are held."""

    friends: Positive
    days: Days


class Suspicion(Part):
    """What looks like abuse, and makes a referral wait for a person: a mark that the friend shares with the referrer
    or with another of the referrer's friends, and friends that come too fast."""

    same: Annotated[tuple[MarkKind, ...], Field(max_length=3)] = ()
    velocity: Velocity | None = None

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        refuse_repeats("same[{}]", self.same)
        return self


class Referral(Part):
    """Members bring in others by a code of theirs.

    The `referrer` gets the step that each friend reaches, the `friend` a reward of their own; either may be missing.
    Who is a member for longer than `new_within_days` is nobody's friend any more. With `needs_consent` a referral is
    held until the friend has agreed to be written to.
    """

    when: Annotated[AtEnrolment | AfterPurchase, Field(discriminator="kind")]
    referrer: Annotated[tuple[ReferralStep, ...], Field(max_length=32)] = ()
    friend: ReferralReward | None = None
    limits: Annotated[tuple[ReferralLimit, ...], Field(max_length=5)] = ()
    new_within_days: Days = 30
    suspicion: Suspicion = Suspicion()
    needs_consent: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.referrer and self.friend is None:
            raise Misplaced("referrer", "somebody is rewarded", "referrer, friend")
        for at, (one, other) in enumerate(zip((None, *self.referrer), self.referrer, strict=False)):
            if one is None and other.from_ != 1:
                raise Misplaced("referrer[0].from", "the first step is from 1 on", "1")
            if one is not None and one.from_ >= other.from_:
                raise Misplaced(f"referrer[{at}].from", "must be above that of the step before")
        refuse_repeats("limits[{}].period", [limit.period for limit in self.limits])
        return self

    def rewards(self) -> Iterator[tuple[str, ReferralReward]]:
        """Every reward, with its path."""
        for at, step in enumerate(self.referrer):
            yield f"referrer[{at}]", step
        if self.friend is not None:
            yield "friend", self.friend

    def step(self, place: int) -> ReferralStep | None:
        """What a referrer gets for the friend at a place, counted from 1; None where friends bring nothing."""
        return next((step for step in reversed(self.referrer) if step.from_ <= place), None)


def check_wallets(referral: Referral | None, wallets: list[str]) -> None:
    """Raise `Misplaced` where a reward names a wallet that the programme has not."""
    for path, reward in () if referral is None else referral.rewards():
        if reward.wallet is not None and reward.wallet not in wallets:
            raise Misplaced(f"referral.{path}.wallet", f"no wallet {reward.wallet!r}", ", ".join(wallets))
