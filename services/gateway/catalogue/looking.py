"""Rewards as one member sees them, or anybody: loaded in one transaction, offered, ranked and told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from libs.catalogue import postgres as catalogue
from libs.catalogue.facts import Asking, MemberFacts, Supply
from libs.catalogue.kinds.registry import KINDS
from libs.catalogue.offering import Offer, offer, visible
from libs.catalogue.postgres import Had, Kept
from libs.catalogue.purse import with_points
from libs.catalogue.ranking import BECAUSE, Proposal, proposed
from libs.catalogue.reward import Reward
from libs.catalogue.telling import price_view, reason_view
from libs.ledger.catch_up import catch_up
from libs.ledger.evolve import apply_all
from libs.ledger.zones import load_zone
from services.gateway.catalogue.views import MediaView, OfferView
from services.gateway.store import Member, ProgrammeFacts, Reading

NOBODY = MemberFacts()


class Onlooker(NamedTuple):
    """Who looks: a programme, and the member if there is one, with what is known of them."""

    scope: tuple[int, int]
    zone: ZoneInfo
    facts: MemberFacts = NOBODY
    had: tuple[Had, ...] = ()
    wishes: Mapping[str, datetime] = {}
    known: bool = False


class Seen(NamedTuple):
    """A reward as it is seen: what it is, how it is offered, and where it stands."""

    kept: Kept
    offer: Offer
    proposal: Proposal
    supply: Supply


def anybody(programme: ProgrammeFacts, tenant_id: int) -> Onlooker:
    """Somebody of whom nothing is known."""
    return Onlooker((tenant_id, programme.programme_id), load_zone(programme.zone))


async def onlooker(reading: Reading, member: Member, now: datetime) -> Onlooker:
    """A member with points, tiers, segments, lists, orders and wishes as they are now."""
    name = (reading.tenant_id, member.programme_id, member.member_id)
    ledger = await reading.ledger(member)
    ledger = apply_all(ledger, catch_up(ledger, now, now))
    wallets = {wallet.name: wallet.scale for wallet in await reading.wallets(member.programme_id, now)}
    facts, had = await catalogue.load_facts(reading.connection, name)
    wishes = await catalogue.load_wishes(reading.connection, name)
    facts = with_points(facts, ledger, wallets, now)
    return Onlooker(name[:2], load_zone(member.zone), facts, tuple(had), wishes, known=True)


async def seen_by(
    reading: Reading, who: Onlooker, asking: Asking, now: datetime, *, hidden: bool = False
) -> list[Seen]:
    """All rewards that are shown now, or with `hidden` also others, as somebody sees them."""
    kept = [
        each
        for each in await catalogue.load_rewards(reading.connection, who.scope)
        if hidden or visible(each.reward, now)
    ]
    rewards = [each.reward for each in kept]
    supplies = await catalogue.load_supplies(
        reading.connection, who.scope, rewards, who.had, asking.store, now, who.zone
    )
    found = []
    for each in kept:
        supply = supplies[each.reward.reference]
        made = offer(each.reward, who.facts, asking, supply, now, who.zone)
        wished = each.reward.reference in who.wishes
        found.append(Seen(each, made, proposed(each.reward, made, who.facts, now, wished=wished), supply))
    return found


def for_anybody(reward: Reward, store: str = "") -> bool:
    """Whether pages without a member show it: it is for no segment and no list alone, and is had in the store, if any.

    Neither rewards for staff nor those for somebody chosen are.
    """
    meant = reward.audience
    here = not store or not meant.stores or store in meant.stores
    return here and not (meant.segments or meant.lists)


def offer_view(seen: Seen, who: Onlooker, language: str) -> OfferView:
    """A reward in the words of a language."""
    reward, made = seen.kept.reward, seen.offer
    words = reward.words(language)
    media = [each for each in reward.media if each.language in (None, language.partition("-")[0])]
    return OfferView(
        reference=reward.reference,
        version=seen.kept.version,
        category=reward.category,
        kind=reward.what.kind,
        title=words.title,
        summary=words.summary,
        text=words.text,
        terms=words.terms,
        terms_version=reward.terms_version,
        media=tuple(MediaView(link=each.link, alt=each.alt, form=each.form) for each in media),
        in_reach=made.in_reach if who.known else None,
        price=None if made.price is None else price_view(made.price),
        prices=tuple(price_view(each) for each in made.prices),
        missing=made.missing if who.known else 0,
        reasons=tuple(reason_view(each, language) for each in made.reasons) if who.known else (),
        left=seen.supply.left,
        wished=reward.reference in who.wishes,
        score=seen.proposal.score,
        because=tuple(BECAUSE.say(language, name) for name in seen.proposal.because) if who.known else (),
        asks=_asks(reward.what.kind),
    )


@lru_cache(maxsize=32)
def _asks(kind: str) -> dict[str, Any]:
    """The JSON Schema of the answers that a kind asks for."""
    return KINDS[kind].asked.model_json_schema()


def categories_of(seen: Iterable[Seen]) -> dict[str, int]:
    """How many rewards each category has, by name."""
    counts: dict[str, int] = {}
    for each in seen:
        counts[each.kept.reward.category] = counts.get(each.kept.reward.category, 0) + 1
    return dict(sorted(counts.items()))
