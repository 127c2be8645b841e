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
from libs.promotions.effects import CompiledEffect, Phase, common_denominator, compile_effect, phase_rank
from libs.promotions.index import Entry, Timeline
from libs.promotions.limits import TRANSACTION, CompiledLimit, compile_limit
from libs.promotions.lines import Narrowing, chooses_lines, compile_line_test, compile_narrowing
from libs.promotions.membership import Check
from libs.promotions.needs import Needs, needs_of
from libs.promotions.places import Atlas
from libs.promotions.programme import Programme
from libs.promotions.wallets import Wallet

RUNNING = ("live", "scheduled")
"""States in which a campaign is judged; a scheduled one is live as soon as its frame has begun."""


@dataclass(frozen=True, slots=True, eq=False)
class CompiledCampaign:
    """One running campaign. `precedence` sorts the stronger first: by priority, then id.

    `indexed_by` is the condition that finds it in the index, by one of `values`; `narrow` what is left to do until the
    lines that count are known.
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


@dataclass(frozen=True, slots=True, eq=False)
class CompiledProgramme:
    """A programme ready to judge receipts.

    `wallets` holds scale and expiry policy by name; `denominators` that of exact amounts by wallet; `counter_limits`
    the points allowed by (campaign, scope, period) whatever triggers the campaign, `transaction` limits left out.
    `campaigns` are those for purchases, in the order of computing, `counted` is the timeline of those that have a
    counter. `activities` holds, by the name of an activity, the same programme with the campaigns for that one instead;
    so purchases and activities never see each other's campaigns, nor pay for having them looked at. `needs` says which
    facts of members all of them look at, `products` completes the lines of receipts (None: there are none), `narrows`
    tells whether any campaign does.
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
    counter_limits: Mapping[tuple[str, str, str], int]
    activities: Mapping[str, CompiledProgramme]
    needs: Needs
    products: Mapping[str, Product] | None
    narrows: bool

    @property
    def needs_history(self) -> bool:
        """Tell whether any running campaign looks at what members did before."""
        return self.needs.history

    @property
    def history_days(self) -> int | None:
        """How many days back it is looked at, the day of the receipt included; None: as far as there is any."""
        return self.needs.history_days


def compile_programme(programme: Programme) -> CompiledProgramme:
    """Compile a validated programme. Takes milliseconds for a thousand campaigns: do it beside the loop, not in it."""
    running = [campaign for campaign in programme.campaigns if campaign.state in RUNNING]
    by_activity: defaultdict[str | None, list[Campaign]] = defaultdict(list)
    for campaign in running:
        by_activity[campaign.trigger.activity if campaign.trigger.kind == "activity" else None].append(campaign)
    purchases = by_activity.pop(None, [])
    activities = {name: _compile(programme, own, own, {}) for name, own in by_activity.items() if name is not None}
    return _compile(programme, purchases, running, activities)


def _compile(
    programme: Programme,
    campaigns: Sequence[Campaign],
    counted_campaigns: Sequence[Campaign],
    activities: Mapping[str, CompiledProgramme],
) -> CompiledProgramme:
    running = sorted(campaigns, key=lambda campaign: (phase_rank(campaign), _precedence(campaign)))
    denominators = {
        wallet.name: common_denominator([one for one in running if programme.wallet_of(one) == wallet.name])
        for wallet in programme.wallets
    }
    multiplied = {programme.wallet_of(one) for one in running if one.effect.kind == "multiplier"}
    atlas = Atlas(programme.stores)
    compiled = tuple(_compile_campaign(one, programme, denominators, multiplied, atlas) for one in running)
    zone = UTC if programme.zone == "UTC" else ZoneInfo(programme.zone)
    entries = [_entry(rank, campaign, zone) for rank, campaign in enumerate(compiled)]
    counted = [entry for entry in entries if _has_counter(compiled[entry.rank])]
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
        grouped=any(one.mode != "all" for one in running),
        counter_limits=MappingProxyType(_counter_limits(counted_campaigns)),
        activities=MappingProxyType(dict(activities)),
        needs=needs_of(counted_campaigns),
        products=MappingProxyType({product.sku: product for product in programme.products}) or None,
        narrows=any(one.narrow is not None for one in compiled),
    )


def _compile_campaign(
    campaign: Campaign, programme: Programme, denominators: Mapping[str, int], multiplied: set[str], atlas: Atlas
) -> CompiledCampaign:
    wallet = programme.wallet_of(campaign)
    phase = phase_rank(campaign)
    places = atlas.find(campaign.when)
    indexed_by, values, found_by_any = _indexed_by(campaign.when, places)
    return CompiledCampaign(
        id=campaign.id,
        source=campaign,
        precedence=_precedence(campaign),
        phase=phase,
        effect=compile_effect(campaign, wallet, denominators[wallet]),
        wallet=wallet,
        denominator=denominators[wallet],
        feeds_multipliers=phase is not Phase.ADDITION and wallet in multiplied,
        indexed_by=indexed_by,
        values=values,
        narrow=compile_narrowing(campaign.when, found_by_any=found_by_any),
        checks=compile_checks(
            campaign, indexed_by, places, language_of(campaign, programme.attributes, programme.activities)
        ),
        limits=tuple(compile_limit(campaign.id, limit) for limit in campaign.limits),
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


def _has_counter(campaign: CompiledCampaign) -> bool:
    return any(limit.period != TRANSACTION for limit in campaign.limits)


def _counter_limits(campaigns: Sequence[Campaign]) -> dict[tuple[str, str, str], int]:
    return {
        (campaign.id, limit.scope, limit.period): limit.points
        for campaign in campaigns
        for limit in campaign.limits
        if limit.period != TRANSACTION
    }
