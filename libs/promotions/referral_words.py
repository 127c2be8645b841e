"""Referral in plain words: when a friend counts, who gets what, and how many may be brought in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from libs.language import wording
from libs.promotions.effect_words import Teller, gift_words
from libs.promotions.referral import AfterPurchase, Referral, ReferralReward
from libs.promotions.wording import RULES


def referral_words(teller: Teller, referral: Referral) -> Iterator[str]:
    """Say how referral works, sentence by sentence."""
    say = partial(RULES.say, teller.language)
    yield say("referral.code")
    match referral.when:
        case AfterPurchase(at_least_minor=least, order=order, within_days=days):
            first = "first" if order == 1 else "later"
            spent = f".{first}" if not least else f".{first}.spent"
            yield say(f"referral.after{spent}", order=order, n=days, money=teller.money(least))
        case _:
            yield say("referral.at-enrolment")
    if referral.friend is not None:
        yield say("referral.friend", what=_reward(teller, referral.friend))
    for step in referral.referrer:
        key = "referral.you" if step.from_ == 1 else "referral.you.from"
        yield say(key, what=_reward(teller, step), n=step.from_)
    for limit in referral.limits:
        yield say(f"referral.limit.{limit.period}", n=limit.friends)
    yield say("referral.new", n=referral.new_within_days)


def _reward(teller: Teller, reward: ReferralReward) -> str:
    wallet = reward.wallet or teller.source.wallets[0].name
    points = [] if reward.points is None else [teller.points(reward.points, wallet)]
    return wording.all_of([*points, *[gift_words(teller, gift) for gift in reward.gifts]], teller.language)
