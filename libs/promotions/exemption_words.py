"""Exceptions from expiry in words: whose points do not lapse, for the rules and among what a level brings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from libs.language import wording
from libs.promotions.programme import Programme
from libs.promotions.spared import Sparing, sparings
from libs.promotions.tiers import Level, TierSet
from libs.promotions.wallets import Wallet
from libs.promotions.wording import RULES


def exemption_words(programme: Programme, wallet: Wallet, language: str) -> Iterator[str]:
    """Say whose points of a wallet do not lapse, a sentence for each exception; nothing where they never lapse."""
    if wallet.expiry.kind == "never":
        return
    levels = {(one.name, level.name): level for one in programme.tier_sets for level in one.levels}
    segments = {one.name: one for one in programme.segments}
    for sparing in dict.fromkeys(sparings(programme.tier_sets, wallet)):
        named = levels.get((sparing.tier_set or "", sparing.name)) or segments.get(sparing.name)
        name = sparing.name if named is None else named.title or named.name
        whose = RULES.say(language, f"spared.{sparing.by}", name=name)
        yield RULES.say(language, "spared.rule", whose=whose, which=which_words(sparing, wallet, language))


def benefit_words(
    tiers: TierSet, level: Level, sets: Sequence[TierSet], wallets: Sequence[Wallet], language: str
) -> Iterator[str]:
    """Say what a level brings where it spares points from expiry: for each wallet whose points lapse otherwise."""
    for wallet in wallets:
        if wallet.expiry.kind == "never":
            continue
        for sparing in dict.fromkeys(sparings(sets, wallet)):
            if (sparing.tier_set, sparing.name) == (tiers.name, level.name):
                which = which_words(sparing, wallet, language)
                yield RULES.say(language, "spared.benefit", wallet=wallet.name, which=which)


def which_words(sparing: Sparing, wallet: Wallet, language: str) -> str:
    """Say which points an exception spares, and that they do not lapse."""
    if sparing.first is not None:
        number = wording.number(sparing.first, language, wallet.scale)
        return RULES.say(language, "spared.first", n=sparing.first if not wallet.scale else 2, number=number)
    if sparing.older_days is not None:
        return RULES.say(language, "spared.older", n=sparing.older_days)
    if sparing.younger_days is not None:
        return RULES.say(language, "spared.younger", n=sparing.younger_days)
    return RULES.say(language, "spared.all")
