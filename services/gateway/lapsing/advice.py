"""What a member is told of one wallet: what lapses when, what is spared and why, and what keeps the points. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import NamedTuple

from libs.judging.versions import ActiveVersion
from libs.language import wording
from libs.promotions.describe import Words, running
from libs.promotions.exemption_words import which_words
from libs.promotions.expiry import InactivityExpiry
from libs.promotions.extensions import extensions_of
from libs.promotions.facts import MemberFacts
from libs.promotions.spared import sparings
from libs.promotions.wallets import Wallet
from services.gateway.expiry.common_day import common_day
from services.gateway.lapsing.texts import LAPSING
from services.gateway.members.tier_views import MemberWithTiers
from services.gateway.views import SparedPoints, WalletBalance

Say = Callable[..., str]
_INSTANT = timedelta(microseconds=1)


class Told(NamedTuple):
    """What is said of one wallet: how many points lapse with which day, in sentences, and what keeps them."""

    wallet: str
    scale: int
    points: int
    last_day: date | None
    days_left: int | None
    words: tuple[str, ...]
    keep: tuple[str, ...]


def advice(
    version: ActiveVersion, member: MemberWithTiers, at: datetime, language: str, killed: frozenset[str]
) -> Iterator[Told]:
    """Tell of every wallet of a member whose points lapse, or would, or are lent; `killed` campaigns offer nothing."""
    words = Words(version.compiled, language)
    by_name = {wallet.name: wallet for wallet in version.compiled.source.wallets}
    for balance in member.wallets:
        wallet = by_name.get(balance.wallet)
        lasts = wallet is None or (wallet.expiry.kind == "never" and balance.next_expiry is None)
        if wallet is None or (lasts and not balance.lent):
            continue
        yield _told(version, words, wallet, balance, member, at, killed)


def _told(
    version: ActiveVersion,
    words: Words,
    wallet: Wallet,
    balance: WalletBalance,
    member: MemberWithTiers,
    at: datetime,
    killed: frozenset[str],
) -> Told:
    say: Say = partial(LAPSING.say, words.language)
    told = [sentence for each in balance.spared for sentence in _spared(version, words, wallet.name, each)]
    told += owed_words(version, words, balance)
    lapsing = balance.next_expiry
    if lapsing is None:
        return Told(wallet.name, wallet.scale, 0, None, None, tuple(told or [say("nothing")]), ())
    left = (lapsing.last_day - at.astimezone(version.zone).date()).days
    day = wording.day(lapsing.last_day, words.language)
    told.append(say("lapses", points=words.points(lapsing.points, wallet.name), day=day))
    told.append(say("left", n=left) if left else say("today"))
    if common_day(version, wallet.name, at) == lapsing.last_day:
        told.append(say("together"))
    keep = tuple(_keep(version, words, wallet, balance, member, at, killed))
    return Told(wallet.name, wallet.scale, lapsing.points, lapsing.last_day, left, tuple(told), keep)


def owed_words(version: ActiveVersion, words: Words, balance: WalletBalance) -> Iterator[str]:
    """What is said of what a member owes in a wallet, and of what is lent there."""
    say: Say = partial(LAPSING.say, words.language)
    if balance.debt:
        yield say("debt", points=words.points(balance.debt, balance.wallet))
    if balance.lent and balance.lent_due_at is not None:
        day = wording.day((balance.lent_due_at - _INSTANT).astimezone(version.zone).date(), words.language)
        points, percent = words.points(balance.lent, balance.wallet), balance.lent_repays_percent
        yield say("lent", points=points, percent=percent, day=day)


def _spared(version: ActiveVersion, words: Words, wallet: str, spared: SparedPoints) -> Iterator[str]:
    say: Say = partial(LAPSING.say, words.language)
    source = version.compiled.source
    titles = {
        "tier": {level.name: level.title for one in source.tier_sets for level in one.levels},
        "segment": {segment.name: segment.title for segment in source.segments},
    }
    name = titles.get(spared.spared_by, {}).get(spared.spared_as) or spared.spared_as
    day = wording.day(spared.last_day, words.language)
    yield say(f"spared.{spared.spared_by}", points=words.points(spared.points, wallet), day=day, name=name)
    yield say(f"if.{spared.spared_by}")


def _keep(
    version: ActiveVersion,
    words: Words,
    wallet: Wallet,
    balance: WalletBalance,
    member: MemberWithTiers,
    at: datetime,
    killed: frozenset[str],
) -> Iterator[str]:
    """What a member can do before the day: spend, be active, take up an offer, reach a level."""
    say: Say = partial(LAPSING.say, words.language)
    assert balance.next_expiry is not None, "something lapses"
    if spend := min(balance.next_expiry.points, balance.spendable):
        yield say("spend", points=words.points(spend, wallet.name))
    facts = MemberFacts(member.member_id, member.tier, segments=member.segments)
    policy = version.terms.expiry(wallet.name, facts)
    if isinstance(policy, InactivityExpiry):
        ways = [say("buy")] if policy.purchases else []
        ways += [say("do", name=name) for name in policy.activities]
        yield say("alive", listed=wording.one_of(ways, words.language))
    for campaign in running(version.compiled, at):
        if campaign.id in killed:
            continue
        extends = any((one.wallet or words.source.wallets[0].name) == wallet.name for one in extensions_of(campaign))
        hurries = campaign.frame.before_expiry is not None and campaign.frame.before_expiry.wallet == wallet.name
        if extends or hurries:
            yield say("offer", name=campaign.name, sentence=words.rule(campaign).sentence)
    yield from _levels(words, wallet, {each.level for each in member.tiers} | {member.tier})


def _levels(words: Words, wallet: Wallet, held: Iterable[str | None]) -> Iterator[str]:
    """The levels, of those that the member does not hold, whose points of this wallet live on."""
    titles = {
        (one.name, level.name): level.title or level.name for one in words.source.tier_sets for level in one.levels
    }
    seen: Sequence[str | None] = list(held)
    for sparing in dict.fromkeys(sparings(words.source.tier_sets, wallet)):
        if sparing.by == "tier" and sparing.name not in seen:
            name = titles.get((sparing.tier_set or "", sparing.name), sparing.name)
            which = which_words(sparing, wallet, words.language)
            yield LAPSING.say(words.language, "level", name=name, which=which)
