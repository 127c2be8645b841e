"""Compiling a programme: everything that does not depend on the receipt is done here, once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from types import MappingProxyType
from zoneinfo import ZoneInfo

from libs.promotions.campaigns import Campaign
from libs.promotions.catalogue import Product
from libs.promotions.conditions import RECEIPT_KINDS, compile_checks, receipt_values
from libs.promotions.criteria import LINE_KINDS, Conditions
from libs.promotions.days import spans
from libs.promotions.declarations import language_of
from libs.promotions.discounting import CompiledDiscount, compile_discount
from libs.promotions.discounts import Discounting
from libs.promotions.effects import NOTHING, CompiledEffect, Phase, common_denominator, compile_effect, phase_rank
from libs.promotions.experiments import compile_trials
from libs.promotions.extensions import Extend, compile_extension, extensions_of
from libs.promotions.gifts import CompiledGift, Gift, StatusPoints, compile_gift
from libs.promotions.index import Entry, Timeline
from libs.promotions.language import Language
from libs.promotions.limits import CompiledLimit, compile_limit, compile_shared_limit
from libs.promotions.lines import Narrowing, chooses_lines, compile_line_test, compile_narrowing
from libs.promotions.membership import Check
from libs.promotions.needs import Needs, needs_of
from libs.promotions.occasions import keys_of
from libs.promotions.payouts import Multiplier, Payout
from libs.promotions.places import Atlas
from libs.promotions.programme import Programme
from libs.promotions.tiers import leading_set, reserved
from libs.promotions.wallets import Wallet

RUNNING = ("live", "scheduled")
"""States in which a campaign is judged; a scheduled one is live as soon as its frame has begun."""


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """One effect in points of a campaign: its number there, and its place in the order of computing.

    `limits` are those on points, the campaign's and the programme's for the wallet.
    """

    number: int
    order: tuple[int, tuple[int, str], int]
    phase: Phase
    effect: CompiledEffect
    wallet: str
    denominator: int
    feeds_multipliers: bool
    limits: tuple[CompiledLimit, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CompiledCampaign:
    """One running campaign. `precedence` sorts the stronger first: by priority, then id.

    `phase` to `limits` are those of its first leg, the only one of most campaigns; one that pays no points has none.
    `indexed_by` is the condition that finds it in the index, by one of `values`; `narrow` what is left to do until the
    lines that count are known. `names` are its own and its group's. `money_limits` cut its discounts, `gates` are
    limits of times and orders, and `counted` are its own limits that have a counter.
    """

    id: str
    source: Campaign
    precedence: tuple[int, str]
    phase: Phase
    effect: CompiledEffect
    wallet: str
    denominator: int
    feeds_multipliers: bool
    indexed_by: str | None
    values: tuple[str, ...]
    narrow: Narrowing | None
    checks: tuple[Check, ...]
    limits: tuple[CompiledLimit, ...]
    legs: tuple[Leg, ...]
    discounts: tuple[tuple[int, CompiledDiscount], ...]
    gifts: tuple[CompiledGift, ...]
    names: frozenset[str]
    money_limits: tuple[CompiledLimit, ...]
    gates: tuple[CompiledLimit, ...]
    counted: tuple[CompiledLimit, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CompiledProgramme:
    """A programme ready to judge receipts.

    `wallets` holds scale and expiry policy by name; `denominators` that of exact amounts by wallet; `counter_limits`
    how much is allowed by (beginning of the counter's key, scope, period), whatever triggers the campaign, but for
    limits of one receipt. `gates` are the limits of times and orders of all campaigns, `shared` all their limits with a
    counter. `plain` says that every campaign has one effect, in points, bounded by limits on its own points alone, and
    that all may pay together.
    `campaigns` are those for purchases, in the order of computing, `counted` is the timeline of those that have a
    counter. `activities` holds, by what an activity is judged as, the same programme with the campaigns for that
    instead; so purchases and activities never see each other's campaigns, nor pay for having them looked at. `needs`
    says which facts of members all of them look at, `products` completes the lines of receipts (None: there are none),
    `narrows` tells whether any campaign does; `discounting` are those that take money off, by id, and `extending` those
    that give points a later date, whatever triggers them.
    """

    version: int
    source: Programme
    zone: tzinfo
    currency: str
    rounding: str
    wallets: Mapping[str, Wallet]
    denominators: Mapping[str, int]
    campaigns: tuple[CompiledCampaign, ...]
    timeline: Timeline
    counted: Timeline | None
    grouped: bool
    combined: bool
    plain: bool
    gates: tuple[CompiledLimit, ...]
    shared: tuple[CompiledLimit, ...]
    counter_limits: Mapping[tuple[str, str, str], int]
    activities: Mapping[str, CompiledProgramme]
    needs: Needs
    products: Mapping[str, Product] | None
    narrows: bool
    discounting: Mapping[str, CompiledCampaign]
    extending: Mapping[str, Campaign]

    @property
    def needs_history(self) -> bool:
        """Tell whether any running campaign looks at what members did before."""
        return self.needs.history

    @property
    def history_days(self) -> int | None:
        """How many days back it is looked at, the day of the receipt included; None: as far as there is any."""
        return self.needs.history_days

    @property
    def counts(self) -> bool:
        """Whether any limit for purchases has a counter."""
        return self.counted is not None or bool(self.shared)

    @property
    def counts_places(self) -> bool:
        """Whether any limit is for each store or partner."""
        return any(scope in ("store", "partner") for _, scope, _ in self.counter_limits)


def compile_programme(programme: Programme) -> CompiledProgramme:
    """Compile a validated programme. Takes milliseconds for a thousand campaigns: do it beside the loop, not in it."""
    running = [campaign for campaign in programme.campaigns if campaign.state in RUNNING]
    by_activity: defaultdict[str | None, list[Campaign]] = defaultdict(list)
    for judged, campaign in keys_of(running, programme.tier_sets):
        by_activity[judged].append(campaign)
    purchases = by_activity.pop(None, [])
    activities = {name: _compile(programme, own, own, {}) for name, own in by_activity.items() if name is not None}
    return _compile(programme, purchases, running, activities)


def _compile(
    programme: Programme,
    campaigns: Sequence[Campaign],
    counted_campaigns: Sequence[Campaign],
    activities: Mapping[str, CompiledProgramme],
) -> CompiledProgramme:
    payouts = [(one, effect) for one in campaigns for _, effect in programme.payouts(one)]
    denominators = {
        wallet.name: common_denominator(
            [effect for _, effect in payouts if programme.wallet_for(effect) == wallet.name]
        )
        for wallet in programme.wallets
    }
    multiplied = {programme.wallet_for(effect) for _, effect in payouts if isinstance(effect, Multiplier)}
    tier_set = leading_set(programme.tier_sets) or ""
    shared_limits = _shared_limits(programme)
    only = {reward: [one.name for one in levels] for reward, levels in reserved(programme.tier_sets).items()}
    context = _Context(programme, denominators, multiplied, shared_limits, Atlas(programme.stores), tier_set, only)
    compiled = tuple(
        sorted([_compile_campaign(one, context) for one in campaigns], key=lambda one: (one.phase, one.precedence))
    )
    zone = UTC if programme.zone == "UTC" else ZoneInfo(programme.zone)
    entries = [_entry(rank, campaign, zone) for rank, campaign in enumerate(compiled)]
    counted = [entry for entry in entries if compiled[entry.rank].counted]
    shared = [limit for _, limit in context.shared]
    combined = programme.stacking.max_campaigns is not None or any(one.excludes or one.only_with for one in campaigns)
    return CompiledProgramme(
        version=programme.version,
        source=programme,
        zone=zone,
        currency=programme.currency,
        rounding=programme.rounding,
        wallets=MappingProxyType({wallet.name: wallet for wallet in programme.wallets}),
        denominators=MappingProxyType(denominators),
        campaigns=compiled,
        timeline=Timeline(entries),
        counted=Timeline(counted) if counted else None,
        grouped=any(one.mode != "all" for one in campaigns),
        combined=combined,
        plain=not (shared or combined) and all(_is_plain(one) for one in compiled),
        gates=tuple([limit for limit in shared if _is_gate(limit)]),
        shared=tuple([limit for limit in shared if limit.is_counted]),
        counter_limits=MappingProxyType(_counter_limits(counted_campaigns, shared)),
        activities=MappingProxyType(dict(activities)),
        needs=needs_of(counted_campaigns, programme.wallets),
        products=MappingProxyType({product.sku: product for product in programme.products}) or None,
        narrows=any(one.narrow is not None for one in compiled),
        discounting=MappingProxyType({one.id: one for one in compiled if one.discounts}),
        extending=MappingProxyType({one.id: one for one in counted_campaigns if extensions_of(one)}),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Context:
    """What a campaign is compiled in; `shared` are the programme's limits, those on points with their wallet,
    `tier_set` is where tier points go that name no set, and `only` has the levels that rewards are kept for."""

    programme: Programme
    denominators: Mapping[str, int]
    multiplied: set[str]
    shared: Sequence[tuple[str | None, CompiledLimit]]
    atlas: Atlas
    tier_set: str
    only: Mapping[str, Sequence[str]]


def _shared_limits(programme: Programme) -> list[tuple[str | None, CompiledLimit]]:
    found: list[tuple[str | None, CompiledLimit]] = []
    for limit in programme.limits:
        wallet = limit.wallet or programme.wallets[0].name
        found.append((wallet if limit.unit == "points" else None, compile_shared_limit(limit, wallet)))
    return found


def _compile_campaign(campaign: Campaign, context: _Context) -> CompiledCampaign:
    own = tuple(compile_limit(campaign.id, limit) for limit in campaign.limits)
    language = language_of(campaign, context.programme.attributes, context.programme.activities)
    payouts = context.programme.payouts(campaign)
    legs = sorted(
        [_leg(campaign, number, effect, own, context, language) for number, effect in payouts],
        key=lambda leg: leg.order,
    )
    lead = legs[0] if legs else Leg(0, (0, (0, ""), 0), Phase.AFTERWARDS, NOTHING, "", 1, False, ())
    places = context.atlas.find(campaign.when)
    indexed_by, values, found_by_any = _indexed_by(campaign.when, places)
    shared = [limit for _, limit in context.shared]
    discounts = [(at, one) for at, one in enumerate(campaign.benefits) if isinstance(one, Discounting)]
    return CompiledCampaign(
        id=campaign.id,
        source=campaign,
        precedence=_precedence(campaign),
        phase=lead.phase,
        effect=lead.effect,
        wallet=lead.wallet,
        denominator=lead.denominator,
        feeds_multipliers=lead.feeds_multipliers,
        indexed_by=indexed_by,
        values=values,
        narrow=compile_narrowing(campaign.when, found_by_any=found_by_any),
        checks=(
            *compile_checks(campaign, indexed_by, places, language),
            *compile_trials(context.programme.experiments, campaign),
        ),
        limits=lead.limits,
        legs=tuple(legs),
        discounts=tuple([(at, compile_discount(one)) for at, one in discounts]),
        gifts=_gifts(campaign, context),
        names=frozenset([campaign.id] if campaign.group is None else [campaign.id, campaign.group]),
        money_limits=tuple([one for one in (*own, *shared) if one.unit == "discount_minor"]),
        gates=tuple([one for one in own if _is_gate(one)]),
        counted=tuple([one for one in own if one.is_counted]),
    )


def _gifts(campaign: Campaign, context: _Context) -> tuple[CompiledGift, ...]:
    """What it grants: gifts, tier points, and later dates."""
    found: list[CompiledGift] = []
    for effect in campaign.benefits:
        if isinstance(effect, Gift | StatusPoints):
            found.append(compile_gift(effect, context.tier_set, context.only))
        elif isinstance(effect, Extend):
            found.append(compile_extension(context.programme.wallet_for(effect)))
    return tuple(found)


def _leg(
    campaign: Campaign,
    number: int,
    effect: Payout,
    own: Sequence[CompiledLimit],
    context: _Context,
    language: Language,
) -> Leg:
    wallet, phase = context.programme.wallet_for(effect), phase_rank(effect)
    denominator = context.denominators[wallet]
    limits = [one for one in own if one.unit == "points"] + [one for name, one in context.shared if name == wallet]
    return Leg(
        number,
        (phase, _precedence(campaign), number),
        phase,
        compile_effect(effect, wallet, denominator, language),
        wallet,
        denominator,
        phase is not Phase.ADDITION and wallet in context.multiplied,
        tuple(limits),
    )


def _is_gate(limit: CompiledLimit) -> bool:
    return limit.unit in ("times", "order_minor")


def _is_plain(campaign: CompiledCampaign) -> bool:
    return len(campaign.legs) == 1 and not (
        campaign.gifts or campaign.discounts or campaign.gates or campaign.money_limits
    )


def _precedence(campaign: Campaign) -> tuple[int, str]:
    return -campaign.priority, campaign.id


def _indexed_by(when: Conditions, places: tuple[str, ...] | None) -> tuple[str | None, tuple[str, ...], bool]:
    """Choose the condition that finds a campaign, with its values; and whether it is one of `lines`."""
    for kind in LINE_KINDS:
        if named := getattr(when, kind):
            return kind, named, False
    for condition in when.lines:
        for kind in LINE_KINDS if condition.match == "any" else ():
            if named := getattr(condition, kind):
                return kind, named, True
    for kind, named in sorted(receipt_values(when, places).items(), key=lambda one: RECEIPT_KINDS.index(one[0])):
        return kind, named, False
    return None, (), False


def _entry(rank: int, campaign: CompiledCampaign, zone: tzinfo) -> Entry:
    when, kind = campaign.source.when, campaign.indexed_by
    line_test = compile_line_test(when, without=kind) if chooses_lines(when) else None
    return Entry(rank, spans(campaign.source.frame, zone), kind, campaign.values, line_test)


def _counter_limits(campaigns: Sequence[Campaign], shared: Sequence[CompiledLimit]) -> dict[tuple[str, str, str], int]:
    own = [compile_limit(campaign.id, limit) for campaign in campaigns for limit in campaign.limits]
    return {(limit.head, limit.scope, limit.period): limit.most for limit in (*own, *shared) if limit.is_counted}
